-- Sends requests of which no two are alike: each body is the next line of a file.
-- Arguments: the file; how many bytes of it were used by earlier runs; then, each may be
-- missing, the mean pause of a connection between requests, in milliseconds, and a file that
-- gets a refresh of each refresh token that comes back.

local bodies, refreshes

function init(args)
  bodies = assert(io.open(args[1], "rb"))
  bodies:seek("set", tonumber(args[2]))
  local pause = tonumber(args[3] or 0)
  if pause > 0 then
    delay = function() return math.random(0, 2 * pause) end
  end
  if args[4] then
    refreshes = assert(io.open(args[4], "ab"))
    response = function(_, _, body)
      local token = body:match('"refresh_token": *"([^"]+)"')
      if token then
        token = token:gsub("[^%w._~-]", function(c) return string.format("%%%02X", c:byte()) end)
        refreshes:write("refresh_token=", token, "\n")
        refreshes:flush()
      end
    end
  end
  wrk.method = "POST"
  -- What an app's HTTP library sends by itself.
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  wrk.headers["Accept"] = "*/*"
  wrk.headers["Accept-Language"] = "en-GB,en;q=0.9"
  wrk.headers["Accept-Encoding"] = "gzip, deflate"
  wrk.headers["User-Agent"] = "Example/42 CFNetwork/1410.0.3 Darwin/22.6.0"
end

function request()
  local body = bodies:read("*l")
  if body == nil then
    bodies:seek("set", 0)
    body = bodies:read("*l")
  end
  return wrk.format(nil, nil, nil, body)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"refused":%d,"socket_errors":%d,"timeouts":%d,'
      .. '"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
