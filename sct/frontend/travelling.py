"""The sources of functions that go to another process by value, as those of `__main__`, lambdas and closures do.

Takes a function; gives the texts of the files that it stands in, and those that it calls, for `sct.frontend.read` of the other
process. Functions that the other process can import bring nothing.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

from sct.frontend.read import Key, bring, key_of

__all__ = ["reduced", "restored", "sources_of"]

_Sources = dict[str, tuple[tuple[str, ...], tuple[Key, ...]]]
"""By file its lines, and which functions stand in them."""


def reduced(kind: Any, args: tuple[Any, ...], function: Any) -> tuple[Any, tuple[Any, ...]]:
    """How something that is made of a function is pickled, so that the other process can read that."""
    sources = sources_of(function)
    return (restored, (kind, args, sources)) if sources else (kind, args)


def restored(kind: Any, args: tuple[Any, ...], sources: _Sources) -> Any:
    """What was pickled."""
    for lines, keys in sources.values():
        bring(lines, keys)
    return kind(*args)


def sources_of(function: Any) -> _Sources:
    """The texts that a function needs in a process that cannot import it."""
    found: dict[str, list[Key]] = {}
    for f in _reached(function):
        if not _is_imported(f):
            found.setdefault(f.__code__.co_filename, []).append(key_of(f.__code__))
    texts = {file: tuple(linecache.getlines(file)) for file in found}
    return {file: (lines, tuple(found[file])) for file, lines in texts.items() if lines}


def _reached(function: Any) -> Iterator[FunctionType]:
    """A function, and the Python functions that it refers to, as far as they are not imported."""
    waiting, seen = [function], set()
    while waiting:
        f = waiting.pop()
        f = getattr(f, "__sct_root__", f)
        if not isinstance(f, FunctionType) or id(f) in seen:
            continue
        seen.add(id(f))
        yield f
        if not _is_imported(f):
            waiting += [f.__globals__[n] for n in _names(f.__code__) if n in f.__globals__]
            waiting += [c.cell_contents for c in f.__closure__ or () if _is_full(c)]
            waiting += [*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()]


def _is_imported(f: FunctionType) -> bool:
    """Whether another process finds a function by its name."""
    found: Any = None if f.__module__ == "__main__" else sys.modules.get(f.__module__)
    for name in f.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is f


def _is_full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for c in code.co_consts:
        if isinstance(c, CodeType):
            yield from _names(c)
