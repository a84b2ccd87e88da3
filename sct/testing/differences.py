"""Finite differences of a function, and adjoints compared with them.

Takes a function with its arguments and the adjoint of its result; gives directional derivatives, in double precision where
the function permits it, each with the size of its own error. They are never taken of the code under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from sct.frontend.resolve import is_instance
from sct.ir.records import record
from sct.runtime import fields_of
from sct.testing.mismatch import GradientMismatch
from sct.testing.trees import Path, at, double, floating, leaves, mapped, replaced

__all__ = ["Comparison", "Probe", "compare", "compared", "finite_differences", "pairing", "random_like", "tolerances"]

_EVERY_COORDINATE = 12  # operands up to this size are also checked entry by entry
_DIRECTIONS = 3


@record(frozen=True)
class Probe:
    """One directional derivative of `Re Σ y_bar y` by finite differences, and the size of its own error."""

    path: Path
    direction: Any
    expected: float
    noise: float


@record(frozen=True)
class Comparison:
    """A directional derivative by an adjoint, beside that by finite differences.

    Attributes
    ----------
    what : str
        The derivative that gives the adjoint.
    path : tuple
        The leaf of the arguments that it is the adjoint of.
    direction : array
        The direction in that leaf.
    got, expected : float
        The derivatives.
    allowed : float
        By how much they may differ.
    adjoint : array
        The adjoint.
    """

    what: str
    path: Path
    direction: Any
    got: float
    expected: float
    allowed: float
    adjoint: Any

    @property
    def agrees(self) -> bool:
        return abs(self.got - self.expected) <= self.allowed

    def mismatch(self) -> GradientMismatch:
        """What there is to say where the two disagree."""
        return GradientMismatch(
            f"{self.what}: the derivative in {_name(self.path)} along {_brief(self.direction)} is {self.got!r}, "
            f"finite differences give {self.expected!r} (allowed difference {self.allowed:.1e}); "
            f"the adjoint is {_brief(self.adjoint)}"
        )


def random_like(rng: np.random.Generator, like: Any) -> Any:
    """A random cotangent or direction of the shape, dtype and type of the leaf `like`; zero where it is not floating."""
    if not floating(like):
        return np.zeros(np.shape(like))
    g = rng.uniform(0.5, 1.5, np.shape(like)) * rng.choice([-1.0, 1.0], np.shape(like))
    if np.iscomplexobj(like):
        g = g + 1j * rng.uniform(-1.0, 1.0, np.shape(like))
    if isinstance(like, np.ndarray):
        return np.asarray(g, dtype=like.dtype)
    if isinstance(like, np.generic):
        return like.dtype.type(g)
    return type(like)(g)


def pairing(a: Any, b: Any) -> float:
    """`Re Σ a b` over all leaves."""
    if isinstance(a, dict):
        return sum(pairing(a[k], b[k]) for k in a)
    if isinstance(a, (tuple, list)):
        return sum(pairing(p, q) for p, q in zip(a, b, strict=True))
    if is_instance(b):
        return sum(pairing(getattr(a, n), v) for n, v in fields_of(b).items())
    if not floating(b):
        return 0.0
    return float(np.real(np.sum(np.asarray(a) * np.asarray(b))))


def _directions(rng: np.random.Generator, leaf: Any, symmetric: bool) -> Iterator[Any]:
    """Random directions at `leaf`, of greatest entry about 1; for small operands every coordinate too."""
    for _ in range(_DIRECTIONS if np.size(leaf) > 1 else 1):
        v = np.asarray(random_like(rng, leaf))
        yield (v + np.swapaxes(v, -1, -2).conj()) / 2 if symmetric else v
    if symmetric or np.size(leaf) > _EVERY_COORDINATE:
        return
    for i in range(np.size(leaf)):
        v = np.zeros(np.shape(leaf), np.asarray(leaf).dtype)
        v.flat[i] = 1.0
        yield v
        if np.iscomplexobj(leaf):
            yield 1j * v


def finite_differences(
    f: Callable[..., Any],
    args: Sequence[Any],
    paths: Sequence[Path],
    y: Any,
    y_bar: Any,
    eps: float | None,
    symmetric: bool = False,
) -> list[Probe]:
    """Directional derivatives of `Re Σ y_bar f(args)` at each leaf in `paths`, to fourth order in the step."""
    rng = np.random.default_rng(1)
    args = mapped(double, tuple(args))
    y_bar = mapped(double, y_bar)
    wide = f(*args)
    # A function that rounds to single precision inside needs a far longer step.
    single = any(np.finfo(np.asarray(v).dtype).eps > 1e-10 for _, v in leaves(wide))
    step = eps if eps is not None else 3e-2 if single else 2e-4
    rounding = 2e-7 if single else 4e-16
    magnitude = sum(float(np.sum(np.abs(np.asarray(v) * at(y_bar, p)), initial=0.0)) for p, v in leaves(wide))
    out = []
    for path in paths:
        leaf = at(args, path)
        if np.size(leaf) == 0:
            continue
        h = step * max(1.0, float(np.max(np.abs(leaf))) if np.all(np.isfinite(leaf)) else 1.0)
        for v in _directions(rng, leaf, symmetric):

            def along(t: float, path: Path = path, leaf: Any = leaf, v: Any = v) -> float:
                moved = np.asarray(leaf + t * v) if isinstance(leaf, np.ndarray) else type(leaf)(leaf + t * v)
                return pairing(y_bar, f(*replaced(args, path, moved)))

            with np.errstate(all="ignore"):
                coarse = (along(h) - along(-h)) / (2 * h)
                fine = (along(h / 2) - along(-h / 2)) / h
            noise = 8 * rounding * magnitude / h + 1e-4 * abs(fine - coarse)
            out.append(Probe(path, v, (4 * fine - coarse) / 3, noise))
    return out


def compare(
    what: str,
    args: Sequence[Any],
    cotangents: Callable[[Path], Any],
    paths: Sequence[Path],
    probes: Sequence[Probe],
    rtol: float | None,
    atol: float | None,
    single: bool,
) -> None:
    """Raise where `cotangents(path)` has not the operand's shape, or pairs with a direction to another number."""
    for found in compared(what, args, cotangents, paths, probes, rtol, atol, single):
        if not found.agrees:
            raise found.mismatch()


