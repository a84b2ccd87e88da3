"""Shapes: what the reverse sweep asks of an inner value of the forward sweep for its shape alone.

Takes a `Reversal`; gives one that does not keep an array where its shape will do. Zeros are made like an array of the same
type that is at hand; a sum over broadcast axes gets the shape, from the shapes of the arguments where these tell it. And of
an array and what was written over all of it, it keeps one.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce

import numpy as np

from sct.analysis.binding import ahead, behind, phis
from sct.analysis.effects import has_effect, statements
from sct.analysis.versions import is_write
from sct.infer.join import fixed_shape
from sct.ir.ops import Attribute, Method
from sct.ir.paths import is_whole, path_of
from sct.ir.rewriting import map_blocks, map_operands, substitute
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    Operand,
    Statement,
    Value,
    blocks_in,
    defined,
    type_of,
    values_of,
)
from sct.ir.types import UNKNOWN, Abstract, Array, Const, Scalar, Size, SizeLike, Tuple, same_dtype, same_shape
from sct.runtime import stop_gradient, unbroadcast, unbroadcast_to, updated, zeros_if_bound
from sct.transform.reverse import Reversal

__all__ = ["abstract_size", "axis_of", "shapes_only"]


def shapes_only(reversal: Reversal) -> Reversal:
    """`reversal`, whose reverse sweep asks for shapes instead of arrays."""
    asks = any(_asked(s) is not None for s in statements(reversal.function.block))
    return _Shapes(reversal).run() if asks else reversal


_SHAPES = (np.shape, Attribute("shape"))
_SIZES = (np.size, Attribute("size"))


def _asked(s: Statement) -> Value | None:
    """The operand of which a statement uses the shape only."""
    if not isinstance(s, Apply) or s.kwargs:
        return None
    op = s.op  # compared by identity, as every statement is asked
    if op is np.zeros_like and len(s.args) == 1:
        o: Operand = s.args[0]
    elif op is unbroadcast:
        o = s.args[1]
    elif op is np.shape or op is np.size or (type(op) is Attribute and op.name in ("shape", "size")):
        o = s.args[0]
    else:
        return None
    return o if isinstance(o, Value) else None


@dataclass
class _Shapes:
    reversal: Reversal
    inner: set[Value] = field(default_factory=set)  # values of inner blocks of the forward sweep
    uses: Counter[Value] = field(default_factory=Counter)  # in the reverse sweep, other than for the shape
    params: dict[str, Value] = field(default_factory=dict)
    copied: set[Operand] = field(default_factory=set)  # arguments that are written into
    named: dict[Value, Value] = field(default_factory=dict)  # an argument -> its shape
    kept: dict[Value, Value] = field(default_factory=dict)  # a value of the forward sweep -> its shape
    forward: list[Statement] = field(default_factory=list)  # the statements of the forward sweep
    used: list[Value] = field(default_factory=list)  # what the reverse sweep needs other than for its shape
    newer: dict[Operand, Value] = field(default_factory=dict)  # a version of an array that is written over -> the next one
    numbers: set[Value] = field(default_factory=set)  # adjoints that may be numbers, where a path leaves a name unbound

    def run(self) -> Reversal:
        f = self.reversal.function
        self.params = {p.name: p for p in self.reversal.arguments}  # not what a caller gives as an adjoint
        self.copied = {s.args[0] for s in f.block.body if isinstance(s, Apply) and s.op in (np.array, Method("copy"))}
        back = [self.reverses(s) for s in f.block.body]
        forward = [s for s, reverses in zip(f.block.body, back, strict=True) if not reverses]
        inner = [b for s in forward for b in s.blocks]
        self.inner.update(*map(defined, inner))
        reverse = _with_sources([s for s, reverses in zip(f.block.body, back, strict=True) if reverses], inner)
        for s in reverse:
            self.count(s)
        whole = Block((), tuple(reverse), ())
        made = {s.result: s for s in statements(whole)}
        sources = {**phis(whole), **{v: s.args for v, s in made.items()}}
        self.numbers = ahead((v for v, s in made.items() if s.op is zeros_if_bound), sources)
        self.uses.update(values_of(*f.block.yields))
        self.forward, self.used = forward, list(self.uses)
        writes = [(s.args[0], s.result) for s in forward if isinstance(s, Apply) and is_write(s)]
        self.newer = {v: r for v, r in writes if isinstance(v, Value) and not self.uses[v]}
        self.uses.update(v for s in forward for v in s.values)
        changed = iter([self.rewritten(s, {}) if isinstance(s, Apply) else [self.statement(s, {})] for s in reverse])
        kept = iter([map_blocks(self.with_kept, s) if self.kept else s for s in forward])
        body = [t for reverses in back for t in (next(changed) if reverses else [next(kept)])]
        block = self.with_shapes(f.block.with_(body))
        known = self.reversal.forward | set(self.named.values()) | set(self.kept.values())
        return replace(self.reversal, function=replace(f, block=block), forward=known)

    def reverses(self, s: Statement) -> bool:
        """Whether a statement of the function's block belongs to the reverse sweep."""
        return self.reversal.forward.isdisjoint(s.results) and (
            isinstance(s, (Apply, Closure)) or any(b.label in self.reversal.mirror for b in s.blocks)
        )

    def count(self, s: Statement) -> None:
        asked = _asked(s)
        self.uses.update(v for v in s.values if v is not asked)
        for b in s.blocks:
            self.uses.update(values_of(*b.yields))
            for t in b.body:
                self.count(t)

    # -- the reverse sweep -------------------------------------------------------------------------------------------

    def block(self, block: Block, around: Iterable[Value]) -> Block:
        near: dict[Abstract, Value] = {v.type: v for v in (*around, *block.params) if self.is_like(v)}
        body: list[Statement] = []
        for s in block.body:
            body += self.rewritten(s, near) if isinstance(s, Apply) else [self.statement(s, near)]
            near.update({r.type: r for r in s.results if self.is_like(r) and _may_store(s, r)})
        return block.with_(body)

    def is_like(self, v: Value) -> bool:
        """Whether a value is an array of the shape of its type on all paths."""
        return isinstance(v.type, Array) and v not in self.numbers

    def statement(self, s: Statement, near: dict[Abstract, Value]) -> Statement:
        around = () if s.repeats else tuple(near.values())  # what a loop carries in is changed by it
        return map_blocks(lambda b: self.block(b, around), s)

    def rewritten(self, s: Apply, near: dict[Abstract, Value]) -> list[Statement]:
        asked = _asked(s)
        if asked in self.newer:
            return [map_operands(self.newest, s)]
        if asked is None or self.uses[asked]:
            return [s]
        t = asked.type
        if asked not in self.inner:
            if self.rebinds(asked) and asked in self.made:
                return [s]
            other = self.by_argument(s, asked)
            told = other is not s or asked in self.params.values() or asked not in self.reversal.forward
            return [other] if told else self.measured(s, t)
        if s.op in _SIZES:
            return self.measured(s, t)
        if s.op in _SHAPES:
            shape, made = self.known_shape(t, s) or (self.shape_of(asked), [])
            return [*made, replace(s, op=stop_gradient, args=(shape,))]
        if s.op is np.zeros_like:
            like = near.get(t) if fixed_shape(t) else None
            if like is not None:
                return [replace(s, args=(like,))]
            known = self.known_shape(t, s) if isinstance(t, Array) and t.dtype is not None else None
            if known is None:
                return [s]
            dtype = () if t.dtype == np.dtype(float) else (Const(t.dtype),)  # type: ignore[union-attr]
            return [*known[1], replace(s, op=np.zeros, args=(known[0], *dtype))]
        found = self.known_shape(t, s)
        if found is None:
            return [replace(s, op=unbroadcast_to, args=(s.args[0], self.shape_of(asked)))]
        shape, made = found
        return [*made, replace(s, op=unbroadcast_to, args=(s.args[0], shape))]

    @cached_property
    def made(self) -> set[Value]:
        """The values of the forward sweep that are needed other than for their shapes."""
        return _made_anyway(self.forward, self.used)

    def newest(self, o: Operand) -> Operand:
        """The last version of an array of which an earlier one is needed for its shape alone."""
        while o in self.newer:
            o = self.newer[o]
        return o

    def rebinds(self, asked: Value) -> bool:
        """Whether a value is in the place of an argument of its shape, whose name would not be free if that were kept: its
        shape is."""
        p = self.params.get(asked.name)
        return p is not None and p is not asked and isinstance(p.type, Array) and p.type == asked.type

    def measured(self, s: Apply, t: Abstract) -> list[Statement]:
        """The shape, or the number of entries, of a value of type `t`, made of the arguments' shapes if these tell it."""
        found = self.known_shape(t, s) if s.op in _SHAPES or s.op in _SIZES else None
        if found is None:
            return [s]
        shape, made = found
        if s.op in _SIZES:
            assert isinstance(shape, Tuple)
            one: Operand = Const(1)
            shape = reduce(lambda n, m: self.product(n, m, s, made), shape.items, one)
        return [*made, replace(s, op=stop_gradient, args=(shape,))]

    def product(self, n: Operand, m: Operand, s: Apply, made: list[Statement]) -> Operand:
        if n == Const(1) or m == Const(1):
            return m if n == Const(1) else n
        made.append(Apply(operator.mul, (n, m), (), Value(Scalar(int)), s.place, s.origin))
        return made[-1].results[0]

    def by_argument(self, s: Apply, asked: Value) -> Apply:
        """A value of the function's own block, which may not be needed at all: an argument of its shape will do."""
        t = asked.type
        if (
            asked in self.params.values()
            or asked not in self.reversal.forward
            or not isinstance(t, Array)
            or not fixed_shape(t)
        ):
            return s
        like = next((p for p in self.params.values() if isinstance(p.type, Array) and p.type.shape == t.shape), None)
        if like is None or not t.shape:
            return s
        taken = like in self.copied or self.rebinds(asked)
        if s.op is unbroadcast:
            return replace(s, op=unbroadcast_to, args=(s.args[0], self.argument_shape(like)))
        if s.op is np.zeros_like:
            if like.type == t and not taken:
                return replace(s, args=(like,))
            dtype = () if t.dtype == np.dtype(float) else (Const(t.dtype),)
            return s if t.dtype is None else replace(s, op=np.zeros, args=(self.argument_shape(like), *dtype))
        if taken:
            return s if s.op in _SIZES else replace(s, op=stop_gradient, args=(self.argument_shape(like),))
        return replace(s, args=(like,))

    def shape_of(self, v: Value) -> Value:
        """The shape of a value of the forward sweep, which is kept in its place."""
        if v not in self.kept:
            shape = v.type.shape if isinstance(v.type, Array) else None
            known = UNKNOWN if shape is None else Tuple(tuple(map(abstract_size, shape)))
            self.kept[v] = Value(known, f"{v.name}_shape" if v.name else "shape")
        return self.kept[v]

    def known_shape(self, t: Abstract, s: Apply) -> tuple[Operand, list[Statement]] | None:
        """A shape made of the arguments' shapes, and the statements that make it; None if they do not tell it."""
        if not isinstance(t, Array) or t.shape is None:
            return None
        made: list[Statement] = []
        sizes: list[Operand] = []
        for n in t.shape:
            o = self.size(n, s, made)
            if o is None:
                return None
            sizes.append(o)
        return Tuple(tuple(sizes)), made

    def size(self, n: SizeLike, s: Apply, made: list[Statement]) -> Operand | None:
        if isinstance(n, int):
            return Const(n)

        def emit(op: object, *args: Operand) -> Value:
            made.append(Apply(op, args, (), Value(Scalar(int)), s.place, s.origin))
            return made[-1].result  # type: ignore[union-attr]

        total: Operand | None = None
        for atom, c in n.terms:
            if isinstance(atom, tuple) and atom[0] == "max0":
                inside = self.size(atom[1], s, made)
                if inside is None:
                    return None
                part: Operand = emit(max, inside, Const(0))
            else:
                found = axis_of(atom, self.params)
                if found is None:
                    return None
                part = emit(operator.getitem, self.argument_shape(found[0]), Const(found[1]))
            if abs(c) != 1:
                part = emit(operator.mul, Const(abs(c)), part)
            if total is None:
                total = part if c > 0 else emit(operator.neg, part)
            else:
                total = emit(operator.add if c > 0 else operator.sub, total, part)
        if n.const and total is not None:
            total = emit(operator.add if n.const > 0 else operator.sub, total, Const(abs(n.const)))
        return total

    def argument_shape(self, p: Value) -> Value:
        if p not in self.named:
            assert isinstance(p.type, Array) and p.type.shape is not None
            self.named[p] = Value(Tuple(tuple(map(abstract_size, p.type.shape))), "", f"{p.name}_shape")
        return self.named[p]

    # -- the forward sweep -------------------------------------------------------------------------------------------

    def with_kept(self, block: Block) -> Block:
        """A block of the forward sweep that takes the shapes of what it makes."""
        body: list[Statement] = [self.taking(p, None) for p in block.params if p in self.kept]
        for s in block.body:
            body.append(map_blocks(self.with_kept, s))
            body += [self.taking(r, s) for r in s.results if r in self.kept]
        return block.with_(body)

    def taking(self, v: Value, s: Statement | None) -> Apply:
        origin = s.origin if s is not None else None
        return Apply(np.shape, (v,), (), self.kept[v], s.place if s is not None else None, origin)

    def with_shapes(self, block: Block) -> Block:
        """The function's block with the shapes of arguments taken at its start."""
        if not self.named:
            return block
        first = [Apply(Attribute("shape"), (p,), (), shape, None, None) for p, shape in self.named.items()]
        return block.with_([*first, *block.body])


