"""Two texts as HTML: a page that stands alone, or what a notebook shows.

Takes lines of functions and of a derivative, with the statements that they belong to; gives HTML. Lines that belong together
have one colour at their side, and are marked where one of them is pointed at: by style sheets alone, so that it works without
scripts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from sct.inside.places import Part
from sct.inside.rows import Line, Row

__all__ = ["GENERATOR", "fragment", "page"]

GENERATOR = '<meta name="generator" content="sct show">'
"""What a page has in its head, by which one is known."""

_STYLE = """
.ID{display:flex;flex-wrap:wrap;gap:0 1.5em;background:#fff;color:#1c1c1c;font:13px/1.45 ui-monospace,Menlo,Consolas,monospace}
.ID section{flex:1 1 24em;min-width:0;overflow-x:auto}
.ID h2{font:600 13px/2 system-ui,sans-serif;margin:0.4em 0 0;color:#444}
.ID h2 small{font-weight:400;color:#777}
.ID ol{list-style:none;margin:0;padding:0;width:max-content;min-width:100%}
.ID li{white-space:pre;padding:0 0.6em 0 0;margin:0;border-left:5px solid transparent}
.ID li[style]{border-left-color:hsl(var(--hue) 65% 55%)}
.ID li b{display:inline-block;min-width:2.4em;padding-right:0.8em;text-align:right;font-weight:400;color:#888;user-select:none}
.ID li i{display:inline-block;min-width:4.2em;font-style:normal;color:#888;user-select:none}
.ID li.said{color:#777}
"""
_MARKED = "background:#ffe8a3"
_ARROWS = {"forward": "↓", "reverse": "↑", "tangent": "→", "": ""}
_TURN = 137.5  # degrees between the colours of one statement and the next: none comes close to another for long


def page(parts: Sequence[Part], rows: Sequence[Row], lines: Sequence[Line]) -> str:
    """A whole page."""
    name = escape(parts[0].name if parts else _name(lines))
    body = fragment(parts, rows, lines)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{GENERATOR}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name} and its derivative</title>\n<style>body{{margin:1em}}</style>\n"
        f"</head>\n<body>\n{body}</body>\n</html>\n"
    )


def fragment(parts: Sequence[Part], rows: Sequence[Row], lines: Sequence[Line]) -> str:
    """The two texts, with the styles that are theirs alone."""
    shown = [*_primal(parts, rows, _linked(lines)), *_derivative(rows, lines)]
    own = "sct-" + hashlib.sha256("".join(shown).encode()).hexdigest()[:10]
    marked = (
        f'.{own}:has(li[data-of~="{k}"]:hover) li[data-of~="{k}"],'
        f'.{own}:has(li.own[data-of~="{k}"]:hover) li[data-by~="{k}"]{{{_MARKED}}}\n'
        for k in sorted(_linked(lines))
    )
    style = _STYLE.replace("ID", own) + "".join(marked)
    return f'<style>{style}</style>\n<div class="{own}">\n' + "\n".join(shown) + "\n</div>\n"


def _linked(lines: Iterable[Line]) -> set[int]:
    """The statements that lines of the derivative belong to."""
    return {k for line in lines for k in (*line.statements, *line.calls)}


def _primal(parts: Sequence[Part], rows: Sequence[Row], linked: set[int]) -> Iterator[str]:
    yield "<section>"
    for k, part in enumerate(parts):
        yield f"<h2>{escape(part.name)} <small>{escape(Path(part.file).name)}, line {part.first}</small></h2>\n<ol>"
        for row in rows:
            if row.part == k:
                own = _belongs("own", (row.statement,), ()) if row.statement in linked else "<li>"
                yield f"{own}<b>{row.number}</b>{escape(row.text)}</li>"
        yield "</ol>"
    yield "</section>"


def _derivative(rows: Sequence[Row], lines: Sequence[Line]) -> Iterator[str]:
    begins = {row.statement: row.number for row in rows if row.begins}
    said = "the derivative, and the lines that it belongs to"
    yield f"<section>\n<h2>{escape(_name(lines))} <small>{said}</small></h2>\n<ol>"
    for line in lines:
        own = _belongs("said" if line.is_comment else "", line.statements, line.calls)
        of = f"{_ARROWS[line.sweep]} {begins[line.statements[0]]}" if line.sweep and not line.is_comment else ""
        yield f"{own}<b>{line.number}</b><i>{of}</i>{escape(line.text)}</li>"
    yield "</ol>\n</section>"


def _belongs(name: str, statements: Sequence[int], calls: Sequence[int]) -> str:
    """The tag of a line that belongs to statements, the first of which it has its colour from."""
    said = f' class="{name}"' if name else ""
    if statements:
        said += f' data-of="{_numbers(statements)}" style="--hue:{statements[0] * _TURN % 360:g}"'
    if calls:
        said += f' data-by="{_numbers(calls)}"'
    return f"<li{said}>"


def _numbers(statements: Iterable[int]) -> str:
    return " ".join(map(str, statements))


def _name(lines: Sequence[Line]) -> str:
    """What the derivative is called: it is the last of the functions."""
    heads = [line.text for line in lines if line.text.startswith("def ")]
    return heads[-1].removeprefix("def ").partition("(")[0]
