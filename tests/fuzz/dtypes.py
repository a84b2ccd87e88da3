"""What must hold of a derivative whatever the dtypes of its arguments.

Takes a program; gives what is wrong with its derivative, in words. The value that comes with a gradient is Python's own, to
the bit; each gradient is of its argument's kind, dtype and shape; it is the same whether the derivative is optimized or not;
and it is what finite differences in double precision say, where these agree with one another.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import sct

from .programs import Program, defined

__all__ = ["faults"]

_EPS = {np.dtype(np.float16): 1e-3, np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-13}


def faults(p: Program) -> list[str]:
    """What is wrong with the derivative of a program; empty if nothing is. A refusal raises `sct.SctError`."""
    f = defined(p.source)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        own = f(*copy.deepcopy(p.args))
        found = [sct.value_and_grad(f, p.wrt, optimize=o)(*copy.deepcopy(p.args)) for o in (True, False)]
        names = list(sct.grad(f).__signature__.parameters)
        given = {n: a for n, a in zip(names, p.args, strict=True) if n in p.wrt}
        wrong = [w for o, (value, g) in zip((True, False), found, strict=True) for w in _kinds(own, value, given, g, o)]
        if wrong:
            return wrong
        return list(_values(f, p, given, float(own), *(g for _, g in found)))


def _kinds(own: Any, value: Any, given: dict[str, Any], gradients: tuple[Any, ...], optimize: bool) -> Iterator[str]:
    """The value is Python's own, and each gradient of its argument's kind."""
    way = f"optimize={optimize}"
    if np.asarray(own).dtype != np.asarray(value).dtype or np.asarray(own).tobytes() != np.asarray(value).tobytes():
        yield f"{way}: the value is {value!r}, Python's own {own!r}"
    for (n, a), g in zip(given.items(), gradients, strict=True):
        if np.shape(g) != np.shape(a):
            yield f"{way}: the gradient by {n} has shape {np.shape(g)}, not {np.shape(a)}"
        if isinstance(a, float) and not isinstance(a, np.floating):
            if not isinstance(g, float):
                yield f"{way}: the gradient by {n}, a Python number, is {g!r}"
        elif getattr(g, "dtype", type(g)) != a.dtype:
            yield f"{way}: the gradient by {n} is of {getattr(g, 'dtype', type(g))}, not {a.dtype}"


def _values(
    f: Callable[..., Any], p: Program, given: dict[str, Any], own: float, one: tuple[Any, ...], other: tuple[Any, ...]
) -> Iterator[str]:
    """The gradients agree with each other and with finite differences."""
    eps = max(_EPS[np.asarray(a).dtype] for a in given.values())
    for dtype, unit in _EPS.items():
        if dtype.name in p.source or any(np.asarray(a).dtype == dtype for a in p.args):
            eps = max(eps, unit)
    sizes = [np.asarray(a).dtype.itemsize for a in p.args if np.asarray(a).dtype.kind in "biu" and not isinstance(a, int)]
    if 1 in sizes or "uint8" in p.source or ">" in p.source:  # a function of flags or bytes is in half precision
        eps = max(eps, 1e-3)
    elif 2 in sizes:
        eps = max(eps, 1e-6)
    flat = [np.concatenate([np.ravel(np.asarray(g, float)) for g in gs]) for gs in (one, other)]
    with np.errstate(all="ignore"):
        scale = 1.0 + np.max(np.abs(flat[0])) + np.max(np.abs(flat[1])) + abs(own)
    if not np.isfinite(scale):
        return
    if np.max(np.abs(flat[0] - flat[1])) > 100 * eps * scale:
        yield f"optimized: {one}, not optimized: {other}"
    expected = _directional(f, p, given, own, eps)
    if expected is None:
        return
    direction, slope, error = expected
    for way, g in zip(("optimized", "not optimized"), flat, strict=True):
        if abs(g @ direction - slope) > 300 * eps * (scale + abs(slope)) + 1e-5 * (scale + abs(slope)) + 10 * error:
            yield f"{way}: the derivative along {direction} is {g @ direction}, by finite differences {slope}"


def _directional(
    f: Callable[..., Any], p: Program, given: dict[str, Any], own: float, eps: float
) -> tuple[np.ndarray, float, float] | None:
    """A direction, the derivative along it in double precision, and its error; None where the function is not smooth."""
    size = sum(np.size(a) for a in given.values())
    direction = np.random.default_rng(size).uniform(0.5, 1.0, size) * np.where(np.arange(size) % 2, 1.0, -1.0)
    names = f.__code__.co_varnames[: f.__code__.co_argcount]

    def at(h: float) -> float:
        args, k = [], 0
        for n, a in zip(names, copy.deepcopy(p.args), strict=True):
            if n in given:
                moved = np.asarray(a, float) + h * direction[k : k + np.size(a)].reshape(np.shape(a))
                k += np.size(a)
                a = moved if isinstance(a, np.ndarray) else np.float64(moved) if isinstance(a, np.generic) else float(moved)
            args.append(a)
        return float(f(*args))

    if ".dtype) ==" in p.source:
        return None  # in double precision it may be another function
    try:
        if abs(at(0.0) - own) > 100 * eps * (1.0 + abs(own)):
            return None  # in single precision it is another function
        steps = (1e-3, 5e-4, 2.5e-4)
        if eps >= 1e-3 and all(at(h) == at(-h) for h in steps):
            return None  # half precision does not see them
        central = [(at(h) - at(-h)) / (2 * h) for h in steps]
        sided = [(at(h) - at(0.0)) / h for h in (1e-6, -1e-6)]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):  # it runs with numbers of these dtypes only
        return None
    fine = [(4 * b - a) / 3 for a, b in zip(central, central[1:], strict=False)]
    error = abs(fine[1] - fine[0])
    size_of = 1.0 + abs(fine[1])
    if not np.isfinite(error) or error > 1e-4 * size_of or max(abs(s - fine[1]) for s in sided) > 1e-2 * size_of:
        return None
    return direction, fine[1], error
