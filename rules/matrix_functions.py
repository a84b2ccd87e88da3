"""Functions of matrices by their eigenvalues and singular values: derivatives of any order, also where values are repeated.

Takes a factorisation, what a function and its derivatives are of the values in it, and directions. `(V * f(w)) @ V.T` of one
`eigh` does not depend on the choice of V, and is differentiable where values are repeated, though V is not; the compiler
finds such functions (`sct.analysis.spectra`), and puts calls of what is here in place of their derivatives.

The formula is that of Daleckii and Krein: Higham 2008, "Functions of matrices", theorem 3.11. Df(A)[E] = V (F ∘ (Vᴴ E V)) Vᴴ,
where Fᵢⱼ = f[wᵢ, wⱼ] = (f(wᵢ) - f(wⱼ)) / (wᵢ - wⱼ), and f'(wᵢ) where these are equal. Since f(A) = 1/2πi ∮ f(z) (z - A)⁻¹ dz,
the derivative of order n is a sum over the orders of the directions, of V S Vᴴ with
S = Σ f[wᵢ, wₖ, …, wⱼ] Vᴴ E₁ V (i, k) … Vᴴ Eₙ V (l, j). It is symmetric in the directions and in that of the adjoint: so the
adjoints, and the tangent, are derivatives of this kind again.
"""

import itertools
import math

import numpy as np

from sct.ir.shapes import as_array
from sct.ir.types import Array, Tuple
from sct.registry.facts import memory
from sct.registry.spectra import Spectrum, spectrum
from sct.registry.type_rules import result_type

from .linalg import apart, one_triangle, outside_columns, outside_rows
from .matrices import adjoined, per_column, per_row, transposed

# --- divided differences ------------------------------------------------------------------------------------------------


def quotient(difference, gaps, limit, error):
    """`difference` / `gaps`; the limit for vanishing gaps where that is as close as `difference`, which has such an error."""
    close = np.abs(difference - limit * gaps) <= error
    return np.where(close, limit, difference / np.where(close, 1.0, gaps))


def divided(x, y, scale):
    """f[xᵢ, yⱼ], the quotient of differences, by nodes with the values and slopes of f; `scale`: the size of the largest node.

    Where nodes are close, and f has slopes that agree and a difference that fits them, their mean is the better one: what is
    left of the difference is the rounding of f, and of nodes that are not better known than to that of the largest.
    """
    (node, value, slope), (other, other_value, other_slope) = x, y
    eps = np.finfo(scale.dtype).eps
    gaps, limit = node - other, 0.5 * (slope + other_slope)
    agree = np.abs(slope - other_slope) <= eps ** (1 / 3) * (np.abs(slope) + np.abs(other_slope))
    agree = agree & (np.abs(gaps) <= eps ** (1 / 3) * scale)
    error = np.where(agree, np.abs(limit) * (4.0 * eps * scale + 1e-3 * np.abs(gaps)), 0.0)
    return quotient(value - other_value, gaps, limit, error + 4.0 * eps * np.maximum(np.abs(value), np.abs(other_value)))


def largest(nodes):
    """The size of the largest node of each matrix, which broadcasts against it."""
    return np.max(np.abs(nodes), axis=-1, initial=0.0)[..., None, None]


def in_rows(nodes, terms):
    """Nodes with the values and slopes of f, one for each row."""
    return per_row(nodes), per_row(terms[0]), per_row(terms[1])


def in_columns(nodes, terms):
    """Nodes with the values and slopes of f, one for each column."""
    return per_column(nodes), per_column(terms[0]), per_column(terms[1])


def differences(nodes, terms, m):
    """f[wᵢ, …, wᵢ, wⱼ] with wᵢ taken `m` times; `terms` are the terms f⁽ᵏ⁾(w) / k! of Taylor's series."""
    if m == 1:
        return divided(in_rows(nodes, terms), in_columns(nodes, terms), largest(nodes))
    before, own = differences(nodes, terms, m - 1), per_row(terms[m - 1])
    limit = (m * per_row(terms[m]) + per_column(terms[m])) / (m + 1)
    error = np.finfo(nodes.dtype).eps ** (2 / 3) * np.maximum(np.abs(own), np.abs(before))
    return quotient(own - before, per_row(nodes) - per_column(nodes), limit, error)


