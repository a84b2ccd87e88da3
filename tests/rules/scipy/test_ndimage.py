"""The filters of scipy.ndimage, and what it interpolates, against finite differences and SciPy's own values."""

import numpy as np
import pytest
from scipy import ndimage

import sct
from sct.registry.others import meet
from sct.testing import check_rule

meet(ndimage)
_RNG = np.random.default_rng(9)
_A, _K, _B = _RNG.normal(size=(5, 6)), _RNG.normal(size=(2, 3)), _RNG.normal(size=(3, 4, 5))
_MODES = ("reflect", "mirror", "nearest", "wrap", "constant")
_ALL_MODES = (*_MODES, "grid-constant", "grid-mirror", "grid-wrap")
_PLACES = np.array([[0.3, 2.7, -1.4, 5.2], [1.6, 4.2, 6.7, -2.3]])
_SKEWED, _START = np.array([[0.9, -0.3], [0.2, 1.1]]), np.array([0.37, -0.61])

SAMPLES = [
    *[(f, (_A, _K), {"mode": mode}) for f in (ndimage.correlate, ndimage.convolve) for mode in _MODES],
    *[(f, (_A, _K[0], 0), {"mode": mode}) for f in (ndimage.correlate1d, ndimage.convolve1d) for mode in _MODES],
    *[(f, (_A, _K), {"origin": (-1, 1)}) for f in (ndimage.correlate, ndimage.convolve)],
    *[(f, (_A, _K[:, 0]), {"origin": -1}) for f in (ndimage.correlate1d, ndimage.convolve1d)],
    *[(ndimage.gaussian_filter1d, (_A, 0.7, axis, order), {}) for axis in (0, -1) for order in (0, 1, 2)],
    (ndimage.gaussian_filter, (_A, 0.6), {"truncate": 3.0}),
    (ndimage.gaussian_filter, (_A, np.array(0.6)), {}),
    (ndimage.gaussian_filter, (_A, [0.6, 0.4], (1, 0)), {"mode": ("wrap", "nearest")}),
    (ndimage.uniform_filter, (_B,), {}),
    (ndimage.uniform_filter, (_A, (2, 3)), {"mode": "wrap"}),
    (ndimage.uniform_filter1d, (_A, 4), {"axis": 0, "origin": 1}),
    (ndimage.sobel, (_B, 1), {}),
    (ndimage.prewitt, (_A,), {"mode": "constant"}),
    (ndimage.laplace, (_B,), {}),
    (ndimage.gaussian_filter, (_A.astype(np.float32), 0.6), {}),
    (ndimage.gaussian_laplace, (_A, (0.7, 0.9)), {"mode": "wrap", "truncate": 2.0}),
    *[(ndimage.spline_filter1d, (_A, order, 0), {"mode": mode}) for order in (2, 3, 5) for mode in _ALL_MODES],
    (ndimage.spline_filter1d, (_RNG.normal(size=(24, 2)), 5, 0), {"mode": "reflect"}),
    (ndimage.spline_filter1d, (_A[:, :2],), {}),
    (ndimage.spline_filter1d, (_A[:1], 3, 0), {}),
    (ndimage.spline_filter1d, (_A, 1), {}),
    (ndimage.spline_filter1d, (_A,), {"output": np.float32}),
    (ndimage.spline_filter, (_B, 2), {"mode": "reflect"}),
    *[(ndimage.map_coordinates, (_A, _PLACES, None, order), {"mode": mode}) for order in (3, 2, 1, 0) for mode in _ALL_MODES],
    (ndimage.map_coordinates, (_B, _B[:, :2], None, 2), {"mode": "mirror"}),
    (ndimage.map_coordinates, (_A[0], _PLACES[:1]), {"cval": 0.5, "prefilter": False}),
    (ndimage.map_coordinates, (_A.astype(np.float32), _PLACES), {"mode": "nearest"}),
    (ndimage.shift, (_A, 0.4), {}),
    *[(ndimage.shift, (_A, _START, None, 2), {"mode": mode}) for mode in _ALL_MODES],
    *[(ndimage.zoom, (_A, (1.6, 2.3)), {"mode": mode}) for mode in _ALL_MODES],
    (ndimage.zoom, (_A, 0.6, None, 1), {"mode": "grid-mirror", "grid_mode": True}),
    (ndimage.affine_transform, (_A, _SKEWED, _START, None, None, 2), {}),
    (ndimage.affine_transform, (_A, _SKEWED, _START, (4, 3)), {"mode": "wrap"}),
    (ndimage.affine_transform, (_A, np.column_stack((_SKEWED, _START))), {"mode": "nearest"}),
    (ndimage.affine_transform, (_A, np.diag(_SKEWED), 0.3), {"mode": "reflect"}),
    (ndimage.rotate, (_A, 23.4, (1, 0), False, None, 2), {"mode": "reflect"}),
    (ndimage.rotate, (_B, -70.2, (0, 2)), {"mode": "grid-constant", "cval": 0.5}),
]


