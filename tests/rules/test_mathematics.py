"""The rules of the module `math` against finite differences."""

import math

import numpy as np
import pytest

from sct.infer.call import infer_call
from sct.ir.types import Scalar, Tuple, size_mul, size_symbol
from sct.registry.rules import adjoint_rule
from sct.testing import check_rule

_ANYWHERE = "exp exp2 expm1 cbrt sin cos tan asin acos atan sinh cosh tanh asinh atanh erf erfc degrees radians fabs".split()

SAMPLES = []
for _name in _ANYWHERE:
    if hasattr(math, _name):
        SAMPLES += [(getattr(math, _name), (x,), {}) for x in (0.3, -0.8, np.float64(0.6))]
for _f in (math.log, math.log1p, math.log2, math.log10, math.sqrt):
    SAMPLES += [(_f, (0.3,), {}), (_f, (1.7,), {})]
SAMPLES += [
    (math.acosh, (1.7,), {}),
    (math.log, (1.7, 3.0), {}),
    (math.log, (1.7, 10), {}),
    (math.atan2, (0.3, -0.8), {}),
    (math.copysign, (0.3, -0.8), {}),
    (math.fmod, (5.3, -1.7), {}),
    (math.fmod, (-5.3, 1.7), {}),
    (math.remainder, (5.3, 1.7), {}),
    (math.ldexp, (0.3, 4), {}),
    (math.pow, (0.3, 2.4), {}),
    (math.pow, (-0.3, 3), {}),
    (math.hypot, (0.3, -0.8), {}),
    (math.hypot, (0.3, -0.8, 1.1), {}),
    (math.dist, ((0.3, -0.8), (1.1, 0.4)), {}),
    (math.dist, ([0.3, -0.8, 2.0], [1.1, 0.4, 0.1]), {}),
    (math.fsum, ([0.3, -0.8, 1.1],), {}),
    (math.fsum, (np.array([0.3, -0.8, 1.1]),), {}),
    (math.dist, (np.array([0.3, -0.8]), np.array([1.1, 0.4])), {}),
    (math.prod, ((0.3, -0.8, 1.1),), {}),
    (math.prod, ([0.3, 0.0, 1.1],), {}),
    (math.prod, ((2, 3),), {}),
    (math.modf, (2.3,), {}),
    (math.frexp, (2.3,), {}),
    (math.ulp, (2.3,), {"wrt": ()}),
]
if hasattr(math, "sumprod"):
    SAMPLES += [(math.sumprod, ((0.3, -0.8), (1.1, 0.4)), {})]
    SAMPLES += [(math.sumprod, (np.array([0.3, -0.8]), np.array([1.1, 0.4])), {})]
SAMPLES += [(_f, (2.3,), {}) for _f in (math.isnan, math.isinf, math.isfinite, math.floor, math.ceil, math.trunc)]
SAMPLES += [(_f, (6, 4), {}) for _f in (math.gcd, math.lcm, math.comb, math.perm)]
SAMPLES += [(math.isqrt, (17,), {}), (math.factorial, (5,), {}), (math.isclose, (0.3, 0.4), {})]


def _label(sample):
    primitive, args, _ = sample
    return f"{primitive.__name__}-{'-'.join(map(str, args))}"


@pytest.mark.parametrize("sample", SAMPLES, ids=_label)
def test_rule(sample):
    primitive, args, kwargs = sample
    check_rule(primitive, *args, **kwargs)


def test_derivatives_stay_python_floats():
    for name in ("exp", "log2", "sqrt", "sin", "cos", "tan", "tanh", "atan", "erf"):
        f = getattr(math, name)
        assert type(adjoint_rule(f).function(f(0.3), 0.3, y_bar=1.0)) is float


def test_flat_where_a_distance_is_zero():
    assert adjoint_rule(math.hypot).function(0.0, 0.0, 0.0, y_bar=1.0) == (0.0, 0.0)
    assert adjoint_rule(math.dist).function(0.0, (1.0,), (1.0,), 1.0) == ((0.0,), (-0.0,))


def test_a_product_of_sizes_is_a_size():
    n = size_symbol("n")
    assert infer_call(math.prod, [Tuple((Scalar(int, n), Scalar(int, 3)))], {}) == Scalar(int, size_mul(n, 3))
