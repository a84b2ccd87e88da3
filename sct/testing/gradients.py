"""Check derivatives of functions against finite differences.

Takes a function and arguments; gives nothing, or raises `GradientMismatch` with both values. The oracle is finite
differences of the function itself, in double precision: never the code under test.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from sct import stages
from sct.api.pipeline import typed_once
from sct.api.transforms import jvp, pullback, vjp
from sct.api.variadic import Variadic
from sct.frontend.resolve import is_instance
from sct.registry.compositions import is_rounded
from sct.runtime import fields_of
from sct.signatures import read_signature
from sct.specialize.reading import noting
from sct.testing.differences import Comparison, Probe, compared, finite_differences, pairing, random_like, tolerances
from sct.testing.memory import check_owned
from sct.testing.mismatch import GradientMismatch
from sct.testing.trees import Path, at, floating, is_single, leaves, mapped, replaced

__all__ = ["check_derivatives", "check_grads", "check_vjp", "compared_grads"]

# By mode; of reverse mode joint and split, all optimised and not.
_WAYS = {
    "reverse": (("vjp", True), ("vjp", False), ("pullback", True), ("pullback", False)),
    "forward": (("jvp", True), ("jvp", False)),
}
_EVERY_WAY = _WAYS["reverse"]
_TRANSFORMS: dict[str, Callable[..., Any]] = {"vjp": vjp, "pullback": pullback, "jvp": jvp}


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    wrt: int | str | Sequence[int | str] | None = None,
    modes: Sequence[str] = ("reverse",),
    order: int = 1,
    rtol: float | None = None,
    atol: float | None = None,
    eps: float | None = None,
) -> None:
    """Check the derivatives of a function against finite differences.

    Parameters
    ----------
    f : callable
        Any function that `sct.vjp` takes; its result may be a number, an array, or a tuple, list or dict of these.
    args : sequence
        The arguments at which to check.
    wrt : int, str or sequence of these, optional
        The parameters to differentiate by; default: the first.
    modes : sequence of str
        `"reverse"`, `"forward"` or both.
    order : int
        Up to which derivative to check.
    rtol, atol : float, optional
        Tolerances; the default follows from the precision of the arguments.
    eps : float, optional
        The step of the differences, relative to the greatest entry of the argument.

    Raises
    ------
    GradientMismatch
        With the value of the derivative and that of the differences.

    Notes
    -----
    With random y̅ and directions v, ⟨x̅, v⟩, or ⟨y̅, ẏ⟩ for ẋ = v, is compared with the derivative of t ↦ Re Σ y̅ f(x + t v)
    at 0 by central differences with one step of Richardson extrapolation, in double precision where f permits it. In reverse
    mode `vjp` and `pullback` are checked, in forward mode `jvp`, each optimised and not.

    Examples
    --------
    >>> import numpy as np
    >>> import sct
    >>> def f(x):
    ...     return np.sum(np.sin(x) * x)
    >>> sct.check_grads(f, (np.array([0.1, 2.0]),), order=2)
    """
    unknown = [m for m in modes if m not in _WAYS]
    if unknown:
        raise ValueError(f"mode {unknown[0]!r} is not available; modes are: {', '.join(map(repr, _WAYS))}")
    ways = tuple(way for mode in modes for way in _WAYS[mode])
    check_derivatives(f, tuple(args), _positions(f, wrt), order, rtol, atol, eps, ways)


def check_derivatives(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    positions: tuple[int, ...],
    order: int,
    rtol: float | None,
    atol: float | None,
    eps: float | None,
    ways: Sequence[tuple[str, bool]],
) -> None:
    for _, found in _compared_derivatives(f, args, positions, order, rtol, atol, eps, ways):
        if not found.agrees:
            raise found.mismatch()


def compared_grads(
    f: Callable[..., Any], args: Sequence[Any], wrt: int | str | Sequence[int | str] | None = None, order: int = 1
) -> Iterator[tuple[int, Comparison]]:
    """All that `check_grads` compares, each with the number of the derivative, as it comes.

    Raises
    ------
    GradientMismatch
        If a derivative gives another value than the function, changes its arguments, or gives an adjoint of another shape or
        one that shares memory. Where two numbers disagree, the comparison says so.
    """
    return _compared_derivatives(f, tuple(args), _positions(f, wrt), order, None, None, None, _EVERY_WAY)


def _compared_derivatives(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    positions: tuple[int, ...],
    order: int,
    rtol: float | None,
    atol: float | None,
    eps: float | None,
    ways: Sequence[tuple[str, bool]],
    number: int = 1,
) -> Iterator[tuple[int, Comparison]]:
    def on_copies(*values: Any) -> Any:  # f may write into its arguments
        return f(*copy.deepcopy(values))

    y = on_copies(*args)
    y_bar = mapped(lambda v: random_like(np.random.default_rng(0), v), y)
    paths = [p for p, _ in leaves(args) if p[0] in positions]
    probes = finite_differences(on_copies, args, paths, y, y_bar, eps)
    label = getattr(f, "__name__", repr(f))
    for found in _compared_vjp(label, f, args, positions, y, y_bar, paths, probes, rtol, atol, ways, exact=number == 1):
        yield number, found
    if order > number:
        # The differences of the derivative are taken of generated code that has just been checked.
        again = vjp(f, positions), (*args, y_bar), positions, order, rtol, atol, eps, ways
        yield from _compared_derivatives(*again, number + 1)


def check_vjp(
    label: str,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    wrt: tuple[int, ...],
    y: Any,
    y_bar: Any,
    paths: Sequence[Path],
    probes: Sequence[Probe],
    rtol: float | None,
    atol: float | None,
    ways: Sequence[tuple[str, bool]] = _EVERY_WAY,
    exact: bool = True,
) -> None:
    """Compare the compiler's derivatives of `f`, made in each of `ways`, with finite differences, and its value with `y`."""
    for found in _compared_vjp(label, f, args, wrt, y, y_bar, paths, probes, rtol, atol, ways, exact):
        if not found.agrees:
            raise found.mismatch()


