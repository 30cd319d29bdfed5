"""Offers the service ten times what it can carry; its good answers stay near their peak.

    python -m tests.reliability.overload --seconds 20

Spotify takes 0.2 s, and 100 requests may be in flight: 500 good answers a second are the most
that there can be. `wrk` first keeps 100 requests going, then four times 1000, of which each
refused one is asked again at once. Exits with 1 if good answers fell below nine tenths (in the
median round), if there were answers but 200 and 503, or if memory still grew in the last round.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.fuzz.raw_requests import memory_mb
from tests.reliability.programs import slow_spotify
from tests.service.running import Running, running_service

SPOTIFY_SECONDS = 0.2
IN_FLIGHT = 100
TIMES = 10
NEAR_PEAK = 0.9
GROWN_MB = 3.0
ROUNDS = 4

_SCRIPT = """
wrk.method = "POST"
wrk.body = "code=c"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() good, refused, other = 0, 0, 0 end
function response(status)
  if status == 200 then good = good + 1
  elseif status == 503 then refused = refused + 1
  else other = other + 1 end
end
function done(summary, latency)
  local t = threads[1]
  io.write(string.format('{"good": %d, "refused": %d, "other": %d, "seconds": %f, "p50_ms": %f}\\n',
    t:get("good"), t:get("refused"), t:get("other"), summary.duration / 1e6,
    latency:percentile(50) / 1000))
end
"""


@dataclass(frozen=True)
class Outcome:
    """What one run of wrk saw, per second."""

    good: float
    refused: float
    other: float
    p50_ms: float
    memory_mb: float


def load(service: Running, script: Path, connections: int, seconds: int) -> Outcome:
    """Keep *connections* requests going."""
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script),
         "--timeout", "20s", f"{service.url}/swap"],
        capture_output=True, text=True, check=True, timeout=seconds + 60,
    )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    rates = [told[name] / told["seconds"] for name in ("good", "refused", "other")]
    return Outcome(*rates, told["p50_ms"], memory_mb(service))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    settings = {"MAX_IN_FLIGHT": str(IN_FLIGHT), "MAX_CONNECTIONS": str(2 * TIMES * IN_FLIGHT)}
    settings |= {"LOG_LEVEL": "info"}
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed")
    with (
        tempfile.TemporaryDirectory() as folder,
        slow_spotify(SPOTIFY_SECONDS) as spotify,
        running_service(spotify, **settings) as service,
    ):
        script = Path(folder, "load.lua")
        script.write_text(_SCRIPT)
        load(service, script, IN_FLIGHT, 2)
        peak = load(service, script, IN_FLIGHT, options.seconds)
        over = [load(service, script, TIMES * IN_FLIGHT, options.seconds) for _ in range(ROUNDS)]
    print(f"at its most: {peak}")
    for outcome in over:
        print(f"ten times: {outcome}")
    share = median(outcome.good for outcome in over) / peak.good
    grown = over[-1].memory_mb - over[-2].memory_mb
    print(f"good answers under ten times the load: {share:.2f} of the peak; others: ", end="")
    print(f"{sum(outcome.other for outcome in over):.0f}; memory grew by {grown:.1f} MB at last")
    sys.exit(share < NEAR_PEAK or grown > GROWN_MB or any(outcome.other for outcome in over))


if __name__ == "__main__":
    main()
