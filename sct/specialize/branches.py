"""Branches, carried out while a function is specialized, and what two ways through a program leave.

Takes an `If` whose test is not known, or the ends of two sides; emits the `If` with its φ's: of what names stand for, and of
what each side leaves in memory, item by item where both have one structure.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Sequence
from dataclasses import field

import numpy as np

from sct.analysis.activity import differentiable
from sct.analysis.effects import effect, statements
from sct.analysis.points_to import is_writing_call, writes_into, written_by
from sct.errors import NotThereError, Place, UnsupportedSyntaxError
from sct.frontend.lower import unsure
from sct.infer.call import infer_call
from sct.infer.join import join, widen
from sct.ir.ops import ASSERT, CAUGHT, ENTER, EXIT, RAISE, UNPACK, UNWRITTEN, Attribute, Augmented, Call, Format, Method, Unused
from sct.ir.records import record
from sct.ir.rewriting import map_blocks, map_operands
from sct.ir.ssa import (
    Apply,
    Block,
    If,
    Operand,
    Statement,
    Value,
    captured,
    defined,
    goes_on,
    map_leaves,
    raises,
    read,
    type_of,
    values_of,
)
from sct.ir.types import (
    UNDEFINED,
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Dict,
    List,
    ListOf,
    OrNone,
    Record,
    Scalar,
    Tuple,
    Undefined,
    Unknown,
    VariableName,
    alike,
    keys_of,
    or_none,
    with_items,
)
from sct.runtime import shown
from sct.specialize import functions, records
from sct.specialize.building import Builder, NotStaticError, Plan, UnrollError
from sct.specialize.entering import meet_object, meet_objects
from sct.specialize.in_python import either, one_or_other
from sct.specialize.instances import Bound, held_by_all, is_function, map_held
from sct.specialize.iteration import is_iterator
from sct.specialize.memory import Key, Memory, Write, key_of

__all__ = ["if_", "item_name", "items_like", "joined", "note_lost", "refuse_different", "refuse_unsure"]


@record(frozen=True)
class Meeting:
    """Two ways through a program that meet: memory at the end of each, and its statements; the φ's of objects, and of what."""

    ways: Sequence[tuple[Memory, list[Statement]]]
    met: list[tuple[Operand, Operand, Operand]] = field(default_factory=list)
    same: dict[tuple[Key, Key], tuple[Operand, Operand, Operand]] = field(default_factory=dict)  # two objects -> their φ


def if_(s: Builder, t: If) -> None:
    """An `If`: the side that is known to be taken, or both."""
    test = s.truth(s.resolve(t.test))
    if isinstance(test, Const):
        chosen = t.then if test.value else t.orelse
        yields = s.block(chosen)
        s.env.update(zip(t.results, yields, strict=True))
        return
    if s.static:
        raise NotStaticError
    place, origin = s.place, s.origin
    memories = [s.memory.fork(), s.memory.fork()]
    memories[0].tried = t.handles is not None and not raises(t.orelse)
    try:
        then, a, memories[0] = _side(s, t.then, memories[0])
    except NotThereError as e:
        if not _is_handled(t, e, place) or goes_on(t):
            raise
        assert isinstance(t.test, Value)
        s.env[t.test] = Const(False)
        s.env.update(zip(t.results, s.block(t.orelse), strict=True))
        return
    if t.handles is not None and not then:  # nothing is left that might raise
        s.env[t.test] = Const(True)  # type: ignore[index]
        s.env.update(zip(t.results, s.block(t.then), strict=True))
        return
    if goes_on(t) and not s.memory.in_try and not _is_seen_at_last(s, t, memories[0]):
        s.env[t.test] = Const(True)  # type: ignore[index]
        s.env.update(zip(t.results, a, strict=True))
        s.body += then
        s.memory.becomes(memories[0])
        return
    if t.handles is not None and not raises(t.orelse):
        refuse_unsure(s.memory, memories[0], then, _written_at_last(s, t))
        if any(issubclass(ValueError, c) for c in t.handles.value):
            _refuse_shown(then)
    for obj, contents in memories[0].unsure.values():
        memories[1].set(obj, contents)
    orelse, b, memories[1] = _side(s, t.orelse, memories[1])
    if t.handles is not None:
        _refuse_carried(then, Block((), tuple(orelse), b))
    sides = ((memories[0], then), (memories[1], orelse))
    a, b = (tuple(exposed_at_end(s, y, *side) for y in ys) for ys, side in zip((a, b), sides, strict=True))
    a, b = _same_flags(test, a, b)
    first = t.results[0].id if t.results else 0
    blocks, results = joined(s, t.results, sides, (a, b), first, (s.path,), s.caller is None and t in s.ending)
    s.body.append(If(test, *blocks, results, place, origin, t.expression, t.handles))


