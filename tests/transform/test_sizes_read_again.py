"""Sizes and shapes that the reverse sweep asks for: read again from arguments and from the last versions of arrays."""

import numpy as np
import pytest

import sct

A = np.array([[0.4, -0.7], [1.1, 0.3], [0.2, 0.9]])


def moved(centres, x):
    """Asks the argument that it writes into for its length."""
    for k in range(centres.shape[0]):
        if x[k] > 0.0:
            centres[k] = centres[k] * x[k]


def in_turns(centres, x, n):
    s = 0.0
    for _ in range(n):
        moved(centres, x)
        s = s + np.sum(centres * centres)
    return s


def rebound(a, n):
    """The name is another array, of another length, in later iterations."""
    s = 0.0
    for i in range(n):
        for k in range(a.shape[0]):
            s = s + a[k, 0] * a[k, 1] * s + a[k, 0]
        if i == 0:
            a = a[1:] * 2.0
        else:
            a = a * 0.5
    return s


def shorter(a, n):
    s = 0.0
    for i in range(n):
        b = a[i:] * 1.5
        for k in range(b.shape[0]):
            s = s + b[k, 0] * b[k, 1] + s * b[k, 0]
    return s


def centred(x):
    x -= np.mean(x, axis=0, keepdims=True)
    x -= np.mean(x)
    return x * x


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (in_turns, (A, np.array([0.5, -1.0, 2.0]), 2)),
        (in_turns, (A[:1], np.array([0.5]), 3)),
        (rebound, (A, 3)),
        (shorter, (A, 3)),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_gradients(f, args):
    sct.check_grads(f, args)
    value, g = sct.value_and_grad(f)(*args)
    plain_value, plain = sct.value_and_grad(f, optimize=False)(*args)
    assert value == plain_value == f(args[0].copy(), *args[1:])
    np.testing.assert_allclose(g, plain, rtol=1e-12)


def test_a_size_of_an_argument_is_not_recorded():
    source = sct.grad(in_turns).source_for(A, A[:, 0], 2)
    assert "centres_shape = centres.shape" in source
    assert "shape[0])" not in "".join(line for line in source.splitlines() if "append" in line)


def scaled(x, n):
    for _ in range(n):
        x = 2.0 * x
    return np.sum(x)


def shifted(x, n):
    for i in range(n):
        x[1:-1] = x[:-2] * 0.5
    return np.sum(x)


@pytest.mark.parametrize("f", [scaled, shifted])
def test_no_loop_is_run_for_a_shape(f):
    source = sct.grad(f).source_for(A[:, 0], 2)
    assert "# forward" not in source
    sct.check_grads(f, (A[:, 0], 2))


@pytest.mark.parametrize("listed", [False, True])
def test_nothing_is_copied_for_its_shape(listed):
    y_bar = np.arange(6.0).reshape(3, 2)
    y, x_bar = sct.vjp(centred)(A, y_bar.tolist() if listed else y_bar)
    np.testing.assert_array_equal(y, centred(A.copy()))
    x = A - A.mean(axis=0)
    c = 2.0 * (x - x.mean()) * y_bar
    c = c - c.mean()
    np.testing.assert_allclose(x_bar, c - c.mean(axis=0), rtol=1e-12, atol=1e-15)
    assert sct.vjp(centred).source_for(A, y_bar).count("copy(") == 1
