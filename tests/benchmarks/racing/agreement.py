"""Whether two derivatives agree: their difference by what rounding the arguments makes of one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from trees import floating, mapped

__all__ = ["BOUND", "Expected", "Disagreement", "expected", "moved", "pairs"]

BOUND = 1e-9
"""What a difference, by the largest entry and by the condition, must stay below. Rounding within a derivative is no part of
that condition: where adjoints of a million entries cancel, as those of a maximum do, 1e-10 is left."""


class Disagreement(Exception):
    """A result is not that which was expected."""


def pairs(found: Any, wanted: Any) -> Iterator[tuple[Any, Any]]:
    """The numbers and arrays of two values, side by side, in the structure of the second; an entry of a dict by its key."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            yield from pairs(found[key], value)
    elif isinstance(wanted, (list, tuple)):
        if len(found) != len(wanted):
            raise Disagreement(f"{len(found)} parts where {len(wanted)} were expected")
        for x, y in zip(found, wanted, strict=True):
            yield from pairs(x, y)
    else:
        yield found, wanted


class Expected:
    """A result, and how far another one may be from it: part by part, in the scale of its largest entry."""

    def __init__(self, result: Any, others: list[Any]) -> None:
        self.result = result
        conditions = [1.0 for _ in pairs(result, result)]
        for other in others:
            for i, (x, y) in enumerate(pairs(other, result)):
                conditions[i] = max(conditions[i], _apart(x, y) / np.finfo(float).eps)
        self.conditions = conditions

    def error(self, found: Any) -> float:
        """The largest difference, by the largest entry and by the condition; infinite where a shape differs."""
        worst = 0.0
        for condition, (x, y) in zip(self.conditions, pairs(found, self.result), strict=True):
            worst = max(worst, _apart(x, y) / condition)
        return worst

    def check(self, who: str, found: Any) -> None:
        """Raise where a result is further away than rounding explains."""
        error = self.error(found)
        if not error <= BOUND:
            raise Disagreement(f"{who} is off by {error:.1e} of the condition")


def expected(call: Callable[..., Any], args: tuple[Any, ...]) -> Expected:
    """What a function gives of arguments, and of others that differ from these in the last place of each number."""
    return Expected(call(*args), [call(*moved(args, seed)) for seed in range(3)])


def moved(value: Any, seed: int) -> Any:
    """The real numbers of a value, each moved by one unit in its last place, up or down."""
    rng = np.random.default_rng(seed)

    def move(x: Any) -> Any:
        beside = np.nextafter(x, np.where(rng.random(np.shape(x)) < 0.5, -np.inf, np.inf))
        return beside if isinstance(x, np.ndarray) else type(x)(beside)

    return mapped(move, value) if floating(value) else value


def _apart(x: Any, y: Any) -> float:
    """The largest difference by the largest entry; infinite where shapes differ, or what is not finite."""
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape:
        return math.inf
    finite = np.isfinite(y)
    if not np.array_equal(np.isfinite(x), finite) or not np.array_equal(x[~finite], y[~finite], equal_nan=True):
        return math.inf
    scale = float(np.max(np.abs(y[finite]), initial=0.0))
    apart = float(np.max(np.abs(x - y), initial=0.0, where=finite))
    return apart / scale if scale else apart
