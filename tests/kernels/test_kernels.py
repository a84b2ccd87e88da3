"""Every kernel against finite differences in two directions, in every way of calling; every stage of it read back as text."""

import copy
import importlib
import pathlib

import numpy as np
import pytest
from read_back import read_back, read_back_stages, stages

import sct
from sct.frontend import lower

NAMES = sorted(p.stem for p in pathlib.Path(__file__).parent.glob("*.py") if not p.stem.startswith("test_"))


def load(name):
    return importlib.import_module(f"kernels.{name}")


def floating(value):
    """Whether a value is made of real numbers."""
    if isinstance(value, dict):
        return any(map(floating, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(floating, value))
    return isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def mapped(f, *values):
    first = values[0]
    if isinstance(first, dict):
        return {k: mapped(f, *(v[k] for v in values)) for k in first}
    if isinstance(first, (list, tuple)):
        return type(first)(mapped(f, *items) for items in zip(*values, strict=True))
    return f(*values) if floating(first) else first


def leaves(value):
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in leaves(v)]
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in leaves(v)]
    return [value]


def pairing(a, b):
    return sum(float(np.sum(np.asarray(x) * np.asarray(y))) for x, y in zip(leaves(a), leaves(b), strict=True) if floating(y))


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_gradient(name, optimize):
    module = load(name)
    f = getattr(module, name)
    args = module.example(np.random.default_rng(0))
    names = list(sct.vjp(f).primal.__code__.co_varnames[: len(args)])
    wrt = getattr(module, "WRT", tuple(n for n, a in zip(names, args, strict=True) if floating(a)))
    if getattr(module, "EXPECT", None) == "refused":
        with pytest.raises(sct.SctError):
            sct.vjp(f, wrt, optimize=optimize)(*args, 1.0)
        return
    rng = np.random.default_rng(1)
    value = f(*copy.deepcopy(args))
    bar = mapped(lambda v: rng.normal(size=np.shape(v)) if isinstance(v, np.ndarray) else type(v)(rng.normal()), value)
    given = copy.deepcopy(args)
    with stages() as made:
        found, cotangents = sct.vjp(f, wrt, optimize=optimize)(*given, bar)
    if optimize:
        read_back(lower(f).function)
        read_back_stages(made)
    for x, y in zip(leaves(given), leaves(args), strict=True):
        np.testing.assert_array_equal(x, y)
    for x, y in zip(leaves(found), leaves(value), strict=True):
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_array_equal(x, y)
    again, pull = sct.pullback(f, wrt, optimize=optimize)(*given)
    for x, y in zip(leaves(again), leaves(value), strict=True):
        np.testing.assert_array_equal(x, y)
    for _ in range(2):
        for x, y in zip(leaves(pull(bar)), leaves(cotangents), strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-12)
    places = [names.index(n) for n in wrt]
    for _ in range(2):
        direction = {k: mapped(lambda v: rng.normal(size=np.shape(v)), args[k]) for k in places}

        def along(step, direction=direction):
            moved = [mapped(lambda v, d: v + step * d, a, direction[k]) if k in direction else a for k, a in enumerate(args)]
            return pairing(f(*copy.deepcopy(moved)), bar)

        coarse, fine = ((along(h) - along(-h)) / (2 * h) for h in (2e-4, 1e-4))
        expected = fine + (fine - coarse) / 3
        got = sum(pairing(x_bar, direction[k]) for k, x_bar in zip(places, cotangents, strict=True))
        scale = sum(
            float(np.sum(np.abs(np.asarray(x) * y)))
            for k, c in zip(places, cotangents, strict=True)
            for x, y in zip(leaves(c), leaves(direction[k]), strict=True)
            if floating(y)
        )
        assert abs(got - expected) <= 1e-6 * (1e-3 + abs(expected) + 1e-2 * scale)
