"""What a loop carries: the types that hold in every iteration, found by going through the body until they settle.

Takes a loop's names, what they begin as, and how an iteration goes; gives a `Loop`: its parameters and what they begin as and
go on with, for the names that the body assigns and for the objects that it writes into.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sct.analysis import branches
from sct.analysis.building import Builder
from sct.analysis.join import join, own_sizes, widen
from sct.analysis.memory import Key, Memory, Write, key_of
from sct.errors import SctError
from sct.ir.ssa import Operand, Statement, Value, map_leaves, type_of
from sct.ir.types import UNDEFINED, UNKNOWN, Abstract, Const, Dict, List, ListOf, Tuple, Undefined, keys_of, with_items

__all__ = ["Loop", "carried", "fixpoint", "results"]


_Slot: TypeAlias = tuple[int, int]
"""A part of what a loop's name stands for, or of what is in an object: the number of the name or object, and of the part."""


@dataclass
class Loop:
    """A loop that is being specialized: what it carries, names first (`own` of them), then objects."""

    inits: list[Operand]
    names: list[str]
    keys: list[Hashable]
    own: int
    types: list[Abstract]
    objects: list[Operand] = field(default_factory=list)
    stale: dict[_Slot | Key, Write] = field(default_factory=dict)  # by object, or by part of a name
    shared: set[tuple[_Slot, _Slot | Key]] = field(default_factory=set)  # parts that may share memory, or with what
    beside: set[tuple[_Slot, Key]] = field(default_factory=set)  # what a part may be because names hand it on
    params: list[Operand] = field(default_factory=list)
    yields: list[Operand] = field(default_factory=list)
    flag: Operand = UNDEFINED
    body: list[Statement] = field(default_factory=list)


def fixpoint(
    s: Builder, formal: Sequence[Value], inits: list[Operand], enter: Callable[[list[Operand]], list[Operand]]
) -> Loop:
    """The body of a loop on parameters whose types hold in every iteration.

    Carried are the names that the body assigns and the objects that it writes into.
    """
    inits = [s.expose_all(i) for i in inits]
    types = [_entry_type(type_of(i), p) for i, p in zip(inits, formal, strict=True)]
    loop = Loop(inits, [p.name for p in formal], [("loop", p.id, s.path) for p in formal], len(inits), types)
    instances, pending, outer = s.instances, s.pending, s.memory
    for attempt in range(16):
        s.instances, s.pending = instances, pending  # every attempt is the same run
        loop.params = [_structure(t, n, u) for t, n, u in zip(loop.types, loop.names, loop.inits, strict=True)]
        env, loop.body = dict(s.env), []
        inner = outer.fork()
        try:
            with s.into(loop.body, inner):
                if attempt == 0:
                    loop.stale.update(not_known(s, loop, outer))
                start_iteration(s, loop)
                yields = enter(loop.params[: loop.own])
                left = [s.present(inner.now(obj), reads=False) for obj in loop.objects]
                loop.yields = [s.expose_all(y) for y in (*yields[: loop.own], *left)]
                loop.flag = yields[-1] if len(yields) > loop.own else Const(False)
        finally:
            s.env = env
        if found_more(s, loop, inner):
            continue
        for t, y, name in zip(loop.types, loop.yields, loop.names, strict=True):
            branches.refuse_different(s, t, type_of(y), name)
        after = [join(t, type_of(y), key) for t, y, key in zip(loop.types, loop.yields, loop.keys, strict=True)]
        after = [own_sizes(a, key) if type_of(i) != a else a for a, i, key in zip(after, loop.inits, loop.keys, strict=True)]
        if after == loop.types:
            outer.rivals.update(inner.rivals)
            outer.stale.update({k: w for k, w in inner.stale.items() if k not in inner.born})
            return loop
        loop.types = after if attempt < 8 else [UNKNOWN if a != t else t for a, t in zip(after, loop.types, strict=True)]
    raise SctError("the types of the values that this loop carries do not settle", s.place)


def not_known(s: Builder, loop: Loop, outer: Memory) -> dict[_Slot | Key, Write]:
    """The names that stand, when the loop begins, for what may have been changed through others."""
    begun = slots(s, loop, loop.inits)
    return {slot: outer.stale[key_of(r)] for slot, _, r in begun if r is not None and key_of(r) in outer.stale}


