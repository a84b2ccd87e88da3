"""What a name that is not local refers to.

Takes a function and a name; gives the object if it is code (a function, class or module), which compilation may rely on
under a guard, and otherwise says that it is data, which is read anew at each call. Never freezes data.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from sct.ir.ops import Free

__all__ = ["MISSING", "Dependency", "free_value", "is_code", "look_up", "place_of_default", "read_attribute"]


class _Missing:
    """The absence of an object."""


MISSING = _Missing()


@dataclass(frozen=True, eq=False)
class Dependency:
    """Compilation relied on `name`, seen from `owner` (a function, module or class), being `expected`."""

    owner: Any
    name: str
    expected: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dependency) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[int, str, int]:
        return id(self.owner), self.name, id(self.expected)

    @property
    def is_attribute(self) -> bool:
        """Whether it is an attribute of the owner, rather than a name that the owner's code uses."""
        return not isinstance(self.owner, FunctionType) or self.name in ("__defaults__", "__kwdefaults__")

    def holds(self) -> bool:
        """Whether the name still refers to the same object."""
        found = getattr(self.owner, self.name, MISSING) if self.is_attribute else look_up(self.owner, self.name)
        return found is self.expected


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
    return look_up(op.function, op.name)


def is_code(value: Any) -> bool:
    """Whether an object is code rather than data: callable, or a module."""
    return callable(value) or isinstance(value, ModuleType)


_STABLE = ("numpy", "math", "operator", "builtins", "sct")


def read_attribute(module: ModuleType, name: str) -> tuple[Any, bool]:
    """The attribute of a module, and whether it can be relied on without a guard (NumPy's and Python's own)."""
    value = getattr(module, name, MISSING)
    return value, module.__name__.split(".")[0] in _STABLE
