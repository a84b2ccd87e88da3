"""Tapes: what the forward sweep keeps for the reverse sweep.

A tape whose entries are numbers, or arrays of one shape that is known before the loop that records them, is one array, taken
once: a loop over a range says how many entries there are at most. Any other is a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sct.backend.loops.elementwise import broadcast_to
from sct.backend.loops.forms import Do, Elem, Expr, Make, Name, Num, Op, Point, Put, Ref, Set, Statement, op, plus
from sct.backend.loops.lazy import Lazy, of_array
from sct.backend.loops.lists import list_of
from sct.backend.loops.lowering import Lowering, Unlooped, cast, lowers
from sct.ir.ops import POP, PUSH, TAPE
from sct.ir.records import record
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Block, For, Operand, Value, blocks_in, type_of
from sct.ir.types import Array, Const, Dict, List, ListOf, Scalar, Tuple, Unknown

__all__ = ["Tape"]


@record(frozen=True, eq=False)
class Tape:
    """A tape: a list; or an array with the shape of an entry, and the variable that says how many of them it holds."""

    name: Name
    shape: tuple[Expr, ...] = ()
    top: Name | None = None


@lowers(TAPE)
def _begun(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> None:
    if args:
        raise Unlooped("a tape that is read more than once")
    loop = _recording(low, s.result)
    if loop is None:
        _as_list(low, s.result)
    else:
        low.waiting.setdefault(loop, []).append(s.result)


def _recording(low: Lowering, tape: Value) -> For | None:
    """The loop over a range that alone records on a tape, among the statements beside that."""
    found = [s for s in low.around[-1].body if s.blocks and _pushed(s.blocks, tape)]
    alone = len(found) == 1 and isinstance(found[0], For) and not any(_pushes(t, tape) for t in low.around[-1].body)
    return found[0] if alone else None  # type: ignore[return-value]


def _pushes(s: Any, tape: Value) -> bool:
    return isinstance(s, Apply) and s.op is PUSH and s.args[0] is tape


def _pushed(blocks: Sequence[Block], tape: Value) -> list[Apply]:
    return [s for b in blocks for inner in blocks_in(b) for s in inner.body if _pushes(s, tape)]  # type: ignore[misc]


def _as_list(low: Lowering, tape: Value) -> None:
    name = low.fresh(tape.word or "tape", None, -1)
    low.tapes[tape] = Tape(name)
    low.add(Point(name, op("list")))


def begin_before(low: Lowering, loop: For) -> None:
    """Begin the tapes on which a loop records that is about to be lowered."""
    for tape in low.waiting.pop(loop, ()):
        pushed = _pushed(loop.blocks, tape)
        kinds = {(t.dtype, t.shape) for t in (as_array(type_of(p.args[1])) for p in pushed) if t.shape is not None}
        count = _count(low, loop, tape)
        shape = _shape(low, kinds, pushed)
        if count is None or shape is None:
            _as_list(low, tape)
            continue
        dtype = next(iter(kinds))[0]
        name = low.fresh(tape.word or "tape", dtype, len(shape) + 1)
        top = low.fresh(f"{name.hint}_top", np.dtype(np.int64))
        low.add(Make(name, (low.simple(count), *shape)))
        low.add(Set(top, Num(0)))
        low.tapes[tape] = Tape(name, shape, top)


def _shape(low: Lowering, kinds: set[Any], pushed: Sequence[Apply]) -> tuple[Expr, ...] | None:
    """The shape of each entry, if that is known already."""
    if len(kinds) != 1 or any(isinstance(type_of(p.args[1]), (Tuple, List, Dict)) for p in pushed):
        return None
    if low.stores and any(isinstance(t, Array) and (t.shape or t.boxed) for t in (type_of(p.args[1]) for p in pushed)):
        return None  # somebody may write into what is recorded
    ((dtype, sizes),) = kinds
    if dtype is None or dtype.kind not in "biufc":
        return None
    found = [low.worked_out(n) for n in sizes]
    return None if any(e is None for e in found) else tuple(found)  # type: ignore[arg-type]


def _count(low: Lowering, loop: For, tape: Value) -> Expr | None:
    """How many entries a loop over a range records at most; None if that is not known before it."""
    domain = [_known(low, o) for o in (loop.start, loop.stop, loop.step)]
    if any(e is None for e in domain):
        return None
    start, stop, step = domain
    if not isinstance(step, Num):
        return None
    span = plus(stop, start, -1) if step.value > 0 else plus(start, stop, -1)  # type: ignore[arg-type]
    by = abs(step.value)
    trips = span if by == 1 else op("//", plus(span, Num(by - 1)), Num(by))
    trips = op("max", trips, Num(0))
    inside: Expr = Num(0)
    for s in _statements(loop.body):
        if _pushes(s, tape):
            inside = plus(inside, Num(1))
        elif s.repeats and _pushed(s.blocks, tape):
            more = _count(low, s, tape) if isinstance(s, For) else None
            if more is None:
                return None
            inside = plus(inside, more)
    return trips if inside == Num(1) else op("*", trips, inside)


def _statements(block: Block) -> list[Any]:
    """The statements of a block and of the branches in it."""
    found: list[Any] = []
    for s in block.body:
        found.append(s)
        if not s.repeats:
            for b in s.blocks:
                found += _statements(b)
    return found


def _known(low: Lowering, o: Operand) -> Expr | None:
    """A number that is known already, or is a size that is."""
    if isinstance(o, Const):
        return Num(o.value)
    if o in low.numbers:
        return low.numbers[o]
    t = type_of(o)
    return low.worked_out(t.size) if isinstance(t, Scalar) and t.size is not None else None


@lowers(PUSH)
def _put(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> None:
    tape = low.tapes.get(args[0])  # type: ignore[arg-type]
    if tape is None:
        raise Unlooped("a tape that is made elsewhere")
    kind = low.types[args[0]] = low.types.get(args[1], type_of(args[1]))  # type: ignore[arg-type,index]
    if isinstance(kind, Tuple) and kind.kind is None:
        items = [low.number_in(low.entry(i)) for i in low.items(args[1])]
        low.add(Do(op(".append", Ref(tape.name), Op("tuple", tuple(items))), "", (tape.name,), (tape.name,)))
        return
    if isinstance(kind, ListOf):
        name = list_of(low, args[1], kind)
        low.add(Do(op(".append", Ref(tape.name), Ref(name)), "", (name, tape.name), (tape.name,)))
        return
    t = _type(kind)
    if t.shape and args[1] in low.unset:
        raise Unlooped("an array that a loop records and may not have yet")
    a = low.operand(args[1])
    if tape.top is not None:
        _record(low, tape, a, t.dtype)
    elif a.rank or t.boxed:
        low.refuse_view(a)
        whole = low.whole_array(a).whole
        assert whole is not None
        low.add(Do(op(".append", Ref(tape.name), Ref(whole)), "", (whole, tape.name), (tape.name,)))
    else:
        low.add(Do(op(".append", Ref(tape.name), cast(a.at(()), None, t.dtype)), "", (tape.name,), (tape.name,)))


def _record(low: Lowering, tape: Tape, a: Lazy, dtype: Any) -> None:
    """Copy an entry to where the tape ends."""
    assert tape.top is not None
    here = low.fresh("at", np.dtype(np.int64))
    low.add(Set(here, Ref(tape.top)))
    fitted = broadcast_to(low, a, tape.shape)

    def body(index: list[Expr]) -> list[Statement]:
        return [Put(Elem(tape.name, (Ref(here), *index)), cast(fitted.at(index), a.dtype, dtype, store=True))]

    low.nest(tape.shape, body)
    low.add(Set(tape.top, plus(Ref(tape.top), Num(1))))


def _type(kind: Any) -> Any:
    t = as_array(kind)
    if t.shape is None or t.dtype is None or isinstance(kind, (Tuple, List, Dict)):
        raise Unlooped("a tape of what is neither an array nor a number")
    return t


@lowers(POP)
def _taken(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    tape = low.tapes.get(args[0])  # type: ignore[arg-type]
    if tape is None:
        raise Unlooped("a tape that is made elsewhere")
    v = s.result
    hint = v.word or tape.name.hint.removesuffix("_tape")
    if tape.top is not None:
        low.add(Set(tape.top, plus(Ref(tape.top), Num(-1))))
        here = low.fresh("at", np.dtype(np.int64))
        low.add(Set(here, Ref(tape.top)))
        dtype = tape.name.dtype
        return Lazy(
            tape.shape, dtype, lambda index: Elem(tape.name, (Ref(here), *index)), frozenset((tape.name,)), not tape.shape
        )
    popped = op(".pop", Ref(tape.name))
    if isinstance(v.type, Tuple) and v.type.kind is None:
        name = low.fresh(hint, None, -1)
        low.add(Do(popped, "", (tape.name,), (tape.name,), (name,)))
        return tuple(op("item", Ref(name), Num(k)) for k in range(len(v.type.items)))
    if isinstance(v.type, ListOf):
        name = low.variable(v) if v in low.roots else low.fresh(hint, None, -1)
        low.add(Do(popped, "", (tape.name,), (tape.name,), (name,)))
        return name
    t = _type(low.types.get(args[0], v.type) if isinstance(v.type, Unknown) else v.type)  # type: ignore[arg-type]
    name = low.fresh(hint, t.dtype, len(t.shape))
    low.add(Do(popped, "", (tape.name,), (tape.name,), (name,)))
    if low.stores and (t.shape or t.boxed):
        low.views.add(name)
        return of_array(name, low.lengths(name, t.shape), t.dtype)
    return of_array(name, low.lengths(name, t.shape), t.dtype) if t.shape else Ref(name)