def slots(s: Builder, loop: Loop, others: Sequence[Operand]) -> list[tuple[_Slot, Operand, Operand | None]]:
    """The objects that the loop's names stand for, and those that are in its objects.

    For each part of a parameter, the object in its place in `others`.
    """
    out: list[tuple[_Slot, Operand, Operand | None]] = []
    for k, (p, o) in enumerate(zip(loop.params, others, strict=False)):
        parts = [((k, j), q, s.memory.object_in(r)) for j, (q, r) in enumerate(_parts(p, o))]
        out += parts if k < loop.own else parts[1:]
    return out


def start_iteration(s: Builder, loop: Loop) -> None:
    """What the memory holds when an iteration starts."""
    memory = s.memory
    for p in loop.params:
        memory.bear_all(p)
    for obj, p, i in zip(loop.objects, loop.params[loop.own :], loop.inits[loop.own :], strict=True):
        memory.set(obj, p)
        if isinstance(type_of(p), ListOf):
            memory.joins_items(obj, i)
        elif not isinstance(p, Value):
            join_parts(s, p, i)
    for p, i in zip(loop.params[: loop.own], loop.inits, strict=False):
        join_parts(s, p, i)
    parts = {slot: p for slot, p, _ in slots(s, loop, loop.params)}
    for slot, other in loop.shared:
        if slot in parts and (not isinstance(other, tuple) or other in parts):
            memory.may_share(parts[slot], parts[other] if isinstance(other, tuple) else memory.original(other))
    for slot, near in loop.beside:
        if slot in parts:
            memory.lie_beside(parts[slot], memory.original(near))
    for key, write in loop.stale.items():
        if not isinstance(key, tuple):
            memory.stale[key] = write
        elif key in parts:
            memory.stale[key_of(parts[key])] = write


def join_parts(s: Builder, o: Operand, other: Operand) -> None:
    """What `o` and the parts of it stand for may be what stands in `other` in their places."""
    for p, q in _parts(o, other):
        if isinstance(p, Value):
            s.memory.joins(p, q)
        if isinstance(p, Value) and not isinstance(p.type, ListOf):
            continue
        if (obj := s.memory.object_in(q)) is not None:
            s.memory.may_share(p, obj)


def found_more(s: Builder, loop: Loop, inner: Memory) -> bool:
    """Whether an iteration wrote into objects that are not carried yet, or left names that share memory."""
    outer = s.memory
    held = {key_of(obj) for obj in loop.objects}
    there = [k for k in inner.contents if k not in inner.born and k not in held]
    changed = [k for k in there if inner.contents[k] is not outer.contents.get(k)]
    for k in changed:
        obj = outer.original(k)
        init = s.copied.get(obj, obj) if isinstance(obj, Value) and k not in outer.contents else outer.now(obj)
        init = s.expose_all(s.present(init, reads=False))
        loop.objects.append(obj)
        loop.inits.append(init)
        loop.names.append(outer.name_of(obj))
        loop.keys.append(("memory", len(loop.objects), loop.keys[0] if loop.keys else s.path))
        loop.types.append(type_of(init))
    if not changed and all(outer.writes.get(k) is w for k, w in inner.writes.items()):
        return False
    before = len(loop.stale), len(loop.shared), len(loop.beside)
    loop.stale.update({k: w for k, w in inner.stale.items() if k not in outer.stale and outer.knows(k)})
    s.memory = inner
    left = [(slot, r) for slot, _, r in slots(s, loop, loop.yields) if r is not None]
    begun = {key_of(p): slot for slot, p, _ in slots(s, loop, loop.params)}
    ends = {slot: key_of(r) for slot, r in left}
    s.memory = outer
    for slot, r in left:
        if key_of(r) in inner.stale:
            loop.stale[slot] = inner.stale[key_of(r)]
        one_of = inner.one_of(key_of(r), frozenset(begun))
        loop.shared.update((slot, q) for q in one_of if outer.knows(q))
        loop.shared.update((slot, begun[q]) for q in one_of if begun.get(q, slot) != slot and ends.get(begun[q]) == q)
        loop.shared.update((slot, other) for other, q in left if q is r and other != slot)
    first = {slot: key_of(r) for slot, _, r in slots(s, loop, loop.inits) if r is not None}
    for slot, r in left:  # what names hand on to one another
        seen: set[_Slot] = set()
        at: _Slot | None = begun.get(key_of(r))
        while at is not None and at not in seen and at != slot:
            seen.add(at)
            if at in first and outer.knows(first[at]):
                loop.beside.add((slot, first[at]))
            at = begun.get(ends.get(at, -1))
    return bool(changed) or before != (len(loop.stale), len(loop.shared), len(loop.beside))


