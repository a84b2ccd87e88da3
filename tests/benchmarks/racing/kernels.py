"""Kernels of tests/kernels against JAX: vjps at the sizes of `loops`, where a function takes a millisecond or more."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from benchmarks.loops.workloads import WORKLOADS
from kernel_samples import sample
from trees import random_like

import sct

from .contests import JAX, JAX_ON_DEVICE, NUMBA, NUMPY, Contest
from .sections import Mark, Ratio, Section

NAMES = (
    "adi",
    "cavity_flow",
    "cholesky",
    "convolution",
    "correlation",
    "covariance",
    "csr_matvec",
    "durbin",
    "fdtd_2d",
    "floyd_warshall",
    "gauss_seidel",
    "gram_schmidt",
    "heat_3d",
    "hmm_forward",
    "horizontal_diffusion",
    "iir_filter",
    "jacobi_1d",
    "jacobi_2d",
    "lenet",
    "lstm",
    "lu",
    "nbody",
    "residual_block",
    "softmax_attention",
    "syr2k",
    "syrk",
    "triangular_solve",
    "trmm",
    "vertical_advection",
    "wave_equation",
)

PRODUCTS = (
    "convolution",
    "correlation",
    "covariance",
    "lenet",
    "residual_block",
    "softmax_attention",
    "syr2k",
    "syrk",
    "triangular_solve",
    "trmm",
)
"""Where JAX has products, convolutions or solves of a library in the place of loops."""

_SIZES = {
    "lstm": lambda rng: (
        {"Wx": 0.2 * rng.standard_normal((32, 256)), "Wh": 0.1 * rng.standard_normal((64, 256)), "b": np.zeros(256)},
        rng.standard_normal((20, 16, 32)),
        *rng.standard_normal((2, 16, 64)),
    ),
}
"""Arguments where those of `loops` take less than a millisecond."""


def contests(peers: Mapping[str, str]) -> Iterator[tuple[str, Callable[[], Contest]]]:
    """The names of the kernels, each with what makes its contest."""
    for name in NAMES:
        yield name, partial(_contest, name, "JAX" in peers)


def _contest(name: str, has_jax: bool) -> Contest:
    w = WORKLOADS[name]
    args = _SIZES[name](np.random.default_rng(0)) if name in _SIZES else w.args()
    return contest(name, w.function, args, w.wrt, has_jax)


def small(name: str, has_jax: bool) -> Contest:
    """A contest of a kernel with the arguments of its tests."""
    return contest(name, *sample(name), has_jax)


def contest(name: str, f: Callable[..., Any], args: tuple[Any, ...], wrt: tuple[str, ...], has_jax: bool) -> Contest:
    """The vjp of a kernel by each way to have it."""
    y_bar = random_like(f(*copy.deepcopy(args)), np.random.default_rng(1))
    given = (*args, y_bar)
    ways = {NUMBA: partial(sct.vjp(f, wrt, jit="numba"), *given), NUMPY: partial(sct.vjp(f, wrt), *given)}
    if has_jax:
        from . import in_jax, jax_kernels

        ways |= in_jax.ways(in_jax.vjp(getattr(jax_kernels, name), f, args, wrt), given)
    return Contest(name, lambda: f(*copy.deepcopy(args)), sct.vjp(f, wrt), given, ways)


_COMPILED, _PLAIN = Ratio("JAX ÷ Numba", JAX, (NUMBA,)), Ratio("JAX ÷ NumPy", JAX, (NUMPY,))
_ON_DEVICE = Ratio("on device ÷ Numba", JAX_ON_DEVICE, (NUMBA,))

KERNELS = Section(
    "kernels",
    "Kernels",
    """Thirty kernels of `tests/kernels`, most of which [NPBench](https://github.com/spcl/npbench) has too, at sizes where the
function itself takes a millisecond to a second: the result and the vjp by all real arguments. The versions for JAX
(`tests/benchmarks/racing/jax_kernels.py`) are those of a user who knows it: scans over time, whole rows and masks in the place
of scalar loops, and a product or a convolution wherever loops come to one. JAX takes NumPy's arrays and gives them back; on
device it has its own.""",
    contests,
    (_COMPILED, _ON_DEVICE, _PLAIN),
    (
        Mark(_COMPILED, 5.0, mean=True),
        Mark(_COMPILED, 1.0, only=tuple(name for name in NAMES if name not in PRODUCTS), what="where JAX has loops"),
        Mark(_COMPILED, 0.95, only=PRODUCTS, what="where JAX has a product in the place of loops"),
        Mark(_PLAIN, 1.2, mean=True),
    ),
)
