"""The manager of analyses: an analysis runs once for a block, and what it has found goes with the block."""

import gc
import weakref
from dataclasses import replace

import numpy as np

from sct.analysis.storage import storage
from sct.frontend.lower import lower
from sct.ir.manager import managed


def f(x):
    y = np.exp(x)
    return np.sum(y * x)


def test_an_analysis_runs_once_for_a_block():
    runs = []

    @managed
    def length(block):
        """The number of statements."""
        runs.append(block)
        return len(block.body)

    block = lower(f).function.block
    assert length(block) == length(block.with_(block.body)) == len(block.body)
    assert runs == [block]
    assert length(block.with_(())) == 0
    assert length(replace(block)) == len(block.body)
    assert len(runs) == 3


def test_an_analysis_is_still_called_what_it_is():
    assert storage.__name__ == "storage" and storage.__doc__


def test_tables_go_with_the_block():
    block = lower(f).function.block
    table = weakref.ref(storage(block))
    assert table() is storage(block)
    del block
    gc.collect()
    assert table() is None
