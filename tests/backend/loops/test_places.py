"""Places by arrays of integers: triangles, diagonals, places that are named twice, of which the last one counts."""

import numpy as np
import pytest
from nests.outcomes import in_python, outcome

import sct

pytest.importorskip("numba")
X = np.arange(9.0).reshape(3, 3) * 0.3 - 1.0


def below(x):
    rows, columns = np.tril_indices(len(x), -1)
    return x[rows, columns] * np.arange(len(rows))


def above(x):
    rows, columns = np.triu_indices(len(x), 1, len(x) + 1)
    y = np.zeros((len(x), len(x) + 1))
    y[rows, columns] = np.sum(x)
    return y * 2.0


def mirrored(x):
    y = x * 1.0
    y[np.triu_indices(len(x))] = x[np.tril_indices(len(x))] ** 2
    return y


def on_the_diagonal(x):
    y = x * 1.0
    i = np.arange(len(x))
    y[i, i] = np.sin(y[i, i])
    return y


def named_twice(x):
    y = x * 1.0
    y[np.array([0, 1, 0, 2]), 1] = x[0, 0] * np.array([1.0, 2.0, 3.0, 4.0])
    return y


def named_twice_from_the_end(x):
    y = x * 1.0
    y[:, np.array([0, -1, 0, 2])] = x[:, :1] * np.array([1.0, 2.0, 3.0, 4.0]) * x[:, 1:2]
    return y


@pytest.mark.parametrize("f", [below, above, mirrored, on_the_diagonal, named_twice, named_twice_from_the_end])
@pytest.mark.parametrize("x", [X, X[:1, :1], np.zeros((0, 0))], ids=["three", "one", "none"])
def test_as_numpy(f, x):
    if len(x) < 3 and f in (named_twice, named_twice_from_the_end):
        x = np.vstack([X, X])
    with in_python():
        found = outcome(f, (x,), (0,), "vjp")
    assert found.kind == "agrees" or (f is mirrored and found.kind == "refused"), found


@pytest.mark.parametrize("f", [below, above, on_the_diagonal, named_twice])
def test_nothing_is_asked_of_python(f):
    with in_python():
        source = sct.vjp(f, jit="numba", strict=True).source_for(X, f(X))
    assert "objmode" not in source


def along(x):
    return x[np.arange(len(x))] ** 2


def test_a_range_that_is_all_of_an_axis_is_not_checked():
    with in_python():
        source = sct.vjp(along, jit="numba", strict=True).source_for(X[0], X[0])
    assert "outside" not in source
    assert "if i < 0" not in source
