"""Calls that NumPy takes in two spellings, in the one that rules are written for.

Takes a call's operands; emits the call in its other spelling, or says that there is none. Never changes what it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sct.infer.call import plain
from sct.ir.ssa import Operand, type_of
from sct.ir.types import Const
from sct.specialize.building import Builder

__all__ = ["SPELLINGS"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # as NumPy numbers them


def _einsum(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """`np.einsum(a, (0, 1), b, (1, 2), (0, 2))` is `np.einsum("AB,BC->AC", a, b)`."""
    if not args or isinstance(plain(type_of(args[0])), str):
        return NotImplemented
    terms = [_term(plain(type_of(a))) for a in args[1::2]]
    output = _term(plain(type_of(args[-1]))) if len(args) % 2 else ""
    if output is None or None in terms[: len(args) // 2]:
        return NotImplemented
    inputs = ",".join(t for t in terms[: len(args) // 2] if t is not None)
    text = f"{inputs}->{output}" if len(args) % 2 else inputs
    return s.apply(np.einsum, (Const(text), *args[: len(args) // 2 * 2 : 2]), kwargs)


def _term(labels: Any) -> str | None:
    """The letters of a list of axes, which may have an ellipsis in it; None if they are not known."""
    if not isinstance(labels, (list, tuple)):
        return None
    known = all(i is Ellipsis or (isinstance(i, int) and 0 <= i < len(_LETTERS)) for i in labels)
    return "".join("..." if i is Ellipsis else _LETTERS[i] for i in labels) if known else None


SPELLINGS: dict[Any, Callable[..., Any]] = {np.einsum: _einsum}
"""The other spelling of a call, by function; `NotImplemented` if it has none."""
