"""Derivatives as loops held against the same derivatives as calls of NumPy's.

Takes a function, arguments, and a way to transform it; gives what comes of the loops: that they agree, in values, types and
errors, are left to NumPy, or do not. Loops run as Python does them, where an index outside of an array raises, or compiled.
"""

from __future__ import annotations

import contextlib
import io
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any
from unittest import mock

import numpy as np
from fuzz.layout import as_given

import sct
from sct.backend.loops import Kernel, Loops, Unlooped, looped
from sct.errors import SctError
from sct.frontend.resolve import is_instance
from sct.runtime import fields_of
from sct.testing.differences import random_like
from sct.testing.trees import floating, mapped

__all__ = ["WAYS", "Outcome", "in_python", "outcome"]

_ROUNDING = 1e-12  # in double precision, times the condition
_NOT_IN_LOOPS = (ZeroDivisionError, OverflowError, ValueError)
"""What numbers of Python's raise, where loops that are compiled give infinity or nan."""


@dataclass(frozen=True)
class Outcome:
    """What came of a function in one way: "agrees", "left" to NumPy, "refused", or anything else, which is a fault."""

    kind: str
    why: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong."""
        return self.kind not in ("agrees", "left", "refused")


def _vjp(f: Callable[..., Any], args: Sequence[Any], wrt: tuple[int, ...], y: Any, **options: Any) -> Any:
    y_bar = mapped(lambda v: random_like(np.random.default_rng(0), v) if floating(v) else None, y)
    return sct.vjp(f, wrt, **options), (*args, y_bar)


def _grad(f: Callable[..., Any], args: Sequence[Any], wrt: tuple[int, ...], y: Any, **options: Any) -> Any:
    is_scalar = isinstance(y, (float, np.floating)) or (isinstance(y, np.ndarray) and y.dtype.kind == "f" and y.size == 1)
    return (sct.grad(f, wrt, **options), tuple(args)) if is_scalar else None


def _jvp(f: Callable[..., Any], args: Sequence[Any], wrt: tuple[int, ...], y: Any, **options: Any) -> Any:
    rng = np.random.default_rng(1)
    dots = tuple(mapped(lambda v: random_like(rng, v) if floating(v) else None, args[k]) for k in wrt)
    return sct.jvp(f, wrt, **options), (*args, *dots)


def _value(f: Callable[..., Any], args: Sequence[Any], wrt: tuple[int, ...], y: Any, **options: Any) -> Any:
    return sct.compile(f, **options), tuple(args)


WAYS: dict[str, Callable[..., Any]] = {"vjp": _vjp, "grad": _grad, "jvp": _jvp, "value": _value}


def _plain(codes: Sequence[CodeType], kernels: Sequence[Kernel], imported: Mapping[str, Any], *_: Any) -> dict[str, Any]:
    names = {**imported, "__name__": "sct.generated", **_NUMBERS}
    known = {kernel.name for kernel in kernels}
    made = {code.co_name: FunctionType(code, names) for code in codes if code.co_name in known}
    called = {name: _boxed(f) for name, f in made.items()}
    names.update(made)
    return called


_NUMBERS = {"float": np.float64, "complex": np.complex128}
"""What has the numbers of a kernel divide, and overflow, as they do where Numba compiles it."""


def _boxed(f: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel whose numbers are given and returned as Numba has it."""

    def call(*args: Any) -> Any:
        given = (np.asarray(a)[()] if isinstance(a, (float, complex)) else a for a in args)
        y = f(*given)
        return tuple(map(_item, y)) if isinstance(y, tuple) else _item(y)

    return call


def _item(v: Any) -> Any:
    return v.item() if isinstance(v, np.generic) else v


def in_python() -> Any:
    """In this context loops that are made run as Python."""
    return mock.patch("sct.backend.load.kernels_of", _plain)


class _CrashError(Exception):
    """An error of the compiler."""


def _noting(f: Any, options: Any) -> Loops:
    try:
        return looped(f, options)
    except Unlooped:
        raise
    except Exception as e:
        raise _CrashError(f"{type(e).__name__}: {e}", traceback.extract_tb(e.__traceback__)[-4:]) from e


