"""Short names for the syntax trees that functions are built of.

Takes names and trees; gives trees, of kinds of Python's own `ast` that lie in the first line. Names that begin with @ are names
that no user can write.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from types import CodeType
from typing import Any, TypeVar

__all__ = [
    "applied",
    "assigned",
    "at",
    "attribute",
    "both",
    "code_of",
    "compared",
    "each",
    "function",
    "parameters",
    "read",
    "unpacked",
]


_Kind = TypeVar("_Kind", bound="type[ast.AST]")


def _placed(kind: _Kind) -> _Kind:
    """A kind of node that lies in the first line: to give each node its place takes longer than to compile a short function."""
    return type(kind.__name__, (kind,), {"lineno": 1, "col_offset": 0})  # type: ignore[return-value]


Assign = _placed(ast.Assign)
Attribute = _placed(ast.Attribute)
BinOp = _placed(ast.BinOp)
BoolOp = _placed(ast.BoolOp)
Break = _placed(ast.Break)
Call = _placed(ast.Call)
Compare = _placed(ast.Compare)
Constant = _placed(ast.Constant)
Dict = _placed(ast.Dict)
ExceptHandler = _placed(ast.ExceptHandler)
FunctionDef = _placed(ast.FunctionDef)
GeneratorExp = _placed(ast.GeneratorExp)
If = _placed(ast.If)
IfExp = _placed(ast.IfExp)
Name = _placed(ast.Name)
Pass = _placed(ast.Pass)
Return = _placed(ast.Return)
Starred = _placed(ast.Starred)
Subscript = _placed(ast.Subscript)
Try = _placed(ast.Try)
Tuple = _placed(ast.Tuple)
UnaryOp = _placed(ast.UnaryOp)
While = _placed(ast.While)
arg = _placed(ast.arg)
keyword = _placed(ast.keyword)


def read(of: str) -> ast.expr:
    return Name(of, ast.Load())


def at(value: ast.expr, key: Any) -> ast.expr:
    return Subscript(value, Constant(key), ast.Load())


def attribute(value: ast.expr, of: str) -> ast.expr:
    return Attribute(value, of, ast.Load())


def applied(f: ast.expr, *args: ast.expr) -> ast.expr:
    return Call(f, list(args), [])


def compared(value: ast.expr, op: ast.cmpop, other: ast.expr) -> ast.expr:
    return Compare(value, [op], [other])


def both(tests: Sequence[ast.expr]) -> ast.expr:
    """Whether all tests hold, of which there is at least one."""
    return BoolOp(ast.And(), list(tests)) if len(tests) > 1 else tests[0]


def each(name: str, of: ast.expr, value: ast.expr) -> ast.expr:
    """A value for each item of something, which is called `name` in it."""
    return GeneratorExp(value, [ast.comprehension(Name(name, ast.Store()), of, [], 0)])


def assigned(to: str, value: ast.expr) -> ast.stmt:
    return Assign([Name(to, ast.Store())], value)


def unpacked(to: Iterable[str], value: ast.expr) -> ast.stmt:
    """The assignment of a value's items to names."""
    return Assign([Tuple([Name(n, ast.Store()) for n in to], ast.Store())], value)


def parameters(names: Iterable[str]) -> ast.arguments:
    """Parameters, all by position."""
    return ast.arguments([], [arg(n) for n in names], None, [], [], None, [])


def function(of: str, arguments: ast.arguments, body: Sequence[ast.stmt]) -> ast.FunctionDef:
    made = FunctionDef(of, arguments, list(body), [], None)
    made.type_params = []  # type: ignore[attr-defined]  # asked for from Python 3.12 on
    return made


def code_of(made: ast.FunctionDef, filename: str) -> CodeType:
    """The code of a function, all of whose nodes that have a place are of the kinds here."""
    module = compile(ast.Module([made], []), filename, "exec")
    (code,) = (c for c in module.co_consts if isinstance(c, CodeType))
    return code
