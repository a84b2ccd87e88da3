"""Functions that are not differentiated on purpose, each with the reason.

Takes functions of a library and why; gives the compiler what it says where a derivative of one is asked for. Where none is
asked for they are called like any other.
"""

from __future__ import annotations

from typing import Any

from sct.registry.effects import is_registered, none_unless_said
from sct.registry.lookup import find

__all__ = ["reason_for", "refused", "refused_functions"]

_reasons: dict[Any, str] = {}


def refused(reason: str, *functions: Any) -> None:
    """Register why functions have no derivative rule: a sentence, with what to write instead."""
    for f in functions:
        _reasons[f] = reason
        if not is_registered(f):
            none_unless_said(f)


def reason_for(function: Any) -> str | None:
    """Why a function is not differentiated, if that is registered."""
    found: str | None = find(_reasons, function)
    return found


def refused_functions() -> tuple[Any, ...]:
    """The functions that are not differentiated on purpose."""
    return tuple(_reasons)
