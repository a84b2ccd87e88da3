"""Storage: which values may share memory, and whose memory is the function's own to write into.

Takes a function's block; gives for each value the set of values whose memory it may be (its roots). Where nothing is known of
an operation, its result may be any of its operands.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.effects import effect
from sct.infer.facts import for_call
from sct.ir.bits import Bits, Reach
from sct.ir.manager import managed
from sct.ir.ops import (
    ALLOCATE,
    NEW,
    POP,
    PUSH,
    UNPACK,
    Attribute,
    Field,
    Format,
    Free,
    InPlace,
    Method,
    Special,
    Store,
    View,
    package_of,
)
from sct.ir.paths import is_basic_index
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    Operand,
    Value,
    While,
    captured,
    defined,
    type_of,
    values_of,
)
from sct.ir.types import Abstract, Array, Const, DictOf, List, ListOf, Scalar, Tuple, Unknown, is_list_or_dict
from sct.registry.facts import Memory, facts_of
from sct.registry.methods import primitive_of
from sct.registry.rules import adjoint_rule, is_nondifferentiable, kind_of

__all__ = ["Storage", "fresh", "numbering", "placed", "read_only", "storage", "storage_of_lists"]


class Storage:
    """Which values may share memory: each lies in the memory of one of its roots.

    A root is a value that was made with memory of its own, or something that a loop carries. What a loop carries came from
    its `sources`: what it began with, and what an iteration left. Two things that one loop carries are apart if they are at
    the start and after each iteration that starts with them apart; so are buffers that are swapped.
    """

    def __init__(self, bits: Bits[Value], lists: bool) -> None:
        self.bits = bits
        self.lists = lists  # about the lists themselves, not the memory of their items
        self.roots: dict[Value, int] = {}  # sets of values are bits: they grow with the program, and are joined at each φ
        self.pinned = 0  # memory that is not to be written into
        self.earlier: dict[Value, int] = {}  # a value -> the operands, or what a φ takes it from, whose memory it may lie in
        self.later: dict[Value, int] = {}  # the same the other way round
        self.sources: dict[Value, int] = {}
        self.loop: dict[Value, tuple[int, int]] = {}  # what a loop carries -> the loop and the number
        self.inside: dict[int, frozenset[Value]] = {}  # a loop -> the values made in it
        self.mixed: dict[int, set[frozenset[int]]] = {}  # a loop -> pairs that it carries that may share memory
        self.begun: dict[int, list[int]] = {}
        self.left: dict[int, list[int]] = {}
        self.arrays: dict[int, list[int]] = {}
        self.captured: set[Value] = set()  # what closures read from around them
        self.taped = 0  # memory that is on a tape
        self.pushed: dict[Value, tuple[int, list[Operand]]] = {}  # a tape -> the memory that it holds, and what lies in that
        self.emptied = 0  # tapes that values were had back from
        self.always: dict[int, bool] = {}  # by the identity of an operation: whether its results are always fresh

    def roots_of(self, v: Value) -> int:
        """The roots of a value, which is one itself if nothing is known of it."""
        found = self.roots.get(v)
        return self.bits.bit(v) if found is None else found

    def of(self, v: Value) -> int:
        """Everything whose memory `v` may lie in, in whatever iteration, as bits."""
        return self.origins.of(self.roots_of(v))

    def share(self, v: Value, w: Value) -> bool:
        """Whether two values may share memory."""
        return self.meet(self.roots_of(v), self.roots_of(w))

    def meet(self, a: int, b: int) -> bool:
        """Whether some roots and some others may be the same memory."""
        if a & b:
            return True
        those, carried = self.bits.those, self.carried
        pairs = ((a & carried, b), (a & ~carried, b & carried))
        return any(self.related(r, s) for p, q in pairs if q for r in those(p) for s in those(q))

    @functools.cached_property
    def carried(self) -> int:
        """What loops carry, as bits."""
        return self.bits.of(self.loop)

    def related(self, r: Value, s: Value) -> bool:
        """Whether two roots may be the same memory."""
        if r is s:
            return True
        a, b = self.loop.get(r), self.loop.get(s)
        if a is not None and b is not None and a[0] == b[0]:
            return frozenset((a[1], b[1])) in self.mixed[a[0]]
        for x, y, carried in ((r, s, a), (s, r, b)):
            if carried is not None and y not in self.inside[carried[0]]:
                return any(self.related(e, y) for e in self.entry(x))
        return False  # at least one was made in this iteration, and the other before or elsewhere

    def entry(self, r: Value) -> frozenset[Value]:
        """The roots from outside of its loop that something carried may lie in, also by way of loops within that."""
        number = self.loop[r][0]
        found: set[Value] = set()
        seen: set[Value] = set()
        work = [r]
        while work:
            x = work.pop()
            if x in seen:
                continue
            seen.add(x)
            for e in self.bits.those(self.sources[x]):
                if e not in self.inside[number] and self.loop.get(e, (None,))[0] != number:
                    found.add(e)
                elif e in self.loop:
                    work.append(e)
        return frozenset(found)

    @functools.cached_property
    def origins(self) -> Reach[Value]:
        """From roots: these, and what they came from."""
        return Reach(self.bits, self.sources, {}, self.sources)

    @functools.cached_property
    def near(self) -> Reach[Value]:
        """From values: what may lie in the memory that they may lie in, and more."""
        within = Reach(self.bits, self.later, {}, reversed(self.later))
        return Reach(self.bits, self.earlier, within.known, self.earlier)

    def shares_with_any(self, v: Value, others: int) -> bool:
        """Whether one of some values, given as bits, may share memory with `v`."""
        return any(self.share(v, w) for w in self.bits.those(self.near.of(self.bits.bit(v)) & others))

    def owned(self, v: Value, live: int | None = None) -> bool:
        """Whether the memory of `v` belongs to this function alone, and is on no tape; if it is given, as bits, what is needed
        from now on, on no tape of these. What was had back from a tape lies in the memory that was put there, as others do.
        """
        memory = self.of(v)
        if live is None or not memory & self.on_tapes or memory & self.pinned:
            return not memory & (self.pinned | self.on_tapes)
        holding = [tape for tape, (held, _) in self.pushed.items() if self.origins.of(held) & memory]
        return not any(live & self.bits.bit(tape) or self.shares_with_any(tape, live) for tape in holding)

    @functools.cached_property
    def on_tapes(self) -> int:
        """The memory of what is on a tape, and of what that came from, as bits."""
        return self.origins.of(self.taped)

    def held(self) -> int:
        """The memory that closures read, whenever they are called, as bits."""
        found = self.on_tapes
        for v in self.captured:
            found |= self.of(v)
        return found


@managed
def numbering(block: Block) -> Bits[Value]:
    """The numbers of a function's values, by which its storage knows them."""
    return Bits()


