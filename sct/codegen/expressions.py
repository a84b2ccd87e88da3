"""Operations as Python expressions (gast nodes).

Takes an operation and the expressions of its arguments; gives an expression. Knows Python's operators, attributes, methods
and subscripts; every other callable is written as a call by its name.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import gast
import numpy as np

from sct.codegen.symbols import Symbols, load
from sct.frontend.resolve import place_of_default
from sct.ir.ops import CALL, POP, TAPE, Attribute, Call, Derived, Field, Format, Free, Method, Unused
from sct.ir.ssa import Operand, type_of
from sct.ir.types import Array, Const, ListOf, Scalar
from sct.runtime import (
    added_each,
    appended,
    item,
    items_of,
    joined,
    kept,
    power,
    quotient,
    repeated,
    replayed,
    shortened,
    stacked,
    stop_gradient,
    zeros_each,
)

__all__ = ["BINARY", "Expression", "call", "constant", "display", "dtype_argument", "operation", "store"]

Expression = Any

BINARY: dict[Any, type] = {
    operator.add: gast.Add,
    operator.sub: gast.Sub,
    operator.mul: gast.Mult,
    operator.truediv: gast.Div,
    operator.floordiv: gast.FloorDiv,
    operator.mod: gast.Mod,
    operator.pow: gast.Pow,
    operator.matmul: gast.MatMult,
    operator.lshift: gast.LShift,
    operator.rshift: gast.RShift,
    operator.and_: gast.BitAnd,
    operator.or_: gast.BitOr,
    operator.xor: gast.BitXor,
}
_UNARY: dict[Any, type] = {
    operator.neg: gast.USub,
    operator.pos: gast.UAdd,
    operator.invert: gast.Invert,
    operator.not_: gast.Not,
}
_COMPARE: dict[Any, type] = {
    operator.lt: gast.Lt,
    operator.le: gast.LtE,
    operator.gt: gast.Gt,
    operator.ge: gast.GtE,
    operator.eq: gast.Eq,
    operator.ne: gast.NotEq,
    operator.is_: gast.Is,
    operator.is_not: gast.IsNot,
}


def store(name: str) -> Expression:
    """A name, assigned to."""
    return gast.Name(name, gast.Store(), None, None)


def call(function: Expression, args: Sequence[Expression], kwargs: Sequence[tuple[str, Expression]] = ()) -> Expression:
    """A call."""
    return gast.Call(function, list(args), [gast.keyword(k, v) for k, v in kwargs])


def display(kind: type, items: Sequence[Expression]) -> Expression:
    """A tuple or list display."""
    return kind(list(items), gast.Load())


def constant(value: Any, symbols: Symbols) -> Expression:
    """A Python constant, or the name of what it is."""
    if isinstance(value, bool) or value is None or value is Ellipsis or isinstance(value, (str, bytes)):
        return gast.Constant(value, None)
    if type(value) in (int, float):
        return _number(value, symbols)
    if isinstance(value, complex) and type(value) is complex:
        imaginary = gast.Constant(complex(0, value.imag), None)
        return imaginary if value.real == 0 else gast.BinOp(_number(value.real, symbols), gast.Add(), imaginary)
    if isinstance(value, (tuple, list)):
        return display(gast.Tuple if isinstance(value, tuple) else gast.List, [constant(v, symbols) for v in value])
    if isinstance(value, slice):
        return call(symbols.refer("slice"), [constant(v, symbols) for v in (value.start, value.stop, value.step)])
    if isinstance(value, np.dtype):
        named = dtype_argument(value, symbols)
        return (
            symbols.refer(symbols.bind(value)) if named is None else call(symbols.refer(f"{symbols.name(np)}.dtype"), [named])
        )
    if isinstance(value, np.bool_):
        return symbols.refer(f"{symbols.name(np)}.{bool(value)}_")
    if isinstance(value, np.number) and not isinstance(value.item(), np.number):
        return call(symbols.refer(symbols.name(type(value))), [constant(value.item(), symbols)])
    return symbols.refer(symbols.name(value))


def dtype_argument(dtype: np.dtype[Any], symbols: Symbols) -> Expression | None:
    """A dtype as it is given to a function of NumPy's: its scalar class; None if that is not all of it."""
    return symbols.refer(symbols.name(dtype.type)) if dtype == np.dtype(dtype.type) else None


