"""Overlaps: whether an argument that a function writes into can be written into, and shares memory with nothing else.

Takes the places of the arguments that a function writes into and the types of all; gives a check of the arguments of a call.
A derivative works on copies of what it writes into: that is the same only if nothing else that it reads is in that memory.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

from sct.errors import ArgumentMemoryError
from sct.frontend.resolve import MISSING, free_value, has_fields
from sct.ir.ops import Field, Free
from sct.ir.records import record
from sct.ir.types import Abstract, Array, Const, Dict, Instance, List, Tuple, Unknown, keys_of
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
    targets = [(names.index(w.path[0]), w.path[1:], w) for w in written]
    found, paths = tuple(f for f, _ in outside), tuple(p for _, p in outside)
    return Overlap(tuple(names), tuple(places), tuple(targets), found, paths, None if together is None else tuple(together))


@record(frozen=True)
class Overlap:
    """The places of what is written into, and of what that may share memory with: arguments, and data outside.

    With each of the latter, whether it is asked for the objects there, of which fields may be bound, and not for memory.
    """

    names: tuple[str, ...]
    places: tuple[tuple[int, tuple[Any, ...], bool], ...]
    targets: tuple[tuple[int, tuple[Any, ...], Written], ...]
    outside: tuple[Free, ...]
    outside_paths: tuple[tuple[tuple[Any, ...], bool], ...]
    together: tuple[str, ...] | None = None

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


def _places(t: Abstract, fields: Mapping[str, Mapping[Field, Abstract]]) -> Iterator[tuple[tuple[Any, ...], bool]]:
    """The paths to what can be written into, or may hold it, in a value of type `t`: keys, and the fields that are read.

    With each, whether that are the fields of objects.
    """
    hidden = isinstance(t, Unknown) or (isinstance(t, Const) and not isinstance(t.value, _PLAIN))
    if hidden or isinstance(t, (Array, List, Dict)):
        yield (), False
    if hidden or isinstance(t, Instance):
        yield (), True
    parts: Iterable[tuple[Any, Abstract]] = ()
    if isinstance(t, (Tuple, List, Dict)):
        parts = zip(keys_of(t), t.items, strict=True)
    elif isinstance(t, Instance):
        parts = [(f, found) for f, found in fields.get(t.path, {}).items() if found != Const(MISSING)]
    for k, item in parts:
        for path, objects in _places(item, fields):
            yield (k, *path), objects


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = getattr(value, key.name) if isinstance(key, Field) else value[key]
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
