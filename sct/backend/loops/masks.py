"""What flags pick, left where it is.

Takes a function; gives it without arrays of entries that flags pick, one behind another, where all that is done with these is
element-wise until they are put back where they come from: `a[m] = f(a[m])` is then one nest, which asks each flag once. What
stands at entries that are not picked is computed as well, or is what it was, and nobody reads it.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from sct.backend.loops.elementwise import sign_of
from sct.backend.loops.indexing import Part
from sct.backend.loops.lazy import Lazy
from sct.backend.loops.lowering import Lowering, lowers
from sct.backend.loops.writing import store, written_into
from sct.ir.ops import POP, PUSH, InPlace, Store
from sct.ir.rewriting import map_blocks, renamed
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Block, Operand, Statement, Value, blocks_in, reading, type_of
from sct.ir.types import Array, Const, Scalar, Size, SizeLike, Tuple
from sct.registry.facts import facts_of, memory
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of
from sct.runtime import scatter_add, unbroadcast, updated

__all__ = ["in_their_places"]

_Shape = tuple[SizeLike, ...]


def in_their_places(block: Block) -> Block:
    """A block in which entries that flags pick stay where they are, wherever that can be."""
    found = _Picks(block)
    if not found.shapes and not found.filled:
        return block
    spread = {v: Value(Array(v.type.dtype, found.shapes[n]), v.name, v.hint) for v, n in found.sizes.items()}  # type: ignore[union-attr]
    return renamed(_rewritten(block, found), spread)


def _picking(x: Any, flags: Any) -> Any:
    """Stands for `x[flags]`, of which each entry is where it is in `x`."""


def _setting(x: Any, flags: Any, part: Any) -> Any:
    """Stands for `x[flags] = part`, where `part` is a number, or has its entries where `x` has them."""


def _adding(x: Any, flags: Any, part: Any) -> Any:
    """Stands for `x[flags] += part`, likewise."""


memory("fresh", _picking, _setting, _adding)


class _Picks:
    """Which values can stay in their places.

    `sizes`: of each of them, the number of entries that are picked, which says by which flags; `shapes`: of each such number,
    the shape of these flags. `filled`: the statements that put a number wherever a flag is.
    """

    def __init__(self, block: Block) -> None:
        statements = [s for b in blocks_in(block) for s in b.body if isinstance(s, Apply)]
        self.flags: dict[Value, SizeLike] = {}  # the number of entries that they pick
        self.alike: dict[SizeLike, SizeLike] = {}  # what is the same number as another
        for s in statements:
            if _picks(s):
                n = _length(s.result)
                self.alike[n] = self.flags.setdefault(_flags(s), self.alike.get(n, n))  # type: ignore[index, arg-type]
        self.filled = {s for s in statements if _puts(s) and _is_number(s.args[2])}
        self.sizes: dict[Value, SizeLike] = {}
        self.shapes: dict[SizeLike, _Shape] = {}
        if self.flags:
            self.find(block, statements)

    def number(self, n: SizeLike | None) -> SizeLike | None:
        """The number of entries that flags pick that a size is; None of any other."""
        if not isinstance(n, Size) or n.const or len(n.terms) != 1 or n.terms[0][1] != 1:
            return None
        atom = n.terms[0][0]
        if isinstance(atom, tuple) and atom[0] == "broadcast":
            found = {self.number(part) for part in atom[1:]}
            return found.pop() if len(found) == 1 else None
        return self.alike.get(n)

    def find(self, block: Block, statements: list[Apply]) -> None:
        """Find the values that come from picks alone, and go where these come from alone."""
        picked = {v: n for b in blocks_in(block) for v in _made(b) if (n := self.number(_length(v))) is not None}
        pushed: dict[Operand, list[Operand]] = {}
        for s in statements:
            if s.op is PUSH:
                pushed.setdefault(s.args[0], []).append(s.args[1])
        left = Counter(v for v in reading(block) if v in picked)  # how often they are read where they cannot stay
        made: set[Value] = set()
        together: list[list[Value]] = []  # what can stay if all of it can
        for s in statements:
            arrays: list[Operand] = []
            if s.op is PUSH and s.args[1] in left:
                left[s.args[1]] -= 1  # type: ignore[index]
            elif _puts(s) and isinstance(s.args[2], Value) and self.flags.get(_flags(s), ()) == picked.get(s.args[2]):
                left[s.args[2]] -= 1
            if s.result not in picked:
                continue
            if s.op is POP:
                arrays = pushed.get(s.args[0], [])
            elif _keeps_places(s):
                arrays = [a for a in s.args if not _is_number(a) and a != _WHOLE]
            elif not _picks(s):
                continue
            if all(isinstance(a, Value) and picked.get(a) == picked[s.result] for a in arrays):
                made.add(s.result)
                together.append([s.result, *arrays])  # type: ignore[list-item]
                if s.op is not POP:
                    left.subtract(arrays)  # type: ignore[arg-type]
        sizes = {v: n for v, n in picked.items() if v in made and not left[v]}
        while lost := [v for vs in together if not all(v in sizes for v in vs) for v in vs if v in sizes]:
            for v in lost:
                sizes.pop(v, None)
        self.sizes = sizes
        self.shapes = {n: as_array(type_of(m)).shape for m, n in self.flags.items()}  # type: ignore[misc]


def _made(b: Block) -> Iterator[Value]:
    yield from b.params
    for s in b.body:
        yield from s.results


def _length(v: Value) -> SizeLike | None:
    """The size of a vector."""
    return v.type.shape[0] if isinstance(v.type, Array) and v.type.shape is not None and len(v.type.shape) == 1 else None


def _index(s: Apply) -> Operand | None:
    """The index of a part, if it is one of one entry."""
    path = s.args[1]
    if _operation(s) in (updated, scatter_add):
        assert isinstance(path, Tuple)
        if len(path.items) != 1:
            return None
        path = path.items[0]
    return path.items[0] if isinstance(path, Tuple) and len(path.items) == 1 else path


def _flags(s: Apply) -> Value:
    """The flags by which a statement picks, or puts."""
    index = _index(s)
    assert isinstance(index, Value)
    return index


def _by_flags(s: Apply) -> bool:
    """Whether flags pick single entries of an array."""
    index, whole = _index(s), as_array(type_of(s.args[0]))
    if not isinstance(index, Value) or not isinstance(index.type, Array) or index.type.dtype != np.dtype(bool):
        return False
    return bool(index.type.shape) and whole.shape is not None and len(whole.shape) == len(index.type.shape)  # type: ignore[arg-type]


def _picks(s: Apply) -> bool:
    return _operation(s) is operator.getitem and _length(s.result) is not None and _by_flags(s)


def _puts(s: Apply) -> bool:
    return _operation(s) in (updated, scatter_add) and isinstance(s.args[0], Value) and _by_flags(s)


_WHOLE = Tuple((Const(Ellipsis),))


def _keeps_places(s: Apply) -> bool:
    """Whether each entry of a result is made of the entries in the same place."""
    f = primitive_of(_operation(s))
    if s.kwargs:
        return False
    if f is updated:
        return s.args[1] == _WHOLE
    alike = f in (np.array, np.copy, unbroadcast) or (kind_of(f) == "construction" and facts_of(f).form_of == 0)
    return alike or kind_of(f) == "elementwise" or sign_of(f) is not None


def _is_number(o: Operand) -> bool:
    t = type_of(o)
    return isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == ()) or isinstance(getattr(t, "value", None), _NUMBERS)


_NUMBERS = (bool, int, float, complex, np.number)


def _operation(s: Apply) -> Any:
    return s.op.op if isinstance(s.op, (InPlace, Store)) else s.op


def _rewritten(block: Block, found: _Picks) -> Block:
    """The block with other statements in place of those that pick and put."""

    def statement(s: Statement) -> Statement:
        if not isinstance(s, Apply):
            return map_blocks(lambda b: _rewritten(b, found), s)
        if s.result in found.sizes and _picks(s):
            return Apply(_picking, (s.args[0], _flags(s)), (), s.result, s.place, s.origin)
        if s in found.filled or (_puts(s) and s.args[2] in found.sizes):
            f = _setting if _operation(s) is updated else _adding
            op = type(s.op)(f) if isinstance(s.op, (InPlace, Store)) else f
            return Apply(op, (s.args[0], _flags(s), s.args[2]), (), s.result, s.place, s.origin)
        return s

    return block.with_(map(statement, block.body))


# -- as loops ------------------------------------------------------------------------------------------------------------------


@lowers(_picking)
def _picked(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Lazy:
    a = low.operand(args[0])
    flags = low.operand(args[1])
    _check(low, flags, a)
    return Lazy(a.shape, a.dtype, a.at, a.arrays)


@lowers(_setting, _adding)
def _put(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Lazy | None:
    base = written_into(low, s, args[0])
    flags = low.read_often(args[1])
    _check(low, flags, base)
    t = as_array(type_of(args[0]))
    part = Part(base.shape, tuple(map(low.settled, t.shape)), list, flags.arrays, where=flags)  # type: ignore[arg-type]
    store(low, base, part, low.operand(args[2]), "" if _operation(s) is _setting else "+")
    return None if isinstance(s.op, Store) else base


def _check(low: Lowering, flags: Lazy, a: Lazy) -> None:
    for n, m in zip(flags.shape, a.shape, strict=True):
        low.same(n, m, "boolean index did not match indexed array", "IndexError")
