"""The samples of all rules, as the files in tests/rules have them in `SAMPLES`: (function, arguments, keywords)."""

import functools
import importlib.util
from pathlib import Path

import numpy as np

from sct.registry.facts import facts_of
from sct.registry.rules import nondifferentiable_functions, primitives

RULES = tuple(p for p in primitives() if facts_of(p).stands_for is None)  # which none but sct's own code calls
CONSTANT = nondifferentiable_functions()
"""What has a rule, and what has none: conftest.py reads this before any test registers rules of its own."""

_WITHOUT_SAMPLES = (
    "test_classification.py",
    "test_completeness.py",
    "test_grid.py",
    "test_matrix_functions.py",  # whose rules are of no calls of NumPy
    "test_array_likes.py",
    "test_poles.py",
    "test_rank_0.py",
    "test_tangents.py",
)


@functools.cache
def samples():
    """The samples of all files."""
    found = []
    for path in sorted((Path(__file__).parent / "rules").glob("test_*.py")):
        if path.name not in _WITHOUT_SAMPLES:
            spec = importlib.util.spec_from_file_location(f"samples_of_{path.stem}", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            found += module.SAMPLES
    return tuple(found)


def label(function):
    """What a function is called in the name of a test."""
    return f"{getattr(function, '__module__', None) or 'numpy'}.{function.__name__}"


def floats(value):
    """The floating numbers and arrays in a value."""
    if isinstance(value, (tuple, list)):
        return [leaf for v in value for leaf in floats(v)]
    floating = isinstance(value, (float, complex, np.inexact)) or (isinstance(value, np.ndarray) and value.dtype.kind in "fc")
    return [np.asarray(value)] if floating else []