def outcome(f: Callable[..., Any], args: tuple[Any, ...], wrt: tuple[int, ...], way: str) -> Outcome | None:
    """What comes of a function in one of `WAYS`; None where it is not taken there."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            y = f(*as_given(args))
        except Exception:  # noqa: BLE001  (whatever the function raises)
            y = None
            if way in ("vjp", "grad"):
                return None
        given = WAYS[way](f, args, wrt, y)
        if given is None:
            return None
        derived, whole = given
        ran = as_given(whole)
        expected = _called(derived, ran)
        if isinstance(expected[0], SctError):
            return Outcome("refused", str(expected[0]).splitlines()[0])
        loops, whole = WAYS[way](f, args, wrt, y, jit="numba", strict=True)
        taken = as_given(whole)
        with mock.patch("sct.api.derived.looped", _noting):
            found = _called(loops, taken)
        if isinstance(found[0], sct.JitError):
            return Outcome("left", str(found[0]).splitlines()[0].rpartition(": ")[2])
        if isinstance(found[0], _CrashError):
            return Outcome("CRASH", " ".join(map(str, found[0].args)))
        if isinstance(found[0], Exception) and type(found[0]) is type(expected[0]):
            return Outcome("agrees")
        if isinstance(found[0], Exception):
            e = found[0]
            last = traceback.extract_tb(e.__traceback__)[-1]
            return Outcome(f"RAISES {type(e).__name__}", f"{e}, at {last.line}; not {expected[0]!r:.80}")
        if isinstance(expected[0], Exception):
            return Outcome(f"DOES NOT RAISE {type(expected[0]).__name__}", str(expected[0]))

        def moved() -> Any:
            return _called(derived, mapped(_moved, as_given(whole)))

        told = next(_differences((expected[1], ran), (found[1], taken), moved), None)
        return Outcome("agrees") if told is None else Outcome(*told)


def _called(f: Callable[..., Any], args: Any) -> tuple[Any, Any]:
    """The error that a call raises, or None, and what it gives."""
    try:
        return None, f(*args)
    except Exception as e:  # noqa: BLE001
        return e, None


def _moved(v: Any) -> Any:
    """A leaf one unit in the last place away."""
    if not floating(v):
        return v
    x = np.asarray(v)
    by = np.where(np.arange(x.size).reshape(x.shape) % 2, 1.0, -1.0).astype(x.real.dtype)
    to = (x * (1 + by * np.finfo(x.dtype).eps)).astype(x.dtype)
    return to if isinstance(v, np.ndarray) else type(v)(to)


def _differences(a: Any, b: Any, moved: Callable[[], Any]) -> Iterator[tuple[str, str]]:
    """In what two trees differ: a word, and how."""
    wrong = []
    for path, p, q in _pairs(a, b, ()):
        if type(p) is not type(q) and not (_is_number(p) and _is_number(q) and np.result_type(p) == np.result_type(q)):
            yield "WRONG type", f"{type(q).__name__}, not {type(p).__name__}, at {path}"
        x, y = np.asarray(p), np.asarray(q)
        if x.dtype != y.dtype:
            yield "WRONG dtype", f"{y.dtype}, not {x.dtype}, at {path}"
        elif x.shape != y.shape:
            yield "WRONG shape", f"{y.shape}, not {x.shape}, at {path}"
        elif x.dtype.kind not in "fc":
            if not np.array_equal(x, y):
                yield "WRONG number", f"{y}, not {x}, at {path}"
        else:
            scale = _ROUNDING / 2.3e-16 * np.finfo(x.dtype).eps
            finite = np.isfinite(x)
            if not np.array_equal(finite, np.isfinite(y)) or not np.array_equal(x[~finite], y[~finite], equal_nan=True):
                yield "WRONG number", f"{y!r:.300}, not {x!r:.300}, at {path}"
            off = np.abs(x - y)[finite].max(initial=0.0)
            size = np.abs(x)[finite].max(initial=0.0)
            if off > scale * size:
                wrong.append((path, x, y, off, scale, size))
    if wrong:
        error, value = moved()
        for path, x, y, off, scale, size in wrong:
            there = value if error is None else None
            for key in path[1:] if path[0] == 0 else ():
                there = there[key] if there is not None else None
            condition = np.nan_to_num(np.abs(np.asarray(there) - x)).max(initial=0.0) if there is not None else 0.0
            if off > scale * size + 4e3 * condition:
                yield "WRONG number", f"{y!r:.300}, not {x!r:.300}, by {off:.3g}, at {path}"


def _is_number(v: Any) -> bool:
    """Whether something is a number of Python's or NumPy's, or an array without axes, which are all alike to who computes."""
    return isinstance(v, (float, complex, np.inexact)) or (isinstance(v, np.ndarray) and not v.ndim)


def _pairs(a: Any, b: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, Any, Any]]:
    """The leaves of two trees; where these are not alike, what differs."""
    if isinstance(a, dict) and isinstance(b, dict) and list(a) == list(b):
        for k in a:
            yield from _pairs(a[k], b[k], (*path, k))
    elif isinstance(a, (list, tuple)) and type(a) is type(b) and len(a) == len(b):
        for k, (p, q) in enumerate(zip(a, b, strict=True)):
            yield from _pairs(p, q, (*path, k))
    elif is_instance(a) and type(a) is type(b):
        for k, v in fields_of(a).items():
            yield from _pairs(v, fields_of(b)[k], (*path, k))
    elif isinstance(a, (bool, int, float, complex, str, np.ndarray, np.generic)) or isinstance(b, (int, float, np.ndarray)):
        yield path, a, b
    elif type(a) is not type(b):
        yield path, a, b
