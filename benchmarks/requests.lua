-- Sends requests of which no two are alike: each body is the next line of a file.
-- Arguments: the file, and how many bytes of it were used by earlier runs.

local bodies

function init(args)
  bodies = assert(io.open(args[1], "rb"))
  bodies:seek("set", tonumber(args[2]))
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
