"""What the verifier accepts and refuses."""

import operator

import pytest

from sct.frontend import lower
from sct.ir.ops import InPlace
from sct.ir.ssa import Apply, Block, Function, If, Value
from sct.ir.types import Const
from sct.ir.verifier import MalformedError, verify


def double(x):
    return x + x


def function(*body, result, params=()):
    return Function("f", lower(double).function.signature, Block(params, body, (result,)))


def test_lowered_functions_are_well_formed():
    f = lower(double).function
    assert verify(f) is f


def test_use_before_definition():
    x, y, z = Value(name="x"), Value(name="y"), Value(name="z")
    late = Apply(operator.add, (z, x), (), y)
    with pytest.raises(MalformedError, match="out of its scope"):
        verify(function(late, Apply(operator.neg, (x,), (), z), result=y, params=(x,)))


def test_definition_twice():
    x, y = Value(name="x"), Value(name="y")
    s = Apply(operator.neg, (x,), (), y)
    with pytest.raises(MalformedError, match="defined twice"):
        verify(function(s, s, result=y, params=(x,)))


def test_value_of_a_branch_outside_of_it():
    x, y, r = Value(name="x"), Value(name="y"), Value()
    inner = Block((), (Apply(operator.neg, (x,), (), y),), (y,))
    branch = If(x, inner, Block((), (), (x,)), (r,))
    verify(function(branch, result=r, params=(x,)))
    with pytest.raises(MalformedError, match="out of its scope"):
        verify(function(branch, result=y, params=(x,)))


def test_branches_that_yield_different_numbers():
    x, r = Value(name="x"), Value()
    branch = If(x, Block((), (), ()), Block((), (), (x,)), (r,))
    with pytest.raises(MalformedError, match="branches of an if yield 0 and 1"):
        verify(function(branch, result=r, params=(x,)))


def test_memory_that_was_given_away():
    x, y, z = Value(name="x"), Value(name="y"), Value(name="z")
    store = Apply(InPlace(operator.add), (x, Const(1.0)), (), y)
    with pytest.raises(MalformedError, match="memory was given away"):
        verify(function(store, Apply(operator.add, (x, y), (), z), result=z, params=(x,)))


def test_the_error_shows_the_whole_function():
    x, y, r = Value(name="x"), Value(name="y"), Value()
    inner = Block((), (Apply(operator.neg, (x,), (), y),), (y,))
    branch = If(x, inner, Block((), (), (x,)), (r,))
    late = Apply(operator.add, (r, y), (), Value())
    with pytest.raises(MalformedError) as error:
        verify(function(branch, late, result=late.result, params=(x,)))
    assert str(error.value).splitlines() == [
        "%y.2 is used out of its scope",
        "def f(%x.0: ?):",
        f"{'    %1 = if %x.0:':<64}# ?",
        f"{'        %y.2 = operator.neg(%x.0)':<64}# ?",
        "        yield %y.2",
        "    else:",
        "        yield %x.0",
        f"{'--> %3 = operator.add(%1, %y.2)':<64}# ?",
        "    yield %3",
    ]


def test_the_error_shows_the_end_of_a_block():
    x = Value(name="x")
    with pytest.raises(MalformedError) as error:
        verify(function(result=Value(name="y"), params=(x,)))
    assert str(error.value).splitlines() == ["%y.1 is used out of its scope", "def f(%x.0: ?):", "--> yield %y.1"]
