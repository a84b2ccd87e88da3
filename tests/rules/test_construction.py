"""Rules for making and converting arrays, against finite differences; and questions answered at compile time."""

import numpy as np
import pytest

import sct
from sct.errors import NoRuleError
from sct.infer.call import infer_call
from sct.infer.signature import abstract
from sct.ir.types import UNKNOWN, Array, Const, List, Scalar, Tuple, size_mul
from sct.rules.construction import array, astype, astype_adjoint, has_derivative, item
from sct.testing import check_rule

rng = np.random.default_rng(9)


def normal(*shape, dtype=float):
    return rng.normal(size=shape).astype(dtype)


S = 1.5
V = normal(4)
M = normal(4, 3)
T = normal(2, 3, 4)
F = normal(4, 3, dtype=np.float32)
C = normal(4, 3) + 1j * normal(4, 3)

SAMPLES = [
    (np.array, (M,), {}),
    (np.array, (S,), {}),
    (np.array, ([1.0, 2.0],), {}),
    (np.array, ([[1.0, 2.0], [3.0, -4.0]],), {}),
    (np.array, ([[1.0, S], (3.0, -4.0)],), {}),
    (np.array, ([V, 2.0 * V],), {}),
    (np.array, ([[V, V], [V, 2.0 * V]],), {}),
    (np.array, ((normal(1)[0], 1.0, 2),), {}),
    (np.array, ([],), {}),
    (np.array, (M,), {"dtype": np.float32}),
    (np.array, (V, complex), {}),
    (np.array, ([1.0, 2.0],), {"ndmin": 3}),
    (np.array, (V,), {"ndmin": 2}),
    (np.array, (S,), {"ndmin": 1}),
    (np.array, (F,), {"copy": True, "order": "F"}),
    (np.asarray, (M,), {}),
    (np.asarray, ([1.0, 2.0],), {}),
    (np.asarray, (V, np.float32), {}),
    (np.asarray, (S,), {}),
    (np.asanyarray, (M,), {"dtype": float}),
    (np.ascontiguousarray, (M.T,), {}),
    (np.ascontiguousarray, (S,), {}),
    (np.ascontiguousarray, ([1.0, 2.0],), {}),
    (np.asfortranarray, (M,), {}),
    (np.asfortranarray, (S,), {}),
    (np.copy, (M,), {}),
    (np.copy, (T[::2, ::-1], "F"), {}),
    (np.copy, (C,), {}),
    (np.copy, (S,), {}),
    (astype, (M, float), {}),
    (astype, (M, np.float32), {}),
    (astype, (F, "float64"), {}),
    (astype, (V, complex), {}),
    (astype, (normal(0, 2), np.float64), {"copy": False}),
    (np.astype, (M, np.float32), {}),
    (np.astype, (V, np.complex128), {"copy": False}),
    (item, (normal(1, 1),), {}),
    (item, (normal(1)[0],), {}),
    (np.float16, (2,), {}),
    (np.float32, (S,), {}),
    (np.float64, (S,), {}),
    (np.float64, (M,), {}),
    (np.float64, ([1.0, 2.0],), {}),
    (np.longdouble, (S,), {}),
    (np.complex64, (S,), {}),
    (np.complex128, (V,), {}),
    (np.clongdouble, (S,), {}),
    (np.ndarray, ((0, 3),), {}),
    (np.full, ((2, 3), S), {}),
    (np.full, (4, S), {}),
    (np.full, ((3, 4), V), {}),
    (np.full, ((3, 4), normal(3, 1), np.float32), {}),
    (np.full, ((0, 4), S), {}),
    (np.full, ((), S), {}),
    (np.full_like, (M, S), {}),
    (np.full_like, (M, normal(3)), {}),
    (np.full_like, (F, S), {"shape": (5,)}),
    (np.full_like, (np.arange(3), S), {"dtype": float}),
    (np.arange, (3.7,), {}),
    (np.arange, (0.5, 3.2), {}),
    (np.arange, (0.5, 3.2, 0.4), {}),
    (np.arange, (3.2, 0.5, -0.4), {}),
    (np.arange, (3,), {"dtype": float}),
    (np.fft.fftfreq, (5, 0.3), {}),
    (np.fft.rfftfreq, (6, 0.3), {}),
    (np.linspace, (0.5, 2.5), {}),
    (np.linspace, (0.5, 2.5, 7), {}),
    (np.linspace, (0.5, 2.5, 7, False), {}),
    (np.linspace, (V, 2.0, 5), {}),
    (np.linspace, (V, normal(3, 4), 5), {"axis": 1}),
    (np.linspace, (V, normal(3, 1), 5), {"axis": -1}),
    (np.linspace, (0.5, 2.5, 5), {"retstep": True}),
    (np.linspace, (V, 2.5, 5), {"retstep": True, "endpoint": False}),
    (np.linspace, (0.5, 2.5, 1), {}),
    (np.linspace, (np.float32(0.5), np.float32(2.5), 6), {}),
    (np.logspace, (-0.5, 0.5, 6), {}),
    (np.logspace, (V, 0.5, 6), {"base": 2.0, "endpoint": False}),
    (np.geomspace, (0.5, 8.0, 6), {}),
    (np.geomspace, (np.exp(V), 8.0, 6), {"endpoint": False, "axis": -1}),
    (np.vander, (V,), {}),
    (np.vander, (V, 3), {}),
    (np.vander, (V,), {"increasing": True, "N": 6}),
    (np.vander, (np.array([0.0, 1.0]),), {}),
    (np.zeros, ((2, 3),), {}),
    (np.zeros, (3, np.float32), {}),
    (np.ones, ([2, 1],), {"dtype": int}),
    (np.eye, (3,), {}),
    (np.eye, (3, 4, 1), {}),
    (np.identity, (3,), {}),
    (np.tri, (3, 4), {}),
    (np.zeros_like, (M,), {}),
    (np.zeros_like, (F,), {"dtype": float}),
    (np.ones_like, (T,), {"shape": (2, 2)}),
    (np.ones_like, (S,), {}),
    (np.shape, (M,), {}),
    (np.shape, (S,), {}),
    (np.shape, ([V, V],), {}),
    (np.ndim, (T,), {}),
    (np.size, (T,), {}),
    (np.size, (T, -1), {}),
    (np.iscomplexobj, (C,), {}),
    (np.isrealobj, (C,), {}),
    (np.isscalar, (S,), {}),
    (np.isscalar, (M,), {}),
    (np.result_type, (F, V), {}),
    (np.result_type, (F, 1.0), {}),
    (np.result_type, (F, np.float64), {}),
    (np.promote_types, (np.float32, int), {}),
    (np.can_cast, (np.float32, int), {}),
    (np.issubdtype, (np.float32, np.floating), {}),
    (np.broadcast_shapes, ((3, 1), (4,)), {}),
    (np.dtype, (float,), {}),
    (np.int64, (3,), {}),
    (np.bool_, (1,), {}),
    (has_derivative, (M,), {}),
]


