"""Cost: how many operations on numbers a function carries out, and how many bytes of arrays these read and write.

Takes the block of a typed function; gives polynomials in the sizes that its types name, or numbers where these are known at the
call (`sct.ir.types.sizes_known`). It is an estimate: of the branches of an `if` the dearer one is counted, a loop that may be
left early is counted to its end, and the index of a loop is its mean wherever it tells a size. What is done to indices and
containers is not counted; of functions whose number of operations is neither that of some entries nor registered, only the
bytes are.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sct.infer.facts import for_call
from sct.ir.ops import POP, PUSH, TAPE, InPlace, Special, Store, describe
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Closure, For, If, Operand, Statement, While, type_of
from sct.ir.type_text import size_in_words
from sct.ir.types import SIZE_FUNCTIONS, Abstract, Array, Const, Dict, List, Scalar, Size, SizeLike, Tuple, value_at_call
from sct.registry.facts import facts_of, ufunc_of
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of
from sct.runtime import scatter_add, updated

__all__ = ["Cost", "Count", "cost_of"]

_READABLE = 30  # characters of what stands for a size
_PRODUCTS = (operator.matmul, np.matmul, np.dot)  # with the last axis of the first operand summed over


@record(frozen=True)
class Count:
    """A polynomial: for each product of names, in order, how often it is counted."""

    terms: Mapping[tuple[str, ...], float]

    @staticmethod
    def of(n: float) -> Count:
        return Count({(): n} if n else {})

    @property
    def number(self) -> float | None:
        """What it is, if it has no names."""
        return self.terms.get((), 0) if set(self.terms) <= {()} else None

    def __add__(self, other: Count) -> Count:
        found = dict(self.terms)
        for names, n in other.terms.items():
            found[names] = found.get(names, 0) + n
        return Count({names: n for names, n in found.items() if n})

    def __mul__(self, other: Count | float) -> Count:
        out = Count({})
        for a, n in self.terms.items():
            for b, m in (other.terms if isinstance(other, Count) else {(): other}).items():
                out = out + Count({tuple(sorted((*a, *b))): n * m})
        return out

    def root(self) -> Count | None:
        """Its square root, if that is a number or a product of names."""
        if len(self.terms) != 1:
            return None if self.terms else self
        ((names, n),) = self.terms.items()
        if names[::2] != names[1::2] or n < 0:
            return None
        return Count({names[::2]: math.sqrt(n)})

    def at_least(self, other: Count) -> Count:
        """The greater of two, term by term."""
        return Count({k: max(self.terms.get(k, 0), other.terms.get(k, 0)) for k in {**self.terms, **other.terms}})

    def __str__(self) -> str:
        if self.number is not None:
            return f"{round(self.number):,}"
        ordered = sorted(self.terms.items(), key=lambda t: (-len(t[0]), t[0]))
        parts = ["*".join([*([f"{abs(n):g}"] if abs(n) != 1 or not names else []), *names]) for names, n in ordered]
        signs = ["-" if n < 0 else "+" for _, n in ordered]
        first = parts[0] if signs[0] == "+" else f"-{parts[0]}"
        return " ".join([first, *(f"{sign} {part}" for sign, part in zip(signs[1:], parts[1:], strict=True))])


_NOTHING, _ONE = Count({}), Count.of(1)


@record(frozen=True)
class Cost:
    """What a function costs.

    Attributes
    ----------
    operations : Count
        Operations on numbers.
    nbytes : Count
        Bytes of arrays that these read and write.
    left_out : Mapping
        The operations of which no number is known, and at how many places they stand.
    """

    operations: Count
    nbytes: Count
    left_out: Mapping[str, int]

    def __add__(self, other: Cost) -> Cost:
        left_out = dict(self.left_out)
        for name, n in other.left_out.items():
            left_out[name] = left_out.get(name, 0) + n
        return Cost(self.operations + other.operations, self.nbytes + other.nbytes, left_out)

    def times(self, n: Count) -> Cost:
        return Cost(self.operations * n, self.nbytes * n, self.left_out)

    def at_least(self, other: Cost) -> Cost:
        either = self + other
        return Cost(self.operations.at_least(other.operations), self.nbytes.at_least(other.nbytes), either.left_out)


def cost_of(block: Block, indices: Mapping[str, Count] | None = None) -> Cost:
    """What a typed block costs; `indices`: the means of the indices of the loops around it."""
    out = Cost(_NOTHING, _NOTHING, {})
    for s in block.body:
        out = out + _cost(s, indices or {})
    return out


def _cost(s: Statement, indices: Mapping[str, Count]) -> Cost:
    if isinstance(s, Apply):
        return _of_operation(s, indices)
    if isinstance(s, If):
        first, second = (cost_of(b, indices) for b in s.blocks)
        return first.at_least(second)
    if isinstance(s, For):
        trips, mean = _trips(s, indices)
        index = type_of(s.body.params[0])
        name = _symbol(index.size) if isinstance(index, Scalar) else None
        return cost_of(s.body, {**indices, **({name: mean} if name and mean is not None else {})}).times(trips)
    if isinstance(s, While):
        return (cost_of(s.test, indices) + cost_of(s.body, indices)).times(_unknown_trips(s))
    if isinstance(s, Closure):
        return cost_of(s.blocks[0], indices)
    return Cost(_NOTHING, _NOTHING, {"a loop over what is known at run time": 1})


# -- loops -----------------------------------------------------------------------------------------------------------------


def _trips(s: For, indices: Mapping[str, Count]) -> tuple[Count, Count | None]:
    """How often a loop is run through, and the mean of its index."""
    start, stop, step = (_integer(o, indices) for o in (s.start, s.stop, s.step))
    if start is None or stop is None or step is None or not step.number:
        return _unknown_trips(s), None
    trips = (stop + start * -1) * (1 / step.number)
    if trips.number is not None:
        trips = Count.of(max(math.ceil(trips.number), 0) if float(trips.number).is_integer() else max(trips.number, 0))
    return trips, start + (trips + Count.of(-1)) * (step.number / 2)


def _unknown_trips(s: Statement) -> Count:
    line = s.origin.place.line if s.origin is not None and s.origin.place is not None else 0
    return Count({(f"trips of line {line}" if line else "trips of a loop",): 1})


def _integer(o: Operand, indices: Mapping[str, Count]) -> Count | None:
    t = type_of(o)
    if isinstance(t, Const) and type(t.value) is int:
        return Count.of(t.value)
    return _size(t.size, indices) if isinstance(t, Scalar) and t.size is not None else None


# -- sizes -----------------------------------------------------------------------------------------------------------------


def _size(n: SizeLike, indices: Mapping[str, Count]) -> Count:
    known = value_at_call(n)
    if known is not None:
        return Count.of(known)
    assert isinstance(n, Size)
    out = Count.of(n.const)
    for atom, c in n.terms:
        out = out + _atom(atom, indices) * c
    return out


def _atom(atom: Any, indices: Mapping[str, Count]) -> Count:
    one = Size(((atom, 1),))
    known = value_at_call(one)
    if known is not None:
        return Count.of(known)
    if isinstance(atom, tuple):
        if atom[0] == "symbol" and atom[1] in indices:
            return indices[atom[1]]
        if atom[0] in SIZE_FUNCTIONS:
            parts = [_size(p, indices) if isinstance(p, (int, Size)) else p for p in atom[1:]]
            if atom[0] in ("mul", "max0") and all(isinstance(p, Count) for p in parts):
                return math.prod(parts[1:], start=parts[0])
            numbers = [round(p.number) if isinstance(p, Count) and p.number is not None else p for p in parts]
            if not any(isinstance(p, Count) for p in numbers):
                return Count.of(SIZE_FUNCTIONS[atom[0]](*numbers))
    name = size_in_words(one)
    return Count({(name if len(name) <= _READABLE else "some size",): 1})


def _symbol(n: SizeLike | None) -> str | None:
    """The name of the symbol that a size is, if it is one."""
    if not isinstance(n, Size) or n.const or len(n.terms) != 1:
        return None
    ((atom, _),) = n.terms
    return str(atom[1]) if isinstance(atom, tuple) and atom[0] == "symbol" else None


# -- operations ------------------------------------------------------------------------------------------------------------


def _of_operation(s: Apply, indices: Mapping[str, Count]) -> Cost:
    if isinstance(s.op, Special) or s.op in (TAPE, PUSH, POP):
        return Cost(_NOTHING, _NOTHING, {})
    op = primitive_of(s.op.op if isinstance(s.op, (InPlace, Store)) else s.op)
    if op in (updated, scatter_add):  # into memory that is there
        value = _entries(type_of(s.args[2]), indices)
        moved = _nbytes([type_of(s.args[2])], indices) * 2
        return Cost(value or _NOTHING if op is scatter_add else _NOTHING, moved, {})
    made, fact = _entries(type_of(s.result), indices), facts_of(s.op)
    kind = kind_of(op)
    if kind == "view" or fact.form_of == 0 or for_call(fact.memory, s.op, s.args, s.kwargs) in ("view", "read-only"):
        return Cost(_NOTHING, _NOTHING, {})
    if made is None:
        return Cost(_NOTHING, _NOTHING, {describe(op): 1} if _moves(s) else {})
    if isinstance(type_of(s.result), Scalar) and not _moves(s):
        numeric = kind == "elementwise" or ufunc_of(op) is not None
        return Cost(_ONE if numeric else _NOTHING, _NOTHING, {})
    moved = _nbytes([*map(type_of, s.operands), type_of(s.result)], indices)
    operations = _operations(op, kind, s, made, indices)
    return Cost(operations or _NOTHING, moved, {} if operations is not None else {describe(op): 1})


def _operations(op: Any, kind: str, s: Apply, made: Count, indices: Mapping[str, Count]) -> Count | None:
    """How many operations on numbers a call is; None if that is not known."""
    terms = for_call(facts_of(op).operations, s.op, s.args, s.kwargs)
    if terms is not None:
        return sum((_term(factor, sizes, indices) for factor, sizes in terms), start=_NOTHING)
    arrays = [type_of(o) for o in s.operands if isinstance(type_of(o), Array)]
    operands = [n for n in (_entries(t, indices) for t in arrays) if n is not None]
    if op in _PRODUCTS:
        first = type_of(s.args[0])
        if isinstance(first, Array) and first.shape:
            return made * _size(first.shape[-1], indices) * 2
    if kind in ("elementwise", "comparison") or (kind != "product" and ufunc_of(op) is not None):
        return made
    if kind == "reduction":
        return operands[0] if operands else made
    if kind == "product" and len(operands) == 2:
        found = (operands[0] * operands[1] * made).root()  # of I K, K J and I J entries: I J K
        return None if found is None else found * 2
    return _NOTHING if kind == "construction" or not _moves(s) else None


def _term(factor: float, sizes: Iterable[Any], indices: Mapping[str, Count]) -> Count:
    """A product of sizes, or of logarithms of these, with a factor."""
    out = Count.of(factor)
    for n in sizes:
        if isinstance(n, tuple):
            size = _size(n[1], indices)
            known = size.number
            out = out * (Count({(f"log2({size})",): 1}) if known is None else math.log2(max(known, 1)))
        else:
            out = out * _size(n, indices)
    return out


def _moves(s: Apply) -> bool:
    """Whether an operation reads or makes arrays."""
    return any(isinstance(type_of(o), Array) for o in (*s.operands, s.result))


def _entries(t: Abstract, indices: Mapping[str, Count]) -> Count | None:
    """The numbers in a value; None if that is not known."""
    if isinstance(t, Array):
        if t.shape is None:
            return None
        return math.prod((_size(n, indices) for n in t.shape), start=_ONE)
    if isinstance(t, (Tuple, List, Dict)):
        found = [_entries(i, indices) for i in t.items]
        return None if None in found else sum((n for n in found if n is not None), start=_NOTHING)
    return _ONE if isinstance(t, Scalar) or (isinstance(t, Const) and type(t.value) in (int, float, complex)) else None


def _nbytes(types: Iterable[Abstract], indices: Mapping[str, Count]) -> Count:
    """The bytes of the arrays among some values."""
    out = _NOTHING
    for t in types:
        n = _entries(t, indices)
        if isinstance(t, Array) and t.shape and t.dtype is not None and n is not None:
            out = out + n * t.dtype.itemsize
        elif isinstance(t, (Tuple, List, Dict)):
            out = out + _nbytes(t.items, indices)
    return out
