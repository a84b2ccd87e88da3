"""The rules of reductions against finite differences, and their conventions at ties, zeros and masks."""

import numpy as np
import pytest

import sct
from sct.infer.call import infer_call
from sct.ir.types import Array, Const, Scalar, size_symbol
from sct.registry.rules import adjoint_rule
from sct.rules.reductions import edge_shape, is_zero, lengths_along, order_of_axes, other_axes
from sct.testing import check_rule

_rng = np.random.default_rng(3)


def _x(*shape, dtype=float):
    """Numbers of either sign, no two alike in size."""
    x = np.linspace(0.4, 2.0, int(np.prod(shape))) if shape else np.array(0.7)
    x = _rng.permutation(x.ravel()).reshape(shape) * _rng.choice([-1.0, 1.0], shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * _rng.uniform(0.2, 1.0, shape)
    return np.asarray(x, dtype=dtype)


def _with_nan(*shape):
    x = _x(*shape)
    x[..., 0] = np.nan
    return x


def _zeros_at(x, *places):
    x = x.copy()
    for place in places:
        x[place] = 0.0
    return x


_CALLS = [
    ((), {}),
    ((3,), {}),
    ((1,), {}),
    ((3,), {"axis": 0}),
    ((3,), {"axis": -1, "keepdims": True}),
    ((2, 3), {}),
    ((2, 3), {"axis": 0}),
    ((2, 3), {"axis": -1}),
    ((2, 3), {"axis": 1, "keepdims": True}),
    ((2, 3), {"axis": (0, 1)}),
    ((2, 3), {"keepdims": True}),
    ((1, 3), {"axis": 0}),
    ((2, 3, 2), {"axis": (0, 2)}),
    ((2, 3, 2), {"axis": (2, 0), "keepdims": True}),
    ((2, 3, 2), {"axis": (-1, 0)}),
    ((2, 1, 2, 2), {"axis": 2}),
    ((0, 3), {"axis": 1}),
]
_LINEAR = (np.sum, np.mean, np.prod, np.nansum, np.nanmean, np.nanprod)
_MOMENTS = (np.var, np.std, np.nanvar, np.nanstd)
_EXTREMA = (np.max, np.amax, np.min, np.amin, np.nanmax, np.nanmin)

# The root of zero has no derivative, and NumPy takes no average of nothing.
_NOT_SMOOTH = [*((f, s) for f in (np.std, np.nanstd) for s in [(), (1,), (1, 3)]), (np.average, (0, 3))]

SAMPLES = []
for _f in (*_LINEAR, *_MOMENTS, *_EXTREMA, np.ptp, np.median, np.average):
    SAMPLES += [(_f, (_x(*shape),), kw) for shape, kw in _CALLS if (_f, shape) not in _NOT_SMOOTH]
    SAMPLES += [
        (_f, (_x(2, 3, dtype=np.float32),), {"axis": 1}),
        (_f, (_x(2, 6)[:, ::2],), {"axis": 0}),
        (_f, (_x(3, 2).T,), {}),
    ]
_MASK = np.array([[True, False, True], [True, True, False]])
for _f in (*_LINEAR, *_MOMENTS):
    SAMPLES += [
        (_f, (_x(2, 3, dtype=complex),), {"axis": 0}),
        (_f, (_x(2, 3),), {"axis": 1, "where": _MASK}),
        (_f, (_x(2, 3),), {"where": _MASK, "keepdims": True}),
        (_f, (_x(2, 3), 0, np.float64), {}),
        (_f, (_x(2, 3),), {"where": _MASK[0]}),  # A11: of lower rank than the array
        (_f, (_x(2, 3),), {"axis": 0, "where": np.array([[True], [True]])}),
    ]
# A11: NumPy takes an axis 0 of a number
for _f in (np.sum, np.prod, np.nansum, np.nanprod, *_EXTREMA, np.ptp):
    SAMPLES += [(_f, (_x(),), {"axis": 0}), (_f, (0.7,), {"axis": -1, "keepdims": True})]
for _f in _EXTREMA:
    SAMPLES += [
        (_f, (_x(2, 3),), {"axis": 1, "initial": 1.0}),
        (_f, (_x(2, 3),), {"initial": 1.0}),
        (_f, (_x(2, 3),), {"axis": 1, "where": _MASK, "initial": 0.45}),
    ]
for _f in (*_EXTREMA, np.ptp, np.median):
    SAMPLES += [(_f, (_x(2, 3, dtype=complex),), {"axis": 1}), (_f, (_x(2, 3, dtype=complex),), {})]
for _f in (np.nansum, np.nanmean, np.nanprod, np.nanmax, np.nanmin, np.nanvar, np.nanstd):
    SAMPLES += [(_f, (_with_nan(2, 3),), {"axis": 1}), (_f, (_with_nan(2, 3),), {})]
for _f in _MOMENTS:
    SAMPLES += [
        (_f, (_x(4, 3),), {"axis": 0, "ddof": 1}),
        (_f, (_x(4, 3),), {"ddof": 2, "keepdims": True}),
        (_f, (_x(4, 3),), {"axis": 1, "mean": _x(4, 1)}),
        (_f, (_x(4, 3),), {"axis": 0, "correction": 1}),
        (_f, (_x(4, 3),), {"axis": 0, "ddof": 1, "where": _rng.uniform(size=(4, 3)) > -1}),
    ]
SAMPLES += [
    (np.sum, (_x(2, 3),), {"initial": 2.0}),
    (np.sum, ([1.5, 2.5],), {"wrt": ()}),
    (np.prod, (_zeros_at(_x(4), 1),), {}),
    (np.prod, (_zeros_at(_x(4), 1, 2),), {}),
    (np.prod, (_zeros_at(_x(3, 5), (0, 1), (1, 2), (1, 4)),), {"axis": 1}),
    (np.prod, (_zeros_at(_x(3, 5), (0, 1)),), {"axis": 0, "keepdims": True}),
    (np.prod, (_zeros_at(_x(2, 3, 2), (0, 1, 0)),), {"axis": (2, 0)}),
    (np.prod, (_zeros_at(_x(2, 3), (0, 1)),), {"initial": 2.0}),
    (np.prod, (np.zeros(1),), {}),
    (np.median, (_x(5, 2),), {"axis": 0}),
    (np.average, (_x(2, 3),), {"weights": np.abs(_x(2, 3))}),
    (np.average, (_x(2, 3),), {"axis": 1, "weights": np.abs(_x(3))}),
    (np.average, (_x(2, 3),), {"axis": 0, "weights": np.abs(_x(2)), "keepdims": True}),
    (np.average, (_x(2, 3),), {"axis": 0, "weights": np.abs(_x(2, 3)), "returned": True}),
    (np.average, (_x(2, 3, 4),), {"axis": (2, 0), "weights": np.abs(_x(4, 2))}),
    (np.average, (_x(2, 3),), {"axis": 0, "returned": True}),
]
for _f in (np.cumsum, np.cumprod, np.nancumsum, np.nancumprod):
    SAMPLES += [
        (_f, (_x(),), {}),
        (_f, (_x(4),), {}),
        (_f, (_x(1),), {}),
        (_f, (_x(2, 3),), {}),
        (_f, (_x(2, 3),), {"axis": 0}),
        (_f, (_x(2, 3),), {"axis": -1}),
        (_f, (_x(2, 3, 2),), {"axis": 1}),
        (_f, (_x(0, 3),), {"axis": 0}),
        (_f, (_x(0),), {}),
        (_f, (_x(2, 3, dtype=np.float32),), {"axis": 1}),
        (_f, (_x(3, dtype=complex),), {}),
        (_f, (_x(2, 6)[:, ::2],), {"axis": 1}),
        (_f, (_x(3), None, np.float64), {}),
    ]
SAMPLES += [
    (np.cumprod, (_zeros_at(_x(5), 2),), {}),
    (np.cumprod, (_zeros_at(_x(6), 1, 3),), {}),
    (np.cumprod, (_zeros_at(_x(3, 4), (0, 0), (1, 1), (1, 3)),), {"axis": 1}),
    (np.cumprod, (_zeros_at(_x(3, 4), (0, 0), (1, 1)),), {"axis": 0}),
    (np.cumprod, (_zeros_at(_x(2, 3), (0, 2)),), {}),
    (np.nancumsum, (_with_nan(2, 3),), {"axis": 1}),
    (np.nancumprod, (_with_nan(2, 3),), {"axis": 1}),
    (np.nancumprod, (_with_nan(2, 3),), {}),
    (np.diff, (_x(5),), {}),
    (np.diff, (_x(5), 2), {}),
    (np.diff, (_x(5), 0), {}),
    (np.diff, (_x(2, 4),), {"axis": 0}),
    (np.diff, (_x(2, 4),), {"n": 3}),
    (np.diff, (_x(2, 4), 1, -2), {}),
    *[(np.diff, (_x(n), 2), {}) for n in (0, 1, 2)],  # A11
    (np.diff, (_x(0),), {}),
    (np.diff, (_x(2, 1), 3), {"prepend": 0.5}),
    (np.diff, (_x(1, 3), 4), {"axis": 0, "append": _x(2, 3)}),
    (np.diff, (_x(1, 4),), {"axis": 0}),
    (np.diff, (_x(2, 4),), {"prepend": 0.5}),
    (np.diff, (_x(2, 4),), {"prepend": _x(2, 1), "append": _x(2, 2)}),
    (np.diff, (_x(2, 4),), {"axis": 0, "append": _x(1, 4)}),
    (np.diff, (_x(2, 4, dtype=np.float32),), {}),
    (np.diff, (_x(4, dtype=complex),), {}),
]

# No derivative
for _f in (np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.any, np.all, np.count_nonzero):
    SAMPLES += [(_f, (_x(2, 3),), {}), (_f, (_x(2, 3),), {"axis": 0}), (_f, (_x(2, 3),), {"axis": -1, "keepdims": True})]
SAMPLES += [
    (np.argsort, (_x(2, 3),), {}),
    (np.argsort, (_x(2, 3),), {"axis": 0}),
    (np.argsort, (_x(2, 3), None), {}),
    (order_of_axes, ((2, 0), 3), {}),
    (other_axes, ((2, 0), 3), {}),
    (lengths_along, ((2, 3, 4), (0, 2)), {}),
    (edge_shape, ((2, 3), -1, 5), {}),
    (is_zero, (_x(3),), {}),
]


def _name(sample):
    primitive, args, kwargs = sample
    shape = str(np.shape(args[0])).replace(" ", "")
    words = ",".join(f"{k}={v}" for k, v in kwargs.items() if not isinstance(v, np.ndarray)).replace(" ", "")
    return f"{primitive.__name__}-{shape}-{words}"


@pytest.mark.grid(of=8)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_rule(sample):
    primitive, args, kwargs = sample
    check_rule(primitive, *args, **kwargs)


def _a_bar(primitive, a, **kwargs):
    y = primitive(a, **kwargs)
    return adjoint_rule(primitive).function(y, a, y_bar=np.ones_like(y), **kwargs)


_A = np.array([[1.0, 2.0, 2.0], [2.0, 0.0, 0.0]])
_TIES = [
    (np.max, {}, [[0, 1 / 3, 1 / 3], [1 / 3, 0, 0]]),
    (np.max, {"axis": 1}, [[0, 0.5, 0.5], [1, 0, 0]]),
    (np.min, {"axis": 1, "keepdims": True}, [[1, 0, 0], [0, 0.5, 0.5]]),
    (np.min, {"axis": (0, 1)}, [[0, 0, 0], [0, 0.5, 0.5]]),
    (np.max, {"axis": 1, "initial": 2.0}, [[0, 1 / 3, 1 / 3], [0.5, 0, 0]]),
    (np.max, {"initial": 5.0}, np.zeros((2, 3))),
    (np.ptp, {"axis": 1}, [[-1, 0.5, 0.5], [1, -0.5, -0.5]]),
    (np.nanmax, {"axis": 0}, [[0, 1, 1], [1, 0, 0]]),
]


@pytest.mark.parametrize(("primitive", "kwargs", "expected"), _TIES)
def test_ties_share(primitive, kwargs, expected):
    np.testing.assert_allclose(_a_bar(primitive, _A, **kwargs), expected)


def test_ties_of_complex_numbers_are_of_both_parts():
    a = np.array([1 + 2j, 1 + 1j, 1 + 2j])
    np.testing.assert_allclose(_a_bar(np.max, a), [0.5, 0, 0.5])
    np.testing.assert_allclose(_a_bar(np.ptp, a), [0.5, -1, 0.5])


def test_std_of_equal_numbers_is_flat():
    np.testing.assert_array_equal(_a_bar(np.std, np.ones(3))[0], np.zeros(3))
    np.testing.assert_array_equal(_a_bar(np.std, np.ones((2, 3)), axis=1)[0], np.zeros((2, 3)))


def test_prod_beyond_single_zeros():
    np.testing.assert_array_equal(_a_bar(np.prod, np.array([2.0, 0.0, 3.0])), [0.0, 6.0, 0.0])
    np.testing.assert_array_equal(_a_bar(np.prod, np.array([2.0, 0.0, 0.0])), [0.0, 0.0, 0.0])


_N, _M = size_symbol("n", known=1), size_symbol("m")
_F4, _F8 = np.dtype("f4"), np.dtype("f8")
_MATRIX = Array(_F4, (_N, _M))

_TYPES = [
    (np.sum, (_MATRIX,), {}, Array(_F4, ())),
    (np.sum, (_MATRIX,), {"axis": Const(0)}, Array(_F4, (_M,))),
    (np.sum, (_MATRIX,), {"axis": Const(-1), "keepdims": Const(True)}, Array(_F4, (_N, 1))),
    (np.sum, (_MATRIX,), {"axis": Scalar(int)}, Array(_F4, None)),
    (np.sum, (Array(np.dtype(bool), (_N,)),), {}, Array(np.sum(np.zeros(1, bool)).dtype, ())),
    (np.sum, (_MATRIX,), {"dtype": Const(np.float64)}, Array(_F8, ())),
    (np.mean, (Array(np.dtype(int), (_N,)),), {}, Array(_F8, ())),
    (np.max, (_MATRIX,), {"axis": Const((0, 1))}, Array(_F4, ())),
    (np.var, (Array(np.dtype("c8"), (_N,)),), {}, Array(_F4, ())),
    (np.cumsum, (_MATRIX,), {"axis": Const(1)}, _MATRIX),
    (np.argmax, (_MATRIX,), {"axis": Const(1)}, Array(np.dtype(np.intp), (_N,))),
]


@pytest.mark.parametrize(("primitive", "args", "kwargs", "expected"), _TYPES)
def test_type(primitive, args, kwargs, expected):
    assert infer_call(primitive, args, kwargs) == expected


EMPTY = {
    "mean": np.mean,
    "var": np.var,
    "std": np.std,
    "average": np.average,
    "nanmean": np.nanmean,
    "nanvar": np.nanvar,
    "nanstd": np.nanstd,
    "sum": np.sum,
    "prod": np.prod,
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Mean of empty slice", "ignore:Degrees of freedom")
@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("name", EMPTY)
def test_gradients_of_empty_arrays_are_empty(name, optimize):
    g = EMPTY[name]
    calls = [
        (lambda x: g(x), (0,)),
        (lambda x: 2.0 * g(x[x > 5.0]) + 3.0, (0,)),
        (lambda x: np.sum(g(x, axis=0)), (0, 3)),
        (lambda x: np.sum(g(x, axis=1)), (3, 0)),
        (lambda x: np.sum(g(x, axis=(0, 2))), (2, 3, 0)),
    ]
    for f, shape in calls:
        value, x_bar = sct.value_and_grad(f, optimize=optimize)(np.zeros(shape))
        np.testing.assert_equal(value, f(np.zeros(shape)))
        assert x_bar.shape == shape and x_bar.dtype == float


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Mean of empty slice")
def test_the_mean_of_nothing_gives_nothing_a_derivative():
    value, x_bar = sct.value_and_grad(lambda x: np.mean(x[x > 5.0]))(np.ones(2))
    assert np.isnan(value)
    np.testing.assert_array_equal(x_bar, np.zeros(2))


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Degrees of freedom")
@pytest.mark.parametrize("ddof", [2, 3])
def test_no_degrees_of_freedom(ddof):
    """NumPy divides by 0 where ddof is as large as the number of entries, or larger."""
    x = np.array([1.0, 2.0])
    value, x_bar = sct.value_and_grad(lambda x: np.var(x, ddof=ddof))(x)
    assert value == np.inf
    np.testing.assert_array_equal(x_bar, [-np.inf, np.inf])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("extremum", [np.max, np.min, np.ptp])
def test_extrema_of_nan(extremum):
    value, x_bar = sct.value_and_grad(lambda x: extremum(x))(np.array([1.0, np.nan]))
    assert np.isnan(value) and np.all(np.isnan(x_bar))


def product_of_what_may_be_a_flag(x, a):
    p, q = x, a
    for _ in range(2):
        p, q = q, p
    return np.prod(2 * q) + np.sum(x * np.prod(2 * q))


def test_product_of_what_may_be_a_flag():
    np.testing.assert_array_equal(sct.grad(product_of_what_may_be_a_flag, optimize=False)(np.array([-1.5]), True), [2.0])
