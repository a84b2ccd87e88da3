"""Calls of functions of which nothing is known, of data that is not differentiated: what they write, Python sees too."""

import copy

import numpy as np
import pytest
from differences import gradient
from scipy.cluster import vq

import sct

X = np.array([1.0, -2.0, 3.0])


def double(c):
    c *= 2.0
    return c.sum()


sct.nondifferentiable(double, pure=False)


def whitened(x, c):
    return np.sum(x * vq.whiten(c))


def result_with_parts(x, c):
    parts = vq.vq(c, 2.0 * np.eye(3))
    return np.sum(x * parts[1]) + parts[0][1]


def used_before_and_after(x, c):
    y = np.sum(x * c)
    s = double(c)
    return y + s + np.sum(x * x * c)


def in_a_loop(x, c):
    for _ in range(3):
        x = x * c
        double(c)
    return np.sum(x)


def in_a_branch(x, c):
    if x[0] > 0:
        y = x * c
        double(c)
    else:
        y = x
    return np.sum(y * c)


def through_a_view(x, c):
    y = x * c
    v = c[1:]
    double(v)
    return np.sum(y * c)


def a_sum_twice(x, c):
    a = np.sum(c)
    double(c)
    return np.sum(x * a + x * np.sum(c))


def one_of_two_that_are_equal(x, c):
    a = np.sort(c)
    double(a)
    return np.sum(x * a * np.sort(c))


def equal_in_each_iteration(x, c):
    for _ in range(2):
        a = np.linspace(0.0, 1.0, 3)
        double(a)
        x = x * (a + np.linspace(0.0, 1.0, 3))
    return np.sum(x * c)


def made_of_what_is_not_written_into(x, c):
    a = -(-c)
    double(a)
    return np.sum(x * a + c * x)


CASES = [
    (whitened, np.arange(3.0)),
    (result_with_parts, np.eye(3)),
    *((f, np.arange(1.0, 4.0)) for f in (used_before_and_after, in_a_loop, in_a_branch, through_a_view, a_sum_twice)),
    *((f, np.arange(3.0)) for f in (one_of_two_that_are_equal, equal_in_each_iteration, made_of_what_is_not_written_into)),
]


@pytest.mark.parametrize("f, c", CASES, ids=lambda v: getattr(v, "__name__", ""))
@pytest.mark.parametrize("optimize", [True, False])
def test_the_values_are_pythons(f, c, optimize):
    ours, theirs = copy.deepcopy(c), copy.deepcopy(c)
    value, found = sct.value_and_grad(f, optimize=optimize)(X, ours)
    assert value == f(X, theirs)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(found, gradient(f, X, c), atol=1e-7)


def test_what_is_not_written_into_is_not_copied():
    assert "copy" not in sct.grad(lambda x, c: np.sum(x * double(c)) + np.sum(x * c)).source_for(X, X + 1.0)


def test_what_is_differentiated_is_refused():
    with pytest.raises(sct.errors.NoRuleError, match="whiten has no derivative rule, and may write into the arrays"):
        sct.grad(whitened, wrt="c")(X, X)


def changed_list(x, numbers):
    double(numbers)
    return x[0] * numbers[0]


def test_a_list_that_may_have_changed_is_refused():
    with pytest.raises(sct.errors.UnsupportedSyntaxError, match="'numbers' may have been changed by double"):
        sct.grad(changed_list)(X, [1.0, 2.0])
