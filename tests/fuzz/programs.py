"""What a generator of programs gives: a function as Python text, and arguments to call it with."""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Program", "defined"]

_count = itertools.count()


@dataclass(frozen=True)
class Program:
    """A program made at random.

    `source` is Python text that defines a function `f`; `args` are arguments of it, made afresh each time that the program
    is; `wrt` names the parameters to differentiate by; `constructs` is what it is an example of, where its generator tells.
    """

    source: str
    args: tuple[Any, ...]
    wrt: tuple[str, ...]
    constructs: tuple[str, ...] = ()


def defined(source: str) -> Callable[..., Any]:
    """The function `f` that a text defines, which can be read as long as it is there."""
    filename = f"<random program {next(_count)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    scope: dict[str, Any] = {"np": np, "__name__": "random_program"}
    exec(compile(source, filename, "exec", dont_inherit=True), scope)  # whose annotations are no strings
    f: Callable[..., Any] = scope["f"]
    weakref.finalize(f, linecache.cache.pop, filename, None)
    return f
