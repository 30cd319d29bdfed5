"""The verdict as text for a terminal, as Markdown and as JUnit's XML."""

import textwrap
from collections.abc import Iterator
from html import escape

from sanic_swap.judge.verdict import Verdict

MEANINGLESS = "Held only because every request was refused: this says nothing"
# How each kind of line begins in Markdown and on a terminal.
_MARKDOWN = {
    "title": "# ",
    "heading": "\n## ",
    "harm": "\n",
    "promise": "\n- ",
    "detail": "  - ",
    "code": "\n        ",
    "item": "- ",
    "note": "\n",
}
_TERMINAL = {"promise": "  ", "detail": "    ", "code": "    ", "item": "  ", "heading": "\n"}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def _document(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each line, in the order that readers need."""
    yield "title", f"{verdict.service}: {verdict.summary}"
    yield (
        "note",
        f"Judged by sanic-swap {verdict.version}, profile {verdict.profile}, {verdict.at}",
    )
    if empty := verdict.of("meaningless"):
        yield "heading", MEANINGLESS
        yield from (("item", f"{each.group}: {each.promise}") for each in empty)
    for severity, group, harm, promises in verdict.broken():
        yield "heading", f"{severity.upper()}: {group}"
        yield "harm", harm
        for each in promises:
            yield "promise", f"{each.change or 'broken'}: {each.promise}"
            yield "detail", f"expected: {each.expected} ({each.source})"
            yield "detail", f"seen: {each.seen}"
            if each.curl:
                yield "code", each.curl
    for outcome in ("not asked", "held"):
        if names := verdict.of(outcome):
            yield "heading", outcome.capitalize()
            for each in names:
                yield (
                    "item",
                    f"{each.change}: " * bool(each.change) + f"{each.group}: {each.promise}",
                )
    if verdict.not_promised:
        yield "note", f"Left out: {', '.join(verdict.not_promised)}"
    if verdict.of("broken"):
        yield "note", "The curl lines need jq, the running service, and this fake of Spotify:"
        yield "code", verdict.fake


def as_text(verdict: Verdict, width: int, *, colour: bool) -> str:
    """Return lines of at most *width* characters, except for those to copy; the sum comes last."""
    (_, title), *rest = _document(verdict)
    lines = []
    for kind, text in [*rest, ("heading", title)]:
        head = _TERMINAL.get(kind, "")
        if kind != "code":
            text = textwrap.fill(
                text, width, initial_indent=head.strip("\n"), subsequent_indent=head
            )
            head = head if kind == "heading" else ""
        bold = colour and kind in ("heading", "harm")
        lines.append(f"{head}{_BOLD}{text}{_PLAIN}" if bold else head + text)
    return "\n".join(lines)


def as_markdown(verdict: Verdict) -> str:
    """Return a Markdown document."""
    return "".join(
        f"{_MARKDOWN[kind]}{text if kind == 'code' else _escaped(text)}\n"
        for kind, text in _document(verdict)
    )


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in text)


def as_junit(verdict: Verdict) -> str:
    """Return JUnit's XML: one test case for each promise."""
    counts = verdict.counts()
    failures = counts["broken"] + counts["meaningless"]
    numbers = f'tests="{len(verdict.promises)}" failures="{failures}" errors="0"'
    numbers += f' skipped="{counts["not asked"]}"'
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuite name="{escape(verdict.service)}" {numbers}>',
    ]
    for each in verdict.promises:
        names = f'classname="{escape(each.group)}" name="{escape(each.promise)}"'
        tag = {"held": "", "not asked": "skipped"}.get(each.outcome, "failure")
        words = escape(f"{each.seen} (expected: {each.expected})")
        kind = f' type="{each.severity}"' if tag == "failure" else ""
        inner = f'<{tag} message="{words}"{kind}/>' if tag else ""
        lines.append(f"  <testcase {names}>{inner}</testcase>")
    return "\n".join([*lines, "</testsuite>", ""])


def scoreboard(verdicts: dict[str, Verdict], width: int) -> str:
    """Return a table for a terminal: groups down, reports across, held of asked."""
    rows = [("", list(verdicts)), *shares(verdicts)]
    first = max(len(group) for group, _ in rows)
    wide = max(8, min(24, (width - first) // len(verdicts) - 2))
    return "\n".join(
        "  ".join([f"{group:{first}}", *(f"{cell[-wide:]:>{wide}}" for cell in cells)])
        for group, cells in rows
    )


def shares(verdicts: dict[str, Verdict]) -> list[tuple[str, list[str]]]:
    """Return `held/asked` of each group and of all, a dash where nothing was asked."""
    groups = list(dict.fromkeys(p.group for each in verdicts.values() for p in each.promises))
    return [(name, [_share(each, name) for each in verdicts.values()]) for name in [*groups, "all"]]


def _share(verdict: Verdict, group: str) -> str:
    chosen = [p for p in verdict.promises if group in ("all", p.group)]
    return f"{sum(p.outcome == 'held' for p in chosen)}/{len(chosen)}" if chosen else "-"
