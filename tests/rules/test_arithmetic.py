"""The rules of arithmetic against finite differences, their conventions at ties and zeros, and what their types say."""

import operator

import numpy as np
import pytest

import sct
from sct.infer.call import infer_call
from sct.ir.types import UNKNOWN, Array, Const, Dict, List, Scalar, Tuple, size_add, size_symbol
from sct.registry.rules import adjoint_rule
from sct.rules.arithmetic import is_literal
from sct.runtime import (
    as_augmented,
    as_taken,
    boxed_like,
    broadcast_axes,
    cast_like,
    cast_to,
    keep_reduced_axes,
    laid_out,
    not_none,
    of_copy,
    place_of,
    power,
    quotient,
    together,
    unbroadcast,
    unbroadcast_to,
    writable,
)
from sct.testing import check_rule

_rng = np.random.default_rng(1)


def _x(*shape, dtype=float, low=0.4, high=1.6, signed=True):
    x = _rng.uniform(low, high, shape)
    if signed:
        x = x * _rng.choice([-1.0, 1.0], shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * _rng.uniform(-1.0, 1.0, shape)
    return np.asarray(x, dtype=dtype)


def _positive(*shape, dtype=float):
    return _x(*shape, dtype=dtype, signed=False)


_SHAPES = [(), (3,), (1,), (2, 3), (0, 2), (2, 1, 3)]
_PAIRS = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((1, 3), (2, 1)),
    ((2, 1, 3), (4, 1)),
    ((), (2, 2)),
    ((1,), (1, 1)),
    ((0, 3), (3,)),
    ((1, 3), (0, 3)),
    ((2, 2, 1, 3), (2, 3)),
]

SAMPLES = []

# One operand
_COMPLEX_TOO = (operator.neg, operator.pos, np.negative, np.positive, np.square, np.reciprocal, abs, operator.abs)
_COMPLEX_TOO = (*_COMPLEX_TOO, np.absolute, np.conjugate, np.real, np.imag, np.angle, np.real_if_close)
for _f in (*_COMPLEX_TOO, np.fabs, np.sign, np.nan_to_num):
    SAMPLES += [(_f, (_x(*shape),), {}) for shape in _SHAPES]
    SAMPLES += [(_f, (_x(2, 6)[:, ::2],), {}), (_f, (_x(2, 3, dtype=np.float32),), {}), (_f, (np.float32(0.7),), {})]
for _f in _COMPLEX_TOO:
    SAMPLES += [(_f, (_x(2, 3, dtype=complex),), {}), (_f, (_x(3, dtype=np.complex64),), {})]
SAMPLES += [(_f, (-1.3,), {}) for _f in (operator.neg, operator.pos, abs, operator.abs, np.negative, np.absolute)]
SAMPLES += [
    (abs, (2.0 - 1.0j,), {}),
    (np.angle, (_x(3, dtype=complex),), {"deg": True}),
    (np.nan_to_num, (np.array([1.0, np.nan, np.inf]),), {"nan": 2.0, "posinf": 3.0}),
]

# Of Python numbers only
SAMPLES += [(quotient, (0.4, -1.7), {}), (quotient, (2, 1.7), {}), (power, (0.4, 1.7), {}), (power, (1.3, -2), {})]

# Two operands
_TWO = (operator.add, operator.sub, operator.mul, operator.truediv, np.add, np.subtract, np.multiply, np.true_divide)
_ORDERED = (np.maximum, np.minimum, np.fmax, np.fmin)
_DIVIDED = (operator.mod, np.remainder, np.fmod)
for _f in (*_TWO, *_ORDERED, np.copysign):
    SAMPLES += [(_f, (_x(*a), _x(*b)), {}) for a, b in _PAIRS]
    SAMPLES += [
        (_f, (_x(2, 3, dtype=np.float32), _x(3, dtype=np.float32)), {}),
        (_f, (_x(2, 3, dtype=np.float32), 0.3), {}),
        (_f, (0.3, _x(3)), {}),
        (_f, (2, _x(3)), {}),
        (_f, (_x(3), np.array([1, 2, 3])), {}),
        (_f, (_x(3, 2).T, _x(2, 6)[:, ::2]), {}),
        (_f, (_x(2, 3, dtype=np.float32), _x(2, 3)), {}),
    ]
