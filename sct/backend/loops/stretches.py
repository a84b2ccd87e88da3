"""Functions of which Python makes some calls: the stretches of statements between these, each of which is a kernel.

Takes the statements of a function, and those that are Python's; gives stretches, and statements, in an order in which they may
run. A loop is never Python's, and what is called is never a function that is loops itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from sct.analysis.effects import effect, statements
from sct.backend.loops.unlooped import Unlooped
from sct.ir.ops import POP, PUSH, TAPE, Call, Derived, InPlace, Steps, StepsBack, Store, package_of
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Closure, If, Statement, Value, blocks_in, reads_of

__all__ = ["Stretch", "arranged", "compiled_between", "is_for_python"]


@record(frozen=True, eq=False)
class Stretch:
    """Statements of which a kernel is made, and those of their results that are used behind them."""

    body: tuple[Statement, ...]
    results: tuple[Value, ...]

    @property
    def key(self) -> Any:
        """What two stretches have in common if they are one."""
        return self.body, self.results


Item: TypeAlias = "Stretch | Statement"


def is_for_python(s: Statement) -> bool:
    """Whether Python may run a statement between kernels: a call, branches of calls, or a function for one to call."""
    if isinstance(s, If):
        return all(is_for_python(t) and not isinstance(t, Closure) for b in s.blocks for t in b.body)
    if not isinstance(s, Apply):
        return isinstance(s, Closure)
    op = s.op.op if isinstance(s.op, InPlace) else s.op
    return s.op not in (TAPE, PUSH, POP) and not isinstance(op, (Call, Derived, Steps, StepsBack))


def may_run_again(body: Sequence[Statement]) -> bool:
    """Whether statements do nothing to the world, so that they may be run once more where Numba does not compile a kernel."""
    solved = {s.result for s in body if isinstance(s, Closure)}
    for s in statements(Block((), tuple(body), ())):
        is_solver = package_of(s.op) == "scipy" and not solved.isdisjoint(s.values)  # it acts as what it calls does
        if effect(s) not in ("none", "looks", "reads") and s.op is not warnings.warn and not is_solver:
            return False
    return True


def compiled_between(
    body: Sequence[Statement],
    yields: Sequence[Value],
    compiled: Callable[[Stretch], None],
) -> list[Item]:
    """The statements of a function as stretches for each of which `compiled` runs, and statements that are Python's.

    Raises
    ------
    Unlooped
        If there is something that no kernel can be made of, and Python may not run.
    """
    outside: set[Statement] = set()
    first = None
    while True:
        items = arranged(body, yields, outside)
        try:
            for item in items:
                if isinstance(item, Stretch):
                    compiled(item)
        except Unlooped as e:
            s = e.culprit
            if s is None or s in outside or not is_for_python(s) or not may_run_again(body):
                raise
            outside.add(s)
            first = first or e
            continue
        if first is not None and not any(isinstance(item, (Stretch, Closure)) for item in items):
            raise first
        return items


def arranged(body: Sequence[Statement], yields: Sequence[Value], outside: set[Statement]) -> list[Item]:
    """Statements in as few stretches as may be, in an order in which they may run."""
    items: list[list[Statement] | Statement] = []
    inner: list[Statement] = []
    for s in body:
        if s not in outside:
            inner.append(s)
            continue
        made = {r for t in inner for r in t.results}
        if inner and (reads_of(s) & made or not (_is_pure(s) and all(map(_is_pure, inner)))):
            items.append(inner)
            inner = []
            items.append(s)
        else:
            items.append(s)
    if inner:
        items.append(inner)
    found: list[Item] = []
    needed = set(yields)
    for item in reversed(items):
        if not isinstance(item, list):
            found.append(item)
            needed |= reads_of(item)
            continue
        results = tuple(r for s in item for r in s.results if r in needed)
        found.append(Stretch(tuple(item), results))
        for s in item:
            needed |= reads_of(s)
    return found[::-1]


def _is_pure(s: Statement) -> bool:
    """Whether a statement may run earlier or later, as far as its operands are there."""
    applied = [s] if isinstance(s, Apply) else [t for b in s.blocks for c in blocks_in(b) for t in c.body]
    return all(not isinstance(t, Apply) or (not isinstance(t.op, (InPlace, Store)) and effect(t) == "none") for t in applied)
