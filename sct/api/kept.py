"""Derivatives that are kept from one process to the next.

Takes a derived function with the types of its arguments; gives its text, with what that relies on, as another process wrote it,
if all that the compiler looked at there is the same here. What it looked at is found again step by step, as it was found: from
the function, its globals and cells, its arguments and their fields. What cannot be told from another thing is not kept. Holds
no code but text, and no data.
"""

from __future__ import annotations

import functools
import glob
import hashlib
import inspect
import json
import logging
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from types import FunctionType
from typing import Any

import numpy as np

from sct.analysis.switches import left_out
from sct.api import folder
from sct.api.cache import Made
from sct.backend.guard import is_known_in_code
from sct.backend.identity import Identities, UnkeyedError, hashed, is_plain, parts_of
from sct.backend.jit import numba_for
from sct.backend.loops import Kernel, Unlooped
from sct.backend.python.emit import Text
from sct.errors import Place
from sct.frontend.resolve import MISSING, Dependency, free_value, look_up
from sct.infer.signature import abstract, example_of
from sct.ir.naming import Names, resolved
from sct.ir.ops import Again, Derived, Field, Free, Steps, StepsBack, Unused, package_of
from sct.ir.scanner import Scanner
from sct.ir.ssa import Apply, Function, blocks_in
from sct.ir.type_text import Reader, parse_type, text_of
from sct.ir.types import Abstract, Fact, Instance, Size
from sct.registry.changes import all_are_own
from sct.registry.others import libraries, meet
from sct.registry.rules import AdjointRule
from sct.specialize.specializer import Written

__all__ = ["Store", "file_of"]

_log = logging.getLogger("sct.cache")


class _OtherError(Exception):
    """Something is not as it was."""


# -- what is the same for all -------------------------------------------------------------------------------------------------


@functools.cache
def _versions() -> str:
    """What is known of sct, its rules, Python and NumPy: of sct and the rules every line counts."""
    texts = hashlib.sha256()
    for top in _folders():
        files = sorted(glob.iglob("**/*.py", root_dir=top, recursive=True))
        if not files:
            raise UnkeyedError(f"what is in {top}, where there is no source")
        for file in files:
            with open(os.path.join(top, file), "rb") as stream:
                text = stream.read()
            texts.update(f"{file} {len(text)}\n".encode())
            texts.update(text)
    python = sys.implementation.cache_tag, sys.hexversion, sys.platform, platform.machine(), sys.maxsize, sys.byteorder
    return hashed(texts.hexdigest(), python, np.__version__)


def _numba(jit: Any) -> str:
    """What is known of what compiles a derivative."""
    return "" if jit is None else str(numba_for("jit='numba'").__version__)


def file_of(made: Made) -> str | None:
    """The file of a text with kernels, beside which Numba keeps what it compiles; None if there is none.

    Numba asks for no more than the text and its age, so its name tells all else that counts.
    """
    try:
        key = hashed(_versions(), _numba(made.kernels), made.kernels, made.text.source)
    except UnkeyedError:
        return None
    return folder.module(key, made.text.name, made.text.source)


def _folders() -> Iterator[str]:
    yield os.path.dirname(os.path.dirname(__file__))
    yield from sys.modules["sct.rules"].__path__


# -- what was looked at, step by step -----------------------------------------------------------------------------------------


