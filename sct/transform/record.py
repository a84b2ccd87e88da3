"""Bringing into scope what the reverse sweep reads of the forward sweep's inner blocks.

Takes a `Reversal`; gives a well-formed function. A value of a branch becomes a result of its `If`. A value of a loop's body
is computed again, carried backwards, or pushed on a tape where it is made and popped where it is used
(`sct.analysis.recording` decides). Each tape belongs to one value and is emptied in the reverse of the order in which it
was filled, whatever loops and branches surround it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sct.analysis.recording import plan
from sct.ir.ops import POP, PUSH, TAPE
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
    blocks_of,
    map_leaves,
    operands_of,
    results_of,
    values_of,
)
from sct.ir.types import UNDEFINED, UNKNOWN, Const
from sct.runtime import zeros_if_bound
from sct.transform.reverse import Reversal

__all__ = ["record"]


@dataclass
class _Place:
    """A block of the function: where it stands."""

    block: Block
    owner: Statement | None
    parent: int | None
    depth: int
    in_loop: bool


@dataclass
class _Supply:
    """How a reverse block gets the values of its forward block."""

    kept: dict[Value, Value] = field(default_factory=dict)  # value -> tape
    renamed: dict[Value, Value] = field(default_factory=dict)  # value -> one that is in scope
    again: set[Value] = field(default_factory=set)
    restored: list[tuple[Value, Value, Value]] = field(default_factory=list)  # value, its tape's value, the loop's result


def record(reversal: Reversal) -> Function:
    """The function of `reversal` with every value in scope."""
    return _Recorder(reversal).run()


class _Recorder:
    def __init__(self, reversal: Reversal) -> None:
        self.function = reversal.function
        self.mirror = reversal.mirror
        self.indices = reversal.indices
        self.places: dict[int, _Place] = {}
        self.home: dict[Value, int] = {}
        self.definition: dict[Value, Statement] = {}
        self.requests: dict[int, dict[Value, None]] = {}
        self.supplies: dict[int, _Supply] = {}  # by forward label
        self.pushes: dict[int, dict[Value, Value]] = {}  # forward label -> value -> tape
        self.tapes_before: dict[int, list[Value]] = {}  # label of the outermost loop's body -> tapes
        self.escapes: dict[int, list[tuple[int, Value, Value]]] = {}  # label of an If's then -> (branch, value, result)
        self.split = False
        self.total: set[Value] = set()  # values that must be bound on every path

    def run(self) -> Function:
        f = self.function
        self.survey(f.block, None, None, 0, False)
        self.total.update(_shapes_asked(f.block))
        for s in f.block.body:
            self.walk(s, (f.block.label,))
        reversed_of = {forward: backward for backward, forward in self.mirror.items()}
        while pending := [k for k in self.requests if k not in self.supplies]:
            label = max(pending, key=lambda k: self.places[k].depth)
            self.supply(label, reversed_of)
        self.bind_everywhere()
        return Function(f.name, f.signature, self.rebuilt(f.block), f.doc, f.callee)

    # -- what is asked for -------------------------------------------------------------------------------------------

    def survey(self, block: Block, owner: Statement | None, parent: int | None, depth: int, in_loop: bool) -> None:
        self.places[block.label] = _Place(block, owner, parent, depth, in_loop)
        for p in block.params:
            self.home[p] = block.label
        for s in block.body:
            for r in results_of(s):
                self.home[r] = block.label
                self.definition[r] = s
            for b in blocks_of(s):
                self.survey(b, s, block.label, depth + 1, in_loop or isinstance(s, (For, While)))

    def walk(self, s: Statement, chain: tuple[int, ...]) -> None:
        """Collect the uses, inside the reverse sweep, of values that are not in scope there."""
        for b in blocks_of(s):
            inner = (*chain, b.label)
            for t in b.body:
                self.ask(operands_of(t), inner)
                self.walk(t, inner)
            self.ask(b.yields, inner)

    def ask(self, operands: tuple[Operand, ...], chain: tuple[int, ...]) -> None:
        for v in values_of(*operands):
            if self.home[v] not in chain and v not in self.indices:
                self.requests.setdefault(self.home[v], {})[v] = None

    # -- how it is supplied ------------------------------------------------------------------------------------------

    def supply(self, label: int, reversed_of: dict[int, int]) -> None:
        place = self.places[label]
        made = self.supplies[label] = _Supply()
        if not place.in_loop:
            for v in self.requests[label]:
                made.renamed[v] = self.escape(v, label)
            return
        needed = list(self.requests[label])
        owner = place.owner
        carried = self.carried(owner, place.block) if isinstance(owner, (For, While)) else {}
        self.restore(made, needed, carried)
        rest = [v for v in needed if v not in made.renamed]
        found = plan(rest, lambda v: self.local_definition(v, label), lambda v: self.home[v] != label or v in self.indices)
        for v in found.kept:
            made.kept[v] = self.tape(v, label)
        for v in found.again:
            self.compute_again(v, label, made)

    def carried(self, owner: For | While, block: Block) -> dict[Value, tuple[Value, Value]]:
        """For each value that the next iteration starts from: the parameter that holds it there, the result at the end."""
        n = len(owner.inits)
        params = block.params[-n:] if n else ()
        return {
            y: (p, r)
            for y, p, r in zip(block.yields, params, owner.results, strict=False)
            if isinstance(y, Value) and y is not p
        }

    def restore(self, made: _Supply, needed: list[Value], carried: dict[Value, tuple[Value, Value]]) -> None:
        """A value that the next iteration starts from, where that parameter is needed too, is carried backwards."""
        for v in needed:
            if v in carried and carried[v][0] in needed:
                param, result = carried[v]
                again = Value(param.type, v.name)
                made.renamed[v] = again
                made.restored.append((again, param, result))
                self.ask_from(result)

    def ask_from(self, v: Value) -> None:
        """A value that the reverse of an outer block is going to use."""
        home = self.home[v]
        if self.places[home].parent is not None and v not in self.indices and home in self.mirror.values():
            if home in self.supplies:
                raise AssertionError(f"{v} is asked for too late")
            self.requests.setdefault(home, {})[v] = None

    def local_definition(self, v: Value, label: int) -> Statement | None:
        s = self.definition.get(v)
        return s if s is not None and self.home[v] == label else None

    def compute_again(self, v: Value, label: int, made: _Supply) -> None:
        made.again.add(v)
        for w in values_of(*operands_of(self.definition[v])):
            if self.home[w] != label:
                self.ask_from(w)
            elif w not in made.kept and w not in made.again and w not in made.renamed and w not in self.indices:
                self.compute_again(w, label, made)

    def escape(self, v: Value, label: int) -> Value:
        """A result of the `If` around `v` that is `v`, or undefined if the other branch was taken."""
        place = self.places[label]
        assert isinstance(place.owner, If) and place.parent is not None, place.owner
        out = Value(v.type, v.name)
        branch = 0 if place.owner.then.label == label else 1
        self.escapes.setdefault(place.owner.then.label, []).append((branch, v, out))
        self.home[out] = place.parent
        self.ask_from(out)
        return out

    def tape(self, v: Value, label: int) -> Value:
        """A tape for `v`, made before the outermost loop around it."""
        t = Value(UNKNOWN, f"{v.name}_tape" if v.name else "tape")
        self.pushes.setdefault(label, {})[v] = t
        self.total.add(v)
        outermost, k = label, self.places[label]
        while k.parent is not None:
            if isinstance(k.owner, (For, While)):
                outermost = k.block.label
            k = self.places[k.parent]
        self.tapes_before.setdefault(outermost, []).append(t)
        home = self.places[outermost].parent
        assert home is not None
        self.home[t] = home
        self.ask_from(t)
        return t

    def bind_everywhere(self) -> None:
        """What is pushed must be bound: where a branch leaves it undefined it is None."""
        work = list(self.total)
        while work:
            v = work.pop()
            s = self.definition.get(v)
            sources: list[Operand] = []
            if isinstance(s, If):
                k = s.results.index(v)
                sources = [s.then.yields[k], s.orelse.yields[k]]
            elif isinstance(s, (For, While)) and v in s.results[: len(s.inits)]:
                k = s.results.index(v)
                sources = [s.inits[k], s.body.yields[k]]
            elif s is None and isinstance(owner := self.places[self.home[v]].owner, (For, While)):
                block = self.places[self.home[v]].block
                k = block.params.index(v) - (len(block.params) - len(owner.inits))
                sources = [owner.inits[k], owner.body.yields[k]] if k >= 0 else []
            for w in values_of(*sources):
                if w not in self.total:
                    self.total.add(w)
                    work.append(w)

    # -- rebuilding --------------------------------------------------------------------------------------------------

    def rebuilt(self, block: Block, names: dict[Value, Value] | None = None) -> Block:
        """A block of the forward sweep, or the whole function's, with pushes, tapes and further results."""
        pushes = self.pushes.get(block.label, {})
        body: list[Statement] = [_push(pushes[p], p) for p in block.params if p in pushes]
        for s in block.body:
            for b in blocks_of(s):
                body += [Apply(TAPE, (), (), t) for t in self.tapes_before.get(b.label, ())]
            body.append(self.forward(s))
            results = results_of(s)
            body += [_push(pushes[r], r, s) for r in results if r in pushes]
        return block.with_(body)

    def forward(self, s: Statement) -> Statement:
        if isinstance(s, Apply):
            return s
        if isinstance(s, Closure):
            return Closure(s.name, self.pull(s.block), s.result, s.place, s.origin)
        if any(b.label in self.mirror for b in blocks_of(s)):
            return self.backward(s, {})
        if isinstance(s, If):
            return self.forward_if(s)
        assert isinstance(s, (For, While))
        params = s.body.params[len(s.body.params) - len(s.inits) :]
        inits = tuple(self.defined(i, r, p) for i, r, p in zip(s.inits, s.results, params, strict=False))
        body = self.rebuilt(s.body)
        if isinstance(s, For):
            return For(s.start, s.stop, s.step, body, inits, s.exits, s.backwards, s.results, s.place, s.origin)
        return While(s.test, body, inits, s.exits, s.results, s.place, s.origin)

    def defined(self, operand: Operand, *targets: Value) -> Operand:
        return Const(None) if operand is UNDEFINED and not self.total.isdisjoint(targets) else operand

    def forward_if(self, s: If) -> If:
        more = self.escapes.get(s.then.label, [])
        blocks = []
        for k, b in enumerate((s.then, s.orelse)):
            extra = [v if branch == k else UNDEFINED for branch, v, _ in more]
            yields = [self.defined(y, r) for y, r in zip(b.yields, s.results, strict=True)]
            blocks.append(self.rebuilt(b).with_(None, [*yields, *extra]))
        return If(s.test, blocks[0], blocks[1], (*s.results, *(out for _, _, out in more)), s.place, s.origin, s.expression)

    def pull(self, block: Block) -> Block:
        """The block of a pullback, which may run many times: it empties copies of the tapes."""
        self.split = True
        body, yields = self.reverse_body(block, {})
        return block.with_(body, yields)

    def copies(self, label: int, names: dict[Value, Value]) -> list[Statement]:
        """Copies of the tapes that a forward block makes, for a reverse block that may run again."""
        out: list[Statement] = []
        for tapes in self.tapes_before.values() if self.split else ():
            for t in tapes:
                if self.home[t] == label:
                    copy = Value(UNKNOWN, t.name)
                    out.append(Apply(TAPE, (names.get(t, t),), (), copy))
                    names[t] = copy
        return out

    def backward(self, s: Statement, names: dict[Value, Value]) -> Statement:
        """A statement of the reverse sweep, with the values that its blocks ask for; `names` are those around it."""

        def there(o: Operand) -> Operand:
            return self.renamed(o, names)

        if isinstance(s, Apply):
            return Apply(
                s.op, tuple(map(there, s.args)), tuple((k, there(v)) for k, v in s.kwargs), s.result, s.place, s.origin
            )
        if isinstance(s, If):
            then, orelse = (self.reverse_block(b, names) for b in (s.then, s.orelse))
            return If(there(s.test), then, orelse, s.results, s.place, s.origin, s.expression)
        assert isinstance(s, For)
        inits, results = tuple(map(there, s.inits)), s.results
        inner = dict(names)
        body, yields = self.reverse_body(s.body, inner)
        params = s.body.params
        made = self.supplies.get(self.mirror.get(s.body.label, -1))
        for again, param, result in made.restored if made is not None else ():
            params = (*params, again)
            yields = (*yields, inner[param])
            inits = (*inits, there(result))
            results = (*results, Value(again.type, again.name))
        block = s.body.with_(body, yields, params)
        return For(there(s.start), there(s.stop), there(s.step), block, inits, False, s.backwards, results, s.place, s.origin)

    def further_uses(self, s: Statement) -> list[Value]:
        """The values that the blocks of a reverse statement are going to read to supply themselves."""
        out: list[Value] = []
        for b in blocks_of(s):
            made = self.supplies.get(self.mirror.get(b.label, -1))
            if made is not None:
                out += [result for _, _, result in made.restored]
                out += [w for v in made.again for w in values_of(*operands_of(self.definition[v]))]
            for t in b.body:
                out += self.further_uses(t)
        return out

    def renamed(self, operand: Operand, names: dict[Value, Value]) -> Operand:
        return map_leaves(lambda v: names.get(v, self.indices.get(v, v)) if isinstance(v, Value) else v, operand)

    def reverse_block(self, block: Block, names: dict[Value, Value]) -> Block:
        body, yields = self.reverse_body(block, dict(names))
        return block.with_(body, yields)

    def reverse_body(self, block: Block, names: dict[Value, Value]) -> tuple[list[Statement], tuple[Operand, ...]]:
        """The statements of a reverse block, each after the pops and recomputations of what it is the first to use."""
        made = self.supplies.get(self.mirror.get(block.label, -1), _Supply())
        names.update({v: names.get(w, w) for v, w in made.renamed.items()})
        body = self.copies(self.mirror.get(block.label, -1), names)

        def ensure(v: Value) -> None:
            if v in names:
                return
            if v in made.kept:
                names[v] = Value(v.type, v.name)
                body.append(Apply(POP, (names.get(made.kept[v], made.kept[v]),), (), names[v]))
            elif v in made.again:
                s = self.definition[v]
                assert isinstance(s, Apply)
                for w in values_of(*operands_of(s)):
                    ensure(w)
                names[v] = Value(v.type, v.name)
                args = tuple(self.renamed(a, names) for a in s.args)
                kwargs = tuple((k, self.renamed(a, names)) for k, a in s.kwargs)
                body.append(Apply(s.op, args, kwargs, names[v], s.place, s.origin))

        for s in block.body:
            for v in (*_used(s), *self.further_uses(s)):
                ensure(v)
            body.append(self.backward(s, names) if block.label in self.mirror else s)
        for v in values_of(*block.yields):
            ensure(v)
        for v in [*made.kept]:
            ensure(v)  # a tape is emptied as it was filled, whether or not the value is used on this path
        return body, tuple(self.renamed(y, names) for y in block.yields)


def _shapes_asked(block: Block) -> set[Value]:
    """The values whose zeros are made if they are bound."""
    out: set[Value] = set()
    for s in block.body:
        if isinstance(s, Apply) and s.op is zeros_if_bound:
            out.update(values_of(*s.args))
        for b in blocks_of(s):
            out |= _shapes_asked(b)
    return out


def _push(tape: Value, v: Value, s: Statement | None = None) -> Apply:
    return Apply(PUSH, (tape, v), (), Value(Const(None)), None, s.origin if s is not None else None)


def _used(s: Statement) -> list[Value]:
    """All values that a statement and the blocks in it read."""
    out = list(values_of(*operands_of(s)))
    for b in blocks_of(s):
        for t in b.body:
            out += _used(t)
        out += values_of(*b.yields)
    return out
