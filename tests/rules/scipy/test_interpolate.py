"""What interpolates between points: by these, the values there, and the points in between."""

import numpy as np
import pytest
from scipy import interpolate

import sct

_rng = np.random.default_rng(8)
X, Y = np.cumsum(_rng.uniform(0.3, 1.0, 7)), _rng.normal(size=7)
COLUMNS, ROWS, BOTH = _rng.normal(size=(7, 2)), _rng.normal(size=(2, 7)), _rng.normal(size=(2, 7, 3))
INSIDE, AROUND = X[[0, 2, 4]] + 0.1, np.array([X[0] - 0.3, X[3] + 0.1, X[-1] + 0.2])
TABLE = np.stack((INSIDE, INSIDE + 0.05))
G, H, GRID, LAYERS = np.array([0.0, 1, 2.5]), np.array([-1.0, 0, 0.5, 2]), _rng.normal(size=(3, 4)), _rng.normal(size=(3, 4, 2))
IN_CELLS = np.array([[0.3, 0.2], [1.7, 1.1], [2.0, -0.5]])
BEYOND = IN_CELLS + 1.03
SCATTERED, THERE, WEIGHTS = _rng.normal(size=(9, 2)), _rng.normal(size=(9, 2)), _rng.uniform(0.5, 2.0, 7)
INNER = INSIDE[1:] - 0.21
SQUARE = _rng.normal(size=(7, 4))


def made(cls, *args, **kwargs):
    """What is made of points and values, and evaluated."""
    return lambda x, y, q: cls(x, y, *args, **kwargs)(q)


def closed(cls, **kwargs):
    """As made, of values of which the last one is the first."""
    return lambda x, y, q: cls(x, np.concatenate((y[:-1], y[:1])), **kwargs)(q)


def fitted(x, inner, y, w=None, **kwargs):
    """The spline of least squares with some knots inside."""
    t = np.concatenate((np.full(4, X[0]), inner, np.full(4, X[-1])))
    return interpolate.make_lsq_spline(x, y, t, 3, w, **kwargs)


def on_plane(*args, **kwargs):
    """A spline on the grid of X and H."""
    return lambda x, z, q: interpolate.RectBivariateSpline(x, H, z, **kwargs)(*(q[:, k] for k in range(2)), *args)


def of_degree(k, **kwargs):
    """A spline of that degree by its knots and coefficients."""
    return lambda t, c, q: interpolate.BSpline(t, c[: len(t) - k - 1], k, **kwargs)(q)


RADIAL, SMOOTH = interpolate.RBFInterpolator, interpolate.make_smoothing_spline
LINE, CUBIC, SPLINE = interpolate.interp1d, interpolate.CubicSpline, interpolate.make_interp_spline
PCHIP, AKIMA = interpolate.PchipInterpolator, interpolate.Akima1DInterpolator

