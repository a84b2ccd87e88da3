"""Folding: which values are written as part of the expression that uses them, rather than as statements.

Takes a function; gives the set of folded values. A value without a name of its own that is used once, in its own block, is
folded, unless memory that its expression reads is, or may be, stored over in between; so is an adjoint of which only a copy of
the same name is used. What costs nothing (an item of a parameter, a shape, a transpose, a comparison of numbers that branches
test) is written out wherever it is used. Changes no order of effects.
"""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np

from sct.analysis.effects import CHANGING, effect, has_effect
from sct.analysis.points_to import Classes, has_memory, points_to, written_by
from sct.analysis.recording import is_number
from sct.analysis.storage import storage
from sct.analysis.switches import is_on
from sct.backend.python.expressions import are_numbers
from sct.ir.ops import (
    ASSERT,
    ATTEMPT,
    CAUGHT,
    ENTER,
    EXIT,
    POP,
    PUSH,
    RAISE,
    TAPE,
    UNPACK,
    Attribute,
    Field,
    Format,
    Free,
    InPlace,
    Method,
    Rebind,
    Steps,
    StepsBack,
)
from sct.ir.records import record
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    Function,
    If,
    Operand,
    Statement,
    Value,
    is_derived,
    type_of,
    values_of,
)
from sct.ir.types import Array, Const, Dict, List, Tuple
from sct.registry.rules import kind_of
from sct.runtime import added_item, power, quotient

__all__ = ["Folding", "fold"]


@record(frozen=True)
class Folding:
    """`inline`: values written where they are used. `choices`: results of `If`s that are written as conditional expressions.
    `definition`: the statement of each value."""

    inline: frozenset[Value]
    choices: frozenset[Value]
    definition: dict[Value, Statement]


def fold(f: Function, data: Container[Free] = ()) -> Folding:
    """The folding of `f`; `data` is what the text knows by a name of its own, which is written wherever it is used."""
    folding = _Folder(f).run()
    named = [v for v, s in folding.definition.items() if isinstance(s, Apply) and isinstance(s.op, Free) and s.op in data]
    return replace(folding, inline=folding.inline.union(named)) if named else folding


