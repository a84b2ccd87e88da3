"""Linking: one compiled derivative for each function that is made from the same code.

Takes a text, a guard and the objects that they name; gives both for another function of that code, with the objects that are
found from it by the same steps: its globals, its cells, the functions in these, and theirs. What can be found again is not
held, anything else only weakly: a derivative keeps nothing of a function alive.
"""

from __future__ import annotations

import builtins
import inspect
import operator
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from sct.analysis.signature import abstract
from sct.codegen.emit import Text
from sct.codegen.guard import Guard
from sct.codegen.load import Loaded, load
from sct.codegen.overlap import Overlap
from sct.frontend.resolve import MISSING, Dependency
from sct.ir.ops import Again, Derived, Free, is_lasting
from sct.ir.types import Const
from sct.ruleset import is_registered

__all__ = ["Compiled", "Found", "compiled"]

Found = list[Any]
"""The objects at the end of each step of a way, the function that it starts from first."""

_Look = Callable[[Any], Any]
_Reference = Callable[[Found], Any]


class Unlasting(Exception):
    """An object that cannot be found again, nor be held weakly."""


def held(value: Any, strongly: bool = False) -> Callable[..., Any]:
    """A function, of anything, that gives `value` for as long as it lives, and then `MISSING`."""
    if strongly or is_lasting(value):
        return lambda objects=None: value
    try:
        ref = weakref.ref(value)
    except TypeError:
        raise Unlasting from None

    def found(objects: Any = None) -> Any:
        value = ref()
        return MISSING if value is None else value

    return found


# -- the way to what is outside of a function ------------------------------------------------------------------------------


_Fits = Callable[[Any, Found], bool]
_Step = tuple[int, _Look, _Fits]
"""The number of an object, how something is found from it, and whether that will do, given all that was found before."""


class Way:
    """How what a derivative relies on is found from the function that it is a derivative of.

    A function that is found must have the code of the one that was there when the derivative was made; what it finds in turn
    is looked at too. Anything else must be the same object; the guard says whether it is.
    """

    def __init__(self, root: Any, dependencies: Iterable[Dependency], strongly: bool) -> None:
        self.strongly = strongly
        self.numbers: dict[int, int] = {id(root): 0}  # of objects that live while this is made
        self.start: Found = [root]
        self.steps: list[tuple[int, _Look, _Fits, bool]] = []
        self.others: list[_Step] = []
        waiting = list(dependencies)
        while waiting:
            reached = [d for d in waiting if id(d.owner) in self.numbers]
            if not reached:  # the rest is known by what it is
                reached = waiting[:1]
                self.lead_to(reached[0].owner, 0, self.held(reached[0].owner), _exists)
            for d in reached:
                self.follow(d)
            waiting = [d for d in waiting if d not in reached]
        self.places = self.every_place()
        self.start, self.numbers = [], {}

    def held(self, value: Any) -> Callable[..., Any]:
        return held(value, self.strongly)

    def lead_to(self, found: Any, owner: int, look: _Look, fits: _Fits) -> None:
        """A step to an object from which others are found."""
        self.steps.append((owner, look, fits, True))
        self.numbers[id(found)] = len(self.start)
        self.start.append(found)

    def follow(self, d: Dependency) -> None:
        """A step to what is relied on."""
        owner, look, expected = self.numbers[id(d.owner)], _look(d), d.expected
        if d.name in ("__defaults__", "__kwdefaults__") and isinstance(d.owner, FunctionType):
            self.steps.append((owner, look, _same_defaults(expected, self.held), False))
        elif id(expected) in self.numbers:
            number = self.numbers[id(expected)]
            self.others.append((owner, look, lambda found, objects: found is objects[number]))
        elif type(expected) is FunctionType and not is_lasting(expected) and not is_registered(expected):
            self.lead_to(expected, owner, look, _has_code(weakref.ref(expected.__code__)))
        else:
            self.others.append((owner, look, _is(self.held(expected), d.is_made_anew)))

    def walk(self, root: Any) -> Found | None:
        """What is found from another function of the same code; None where something else stands in its place."""
        objects = [root]
        for owner, look, fits, leads_on in self.steps:
            found = look(objects[owner])
            if not fits(found, objects):
                return None
            if leads_on:
                objects.append(found)
        return objects

    def holds(self, root: Any, objects: Found) -> bool:
        """Whether all is still found that was found from `root`."""
        found = self.walk(root)
        if found is None or any(a is not b for a, b in zip(found, objects, strict=True)):
            return False
        return all(fits(look(objects[owner]), objects) for owner, look, fits in self.others)

    def every_place(self) -> dict[int, _Reference]:
        """How each object that a found function holds is found from it, by identity."""
        places: dict[int, _Reference] = {}
        for k, o in enumerate(self.start):
            places.setdefault(id(o), operator.itemgetter(k))
            if isinstance(o, FunctionType):
                for name in ("__globals__", "__defaults__", "__kwdefaults__"):
                    places.setdefault(id(getattr(o, name)), _part(k, name))
                for n, cell in enumerate(o.__closure__ or ()):
                    places.setdefault(id(cell), _part(k, "__closure__", n))
                for n, value in enumerate(o.__defaults__ or ()):
                    places.setdefault(id(value), _part(k, "__defaults__", n))
                for name, value in (o.__kwdefaults__ or {}).items():
                    places.setdefault(id(value), _part(k, "__kwdefaults__", name))
        return places

    def reference(self, value: Any) -> _Reference:
        """How an object is found, given what the way leads to."""
        if id(value) in self.places and (type(value) is tuple or not is_lasting(value)):
            return self.places[id(value)]
        return self.held(value)

    def references(self, values: Sequence[Any]) -> _Several:
        """How several objects are found."""
        lasting = [is_lasting(v) and not (type(v) is tuple and id(v) in self.places) for v in values]
        fixed = tuple(v if last else None for v, last in zip(values, lasting, strict=True))
        varying = ((k, self.reference(v)) for k, (v, last) in enumerate(zip(values, lasting, strict=True)) if not last)
        return _Several(fixed, tuple(varying))


