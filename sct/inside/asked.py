"""What is looked into.

Takes what a user gives; gives it as a derived function, or refuses it.
"""

from __future__ import annotations

from typing import Any

from sct.api.derived import DerivedFunction
from sct.errors import CallError

__all__ = ["derived_function"]


def derived_function(derived: Any, asks: str) -> DerivedFunction[..., Any]:
    """What `sct.<asks>` looks into.

    Raises
    ------
    CallError
        If it is no derived function.
    """
    if not isinstance(derived, DerivedFunction):
        raise CallError(f"sct.{asks} takes a derived function, not {derived!r:.60}", advice=f"Write sct.{asks}(sct.grad(f)).")
    return derived