def _side(s: Builder, block: Block, memory: Memory) -> tuple[list[Statement], tuple[Operand, ...], Memory]:
    """One of two branches: its statements, what it ends with, and memory there; one that asks None for an attribute raises."""
    try:
        return *s.nested(block, memory), memory
    except NotThereError as e:
        if not e.of_none or memory.in_try:
            raise
        body: list[Statement] = []
        memory = s.memory.fork()
        with s.into(body, memory):
            s.apply(RAISE, (s.apply(e.raises, (Const(e.message),)),))
        return body, (UNDEFINED,) * len(block.yields), memory


def _same_flags(test: Operand, a: Sequence[Operand], b: Sequence[Operand]) -> tuple[tuple[Operand, ...], tuple[Operand, ...]]:
    """What two branches end with, with the flag that stands for `test and False`, or for `test or True`: it is known."""

    def flag(end: Operand, other: Operand, value: bool) -> Operand:
        return other if end is test and other == Const(value) and _is_flag(type_of(end)) else end

    then = tuple(flag(p, q, True) for p, q in zip(a, b, strict=True))
    return then, tuple(flag(q, p, False) for p, q in zip(a, b, strict=True))


def _is_flag(t: Abstract) -> bool:
    array = isinstance(t, Array) and t.shape == () and t.dtype == np.dtype(bool)
    return array or (isinstance(t, Scalar) and t.kind is bool and not t.also)


def _is_handled(t: If, e: NotThereError, place: Place | None) -> bool:
    """Whether an exception that is sure to come is one that a `try` handles, and nothing is done before or told by it."""
    caught = {s.result for s in t.orelse.body if isinstance(s, Apply) and s.op is CAUGHT}
    own = [s for s in t.then.body if isinstance(s, Apply)]
    quiet = (s.op in (operator.getitem, UNPACK, UNWRITTEN) or isinstance(s.op, Attribute) for s in own)
    alone = len(own) == len(t.then.body) and all(quiet) and caught.isdisjoint(read(t.orelse))
    within = e.place is not None and place is not None and e.place.caller == place.caller
    return t.handles is not None and issubclass(e.raises, t.handles.value) and alone and within


def _is_seen_at_last(s: Builder, t: If, memory: Memory) -> bool:
    """Whether the world sees what is run for an exception that leaves the function: told by what would be run if it came at
    the end of what is tried, where `memory` is as it is then."""
    try:
        body, _ = s.nested(_at_end(t.orelse.with_(t.orelse.body[:-1])), memory.fork())
    except KeyError:  # of what is there at the end nobody else asks
        return True
    return any(_is_seen(w) for w in statements(Block((), tuple(body), ())))


def _is_seen(w: Apply) -> bool:
    worlds = ("acts",) if w.op in (ENTER, EXIT) else ("draws", "reports", "acts")
    return w.op in (RAISE, ASSERT) or effect(w) in worlds


def _at_end(block: Block) -> Block:
    """A block that reads what variables are at the end of what is tried."""

    def at_end(leaf: Operand) -> Operand:
        return leaf if not isinstance(leaf, Undefined) or leaf.end is None else leaf.end

    def operand(o: Operand) -> Operand:
        return map_leaves(at_end, o)

    body = [map_blocks(_at_end, map_operands(operand, s)) for s in block.body]
    return block.with_(body, map(operand, block.yields))


