"""Functions that a branch or a loop leaves: what they hold is handed on, and they are made again of that.

Takes a function that is there at compile time only, and holds values of one of the ways through a program; gives a tuple of
these, whose kind says what the function is (`Held`), so that φ's are made of them like those of any tuple; and it again.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

from sct.errors import UnsupportedSyntaxError
from sct.ir.records import record
from sct.ir.ssa import Block, If, Operand, Statement, Value
from sct.ir.types import UNDEFINED, Abstract, Const, Scalar, Tuple, Undefined
from sct.specialize.building import Builder, UnrollError
from sct.specialize.in_python import either
from sct.specialize.instances import Bound, Defined, Hole, defined_in, held, is_function, map_held
from sct.specialize.memory import Key, Memory, key_of

__all__ = [
    "Chosen",
    "Held",
    "are_one",
    "begun",
    "chosen_by",
    "closed",
    "is_chosen",
    "is_held",
    "is_same",
    "met",
    "one_more",
    "opened_alike",
]


_Ways: TypeAlias = Sequence[tuple[Memory, list[Statement]]]
"""Ways through a program that meet: memory at the end of each, and its statements."""


@record(frozen=True)
class Held:
    """The kind of a tuple of what a function holds: the function with holes for that."""

    form: Any


@record(frozen=True)
class Chosen:
    """The kind of a tuple of flags, of which the first that is set says which of some functions is meant; none, the last."""

    functions: tuple[Const, ...]


_MOST = 8
"""So many functions may be what a loop carries under one name."""


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
    """Whether a tuple, or its type, is that of what a function holds, or of flags that say which one it is."""
    return isinstance(o, Tuple) and isinstance(o.kind, (Held, Chosen))


def is_same(p: Operand | Abstract, q: Operand | Abstract) -> bool:
    """Whether two tuples are those of what one function holds."""
    return is_held(p) and isinstance(p, Tuple) and isinstance(q, Tuple) and p.kind == q.kind


def opened_alike(s: Builder, around: Memory, o: Operand, like: Abstract) -> Operand:
    """The same, where it is to meet what `like` is; the function as it is, if that is another one."""
    if isinstance(like, Tuple) and isinstance(like.kind, Chosen):
        return _flags(s, o, like.kind)
    made = opened(s, around, o)
    return made if isinstance(like, Undefined) or is_same(like, made) or not is_held(made) else o


def closed(o: Operand) -> Operand:
    """The function that a tuple of what one holds stands for; anything else as it is."""
    if isinstance(o, Tuple) and isinstance(o.kind, Chosen):
        *others, last = o.kind.functions
        return chosen_by(list(zip(o.items, others, strict=True)), last)
    if not isinstance(o, Tuple) or not isinstance(o.kind, Held):
        return o
    if absent := [i for i in o.items if isinstance(i, Undefined)]:
        return absent[0]
    return map_held(lambda h: o.items[h.number], o.kind.form, (Hole,))  # type: ignore[no-any-return]


def chosen_by(flags: Sequence[tuple[Operand, Operand]], last: Operand) -> Operand:
    """The function beside the first flag that is set, or the last one."""
    for flag, function in reversed(flags):
        if not isinstance(flag, Const):
            last = Const(Bound(either, (flag, function, last)))
        elif flag.value:
            last = function
    return last


def one_more(s: Builder, t: Abstract, y: Operand) -> Abstract:
    """What a loop carries that has begun as `t`, a function or one of several, where an iteration ends with `y`: one of those
    and of what that may be, if all of them are there before the loop."""
    chosen = isinstance(t, Tuple) and isinstance(t.kind, Chosen)
    before = list(t.kind.functions) if chosen else _functions(t)  # type: ignore[union-attr]
    after = _functions(y)
    every = tuple(dict.fromkeys((*before, *after)))
    there = all(s.memory.knows(key_of(s.memory.object_of(o))) for f in every for o in held(f.value))
    if not before or not after or len(every) == len(before) or not there:
        return t
    if len(every) > _MOST:
        raise UnrollError(f"a loop that goes on with more than {_MOST} functions", s.place, "Write a function for each.")
    return Tuple((Scalar(bool),) * (len(every) - 1), Chosen(every))


def begun(s: Builder, o: Operand, t: Abstract) -> Operand:
    """A function that a loop begins with, as the flags that say so, where the loop carries one of several."""
    if not isinstance(o, (Tuple, Const)) or (isinstance(t, Tuple) and isinstance(o, Tuple) and o.kind == t.kind):
        return o
    function = closed(o) if isinstance(o, Tuple) and isinstance(o.kind, Chosen) else o
    return _flags(s, function, t.kind) if isinstance(t, Tuple) and isinstance(t.kind, Chosen) else function


def is_chosen(o: Operand | Abstract) -> bool:
    """Whether something is one of several functions, and which one is only known when the derivative runs."""
    return isinstance(o, Const) and isinstance(o.value, Bound) and o.value.function is either


def are_one(s: Builder, a: Operand, b: Operand) -> Operand:
    """Whether two things are one, of which one at least is one of several functions."""
    for o, other in ((a, b), (b, a)):
        if is_chosen(o):
            assert isinstance(o, Const)
            flag, p, q = o.value.args
            return _either_flag(s, flag, are_one(s, p, other), are_one(s, q, other))
    if not all(isinstance(o, Const) and not _is_made_anew(o.value) for o in (a, b)):
        raise UnsupportedSyntaxError(
            "the question which one of several functions, methods or partials something is", s.place, "Ask for what chooses it."
        )
    return Const(a == b)


def _is_made_anew(x: Any) -> bool:
    """Whether a function is, or may be, another one each time that it is asked for."""
    return isinstance(x, Bound) and (not isinstance(x.function, Defined) or x.function.inner.looped)


def _functions(o: Operand | Abstract) -> list[Const]:
    """The functions of which something known is one; none if it is something else."""
    if not isinstance(o, Const) or not is_function(o.value):
        return []
    if is_chosen(o):
        return [f for one in o.value.args[1:] for f in _functions(one)]
    return [o]


def _flags(s: Builder, o: Operand, kind: Chosen) -> Operand:
    """The flags that say which of some functions another one is, if it is one of them."""
    found = _functions(o)
    if not found or not set(found) <= set(kind.functions):
        return o
    assert isinstance(o, Const)
    if len(found) == 1:
        return Tuple(tuple(Const(f == o) for f in kind.functions[:-1]), kind)
    flag, *both = o.value.args
    p, q = (_flags(s, f, kind) for f in both)
    assert isinstance(p, Tuple) and isinstance(q, Tuple)
    return Tuple(tuple(_either_flag(s, flag, a, b) for a, b in zip(p.items, q.items, strict=True)), kind)


def _either_flag(s: Builder, flag: Operand, a: Operand, b: Operand) -> Operand:
    """One flag where another one is set, and a third where it is not."""
    if a == b:
        return a
    if isinstance(a, Const) and isinstance(b, Const):
        return flag if a.value else s.apply(operator.not_, (flag,))
    chosen = Value(Scalar(bool))
    s.body.append(If(flag, Block((), (), (a,)), Block((), (), (b,)), (chosen,), s.place, s.origin, True))
    return chosen
