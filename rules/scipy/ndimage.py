"""Filters of scipy.ndimage: correlations with an array that goes on beyond its edges.

Takes and gives arrays; registers compositions, which pad as a mode says and correlate. How `origin` moves a filter, and how far
a Gaussian one reaches, is as SciPy's documentation says.
"""

import functools

import numpy as np
from scipy import ndimage, signal

from sct.registry.refusals import refused, those_of
from sct.registry.rules import nondifferentiable

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


def padded(x, pairs, mode, cval):
    """An array, and so much of what lies beyond its edges by a mode."""
    if mode not in _BEYOND and mode not in ("constant", "grid-constant"):
        raise RuntimeError("boundary mode not supported")
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


def _is_plain(input, *args, output=None, axes=None, **kwargs):
    """Whether an array of floating numbers is filtered along all axes into one of its own."""
    kind = getattr(getattr(input, "dtype", None), "kind", "f")
    return output is None and axes is None and kind == "f"


@followed(ndimage.correlate, covers=_is_plain)
def correlate(input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None):
    """The sum of neighbours times weights."""
    return correlated(input, weights, mode, cval, of_axes(origin, np.ndim(input)))


@followed(ndimage.convolve, covers=_is_plain)
def convolve(input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None):
    """The correlation with what is turned round."""
    kernel, origins = turned(weights, of_axes(origin, np.ndim(input)))
    return correlated(input, kernel, mode, cval, origins)


def along_one_axis(x, weights, axis, mode, cval, origin):
    """A correlation with a vector along one axis."""
    rank = np.ndim(x)
    origins = tuple([origin if k == axis % rank else 0 for k in range(rank)])
    return correlated(x, along(weights, rank, axis), mode, cval, origins)


@followed(ndimage.correlate1d, covers=_is_plain)
def correlate1d(input, weights, axis=-1, output=None, mode="reflect", cval=0.0, origin=0):
    """The correlation along an axis."""
    return along_one_axis(input, weights, axis, mode, cval, origin)


@followed(ndimage.convolve1d, covers=_is_plain)
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


@followed(ndimage.gaussian_filter1d, covers=_is_plain)
def gaussian_filter1d(input, sigma, axis=-1, order=0, output=None, mode="reflect", cval=0.0, truncate=4.0, *, radius=None):
    """The convolution with a Gaussian, or a derivative of it, as far as its tails are cut off."""
    reach = int(truncate * float(sigma) + 0.5) if radius is None else radius
    return along_one_axis(input, gaussian_weights(sigma, order, reach), axis, mode, cval, 0)


def for_each_axis(value, rank):
    """What is given once, or for each axis."""
    return (value,) * rank if isinstance(value, (int, float, str)) or value is None else value


@followed(ndimage.gaussian_filter, covers=_is_plain)
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


@followed(ndimage.uniform_filter1d, covers=_is_plain)
def uniform_filter1d(input, size, axis=-1, output=None, mode="reflect", cval=0.0, origin=0):
    """The mean of so many neighbours."""
    return along_one_axis(input, np.ones(size) / size, axis, mode, cval, origin)


@followed(ndimage.uniform_filter, covers=_is_plain)
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


@followed(ndimage.sobel, covers=_is_plain)
def sobel(input, axis=-1, output=None, mode="reflect", cval=0.0):
    """Sobel's difference along an axis."""
    return differenced(input, axis, 2.0, mode, cval)


@followed(ndimage.prewitt, covers=_is_plain)
def prewitt(input, axis=-1, output=None, mode="reflect", cval=0.0):
    """Prewitt's difference along an axis."""
    return differenced(input, axis, 1.0, mode, cval)


@followed(ndimage.laplace, covers=_is_plain)
def laplace(input, output=None, mode="reflect", cval=0.0, *, axes=None):
    """The sum of the second differences."""
    y = correlate1d(input, np.array([1.0, -2.0, 1.0]), 0, None, mode, cval, 0)
    for k in tuple(range(1, np.ndim(input))):
        y = y + correlate1d(input, np.array([1.0, -2.0, 1.0]), k, None, mode, cval, 0)
    return y


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
    *_of("affine_transform map_coordinates rotate shift zoom spline_filter spline_filter1d gaussian_gradient_magnitude"),
    *_of("gaussian_laplace fourier_ellipsoid fourier_gaussian fourier_shift fourier_uniform test"),
)
