"""What a loop carries: the types that hold in every iteration, found by going through the body until they settle.

Takes a loop's names, what they begin as, and how an iteration goes; gives a `Loop`: its parameters and what they begin as and
go on with, for the names that the body assigns and for the objects that it writes into.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sct.errors import SctError
from sct.infer.join import join, own_sizes, widen
from sct.ir.ssa import Operand, Statement, Value, map_leaves, type_of
from sct.ir.types import UNDEFINED, UNKNOWN, Abstract, Const, Dict, List, ListOf, Tuple, Undefined, keys_of, or_none, with_items
from sct.specialize import branches, functions
from sct.specialize.building import Builder
from sct.specialize.entering import meet_object
from sct.specialize.instances import held_by_all
from sct.specialize.memory import Key, Memory, Write, key_of

__all__ = ["Loop", "carried", "fixpoint", "know", "results"]


_Slot: TypeAlias = tuple[int, int]
"""A part of what a loop's name stands for, or of what is in an object: the number of the name or object, and of the part."""
_Mates: TypeAlias = dict["_Slot | Key", "set[_Slot | Key]"]
"""For each of some parts and objects those that may share memory with it."""
_Part: TypeAlias = tuple[_Slot, Operand, list[Key]]
"""A part, what stands for it, and the objects that this may be."""


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
    shared: set[frozenset[_Slot | Key]] = field(default_factory=set)  # pairs of parts and objects that may share memory
    params: list[Operand] = field(default_factory=list)
    yields: list[Operand] = field(default_factory=list)
    flag: Operand = UNDEFINED
    body: list[Statement] = field(default_factory=list)


_MOVES = 8
"""How often the type of what a loop carries may change before it is taken to be unknown."""


def fixpoint(
    s: Builder,
    label: int,
    formal: Sequence[Value],
    inits: list[Operand],
    enter: Callable[[list[Operand]], list[Operand]],
) -> Loop:
    """The body of a loop on parameters whose types hold in every iteration.

    Carried are the names that the body assigns and the objects that it writes into. `label` is that of the body. Carried from
    the start is what it was seen to write into when the loops around it were gone through before; what names that begin alike
    settled to then is where they begin now, as they can only become less known.
    """
    inits = [s.expose_all(i) for i in inits]
    begun_as = tuple([_entry_type(type_of(i), p) for i, p in zip(inits, formal, strict=True)])
    here = label, s.path, s.growing
    types = list(s.settled.get((here, begun_as), begun_as))
    loop = Loop(inits, [p.name for p in formal], [("loop", p.id, s.path) for p in formal], len(inits), types)
    instances, pending, absent, outer = s.instances, s.pending, s.absent, s.memory
    known = {key_of(obj): obj for obj in s.loops.get(here, ())}
    for key, obj in known.items():
        if outer.knows(key):
            carry(s, loop, obj)
    moves = [0] * len(loop.types)
    attempt, begun = 0, (-1, 0)
    met = happened(s, spent := len(s.spent))
    while True:
        s.instances, s.pending, s.absent = instances, pending, absent or ()  # every attempt is the same run
        loop.inits = [functions.begun(s, i, t) for i, t in zip(loop.inits, loop.types, strict=True)]
        loop.params = [_structure(t, n, u) for t, n, u in zip(loop.types, loop.names, loop.inits, strict=True)]
        for p, y in zip(loop.params, loop.yields, strict=False):
            branches.note_lost(s, p, (y,))
        for p, i in zip(loop.params, loop.inits, strict=True):
            for leaf, _, begun_with in _leaves_carried(p, p, i):
                branches.note_unsure(s, leaf, (begun_with,))
        env, loop.body = dict(s.env), []
        inner = outer.fork()
        try:
            if begun != (attempt, len(loop.objects)):
                begin(s, loop)
                begun = attempt, len(loop.objects)
            with s.into(loop.body, inner):
                start_iteration(s, loop)
                yields = enter([functions.closed(p) for p in loop.params[: loop.own]])
                left = [s.present(inner.now(obj), reads=False) for obj in loop.objects]
                every = zip((*yields[: loop.own], *left), loop.types, strict=True)
                loop.yields = [s.expose_all(functions.opened_alike(s, outer, y, t)) for y, t in every]
                loop.flag = yields[-1] if len(yields) > loop.own else Const(False)
        finally:
            s.env, found, s.absent = env, s.absent, absent
        before, met = met, happened(s, spent)
        if found_more(s, loop, inner) or met != before:
            continue
        more = [functions.one_more(s, t, y) for t, y in zip(loop.types, loop.yields, strict=True)]
        if more != loop.types:
            loop.types, attempt = more, attempt + 1
            continue
        went_in = [_unless_other(t, y) for t, y in zip(loop.types, loop.yields, strict=True)]
        for t, y, name in zip(went_in, loop.yields, loop.names, strict=True):
            branches.refuse_different(s, t, type_of(y), name)
        after = [join(t, type_of(y), key) for t, y, key in zip(went_in, loop.yields, loop.keys, strict=True)]
        after = [held_by_all(outer, a) for a in after]
        after = [own_sizes(a, key) if type_of(i) != a else a for a, i, key in zip(after, loop.inits, loop.keys, strict=True)]
        for a, y, i in zip(after, loop.yields, loop.inits, strict=True):
            meet_object(s, y, a)
            meet_object(s, i, a)
        if after == loop.types:
            keep_absent(s, found)
            for p, y, i in zip(loop.params, loop.yields, loop.inits, strict=True):
                branches.note_lost(s, p, (y, i))
            outer.stale.update({k: w for k, w in inner.stale.items() if k not in inner.born})
            outer.writes.update(inner.writes)
            s.loops[here] = tuple(loop.objects)
            s.settled[here, begun_as] = tuple(loop.types[: loop.own])
            return loop
        moves += [0] * (len(after) - len(moves))
        for k, (a, t) in enumerate(zip(after, loop.types, strict=True)):
            moves[k] += a != t
            loop.types[k] = a if moves[k] <= _MOVES else UNKNOWN
        loop.shared = {pair for pair in loop.shared if not any(isinstance(o, tuple) for o in pair)}  # parts may be others now
        loop.stale = {o: w for o, w in loop.stale.items() if not isinstance(o, tuple)}
        attempt += 1


