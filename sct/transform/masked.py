"""Branches and loops that one value takes and another does not, for many values at once.

Takes an `If`, `For` or `While` whose test depends on values that there are many of, and the batch that it stands in
(`sct.transform.batch`); emits what stands for it. Where both ways of a branch may be computed for all, the results are chosen
from both; or else each way is computed for those that take it, as `rows`, and its results are put in their places. A loop runs
as long as some are in it, for these.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sct import runtime
from sct.ir.ops import is_of_memory
from sct.ir.paths import ALL
from sct.ir.rewriting import renamed
from sct.ir.shapes import fresh_size
from sct.ir.ssa import (
    Apply,
    Block,
    For,
    If,
    Operand,
    Statement,
    Value,
    While,
    blocks_in,
    carried_params,
    defined,
    raises,
    type_of,
    values_of,
)
from sct.ir.types import Array, Const, Scalar, SizeLike, Slice, Tuple, Undefined
from sct.registry.facts import facts_of
from sct.transform.batch_rules import LoopedError, as_dtype, dtype_of, rank_of

if TYPE_CHECKING:
    from sct.transform.batch import Batch

__all__ = ["masked_branch", "masked_loop"]

_FLAG = np.dtype(bool)
_INT = Scalar(int)


def masked_branch(m: Batch, s: If) -> None:
    """Emit a branch that some of many take."""
    test = m.test(s.test)
    for way, block in enumerate(s.blocks):
        if raises(block):
            _raised(m, block, m.b.apply(np.logical_not, (test,)) if way else test)
            m.statements(s.blocks[1 - way])
            m.of.update((phi.result, m.spread(phi.ends[1 - way], phi.result.type)) for phi in s.phis)
            return
    if any(o in m.facts.memory for phi in s.phis for o in phi.ends if isinstance(o, Value)):
        raise LoopedError
    for phi in s.phis:
        _of_one_shape(phi.result, *phi.ends)
    if all(map(_is_silent, s.blocks)):
        for block in s.blocks:
            m.statements(block)
        m.of.update((phi.result, _chosen(m, s.test, test, phi.result, *phi.ends)) for phi in s.phis)
        return
    first = 1 if s.orelse.body and not s.then.body else 0  # of which the rows are taken; the other one may hold nothing
    if first:
        test = m.b.apply(np.logical_not, (test,))
    taken, left = s.blocks[first], s.blocks[1 - first]
    bases: list[Operand | None] = [None] * len(s.phis)
    if left.body:
        other_rows = _rows(m, m.b.apply(np.logical_not, (test,)))
        bases[:] = _computed(m, left, other_rows, [(phi.result, phi.ends[1 - first], None) for phi in s.phis])
    else:
        for k, phi in enumerate(s.phis):
            o = phi.ends[1 - first]
            bases[k] = None if isinstance(o, Undefined) else m.spread(o, phi.result.type)
    ends = [(phi.result, phi.ends[first], base) for phi, base in zip(s.phis, bases, strict=True)]
    found = _computed(m, taken, _rows(m, test), ends)
    m.of.update(zip(s.results, found, strict=True))


def _of_one_shape(r: Value, *operands: Operand) -> None:
    """Refuse what has one shape on one way, and another one on the other."""
    shapes = {getattr(type_of(o), "shape", ()) for o in operands if not isinstance(o, Undefined)}
    if len(shapes) > 1 or (shapes and rank_of(r.type) != len(next(iter(shapes)) or ())):
        raise LoopedError


def _is_silent(block: Block) -> bool:
    """Whether a block may be run where Python would not: that raises and writes nothing, warns of nothing and costs little."""
    return all(_is_silent_statement(s) for s in block.body)


def _is_silent_statement(s: Statement) -> bool:
    if isinstance(s, If):
        return s.handles is None and all(map(_is_silent, s.blocks))
    if not isinstance(s, Apply) or is_of_memory(s.op):
        return False
    if s.op is operator.getitem:
        index = s.args[1]
        entries = index.items if isinstance(index, Tuple) else (index,)
        return all(isinstance(e, (Const, Slice)) for e in entries)
    facts = facts_of(s.op)
    return facts.silent or (facts.form_of == 0 and not isinstance(s.result.type, Array))


def _chosen(m: Batch, flag: Operand, test: Operand, r: Value, a: Operand, b: Operand) -> Operand:
    """What some have of one way, and some of the other."""
    if a == b and isinstance(a, (Value, Const)):
        return m.spread(a, r.type)
    if isinstance(a, Undefined) or isinstance(b, Undefined):
        return m.spread(b if isinstance(a, Undefined) else a, r.type)
    if dtype_of(r.type) == _FLAG and not rank_of(r.type):
        on = (Const(True), flag)
        off = (Const(False), flag)
        if a in on and b == Const(False):
            return test
        if a in on:
            return m.b.apply(operator.or_, (test, m.as_like(m.all_of(b), r.type)))
        if b in off:
            return m.b.apply(operator.and_, (test, m.as_like(m.all_of(a), r.type)))
        if a == Const(False):
            own = m.b.apply(np.logical_not, (test,))
            return own if b == Const(True) else m.b.apply(operator.and_, (own, m.as_like(m.all_of(b), r.type)))
    rank = rank_of(r.type)
    if rank:
        test = m.at(test, (ALL, *[Const(None)] * rank))
    return m.as_like(m.b.apply(np.where, (test, m.aligned(a, rank), m.aligned(b, rank))), r.type)


def _raised(m: Batch, block: Block, test: Operand) -> None:
    """Raise what a block raises if some come to it."""
    if not all(isinstance(s, Apply) and not m.is_many(Tuple(s.operands)) for s in block.body):
        raise LoopedError
    m.b.body.append(If(m.b.apply(np.any, (test,)), Block((), block.body, ()), Block((), (), ()), ()))


def _rows(m: Batch, test: Operand) -> Value:
    """Which of many a test holds for."""
    return m.b.append(np.flatnonzero, (test,), {}, _numbers(fresh_size("rows")), "rows")


def _numbers(size: SizeLike) -> Array:
    return Array(np.dtype(np.intp), (size,))


def _selected(m: Batch, rows: Value, blocks: Sequence[Block]) -> Batch:
    """The batch of some of many, for the code in some blocks."""
    t = rows.type
    assert isinstance(t, Array) and t.shape is not None
    made = m.of_some(m.b.apply(len, (rows,)), t.shape[0])
    made.lines = rows if m.lines is None else m.at(m.lines, (rows,))
    own = {v for b in blocks for v in (*b.params, *defined(b))}
    read = [v for b in blocks for inner in blocks_in(b) for s in inner.body for v in values_of(*s.operands)]
    read += [v for b in blocks for inner in blocks_in(b) for v in values_of(*inner.yields)]
    for v in dict.fromkeys(read):
        if v in own or v not in m.varying:
            continue
        made.of[v] = m.of[v] if v in m.facts.memory or v in m.facts.tapes else _some(m, m.of[v], rows)
    return made


def _some(m: Batch, o: Operand, rows: Value) -> Operand:
    """What there is of some of many."""
    if isinstance(o, (Tuple,)):
        return Tuple(tuple([_some(m, i, rows) for i in o.items]))
    if not isinstance(type_of(o), Array):
        raise LoopedError
    return m.at(o, (rows,))


def _computed(m: Batch, block: Block, rows: Value, ends: Sequence[tuple[Value, Operand, Operand | None]]) -> list[Operand]:
    """What a block gives to φ's for those that come to it, put in their places among what there is of all."""
    made = _selected(m, rows, [block])
    made.statements(block)
    return [_put(m, made, rows, base, o, r) for r, o, base in ends]