@pytest.mark.grid(of=60)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s[0].__name__} {s[2]}")
def test_filter(sample):
    function, args, kwargs = sample
    check_rule(function, *args, **kwargs)


@pytest.mark.grid(of=16, each=False)
@pytest.mark.parametrize("mode", _ALL_MODES)
@pytest.mark.parametrize("order", range(4))
def test_values_far_away(mode, order):
    places = np.linspace([-13.2, 17.1], [16.3, -14.4], 25).T
    f = lambda x: ndimage.map_coordinates(x, places, order=order, mode=mode, cval=0.7)
    np.testing.assert_allclose(sct.vjp(f)(_A, np.ones(25))[0], f(_A), rtol=1e-12, atol=1e-13)
    g = lambda x: ndimage.shift(x, 2.3, order=order, mode=mode, cval=0.7)
    np.testing.assert_allclose(sct.vjp(g)(_A, np.ones(_A.shape))[0], g(_A), rtol=1e-12, atol=1e-13)


def test_second_derivatives():
    f = lambda x, q: ndimage.map_coordinates(x, q, mode="mirror")
    sct.check_grads(f, (_A[0], _PLACES[:1]), wrt=(0, 1), order=2)


@pytest.mark.parametrize("mode", ["constant", "wrap"])
def test_the_slope_at_the_last_entry_is_that_before_it(mode):
    x = np.array([1.0, 2.0, 4.0])
    slope = sct.grad(lambda q: ndimage.map_coordinates(x, q, order=1, mode=mode)[0])(np.array([[2.0]]))
    np.testing.assert_allclose(slope, [[2.0]])


def test_lists():
    values, slopes = [1.0, 4.0, 2.0], sct.grad(lambda q: ndimage.map_coordinates([1.0, 4.0, 2.0], [[q, 1.5]], order=1)[0])(0.3)
    np.testing.assert_allclose(slopes, values[1] - values[0])


def test_what_is_refused():
    for f in (
        lambda x: np.sum(ndimage.map_coordinates(x, _PLACES, order=4)),
        lambda x: np.sum(ndimage.zoom(x, 2.0, np.float32)),
        lambda x: np.sum(ndimage.correlate(x, _K, output=float)),
        lambda x: np.sum(ndimage.median_filter(x, 3)),
        lambda x: np.sum(ndimage.correlate(np.arange(6).reshape(2, 3), x)),
    ):
        with pytest.raises(sct.NoRuleError, match="has no derivative rule"):
            sct.grad(f)(_K)


@pytest.mark.parametrize("function", [ndimage.sobel, ndimage.shift, ndimage.spline_filter1d, ndimage.median_filter])
def test_what_is_written_is_not_lost(function):
    """Also where the result of the call is not used."""

    def f(x):
        y = np.zeros(x.shape)
        function(x, 3, output=y)
        return np.sum(y)

    with pytest.raises(sct.NoRuleError, match="may write into the arrays that it is given"):
        sct.grad(f)(_B)


@pytest.mark.parametrize("by_name", [True, False])
def test_what_a_constant_function_may_write_into(by_name):
    """What was there would keep its adjoint where it may have one."""

    def f(x, y):
        y = y * x if y.dtype.kind == "f" else y.copy()
        if by_name:
            ndimage.binary_erosion(x > 0.0, output=y)
        else:
            ndimage.binary_erosion(x > 0.0, None, 1, None, y)
        return np.sum(y * x)

    with pytest.raises(
        sct.UnsupportedSyntaxError, match="output= with a float64 matrix, into which .*binary_erosion may write"
    ):
        sct.grad(f)(_A, _A)
    np.testing.assert_array_equal(sct.grad(f)(_A, _A > 1.0), ndimage.binary_erosion(_A > 0.0))


@pytest.mark.parametrize("step", [0.5, -0.5])
def test_steps_of_half_an_entry(step):
    f = lambda x: ndimage.shift(x, step, order=0, mode="mirror")
    np.testing.assert_array_equal(sct.vjp(f)(_A, np.ones(_A.shape))[0], f(_A))


def test_filters_of_constants():
    mask = _A > 0.5
    f = lambda x: np.sum(ndimage.median_filter(_A, 3) * ndimage.label(mask)[0] * x)
    np.testing.assert_allclose(sct.grad(f)(_A), ndimage.median_filter(_A, 3) * ndimage.label(mask)[0])