def _number(value: float, symbols: Symbols) -> Expression:
    if math.isnan(value):
        return symbols.refer(f"{symbols.name(np)}.nan")
    if value in (math.inf, -math.inf):
        node = symbols.refer(f"{symbols.name(np)}.inf")
        return node if value > 0 else gast.UnaryOp(gast.USub(), node)
    if value in (math.pi, -math.pi):
        node = symbols.refer(f"{symbols.name(np)}.pi")
        return node if value > 0 else gast.UnaryOp(gast.USub(), node)
    if math.copysign(1.0, value) < 0:
        return gast.UnaryOp(gast.USub(), gast.Constant(-value, None))
    return gast.Constant(value, None)


def _without_error(op: Any, a: Expression, b: Expression, second: Operand, symbols: Symbols) -> Expression:
    """`a / b`, or `a ** b`, of Python numbers, where these raise for 0."""
    infinite = load(f"{symbols.name(np)}.inf")
    if op is quotient:
        return gast.IfExp(b, gast.BinOp(a, gast.Div(), b), gast.BinOp(a, gast.Mult(), infinite))
    test = a
    if not isinstance(second, Const):  # with a positive exponent it is 0
        test = gast.BoolOp(gast.Or(), [a, gast.Compare(b, [gast.GtE()], [gast.Constant(0, None)])])
    return gast.IfExp(test, gast.BinOp(a, gast.Pow(), b), infinite)


def operation(
    op: Any, args: list[Expression], kwargs: list[tuple[str, Expression]], operands: Sequence[Operand], symbols: Symbols
) -> Expression:
    """`op(*args, **kwargs)` as Python writes it."""
    if len(args) == 2 and not kwargs:
        if op in BINARY:
            return gast.BinOp(args[0], BINARY[op](), args[1])
        if op in _COMPARE:
            return gast.Compare(args[0], [_COMPARE[op]()], [args[1]])
        if op is operator.contains:
            return gast.Compare(args[1], [gast.In()], [args[0]])
        if op is operator.getitem:
            whole = operands[1] == Const(Ellipsis) and _is_array(operands[0])
            return args[0] if whole else gast.Subscript(args[0], args[1], gast.Load())
        if op in (quotient, power):
            return _without_error(op, args[0], args[1], operands[1], symbols)
    if len(args) == 1 and not kwargs and op in _UNARY:
        return gast.UnaryOp(_UNARY[op](), args[0])
    if op is stop_gradient:
        return args[0]
    if isinstance(op, (Attribute, Field)):
        return gast.Attribute(args[0], op.name, gast.Load())
    if isinstance(op, Method):
        return call(gast.Attribute(args[0], op.name, gast.Load()), args[1:], kwargs)
    if op in (np.array, kept) and len(args) == 1 and not kwargs and _is_array(operands[0]):
        return call(gast.Attribute(args[0], "copy", gast.Load()), [])
    if op is np.shape and _is_array(operands[0]):
        return gast.Attribute(args[0], "shape", gast.Load())
    if isinstance(op, Unused):
        return call(args[0], args[1:], kwargs) if op.op is CALL else operation(op.op, args, kwargs, operands, symbols)
    if isinstance(op, Format):
        return _format(op, args)
    if isinstance(op, Free):
        return _free(op, symbols)
    if op in _ON_LISTS and not kwargs:
        return _ON_LISTS[op](args, operands, symbols)
    if op is POP:
        return call(gast.Attribute(args[0], "pop", gast.Load()), [])
    if op is TAPE:
        return call(gast.Attribute(args[0], "copy", gast.Load()), []) if args else display(gast.List, [])
    if isinstance(op, Call) and op.draws:
        args = args[1:]
    if isinstance(op, Derived) and op.draws:
        written = [args[0], symbols.refer(symbols.name(op)), *args[1:]]
        return call(symbols.refer(symbols.name(replayed)), written, kwargs)
    return call(symbols.refer(symbols.name(op)), args, kwargs)


