"""Polynomials, as coefficients from the highest power down: compositions of products, sums and convolutions.

Polynomials in other bases (`numpy.polynomial`) are followed as NumPy has them, in Python: Clenshaw's recurrences.
"""

import numpy as np
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial

from sct.registry.compositions import as_written, composition


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
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    return np.convolve(a1, a2)[leading_zeros(a1) + leading_zeros(a2) :]


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


for _module, _prefix in (
    (polynomial, "poly"),
    (chebyshev, "cheb"),
    (legendre, "leg"),
    (hermite, "herm"),
    (hermite_e, "herme"),
    (laguerre, "lag"),
):
    _evaluated = getattr(_module, f"{_prefix}val")
    as_written(_evaluated, getattr(_module, f"{_prefix}vander"), getattr(_module, f"{_prefix}der"))
    _in_two(_evaluated, _module, f"{_prefix}val")
    _on_grid(_evaluated, _module, f"{_prefix}grid")
