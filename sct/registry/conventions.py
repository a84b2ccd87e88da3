"""What rules give at points without a derivative, for those that choose a value there.

Takes functions, each with a phrase; gives these to who lists what the functions do. Never used by the compiler.
"""

from __future__ import annotations

from typing import Any

from sct.registry.lookup import find

__all__ = ["convention", "convention_of"]

_conventions: dict[Any, str] = {}


def convention(text: str, *functions: Any) -> None:
    """Register what the rules of functions choose where there is no derivative."""
    _conventions.update(dict.fromkeys(functions, text))


def convention_of(function: Any) -> str | None:
    """What the rule of a function chooses where there is no derivative, if that is registered."""
    found: str | None = find(_conventions, function)
    return found
