"""Compiling generated text.

Takes a text; gives what makes its function, of the objects that it names. The text lies in linecache, so tracebacks and
debuggers show it, for as long as one of its functions lives; or in a file: that which it is given, or one of the folder that
`SCT_SOURCE_DIR` says. Behind each line that they show stands the place of the user's statement that it comes from. What of it
is for Numba is compiled by that when it is called.
"""

from __future__ import annotations

import hashlib
import itertools
import linecache
import os
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

from sct.backend import trees
from sct.backend.jit import kernels_of
from sct.backend.loops import Kernel
from sct.backend.python.emit import Text
from sct.backend.trees import applied, code_of, function, parameters, read
from sct.errors import CacheWarning, warn
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


def load(text: Text, kernels: Sequence[Kernel] = (), file: str | None = None) -> Loaded:
    """What makes the function that `text` defines; `kernels` are for Numba, which keeps them beside the `file` of the text."""
    shown = text.listing
    kept = file or _written(text.name, shown)
    filename = kept or f"<sct {text.name} {next(_serial)}>"
    try:
        module = compile(text.source, filename, "exec")
    except SyntaxError as e:
        if str(e.msg).startswith("too many"):  # nested blocks, parentheses or levels of indentation
            raise RecursionError(e.msg) from None
        raise
    imported: dict[str, Any] = {"__name__": "sct.generated"}
    if kept is None:
        linecache.cache[filename] = (len(shown), None, shown.splitlines(keepends=True), filename)
        imported["__listing__"] = _Listing(filename)
    exec("\n".join(text.imports), imported)
    functions = tuple(c for c in module.co_consts if isinstance(c, CodeType))
    if kernels:
        compiled = kernels_of(functions, kernels, imported, text.source.splitlines(), file)
        functions = (*(c for c in functions[:-1] if c.co_name not in compiled), _called(functions[-1], compiled))
        imported.update((f"@{name}" if name == text.name else name, call) for name, call in compiled.items())
    return Loaded(functions, imported, frozenset(n for c in functions for n in _names(c)))


def _written(name: str, shown: str) -> str | None:
    """The file of a text in the folder that `SCT_SOURCE_DIR` says; None where it says none that can be written into."""
    folder = os.environ.get("SCT_SOURCE_DIR")
    if not folder:
        return None
    file = Path(folder).absolute() / f"{name}_{hashlib.sha256(shown.encode()).hexdigest()[:12]}.py"
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, made = tempfile.mkstemp(prefix=f".{name}", dir=file.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(shown)
            os.replace(made, file)  # at once, whoever else writes it
    except OSError as e:
        warn(f"SCT_SOURCE_DIR={folder} cannot be used: {e.strerror or e}", CacheWarning)
        return None
    return str(file)


def _called(last: CodeType, compiled: Mapping[str, Any]) -> CodeType:
    """The code of what callers call: of a kernel, a function that calls it."""
    if last.co_name not in compiled:
        return last
    names = last.co_varnames[: last.co_argcount]
    body = [trees.Return(applied(read(f"@{last.co_name}"), *map(read, names)))]
    return code_of(function(last.co_name, parameters(names), body), last.co_filename)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for c in code.co_consts:
        if isinstance(c, CodeType):
            yield from _names(c)
