"""The frame of an emitter: a walk through a finished function that writes it as statements which set variables.

Takes a function; gives what a subclass makes of it, for a language with variables, branches and loops. φ's become assignments
here: where a block ends, its results, or the parameters of its next iteration, are set to what it yields. What a subclass says
is how the language has these few things. Never changes the function.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from sct.ir.ssa import (
    Apply,
    Closure,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Value,
    While,
    carried_params,
    map_leaves,
    reading,
    values_of,
)
from sct.ir.types import UNDEFINED, Const, Scalar
from sct.ir.visitor import Visitor

__all__ = ["Emitter"]


class Emitter(Visitor, ABC):
    """A walk that writes statements; the methods without a body are what a language must have.

    Every value of a function is a variable of its own; `read` are those that something reads. Operands are `Value`, `Const`,
    `UNDEFINED`, which is never written, and containers of these (`Tuple`, `List`, `Dict`, `Slice`).
    """

    @abstractmethod
    def apply(self, s: Apply) -> Any:
        """Set `s.result` to what the operation gives. What the language has not, it refuses (`sct.SctError`)."""

    @abstractmethod
    def closure(self, s: Closure) -> Any:
        """An inner function, which a pullback has, and no other derivative."""

    @abstractmethod
    def assign(self, target: Value, source: Operand) -> None:
        """Set a variable to a value that is there."""

    @abstractmethod
    def increment(self, target: Value) -> None:
        """Add 1 to a variable that holds an int."""

    @abstractmethod
    def begin_if(self, test: Operand) -> None:
        """Begin the branch that is taken if the test is true."""

    @abstractmethod
    def begin_else(self) -> None:
        """Begin the other branch."""

    @abstractmethod
    def begin_range(self, s: For) -> None:
        """Begin a loop over `range(s.start, s.stop, s.step)`, from its end if `s.backwards`; it sets `s.body.params[0]`."""

    @abstractmethod
    def begin_forever(self) -> None:
        """Begin a loop without an end."""

    @abstractmethod
    def leave(self, test: Operand, if_true: bool) -> None:
        """Leave the innermost loop if the test is true, or false."""

    @abstractmethod
    def end(self) -> None:
        """End the innermost branch or loop."""

    def function(self, f: Function) -> Any:
        """A whole function."""
        self.read = frozenset(reading(f.block))
        return self.block(f.block)

    def assign_all(self, targets: Sequence[Value], sources: Sequence[Operand]) -> None:
        """Set variables as if all at once, those that are read: what is set before it is read is kept aside."""
        both = zip(targets, sources, strict=True)
        pairs = [(t, s) for t, s in both if s is not t and s is not UNDEFINED and t in self.read]
        set_before: set[Value] = set()
        kept: dict[Operand, Operand] = {}
        for t, s in pairs:
            for v in set_before.intersection(values_of(s)):
                if v not in kept:
                    kept[v] = aside = Value(v.type)
                    self.assign(aside, v)
            set_before.add(t)
        for t, s in pairs:
            self.assign(t, map_leaves(lambda v: kept.get(v, v), s))

    def if_(self, s: If) -> None:
        """A branch: either block, at whose end the results are set."""
        self.begin_if(s.test)
        self.block(s.then)
        self.assign_all(s.results, s.then.yields)
        if s.orelse.body or any(y is not UNDEFINED for y in s.orelse.yields):
            self.begin_else()
            self.block(s.orelse)
            self.assign_all(s.results, s.orelse.yields)
        self.end()

    def loop(self, s: For | ForEach | While) -> None:
        """A loop: what it carries is set before it and at the end of each iteration, its results after it."""
        assert not isinstance(s, ForEach)  # of untyped functions
        params, n = carried_params(s), len(s.inits)
        self.read |= {p for phi in s.phis if not self.read.isdisjoint((phi.result, *phi.params)) for p in phi.params}
        self.assign_all(params, s.inits)
        counts = [v for v in s.counts if v in self.read]
        for count in counts:
            self.assign(count, Const(0))
        if isinstance(s, For):
            self.begin_range(s)
        else:
            self.begin_forever()
            self.assign_all(s.test.params, params)
            self.block(s.test)
            self.leave(s.test.yields[0], if_true=False)
        for count in counts:
            self.increment(count)
        self.block(s.body)
        stop: list[Value] = []
        for flag in s.body.yields[n:]:  # it may be one of what is set
            stop.append(Value(flag.type if isinstance(flag, Value) else Scalar(bool)))
            self.assign(stop[-1], flag)
        self.assign_all(params, s.body.yields[:n])
        for flag in stop:
            self.leave(flag, if_true=True)
        self.end()
        self.assign_all(s.results[:n], params)
