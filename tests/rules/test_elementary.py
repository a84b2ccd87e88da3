"""The rules of elementary functions against finite differences, and at the edges of their domains."""

import numpy as np
import pytest

from sct.registry.rules import adjoint_rule
from sct.testing import check_rule

_rng = np.random.default_rng(2)


def _x(*shape, dtype=float, low=0.2, high=0.9, signed=True):
    x = _rng.uniform(low, high, shape)
    if signed:
        x = x * _rng.choice([-1.0, 1.0], shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * _rng.uniform(0.2, 0.8, shape)
    return np.asarray(x, dtype=dtype)


_SHAPES = [(), (3,), (1,), (2, 3), (0, 2), (2, 1, 3)]
_ANYWHERE = (np.exp, np.exp2, np.expm1, np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.cbrt)
_ANYWHERE = (*_ANYWHERE, np.sinc, np.arcsin, np.arccos, np.arctanh, np.deg2rad, np.radians, np.rad2deg, np.degrees)
_POSITIVE = (np.log, np.log1p, np.log2, np.log10, np.sqrt)
_REAL = (np.cbrt, np.deg2rad, np.radians, np.rad2deg, np.degrees)

SAMPLES = []
for _f in (*_ANYWHERE, *_POSITIVE, np.arccosh):
    _low, _high = (1.2, 2.0) if _f is np.arccosh else (0.2, 0.9)
    _where = {"low": _low, "high": _high, "signed": _f in _ANYWHERE}
    SAMPLES += [(_f, (_x(*shape, **_where),), {}) for shape in _SHAPES]
    SAMPLES += [(_f, (_x(2, 3, dtype=np.float32, **_where),), {}), (_f, (_x(2, 6, **_where)[:, ::2],), {})]
    if _f not in _REAL:
        SAMPLES += [(_f, (_x(2, 3, dtype=complex),), {}), (_f, (_x(3, dtype=np.complex64),), {})]
for _f in (np.arctan2, np.hypot, np.logaddexp, np.logaddexp2, np.nextafter):
    SAMPLES += [
        (_f, (_x(3), _x(3)), {}),
        (_f, (_x(2, 3), _x(3)), {}),
        (_f, (_x(1, 3), _x(2, 1)), {}),
        (_f, (_x(2, 3), 0.5), {}),
        (_f, (0.5, _x(3)), {}),
        (_f, (_x(0, 3), _x(3)), {}),
        (_f, (_x(2, 3, dtype=np.float32), _x(3, dtype=np.float32)), {"wrt": ()} if _f is np.nextafter else {}),
    ]
SAMPLES += [
    (np.i0, (np.array([0.3, -2.0, 1.5]),), {}),
    (np.i0, (np.array([[0.0, 1e-8], [30.0, -200.0]]),), {}),
    (np.i0, (0.7,), {}),
    (np.sinc, (np.array([0.0, 1e-8, 0.03, 0.0499, 0.0501, 1.0, -2.5]),), {}),
    (np.unwrap, (np.array([0.0, 2.0, 5.5, 0.3]),), {}),
    (np.unwrap, (np.array([[0.0, 2.0, 5.5], [6.1, 0.2, 0.4]]),), {"axis": 0}),
    (np.modf, (np.array([1.3, -2.6]),), {}),
    (np.frexp, (np.array([1.3, -2.6, 0.3]),), {}),
    (np.divmod, (np.array([3.4, -2.3]), np.array([[1.1], [-1.3]])), {}),
]


def _name(sample):
    primitive, args, _ = sample
    return f"{primitive.__name__}-{'-'.join(str(np.shape(a)).replace(' ', '') for a in args)}"


@pytest.mark.grid(of=8)
@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_rule(sample):
    primitive, args, kwargs = sample
    check_rule(primitive, *args, **kwargs)


_EDGES = [
    (np.sqrt, (0.0,), np.inf),
    (np.log, (0.0,), np.inf),
    (np.sinc, (0.0,), 0.0),
    (np.tanh, (400.0,), 0.0),
    (np.log1p, (0.0,), 1.0),
    (np.expm1, (1e-18,), 1.0),
]


@pytest.mark.parametrize(("primitive", "args", "expected"), _EDGES)
def test_edge(primitive, args, expected):
    args = [np.float64(a) for a in args]
    with np.errstate(all="ignore"):
        assert adjoint_rule(primitive).function(primitive(*args), *args, np.float64(1.0)) == expected


def test_hypot_at_the_origin_is_flat():
    zero = np.zeros(1)
    assert adjoint_rule(np.hypot).function(zero, zero, zero, np.ones(1)) == (0.0, 0.0)


def test_logaddexp_far_apart():
    x, y = np.array([1000.0, -np.inf]), np.array([-1000.0, 0.0])
    x_bar, y_bar = adjoint_rule(np.logaddexp).function(np.logaddexp(x, y), x, y, np.ones(2))
    np.testing.assert_array_equal(x_bar, [1.0, 0.0])
    np.testing.assert_array_equal(y_bar, [0.0, 1.0])


_ALONG_REAL = [complex(x, y) for x in (-2.0, -1.3, 0.4, 1.3) for y in (0.0, -0.0)]
_ALONG_IMAGINARY = [complex(x, y) for x in (0.0, -0.0) for y in (-2.0, -1.3, 0.4, 1.3)]


@pytest.mark.parametrize(
    ("function", "points", "h"),
    [(f, _ALONG_REAL, 1e-6) for f in (np.arcsin, np.arccos, np.arctanh, np.arccosh, np.sqrt, np.log)]
    + [(f, _ALONG_IMAGINARY, 1e-6j) for f in (np.arcsinh, np.arctan)],
)
def test_derivatives_on_cuts_are_those_of_the_side_of_the_value(function, points, h):
    z = np.array(points)
    ahead, back = z.copy(), z.copy()
    part = "imag" if np.imag(h) else "real"  # the other one keeps the sign of its zero
    setattr(ahead, part, getattr(z, part) + abs(h))
    setattr(back, part, getattr(z, part) - abs(h))
    slope = (function(ahead) - function(back)) / (2.0 * h)
    z_bar = adjoint_rule(function).function(function(z), z, np.ones(len(z), complex))
    np.testing.assert_allclose(z_bar, slope, rtol=1e-7, atol=1e-7)