CALLS = {
    "linear": (made(LINE), X, Y, INSIDE),
    "not in order": (made(LINE), X[::-1].copy(), Y, INSIDE),
    "rows": (made(LINE), X, ROWS, TABLE),
    "columns": (made(LINE, axis=0), X, COLUMNS, INSIDE),
    "a number": (made(LINE), X, Y, INSIDE[1]),
    "on": (made(LINE, fill_value="extrapolate"), X, Y, AROUND),
    "filled": (made(LINE, bounds_error=False, fill_value=(1.0, 2.0)), X, Y, AROUND),
    "filled by a value": (lambda x, y, q: LINE(x, y, bounds_error=False, fill_value=y[0])(q), X, Y, AROUND),
    "cubic": (made(LINE, "cubic"), X, ROWS, TABLE),
    "quadratic": (made(LINE, "quadratic", axis=1), X, BOTH, INSIDE),
    "slinear": (made(LINE, "slinear"), X, Y, INSIDE),
    "zero": (made(LINE, "zero"), X, Y, INSIDE),
    "of degree 5": (made(LINE, 5), X, Y, INSIDE),
    "nearest": (made(LINE, "nearest", fill_value="extrapolate"), X, Y, AROUND),
    "nearest-up": (made(LINE, kind="nearest-up"), X, ROWS, INSIDE),
    "previous": (made(LINE, "previous", bounds_error=False, fill_value=2.0), X, ROWS, AROUND),
    "next": (made(LINE, kind="next"), X, ROWS, INSIDE),
    "monotonic": (made(PCHIP), X, np.sort(Y), INSIDE),
    "monotonic parts": (made(PCHIP), X, Y, AROUND),
    "monotonic rows": (made(PCHIP, axis=1), X, ROWS, AROUND),
    "two points": (lambda x, y, q: PCHIP(x[:2], y[:2])(q), X, Y, INSIDE),
    "slopes": (lambda x, y, q: interpolate.CubicHermiteSpline(x, y, y * y)(q), X, COLUMNS, INSIDE),
    "local": (made(AKIMA), X, Y, INSIDE),
    "local, modified": (made(AKIMA, method="makima", extrapolate=True), X, COLUMNS, AROUND),
    "not a knot": (made(CUBIC), X, Y, AROUND),
    "natural": (made(CUBIC, bc_type="natural"), X, COLUMNS, AROUND),
    "clamped": (made(CUBIC, 1, "clamped"), X, ROWS, AROUND),
    "two ends": (lambda x, y, q: CUBIC(x, y, bc_type=((1, y[0]), (2, y[1])))(q), X, Y, AROUND),
    "periodic": (closed(CUBIC, bc_type="periodic"), X, Y, AROUND),
    "periodic columns": (closed(CUBIC, bc_type="periodic"), X, COLUMNS, AROUND),
    "an axis": (made(CUBIC, axis=-2), X, BOTH, TABLE),
    "slope": (lambda x, y, q: CUBIC(x, y)(q, 1), X, Y, AROUND),
    "derivative": (lambda x, y, q: CUBIC(x, y).derivative(2)(q), X, Y, AROUND),
    "antiderivative": (lambda x, y, q: CUBIC(x, y).antiderivative()(q), X, Y, AROUND),
    "integral": (lambda x, y, q: CUBIC(x, y).integrate(q[0], q[1]), X, Y, AROUND),
    "coefficients": (lambda x, y, q: CUBIC(x, y).c * q[0], X, Y, AROUND),
    "polynomials": (lambda x, y, q: interpolate.PPoly(np.reshape(y[:6], (2, 3)), x[:4])(q), X, Y, AROUND),
    "B-splines": (of_degree(2), X, Y, INSIDE),
    "B-splines in columns": (of_degree(2, extrapolate=False), X, COLUMNS, TABLE),
    "B-splines in a circle": (of_degree(2, extrapolate="periodic"), X, Y, AROUND),
    "B-splines' slope": (lambda t, c, q: interpolate.BSpline(t, c[:4], 2).derivative()(q), X, Y, INSIDE),
    "B-splines' bend": (lambda t, c, q: interpolate.BSpline(t, c[:4], 2)(q, nu=2), X, COLUMNS, INSIDE),
    "B-splines' antiderivative": (lambda t, c, q: interpolate.BSpline(t, c[:4], 2).antiderivative()(q), X, Y, INSIDE),
    "B-splines' integral": (lambda t, c, q: interpolate.BSpline(t, c[:4], 2).integrate(q[0], q[2], False), X, Y, INSIDE),
    "spline": (made(SPLINE), X, Y, AROUND),
    "even spline": (made(SPLINE, 2), X, COLUMNS, INSIDE),
    "straight spline": (made(SPLINE, k=1), X, COLUMNS, INSIDE),
    "spline in steps": (made(SPLINE, k=0), X, COLUMNS, INSIDE),
    "spline along an axis": (made(SPLINE, axis=1), X, BOTH, INSIDE),
    "natural spline": (made(SPLINE, bc_type="natural"), X, COLUMNS, AROUND),
    "spline with slopes": (lambda x, y, q: SPLINE(x, y, 5, None, ([(1, y[0]), (2, y[1])],) * 2)(q), X, COLUMNS, AROUND),
    "spline in a circle": (closed(SPLINE, bc_type="periodic"), X, COLUMNS, AROUND),
    "even spline in a circle": (closed(SPLINE, k=4, bc_type="periodic"), X, Y, AROUND),
    "three points": (lambda x, y, q: CUBIC(x[:3], y[:3], bc_type=((1, y[5]), (2, y[6])))(q), X, Y, AROUND),
    "two points, natural": (lambda x, y, q: CUBIC(x[:2], y[:2], bc_type="natural")(q), X, COLUMNS, AROUND),
    "monotonic by a function": (lambda x, y, q: interpolate.pchip_interpolate(x, y, q, 1), X, Y, AROUND),
    "FITPACK's derivative": (
        lambda x, y, q: (
            interpolate.splev(q, interpolate.splder(interpolate.splantider(interpolate.splrep(x, y), 2)))
            * interpolate.splder(interpolate.splrep(x, y))[1][2]
        ),
        X,
        Y,
        AROUND,
    ),
    "FITPACK": (lambda x, y, q: interpolate.splev(q, interpolate.splrep(x, y)), X, Y, AROUND),
    "FITPACK's slope": (lambda x, y, q: interpolate.splev(q, interpolate.splrep(x, y, s=0, k=2), 1, ext=1), X, Y, AROUND),
    "FITPACK's integral": (lambda x, y, q: interpolate.splint(q[0], q[1], interpolate.splrep(x, y)), X, Y, AROUND),
    "FITPACK's class": (made(interpolate.InterpolatedUnivariateSpline, ext="const"), X, Y, AROUND),
    "FITPACK's other class": (lambda x, y, q: interpolate.UnivariateSpline(x, y, s=0).derivative()(q), X, Y, AROUND),
    "grid": (lambda p, v, q: interpolate.RegularGridInterpolator((p, H), v)(q), G, GRID, IN_CELLS),
    "layers": (
        made(lambda p, v: interpolate.RegularGridInterpolator((p, H), v, "linear", False, None)),
        G,
        LAYERS,
        BEYOND,
    ),
    "nearest of a grid": (
        made(lambda p, v: interpolate.RegularGridInterpolator((p, H), v, "nearest", False, 0.0)),
        G,
        LAYERS,
        BEYOND,
    ),
    "least squares": (lambda t, y, q: fitted(X, t, y)(q), INNER, Y, INSIDE),
    "least squares of rows": (lambda w, y, q: fitted(X, INNER, y, w, axis=1)(q), WEIGHTS, ROWS, INSIDE),
    "least squares by points": (lambda x, y, q: fitted(x[1:-1], INNER[:1], y[1:-1])(q), X, COLUMNS, INSIDE),
    "smooth": (lambda x, y, q: SMOOTH(x, y, lam=0.3)(q), X, Y, INSIDE),
    "smooth by weights": (lambda w, y, q: SMOOTH(X, y, w, q[0] ** 2, axis=1)(q), WEIGHTS, ROWS, INSIDE),
    "plane": (on_plane(0, 0, False), X, SQUARE, IN_CELLS + 1.0),
    "grid of a plane": (lambda x, z, q: interpolate.RectBivariateSpline(x, H, z, kx=2, ky=1)(q, q - 1.0), X, SQUARE, INSIDE),
    "bend of a plane": (on_plane(1, 2, False), X, SQUARE, IN_CELLS + 1.0),
    "outside of a plane": (lambda x, z, q: interpolate.RectBivariateSpline(x, H, z).ev(q, q), X, SQUARE, AROUND),
    "radial": (made(RADIAL), SCATTERED, THERE, IN_CELLS),
    "radial, linear": (made(RADIAL, kernel="linear"), SCATTERED, THERE[:, 0], IN_CELLS),
    "radial, quintic": (made(RADIAL, kernel="quintic", smoothing=WEIGHTS[0]), SCATTERED, THERE[:, 0], IN_CELLS),
    "radial, bells": (lambda y, d, q: RADIAL(y, d, None, 0.1, "gaussian", q[0, 0] + 1.0)(q), SCATTERED, THERE, IN_CELLS),
    "a function of a grid": (lambda p, v, q: interpolate.interpn((p, H), v, (q[:, 0], q[0, 1])), G, GRID, IN_CELLS),
}


