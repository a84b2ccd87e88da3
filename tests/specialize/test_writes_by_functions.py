"""Writes that functions make: NumPy's by `out` and `where`, np.put, np.copyto and the like, and a user's own."""

import numpy as np
import pytest
from differences import arrays

import sct

P, Q = np.array([0.45, 0.61, 0.72, 0.87]), np.array([0.48, -0.24, 0.96, -0.2])
S = np.array([[0.02, 1.55, 0.55], [-0.51, -0.18, 0.54], [1.94, -0.27, -0.24]])


def outputs_by_position(A):
    clipped, summed, rounded, joined = np.zeros((3, 3)), np.zeros(3), np.zeros((3, 3)), np.zeros((6, 3))
    np.clip(A, -0.5, 0.5, clipped)
    A.sum(0, None, summed)
    np.cumsum(A, 0, None, rounded)
    np.concatenate((A, A * A), 0, joined)
    return np.sum(A * clipped + summed * rounded + joined[2:5])


def rest_of_the_arguments(A):
    summed = np.zeros((3, 1))
    np.sum(A, 1, None, summed, True, 1.0, A > 0)
    return summed * A


def chosen_into(A):
    chosen = np.zeros(3)
    np.choose([0, 1, 0], (A[0], A[1] * A[2]), chosen)
    return chosen * A


def largest_into(A):
    at = np.zeros(3, int)
    A.argmax(0, at)
    return at * A


def accumulates(x, out=None):
    out += x * x
    out += x


def out_of_a_function_of_the_users(p):
    total = np.zeros(4)
    accumulates(p, out=total)
    return total * p


def two_outputs(p):
    part, whole = np.zeros(4), np.ones(4)
    fraction, _ = np.modf(4.3 * p, part, whole, where=p > 0.4)
    part[0] = p[1]
    return fraction * whole * p


def root_where_positive(q):
    np.sqrt(q, out=q, where=q > 0)
    return q * q * q


def quotient_where_not_zero(q, p):
    v = np.divide(p, q - q[0], out=np.zeros(4), where=q != q[0])
    return v * p


def logarithm_broadcast(q):
    return np.log(q, out=np.ones((2, 4)), where=q > 0) * q


def copied_by_keywords(p, q):
    np.copyto(dst=q, src=p * p, where=p > 0.5)
    return q * q


def put_at_a_matrix_of_indices(A, p):
    np.put(A, np.array([[0, -1], [2, 3]]), p * A[0, 1])
    return A * A


def put_too_many(A, p):
    np.put(A, [4, -2], p)
    A.put(0, p)
    return A * A


def put_too_few(A, p):
    np.put(A, [5, 4, 3, 2, 1], p[:2], "raise")
    return A * A


def diagonal_of_too_few(A, p):
    np.fill_diagonal(A, p[:2])
    return A * A


def diagonal_of_too_many(A, p):
    np.fill_diagonal(val=p, a=A)
    return A * A


def added_at_twice(p):
    v = p * 1.0
    w = v[1:]
    np.add.at(w, [0, 1, 1], p[:3])
    return v * v


def added_at_a_flag(p, q):
    np.add.at(p, True, p[2])
    return np.sum(q), p


CASES = [
    (outputs_by_position, (S,)),
    (rest_of_the_arguments, (S,)),
    (chosen_into, (S,)),
    (largest_into, (S,)),
    (out_of_a_function_of_the_users, (P,)),
    (two_outputs, (P,)),
    (root_where_positive, (Q,)),
    (quotient_where_not_zero, (Q, P)),
    (logarithm_broadcast, (Q,)),
    (copied_by_keywords, (P, Q)),
    (put_at_a_matrix_of_indices, (S, P)),
    (put_too_many, (S, P)),
    (put_too_few, (S, P)),
    (diagonal_of_too_few, (S, P)),
    (diagonal_of_too_many, (S, P)),
    (added_at_twice, (P,)),
    (added_at_a_flag, (P, Q)),
]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("f", "args"), CASES)
def test_derivatives(f, args, order):
    sct.check_grads(f, args, arrays(args), order=order)
