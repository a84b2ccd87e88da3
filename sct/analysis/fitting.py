"""Fitting: which sizes an operation takes to be equal, and which of these equalities other statements see to.

Takes typed blocks; gives pairs of sizes. NumPy raises where sizes do not fit; a statement that is not run raises nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Hashable, Iterable, Iterator
from functools import reduce
from typing import TypeAlias

from sct.analysis.activity import primitive_of
from sct.infer.call import infer_call, operand_types
from sct.ir.ops import ASSERT, POP, PUSH, RAISE, InPlace, Method, hashable
from sct.ir.paths import is_basic_index
from sct.ir.records import record
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    If,
    Operand,
    Origin,
    Statement,
    Value,
    While,
    is_derived,
    map_leaves,
    type_of,
    values_of,
)
from sct.ir.types import (
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Scalar,
    Size,
    SizeLike,
    Tuple,
    size_add,
    size_mul,
    sizes_taken_equal,
)
from sct.registry.facts import ufunc_of
from sct.registry.methods import method_rule

__all__ = ["Equalities", "Fit", "enforced", "fits"]

_Pair: TypeAlias = "tuple[SizeLike, SizeLike, bool]"


@record(frozen=True)
class Fit:
    """Two sizes that a statement takes to be equal; without `exactly` one of them may also be 1.

    `block` is the label of the statement's block.
    """

    a: SizeLike
    b: SizeLike
    exactly: bool
    block: int
    statement: Apply

    @property
    def origin(self) -> Origin | None:
        """The user's statement."""
        return self.statement.origin

    def made_by(self, s: Statement) -> bool:
        """Whether `s` is the statement itself, which raises where the sizes do not fit."""
        if not isinstance(s, Apply) or s.result is not self.statement.result:
            return False
        return (s.op.op if isinstance(s.op, InPlace) else s.op) == self.statement.op and s.args == self.statement.args


def fits(block: Block, active: Collection[Value]) -> Iterator[Fit]:
    """The sizes that must fit in the statements of a block, and of the blocks in it, that derivatives pass through."""
    return _fits(block, active, {})


def _fits(block: Block, active: Collection[Value], known: dict[Hashable, list[_Pair]]) -> Iterator[Fit]:
    """These; `known` has the pairs by operation and types of operands."""
    for s in block.body:
        if isinstance(s, Apply) and s.result in active and hashable(s.op) and not _fits_anyway(s):
            args = operand_types(s.op, s.args)
            key = s.op, *args, *((k, type_of(v)) for k, v in s.kwargs)
            if key not in known:
                with sizes_taken_equal() as known[key]:
                    _inferred(s, args)
            for a, b, exactly in known[key]:
                yield Fit(a, b, exactly, block.label, s)
        for inner in s.blocks:
            yield from _fits(inner, active, known)


def _fits_anyway(s: Apply) -> bool:
    """Whether it is seen at once that an operation takes no sizes to be equal that are not.

    It reads a part by integers and slices, or is element-wise, of numbers and of arrays of one shape.
    """
    if s.op is operator.getitem:
        return is_basic_index(s.args[1]) is True
    ufunc = ufunc_of(s.op)
    if ufunc is None or ufunc.signature is not None:
        return False
    shapes: list[tuple[SizeLike, ...]] = []
    for o in s.operands:
        t = type_of(o)
        if isinstance(t, Array) and t.shape is not None:
            shapes += [t.shape] if t.shape else []
        elif not isinstance(t, Scalar) and not (isinstance(t, Const) and isinstance(t.value, (int, float, complex))):
            return False
    return all(shape == shapes[0] for shape in shapes[1:])


def _inferred(s: Apply, args: list[Abstract]) -> Abstract:
    """The type of a statement's result, for arguments of these types."""
    op = s.op.op if isinstance(s.op, InPlace) else s.op
    if op in (PUSH, POP):
        return UNKNOWN
    rule = method_rule(op.name) if isinstance(op, Method) else None
    if rule is not None:
        args = rule.arguments(args)
    return infer_call(primitive_of(op), args, {k: type_of(v) for k, v in s.kwargs})


class Equalities:
    """Equalities of sizes, and what follows from them: linear forms that are 0, each solved for one of its symbols."""

    def __init__(self) -> None:
        self.solved: dict[object, SizeLike] = {}
        self.loose: set[frozenset[SizeLike]] = set()

    def reduced(self, s: SizeLike) -> SizeLike:
        """A size with the symbols replaced that have been solved for."""
        if isinstance(s, int):
            return s
        out: SizeLike = s.const
        for atom, c in s.terms:
            out = size_add(out, size_mul(self.solved.get(atom, Size(((atom, 1),))), c))
        return out

    def add(self, a: SizeLike, b: SizeLike, exactly: bool) -> None:
        """Take `a` and `b` to be equal; without `exactly`, where neither is 1."""
        if not exactly:
            self.loose.add(frozenset((a, b)))
            return
        difference = self.reduced(size_add(a, b, -1))
        if isinstance(difference, int):
            return
        for atom, c in difference.terms:
            if abs(c) == 1:
                value = size_add(Size(((atom, 1),)), size_mul(difference, c), -1)
                self.solved[atom] = value
                for other, s in self.solved.items():
                    self.solved[other] = self.reduced(s) if other != atom else s
                return

    def hold(self, a: SizeLike, b: SizeLike, exactly: bool) -> bool:
        """Whether it follows that `a` and `b` fit."""
        if self.reduced(size_add(a, b, -1)) == 0:
            return True
        if exactly:
            return False
        pair = frozenset((self.reduced(a), self.reduced(b)))
        return any(frozenset(map(self.reduced, p)) == pair for p in self.loose)


