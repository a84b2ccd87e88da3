"""Checks that a function in SSA form is well formed.

Takes a function; raises `MalformedError` where a value is used outside its scope, defined twice, or where the numbers of
parameters, yields and results of a block do not agree. The error shows the function, with an arrow at the statement. Changes
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from sct.ir.ops import InPlace
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    ForEach,
    Function,
    If,
    Statement,
    Value,
    While,
    values_of,
)

__all__ = ["MalformedError", "verify"]


class MalformedError(AssertionError):
    """A function in SSA form breaks a rule of that form: a bug of sct, never of its user."""


class _Verifier:
    def __init__(self, f: Function, in_scope: bool) -> None:
        self.f = f
        self.in_scope = in_scope
        self.defined: set[Value] = set()
        self.stored_over: set[Value] = set()

    def fail(self, at: Statement | Block, what: str, *values: Value) -> NoReturn:
        """Raise an error about a statement, or the end of a block; each `{}` in it is one of the values."""
        from sct.ir.printer import Printer

        text = Printer(at)
        text.function(self.f)
        raise MalformedError("\n".join((what.format(*map(text.value, values)), *text.lines)))

    def define(self, at: Statement | Block, v: Value, scope: set[Value]) -> None:
        if v in self.defined:
            self.fail(at, "{} is defined twice", v)
        self.defined.add(v)
        scope.add(v)

    def use(self, at: Statement | Block, values: Sequence[Value], scope: set[Value]) -> None:
        if scope.issuperset(values) and self.stored_over.isdisjoint(values):
            return
        for v in values:
            if v not in scope:
                self.fail(at, "{} is used out of its scope", v)
            if v in self.stored_over:
                self.fail(at, "{} is used after its memory was given away", v)

    def block(self, b: Block, outer: set[Value]) -> None:
        scope = set(outer) if self.in_scope else outer
        for p in b.params:
            self.define(b, p, scope)
        for s in b.body:
            self.statement(s, scope)
        self.use(b, values_of(*b.yields), scope)

    def statement(self, s: Statement, scope: set[Value]) -> None:
        self.use(s, s.values, scope)
        if isinstance(s, Apply):
            if isinstance(s.op, InPlace) and isinstance(s.args[0], Value):
                self.stored_over.add(s.args[0])
        else:
            self.shape(s)
            self.blocks(s, scope)
        for r in s.results:
            self.define(s, r, scope)

    def blocks(self, s: Statement, scope: set[Value]) -> None:
        before, after = self.stored_over, set(self.stored_over)
        for b in s.blocks:  # of the branches of an if only one is run
            self.stored_over = set(before)
            self.block(b, scope)
            after |= self.stored_over
        self.stored_over = after

    def shape(self, s: Statement) -> None:
        if isinstance(s, If):
            if not len(s.then.yields) == len(s.orelse.yields) == len(s.results):
                n, m = len(s.then.yields), len(s.orelse.yields)
                self.fail(s, f"the branches of an if yield {n} and {m} values, not {len(s.results)}")
        elif isinstance(s, (For, ForEach)):
            n = len(s.inits)
            counted = s.exits and isinstance(s, For)
            if len(s.body.params) != n + 1 or len(s.body.yields) != n + s.exits or len(s.results) != n + counted:
                self.fail(s, "the carried values of a for loop do not agree in number")
        elif isinstance(s, While):
            n = len(s.inits)
            if len(s.test.params) != n or len(s.body.params) != n or len(s.body.yields) != n + s.exits:
                self.fail(s, "the carried values of a while loop do not agree in number")
            if len(s.results) != n + 1 or len(s.test.yields) != 1:
                self.fail(s, "a while loop needs one test, and the trip count as its last result")
        elif isinstance(s, Closure) and len(s.block.yields) != 1:
            self.fail(s, "a closure yields one operand")


def verify(f: Function, in_scope: bool = True) -> Function:
    """`f`, if it is well formed. Without `in_scope` it may read values of inner blocks that stand before, as `reverse` does."""
    _Verifier(f, in_scope).block(f.block, set())
    return f
