"""Abstract values: what is known of a value before the code runs.

Takes nothing but NumPy dtypes and Python constants; gives frozen descriptions that are equal when they say the same.
Never holds data: sizes are symbols (`Size`), except where the program text fixes them. The container classes (`Tuple`,
`List`, `Dict`, `Slice`) serve two levels: their items are abstract values here, and operands in the SSA form.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

import numpy as np

from sct.ir.records import record

__all__ = [
    "UNDEFINED",
    "UNKNOWN",
    "Abstract",
    "Array",
    "Const",
    "Dict",
    "Instance",
    "List",
    "ListOf",
    "Scalar",
    "Size",
    "SizeLike",
    "Slice",
    "Stateful",
    "Tuple",
    "Undefined",
    "Unknown",
    "alike",
    "broadcast_shapes",
    "broadcast_sizes",
    "fit_into",
    "is_named_tuple",
    "is_nonnegative",
    "is_positive",
    "is_unit",
    "keys_of",
    "lengths_relied_on",
    "rely_on",
    "same_dtype",
    "same_shape",
    "size_add",
    "size_mul",
    "size_opaque",
    "size_symbol",
    "sizes_taken_equal",
    "unify",
    "unify_all",
    "with_items",
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
    not 1; with a larger number it is at least that.
    """

    terms: tuple[tuple[Hashable, int], ...]
    const: int = 0


SizeLike: TypeAlias = "int | Size"


def size_symbol(name: str, known: int = 0) -> Size:
    """A fresh integer called `name`; `known` as in an atom."""
    return Size(((("symbol", name, known), 1),))


def size_opaque(kind: str, *parts: Hashable) -> Size:
    """An integer that is a function `kind` of `parts`, of which nothing else is known."""
    return Size((((kind, *parts), 1),))


def _size(terms: dict[Hashable, int], const: int) -> SizeLike:
    kept = tuple(sorted(((a, c) for a, c in terms.items() if c), key=lambda t: repr(t[0])))
    return Size(kept, const) if kept else const


def size_add(a: SizeLike, b: SizeLike, sign: int = 1) -> SizeLike:
    """`a + sign * b`."""
    terms: dict[Hashable, int] = {}
    const = 0
    for s, factor in ((a, 1), (b, sign)):
        if isinstance(s, Size):
            const += factor * s.const
            for atom, c in s.terms:
                terms[atom] = terms.get(atom, 0) + factor * c
        else:
            const += factor * s
    return _size(terms, const)


def size_mul(a: SizeLike, b: SizeLike) -> SizeLike:
    """`a * b`; a product of two forms is an atom of its own."""
    if isinstance(a, Size) and isinstance(b, Size):
        return size_opaque("mul", *sorted((a, b), key=repr))
    if isinstance(b, Size):
        a, b = b, a
    if isinstance(a, Size):
        assert isinstance(b, int)
        return _size({atom: c * b for atom, c in a.terms}, a.const * b)
    return a * b  # type: ignore[operator]


_relied_on: ContextVar[dict[str, int] | None] = ContextVar("relied_on", default=None)


@contextmanager
def lengths_relied_on() -> Iterator[dict[str, int]]:
    """Collects what is concluded from how long an axis is at least: the names of symbols, and these lengths."""
    found: dict[str, int] = {}
    token = _relied_on.set(found)
    try:
        yield found
    finally:
        _relied_on.reset(token)
        rely_on(found)


def rely_on(lengths: dict[str, int]) -> None:
    """Note that something is concluded from these lengths."""
    found = _relied_on.get()
    if found is not None:
        found.update({name: max(length, found.get(name, 0)) for name, length in lengths.items()})


def is_nonnegative(s: SizeLike) -> bool:
    """Whether `s` is known to be at least 0."""
    return _is_at_least(s, 0)


def is_positive(s: SizeLike) -> bool:
    """Whether `s` is known to be at least 1; no more is relied on of the length of an axis than that takes."""
    if isinstance(s, int):
        return s > 0
    if any(c < 0 or not _counts(atom) for atom, c in s.terms):
        return False
    if s.const > 0:
        return True
    for atom, _ in s.terms:
        assert isinstance(atom, tuple)
        if atom[0] == "symbol" and atom[2] > max(1, -s.const):
            rely_on({atom[1]: max(2, 1 - s.const)})
            return True
        if atom[0] in ("mul", "broadcast") and s.const == 0 and all(map(is_positive, atom[1:])):
            return True
    return False