@managed
def storage(block: Block) -> Storage:
    """The storage of a function's values."""
    return _found(block, lists=False)


@managed
def storage_of_lists(block: Block) -> Storage:
    """Which of a function's lists may be one and the same."""
    return _found(block, lists=True)


def _found(block: Block, lists: bool) -> Storage:
    s = Storage(numbering(block), lists)
    s.pinned |= s.bits.of(block.params)
    _block(s, block)
    while _mix(s):
        pass
    return s


def _mix(s: Storage) -> bool:
    """Find what loops carry that is not apart, under what has been found so far; whether there was more of it."""
    found = False
    for number, mixed in s.mixed.items():
        arrays = s.arrays[number]
        for group in (s.begun[number], s.left[number]) if len(arrays) > 1 else ():
            origins = [s.origins.of(roots) for roots in group]
            before = 0  # where those come from that were looked at; most come from elsewhere
            for n, k in enumerate(arrays):
                for j in arrays[:n] if before & origins[k] else ():
                    pair = frozenset((j, k))
                    if origins[j] & origins[k] and pair not in mixed and s.meet(group[j], group[k]):
                        mixed.add(pair)
                        found = True
                before |= origins[k]
    return found


def _roots(s: Storage, operands: Iterable[Operand], *results: Value) -> int:
    """The roots of operands, in whose memory some results may lie."""
    if s.lists:
        operands = [v for o in operands if not isinstance(o, List) for v in values_of(o) if _may_be_list(v)]
    found, came, made = 0, 0, s.bits.of(results)
    for v in values_of(*operands):
        if _is_of_numbers(v.type):
            continue  # which has no memory that could be written into
        found |= s.roots_of(v)
        s.later[v] = s.later.get(v, 0) | made
        came |= s.bits.bit(v)
    for r in results:
        s.earlier[r] = s.earlier.get(r, 0) | came
    return found


