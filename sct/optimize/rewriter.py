"""The frame of a pass: a walk through a function that replaces operations by operations or operands.

Takes a function; gives a function, the same one where nothing changes. A pass has `rules` for the operations that it looks at,
or overrides `rewrite` where it looks at all of them, and, where it treats branches or loops, `if_` and `loop`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sct.analysis.given import Given, given_away
from sct.infer.facts import for_call
from sct.ir.rewriting import changed, map_blocks, map_operands, renamed
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Statement,
    Value,
    While,
    map_leaves,
    values_of,
)
from sct.ir.types import Array
from sct.ir.visitor import Visitor
from sct.registry.facts import facts_of

__all__ = ["Rewriter"]


class Rewriter(Visitor):
    """A forward walk. `replaced` maps values that are gone to what stands for them; `definition` has the new statements.

    What a function of which nothing is known may write into is not what its definition says, nor is what was made of that what
    it would be now: these have none.
    """

    rules: ClassVar[Mapping[Any, Callable[[Any, Apply], Apply | Operand]]] = {}
    """By operation: what stands for a statement of it, another one or an operand."""

    def __init__(self) -> None:
        self.replaced: dict[Value, Operand] = {}
        self.definition: dict[Value, Statement] = {}
        self.body: list[Statement] = []
        self.called: dict[Value, str] = {}  # the names that values of the new statements get after they are made
        self.given: Given | None = None

    def function(self, f: Function) -> Function:
        """The rewritten function."""
        self.given = given_away(f.block)
        block = self.block(f.block)
        return changed(f, block=renamed(block, {v: v.called(name, v.hint) for v, name in self.called.items()}))

    def operand(self, o: Operand) -> Operand:
        """An operand with replacements made."""
        if isinstance(o, Value):
            return self.replaced.get(o, o)
        if self.replaced.keys().isdisjoint(values_of(o)):
            return o
        return map_leaves(lambda v: self.replaced.get(v, v) if isinstance(v, Value) else v, o)

    def block(self, block: Block) -> Block:
        outer, self.body = self.body, []
        for s in block.body:
            self.statement(s)
        made = block.with_(self.body, map(self.operand, block.yields))
        self.body = outer
        return made

    def statement(self, s: Statement) -> None:
        if self.replaced and not self.replaced.keys().isdisjoint(s.values):
            s = map_operands(self.operand, s)
        if type(s) is Apply:
            self.apply(s)
        else:
            super().statement(s)

    def apply(self, s: Apply) -> None:
        found = self.rewrite(s)
        if found is s and self.given is None:  # as `keep` does, for most statements
            self.body.append(s)
            self.definition[s.result] = s
        elif found is s:
            self.keep(s)
        elif isinstance(found, Apply):
            found = _as_it_gives(found)
            self.keep(found)
            if found.result is not s.result:
                self.replaced[s.result] = found.result
        else:
            self.replaced[s.result] = found

    def name_of(self, v: Value) -> str:
        """The name of a value, as it is now."""
        return self.called.get(v, v.name)

    def keep(self, s: Statement) -> None:
        self.body.append(s)
        if isinstance(s, Apply) and (self.given is None or not any(map(self.changes, (s.result, *s.values)))):
            self.definition[s.result] = s

    def changes(self, v: Value) -> bool:
        """Whether a value may be another one later, though nothing in the function says so."""
        return self.given is not None and self.given.changes(v)

    def changed(self, s: Apply, op: object, *args: Operand) -> Apply:
        """The statement with another operation."""
        return Apply(op, args, (), s.result, s.place, s.origin)

    def rewrite(self, s: Apply) -> Apply | Operand:
        """What stands for an operation: another one, or an operand."""
        rule = self.rules.get(s.op)
        return s if rule is None else rule(self, s)

    def if_(self, s: If) -> None:
        self.keep(map_blocks(self.block, s))

    def loop(self, s: For | ForEach | While) -> None:
        self.keep(map_blocks(self.block, s))

    def closure(self, s: Closure) -> None:
        self.keep(map_blocks(self.block, s))

    def made_by(self, o: Operand, *ops: object) -> Apply | None:
        """The operation that made an operand, if it is one of `ops`."""
        d = self.definition.get(o) if type(o) is Value else None
        return d if type(d) is Apply and d.op in ops else None


def _as_it_gives(s: Apply) -> Apply:
    """A statement whose result is no array of rank 0, where what it was before gave one and its operation gives a number."""
    v = s.result
    if not isinstance(v.type, Array) or v.type.shape != () or v.type.boxed is not True:
        return s
    if for_call(facts_of(s.op).boxed, s.op, s.args, s.kwargs):
        return s
    return replace(s, result=Value(replace(v.type, boxed=False), v.name, v.hint, v.id))
