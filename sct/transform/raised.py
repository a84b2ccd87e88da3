"""Exceptions that generated code raises.

Gives statements; emits nothing.
"""

from __future__ import annotations

from sct.ir.ops import RAISE
from sct.ir.ssa import Apply, Block, If, Operand, Statement, Value
from sct.ir.types import Const, Unknown

__all__ = ["raised_if", "raised_unless", "raising"]

_NOTHING = Block((), (), ())


def raising(kind: type[Exception], message: str) -> tuple[Statement, ...]:
    """What raises an exception."""
    error = Value(Unknown())
    return Apply(kind, (Const(message),), (), error), Apply(RAISE, (error,), (), Value(Const(None)))


def raised_if(wrong: Operand, kind: type[Exception], message: str) -> If:
    """An exception where something is wrong."""
    return If(wrong, Block((), raising(kind, message), ()), _NOTHING, ())


def raised_unless(right: Operand, kind: type[Exception], message: str) -> If:
    """An exception where something is not right."""
    return If(right, _NOTHING, Block((), raising(kind, message), ()), ())
