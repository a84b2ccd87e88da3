"""Functions of Python that call what they are given, as Python functions that are followed like any other.

Takes a call of one; gives the call of what stands for it. Where Python gives an iterator, there is a list.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from sct.ir.ssa import Operand
from sct.specialize.building import Builder

__all__ = ["IN_PYTHON"]


def mapped(function: Any, iterable: Any, *others: Any) -> Any:
    """`map`."""
    if len(others) == 0:
        return [function(x) for x in iterable]
    return [function(*each) for each in zip(iterable, *others)]  # noqa: B905


def filtered(function: Any, iterable: Any) -> Any:
    """`filter`."""
    if function is None:
        return [x for x in iterable if x]
    return [x for x in iterable if function(x)]


def reduced(function: Any, iterable: Any) -> Any:
    """`functools.reduce` of something that is not empty."""
    items = list(iterable)
    value = items[0]
    for x in items[1:]:
        value = function(value, x)
    return value


def reduced_from(function: Any, iterable: Any, initial: Any) -> Any:
    """`functools.reduce` that starts with a value."""
    value = initial
    for x in iterable:
        value = function(value, x)
    return value


def _called(*forms: Callable[..., Any]) -> Callable[..., Any]:
    """The handler of a function for which one of some others stands, by the number of arguments; the last one for more."""

    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        if len(args) < 2 or kwargs:
            return NotImplemented
        return s.apply(forms[min(len(args) - 2, len(forms) - 1)], args)

    return handle


IN_PYTHON: dict[Any, Callable[..., Any]] = {
    map: _called(mapped),
    filter: _called(filtered),
    functools.reduce: _called(reduced, reduced_from),
}
"""What stands for a call, by function."""
