"""Short names for the syntax trees that functions are built of.

Takes names and trees; gives trees, of Python's own `ast`. Names that begin with @ are names that no user can write.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from types import CodeType
from typing import Any

__all__ = [
    "applied",
    "assigned",
    "at",
    "attribute",
    "both",
    "code_of",
    "compared",
    "function",
    "parameters",
    "read",
    "unpacked",
]


def read(of: str) -> ast.expr:
    return ast.Name(of, ast.Load())


def at(value: ast.expr, key: Any) -> ast.expr:
    return ast.Subscript(value, ast.Constant(key), ast.Load())


def attribute(value: ast.expr, of: str) -> ast.expr:
    return ast.Attribute(value, of, ast.Load())


def applied(f: ast.expr, *args: ast.expr) -> ast.expr:
    return ast.Call(f, list(args), [])


def compared(value: ast.expr, op: ast.cmpop, other: ast.expr) -> ast.expr:
    return ast.Compare(value, [op], [other])


def both(tests: Sequence[ast.expr]) -> ast.expr:
    """Whether all tests hold, of which there is at least one."""
    return ast.BoolOp(ast.And(), list(tests)) if len(tests) > 1 else tests[0]


def assigned(to: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(to, ast.Store())], value)


def unpacked(to: Iterable[str], value: ast.expr) -> ast.stmt:
    """The assignment of a value's items to names."""
    return ast.Assign([ast.Tuple([ast.Name(n, ast.Store()) for n in to], ast.Store())], value)


def parameters(names: Iterable[str]) -> ast.arguments:
    """Parameters, all by position."""
    return ast.arguments([], [ast.arg(n) for n in names], None, [], [], None, [])


def function(of: str, arguments: ast.arguments, body: Sequence[ast.stmt]) -> ast.FunctionDef:
    made = ast.FunctionDef(of, arguments, list(body), [], None)
    made.type_params = []  # type: ignore[attr-defined]  # asked for from Python 3.12 on
    return made


def code_of(made: ast.FunctionDef, filename: str) -> CodeType:
    """The code of a function, all of which lies in the first line."""
    nodes: list[Any] = [made]
    while nodes:  # as ast.fix_missing_locations does, which takes most of the time that a short function takes
        node = nodes.pop()
        node.lineno, node.col_offset = 1, 0
        for part in vars(node).values():
            if isinstance(part, list):
                nodes += [p for p in part if isinstance(p, ast.AST)]
            elif isinstance(part, ast.AST) and not isinstance(part, ast.expr_context):
                nodes.append(part)
    module = compile(ast.Module([made], []), filename, "exec")
    (code,) = (c for c in module.co_consts if isinstance(c, CodeType))
    return code
