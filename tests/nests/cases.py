"""What there is to look at: names, functions, arguments, and the places of what they are differentiated by."""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import test_textbook
from fuzz import GENERATORS
from fuzz.programs import defined
from grid import _operands
from grid.variants import variants
from orders.cases import kernels, programs
from rule_samples import label, samples

from sct.testing.calls import program
from sct.testing.rules import is_floating
from sct.testing.trees import leaves

__all__ = ["KINDS", "of_sample"]

Named = tuple[str, Callable[..., Any], tuple[Any, ...], tuple[int, ...]]
Sample = tuple[Callable[..., Any], Any, dict[str, Any]]


def textbook() -> Iterator[Named]:
    """Textbooks' exercises that are not among the programs."""
    for case in test_textbook.CASES:
        if not case.values[3]:
            f, args, wrt, _ = case.values
            yield str(case.id), f, tuple(args), tuple(wrt)


def of_sample(name: str, sample: Sample) -> Iterator[Named]:
    """A call, as a function in which numbers and flags stand, and as one that is given them."""
    function, args, keywords = sample
    kwargs = {k: v for k, v in keywords.items() if k not in ("wrt", "rtol", "atol")}
    for written in (True, False):
        made, values, places = program(function, args, kwargs, written)
        chosen = _operands(function, (args, kwargs), keywords)
        wrt = tuple(i for i, place in enumerate(places) if place[0] in chosen and is_floating(values[i]))
        if wrt and any(True for _ in leaves(values)):
            yield name if written else f"{name}, as arguments", made, values, wrt


def rules() -> Iterator[Named]:
    """All samples of all rules of what users call."""
    for number, sample in enumerate(samples()):
        if not label(sample[0]).startswith("sct."):
            yield from of_sample(f"{label(sample[0])} {number}", sample)


def grid() -> Iterator[Named]:
    """Their variants, in other precisions, layouts, kinds and shapes; of one in ten each."""
    for number, (function, args, keywords) in enumerate(samples()):
        if label(function).startswith("sct."):
            continue
        extra = {k: v for k, v in keywords.items() if k in ("wrt", "rtol", "atol")}
        kwargs = {k: v for k, v in keywords.items() if k not in extra}
        for what, (new, named) in variants(function, args, kwargs):
            name = f"{label(function)} {number}, {what}"
            if what != "as it is" and what not in _ELSEWHERE and zlib.crc32(name.encode()) % 10 == 0:
                try:
                    yield from of_sample(name, (function, new, {**named, **extra}))
                except Exception:  # noqa: BLE001, S112  (what is no call)
                    continue


_ELSEWHERE = ("float16", "longdouble")  # which Numba has not


def _random(generator: str) -> Callable[[], Iterator[Named]]:
    def made() -> Iterator[Named]:
        for seed in range(1000):
            p = GENERATORS[generator](seed)
            f = defined(p.source)
            names = list(inspect.signature(f).parameters)
            yield f"{seed}", f, p.args, tuple(map(names.index, p.wrt))

    return made


KINDS: dict[str, Callable[[], Iterator[Named]]] = {
    "kernels": kernels,
    "programs": programs,
    "textbook": textbook,
    "rules": rules,
    "grid": grid,
    **{name: _random(name) for name in GENERATORS},
}