class _Walk:
    """What a derivative relies on, in the order in which one thing is found from another.

    Each step is recorded as what must be found there: a digest, or the text of a type. The objects that are found get numbers.
    """

    def __init__(self, root: Any, types: Sequence[Abstract]) -> None:
        self.identities = Identities()
        self.names = Names()
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.add(root)
        self.types = tuple(text_of(t, self.names) for t in types)
        self.of_types = self.named()

    def add(self, value: Any) -> Any:
        """Number an object, and those that it is made of; their numbers, which tell what is one object, and what are two."""
        if is_plain(value):
            return None
        if id(value) in self.numbers:
            return self.numbers[id(value)]
        number = self.numbers[id(value)] = len(self.objects)
        self.objects.append(value)
        return number, *map(self.add, parts_of(value))

    def seen(self, value: Any) -> Any:
        """What an object that is found must be elsewhere: of this digest, and the same one as where it was found before."""
        return self.identities.of(value), self.add(value)

    def named(self) -> list[Any]:
        """What the objects are that the texts of types name."""
        return [self.seen(o) for o in self.names.objects.values()]

    # -- names -------------------------------------------------------------------------------------------------------

    def dependency(self, owner: Any, name: str, attribute: bool) -> tuple[Dependency, str]:
        """What a name refers to here, and its digest."""
        d = Dependency(owner, name, None, attribute)
        expected = getattr(owner, name, MISSING) if d.is_attribute else look_up(owner, name)
        meet(expected)
        if name in ("__defaults__", "__kwdefaults__") and isinstance(owner, FunctionType):
            return replace(d, expected=expected), self.defaults(expected)
        return replace(d, expected=expected), hashed(self.seen(expected))

    def defaults(self, found: Any) -> str:
        """The defaults of a function: those that the code may have as its own, and of what kind the others are."""
        items = list(found.items()) if isinstance(found, dict) else list(enumerate(found or ()))
        return hashed(type(found), [(k, self.seen(v) if is_known_in_code(v) else "data") for k, v in items])

    # -- data --------------------------------------------------------------------------------------------------------

    def data(self, op: Free | Field) -> tuple[Abstract, str]:
        """The type of data, as it is now, and its text."""
        if isinstance(op, Free):
            t = abstract(free_value(op), op.path)
        else:
            example = example_of(Instance(object, op.path))
            if example is MISSING:
                raise _OtherError(f"the object of {op.name}")
            if op.own and op.name in vars(example):
                raise _OtherError(f"the object of {op.name}")
            t = abstract(MISSING if op.own else getattr(example, op.name, MISSING), f"{op.path}.{op.name}")
        return t, self.canonical(text_of(t, self.names)) + hashed(self.named())

    def canonical(self, text: str) -> str:
        """A text in which the identities of objects are their numbers."""

        def number(m: re.Match[str]) -> str:
            if int(m[1]) not in self.numbers:
                raise UnkeyedError(f"{text}, an object of which nothing is known")
            return f"@{self.numbers[int(m[1])]}:"

        return _IDENTITY.sub(number, text)

    def live(self, text: str) -> str:
        """A text with the identities that the objects have here."""
        return _IDENTITY.sub(lambda m: f"@{id(self.objects[int(m[1])])}:", text)

    # -- what a text names -------------------------------------------------------------------------------------------

    def reference(self, value: Any) -> Any:
        """How an object is found again: by its number, its name in a library, or as a constant."""
        if id(value) in self.numbers:
            return {"number": self.numbers[id(value)]}
        if type(value) in (bool, int, str, type(None)):
            return {"value": value}
        name = Names().of(value)
        if name.startswith("@"):
            raise UnkeyedError(f"{value!r:.60}, which the text names")
        return {"name": name, "is": self.identities.of(value)}

    def referred(self, how: Any) -> Any:
        """The object that is found so."""
        if "number" in how:
            return self.objects[how["number"]]
        if "value" in how:
            return how["value"]
        found = resolved(how["name"], {})
        if self.identities.of(found) != how["is"]:
            raise _OtherError(how["name"])
        return found


_IDENTITY = re.compile(r"@(\d+):")


# -- entries ------------------------------------------------------------------------------------------------------------------


