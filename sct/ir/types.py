"""Abstract values: what is known of a value before the code runs.

Takes nothing but NumPy dtypes and Python constants; gives frozen descriptions that are equal when they say the same. Never
holds data: sizes are symbols (`Size`), except where the program text fixes them. Where symbols do not tell sizes apart, what
they are at the call does (`sizes_known`); what is concluded from that is collected (`facts_relied_on`). The container classes
(`Tuple`, `List`, `Dict`, `Slice`) serve two levels: their items are abstract values here, and operands in the SSA form.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field, replace
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np

from sct.ir.records import record

__all__ = [
    "COMPARISONS",
    "SIZE_FUNCTIONS",
    "UNDEFINED",
    "UNKNOWN",
    "WORKED_OUT",
    "Abstract",
    "Array",
    "Const",
    "Dict",
    "DictOf",
    "Fact",
    "FieldName",
    "Instance",
    "Known",
    "List",
    "ListOf",
    "Mask",
    "Maybe",
    "ObjectOf",
    "OrNone",
    "Record",
    "Relied",
    "Scalar",
    "Size",
    "SizeLike",
    "Slice",
    "Stateful",
    "Tuple",
    "Undefined",
    "Unknown",
    "VariableName",
    "alike",
    "are_equal",
    "bounds_of",
    "broadcast_shapes",
    "broadcast_sizes",
    "equal_shapes",
    "facts_relied_on",
    "fit_into",
    "holds_record",
    "is_list_or_dict",
    "is_named_tuple",
    "is_nonnegative",
    "is_of_arguments",
    "is_positive",
    "is_unit",
    "is_worked_out",
    "keys_of",
    "known_sizes",
    "may_be_none",
    "note_bounds",
    "note_size",
    "same_dtype",
    "same_shape",
    "size_add",
    "size_mul",
    "size_opaque",
    "size_sum",
    "size_symbol",
    "sizes_known",
    "sizes_taken_equal",
    "unify",
    "unify_all",
    "value_at_call",
    "with_items",
    "with_sizes",
]


class _Shown:
    """What has a text, that says all of it."""

    __slots__ = ()

    def __str__(self) -> str:
        from sct.ir.type_text import text_of

        return text_of(self)  # type: ignore[arg-type]


@record(frozen=True, slots=True)
class Size(_Shown):
    """An integer known as a linear form `const + Σ cᵢ aᵢ` of atoms.

    An atom is hashable and stands for one integer in one run of the function; two sizes that are equal as forms are equal at
    run time. A symbol atom is `("symbol", name, known)`: with `known` 0 it may be any integer; with 1 it is a size that is
    not 1.
    """

    terms: tuple[tuple[Hashable, int], ...]
    const: int = 0
    hashed: int | None = field(default=None, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        found = self.hashed
        if found is None:  # all types of arrays are looked up by their sizes, and a form of many terms is long
            found = hash((self.terms, self.const))
            object.__setattr__(self, "hashed", found)
        return found


SizeLike: TypeAlias = "int | Size"


def size_symbol(name: str, known: int = 0) -> Size:
    """A fresh integer called `name`; `known` as in an atom."""
    return Size(((("symbol", name, known), 1),))


def size_opaque(kind: str, *parts: Hashable) -> Size:
    """An integer that is a function `kind` of `parts`, of which nothing else is known."""
    return Size((((kind, *parts), 1),))


def size_sum(terms: Mapping[Hashable, int], const: int) -> SizeLike:
    """The sum of `const` and of atoms, each so many times."""
    kept = [(a, c) for a, c in terms.items() if c]
    if len(kept) > 1:
        kept.sort(key=lambda t: repr(t[0]))
    return Size(tuple(kept), const) if kept else const


def size_add(a: SizeLike, b: SizeLike, sign: int = 1) -> SizeLike:
    """`a + sign * b`."""
    if isinstance(b, int):
        return Size(a.terms, a.const + sign * b) if isinstance(a, Size) else a + sign * b
    terms: dict[Hashable, int] = {}
    const = 0
    for s, factor in ((a, 1), (b, sign)):
        if isinstance(s, Size):
            const += factor * s.const
            for atom, c in s.terms:
                terms[atom] = terms.get(atom, 0) + factor * c
        else:
            const += factor * s
    return size_sum(terms, const)


def size_mul(a: SizeLike, b: SizeLike) -> SizeLike:
    """`a * b`; a product of two forms is an atom of its own."""
    if isinstance(a, Size) and isinstance(b, Size):
        return size_opaque("mul", *sorted((a, b), key=repr))
    if isinstance(b, Size):
        a, b = b, a
    if isinstance(a, Size):
        assert isinstance(b, int)
        return size_sum({atom: c * b for atom, c in a.terms}, a.const * b)
    return a * b  # type: ignore[operator]


@record(frozen=True, slots=True)
class Fact:
    """A comparison of a size, made of those of arguments, with a number; it holds at the call that is compiled for."""

    size: Size
    op: Literal["==", "!=", ">="]
    value: int

    def holds(self) -> bool | None:
        """Whether it holds at the call that is being compiled for; None if that is not known."""
        n = _at_call(self.size)
        return None if n is None else bool(COMPARISONS[self.op](n, self.value))

    def __str__(self) -> str:
        return f"{self.size} {self.op} {self.value}"


COMPARISONS: dict[str, Callable[[int, int], Any]] = {"==": operator.eq, "!=": operator.ne, ">=": operator.ge}

SIZE_FUNCTIONS: dict[str, Callable[..., int]] = {
    "broadcast": lambda a, b: b if a == 1 else a,
    "ceil_div": lambda a, b: -(-a // b),
    "floordiv": operator.floordiv,
    "max0": lambda a: max(a, 0),
    "min": min,
    "mod": operator.mod,
    "mul": operator.mul,
    "quotient": operator.floordiv,
    "slice": lambda n, *bounds: len(range(n)[slice(*bounds)]),
}
"""What an atom stands for, by its kind, from what its parts stand for."""

WORKED_OUT = frozenset(("ceil_div", "floordiv", "max0", "min", "mod", "mul", "quotient"))
"""The kinds of atoms for which an expression stands in generated code."""


def is_worked_out(n: Any) -> bool:
    """Whether a size is told by an expression in what a function is given, so that it can be compared with another."""
    return isinstance(n, int) or (isinstance(n, Size) and all(_is_worked_out(atom) for atom, _ in n.terms))


def _is_worked_out(atom: Any) -> bool:
    if not isinstance(atom, tuple):
        return False
    return "#" not in str(atom[1]) if atom[0] == "symbol" else atom[0] in WORKED_OUT and all(map(is_worked_out, atom[1:]))


class Known:
    """What is known of symbols while a derivative is made."""

    def __init__(self, at_call: bool) -> None:
        self.at_call: dict[str, int] | None = {} if at_call else None  # what a symbol of an argument is
        self.bounds: dict[str, tuple[SizeLike | None, SizeLike | None]] = {}  # the least and greatest index of a loop

    def copy(self) -> Known:
        """The same, to which something may be added."""
        found = Known(False)
        found.at_call = None if self.at_call is None else dict(self.at_call)
        found.bounds = dict(self.bounds)
        return found

    def update(self, other: Known) -> None:
        """Know what another one knows as well."""
        if self.at_call is not None:
            self.at_call.update(other.at_call or {})
        self.bounds.update(other.bounds)


_known: ContextVar[Known | None] = ContextVar("known", default=None)
_relied_on: ContextVar[Relied | None] = ContextVar("relied_on", default=None)


@contextmanager
def sizes_known(at_call: bool = True, known: Known | None = None) -> Iterator[None]:
    """Meanwhile, what is noted of symbols serves to tell sizes apart; with `at_call` what they are at the call, too.

    What is noted is added to `known`, if that is given.
    """
    token = _known.set(Known(at_call) if known is None else known)
    try:
        yield
    finally:
        _known.reset(token)


def known_sizes() -> Known | None:
    """What is known of symbols here; None where nothing is noted."""
    return _known.get()


def note_size(name: str, value: int) -> None:
    """Note what a symbol of an argument is at the call that is compiled for."""
    known = _known.get()
    if known is not None and known.at_call is not None:
        known.at_call[name] = value


def note_bounds(name: str, least: SizeLike | None, greatest: SizeLike | None) -> None:
    """Note the bounds of the index of a loop; None where there is none that is known."""
    known = _known.get()
    if known is not None:
        known.bounds[name] = least, greatest


def bounds_of(name: str) -> tuple[SizeLike | None, ...]:
    """The bounds of the index of a loop, as they were noted; none of anything else."""
    known = _known.get()
    return () if known is None else known.bounds.get(name, ())


class Relied:
    """What was asked of the sizes at the call, with the answers, and the facts that were concluded from."""

    def __init__(self) -> None:
        self.facts: dict[Fact, None] = {}
        self.asked: dict[Fact, bool | None] = {}

    def renamed(self, fact: Callable[[Fact], Fact]) -> Relied:
        """The same, with each fact as it is called elsewhere."""
        found = Relied()
        found.facts = dict.fromkeys(map(fact, self.facts))
        found.asked = {fact(f): answer for f, answer in self.asked.items()}
        return found

    def holds(self) -> bool:
        """Whether the answers would be the same now."""
        return all(fact.holds() is answer for fact, answer in self.asked.items())

    def again(self) -> None:
        """Rely on the answers once more."""
        _rely_on(self)


@contextmanager
def facts_relied_on() -> Iterator[Relied]:
    """Collects what is asked meanwhile, and what is concluded from; of an attempt that fails nothing stays."""
    found = Relied()
    token = _relied_on.set(found)
    try:
        yield found
    finally:
        _relied_on.reset(token)
    _rely_on(found)


def _rely_on(inner: Relied) -> None:
    found = _relied_on.get()
    if found is not None:
        found.facts.update(inner.facts)
        found.asked.update(inner.asked)


def _ask(fact: Fact, opposite: Fact | None = None) -> bool | None:
    """Whether a fact holds at the call, which is then relied on, or on the opposite."""
    answer = fact.holds()
    found = _relied_on.get()
    if found is not None:
        found.asked[fact] = answer
        relied = fact if answer else opposite if answer is False else None
        if relied is not None:
            found.facts[relied] = None
    return answer


def _at_call(s: SizeLike) -> int | None:
    """What a size is at the call; None if that is not known."""
    known = _known.get()
    if isinstance(s, int) or known is None or not known.at_call:
        return s if isinstance(s, int) else None
    out = s.const
    for atom, c in s.terms:
        n = _atom_at_call(atom, known.at_call)
        if n is None:
            return None
        out += c * n
    return out


def _atom_at_call(atom: Any, at_call: Mapping[str, int]) -> int | None:
    if not isinstance(atom, tuple):
        return None
    if atom[0] == "symbol":
        return at_call.get(atom[1])
    function = SIZE_FUNCTIONS.get(atom[0])
    if function is None:
        return None
    values = [_at_call(p) if isinstance(p, Size) else p for p in atom[1:]]
    if any(v is None and p is not None for v, p in zip(values, atom[1:], strict=True)):
        return None
    try:
        return function(*values)
    except ZeroDivisionError:
        return None


def value_at_call(s: SizeLike) -> int | None:
    """What a size is at the call, which is then relied on; None if that is not known."""
    n = _at_call(s)
    if n is not None and isinstance(s, Size):
        _ask(Fact(s, "==", n))
    return n


def are_equal(a: SizeLike, b: SizeLike) -> bool:
    """Whether two sizes are known to be equal; those of arguments, neither of which is 1, also if they are so at the call."""
    if a == b:
        return True
    if not (is_unit(a) is is_unit(b) is False and is_of_arguments(a) and is_of_arguments(b)):
        return False
    difference = size_add(a, b, -1)
    return isinstance(difference, Size) and _ask(Fact(difference, "==", 0)) is True


def equal_shapes(a: tuple[SizeLike, ...] | None, b: tuple[SizeLike, ...] | None) -> bool:
    """Whether two shapes are known to be equal; unlike `same_shape`, where nothing makes NumPy raise if they are not."""
    return a is not None and b is not None and len(a) == len(b) and all(map(are_equal, a, b))


def is_nonnegative(s: SizeLike) -> bool:
    """Whether `s` is known to be at least 0."""
    return _is_at_least(s, 0)


def is_positive(s: SizeLike) -> bool:
    """Whether `s` is known to be at least 1."""
    return _is_at_least(s, 1)


def _is_at_least(s: SizeLike, n: int) -> bool:
    """Whether `s` is known to be `n` or more."""
    low = _lowest(s)
    if low is None or isinstance(low, int):
        return low is not None and low >= n
    if _is_surely_at_least(low, n):
        return True
    return _ask(Fact(low, ">=", n)) is True


def _is_surely_at_least(s: Size, n: int) -> bool:
    """Whether `s` is `n` or more at any call."""
    return s.const >= n and all(c > 0 and _counts(atom) for atom, c in s.terms)


def _lowest(s: SizeLike) -> SizeLike | None:
    """A size that `s` is never below, without indices of loops in it that are bounded; None if it has no such bound."""
    known = _known.get()
    if isinstance(s, int) or known is None or not any(_is_bounded(atom, known) for atom, _ in s.terms):
        return s
    out: SizeLike = s.const
    for atom, c in s.terms:
        one: SizeLike | None = Size(((atom, 1),))
        if _is_bounded(atom, known):
            least, greatest = known.bounds[atom[1]]  # type: ignore[index]
            one = least if c > 0 else greatest
        if one is None:
            return None
        out = size_add(out, size_mul(one, c))
    return out if out == s else _lowest(out)


def _is_bounded(atom: Any, known: Known) -> bool:
    """Whether `atom` is the index of a loop, of bounds that are known."""
    return isinstance(atom, tuple) and atom[0] == "symbol" and atom[1] in known.bounds


def _counts(atom: Any) -> bool:
    """Whether `atom` is known to be at least 0."""
    if not isinstance(atom, tuple):
        return False
    if atom[0] == "symbol":  # one of which something is known stands for an axis; others are int arguments, of any sign
        return bool(atom[2])
    if atom[0] in ("mul", "broadcast"):
        return all(is_nonnegative(part) for part in atom[1:])
    return atom[0] in ("max0", "min", "ceil_div", "slice", "quotient", "count", "picked")


def is_unit(s: SizeLike) -> bool | None:
    """Whether a size is 1: True, False, or None where it is not known."""
    if isinstance(s, int):
        return s == 1
    if s.const == 0 and len(s.terms) == 1 and s.terms[0][1] == 1:
        atom = s.terms[0][0]
        if isinstance(atom, tuple) and atom[0] == "symbol" and atom[2]:
            return False
    if _is_surely_at_least(s, 2):
        return False
    other = _ask(Fact(s, "!=", 1), Fact(s, "==", 1))
    if other is not None:
        return not other
    return False if _is_at_least(s, 2) else None


_taken_equal: ContextVar[list[tuple[SizeLike, SizeLike, bool]] | None] = ContextVar("taken_equal", default=None)


@contextmanager
def sizes_taken_equal() -> Iterator[list[tuple[SizeLike, SizeLike, bool]]]:
    """Collects the pairs of sizes that are taken to be equal, since NumPy raises where they are not.

    The flag says that they must be equal; without it one of them may also be 1.
    """
    found: list[tuple[SizeLike, SizeLike, bool]] = []
    token = _taken_equal.set(found)
    try:
        yield found
    finally:
        _taken_equal.reset(token)


def _take_equal(a: SizeLike, b: SizeLike, exactly: bool) -> None:
    found = _taken_equal.get()
    if found is not None and a != b:
        found.append((a, b, exactly))


def unify(a: SizeLike, b: SizeLike) -> SizeLike:
    """Two sizes of which NumPy demands that they are equal: the one that is better known."""
    _take_equal(a, b, True)
    return b if isinstance(b, int) else a


def unify_all(a: Iterable[SizeLike], b: Iterable[SizeLike]) -> tuple[SizeLike, ...]:
    """Sizes of which NumPy demands that they are equal, one by one."""
    return tuple(unify(p, q) for p, q in zip(a, b, strict=False))


def fit_into(shape: tuple[SizeLike, ...] | None, value: tuple[SizeLike, ...] | None) -> None:
    """Note that what has the shape `value` is broadcast to `shape`."""
    for n, size in zip(reversed(shape or ()), reversed(value or ()), strict=False):
        if not is_unit(size):
            _take_equal(n, size, is_unit(size) is False)


def broadcast_sizes(a: SizeLike, b: SizeLike) -> SizeLike:
    """The size of one axis after broadcasting; where NumPy would raise, either."""
    if a == b or is_unit(b):
        return a
    if is_unit(a):
        return b
    if is_unit(a) is False and is_unit(b) is False:
        return unify(b, a) if isinstance(a, int) else unify(a, b)
    _take_equal(a, b, False)
    if is_unit(a) is False:
        return a
    if is_unit(b) is False:
        return b
    return size_opaque("broadcast", *sorted((a, b), key=repr))


def broadcast_shapes(shapes: Iterable[tuple[SizeLike, ...] | None]) -> tuple[SizeLike, ...] | None:
    """The shape after broadcasting, None where a rank is not known."""
    out: tuple[SizeLike, ...] = ()
    for shape in shapes:
        if shape is None:
            return None
        if shape == out or not out or not shape:
            out = out or shape
            continue
        n = max(len(out), len(shape))
        a = (1,) * (n - len(out)) + out
        b = (1,) * (n - len(shape)) + shape
        out = tuple(broadcast_sizes(p, q) for p, q in zip(a, b, strict=True))
    return out


def same_shape(a: tuple[SizeLike, ...] | None, b: tuple[SizeLike, ...] | None) -> bool:
    """Whether two shapes that broadcast against each other are known to be equal."""
    if a is None or b is None or len(a) != len(b):
        return False
    return all(p == q or (is_unit(p) is False and is_unit(q) is False) for p, q in zip(a, b, strict=True))


def same_dtype(a: np.dtype[Any] | None, b: np.dtype[Any] | None) -> bool:
    """Whether two dtypes are known and equal. (For NumPy `np.dtype(float) == None` holds, so None takes a test of its own.)"""
    return a is not None and b is not None and a == b


def is_of_arguments(n: SizeLike) -> bool:
    """Whether a size is made of the function's arguments alone, and so is the same throughout a run."""
    return isinstance(n, int) or all(_same_throughout(atom) for atom, _ in n.terms)


