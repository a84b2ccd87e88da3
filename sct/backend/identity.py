"""What objects are known by from one process to the next.

Takes code and constants: functions, classes, modules, what a name refers to; gives a digest, which is the same for an object of
another process only if the compiler would see the same in both. A function is known by its text, its instructions, and what
the names in these stand for in NumPy and Python; what they stand for elsewhere is looked at by who asks. Raises `UnkeyedError`
for what cannot be told apart so. Never runs anything of the user's.
"""

from __future__ import annotations

import builtins
import functools
import hashlib
import sys
from collections.abc import Iterator
from enum import Enum
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from sct.checkpointing import CheckpointedFunction
from sct.frontend.callables import Flat, python_function
from sct.frontend.read import lines_of
from sct.frontend.resolve import MISSING, look_up
from sct.ir.naming import Names
from sct.ir.ops import package_of
from sct.registry.changes import is_of_own

__all__ = ["Identities", "UnkeyedError", "hashed", "is_plain", "parts_of"]

_STABLE = ("builtins", "math", "numpy", "operator", "sct")
_OF_TEXT = ("__doc__", "__firstlineno__", "__static_attributes__", "__annotations_cache__")  # of a class
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))


class UnkeyedError(Exception):
    """An object that cannot be told from another one in another process."""


def hashed(*parts: object) -> str:
    """The hash of texts, and of what `repr` tells all of."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def plain(value: Any) -> Any:
    """A constant with its type; `UnkeyedError` if it is anything else. 0.0 and -0.0 are two, and so are 1, 1.0 and True."""
    kind = type(value)
    if kind in _PLAIN:
        return kind.__name__, repr(value)
    if kind is tuple:
        return "tuple", tuple(map(plain, value))
    if kind is frozenset:
        return "frozenset", tuple(sorted(map(plain, value)))
    if kind in (slice, range):
        return kind.__name__, plain((value.start, value.stop, value.step))
    if isinstance(value, np.dtype) and value.metadata is None and not value.hasobject:
        return "dtype", repr(value)
    if isinstance(value, np.generic) and type(value.item()) in _PLAIN:
        return plain(value.dtype), plain(value.item())
    raise UnkeyedError(f"{value!r:.60}")


def is_plain(value: Any) -> bool:
    """Whether an object is a constant, of which any is as good as an equal one."""
    try:
        plain(value)
    except UnkeyedError:
        return False
    return True


def parts_of(value: Any) -> tuple[Any, ...]:
    """The objects of which another one is made, and which are not looked up by a name."""
    if isinstance(value, (staticmethod, classmethod)):
        return (value.__func__,)
    if isinstance(value, MethodType):
        return value.__func__, value.__self__
    if isinstance(value, property):
        return tuple(f for f in (value.fget, value.fset, value.fdel) if f is not None)
    if isinstance(value, functools.cached_property):
        return (value.func,)
    if isinstance(value, (CheckpointedFunction, Flat)):
        return (value.function,)
    if hasattr(type(value), "__sct_typed__"):
        return value._callee.function, value._root
    if isinstance(value, FunctionType):
        return (value.__wrapped__,) if hasattr(value, "__wrapped__") else ()
    inner = python_function(value)
    return () if inner is value else (inner,)


class Identities:
    """The digests of objects, each worked out once."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Any, str]] = {}  # with the object, so that no other has its identity

    def of(self, value: Any) -> str:
        """The digest of an object."""
        found = self.known.get(id(value))
        if found is None:
            self.known[id(value)] = value, ""  # where it is part of itself
            found = self.known[id(value)] = value, hashed(self._description(value))
        return found[1]

    def _description(self, value: Any) -> Any:
        if value is MISSING:
            return "missing"
        if isinstance(value, CodeType):
            return "code", code_of(value)
        if not is_of_own(value):
            raise UnkeyedError(f"{value!r:.60} has a rule of its user's")
        if isinstance(value, FunctionType) and package_of(value) not in _STABLE:
            return self._function(value)
        if isinstance(value, Enum):
            return "member", self.of(type(value)), value.name, self.of(value.value)
        try:
            return plain(value)
        except UnkeyedError:
            pass
        if isinstance(value, tuple) and type(value) is tuple:
            return "tuple", tuple(map(self.of, value))
        if isinstance(value, type) and package_of(value) not in _STABLE:
            return "class", tuple(map(self._class, value.__mro__))
        if isinstance(value, ModuleType):
            if sys.modules.get(value.__name__) is not value:
                raise UnkeyedError(f"the module {value.__name__}, which is not the one that is imported by that name")
            return "module", value.__name__
        if hasattr(type(value), "__sct_typed__"):
            asked = value._transform, value.mode, value.wrt, value.single, value.options.key, len(value._first)
            return type(value).__name__, asked, tuple(value._callee.keywords), *map(self.of, parts_of(value))
        if isinstance(value, Flat):
            return "flat", str(value.signature), sorted(value.whole), self.of(value.function)
        if parts_of(value) and not isinstance(value, FunctionType):
            return type(value).__name__, tuple(map(self.of, parts_of(value)))
        return "named", _named(value)

    def _function(self, f: FunctionType) -> Any:
        if "__signature__" in vars(f):
            raise UnkeyedError(f"{f.__qualname__}, which has a signature of its own")
        rows = lines_of(f)
        if not rows:
            raise UnkeyedError(f"{f.__qualname__}, whose source cannot be read")
        own = f.__module__, f.__qualname__, f.__name__, code_of(f.__code__), rows
        return "function", own, tuple(_of_libraries(f)), tuple(map(self.of, parts_of(f)))

    def _class(self, cls: type) -> Any:
        """A class without those from which it is derived."""
        if package_of(cls) in _STABLE:
            return _named(cls)
        meta = type(cls)
        kind = meta.__qualname__ if meta.__module__ in sys.stdlib_module_names or meta is type else self.of(meta)
        members = [(n, self._member(v)) for n, v in sorted(vars(cls).items()) if n not in _OF_TEXT]
        return kind, cls.__module__, cls.__qualname__, members

    def _member(self, value: Any) -> Any:
        """What stands in a class; of data, the type."""
        if not is_of_own(value):
            raise UnkeyedError(f"{value!r:.60} has a rule of its user's")
        if isinstance(value, FunctionType):
            return code_of(value.__code__), tuple(map(self._member, (value.__defaults__, value.__kwdefaults__)))
        if isinstance(value, type):
            return value.__module__, value.__qualname__
        if parts_of(value):
            return type(value).__name__, tuple(map(self._member, parts_of(value)))
        kind = type(value)
        if hasattr(kind, "__get__") and kind.__module__.split(".")[0] not in sys.stdlib_module_names:
            raise UnkeyedError(f"a descriptor of the class {kind.__qualname__}")
        try:
            return plain(value)
        except UnkeyedError:
            return kind.__module__, kind.__qualname__


