"""Types: a function specialized to the abstract values of its arguments.

Takes a function in untyped SSA form and abstract arguments; gives it in typed SSA form: every value has its abstract value,
calls of Python functions are inlined (`calls`), branches on known values are taken (`branches`), loops over containers of
known length are unrolled (`loops`), and containers are taken apart into their items wherever their structure is known
(`containers`). Never looks at data.
"""

from __future__ import annotations

import contextlib
import itertools
import operator
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.activity import differentiable
from sct.checkpointing import CheckpointedFunction, checkpoint
from sct.errors import NoRuleError, Place, SctError, UnsupportedSyntaxError
from sct.frontend.callables import Flat, python_function
from sct.frontend.resolve import Dependency, free_value
from sct.infer.call import infer_call, operand_types, plain
from sct.infer.facts import followed_as
from sct.infer.objects import holds_objects, places_in
from sct.infer.signature import abstract
from sct.ir.ops import (
    ASSERT,
    ATTEMPT,
    CALL,
    DICT,
    ENTER,
    EXIT,
    LIST,
    NEW,
    POP,
    PUSH,
    RAISE,
    UNPACK,
    UNWRITTEN,
    AdjointOf,
    Again,
    Attribute,
    Augmented,
    Call,
    Define,
    Derived,
    Field,
    Format,
    Free,
    InPlace,
    Method,
    Steps,
    StepsBack,
    Unused,
    describe,
    function_name,
    hashable,
    is_effect,
    is_of_memory,
    is_operator,
    of_numpy,
)
from sct.ir.records import record
from sct.ir.rewriting import renamed
from sct.ir.shapes import constant
from sct.ir.ssa import (
    Apply,
    Block,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Origin,
    Statement,
    Value,
    While,
    leaves,
    map_leaves,
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
    DictOf,
    Instance,
    List,
    ListOf,
    Maybe,
    ObjectOf,
    OrNone,
    Record,
    Scalar,
    Size,
    Slice,
    Stateful,
    Tuple,
    Undefined,
    Unknown,
    facts_relied_on,
    is_list_or_dict,
    is_named_tuple,
    keys_of,
    known_sizes,
    may_be_none,
    value_at_call,
    with_items,
)
from sct.ir.words import in_words
from sct.registry.effects import effect_of, is_pure, is_registered
from sct.registry.facts import facts_of
from sct.registry.refusals import reason_for
from sct.runtime.expectations import expect_fields
from sct.specialize import (
    attributes,
    branches,
    calls,
    growing,
    instances,
    loops,
    made_objects,
    objects,
    operators,
    records,
    tuples,
    unfollowed,
)
from sct.specialize.axes import along_known_axes
from sct.specialize.building import LEARNT, MASKS_CHANGE, Followed, FrozenError, Plan, StrictError, UndecidedError
from sct.specialize.closing import Restore
from sct.specialize.containers import STRUCTURAL
from sct.specialize.copying import COPYING
from sct.specialize.given import GIVEN
from sct.specialize.in_memory import specialized_again
from sct.specialize.in_python import IN_PYTHON, is_progress_bar, made_of, of_generators
from sct.specialize.instances import Bound, Defined, Super
from sct.specialize.iteration import Range, Reversed, is_generator, spread
from sct.specialize.memory import Memory, Write, is_itself, key_of, makes_array, refuse_changed
from sct.specialize.on_adjoints import ON_ADJOINTS
from sct.specialize.raveled import RAVELED
from sct.specialize.spellings import SPELLINGS
from sct.specialize.subscripts import is_row, of_whole
from sct.specialize.templates import Use
from sct.specialize.writing import WRITING, first_by_position, give_away, has_output, into_outputs, refuse_overwriting

__all__ = ["Specialized", "Specializer", "Written", "specialize"]


@record(frozen=True)
class Written:
    """An argument that a function writes into, as the parameter's name and the keys that lead to it, and where it does."""

    path: tuple[Any, ...]
    place: Place | None
    bound: bool = False  # it is a field that is bound to something else


@record(frozen=True)
class Specialized:
    """A typed function, and what it relies on: bindings of names, and the types of data outside of it; what it writes into."""

    function: Function
    dependencies: tuple[Dependency, ...]
    free: tuple[tuple[Free | Field, Abstract], ...]
    written: tuple[Written, ...] = ()


_runs = itertools.count()


def specialize(function: Function, types: Sequence[Abstract]) -> Specialized:
    """`function` with its parameters of the given types. What it writes into stays written into, by statements.

    Lists and dicts are followed item by item; they are objects if the function does more with them than that. Loops of many
    iterations are written one iteration after another only if all else is refused, and then what sizes and integers are at the
    call says which way is taken, what a key is, and how long something is.
    """
    try:
        return _unless_long(function, types, False)
    except UnsupportedSyntaxError as refused:
        known = known_sizes()
        if known is None or not known.at_call:
            raise
        try:
            return _unless_long(function, types, True)
        except SctError:
            raise refused from None


def _unless_long(function: Function, types: Sequence[Abstract], by_sizes: bool) -> Specialized:
    """The same, with loops of many iterations unrolled only if all else is refused."""
    try:
        return _in_ways(function, types, False, by_sizes)
    except _LongLoopError:
        return _in_ways(function, types, True, by_sizes)


class _LongLoopError(Exception):
    """A function is refused, unless loops of many iterations are unrolled."""


def _in_ways(function: Function, types: Sequence[Abstract], long_loops: bool, by_sizes: bool) -> Specialized:
    """The same, in the first of the ways in which it is not refused."""
    refused: UnsupportedSyntaxError | None = None
    objects_too = False  # whether it was refused with objects that have fields
    partly: Specialized | None = None  # with calls of functions that are not followed
    made = False  # whether the function makes objects with fields
    long = False  # whether a loop was not unrolled as it is of many iterations
    for everything, whole in _WAYS[1:] if any(map(holds_objects, types)) else _WAYS:
        decided: dict[Hashable, Any] = {}
        if whole and not made:
            break
        try:
            found = _decided(function, types, decided, everything, whole, long_loops, by_sizes)
        except UnsupportedSyntaxError as e:
            if refused is None or whole > objects_too or (whole == objects_too and _reached(e) > _reached(refused)):
                refused, objects_too = e, whole  # what got further says more
        except SctError:
            if partly is None:
                raise
        else:
            if not unfollowed.are_some_left(decided):
                return found
            partly = found if partly is None else partly
        made = made or "made" in decided
        long = long or "long loops" in decided
    if long and not long_loops:
        raise _LongLoopError
    if partly is not None:
        return partly
    assert refused is not None
    raise refused.with_traceback(None) from None


def _reached(e: SctError) -> list[tuple[int, int]]:
    """The lines and columns at which an error arose, from that of the function that is specialized to the innermost."""
    found: list[tuple[int, int]] = []
    place = e.place
    while place is not None:
        found.append((place.line, place.column))
        place = place.caller
    return found[::-1]


_WAYS: tuple[tuple[bool | None, bool], ...] = ((None, False), (False, False), (True, False), (False, True), (True, True))
"""How memory is followed, what is read best first."""


