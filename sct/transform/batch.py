"""Batches: a piece of code for many values at once, which stand along a first axis.

Takes a block, operands for the values that there are many of, each with one more axis in front, and how many there are; emits
the statements, and gives what the block yields, with that axis where it depends on these values. Element-wise operations
broadcast, products become products of stacks, reductions and indices shift their axes, loops and branches that do not depend
on the values stay. Raises `LoopedError` where an operation has no entry here, or where a test or a size depends on the values:
the block is then run for one of them after another.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.layout import may_copy
from sct.analysis.points_to import points_to
from sct.ir.ops import ALLOCATE, LOAD, UNPACK, Attribute, Method, Store, View
from sct.ir.paths import ALL, entries_of
from sct.ir.ssa import Apply, Block, For, If, Operand, Statement, Value, While, blocks_in, type_of, values_of
from sct.ir.types import Abstract, Array, Const, Dict, List, Scalar, SizeLike, Slice, Tuple, Unknown, with_items
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of
from sct.runtime import item
from sct.specialize.building import Builder
from sct.transform.by_rule import as_call

__all__ = ["LoopedError", "batched", "with_axis"]

_BEHIND = Slice(Const(1), Const(None), Const(None))


class LoopedError(Exception):
    """An operation, a test or a size stands in the way of many values at once. Never reaches a user."""


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
    made = _Batch(b, block, many, count)
    made.statements(block)
    return tuple(map(made.spread_in, block.yields))


class _Batch:
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
        return _rank(type_of(o))

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
        if not _rank(t):
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
        rule = _RULES.get(op)
        if rule is not None:
            return rule(self, s, args, kwargs)
        if _is_elementwise(op) and all(isinstance(v, Const) for v in kwargs.values()):
            return self.elementwise(s, args, kwargs)
        raise LoopedError

    def elementwise(self, s: Apply, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> Operand:
        rank = max(map(self.rank, args))
        if _rank(s.result.type) != rank:
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
        if any(not all(map(_is_basic, entries_of(i))) for i in before):
            raise LoopedError
        return Tuple((*[_behind(self.one(i)) for i in before], _behind(self.one(last))))

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


def _rank(t: Abstract) -> int:
    if isinstance(t, Array) and t.shape is not None:
        return len(t.shape)
    if isinstance(t, Scalar) or (isinstance(t, Const) and isinstance(t.value, (bool, int, float, complex))):
        return 0
    raise LoopedError


def _is_basic(entry: Operand) -> bool:
    """Whether an entry of an index gives a view."""
    t = type_of(entry)
    if isinstance(t, Const):
        return t.value is None or t.value is Ellipsis or type(t.value) is int
    return isinstance(t, Slice) or _is_integer(entry)


def _is_array(entry: Operand) -> bool:
    """Whether an entry of an index is an array, or a list of integers."""
    t = type_of(entry)
    return (isinstance(t, Array) and t.shape is not None and t.shape != ()) or isinstance(t, List)


def _behind(index: Operand) -> Operand:
    """An index into each of many arrays; that of arrays which are apart in it has its axes elsewhere."""
    entries = entries_of(index)
    if not all(_is_basic(e) or _is_array(e) for e in entries):
        raise LoopedError
    if any(map(_is_array, entries)):
        picks = [k for k, e in enumerate(entries) if _is_array(e) or _is_integer(e)]
        if picks != list(range(picks[0], picks[0] + len(picks))):
            raise LoopedError
    return Tuple((ALL, *entries))


def _is_integer(entry: Operand) -> bool:
    t = type_of(entry)
    if isinstance(t, Array):
        return t.shape == () and t.dtype is not None and t.dtype.kind in "iu"
    return (isinstance(t, Scalar) and t.kind is int) or (isinstance(t, Const) and type(t.value) is int)


def _is_elementwise(op: Any) -> bool:
    ufunc = op if isinstance(op, np.ufunc) else facts_of(op).ufunc
    if ufunc is not None:
        return ufunc.signature is None
    return kind_of(op) == "elementwise" and getattr(op, "__module__", None) != "math"  # whose functions take numbers alone


# -- the entries of operations -----------------------------------------------------------------------------------------------

_Rule = Callable[[_Batch, Apply, list[Operand], dict[str, Operand]], Operand]
_RULES: dict[Any, _Rule] = {}


def _of(*ops: Any) -> Callable[[_Rule], _Rule]:
    def register(rule: _Rule) -> _Rule:
        _RULES.update(dict.fromkeys(ops, rule))
        return rule

    return register


@_of(operator.getitem)
def _getitem(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, index = args
    whole = m.all_of(x)
    if isinstance(whole, Tuple) and isinstance(index, Const):
        found: Operand = whole.items[index.value]
        return found
    m.rank(x)
    return m.b.apply(operator.getitem, (m.spread(x), _behind(m.one(index))))


@_of(runtime.updated, runtime.scatter_add)
def _written(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, path, v = args
    return m.made(s, s.op, (m.spread(x), m.path(path), m.stored(x, path, v)))


@_of(UNPACK)
def _unpacked(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, count = args
    if not m.rank(x) or not isinstance(count, Const):
        raise LoopedError
    return Tuple(tuple([m.at(m.all_of(x), (ALL, Const(k))) for k in range(count.value)]))


@_of(np.array)
def _array(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, *others = args
    if others or kwargs or not isinstance(x, (Tuple, List)):
        return _of_each(m, s, args, kwargs)
    ranks = set(map(m.rank, x.items))
    if len(ranks) > 1:
        raise LoopedError
    return m.b.apply(np.stack, (Tuple(tuple(map(m.spread, x.items))),), {"axis": Const(1)})


@_of(np.asarray, np.copy, np.positive, np.zeros_like, np.tril, np.triu, Method("copy"), Method("astype"))
def _of_each(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """What is done to the entries, or to the last axes, as they lie."""
    x, *others = args
    m.rank(x)
    return m.b.apply(s.op, (m.all_of(x), *map(m.one, others)), {k: m.one(v) for k, v in kwargs.items()})


@_of(float, np.float64, item)
def _number(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A number that is made of one."""
    if len(args) != 1 or kwargs or m.rank(args[0]):
        raise LoopedError
    return m.all_of(args[0])


