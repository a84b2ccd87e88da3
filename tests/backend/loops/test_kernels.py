"""The loops of all kernels give what their NumPy gives."""

import copy

import numpy as np
import pytest
from kernel_samples import NAMES, is_refused, sample
from trees import leaves, random_like

import sct


@pytest.mark.parametrize("name", [n for n in NAMES if not is_refused(n)])
def test_gradient(name, in_python):
    f, args, wrt = sample(name)
    bar = random_like(f(*copy.deepcopy(args)), np.random.default_rng(1))
    given = copy.deepcopy(args)
    with np.errstate(all="ignore"):
        found = sct.vjp(f, wrt, jit="numba", strict=True)(*given, bar)
    expected = sct.vjp(f, wrt)(*args, bar)
    for x, y in zip(leaves(given), leaves(args), strict=True):
        np.testing.assert_array_equal(x, y)
    for x, y in zip(leaves(found), leaves(expected), strict=True):
        assert type(x) is type(y) and np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-13)
