"""Bits: sets of things as integers, each thing being one bit.

For sets that are met and joined more often than they are gone through.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

__all__ = ["Bits"]

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
        out = 0
        for k in things:
            out |= self.bit(k)
        return out

    def those(self, bits: int) -> Iterator[K]:
        """The things of an integer."""
        while bits:
            last = bits & -bits
            yield self.things[last.bit_length() - 1]
            bits ^= last