def code_of(code: CodeType) -> Any:
    """All of a code object, but on which line and in which file it begins."""
    return (
        code.co_name,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags),
        code.co_code,
        (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
        getattr(code, "co_exceptiontable", b""),
        code.co_linetable,
        tuple(map(_constant, code.co_consts)),
    )


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return code_of(value)
    return tuple(map(_constant, value)) if type(value) is tuple else plain(value)


def _of_libraries(f: FunctionType) -> Iterator[Any]:
    """What the names in a function stand for in Python, NumPy and the like, on which compilation relies without a guard."""
    names = sorted({n for c in _codes(f.__code__) for n in (*c.co_names, *c.co_freevars)})
    for n in names:
        found = look_up(f, n)
        if isinstance(found, ModuleType) and package_of_module(found) in _STABLE:
            yield n, tuple(_of_module(found, names))
        elif found is not MISSING and n not in f.__globals__ and found is getattr(builtins, n, MISSING):
            yield n, _seen(found)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for c in code.co_consts:
        if isinstance(c, CodeType):
            yield from _codes(c)


def package_of_module(module: ModuleType) -> str:
    return module.__name__.split(".")[0]


def _of_module(module: ModuleType, names: list[str]) -> Iterator[Any]:
    for n in names:
        found = vars(module).get(n, MISSING)
        if isinstance(found, ModuleType) and found is not module and package_of_module(found) in _STABLE:
            yield n, tuple(_of_module(found, [m for m in names if m != n]))
        elif found is not MISSING:
            yield n, _seen(found)


def _seen(value: Any) -> Any:
    """An object of a library: its name, and its code where it has any, so that one in its place is seen."""
    if not is_of_own(value):
        raise UnkeyedError(f"{value!r:.60} has a rule of its user's")
    try:
        return plain(value)
    except UnkeyedError:
        kind = type(value)
    implementation = getattr(value, "_implementation", value)  # of a function that NumPy dispatches
    code = code_of(implementation.__code__) if isinstance(implementation, FunctionType) else None
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return kind.__module__, kind.__qualname__, getattr(value, "__module__", None), name, code


def _named(value: Any) -> Any:
    """An object that Python, NumPy, SciPy or sct has under a name, or a function of another extension module."""
    name = Names().of(value)
    if name.startswith("@") and not (isinstance(value, BuiltinFunctionType) and isinstance(value.__self__, ModuleType)):
        raise UnkeyedError(f"{value!r:.60}")
    return name, _seen(value)
