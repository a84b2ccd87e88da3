"""What was read: the functions from whose texts a derivative is made, and the rules that were applied.

Whoever takes the text of a function, or what was made of it before, or applies a rule, says so here; whoever asks gets them,
each once. Never reads anything itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["noted", "noting"]

_noted: ContextVar[dict[Any, None] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[dict[Any, None]]:
    """The functions that are read meanwhile, and the rules that are applied, in order; whoever asked before gets them too."""
    outer = _noted.get()
    inner: dict[Any, None] = {}
    token = _noted.set(inner)
    try:
        yield inner
    finally:
        _noted.reset(token)
        if outer is not None:
            outer.update(inner)


def noted(what: Iterable[Any]) -> None:
    """Functions are read, or rules applied."""
    found = _noted.get()
    if found is not None:
        found.update(dict.fromkeys(what))
