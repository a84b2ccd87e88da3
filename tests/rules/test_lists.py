"""Rules for lists of unknown length, against finite differences."""

import numpy as np
import pytest

import sct
from sct.registry.rules import adjoint_rule
from sct.runtime import (
    added_each,
    added_item,
    appended,
    in_places,
    item,
    items_of,
    joined,
    numbers,
    repeated,
    shortened,
    split_like,
    stacked,
    with_item,
    zeros_each,
)

rng = np.random.default_rng(12)


def normal(*shape, dtype=float):
    return rng.normal(size=shape).astype(dtype)


def rows(n, *shape, dtype=float):
    return [normal(*shape, dtype=dtype) for _ in range(n)]


SAMPLES = [
    (appended, (rows(2, 3), normal(3)), {}),
    (appended, (rows(1), normal()), {}),
    (appended, (rows(3, 2, 2, dtype=np.float32), normal(2, 2, dtype=np.float32)), {}),
    (shortened, (rows(3, 3),), {}),
    (shortened, (rows(1, 2),), {}),
    (item, (rows(3, 3), 0), {}),
    (item, (rows(3, 3), -1), {}),
    (item, (rows(3, 2, 1), slice(1, None)), {}),
    (with_item, (rows(3, 2), 1, normal(2)), {}),
    (with_item, (rows(3), -1, normal()), {}),
    (added_item, (rows(3, 2), 1, normal(2)), {}),
    (added_item, (rows(3, 2), slice(0, 2), rows(2, 2)), {}),
    (added_each, (rows(3, 2), rows(3, 2)), {}),
    (in_places, (rows(3, 2),), {}),
    (numbers, ([0.5, -1.5, 2.0],), {}),
    (numbers, ([np.float64(0.5), np.float64(1.5)],), {"dtype": np.dtype(float)}),
    (numbers, ([np.float32(0.5), np.float32(1.5)],), {"dtype": np.dtype(np.float32)}),
    (repeated, (normal(), 3), {}),
    (repeated, (normal(), 0), {}),
    (stacked, (rows(3, 2),), {}),
    (stacked, (rows(3, 2, 4),), {"axis": 1}),
    (stacked, (rows(3, 2, 4),), {"axis": -1}),
    (stacked, (rows(2, 0),), {}),
    (stacked, (rows(2, dtype=np.float32),), {}),
    (items_of, (normal(3, 2),), {}),
    (items_of, (normal(3, 2, 4),), {"axis": 1}),
    (items_of, (normal(3),), {}),
    (joined, (rows(3, 2),), {}),
    (joined, ([normal(2, 3), normal(2, 1)],), {"axis": 1}),
    (joined, ([normal(2, 3), normal(2, 0)],), {"axis": -1}),
    (split_like, (normal(5), [normal(2), normal(3)]), {}),
    (split_like, (normal(2, 4), [normal(2, 3), normal(2, 1)]), {"axis": 1}),
    (zeros_each, (rows(2, 3),), {}),
]


def random_like(value):
    if isinstance(value, list):
        return [random_like(v) for v in value]
    return normal(*np.shape(value), dtype=np.asarray(value).dtype)


def pairing(a, b):
    if isinstance(b, list):
        return sum(pairing(x, y) for x, y in zip(a, b, strict=True))
    assert np.shape(a) == np.shape(b)
    return float(np.sum(np.asarray(a) * b))


def is_operand(value):
    return isinstance(value, (list, np.ndarray))


@pytest.mark.parametrize(("primitive", "args", "kwargs"), SAMPLES)
def test_adjoint_is_the_transpose(primitive, args, kwargs):
    """All of these are linear: <y_bar, f(d)> = <x_bar, d>."""
    if primitive is zeros_each:
        assert [z.tolist() for z in zeros_each(*args)] == [[0.0] * 3] * 2
        return
    y = primitive(*args, **kwargs)
    y_bar = random_like(y)
    found = adjoint_rule(primitive).function(y, *args, y_bar=y_bar, **kwargs)
    cotangents = found if isinstance(found, tuple) else (found,)
    directions = [random_like(a) if is_operand(a) and not (primitive is split_like and i) else a for i, a in enumerate(args)]
    expected = pairing(y_bar, primitive(*directions, **kwargs))
    got = sum(pairing(c, d) for c, d in zip(cotangents, directions, strict=True) if is_operand(d) and c is not None)
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_nothing_is_changed():
    s = rows(3, 2)
    before = [x.copy() for x in s]
    appended(s, s[0]), shortened(s), with_item(s, 0, s[1]), added_item(s, 1, s[0]), added_item(s, slice(0, 1), s[:1])
    assert len(s) == 3
    for x, y in zip(s, before, strict=True):
        np.testing.assert_array_equal(x, y)


def test_forward_over_reverse_of_a_long_list():
    def f(weights, x):
        return weights[1] * weights[1] * x + weights[2] * 3.0

    weights, dots = [0.1 * k for k in range(11)], [0.5 - 0.1 * k for k in range(11)]
    _, second = sct.jvp(sct.grad(f))(weights, 2.0, dots)
    assert second == pytest.approx([0.0, 4.0 * dots[1], *[0.0] * 9], rel=1e-12)
