"""Programs of a reviewer for which the derivative was wrong once, or could not be made."""

import numpy as np
import pytest

import sct

X = np.array([1.0, 2.0, 3.0])
A = np.arange(1.0, 7.0).reshape(3, 2)


def agree(f, *args, wrt=0, tol=1e-6):
    """The derivative agrees with finite differences, optimized and not."""
    sct.check_grads(f, args, wrt)
    for optimize in (True, False):
        names = wrt if isinstance(wrt, tuple) else (wrt,)
        found = sct.grad(f, names, optimize=optimize)(*args)
        for n, g in zip(names, found, strict=True):
            k = n if isinstance(n, int) else list(f.__code__.co_varnames).index(n)
            x = np.asarray(args[k], float)
            assert np.shape(g) == x.shape
            for i in np.ndindex(x.shape):
                h = 1e-6
                ends = []
                for sign in (1, -1):
                    moved = x.copy()
                    moved[i] += sign * h
                    ends.append(f(*args[:k], moved if x.shape else float(moved), *args[k + 1 :]))
                assert abs(np.asarray(g)[i] - (ends[0] - ends[1]) / (2 * h)) < tol * max(1.0, abs(ends[0]))


# -- an entry of what is spread over several rows ------------------------------------------------------------------------------


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


# -- bounds that are integers of which nothing is known ------------------------------------------------------------------------


def counted_slice(b, c, v):
    k = 0
    while k < v:
        k += 1
    return np.sum(b[:k] * c)


def counted_slice_of_itself(c, v):
    k = 0
    while k < v:
        k += 1
    return np.sum(c[:k] + c)


def looked_up(c):
    s = 0.0
    for i in range(2):
        k = 1
        while c[k] < i:
            k += 1
        d = np.sin(c[k - 1 : k + 1])
        s += d[0] * d[1]
    return s


def counted_split(c, v):
    k = 0
    while k < v:
        k += 1
    return np.sum(np.split(c, [k])[0] * c)


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [
        (counted_slice, (X, X, 0.5), (0, 1)),
        (counted_slice_of_itself, (X, 0.5), 0),
        (looked_up, (X,), 0),
        (counted_split, (X, 0.5), 0),
    ],
)
def test_bounds_that_are_counted(f, args, wrt):
    agree(f, *args, wrt=wrt)


# -- writes after a list that grows in a loop or a branch ----------------------------------------------------------------------


def after_comprehension(x, n):
    y = np.zeros(n)
    for i in range(n):
        t = [x[j] for j in range(i)]
        y[i] = 2 * x[i] * x[i] + len(t)
    return np.sum(y)


def after_comprehension_in_a_branch(x, n):
    y = np.zeros(2)
    if n > 1:
        t = [2 * v for v in x]
        y[0] = x[0] ** 2 * t[1]
    return np.sum(y)


def after_appending(x, n):
    p = {"w": x[0]}
    for i in range(n):
        t = []
        for j in range(i):
            t.append(x[j])
        p["w"] = p["w"] * x[i] + len(t)
    return p["w"]


def de_boor(t, c, x):
    """The value of a cubic B-spline at x, in the first interval."""
    p, k = 3, 3
    d = [c[j + k - p] for j in range(p + 1)]
    for r in range(1, p + 1):
        for j in range(p, r - 1, -1):
            a = (x - t[j + k - p]) / (t[j + 1 + k - r] - t[j + k - p])
            d[j] = (1.0 - a) * d[j - 1] + a * d[j]
    return d[p]


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [
        (after_comprehension, (X, 3), 0),
        (after_comprehension_in_a_branch, (X, 3), 0),
        (after_appending, (X, 3), 0),
        (de_boor, (np.arange(8.0), np.array([1.0, 2.0, 0.5, 3.0]), 3.4), (0, 1, 2)),
    ],
)
def test_writes_after_a_list(f, args, wrt):
    agree(f, *args, wrt=wrt)


# -- loops through lists and dicts that are written into meanwhile -------------------------------------------------------------


def next_item(x):
    items = [x[0], x[1], x[2]]
    for i, v in enumerate(items):
        if i < 2:
            items[i + 1] = items[i + 1] * v
    return items[2]


def other_entry(x):
    p = {"a": x[0], "b": x[1]}
    s = 0.0
    for _, v in p.items():
        p["b"] = p["b"] * v
        s += v
    return s


def other_value(x):
    p = {"a": x[0], "b": x[1]}
    s = 0.0
    for v in p.values():
        p["b"] = p["b"] * v * 2
        s += v
    return s


def two_ways(x):
    items = [x[0], x[1] * 2, x[2]]
    other = items
    s = 0.0
    for u, v in zip(items, reversed(other)):
        items[1] = items[1] * u * v
        other[0] = v
        s += u * v
    return s + items[0]


def in_a_loop(x, n):
    items = [x[0], x[1], x[2]]
    s = 0.0
    for _ in range(n):
        for i, v in enumerate(items):
            items[(i + 1) % 3] = items[(i + 1) % 3] + 0.1 * v * v
            s += v
    return s + items[0]


def over_a_copy(x):
    items = [x[0], x[1], x[2]]
    for v in items[:]:
        items.append(v * v)
    return sum(items)


def given(p):
    s = 0.0
    for v in p.values():
        p["b"] = p["b"] * v
        s += v
    return s


@pytest.mark.parametrize(
    ("f", "args"),
    [(next_item, ()), (other_entry, ()), (other_value, ()), (two_ways, ()), (in_a_loop, (3,)), (over_a_copy, ())],
)
def test_a_loop_sees_what_is_written(f, args):
    agree(f, X, *args)


def test_a_loop_sees_what_is_written_into_an_argument():
    p = {"a": 2.0, "b": 3.0}
    assert sct.grad(given)(p) == {"a": 1.0 + 3.0, "b": 2.0}
    assert p == {"a": 2.0, "b": 3.0}
