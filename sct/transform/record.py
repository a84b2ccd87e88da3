"""Bringing into scope what the reverse sweep reads of the forward sweep's inner blocks.

Takes a `Reversal`; gives a well-formed function. `_Recorder.supply` decides, in this order: an array that was written into is
had back by undoing the writes (`sct.analysis.versions`), for which the parts that they overwrite are kept, unless those would
be parts for each iteration of a loop, and it itself is there once; a value of a branch becomes a result of its `If`, or is
tested again; a value of a loop's body is carried backwards, computed again, also by a read of an array as it is at the end
(`sct.analysis.recording`, `sct.analysis.dependence`), or pushed on a tape where it is made and
popped where it is used. Each tape belongs to one value and is emptied in the reverse of the order in which it was filled,
whatever loops and branches surround it.
"""

from __future__ import annotations

import functools
import heapq
import operator
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np

from sct.analysis.binding import behind, phis, unbound_values
from sct.analysis.dependence import Dependence
from sct.analysis.exchanging import exchanged
from sct.analysis.points_to import steady_lists
from sct.analysis.recording import cheap, is_number, plan
from sct.analysis.storage import storage
from sct.analysis.switches import is_on
from sct.analysis.versions import is_write, versions
from sct.infer.call import infer_call
from sct.ir.ops import ATTEMPT, LOAD, POP, PUSH, TAPE, Attribute
from sct.ir.paths import ALL, is_whole, path_of
from sct.ir.rewriting import copied, keeping, map_operands, substitute
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    Function,
    If,
    Operand,
    Statement,
    Value,
    While,
    captured,
    defined,
    map_leaves,
    raises,
    reading,
    reads_of,
    type_of,
    values_of,
)
from sct.ir.types import UNDEFINED, UNKNOWN, Abstract, Array, Const, List, ListOf, Scalar, Size, Tuple, Unknown
from sct.registry.rules import kind_of
from sct.runtime import cast_like, item, kept, updated, zeros_each, zeros_if_bound
from sct.transform.copied import copies_read
from sct.transform.reverse import Reversal
from sct.transform.shapes import abstract_size, axis_of
from sct.transform.unchanged import unchanged

__all__ = ["record"]


@dataclass
class _Place:
    """A block of the function: where it stands."""

    block: Block
    owner: Statement | None
    parent: int | None
    depth: int
    in_loop: bool


class _Names(dict[Value, Value]):
    """What stands for values in a part of the reverse sweep; what is set while `apart` holds for the block within only."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[tuple[Value, Value | None]] = []

    def __setitem__(self, v: Value, w: Value) -> None:
        self.before.append((v, self.get(v)))
        super().__setitem__(v, w)

    def update(self, pairs: Iterable[tuple[Value, Value]]) -> None:  # type: ignore[override]
        for v, w in pairs:
            self[v] = w

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Go through a block: what stands for values around it is as before at the end."""
        begun = len(self.before)
        yield
        while len(self.before) > begun:
            v, w = self.before.pop()
            if w is None:
                del self[v]
            else:
                super().__setitem__(v, w)


@dataclass
class _Supply:
    """How a reverse block gets the values of its forward block."""

    kept: dict[Value, Value] = field(default_factory=dict)  # value -> tape
    renamed: dict[Value, Value] = field(default_factory=dict)  # value -> one that is in scope
    again: dict[Value, None] = field(default_factory=dict)  # in the order in which they are computed
    restored: list[tuple[Value, Value | Const, Value]] = field(default_factory=list)  # value, what was before, the last one
    turned: list[If] = field(default_factory=list)  # of pointers that the iteration exchanged: what they were before
    first: dict[Value, Value] = field(default_factory=dict)  # such a pointer -> what the loop started from, if called alike


def record(reversal: Reversal) -> Function:
    """The function of `reversal` with every value in scope."""
    f = reversal.function
    return f if all(_stays(s, reversal) for s in f.block.body) else _Recorder(reversal).run()


def _stays(s: Statement, reversal: Reversal) -> bool:
    """Whether a statement makes nothing that would have to be brought into scope, and overwrites nothing."""
    if isinstance(s, Apply):
        return not is_write(s) or s.result not in reversal.forward
    return isinstance(s, If) and all(reversal.forward.isdisjoint(defined(b)) for b in s.blocks)