def chain(nodes, terms, factors, m=1):
    """S = Σ f[wᵢ, …, wᵢ, wₖ, …, wⱼ] E₁(i, k) … Eₙ(l, j), with wᵢ taken `m` times, by products of matrices alone.

    From f[a, …, b] (a - b) = f[a, …] - f[…, b]; where the outer nodes meet, by f with one of them taken once more.
    """
    if len(factors) == 1:
        return differences(nodes, terms, m) * factors[0]
    first, last = factors[0], factors[-1]
    left = chain(nodes, terms, factors[:-1], m)
    limit = chain(nodes, terms, factors[:-1], m + 1) @ last
    if m == 1:
        right = chain(nodes, terms, factors[1:])
        turned = chain(nodes, terms, [np.swapaxes(e, -1, -2) for e in factors[:0:-1]], 2)
        limit = 0.5 * (limit + first @ np.swapaxes(turned, -1, -2))
        begun, size = first @ right, np.abs(first) @ np.abs(right)
    else:
        begun = chain(nodes, terms, factors, m - 1)
        size = np.abs(begun)
    gaps = per_row(nodes) - per_column(nodes)
    error = np.finfo(nodes.dtype).eps ** (2 / 3) * (size + np.abs(left) @ np.abs(last))
    return quotient(left @ last - begun, gaps, limit, np.where(gaps == 0.0, np.inf, error))


def in_every_order(nodes, terms, factors):
    """The sum of `chain` over the orders of the factors."""
    with np.errstate(all="ignore"):  # limits of pairs that are apart, which nobody takes
        return sum(chain(nodes, terms, list(order)) for order in itertools.permutations(factors))


def taylor(w, values):
    """The terms f⁽ᵏ⁾(w) / k! of Taylor's series of f at each of `w`."""
    return [(v + np.zeros_like(w)) / math.factorial(k) for k, v in enumerate(values)]


# --- eigenvalues --------------------------------------------------------------------------------------------------------


def derivative_by_eigenvalues(w, v, values, directions):
    """Dⁿf(A)[E₁, …, Eₙ] of A = V diag(w) Vᴴ; `values` are f(w), f'(w), … of n derivatives.

    From the third order on, values that are close, but not but for rounding, leave no correct digits: nan.
    """
    vh = adjoined(v)
    return v @ with_digits(w, taylor(w, values), [vh @ e @ v for e in directions]) @ vh


def with_digits(nodes, terms, factors):
    """The sum of `chain` over the orders of the factors, and nan where no digits of that are left."""
    inner = in_every_order(nodes, terms, factors)
    return np.where(any_close(nodes), np.nan, inner) if len(factors) > 2 else inner


def any_close(w):
    """Whether two values of each matrix are close, but not but for rounding."""
    eps, n = np.finfo(w.dtype).eps, np.shape(w)[-1]
    gaps, scale = np.abs(per_row(w) - np.expand_dims(w, -2)), largest(w)
    return np.any((gaps > 10 * n * eps * scale) & (gaps < eps**0.2 * scale), axis=(-2, -1), keepdims=True)


@result_type(derivative_by_eigenvalues)
def derivative_by_eigenvalues_type(w, v, values, directions):
    return _like_directions(v, values, directions)


def _like_directions(v, values, directions):
    """An array of the shape of directions, of the numbers that these, the vectors and the values are of together."""
    known = [as_array(a) for a in (v, *_items(values), *_items(directions))]
    dtypes = [a.dtype for a in known]
    of = None if any(d is None for d in dtypes) else np.result_type(*(d for d in dtypes if d.kind in "fc"))
    shapes = [as_array(e).shape for e in _items(directions)]
    return Array(of, None if any(s is None for s in shapes) else max(shapes, key=len))


def _items(values):
    return values.items if isinstance(values, Tuple) else values


def of_columns(value):
    """f(w), or one number for all of w, shaped to multiply columns."""
    return value if np.ndim(value) == 0 else per_column(value)


def function_of_eigenvalues(w, v, value):
    """f(A) = V diag(f(w)) Vᴴ."""
    return (v * of_columns(value)) @ adjoined(v)


def adjoint_by_eigenvalues(w, v, values, turned, y_bar):
    """Ā for Y = Dⁿf(A)[E₁, …]: Dⁿ⁺¹f(Aᵀ)[Ȳ, E₁ᵀ, …], of which the transpose is Dⁿ⁺¹f(A)[Ȳᵀ, E₁, …]; so it is for directions."""
    return derivative_by_eigenvalues(w, conjugate(v), values, (y_bar,) + turned)


