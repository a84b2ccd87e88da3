"""Functions in Python that are called, not inlined: what they take, and how their derivatives are called.

Takes the operations of such calls; gives the names of their parameters. Never looks at what is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any, overload

from sct.errors import UnsupportedSyntaxError
from sct.infer.parameters import with_added
from sct.ir.ops import Again, Call, Derived, package_of
from sct.ir.ssa import Apply, Operand
from sct.ir.types import Const
from sct.signatures import read_signature

__all__ = ["added_names", "in_their_places", "parameter_names", "refuse_further", "run_again"]


def parameter_names(op: Any) -> list[str] | None:
    """The positional parameters of a Python function, or of the vjp or jvp of one; None for anything else."""
    found = _signature_of(op)
    return None if found is None else [n for n, p in found.parameters.items() if p.kind is not inspect.Parameter.KEYWORD_ONLY]


def in_their_places(op: Any, s: Apply) -> tuple[tuple[Operand, ...], dict[str, Operand]]:
    """The arguments of a call of such a function, by position as far as they have one, with what is left out.

    So what a derivative has as its last positional arguments has its place, in derivatives of that, too.
    """
    args, kwargs = list(s.args[op.draws :]), dict(s.kwargs)
    found = _signature_of(op)
    assert found is not None
    positional = [p for p in found.parameters.values() if p.kind is not p.KEYWORD_ONLY]
    for p in positional[len(args) :]:
        if p.name in kwargs and p.kind is p.POSITIONAL_OR_KEYWORD:
            args.append(kwargs.pop(p.name))
        elif p.kind is p.POSITIONAL_OR_KEYWORD and type(p.default) in (bool, int, float, complex, str, type(None)):
            args.append(Const(p.default))
        else:
            return s.args[op.draws :], dict(s.kwargs)
    return tuple(args), kwargs


def refuse_further(s: Apply) -> None:
    """Refuse to differentiate a call with shadows of a call with shadows: `sct.runtime.twice` puts in order what it runs."""
    op = s.op
    if isinstance(op, Derived) and isinstance(op.function, Derived) and op.transform == op.function.transform == "augmented":
        raise UnsupportedSyntaxError(
            "the derivative of a second derivative by reverse mode twice of a recursive function that writes into its argument",
            s.place,
            "Apply forward mode (sct.jvp) first, or return new arrays and lists.",
        )


def added_names(transform: str, wrt: Sequence[str]) -> list[str]:
    """What a derivative has as parameters beside those of the function: an adjoint, tangents or shadows."""
    if transform == "pullback":
        return []
    if transform == "vjp":
        return ["y_bar"]
    return [f"{n}_{'dot' if transform == 'jvp' else 'bar'}" for n in wrt]


@overload
def run_again(function: Derived) -> Derived: ...
@overload
def run_again(function: Callable[..., Any] | Again | Derived) -> Again | Derived: ...
def run_again(function: Callable[..., Any] | Again | Derived) -> Again | Derived:
    """A function, or a derivative of one, that does nothing to the world, since it has run before."""
    if isinstance(function, Derived):
        return replace(function, function=run_again(function.function), effect="none")
    return function if isinstance(function, Again) else Again(function)


def _signature_of(op: Any) -> inspect.Signature | None:
    """What a Python function, or a derivative of one, takes: what that has beside it is called as there."""
    if isinstance(op, Derived):
        inner = _signature_of(op.function)
        return None if inner is None else with_added(inner, added_names(op.transform, op.wrt))[1]
    op = op.function if isinstance(op, Call) else op
    op = op.function if isinstance(op, Again) else op
    return read_signature(op) if isinstance(op, FunctionType) and package_of(op) not in ("numpy", "scipy") else None
