"""docs/coverage.md says what the registry has, for each version of NumPy."""

import os
from pathlib import Path

import numpy as np
import pytest
from coverage_page import CHANGED, page

import sct
from sct.cli.coverage import kind_of_coverage
from sct.registry.conventions import convention_of

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
VERSION = tuple(map(int, np.__version__.split(".")[:2]))


def test_page():
    written = page()
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(written, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written


@pytest.mark.parametrize("version", CHANGED)
def test_what_a_version_has(version):
    added, removed = CHANGED[version]
    here = tuple(map(int, version.split("."))) <= VERSION
    assert all(hasattr(np, name) == here for name in added)
    assert not any(name in np.__all__ for name in removed) or not here
    assert all(kind_of_coverage(getattr(np, name)) for name in (*added, *removed) if hasattr(np, name))


_AT = [
    ("0 at 0", (np.abs, np.fabs, np.sign), [0.0], [0.0]),
    ("shared evenly at ties", (np.max, np.min, np.nanmax, np.nanmin), [2.0, 2.0], [0.5, 0.5]),
    ("0 where all are the same", (np.std, np.nanstd), [2.0, 2.0], [0.0, 0.0]),
    ("∞ at 0", (np.sqrt, np.cbrt), [0.0], [np.inf]),
    ("∞ at -1 and 1", (np.arcsin,), [-1.0, 1.0], [np.inf, np.inf]),
    ("0 at 0; of the norm ∞ shared evenly at ties", (np.linalg.norm,), [0.0, 0.0], [0.0, 0.0]),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("said", "functions", "x", "x_bar"), _AT)
def test_conventions(said, functions, x, x_bar):
    for f in functions:
        assert convention_of(f) == said
        np.testing.assert_array_equal(sct.grad(lambda x, f=f: np.sum(f(x)))(np.array(x)), x_bar)


@pytest.mark.parametrize(("function", "share"), [(np.maximum, 0.5), (np.minimum, 0.5), (np.fmax, 0.5), (np.fmin, 0.5)])
def test_ties(function, share):
    assert convention_of(function) == "shared evenly at ties"
    assert sct.grad(function, wrt=(0, 1))(1.0, 1.0) == (share, share)


@pytest.mark.parametrize("function", [np.hypot, np.arctan2])
def test_the_origin(function):
    assert convention_of(function) == "0 at the origin"
    assert sct.grad(function, wrt=(0, 1))(0.0, 0.0) == (0.0, 0.0)