def _is_of_numbers(t: Abstract) -> bool:
    """Whether a value is a number, or a tuple of numbers, as a shape."""
    return isinstance(t, (Scalar, Const)) or (isinstance(t, Tuple) and all(map(_is_of_numbers, t.items)))


def _may_be_list(v: Value) -> bool:
    """Whether a value is, or may hold, a list that can be changed."""
    return not isinstance(v.type, (Array, Scalar))


def _block(s: Storage, block: Block) -> None:
    always = s.always
    for t in block.body:
        if isinstance(t, Apply):
            if not t.kwargs and always.get(id(t.op)):  # as `_apply` does, for most
                s.roots[t.result] = s.bits.bit(t.result)
            else:
                _apply(s, t)
        elif isinstance(t, (For, While)):
            _loop(s, t)
        elif t.phis:
            for b in t.blocks:
                _block(s, b)
            s.roots.update((phi.result, _roots(s, phi.ends, phi.result)) for phi in t.phis)
        else:
            for b in t.blocks:
                s.pinned |= s.bits.of(b.params)
                _block(s, b)
            if isinstance(t, Closure):
                s.captured |= captured(t.block)


def _loop(s: Storage, t: For | While) -> None:
    number, phis = t.body.label, t.phis
    for k, phi in enumerate(phis):
        for v in (phi.params[0], phi.result):
            s.roots[v], s.loop[v] = s.bits.bit(v), (number, k)
        s.roots.update(dict.fromkeys(phi.params[1:], s.roots[phi.params[0]]))
    s.begun[number] = [_roots(s, phi.begins, *phi.params, phi.result) for phi in phis]
    for b in t.blocks:
        _block(s, b)
    s.inside[number] = frozenset().union(*map(defined, t.blocks))
    s.left[number] = [_roots(s, phi.ends, *phi.params, phi.result) for phi in phis]
    s.mixed[number] = set()
    s.arrays[number] = [
        k
        for k, phi in enumerate(phis)
        if (isinstance(phi.params[0].type, ListOf) if s.lists else not isinstance(phi.params[0].type, Scalar))
    ]
    for phi, x, y in zip(phis, s.begun[number], s.left[number], strict=True):
        s.sources[phi.params[0]] = s.sources[phi.result] = x | y


def _apply(s: Storage, t: Apply) -> None:
    own = s.bits.bit(t.result)
    if _always_fresh(s, t.op) and not t.kwargs:
        s.roots[t.result] = own
    elif t.op is PUSH:
        _push(s, t)
    elif t.op is POP:
        s.pinned |= own
        s.roots[t.result] = own | _pop(s, t)
    elif isinstance(t.op, Store):
        s.roots[t.result] = own
        if is_list_or_dict(type_of(t.args[0])):  # which holds it, under whatever name
            s.pinned |= _roots(s, t.args[1:])
    elif isinstance(t.op, (Free, Field, Format)):
        s.pinned |= own
        s.roots[t.result] = own
    elif isinstance(t.op, InPlace):
        s.roots[t.result] = _roots(s, t.args[:1], t.result)
    elif isinstance(t.result.type, Scalar) or fresh(t) or (s.lists and facts_of(t.op).new_list):
        s.roots[t.result] = own
    else:
        s.roots[t.result] = own | _roots(s, t.operands, t.result)
        if read_only(t) is not False or (t.op is not NEW and any(is_list_or_dict(type_of(a)) for a in t.args)):
            s.pinned |= own


def _push(s: Storage, t: Apply) -> None:
    """Note what a tape holds: for good, if it is another name of a tape, or one that values were had back from before."""
    tape, *kept = t.args
    found = _roots(s, kept)
    s.taped |= found
    if not isinstance(tape, Value) or s.roots.get(tape) != s.bits.bit(tape) or s.emptied & s.bits.bit(tape):
        s.pinned |= found
    else:
        held, values = s.pushed.setdefault(tape, (0, []))
        s.pushed[tape] = held | found, [*values, *kept]


