"""`sct.show`: which lines of a function stand beside which of its derivative."""

import functools

import numpy as np
import pytest

import sct


def layer(W, x):
    t = W @ x
    return np.tanh(t)


def loss(W, x, n):
    h = layer(W, x)
    for _ in range(n):
        h = np.sin(
            h,
        )
    return np.sum(h)


def square(x):
    return x * x


def wave(x):
    return np.sin(square(x))


ARGS = np.eye(2), np.ones(2), 3


def beside(shown):
    """For each statement of the primal, the lines of the derivative that it stands beside."""
    texts = {r.statement: r.text.strip() for r in reversed(shown.rows)}
    found = {}
    for line in shown.lines:
        if line.sweep and not line.is_comment:
            found.setdefault(texts[line.statements[0]], []).append((line.sweep, line.text.strip()))
    return found


def test_statements_stand_beside_what_becomes_of_them():
    found = beside(sct.show(sct.grad(loss), *ARGS))
    assert found == {
        "t = W @ x": [("forward", "t = W @ x"), ("reverse", "W_bar = np.outer(t_bar, x)")],
        "return np.tanh(t)": [("forward", "h = np.tanh(t)"), ("reverse", "t_bar = h_bar * (1.0 - h * h)")],
        "for _ in range(n):": [
            ("forward", "h_1 = h"),
            ("forward", "for _ in range(n):"),
            ("forward", "h_tape.append(h_1)"),
            ("reverse", "for _ in range(n):"),
            ("reverse", "h_1 = h_tape.pop()"),
        ],
        "h = np.sin(": [("forward", "h_1 = np.sin(h_1)"), ("reverse", "h_bar = h_bar * np.cos(h_1)")],
        "return np.sum(h)": [("reverse", "h_bar = np.broadcast_to(1.0, (W.shape[0],))")],
    }


def test_what_is_written_in_a_line_and_what_calls_it_belongs_to_it_too():
    shown = sct.show(sct.elementwise_grad(wave), np.ones(3))
    numbers = {r.text.strip(): r.statement for r in shown.rows if r.begins}
    (line,) = [x for x in shown.lines if "np.cos(square)" in x.text]
    assert set(line.statements) == {numbers["return np.sin(square(x))"], numbers["return x * x"]}
    assert line.calls == () and line.sweep == "reverse"
    (line,) = [x for x in sct.show(sct.grad(loss), *ARGS).lines if x.text.strip() == "h = np.tanh(t)"]
    assert line.calls == (1,)


def test_a_statement_of_several_lines_is_one():
    rows = [r for r in sct.show(sct.grad(loss), *ARGS).rows if r.text.strip() in ("h = np.sin(", "h,", ")")]
    assert len({r.statement for r in rows}) == 1 and [r.begins for r in rows] == [True, False, False]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_as_wide_as_it_is_asked_to_be(width):
    lines = sct.show(sct.grad(loss), *ARGS).text(width).splitlines()
    assert max(map(len, lines)) <= width and any("np.outer(" in line for line in lines)


def test_as_wide_as_the_terminal(monkeypatch):
    shown = sct.show(sct.grad(loss), *ARGS)
    monkeypatch.setenv("COLUMNS", "61")
    assert repr(shown) == shown.text(61) != shown.text(200)


def test_every_line_is_shown_once():
    shown = sct.show(sct.value_and_grad(loss), *ARGS)
    said = [x.number for x in shown.lines if x.text.strip() and not x.is_comment and not x.text.startswith("import")]
    right = [line.partition("|")[2].split() for line in shown.text(300).splitlines()]
    assert sorted(int(words[0]) for words in right if words) == said
    assert [x.text for x in shown.lines] == shown.source.splitlines()


def test_without_arguments_it_is_that_of_the_latest_call():
    derived = sct.grad(loss)
    assert sct.show(derived).source == derived.source  # of any rank
    derived(*ARGS)
    assert sct.show(derived).source == derived.source == sct.show(derived, *ARGS).source


def test_tangents():
    found = beside(sct.show(sct.jvp(layer, wrt="x"), *ARGS[:2]))
    assert {sweep for lines in found.values() for sweep, _ in lines} == {"forward", "tangent"}


class Model:
    def energy(self, x):
        return np.sum(x * x)


@pytest.mark.parametrize(
    ("derived", "args"),
    [
        (sct.grad(lambda x: np.sum(np.sin(x))), (np.ones(3),)),
        (sct.grad(Model().energy), (np.ones(3),)),
        (sct.grad(functools.partial(loss, n=2)), (np.eye(2), np.ones(2))),
        (sct.grad(sct.grad(lambda x: x**3)), (2.0,)),
        (sct.grad(lambda *xs: np.sum(xs[0] * xs[1])), (np.ones(3), np.ones(3))),
        (sct.pullback(layer), ARGS[:2]),
        (sct.hessian(lambda x: np.sum(x**3)), (np.ones(3),)),
        (sct.vmap(lambda x: np.sum(x**3)), (np.ones((2, 3)),)),
        (sct.compile(loss), ARGS),
    ],
)
def test_of_any_derivative(derived, args):
    shown = sct.show(derived, *args)
    assert shown.source == derived.source_for(*args) and shown.rows[0].begins
    assert any(x.statements for x in shown.lines)


def test_of_a_primitive_there_is_nothing_on_the_left():
    shown = sct.show(sct.elementwise_grad(np.tanh), np.ones(3))
    assert shown.rows == () and "tanh" in shown.text(80)


def test_of_what_is_no_derived_function():
    with pytest.raises(sct.CallError, match=r"sct.show takes a derived function.*\n.*sct.show\(sct.grad\(f\)"):
        sct.show(loss, *ARGS)
