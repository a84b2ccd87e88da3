"""`sct check`: derivatives beside finite differences, and what is told of those that disagree."""

import json

import pytest

MODEL = """
import numpy as np
import sct


def loss(W, b, x):
    h = np.tanh(x @ W + b)
    return np.sum(h * h)


def cube(x):
    return x**3


@sct.adjoint(cube)
def cube_adjoint(y, x, y_bar):
    return 2.0 * x**2 * y_bar


def volume(x, p):
    return cube(x) + p["a"] * p["b"]


def root(x):
    print("called")
    return np.sqrt(x)


GIVEN = (np.ones((2, 3)), np.zeros(3), np.ones((4, 2)))
"""


@pytest.fixture(autouse=True)
def model(folder):
    (folder / "own_model.py").write_text(MODEL)


def test_derivatives_that_agree(sct):
    done = sct("check", "own_model.py:loss", "--args", "GIVEN", "--wrt", "W,b", "--order", "2")
    assert done.exit_code == 0 and done.stderr == ""
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["order", "by", "directions", "difference", "allowed"]
    assert [row.split()[:3] for row in rows] == [["1", "W", "9"], ["1", "b", "6"], ["2", "W", "9"], ["2", "b", "6"]]
    assert all(row.endswith("  agrees") for row in rows)


def test_a_derivative_that_disagrees(sct):
    done = sct("check", "own_model.py:volume", "--args", "(2.0, {'a': 1.0, 'b': 3.0})", "--wrt", "x,p")
    assert done.exit_code == 1
    rows = [row.split() for row in done.stdout.splitlines()[1:]]
    assert [(row[1], row[-1]) for row in rows] == [("x", "disagrees"), ("p['a']", "agrees"), ("p['b']", "agrees")]
    assert done.stderr.startswith("Error: vjp(volume, optimize=True): the derivative in argument 0")
    assert "finite differences give 13.80" in done.stderr


def test_json(sct):
    done = sct("check", "own_model.py:volume", "--args", "(2.0, {'a': 1.0, 'b': 3.0})", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1 and not found["agrees"] and len(found["problems"]) == 1
    (row,) = found["rows"]
    assert row["by"] == "x" and row["got"] == pytest.approx(row["expected"] * 2.0 / 3.0)


def test_where_there_is_nothing_to_compare(sct):
    done = sct("check", "own_model.py:root", "--args", "(-1.0,)")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].split() == ["1", "x", "0", "nothing", "to", "compare"]
    assert "called" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["volume", "--args", "(2.0,)"], "volume does not take these arguments: missing a required argument: 'p'"),
        (["volume", "--args", "(2.0, {'a': 1.0})"], "KeyError: 'b'"),
        (["volume", "--args", "(2.0, nothing)"], "NameError: name 'nothing' is not defined"),
        (["volume", "--args", "2.0"], "are a float, not a tuple"),
        (["volume", "--args", "(2.0, {})", "--wrt", "q"], "there is no argument q\n  The arguments are x, p."),
        (["volume", "--args", "(2.0, {})", "--wrt", "7"], "there is no argument 7"),
        (["volume", "--args", "(2, {'a': 1.0, 'b': 3.0})"], "x"),
        (["volume"], "Missing option '--args'"),
        (["volume", "--args", "(2.0, {})", "--order", "0"], "0 is not in the range"),
    ],
)
def test_bad_input(sct, words, said):
    done = sct("check", f"own_model.py:{words[0]}", *words[1:])
    assert done.exit_code == 2, done.output
    assert said in done.stderr and done.stdout == ""
