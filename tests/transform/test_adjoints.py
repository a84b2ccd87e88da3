"""Adjoints as the reverse sweep keeps them: entries of what is broadcast, and zeros of the shape of each iteration."""

import numpy as np
import pytest
from differences import agree, arrays
from sources import define

import sct

X, A = np.array([1.0, 2.0, 3.0]), np.arange(1.0, 7.0).reshape(3, 2)


def column_sum(A):
    s = A.sum(axis=0)
    return s[0] * A[0, 0]


def kept_dims(x):
    w = np.sum(x, keepdims=True)
    w += x[0]
    return w[0]


def column_mean(x, k):
    m = x.mean(axis=0)
    return m[k] * x[k, k]


def column_slice(A):
    c = A.sum(axis=0)
    return c[:1] @ A[0, :1]


def scaled_rows(A, b):
    c = A * b
    return c[0, 0] * b[1] + np.sum(c, axis=0)[1] * np.sum(c[0])


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [
        (column_sum, (A,), 0),
        (kept_dims, (X,), 0),
        (column_mean, (A, 1), 0),
        (column_slice, (A,), 0),
        (scaled_rows, (A, X[:2]), (0, 1)),
    ],
)
def test_entry_of_what_is_spread(f, args, wrt):
    agree(f, *args, wrt=wrt)


def broadcast_of_an_adjoint(M, p):
    p.fill(1.0)
    p += np.sum(M, axis=0)
    return p * p


def entry_of_a_sum(M, p):
    A = p * 1.0
    A[0] = 0.0
    A[0] += np.sum(M, axis=0)[0]
    return np.sum(A * A)


M = np.array([[2.04, -2.56, 0.42, -0.57], [-0.45, -0.22, -2.02, -0.23], [-0.87, 3.32, 0.23, -0.35]])
P = np.array([0.45, 0.61, 0.72, 0.87])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("f", "args"), [(broadcast_of_an_adjoint, (M, P)), (entry_of_a_sum, (M, P))])
def test_sums_into_an_argument(f, args, order):
    sct.check_grads(f, args, arrays(args), order=order)


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("term", ["np.sum(x)", "np.sum(np.sin(x[None]))"])
def test_zero_adjoint_of_a_loop_variable_whose_shape_changes(term, optimize):
    """The zero adjoint has the shape that the variable had in that iteration, not the one that it has after the loop."""
    text = f"def f(x, y):\n    for i in range(2):\n        y, x = x, {term} * np.ones(2)\n    return y\n"
    x = np.array([0.1, 0.2, 0.3])
    _, x_bar = sct.vjp(define(text, "f"), optimize=optimize)(x, 1.0, np.ones(2))
    np.testing.assert_allclose(x_bar, 2.0 * (np.ones(3) if "sin" not in term else np.cos(x)), rtol=1e-12)


def chosen_number(x, b):
    return 2.0 * np.sum(np.where(x[0] > np.add(b, 1), x[0], np.add(b, 1)))


@pytest.mark.parametrize("optimize", [True, False])
def test_gradient_by_a_number_is_a_number_where_np_where_chooses(optimize):
    g = sct.grad(chosen_number, "b", optimize=optimize)
    assert [(type(v), v) for v in (g(X, -3.2), g(X, 3.2))] == [(float, 0.0), (float, 2.0)]