def _decided(
    function: Function,
    types: Sequence[Abstract],
    decided: dict[Hashable, Any],
    everything: bool | None,
    whole: bool,
    long_loops: bool,
    by_sizes: bool,
) -> Specialized:
    """The same, begun anew with whatever is seen to be decided wrongly.

    Lists and dicts are objects unless `everything` is None; with True, also those in arguments.
    `whole`: what a class makes is an object, too, and no record of its fields.
    """
    for _ in range(_RUNS):
        try:
            with facts_relied_on():
                found = _specialized(function, types, decided, everything, whole, long_loops, by_sizes)
        except UndecidedError as e:
            decided[e.what] = e.choice
        except SctError:
            if not decided.get(LEARNT):
                raise
        else:
            if not decided.get(LEARNT):
                return found
        decided[LEARNT] = False
    raise UnsupportedSyntaxError("a function whose lists and dicts are of too many types", None, "Write it as several.")


def _ending(block: Block) -> Iterator[Statement]:
    """The statements after which a block has come to its end, which give all that the block does."""
    last = block.body[-1] if block.body else None
    if last is not None and all(isinstance(y, Const) or y in last.results for y in block.yields):
        yield last
        for inner in last.blocks if isinstance(last, If) else ():
            yield from _ending(inner)


_COMPARED = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)


def _compared_at_call(op: Any, args: Sequence[Operand]) -> bool | None:
    """What a comparison of sizes gives at the call, which is then relied on; None if that is not known."""
    types = list(map(type_of, args))
    sizes = [t.size if isinstance(t, Scalar) else t.value if isinstance(t, Const) else None for t in types]
    if not all(isinstance(n, (int, Size)) for n in sizes):
        return None
    a, b = (value_at_call(n) for n in sizes)  # type: ignore[arg-type]
    return None if a is None or b is None else bool(op(a, b))


_RUNS = 1000
"""How often a function may be gone through, before it is refused."""


def _specialized(
    function: Function,
    types: Sequence[Abstract],
    decided: dict[Hashable, Any],
    everything: bool | None,
    whole: bool,
    long_loops: bool,
    by_sizes: bool,
) -> Specialized:
    # what is named after its place is its own in each run
    s = Specializer(tracking=True, path=f"{next(_runs)}.", decided=decided)
    s.long_loops, s.by_sizes = long_loops, by_sizes
    s.objects, s.everything, s.whole = everything is not None, bool(everything), whole
    s.entry = []
    params = tuple(Value(objects.received(s, t), p.name) for p, t in zip(function.block.params, types, strict=True))
    operands: list[Operand] = [p.type if isinstance(p.type, Const) else p for p in params]
    s.given.update((site, p) for p in params for sites in places_in(p.type) for site in sites)
    s.parameters.update(params)
    s.arguments.update(params)
    s.memory.born.update(params)
    s.initial = s.memory
    if function.callee is not None:
        s.stack.append(function.callee)
    s.ending = set(_ending(function.block))
    records.enter(s, params)
    if everything is not None:
        operands = [objects.entered(s, o, (p.name,)) for o, p in zip(operands, params, strict=True)]
    try:
        result = records.with_all_fields(s, s.present(s.run(function, operands)))
        records.refuse_returned(s, type_of(result))
        s.place = None
        made_objects.refuse_in(s, type_of(result), "returned")
    except StrictError as e:
        raise UnsupportedSyntaxError(e.message, e.place, e.advice) from None
    if s.unseen:
        raise UnsupportedSyntaxError(
            "an item of a list or dict that nothing is put into", s.unseen[0], "Put something into it."
        )
    block = Block(params, (*s.entry, *s.body), (result,))
    called = {v: n for v, n in s.memory.names.items() if isinstance(v, Value) and not v.name}
    block = renamed(block, {v: v.called(n, v.hint) for v, n in called.items()})
    own = {v: Written(s.path_of(v), w) for v, w in s.written.items()}
    fields = [Written((*s.path_of(v), f), w, True) for (v, f), w in s.bound_fields.items()]
    free, written = tuple(s.free.items()), (*own.values(), *fields)
    return Specialized(replace(function, block=block), tuple(s.dependencies), free, written)