def _same_throughout(atom: Any) -> bool:
    if isinstance(atom, Size):
        return is_of_arguments(atom)
    if not isinstance(atom, tuple):
        return True
    if atom and atom[0] == "symbol":
        return "#" not in str(atom[1])
    return bool(atom) and atom[0] in SIZE_FUNCTIONS and all(_same_throughout(a) for a in atom[1:])


@record(frozen=True, slots=True)
class Unknown(_Shown):
    """Nothing is known."""


@record(frozen=True, slots=True)
class Maybe(Unknown):
    """None, or by the path that the program takes a number or an array of the type `item`."""

    item: Any


@record(frozen=True, slots=True)
class Stateful(_Shown):
    """An object of a class whose methods are registered, such as a random generator."""

    cls: type


@record(frozen=True, slots=True)
class Undefined(_Shown):
    """No value: a name that one branch does not bind; `why` is the error that it is to read that, if it is one of its own.

    `end`: what the name is if no exception comes, an operand of the untyped form, where one may come before it is bound.
    """

    why: Exception | None = field(default=None, compare=False)
    end: Any = field(default=None, compare=False)


@record(frozen=True, slots=True)
class Const(_Shown):
    """A value known at compile time: number, string, None, flag, dtype, function, module.

    Equality is of type and value, in tuples and slices too (`1`, `1.0` and `True` differ, and so do `np.float64` and
    `np.dtype(np.float64)`; nan equals nan; 0.0 and -0.0 differ).
    """

    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Const):
            return False
        a, b = self.value, other.value
        return a is b or (type(a) is type(b) and _identity(a) == _identity(b))

    def __hash__(self) -> int:
        v = self.value
        plain = type(v) in (int, str) or (type(v) is float and not math.isnan(v))  # each nan has a hash of its own
        return hash(v if plain else _identity(v))


