"""Prints the figures of a run, those with a goal beside it."""

from typing import Any


def print_report(report: dict[str, Any]) -> None:
    """Print every measurement that *report* has."""
    for name, title in (("cost", "over plain HTTP"), ("tls", "over TLS")):
        if name in report:
            _print_cost(title, report[name])
    if "tail" in report:
        _print_tail(report["tail"])
    if "memory" in report:
        _print_memory(report["memory"])
    if "start" in report:
        _print_start(report["start"])
    if "flight" in report:
        _print_flight(report["flight"])


def _print_cost(title: str, seen: dict[str, Any]) -> None:
    print(f"\nCPU time of a request, Spotify {title} (medians; lowest and highest round)")
    print(f"  {'':28}{'CPU us':>7}{'req/s':>8}{'busy':>6}   times fewer us than the floor")
    for endpoint, programs in seen.items():
        for name, figures in programs.items():
            values = figures["median"]
            line = f"  {name + ', ' + endpoint:28}{values['cpu_us_per_request']:7.0f}"
            line += f"{values['per_second']:8.0f}{values['busy']:6.0%}"
            if name != "floor":
                line += f"   {_spread(figures['of_cpu'])}"
            if name == "service":
                line += f"   {_verdict(figures['of_cpu']['median'] >= 1.1, 'at least 1.10')}"
            print(line)


def _print_tail(seen: dict[str, Any]) -> None:
    print("\np99 at half of its own peak, /swap (ms)")
    print(f"  {'':28}above the upstream   above an nginx that passes on")
    for name, figures in seen.items():
        upstream, relay = figures["median_above_ms"].values()
        line = f"  {name:28}{upstream:18.2f}{relay:32.2f}   {figures['per_second']:.0f} req/s"
        print(line + (f"   {_verdict(upstream <= 3, 'at most 3')}" if name == "service" else ""))


def _print_memory(seen: dict[str, list[list[float]]]) -> None:
    print("\nResident memory, /swap (MB)")
    for name, points in seen.items():
        half = points[len(points) // 2]
        print(
            f"  {name:28}{points[-1][1]:7.1f} after {points[-1][0]:,} requests;"
            f" {half[1]:.1f} after {half[0]:,}"
        )
    difference = seen["service"][-1][1] - seen["floor"][-1][1]
    print(f"  {'difference':28}{difference:+7.1f}   {_verdict(difference <= 6, 'at most +6')}")


def _print_start(seen: dict[str, Any]) -> None:
    print("\nFrom exec to the first 200 (medians, ms)")
    for what, figures in seen.items():
        both = ", ".join(f"{name} {value * 1000:.0f}" for name, value in figures["median"].items())
        verdict = _verdict(figures["ratio"]["median"] <= 1.05, "at most 1.05")
        print(f"  {what:12}{both}; ratio {_spread(figures['ratio'])}   {verdict}")
        print(f"  {'':12}ratio of CPU time {_spread(figures['cpu_ratio'])}")


def _print_flight(cases: list[dict[str, Any]]) -> None:
    print("\nMany in flight; no request failed")
    for case in cases:
        print(
            f"  {case['connections']} connections, upstream {case['delay_ms']} ms:"
            f" p50 {case['p50_ms']:.0f} ms, p99 {case['p99_ms']:.0f} ms,"
            f" {case['per_second']:.0f} req/s, at most {case['peak_in_flight']} upstream at once;"
            f" {case['kb_each']:.1f} KB each   {_verdict(case['kb_each'] <= 25, 'at most 25')}"
        )


def _spread(ratio: dict[str, float]) -> str:
    return f"{ratio['median']:.3f} ({ratio['lowest']:.3f}..{ratio['highest']:.3f})"


def _verdict(met: bool, goal: str) -> str:
    return f"[{goal}: {'met' if met else 'MISSED'}]"
