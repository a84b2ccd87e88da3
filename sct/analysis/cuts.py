"""Cuts: where adjoints are 0 because a selection leaves an entry out, and not because their value happens to be 0.

Takes a function with its reverse sweep, and the values of its forward sweep; gives the cuts of each value of the reverse sweep,
and tells which products and quotients may not be 0 there. `np.where(x > 0, y, 0)` does not depend on `y` where x ≤ 0: there
the adjoint of `y` is 0 whatever `y` is, and so is each product with it, also where the other factor is infinite or nan. What is
0 by its value has no cut: there 0 · ∞ may be a limit that is not 0. Never looks at data.
"""

from __future__ import annotations

import functools
import math
import operator
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from sct.analysis.binding import phis
from sct.analysis.effects import statements
from sct.infer.call import infer_call, plain
from sct.infer.facts import for_call
from sct.ir.ops import POP, PUSH
from sct.ir.paths import entries_of, is_axis, is_basic_index, path_of
from sct.ir.records import record
from sct.ir.shapes import normalize_axes
from sct.ir.ssa import Apply, Block, Closure, For, If, Operand, Value, blocks_in, defined, type_of, values_of
from sct.ir.types import Abstract, Array, Const, Scalar, SizeLike, Slice, broadcast_shapes, same_dtype, same_shape
from sct.registry.facts import facts_of, ufunc_of
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of
from sct.runtime import scatter_add, updated

__all__ = ["Along", "Band", "Chosen", "Cut", "Cuts", "Either", "Finder", "Placed", "Weighed", "cuts_in"]


@record(frozen=True)
class Chosen:
    """It is 0 where a condition does not hold; if not `holds`, where it does."""

    mask: Value
    holds: bool

    @property
    def shape(self) -> tuple[SizeLike, ...] | None:
        return _shape(self.mask.type)


@record(frozen=True)
class Weighed:
    """It is 0 where a factor that is made of flags is, unless what it is divided by, the number of some, is 0 too."""

    factor: Value
    count: Value | None = None

    @property
    def shape(self) -> tuple[SizeLike, ...] | None:
        return _shape(self.factor.type)


@record(frozen=True)
class Placed:
    """It is 0 but at the places that a statement adds to."""

    step: Apply

    @property
    def shape(self) -> tuple[SizeLike, ...] | None:
        return _shape(self.step.result.type)


@record(frozen=True)
class Band:
    """It is 0 outside of the band of a matrix that an operation keeps."""

    op: Any
    args: tuple[Operand, ...]


@record(frozen=True)
class Along:
    """What becomes of another cut where a statement moves entries, or adds them up: along `axes` of the mask, kept or not."""

    step: Apply
    of: Mask
    shape: tuple[SizeLike, ...]
    axes: tuple[tuple[int, ...], bool] = ((), False)


@record(frozen=True)
class Either:
    """It is a sum of several, and 0 where all of these are: each is 0 where one of its cuts says so."""

    summands: tuple[tuple[Mask, ...], ...]
    shape: tuple[SizeLike, ...]


Mask: TypeAlias = "Chosen | Weighed | Placed | Along | Either"
Cut: TypeAlias = "Mask | Band"


@record(frozen=True)
class _Everywhere:
    """It is 0 everywhere."""


Cuts: TypeAlias = "tuple[Cut, ...]"
_EVERYWHERE = _Everywhere()
_MOST = 8  # so many summands have a condition together
_Found: TypeAlias = "Cuts | _Everywhere"


def cuts_in(
    block: Block,
    forward: Collection[Value],
    adjoints: Collection[int],
    mirror: Mapping[int, int],
    changing: Collection[Value] = (),
) -> Finder | None:
    """The cuts of the values in a function's block; None if nothing in its reverse sweep selects.

    Parameters
    ----------
    block : Block
        Both sweeps.
    forward : collection of Value
        The values of the forward sweep.
    adjoints : collection of int
        The ids of the values that are adjoints, as the rules give them.
    mirror : mapping
        The block of the forward sweep that a block of the reverse sweep goes back through, by labels.
    changing : collection of Value
        Values that stand for memory, which is not later what it is now.
    """
    found = Finder(block, forward, adjoints, mirror, changing)
    if not any(found.begins(s) for s in found.made.values() if s.result not in forward):
        return None
    found.walk(block, inner=False)
    return found


