"""Axes: along which one a function of NumPy's goes decides the ranks of what follows, so an integer that says it is looked at.

Takes a call; gives it with the axes that are integers of the call that is compiled for (arguments, globals, fields) as the
numbers that they are there, which are then relied on. Leaves alone what a loop counts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from sct.ir.ssa import Operand, Value
from sct.ir.types import Const, Scalar, Size, value_at_call
from sct.registry.type_rules import type_rule
from sct.signatures import read_signature

__all__ = ["along_known_axes"]

_NAMES = frozenset(("axis", "axis1", "axis2", "source", "destination"))


def along_known_axes(
    op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]
) -> tuple[Sequence[Operand], dict[str, Operand]]:
    """The arguments of a call, with its axes as the numbers that they are."""
    for a in (*args, *kwargs.values()):
        if _is_integer(a):
            break
    else:
        return args, kwargs
    rule = type_rule(op)
    names = _parameters(rule) if rule is not None else ()
    known = [_known(a) if name in _NAMES else a for name, a in zip(names, args, strict=False)]
    return (*known, *args[len(known) :]), {k: _known(a) if k in _NAMES else a for k, a in kwargs.items()}


def _is_integer(o: Operand) -> bool:
    return isinstance(o, Value) and isinstance(o.type, Scalar) and isinstance(o.type.size, Size)


def _known(o: Operand) -> Operand:
    n = value_at_call(o.type.size) if _is_integer(o) else None  # type: ignore[union-attr, arg-type]
    return o if n is None else Const(n)


@functools.lru_cache(256)
def _parameters(rule: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(read_signature(rule).parameters)
