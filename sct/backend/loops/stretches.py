"""Functions of which Python makes some calls: the stretches of statements between these, each of which is a kernel.

Takes the statements of a function, and those that are Python's; gives stretches, and statements, in an order in which they may
run. A loop is Python's only where a solver is called in it, and what is called is never a function that is loops itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeAlias

from sct.analysis.effects import effect, statements
from sct.backend.loops.unlooped import Unlooped
from sct.ir.ops import CALL, TAPE, Call, Derived, InPlace, Steps, StepsBack, Store, is_effect, package_of
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Closure, For, If, Statement, Value, While, blocks_in, reads_of, values_of
from sct.ir.types import Unknown

__all__ = ["Around", "Item", "Stretch", "arranged", "compiled_between", "is_for_python"]


@record(frozen=True, eq=False)
class Stretch:
    """Statements of which a kernel is made, and those of their results that are used behind them."""

    body: tuple[Statement, ...]
    results: tuple[Value, ...]

    @property
    def key(self) -> Any:
        """What two stretches have in common if they are one."""
        return self.body, self.results


@record(frozen=True, eq=False)
class Around:
    """A loop, or branches, that Python runs, as it was, with what there is of the statements in each of its blocks."""

    statement: If | For | While
    blocks: tuple[tuple[Any, ...], ...]


Item: TypeAlias = "Stretch | Around | Statement"


def is_for_python(s: Statement, given: Collection[Value] = ()) -> bool:
    """Whether Python may run a statement between kernels: a call, branches of calls, or a function for one to call.

    A loop, or branches in which there is one, only if a solver is called in it, or if it reads what is `given` by Python and no
    array or number, as what a solver gives is, and a tape on which a loop records that calls one.
    """
    if isinstance(s, (If, For, While)):
        simple = isinstance(s, If) and all(is_for_python(t) and not t.repeats for b in s.blocks for t in b.body)
        if isinstance(s, While) and not all(is_for_python(t) and not t.repeats for t in s.test.body):
            return False
        return simple or _calls_solver(s) or not reads_of(s).isdisjoint(given)
    if not isinstance(s, Apply):
        return isinstance(s, Closure)
    op = s.op.op if isinstance(s.op, InPlace) else s.op
    of_loops = (getattr(op, "__module__", None) or "").startswith("sct.backend.")  # it stands for what loops do
    return not of_loops and not isinstance(op, (Call, Derived, Steps, StepsBack))


def _calls_solver(s: If | For | While) -> bool:
    """Whether there is a call of a solver in a statement, or of what one has given."""
    return any(isinstance(t, Closure) or (isinstance(t, Apply) and _is_solver(t.op)) for b in s.blocks for t in every(b))


def _is_solver(op: Any) -> bool:
    """Whether an operation is a function of SciPy's, or of what one has given, of which no loops can be made."""
    return op is CALL or package_of(op) == "scipy" or (getattr(op, "__module__", None) or "").startswith("sct.rules.scipy.")


def every(block: Block) -> Iterator[Statement]:
    """The statements of a block, and of the blocks in it."""
    return (s for b in blocks_in(block) for s in b.body)


def may_run_again(body: Sequence[Statement]) -> bool:
    """Whether statements do nothing to the world, so that they may be run once more where Numba does not compile a kernel."""
    block = Block((), tuple(body), ())
    solved = {s.result for s in every(block) if isinstance(s, Closure)}
    for s in statements(block):
        is_solver = s.op is CALL or (package_of(s.op) == "scipy" and not solved.isdisjoint(s.values))  # as what it calls
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
        stretches = list(_stretches(items))
        try:
            for stretch in stretches:
                compiled(stretch)
        except Unlooped as e:
            s = e.culprit
            given = _given(outside)
            if s is None or s in outside or not is_for_python(s, given) or not may_run_again(body):
                raise first or e from None
            outside.add(s)
            first = first or e
            continue
        if first is not None and not stretches and not any(isinstance(item, Closure) for item in items):
            raise first
        return items


def _given(outside: set[Statement]) -> list[Value]:
    """What Python gives that is no array or number; of tapes those on which a loop records that calls a solver."""
    loops = [t for t in outside if isinstance(t, (For, While)) and _calls_solver(t)]
    taped = {v for t in loops for v in reads_of(t)}
    made = [(t, r) for t in outside for r in t.results if isinstance(r.type, Unknown)]
    return [r for t, r in made if not (isinstance(t, Apply) and t.op is TAPE) or r in taped]


def _stretches(items: Sequence[Item]) -> Iterator[Stretch]:
    for item in items:
        if isinstance(item, Stretch):
            yield item
        elif isinstance(item, Around):
            for inner in item.blocks:
                yield from _stretches(inner)


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
            needed |= reads_of(item)
            found.append(_in_python(item, outside))
            continue
        results = tuple(r for s in item for r in s.results if r in needed)
        found.append(Stretch(tuple(item), results))
        for s in item:
            needed |= reads_of(s)
    return found[::-1]


def _in_python(s: Statement, outside: set[Statement]) -> Item:
    """A statement that Python runs; the statements in a loop, or where branches have loops in them, are stretches too."""
    if not isinstance(s, (If, For, While)) or not (s.repeats or any(t.repeats for b in s.blocks for t in every(b))):
        return s
    tested = s.test if isinstance(s, While) else None
    inside = [b.body if b is tested else arranged(b.body, values_of(*b.yields), outside) for b in s.blocks]
    return Around(s, tuple(map(tuple, inside)))


def _is_pure(s: Statement) -> bool:
    """Whether a statement may run earlier or later, as far as its operands are there."""
    applied = [s] if isinstance(s, Apply) else [t for b in s.blocks for c in blocks_in(b) for t in c.body]
    return all(
        not isinstance(t, Apply) or not (isinstance(t.op, (InPlace, Store)) or is_effect(t.op) or effect(t) != "none")
        for t in applied
    )
