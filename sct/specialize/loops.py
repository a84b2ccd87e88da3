"""Loops, carried out while a function is specialized: rolled where one body serves every iteration, and otherwise unrolled.

Takes a loop as written; emits a `For` or a `While` of what it carries (`sct.specialize.fixpoint`), or its iterations one after
another, as a loop over containers needs.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from sct.analysis.repeating import holds_generator, repeated
from sct.analysis.switches import is_on
from sct.errors import SctError, UnsupportedSyntaxError
from sct.ir.ops import BINARY, Method, Unused
from sct.ir.records import record
from sct.ir.ssa import (
    Apply,
    Block,
    Checkpointing,
    For,
    ForEach,
    If,
    Operand,
    Statement,
    Value,
    While,
    captured,
    carried_params,
    defined,
    map_leaves,
    type_of,
)
from sct.ir.types import (
    Array,
    Const,
    Dict,
    DictOf,
    Instance,
    List,
    ListOf,
    ObjectOf,
    Record,
    Scalar,
    SizeLike,
    Tuple,
    note_bounds,
    size_add,
    size_symbol,
)
from sct.ir.words import in_words
from sct.specialize import branches, fixpoint, generators, operators
from sct.specialize.building import Builder, NotStaticError, Plan, UndecidedError, UnrollError
from sct.specialize.in_python import through_endless
from sct.specialize.iteration import (
    Checkpointed,
    Generated,
    Items,
    Range,
    Reversed,
    Rows,
    View,
    count_at_call,
    few_at_call,
    is_endless,
    is_iterator,
    looped,
    planned,
    size_of,
    trip_count,
)
from sct.specialize.iteration import parts as plan_parts
from sct.specialize.writing import is_object

__all__ = ["for_each", "lists_grow", "plan_of", "rolled", "while_"]


_OF_LENGTH = ("append", "pop", "insert")  # methods that change the length of a list
_SEQUENCES = (List, Tuple)
_FEW = 100  # so many iterations are written one after another rather than that a list is of unknown length, or an object

_WAYS_AROUND = 9  # in which the loops around one may be followed, while a way is sought for all of them

_T = TypeVar("_T")


class _ManyWaysError(UnsupportedSyntaxError):
    """A loop is refused in many ways in which those around it may be followed."""


@record(frozen=True)
class _Names:
    """The names that a loop carries: what they begin as, and the numbers of those that stand for it throughout.

    `what` names the choice of those that do, among those that only augmented assignments make something of.
    """

    inits: list[Operand]
    fixed: list[int]
    what: Hashable

    def varied(self, items: Sequence[_T]) -> list[_T]:
        """What is there for the other names, and what comes after it."""
        return [i for k, i in enumerate(items) if k not in self.fixed]

    def ended(self, s: Builder, items: Sequence[Operand]) -> list[Operand]:
        """What the other names end an iteration with; the choice is made anew where one does not stand for what it was."""
        for k in self.fixed:
            if s.memory.object_of(items[k]) is not s.memory.object_of(self.inits[k]):
                raise UndecidedError(self.what, (*s.decided.get(self.what, ()), k))
        return self.varied(items)

    def bound(self, targets: Sequence[Value], operands: Sequence[Operand]) -> dict[Value, Operand]:
        """What `targets` stand for: in place of the other names for `operands`."""
        others = self.varied(targets[: len(self.inits)])
        return {**{targets[k]: self.inits[k] for k in self.fixed}, **dict(zip(others, operands, strict=False))}


def for_each(s: Builder, t: ForEach) -> None:
    """A `for` loop as written."""
    plan = s.plan(s.resolve(t.iterable, reads=False))
    if is_endless(plan):
        plan = planned(s, through_endless(s, plan))
    if isinstance(plan, Generated):
        generators.through(s, t, plan)
        return
    outer = s.looped
    s.looped = (*outer, *(s.memory.object_of(o) for o in looped(plan)))
    try:
        through(s, t, plan)
    finally:
        s.looped = outer


def through(s: Builder, t: ForEach, plan: Plan) -> None:
    """A loop through what `plan` says: rolled if that can be, otherwise unrolled, or with lists that grow."""
    if isinstance(plan, Checkpointed):
        checkpointed(s, t, plan)
        return
    if any(isinstance(p, Items) for p in plan_parts(plan)) or (s.static and trip_count(plan) is not None):
        unrolled(s, t, plan)
        return
    n, few = trip_count(plan), _FEW if is_on("unrolling") else 0
    ways = [rolled, grown]
    if n is None and s.by_sizes:
        n = few_at_call(plan)
    if n is not None and n * s.times <= few:
        ways = [rolled, unrolled, grown]
    elif n is not None and s.long_loops:
        ways = [rolled, grown, unrolled]
    elif n is not None and s.times > 1:
        ways = [rolled]  # otherwise none of those around it is unrolled, either
    what = "loop", t.body.label, n, s.ways
    around = s.decided.setdefault(("around", t.body.label, *s.ways[:1], *(label for label, _ in s.ways)), set())
    around.add(s.ways)
    if len(around) > _WAYS_AROUND:
        raise _ManyWaysError(
            "a loop that changes lists or dicts within many others", s.place, "Write the loops as functions of their own."
        )
    tried, refused = s.decided.get(what, (int(len(ways) > 1 and needs_items(s, t)), None))
    way, pending = ways[tried], s.pending
    try:
        with s.following(t.body.label, tried):
            way(s, t, plan)
        if way is not rolled or unrolled not in ways or s.pending == pending:
            return
        refused = None  # what is not known yet may be known in single iterations
    except _ManyWaysError as e:
        if s.ways or way is grown:
            raise
        raise UndecidedError(what, (ways.index(grown), e)) from None
    except UnsupportedSyntaxError as e:
        if not isinstance(e, UnrollError) and way is not grown:
            raise
        refused = e if refused is None or way is unrolled or len(ways) == 2 else refused
    if tried + 1 < len(ways):
        raise UndecidedError(what, (tried + 1, refused)) from None
    if n is not None and unrolled not in ways:
        s.decided["long loops"] = True
    assert refused is not None
    raise refused.with_traceback(None) from None


def needs_items(s: Builder, t: ForEach) -> bool:
    """Whether each iteration changes the length of a list, or takes another item of one, so that it cannot be rolled.

    It is seen from the body as it is written, for the lists that are there before the loop, so that most loops that are to be
    unrolled need not be tried otherwise first.
    """
    inside = defined(t.body)
    for a in t.body.body if not s.growing else ():
        x = _picked(a, t.body.params[0])
        now = s.memory.now(s.memory.object_of(s.env[x])) if isinstance(x, Value) and x not in inside else None
        if now is not None and isinstance(type_of(now), _SEQUENCES):
            return True
    return False


def _picked(a: Statement, target: Value) -> Operand | None:
    """What a statement changes the length of, or takes the item of that a loop's target says, if it is a list."""
    if not isinstance(a, Apply):
        return None
    op = a.op.op if isinstance(a.op, Unused) else a.op
    if op is operator.getitem:
        return a.args[0] if target in a.values else None
    return a.args[0] if isinstance(op, Method) and op.name in _OF_LENGTH else None


