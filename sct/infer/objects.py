"""Lists and dicts that a function is given as objects: the types of such parameters.

Takes the types that arguments have where they are given; gives what they are to the function, which knows nothing of that, or
where the caller gives lists of any length.
What is made at one place there, by whatever path it comes, is so here as well, under a number for that place. Sizes are of
nothing that the function has.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace

from sct.infer.join import widen
from sct.ir.types import (
    UNKNOWN,
    Abstract,
    Array,
    Dict,
    DictOf,
    Instance,
    List,
    ListOf,
    Maybe,
    Scalar,
    Tuple,
    is_list_or_dict,
    keys_of,
    size_opaque,
    with_items,
    with_sizes,
)

__all__ = ["as_given", "as_value", "holds_objects", "listed", "of_places", "places_in", "without_sizes"]


def holds_objects(t: Abstract) -> bool:
    """Whether something of a type is a list or dict that is an object, or a tuple with such a one in it."""
    return any(map(holds_objects, t.items)) if isinstance(t, (Tuple, List, Dict)) else is_list_or_dict(t)


def as_given(types: Mapping[str, Abstract]) -> tuple[tuple[str, Abstract], ...]:
    """The types of those of some arguments that are, or hold, objects, as the function has them."""
    found = {name: without_sizes(widen(t), name) for name, t in types.items() if holds_objects(t)}
    every = [sites for t in found.values() for sites in places_in(t)]
    # places that only stand together need not be told apart
    together = {p: tuple(p in sites for sites in every) for p in frozenset[Hashable]().union(*every)}
    order = {which: n for n, which in enumerate(sorted(set(together.values()), reverse=True))}
    numbers = {p: order[which] for p, which in together.items()}

    def numbered(t: Abstract) -> Abstract:
        return of_places(t, (frozenset(map(numbers.__getitem__, sites)) for sites in places_in(t)))

    return tuple((name, numbered(t)) for name, t in found.items())


def listed(t: Abstract, path: str, least: int) -> Abstract:
    """The type of an argument where a list of items of one type is of any length, if it has so many items at least.

    Parameters
    ----------
    t : Abstract
        A type, in which all lists are of known length.
    path : str
        What has it.
    least : int
        The number of items.
    """
    if isinstance(t, List) and len(t.items) >= max(least, 1):
        whole = _any_length(t, path)
        if whole is not None:
            return whole
    if isinstance(t, (Tuple, List, Dict)):
        parts = zip(keys_of(t), t.items, strict=True)
        return with_items(t, [listed(i, f"{path}[{k!r}]", least) for k, i in parts])
    return t


def _any_length(t: Abstract, path: str) -> Abstract | None:
    """The type of all that is in a list of any length, if something of type `t` is; None if that cannot be."""
    if isinstance(t, Array) and t.dtype is not None and t.dtype.kind in "fciub" and t.shape is not None:
        if not t.shape and t.boxed is not False:
            return None  # whose adjoint is an array, and that of a number none
        return replace(t, shape=tuple(size_opaque("given", path, k) for k in range(len(t.shape))))
    if isinstance(t, Scalar):
        return Scalar(t.kind)
    if isinstance(t, Tuple):
        parts = [_any_length(i, f"{path}[{k}]") for k, i in enumerate(t.items)]
        return None if None in parts else with_items(t, parts)
    if isinstance(t, List) and t.items:
        items = {_any_length(i, f"{path}[]") for i in t.items}
        return None if None in items or len(items) > 1 else ListOf(items.pop(), frozenset((path,)))
    return None


def without_sizes(t: Abstract, path: str, within: bool = True) -> Abstract:
    """A type with sizes of which nothing is known, `path` being what has it; numbers stay. `within`: in lists and dicts too."""
    if isinstance(t, Array):
        return with_sizes(t, lambda k, n: n if isinstance(n, int) else size_opaque("given", path, k))
    if isinstance(t, (Tuple, List, Dict)):
        parts = zip(keys_of(t), t.items, strict=True)
        return with_items(t, (without_sizes(i, f"{path}[{k!r}]", within) for k, i in parts))
    if isinstance(t, Maybe):
        return Maybe(without_sizes(t.item, path))
    if isinstance(t, (ListOf, DictOf)) and within:
        return replace(t, item=without_sizes(widen(t.item), f"{path}[]"))
    return UNKNOWN if isinstance(t, Instance) else t


def places_in(t: Abstract) -> Iterator[frozenset[Hashable]]:
    """Where each of the lists and dicts in a type may have been made, from without to within."""
    if isinstance(t, (Tuple, List, Dict)):
        for i in t.items:
            yield from places_in(i)
    elif isinstance(t, (ListOf, DictOf)):
        yield t.sites
        yield from places_in(t.item)


def as_value(t: Abstract) -> Abstract:
    """The type of a list or dict that is an object as that of what it holds."""
    return of_places(t, itertools.repeat(frozenset()))


def of_places(t: Abstract, places: Iterator[frozenset[Hashable]]) -> Abstract:
    """A type whose lists and dicts may have been made at other places, in the same order."""
    if isinstance(t, (Tuple, List, Dict)):
        return with_items(t, [of_places(i, places) for i in t.items])
    if isinstance(t, (ListOf, DictOf)):
        sites = next(places)
        return replace(t, item=of_places(t.item, places), sites=sites)
    return t
