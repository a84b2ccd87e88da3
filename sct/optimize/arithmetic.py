"""In which numbers an operation computes: what a rewriting must keep.

Takes operations and operands; gives the numbers that they are of, by NumPy's promotion with weak Python numbers. Never guesses:
None where it is not known. An identity of algebra may be used if all operations in it, those before and those after, compute
in the same numbers, and these are real or complex, or Python's integers: integers that wrap around, flags, and casts from some
numbers to others have identities of their own.
"""

from __future__ import annotations

import functools
from itertools import product
from typing import Any

import numpy as np

from sct.infer.call import infer_call
from sct.ir.records import record
from sct.ir.ssa import Operand, type_of
from sct.ir.types import Abstract, Array, Const, Scalar
from sct.registry.facts import ufunc_of

__all__ = ["Numbers", "is_elementwise", "loop_of", "numbers", "numbers_of"]


@record(frozen=True, slots=True)
class Numbers:
    """A dtype; `weak`: of Python's own numbers of that kind, which take the dtype of what they meet (NEP 50); None: perhaps."""

    dtype: np.dtype[Any]
    weak: bool | None = False

    @property
    def inexact(self) -> bool:
        """Whether they are real or complex, in floating point."""
        return self.dtype.kind in "fc"

    @property
    def ordinary(self) -> bool:
        """Whether the identities of sums and products hold: not for integers of a fixed size, nor for flags."""
        return self.inexact or (self.weak is True and self.dtype.kind == "i")

    def takes(self, other: Numbers | None) -> bool:
        """Whether what was computed in `other` may as well be computed in these: Python's numbers are as exact as any."""
        if other is None or other == self:
            return other is not None
        if other.weak is None or self.weak is None:
            return self.inexact and (other.dtype == self.dtype or (other.weak is True and other.dtype.kind == "i"))
        return self.inexact and other.weak and other.dtype.kind in ("i", self.dtype.kind)

    def hold(self, value: complex) -> bool:
        """Whether a number is neither too large nor too small for these."""
        if not self.inexact:
            return True
        info = np.finfo(self.dtype)
        return value == 0 or bool(info.smallest_normal <= abs(value) <= info.max)


_PYTHON: dict[Any, Numbers] = {kind: Numbers(np.dtype(kind), True) for kind in (bool, int, float, complex)}
_WEAK: dict[str, Any] = {"b": np.dtype(bool), "i": int, "f": float, "c": complex}


def numbers(t: Abstract) -> Numbers | None:
    """The numbers that a type is of."""
    if isinstance(t, Const):
        return Numbers(t.value.dtype) if isinstance(t.value, np.generic) else _PYTHON.get(type(t.value))
    if isinstance(t, Scalar):
        return None if t.also else _PYTHON.get(t.kind)
    if not isinstance(t, Array) or t.dtype is None or any(np.dtype(kind).kind != t.dtype.kind for kind in t.also):
        return None
    return Numbers(t.dtype, None if t.also else False)


def numbers_of(op: Any, *operands: Operand) -> Numbers | None:
    """The numbers that the result of an operation is of; a sum, product, quotient or power is computed in these."""
    types = [type_of(o) for o in operands]
    kinds = tuple(map(_kind, types))
    if all(k is not None for k in kinds) and is_elementwise(op) and any(isinstance(t, Array) for t in types):
        return _of_kinds(op, kinds)
    return numbers(infer_call(op, types, {}))


def _kind(t: Abstract) -> Any:
    """What the numbers are of that an element-wise operation on arrays gives, as far as they depend on an operand's type."""
    if isinstance(t, Const):
        return float if type(t.value) is float else None
    return None if not isinstance(t, (Scalar, Array)) or t.also else t.kind if isinstance(t, Scalar) else t.dtype


@functools.lru_cache(maxsize=1024)
def _of_kinds(op: Any, kinds: tuple[Any, ...]) -> Numbers | None:
    """The numbers that an element-wise operation gives on such operands, of whatever shapes."""
    return numbers(infer_call(op, [Array(k, ()) if isinstance(k, np.dtype) else Scalar(k) for k in kinds], {}))


def is_elementwise(op: Any) -> bool:
    """Whether an operation broadcasts its operands against each other, and so needs none of them spread out."""
    ufunc = ufunc_of(op)
    return ufunc is not None and ufunc.signature is None


def loop_of(op: Any, a: Operand, b: Operand) -> tuple[np.dtype[Any], ...] | None:
    """The dtypes of operands and result in which NumPy carries out an element-wise operation on arrays; None if not known."""
    ufunc = ufunc_of(op)
    given = [n for o in (a, b) if (n := numbers(type_of(o))) is not None]
    if ufunc is None or ufunc.nout != 1 or len(given) != 2:
        return None
    found = {_resolved(ufunc, *dtypes) for dtypes in product(*map(_as_operands, given))}
    return found.pop() if len(found) == 1 else None


def _as_operands(n: Numbers) -> tuple[Any, ...]:
    """What numbers are to a ufunc: a dtype, or a kind of Python's numbers; both where they may be either."""
    if n.weak is False:
        return (n.dtype,)
    python = _WEAK[n.dtype.kind]
    return (python,) if n.weak else (n.dtype, python)


def _resolved(ufunc: np.ufunc, *dtypes: Any) -> tuple[np.dtype[Any], ...] | None:
    try:
        return ufunc.resolve_dtypes((*dtypes, None))
    except TypeError:
        return None
