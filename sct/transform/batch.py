"""Batches: a piece of code for many values at once, which stand along a first axis.

Takes a block, operands for the values that there are many of, each with one more axis in front, and how many there are; emits
the statements, and gives what the block yields, with that axis where it depends on these values. Element-wise operations
broadcast, products become products of stacks, reductions and indices shift their axes (`sct.transform.batch_rules`), loops and
branches that do not depend on the values stay; those that do are for a part of the values (`sct.transform.masked`). Raises
`LoopedError` where something has no form for many, or where a size depends on the values: the block is then run for one of
them after another.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Hashable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.effects import effect, has_effect
from sct.analysis.layout import may_copy
from sct.analysis.points_to import points_to
from sct.ir.ops import ALLOCATE, LOAD, POP, PUSH, TAPE, Attribute, Method, Store, View, is_of_memory
from sct.ir.paths import ALL, entries_of
from sct.ir.rewriting import map_operands
from sct.ir.ssa import (
    Apply,
    Block,
    For,
    If,
    Operand,
    Phi,
    Statement,
    Value,
    While,
    blocks_in,
    map_leaves,
    raises,
    type_of,
    values_of,
)
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    List,
    ListOf,
    Scalar,
    SizeLike,
    Slice,
    Tuple,
    Undefined,
    Unknown,
    is_list_or_dict,
    is_of_arguments,
    with_items,
)
from sct.registry.facts import facts_of, ufunc_of
from sct.registry.methods import primitive_of
from sct.registry.spectra import derivative_of_spectrum
from sct.specialize.building import Builder
from sct.transform.batch_rules import (
    RULES,
    LoopedError,
    as_const,
    as_dtype,
    behind,
    dtype_of,
    is_basic,
    is_elementwise,
    is_mask,
    of_spectrum,
    of_system,
    picked,
    rank_of,
)
from sct.transform.by_rule import as_call
from sct.transform.masked import masked_branch, masked_loop

__all__ = ["Batch", "Collected", "Known", "LoopedError", "batched", "in_columns", "with_axis"]

_BEHIND = Slice(Const(1), Const(None), Const(None))


def in_columns(block: Block, many: Iterable[Value]) -> bool:
    """Whether the code for many values is to have the first axis last in memory (Fortran's order).

    A part of each of them is then in one piece, which is gone through without a step from row to row. A product of matrices
    would lie in rows, and what is reshaped where it lies must.
    """
    known = Known(block, many)
    taken = False
    for s in known.statements:
        if not isinstance(s, Apply) or not known.is_many(s.result, *s.operands):
            continue
        op = s.op.op if isinstance(s.op, (View, Store)) else primitive_of(s.op)
        facts, ufunc = facts_of(op), ufunc_of(op)
        if facts.operations or facts.layout or facts.rearranged or (ufunc is not None and ufunc.signature):
            return False
        taken = taken or facts.index is not None
    return taken


def batched(
    b: Builder, block: Block, many: Mapping[Value, Operand], count: Operand, in_columns: bool = False
) -> tuple[Operand, ...]:
    """What a block yields for many values at once.

    Parameters
    ----------
    b : Builder
        Where the statements go.
    block : Block
        The code for one value of each.
    many : mapping
        The values that there are many of, each with an operand that has them along its first axis.
    count : Operand
        How many there are.
    in_columns : bool
        Whether they have that axis last in memory; what is written into has, too.

    Returns
    -------
    tuple of Operand
        All with that axis.

    Raises
    ------
    LoopedError
        If it cannot be done so.
    """
    first = type_of(next(iter(many.values())))
    assert isinstance(first, Array) and first.shape
    made = Batch(b, block, many, count, first.shape[0], "direction")
    made.order = {"order": Const("F")} if in_columns else {}
    made.statements(block)
    return tuple([made.spread_all(o, _FLOAT) for o in block.yields])


class Batch:
    """`of` has what stands for each of the values that there are many of.

    `word`: what one of these values is for. `lines`: where the values that are at hand stand among those that arrays in memory
    are of, if they are not all of these (`sct.transform.masked`). `order`: what is said of where new arrays have their axes.
    """

    def __init__(
        self, b: Builder, block: Block, many: Mapping[Value, Operand], count: Operand, size: SizeLike, one: str
    ) -> None:
        self.b = b
        self.count = count
        self.size = size
        self.word = one
        self.of: dict[Value, Operand] = dict(many)
        self.lines: Operand | None = None
        self.order: dict[str, Operand] = {}
        self.here = frozenset[Value]()  # what is in memory that is of these alone
        self.facts = Known(block, many)

    def of_some(self, count: Operand, size: SizeLike) -> Batch:
        """A batch of the same code, of some of the values, for which nothing stands yet."""
        made = copy(self)
        made.count, made.size, made.of, made.here = count, size, {}, frozenset()
        return made

    @property
    def varying(self) -> set[Value]:
        """The values that there are many of."""
        return self.facts.varying

    def type_of_many(self, t: Abstract) -> Abstract:
        """The type of many of a number or an array."""
        return with_axis(t, self.size)

    # -- operands ----------------------------------------------------------------------------------------------------

    def is_many(self, o: Operand) -> bool:
        """Whether there are many of an operand, or of something in it."""
        return self.facts.is_many(o)

    def one(self, o: Operand) -> Operand:
        """An operand of which there is one."""
        if self.is_many(o):
            raise LoopedError
        return o

    def all_of(self, o: Operand) -> Operand:
        """What stands for an operand, with the axis in front if there are many."""
        if isinstance(o, (Tuple, List, Dict)):
            return with_items(o, map(self.all_of, o.items))
        return self.of[o] if isinstance(o, Value) and o in self.varying else o

    def test(self, o: Operand) -> Operand:
        """A test that there are many of, as many flags."""
        found = self.all_of(o)
        self.rank(o)
        return found if dtype_of(type_of(o)) == np.dtype(bool) else self.b.apply(operator.ne, (found, Const(0)))

    def rank(self, o: Operand) -> int:
        """The number of axes that one of an operand has."""
        return rank_of(type_of(o))

    def aligned(self, o: Operand, rank: int) -> Operand:
        """An operand whose axes but for the first stand where they do beside an operand of so many axes."""
        own = self.rank(o)
        if not self.is_many(o) or own >= rank:
            return self.all_of(o)
        return self.at(self.all_of(o), (ALL, *[Const(None)] * (rank - own), *([Const(Ellipsis)] if own else [])))

    def at(self, x: Operand, index: Sequence[Operand]) -> Operand:
        return self.b.apply(operator.getitem, (x, Tuple(tuple(index)) if len(index) > 1 else index[0]))

    def in_front(self, shape: Operand) -> Operand:
        """A shape with the axis in front."""
        if isinstance(shape, (Tuple, List)):
            return Tuple((self.count, *shape.items))
        if isinstance(type_of(shape), Scalar) or (isinstance(shape, Const) and isinstance(shape.value, int)):
            return Tuple((self.count, shape))
        return self.b.apply(operator.add, (Tuple((self.count,)), shape))

    def spread(self, o: Operand, like: Abstract | None = None) -> Operand:
        """An operand with the axis in front: what there is one of, so many times; numbers are of the kind of `like`."""
        if isinstance(o, Undefined) and like is not None and not rank_of(like):
            return self.b.apply(np.zeros, (self.count,), as_dtype(dtype_of(like)))
        if self.is_many(o):
            return self.as_like(self.all_of(o), like)
        t = type_of(o)
        if isinstance(t, Const) and not isinstance(t.value, (bool, int, float)):
            raise LoopedError
        made = self.facts.definition.get(o) if isinstance(o, Value) else None
        if made is not None and made.op is runtime.zeros_if_bound:  # of some other shape, where it is not
            raise LoopedError
        if made is not None and made.op is np.zeros_like and isinstance(t, Array) and t.dtype == np.dtype(float):
            form = self.facts.definition.get(made.args[0]) if isinstance(made.args[0], Value) else None
            if form is None or form.op is not np.zeros:
                return self.b.apply(np.zeros, (self.in_front(self.b.apply(np.shape, made.args[:1])),), self.order)
            made = replace(form, args=form.args[:1], kwargs=())
        if made is not None and made.op is np.zeros:
            return self.b.apply(np.zeros, (self.in_front(made.args[0]), *made.args[1:]), {**dict(made.kwargs), **self.order})
        if not rank_of(t):
            dtype = dtype_of(t if like is None else like)
            if isinstance(o, Const) and dtype is not None:
                return self.b.apply(np.full, (self.count, Const(dtype.type(o.value).item())))
            return self.b.apply(np.full, (self.count, o), {} if dtype == dtype_of(t) else as_dtype(dtype))
        return self.b.apply(np.broadcast_to, (o, self.in_front(self.b.apply(np.shape, (o,)))))

    def as_like(self, o: Operand, like: Abstract | None) -> Operand:
        """Many numbers, as such of the kind of `like`; a single one, which is spread later, as it is."""
        if like is None or rank_of(like):
            return o
        dtype, now = dtype_of(type_of(o)), dtype_of(like)
        if now is None or dtype == now or not isinstance(type_of(o), Array):
            return o
        return self.b.apply(Method("astype"), (o, as_const(now)))

    def spread_all(self, o: Operand, like: Abstract | None = None) -> Operand:
        """What a container holds, with the axis in front; known numbers are of the kind of `like`."""
        if isinstance(o, (Tuple, List, Dict)):
            return with_items(o, [self.spread_all(i, like) for i in o.items])
        return o if o == Const(None) else self.spread(o, None if isinstance(o, Value) else like)

    # -- statements --------------------------------------------------------------------------------------------------

    def statements(self, block: Block) -> None:
        for s in block.body:
            self.b.place, self.b.origin = s.place, s.origin
            if isinstance(s, Apply):
                self.apply(s)
            elif isinstance(s, If):
                self.branch(s)
            elif isinstance(s, (For, While)):
                self.loop(s)
            else:
                raise LoopedError

    def apply(self, s: Apply) -> None:
        if s.result not in self.varying and not self.is_many(Tuple(s.operands)):
            self.b.body.append(s)
        elif isinstance(s.op, Store):
            self.store(s)
        elif s.op is ALLOCATE:
            self.of[s.result] = self.made(s, ALLOCATE, (self.spread(s.args[0]),))
            self.here |= {s.result}
        elif s.op is LOAD:
            self.of[s.result] = self.loaded(s)
        elif isinstance(s.op, View):
            self.view(s)
        elif s.op in (TAPE, PUSH, POP):
            self.on_tape(s)
        elif s.result in self.varying:
            if not self.is_many(Tuple(s.operands)):  # it lies in memory that many are written into
                raise LoopedError
            made = len(self.b.body)
            found = self.entry_or_loop(s)
            self.of[s.result] = self.under_its_name(found, s.result) if len(self.b.body) > made else found
        else:
            self.shape(s)

    def loaded(self, s: Apply) -> Operand:
        """What each of many arrays in memory holds now."""
        (x,) = s.args
        whole = self.made(s, LOAD, (self.all_of(x),))
        return whole if self.is_here(x) else self.at(whole, (self.lines_there(),))

    def is_here(self, x: Operand) -> bool:
        """Whether an array in memory is of the values that are at hand, and of no others."""
        return self.lines is None or x in self.here

    @property
    def may_be_none(self) -> bool:
        """Whether there may be none of many here, so that nothing that there is one of may raise."""
        return self.lines is not None

    def lines_there(self) -> Operand:
        """Where the values at hand stand among all."""
        if self.lines is None:
            raise LoopedError
        return self.lines

    def view(self, s: Apply) -> None:
        assert isinstance(s.op, View)
        if may_copy(s):  # as one of many lies in memory
            raise LoopedError
        here = self.is_here(s.args[0])
        steps: list[Statement] = []
        with self.b.into(steps):
            found = self.entry(replace(s, op=s.op.op))
        last = steps[-1] if steps else None
        if not isinstance(last, Apply) or last.result != found or len(steps) > 1:
            raise LoopedError
        if not here and self.count in values_of(*last.operands):
            raise LoopedError
        self.of[s.result] = self.made(s, View(last.op), last.args, last.kwargs)
        if here:
            self.here |= {s.result}

    def on_tape(self, s: Apply) -> None:
        """Many are put on a tape together, and taken off: those that are at hand, which are the same both times."""
        if s.op is TAPE:
            self.of[s.result] = s.result
            self.b.body.append(s)
        elif s.op is PUSH:
            tape, v = s.args
            self.b.body.append(replace(s, args=(self.all_of(tape), self.spread_all(v)), result=Value(s.result.type)))
        else:
            v = Value(self.type_in(s.result.type), s.result.name, s.result.hint)
            self.b.body.append(replace(s, args=(self.all_of(s.args[0]),), result=v))
            self.of[s.result] = v

    def type_in(self, t: Abstract) -> Abstract:
        """The type of a container, or of a part of one, with the axis in front."""
        return with_items(t, map(self.type_in, t.items)) if isinstance(t, (Tuple, List, Dict)) else self.type_of_many(t)

    def shape(self, s: Apply) -> None:
        """The shape of one of many, or what follows from it."""
        op = primitive_of(s.op)
        if len(s.operands) != 1:
            raise LoopedError
        (x,) = s.args
        whole = self.b.append(np.shape, (self.all_of(x),), {}, Unknown())
        size = op is np.size or op == Attribute("size")
        if isinstance(s.result.type, Tuple):
            args: tuple[Operand, ...] = (whole, _BEHIND)
        elif op is len or (size and self.rank(x) == 1):
            args = whole, Const(1)
        elif size and self.rank(x):
            *sizes, last = self.sizes(whole, self.rank(x))
            args = self.product(sizes), last
            self.b.body.append(Apply(operator.mul, args, (), s.result, s.place, s.origin))
            return
        else:
            raise LoopedError
        self.b.body.append(Apply(operator.getitem, args, (), s.result, s.place, s.origin))

    def size_of(self, x: Operand) -> Operand:
        """How many entries each of many arrays has."""
        return self.product(self.sizes(self.b.apply(np.shape, (self.all_of(x),)), self.rank(x)))

    def sizes(self, shape: Operand, rank: int) -> list[Operand]:
        """The sizes of one of many arrays of a shape."""
        return [self.b.apply(operator.getitem, (shape, Const(k + 1))) for k in range(rank)]

    def product(self, sizes: Sequence[Operand]) -> Operand:
        return functools.reduce(lambda a, n: self.b.apply(operator.mul, (a, n)), sizes)

    def entry_or_loop(self, s: Apply) -> Operand:
        """What stands for an operation, which is carried out for one after another where it has no entry."""
        start = len(self.b.body)
        try:
            return self.of_its_kind(s, self.entry(s))
        except LoopedError:
            if has_effect(s) or effect(s) != "none" or has_memory_of_operands(s):
                raise
        del self.b.body[start:]
        return self.each(s)

    def of_its_kind(self, s: Apply, found: Operand) -> Operand:
        """Numbers as those that the operation gives for one: a number of Python's counts less than an array of such does."""
        if isinstance(type_of(found), (Tuple, List)):
            return found
        own, dtype = dtype_of(s.result.type), dtype_of(type_of(found))
        if own is None or dtype is None or own == dtype:
            return found
        if own.kind != dtype.kind:  # as the sum of two flags is
            raise LoopedError
        return self.b.apply(Method("astype"), (found, as_const(own)))

    def each(self, s: Apply) -> Operand:
        """An operation for one after another."""
        t = s.result.type
        if isinstance(t, Array) and t.shape and (self.lines is not None or not all(map(is_of_arguments, t.shape))):
            raise LoopedError  # there may be none, or they may be of several sizes
        k = Value(Scalar(int), "", self.word)
        every = Collected(self.b, [s.result])
        steps: list[Statement] = []
        with self.b.into(steps):
            inner = map_operands(lambda o: map_leaves(lambda v: self.at_one(v, k), o), s)
            assert isinstance(inner, Apply)
            made = Value(s.result.type, s.result.name, s.result.hint)
            self.b.body.append(replace(inner, result=made))
            ends = every.with_more([made])
        (found,) = every.after(k, self.count, steps, ends, self.size)
        return found

    def at_one(self, v: Operand, k: Value) -> Operand:
        """One of what there are many of; a number of Python's as such."""
        if not self.is_many(v):
            return v
        one = self.b.apply(operator.getitem, (self.all_of(v), k))
        t = type_of(v)
        return self.b.append(t.kind, (one,), {}, t) if isinstance(t, Scalar) else one

    def made(self, s: Apply, op: Any, args: Sequence[Operand], kwargs: Sequence[tuple[str, Operand]] = ()) -> Value:
        """A statement for many of `s`, as it is."""
        v = Value(self.type_of_many(s.result.type), s.result.name, s.result.hint)
        self.b.body.append(Apply(op, tuple(args), tuple(kwargs), v, s.place, s.origin))
        return v

    def under_its_name(self, found: Operand, v: Value) -> Operand:
        """What stands for a value, called as that is if it was made for it."""
        last = self.b.body[-1] if self.b.body else None
        if isinstance(last, Apply) and last.result == found:
            named = Value(last.result.type, v.name, v.hint)
            self.b.body[-1] = replace(last, result=named)
            return named
        return found

    def entry(self, s: Apply) -> Operand:
        """What stands for an operation of values that there are many of."""
        op = primitive_of(s.op)
        args, kwargs = as_call(s)
        rule = RULES.get(op)
        if rule is not None:
            return rule(self, s, args, kwargs)
        if facts_of(op).on_triangle is not None:
            return of_system(self, s, args, kwargs)
        if derivative_of_spectrum(op) is not None:
            return of_spectrum(self, s)
        if is_elementwise(op) and all(isinstance(v, Const) for v in kwargs.values()):
            return self.elementwise(s, args, kwargs)
        raise LoopedError

    def elementwise(self, s: Apply, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> Operand:
        rank = max(map(self.rank, args))
        if rank_of(s.result.type) != rank:
            raise LoopedError
        own = [self.aligned(a, rank) for a in args]
        if dtype_of(s.result.type) != np.dtype(bool) and getattr(s.op, "__module__", None) == "_operator":
            own = [self.as_like(v, _INT) if self.is_many(a) and _is_flag(a) else v for a, v in zip(args, own, strict=True)]
        return self.b.apply(s.op, own, dict(kwargs))

    def store(self, s: Apply) -> None:
        x, path, v = s.args
        args = (self.all_of(x), self.path(path, x, self.is_here(x)), self.stored(x, path, v))
        self.b.body.append(replace(s, args=args, result=Value(s.result.type)))

    def path(self, path: Operand, x: Operand, here: bool = True) -> Operand:
        """The path to a part of each of many arrays such as `x`; `here`: there are as many as there are values at hand."""
        if not isinstance(path, Tuple):
            raise LoopedError
        *before, last = path.items
        if any(not all(map(is_basic, entries_of(i))) for i in before):
            raise LoopedError
        if self.is_many(last):
            if before or (not here and any(map(is_mask, entries_of(last)))):
                raise LoopedError
            numbers = self.count if here else self.lines_there()
            return Tuple((picked(self, last, self.rank(x), numbers),))
        found = behind(last)
        if not here:
            if not all(map(is_basic, entries_of(last))) or before:
                raise LoopedError
            found = Tuple((self.lines_there(), *entries_of(last)))
        return Tuple((*[behind(self.one(i)) for i in before], found))

    def stored(self, x: Operand, path: Operand, v: Operand) -> Operand:
        """What is written to a part of each."""
        assert isinstance(path, Tuple)
        if self.is_many(path) and any(map(is_mask, entries_of(path.items[-1]))) and (self.is_many(v) or self.rank(v)):
            raise LoopedError
        steps: list[Statement] = []
        part = x
        with self.b.into(steps):
            for i in path.items:
                part = self.b.apply(operator.getitem, (part, i))
        return self.aligned(v, self.rank(part))

    # -- branches and loops ------------------------------------------------------------------------------------------

    def inner(self, block: Block, params: Sequence[Value]) -> Block:
        """A block for many, with its parameters."""
        steps: list[Statement] = []
        with self.b.into(steps):
            self.statements(block)
        return Block(tuple(params), tuple(steps), block.yields)

    def ends(self, block: Block, phis: Sequence[Value]) -> Block:
        """A block that yields what its φ's take: for many, where there are many of these."""
        steps: list[Statement] = []
        own: list[Operand] = []
        with self.b.into(steps):
            for o, v in zip(block.yields, phis, strict=False):
                unset = isinstance(o, Undefined) and raises(block)
                own.append(self.spread(o, v.type) if v in self.varying and not unset else o)
        return block.with_([*block.body, *steps], [*own, *map(self.one, block.yields[len(own) :])])

    def fresh(self, v: Value) -> Value:
        """What stands for a φ, if there are many of it."""
        if v not in self.varying:
            return v
        made = self.of[v] = Value(self.type_of_many(v.type), v.name, v.hint)
        return made

    def branch(self, s: If) -> None:
        if s.handles is not None:
            raise LoopedError
        if self.is_many(s.test):
            masked_branch(self, s)
            return
        if self.may_be_none and any(map(raises, s.blocks)):
            raise LoopedError
        blocks = [self.ends(self.inner(b, b.params), s.results) for b in s.blocks]
        self.b.body.append(replace(s, then=blocks[0], orelse=blocks[1], results=tuple(map(self.fresh, s.results))))

    def loop(self, s: For | While) -> None:
        if isinstance(s, For) and s.checkpointing is not None:
            raise LoopedError
        if self.facts.ends_apart(s):
            masked_loop(self, s)
            return
        inits = tuple([self.begun(phi) for phi in s.phis])
        body = self.ends(self.inner(s.body, [*map(self.fresh, s.body.params)]), s.results[: len(s.inits)])
        results = tuple(map(self.fresh, s.results))
        if isinstance(s, For):
            self.b.body.append(replace(s, inits=inits, body=body, results=results))
            return
        test = self.inner(s.test, [*map(self.fresh, s.test.params)])
        self.b.body.append(replace(s, inits=inits, body=body, test=test, results=results))

    def begun(self, phi: Phi) -> Operand:
        """What a loop's φ begins as; a number that is bound in each iteration, and not before, stays unbound."""
        (o,) = phi.begins
        unbound = isinstance(o, Undefined) and not any(map(self.facts.is_read, phi.params))
        if unbound and self.may_be_none and self.facts.is_read(phi.result):
            raise LoopedError
        if phi.result not in self.varying or (unbound and not rank_of(phi.result.type)):
            return o
        return self.spread(o, phi.result.type)


_FLOAT = Scalar(float)
_INT = Scalar(int)
_DOUBLE = np.dtype(float)


def _is_flag(o: Operand) -> bool:
    """Whether an operand is a flag of Python's, which counts as a number."""
    t = type_of(o)
    return isinstance(t, Scalar) and t.kind is bool


def with_axis(t: Abstract, size: SizeLike) -> Array:
    """The type of so many numbers or arrays of a type, along a first axis."""
    dtype = dtype_of(t)
    if isinstance(t, Array) and t.shape is not None:
        return Array(dtype, (size, *t.shape))
    if dtype is None:
        raise LoopedError
    return Array(dtype, (size,))


class Collected:
    """What a loop gives for one value after another, as arrays of all: lists that it adds to."""

    def __init__(self, b: Builder, results: Sequence[Operand]) -> None:
        self.b = b
        self.types: list[Abstract] = []
        for o in results:
            t = type_of(o)
            if isinstance(t, Const):
                t = Scalar(type(t.value))
            if not isinstance(t, (Array, Scalar, Unknown)) or (
                isinstance(t, Array) and t.dtype and t.dtype.kind not in "biufc"
            ):
                raise LoopedError
            self.types.append(t)
        self.so_far = [Value(ListOf(t), "", _every(o)) for t, o in zip(self.types, results, strict=True)]

    def with_more(self, results: Sequence[Operand]) -> tuple[Operand, ...]:
        """The lists with the results of an iteration."""
        pairs = zip(self.so_far, results, strict=True)
        return tuple([self.b.append(runtime.appended, (v, o), {}, v.type) for v, o in pairs])

    def after(
        self, k: Value, count: Operand, steps: Sequence[Statement], ends: tuple[Operand, ...], size: SizeLike
    ) -> list[Operand]:
        """Emit the loop, of the iterations number `k` of so many; the results of all."""
        lists = [Value(v.type, v.name, v.hint) for v in self.so_far]
        loop = Block((k, *self.so_far), tuple(steps), ends)
        inits = tuple([List(()) for _ in lists])
        self.b.body.append(For(Const(0), count, Const(1), loop, inits, False, False, tuple(lists), self.b.place, self.b.origin))
        return [self.array(v, t, size) for v, t in zip(lists, self.types, strict=True)]

    def array(self, v: Value, t: Abstract, size: SizeLike) -> Operand:
        dtype = None if isinstance(t, Unknown) else dtype_of(t)
        if dtype is None or (isinstance(t, Array) and t.shape != ()):
            known = isinstance(t, Array) and t.shape is not None
            return self.b.append(runtime.stacked, (v, Const(0)), {}, with_axis(t, size) if known else Array(dtype, None))
        more = () if dtype == _DOUBLE else (as_const(dtype),)
        return self.b.append(runtime.numbers, (v, *more), {}, with_axis(t, size))


def _every(o: Operand) -> str:
    name = (o.name or o.hint) if isinstance(o, Value) else ""
    return f"every_{name}" if name and "~" not in name else "every"


def has_memory_of_operands(s: Apply) -> bool:
    """Whether a statement reads or gives something else than numbers and arrays that are values."""
    return is_of_memory(s.op) or any(is_list_or_dict(v.type) or isinstance(v.type, Unknown) for v in s.values)


class Known:
    """What is known of the values of a block of which there are many.

    `varying`: those that depend on some of which there are many, or on tests of these, and the arrays that such are written
    into. `definition`: the statement that makes a value. `memory`: the values that lie in memory that is written into.
    """

    def __init__(self, block: Block, many: Iterable[Value]) -> None:
        self.block = block
        self.classes = points_to(block)
        self.inside: dict[Hashable, set[Value]] = {}  # a class of arrays in memory -> those that are in it
        self.statements = [s for b in blocks_in(block) for s in b.body]
        self.definition = {s.result: s for s in self.statements if isinstance(s, Apply)}
        self.memory: set[Value] = set()
        self.tapes = {s.result for s in self.statements if isinstance(s, Apply) and s.op is TAPE}
        for s in self.statements:
            if isinstance(s, Apply) and (s.op in (ALLOCATE, LOAD) or isinstance(s.op, View)):
                own = s.args[0] if s.op is LOAD else s.result
                self.inside.setdefault(self.classes.of(own), set()).update((own, s.result))  # type: ignore[arg-type]
                self.memory.add(own)  # type: ignore[arg-type]
        self.varying = set(many)
        before = -1
        while before != len(self.varying) + len(self.memory):
            before = len(self.varying) + len(self.memory)
            for s in self.statements:
                self.follow(s)
                self.memory.update(v for v, operands in s.flows if not self.memory.isdisjoint(values_of(*operands)))
            for members in self.inside.values():
                if not self.varying.isdisjoint(members):
                    self.varying |= members

    def is_many(self, *operands: Operand) -> bool:
        return not self.varying.isdisjoint(values_of(*operands))

    def follow(self, s: Statement) -> None:
        """Note what depends on what there are many of, through a statement."""
        if not isinstance(s, Apply):
            self.varying.update(v for v, operands in s.flows if self.is_many(*operands))
            if (isinstance(s, If) and self.is_many(s.test)) or (isinstance(s, (For, While)) and self.ends_apart(s)):
                self.varying.update(s.results)
                for b in s.blocks:
                    self.varying.update(b.params[1:] if isinstance(s, For) else b.params)
                    for inner in (i for nested in blocks_in(b) for i in nested.body):
                        if isinstance(inner, Apply) and isinstance(inner.op, Store):
                            self.written(inner)
        elif self.is_many(*s.operands):
            if isinstance(s.op, Store):
                self.written(s)
            elif s.op is PUSH:
                self.varying.update(values_of(s.args[0]))
            elif not _tells_shape(s):
                self.varying.add(s.result)

    def written(self, s: Apply) -> None:
        """There are many of what is written into."""
        self.varying |= self.inside.get(self.classes.of(s.args[0]), set())  # type: ignore[arg-type]
        self.varying.update(values_of(s.args[0]))

    def ends_apart(self, s: For | While) -> bool:
        """Whether a loop has another number of iterations for one value than for another."""
        flags = s.body.yields[len(s.inits) :]
        return self.is_many(*flags, *(s.test.yields if isinstance(s, While) else (s.start, s.stop, s.step)))

    def known_as(self, made: Mapping[Value, Value]) -> None:
        """The same is known of values as of those in whose place they stand."""
        for v, now in made.items():
            if v in self.varying:
                self.varying.add(now)
            if v in self.definition:
                self.definition[now] = self.definition[v]

    def is_read(self, v: Value) -> bool:
        """Whether a value is used anywhere."""
        inner = blocks_in(self.block)
        return any(v in values_of(*s.operands) for s in self.statements) or any(v in values_of(*b.yields) for b in inner)


def _tells_shape(s: Apply) -> bool:
    """Whether a statement gives what follows from the shape of an array, of which there is one for all."""
    return facts_of(s.op).form_of == 0 and isinstance(s.result.type, (Scalar, Tuple))
