"""Results of a derivative are new arrays: no adjoint shares memory with an argument, the primal's result or another adjoint.

Takes a finished derivative; gives it with copies of the adjoints that would otherwise share memory.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sct.analysis.repeating import may_change
from sct.analysis.storage import Storage, storage
from sct.ir.ssa import Apply, Block, Closure, Function, Operand, Statement, Value, is_derived, leaves, map_leaves
from sct.ir.types import Array, Dict, List, ListOf, Scalar, Tuple, Unknown
from sct.runtime import kept

__all__ = ["own_results"]


def own_results(f: Function, item: int | None) -> Function:
    """`f` with adjoints that own their memory.

    Parameters
    ----------
    f : Function
        A derivative.
    item : int or None
        The item of its result that holds the adjoints; None if the result is nothing else. Where the function has a
        closure, that closure's result holds them.
    """
    memory = storage(f.block)
    if any(isinstance(s, Closure) for s in f.block.body):  # statements that it does not need may stand behind it
        held = memory.held()
        body: list[Statement] = [
            replace(s, block=_owning(s.block, memory, None, held)) if isinstance(s, Closure) else s for s in f.block.body
        ]
        result = map_leaves(lambda v: _apart(v, memory, held, body), f.block.yields[0])
        return replace(f, block=f.block.with_(body, [result]))
    block = _owning(f.block, memory, item, 0)
    return f if len(block.body) == len(f.block.body) else replace(f, block=block)


def _apart(leaf: Operand, memory: Storage, held: int, body: list[Statement]) -> Operand:
    """What a result is given as, where a closure goes on reading it: the caller may write into it."""
    if not isinstance(leaf, Value) or not may_change(leaf, List, Dict, Tuple) or not memory.of(leaf) & held:
        return leaf
    copy = Value(leaf.type, leaf.name)
    t = leaf.type
    body.append(Apply(np.array if isinstance(t, Array) and t.is_ndarray else kept, (leaf,), (), copy))
    return copy


def _owning(block: Block, memory: Storage, item: int | None, held: int) -> Block:
    """The block with results that are apart from each other, from what is not the function's own and from `held`."""
    result = block.yields[0]
    seen = held
    numbers: set[Value] = set()
    others: Operand | None = None
    gradient = result
    if item is not None:
        assert isinstance(result, Tuple)
        gradient, others = result.items[item], result.items[1 - item]
        for v in leaves(others):
            if isinstance(v, Value):
                seen |= memory.of(v)
    body: list[Statement] = list(block.body)
    origin = next((s.origin for s in reversed(body) if is_derived(s)), None)

    def owned(leaf: Operand) -> Operand:
        nonlocal seen
        if not isinstance(leaf, Value) or not isinstance(leaf.type, (Array, Scalar, ListOf, Unknown)):
            return leaf
        if isinstance(leaf.type, Scalar) or getattr(leaf.type, "shape", None) == ():
            if memory.owned(leaf) and leaf not in numbers and getattr(leaf.type, "boxed", False) is False:
                numbers.add(leaf)
                return leaf
            number = Value(leaf.type, leaf.name)  # an argument, and so perhaps an array of rank 0
            body.append(Apply(np.positive, (leaf,), (), number, None, origin))
            return number
        roots = memory.of(leaf)
        if memory.owned(leaf) and not roots & seen:
            seen |= roots
            return leaf
        copy = Value(leaf.type, leaf.name)
        tangent = isinstance(leaf.type, Unknown) and origin is not None and origin.tangent
        copying = kept if tangent or isinstance(leaf.type, ListOf) else np.array
        body.append(Apply(copying, (leaf,), (), copy, None, origin))  # a tangent may be a tuple, an adjoint is none
        return copy

    gradient = map_leaves(owned, gradient)
    if item is None:
        return block.with_(body, [gradient])
    assert others is not None
    return block.with_(body, [Tuple((gradient, others) if item == 0 else (others, gradient))])
