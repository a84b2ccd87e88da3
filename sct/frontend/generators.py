"""Generators as functions that end where the loop through them ends.

Takes Python's trees; gives trees. The statement `yield x` becomes `if (yield x): return`: there the value of a `yield` says
whether the loop through the generator has ended. `yield from x` is a loop that yields its items, and a generator expression
the call of a generator.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import copy
from typing import Any

from sct.frontend.compound import named_in

__all__ = ["as_function", "generates", "gone_through_at_once", "is_yield", "leaving"]

_AT_ONCE = frozenset(
    ("all", "any", "dict", "frozenset", "fsum", "list", "max", "min", "next", "prod", "reduce", "set", "sorted", "sum", "tuple")
)
"""The names of functions that go through what they are given before they return, and keep none of it."""

_ITEM = "<item>"  # of what `yield from` goes through; a user's name never holds a "<"
_OTHERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def is_yield(node: Any) -> bool:
    """Whether a statement is a `yield` or a `yield from`."""
    return isinstance(node, ast.Expr) and isinstance(node.value, (ast.Yield, ast.YieldFrom))


def generates(body: list[Any]) -> bool:
    """Whether statements are those of a generator."""
    return any(is_yield(s) or generates([*_inside(s)]) for s in body)


def _inside(s: Any) -> Iterator[Any]:
    """The statements in the blocks of a statement; those of a function are not its own."""
    if isinstance(s, _OTHERS):
        return
    for child in ast.iter_child_nodes(s):
        if isinstance(child, ast.stmt):
            yield child
        elif not isinstance(child, ast.expr):
            yield from _inside(child)


def gone_through_at_once(call: ast.Call) -> list[ast.GeneratorExp]:
    """The generator expressions that are given to one of Python's functions, as its name says, which goes through them at once:
    what they see is as it is there. Not among these are those that assign, or have a function in them that may see it later."""
    name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
    found = [n for n in call.args if isinstance(n, ast.GeneratorExp)] if name in _AT_ONCE else []
    return [n for n in found if not named_in(n) and not any(isinstance(m, ast.Lambda) for m in ast.walk(n))]


def leaving(node: Any) -> Any:
    """The function, if it is a generator, with each `yield` as a test of whether to go on; what has none stays as it is."""
    if isinstance(node, ast.Lambda) or not generates(node.body):
        return node
    made = copy(node)
    made.body = _Leaving().statements(node.body)
    return made


class _Leaving(ast.NodeTransformer):
    """Puts tests for yields; gives new statements, and the same expressions and functions."""

    def statements(self, body: list[Any]) -> list[Any]:
        return [self.visit(s) for s in body]

    def visit(self, node: Any) -> Any:
        if is_yield(node):
            made = self.delegated(node.value) if isinstance(node.value, ast.YieldFrom) else self.tested(node.value)
            made.named = getattr(node, "named", ())  # see compound.bound
            return made
        if isinstance(node, (ast.expr, *_OTHERS)) or not any(True for _ in _inside(node)):
            return node
        made = copy(node)
        for name, part in ast.iter_fields(node):
            if isinstance(part, list):
                setattr(made, name, self.statements(part))
            elif isinstance(part, ast.AST):
                setattr(made, name, self.visit(part))
        return made

    def tested(self, given: Any) -> Any:
        return ast.copy_location(ast.If(given, [ast.copy_location(ast.Return(None), given)], []), given)

    def delegated(self, node: Any) -> Any:
        item = ast.copy_location(ast.Name(_ITEM), node)
        given = self.tested(ast.copy_location(ast.Yield(item), node))
        return ast.copy_location(ast.For(item, node.value, [given], []), node)


def as_function(node: ast.GeneratorExp) -> tuple[ast.FunctionDef, bool]:
    """A generator expression as a generator of what it goes through first, which is computed where it stands; or as a function
    of an item of that, if it gives one thing for each."""
    name, single = "given", len(node.generators) == 1 and not node.generators[0].ifs
    while any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node)):
        name += "_"
    given = ast.copy_location(ast.Name(name), node.generators[0].iter)
    body: list[Any]
    if single:
        target = node.generators[0].target
        item = ast.copy_location(ast.Assign([target], given, None), target)
        body = [item, ast.copy_location(ast.Return(node.elt), node.elt)]
    else:
        body = [ast.copy_location(ast.Expr(ast.copy_location(ast.Yield(node.elt), node.elt)), node.elt)]
        for k, g in reversed([*enumerate(node.generators)]):
            for test in reversed(g.ifs):
                body = [ast.copy_location(ast.If(test, body, []), test)]
            body = [ast.copy_location(ast.For(g.target, g.iter if k else given, body, []), node)]
    if named := named_in(node):
        body.insert(0, ast.copy_location(ast.Nonlocal(named), node))
    arguments = ast.arguments([], [ast.arg(name)], None, [], [], None, [])
    return ast.copy_location(ast.FunctionDef("<genexpr>", arguments, body, []), node), single
