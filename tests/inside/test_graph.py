"""`sct.graph`: what is drawn of a derivative, by Graphviz or as an SVG."""

import sys
import types
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import sct


def shared(x, w):
    s = np.sin(x)
    return np.sum(s * s + w * s)


def branches(x, n):
    for _ in range(n):
        x = np.tanh(x) * 0.5 if x[0] > 0.5 else x * 2.0
    return x @ x


def square(x):
    return x * x


def writes(x):
    y = np.zeros(3)
    for i in range(3):
        y[i] = square(x[i])
    y[0] += x[1]
    return np.sum(np.concatenate((y, x)))


def of_a_dict(p):
    return np.sum(p["a"] ** 2) * p["b"]


def halved(x):
    while x > 1.0:
        x = 0.5 * x
    return x * x


SCALE = np.array([1.0, 2.0])


def unpacked(x):
    a, b = x
    return a * a * b


def outside(x):
    return np.sum(SCALE * x)


def nodes(graph):
    return {(n.name, n.text): (n.value, n.adjoint) for n in graph.nodes}


@pytest.fixture(autouse=True)
def without_graphviz(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [
        (shared, (np.ones(2), 2.0), ("x", "w")),
        (branches, (np.ones(2), 3), "x"),
        (writes, (np.arange(3.0),), "x"),
        (of_a_dict, ({"a": np.ones(2), "b": 3.0},), "p"),
        (halved, (5.0,), "x"),
        (outside, (np.ones(2),), "x"),
        (unpacked, (np.array([2.0, 3.0]),), "x"),
        (lambda *xs: np.sum(xs[0] * xs[1]), (np.ones(2), np.ones(2)), 1),
    ],
)
def test_the_last_value_and_the_adjoints_of_what_is_given(f, args, wrt):
    value, gradient = sct.value_and_grad(f, wrt=wrt)(*args)
    graph = sct.graph(sct.grad(f, wrt=wrt), *args).graph
    assert graph.nodes[-1].value == value and graph.nodes[-1].adjoint == 1.0
    wanted = gradient if isinstance(wrt, tuple) else (gradient,)
    given = [n.adjoint for n in graph.nodes if n.name == n.text and n.adjoint is not None]
    for bar in wanted:
        leaves = bar if isinstance(bar, dict) else {"": bar}
        assert any(
            all(np.allclose((own if isinstance(own, dict) else {"": own}).get(k, np.nan), v) for k, v in leaves.items())
            for own in given
        )


def test_a_shared_operand_is_one_node_whose_adjoints_are_summed():
    x = np.array([0.5, 1.0])
    graph = sct.graph(sct.grad(shared), x, 2.0).graph
    found = nodes(graph)
    value, adjoint = found["s", "np.sin(x)"]
    k = next(k for k, n in enumerate(graph.nodes) if n.name == "s")
    parts = [e.adjoint for e in graph.edges if e.source == k]
    np.testing.assert_allclose(parts, [np.full(2, 2.0), 2.0 * value], err_msg=str(parts))
    np.testing.assert_allclose(adjoint, sum(parts))


def test_what_is_written_is_said_as_it_is_written():
    graph = sct.graph(sct.grad(writes), np.arange(3.0)).graph
    assert [n.text for n in graph.nodes if n.is_statement] == ["y[i] = square(x[i])"] * 3 + ["y[0] += x[1]"]
    assert "copy" not in sct.graph(sct.grad(writes), np.arange(3.0)).source


def test_a_cotangent():
    graph = sct.graph(sct.vjp(np.tanh), np.zeros(2), np.array([3.0, 4.0])).graph
    assert [n.adjoint.tolist() for n in graph.nodes] == [[3.0, 4.0], [3.0, 4.0]]


def test_the_svg_has_every_node_and_both_kinds_of_edges():
    drawing = sct.graph(sct.grad(shared, wrt=("x", "w")), np.ones(2), 2.0)
    root = ET.fromstring(drawing._repr_svg_())
    name = "{http://www.w3.org/2000/svg}"
    boxes = [g.find(f"{name}rect") for g in root.findall(f"{name}g")]
    assert len(boxes) == len(drawing.graph.nodes)
    places = [tuple(float(b.get(k)) for k in ("x", "y", "width", "height")) for b in boxes]
    for k, (x, y, w, h) in enumerate(places):  # none lies on another
        assert 0.0 <= x and x + w <= float(root.get("width")) and y + h <= float(root.get("height"))
        assert all(x + w < a or a + c < x or y + h < b or b + d < y for a, b, c, d in places[:k])
    kinds = [p.get("class") for p in root.findall(f"{name}path")]
    edges = drawing.graph.edges
    assert kinds.count("primal") == len(edges) and kinds.count("adjoint") == sum(e.adjoint is not None for e in edges)
    for e in edges:
        assert places[e.source][1] < places[e.target][1]


def test_with_graphviz(monkeypatch):
    module = types.ModuleType("graphviz")
    module.Source = lambda source: ("Source", source)
    monkeypatch.setitem(sys.modules, "graphviz", module)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    kind, source = sct.graph(sct.grad(shared), np.ones(2), 2.0)
    assert kind == "Source" and source.startswith("digraph {\n") and '"s = np.sin(x)\\n' in source
    monkeypatch.setattr("shutil.which", lambda name: None)  # the package without the program
    assert isinstance(sct.graph(sct.grad(shared), np.ones(2), 2.0), sct.Drawing)


def recursive(x, n):
    return x if n == 0 else x * recursive(x, n - 1)


@pytest.mark.parametrize(
    ("derived", "args", "error", "said"),
    [
        (sct.jvp(shared), (np.ones(2), 1.0, np.ones(2)), sct.CallError, "sct.graph draws gradients, not <jvp of shared"),
        (sct.grad(branches), (np.ones(2), 100), sct.CallError, "more than 200 operations"),
        (sct.grad(lambda x: 3.0), (1.0,), sct.UnsupportedSyntaxError, "a result that no operation makes"),
        (sct.grad(lambda x, n: recursive(x, n) * 1.0), (1.0, 3), sct.UnsupportedSyntaxError, "recursive"),
        (shared, (), sct.CallError, "sct.graph takes a derived function"),
    ],
)
def test_what_is_not_drawn(derived, args, error, said):
    with pytest.raises(error, match=said):
        sct.graph(derived, *args)
