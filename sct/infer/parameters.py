"""Signatures of what is differentiated, and of what is made of it.

Takes functions, or their signatures; gives the signatures, names and types of parameters. Never calls a function.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import FunctionType
from typing import Any

import numpy as np

from sct.errors import SctError, SourceUnavailableError
from sct.frontend.callables import Flat
from sct.infer.signature import abstract
from sct.ir.types import Abstract, Array, Scalar
from sct.registry.rules import adjoint_rule
from sct.signatures import read_signature

__all__ = ["declared_type", "parameter_names", "plain_signature", "with_added"]


def plain_signature(primal: Any) -> inspect.Signature:
    """The signature of a function that is no derivative: as its rule states it, if it has one."""
    if isinstance(primal, Flat):
        return primal.signature
    if isinstance(primal, FunctionType) and adjoint_rule(primal) is None:
        return read_signature(primal, follow_wrapped=False)
    return _primitive_signature(primal)


def _primitive_signature(primal: Any) -> inspect.Signature:
    rule = adjoint_rule(primal)
    if rule is None:
        raise SourceUnavailableError(
            f"{getattr(primal, '__name__', primal)} is not a function written in Python, and has no derivative rule",
            advice="Give a Python function, or register a rule with sct.adjoint.",
        )
    return rule.signature


_ANNOTATIONS: dict[Any, Abstract] = {
    float: Scalar(float),
    int: Scalar(int),
    complex: Scalar(complex),
    "float": Scalar(float),
    "int": Scalar(int),
    "complex": Scalar(complex),
}


def declared_type(p: inspect.Parameter, varied: bool) -> Abstract:
    """The type of a parameter before any call: by its annotation, its default, or an array of unknown rank."""
    if p.annotation in _ANNOTATIONS:
        return _ANNOTATIONS[p.annotation]
    if p.default is not p.empty and not varied:
        return abstract(p.default, p.name)
    return Array(np.dtype(float), None)


def with_added(signature: inspect.Signature, names: Sequence[str]) -> tuple[tuple[str, ...], inspect.Signature]:
    """The signature of a vjp or jvp, with last positional parameters for an adjoint or tangents; and what these are called."""
    added: list[str] = []
    for name in names:
        while name in signature.parameters or name in added:
            name += "_"
        added.append(name)
    parameters = [p.replace(default=inspect.Parameter.empty) for p in signature.parameters.values()]
    positional = [p for p in parameters if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
    keyword = [p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    kind = inspect.Parameter.KEYWORD_ONLY if starred else inspect.Parameter.POSITIONAL_OR_KEYWORD
    return tuple(added), inspect.Signature([*positional, *(inspect.Parameter(name, kind) for name in added), *keyword])


def parameter_names(signature: inspect.Signature, wrt: Sequence[Any], label: str) -> tuple[str, ...]:
    """The parameters that `wrt` says, of a function that its user calls `label`."""
    names = list(signature.parameters)
    out: list[str] = []
    advice = f"Write wrt={names[0]!r}; the parameters are {', '.join(names)}." if names else "Give it a parameter."
    stars = {p.kind: p.name for p in signature.parameters.values()}
    rest, options = stars.get(inspect.Parameter.VAR_POSITIONAL), stars.get(inspect.Parameter.VAR_KEYWORD)
    for w in wrt:
        if isinstance(w, str) and (w in names or options is not None):
            out.append(w)
        elif rest is not None and isinstance(w, int) and not isinstance(w, bool):
            before = names.index(rest)
            out.append(names[w] if 0 <= w < before else f"{rest}[{w - before if w >= 0 else w}]")
        elif isinstance(w, int) and not isinstance(w, bool) and -len(names) <= w < len(names):
            out.append(names[w])
        else:
            raise SctError(f"wrt={w!r} is not a parameter of {label}", None, advice)
    if not out or len(set(out)) != len(out):
        raise SctError(f"wrt={tuple(wrt)!r} must name different parameters of {label}, at least one", None, advice)
    return tuple(out)