def _unless_other(t: Abstract, y: Operand) -> Abstract:
    """The type of a function that a loop hands on; unknown if it is another one."""
    return UNKNOWN if functions.is_held(t) and y is not UNDEFINED and not functions.is_same(t, y) else t


def keep_absent(s: Builder, found: Sequence[SctError]) -> None:
    """What is not there in any iteration of a loop: it may be in another one of a loop around that."""
    if s.absent is None and found:
        raise found[0]
    if found:
        s.absent = tuple(found)


def happened(s: Builder, spent: int) -> tuple[frozenset[Hashable], ...]:
    """What there is since the loop began that an iteration may find changed: who was given an instance, or what is made
    where, which calls were not followed, and whether an iterator was gone through.
    """
    return (
        frozenset(s.memory.given),
        frozenset(s.memory.lost),
        frozenset(function for function, _ in s.left),
        frozenset((len(s.spent) > spent,)),
    )


def begin(s: Builder, loop: Loop) -> None:
    """What the loop's parts share memory with, and which of them are not known, when the first iteration starts.

    A list of unknown length holds what it begins with from here on, also where there is no iteration.
    """
    for obj, t, i in zip(loop.objects, loop.types[loop.own :], loop.inits[loop.own :], strict=True):
        if isinstance(t, ListOf):
            s.memory.holds(obj, i)
            unknown = [w for k in s.memory.reached(Value(t), i) if (w := s.memory.stale.get(k)) is not None]
            if unknown:  # an item is not known, and it is not known which one it is from here on
                loop.stale.setdefault(key_of(obj), unknown[0])
    first = slots(s, loop, loop.inits)
    for slot, _, found in first:
        near = s.memory.sharing.bits.those(s.memory.sharing.near(found))
        loop.shared.update(frozenset((slot, other)) for other in near)
    loop.shared.update(alike(s.memory, first))
    mark(loop, s.memory, first)


def mark(loop: Loop, memory: Memory, parts: Sequence[_Part]) -> None:
    """The parts that are not known."""
    for slot, _, found in parts:
        writes = [memory.stale[k] for k in found if k in memory.stale]
        if writes:
            loop.stale.setdefault(slot, writes[0])


def alike(memory: Memory, parts: Sequence[_Part]) -> Iterator[frozenset[_Slot | Key]]:
    """The pairs of parts that may be one object."""
    for n, (slot, _, found) in enumerate(parts):
        for other, _, there in parts[:n]:
            if memory.sharing.near(found) & memory.sharing.bits.of(there):
                yield frozenset((slot, other))


def slots(s: Builder, loop: Loop, others: Sequence[Operand]) -> list[_Part]:
    """The parts of what the loop's names stand for, and of what is in its objects: parameters, each with the objects in
    its place in `others`.
    """
    out: list[_Part] = []
    for k, (p, o) in enumerate(zip(loop.params, others, strict=False)):
        parts = [((k, j), q, s.memory.reached(q, r)) for j, (q, r) in enumerate(_parts(p, o))]
        out += parts if k < loop.own else parts[1:]
    return out


