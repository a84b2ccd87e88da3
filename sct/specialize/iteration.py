"""What a `for` loop goes through: ranges, containers, rows of arrays, and what zip, enumerate, reversed and map give of these.

Takes operands; gives a plan, which knows its length and its i-th element. A plan exists at compile time only.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeGuard

import numpy as np

from sct.checkpointing import checkpointed
from sct.errors import SctError, UnsupportedSyntaxError
from sct.infer.call import plain
from sct.ir.ops import CALL, STAR, UNPACK, Method
from sct.ir.records import record
from sct.ir.shapes import as_array, constant
from sct.ir.ssa import Function, Operand, Value, type_of
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    Instance,
    List,
    ListOf,
    Record,
    Scalar,
    SizeLike,
    Slice,
    Tuple,
    Undefined,
    value_at_call,
)
from sct.ir.words import in_words
from sct.specialize.building import Builder, Plan, UndecidedError, UnrollError

__all__ = [
    "PLANS",
    "Checkpointed",
    "Entries",
    "Enumerate",
    "Flat",
    "Generated",
    "Items",
    "Mapped",
    "Range",
    "Repeat",
    "Reversed",
    "Rows",
    "View",
    "Zip",
    "count_at_call",
    "few_at_call",
    "is_endless",
    "is_generator",
    "is_iterator",
    "is_starred",
    "item",
    "known_count",
    "length",
    "looped",
    "parts",
    "planned",
    "pool",
    "size_of",
    "spread",
    "taken_apart",
    "trip_count",
]


_ALL = Slice(Const(None), Const(None), Const(None))


@record(frozen=True)
class Range(Plan):
    """range(start, stop, step)."""

    start: Operand
    stop: Operand
    step: Operand

    def length(self, b: Builder) -> Operand:
        bounds = [plain(type_of(o)) for o in (self.start, self.stop, self.step)]
        if all(constant(v) for v in bounds):
            return Const(len(range(*bounds)))
        if self.step == Const(1):
            span = self.stop if self.start == Const(0) else b.apply(operator.sub, (self.stop, self.start))
            return b.apply(max, (span, Const(0)))
        toward = b.apply(operator.sub, (self.stop, self.start))
        up = b.apply(operator.neg, (b.apply(operator.floordiv, (b.apply(operator.neg, (toward,)), self.step)),))
        return b.apply(max, (up, Const(0)))

    def at(self, b: Builder, i: Operand) -> Operand:
        scaled = i if self.step == Const(1) else b.apply(operator.mul, (i, self.step))
        return scaled if self.start == Const(0) else b.apply(operator.add, (self.start, scaled))


@record(frozen=True)
class Items(Plan):
    """The items of a tuple, list or dict of known length, as they are when the loop comes to them; `of` a dict: what."""

    container: Operand
    count: int
    of: str = "keys"

    def length(self, b: Builder) -> Operand:
        return Const(self.count)

    def at(self, b: Builder, i: Operand) -> Operand:
        if not isinstance(i, Const):
            raise UnrollError(
                "an element of a list or tuple whose index is only known at run time",
                b.place,
                "Loop over the list itself, or stack its elements into an array.",
            )
        now = b.structure(self.container)
        if isinstance(now, Value):
            now = b.explode(now)
        assert isinstance(now, (Tuple, List, Dict))
        if len(now.items) != self.count:
            raise UnsupportedSyntaxError(
                "a list or dict that has changed in length since the loop through it was set up", b.place, "Loop over a copy."
            )
        value: Operand = now.items[i.value]
        if not isinstance(now, Dict) or self.of == "values":
            return value
        key = Const(now.keys[i.value])
        return key if self.of == "keys" else Tuple((key, value))


@record(frozen=True)
class Rows(Plan):
    """The rows (elements along the first axis) of an array, or the items of a list of unknown length."""

    array: Value

    def length(self, b: Builder) -> Operand:
        return b.apply(len, (self.array,))

    def at(self, b: Builder, i: Operand) -> Operand:
        return b.apply(operator.getitem, (self.array, i))


@record(frozen=True)
class Flat(Plan):
    """The entries of an array in a row, as they are when they are read: `x.flat`."""

    array: Operand

    def length(self, b: Builder) -> Operand:
        return b.apply(np.size, (self.array,))

    def at(self, b: Builder, i: Operand) -> Operand:
        return b.apply(operator.getitem, (b.apply(np.ravel, (self.array,)), i))

    def entries(self, b: Builder, index: Operand = _ALL) -> Operand:
        """Those at an index, in memory of their own."""
        part = b.apply(operator.getitem, (b.apply(np.ravel, (self.array,)), index))
        return part if as_array(type_of(part)).shape == () else b.apply(np.array, (part,))


@record(frozen=True)
class Entries(Plan):
    """What is in a dict whose keys are not known, as it is when the loop comes to it; `keys`: a list of those it began with."""

    whole: Operand
    keys: Value
    of: str

    def length(self, b: Builder) -> Operand:
        return b.apply(len, (self.keys,))

    def at(self, b: Builder, i: Operand) -> Operand:
        key = b.apply(operator.getitem, (self.keys, i))
        if self.of == "keys":
            return key
        value = b.apply(operator.getitem, (self.whole, key))
        return value if self.of == "values" else Tuple((key, value))


@record(frozen=True)
class View(Plan):
    """The keys, values or items of a dict whose keys are not known, whatever these are when a loop comes to it."""

    whole: Operand
    of: str

    def begun(self, b: Builder) -> Entries:
        """What a loop goes through that begins here."""
        keys = b.apply(list, (self.whole,))
        assert isinstance(keys, Value)
        return Entries(self.whole, keys, self.of)

    def length(self, b: Builder) -> Operand:
        return b.apply(len, (self.whole,))


@record(frozen=True)
class Zip(Plan):
    """zip(*parts)."""

    parts: tuple[Plan, ...]

    def length(self, b: Builder) -> Operand:
        lengths = list(dict.fromkeys(p.length(b) for p in self.parts if not is_endless(p)))
        sizes = {t.size if isinstance(t := type_of(n), Scalar) and t.size is not None else n for n in lengths}
        return lengths[0] if len(sizes) == 1 else b.apply(min, tuple(lengths))

    def at(self, b: Builder, i: Operand) -> Operand:
        return Tuple(tuple(p.at(b, i) for p in self.parts))


@record(frozen=True)
class Enumerate(Plan):
    """enumerate(part, start)."""

    part: Plan
    start: Operand

    def length(self, b: Builder) -> Operand:
        return self.part.length(b)

    def at(self, b: Builder, i: Operand) -> Operand:
        number = i if self.start == Const(0) else b.apply(operator.add, (self.start, i))
        return Tuple((number, self.part.at(b, i)))


@record(frozen=True)
class Reversed(Plan):
    """reversed(part)."""

    part: Plan

    def length(self, b: Builder) -> Operand:
        return self.part.length(b)

    def at(self, b: Builder, i: Operand) -> Operand:
        n = self.part.length(b)
        if isinstance(n, Const) and isinstance(i, Const):
            return self.part.at(b, Const(n.value - 1 - i.value))
        return self.part.at(b, b.apply(operator.sub, (b.apply(operator.sub, (n, Const(1))), i)))


@record(frozen=True)
class Mapped(Plan):
    """map(function, part), where `starred` of more than one iterable; each item is computed when a loop comes to it."""

    function: Operand
    part: Plan
    starred: bool = False

    def length(self, b: Builder) -> Operand:
        return self.part.length(b)

    def at(self, b: Builder, i: Operand) -> Operand:
        item = self.part.at(b, i)
        return b.apply(CALL, (self.function, *(item.items if self.starred and isinstance(item, Tuple) else (item,))))


@record(frozen=True)
class Generated(Plan):
    """What a generator gives, of arguments in the order of the parameters of its block."""

    function: Function
    args: tuple[Operand, ...]

    def length(self, b: Builder) -> Operand:
        raise SctError("len() of a generator", b.place, "Make a list of it.")

    def at(self, b: Builder, i: Operand) -> Operand:
        raise UnsupportedSyntaxError("an item of a generator by its number", b.place, "Make a list of it.")


def is_generator(o: Operand) -> bool:
    """Whether an operand is what a generator gives."""
    return type(o) is Const and isinstance(o.value, Generated)


class Endless(Plan):
    """What has no end, and is gone through beside something that has one."""

    def length(self, b: Builder) -> Operand:
        raise UnsupportedSyntaxError("all items of something without end", b.place, "Zip it with something that ends.")


@record(frozen=True)
class Count(Endless):
    """itertools.count(start, step)."""

    start: Operand
    step: Operand

    def at(self, b: Builder, i: Operand) -> Operand:
        return Range(self.start, Const(None), self.step).at(b, i)


@record(frozen=True)
class Repeat(Endless):
    """itertools.repeat(value)."""

    value: Operand

    def at(self, b: Builder, i: Operand) -> Operand:
        return self.value


@record(frozen=True)
class Cycle(Endless):
    """itertools.cycle(part)."""

    part: Plan

    def at(self, b: Builder, i: Operand) -> Operand:
        return self.part.at(b, b.apply(operator.mod, (i, self.part.length(b))))


@record(frozen=True)
class Checkpointed(Plan):
    """sct.checkpointed(part, slots, disk)."""

    part: Plan
    slots: Operand
    disk: Operand


def is_endless(plan: Plan) -> bool:
    """Whether a plan has no end."""
    if isinstance(plan, Zip):
        return bool(plan.parts) and all(map(is_endless, plan.parts))
    return isinstance(plan, Endless) or (isinstance(plan, (Enumerate, Mapped)) and is_endless(plan.part))


def is_iterator(plan: Plan) -> bool:
    """Whether a plan can be gone through once."""
    return isinstance(plan, (Zip, Enumerate, Reversed, Mapped, Endless, Generated, Flat))


def parts(plan: Plan) -> Iterator[Plan]:
    """The plans that a plan is made of, itself included."""
    yield plan
    if isinstance(plan, Zip):
        for p in plan.parts:
            yield from parts(p)
    elif isinstance(plan, (Enumerate, Reversed, Mapped, Cycle)):
        yield from parts(plan.part)


def trip_count(plan: Plan) -> int | None:
    """The number of elements, if it is known at compile time."""
    if isinstance(plan, Items):
        return plan.count
    if isinstance(plan, Range):
        bounds = [plain(type_of(o)) for o in (plan.start, plan.stop, plan.step)]
        return len(range(*bounds)) if all(constant(v) for v in bounds) else None
    if isinstance(plan, Rows):
        t = plan.array.type
        return t.shape[0] if isinstance(t, Array) and t.shape and isinstance(t.shape[0], int) else None
    if isinstance(plan, Zip):
        counts = [trip_count(p) for p in plan.parts if not is_endless(p)]
        if plan.parts and not counts:
            return None
        return None if None in counts else min((c for c in counts if c is not None), default=0)
    if isinstance(plan, (Enumerate, Reversed, Mapped)):
        return trip_count(plan.part)
    return None


def known_count(s: Builder, plan: Plan) -> int | None:
    """`trip_count`, for which the lists that the function makes are followed item by item."""
    n = trip_count(plan)
    for p in parts(plan) if n is None else ():
        if isinstance(p, Rows):
            _keep_known(s, type_of(p.array))
    return n


def count_at_call(plan: Plan) -> int | None:
    """The number of elements of something that goes through lists of known length and through arrays, of which the lengths
    at the call are relied on; None if these are not known."""
    if isinstance(plan, (Enumerate, Reversed, Mapped)):
        return count_at_call(plan.part)
    if isinstance(plan, Rows):
        shape = getattr(plan.array.type, "shape", None)
        return value_at_call(shape[0]) if shape else None
    if isinstance(plan, Range) and plan.start == Const(0) and plan.step == Const(1):
        n = size_of(type_of(plan.stop))
        found = None if n is None else value_at_call(n)
        return None if found is None else max(found, 0)
    if not isinstance(plan, Zip):
        return trip_count(plan)
    counts = [count_at_call(p) for p in plan.parts if not is_endless(p)]
    return None if None in counts else min((c for c in counts if c is not None), default=None)


def few_at_call(plan: Plan) -> int | None:
    """That number, if it is as small as the number of dimensions of something."""
    n = count_at_call(plan)
    return n if n is not None and n <= _FEW_AT_CALL else None


_FEW_AT_CALL = 8


def size_of(t: Abstract) -> SizeLike | None:
    """What an integer is, as a size."""
    return t.size if isinstance(t, Scalar) else int(t.value) if isinstance(t, Const) and type(t.value) is int else None


def taken_apart(s: Builder, x: Operand) -> list[Operand]:
    """The items of something with a star before it."""
    if isinstance(x, Undefined):
        return [x]
    if is_generator(x):
        x = s.apply(list, (x,))
    t = type_of(x)
    if isinstance(t, (Tuple, List, Dict, Array, Instance)) or (
        isinstance(x, Const) and isinstance(x.value, (Plan, tuple, list, str))
    ):
        plan = s.plan(x)
        n = known_count(s, plan)
        if n is None and s.by_sizes:
            n = few_at_call(plan)
        if n is not None:
            return [plan.at(s, Const(i)) for i in range(n)]
    _keep_known(s, t)
    raise UnsupportedSyntaxError(
        "a starred value whose length is only known at run time", s.place, "Write the elements out, or use array operations."
    )


_STAR = Const(STAR)


def is_starred(o: Operand) -> TypeGuard[Slice]:
    """Whether an argument is to be taken apart."""
    return type(o) is Slice and o.stop == _STAR


def spread(
    s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand], room: Callable[[], int | None] = lambda: None
) -> tuple[list[Operand], dict[str, Operand]]:
    """Arguments with what has stars before it put in its places.

    `room`: how many positional arguments what is called takes, if it takes no other number of them.
    """
    out: list[Operand] = []
    for a in args:
        if not is_starred(a):
            out.append(a)
        elif a.step == Const(None):
            out += _one_starred(s, args, a.start, room) or taken_apart(s, a.start)
        else:
            out += [Tuple((Const(k), v)) for k, v in _entries(s, a.start).items()]
    named: dict[str, Operand] = {}
    if not kwargs:
        return out, named
    for k, v in kwargs.items():
        for name, value in _entries(s, v).items() if k.startswith("**") else ((k, v),):
            if name in named:
                raise SctError(f"the keyword argument {name!r} is given twice", s.place, "Leave one of them out.")
            named[name] = value
    return out, named


def _one_starred(s: Builder, args: Sequence[Operand], x: Operand, room: Callable[[], int | None]) -> list[Operand] | None:
    """The items of an array of unknown length that has the only star: as many as what is called takes besides the others."""
    t = type_of(x)
    unknown = isinstance(t, ListOf) or (isinstance(t, Array) and bool(t.shape) and trip_count(s.plan(x)) is None)
    if not unknown or sum(map(is_starred, args)) > 1 or (whole := room()) is None:
        return None
    n = whole - (len(args) - 1)
    if n < 1:
        return None
    items = s.apply(UNPACK, (x, Const(n)))
    return [s.apply(operator.getitem, (items, Const(k))) for k in range(n)]


def _keep_known(s: Builder, t: Abstract) -> None:
    """Lists and dicts that the function makes, of which the length or the keys must be known, are to be no objects."""
    for site in sorted(t.sites, key=repr) if isinstance(t, (ListOf, DictOf)) else ():
        if site not in s.given and ("known", site) not in s.decided:
            raise UndecidedError(("known", site), True)


def _entries(s: Builder, x: Operand) -> dict[Any, Operand]:
    """The entries of a dict with two stars before it."""
    _keep_known(s, type_of(x))
    found = s.expose_all(x) if isinstance(type_of(x), Dict) else x
    if not isinstance(found, Dict) or isinstance(found, Record):
        raise UnsupportedSyntaxError(f"** before {in_words(type_of(x))}, which is no dict", s.place, "Write the entries out.")
    return found.mapping()


def looped(plan: Plan) -> Iterator[Operand]:
    """The lists and dicts that a plan goes through, whose lengths must not change meanwhile."""
    for p in parts(plan):
        if isinstance(p, Items) and isinstance(type_of(p.container), (List, Dict)):
            yield p.container
        elif isinstance(p, Rows) and isinstance(p.array.type, ListOf):
            yield p.array


def _range(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    if not 1 <= len(args) <= 3:
        raise SctError(f"range takes 1 to 3 arguments, not {len(args)}", b.place, "Write `range(n)`.")
    start, stop, step = (
        (Const(0), args[0], Const(1)) if len(args) == 1 else (args[0], args[1], args[2] if len(args) > 2 else Const(1))
    )
    return Const(Range(start, stop, step))


def _zip(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    strict = plain(type_of(kwargs.get("strict", Const(False))))
    if not constant(strict) or kwargs.keys() - {"strict"}:
        raise SctError("zip() of keywords other than strict", b.place, "Write `zip(a, b, strict=True)`.")
    found = tuple(b.plan(a) for a in args)
    if strict and len(found) > 1:
        b.apply(_of_equal_lengths, [p.length(b) for p in found])
    return Const(Zip(found))


def _of_equal_lengths(first: Any, *others: Any) -> None:
    """Python's error, though raised before the loop and not after it."""
    for k, n in enumerate(others):
        if n < first:
            raise ValueError(f"zip() argument {k + 2} is shorter than argument {k + 1}")
        if n > first:
            raise ValueError(f"zip() argument {k + 2} is longer than argument {k + 1}")


