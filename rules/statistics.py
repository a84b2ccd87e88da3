"""Covariances and weighted histograms: compositions of means, products and sums."""

import numpy as np

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
    if range is not None:
        first, last = range[0], range[1]
    elif a.size == 0:
        first, last = 0.0, 1.0
    else:
        first, last = np.min(a), np.max(a)
    if first == last:
        first, last = first - 0.5, last + 0.5
    return np.linspace(first, last, bins + 1).astype(a.dtype if a.dtype.kind == "f" else float)


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
        return sums / np.diff(edges) / np.sum(sums), edges
    return sums, edges