def start_iteration(s: Builder, loop: Loop) -> None:
    """What the memory holds when an iteration starts."""
    written = list(zip(loop.objects, loop.params[loop.own :], loop.inits[loop.own :], strict=True))
    for obj, p, _ in written:
        s.memory.set(obj, p)
    know(s, loop, loop.params)
    for obj, p, i in written:
        if isinstance(type_of(p), ListOf):
            s.memory.holds(obj, i)  # with whatever is known by now to share memory with what the list began with


def know(s: Builder, loop: Loop, operands: Sequence[Operand]) -> None:
    """What is known of the loop's parts, of those of operands that stand in their places."""
    for operand in operands:
        s.memory.bear_all(operand)
    if not loop.shared and not loop.stale:
        return
    parts = {slot: key_of(p) for slot, p, _ in slots(s, replace(loop, params=list(operands)), operands)}
    for pair in loop.shared:
        p, q = (parts.get(o) if isinstance(o, tuple) else o for o in pair)
        if p is not None and q is not None:
            s.memory.sharing.share(p, s.memory.sharing.bits.bit(q))
    for o, write in loop.stale.items():
        key = parts.get(o) if isinstance(o, tuple) else o
        if key is not None:
            s.memory.stale[key] = write


def found_more(s: Builder, loop: Loop, inner: Memory) -> bool:
    """Whether an iteration wrote into objects that are not carried yet, or left parts that share memory or are not known."""
    outer = s.memory
    held = {key_of(obj) for obj in loop.objects}
    there = [k for k in inner.contents if k not in inner.born and k not in held]
    changed = [k for k in there if inner.contents[k] is not outer.contents.get(k)]
    for k in changed:
        carry(s, loop, outer.original(k))
    before, pairs = len(loop.stale), set(loop.shared)
    begun, handed = end_iteration(s, loop, inner)
    keys = {k for k, w in inner.writes.items() if outer.writes.get(k) is not w}
    keys |= {k for k in inner.stale if k not in outer.stale and k not in loop.stale}
    keys.update(inner.sharing.bits.those(inner.sharing.near(keys)))
    touched: set[_Slot | Key] = {begun.get(k, k) for k in keys}
    size = -1
    while len(loop.shared) != size and not any(pair & touched for pair in loop.shared - pairs):
        size = len(loop.shared)
        hand_on(loop, handed, loop.shared - pairs)
    return bool(changed) or len(loop.stale) > before or any(pair & touched for pair in loop.shared - pairs)


def carry(s: Builder, loop: Loop, obj: Operand) -> None:
    """Carry an object, which the loop begins with as it is now."""
    memory = s.memory
    init = s.expose_all(s.present(memory.now(obj), reads=False))
    loop.objects.append(obj)
    loop.inits.append(init)
    loop.names.append(memory.name_of(obj))
    loop.keys.append(("memory", len(loop.objects), loop.keys[0] if loop.keys else s.path))
    loop.types.append(type_of(init))


def end_iteration(s: Builder, loop: Loop, inner: Memory) -> tuple[dict[Key, _Slot], dict[_Slot | Key, set[_Slot | Key]]]:
    """What the loop's parts share memory with after an iteration, and which of them are not known.

    Gives the parts by what stands for them at the start; and of each part and object the parts and objects, as they are at
    the start, that it may come to be.
    """
    outer, s.memory = s.memory, inner
    left = slots(s, loop, loop.yields)
    begun = {key_of(p): slot for slot, p, _ in slots(s, loop, loop.params)}
    s.memory = outer
    loop.stale.update({k: w for k, w in inner.stale.items() if k not in outer.stale and outer.knows(k)})
    mark(loop, inner, left)

    @functools.cache
    def known(k: Key) -> bool:
        return k in begun or outer.knows(k)

    @functools.cache
    def sources(k: Key) -> frozenset[_Slot | Key]:
        return frozenset(begun.get(q, q) for q in ((k,) if known(k) else inner.sharing.of(k)) if known(q))

    handed: dict[_Slot | Key, set[_Slot | Key]] = {slot: set().union(*map(sources, found)) for slot, _, found in left}
    near: _Mates = {}
    mates(loop.shared, near)
    for k in inner.sharing.bits.those(inner.sharing.found):
        if outer.knows(k):
            others = list(inner.sharing.since(outer.sharing, k))
            handed[k] = set().union(*map(sources, others)).difference((k,), near.get(k, ()))
            there: set[frozenset[_Slot | Key]] = {frozenset((k, q)) for q in others if outer.knows(q)}
            loop.shared |= there
            mates(there, near)
    loop.shared.update(alike(inner, left))
    for slot, _, found in left:
        reached = inner.sharing.bits.those(inner.sharing.near(found))
        loop.shared.update(frozenset((slot, q)) for q in reached if outer.knows(q))
    return begun, handed


