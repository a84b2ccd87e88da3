"""Lists, tuples and results with several parts that are used as a whole, inside of loops and branches."""

import numpy as np
import pytest

import sct

PAIR = [np.array([0.3, 0.5]), np.array([0.7, 0.2])]
TREE = [[np.ones(2), np.full(2, 0.5)], {"a": np.ones(3), "b": np.ones(2)}]
X = np.array([0.3, 0.7])


def b6_in_a_loop(q, n):
    s = 0.0
    for _ in range(n):
        s = s + np.sum(np.stack(q) ** 2)
    return s


def in_a_while_loop(q, n):
    s = 0.0
    while n > 0:
        s = s + np.sum(np.stack(q) ** 3)
        n = n - 1
    return s


def in_a_branch(q, n):
    s = q[0][0]
    if n > 2:
        s = s + np.sum(np.stack(q) ** 2)
    return s * q[1][0]


def in_one_of_two_branches(q, n):
    if n > 5:
        s = np.sum(np.stack(q) ** 2)
    else:
        s = q[0][0]
    return s * q[1][0]


def in_a_branch_in_a_loop(q, n):
    s = 0.0
    for i in range(n):
        if i > 1:
            s = s + np.max(np.array(q) ** 3)
    return s


def beside_another_list(q, n):
    s = 0.0
    r = q
    for _ in range(n):
        r = [r[1], r[0] * 2]
        s = s + np.sum(r) * np.sum(q)
    return s


def containers_in_it(p, n):
    s = 0.0
    for _ in range(n):
        s = s + np.sum(np.stack(p[0]) ** 2) * np.sum(p[1]["a"])
        if s > 0:
            s = s + np.sum(np.stack(p[0])) + np.sum(np.concatenate((p[1]["a"], p[1]["b"])))
    return s


def parts_of_a_result(x, n):
    r = np.modf(x * 3)
    s = 0.0
    for _ in range(n):
        s = s + np.sum(np.stack(r) ** 2)
    return s


def decomposition(x, n):
    r = np.linalg.eigh(np.outer(x, x) + np.diag([1.0, 2.0]))
    s = 0.0
    for _ in range(n):
        s = s + np.sum(r[0]) * np.sum(r[1] ** 2) + r[0][0]
    return s


CASES = [
    (b6_in_a_loop, PAIR),
    (in_a_while_loop, PAIR),
    (in_a_branch, PAIR),
    (in_one_of_two_branches, PAIR),
    (in_a_branch_in_a_loop, PAIR),
    (beside_another_list, PAIR),
    (containers_in_it, TREE),
    (parts_of_a_result, X),
    (decomposition, X),
]


@pytest.mark.parametrize(("f", "x"), CASES)
def test_derivatives(f, x):
    sct.check_grads(f, (x, 3))
