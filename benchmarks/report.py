"""Prints the figures of a run, those with a target beside it."""

from typing import Any

_NAMES = {
    "service": "service, /refresh",
    "quiet": "service, /refresh, ACCESS_LOG=off",
    "swap": "service, /swap",
    "floor": "floor",
}


def print_report(report: dict[str, Any]) -> None:
    """Print every measurement that *report* has."""
    if "throughput" in report:
        _print_throughput(report["throughput"])
    if "latency" in report:
        _print_latency(report["latency"])
    if "memory" in report:
        _print_memory(report["memory"])
    if "start" in report:
        _print_start(report["start"])
    if "slow" in report:
        _print_slow(report["slow"])


def _print_throughput(seen: dict[str, Any]) -> None:
    print("\nThroughput (medians; ratios to the floor: median, lowest and highest of the rounds)")
    print(f"  {'':34}{'req/s':>8}{'CPU us':>8}{'busy':>7}   {'of req/s':24}of CPU time")
    for name, values in seen["median"].items():
        line = f"  {_NAMES[name]:34}{values['per_second']:8.0f}{values['cpu_us_per_request']:8.0f}"
        line += f"{values['busy']:7.0%}"
        if name in seen["ratio"]:
            ratio = seen["ratio"][name]
            line += f"   {_spread(ratio['per_second']):24}{_spread(ratio['cpu_us_per_request'])}"
        if name == "service":
            line += f"   {_verdict(ratio['per_second']['median'] >= 0.85, '>= 0.85')}"
        print(line)
        if values["busy"] < 0.95:
            print(f"  {'':34}not busy all the time: only the CPU time counts")


def _print_latency(seen: dict[str, Any]) -> None:
    print(f"\nAnswer time with {seen['connections']} connections (medians, ms; ratio to the floor)")
    for name, values in seen["median"].items():
        line = f"  {_NAMES[name]:34}p50 {values['p50_ms']:7.2f}   p99 {values['p99_ms']:7.2f}"
        if name in seen["ratio"]:
            ratio = seen["ratio"][name]
            line += f"   {_spread(ratio['p50_ms'])}   {_spread(ratio['p99_ms'])}"
        print(line)


def _print_memory(seen: dict[str, Any]) -> None:
    print("\nResident memory after the load (MB)")
    for name in ("service", "floor"):
        print(f"  {_NAMES[name]:34}{seen[name]:8.1f}")
    verdict = _verdict(seen["difference"] <= 10, "<= +10")
    print(f"  {'difference':34}{seen['difference']:+8.1f}   {verdict}")


def _print_start(seen: dict[str, Any]) -> None:
    print("\nFrom exec to the first success (medians, ms)")
    for name, value in seen["median"].items():
        print(f"  {_NAMES[name]:34}{value * 1000:8.0f}")
    verdict = _verdict(seen["ratio"]["median"] <= 1.1, "<= 1.1")
    print(f"  {'ratio':36}{_spread(seen['ratio'])}   {verdict}")
    print(f"  {'ratio of CPU time':36}{_spread(seen['cpu_ratio'])}")


def _print_slow(cases: list[dict[str, Any]]) -> None:
    print("\nSlow upstream, no request failed (ms)")
    for case in cases:
        print(
            f"  {case['connections']:4} connections, {case['delay_ms']:4} ms"
            f"{'p50':>15} {case['p50_ms']:7.1f}   p99 {case['p99_ms']:7.1f}"
            f"   {case['per_second']:5.0f} req/s, busy {case['busy']:.0%}"
            f"   at most {case['peak_in_flight']} waited for at once"
        )


def _spread(ratio: dict[str, float]) -> str:
    return f"{ratio['median']:.3f} ({ratio['lowest']:.3f}..{ratio['highest']:.3f})"


def _verdict(met: bool, target: str) -> str:
    return f"[target {target}: {'met' if met else 'MISSED'}]"
