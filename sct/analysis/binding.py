"""Binding: which values a path may leave undefined.

Takes a block; gives the values that are undefined if some branch is taken, or some loop is not run. A program never uses
such a value on such a path, but the reverse sweep might keep it, or ask for its shape, and a φ may hand it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from sct.ir.manager import managed
from sct.ir.ops import is_operator
from sct.ir.ssa import Apply, Block, If, Operand, Value, blocks_in, leaves, type_of, values_of
from sct.ir.types import UNDEFINED, Array, Const, Undefined

__all__ = ["ahead", "behind", "perhaps_numbers", "phis", "refuse_unsure", "surely_read", "unbound_values", "unset_arrays"]


@managed
def phis(block: Block) -> Mapping[Value, tuple[Operand, ...]]:
    """What each φ in a block, and in the blocks in it, takes its value from."""
    out: dict[Value, tuple[Operand, ...]] = {}
    work = [block]
    while work:
        for s in work.pop().body:
            work += s.blocks
            out.update(s.flows)
    return out


def unbound_values(block: Block) -> set[Value]:
    """The values of a block, and of the blocks in it, that are undefined on some path."""
    sources = phis(block)
    return ahead((v for v, found in sources.items() if any(w is UNDEFINED for w in found)), sources)


def refuse_unsure(block: Block) -> None:
    """Raise what is known to be wrong where a value that a path leaves undefined is read."""
    sources = phis(block)
    read = [*block.yields, *(o for b in blocks_in(block) for s in b.body for o in s.reads)]
    needed = behind(values_of(*read), sources)
    for o in (*read, *(w for v, found in sources.items() if v in needed for w in found)):
        for leaf in leaves(o) if type(o) is not Value else ():
            if isinstance(leaf, Undefined) and leaf.why is not None:
                raise leaf.why


def surely_read(block: Block) -> set[Value]:
    """The φ's of branches in a function's block that are computed with, or returned, on each way on from there.

    A variable that one of them is set to might as well be read there: it is an error either way if that is not bound.
    """
    out: set[Value] = set()
    _surely_read_before(block, set(values_of(*block.yields)), out)
    return out


def _surely_read_before(block: Block, read: set[Value], found: set[Value]) -> set[Value]:
    """What is surely read after the beginning of a block, where `read` is after its end."""
    for s in reversed(block.body):
        if isinstance(s, Apply):
            if is_operator(s.op) or isinstance(s.op, np.ufunc):
                read = read.union(s.values)
        elif isinstance(s, If):
            found.update(read.intersection(s.results))
            taken = [values_of(*(phi.ends[k] for phi in s.phis if phi.result in read)) for k in range(2)]
            ways = [_surely_read_before(b, read.union(vs), found) for b, vs in zip(s.blocks, taken, strict=True)]
            read = ways[0] & ways[1]
        else:
            for b in s.blocks:
                _surely_read_before(b, read, found)
    return read


@managed
def unset_arrays(block: Block) -> set[Value]:
    """The arrays among the values of a block, and of the blocks in it, that are None, or undefined, on some path."""
    sources = phis(block)
    arrays = ((v, found) for v, found in sources.items() if isinstance(v.type, Array))
    return ahead((v for v, found in arrays if any(w is UNDEFINED or w == Const(None) for w in found)), sources)


def perhaps_numbers(block: Block) -> set[Value]:
    """The arrays of rank 0 among the values of a block, and of the blocks in it, that are numbers on some path."""
    sources = phis(block)
    arrays = ((v, found) for v, found in sources.items() if isinstance(v.type, Array) and v.type.shape == ())
    return ahead((v for v, found in arrays if any(map(_may_be_number, found))), sources)


def _may_be_number(o: Operand) -> bool:
    t = type_of(o)
    return not t.is_ndarray if isinstance(t, Array) else o is not UNDEFINED and o != Const(None)


def ahead(values: Iterable[Value], sources: Mapping[Value, tuple[Operand, ...]]) -> set[Value]:
    """Values, and those that take theirs from them."""
    out: set[Value] = set()
    work = list(values)
    readers: dict[Value, list[Value]] = {}
    for v, found in sources.items() if work else ():
        for w in values_of(*found):
            readers.setdefault(w, []).append(v)
    while work:
        v = work.pop()
        if v not in out:
            out.add(v)
            work += readers.get(v, [])
    return out


def behind(values: Iterable[Value], sources: Mapping[Value, tuple[Operand, ...]]) -> set[Value]:
    """Values, and those that the φ's among them take theirs from."""
    out: set[Value] = set()
    work = list(values)
    while work:
        v = work.pop()
        if v not in out:
            out.add(v)
            work += values_of(*sources.get(v, ()))
    return out
