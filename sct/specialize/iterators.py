"""Iterators as generators, and what goes through them, in Python that is followed like any other.

What stands here for a function of Python's is called in its place (`in_python`), and is run by nobody.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from sct.specialize.iteration import item, length, pool

__all__ = [
    "accumulated",
    "accumulated_from",
    "all_of",
    "any_of",
    "appended",
    "backwards",
    "beside",
    "chained",
    "chained_from",
    "combinations",
    "combinations_from",
    "combinations_with_replacement",
    "dropped",
    "endless",
    "filled_up",
    "filtered",
    "first",
    "first_or",
    "greatest",
    "greatest_or",
    "in_order",
    "indexed",
    "indices",
    "is_among",
    "iterated",
    "itself",
    "least_length",
    "listed",
    "made_of_pairs",
    "mapped",
    "numbered",
    "occurrences",
    "order",
    "order_of",
    "order_of_tuples",
    "ordered",
    "pairwise",
    "permutations",
    "permutations_without",
    "place_of",
    "popped_or",
    "product",
    "products",
    "put_in",
    "put_in_order",
    "reduced",
    "reduced_from",
    "reduced_rows",
    "rejected",
    "removed",
    "repeated",
    "sliced",
    "starmapped",
    "summed",
    "taken",
    "taken_by",
    "zipped_to_the_longest",
]

# -- iterators -----------------------------------------------------------------------------------------------------------


def mapped(function: Any, iterable: Any, *others: Any) -> Iterator[Any]:
    """`map`."""
    if len(others) == 0:
        for x in iterable:
            yield function(x)
    else:
        for each in zip(iterable, *others):  # noqa: B905
            yield function(*each)


def filtered(function: Any, iterable: Any) -> Iterator[Any]:
    """`filter`."""
    for x in iterable:
        if x if function is None else function(x):
            yield x


def rejected(function: Any, iterable: Any) -> Iterator[Any]:
    """`itertools.filterfalse`."""
    for x in iterable:
        if not (x if function is None else function(x)):
            yield x


def starmapped(function: Any, iterable: Any) -> Iterator[Any]:
    """`itertools.starmap`."""
    for x in iterable:
        yield function(*x)


def taken(function: Any, iterable: Any) -> Iterator[Any]:
    """`itertools.takewhile`."""
    for x in iterable:
        if not function(x):
            return
        yield x


def dropped(function: Any, iterable: Any) -> Iterator[Any]:
    """`itertools.dropwhile`."""
    dropping = True
    for x in iterable:
        if dropping:
            dropping = bool(function(x))
        if not dropping:
            yield x


def numbered(iterable: Any, start: Any = 0) -> Iterator[Any]:
    """`enumerate` of a generator."""
    i = start
    for x in iterable:
        yield i, x
        i = i + 1


def beside(iterable: Any, before: Any, after: Any) -> Iterator[Any]:
    """`zip` of a generator and what can be gone through by numbers."""
    i = 0
    n = least_length(*before, *after)
    if n is not None and len(before) > 0 and n == 0:
        return
    for x in iterable:
        if n is not None and len(before) == 0 and i >= n:
            return
        yield (*[item(p, i) for p in before], x, *[item(p, i) for p in after])
        i = i + 1
        if n is not None and len(before) > 0 and i >= n:
            return


def endless(plan: Any) -> Iterator[Any]:
    """What has no end."""
    i = 0
    while True:
        yield item(plan, i)
        i = i + 1


def repeated(value: Any, times: Any) -> Iterator[Any]:
    """`itertools.repeat`."""
    for _ in range(times):
        yield value


def iterated(iterable: Any) -> Iterator[Any]:
    """`iter`."""
    yield from iterable


def backwards(items: Any) -> Iterator[Any]:
    """`reversed` of what has a length, and items by their numbers."""
    for i in range(len(items) - 1, -1, -1):
        yield items[i]


def chained(*iterables: Any) -> Iterator[Any]:
    """`itertools.chain`."""
    for iterable in iterables:
        yield from iterable


def chained_from(iterables: Any) -> Iterator[Any]:
    """`itertools.chain.from_iterable`."""
    for iterable in iterables:
        yield from iterable


def product(*iterables: Any, repeat: int = 1) -> Any:
    """`itertools.product`."""
    return products(*(tuple(pool(iterable) for iterable in iterables) * repeat))


def products(*pools: Any) -> Iterator[Any]:
    """All ways to take an item of each."""
    if len(pools) == 0:
        yield ()
    elif len(pools) == 1:
        for x in pools[0]:
            yield (x,)
    elif len(pools) == 2:
        for x in pools[0]:
            for y in pools[1]:
                yield x, y
    else:
        for x in pools[0]:
            for others in products(*pools[1:]):
                yield (x, *others)


def combinations(iterable: Any, r: Any) -> Any:
    """`itertools.combinations`."""
    return combinations_from(pool(iterable), 0, r, 1)


def combinations_with_replacement(iterable: Any, r: Any) -> Any:
    """`itertools.combinations_with_replacement`."""
    return combinations_from(pool(iterable), 0, r, 0)


def combinations_from(items: Any, start: Any, r: Any, step: int) -> Iterator[Any]:
    """The combinations of items from a number on; `step`: how much further on the next one is, at least."""
    if r == 0:
        yield ()
    elif r == 1:
        for i in range(start, length(items)):
            yield (item(items, i),)
    else:
        for i in range(start, length(items)):
            x = item(items, i)
            for others in combinations_from(items, i + step, r - 1, step):
                yield (x, *others)


def permutations(iterable: Any, r: Any = None) -> Any:
    """`itertools.permutations`."""
    items = pool(iterable)
    return permutations_without(items, length(items) if r is None else r)


def permutations_without(items: Any, r: Any, *used: Any) -> Iterator[Any]:
    """The permutations of items other than those of some numbers."""
    if r == 0:
        yield ()
    else:
        for i in range(length(items)):
            unused = True
            for k in used:
                unused = unused and i != k
            if unused:
                for others in permutations_without(items, r - 1, i, *used):
                    yield (item(items, i), *others)


def accumulated(iterable: Any, function: Any = operator.add) -> Iterator[Any]:
    """`itertools.accumulate`."""
    total: Any
    for i, x in enumerate(iterable):
        total = x if i == 0 else function(total, x)  # noqa: F821
        yield total


def accumulated_from(iterable: Any, function: Any, initial: Any) -> Iterator[Any]:
    """`itertools.accumulate` that starts with a value."""
    total = initial
    yield total
    for x in iterable:
        total = function(total, x)
        yield total


def pairwise(iterable: Any) -> Iterator[Any]:
    """`itertools.pairwise`."""
    previous: Any
    for i, x in enumerate(iterable):
        if i > 0:
            yield previous, x  # noqa: F821
        previous = x


def zipped_to_the_longest(*iterables: Any, fillvalue: Any = None) -> Any:
    """`itertools.zip_longest`."""
    pools = tuple(pool(iterable) for iterable in iterables)
    return filled_up(max(*(length(p) for p in pools), 0), pools, fillvalue)


def filled_up(n: Any, pools: Any, fillvalue: Any) -> Iterator[Any]:
    """Items of each, and what stands for those that are missing."""
    for i in range(n):
        yield tuple(item(p, i) if i < length(p) else fillvalue for p in pools)


def sliced(iterable: Any, start: Any, stop: Any, step: Any) -> Iterator[Any]:
    """`itertools.islice`."""
    if stop is None:
        for i, x in enumerate(iterable):
            if i >= start and (i - start) % step == 0:
                yield x
    elif stop > 0:
        for i, x in enumerate(iterable):
            if i >= start and (i - start) % step == 0:
                yield x
            if i + 1 >= stop:
                return


def indices(*shape: Any) -> Any:
    """`np.ndindex`."""
    return products(*(range(n) for n in shape))


def indexed(a: Any) -> Iterator[Any]:
    """`np.ndenumerate`."""
    for index in indices(*a.shape):
        yield index, a[index]


# -- what goes through iterators -----------------------------------------------------------------------------------------


def listed(iterable: Any) -> Any:
    """`list`."""
    return [x for x in iterable]  # noqa: C416


def summed(iterable: Any, start: Any = 0) -> Any:
    """`sum`."""
    total = start
    for x in iterable:
        total = total + x
    return total


def any_of(iterable: Any) -> bool:
    """`any`."""
    for x in iterable:  # noqa: SIM110
        if x:
            return True
    return False


def all_of(iterable: Any) -> bool:
    """`all`."""
    for x in iterable:  # noqa: SIM110
        if not x:
            return False
    return True


def is_among(iterable: Any, value: Any) -> bool:
    """`value in iterable`."""
    return any(x == value for x in iterable)


def place_of(items: Any, value: Any, start: Any = 0, stop: Any = None) -> Any:
    """The method `index` of lists and tuples."""
    n = len(items)
    begin = start if start >= 0 else max(n + start, 0)
    end = n if stop is None else (stop if stop >= 0 else n + stop)
    for i, x in enumerate(items):
        if begin <= i < end and x == value:
            return i
    raise ValueError(f"{value!r} is not in list")


def occurrences(items: Any, value: Any) -> Any:
    """The method `count` of lists and tuples."""
    n = 0
    for x in items:
        if x == value:
            n = n + 1
    return n


def appended(items: Any, others: Any) -> None:
    """The method `extend` of lists."""
    for x in others:
        items.append(x)


def removed(items: Any, value: Any) -> None:
    """The method `remove` of lists."""
    items.pop(items.index(value))


def put_in(entries: Any, pairs: Any) -> None:
    """The method `update` of dicts, with pairs."""
    for key, value in pairs:
        entries[key] = value


def popped_or(entries: Any, key: Any, default: Any) -> Any:
    """The method `pop` of dicts with a default."""
    return entries.pop(key) if key in entries else default


def first(iterable: Any) -> Any:
    """`next` of an iterator that nobody has gone through."""
    for x in iterable:
        return x
    raise StopIteration


def first_or(iterable: Any, default: Any) -> Any:
    """`next` with a default."""
    for x in iterable:
        return x
    return default


def reduced(function: Any, iterable: Any) -> Any:
    """`functools.reduce`."""
    items = list(iterable)
    if len(items) == 0:
        raise TypeError("reduce() of empty iterable with no initial value")
    value = items[0]
    for x in items[1:]:
        value = function(value, x)
    return value


def reduced_rows(function: Any, rows: Any) -> Any:
    """`functools.reduce` of an array."""
    if len(rows) == 0:
        raise TypeError("reduce() of empty iterable with no initial value")
    value = rows[0]
    for i in range(1, len(rows)):
        value = function(value, rows[i])
    return value


def reduced_from(function: Any, iterable: Any, initial: Any) -> Any:
    """`functools.reduce` that starts with a value."""
    value = initial
    for x in iterable:
        value = function(value, x)
    return value


def greatest(iterable: Any, key: Any, greater: Any) -> Any:
    """`max` or `min` by a key: the first of those that are equal."""
    best: Any
    most: Any
    for i, x in enumerate(iterable):
        value = key(x)
        if i == 0 or greater(value, most):  # noqa: F821
            best, most = x, value
    return best


def greatest_or(iterable: Any, key: Any, greater: Any, default: Any) -> Any:
    """`max` or `min` with a default."""
    items = list(iterable)
    return default if len(items) == 0 else greatest(items, key, greater)


def itself(x: Any) -> Any:
    """The key of what is compared as it is."""
    return x


def ordered(iterable: Any, key: Any = None, reverse: Any = False) -> Any:
    """`sorted`."""
    items = list(iterable)
    if len(items) == 0:
        return items
    keys = items if key is None else [key(x) for x in items]
    return in_order(items, order(keys, reverse))


def order_of(numbers: Any, reverse: Any) -> Any:
    """The numbers of keys from the least to the greatest, or the other way; those of equal ones as they stand."""
    if reverse:
        return (len(numbers) - 1 - np.argsort(numbers[::-1], kind="stable"))[::-1]
    return np.argsort(numbers, kind="stable")


def order_of_tuples(tuples: Any, width: Any, reverse: Any) -> Any:
    """The same of tuples of so many numbers: by the last ones, which stay where those before them are equal."""
    order = order_of(np.array([t[width - 1] for t in tuples]), reverse)
    for k in range(width - 2, -1, -1):
        order = order[order_of(np.array([t[k] for t in tuples])[order], reverse)]
    return order


def put_in_order(items: Any, key: Any = None, reverse: Any = False) -> None:
    """`list.sort`."""
    made = ordered(items, key, reverse)
    for i in range(len(items)):
        items[i] = made[i]


def taken_by(items: Any, order: Any) -> Any:
    """The items of these numbers."""
    return [items[i] for i in order]


def made_of_pairs(pairs: Any, **entries: Any) -> Any:
    """`dict` of what gives pairs."""
    return {**{key: value for key, value in pairs}, **entries}  # noqa: C416  (which `dict` is)


# -- what types say -----------------------------------------------------------------------------------------------------


def least_length(*pools: Any) -> Any:
    """The least number of items: see `in_python`."""
    raise AssertionError


def order(keys: Any, reverse: Any) -> Any:
    """In which order items with these keys are: see `in_python`."""
    raise AssertionError


def in_order(items: Any, order: Any) -> Any:
    """Items by their numbers: see `in_python`."""
    raise AssertionError
