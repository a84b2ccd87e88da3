"""The tables of the race: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from .contests import WAYS, Figures
from .sections import Section

__all__ = ["heading", "line", "markdown", "number", "seconds", "summary"]

_NAME = 34


def seconds(value: float | None) -> str:
    """A time with its unit, in three digits or so."""
    if value is None:
        return ""
    for unit, scale in (("s", 1.0), ("ms", 1e3)):
        if value * scale >= 1.0:
            return f"{value * scale:.3g} {unit}" if value * scale < 1000.0 else f"{value * scale:.0f} {unit}"
    return f"{value * 1e6:.3g} µs"


def _ways(found: Iterable[Figures]) -> list[str]:
    """The ways that are told of, in one order for all sections."""
    present = {who for f in found for who in f.times}
    return [who for who in WAYS if who in present]


def heading(section: Section) -> str:
    """The first lines of a section's table in the terminal."""
    cells = "".join(f"{who:>14}" for who in WAYS) + "".join(f"{r.name:>18}" for r in section.ratios)
    return f"\n{section.title}\n{'':<{_NAME}}{'function':>10}{cells}   first calls, s"


def line(section: Section, f: Figures) -> str:
    """The line of a contest in the terminal."""
    ratios = (r.of(f) for r in section.ratios)
    cells = "".join(f"{seconds(f.times.get(who)):>14}" for who in WAYS)
    cells += "".join(f"{number(r):>18}" for r in ratios)
    first = ", ".join(f"{who} {s:.1f}" for who, s in f.first_calls.items() if s >= 0.05)
    notes = "".join(f"\n{'':<{_NAME}}{note}" for note in f.notes)
    return f"{f.name:<{_NAME}}{seconds(f.function):>10}{cells}   {first}{notes}"


def summary(section: Section, found: list[Figures]) -> str:
    """Geometric means, what of the marks is met, and what else there is to say."""
    lines = [f"{name}, geometric mean: {mean:.2f}" for name, mean in section.means(found).items()]
    for mark in section.marks:
        met = mark.held_against(found)
        if met is not None:
            lines.append(f"{mark}: {met}")
    return "\n".join(f"  {said}" for said in [*lines, *section.more(found)])


def markdown(section: Section, found: list[Figures]) -> str:
    """A section of the page: the table, the first calls, means and marks."""
    ways = _ways(found)
    ratios = [r for r in section.ratios if any(r.of(f) is not None for f in found)]
    parts = [f"## {section.title}", section.about]
    rows = [
        [f.name, seconds(f.function), *(seconds(f.times.get(w)) for w in ways), *(number(r.of(f)) for r in ratios)]
        for f in found
    ]
    parts.append(_table(["", "function", *ways, *(r.name for r in ratios)], rows))
    means = section.means(found)
    marks = [(mark, met) for mark in section.marks if (met := mark.held_against(found)) is not None]
    told = [[str(mark), "met" if met else "not met", str(met).split(": ", 1)[1]] for mark, met in marks]
    parts.append("Geometric means: " + ", ".join(f"{name} {mean:.2f}" for name, mean in means.items()) + ".")
    parts.append(_table(["mark", "", ""], told, ":--"))
    parts.append("What the first call takes more than a later one, in seconds:")
    parts.append(
        _table(["", *ways], [[f.name, *(f"{f.first_calls[w]:.2f}" if w in f.first_calls else "" for w in ways)] for f in found])
    )
    said = [*section.more(found), *(f"{f.name}: {note}" for f in found for note in f.notes)]
    return "\n\n".join([*parts, *(["\n".join(f"- {one}" for one in said)] if said else [])])


def number(value: float | None) -> str:
    """A ratio in two digits or more."""
    return "" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _table(header: list[str], rows: list[list[str]], others: str = "--:") -> str:
    """Rows of cells; `others` says on which side the text of all columns but the first is."""
    lines = [header, [":--", *(others for _ in header[1:])], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
