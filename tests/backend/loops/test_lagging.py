"""Nests of the same rows as one loop: what has to wait for rows further on stays behind."""

import numpy as np
import pytest
from nests.outcomes import in_python, outcome

import sct

pytest.importorskip("numba")


def exchanged(a, b, n):
    """Three nests, of which each reads what the one before it writes, one row further on and further back."""
    for _ in range(n):
        b[1:-1] += 0.5 * a[2:] - 0.25 * a[:-2]
        a[:-1] -= b[1:] * b[:-1]
        a[1:] += b[1:] * b[:-1]
    return np.sum(a * b)


def of_several_lengths(a, b, n):
    """Rows from the first on, but to one, two, or three before the last."""
    for _ in range(n):
        b[:-1] += a[1:] * a[:-1]
        a[:-3] += b[2:-1] * b[1:-2]
        b[:-2] *= a[2:]
    return np.sum(a * b)


def of_what_comes_first(a, b, n):
    """Nothing may be behind: the last nest reads rows that the first one writes last."""
    for _ in range(n):
        b[1:] += a[:-1] * a[1:]
        a += b[::-1]
        a[:-4] -= b[4:]
    return np.sum(a * b)


def of_planes(a, b, n):
    c, d = np.multiply.outer(a, b[0]), np.multiply.outer(b, a[0])
    for _ in range(n):
        d[:, 1:] += c[:, :-1] * c[:, 1:]
        d[1:] -= c[:-1]
        c[:-1] += d[1:, ::-1]
        c[:, :-1] -= d[:, 1:]
    return np.sum(c * d)


@pytest.mark.parametrize("way", ["vjp", "value"])
@pytest.mark.parametrize("f", [exchanged, of_several_lengths, of_what_comes_first, of_planes])
@pytest.mark.parametrize("rows", [1, 5])
def test_as_numpy(f, way, rows):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, rows, 4))
    with in_python():
        found = outcome(f, (a, b, 2), (0, 1), way)
    assert found.kind == "agrees", found


def test_rows_are_gone_through_once():
    text = sct.compile(exchanged, jit="numba").source_for(np.ones((5, 4)), np.ones((5, 4)), 2)
    steps = text[text.index("for step in") :]
    assert steps.count("for i in ") == 1 and "if i >= 1:" in steps, text