def _identity(v: Any) -> tuple[type, Any]:
    """What two constants have in common if one can stand for the other; can be hashed."""
    if isinstance(v, (float, complex, np.generic)):
        return type(v), repr(v)
    if type(v) is tuple:
        return tuple, tuple(map(_identity, v))
    if type(v) is slice:
        return slice, (_identity(v.start), _identity(v.stop), _identity(v.step))
    try:
        hash(v)
    except TypeError:
        return type(v), id(v)
    return type(v), v


@record(frozen=True, slots=True)
class Scalar(_Shown):
    """A Python number. `kind` is bool, int, float or complex; an int may carry its symbolic value as `size`.

    `also`: the other kinds that it may be of, by the path that the program takes.
    """

    kind: type
    size: SizeLike | None = None
    also: tuple[type, ...] = ()


@record(frozen=True, slots=True)
class Array(_Shown):
    """An ndarray or a NumPy scalar (rank 0). `dtype` or `shape` is None where it is not known.

    `boxed` marks an ndarray of rank 0, which, unlike a NumPy scalar, can be written into; None: it may be either. What has
    no known rank is an ndarray for sure only if it is marked. `also`: the kinds of Python numbers that it may be
    instead, by the path that the program takes; what is computed from it may then be of another dtype. `axes`: the shape
    that it has if it is no such number, where it has no known rank because of these alone.
    """

    dtype: np.dtype[Any] | None
    shape: tuple[SizeLike, ...] | None
    boxed: bool | None = False
    also: tuple[type, ...] = ()
    axes: tuple[SizeLike, ...] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Array) or self.shape != other.shape:
            return False
        if self.boxed is not other.boxed or self.also != other.also or self.axes != other.axes:
            return False
        return self.dtype is other.dtype or same_dtype(self.dtype, other.dtype)

    @property
    def rank(self) -> int | None:
        return None if self.shape is None else len(self.shape)

    @property
    def is_ndarray(self) -> bool:
        """Whether it is known to be an ndarray, at rank 0 too, and no number."""
        return bool(self.shape or self.boxed)