@_of(np.where)
def _where(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 3:
        raise LoopedError
    m.one(args[0])
    return m.elementwise(s, args, kwargs)


@_of(np.sum, np.mean)
def _reduction(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "axis")
    if not m.rank(x):
        return m.all_of(x)
    axis = given.pop("axis", Const(None))
    axis = _every(m.rank(x)) if axis == Const(None) else _shifted(axis)
    return m.b.apply(primitive_of(s.op), (m.all_of(x),), {"axis": axis, **{k: m.one(v) for k, v in given.items()}})


def _every(rank: int) -> Operand:
    """All axes of one, as those of many."""
    return Const(1) if rank == 1 else Tuple(tuple(Const(k + 1) for k in range(rank)))


@_of(np.cumsum, np.flip)
def _along_axis(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    return _along(m, s, *_given(args, kwargs, "axis"))


@_of(np.roll)
def _rolled(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    return _along(m, s, *_given(args, kwargs, "shift", "axis"))


@_of(np.diff)
def _differences(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "n", "axis")
    return _along(m, s, x, {"axis": Const(-1), **given})


def _along(m: _Batch, s: Apply, x: Operand, given: dict[str, Operand]) -> Operand:
    """What is done along an axis, or, if none is given, along the one that there is."""
    axis = given.pop("axis", Const(None))
    if axis == Const(None):
        if m.rank(x) != 1:
            raise LoopedError
        axis = Const(0)
    others = {k: m.one(v) for k, v in given.items()}
    return m.b.apply(primitive_of(s.op), (m.all_of(x),), {**others, "axis": _shifted(axis)})


@_of(np.reshape)
def _reshape(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    x, shape = args
    m.rank(x)
    return m.b.apply(np.reshape, (m.all_of(x), m.in_front(m.one(shape))))


@_of(np.ravel)
def _ravel(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 1 or kwargs:
        raise LoopedError
    (x,) = args
    m.rank(x)
    return m.b.apply(np.reshape, (m.all_of(x), Tuple((m.count, Const(-1)))))


@_of(np.transpose)
def _transpose(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "axes")
    rank = m.rank(x)
    axes = given.get("axes", Const(None))
    if axes == Const(None):
        axes = Tuple(tuple(Const(k) for k in reversed(range(rank))))
    if not isinstance(axes, (Tuple, List)):
        raise LoopedError
    behind = [_shifted(Const(a.value % rank) if isinstance(a, Const) else a) for a in axes.items]
    if [Const(k + 1) for k in range(rank)] == behind:
        return m.all_of(x)
    return m.b.apply(np.transpose, (m.all_of(x), Tuple((Const(0), *behind))))


@_of(np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze)
def _axes_named(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, *axes = args
    m.rank(x)
    if kwargs.keys() - {"axis"} or not (axes or kwargs):
        raise LoopedError
    named = {k: _shifted(v) for k, v in kwargs.items()}
    return m.b.apply(primitive_of(s.op), (m.all_of(x), *map(_shifted, axes)), named)


@_of(np.broadcast_to)
def _broadcast(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    x, shape = args
    return m.b.apply(np.broadcast_to, (m.aligned(x, _rank(s.result.type)), m.in_front(m.one(shape))))


@_of(np.concatenate, np.stack)
def _joined(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    parts, given = _given(args, kwargs, "axis")
    if not isinstance(parts, (Tuple, List)) or given.keys() - {"axis"}:
        raise LoopedError
    for p in parts.items:
        m.rank(p)
    axis = _shifted(given.get("axis", Const(0)))
    return m.b.apply(primitive_of(s.op), (Tuple(tuple(map(m.spread, parts.items))),), {"axis": axis})


@_of(np.take_along_axis)
def _taken(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "indices", "axis")
    if given.keys() != {"indices", "axis"}:
        raise LoopedError
    indices = m.at(m.one(given["indices"]), (Const(None),))
    return m.b.apply(np.take_along_axis, (m.all_of(x), indices, _shifted(given["axis"])))


@_of(operator.matmul, np.matmul, np.dot)
def _matmul(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    a, b = args
    of_a, of_b = m.rank(a), m.rank(b)
    if primitive_of(s.op) is np.dot and max(of_a, of_b) > 2:
        raise LoopedError
    if not of_a or not of_b:
        rank = max(of_a, of_b)
        return m.b.apply(operator.mul, (m.aligned(a, rank), m.aligned(b, rank)))
    if of_a > 1 and of_b > 1:
        return _product(m, m.aligned(a, max(of_a, of_b)), m.aligned(b, max(of_a, of_b)))
    if max(of_a, of_b) > 2:
        raise LoopedError
    if m.is_many(a) and m.is_many(b):
        rows = m.all_of(a) if of_a > 1 else m.at(m.all_of(a), (ALL, Const(None)))
        columns = m.all_of(b) if of_b > 1 else m.at(m.all_of(b), (Const(Ellipsis), Const(None)))
        found = _product(m, rows, columns)
        found = found if of_b > 1 else m.at(found, (Const(Ellipsis), Const(0)))
        return found if of_a > 1 else m.at(found, (ALL, Const(0)))
    if m.is_many(a) or of_b > 1:
        return _product(m, m.all_of(a), m.all_of(b))
    return _product(m, m.all_of(b), a if of_a == 1 else _turned(m, a))


def _turned(m: _Batch, a: Operand) -> Operand:
    """A matrix with its axes exchanged."""
    made = m.definition.get(a) if isinstance(a, Value) else None
    if made is not None and primitive_of(made.op) is np.transpose and len(made.operands) == 1:
        return made.args[0]
    return m.b.apply(Attribute("T"), (a,))


def _product(m: _Batch, a: Operand, b: Operand) -> Operand:
    return m.b.apply(operator.matmul, (a, b))


@_of(np.outer)
def _outer(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs or set(map(m.rank, args)) != {1}:
        raise LoopedError
    a, b = args
    rows = m.at(m.all_of(a), (Const(Ellipsis), Const(None)))
    return m.b.apply(operator.mul, (rows, m.aligned(b, 2)))


@_of(np.vdot, np.inner)
def _scalar_product(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    a, b = args
    rank = m.rank(a)
    if rank != m.rank(b) or (primitive_of(s.op) is np.inner and rank > 1) or _is_complex(a) or _is_complex(b):
        raise LoopedError
    if rank > 1 and type_of(a).shape != type_of(b).shape:  # type: ignore[union-attr]
        raise LoopedError  # np.vdot takes the entries in their order
    if rank == 1 and not (m.is_many(a) and m.is_many(b)):
        return _product(m, m.all_of(a), b) if m.is_many(a) else _product(m, m.all_of(b), a)
    each = m.b.apply(operator.mul, (m.all_of(a), m.all_of(b)))
    return m.b.apply(np.sum, (each,), {"axis": _every(rank)}) if rank else each


def _is_complex(o: Operand) -> bool:
    t = type_of(o)
    return not isinstance(t, Array) or t.dtype is None or t.dtype.kind == "c"


@_of(np.cross)
def _cross(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if kwargs or len(args) != 2:
        raise LoopedError
    return m.elementwise(s, args, {})


@_of(np.einsum)
def _einsum(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    formula, *operands = args
    if kwargs or not (isinstance(formula, Const) and isinstance(formula.value, str) and "->" in formula.value):
        raise LoopedError
    if "." in formula.value:
        raise LoopedError
    given, result = formula.value.replace(" ", "").split("->")
    letter = next(c for c in "nbkzyxwvutsrqpomljihgfedcaNBKZYXWVUTSRQPOMLJIHGFEDCA" if c not in formula.value)
    parts = [letter + part if m.is_many(o) else part for part, o in zip(given.split(","), operands, strict=True)]
    return m.b.apply(np.einsum, (Const(f"{','.join(parts)}->{letter}{result}"), *map(m.all_of, operands)))


@_of(np.linalg.solve)
def _solve(m: _Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    A, b = args
    if m.is_many(A) or m.rank(A) != 2:
        raise LoopedError
    if m.rank(b) > 1:
        return m.b.apply(np.linalg.solve, (A, m.all_of(b)))
    return _turned(m, m.b.apply(np.linalg.solve, (A, _turned(m, m.all_of(b)))))


def _given(args: Sequence[Operand], kwargs: Mapping[str, Operand], *names: str) -> tuple[Operand, dict[str, Operand]]:
    """The first argument of a call, and the others by their names."""
    if len(args) > 1 + len(names):
        raise LoopedError
    return args[0], {**dict(zip(names, args[1:], strict=False)), **kwargs}


def _shifted(axis: Operand) -> Operand:
    """An axis, or several, of one as those of many; those that are counted from the end are the same."""
    if isinstance(axis, (Tuple, List)):
        return Tuple(tuple(map(_shifted, axis.items)))
    if not isinstance(axis, Const) or type(axis.value) is not int:
        raise LoopedError
    return Const(axis.value + 1) if axis.value >= 0 else axis