def _compared_vjp(
    label: str,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    wrt: tuple[int, ...],
    y: Any,
    y_bar: Any,
    paths: Sequence[Path],
    probes: Sequence[Probe],
    rtol: float | None,
    atol: float | None,
    ways: Sequence[tuple[str, bool]],
    exact: bool = True,
) -> Iterator[Comparison]:
    def agrees(got: Any) -> bool:
        return _same(got, y, exact) or (exact and _same(got, y, False) and _is_rounded(f, given))

    single = is_single(args, y)
    given = copy.deepcopy(args)
    made: dict[Any, Any] = {}
    for how, optimize in ways:
        what = f"{how}({label}, optimize={optimize})"
        derived = _TRANSFORMS[how](f, wrt, optimize=optimize)
        if not isinstance(derived, Variadic):  # which is told by a whole call how many arguments there are
            with typed_once(made), np.errstate(all="ignore"):
                derived.specialize(*args)
        if how == "jvp":
            yield from _compared_jvp(what, derived, args, wrt, y, y_bar, probes, rtol, atol, agrees)
            continue
        with np.errstate(all="ignore"):
            if how == "vjp":
                got, cotangents = derived(*args, y_bar)
            else:
                got, pull = derived(*args)
                cotangents = pull(y_bar)
        if not agrees(got):
            raise GradientMismatch(f"{what} gives the value {got!r}, the function gives {y!r}")
        check_owned(what, cotangents, (args, got, y_bar))
        if not _same(args, given):
            raise GradientMismatch(f"{what} changes its arguments {given!r} to {args!r}")
        chosen = dict(zip(wrt, cotangents, strict=True))
        check_dtypes(what, args, chosen, paths)
        yield from compared(what, args, partial(at, chosen), paths, probes, rtol, atol, single)


def check_dtypes(what: str, args: tuple[Any, ...], adjoints: Mapping[int, Any], paths: Sequence[Path]) -> None:
    """Raise where an adjoint has another dtype than its operand."""
    for path in paths:
        own, found = np.asarray(at(args, path)).dtype, np.asarray(at(adjoints, path)).dtype
        if own != found:
            raise GradientMismatch(f"{what} gives a {found} adjoint of {path}, which is {own}")


def _compared_jvp(
    what: str,
    push: Callable[..., Any],
    args: tuple[Any, ...],
    wrt: tuple[int, ...],
    y: Any,
    y_bar: Any,
    probes: Sequence[Probe],
    rtol: float | None,
    atol: float | None,
    agrees: Callable[[Any], bool],
) -> Iterator[Comparison]:
    """The derivatives in the directions of `probes` that tangents give, beside those of finite differences."""
    rtol, atol = tolerances(rtol, atol, is_single(args, y))
    given = copy.deepcopy(args)
    zeros = {i: mapped(_zero, args[i]) for i in wrt}
    for probe in probes:
        i, *rest = probe.path
        x = at(args, probe.path)
        v = np.asarray(probe.direction, np.asarray(x).dtype)
        tangents = [replaced(zeros[k], tuple(rest), v if np.ndim(x) else v[()]) if k == i else zeros[k] for k in wrt]
        with np.errstate(all="ignore"):
            got, y_dot = push(*args, *tangents)
        if not agrees(got):
            raise GradientMismatch(f"{what} gives the value {got!r}, the function gives {y!r}")
        check_owned(what, y_dot, (args, got, tangents))
        if not _same(args, given):
            raise GradientMismatch(f"{what} changes its arguments {given!r} to {args!r}")
        if not _alike(y_dot, y):
            raise GradientMismatch(f"{what} gives a tangent of another form than the result's: {y_dot!r} for {y!r}")
        if np.isfinite(probe.expected):
            found = pairing(y_bar, y_dot)
            terms = pairing(mapped(np.abs, y_bar), mapped(_size, y_dot))
            allowed = atol + rtol * max(abs(probe.expected), terms) + probe.noise
            yield Comparison(what, probe.path, probe.direction, found, probe.expected, allowed, y_dot)


