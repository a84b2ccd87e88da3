"""Dependence: which reads of an array find the same in its last version, because nothing that came between wrote there.

Takes a function's forward sweep; gives for a read of a part of an array that is written into the array's last version, if no
write that may run after the read goes to that part. `y[i] = f(y[i - 1])`, for `i` that rises, leaves `y[i - 1]` as it is.

A write that overlaps a read is a solution, in integers, of linear conditions on the indices of the loops around both: the
indices agree, each is within its loop's bounds, and the write comes later. That there is none is shown by eliminating the
unknowns one after another (Fourier and Motzkin; Schrijver, Theory of Linear and Integer Programming (1986), section 12.2; Allen
& Kennedy, Optimizing Compilers for Modern Architectures (2002), chapter 3, for the conditions).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import gcd
from typing import Any, TypeAlias

import numpy as np

from sct.analysis.versions import Versions, is_write
from sct.infer.call import infer_call
from sct.ir.ops import Attribute
from sct.ir.paths import entries_of, is_basic_index, path_of
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, For, If, Operand, Phi, Statement, Value, While, type_of
from sct.ir.types import Array, Const, Scalar, Size, SizeLike, Slice, same_shape, size_add, size_mul, size_opaque
from sct.registry.facts import facts_of
from sct.runtime import updated

__all__ = ["Dependence"]

_LIMIT = 400  # conditions; with more, an overlap is taken to be possible


@record(frozen=True)
class _Place:
    """Where a block stands: the statement around it, its number in the block around that, and that block's label.

    `loop`: the label of the innermost block of a loop that it is, or is in; that of the function's own where it is in none.
    """

    block: Block
    loop: int
    owner: Statement | None = None
    position: int = 0
    parent: int | None = None


_Part: TypeAlias = "tuple[tuple[SizeLike | None, SizeLike | None], ...]"
"""The first and the last index, axis by axis, of what a path of indices picks; None where a bound is not known."""


@dataclass
class _Conditions:
    """Forms that are zero, and forms that are not negative, for one pair of a read and a write."""

    zero: list[SizeLike] = field(default_factory=list)
    least: list[SizeLike] = field(default_factory=list)

    def hold(self) -> bool:
        """Whether integers may be found for which all hold; False is certain."""
        zero, least = list(map(_terms, self.zero)), list(map(_terms, self.least))
        while zero:
            form = zero.pop()
            factors = [c for a, c in form.items() if a is not None]
            rest = form.get(None, 0)
            if (rest % gcd(*factors)) if factors else rest:
                return False
            unit = next((a for a, c in form.items() if abs(c) == 1 and a is not None), None)
            if unit is not None:
                zero = [_sum(g, form, -form[unit] * g[unit]) if unit in g else g for g in zero]
                least = [_sum(g, form, -form[unit] * g[unit]) if unit in g else g for g in least]
            elif factors:
                least += [form, {a: -c for a, c in form.items()}]
        return _positive(least)


_Terms = dict[Hashable, int]
"""A linear form: atoms with their coefficients, and None with the constant."""


def _terms(form: SizeLike) -> _Terms:
    return {None: form} if isinstance(form, int) else {**dict(form.terms), None: form.const}


def _sum(g: _Terms, h: _Terms, k: int, m: int = 1) -> _Terms:
    """`m g + k h`."""
    out = {a: m * c for a, c in g.items()}
    for a, c in h.items():
        out[a] = out.get(a, 0) + k * c
    return {a: c for a, c in out.items() if c}


def _positive(forms: list[_Terms]) -> bool:
    """Whether there may be integers for which none of the forms is negative."""
    while True:
        rest: dict[frozenset[tuple[Hashable, int]], _Terms] = {}
        for g in forms:
            d = gcd(*(c for a, c in g.items() if a is not None))
            if not d and g.get(None, 0) < 0:
                return False
            if d:  # the same integers satisfy it without a common factor, and the constant rounded down
                g = {a: c // d for a, c in g.items()}
                rest[frozenset(g.items())] = g
        if not rest or len(rest) > _LIMIT:
            return True
        signs: dict[Hashable, list[int]] = {}
        for g in rest.values():
            for a, c in g.items():
                if a is not None:
                    signs.setdefault(a, [0, 0])[c > 0] += 1
        atom = min(signs, key=lambda a: signs[a][0] * signs[a][1])
        if signs[atom][0] * signs[atom][1] > _LIMIT:
            return True
        low = [g for g in rest.values() if g.get(atom, 0) > 0]
        high = [g for g in rest.values() if g.get(atom, 0) < 0]
        forms = [g for g in rest.values() if atom not in g]
        forms += [_sum(g, h, g[atom], -h[atom]) for g in low for h in high]


class Dependence:
    """The dependence of the reads of a forward sweep on the writes in it."""

    def __init__(self, block: Block, versions: Versions) -> None:
        self.top = block.label
        self.versions = versions
        self.places: dict[int, _Place] = {}
        self.made: dict[Value, tuple[int, int]] = {}  # value -> its block, and its statement's number there
        self.definition: dict[Value, Statement] = {}
        self.indices: dict[Value, int] = {}  # index of a loop -> its body's label
        self.arguments = {p.name for p in block.params}
        self.root: dict[Value, Value] = {}  # version -> the first one, where that is of the function's own block
        self.stored: dict[Value, Apply] = {}  # value -> a write, in the same block, of nothing else into a part of an array
        self.bounded: dict[tuple[int, str], list[SizeLike]] = {}
        self.order: dict[Value, int] = {}  # of what is made, as the program stands
        self.ends: dict[Value, Value | None] = {}  # version -> the last one after it
        self.writes: dict[Value, list[Apply]] = {}  # first version -> writes, in order
        self.alike: dict[Value, dict[tuple[int, _Part], list[Apply]]] = {}  # the same, by their loop and the part they go to
        self.survey(_Place(block, block.label))

    def survey(self, place: _Place) -> None:
        block = place.block
        self.places[block.label] = place
        for p in block.params:
            self.made[p], self.order[p] = (block.label, -1), len(self.order)
        if isinstance(place.owner, For):
            self.indices[block.params[0]] = block.label
        if isinstance(place.owner, (For, While)) and block is place.owner.body:
            for k, phi in enumerate(place.owner.phis):
                if k in self.versions.slots.get(block.label, ()) and self.kept_apart(phi):
                    (init,) = phi.begins
                    assert isinstance(init, Value)
                    self.root[phi.params[0]] = self.first(init)
        for k, s in enumerate(block.body):
            for b in s.blocks:
                self.survey(_Place(b, b.label if isinstance(s, (For, While)) else place.loop, s, k, block.label))
            for r in s.results:
                self.made[r], self.order[r] = (block.label, k), len(self.order)
                self.definition[r] = s
                if r in self.versions.before:
                    self.root[r] = self.first(self.versions.before[r])
            if isinstance(s, Apply) and is_write(s):
                assert isinstance(s.args[0], Value)
                self.writes.setdefault(self.first(s.args[0]), []).append(s)
                if (v := _stored(s)) is not None and self.made[v][0] == block.label:
                    self.stored[v] = s

    def kept_apart(self, phi: Phi) -> bool:
        """Whether what a loop carries in a slot stays in it."""
        return self.versions.before.get(phi.result) is phi.begins[0]

    def first(self, v: Value) -> Value:
        """The first version of what `v` is a version of."""
        return self.root.get(v, v)

    def last(self, v: Value) -> Value | None:
        """The last version after `v`; None if that is not one of the function's own block."""
        way: list[Value] = []
        while v not in self.ends:
            way.append(v)
            after = self.following(v)
            if after is None or after is v:
                self.ends[v] = after
            else:
                v = after
        self.ends.update(dict.fromkeys(way, self.ends[v]))
        return self.ends[v]

    def following(self, v: Value) -> Value | None:
        """The next version after `v`, itself if it is the last one; None if that cannot be told."""
        label = self.made[v][0]
        consumer = self.versions.consumer.get((label, v))
        if consumer is not None:
            return next((r for r in consumer.results if self.versions.before.get(r) is v), None)
        place = self.places[label]
        if place.parent is None:
            return v
        s, block = place.owner, place.block
        if v not in block.yields or (isinstance(s, While) and block is s.test):
            return None
        k = block.yields.index(v)
        if isinstance(s, (For, While)):
            if k not in self.versions.slots.get(label, ()) or not self.kept_apart(s.phis[k]):
                return None
        elif not isinstance(s, If) or s.results[k] not in self.versions.before:
            return None
        return s.results[k]

    def read_of_last(self, v: Value) -> Apply | None:
        """A read of an array's last version that gives `v`: what was read of it, asked of its shape, or written into it."""
        write = self.stored.get(v)
        if write is not None:
            last = self.still_there(write.result, path_of(write), self.made[v][0])
            if last is not None:
                return replace(write, op=operator.getitem, args=(last, *path_of(write)), result=v)
        s = self.definition.get(v)
        of = s.args[0] if isinstance(s, Apply) and s.args else None
        if not isinstance(s, Apply) or not isinstance(of, Value) or of not in self.versions.chain:
            return None
        last = None
        if s.op is operator.getitem:
            last = self.still_there(of, s.args[1:], self.made[v][0])
        elif (s.op is len or isinstance(s.op, Attribute)) and facts_of(s.op).form_of == 0:
            last = self.last(of)
        return None if last is None else replace(s, args=(last, *s.args[1:]))

    def still_there(self, of: Value, path: tuple[Operand, ...], at: int) -> Value | None:
        """The last version of an array, if a part that is read in the block `at` is in it as it was read; else None."""
        if self.first(of) not in self.writes or self.made[self.first(of)][0] != self.top:
            return None
        last = self.last(of)
        if last is None or last is of:
            return last
        part = self.part(of, path, at, "read")
        for (_, written), writes in self.parts_of(of).items():
            if _are_apart(part, written):
                continue
            write = next((w for w in self.after(of, writes)), writes[-1])
            label, position = self.made[write.result]
            for when in self.later(self.made[of], (label, position)):
                when.least += [*self.bounds(at, "read"), *self.bounds(label, "write")]
                for a, b in zip(part, written, strict=False):
                    _overlap(a, b, when)
                if when.hold():
                    return None
        return last

    def parts_of(self, of: Value) -> Mapping[tuple[int, _Part], list[Apply]]:
        """The writes into an array, by the loop that they are in and the part that they go to."""
        first = self.first(of)
        if first not in self.alike:
            alike = self.alike[first] = {}
            for w in self.writes[first]:
                label = self.made[w.result][0]
                alike.setdefault((self.places[label].loop, self.part(of, path_of(w), label, "write")), []).append(w)
        return self.alike[first]

    def after(self, v: Value, writes: list[Apply]) -> Iterator[Apply]:
        """Of some writes in one loop, those that run after `v` is made in the same iteration, the last one first.

        For the same part one of them tells all: it is the case that the others are, and a later iteration is each's.
        """
        for w in reversed(writes):
            if self.order[w.result] <= self.order[v]:
                return
            one, two = (self.around(label, position) for label, position in (self.made[v], self.made[w.result]))
            here, there = next(((a, b) for a, b in zip(one, two, strict=False) if a != b), (None, None))
            if here is not None and there is not None and here[0] == there[0]:  # not in the other branch of an `if`
                yield w

    # -- conditions ----------------------------------------------------------------------------------------------------

    def around(self, label: int, position: int = -1) -> list[tuple[int, int]]:
        """The blocks around a block, from the outermost to itself, each with the number of the statement on the way there.

        In the block itself that is `position`.
        """
        out: list[tuple[int, int]] = []
        at: int | None = label
        while at is not None:
            out.append((at, position))
            position, at = self.places[at].position, self.places[at].parent
        return out[::-1]

    def later(self, a: tuple[int, int], b: tuple[int, int]) -> Iterator[_Conditions]:
        """The cases in which a statement at `b` runs after one at `a`: in the same iterations, or in a later one of a loop."""
        one, two = self.around(*a), self.around(*b)
        same = _Conditions()
        for (label, p), (other, q) in zip(one, two, strict=False):
            if label != other:
                return
            place = self.places[label]
            if isinstance(place.owner, (For, While)):
                yield self.next_iteration(place, same)
                if isinstance(place.owner, For):
                    same.zero.append(size_add(_unknown("read", label), _unknown("write", label), -1))
            if p != q:
                if q > p:
                    yield _Conditions(list(same.zero), list(same.least))
                return

    def next_iteration(self, place: _Place, same: _Conditions) -> _Conditions:
        """The case of a later iteration of a loop, in the same iterations of those around it."""
        label, s = place.block.label, place.owner
        out = _Conditions(list(same.zero), list(same.least))
        step = _step(s)
        if step:
            assert isinstance(s, For)
            ahead = size_add(_unknown("write", label), _unknown("read", label), -1)
            forwards = (step > 0) is not s.backwards
            out.least.append(size_add(size_mul(ahead, 1 if forwards else -1), abs(step), -1))
        return out

    def bounds(self, label: int, who: str) -> list[SizeLike]:
        """That the indices of the loops around a block are within their bounds: forms that are not negative."""
        if (label, who) in self.bounded:
            return self.bounded[label, who]
        out = self.bounded[label, who] = []
        for at, _ in self.around(label):
            s = self.places[at].owner
            if not isinstance(s, For) or not _step(s):
                continue
            i = _unknown(who, at)
            up = 1 if _step(s) > 0 else -1
            for start in self.forms(s.start, who, max if up > 0 else min):
                out.append(size_mul(size_add(i, start, -1), up))
            for stop in self.forms(s.stop, who, min if up > 0 else max):
                out.append(size_add(size_mul(size_add(stop, i, -1), up), 1, -1))
        return out

    def forms(self, o: Operand, who: str, extreme: object) -> Iterator[SizeLike]:
        """The forms of an integer, or of those that it is the largest or smallest of: a bound of it is one of each of these."""
        s = self.definition.get(o) if isinstance(o, Value) else None
        if isinstance(s, Apply) and s.op in (operator.add, operator.sub) and isinstance(type_of(s.args[1]), Const):
            for form in self.forms(s.args[0], who, extreme):  # max(a, b) + 1
                yield _LINEAR[s.op](form, self.form(s.args[1], who))
        elif isinstance(s, Apply) and s.op is extreme and not s.kwargs:
            for a in s.args:
                yield from self.forms(a, who, extreme)
        else:
            yield self.form(o, who)

    def form(self, o: Operand, who: str) -> SizeLike:
        """An integer operand as a linear form of the loops' indices and of what does not change."""
        t = type_of(o)
        if isinstance(t, Const):
            return int(t.value) if isinstance(t.value, int) else _unknown(who, o)
        assert isinstance(o, Value)
        if o in self.indices:
            return _unknown(who, self.indices[o])
        if isinstance(t, Scalar) and t.kind is int:
            s = self.definition.get(o)
            if isinstance(s, Apply) and s.op in _LINEAR and not s.kwargs:
                return _LINEAR[s.op](*(self.form(a, who) for a in s.args))
            if t.size is not None:
                return self.of_size(t.size, who)
        return _unknown("" if self.made[o][0] == self.top else who, o)

    def of_size(self, n: SizeLike, who: str) -> SizeLike:
        """A size as such a form."""
        if isinstance(n, int):
            return n
        total: SizeLike = n.const
        for atom, c in n.terms:
            name = str(atom[1]) if isinstance(atom, tuple) and atom[0] == "symbol" else ""
            fixed = name in self.arguments or name.rpartition(".")[0] in self.arguments
            total = size_add(total, size_mul(_unknown("" if fixed else who, atom), c))
        return total

    def part(self, of: Value, path: tuple[Operand, ...], label: int, who: str) -> _Part:
        """The first and the last index, axis by axis, of what a path of indices picks; None where a bound is not known."""
        assert isinstance(of.type, Array)
        entries: list[Operand] = []
        for index in path:
            items = entries_of(index)
            entries += items
            if not all(self.is_integer(i) for i in items):
                break  # the next index does not begin with the next axis
        out: list[tuple[SizeLike | None, SizeLike | None]] = []
        for entry in entries:
            shape = of.type.shape
            size = None if shape is None or len(out) >= len(shape) else self.of_size(shape[len(out)], who)
            if entry == Const(None):
                continue
            if self.is_integer(entry):
                k = self.within(entry, size, label, who)
                out.append((k, k))
            elif isinstance(entry, Slice):
                out.append(self.range_of(entry, size, label, who))
            elif isinstance(t := type_of(entry), Array) and t.rank is not None and t.dtype is not None and t.dtype.kind in "iu":
                out.append((None, None))
            else:
                break
        return tuple(out)

    def is_integer(self, o: Operand) -> bool:
        """Whether an entry of an index is a Python integer."""
        t = type_of(o)
        return (isinstance(t, Scalar) and t.kind is int) or (isinstance(t, Const) and type(t.value) is int)

    def within(self, o: Operand, size: SizeLike | None, label: int, who: str) -> SizeLike | None:
        """The entry of an axis that an index means: a negative one counts from the end. None if its sign is not known."""
        t = type_of(o)
        if isinstance(t, Const) and t.value < 0:
            return None if size is None else size_add(size, t.value)
        k = self.form(o, who)
        negative = _Conditions([], [size_add(size_mul(k, -1), 1, -1), *self.bounds(label, who)])
        self.sizes_of(negative)
        return None if negative.hold() else k

    def range_of(self, entry: Slice, size: SizeLike | None, label: int, who: str) -> tuple[SizeLike | None, SizeLike | None]:
        """The first and the last index of a slice."""
        start, stop, step = entry.start, entry.stop, entry.step
        if step != Const(None) and not (isinstance(step, Const) and isinstance(step.value, int) and step.value > 0):
            return None, None
        first = 0 if start == Const(None) else self.within(start, size, label, who) if self.is_integer(start) else None
        end = size if stop == Const(None) else self.within(stop, size, label, who) if self.is_integer(stop) else None
        return first, None if end is None else size_add(end, 1, -1)

    def sizes_of(self, to: _Conditions) -> None:
        """Add that sizes of arguments are not negative."""
        for form in tuple(to.least):
            for atom, _ in form.terms if isinstance(form, Size) else ():
                if isinstance(atom, tuple) and atom[:2] == ("unknown", "") and isinstance(atom[2], tuple):
                    to.least.append(Size(((atom, 1),)))