@record(frozen=True, slots=True)
class Mask(Array):
    """An array of flags that serves as an index, and how many of them are set; never the type of a value."""

    picks: SizeLike = 0


@record(frozen=True, slots=True)
class Tuple(_Shown):
    """A tuple of known length; `kind` is the class of a named one."""

    items: tuple[Any, ...]
    kind: Any = None


class OrNone:
    """The kind of a tuple that is None on some ways: its first item is whether it is there, the others are its own, or None."""


def or_none(t: Any, like: Any) -> Any:
    """None, or a tuple, as a tuple that is None on some ways where `like` is one, or is the other of the two."""
    if isinstance(t, Tuple) and t.kind is None and (like == Const(None) or _is_or_none(like, len(t.items))):
        return Tuple((Const(True), *t.items), OrNone)
    if t == Const(None) and isinstance(like, Tuple) and like.kind in (None, OrNone):
        n = len(like.items) - (like.kind is OrNone)
        return Tuple((Const(False), *[Const(None)] * n), OrNone)
    return t


def _is_or_none(t: Any, n: int) -> bool:
    return isinstance(t, Tuple) and t.kind is OrNone and len(t.items) == n + 1


@record(frozen=True, slots=True)
class List(_Shown):
    """A list of known length."""

    items: tuple[Any, ...]