@dataclass
class Specializer:
    """Builds typed statements; holds the block that is being built."""

    body: list[Statement] = field(default_factory=list)
    dependencies: dict[Dependency, None] = field(default_factory=dict)  # in the order in which they were met
    free: dict[Free | Field, Abstract] = field(default_factory=dict)
    stack: list[Any] = field(default_factory=list)
    descents: dict[Any, int] = field(default_factory=dict)  # functions that are run -> the objects that they are given
    receiver: Operand | None = None  # the first argument of the function that is being run
    static: bool = False
    by_sizes: bool = False  # whether how sizes compare at the call decides which way is taken, which is then relied on
    place: Place | None = None
    caller: Place | None = None  # where the function that is being run was called
    in_library: bool = False  # it is one of sct's own, whose lines say nothing to a user
    origin: Origin | None = None
    origin_fixed: bool = False
    env: dict[Value, Operand] = field(default_factory=dict)
    free_values: dict[Free, Value] = field(default_factory=dict)
    field_values: dict[tuple[Value, Field], Value] = field(default_factory=dict)
    fields: dict[Value, Operand] = field(default_factory=dict)  # what is in fields, with its lists and dicts as objects
    bound_fields: dict[tuple[Value, Field], Place | None] = field(default_factory=dict)  # of arguments, with where that is
    outside: set[Value] = field(default_factory=set)  # data from outside of the function, and what is in it
    arguments: set[Value] = field(default_factory=set)  # the arguments, and what is in them and their fields
    recursion: dict[Any, Abstract] = field(default_factory=dict)
    again: dict[Any, Followed] = field(default_factory=dict)  # of recursive functions
    entry: list[Statement] | None = None
    parameters: set[Value] = field(default_factory=set)
    projections: dict[tuple[Value, Any], Value] = field(default_factory=dict)
    rows: dict[Value, tuple[Operand, Operand]] = field(default_factory=dict)  # parts by numbers: of which array, and which
    path: str = ""
    instances: int = 0
    memory: Memory = field(default_factory=Memory)
    written: dict[Value, Place | None] = field(default_factory=dict)
    frozen: frozenset[Value] = frozenset()
    tracking: bool = False
    writing: set[Any] = field(default_factory=set)  # the recursive functions that write into their arguments
    objects: bool = False  # lists and dicts stay objects, too
    everything: bool = False  # also those in arguments
    whole: bool = False  # objects that a class makes, as well
    site: tuple[Hashable, ...] = ()  # the statement that is being carried out
    numbers: int = 0  # of what it has made
    lost: set[Value] = field(default_factory=set)  # what stands for one of several functions or iterators, and is none
    ending: set[Statement] = field(default_factory=set)  # after which the function has come to its end
    unsure: set[Value] = field(default_factory=set)  # what is there on some ways only
    recursive_calls: int = 0  # of functions that are defined inside of one
    unseen: list[Place | None] = field(default_factory=list)  # where objects were read that nothing is in
    given: dict[Hashable, Value] = field(default_factory=dict)  # the sites of objects that are arguments, or parts of some
    resized: set[Hashable] = field(default_factory=set)  # the sites of objects whose lengths change
    outlines: dict[Any, int] = field(default_factory=dict)  # the numbers of loops whose bodies are functions of their own
    loops: dict[tuple[int, str, bool], tuple[Operand, ...]] = field(default_factory=dict)  # what was written into in loops
    settled: dict[Hashable, tuple[Abstract, ...]] = field(default_factory=dict)  # their types
    decided: dict[Hashable, Any] = field(default_factory=dict)  # how loops and calls are followed, where that was seen
    ways: tuple[tuple[int, int], ...] = ()  # how the loops around this place are followed
    growing: bool = False  # lists may come to be of unknown length
    times: int = 1  # how often what is carried out is written down: the iterations of the loops around it that are unrolled
    long_loops: bool = False  # loops of many iterations are unrolled, too, where nothing else goes
    absent: tuple[SctError, ...] | None = None  # what is not there in the first iterations of the loops that are gone through
    pending: tuple[SctError, ...] = ()  # what is refused unless it is known by the end of the loop in which lists grow
    there: dict[Value, Value] = field(
        default_factory=dict
    )  # what may be None -> the same, where statements go to known not to be
    spent: list[Plan] = field(default_factory=list)  # the iterators that have been gone through
    generators: list[Function] = field(default_factory=list)  # the generators that are gone through around this place
    looped: tuple[Operand, ...] = ()  # the lists and dicts that the loops around this place go through
    initial: Memory | None = None
    left: list[tuple[FunctionType, Write]] = field(default_factory=list)  # what was called and not followed
    templates: dict[Hashable, Use | None] = field(default_factory=dict)  # by what is made of what types

    # -- functions and blocks ----------------------------------------------------------------------------------------

    def run(self, function: Function, args: Sequence[Operand]) -> Operand:
        """The statements of `function` applied to `args`; its result."""
        env, self.env = self.env, dict(zip(function.block.params, args, strict=True))
        receiver, self.receiver = self.receiver, args[0] if args else None
        place, origin = self.place, self.origin
        try:
            return self.block(function.block)[0]
        finally:
            self.env, self.receiver = env, receiver
            self.place, self.origin = place, origin

    def block(self, block: Block) -> tuple[Operand, ...]:
        """The statements of a block; what it yields."""
        for s in block.body:
            self.statement(s)
        return tuple(self.resolve(y, reads=False) for y in block.yields)

    def resolve(self, operand: Operand, reads: bool = True) -> Operand:
        """What an operand of the untyped form stands for now; `reads`: it is going to be read."""
        if isinstance(operand, Value):
            return self.present(self.env[operand], reads)
        if isinstance(operand, Const):
            return operand

        def now(leaf: Operand) -> Operand:
            if isinstance(leaf, Undefined) and leaf.why is not None and reads:
                raise leaf.why
            return self.env[leaf] if isinstance(leaf, Value) else leaf

        return self.present(map_leaves(now, operand), reads)

    def handed_on(self, operands: Sequence[Operand]) -> list[Operand]:
        """What operands of the untyped form stand for now; a name that is handed on is not read."""
        if not self.memory.is_plain:
            return [self.resolve(o, reads=False) for o in operands]
        env = self.env  # nothing was written into, which is so of most that is followed
        return [env[o] if type(o) is Value else o if type(o) is Const else self.resolve(o, reads=False) for o in operands]

    def present(self, operand: Operand, reads: bool = True) -> Operand:
        """An operand as its memory is now: the newest version of what was written into, views retaken from it."""
        if self.memory.is_plain:
            return operand
        if isinstance(operand, Value):
            return self.present_value(operand, reads)
        if isinstance(operand, (Const, Undefined)):
            return operand
        if isinstance(operand, Slice):
            return Slice(*(self.present(o, reads) for o in (operand.start, operand.stop, operand.step)))
        obj = operand
        if isinstance(operand, (List, Dict)):
            obj = self.memory.object_of(operand)  # type: ignore[assignment]
            if reads:
                self.memory.check(obj, None, self.place)
            operand = self.memory.now(obj)
            if isinstance(operand, Value):
                return self.present(operand, reads)
        if self.untouched(operand.items):  # type: ignore[union-attr]
            return operand
        items = tuple(self.present(i, reads) for i in operand.items)  # type: ignore[union-attr]
        if all(i is j for i, j in zip(items, operand.items, strict=True)):  # type: ignore[union-attr]
            return operand
        made = with_items(operand, items)  # type: ignore[type-var]
        if not isinstance(made, Tuple):
            self.memory.is_version(made, obj)
        return made

    def untouched(self, items: tuple[Operand, ...]) -> bool:
        """Whether items are all values that are no part of, and hold nothing of, what was written into, seen at a glance."""
        if not {*map(type, items)} <= {Value}:
            return False
        if not {type(i.type) for i in items}.isdisjoint((Tuple, List, Dict, Record, ListOf, DictOf)):  # type: ignore[union-attr]
            return False
        memory = self.memory
        known: tuple[dict[Any, Any], ...] = (memory.objects, memory.contents, memory.stale)
        return all(k.keys().isdisjoint(items) for k in known)

    def present_value(self, v: Value, reads: bool) -> Operand:
        """A value as its memory is now."""
        memory = self.memory
        obj = memory.object_of(v)
        if reads:
            memory.check(obj, v, self.place)
        elif key_of(obj) in memory.stale:
            return v
        now = memory.now(obj)
        if isinstance(now, (List, Dict)):
            return self.present(now, reads)
        if now is obj and isinstance(obj, Value) and self.parts_changed(obj):
            made: Any = with_items(obj.type, (self.present(i, reads) for i in self.items_of(obj)))  # type: ignore[type-var]
            memory.is_version(made, obj)
            return made  # type: ignore[no-any-return]
        return v if now is obj and isinstance(obj, Value) else now

    def parts_changed(self, v: Value) -> bool:
        """Whether something in a container value, such as an argument, was written into, or may have been."""
        if not isinstance(v.type, (Tuple, List, Dict)):
            return False
        parts = (self.projections.get((v, k)) for k in keys_of(v.type))
        return any(p is not None and (self.memory.changed(p) or self.parts_changed(p)) for p in parts)

    def structure(self, operand: Operand) -> Operand:
        """A list or dict as it is now; what is in it is not read."""
        t = operand.type if isinstance(operand, Value) else operand
        if isinstance(operand, Value) and is_list_or_dict(t):
            self.memory.check(operand, operand, self.place)
        if not isinstance(t, (List, Dict)):
            return operand
        if (obj := self.memory.object_in(operand)) is not None:
            self.memory.check(obj, obj, self.place)
        return self.present(operand, reads=False)

    def keeps_length(self, obj: Operand) -> None:
        """Refuse to change the length of a list or dict that a loop goes through."""
        if any(obj is o for o in self.looped):
            raise UnsupportedSyntaxError(
                "a list or dict that changes in length while a loop goes through it",
                self.place,
                "Loop over a copy, or use while and an index.",
            )

    def not_there(self, error: SctError) -> Operand:
        """What is not there, as of None, which may be an object in another iteration; the error outside of loops."""
        if any(t is UNDEFINED for t in self.recursion.values()):  # it may come of what a recursive function gives
            return UNDEFINED
        if self.absent is None or self.memory.in_try:
            raise error
        self.absent = (*self.absent, error)
        return UNDEFINED

    def not_yet(self, error: SctError) -> Operand:
        """What is known once a list is seen to grow; the error if it does not."""
        if not self.growing:
            raise error
        self.pending = (*self.pending, error)
        return UNDEFINED

    def writable(self, obj: Operand) -> None:
        """Refuse an object that the function must not write into; a write into an argument goes into a copy of it."""
        for other in (obj, *map(self.memory.original, self.memory.sharing.of(key_of(obj)))):
            self.may_write(other)

    def may_write(self, obj: Operand) -> None:
        """Refuse an object that the function must not write into; an argument is noted."""
        if not isinstance(obj, Value):
            return
        if obj in self.frozen:
            raise FrozenError(
                "a function that is recursive or checkpointed, and writes into its argument",
                self.place,
                "Return a new array.",
            )
        if obj in self.outside and obj not in self.arguments:
            raise UnsupportedSyntaxError(
                f"a write into {self.memory.name_of(obj)!r}, which is defined outside of the function",
                self.place,
                "Pass it as an argument, or copy it first.",
            )
        if self.entry is not None and obj in self.parameters:
            self.written.setdefault(obj, self.place)

    def path_of(self, v: Value) -> tuple[Any, ...]:
        """The name of the parameter that an argument, or a part of one, comes from, and the keys and fields that lead to it."""
        for (owner, key), made in (*self.projections.items(), *self.field_values.items()):
            if made is v:
                return (*self.path_of(owner), key)
        return (v.name,)

    def nested(self, block: Block, memory: Memory) -> tuple[list[Statement], tuple[Operand, ...]]:
        """The statements of a block, collected apart, that start from `memory`, and change it."""
        body: list[Statement] = []
        with self.into(body, memory):
            return body, self.block(block)

    def apart(self, **state: Any) -> Specializer:
        """A specializer of another function, on its own but for what it is given."""
        return Specializer(decided=self.decided, ways=self.ways, **state)

    @property
    def within(self) -> str:
        """Which of several runs through the same statements this is: the same in each run of the whole."""
        return self.path.partition(".")[2]

    @contextmanager
    def following(self, loop: int, way: int) -> Iterator[None]:
        """A loop is followed in one of the ways to do so; what is decided in it holds for that way."""
        outer, self.ways = self.ways, (*self.ways, (loop, way))
        try:
            yield
        finally:
            self.ways = outer

    @contextmanager
    def into(self, body: list[Statement], memory: Memory | None = None) -> Iterator[None]:
        """Statements go to the end of `body`, and reads and writes to `memory`, if one is given."""
        outer_body, self.body = self.body, body
        outer_memory, self.memory = self.memory, self.memory if memory is None else memory
        outer_there, self.there = self.there, dict(self.there)
        try:
            yield
        finally:
            self.body, self.there = outer_body, outer_there
            if memory is not None:
                self.memory = outer_memory

    @contextmanager
    def instance_of(self, what: str) -> Iterator[None]:
        """One of several runs through the same statements: what its φ's are called is its own."""
        path, self.instances = self.path, self.instances + 1
        count = self.instances
        self.path, self.instances = f"{path}{what[0]}{count}", 0
        try:
            yield
        finally:
            self.path, self.instances = path, count

    # -- statements --------------------------------------------------------------------------------------------------

    def statement(self, s: Statement) -> None:
        """A statement of the untyped form."""
        if s.place is not None and not self.in_library:
            self.place = s.place if self.caller is None else s.place.called_from(self.caller)
        if not self.origin_fixed and not self.in_library:
            self.origin = s.origin or self.origin
        if isinstance(s, Apply):
            self.site, self.numbers = (s.result.id, self.within), 0
            args = self.handed_on(s.args)
            kwargs = {k: self.resolve(v, reads=False) for k, v in s.kwargs} if s.kwargs else {}
            made = self.apply(s.op, args, kwargs, s.result.name, s.result.type)
            if self.objects:
                made = objects.owned(self, made, s.result.name)
            if isinstance(made, Value) and s.result.name and not self.static and not self.memory.name_of(made):
                self.memory.names[made] = s.result.name
            elif s.op is NEW:
                self.memory.names[key_of(self.memory.object_of(made))] = s.result.name
            self.env[s.result] = made
        elif isinstance(s, If):
            branches.if_(self, s)
        elif isinstance(s, ForEach):
            loops.for_each(self, s)
        elif isinstance(s, For):
            plan = Range(*(self.resolve(o) for o in (s.start, s.stop, s.step)))
            with loops.lists_grow(self):
                loops.rolled(self, s, Reversed(plan) if s.backwards else plan)
        else:
            assert isinstance(s, While), f"a {type(s).__name__} cannot be specialized again"
            loops.while_(self, s)

    # -- containers --------------------------------------------------------------------------------------------------

    def truth(self, test: Operand) -> Operand:
        """A test, as a known flag where its type decides it."""
        t = type_of(test)
        if isinstance(t, Const):
            return Const(bool(t.value))
        if isinstance(t, (Record, ObjectOf, Instance)):
            found = operators.truth(self, test)
            if may_be_none(t):
                return made_objects.is_there(self, test, found)
            return test if found is None and isinstance(t, Instance) else Const(True) if found is None else self.truth(found)
        if isinstance(t, (Tuple, List, Dict)):
            return Const(len(t.items) > 0)
        return test

    def numbered(self) -> int:
        """A number of its own for one of several things that a statement makes."""
        self.numbers += 1
        return self.numbers

    def explode(self, v: Value) -> Operand:
        """A container value as a container of its items, which is the same object."""
        now = self.memory.now(v)
        if now is not v and not isinstance(now, Value):
            return now
        assert isinstance(v.type, (Tuple, List, Dict))
        return self.same_object(with_items(v.type, self.items_of(v)), v)

    def same_object(self, made: Operand, operand: Operand) -> Operand:
        """What is made of a list or dict, or of a tuple, with other operands for its items: it is still that."""
        if not isinstance(made, Tuple):
            self.memory.is_version(made, self.memory.object_of(operand))
        return made

    def items_of(self, v: Value) -> list[Operand]:
        """The items of a container value, as it was made."""
        assert isinstance(v.type, (Tuple, List, Dict))
        return [self.project(v, k, i) for k, i in zip(keys_of(v.type), v.type.items, strict=True)]

    def expose_all(self, operand: Operand) -> Operand:
        """An operand with every container value in it taken apart."""
        if isinstance(operand, Value):
            if not isinstance(operand.type, (Tuple, List, Dict)):
                return operand
            return self.same_object(self.expose_all(self.explode(operand)), operand)
        if not isinstance(operand, (Tuple, List, Dict)):
            return operand
        items = tuple(self.expose_all(i) for i in operand.items)
        if all(i is j for i, j in zip(items, operand.items, strict=True)):
            return operand
        return self.same_object(with_items(operand, items), operand)

    def project(self, v: Value, key: Any, item: Abstract) -> Operand:
        """An item of a container value; of an argument it is read once, at the start."""
        if isinstance(item, Const):
            return item
        if (v, key) in self.projections:
            return self.projections[v, key]
        name, whole = str(key) if isinstance(key, str) and key.isidentifier() else "", self.memory.name_of(v)
        if isinstance(key, int) and whole:
            name = f"{whole}_{key}"
        if self.entry is None or v not in self.parameters:
            made = self.append(operator.getitem, (v, Const(key)), {}, item, name)
        else:
            made = self.projections[v, key] = self.at_entry(operator.getitem, (v, Const(key)), item, "", name)
        if v in self.arguments:
            self.arguments.add(made)
        if v in self.outside:
            self.add_outside(made)
        return made

    def at_entry(self, op: Any, args: tuple[Operand, ...], t: Abstract, name: str, hint: str = "") -> Value:
        """A statement at the start of the function: a read of a parameter's item, or of data from outside."""
        made = Value(t, name, hint)
        (self.body if self.entry is None else self.entry).append(Apply(op, args, (), made, self.place, None))
        self.parameters.add(made)
        if self.initial is not None:
            self.initial.born.add(made)
        return made

    # -- operations --------------------------------------------------------------------------------------------------

    def append(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], t: Abstract, name: str = "") -> Value:
        """An operation of known type, emitted as a statement on its operands as their memory is now."""
        if not self.memory.is_plain:
            args, kwargs = [self.present(a) for a in args], {k: self.present(a) for k, a in kwargs.items()}
        return self.emit(op, args, kwargs, t, name)

    def emit(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], t: Abstract, name: str = "") -> Value:
        """An operation of known type on its operands as they are given: what a view was made with stays."""
        if self.tracking and op is not expect_fields:
            args, kwargs = (
                [operators.as_library(self, a) for a in args],
                {k: operators.as_library(self, a) for k, a in kwargs.items()},
            )
            self._refuse_given(self.refuse_records, op, (*args, *kwargs.values()))
        if self.lost and not self.lost.isdisjoint(values_of(*args, *kwargs.values())):
            raise UnsupportedSyntaxError(
                "a function, or something to loop over, that is not the same on all ways that lead here",
                self.place,
                "Call it, or make a list of it, on each way.",
            )
        if self.whole:
            self._refuse_given(lambda o: made_objects.refuse_given(self, op, o), op, (*args, *kwargs.values()))
        if isinstance(t, Array) and not t.shape and hashable(op) and makes_array(op, args):
            t = replace(t, boxed=True)
        v = Value(t, "", _word(name)) if self.static else Value(t, name)
        s = Apply(op, tuple(args), tuple(kwargs.items()), v, self.place, self.origin)
        self.body.append(s)
        if self.tracking:
            self.memory.note(s)
        if isinstance(t, (Tuple, List, Dict)) and any(map(differentiable_item, t.items)) and facts_of(op).form_of is None:
            for k, item in zip(keys_of(t), t.items, strict=True):  # where the value is made, so that each item has one place
                if not isinstance(item, Const):
                    self.projections[v, k] = self.append(operator.getitem, (v, Const(k)), {}, item)
        return v

    def _refuse_given(self, refuse: Callable[[Sequence[Operand]], None], op: Any, operands: Sequence[Operand]) -> None:
        """Refuse to give operands to an operation, with the reason for which that is not followed, if there is one."""
        try:
            refuse(operands)
        except UnsupportedSyntaxError as e:
            reason = reason_for(op)
            if reason is None:
                raise
            raise NoRuleError(f"{describe(op)} has no derivative rule", e.place, reason) from None

    def refuse_records(self, operands: Sequence[Operand]) -> None:
        """Refuse operands that are, or hold, objects which are there at compile time only."""
        for o in operands:
            if isinstance(o, (Tuple, List, Dict)):
                if isinstance(o, Record):
                    raise records.refuse_whole(self, o)
                if isinstance(o, Tuple) and o.kind is OrNone:
                    raise tuples.refused(self)
                self.refuse_records(o.items)

    def apply(
        self,
        op: Any,
        args: Sequence[Operand],
        kwargs: dict[str, Operand] | None = None,
        name: str = "",
        known: Abstract = UNKNOWN,
    ) -> Operand:
        """`op(*args, **kwargs)`: folded, inlined, or emitted as a statement. `known` is the type if inference fails."""
        in_tables = hashable(op)
        if self.by_sizes and op in _COMPARED and (known_here := _compared_at_call(op, args)) is not None:
            return Const(known_here)
        if self.by_sizes and (isinstance(op, Method) or facts_of(op).keys):
            args = self.keys_at_call(args)
        if not kwargs and in_tables and op in _OF_NUMBERS and all(map(_is_number_or_array, args)):  # as most are
            return self.of_numbers(op, args, name, known)
        if isinstance(op, Define):
            return Const(Bound(Defined(op.inner, self.ways, self.path), tuple(args)))
        if in_tables:
            args = self.not_none(op, args)
        if isinstance(op, Unused):
            return unfollowed.statement(self, op.op, args, kwargs or {}, name)
        if self.objects and (op is LIST or op is DICT) and (shown := objects.displayed(self, op, args)) is not None:
            return shown
        if (known_here := tuples.operation(self, op, args)) is not NotImplemented:
            return known_here  # type: ignore[no-any-return]
        args, kwargs = spread(self, args, kwargs or {}, lambda: calls.room(op, args, kwargs or {}))
        if kwargs and not args and in_tables:
            args, kwargs = first_by_position(op, kwargs)
        if op is operator.setitem or isinstance(op, Augmented) or facts_of(op).index is not None:
            args = [args[0], self.as_arrays(args[1]), *args[2:]]
        if isinstance(op, Defined):
            return calls.inner_call(self, op, args, kwargs)
        if isinstance(op, Restore):
            return op.carried_out(self, args)
        if isinstance(op, Flat) and isinstance(op.function, Function):
            op = op.function
        if isinstance(op, Function):
            static, self.static = self.static, False
            try:
                with self.instance_of("call"):
                    return self.run(op, args)
            finally:
                self.static = static
        if isinstance(op, AdjointOf):
            return self.append(op, args, {}, type_of(args[0]), name)
        lists = generated = plans = False  # whether there are lists of unknown length, generators, and other iterables
        if any(map(self.is_object, (*args, *kwargs.values()))):
            made = operators.operation(self, op, args, kwargs)
            if made is not NotImplemented:
                return made  # type: ignore[no-any-return]
        for a in args:
            if isinstance(a, Value):
                lists = lists or isinstance(a.type, ListOf)
            elif type(a) is Const:
                plans = plans or isinstance(a.value, Plan)
                generated = generated or is_generator(a)
            elif isinstance(a, Undefined) and a.why is not None:
                raise a.why
            elif a is UNDEFINED and (a is args[0] or op != Method("append")):  # a list grows by what is not known yet
                return UNDEFINED
        if op is CALL:
            return calls.call_value(self, args, kwargs, name)
        if isinstance(op, Bound):
            reads = not isinstance(op.function, Defined)  # which reads for itself what it sees
            first = [self.present(a, reads) for a in op.args]
            return self.apply(op.function, (*first, *args), {**{k: self.present(v) for k, v in op.kwargs}, **kwargs}, name)
        if isinstance(op, InPlace):
            op = op.op
        if op is not NEW and is_of_memory(op):
            return specialized_again(self, op, args, kwargs, name, known)
        if op is NEW and self.objects and isinstance(known, ObjectOf):  # in a derivative
            (fields,) = args
            assert isinstance(fields, Dict)
            return made_objects.whole(self, Record(fields.keys, fields.items, known.cls), objects.new_site(self), name)
        if op is NEW and self.objects:
            return objects.made(self, args[0], name)
        if op is NEW:
            self.memory.bear(self.memory.object_of(args[0]))  # of which this is a version, if an item was written into
            return args[0]
        if generated and in_tables and (made := of_generators(self, op, args, kwargs)) is not NotImplemented:
            return made  # type: ignore[no-any-return]
        if not isinstance(op, FunctionType):
            args = [self.present(a) if op is range else self.structure(a) for a in args]
        if self.objects and in_tables and op is not list and (op in objects.OPERATIONS or op in growing.OPERATIONS):
            args = [objects.counted(self, a) for a in args]
            lists = lists or any(isinstance(type_of(a), ListOf) for a in args)
        if self.objects and in_tables and op in objects.OPERATIONS:
            made = objects.OPERATIONS[op](self, args, kwargs)
            if made is not NotImplemented:
                return made  # type: ignore[no-any-return]
        if lists and in_tables:
            handler = growing.OPERATIONS.get(op)
            made = NotImplemented if handler is None else handler(self, args, kwargs)
            if made is not NotImplemented:
                return made  # type: ignore[no-any-return]
            if isinstance(op, np.ufunc) or of_numpy(op):
                args = [self.as_array(a, op) if isinstance(type_of(a), ListOf) else a for a in args]
        elif in_tables and op in growing.FROM_KNOWN and args and isinstance(type_of(args[0]), List):
            return growing.FROM_KNOWN[op](self, [self.expose_all(args[0]), *args[1:]], kwargs)
        handler = _HANDLERS.get(op) if in_tables else None
        if handler is not None:
            made = handler(self, args, kwargs)
            if made is not NotImplemented:
                if isinstance(made, (List, Dict)) and (op in _MAKERS or (op is operator.getitem and _is_slice(args[1]))):
                    if self.objects:
                        return objects.made(self, made, name)
                    self.memory.bear(made)
                return made  # type: ignore[no-any-return]
        if plans and in_tables and (made := of_generators(self, op, args, kwargs)) is not NotImplemented:
            return made  # type: ignore[no-any-return]
        if in_tables and is_itself(op, args, kwargs):
            return args[0]
        if not self.tracking and op is np.broadcast_to and len(args) == 2 and _stays_number(*args):
            return args[0]
        if not isinstance(op, Method) and not is_operator(op) and has_output(op, args, kwargs):
            return into_outputs(self, op, args, kwargs)
        if in_tables and (composed := self.composition(op, args, kwargs)) is not None:
            refuse_overwriting(self, op, args, kwargs)
            return calls.python_call(self, composed, args, kwargs, name)
        if isinstance(op, (BuiltinFunctionType, np.ufunc)):
            return self.primitive(op, args, kwargs, name, known)
        if isinstance(op, (Steps, StepsBack)):  # of a derivative that is differentiated again
            raise NoRuleError(
                "a second derivative through a checkpointed loop",
                self.place,
                "Leave sct.checkpointed out for second derivatives.",
            )
        if isinstance(op, Derived) and op.effect == "writes":
            args = calls.as_objects(self, args, function_name(op))
            kwargs = dict(zip(kwargs, calls.as_objects(self, [*kwargs.values()], function_name(op)), strict=True))
        if isinstance(op, Derived) or (isinstance(op, Call) and isinstance(op.function, Again)):
            return self.append(op, args, kwargs, known, name)
        if isinstance(op, Call):
            op, args = op.function, args[op.draws :]
        if op is checkpoint:
            return calls.checkpointed(self, args)
        if isinstance(op, CheckpointedFunction):
            return calls.checkpointed_call(self, op, args, kwargs, name)
        if isinstance(op, (Attribute, Field, Method, Format, Free)) or is_effect(op) or op is UNPACK:
            return self.special(op, args, kwargs, name, known)
        if is_progress_bar(op) and args:
            return args[0]
        if records.is_made(op):
            site = objects.new_site(self)
            own = records.make(self, op, args, kwargs)
            return made_objects.whole(self, own, site, name) if self.whole else own
        if is_named_tuple(op):
            return calls.named_tuple(self, op, args, kwargs)
        if (getter := made_of(self, op)) is not None:
            return self.apply(CALL, (getter, *args), kwargs, name)
        if isinstance(op, np.vectorize):
            return calls.vectorized_call(self, op, args, kwargs)
        op = python_function(op)
        if isinstance(op, FunctionType) and str(op.__module__).startswith("sct.api.") and not is_registered(op):
            return calls.transform(self, op, args, kwargs)
        if hasattr(op, "__sct_typed__"):
            return calls.derivative(self, op, args, kwargs)
        if isinstance(op, FunctionType) and (not is_registered(op) or facts_of(op).inlined) and op.__code__ is not _CONTEXT:
            return calls.python_call(self, op, args, kwargs, name)
        return self.primitive(op, args, kwargs, name, known)

    def composition(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> FunctionType | None:
        """What a call is followed as, where no operand is of unknown type.

        A random draw is followed only where its distribution may vary.
        """
        found = followed_as(op, args, kwargs)
        if found is None:
            return None
        operands = [*args, *kwargs.values()]
        if any(isinstance(type_of(o), Unknown) for o in operands):
            if any(isinstance(o, Const) and isinstance(o.value, Bound) for o in operands):
                raise UnsupportedSyntaxError(
                    f"{describe(op)} of a function and of something whose structure is only known at run time",
                    self.place,
                    "Write out its items, as in `args=(p[0], p[1])`.",
                )
            return None
        if effect_of(op) == "draws" and not any(differentiable(v.type) for v in values_of(*operands)):
            return None
        return found

    def keys_at_call(self, args: Sequence[Operand]) -> Sequence[Operand]:
        """Operands, of which the integers are what they are at the call where one is a list, tuple or dict, as keys in that."""
        if not any(isinstance(type_of(a), (Tuple, List, Dict)) for a in args):
            return args
        sizes = [t.size if isinstance(t := type_of(a), Scalar) and t.kind is int else None for a in args]
        values = [None if n is None else value_at_call(n) for n in sizes]
        return [a if n is None else Const(n) for a, n in zip(args, values, strict=True)]

    def as_arrays(self, index: Operand) -> Operand:
        """An index in which each `range` is the array of its numbers, as NumPy takes it."""
        if type(index) is Value or not any(type(o) is Const and isinstance(o.value, Range) for o in leaves(index)):
            return index

        def leaf(o: Operand) -> Operand:
            r = o.value if type(o) is Const else None
            return self.apply(np.arange, (r.start, r.stop, r.step)) if isinstance(r, Range) else o

        return map_leaves(leaf, index)

    def is_object(self, o: Operand) -> bool:
        """Whether an operand is an object whose class may have operators of its own: none that stays one in a derivative."""
        t = o.type if type(o) is Value else o
        return type(t) in (Record, Instance) or (type(t) is ObjectOf and self.whole)

    def not_none(self, op: Any, args: Sequence[Operand]) -> Sequence[Operand]:
        """Operands, of which those are known not to be None for which the operation would raise."""
        refused = "first" if isinstance(op, _OF_OBJECTS) else facts_of(op).refuses_none
        n = 0 if refused is None else len(args) if refused == "each" else 1
        if not any(may_be_none(type_of(a)) for a in args[:n]) or made_objects.is_of_field(op, args):
            return args
        found = list(args)
        for k, a in enumerate(args[:n]):
            if isinstance(a, Value) and may_be_none(a.type):
                t = a.type.item if isinstance(a.type, Maybe) else replace(a.type, or_none=False)  # type: ignore[call-arg]
                if a not in self.there:
                    self.there[a] = self.append(runtime.not_none, (a,), {}, t, self.memory.name_of(a))
                found[k] = self.there[a]
        return found

    def as_array(self, o: Operand, op: Any) -> Operand:
        """A list of unknown length as NumPy takes it."""
        t = type_of(o)
        assert isinstance(t, ListOf)
        if not _is_of_numbers(t.item):
            raise UnsupportedSyntaxError(
                f"{describe(op)} of {in_words(t)}", self.place, "Give it an array, or a list that is written out."
            )
        return self.apply(runtime.stacked, (o,))

    def of_numbers(self, op: Any, args: Sequence[Operand], name: str, known: Abstract) -> Operand:
        """`primitive`, of what is of numbers and arrays alone."""
        t = infer_call(op, list(map(type_of, args)), {})
        folded = self.fold(op, t)
        return self.append(op, args, {}, known if isinstance(t, Unknown) else t, name) if folded is None else folded

    def primitive(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], name: str, known: Abstract) -> Operand:
        """An operation that is not inlined: its result, if that is known, or a statement."""
        self._refuse_given(self.refuse_plans, op, args)
        if op is operator.getitem:
            args = of_whole(self, args)
        if not (simple := is_operator(op) and is_pure(op)):
            calls.refuse_looking(self, op, args)
            args, kwargs = along_known_axes(op, args, kwargs)
        t = infer_call(op, operand_types(op, args, self.as_index), {k: type_of(v) for k, v in kwargs.items()})
        folded = self.fold(op, t)
        if folded is not None:
            return folded
        if isinstance(t, Unknown):
            t = known
        if not simple:
            refuse_overwriting(self, op, args, kwargs)
        made = self.append(op, args, kwargs, t, name)
        if op is operator.getitem and is_row(args[0], args[1], made):
            self.rows[made] = args[0], args[1]
        if not simple:
            give_away(self, op, args, kwargs)
        return made

    def as_index(self, o: Operand) -> Operand:
        """An operand that is an index, as it is now."""
        o = self.present(o)
        if MASKS_CHANGE not in self.decided:
            return o
        return map_leaves(lambda v: Value(v.type) if isinstance(v, Value) else v, o)  # each time another one

    def fold(self, op: Any, t: Abstract) -> Operand | None:
        """The result, if it is known; but a number that the user computes from numbers is left for the reader to see."""
        if not is_pure(op):
            return None
        value = plain(t)
        if isinstance(t, Const) and not isinstance(value, (float, complex, np.generic)):
            return t
        if isinstance(t, (Tuple, List)) and constant(value):
            return t
        return None

    def refuse_plans(self, args: Sequence[Operand]) -> None:
        """Refuse arguments that only a loop can go through."""
        others = [leaf for a in args if type(a) is not Value for leaf in leaves(a)]
        found = [o.value for o in others if type(o) is Const and isinstance(o.value, (Plan, Bound, Super))]
        if not found:
            return
        if any(isinstance(v, Plan) for v in found):
            raise UnsupportedSyntaxError(
                "range, an iterator or a dict's views other than in a for loop",
                self.place,
                "Loop over it directly, or make a list of it.",
            )
        if any(isinstance(v, (Bound, Super)) for v in found):
            raise UnsupportedSyntaxError(
                "a method, a partial, super() or a function defined inside, given to what is recursive or not in Python",
                self.place,
                "Call it, or pass its result.",
            )

    def depend(self, d: Dependency) -> None:
        """Rely on a binding of a name."""
        self.dependencies.setdefault(d)

    def read_free(self, op: Free, value: Any) -> Value:
        """Data from outside of the function, read once, at the start."""
        if op not in self.free_values:
            self.free.setdefault(op, abstract(value, op.path))
            self.free_values[op] = self.at_entry(op, (), self.free[op], op.name.split(" ")[0])
            self.add_outside(self.free_values[op])
        return self.free_values[op]

    def read_field(self, x: Value, field: Field, t: Abstract) -> Operand:
        """Data in a field of an instance, read once, at the start."""
        self.memory.check_fields(field.path, field.name, self.place)
        assert isinstance(x.type, (Instance, Record))
        for function, by in self.left if not field.own else ():
            if unfollowed.may_store(function, field.name, x.type.cls):
                refuse_changed(repr(field.name), by, self.place)
        self.free.setdefault(field, t)
        if isinstance(t, Const):
            return t
        if (x, field) in self.field_values:
            made = self.field_values[x, field]
            return self.fields.get(made, made)
        name = "" if field.name.startswith("__") else field.name
        if self.entry is None or x not in self.parameters:
            made = self.append(field, (x,), {}, t, name)
            self.add_outside(made)
            return made
        made = self.field_values[x, field] = self.at_entry(field, (x,), t, name)
        self.add_outside(made)
        if x in self.arguments:
            self.arguments.add(made)
        if not self.objects or x not in self.arguments:
            return made
        path, site, numbers = self.path_of(made), self.site, self.numbers
        self.site, self.numbers = ("field", path), 0
        with self.into(self.entry):
            own = self.fields[made] = objects.entered(self, made, path)
        self.site, self.numbers = site, numbers
        return own

    # -- calls that are not followed ---------------------------------------------------------------------------------

    def add_outside(self, v: Value) -> None:
        """Data from outside, which is read at the start, and not again after calls that are not followed."""
        self.outside.add(v)
        for function, by in self.left:
            self.leave(v, function, by)

    def leave_outside(self, function: FunctionType, by: Write) -> None:
        """What lies outside may have been changed by a call of a function that is not followed."""
        self.left.append((function, by))
        for v in self.outside:
            self.leave(v, function, by)

    def leave(self, v: Value, function: FunctionType, by: Write) -> None:
        """Some data outside may have been changed by a call of a function; what arrays hold is looked at later."""
        free = next((f for f, known in self.free_values.items() if known is v), None)
        rebound = free is not None and unfollowed.may_rebind(function, free)
        if rebound and isinstance(v.type, Const):
            refuse_changed(repr(self.memory.name_of(v)), by, self.place)
        if rebound or isinstance(v.type, (List, Dict, ListOf)):
            self.memory.gave_away(v, by)

    def special(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], name: str, known: Abstract) -> Operand:
        """An operation of `sct.ir.ops`."""
        if isinstance(op, Free):
            return self.read_free(op, free_value(op))
        if isinstance(op, Attribute):
            return attributes.attribute(self, op, args[0], name)
        if isinstance(op, Field):
            own = self.memory.object_of(args[0])  # in a derivative, one of which other fields are known
            assert isinstance(own, Value)
            return instances.field(self, own, op.name)
        if isinstance(op, Method):
            return attributes.method(self, op, args, kwargs, name)
        if op is POP:
            return self.append(op, args, kwargs, known, name)
        self.refuse_plans(args)
        if isinstance(op, Format) and all(isinstance(a, Const) and type(a.value) in _SHOWN for a in args):
            with contextlib.suppress(ValueError):  # which it raises when it is run
                return Const(op.text(*(plain(type_of(a)) for a in args)))
        if op in (ENTER, EXIT):
            return self.context(op, args, name)
        if op is UNWRITTEN:
            if self.memory.parent is not None and self.memory.tried:  # otherwise nothing in the try may raise
                branches.refuse_unsure(self.memory.parent, self.memory, self.body)
            return Const(None)
        t: Abstract = Const(None) if op in (RAISE, ASSERT, PUSH) else Scalar(bool) if op is ATTEMPT else UNKNOWN
        return self.append(op, args, kwargs, t, name)

    def context(self, op: Any, args: Sequence[Operand], name: str) -> Operand:
        """Where a `with` begins or ends: methods of an object that is known by its fields, or what Python is to do."""
        manager = args[-1]
        known = type_of(manager)
        if isinstance(known, (Instance, Record, ObjectOf)):
            if issubclass(known.cls, contextlib.suppress):
                raise UnsupportedSyntaxError("contextlib.suppress", self.place, "Write try and except.")
            if op is ENTER and self.memory.in_try:
                what = f"with, in a try, of an object of the class {known.cls.__name__}, whose __exit__ an exception would call"
                raise UnsupportedSyntaxError(what, self.place, "Have the try in the with.")
            method, given = ("__enter__", ()) if op is ENTER else ("__exit__", (Const(None),) * 3)
            return self.apply(Method(method), (manager, *given), {}, name)
        if op is EXIT:
            return self.append(EXIT, args[:1], {}, Const(None))
        if not isinstance(known, Stateful):
            manager = self.append(runtime.never_suppressing, (manager,), {}, UNKNOWN)
        return self.append(ENTER, (manager,), {}, known if isinstance(known, Stateful) else UNKNOWN, name)

    # -- what other modules ask for ----------------------------------------------------------------------------------

    def bind(
        self,
        function: Function,
        args: Sequence[Operand],
        kwargs: dict[str, Operand],
        optional: Mapping[str, Operand] | None = None,
    ) -> list[Operand]:
        """The arguments of a call, in the order of the function's parameters (`calls.bind`)."""
        return calls.bind(self, function, args, kwargs, optional)

    def field_of(self, x: Operand, name: str) -> Operand:
        """What is in a field of an object."""
        return made_objects.field_of(self, x, name)

    def put_field(self, x: Operand, name: str, value: Operand) -> None:
        """A field of an object is another value from here on."""
        made_objects.put_field(self, x, name, value)

    def attribute(self, op: Attribute, x: Operand, name: str) -> Operand:
        """An attribute of a value."""
        return attributes.attribute(self, op, x, name)

    def plan(self, operand: Operand) -> Plan:
        """The plan of an iterable."""
        return loops.plan_of(self, operand)


