"""The derivatives of the kernels in nopython mode: compiled by Numba as they are generated, they give the same numbers."""

import copy
import inspect

import numba
import numpy as np
import pytest
from kernel_samples import sample
from trees import leaves, random_like

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


@pytest.mark.grid(of=12)
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.filterwarnings("ignore::numba.core.errors.NumbaPerformanceWarning")  # a product of strided arrays
def test_compiles_as_it_is(name):
    f, args, wrt = sample(name)
    bar = random_like(f(*copy.deepcopy(args)), np.random.default_rng(1))
    specialized = sct.vjp(f, wrt).specialize(*args)
    generated = inspect.unwrap(specialized)  # without the checks of sizes and of memory that arguments share
    expected = generated(*copy.deepcopy(args), copy.deepcopy(bar))
    found = numba.njit(generated)(*copy.deepcopy(args), copy.deepcopy(bar))
    for x, y in zip(leaves(found), leaves(expected), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-14)