def _each(args: list[Expression], operands: Sequence[Operand], symbols: Symbols) -> Expression:
    """A zero for each item of a list."""
    t = type_of(operands[0])
    assert isinstance(t, ListOf)
    if isinstance(t.item, Scalar) or (isinstance(t.item, Array) and t.item.shape == ()):
        return gast.BinOp(display(gast.List, [gast.Constant(0.0, None)]), gast.Mult(), call(symbols.refer("len"), args))
    zero = call(symbols.refer(f"{symbols.name(np)}.zeros_like"), [load("v")])
    return gast.ListComp(zero, [gast.comprehension(store("v"), args[0], [], 0)])


def _sums(args: list[Expression], operands: Sequence[Operand], symbols: Symbols) -> Expression:
    pair = gast.Tuple([store("v"), store("w")], gast.Store())
    both = call(symbols.refer("zip"), args)
    return gast.ListComp(gast.BinOp(load("v"), gast.Add(), load("w")), [gast.comprehension(pair, both, [], 0)])


def _along(name: str) -> Callable[..., Expression]:
    """A NumPy function of a list and an axis, which is 0 unless it is said."""

    def write(args: list[Expression], operands: Sequence[Operand], symbols: Symbols) -> Expression:
        axis = [] if len(args) < 2 or operands[1] == Const(0) else [("axis", args[1])]
        return call(symbols.refer(f"{symbols.name(np)}.{name}"), args[:1], axis)

    return write


def _slices(args: list[Expression], operands: Sequence[Operand], symbols: Symbols) -> Expression:
    moved = args[0]
    if len(args) > 1 and operands[1] != Const(0):
        moved = call(symbols.refer(f"{symbols.name(np)}.moveaxis"), [args[0], args[1], constant(0, symbols)])
    return call(symbols.refer("list"), [moved])


_ON_LISTS: dict[Any, Callable[..., Expression]] = {
    appended: lambda args, operands, symbols: display(gast.List, [gast.Starred(args[0], gast.Load()), args[1]]),
    repeated: lambda args, operands, symbols: gast.BinOp(display(gast.List, args[:1]), gast.Mult(), args[1]),
    shortened: lambda args, operands, symbols: gast.Subscript(
        args[0], gast.Slice(None, constant(-1, symbols), None), gast.Load()
    ),
    item: lambda args, operands, symbols: gast.Subscript(args[0], args[1], gast.Load()),
    zeros_each: _each,
    added_each: _sums,
    stacked: _along("stack"),
    joined: _along("concatenate"),
    items_of: _slices,
}
"""How what `sct.runtime` does with lists is written out."""


def _is_array(operand: Operand) -> bool:
    t = type_of(operand)
    return isinstance(t, Array) and bool(t.shape)


def _format(op: Format, args: list[Expression]) -> Expression:
    rest = iter(args)
    values = []
    for part in op.parts:
        if isinstance(part, str):
            values.append(gast.Constant(part, None))
        else:
            spec = gast.JoinedStr([gast.Constant(part[1], None)]) if part[1] else None
            values.append(gast.FormattedValue(next(rest), part[0], spec))
    return gast.JoinedStr(values)


def _free(op: Free, symbols: Symbols) -> Expression:
    """How the data that a function finds outside of itself is read, each time that the derivative is called."""
    function = op.function
    if op.attribute or not isinstance(function, FunctionType):
        return gast.Attribute(symbols.refer(symbols.name(function)), op.name, gast.Load())
    base = symbols.refer(symbols.bind(function))
    if op.name.endswith(" (default)"):
        where, key = place_of_default(function, op.name.split(" ")[0])
        return _item(gast.Attribute(base, where, gast.Load()), key)
    if op.name in function.__code__.co_freevars:
        cell = _item(gast.Attribute(base, "__closure__", gast.Load()), function.__code__.co_freevars.index(op.name))
        return gast.Attribute(cell, "cell_contents", gast.Load())
    return _item(gast.Attribute(base, "__globals__", gast.Load()), op.name)


def _item(base: Expression, key: Any) -> Expression:
    return gast.Subscript(base, gast.Constant(key, None), gast.Load())
