"""Forms: operands up to the names of sizes."""

import numpy as np
import pytest

from sct.ir.forms import Form, Renaming
from sct.ir.ssa import Value
from sct.ir.types import (
    Array,
    Const,
    Fact,
    Scalar,
    Tuple,
    note_bounds,
    size_add,
    size_mul,
    size_opaque,
    size_symbol,
    sizes_known,
)

N, M, K = (size_symbol(name, 1) for name in ("x.0", "x.1", "y.0"))
ROW, COLUMN = (size_symbol(name) for name in ("i#1", "j#2"))


def array(*shape):
    return Value(Array(np.dtype(float), shape))


def form(*operands):
    found = Form()
    return [found.operand(o) for o in operands]


@pytest.mark.parametrize(
    "one, other",
    [
        ([array(N)], [array(K)]),
        ([array(N, M), array(M)], [array(M, N), array(N)]),
        ([array(size_add(N, -2))], [array(size_add(K, -2))]),
        ([array(size_opaque("max0", size_add(N, -1)))], [array(size_opaque("max0", size_add(M, -1)))]),
        ([array(size_opaque("picked", 3))], [array(size_opaque("picked", 8))]),
        ([Tuple((Value(Scalar(int, ROW)), Const(0)))], [Tuple((Value(Scalar(int, COLUMN)), Const(0)))]),
    ],
)
def test_one_form_whatever_sizes_are_called(one, other):
    assert form(*one) == form(*other)


@pytest.mark.parametrize(
    "one, other",
    [
        ([array(N, M)], [array(N, N)]),
        ([array(N), array(N)], [array(N), array(M)]),
        ([array(size_add(N, -2))], [array(size_add(N, -1))]),
        ([array(N)], [array(1)]),
        ([array(N)], [array(size_symbol("n"))]),  # which may be 1, or 0
        ([array(N)], [array(size_opaque("picked", 3))]),
        ([Value(Scalar(int, ROW))], [Value(Scalar(int, size_symbol("i")))]),  # an argument is the same throughout
        ([Value(Array(np.dtype(float), (N,)))], [Value(Array(None, (N,)))]),
        ([Const(1)], [Const(1.0)]),
        ([Const(1)], [Value(Const(1))]),
    ],
)
def test_other_forms_where_something_may_be_concluded_from_it(one, other):
    assert form(*one) != form(*other)


def test_the_bounds_of_an_index_belong_to_its_form():
    a, b = Value(Scalar(int, ROW)), Value(Scalar(int, COLUMN))
    with sizes_known():
        note_bounds("i#1", 0, size_add(N, -1))
        note_bounds("j#2", 1, size_add(N, -1))
        assert form(a) != form(b)
        note_bounds("j#2", 0, size_add(M, -1))
        assert form(a, array(N)) == form(b, array(M))
        assert form(a, array(N)) != form(b, array(N))


def test_renaming_reaches_into_functions_of_sizes():
    to = Renaming([(("symbol", "x.0", 1), ("symbol", "y.0", 1))])
    t = Tuple((Array(np.dtype(float), (size_add(N, -2), size_opaque("max0", N))), Scalar(int, size_mul(N, M))))
    assert to.type(t) == Tuple((Array(np.dtype(float), (size_add(K, -2), size_opaque("max0", K))), Scalar(int, size_mul(K, M))))
    assert to.fact(Fact(size_add(N, M), ">=", 2)) == Fact(size_add(K, M), ">=", 2)
