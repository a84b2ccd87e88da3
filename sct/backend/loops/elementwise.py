"""Element-wise operations, as expressions of numbers.

Takes an operation whose facts say that it works entry by entry; gives its sign or the name under which Numba has it. Operands
are brought to the dtype in which NumPy computes, since Numba promotes otherwise.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sct.backend.loops.forms import Expr, Num, Op, op, plus, times
from sct.backend.loops.lazy import Lazy
from sct.backend.loops.lowering import Lowering, Unlooped, cast, lowers
from sct.ir.ops import InPlace, describe
from sct.ir.shapes import as_array, promote
from sct.ir.ssa import Apply, Operand, Value, type_of
from sct.ir.types import Const, List, Scalar, Tuple
from sct.registry.facts import ufunc_of
from sct.registry.methods import primitive_of
from sct.runtime import power, quotient

__all__ = ["broadcast_to", "elementwise", "sign_of"]

_SIGNS: dict[Any, str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.pow: "**",
    operator.neg: "neg",
    operator.pos: "pos",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "==",
    operator.ne: "!=",
    operator.and_: "&",
    operator.or_: "|",
    operator.xor: "^",
    operator.lshift: "<<",
    operator.rshift: ">>",
    operator.invert: "~",
    operator.not_: "not",
    operator.abs: "abs",
    abs: "abs",
    bool: "bool",
    float: "float",
    complex: "complex",
    int: "int",
    max: "max",
    min: "min",
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.divide: "/",
    np.negative: "neg",
    np.positive: "pos",
    np.less: "<",
    np.less_equal: "<=",
    np.greater: ">",
    np.greater_equal: ">=",
    np.equal: "==",
    np.not_equal: "!=",
    np.absolute: "abs",
    np.conjugate: "np.conj",
    np.real: "np.real",
    np.imag: "np.imag",
    np.exp: "exp",
    np.float64: "float",
    np.complex128: "complex",
}
_COMPARING = ("<", "<=", ">", ">=", "==", "!=")
_PROMOTING = ("+", "-", "*", "/", "//", "%", "**")


@functools.cache
def _of_numba() -> frozenset[Any]:
    """The ufuncs that Numba compiles for numbers."""
    from numba.np.ufunc_db import get_ufuncs

    return frozenset(get_ufuncs())  # type: ignore[no-untyped-call]


def sign_of(f: Any) -> str | None:
    """What an element-wise function is written as; None if it is none, or Numba has it not."""
    if f in _SIGNS:
        return _SIGNS[f]
    if isinstance(f, np.ufunc):
        return f"np.{f.__name__}" if f in _of_numba() and f.nin < 3 and f.nout == 1 else None
    name = getattr(f, "__name__", "")
    if getattr(f, "__module__", None) == "math" and getattr(math, name, None) is f:
        return f"math.{name}" if name not in ("dist", "prod", "fsum", "comb", "perm", "gcd", "lcm") else None
    known = ufunc_of(f)
    return None if known is None or known is f else sign_of(known)


def elementwise(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    """A call of an element-wise function."""
    f = s.op.op if isinstance(s.op, InPlace) else s.op
    sign = sign_of(primitive_of(f))
    assert sign is not None
    if isinstance(s.op, InPlace):
        return in_place(low, s, sign)
    t = as_array(s.result.type)
    if any(k not in ("dtype",) for k in kwargs) or (len(args) > 2 and sign not in ("max", "min")):
        raise Unlooped(f"{describe(s.op)} with {', '.join(kwargs) or 'out'}")
    if isinstance(s.result.type, Const) and isinstance(s.result.type.value, (bool, int, float)):
        return Num(s.result.type.value)
    if sign in _COMPARING and any(isinstance(a, (Tuple, List)) or (isinstance(a, Value) and a in low.tuples) for a in args):
        return _of_tuples(low, s, sign, args)
    if t.dtype is None or t.shape is None:
        raise Unlooped(f"{describe(s.op)} of what is not known to be numbers")
    if not t.shape and all(isinstance(type_of(a), (Scalar, Const)) for a in args):
        return _of_numbers(low, s, sign, args)
    operands = [low.operand(a) for a in args]
    if sign.startswith("math.") and any(a.rank for a in operands):
        raise Unlooped(f"{describe(s.op)} of an array")
    return combined(low, sign, operands, [type_of(a) for a in args], t.dtype)


_COMPARING = ("==", "!=", "<", "<=", ">", ">=")


def _ordered(low: Lowering, sign: str, a: Sequence[Any], b: Sequence[Any]) -> Expr:
    """Which of two tuples of numbers comes first: told by the first in which they differ."""
    out: Expr = Num({"<": len(a) < len(b), "<=": len(a) <= len(b), ">": len(a) > len(b), ">=": len(a) >= len(b)}[sign])
    for x, y in reversed(list(zip(a, b, strict=False))):
        p, q = low.number_in(x), low.number_in(y)
        out = op("if", op("!=", p, q), op(sign, p, q), out)
    return out


def _of_tuples(low: Lowering, s: Apply, sign: str, args: Sequence[Operand]) -> Expr:
    """A comparison of tuples of numbers."""
    found = [tuple(map(low.entry, low.items(o))) for o in args]
    if sign not in ("==", "!="):
        low.types[s.result] = Scalar(bool)
        return _ordered(low, sign, *found)
    out = _alike(*found)
    return out if sign == "==" else Num(not out.value) if isinstance(out, Num) else op("not", out)


def _alike(a: Any, b: Any) -> Expr:
    if not isinstance(a, tuple):
        return Num(True) if a == b else op("==", a, b)
    if not isinstance(b, tuple) or len(a) != len(b):
        return Num(False)
    out: Expr = Num(True)
    for p, q in zip(a, b, strict=True):
        one = _alike(p, q)
        if one == Num(False):
            return one
        out = one if out == Num(True) else out if one == Num(True) else op("and", out, one)
    return out


def _of_numbers(low: Lowering, s: Apply, sign: str, args: Sequence[Operand]) -> Expr:
    """An operation on Python's numbers, which raises where Python does."""
    found = [low.number(a) for a in args]
    t = s.result.type
    if isinstance(t, Scalar) and t.kind is int and t.size is not None:
        if sign in ("+", "-"):
            return plus(found[0], found[1], 1 if sign == "+" else -1)
        if sign == "neg":
            return times(found[0], -1)
        if sign == "*" and any(isinstance(e, Num) for e in found):
            k = next(n for n, e in enumerate(found) if isinstance(e, Num))
            return times(found[1 - k], found[k].value)  # type: ignore[union-attr]
    if sign in ("/", "//", "%") and not (isinstance(found[1], Num) and found[1].value):
        f = primitive_of(s.op)
        if isinstance(f, np.ufunc):  # which gives infinity, or nan
            return op(f"np.{f.__name__}", *found)
        low.require(op("!=", found[1], Num(0)), "ZeroDivisionError", "division by zero")
    if sign in _DOMAINS:
        low.require(_DOMAINS[sign](found[0]), "ValueError", "math domain error")
    return made(sign, found)


