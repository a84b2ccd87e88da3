"""Refusing what is not supported, at its place.

Takes a function's source; raises `UnsupportedSyntaxError` for the first construct that sct does not differentiate.
What is accepted is listed; everything else is refused.
"""

from __future__ import annotations

import ast
from typing import Any

from sct.errors import UnsupportedSyntaxError
from sct.frontend.compound import TARGETS
from sct.frontend.generators import is_yield
from sct.frontend.nested import defaults_of
from sct.frontend.read import Source

__all__ = ["EXPRESSIONS", "STATEMENTS", "check"]

STATEMENTS: dict[type, str] = {
    ast.Assign: "x = y",
    ast.AnnAssign: "x: t = y",
    ast.AugAssign: "x += y",
    ast.Delete: "del x",
    ast.If: "if x: ...",
    ast.For: "for x in y: ...",
    ast.While: "while x: ...",
    ast.With: "with m as x: ...",
    ast.Try: "try: ...\nexcept e: ...",
    ast.Break: "break",
    ast.Continue: "continue",
    ast.Return: "return x",
    ast.Raise: "raise x",
    ast.Assert: "assert x",
    ast.Pass: "pass",
    ast.FunctionDef: "def f(x): ...",
    ast.Nonlocal: "nonlocal x",
    ast.Global: "global x",
    ast.Import: "import m",
    ast.ImportFrom: "from m import x",
    ast.Expr: "f(x)",
}
"""The statements that are taken, each with an example; docs/limitations.md prints these."""

EXPRESSIONS: dict[type, str] = {
    ast.Constant: "1.0",
    ast.Name: "x",
    ast.UnaryOp: "-x",
    ast.BinOp: "x + y",
    ast.BoolOp: "x and y",
    ast.Compare: "x < y",
    ast.NamedExpr: "(x := y)",
    ast.IfExp: "x if t else y",
    ast.Call: "f(x)",
    ast.Lambda: "lambda x: y",
    ast.Starred: "f(*x)",
    ast.Attribute: "x.a",
    ast.Subscript: "x[i]",
    ast.Slice: "x[i:j]",
    ast.Tuple: "(x, y)",
    ast.List: "[x, y]",
    ast.Dict: "{k: x}",
    ast.Set: "{x, y}",
    ast.ListComp: "[x for x in y]",
    ast.SetComp: "{x for x in y}",
    ast.DictComp: "{k: x for k, x in y}",
    ast.GeneratorExp: "sum(x for x in y)",
    ast.Yield: "yield x",
    ast.YieldFrom: "yield from x",
    ast.JoinedStr: "f'{x}'",
    ast.FormattedValue: "f'{x}'",
}
"""The expressions that are taken, with all operators; each with an example."""

_TAKEN = frozenset((*STATEMENTS, *EXPRESSIONS, ast.keyword, ast.comprehension, ast.alias, ast.withitem, ast.ExceptHandler))

_OPERATORS = (ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context)
_PLAIN = frozenset((type(None), ast.Name, ast.Constant, *(kind for known in _OPERATORS for kind in known.__subclasses__())))
"""What there is nothing to look at in: all of these are taken."""

_ADVICE: dict[str, tuple[str, str]] = {
    "AsyncFunctionDef": ("an async function", "Write it as an ordinary function."),
    "TryStar": ("try with except*", "Use except."),
    "AsyncWith": ("async with", "Write an ordinary function."),
    "AsyncFor": ("async for", "Write an ordinary for loop."),
    "Yield": ("a yield whose value is used", "Give the generator what it needs as arguments."),
    "YieldFrom": ("a yield from whose value is used", "Write a loop that yields, and return the value of a function."),
    "Await": ("await", "Write an ordinary function."),
    "TypeAlias": ("a type alias", "Define it at module level."),
}

_OTHER_ADVICE = "Write it with the constructs that docs/limitations.md lists."


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
        if isinstance(node, ast.AsyncFunctionDef):
            self.refuse(node, *_ADVICE["AsyncFunctionDef"])
        work = list(reversed(node.body)) if isinstance(node.body, list) else [node.body]
        while work:
            node = work.pop()
            if type(node) not in _TAKEN:
                kind = type(node).__name__
                self.refuse(node, *_ADVICE.get(kind, (f"the construct {kind}", _OTHER_ADVICE)))
            work += reversed(self.parts(node))

    def parts(self, node: Any) -> list[Any]:
        """What is in a construct and is to be looked at; its targets are."""
        for name in TARGETS.get(type(node), ()):
            part = getattr(node, name)
            for target in part if isinstance(part, list) else [part]:
                if isinstance(node, ast.Delete) and isinstance(target, ast.Attribute):
                    self.refuse(target, "del of an attribute", "Assign None.")
        if isinstance(node, ast.Global):
            self.global_(node)
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            return []
        if is_yield(node):
            return [] if node.value.value is None else [node.value.value]
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            self.refuse(node, *_ADVICE[type(node).__name__])
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
            return [*decorators, *defaults_of(node).values(), *(node.body if isinstance(node.body, list) else [node.body])]
        if isinstance(node, ast.AnnAssign):
            return [] if node.value is None else [node.value]
        if isinstance(node, ast.comprehension) and node.is_async:
            self.refuse(node.target, *_ADVICE["AsyncFor"])
        found: list[Any] = []
        for name in node._fields:
            child = getattr(node, name, None)
            if isinstance(child, list):
                found += [part for part in child if type(part) not in _PLAIN]
            elif isinstance(child, ast.AST) and type(child) not in _PLAIN:
                found.append(child)
        return found

    def global_(self, node: Any) -> None:
        """Refuse a global that is assigned, here or in a function around or inside; of one that is read, nothing is said."""
        bound = set(self.source.function.__code__.co_freevars)
        for n in ast.walk(self.source.node):
            stored = not isinstance(getattr(n, "ctx", None), ast.Load)
            bound.update(str(getattr(n, k, None)) for k in ("name", "rest", "arg", "asname", *(("id",) if stored else ())))
        if not bound.isdisjoint(node.names):
            self.refuse(
                node, "global, of a name that is assigned,", "Return the value, and assign it where the function is called."
            )