class Finder:
    """`cuts`: of each value of the reverse sweep that has some; `made`: the operations by their results."""

    def __init__(
        self,
        block: Block,
        forward: Collection[Value],
        adjoints: Collection[int],
        mirror: Mapping[int, int],
        changing: Collection[Value],
    ) -> None:
        labelled = {b.label: b for b in blocks_in(block)}
        self.mirrored = {back: labelled[label] for back, label in mirror.items() if label in labelled}
        self.forward = forward
        self.adjoints = adjoints
        self.changing = changing
        self.made = {s.result: s for s in statements(block)}
        self.sources = phis(block)
        self.pushes = Counter(s.args[0] for s in self.made.values() if s.op is PUSH)
        self.tapes: dict[Operand, dict[Value, _Found]] = {}  # the cuts of what is pushed, by statement
        self.around: list[Block] = []
        self.cuts: dict[Value, _Found] = {}
        self.finite: dict[Value, bool] = {}
        self.plain: dict[Value, bool] = {}
        self.flags: dict[Value, bool] = {}

    def of(self, o: Operand) -> Cuts:
        """The cuts of an operand."""
        found = self.found(o)
        return () if isinstance(found, _Everywhere) else found

    def found(self, o: Operand) -> _Found:
        if isinstance(o, Const):
            return _EVERYWHERE if _is_zero(o) else ()
        return self.cuts.get(o, ()) if isinstance(o, Value) else ()

    # -- what has cuts -----------------------------------------------------------------------------------------------

    def walk(self, block: Block, inner: bool = True) -> None:
        """Find the cuts of what a block makes; `inner`: it is in a branch or a loop."""
        self.around += [block] * inner
        for s in block.body:
            if isinstance(s, Apply):
                if s.op is PUSH:
                    kept = self.outside(self.found(s.args[1]), self.around)
                    self.tapes.setdefault(s.args[0], {})[s.result] = kept
                elif s.result not in self.forward:
                    self.put(s.result, self.given_by(s))
            elif isinstance(s, For):
                self.loop(s)
            else:
                for b in s.blocks:
                    self.walk(b, inner=not isinstance(s, Closure))
                if isinstance(s, If):
                    for phi in s.phis:
                        self.put(phi.result, self.outside(self.common(phi.ends), s.blocks))
        del self.around[len(self.around) - inner :]

    def put(self, v: Value, found: _Found) -> None:
        if found and v not in self.forward:
            self.cuts[v] = found
        else:
            self.cuts.pop(v, None)

    def loop(self, s: For) -> None:
        """A loop: what it carries has the cuts that it begins with and that each iteration keeps."""
        carried = [(phi, self.found(phi.begins[0])) for phi in s.phis]
        while True:
            for phi, cuts in carried:
                self.put(phi.params[0], cuts)
            self.walk(s.body)
            kept = [(phi, _shared([cuts, self.outside(self.found(phi.ends[0]), s.blocks)])) for phi, cuts in carried]
            if kept == carried:
                break
            carried = kept
        for phi, cuts in carried:
            self.put(phi.result, cuts)

    def outside(self, found: _Found, blocks: Sequence[Block]) -> _Found:
        """The cuts that are told by what is there outside of blocks, and of those that they go back through."""
        if not found or isinstance(found, _Everywhere):
            return found
        both = [*blocks, *(self.mirrored[b.label] for b in blocks if b.label in self.mirrored)]
        inner: frozenset[Value] = frozenset().union(*map(defined, both))
        return tuple([c for c in found if inner.isdisjoint(_told_by(c))])

    def begins(self, s: Apply) -> bool:
        """Whether a statement may have a cut that its operands have not."""
        return s.op is scatter_add or self.of_flags(s) or self.selects(s) is not None

    def common(self, operands: Iterable[Operand]) -> _Found:
        """The cuts that all of several operands have."""
        return _shared([self.found(o) for o in operands])

    def given_by(self, s: Apply) -> _Found:
        """The cuts of the result of an operation of the reverse sweep."""
        known = facts_of(s.op)
        if known.zeros:
            return _EVERYWHERE
        if s.op is POP:
            pushed = self.tapes.get(s.args[0], {})  # all that ever are, or else what is popped may be another
            return _shared([*pushed.values()]) if 0 < self.pushes[s.args[0]] == len(pushed) else ()
        if self.of_flags(s):
            leaves_out = s.result.id in self.adjoints and self.leaves_out(s.result)
            return (Weighed(self.core(s.result)),) if leaves_out else ()
        if (selected := self.selects(s)) is not None:
            k, cut = selected
            own = self.found(s.args[k])
            return own if isinstance(own, _Everywhere) else (*(c for c in own if c != cut), cut)
        if s.op is scatter_add:
            return self.placed(s) if self.is_zero(s.args[0]) else ()
        if s.op is np.where or self.linear(s) == "together":
            return self.added(s.args[1:] if s.op is np.where else s.args)
        if not s.args:
            return ()
        if ufunc_of(s.op) is None:
            return self.moved(s)
        factors = s.args if self.linear(s) == "each" else s.args[:1] if self.linear(s) == "first" else ()
        found = [self.found(o) for o in factors]
        if any(isinstance(f, _Everywhere) for f in found):
            return _EVERYWHERE
        cuts = [c for f in found if not isinstance(f, _Everywhere) for c in f]
        return tuple(
            dict.fromkeys([*cuts, *(self.weighed(s, o) for o in factors if self.is_of_flags(o) and self.leaves_out(o))])
        )

    def linear(self, s: Apply) -> str | None:
        """In what an element-wise operation is linear."""
        if ufunc_of(s.op) is None or s.kwargs:
            return None
        found: str | None = for_call(facts_of(s.op).linear, s.op, s.args, s.kwargs)
        return found

    def selects(self, s: Apply) -> tuple[int, Cut] | None:
        """Of an operation that gives 0 for some entries of an operand, and those that are left as they are: the number of that
        operand, and its cut."""
        if s.op is np.where and len(s.args) == 3 and not s.kwargs and isinstance(s.args[0], Value):
            for k in (1, 2):
                if self.is_zero(s.args[3 - k]) and self.lasts(s.args[0]) and _is_mask(s.args[0]):
                    return k, Chosen(s.args[0], k == 1)
        elif s.op is updated and _is_zero(s.args[2]) and len(path_of(s)) == 1:
            (index,) = path_of(s)
            a = _shape(type_of(s.args[0]))
            if (
                isinstance(index, Value)
                and _is_mask(index)
                and self.lasts(index)
                and a
                and len(a) == len(_shape(index.type) or ())
            ):
                return 0, Chosen(index, False)
        elif facts_of(s.op).band and not s.kwargs and all(self.lasts(v) for v in values_of(*s.args[1:])):
            a = _shape(type_of(s.args[0]))
            return (0, Band(s.op, s.args[1:])) if a is not None and len(a) > 1 else None
        return None

    def weighed(self, s: Apply, factor: Operand) -> Weighed:
        """The cut of a product with a factor that is made of flags; the other one may be divided by their number."""
        assert isinstance(factor, Value)
        for o in s.args:
            made = self.made.get(o) if isinstance(o, Value) and o not in self.forward else None
            if made is not None and self.linear(made) == "first":
                count = made.args[1]
                if isinstance(count, Value) and self.is_plain(count):
                    return Weighed(self.core(factor), count)
        return Weighed(self.core(factor))

    def leaves_out(self, o: Operand) -> bool:
        """Whether a factor made of flags is 0 for what is left out, and not at a kink alone, as the sign of a number is."""
        made = self.made[self.core(o)] if isinstance(o, Value) else None
        if made is None or made.op is np.sign:
            return False
        return self.linear(made) != "each" or all(self.leaves_out(a) for a in made.args if isinstance(a, Value))

    def core(self, v: Value) -> Value:
        """The factor made of flags that tells where such a value is 0."""
        made = self.made[v]
        others = [o for o in made.args if isinstance(o, Value)]
        times = self.linear(made) == "each" and len(others) == 1 and all(_is_nonzero(o) for o in made.args if o not in others)
        return self.core(others[0]) if times or (ufunc_of(made.op) is np.negative and others) else v

    def lasts(self, v: Operand) -> bool:
        return v not in self.changing

    def is_zero(self, o: Operand) -> bool:
        made = self.made.get(o) if isinstance(o, Value) else None
        return _is_zero(o) or (made is not None and facts_of(made.op).zeros)

    def moved(self, s: Apply) -> _Found:
        """The cuts of what a statement makes of the entries of its first operand."""
        own = self.found(s.args[0])
        if not own:
            return ()
        if facts_of(s.op).keeps_zeros:
            return own
        if isinstance(own, _Everywhere):
            return own if for_call(facts_of(s.op).linear, s.op, s.args, s.kwargs) == "first" else ()
        return tuple([c for c in map(self.along(s), own) if c is not None])

    def along(self, s: Apply) -> Any:
        return functools.partial(self.after, s)

    def after(self, s: Apply, cut: Cut) -> Cut | None:
        """What a statement makes of a cut of its first operand; of what it adds to zeros, if it does that."""
        adds = s.op is scatter_add
        have, t = _shape(type_of(s.args[2 if adds else 0])), s.result.type
        if isinstance(cut, Band) or have is None or cut.shape is None or not isinstance(t, Array) or t.shape is None:
            return None
        full, even = same_shape(cut.shape, have), len(cut.shape) == len(have)
        op, flags = primitive_of(s.op), Array(np.dtype(bool), cut.shape)
        if facts_of(s.op).keeps_zeros:
            return cut
        if op is np.broadcast_to:
            return cut
        if op is np.sum:
            return self.summed(s, cut, have)
        if adds:
            return self.put_back(s, cut, tuple(t.shape)) if full and len(path_of(s)) == 1 else None
        if op is np.reshape and same_shape(cut.shape, t.shape) and all(n == 1 for n in have[: len(have) - len(t.shape)]):
            return cut
        how = for_call(facts_of(op).rearranged, s.op, s.args, s.kwargs)
        if op is operator.getitem:
            index = entries_of(s.args[1])
            turned = is_basic_index(s.args[1]) is True and (full or all(map(_is_new_or_whole, index)))
        else:
            turned = how == "turned" or (how is not None and full)
        if not (turned and even):
            return None
        given = infer_call(s.op, [flags, *map(type_of, s.args[1:])], {k: type_of(o) for k, o in s.kwargs})
        return Along(s, cut, given.shape) if isinstance(given, Array) and given.shape is not None else None

    def added(self, summands: Sequence[Operand]) -> _Found:
        """The cuts of a sum: those that all summands have, or else that one of them is not 0."""
        found = [self.found(o) for o in summands]
        shared = _shared(found)
        some = [f for f in found if not isinstance(f, _Everywhere)]
        if shared or not all(some):
            return shared
        if any(isinstance(c, (Band, Placed)) for f in some for c in f):
            return ()
        parts = dict.fromkeys([p for f in some for p in (f[0].summands if len(f) == 1 and isinstance(f[0], Either) else (f,))])
        alone = {p[0] for p in parts if len(p) == 1}
        everywhere = any(isinstance(c, Chosen) and Chosen(c.mask, not c.holds) in alone for c in alone)
        shape = broadcast_shapes([c.shape for p in parts for c in p])  # type: ignore[union-attr]
        if everywhere or shape is None or len(parts) > _MOST:
            return ()
        return (Either(tuple(parts), tuple(shape)),)  # type: ignore[arg-type]

    def placed(self, s: Apply) -> Cuts:
        """The cuts of what is added to zeros: where nothing is added, and those of what is, if it fills all places."""
        path = path_of(s)
        if len(path) == 1 and all(map(_is_new_or_whole, entries_of(path[0]))):
            return tuple([c for c in map(self.along(s), self.of(s.args[2])) if c is not None])
        if len(path) == 1 and all(_is_new_or_whole(e) or e == _BACKWARDS for e in entries_of(path[0])):
            return ()  # backwards, and so all places too
        if not all(map(self.lasts, values_of(*path))) or _shape(s.result.type) is None:
            return ()
        mask = path[0]
        if (
            len(path) == 1
            and isinstance(mask, Value)
            and _is_mask(mask)
            and len(_shape(mask.type) or ()) == len(_shape(s.result.type) or ())
        ):
            return (Chosen(mask, True),)
        return (Placed(s),)

    def put_back(self, s: Apply, cut: Mask, shape: tuple[SizeLike, ...]) -> Cut | None:
        """A cut of what is added to zeros in all their places; that of what its mask was picked from, if it was picked so."""
        (index,) = path_of(s)
        picked = self.made.get(cut.mask) if isinstance(cut, Chosen) else None
        if (
            picked is not None
            and picked.op is operator.getitem
            and picked.args[1] == index
            and isinstance(picked.args[0], Value)
        ):
            return Chosen(picked.args[0], cut.holds)  # type: ignore[union-attr]
        return Along(s, cut, shape)

    def moves(self, s: Apply) -> bool:
        """Whether an operation only moves, repeats or converts the entries of its first operand."""
        if not s.args or not self.of(s.args[0]) or primitive_of(s.op) is np.sum or s.op is scatter_add:
            return False
        return ufunc_of(s.op) is None and s.result in self.cuts

    def summed(self, s: Apply, cut: Mask, have: Sequence[SizeLike]) -> Cut | None:
        """A cut of a sum along axes: the same one, for an entry of the sum, if these have no part in it."""
        along = _axes(s, len(have))
        if isinstance(cut, Placed) or cut.shape is None or along is None:
            return None
        axes, keeps = along
        lead = len(have) - len(cut.shape)
        own = [a - lead for a in axes if a >= lead]
        if keeps:
            shape = tuple([1 if k in own else n for k, n in enumerate(cut.shape)])
            return cut if shape == cut.shape else Along(s, cut, shape, (tuple(own), True))
        if lead != len(axes) - len(own):
            return None
        left = tuple([n for k, n in enumerate(cut.shape) if k not in own])
        return Along(s, cut, left, (tuple(own), False)) if own else cut

    # -- what may undo them ------------------------------------------------------------------------------------------

    def undone(self, s: Apply) -> Cuts:
        """The cuts of a product or quotient where it may be something else than 0: where the other operand may be inf or nan.

        What a selection leaves out may be anything. Of what a factor of flags or an index leaves out it is asked whether
        arithmetic on finite numbers gives it: with nan the larger of two numbers is nan, and a part is of numbers all alike.
        """
        how = self.linear(s)
        if how not in ("each", "first"):
            return ()
        found: list[Cut] = []
        for k, o in enumerate(s.args):
            if how == "first" and k:
                break
            other = s.args[1 - k]
            for cut in self.of(o):
                if _is_of_numbers(cut):
                    safe = self.is_positive(other) if how == "first" else self.is_finite(other)
                else:
                    safe = self.is_plain(other)
                if not safe:
                    found.append(cut)
        return tuple(dict.fromkeys(found))

    def outweighed(self, s: Apply) -> Weighed | None:
        """The cut of a product of flags and a factor that may not be finite."""
        if self.linear(s) != "each" or self.of_flags(s):
            return None
        for k, o in enumerate(s.args):
            if self.is_of_flags(o) and self.leaves_out(o) and not self.is_finite(s.args[1 - k]):
                return self.weighed(s, o)
        return None

    def is_plain(self, o: Operand) -> bool:
        """Whether an operand is a finite number, whatever the function is given: one that is written, an integer, a flag."""
        if isinstance(o, Const):
            return isinstance(o.value, (int, float, complex)) and bool(np.isfinite(o.value))
        if not isinstance(o, Value) or _is_whole(o.type):
            return isinstance(o, Value)
        if o not in self.plain:
            made = None if o in self.forward else self.made.get(o)
            self.plain[o] = made is not None and self.is_arithmetic(made) and all(map(self.is_plain, made.args))
        return self.plain[o]

    def is_arithmetic(self, s: Apply) -> bool:
        return self.linear(s) is not None or primitive_of(s.op) is np.sum

    def is_of_flags(self, o: Operand) -> bool:
        """Whether an operand is made of comparisons and signs by the reverse sweep, and of no adjoint."""
        if not isinstance(o, Value) or o in self.forward or o.id in self.adjoints or o not in self.made:
            return False
        if o not in self.flags:
            self.flags[o] = self.of_flags(self.made[o])
        return self.flags[o]

    def of_flags(self, s: Apply) -> bool:
        """Whether a statement compares, asks for a sign, or computes with such."""
        if s.op is np.sign or same_dtype(getattr(s.result.type, "dtype", None), np.dtype(bool)):
            return True
        how, numbers = self.linear(s), [isinstance(a, Const) for a in s.args]
        if how == "first":
            return self.is_of_flags(s.args[0]) and self.is_plain(s.args[1])
        return (
            how is not None and not all(numbers) and all(n or self.is_of_flags(a) for n, a in zip(numbers, s.args, strict=True))
        )

    def is_finite(self, o: Operand) -> bool:
        """Whether an operand is finite where the numbers that the function is given are, but for overflow."""
        if not isinstance(o, Value):
            return self.is_plain(o) or not isinstance(o, Const)
        if not isinstance(o.type, (Array, Scalar)):
            return True
        if o not in self.finite:
            self.finite[o] = True  # as it is unless something shows the contrary
            made = self.made.get(o)
            if made is None:
                self.finite[o] = all(map(self.is_finite, self.sources.get(o, ())))
            elif not _is_whole(o.type) and not self.is_of_flags(o):
                self.finite[o] = self.gives_finite(made) and all(map(self.is_finite, made.values))
        return self.finite[o]

    def gives_finite(self, s: Apply) -> bool:
        """Whether an operation gives finite numbers for such."""
        if self.linear(s) == "first":
            return self.is_positive(s.args[1])
        known = facts_of(s.op)
        if for_call(known.finite, s.op, s.args, s.kwargs) or for_call(known.linear, s.op, s.args, s.kwargs):
            return True
        return s.op is scatter_add or s.op is updated or kind_of(s.op) in ("view", "product", "construction", "comparison")

    def is_positive(self, o: Operand, zero: bool = False) -> bool:
        """Whether an operand is greater than 0, as far as its form tells; with `zero`, not less."""
        if isinstance(o, Const):
            number = isinstance(o.value, (int, float))
            return number and (o.value >= 0 if zero else o.value > 0 and math.isfinite(o.value))
        made = self.made.get(o) if isinstance(o, Value) else None
        if made is None or (isinstance(o, Value) and _is_whole(o.type)):
            return isinstance(o, Value) and _is_whole(o.type)
        if self.is_plain(o):
            return True
        ufunc = ufunc_of(made.op)
        if ufunc is np.add:
            a, b = made.args
            if isinstance(type_of(b), Scalar) and self.is_positive(a, True):
                return True  # a number that somebody adds to what is not negative keeps it from being 0
            return (self.is_positive(a) and self.is_positive(b, True)) or (self.is_positive(a, True) and self.is_positive(b))
        if ufunc is np.multiply and made.args[0] is made.args[1]:
            return zero or self.is_positive(made.args[0])
        if zero and facts_of(made.op).nonnegative:
            return True
        if zero and primitive_of(made.op) is np.mean:
            return self.is_positive(made.args[0], True)
        return made.op is np.sqrt and self.is_positive(made.args[0], zero)


