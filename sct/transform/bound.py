"""Names that may be unbound, missed where they are read.

Python misses such a name where it comes to it. For many examples at once there is a value of each, bound or not, and in a loop
over examples the one before has left its own. Takes the code of one example; gives it with an UnboundLocalError where a name is
read that is not bound: in a branch that leaves it unbound, if it is surely read later on; after a loop that has no iteration;
or else by flags that go beside it. Where a name is bound on all ways, or for no example, nothing is added.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from sct.analysis.binding import ahead, behind, surely_read
from sct.ir.rewriting import handing_on, map_blocks
from sct.ir.ssa import Apply, Block, For, If, Operand, Phi, Statement, Value, blocks_in, defined, raises, type_of, values_of
from sct.ir.types import UNDEFINED, Const, Scalar, Undefined
from sct.registry.rules import kind_of
from sct.runtime import zeros_if_bound
from sct.transform.raised import raised_unless, raising

__all__ = ["as_bound"]

_FLAG = Scalar(bool)
_BOUND = Const(True)


def as_bound(block: Block, ends_apart: Callable[[Block], Callable[[For], bool]]) -> Block:
    """A function's block in which names that are not bound are missed.

    Parameters
    ----------
    block : Block
        The code of one example.
    ends_apart : callable
        Gives for such a block what tells of a loop in it whether it has another number of iterations for another example.
    """
    return _Flags(_in_branches(block), ends_apart).run()


def _message(name: str) -> str:
    return f"cannot access local variable '{name}' where it is not associated with a value"


def _in_branches(block: Block) -> Block:
    """A block in which a name that a branch leaves unbound is missed there, if it is surely read later on."""
    read = surely_read(block)

    def checked(s: Statement) -> Statement:
        s = map_blocks(within, s)
        if not isinstance(s, If):
            return s
        blocks = []
        for way, b in enumerate(s.blocks):
            unbound = [p.result for p in s.phis if p.result in read and isinstance(p.ends[way], Undefined) and p.result.name]
            missed = raising(UnboundLocalError, _message(unbound[0].name)) if unbound else ()
            blocks.append(b.with_([*b.body, *missed]))
        return replace(s, then=blocks[0], orelse=blocks[1])

    def within(b: Block) -> Block:
        return b.with_([checked(s) for s in b.body])

    return within(block)


def _sources(block: Block) -> dict[Value, tuple[Operand, ...]]:
    """Where the φ's of a block take their values from; from a branch that raises they take none."""
    found: dict[Value, tuple[Operand, ...]] = {}
    for s in (s for b in blocks_in(block) for s in b.body):
        if isinstance(s, If):
            found.update((p.result, tuple([o for o, b in zip(p.ends, s.blocks, strict=True) if not raises(b)])) for p in s.phis)
        else:
            found.update(s.flows)
    return found


