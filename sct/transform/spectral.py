"""Functions of matrices in the sweeps: their adjoints and tangents, which do not go by the vectors of the factorisation.

Takes a function of a matrix (`sct.analysis.spectra`), and the adjoint of what it gives, or tangents; emits statements, and
gives what the matrix and all that the function reads besides get, or the tangent of the result. A derivative of a function of
a matrix is a call that the analysis knows again, so that it has derivatives too.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from sct.analysis.activity import blocks_derivative, primitive_of, varied_values
from sct.analysis.effects import statements
from sct.analysis.spectra import Factor, Layout, MatrixFunction, gathering, matrix_functions, spread
from sct.errors import NoRuleError
from sct.ir.ops import describe
from sct.ir.rewriting import map_blocks
from sct.ir.ssa import Apply, Block, Operand, Statement, Value, type_of
from sct.ir.types import Array, Const, Tuple
from sct.registry.rules import kind_of
from sct.registry.spectra import derivative_of_spectrum
from sct.runtime import unbroadcast
from sct.specialize.building import Builder
from sct.specialize.calls import inlined_rule
from sct.specialize.specializer import Specializer
from sct.transform.adjoints import items_of
from sct.transform.boundary import is_complex
from sct.transform.in_values import in_values
from sct.transform.tangents import tangent_by_rule

__all__ = ["adjoints_of_function", "by_matrix", "refuse_unknown", "tangent_of_function", "tangent_of_sum", "with_vectors"]


def by_matrix(f: MatrixFunction, active: Collection[Value]) -> bool:
    """Whether a function is differentiated by its matrix, and not by its vectors: all that it reads besides is real."""
    return not any(v in active and is_complex(v.type) for v in f.leaves)


def refuse_unknown(s: Apply) -> None:
    """Refuse the derivative of a function of a matrix, whose factorisation is not found where it is differentiated again."""
    if derivative_of_spectrum(s.op) is not None:
        raise NoRuleError(
            f"{describe(s.op)} of a factorisation that is not made at the same place",
            s.place,
            "Factorise the matrix in the function itself, not in a branch or a loop of it.",
        )


def with_vectors(block: Block, varied: Iterable[Value]) -> Block:
    """A block in which derivatives of functions of matrices are written out where their factorisations are not found.

    Those come from a tape, as in the reverse sweep of a loop. What is written out is differentiated by the vectors.
    """
    derivatives = [s for s in statements(block) if derivative_of_spectrum(s.op) is not None]
    if not derivatives:
        return block
    known, active = matrix_functions(block), varied_values(block, varied)
    first = [s for s in derivatives if isinstance(s.args[-1], Tuple) and len(s.args[-1].items) == 1]
    unknown = {s.result for s in first if s.result not in known and s.result in active}
    return _written_out(Specializer(origin_fixed=True), block, unknown) if unknown else block


def _written_out(b: Specializer, block: Block, unknown: Collection[Value]) -> Block:
    body: list[Statement] = []
    for s in block.body:
        if not isinstance(s, Apply) or s.result not in unknown:
            body.append(map_blocks(lambda inner: _written_out(b, inner, unknown), s))
            continue
        known = derivative_of_spectrum(s.op)
        assert known is not None
        b.place, b.origin = s.place, s.origin
        with b.into(body):
            found = in_values(b, inlined_rule, known.by_vectors, s.args, {})
        last = body[-1]
        assert isinstance(last, Apply) and last.result is found
        body[-1] = replace(last, result=s.result)
    return block.with_(body)


def adjoints_of_function(
    b: Builder, f: MatrixFunction, s: Apply, bar: Operand, active: Collection[Value]
) -> list[tuple[Operand, Operand]]:
    """What gets an adjoint where a statement gives a function of a matrix: the matrix, directions, and numbers."""
    e = _Emitter(b, f, s)
    found: list[tuple[Operand, Operand]] = []
    if f.of.matrix in active:
        a_bar = e.adjoint((*e.terms, e.slope()), f.directions, bar)
        if f.conjugated:
            a_bar = b.apply(np.conj, (a_bar,))
        found.append((f.of.matrix, e.carried_out(f.spectrum.restricted, a_bar, *e.options)))
    for k, d in enumerate(f.directions):
        if isinstance(d, Value) and d in active:
            found.append((d, e.adjoint(e.terms, f.directions[:k] + f.directions[k + 1 :], bar)))
    for leaf, layout in f.leaves.items():
        moved = e.moved({leaf: Const(1.0)}) if leaf in active else None
        if moved is not None:
            found.append((leaf, e.total(b.apply(operator.mul, (bar, moved)), leaf, layout)))
    return found


def tangent_of_function(
    b: Builder, f: MatrixFunction, s: Apply, tangent: Callable[[Value], Operand], active: Collection[Value]
) -> Operand:
    """The tangent of a function of a matrix; `tangent` gives those of what is `active`."""
    e = _Emitter(b, f, s)
    parts: list[Operand] = []
    if f.of.matrix in active:
        a_dot = tangent(f.of.matrix)
        if f.conjugated:
            a_dot = b.apply(np.conj, (a_dot,))
        direction = e.carried_out(f.spectrum.direction, a_dot, *e.options)
        parts.append(e.derivative((*e.terms, e.slope()), (direction, *f.directions)))
    for k, d in enumerate(f.directions):
        if isinstance(d, Value) and d in active:
            parts.append(e.derivative(e.terms, (*f.directions[:k], tangent(d), *f.directions[k + 1 :])))
    moved = e.moved({v: tangent(v) for v in f.leaves if v in active})
    parts += [] if moved is None else [moved]
    return functools.reduce(lambda x, y: b.apply(operator.add, (x, y)), parts) if parts else b.apply(np.zeros_like, (s.result,))


def tangent_of_sum(
    b: Builder, f: MatrixFunction, s: Apply, tangent: Callable[[Value], Operand], active: Collection[Value]
) -> Operand:
    """The tangent of a sum of f over the values of a factorisation: the inner product of f'(A) with that of the matrix."""
    e = _Emitter(b, f, s)
    direction = e.carried_out(f.spectrum.direction, tangent(f.of.matrix), *e.options)
    product = b.apply(operator.mul, (e.derivative((e.slope(),), ()), b.apply(np.conj, (direction,))))
    product = b.apply(np.real, (product,)) if is_complex(type_of(product)) else product
    moved = e.value_moved({v: tangent(v) for v in f.leaves if v in active})
    shape = s.result.type.shape  # type: ignore[union-attr]
    found = b.apply(np.sum, (product,), {} if shape == () else {"axis": Tuple((Const(-2), Const(-1)))})
    if dict(s.kwargs).get("keepdims") == Const(True):
        found = b.apply(operator.getitem, (found, Tuple((Const(Ellipsis), Const(None)))))
    return found if moved is None else b.apply(operator.add, (found, b.apply(s.op, (moved, *s.args[1:]), dict(s.kwargs))))


