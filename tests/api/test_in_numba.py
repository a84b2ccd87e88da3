"""Derivatives that functions which Numba compiles call."""

import functools

import numpy as np
import pytest

import sct

numba = pytest.importorskip("numba")
x0 = np.linspace(0.1, 1.0, 5)


def f(x, k=2.0, n=3):
    s = 0.0
    for i in range(n):
        s = s + np.sin(k * x[i]) * x[i]
    return s


derived = sct.value_and_grad(f, jit="numba")


@numba.njit
def descend(x, steps):
    v = 0.0
    for _ in range(steps):
        v, d = derived(x, n=len(x))
        x = x - 0.1 * d
    return v, x


def test_it_is_called_as_from_python():
    v, x = 0.0, x0
    for _ in range(3):
        v, d = sct.value_and_grad(f)(x, n=5)
        x = x - 0.1 * d
    found = descend(x0, 3)
    np.testing.assert_allclose(found[0], v, rtol=1e-13)
    np.testing.assert_allclose(found[1], x, rtol=1e-13)
    with pytest.raises(ValueError, match="x has an axis of length 1, for which f is to be called from Python"):
        descend(np.ones(1), 1)


@numba.njit
def applied(g, *args):
    return g(*args)


@sct.compile(jit="numba")
def smooth(x):
    for i in range(1, len(x) - 1):
        x[i] = 0.5 * (x[i - 1] + x[i + 1])


def test_of_other_types_and_transforms():
    product = sct.compile(lambda p: p[0] * p[1], jit="numba")
    np.testing.assert_array_equal(applied(product, (x0, 2.0)), 2.0 * x0)
    ours, theirs = x0**2, x0**2
    assert applied(smooth, ours) is smooth(ours) is None
    smooth.primal(theirs)
    smooth.primal(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-14)


def swapped(x, y):
    x[0] = y[0]
    return np.sum(x * y)


@pytest.mark.parametrize(
    ("g", "args", "why"),
    [
        (sct.grad(f), (x0,), "is not compiled by Numba: make it with jit='numba'"),
        (derived, ("x",), "x, which Numba knows as unicode_type"),
        (derived, (), "missing a required argument: 'x'"),
        (sct.grad(swapped, jit="numba"), (x0, x0), "x: it is written into, and other arguments may share memory with x"),
        (sct.grad(functools.partial(f, k=2.0), jit="numba"), (x0,), "of a method or partial"),
        (sct.grad(lambda *xs: xs[0], jit="numba"), (x0,), "of .args or ..kwargs"),
        (sct.pullback(f, jit="numba"), (x0,), "a function that is made inside of another one"),
    ],
)
def test_what_is_refused(g, args, why):
    with pytest.raises((numba.core.errors.NumbaError, TypeError), match=why):
        applied(g, *args)