for _f in _TWO:
    SAMPLES += [
        (_f, (0.4, 1.7), {}),
        (_f, (_x(2, 3, dtype=complex), _x(3, dtype=complex)), {}),
        (_f, (_x(2, 3), _x(3, dtype=complex)), {}),
    ]
for _f in _ORDERED:
    SAMPLES += [(_f, (_x(2, 3, dtype=complex), _x(3, dtype=complex)), {}), (_f, (_x(3, dtype=complex), 0.3), {})]
for _f in _DIVIDED:
    SAMPLES += [
        (_f, (np.array([3.4, -2.3, 7.9]), np.array([1.1, 0.7, -1.3])), {}),
        (_f, (np.array([[3.4, -2.3, 7.9]], np.float32), np.array([[1.1], [-1.3]], np.float32)), {}),
        (_f, (np.array([3.4, -2.3]), 1.5), {}),
        (_f, (5.3, 1.5), {}),
    ]
SAMPLES += [
    (np.maximum, (_x(2, 3), 0.0), {}),
    (np.maximum, (0, _x(2, 3)), {}),
    (np.minimum, (_x(2, 3), 0), {}),
    (np.minimum, (0.0, _x(2, 3)), {}),
    (np.fmax, (np.array([np.nan, 1.0]), np.array([2.0, np.nan])), {"wrt": ()}),
    (np.ldexp, (_x(3), np.array([1, -2, 3])), {}),
    (np.heaviside, (np.array([-1.0, 2.0]), _x(2)), {}),
]

# Powers: exponents known when compiled and not, zero and negative bases, broadcasting
for _f in (operator.pow, np.power, np.float_power):
    SAMPLES += [(_f, (_positive(*a), _x(*b)), {}) for a, b in _PAIRS]
    SAMPLES += [(_f, (_x(2, 3), n), {}) for n in (0, 1, 2, 3, 7)]
    SAMPLES += [(_f, (_positive(2, 3), p), {}) for p in (0.5, 2.0, -1, -2.0, 1.7, 0.0, 1.0)]
    SAMPLES += [
        (_f, (2.0, _x(3)), {}),
        (_f, (_x(3), np.array([0, 2, 3])), {}),
        (_f, (_x(3, dtype=complex), 3), {}),
        (_f, (_x(3, dtype=complex), _x(3, dtype=complex)), {}),
        (_f, (np.zeros(3), np.array([1.0, 2.0, 3.0])), {"wrt": (0,)}),
    ]
    if _f is not np.float_power:
        SAMPLES += [(_f, (_positive(2, 3, dtype=np.float32), 1.5), {}), (_f, (_x(3, dtype=np.float32), 2), {})]
SAMPLES += [(_f, (1.3, 2.4), {}) for _f in (operator.pow, pow)]
SAMPLES += [(pow, (1.3, 3), {}), (pow, (_x(3), 2), {}), (pow, (_positive(3), _x(3)), {})]

# Choices
_LOW, _HIGH = np.array([-0.5, 0.1, -2.0]), np.array([0.7, 0.8, 2.0])
SAMPLES += [
    (np.clip, (_x(2, 3), -1.0, 1.0), {}),
    (np.clip, (_x(2, 3), _LOW, _HIGH), {}),
    (np.clip, (_x(2, 1), _LOW, _HIGH), {}),
    (np.clip, (_x(3, dtype=complex), -0.5, 0.5), {}),
    (np.clip, (_x(2, 3, dtype=complex), _LOW, _HIGH + 1j), {}),
    (np.clip, (_x(4, 3, dtype=np.float32), -1.0, 1.0), {}),
    (np.clip, (_x(0, 3), -1.0, 1.0), {}),
    (np.clip, (_x(3), 0.9, 0.2), {}),
    (np.where, (_x(2, 3) > 0, _x(2, 3), _x(3)), {}),
    (np.where, (_x(2, 1) > 0, 0.0, _x(1, 3)), {}),
    (np.where, (np.array(True), _x(3), _x(2, 3)), {}),
    (np.where, (_x(3) > 0, _x(3, dtype=np.float32), 1.0), {}),
    (np.where, (_x(3) > 0, _x(3, dtype=complex), _x(3)), {}),
    (np.where, (_x(0, 3) > 0, _x(0, 3), 1.0), {}),
]
if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
    SAMPLES += [
        (np.clip, (_x(3),), {"min": -1.0, "max": _HIGH}),
        (np.clip, (_x(3),), {"min": _LOW}),
        (np.clip, (_x(3),), {"max": 0.3}),
    ]

