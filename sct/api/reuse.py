"""Derivatives made after one that is there, for functions of the same code.

Takes a function and what its derivatives have in common; gives a derivative without looking at the function's code again.
Never compiles.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from sct.api.cache import shared_by
from sct.api.derived import LATE, NAMES, DerivedFunction, namesake, otherwise
from sct.frontend.callables import Callee, reached
from sct.registry.rules import has_adjoint

__all__ = ["behind", "in_common", "made_again"]


def behind(f: Any) -> tuple[dict[Any, Any] | None, Any, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    """What is behind `f`.

    Where derivatives of functions of its code are kept, if anywhere; the function that has that code; what `f` adds to a call's
    arguments: those in front, and these with those by name; how many and which these are.
    """
    if type(f) is DerivedFunction:
        names = f._callee.keywords if f._given else ()
        return f._shared.derived, f._root, f._first, f._given, (len(f._first), *names)
    root, first, keywords = reached(f) if callable(f) else Callee(f)
    table = shared_by(root.__code__) if type(root) is FunctionType and not has_adjoint(root) else None
    if not keywords:
        return table, root, first, first, (len(first),)
    return table, root, first, (*first, *keywords.values()), (len(first), *keywords)


def made_again(
    f: Any, root: Any, first: tuple[Any, ...], given: tuple[Any, ...], common: dict[str, Any]
) -> DerivedFunction[..., Any]:
    """A derivative of `f` like one that was made for another function of its code, or for itself."""
    made = object.__new__(DerivedFunction)
    made.primal, made._root, made._first, made._given, made._entries = f, root, first, given, ()
    named = f if root is f else namesake(f, root)
    made._common, made.__module__, made.__doc__ = common, named.__module__, named.__doc__
    made._latest = latest = [None, weakref.ref(made), f, common["_asked"]]
    call: Callable[..., Any] = MethodType(otherwise, latest)
    compiled = common["_shared"].compiled
    if compiled:  # what was compiled last is likely to be what is called
        form = compiled[0]
        entry = DerivedFunction._link(made, form)
        if entry is not None:
            made._entries = (entry,)
            _, target, (_, objects, _, _) = entry
            call = form.guard.on(given + objects, target, call, latest)
    made.__call__ = call
    return made


def in_common(made: DerivedFunction[..., Any]) -> dict[str, Any]:
    """What a derivative has in common with those of other functions of the same code."""
    own = {"primal", "_root", "_first", "_given", "_latest", "_entries", "_common", *NAMES, *LATE}
    return {k: v for k, v in vars(made).items() if k not in own}