class Store:
    """What is kept of one derived function, for arguments of some types.

    Parameters
    ----------
    derived : DerivedFunction
        The function.
    types : tuple of Abstract
        The types of the arguments of the function that is differentiated in the end. What these are made of must be looked up
        meanwhile: see `sct.infer.signature.examples`.
    at_call : bool
        Whether sizes at the call may be relied on.
    """

    def __init__(self, derived: Any, types: tuple[Abstract, ...], at_call: bool) -> None:
        self.derived = derived
        self.given = types
        self.at_call = at_call
        self.key = self.known_by()

    def known_by(self) -> str:
        """The key; empty if nothing is kept."""
        d = self.derived
        root, given = d._root, d._callee
        layout = [(n, str(p.kind)) for n, p in d._inner.parameters.items()]
        asked = d._transform, d.mode, d.wrt, d.single, d.options.key, len(d._first), tuple(given.keywords), d._added
        try:
            if not all_are_own() or not isinstance(root, FunctionType):
                raise UnkeyedError("what sct has rules for, and its user others" if callable(root) else "no function")
            walk = self.walk()
            of = [walk.identities.of(f) for f in (root, given.function)]
            return hashed(
                _versions(),
                _numba(d.options.jit),
                libraries(),
                of,
                layout,
                asked,
                walk.types,
                walk.of_types,
                self.at_call,
                sorted(left_out()),
            )
        except Exception as e:  # noqa: BLE001  (whatever objects of the user's raise when they are looked at)
            self.say("is not kept: it depends on %s", _said(e))
            return ""

    def say(self, what: str, *args: Any) -> None:
        _log.debug(f"%r {what}", self.derived, *args)

    def walk(self) -> _Walk:
        made = _Walk(self.derived._root, self.given)
        made.add(self.derived._callee.function)
        return made

    # -- to text -----------------------------------------------------------------------------------------------------

    def keep(self, made: Made, function: Function, read: Iterable[Any]) -> None:
        """Keep a derivative that was made here; `function` is its SSA form, `read` what it is made of."""
        if not self.key:
            return
        try:
            if _leaves_calls(function):
                raise UnkeyedError("a call of a function that is not followed")
            entry = json.dumps(self.entry(made, read), indent=0, default=_refuse)
        except Exception as e:  # noqa: BLE001  (whatever objects of the user's raise when they are looked at)
            self.say("is not kept: it depends on %s", _said(e))
            return
        folder.keep(self.key, entry)
        self.say("is kept")

    def entry(self, made: Made, read: Iterable[Any]) -> dict[str, Any]:
        walk = self.walk()
        steps = list(self.steps(walk, made))
        for one in read:
            function = one.function if isinstance(one, AdjointRule) else one
            if package_of(function) != "sct" and id(function) not in walk.numbers:
                raise UnkeyedError(f"{function!r:.60}, which is not found from the function")
        text = made.text
        return {
            "of": f"{self.derived!r}",
            "steps": steps,
            "facts": [(walk.canonical(_size_text(f)), f.op, f.value) for f in made.facts],
            "written": [([_key(walk, k) for k in w.path], _place(w.place), w.bound) for w in made.written],
            "places": self.places(walk) if made.written else [],
            "signature": [self.parameter(walk, p) for p in made.signature.parameters.values()],
            "imports": text.imports,
            "name": text.name,
            "bound": {n: _bound(walk, v) for n, v in text.bound.items() if re.search(rf"\b{re.escape(n)}\b", text.body)},
            "body": text.body.split("\n"),
            "kernels": [
                [k.name, k.fastmath, k.parallel, k.checked, k.apart, [(n, _place(p)) for n, p in k.lines]] for k in made.kernels
            ],
            "left": made.left and [_place(made.left.place), made.left.statement, made.left.why],
        }

    def steps(self, walk: _Walk, made: Made) -> Iterator[Any]:
        """What is found, each from what was found before; the numbers say in which order it was met."""
        waiting: list[tuple[int, Dependency | Free | Field]] = [*enumerate(made.dependencies)]
        waiting += enumerate(f for f, _ in made.free)
        types = dict(made.free)
        while waiting:
            reached = [item for item in waiting if _is_reached(walk, item[1])]
            if not reached:
                raise UnkeyedError(f"{waiting[0][1].name}, which is not found from the function")
            for n, one in reached:
                if isinstance(one, Dependency):
                    found, digest = walk.dependency(one.owner, one.name, one.attribute)
                    if found.expected is not one.expected and not (one.is_made_anew and found.expected == one.expected):
                        raise UnkeyedError(f"{one.name}, which is another one now")
                    yield "name", n, walk.numbers[id(one.owner)], one.name, one.attribute, digest
                    continue
                t, text = walk.data(one)
                if t != types[one]:
                    raise UnkeyedError(f"{one.name}, which is of another type now")
                if isinstance(one, Free):
                    yield "data", n, walk.numbers[id(one.function)], one.name, one.attribute, text
                else:
                    yield "field", n, walk.canonical(one.path), one.name, one.own, text
            done = set(map(id, (one for _, one in reached)))
            waiting = [item for item in waiting if id(item[1]) not in done]

    def places(self, walk: _Walk) -> list[Any]:
        """Where the functions stand, which messages tell."""
        found = [f.__code__ for f in walk.objects if isinstance(f, FunctionType)]
        return [[code.co_filename, code.co_firstlineno] for code in found]

    def parameter(self, walk: _Walk, p: inspect.Parameter) -> Any:
        if p.default is p.empty:
            return p.name, int(p.kind), None
        own = self.derived._inner.parameters.get(p.name)
        own_default = own is not None and own.default is p.default
        return p.name, int(p.kind), {"own": p.name} if own_default else walk.reference(p.default)

    # -- from text ---------------------------------------------------------------------------------------------------

    def found(self) -> Made | None:
        """The derivative as it is kept, if what it relies on is the same."""
        for text in folder.kept(self.key) if self.key else ():
            try:
                made = self.read(json.loads(text))
            except Exception as e:  # noqa: BLE001  (as above)
                self.say("is not as it was: %s", _said(e))
            else:
                self.say("is found")
                return made
        return None

    def read(self, entry: Any) -> Made:
        walk = self.walk()
        dependencies: dict[int, Dependency] = {}
        free: dict[int, tuple[Free | Field, Abstract]] = {}
        for kind, n, where, name, flag, expected in entry["steps"]:
            if kind == "name":
                dependencies[n], digest = walk.dependency(walk.objects[where], name, flag)
            else:
                op = Free(walk.objects[where], name, flag) if kind == "data" else Field(walk.live(where), name, flag)
                t, digest = walk.data(op)
                free[n] = op, t
            if digest != expected:
                raise _OtherError(name)
        facts = tuple(Fact(_size(walk.live(size)), op, value) for size, op, value in entry["facts"])
        if not all(fact.holds() for fact in facts):
            raise _OtherError("the sizes")
        if entry["places"] and self.places(walk) != entry["places"]:
            raise _OtherError("the lines")
        bound = {name: _unbound(walk, value) for name, value in entry["bound"].items()}
        text = Text(tuple(entry["imports"]), "\n".join(entry["body"]), entry["name"], bound)
        return Made(
            text,
            inspect.Signature([self.parameter_of(walk, *p) for p in entry["signature"]]),
            tuple(dependencies[n] for n in range(len(dependencies))),
            tuple(free[n] for n in range(len(free))),
            tuple(_written(walk, *one) for one in entry["written"]),
            facts,
            tuple(_kernel(*one) for one in entry["kernels"]),
            entry["left"] and Unlooped(entry["left"][2], _place_of(entry["left"][0]), entry["left"][1]),
        )

    def parameter_of(self, walk: _Walk, name: str, kind: int, default: Any) -> inspect.Parameter:
        found: Any = inspect.Parameter.empty
        if default is not None:
            found = self.derived._inner.parameters[default["own"]].default if "own" in default else walk.referred(default)
        return inspect.Parameter(name, inspect._ParameterKind(kind), default=found)


