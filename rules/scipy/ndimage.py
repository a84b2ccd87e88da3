"""Rules of scipy.ndimage: correlations with an array that goes on beyond its edges, and what it is between its entries.

Takes and gives arrays; registers compositions, which pad as a mode says and correlate, or sum B-splines around coordinates, and
a rule for the coefficients of these. How `origin` moves a filter, and how far a Gaussian one reaches, is as SciPy's
documentation says.
"""

import functools
import inspect

import numpy as np
from scipy import ndimage, signal, special

from sct.ir.shapes import as_array
from sct.ir.types import Array
from sct.registry.effects import effect
from sct.registry.refusals import refused, those_of
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import multilinear
from sct.registry.type_rules import result_type

from ..differences import along
from . import followed

_of = functools.partial(those_of, ndimage)


# ---------------------------------------------------------------------------------------------------------------------
# Correlation
# ---------------------------------------------------------------------------------------------------------------------

_BEYOND = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "mirror": "reflect",
    "nearest": "edge",
    "wrap": "wrap",
    "grid-wrap": "wrap",
}


def check_mode(mode):
    """Raises for what is no mode."""
    if mode not in _BEYOND and mode not in ("constant", "grid-constant"):
        raise RuntimeError("boundary mode not supported")


def padded(x, pairs, mode, cval):
    """An array, and so much of what lies beyond its edges by a mode."""
    check_mode(mode)
    return np.pad(x, pairs, _BEYOND[mode]) if mode in _BEYOND else np.pad(x, pairs, constant_values=cval)


