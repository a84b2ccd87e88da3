"""Rebuilding blocks with values replaced.

Takes blocks and a map from values to operands; gives new blocks, and the same ones where nothing changes. Labels stay.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Phi,
    Statement,
    Value,
    While,
    blocks_in,
    carried_params,
    map_leaves,
)
from sct.ir.types import Const

__all__ = ["changed", "copied", "handing_on", "keeping", "map_blocks", "map_operands", "renamed", "substitute"]

_Part = TypeVar("_Part", bound="Function | If | For | ForEach | While | Closure")


def changed(s: _Part, **fields: Any) -> _Part:
    """A function or a statement with some of its fields replaced; the same one where they are as they were."""
    for name, value in fields.items():
        if getattr(s, name) != value:
            return replace(s, **fields)
    return s


def map_operands(f: Callable[[Operand], Operand], s: Statement) -> Statement:
    """The statement with `f` applied to the operands that it reads itself; the same one where nothing changes."""
    if isinstance(s, Apply):
        args, kwargs = tuple(map(f, s.args)), s.kwargs
        if kwargs:
            kwargs = tuple([(k, f(v)) for k, v in kwargs])
            kwargs = s.kwargs if all(a is b for (_, a), (_, b) in zip(kwargs, s.kwargs, strict=True)) else kwargs
        if kwargs is s.kwargs and all(map(operator.is_, args, s.args)):
            return s
        return Apply(s.op, args, kwargs, s.result, s.place, s.origin)
    if isinstance(s, If):
        return changed(s, test=f(s.test))
    if isinstance(s, ForEach):
        return changed(s, iterable=f(s.iterable), inits=tuple(map(f, s.inits)))
    if isinstance(s, For):
        c = s.checkpointing
        kept = None if c is None else replace(c, slots=f(c.slots), disk=f(c.disk), generators=f(c.generators))
        start, stop, step = f(s.start), f(s.stop), f(s.step)
        return changed(s, start=start, stop=stop, step=step, inits=tuple(map(f, s.inits)), checkpointing=kept)
    if isinstance(s, While):
        return changed(s, inits=tuple(map(f, s.inits)))
    return s


def map_blocks(f: Callable[[Block], Block], s: Statement) -> Statement:
    """The statement with `f` applied to the blocks that it owns; the same one where nothing changes."""
    if isinstance(s, Apply):
        return s
    if isinstance(s, If):
        return changed(s, then=f(s.then), orelse=f(s.orelse))
    if isinstance(s, (For, ForEach)):
        return changed(s, body=f(s.body))
    if isinstance(s, While):
        return changed(s, test=f(s.test), body=f(s.body))
    return changed(s, block=f(s.block))


def keeping(s: Statement, keep: Sequence[int]) -> Statement:
    """The statement with only some of its φ's, by number."""
    if len(keep) == len(s.phis) or isinstance(s, (Apply, Closure)):
        return s
    if isinstance(s, If):
        then, orelse = (b.with_(yields=[b.yields[k] for k in keep]) for b in s.blocks)
        return replace(s, then=then, orelse=orelse, results=tuple(s.results[k] for k in keep))
    n = len(s.inits)
    head, params = s.body.params[: len(s.body.params) - n], carried_params(s)
    yields = (*(s.body.yields[k] for k in keep), *s.body.yields[n:])
    body = s.body.with_(yields=yields, params=(*head, *(params[k] for k in keep)))
    inits = tuple(s.inits[k] for k in keep)
    results = (*(s.results[k] for k in keep), *s.results[n:])
    if isinstance(s, (For, ForEach)):
        return replace(s, body=body, inits=inits, results=results)
    return replace(s, test=s.test.with_(params=[s.test.params[k] for k in keep]), body=body, inits=inits, results=results)


