"""Names for the objects that stand in the text of a function: functions, classes, modules, and data.

Takes an object; gives the dotted name under which it is found in Python, NumPy, SciPy or sct, or else a name of its own that
begins with `@`, which whoever reads the text has to be given. Never imports what has not been imported.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator, Mapping
from types import BuiltinFunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["Names", "found", "resolved"]

_SHORT = {"np": "numpy", "runtime": "sct.runtime"}
_ROOTS = frozenset((*sys.stdlib_module_names, "numpy", "scipy", "sct"))
_SHOWCASES = ("numpy", "numpy.random", "numpy.linalg", "scipy.special")
_INDEXED = ("r_", "c_", "s_", "index_exp", "mgrid", "ogrid")


def found(name: str) -> Any:
    """The object with a dotted name; raises LookupError if there is none."""
    parts = name.split(".")
    path = [*_SHORT.get(parts[0], parts[0]).split("."), *parts[1:]]
    if path[0] in _ROOTS:
        for k in range(len(path), 0, -1):
            module = sys.modules.get(".".join(path[:k]))
            if module is not None:
                return _attribute(module, path[k:], name)
    raise LookupError(f"{name!r} is not known")


def _attribute(holder: Any, path: list[str], name: str) -> Any:
    for part in path:
        try:
            holder = getattr(holder, part)
        except AttributeError:
            raise LookupError(f"{name!r} is not known") from None
    return holder


class Names:
    """The names of objects in one text; `objects` has those that are found nowhere else, by their names without the `@`."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.numbers: dict[Hashable, int] = {}
        self.known: dict[int, str] = {}  # by the identity of the object

    def number(self, key: Hashable) -> int:
        """The number of an unknown size in this text, in which they are counted from 1."""
        return self.numbers.setdefault(key, len(self.numbers) + 1)

    def of(self, o: Any) -> str:
        """The name of an object."""
        if id(o) not in self.known:
            self.known[id(o)] = _dotted(o) or f"@{self.own(o)}"
        return self.known[id(o)]

    def own(self, o: Any) -> str:
        """A name for an object that has none."""
        stem = str(getattr(o, "__name__", None) or type(o).__name__)
        stem = stem if stem.isidentifier() else "".join(c for c in stem if c.isalnum()) or "object"
        name, number = stem, 0
        while name in self.objects:
            number += 1
            name = f"{stem}_{number}"
        self.objects[name] = o
        return name


def _dotted(o: Any) -> str | None:
    """The shortest name under which an object of a library is found."""
    if isinstance(o, ModuleType):
        return _checked(o.__name__, o)
    for place in _places(o):
        name = _checked(place, o)
        if name is not None:
            return name
    return None


def _places(o: Any) -> Iterator[str]:
    """Where an object may be found: where it says, and above that, where it is public."""
    name = getattr(o, "__qualname__", None) or getattr(o, "__name__", None)
    if not isinstance(name, str):
        yield from (f"numpy.{k}" for k in _INDEXED)
        return
    owner = getattr(o, "__self__", None)
    if isinstance(owner, np.ufunc):
        yield from (f"{place}.{o.__name__}" for place in _places(owner))
    module = str(getattr(o, "__module__", None) or "")
    if module == "_operator":
        yield f"operator.{name}"
    public = [part for part in module.split(".") if not part.startswith("_")]
    yield from (f"{'.'.join(public[:k])}.{name}" for k in range(1, len(public) + 1))
    yield f"{module}.{name}"
    yield from (f"{place}.{o.__name__}" for place in _SHOWCASES if hasattr(o, "__name__"))


def _checked(name: str, o: Any) -> str | None:
    """A name as it is written, if the object is found under it."""
    for short, full in _SHORT.items():
        if name == full or name.startswith(f"{full}."):
            name = short + name[len(full) :]
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    try:
        known = found(name)
    except LookupError:
        return None
    return name if known is o or (isinstance(o, BuiltinFunctionType) and known == o) else None


def resolved(name: str, objects: Mapping[str, Any]) -> Any:
    """The object that a name in a text stands for; raises LookupError if there is none."""
    if not name.startswith("@"):
        return found(name)
    if name[1:] not in objects:
        raise LookupError(f"no object is given for {name}")
    return objects[name[1:]]
