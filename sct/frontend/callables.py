"""What is called in the end: the function behind methods, partials, caches and compilers of functions.

Takes anything that can be called; gives the Python function, derived function or function with a rule that it ends in, with
the arguments that it adds to those of a call. Never calls it, and holds nothing of it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import FunctionType, MappingProxyType, MethodType
from typing import Any, NamedTuple

import numpy as np

from sct.errors import UnsupportedSyntaxError
from sct.ir.records import record
from sct.registry.effects import is_registered, is_registered_itself
from sct.registry.others import load_declared, meet
from sct.runtime import vectorized
from sct.signatures import read_signature

__all__ = [
    "Callee",
    "Flat",
    "flattened",
    "has_stars",
    "is_decorated",
    "is_jitted",
    "python_function",
    "reached",
    "seen_through",
]


class Callee(NamedTuple):
    """A call of `f(...)` is one of `function(*args, ..., **keywords)`."""

    function: Any
    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = MappingProxyType({})

    def open_signature(self, signature: inspect.Signature) -> inspect.Signature:
        """What is left of the function's signature for the caller to give."""
        if not self.args and not self.keywords:
            return signature

        def stand_in() -> None: ...

        stand_in.__signature__ = signature  # type: ignore[attr-defined]
        return read_signature(functools.partial(stand_in, *self.args, **self.keywords))


@record(frozen=True)
class Flat:
    """A function of `*args` or `**kwargs` with a parameter for each argument; `whole` are those that take a tuple or dict."""

    function: Any
    signature: inspect.Signature
    whole: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            if hasattr(self.function, name):
                object.__setattr__(self, name, getattr(self.function, name))

    def arguments(self, values: Mapping[str, Any]) -> tuple[list[tuple[Any, bool]], dict[str, Any], list[Any]]:
        """How the function is called: positional arguments, each with whether it has a star, keywords, dicts with two stars."""
        args: list[tuple[Any, bool]] = []
        keywords: dict[str, Any] = {}
        dicts: list[Any] = []
        for p in self.signature.parameters.values():
            if p.kind is not p.KEYWORD_ONLY:
                args.append((values[p.name], p.name in self.whole))
            elif p.name in self.whole:
                dicts.append(values[p.name])
            else:
                keywords[p.name] = values[p.name]
        return args, keywords, dicts

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        own, keywords, dicts = self.arguments(bound.arguments)
        positional = [v for value, starred in own for v in (value if starred else (value,))]
        return self.function(*positional, **{**keywords, **{k: v for d in dicts for k, v in d.items()}})


def has_stars(signature: inspect.Signature) -> bool:
    """Whether there is an `*args` or `**kwargs`."""
    return any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in signature.parameters.values())


def seen_through(f: Any) -> Any:
    """A decorated function of `*args` or `**kwargs` as one of the parameters of what it decorates; anything else as it is."""
    if not isinstance(f, FunctionType) or not hasattr(f, "__wrapped__"):
        return f
    if not has_stars(read_signature(f, follow_wrapped=False)) or has_stars(read_signature(f)):
        return f
    return Flat(f, read_signature(f))


def is_decorated(f: Any) -> bool:
    """Whether `f` is a decorated function as one of the parameters of what it decorates, or a derivative of one."""
    if type(f) is Flat:
        return isinstance(f.function, FunctionType) and not has_stars(f.signature)
    return bool(getattr(f, "__sct_decorated__", False))


def flattened(
    f: Any, signature: inspect.Signature, count: int, names: Sequence[str], whole: frozenset[str] = frozenset()
) -> Flat:
    """`f` as a call with `count` positional arguments and these keywords sees it; a decorated function sees no defaults."""
    if is_decorated(f):
        known = signature.parameters
        first = [p for p in known.values() if p.kind is not p.KEYWORD_ONLY][:count]
        rest = [known.get(n, inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY)) for n in names]
        parts = [*(p.replace(default=p.empty) for p in first), *(p.replace(kind=p.KEYWORD_ONLY) for p in rest)]
        return Flat(f.function if isinstance(f, Flat) else f, inspect.Signature(parts))
    own = {p.name for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    positional = [p for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    more = max(count - len(positional), 0)
    made = [p.replace(default=p.empty) if more else p for p in positional]
    keywords: list[inspect.Parameter] = []
    for p in signature.parameters.values():
        if p.kind is p.KEYWORD_ONLY:
            keywords.append(p)
        elif p.kind is p.VAR_POSITIONAL:
            items = [p.name] if p.name in whole else [f"{p.name}_{i}" for i in range(more)]
            made += [p.replace(name=_fresh(n, {*own, *names}), kind=p.POSITIONAL_OR_KEYWORD) for n in items]
        elif p.kind is p.VAR_KEYWORD:
            given = [p.name] if p.name in whole else [n for n in names if n not in own]
            keywords += [p.replace(name=n, kind=p.KEYWORD_ONLY) for n in given]
    expanded = inspect.Signature([*made, *keywords])
    return replace(f, signature=expanded, whole=whole) if isinstance(f, Flat) else Flat(f, expanded, whole)


def _fresh(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def reached(f: Any) -> Callee:
    """What a call of `f` ends in."""
    load_declared()
    meet(f)
    args: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}
    while not isinstance(f, (FunctionType, Flat)) and not _has_rule(f):
        if isinstance(f, MethodType):
            f, args = f.__func__, (f.__self__, *args)
        elif isinstance(f, functools.partial):
            f, args, keywords = f.func, (*f.args, *args), {**f.keywords, **keywords}
            meet(f)
        elif hasattr(f, "__sct_callee__"):
            inner = f.__sct_callee__()
            return Callee(inner.function, (*inner.args, *args), {**inner.keywords, **keywords})
        elif isinstance(f, np.vectorize):
            f, args = vectorized, (f.pyfunc, _otypes(f), *args)
        elif (inner := python_function(f)) is not f:
            f = inner
        else:
            called = next((vars(c)["__call__"] for c in type(f).__mro__ if "__call__" in vars(c)), None)
            if not isinstance(called, FunctionType):
                break
            f, args = called, (f, *args)
    return Callee(f, args, keywords)


def _has_rule(f: Any) -> bool:
    """Whether a rule is registered, of a method for that very one: otherwise it is the function of its class with an object."""
    return is_registered_itself(f) if isinstance(f, MethodType) else is_registered(f)


def _otypes(f: np.vectorize) -> np.dtype[Any] | None:
    """The one dtype that a vectorized function gives, None if it is that of its first result."""
    refused = [name for name in ("signature", "excluded") if getattr(f, name)]
    if len(f.otypes or "") > 1:
        refused.append("several otypes")
    if refused:
        raise UnsupportedSyntaxError(f"np.vectorize with {refused[0]}", advice="Write the loop, or use array operations.")
    return None if f.otypes is None else np.dtype(f.otypes[0])


def python_function(f: Any) -> Callable[..., Any]:
    """The Python function that `f` keeps the results of (`functools.cache`), or is the compiled form of (Numba's `jit`,
    `sct.compile`)."""
    if isinstance(f, functools._lru_cache_wrapper):
        return f.__wrapped__
    found: Callable[..., Any] | None = (
        f.py_func if is_jitted(f) else getattr(type(f), "__sct_python__", None) and f.__sct_python__
    )
    return f if found is None else found


def is_jitted(f: Any) -> bool:
    """Whether `f` is a function that Numba compiles (`jit`, `njit`)."""
    return type(f).__module__.split(".")[0] == "numba" and isinstance(getattr(f, "py_func", None), FunctionType)
