"""Guards: whether arguments are of the types that a function was compiled for.

Takes abstract values; gives a function that is called as the derived function is, looks at its arguments by the fewest tests
that decide, and calls the compiled function where they hold: as fast as one written by hand. It is built as a syntax tree, in
which no text of the user's stands as code. A guard never raises.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from sct.backend import trees
from sct.backend.trees import (
    applied,
    assigned,
    at,
    attribute,
    both,
    code_of,
    compared,
    each,
    function,
    parameters,
    read,
    unpacked,
)
from sct.frontend.resolve import MISSING, Dependency, free_value, place_of_default
from sct.infer.signature import abstract
from sct.ir.ops import Field, Free, is_lasting
from sct.ir.records import record
from sct.ir.types import (
    SIZE_FUNCTIONS,
    Abstract,
    Array,
    Const,
    Dict,
    Fact,
    Instance,
    List,
    ListOf,
    Record,
    Scalar,
    Size,
    SizeLike,
    Tuple,
    is_unit,
)
from sct.runtime import fields_of

__all__ = ["Call", "Guard", "guard", "is_known_in_code", "sizes_fit"]


@record(frozen=True)
class Call:
    """How a derived function is called, and how its compiled form is.

    Attributes
    ----------
    parameters : sequence of Parameter
        What its caller gives.
    inner : sequence of Parameter
        What the function behind it takes; the first `given` of these a method or partial adds in front, and those whose names
        are in `keywords` a partial gives where the caller leaves them out.
    added : sequence of str
        The parameters that are added, for a cotangent or for tangents.
    root : callable
        The function whose defaults stand for what is left out.
    """

    parameters: Sequence[inspect.Parameter]
    inner: Sequence[inspect.Parameter]
    given: int
    keywords: Sequence[str]
    added: Sequence[str]
    root: Any


@record(frozen=True)
class Guard:
    """The tests of arguments, for one function or another of the same code.

    `function` is called in place of the compiled one, with a tuple in front of the arguments: what a method or partial gives,
    the `objects` that the tests name, and what else `on` takes.
    """

    function: FunctionType
    objects: tuple[Any, ...]

    def on(
        self, objects: tuple[Any, ...], fits: Callable[..., Any], otherwise: Callable[..., Any], latest: list[Any]
    ) -> MethodType:
        """What is called in place of the compiled function.

        Parameters
        ----------
        objects : tuple
            What a method or partial gives, then the objects that the tests name.
        fits, otherwise : callable
            What is called where the arguments fit, as the compiled function is, and where they do not, as the caller did, with
            `MISSING` for what is not given by position.
        latest : list
            Its first item becomes the text where they fit.
        """
        return MethodType(self.function, (*objects, fits, otherwise, latest))


def is_known_in_code(default: Any) -> bool:
    """Whether a derivative may have a default for its own, as part of its code, where others are read at each call."""
    return is_lasting(default) or isinstance(abstract(default), Const)


def guard(
    types: Sequence[Abstract],
    examples: Sequence[Any],
    dependencies: Iterable[Dependency],
    free: Sequence[tuple[Free | Field, Abstract]],
    facts: Iterable[Fact],
    call: Call,
    text: Any,
) -> Guard:
    """The tests of arguments.

    Parameters
    ----------
    types : sequence of Abstract
        The types, one for each argument of the function.
    examples : sequence
        Arguments that have these types.
    dependencies : iterable of Dependency
        Bindings that must still hold.
    free : sequence of (Free or Field, Abstract)
        Data outside of the function, and in fields of instances, with the types that it must still have.
    facts : iterable of Fact
        What must hold of sizes.
    call : Call
        How the derived function is called.
    text : object
        Stands for the compiled form.
    """
    made = _Guard(free, call)
    made.left_out()
    for value, t, example in zip(made.values, types, examples, strict=True):
        made.value(value, t, example)
    for d in dependencies:
        made.dependency(d)
    for f, t in free:
        if isinstance(f, Free):
            made.value(made.access(f), t, free_value(f))
    made.facts(facts)
    return made.finished(text)


def sizes_fit(
    types: Sequence[Abstract], free: Sequence[tuple[Free | Field, Abstract]], facts: Sequence[Fact], call: Call
) -> tuple[Guard | None, bool]:
    """Whether what was relied on holds of the sizes of arguments of these types; None if nothing was.

    It is called with the arguments of the function, all by position, and what is added or not. Besides, whether something was
    relied on of data from outside, which it does not look at.
    """
    names = [*(p.name for p in call.inner), *call.added]
    by_position = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names]
    call = Call(by_position, by_position[: len(call.inner)], 0, (), (), None)
    made = _Guard(free, call)
    for value, t in zip(made.values, types, strict=True):
        made.sizes_in(value, t)
    own = [fact for fact in facts if made.knows(fact.size)]
    made.facts(own)
    return made.finished() if own else None, len(own) < len(facts)


class _Guard:
    """The tests of a guard. Its names begin with @, as no user's do."""

    def __init__(self, free: Iterable[tuple[Free | Field, Abstract]], call: Call) -> None:
        self.sizes: dict[str, ast.expr] = {}  # what symbols stand for
        self.call = call
        self.given = [*(f"@g{k}" for k in range(call.given)), *(f"@{n}" for n in call.keywords)]
        self.positional = [f"@p{k}" for k, p in enumerate(call.parameters) if p.kind is not p.KEYWORD_ONLY]
        self.own = {p.name: f"@a{k}" for k, p in enumerate(call.parameters)}
        self.values = [read(n) for n in (*self.given[: call.given], *(self.own[p.name] for p in call.inner[call.given :]))]
        self.body: list[ast.stmt] = []
        self.tests: list[ast.expr] = []  # that come after the body
        self.objects: list[Any] = []
        self.known: dict[int, ast.expr] = {}
        self.fields: dict[str, list[tuple[Field, Abstract]]] = {}
        self.locals = 0
        for f, t in free:
            if isinstance(f, Field):
                self.fields.setdefault(f.path, []).append((f, t))
        self.bound()

    def object(self, value: Any) -> ast.expr:
        """The name of an object."""
        if id(value) not in self.known:
            self.known[id(value)] = read(f"@{len(self.objects)}")
            self.objects.append(value)
        return self.known[id(value)]

    def statement(self, s: ast.stmt) -> None:
        """A statement after the tests so far, of which none has failed."""
        if self.tests:
            self.body.append(trees.If(trees.UnaryOp(ast.Not(), both(self.tests)), [trees.Break()], []))
            self.tests = []
        self.body.append(s)

    def unpacked(self, value: ast.expr, count: int) -> list[ast.expr]:
        """The names of a value's items, of which there must be so many."""
        names = [self.fresh() for _ in range(count)]
        self.statement(unpacked(names, value))
        return [read(n) for n in names]

    def looked_up(self, value: ast.expr) -> ast.expr:
        """The name of a value, so that it is looked up once."""
        if isinstance(value, ast.Name):
            return value
        own = self.fresh()
        self.statement(assigned(own, value))
        return read(own)

    def fresh(self) -> str:
        self.locals += 1
        return f"@v{self.locals}"

    # -- parameters --------------------------------------------------------------------------------------------------

    def bound(self) -> None:
        """The parameters, by position and by name.

        The user's names are not those of the guard's parameters: a code that is put in place of the function's may have others.
        """
        missing, left = self.object(MISSING), read("@left")
        by_position: list[ast.stmt] = []
        by_name: list[ast.stmt] = [assigned("@left", applied(attribute(read("@named"), "copy")))]
        for p, given in zip_longest(self.call.parameters, self.positional):
            own, value = self.own[p.name], missing if given is None else read(given)
            by_position.append(assigned(own, value))
            if p.kind is not p.POSITIONAL_ONLY:
                popped = applied(attribute(left, "pop"), trees.Constant(p.name), missing)
                value = popped if given is None else trees.IfExp(compared(value, ast.Is(), missing), popped, value)
            by_name.append(assigned(own, value))
        by_name.append(trees.If(left, [trees.Break()], []))
        self.tests.append(trees.UnaryOp(ast.Not(), read("@more")))
        self.statement(trees.If(read("@named"), by_name, by_position or [trees.Pass()]))

    def left_out(self) -> None:
        """What stands for parameters that the caller leaves out: what a partial gives, or the default."""
        for p in self.call.parameters:
            absent = compared(read(self.own[p.name]), ast.Is(), self.object(MISSING))
            value = self.stand_in(p)
            if value is not None:
                self.statement(trees.If(absent, [assigned(self.own[p.name], value)], []))
            elif p.name in self.call.added:
                self.statement(trees.If(absent, [trees.Break()], []))

    def stand_in(self, p: inspect.Parameter) -> ast.expr | None:
        root = self.call.root
        if p.name in self.call.keywords:
            return read(f"@{p.name}")
        if p.default is p.empty or not isinstance(root, FunctionType):
            return None
        code = root.__code__
        if p.name not in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
            return None  # it is a parameter of what the root decorates
        where, key = place_of_default(root, p.name)
        return at(attribute(self.object(root), where), key)

    # -- the function ------------------------------------------------------------------------------------------------

    def finished(self, text: Any = None) -> Guard:
        """What is called.

        def @call(@p0=@missing, /, *@more, **@named):
            @1, ..., @fits, @otherwise, @latest = @varying
            while True:
                try:
                    ...
                    if not (type(@a0) is float and ...):
                        break
                except Exception:
                    break
                @latest[0] = @text
                return @fits(@a0)
            return @otherwise(@p0, *@more, **@named)
        """
        missing, failed = self.object(MISSING), trees.ExceptHandler(self.object(Exception), None, [trees.Break()])
        self.statement(trees.Pass())
        inner = list(zip(self.call.inner, self.values, strict=True))
        args = [v for p, v in inner if p.kind is not p.KEYWORD_ONLY]
        args += [read(self.own[name]) for name in self.call.added]
        fits = trees.Call(read("@fits"), args, [trees.keyword(p.name, v) for p, v in inner if p.kind is p.KEYWORD_ONLY])
        more, named = trees.Starred(read("@more"), ast.Load()), trees.keyword(None, read("@named"))
        given = [read(n) for n in self.positional]
        plain, starred = applied(read("@otherwise"), *given), trees.Call(read("@otherwise"), [*given, more], [named])
        otherwise = trees.IfExp(trees.BoolOp(ast.Or(), [read("@more"), read("@named")]), starred, plain)  # stars take longer
        latest = trees.Assign([trees.Subscript(read("@latest"), trees.Constant(0), ast.Store())], read("@text"))
        passed: list[ast.stmt] = [trees.Try(self.body, [failed], [], []), latest, trees.Return(fits)]
        fixed, varying = self.parted()
        body: list[ast.stmt] = [
            unpacked((*self.given, *varying, "@fits", "@otherwise", "@latest"), read("@varying")),
            trees.While(trees.Constant(True), passed, []),
            trees.Return(otherwise),
        ]
        taken = [trees.arg(n) for n in ("@varying", *self.positional)]
        arguments = ast.arguments(
            taken, [], trees.arg("@more"), [], [], trees.arg("@named"), [missing for _ in self.positional]
        )
        fixed["@text"] = text
        around = function("around", parameters(fixed), [function("@call", arguments, body), trees.Return(read("@call"))])
        return Guard(FunctionType(code_of(around, "<sct guard>"), {})(*fixed.values()), tuple(varying.values()))

    def parted(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The objects that are the same for all functions of the code, and those that may not be."""
        fixed: dict[str, Any] = {}
        varying: dict[str, Any] = {}
        for k, o in enumerate(self.objects):
            lasts = o is MISSING or (is_lasting(o) and type(o) is not tuple)
            (fixed if lasts else varying)[f"@{k}"] = o
        return fixed, varying

    # -- values ------------------------------------------------------------------------------------------------------

    def is_(self, value: ast.expr, expected: Any) -> None:
        self.tests.append(compared(value, ast.Is(), self.object(expected)))

    def equal(self, value: ast.expr, expected: Any) -> None:
        self.tests.append(compared(value, ast.Eq(), self.object(expected)))

    def of_type(self, value: ast.expr, expected: type) -> None:
        self.is_(applied(self.object(type), value), expected)

    def value(self, value: ast.expr, t: Abstract, example: Any) -> None:
        """Whether a value has the type `t`, as `example` has."""
        if isinstance(t, Const) and not isinstance(t.value, (str, bytes)):
            self.is_(value, example)
            return
        value = self.looked_up(value)
        if isinstance(t, Instance):
            self.of_type(value, t.cls)
            for f, found in self.fields.get(t.path, ()):
                self.field(value, f, found, example)
        elif isinstance(t, Array) and isinstance(example, np.ndarray):
            self.of_type(value, type(example))
            self.is_(attribute(value, "dtype"), example.dtype)
            self.shape(value, t)
        elif isinstance(t, Const):
            self.of_type(value, type(t.value))
            self.equal(value, t.value)
        elif isinstance(t, ListOf):
            self.tests += self.tests_of(value, t)
        elif isinstance(t, (Tuple, List)):
            self.of_type(value, list if isinstance(t, List) else tuple if t.kind is None else t.kind)
            self.items(value, t.items, example)
        elif isinstance(t, Record):
            self.record(value, t, example)
        elif isinstance(t, Dict):
            self.of_type(value, dict)
            self.equal(applied(self.object(tuple), value), t.keys)
            self.items(applied(attribute(value, "values")), t.items, list(example.values()))
        else:
            self.of_type(value, type(example))
            self.note(t.size if isinstance(t, Scalar) else None, value)
            if isinstance(t, Array) and type(example) in (np.datetime64, np.timedelta64, np.void):
                self.equal(attribute(value, "dtype"), example.dtype)

    def record(self, value: ast.expr, t: Record, example: Any) -> None:
        """Whether an object has fields of these types, and no others."""
        self.of_type(value, t.cls)
        own, names = getattr(example, "__dict__", None), fields_of(example).keys()
        alone = own is not None and own.keys() == names  # there are no slots
        fields = attribute(value, "__dict__") if alone else applied(self.object(fields_of), value)
        self.equal(applied(attribute(fields, "keys")), frozenset(names))
        for name, item in zip(map(str, t.keys), t.items, strict=True):
            self.value(attribute(value, name), item, getattr(example, name))
        for f, found in self.fields.get(t.path, ()):
            self.field(value, f, found, example)

    def items(self, value: ast.expr, types: Sequence[Abstract], examples: Sequence[Any]) -> None:
        """Whether a value has items of these types, and no others."""
        for item, t, example in zip(self.unpacked(value, len(types)), types, examples, strict=True):
            self.value(item, t, example)

    def tests_of(self, value: ast.expr, t: Abstract) -> list[ast.expr]:
        """Whether a value has the type `t`, which is that of a list of any length, or of what is in one."""
        own = applied(self.object(type), value)
        if isinstance(t, ListOf):
            item = self.fresh()
            every = applied(self.object(all), each(item, value, both(self.tests_of(read(item), t.item))))
            return [compared(own, ast.Is(), self.object(list)), every]
        if isinstance(t, Tuple):
            known = compared(own, ast.Is(), self.object(tuple if t.kind is None else t.kind))
            count = compared(applied(self.object(len), value), ast.Eq(), trees.Constant(len(t.items)))
            return [known, count, *(test for k, i in enumerate(t.items) for test in self.tests_of(at(value, k), i))]
        if isinstance(t, Scalar):
            return [compared(own, ast.Is(), self.object(t.kind))]
        assert isinstance(t, Array) and t.dtype is not None and t.shape is not None
        if not t.shape and not t.boxed:
            return [compared(own, ast.Is(), self.object(t.dtype.type))]
        kinds = [compared(own, ast.Is(), self.object(kind)) for kind in (np.ndarray, np.memmap)]
        dtype = compared(attribute(value, "dtype"), ast.Eq(), self.object(t.dtype))
        rank = compared(attribute(value, "ndim"), ast.Eq(), trees.Constant(len(t.shape)))
        return [trees.BoolOp(ast.Or(), kinds), dtype, rank]

    def field(self, value: ast.expr, f: Field, t: Abstract, example: Any) -> None:
        """Whether a field of an instance has the type `t`."""
        if f.own:
            own = attribute(value, "__dict__")
            self.tests.append(compared(trees.Constant(f.name), ast.NotIn(), own))
        elif t == Const(MISSING):
            self.tests.append(trees.UnaryOp(ast.Not(), applied(self.object(hasattr), value, trees.Constant(f.name))))
        else:
            self.value(attribute(value, f.name), t, getattr(example, f.name))

    def shape(self, value: ast.expr, t: Array) -> None:
        """The rank of an array, and which of its axes have length 1."""
        assert t.shape is not None
        if not t.shape:
            self.tests.append(compared(attribute(value, "ndim"), ast.Eq(), trees.Constant(0)))
            return
        axes = self.unpacked(attribute(value, "shape"), len(t.shape))
        for axis, n in zip(axes, t.shape, strict=True):
            self.tests.append(compared(axis, ast.Eq() if is_unit(n) else ast.NotEq(), trees.Constant(1)))
            self.note(n, axis)

    # -- sizes -------------------------------------------------------------------------------------------------------

    def note(self, n: SizeLike | None, value: ast.expr) -> None:
        """Where the symbol that a size is, if it is one, is found."""
        if isinstance(n, Size):
            ((atom, _),) = n.terms
            self.sizes[atom[1]] = value  # type: ignore[index]

    def sizes_in(self, value: ast.expr, t: Abstract) -> None:
        """Where the symbols in a type are found."""
        if isinstance(t, Array):
            for k, n in enumerate(t.shape or ()):
                self.note(n, at(attribute(value, "shape"), k))
        elif isinstance(t, Scalar):
            self.note(t.size, value)
        elif isinstance(t, (Tuple, List)):
            for k, item in enumerate(t.items):
                self.sizes_in(at(value, k), item)
        elif isinstance(t, Record):
            for key, item in zip(t.keys, t.items, strict=True):
                self.sizes_in(attribute(value, str(key)), item)
        elif isinstance(t, Dict):
            for key, item in zip(t.keys, t.items, strict=True):
                self.sizes_in(trees.Subscript(value, self.object(key), ast.Load()), item)
        elif isinstance(t, Instance):
            for f, found in self.fields.get(t.path, ()):
                if not isinstance(found, Const):
                    self.sizes_in(attribute(value, f.name), found)

    def facts(self, facts: Iterable[Fact]) -> None:
        """The tests of what is relied on."""
        ops: dict[str, ast.cmpop] = {"==": ast.Eq(), "!=": ast.NotEq(), ">=": ast.GtE()}
        for fact in facts:
            self.tests.append(compared(self.size(fact.size), ops[fact.op], trees.Constant(fact.value)))

    def knows(self, s: SizeLike) -> bool:
        """Whether it is known where all symbols in a size are found."""
        atoms = [atom for atom, _ in s.terms] if isinstance(s, Size) else []
        return all(atom[1] in self.sizes if atom[0] == "symbol" else all(map(self.knows, atom[1:])) for atom in atoms)  # type: ignore[index]

    def size(self, s: SizeLike) -> ast.expr:
        """A size, worked out."""
        if isinstance(s, int):
            return trees.Constant(s)
        out: ast.expr | None = trees.Constant(s.const) if s.const else None
        for atom, c in s.terms:
            one = self.atom(atom)
            one = one if abs(c) == 1 else trees.BinOp(trees.Constant(abs(c)), ast.Mult(), one)
            if out is None:
                out = one if c > 0 else trees.UnaryOp(ast.USub(), one)
            else:
                out = trees.BinOp(out, ast.Add() if c > 0 else ast.Sub(), one)
        assert out is not None
        return out

    def atom(self, atom: Any) -> ast.expr:
        if atom[0] == "symbol":
            return self.sizes[atom[1]]
        parts = [self.size(p) if isinstance(p, (int, Size)) else trees.Constant(p) for p in atom[1:]]
        return applied(self.object(SIZE_FUNCTIONS[atom[0]]), *parts)

    # -- what lies outside of the function ---------------------------------------------------------------------------

    def access(self, data: Free | Dependency) -> ast.expr:
        """What the owner of `data` calls its name; a default is called "name (default)"."""
        owner, name = (data.owner if isinstance(data, Dependency) else data.function), data.name
        if data.attribute or not isinstance(owner, FunctionType):
            return attribute(self.object(owner), name)
        if name.endswith(" (default)"):
            where, key = place_of_default(owner, name.split(" ")[0])
            return at(attribute(self.object(owner), where), key)
        if name in owner.__code__.co_freevars and owner.__closure__ is not None:
            cell = owner.__closure__[owner.__code__.co_freevars.index(name)]
            return attribute(self.object(cell), "cell_contents")
        return at(self.object(owner.__globals__), name)

    def dependency(self, d: Dependency) -> None:
        """Whether a name still refers to the same object."""
        if d.is_attribute:
            found = attribute(self.object(d.owner), d.name)
            self.equal(found, d.expected) if d.is_made_anew else self.is_(found, d.expected)
            if d.name == "__kwdefaults__":  # a dict, which may be written into
                self.equal(applied(self.object(tuple), found), tuple(d.expected))
                for name, value in d.expected.items():
                    if is_known_in_code(value):
                        self.is_(at(found, name), value)
        elif d.name in d.owner.__globals__ or d.name in d.owner.__code__.co_freevars:
            self.is_(self.access(d), d.expected)
        else:  # it is found among the builtins
            self.tests.append(compared(trees.Constant(d.name), ast.NotIn(), self.object(d.owner.__globals__)))
