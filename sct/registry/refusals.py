"""Functions that are not differentiated on purpose, each with the reason.

Takes functions of a library and why; gives the compiler what it says where a derivative of one is asked for. Where none is
asked for they are called like any other.
"""

from __future__ import annotations

import sys
from typing import Any

from sct.registry.effects import is_registered, none_unless_said
from sct.registry.lookup import find, of_class

__all__ = ["reason_for", "refused", "refused_functions", "refused_namespace", "refused_namespaces", "those_of"]

_reasons: dict[Any, str] = {}
_namespaces: dict[str, str] = {}


def those_of(module: Any, names: str) -> list[Any]:
    """The functions and classes of those named that a module has in the version that is installed."""
    return [getattr(module, name) for name in names.split() if hasattr(module, name)]


def refused(reason: str, *functions: Any) -> None:
    """Register why functions have no derivative rule: a sentence, with what to write instead."""
    for f in functions:
        _reasons[f] = reason
        if not is_registered(f):
            none_unless_said(f)


def reason_for(function: Any) -> str | None:
    """Why a function is not differentiated, if that is registered."""
    found: str | None = find(_reasons, function)
    if found is None:
        found = find(_reasons, of_class(function))
    if found is not None or is_registered(function):
        return found
    return next((reason for name, reason in _namespaces.items() if _is_of(function, name)), None)


def _is_of(function: Any, namespace: str) -> bool:
    """Whether a function is one of a module's, which is loaded if it is."""
    own = getattr(function, "__module__", None)
    if isinstance(own, str) and f"{own}.".startswith(f"{namespace}."):
        return True
    return namespace in sys.modules and any(function is f for f in vars(sys.modules[namespace]).values())


def refused_namespace(reason: str, *modules: str) -> None:
    """Register why nothing of a library's modules has a derivative rule but what is registered by itself."""
    _namespaces.update(dict.fromkeys(modules, reason))


def refused_namespaces() -> dict[str, str]:
    """The modules of which nothing is differentiated, each with the reason."""
    return dict(_namespaces)


def refused_functions() -> tuple[Any, ...]:
    """The functions that are not differentiated on purpose."""
    return tuple(_reasons)