_CONTEXT = contextlib.contextmanager(abs).__code__
"""The code of what `contextlib.contextmanager` makes, all of which runs a generator: none is gone into."""
_OF_OBJECTS = (Attribute, Augmented, Method)
"""Operations that raise for None as the first operand."""
_SHOWN = (bool, int, float, str, type(None))
"""Of what is known to be such, an f-string is known."""

_HANDLERS = SPELLINGS | STRUCTURAL | WRITING | IN_PYTHON | COPYING | ON_ADJOINTS | RAVELED | GIVEN
_OF_NUMBERS = frozenset(
    (
        *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow),
        *(operator.matmul, operator.neg, operator.not_, operator.eq, operator.ne),
        *(operator.lt, operator.le, operator.gt, operator.ge),
        *(np.ndim, np.shape),
    )
)
"""What is nothing but an operation of numbers and arrays, where it is given nothing else."""
_MAKERS = frozenset((LIST, DICT, list, dict, operator.add, operator.mul, operator.or_))


def _stays_number(x: Operand, shape: Operand) -> bool:
    """Whether a number is spread over no axes: in an adjoint it need not become an array of rank 0."""
    t = type_of(x)
    known = isinstance(t, Const) and isinstance(t.value, (int, float, complex, np.generic))
    number = known or isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == () and t.boxed is False)
    return number and plain(type_of(shape)) == ()


