"""Guards: whether arguments are of the types that a function was compiled for.

Takes abstract values; gives a predicate on a tuple of arguments, made of the fewest tests that decide it, and so as fast as
one written by hand. It is built as a syntax tree, in which no text of the user's stands as code. A guard never raises.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from sct.frontend.resolve import MISSING, Dependency, free_value, place_of_default
from sct.ir.ops import Field, Free
from sct.ir.types import Abstract, Array, Const, Dict, Instance, List, Size, Tuple, is_unit

__all__ = ["Guard", "guard", "long_enough"]


@dataclass(frozen=True)
class Guard:
    """A predicate on a tuple of arguments, for one function or another of the same code.

    `code` is that of a function of the arguments and of `objects`, which sees the names that the function sees.
    """

    code: CodeType
    objects: tuple[Any, ...]

    def on(self, names: dict[str, Any], objects: tuple[Any, ...] | None = None) -> FunctionType:
        """The predicate, where `names` are the globals that it sees."""
        return FunctionType(self.code, names, "guard", self.objects if objects is None else objects)


def guard(
    types: Sequence[Abstract],
    examples: Sequence[Any],
    dependencies: Iterable[Dependency],
    free: Sequence[tuple[Free | Field, Abstract]],
    lengths: Mapping[str, int],
    names: Mapping[str, Any],
) -> Guard:
    """A predicate on arguments.

    Parameters
    ----------
    types : sequence of Abstract
        The types, one for each argument; further arguments are not looked at.
    examples : sequence
        Arguments that have these types.
    dependencies : iterable of Dependency
        Bindings that must still hold.
    free : sequence of (Free or Field, Abstract)
        Data outside of the function, and in fields of instances, with the types that it must still have.
    lengths : mapping
        How long axes must be, by the names of their symbols.
    names : mapping
        The globals that the guard is going to see.
    """
    made = _Guard(lengths, names, free)
    for k, (t, example) in enumerate(zip(types, examples, strict=True)):
        made.value(_argument(k), t, example)
    for d in dependencies:
        made.dependency(d)
    for f, t in free:
        if isinstance(f, Free):
            made.value(made.access(f), t, free_value(f))
    return made.finished()


def long_enough(
    types: Sequence[Abstract], free: Iterable[tuple[Free | Field, Abstract]], lengths: Mapping[str, int]
) -> Guard | None:
    """A predicate on arguments of these types: whether they are as long as was relied on; None if nothing was."""
    made = _Guard(lengths, {}, free)
    for k, t in enumerate(types):
        made.long_enough(_argument(k), t)
    return made.finished() if made.tests else None


class _Guard:
    """The tests of a guard; names that no user can write, with @, stand for arguments and objects."""

    def __init__(
        self, lengths: Mapping[str, int], names: Mapping[str, Any], free: Iterable[tuple[Free | Field, Abstract]]
    ) -> None:
        self.lengths = lengths
        self.names = names
        self.tests: list[ast.expr] = []
        self.objects: list[Any] = []
        self.known: dict[int, ast.expr] = {}
        self.fields: dict[str, list[tuple[Field, Abstract]]] = {}
        self.found = 0  # fields that have been looked up
        for f, t in free:
            if isinstance(f, Field):
                self.fields.setdefault(f.path, []).append((f, t))

    def object(self, value: Any) -> ast.expr:
        """The name of an object."""
        if id(value) not in self.known:
            self.known[id(value)] = _name(f"@{len(self.objects)}")
            self.objects.append(value)
        return self.known[id(value)]

    def finished(self) -> Guard:
        """The predicate of all tests."""
        used = {n.id for t in self.tests for n in ast.walk(t) if isinstance(n, ast.Name)}
        taken = sorted(int(name[2:]) for name in used if name.startswith("@a"))
        body: list[ast.stmt] = [
            ast.Assign([ast.Name(f"@a{k}", ast.Store())], _item(_name("args"), ast.Constant(k)), lineno=1) for k in taken
        ]
        test: ast.expr = ast.BoolOp(ast.And(), self.tests) if len(self.tests) > 1 else [*self.tests, ast.Constant(True)][0]
        body.append(ast.Return(test))
        failed = ast.ExceptHandler(_name("@Exception"), None, [ast.Return(ast.Constant(False))])
        self.object(Exception)
        names = [f"@{k}" if o is not Exception else "@Exception" for k, o in enumerate(self.objects)]
        arguments = ast.arguments(
            [], [ast.arg(n) for n in ("args", *names)], None, [], [], None, [ast.Constant(None) for _ in names]
        )
        function = ast.FunctionDef("guard", arguments, [ast.Try(body, [failed], [], [])], [], None)
        function.type_params = []  # type: ignore[attr-defined]  # asked for from Python 3.12 on
        module = compile(ast.fix_missing_locations(ast.Module([function], [])), "<sct guard>", "exec")
        code = next(c for c in module.co_consts if isinstance(c, CodeType))
        return Guard(code, tuple(self.objects))

    # -- values ------------------------------------------------------------------------------------------------------

    def is_(self, value: ast.expr, expected: Any) -> None:
        self.tests.append(_compared(value, ast.Is(), self.object(expected)))

    def equal(self, value: ast.expr, expected: Any) -> None:
        self.tests.append(_compared(value, ast.Eq(), self.object(expected)))

    def of_type(self, value: ast.expr, expected: type) -> None:
        self.is_(_call(self.object(type), value), expected)

    def value(self, value: ast.expr, t: Abstract, example: Any) -> None:
        """Whether a value has the type `t`, as `example` has."""
        if isinstance(t, Instance):
            self.of_type(value, t.cls)
            for f, found in self.fields.get(t.path, ()):
                self.field(value, f, found, example)
        elif isinstance(t, Array) and isinstance(example, np.ndarray):
            self.of_type(value, type(example))
            self.is_(ast.Attribute(value, "dtype", ast.Load()), example.dtype)
            self.shape(value, t)
        elif isinstance(t, Const) and isinstance(t.value, (str, bytes)):
            self.of_type(value, type(t.value))
            self.equal(value, t.value)
        elif isinstance(t, Const):
            self.is_(value, example)
        elif isinstance(t, (Tuple, List)):
            self.of_type(value, list if isinstance(t, List) else tuple if t.kind is None else t.kind)
            self.tests.append(_compared(_call(self.object(len), value), ast.Eq(), ast.Constant(len(t.items))))
            for k, item in enumerate(t.items):
                self.value(_item(value, ast.Constant(k)), item, example[k])
        elif isinstance(t, Dict):
            self.of_type(value, dict)
            self.equal(_call(self.object(tuple), value), t.keys)
            for key, item in zip(t.keys, t.items, strict=True):
                self.value(_item(value, self.object(key)), item, example[key])
        else:
            self.of_type(value, type(example))
            if isinstance(t, Array) and type(example) in (np.datetime64, np.timedelta64, np.void):
                self.equal(ast.Attribute(value, "dtype", ast.Load()), example.dtype)

    def field(self, value: ast.expr, f: Field, t: Abstract, example: Any) -> None:
        """Whether a field of an instance has the type `t`."""
        if f.own:
            own = ast.Attribute(value, "__dict__", ast.Load())
            self.tests.append(_compared(ast.Constant(f.name), ast.NotIn(), own))
        elif t == Const(MISSING):
            self.tests.append(ast.UnaryOp(ast.Not(), _call(self.object(hasattr), value, ast.Constant(f.name))))
        else:
            self.value(self.looked_up(value, f.name), t, getattr(example, f.name))

    def looked_up(self, value: ast.expr, name: str) -> ast.expr:
        """The name under which a field is known after a test that looks it up."""
        self.found += 1
        own = f"@f{self.found}"
        found = ast.NamedExpr(ast.Name(own, ast.Store()), ast.Attribute(value, name, ast.Load()))
        self.tests.append(_compared(found, ast.IsNot(), self.object(MISSING)))
        return _name(own)

    def shape(self, value: ast.expr, t: Array) -> None:
        """The rank of an array, and which of its axes have length 1."""
        assert t.shape is not None
        self.tests.append(_compared(ast.Attribute(value, "ndim", ast.Load()), ast.Eq(), ast.Constant(len(t.shape))))
        if not t.shape:
            return
        shape = ast.Attribute(value, "shape", ast.Load())
        least = self.least(t)
        if not any(least) and all(is_unit(n) is False for n in t.shape):
            self.tests.append(_compared(ast.Constant(1), ast.NotIn(), shape))
            return
        for k, (n, length) in enumerate(zip(t.shape, least, strict=True)):
            op = ast.GtE() if length else ast.Eq() if is_unit(n) else ast.NotEq()
            self.tests.append(_compared(_item(shape, ast.Constant(k)), op, ast.Constant(length or 1)))

    def least(self, t: Array) -> list[int]:
        """How long the axes of an array must be at least; 0 where nothing was concluded from that."""
        return [0 if isinstance(n, int) else self.lengths.get(_symbol(n), 0) for n in t.shape or ()]

    def long_enough(self, value: ast.expr, t: Abstract) -> None:
        """The tests of lengths, alone."""
        if isinstance(t, Array):
            for k, length in enumerate(self.least(t)):
                if length:
                    axis = _item(ast.Attribute(value, "shape", ast.Load()), ast.Constant(k))
                    self.tests.append(_compared(axis, ast.GtE(), ast.Constant(length)))
        elif isinstance(t, (Tuple, List)):
            for k, item in enumerate(t.items):
                self.long_enough(_item(value, ast.Constant(k)), item)
        elif isinstance(t, Dict):
            for key, item in zip(t.keys, t.items, strict=True):
                self.long_enough(_item(value, self.object(key)), item)
        elif isinstance(t, Instance):
            for f, found in self.fields.get(t.path, ()):
                if not isinstance(found, Const):
                    self.long_enough(ast.Attribute(value, f.name, ast.Load()), found)

    # -- what lies outside of the function ---------------------------------------------------------------------------

    def access(self, data: Free | Dependency) -> ast.expr:
        """What the owner of `data` calls its name; a default is called "name (default)"."""
        owner, name = (data.owner if isinstance(data, Dependency) else data.function), data.name
        if data.attribute or not isinstance(owner, FunctionType):
            return ast.Attribute(self.object(owner), name, ast.Load())
        if name.endswith(" (default)"):
            where, key = place_of_default(owner, name.split(" ")[0])
            return _item(ast.Attribute(self.object(owner), where, ast.Load()), ast.Constant(key))
        if name in owner.__code__.co_freevars and owner.__closure__ is not None:
            cell = owner.__closure__[owner.__code__.co_freevars.index(name)]
            return ast.Attribute(self.object(cell), "cell_contents", ast.Load())
        if owner.__globals__ is self.names:
            return _name(name)
        return _item(self.object(owner.__globals__), ast.Constant(name))

    def dependency(self, d: Dependency) -> None:
        """Whether a name still refers to the same object."""
        if d.is_attribute:
            found = ast.Attribute(self.object(d.owner), d.name, ast.Load())
            self.equal(found, d.expected) if d.is_made_anew else self.is_(found, d.expected)
        elif d.owner.__globals__ is self.names or d.name in d.owner.__globals__ or d.name in d.owner.__code__.co_freevars:
            self.is_(self.access(d), d.expected)
        else:  # it is found among the builtins
            self.tests.append(_compared(ast.Constant(d.name), ast.NotIn(), self.object(d.owner.__globals__)))


def _argument(k: int) -> ast.expr:
    return _name(f"@a{k}")


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _item(value: ast.expr, key: ast.expr) -> ast.expr:
    return ast.Subscript(value, key, ast.Load())


def _call(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    return ast.Call(function, list(arguments), [])


def _compared(value: ast.expr, op: ast.cmpop, other: ast.expr) -> ast.expr:
    return ast.Compare(value, [op], [other])


def _symbol(n: Size) -> str:
    """The name of the symbol that stands for an axis of an argument."""
    ((atom, _),) = n.terms
    return str(atom[1])  # type: ignore[index]
