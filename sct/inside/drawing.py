"""A graph as text for Graphviz, and as an SVG that needs no program.

Takes a `Graph`; gives its drawing. Operands stand above what is made of them; values go down in one colour, adjoints up in
another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from sct.inside.graphs import Graph, Node

__all__ = ["Drawing", "dot"]

_PRIMAL, _ADJOINT = "#1f5fa8", "#c0392b"
_LETTER, _LINE, _GAP, _DEPTH = 7.0, 15.0, 24.0, 64.0
"""The width of a letter, the height of a line, and what is between boxes and between layers, in pixels."""


@dataclass(frozen=True)
class Drawing:
    """A graph of what a derivative computes; a notebook shows it.

    Attributes
    ----------
    graph : Graph
        Its nodes and edges, with values and adjoints.
    """

    graph: Graph

    @property
    def source(self) -> str:
        """The graph as Graphviz reads it."""
        return dot(self.graph)

    @property
    def svg(self) -> str:
        """The drawing."""
        return _svg(self.graph)

    def _repr_svg_(self) -> str:
        return self.svg


def _said(node: Node) -> tuple[str, ...]:
    """The lines in the box of a node."""
    head = node.text if node.is_statement or node.text == node.name else f"{node.name} = {node.text}"
    lines = (_cut(head), _short(node.value))
    return lines if node.adjoint is None else (*lines, f"adjoint {_short(node.adjoint)}")


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _short(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, (tuple, list)):
        return _cut(f"({', '.join(map(_short, value))})")
    if not isinstance(value, np.ndarray):
        return f"{value:.4g}" if isinstance(value, (float, np.floating)) else _cut(str(value))
    if value.size > 6:
        ends = f", {np.min(value):.3g} to {np.max(value):.3g}" if value.dtype.kind in "fiu" else ""
        return f"{value.dtype} {value.shape}{ends}"
    return " ".join(np.array2string(value, precision=3, separator=", ").split())


# -- Graphviz ------------------------------------------------------------------------------------------------------------------


def dot(graph: Graph) -> str:
    """A graph as Graphviz reads it."""
    lines = ["digraph {", '    node [shape=box fontname="monospace" fontsize=10]', "    edge [fontsize=9]"]
    for k, node in enumerate(graph.nodes):
        lines.append(f"    n{k} [label={_quoted(chr(10).join(_said(node)))}]")
    for e in graph.edges:
        lines.append(f'    n{e.source} -> n{e.target} [color="{_PRIMAL}"]')
        if e.adjoint is not None:
            label = _quoted(_short(e.adjoint))
            style = f'color="{_ADJOINT}" fontcolor="{_ADJOINT}" style=dashed constraint=false'
            lines.append(f"    n{e.target} -> n{e.source} [{style} label={label}]")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# -- SVG -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def _svg(graph: Graph) -> str:
    boxes = _placed(graph)
    width = max((b.x + b.width for b in boxes), default=0.0) + _GAP
    height = max((b.y + b.height for b in boxes), default=0.0) + _GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" '
        'font-family="ui-monospace,Menlo,Consolas,monospace" font-size="11">'
    )
    arrows = "".join(_arrowhead(name, colour) for name, colour in (("primal", _PRIMAL), ("adjoint", _ADJOINT)))
    body = [head, f"<defs>{arrows}</defs>", '<rect width="100%" height="100%" fill="#ffffff"/>']
    for e in graph.edges:
        above, below = boxes[e.source], boxes[e.target]
        shift = 0.0 if e.adjoint is None else 7.0
        body.append(_line(above.middle - shift, above.y + above.height, below.middle - shift, below.y, "primal", _PRIMAL, ""))
        if e.adjoint is not None:
            ends = below.middle + shift, below.y, above.middle + shift, above.y + above.height
            body.append(_line(*ends, "adjoint", _ADJOINT, _short(e.adjoint)))
    return "\n".join([*body, *(_box(b) for b in boxes), "</svg>"]) + "\n"


def _layers(graph: Graph) -> list[list[int]]:
    """The numbers of the nodes by how many operations at most lie above them, in an order in which few edges cross."""
    depth = [0] * len(graph.nodes)
    for e in sorted(graph.edges, key=lambda e: e.target):  # operands ran before what is made of them
        depth[e.target] = max(depth[e.target], depth[e.source] + 1)
    for e in sorted(graph.edges, key=lambda e: -e.source):  # what is given stands close to where it is used
        if not any(other.target == e.source for other in graph.edges):
            depth[e.source] = min(depth[o.target] for o in graph.edges if o.source == e.source) - 1
    layers: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for k, d in enumerate(depth):
        layers[d].append(k)
    for _ in range(4):
        for way in (layers, layers[::-1]):
            _ordered(way, graph)
    return layers


def _ordered(layers: Sequence[list[int]], graph: Graph) -> None:
    """Put each node where its neighbours in the layers before are, on average."""
    at: dict[int, float] = {}
    for layer in layers:
        near: dict[int, list[float]] = {k: [] for k in layer}
        for e in graph.edges:
            for k, other in ((e.source, e.target), (e.target, e.source)):
                if k in near and other in at:
                    near[k].append(at[other])
        layer.sort(key=lambda k: sum(near[k]) / len(near[k]) if near[k] else at.get(k, 0.0))
        at.update((k, (n + 0.5) / len(layer)) for n, k in enumerate(layer))


def _placed(graph: Graph) -> list[_Box]:
    """The boxes of the nodes."""
    said = [_said(node) for node in graph.nodes]
    widths = [max(map(len, lines)) * _LETTER + 16 for lines in said]
    layers = _layers(graph)
    total = max((sum(widths[k] + _GAP for k in layer) for layer in layers), default=0.0)
    boxes: dict[int, _Box] = {}
    y = _GAP
    for layer in layers:
        x = _GAP + (total - sum(widths[k] + _GAP for k in layer)) / 2
        for k in layer:
            boxes[k] = _Box(x, y, widths[k], len(said[k]) * _LINE + 10, said[k])
            x += widths[k] + _GAP
        y += max(boxes[k].height for k in layer) + _DEPTH
    return [boxes[k] for k in range(len(said))]


def _box(b: _Box) -> str:
    rows = "".join(_row(b, k, line) for k, line in enumerate(b.lines))
    place = f'x="{b.x:.1f}" y="{b.y:.1f}" width="{b.width:.1f}" height="{b.height:.1f}"'
    return f'<g><rect {place} rx="4" fill="#f7f7f7" stroke="#777777"/>{rows}</g>'


def _row(b: _Box, k: int, line: str) -> str:
    colour = "#1c1c1c" if k == 0 else _PRIMAL if k == 1 else _ADJOINT
    return f'<text x="{b.middle:.1f}" y="{b.y + 16 + k * _LINE:.1f}" text-anchor="middle" fill="{colour}">{escape(line)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str, colour: str, said: str) -> str:
    """An edge; `said` is shown where it is pointed at."""
    bend = (y2 - y1) / 3
    path = f"M{x1:.1f},{y1:.1f} C{x1:.1f},{y1 + bend:.1f} {x2:.1f},{y2 - bend:.1f} {x2:.1f},{y2:.1f}"
    dashes = ' stroke-dasharray="5 3"' if kind == "adjoint" else ""
    title = f"<title>{escape(said)}</title>" if said else ""
    look = f'fill="none" stroke="{colour}" stroke-width="1.4"{dashes} marker-end="url(#{kind})"'
    return f'<path class="{kind}" d="{path}" {look}>{title}</path>'


def _arrowhead(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0,0 L10,5 L0,10 z" fill="{colour}"/></marker>'
    )