class _Recorder:
    def __init__(self, reversal: Reversal) -> None:
        reversal, self.handed_on = unchanged(reversal)
        self.function = reversal.function
        self.mirror = reversal.mirror
        self.indices = reversal.indices
        self.handles = reversal.handles | reversal.shadows
        self.pulled = set(reversal.shadows)  # what a pullback has its own of, wherever it is bound
        self.is_pulled = any(isinstance(s, Closure) for s in self.function.block.body)
        self.has_reverse = frozenset(reversal.mirror.values())  # forward blocks that a block goes back through
        self.places: dict[int, _Place] = {}
        self.home: dict[Value, int] = {}
        self.definition: dict[Value, Statement] = {}
        self.position: dict[Statement, int] = {}  # of a statement of the forward sweep, in its block
        self.last_use: dict[Value, int] = {}  # the last position in its block at which a value is used
        self.requests: dict[int, dict[Value, None]] = {}
        self.waiting: list[tuple[int, int, int]] = []  # the blocks that are to be supplied, the innermost first
        self.supplies: dict[int, _Supply] = {}  # by forward label
        self.pushes: dict[int, dict[Value, Value]] = {}  # forward label -> value -> tape
        self.tapes_before: dict[int, list[Value]] = {}  # label of the outermost loop's body -> tapes
        self.escapes: dict[int, dict[Value, dict[int, Value]]] = {}  # label of an If's then -> result -> branch -> value
        self.escaped: dict[tuple[Value, int], Value] = {}
        self.halves: dict[tuple[Hashable, ...], list[Value]] = {}  # a branch and what comes out of it -> results for it alone
        self.likeness: dict[Value, Hashable] = {}  # of a result by which a value comes out: the operation that made that
        self.tapes: dict[tuple[Value, int], Value] = {}
        self.carried_back: dict[Value, Value] = {}
        body = self.function.block.body
        made = [{*s.results, *(v for b in s.blocks for v in defined(b))} for s in body]
        forward = [k for k, values in enumerate(made) if not reversal.forward.isdisjoint(values)]
        self.begin = forward[-1] + 1 if forward else 0  # of the reverse sweep
        forward_block = self.function.block.with_(body[: self.begin])
        self.versions = versions(forward_block)
        reverse_block = self.function.block.with_(body[self.begin :])
        self.read_from = copies_read(forward_block, self.versions, reading(reverse_block), self.handles)
        if self.read_from:
            read = substitute(reverse_block, self.read_from)
            self.function = replace(self.function, block=read.with_([*forward_block.body, *read.body]))
        self.dependence = Dependence(forward_block, self.versions)
        self.steady = steady_lists(self.function.block)
        self.reads_again = is_on("dependence")
        self.moved: dict[Value, Apply | None] = {}  # what is read -> its read from the last version, if that gives the same
        self.restored: set[tuple[int, Value]] = set()  # blocks, and the versions that are had back in their reverse
        self.asked_of_top: dict[Value, None] = {}  # what is read of what the function's own block makes
        self.top = self.function.block.label
        self.shared: set[Value] = set()
        self.unbound = unbound_values(self.function.block)
        self.overwritten: dict[Apply, Value] = {}  # write -> what it overwrites
        self.parts_read: dict[Value, list[Value]] = {}  # of a version that was read in parts: these
        self.put_back_by: set[Value] = set()  # parts that were read, by which writes are undone
        self.tests_kept: set[Value] = set()  # by which pointers are turned back where an iteration's reverse begins
        self.turns: dict[int, tuple[list[Value], If]] = {}  # by a body's label: what pointers are last, and how they are turned
        self.put_right: set[Value] = set()  # the first versions of arrays into which a write is undone
        self.put_back: dict[int, list[Value]] = {}  # label -> the indices of the writes in it that are undone
        self.mirrored: set[int] = set()  # forward blocks that have a reverse
        self.read_back: dict[int, set[Value]] = {}  # what the reverse of a forward block reads
        self.outliving: dict[tuple[Value, int], bool] = {}
        self.wanted: dict[int, tuple[tuple[Value, ...], tuple[Value, ...]]] = {}  # by the id of a reverse statement
        self.suppliers: dict[Value, set[int]] = {}  # value -> the forward blocks whose reverses have it back
        self.split = False
        self.total: set[Value] = set()  # values that must be bound on every path
        self.params = {p.name: p for p in self.function.block.params}
        self.argument_shapes: dict[Value, Value] = {}
        self.of_copies: dict[Statement, Statement] = {}  # one of the forward sweep -> the same, of the copies of what it reads
        self.sizes: dict[Value, Apply] = {}  # an integer -> what makes it of the shape of an argument

    def run(self) -> Function:
        f = self.function
        self.survey(f.block, None, None, 0, False)
        self.mirrored = {self.mirror[label] for label in self.places if label in self.mirror}
        for label, place in self.places.items():
            if label in self.mirror:
                self.read_back.setdefault(self.mirror[label], set()).update(captured(place.block))
        self.total.update(_shapes_asked(f.block))
        for k, s in enumerate(f.block.body):
            self.walk(s, {f.block.label})
            if k >= self.begin:
                self.ask(s.operands, {f.block.label})
        while True:
            before = sum(map(len, self.requests.values())), len(self.restored)
            for v in self.asked_of_top:
                self.restore_version(self.top, v)
            self.supplies, self.pushes, self.tapes_before, self.escapes = {}, {}, {}, {}
            self.waiting = [(-self.places[k].depth, n, k) for n, k in enumerate(self.requests)]
            heapq.heapify(self.waiting)
            while self.waiting:
                self.supply(heapq.heappop(self.waiting)[-1])
            if before == (sum(map(len, self.requests.values())), len(self.restored)):
                break
        for (label, _), s in self.versions.consumer.items():
            if isinstance(s, Apply) and s in self.overwritten:
                asked = map(self.behind_loops, values_of(*path_of(s)))
                self.put_back.setdefault(label, []).extend((*asked, self.overwritten[s]))
        for label, made in self.supplies.items():
            for v in chain(made.kept, made.again):
                self.suppliers.setdefault(v, set()).add(label)
        for label, v in self.restored:
            self.suppliers.setdefault(v, set()).add(label)
        self.find_shared()
        self.bind_everywhere()
        block = self.rebuilt(f.block)
        shapes = [Apply(Attribute("shape"), (p,), (), v) for p, v in self.argument_shapes.items()]
        return replace(f, block=block.with_([*shapes, *block.body]))

    # -- what is asked for -------------------------------------------------------------------------------------------

    def survey(self, block: Block, owner: Statement | None, parent: int | None, depth: int, in_loop: bool) -> None:
        self.places[block.label] = _Place(block, owner, parent, depth, in_loop)
        here = set(block.params)  # what is defined in this block so far
        for p in block.params:
            self.home[p] = block.label
        for k, s in enumerate(block.body):
            here.update(s.results)
            for r in s.results:
                self.home[r] = block.label
                self.definition[r] = s
            if isinstance(s, Apply) and s.op is operator.getitem and isinstance(s.args[0], Value):
                self.parts_read.setdefault(s.args[0], []).append(s.result)
            for b in s.blocks:
                self.survey(b, s, block.label, depth + 1, in_loop or s.repeats)
            if block.label not in self.mirror and (parent is not None or k < self.begin):
                self.position[s] = k
                used = set(s.values).union(*map(captured, s.blocks))
                self.last_use.update((v, k) for v in used & here)
        self.last_use.update((v, len(block.body)) for v in values_of(*block.yields) if self.home.get(v) == block.label)

    def walk(self, s: Statement, around: set[int]) -> None:
        """Collect the uses, inside the reverse sweep, of values that are not in scope there."""
        for b in s.blocks:
            around.add(b.label)
            for t in b.body:
                self.ask(t.operands, around)
                self.walk(t, around)
            self.ask(b.yields, around)
            around.remove(b.label)

    def request(self, label: int, v: Value) -> None:
        """The reverse of a block needs a value of the block."""
        if label not in self.requests:
            heapq.heappush(self.waiting, (-self.places[label].depth, len(self.requests), label))
            self.requests[label] = {}
        self.requests[label][v] = None

    def behind_loops(self, v: Value) -> Value:
        """What stands for a value behind the loops that do not change it, or the value itself."""
        return self.handed_on.same.get(v, v)

    def ask(self, operands: tuple[Operand, ...], around: set[int]) -> None:
        for v in map(self.behind_loops, values_of(*operands)):
            if v in self.indices:
                continue
            if self.home[v] not in around:
                self.request(self.home[v], v)
            elif self.home[v] == self.top:
                self.asked_of_top[v] = None

    # -- how it is supplied ------------------------------------------------------------------------------------------

    def supply(self, label: int) -> None:
        place = self.places[label]
        made = self.supplies[label] = _Supply()
        if isinstance(place.owner, (For, While)) and place.block is place.owner.body:
            self.turn_back(place.owner, made)
        for v in list(self.requests[label]):
            self.restore_version(label, v)
        needed = [v for v in self.requests[label] if (label, v) not in self.restored and v not in made.renamed]
        if not place.in_loop:
            for v in needed:
                if self.costs_nothing(v, label):
                    self.compute_again(v, label, made)
                else:
                    made.renamed[v] = self.escape(v, label)
            return
        owner = place.owner
        carried = self.carried(owner) if isinstance(owner, (For, While)) else {}
        self.restore(made, needed, carried)
        rest = [v for v in needed if v not in made.renamed]
        while True:
            found = plan(rest, lambda v: self.local_definition(v, label), lambda v: self.at_hand(v, label), self.steady)
            if not any(self.is_size(v) for v in found.kept):
                break
        for v in found.kept:
            if v in self.handed_on.ends:
                self.carry_back(made, v, *self.handed_on.ends[v])
            elif not self.restore_version(label, v):
                made.kept[v] = self.tape(v, label)
        for v in found.again:
            self.compute_again(v, label, made)

    def is_size(self, v: Value) -> bool:
        """Whether an integer is the size of an argument, to be read again from its shape."""
        size = v.type.size if isinstance(v.type, Scalar) else None
        if v in self.sizes or not self.reads_again or not isinstance(size, Size) or size != Size(size.terms[:1]):
            return False
        (atom, times), *_ = size.terms
        found = axis_of(atom, self.params) if times == 1 else None
        if found is None:
            return False
        p, axis = found
        if p not in self.argument_shapes:
            assert isinstance(p.type, Array) and p.type.shape is not None
            shape = self.argument_shapes[p] = Value(Tuple(tuple(map(abstract_size, p.type.shape))), "", f"{p.name}_shape")
            self.home[shape] = self.top
        self.sizes[v] = Apply(operator.getitem, (self.argument_shapes[p], Const(axis)), (), v)
        return True

    def costs_nothing(self, v: Value, label: int, told: set[Value] | None = None) -> bool:
        """Whether a value compares numbers that are at hand, or is a number in an array that nothing is written into, or joins
        such tests by `and` and `or`: the reverse of a branch tests it again, or reads it again, as a reader would.

        `told` gets the values of which that is found on the way.
        """
        s = self.local_definition(v, label)
        if isinstance(s, If):
            return s.expression and is_number(v) and self.tests(Block((), (s,), ()), label, set() if told is None else told)
        return isinstance(s, Apply) and all(self.at_hand(w, label) for w in s.values) and self.compares(s)

    def compares(self, s: Apply) -> bool:
        """Whether a statement compares numbers, or reads one of an array that nothing is written into."""
        if s.op is operator.getitem:
            return is_number(s.result) and self.versions.chain.isdisjoint(s.values)
        return kind_of(s.op) == "comparison" and all(map(is_number, s.args))

    def tests(self, block: Block, label: int, told: set[Value]) -> bool:
        """Whether a block of an expression does nothing but compare what is at hand, or costs nothing, or is in `told`."""

        def has(v: Value) -> bool:
            found = v in told or self.at_hand(v, label) or self.costs_nothing(v, label, told)
            told.update((v,) if found else ())
            return found

        for s in block.body:
            if not all(map(has, s.values)) or not all(self.tests(b, label, told) for b in s.blocks):
                return False
            if not (self.compares(s) if isinstance(s, Apply) else isinstance(s, If) and s.expression):
                return False
            told.update(s.results)
        return all(map(has, values_of(*block.yields)))

    def at_hand(self, v: Value, label: int) -> bool:
        """Whether the reverse of a block has a value without its being kept."""
        return self.home[v] != label or v in self.indices or v in self.handed_on.same or (label, v) in self.restored

    def restore_version(self, label: int, v: Value) -> bool:
        """Have a version back by undoing the writes after it, if all of them are reversed; whether that can be.

        One that is there once is not, if only for its sake what loops overwrite would have to be kept: it is read as the value
        that it is, so that the first of the loops writes into a copy, whatever else has its memory (`sct.optimize.buffers`).
        """
        if v not in self.versions.chain:
            return False
        needed = self.undone(label, v)
        if needed is None or (not self.places[label].in_loop and any(self.is_write_in_loop(*at) for at in needed)):
            return False
        for block, w in needed:
            self.restored.add((block, w))
            s = self.versions.consumer.get((block, w))
            if isinstance(s, Apply):
                self.request_undoing(block, s)
        return True

    def is_write_in_loop(self, label: int, v: Value) -> bool:
        """Whether a write in a loop comes after a version."""
        return self.places[label].in_loop and isinstance(self.versions.consumer.get((label, v)), Apply)

    def request_undoing(self, label: int, s: Apply) -> None:
        """What a write overwrites, and where: the reverse sweep is going to put it back."""
        v = s.args[0]
        assert isinstance(v, Value)
        t: Abstract = v.type
        for index in path_of(s):
            t = infer_call(operator.getitem, [t, type_of(index)], {})
        if s not in self.overwritten:
            self.overwritten[s] = self.read_before(label, s) or Value(t, "", v.name)
        old = self.overwritten[s]
        self.put_right.add(self.dependence.first(v))
        self.home.setdefault(old, label)
        if self.home[old] != self.top:
            self.request(self.home[old], old)
        for w in map(self.behind_loops, values_of(*path_of(s))):
            if self.home[w] != label:
                self.ask_from(w)
            elif label != self.top and w not in self.indices:
                self.request(label, w)

    def read_before(self, label: int, s: Apply) -> Value | None:
        """What a write is going to overwrite, if that was read in a block around it and is kept there anyway."""
        path, target = path_of(s), s.args[0]
        assert isinstance(target, Value)
        for r in self.parts_read.get(target, ()) if len(path) == 1 else ():
            home, read = self.home[r], self.definition[r]
            assert isinstance(read, Apply)
            if read.args[1] != path[0] or home in (label, self.top) or r not in self.requests.get(home, ()):
                continue
            if r in self.versions.chain:  # it may be written into itself
                continue
            if self.places[home].in_loop and self.is_around(home, label) and self.outlives(r, read, home):
                self.put_back_by.add(r)
                return r
        return None

    def is_around(self, outer: int, label: int) -> bool:
        """Whether a block is around another one, with branches and no loops between them."""
        while label != outer:
            place = self.places[label]
            if place.parent is None or not isinstance(place.owner, If):
                return False
            label = place.parent
        return True

    def undone(self, label: int, v: Value) -> dict[tuple[int, Value], None] | None:
        """The versions that have to be had back for one of them to be, itself included; None if one of them cannot be."""
        found: dict[tuple[int, Value], None] = {}
        taken: list[tuple[int, Value]] = []  # what comes out of a branch that is run once
        work = [(label, v)]
        while work:
            at = work.pop()
            if at in found or at in self.restored:
                continue
            found[at] = None
            s = self.versions.consumer.get(at)
            more = self.at_end(*at) if s is None else self.after(*at, s)
            if more is None:
                if s is not None or at == (label, v) or self.places[at[0]].in_loop or not found:
                    return None
                del found[at]
                taken.append(at)
                continue
            work += more
        for at in taken:
            self.request(*at)
        return found

    def at_end(self, label: int, v: Value) -> list[tuple[int, Value]] | None:
        """Where the last version in a block is had from: from what its loop or branch gives."""
        place = self.places[label]
        if place.parent is None:
            return []
        s, block = place.owner, place.block
        if label not in self.mirrored or v not in block.yields:
            return None
        k = block.yields.index(v)
        if isinstance(s, If):
            return [(place.parent, s.results[k])] if s.results[k] in self.versions.before else None
        assert isinstance(s, (For, While))
        return self.around(place.parent, s) if k in self.versions.slots.get(label, ()) else None

    def after(self, label: int, v: Value, s: Statement) -> list[tuple[int, Value]] | None:
        """The versions that the undoing of a statement starts from and goes through."""
        if isinstance(s, Apply):  # what is overwritten as a whole is kept as a whole
            return [] if is_whole(path_of(s)) else [(label, s.result)]
        blocks = (s.then, s.orelse) if isinstance(s, If) else (s.body,)  # type: ignore[union-attr]
        if any(b.label not in self.mirrored for b in blocks):
            return None
        if isinstance(s, If):
            k = next(k for k, r in enumerate(s.results) if self.versions.before.get(r) is v)
            return [(label, s.results[k]), *(at for b in blocks for at in self.chain(b, b.yields[k], v))]
        assert isinstance(s, (For, While))
        return self.around(label, s)

    def around(self, label: int, s: For | While) -> list[tuple[int, Value]] | None:
        """The versions that the reverse of a loop carries and goes through.

        None if an iteration overwrites all of an array: then it costs less to keep the version that is needed.
        """
        phis = s.phis
        out: list[tuple[int, Value]] = []
        for r, (p, *_), _, (y,) in (phis[k] for k in self.versions.slots[s.body.label]):
            out += [(label, r), (s.body.label, p), *self.chain(s.body, y, None)]
        writes = (self.versions.consumer.get(at) for at in out)
        return None if any(isinstance(w, Apply) and is_whole(path_of(w)) for w in writes) else out

    def chain(self, block: Block, y: Operand, v: Value | None) -> list[tuple[int, Value]]:
        """The versions in a block from `y` back to `v`."""
        out = []
        while isinstance(y, Value):
            out.append((block.label, y))
            if y is v or y not in self.versions.before:
                break
            y = self.versions.before[y]
        return out

    def carried(self, s: For | While) -> dict[Value, tuple[Value, Value]]:
        """For each value that the next iteration starts from: the parameter that holds it there, the result at the end."""
        around = [(phi.ends[0], phi.params[0], phi.result) for phi in s.phis]
        return {y: (p, r) for y, p, r in around if isinstance(y, Value) and y is not p}

    def restore(self, made: _Supply, needed: list[Value], carried: dict[Value, tuple[Value, Value]]) -> None:
        """A value that the next iteration starts from, where that parameter is needed too, is carried backwards."""
        for v in needed:
            if v in carried and carried[v][0] in needed:
                param, result = carried[v]
                self.carry_back(made, v, result, param)

    def carry_back(self, made: _Supply, v: Value, result: Value, before: Value | Const) -> None:
        """The reverse of a loop begins with what a value was last, and goes on with what it was an iteration before."""
        again = self.carried_back.setdefault(v, Value(result.type, v.name, v.hint))
        made.renamed[v] = again
        made.restored.append((again, before, result))
        self.ask_from(result)

    # -- pointers that an iteration exchanges ------------------------------------------------------------------------

    def turn_back(self, s: For | While, made: _Supply) -> None:
        """Carry pointers to adjoints back that an iteration exchanges by one test, or always, of which one is needed."""
        label = s.body.label
        found = exchanged(s, self.pulled)
        if found is None or self.requests[label].keys().isdisjoint(phi.params[0] for phi in found.phis):
            return
        if label not in self.turns:
            last = [Value(phi.result.type, phi.params[0].name, phi.params[0].hint) for phi in found.phis]
            before = tuple(Value(v.type, v.name, v.hint) for v in last)
            blocks = [Block((), (), tuple(last[way.index(k)] for k in range(len(way)))) for way in found.ways]
            self.turns[label] = last, If(found.test, blocks[0], blocks[1], before)
            if isinstance(found.test, Value) and not self.is_told(found.test, label):
                self.tests_kept.add(found.test)
        last, turn = self.turns[label]
        made.turned.append(turn)
        if isinstance(turn.test, Value):
            self.ask((turn.test,), {self.top})
        for phi, v, w in zip(found.phis, last, turn.results, strict=True):
            made.renamed[phi.params[0]] = w
            made.restored.append((v, phi.params[0], phi.result))
            self.ask_from(phi.result)
            if isinstance(begun := phi.begins[0], Value) and begun.name == v.name:
                made.first[v] = begun

    def is_told(self, v: Value, label: int) -> bool:
        """Whether a value of a loop's body is told by its index and by what no iteration changes."""
        if v in self.indices or (self.home[v] != label and v not in self.versions.chain):
            return True
        s = self.definition.get(v) if self.home[v] == label else None
        return s is not None and cheap(s, self.steady) and all(self.is_told(w, label) for w in s.values)

    def ask_from(self, v: Value) -> None:
        """A value that the reverse of an outer block is going to use."""
        home = self.home[v]
        if self.places[home].parent is not None and v not in self.indices and home in self.has_reverse:
            self.request(home, v)
        elif home == self.top:
            self.asked_of_top[v] = None

    def local_definition(self, v: Value, label: int) -> Statement | None:
        s = self.source(v) if self.home[v] == label and v not in self.put_back_by | self.tests_kept else None
        whole = s.args[0] if isinstance(s, Apply) and s.op is operator.getitem else None
        if isinstance(whole, Value) and self.is_loaded(whole, label) and whole not in self.requests.get(label, ()):
            return None  # an entry is less to keep than all that was loaded
        return s if s is not None and not self.outlives(v, s, label) else None

    def is_loaded(self, o: Operand, label: int) -> bool:
        """Whether an operand is what an array held at one point of a block."""
        made = self.definition.get(o) if isinstance(o, Value) and self.home[o] == label else None
        return isinstance(made, Apply) and made.op is LOAD

    def source(self, v: Value) -> Statement | None:
        """The statement that a value is computed again by: its own, or a read of an array as it is at the end.

        Where the reverse sweep undoes the writes into that array, it has the version that was read anyway.
        """
        if v in self.sizes:
            return self.sizes[v]
        if v not in self.moved:
            self.moved[v] = self.dependence.read_of_last(v) if self.reads_again else None
        s, read = self.definition.get(v), self.moved[v]
        if read is not None and self.dependence.first(read.args[0]) not in self.put_right:  # type: ignore[arg-type]
            s = read
        return self.by_copies(s) if s is not None and self.read_from else s

    def by_copies(self, s: Statement) -> Statement:
        """A statement that reads copies of what has been written into since (`sct.transform.copied`)."""
        if s not in self.of_copies:
            self.of_copies[s] = substitute(Block((), (s,), ()), self.read_from).body[0]
        return self.of_copies[s]

    def outlives(self, v: Value, s: Statement, label: int) -> bool:
        """Whether a value is used after an array that it would be computed from again is written into."""
        last = self.last_use.get(v, -1)
        seen: set[Value] = set()
        work = list(_sources(s))
        while work:
            w = work.pop()
            if w in seen:
                continue
            seen.add(w)
            consumer = self.versions.consumer.get((label, w))
            if consumer is not None:
                if isinstance(consumer, Apply) and v in values_of(*path_of(consumer)):
                    return True  # it is used again when the write is undone
                if last > self.position[consumer] - (not isinstance(consumer, Apply)):
                    return True
                if any(v in self.read_back.get(b.label, ()) for b in consumer.blocks):
                    return True  # before the reverse of the consumer has given the array back
                continue
            t = self.source(w) if self.home.get(w) == label else None
            if t is not None and cheap(t, self.steady) and not self.is_outliving(w, t, label):  # otherwise it is kept
                work += t.values
        return False

    def is_outliving(self, v: Value, s: Statement, label: int) -> bool:
        """`outlives`, of what is asked for again and again."""
        key = v, label
        if key not in self.outliving:
            self.outliving[key] = self.outlives(v, s, label)
        return self.outliving[key]

    def compute_again(self, v: Value, label: int, made: _Supply) -> None:
        made.again[v] = None
        s = self.source(v)
        assert s is not None
        for w in map(self.behind_loops, _sources(s)):
            if self.home[w] != label:
                self.ask_from(w)
            elif (label, w) in self.restored:
                continue
            elif w not in made.kept and w not in made.again and w not in made.renamed and w not in self.indices:
                self.compute_again(w, label, made)

    def escape(self, v: Value, label: int) -> Value:
        """A result of the `If` around `v` that is `v` if the branch of `v` was taken."""
        place = self.places[label]
        s = place.owner
        assert isinstance(s, If) and place.parent is not None, s
        branch = s.blocks.index(place.block)
        if (v, label) not in self.escaped:
            self.escaped[v, label] = self.result_of(v, s, branch)
        out = self.escaped[v, label]
        if v in self.pulled:
            self.pulled.add(out)
        if out not in s.results:
            self.escapes.setdefault(s.then.label, {}).setdefault(out, {})[branch] = v
            self.home[out] = place.parent
        self.ask_from(out)
        return out

    def result_of(self, v: Value, s: If, branch: int) -> Value:
        """The result of an `If` by which a value of a branch comes out: one that the branch yields it for, one that a like
        value of the other branch comes out by, or a new one.

        So a long `elif`, each branch of which makes the like, hands one value on from level to level, not one for each level.
        """
        yielded = (phi.result for phi in s.phis if phi.ends[branch] is v and phi.result.type == v.type)
        out = next((r for r in yielded if self.versions.chain.isdisjoint((v, r))), None)
        if out is not None:
            return out
        made = self.definition.get(v)
        op = made.op if isinstance(made, Apply) else self.likeness.get(v)
        if op is None:
            return Value(v.type, v.name)
        here, there = ((b.label, v.type, v.name, op) for b in (s.blocks[branch], s.blocks[1 - branch]))
        if self.halves.get(there):
            return self.halves[there].pop(0)
        out = Value(v.type, v.name)
        self.likeness[out] = op
        self.halves.setdefault(here, []).append(out)
        return out

    def tape(self, v: Value, label: int) -> Value:
        """A tape for `v`, made before the outermost loop around it."""
        t = self.tapes.setdefault((v, label), Value(UNKNOWN, f"{v.word}_tape" if v.word else "tape"))
        self.pushes.setdefault(label, {})[v] = t
        if v in self.pulled:
            self.pulled.add(t)
        self.total.add(v)
        outermost, k = label, self.places[label]
        while k.parent is not None:
            if isinstance(k.owner, (For, While)):
                outermost = k.block.label
            k = self.places[k.parent]
        self.tapes_before.setdefault(outermost, []).append(t)
        home = self.places[outermost].parent
        assert home is not None
        self.home[t] = home
        self.ask_from(t)
        return t

    def find_shared(self) -> None:
        """The kept arrays whose memory is written into later: their copies are kept."""
        kept = {v for pushed in self.pushes.values() for v in pushed}
        self.shared = {v for v in kept if isinstance(v.type, ListOf) and v not in self.handles}
        arrays = [v for v in kept if isinstance(v.type, (Array, Unknown)) and getattr(v.type, "shape", None) != ()]
        arrays = [v for v in arrays if v not in self.handles]
        written = [s.args[0] for s in self.definition.values() if isinstance(s, Apply) and is_write(s)] if arrays else []
        if written:
            memory = storage(self.function.block)
            targets = functools.reduce(operator.or_, (memory.of(v) for v in written if isinstance(v, Value)), 0)
            self.shared.update(v for v in arrays if memory.of(v) & targets)

    def bind_everywhere(self) -> None:
        """What is pushed must be bound: where a branch leaves it undefined it is None, or an empty list."""
        if self.is_pulled:
            self.total.update(self.pulled)
        self.total = behind(self.total, phis(self.function.block))

    # -- rebuilding --------------------------------------------------------------------------------------------------

    def rebuilt(self, block: Block) -> Block:
        """A block of the forward sweep, or the whole function's, with pushes, tapes and further results."""
        pushes = self.pushes.get(block.label, {})
        names = _Names()
        body: list[Statement] = [t for p in block.params if p in pushes for t in self.push(pushes[p], p)]
        for k, s in enumerate(block.body):
            if block.label == self.top and k >= self.begin and not isinstance(s, Closure):
                self.undo(s, self.top, names, body)
                continue
            for b in s.blocks:
                body += [Apply(TAPE, (), (), t) for t in self.tapes_before.get(b.label, ())]
            if isinstance(s, Apply) and s in self.overwritten:
                old = self.overwritten[s]
                body += self.save(s, old) if old not in self.put_back_by else []
                body += self.push(pushes[old], old, s) if old in pushes else []
            body.append(self.forward(s))
            body += [t for r in _known_after(s) if r in pushes for t in self.push(pushes[r], r, s)]
        return block.with_(body)

    def undo(self, s: Statement, label: int, names: _Names, body: list[Statement]) -> None:
        """A statement of the reverse of the block `label`, after what supplies the values that it reads."""
        made = self.supplies.get(label, _Supply())
        for v in chain(*self.uses(s)):
            if v in made.kept or v in made.again or (label, v) in self.restored:
                self.ensure(v, label, names, body)
        body.append(self.backward(s, names))

    def save(self, s: Apply, old: Value) -> list[Statement]:
        """A copy of the part that a write is going to overwrite."""
        body: list[Statement] = []
        part = s.args[0]
        path = path_of(s)
        for n, index in enumerate(path):
            if index == Const(Ellipsis):
                continue
            t = infer_call(operator.getitem, [type_of(part), type_of(index)], {})
            result = old if n == len(path) - 1 and getattr(t, "shape", None) == () else Value(t)
            body.append(Apply(operator.getitem, (part, index), (), result, s.place, s.origin))
            part = result
        if part is not old:
            body.append(Apply(np.array, (part,), (), old, s.place, s.origin))
        return body

    def push(self, tape: Value, v: Value, s: Statement | None = None) -> list[Statement]:
        if v not in self.shared:
            return [_push(tape, v, s)]
        copy = Value(v.type)
        op: Any = np.copy if v in self.unbound else np.array
        args: tuple[Operand, ...] = (v,)
        if isinstance(v.type, ListOf):
            op, args = item, (v, ALL)
        elif isinstance(v.type, Unknown):
            op = kept
        return [Apply(op, args, (), copy, None, s.origin if s is not None else None), _push(tape, copy, s)]

    def forward(self, s: Statement) -> Statement:
        if isinstance(s, Apply):
            return s
        if isinstance(s, Closure):
            return replace(s, block=self.pull(s.block))
        if isinstance(s, If):
            return self.forward_if(s)
        assert isinstance(s, (For, While))
        inits = tuple(self.defined(phi.begins[0], phi.result, phi.params[0]) for phi in s.phis)
        return replace(s, body=self.rebuilt(s.body), inits=inits)

    def defined(self, operand: Operand, *targets: Value) -> Operand:
        if operand is not UNDEFINED or self.total.isdisjoint(targets):
            return operand
        return List(()) if any(isinstance(t.type, ListOf) for t in targets) else Const(None)

    def forward_if(self, s: If) -> If:
        more = self.escapes.get(s.then.label, {})
        blocks = []
        for k, b in enumerate((s.then, s.orelse)):
            extra = [self.defined(found.get(k, UNDEFINED), out) for out, found in more.items()]
            yields = [self.defined(phi.ends[k], phi.result) for phi in s.phis]
            blocks.append(self.rebuilt(b).with_(None, [*yields, *extra]))
        return replace(s, then=blocks[0], orelse=blocks[1], results=(*s.results, *more))

    def pull(self, block: Block) -> Block:
        """The block of a pullback, which may run many times: it empties copies of the tapes."""
        self.split = True
        body, yields = self.reverse_body(block, _Names())
        return block.with_(body, yields)

    def copies(self, label: int, names: _Names) -> list[Statement]:
        """Copies of the tapes that a forward block makes, for a reverse block that may run again."""
        out: list[Statement] = []
        for tapes in self.tapes_before.values() if self.split else ():
            for t in tapes:
                if self.home[t] == label:
                    copy = Value(UNKNOWN, t.name)
                    out.append(Apply(TAPE, (names.get(t, t),), (), copy))
                    names[t] = copy
        return out

    def backward(self, s: Statement, names: _Names) -> Statement:
        """A statement of the reverse sweep, with the values that its blocks ask for; `names` are those around it."""

        def there(o: Operand) -> Operand:
            return self.renamed(o, names)

        if isinstance(s, Apply):
            return map_operands(there, s)
        if isinstance(s, If):
            return self.backward_if(s, names)
        if isinstance(s, While):  # of a rule
            return self.backward_while(s, names)
        assert isinstance(s, For)
        inits, results = tuple(map(there, s.inits)), s.results
        forward = self.mirrored_by(s.body)
        back = self.carried_versions(forward) if isinstance(forward, (For, While)) else []
        made = self.supplies.get(self.mirror.get(s.body.label, -1))
        restored = made.restored if made is not None else []
        held = [Value(last.type, last.name) for _, _, last, _ in back]
        with names.apart():
            names.update(zip((last for _, _, last, _ in back), held, strict=True))
            body, yields = self.reverse_body(s.body, names, [p for _, p, _, _ in back])
            yields = (
                *yields,
                *(names[p] for _, p, _, _ in back),
                *(names[p] if isinstance(p, Value) else p for _, p, _ in restored),
            )
        params = (*s.body.params, *held)
        for init, _, _, result in back:
            after = Value(init.type, init.name)
            inits, results = (*inits, there(result)), (*results, after)
            names[init] = after
        for again, _, result in restored:
            params = (*params, again)
            inits = (*inits, there(result))
            results = (*results, after := Value(again.type, again.name))
            if made is not None and again in made.first:
                names[made.first[again]] = after
        block = s.body.with_(body, yields, params)
        start, stop, step = map(there, (s.start, s.stop, s.step))
        exits = s.exits and forward is None  # one of a rule ends where it does
        return replace(s, start=start, stop=stop, step=step, body=block, inits=inits, exits=exits, results=results)

    def backward_while(self, s: While, names: _Names) -> While:
        blocks = []
        for b in s.blocks:
            with names.apart():
                blocks.append(b.with_(*self.reverse_body(b, names)))
        return replace(s, test=blocks[0], body=blocks[1], inits=tuple(self.renamed(o, names) for o in s.inits))

    def mirrored_by(self, block: Block) -> Statement | None:
        """The statement of the forward sweep that a statement of the reverse sweep with this block goes back through."""
        place = self.places.get(self.mirror.get(block.label, -1))
        return place.owner if place is not None else None

    def carried_versions(self, s: For | While) -> list[tuple[Value, Value, Value, Value]]:
        """What the reverse of a loop carries to undo its writes: initial value, parameter, last version and result of each."""
        phis = s.phis
        out: list[tuple[Value, Value, Value, Value]] = []
        home = self.places[s.body.label].parent
        if s.body.label not in self.versions.slots or home is None or self.around(home, s) is None:
            return out
        for r, (p, *_), (init,), (last,) in (phis[k] for k in self.versions.slots[s.body.label]):
            assert isinstance(init, Value) and isinstance(last, Value)
            if (s.body.label, p) in self.restored:
                out.append((init, p, last, r))
        return out

    def branch_versions(self, s: If) -> list[tuple[Value, int]]:
        """The versions before an `If` that its reverse gives back, and the numbers of its results that come after them."""
        home = self.places[s.then.label].parent
        if home is None:
            return []
        found = ((self.versions.before.get(r), k) for k, r in enumerate(s.results))
        return [
            (v, k)
            for v, k in found
            if v is not None and (home, v) in self.restored and self.versions.consumer.get((home, v)) is s
        ]

    def backward_if(self, s: If, names: _Names) -> If:
        forward = self.mirrored_by(s.then)
        back = self.branch_versions(forward) if isinstance(forward, If) else []
        blocks = []
        for n, b in enumerate((s.then, s.orelse)):
            with names.apart():
                if isinstance(forward, If):
                    last = self.last_versions((forward.then, forward.orelse)[n], forward)
                    names.update([(v, names.get(r, r)) for v, r in last])
                body, yields = self.reverse_body(b, names, [v for v, _ in back])
                blocks.append(b.with_(body, (*yields, *(names[v] for v, _ in back))))
        raised = isinstance(forward, If) and any(map(raises, forward.blocks))
        test = Const(not raises(forward.then)) if raised else self.renamed(s.test, names)  # type: ignore[union-attr]
        after = {v: Value(v.type, v.name) for v, _ in back}
        names.update(after.items())
        return replace(s, test=test, then=blocks[0], orelse=blocks[1], results=(*s.results, *after.values()))

    def last_versions(self, block: Block, s: If) -> list[tuple[Value, Value]]:
        """The versions that a branch ends with and that its reverse starts from, with the results that they are."""
        n = s.blocks.index(block)
        pairs = [(phi.ends[n], phi.result) for phi in s.phis]
        return [
            (y, r) for y, r in pairs if isinstance(y, Value) and r in self.versions.before and (block.label, y) in self.restored
        ]

    def uses(self, s: Statement) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
        """The values that a reverse statement and the blocks in it read, and those by which these blocks supply themselves:
        of both those that are supplied around the block that uses them.
        """
        if id(s) not in self.wanted:
            read = {v: None for v in map(self.behind_loops, s.values) if v in self.suppliers}
            further: dict[Value, None] = {}
            for b in s.blocks:
                here = {self.mirror.get(b.label, -1)}
                inside: dict[Value, None] = {}
                more = dict.fromkeys(self.supplying(b))
                for t in b.body:
                    own, others = self.uses(t)
                    inside.update(dict.fromkeys(own))
                    more.update(dict.fromkeys(others))
                inside.update(dict.fromkeys(map(self.behind_loops, values_of(*b.yields))))
                for found, out in ((inside, read), (more, further)):
                    out.update((v, None) for v in found if self.suppliers.get(v, here) - here)
            self.wanted[id(s)] = tuple(read), tuple(further)
        return self.wanted[id(s)]

    def supplying(self, b: Block) -> Iterator[Value]:
        """The values by which a reverse block supplies itself."""
        label = self.mirror.get(b.label, -1)
        owner = self.mirrored_by(b)
        if isinstance(owner, (For, While)):
            yield from (result for _, _, _, result in self.carried_versions(owner))
        elif isinstance(owner, If):
            yield from (owner.results[k] for _, k in self.branch_versions(owner))
            yield from (r for block in (owner.then, owner.orelse) for _, r in self.last_versions(block, owner))
        yield from self.put_back.get(label, ())
        made = self.supplies.get(label)
        if made is not None:
            yield from (result for _, _, result in made.restored)
            yield from (v for turn in made.turned for v in values_of(turn.test))
            for s in map(self.source, made.again):
                if s is not None:
                    yield from map(self.behind_loops, _sources(s))

    def renamed(self, operand: Operand, names: _Names) -> Operand:
        def leaf(v: Operand) -> Operand:
            return v if not isinstance(v, Value) else names.get(w := self.behind_loops(v), self.indices.get(w, w))

        return map_leaves(leaf, operand)

    def reverse_body(
        self, block: Block, names: _Names, wanted: Iterable[Value] = ()
    ) -> tuple[list[Statement], tuple[Operand, ...]]:
        """The statements of a reverse block, each after the pops and recomputations of what it is the first to use.

        `wanted` are values that must be had back at its end.
        """
        label = self.mirror.get(block.label, -1)
        made = self.supplies.get(label, _Supply())
        names.update([(v, names.get(w, w)) for v, w in made.renamed.items()])
        body = self.copies(label, names)
        for turn in made.turned:
            for v in values_of(turn.test):
                self.ensure(v, label, names, body)
            body.append(replace(turn, test=self.renamed(turn.test, names)))
        for s in block.body:
            if block.label in self.mirror:
                self.undo(s, label, names, body)
            else:  # of a rule
                body.append(self.backward(s, names))
        for v in (*values_of(*block.yields), *wanted, *made.kept):
            self.ensure(v, label, names, body)  # a tape is emptied as it was filled, whether or not its value is used
        return body, tuple(self.renamed(y, names) for y in block.yields)

    def ensure(self, v: Value, label: int, names: _Names, body: list[Statement]) -> None:
        """Supply a value of the forward block `label` to its reverse, if that is not done yet."""
        made = self.supplies.get(label, _Supply())
        if v in names:
            return
        if (label, v) in self.restored:
            s = self.versions.consumer.get((label, v))
            if isinstance(s, Apply):  # what an inner block writes into is had back when that is reversed
                old, path = self.overwritten[s], Tuple(path_of(s))
                if is_whole(path.items):
                    self.ensure(old, label, names, body)
                    names[v] = names.get(old, old)
                    return
                for w in (s.result, *map(self.behind_loops, values_of(path)), old):
                    self.ensure(w, label, names, body)
                names[v] = Value(v.type, v.name)
                args = tuple(self.renamed(o, names) for o in (s.result, path, old))
                origin = None if s.origin is None else replace(s.origin, reverse=True)
                body.append(Apply(updated, args, (), names[v], s.place, origin))
        elif v in made.kept:
            names[v] = Value(v.type, v.name, v.hint)
            body.append(Apply(POP, (names.get(made.kept[v], made.kept[v]),), (), names[v]))
        elif v in made.again:
            s = self.source(v)
            assert isinstance(s, (Apply, If))
            if isinstance(s, If):  # of which one φ alone is asked
                s = keeping(s, [s.results.index(v)])
                assert isinstance(s, If)
            for w in map(self.behind_loops, _sources(s)):
                self.ensure(w, label, names, body)
            names[v] = Value(v.type, v.name)
            if isinstance(s, If):
                again = {w: self.renamed(w, names) for w in _sources(s)}
                blocks = [copied(substitute(b, again)) for b in s.blocks]
                test = self.renamed(s.test, names)
                body.append(replace(s, test=test, then=blocks[0], orelse=blocks[1], results=(names[v],)))
                return
            args = tuple(self.renamed(a, names) for a in s.args)
            kwargs = tuple((k, self.renamed(a, names)) for k, a in s.kwargs)
            body.append(replace(s, args=args, kwargs=kwargs, result=names[v]))