def conjugate(x):
    """The complex conjugate; `x` itself if it is real."""
    return np.conj(x) if np.iscomplexobj(x) else x


def both_triangles(a, lower):
    """The Hermitian matrix of which `a` has one triangle."""
    if np.iscomplexobj(a):
        own = np.tril(a, -1) if lower else np.triu(a, 1)
        return own + adjoined(own) + np.real(a) * np.eye(np.shape(a)[-1])
    if lower:
        return np.tril(a) + transposed(np.tril(a, -1))
    return np.triu(a) + transposed(np.triu(a, 1))


memory("fresh", derivative_by_eigenvalues)


def eigenvalues_of(a, UPLO="L"):
    """Which triangle of a matrix is read, as an option that its factorisations have; None where that is not known."""
    return (UPLO in ("L", "l"),) if isinstance(UPLO, str) else None


def eigenvectors(a, lower):
    """Those of a matrix, of which one triangle is read."""
    return ((np.linalg.eigh(a) if lower else np.linalg.eigh(a, "U"))[1],)


def quotients(w, value, slope):
    """f[wᵢ, wⱼ] for values that are apart, f'(wᵢ) on the diagonal."""
    identity = np.eye(np.shape(w)[-1], dtype=w.dtype)
    value, slope = value + np.zeros_like(w), slope + np.zeros_like(w)
    return per_column(slope) * identity - apart(per_row(value) - per_column(value), w)


def by_eigenvectors(w, v, values, directions):
    """Df(A)[E], of which the derivatives go by V: nan where eigenvalues are equal."""
    vh = adjoined(v)
    return v @ (quotients(w, values[0], values[1]) * (vh @ directions[0] @ v)) @ vh


_of_eigenvalues = {
    "options": eigenvalues_of,
    "factorised": eigenvectors,
    "value": function_of_eigenvalues,
    "derivative": derivative_by_eigenvalues,
    "adjoint": adjoint_by_eigenvalues,
    "beside": transposed,
    "restricted": one_triangle,
    "direction": both_triangles,
    "by_vectors": by_eigenvectors,
}
spectrum(np.linalg.eigh, Spectrum("eigenvalues", 0, (1,), **_of_eigenvalues))
spectrum(np.linalg.eigvalsh, Spectrum("eigenvalues", None, (), **_of_eigenvalues))


# --- singular values ----------------------------------------------------------------------------------------------------


def derivative_by_singular_values(u, s, vh, values, directions):
    """Dⁿ of U diag(s) Vᴴ ↦ U diag(f(s)) Vᴴ in the directions E₁, …, Eₙ; `values` are f(s), f'(s), … of n derivatives.

    It is the upper right block of that of f([[0, A], [Aᴴ, 0]]), which has the eigenvalues ±s, and 0 where A is not square, for
    the odd function f (Noferini 2017, "A formula for the Fréchet derivative of a generalized matrix function"). Of one
    direction, with C = Uᴴ E V, the symmetric part of C has the factor f[sᵢ, sⱼ], the antisymmetric one f[sᵢ, -sⱼ], and what
    of E is outside of U or of V the factor f(s) / s. From the third order on as for eigenvalues, of which 0 and -s are some.
    """
    terms = taylor(s, values)
    with np.errstate(all="ignore"):
        if len(directions) == 1:
            return _by_singular_values(u, s, vh, terms, directions[0])
    nodes, terms, left, right = _dilated(u, s, vh, terms)
    lefth, righth = adjoined(left), adjoined(right)
    corners = [lefth @ e @ right for e in directions]
    return left @ with_digits(nodes, terms, [c + adjoined(c) for c in corners]) @ righth


def _by_singular_values(u, s, vh, terms, e):
    uh, v = adjoined(u), adjoined(vh)
    core = uh @ e @ v
    even = 0.5 * (core + adjoined(core))
    rows, columns, scale = in_rows(s, terms), in_columns(s, terms), largest(s)
    mirrored = in_columns(-s, [-terms[0], terms[1]])
    y = u @ (divided(rows, columns, scale) * even + divided(rows, mirrored, scale) * (core - even)) @ vh
    to_zero = divided(rows, (0.0, 0.0, rows[2]), scale)
    if np.shape(u)[-2] > np.shape(u)[-1]:
        y = y + (e @ v - u @ core) @ (to_zero * vh)
    if np.shape(vh)[-1] > np.shape(vh)[-2]:
        y = y + u @ (to_zero * (uh @ e - core @ vh))
    return y


