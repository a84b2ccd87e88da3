"""Points-to: which values may lie in one another's memory, as classes; and which of these are written into.

Takes the block of a function whose writes are statements (`sct.ir.ops.Store`); gives for each value its class. Each value is in
one class, so that "may share memory" is transitive, and what is one object on any path is in one class. A container is in the
class of what is in it. Where nothing is known of an operation, its result may lie in the memory of any of its operands.
Method: Steensgaard, Points-to analysis in almost linear time (1996).
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import cached_property
from types import NoneType
from typing import TypeGuard

import numpy as np

from sct.analysis.storage import fresh
from sct.infer.facts import for_call
from sct.ir.manager import managed
from sct.ir.ops import (
    ALLOCATE,
    LEAVE,
    LOAD,
    POP,
    PULL,
    PUSH,
    UNPACK,
    AdjointOf,
    Call,
    Derived,
    Field,
    Rebind,
    Special,
    Store,
    View,
)
from sct.ir.paths import entries_of, is_number
from sct.ir.ssa import Apply, Block, Closure, Operand, Statement, Value, blocks_in, type_of, values_of
from sct.ir.types import (
    Array,
    Const,
    DictOf,
    Instance,
    ListOf,
    Scalar,
    Slice,
    Stateful,
    Tuple,
    Undefined,
    Unknown,
    is_list_or_dict,
)
from sct.registry.facts import facts_of
from sct.runtime import together

__all__ = [
    "Classes",
    "apart",
    "fields_given",
    "has_memory",
    "has_writes",
    "is_change",
    "is_item",
    "is_writing_call",
    "may_pick_number",
    "points_to",
    "put_in",
    "shared",
    "steady_lists",
    "writes_into",
    "written_by",
]


_FIXED = (int, float, complex, str, bytes, NoneType, np.generic)
"""The classes of what nothing can be written into, nor into what it holds."""


def has_memory(v: Value) -> bool:
    """Whether a value is, or may hold, an array: something that can be written into."""
    t = v.type
    if isinstance(t, Array):
        return t.shape != () or t.boxed is not False
    if isinstance(t, Tuple) and all(isinstance(i, Scalar) and i.kind is int for i in t.items):  # such as a shape
        return False  # other numbers have adjoints, which lie in memory
    if isinstance(t, Instance):
        return not issubclass(t.cls, _FIXED)
    return not isinstance(t, (Scalar, Const, Undefined, Slice, Stateful))


class Classes:
    """The classes of a function's values: `of(v)` stands for the class of `v`."""

    whole = False  # whether arrays in lists and dicts that are objects are taken for written into, too

    def __init__(self) -> None:
        self.leader: dict[Value, Value] = {}
        self.targets: list[Apply] = []  # the statements that write into arrays
        self.changes: list[Apply] = []  # those that make or change objects: lists and dicts

    def of(self, v: Value) -> Value:
        """The value that stands for the class of `v`."""
        while (w := self.leader.get(v, v)) is not v:
            self.leader[v] = self.leader.get(w, w)  # halves the way
            v = w
        return v

    def join(self, values: Iterable[Value]) -> None:
        """These may lie in one another's memory."""
        first: Value | None = None
        for v in values:
            if has_memory(v):
                if first is None:
                    first = self.of(v)
                else:
                    self.leader[self.of(v)] = first

    @cached_property
    def written(self) -> dict[Value, Apply]:
        """The classes of arrays that are written into, by what stands for them, each with a statement that does it."""
        return self._by_class((s, o) for s in self.targets for o in written_by(s))

    @cached_property
    def changed(self) -> dict[Value, Apply]:
        """The classes of lists and dicts that are objects."""
        return self._by_class((s, s.args[0] if is_change(s) else s.result) for s in self.changes)

    def is_stored(self, v: Value) -> bool:
        """Whether some statement may write into what a value lies in, be it an array, a list or a dict."""
        return has_memory(v) and self.of(v) in self.stored

    @cached_property
    def stored(self) -> dict[Value, Apply]:
        """The classes of arrays, lists and dicts that are written into, each with a statement that does it."""
        return {**self._by_class((s, s.args[0]) for s in self.changes if is_change(s)), **self.written}

    def write(self, v: Value) -> Apply:
        """A statement that writes into what a value may lie in, or makes or changes it as an object."""
        c = self.of(v)
        return self.written[c] if c in self.written else self.changed[c]

    def _by_class(self, places: Iterable[tuple[Apply, Operand]]) -> dict[Value, Apply]:
        found: dict[Value, Apply] = {}
        for s, o in places:
            for v in values_of(o):
                found.setdefault(self.of(v), s)
        return found

    def is_written(self, v: Value) -> bool:
        """Whether what a value stands for may hold something else at another time: its memory is written into, or an object."""
        if not has_memory(v):
            return False
        objects = self.whole or not isinstance(v.type, Array)
        return self.of(v) in self.written or (objects and self.of(v) in self.changed)


@managed
def points_to(block: Block) -> Classes:
    """The classes of a function's values; of arguments that it writes into itself none is known to be apart from the others."""
    found = apart(block)
    roots = (*block.params, *fields_given(block))
    if any(map(found.is_stored, roots)):
        found.join(roots)
        del found.written, found.stored
    return found