def grown(s: Builder, t: ForEach, plan: Plan) -> None:
    """A loop in which lists grow."""
    with lists_grow(s):
        rolled(s, t, plan)


def unrolled(s: Builder, t: ForEach, plan: Plan) -> None:
    """A loop as its iterations, one after another."""
    n = trip_count(plan)
    if n is None:
        n = count_at_call(plan)
    if n is None:
        raise UnsupportedSyntaxError(
            "a loop over a list and an array together is not supported", s.place, "Loop over an index, and index both."
        )
    outer, s.times = s.times, s.times * max(n, 1)
    try:
        iteration(s, t, plan, 0, n, [s.resolve(i, reads=False) for i in t.inits])
    finally:
        s.times = outer


def iteration(s: Builder, t: ForEach, plan: Plan, i: int, n: int, carried: list[Operand]) -> None:
    """Iterations i.. of an unrolled loop; the ones after a break that types do not decide stand in a branch."""
    for k in range(i, n):
        outer = s.env
        s.env = dict(outer)
        s.env.update(zip(t.body.params, (plan.at(s, Const(k)), *carried), strict=True))
        with s.instance_of("iteration"):
            yields = s.block(t.body)
        s.env = outer
        stop = s.truth(yields[-1]) if t.exits else Const(False)
        carried = list(yields[: len(carried)])
        if stop == Const(True):
            break
        if stop != Const(False) and k + 1 < n:
            if s.static:
                raise NotStaticError
            rest_unless(s, stop, t, plan, k + 1, n, carried)
            return
    s.env.update(zip(t.results, carried, strict=True))


