"""Effects: which operations must be kept although nothing depends on their results.

Takes an operation; gives whether it does something, or may do, besides giving its result. Never looks at who uses the result.
"""

from __future__ import annotations

from typing import Any

from sct.ir.ops import (
    ASSERT,
    POP,
    PUSH,
    RAISE,
    TAPE,
    UNPACK,
    Attribute,
    Field,
    Format,
    Free,
    Method,
    Steps,
    StepsBack,
    of_numpy,
)
from sct.ir.ssa import Apply, Block, Value, blocks_of
from sct.ir.types import Array, Const, Scalar
from sct.ruleset import is_nondifferentiable, is_pure, method_rule

__all__ = ["has_effect"]


def has_effect(s: Apply) -> bool:
    """Whether an operation must be kept for what it does, or because nothing is known of it."""
    op = s.op
    if op in (RAISE, ASSERT, UNPACK):
        return True
    if op in (PUSH, POP, TAPE) or isinstance(op, (Free, Field, Format)):
        return False
    if isinstance(op, Steps):
        return _acts(op.step.block)
    if isinstance(op, (Attribute, StepsBack)):
        return False
    if isinstance(op, Method):
        return method_rule(op.name) is None or not isinstance(_first_type(s), (Array, Scalar))
    if isinstance(op, type) and issubclass(op, BaseException):
        return False
    if hasattr(op, "__code__") or hasattr(op, "wrt"):
        return is_nondifferentiable(op) and not is_pure(op)
    if of_numpy(op):
        return False
    return op is print or not (is_pure(op) or hasattr(op, "nout"))


def _acts(block: Block) -> bool:
    """Whether there is an operation in a block that must be kept."""
    return any(has_effect(s) if isinstance(s, Apply) else any(map(_acts, blocks_of(s))) for s in block.body)


def _first_type(s: Apply) -> Any:
    first = s.args[0] if s.args else None
    return first.type if isinstance(first, Value) else Scalar(float) if isinstance(first, Const) else None