def _leaves_calls(f: Function) -> bool:
    """Whether functions are called as they stand, of which the compiler has looked at all that they may come to."""
    ops = [s.op for b in blocks_in(f.block) for s in b.body if isinstance(s, Apply)]
    steps = [g for op in ops if isinstance(op, (Steps, StepsBack)) for g in (op.step, getattr(op, "derivative", None)) if g]
    return any(isinstance(op, Unused) for op in ops) or any(map(_leaves_calls, steps))


def _is_reached(walk: _Walk, one: Dependency | Free | Field) -> bool:
    if isinstance(one, Field):
        return example_of(Instance(object, one.path)) is not MISSING
    return id(one.owner if isinstance(one, Dependency) else one.function) in walk.numbers


def _said(e: Exception) -> str:
    return str(e) if isinstance(e, (UnkeyedError, _OtherError)) else repr(e)


def _refuse(value: Any) -> Any:
    raise UnkeyedError(f"{value!r:.60}")


def _type_text(t: Abstract) -> str:
    """The text of a type, which gives that type again."""
    text = text_of(t)
    if "@" in text or parse_type(text) != t:
        raise UnkeyedError(f"a type, {text}")
    return text


def _size_text(fact: Fact) -> str:
    """The text of the size in a fact, which gives that size again."""
    text = text_of(fact.size)
    if _size(text) != fact.size:
        raise UnkeyedError(f"a size, {text}")
    return text