def rest_unless(s: Builder, stop: Operand, t: ForEach, plan: Plan, k: int, n: int, carried: list[Operand]) -> None:
    """An `If` of the iterations k.., which are gone through unless the loop was to stop."""
    place, origin = s.place, s.origin
    ended: list[Statement] = []
    rest: list[Statement] = []
    with s.into(rest, s.memory.fork()):
        iteration(s, t, plan, k, n, carried)
        inner = s.memory
    after = [s.env[r] for r in t.results]
    sides = ((s.memory.fork(), ended), (inner, rest))
    blocks, results = branches.joined(s, t.results, sides, (carried, after), t.body.params[0].id, (k, s.path))
    s.body.append(If(stop, *blocks, results, place, origin))


def rolled(s: Builder, t: ForEach | For, plan: Plan) -> None:
    """A loop over a range, of which each iteration takes its element of the plan."""
    if s.static:
        raise NotStaticError
    start, stop, step, backwards = bounds(s, plan, t.exits)
    place, origin = s.place, s.origin
    names, formal = _split(s, t), carried_params(t)
    whole = isinstance(plan, Range) or (isinstance(plan, Reversed) and isinstance(plan.part, Range) and not t.exits)
    name = t.body.params[0].name
    symbol = f"i#{t.body.params[0].id}.{s.path}"
    note_bounds(symbol, *_least_and_greatest(start, stop, step))
    index = Value(Scalar(int, size_symbol(symbol)), (name if whole else "") or "i")

    def enter(params: list[Operand]) -> list[Operand]:
        s.memory.bear(index)
        first = index if whole else plan.at(s, index)
        if not whole and isinstance(first, Value) and not s.memory.name_of(first):
            s.memory.names[first] = name
        s.env[t.body.params[0]] = first
        s.env.update(names.bound(formal, params))
        return names.ended(s, s.block(t.body))

    loop = fixpoint.fixpoint(s, t.body.label, names.varied(formal), names.varied(names.inits), enter)
    flag = loop.flag if t.exits else Const(False)
    exits = s.truth(flag) != Const(False)
    values, outs, begun = fixpoint.carried(loop)
    results, after = fixpoint.results(s, loop, values)
    s.env.update(names.bound(t.results, after))
    counted: tuple[Value, ...] = (Value(Scalar(int)),) if exits else ()
    if t.exits and isinstance(t, For):  # which may be seen not to be left on the way
        s.env[t.results[-1]] = counted[0] if counted else Range(start, stop, step).length(s)
    block = Block((index, *values), tuple(loop.body), (*outs, flag) if exits else outs)
    s.body.append(For(start, stop, step, block, begun, exits, backwards, (*results, *counted), place, origin))


def while_(s: Builder, t: While) -> None:
    """A `while` loop: rolled if that can be, otherwise as its iterations, one after another, if it is known how many."""
    if s.static:
        raise NotStaticError
    inits = [s.resolve(i, reads=False) for i in t.inits]
    place, origin = s.place, s.origin
    with s.into([], s.memory.fork()), s.instance_of("test"):
        begins = _test(s, t, inits)
    s.place, s.origin = place, origin
    if begins == Const(False):
        s.env.update(zip(t.results, (*inits, Const(0)), strict=True))
        return
    what = "while", t.body.label, s.ways
    refused: SctError | None = s.decided.get(what)
    try:
        if refused is not None and begins == Const(True):
            unwound(s, t, inits)
        else:
            with lists_grow(s):
                _rolled_while(s, t)
    except SctError as e:
        if refused is None and begins == Const(True) and not isinstance(e, _ManyWaysError):
            raise UndecidedError(what, e) from None
        raise e if refused is None else refused.with_traceback(None) from None


def _test(s: Builder, t: While, carried: Sequence[Operand]) -> Operand:
    """The test of a loop, of what it carries."""
    outer = s.env
    s.env = {**outer, **dict(zip(t.test.params, carried, strict=True))}
    try:
        return s.truth(s.block(t.test)[0])
    finally:
        s.env = outer