def correlated(x, weights, mode, cval, origins):
    """y[i] = Σₖ w[k] x[i + k - n // 2 - origin], n the lengths of w."""
    x = np.asarray(x)
    n = np.shape(weights)
    before = [n[k] // 2 + origins[k] for k in range(x.ndim)]
    pairs = tuple([(before[k], n[k] - 1 - before[k]) for k in range(x.ndim)])
    return signal.correlate(padded(x, pairs, mode, cval), np.asarray(weights).astype(x.dtype), "valid", "direct")


def of_axes(origin, rank):
    """An origin for each axis."""
    return (origin,) * rank if isinstance(origin, int) else tuple(origin)


def turned(weights, origins):
    """The weights and origins of the correlation that a convolution is."""
    n = np.shape(weights)
    return np.flip(weights), tuple([-origins[k] - (1 if n[k] % 2 == 0 else 0) for k in range(len(n))])


def _plain(function, without=("output", "axes")):
    """Whether an array of its own is made of one of floating numbers, of all axes, by the arguments of a call."""
    signature = inspect.signature(function)

    def covers(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        dtype = as_array(given["input"]).dtype
        return all(given.get(name) is None for name in without) and (dtype is None or dtype.kind == "f")

    return covers


def filtering(function):
    """Registers what a filter is followed as."""
    return followed(function, covers=_plain(function))


@filtering(ndimage.correlate)
def correlate(input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None):
    """The sum of neighbours times weights."""
    return correlated(input, weights, mode, cval, of_axes(origin, np.ndim(input)))


@filtering(ndimage.convolve)
def convolve(input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None):
    """The correlation with what is turned round."""
    kernel, origins = turned(weights, of_axes(origin, np.ndim(input)))
    return correlated(input, kernel, mode, cval, origins)


def along_one_axis(x, weights, axis, mode, cval, origin):
    """A correlation with a vector along one axis."""
    rank = np.ndim(x)
    origins = tuple([origin if k == axis % rank else 0 for k in range(rank)])
    return correlated(x, along(weights, rank, axis), mode, cval, origins)


@filtering(ndimage.correlate1d)
def correlate1d(input, weights, axis=-1, output=None, mode="reflect", cval=0.0, origin=0):
    """The correlation along an axis."""
    return along_one_axis(input, weights, axis, mode, cval, origin)


@filtering(ndimage.convolve1d)
def convolve1d(input, weights, axis=-1, output=None, mode="reflect", cval=0.0, origin=0):
    """The convolution along an axis."""
    kernel, origins = turned(np.asarray(weights), (origin,))
    return along_one_axis(input, kernel, axis, mode, cval, origins[0])


# ---------------------------------------------------------------------------------------------------------------------
# Filters with weights of their own
# ---------------------------------------------------------------------------------------------------------------------


def gaussian_weights(sigma, order, reach):
    """A derivative of a Gaussian at whole numbers, from the greatest on: a polynomial times that, q ↦ q′ - q x / σ²."""
    x = np.arange(reach, -reach - 1, -1)
    bell = np.exp(-0.5 / (sigma * sigma) * x**2)
    bell = bell / np.sum(bell)
    if order == 0:
        return bell
    slope = np.ones(x.shape)
    before = np.zeros(x.shape)
    for k in range(order):  # Hermite's recurrence
        slope, before = -(x * slope + k * before) / (sigma * sigma), slope
    return slope * bell


@filtering(ndimage.gaussian_filter1d)
def gaussian_filter1d(input, sigma, axis=-1, order=0, output=None, mode="reflect", cval=0.0, truncate=4.0, *, radius=None):
    """The convolution with a Gaussian, or a derivative of it, as far as its tails are cut off."""
    reach = int(truncate * float(sigma) + 0.5) if radius is None else radius
    return along_one_axis(input, gaussian_weights(sigma, order, reach), axis, mode, cval, 0)


def for_each_axis(value, rank):
    """What is given once, or for each axis."""
    return (value,) * rank if np.ndim(value) == 0 else value


@filtering(ndimage.gaussian_filter)
def gaussian_filter(input, sigma, order=0, output=None, mode="reflect", cval=0.0, truncate=4.0, *, radius=None, axes=None):
    """The one along each axis after another."""
    rank = np.ndim(input)
    sigmas, orders = for_each_axis(sigma, rank), for_each_axis(order, rank)
    modes, radii = for_each_axis(mode, rank), for_each_axis(radius, rank)
    y = np.asarray(input)
    for k in range(rank):
        if sigmas[k] > 1e-15:
            y = gaussian_filter1d(y, sigmas[k], k, orders[k], None, modes[k], cval, truncate, radius=radii[k])
    return y


@filtering(ndimage.uniform_filter1d)
def uniform_filter1d(input, size, axis=-1, output=None, mode="reflect", cval=0.0, origin=0):
    """The mean of so many neighbours."""
    return along_one_axis(input, np.ones(size) / size, axis, mode, cval, origin)


@filtering(ndimage.uniform_filter)
def uniform_filter(input, size=3, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None):
    """The one along each axis after another."""
    rank = np.ndim(input)
    sizes, modes, origins = for_each_axis(size, rank), for_each_axis(mode, rank), for_each_axis(origin, rank)
    y = np.asarray(input)
    for k in range(rank):
        if sizes[k] > 1:
            y = uniform_filter1d(y, sizes[k], k, None, modes[k], cval, origins[k])
    return y


def differenced(x, axis, middle, mode, cval):
    """The difference of the neighbours along an axis, and along each other axis a sum with weights 1, `middle` and 1."""
    y = correlate1d(x, np.array([-1.0, 0.0, 1.0]), axis, None, mode, cval, 0)
    for k in tuple(range(np.ndim(x))):
        if k != axis % np.ndim(x):
            y = correlate1d(y, np.array([1.0, middle, 1.0]), k, None, mode, cval, 0)
    return y


@filtering(ndimage.sobel)
def sobel(input, axis=-1, output=None, mode="reflect", cval=0.0):
    """Sobel's difference along an axis."""
    return differenced(input, axis, 2.0, mode, cval)


@filtering(ndimage.prewitt)
def prewitt(input, axis=-1, output=None, mode="reflect", cval=0.0):
    """Prewitt's difference along an axis."""
    return differenced(input, axis, 1.0, mode, cval)


@filtering(ndimage.laplace)
def laplace(input, output=None, mode="reflect", cval=0.0, *, axes=None):
    """The sum of the second differences."""
    y = correlate1d(input, np.array([1.0, -2.0, 1.0]), 0, None, mode, cval, 0)
    for k in tuple(range(1, np.ndim(input))):
        y = y + correlate1d(input, np.array([1.0, -2.0, 1.0]), k, None, mode, cval, 0)
    return y


@filtering(ndimage.gaussian_laplace)
def gaussian_laplace(input, sigma, output=None, mode="reflect", cval=0.0, *, axes=None, **kwargs):
    """The sum of the second derivatives of the convolution with a Gaussian."""
    rank = np.ndim(input)
    y = gaussian_filter(input, sigma, (2,) + (0,) * (rank - 1), None, mode, cval, **kwargs)
    for k in tuple(range(1, rank)):
        y = y + gaussian_filter(input, sigma, (0,) * k + (2,) + (0,) * (rank - 1 - k), None, mode, cval, **kwargs)
    return y


# ---------------------------------------------------------------------------------------------------------------------
# Between the entries
# ---------------------------------------------------------------------------------------------------------------------


def spline_coefficients(x, order=3, axis=-1, mode="mirror"):
    """As ndimage.spline_filter1d, which may write into an array that it is given."""
    return ndimage.spline_filter1d(x, order, axis, mode=mode)


@adjoint(spline_coefficients)
def spline_coefficients_adjoint(c, x, c_bar, order=3, axis=-1, mode="mirror"):
    """B c = x, of which the matrix B has the values of a B-spline (Unser 1999, "Splines: A perfect fit for signal and image
    processing"). It is symmetric, or is so with its first and last row halved where the array is mirrored at its ends. Where it
    is reflected SciPy begins with a sum that is exact for long arrays only (0.43 to the power 47, of the greatest pole, is less
    than rounding): of a short one the matrix is transposed."""
    if order < 2:
        return c_bar
    n = np.shape(x)[axis]
    if mode in ("reflect", "grid-mirror", "nearest"):
        if n < 24:
            filtered = spline_coefficients(np.eye(n), order, 0, mode)
            return np.moveaxis(np.tensordot(filtered, c_bar, ((0,), (axis,))), 0, axis)
        return spline_coefficients(c_bar, order, axis, mode)
    if mode == "grid-wrap":
        return spline_coefficients(c_bar, order, axis, mode)
    i = np.arange(n)
    at_end = along((i == 0) | (i == n - 1), np.ndim(x), axis)
    return np.where(at_end, 0.5, 1.0) * spline_coefficients(np.where(at_end, 2.0, 1.0) * c_bar, order, axis, mode)


multilinear(spline_coefficients)


@result_type(spline_coefficients)
def spline_coefficients_type(x, order=3, axis=-1, mode="mirror"):
    x = as_array(x)
    return Array(np.dtype(float) if x.dtype is not None and x.dtype.kind != "c" else None, x.shape)


def _is_real(input):
    dtype = as_array(input).dtype
    return dtype is None or dtype.kind != "c"


def _gives_a_dtype(input, order=3, axis=-1, output=np.float64, mode="mirror"):
    return _is_real(input) and (output is np.float64 or output is np.float32)


def _gives_doubles(input, order=3, output=np.float64, mode="mirror"):
    return _is_real(input) and output is np.float64


@followed(ndimage.spline_filter1d, covers=_gives_a_dtype)
def spline_filter1d(input, order=3, axis=-1, output=np.float64, mode="mirror"):
    """The coefficients of B-splines along an axis that have the values."""
    return np.asarray(spline_coefficients(input, order, axis, mode), dtype=output)


@followed(ndimage.spline_filter, covers=_gives_doubles)
def spline_filter(input, order=3, output=np.float64, mode="mirror"):
    """The one along each axis after another."""
    if order < 2 or order > 5:
        raise RuntimeError("spline order not supported")
    c = spline_coefficients(input, order, 0, mode)
    for k in tuple(range(1, np.ndim(input))):
        c = spline_coefficients(c, order, k, mode)
    return c


def _of_low_order(function):
    """Whether the order of the splines is at most 3, or known only at run time, besides."""
    plain, signature = _plain(function, ("output",)), inspect.signature(function)

    def covers(*args, **kwargs):
        return plain(*args, **kwargs) and signature.bind(*args, **kwargs).arguments.get("order") not in (4, 5)

    return covers


def resampling(function):
    """Registers what is followed as sums of B-splines."""
    return followed(function, covers=_of_low_order(function))


def coefficients(x, order, mode, cval, prefilter, axes):
    """The coefficients of B-splines that have the values, and how many of them along an axis are before the first value: 12, as
    of SciPy, where the filter has not the mode."""
    check_mode(mode)
    if order > 3:
        raise NotImplementedError("splines of an order greater than 3; take 3")
    if order < 2 or not prefilter:
        return x, 0
    before = 12 if mode in ("nearest", "grid-constant") else 0
    if before > 0:
        x = padded(x, tuple([(before, before) if k in axes else (0, 0) for k in range(np.ndim(x))]), mode, cval)
    for k in axes:
        x = spline_coefficients(x, order, k, mode)
    return x, before


def moved(q, count):
    """Coordinates, counted from so many entries before."""
    return q if count == 0 else q + count


def any_of(masks):
    """Where one of several conditions holds."""
    y = masks[0]
    for mask in masks[1:]:
        y = y | mask
    return y


def folded(q, n, mode):
    """Where coordinates are inside an array of that length, by how it goes on beyond its edges."""
    if mode == "mirror":
        period = max(2 * n - 2, 1)
        r = q % period
        return np.where(np.where(q < 0, r > n - 1, r >= n), period - r, r)
    if mode in ("reflect", "grid-mirror"):
        r = q % (2 * n)
        return np.where(r >= n, 2 * n - 1 - r, r)
    if mode == "wrap":
        period = max(n - 1, 1)
        return np.where(q < 0, period - (-q) % period, np.where(q > n - 1, q % period, q))
    return q % n if mode == "grid-wrap" else q


def entries(i, n, mode):
    """Which coefficients the numbers of B-splines stand for; those of the modes constant and wrap are mirrored."""
    if mode in ("nearest", "grid-constant"):
        return np.clip(i, 0, n - 1)
    return folded(i, n, "mirror" if mode in ("constant", "wrap") else mode)


def weights_around(x, order):
    """The B-splines that are not 0 at x, which is from the middle knot on (Unser 1999, equation 3)."""
    if order == 0:
        return (np.ones(np.shape(x)),)
    if order == 1:
        return 1.0 - x, x
    if order == 2:
        return 0.5 * (0.5 - x) ** 2, 0.75 - x * x, 0.5 * (0.5 + x) ** 2
    z = 1.0 - x
    return z**3 / 6.0, 2.0 / 3.0 - x**2 + 0.5 * x**3, 2.0 / 3.0 - z**2 + 0.5 * z**3, x**3 / 6.0


def around(q, n, order, mode):
    """The numbers of the B-splines that are not 0 at coordinates, and their values, along a further axis.

    At the last entry lines are those before it, where what is behind goes on elsewhere: so their slope is one from inside.
    """
    middle = np.floor(q if order % 2 == 1 else q + 0.5)
    if order == 1 and mode in ("constant", "wrap"):
        middle = np.minimum(middle, n - 2)
    first = middle.astype(int)
    return first[..., None] + np.arange(-(order // 2), order - order // 2 + 1), np.stack(
        weights_around(q - middle, order), axis=-1
    )


def spread_over(x, count):
    """An array with so many axes more."""
    return x if count == 0 else np.reshape(x, np.shape(x) + (1,) * count)


def apart(x, place, rank, behind):
    """An array whose last axis is the one at that place of `rank` axes, with so many behind them."""
    if rank + behind == 1:
        return x
    return np.reshape(x, np.shape(x)[:-1] + (1,) * place + np.shape(x)[-1:] + (1,) * (rank - 1 - place + behind))


def at_coordinates(c, coordinates, order, mode, cval):
    """Sums of B-splines by their coefficients, at coordinates along each of the first axes, whose arrays have one shape."""
    rank, behind = len(coordinates), np.ndim(c) - len(coordinates)
    shape = np.shape(c)
    places, weights, outside = [], [], []
    for k in tuple(range(rank)):
        i, w = around(folded(coordinates[k], shape[k], mode), shape[k], order, mode)
        places.append(apart(entries(i, shape[k], mode), k, rank, 0))
        weights.append(w)
        if mode == "grid-constant":
            outside.append(apart((i < 0) | (i >= shape[k]), k, rank, behind))
        if mode == "constant":
            outside.append((coordinates[k] < 0) | (coordinates[k] > shape[k] - 1))
    y = c[tuple(places)]
    if mode == "grid-constant":
        y = np.where(any_of(outside), cval, y)
    for k in tuple(range(rank - 1, -1, -1)):
        y = np.sum(y * apart(weights[k], k, k + 1, behind), axis=np.ndim(coordinates[0]) + k)
    if mode == "constant":
        y = np.where(spread_over(any_of(outside), behind), cval, y)
    return y


def at_each(c, coordinates, order, mode, cval):
    """As at_coordinates, at all points whose coordinates along each axis are those of a vector: one axis after another."""
    rank = len(coordinates)
    y, outside = c, []
    for k in tuple(range(rank)):
        q, n = coordinates[k], np.shape(c)[k]
        i, w = around(folded(q, n, mode), n, order, mode)
        y = np.take(y, entries(i, n, mode), axis=k)
        if mode == "grid-constant":
            y = np.where(spread_over((i < 0) | (i >= n), rank - 1 - k), cval, y)
        y = np.sum(y * spread_over(w, rank - 1 - k), axis=k + 1)
        if mode == "constant":
            outside.append(along((q < 0) | (q > n - 1), rank, k))
    return np.where(any_of(outside), cval, y) if mode == "constant" else y


@resampling(ndimage.map_coordinates)
def map_coordinates(input, coordinates, output=None, order=3, mode="constant", cval=0.0, prefilter=True):
    """The spline through the values, at coordinates along the first axis."""
    x, q = np.asarray(input), np.asarray(coordinates, dtype=float)
    rank = np.ndim(x)
    c, before = coefficients(x, order, mode, cval, prefilter, tuple(range(rank)))
    q = [moved(q[k], before) for k in range(rank)]
    return np.asarray(at_coordinates(c, q, order, mode, cval), dtype=x.dtype)


@resampling(ndimage.shift)
def shift(input, shift, output=None, order=3, mode="constant", cval=0.0, prefilter=True):
    """The spline through the values, moved along each axis."""
    x = np.asarray(input)
    rank = np.ndim(x)
    c, before = coefficients(x, order, mode, cval, prefilter, tuple(range(rank)))
    steps = (shift,) * rank if np.ndim(shift) == 0 else shift
    q = [moved(np.arange(np.shape(x)[k]) - steps[k], before) for k in range(rank)]
    return np.asarray(at_each(c, q, order, mode, cval), dtype=x.dtype)


@resampling(ndimage.zoom)
def zoom(input, zoom, output=None, order=3, mode="constant", cval=0.0, prefilter=True, *, grid_mode=False):
    """The spline through the values, at points of another number along each axis."""
    x = np.asarray(input)
    rank = np.ndim(x)
    c, before = coefficients(x, order, mode, cval, prefilter, tuple(range(rank)))
    factors = (zoom,) * rank if np.ndim(zoom) == 0 else zoom
    counts = [round(np.shape(x)[k] * factors[k]) for k in range(rank)]
    q = [moved(enlarged(np.shape(x)[k], counts[k], grid_mode), before) for k in range(rank)]
    return np.asarray(at_each(c, q, order, mode, cval), dtype=x.dtype)


def enlarged(n, count, grid_mode):
    """So many coordinates along an axis: from the first to the last entry, or of the middles of equal parts."""
    if grid_mode:
        return (np.arange(count) + 0.5) * (n / count) - 0.5
    return np.arange(count) * ((n - 1) / (count - 1) if count > 1 else 1.0)


@resampling(ndimage.affine_transform)
def affine_transform(
    input, matrix, offset=0.0, output_shape=None, output=None, order=3, mode="constant", cval=0.0, prefilter=True
):
    """The spline through the values, at M i + b for the numbers i of each entry."""
    x, matrix = np.asarray(input), np.asarray(matrix, dtype=float)
    rank = np.ndim(x)
    c, before = coefficients(x, order, mode, cval, prefilter, tuple(range(rank)))
    shape = np.shape(x) if output_shape is None else output_shape
    offsets = (offset,) * rank if np.ndim(offset) == 0 else offset
    if np.ndim(matrix) == 1:
        q = [moved(np.arange(shape[k]) * matrix[k] + offsets[k], before) for k in range(rank)]
        return np.asarray(at_each(c, q, order, mode, cval), dtype=x.dtype)
    if np.shape(matrix)[1] == rank + 1:
        offsets = matrix[:rank, rank]
        matrix = matrix[:rank, :rank]
    mapped = np.tensordot(matrix, np.indices(shape), 1)
    q = [moved(mapped[k] + offsets[k], before) for k in range(rank)]
    return np.asarray(at_coordinates(c, q, order, mode, cval), dtype=x.dtype)


@resampling(ndimage.rotate)
def rotate(input, angle, axes=(1, 0), reshape=True, output=None, order=3, mode="constant", cval=0.0, prefilter=True):
    """The spline through the values in each plane, turned about its middle by an angle in degrees."""
    x = np.asarray(input)
    rank = np.ndim(x)
    first, last = min(axes[0] % rank, axes[1] % rank), max(axes[0] % rank, axes[1] % rank)
    x = np.moveaxis(x, (first, last), (0, 1))
    cosine, sine = special.cosdg(angle), special.sindg(angle)
    n, m = np.shape(x)[0], np.shape(x)[1]
    rows, columns = n, m
    if reshape:
        rows = int(abs(cosine) * n + abs(sine) * m + 0.5)
        columns = int(abs(sine) * n + abs(cosine) * m + 0.5)
    c, before = coefficients(x, order, mode, cval, prefilter, (0, 1))
    i, j = np.arange(rows)[:, None] - (rows - 1) / 2, np.arange(columns) - (columns - 1) / 2
    q = [moved(cosine * i + sine * j + (n - 1) / 2, before), moved(cosine * j - sine * i + (m - 1) / 2, before)]
    y = np.asarray(at_coordinates(c, q, order, mode, cval), dtype=x.dtype)
    return np.moveaxis(y, (0, 1), (first, last))


# ---------------------------------------------------------------------------------------------------------------------
# Others
# ---------------------------------------------------------------------------------------------------------------------

nondifferentiable(*_of("binary_closing binary_dilation binary_erosion binary_fill_holes binary_hit_or_miss binary_opening"))
nondifferentiable(*_of("binary_propagation find_objects"))
nondifferentiable(*_of("generate_binary_structure iterate_structure label maximum_position minimum_position watershed_ift"))
nondifferentiable(*_of("value_indices histogram"))
refused(
    "It chooses among neighbours, and which it takes has no rule: write it with NumPy's sort or maximum.",
    *_of("maximum_filter maximum_filter1d minimum_filter minimum_filter1d median_filter percentile_filter rank_filter"),
    *_of("grey_closing grey_dilation grey_erosion grey_opening black_tophat white_tophat morphological_gradient"),
    *_of("morphological_laplace"),
)
refused(
    "It gives distances, which grow with `sampling`: take the indices of what is nearest, and compute distances from these.",
    *_of("distance_transform_bf distance_transform_cdt distance_transform_edt"),
)
refused(
    "It calls a function for each entry: write it out with NumPy's functions.",
    *_of("generic_filter generic_filter1d generic_gradient_magnitude generic_laplace geometric_transform"),
    *_of("labeled_comprehension vectorized_filter"),
)
refused(
    "It takes parts by labels: select these with NumPy (x[labels == k]).",
    *_of("center_of_mass extrema maximum mean median minimum standard_deviation sum sum_labels variance"),
)
refused(
    "It has no rule yet: write it with filters, indices and numpy.fft.",
    *_of("gaussian_gradient_magnitude fourier_ellipsoid fourier_gaussian fourier_shift fourier_uniform test"),
)


# ---------------------------------------------------------------------------------------------------------------------
# What writes into arrays that it is given
# ---------------------------------------------------------------------------------------------------------------------

_WRITTEN = {"output", "distances", "indices"}


def _may_write(function):
    """Whether a function has a parameter for an array to write into."""
    return (
        callable(function) and not isinstance(function, type) and _WRITTEN & {*inspect.signature(function).parameters} != set()
    )


effect("acts", *[f for f in _of(" ".join(ndimage.__all__)) if _may_write(f)])
