"""Sharing: which objects may share memory, as pairs.

Takes pairs as they are found; answers for one object and for two. That two objects share memory with a third says nothing of
each other: so buffers that a branch swaps stay apart.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from sct.ir.bits import Bits

__all__ = ["Sharing"]

K = TypeVar("K", bound=Hashable)


class Sharing(Generic[K]):
    """The pairs at one point of a program. `fork` copies them; the objects' bits are common to all forks."""

    def __init__(self, bits: Bits[K] | None = None) -> None:
        self.bits: Bits[K] = Bits() if bits is None else bits
        self.mates: dict[K, int] = {}
        self.found = 0  # the objects that came to share memory with another one since the fork, as bits

    def fork(self) -> Sharing[K]:
        """The pairs for a branch or a loop's body."""
        new: Sharing[K] = Sharing(self.bits)
        new.mates = dict(self.mates)
        return new

    def near(self, objects: Iterable[K]) -> int:
        """Some objects and what may share memory with one of them, as bits."""
        out = 0
        for p in objects:
            out |= self.bits.bit(p) | self.mates.get(p, 0)
        return out

    def of(self, p: K) -> Iterator[K]:
        """The objects that may share memory with one."""
        return self.bits.those(self.mates.get(p, 0))

    def since(self, before: Sharing[K], p: K) -> Iterator[K]:
        """The objects that may share memory with one, and of which `before` did not know that."""
        return self.bits.those(self.mates.get(p, 0) & ~before.mates.get(p, 0))

    def apart(self, p: K, q: K) -> bool:
        """Whether two objects are known not to share memory."""
        return p != q and not self.mates.get(p, 0) & self.bits.bit(q)

    def share(self, p: K, others: int) -> None:
        """An object may share memory with each of some others, given as bits."""
        own = self.bits.bit(p)
        new = others & ~own & ~self.mates.get(p, 0)
        if new:
            self.mates[p] = self.mates.get(p, 0) | new
            self.found |= new | own
            for q in self.bits.those(new):
                self.mates[q] = self.mates.get(q, 0) | own

    def include(self, other: Sharing[K]) -> None:
        """The pairs that a fork of this has found are pairs here too."""
        for p in self.bits.those(other.found):
            self.mates[p] = self.mates.get(p, 0) | other.mates.get(p, 0)
        self.found |= other.found
