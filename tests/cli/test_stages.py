"""`sct stages`: every form of a function on the way to its derivative."""

import json

import numpy as np
import pytest

MODEL = """
import numpy as np
import sct


def decay(x, n):
    for _ in range(n):
        x = np.sin(x)
    return np.sum(x)


def cube(x):
    return open(x)


@sct.adjoint(cube)
def cube_adjoint(y, x, y_bar):
    return 3.0 * x**2 * y_bar


slope = sct.grad(lambda x: x**3)
"""
NAMES = ["source", "lowered", "typed", "primal", "reverse", "reversed", "record", "recorded", "stored", "owned", "text"]


@pytest.fixture(autouse=True)
def model(folder):
    (folder / "own_model.py").write_text(MODEL)


def test_every_stage(sct):
    done = sct("stages", "own_model.py:decay", "--types", "x: f8[k], n: int")
    assert done.exit_code == 0 and done.stderr == ""
    parts = done.stdout.split("== ")[1:]
    assert [part.partition(":")[0] for part in parts] == NAMES
    texts = dict(zip(NAMES, (part.partition("\n")[2] for part in parts), strict=True))
    assert texts["source"].startswith("def decay(x, n):\n    for _ in range(n):\n")
    assert "def decay(%x.0: ?, %n.1: ?):" in texts["lowered"]
    assert "def decay(%x.0: float64[k!], %n.1: int=n):" in texts["typed"]
    assert "push(" not in texts["reversed"] and "push(" in texts["record"]
    assert "x_tape.append(x)" in texts["text"]


def test_json_and_other_transforms(sct):
    done = sct("stages", "own_model.py:decay", "--args", "(np.ones(3), 2)", "--transform", "vjp", "--json")
    found = json.loads(done.stdout)
    assert [stage["stage"] for stage in found] == NAMES
    assert "def decay_vjp(x, n, " in found[-1]["text"]


def test_of_a_function_with_a_rule_and_of_a_derivative(sct):
    found = json.loads(sct("stages", "own_model.py:cube", "--types", "x: float", "--json").stdout)
    assert [stage["stage"] for stage in found] == [n for n in NAMES if n != "lowered"]
    found = json.loads(sct("stages", "own_model.py:slope", "--types", "x: float", "--json").stdout)
    namespace = {"np": np}
    exec(found[-1]["text"], namespace)
    (f,) = (v for n, v in namespace.items() if n.endswith("_grad_grad"))
    assert f(2.0) == 12.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["own_model.py:decay", "--types", "x: f8[k]"], "says nothing of n"),
        (["own_model.py:decay", "--types", "x: f8[k], n: int", "--args", "(1.0, 2)"], "given twice"),
        (["own_model.py:decay", "--transform", "jet"], "'jet' is not one of 'grad', 'value-and-grad'"),
    ],
)
def test_bad_input(sct, words, said):
    done = sct("stages", *words)
    assert done.exit_code == 2 and said in done.stderr and done.stdout == ""
