"""A walk through a function in SSA form.

Takes a function; gives what a subclass makes of it. `sct.optimize.rewriter` is the walk that gives another function,
`sct.backend.emitter` the one that gives a text. Changes nothing.

>>> from sct.ir.parser import parse
>>> class Operations(Visitor):
...     def function(self, f):
...         self.names = []
...         super().function(f)
...         return self.names
...     def apply(self, s):
...         self.names.append(s.op.__name__)
>>> Operations().function(parse('''
... def f(%x: float):
...     # line 1: return x * sin(x)
...     %1 = math.sin(%x)          # float
...     %2 = operator.mul(%x, %1)  # float
...     yield %2
... '''))
['sin', 'mul']
"""

from __future__ import annotations

from typing import Any

from sct.ir.ssa import Apply, Block, Closure, For, ForEach, Function, If, Statement, While

__all__ = ["Visitor"]


class Visitor:
    """A walk in the order in which statements run; a method for each kind of statement goes on into its blocks."""

    def function(self, f: Function) -> Any:
        """A whole function."""
        return self.block(f.block)

    def block(self, block: Block) -> Any:
        """A block: its statements, in order."""
        for s in block.body:
            self.statement(s)

    def statement(self, s: Statement) -> Any:
        """A statement, by the method for its kind; a kind that there is no method for is an error."""
        if isinstance(s, Apply):
            return self.apply(s)
        if isinstance(s, If):
            return self.if_(s)
        if isinstance(s, (For, ForEach, While)):
            return self.loop(s)
        if isinstance(s, Closure):
            return self.closure(s)
        raise TypeError(f"{type(self).__name__} has no method for a {type(s).__name__}")

    def apply(self, s: Apply) -> Any:
        """An operation."""

    def if_(self, s: If) -> Any:
        """A branch: its blocks."""
        return self._inside(s)

    def loop(self, s: For | ForEach | While) -> Any:
        """A loop: its blocks. There is no `ForEach` left once a function is typed."""
        return self._inside(s)

    def closure(self, s: Closure) -> Any:
        """An inner function: its block."""
        return self._inside(s)

    def _inside(self, s: Statement) -> None:
        for b in s.blocks:
            self.block(b)
