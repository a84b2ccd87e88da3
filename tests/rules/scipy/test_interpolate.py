"""What interpolates between points: by these, the values there, and the points in between."""

import numpy as np
import pytest
from scipy import interpolate

import sct

_rng = np.random.default_rng(8)
X, Y, SLOPES = np.cumsum(_rng.uniform(0.3, 1.0, 6)), _rng.normal(size=6), _rng.normal(size=6)
ROWS = _rng.normal(size=(2, 6))
INSIDE, AROUND = X[[0, 2, 4]] + 0.1, np.array([X[0] - 0.3, X[3] + 0.1, X[-1] + 0.2])

CALLS = {
    "linear": (lambda x, y, q: interpolate.interp1d(x, y)(q), X, Y, INSIDE),
    "not in order": (lambda x, y, q: interpolate.interp1d(x, y)(q), X[::-1].copy(), Y, INSIDE),
    "rows": (lambda x, y, q: interpolate.interp1d(x, y)(q), X, ROWS, INSIDE),
    "a number": (lambda x, y, q: interpolate.interp1d(x, y)(q), X, Y, INSIDE[1]),
    "on": (lambda x, y, q: interpolate.interp1d(x, y, fill_value="extrapolate")(q), X, Y, AROUND),
    "filled": (lambda x, y, q: interpolate.interp1d(x, y, bounds_error=False, fill_value=(1.0, 2.0))(q), X, Y, AROUND),
    "filled with one": (lambda x, y, q: interpolate.interp1d(x, y, bounds_error=False, fill_value=0.0)(q), X, Y, AROUND),
    "monotonic": (lambda x, y, q: interpolate.PchipInterpolator(x, y)(q), X, np.sort(Y), INSIDE),
    "monotonic parts": (lambda x, y, q: interpolate.PchipInterpolator(x, y)(q), X, Y, AROUND),
    "two points": (lambda x, y, q: interpolate.PchipInterpolator(x[:2], y[:2])(q), X, Y, INSIDE),
    "slopes": (lambda x, y, q: interpolate.CubicHermiteSpline(x, y, SLOPES)(q), X, Y, INSIDE),
}


@pytest.mark.grid(of=4, each=False)
@pytest.mark.parametrize("name", CALLS)
def test_derivatives(name):
    f, *args = CALLS[name]
    sct.check_grads(f, tuple(args), wrt=(0, 1, 2), order=2)


@pytest.mark.parametrize("name", CALLS)
def test_values(name):
    f, *args = CALLS[name]
    value, _ = sct.vjp(f, 1)(*args, np.ones_like(f(*args)))
    np.testing.assert_allclose(value, f(*args), rtol=1e-12)


def test_what_is_extreme_is_flat():
    y = np.array([0.0, 1.0, 1.0, 0.0, 2.0, 2.0])
    q = np.linspace(X[0], X[-1], 40)
    value, _ = sct.vjp(lambda y: interpolate.PchipInterpolator(X, y)(q))(y, np.ones(40))
    np.testing.assert_allclose(value, interpolate.PchipInterpolator(X, y)(q), rtol=1e-12, atol=1e-15)


def test_outside():
    with pytest.raises(ValueError, match="outside the interpolation range"):
        sct.grad(lambda y: np.sum(interpolate.interp1d(X, y)(AROUND)))(Y)


@pytest.mark.parametrize(
    "f", [lambda y: interpolate.interp1d(X, y, kind="cubic")(1.0), lambda y: interpolate.CubicSpline(X, y)(1.0)]
)
def test_splines_are_refused_by_their_names(f):
    with pytest.raises(sct.NoRuleError, match=r"^scipy\.interpolate\.(interp1d|CubicSpline) has no derivative rule"):
        sct.grad(f)(Y)
