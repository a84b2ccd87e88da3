"""Tracebacks that end at the user's call: of an error of sct, the frames of the compiler say nothing to its reader.

Takes public functions; gives them with these frames left out of the errors of sct that they raise. Errors of the user's own
function and of NumPy keep theirs. With SCT_TRACEBACK=full in the environment nothing is left out.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sct.errors import SctError

__all__ = ["ends_here", "without_frames"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


def without_frames(error: SctError) -> SctError:
    """`error`, with no frame yet and no error behind it."""
    if os.environ.get("SCT_TRACEBACK") == "full":
        return error
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def ends_here(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """`function`, below which the tracebacks of sct's errors do not go."""

    @functools.wraps(function)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return function(*args, **kwargs)
        except SctError as e:
            error = e
        raise without_frames(error)

    return called
