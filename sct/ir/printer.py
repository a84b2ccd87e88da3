"""The text of a function in SSA form: a statement a line, with types and source lines beside it.

Takes a function; gives its text. Values are numbered in the order in which they appear, so equal functions print equally.
"""

from __future__ import annotations

from typing import Any

from sct.ir.ops import Attribute, Format, Free, InPlace, Method, Special
from sct.ir.ssa import Apply, Block, Closure, For, ForEach, Function, If, Operand, Statement, Value, While, carried_params
from sct.ir.types import Const, Dict, List, Slice, Tuple, Undefined

__all__ = ["show"]


class _Printer:
    def __init__(self) -> None:
        self.names: dict[Value, str] = {}
        self.lines: list[str] = []

    def name(self, v: Value) -> str:
        if v not in self.names:
            self.names[v] = f"%{v.name}.{len(self.names)}" if v.name else f"%{len(self.names)}"
        return self.names[v]

    def operand(self, o: Operand | None) -> str:
        if isinstance(o, Value):
            return self.name(o)
        if isinstance(o, (Const, Undefined)):
            return str(o)
        if isinstance(o, Tuple):
            return f"({', '.join(map(self.operand, o.items))}{',' if len(o.items) == 1 else ''})"
        if isinstance(o, List):
            return f"[{', '.join(map(self.operand, o.items))}]"
        if isinstance(o, Dict):
            return "{" + ", ".join(f"{k!r}: {self.operand(v)}" for k, v in zip(o.keys, o.items, strict=True)) + "}"
        if isinstance(o, Slice):
            return ":".join("" if p == Const(None) else self.operand(p) for p in (o.start, o.stop, o.step))
        return str(o)

    def line(self, depth: int, text: str, types: str = "", s: Statement | None = None) -> None:
        where = f"line {s.place.line}" if s is not None and s.place is not None else ""
        notes = "  ".join(n for n in (types, where) if n)
        left = "    " * depth + text
        self.lines.append(f"{left:<64}# {notes}" if notes else left)

    def types(self, values: tuple[Value, ...]) -> str:
        return ", ".join(str(v.type) for v in values)

    def statement(self, s: Statement, depth: int) -> None:
        if isinstance(s, Apply):
            args = [self.operand(a) for a in s.args] + [f"{k}={self.operand(v)}" for k, v in s.kwargs]
            self.line(depth, f"{self.name(s.result)} = {_op(s.op)}({', '.join(args)})", str(s.result.type), s)
        elif isinstance(s, If):
            self.line(depth, f"{self.head(s.results)}if {self.operand(s.test)}:", self.types(s.results), s)
            self.block(s.then, depth + 1)
            self.line(depth, "else:")
            self.block(s.orelse, depth + 1)
        elif isinstance(s, Closure):
            params = ", ".join(self.name(p) for p in s.block.params)
            self.line(depth, f"{self.name(s.result)} = def {s.name}({params}):", "", s)
            self.block(s.block, depth + 1)
        else:
            self.loop(s, depth)

    def loop(self, s: For | ForEach | While, depth: int) -> None:
        carried = ", ".join(f"{self.name(p)} := {self.operand(i)}" for p, i in zip(carried_params(s), s.inits, strict=True))
        tail = f" [{carried}]" if carried else ""
        if isinstance(s, While):
            renamed = ", ".join(f"{self.name(p)} := {self.operand(i)}" for p, i in zip(s.test.params, s.inits, strict=True))
            self.line(depth, f"{self.head(s.results)}while [{renamed}]:", self.types(s.results), s)
            self.block(s.test, depth + 1)
            self.line(depth, f"do{tail}:")
        else:
            if isinstance(s, ForEach):
                domain = self.operand(s.iterable)
            else:
                domain = f"range({self.operand(s.start)}, {self.operand(s.stop)}, {self.operand(s.step)})"
                domain = f"reversed({domain})" if s.backwards else domain
            index = self.name(s.body.params[0])
            self.line(depth, f"{self.head(s.results)}for {index} in {domain}{tail}:", self.types(s.results), s)
        self.block(s.body, depth + 1)

    def head(self, results: tuple[Value, ...]) -> str:
        return ", ".join(map(self.name, results)) + " = " if results else ""

    def block(self, b: Block, depth: int) -> None:
        for s in b.body:
            self.statement(s, depth)
        self.line(depth, f"yield {', '.join(map(self.operand, b.yields))}".rstrip())


def _op(op: Any) -> str:
    if isinstance(op, (Special, Attribute, Method, Format, Free, InPlace)):
        return str(op)
    return getattr(op, "__name__", None) or str(op)


def show(f: Function) -> str:
    """The text of `f`."""
    p = _Printer()
    params = ", ".join(f"{p.name(v)}: {v.type}" for v in f.block.params)
    p.line(0, f"def {f.name}({params}):")
    p.block(f.block, 1)
    return "\n".join(p.lines)