def mates(pairs: set[frozenset[_Slot | Key]], near: _Mates) -> None:
    """Add to `near`, for each part and object of some pairs, what it stands in a pair with."""
    for p, q in pairs:
        near.setdefault(p, set()).add(q)
        near.setdefault(q, set()).add(p)


def hand_on(loop: Loop, handed: dict[_Slot | Key, set[_Slot | Key]], found: set[frozenset[_Slot | Key]]) -> None:
    """A part shares memory after an iteration with what those share memory with that it may come to be, by pairs just found.

    Where the loop writes into none of these, it need not be gone through again to find that.
    """
    near: _Mates = {}
    mates(found, near)
    coming: _Mates = {}  # a part or object -> those that may come to be it
    for part, sources in handed.items():
        for c in sources:
            coming.setdefault(c, set()).add(part)
    for part, sources in handed.items():
        there = set().union(*(near[c] for c in sources.intersection(near)))
        loop.shared.update(frozenset((part, q)) for q in there if not isinstance(q, tuple) and q != part)
        others = set().union(*(coming[q] for q in there.intersection(coming))) - {part}
        loop.shared.update(frozenset((part, other)) for other in others)


def results(s: Builder, loop: Loop, values: tuple[Value, ...]) -> tuple[tuple[Value, ...], list[Operand]]:
    """The results of a loop, and what its names stand for after it; its objects hold what it left in them."""
    made = {v: Value(v.type, s.memory.name_of(v)) for v in values}
    s.lost.update(made[v] for v in s.lost.intersection(made))
    s.unsure.update(made[v] for v in s.unsure.intersection(made))
    after = [map_leaves(lambda leaf: made.get(leaf, leaf), p) for p in loop.params]
    for obj, o in zip(loop.objects, after[loop.own :], strict=True):
        s.memory.set(obj, o)
        s.memory.writes[key_of(obj)] = Write(s.memory.name_of(obj), s.place)
    know(s, loop, after)
    return tuple(made.values()), [functions.closed(o) for o in after]


def carried(loop: Loop) -> tuple[tuple[Value, ...], tuple[Operand, ...], tuple[Operand, ...]]:
    """The leaves that a loop carries: parameters, yields, initial operands."""
    whole = zip(loop.params, loop.yields, loop.inits, strict=True)
    found = [leaf for p, y, i in whole for leaf in _leaves_carried(p, y, i)]
    return tuple(p for p, _, _ in found), tuple(y for _, y, _ in found), tuple(i for _, _, i in found)


def _leaves_carried(p: Operand, y: Operand, i: Operand) -> Iterator[tuple[Value, Operand, Operand]]:
    """The leaves of a parameter, each with what stands in its place in what the loop goes on and begins with."""
    if isinstance(p, Value):
        yield p, y, i
    elif isinstance(p, (Tuple, List, Dict)):
        ys, js = branches.items_like(y, p), branches.items_like(i, p)
        assert ys is not None and js is not None
        for a, b, c in zip(p.items, ys, js, strict=True):
            yield from _leaves_carried(a, b, c)


def _entry_type(t: Abstract, formal: Value) -> Abstract:
    """The first guess: a named number is not taken for a constant, a flag is until it is seen to change."""
    return widen(t) if formal.name else t


def _structure(t: Abstract, name: str, init: Operand) -> Operand:
    """A loop parameter of type `t`: its items are parameters of their own; what is known is not carried."""
    init = or_none(init, t)
    if isinstance(t, (Tuple, List, Dict)):
        inner = init.items if isinstance(init, (Tuple, List, Dict)) else (UNDEFINED,) * len(t.items)
        names = [branches.item_name(t, name, k) for k in keys_of(t)]
        return with_items(t, (_structure(i, n, u) for i, n, u in zip(t.items, names, inner, strict=True)))
    if isinstance(t, (Const, Undefined)):
        return t
    return Value(t, name)


def _parts(o: Operand, other: Operand) -> Iterator[tuple[Operand, Operand]]:
    """The values, lists and dicts in a structure, with what stands in their places in another one."""
    other = or_none(other, o)
    if isinstance(o, (Value, List, Dict)):
        yield o, other
    if isinstance(o, (Tuple, List, Dict)):
        there = other.items if isinstance(other, (Tuple, List, Dict)) and len(other.items) == len(o.items) else o.items
        for p, q in zip(o.items, there, strict=True):
            yield from _parts(p, q)
