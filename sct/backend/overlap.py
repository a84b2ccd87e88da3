"""Overlaps: whether an argument that a function writes into can be written into, and shares memory with nothing else.

Takes the places of the arguments that a function writes into and the types of all; gives a check of the arguments of a call.
A derivative works on copies of what it writes into: that is the same only if nothing else that it reads is in that memory.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

from sct.errors import ArgumentMemoryError
from sct.frontend.resolve import MISSING, free_value, has_fields
from sct.ir.ops import Field, Free
from sct.ir.records import record
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    FieldName,
    Instance,
    List,
    ListOf,
    Record,
    Scalar,
    Tuple,
    Unknown,
    keys_of,
)
from sct.ir.words import path_in_words
from sct.specialize.specializer import Written

__all__ = ["Overlap", "overlap_check"]

_PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic, np.dtype, np.ufunc, type, ModuleType)
_WORK = 100_000  # candidates that NumPy looks at before it gives up deciding whether two arrays share memory


def overlap_check(
    names: Sequence[str],
    types: Sequence[Abstract],
    written: Sequence[Written],
    free: Iterable[tuple[Free | Field, Abstract]],
    together: Sequence[str] | None = None,
) -> Overlap | None:
    """A check of a call's arguments; None if nothing is written into.

    Parameters
    ----------
    names, types : sequences of str and Abstract
        The parameters.
    written : sequence of Written
        The arguments, or parts of them, that are written into.
    free : iterable of (Free or Field, Abstract)
        Data outside of the function, and in fields, that it reads.
    together : sequence of str, optional
        If arrays that are arguments, or in some, may share memory: those of which two may not.
    """
    if not written:
        return None
    free = tuple(free)
    fields: dict[str, dict[Field, Abstract]] = {}
    for f, t in free:
        if isinstance(f, Field):
            fields.setdefault(f.path, {})[f] = t
    bound = any(w.bound for w in written)
    places = [(n, *p) for n, t in enumerate(types) for p in _places(t, fields) if bound or not p[1]]
    outside = [(f, p) for f, t in free if isinstance(f, Free) for p in _places(t, fields) if bound or not p[1]]
    targets = [found for w in written for found in _targets(names.index(w.path[0]), w, places)]
    found, paths = tuple(f for f, _ in outside), tuple(p for _, p in outside)
    lists = tuple((n, p) for n, t in enumerate(types) for p in _lists(t))
    both = None if together is None else tuple(together)
    return Overlap(tuple(names), tuple(places), tuple(targets), found, paths, both, lists)


def _targets(
    n: int, w: Written, places: Sequence[tuple[int, tuple[Any, ...], bool]]
) -> Iterator[tuple[int, tuple[Any, ...], Written]]:
    """What is written into in the argument number `n`; where that is an object, each thing in it that may be."""
    path = w.path[1:]
    inside = [p for m, p, objects in places if m == n and p[: len(path)] == path and not objects]
    if w.bound or path in inside or not inside:
        yield n, path, w
        return
    for p in inside:
        yield n, p, replace(w, path=(w.path[0], *p))


@record(frozen=True)
class Overlap:
    """The places of what is written into, and of what that may share memory with: arguments, and data outside.

    With each of the latter, whether it is asked for the objects there, of which fields may be bound, and not for memory.
    `lists`: the places of lists of any length, in which there is what can be written into.
    """

    names: tuple[str, ...]
    places: tuple[tuple[int, tuple[Any, ...], bool], ...]
    targets: tuple[tuple[int, tuple[Any, ...], Written], ...]
    outside: tuple[Free, ...]
    outside_paths: tuple[tuple[tuple[Any, ...], bool], ...]
    together: tuple[str, ...] | None = None
    lists: tuple[tuple[int, tuple[Any, ...]], ...] = ()

    def check(self, args: Sequence[Any], outside: Sequence[Free], defaults: Sequence[Any]) -> None:
        """Raise `ArgumentMemoryError` if what is written into is read-only, is also something else, or is kept as a default."""
        for n, path, w in self.targets:
            if args[n] is defaults[n]:
                raise ArgumentMemoryError(
                    f"the function writes into the default of {self.names[n]!r}, which Python keeps for the next call",
                    w.place,
                    "Let the default be None, and make the array, list or dict in the function; or pass it.",
                )
            path = path[:-1] if w.bound else path
            target = _at(args[n], path)
            if isinstance(target, np.ndarray):
                _check_writable(target, w)
            shared = _is_there if w.bound else _shared
            for m, other_path, objects in self.places:
                if objects is not w.bound or (m, other_path) == (n, path):
                    continue
                if shared(target, other := _at(args[m], other_path)):
                    arrays = isinstance(target, np.ndarray) and isinstance(other, np.ndarray)
                    if not arrays or self.together is None or {self.names[n], self.names[m]} <= {*self.together}:
                        _refuse(w, path_in_words((self.names[m], *other_path)), arrays and self.together is None)
            for f, (other_path, objects) in zip(outside, self.outside_paths, strict=True):
                if objects is w.bound and shared(target, _at(free_value(f), other_path)):
                    _refuse(w, path_in_words((f.name, *other_path)))
        if self.lists:
            self.check_lists(args, outside)

    def check_lists(self, args: Sequence[Any], outside: Sequence[Free]) -> None:
        """The same of what is in lists of any length."""
        parts: list[_Part] = []
        for n, path in self.lists:
            parts += [self.part(o, n, (*path, *keys), True) for keys, o in _inside(_at(args[n], path))]
        for n, path, objects in self.places:
            if not objects and (n, path) not in self.lists:
                parts += [self.part(o, n, path, False) for o in _objects(_at(args[n], path))]
        for f, (path, objects) in zip(outside, self.outside_paths, strict=True):
            found = () if objects else _objects(_at(free_value(f), path))
            parts += [_Part(o, "", path_in_words((f.name, *path)), None, False) for o in found]
        for p in parts:
            if p.listed and p.written is not None and isinstance(p.value, np.ndarray):
                _check_writable(p.value, p.written)
        for j, k in sorted(_pairs(parts)):
            one, other = (parts[j], parts[k]) if parts[j].written is not None else (parts[k], parts[j])
            if one.written is None or not (one.listed or other.listed):
                continue
            arrays = isinstance(one.value, np.ndarray)
            if not arrays or self.together is None or {one.name, other.name} <= {*self.together}:
                _refuse(one.written, other.words, arrays and self.together is None)

    def part(self, value: Any, n: int, path: tuple[Any, ...], listed: bool) -> _Part:
        """Something in an argument; it is written into if what it is in may be."""
        name = self.names[n]
        by = next((w for m, whole, w in self.targets if m == n and path[: len(whole)] == whole and not w.bound), None)
        own = None if by is None else replace(by, path=(name, *path))
        return _Part(value, name, path_in_words((name, *path)), own, listed)


@record(frozen=True, eq=False)
class _Part:
    """An array, list or dict that is given, in which argument, what it is called, and where it may be written into."""

    value: Any
    name: str
    words: str
    written: Written | None
    listed: bool


def _lists(t: Abstract) -> Iterator[tuple[Any, ...]]:
    """The paths to lists of any length in which there is what can be written into."""
    if isinstance(t, ListOf) and not isinstance(t.item, Scalar):
        yield ()
    for k, item in zip(keys_of(t), t.items, strict=True) if isinstance(t, (Tuple, List, Dict)) else ():
        for path in _lists(item):
            yield (k, *path)


def _inside(value: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """An array or list, and those in it, each with the way to it."""
    if isinstance(value, (np.ndarray, list)):
        yield (), value
    for k, item in enumerate(value) if isinstance(value, (list, tuple)) else ():
        for path, o in _inside(item):
            yield (k, *path), o


def _objects(value: Any) -> Sequence[Any]:
    """An array, list or dict itself, or what can be reached from another object."""
    return [value] if isinstance(value, (np.ndarray, list, dict)) else _held(value)


def _pairs(parts: Sequence[_Part]) -> Iterator[tuple[int, int]]:
    """The numbers of parts that are one object, or share memory, in pairs."""
    seen: dict[int, list[int]] = {}
    arrays = []
    for k, p in enumerate(parts):
        if isinstance(p.value, np.ndarray):
            arrays.append((*np.lib.array_utils.byte_bounds(p.value), k))
            continue
        yield from ((j, k) for j in seen.get(id(p.value), ()))
        seen.setdefault(id(p.value), []).append(k)
    open_: list[tuple[int, int]] = []  # the arrays that end behind where the next one begins
    for low, high, k in sorted(arrays):
        open_ = [(end, j) for end, j in open_ if end > low]
        yield from ((min(j, k), max(j, k)) for _, j in open_ if _overlap(parts[j].value, parts[k].value))
        open_.append((high, k))


def _places(t: Abstract, fields: Mapping[str, Mapping[Field, Abstract]]) -> Iterator[tuple[tuple[Any, ...], bool]]:
    """The paths to what can be written into, or may hold it, in a value of type `t`: keys, and the fields that are read.

    With each, whether that are the fields of objects.
    """
    hidden = isinstance(t, Unknown) or (isinstance(t, Const) and not isinstance(t.value, _PLAIN))
    of_fields = isinstance(t, (Instance, Record))
    if hidden or (isinstance(t, (Array, List, ListOf, Dict)) and not of_fields):
        yield (), False
    if hidden or of_fields:
        yield (), True
    parts: Iterable[tuple[Any, Abstract]] = ()
    if isinstance(t, (Tuple, List, Dict)):
        parts = zip(keys_of(t), t.items, strict=True)
    if isinstance(t, (Instance, Record)):
        parts = [*parts, *((f, found) for f, found in fields.get(t.path, {}).items() if found != Const(MISSING))]
    for k, item in parts:
        for path, objects in _places(item, fields):
            yield (k, *path), objects


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        name = key.name if isinstance(key, Field) else key if isinstance(key, FieldName) else None
        value = value[key] if name is None else getattr(value, name)
    return value


def _shared(a: Any, b: Any) -> bool:
    """Whether a write into `a`, or into an array that it holds, may change `b`, or an array that this one holds."""
    if a is b:
        return True
    if isinstance(a, (list, dict)):
        return not isinstance(b, (np.ndarray, list, dict)) and any(a is o for o in _held(b))
    others = [b] if isinstance(b, (np.ndarray, list, dict)) else _held(b)
    return any(_overlap(p, q) for p in (_held(a) if others else ()) for q in others)


def _is_there(target: Any, value: Any) -> bool:
    """Whether an object is another one; of something of unknown type, whether it is to be reached from there."""
    return value is target or (not has_fields(value) and any(o is target for o in _reached(value)))


def _held(value: Any) -> list[Any]:
    """The arrays, lists and dicts that can be reached from an object, through its fields and what is in these."""
    if isinstance(value, np.ndarray):
        return [value]
    return [o for o in _reached(value) if isinstance(o, (np.ndarray, list, dict))]


def _reached(value: Any) -> list[Any]:
    """The objects that can be reached from one.

    Not through modules and classes, nor from a function but to its defaults and what it closes over.
    """
    found: list[Any] = []
    seen: dict[int, Any] = {}
    work = [value]
    while work:
        o = work.pop()
        if id(o) in seen or isinstance(o, _PLAIN):
            continue
        seen[id(o)] = o
        found.append(o)
        if isinstance(o, FunctionType):
            work += (*(c.cell_contents for c in o.__closure__ or () if c != CellType()), o.__defaults__, o.__kwdefaults__)
        elif isinstance(o, memoryview):
            work.append(o.obj)
        elif not isinstance(o, np.ndarray):
            work += gc.get_referents(o)
    return found


def _overlap(a: Any, b: Any) -> bool:
    """Whether two arrays share memory."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray) or not np.may_share_memory(a, b):
        return False
    try:
        return np.shares_memory(a, b, max_work=_WORK)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def _check_writable(a: np.ndarray, w: Written) -> None:
    name = path_in_words(w.path)
    if not a.flags.writeable:
        raise ArgumentMemoryError(
            f"the argument {name} is read-only, and the function writes into it", w.place, f"Pass a copy: {name}.copy()."
        )
    low, high = np.lib.array_utils.byte_bounds(a)
    if high - low < a.nbytes:
        raise ArgumentMemoryError(
            f"entries of the argument {name} share memory with one another, and the function writes into it",
            w.place,
            f"Pass a copy: {name}.copy().",
        )


def _refuse(w: Written, other: str, arrays: bool = False) -> None:
    if w.bound:
        raise ArgumentMemoryError(
            f"the arguments {path_in_words(w.path[:-1])} and {other} are one object, or one holds the other, and the function "
            f"binds {path_in_words(w.path)}",
            w.place,
            "Pass a copy of one of them: copy.copy(x).",
        )
    name = path_in_words(w.path)
    error = ArgumentMemoryError(
        f"the arguments {name} and {other} share memory, and the function writes into {name}",
        w.place,
        f"Pass a copy of one of them: {name}.copy().",
    )
    error.of_arrays = arrays
    raise error
