"""Second derivatives in the four mixes of forward and reverse mode, held against one another and against differences.

Takes a function, arguments and the places of those that it is differentiated by. With random ȳ, v and w the number
⟨w, ∇²⟨ȳ, f⟩ v⟩ is computed by forward mode over reverse, reverse over reverse, reverse over forward and forward over forward:
the dot-product test, once more. The four agree to 1e-12 times the condition, and with finite differences of first derivatives.
`python -m tests.orders` does so for every kernel, every whole program and every sample of a rule.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Collection
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np

import sct
from sct.testing.differences import pairing, random_like
from sct.testing.trees import at, floating, is_single, leaves, mapped, replaced

__all__ = ["MIXES", "Case", "Disagreement", "Failure", "check"]

ROUNDING = 1e-12  # in double precision, times the condition
DIFFERENCES = 1e-6


class Disagreement(AssertionError):
    """Two ways to the same second derivative that give different numbers."""


class Failure(Exception):
    """A mix in which a function is refused, or an error is raised; which is its cause."""

    def __init__(self, mix: str) -> None:
        super().__init__(mix)
        self.mix = mix


@dataclass(frozen=True)
class Case:
    """A function of arguments, with random directions."""

    f: Callable[..., Any]
    args: tuple[Any, ...]
    wrt: tuple[int, ...]
    y_bar: Any
    v: tuple[Any, ...]
    w: tuple[Any, ...]

    @staticmethod
    def of(f: Callable[..., Any], args: tuple[Any, ...], wrt: tuple[int, ...], seed: int) -> Case:
        rng = np.random.default_rng(seed)
        y_bar = mapped(lambda x: random_like(rng, x) if floating(x) else None, _quiet(f, *args))
        v, w = (tuple(mapped(lambda x: random_like(rng, x) if floating(x) else None, args[k]) for k in wrt) for _ in range(2))
        return Case(f, args, wrt, y_bar, v, w)

    @property
    def zeros(self) -> Any:
        """The adjoint of the result, where that of something else is asked for."""
        return mapped(lambda x: None if x is None else 0.0 * x, self.y_bar)

    def moved(self, step: float) -> tuple[Any, ...]:
        """The arguments, so many times `v` away."""
        found = self.args
        for k, v in zip(self.wrt, self.v, strict=True):
            for path, x in leaves(self.args[k], (k,)):
                to = x + step * at(v, path[1:])
                found = replaced(found, path, to.astype(x.dtype) if isinstance(x, np.ndarray) else type(x)(to))
        return found


def _quiet(f: Callable[..., Any], *args: Any) -> Any:
    """A call with copies of arguments, which may be written into, without what it prints and warns of."""
    with redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        return f(*copy.deepcopy(args))


def _paired(a: Any, b: Any) -> float:
    """⟨a, b⟩ of trees in which None stands for zeros."""
    return pairing(*(mapped(lambda x: 0.0 if x is None else x, tree) for tree in (a, b)))


def _sizes(tree: Any) -> Any:
    return mapped(lambda x: None if x is None else np.abs(x), tree)


def _forward_over_reverse(c: Case) -> tuple[Any, Any]:
    _, (_, bars_dot) = _quiet(sct.jvp(sct.vjp(c.f, c.wrt), c.wrt), *c.args, c.y_bar, *c.v)
    return bars_dot, c.w


def _reverse_over_reverse(c: Case) -> tuple[Any, Any]:
    _, bars = _quiet(sct.vjp(sct.vjp(c.f, c.wrt), c.wrt), *c.args, c.y_bar, (c.zeros, c.w))
    return bars, c.v


def _reverse_over_forward(c: Case) -> tuple[Any, Any]:
    _, bars = _quiet(sct.vjp(sct.jvp(c.f, c.wrt), c.wrt), *c.args, *c.v, (c.zeros, c.y_bar))
    return bars, c.w


def _forward_over_forward(c: Case) -> tuple[Any, Any]:
    _, (_, y_dot_dot) = _quiet(sct.jvp(sct.jvp(c.f, c.wrt), c.wrt), *c.args, *c.v, *c.w)
    return c.y_bar, y_dot_dot


MIXES: dict[str, Callable[[Case], tuple[Any, Any]]] = {
    "forward over reverse": _forward_over_reverse,
    "reverse over reverse": _reverse_over_reverse,
    "reverse over forward": _reverse_over_forward,
    "forward over forward": _forward_over_forward,
}
"""Each gives two trees, whose pairing is the second derivative."""


def check(
    f: Callable[..., Any], args: tuple[Any, ...], wrt: tuple[int, ...], mixes: Collection[str] = tuple(MIXES), seed: int = 0
) -> float:
    """Compare second derivatives in some mixes with each other, and with finite differences; the greatest error found.

    The error is in units of rounding: 1 is what is allowed.

    Raises
    ------
    Disagreement
        Where two of them differ by more than rounding, or from the differences.
    Failure
        Where one is refused, or fails.
    """
    c = Case.of(f, args, wrt, seed)
    both = {name: _in(name, c) for name in mixes}
    found = {name: value for name, (value, _) in both.items()}
    terms = max(size for _, size in both.values())
    if not np.isfinite(terms):
        return 0.0  # at a pole
    rounding = ROUNDING * (1e9 if is_single(args, c.y_bar) else 1.0)
    shift = 2.0**-40 if rounding == ROUNDING else 2.0**-20
    first = next(iter(mixes))
    again, _ = _in(first, Case(f, c.moved(shift), wrt, c.y_bar, c.v, c.w))
    condition = abs(again - found[first]) / shift
    allowed = rounding * (1e-2 + terms + (condition if np.isfinite(condition) else 0.0))
    values = [*found.values()]
    spread = max(values) - min(values)
    if spread > allowed:
        raise Disagreement(f"{found} differ by {spread:.3g}, and {allowed:.3g} is rounding")
    expected, noise = _differences(c)
    smooth = np.isfinite(expected) and noise < 1e-3 * (terms + abs(expected))
    if smooth and abs(values[0] - expected) > DIFFERENCES * (1e-3 + terms) + noise:
        raise Disagreement(f"{found}; the differences of the first derivative are {expected:.12g}, to {noise:.3g}")
    return spread / allowed


def _in(mix: str, c: Case) -> tuple[float, float]:
    """The second derivative in a mix, and the sum of the absolute values of its terms."""
    try:
        pair = MIXES[mix](c)
        return _paired(*pair), _paired(*map(_sizes, pair))
    except Exception as e:
        raise Failure(mix) from e


def _differences(c: Case) -> tuple[float, float]:
    """⟨w, x̄(x + t v)⟩′ at 0 by central differences, to fourth order, and their error."""
    pull = sct.vjp(c.f, c.wrt)

    def along(t: float) -> float:
        return _paired(_quiet(pull, *c.moved(t), c.y_bar)[1], c.w)

    single = is_single(c.args, c.y_bar)
    h = 3e-2 if single else 2e-4
    coarse = (along(h) - along(-h)) / (2.0 * h)
    fine = (along(0.5 * h) - along(-0.5 * h)) / h
    noise = (1e-6 if single else 1e-14) * abs(along(0.0)) / h + abs(fine - coarse)
    return (4.0 * fine - coarse) / 3.0, noise