@record(frozen=True, slots=True)
class ListOf(_Shown):
    """A list whose length is only known at run time, of items of one type.

    `sites`: where lists that this may be are made, if writes into it are statements.
    """

    item: Any
    sites: frozenset[Hashable] = frozenset()


@record(frozen=True, slots=True)
class DictOf(_Shown):
    """A dict whose keys are only known at run time, of keys of one type and items of one; `sites` as of `ListOf`."""

    key: Any
    item: Any
    sites: frozenset[Hashable] = frozenset()


@record(frozen=True, slots=True)
class ObjectOf(DictOf):
    """A dict that stands for an object of the class `cls` which a function makes: of its fields, whose names are known.

    `or_none`: it may be None instead, by the path that the program takes.
    """

    cls: type = object
    names: tuple[str, ...] = ()
    or_none: bool = False


@record(frozen=True, slots=True)
class Dict(_Shown):
    """A dict with known keys, in order."""

    keys: tuple[Hashable, ...]
    items: tuple[Any, ...]

    @staticmethod
    def of(mapping: Mapping[Any, Any]) -> Dict:
        """The dict with the entries of `mapping`."""
        return Dict(tuple(mapping), tuple(mapping.values()))

    def mapping(self) -> dict[Any, Any]:
        """The items by their keys."""
        return dict(zip(self.keys, self.items, strict=True))


