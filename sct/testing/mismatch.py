"""What a check raises."""

from __future__ import annotations

from sct.errors import SctError

__all__ = ["GradientMismatch"]


class GradientMismatch(SctError, AssertionError):
    """A derivative disagrees with finite differences, or a rule breaks its contract."""
