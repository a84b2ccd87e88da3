"""The manager of analyses: what an analysis has found of a block is kept with that block.

Takes an analysis, a function from a block to a table; gives it as one that runs once for each block. A block never changes, so
neither does its table, which goes when the block goes. Nobody may change a table but by writing down what follows from it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from sct.ir.ssa import Block

__all__ = ["managed"]

T = TypeVar("T")


def managed(analysis: Callable[[Block], T]) -> Callable[[Block], T]:
    """The analysis, run once for each block."""

    @functools.wraps(analysis)
    def table(block: Block) -> T:
        if analysis not in block.tables:
            block.tables[analysis] = analysis(block)
        found: T = block.tables[analysis]
        return found

    return table