class FieldName(str):
    """The name of a field, as the key that leads to what is in it."""

    __slots__ = ()


class VariableName(str):
    """The name of a variable that functions share, as its key in the dict that they have it in."""

    __slots__ = ()


@record(frozen=True, slots=True)
class Record(Dict):
    """An object of the class `cls` with known fields, whose names are the keys.

    As an operand it is at compile time only, but for results. As the type of an argument `path` is where that comes from, as
    of an `Instance`; there, a field that holds nothing to differentiate by is an `Instance`, of whatever class, too.
    """

    cls: type = object
    path: str = ""


@record(frozen=True, slots=True)
class Instance(_Shown):
    """An object whose fields are read: an instance of a class written in Python, a bound method, a `functools.partial`.

    `path` says where it comes from, among the arguments and the data outside of the function; what its fields hold is
    looked up when they are read, and is guarded for itself.
    """

    cls: type
    path: str


@record(frozen=True, slots=True)
class Slice(_Shown):
    """A slice object."""

    start: Any
    stop: Any
    step: Any


def with_sizes(t: Array, size: Callable[[int, SizeLike], SizeLike]) -> Array:
    """An array type with other sizes: `size` is given the number of an axis, and what it has now."""
    shape, axes = (None if s is None else tuple([size(k, n) for k, n in enumerate(s)]) for s in (t.shape, t.axes))
    return replace(t, shape=shape, axes=axes) if t.shape or t.axes else t


