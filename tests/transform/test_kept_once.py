"""What the reverse sweep reads of an array from before a loop that writes into it: it is kept as it was, or had back."""

import numpy as np
import pytest
from differences import check_gradient

import sct

X = np.array([0.4, -0.7, 1.1])


def entry_by_entry(x):
    e = np.exp(x)
    for i in range(1, x.shape[0]):
        e[i] += 0.5 * e[i - 1]
    return np.sum(e * e)


def in_a_branch(x):
    e = np.exp(x)
    if x[0] > 0.0:
        for i in range(x.shape[0]):
            e[i] *= 2.0
    return np.sum(e * e)


def swapped(x, n):
    a, b = np.exp(x), np.sin(x)
    for _ in range(n):
        b[1:] = 0.5 * a[:-1]
        a, b = b, a
    return np.sum(a * x)


def seen_through_a_view(x):
    """The first name sees what is written by way of the view, and the value from before the loop is none of the two."""
    e = np.exp(x)
    v = e[1:]
    for i in range(v.shape[0]):
        v[i] = 0.5 * e[0]
    return np.sum(e * e) + np.sum(v)


def two_loops(x):
    e = np.exp(x)
    for i in range(x.shape[0]):
        e[i] *= 2.0
    s = np.sum(e**3)
    for i in range(x.shape[0]):
        e[i] *= 0.5
    return s + np.sum(e * x)


def had_back(x):
    """Iterations read all of it as it was when they began, so that each undoes its write; then it is as before the loop."""
    e = np.exp(x)
    s = 0.0
    for i in range(x.shape[0]):
        s += np.sum(np.sin(e))
        e[i] = 0.5 * x[i]
    return s + np.sum(e * e)


@pytest.mark.parametrize(("f", "args", "undone"), [
    (entry_by_entry, (X,), 0),
    (in_a_branch, (X,), 0),
    (in_a_branch, (-X,), 0),
    (swapped, (X, 2), 0),
    (swapped, (X, 3), 0),
    (seen_through_a_view, (X,), 0),
    (two_loops, (X,), 0),
    (had_back, (X,), 1),
])  # fmt: skip
def test_what_is_kept(f, args, undone):
    check_gradient(f, *args)
    assert sum(e.restores for e in sct.grad(f).tape(*args).entries) == undone


def test_an_array_that_is_had_back_is_not_copied():
    assert sct.grad(had_back).source_for(X).count("copy(") == 0
