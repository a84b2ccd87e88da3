"""What is called in the end: the function behind methods, partials, caches and compilers of functions.

Takes anything that can be called; gives the Python function, derived function or function with a rule that it ends in, with
the arguments that it adds to those of a call. Never calls it, and holds nothing of it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, MethodType
from typing import Any

from sct.ruleset import is_registered

__all__ = ["Callee", "python_function", "reached"]


@dataclass(frozen=True)
class Callee:
    """A call of `f(...)` is one of `function(*args, ..., **keywords)`."""

    function: Any
    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)

    def open_signature(self, signature: inspect.Signature) -> inspect.Signature:
        """What is left of the function's signature for the caller to give."""
        if not self.args and not self.keywords:
            return signature

        def stand_in() -> None: ...

        stand_in.__signature__ = signature  # type: ignore[attr-defined]
        return inspect.signature(functools.partial(stand_in, *self.args, **self.keywords))


def reached(f: Any) -> Callee:
    """What a call of `f` ends in."""
    args: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}
    while not isinstance(f, FunctionType) and not is_registered(f):
        if isinstance(f, MethodType):
            f, args = f.__func__, (f.__self__, *args)
        elif isinstance(f, functools.partial):
            f, args, keywords = f.func, (*f.args, *args), {**f.keywords, **keywords}
        elif hasattr(f, "__sct_callee__"):
            inner = f.__sct_callee__()
            return Callee(inner.function, (*inner.args, *args), {**inner.keywords, **keywords})
        elif (inner := python_function(f)) is not f:
            f = inner
        else:
            called = inspect.getattr_static(type(f), "__call__", None)
            if not isinstance(called, FunctionType):
                break
            f, args = called, (f, *args)
    return Callee(f, args, keywords)


def python_function(f: Any) -> Callable[..., Any]:
    """The Python function that `f` keeps the results of (`functools.cache`), or is the compiled form of (Numba's `jit`)."""
    if isinstance(f, functools._lru_cache_wrapper):
        return f.__wrapped__
    found = getattr(f, "py_func", None) if type(f).__module__.split(".")[0] == "numba" else None
    return found if isinstance(found, FunctionType) else f