def refuse_unsure(around: Memory, tried: Memory, body: Sequence[Statement], last: Place | None = None) -> None:
    """Refuse what a block that is tried writes into arrays from around it: an exception may come before or after that.

    After what is written at its end, at the place `last`, none does; and where that raises, nothing is written. Of lists and
    dicts that are followed item by item is noted what is not known of them where the exception is handled.
    """
    block = Block((), tuple(body), ())
    made = defined(block)

    def refuse(place: Place | None, name: str, called: bool = False) -> None:
        if place is not None and place == last and not called:
            return
        into = f" into {name!r}" if name else ""
        raise UnsupportedSyntaxError(
            f"a write{into} in a try, before or after which an exception may come,",
            place,
            "Write after the try, or into a copy that is made in it.",
        )

    for part, before in ((tried.writes, around.writes), (tried.stale, around.stale)):
        for key, write in part.items():
            if before.get(key) is write or key in tried.born or key in made or (last is not None and write.place == last):
                continue
            if not _noted_unsure(around, tried, tried.object_of(tried.original(key)), write):
                refuse(write.place, write.name)
    for w in statements(block):
        if effect(w) == "writes":
            for v in values_of(*written_by(w)):
                if not tried.lies_in(v, made):
                    refuse(w.place, tried.name_of(v), is_writing_call(w))
    sure = [w for w in body if not isinstance(w, Apply) or w.place is None or w.place != last or is_writing_call(w)]
    block = Block((), tuple(sure), ())
    for v in captured(block):
        if writes_into(block, [v]):  # by way of a list, dict or object that is made in it
            place = next((w.place for w in statements(block) if effect(w) == "writes" and w.place is not None), None)
            refuse(place, tried.name_of(v), True)


def _noted_unsure(around: Memory, tried: Memory, obj: Operand, write: Write) -> bool:
    """Whether the list or dict that is written has one structure before and after what is tried; its items are unsure then."""
    before, after = around.now(obj), tried.now(obj)
    written = tried.writes.get(key_of(obj)) is write
    if not written or not isinstance(before, (List, Dict)) or not isinstance(after, (List, Dict)) or not alike(before, after):
        return False
    items = (unsure(str(k) if isinstance(k, VariableName) else "", write.place) for k in keys_of(after))
    tried.unsure[key_of(obj)] = obj, with_items(after, items)
    return True


def _written_at_last(s: Builder, t: If) -> Place | None:
    """The place of the statement at the end of what is tried, if that writes either nothing or all."""
    last = t.then.body[-1] if t.then.body else None
    if not isinstance(last, Apply) or last.place is None:
        return None
    if any(isinstance(a, Const) and isinstance(a.value, Plan) for a in map(s.resolve, last.args)):  # computed item by item
        return None
    assert t.handles is not None
    if any(issubclass(FloatingPointError, c) for c in t.handles.value) and _computes_in_place(s, last):
        return None
    return last.place if s.caller is None else last.place.called_from(s.caller)


def _computes_in_place(s: Builder, t: Apply) -> bool:
    """Whether a statement of the untyped form has NumPy write what it computes, which may say afterwards what it met."""
    if isinstance(t.op, Augmented):
        found = infer_call(operator.getitem, [type_of(s.resolve(a)) for a in t.args[:2]], {})
        return getattr(found, "shape", None) != ()
    op = t.op.op if isinstance(t.op, Unused) else t.op
    whole = op in (operator.setitem, operator.delitem, setattr) or isinstance(op, Method)
    return not whole or any(k == "out" for k, _ in t.kwargs)


def _refuse_shown(body: Sequence[Statement]) -> None:
    """Refuse calls that are left as they stand, whose writes into copies raise what is handled."""
    for w in statements(Block((), tuple(body), ())):
        if w.op is shown:
            raise UnsupportedSyntaxError(
                "a call of a function that is not followed, whose exceptions are handled,",
                w.place,
                "Call it after the try, or return what it computes and use that.",
            )


def _refuse_carried(tried: Sequence[Statement], handler: Block) -> None:
    """Refuse to read from an exception what it may be made with: a number, through which no derivative would go."""
    caught = {w.result for w in handler.body if isinstance(w, Apply) and w.op is CAUGHT}
    read = not caught.isdisjoint(values_of(*handler.yields)) or any(
        not caught.isdisjoint(values_of(*w.operands)) and not (w.op in _OF_EXCEPTIONS or isinstance(w.op, (Unused, Format)))
        for w in statements(handler)
    )
    for w in statements(Block((), tuple(tried), ())) if read else ():
        made = isinstance(w.op, Call) or (isinstance(w.op, type) and issubclass(w.op, BaseException))
        if made and any(v.type != UNKNOWN and differentiable(v.type) for v in values_of(*w.operands)):
            raise UnsupportedSyntaxError(
                "an exception that may be made with a number, and is read where it is handled,",
                w.place,
                "Assign the number to a variable, or put it into a string.",
            )


_OF_EXCEPTIONS = (isinstance, type, str, repr, RAISE)
"""What can be done with an exception that gives nothing of what that was made with but words."""