def enforced(block: Block) -> dict[int, tuple[list[tuple[SizeLike, SizeLike, bool]], tuple[int, ...]]]:
    """What each block of a derivative makes sure of: pairs of sizes that fit, and the labels of the blocks around it.

    A type that the reverse sweep has from the value that it belongs to says what a shape should be; here the shapes are
    those that its statements give.
    """
    walk = _Enforced()
    walk.block(block, (), [])
    return walk.found


class _Enforced:
    def __init__(self) -> None:
        self.found: dict[int, tuple[list[tuple[SizeLike, SizeLike, bool]], tuple[int, ...]]] = {}
        self.types: dict[Value, Abstract] = {}
        self.tests: dict[Value, Apply] = {}

    def type(self, o: Operand) -> Abstract:
        if not any(v in self.types for v in values_of(o)):
            return type_of(o)
        return type_of(map_leaves(lambda v: Value(self.types[v]) if isinstance(v, Value) and v in self.types else v, o))

    def block(self, block: Block, around: tuple[int, ...], known: Iterable[tuple[SizeLike, SizeLike, bool]]) -> None:
        own = list(known)
        self.found[block.label] = own, around
        for s in block.body:
            self.statement(s, (*around, block.label), own)

    def statement(self, s: Statement, around: tuple[int, ...], own: list[tuple[SizeLike, SizeLike, bool]]) -> None:
        backwards = is_derived(s)
        if isinstance(s, Apply):
            self.apply(s, own, backwards)
        elif isinstance(s, If):
            self.if_(s, around, own, backwards)
        elif isinstance(s, (For, While)):
            self.loop(s, around, backwards)
        elif isinstance(s, Closure):
            self.block(s.block, around, ())

    def apply(self, s: Apply, own: list[tuple[SizeLike, SizeLike, bool]], backwards: bool) -> None:
        self.tests[s.result] = s
        if s.op is ASSERT:
            own.extend(self.said(s.args[0], True))
            return
        types = zip(s.args, operand_types(s.op, s.args), strict=True)
        args = [self.type(a) if any(v in self.types for v in values_of(a)) else t for a, t in types]
        with sizes_taken_equal() as found:
            t = _inferred(s, args)
        own.extend(found)
        if not backwards:
            return
        if isinstance(s.op, InPlace):
            t = args[0]
        self.types[s.result] = t if not isinstance(t, Const) else UNKNOWN

    def said(self, test: Operand, outcome: bool) -> list[tuple[SizeLike, SizeLike, bool]]:
        """The sizes that are equal where a test has this outcome."""
        s = self.tests.get(test) if isinstance(test, Value) else None
        if s is None or s.op is not (operator.eq if outcome else operator.ne):
            return []
        a, b = (self.sizes(self.type(o)) for o in s.args)
        return [(p, q, True) for p, q in zip(a, b, strict=False)] if len(a) == len(b) else []

    def sizes(self, t: Abstract) -> tuple[SizeLike, ...]:
        if isinstance(t, Const) and type(t.value) is int:
            return (t.value,)
        if isinstance(t, Scalar) and t.size is not None:
            return (t.size,)
        if isinstance(t, Tuple):
            return tuple(n for item in t.items for n in self.sizes(item))
        return ()

    def if_(self, s: If, around: tuple[int, ...], own: list[tuple[SizeLike, SizeLike, bool]], backwards: bool) -> None:
        self.block(s.then, around, self.said(s.test, True))
        self.block(s.orelse, around, self.said(s.test, False))
        if s.then.body and isinstance(s.then.body[-1], Apply) and s.then.body[-1].op is RAISE:
            own.extend(self.found[s.orelse.label][0])  # whoever gets here went that way
        if backwards:
            self.types.update((phi.result, reduce(self.met, map(self.type, phi.ends))) for phi in s.phis)

    def met(self, t: Abstract, u: Abstract) -> Abstract:
        """The type of what has one of two types, as far as shapes go."""
        if isinstance(t, Array) and isinstance(u, Array) and t.shape == u.shape:
            return t
        return t if t == u else UNKNOWN

    def loop(self, s: For | While, around: tuple[int, ...], backwards: bool) -> None:
        carried = [(phi.params[0], phi.begins[0], phi.ends[0]) for phi in s.phis]
        if backwards:
            self.types.update((p, self.type(i)) for p, i, _ in carried)
        while True:
            for b in s.blocks:
                self.block(b, around, ())
            if not backwards:
                return
            changed = False
            for p, _, y in carried:
                met = self.met(self.types[p], self.type(y))
                changed, self.types[p] = changed or met != self.types[p], met
            if not changed:
                break
        self.types.update((phi.result, self.types[phi.params[0]]) for phi in s.phis)
