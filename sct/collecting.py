"""Memory while the compiler works.

Takes nothing; while it is entered, Python does not look for cycles among the many small objects that a compilation makes and
keeps until its end, which took a quarter of the time. What is not used any more is still freed at once, by its count of users.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collecting_later"]


@contextmanager
def collecting_later() -> Iterator[None]:
    """Cycles are looked for afterwards, if they were before."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
