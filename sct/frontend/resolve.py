"""What a name that is not local refers to.

Takes a function and a name; gives the object if it is code (a function, class or module), which compilation may rely on
under a guard, and otherwise says that it is data, which is read anew at each call. The rules that there are for an object of
another library are loaded when it is looked at here. Never freezes data.
"""

from __future__ import annotations

import builtins
import functools
from enum import Enum
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

from sct.ir.ops import Free
from sct.ir.records import record
from sct.registry.effects import is_registered, is_registered_itself
from sct.registry.others import meet

__all__ = [
    "MISSING",
    "Dependency",
    "free_value",
    "has_fields",
    "has_fields_of",
    "is_code",
    "is_instance",
    "look_up",
    "place_of_default",
    "read_attribute",
]


class _Missing:
    """The absence of an object."""


MISSING = _Missing()


_OF_FUNCTIONS = ("__code__", "__defaults__", "__kwdefaults__")


@record(frozen=True, eq=False)
class Dependency:
    """Compilation relied on `name`, seen from `owner` (a function, module or class), being `expected`.

    `attribute`: of a function, its attribute, rather than a name that its code uses.
    """

    owner: Any
    name: str
    expected: Any
    attribute: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dependency) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[int, str, int, bool]:
        return id(self.owner), self.name, id(self.expected), self.is_attribute

    @property
    def is_attribute(self) -> bool:
        """Whether it is an attribute of the owner, rather than a name that the owner's code uses."""
        return self.attribute or not isinstance(self.owner, FunctionType) or self.name in _OF_FUNCTIONS

    def holds(self) -> bool:
        """Whether the name still refers to the same object."""
        found = getattr(self.owner, self.name, MISSING) if self.is_attribute else look_up(self.owner, self.name)
        return found == self.expected if self.is_made_anew else found is self.expected

    @property
    def is_made_anew(self) -> bool:
        """Whether each look-up gives another object: a method of a class."""
        return isinstance(self.expected, MethodType)


def look_up(function: Any, name: str) -> Any:
    """The object that `function` calls `name` (of a module or class: its attribute), or `MISSING`."""
    if not isinstance(function, FunctionType):
        return getattr(function, name, MISSING)
    code = function.__code__
    if name in code.co_freevars and function.__closure__ is not None:
        cell = function.__closure__[code.co_freevars.index(name)]
        try:
            return cell.cell_contents
        except ValueError:  # not bound yet
            return MISSING
    if name in function.__globals__:
        return function.__globals__[name]
    return getattr(builtins, name, MISSING)


def place_of_default(function: FunctionType, name: str) -> tuple[str, int | str]:
    """Where the default of a parameter is kept: the attribute of the function, and the index or key in it."""
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    if name in positional:
        return "__defaults__", positional.index(name) - len(positional) + len(function.__defaults__ or ())
    return "__kwdefaults__", name


def free_value(op: Free) -> Any:
    """The data that `op` reads, as it is now."""
    if op.name.endswith(" (default)"):
        where, key = place_of_default(op.function, op.name.split(" ")[0])
        return getattr(op.function, where)[key]
    if op.attribute:
        return getattr(op.function, op.name, MISSING)
    return look_up(op.function, op.name)


def is_code(value: Any) -> bool:
    """Whether an object is code rather than data: a module, or callable without holding data of its own."""
    meet(value)
    if isinstance(value, ModuleType):
        return True
    return callable(value) and not has_fields(value) and (isinstance(value, type) or not hasattr(value, "__array__"))


_STABLE = ("numpy", "math", "operator", "builtins", "sct")
_HEAP_TYPE = 1 << 9
_LIKE_ARRAYS = ("__array__", "__array_interface__", "__array_ufunc__")
_PLAIN = (int, float, complex, str, bytes, tuple, list, dict, set, frozenset, type)
_VALUES = (*_PLAIN, FunctionType, functools._lru_cache_wrapper, Enum, BaseException)


def _finds_as_usual(cls: type) -> bool:
    """Whether the attributes of an instance are found as Python does it."""
    found: Any = cls.__getattribute__
    return found is object.__getattribute__


def has_fields(value: Any) -> bool:
    """Whether an object is known by its class and what its fields hold.

    So are bound methods, partials, namespaces, and instances of classes written in Python, unless they are numbers, containers
    or like arrays, find their attributes in a way of their own, or have a rule.
    """
    meet(value)
    registered = is_registered_itself if isinstance(value, MethodType) else is_registered
    return has_fields_of(type(value)) and not registered(value)


def is_instance(value: Any) -> bool:
    """Whether an object is known by what its fields hold, and is no bound method and no partial."""
    return has_fields(value) and not isinstance(value, (MethodType, functools.partial))


def has_fields_of(cls: type) -> bool:
    """Whether objects of a class have fields, but for those that have a rule."""
    if cls in (MethodType, functools.partial, SimpleNamespace):
        return True
    if issubclass(cls, _VALUES) or not cls.__flags__ & _HEAP_TYPE or not _finds_as_usual(cls):
        return False
    if hasattr(cls, "__sct_stands_for__"):  # `sct.specialize.standard`
        return True
    return cls.__module__.split(".")[0] not in (*_STABLE, "numba") and not any(hasattr(cls, name) for name in _LIKE_ARRAYS)


def read_attribute(module: ModuleType, name: str) -> tuple[Any, bool]:
    """The attribute of a module, and whether it can be relied on without a guard (NumPy's and Python's own)."""
    value = getattr(module, name, MISSING)
    return value, module.__name__.split(".")[0] in _STABLE
