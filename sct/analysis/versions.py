"""Versions: the values that one array holds as it is written into, and what takes each to the next.

Takes a function's forward sweep; gives for a version the statement of its block that overwrites it. A version is had back in
the reverse sweep by undoing that statement: a write by putting back the part that it overwrote, a branch or a loop by undoing
the writes in it. Griewank & Walther (2008), section 4.3, for undoing overwrites instead of keeping copies.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeGuard

from sct.ir.ssa import Apply, Block, For, Operand, Statement, Value, While
from sct.ir.types import Array
from sct.runtime import scatter_add, updated

__all__ = ["Versions", "is_write", "versions"]


def is_write(s: Statement) -> TypeGuard[Apply]:
    """Whether a statement is a write into a part of an array."""
    return isinstance(s, Apply) and (s.op is updated or s.op is scatter_add) and isinstance(s.args[0], Value)


@dataclass
class Versions:
    """`consumer[label, v]`: the statement of the block with that label that overwrites `v`; a version that two statements of
    a block overwrite has none. `chain`: all values that are versions of something written into.

    `before[r]`: for a result of a write, an `If` or a loop that is the next version of `v`: `v`. `slots[label]`: of a loop,
    by its body's label, the numbers of the arrays that it carries whose memory stays among them.
    """

    consumer: dict[tuple[int, Value], Statement] = field(default_factory=dict)
    before: dict[Value, Value] = field(default_factory=dict)
    slots: dict[int, tuple[int, ...]] = field(default_factory=dict)
    chain: set[Value] = field(default_factory=set)


def versions(block: Block) -> Versions:
    """The versions in a block and the blocks in it."""
    found = Versions()
    _block(found, block, {})
    return found


def _block(found: Versions, block: Block, nested: dict[Value, int], depth: int = 0) -> None:
    """`nested` gets, for each version that comes after another one, how deep the block that makes it is nested."""
    steps: list[tuple[Value, Statement, tuple[Value, ...]]] = []
    for s in block.body:
        for b in s.blocks:
            _block(found, b, nested, depth + 1)
        if is_write(s):
            assert isinstance(s.args[0], Value)
            found.before[s.result] = s.args[0]
            steps.append((s.args[0], s, (s.result,)))
        elif s.phis and not s.repeats:
            for r, _, _, ends in s.phis:
                v, *others = (_first(found, o, nested, depth) for o in ends)
                if v is not None and all(w is v for w in others) and not all(y is v for y in ends):
                    found.before[r] = v
                    steps.append((v, s, (r,)))
        elif isinstance(s, (For, While)):
            came = _slots(found, s, nested, depth)
            if came:
                found.slots[s.body.label] = tuple(came)
                for k, j in came.items():
                    init = s.inits[k]
                    assert isinstance(init, Value)
                    steps.append((init, s, tuple(s.results[i] for i in came)))
                    if j == k:  # not swapped
                        found.before[s.results[k]] = init
        nested.update((r, depth) for r in s.results if r in found.before)
    times = Counter(v for v, _, _ in steps)
    for v, s, after in steps:
        if times[v] == 1:
            found.consumer[block.label, v] = s
        found.chain.update((v, *after))


def _first(found: Versions, o: Operand, nested: dict[Value, int], depth: int) -> Value | None:
    """The version that a block in one of this depth started from, of one that it ends with."""
    while isinstance(o, Value) and nested.get(o, 0) > depth:
        o = found.before[o]
    return o if isinstance(o, Value) and isinstance(o.type, Array) else None


def _slots(found: Versions, s: For | While, nested: dict[Value, int], depth: int) -> dict[int, int]:
    """The arrays that a loop carries and writes into, and perhaps swaps, by number: which of them each one ends as."""
    phis = s.phis
    params = [phi.params[0] for phi in phis]
    numbers = {p: k for k, p in enumerate(params)}
    came: dict[int, int] = {}
    written: set[int] = set()
    for k, (_, _, begins, (y,)) in enumerate(phis):
        first = _first(found, y, nested, depth)
        if first in numbers and isinstance(begins[0], Value):
            came[k] = numbers[first]
            if y is not first:
                written.add(k)
    while True:
        left = set(came.values())
        kept = {k: j for k, j in came.items() if j in came and k in left}
        if kept == came:
            break
        came = kept
    if len(set(came.values())) != len(came) or len({s.inits[k] for k in came}) != len(came):
        return {}
    group: set[int] = set()
    for k in written & came.keys():
        while k not in group:
            group.add(k)
            k = came[k]
    found.chain.update(params[k] for k in group)
    found.chain.update(y for k in group if isinstance(y := s.body.yields[k], Value))
    return {k: came[k] for k in sorted(group)}