def _axes(s: Apply, rank: int) -> tuple[tuple[int, ...], bool] | None:
    """The axes that a sum goes along, and whether it keeps them; None if it does more, or they are not known."""
    named = dict(zip(("axis", "dtype", "out", "keepdims"), s.args[1:], strict=False)) | dict(s.kwargs)
    axis, keeps = plain(type_of(named.pop("axis", Const(None)))), named.pop("keepdims", Const(False))
    axes = normalize_axes(axis, rank)
    return None if named or axes is None or not isinstance(keeps, Const) else (axes, bool(keeps.value))


def _shared(found: Sequence[_Found]) -> _Found:
    some = [f for f in found if not isinstance(f, _Everywhere)]
    return tuple([c for c in some[0] if all(c in f for f in some)]) if some else _EVERYWHERE


def _told_by(cut: Cut) -> list[Value]:
    if isinstance(cut, Either):
        return [v for c in chain.from_iterable(cut.summands) for v in _told_by(c)]
    if isinstance(cut, Placed):
        return [*cut.step.values, cut.step.result]
    if isinstance(cut, Along):
        return [*cut.step.values, cut.step.result, *_told_by(cut.of)]
    if isinstance(cut, Weighed):
        return [cut.factor] if cut.count is None else [cut.factor, cut.count]
    return values_of(*cut.args) if isinstance(cut, Band) else [cut.mask]


