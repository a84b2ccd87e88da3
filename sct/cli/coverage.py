"""`sct rules`: the functions that have a derivative rule, are made of such, have no derivative, or are refused, and why.

Takes a pattern of names; gives rows. Functions of sct's own, which generated code calls, are left out.
"""

from __future__ import annotations

import builtins
import fnmatch
import inspect
import logging
import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sct.ir.ops import Attribute, Method, describe
from sct.registry.compositions import composition_of, compositions
from sct.registry.methods import primitive_of
from sct.registry.others import areas_of, load_area
from sct.registry.refusals import reason_for, refused_functions
from sct.registry.rules import adjoint_rule, is_nondifferentiable, nondifferentiable_functions, primitives
from sct.registry.tangents import is_multilinear, tangent_rule
from sct.signatures import read_signature
from sct.specialize.attributes import OF_FORM
from sct.specialize.in_python import IN_PYTHON
from sct.specialize.writing import METHODS, WRITING

__all__ = ["COLUMNS", "Row", "covered", "derivative_of", "keywords_of", "kind_of_coverage", "modes_of"]

COLUMNS = ("function", "kind", "derivative")
_MODULES = {
    "": builtins,
    "logging.": logging,
    "math.": math,
    "np.": np,
    "np.fft.": np.fft,
    "np.linalg.": np.linalg,
    "np.random.": np.random,
    "operator.": operator,
}


@dataclass(frozen=True)
class Row:
    """A function: its names, its kind, and its derivative, of the adjoint `d` of the result `y` and of the operands."""

    names: tuple[str, ...]
    kind: str
    derivative: str

    def cells(self) -> tuple[str, ...]:
        return ", ".join(self.names), self.kind, self.derivative

    def record(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {"names": list(self.names), "kind": self.kind, "derivative": self.derivative or None}


def covered(pattern: str | None) -> list[Row]:
    """The functions of which a name matches a pattern with * and ?, or has it in it; all of them if there is none.

    Those of another library, for which sct has rules, are among them if the pattern begins with its name.
    """
    for area in areas_of((pattern or "").partition(".")[0]):
        load_area(area)
    return sorted((row for row in _all() if _matches(row, pattern)), key=lambda row: row.names)


def _matches(row: Row, pattern: str | None) -> bool:
    if pattern is None:
        return True
    pattern = pattern.replace("numpy.", "np.") if pattern.startswith("numpy.") else pattern
    if any(c in pattern for c in "*?["):
        return any(fnmatch.fnmatchcase(name, pattern) for name in row.names)
    return any(pattern in name for name in row.names)


def _all() -> Iterator[Row]:
    others: dict[int, list[str]] = {}
    for prefix, module in _MODULES.items():
        for name, value in vars(module).items():
            if callable(value) and not name.startswith("_"):
                others.setdefault(id(value), []).append(prefix + name)
    for p in dict.fromkeys((*primitives(), *nondifferentiable_functions(), *compositions(), *refused_functions())):
        kind = kind_of_coverage(p)
        if kind is not None and not _is_own(p) and not _is_of_ufunc(p):
            yield Row(_names(p, others), kind, derivative_of(p))


def kind_of_coverage(function: Any) -> str | None:
    """How a function, or a method or attribute of arrays, is dealt with; None for one of which nothing is known."""
    function = primitive_of(function)
    rule = adjoint_rule(function)
    if rule is not None:
        return rule.kind
    if composition_of(function) is not None:
        return "composed"
    if is_nondifferentiable(function) or (isinstance(function, Attribute) and function.name in OF_FORM):
        return "constant"
    if reason_for(function) is not None:
        return "refused"
    return "followed" if _is_followed(function) else None


def modes_of(function: Any) -> tuple[str, str]:
    """How a function that is differentiated is in reverse mode, and in forward mode."""
    rule, own = adjoint_rule(function), tangent_rule(function)
    if rule is None:
        return "followed", "followed"
    if own is not None:
        return "rule", "rule"
    return "rule", "the same factors" if rule.partials else "as it is linear" if is_multilinear(function) else "transposed"


def keywords_of(function: Any) -> tuple[str, ...]:
    """The parameters of a function that need not be given, and that its rule, or what it is followed as, has."""
    rule, composed = adjoint_rule(function), composition_of(function)
    signature = read_signature(composed) if composed is not None else None if rule is None else rule.signature
    parameters = () if signature is None else signature.parameters.values()
    return tuple(p.name for p in parameters if p.default is not p.empty and p.name not in ("like", "subok"))


def _is_followed(function: Any) -> bool:
    """Whether what a call does is carried out when a function is specialized."""
    if isinstance(function, Method):
        return function.name in METHODS
    return function in (np.vectorize, Attribute("flat")) or function in IN_PYTHON or function in WRITING


def _is_of_ufunc(function: Any) -> bool:
    """Whether a function is a method of a ufunc, of which there are as many as ufuncs."""
    return isinstance(getattr(function, "__self__", None), np.ufunc)


def _is_own(function: Any) -> bool:
    of_arrays = isinstance(function, (Method, Attribute))
    return not of_arrays and (getattr(function, "__module__", None) or "").split(".")[0] == "sct"


def _names(function: Any, others: dict[int, list[str]]) -> tuple[str, ...]:
    """What a function is called, the name by which sct calls it first."""
    qualified = getattr(function, "__qualname__", "")
    if "." in qualified:  # of a generator of random numbers, or of the one that NumPy has
        return tuple(others.get(id(function), (f"np.random.{qualified}",)))
    own, found = describe(function), others.get(id(function), ())
    return tuple(dict.fromkeys((own, *found) if own in found or not found else found))


def derivative_of(function: Any) -> str:
    """What is said of a function's derivative: its adjoints, the first paragraph of a docstring, or why it is refused."""
    rule = adjoint_rule(function)
    if rule is None:
        composed = composition_of(function)
        as_it_is = composed is not None and not composed.__module__.startswith("sct.")
        return "As the library has it, in Python." if as_it_is else _summary(composed) or reason_for(function) or ""
    if rule.partials:
        return "; ".join("none" if p is None else p for p in rule.partials)
    return _summary(rule.function)


def _summary(function: Any) -> str:
    """The first paragraph of a docstring; nothing for None."""
    return "" if function is None else " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())