def _stored(s: Apply) -> Value | None:
    """What a write puts into a part of an array, if reading that part gives it."""
    v = s.args[-1]
    path = path_of(s)
    if s.op is not updated or not isinstance(v, Value) or len(path) != 1 or not is_basic_index(path[0]):
        return None  # an array of indices may name an entry twice
    t = infer_call(operator.getitem, [s.result.type, type_of(path[0])], {})
    if isinstance(v.type, Scalar):
        v_type = Array(np.dtype(v.type.kind), ()) if v.type.kind in (float, complex) else None
    else:
        v_type = v.type if isinstance(v.type, Array) else None
    same = v_type is not None and isinstance(t, Array) and t.dtype is not None and t.dtype == v_type.dtype
    return v if same and same_shape(t.shape, v_type.shape) else None  # type: ignore[union-attr]


def _step(s: Statement | None) -> int:
    """The step of a loop; 0 if it is not known."""
    known = isinstance(s, For) and isinstance(s.step, Const) and isinstance(s.step.value, int)
    return s.step.value if known else 0  # type: ignore[union-attr]


def _unknown(who: str, what: Hashable) -> SizeLike:
    """An integer of which nothing is known: of the read, of the write, or, without a name, of both."""
    return size_opaque("unknown", who, what)


def _are_apart(a: _Part, b: _Part) -> bool:
    """Whether two parts are known not to meet on the first axis, where they are there from one number to another."""
    if not a or not b or not all(isinstance(n, int) for n in (*a[0], *b[0])):
        return False
    return a[0][1] < b[0][0] or b[0][1] < a[0][0]  # type: ignore[operator]


def _overlap(a: tuple[SizeLike | None, SizeLike | None], b: tuple[SizeLike | None, SizeLike | None], to: _Conditions) -> None:
    """Add that two ranges of indices of one axis have an index in common."""
    if a[0] is not None and b[0] is not None and a[0] == a[1] and b[0] == b[1]:
        to.zero.append(size_add(a[0], b[0], -1))
        return
    for (low, _), (_, high) in ((a, b), (b, a)):
        if low is not None and high is not None:
            to.least.append(size_add(high, low, -1))


_LINEAR: dict[Any, Callable[..., SizeLike]] = {
    operator.add: size_add,
    operator.sub: lambda a, b: size_add(a, b, -1),
    operator.mul: size_mul,
    operator.neg: lambda a: size_mul(a, -1),
}