def _at_least(least: float, strictly: bool = False) -> Callable[[Expr], Expr]:
    return lambda x: op("not", op("<=" if strictly else "<", x, Num(least)))


def _within_one(x: Expr) -> Expr:
    return op("not", op("or", op("<", x, Num(-1.0)), op(">", x, Num(1.0))))


_DOMAINS: dict[str, Callable[[Expr], Expr]] = {
    "math.sqrt": _at_least(0.0),
    "math.log": _at_least(0.0, strictly=True),
    "math.log2": _at_least(0.0, strictly=True),
    "math.log10": _at_least(0.0, strictly=True),
    "math.log1p": _at_least(-1.0, strictly=True),
    "math.acosh": _at_least(1.0),
    "math.asin": _within_one,
    "math.acos": _within_one,
}
"""Where functions of `math` do not raise; of nan they give nan."""


def made(sign: str, args: Sequence[Expr]) -> Expr:
    """An operation on numbers of dtypes that fit."""
    if sign == "pos":
        return args[0]
    if sign == "**" and isinstance(args[1], Num) and args[1].value in (2, 2.0, 0.5, 1, 1.0):
        power = args[1].value
        return args[0] if power == 1 else op("np.sqrt", args[0]) if power == 0.5 else op("**", args[0], Num(2))
    return Op(sign, tuple(args))


