"""The text of a loop program: Python that Numba compiles, and that runs without it.

Takes statements; gives lines. Variables get names here. An index that is known not to be negative is written `at(...)`, an
unsigned integer, unless it counts up from 0 itself: Numba looks for a negative index in any other, and then does not vectorize.
"""

from __future__ import annotations

import ast
import itertools
import keyword
import math
from collections.abc import Iterator, Sequence
from typing import Any

from sct.backend.loops.forms import (
    Affine,
    Branch,
    Do,
    Elem,
    Expr,
    Forever,
    Leave,
    Loop,
    Make,
    Name,
    Num,
    Op,
    Outside,
    Point,
    Put,
    Ref,
    Set,
    Statement,
    blocks_of,
    signs_in,
    statement_exprs,
)

__all__ = ["Names", "lines"]

_BINARY = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
}
_COMPARED = {"<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE, "==": ast.Eq, "!=": ast.NotEq}
_TAKEN = {
    "np",
    "prange",
    "exp",
    "half_power",
    "scratch",
    "zeroed_scratch",
    "math",
    "at",
    "range",
    "max",
    "min",
    "abs",
    "float",
    "int",
    "bool",
    "complex",
    "len",
}


class Names:
    """The names of a program's variables."""

    def __init__(self, params: Sequence[Name], body: Sequence[Statement]) -> None:
        self.of: dict[Name, str] = {}
        self.taken = set(_TAKEN) | set(keyword.kwlist)
        loops: set[Name] = set()
        found: dict[Name, None] = dict.fromkeys(params)
        for s in _every(body):
            self.taken.update(sign.partition(".")[0] for e in statement_exprs(s) for sign in signs_in(e))
            if isinstance(s, Loop):
                loops.add(s.var)
            elif isinstance(s, (Set, Make, Point)):
                found.setdefault(s.name)
            elif isinstance(s, (Do, Outside)):
                found.update(dict.fromkeys(s.sets))
        for name in found:
            if name not in loops:
                self.of[name] = self.unused(name.hint)
        self.loops(body, set())

    def unused(self, hint: str) -> str:
        base = hint if hint.isidentifier() and hint != "_" else "value"
        name = next(n for n in itertools.chain([base], (f"{base}_{k}" for k in itertools.count(1))) if n not in self.taken)
        self.taken.add(name)
        return name

    def loops(self, body: Sequence[Statement], around: set[str]) -> None:
        """The variables of loops, which those behind one another may share."""
        for s in body:
            inside = around
            if isinstance(s, Loop):
                base = s.var.hint if s.var.hint.isidentifier() and s.var.hint != "_" else "i"
                others = "ijklmnpqrst" if s.nest else base
                pool = itertools.chain([base], others, (f"{base}_{k}" for k in itertools.count(1)))
                name = next(n for n in pool if n not in around and n not in self.taken)
                self.of[s.var] = name
                inside = around | {name}
            for b in blocks_of(s):
                self.loops(b, inside)


def _every(body: Sequence[Statement]) -> Iterator[Statement]:
    for s in body:
        yield s
        for b in blocks_of(s):
            yield from _every(b)


def lines(body: Sequence[Statement], names: Names) -> list[str]:
    """The lines of a program."""
    return _Writer(names).block(body, 1)


class _Writer:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.counting: set[Name] = set()  # the variables of loops that count up from what is not negative
        self.said = ""

    def block(self, body: Sequence[Statement], depth: int) -> list[str]:
        out: list[str] = []
        for s in body:
            if s.note and s.note != self.said and not isinstance(s, Make):
                if not self.said:
                    out.append("    " * depth + "# reverse")
                out.append("    " * depth + f"# {s.note}")
                self.said = s.note
            out += self.statement(s, depth)
        return out or ["    " * depth + "pass"]

    def statement(self, s: Statement, depth: int) -> list[str]:
        pad = "    " * depth
        if isinstance(s, Loop):
            if s.step == Num(1) and isinstance(s.start, Num) and s.start.value >= 0:
                self.counting.add(s.var)
            inside = self.block(s.body, depth + 1)
            return [f"{pad}for {self.names.of[s.var]} in {self.range(s)}:", *inside]
        if isinstance(s, Branch):
            rows = [f"{pad}if {self.text(s.test)}:", *self.block(s.then, depth + 1)]
            return [*rows, f"{pad}else:", *self.block(s.orelse, depth + 1)] if s.orelse else rows
        if isinstance(s, Forever):
            return [f"{pad}while True:", *self.block(s.body, depth + 1)]
        if isinstance(s, Leave):
            test = s.test if s.if_true else Op("not", (s.test,))
            return [f"{pad}if {self.text(test)}:", f"{pad}    break"]
        if isinstance(s, Outside):
            return self.outside(s, pad)
        return [pad + self.simple(s)]

    def outside(self, s: Outside, pad: str) -> list[str]:
        """A call whose results are bound."""
        targets = [self.names.of[n] for n in s.sets]
        call = self.text(s.expr)
        if not s.types and targets:
            return [f"{pad}{', '.join(targets)} = {call}"]
        types = ", ".join(f"{n}={t!r}" for n, t in zip(targets, s.types, strict=True))
        rows = [f"{pad}with objmode({types}):", f"{pad}    {', '.join(targets)} = {call}" if targets else f"{pad}    {call}"]
        for n, t, name in zip(targets, s.types, s.sets, strict=True):
            if "[" in t:
                rows.append(f"{pad}    {n} = np.ascontiguousarray({n}, np.{_dtype(name.dtype)})")
            else:
                rows.append(f"{pad}    {n} = np.{_dtype(name.dtype)}({n})")
        return rows

    def range(self, s: Loop) -> str:
        parts = [s.stop] if s.start == Num(0) and s.step == Num(1) else [s.start, s.stop]
        if s.step != Num(1):
            parts.append(s.step)
        return f"{'prange' if s.threads else 'range'}({', '.join(map(self.text, parts))})"

    def simple(self, s: Statement) -> str:
        if isinstance(s, Set):
            return self.assigned(self.names.of[s.name], Ref(s.name), s.expr, "")
        if isinstance(s, Put):
            return self.assigned(self.text(s.place), s.place, s.expr, s.how)
        if isinstance(s, Make):
            shape = ", ".join(map(self.text, s.shape))
            shape = f"({shape})" if len(s.shape) > 1 else shape
            dtype = "" if s.name.dtype.name == "float64" else f", np.{_dtype(s.name.dtype)}"
            make = f"np.{s.fill}" if not s.scratch else "zeroed_scratch" if s.fill == "zeros" else "scratch"
            return f"{self.names.of[s.name]} = {make}({shape or '()'}{dtype})"
        if isinstance(s, Point):
            return f"{self.names.of[s.name]} = {self.text(s.expr)}"
        assert isinstance(s, Do)
        if isinstance(s.expr, Op) and s.expr.op == "[]=":
            target, at, e = map(self.text, s.expr.args)
            return f"{target}[{at}] = {e}"
        text = self.text(s.expr)
        if s.how:
            return f"{s.how} {text}"
        return f"{', '.join(self.names.of[n] for n in s.sets)} = {text}" if s.sets else text

    def assigned(self, target: str, place: Expr, e: Expr, how: str) -> str:
        if not how and isinstance(e, Op) and e.op in ("+", "-", "*", "/", "|") and e.args[0] == place:
            how, e = e.op, e.args[1]
        elif not how and isinstance(e, Affine) and (place, 1) in e.terms and (rest := _without(e, place)) is not None:
            how, e = "+", rest
        return f"{target} {how}= {self.text(e)}"

    def text(self, e: Expr) -> str:
        return ast.unparse(ast.fix_missing_locations(self.node(e)))

    def node(self, e: Expr) -> Any:
        if isinstance(e, Num):
            return _number(e.value)
        if isinstance(e, Ref):
            return ast.Name(self.names.of[e.name])
        if isinstance(e, Affine):
            return self.sum(e)
        if isinstance(e, Elem):
            index = [self.index(i) for i in e.index]
            return ast.Subscript(ast.Name(self.names.of[e.array]), index[0] if len(index) == 1 else ast.Tuple(index))
        return self.operation(e)

    def index(self, e: Expr) -> Any:
        node = self.node(e)
        if isinstance(e, Num) or (isinstance(e, Ref) and e.name in self.counting):
            return node
        return ast.Call(ast.Name("at"), [node], [])

    def sum(self, e: Affine) -> Any:
        terms = sorted(e.terms, key=lambda t: t[1] < 0)
        out: Any = None
        for part, c in terms:
            node = self.node(part)
            size = node if abs(c) == 1 else ast.BinOp(ast.Constant(abs(c)), ast.Mult(), node)
            if out is None:
                out = size if c > 0 else ast.UnaryOp(ast.USub(), size)
            else:
                out = ast.BinOp(out, ast.Add() if c > 0 else ast.Sub(), size)
        if out is None:
            return _number(e.const)
        if e.const:
            out = ast.BinOp(out, ast.Add() if e.const > 0 else ast.Sub(), ast.Constant(abs(e.const)))
        return out

    def operation(self, e: Op) -> Any:
        sign = e.op
        args = [self.node(a) for a in e.args]
        if sign in _BINARY:
            return ast.BinOp(args[0], _BINARY[sign](), args[1])
        if sign in _COMPARED:
            return ast.Compare(args[0], [_COMPARED[sign]()], [args[1]])
        if sign in ("and", "or"):
            return ast.BoolOp(ast.And() if sign == "and" else ast.Or(), args)
        if sign in ("neg", "not", "~"):
            return ast.UnaryOp({"neg": ast.USub, "not": ast.Not, "~": ast.Invert}[sign](), args[0])
        if sign == "if":
            return ast.IfExp(*args)
        if sign == "attribute":
            return _dotted(str(e.args[0].value))  # type: ignore[union-attr]
        if sign == "=":
            return None
        if sign == "tuple":
            return ast.Tuple(args)
        if sign == "list":
            return ast.List(args)
        if sign == ".shape":
            return ast.Subscript(ast.Attribute(args[0], "shape"), args[1])
        if sign == "[:]":
            bounds = [None if a == Num(None) else node for a, node in zip(e.args[1:], args[1:], strict=True)]
            return ast.Subscript(args[0], ast.Slice(*bounds))
        if sign == "item":
            return ast.Subscript(args[0], args[1])
        if sign == ".T":
            return ast.Attribute(args[0], "T")
        if sign.startswith("."):
            return ast.Call(ast.Attribute(args[0], sign[1:]), args[1:], [])
        if sign == "sign":
            sign = "np.sign"
        if sign in ("maximum", "minimum"):
            sign = f"np.{sign}"
        named = [ast.keyword(a.args[0].value, self.node(a.args[1])) for a in e.args if isinstance(a, Op) and a.op == "="]  # type: ignore[union-attr]
        args = [a for a, given in zip(args, e.args, strict=True) if not (isinstance(given, Op) and given.op == "=")]
        return ast.Call(_dotted(sign), args, named)


def _without(e: Affine, place: Expr) -> Expr | None:
    rest = tuple(t for t in e.terms if t != (place, 1))
    if not rest:
        return Num(e.const)
    return Affine(rest, e.const) if place not in [p for p, _ in rest] else None


def _dotted(name: str) -> Any:
    """A dotted name."""
    first, *rest = name.split(".")
    node: Any = ast.Name(first)
    for part in rest:
        node = ast.Attribute(node, part)
    return node


def _dtype(dtype: Any) -> str:
    return "bool_" if dtype.kind == "b" else str(dtype.name)


def _number(v: Any) -> Any:
    if isinstance(v, float) and not math.isfinite(v):
        name = ast.Attribute(ast.Name("np"), "nan" if math.isnan(v) else "inf")
        return ast.UnaryOp(ast.USub(), name) if v < 0 else name
    if isinstance(v, (int, float)) and not isinstance(v, bool) and (v < 0 or (v == 0 and math.copysign(1, v) < 0)):
        return ast.UnaryOp(ast.USub(), ast.Constant(-v))
    if isinstance(v, complex) and not (math.isfinite(v.real) and math.isfinite(v.imag)):
        return ast.Call(ast.Name("complex"), [_number(v.real), _number(v.imag)], [])
    return ast.Constant(v)