class _Folder:
    def __init__(self, f: Function) -> None:
        self.f = f
        self.uses: Counter[Value] = Counter()
        self.depth: dict[Value, int] = {}  # how many expressions stand in one another in what a value is written as
        self.tests: Counter[Value] = Counter()  # of these uses, the tests of branches
        self.direct: dict[Value, tuple[int, int]] = {}  # the block and position of a value's use as a plain operand
        self.home: dict[Value, tuple[int, int]] = {}
        self.definition: dict[Value, Statement] = {}
        self.inline: set[Value] = set()
        self.choices: set[Value] = set()
        self.params = set(f.block.params)
        self.returned = values_of(*f.block.yields)
        self.copied: set[Value] = set()  # parameters whose names stand for copies of them
        self.renewed: set[Value] = set()  # adjoints of which a copy has the name
        self.stored: set[Value] = set()  # what is stored over needs a variable
        self.clobbers: dict[int, list[int]] = {}
        self.targets: dict[tuple[int, int], list[Operand]] = {}  # what is stored into at such a place
        self.fences: dict[int, list[int]] = {}  # where what stands in a `with` begins and ends
        self.changes: dict[int, list[int]] = {}  # where something acts, by which what is read may change
        self.reading: set[Value] = set()  # folded values that read something that may change
        self.classes: Classes | None = None  # of what may lie in one memory, if something is written into
        self.writes: dict[tuple[int, Value], list[int]] = {}  # where what is in such a class changes, by block
        self.loading: dict[Value, frozenset[Value]] = {}  # folded values that read what is in such classes

    def run(self) -> Folding:
        self.count(self.f.block)
        self.uses.update(self.returned)
        for v in self.returned:
            self.direct[v] = (self.f.block.label, len(self.f.block.body))
        if is_on("folding"):
            self.choose(self.f.block)
        return Folding(frozenset(self.inline), frozenset(self.choices), self.definition)

    def count(self, block: Block) -> None:
        for i, s in enumerate(block.body):
            here, begins = (block.label, i), 0
            used = s.values
            self.use(used)
            if isinstance(s, Apply):
                self.count_operation(s, used, here)
            else:
                begins = sum(len(values_of(*phi.begins)) for phi in s.phis)  # which stand behind what else is read
                if isinstance(s, If):
                    self.tests.update(values_of(s.test))
                for b in s.blocks:
                    self.count(b)
                    self.use(values_of(*b.yields))
                for positions in (self.clobbers, self.changes):
                    if any(b.label in positions for b in s.blocks):
                        positions.setdefault(block.label, []).append(i)
                inner = [(b.label, p) for b in s.blocks for p in self.clobbers.get(b.label, ())]
                self.targets[here] = [t for place in inner for t in self.targets[place]]
                for c in {c for label, c in self.writes if any(b.label == label for b in s.blocks)}:
                    self.writes.setdefault((block.label, c), []).append(i)
            for v in used[: len(used) - begins]:
                self.direct[v] = here
            for r in s.results:
                self.home[r] = here
                self.definition[r] = s

    def count_operation(self, s: Apply, used: Sequence[Value], here: tuple[int, int]) -> None:
        if s.op in (quotient, power):  # a / b if b else ...: read twice
            self.use(used)
        elif isinstance(s.op, InPlace):
            self.stored.update(values_of(s.args[0]))
            if s.op.op is added_item and not are_numbers(type_of(s.args[0])):  # xs[i] = xs[i] + v
                self.use(values_of(s.args[1]))
            self.clobbers.setdefault(here[0], []).append(here[1])
            self.targets[here] = [s.args[0]]
        elif s.op is np.array or (type(s.op) is Method and s.op.name == "copy"):
            self.copied.update(v for v in values_of(s.args[0]) if v in self.params)
            if is_derived(s):
                self.renewed.update(v for v in values_of(s.args[0]) if v.name == s.result.name)
        if s.op in _FENCES:
            self.fences.setdefault(here[0], []).append(here[1])
        kind = effect(s)
        if kind == "writes":
            self.classes = points_to(self.f.block)
            for v in filter(has_memory, values_of(*written_by(s))):
                self.writes.setdefault((here[0], self.classes.of(v)), []).append(here[1])
        elif kind in CHANGING:
            self.changes.setdefault(here[0], []).append(here[1])

    def use(self, values: Sequence[Value]) -> None:
        for v in values:
            self.uses[v] = self.uses.get(v, 0) + 1

    def choose(self, block: Block) -> None:
        for s in block.body:
            if isinstance(s, Apply):
                if self.changes and self.reads(s):
                    self.reading.add(s.result)
                if self.classes is not None and (loaded := self.loads(s, self.classes)):
                    self.loading[s.result] = loaded
                if self.foldable(s):
                    self.inline.add(s.result)
                continue
            if isinstance(s, Closure) and s.result in self.returned:
                self.uses.update(values_of(*s.block.yields))
            for b, operands in s.asked:
                self.direct.update(dict.fromkeys(values_of(*operands), (b.label, len(b.body))))
            for b in s.blocks:
                self.choose(b)
            if isinstance(s, If) and self.is_choice(s):
                self.choices.add(s.results[0])
                self.fold_test(s)
                self.read_by_choice(s)
                if self.used_once(s.results[0]):
                    self.inline.add(s.results[0])

    def fold_test(self, s: If) -> None:
        """The first part of `a and b`, or of `a or b`: it is read once, though it stands for the test and for the result."""
        a = s.test
        if not isinstance(a, Value) or self.uses[a] != 2 or (a is s.then.yields[0]) == (a is s.orelse.yields[0]):
            return
        self.uses[a] = 1
        made = self.definition.get(a)
        if self.foldable(made) if isinstance(made, Apply) else a in self.choices and self.used_once(a):
            self.inline.add(a)

    def foldable(self, s: Apply) -> bool:
        if (s.result.name and s.result not in self.renewed) or s.result in self.stored:
            return False
        if self.free_to_repeat(s):
            return True
        if s.op is POP:  # in the statement right after it
            v = s.result
            (block, i), (other, j) = self.home[v], self.direct.get(v, (-1, -1))
            return self.uses[v] == 1 and (block, i + 1) == (other, j)
        return self.used_once(s.result) and self.quiet(s) and not self.is_part(s) and not self.is_deep(s)

    def is_deep(self, s: Apply) -> bool:
        """Whether a statement is written with too many expressions in one another; the terms of a sum stand side by side."""
        inner = {v: self.depth.get(v, 0) for v in s.values if v in self.inline}
        first = s.args[0] if s.op in _CHAINS and isinstance(s.args[0], Value) else None
        self.depth[s.result] = max((d if v is first else d + 1 for v, d in inner.items()), default=0)
        return self.depth[s.result] > _DEEPEST

    def reads(self, s: Apply) -> bool:
        """Whether a statement, with what is folded into it, reads something that may change."""
        return effect(s) == "reads" or any(v in self.inline and v in self.reading for v in s.values)

    def loads(self, s: Apply, classes: Classes) -> frozenset[Value]:
        """The classes of arrays that are written into, of which a statement, with what is folded into it, reads."""
        own = {classes.of(v) for v in s.values if v not in self.inline and classes.is_written(v)}
        return frozenset(own).union(*(self.loading.get(v, ()) for v in s.values if v in self.inline))

    def read_by_choice(self, s: If) -> None:
        """Note what a conditional expression reads: in its test, and in either branch."""
        parts = [v for v in s.values if v in self.inline]
        parts += [r for b in s.blocks for t in b.body for r in t.results]
        if not self.reading.isdisjoint(parts):
            self.reading.add(s.results[0])
        loaded = frozenset[Value]().union(*(self.loading.get(v, ()) for v in parts))
        if loaded:
            self.loading[s.results[0]] = loaded

    def quiet(self, s: Apply) -> bool:
        """Whether a statement can be an expression."""
        if s.op in _STATEMENTS or isinstance(s.op, (InPlace, Rebind, Steps, StepsBack)):
            return False
        if any(isinstance(self.definition.get(v), Closure) for v in s.values):  # what it sees must not change before the call
            return False
        return isinstance(s.op, (Format, Free, Field)) or not has_effect(s) or self.is_exception(s)

    def is_part(self, s: Apply) -> bool:
        """Whether a statement takes a part of a result with several: these are assigned together."""
        return s.op is operator.getitem and isinstance(s.args[0], Value) and isinstance(s.args[0].type, Tuple)

    def is_exception(self, s: Apply) -> bool:
        return isinstance(s.op, type) and issubclass(s.op, BaseException)

    def used_once(self, v: Value) -> bool:
        if (v.name and v not in self.renewed) or self.uses[v] != 1 or v not in self.direct or v in self.stored:
            return False
        (block, i), (other, j) = self.home[v], self.direct[v]
        barriers = [self.fences.get(block, [])]
        barriers += [self.changes.get(block, [])] if v in self.reading else []
        barriers += [self.writes.get((block, c), []) for c in self.loading.get(v, ())]
        if block != other or any(_between(b, i, j) for b in barriers):
            return False
        stored = [t for p in _between(self.clobbers.get(block, []), i, j) for t in self.targets[block, p]]
        return not stored or self.is_apart(v, stored)

    def is_apart(self, v: Value, stored: Sequence[Operand]) -> bool:
        """Whether an expression of the reverse sweep reads nothing but variables, none of which may lie in what is stored into.

        A number is made at once, so that arrays of which it is made are not kept for it.
        """
        work = [self.definition[v]]
        if is_number(v) or not is_derived(work[0]) or not all(isinstance(type_of(t), Array) for t in stored):
            return False
        memory = storage(self.f.block)
        while work:
            s = work.pop()
            if not isinstance(s, Apply) or s.op is POP:
                return False
            work += (self.definition[w] for w in s.values if w in self.inline)
            read = [w for w in s.values if w not in self.inline and not is_number(w)]
            if not all(isinstance(w.type, Array) or w in self.params for w in read):
                return False
            if any(memory.share(w, t) for w in read for t in values_of(*stored)):
                return False
        return True

    def free_to_repeat(self, s: Apply) -> bool:
        """An item of a parameter, a shape or an entry of one, a transpose of a named value, a test of numbers."""
        if s.op is operator.getitem and isinstance(s.args[1], Const) and isinstance(s.args[0], Value):
            base = s.args[0]
            d = self.definition.get(base)
            if isinstance(d, Apply) and d.op in _SHAPES and base not in self.inline:
                return True
            if isinstance(base.type, (Tuple, List, Dict)):
                return base in self.params or (base in self.inline and isinstance(d, Apply) and self.free_to_repeat(d))
        if self.tests[s.result] == self.uses[s.result] and kind_of(s.op) == "comparison":
            return all(is_number(a) and (a in self.params or isinstance(a, Const)) for a in s.args)
        if (isinstance(s.op, Attribute) and s.op.name in ("T", "shape", "size")) or s.op is np.shape:
            return all(not isinstance(a, Value) or (self.written(a) and a not in self.copied) for a in s.args)
        return False

    def written(self, v: Value) -> bool:
        """Whether a value has a variable, or is as cheap as one."""
        d = self.definition.get(v)
        return d is None or not self.used_once(v) or (v in self.inline and isinstance(d, Apply) and self.free_to_repeat(d))

    def is_choice(self, s: If) -> bool:
        """Whether an `if` that was written as an expression can be one again: its branches are expressions."""
        if not s.expression or len(s.results) != 1:
            return False
        for b in (s.then, s.orelse):
            for t in b.body:
                if isinstance(t, Apply):
                    if t.result in self.inline:
                        continue
                    if not self.quiet(t) or self.uses[t.result] != 1 or t.result.name:
                        return False
                elif not (
                    isinstance(t, If) and len(t.results) == 1 and t.results[0] in self.choices and self.uses[t.results[0]] == 1
                ):
                    return False
        for b in (s.then, s.orelse):
            self.inline.update(r for t in b.body for r in t.results)
        return True


_FENCES = (ENTER, EXIT)
_STATEMENTS = (POP, PUSH, TAPE, ASSERT, RAISE, UNPACK, ATTEMPT, CAUGHT, *_FENCES)
_CHAINS = (operator.add, operator.sub)
_DEEPEST = 50  # Python takes expressions in some 90 parentheses for certain
_SHAPES = (Attribute("shape"), np.shape)


def _between(positions: list[int], i: int, j: int) -> list[int]:
    """Those of some positions, which are in order, that lie between two others."""
    return positions[bisect_right(positions, i) : bisect_left(positions, j)]
