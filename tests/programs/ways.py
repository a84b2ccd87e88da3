"""The ways in which the derivative of a program is called, and what must hold in each.

Takes a program and a way; gives nothing, or fails. The value that comes with a derivative is Python's own, to the bit, and so
is what the program prints; no argument changes; a derivative has memory of its own; and by each float that the program takes
it is what finite differences of the program say.
"""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import sct
from sct.frontend.resolve import is_instance
from sct.runtime import fields_of
from sct.testing.differences import Probe, compared, finite_differences, pairing, random_like, tolerances
from sct.testing.memory import check_owned
from sct.testing.trees import at, floating, leaves, mapped, replaced

from .registry import Program

__all__ = ["WAYS", "assert_equal", "check", "heard"]

Reverse = Callable[..., tuple[Any, tuple[Any, ...]]]  # of arguments and an adjoint, the value and the gradients


def check(p: Program, way: str) -> None:
    """Fail where a derivative of a program, called in one of `WAYS`, is not what it must be."""
    own, said = heard(p.function, p.given())
    y_bar = random_like(np.random.default_rng(0), own)
    paths = [path for path, _ in leaves(p.args) if path[0] in p.wrt]
    probes = _differences(p, paths, own, y_bar)
    WAYS[way](f"{way} of {p.name}", p, (own, said, y_bar), probes)


def _differences(p: Program, paths: list[Any], own: Any, y_bar: Any) -> list[Probe]:
    def quiet(*args: Any) -> Any:
        return heard(p.function, copy.deepcopy(args))[0]

    return finite_differences(quiet, p.args, paths, own, y_bar, None)


Expected = tuple[Any, str, Any]  # the value, what is printed, and an adjoint of the value


def _by_adjoints(derived: Callable[[Program], Reverse], unit: bool = False) -> Callable[..., None]:
    """A way that gives adjoints; if it is of `unit`, for the adjoint 1 of the value."""

    def way(what: str, p: Program, expected: Expected, probes: list[Probe]) -> None:
        own, said, y_bar = expected
        given, seed = p.given(), copy.deepcopy(y_bar)
        (value, gradients), told = heard(derived(p), (*given, seed))
        assert_equal(value, own, p.rounded)
        assert told == said
        assert_equal(given, p.args)
        assert_equal(seed, y_bar)
        check_owned(what, gradients, (given, value))
        if unit:
            gradients = mapped(lambda g: g if g is None else g * y_bar, gradients)
        found = dict(zip(p.wrt, gradients, strict=True))
        paths = list(dict.fromkeys(probe.path for probe in probes))
        for c in compared(what, p.args, partial(at, found), paths, probes, None, None, False):
            if not c.agrees:
                raise c.mismatch()

    return way


def _by_tangents(derived: Callable[[Program], Callable[..., Iterator[tuple[Any, Any]]]]) -> Callable[..., None]:
    """A way that gives tangents: of each direction of the differences."""

    def way(what: str, p: Program, expected: Expected, probes: list[Probe]) -> None:
        own, said, y_bar = expected
        given = p.given()
        ways = [_directions(p, probe) for probe in probes]
        found, told = heard(lambda *args: list(derived(p)(args, ways)), given)
        assert_equal(given, p.args)
        assert told in (said, said * len(probes))
        rtol, atol = tolerances(None, None, False)
        for probe, (value, y_dot) in zip(probes, found, strict=True):
            assert_equal(value, own, p.rounded)
            check_owned(what, y_dot, (given, value))
            got = pairing(y_bar, y_dot)
            allowed = atol + rtol * max(abs(probe.expected), abs(got)) + probe.noise
            assert abs(got - probe.expected) <= allowed, f"{what} at {probe.path}: {got}, by differences {probe.expected}"

    return way


def _directions(p: Program, probe: Probe) -> tuple[Any, ...]:
    """Tangents of the arguments: a direction in one leaf, and zero in all others."""
    place, *rest = probe.path
    zeros = {k: mapped(_zero, p.args[k]) for k in p.wrt}
    x = at(p.args, probe.path)
    v = np.asarray(probe.direction, np.asarray(x).dtype)
    zeros[place] = replaced(zeros[place], tuple(rest), v if isinstance(x, np.ndarray) else type(x)(v))
    return tuple(zeros.values())


