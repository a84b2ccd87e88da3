"""Rules for SciPy, one module for each area of it, which is imported when a function that refers to the area is compiled."""

import functools
import re

import scipy

from sct.ir.shapes import as_array
from sct.registry.compositions import composition

_OLDEST = 1, 13  # the first for NumPy 2

if tuple(map(int, re.findall(r"\d+", scipy.__version__)[:2])) < _OLDEST:
    raise ImportError(f"SciPy {scipy.__version__} is too old: {'.'.join(map(str, _OLDEST))} or later is needed")

followed = functools.partial(composition, rounded=True)
"""Registers what a function is followed as where SciPy sums in an order of its own."""


def is_real(x):
    """Whether a type is none of complex numbers."""
    dtype = as_array(x).dtype
    return dtype is None or dtype.kind != "c"


def in_tuple(args):
    """Further arguments of a function, of which one may stand alone."""
    return args if isinstance(args, tuple) else (args,)
