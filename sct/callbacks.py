"""Functions that are given to functions which are not followed: solvers, and what integrates.

Takes a function of Python's; gives what such a one calls. Outside of a derivative these functions do nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = [
    "as_returned",
    "as_taken",
    "callback",
    "least_squares",
    "least_squares_between",
    "minimum",
    "minimum_between",
    "pulled",
    "pushed",
    "root",
    "slopes",
    "unfollowed",
]

F = TypeVar("F", bound=Callable[..., Any])


def callback(function: F, *like: Any) -> F:
    """`function`, to be called with arguments such as `like` by what is not followed.

    In a derivative it is a tuple `(f, *seen)`: a function of its own, and what that sees of what is around it. A call with
    arguments `args` is one of `f(*seen, *args)`, by which it can be differentiated.
    """
    return function


def unfollowed(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A call of what is not followed: nothing of it is differentiated."""
    return function(*args, **kwargs)


def as_taken(x: Any, function: Any) -> Any:
    """`x`, which is of the type that `function`, a callback, is called with: what a solver gives."""
    return x


def as_returned(y: Any, function: Any) -> Any:
    """`y`, which is of the type that `function`, a callback, returns: what something makes of its results."""
    return y


def root(x: Any, residual: Any) -> Any:
    """`x`, where `residual`, a callback, is zero: its derivatives are those of the root (`sct.implicit`)."""
    return x


def minimum(x: Any, objective: Any) -> Any:
    """`x`, where the gradient of `objective`, a callback, is zero: its derivatives are those of that root."""
    return x


def minimum_between(x: Any, objective: Any, low: Any, high: Any) -> Any:
    """The same, where a bound may keep `x` from going on."""
    return x


def least_squares(x: Any, residuals: Any) -> Any:
    """`x`, where the sum of squares of `residuals`, a callback, is least: its derivatives are those of that minimum."""
    return x


def least_squares_between(x: Any, residuals: Any, low: Any, high: Any) -> Any:
    """The same, where a bound may keep `x` from going on."""
    return x


def slopes(x: Any, function: Any) -> Any:
    """The derivatives of `function`, a callback, at `x`, of which it is called: of the shape of its result, and that of `x`."""
    raise NotImplementedError


def pulled(function: Any, args: Any, bar: Any, wanted: Any) -> Any:
    """The adjoints of what a callback sees, and then of what it is called with, `args`, by that of its result.

    Those that are not wanted, by a flag for each, are left out.
    """
    raise NotImplementedError


def pushed(function: Any, args: Any, dots: Any) -> Any:
    """The tangent of a callback's result, by those of what it sees, and then of what it is called with; None is zero."""
    raise NotImplementedError
