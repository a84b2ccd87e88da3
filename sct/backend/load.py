"""Compiling generated text.

Takes a text; gives what makes its function, of the objects that it names. The text lies in linecache, so tracebacks and
debuggers show it, for as long as one of its functions lives.
"""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

from sct.backend.python.emit import Text
from sct.ir.records import record

__all__ = ["Loaded", "load"]

_serial = itertools.count(1)


class _Listing:
    """Stands in the globals of a text's functions, and takes the text out of linecache when the last of them goes."""

    def __init__(self, filename: str) -> None:
        weakref.finalize(self, linecache.cache.pop, filename, None).atexit = False


@record(frozen=True, eq=False)
class Loaded:
    """A compiled text: the code of its functions, the last of which is what it defines, and what they import.

    `names` are all global names that they use.
    """

    functions: tuple[CodeType, ...]
    imported: Mapping[str, Any]
    names: frozenset[str]


def load(text: Text) -> Loaded:
    """What makes the function that `text` defines."""
    filename = f"<sct {text.name} {next(_serial)}>"
    try:
        module = compile(text.source, filename, "exec")
    except SyntaxError as e:
        if str(e.msg).startswith("too many"):  # nested blocks, parentheses or levels of indentation
            raise RecursionError(e.msg) from None
        raise
    linecache.cache[filename] = (len(text.source), None, text.source.splitlines(keepends=True), filename)
    imported: dict[str, Any] = {"__name__": "sct.generated", "__listing__": _Listing(filename)}
    exec("\n".join(text.imports), imported)
    functions = tuple(c for c in module.co_consts if isinstance(c, CodeType))
    return Loaded(functions, imported, frozenset(n for c in functions for n in _names(c)))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for c in code.co_consts:
        if isinstance(c, CodeType):
            yield from _names(c)
