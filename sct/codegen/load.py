"""Compiling generated text.

Takes a text and the objects that it names; gives the function that it defines. The text lies in linecache, so tracebacks
and debuggers show it.
"""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Mapping
from typing import Any

from sct.codegen.emit import Text

__all__ = ["load"]

_serial = itertools.count(1)


def load(text: Text, bound: Mapping[str, Any]) -> Callable[..., Any]:
    """The function that `text` defines; `bound` are the objects that it finds under their names."""
    filename = f"<sct {text.name} {next(_serial)}>"
    linecache.cache[filename] = (len(text.source), None, text.source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": "sct.generated", **bound}
    try:
        code = compile(text.source, filename, "exec")
    except SyntaxError as e:
        if str(e.msg).startswith("too many"):  # nested blocks, parentheses or levels of indentation
            raise RecursionError(e.msg) from None
        raise
    exec(code, namespace)
    function: Callable[..., Any] = namespace[text.name]
    return function
