"""Functions of matrices: which values are one, made of the eigenvalues or singular values and the vectors of one factorisation.

Takes a typed block; gives a table. `(V * f(w)) @ V.T` of `w, V = np.linalg.eigh(A)`, where f is the same for all eigenvalues,
does not depend on which vectors are chosen. It has derivatives where eigenvalues are repeated and the vectors have none, so it
is not differentiated by way of these. In a branch or a loop that is found which is made there, or of what is made before; what
a branch or a loop gives is none of it.
"""

from __future__ import annotations

import operator
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from sct.analysis.effects import statements
from sct.infer.call import plain
from sct.ir.ops import Attribute
from sct.ir.paths import ALL
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Operand, Value, type_of
from sct.ir.types import Array, Const, Scalar, Tuple
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of
from sct.registry.spectra import Spectrum, derivative_of_spectrum, spectrum_of

__all__ = ["Factor", "Layout", "MatrixFunction", "gathering", "matrix_functions", "spread"]

Layout = Literal["one each", "columns", "rows"]
"""How numbers for the values lie: along the last axis alone, or so that they multiply the columns or rows of a matrix."""


@record(frozen=True)
class Factorisation:
    """A factorisation of a matrix; two of one matrix, of the same kind and with the same options, are equal."""

    name: str
    matrix: Value
    options: tuple[Any, ...]


@record(frozen=True)
class Factor:
    """Numbers for the values, which a function of the matrix has as a factor, or is divided by."""

    op: Any
    operand: Operand
    layout: Layout


@record(frozen=True)
class MatrixFunction:
    """A function f(A) of a matrix, or its derivative in directions, or the complex conjugate of it.

    Attributes
    ----------
    of : Factorisation
    spectrum : Spectrum
    values : Value or None
        Those of a factorisation; None where nobody has taken them of it.
    vectors : tuple of Value
        Of a factorisation; none where nobody has taken all of them.
    conjugated : bool
        Whether it is the function of the conjugate of A, which has the conjugates of the vectors.
    factors : tuple of Factor
        Of which f(w) is the product.
    terms : tuple of Operand
        Of a derivative f(w), f'(w), ….
    directions : tuple of Operand
    by : dict
        The statements, by their results, by which f(w) is made of the values of a factorisation, `sources`.
    leaves : dict
        What these read besides, the same for all values, with how it lies.
    sources : frozenset of Value
    whole : Value or None
        The result of the factorisation of which the vectors are.
    """

    of: Factorisation
    spectrum: Spectrum
    values: Value | None
    vectors: tuple[Value, ...]
    conjugated: bool
    factors: tuple[Factor, ...]
    terms: tuple[Operand, ...]
    directions: tuple[Operand, ...]
    by: Mapping[Value, Apply]
    leaves: Mapping[Value, Layout]
    sources: frozenset[Value]
    whole: Value | None


def matrix_functions(block: Block) -> dict[Value, MatrixFunction]:
    """The functions of matrices in a block."""
    return _found(block, _Survey.function)


def sums_over_values(block: Block) -> dict[Value, MatrixFunction]:
    """The sums of functions of the values of a factorisation, as functions with what is summed for a factor.

    To first order these have derivatives by those of the values, but not their tangents.
    """
    return _found(block, _Survey.total)


def _found(block: Block, given: Callable[[_Survey, Apply], MatrixFunction | None]) -> dict[Value, MatrixFunction]:
    """What `given` gives for the statements of a block and those inside of it, of which those before are known."""
    found: dict[Value, MatrixFunction] = {}
    if any(spectrum_of(s.op) is not None for s in statements(block)):
        _Survey().go_through(block, given, found)
    return found


@record(frozen=True)
class _Scaled:
    """Vectors of a factorisation, in columns or else in rows, times factors for each."""

    vectors: Value
    in_columns: bool
    conjugated: bool
    factors: tuple[Factor, ...] = ()


