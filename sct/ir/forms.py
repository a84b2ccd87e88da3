"""Forms: operands and types up to the names of sizes.

Takes operands; gives what two calls have in common if one is the other with its sizes called otherwise, and the names in it.
Takes names and types; gives the types with sizes of these names. Never compares sizes but as they are written.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sct.ir.ssa import Operand, Value
from sct.ir.types import (
    SIZE_FUNCTIONS,
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    Fact,
    List,
    ListOf,
    Maybe,
    Scalar,
    Size,
    SizeLike,
    Slice,
    Tuple,
    bounds_of,
    size_sum,
    with_items,
    with_sizes,
)

__all__ = ["Form", "Renaming"]


class Form:
    """The form of some operands; `names` are the sizes of which nothing is written but a name.

    Names are numbered as they are met, each with what may be concluded from it: whether it is a length for certain, whether it
    is the same throughout a run, and the bounds of the index of a loop.
    """

    def __init__(self) -> None:
        self.names: dict[Hashable, int] = {}
        self.sizes: dict[Size, Hashable] = {}

    def operand(self, o: Operand) -> Hashable:
        """The form of an operand: of a value its type's."""
        if type(o) is Value:
            return (self.type(o.type),)
        return o if type(o) is Const else self.structure(o, self.operand)

    def type(self, t: Abstract) -> Hashable:
        """The form of a type."""
        if type(t) is Array:
            shape, axes = (None if s is None else tuple(map(self.size, s)) for s in (t.shape, t.axes))
            return (t.dtype is None, t.dtype, shape, t.boxed, t.also, axes) if shape or axes else t
        if type(t) is Scalar:
            return (t.kind, self.size(t.size), t.also) if type(t.size) is Size else t
        if type(t) is ListOf:
            return ListOf, self.type(t.item), t.sites
        if type(t) is Maybe:
            return Maybe, self.type(t.item)
        return (DictOf, t.key, self.type(t.item), t.sites) if type(t) is DictOf else self.structure(t, self.type)

    def structure(self, o: Any, part: Any) -> Hashable:
        """The form of a container; of anything else, itself."""
        if isinstance(o, Slice):
            return Slice, part(o.start), part(o.stop), part(o.step)
        if not isinstance(o, (Tuple, List, Dict)):
            return o  # type: ignore[no-any-return]
        what = o.kind if isinstance(o, Tuple) else o.keys if isinstance(o, Dict) else None
        return type(o), what, *map(part, o.items)

    def size(self, n: SizeLike) -> Hashable:
        """The form of a size."""
        if type(n) is int:
            return n
        assert isinstance(n, Size)
        found = self.sizes.get(n)
        if found is None:
            found = self.sizes[n] = (tuple([(self.atom(a), c) for a, c in n.terms]), n.const)
        return found

    def atom(self, a: Any) -> Hashable:
        """The form of what a size is made of: of a function of others, or of a name."""
        number = self.names.get(a)
        if number is not None:
            return number
        kind = a[0] if isinstance(a, tuple) else None
        if kind in SIZE_FUNCTIONS:
            return kind, *(self.size(p) if isinstance(p, Size) else p for p in a[1:])
        number = self.names[a] = len(self.names)
        if kind != "symbol":
            return number, kind
        return number, a[2], "#" in str(a[1]), *(n if n is None else self.size(n) for n in bounds_of(a[1]))


class Renaming:
    """Types and facts with other names of sizes."""

    def __init__(self, names: Iterable[tuple[Hashable, Hashable]]) -> None:
        self.names: Mapping[Hashable, Hashable] = dict(names)
        self.sizes: dict[Size, SizeLike] = {}

    def type(self, t: Abstract) -> Abstract:
        """A type with other names."""
        if isinstance(t, Array):
            return with_sizes(t, lambda _, n: self.size(n))
        if isinstance(t, Scalar):
            return t if t.size is None else Scalar(t.kind, self.size(t.size), t.also)
        if isinstance(t, (Tuple, List, Dict)):
            return with_items(t, map(self.type, t.items))
        if isinstance(t, Slice):
            return Slice(self.type(t.start), self.type(t.stop), self.type(t.step))
        return replace(t, item=self.type(t.item)) if isinstance(t, (ListOf, DictOf, Maybe)) else t

    def fact(self, f: Fact) -> Fact:
        """A fact with other names."""
        size = self.size(f.size)
        assert isinstance(size, Size)
        return Fact(size, f.op, f.value)

    def size(self, n: SizeLike) -> SizeLike:
        """A size with other names."""
        if isinstance(n, int):
            return n
        found = self.sizes.get(n)
        if found is None:
            found = self.sizes[n] = size_sum({self.atom(a): c for a, c in n.terms}, n.const)
        return found

    def atom(self, a: Any) -> Any:
        """A name as another one; a function of parts with other names in these."""
        if isinstance(a, Size):
            return self.size(a)
        if a in self.names:
            return self.names[a]
        if not isinstance(a, tuple):
            return a
        kind, *parts = map(self.atom, a)
        return (kind, *(sorted(parts, key=repr) if kind in ("broadcast", "mul") else parts))
