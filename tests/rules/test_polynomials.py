"""What `numpy.polynomial` has for each basis, against finite differences."""

import numpy as np
import pytest
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial

import sct
from sct.cli.coverage import kind_of_coverage
from sct.testing import check_grads, check_rule

_rng = np.random.default_rng(17)


def _x(*shape):
    return _rng.normal(size=shape)


_V, _T = _x(4), np.linspace(-0.9, 0.9, 5)
_BASES = {
    "poly": polynomial,
    "cheb": chebyshev,
    "leg": legendre,
    "herm": hermite,
    "herme": hermite_e,
    "lag": laguerre,
}


def _arguments(prefix):
    """What each function of a basis is called with, by its name behind that of the basis."""
    tall, zeros = np.array([1.3, -0.4, 0.0, 2.0]), np.array([-0.7, 1.1])
    found = {
        "add": [(_V, _V[:2]), (0.7, _V)],
        "sub": [(_V[:3], _V), (_V, 0.7)],
        "mul": [(_V, _V[:2]), (_V[:1], _V)],
        "mulx": [(_V,), (_V[:1],)],
        "div": [(_V, _V[:2]), (_V[:2], _V), (_V, _V[:1])],
        "pow": [(_V[:2], 3), (_V, 0), (_V, 1)],
        "int": [(_V,), (_V, 2, [1.0, 0.3]), (_V, 1, 0.4, 0.2)],
        "fit": [(_T, _x(5), 2), (_T, _x(5, 2), 1)],
        "roots": [(tall,)],
        "companion": [(tall,), (tall[:2],)],
        "fromroots": [(zeros,), (zeros[:1],)],
        "line": [(0.3, -1.2)],
        "trim": [(_V,)],
        "vander2d": [(_x(2), _x(2), (1, 2))],
        "vander3d": [(_x(2), _x(2), _x(2), (1, 2, 1))],
        "weight": [(0.5 * _T,)],
    }
    if prefix == "poly":
        del found["weight"]
        return found | {"valfromroots": [(_x(3), zeros)]}
    return found


SAMPLES = [
    (getattr(module, f"{prefix}{name}"), args, {})
    for prefix, module in _BASES.items()
    for name, calls in _arguments(prefix).items()
    for args in calls
]
for _prefix, _module in _BASES.items():
    if _module is not polynomial:
        SAMPLES += [(getattr(_module, f"{_prefix}2poly"), (_V,), {}), (getattr(_module, f"poly2{_prefix}"), (_V,), {})]


@pytest.mark.grid(of=30, each=False)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s[0].__name__)
def test_of_bases(sample):
    function, args, kwargs = sample
    check_rule(function, *args, **kwargs)


@pytest.mark.parametrize("module", _BASES.values(), ids=_BASES)
def test_every_function_has_a_sample_or_is_constant(module):
    tried = {f for f, _, _ in SAMPLES}
    ends = ("val", "val2d", "val3d", "grid2d", "grid3d", "vander", "der")  # of these in test_compositions.py
    functions = [getattr(module, n) for n in module.__all__ if not n.endswith(ends)]
    functions = [f for f in functions if callable(f) and f not in tried and not isinstance(f, type)]
    assert [f.__name__ for f in functions if kind_of_coverage(f) != "constant"] == ["chebinterpolate"] * (module is chebyshev)


def interpolated(c):
    return chebyshev.chebinterpolate(lambda t: np.exp(c[0] * t) * c[1], 3)


def test_interpolation():
    check_grads(interpolated, (_V,))


@pytest.mark.parametrize("quadrature", [legendre.leggauss, hermite.hermgauss])
def test_nodes_and_weights_are_constants(quadrature):
    def integral(c):
        nodes, weights = quadrature(3)
        return np.sum(weights * np.cos(c * nodes))

    check_grads(integral, (0.7,))


@pytest.mark.parametrize(("prefix", "module"), [("leg", legendre), ("lag", laguerre)])
def test_products_are_those_of_numpy(prefix, module):
    multiplied = getattr(module, f"{prefix}mul")
    for a, b in ((_V, _x(6)), (_x(1), _V), (_x(5), np.array([0.3, 0.0, 0.0]))):
        value, _ = sct.vjp(multiplied)(a, b, multiplied(a, b))
        assert np.array_equal(value, multiplied(a, b))