def results(s: Builder, loop: Loop, values: tuple[Value, ...]) -> tuple[tuple[Value, ...], list[Operand]]:
    """The results of a loop, and what its names stand for after it; its objects hold what it left in them."""
    made = {v: Value(v.type, v.name) for v in values}
    after = [map_leaves(lambda leaf: made.get(leaf, leaf), p) for p in loop.params]
    for obj, o in zip(loop.objects, after[loop.own :], strict=True):
        s.memory.set(obj, o)
        s.memory.wrote(obj, s.memory.name_of(obj), s.place)
    for k, (o, i, y) in enumerate(zip(after, loop.inits, loop.yields, strict=True)):
        if k < loop.own or not isinstance(o, Value):
            join_parts(s, o, i)
            join_parts(s, o, y)
    for k, (p, o) in enumerate(zip(loop.params, after, strict=True)):
        for j, (own, begun) in enumerate(_parts(o, p)):
            if k >= loop.own and j == 0:
                continue  # the object itself
            if (k, j) in loop.stale:
                s.memory.stale[key_of(own)] = loop.stale[k, j]
            for r in s.memory.rivals.get(key_of(begun), ()):
                s.memory.may_share(own, s.memory.original(r))
            for slot, r in loop.beside:
                if slot == (k, j):
                    s.memory.lie_beside(own, s.memory.original(r))
    return tuple(made.values()), after


def carried(loop: Loop) -> tuple[tuple[Value, ...], tuple[Operand, ...], tuple[Operand, ...]]:
    """The leaves that a loop carries: parameters, yields, initial operands."""
    values: list[Value] = []
    outs: list[Operand] = []
    begun: list[Operand] = []

    def walk(p: Operand, y: Operand, i: Operand) -> None:
        if isinstance(p, Value):
            values.append(p)
            outs.append(y)
            begun.append(i)
        elif isinstance(p, (Tuple, List, Dict)):
            ys = branches.items_like(y, p)
            js = branches.items_like(i, p)
            assert ys is not None and js is not None
            for a, b, c in zip(p.items, ys, js, strict=True):
                walk(a, b, c)

    for p, y, i in zip(loop.params, loop.yields, loop.inits, strict=True):
        walk(p, y, i)
    return tuple(values), tuple(outs), tuple(begun)


def _entry_type(t: Abstract, formal: Value) -> Abstract:
    """The first guess: a named number is not taken for a constant, a flag is until it is seen to change."""
    return widen(t) if formal.name else t


def _structure(t: Abstract, name: str, init: Operand) -> Operand:
    """A loop parameter of type `t`: its items are parameters of their own; what is known is not carried."""
    if isinstance(t, (Tuple, List, Dict)):
        inner = init.items if isinstance(init, (Tuple, List, Dict)) else (UNDEFINED,) * len(t.items)
        names = [branches.item_name(t, name, k) for k in keys_of(t)]
        return with_items(t, (_structure(i, n, u) for i, n, u in zip(t.items, names, inner, strict=True)))
    if isinstance(t, (Const, Undefined)):
        return t
    return Value(t, name)


def _parts(o: Operand, other: Operand) -> Iterator[tuple[Operand, Operand]]:
    """The values, lists and dicts in a structure, with what stands in their places in another one."""
    if isinstance(o, (Value, List, Dict)):
        yield o, other
    if isinstance(o, (Tuple, List, Dict)):
        there = other.items if isinstance(other, (Tuple, List, Dict)) and len(other.items) == len(o.items) else o.items
        for p, q in zip(o.items, there, strict=True):
            yield from _parts(p, q)
