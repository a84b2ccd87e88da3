"""Batches: a piece of code for many values at once, which stand along a first axis.

Takes a block, operands for the values that there are many of, each with one more axis in front, and how many there are; emits
the statements, and gives what the block yields, with that axis where it depends on these values. Element-wise operations
broadcast, products become products of stacks, reductions and indices shift their axes, loops and branches that do not depend
on the values stay. Raises `LoopedError` where an operation has no entry here, or where a test or a size depends on the values:
the block is then run for one of them after another.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.layout import may_copy
from sct.analysis.points_to import points_to
from sct.ir.ops import ALLOCATE, LOAD, Store, View
from sct.ir.paths import ALL, entries_of
from sct.ir.ssa import Apply, Block, For, If, Operand, Statement, Value, While, blocks_in, type_of, values_of
from sct.ir.types import Abstract, Array, Const, Dict, List, Scalar, SizeLike, Slice, Tuple, Unknown, with_items
from sct.registry.methods import primitive_of
from sct.specialize.building import Builder
from sct.transform.batch_rules import RULES, LoopedError, behind, is_basic, is_elementwise, rank_of
from sct.transform.by_rule import as_call

__all__ = ["LoopedError", "batched", "with_axis"]

_BEHIND = Slice(Const(1), Const(None), Const(None))


def batched(b: Builder, block: Block, many: Mapping[Value, Operand], count: Operand) -> tuple[Operand, ...]:
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

    Returns
    -------
    tuple of Operand
        All with that axis.

    Raises
    ------
    LoopedError
        If it cannot be done so.
    """
    made = Batch(b, block, many, count)
    made.statements(block)
    return tuple(map(made.spread_in, block.yields))


