"""Names: one variable for each group of values that φ's tie together, called as the user called it, or after what it is.

Takes a function, its folding and the interference of its values; gives every value its variable. Values that are needed at
the same time never share one; values of the same name that are not, do, so that an array that is not needed any more goes when
the next one of its name comes. What the user named comes first; a temporary is named after what made it
(`sct.analysis.wording`), in one word where nothing else that is needed has that name, never as a value of another kind, and
numbered where no other name is left.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

import numpy as np

from sct.analysis.wording import name_within, wordings
from sct.backend.python.fold import Folding
from sct.backend.python.liveness import Interference
from sct.ir.ops import POP, InPlace
from sct.ir.ssa import Apply, Block, Function, Operand, Phi, Value
from sct.ir.types import Abstract, Array, Scalar

__all__ = ["assign_names"]

_TRIES = 16
_ENDINGS = re.compile(r"(_(bar|dot|tape))*$")


def assign_names(f: Function, folding: Folding, graph: Interference, reserved: frozenset[str]) -> dict[Value, str]:
    """The variable of each value.

    Parameters
    ----------
    f : Function
        The function.
    folding : Folding
        Which of its values get no variable, and the statement of each value.
    graph : Interference
        Of its values.
    reserved : frozenset of str
        Names that variables must not take.
    """
    n = _Namer(f, folding, graph, reserved)
    n.tie(f.block)
    return n.run()


class _Namer:
    def __init__(self, f: Function, folding: Folding, graph: Interference, reserved: frozenset[str]) -> None:
        self.f = f
        self.folding = folding
        self.reserved = reserved
        self.leader: dict[Value, Value] = {}
        self.bits = graph.bits
        self.values = graph.bits.things
        self.members: dict[Value, int] = {v: graph.bits.bit(v) for v in self.values}
        self.conflicts: dict[Value, int] = {v: graph.of.get(v, 0) for v in self.values}
        self.label: dict[Value, str] = {v: v.name for v in self.values}
        self.labels = {v.name for v in self.values if v.name} | {p.name for p in f.block.params}
        self.numbered: dict[str, int] = {}
        self.fixed = set(f.block.params)
        self.seeds = {p.name for p in f.block.params}
        self.names: dict[Value, str] = {}
        self.taken: dict[str, tuple[int, int]] = {}
        self.kinds: dict[str, str] = {}
        self.distinct: set[str] = set()  # the words, without endings, that were taken instead of shorter ones
        self.counts = 0  # of the iterations of loops
        self.sources: dict[Value, Operand] = {}  # a result of a statement with blocks, or what a loop carries -> what it is

    def find(self, v: Value) -> Value:
        top = v
        while (above := self.leader.get(top)) is not None:
            top = above
        while v is not top:  # the way is short from now on
            self.leader[v], v = top, self.leader[v]
        return top

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
            if isinstance(s, Apply):
                if isinstance(s.op, InPlace):
                    self.merge(s.args[0], s.result, force=True)
                continue
            for v in s.counts:
                self.counts |= self.members.get(v, 0)
            for phi in s.phis:
                self.tie_phi(phi)
            for b in s.blocks:
                self.tie(b)
        for s in block.body:
            for phi in s.phis:
                for i in phi.begins:
                    self.merge(phi.params[0], i)

    def tie_phi(self, phi: Phi) -> None:
        """Merge what a φ hands on with where it comes from in the blocks, and note what it may be called after."""
        same = *phi.params, phi.result
        for o in (*same[1:], *phi.ends):
            self.merge(same[0], o)
        source = next((y for y in phi.ends if isinstance(y, Value)), phi.ends[-1])
        self.sources.update(dict.fromkeys(same, source))

    # -- picking ---------------------------------------------------------------------------------------------------------

    def run(self) -> dict[Value, str]:
        order = [v for v in (*self.f.block.params, *self.in_order(self.f.block)) if v in self.members]
        for v in order:  # the user's names first
            if self.label[self.find(v)]:
                self.name(self.find(v))
        for v in order:
            self.name(self.find(v))
        return {v: self.names[self.find(v)] for v in self.values if self.find(v) in self.names}

    def name(self, group: Value) -> None:
        if group in self.names:
            return
        name = self.names[group] = self.pick(group)
        members, conflicts = self.taken.get(name, (0, 0))
        self.taken[name] = members | self.members[group], conflicts | self.conflicts[group]
        self.kinds.setdefault(name, _kind(group.type))

    def pick(self, group: Value) -> str:
        label = self.label[group]
        if group in self.fixed:
            return label
        if label:
            return self.numbered_name(label, group)
        first, words = "", self.words(group)
        for name in self.wordings(group, words):
            first = first or name
            if (name in words[-1:] or name not in self.labels) and self.free(name, group):
                if words and name == words[-1]:
                    self.distinct.add(_stem(name))
                return name
        return self.numbered_name(first or ("flag" if _kind(group.type) == "flag" else "value"), group)

    def words(self, group: Value) -> list[str]:
        """What the values of a group may be called after: what the first one is that has such words."""
        hint = group.hint or next((v.hint for v in self.bits.those(self.members[group]) if v.hint), "")
        return hint.split("~") if hint else []

    def wordings(self, group: Value, words: list[str]) -> Iterator[str]:
        """What a temporary may be called, the best first: as what it is called after, and what a tape gives as that."""
        made = self.folding.definition.get(group)
        recorded = isinstance(made, Apply) and made.op is POP
        yield from reversed(words) if recorded or (words and _stem(words[-1]) in self.distinct) else words
        if self.members[group] & self.counts:
            yield from ("count", "steps", "iterations")
        v: Operand = group
        for _ in range(_TRIES):
            d = self.folding.definition.get(v) if isinstance(v, Value) else None
            if isinstance(d, Apply):
                yield from wordings(d, lambda w: name_within(w, self.folding.definition))
            if not isinstance(v, Value) or v not in self.sources:
                return
            v = self.sources[v]

    def numbered_name(self, base: str, group: Value) -> str:
        """A name, with a number if it is taken."""
        if keyword.iskeyword(base) or not base.isidentifier():
            base = f"{base}_"
        k = 0
        while True:
            if k == _TRIES:  # of so many names none is free: take one that nothing has yet
                k = max(k, self.numbered.get(base, 0) + 1)
            self.numbered[base] = max(k, self.numbered.get(base, 0))
            name = base if k == 0 else f"{base}_{k}"
            if self.free(name, group):
                return name
            k += 1

    def free(self, name: str, group: Value) -> bool:
        """Whether nothing that is needed with a group has the name, and nothing of another kind."""
        members, conflicts = self.taken.get(name, (0, 0))
        if name in self.reserved or members & self.conflicts[group] or conflicts & self.members[group]:
            return False
        if self.label[group] and not (name.endswith("_bar") and name in self.seeds):
            return True
        kind = self.kinds.get(name)
        return kind is None or kind == _kind(group.type)

    def in_order(self, block: Block) -> list[Value]:
        out: list[Value] = []
        for s in block.body:
            for b in s.blocks:
                out += [*b.params, *self.in_order(b)]
            out += s.results
        return out


def _stem(word: str) -> str:
    """The word of what a word is of: of `total_bar` it is `total`."""
    return _ENDINGS.sub("", word, 1)


def _kind(t: Abstract) -> str:
    """What a value is: a flag, an integer, a number, or something else."""
    if not isinstance(t, (Array, Scalar)):
        return "other"
    dtype = t.dtype if isinstance(t, Array) else np.dtype(t.kind)
    return "number" if dtype is None else {"b": "flag", "i": "integer", "u": "integer"}.get(dtype.kind, "number")