# What the generated code may call at run time
SAMPLES += [
    (broadcast_axes, (_x(2, 3), _x(3)), {}),
    (as_augmented, (_x(2, 3), _x(2, 3)), {}),
    (as_augmented, (_x(3), 1.5), {}),
    (unbroadcast, (_x(2, 3), _x(3)), {}),
    (unbroadcast, (_x(2, 3), _x(2, 1)), {}),
    (unbroadcast, (_x(2, 3), 1.5), {}),
    (unbroadcast, (_x(4, 2, 3), _x(1, 3)), {}),
    (unbroadcast, (_x(2, 3), _x(2, 3)), {}),
    (unbroadcast, (_x(2, 3), _x(1, 1)), {}),
    (as_taken, (_x(2, 3),), {}),
    (as_taken, (1.5,), {}),
    (unbroadcast_to, (_x(2, 3), (3,)), {}),
    (unbroadcast_to, (_x(2, 3), (2, 1)), {}),
    (unbroadcast_to, (_x(2, 3), ()), {}),
    (unbroadcast_to, (_x(4, 2, 3), (1, 3)), {}),
    (unbroadcast_to, (_x(2, 3), (2, 3)), {}),
    (unbroadcast_to, (_x(0, 3), (1, 3)), {}),
    (unbroadcast_to, (_x(2, 3).astype(np.float32), (1, 1)), {}),
    (keep_reduced_axes, (_x(3), _x(2, 3), 0, False), {}),
    (keep_reduced_axes, (_x(2), _x(2, 3), -1, False), {}),
    (keep_reduced_axes, (_x(3), _x(2, 3, 4), (0, 2), False), {}),
    (keep_reduced_axes, (_x(2, 1), _x(2, 3), 1, True), {}),
    (keep_reduced_axes, (np.float64(1.3), _x(2, 3), None, False), {}),
    (boxed_like, (_x(3), _x(3)), {}),
    (boxed_like, (1.5, 2.0), {}),
    (laid_out, (_x(3, 2), _x(3, 2).T.copy().T), {}),
    (writable, (_x(3, 2),), {}),
    (of_copy, (_x(3, 2), True), {}),
    (place_of, (np.ones(3), np.zeros(3), True), {}),
    (place_of, (np.ones(3), np.zeros(3), False), {}),
    (not_none, (_x(3, 2),), {}),
    (together, (_x(3), _x(2, 2)), {}),
    (laid_out, (_x(4), _x(8)[::-2]), {}),
    (laid_out, (_x(0, 2), _x(0, 2)), {}),
    (cast_like, (_x(3), _x(3, dtype=np.float32)), {}),
    (cast_like, (_x(3, dtype=complex), _x(3)), {}),
    (cast_like, (_x(3), _x(3)), {}),
    (cast_to, (_x(3), np.float32), {}),
    (cast_to, (_x(3, dtype=complex), np.float64), {}),
    (cast_to, (_x(3), np.float64), {}),
    (cast_to, (_x(3), np.complex128), {}),
    (is_literal, (_x(3),), {}),
]

