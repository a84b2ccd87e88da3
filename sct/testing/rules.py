"""Check derivative rules and type rules against finite differences and actual results.

Takes a primitive that has a rule, and arguments; gives nothing, or raises `GradientMismatch`. A rule is called as it stands,
and then as the compiler inlines it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from sct.api.transforms import vjp
from sct.registry.compositions import composition_of
from sct.registry.others import meet
from sct.registry.rules import is_nondifferentiable
from sct.testing.bound import BoundCall, rule_of_call
from sct.testing.calls import label, program
from sct.testing.claims import check_type
from sct.testing.differences import compare, finite_differences, random_like
from sct.testing.gradients import check_derivatives, check_vjp
from sct.testing.memory import check_memory
from sct.testing.mismatch import GradientMismatch
from sct.testing.trees import Path, at, is_single, leaves, mapped, write_protected

__all__ = ["ONE_TRIANGLE", "check_rule", "is_floating"]

# Functions that read one triangle of a symmetric matrix: only symmetric directions mean anything.
ONE_TRIANGLE = frozenset([np.linalg.cholesky, np.linalg.eigh, np.linalg.eigvalsh])
# Of the ways to check a derivative, the part that thousands of samples of rules can afford.
_RULE_WAYS = {True: (("vjp", True), ("vjp", False), ("jvp", True)), False: (("vjp", True),)}


def check_rule(
    primitive: Callable[..., Any],
    *args: Any,
    wrt: Sequence[int] | None = None,
    order: int | str = 1,
    rtol: float | None = None,
    atol: float | None = None,
    **kwargs: Any,
) -> None:
    """Check the derivative rule and the type rule of a primitive on one call.

    The adjoints that the rule gives for a random adjoint of the result are compared with finite differences of the
    primitive, in random directions and, for small operands, entry by entry; first with the rule called as it stands, then
    as the compiler inlines it, optimised and not, with the non-differentiable arguments known at compile time and not.
    A function that is registered as non-differentiable must have zero differences.

    Parameters
    ----------
    primitive : callable
        A function that is registered in `sct.registry`.
    *args, **kwargs
        The arguments of one call.
    wrt : sequence of int, optional
        The operands to check, by position; default: all that are or contain floating numbers.
    order : int
        Up to which derivative to check; above 1 through the compiler. A string is an argument of the primitive.
    rtol, atol : float, optional
        Tolerances; the default follows from the precision of the arguments.

    Raises
    ------
    GradientMismatch
        With the value of the derivative and that of the differences, or with what the rule breaks.

    Examples
    --------
    >>> import numpy as np
    >>> from sct.testing import check_rule
    >>> check_rule(np.sum, np.ones((2, 3)), axis=0, keepdims=True)
    """
    if isinstance(order, str):
        kwargs["order"], order = order, 1
    meet(primitive)
    y = primitive(*args, **kwargs)
    check_type(primitive, args, kwargs, y)
    check_memory(primitive, args, kwargs, y)
    if not any(True for _ in leaves(y)):
        return
    rule = rule_of_call(primitive, args, kwargs)
    if rule is None:
        if composition_of(primitive) is not None:
            given = {i: a if wrt is None or i in wrt else None for i, a in enumerate(args)} | kwargs
            _check_compiled(primitive, args, kwargs, partial(at, given), y, _random(y), rtol, atol, order, False)
            return
        if not is_nondifferentiable(primitive):
            raise GradientMismatch(f"{label(primitive)} has no rule")
        _check_constant(primitive, args, kwargs, wrt, y)
        return
    call = BoundCall.of(rule, args, kwargs)
    operands = call.operands()
    chosen = range(len(operands)) if wrt is None else wrt
    paths = [p for p, _ in leaves(operands) if p[0] in chosen]
    if rule.real_only and any(np.iscomplexobj(v) for _, v in leaves(operands)):
        raise GradientMismatch(f"{label(primitive)} is registered for real operands only")

    y_bar = _random(y)
    symmetric = primitive in ONE_TRIANGLE
    probes = finite_differences(lambda *ops: call.primal(primitive, ops), operands, paths, y, y_bar, None, symmetric)
    single = is_single(operands, y)
    with np.errstate(all="ignore"):
        adjoints = call.adjoints(mapped(write_protected, y), mapped(write_protected, y_bar))
    compare(f"rule of {label(primitive)}", operands, lambda p: at(adjoints, p), paths, probes, rtol, atol, single)
    given = call.by_place(args, kwargs, [a if i in chosen else None for i, a in enumerate(adjoints)])
    _check_compiled(primitive, args, kwargs, partial(at, given), y, y_bar, rtol, atol, order, symmetric)


def _random(y: Any) -> Any:
    """A random adjoint of a result."""
    return mapped(lambda v: random_like(np.random.default_rng(0), v), y)


def _check_constant(
    primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], wrt: Sequence[int] | None, y: Any
) -> None:
    """A function without derivative must not change with its operands."""
    chosen = range(len(args)) if wrt is None else wrt
    paths = [p for p, _ in leaves(tuple(args)) if p[0] in chosen]
    y_bar = _random(y)
    probes = finite_differences(lambda *a: primitive(*a, **kwargs), args, paths, y, y_bar, None)
    what = f"{label(primitive)}, registered as non-differentiable"
    compare(what, tuple(args), lambda p: None, paths, probes, None, None, is_single(args, y))


def _check_compiled(
    primitive: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    adjoint: Callable[[Path], Any],
    y: Any,
    y_bar: Any,
    rtol: float | None,
    atol: float | None,
    order: int,
    symmetric: bool,
) -> None:
    """Check programs that call `primitive`, by the parameters at paths for which `adjoint(path)` is not None."""
    for written in (True, False):
        call, values, places = program(primitive, args, kwargs, written)
        wrt = tuple(i for i, place in enumerate(places) if _has_adjoint(values[i], place, adjoint))
        if not wrt:
            continue
        paths = [p for p, _ in leaves(values) if p[0] in wrt]
        probes = finite_differences(call, values, paths, y, y_bar, None, symmetric)
        check_vjp(label(primitive), call, values, wrt, y, y_bar, paths, probes, rtol, atol, _RULE_WAYS[written])
    if order > 1:
        call, values, places = program(primitive, args, kwargs, True)
        wrt = tuple(i for i, place in enumerate(places) if _has_adjoint(values[i], place, adjoint))
        check_derivatives(vjp(call, wrt), (*values, y_bar), wrt, order - 1, rtol, atol, None, _RULE_WAYS[True])


def _has_adjoint(value: Any, place: Path, adjoint: Callable[[Path], Any]) -> bool:
    """Whether all of `value` is floating, and has an adjoint."""
    return is_floating(value) and all(adjoint((*place, *path)) is not None for path, _ in leaves(value))


def is_floating(value: Any) -> bool:
    """Whether an argument has leaves, and all of them are floating."""
    return 0 < sum(1 for _ in leaves(value)) == _count(value)


def _count(value: Any) -> int:
    """The number of leaves, floating or not."""
    if isinstance(value, dict):
        return sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, (tuple, list)) else 1
