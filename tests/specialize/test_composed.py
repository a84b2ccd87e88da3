"""Functions of NumPy's that it composes of others: other strides, windows, polynomials."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view

import sct

_rng = np.random.default_rng(6)


def _x(*shape):
    return _rng.normal(size=shape)


def strided_windows(x, n):
    (step,) = x.strides
    return np.sum(as_strided(x, (len(x) - n + 1, n), (step, step)) ** 2 * np.arange(1.0, n + 1))


def strided_rows(x, n):
    w = as_strided(x, shape=(len(x) - n + 1, n) + x.shape[1:], strides=(x.strides[0],) + x.strides)
    return np.sum(w[:, -1] ** 2 * w[:, 0])


def strides_of_a_copy(x, n):
    y = x.T.copy()
    return np.sum(as_strided(y, (n,), (y.itemsize,)) ** 3)


def sees_writes(x, n):
    y = x * 1.0
    w = as_strided(y, (len(y) - n + 1, n), y.strides * 2)
    before = np.sum(w**2 * np.arange(1.0, n + 1))
    y[1] = y[0] * y[2]
    y[3:] *= 2.0
    return before + np.sum(w**3)


def sliding(x, n):
    return np.sum(sliding_window_view(x, n) ** 2 * np.arange(1.0, n + 1))


def sliding_along(x, n):
    a = sliding_window_view(x, (2, n), axis=(1, 0))
    return (
        np.sum(a**2 * np.arange(n)) + np.sum(sliding_window_view(x, (n, 2)) ** 3) + np.sum(sliding_window_view(x, 2, -1) ** 3)
    )


def polynomials(p, q):
    both = np.polyadd(p, q) - np.polyval(np.polysub(q, p), p)[0]
    return np.sum(both**2) + np.sum(np.polymul(p, q) ** 2) + np.polyval([p[0], 2.0, q[1]], 1.3) + np.sum(np.polyder(p, 2) ** 3)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (strided_windows, (_x(6), 3)),
        (strided_windows, (_x(12)[::-2], 3)),
        (strided_rows, (_x(6, 2), 3)),
        (strided_rows, (_x(2, 6).T, 3)),
        (strides_of_a_copy, (_x(3, 4), 4)),
        (strides_of_a_copy, (_x(4, 3).T, 4)),
        (sees_writes, (_x(6), 3)),
        (sliding, (_x(6), 3)),
        (sliding_along, (_x(5, 4), 3)),
        (sliding_along, (_x(4, 10)[::-1, ::2], 2)),
        (polynomials, (_x(4), _x(3))),
    ],
    ids=lambda v: v.__name__ if callable(v) else "",
)
def test_derivative(f, args):
    sct.check_grads(f, args, wrt=(0, 1) if f is polynomials else 0)


def of_product(p, q):
    return np.sum(np.polymul(p, q) ** 2)


def test_coefficients_that_a_product_leaves_out_have_derivatives():
    p, q = np.array([0.0, 0.0, 2.0, 1.0]), np.array([0.3, -1.2, 0.7])
    whole = 2.0 * np.correlate(np.convolve(p, q), q)
    assert np.allclose(sct.grad(of_product)(p, q), whole)


def between_entries(x):
    return np.sum(as_strided(x, (4,), (8,)))


def test_what_is_no_entry_of_the_array():
    with pytest.raises(ValueError, match="no entry of the array"):
        sct.grad(between_entries)(np.ones((6, 2))[:, 0])


def read_only_windows(x):
    y = x * 2.0
    part = y[1:]
    y.setflags(write=False)
    w = as_strided(y, (len(y) - 1, 2), y.strides * 2)
    w.setflags(write=False)
    return np.sum(w**2 * part[0]) + np.sum(part**3)


def test_what_is_made_read_only():
    sct.check_grads(read_only_windows, (_x(5),))
