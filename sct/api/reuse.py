"""Where the derivatives of functions of one code are kept.

Takes a function; gives the table, and what is needed to make a derivative like one that is there. Never compiles.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from sct.api.cache import shared_by
from sct.api.derived import DerivedFunction
from sct.api.options import PLAIN, as_primal
from sct.frontend.callables import Callee, reached
from sct.registry.rules import has_adjoint

__all__ = ["behind"]


def behind(f: Any) -> tuple[dict[Any, Any] | None, Any, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    """What is behind `f`.

    Where derivatives of functions of its code are kept, if anywhere; the function that has that code; what `f` adds to a call's
    arguments: those in front, and these with those by name; how many and which these are.
    """
    if type(f) is DerivedFunction and f.mode.seed != "itself":
        names = f._callee.keywords if f._given else ()
        return f._shared.derived, f._root, f._first, f._given, (len(f._first), *names)
    root, first, keywords = reached(f) if callable(f) else Callee(f)
    table = shared_by(root.__code__) if type(root) is FunctionType and not has_adjoint(root) else None
    compiled = () if as_primal(PLAIN, f) is PLAIN else (PLAIN,)  # by Numba
    if not keywords:
        return table, root, first, first, (len(first), *compiled)
    return table, root, first, (*first, *keywords.values()), (len(first), *compiled, *keywords)
