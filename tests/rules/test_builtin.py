"""The rules of built-in functions against finite differences, and what their types say."""

import abc
import bisect
import numbers

import numpy as np
import pytest

from sct.infer.call import infer_call
from sct.ir.types import UNKNOWN, Array, Const, Dict, List, Scalar, Tuple, size_symbol
from sct.registry.rules import adjoint_rule
from sct.testing import check_rule

_x = np.array([0.4, 1.3, -0.7])
_A = np.array([[0.3, 1.1, 0.2], [0.7, -0.4, 0.9]])

SAMPLES = [
    (max, (0.4, 1.3), {}),
    (max, (0.4, 1.3, -0.7), {}),
    (max, (0.0, 1.3), {}),
    (max, ([0.4, 1.3, -0.7],), {}),
    (max, ((0.4, 1.3, -0.7),), {}),
    (max, (_x,), {}),
    (max, (_x.astype(np.float32),), {}),
    (max, (np.float64(0.4), np.float64(1.3)), {}),
    (max, (3, 4), {}),
    (min, (0.4, 1.3), {}),
    (min, (0.4, 1.3, -0.7), {}),
    (min, ([0.4, 1.3, -0.7],), {}),
    (min, ((0.4, 1.3, -0.7),), {}),
    (min, (_x,), {}),
    (min, (3, 4), {}),
    (sum, ([0.4, 1.3],), {}),
    (sum, ((0.4, 1.3), 2.0), {}),
    (sum, (_x,), {}),
    (sum, (_A,), {}),
    (sum, (_A, 1.5), {}),
    (sum, ([_A, _x],), {}),
    (sum, ([_A, 2.0, _x], _x), {}),
    (float, (1.3,), {}),
    (float, (np.float64(1.3),), {}),
    (float, (np.float32(1.3),), {}),
    (float, (np.array(1.3),), {}),
    (float, (3,), {}),
    (complex, (1.3, 0.4), {}),
    (complex, (1.3,), {}),
    (complex, (1.3 + 2j, 0.4), {}),
    (divmod, (5.3, 1.5), {}),
    (divmod, (-5.3, 1.5), {}),
    (divmod, (7, 2), {}),
    (tuple, ([0.4, 1.3],), {}),
    (tuple, ((_x, 1.3),), {}),
    (tuple, (_A,), {}),
    (list, ((0.4, _x),), {}),
    (list, ([0.4, 1.3],), {}),
    (list, (_x,), {}),
    (int, (2.7,), {}),
    (bool, (2.7,), {}),
    (round, (2.7,), {}),
    (round, (2.7123, 1), {}),
    (len, (_A,), {}),
    (len, ([1.0, 2.0],), {}),
    (range, (3,), {}),
    (isinstance, (_x, np.ndarray), {}),
    (isinstance, (1.3, float), {}),
    (isinstance, (np.float64(1.3), float), {}),
    (isinstance, (_x, (int, float)), {}),
    (type, (1.3,), {}),
    (callable, (np.sin,), {}),
    (str, (3,), {}),
    (repr, ("a",), {}),
    (any, ([True, False],), {}),
    (any, (_x,), {}),
    (all, ((0.4, 0.0),), {}),
]


def _name(sample):
    primitive, args, _ = sample
    return f"{primitive.__name__}-{'-'.join(type(a).__name__ for a in args)}"


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_rule(sample):
    primitive, args, kwargs = sample
    check_rule(primitive, *args, **kwargs)


_TIES = [
    (max, (2.0, 2.0), (0.5, 0.5)),
    (min, (2.0, 2.0), (0.5, 0.5)),
    (max, (2.0, 1.0, 2.0), (0.5, 0.0, 0.5)),
    (max, ([2.0, 2.0, 2.0, 2.0],), ([0.25, 0.25, 0.25, 0.25],)),
    (min, ((2.0, 3.0, 2.0),), ((0.5, 0.0, 0.5),)),
    (max, (np.float64(2.0), 2.0, np.float64(2.0), 1.0), (1 / 3, 1 / 3, 1 / 3, 0.0)),
]


@pytest.mark.parametrize(("primitive", "args", "expected"), _TIES)
def test_ties_share(primitive, args, expected):
    assert adjoint_rule(primitive).function(primitive(*args), *args, y_bar=1.0) == expected


