"""What is one nest: temporaries that only it uses take no memory."""

import numpy as np
import pytest
from nests.outcomes import in_python, outcome

import sct

pytest.importorskip("numba")


def least_squares(x, A, b):
    r = A @ x - b
    return 0.5 * np.sum(r * r)


def windows(x, w):
    out = np.empty(len(x) - len(w) + 1)
    for i in range(len(out)):
        out[i] = np.sum(x[i : i + len(w), None] * w, axis=(0, 1))
    return out


def padded(x, w):
    """Of sizes that are made of others, which have one name each."""
    n = len(x) - len(w) + 3
    y, z = np.zeros(n), np.zeros(len(x) + 3 - len(w))
    y += w[0]
    z += x[0]
    return np.tanh(y * z) + y


RNG = np.random.default_rng(0)
CASES = {
    least_squares: (RNG.standard_normal(3), RNG.standard_normal((7, 3)), RNG.standard_normal(7)),
    windows: (RNG.standard_normal(9), RNG.standard_normal((3, 2))),
    padded: (RNG.standard_normal(5), RNG.standard_normal(2)),
}


@pytest.mark.parametrize("f", CASES)
def test_as_numpy(f):
    with in_python():
        found = outcome(f, CASES[f], (0, 1), "vjp")
    assert found.kind == "agrees", found


def source(f, wrt):
    with in_python():
        return sct.vjp(f, wrt, jit="numba", strict=True).source_for(*CASES[f], f(*CASES[f]))


def test_a_matrix_is_read_once():
    assert "scratch" not in source(least_squares, "x")


def test_a_sum_of_products_makes_none():
    assert source(windows, "x").count("scratch(") == 1  # the copy of y_bar, which is written into


def test_one_size_has_one_name():
    assert "broadcast" not in source(padded, ("x", "w"))
