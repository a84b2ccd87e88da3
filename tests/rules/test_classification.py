"""Every function of NumPy's is differentiated, constant, or refused with a reason."""

import inspect
from types import ModuleType

import numpy as np
import pytest
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial

from sct.cli.coverage import kind_of_coverage


def _functions(module):
    for name in getattr(module, "__all__", None) or dir(module):
        value = getattr(module, name, None)
        if not name.startswith("_") and callable(value) and not inspect.isclass(value) and not isinstance(value, ModuleType):
            yield name, value


@pytest.mark.parametrize("module", [np, np.linalg, np.fft], ids=lambda m: m.__name__)
def test_every_function_is_classified(module):
    left = [name for name, f in _functions(module) if kind_of_coverage(f) is None]
    assert left == []


@pytest.mark.parametrize("module", [polynomial, chebyshev, legendre, hermite, hermite_e, laguerre], ids=lambda m: m.__name__)
def test_polynomials_are_evaluated(module):
    wanted = [n for n, _ in _functions(module) if n.endswith(("val", "val2d", "val3d", "grid2d", "grid3d", "vander", "der"))]
    assert wanted
    assert [n for n in wanted if kind_of_coverage(getattr(module, n)) is None] == []
