"""Adjoints: what has been added up, so far in the reverse sweep, for each value of the forward sweep.

Takes the adjoints that the reversal of a statement gives to its operands; emits their sums, in the types of the values that
they belong to. An adjoint of a value from outside of a loop is carried by the loop's reverse; one of a container is a
container of its items' adjoints.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.activity import differentiable
from sct.analysis.binding import unbound_values
from sct.infer.call import infer_call
from sct.infer.join import fixed_shape
from sct.infer.objects import as_value
from sct.ir.ops import Method
from sct.ir.rewriting import renamed
from sct.ir.ssa import Apply, Block, Operand, Value, defined, type_of
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    List,
    ListOf,
    Scalar,
    Tuple,
    Undefined,
    Unknown,
    keys_of,
    same_dtype,
    with_items,
)
from sct.specialize.building import Builder
from sct.specialize.specializer import Specializer

__all__ = ["Adjoints", "Loop", "adjoint_type", "bar_name", "bar_type", "items_of"]


@dataclass
class Loop:
    """A loop that is being reversed: the values defined in it, and the adjoints that it carries for values outside."""

    inner: frozenset[Value]
    slots: dict[Value, Value] = field(default_factory=dict)


class Adjoints:
    """The adjoints of a function's values."""

    def __init__(self, block: Block, temporaries: set[Value]) -> None:
        self.b = Specializer(origin_fixed=True)
        self.bars: dict[Value, Operand] = {}
        self.parts: dict[Value, dict[Any, Value]] = {}  # a container -> what stands for its items, by key
        self.wholes: dict[Value, tuple[Value, Any]] = {}  # what stands for an item -> the container, and the key
        self.loops: list[Loop] = []
        self.carried: set[Value] = set()  # the adjoints that loops carry, and the one that is given
        self.active: set[Value] = set()
        self.forward = defined(block)
        self.unbound = unbound_values(block)
        self.called: dict[Value, tuple[str, str]] = {}  # the names and hints that adjoints get after they are made
        self.numbers: set[int] = set()  # the ids of values that are adjoints, whole
        self.made_as: dict[Value, Value] = {}  # what stands for a value of which more is known -> that value
        self.latest: dict[Value, Value] = {}  # a value -> what stands for it last
        self.sums: dict[tuple[Abstract, Abstract], Abstract] = {}  # the type of a sum of two adjoints, by theirs
        self.temporaries = temporaries  # of the user's expressions, whose adjoints are steps of others

    def called_now(self, v: Value) -> tuple[str, str]:
        """The name and the hint of a value of the reverse sweep, which may come to be another value's adjoint than before."""
        return self.called.get(v, (v.name, v.hint))

    def under_their_names(self, block: Block) -> Block:
        """The reverse sweep, whose values have the names and the types that they came to have."""
        versions = {v: self.latest[made] for v, made in self.made_as.items()} | self.latest
        last = {v: v.called(*names) for v, names in self.called.items() if names != (v.name, v.hint)}
        return renamed(block, last | {v: last.get(w, w) for v, w in versions.items()})

    def current(self, v: Value) -> Operand | None:
        """The adjoint of `v` so far; inside a loop, for a value from outside of it, a carried one."""
        if v in self.bars:
            return self.bars[v]
        if self.loops and self.root(v) not in self.loops[-1].inner:
            slots = self.loops[-1].slots
            if v not in slots:
                slots[v] = Value(bar_type(v.type), bar_name(v))
            return slots[v]
        return None

    def accumulate(self, operand: Operand, bar: Operand) -> None:
        """Add `bar`, an adjoint of the structure of `operand`, to the adjoints of the values in it."""
        if isinstance(bar, Undefined) or (isinstance(bar, Const) and bar.value is None):
            return
        if isinstance(operand, (Tuple, List, Dict)):
            items = items_of(self.b, bar, len(operand.items))
            for o, i in zip(operand.items, items, strict=True):
                self.accumulate(o, i)
            return
        if not isinstance(operand, Value) or operand not in self.active:
            return
        if isinstance(operand.type, (Tuple, List, Dict)):
            t = operand.type
            for k, i in zip(keys_of(t), items_of(self.b, bar, len(t.items)), strict=True):
                self.accumulate_part(operand, k, i)
            return
        bar = self.fitted(self.now(bar), operand)
        old = self.current(operand)
        self.bars[operand] = bar if old is None else self.typed(self.sum(old, bar, operand), operand)
        if isinstance(old, Value) and _rank0(operand.type) and not self.is_slot(old):
            self.called[old] = "", operand.ended("_bar") or "part_bar"  # a step of a sum of numbers
        new = self.bars[operand]
        self.numbers.update(v.id for v in (bar, new) if isinstance(v, Value))
        if isinstance(new, Value) and not self.called_now(new)[0]:
            name = bar_name(operand)
            temporary = operand in self.temporaries or not name
            self.called[new] = ("", self.called_now(new)[1] or operand.ended("_bar") or "part_bar") if temporary else (name, "")

    def now(self, bar: Operand) -> Operand:
        """What stands for an adjoint now, if more is known of it than when it was made."""
        return self.latest.get(self.made_as.get(bar, bar), bar) if self.latest and isinstance(bar, Value) else bar

    def is_slot(self, v: Value) -> bool:
        """Whether a value is an adjoint that a loop carries."""
        return v in self.carried or v in self.forward or any(v in loop.slots.values() for loop in self.loops)

    # -- items of containers -----------------------------------------------------------------------------------------

    def part(self, whole: Value, key: Any) -> Value:
        """What stands for an item of a container value (a parameter, or a result with several parts)."""
        parts = self.parts.setdefault(whole, {})
        if key not in parts:
            t = whole.type
            assert isinstance(t, (Tuple, List, Dict))
            parts[key] = Value(t.items[list(keys_of(t)).index(key)], "", whole.ended(f"_{key}"))
            self.wholes[parts[key]] = whole, key
        return parts[key]

    def root(self, v: Value) -> Value:
        """The container that a value stands for an item of, or the value itself."""
        while v in self.wholes:
            v, _ = self.wholes[v]
        return v

    def item_of(self, v: Value) -> Operand:
        """The item that a value stands for, or the value itself."""
        if v not in self.wholes:
            return v
        whole, key = self.wholes[v]
        item = self.item_of(whole)
        return self.b.project(item, key, v.type) if isinstance(item, Value) else item

    def has_parts(self, v: Value) -> bool:
        """Whether some item of a value has an adjoint."""
        return any(p in self.bars or self.has_parts(p) for p in self.parts.get(v, {}).values())

    def taken(self, v: Value) -> Operand | None:
        """The adjoint of an item, taken out; None if it has none."""
        if not isinstance(v.type, (Tuple, List, Dict)):
            return self.bars.pop(v, None)
        made = self.finished(v) if self.has_parts(v) else None
        for p in self.parts.get(v, {}).values():
            self.taken(p)
        return made

    def accumulate_part(self, whole: Value, key: Any, bar: Operand) -> None:
        """An adjoint of one item of a container value."""
        if bar == Const(None):
            return
        part = self.part(whole, key)
        t = part.type
        if not differentiable(t):
            return
        if isinstance(t, (Tuple, List, Dict)):
            for k, i in zip(keys_of(t), items_of(self.b, bar, len(t.items)), strict=True):
                self.accumulate_part(part, k, i)
            return
        bar = self.fitted(self.now(bar), part)
        old = self.current(part)
        self.bars[part] = bar if old is None else self.sum(old, bar, part)
        self.numbers.update(v.id for v in (bar, self.bars[part]) if isinstance(v, Value))

    def sum(self, old: Operand, bar: Operand, like: Value) -> Operand:
        """The sum of two adjoints of `like`; that of arrays and numbers is worked out once for their types."""
        if isinstance(like.type, ListOf):
            return self.b.apply(runtime.added_each, (old, bar))
        if not isinstance(old, Value) or not isinstance(bar, Value):
            return self.b.apply(operator.add, (old, bar))
        types = old.type, bar.type
        if types not in self.sums:
            if not all(isinstance(t, (Array, Scalar)) for t in types):
                return self.b.apply(operator.add, (old, bar))
            self.sums[types] = infer_call(operator.add, types, {})
        return self.b.append(operator.add, (old, bar), {}, self.sums[types])

    def typed(self, bar: Operand, like: Value) -> Operand:
        """`bar`, an adjoint of `like`, known to have its shape, and its dtype where nothing better is known."""
        if not isinstance(bar, Value):
            return bar
        t, want = bar.type, like.type
        if isinstance(t, Unknown) or (isinstance(t, Array) and (t.shape is None or t.dtype is None)):
            known = adjoint_type(want)
        elif isinstance(t, Array) and isinstance(want, Array) and t.rank == want.rank and bar not in self.forward:
            known = t if t.shape == want.shape else Array(t.dtype, want.shape, t.boxed, t.also)
        else:
            return bar
        return bar if known == t or not self.made_here(bar) else self.retyped(bar, known)

    def retyped(self, bar: Value, t: Abstract) -> Value:
        """What stands for a value of the reverse sweep of which more is known now than when it was made."""
        made = Value(t, bar.name, bar.hint, bar.id)
        self.made_as[made] = self.made_as.get(bar, bar)
        self.latest[self.made_as[made]] = made
        if bar in self.called:
            self.called[made] = self.called[bar]
        return made

    def made_here(self, v: Value) -> bool:
        """Whether a value is of the block being built: one from around it may be of other types on other paths."""
        v = self.made_as.get(v, v)
        return any(isinstance(s, Apply) and s.result is v for s in reversed(self.b.body))

    def fitted(self, bar: Operand, like: Value) -> Operand:
        """`bar` in the dtype of `like`: the real part where `like` is real, then its precision."""
        want, have = like.type, type_of(bar)
        if isinstance(have, (Tuple, List, Dict)) or not isinstance(want, (Array, Scalar)):
            return bar
        if isinstance(have, Array) and isinstance(want, Array) and _alike(have, want):
            return bar
        known = want.dtype if isinstance(want, Array) else np.dtype(want.kind)
        got = have.dtype if isinstance(have, Array) else None
        if isinstance(have, (Unknown, Array)) and got is None:
            if known is None:
                return self.b.append(runtime.cast_like, (bar, self.item_of(like)), {}, have)
            number = isinstance(want, Scalar) or want.shape == ()
            perhaps = Array(known, (), also=(complex if known.kind == "c" else float,))
            bar = self.b.append(runtime.cast_to, (bar, Const(known)), {}, perhaps if number else want)
            return self.typed(self.cast(bar, want, known) if number else bar, like)
        if isinstance(want, Scalar) and isinstance(have, Array) and (have.boxed is not False or have.shape != ()):
            bar = self.b.apply(np.real, (bar,)) if want.kind is float and got is not None and got.kind == "c" else bar
            return self.cast(bar, want, np.dtype(want.kind))
        if known is not None and known.kind != "c" and _is_complex_number(have):
            return self.typed(self.b.apply(np.real, (bar,)), like)
        if got is not None and known is not None and got != known:
            if got.kind == "c" and known.kind != "c":
                bar = self.b.apply(np.real, (bar,))
                got = np.dtype(got.char.lower())
            if got != known and not (known.kind == "c" and got.kind == "f"):
                bar = self.cast(bar, want, known)
        return self.typed(bar, like)

    def cast(self, bar: Operand, want: Array | Scalar, dtype: np.dtype[Any]) -> Operand:
        """`bar` in a dtype; where it is a number, it may be Python's on some path, which has no method."""
        if isinstance(want, Array) and want.shape is None and not want.boxed:
            return self.b.append(runtime.cast_to, (bar, Const(dtype)), {}, want)
        if isinstance(want, Array) and want.shape != ():
            return self.b.apply(Method("astype"), (bar, Const(dtype)))
        return self.b.apply(want.kind if isinstance(want, Scalar) else dtype.type, (bar,))

    def strong(self, bar: Operand, like: Value) -> Operand:
        """What becomes the adjoint of `like` on some path: a number in its precision, an array complex where that is."""
        t, have = like.type, type_of(bar)
        if isinstance(t, Array) and t.dtype is not None and t.dtype.kind == "c" and t.shape != () and _is_real(have):
            return self.cast(bar, t, t.dtype)
        if not _weak(have) or not isinstance(t, Array) or t.dtype in (None, np.dtype(float), np.dtype(complex)):
            return bar
        assert t.dtype is not None
        return self.b.apply(t.dtype.type, (bar,))

    def zero(self, v: Value, like: Value | None = None) -> Operand:
        """The zero adjoint of `v`; `like` is a value of the same shape that is at hand."""
        t = v.type
        if isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == ()):
            return Const(0.0)
        if isinstance(t, ListOf):
            return self.b.apply(runtime.zeros_each, (self.item_of(v),))
        if like is None or like.type != t or not fixed_shape(t):
            item = self.item_of(v)
            assert isinstance(item, Value)
            like = item
        make = runtime.zeros_if_bound if like in self.unbound else np.zeros_like
        return self.typed(self.b.append(make, (like,), {}, t), v)

    def finished(self, v: Value) -> Operand:
        """The adjoint of a parameter, in its structure."""
        t = v.type
        if isinstance(t, (Tuple, List, Dict)):
            return with_items(t, [self.finished_part(v, k, i) for k, i in zip(keys_of(t), t.items, strict=True)])
        bar = self.bars.get(v)
        if bar is None:
            bar = self.zero(v)
        if _weak(type_of(bar)) and isinstance(t, Array) and t.dtype is not None and t.dtype != np.dtype(float):
            return self.b.apply(t.dtype.type, (bar,))
        if isinstance(t, Array) and t.dtype is not None and t.dtype.kind == "c" and _is_real(type_of(bar)):
            return self.cast(bar, t, t.dtype)
        if isinstance(t, Scalar) and isinstance(bar, Value) and isinstance(bar.type, Array):
            number = same_dtype(bar.type.dtype, np.dtype(t.kind)) and bar.type.boxed is False
            return bar if number else self.b.apply(t.kind, (bar,))
        return bar

    def finished_part(self, whole: Value, key: Any, t: Abstract) -> Operand:
        """The adjoint of one item of a container; None for a leaf that has none, such as an int."""
        leaf = not isinstance(t, (Tuple, List, Dict))
        return Const(None) if leaf and not differentiable(t) else self.finished(self.part(whole, key))