@managed
def steady_lists(block: Block) -> frozenset[Value]:
    """The lists that are arguments, or in such, and that nothing changes."""
    taken: dict[Value, list[Value]] = {}
    for b in blocks_in(block):
        for s in b.body:
            if isinstance(s, Apply) and facts_of(s.op).takes and is_list_or_dict(s.result.type):
                for v in values_of(s.args[0]):
                    taken.setdefault(v, []).append(s.result)
    found: set[Value] = set()
    work = [p for p in block.params if is_list_or_dict(p.type)]
    while work:
        v = work.pop()
        if not points_to(block).is_stored(v):
            found.add(v)
            work += taken.get(v, ())
    return frozenset(found)


def apart(block: Block) -> Classes:
    """The classes of the values of a function whose arguments, and the fields of these, are apart."""
    found = Classes()
    fields = fields_given(block)
    for b in blocks_in(block):
        for s in b.body:
            if isinstance(s, Apply) and s.result in fields:
                continue
            if isinstance(s, Apply):
                _apply(found, s)
            elif isinstance(s, Closure):
                found.join(values_of(*s.block.yields))
            for v, operands in s.flows:
                found.join((v, *values_of(*operands)))
    return found


def has_writes(block: Block) -> bool:
    """Whether there is anything in memory: arrays that are written into, or lists and dicts that are objects."""
    every = (s for b in blocks_in(block) for s in b.body if isinstance(s, Apply))
    return any(isinstance(s.op, (Rebind, Store)) or is_list_or_dict(s.result.type) or is_writing_call(s) for s in every)


def fields_given(block: Block) -> dict[Value, Apply]:
    """The fields of arguments, of what is in them and of other such fields, which are read at the start; each where it is."""
    given = set(block.params)
    found: dict[Value, Apply] = {}
    for s in block.body:
        if isinstance(s, Apply) and (isinstance(s.op, Field) or is_item(s)) and s.args[0] in given:
            given.add(s.result)
            if isinstance(s.op, Field):
                found[s.result] = s
    return found


def is_item(s: Apply) -> bool:
    """Whether a statement takes an item, by a known key, out of a container."""
    return s.op is operator.getitem and isinstance(s.args[0], Value) and isinstance(s.args[1], Const)


def _apply(found: Classes, s: Apply) -> None:
    if is_list_or_dict(s.result.type) and s.op is not LOAD and not facts_of(s.op).takes:
        found.changes.append(s)
    if isinstance(s.op, (Rebind, Store)):
        (found.changes if is_change(s) else found.targets).append(s)
        if is_change(s):
            found.join(values_of(s.args[0], *put_in(s)))
    elif is_writing_call(s):
        found.targets.append(s)
    if s.op is PUSH or s.op is POP:
        found.join((s.result, *values_of(*s.args)))
    elif has_memory(s.result):
        found.join((s.result, *values_of(*shared(s))))


def is_writing_call(s: Statement) -> TypeGuard[Apply]:
    """Whether a statement calls what may write into its arguments."""
    if not isinstance(s, Apply):
        return False
    return s.op in (LEAVE, PULL) if isinstance(s.op, Special) else isinstance(s.op, (Call, Derived)) and s.op.effect == "writes"


def written_by(s: Apply) -> tuple[Operand, ...]:
    """The operands into which a statement may write."""
    if isinstance(s.op, (Rebind, Store)):
        return s.args[:1]
    return s.operands if is_writing_call(s) else ()


def writes_into(block: Block, values: Iterable[Value]) -> bool:
    """Whether a block may write into what some values lie in."""
    return any(map(points_to(block).is_stored, values))


def is_change(s: Apply) -> bool:
    """Whether a statement changes a list or dict."""
    return isinstance(s.op, Store) and isinstance(type_of(s.args[0]), (ListOf, DictOf))


def may_pick_number(s: Apply) -> bool:
    """Whether what an index picks may be an entry of an array, which is no view: that is of an array of unknown rank."""
    if s.op not in (operator.getitem, View(operator.getitem)) or not isinstance(type_of(s.args[0]), (Array, Unknown)):
        return False
    return not getattr(s.result.type, "shape", None) and all(map(is_number, entries_of(s.args[1])))


def put_in(s: Apply) -> tuple[Operand, ...]:
    """What a statement puts into a list or dict; no key."""
    k = facts_of(s.op.op).puts
    return () if k is None else s.args[k : k + 1]


def shared(s: Apply) -> tuple[Operand, ...]:
    """The operands in whose memory the result of a statement may lie."""
    if s.op in (ALLOCATE, LOAD, View(together)) or isinstance(s.op, Store):
        return ()
    if isinstance(s.op, Derived) and s.op.transform == "vjp":  # whose adjoints are new, and whose value nothing reads
        return ()
    if isinstance(s.op, (AdjointOf, Rebind)) or s.op == View(operator.getitem):
        return s.args[:1]
    if s.op in (operator.getitem, UNPACK):
        return () if fresh(s) else s.args[:1]
    if not isinstance(s.op, View) and fresh(s):
        return ()
    op = s.op.op if isinstance(s.op, View) else s.op
    first = len(s.operands) > 1 and for_call(facts_of(op).linear, op, s.args, s.kwargs) == "first"
    return s.args[:1] if first else s.operands  # another operand, a shape say, has no part in it
