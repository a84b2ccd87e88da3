"""Entries that flags pick: they stay in their places where all that is done with them is element-wise, and only there."""

import numpy as np
import pytest
from nests.outcomes import in_python, outcome

import sct

pytest.importorskip("numba")
X = np.array([[0.3, -0.7, 1.4], [0.9, 0.2, -1.1]])


def rooted(x):
    y = x * 1.0
    for _ in range(2):
        r = y**2
        r[r > 0.5] = np.sqrt(r[r > 0.5]) ** 3
        y = np.sin(r) + y
    return y


def filled(x):
    y = x * x
    y[x < 0.0] = 0.25
    y[x > 1.0] *= 2.0
    y[y > 0.5] += y[y > 0.5] * x[y > 0.5]
    return y * x


def between(x):
    inside = (x > -1.0) & (x < 1.0)
    out = np.zeros_like(x)
    t = 1.0 - x[inside] ** 2
    t *= t
    out[inside] = t + x[inside]
    return out * x


def of_several(x, y):
    m = x > y
    out = y * 2.0
    out[m] = np.where(x[m] > 0.5, x[m] * y[m], 1.0 / x[m])
    return out


def flags_of_flags(x):
    m = x > 0.0
    m[m] = x[m] < 1.0
    y = x * 1.0
    y[m] = np.exp(y[m])
    return y


def integers(x):
    k = np.array([[3, -2, 5], [0, 4, -1]])
    k[k > 0] = k[k > 0] * 2 + 1
    return x * k


def shut(x):
    y = x * x
    y[y < -1.0] = np.log(y[y < -1.0])
    return y


IN_PLACE = [rooted, filled, between, flags_of_flags, integers, shut]


def from_elsewhere(x):
    """What one array of flags picks is put where another is."""
    y = x * 1.0
    y[x > 0.5] = x[x < 0.0] * 3.0
    return y * x


def summed(x):
    return np.sum(x[x > 0.0] ** 2) + np.mean(x[x < 0.0])


def rows(x):
    y = x * x
    y[x[:, 0] > 0.5] = x[x[:, 0] > 0.5] * 3.0
    return y


def kept_over_iterations(x):
    old = x[x > 0.0]
    y = x * 1.0
    for k in range(2):
        y[y > 0.0] = np.sin(y[y > 0.0]) * (1.0 + k)
        old = old + y[x > 0.0]
    return np.sum(old * old) + np.sum(y)


def in_order(x):
    y = x * 1.0
    y[x > 0.0] = np.sort(x[x > 0.0]) * x[x > 0.0]
    return y


def backwards(x):
    y = x * x
    y[x > 0.0] = x[x > 0.0][::-1] * y[x > 0.0]
    return y


def one_for_all(x):
    y = x * 1.0
    y[x > 1.0] = np.array([2.0]) * x[x > 1.0]
    return y


APART = [from_elsewhere, summed, rows, kept_over_iterations, in_order, backwards, one_for_all]


@pytest.mark.parametrize("way", ["vjp", "jvp", "value"])
@pytest.mark.parametrize("f", [*IN_PLACE, *APART], ids=lambda f: f.__name__)
def test_as_numpy(f, way):
    with in_python():
        found = outcome(f, (X,), (0,), way)
    assert found.kind == "agrees", found


def test_of_two_arguments():
    with in_python():
        found = outcome(of_several, (X, X[::-1].copy()), (0, 1), "vjp")
    assert found.kind == "agrees", found


@pytest.mark.parametrize("f", [*IN_PLACE, of_several], ids=lambda f: f.__name__)
def test_nothing_is_counted(f):
    args = (X,) if f is not of_several else (X, X)
    with in_python():
        source = sct.vjp(f, tuple(range(len(args))), jit="numba", strict=True).source_for(*args, f(*args))
    assert "count" not in source
    assert "picked +=" not in source


@pytest.mark.parametrize("f", APART[:2], ids=lambda f: f.__name__)
def test_what_is_counted(f):
    with in_python():
        source = sct.vjp(f, jit="numba", strict=True).source_for(X, f(X))
    assert "count" in source


def with_flags(x, m):
    y = x * 1.0
    y[m] = np.sin(y[m])
    return y


def test_flags_of_another_shape_raise(in_python):
    df = sct.vjp(with_flags, jit="numba", strict=True)
    for m in (np.ones((2, 2), bool), np.ones((3, 3), bool)):
        with pytest.raises(IndexError, match="boolean index did not match"):
            df(X, m, X)
