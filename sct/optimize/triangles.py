"""Triangles: systems of matrices that are known to be triangular are solved as such in derivatives.

What gives a triangular matrix is registered beside the rules, and so is what keeps one: a Cholesky factor, its transpose, its
products and sums. What solves systems of any matrices is then replaced by what solves systems of these. Only what the transform
wrote is changed: the function's own statements stay as they are.

>>> import numpy as np
>>> import sct
>>> def f(A, b):
...     L = np.linalg.cholesky(A)
...     return np.sum(np.linalg.solve(L, b) ** 2)
>>> print(sct.grad(f, "b").source_for(np.eye(3), np.ones(3)).rstrip())
import numpy as np
from sct.rules.triangles import solve_triangular
<BLANKLINE>
<BLANKLINE>
def f_grad(A, b):
    # forward
    L = np.linalg.cholesky(A)
    # reverse
    # return np.sum(np.linalg.solve(L, b) ** 2)
    b_bar = solve_triangular(L.T, 2.0 * np.linalg.solve(L, b), lower=False)
    return b_bar
"""

from __future__ import annotations

import functools
import operator
from typing import Any

from sct.analysis.effects import statements
from sct.infer.facts import for_call
from sct.ir.ssa import Apply, Function, Operand, is_derived, type_of
from sct.ir.types import Array, Const, same_shape
from sct.optimize.rewriter import Rewriter
from sct.registry.facts import facts_of, ufunc_of

__all__ = ["triangles"]

_NAMED = {"lower": frozenset({"lower"}), "upper": frozenset({"upper"}), "diagonal": frozenset({"lower", "upper"})}
_NONE: frozenset[str] = frozenset()


def triangles(f: Function) -> Function:
    """`f` with systems of triangular matrices solved as such where it computes derivatives."""
    return _Triangles().function(f) if any(map(_solves, statements(f.block))) else f


def _solves(s: Any) -> bool:
    """Whether a statement of a derivative solves systems of any matrices."""
    return isinstance(s, Apply) and facts_of(s.op).on_triangle not in (None, s.op) and is_derived(s)


class _Triangles(Rewriter):
    """`known`: which triangles of matrices are all that is not 0, those of a diagonal matrix both; of several results each."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[Operand, frozenset[str] | tuple[frozenset[str], ...]] = {}

    def rewrite(self, s: Apply) -> Apply | Operand:
        own = self.triangle(s.args[0]) if _solves(s) else _NONE
        if own:
            lower = ("lower", Const("lower" in own))
            return Apply(facts_of(s.op).on_triangle, s.args, (lower,), s.result, s.place, s.origin)
        self.note(s)
        return s

    def triangle(self, o: Operand) -> frozenset[str]:
        found = self.known.get(o, _NONE)
        return found if isinstance(found, frozenset) else _NONE

    def note(self, s: Apply) -> None:
        """Note what is known of the result of a statement."""
        if s.op is operator.getitem and isinstance(s.args[1], Const) and isinstance(s.args[1].value, int):
            whole = self.known.get(s.args[0])
            found = whole[s.args[1].value] if isinstance(whole, tuple) else _NONE
        else:
            found = self.made_triangles(s)
        if found and not self.changes(s.result):
            self.known[s.result] = found

    def made_triangles(self, s: Apply) -> Any:
        """The triangles of what a statement gives."""
        fact = facts_of(s.op).triangle or facts_of(ufunc_of(s.op)).triangle
        how = for_call(fact, s.op, s.args, s.kwargs)
        if how is None:
            return _NONE
        if isinstance(how, tuple):
            return tuple(_NAMED.get(k, _NONE) for k in how)
        if how in _NAMED:
            return _NAMED[how]
        operands = s.args[:1] if how in ("first", "turned") else s.args
        own = [self.triangle(a) if how == "turned" or _has_matrices_of(a, s) else _NONE for a in operands]
        if how == "turned":
            return frozenset({"lower": "upper", "upper": "lower"}[k] for k in own[0])
        return functools.reduce(frozenset.union if how == "any" else frozenset.intersection, own)


def _has_matrices_of(o: Operand, s: Apply) -> bool:
    """Whether an operand has as many rows and columns as the result of a statement."""
    t, whole = type_of(o), s.result.type
    if not isinstance(t, Array) or not isinstance(whole, Array) or t.shape is None or whole.shape is None:
        return False
    return len(t.shape) > 1 and same_shape(t.shape[-2:], whole.shape[-2:])
