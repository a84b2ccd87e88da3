"""What the reverse sweep runs again: functions that are recursive or checkpointed, and the steps of checkpointed loops.

Takes the statements of one; gives what has to be known for it to be run again: random generators are put back into the states
that they had. Refuses what acts on the world where that cannot be left out the second time. Changes no statement.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from sct.analysis.effects import callee, effect, statements
from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import Call, Free, Steps, Unused, describe
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Operand, Value, read, type_of
from sct.ir.types import Abstract, Array, Const, Dict, Instance, List, ListOf, Stateful, Tuple, Unknown
from sct.registry.lookup import of_class
from sct.runtime import random_states, shown

__all__ = ["Access", "Repeated", "changes_outside", "holds_generator", "may_change", "repeated"]


@record(frozen=True)
class Repeated:
    """What is known of statements that are run again.

    `draws`: whether they draw random numbers. `reports`: whether they act, with results that are not used, and may be left out
    the second time. `acts`: whether they may change what lies outside. `outside`: whether they read what lies there.
    `generators`: functions by which generators are drawn from that are no data of the program, such as NumPy's global one.
    """

    draws: bool = False
    reports: bool = False
    acts: bool = False
    outside: bool = False
    generators: tuple[Operand, ...] = ()


@record(frozen=True)
class Access:
    """Data outside of a function, or the argument of that number, and the fields and keys that lead to what is in it."""

    root: Free | int
    steps: tuple[Any, ...] = ()


def repeated(block: Block, what: str, outside: AbstractSet[Value] = frozenset()) -> Repeated:
    """What must be known of statements that are run again; `what` they are, in a message. `outside`: data from outside.

    Raises
    ------
    UnsupportedSyntaxError
        If one of them acts and its result is used, or if it may change what others read; if one draws from a generator whose
        state cannot be had.
    """
    draws = reports = False
    found: dict[Operand, None] = {}
    made: set[Operand] = set()  # generators, and what they are made of
    used = read(block)
    body = sorted(statements(block), key=lambda s: s.result.id)
    reads = any(effect(s) == "reads" and s.op not in (random_states, shown) for s in body)
    reading = any(_reads_outside(s, outside) for s in body)
    for s in body:
        kind = effect(s)
        if isinstance(s.op, Call):
            draws = draws or s.op.draws
        elif s.op is random_states:
            found.update(dict.fromkeys(a for a in s.args if isinstance(a, Const)))
        elif kind == "draws":
            source = _source(s, made, what)
            found.update({} if source is None else {source: None})
            draws = True
        if kind in ("reports", "acts"):
            reports = True
            if not isinstance(s.op, Call) and (s.result in used or (kind == "acts" and reads)):
                raise UnsupportedSyntaxError(
                    f"{describe(s.op)}, which may act on the world, in {what}, which the derivative runs again",
                    s.place,
                    "Move it out, or register the function with sct.nondifferentiable if it does nothing but give its result.",
                )
    unfollowed = [s for s in body if changes_outside(s)]
    if unfollowed and reading:
        raise UnsupportedSyntaxError(
            f"{describe(unfollowed[0].op)}, which may change what lies outside, in {what}, which the derivative runs again, "
            "and which reads from outside",
            unfollowed[0].place,
            "Pass what it reads as arguments, or move the call out.",
        )
    return Repeated(draws, reports, bool(unfollowed), reading, tuple(found))


def changes_outside(s: Apply) -> bool:
    """Whether a statement is a call that was not followed, or one of a function in which there is one."""
    if isinstance(s.op, Steps):
        return any(map(changes_outside, statements(s.op.step.block)))
    return isinstance(s.op, Unused) or (isinstance(s.op, Call) and s.op.effect == "acts")


def _reads_outside(s: Apply, outside: AbstractSet[Value]) -> bool:
    """Whether a statement reads data from outside that may be changed there; what is looked at is left out the second time."""
    if isinstance(s.op, Unused) or s.op is shown:
        return False
    if isinstance(s.op, Call) and s.op.outside:
        return True
    found = outside & set(s.values)
    whole = (List, Dict, Instance) if isinstance(s.op, Call) else (List, Dict)
    return any(may_change(v, *whole) for v in found)


def may_change(v: Value, *containers: type) -> bool:
    """Whether a value may be written into, or is read again where it is needed; so is what is of one of `containers`."""
    t = v.type
    return isinstance(t, (Unknown, ListOf, *containers)) or (isinstance(t, Array) and (t.shape != () or bool(t.boxed)))


def _source(s: Apply, made: set[Operand], what: str) -> Operand | None:
    """A function of the generator that a statement draws from; None if it is data of the program, or made here."""
    op = callee(s)
    if isinstance(op, type) or op is np.random.default_rng:
        given = (*s.args, *(v for _, v in s.kwargs))
        if not given or Const(None) in given or any(isinstance(type_of(a), Unknown) and a not in made for a in given):
            raise UnsupportedSyntaxError(
                f"{describe(s.op)} without a seed, in {what}, which the derivative runs again",
                s.place,
                "Give it a seed, or pass the generator as an argument.",
            )
        made.add(s.result)
        return None
    if isinstance(type_of(s.args[0]) if s.args else None, Stateful):
        return None
    own = of_class(op) is not op and op.__self__ is not np.random.get_state.__self__  # type: ignore[attr-defined]
    return Const(op if own else np.random.get_state)


def holds_generator(o: Operand | Abstract) -> bool:
    """Whether an operand is of a type that has a random generator in it."""
    t = type_of(o) if isinstance(o, Value) else o
    if isinstance(t, (Tuple, List, Dict)):
        return any(map(holds_generator, t.items))
    return isinstance(t, Stateful) or (isinstance(t, ListOf) and holds_generator(t.item))
