"""What the reverse sweep needs of the branches of the forward sweep: brought out of them, or asked again."""

import numpy as np
import pytest
from differences import check_gradient

import sct

X = np.array([0.4, -0.7, 1.1])


def steps(x, n):
    a = x * 1.5
    if n == 0:
        t = np.exp(a)
        y = np.sin(t)
    elif n == 1:
        t = np.exp(a * x)
        y = np.cos(t) * t
    elif n == 2:
        u = np.exp(a[0])
        y = np.sin(u) * a
    elif n == 3:
        t = np.exp(a[1:])
        y = a * np.sum(np.sin(t))
    else:
        y = np.tanh(a)
    return np.sum(y * y)


def handed_on(x, n):
    """What a branch needs is what it gives, under that name or another one."""
    if n == 0:
        b = np.sin(x)
        c = b * b
    elif n == 1:
        c = np.cos(x)
        b = c
    else:
        b = np.exp(x)
        c = b * x
    return np.sum(c * b)


class Weighed:
    def __init__(self, v, w):
        self.v, self.w = v, w


def one_of_two(x, n):
    """A branch in one gives two values, and one of them is asked again."""
    y = np.cos(X)
    body = Weighed(x, y[n % 3] * 0.8)
    if n > 2:
        return y[0] * x[0]
    body = body if n > 1 else Weighed(y, 0.5)
    return body.w * body.v[0]


def swapped(x, n):
    if n == 0:
        p, q = np.sin(x), np.exp(x)
    else:
        q, p = np.sin(x), np.exp(x)
    if n < 2:
        p = p * p * q
    return np.sum(p * q * q)


def written_later(x, n):
    """Both branches make an array, and it is written into after them."""
    a = x * 2.0
    if a[0] > 0.5 and n < 2:
        t = np.sin(a)
        b = t * t
    else:
        t = np.exp(a)
        b = t * t * t
    t[1] = a[0] * 3.0
    b[0] = t[1] * t[0]
    return np.sum(b * t)


def overwritten(x, n):
    """The numbers that a test compares are overwritten after it."""
    a = x * 2.0
    s = 0.0
    if a[0] > 5.0 or a[1] > 5.0:
        s = a[0]
    elif 0.0 < a[0] < 1.0 and (n > 1 or a[2] > 2.0):
        a[0] = a[0] * a[1] - 9.0
        s = a[0] * a[2]
    elif a[0] > 0.0 and n >= 0:
        a[2] = -a[0] * a[1]
        s = a[2] * a[2]
    return s + np.sum(a * a)


def flags(x, n):
    a = x[0] * x[1]
    if n >= 0:
        low = a < 0.0
        odd = low and n % 2 == 1
        if odd or (low and x[2] > 5.0):
            y = np.sin(a)
        elif odd and low:
            y = a
        else:
            y = np.exp(a) * x[2]
    else:
        y = x[2]
    return y * y


@pytest.mark.parametrize("f", [steps, handed_on, one_of_two, swapped, written_later, overwritten, flags])
@pytest.mark.parametrize("n", range(5))
@pytest.mark.parametrize("optimize", [True, False])
def test_values_of_branches(f, n, optimize):
    check_gradient(f, X, n, optimize=optimize)
    y, pull = sct.pullback(f, optimize=optimize)(X, n)
    assert y == f(X.copy(), n)
    for _ in range(2):
        np.testing.assert_allclose(pull(1.0), sct.grad(f)(X, n), rtol=1e-14)


def test_what_a_branch_gives_anyway_gets_no_second_name():
    source = sct.grad(handed_on).source_for(X, 0)
    assert source.count("\n        b = np.sin(x)") == 1
    assert "b_1" not in source


def test_like_values_of_branches_are_called_alike():
    def f(x, n):
        if n == 0:
            return np.exp(x * x)
        if n == 1:
            return np.exp(x * 3.0) * 2.0
        return np.exp(np.sin(x))

    assert sct.grad(f).source_for(0.5, 1).count("    exp = np.exp(") == 3


def test_parts_of_a_test_are_asked_again_together():
    def f(x, y):
        if x < 0.0:
            return x
        if x > 1.0 and y[0] < 2.0:
            return x * 2.0
        return x * y[1]

    source = sct.grad(f).source_for(0.5, X)
    assert source.count("elif x > 1.0 and y[0] < 2.0:") == 1
    assert "# forward" not in source


# -- parts that are read before a branch and used in it ------------------------------------------------------------------------


def rows_above(A, n):
    s = 0.0
    for i in range(n):
        c = A[i]
        if c[0] > 0.0:
            s += c[1] * c[2]
    return s


def halves(A, n):
    s = 0.0
    for i in range(n):
        c = A[i, :]
        d = c[1:] if c[0] > 0.0 else c[:-1]
        s += d[0] * d[1]
    return s


def limited(A, n):
    s = 0.0
    for i in range(n):
        q = A[i, 0]
        if q > 0.2:
            s += q * q
        elif q < -0.2:
            s -= q
        else:
            s += A[i, 0] * s
    return s


def one_of_two(A, n):
    """What lies in memory, since it is one of two arrays."""
    A, B = A.copy(), 2.0 * A
    s = 0.0
    for i in range(n):
        C = A if i % 2 else B
        r = C[i]
        if r[0] > 0.0:
            s += r[1] * r[2]
        C[0, i] = s
    return np.sum(A * B)


def used_after_it(A, n):
    s = 0.0
    for i in range(n):
        c = A[i]
        if c[0] > 0.0:
            s += c[1] * c[2]
        s += np.sum(c * c)
    return s


def from_outside(A, n):
    s = 0.0
    c = A[0]
    for i in range(n):
        d = c[1:]
        if A[i, 0] > 0.0:
            s += c[i] * d[0] * s + c[0]
    return s


@pytest.mark.parametrize("f", [rows_above, halves, limited, one_of_two, used_after_it, from_outside])
def test_a_part_used_in_a_branch(f):
    A = np.array([[0.5, 0.3, -0.2], [-0.4, 0.7, 1.1], [0.1, 0.2, 0.9]])
    check_gradient(f, A, 3)


@pytest.mark.parametrize("f", [rows_above, limited, one_of_two])
def test_what_a_branch_gives_to_a_part_is_added_where_that_lies(f):
    source = sct.grad(f).source_for(np.ones((3, 3)), 3)
    assert "np.zeros" not in source.rpartition("for i in range(n - 1, -1, -1):")[2]