def _enumerate(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    start = args[1] if len(args) > 1 else kwargs.get("start", Const(0))
    return Const(Enumerate(b.plan(args[0]), start))


def _reversed(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    plan = b.plan(args[0])
    if is_iterator(plan):
        raise SctError(f"reversed() of {in_words(type_of(args[0]))}", b.place, "Make a list of it first.")
    return Const(Reversed(plan))


def _count(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    given = {**dict(zip(("start", "step"), args, strict=False)), **kwargs}
    return Const(Count(given.get("start", Const(0)), given.get("step", Const(1))))


def _cycle(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    return Const(Cycle(b.plan(b.apply(pool, args))))


def _map(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if len(args) < 2 or kwargs:
        return NotImplemented
    if len(args) == 2:
        return Const(Mapped(args[0], b.plan(args[1])))
    return Const(Mapped(args[0], Zip(tuple(b.plan(a) for a in args[1:])), True))


def pool(iterable: Any) -> Any:
    """What a function keeps of an iterable that it goes through more than once, as it is when it is given: see `_pool`."""
    raise AssertionError


def length(iterable: Any) -> Any:
    """How many items a pool has: see `_length`."""
    raise AssertionError


def item(iterable: Any, i: Any) -> Any:
    """An item of a pool: see `_item`."""
    raise AssertionError


def _pool(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    (x,) = args
    t = type_of(x)
    if isinstance(t, Array) and t.rank is not None:
        return b.apply(Method("copy"), (x,)) if t.rank == 1 else x  # rows are views
    kept = isinstance(t, Tuple) or (isinstance(t, Const) and isinstance(t.value, (Range, tuple, str)))
    return x if kept else b.apply(list, (x,))


def _length(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    return planned(b, args[0]).length(b)


def _item(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    i = type_of(args[1])
    return planned(b, args[0]).at(b, i if isinstance(i, Const) else args[1])


def planned(b: Builder, pool: Operand) -> Plan:
    """The plan of something that is gone through by numbers: an iterator is not spent by that."""
    return pool.value if isinstance(pool, Const) and isinstance(pool.value, Plan) else b.plan(pool)


def _checkpointed(b: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    given = {**dict(zip(("iterable", "slots", "disk"), args, strict=False)), **kwargs}
    if "iterable" not in given or "slots" not in given:
        raise SctError(
            "sct.checkpointed takes what the loop goes through, and the number of slots",
            b.place,
            "Write `sct.checkpointed(range(n), slots=5)`.",
        )
    return Const(Checkpointed(b.plan(given["iterable"]), given["slots"], given.get("disk", Const(0))))


PLANS: dict[Any, Callable[..., Any]] = {
    range: _range,
    zip: _zip,
    enumerate: _enumerate,
    reversed: _reversed,
    checkpointed: _checkpointed,
    map: _map,
    itertools.count: _count,
    itertools.cycle: _cycle,
    pool: _pool,
    length: _length,
    item: _item,
}
"""The functions that make plans; each takes the operands and the keywords."""
