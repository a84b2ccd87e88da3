"""Annotations: the types in a module, as type checkers know them.

Takes abstract types, and the tree of a function; gives annotations, and the variables that need one. A type checker knows less
than was found out here: of what NumPy's functions give it often knows nothing, or the wrong thing. Where that would end in an
error the annotation is `Any`. Never looks at values.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sct.ir.records import record
from sct.ir.ssa import type_of
from sct.ir.types import Abstract, Array, Const, Dict, List, Record, Scalar, Tuple, Undefined, Unknown

__all__ = [
    "ANY",
    "Annotations",
    "Declared",
    "believable",
    "declared",
    "given_back",
    "mixed",
    "nodes_of",
    "open_number",
    "whole_type",
]

ANY = "Any"
_REAL, _COMPLEX = Scalar(float, also=(complex,)), Scalar(complex, also=(float,))
_NUMBERS: dict[Any, str] = {_REAL: "float | np.floating[Any]", _COMPLEX: "complex | np.complexfloating[Any, Any]"}
"""How numbers are annotated that are of Python's kind or of NumPy's, as it comes."""
_OF_ARRAYS = (
    *("arange", "array", "asarray", "broadcast_to", "concatenate", "copy", "cumsum", "empty", "empty_like", "eye", "flip"),
    *("full", "full_like", "moveaxis", "ones", "ones_like", "outer", "ravel", "repeat", "reshape", "stack", "tile"),
    *("transpose", "where", "zeros", "zeros_like"),
)
_NEW = ("np.zeros", "np.ones", "np.empty", "np.full")
_OF_NUMBERS = ["sum", "mean", "prod", "max", "min"]
"""Functions of NumPy's of which type checkers know what they give, or know nothing; so it is with the element-wise ones."""


class Annotations:
    """Writes types; `needs` is told the imports that they need."""

    def __init__(self, needs: Callable[[str], None]) -> None:
        self.needs = needs

    def of(self, t: Abstract) -> str:
        """A type as an annotation."""
        if isinstance(t, Array) and t.dtype is not None and t.dtype.kind in "biufc":
            self.needs("import numpy as np")
            scalar = f"np.{t.dtype.name}{'_' if t.dtype.kind == 'b' else ''}"
            if t.shape == () and not t.boxed:
                return scalar
            self.needs("import numpy.typing as npt")
            return f"npt.NDArray[{scalar}]"
        if t in (_REAL, _COMPLEX):
            self.needs("import numpy as np")
            self.any()
            return _NUMBERS[t]
        if isinstance(t, Scalar):
            return t.kind.__name__
        if isinstance(t, Const) and (t.value is None or type(t.value) in (bool, int, float, complex, str)):
            return "None" if t.value is None else type(t.value).__name__
        if isinstance(t, Tuple) and t.kind is None:
            return f"tuple[{', '.join(map(self.of, t.items)) or '()'}]"
        if isinstance(t, List) and t.items:
            return f"list[{self.item(t.items)}]"
        if isinstance(t, Dict) and not isinstance(t, Record) and t.items and all(isinstance(k, str) for k in t.keys):
            return f"dict[str, {self.item(t.items)}]"
        return self.any()

    def item(self, types: Sequence[Abstract]) -> str:
        """The type of all items of a container."""
        unneeded = Annotations(lambda line: None)
        return self.of(types[0]) if len({unneeded.of(t) for t in types}) == 1 else self.any()

    def any(self) -> str:
        self.needs("from typing import Any")
        return ANY


# -- which variables are declared ------------------------------------------------------------------------------------------


@record(frozen=True)
class Declared:
    """What is declared in a function.

    Attributes
    ----------
    inline : dict
        The annotation that stands at an assignment, by the place behind the variable.
    first : dict
        The annotations of variables that stand before the function's statements.
    returns : list of ast.Return
        The statements whose result is given a type by a variable.
    result : str
        What stands in the place of ``return`` there.
    """

    inline: dict[tuple[int, int], str]
    first: dict[str, str]
    returns: list[ast.Return]
    result: str


