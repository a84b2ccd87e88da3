"""A contest: one derivative by several ways, which must agree, and the time that each of them takes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from timing import interleaved

from .agreement import Disagreement, expected

NUMBA, NUMPY, JAX, JAX_ON_DEVICE = "sct, Numba", "sct, NumPy", "JAX", "JAX on device"


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


def agree(contest: Contest) -> None:
    """Raise where a way gives another derivative than the reference."""
    right = expected(contest.reference, contest.args)
    for who, call in contest.ways.items():
        try:
            right.check(who, call())
        except Disagreement as error:
            raise Disagreement(f"{contest.name}: {error}") from None


def measured(contest: Contest, seconds: float) -> Figures:
    """The best times of all ways, in turns that take about so many seconds together, and of the first calls."""
    first = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for who, call in contest.ways.items():
            first[who] = _seconds(call)
    agree(contest)
    calls = {"": contest.function, **contest.ways}
    once = sum(max(_seconds(call), 2e-3) for call in calls.values())
    rounds = min(60, max(3, int(seconds / once)))
    best = dict(zip(calls, interleaved(*calls.values(), rounds=rounds), strict=True))
    function = best.pop("")
    notes = tuple(str(w.message).splitlines()[0] for w in caught if w.category.__module__.startswith("sct"))
    return Figures(contest.name, function, best, {who: max(first[who] - best[who], 0.0) for who in best}, notes)


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