def handing_on(s: Statement, more: Sequence[Phi]) -> Statement:
    """The statement with further φ's behind those that it has; in one that repeats each may have no parameter for the test."""
    if not more or isinstance(s, (Apply, Closure)):
        return s
    if isinstance(s, If):
        then, orelse = (b.with_(yields=(*b.yields, *(phi.ends[k] for phi in more))) for k, b in enumerate(s.blocks))
        return replace(s, then=then, orelse=orelse, results=(*s.results, *(phi.result for phi in more)))
    n, params = len(s.inits), [phi.params[0] for phi in more]
    yields = (*s.body.yields[:n], *(phi.ends[0] for phi in more), *s.body.yields[n:])
    body = s.body.with_(yields=yields, params=(*s.body.params, *params))
    inits = (*s.inits, *(phi.begins[0] for phi in more))
    results = (*s.results[:n], *(phi.result for phi in more), *s.results[n:])
    if isinstance(s, (For, ForEach)):
        return replace(s, body=body, inits=inits, results=results)
    tested = []
    if s.test.params or not n:
        tested = [phi.params[1] if len(phi.params) > 1 else phi.params[0].called(phi.params[0].name) for phi in more]
    return replace(s, test=s.test.with_(params=(*s.test.params, *tested)), body=body, inits=inits, results=results)


def renamed(block: Block, values: Mapping[Value, Value]) -> Block:
    """The block, and all blocks in it, with values replaced where they are made and where they are read."""
    return _Renamed(values).block(block) if values else block


def copied(block: Block) -> Block:
    """The block once more: what it and the blocks in it make, and these blocks, are their own."""
    made = [v for b in blocks_in(block) for v in chain(b.params, *(s.results for s in b.body))]
    return _labelled_anew(renamed(block, {v: Value(v.type, v.name, v.hint) for v in made}))


def _labelled_anew(block: Block) -> Block:
    return Block(block.params, tuple([map_blocks(_labelled_anew, s) for s in block.body]), block.yields)


class _Renamed:
    """What stands for parts of a function in which some values are replaced."""

    def __init__(self, values: Mapping[Value, Value]) -> None:
        self.now = values.get
        self.changing = values.keys()

    def leaf(self, v: Operand) -> Operand:
        return self.now(v, v) if isinstance(v, Value) else v

    def operand(self, o: Operand) -> Operand:
        kind = type(o)  # asked of every operand of a function
        return o if kind is Const else self.now(o, o) if kind is Value else map_leaves(self.leaf, o)  # type: ignore[arg-type]

    def values(self, made: tuple[Value, ...]) -> tuple[Value, ...]:
        return made if self.changing.isdisjoint(made) else tuple([self.now(v, v) for v in made])

    def statement(self, s: Statement) -> Statement:
        if not self.changing.isdisjoint(s.values):
            s = map_operands(self.operand, s)
        if type(s) is Apply:
            made = self.now(s.result)
            return s if made is None else Apply(s.op, s.args, s.kwargs, made, s.place, s.origin)
        s = map_blocks(self.block, s)
        if isinstance(s, Closure):
            return changed(s, result=self.now(s.result, s.result))
        return changed(s, results=self.values(s.results))  # type: ignore[type-var]

    def block(self, b: Block) -> Block:
        return b.with_([self.statement(s) for s in b.body], map(self.operand, b.yields), self.values(b.params))


def substitute(block: Block, mapping: Mapping[Value, Operand]) -> Block:
    """The block, and all blocks in it, with values replaced."""

    def leaf(v: Operand) -> Operand:
        return mapping.get(v, v) if isinstance(v, Value) else v

    def operand(o: Operand) -> Operand:
        return leaf(o) if isinstance(o, Value) else map_leaves(leaf, o)

    return _with_operands(block, operand)


def _with_operands(block: Block, f: Callable[[Operand], Operand]) -> Block:
    """The block, and all blocks in it, with `f` applied to all operands."""
    body = [map_blocks(lambda b: _with_operands(b, f), map_operands(f, s)) for s in block.body]
    return block.with_(body, map(f, block.yields))
