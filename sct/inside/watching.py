"""Which operation of a text makes what is not finite of what is.

Takes the tree of a function; gives a function that computes the same, by the same operations in the same order, and tells of
each what it comes to. Never changes a value.
"""

from __future__ import annotations

import ast
import operator
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sct.backend import trees
from sct.backend.python.emit import Text, Tree, printed
from sct.backend.python.printing import Comment
from sct.backend.trees import applied, assigned, read
from sct.errors import Place
from sct.inside.values import described, is_finite
from sct.ir.ssa import Origin

__all__ = ["Followed", "NotFinite", "Operand", "Watch", "watched"]

_IN_PLACE: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.iadd,
    ast.BitAnd: operator.iand,
    ast.BitOr: operator.ior,
    ast.BitXor: operator.ixor,
    ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv,
    ast.LShift: operator.ilshift,
    ast.MatMult: operator.imatmul,
    ast.Mod: operator.imod,
    ast.Mult: operator.imul,
    ast.Pow: operator.ipow,
    ast.RShift: operator.irshift,
    ast.Sub: operator.isub,
}
_OF_LISTS = ("append", "clear", "extend", "insert", "pop")
"""Methods of what a loop records, which is not looked through each time."""


# -- what is told --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operand:
    """An operand as it is written, and what it is."""

    text: str
    value: str

    def __str__(self) -> str:
        return f"{self.text}: {self.value}"


@dataclass(frozen=True)
class NotFinite:
    """An operation whose result is not finite, or something that is read and is not.

    Attributes
    ----------
    of : Text
        The text that it is in.
    line : int
        Its line in `of.source`.
    place : Place or None
        The user's statement that it comes from.
    result : Operand
    operands : tuple of Operand
        They are finite.
    """

    of: Text
    line: int
    place: Place | None
    result: Operand
    operands: tuple[Operand, ...] = ()


@dataclass
class Watch:
    """What watched functions tell.

    Attributes
    ----------
    found : list of NotFinite
        The operations that make what is not finite of what is, by when each does so first.
    read : list of NotFinite
        What is read and not finite, such as an argument, likewise.
    count : int
        How many operations have been looked at.
    """

    found: list[NotFinite] = field(default_factory=list)
    read: list[NotFinite] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True)
class Followed:
    """What a watched function calls and that is watched itself."""

    function: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


@dataclass(frozen=True)
class _Site:
    """An operation, or what is read: its line, the user's statement that it comes from, its text, and the numbers of its
    operands, which stand before it."""

    line: int
    place: Place | None
    text: str
    operands: tuple[int, ...] = ()
    is_read: bool = False


class _Told:
    """What watched code calls; it counts sites by the numbers that they have in `sites`."""

    def __init__(self, text: Text, watch: Watch) -> None:
        self.text, self.watch = text, watch
        self.sites: list[_Site] = []
        self.operators: dict[int, Callable[[Any, Any], Any]] = {}  # of sites in which something is changed
        self.values: dict[tuple[int, int], Any] = {}  # until they are used, by the frame that they are in
        self.said: set[int] = set()

    def seen(self, k: int, value: Any) -> Any:
        """The value of an operation, or what is read."""
        frame, site = id(sys._getframe(1)), self.sites[k]
        given = [(self.sites[j].text, self.values.pop((frame, j))) for j in site.operands if (frame, j) in self.values]
        self.values[frame, k] = value
        if not site.is_read:
            self.watch.count += 1
        if k not in self.said and not is_finite(value) and all(is_finite(v) for _, v in given):
            self.say(k, Operand(site.text, described(value)), [Operand(text, described(v)) for text, v in given])
        return value

    def changed(self, k: int, old: Any, by: Any) -> Any:
        """A variable, or a part of one, changed by a value: in place, if it is an array."""
        site = self.sites[k]
        given: list[Operand] = []
        if k not in self.said and is_finite(old) and is_finite(by):
            target, value = (self.sites[j].text for j in site.operands)
            given = [Operand(target, described(old)), Operand(value, described(by))]
        self.watch.count += 1
        made = self.operators[k](old, by)
        if given and not is_finite(made):
            self.say(k, Operand(site.text, described(made)), given)
        return made

    def part_changed(self, k: int, whole: Any, index: Any, by: Any) -> None:
        """The same of a part of an array."""
        whole[index] = self.changed(k, whole[index], by)

    def say(self, k: int, result: Operand, operands: Sequence[Operand]) -> None:
        self.said.add(k)
        site = self.sites[k]
        where = self.watch.read if site.is_read else self.watch.found
        where.append(NotFinite(self.text, site.line, site.place, result, tuple(operands)))