@pytest.mark.grid(of=26, each=False)
@pytest.mark.parametrize("name", CALLS)
def test_derivatives(name):
    f, *args = CALLS[name]
    sct.check_grads(f, tuple(args), wrt=(0, 1, 2), order=2)


@pytest.mark.grid(of=26, each=False)
@pytest.mark.parametrize("name", CALLS)
def test_tangents(name):
    f, *args = CALLS[name]
    sct.check_grads(f, tuple(args), wrt=(0, 1, 2), modes=("forward",))


@pytest.mark.grid(of=10, each=False)
@pytest.mark.parametrize("name", CALLS)
def test_values(name):
    f, *args = CALLS[name]
    value, _ = sct.vjp(f, 1)(*args, np.ones_like(f(*args)))
    np.testing.assert_allclose(value, f(*args), rtol=1e-11, atol=1e-13)


_OUTSIDE = {
    "spline": SPLINE(X, Y),
    "cubic spline": CUBIC(X, ROWS, axis=1),
    "monotonic": PCHIP(X, Y),
    "line": LINE(X, ROWS),
    "cubic line": LINE(X, Y, "cubic", fill_value="extrapolate"),
    "filled line": LINE(X, Y, bounds_error=False, fill_value=(0.0, 1.0)),
    "FITPACK": interpolate.UnivariateSpline(X, Y, s=0.1),
}


@pytest.mark.grid(of=6, each=False)
@pytest.mark.parametrize("name", _OUTSIDE)
def test_what_is_made_outside(name):
    f = _OUTSIDE[name]
    sct.check_grads(lambda q: f(q), (INSIDE,))
    np.testing.assert_allclose(sct.vjp(lambda q: f(q))(INSIDE, np.ones_like(f(INSIDE)))[0], f(INSIDE), rtol=1e-13)