def _is_number_or_array(o: Operand) -> bool:
    """Whether an operand is a number or an array for certain."""
    t = o.type if type(o) is Value else o
    return type(t) is Array or type(t) is Scalar or (type(t) is Const and type(t.value) in (bool, int, float, complex))


def _is_of_numbers(t: Abstract) -> bool:
    """Whether something may be of numbers and arrays, in lists and tuples or not."""
    if isinstance(t, (Tuple, List)):
        return all(map(_is_of_numbers, t.items))
    if isinstance(t, ListOf):
        return _is_of_numbers(t.item)
    number = isinstance(t, Const) and isinstance(t.value, (int, float, complex, np.number))
    return isinstance(t, (Array, Scalar)) or number


def _is_slice(index: Operand) -> bool:
    """Whether an index takes a part of a list, which is a new list; other indices take what is there."""
    return isinstance(type_of(index), Slice) or isinstance(plain(type_of(index)), slice)


def differentiable_item(t: Abstract) -> bool:
    """Whether an item of a result with several parts can be more than an integer."""
    return not (isinstance(t, Const) or (isinstance(t, Scalar) and t.kind is int))


def _word(name: str) -> str:
    """What a rule calls a value, if that is a word, and not the adjoint of one of its parameters."""
    return "" if len(name) < 2 or name.endswith("_bar") else name
