"""What a name that is not local refers to.

Takes a function and a name; gives the object if it is code (a function, class or module), which compilation may rely on
under a guard, and otherwise says that it is data, which is read anew at each call. Never freezes data.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["MISSING", "Dependency", "is_code", "look_up", "read_attribute"]


class _Missing:
    """The absence of an object."""


MISSING = _Missing()


@dataclass(frozen=True)
class Dependency:
    """Compilation relied on `name`, seen from `owner` (a function's names, or a module's attributes), being `expected`."""

    owner: FunctionType | ModuleType
    name: str
    expected: Any

    def holds(self) -> bool:
        """Whether the name still refers to the same object."""
        found = (
            look_up(self.owner, self.name) if isinstance(self.owner, FunctionType) else getattr(self.owner, self.name, MISSING)
        )
        return found is self.expected


def look_up(function: FunctionType, name: str) -> Any:
    """The object that `function` calls `name`, or `MISSING`."""
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


def is_code(value: Any) -> bool:
    """Whether an object is code rather than data: callable, or a module."""
    return callable(value) or isinstance(value, ModuleType)


_STABLE = ("numpy", "math", "operator", "builtins", "sct")


def read_attribute(module: ModuleType, name: str) -> tuple[Any, bool]:
    """The attribute of a module, and whether it can be relied on without a guard (NumPy's and Python's own)."""
    value = getattr(module, name, MISSING)
    return value, module.__name__.split(".")[0] in _STABLE