def _known_after(s: Statement) -> Iterator[Value]:
    """The values that are known once a statement has been run: whether a block was run to its end, once that was tried."""
    if isinstance(s, If) and s.handles is not None:
        yield from values_of(s.test)
    if not isinstance(s, Apply) or s.op is not ATTEMPT:
        yield from s.results


def _shapes_asked(block: Block) -> set[Value]:
    """The values whose zeros are made if they are bound, or for each of their items, or whose dtype is asked for."""
    out: set[Value] = set()
    for s in block.body:
        if isinstance(s, Apply) and s.op in (zeros_if_bound, zeros_each):
            out.update(values_of(*s.args))
        if isinstance(s, Apply) and s.op is cast_like:
            out.update(values_of(s.args[1]))
        for b in s.blocks:
            out |= _shapes_asked(b)
    return out


def _sources(s: Statement) -> tuple[Value, ...]:
    """The values from around it that a statement reads, with the blocks in it, in order."""
    if not s.blocks:
        return s.values
    around = reads_of(s)
    return tuple(dict.fromkeys(v for v in (*s.values, *chain(*map(reading, s.blocks))) if v in around))


def _push(tape: Value, v: Value, s: Statement | None = None) -> Apply:
    return Apply(PUSH, (tape, v), (), Value(Const(None)), None, s.origin if s is not None else None)