# No derivative
_COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
_COMPARISONS = (*_COMPARISONS, np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
_LOGIC = (np.logical_and, np.logical_or, np.logical_xor)
_ROUNDING = (np.rint, np.floor, np.ceil, np.trunc, np.round, np.around, np.fix)
_QUESTIONS = (np.isnan, np.isfinite, np.isinf, np.signbit, np.isreal, np.iscomplex, np.isneginf, np.isposinf, np.logical_not)
for _f in (*_COMPARISONS, *_LOGIC):
    SAMPLES += [(_f, (_x(2, 3), _x(3)), {}), (_f, (_x(2, 1), 0.5), {}), (_f, (_x(0, 2), _x(2)), {})]
for _f in (*_ROUNDING, *_QUESTIONS):
    SAMPLES += [(_f, (_x(2, 3),), {}), (_f, (_x(3, dtype=np.float32),), {})]
_INTEGERS = np.array([[1, 2, 3], [4, 5, 6]])
for _f in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift):
    SAMPLES += [(_f, (_INTEGERS, _INTEGERS[0]), {}), (_f, (6, 3), {})]
for _f in (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.left_shift, np.right_shift, np.gcd, np.lcm):
    SAMPLES += [(_f, (_INTEGERS, _INTEGERS[0]), {})]
SAMPLES += [
    (operator.and_, (True, False), {}),
    (operator.and_, (_x(3) > 0, _x(2, 3) > 0), {}),
    (operator.invert, (_x(3) > 0,), {}),
    (operator.invert, (5,), {}),
    (np.invert, (_INTEGERS,), {}),
    (np.bitwise_count, (_INTEGERS,), {}),
    (np.spacing, (_x(3),), {"wrt": ()}),
    (operator.floordiv, (_x(3, low=1.1, high=1.4), _x(2, 1, low=0.6, high=0.65)), {}),
    (operator.floordiv, (7, 2), {}),
    (np.floor_divide, (_x(3, low=1.1, high=1.4), 0.6), {}),
    (np.round, (_x(3), 2), {"wrt": ()}),
    (operator.is_, (None, None), {}),
    (operator.is_not, (_x(3), None), {}),
    (operator.contains, ((1, 2, 3), 2), {}),
    (operator.truth, (1.5,), {}),
    (operator.not_, (0.0,), {}),
    (operator.index, (4,), {}),
    (np.isnat, (np.array(["2020-01-01", "NaT"], "M8[D]"),), {}),
    (np.isclose, (_x(2, 3), _x(3)), {}),
    (np.allclose, (_x(2, 3), _x(3)), {}),
    (np.array_equal, (_x(2, 3), _x(3)), {}),
    (np.array_equiv, (_x(2, 3), _x(3)), {}),
    (operator.add, (3, 4), {}),
    (operator.mul, (3, 4), {}),
    (operator.sub, (3, 4), {}),
    (operator.mod, (7, 3), {}),
    (operator.truediv, (3, 4), {}),
    (operator.pow, (3, 4), {}),
    (operator.neg, (3,), {}),
    (operator.eq, ((2, 3), (2, 3)), {}),
]


def _name(sample):
    primitive, args, _ = sample
    shapes = [str(np.shape(a)).replace(" ", "") if isinstance(a, (np.ndarray, np.generic)) else str(a) for a in args]
    return f"{primitive.__name__}-{'-'.join(shapes)}"


@pytest.mark.grid(of=8)
@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_rule(sample):
    primitive, args, kwargs = sample
    with np.errstate(all="ignore"):
        check_rule(primitive, *args, **kwargs)


def _adjoints(primitive, *args):
    y = primitive(*args)
    return adjoint_rule(primitive).function(y, *args, np.ones_like(y))


_TIES = [
    (np.maximum, (np.array([1.0, 2.0]), np.array([1.0, 3.0])), ([0.5, 0.0], [0.5, 1.0])),
    (np.minimum, (np.array([1.0, 2.0]), np.array([1.0, 3.0])), ([0.5, 1.0], [0.5, 0.0])),
    (np.fmax, (np.array([1.0, np.nan]), np.array([1.0, 3.0])), ([0.5, 0.0], [0.5, 1.0])),
    (np.fmin, (np.array([1.0, 2.0]), np.array([1.0, np.nan])), ([0.5, 1.0], [0.5, 0.0])),
    (np.maximum, (np.array([-1.0, 0.0, 1.0]), 0.0), ([0.0, 0.5, 1.0], 1.5)),
    (np.minimum, (0, np.array([-1.0, 0.0, 1.0])), (1.5, [1.0, 0.5, 0.0])),
    (np.maximum, (np.array([1 + 1j, 1 + 1j, 2j]), np.array([1 + 1j, 1, 0])), ([0.5, 1.0, 1.0], [0.5, 0.0, 0.0])),
    (np.maximum, (np.full(2, -np.inf), np.array([-np.inf, 0.0])), ([0.5, 0.0], [0.5, 1.0])),
    (operator.pow, (np.zeros(3), np.array([0.0, 1.0, 2.0])), ([0.0, 1.0, 0.0], [0.0, 0.0, 0.0])),
    (operator.pow, (np.zeros(2), 0), ([0.0, 0.0], None)),
    (operator.pow, (np.zeros(2), 1), ([1.0, 1.0], None)),
    (operator.pow, (np.array([-2.0, 0.0]), 2), ([-4.0, 0.0], None)),
]


