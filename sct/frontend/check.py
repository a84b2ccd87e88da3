"""Refusing what is not supported, at its place.

Takes a function's source; raises `UnsupportedSyntaxError` for the first construct that sct does not differentiate.
What is accepted is listed; everything else is refused.
"""

from __future__ import annotations

from typing import Any

import gast

from sct.errors import UnsupportedSyntaxError
from sct.frontend.read import Source

__all__ = ["check"]

_STATEMENTS = (
    gast.Return,
    gast.Assign,
    gast.AnnAssign,
    gast.AugAssign,
    gast.For,
    gast.While,
    gast.If,
    gast.Raise,
    gast.Assert,
    gast.Expr,
    gast.Pass,
    gast.Break,
    gast.Continue,
    gast.Delete,
)
_EXPRESSIONS = (
    gast.BoolOp,
    gast.BinOp,
    gast.UnaryOp,
    gast.IfExp,
    gast.Dict,
    gast.Compare,
    gast.Call,
    gast.JoinedStr,
    gast.FormattedValue,
    gast.Constant,
    gast.Attribute,
    gast.Subscript,
    gast.Name,
    gast.Starred,
    gast.List,
    gast.Tuple,
    gast.Slice,
    gast.ListComp,
    gast.DictComp,
    gast.GeneratorExp,
)
_OTHER = (
    gast.operator,
    gast.unaryop,
    gast.boolop,
    gast.cmpop,
    gast.expr_context,
    gast.arguments,
    gast.keyword,
    gast.comprehension,
)

_TAKEN = frozenset(kind for known in (*_STATEMENTS, *_EXPRESSIONS, *_OTHER) for kind in (known, *known.__subclasses__()))

_ADVICE: dict[str, tuple[str, str]] = {
    "FunctionDef": ("a function defined inside a function", "Define it at module level and pass what it needs as arguments."),
    "AsyncFunctionDef": ("an async function", "Write it as an ordinary function."),
    "ClassDef": ("a class definition", "Define the class at module level."),
    "Lambda": ("a lambda inside a function", "Define a function at module level."),
    "SetComp": ("a set comprehension", "Use a list or array operations."),
    "Set": ("a set", "Use a tuple or a list."),
    "Try": ("try", "Test for the condition with if."),
    "TryStar": ("try", "Test for the condition with if."),
    "With": ("with", "Call the function from inside the with block instead."),
    "AsyncWith": ("async with", "Write an ordinary function."),
    "AsyncFor": ("async for", "Write an ordinary for loop."),
    "Global": ("global", "Return the value, and assign it where the function is called."),
    "Nonlocal": ("nonlocal", "Return the value, and assign it where the function is called."),
    "Import": ("an import inside a function", "Import at module level."),
    "ImportFrom": ("an import inside a function", "Import at module level."),
    "Yield": ("yield", "Collect the values in a list display, or return an array."),
    "YieldFrom": ("yield from", "Collect the values in a list display, or return an array."),
    "Await": ("await", "Write an ordinary function."),
    "NamedExpr": ("an assignment inside an expression (:=)", "Assign on a line of its own."),
    "Match": ("match", "Use if and elif."),
    "TypeAlias": ("a type alias", "Define it at module level."),
}


def check(source: Source) -> None:
    """Raise if `source` holds a construct that is not supported.

    Parameters
    ----------
    source : Source
        The function.
    """
    _Checker(source).function(source.node)


class _Checker:
    def __init__(self, source: Source) -> None:
        self.source = source

    def refuse(self, node: Any, what: str, advice: str) -> None:
        place = self.source.place(node if hasattr(node, "lineno") else self.source.node)
        raise UnsupportedSyntaxError(f"{what} is not supported", place, advice)

    def function(self, node: Any) -> None:
        if isinstance(node, gast.AsyncFunctionDef):
            self.refuse(node, *_ADVICE["AsyncFunctionDef"])
        body = node.body if isinstance(node.body, list) else [node.body]
        for child in body:
            self.visit(child)

    def visit(self, node: Any) -> None:
        if type(node) not in _TAKEN:
            kind = type(node).__name__
            what, advice = _ADVICE.get(kind, (f"the construct {kind}", "Write it with the constructs that the manual lists."))
            self.refuse(node, what, advice)
        if isinstance(node, (gast.Assign, gast.AnnAssign, gast.AugAssign, gast.For, gast.Delete)):
            for target in node.targets if isinstance(node, (gast.Assign, gast.Delete)) else [node.target]:
                self.target(target)
        if isinstance(node, gast.AnnAssign):
            if node.value is not None:
                self.visit(node.value)
            return
        if isinstance(node, gast.comprehension):
            if node.is_async:
                self.refuse(node.target, *_ADVICE["AsyncFor"])
            self.target(node.target)
        for field in node._fields:
            child = getattr(node, field, None)
            for part in child if isinstance(child, list) else (child,):
                if isinstance(part, gast.AST):
                    self.visit(part)

    def target(self, node: Any) -> None:
        if isinstance(node, (gast.Tuple, gast.List)):
            for element in node.elts:
                self.target(element)
        elif isinstance(node, gast.Attribute):
            self.refuse(node, "an assignment to an attribute", "Assign to a name and return it.")
        elif isinstance(node, gast.Starred):
            self.target(node.value)