def _is_at_least(s: SizeLike, n: int) -> bool:
    """Whether `s` is known to be `n` or more."""
    if isinstance(s, int):
        return s >= n
    if any(c < 0 or not _counts(atom) for atom, c in s.terms):
        return False
    if s.const >= n:
        return True
    lengths = {atom[1]: atom[2] for atom, _ in s.terms if atom[0] == "symbol" and atom[2] > 1}  # type: ignore[index]
    total = s.const + sum(c * atom[2] for atom, c in s.terms if atom[0] == "symbol" and atom[2] > 1)  # type: ignore[index]
    if total < n:
        return False
    rely_on(lengths)
    return True


def _counts(atom: Any) -> bool:
    """Whether `atom` is known to be at least 0."""
    if not isinstance(atom, tuple):
        return False
    if atom[0] == "symbol":  # one of which something is known stands for an axis; others are int arguments, of any sign
        return bool(atom[2])
    if atom[0] in ("mul", "broadcast"):
        return all(is_nonnegative(part) for part in atom[1:])
    return atom[0] in ("max0", "min", "ceil_div", "slice", "quotient", "count")


def is_unit(s: SizeLike) -> bool | None:
    """Whether a size is 1: True, False, or None where it is not known."""
    if isinstance(s, int):
        return s == 1
    if s.const == 0 and len(s.terms) == 1 and s.terms[0][1] == 1:
        atom = s.terms[0][0]
        if isinstance(atom, tuple) and atom[0] == "symbol" and atom[2]:
            return False
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


@record(frozen=True, slots=True)
class Unknown(_Shown):
    """Nothing is known."""


@record(frozen=True, slots=True)
class Stateful(_Shown):
    """An object of a class whose methods are registered, such as a random generator."""

    cls: type


@record(frozen=True, slots=True)
class Undefined(_Shown):
    """No value: a name that one branch does not bind."""


@record(frozen=True, slots=True)
class Const(_Shown):
    """A value known at compile time: number, string, None, flag, dtype, function, module.

    Equality is of type and value, in tuples and slices too (`1`, `1.0` and `True` differ, and so do `np.float64` and
    `np.dtype(np.float64)`; nan equals nan; 0.0 and -0.0 differ).
    """

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and (self.value is other.value or _identity(self.value) == _identity(other.value))

    def __hash__(self) -> int:
        return hash(_identity(self.value))


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

    `boxed` marks an ndarray of rank 0, which, unlike a NumPy scalar, can be written into; None: it may be either. Of
    something whose rank is not known, None says that it may be a number. `also`: the kinds of Python numbers that it may be
    instead, by the path that the program takes; what is computed from it may then be of another dtype.
    """

    dtype: np.dtype[Any] | None
    shape: tuple[SizeLike, ...] | None
    boxed: bool | None = False
    also: tuple[type, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Array) or self.shape != other.shape:
            return False
        if self.boxed is not other.boxed or self.also != other.also:
            return False
        return self.dtype is other.dtype or same_dtype(self.dtype, other.dtype)

    @property
    def rank(self) -> int | None:
        return None if self.shape is None else len(self.shape)


@record(frozen=True, slots=True)
class Tuple(_Shown):
    """A tuple of known length; `kind` is the class of a named one."""

    items: tuple[Any, ...]
    kind: Any = None


@record(frozen=True, slots=True)
class List(_Shown):
    """A list of known length."""

    items: tuple[Any, ...]


@record(frozen=True, slots=True)
class ListOf(_Shown):
    """A list whose length is only known at run time, of items of one type."""

    item: Any


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


_Container = TypeVar("_Container", bound="Tuple | List | Dict")


def with_items(t: _Container, items: Iterable[Any]) -> _Container:
    """A container of the kind of `t`, and with its keys, of other items."""
    made = tuple(items)
    found: Any = Dict(t.keys, made) if isinstance(t, Dict) else Tuple(made, t.kind) if isinstance(t, Tuple) else List(made)
    return found  # type: ignore[no-any-return]


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
    return not isinstance(a, Tuple) or (isinstance(b, Tuple) and a.kind is b.kind)


def keys_of(t: Tuple | List | Dict) -> Sequence[Any]:
    """What leads to the items of a container: the keys of a dict, the numbers of the items of a tuple or list."""
    return t.keys if isinstance(t, Dict) else range(len(t.items))


Abstract: TypeAlias = (
    "Unknown | Undefined | Const | Scalar | Array | Tuple | List | ListOf | Dict | Instance | Stateful | Slice"
)

UNKNOWN = Unknown()
UNDEFINED = Undefined()
