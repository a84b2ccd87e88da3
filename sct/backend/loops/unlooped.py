"""What there is no loop nest for, and where that is."""

from __future__ import annotations

from typing import Any

from sct.errors import Place

__all__ = ["Unlooped"]


class Unlooped(Exception):
    """What stays on the NumPy backend, for it is no matter of loops, or Numba does not compile it: why, where, and which
    statement. `culprit` is that of the function's own statements that is, or has in it, what there are no loops for."""

    def __init__(self, why: str, place: Place | None = None, statement: str = "") -> None:
        super().__init__(f"{statement}: {why}")
        self.why = why
        self.place = place
        self.statement = statement
        self.culprit: Any = None