@pytest.mark.parametrize(("primitive", "args", "kwargs"), SAMPLES)
def test_rule(primitive, args, kwargs):
    check_rule(primitive, *args, **kwargs)


def test_nested_lists_get_nested_adjoints():
    object_bar = array(np.zeros((2, 2, 4)), [[V, V], (V, V)], np.arange(16.0).reshape(2, 2, 4))
    assert [len(row) for row in object_bar] == [2, 2]
    np.testing.assert_array_equal(object_bar[1][0], [8, 9, 10, 11])


def test_integers_have_no_derivative():
    np.testing.assert_array_equal(astype_adjoint(M.astype(int), M, M, int), np.zeros_like(M))
    np.testing.assert_array_equal(array(np.array(M, int), M, M, int), np.zeros_like(M))
    assert infer_call(has_derivative, [Array(np.dtype(int), (3,))], {}) == Const(False)


X = abstract(M, "x")
A, B = X.shape


@pytest.mark.parametrize(
    ("primitive", "args", "answer"),
    [
        (np.ndim, [X], Const(2)),
        (np.shape, [X], Tuple((Scalar(int, A), Scalar(int, B)))),
        (np.shape, [abstract(np.zeros((1, 1)))], Tuple((Const(1), Const(1)))),
        (np.shape, [Scalar(float)], Tuple(())),
        (np.shape, [List((X, X))], Tuple((Const(2), Scalar(int, A), Scalar(int, B)))),
        (np.shape, [UNKNOWN], UNKNOWN),
        (np.ndim, [UNKNOWN], Scalar(int)),
        (np.size, [X], Scalar(int, size_mul(A, B))),
        (np.size, [X, Const(0)], Scalar(int, A)),
        (np.iscomplexobj, [X], Const(False)),
        (np.iscomplexobj, [Array(None, (3,))], Scalar(bool)),
        (np.isscalar, [Scalar(float)], Const(True)),
        (np.isscalar, [Array(np.dtype(float), ())], Scalar(bool)),
        (np.result_type, [X, Const(np.float32)], Const(np.dtype(float))),
        (np.zeros, [Tuple((Scalar(int, A), Const(2)))], Array(np.dtype(float), (A, 2))),
        (np.array, [List((Scalar(float), Array(np.dtype(np.float32), ())))], Array(np.dtype(float), (2,))),
        (np.array, [List((Array(np.dtype(np.float32), ()),))], Array(np.dtype(np.float32), (1,))),
        (np.linspace, [Const(0), Const(1), Scalar(int, A)], Array(np.dtype(float), (A,))),
        (np.zeros_like, [UNKNOWN], Array(None, None)),
    ],
)
def test_what_is_known_at_compile_time(primitive, args, answer):
    assert infer_call(primitive, args, {}) == answer


def made_by_ndarray(x):
    a = np.ndarray((4,))
    a[:] = x * x
    b = np.ndarray(shape=x.shape, dtype=float)
    b[...] = a * x
    return np.sum(b)


def test_array_made_by_its_type():
    sct.check_grads(made_by_ndarray, (np.array([0.45, 0.61, 0.72, 0.87]),))


def of_a_buffer(x):
    return np.sum(np.ndarray(x.shape, x.dtype, x) ** 2)


def of_a_constant_buffer(x):
    return np.sum(np.ndarray((4,), buffer=np.arange(4.0)) * x * x)


def test_array_in_the_memory_of_another():
    """Its entries are those of the buffer, so that it is no constant, as one of new memory is."""
    x = np.array([0.45, 0.61, 0.72, 0.87])
    for derivative in (sct.grad(of_a_buffer), lambda x: sct.jvp(of_a_buffer)(x, x)):
        with pytest.raises(NoRuleError, match=r"np\.ndarray does not cover this call"):
            derivative(x)
    sct.check_grads(of_a_constant_buffer, (x,))
