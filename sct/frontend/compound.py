"""What follows from the text of statements alone: where they may leave the block that they stand in, and what they bind.

Takes lists of statements of Python's tree; gives answers. Which statements own blocks, and which name what they bind, stands in
two tables that all questions go through: a construct that is added to them is looked into by all.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, TypeAlias

__all__ = [
    "BLOCKS",
    "COMPREHENSIONS",
    "LEAVING",
    "TARGETS",
    "Told",
    "bound",
    "mark_named",
    "may_leave",
    "must_leave",
    "named_in",
]

BLOCKS: Mapping[type, tuple[str, ...]] = {
    ast.If: ("body", "orelse"),
    ast.For: ("body", "orelse"),
    ast.While: ("body", "orelse"),
    ast.With: ("body",),
    ast.Try: ("body", "handlers", "orelse", "finalbody"),
    ast.ExceptHandler: ("body",),
}
"""The statements that own blocks, and where they have them."""

TARGETS: Mapping[type, tuple[str, ...]] = {
    ast.Assign: ("targets",),
    ast.AnnAssign: ("target",),
    ast.AugAssign: ("target",),
    ast.Delete: ("targets",),
    ast.For: ("target",),
    ast.With: ("items",),
}
"""The statements that bind names, and where they say which."""

LEAVING = frozenset((ast.Return, ast.Break, ast.Continue, ast.Raise))
"""The statements after which nothing runs that stands in the same block."""

_LOOPS = (ast.For, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_THROUGH_LOOPS = frozenset((ast.Return,))
_BREAK = frozenset((ast.Break,))
_PARTS: Mapping[type, tuple[str, ...]] = {
    ast.Tuple: ("elts",),
    ast.List: ("elts",),
    ast.Starred: ("value",),
    ast.withitem: ("optional_vars",),
}


Told: TypeAlias = "dict[tuple[int, frozenset[type] | None], tuple[Any, bool]]"
"""What has been found of statements that own blocks, so that each is looked into once; with the statement, which stays so."""


def may_leave(statements: list[Any], kinds: frozenset[type], told: Told) -> bool:
    """Whether a statement of these kinds may leave a block of such statements.

    From the body of a loop among them only `return` does; what stands in its `else` is no longer in the loop.
    """
    for s in statements:
        kind = type(s)
        if kind in kinds:
            return True
        if kind not in BLOCKS:
            continue
        if (id(s), kinds) not in told:
            found = False
            for name in BLOCKS[kind]:
                through = kinds & _THROUGH_LOOPS if name == "body" and kind in _LOOPS else kinds
                found = found or (bool(through) and may_leave(getattr(s, name), through, told))
            told[id(s), kinds] = s, found
        if told[id(s), kinds][1]:
            return True
    return False


def must_leave(statements: list[Any], told: Told) -> bool:
    """Whether the end of a block of such statements is never reached."""
    for s in statements:
        kind = type(s)
        if kind in LEAVING:
            return True
        if kind in _LOOPS:
            if kind is ast.While and isinstance(s.test, ast.Constant) and s.test.value and not may_leave(s.body, _BREAK, told):
                return True
        elif kind in BLOCKS:
            if (id(s), None) not in told and kind is ast.Try:
                through = must_leave(s.body, told) or must_leave(s.orelse, told)
                told[id(s), None] = (
                    s,
                    ((through and all(must_leave(h.body, told) for h in s.handlers)) or must_leave(s.finalbody, told)),
                )
            if (id(s), None) not in told:
                found = True
                for name in BLOCKS[kind]:
                    found = found and must_leave(getattr(s, name), told)
                told[id(s), None] = s, found
            if told[id(s), None][1]:
                return True
    return False


def named_in(node: Any) -> list[str]:
    """The names that an expression assigns to (`:=`), also in comprehensions, but not in functions in it."""
    if isinstance(node, (ast.Lambda, ast.stmt)):
        return []
    found = [node.target.id] if isinstance(node, ast.NamedExpr) else []
    return [*found, *(name for n in ast.iter_child_nodes(node) for name in named_in(n))]


def mark_named(node: Any) -> None:
    """Note at each statement and comprehension in a function which names its expressions assign to, for `bound` to find."""
    for n in ast.walk(node):
        if isinstance(n, (ast.stmt, *COMPREHENSIONS)) and not isinstance(n, ast.FunctionDef):
            n.named = [name for part in ast.iter_child_nodes(n) for name in named_in(part)]  # type: ignore[union-attr]


def bound(nodes: list[Any]) -> list[str]:
    """The names that statements, or targets, may bind, in order of appearance; comprehensions bind names of their own."""
    names: dict[str, None] = {}
    work = list(reversed(nodes))
    while work:
        n = work.pop()
        if isinstance(n, ast.Name):
            names[n.id] = None
            continue
        kind = type(n)
        if kind is ast.FunctionDef:
            names[n.name] = None
            continue
        if kind is ast.ExceptHandler and n.name is not None:
            names[n.name] = None
        names.update(dict.fromkeys(getattr(n, "named", ())))
        inner: list[Any] = []
        for name in (*TARGETS.get(kind, ()), *BLOCKS.get(kind, ()), *_PARTS.get(kind, ())):
            part = getattr(n, name)
            inner += part if isinstance(part, list) else [part]
        work += reversed(inner)
    return list(names)
