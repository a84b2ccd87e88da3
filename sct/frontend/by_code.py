"""What is known of code objects, for as long as they live.

A code object stands for all functions that are made from it, one at each run of the `def`. Two code objects of equal
instructions are two; what is kept must not hold the code object.
"""

from __future__ import annotations

import weakref
from types import CodeType
from typing import Generic, TypeVar

__all__ = ["ByCode"]

T = TypeVar("T")


class ByCode(Generic[T]):
    """A table whose keys are code objects, by identity, and are held weakly."""

    def __init__(self) -> None:
        # by the number of the code object, with what takes the entry out when that goes
        self.table: dict[int, tuple[T, weakref.ref[CodeType]]] = {}

    def __len__(self) -> int:
        return len(self.table)

    def get(self, code: CodeType) -> T | None:
        """What is kept of `code`, or None."""
        found = self.table.get(id(code))
        return None if found is None else found[0]

    def set(self, code: CodeType, value: T) -> None:
        """Keep `value` of `code`."""
        table, key = self.table, id(code)
        table[key] = value, weakref.ref(code, lambda _: table.pop(key, None) and None)
