"""Every rule over ranks, axes, layouts, precisions and kinds of operands: samples of calls, each in variants.

Takes a function with a call that a rule is tested with; gives what comes of each variant that NumPy takes: that value,
adjoints and tangents are right, of the dtypes and shapes that they should have, or that it is refused. Finite differences
are the oracle, in double precision. `python -m tests.grid` runs all of them.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sct.errors import SctError
from sct.testing.bound import BoundCall, rule_of_call
from sct.testing.calls import label, program
from sct.testing.claims import check_type
from sct.testing.differences import finite_differences, random_like
from sct.testing.gradients import check_vjp
from sct.testing.memory import check_memory
from sct.testing.mismatch import GradientMismatch
from sct.testing.rules import ONE_TRIANGLE, is_floating
from sct.testing.trees import floating, is_single, leaves, mapped

from .incomparable import is_comparable
from .variants import Call, variants

__all__ = ["Outcome", "checked", "outcomes"]

_TOLERANCES = {16: (3e-2, 3e-3), 32: (2e-3, 2e-4)}


@dataclass(frozen=True)
class Outcome:
    """What came of a variant: `"agrees"`, `"refused"` or `"wrong"`, and what there is to say."""

    name: str
    kind: str
    why: str = ""


def outcomes(function: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any], of: int = 1) -> Iterator[Outcome]:
    """What comes of the variants of one sample that NumPy takes; of one in so many, which is drawn by its name."""
    kwargs = {name: v for name, v in keywords.items() if name not in ("wrt", "rtol", "atol")}
    for name, call in variants(function, args, kwargs):
        for written, what in ((True, name), (False, f"{name}, as arguments")):
            drawn = zlib.crc32(f"{label(function)} {what}".encode()) % of == 0
            found = checked(function, call, keywords, written) if drawn else None
            if found is not None:
                yield Outcome(what, *found)


def checked(function: Callable[..., Any], call: Call, keywords: Mapping[str, Any], written: bool) -> tuple[str, str] | None:
    """The outcome of a call; None where NumPy does not take it, or nothing depends on what could vary.

    Parameters
    ----------
    function : callable
        What has a rule, or is made of what has.
    call : tuple
        Its arguments and keywords.
    keywords : dict
        Those of the sample, with `wrt`, the operands that it can be differentiated by.
    written : bool
        Whether numbers and flags are constants of the program that makes the call.
    """
    args, kwargs = call
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error")
            y = function(*mapped(_copy, args), **mapped(_copy, kwargs))
    except Exception:  # noqa: BLE001  (whatever NumPy raises)
        return None
    if not is_comparable(function, args, kwargs, y):
        return None
    made, values, places = program(function, args, kwargs, written)
    chosen = _operands(function, call, keywords)
    wrt = tuple(i for i, place in enumerate(places) if place[0] in chosen and is_floating(values[i]))
    if not wrt or not any(True for _ in leaves(y)):
        return None
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                _check(function, call, made, values, wrt, y)
            except GradientMismatch:  # at a kink differences have another slope
                moved = mapped(_nudged, values)
                _check(function, call, made, moved, wrt, made(*mapped(_copy, moved)))
    except GradientMismatch as e:
        return "wrong", str(e)
    except SctError as e:
        return "refused", f"{type(e).__name__}: {str(e).splitlines()[0]}"
    except Exception as e:  # noqa: BLE001  (no derivative is to raise what the function does not)
        return "wrong", f"{type(e).__name__}: {e}"
    return "agrees", ""


def _copy(v: Any) -> Any:
    return v.copy(order="K") if isinstance(v, np.ndarray) else v


def _nudged(v: Any) -> Any:
    """A leaf close by."""
    if not floating(v):
        return v
    moved = 1e-3 + v * (1.0 + 1e-2 * np.cos(np.arange(np.size(v))).reshape(np.shape(v)))
    return np.asarray(moved, v.dtype) if isinstance(v, np.ndarray) else type(v)(moved)


def _operands(function: Callable[..., Any], call: Call, keywords: Mapping[str, Any]) -> set[Any]:
    """The arguments, by position or name, that a function is differentiated by."""
    args, kwargs = call
    rule = rule_of_call(function, args, kwargs)
    if rule is None:
        return set(keywords["wrt"]) if "wrt" in keywords else {*range(len(args)), *kwargs}
    bound = BoundCall.of(rule, args, kwargs)
    operands = bound.operands()
    wanted = keywords.get("wrt", range(len(operands)))
    by_place = bound.by_place(args, kwargs, [True if i in wanted else None for i in range(len(operands))])
    return {place for place, v in by_place.items() if v is not None}


def _check(
    function: Callable[..., Any],
    call: Call,
    made: Callable[..., Any],
    values: tuple[Any, ...],
    wrt: tuple[int, ...],
    y: Any,
) -> None:
    """Compare the derivatives of a program that makes a call with differences, and the forms of all that they give."""
    check_type(function, *call, y)
    check_memory(function, *call, y)
    y_bar = mapped(lambda v: random_like(np.random.default_rng(0), v), y)
    paths = [p for p, _ in leaves(values) if p[0] in wrt]
    found = finite_differences(made, values, paths, y, y_bar, None, function in ONE_TRIANGLE)
    smooth = 1e-4 if is_single(values, y) else 1e-6
    probes = [p for p in found if p.noise < smooth * (1.0 + abs(p.expected))]  # where no kink or jump lies between
    bits = min(np.finfo(np.asarray(v).dtype).bits for tree in (values, y) for _, v in leaves(tree))
    rtol, atol = _TOLERANCES.get(bits, (None, None))
    ways = (("vjp", True), ("jvp", True))
    check_vjp(label(function), made, values, wrt, y, y_bar, paths, probes, rtol, atol, ways, exact=False)
