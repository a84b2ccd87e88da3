"""What there is to differentiate twice: names, functions, arguments, and the places of what they are differentiated by."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scientific_functions
import test_textbook
from kernel_samples import NAMES, is_refused, sample
from programs import PROGRAMS
from rule_samples import label, samples

from sct.rules.linalg import cofactors
from sct.testing.bound import BoundCall, rule_of_call
from sct.testing.calls import program
from sct.testing.rules import ONE_TRIANGLE
from sct.testing.trees import at, leaves

__all__ = ["KINDS", "kernels"]

Named = tuple[str, Callable[..., Any], tuple[Any, ...], tuple[int, ...]]


def _case(name: str, f: Callable[..., Any], args: Any, wrt: Any) -> Named:
    parameters = list(inspect.signature(f).parameters.values())
    names = [p.name for p in parameters]
    wrt = (wrt,) if isinstance(wrt, (str, int)) else wrt
    others = [p.default for p in parameters[len(args) :] if p.kind is not p.KEYWORD_ONLY]  # adjoints and tangents follow them
    return name, f, (*args, *others), tuple(names.index(w) if isinstance(w, str) else w for w in wrt)


def kernels() -> Iterator[Named]:
    """Those of tests/kernels."""
    for name in NAMES:
        if not is_refused(name):
            yield _case(name, *sample(name))


def programs() -> Iterator[Named]:
    """Whole programs: those of tests/programs, functions of SciPy's written out, and textbooks' exercises."""
    for p in PROGRAMS:
        yield _case(p.name, p.function, _ELSEWHERE.get(p.name, p.args), p.wrt)
    for name, found in scientific_functions.CASES.items():
        yield _case(name, *found)
    for case in test_textbook.CASES:
        if case.values[3]:
            yield _case(str(case.id), *case.values[:3])


_ELSEWHERE = {"newton_iteration": (2.0, 3.1)}  # at its own arguments it begins at the root, and makes one step only there


def rules() -> Iterator[Named]:
    """All samples of all rules of what users call, as functions that make the call."""
    for k, (primitive, args, keywords) in enumerate(samples()):
        kwargs = {name: v for name, v in keywords.items() if name not in ("wrt", "rtol", "atol")}
        rule = rule_of_call(primitive, args, kwargs)
        if rule is None or primitive in _CHECKED_ELSEWHERE or label(primitive).startswith("sct.runtime."):
            continue
        bound = BoundCall.of(rule, args, kwargs)
        operands = bound.operands()
        chosen = keywords.get("wrt", range(len(operands)))
        given = bound.by_place(args, kwargs, [o if i in chosen else None for i, o in enumerate(operands)])
        call, values, places = program(primitive, args, kwargs, True)
        wrt = tuple(
            i for i, place in enumerate(places) if any(True for _ in leaves(values[i])) and at(given, place) is not None
        )
        if wrt:
            yield f"{label(primitive)} {k}", _of_symmetric(call) if primitive in ONE_TRIANGLE else call, values, wrt


_CHECKED_ELSEWHERE = (cofactors,)  # it is the derivative of its second argument, the determinant, and of nothing else


def _of_symmetric(call: Callable[..., Any]) -> Callable[..., Any]:
    def of_symmetric(a: Any) -> Any:
        return call(0.5 * (a + np.conj(np.swapaxes(a, -1, -2))))

    return of_symmetric


KINDS: dict[str, Callable[[], Iterator[Named]]] = {"kernels": kernels, "programs": programs, "rules": rules}
