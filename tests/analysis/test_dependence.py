"""What is read of an array, or written into it, and is not overwritten later, is not recorded."""

import numpy as np
import pytest

import sct


def recurrence(a, n):
    y = np.empty(n)
    y[0] = a
    for i in range(1, n):
        y[i] = y[i - 1] * y[i - 1] + a
    return np.sum(y)


def backwards(x):
    n = len(x)
    y = np.zeros(n + 1)
    for i in range(n - 1, -1, -1):
        y[i] = x[i] * y[i + 1] * y[i + 1] + np.sin(x[i])
    return y[0]


def rows(w, h0, steps):
    h = np.zeros((steps + 1, h0.size))
    h[0] = h0
    for t in range(steps):
        h[t + 1] = np.tanh(w * h[t])
    return np.sum(h * h)


def columns(A):
    L = np.zeros(A.shape)
    n = len(A)
    for j in range(n):
        s = A[j, j]
        for k in range(j):
            s -= L[j, k] ** 2
        L[j, j] = np.sqrt(s)
        for i in range(j + 1, n):
            t = A[i, j]
            for k in range(j):
                t -= L[i, k] * L[j, k]
            L[i, j] = t / L[j, j]
    return np.sum(L * L[::-1])


def table(x, y):
    D = np.zeros((len(x) + 1, len(y) + 1))
    for i in range(1, len(x) + 1):
        for j in range(1, len(y) + 1):
            D[i, j] = (x[i - 1] - y[j - 1]) ** 2 + D[i - 1, j] * D[i, j - 1] + D[i - 1, j - 1]
    return D[-1, -1]


def banded(x, y, band):
    n, m = len(x), len(y)
    D = np.full((n + 1, m + 1), 9.0)
    D[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(max(1, i - band), min(m, i + band) + 1):
            D[i, j] = (x[i - 1] - y[j - 1]) ** 2 + D[i - 1, j] * D[i, j - 1] / 9.0 + D[i - 1, j - 1]
    return D[n, m]


def strided(x):
    y = np.ones(2 * len(x) + 2)
    for i in range(len(x)):
        y[2 * i + 2] = y[2 * i] * y[2 * i + 1] * x[i]
        y[2 * i + 3] = y[2 * i + 2] ** 2
    return y[-1] + y[-2]


def two_loops(x):
    n = len(x)
    y = np.zeros(2 * n)
    for i in range(n):
        y[i] = x[i] * x[i]
    for i in range(n):
        y[n + i] = y[i] * y[n - 1 - i]
    return np.sum(y[n:])


def guarded(x):
    y = np.ones(len(x) + 1)
    for i in range(len(x)):
        if x[i] > 0:
            y[i + 1] = y[i] * x[i] * x[i]
        else:
            y[i + 1] = y[i] * y[i]
    return y[-1]


X = np.array([0.3, -0.7, 1.1, 0.4])
A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])

KEPT = {
    recurrence: (0.3, 5),
    columns: (A,),
    backwards: (X,),
    strided: (X,),
    two_loops: (X,),
    table: (X, X + 0.1),
    banded: (X, X + 0.1, 2),
    rows: (0.7, X, 4),
}


@pytest.mark.parametrize("f", KEPT, ids=lambda f: f.__name__)
def test_nothing_is_recorded_of_what_is_still_there(f):
    args = KEPT[f]
    assert "append" not in sct.vjp(f).source_for(*args)
    sct.check_grads(f, args)


def test_only_what_was_taken_is_recorded_in_branches():
    entries = sct.vjp(guarded).tape(X).entries
    assert not any(e.restores for e in entries)
    sct.check_grads(guarded, (X,))


# -- what looks like it is still there, and is not -----------------------------------------------------------------------------


def wraps(x):
    y = np.array(x)
    for i in range(len(x)):
        y[i] = y[i - 1] * y[i - 1] + x[i]
    return np.sum(y * x)


def swept_twice(x):
    y = np.array(x)
    for _ in range(2):
        for i in range(1, len(x)):
            y[i] = y[i - 1] * y[i]
    return np.sum(y)


