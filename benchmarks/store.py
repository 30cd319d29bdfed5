"""What a shared store costs: the service with a Redis beside the service without, and its calls."""

import argparse
import subprocess
import tempfile
from pathlib import Path

import measures
from load import Load, swaps
from programs import Cores, Programs, tool


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
    upstream, _ = programs.nginx()
    bodies = swaps(programs.folder, arguments.requests)
    socket = programs.folder / "redis.sock"
    redis = [tool("redis-server"), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    programs.start(redis, programs.cores.others, "redis")
    services = {
        "without a store": programs.service(upstream),
        "with a store": programs.service(upstream, STORE_URL=f"unix://{socket}"),
    }
    for service in services.values():
        service.wait_for_success(bodies.first())
    seen = measures.cost(
        [Load(name, service, programs.cores.others) for name, service in services.items()],
        bodies,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        connections=32,
    )["/refresh"]
    for name, figures in seen.items():
        median = figures["median"]
        print(f"{name}: {median['per_second']:.0f}/s, {median['cpu_us_per_request']:.0f} us")
    ratio = seen["with a store"]["of_rate"]
    print(
        f"with over without: {ratio['median']:.2f} ({ratio['lowest']:.2f}..{ratio['highest']:.2f})"
    )
    statistics = subprocess.run(
        ["redis-cli", "-s", str(socket), "info", "commandstats"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    print("\n".join(line for line in statistics.splitlines() if "evalsha" in line))


if __name__ == "__main__":
    main()