class _Survey:
    """`values` and `vectors`: what factorisations give, the vectors with their number among these; of what is in scope."""

    def __init__(self, outer: _Survey | None = None) -> None:
        self.made: ChainMap[Value, Apply] = ChainMap() if outer is None else outer.made.new_child()
        self.values: ChainMap[Value, Factorisation] = ChainMap() if outer is None else outer.values.new_child()
        self.known: ChainMap[Factorisation, Spectrum] = ChainMap() if outer is None else outer.known.new_child()
        self.vectors: ChainMap[Value, tuple[Factorisation, int, Spectrum]] = (
            ChainMap() if outer is None else outer.vectors.new_child()
        )

    def go_through(
        self, block: Block, given: Callable[[_Survey, Apply], MatrixFunction | None], found: dict[Value, MatrixFunction]
    ) -> None:
        """Add what `given` gives for the statements of a block."""
        for s in block.body:
            for inner in s.blocks:
                _Survey(self).go_through(inner, given, found)
            if isinstance(s, Apply):
                self.made[s.result] = s
                self.given_by(s.result, s)
                f = given(self, s)
                if f is not None:
                    found[s.result] = f

    def given_by(self, v: Value, s: Apply) -> None:
        """Add what a statement takes of a factorisation."""
        known = spectrum_of(s.op)
        if known is not None:
            of = _factorisation(known, s)
            if of is not None and isinstance(v.type, Array):
                self.values[v] = of
                self.known.setdefault(of, known)
        if s.op is not operator.getitem or not isinstance(s.args[1], Const) or s.args[0] not in self.made:
            return
        whole = self.made[s.args[0]]  # type: ignore[index]
        known, k = spectrum_of(whole.op), s.args[1].value
        of = None if known is None else _factorisation(known, whole)
        if known is None or of is None or not isinstance(v.type, Array):
            return
        self.known[of] = known
        if k == known.values:
            self.values[v] = of
        elif k in known.vectors:
            self.vectors[v] = of, known.vectors.index(k), known

    def function(self, s: Apply) -> MatrixFunction | None:
        """What a statement gives as a function of a matrix."""
        known = derivative_of_spectrum(s.op)
        if known is not None:
            return self.derivative(s, known)
        if not _is_product(s):
            return None
        left, right = map(self.scaled, s.args)
        if left is None or right is None or not left.in_columns or right.in_columns:
            return None
        of, first, known = self.vectors[left.vectors]
        other, last, _ = self.vectors[right.vectors]
        alone = len(known.vectors) == 1
        turned = alone and _is_complex(left.vectors)
        if of != other or first != 0 or last != len(known.vectors) - 1 or left.conjugated != (right.conjugated ^ turned):
            return None
        if not _is_matrix(s.result):
            return None
        values = next((w for w, own in self.values.items() if own == of), None)
        vectors = (left.vectors,) if alone else (left.vectors, right.vectors)
        return self.found(of, known, values, vectors, left.conjugated, (*left.factors, *right.factors))

    def total(self, s: Apply) -> MatrixFunction | None:
        """What a sum is over the values of a factorisation."""
        if primitive_of(s.op) is not np.sum:
            return None
        x = s.args[0]
        t = type_of(x)
        axis = dict(s.kwargs).get("axis", s.args[1] if len(s.args) == 2 else Const(None))
        if (
            len(s.args) > 2
            or any(k not in ("axis", "keepdims") or not isinstance(o, Const) for k, o in s.kwargs)
            or not isinstance(t, Array)
            or t.rank is None
        ):
            return None
        last = isinstance(axis, Const) and axis.value in ((None, 0, -1) if t.rank == 1 else (-1, t.rank - 1))
        for values, of in self.values.items() if last else ():
            vectors = self.vectors_of(of)
            f = self.found(of, self.known[of], values, vectors, False, (Factor(operator.mul, x, "one each"),))
            if f is not None and f.sources:
                return f
        return None

    def vectors_of(self, of: Factorisation) -> tuple[Value, ...]:
        """The vectors of a factorisation, if there are all of them."""
        found = {k: v for v, (own, k, _) in self.vectors.items() if own == of}
        n = len(self.known[of].vectors)
        return tuple(found[k] for k in range(n)) if n and len(found) == n else ()

    def derivative(self, s: Apply, known: Spectrum) -> MatrixFunction | None:
        """A call of the derivative of a function of a matrix."""
        given, terms, directions = s.args[:-2], s.args[-2], s.args[-1]
        n = len(known.vectors)
        values, vectors = (given[0], given[1:]) if n == 1 else (given[1], (given[0], given[2]))
        if not isinstance(terms, Tuple) or not isinstance(directions, Tuple) or values not in self.values:
            return None
        of = self.values[values]  # type: ignore[index]
        plain_ones = [self.scaled(v) for v in vectors]
        if any(p is None or p.factors for p in plain_ones):
            return None
        found = [self.vectors[p.vectors] for p in plain_ones if p is not None]
        conjugated = {p.conjugated for p in plain_ones if p is not None}
        if [(f, k) for f, k, _ in found] != [(of, k) for k in range(n)] or len(conjugated) != 1:
            return None
        factors = (Factor(operator.mul, terms.items[0], "one each"),)  # of which the other terms are derivatives
        own = tuple(p.vectors for p in plain_ones if p is not None)
        return self.found(of, known, values, own, conjugated.pop(), factors, terms.items, directions.items)  # type: ignore[arg-type]

    def found(
        self,
        of: Factorisation,
        known: Spectrum,
        values: Value | None,
        vectors: tuple[Value, ...],
        conjugated: bool,
        factors: tuple[Factor, ...],
        terms: tuple[Operand, ...] = (),
        directions: tuple[Operand, ...] = (),
    ) -> MatrixFunction | None:
        """A function by its factors, if each of them is the same function of each of the values."""
        by: dict[Value, Apply] = {}
        leaves: dict[Value, Layout] = {}
        sources: set[Value] = set()
        for f in factors:
            if not self.same_for_each(f.operand, f.layout, of, by, leaves, sources):
                return None
        whole = self.made[vectors[0]].args[0] if vectors else None
        assert whole is None or isinstance(whole, Value)
        return MatrixFunction(
            of, known, values, vectors, conjugated, factors, terms, directions, by, leaves, frozenset(sources), whole
        )

    def same_for_each(
        self,
        o: Operand,
        layout: Layout,
        of: Factorisation,
        by: dict[Value, Apply],
        leaves: dict[Value, Layout],
        sources: set[Value],
    ) -> bool:
        """Whether an operand is one function of each of the values; adds how it is made."""
        if not isinstance(o, Value):
            return isinstance(o, Const)
        if o in leaves:
            return leaves[o] == layout or _is_number(o.type)
        if o in by:
            return True
        if layout == "one each" and self.values.get(o) == of:
            sources.add(o)
            return True
        s = self.made.get(o)
        if s is not None and s.op is np.broadcast_to and _is_one(type_of(s.args[0]), layout):
            by[o] = s
            return self.same_for_each(s.args[0], layout, of, by, leaves, sources)
        if s is not None and s.op in (np.ones_like, np.zeros_like):
            return True
        if s is not None and not s.kwargs:
            if layout != "one each" and spread(s) == layout:
                by[o] = s
                return self.same_for_each(s.args[0], "one each", of, by, leaves, sources)
            if layout == "one each" and (before := _gathered(s)) is not None:
                by[o] = s
                return self.same_for_each(s.args[0], before, of, by, leaves, sources)
            kind = kind_of(primitive_of(s.op))
            if kind in ("elementwise", "comparison") and not _is_one(o.type, layout):
                by[o] = s
                return all(self.same_for_each(a, layout, of, by, leaves, sources) for a in s.args)
        leaves[o] = layout
        return _is_one(o.type, layout)

    def scaled(self, o: Operand) -> _Scaled | None:
        """An operand as vectors, times factors."""
        if not isinstance(o, Value) or not _is_matrix(o):
            return None
        if o in self.vectors:
            k = self.vectors[o][1]
            return _Scaled(o, k == 0, False)
        s = self.made.get(o)
        if s is None:
            return None
        if _is_transposition(s):
            x = self.scaled(s.args[0])
            return None if x is None else _Scaled(x.vectors, not x.in_columns, x.conjugated, x.factors)
        if primitive_of(s.op) is np.conjugate and len(s.args) == 1:
            x = self.scaled(s.args[0])
            if x is None or any(_is_complex(f.operand) for f in x.factors):
                return None
            return _Scaled(x.vectors, x.in_columns, x.conjugated ^ _is_complex(x.vectors), x.factors)
        return self.times(s)

    def times(self, s: Apply) -> _Scaled | None:
        """Vectors times, or divided by, numbers for each, or times a diagonal matrix."""
        if len(s.args) != 2 or s.kwargs:
            return None
        for x, by in (s.args, s.args[::-1]):
            own = self.scaled(x)
            if own is None or type_of(x).shape != s.result.type.shape:  # type: ignore[union-attr]
                continue
            if s.op in (operator.mul, np.multiply) or (s.op in (operator.truediv, np.true_divide) and x is s.args[0]):
                op = operator.mul if s.op in (operator.mul, np.multiply) else operator.truediv
                layout = _layout(by, "columns" if own.in_columns else "rows")
                return _Scaled(own.vectors, own.in_columns, own.conjugated, (*own.factors, Factor(op, by, layout)))
            entries = self.diagonal(by)
            if _is_product(s) and entries is not None and own.in_columns == (x is s.args[0]):
                factor = Factor(operator.mul, entries, "one each")
                return _Scaled(own.vectors, own.in_columns, own.conjugated, (*own.factors, factor))
        return None

    def diagonal(self, o: Operand) -> Value | None:
        """The diagonal of a matrix that is made of it."""
        s = self.made.get(o) if isinstance(o, Value) else None
        if s is None or s.op is not np.diag or len(s.args) != 1 or s.kwargs:
            return None
        (entries,) = s.args
        t = type_of(entries)
        return entries if isinstance(entries, Value) and isinstance(t, Array) and t.rank == 1 else None


