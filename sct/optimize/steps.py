"""Steps: a checkpointed loop carries, and is given, only what its results need.

Takes a typed function; gives it with smaller states, but for the loops whose reverse sweep is in it too. (What a loop that is
no function of its own carries in vain is dropped by `dead_code`.)

Nobody asks for `way` here, so no step computes it:

>>> from sct.testing import derivative_of
>>> print(derivative_of('''
... def f(x, n):
...     way = 0.0
...     for _ in checkpointed(range(n), slots=2):
...         x = 0.5 * np.sin(x)
...         way = way + x * x
...     return x
... ''', 1.0, 4))
import numpy as np
from sct import checkpointing
<BLANKLINE>
<BLANKLINE>
def f_step(_, x):
    x = 0.5 * np.sin(x)
    return (x,)
<BLANKLINE>
<BLANKLINE>
def f_step_vjp(_, x, y_bar):
    # forward
    y_bar_0 = np.float64(y_bar[0])
    # reverse
    # x = 0.5 * np.sin(x)
    x_bar = 0.5 * y_bar_0 * np.cos(x)
    return (x_bar,)
<BLANKLINE>
<BLANKLINE>
def f_grad(x, n):
    # forward
    _, checkpoints = checkpointing.advance(f_step, range(n), (x,), (), 2, 0)
    # reverse
    # for _ in checkpointed(range(n), slots=2):
    x_bar, = checkpointing.reverse(checkpoints, f_step_vjp, (1.0,), (0,), ())
    return x_bar
"""

from __future__ import annotations

import inspect
import operator
from dataclasses import replace

from sct.ir.ops import Steps
from sct.ir.rewriting import changed, map_blocks
from sct.ir.ssa import Apply, Block, Function, Statement, Value, read
from sct.ir.types import UNKNOWN, Const, Tuple
from sct.optimize.dead_code import dead_code

__all__ = ["steps"]


def steps(f: Function) -> Function:
    """`f` with checkpointed loops of the smallest states."""
    taken: dict[Value, set[int]] = {}
    _survey(f.block, taken)
    return changed(f, block=_pruned(f.block, taken)) if taken else f


def _survey(block: Block, taken: dict[Value, set[int]]) -> None:
    """The items that are taken of the results of checkpointed loops."""
    for s in block.body:
        if isinstance(s, Apply) and isinstance(s.op, Steps):
            taken.setdefault(s.result, set())
        elif isinstance(s, Apply) and s.op is operator.getitem and s.args[0] in taken:
            assert isinstance(s.args[0], Value) and isinstance(s.args[1], Const)
            taken[s.args[0]].add(s.args[1].value)
        for b in s.blocks:
            _survey(b, taken)


def _pruned(block: Block, taken: dict[Value, set[int]]) -> Block:
    body: list[Statement] = []
    numbers: dict[Value, tuple[Value, list[int]]] = {}
    for s in block.body:
        if isinstance(s, Apply) and isinstance(s.op, Steps) and len(s.args[1].items) not in taken[s.result]:  # type: ignore[union-attr]
            smaller, kept = _smaller(s, taken[s.result])
            numbers[s.result] = smaller.result, kept
            body.append(smaller)
            handle = Value(UNKNOWN, "checkpoints")  # which the derivative will want
            body.append(Apply(operator.getitem, (smaller.result, Const(len(kept) - 1)), (), handle, s.place, s.origin))
        elif isinstance(s, Apply) and s.op is operator.getitem and s.args[0] in numbers:
            assert isinstance(s.args[0], Value) and isinstance(s.args[1], Const)
            whole, kept = numbers[s.args[0]]
            body.append(replace(s, args=(whole, Const(kept.index(s.args[1].value)))))
        else:
            body.append(map_blocks(lambda b: _pruned(b, taken), s))
    return block.with_(body)


def _smaller(s: Apply, taken: set[int]) -> tuple[Apply, list[int]]:
    """A loop without the items of its state that neither its results nor what they need depend on; the items that it gives."""
    step: Function = s.op.step
    indices, state, constants, slots, disk = s.args
    outs = step.block.yields[0]
    assert isinstance(state, Tuple) and isinstance(constants, Tuple) and isinstance(outs, Tuple)
    params, n = step.block.params, len(state.items)
    keep = sorted(k for k in taken if k < n)
    while True:
        sliced = steps(dead_code(replace(step, block=step.block.with_(None, [Tuple(tuple(outs.items[k] for k in keep))]))))
        used = read(sliced.block)
        more = sorted({*keep, *(k for k in range(n) if params[1 + k] in used)})
        if more == keep:
            break
        keep = more
    given = [k for k in range(len(constants.items)) if params[1 + n + k] in used]
    own = (params[0], *(params[1 + k] for k in keep), *(params[1 + n + k] for k in given))
    signature = inspect.Signature([step.signature.parameters[p.name] for p in own])
    smaller = replace(sliced, signature=signature, block=Block(own, sliced.block.body, sliced.block.yields))
    args = (indices, Tuple(tuple(state.items[k] for k in keep)), Tuple(tuple(constants.items[k] for k in given)), slots, disk)
    t = s.result.type
    assert isinstance(t, Tuple)
    whole = Value(Tuple((*(t.items[k] for k in keep), t.items[n])))
    return Apply(Steps(smaller), args, s.kwargs, whole, s.place, s.origin), [*keep, n]
