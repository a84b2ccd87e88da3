"""Data classes that are quick to make.

Takes a class; gives it as a data class. Those that are frozen are so for the type checker: Python sets each field of a frozen
one by a call of its own, and most of what a compilation makes are these. Fewer methods are compiled for each class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    import dataclasses

    def record(*, frozen, slots=False, eq=True):
        """`dataclasses.dataclass`, whose fields nothing but the type checker protects."""

        def made(cls):
            hashed = frozen and eq and cls.__dict__.get("__hash__") is None
            if "__repr__" not in cls.__dict__:
                cls.__repr__ = _fields
            return dataclasses.dataclass(slots=slots, eq=eq, repr=False, unsafe_hash=hashed)(cls)

        return made

    def _fields(self):
        shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
        return f"{type(self).__qualname__}({shown})"