def _put(m: Batch, some: Batch, rows: Value, base: Operand | None, o: Operand, r: Value) -> Operand:
    """What there is of many, where some have another value."""
    if isinstance(o, Undefined) and base is not None:
        return base
    if isinstance(o, Value) and o in m.facts.memory:
        raise LoopedError
    rank = rank_of(r.type)
    if rank_of(type_of(o)) != rank:
        raise LoopedError
    t = m.type_of_many(r.type)
    own = some.as_like(some.all_of(o), r.type)
    if dtype_of(t) is None:  # the one way is of another dtype than the other
        raise LoopedError
    if base is None:
        shape: Operand = m.count
        if rank:
            shape = m.b.apply(np.shape, (own,))
            if some.is_many(o):
                shape = m.b.apply(operator.getitem, (shape, Slice(Const(1), Const(None), Const(None))))
            shape = m.in_front(shape)
        base = m.b.apply(np.zeros, (shape,), as_dtype(dtype_of(t)))
    base = m.as_like(base, r.type)
    if any(dtype_of(type_of(part)) != dtype_of(t) for part in (base, own)):  # which would cut off what is put into it
        raise LoopedError
    return m.b.append(runtime.updated, (base, Tuple((rows,)), own), {}, t, r.name)


# -- loops -------------------------------------------------------------------------------------------------------------------


def masked_loop(m: Batch, s: For | While) -> None:
    """Emit a loop that some of many leave before others."""
    if any(v in m.facts.memory for v in (*s.results, *s.body.params)):
        raise LoopedError
    for phi in s.phis:
        _of_one_shape(phi.result, *phi.begins, phi.params[0], *phi.ends)
    every = [m.spread(phi.begins[0], phi.result.type) for phi in s.phis]
    if any(map(m.facts.is_read, s.counts)):
        every.append(m.spread(Const(0), _INT))
    if isinstance(s, While):
        _while(m, s, every)
    else:
        _for(m, s, every)


def _carried(m: Batch, s: For | While, size: SizeLike) -> tuple[list[Value], Value]:
    """The parameters of the loop for many: what it carries of all, how many iterations they began, and which are in it."""
    every = [Value(m.type_of_many(p.type), p.name, p.hint or "every") for p in carried_params(s)]
    if any(map(m.facts.is_read, s.counts)):
        every.append(Value(m.type_of_many(_INT), "", "count"))
    return every, Value(_numbers(size), "", "rows")


