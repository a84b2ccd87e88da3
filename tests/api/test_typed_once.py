"""Derivatives that share the typed form of their function are what they are by themselves."""

import numpy as np
import pytest

import sct
from sct.api.pipeline import typed_once

SCALE = np.float64(2.0)


def fits_at_the_call(x, y):
    return np.sum(x[:3] * y) * SCALE


def branch(x, y):
    return np.sum(x * x) if len(y) > 2 else np.sum(x) * np.sum(y)


def written(x, y):
    z = x.copy()
    z[: len(y)] += y * y
    return np.sum(z * z)


# Sizes for which they are compiled, and others, for which they are to be compiled again where they rely on the first.
CASES = [
    (fits_at_the_call, [(5, 3), (1, 3), (7, 3), (3, 1)]),
    (branch, [(5, 3), (5, 2), (1, 4)]),
    (written, [(5, 3), (4, 4), (7, 1)]),
]


@pytest.mark.parametrize(("f", "sizes"), CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_what_is_shared_relies_on_the_same(f, sizes):
    calls = [tuple(np.random.default_rng(k).normal(size=size) for k, size in enumerate(pair)) for pair in sizes]
    made = {}
    grad, vjp, jvp = (
        transform(f, (0, 1), optimize=optimize) for transform, optimize in ((sct.grad, True), (sct.vjp, False), (sct.jvp, True))
    )
    for derived in (grad, vjp, jvp):
        with typed_once(made):
            derived.specialize(*calls[0])
    assert len(made) == 1
    for args in calls:
        expected = sct.grad(lambda x, y: f(x, y), (0, 1))(*args)
        for found in (grad(*args), vjp(*args, 1.0)[1]):
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b)
        np.testing.assert_allclose(jvp(*args, *args)[1], sum(np.sum(a * b) for a, b in zip(expected, args, strict=True)))


def test_derivatives_of_derivatives_share_those():
    made, x = {}, np.array([0.5, 2.0])
    gradient = sct.grad(lambda x: np.sum(np.sin(x) * x))
    again = [sct.vjp(gradient), sct.pullback(gradient), sct.jvp(gradient)]
    for derived in again:
        with typed_once(made):
            derived.specialize(x)
    assert len(made) == 2
    second = 2 * np.cos(x) - x * np.sin(x)
    for found in (again[0](x, np.ones(2))[1], again[1](x)[1](np.ones(2)), again[2](x, np.ones(2))[1]):
        np.testing.assert_allclose(found, second)