def combined(low: Lowering, sign: str, operands: Sequence[Lazy], types: Sequence[Any], dtype: Any) -> Lazy:
    """An element-wise operation on arrays and numbers that are broadcast against each other."""
    shape, parts = broadcast(low, operands)
    common = dtype
    if sign in _COMPARING or (sign.startswith("np.") and dtype.kind == "b"):
        common = promote(*types)
    boolean = dtype.kind == "b" and common is not None and common.kind == "b"

    def at(index: Sequence[Expr]) -> Expr:
        found = []
        for part, a in zip(parts, operands, strict=True):
            e = part.at(index)
            if (
                common is not None
                and common.kind != "b"
                and sign not in ("np.real", "np.imag", "not", "bool")
                and a.dtype is not None
            ):
                if not (sign == "**" and isinstance(e, Num)) and _must_cast(a.dtype, common):
                    e = cast(e, a.dtype, common)
                elif isinstance(e, Num) and common.kind in "fc" and common.itemsize >= 8 and sign != "**":
                    e = cast(e, a.dtype, common) if common != np.dtype(np.complex64) else e
            found.append(e)
        if boolean and sign in ("+", "*", "~", "np.logical_not", "np.invert", "np.bitwise_and", "np.bitwise_or"):
            return {"+": lambda: op("|", *found), "*": lambda: op("&", *found)}.get(
                sign, lambda: op("not", *found) if len(found) == 1 else Op(sign, tuple(found))
            )()
        e = _power_of(*found) if sign == "**" and operands[0].dtype == dtype == np.float64 else made(sign, found)
        narrow = dtype.kind in "iu" and dtype != np.dtype(np.int64)  # which Numba widens, and does not wrap around
        return op(f"np.{dtype.name}", e) if narrow else e

    arrays = frozenset().union(*[a.arrays for a in operands])
    return Lazy(shape, dtype, at, arrays)


def _power_of(x: Expr, n: Expr) -> Expr:
    """A power of a number of double precision, without the general function where there is another way."""
    if isinstance(n, Num) and isinstance(n.value, float) and abs(n.value) < _POWERS and n.value != 0.5:
        if n.value.is_integer():
            n = Num(int(n.value))
        elif (2.0 * n.value).is_integer():
            return op("half_power", x, Num(int(2.0 * n.value)))
    return made("**", (x, n))


_POWERS = 5.0
"""From here on powers of integers are not written as products."""


def _must_cast(source: Any, target: Any) -> bool:
    """Whether Numba would compute in another dtype."""
    if source == target or (source.kind == "c" and target.kind != "c"):
        return False
    if target == np.dtype(np.float64):
        return source.kind in "u"  # it takes any other number as one
    if target == np.dtype(np.complex128):
        return False
    return not (target == np.dtype(np.int64) and source.kind == "i")


def broadcast(low: Lowering, operands: Sequence[Lazy]) -> tuple[tuple[Expr, ...], list[Lazy]]:
    """The shape of several arrays together, and each as an array of that."""
    rank = max((a.rank for a in operands), default=0)
    shape: list[Expr] = []
    for k in range(rank):
        shape.append(common_size(low, [a.shape[k - rank + a.rank] for a in operands if k - rank + a.rank >= 0]))
    return tuple(shape), [broadcast_to(low, a, shape) for a in operands]


def common_size(low: Lowering, sizes: Sequence[Expr]) -> Expr:
    """The size of an axis of several arrays together."""
    known = [n for n in dict.fromkeys(sizes) if not low.is_unit(n)]
    sure = [n for n in known if low.is_unit(n) is False]
    first = sure[0] if sure else known[0] if known else Num(1)
    if not sure:
        for n in known[1:]:
            first = low.simple(op("if", op("==", first, Num(1)), n, first))
    return first


