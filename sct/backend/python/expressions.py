"""Operations as Python expressions (nodes of its tree).

Takes an operation and the expressions of its arguments; gives an expression. Knows Python's operators, attributes, methods
and subscripts; every other callable is written as a call by its name.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from sct.backend.python.symbols import Symbols, load
from sct.frontend.resolve import place_of_default
from sct.ir.ops import CALL, POP, PULL, PULLED, TAPE, Attribute, Call, Derived, Field, Format, Free, Method, Unused
from sct.ir.ssa import Operand, type_of
from sct.ir.types import Abstract, Array, Const, FieldName, ListOf, Scalar
from sct.runtime import (
    added_each,
    appended,
    item,
    items_of,
    joined,
    power,
    quotient,
    repeated,
    replayed,
    shortened,
    stacked,
    stop_gradient,
    zeros_each,
)

__all__ = ["BINARY", "Expression", "call", "constant", "display", "dtype_argument", "is_array", "operation", "store", "sums"]

Expression = Any

BINARY: dict[Any, type] = {
    operator.add: ast.Add,
    operator.sub: ast.Sub,
    operator.mul: ast.Mult,
    operator.truediv: ast.Div,
    operator.floordiv: ast.FloorDiv,
    operator.mod: ast.Mod,
    operator.pow: ast.Pow,
    operator.matmul: ast.MatMult,
    operator.lshift: ast.LShift,
    operator.rshift: ast.RShift,
    operator.and_: ast.BitAnd,
    operator.or_: ast.BitOr,
    operator.xor: ast.BitXor,
}
_UNARY: dict[Any, type] = {
    operator.neg: ast.USub,
    operator.pos: ast.UAdd,
    operator.invert: ast.Invert,
    operator.not_: ast.Not,
}
_COMPARE: dict[Any, type] = {
    operator.lt: ast.Lt,
    operator.le: ast.LtE,
    operator.gt: ast.Gt,
    operator.ge: ast.GtE,
    operator.eq: ast.Eq,
    operator.ne: ast.NotEq,
    operator.is_: ast.Is,
    operator.is_not: ast.IsNot,
}


def store(name: str) -> Expression:
    """A name, assigned to."""
    return ast.Name(name, ast.Store())


def call(function: Expression, args: Sequence[Expression], kwargs: Sequence[tuple[str, Expression]] = ()) -> Expression:
    """A call."""
    return ast.Call(function, list(args), [ast.keyword(k, v) for k, v in kwargs])


def display(kind: type, items: Sequence[Expression]) -> Expression:
    """A tuple or list display."""
    return kind(list(items), ast.Load())


def constant(value: Any, symbols: Symbols) -> Expression:
    """A Python constant, or the name of what it is."""
    if isinstance(value, bool) or value is None or value is Ellipsis or isinstance(value, (str, bytes)):
        return ast.Constant(value, None)
    if type(value) in (int, float):
        return _number(value, symbols)
    if isinstance(value, complex) and type(value) is complex:
        signs = math.copysign(1.0, value.real), math.copysign(1.0, value.imag)  # of zeros, too: -2j is -0.0 - 2j
        kept = signs[0] == signs[1] if value.real == 0 else value.imag != 0 or signs[1] > 0
        if not kept or not math.isfinite(value.imag):
            return call(symbols.refer("complex"), [_number(value.real, symbols), _number(value.imag, symbols)])
        imaginary = ast.Constant(complex(0, value.imag), None)
        return imaginary if value.real == 0 else ast.BinOp(_number(value.real, symbols), ast.Add(), imaginary)
    if isinstance(value, (tuple, list)):
        return display(ast.Tuple if isinstance(value, tuple) else ast.List, [constant(v, symbols) for v in value])
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
    if type(value) is int:
        return ast.Constant(value, None) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value, None))
    if math.isnan(value):
        return symbols.refer(f"{symbols.name(np)}.nan")
    if value in (math.inf, -math.inf):
        node = symbols.refer(f"{symbols.name(np)}.inf")
        return node if value > 0 else ast.UnaryOp(ast.USub(), node)
    if value in (math.pi, -math.pi):
        node = symbols.refer(f"{symbols.name(np)}.pi")
        return node if value > 0 else ast.UnaryOp(ast.USub(), node)
    if math.copysign(1.0, value) < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value, None))
    return ast.Constant(value, None)


def _without_error(op: Any, a: Expression, b: Expression, second: Operand, symbols: Symbols) -> Expression:
    """`a / b`, or `a ** b`, of Python numbers, where these raise for 0."""
    infinite = load(f"{symbols.name(np)}.inf")
    if op is quotient:
        return ast.IfExp(b, ast.BinOp(a, ast.Div(), b), ast.BinOp(a, ast.Mult(), infinite))
    if isinstance(second, Const) and second.value >= 0:
        return ast.BinOp(a, ast.Pow(), b)
    test = a
    if not isinstance(second, Const):  # with a positive exponent it is 0
        test = ast.BoolOp(ast.Or(), [a, ast.Compare(b, [ast.GtE()], [ast.Constant(0, None)])])
    return ast.IfExp(test, ast.BinOp(a, ast.Pow(), b), infinite)


def operation(
    op: Any, args: list[Expression], kwargs: list[tuple[str, Expression]], operands: Sequence[Operand], symbols: Symbols
) -> Expression:
    """`op(*args, **kwargs)` as Python writes it."""
    if len(args) == 2 and not kwargs:
        if op in BINARY:
            return ast.BinOp(args[0], BINARY[op](), args[1])
        if op in _COMPARE:
            return ast.Compare(args[0], [_COMPARE[op]()], [args[1]])
        if op is operator.contains:
            return ast.Compare(args[1], [ast.In()], [args[0]])
        if op is operator.getitem:
            if (key := operands[1]) and isinstance(key, Const) and isinstance(key.value, FieldName):
                return ast.Attribute(args[0], str(key.value), ast.Load())
            whole = operands[1] == Const(Ellipsis) and is_array(operands[0])
            return args[0] if whole else ast.Subscript(args[0], args[1], ast.Load())
        if op in (quotient, power):
            return _without_error(op, args[0], args[1], operands[1], symbols)
    if len(args) == 1 and not kwargs and op in _UNARY:
        return ast.UnaryOp(_UNARY[op](), args[0])
    if op is stop_gradient:
        return args[0]
    if isinstance(op, (Attribute, Field)):
        return ast.Attribute(args[0], op.name, ast.Load())
    if isinstance(op, Method):
        return call(ast.Attribute(args[0], op.name, ast.Load()), args[1:], kwargs)
    if op is np.shape and is_array(operands[0]):
        return ast.Attribute(args[0], "shape", ast.Load())
    if op is CALL:
        return call(args[0], args[1:], kwargs)
    if isinstance(op, Unused):
        return operation(op.op, args, kwargs, operands, symbols)
    if isinstance(op, Format):
        return _format(op, args)
    if isinstance(op, Free):
        return _free(op, symbols)
    if op in _ON_LISTS and not kwargs:
        return _ON_LISTS[op](args, operands, symbols)
    if op is POP:
        return call(ast.Attribute(args[0], "pop", ast.Load()), [])
    if op in (PULL, PULLED):
        return call(args[0], args[1:])
    if op is TAPE:
        return call(ast.Attribute(args[0], "copy", ast.Load()), []) if args else display(ast.List, [])
    if isinstance(op, Call) and op.draws:
        args = args[1:]
    if isinstance(op, Derived) and op.draws:
        written = [args[0], symbols.refer(symbols.name(op)), *args[1:]]
        return call(symbols.refer(symbols.name(replayed)), written, kwargs)
    return call(symbols.refer(symbols.name(op)), args, kwargs)


def are_plain(t: Abstract) -> bool:
    """Whether the items of a list are numbers or arrays, and no containers of such."""
    return isinstance(t, ListOf) and isinstance(t.item, (Array, Scalar))


def are_numbers(t: Abstract) -> bool:
    """Whether the items of a list are numbers."""
    return isinstance(t, ListOf) and (isinstance(t.item, Scalar) or (isinstance(t.item, Array) and t.item.shape == ()))


def _sum_of_each(args: list[Expression], operands: Sequence[Operand], symbols: Symbols) -> Expression:
    """The sums of the items of two lists."""
    if are_plain(type_of(operands[0])):
        return sums(args, symbols)
    return call(symbols.refer(symbols.name(added_each)), args)


def _each(args: list[Expression], operands: Sequence[Operand], symbols: Symbols) -> Expression:
    """A zero for each item of a list."""
    t = type_of(operands[0])
    if not are_plain(t):
        return call(symbols.refer(symbols.name(zeros_each)), args)
    if are_numbers(t):
        dtype = t.item.dtype if isinstance(t, ListOf) and isinstance(t.item, Array) else None
        zero: Expression = ast.Constant(0.0, None)
        if dtype is not None and dtype.kind in "fc" and dtype != np.float64:  # whose zero is of that kind
            zero = call(symbols.refer(f"{symbols.name(np)}.{dtype.name}"), [zero])
        return ast.BinOp(display(ast.List, [zero]), ast.Mult(), call(symbols.refer("len"), args))
    zero = call(symbols.refer(f"{symbols.name(np)}.zeros_like"), [load("v")])
    return ast.ListComp(zero, [ast.comprehension(store("v"), args[0], [], 0)])


def sums(args: list[Expression], symbols: Symbols, strict: bool = False) -> Expression:
    """The sums of the items of two lists; `strict`: an error where they are not of one length."""
    pair = ast.Tuple([store("v"), store("w")], ast.Store())
    both = call(symbols.refer("zip"), args, [("strict", constant(True, symbols))] if strict else [])
    return ast.ListComp(ast.BinOp(load("v"), ast.Add(), load("w")), [ast.comprehension(pair, both, [], 0)])


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
    appended: lambda args, operands, symbols: display(ast.List, [ast.Starred(args[0], ast.Load()), args[1]]),
    repeated: lambda args, operands, symbols: ast.BinOp(display(ast.List, args[:1]), ast.Mult(), args[1]),
    shortened: lambda args, operands, symbols: ast.Subscript(args[0], ast.Slice(None, constant(-1, symbols), None), ast.Load()),
    item: lambda args, operands, symbols: ast.Subscript(args[0], args[1], ast.Load()),
    zeros_each: _each,
    added_each: _sum_of_each,
    stacked: _along("stack"),
    joined: _along("concatenate"),
    items_of: _slices,
}
"""How what `sct.runtime` does with lists is written out."""


def is_array(operand: Operand) -> bool:
    t = type_of(operand)
    return isinstance(t, Array) and bool(t.shape)


def _format(op: Format, args: list[Expression]) -> Expression:
    rest = iter(args)
    values: list[ast.expr] = []
    for part in op.parts:
        if isinstance(part, str):
            values.append(ast.Constant(part, None))
        else:
            spec = ast.JoinedStr([ast.Constant(part[1], None)]) if part[1] else None
            values.append(ast.FormattedValue(next(rest), part[0], spec))
    return ast.JoinedStr(values)


def _free(op: Free, symbols: Symbols) -> Expression:
    """How the data that a function finds outside of itself is read, each time that the derivative is called."""
    function = op.function
    if op in symbols.naming.data:
        return symbols.refer(symbols.naming.data[op])
    if op.attribute or not isinstance(function, FunctionType):
        return ast.Attribute(symbols.refer(symbols.name(function)), op.name, ast.Load())
    base = symbols.refer(symbols.bind(function))
    if op.name.endswith(" (default)"):
        where, key = place_of_default(function, op.name.split(" ")[0])
        return _item(ast.Attribute(base, where, ast.Load()), key)
    if op.name in function.__code__.co_freevars:
        cell = _item(ast.Attribute(base, "__closure__", ast.Load()), function.__code__.co_freevars.index(op.name))
        return ast.Attribute(cell, "cell_contents", ast.Load())
    return _item(ast.Attribute(base, "__globals__", ast.Load()), op.name)


def _item(base: Expression, key: Any) -> Expression:
    return ast.Subscript(base, ast.Constant(key, None), ast.Load())
