"""The verdict and the scoreboard as one HTML page each, without script or outside resource."""

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template

from sanic_swap.judge.texts import MEANINGLESS, shares
from sanic_swap.judge.verdict import OUTCOMES, SEVERITIES, Promise, Verdict


def page(verdict: Verdict) -> str:
    """Return the report on one service."""
    return _filled(f"Judged: {verdict.service}", "\n".join(_report(verdict)))


def board(verdicts: dict[str, Verdict]) -> str:
    """Return the scoreboard: groups down, reports across, then what each has broken worst."""
    return _filled("Swap services side by side", "\n".join(_board(verdicts)))


def _filled(title: str, body: str) -> str:
    template = files(__package__ or "").joinpath("page.html").read_text()
    return Template(template).substitute(title=escape(title), body=body)


def _report(verdict: Verdict) -> Iterator[str]:
    yield f"<h1>{escape(verdict.service)}</h1><p>{escape(verdict.summary)}.</p>"
    yield (
        f'<p class="soft">Judged by sanic-swap {escape(verdict.version)}, profile '
        f"{escape(verdict.profile)}, {escape(verdict.at)}</p>"
    )
    counts = verdict.counts()
    cells = [
        f'<li class="{name}"><strong>{counts[name]}</strong>{name}</li>'
        for name in OUTCOMES
        if counts[name]
    ]
    yield f'<ul class="counts">{"".join(cells)}</ul>'
    if empty := verdict.of("meaningless"):
        yield '<h2>Meaningless</h2><article class="empty">'
        yield f"<p>{MEANINGLESS}.</p>"
        yield f"{_list(empty)}</article>"
    severity_before = ""
    for severity, group, harm, promises in verdict.broken():
        if severity != severity_before:
            meaning = escape(SEVERITIES[severity])
            yield f'<h2>{severity.capitalize()} <span class="soft">{meaning}</span></h2>'
            severity_before = severity
        yield f'<article><p class="severity">{escape(group)}</p>'
        yield f'<p class="harm">{escape(harm)}</p><dl>'
        yield from map(_item, promises)
        yield "</dl></article>"
    for outcome in ("not asked", "held"):
        if chosen := verdict.of(outcome):
            yield f"<h2>{outcome.capitalize()}</h2>{_list(chosen)}"
    if verdict.not_promised:
        left_out = escape(", ".join(verdict.not_promised))
        yield f'<h2>Left out</h2><p class="soft">{left_out}</p>'
    if verdict.of("broken"):
        yield "<h2>See it yourself</h2><p>The lines above need curl, jq, the running service, and"
        yield f"this fake of Spotify:</p><pre>{escape(verdict.fake)}</pre>"


def _item(each: Promise) -> str:
    change = f"{each.change}: " if each.change else ""
    curl = f"<pre>{escape(each.curl)}</pre>" if each.curl else ""
    return (
        f"<dt>{escape(change + each.promise)}</dt>"
        f"<dd><b>Expected</b> {escape(each.expected)} <b>{escape(each.source)}</b></dd>"
        f"<dd><b>Seen</b> {escape(each.seen)}{curl}</dd>"
    )


def _list(promises: list[Promise]) -> str:
    items = [
        f"<li>{escape(f'{each.change}: ' if each.change else '')}"
        f"<b>{escape(each.group)}</b>: {escape(each.promise)}</li>"
        for each in promises
    ]
    return f'<ul class="plain">{"".join(items)}</ul>'


def _board(verdicts: dict[str, Verdict]) -> Iterator[str]:
    yield "<h1>Swap services side by side</h1>"
    yield "<p>Promises held of those that were asked, by group.</p>"
    heads = [
        f'<th scope="col">{escape(name)}<br><span class="soft">{escape(each.service)},'
        f" {escape(each.profile)}</span></th>"
        for name, each in verdicts.items()
    ]
    yield f'<div class="board"><table><thead><tr><th>Group</th>{"".join(heads)}</tr></thead><tbody>'
    for group, cells in shares(verdicts):
        yield f'<tr><th scope="row">{escape(group)}</th>{"".join(map(_cell, cells))}</tr>'
    yield "</tbody></table></div>"
    for name, each in verdicts.items():
        yield f"<h2>{escape(name)}</h2><p>{escape(each.summary)}.</p>"
        for severity, group, harm, promises in each.broken():
            if severity in ("critical", "high"):
                yield (
                    f'<p><span class="severity">{severity}</span> {escape(harm)}'
                    f' <span class="soft">{escape(group)}, {len(promises)}</span></p>'
                )


def _cell(text: str) -> str:
    held, _, asked = text.partition("/")
    name = "soft" if not asked else "held" if held == asked else "broken" if held == "0" else ""
    return f'<td class="{name}">{text}</td>'
