"""Bracketing: searches whose result depends on the arguments through their tests alone.

Takes a typed function and its varied values; refuses a loop that, by tests on varied values, moves one end or the other of an
interval to points that are combinations of the ends with fixed weights (bisection, golden-section search). Each statement
has a derivative there, but the weights of the ends jump with the tests, at every scale: the derivative of the statements
is not that of the limit. Griewank & Walther (2008), chapter 14; the limit's follows from the implicit function theorem.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator

import numpy as np

from sct.analysis.activity import useful_values, varied_values
from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import LOAD, Store
from sct.ir.paths import path_of
from sct.ir.ssa import (
    Apply,
    Block,
    If,
    Operand,
    Statement,
    Value,
    blocks_in,
    values_of,
)
from sct.ir.types import Array
from sct.registry.facts import Linear, facts_of, ufunc_of
from sct.runtime import updated

__all__ = ["refuse_bracketing"]

_Combined = dict[Value, set[Value] | None]  # what ends each value combines; None of what is something else


def refuse_bracketing(block: Block, varied: Iterable[Value], results: Iterable[Value]) -> None:
    """Raise `UnsupportedSyntaxError` if the results come from such a search by tests that depend on `varied`."""
    found = [s for b in blocks_in(block) for s in b.body]
    if any(s.repeats for s in found) and any(map(_chooses, found)):
        _Search(block, varied_values(block, varied), useful_values(block, results)).block(block)


def _chooses(s: Statement) -> bool:
    """Whether what a statement gives may be one of several things, by a test."""
    if not isinstance(s, Apply):
        return isinstance(s, If)
    return s.op is np.where or ((s.op is updated or s.op == Store(updated)) and any(map(_is_mask, path_of(s))))


class _Search:
    def __init__(self, block: Block, varied: set[Value], useful: set[Value]) -> None:
        self.varied = varied
        self.useful = useful
        self.definition: dict[Value, Statement] = {}
        self.flows: dict[Value, tuple[Operand, ...]] = {}
        self.sources: dict[Value, tuple[Operand, ...]] = {}  # of a loop's parameter: what it starts from, and goes on with
        self.held: dict[Value, Value] = {}  # what an array holds at one point, with that
        self.survey(block)

    def survey(self, block: Block) -> None:
        for s in block.body:
            self.definition.update((r, s) for r in s.results)
            if isinstance(s, Apply) and s.op is LOAD:
                self.held.update((s.result, v) for v in values_of(*s.args))
            self.flows.update(s.flows)
            self.sources.update((p, self.flows[p]) for phi in s.phis for p in phi.params[:1])
            for b in s.blocks:
                self.survey(b)

    def block(self, block: Block) -> None:
        for s in block.body:
            if s.repeats:
                self.loop(s)
            for b in s.blocks:
                self.block(b)

    def loop(self, s: Statement) -> None:
        around = [(phi.params[0], phi.ends[0], phi.result) for phi in s.phis]
        moves: dict[Value, tuple[list[Operand], list[Operand]]] = {}
        stays: dict[Value, bool] = {}  # whether it is one of those that it is chosen from, as the ends of an interval are
        for p, y, r in around:
            if p in self.useful or r in self.useful:
                tests: list[Operand] = []
                chosen = list(self.choices(y, tests))
                if len(set(chosen)) > 1 and any(self.reaches(t, self.varied, set()) for t in tests):
                    moves[p] = ([c for c in chosen if c is not p], tests)
                    stays[p] = p in chosen
        moves = dict(sorted(moves.items(), key=lambda move: not stays[move[0]]))
        widths = [p for p, y, _ in around if self.scaled(y, p)]
        for low in moves:
            for high in (*moves, *widths):
                ends = {low, high}
                if low is high or not all(self.weighted(m, ends) == ends for e in ends & moves.keys() for m in moves[e][0]):
                    continue
                if high in moves or any(self.reaches(t, {low}, set()) for t in moves[low][1]):
                    self.refuse(s, low, high)
        self.in_memory(s)

    def in_memory(self, loop: Statement) -> None:
        """The same of arrays whose entries a loop moves by tests."""
        moves: dict[Value, list[Operand]] = {}
        for b in loop.blocks:
            for s, tests in self.stores(b, ()):
                target, value = s.args[0], s.args[2]
                assert isinstance(target, Value)
                masks = tuple(filter(_is_mask, path_of(s)))
                if target in self.useful and any(self.reaches(t, self.varied, set()) for t in (*tests, *masks)):
                    part = self.definition.get(value) if isinstance(value, Value) else None
                    taken = isinstance(part, Apply) and part.op is operator.getitem and _is_mask(part.args[1])
                    moves.setdefault(target, []).append(part.args[0] if taken else value)  # type: ignore[union-attr]
        for low in moves:
            for high in moves:
                ends = {low, high}
                if low is not high and all(self.weighted(m, ends) == ends for e in ends for m in moves[e]):
                    self.refuse(loop, low, high)

    def stores(self, block: Block, tests: tuple[Operand, ...]) -> Iterator[tuple[Apply, tuple[Operand, ...]]]:
        """The writes into arrays in a block, with the tests that they depend on."""
        for s in block.body:
            if isinstance(s, Apply) and s.op == Store(updated):
                yield s, tests
            for b in s.blocks:
                yield from self.stores(b, (*tests, s.test) if isinstance(s, If) else tests)

    def refuse(self, s: Statement, low: Value, high: Value) -> None:
        one, other = low.word or "one end", high.word or "the other"
        raise UnsupportedSyntaxError(
            f"a search that moves {one!r} or {other!r} by tests on values "
            "that are differentiated: the derivative of its statements is not that of what it finds",
            s.place,
            "Put the search into a function of its own and give that a rule with sct.adjoint (by the implicit "
            "function theorem), or end it with a step of Newton's method from sct.stop_gradient of the result.",
        )

    def choices(self, o: Operand, tests: list[Operand]) -> Iterator[Operand]:
        """The operands among which an operand is chosen by tests."""
        s = self.definition.get(o) if isinstance(o, Value) else None
        if isinstance(s, If):
            k = s.results.index(o)
            tests.append(s.test)
            yield from self.choices(s.then.yields[k], tests)
            yield from self.choices(s.orelse.yields[k], tests)
        elif isinstance(s, Apply) and s.op is np.where and len(s.args) == 3:
            tests.append(s.args[0])
            yield from self.choices(s.args[1], tests)
            yield from self.choices(s.args[2], tests)
        elif isinstance(s, Apply) and s.op is updated and len(path := path_of(s)) == 1 and _is_mask(path[0]):
            tests.append(path[0])
            yield from self.choices(s.args[0], tests)
            part = self.definition.get(s.args[2]) if isinstance(s.args[2], Value) else None
            if isinstance(part, Apply) and part.op is operator.getitem and _is_mask(part.args[1]):
                yield from self.choices(part.args[0], tests)
            else:
                yield from self.choices(s.args[2], tests)
        else:
            yield o

    def reaches(self, o: Operand, wanted: set[Value], seen: set[Value]) -> bool:
        """Whether an operand depends on one of some values, tests included."""
        for v in values_of(o):
            if v in wanted:
                return True
            if v in seen:
                continue
            seen.add(v)
            s = self.definition.get(v)
            own = s.reads if isinstance(s, (Apply, If)) else ()
            operands = (*own, *self.flows.get(v, ()))
            if any(self.reaches(w, wanted, seen) for w in operands):
                return True
        return False

    def scaled(self, o: Operand, width: Value) -> bool:
        """Whether an operand is a width times, or divided by, something that does not vary."""
        s = self.definition.get(o) if isinstance(o, Value) else None
        return isinstance(s, Apply) and _scales(s) and width in s.args and self.varied.isdisjoint(s.args)

    def weighted(self, o: Operand, ends: set[Value]) -> set[Value] | None:
        """Which of the ends an operand combines, with weights that do not vary; None if it is something else.

        It may be made of points that the loop carries, which are made of one another (as golden-section search does).
        """
        carried: _Combined = {}
        while True:
            out = self.combination(o, ends, carried, {})
            found = {v: None if carried[v] is None else self.around(v, ends, carried) for v in [*carried]}
            if found == carried:
                found = {v: None if not c and v in self.varied else c for v, c in found.items()}
            if found == carried:
                return out
            carried |= found

    def around(self, v: Value, ends: set[Value], carried: _Combined) -> set[Value] | None:
        """What ends a point that the loop carries is made of in the next iteration."""
        chosen = [c for c in self.choices(self.sources[v][1], []) if c is not v and self.definition.get(c) is not None]  # type: ignore[arg-type]
        found = [self.combination(c, ends, carried, {}) for c in chosen]
        return None if None in found or not found else set().union(*(f for f in found if f))

    def combination(self, o: Operand, ends: set[Value], carried: _Combined, known: _Combined) -> set[Value] | None:
        """The ends that an operand combines, where it is known of the carried points; those that are not known are added."""
        out: set[Value] = set()
        for v in values_of(o):
            s = self.definition.get(v)
            if v in ends or self.held.get(v) in ends:
                part: set[Value] | None = {self.held.get(v, v)}
            elif isinstance(s, Apply) and _linear(s) is not None:
                if v not in known:
                    known[v] = self.combined(s, ends, carried, known)
                part = known[v]
            elif v in self.sources:
                part = carried.setdefault(v, set())
                part = part if v in self.varied else part or set()
            else:
                part = None if v in self.varied else set()
            if part is None:
                return None
            out |= part
        return out

    def combined(self, s: Apply, ends: set[Value], carried: _Combined, known: _Combined) -> set[Value] | None:
        """The same of what an operation gives."""
        parts = [self.combination(a, ends, carried, known) for a in s.args]
        varying = [a for a, p in zip(s.args, parts, strict=True) if p or not self.varied.isdisjoint(values_of(a))]
        if None in parts or (len(varying) == 2 and _scales(s)):
            return None
        return set().union(*(p for p in parts if p))


def _scales(s: Apply) -> bool:
    """Whether an operation multiplies or divides by its other operand."""
    return _linear(s) in ("each", "first")


def _linear(s: Apply) -> Linear | None:
    """In what operands an operation is linear, entry by entry."""
    return None if ufunc_of(s.op) is None else facts_of(s.op).linear  # type: ignore[return-value]


def _is_mask(index: Operand) -> bool:
    """Whether an index is an array of flags, which say what entries are meant."""
    t = index.type if isinstance(index, Value) else None
    return isinstance(t, Array) and t.rank != 0 and t.dtype == np.bool_
