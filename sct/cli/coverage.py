"""`sct rules`: the functions that have a derivative rule, or are registered as having no derivative.

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

from sct.ir.ops import describe
from sct.registry.rules import adjoint_rule, has_adjoint, nondifferentiable_functions, primitives

__all__ = ["COLUMNS", "Row", "covered"]

COLUMNS = ("function", "kind", "derivative")
_MODULES = {
    "": builtins,
    "logging.": logging,
    "math.": math,
    "np.": np,
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
    """The functions of which a name matches a pattern with * and ?, or has it in it; all of them if there is none."""
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
    for p in primitives():
        rule = adjoint_rule(p)
        if rule is not None and not _is_own(p):
            yield Row(_names(p, others), rule.kind, _derivative(rule))
    for p in nondifferentiable_functions():
        if not _is_own(p) and not has_adjoint(p):
            yield Row(_names(p, others), "constant", "")


def _is_own(function: Any) -> bool:
    return (getattr(function, "__module__", None) or "").split(".")[0] == "sct"


def _names(function: Any, others: dict[int, list[str]]) -> tuple[str, ...]:
    """What a function is called, the name by which sct calls it first."""
    own, found = describe(function), others.get(id(function), ())
    return tuple(dict.fromkeys((own, *found) if own in found or not found else found))


def _derivative(rule: Any) -> str:
    """What a rule says: the adjoints of the operands, or the first paragraph of its docstring."""
    if rule.partials:
        return "; ".join("none" if p is None else p for p in rule.partials)
    return " ".join((inspect.getdoc(rule.function) or "").partition("\n\n")[0].split())