class _Emitter:
    """A function of a matrix with its factorisation and the values f(w), f'(w), … there are, of which it emits more."""

    def __init__(self, b: Builder, f: MatrixFunction, s: Apply) -> None:
        self.b = b
        self.f = f
        self.options = [Const(o) for o in f.of.options]
        self.by = dict(f.by)
        own = f.vectors or items_of(b, self.carried_out(f.spectrum.factorised, f.of.matrix, *self.options), 1)
        vectors = [self.b.apply(np.conj, (v,)) if f.conjugated else v for v in own]
        values = self.values()
        self.factorisation = [values, *vectors] if len(vectors) == 1 else [vectors[0], values, vectors[1]]
        self.terms = f.terms or (self.value(),)

    def values(self) -> Operand:
        """The values of the factorisation."""
        if self.f.values is not None:
            return self.f.values
        whole, k = self.f.whole, self.f.spectrum.values
        assert whole is not None and isinstance(whole.type, Tuple) and k is not None
        return self.b.project(whole, k, whole.type.items[k])

    def carried_out(self, rule: Callable[..., Any], *operands: Operand) -> Operand:
        """What a function in the language of rules gives."""
        return in_values(self.b, inlined_rule, rule, operands, {})

    def derivative(self, terms: Sequence[Operand], directions: Sequence[Operand]) -> Operand:
        """Dⁿf(A) in n directions."""
        if not directions:
            return self.carried_out(self.f.spectrum.value, *self.factorisation, *terms)
        return self.b.apply(self.f.spectrum.derivative, (*self.factorisation, Tuple(tuple(terms)), Tuple(tuple(directions))))

    def adjoint(self, terms: Sequence[Operand], directions: Sequence[Operand], bar: Operand) -> Operand:
        """The adjoint of the matrix, or of a direction beside others."""
        others = tuple(self.carried_out(self.f.spectrum.beside, d) for d in directions)
        return self.carried_out(self.f.spectrum.adjoint, *self.factorisation, Tuple(tuple(terms)), Tuple(others), bar)

    def value(self) -> Operand:
        """f(w), the product of its factors, one number for each of the values."""
        found: Operand = Const(1.0)
        with self.noted():
            for factor in self.f.factors:
                own = self.one_each(factor)
                plain = found == Const(1.0) and factor.op is operator.mul
                found = own if plain else self.b.apply(factor.op, (found, own))
        return found

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What is emitted is among what numbers for the values are made by."""
        steps: list[Statement] = []
        with self.b.into(steps):
            yield
        self.b.body += steps
        self.by.update((t.result, t) for t in steps if isinstance(t, Apply))

    def one_each(self, factor: Factor) -> Operand:
        o = factor.operand
        made = self.by.get(o) if isinstance(o, Value) else None
        if made is not None and spread(made) == factor.layout:
            return made.args[0]
        t = type_of(o)
        if factor.layout == "one each" or not isinstance(t, Array) or t.shape == ():
            return o
        return self.b.apply(operator.getitem, (o, gathering(factor.layout)))

    def slope(self) -> Operand:
        """The next derivative of f, at the values."""
        return self.derivatives(self.terms[0], len(self.terms))[-1]

    def derivatives(self, value: Operand, n: int) -> list[Operand]:
        """f(w), f'(w), … of n derivatives."""
        found = [value]
        for _ in range(n):
            pushed = self.pushed(found[-1], dict.fromkeys(self.f.sources, Const(1.0)))
            found.append(Const(0.0) if pushed is None else pushed)
        return found

    def moved(self, dots: Mapping[Value, Operand]) -> Operand | None:
        """The tangent of the function where f has a tangent since others have; None if it has none."""
        value = self.value_moved(dots)
        return None if value is None else self.derivative(self.derivatives(value, len(self.f.directions)), self.f.directions)

    def value_moved(self, dots: Mapping[Value, Operand]) -> Operand | None:
        """The tangent of f(w) where others have tangents."""
        return self.pushed(self.terms[0], dict(dots)) if dots else None

    def pushed(self, o: Operand, dots: dict[Value, Operand | None]) -> Operand | None:
        """The tangent of a number for each of the values, by those of what it is made of."""
        if not isinstance(o, Value) or (o not in dots and o not in self.by):
            return None
        if o not in dots:
            s = self.by[o]
            given = {v: dot for v in s.values if (dot := self.pushed(v, dots)) is not None}
            with self.noted():
                dots[o] = self.step(s, given) if given and not blocks_derivative(s.op) else None
        return dots[o]

    def step(self, s: Apply, given: Mapping[Value, Operand]) -> Operand | None:
        """The tangent of a statement; of what only lies in another way, that of a number is the number."""
        (first, *others) = given.values()
        rearranged = kind_of(primitive_of(s.op)) not in ("elementwise", "comparison")
        return first if rearranged and not others and isinstance(first, Const) else tangent_by_rule(self.b, s, given)

    def total(self, product: Operand, leaf: Value, layout: Layout) -> Operand:
        """The sum of a product for each matrix, as the adjoint of what is the same for all values."""
        if not isinstance(leaf.type, Array) or leaf.type.shape == ():
            return self.b.apply(np.sum, (product,))
        sums = self.b.apply(np.sum, (product,), {"axis": Tuple((Const(-2), Const(-1)))})
        new = (Const(None),) if layout == "one each" else (Const(None), Const(None))
        return self.carried_out(unbroadcast, self.b.apply(operator.getitem, (sums, Tuple((Const(Ellipsis), *new)))), leaf)
