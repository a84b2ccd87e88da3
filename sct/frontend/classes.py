"""Classes that are defined inside a function, as they are where it is compiled.

Takes the tree of a function; gives it with the class itself in the place of each definition of one that sees nothing of the
function, so that it is the same in each call. What stands in such a class is run here: never more than methods and constants.
"""

from __future__ import annotations

import ast
import builtins
import copy
import dataclasses
import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from types import CellType, CodeType, FunctionType
from typing import Any

from sct.errors import Place, UnsupportedSyntaxError
from sct.frontend.by_code import ByCode
from sct.frontend.resolve import MISSING, look_up, read_attribute

__all__ = ["with_classes"]

_MODULE_LEVEL = "Define the class at module level."
_OF_METHODS = (staticmethod, classmethod, property)
_made: ByCode[tuple[tuple[Any, ...], Any]] = ByCode()


def with_classes(node: Any, function: FunctionType, first: int, place: Callable[[Any], Place]) -> Any:
    """The tree of a function, whose text begins at the line `first`, with the classes that it defines as constants.

    Raises
    ------
    UnsupportedSyntaxError
        If a class sees variables of the function, or more stands in it than methods and constants.
    """
    if all(c.co_flags & inspect.CO_OPTIMIZED for c in _codes(function.__code__)):  # that of a class's body is not
        return node
    return _Classes(function, first, place, Counter(_bound(node))).visit(copy.deepcopy(node))


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that are bound in a tree, each as often as it is."""
    for n in ast.walk(node):
        stored = not isinstance(getattr(n, "ctx", None), ast.Load)
        found = (getattr(n, k, None) for k in ("name", "rest", "arg", "asname", *(("id",) if stored else ())))
        yield from (name for name in found if isinstance(name, str))


class _Classes(ast.NodeTransformer):
    def __init__(self, function: FunctionType, first: int, place: Callable[[Any], Place], bound: Counter[str]) -> None:
        self.function = function
        self.bound = bound
        self.first = first
        self.place = place
        self.known: dict[str, Any] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        """A function, whose classes are its own."""
        around, self.known = self.known, dict(self.known)
        made = self.generic_visit(node)
        self.known = around
        return made

    def visit_ClassDef(self, node: ast.ClassDef) -> list[ast.stmt]:
        """The class, in front of it what it is made of, which the derivative relies on."""
        of = [*node.bases, *(d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)]
        cls = self.known[node.name] = self.made(node)
        reads = [ast.Expr(e) for e in of if not isinstance(e, ast.Name) or e.id not in self.known]
        value = ast.Assign([ast.Name(node.name, ast.Store())], ast.Constant(cls))
        return [ast.fix_missing_locations(ast.copy_location(s, node)) for s in (*reads, value)]

    def made(self, node: ast.ClassDef) -> Any:
        """The class of a definition."""
        bases = tuple(map(self.value, node.bases))
        options = [self.options(d) for d in node.decorator_list]
        if node.keywords:
            raise self.refused(node, "a class definition with keywords")
        if self.bound[node.name] > 1:
            raise self.refused(node, f"a class definition whose name, {node.name}, is also bound otherwise,")
        for s in node.body:
            self.check(s)
        code = next((c for c in _codes(self.function.__code__) if self.is_of(c, node)), None)
        if code is None:
            raise self.refused(node, "a class definition whose code is not found")
        others = [n for n in code.co_freevars if n != node.name and n not in self.known]
        if others:
            raise self.refused(node, f"a class definition that sees {others[0]!r}, a variable of the function around it,")
        known = tuple(self.known.get(n) for n in code.co_freevars)
        found = _made.get(code)
        if found is not None and all(a is b for a, b in zip(found[0], (*bases, *known), strict=True)):
            return found[1]
        own = CellType()
        cells = tuple(own if n == node.name else CellType(self.known[n]) for n in code.co_freevars)
        body = FunctionType(code, self.function.__globals__, node.name, None, cells)
        cls: Any = builtins.__build_class__(body, node.name, *bases)
        for given in reversed(options):
            cls = dataclasses.dataclass(**given)(cls)
        own.cell_contents = cls
        _made.set(code, ((*bases, *known), cls))
        return cls

    def is_of(self, code: CodeType, node: ast.ClassDef) -> bool:
        """Whether a code object is that of the body of a class."""
        line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        return code.co_name == node.name and code.co_firstlineno == self.first + line - 1

    def options(self, node: ast.expr) -> dict[str, Any]:
        """What a decorator, which has to be `dataclass`, is given."""
        of, args, keywords = (node.func, node.args, node.keywords) if isinstance(node, ast.Call) else (node, [], [])
        given = {k.arg: k.value.value for k in keywords if k.arg is not None and isinstance(k.value, ast.Constant)}
        if self.value(of) is not dataclasses.dataclass or args or len(given) < len(keywords):
            raise self.refused(node, "a class definition with a decorator")
        return given

    def value(self, node: ast.expr) -> Any:
        """What a name, or an attribute of one, stands for; it is none of the function's own."""
        if isinstance(node, ast.Attribute):
            found, _ = read_attribute(self.value(node.value), node.attr)
        elif isinstance(node, ast.Name) and node.id in self.known:
            found = self.known[node.id]
        else:
            own = (*self.function.__code__.co_varnames, *self.function.__code__.co_cellvars)
            found = look_up(self.function, node.id) if isinstance(node, ast.Name) and node.id not in own else MISSING
        if found is MISSING:
            raise self.refused(node, f"{ast.unparse(node)} in a class definition")
        return found

    def check(self, s: ast.stmt) -> None:
        """Refuse what does more in a class than to define methods and constants."""
        if isinstance(s, ast.FunctionDef):
            values = [d for d in (*s.args.defaults, *s.args.kw_defaults) if d is not None]
            allowed = all(self.value(d) in _OF_METHODS for d in s.decorator_list) and all(map(self.is_constant, values))
        elif isinstance(s, (ast.Assign, ast.AnnAssign)):
            targets = s.targets if isinstance(s, ast.Assign) else [s.target]
            allowed = all(isinstance(t, ast.Name) for t in targets) and (s.value is None or self.is_constant(s.value))
        else:
            allowed = isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        if not allowed:
            raise self.refused(s, "a class definition with more in it than methods and constants")

    def is_constant(self, node: ast.expr) -> bool:
        """Whether an expression is a number, a text, a flag or None, or a tuple of such."""
        if isinstance(node, ast.Tuple):
            return all(map(self.is_constant, node.elts))
        return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)

    def refused(self, node: ast.AST, what: str) -> UnsupportedSyntaxError:
        return UnsupportedSyntaxError(f"{what} is not supported", self.place(node), _MODULE_LEVEL)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code objects in one."""
    for c in code.co_consts:
        if isinstance(c, CodeType):
            yield c
            yield from _codes(c)
