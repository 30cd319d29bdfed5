"""Draws SVG pictures: bars, or lines over time, each in a panel of its own, from zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WIDTH, _PANEL, _MARGIN, _GAP = 720, 150, 56, 46


@dataclass(frozen=True)
class Line:
    """What is drawn: its name with its unit, and a value for each moment."""

    name: str
    values: Sequence[float]


def svg(moments: Sequence[float], unit: str, lines: Sequence[Line]) -> str:
    """Return a picture of *lines* over *moments*, which are in *unit*."""
    height = len(lines) * (_PANEL + _GAP) + _GAP
    panels = [_panel(moments, line, _GAP + at * (_PANEL + _GAP)) for at, line in enumerate(lines)]
    axis = _text(_WIDTH - _MARGIN, height - 12, f"{max(moments):.0f} {unit}", "end")
    return _picture(height, f"{''.join(panels)}{axis}{_text(_MARGIN, height - 12, '0')}")


def _picture(height: int, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
        ' font-family="sans-serif" font-size="13" fill="#555">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>\n'
        f"{drawn}</svg>\n"
    )


def _panel(moments: Sequence[float], line: Line, top: int) -> str:
    highest = max(line.values) * 1.25 or 1
    bottom, right = top + _PANEL, _WIDTH - _MARGIN

    def place(moment: float, value: float) -> str:
        x = _MARGIN + (right - _MARGIN) * moment / max(moments)
        return f"{x:.1f},{bottom - _PANEL * value / highest:.1f}"

    points = " ".join(map(place, moments, line.values))
    return (
        f'<path d="M{_MARGIN},{top} V{bottom} H{right}" fill="none" stroke="#999"/>\n'
        f'<polyline points="{points}" fill="none" stroke="#1a7f37" stroke-width="1.5"/>\n'
        + _text(_MARGIN, top - 8, f"{line.name}: {min(line.values):.0f} to {max(line.values):.0f}")
        + _text(_MARGIN - 6, bottom, "0", "end")
        + _text(_MARGIN - 6, top + 10, f"{highest:.0f}", "end")
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>\n'


def bars(title: str, values: Mapping[str, float]) -> str:
    """Return a picture of a bar for each of *values*, with its name and number."""
    row, left = 30, 190
    height = len(values) * row + 2 * _GAP
    longest = max(values.values())
    drawn = _text(_MARGIN, _GAP - 18, title)
    for at, (name, value) in enumerate(values.items()):
        top, width = _GAP + at * row, (_WIDTH - left - 2 * _MARGIN) * value / longest
        drawn += f'<rect x="{left}" y="{top}" width="{width:.1f}" height="20" fill="#1a7f37"/>\n'
        drawn += _text(left - 8, top + 15, name, "end")
        drawn += _text(round(left + width + 6), top + 15, f"{value:.0f}")
    return _picture(height, drawn)
