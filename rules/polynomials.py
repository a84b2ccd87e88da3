"""Polynomials, as coefficients from the highest power down: compositions of products, sums and convolutions.

Polynomials in other bases (`numpy.polynomial`) are followed as NumPy has them, in Python: Clenshaw's recurrences.
"""

import numpy as np
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial, polyutils

from sct.ir.shapes import as_shape
from sct.ir.types import UNKNOWN, Array, Tuple
from sct.registry.compositions import as_written, composition, composition_of
from sct.registry.rules import nondifferentiable
from sct.registry.type_rules import result_type


@composition(np.polyval)
def polyval(p, x):
    """By Horner's rule."""
    x = np.asanyarray(x)
    y = np.zeros_like(x)
    for coefficient in np.asarray(p):
        y = y * x + coefficient
    return y


@composition(np.polyadd)
def polyadd(a1, a2):
    """With zeros before the shorter one."""
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    n = max(len(a1), len(a2))
    return np.pad(a1, (n - len(a1), 0)) + np.pad(a2, (n - len(a2), 0))


@composition(np.polysub)
def polysub(a1, a2):
    """With zeros before the shorter one."""
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    n = max(len(a1), len(a2))
    return np.pad(a1, (n - len(a1), 0)) - np.pad(a2, (n - len(a2), 0))


@composition(np.polymul)
def polymul(a1, a2):
    """The convolution of what is behind leading zeros."""
    a1, a2 = zero_if_empty(np.atleast_1d(a1)), zero_if_empty(np.atleast_1d(a2))
    return np.convolve(a1, a2)[leading_zeros(a1) + leading_zeros(a2) :]


def zero_if_empty(p):
    """The coefficients of a polynomial, of which 0 may have none."""
    return p if len(p) > 0 else np.zeros(1, p.dtype)


def leading_zeros(p):
    """How many of the coefficients NumPy leaves out: of a polynomial that is 0 all but one."""
    return np.argmax(p != 0) if np.any(p != 0) else len(p) - 1


@composition(np.polydiv)
def polydiv(u, v):
    """By the school's division: each coefficient of the quotient times the divisor is taken off."""
    u, v = np.atleast_1d(u) + 0.0, np.atleast_1d(v) + 0.0
    m, n = len(u) - 1, len(v) - 1
    dtype = np.result_type(u, v)
    q = np.zeros((max(m - n + 1, 1),), dtype)
    r = u.astype(dtype)
    scale = 1.0 / v[0]
    for k in range(m - n + 1):
        d = scale * r[k]
        q[k] = d
        r[k : k + n + 1] -= d * v
    while np.allclose(r[0], 0, rtol=1e-14) and (r.shape[-1] > 1):
        r = r[1:]
    return q, r


