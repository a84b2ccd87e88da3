"""Effects: what an operation does besides giving its result, and which must be kept although nothing depends on their results.

Takes a statement; gives its effect, from what is registered of the function that it calls. Never looks at who uses the
result. The effects, from none to the worst, are those of `sct.registry.effects.Effect`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from sct.ir.manager import managed
from sct.ir.ops import (
    ASSERT,
    ATTEMPT,
    CAUGHT,
    ENTER,
    EXIT,
    LEAVE,
    LOAD,
    PULL,
    RAISE,
    UNPACK,
    AdjointOf,
    Attribute,
    Call,
    Derived,
    Field,
    Format,
    Free,
    InPlace,
    Method,
    Rebind,
    Special,
    Steps,
    StepsBack,
    Store,
    Unused,
    View,
    package_of,
)
from sct.ir.ssa import Apply, Block, Statement, Value, type_of
from sct.ir.types import Array, Const, DictOf, Scalar, Stateful, Unknown
from sct.registry.effects import Effect, effect_of
from sct.registry.methods import method_rule
from sct.runtime.expectations import expect_fields, expect_structure

__all__ = ["CHANGING", "acting", "callee", "effect", "has_effect", "is_opaque", "statements", "worst"]

CHANGING = ("writes", "draws", "acts")
"""The effects by which what others read may change."""
_ORDER: tuple[Effect, ...] = get_args(Effect)
_KEPT = (RAISE, ASSERT, UNPACK, expect_fields, expect_structure)
_OPERATIONS = frozenset(
    (
        *(AdjointOf, Attribute, Call, Derived, Field, Format, Free, InPlace, Method, Rebind, Special, Steps, StepsBack, Store),
        *(Unused, View),
    )
)


def worst(*effects: Effect) -> Effect:
    """The worst of some effects."""
    return max(("none", *effects), key=_ORDER.index)


def callee(s: Apply) -> Any:
    """The function that a statement calls: of a method that of the class, where it is known; otherwise the operation."""
    op = s.op
    if isinstance(op, InPlace):
        return op.op
    if isinstance(op, Method) and s.args:
        t = type_of(s.args[0])
        if isinstance(t, (Stateful, DictOf)):
            return getattr(dict if isinstance(t, DictOf) else t.cls, op.name, op)
        rule = method_rule(op.name)
        if rule is not None and isinstance(t, (Array, Scalar)):
            return rule.primitive
        if isinstance(t, Const):
            return getattr(t.value, op.name, op)
    return op


def effect(s: Apply) -> Effect:
    """What a statement does besides giving its result."""
    op = s.op if type(s.op) not in _OPERATIONS else callee(s)
    if type(op) not in _OPERATIONS:
        known = effect_of(op)
        return known if known == "none" else _of_function(known, op, s)
    if isinstance(op, (Call, Derived)):
        found: Effect = op.effect
        return found
    if isinstance(op, (Rebind, Store)) or op in (LEAVE, PULL):
        return "writes"
    if op is LOAD or isinstance(op, View):
        return "reads"
    if op in (ENTER, EXIT):
        return "reports" if isinstance(type_of(s.args[0]), Stateful) else "acts"
    if isinstance(op, Unused):
        return "acts"
    if op in (ATTEMPT, CAUGHT):
        return "reads"
    if isinstance(op, Steps):  # a step writes into what it has made itself
        return worst(*(e for t in statements(op.step.block) if (e := effect(t)) != "writes"))
    if isinstance(op, Attribute):
        return "reads" if s.args and isinstance(type_of(s.args[0]), (Unknown, Const, Stateful)) else "none"
    if isinstance(op, Format):
        return _of_reading(s)
    if isinstance(op, Method):  # of an array, if it is called like one of an array's
        return "reads" if method_rule(op.name) is not None else "acts"
    return "none"


def _of_function(known: Effect, op: Any, s: Apply) -> Effect:
    if known == "looks":
        return _of_reading(s)
    return "none" if known == "acts" and package_of(op) == "sct" else known  # a helper of a rule


def _of_reading(s: Apply) -> Effect:
    for a in s.args:
        if isinstance(a, Value) and isinstance(a.type, Unknown):
            return "reads"
    return "none"


def has_effect(s: Apply) -> bool:
    """Whether an operation must be kept for what it does, or because nothing is known of it."""
    if s.op in _KEPT or effect(s) in ("writes", "draws", "reports", "acts"):
        return True
    return isinstance(s.op, (InPlace, Method)) and isinstance(callee(s), Method)


def is_opaque(s: Apply) -> bool:
    """Whether a statement calls a function of which nothing is known, or that it may do anything."""
    return effect(s) == "acts" and not isinstance(s.op, (Call, Special, Steps))


@managed
def acting(block: Block) -> tuple[Apply, ...]:
    """The operations in a block, and in the blocks in it, on which what others read may depend."""
    body = [s for s in block.body if isinstance(s, Apply)]
    operations = {id(s.op): s.op for s in body}  # most never act, and are asked once
    asked = {k for k, op in operations.items() if not _never_acts(op)}
    own = [s for s in body if id(s.op) in asked and effect(s) in CHANGING]
    return *own, *(t for s in block.body for b in s.blocks for t in acting(b))


def _never_acts(op: Any) -> bool:
    """Whether no statement of an operation acts, whatever its operands are."""
    if type(op) in _OPERATIONS:
        return isinstance(op, (Attribute, Field, Format, Free, Special)) and op not in (ENTER, EXIT, LEAVE, PULL)
    return effect_of(op) not in CHANGING


def statements(*blocks: Block) -> Iterator[Apply]:
    """The operations in blocks, and in the blocks in these."""
    work: list[Statement] = [s for b in blocks for s in b.body]
    while work:
        s = work.pop()
        if isinstance(s, Apply):
            yield s
        else:
            work.extend(t for b in s.blocks for t in b.body)