def declared(header: ast.FunctionDef, types: Mapping[str, Sequence[Abstract]], result: str, write: Annotations) -> Declared:
    """What is declared in a function that gives a `result` of that annotation, so that a type checker finds no error.

    `types` are those of the values that each variable stands for.
    """
    assigned = _assignments(header)
    first = {name: write.any() for name in assigned if mixed(types.get(name, ()))}
    inline: dict[tuple[int, int], str] = {}
    for name in _of_known_rank(header, assigned):  # which NumPy's annotations may get wrong
        if name not in first:
            _declare(header, name, write.of(types[name][0]) if types.get(name) else write.any(), inline, first)
    if result in (ANY, "None"):
        return Declared(inline, first, [], "")
    unknown = _Unsure(assigned, types)
    untyped: list[ast.Return] = []
    for n in nodes_of(header):
        if not isinstance(n, ast.Return) or n.value is None:
            continue
        several = isinstance(n.value, ast.Tuple)
        names = [v.id for v in ast.walk(n.value) if isinstance(v, ast.Name) and v.id in assigned]
        own = {name: open_number((types.get(name) or [Unknown()])[0]) for name in names}
        unsure = [name for name in names if name in first or name in unknown]
        for name in names:
            if name not in first and (name in unsure or (not several and unknown.may_be_any(name))):
                _declare(header, name, write.any() if name in unsure else write.of(own[name]), inline, first)
        if not several and (unsure or not isinstance(n.value, ast.Name)):
            untyped.append(n)
    taken = {n.id for n in ast.walk(header) if isinstance(n, ast.Name)} | {a.arg for a in _parameters(header)}
    name = next(n for n in ("result", *(f"result_{k}" for k in range(1, 99))) if n not in taken)
    if len(untyped) > 1:
        first[name] = result
    return Declared(inline, first, untyped, f"{name} =" if len(untyped) > 1 else f"{name}: {result} =")


def believable(header: ast.FunctionDef, t: Abstract) -> Abstract:
    """The type of a function's result, left open where a type checker may take an expression that is returned for another."""
    for n in nodes_of(header):
        if isinstance(n, ast.Return) and n.value is not None:
            t = _believable(n.value, t)
    return t


def _believable(value: ast.expr, t: Abstract) -> Abstract:
    if isinstance(t, Tuple) and isinstance(value, ast.Tuple) and len(t.items) == len(value.elts):
        return replace(t, items=tuple(map(_believable, value.elts, t.items)))
    open_or_number = t in _NUMBERS or _is_number(t)
    unsure = (
        isinstance(n, ast.MatMult) or (isinstance(n, ast.Call) and not _is_known(n.func, number=True)) for n in ast.walk(value)
    )
    return Unknown() if open_or_number and not isinstance(value, ast.Name) and any(unsure) else t


def _of_known_rank(header: ast.FunctionDef, assigned: Mapping[str, Any]) -> Iterator[str]:
    """The variables of whose shape one axis is read, or that are new arrays of more than one shape."""
    for n in ast.walk(header):
        shape = n.value if isinstance(n, ast.Subscript) else None
        of = shape.value if isinstance(shape, ast.Attribute) and shape.attr == "shape" else None
        if isinstance(of, ast.Name) and of.id in assigned:
            yield of.id
    made: dict[str, list[ast.expr]] = {}
    for n in nodes_of(header):
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id in assigned:
            made.setdefault(n.targets[0].id, []).append(n.value)
    for name, values in made.items():
        if len(values) > 1 and any(isinstance(v, ast.Call) and ast.unparse(v.func) in _NEW for v in values):
            yield name


def _declare(
    header: ast.FunctionDef, name: str, annotation: str, inline: dict[tuple[int, int], str], first: dict[str, str]
) -> None:
    """Annotate a variable where it is assigned first, if that is a statement of its own outside of loops and branches."""
    for statement in header.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and target.id == name:
                inline[target.lineno, target.end_col_offset or 0] = annotation
                return
        if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(statement)):
            break
    first[name] = annotation


def _assignments(header: ast.FunctionDef) -> dict[str, list[ast.expr | None]]:
    """The variables that a function assigns itself, in order, and what it assigns, where that is said by one expression."""
    found: dict[str, list[ast.expr | None]] = {}
    for n in nodes_of(header):
        simple = isinstance(n, (ast.Assign, ast.AugAssign, ast.AnnAssign))
        for target in n.targets if isinstance(n, ast.Assign) else [n.target] if isinstance(n, (ast.AugAssign, ast.For)) else ():
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    plain = simple and isinstance(target, ast.Name)
                    found.setdefault(name.id, []).append(n.value if plain else None)  # type: ignore[attr-defined]
    for a in _parameters(header):
        found.pop(a.arg, None)
    return found


def nodes_of(header: ast.FunctionDef) -> Iterator[ast.AST]:
    """The statements of a function in order, without those of functions in it."""
    work: list[ast.AST] = list(reversed(header.body))
    while work:
        n = work.pop()
        if isinstance(n, ast.stmt) and not isinstance(n, ast.FunctionDef):
            yield n
            work += reversed([c for c in ast.iter_child_nodes(n) if isinstance(c, (ast.stmt, ast.ExceptHandler))])
        elif isinstance(n, ast.ExceptHandler):
            work += reversed(n.body)