def test_ties_in_an_array_share():
    x = np.array([1.0, 2.0, 2.0])
    (x_bar,) = adjoint_rule(max).function(max(x), x, y_bar=1.0)
    np.testing.assert_array_equal(x_bar, [0.0, 0.5, 0.5])


class _Ours(abc.ABC): ...


class _Questioned(type):
    def __instancecheck__(cls, instance):
        return hasattr(instance, "shape")


class _Asks(metaclass=_Questioned): ...


class _OfFiles(abc.ABC): ...


_OfFiles.register(np.memmap)


class _Pair(tuple): ...


_N = size_symbol("n", known=1)
_F8 = np.dtype(float)
_MATRIX, _NUMBER, _SCALAR = Array(_F8, (_N, 3)), Array(_F8, ()), Scalar(float)

_TYPES = [
    (len, (_MATRIX,), Scalar(int, _N)),
    (len, (Tuple((_MATRIX, _SCALAR)),), Const(2)),
    (len, (Dict(("a", "b"), (_SCALAR, _SCALAR)),), Const(2)),
    (len, (Const("abc"),), Const(3)),
    (isinstance, (_MATRIX, Const(np.ndarray)), Const(True)),
    (isinstance, (_MATRIX, Const((int, float))), Const(False)),
    (isinstance, (_NUMBER, Const(np.ndarray)), Scalar(bool)),
    (isinstance, (_NUMBER, Const(float)), Scalar(bool)),
    (isinstance, (_NUMBER, Const(int)), Const(False)),
    (isinstance, (_NUMBER, Const((tuple, list))), Const(False)),
    (isinstance, (Array(np.dtype("f4"), ()), Const(float)), Const(False)),
    (isinstance, (Array(None, None), Const(float)), Scalar(bool)),
    (isinstance, (_SCALAR, Const(float)), Const(True)),
    (isinstance, (_SCALAR, Const((int, str))), Const(False)),
    (isinstance, (Scalar(bool), Const(int)), Const(True)),
    (isinstance, (Tuple((_SCALAR,)), Const(tuple)), Const(True)),
    (isinstance, (Tuple((_SCALAR,)), Const(list)), Const(False)),
    (isinstance, (List((_SCALAR,)), Const((list, tuple))), Const(True)),
    (isinstance, (_MATRIX, Const((int, _Ours))), Const(False)),
    (isinstance, (_NUMBER, Const((_Ours, list))), Const(False)),
    (isinstance, (List((_SCALAR,)), Const(_Ours)), Const(False)),
    (isinstance, (_MATRIX, Const(_Asks)), Scalar(bool)),
    (isinstance, (_MATRIX, Const(_OfFiles)), Scalar(bool)),
    (isinstance, (Tuple((_SCALAR,)), Const(_Pair)), Scalar(bool)),
    (isinstance, (_NUMBER, Const(numbers.Real)), Scalar(bool)),
    (isinstance, (UNKNOWN, Const(float)), Scalar(bool)),
    (bisect.bisect, (List((_SCALAR,)), _SCALAR), Scalar(int)),
    (isinstance, (Const(None), Const(float)), Const(False)),
    (range, (Const(3),), Const(range(3))),
    (range, (Scalar(int, _N),), UNKNOWN),
    (tuple, (List((_SCALAR, _MATRIX)),), Tuple((_SCALAR, _MATRIX))),
    (list, (Const(range(2)),), List((Const(0), Const(1)))),
    (int, (Const(2.7),), Const(2)),
    (int, (Scalar(int, _N),), Scalar(int, _N)),
    (float, (_NUMBER,), _SCALAR),
    (float, (Const("nan?"),), _SCALAR),
    (max, (_SCALAR, _SCALAR), _SCALAR),
    (max, (Const(2), Const(5)), Const(5)),
    (max, (Array(_F8, (_N,)),), _NUMBER),
    (sum, (Tuple((_SCALAR, _SCALAR)),), _SCALAR),
    (sum, (_MATRIX,), Array(_F8, (3,))),
    (any, (Const((0, 1)),), Const(True)),
    (any, (Tuple((_SCALAR, Const(True))),), Const(True)),
    (all, (Tuple((_SCALAR, Const(True))),), Scalar(bool)),
    (bool, (Scalar(int, _N),), Scalar(bool)),
    (sorted, (Const((2, 1)),), List((Const(1), Const(2)))),
]


@pytest.mark.parametrize(("primitive", "args", "expected"), _TYPES)
def test_type(primitive, args, expected):
    assert infer_call(primitive, args, {}) == expected
