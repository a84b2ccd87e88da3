"""Names: one variable for each group of values that φ's tie together, called as the user called it.

Takes a function, its folding and the interference of its values; gives every value its variable. Values that are needed at
the same time never share one; values of the same name that are not, do.
"""

from __future__ import annotations

import keyword

from sct.codegen.liveness import Interference
from sct.ir.ops import InPlace
from sct.ir.ssa import Apply, Block, For, Function, If, Operand, Value, While, carried_params

__all__ = ["assign_names"]

_TRIES = 16


def assign_names(f: Function, graph: Interference, reserved: frozenset[str]) -> dict[Value, str]:
    """The variable of each value.

    Parameters
    ----------
    f : Function
        The function.
    graph : Interference
        Of its values.
    reserved : frozenset of str
        Names that variables must not take.
    """
    n = _Namer(f, graph, reserved)
    n.tie(f.block)
    return n.run()


class _Namer:
    def __init__(self, f: Function, graph: Interference, reserved: frozenset[str]) -> None:
        self.f = f
        self.graph = graph
        self.reserved = reserved
        self.leader: dict[Value, Value] = {}
        self.members: dict[Value, int] = dict(graph.bit)
        self.conflicts: dict[Value, int] = dict(graph.of)
        self.label: dict[Value, str] = {v: v.name for v in graph.bit}
        self.numbered: dict[str, int] = {}
        self.fixed = set(f.block.params)

    def find(self, v: Value) -> Value:
        while v in self.leader:
            v = self.leader[v]
        return v

    def merge(self, a: Operand, b: Operand, force: bool = False) -> None:
        """Give two values one variable, if they may share one and are not called differently."""
        if not isinstance(a, Value) or not isinstance(b, Value) or a not in self.members or b not in self.members:
            return
        a, b = self.find(a), self.find(b)
        if a is b or self.members[a] & self.conflicts[b] or self.members[b] & self.conflicts[a]:
            return
        if self.label[a] and self.label[b] and self.label[a] != self.label[b] and not (force and b not in self.fixed):
            return
        if a in self.fixed and b in self.fixed:
            return
        if b in self.fixed:
            a, b = b, a
        self.leader[b] = a
        self.members[a] |= self.members[b]
        self.conflicts[a] |= self.conflicts[b]
        self.label[a] = self.label[a] or self.label[b]

    def tie(self, block: Block) -> None:
        """Merge along φ's: first what a loop carries and gives, then where it comes from."""
        for s in block.body:
            if isinstance(s, (For, While)):
                params = carried_params(s)
                for p, r, y in zip(params, s.results, s.body.yields, strict=False):
                    self.merge(p, r)
                    self.merge(p, y)
            elif isinstance(s, If):
                for r, y, z in zip(s.results, s.then.yields, s.orelse.yields, strict=True):
                    self.merge(r, y)
                    self.merge(r, z)
            elif isinstance(s, Apply) and isinstance(s.op, InPlace):
                self.merge(s.args[0], s.result, force=True)
            for b in s.blocks:
                self.tie(b)
        for s in block.body:
            if isinstance(s, (For, While)):
                params = carried_params(s)
                for p, i in zip(params, s.inits, strict=True):
                    self.merge(p, i)

    def run(self) -> dict[Value, str]:
        taken: dict[str, tuple[int, int]] = {}
        names: dict[Value, str] = {}
        order = [*self.f.block.params, *self.in_order(self.f.block)]
        for v in order:
            group = self.find(v)
            if group in names or v not in self.graph.bit:
                continue
            names[group] = self.pick(group, taken)
            members, conflicts = taken.get(names[group], (0, 0))
            taken[names[group]] = members | self.members[group], conflicts | self.conflicts[group]
        return {v: names[self.find(v)] for v in self.graph.bit if self.find(v) in names}

    def pick(self, group: Value, taken: dict[str, tuple[int, int]]) -> str:
        base = self.label[group] or group.hint or "t"
        if keyword.iskeyword(base) or not base.isidentifier():
            base = f"{base}_"
        if group in self.fixed:
            return base
        k = 0
        while True:
            if k == _TRIES:  # of so many names none is free: take one that nothing has yet
                k = max(k, self.numbered.get(base, 0) + 1)
            self.numbered[base] = max(k, self.numbered.get(base, 0))
            name = base if k == 0 else f"{base}{k}" if base == "t" else f"{base}_{k}"
            members, conflicts = taken.get(name, (0, 0))
            if name not in self.reserved and not (members & self.conflicts[group] or conflicts & self.members[group]):
                return name
            k += 1

    def in_order(self, block: Block) -> list[Value]:
        out: list[Value] = []
        for s in block.body:
            for b in s.blocks:
                out += [*b.params, *self.in_order(b)]
            out += s.results
        return out