def items_of(b: Builder, bar: Operand, n: int) -> tuple[Operand, ...]:
    """The `n` items of an adjoint of a container."""
    if isinstance(bar, Value):
        t = bar.type
        if isinstance(t, (Tuple, List, Dict)):
            bar = b.explode(bar)
        elif isinstance(t, ListOf):
            return tuple(b.apply(runtime.item, (bar, Const(i))) for i in range(n))
        elif isinstance(t, Array):  # of a list that was taken for an array
            return tuple(b.apply(operator.getitem, (bar, Const(i))) for i in range(n))
        else:
            return tuple(b.append(operator.getitem, (bar, Const(i)), {}, Unknown()) for i in range(n))
    assert isinstance(bar, (Tuple, List, Dict)), bar
    return bar.items


def adjoint_type(t: Abstract) -> Abstract:
    """The type of an adjoint of a value of type `t`: a number in double precision may be Python's, such as 0.0."""
    if isinstance(t, Scalar):
        return Scalar(t.kind)
    if not isinstance(t, Array):
        return t
    double = t.shape == () and (same_dtype(t.dtype, np.dtype(float)) or same_dtype(t.dtype, np.dtype(complex)))
    return Array(t.dtype, t.shape, also=(float,) if double else ())


def bar_type(t: Abstract) -> Abstract:
    """`adjoint_type`, where adjoints are values: that of a list is none of the objects that the list may be."""
    return as_value(adjoint_type(t))


def bar_name(v: Value) -> str:
    return f"{v.word}_bar" if v.word else ""


def _weak(t: Abstract) -> bool:
    """Whether something is, or may be, a Python number."""
    return isinstance(t, (Const, Scalar)) or (isinstance(t, Array) and bool(t.also))


def _is_complex_number(t: Abstract) -> bool:
    """Whether a type is that of Python's complex numbers."""
    return (isinstance(t, Scalar) and t.kind is complex) or (isinstance(t, Const) and type(t.value) is complex)


def _is_real(t: Abstract) -> bool:
    """Whether a type is that of arrays of real numbers."""
    return isinstance(t, Array) and t.dtype is not None and t.dtype.kind == "f"


def _alike(a: Array, b: Array) -> bool:
    """Whether two arrays are of one known dtype and shape."""
    return a.dtype is b.dtype is not None and a.shape == b.shape is not None


def _rank0(t: Abstract) -> bool:
    return isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == ())