@dataclass(frozen=True, slots=True)
class _Several:
    """Several objects: those that stay, and how the others are found."""

    fixed: tuple[Any, ...]
    varying: tuple[tuple[int, _Reference], ...]

    def found(self, objects: Found) -> tuple[Any, ...]:
        if not self.varying:
            return self.fixed
        values = list(self.fixed)
        for k, find in self.varying:
            values[k] = find(objects)
        return tuple(values)


def _part(k: int, name: str, key: Any = MISSING) -> _Reference:
    """An attribute of the object of number `k`, or an item of that."""
    if key is MISSING:
        return lambda objects: getattr(objects[k], name)
    return lambda objects: getattr(objects[k], name)[key]


def _exists(found: Any, objects: Found) -> bool:
    return found is not MISSING


def _is(expected: Callable[[], Any], made_anew: bool) -> _Fits:
    if made_anew:
        return lambda found, objects: found == expected()
    return lambda found, objects: found is expected() and found is not MISSING


def _has_code(code: Callable[[], Any]) -> _Fits:
    return lambda found, objects: type(found) is FunctionType and found.__code__ is code() and not is_registered(found)


def _same_defaults(expected: Any, hold: Callable[[Any], Callable[[], Any]]) -> _Fits:
    """Whether the defaults that the compiler knew are the same; data is read at each call."""
    keys = tuple(expected) if isinstance(expected, dict) else range(len(expected))
    kind, kinds = type(expected), [abstract(expected[k]) for k in keys]
    known = {
        k: hold(expected[k])
        for k, t in zip(keys, kinds, strict=True)
        if isinstance(t, Const) or type(expected[k]) in (int, float, complex, tuple)
    }

    def same(found: Any, objects: Found) -> bool:
        if type(found) is not kind or len(found) != len(keys):
            return False
        return (kind is tuple or all(k in found for k in keys)) and all(
            Const(found[k]) == Const(value()) for k, value in known.items()
        )

    return same


def _look(d: Dependency) -> _Look:
    """How an owner has what a name refers to."""
    name = d.name
    if d.is_attribute:
        return lambda owner: getattr(owner, name, MISSING)
    code = d.owner.__code__
    if name in code.co_freevars and d.owner.__closure__ is not None:
        k = code.co_freevars.index(name)
        return lambda owner: owner.__closure__[k].cell_contents
    absent = getattr(builtins, name, MISSING)
    return lambda owner: owner.__globals__.get(name, absent)


