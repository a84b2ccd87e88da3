"""Sharing: which objects may share memory, as pairs.

Takes pairs as they are found; answers for one object and for two. That two objects share memory with a third says nothing of
each other: so buffers that a branch swaps stay apart. Each object has a number, and its mates are the bits of an integer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

__all__ = ["Sharing"]


K = TypeVar("K", bound=Hashable)


class Sharing(Generic[K]):
    """The pairs at one point of a program. `fork` copies them; the objects' numbers are common to all forks."""

    def __init__(self, numbers: dict[K, int] | None = None, objects: list[K] | None = None) -> None:
        self.numbers: dict[K, int] = {} if numbers is None else numbers
        self.objects: list[K] = [] if objects is None else objects
        self.mates: dict[K, int] = {}
        self.found: set[K] = set()  # the objects that came to share memory with another one since the fork

    def fork(self) -> Sharing[K]:
        """The pairs for a branch or a loop's body."""
        new = Sharing[K](self.numbers, self.objects)
        new.mates = dict(self.mates)
        return new

    def bit(self, p: K) -> int:
        """An object, as one bit."""
        n = self.numbers.get(p)
        if n is None:
            n = self.numbers[p] = len(self.objects)
            self.objects.append(p)
        return 1 << n

    def bits(self, objects: Iterable[K]) -> int:
        """Some objects, as bits."""
        out = 0
        for p in objects:
            out |= self.bit(p)
        return out

    def near(self, objects: Iterable[K]) -> int:
        """Some objects and what may share memory with one of them, as bits."""
        out = 0
        for p in objects:
            out |= self.bit(p) | self.mates.get(p, 0)
        return out

    def those(self, bits: int) -> Iterator[K]:
        """The objects of some bits."""
        while bits:
            last = bits & -bits
            yield self.objects[last.bit_length() - 1]
            bits ^= last

    def of(self, p: K) -> Iterator[K]:
        """The objects that may share memory with one."""
        return self.those(self.mates.get(p, 0))

    def apart(self, p: K, q: K) -> bool:
        """Whether two objects are known not to share memory."""
        return p != q and not self.mates.get(p, 0) & self.bit(q)

    def share(self, p: K, others: int) -> None:
        """An object may share memory with each of some others, given as bits."""
        own = self.bit(p)
        new = others & ~own & ~self.mates.get(p, 0)
        if new:
            self.mates[p] = self.mates.get(p, 0) | new
            self.found.add(p)
            for q in self.those(new):
                self.mates[q] = self.mates.get(q, 0) | own
                self.found.add(q)

    def include(self, other: Sharing[K]) -> None:
        """The pairs that a fork of this has found are pairs here too."""
        for p in other.found:
            self.mates[p] = self.mates.get(p, 0) | other.mates.get(p, 0)
        self.found |= other.found
