"""Buffers: what stands in the way of storing in place is cleared away where that is cheap.

A write goes below the last read of a view of what it writes into, and what an adjoint is multiplied by, below the last read of
that; a view that is still read after that is copied, instead
of all of the array; and a loop that writes into an array that is not the function's own starts from a copy, instead of
making one in each iteration.

>>> import numpy as np
>>> from sct.testing import derivative_of
>>> print(derivative_of('''
... def f(u, n):
...     for i in range(n):
...         u[1:-1] = u[:-2] * 0.5
...     return np.sum(u)
... ''', np.ones(5), 3))
import numpy as np
<BLANKLINE>
<BLANKLINE>
def f_grad(u, n):
    # reverse
    # for i in range(n):
    u_bar = np.full(u.shape, 1.0)
    for _ in range(n):
        # u[1:-1] = u[:-2] * 0.5
        u_part_bar = 0.5 * u_bar[1:-1]
        u_bar[1:-1] = 0.0
        u_bar[:-2] += u_part_bar
    return u_bar
"""

from __future__ import annotations

import operator
from dataclasses import replace
from functools import cached_property, partial

import numpy as np

from sct.analysis.binding import behind, phis, unset_arrays
from sct.analysis.effects import statements
from sct.analysis.storage import fresh, storage
from sct.analysis.versions import is_write
from sct.ir.rewriting import changed, map_blocks, substitute
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    Function,
    If,
    Operand,
    Statement,
    Value,
    While,
    captured,
    is_derived,
    reads_of,
    values_of,
)
from sct.ir.types import Array
from sct.optimize.products import multiplies

__all__ = ["buffers"]


def buffers(f: Function) -> Function:
    """`f` with the way cleared for storing in place."""
    if not any(is_write(s) or _multiplied(s) for s in statements(f.block)):
        return f
    f = changed(f, block=_apart(f.block))
    live = set(values_of(*f.block.yields)).union(*(captured(s.block) for s in f.block.body if isinstance(s, Closure)))
    entries = _Entries(f)
    for depth in range(_depth(f.block)):  # what an outer loop starts from decides what the loops in it start from
        entries.depth = depth
        made = entries.with_copies(f, live)
        f, entries = (f, entries) if made is f else (made, _Entries(made))
    return f


def _depth(block: Block) -> int:
    """How deep loops are nested in a block."""
    return max(
        ((isinstance(s, (For, While)) + max(map(_depth, s.blocks))) for s in block.body if not isinstance(s, Apply)),
        default=0,
    )


# -- writes and views ----------------------------------------------------------------------------------------------------------


def _apart(block: Block) -> Block:
    """A block whose writes come after the reads of views of what they write into, or find copies there."""
    body = _multiplied_last([map_blocks(_apart, s) for s in block.body], set(values_of(*block.yields)))
    within: dict[Operand, list[Value]] = {}  # the views of something
    near: set[Operand] = {s.args[0] for s in body if is_write(s)}  # what is written into, and what may be a view of it
    for s in body if near else ():
        if isinstance(s, Apply) and s.args and (s.result in near or s.args[0] in near):
            near.add(s.result)
            x = s.args[0]
            if isinstance(x, Value) and _is_view(s, x):
                within.setdefault(x, []).append(s.result)
    if not within:
        return block.with_(body)
    k = 0
    copied: set[Value] = set()
    moved: set[Value] = set()  # a write that has gone down once stays: two may each read what the other writes into
    used = [reads_of(s) for s in body]
    end = set(values_of(*block.yields))
    while k < len(body):
        s = body[k]
        if is_write(s):
            views = _views(s.args[0], within) - copied
            reads = [n for n in range(k + 1, len(body)) if not views.isdisjoint(used[n])]
            late = end.union(*(used[n] for n in reads if isinstance(body[n], Closure)))  # which reads whenever it is called
            first = next((n for n in range(k + 1, len(body)) if s.result in used[n]), len(body))
            copied |= views & late.union(*(used[n] for n in reads if n >= first))
            early = [n for n in reads if n < first]
            if s.result in moved:
                copied |= views.intersection(*[set().union(*(used[n] for n in early))])
            elif early:
                moved.add(s.result)
                body.insert(early[-1], body.pop(k))
                used.insert(early[-1], used.pop(k))
                continue
        k += 1
    out: list[Statement] = []
    for s in body:
        if isinstance(s, Apply) and s.result in copied:
            view = Value(s.result.type)
            out.append(replace(s, result=view))
            out.append(Apply(np.array, (view,), (), s.result, s.place, s.origin))
        else:
            out.append(s)
    return block.with_(out)


def _multiplied_last(body: list[Statement], end: set[Value]) -> list[Statement]:
    """Statements in which an adjoint is multiplied or divided after what else reads it, so that it may be where it is.

    None moves past a branch or a loop, nor past a write into what it reads.
    """
    products = [(s, target) for s in body if isinstance(s, Apply) and (target := _multiplied(s)) and target not in end]
    if not products:
        return body
    at = {t: k for k, t in enumerate(body)}
    readers: dict[Value, list[Statement]] = {}
    for t in body:
        for v in reads_of(t):
            readers.setdefault(v, []).append(t)
    for s, target in reversed(products):
        k = at[s]
        others = [t for t in readers[target] if at[t] > k]
        if not others or any(_multiplied(t) is target for t in others):
            continue
        first = min((at[t] for t in readers.get(s.result, ())), default=len(body))
        last = max(at[_folded_into(t, readers, end)] for t in others)
        passed = body[k + 1 : last + 1] if last < first else []
        if passed and not any(t.blocks or (is_write(t) and t.args[0] in s.values) for t in passed):
            body[k : last + 1] = [*passed, s]
            at.update((t, n) for n, t in enumerate(body[k : last + 1], k))
    return body


