"""Containers of Python's standard library that are no lists or dicts, as classes in Python that are followed like any other.

What stands here for a class of `collections`, or for `set`, is made in its place (`in_python`): its items lie in a list or
dict. So it lives as long as the function runs, and is not returned. To the function it is of the class `__sct_stands_for__`.
What stands for an object of another library's may have `__sct_whole__`, a function in Python that makes such an object of it
for what is not followed.
"""

from __future__ import annotations

import builtins
import collections
from collections.abc import Iterator
from typing import Any

__all__ = [
    "Counter",
    "defaultdict",
    "deque",
    "got",
    "heapify",
    "heappop",
    "heappush",
    "heappushpop",
    "heapreplace",
    "in_any_order",
    "iterator",
    "set",
    "still_there",
]


class deque:
    """`collections.deque`."""

    __sct_stands_for__: Any = collections.deque

    def __init__(self, iterable: Any = (), maxlen: Any = None) -> None:
        self._items = list(iterable)
        self.maxlen = maxlen
        if maxlen is not None:
            while self._items and len(self._items) > maxlen:
                self._items.pop(0)

    def append(self, x: Any) -> None:
        self._items.append(x)
        if self.maxlen is not None and len(self._items) > self.maxlen:
            self._items.pop(0)

    def appendleft(self, x: Any) -> None:
        self._items.insert(0, x)
        if self.maxlen is not None and len(self._items) > self.maxlen:
            self._items.pop()

    def extend(self, iterable: Any) -> None:
        for x in iterable:
            self.append(x)

    def extendleft(self, iterable: Any) -> None:
        for x in iterable:
            self.appendleft(x)

    def insert(self, i: Any, x: Any) -> None:
        self._items.insert(i, x)

    def reverse(self) -> None:
        self._items.reverse()

    def pop(self) -> Any:
        return self._items.pop()

    def popleft(self) -> Any:
        return self._items.pop(0)

    def rotate(self, n: int = 1) -> None:
        for _ in range(n):
            self._items.insert(0, self._items.pop())
        for _ in range(-n):
            self._items.append(self._items.pop(0))

    def clear(self) -> None:
        self._items = []

    def copy(self) -> deque:
        return deque(self._items, self.maxlen)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, i: Any) -> Any:
        return self._items[i]

    def __setitem__(self, i: Any, x: Any) -> None:
        self._items[i] = x

    def __contains__(self, x: Any) -> bool:
        return x in self._items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __reversed__(self) -> Any:
        return reversed(self._items)


