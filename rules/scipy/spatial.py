"""Distances of scipy.spatial.distance: compositions of differences, products and sums.

Takes nothing; registers compositions. All take vectors, or matrices of vectors in rows. Where two points are the same, their
Euclidean distance has a derivative of 0, as that of `np.linalg.norm`. Formulas: the definitions in SciPy's documentation.
"""

import numpy as np
import scipy.spatial
from scipy import special
from scipy.spatial import distance

from sct.errors import NoRuleError
from sct.registry.conventions import convention
from sct.registry.refusals import refused, those_of
from sct.registry.rules import nondifferentiable
from sct.registry.type_rules import result_type

from . import followed

# ---------------------------------------------------------------------------------------------------------------------
# Of vectors, in the last axis
# ---------------------------------------------------------------------------------------------------------------------


def weighted_sum(x, w):
    """The sum over the last axis, with weights if there are any."""
    return np.sum(x, -1) if w is None else np.sum(w * x, -1)


def floating(u):
    """Vectors of floating numbers."""
    u = np.asarray(u)
    return u if u.dtype.kind in "fc" else u.astype(float)


def between(u, v):
    """The differences of vectors."""
    return floating(u) - floating(v)


@followed(distance.sqeuclidean)
def sqeuclidean(u, v, w=None):
    """Σ wᵢ (uᵢ - vᵢ)²."""
    d = between(u, v)
    return weighted_sum(d * d, w)


@followed(distance.euclidean)
def euclidean(u, v, w=None):
    """√Σ wᵢ (uᵢ - vᵢ)²."""
    d = between(u, v)
    return np.linalg.norm(d if w is None else np.sqrt(w) * d, axis=-1)


@followed(distance.cityblock)
def cityblock(u, v, w=None):
    """Σ wᵢ |uᵢ - vᵢ|."""
    return weighted_sum(np.abs(between(u, v)), w)


@followed(distance.chebyshev)
def chebyshev(u, v, w=None):
    """The largest |uᵢ - vᵢ| whose weight is positive."""
    d = np.abs(between(u, v))
    return np.max(d if w is None else (np.asarray(w) > 0) * d, -1)


@followed(distance.minkowski)
def minkowski(u, v, p=2, w=None):
    """(Σ wᵢ |uᵢ - vᵢ|ᵖ)^(1/p)."""
    if p == np.inf:
        return np.max(np.abs(between(u, v)), -1)
    if p == 2:
        return euclidean(u, v, w)
    d = between(u, v)
    return np.linalg.norm(d if w is None else w ** (1.0 / p) * d, p, -1)


@followed(distance.canberra)
def canberra(u, v, w=None):
    """Σ wᵢ |uᵢ - vᵢ| / (|uᵢ| + |vᵢ|), without what is 0 / 0."""
    size = np.abs(floating(u)) + np.abs(floating(v))
    return weighted_sum(np.abs(between(u, v)) / (size + (size == 0.0)), w)


@followed(distance.braycurtis)
def braycurtis(u, v, w=None):
    """Σ wᵢ |uᵢ - vᵢ| / Σ wᵢ |uᵢ + vᵢ|."""
    return weighted_sum(np.abs(between(u, v)), w) / weighted_sum(np.abs(floating(u) + floating(v)), w)


@followed(distance.cosine)
def cosine(u, v, w=None):
    """1 - Σ wᵢ uᵢ vᵢ / √(Σ wᵢ uᵢ² Σ wᵢ vᵢ²)."""
    u, v = floating(u), floating(v)
    return 1.0 - weighted_sum(u * v, w) / np.sqrt(weighted_sum(u * u, w) * weighted_sum(v * v, w))


@followed(distance.correlation)
def correlation(u, v, w=None, centered=True):
    """The cosine distance of vectors less their means."""
    if not centered:
        return cosine(u, v, w)
    u, v = floating(u), floating(v)
    total = u.shape[-1] if w is None else np.sum(w)
    u_mean, v_mean = weighted_sum(u, w) / total, weighted_sum(v, w) / total
    return cosine(u - u_mean[..., None], v - v_mean[..., None], w)


@followed(distance.mahalanobis)
def mahalanobis(u, v, VI):
    """√((u - v)ᵀ V⁻¹ (u - v))."""
    d = between(u, v)
    return np.sqrt(np.sum((d @ VI) * d, -1))


@followed(distance.seuclidean)
def seuclidean(u, v, V):
    """√Σ (uᵢ - vᵢ)² / Vᵢ."""
    return euclidean(u, v, 1 / np.asarray(V))


@followed(distance.jensenshannon)
def jensenshannon(p, q, base=None, *, axis=0, keepdims=False):
    """√(½ Σ pᵢ log(pᵢ / mᵢ) + ½ Σ qᵢ log(qᵢ / mᵢ)), m = ½ (p + q), of vectors whose sums are 1."""
    p = p / np.sum(p, axis=axis, keepdims=True)
    q = q / np.sum(q, axis=axis, keepdims=True)
    m = (p + q) / 2.0
    left = np.sum(special.rel_entr(p, m), axis=axis, keepdims=keepdims)
    divergence = left + np.sum(special.rel_entr(q, m), axis=axis, keepdims=keepdims)
    return np.sqrt(divergence / 2.0) if base is None else np.sqrt(divergence / np.log(base) / 2.0)


convention("0 of a point and itself", distance.euclidean, distance.minkowski, distance.seuclidean)
convention("Euclidean distances: 0 of a point and itself", distance.cdist, distance.pdist)

# ---------------------------------------------------------------------------------------------------------------------
# Of all pairs
# ---------------------------------------------------------------------------------------------------------------------

