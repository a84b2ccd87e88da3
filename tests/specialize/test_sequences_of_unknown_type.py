"""Sequences of which the compiler knows nothing: a rule takes the array that NumPy makes of them."""

import collections
import types

import numpy as np
import pytest
from differences import check_gradient

import sct


class Lazy:
    """Has its only field from a method."""

    def __init__(self, value):
        self._value = value

    def __getattr__(self, name):
        if name != "v":
            raise AttributeError(name)
        return self._value


PAIR = [1.0, 2.0]
HOLDERS = [types.SimpleNamespace(v=PAIR), types.SimpleNamespace(v=collections.deque(PAIR)), Lazy(PAIR), Lazy((1.0, 2.0))]
USES = {
    "exponent": lambda x, b: np.sum(x**b.v),
    "base": lambda x, b: np.sum(b.v**x),
    "product": lambda x, b: np.sum(x * b.v),
    "quotient": lambda x, b: np.sum(b.v / x),
    "dot": lambda x, b: np.dot(b.v, x),
    "matmul": lambda x, b: x @ b.v,
    "outer": lambda x, b: np.sum(np.outer(b.v, x) * x),
    "interp": lambda x, b: np.sum(np.interp(x + 1.0, b.v, b.v)),
    "maximum": lambda x, b: np.sum(np.maximum(x, b.v)),
}


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("name", USES)
def test_a_sequence_in_a_field(name, optimize):
    f = USES[name]
    x = np.array([0.4, 0.7])
    for holder in HOLDERS:
        check_gradient(f, x, holder, optimize=optimize)


def test_rows_in_a_field():
    holder = types.SimpleNamespace(v=collections.deque([[1.0, 2.0], [3.0, 4.0]]))
    g = sct.grad(lambda x, b: np.sum(np.dot(b.v, x) ** 2))(np.ones(2), holder)
    A = np.array(holder.v)
    np.testing.assert_allclose(g, 2.0 * A.T @ A @ np.ones(2), rtol=1e-12)
