"""Covariances and weighted histograms, by one coordinate or several: compositions of means, products and sums."""

import numpy as np

from sct.ir.types import Array, List, Tuple
from sct.registry.compositions import composition


@composition(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, *, dtype=None):
    """X Xᴴ over the degrees of freedom, of the rows less their means."""
    x = observations(m, rowvar, dtype)
    if y is not None:
        x = np.concatenate((x, observations(y, rowvar, dtype)))
    if ddof is None:
        ddof = 0 if bias else 1
    if fweights is None and aweights is None:
        centred = x - np.mean(x, 1)[:, None]
        return np.squeeze((centred @ np.conj(centred.T)) * np.divide(1, max(x.shape[1] - ddof, 0)))
    weights = np.ones(x.shape[1]) if fweights is None else np.asarray(fweights) + 0.0
    if aweights is not None:
        weights = weights * aweights
    mean, total = np.average(x, axis=1, weights=weights, returned=True)
    if ddof == 0:
        degrees = total[0]
    elif aweights is None:
        degrees = total[0] - ddof
    else:
        degrees = total[0] - ddof * np.sum(weights * aweights) / total[0]
    centred = x - mean[:, None]
    return np.squeeze((centred @ np.conj((centred * weights).T)) * np.divide(1, degrees))


def observations(m, rowvar, dtype):
    """A row for each variable."""
    x = np.atleast_2d(m)
    x = x.astype(np.result_type(x.dtype, np.float64) if dtype is None else dtype)
    return x.T if not rowvar and np.ndim(m) > 1 else x


@composition(np.corrcoef)
def corrcoef(x, y=None, rowvar=True, *, dtype=None):
    """The covariances over the deviations of both, which rounding must not bring over 1."""
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviations = np.sqrt(np.diag(c).real)
    c = c / deviations[:, None] / deviations
    if c.dtype.kind == "c":
        return np.clip(c.real, -1, 1) + 1j * np.clip(c.imag, -1, 1)
    return np.clip(c, -1, 1)


@composition(np.histogram_bin_edges)
def histogram_bin_edges(a, bins=10, range=None, weights=None):
    """So many bins of one width, between the ends that are given, or those of the entries."""
    if np.ndim(bins) == 1:
        return np.asarray(bins)
    a = np.asarray(a)
    first, last = outer_edges(a, range)
    return np.linspace(first, last, bins + 1).astype(a.dtype if a.dtype.kind in "fc" else float)


def outer_edges(a, range):
    """Where the first bin begins and the last one ends."""
    if range is not None:
        first, last = range[0], range[1]
    elif a.size == 0:
        first, last = 0.0, 1.0
    else:
        first, last = np.min(a), np.max(a)
    if first == last:
        first, last = first - 0.5, last + 0.5
    return first, last


@composition(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    """The sums of weights by bin; a density is by the widths, and of the sum 1."""
    a = np.ravel(a)
    edges = histogram_bin_edges(a, bins, range)
    counted = (a >= edges[0]) & (a <= edges[-1])
    places = np.minimum(np.searchsorted(edges, a, "right") - 1, len(edges) - 2)[counted]
    if weights is None:
        sums = np.bincount(places, None, len(edges) - 1)
    else:
        weights = np.ravel(weights)
        if weights.dtype.char in "gFDG":  # of which np.bincount makes doubles, or nothing
            sums = np.zeros(len(edges) - 1, weights.dtype)
            np.add.at(sums, places, weights[counted])
        else:
            sums = np.bincount(places, weights[counted], len(edges) - 1).astype(weights.dtype)
    if density:
        return sums / np.diff(edges).astype(float) / np.sum(sums), edges
    return sums, edges


@composition(np.histogram2d)
def histogram2d(x, y, bins=10, range=None, density=None, weights=None):
    """Of two coordinates; edges may be for both."""
    if isinstance(bins, (list, tuple)):
        bins = bins if len(bins) == 2 else (np.asarray(bins), np.asarray(bins))
    else:
        if np.ndim(bins) == 1 and len(bins) < 3:
            raise ValueError("two numbers of bins must be a tuple")
        bins = (bins, bins)
    sums, edges = histogramdd((x, y), bins, range, density, weights)
    return sums, edges[0], edges[1]


def has_known_coordinates(sample, bins=10, range=None, density=None, weights=None):
    """Whether it is known how many coordinates a sample has."""
    by_rank = isinstance(sample, Array) and sample.shape is not None and len(sample.shape) < 2
    return by_rank or any(isinstance(v, (Tuple, List, tuple, list)) for v in (sample, bins, range))


@composition(np.histogramdd, covers=has_known_coordinates)
def histogramdd(sample, bins=10, range=None, density=None, weights=None):
    """The sums of weights by bins of all coordinates at once, which are counted with one more at each end."""
    x = sample if isinstance(sample, np.ndarray) and np.ndim(sample) == 2 else np.atleast_2d(sample).T
    edges = edges_of_coordinates(x, bins, range)
    place, lengths, inside = np.zeros(x.shape[0], int), (), ()
    for k, e in enumerate(edges):
        found = np.searchsorted(e, x[:, k], "right") - (x[:, k] == e[-1])
        place = place * (len(e) + 1) + found
        lengths, inside = lengths + (len(e) + 1,), inside + (slice(1, -1),)
    sums = np.reshape(np.bincount(place, weights, np.prod(lengths)), lengths)[inside].astype(float)
    if density:
        total = np.sum(sums)
        for k, e in enumerate(edges):
            sums = sums / np.reshape(np.diff(e), (-1,) + (1,) * (len(edges) - 1 - k))
        sums = sums / total
    return sums, list(edges)


def edges_of_coordinates(x, bins, range):
    """For each coordinate the edges that are given, or those of so many bins of one width."""
    several = isinstance(bins, (list, tuple))
    count = len(bins) if several else len(range) if range is not None else x.shape[1]
    if x.shape[1] != count or (range is not None and len(range) != count):
        raise ValueError("The dimension of bins must be equal to the dimension of the sample x.")
    edges = ()
    for k, n in enumerate(bins if several else (bins,) * count):
        if np.ndim(n) == 1:
            edges = edges + (np.asarray(n),)
        else:
            first, last = outer_edges(x[:, k], None if range is None else range[k])
            edges = edges + (np.linspace(first, last, n + 1),)
    return edges
