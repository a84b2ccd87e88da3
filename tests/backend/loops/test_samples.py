"""Loops of samples of rules, and of programs, give what their NumPy gives: a part of what `python -m tests.nests` runs."""

import itertools

import pytest
from nests.cases import KINDS
from nests.outcomes import WAYS, in_python, outcome

pytest.importorskip("numba")

PARTS = 256


@pytest.mark.grid(of=128, each=False)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("way", WAYS)
def test_as_numpy(way, part):
    for name, f, args, wrt in itertools.islice(_cases(), part, None, PARTS):
        with in_python():
            found = outcome(f, args, wrt, way)
        assert found is None or not found.is_fault, (name, found)


def _cases():
    return itertools.chain.from_iterable(KINDS[kind]() for kind in ("programs", "textbook", "rules"))
