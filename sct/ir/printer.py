"""The text of a function in SSA form: a statement a line, with the types of its results beside it.

Takes a function; gives its text, which `sct.ir.parser` reads. Values are numbered in the order in which they appear, so equal
functions print equally. `%h.3` is a value that the user calls h, `%~h.3` a temporary that is named after h, `%3` one without a
name. Above the statements that come from one statement of the user's, or are the reverse of it, stands that one. What is left
out: columns and files of places, the identity of blocks, annotations, and the Python function that was read.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from sct.ir.naming import Names
from sct.ir.ops import (
    Again,
    Attribute,
    Augmented,
    Call,
    Derived,
    Field,
    Format,
    Free,
    InPlace,
    Method,
    Rebind,
    Special,
    Steps,
    StepsBack,
    Store,
    Unused,
    View,
)
from sct.ir.ssa import (
    Apply,
    Block,
    Checkpointing,
    Closure,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Origin,
    Statement,
    Value,
    While,
    carried_params,
)
from sct.ir.type_text import constant_text, record_text, text_of, value_text
from sct.ir.types import Const, Dict, List, Record, Slice, Undefined

__all__ = ["Printer", "show", "text_and_objects"]

_WIDTH = 62


class Printer:
    """The lines of a text; before the statement `marked`, or the end of the block `marked`, stands an arrow."""

    def __init__(self, marked: Statement | Block | None = None) -> None:
        self.numbers: dict[Value, str] = {}
        self.lines: list[str] = []
        self.names = Names()
        self.origin: Origin | None = None
        self.marked = marked

    def value(self, v: Value) -> str:
        """The name of a value, with its number."""
        if v not in self.numbers:
            name = f"{v.name}~{v.hint}." if v.hint else f"{v.name}." if v.name else ""
            self.numbers[v] = f"%{name}{len(self.numbers)}"
        return self.numbers[v]

    def typed(self, v: Value) -> str:
        return f"{self.value(v)}: {text_of(v.type, self.names)}"

    def types(self, values: Iterable[Value]) -> str:
        return ", ".join(text_of(v.type, self.names) for v in values)

    # -- operands ----------------------------------------------------------------------------------------------------

    def operand(self, o: Operand) -> str:
        if isinstance(o, Value):
            return self.value(o)
        if isinstance(o, Undefined):
            return "undefined"
        if isinstance(o, Const):
            return constant_text(o.value, self.names)
        if isinstance(o, Slice):
            return ":".join("" if p == Const(None) else self.operand(p) for p in (o.start, o.stop, o.step))
        if isinstance(o, Record):
            return record_text(o, self.operand, self.names)
        if isinstance(o, Dict):
            entries = zip(o.keys, o.items, strict=True)
            return "{" + ", ".join(f"{value_text(k, self.names)}: {self.operand(v)}" for k, v in entries) + "}"
        items = ", ".join(map(self.operand, o.items))
        if isinstance(o, List):
            return f"[{items}]"
        kind = "" if o.kind is None else self.names.of(o.kind)
        return f"{kind}({items}{',' if len(o.items) == 1 else ''})"

    # -- operations --------------------------------------------------------------------------------------------------

    def op(self, op: Any) -> str:
        if isinstance(op, Special):
            return op.name
        if isinstance(op, (Attribute, Method)):
            return f"{type(op).__name__.lower()} {_word(op.name)}"
        if isinstance(op, (Augmented, InPlace, Rebind, Store, Unused, View)):
            return f"{type(op).__name__.lower()} {self.op(op.op)}"
        if isinstance(op, Again):
            return f"again {self.names.of(op.function)}"
        if isinstance(op, Format):
            return f"format {value_text(op.parts, self.names)}"
        if isinstance(op, Free):
            return f"free {'attribute ' if op.attribute else ''}{_word(op.name)} of {self.names.of(op.function)}"
        if isinstance(op, Field):
            return f"field {'own ' if op.own else ''}{_word(op.name)} of {op.path!r}"
        if isinstance(op, Call):
            flags = "".join(f" {flag}" for flag in ("draws", "outside", "laid", "checkpointed") if getattr(op, flag))
            return f"call[{op.effect}{flags}] {self.op(op.function)}"
        if isinstance(op, Derived):
            flags = f"{' draws' if op.draws else ''}{f' effect {op.effect}' if op.effect != 'none' else ''}"
            if op.objects:
                flags += f" objects {text_of(Dict.of(dict(op.objects)), self.names)}"
            flags += " laid" if op.laid else ""
            return f"{op.transform}[{' '.join(op.wrt)}]{flags} of {self.op(op.function)}"
        if isinstance(op, Steps):
            return "steps"
        if isinstance(op, StepsBack):
            return f"steps_back[{' '.join(op.wrt)}]{' other' if op.other else ''}"
        return self.names.of(op)

    def inner(self, op: Any, depth: int) -> None:
        """The functions that an operation holds; their values are numbered for themselves."""
        if isinstance(op, (Steps, StepsBack)):
            for f in (op.step, op.derivative if isinstance(op, StepsBack) else None):
                if f is not None:
                    outer, self.numbers = self.numbers, {}
                    self.function(f, depth)
                    self.numbers = outer

    # -- statements --------------------------------------------------------------------------------------------------

    def line(self, depth: int, text: str, notes: str = "") -> None:
        left = "    " * depth + text
        self.lines.append(f"{left:<{_WIDTH}}  # {notes}" if notes else left)

    def statement(self, s: Statement, depth: int) -> None:
        if s.origin != self.origin:
            self.line(depth, _origin(s.origin))
            self.origin = s.origin
        first = len(self.lines)
        for r in s.results:
            self.value(r)  # the numbers rise as one reads
        if isinstance(s, Apply):
            args = [self.operand(a) for a in s.args] + [f"{k}={self.operand(v)}" for k, v in s.kwargs]
            colon = ":" if isinstance(s.op, (Steps, StepsBack)) else ""
            self.head(s, depth, f"{self.op(s.op)}({', '.join(args)}){colon}")
            self.inner(s.op, depth + 1)
        elif isinstance(s, If):
            kind = "expression " if s.expression else "" if s.handles is None else f"handles {self.operand(s.handles)} "
            self.head(s, depth, f"if {kind}{self.operand(s.test)}:")
            self.block(s.then, depth + 1)
            self.line(depth, "else:")
            self.block(s.orelse, depth + 1)
        elif isinstance(s, Closure):
            self.head(s, depth, f"def {_word(s.name)}({', '.join(map(self.typed, s.block.params))}):")
            self.block(s.block, depth + 1)
        else:
            self.loop(s, depth)
        if s is self.marked:
            self.mark(first)

    def head(self, s: Statement, depth: int, text: str) -> None:
        """A statement's first line: results, what they are of, their types, and the line if it is not that of the origin."""
        origin = None if s.origin is None else s.origin.place.line
        where = f"line {s.place.line}" if s.place is not None and s.place.line != origin else ""
        results = ", ".join(map(self.value, s.results)) + " = " if s.results else ""
        self.line(depth, results + text, "  ".join(n for n in (self.types(s.results), where) if n))

    def loop(self, s: For | ForEach | While, depth: int) -> None:
        if isinstance(s, While):
            self.head(s, depth, f"while{self.carried(s, s.test.params)}:")
            self.block(s.test, depth + 1)
            self.line(depth, f"do{self.carried(s, carried_params(s))}:")
        else:
            if isinstance(s, ForEach):
                domain = self.operand(s.iterable)
            else:
                domain = f"range({self.operand(s.start)}, {self.operand(s.stop)}, {self.operand(s.step)})"
                domain = f"reversed({domain})" if s.backwards else domain
                domain += "" if s.checkpointing is None else self.checkpointing(s.checkpointing)
            self.head(s, depth, f"for {self.typed(s.body.params[0])} in {domain}{self.carried(s, carried_params(s))}:")
        self.block(s.body, depth + 1)

    def checkpointing(self, c: Checkpointing) -> str:
        return f" checkpointed {_word(c.name)}({', '.join(map(self.operand, c.operands))})"

    def carried(self, s: For | ForEach | While, params: tuple[Value, ...]) -> str:
        """What a loop carries, with what it starts from; and the type, if it is not that of the loop's result."""
        shown = []
        for k, (p, init) in enumerate(zip(params, s.inits, strict=False)):
            result = s.results[k].type if k < len(s.results) else None
            shown.append(f"{self.value(p) if p.type == result else self.typed(p)} := {self.operand(init)}")
        return f" [{', '.join(shown)}]" if shown else ""

    def block(self, b: Block, depth: int) -> None:
        for s in b.body:
            self.statement(s, depth)
        self.line(depth, f"yield {', '.join(map(self.operand, b.yields))}".rstrip())
        if b is self.marked:
            self.mark(-1)

    def mark(self, number: int) -> None:
        self.lines[number] = f"-->{self.lines[number][3:]}"  # statements stand four columns in, or more

    def function(self, f: Function, depth: int = 0) -> None:
        self.line(depth, f"def {_word(f.name)}({', '.join(self.parameters(f))}):")
        if f.doc is not None:
            self.line(depth + 1, repr(f.doc))
        self.block(f.block, depth + 1)

    def parameters(self, f: Function) -> Iterable[str]:
        """The parameters, with the marks that say how they are given."""
        given = list(f.signature.parameters.values())
        keywords = False
        for k, v in enumerate(f.block.params):
            if k >= len(given):
                yield f"hidden {self.typed(v)}"
                continue
            p = given[k]
            if p.kind is p.KEYWORD_ONLY and not keywords:
                yield "*"
            keywords = keywords or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
            star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
            name = "" if p.name == v.name else f"{p.name} "
            default = "" if p.default is inspect.Parameter.empty else f" := {constant_text(p.default, self.names)}"
            yield f"{star}{name}{self.typed(v)}{default}"
            if p.kind is p.POSITIONAL_ONLY and (k + 1 == len(given) or given[k + 1].kind is not p.POSITIONAL_ONLY):
                yield "/"


def _word(name: str) -> str:
    return name if name.isidentifier() else repr(name)


def _origin(o: Origin | None) -> str:
    """The comment above statements that come from one of the user's."""
    if o is None:
        return "# from no line"
    inside = f" in {o.place.function}" if o.place.function else ""
    text = o.text if o.text.isprintable() and o.text == o.text.strip() and o.text[:1] not in "'\"" else repr(o.text)
    return f"# {'reverse of ' if o.reverse else 'tangent of ' if o.tangent else ''}line {o.place.line}{inside}: {text}"


def show(f: Function) -> str:
    """The text of `f`."""
    return text_and_objects(f)[0]


def text_and_objects(f: Function) -> tuple[str, dict[str, Any]]:
    """The text of `f`, and what the names in it that begin with `@` stand for."""
    p = Printer()
    p.function(f)
    return "\n".join(p.lines), p.names.objects