def broadcast_to(low: Lowering, a: Lazy, shape: Sequence[Expr]) -> Lazy:
    """An array as one of another shape; what is computed for several entries is computed once."""
    lead = len(shape) - a.rank
    if lead == 0 and a.shape == tuple(shape):
        return a
    maps: list[Any] = []
    spread = lead > 0
    for k, n in enumerate(a.shape):
        to = shape[lead + k]
        if n == to:
            maps.append("same")
        elif low.is_unit(n):
            maps.append("first")
            spread = True
        else:
            if low.is_unit(n) is False or low.is_unit(to):
                low.same(n, to)
                maps.append("same")
            else:
                low.require(
                    op("or", op("==", n, to), op("==", n, Num(1))), "ValueError", "operands could not be broadcast together"
                )
                many = low.simple(op("if", op("==", n, Num(1)), Num(0), Num(1)))
                maps.append(many)
                spread = True
    if spread and a.computes and a.rank:
        a = low.made(a)

    def at(index: Sequence[Expr]) -> Expr:
        own: list[Expr] = []
        for k, how in enumerate(maps):
            i = index[lead + k]
            own.append(i if how == "same" else Num(0) if how == "first" else op("*", i, how))
        return a.at(own)

    return Lazy(tuple(shape), a.dtype, at, a.arrays, a.computes)


def in_place(low: Lowering, s: Apply, sign: str) -> Any:
    """An operation whose result takes the place of its first operand."""
    from sct.backend.loops.writing import write

    target, other = s.args
    t = as_array(s.result.type)
    if not (isinstance(s.result.type, type(t)) and t.shape):
        return combined(low, sign, [low.operand(target), low.operand(other)], [type_of(target), type_of(other)], t.dtype)
    return write(low, s, target, (Const(Ellipsis),), other, sign)


@lowers(quotient)
def _quotient(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Expr:
    a, b = (low.number(o) for o in args)
    return op("if", op("!=", b, Num(0.0)), op("/", a, b), op("*", a, Num(math.inf)))


@lowers(power)
def _power(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Expr:
    a, b = (low.number(o) for o in args)
    return op("if", op("or", op("!=", a, Num(0.0)), op(">=", b, Num(0.0))), op("**", a, b), Num(math.inf))


@lowers(np.where)
def _where(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    if len(args) != 3:
        raise Unlooped("np.where with one argument")
    t = as_array(s.result.type)
    operands = [low.operand(a) for a in args]
    shape, parts = broadcast(low, operands)

    def at(index: Sequence[Expr]) -> Expr:
        test, *found = (p.at(index) for p in parts)
        a, b = (cast(e, o.dtype, t.dtype) for e, o in zip(found, operands[1:], strict=True))
        return a if test == Num(True) else op("if", test, a, b)

    return Lazy(shape, t.dtype, at, frozenset().union(*[a.arrays for a in operands]))


@lowers(np.clip)
def _clip(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    names = ("a", "a_min", "a_max")
    given = {
        **dict(zip(names, args, strict=False)),
        **{{"min": "a_min", "max": "a_max"}.get(k, k): v for k, v in kwargs.items()},
    }
    if set(given) - set(names):
        raise Unlooped("np.clip with more than bounds")
    t = as_array(s.result.type)
    out = low.operand(given["a"])
    for bound, sign in (("a_min", "np.maximum"), ("a_max", "np.minimum")):
        if bound in given and given[bound] != Const(None):
            out = combined(low, sign, [out, low.operand(given[bound])], [as_array(t), type_of(given[bound])], t.dtype)
    return out


@lowers(np.asarray, np.astype)
def _asarray(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    t = as_array(s.result.type)
    a = low.operand(args[0])
    return (
        a
        if a.dtype == t.dtype
        else Lazy(a.shape, t.dtype, lambda index: cast(a.at(index), a.dtype, t.dtype, store=True), a.arrays)
    )
