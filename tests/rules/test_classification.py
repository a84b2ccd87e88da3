"""Every function of NumPy's is differentiated, constant, or refused with a reason; so is what arrays and ufuncs have."""

from types import ModuleType

import numpy as np
import pytest
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial

import sct
from sct.cli.coverage import kind_of_coverage
from sct.ir.ops import Attribute, Method
from sct.registry.refusals import reason_for, refused_namespaces

_SPACES = [np, np.linalg, np.fft, np.random, np.emath, np.lib.stride_tricks, np.polynomial]
_SPACES += [polynomial, chebyshev, legendre, hermite, hermite_e, laguerre]
_REFUSED = [np.char, np.strings, np.ma, np.rec, np.ctypeslib, np.testing, np.lib]


def _public(owner):
    for name in getattr(owner, "__all__", None) or dir(owner):
        value = getattr(owner, name, None)
        error = isinstance(value, type) and issubclass(value, BaseException)
        if not name.startswith("_") and callable(value) and not isinstance(value, ModuleType) and not error:
            yield name, value


def _left(owner):
    return [name for name, f in _public(owner) if kind_of_coverage(f) is None]


@pytest.mark.parametrize("module", _SPACES, ids=lambda m: m.__name__)
def test_every_function_is_classified(module):
    assert list(_public(module))
    assert _left(module) == []


@pytest.mark.parametrize("cls", [np.random.Generator, np.random.RandomState])
def test_every_draw_is_classified(cls):
    assert _left(cls) == []


def test_every_method_and_attribute_of_arrays_is_classified():
    names = [name for name in dir(np.ndarray) if not name.startswith("_")]
    ops = [(Method if callable(getattr(np.ndarray, name)) else Attribute)(name) for name in names]
    assert [op for op in ops if kind_of_coverage(op) is None] == []


def test_every_method_of_ufuncs_is_classified():
    ufuncs = [f for f in vars(np).values() if isinstance(f, np.ufunc)]
    methods = [getattr(f, name) for f in ufuncs for name in ("reduce", "accumulate", "outer", "reduceat", "at")]
    assert [f for f in methods if kind_of_coverage(f) is None] == []


def test_every_object_that_is_indexed_is_followed():
    """They are no functions: each is called here."""

    def f(x):
        y = np.r_[x, 1.0] * np.c_[x, x[::-1]][0, 1] + np.mgrid[0:4] * np.ogrid[0:2, 0:4][1] * np.r_[x, x[0]]
        return np.sum(y[np.s_[1:]] * y[np.index_exp[:3]])

    sct.check_grads(f, (np.array([0.3, -1.2, 0.7]),))
    indexed = [name for name in np.__all__ if not callable(getattr(np, name)) and hasattr(getattr(np, name), "__getitem__")]
    others = ("__version__", "typecodes", "sctypeDict", "ScalarType", "False_", "True_")
    assert sorted(set(indexed).difference(others)) == ["c_", "index_exp", "mgrid", "ogrid", "r_", "s_"]


@pytest.mark.parametrize("module", _REFUSED, ids=lambda m: m.__name__)
def test_namespaces_are_refused_as_a_whole(module):
    assert module.__name__ in refused_namespaces()
    assert _left(module) == []


def test_all_other_modules_are_known():
    """NumPy has no module of which nothing is said."""
    modules = {m.__name__ for m in map(np.__dict__.get, np.__all__) if isinstance(m, ModuleType)}
    known = {m.__name__ for m in _SPACES} | set(refused_namespaces())
    assert modules - known <= {"numpy.core", "numpy.dtypes", "numpy.typing"}


def test_what_is_not_registered_is_not_classified():
    def unknown(x):
        return x

    assert [kind_of_coverage(f) for f in (unknown, Method("unknown"), Attribute("unknown"))] == [None] * 3


@pytest.mark.parametrize("transform", [sct.grad, sct.jvp])
def test_the_reason_is_told(transform):
    def f(x):
        return np.sum(np.ma.array(x))

    with pytest.raises(sct.NoRuleError) as caught:
        transform(f)(np.ones(2), *[np.ones(2)] * (transform is sct.jvp))
    assert caught.value.advice == reason_for(np.ma.array)
