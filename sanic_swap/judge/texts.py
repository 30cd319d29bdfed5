"""The verdict as text for a terminal, as Markdown and as JUnit's XML."""

import textwrap
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from sanic_swap.judge.verdict import Promise, Verdict

_MEANINGLESS = "Held only because every request was refused: this says nothing"
_BOLD, _RED, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[0m"


def as_text(verdict: Verdict, width: int, *, colour: bool) -> str:
    """Return lines of at most *width* characters, as far as words and curl lines allow."""
    lines = list(_lines(verdict, width))
    return "\n".join(lines if colour else (_without_colour(line) for line in lines))


def _lines(verdict: Verdict, width: int) -> Iterator[str]:
    if empty := verdict.of("meaningless"):
        yield f"{_BOLD}{_MEANINGLESS}{_PLAIN}"
        yield from (f"  {each.promise}" for each in empty)
        yield ""
    for severity, group, harm, promises in verdict.broken():
        yield f"{_RED}{_BOLD}{severity.upper()}{_PLAIN}  {_BOLD}{group}{_PLAIN}"
        yield from textwrap.wrap(harm, width)
        for each in promises:
            yield from textwrap.wrap(
                f"{each.change or 'broken'}: {each.promise}", width, initial_indent="  "
            )
            details = {"expected": f"{each.expected} ({each.source})", "seen": each.seen}
            for name, text in details.items():
                head = f"    {name:10}"
                yield from textwrap.wrap(
                    text, width, initial_indent=head, subsequent_indent=" " * len(head)
                )
            if each.curl:
                yield f"    {'try':10}{each.curl}"
        yield ""
    for outcome in ("not asked", "held"):
        if names := verdict.of(outcome):
            yield f"{_BOLD}{outcome.capitalize()}{_PLAIN}"
            for each in names:
                change = f"{each.change}: " if each.change else ""
                yield f"  {change}{each.group}: {each.promise}"
            yield ""
    if verdict.not_promised:
        yield from textwrap.wrap(f"Left out: {', '.join(verdict.not_promised)}", width)
    if any(each.curl for each in verdict.of("broken")):
        yield f'The lines after "try" need jq, the service, and: {verdict.fake}'
    yield f"{_BOLD}{verdict.service}: {verdict.summary}{_PLAIN}"


def _without_colour(line: str) -> str:
    for code in (_BOLD, _RED, _PLAIN):
        line = line.replace(code, "")
    return line


def as_markdown(verdict: Verdict) -> str:
    """Return a Markdown document."""
    lines = [
        f"# {verdict.service}: {verdict.summary}",
        "",
        f"Judged by sanic-swap {verdict.version} with profile `{verdict.profile}`, {verdict.at}.",
        "",
    ]
    if empty := verdict.of("meaningless"):
        lines += [f"## {_MEANINGLESS}", "", *(f"- {_escaped(each.promise)}" for each in empty), ""]
    for severity, group, harm, promises in verdict.broken():
        lines += [f"## {severity.capitalize()}: {group}", "", f"**{_escaped(harm)}**", ""]
        lines += [line for each in promises for line in _item(each)]
    for outcome in ("not asked", "held"):
        if names := verdict.of(outcome):
            lines += [f"## {outcome.capitalize()}", ""]
            lines += [f"- {each.group}: {_escaped(each.promise)}" for each in names] + [""]
    if verdict.not_promised:
        lines += [f"Left out: {', '.join(verdict.not_promised)}.", ""]
    lines += ["The lines need jq, the running service, and this fake of Spotify:", ""]
    return "\n".join([*lines, f"    {verdict.fake}", ""])


def _item(each: Promise) -> Iterator[str]:
    change = f"{each.change}: " if each.change else ""
    yield f"- {change}{_escaped(each.promise)}"
    yield f"  - expected: {_escaped(each.expected)} ({_escaped(each.source)})"
    yield f"  - seen: {_escaped(each.seen)}"
    if each.curl:
        yield f"\n        {each.curl}\n"


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in text)


def as_junit(verdict: Verdict) -> str:
    """Return JUnit's XML: one test case for each promise."""
    counts = verdict.counts()
    failures = counts["broken"] + counts["meaningless"]
    numbers = f'tests="{len(verdict.promises)}" failures="{failures}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuite name={quoteattr(verdict.service)} {numbers} skipped="{counts["not asked"]}">',
    ]
    for each in verdict.promises:
        names = f"classname={quoteattr(each.group)} name={quoteattr(each.promise)}"
        tag = {"held": "", "not asked": "skipped"}.get(each.outcome, "failure")
        words = quoteattr(f"{each.seen} (expected: {each.expected})")
        kind = f' type="{each.severity}"' if tag == "failure" else ""
        inner = f"<{tag} message={words}{kind}/>" if tag else ""
        lines.append(f"  <testcase {names}>{inner}</testcase>")
    return "\n".join([*lines, "</testsuite>", ""])


def scoreboard(verdicts: dict[str, Verdict], width: int) -> str:
    """Return a table for a terminal: groups down, reports across, held of asked."""
    names = list(verdicts)
    groups = list(dict.fromkeys(p.group for each in verdicts.values() for p in each.promises))
    first = max(map(len, ["all", *groups]))
    wide = max(8, min(24, (width - first) // max(1, len(names)) - 2))
    lines = ["  ".join([" " * first, *(f"{name[-wide:]:>{wide}}" for name in names)])]
    for group in [*groups, "all"]:
        cells = [f"{share(verdicts[name], group):>{wide}}" for name in names]
        lines.append("  ".join([f"{group:{first}}", *cells]))
    return "\n".join(lines)


def share(verdict: Verdict, group: str) -> str:
    """Return `held/asked` of a group (or of all), a dash if nothing of it was asked."""
    chosen = [p for p in verdict.promises if group in ("all", p.group)]
    return f"{sum(p.outcome == 'held' for p in chosen)}/{len(chosen)}" if chosen else "-"
