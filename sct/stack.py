"""Room on the stack for the compiler, which follows the nesting of a program by recursion.

Takes work to do; gives its result. Work that finds too little room, since the program is deep (a sum of 1,000 terms, a chain
of 300 `elif`) or the caller is, is done again on a stack of its own. Compiled derivatives never run there: how deep the
user's functions may recurse stays Python's business.
"""

from __future__ import annotations

import contextlib
import contextvars
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sct.errors import UnsupportedSyntaxError

__all__ = ["with_room"]

_T = TypeVar("_T")

_FRAMES = 50_000
_BYTES = 512 * 1024 * 1024  # of address space; only what is used is ever backed by memory

_lock = threading.Lock()
_roomy = threading.local()
_raised: list[tuple[int, int]] = []  # the limits before and since, one pair for each thread that has room now


def with_room(work: Callable[[], _T]) -> _T:
    """The result of `work`, which may be begun twice.

    Raises
    ------
    UnsupportedSyntaxError
        If the program is too deep all the same.
    """
    try:
        return work()
    except RecursionError:
        if getattr(_roomy, "here", False):
            raise
    return _apart(work)


def _apart(work: Callable[[], _T]) -> _T:
    """The result of `work` in a thread with a large stack."""
    context = contextvars.copy_context()
    results: list[_T] = []
    errors: list[BaseException] = []

    def target() -> None:
        _roomy.here = True
        try:
            with _higher_limit():
                results.append(context.run(work))
        except RecursionError:
            errors.append(
                UnsupportedSyntaxError(
                    "the function is nested too deeply for its derivative to be written",
                    advice="Split its longest expression, or its longest chain of branches, into several.",
                )
            )
        except BaseException as e:  # noqa: BLE001  (raised again where the work was asked for)
            errors.append(e)

    _start(target).join()
    if errors:
        raise errors[0]
    return results[0]


def _start(target: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=target, name="sct compiler")
    with _lock:  # the size is that of all threads to come
        usual = threading.stack_size(_BYTES)
        try:
            thread.start()
        finally:
            threading.stack_size(usual)
    return thread


@contextlib.contextmanager
def _higher_limit() -> Iterator[None]:
    """The limit belongs to the interpreter: it goes back when the last thread leaves, unless somebody has set another."""
    with _lock:
        if not _raised:
            _raised.append((sys.getrecursionlimit(), max(sys.getrecursionlimit(), _FRAMES)))
            sys.setrecursionlimit(_raised[0][1])
        else:
            _raised.append(_raised[0])
    try:
        yield
    finally:
        with _lock:
            before, since = _raised.pop()
            if not _raised and sys.getrecursionlimit() == since:
                sys.setrecursionlimit(before)
