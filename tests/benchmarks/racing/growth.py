"""How time and memory grow with the steps of a recurrence."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from benchmarks.loops.by_hand import BY_HAND as ADJOINTS
from benchmarks.loops.workloads import recurrence

import sct

from .contests import BY_HAND, JAX, NUMBA, NUMPY, Contest, Figures
from .sections import Mark, Ratio, Section

__all__ = ["GROWTH", "contest"]

_OF_A_NUMBER = {f"{steps:,} steps": (1.0, steps) for steps in (10_000, 100_000, 1_000_000)}
_OF_A_VECTOR = {f"{steps:,} steps of 1,000 numbers": (np.linspace(0.5, 1.5, 1000), steps) for steps in (10, 100, 1000)}


def contests(peers: Mapping[str, str]) -> Iterator[tuple[str, Callable[[], Contest]]]:
    """Each number of steps, with what makes its contest."""
    for name, (x, steps) in (_OF_A_NUMBER | _OF_A_VECTOR).items():
        yield name, partial(contest, name, x, steps, peers)


def contest(name: str, x: Any, steps: int, peers: Mapping[str, str]) -> Contest:
    """The vjp of so many steps by each way to have it."""
    args = (x, 2.0, 1e-5, steps)
    given = (*args, np.ones_like(x) if isinstance(x, np.ndarray) else 1.0)
    plain = sct.vjp(recurrence, ("x", "a"))
    ways: dict[str, Callable[[], Any]] = {NUMPY: partial(plain, *given)}
    if "Numba" in peers:
        ways[NUMBA] = partial(sct.vjp(recurrence, ("x", "a"), jit="numba"), *given)
        if not isinstance(x, np.ndarray):
            ways[BY_HAND] = partial(ADJOINTS["recurrence"].compiled(), *given)
    if "JAX" in peers:
        from . import in_jax, jax_kernels

        ways |= in_jax.ways(in_jax.vjp(jax_kernels.recurrence, recurrence, args, ("x", "a")), given)
    return Contest(name, partial(recurrence, *args), plain, given, ways)


def _told(found: list[Figures]) -> list[str]:
    """How much more ten times as many steps cost, and the memory by measurement and by the tape's table."""
    by_name = {f.name: f for f in found}
    said = []
    for names in (list(_OF_A_NUMBER), list(_OF_A_VECTOR)):
        for who in (NUMBA, NUMPY):
            times = [by_name[name].times[who] for name in names if name in by_name and who in by_name[name].times]
            if len(times) == len(names):
                growth = " and ".join(f"{b / a:.1f}" for a, b in zip(times, times[1:], strict=False))
                said.append(f"{who}: ten times as many steps cost {growth} times as much, up to {names[-1]}.")
    for name in _OF_A_VECTOR:
        if name in by_name:
            said.append(_memory(name))
    return said


def _memory(name: str) -> str:
    """The most bytes that a call has at once, beside those that its tape is said to have."""
    x, steps = _OF_A_VECTOR[name]
    derivative = sct.vjp(recurrence, ("x", "a"))
    args = x, 2.0, 1e-5, steps, np.ones_like(x)
    derivative(*args)
    tracemalloc.start()
    derivative(*args)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"Memory of {name}: {peak:,} bytes at most, of which the tape's table says {derivative.tape(*args).nbytes:,}."


_HAND, _JAX = Ratio("by hand ÷ Numba", BY_HAND, (NUMBA,)), Ratio("JAX ÷ Numba", JAX, (NUMBA,))

GROWTH = Section(
    "growth",
    "Growth",
    """A number, and a vector of a thousand, that go towards a root in so many steps, with the vjp of where they are
(`tests/benchmarks/loops/workloads.py`); by hand is a loop for Numba there.""",
    contests,
    (_HAND, _JAX),
    (Mark(_HAND, 1.0 / 1.5, only=(list(_OF_A_NUMBER)[-1],), what="with 10⁶ steps"),),
    _told,
    {
        "a number": {name: float(steps) for name, (_, steps) in _OF_A_NUMBER.items()},
        "1,000 numbers": {name: float(steps) for name, (_, steps) in _OF_A_VECTOR.items()},
    },
)