def _factorisation(known: Spectrum, s: Apply) -> Factorisation | None:
    a = s.args[0] if s.args else None
    if not isinstance(a, Value) or not _is_matrix(a):
        return None
    try:
        options = known.options(*(plain(type_of(o)) for o in s.args), **{k: plain(type_of(o)) for k, o in s.kwargs})
    except TypeError:  # a call that it does not know
        return None
    return None if options is None else Factorisation(known.name, a, options)


def _is_matrix(o: Operand) -> bool:
    t = type_of(o)
    return isinstance(t, Array) and t.dtype is not None and t.rank is not None and t.rank >= 2 and not t.also


def _is_complex(o: Operand) -> bool:
    t = type_of(o)
    return not isinstance(t, Array) or t.dtype is None or t.dtype.kind == "c"


def _is_product(s: Apply) -> bool:
    """Whether an operation is the product of matrices."""
    if primitive_of(s.op) is np.dot:
        return len(s.args) == 2 and not s.kwargs and all(isinstance(type_of(a), Array) and type_of(a).rank == 2 for a in s.args)  # type: ignore[union-attr]
    return s.op in (operator.matmul, np.matmul) and not s.kwargs


def _is_transposition(s: Apply) -> bool:
    """Whether an operation is the transposition of matrices."""
    x = s.args[0] if s.args else None
    op = primitive_of(s.op)
    if s.kwargs or not isinstance(x, Value) or not _is_matrix(x):
        return False
    rank: int = x.type.rank  # type: ignore[union-attr, assignment]
    if op is np.swapaxes:
        axes = [a.value % rank for a in s.args[1:] if isinstance(a, Const) and isinstance(a.value, int)]
        return sorted(axes) == [rank - 2, rank - 1]
    if len(s.args) != 1:
        return False
    return (rank == 2 and (op is np.transpose or s.op == Attribute("T"))) or op is np.matrix_transpose