# -- what is linked ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Compiled:
    """A derivative for arguments of some types, of any function of one code.

    `lasting`: it holds nothing of the function that it was made for. `bound`, `guarded` and the like say how the objects are
    found that the text, the guard and the checks name. `plain` is the derivative, where it names nothing of that kind.
    """

    text: Text
    loaded: Loaded
    guard: Guard
    long_enough: Guard | None
    overlap: Overlap | None
    lasting: bool
    way: Way
    bound: tuple[tuple[str, tuple[Again | Derived, ...], _Reference], ...]
    defaults: _Several
    keyword_defaults: tuple[tuple[str, _Reference], ...]
    guarded: _Several
    outside: tuple[tuple[_Reference, str, bool], ...]
    plain: FunctionType | None

    def matches(self, root: Any, objects: Found) -> Callable[[tuple[Any, ...]], bool]:
        """The guard, of the objects that are found from `root`."""
        names = root.__globals__ if type(root) is FunctionType else _NO_NAMES
        return FunctionType(self.guard.code, names, "guard", self.guarded.found(objects))

    def function(self, objects: Found, called: Callable[[Any], Any]) -> FunctionType:
        """The derivative, of the objects that were found; `called` gives what a vjp in it is, or a function that runs again."""
        if self.plain is not None:
            return self.plain
        bound: dict[str, Any] = {}
        for name, around, find in self.bound:
            bound[name] = value = find(objects)
            if around:
                for op in around:
                    value = replace(op, function=value)
                bound[name] = called(value)
        keyword = {name: find(objects) for name, find in self.keyword_defaults} if self.keyword_defaults else None
        return self.loaded.function(bound, self.defaults.found(objects) or None, keyword)

    def overlaps(self, objects: Found, signature: inspect.Signature) -> Callable[[Sequence[Any]], None]:
        """The check of arguments that are written into; `signature` has the defaults of the function."""
        overlap = self.overlap
        assert overlap is not None
        outside = [Free(find(objects), name, attribute) for find, name, attribute in self.outside]
        defaults = [p.default for p in signature.parameters.values()]
        return lambda args: overlap.check(args, outside, defaults)


_NO_NAMES: dict[str, Any] = {}


def _anything() -> None:
    """Stands in an operation for the function that is found when it is linked."""


def compiled(
    root: Any,
    dependencies: Sequence[Dependency],
    text: Text,
    signature: inspect.Signature,
    guard: Guard,
    long_enough: Guard | None,
    overlap: Overlap | None,
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
    guard, long_enough, overlap : Guard, Guard or None, Overlap or None
        What is looked at before it is called.
    """
    loaded = load(text)
    try:
        return _compiled(root, dependencies, text, loaded, signature, guard, long_enough, overlap, strongly=False)
    except Unlasting:
        return _compiled(root, dependencies, text, loaded, signature, guard, long_enough, overlap, strongly=True)


def _compiled(
    root: Any,
    dependencies: Sequence[Dependency],
    text: Text,
    loaded: Loaded,
    signature: inspect.Signature,
    guard: Guard,
    long_enough: Guard | None,
    overlap: Overlap | None,
    strongly: bool,
) -> Compiled:
    way = Way(root, dependencies, strongly)
    bound = []
    for name, value in text.bound.items():
        if name in loaded.names:
            around: tuple[Again | Derived, ...] = ()
            while isinstance(value, (Again, Derived)):
                around, value = (replace(value, function=_anything), *around), value.function
            bound.append((name, around, way.reference(value)))
    given = [p for p in signature.parameters.values() if p.default is not p.empty]
    parts = (long_enough.objects if long_enough is not None else ()), (w.path for _, _, w in overlap.targets) if overlap else ()
    defaults = way.references([p.default for p in given if p.kind is not p.KEYWORD_ONLY])
    plain = not bound and not defaults.varying and len(defaults.fixed) == len(given)
    if not strongly and not all(is_lasting(o) for part in parts for o in part):
        raise Unlasting
    return Compiled(
        replace(text, bound={}),
        loaded,
        replace(guard, objects=()),
        long_enough,
        None if overlap is None else replace(overlap, outside=()),
        not strongly,
        way,
        tuple(bound),
        defaults,
        tuple((p.name, way.reference(p.default)) for p in given if p.kind is p.KEYWORD_ONLY),
        way.references(guard.objects),
        tuple((way.reference(f.function), f.name, f.attribute) for f in (overlap.outside if overlap is not None else ())),
        loaded.function({}, defaults.fixed or None, {}) if plain else None,
    )