def compared(
    what: str,
    args: Sequence[Any],
    cotangents: Callable[[Path], Any],
    paths: Sequence[Path],
    probes: Sequence[Probe],
    rtol: float | None,
    atol: float | None,
    single: bool,
) -> Iterator[Comparison]:
    """The directional derivatives that `cotangents(path)` give, beside those of `probes`; raises at one of another shape."""
    rtol, atol = tolerances(rtol, atol, single)
    found: dict[Path, Any] = {}
    for path in paths:
        x, x_bar = at(args, path), cotangents(path)
        if x_bar is None:
            x_bar = np.zeros(np.shape(x))
        if np.shape(x_bar) != np.shape(x):
            raise GradientMismatch(
                f"{what}: the adjoint of {_name(path)} has shape {np.shape(x_bar)}, the operand has {np.shape(x)}"
            )
        dtype = np.asarray(x).dtype
        x_bar = np.asarray(x_bar)
        found[path] = (x_bar if dtype.kind == "c" else x_bar.real).astype(dtype)
    for probe in probes:
        if not np.isfinite(probe.expected):
            continue  # outside the domain of the function: finite differences say nothing
        terms = found[probe.path] * probe.direction
        got = float(np.real(np.sum(terms)))
        allowed = atol + rtol * max(abs(probe.expected), float(np.sum(np.abs(terms)))) + probe.noise
        yield Comparison(what, probe.path, probe.direction, got, probe.expected, allowed, found[probe.path])


def tolerances(rtol: float | None, atol: float | None, single: bool) -> tuple[float, float]:
    """The tolerances that are given, or those that follow from the precision."""
    return (rtol if rtol is not None else 2e-3 if single else 1e-6), (atol if atol is not None else 2e-4 if single else 1e-8)


def _brief(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=6, threshold=20).replace("\n", " ")


def _name(path: Path) -> str:
    return f"argument {path[0]}" + "".join(f"[{k!r}]" for k in path[1:])