def overwritten_after(x):
    y = np.ones(len(x) + 1)
    for i in range(len(x)):
        y[i + 1] = y[i] * y[i] * x[i]
    y[1:3] = x[0]
    return np.sum(y * y)


def overwritten_through_a_view(x):
    y = np.ones((2, len(x) + 1))
    for i in range(len(x)):
        y[0, i + 1] = y[0, i] * y[0, i] * x[i]
    row = y[0]
    for i in range(2):
        row[i] = x[i]
    return np.sum(y * y)


def wrong_way(x):
    y = np.array(x)
    for i in range(len(x) - 1, 0, -1):
        y[i] = y[i - 1] * y[i - 1] * x[i]
        y[i - 1] = y[i] * x[i]
    return np.sum(y * y)


def moving_index(x):
    y = np.array(x)
    k = 1
    for i in range(len(x)):
        y[k] = y[k] * y[k - 1] * x[i]
        k = (k + 2) % len(x)
    return np.sum(y * y)


def rebound(x):
    y = np.array(x)
    for i in range(len(x) - 1):
        i = i // 2
        y[i + 1] = y[i] * y[i] * x[i + 1]
    return np.sum(y * y)


def ring(x, steps):
    y = np.array(x)
    for t in range(steps):
        y[(t + 1) % len(x)] = np.sin(y[t % len(x)]) * y[(t + 1) % len(x)]
    return np.sum(y * y)


def picked(x, at):
    y = np.array(x)
    for i in range(len(at)):
        y[at[i]] = y[at[i] - 1] * y[i] * x[0]
    return np.sum(y * y)


def in_while(x):
    y = np.array(x)
    i = 3
    while i > 0:
        y[i] = y[i - 1] * y[i - 1]
        i -= 1
        y[i] = y[i + 1] * x[0]
    return np.sum(y * y)


def one_branch(x):
    y = np.ones(len(x) + 1)
    for i in range(len(x)):
        v = np.sin(y[i]) * x[i]
        if x[i] > 0:
            y[i + 1] = v
        y[0] = y[0] + v * v
    return np.sum(y * y)


def cast(x):
    y = np.zeros(len(x), np.float32)
    s = 0.0
    for i in range(len(x)):
        v = np.exp(x[i] * 3.0)
        y[i] = v
        s += v * v
    return s + np.sum(y) * 0.0


NOT_KEPT = {
    wraps: (X,),
    swept_twice: (X,),
    overwritten_after: (X,),
    overwritten_through_a_view: (X,),
    wrong_way: (X,),
    moving_index: (X,),
    rebound: (X,),
    ring: (X, 9),
    picked: (X, np.array([1, 3, 3, 2])),
    in_while: (X,),
    one_branch: (X,),
    cast: (X,),
}


@pytest.mark.parametrize("f", NOT_KEPT, ids=lambda f: f.__name__)
def test_what_is_overwritten_is_had_back(f):
    args = NOT_KEPT[f]
    sct.check_grads(f, args, 0)
    g, h = sct.grad(f)(*args), sct.grad(f, optimize=False)(*args)
    np.testing.assert_allclose(g, h, rtol=1e-12)


# -- pullbacks, which read later what is still there --------------------------------------------------------------------------


def trajectory(x):
    y = np.ones(len(x) + 1)
    for i in range(len(x)):
        y[i + 1] = y[i] * y[i] * x[i]
    return y


def test_a_pullback_writes_in_place_too():
    source = sct.pullback(trajectory).source_for(X)
    forward, rest = source.split("    def pull(")
    assert "copy" not in forward and "\n    y_1 = y.copy()\n    return y_1, pull" in rest  # for the caller, once


@pytest.mark.parametrize("f", [trajectory, np.exp, lambda x: np.tanh(x) * x], ids=["trajectory", "exp", "tanh"])
def test_the_result_of_a_pullback_may_be_written_into(f):
    y, pull = sct.pullback(f)(X)
    before = pull(np.ones_like(y))
    y[:] = 7.0
    np.testing.assert_array_equal(pull(np.ones_like(y)), before)