class _Flags:
    """`flags`: for each value that may be unbound, and of which that is asked, whether it is bound.

    `after`: the values that each iteration of a loop binds, so that they are bound where there is one.
    """

    def __init__(self, block: Block, ends_apart: Callable[[Block], Callable[[For], bool]]) -> None:
        self.block = block
        self.sources = sources = _sources(block)
        self.unbound = _unbound(sources)
        blocks = list(blocks_in(block)) if self.unbound else []
        statements = [s for b in blocks for s in b.body]
        bound_by = [(p, s) for s in statements if _is_upwards(s) for p in s.phis if self.is_bound_in(p)]
        if bound_by:
            used = set(values_of(*[o for s in statements for o in s.operands], *[o for b in blocks for o in b.yields]))
            apart = ends_apart(block)
            others = _of_names([*block.params, *[v for b in blocks for v in (*b.params, *defined(b))]])
            handed_on = set(values_of(*[o for found in sources.values() for o in found]))
            missed = [  # by Python: no example has it, nor is there anything else in a variable with it
                p
                for p, s in bound_by
                if used.isdisjoint(p.params)
                and p.result not in handed_on
                and others[p.result.name] <= {p.result, *p.params, *p.ends}
                and not apart(s)
            ]
            sources.update((p.result, ()) for p in missed)
            self.unbound = _unbound(sources)
            sources.update((p.result, ()) for p, _ in bound_by)
        read = [o for s in statements if not (isinstance(s, Apply) and s.op is zeros_if_bound) for o in s.reads]
        asked = behind([v for v in values_of(*block.yields, *read) if v in self.unbound], sources) & self.unbound
        self.after = asked.intersection(p.result for p, _ in bound_by)
        self.flags: dict[Value, Operand] = {v: Value(_FLAG, "", f"{_name(v)}_bound") for v in asked}
        self.made = {s.result: s for s in statements if isinstance(s, Apply)}
        branches = [s for s in statements if isinstance(s, If) and s.handles is None]
        self.flags.update((p.result, s.test) for s in branches for p in s.phis if p.result in asked and self.is_set(p.ends))

    def run(self) -> Block:
        return self.within(self.block, self.block.yields, set()) if self.flags else self.block

    def is_bound_in(self, phi: Phi) -> bool:
        """Whether what a loop's φ stands for is bound by each iteration, and by nothing before the loop."""
        return isinstance(phi.begins[0], Undefined) and not self.may_be_unbound(phi.ends[0])

    def is_set(self, ends: Sequence[Operand]) -> bool:
        """Whether a φ is bound if the test of its branch holds, and not otherwise."""
        return isinstance(ends[1], Undefined) and not self.may_be_unbound(ends[0])

    def is_same(self, flag: Operand, test: Operand) -> bool:
        """Whether a flag is a test: the same value, or the same comparison of the same numbers."""
        a, b = (self.made.get(o) if isinstance(o, Value) else None for o in (flag, test))
        if flag == test or a is None or b is None:
            return flag == test
        numbers = not any(getattr(type_of(o), "shape", ()) for o in a.args)
        return numbers and kind_of(a.op) == "comparison" and (a.op, a.args, a.kwargs) == (b.op, b.args, b.kwargs)

    def may_be_unbound(self, o: Operand) -> bool:
        return isinstance(o, Undefined) or o in self.unbound

    def within(self, block: Block, ends: Sequence[Operand], known: set[Value]) -> Block:
        """A block with what is added; `ends`: what is read at its end; `known`: what is bound here for certain."""
        body: list[Statement] = []
        for s in block.body:
            if not (isinstance(s, Apply) and s.op is zeros_if_bound):
                body += self.missing(_read_first(s), known)
            asked = dict(s.asked) if not isinstance(s, Apply) else {}
            tested = {v for v, flag in self.flags.items() if self.is_same(flag, s.test)} if isinstance(s, If) else set()
            inside = {b.label: self.within(b, asked.get(b, ()), set(known)) for b in s.blocks[1 if tested else 0 :]}
            if tested:
                inside[s.blocks[0].label] = self.within(s.blocks[0], (), known | tested)
            body.append(self.with_flags(map_blocks(lambda b, made=inside: made[b.label], s)))  # type: ignore[misc]
            body += [flag for v in s.results if v in self.after for flag in self.ran(v, s)]
        return block.with_([*body, *self.missing(ends, known)])

    def missing(self, read: Sequence[Operand], known: set[Value]) -> list[Statement]:
        """What misses those that are read and are not bound."""
        found = [v for v in values_of(*read) if self.is_bound(v) != _BOUND and v not in known]
        known.update(found)
        return [raised_unless(self.flags[v], UnboundLocalError, _message(self.named(v))) for v in dict.fromkeys(found)]

    def named(self, v: Value) -> str:
        """The name of a value, or of one that it may be."""
        return v.name or next((w.name for w in behind([v], self.sources) & self.unbound if w.name), "")

    def ran(self, v: Value, s: Statement) -> list[Statement]:
        """The flag of what each iteration of a loop binds: whether there was one."""
        assert isinstance(s, For)
        flag = self.flags[v]
        assert isinstance(flag, Value)
        return [Apply(operator.lt, (s.start, s.stop), (), flag, s.place, s.origin)]

    def with_flags(self, s: Statement) -> Statement:
        """A statement whose φ's have their flags beside them."""
        more = []
        for phi in s.phis:
            flag = self.flags.get(phi.result)
            if flag is not None and phi.result not in self.after and (phi.params or not self.is_set(phi.ends)):
                result = flag
            elif any(p in self.flags for p in phi.params):
                result = Value(_FLAG, "", f"{_name(phi.result)}_bound")
            else:
                continue
            params = [self.flags.get(p) or Value(_FLAG, "", f"{_name(p)}_bound") for p in phi.params]
            begins, ends = ([*map(self.is_bound, found)] for found in (phi.begins, phi.ends))
            if isinstance(s, If) and self.is_same(ends[0], s.test):
                ends[0] = _BOUND
            if all(o == _BOUND for o in (*begins, *ends)):
                self.flags[phi.result] = _BOUND
            else:
                more.append(Phi(result, tuple(params), tuple(begins), tuple(ends)))  # type: ignore[arg-type]
        return handing_on(s, more)

    def is_bound(self, o: Operand) -> Operand:
        """Whether what a φ takes is bound."""
        if isinstance(o, Undefined):
            return Const(False)
        return self.flags.get(o, _BOUND) if isinstance(o, Value) else _BOUND


def _unbound(sources: Mapping[Value, tuple[Operand, ...]]) -> set[Value]:
    """The values that may be unbound."""
    return ahead([v for v, found in sources.items() if any(o is UNDEFINED for o in found)], sources)


def _of_names(values: Sequence[Value]) -> dict[str, set[Value]]:
    """The values of each name."""
    found: dict[str, set[Value]] = {}
    for v in values:
        found.setdefault(v.name, set()).add(v)
    return found


def _name(v: Value) -> str:
    return v.name or "name"


def _is_upwards(s: Statement) -> TypeGuard[For]:
    return isinstance(s, For) and s.step == Const(1) and not s.backwards


def _read_first(s: Statement) -> Sequence[Operand]:
    """What a statement reads before its blocks, but for what they begin as."""
    return s.operands if isinstance(s, Apply) else s.domain if isinstance(s, For) else (s.test,) if isinstance(s, If) else ()
