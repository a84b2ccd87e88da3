"""What a function says: what it prints, warns of, and tells in the messages of errors that are made when they are raised.

Python does it, in the kernel. A text is no value of the kernel: it is put together where it is said.
"""

from __future__ import annotations

import warnings
from typing import Any

from sct.backend.loops.forms import Expr, Name, Num, Op, Outside, Ref, Set, op
from sct.backend.loops.lowering import Lowering, Unlooped, lowers
from sct.ir.ops import Format
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand, Value, type_of
from sct.ir.types import Array, Const, Scalar

__all__ = ["raised", "shown", "text_of"]

_CONVERSIONS = {ord("s"): "str", ord("r"): "repr", ord("a"): "ascii"}


def shown(low: Lowering, o: Operand, reads: list[Name]) -> Expr:
    """An operand as Python is given it, to be shown."""
    if isinstance(o, Value) and o in low.texts:
        return low.texts[o]
    t = type_of(o)
    if isinstance(t, Const):
        if t.value is None or isinstance(t.value, (str, bool, int, float, complex)):
            return Num(t.value)
        if isinstance(t.value, type) and issubclass(t.value, BaseException):
            return op("attribute", Num(low.symbol(t.value)))
        raise Unlooped("what is said of something that is no text, number or array")
    if not isinstance(t, (Scalar, Array)) or t.also:
        raise Unlooped("what is said of something that is no text, number or array")
    a = low.operand(o)
    if a.rank:
        whole = low.whole_array(a).whole
        assert whole is not None
        reads.append(whole)
        return Ref(whole)
    dtype = as_array(t).dtype
    name = low.fresh("said", dtype)
    low.add(Set(name, a.at(())))
    if isinstance(t, Scalar):
        return Ref(name)
    assert dtype is not None
    return op("np.bool_" if dtype.kind == "b" else f"np.{dtype.name}", Ref(name))


def text_of(low: Lowering, s: Apply) -> Expr:
    """The text that a formatted string gives."""
    assert isinstance(s.op, Format)
    rest = iter(s.args)
    out: Expr | None = None
    for part in s.op.parts:
        if isinstance(part, str):
            e: Expr = Num(part)
        else:
            o = next(rest)
            if as_array(type_of(o)).shape:
                raise Unlooped("an array in a text")  # which somebody may write into before that is said
            e = shown(low, o, [])
            conversion, how = part
            e = op("format", op(_CONVERSIONS[conversion], e) if conversion in _CONVERSIONS else e, Num(how))
        out = e if out is None else op("+", out, e)
    return out if out is not None else Num("")


@lowers(print, warnings.warn)
def _said(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    reads: list[Name] = []
    given = [shown(low, o, reads) for o in args]
    named = [op("=", Num(k), shown(low, o, reads)) for k, o in kwargs.items()]
    low.add(Outside((), Op(low.symbol(s.op), (*given, *named)), (), tuple(reads)))


def raised(low: Lowering, cls: Any, args: tuple[Operand, ...]) -> None:
    """Raise an error with a message that is made here."""
    reads: list[Name] = []
    error = Op(low.symbol(cls), tuple(shown(low, o, reads) for o in args))
    low.add(Outside((), op("raised", error), (), tuple(reads)))
