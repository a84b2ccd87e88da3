"""Every kernel against finite differences in two directions, in every way of calling; every stage of it read back as text,
and made by itself.
"""

import copy
import inspect

import numpy as np
import pytest
from by_stages import source_by_stages
from differences import slope
from kernel_samples import NAMES, is_refused, sample
from read_back import read_back, read_back_stages, stages
from trees import floating, leaves, mapped, pairing, random_like

import sct
from sct.frontend import lower


@pytest.mark.usefixtures("typed_once")
@pytest.mark.parametrize("optimize", [True, pytest.param(False, marks=pytest.mark.grid(of=4, each=False))])
@pytest.mark.parametrize("name", NAMES)
def test_gradient(name, optimize):
    f, args, wrt = sample(name)
    if is_refused(name):
        with pytest.raises(sct.SctError):
            sct.vjp(f, wrt, optimize=optimize)(*args, 1.0)
        return
    rng = np.random.default_rng(1)
    value = f(*copy.deepcopy(args))
    bar = random_like(value, rng)
    given = copy.deepcopy(args)
    with stages() as made:
        found, cotangents = sct.vjp(f, wrt, optimize=optimize)(*given, bar)
    if optimize:
        read_back(lower(f).function)
        read_back_stages(made)
        assert source_by_stages(f, args, "vjp", wrt) == sct.vjp(f, wrt).source_for(*args)
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
    names = list(inspect.signature(f).parameters)
    places = [names.index(n) for n in wrt]
    for _ in range(2):
        direction = {k: mapped(lambda v: rng.normal(size=np.shape(v)), args[k]) for k in places}

        def along(step, direction=direction):
            moved = [mapped(lambda v, d: v + step * d, a, direction[k]) if k in direction else a for k, a in enumerate(args)]
            return pairing(f(*copy.deepcopy(moved)), bar)

        expected = slope(along)
        got = sum(pairing(x_bar, direction[k]) for k, x_bar in zip(places, cotangents, strict=True))
        scale = sum(
            float(np.sum(np.abs(np.asarray(x) * y)))
            for k, c in zip(places, cotangents, strict=True)
            for x, y in zip(leaves(c), leaves(direction[k]), strict=True)
            if floating(y)
        )
        assert abs(got - expected) <= 1e-6 * (1e-3 + abs(expected) + 1e-2 * scale)
