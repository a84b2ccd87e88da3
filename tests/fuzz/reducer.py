"""The smallest program that is left of one by deleting statements, while what is wrong with it stays.

Takes a program and a test; gives a program that passes the test, and of which no statement can be deleted, no branch or loop
replaced by its body, and no term of a sum or product left out. Delta debugging, as in Zeller and Hildebrandt (2002).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from .programs import Program

__all__ = ["reduced"]


def reduced(p: Program, fails: Callable[[Program], bool]) -> Program:
    """A smallest program of which `fails` is still true."""
    found = True
    while found:
        found = False
        for source in smaller(p.source):
            candidate = replace(p, source=source)
            if fails(candidate):
                p, found = candidate, True
                break
    return p


def smaller(source: str) -> Iterator[str]:
    """The programs that are smaller by one step, the greatest steps first."""
    count = sum(1 for _ in _places(ast.parse(source)))
    for way in (_without, _unwrapped, _first_term, _second_term):
        for n in range(count):
            tree = ast.parse(source)
            body, k = list(_places(tree))[n]
            if way(body, k):
                yield ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _places(tree: ast.AST) -> Iterator[tuple[list[ast.stmt], int]]:
    """The places of statements: a list, and a number in it."""
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                yield from ((body, k) for k in range(len(body)))


def _without(body: list[ast.stmt], k: int) -> bool:
    """Delete a statement."""
    if isinstance(body[k], (ast.Pass, ast.Return)) or (isinstance(body[k], ast.FunctionDef) and body[k].name == "f"):  # type: ignore[attr-defined]
        return False
    body[k : k + 1] = [] if len(body) > 1 else [ast.Pass()]
    return True


def _unwrapped(body: list[ast.stmt], k: int) -> bool:
    """Replace a branch or loop by its body."""
    if not isinstance(body[k], (ast.If, ast.For, ast.While)):
        return False
    body[k : k + 1] = body[k].body  # type: ignore[attr-defined]
    return True


def _first_term(body: list[ast.stmt], k: int) -> bool:
    """Keep the first operand of an expression's operator."""
    return _operand(body[k], "left")


def _second_term(body: list[ast.stmt], k: int) -> bool:
    """Keep the second one."""
    return _operand(body[k], "right")


def _operand(statement: ast.stmt, side: str) -> bool:
    value = getattr(statement, "value", None)
    if not isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return)) or not isinstance(value, ast.BinOp):
        return False
    statement.value = getattr(value, side)
    return True