def _iteration(
    m: Batch, s: For | While, every: Sequence[Value], rows: Value, also: Sequence[Block] = ()
) -> tuple[Batch, list[Operand]]:
    """An iteration for those that are in the loop: what these have, and what all have after it."""
    some = _selected(m, rows, [s.body, *also])
    around = list(zip(s.phis, every, strict=False))
    some.of.update((phi.params[0], m.at(v, (rows,))) for phi, v in around)
    some.statements(s.body)
    ends = [_put(m, some, rows, v, phi.ends[0], phi.result) for phi, v in around]
    if len(every) > len(ends):
        more = m.b.apply(operator.add, (m.at(every[-1], (rows,)), Const(1)))
        ends.append(m.b.append(runtime.updated, (every[-1], Tuple((rows,)), more), {}, every[-1].type))
    return some, ends


def _left(m: Batch, rows: Value, stays: Operand) -> Operand:
    """Which are in the loop still."""
    return m.b.append(operator.getitem, (rows, stays), {}, _numbers(fresh_size("rows")), "")


def _for(m: Batch, s: For, inits: Sequence[Operand]) -> None:
    if m.is_many(Tuple((s.start, s.step))) or (m.is_many(s.stop) and (s.exits or s.step != Const(1))):
        raise LoopedError
    every, rows = _carried(m, s, fresh_size("rows"))
    steps: list[Statement] = []
    results = [Value(v.type, r.name, r.hint) for v, r in zip(every, s.results, strict=False)]
    if not s.exits:
        stop = m.all_of(s.stop)
        with m.b.into(steps):
            rows = _rows(m, m.b.apply(operator.lt, (s.body.params[0], stop)))
            _, ends = _iteration(m, s, every, rows)
        body = Block((s.body.params[0], *every), tuple(steps), tuple(ends))
        if s.body.params[0].name == "_":
            body = renamed(body, {body.params[0]: body.params[0].called("", "step")})
        last = m.b.apply(int, (m.b.apply(np.max, (stop,), {"initial": s.start}),))
        m.b.body.append(replace(s, stop=last, body=body, inits=tuple(inits), results=tuple(results)))
        m.of.update(zip(s.results, results, strict=True))
        return
    (flag,) = s.body.yields[len(s.inits) :]
    with m.b.into(steps):
        some, ends = _iteration(m, s, every, rows)
        stays = m.b.apply(np.logical_not, (some.spread(flag, Scalar(bool)),))
        left = _left(m, rows, stays)
        done = m.b.apply(operator.eq, (m.b.apply(len, (left,)), Const(0)))
    body = Block((s.body.params[0], *every, rows), tuple(steps), (*ends, left, done))
    first = m.b.append(np.arange, (m.count,), {}, _numbers(m.size))
    behind = Value(rows.type)
    begun = Value(Scalar(int))
    m.b.body.append(replace(s, inits=(*inits, first), body=body, results=(*results, behind, begun)))
    m.of.update(zip(s.results, results, strict=False))


def _while(m: Batch, s: While, inits: Sequence[Operand]) -> None:
    if m.is_many(Tuple(s.body.yields[len(s.inits) :])):
        raise LoopedError
    first_test = _test_again(m, s.test)
    m.of.update(zip(first_test.params, inits, strict=False))
    m.statements(first_test)
    first = _rows(m, m.spread(first_test.yields[0], Scalar(bool)))
    every, rows = _carried(m, s, fresh_size("rows"))
    results = [Value(v.type, r.name, r.hint) for v, r in zip(every, s.results, strict=False)]
    steps: list[Statement] = []
    with m.b.into(steps):
        some, ends = _iteration(m, s, every, rows, [s.test])
        some.of.update((phi.params[1], some.spread(phi.ends[0], phi.result.type)) for phi in s.phis if s.test.params)
        some.statements(s.test)
        left = _left(m, rows, some.spread(s.test.yields[0], Scalar(bool)))
    body = Block((*every, rows), tuple(steps), (*ends, left, *s.body.yields[len(s.inits) :]))
    tested = Value(rows.type, "", "rows")
    tests: list[Statement] = []
    with m.b.into(tests):
        some_left = m.b.apply(operator.gt, (m.b.apply(len, (tested,)), Const(0)))
    params = [Value(v.type, v.name, v.hint) for v in every]
    test = Block((*params, tested), tuple(tests), (some_left,))
    behind = Value(rows.type)
    begun = Value(Scalar(int))
    m.b.body.append(replace(s, inits=(*inits, first), body=body, test=test, results=(*results, behind, begun)))
    m.of.update(zip(s.results, results, strict=False))


def _test_again(m: Batch, test: Block) -> Block:
    """The test of a loop once more, as it is before the first iteration."""
    made: dict[Value, Value] = {}
    for b in blocks_in(test):
        for v in (*b.params, *(r for s in b.body for r in s.results)):
            made[v] = Value(v.type, v.name, v.hint)
    m.facts.known_as(made)
    return renamed(test, made)
