"""Functions that a branch or a loop leaves: what they hold is handed on, and they are made again of that.

Takes a function that is there at compile time only, and holds values of one of the ways through a program; gives a tuple of
these, whose kind says what the function is (`Held`), so that φ's are made of them like those of any tuple; and it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sct.ir.records import record
from sct.ir.ssa import Operand, Statement
from sct.ir.types import UNDEFINED, Abstract, Const, Tuple, Undefined
from sct.specialize.building import Builder
from sct.specialize.instances import Bound, Hole, defined_in, map_held
from sct.specialize.memory import Key, Memory, key_of

__all__ = ["Held", "closed", "is_held", "is_same", "met", "opened_alike"]


_Ways: TypeAlias = Sequence[tuple[Memory, list[Statement]]]
"""Ways through a program that meet: memory at the end of each, and its statements."""


@record(frozen=True)
class Held:
    """The kind of a tuple of what a function holds: the function with holes for that."""

    form: Any


def opened(s: Builder, around: Memory, o: Operand) -> Operand:
    """A function as the tuple of what it holds that `around` does not know; anything else as it is."""
    if not isinstance(o, Const) or not isinstance(o.value, Bound):
        return o
    holes: dict[Key, tuple[Hole, Operand]] = {}

    def hole(held: Operand) -> Any:
        obj = s.memory.object_of(held)
        if around.knows(key_of(obj)):
            return obj
        return holes.setdefault(key_of(obj), (Hole(len(holes)), s.present(held, reads=False)))[0]

    form = map_held(hole, o)
    if not holes:
        return form  # type: ignore[no-any-return]
    looped = any(d.inner.looped for d in defined_in(o))  # which sees what an iteration binds, and no later one
    return o if looped else Tuple(tuple(held for _, held in holes.values()), Held(form))


def met(s: Builder, ends: tuple[Operand, Operand], ways: _Ways) -> tuple[Operand, Operand] | None:
    """A function that two ways lead to, or one of them does, as what it holds on each; None where there are two, or none."""
    if not any(isinstance(o, Const) and isinstance(o.value, Bound) for o in ends):
        return None
    around, found = s.memory, []
    for o, (memory, body) in zip(ends, ways, strict=True):
        with s.into(body, memory):
            found.append(opened(s, around, o))
    p, q = found
    known = (p, q) == ends or not (UNDEFINED in found or p == q or is_same(p, q))
    return None if known else (p, q)


def is_held(o: Operand | Abstract) -> bool:
    """Whether a tuple, or its type, is that of what a function holds."""
    return isinstance(o, Tuple) and isinstance(o.kind, Held)


def is_same(p: Operand | Abstract, q: Operand | Abstract) -> bool:
    """Whether two tuples are those of what one function holds."""
    return is_held(p) and isinstance(p, Tuple) and isinstance(q, Tuple) and p.kind == q.kind


def opened_alike(s: Builder, around: Memory, o: Operand, like: Abstract) -> Operand:
    """The same, where it is to meet what `like` is; the function as it is, if that is another one."""
    made = opened(s, around, o)
    return made if isinstance(like, Undefined) or is_same(like, made) or not is_held(made) else o


def closed(o: Operand) -> Operand:
    """The function that a tuple of what one holds stands for; anything else as it is."""
    if not isinstance(o, Tuple) or not isinstance(o.kind, Held):
        return o
    if absent := [i for i in o.items if isinstance(i, Undefined)]:
        return absent[0]
    return map_held(lambda h: o.items[h.number], o.kind.form, (Hole,))  # type: ignore[no-any-return]
