"""Timing of several functions against one another, in one process and interleaved."""

from collections.abc import Callable
from time import perf_counter
from typing import Any


def _seconds(f: Callable[[], Any], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        f()
    return (perf_counter() - start) / calls


def interleaved(*functions: Callable[[], Any], rounds: int = 80, sample: float = 2e-3) -> list[float]:
    """The best seconds per call of each function; in every round each of them has its turn.

    Parameters
    ----------
    *functions
        Called without arguments.
    rounds : int
        How many samples are taken of each.
    sample : float
        About how many seconds a sample takes.
    """
    calls = []
    for f in functions:
        f()
        once = min(_seconds(f, 1) for _ in range(3))
        calls.append(max(1, int(sample / max(once, 1e-7))))
    best = [float("inf")] * len(functions)
    for r in range(rounds):
        order = range(len(functions)) if r % 2 == 0 else reversed(range(len(functions)))
        for i in order:
            best[i] = min(best[i], _seconds(functions[i], calls[i]))
    return best