def _parameters(header: ast.FunctionDef) -> Iterator[ast.arg]:
    yield from (*header.args.posonlyargs, *header.args.args, *header.args.kwonlyargs)


class _Unsure:
    """Which variables a type checker may take for another type than they have."""

    def __init__(self, assigned: Mapping[str, Sequence[ast.expr | None]], types: Mapping[str, Sequence[Abstract]]) -> None:
        self.assigned = assigned
        self.types = types
        self.known: dict[str, bool] = {}

    def __contains__(self, name: str) -> bool:
        if name not in self.known:
            self.known[name] = False  # by itself it is sure
            t = (self.types.get(name) or [Unknown()])[0]
            number = _is_number(t)
            sure = number or (isinstance(t, Array) and t.shape is not None)
            self.known[name] = not sure or any(self.is_value(value, number) for value in self.assigned[name])
        return self.known[name]

    def is_value(self, value: ast.expr | None, number: bool) -> bool:
        for n in ast.walk(value) if value is not None else ():
            if isinstance(n, ast.Call) and not _is_known(n.func, number):
                return True
            if number and isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult):
                return True
            if number and isinstance(n, ast.Name) and n.id in self.assigned and n.id in self:
                return True
        return value is None

    def may_be_any(self, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a type checker may know nothing of a variable; of arithmetic it knows something."""
        if name not in self.assigned:
            return not all(isinstance(t, (Array, Scalar, Const)) for t in self.types.get(name, ()))
        for value in self.assigned[name]:
            parts = list(ast.walk(value)) if value is not None else [None]
            if not all(isinstance(n, _ARITHMETIC) and not isinstance(n, ast.MatMult) for n in parts):
                return True
            names = {n.id for n in parts if isinstance(n, ast.Name)} - seen
            if any(self.may_be_any(n, seen | names) for n in names):
                return True
        return False


_ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Name, ast.Constant, ast.expr_context)


def _is_number(t: Abstract) -> bool:
    return isinstance(t, (Scalar, Const)) or (isinstance(t, Array) and t.shape == ())


def _is_known(function: ast.expr, number: bool) -> bool:
    if isinstance(function, ast.Name):
        return True
    name = function.attr if isinstance(function, ast.Attribute) else ""
    ufunc = getattr(np, name, None)
    if isinstance(ufunc, np.ufunc):
        return not number or ufunc.nin == 1
    if name in _OF_NUMBERS or name in np.sctypeDict:
        return True
    return name == "astype" or (not number and name in _OF_ARRAYS)


def mixed(types: Sequence[Abstract]) -> bool:
    """Whether a type checker may not find one type for all values of a variable, which have these types."""
    return len({kind for kind in map(_checked_as, types) if kind}) > 1


def _checked_as(t: Abstract) -> str:
    if isinstance(t, Array) and t.dtype is not None and t.shape is not None:
        return f"{'array of ' if t.shape or t.boxed else ''}{t.dtype.name}"
    if isinstance(t, Scalar):
        return t.kind.__name__
    return "" if isinstance(t, (Unknown, Undefined)) else type(t.value).__name__ if isinstance(t, Const) else type(t).__name__


# -- results ---------------------------------------------------------------------------------------------------------------


def given_back(o: Any) -> Abstract:
    """The type of a result: of a number, it is left open whether it is NumPy's; what is of open rank may be a number, too."""
    return open_number(whole_type(o), results=True)


def open_number(t: Any, results: bool = False) -> Abstract:
    """A type in which numbers may be of Python's kind or of NumPy's."""
    if isinstance(t, (Tuple, List, Dict)):
        return replace(t, items=tuple(open_number(i, results) for i in t.items))
    if results and isinstance(t, Array) and t.shape is None:
        return Unknown()
    if isinstance(t, Scalar):
        return {float: _REAL, complex: _COMPLEX}.get(t.kind, t)
    if isinstance(t, Array) and t.dtype is not None and t.shape == () and not t.boxed:
        return {"f": _REAL, "c": _COMPLEX}.get(t.dtype.kind, t)
    return t  # type: ignore[no-any-return]


def whole_type(o: Any) -> Abstract:
    """The type of an operand, with those of its items."""
    if isinstance(o, (Tuple, List, Dict)):
        return replace(o, items=tuple(map(whole_type, o.items)))
    return type_of(o)
