"""An end to what does not end.

Takes a number of seconds; raises in the block that takes longer, where the system can tell. Never stops another thread.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["OutOfTimeError", "limited"]


class OutOfTimeError(BaseException):
    """Not an Exception, so that nothing on the way takes it for an error of a program."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """At most some seconds."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise OutOfTimeError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