def unwound(s: Builder, t: While, carried: list[Operand]) -> None:
    """A `while` loop as its iterations, whose tests types decide."""
    for k in range(_FEW):
        with s.instance_of("test"):
            goes_on = _test(s, t, carried)
        if goes_on == Const(False):
            s.env.update(zip(t.results, (*carried, Const(k)), strict=True))
            return
        outer = s.env
        s.env = {**outer, **dict(zip(t.body.params, carried, strict=True))}
        with s.instance_of("iteration"):
            yields = s.block(t.body)
        s.env, carried = outer, list(yields[: len(carried)])
        stop = s.truth(yields[-1]) if t.exits else Const(False)
        if stop == Const(True):
            s.env.update(zip(t.results, (*carried, Const(k + 1)), strict=True))
            return
        if goes_on != Const(True) or stop != Const(False):
            break
    raise UnrollError("a while loop of which it is not known how often it goes round", s.place, "Write a for loop.")


def _rolled_while(s: Builder, t: While) -> None:
    """A `while` loop; its test is gone through once more, for parameters of its own."""
    place, origin = s.place, s.origin
    names = _split(s, t)

    def enter(params: list[Operand]) -> list[Operand]:
        s.env.update(names.bound(t.body.params, params))
        return names.ended(s, s.block(t.body))

    loop = fixpoint.fixpoint(s, t.body.label, names.varied(t.body.params), names.varied(names.inits), enter)
    values, outs, begun = fixpoint.carried(loop)
    again = {v: Value(v.type, s.memory.name_of(v)) for v in values}
    tested = [map_leaves(lambda leaf: again.get(leaf, leaf), p) for p in loop.params]
    s.env.update(names.bound(t.test.params, tested))
    memory = s.memory.fork()
    for obj, o in zip(loop.objects, tested[loop.own :], strict=True):
        memory.set(obj, o)
    held = dict(memory.contents)
    test_body: list[Statement] = []
    with s.into(test_body, memory):
        fixpoint.know(s, loop, tested)
        test = s.truth(s.block(t.test)[0])
    if any(held.get(k) is not o for k, o in memory.contents.items() if k not in memory.born):
        raise UnsupportedSyntaxError("a test of a while loop that writes into an array", place, "Write in the loop's body.")
    flag = loop.flag if t.exits else Const(False)
    exits = s.truth(flag) != Const(False)
    results, after = fixpoint.results(s, loop, values)
    count = Value(Scalar(int))
    s.env.update(names.bound(t.results, after))
    s.env[t.results[-1]] = count
    test_block = Block(tuple(again.values()), tuple(test_body), (test,))
    block = Block(values, tuple(loop.body), (*outs, flag) if exits else outs)
    s.body.append(While(test_block, block, begun, exits, (*results, count), place, origin))


def checkpointed(s: Builder, t: ForEach, plan: Checkpointed) -> None:
    """A checkpointed loop, of whose body `sct.transform.stepped` makes a function."""
    if t.exits:
        raise UnsupportedSyntaxError(
            "break or return in a checkpointed loop", s.place, "Go through all steps, and choose the result with np.where."
        )
    if not isinstance(plan.part, (Range, Rows)):
        raise UnsupportedSyntaxError(
            "sct.checkpointed of something else than a range or an array", s.place, "Loop over a range, and index."
        )
    place = s.place
    rolled(s, t, plan.part)
    loop = s.body.pop()
    assert isinstance(loop, For)
    constants = tuple(sorted(captured(loop.body), key=lambda v: v.id))
    again = repeated(loop.body, "a checkpointed loop", _from_outside(s, loop, constants))
    if any(map(holds_generator, carried_params(loop))):
        raise UnsupportedSyntaxError(
            "a random generator that a checkpointed loop assigns", place, "Make the generator before the loop."
        )
    generators = Tuple((*again.generators, *(c for c in constants if again.draws and holds_generator(c))))
    number = s.outlines.setdefault((t.body.params[0].id, s.path), len(s.outlines) + 1)
    name = f"{s.stack[0].__name__ if s.stack else 'loop'}_step{number if number > 1 else ''}"
    s.body.append(replace(loop, checkpointing=Checkpointing(name, plan.slots, plan.disk, generators)))


def _from_outside(s: Builder, loop: For, constants: Sequence[Value]) -> set[Value]:
    """The values that a loop reads, and what it carries at the start, that may lie outside of the function."""
    begun = [(p, i) for phi in loop.phis for p in phi.params for i in phi.begins if isinstance(i, Value)]
    return {v for v, from_ in (*begun, *zip(constants, constants, strict=True)) if s.memory.reaches(from_, s.outside)}