@pytest.mark.parametrize("spline", [SPLINE(X, Y), CUBIC(X, Y)], ids=["B-splines", "polynomials"])
def test_the_derivative_is_that_of_scipy(spline):
    slopes = sct.grad(lambda q: np.sum(spline(q)))(AROUND)
    np.testing.assert_allclose(slopes, spline(AROUND, 1), rtol=1e-12)
    np.testing.assert_allclose(sct.grad(lambda b: spline.integrate(X[0], b))(INSIDE[1]), spline(INSIDE[1]), rtol=1e-12)
    bends = sct.grad(lambda q: np.sum(spline.derivative()(q)))(AROUND)
    np.testing.assert_allclose(bends, spline(AROUND, 2), rtol=1e-11)


def test_of_two_variables_that_is_made_outside():
    grid, radial = interpolate.RegularGridInterpolator((G, H), GRID), RADIAL(SCATTERED, THERE[:, 0])
    plane = interpolate.RectBivariateSpline(X, H, SQUARE)
    f = lambda q: grid(q) + radial(q) * plane.ev(q[:, 0], q[:, 1])
    sct.check_grads(f, (IN_CELLS,))
    np.testing.assert_allclose(sct.vjp(f)(IN_CELLS, np.ones(3))[0], f(IN_CELLS), rtol=1e-11)


def test_what_is_extreme_is_flat():
    y = np.array([0.0, 1.0, 1.0, 0.0, 2.0, 2.0, 2.0])
    q = np.linspace(X[0], X[-1], 40)
    value, _ = sct.vjp(lambda y: PCHIP(X, y)(q))(y, np.ones(40))
    np.testing.assert_allclose(value, PCHIP(X, y)(q), rtol=1e-12, atol=1e-15)


def test_precision_is_kept_where_scipy_keeps_it():
    x, y, q = (v.astype(np.float32) for v in (X, Y, INSIDE))
    value, slopes = sct.value_and_grad(lambda y: np.sum(LINE(x, y)(q)))(y)
    assert (value.dtype, slopes.dtype) == (LINE(x, y)(q).dtype, np.float32)
    assert sct.grad(lambda y: np.sum(CUBIC(x, y)(q)))(y).dtype == np.float32


def test_lists():
    slopes = sct.grad(lambda a: np.sum(CUBIC([0.0, 1.0, 2.5, 3.0], [a, 2.0, 1.0, a])([0.5, 2.0])))(1.5)
    np.testing.assert_allclose(slopes, np.sum(CUBIC([0.0, 1.0, 2.5, 3.0], [1.0, 0.0, 0.0, 1.0])([0.5, 2.0])), rtol=1e-12)


@pytest.mark.parametrize("keywords", [{}, {"fill_value": 0.0}, {"bounds_error": True}], ids=str)
def test_outside(keywords):
    f = lambda y: np.sum(LINE(X, y, **keywords)(AROUND))
    for call in (f, sct.grad(f)):
        with pytest.raises(ValueError, match="interpolation range"):
            call(Y)


@pytest.mark.parametrize("cls", [CUBIC, SPLINE])
def test_points_ascend(cls):
    f = lambda y: np.sum(cls(X[::-1], y)(INSIDE))
    for call in (f, sct.grad(f)):
        with pytest.raises(ValueError, match="strictly increasing|increasing sequence"):
            call(Y)


_REFUSED = {
    "UnivariateSpline": lambda y: interpolate.UnivariateSpline(X, y)(1.0),
    "splrep": lambda y: interpolate.splrep(X, y, s=0.1)[1][0],
    "griddata": lambda y: interpolate.griddata(X, y, INSIDE),
    "RBFInterpolator": lambda y: RADIAL(X[:, None], y, neighbors=3)(INSIDE[:, None]),
    "make_smoothing_spline": lambda y: SMOOTH(X, y)(INSIDE),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_others_are_refused_by_their_names(name):
    with pytest.raises(sct.NoRuleError, match=rf"^scipy\.interpolate\.{name} has no derivative rule"):
        sct.grad(_REFUSED[name])(Y)


@pytest.mark.parametrize("cls", [CUBIC, SPLINE])
def test_conditions_are_known(cls):
    f = lambda y: np.sum(cls(X, y, bc_type="level")(INSIDE))
    for call in (f, sct.grad(f)):
        with pytest.raises(ValueError, match="nknown boundary condition|not allowed"):
            call(Y)


def test_knots_ascend():
    f = lambda c, t: np.sum(interpolate.BSpline(t, c[:4], 2)(INSIDE))
    for call in (f, sct.grad(f)):
        with pytest.raises(ValueError, match="non-decreasing order"):
            call(Y, X[[0, 1, 2, 4, 3, 5, 6]])
        with pytest.raises(ValueError, match="are inconsistent|at least 4"):
            call(Y[:3], X)


def test_an_axis_of_one_point():
    f = lambda v, q: interpolate.RegularGridInterpolator((G[:1], H), v)(q)
    sct.check_grads(lambda v: f(v, np.array([[G[0], 0.5 * (H[0] + H[1])]]))[0], (GRID[:1],))