def _folded_into(s: Statement, readers: dict[Value, list[Statement]], end: set[Value]) -> Statement:
    """The statement that another one is going to be a part of: the only one that reads its result, if that has no name."""
    while isinstance(s, Apply) and not s.result.name and s.result not in end and len(readers.get(s.result, ())) == 1:
        (s,) = readers[s.result]
    return s


def _multiplied(s: Statement) -> Value | None:
    """The adjoint that a statement multiplies or divides, if the result is the next one of that name, and an array."""
    if not isinstance(s, Apply) or not multiplies(s.op) or not s.result.name or not is_derived(s):
        return None
    if not isinstance(s.result.type, Array) or not s.result.type.shape:
        return None
    factors = s.args if s.op is operator.mul else s.args[:1]
    return next((v for v in factors if isinstance(v, Value) and v.name == s.result.name), None)


def _views(x: Operand, within: dict[Operand, list[Value]]) -> set[Value]:
    """The views of something, and the views of these, and so on."""
    found: set[Value] = set()
    work = [x]
    while work:
        views = within.get(work.pop(), ())
        found.update(views)
        work += views
    return found


def _is_view(s: Apply, x: Value) -> bool:
    """Whether a statement's result is, or may be, a view of its first operand."""
    return isinstance(x.type, Array) and isinstance(s.result.type, Array) and not fresh(s)


# -- what loops start from -----------------------------------------------------------------------------------------------------


class _Entries:
    """A walk backwards; gives loops copies to start from."""

    def __init__(self, f: Function) -> None:
        self.whole = f.block
        self.depth = 0  # of the loops that are looked at
        self.at = 0
        self.given: set[Value] = set()  # the results of loops that start from a copy
        self.copied: dict[Value, tuple[Value, list[Operand], set[Value]]] = {}  # a copy -> what it is of, and why

    @cached_property
    def unbound(self) -> set[Value]:
        """The arrays that are None where a path leaves them unbound."""
        return unset_arrays(self.whole)

    def with_copies(self, f: Function, live: set[Value]) -> Function:
        """`f` with its loops starting from copies, but of two loops in a row, only the first."""
        made = changed(f, block=self.block(f.block, live))
        again = [copy for copy, (init, _, _) in self.copied.items() if init in self.given]
        if not again:
            return made
        after = _Entries(made)
        needless = {copy: self.copied[copy][0] for copy in again if not after.taken(*self.copied[copy])}
        return changed(made, block=substitute(_without(made.block, set(needless)), needless))

    def block(self, block: Block, live: set[Value]) -> Block:
        """The block; `live` is what is needed after it."""
        live = live.union(values_of(*block.yields))
        out: list[Statement] = []
        for s in reversed(block.body):
            copies: list[Statement] = []
            if isinstance(s, (For, While)):
                around = set().union(*map(captured, s.blocks))
                if self.at == self.depth:
                    s, copies = self.loop(s, (live | around).difference(s.results))
                else:
                    self.at += 1
                    s = map_blocks(lambda b, needed=live | around: self.block(b, needed), s)  # type: ignore[misc]
                    self.at -= 1
                live |= around
            elif not isinstance(s, Apply):
                needed = live.difference(s.results)
                if isinstance(s, If) and s.handles is not None:  # a block that is tried may end anywhere
                    needed |= captured(s.orelse)
                s = map_blocks(partial(self.block, live=needed), s)
                live.update(*map(captured, s.blocks))
            live.difference_update(s.results)
            live.update(s.values)
            out += [s, *copies]
        return block.with_(reversed(out))

    def loop(self, s: For | While, needed: set[Value]) -> tuple[For | While, list[Statement]]:
        """A loop that starts from copies where it writes into what is needed in it or after it; and these copies."""
        written = _written_in(s)
        inits: list[Operand] = []
        copies: list[Statement] = []
        for k, phi in enumerate(s.phis):
            p, init = phi.params[0], s.inits[k]
            others = [i for j, i in enumerate(s.inits) if j != k]
            if p in written and isinstance(init, Value) and isinstance(init.type, Array) and self.taken(init, others, needed):
                copy = Value(init.type, p.name or init.name)
                op = np.copy if init in self.unbound else np.array
                copies.append(Apply(op, (init,), (), copy, s.place, s.origin))
                self.given.add(phi.result)
                self.copied[copy] = init, others, needed
                init = copy
            inits.append(init)
        return changed(s, inits=tuple(inits)), copies

    def taken(self, init: Value, others: list[Operand], needed: set[Value]) -> bool:
        """Whether the memory that a loop starts from must stay as it is."""
        memory = storage(self.whole)
        live = memory.bits.of(needed.union(values_of(*others)))
        return not memory.owned(init, live) or memory.shares_with_any(init, live)


def _without(block: Block, made: set[Value]) -> Block:
    """The block without the statements that make some values."""
    body = [map_blocks(lambda b: _without(b, made), s) for s in block.body]
    return block.with_(s for s in body if not (isinstance(s, Apply) and s.result in made))


def _written_in(loop: For | While) -> set[Value]:
    """The parameters of a loop's body whose memory the body writes into, in that iteration or a later one."""
    sources = dict(phis(loop.body))
    targets: list[Value] = []
    for s in statements(loop.body):
        if is_write(s) and isinstance(s.args[0], Value):
            sources[s.result] = s.args[:1]
            targets.append(s.args[0])
    sources.update((phi.params[0], phi.ends) for phi in loop.phis)  # as far as a memory can be handed on
    return behind(targets, sources) & set(loop.body.params)
