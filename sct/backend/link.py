"""Linking: one compiled derivative for each function that is made from the same code.

Takes a text, a guard and the objects that they name; gives both for another function of that code, with the objects that are
found from it by the same steps: its globals, its cells, the functions in these, and theirs. What can be found again is not
held, anything else only weakly: a derivative keeps nothing of a function alive.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from types import FunctionType
from typing import Any

from sct.backend import trees
from sct.backend.guard import Guard, is_known_in_code
from sct.backend.load import Loaded, load
from sct.backend.loops import Kernel
from sct.backend.overlap import Overlap
from sct.backend.python.emit import Text
from sct.backend.trees import applied, assigned, at, attribute, both, code_of, compared, function, parameters, read
from sct.frontend.resolve import MISSING, Dependency
from sct.ir.ops import Again, Derived, is_lasting
from sct.ir.records import record
from sct.ir.types import Const
from sct.registry.effects import has_effect, is_registered

__all__ = ["Compiled", "Found", "compiled"]


Found = tuple[tuple[Any, ...], tuple[Any, ...], FunctionType, tuple[Any, ...]]
"""What is found from a function: the functions from which others are found, this one first; the objects that the guard names;
the derivative; and what has the data that arguments are compared with."""


class Unlasting(Exception):
    """An object that cannot be found again, nor be held weakly."""


# -- the way to what is outside of a function ------------------------------------------------------------------------------


class Way:
    """How what a derivative relies on is found from the function that it is a derivative of: the parts of a function `find`.

    A function that is found must have the code of the one that was there when the derivative was made; what it finds in turn
    is looked at too. Anything else must be the same object; the guard says whether it is.
    """

    def __init__(self, root: Any, dependencies: Iterable[Dependency], strongly: bool) -> None:
        self.strongly = strongly
        self.functions: list[Any] = []
        self.numbers: dict[int, int] = {}  # of objects that live while this is made
        self.body: list[ast.stmt] = []
        self.others: list[ast.expr] = []
        self.held: dict[str, Any] = {}
        self.places: dict[int, ast.expr] = {}
        self.reach(root, [])
        waiting = list(dependencies)
        while waiting:
            reached = [d for d in waiting if id(d.owner) in self.numbers]
            if not reached:  # the rest is known by what it is
                reached = waiting[:1]
                own = self.next_is(self.reference(reached[0].owner))
                self.reach(reached[0].owner, [compared(own, ast.IsNot(), self.hold(MISSING))])
            for d in reached:
                self.follow(d)
            followed = set(reached)
            waiting = [d for d in waiting if d not in followed]

    def next_is(self, found: ast.expr) -> ast.expr:
        """The name of the next function that is found."""
        own = f"@f{len(self.functions)}"
        self.body.append(assigned(own, found))
        return read(own)

    def reach(self, found: Any, tests: list[ast.expr]) -> None:
        """Go on from an object that is found, if it passes the tests; how each object that it holds is found from it."""
        own = read(f"@f{len(self.functions)}")
        self.numbers[id(found)] = len(self.functions)
        self.functions.append(found)
        self.places.setdefault(id(found), own)
        if isinstance(found, FunctionType):
            if not is_lasting(found):
                code = self.hold(weakref.ref(found.__code__))
                tests.append(compared(attribute(own, "__code__"), ast.Is(), applied(code)))
                self.places.setdefault(id(found.__code__), attribute(own, "__code__"))
            for name in ("__globals__", "__defaults__", "__kwdefaults__"):
                self.places.setdefault(id(getattr(found, name)), attribute(own, name))
            for where in ("__closure__", "__defaults__"):
                for k, value in enumerate(getattr(found, where) or ()):
                    self.places.setdefault(id(value), at(attribute(own, where), k))
            for name, value in (found.__kwdefaults__ or {}).items():
                self.places.setdefault(id(value), at(attribute(own, "__kwdefaults__"), name))
        if tests:
            self.refuse_unless(tests)

    def refuse_unless(self, tests: Sequence[ast.expr]) -> None:
        self.body.append(trees.If(trees.UnaryOp(ast.Not(), both(tests)), [trees.Return(trees.Constant(None))], []))

    def number(self, reached: Any) -> ast.expr:
        return read(f"@f{self.numbers[id(reached)]}")

    def hold(self, value: Any) -> ast.expr:
        """The name of an object that `find` holds."""
        name = f"@{len(self.held)}"
        self.held[name] = value
        return read(name)

    def reference(self, value: Any) -> ast.expr:
        """How an object is found; it is `MISSING` where it is gone."""
        if id(value) in self.places and (type(value) is tuple or not is_lasting(value)):
            return self.places[id(value)]
        if self.strongly or value is MISSING or is_lasting(value):
            return self.hold(value)
        return applied(self.hold(_weakly(value)))

    def follow(self, d: Dependency) -> None:
        """A step to what is relied on."""
        expected, found = d.expected, self.look(d)
        if d.name in ("__defaults__", "__kwdefaults__") and isinstance(d.owner, FunctionType):
            self.refuse_unless([applied(self.hold(_same_defaults(expected, self.strongly)), found)])
        elif id(expected) in self.numbers:
            self.others.append(compared(found, ast.Is(), self.number(expected)))
        elif type(expected) is FunctionType and not is_lasting(expected) and not is_registered(expected):
            own = self.next_is(found)
            is_function = compared(applied(self.hold(type), own), ast.Is(), self.hold(FunctionType))
            self.reach(expected, [is_function, trees.UnaryOp(ast.Not(), applied(self.hold(has_effect), own))])
        elif d.is_made_anew:
            self.others.append(compared(found, ast.Eq(), self.reference(expected)))
        else:
            missing = self.hold(MISSING)
            self.others.append(trees.Compare(found, [ast.Is(), ast.IsNot()], [self.reference(expected), missing]))

    def look(self, d: Dependency) -> ast.expr:
        """How an owner has what a name refers to."""
        owner, name = self.number(d.owner), d.name
        if d.is_attribute:
            return applied(self.hold(getattr), owner, trees.Constant(name), self.hold(MISSING))
        code = d.owner.__code__
        if name in code.co_freevars and d.owner.__closure__ is not None:
            return attribute(at(attribute(owner, "__closure__"), code.co_freevars.index(name)), "cell_contents")
        absent = self.hold(getattr(builtins, name, MISSING))
        return applied(attribute(attribute(owner, "__globals__"), "get"), trees.Constant(name), absent)

    def finished(self, derivative: ast.expr, guarded: Sequence[Any], outside: Sequence[Any]) -> Callable[..., Found | None]:
        """A function of another function of the same code that finds all this from it; None where something else is there.

            def find(@f0, @derived=None):
                try:
                    if not (@f0.__code__ is @0()):
                        return None
                    @f1 = @f0.__globals__.get("helper", @1)
                    ...
                    if @derived is None:
                        return (@f0, @f1) if ... else None
                except ValueError:
                    return None
                @names = @3.copy()
                @names["helper"] = @f1
                ...
                return (@f0, @f1), ...

        Without the derived function that asks, the functions alone, and None where anything else is there that was relied on.
        """
        functions = trees.Tuple([read(f"@f{k}") for k in range(len(self.functions))], ast.Load())
        others = trees.IfExp(both(self.others), functions, trees.Constant(None)) if self.others else functions
        alone = compared(read("@derived"), ast.Is(), trees.Constant(None))
        steps = [*self.body[: self.steps], trees.If(alone, [trees.Return(others)], [])]
        unbound = trees.ExceptHandler(
            self.hold(ValueError), None, [trees.Return(trees.Constant(None))]
        )  # a cell that is empty yet
        parts = functions, self.several(guarded), derivative, self.several(outside)
        body = [
            trees.Try(steps, [unbound], [], []),
            *self.body[self.steps :],
            trees.Return(trees.Tuple(list(parts), ast.Load())),
        ]
        find = code_of(function("find", parameters(("@f0", "@derived")), body), "<sct link>")
        return FunctionType(find, self.held, "find", (None,))

    def derivative(self, loaded: Loaded, bound: dict[str, Any], given: Sequence[inspect.Parameter]) -> ast.expr:
        """The derivative, where `bound` are the objects that the text names, and `given` the parameters that have defaults."""
        self.steps = len(self.body)
        *others, code = loaded.functions
        defaults = [p.default for p in given if p.kind is not p.KEYWORD_ONLY]
        keyword_defaults = {p.name: p.default for p in given if p.kind is p.KEYWORD_ONLY}
        if not bound and not others and all(is_lasting(p.default) for p in given):
            made = FunctionType(code, dict(loaded.imported), None, tuple(defaults))
            made.__kwdefaults__ = keyword_defaults
            return self.hold(made)
        make, names, run = self.hold(FunctionType), read("@names"), read("@run")
        values = {name: self.bound(value) for name, value in bound.items()}
        values |= {other.co_name: applied(make, self.hold(other), names) for other in others}
        self.body.append(assigned("@names", applied(attribute(self.hold(loaded.imported), "copy"))))
        for name, value in values.items():
            self.body.append(trees.Assign([trees.Subscript(names, trees.Constant(name), ast.Store())], value))
        self.body.append(assigned("@run", applied(make, self.hold(code), names, trees.Constant(None), self.several(defaults))))
        if keyword_defaults:
            found = trees.Dict([*map(trees.Constant, keyword_defaults)], [*map(self.reference, keyword_defaults.values())])
            self.body.append(trees.Assign([trees.Attribute(run, "__kwdefaults__", ast.Store())], found))
        return run

    def bound(self, value: Any) -> ast.expr:
        """What a text names: an object, or what runs a function that is found again, or a derivative of it."""
        around: tuple[Again | Derived, ...] = ()
        while isinstance(value, (Again, Derived)):
            around, value = (replace(value, function=_anything), *around), value.function
        found = self.reference(value)
        return applied(attribute(read("@derived"), "called"), self.hold(around), found) if around else found

    def several(self, values: Sequence[Any]) -> ast.expr:
        return trees.Tuple([self.reference(v) for v in values], ast.Load())


def _anything() -> None:
    """Stands in an operation for the function that is found when it is linked."""


def _weakly(value: Any) -> Callable[[], Any]:
    """What gives `value` for as long as it lives, and then `MISSING`."""
    try:
        ref = weakref.ref(value)
    except TypeError:
        raise Unlasting from None

    def found() -> Any:
        value = ref()
        return MISSING if value is None else value

    return found


def _same(value: Any) -> Any:
    return value


def _same_defaults(expected: Any, strongly: bool) -> Callable[[Any], bool]:
    """Whether the defaults that the compiler knew are the same; data is read at each call."""
    keys = tuple(expected) if isinstance(expected, dict) else range(len(expected))
    kind = type(expected)
    known = {
        k: partial(_same, expected[k]) if strongly or is_lasting(expected[k]) else _weakly(expected[k])
        for k in keys
        if is_known_in_code(expected[k])
    }

    def same(found: Any) -> bool:
        if type(found) is not kind or len(found) != len(keys):
            return False
        return (kind is tuple or all(k in found for k in keys)) and all(
            Const(found[k]) == Const(value()) for k, value in known.items()
        )

    return same


# -- what is linked ----------------------------------------------------------------------------------------------------------


@record(frozen=True, eq=False)
class Compiled:
    """A derivative for arguments of some types, of any function of one code.

    `lasting`: it holds nothing of the function that it was made for. `types` is the hash of the arguments' types. `kernels`
    are compiled by Numba. `find` finds what is needed from another function.
    """

    text: Text
    guard: Guard
    sizes_fit: tuple[Guard | None, bool]
    overlap: Overlap | None
    lasting: bool
    types: int
    kernels: tuple[Kernel, ...]
    find: Callable[..., Found | None]

    def holds(self, functions: tuple[Any, ...]) -> bool:
        """Whether all is still there that was found with these functions."""
        again: Any = self.find(functions[0])
        return again is not None and all(a is b for a, b in zip(again, functions, strict=True))

    def overlaps(self, owners: tuple[Any, ...], signature: inspect.Signature) -> Callable[[Sequence[Any]], None]:
        """The check of arguments that are written into; `signature` has the defaults of the function."""
        overlap = self.overlap
        assert overlap is not None
        outside = [replace(f, function=owner) for f, owner in zip(overlap.outside, owners, strict=True)]
        defaults = [p.default for p in signature.parameters.values()]
        return lambda args: overlap.check(args, outside, defaults)


def compiled(
    root: Any,
    dependencies: Sequence[Dependency],
    text: Text,
    signature: inspect.Signature,
    guard: Guard,
    sizes_fit: tuple[Guard | None, bool],
    overlap: Overlap | None,
    types: int,
    kernels: tuple[Kernel, ...] = (),
    file: str | None = None,
) -> Compiled:
    """What is needed to use a derivative for other functions of the code of `root`.

    Parameters
    ----------
    root : callable
        The function that it is a derivative of.
    dependencies : sequence of Dependency
        What was relied on when it was made.
    text : Text
        The derivative.
    signature : Signature
        That of the text's function, with the objects that are its defaults.
    guard, sizes_fit, overlap : Guard, (Guard or None, bool), Overlap or None
        What is looked at before it is called; `sizes_fit` is of sizes, and says whether those of data from outside matter.
    types : int
        The hash of the arguments' types.
    kernels : tuple of Kernel
        The functions of the text that Numba compiles.
    file : str or None
        Where the text lies, beside which Numba keeps what it compiles; None: nowhere.
    """
    loaded = load(text, kernels, file)
    asked = root, dependencies, text, loaded, signature, guard, sizes_fit, overlap, types, kernels
    try:
        return _compiled(*asked, strongly=False)
    except Unlasting:
        return _compiled(*asked, strongly=True)


def _compiled(
    root: Any,
    dependencies: Sequence[Dependency],
    text: Text,
    loaded: Loaded,
    signature: inspect.Signature,
    guard: Guard,
    sizes_fit: tuple[Guard | None, bool],
    overlap: Overlap | None,
    types: int,
    kernels: tuple[Kernel, ...],
    strongly: bool,
) -> Compiled:
    way = Way(root, dependencies, strongly)
    bound = {name: value for name, value in text.bound.items() if name in loaded.names}
    given = [p for p in signature.parameters.values() if p.default is not p.empty]
    outside = overlap.outside if overlap is not None else ()
    parts = (
        (sizes_fit[0].objects if sizes_fit[0] is not None else ()),
        (w.path for _, _, w in overlap.targets) if overlap else (),
    )
    if not strongly and not all(is_lasting(o) for part in parts for o in part):
        raise Unlasting
    return Compiled(
        replace(text, bound={}),
        replace(guard, objects=()),
        sizes_fit,
        None if overlap is None else replace(overlap, outside=tuple(replace(f, function=_anything) for f in outside)),
        not strongly,
        types,
        kernels,
        way.finished(way.derivative(loaded, bound, given), guard.objects, [f.function for f in outside]),
    )
