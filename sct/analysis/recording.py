"""To be recorded: what the reverse sweep of a block uses, and of that what is kept and what is computed again.

Takes the values of one block of the forward sweep that its reverse uses; gives a plan. A cheap value (element-wise
arithmetic, a comparison, a view) is computed again if that needs nothing to be kept that would not be kept anyway; a value
that the next iteration starts from is not kept twice. Griewank & Walther (2008), sections 4.1 and 5.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from sct.analysis.switches import is_on
from sct.infer.facts import for_call
from sct.ir.ops import Attribute, Field
from sct.ir.records import record
from sct.ir.ssa import Apply, Operand, Statement, Value, type_of, values_of
from sct.ir.types import Array, Const, List, ListOf, Scalar, Tuple, Unknown
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of

__all__ = ["Plan", "cheap", "is_number", "plan"]


def is_number(o: Operand) -> bool:
    """Whether an operand is a number, which nothing can be stored over."""
    t = type_of(o)
    return isinstance(t, (Scalar, Const)) or (isinstance(t, Array) and t.shape == () and t.boxed is False)


def cheap(s: Statement, steady: AbstractSet[Value] = frozenset()) -> bool:
    """Whether computing a statement's result again costs no more than keeping it; `steady`: the lists that never change."""
    if not isinstance(s, Apply):
        return False
    if any(isinstance(v.type, ListOf) and v not in steady for v in s.values):
        return False
    if isinstance(s.op, (Attribute, Field)):
        return True
    if s.op is operator.getitem and _part_of_result(s):
        return False
    if s.op is operator.getitem and any(not _basic(o) for o in s.operands[1:]):
        return False
    return bool(for_call(facts_of(s.op).cheap, s.op, s.args, s.kwargs)) or kind_of(primitive_of(s.op)) == "view"


def _part_of_result(s: Apply) -> bool:
    """Whether an item is taken from a result with several parts, other than a shape."""
    t = type_of(s.args[0])
    return isinstance(t, (Tuple, List)) and not all(isinstance(i, (Scalar, Const)) for i in t.items)


def _basic(index: Operand) -> bool:
    """Whether an index has no arrays in it: what it picks is a view."""
    return not any(isinstance(v.type, Unknown) or (isinstance(v.type, Array) and v.type.shape != ()) for v in values_of(index))


@record(frozen=True)
class Plan:
    """`kept`: values on a tape; `again`: values computed again, each after what it needs."""

    kept: tuple[Value, ...]
    again: tuple[Value, ...]


def plan(
    needed: Iterable[Value],
    definition: Callable[[Value], Statement | None],
    free: Callable[[Value], bool],
    steady: AbstractSet[Value] = frozenset(),
) -> Plan:
    """What to keep of the needed values of a block, and what to compute again.

    Parameters
    ----------
    needed : iterable of Value
        Values of the block that its reverse uses.
    definition : callable
        The statement of this block that defines a value; None for the block's parameters and for what other statements
        with blocks give.
    free : callable
        Whether a value is at hand in the reverse block without being kept.
    steady : set of Value
        The lists that never change.
    """
    needed = list(needed)
    sources = _Sources(definition, free, steady)
    leaves = sources.of
    kept = dict.fromkeys(v for v in needed if leaves(v) == {v})
    rest = [v for v in needed if v not in kept and not free(v)]
    again: list[Value] = []
    for v in rest:
        missing = leaves(v) - kept.keys()
        shared = sum(1 for w in rest if missing and missing <= leaves(w)) > 1
        if not missing:
            again.append(v)
        elif len(missing) == 1 and shared:
            kept.update(dict.fromkeys(missing))
            again.append(v)
        else:
            kept[v] = None
            sources.known[v] = frozenset((v,))
    return Plan(tuple(kept), tuple(again))


class _Sources:
    """The values that must be kept for a value to be computed again."""

    def __init__(
        self, definition: Callable[[Value], Statement | None], free: Callable[[Value], bool], steady: AbstractSet[Value]
    ) -> None:
        self.definition = definition
        self.free = free
        self.steady = steady
        self.again_at_all = is_on("recomputation")
        self.known: dict[Value, frozenset[Value]] = {}

    def of(self, v: Value) -> frozenset[Value]:
        if v not in self.known:
            self.known[v] = frozenset() if self.free(v) else self.found(v)
        return self.known[v]

    def found(self, v: Value) -> frozenset[Value]:
        s = self.definition(v)
        if s is None or not (self.again_at_all and cheap(s, self.steady)):
            return frozenset((v,))
        return frozenset().union(*map(self.of, s.values))
