"""Functions that are made of others: what a call of one is followed as.

Takes functions of a library, each with a function in Python that computes the same of operations that have rules; gives it to
the compiler, which follows it in the function's place as it would a user's. Never runs it. Derivatives, types and effects are
those of what it is made of, so nothing else is registered of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

from sct.registry.effects import is_registered, none_unless_said
from sct.registry.lookup import find

__all__ = ["as_written", "composition", "composition_of", "compositions", "followed_for", "is_composition", "is_rounded"]

F = TypeVar("F", bound=Callable[..., Any])

_compositions: dict[Any, FunctionType] = {}
_written: set[FunctionType] = set()
_covered: dict[Any, Callable[..., bool]] = {}
_rounded: set[FunctionType] = set()


def composition(*primitives: Any, covers: Callable[..., bool] | None = None, rounded: bool = False) -> Callable[[F], F]:
    """Register the decorated function as what calls of `primitives` are followed as; it has their parameters.

    `covers` tells of the arguments' types, given as to a type rule, whether a call is followed; otherwise all are. What is
    registered of a `Method` is so of that of arrays and numbers. `rounded`: its results are those of the primitives but for
    rounding.
    """

    def register(function: F) -> F:
        assert isinstance(function, FunctionType)
        for p in primitives:
            _register(p, function)
            if covers is not None:
                _covered[p] = covers
        if rounded:
            _rounded.add(function)
        return function

    return register


def as_written(*functions: Any) -> None:
    """Register functions in Python that are followed as their library has them."""
    for f in functions:
        written = inspect.unwrap(f)
        assert isinstance(written, FunctionType)
        _register(f, written)


def _register(primitive: Any, function: FunctionType) -> None:
    _compositions[primitive] = function
    _written.add(function)
    if not is_registered(primitive):
        none_unless_said(primitive)


def composition_of(primitive: Any) -> FunctionType | None:
    """What a call of `primitive` is followed as, if anything is registered."""
    found: FunctionType | None = find(_compositions, primitive)
    return found


def followed_for(primitive: Any) -> bool | Callable[..., bool]:
    """For which calls a composition is followed: a fact, of the arguments' types."""
    return _covered.get(primitive, True)


def is_composition(function: Any) -> bool:
    """Whether a function stands for another one, or for itself, in what is followed."""
    return function in _written


def is_rounded(function: Any) -> bool:
    """Whether a function stands for another one whose results are the same but for rounding."""
    return function in _rounded


def compositions() -> tuple[Any, ...]:
    """The functions that something is registered for."""
    return tuple(_compositions)
