"""What a shared store costs: the service with a Redis beside the service without, and its calls."""

import argparse
import subprocess
import tempfile
from pathlib import Path

import load
import measures
from programs import Cores, Programs, tool

from sanic_swap.sealing.keys import new_secret


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=50_000)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
        Programs(Path(folder), Cores.of_this_machine()) as programs,
    ):
        _measure(programs, arguments)


def _measure(programs: Programs, arguments: argparse.Namespace) -> None:
    secret = new_secret()
    upstream, _ = programs.nginx()
    bodies = load.refreshes(programs.folder, arguments.requests, secret, upstream)
    socket = programs.folder / "redis.sock"
    redis = [tool("redis-server"), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    programs.start(redis, programs.cores.others, "redis")
    others = programs.cores.others
    loads = [
        load.Load("floor", programs.service(upstream, secret), bodies, others),
        load.Load(
            "store",
            programs.service(upstream, secret, STORE_URL=f"unix://{socket}"),
            bodies,
            others,
        ),
    ]
    for one in loads:
        one.tested.wait_for_success(bodies.first())
    report = measures.throughput(
        loads, rounds=arguments.rounds, seconds=arguments.seconds, connections=32
    )
    for name, figure in report["median"].items():
        label = "with a store" if name == "store" else "without"
        print(f"{label}: {figure['per_second']:.0f}/s, {figure['cpu_us_per_request']:.0f} us")
    ratio = report["ratio"]["store"]["per_second"]
    print(
        f"with over without: {ratio['median']:.2f} ({ratio['lowest']:.2f}..{ratio['highest']:.2f})"
    )
    told = subprocess.run(
        ["redis-cli", "-s", str(socket), "info", "commandstats"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    print("\n".join(line for line in told.splitlines() if "evalsha" in line))


if __name__ == "__main__":
    main()