def _is_of_numbers(cut: Cut) -> bool:
    """Whether what a cut leaves out is a number that the function uses elsewhere, or is nan with."""
    if isinstance(cut, Either):
        return all(map(_is_of_numbers, chain.from_iterable(cut.summands)))
    return _is_of_numbers(cut.of) if isinstance(cut, Along) else isinstance(cut, (Weighed, Placed))


def _is_zero(o: Operand) -> bool:
    return isinstance(o, Const) and type(o.value) in (int, float, complex) and o.value == 0


def _is_nonzero(o: Operand) -> bool:
    return isinstance(o, Const) and isinstance(o.value, (int, float)) and o.value != 0


def _is_mask(v: Operand) -> bool:
    """Whether an operand is an array of flags, or a flag."""
    t = type_of(v)
    return t == Scalar(bool) or (isinstance(t, Array) and t.shape is not None and same_dtype(t.dtype, np.dtype(bool)))


def _is_whole(t: Abstract) -> bool:
    """Whether a type is that of integers or flags."""
    return (
        t.kind in (int, bool)
        if isinstance(t, Scalar)
        else isinstance(t, Array) and t.dtype is not None and t.dtype.kind in "biu"
    )


_BACKWARDS = Slice(Const(None), Const(None), Const(-1))


def _is_new_or_whole(entry: Operand) -> bool:
    return entry in (Const(None), Const(Ellipsis)) or is_axis(entry)


def _shape(t: Abstract) -> tuple[SizeLike, ...] | None:
    return t.shape if isinstance(t, Array) else () if isinstance(t, Scalar) else None
