"""Who has registered a rule: of other packages each has its own functions, and the program itself has the last word.

Takes the tables of rules, and a function that one is to be registered for; gives whether it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from sct.ir.ops import describe

__all__ = ["OWN", "all_are_own", "claiming", "is_own_claimed", "may_register"]

_by: ContextVar[str | None] = ContextVar("claiming", default=None)
_claims: dict[tuple[int, Any], str] = {}
_PROGRAM = "the program"
OWN = "sct"


@contextlib.contextmanager
def claiming(package: str) -> Iterator[None]:
    """What is registered meanwhile is a package's."""
    token = _by.set(package)
    try:
        yield
    finally:
        _by.reset(token)


def is_own_claimed() -> bool:
    """Whether what is registered is sct's own, of objects that were not met before."""
    return _by.get() == OWN


def may_register(table: Mapping[Any, Any], function: Any) -> bool:
    """Whether a table takes a rule for a function: of a package's, not where the program has one of its own.

    Raises
    ------
    TypeError
        If another package, or sct itself, has a rule for the function.
    """
    by, key = _by.get() or _PROGRAM, (id(table), function)
    if by != _PROGRAM and function in table:
        before = _claims.get(key, OWN)
        if before == _PROGRAM:
            return False
        if before != by:
            raise TypeError(f"{before} has a rule for {describe(function)} already")
    _claims[key] = by
    return True


def all_are_own() -> None:
    """Take all rules that are registered now for sct's own."""
    _claims.clear()