def joined(
    s: Builder,
    names: Sequence[Value],
    sides: Sequence[tuple[Memory, list[Statement]]],
    ends: tuple[Sequence[Operand], Sequence[Operand]],
    first: int,
    key: tuple[Hashable, ...],
    last: bool = False,
) -> tuple[tuple[Block, Block], tuple[Value, ...]]:
    """The blocks of two branches, and their φ's: of memory, and of what `names` stand for at the ends.

    `last`: nothing comes after them, so that nobody asks what is in lists and dicts that are not given there.
    """
    meeting = Meeting(sides)
    over = last and not any(_holds_others(type_of(o)) for o in (*ends[0], *ends[1]))
    flat = [] if over else meet(s, sides, meeting, (first, *key))
    merged = [merge(s, p, q, meeting, r.name, (r.id, *key)) for p, q, r in zip(*ends, names, strict=True)]
    flat += [m for _, phis in merged for m in phis]
    share(s, meeting)
    s.env.update({r: m for r, (m, _) in zip(names, merged, strict=True)})
    (_, then), (_, orelse) = sides
    blocks = Block((), tuple(then), tuple(p for _, p, _ in flat)), Block((), tuple(orelse), tuple(q for _, _, q in flat))
    return blocks, tuple(v for v, _, _ in flat)


def _holds_others(t: Abstract) -> bool:
    """Whether something of a type is, or may hold, what the memory says of what is in it."""
    return any(map(_holds_others, t.items)) if isinstance(t, Tuple) else not isinstance(t, (Scalar, Array, Const, Undefined))


def meet(
    s: Builder, sides: Sequence[tuple[Memory, list[Statement]]], meeting: Meeting, key: Hashable
) -> list[tuple[Value, Operand, Operand]]:
    """The memory after two branches; gives the φ's of what they leave in the objects that were there before."""
    memory = s.memory
    a, b = (side for side, _ in sides)
    flat: list[tuple[Value, Operand, Operand]] = []
    for part in (a, b):
        memory.stale.update(part.stale)
        memory.sharing.include(part.sharing)
        memory.writes.update(part.writes)
    for n, k in enumerate(dict.fromkeys((*a.contents, *b.contents))):
        obj = memory.original(k)
        p, q = a.now(obj), b.now(obj)
        if k in a.born or k in b.born or (p is q and p is memory.now(obj)):
            continue
        p, q = (s.explode(o) if isinstance(o, Value) and isinstance(o.type, (List, Dict)) else o for o in (p, q))
        p, q = aligned(s, p, q, sides) if isinstance(p, (List, Dict)) else (p, q)
        name = memory.name_of(p) if isinstance(p, Value) else ""
        merged, phis = merge(s, p, q, meeting, name, ("memory", n, key))
        meeting.same[key_of(p), key_of(q)] = p, q, merged
        memory.set(obj, merged)
        if isinstance(type_of(merged), ListOf):  # which holds what either way has left in it
            memory.holds(obj, Tuple((p, q)))
        flat += phis
    return flat


def aligned(s: Builder, p: Operand, q: Operand, sides: Sequence[tuple[Memory, list[Statement]]]) -> tuple[Operand, Operand]:
    """What two branches leave in a list or dict: an item that is one object in both is that object, whatever it holds."""
    if p is q or (isinstance(p, Value) and isinstance(q, Value) and s.memory.object_of(p) is s.memory.object_of(q)):
        return s.memory.object_of(p), s.memory.object_of(p)
    ends = zip((p, q), sides, strict=True)
    a, b = (m.now(m.object_of(o)) if isinstance(o, (List, Dict)) else o for o, (m, _) in ends)
    if type(a) is type(b) and isinstance(a, (Tuple, List, Dict)) and len(a.items) == len(b.items):  # type: ignore[union-attr]
        pairs = [aligned(s, x, y, sides) for x, y in zip(a.items, b.items, strict=True)]  # type: ignore[union-attr]
        made = with_items(a, (x for x, _ in pairs)), with_items(b, (y for _, y in pairs))  # type: ignore[type-var]
        for m, o in zip(made, (p, q), strict=True):
            if not isinstance(m, Tuple):
                s.memory.is_version(m, s.memory.object_of(o))
        return made
    return tuple(presented(s, o, *side) for o, side in zip((p, q), sides, strict=True))  # type: ignore[return-value]


