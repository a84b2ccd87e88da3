"""Tangents of what is tried: no exception of theirs is taken for one of the function's own.

Takes the statements of a block that is tried, with and without those of tangents, and the classes of exceptions that are
handled; gives the block with tangents. These stand behind all that is tried, where the printed text has them in the `else`; or
beside it, where none of them raises what is handled; or behind it with all that was tried once more, where that only computes.
Anything else is refused. Never asks what the handlers do.
"""

from __future__ import annotations

import operator
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

import numpy as np

from sct.analysis.effects import effect, statements
from sct.analysis.points_to import writes_into
from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import (
    ALLOCATE,
    LOAD,
    NEW,
    POP,
    PUSH,
    TAPE,
    UNPACK,
    Derived,
    Method,
    Rebind,
    Store,
    View,
    is_operator,
    package_of,
)
from sct.ir.rewriting import copied, map_blocks
from sct.ir.ssa import Apply, Block, If, Statement, Value, blocks_in, captured, computes_tangents, is_tangent, reads_of, type_of
from sct.ir.types import Const, Scalar
from sct.registry.facts import facts_of
from sct.registry.rules import kind_of

__all__ = ["tried_with_tangents"]


def tried_with_tangents(own: Block, both: Block, handled: Sequence[type[BaseException]]) -> Block:
    """What is tried, `own`, with its tangents, which stand beside it in `both`.

    Raises
    ------
    UnsupportedSyntaxError
        Where a tangent may raise what is handled, and stands in a loop or a branch of what does more than compute.
    """
    tangents = _tangents(both.body)
    rest = [s for s in both.body if s not in tangents]
    between = _between(both.body, rest, tangents)
    if not between:
        return both.with_([*rest, *tangents])
    if not any(_may_raise(s, handled) for s in statements(both) if is_tangent(s) or isinstance(s.op, Derived)):
        return both
    if _only_computes(own):
        recorded = {t.result for t in statements(own) if t.op is PUSH}
        again = copied(both.with_(_once_more(both.body, recorded)))
        return both.with_([*own.body, *again.body], [*own.yields, *again.yields[len(own.yields) :]])
    raise UnsupportedSyntaxError(
        "forward mode of a branch, a loop, a call or a write in a try",
        between[0].place,
        "Differentiate in reverse mode, as by sct.vjp, or have in the try what may raise alone.",
    )


def _tangents(body: Sequence[Statement]) -> list[Statement]:
    """The statements of tangents alone, branches among these included."""
    found: list[Statement] = []
    made: set[Value] = set()
    for s in body:
        if is_tangent(s) if isinstance(s, Apply) else computes_tangents(s) and not made.isdisjoint(reads_of(s)):
            found.append(s)
            made.update(s.results)
    return found


def _between(body: Sequence[Statement], rest: list[Statement], tangents: list[Statement]) -> list[Statement]:
    """What has tangents in it, or reads these, so that they cannot stand behind it; and tangents that read what is written."""
    made = {v for s in tangents for v in s.results}
    before = [s for s in rest if not made.isdisjoint(reads_of(s)) or any(map(is_tangent, statements(*s.blocks)))]
    simple = [s for s in rest if isinstance(s, Apply)]
    calls = [s for s in simple if isinstance(s.op, Derived)]
    held = {s.result for s in simple if s.op is LOAD or isinstance(s.op, View) or kind_of(s.op) == "view"}
    writing = (k for k, s in enumerate(body) if s in rest and any(effect(t) == "writes" for t in _within(s)))
    late = [s for s in body[: max(writing, default=-1) + 1] if s in tangents and not held.isdisjoint(reads_of(s))]
    return [*before, *calls, *late]


def _within(s: Statement) -> Iterable[Apply]:
    return (s,) if isinstance(s, Apply) else statements(*s.blocks)


def _may_raise(s: Apply, handled: Sequence[type[BaseException]]) -> bool:
    """Whether a tangent may raise what is handled, where the statement that it is of has raised nothing."""
    return any(issubclass(a, b) or issubclass(b, a) for a in _raised_by(s) for b in handled)


_BY_DIVISION = (ZeroDivisionError, OverflowError)
_BY_NUMPY = (FloatingPointError, Warning)  # where somebody asks for these
_MOVES = (ALLOCATE, LOAD, NEW, TAPE, PUSH, POP, UNPACK, operator.getitem)


def _raised_by(s: Apply) -> tuple[type[BaseException], ...]:
    """The classes of what a tangent may raise, whose operands fit together as those of what it is of do."""
    op = s.op.op if isinstance(s.op, (Rebind, Store, View)) else s.op
    if op in _MOVES:
        return ()
    if is_operator(op):
        numbers = all(isinstance(type_of(o), (Const, Scalar)) for o in s.operands)
        return (
            *(() if numbers else _BY_NUMPY),
            *(_BY_DIVISION if op is operator.mod or facts_of(op).total is not None else ()),
        )
    if isinstance(op, (Method, np.ufunc)):
        return _BY_NUMPY
    if getattr(op, "__module__", None) == "math":
        return (*_BY_DIVISION, ValueError)
    linear_algebra = (getattr(op, "__module__", None) or "").startswith("numpy.linalg")
    plain = package_of(op) in ("numpy", "sct", "builtins") and package_of(type(op)) != "sct" and not linear_algebra
    return _BY_NUMPY if plain else (BaseException,)


def _only_computes(block: Block) -> bool:
    """Whether a block can be run again: but for what it records it only gives its results, which are the same then."""
    if any(isinstance(s, If) and s.handles is not None for b in blocks_in(block) for s in b.body):
        return False
    quiet = all(effect(s) in ("none", "reads", "writes") and s.op is not POP for s in statements(block))
    return quiet and not any(writes_into(block, [v]) for v in captured(block))


def _once_more(body: Sequence[Statement], recorded: Container[Value]) -> list[Statement]:
    """The statements of what is run again for its tangents, without those that have recorded something."""
    kept = (s for s in body if not isinstance(s, Apply) or s.result not in recorded)
    again = (map_blocks(lambda b: b.with_(_once_more(b.body, recorded)), s) for s in kept)
    return [s if s.origin is None else replace(s, origin=replace(s.origin, tangent=True)) for s in again]