@composition(np.polyder)
def polyder(p, m=1):
    """Each coefficient times its power."""
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = np.asarray(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@composition(np.polyint)
def polyint(p, m=1, k=None):
    """Each coefficient by its power, with the constants of integration behind."""
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    p = np.asarray(p)
    constants = np.zeros(m, float) if k is None else np.atleast_1d(k)
    if len(constants) == 1 and m > 1:
        constants = constants[0] * np.ones(m, float)
    if len(constants) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    for i in range(m):
        p = np.concatenate((p / np.arange(len(p), 0, -1), constants[i : i + 1]))
    return p


@composition(np.poly)
def poly(seq_of_zeros):
    """The product of the factors z - zₖ; of a square matrix, of its eigenvalues."""
    zeros = np.atleast_1d(seq_of_zeros)
    if zeros.ndim == 2:
        zeros = np.linalg.eigvals(zeros)
    elif zeros.dtype.char not in "fdgFDG":
        zeros = zeros.astype(float)
    if len(zeros) == 0:
        return 1.0
    p = np.ones((1,), zeros.dtype)
    for zero in zeros:
        p = np.convolve(p, np.stack((np.ones_like(zero), -zero)))
    if np.iscomplexobj(p) and np.all(np.sort(zeros) == np.sort(np.conj(zeros))):
        return p.real.copy()
    return p


@composition(np.polyfit)
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """The least squares of the columns of powers, each scaled to the length 1."""
    x, y = np.asarray(x) + 0.0, np.asarray(y) + 0.0
    powers, values = np.vander(x, deg + 1), y
    if w is not None:
        weights = np.asarray(w) + 0.0
        powers = powers * weights[:, None]
        values = values * (weights if y.ndim == 1 else weights[:, None])
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    c = np.linalg.lstsq(powers / scale, values, rcond)[0]
    return (c.T / scale).T


def _in_two(evaluated, module, name):
    """What evaluates by several variables: one after another."""

    @composition(getattr(module, f"{name}2d"))
    def in_two(x, y, c):
        return evaluated(y, evaluated(x, c), tensor=False)

    @composition(getattr(module, f"{name}3d"))
    def in_three(x, y, z, c):
        return evaluated(z, evaluated(y, evaluated(x, c), tensor=False), tensor=False)


def _on_grid(evaluated, module, name):
    """What evaluates at all pairs and triples: each variable has an axis of its own."""

    @composition(getattr(module, f"{name}2d"))
    def on_grid(x, y, c):
        return evaluated(y, evaluated(x, c))

    @composition(getattr(module, f"{name}3d"))
    def on_grid_of_three(x, y, z, c):
        return evaluated(z, evaluated(y, evaluated(x, c)))


# -- what the bases are made of ----------------------------------------------------------------------------------------------


@composition(polyutils.trimseq)
def without_zeros_behind(seq):
    """The coefficients up to the last one that is not 0, or the first one alone."""
    return seq[: number_of_coefficients(seq)]


def number_of_coefficients(p):
    """How many coefficients are left without the zeros behind."""
    there = np.nonzero(p)[0]
    return there[-1] + 1 if len(there) > 0 else 1


@composition(polyutils.as_series)
def as_series(alist, trim=True):
    """The coefficients of several polynomials, as vectors of one dtype."""
    vectors = [np.atleast_1d(a) for a in alist]
    for v in vectors:
        if v.size == 0:
            raise ValueError("Coefficient array is empty")
        if v.ndim != 1:
            raise ValueError("Coefficient array is not 1-d")
    dtype = np.common_type(*vectors)
    return [np.array(without_zeros_behind(v) if trim else v, dtype) for v in vectors]


@composition(polyutils._add)
def sum_of_series(c1, c2):
    c1, c2 = as_series([c1, c2])
    n = max(len(c1), len(c2))
    return without_zeros_behind(np.pad(c1, (0, n - len(c1))) + np.pad(c2, (0, n - len(c2))))


@composition(polyutils._sub)
def difference_of_series(c1, c2):
    c1, c2 = as_series([c1, c2])
    n = max(len(c1), len(c2))
    return without_zeros_behind(np.pad(c1, (0, n - len(c1))) - np.pad(c2, (0, n - len(c2))))


@composition(chebyshev.chebcompanion)
def chebcompanion(c):
    """The scaled companion matrix, of which the eigenvalues are the roots (Good 1961, "The colleague matrix")."""
    c = as_series([c])[0]
    n = len(c) - 1
    if n < 1:
        raise ValueError("Series must have maximum degree of at least 1.")
    if n == 1:
        return np.array([[-c[0] / c[1]]])
    beside = np.concatenate((np.full(1, np.sqrt(0.5)), np.full(n - 2, 0.5)))
    scale = np.where(np.arange(n) == 0, 1.0, np.sqrt(0.5))
    last = (c[:-1] / c[-1]) * (scale / scale[-1]) * 0.5
    return (np.diag(beside, 1) + np.diag(beside, -1)).astype(c.dtype) - np.where(np.arange(n) == n - 1, last[:, None], 0.0)


def _product(module, prefix, lowered, raised):
    """The product by Clenshaw's recurrence, in which the variable is the other polynomial: as NumPy has it, from 0 on."""
    add, sub = getattr(module, f"{prefix}add"), getattr(module, f"{prefix}sub")

    @composition(getattr(module, f"{prefix}mul"))
    def product(c1, c2):
        c1, c2 = as_series([c1, c2])
        c, other = (c2, c1) if len(c1) > len(c2) else (c1, c2)
        n = len(c)
        low, high = c[-1] * other, np.zeros_like(other[:1])
        for k in range(n, 1, -1):
            low, high = sub(c[k - 2] * other, lowered(high, k)), add(low, raised(high, k))
        return add(low, raised(high, 1))


_product(legendre, "leg", lambda c, k: c * (k - 1) / k, lambda c, k: legendre.legmulx(c) * (2 * k - 1) / k)
_product(hermite, "herm", lambda c, k: c * (2 * (k - 1)), lambda c, k: hermite.hermmulx(c) * 2)
_product(hermite_e, "herme", lambda c, k: c * (k - 1), lambda c, k: hermite_e.hermemulx(c))
_product(
    laguerre,
    "lag",
    lambda c, k: c * (k - 1) / k,
    lambda c, k: laguerre.lagsub((2 * k - 1) * c, laguerre.lagmulx(c)) / k,
)


def _from_powers(module, prefix):
    """What gives the coefficients of a sum of powers: by Horner's rule."""
    add, mulx = getattr(module, f"{prefix}add"), getattr(module, f"{prefix}mulx")

    @composition(getattr(module, f"poly2{prefix}"))
    def from_powers(pol):
        pol = as_series([pol])[0]
        c = np.zeros(1) + pol[-1:]  # in double precision at least, as NumPy's begin with 0
        for k in range(len(pol) - 2, -1, -1):
            c = add(mulx(c), pol[k])
        return c


nondifferentiable(chebyshev.chebpts1, chebyshev.chebpts2)


@result_type(chebyshev.chebpts1, chebyshev.chebpts2)
def points_type(npts):
    shape = as_shape(npts)
    return UNKNOWN if shape is None else Array(np.dtype(float), shape)


def quadrature_type(deg):
    """The nodes and the weights."""
    return Tuple((points_type(deg), points_type(deg)))


_WRITTEN = (
    "val vander vander2d vander3d der int line add sub mulx mul div pow fromroots fit roots companion weight valfromroots "
    "interpolate 2poly"
)
"""What is followed as NumPy has it, by its name behind that of the basis."""
_HELPERS = "_div _pow _fromroots _fit _vander_nd _vander_nd_flat _as_int _deprecate_as_int trimcoef"
_OF_CHEBYSHEV = "_cseries_to_zseries _zseries_to_cseries _zseries_mul _zseries_div"

for _module, _prefix in (
    (polynomial, "poly"),
    (chebyshev, "cheb"),
    (legendre, "leg"),
    (hermite, "herm"),
    (hermite_e, "herme"),
    (laguerre, "lag"),
):
    _written = [getattr(_module, f"{_prefix}{name}", None) for name in _WRITTEN.split()]
    as_written(*[f for f in _written if f is not None and composition_of(f) is None])
    if _module is not polynomial:
        _from_powers(_module, _prefix)
    _in_two(getattr(_module, f"{_prefix}val"), _module, f"{_prefix}val")
    _on_grid(getattr(_module, f"{_prefix}val"), _module, f"{_prefix}grid")
    if hasattr(_module, f"{_prefix}gauss"):
        nondifferentiable(getattr(_module, f"{_prefix}gauss"))
        result_type(getattr(_module, f"{_prefix}gauss"))(quadrature_type)
as_written(*[getattr(chebyshev, name) for name in _OF_CHEBYSHEV.split()])
as_written(*[getattr(polyutils, name) for name in _HELPERS.split() if hasattr(polyutils, name)])
