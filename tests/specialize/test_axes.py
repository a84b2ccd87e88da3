"""An axis that is an argument, a global or a field: the number that it is at the call decides what is written."""

import numpy as np
import pytest
from sources import define

import sct

X = np.random.default_rng(4).normal(size=(3, 4, 2))
AXIS = 0


def squares(x, axis):
    return np.sum(np.sum(x, axis=axis) ** 2)


SEVERAL = """
def f(x, axis):
    return np.sum(np.max(x, axis) ** 2) + np.sum(x.mean(axis=axis) ** 3) + np.cumsum(x, axis=axis).ravel()[3]
"""


def along_a_global(x):
    return np.sum(np.sum(x, axis=AXIS) ** 2)


class Model:
    def __init__(self, axis):
        self.axis = axis

    def loss(self, x):
        return np.sum(np.log(np.sum(np.exp(x), axis=self.axis)))


def expected(axis):
    return 2.0 * np.broadcast_to(np.sum(X, axis=axis, keepdims=True), X.shape)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_an_argument(axis):
    f = define(SEVERAL, "f")
    sct.check_grads(f, (X, axis), (0,))
    assert "runtime" not in sct.grad(f).source_for(X, axis)


def test_one_derivative_for_several_axes():
    gradient = sct.grad(squares)
    for axis in (0, 1, 2, -1, -2, 0, 1, -3):
        np.testing.assert_allclose(gradient(X, axis), expected(axis))


def test_an_axis_that_is_none_or_a_tuple():
    gradient = sct.grad(squares)
    np.testing.assert_allclose(gradient(X, None), 2.0 * np.sum(X) * np.ones(X.shape))
    np.testing.assert_allclose(gradient(X, (0, 2)), expected((0, 2)))
    np.testing.assert_allclose(gradient(X, 1), expected(1))


def test_a_global_that_changes(monkeypatch):
    gradient = sct.grad(along_a_global)
    assert "x.sum(axis=0, keepdims=True)" in gradient.source_for(X)
    for axis in (0, 2, 0, 1, -1):
        monkeypatch.setitem(globals(), "AXIS", axis)
        np.testing.assert_allclose(gradient(X), expected(axis))


def test_a_field_that_changes():
    model = Model(1)
    gradient = sct.grad(model.loss)
    for axis in (1, 2, 0):
        model.axis = axis
        e = np.exp(X)
        np.testing.assert_allclose(gradient(X), e / np.sum(e, axis=axis, keepdims=True))


def test_specialized_for_an_axis():
    gradient = sct.grad(define("def f(x, axis):\n    return np.sum(np.sum(x, axis=axis) ** 2)\n", "f")).specialize(X, 1)
    np.testing.assert_allclose(gradient(X, 1), expected(1))
    with pytest.raises(ValueError, match="specialized for arguments of other sizes"):
        gradient(X, 0)


def test_a_loop_over_axes():
    def f(x):
        s = 0.0
        for axis in range(3):
            s = s + np.sum(np.sum(x, axis=axis) ** 2)
        return s

    np.testing.assert_allclose(sct.grad(f)(X), sum(map(expected, range(3))))


def test_an_axis_that_there_is_not():
    with pytest.raises(ValueError, match="axis"):
        sct.grad(squares)(X, 3)
