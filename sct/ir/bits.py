"""Bits: sets of things as integers, each thing being one bit.

For sets that are met and joined more often than they are gone through.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

__all__ = ["Bits", "Reach"]

K = TypeVar("K", bound=Hashable)


class Bits(Generic[K]):
    """Numbers things as they are met; `of` gives some as an integer, `those` the things of an integer."""

    def __init__(self) -> None:
        self.numbers: dict[K, int] = {}
        self.things: list[K] = []

    def bit(self, k: K) -> int:
        """One thing."""
        n = self.numbers.get(k)
        if n is None:
            n = self.numbers[k] = len(self.things)
            self.things.append(k)
        return 1 << n

    def of(self, things: Iterable[K]) -> int:
        """Some things."""
        out, number = 0, self.numbers.get
        for k in things:
            n = number(k)
            out |= self.bit(k) if n is None else 1 << n
        return out

    def those(self, bits: int) -> Iterator[K]:
        """The things of an integer."""
        while bits:
            last = bits & -bits
            yield self.things[last.bit_length() - 1]
            bits ^= last


class Reach(Generic[K]):
    """What is reached from things along `edges`, as bits: all that is on the way, with what each of `more` stands for.

    It is found once for each of `order`; where these lead to what comes before them, each of them is met once.
    """

    def __init__(self, bits: Bits[K], edges: Mapping[K, int], more: Mapping[K, int], order: Iterable[K]) -> None:
        self.bits = bits
        self.edges = edges
        self.more = more
        self.linked = bits.of(edges) | bits.of(more)  # what leads anywhere
        self.known: dict[K, int] = {}
        for k in order:
            self.known[k] = self.of(bits.bit(k))

    def of(self, things: int) -> int:
        """What is reached from some things, these included."""
        found = things
        work, seen = things & self.linked, 0
        while work:
            seen |= work
            further = 0
            for k in self.bits.those(work):
                known = self.known.get(k)
                if known is not None:
                    found |= known
                else:
                    further |= self.edges.get(k, 0)
                    found |= self.more.get(k, 0)
            found |= further
            work = further & self.linked & ~seen
        return found