def presented(s: Builder, o: Operand, memory: Memory, body: list[Statement]) -> Operand:
    """An operand as it is at the end of a block."""
    with s.into(body, memory):
        return s.present(o, reads=False)


def exposed_at_end(s: Builder, o: Operand, memory: Memory, body: list[Statement]) -> Operand:
    """A container that a block yields, taken apart where it was made."""
    if not isinstance(o, Value) or not isinstance(o.type, (Tuple, List, Dict)) or not memory.is_new(o):
        return o
    with s.into(body, memory):
        return s.expose_all(o)


def merge(
    s: Builder, a: Operand, b: Operand, meeting: Meeting, name: str, key: Hashable
) -> tuple[Operand, list[tuple[Value, Operand, Operand]]]:
    """The φ of two operands, item by item where they have one structure, and its leaves (result, yield, yield)."""
    if a is b or (isinstance(a, Const) and a == b):
        return a, []
    if (key_of(a), key_of(b)) in meeting.same:
        return meeting.same[key_of(a), key_of(b)][2], []
    p, q = (expose(s, o, side) for o, (side, _) in zip((a, b), meeting.ways, strict=True))
    p, q = or_none(p, q), or_none(q, p)
    if (handed := functions.met(s, (p, q), meeting.ways)) is not None:
        whole, flat = merge(s, *handed, meeting, name, key)
        return functions.closed(whole), flat
    like = q if isinstance(p, Undefined) else p
    if isinstance(like, (Tuple, List, Dict)) and all(isinstance(o, Undefined) or _alike(o, like) for o in (p, q)):
        ps, qs = items_like(p, q), items_like(q, p)
        assert ps is not None and qs is not None
        pairs = [
            merge(s, x, y, meeting, item_name(like, name, k), (key, k)) for k, x, y in zip(keys_of(like), ps, qs, strict=True)
        ]
        made: Operand = with_items(like, (m for m, _ in pairs))
        flat = [leaf for _, ls in pairs for leaf in ls]
        if isinstance(made, Tuple):
            return made, flat
        if s.objects:
            meet_objects(s, p, q)
    elif (chosen := one_of(s, p, q, meeting, key)) is not None:
        return chosen
    else:
        refuse_different(s, type_of(p), type_of(q), name)
        made = Value(held_by_all(s.memory, join(_widened(type_of(p), type_of(q)), type_of(q), key)), name)
        note_lost(s, made, (p, q))
        note_unsure(s, made, (p, q))
        for o in (p, q):
            meet_object(s, o, made.type)
        p, q = (
            presented(s, o, *way) if isinstance(o, (List, Dict)) else o for o, way in zip((p, q), meeting.ways, strict=True)
        )
        flat = [(made, p, q)]
    s.memory.bear(made)
    if s.memory.object_in(made) is not None:
        meeting.met.append((made, p, q))
        if s.memory.object_in(a) is not None and s.memory.object_in(b) is not None:
            meeting.same[key_of(a), key_of(b)] = a, b, made
    return made, flat


def one_of(
    s: Builder, p: Operand, q: Operand, meeting: Meeting, key: Hashable
) -> tuple[Operand, list[tuple[Value, Operand, Operand]]] | None:
    """The φ of two functions, which is called by an `if`, or of two iterators, gone through by one; None for anything else."""
    if not isinstance(p, Const) or not isinstance(q, Const):
        return None
    functions = is_function(p.value) and is_function(q.value)
    if not functions and not all(isinstance(o.value, Plan) and is_iterator(o.value) for o in (p, q)):
        return None
    flag = Value(Scalar(bool))
    s.memory.bear(flag)
    phis: list[tuple[Value, Operand, Operand]] = [(flag, Const(True), Const(False))]

    def handed_on(v: Operand, first: bool) -> Operand:
        if s.memory.knows(key_of(s.memory.object_of(v))) or not isinstance(v, Value):
            return v
        made, flat = merge(s, v if first else UNDEFINED, UNDEFINED if first else v, meeting, v.name, (key, len(phis)))
        phis.extend(flat)
        return made

    both = [map_held(lambda v, k=k: handed_on(v, k == 0), o) for k, o in enumerate((p, q))]  # type: ignore[misc]
    if any(held_by_all(s.memory, o) is UNKNOWN for o in both):
        return None
    if functions:
        return Const(Bound(either, (flag, *both))), phis
    return s.apply(one_or_other, (flag, *both)), phis