def axis_of(atom: object, params: Mapping[str, Value]) -> tuple[Value, int] | None:
    """The argument and the axis whose size an atom is; of many of an argument the axes are counted otherwise."""
    if not isinstance(atom, tuple) or atom[0] != "symbol" or not isinstance(atom[1], str):
        return None
    p = params.get(atom[1].rpartition(".")[0])
    if p is None or not isinstance(p.type, Array) or p.type.shape is None:
        return None
    return next(((p, k) for k, n in enumerate(p.type.shape) if n == Size(((atom, 1),))), None)


def _made_anyway(forward: list[Statement], used: Iterable[Value]) -> set[Value]:
    """The values of the forward sweep that those used come from, and what loops give of such."""
    whole = Block((), tuple(forward), ())
    given = phis(whole)
    sources = dict(given)
    roots = list(used)
    work = [whole]
    while work:
        for s in work.pop().body:
            work += s.blocks
            if not isinstance(s, Apply):
                roots += values_of(*s.reads)
                continue
            sources[s.result] = s.operands
            if has_effect(s):
                roots += s.values
    needed = behind(roots, sources)
    return needed.union(r for r, found in given.items() if len(found) == 1 and found[0] in needed)


def _with_sources(reverse: list[Statement], inner: list[Block]) -> list[Statement]:
    """The reverse sweep with what was written over all of an array, in an inner block, in place of the array."""
    written: dict[Value, Operand] = {}
    for s in (s for whole in inner for b in blocks_in(whole) for s in b.body):
        if isinstance(s, Apply) and s.op is updated and is_whole(path_of(s)):
            v, t, r = s.args[2], type_of(s.args[2]), s.result.type
            if isinstance(v, Value) and isinstance(t, Array) and isinstance(r, Array) and same_dtype(t.dtype, r.dtype):
                written.update({s.result: v} if same_shape(t.shape, r.shape) else {})
    return list(substitute(Block((), tuple(reverse), ()), written).body) if written else reverse


def abstract_size(n: SizeLike) -> Abstract:
    """The type of an entry of a shape."""
    return Const(n) if isinstance(n, int) else Scalar(int, n if isinstance(n, Size) else None)


def _may_store(s: Statement, r: Value) -> bool:
    """Whether a result is a variable, and may be stored over another one: a step of an adjoint, not of an expression."""
    return bool(r.name or r.hint) or is_write(s)