def _zero(v: Any) -> Any:
    """The tangent of a leaf that does not vary; None for one that can have none."""
    return (np.zeros_like(v) if isinstance(v, np.ndarray) else type(v)(0.0)) if floating(v) else None


def _size(v: Any) -> Any:
    return v if v is None else np.abs(v)


def _alike(y_dot: Any, y: Any) -> bool:
    """Whether a tangent is of the structure, shapes and precision of a result: a Python float may stand for a double."""
    if isinstance(y, dict):
        return isinstance(y_dot, dict) and list(y_dot) == list(y) and all(_alike(y_dot[k], y[k]) for k in y)
    if is_instance(y):
        return type(y_dot) is type(y) and _alike(fields_of(y_dot), fields_of(y))
    if isinstance(y, (tuple, list)):
        return isinstance(y_dot, type(y)) and len(y_dot) == len(y) and all(map(_alike, y_dot, y))
    if not floating(y):
        return True
    return np.shape(y_dot) == np.shape(y) and np.asarray(y_dot).dtype == np.asarray(y).dtype


def _positions(f: Callable[..., Any], wrt: int | str | Sequence[int | str] | None) -> tuple[int, ...]:
    if wrt is None:
        return (0,)
    entries = (wrt,) if isinstance(wrt, (int, str)) else tuple(wrt)
    if all(isinstance(w, int) for w in entries):
        return tuple(int(w) for w in entries)
    names = list(read_signature(f).parameters)
    return tuple(w if isinstance(w, int) else names.index(w) for w in entries)


def _same(a: Any, b: Any, exact: bool = True) -> bool:
    """Whether two results are of one structure, with entries of one kind and shape, equal to the bit (all NaNs are one).

    Where they need not be `exact`, as of derivatives that are themselves differentiated, they may differ by rounding.
    """
    if isinstance(b, dict):
        return isinstance(a, dict) and list(a) == list(b) and all(_same(a[k], b[k], exact) for k in b)
    if is_instance(b):
        return type(a) is type(b) and _same(fields_of(a), fields_of(b), exact)
    if isinstance(b, (tuple, list)):
        return isinstance(a, type(b)) and len(a) == len(b) and all(_same(p, q, exact) for p, q in zip(a, b, strict=True))
    if isinstance(b, (np.ndarray, np.generic, float, complex, int)):
        p, q = np.asarray(a), np.asarray(b)
        return p.dtype == q.dtype and p.shape == q.shape and (_same_bits(p, q) or (not exact and _close(p, q)))
    return type(a) is type(b)


def _is_rounded(f: Callable[..., Any], args: Sequence[Any]) -> bool:
    """Whether `f` calls something that is followed as what gives the same but for rounding."""
    with noting() as read:
        lowered = stages.lower(stages.read(f))
        stages.specialize(lowered, stages.Arguments.like(lowered, *args))
    return any(map(is_rounded, read))


def _close(p: np.ndarray[Any, Any], q: np.ndarray[Any, Any]) -> bool:
    """Whether floating-point numbers agree but for rounding in a computation of ordinary length."""
    if q.dtype.kind not in "fc":
        return False
    most = float(np.sqrt(np.finfo(q.dtype).eps))
    return np.allclose(p, q, rtol=most, atol=most * float(np.max(np.abs(q), initial=0.0)), equal_nan=True)


def _same_bits(p: np.ndarray[Any, Any], q: np.ndarray[Any, Any]) -> bool:
    """Whether arrays of one dtype and shape have the same entries, with the same signs where they are 0."""
    if p.dtype.kind not in "fc":
        return np.array_equal(p, q)
    return np.array_equal(p, q, equal_nan=True) and all(
        np.array_equal(np.signbit(a[a == 0]), np.signbit(b[b == 0])) for a, b in ((p.real, q.real), (p.imag, q.imag))
    )
