"""The derivatives of the kernels in nopython mode: compiled by Numba as they are generated, they give the same numbers."""

import copy
import inspect

import numba
import numpy as np
import pytest
from kernels.test_kernels import floating, leaves, load, mapped

import sct

KERNELS = (
    "cholesky",
    "conjugate_gradients",
    "convolution",
    "correlation",
    "covariance",
    "durbin",
    "dynamic_time_warping",
    "gauss_seidel",
    "gaussian_mixture",
    "gram_schmidt",
    "hmm_forward",
    "iir_filter",
    "k_means",
    "leapfrog",
    "lu",
    "newton",
    "particle_events",
    "runge_kutta_4",
    "triangular_solve",
    "trmm",
)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.filterwarnings("ignore::numba.core.errors.NumbaPerformanceWarning")  # a product of strided arrays
def test_compiles_as_it_is(name):
    module = load(name)
    f = getattr(module, name)
    args = module.example(np.random.default_rng(0))
    names = sct.vjp(f).primal.__code__.co_varnames[: len(args)]
    wrt = getattr(module, "WRT", tuple(n for n, a in zip(names, args, strict=True) if floating(a)))
    rng = np.random.default_rng(1)
    bar = mapped(lambda v: rng.normal(size=np.shape(v)) if isinstance(v, np.ndarray) else rng.normal(), f(*copy.deepcopy(args)))
    specialized = sct.vjp(f, wrt).specialize(*args)
    generated = inspect.unwrap(specialized)  # without the checks of sizes and of memory that arguments share
    expected = generated(*copy.deepcopy(args), copy.deepcopy(bar))
    found = numba.njit(generated)(*copy.deepcopy(args), copy.deepcopy(bar))
    for x, y in zip(leaves(found), leaves(expected), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-14)