@pytest.mark.parametrize(("primitive", "args", "expected"), _TIES)
def test_ties_and_zeros(primitive, args, expected):
    for got, want in zip(_adjoints(primitive, *args), expected, strict=True):
        if want is None:
            assert got is None
        else:
            np.testing.assert_array_equal(got, want)


def test_clip_shares_with_its_bounds():
    a, low, high = np.array([-1.0, 0.0, 0.5, 1.0, 2.0]), np.zeros(5), np.ones(5)
    y = np.clip(a, low, high)
    a_bar, low_bar, high_bar, *_ = adjoint_rule(np.clip).function(y, a, low, high, y_bar=np.ones(5))
    np.testing.assert_array_equal(a_bar, [0.0, 0.5, 1.0, 0.5, 0.0])
    np.testing.assert_array_equal(low_bar, [1.0, 0.5, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(high_bar, [0.0, 0.0, 0.0, 0.5, 1.0])


def test_clip_on_one_side():
    a, low, high = _x(2, 3), np.array([-1.0, 0.1, -0.3]), np.array(0.7)
    rule = adjoint_rule(np.clip).function
    for got, primitive, bound in (
        (rule(np.clip(a, low, None), a, low, None, y_bar=np.ones((2, 3)))[:2], np.maximum, low),
        (rule(np.clip(a, None, high), a, None, high, y_bar=np.ones((2, 3)))[:3:2], np.minimum, high),
    ):
        for x_bar, expected in zip(got, _adjoints(primitive, a, bound), strict=True):
            np.testing.assert_array_equal(x_bar, expected)


@pytest.mark.parametrize("primitive", [abs, np.absolute])
def test_abs_has_derivative_zero_at_zero(primitive):
    rule = adjoint_rule(primitive).function
    assert rule(np.zeros(1), np.zeros(1), np.ones(1)) == 0
    assert rule(np.zeros(1), np.zeros(1, complex), np.ones(1)) == 0


# Types

_N, _M = size_symbol("n", known=1), size_symbol("m")
_F4, _F8, _B, _I8 = np.dtype("f4"), np.dtype("f8"), np.dtype(bool), np.dtype("i8")
_FLOAT, _INT_N, _INT_M = Scalar(float), Scalar(int, _N), Scalar(int, _M)

_TYPES = [
    (operator.add, (_INT_N, Const(2)), Scalar(int, size_add(_N, 2))),
    (operator.sub, (Scalar(int, size_add(_N, 2)), _INT_N), Scalar(int, 2)),
    (operator.add, (Const(1), Const(2)), Const(3)),
    (operator.add, (Array(_F4, (_N,)), _FLOAT), Array(_F4, (_N,))),
    (operator.add, (Array(_F4, (_N,)), Array(_F8, ())), Array(_F8, (_N,))),
    (operator.mul, (Array(_F4, (_N, 1)), Array(_F4, (_M,))), Array(_F4, (_N, _M))),
    (operator.truediv, (_INT_N, Const(2)), _FLOAT),
    (operator.truediv, (Const(1), Const(0)), _FLOAT),
    (operator.truediv, (Array(_I8, ()), Const(2)), Array(_F8, ())),
    (operator.pow, (Array(_F4, (_N,)), Const(2)), Array(_F4, (_N,))),
    (operator.pow, (Array(_I8, (_N,)), Const(0.5)), Array(_F8, (_N,))),
    (operator.add, (Tuple((_FLOAT,)), Tuple((_INT_N,))), Tuple((_FLOAT, _INT_N))),
    (operator.add, (List((_FLOAT,)), Const([])), List((_FLOAT,))),
    (operator.mul, (Const((0,)), Const(3)), Tuple((Const(0),) * 3)),
    (operator.add, (UNKNOWN, Array(_F8, ())), UNKNOWN),
    (operator.lt, (_INT_N, Scalar(int, size_add(_N, 1))), Const(True)),
    (operator.eq, (_INT_N, Const(1)), Const(False)),
    (operator.eq, (_INT_M, Const(1)), Scalar(bool)),
    (operator.eq, (Tuple((_INT_N, Const(3))), Tuple((_INT_N, Const(3)))), Const(True)),
    (operator.ne, (Tuple((_INT_N,)), Tuple((_INT_N, Const(3)))), Const(True)),
    (operator.gt, (Array(_F4, (_N,)), Const(0.0)), Array(_B, (_N,))),
    (operator.eq, (Const("a"), Const("b")), Const(False)),
    (operator.is_, (Array(_F8, ()), Const(None)), Const(False)),
    (operator.is_not, (_FLOAT, Const(None)), Const(True)),
    (operator.is_, (UNKNOWN, Const(None)), Scalar(bool)),
    (operator.not_, (Const(None),), Const(True)),
    (operator.contains, (Dict(("a",), (_FLOAT,)), Const("a")), Const(True)),
    (operator.contains, (Const((0, 1)), Const(2)), Const(False)),
    (operator.pow, (Const(10), Const(10**9)), Scalar(int)),
    (abs, (Scalar(complex),), _FLOAT),
    (abs, (Array(np.dtype("c8"), (_N,)),), Array(_F4, (_N,))),
    (np.where, (Array(_B, (_N,)), Array(_F4, (_N,)), Const(0.0)), Array(_F4, (_N,))),
    (np.clip, (Array(_F4, (_N,)), Const(0.0), Const(1.0)), Array(_F4, (_N,))),
    (is_literal, (Const(2),), Const(True)),
    (is_literal, (_INT_N,), Const(False)),
    (broadcast_axes, (Array(_F8, (_N, _M)), Array(_F8, (_M,))), Tuple((Const(0),))),
    (broadcast_axes, (Array(_F8, (_N, _M)), Array(_F8, (1, _M))), Tuple((Const(0),))),
    (broadcast_axes, (Array(_F8, (_N, _N)), Array(_F8, (_N, _N))), Tuple(())),
    (broadcast_axes, (Array(_F8, (1, _N)), Array(_F8, (1, _N))), Tuple(())),
    (broadcast_axes, (Array(_F8, (_N,)), _FLOAT), Tuple((Const(0),))),
    (broadcast_axes, (Array(_F8, (_M,)), Array(_F8, (_N,))), Tuple(())),
    (broadcast_axes, (Array(_F8, (_N,)), Array(_F8, (_M,))), UNKNOWN),
    (unbroadcast, (Array(_F8, (_N,)), Array(_F8, (_M,))), Array(_F8, (_M,))),
    (cast_like, (Array(_F8, (_N,)), Array(_F4, (_N,))), Array(_F4, (_N,))),
    (cast_to, (Array(_F8, (_N,)), Const(_F4)), Array(_F4, (_N,))),
]


@pytest.mark.parametrize(("primitive", "args", "expected"), _TYPES)
def test_type(primitive, args, expected):
    assert infer_call(primitive, args, {}) == expected


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_power_by_the_least_integer_of_its_kind(dtype):
    n = dtype(np.iinfo(dtype).min)
    x = np.array([0.999, 1.01])
    expected = float(n) * x ** (float(n) - 1.0)
    np.testing.assert_allclose(sct.grad(lambda x, n: np.sum(x**n))(x, n), expected, rtol=1e-9)
    np.testing.assert_allclose(sct.grad(lambda x, n: np.sum(np.power(x, n)))(x, np.array([n, n])), expected, rtol=1e-9)