def _size(text: str) -> Size:
    reader = Reader({})
    reader.scan = Scanner(text)
    found = reader.size()
    reader.scan.finish()
    assert isinstance(found, Size)
    return found


def _bound(walk: _Walk, value: Any) -> Any:
    """What a text names: an object, or what runs a function again, or a derivative of it."""
    around: list[Any] = []
    while isinstance(value, (Again, Derived)):
        options = {f.name: getattr(value, f.name) for f in fields(value) if f.name != "function"}
        if isinstance(value, Derived):
            options["objects"] = [(name, _type_text(t)) for name, t in value.objects]
        around.append([type(value).__name__, options])
        value = value.function
    return {"around": around, **walk.reference(value)}


def _unbound(walk: _Walk, how: Any) -> Any:
    value = walk.referred(how)
    for kind, options in reversed(how["around"]):
        given = {name: tuple(o) if isinstance(o, list) else o for name, o in options.items()}
        if kind == "Derived":
            given["objects"] = tuple((name, parse_type(text)) for name, text in options["objects"])
        value = {"Again": Again, "Derived": Derived}[kind](value, **given)
    return value


def _key(walk: _Walk, key: Any) -> Any:
    """A step of the path to what is written into."""
    if isinstance(key, Field):
        return {"path": walk.canonical(key.path), "name": key.name, "own": key.own}
    if type(key) not in (int, str):
        raise UnkeyedError(f"the key {key!r:.60}")
    return key


def _key_of(walk: _Walk, key: Any) -> Any:
    return Field(walk.live(key["path"]), key["name"], key["own"]) if isinstance(key, dict) else key


def _written(walk: _Walk, path: list[Any], place: Any, bound: bool) -> Written:
    return Written(tuple(_key_of(walk, k) for k in path), _place_of(place), bound)


def _kernel(name: str, fastmath: list[str], parallel: bool, checked: bool, apart: bool, lines: list[Any]) -> Kernel:
    return Kernel(name, tuple(fastmath), parallel, checked, apart, tuple((n, _place_of(p)) for n, p in lines))


def _place(place: Place | None) -> Any:
    return None if place is None else [place.file, place.line, place.column, place.function, _place(place.caller)]


def _place_of(place: Any) -> Place | None:
    return None if place is None else Place(place[0], place[1], place[2], place[3], _place_of(place[4]))
