"""What has been registered besides sct's own rules.

Takes the registry as it was when sct had been imported, and what sct has registered later; gives whether it says anything
else now, and of which objects. Never changes a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sct.registry import claims, effects, facts, methods, rules, tangents, type_rules

__all__ = ["all_are_own", "is_of_own", "own_are_registered", "registering_own"]

_TABLES: tuple[Any, ...] = (
    rules._adjoints,
    rules._squares,
    rules._constant,
    rules._safe,
    effects._effects,
    effects._classes,
    facts._facts,
    methods._methods,
    methods._attributes,
    type_rules._rules,
    tangents._tangents,
    tangents._multilinear,
)
_own: list[Any] = []


def own_are_registered() -> None:
    """Take what is registered now for sct's own."""
    claims.all_are_own()
    _own[:] = [table.copy() for table in _TABLES]


@contextmanager
def registering_own() -> Iterator[None]:
    """What is registered meanwhile is sct's own too."""
    before = [table.copy() for table in _TABLES]
    yield
    for own, old, table in zip(_own, before, _TABLES, strict=True):
        if isinstance(own, set):
            own |= table - old
        else:
            own.update({key: said for key, said in table.items() if key not in old})


def all_are_own() -> bool:
    """Whether of what sct has rules for nothing is said but what it says itself; of other objects something may be."""
    return all(map(_same, _own, _TABLES))


def _same(own: Any, table: Any) -> bool:
    if own == table:
        return True
    if table in (methods._methods, methods._attributes):  # whose keys are names, of any array
        return False
    return own <= table if isinstance(own, set) else all(key in table and table[key] == said for key, said in own.items())


def is_of_own(value: Any) -> bool:
    """Whether sct itself says all that is said of an object."""
    try:
        return all((value in own) == (value in table) for own, table in zip(_own, _TABLES, strict=True))
    except TypeError:  # not hashable
        return True
