"""Writes that once gave a wrong number, or broke the compiler: found by fuzzing, and shrunk."""

import numpy as np
import pytest

import sct


def broadcast_of_an_adjoint(M, p):
    p.fill(1.0)
    p += np.sum(M, axis=0)
    return p * p


def entry_of_a_sum(M, p):
    A = p * 1.0
    A[0] = 0.0
    A[0] += np.sum(M, axis=0)[0]
    return np.sum(A * A)


def rows_from_one(p):
    v = p * np.ones((2, 2))
    v[[0, 1]] = v[0]
    return np.sin(v)


def display_in_a_branch(p):
    if p[0] < 0.5:
        D = {"a": p}
        p.fill(2.0)
        return p * D["a"]
    return p * p


def display_in_a_loop(p):
    for _ in range(3):
        L = [p]
        L[0] += 1.0
    return p * p


def added_at_twice(p):
    v = p * 1.0
    w = v[1:]
    np.add.at(w, [0, 1, 1], p[:3])
    return v * v


def one_array_twice_in_a_list(p):
    v = np.ones(3)
    L = [v, v]
    for _ in range(2):
        L[1] /= 2.5
    return v * p[0]


def branches_after_writes(p, q, n):
    if n == 0:
        q[:] = p
    if n > 1:
        q[1] = 2.0
    return q * q


def write_test_write(p):
    v = np.zeros(4)
    v[2] = p[2]
    if v[2] < 0.5:
        v[1] = 2.0
    v[3] = v[3] + p[0]
    return v * v


def mask_of_what_it_changes(p):
    while p[1] > 0.5:
        p[p[1] > 0.9] -= 1.0
        p[1] = 0.5 * np.tanh(p[1])
    return p + 0.0


def branch_that_is_linear(p, q):
    if p[0] > 0.05:
        if p[1] < 0.1:
            q[3] += 1.0
    else:
        q[1] = 2.0
    return q


def one_object_in_a_list_twice(p):
    v = p
    L = [p, v]
    if p[2] > 0.1:
        L[1][1] = 2.0
    else:
        L[1] = 1.0
    return L


def items_swapped(p, q):
    L = [p, q]
    L[0][0] = 1.0
    for _ in range(len(q)):
        L[1], L[0] = L
    return L


def written_after_the_closure(p, q):
    np.add.at(p, True, p[2])
    return np.sum(q), p


def perhaps_none(p):
    v = -1.2 * np.ones(4)
    D = {"a": v}
    if D["a"][3] < 0.3:
        np.put(v, [3, 0], p[::2])
        return v


RNG = np.random.default_rng(3)
M, P, Q = RNG.normal(size=(3, 4)), RNG.uniform(0.2, 0.9, size=4), RNG.normal(size=4)
CASES = [
    (broadcast_of_an_adjoint, (M, P)),
    (entry_of_a_sum, (M, P)),
    (rows_from_one, (P[:2],)),
    (display_in_a_branch, (P,)),
    (display_in_a_branch, (P + 1.0,)),
    (display_in_a_loop, (P,)),
    (added_at_twice, (P,)),
    (one_array_twice_in_a_list, (P,)),
    (branches_after_writes, (P, Q, 0)),
    (branches_after_writes, (P, Q, 2)),
    (write_test_write, (P,)),
    (mask_of_what_it_changes, (P + np.array([0.0, 1.0, 0.0, 0.0]),)),
    (branch_that_is_linear, (P, Q)),
    (branch_that_is_linear, (P - 1.0, Q)),
    (one_object_in_a_list_twice, (P,)),
    (items_swapped, (P, Q)),
    (written_after_the_closure, (P, Q)),
    (perhaps_none, (P,)),
]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("f", "args"), CASES)
def test_derivatives(f, args, order):
    wrt = tuple(n for n, a in enumerate(args) if isinstance(a, np.ndarray))
    sct.check_grads(f, args, wrt, order=order)