class defaultdict:
    """`collections.defaultdict`."""

    __sct_stands_for__: Any = collections.defaultdict

    def __init__(self, default_factory: Any = None, entries: Any = None, /, **more: Any) -> None:
        self.default_factory = default_factory
        self._entries = more if entries is None else {**dict(entries), **more}

    def __getitem__(self, key: Any) -> Any:
        if key not in self._entries:
            self._entries[key] = self.default_factory()
        return self._entries[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._entries[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._entries[key]

    def __contains__(self, key: Any) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Any]:
        yield from self._entries

    def keys(self) -> Any:
        return self._entries.keys()

    def values(self) -> Any:
        return self._entries.values()

    def items(self) -> Any:
        return self._entries.items()

    def get(self, key: Any, default: Any = None) -> Any:
        return self._entries.get(key, default)

    def pop(self, key: Any, *default: Any) -> Any:
        return self._entries.pop(key, *default)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        return self._entries.setdefault(key, default)


class Counter(defaultdict):
    """`collections.Counter`."""

    __sct_stands_for__ = collections.Counter

    def __init__(self, iterable: Any = (), /, **more: Any) -> None:
        self._entries = {}
        self.update(iterable)
        self.update(more)

    def __getitem__(self, key: Any) -> Any:
        return self._entries.get(key, 0)

    def update(self, iterable: Any) -> None:
        if hasattr(iterable, "items"):
            for key, n in iterable.items():
                self[key] = self[key] + n
        else:
            for key in iterable:
                self[key] = self[key] + 1

    def total(self) -> Any:
        return sum(self._entries.values())


class set:
    """`set`, which is asked for what is in it, sorted, and joined to others; not gone through, since its order is not known."""

    __sct_stands_for__: Any = builtins.set

    def __init__(self, iterable: Any = ()) -> None:
        self._entries: Any = {}
        for x in in_any_order(iterable):
            self._entries[x] = True

    def add(self, x: Any) -> None:
        self._entries[x] = True

    def remove(self, x: Any) -> None:
        del self._entries[x]

    def discard(self, x: Any) -> None:
        if x in self._entries:
            del self._entries[x]

    def clear(self) -> None:
        self._entries = {}

    def copy(self) -> set:
        return set(self._entries)

    def __contains__(self, x: Any) -> bool:
        return x in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    # -- with others -----------------------------------------------------------------------------------------------------

    def update(self, *others: Any) -> None:
        for other in others:
            for x in in_any_order(other):
                self._entries[x] = True

    def intersection_update(self, *others: Any) -> None:
        for other in others:
            self &= set(other)

    def difference_update(self, *others: Any) -> None:
        for other in others:
            self -= set(other)

    def symmetric_difference_update(self, other: Any) -> None:
        self ^= set(other)

    def union(self, *others: Any) -> set:
        made = self.copy()
        made.update(*others)
        return made

    def intersection(self, *others: Any) -> set:
        made = self.copy()
        made.intersection_update(*others)
        return made

    def difference(self, *others: Any) -> set:
        made = self.copy()
        made.difference_update(*others)
        return made

    def symmetric_difference(self, other: Any) -> set:
        return self ^ set(other)

    def issubset(self, other: Any) -> bool:
        return self <= set(other)

    def issuperset(self, other: Any) -> bool:
        return set(other) <= self

    def isdisjoint(self, other: Any) -> bool:
        return len(self & set(other)) == 0

    def __le__(self, other: set) -> bool:
        return len(self - other) == 0

    def __lt__(self, other: set) -> bool:
        return len(self) < len(other) and self <= other

    def __ge__(self, other: set) -> bool:
        return other <= self

    def __gt__(self, other: set) -> bool:
        return other < self

    def __eq__(self, other: Any) -> bool:  # noqa: PYI032  (it is read as it stands)
        return len(self) == len(other) and self <= other

    def __or__(self, other: set) -> set:
        return self.union(other)

    def __ior__(self, other: set) -> set:  # noqa: PYI034  (it is read as it stands)
        self.update(other)
        return self

    def __and__(self, other: set) -> set:
        return set([x for x in self._entries if x in other._entries])

    def __sub__(self, other: set) -> set:
        return set([x for x in self._entries if x not in other._entries])

    def __xor__(self, other: set) -> set:
        return (self - other) | (other - self)

    def __iand__(self, other: set) -> set:  # noqa: PYI034  (it is read as it stands)
        for x in list(self._entries):
            if x not in other._entries:
                del self._entries[x]
        return self

    def __isub__(self, other: set) -> set:  # noqa: PYI034  (it is read as it stands)
        for x in list(other._entries):
            self.discard(x)
        return self

    def __ixor__(self, other: set) -> set:  # noqa: PYI034  (it is read as it stands)
        for x in list(other._entries):
            if x in self._entries:
                del self._entries[x]
            else:
                self._entries[x] = True
        return self


def in_any_order(iterable: Any) -> Any:
    """What is in a set, as a list; anything else as it is: see `in_python`."""
    raise AssertionError


class iterator:
    """An iterator through what has numbers, that is asked for its items one by one, and then for all that are left."""

    __sct_stands_for__: Any = Iterator

    def __init__(self, items: Any) -> None:
        self._items = items
        self.at = 0

    def __next__(self) -> Any:
        items = still_there(self._items)
        if self.at >= len(items):
            raise StopIteration
        item = items[self.at]
        self.at = self.at + 1
        return item

    def next_or(self, default: Any) -> Any:
        if self.at >= len(still_there(self._items)):
            return default
        return self.__next__()

    def __iter__(self) -> Iterator[Any]:
        left = still_there(self._items)[self.at :]
        self._items = None  # how far a loop goes is not noted
        return iter(left)


def still_there(items: Any) -> Any:
    """What an iterator goes through, if no loop has gone through it: see `in_python`."""
    raise AssertionError


def got(entries: Any, key: Any, default: Any) -> Any:
    """`dict.get`."""
    return entries[key] if key in entries else default  # noqa: SIM401


# -- heaps ---------------------------------------------------------------------------------------------------------------


def heappush(heap: Any, item: Any) -> None:
    """`heapq.heappush`: the item goes up as long as it is less than what is above it."""
    heap.append(item)
    k = len(heap) - 1
    while k > 0:
        above = (k - 1) // 2
        if heap[k] < heap[above]:
            heap[k], heap[above] = heap[above], heap[k]
        k = above


def heappop(heap: Any) -> Any:
    """`heapq.heappop`."""
    last = heap.pop()
    if len(heap) == 0:
        return last
    return heapreplace(heap, last)


def heapreplace(heap: Any, item: Any) -> Any:
    """`heapq.heapreplace`: the lesser of the two below goes up, down to the end; from there the item goes up."""
    least = heap[0]
    heap[0] = item
    sink(heap, 0)
    return least


def heappushpop(heap: Any, item: Any) -> Any:
    """`heapq.heappushpop`."""
    if len(heap) > 0 and heap[0] < item:
        return heapreplace(heap, item)
    return item


def heapify(heap: Any) -> None:
    """`heapq.heapify`."""
    for k in reversed(range(len(heap) // 2)):
        sink(heap, k)


def sink(heap: Any, k: Any) -> None:
    """Put what is at `k` where it belongs below."""
    n = len(heap)
    while 2 * k + 1 < n:
        below = 2 * k + 1
        if below + 1 < n and not heap[below] < heap[below + 1]:
            below = below + 1
        if not heap[below] < heap[k]:
            break
        heap[k], heap[below] = heap[below], heap[k]
        k = below