@contextmanager
def lists_grow(s: Builder) -> Iterator[None]:
    """Within a loop that cannot be unrolled, a list whose length changes is of unknown length."""
    outer, s.growing = (s.growing, s.pending), True
    try:
        yield
    finally:
        s.growing, pending, s.pending = outer[0], s.pending, outer[1]
    if len(pending) > len(s.pending):
        if not s.growing:
            raise pending[-1]
        s.pending = pending


def plan_of(s: Builder, operand: Operand) -> Plan:
    """What a loop over an operand goes through."""
    if isinstance(operand, Const) and isinstance(operand.value, Plan):
        if is_iterator(operand.value):
            if any(operand.value is p for p in s.spent):
                raise UnsupportedSyntaxError(
                    "an iterator that is gone through twice", s.place, "Make it again, or make a list of it."
                )
            s.spent.append(operand.value)
        return operand.value.begun(s) if isinstance(operand.value, View) else operand.value
    t = type_of(operand)
    if isinstance(t, Const) and isinstance(t.value, (tuple, list, str, range)):
        operand = t = Tuple(tuple(Const(v) for v in t.value))
    if isinstance(t, (Instance, Record, ObjectOf)):
        return plan_of(s, operators.gone_through(s, operand))
    if isinstance(t, (Tuple, List, Dict)):
        s.structure(operand)  # of which the length is read
        return Items(operand, len(t.items))
    if isinstance(operand, Value) and isinstance(operand.type, (Array, ListOf)) and getattr(operand.type, "shape", 0) != ():
        return Rows(operand)
    if isinstance(t, DictOf):
        return View(operand, "keys").begun(s)
    raise UnsupportedSyntaxError(
        f"a loop over {in_words(t)} is not supported",
        s.place,
        "Loop over a range, an array, a tuple, a list, zip, enumerate, reversed or a dict's items.",
    )


def bounds(s: Builder, plan: Plan, exits: bool) -> tuple[Operand, Operand, Operand, bool]:
    """The range that a loop goes over, and whether it goes backwards."""
    if isinstance(plan, Range):
        return plan.start, plan.stop, plan.step, False
    if isinstance(plan, Reversed) and isinstance(plan.part, Range) and not exits:
        return plan.part.start, plan.part.stop, plan.part.step, True
    return Const(0), plan.length(s), Const(1), False


def _least_and_greatest(start: Operand, stop: Operand, step: Operand) -> tuple[SizeLike | None, SizeLike | None]:
    """The bounds of an index of a range."""
    first, end = (size_of(type_of(o)) for o in (start, stop))
    by = type_of(step)
    if not isinstance(by, Const) or type(by.value) is not int or by.value == 0:
        return None, None
    if by.value > 0:
        return first, None if end is None else size_add(end, -1)
    return None if end is None else size_add(end, 1), first


def _split(s: Builder, t: ForEach | For | While) -> _Names:
    """The names that a loop carries, and which of them stand for one array, list or object throughout."""
    inits = [s.resolve(i, reads=False) for i in t.inits]
    ends = [(phi.ends[0], phi.params[0]) for phi in t.phis]
    what = "another object", t.body.label, s.path
    others = s.decided.get(what, ())
    kept = [k for k, (y, p) in enumerate(ends) if is_object(type_of(inits[k])) and _stays(t.body, y, p)]
    return _Names(inits, [k for k in kept if k not in others], what)


def _stays(block: Block, y: Operand, v: Operand) -> bool:
    """Whether, in the untyped form, `y` is what `v` is at the start of the block, but for augmented assignments to it."""
    made = {r: s for s in block.body for r in s.results}
    while y is not v:
        source = _source(made[y], y) if isinstance(y, Value) and y in made else None
        if source is None:
            return False
        y = source
    return True


def _before(block: Block, y: Operand) -> Operand:
    """What a block starts from, of what it ends with."""
    for s in reversed(block.body):
        if isinstance(y, Value) and y in s.results:
            source = _source(s, y)
            if source is None:
                return y
            y = source
    return y


def _source(s: Statement, y: Value) -> Operand | None:
    """What a statement makes one of its results from, where that stays one thing but for augmented assignments to it."""
    if isinstance(s, Apply):
        return s.args[0] if s.op in BINARY else None
    phi = next((phi for phi in s.phis if phi.result is y), None)
    if phi is None:
        return None
    if phi.begins:
        return phi.begins[0] if _stays(s.blocks[-1], phi.ends[0], phi.params[0]) else None
    first, *others = map(_before, s.blocks, phi.ends)
    return first if all(o is first for o in others) else None