class Batch:
    """`of` has what stands for each of the values that there are many of."""

    def __init__(self, b: Builder, block: Block, many: Mapping[Value, Operand], count: Operand) -> None:
        self.b = b
        self.count = count
        self.of: dict[Value, Operand] = dict(many)
        self.definition: dict[Value, Apply] = {}
        for inner in blocks_in(block):
            self.definition.update((s.result, s) for s in inner.body if isinstance(s, Apply))
        self.varying = _varying(block, many)

        first = type_of(next(iter(many.values())))
        assert isinstance(first, Array) and first.shape
        self.size = first.shape[0]

    def type_of_many(self, t: Abstract) -> Abstract:
        """The type of many of a number or an array."""
        return with_axis(t, self.size)

    # -- operands ----------------------------------------------------------------------------------------------------

    def is_many(self, o: Operand) -> bool:
        """Whether there are many of an operand, or of something in it."""
        return any(v in self.varying for v in values_of(o))

    def one(self, o: Operand) -> Operand:
        """An operand of which there is one."""
        if self.is_many(o):
            raise LoopedError
        return o

    def all_of(self, o: Operand) -> Operand:
        """What stands for an operand, with the axis in front if there are many."""
        return self.of[o] if isinstance(o, Value) and o in self.varying else o

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
        return self.b.apply(operator.getitem, (x, Tuple(tuple(index))))

    def in_front(self, shape: Operand) -> Operand:
        """A shape with the axis in front."""
        if isinstance(shape, (Tuple, List)):
            return Tuple((self.count, *shape.items))
        if isinstance(type_of(shape), Scalar) or (isinstance(shape, Const) and isinstance(shape.value, int)):
            return Tuple((self.count, shape))
        return self.b.apply(operator.add, (Tuple((self.count,)), shape))

    def spread(self, o: Operand) -> Operand:
        """An operand with the axis in front: what there is one of, so many times."""
        if self.is_many(o):
            return self.all_of(o)
        t = type_of(o)
        if isinstance(t, Const) and not isinstance(t.value, (bool, int, float)):
            raise LoopedError
        made = self.definition.get(o) if isinstance(o, Value) else None
        if made is not None and made.op is runtime.zeros_if_bound:  # of some other shape, where it is not
            raise LoopedError
        if made is not None and made.op is np.zeros:
            return self.b.apply(np.zeros, (self.in_front(made.args[0]), *made.args[1:]), dict(made.kwargs))
        if made is not None and made.op is np.zeros_like and isinstance(t, Array) and t.dtype == np.dtype(float):
            return self.b.apply(np.zeros, (self.in_front(self.b.apply(np.shape, made.args[:1])),))
        if not rank_of(t):
            return self.b.apply(np.full, (self.count, o if isinstance(o, Value) else Const(float(t.value))))  # type: ignore[union-attr]
        return self.b.apply(np.broadcast_to, (o, self.in_front(self.b.apply(np.shape, (o,)))))

    def spread_in(self, o: Operand) -> Operand:
        """What a container holds with the axis in front."""
        if isinstance(o, (Tuple, List, Dict)):
            return with_items(o, map(self.spread_in, o.items))
        return o if o == Const(None) else self.spread(o)

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
            return
        if isinstance(s.op, Store):
            self.store(s)
        elif s.op is ALLOCATE:
            self.of[s.result] = self.made(s, ALLOCATE, (self.spread(s.args[0]),))
        elif s.op is LOAD:
            self.of[s.result] = self.made(s, LOAD, (self.all_of(s.args[0]),))
        elif isinstance(s.op, View):
            if may_copy(s):  # as one of many lies in memory
                raise LoopedError
            steps: list[Statement] = []
            with self.b.into(steps):
                found = self.entry(replace(s, op=s.op.op))
            last = steps[-1] if steps else None
            if not isinstance(last, Apply) or last.result != found or len(steps) > 1:
                raise LoopedError
            self.of[s.result] = self.made(s, View(last.op), last.args, last.kwargs)
        elif s.result in self.varying:
            made = len(self.b.body)
            found = self.entry(s)
            self.of[s.result] = self.under_its_name(found, s.result) if len(self.b.body) > made else found
        else:
            self.shape(s)

    def shape(self, s: Apply) -> None:
        """The shape of one of many."""
        if primitive_of(s.op) is not np.shape:
            raise LoopedError
        whole = self.b.append(np.shape, (self.all_of(s.args[0]),), {}, Unknown())
        self.b.body.append(Apply(operator.getitem, (whole, _BEHIND), (), s.result, s.place, s.origin))

    def made(
        self, s: Apply, op: Any, args: Sequence[Operand], kwargs: Sequence[tuple[str, Operand]] = (), t: Abstract | None = None
    ) -> Value:
        """A statement for many of `s`, as it is."""
        v = Value(self.type_of_many(s.result.type) if t is None else t, s.result.name, s.result.hint)
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
        if is_elementwise(op) and all(isinstance(v, Const) for v in kwargs.values()):
            return self.elementwise(s, args, kwargs)
        raise LoopedError

    def elementwise(self, s: Apply, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> Operand:
        rank = max(map(self.rank, args))
        if rank_of(s.result.type) != rank:
            raise LoopedError
        return self.b.apply(s.op, [self.aligned(a, rank) for a in args], dict(kwargs))

    def store(self, s: Apply) -> None:
        x, path, v = s.args
        args = (self.all_of(x), self.path(path), self.stored(x, path, v))
        self.b.body.append(replace(s, args=args, result=Value(s.result.type)))

    def path(self, path: Operand) -> Operand:
        """The path to a part of each of many arrays."""
        if not isinstance(path, Tuple):
            raise LoopedError
        *before, last = path.items
        if any(not all(map(is_basic, entries_of(i))) for i in before):
            raise LoopedError
        return Tuple((*[behind(self.one(i)) for i in before], behind(self.one(last))))

    def stored(self, x: Operand, path: Operand, v: Operand) -> Operand:
        """What is written to a part of each."""
        assert isinstance(path, Tuple)
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

    def ends(self, block: Block, many: Sequence[bool]) -> Block:
        """A block that yields what its φ's take: for many, where there are many of these."""
        steps: list[Statement] = []
        with self.b.into(steps):
            own = [self.spread(o) if m else o for o, m in zip(block.yields, many, strict=False)]
        return block.with_([*block.body, *steps], [*own, *map(self.one, block.yields[len(own) :])])

    def fresh(self, v: Value) -> Value:
        """What stands for a φ, if there are many of it."""
        if v not in self.varying:
            return v
        made = self.of[v] = Value(self.type_of_many(v.type), v.name, v.hint)
        return made

    def branch(self, s: If) -> None:
        self.one(s.test)
        if s.handles is not None:
            raise LoopedError
        many = [r in self.varying for r in s.results]
        blocks = [self.ends(self.inner(b, b.params), many) for b in s.blocks]
        self.b.body.append(replace(s, then=blocks[0], orelse=blocks[1], results=tuple(map(self.fresh, s.results))))

    def loop(self, s: For | While) -> None:
        if isinstance(s, For) and s.checkpointing is not None:
            raise LoopedError
        many = [r in self.varying for r in s.results[: len(s.inits)]]
        inits = tuple(self.spread(o) if m else o for o, m in zip(s.inits, many, strict=True))
        if isinstance(s, For):
            self.one(Tuple((s.start, s.stop, s.step)))
        body = self.ends(self.inner(s.body, [*map(self.fresh, s.body.params)]), many)
        results = tuple(map(self.fresh, s.results))
        if isinstance(s, For):
            self.b.body.append(replace(s, inits=inits, body=body, results=results))
            return
        test = self.inner(s.test, [*map(self.fresh, s.test.params)])
        self.one(Tuple(s.test.yields))
        self.b.body.append(replace(s, inits=inits, body=body, test=test, results=results))


def with_axis(t: Abstract, size: SizeLike) -> Array:
    """The type of so many numbers or arrays of a type, along a first axis."""
    if isinstance(t, Scalar) and t.kind in (float, complex):
        return Array(np.dtype(t.kind), (size,))
    if isinstance(t, Array) and t.shape is not None:
        return Array(t.dtype, (size, *t.shape))
    raise LoopedError


def _varying(block: Block, many: Mapping[Value, Operand]) -> set[Value]:
    """The values that depend on some of which there are many, and the arrays that such are written into."""
    found = set(many)
    classes = points_to(block)
    inside: dict[Hashable, set[Value]] = {}  # a class of arrays in memory -> those that are in it
    statements = [s for b in blocks_in(block) for s in b.body]
    for s in statements:
        if isinstance(s, Apply) and (s.op in (ALLOCATE, LOAD) or isinstance(s.op, View)):
            own = s.args[0] if s.op is LOAD else s.result
            inside.setdefault(classes.of(own), set()).update((own, s.result))  # type: ignore[arg-type]
    before = -1
    while before != len(found):
        before = len(found)
        for s in statements:
            if not isinstance(s, Apply):
                found.update(v for v, operands in s.flows if not found.isdisjoint(values_of(*operands)))
            elif not found.isdisjoint(s.values):
                if isinstance(s.op, Store):
                    found |= inside.get(classes.of(s.args[0]), set())  # type: ignore[arg-type]
                    found.update(values_of(s.args[0]))
                elif s.op is not np.shape and primitive_of(s.op) is not np.shape:
                    found.add(s.result)
        for members in inside.values():
            if not found.isdisjoint(members):
                found |= members
    return found
