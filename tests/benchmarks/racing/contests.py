"""A contest: one derivative by several ways, which must agree, and the time that each of them takes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from timing import interleaved

from .agreement import Disagreement, expected

NUMBA, NUMPY = "sct, Numba", "sct, NumPy"
JAX, JAX_ON_DEVICE, TORCH, AUTOGRAD, C, BY_HAND = "JAX", "JAX on device", "PyTorch", "autograd", "C", "by hand"

WAYS = (NUMBA, NUMPY, JAX, JAX_ON_DEVICE, TORCH, AUTOGRAD, C, BY_HAND)
"""All that there are, in the order in which they are told of."""

_NOT_COMPILED = (TORCH, AUTOGRAD)

_LONG = 15.0
"""Seconds that a first call is not called again after."""


@dataclass(frozen=True)
class Contest:
    """A derivative of a function, and the ways to have it."""

    name: str
    function: Callable[[], Any]
    """Calls the function itself, on arguments of its own."""
    reference: Callable[..., Any]
    """The derivative that all ways are held against."""
    args: tuple[Any, ...]
    ways: Mapping[str, Callable[[], Any]]


@dataclass(frozen=True)
class Figures:
    """What is found of a contest, in seconds."""

    name: str
    function: float
    times: Mapping[str, float]
    first_calls: Mapping[str, float]
    """What the first call of each way took more than one later, most of it compilation."""
    notes: tuple[str, ...]


def agree(contest: Contest, found: Mapping[str, Any]) -> None:
    """Raise where what the ways have found is not what the reference gives."""
    right = expected(contest.reference, contest.args)
    for who, result in found.items():
        try:
            right.check(who, result)
        except Disagreement as error:
            raise Disagreement(f"{contest.name}: {error}") from None


def measured(contest: Contest, seconds: float) -> Figures:
    """The best times of all ways, in turns that take about so many seconds together, and of the first calls.

    A way that takes longer by itself has one turn; where it compiles nothing and takes very long, its first call is it.
    """
    found, first = {}, {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for who, call in contest.ways.items():
            start = time.perf_counter()
            found[who] = call()
            first[who] = time.perf_counter() - start
    agree(contest, found)
    calls = {"": contest.function, **contest.ways}
    slow = {who for who in _NOT_COMPILED if first.get(who, 0.0) > _LONG}
    once = {who: first[who] if who in slow else _seconds(call) for who, call in calls.items()}
    quick = {who: call for who, call in calls.items() if once[who] < seconds}
    rounds = min(60, max(3, int(seconds / sum(max(once[who], 2e-3) for who in quick))))
    best = once | dict(zip(quick, interleaved(*quick.values(), rounds=rounds), strict=True))
    function = best.pop("")
    notes = tuple(str(w.message).splitlines()[0] for w in caught if w.category.__module__.startswith("sct"))
    return Figures(contest.name, function, best, {who: max(first[who] - best[who], 0.0) for who in best}, notes)


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
