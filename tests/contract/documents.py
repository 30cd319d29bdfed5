"""The verdict as text for a terminal, as Markdown, as an HTML page and as JUnit's XML."""

import textwrap
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from string import Template
from xml.etree import ElementTree as ET

from .verdict import Verdict

# How each kind of line is written: for a terminal what it begins with.
_TERMINAL = {"promise": "  ", "detail": "    ", "code": "    ", "item": "  ", "heading": "\n"}
_MARKDOWN = {
    "title": "# {}",
    "heading": "\n## {}",
    "harm": "\n{}",
    "promise": "\n- {}",
    "detail": "  - {}",
    "code": "\n        {}",
    "item": "- {}",
    "note": "\n{}",
}
_HTML = {
    "title": "<h1>{}</h1>",
    "heading": "<h2>{}</h2>",
    "harm": '<p class="harm">{}</p>',
    "promise": "<h3>{}</h3>",
    "detail": "<p>{}</p>",
    "code": "<pre>{}</pre>",
    "item": '<p class="item">{}</p>',
    "note": '<p class="soft">{}</p>',
}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def _document(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each line, in the order that readers need."""
    by = f"sanic-swap {verdict.version}, profile {verdict.profile}, {verdict.at}"
    yield "title", f"{verdict.service}: {verdict.summary}"
    yield "note", f"Judged by {by}"
    if empty := verdict.of("meaningless"):
        yield "heading", "Held only because every request was refused: this says nothing"
        yield from (("item", f"{each.group}: {each.promise}") for each in empty)
    for (severity, group, harm), promises in verdict.broken().items():
        yield "heading", f"{severity.upper()}: {group}"
        yield "harm", harm
        for each in promises:
            yield "promise", f"{each.change or 'broken'}: {each.promise}"
            yield "detail", f"expected: {each.expected} ({each.source})"
            yield "detail", f"seen: {each.seen}"
            if each.curl:
                yield "code", each.curl
    for outcome in ("not asked", "held"):
        if chosen := verdict.of(outcome):
            yield "heading", outcome.capitalize()
            for each in chosen:
                change = f"{each.change}: " if each.change else ""
                yield "item", f"{change}{each.group}: {each.promise}"
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

    def escaped(text: str) -> str:
        return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in text)

    return "".join(
        _MARKDOWN[kind].format(text if kind == "code" else escaped(text)) + "\n"
        for kind, text in _document(verdict)
    )


def as_html(verdict: Verdict) -> str:
    """Return a page without script or outside resource."""
    lines = [_HTML[kind].format(escape(text)) for kind, text in _document(verdict)]
    return _page(f"Judged: {verdict.service}", lines)


def as_junit(verdict: Verdict) -> str:
    """Return JUnit's XML: one test case for each promise."""
    counts = verdict.counts()
    suite = ET.Element("testsuite", name=verdict.service, errors="0")
    suite.set("tests", str(len(verdict.promises)))
    suite.set("failures", str(counts["broken"] + counts["meaningless"]))
    suite.set("skipped", str(counts["not asked"]))
    for each in verdict.promises:
        case = ET.SubElement(suite, "testcase", classname=each.group, name=each.promise)
        words = f"{each.seen} (expected: {each.expected})"
        if each.outcome == "not asked":
            ET.SubElement(case, "skipped", message=words)
        elif each.outcome != "held":
            ET.SubElement(case, "failure", message=words, type=each.severity)
    ET.indent(suite)
    return ET.tostring(suite, "unicode") + "\n"


# By the end of a report's name.
WRITERS = {".html": as_html, ".md": as_markdown, ".json": Verdict.as_json, ".xml": as_junit}


def scoreboard(verdicts: Mapping[str, Verdict], width: int) -> str:
    """Return a table for a terminal: groups down, reports across, held of asked."""
    rows = [("", list(verdicts)), *_shares(verdicts)]
    first = max(len(group) for group, _ in rows)
    wide = max(8, min(24, (width - first) // len(verdicts) - 2))
    return "\n".join(
        "  ".join([f"{group:{first}}", *(f"{cell[-wide:]:>{wide}}" for cell in cells)])
        for group, cells in rows
    )


def board(verdicts: Mapping[str, Verdict]) -> str:
    """Return the scoreboard as a page, and what each service has broken worst."""
    title = "Swap services side by side"
    lines = [f"<h1>{title}</h1><p>Promises held of those that were asked, by group.</p><table>"]
    heads = [
        f'<th scope="col">{escape(name)}<br><span class="soft">{escape(each.service)},'
        f" {escape(each.profile)}</span></th>"
        for name, each in verdicts.items()
    ]
    lines.append(f"<tr><th>Group</th>{''.join(heads)}</tr>")
    for group, cells in _shares(verdicts):
        shares = "".join(f"<td>{cell}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{escape(group)}</th>{shares}</tr>')
    lines.append("</table>")
    for name, each in verdicts.items():
        lines.append(f"<h2>{escape(name)}</h2><p>{escape(each.summary)}.</p>")
        lines += [
            f"<p><b>{severity.upper()}</b> {escape(f'{harm} ({group}, {len(promises)})')}</p>"
            for (severity, group, harm), promises in each.broken().items()
            if severity in ("critical", "high")
        ]
    return _page(title, lines)


def _page(title: str, lines: list[str]) -> str:
    template = Template(Path(__file__).with_name("page.html").read_text())
    return template.substitute(title=escape(title), body="\n".join(lines))


def _shares(verdicts: Mapping[str, Verdict]) -> list[tuple[str, list[str]]]:
    """Return `held/asked` of each group and of all, a dash where nothing was asked."""
    groups = list(dict.fromkeys(p.group for each in verdicts.values() for p in each.promises))
    return [(name, [_share(each, name) for each in verdicts.values()]) for name in [*groups, "all"]]


def _share(verdict: Verdict, group: str) -> str:
    outcomes = [p.outcome for p in verdict.promises if group in ("all", p.group)]
    return f"{outcomes.count('held')}/{len(outcomes)}" if outcomes else "-"
