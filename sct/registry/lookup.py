"""How the registry's tables are asked: for an operation, which may be an object that cannot be hashed, or a bound method.

Takes a table and an operation; gives what the table says, or None. Never changes a table.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

__all__ = ["find", "of_class"]


def find(table: Any, key: Any) -> Any:
    """What a table has for a key, or None."""
    try:
        return table.get(key)
    except TypeError:  # not hashable
        return None


def of_class(op: Any) -> Any:
    """The function of a class that a bound method is; anything else as it is."""
    owner = getattr(op, "__self__", None)
    if owner is None or isinstance(owner, (type, ModuleType)):
        return op
    return getattr(type(owner), getattr(op, "__name__", ""), op)