def gathering(layout: Layout) -> Tuple:
    """The index that gives numbers for the values along the last axis, of an array in which they lie otherwise."""
    return Tuple((Const(Ellipsis), Const(0), *([ALL] if layout == "columns" else [])))


def _gathered(s: Apply) -> Layout | None:
    """How numbers for the values lie in an array of which a statement gives them along the last axis."""
    if s.op is not operator.getitem:
        return None
    return "columns" if s.args[1] == gathering("columns") else "rows" if s.args[1] == gathering("rows") else None


def spread(s: Apply) -> Layout | None:
    """How numbers for the values lie in an array of these with a new axis, if they lay along the last one."""
    t, made = type_of(s.args[0]) if s.args else None, s.result.type
    if not isinstance(t, Array) or t.rank is None or not isinstance(made, Array) or made.rank != t.rank + 1:
        return None
    if primitive_of(s.op) is np.expand_dims and len(s.args) == 2 and isinstance(s.args[1], Const):
        axis = s.args[1].value
        return "columns" if axis in (-2, t.rank - 1) else "rows" if axis in (-1, t.rank) else None
    if s.op is not operator.getitem or not isinstance(s.args[1], Tuple):
        return None
    index = list(s.args[1].items)
    if Const(Ellipsis) in index:
        k = index.index(Const(Ellipsis))
        index[k : k + 1] = [ALL] * (t.rank + 2 - len(index))
    new, every = Const(None), [ALL] * (t.rank - 1)
    return "columns" if index in ([*every, new, ALL], [*every, new]) else "rows" if index == [*every, ALL, new] else None


def _layout(o: Operand, layout: Layout) -> Layout:
    """How the numbers in an operand lie that multiplies the columns, or rows, of a matrix."""
    t = type_of(o)
    return "one each" if layout == "columns" and isinstance(t, Array) and t.rank == 1 else layout


def _is_one(t: Any, layout: Layout) -> bool:
    """Whether something is the same for all values."""
    if isinstance(t, Array):
        last = -1 if layout == "one each" else -2
        return t.shape is not None and all(n == 1 for n in t.shape[last:])
    return _is_number(t)


def _is_number(t: Any) -> bool:
    return isinstance(t, (Scalar, Const)) or (isinstance(t, Array) and t.shape == ())