def note_lost(s: Builder, made: Operand, ends: Sequence[Operand]) -> None:
    """A φ of functions or iterators that is none of them is nothing to compute with."""
    known = [o.value for o in ends if isinstance(o, Const)]
    if isinstance(made, Value) and isinstance(made.type, Unknown) and any(isinstance(v, (Plan, Bound)) for v in known):
        s.lost.add(made)


def note_unsure(s: Builder, made: Operand, ends: Sequence[Operand]) -> None:
    """A φ of what is there on some ways only is there on these."""
    if isinstance(made, Value) and any(isinstance(o, Undefined) or o in s.unsure for o in ends):
        s.unsure.add(made)


def share(s: Builder, meeting: Meeting) -> None:
    """What the φ's of two branches share memory with: on one of the ways there, a φ is what that branch ends with.

    So two φ's may be one object only if they are on one of the ways: buffers that a branch swaps are apart.
    """
    ends = [
        (key_of(m), [(side, side.reached(m, o)) for (side, _), o in zip(meeting.ways, (p, q), strict=True)])
        for m, p, q in meeting.met
    ]
    sharing = s.memory.sharing
    for n, (m, ways) in enumerate(ends):
        for side, found in ways:
            sharing.share(m, side.sharing.near(found))
            s.memory.stale.update((m, side.stale[k]) for k in found if k in side.stale)
        for m2, ways2 in ends[:n]:
            if any(side.sharing.near(f) & sharing.bits.of(f2) for (side, f), (_, f2) in zip(ways, ways2, strict=True)):
                sharing.share(m, sharing.bits.bit(m2))


def refuse_different(s: Builder, a: Abstract, b: Abstract, name: str) -> None:
    """Containers that differ in structure have no common form."""
    a, b = or_none(a, b), or_none(b, a)
    if Undefined in (type(a), type(b)) or not any(isinstance(t, (Tuple, List, Dict)) for t in (a, b)):
        return
    if all(isinstance(t, (List, ListOf)) for t in (a, b)) and (s.growing or ListOf in (type(a), type(b))):
        return
    if not _alike(a, b):
        called = f" {name!r}" if name else ""
        if isinstance(a, Record) and isinstance(b, Record):
            records.late_fields(s, a, b)
        if Record in (type(a), type(b)):
            what = f"an object{called} whose class or fields depend"
        else:
            what = f"a list, tuple or dict{called} whose length, keys or kind depend"
        raise UnrollError(
            f"{what} on the way taken",
            s.place,
            "Give it the same structure on every path; collect the values of a loop in an array.",
        )
    for p, q in zip(a.items, b.items, strict=True):  # type: ignore[union-attr]
        refuse_different(s, p, q, name)


def expose(s: Builder, a: Operand, side: Memory) -> Operand:
    """A container value as a container of its items, as they are at the end of a branch."""
    if not isinstance(a, Value) or not isinstance(a.type, (Tuple, List, Dict)):
        return a
    with s.into(s.body, side):
        return s.explode(a)


def _alike(a: Abstract | Operand, b: Abstract | Operand) -> bool:
    """Whether two containers are of one kind, with the same keys or as many items."""
    return alike(a, b)


def item_name(whole: Tuple | List | Dict, name: str, key: Hashable) -> str:
    """What the φ of an item of something called `name` is called."""
    if isinstance(whole, Dict) and str(key).isidentifier():
        return str(key)
    if isinstance(whole, Tuple) and whole.kind is OrNone:
        return item_name(Tuple(()), name, int(str(key)) - 1) if key else f"has_{name}" if name else ""
    return f"{name}_{key}" if name and f"{name}_{key}".isidentifier() else ""


def items_like(a: Operand, other: Operand) -> tuple[Operand, ...] | None:
    """The items of a container; for an undefined one as many undefined items as the other side has."""
    a = or_none(a, other)
    if isinstance(a, (Tuple, List, Dict)):
        n = len(other.items) if isinstance(other, (Tuple, List, Dict)) else len(a.items)
        return a.items if len(a.items) == n else None
    absent = a if isinstance(a, Undefined) else UNDEFINED
    return tuple(absent for _ in other.items) if isinstance(other, (Tuple, List, Dict)) else None


def _widened(a: Abstract, b: Abstract) -> Abstract:
    """`a`, without its value if it is a constant other than `b`."""
    return a if a == b or not isinstance(a, Const) or isinstance(a.value, bool) else widen(a)
