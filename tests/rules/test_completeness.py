"""Every rule has samples, every function a type, and every rule whose samples allow it a derivative of its own."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from sct.ruleset import nondifferentiable_functions, primitives, type_rule
from sct.testing import check_grads, check_rule


def _samples():
    """The samples of all files beside this one."""
    found = []
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name != Path(__file__).name:
            spec = importlib.util.spec_from_file_location(f"samples_of_{path.stem}", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            found += module.SAMPLES
    return found


_SAMPLES = _samples()

# Registered, and of no use to the inference of types
_WITHOUT_TYPE = {}

# The rule has no derivative by a floating argument of double precision, or the derivative is a constant of another kind
_FIRST_ORDER_ONLY = {
}