def _zero(v: Any) -> Any:
    if not floating(v):
        return None
    return np.zeros_like(v) if isinstance(v, np.ndarray) else 0.0 * v


def _grad(p: Program, optimize: bool) -> Reverse:
    gradient = sct.grad(p.function, p.wrt, optimize=optimize)
    return lambda *args: (p.function(*copy.deepcopy(args[:-1])), _once(gradient, args[:-1]))


def _once(gradient: Callable[..., Any], args: Any) -> Any:
    """A gradient; what it prints the program has printed already."""
    with contextlib.redirect_stdout(io.StringIO()):
        return gradient(*args)


def _value_and_grad(p: Program, optimize: bool) -> Reverse:
    derived = sct.value_and_grad(p.function, p.wrt, optimize=optimize)
    return lambda *args: derived(*args[:-1])


def _vjp(p: Program, optimize: bool) -> Reverse:
    return sct.vjp(p.function, p.wrt, optimize=optimize)  # type: ignore[no-any-return]


def _pullback(p: Program, optimize: bool) -> Reverse:
    derived = sct.pullback(p.function, p.wrt, optimize=optimize)

    def both(*args: Any) -> tuple[Any, tuple[Any, ...]]:
        value, pull = derived(*args[:-1])
        first = pull(args[-1])
        kept = copy.deepcopy(first)
        assert_equal(pull(args[-1]), kept)
        assert_equal(first, kept)
        return value, first

    return both


def _checkpoint(p: Program) -> Reverse:
    kept = sct.checkpoint(p.function)

    def anew(*args: Any) -> Any:
        return kept(*args)

    return sct.vjp(anew, p.wrt)  # type: ignore[no-any-return]


def _jvp(p: Program, optimize: bool) -> Callable[..., Iterator[tuple[Any, Any]]]:
    derived = sct.jvp(p.function, p.wrt, optimize=optimize)
    return lambda args, ways: (derived(*args, *way) for way in ways)


def _linearize(p: Program, optimize: bool) -> Callable[..., Iterator[tuple[Any, Any]]]:
    derived = sct.linearize(p.function, p.wrt, optimize=optimize)

    def each(args: Any, ways: Any) -> Iterator[tuple[Any, Any]]:
        value, push = derived(*args)
        return ((value, push(*way)) for way in ways)

    return each


def _compiled(what: str, p: Program, expected: Expected, probes: list[Probe]) -> None:
    """The program itself, which leaves its arguments as the program does."""
    own, said, _ = expected
    ours, theirs = p.given(), p.given()
    heard(p.function, theirs)
    value, told = heard(sct.compile(p.function), ours)
    assert_equal(value, own, p.rounded)
    assert told == said
    assert_equal(ours, theirs)


def _ways() -> Iterator[tuple[str, Callable[..., None]]]:
    """All ways by their names."""
    for transform in (_grad, _value_and_grad, _vjp, _pullback, _jvp, _linearize):
        for optimize in (True, False):
            name = transform.__name__.lstrip("_") + ("" if optimize else ", not optimised")
            derived = partial(transform, optimize=optimize)
            if transform in (_jvp, _linearize):
                yield name, _by_tangents(derived)
            else:
                yield name, _by_adjoints(derived, unit=transform in (_grad, _value_and_grad))
    yield "checkpoint", _by_adjoints(_checkpoint)
    yield "compiled", _compiled


WAYS = dict(_ways())


def heard(f: Callable[..., Any], args: Any) -> tuple[Any, str]:
    """What a call gives, and what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return f(*args), out.getvalue()


def assert_equal(a: Any, b: Any, rounded: bool = False) -> None:
    """Trees of one structure, whose leaves are of one dtype and shape, and equal to the bit, or but for rounding."""
    if isinstance(b, dict):
        assert list(a) == list(b)
        for k in b:
            assert_equal(a[k], b[k], rounded)
    elif isinstance(b, (list, tuple)):
        assert type(a) is type(b) and len(a) == len(b)
        for p, q in zip(a, b, strict=True):
            assert_equal(p, q, rounded)
    elif is_instance(b):
        assert type(a) is type(b)
        assert_equal(fields_of(a), fields_of(b), rounded)
    else:
        p, q = np.asarray(a), np.asarray(b)
        assert p.dtype == q.dtype and p.shape == q.shape
        assert p.tobytes() == q.tobytes() or (rounded and np.allclose(p, q, rtol=1e-13))