def _dilated(u, s, vh, terms):
    """The eigenvalues of [[0, A], [Aᴴ, 0]], the terms of f there, and the upper and lower blocks of a tight frame of vectors.

    A column of I - U Uᴴ for each row is as good as a basis of what is outside of U, since the eigenvalue there is one, 0.
    """
    root = 0.5**0.5
    v = adjoined(vh)
    m, n, k = np.shape(u)[-2], np.shape(v)[-2], np.shape(s)[-1]
    left, right = [root * u, root * u], [root * v, -root * v]
    nodes = [s, -s]
    signed = [[t, -t if k % 2 == 0 else t] for k, t in enumerate(terms)]
    for rows, vectors, own, other in ((m, u, left, right), (n, v, right, left)):
        if rows > k:
            own.append(np.eye(rows, dtype=s.dtype) - vectors @ adjoined(vectors))
            other.append(np.zeros((*np.shape(s)[:-1], np.shape(other[0])[-2], rows), s.dtype))
            nodes.append(np.zeros((*np.shape(s)[:-1], rows), s.dtype))
            for t, at_zero in zip(signed, terms, strict=True):
                t.append(np.zeros_like(nodes[-1]) + at_zero[..., -1:])  # of the least value: only where that is 0 it counts
            signed[0][-1] = np.zeros_like(nodes[-1])
    joined = [np.concatenate(parts, axis=-1) for parts in (nodes, left, right, *signed)]
    return joined[0], joined[3:], joined[1], joined[2]


@result_type(derivative_by_singular_values)
def derivative_by_singular_values_type(u, s, vh, values, directions):
    return _like_directions(u, values, directions)


memory("fresh", derivative_by_singular_values)


def function_of_singular_values(u, s, vh, value):
    """U diag(f(s)) Vᴴ."""
    return (u * of_columns(value)) @ vh


def adjoint_by_singular_values(u, s, vh, values, directions, y_bar):
    """Ā for Y = Dⁿf(A)[E₁, …]: the conjugate of Dⁿ⁺¹f(A)[conj(Ȳ), E₁, …]."""
    return conjugate(derivative_by_singular_values(u, s, vh, values, (conjugate(y_bar),) + directions))


def singular_values_of(a, full_matrices=True, compute_uv=True, hermitian=False):
    """No options; None where the vectors are not those of a reduced factorisation, unless nobody has them."""
    return () if hermitian is False and (full_matrices is False or compute_uv is False) else None


def as_it_is(a):
    """All of a matrix is read."""
    return a


def singular_vectors(a):
    """Those of the reduced factorisation."""
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return u, vh


def by_singular_vectors(u, s, vh, values, directions):
    """The derivative in a direction, of which the derivatives go by U and V: nan where singular values are equal."""
    (e,) = directions
    uh, v = adjoined(u), adjoined(vh)
    core = uh @ e @ v
    even = 0.5 * (core + adjoined(core))
    value = values[0] + np.zeros_like(s)
    mirrored = (per_row(value) + per_column(value)) / (per_row(s) + per_column(s))
    y = u @ (quotients(s, values[0], values[1]) * even + mirrored * (core - even)) @ vh
    to_zero = s / value  # what is outside of the vectors is divided by it
    return y + outside_columns(u, e @ v, core, to_zero) @ vh + u @ outside_rows(vh, uh @ e, core, to_zero)


_of_singular_values = {
    "factorised": singular_vectors,
    "value": function_of_singular_values,
    "derivative": derivative_by_singular_values,
    "adjoint": adjoint_by_singular_values,
    "beside": as_it_is,
    "restricted": as_it_is,
    "direction": as_it_is,
    "by_vectors": by_singular_vectors,
}
spectrum(np.linalg.svd, Spectrum("singular values", 1, (0, 2), options=singular_values_of, **_of_singular_values))
spectrum(np.linalg.svdvals, Spectrum("singular values", None, (), options=lambda x: (), **_of_singular_values))