_NAMES = {
    "euclidean": "euclidean euclid eu e",
    "sqeuclidean": "sqeuclidean sqe sqeuclid",
    "cityblock": "cityblock cblock cb c",
    "chebyshev": "chebyshev chebychev cheby cheb ch",
    "minkowski": "minkowski mi m pnorm",
    "canberra": "canberra",
    "braycurtis": "braycurtis",
    "cosine": "cosine cos",
    "correlation": "correlation co",
    "jensenshannon": "jensenshannon js",
    "mahalanobis": "mahalanobis mahal mah",
    "seuclidean": "seuclidean se s",
}
_METRICS = {short: name for name, names in _NAMES.items() for short in names.split()}


@nondifferentiable
def name_of_metric(metric):
    """The name that is written in full of a distance that is differentiated."""
    if metric not in _METRICS:
        raise NoRuleError(
            f"scipy.spatial.distance.cdist has no derivative rule for metric={metric!r}",
            None,
            f"Use one of {', '.join(_NAMES)}.",
        )
    return _METRICS[metric]


@result_type(name_of_metric)
def name_of_metric_type(metric):
    return name_of_metric(metric) if isinstance(metric, str) else None


def of_metric(U, V, metric, keywords):
    """The distances of vectors in two arrays, in their last axes."""
    name = name_of_metric(metric)
    if name == "euclidean":
        return euclidean(U, V, **keywords)
    if name == "sqeuclidean":
        return sqeuclidean(U, V, **keywords)
    if name == "cityblock":
        return cityblock(U, V, **keywords)
    if name == "chebyshev":
        return chebyshev(U, V, **keywords)
    if name == "minkowski":
        return minkowski(U, V, **keywords)
    if name == "canberra":
        return canberra(U, V, **keywords)
    if name == "braycurtis":
        return braycurtis(U, V, **keywords)
    if name == "cosine":
        return cosine(U, V, **keywords)
    if name == "correlation":
        return correlation(U, V, **keywords)
    if name == "jensenshannon":
        return jensenshannon(U, V, axis=-1, **keywords)
    if name == "mahalanobis":
        return mahalanobis(U, V, **keywords)
    return seuclidean(U, V, **keywords)


def of_all(keywords, metric, points):
    """The keywords of a distance, with what follows from all points where that is not given."""
    name = name_of_metric(metric)
    if name == "seuclidean" and "V" not in keywords:
        return {"V": np.var(points, axis=0, ddof=1)}
    if name == "mahalanobis" and "VI" not in keywords:
        return {"VI": np.linalg.inv(np.cov(points.T)).T}
    return keywords


@followed(distance.cdist)
def cdist(XA, XB, metric="euclidean", *, out=None, **kwargs):
    """The distance of each row of one matrix to each row of another."""
    A, B = np.asarray(XA, dtype=float), np.asarray(XB, dtype=float)
    if A.shape[1] != B.shape[1]:
        raise ValueError("XA and XB must have the same number of columns (i.e. feature dimension.)")
    if not isinstance(metric, str):
        return np.array([[metric(a, b, **kwargs) for b in B] for a in A])
    return of_metric(A[:, None], B, metric, of_all(kwargs, metric, np.concatenate((A, B))))


@followed(distance.pdist)
def pdist(X, metric="euclidean", *, out=None, **kwargs):
    """The distance of each row to each later one."""
    A = np.asarray(X, dtype=float)
    i, j = np.triu_indices(len(A), 1)
    if not isinstance(metric, str):
        return np.array([metric(A[k], A[m], **kwargs) for k, m in zip(i, j, strict=True)])
    return of_metric(A[i], A[j], metric, of_all(kwargs, metric, A))


@followed(distance.squareform)
def squareform(X, force="no", checks=True):
    """The symmetric matrix of distances of all pairs, or these of the matrix."""
    X = np.asarray(X)
    if X.ndim == 1:
        n = int(np.ceil(np.sqrt(2 * len(X)))) if len(X) else 1
        if n * (n - 1) != 2 * len(X):
            raise ValueError("Incompatible vector size. It must be a binomial coefficient n choose 2 for some integer n >= 2.")
        i, j = np.triu_indices(n, 1)
        matrix = np.zeros((n, n), X.dtype)
        matrix[i, j] = X
        matrix[j, i] = X
        return matrix
    if checks and not distance.is_valid_dm(X):
        raise ValueError("The matrix is not one of distances: it is not symmetric, or its diagonal is not zero.")
    i, j = np.triu_indices(len(X), 1)
    return X[i, j]


# ---------------------------------------------------------------------------------------------------------------------
# Others
# ---------------------------------------------------------------------------------------------------------------------


nondifferentiable(*those_of(distance, "is_valid_dm is_valid_y num_obs_dm num_obs_y"))
refused(
    "It counts entries that differ, or takes flags: it is constant, or jumps, wherever the entries move.",
    *those_of(distance, "dice hamming jaccard rogerstanimoto russellrao sokalsneath sokalmichener kulczynski1 yule"),
)
refused("Which pair of points it is has no derivative: take the distances by cdist.", distance.directed_hausdorff)
refused(
    "It gives an object that is built of points: take what it finds (indices) as data, and compute distances from the points.",
    *those_of(scipy.spatial, "KDTree cKDTree Delaunay ConvexHull Voronoi SphericalVoronoi HalfspaceIntersection Rectangle"),
)
refused(
    "It is not followed: write it out with NumPy's functions.",
    *those_of(scipy.spatial, "procrustes geometric_slerp minkowski_distance minkowski_distance_p distance_matrix tsearch"),
    *those_of(scipy.spatial, "delaunay_plot_2d convex_hull_plot_2d voronoi_plot_2d QhullError"),
)