_Container = TypeVar("_Container", bound="Tuple | List | Dict")


def with_items(t: _Container, items: Iterable[Any]) -> _Container:
    """A container of the kind of `t`, and with its keys, of other items."""
    made = tuple(items)
    if isinstance(t, Record):
        return Record(t.keys, made, t.cls, t.path)  # type: ignore[return-value]
    found: Any = Dict(t.keys, made) if isinstance(t, Dict) else Tuple(made, t.kind) if isinstance(t, Tuple) else List(made)
    return found  # type: ignore[no-any-return]


def may_be_none(t: Abstract) -> bool:
    """Whether something of a type may be None, and is one of its other values on other ways."""
    return isinstance(t, Maybe) or (isinstance(t, ObjectOf) and t.or_none)


def is_list_or_dict(t: Abstract) -> bool:
    """Whether something of a type is a list or dict that is an object: what it holds, others may hold and change too."""
    return isinstance(t, (ListOf, DictOf)) and bool(t.sites)


def holds_record(t: Any) -> bool:
    """Whether something of a type is, or holds, an object with known fields."""
    return isinstance(t, (Tuple, List, Dict)) and (isinstance(t, Record) or any(map(holds_record, t.items)))


def is_named_tuple(cls: Any) -> bool:
    """Whether a class is one of named tuples, which are made as `collections.namedtuple` makes them."""
    if not isinstance(cls, type) or not issubclass(cls, tuple) or not hasattr(cls, "_fields"):
        return False
    own = next(c for c in cls.__mro__ if "__new__" in c.__dict__)
    return "_make" in own.__dict__ and not any("__getitem__" in c.__dict__ for c in cls.__mro__ if c is not tuple)


def alike(a: Any, b: Any) -> bool:
    """Whether two containers have the same structure, but for what is in their items."""
    if not isinstance(a, (Tuple, List, Dict)) or type(a) is not type(b) or keys_of(a) != keys_of(b):
        return False
    if isinstance(a, Record):
        return isinstance(b, Record) and a.cls is b.cls
    return not isinstance(a, Tuple) or (isinstance(b, Tuple) and a.kind == b.kind)


def keys_of(t: Tuple | List | Dict) -> Sequence[Any]:
    """What leads to the items of a container: the keys of a dict, the numbers of the items of a tuple or list."""
    return t.keys if isinstance(t, Dict) else range(len(t.items))


Abstract: TypeAlias = (
    "Unknown | Undefined | Const | Scalar | Array | Tuple | List | ListOf | Dict | DictOf | Instance | Stateful | Slice"
)

UNKNOWN = Unknown()
UNDEFINED = Undefined()
