"""What comes of the programs of generators, one after another or several at once.

Takes generators, seeds, and how to call derivatives; gives each program's verdict, and its text if that is to be shown.
"""

from __future__ import annotations

import functools
import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from . import GENERATORS
from .oracle import Verdict, cause, judged, way_of
from .reducer import reduced

__all__ = ["Asked", "Outcome", "outcomes"]


@dataclass(frozen=True)
class Asked:
    """How derivatives are called; whether faulty programs are to be made small, and all programs shown."""

    forward: bool = False
    transform: str | None = None
    reduce: bool = False
    verbose: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of the program of a generator and a seed; `text`: the program, if it is to be shown."""

    generator: str
    seed: int
    verdict: Verdict
    constructs: tuple[str, ...]
    text: str = ""


def outcomes(tasks: Iterable[tuple[str, int]], asked: Asked, jobs: int = 1) -> Iterator[Outcome]:
    """What comes of the programs of some generators and seeds, in their order; in several processes if it is to be."""
    look = functools.partial(_outcome, asked)
    if jobs == 1:
        yield from map(look, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        yield from pool.imap(look, tasks, chunksize=10)


def _outcome(asked: Asked, task: tuple[str, int]) -> Outcome:
    name, seed = task
    p, way = GENERATORS[name](seed), way_of(seed, asked.forward)
    way = replace(way, transform=asked.transform, again="") if asked.transform else way
    verdict = judged(p, way, seed)
    if not (asked.verbose or verdict.is_fault):
        return Outcome(name, seed, replace(verdict, detail=cause(verdict)), p.constructs)
    if asked.reduce and verdict.is_fault:
        kind, constructs = verdict.kind, p.constructs
        p = replace(reduced(p, lambda q: judged(q, way, seed).kind == kind), constructs=constructs)
        verdict = judged(p, way, seed)
    return Outcome(name, seed, verdict, p.constructs, f"{p.source}args = {p.args!r}; wrt = {p.wrt!r}")