def _pop(s: Storage, t: Apply) -> int:
    """The memory that a value may lie in which is had back from a tape; what others hold stays there, if that is not known."""
    (tape,) = t.args
    names = s.roots_of(tape) if isinstance(tape, Value) else 0
    s.emptied |= names
    made = [v for v in s.pushed if names & s.bits.bit(v)] if tape not in s.pushed else [tape]
    if not made:
        s.pinned |= s.taped
        s.emptied = -1  # any
    return functools.reduce(operator.or_, (_roots(s, s.pushed[v][1], t.result) for v in made), 0)  # type: ignore[index]


def _always_fresh(s: Storage, op: Any) -> bool:
    """Whether an operation without keywords makes memory of its own, whatever its operands are; each is asked once."""
    found = s.always.get(id(op))
    if found is None:
        found = not isinstance(op, _OF_OPERANDS) and facts_of(op).memory is None and _makes_memory(op)
        s.always[id(op)] = found
    return found


def read_only(t: Apply) -> bool | None:
    """Whether what an operation gives cannot be written into, as an array of its own can; None if it may be so."""
    made = replace(t, op=t.op.op) if isinstance(t.op, View) else t
    if _is_foreign(made.op):
        return None
    where = placed(made)
    return None if where == "either" else where in ("read-only", "spread")


def placed(t: Apply) -> Memory | None:
    """Where the result of a call lies, as far as that is registered."""
    where: Memory | None = for_call(facts_of(t.op).memory, t.op, t.args, t.kwargs, "either")
    return where


def _is_foreign(op: Any) -> bool:
    """Whether an operation is a Python function that is called as it stands: a rule, or one of a user's, may give anything."""
    return isinstance(op, FunctionType) and package_of(op) != "numpy" and op.__module__ != runtime.__name__


def fresh(t: Apply) -> bool:
    """Whether an operation makes memory of its own."""
    op = t.op
    if op is ALLOCATE:
        return True
    if isinstance(t.result.type, (ListOf, DictOf)):  # of items that are there
        return placed(t) == "fresh"
    if op is operator.getitem:
        x = t.args[0]
        if not isinstance(x, Value) or not isinstance(x.type, Array):
            return False
        if is_basic_index(t.args[1]) is False or (x.type.shape == () and x.type.boxed is False):  # of a number
            return True
        return isinstance(t.result.type, Array) and t.result.type.shape == () and not any(_ellipsis(a) for a in t.args[1:])
    if isinstance(op, Attribute):
        return facts_of(op).form_of == 0
    if op is UNPACK:  # of a vector, numbers
        return getattr(type_of(t.args[0]), "rank", None) == 1
    where = placed(t)
    if where is not None:
        return where == "fresh"
    for name, copy in t.kwargs:
        if name == "copy":
            return copy == Const(True) and (isinstance(op, Method) or _of_library(op))
    return (effect(t) == "draws" and isinstance(t.result.type, Array)) or _makes_memory(primitive_of(op))


_OF_OPERANDS = (Attribute, Method, Special)


def _makes_memory(primitive: Any) -> bool:
    """Whether a function gives an array of its own in each of its calls, if nothing else is registered of where it lies."""
    if isinstance(primitive, np.ufunc):
        return True
    if primitive is operator.getitem or not _of_library(primitive):
        return False  # a helper may give back what it was given
    return kind_of(primitive) != "view" and (adjoint_rule(primitive) is not None or is_nondifferentiable(primitive))


def _of_library(op: Any) -> bool:
    return package_of(op) in ("numpy", "scipy", "_operator", "operator", "math") and not isinstance(op, type)


def _ellipsis(o: object) -> bool:
    """Whether an index has, or may have, an ellipsis in it; such a read of one entry is a view of rank 0."""
    t = o.type if isinstance(o, Value) else o
    if isinstance(t, Tuple):
        return any(map(_ellipsis, t.items))
    return isinstance(t, Unknown) or getattr(t, "value", None) is Ellipsis