# -- watched code --------------------------------------------------------------------------------------------------------------


def watched(tree: Tree, bound: Mapping[str, Any], watch: Watch) -> Callable[..., Any]:
    """The function that a tree defines, which tells `watch` what it does; `bound` are the objects that it names."""
    text = printed(tree)
    told, module = _Told(text, watch), ast.parse(text.source)
    functions = [f for f in module.body if isinstance(f, ast.FunctionDef)]
    followed = {f.name for f in functions} | {n for n, v in bound.items() if isinstance(v, Followed)}
    for f, made in zip(functions, tree.functions, strict=True):
        origins = {node: tree.origins[m] for node, m in _alike(f, made) if m in tree.origins}
        _Watched(told, f, origins, followed).function()
    names = {"__name__": "sct.generated", **bound, "@seen": told.seen, "@changed": told.changed, "@part": told.part_changed}
    exec(compile(ast.fix_missing_locations(module), f"<sct {text.name} watched>", "exec"), names)
    function: Callable[..., Any] = names[text.name]
    return function


def _alike(node: ast.AST, other: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The nodes of a tree, each with that in the same place of another one, as far as they are of one kind."""
    if type(node) is not type(other):
        return
    yield node, other
    for name, value in ast.iter_fields(node):
        theirs = getattr(other, name, None)
        if isinstance(value, ast.AST) and isinstance(theirs, ast.AST):
            yield from _alike(value, theirs)
        elif isinstance(value, list) and isinstance(theirs, list):
            for a, b in zip(value, (t for t in theirs if not isinstance(t, Comment)), strict=False):
                if isinstance(a, ast.AST) and isinstance(b, ast.AST):
                    yield from _alike(a, b)


class _Watched:
    """A function of a text, with what it computes told as it is computed."""

    def __init__(
        self, told: _Told, f: ast.FunctionDef, origins: Mapping[ast.AST, Sequence[Origin]], followed: Collection[str]
    ) -> None:
        self.told, self.f, self.origins, self.followed = told, f, origins, followed
        self.place: Place | None = None  # of the user's statement that what is being told comes from
        stored = {n.id for n in ast.walk(f) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        self.texts = {n: ast.unparse(n) for n in ast.walk(f) if isinstance(n, ast.expr)}
        self.own = stored | {n.arg for n in ast.walk(f) if isinstance(n, ast.arg)}

    def function(self) -> None:
        self.block(self.f.body)

    def block(self, body: list[ast.stmt]) -> None:
        body[:] = [ast.copy_location(self.statement(s), s) for s in body]

    def statement(self, s: ast.stmt) -> ast.stmt:
        for inner in ("body", "orelse", "finalbody"):
            self.block(getattr(s, inner, []))
        for handler in getattr(s, "handlers", ()):
            self.block(handler.body)
        self.place = self.place_of(s, None)
        if isinstance(s, ast.AugAssign) and isinstance(s.target, (ast.Name, ast.Subscript)):
            return self.change(s, s.target)
        for name in ("value", "test", "iter"):
            if isinstance(getattr(s, name, None), ast.expr):
                setattr(s, name, self.expression(getattr(s, name))[0])
        return s

    def change(self, s: ast.AugAssign, target: ast.Name | ast.Subscript) -> ast.stmt:
        """`x += v` and `x[i] += v`."""
        texts = ast.unparse(target), ast.unparse(s.value)
        operands = tuple(self.site(s, text, is_read=True) for text in texts)
        k = self.site(s, ast.unparse(s), operands)
        self.told.operators[k] = _IN_PLACE[type(s.op)]
        value, _ = self.expression(s.value)
        number = trees.Constant(k)
        if isinstance(target, ast.Name):
            return assigned(target.id, applied(read("@changed"), number, read(target.id), value))
        whole, index = self.raw(target.value), _as_expression(target.slice)
        return ast.Expr(applied(read("@part"), number, whole, index, value))

    def place_of(self, node: ast.AST, otherwise: Place | None) -> Place | None:
        origins = self.origins.get(node, ())
        return origins[0].place if origins else otherwise

    def site(self, node: ast.AST, text: str, operands: tuple[int, ...] = (), is_read: bool = False) -> int:
        self.told.sites.append(_Site(node.lineno, self.place, text, operands, is_read))  # type: ignore[attr-defined]
        return len(self.told.sites) - 1

    def seen(
        self, node: ast.expr, made: ast.expr, operands: Sequence[int] = (), is_read: bool = False
    ) -> tuple[ast.expr, list[int]]:
        """An expression that tells its value, and its number."""
        k = self.site(node, self.texts[node], tuple(operands), is_read)
        return ast.copy_location(applied(read("@seen"), trees.Constant(k), made), node), [k]

    def expression(self, node: ast.expr) -> tuple[ast.expr, list[int]]:
        """An expression with all in it told, and the numbers of what its value is made of."""
        around = self.place
        self.place = self.place_of(node, around)
        made = self.told_here(node)
        self.place = around
        return made

    def told_here(self, node: ast.expr) -> tuple[ast.expr, list[int]]:
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.seen(node, node, is_read=True)
        if isinstance(node, ast.Constant):
            return (node, []) if is_finite(node.value) else self.seen(node, node, is_read=True)
        if isinstance(node, ast.Subscript):
            node.value, node.slice = self.raw(node.value), self.within(node.slice)
            return self.seen(node, node, is_read=True)
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, (ast.BinOp, ast.UnaryOp)):
            return self.seen(node, node, self.children(node), isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
        if isinstance(node, ast.IfExp):
            node.test = self.within(node.test)
            (node.body, a), (node.orelse, b) = self.expression(node.body), self.expression(node.orelse)
            return node, [*a, *b]
        if isinstance(node, ast.JoinedStr):
            return node, []
        found = self.children(node)
        return node, [] if isinstance(node, (ast.Compare, ast.ListComp)) else found

    def within(self, node: ast.expr) -> ast.expr:
        """What a value is not made of: a test, or an index."""
        return self.expression(node)[0]

    def raw(self, node: ast.expr) -> ast.expr:
        """What something is taken from, which is not looked through itself."""
        return node if isinstance(node, (ast.Name, ast.Attribute)) else self.within(node)

    def children(self, node: ast.AST) -> list[int]:
        """The numbers of what the expressions in a node are made of."""
        found: list[int] = []
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and name not in ("target", "func"):
                made, numbers = self.expression(value)
                setattr(node, name, made)
                found += numbers
            elif isinstance(value, list):
                for k, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        value[k], numbers = self.expression(item)
                        found += numbers
                    elif isinstance(item, (ast.keyword, ast.comprehension)):
                        found += self.children(item)
        return found

    def call(self, node: ast.Call) -> tuple[ast.expr, list[int]]:
        """A call: of a function, or of a method, whose object is an operand too."""
        found: list[int] = []
        method = node.func.attr if isinstance(node.func, ast.Attribute) and self.is_own(node.func.value) else ""
        if method and method not in _OF_LISTS:
            node.func.value, found = self.expression(node.func.value)  # type: ignore[attr-defined]
        found += self.children(node)
        followed = isinstance(node.func, ast.Name) and node.func.id in self.followed
        return self.seen(node, node, found, is_read=followed or method == "pop")

    def is_own(self, node: ast.expr) -> bool:
        """Whether an expression is a value of the function's, and no module or class."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return not isinstance(node, ast.Name) or node.id in self.own


def _as_expression(index: ast.expr) -> ast.expr:
    """An index as a value of its own."""
    if isinstance(index, ast.Slice):
        parts = [trees.Constant(None) if p is None else p for p in (index.lower, index.upper, index.step)]
        return applied(read("slice"), *parts)
    if isinstance(index, ast.Tuple):
        return ast.Tuple([_as_expression(i) for i in index.elts], ast.Load())
    return index
