"""`sct explain`: what a derivative is made of, and why."""

import json

import pytest

MODEL = """
import numpy as np

RATE = 0.5


def act(x):
    return np.tanh(x)


def settle(w, x, n):
    unused = w * 3.0
    size = x.shape[0]
    h = x
    for _ in range(n):
        h = act(w * h) * RATE
    return np.sum(h) / size


def smooth(A):
    B = np.zeros(A.shape[0])
    B[1:-1] = A[1:-1] * 0.3 + A[:-2]
    return np.sum(B * B)


def third(x):
    return x[2] * x[0]


def solved(A, b):
    print("called")
    return np.sum(np.linalg.solve(A, np.partition(b, 1)))


GIVEN = (0.9, np.ones(3), 4)
"""


@pytest.fixture(autouse=True)
def model(folder):
    (folder / "own_model.py").write_text(MODEL)


def sections(text):
    """The lines below each title."""
    found, title = {}, ""
    for line in text.splitlines():
        if line.startswith("  "):
            found[title].append(line[2:])
        elif line:
            title = line
            found[title] = []
    return found


def test_for_types(sct):
    done = sct("explain", "own_model.py:settle", "--types", "w: float, x: f8[k], n: int")
    assert done.exit_code == 0 and done.stderr == ""
    found = sections(done.stdout)
    assert found["parameters"] == ["w: float", "x: float64 array, shape (k,)", "n: int"]
    assert found["active"] == ["w, h"]
    assert "x: does not depend on w" in found["not active"]
    assert "n: is no real or complex number" in found["not active"]
    assert "unused: the result does not depend on it" in found["not active"]
    assert any(line.startswith("tanh_tape: from  return np.tanh(x)") for line in found["recorded"])
    assert "    needed by the reverse of  h = act(w * h) * RATE" in found["recorded"]
    assert "np.tanh: d * (1.0 - y * y)" in found["rules"]
    assert found["read at each call"] == ["RATE: float"]
    assert "act, line 7 of own_model.py" in found["functions that stand in it"]
    (primal,) = (line for line in found if line.startswith("primal"))
    assert primal.split(maxsplit=1)[1].split("  ")[0] == "3*k*n + k + 1"


def test_for_arguments(sct):
    done = sct("explain", "own_model.py:settle", "--args", "GIVEN", "--transform", "vjp", "--wrt", "w,x")
    found = sections(done.stdout)
    assert found["recorded"][-1].startswith("in all ")
    (primal,) = (line for line in found if line.startswith("primal"))
    assert primal.split()[1] == str(3 * 3 * 4 + 3 + 1)
    assert any(line.startswith("ratio") for line in found)


def test_json(sct):
    done = sct("explain", "own_model.py:smooth", "--args", "(np.ones(5),)", "--json")
    found = json.loads(done.stdout)
    assert found["active"] == ["A", "B"] and found["wrt"] == ["A"]
    assert "A.shape[0] - 2 >= 0" in found["sizes"]
    assert found["cost"]["primal"]["operations"] > 0 and found["cost"]["derivative"]["bytes"] > 0


def test_what_is_not_counted_and_what_is_printed(sct):
    done = sct("explain", "own_model.py:solved", "--args", "(np.eye(2), np.ones(2))")
    assert done.exit_code == 0
    assert "only the bytes are counted of np.partition" in done.stdout
    assert "called" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["settle", "--types", "w: float"], "says nothing of x"),
        (
            ["third", "--args", "(np.ones(2),)", "--transform", "value-and-grad"],
            "the function cannot be run with these arguments: IndexError: index 2",
        ),
        (["settle", "--args", "(1.0,)"], "missing a required argument"),
        (["settle", "--args", "GIVEN", "--wrt", "q"], "q"),
        (["settle", "--args", "GIVEN", "--wrt", "n"], "n"),
    ],
)
def test_bad_input(sct, words, said):
    done = sct("explain", f"own_model.py:{words[0]}", *words[1:])
    assert done.exit_code == 2, done.output
    assert said in done.stderr and done.stdout == ""
