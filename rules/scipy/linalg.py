"""Rules of scipy.linalg: systems and their factorisations, functions of matrices, matrix equations, matrices of special forms.

Takes and gives arrays; registers rules at import. The formulas are those of Giles 2008, "An extended collection of matrix
derivative results for forward and reverse mode algorithmic differentiation", unless a rule says otherwise. Complex operands are
paired linearly: for holomorphic functions the formulas have transposes where a reader may expect conjugate transposes. Of what
reads one triangle of a matrix the adjoint is one of the entries that are read. Calls that overwrite an operand are not covered.
"""

import functools

import numpy as np
from scipy import linalg

from sct.ir.shapes import as_array, constant, size_min, unknown_array
from sct.ir.types import UNKNOWN, Array, Const, Scalar, Tuple, size_add
from sct.registry.compositions import composition
from sct.registry.facts import facts, memory
from sct.registry.refusals import refused, those_of
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type, type_rule
from sct.runtime import scatter_add

from .. import linalg as of_numpy
from ..linalg import cholesky_adjoint, one_triangle, over_gaps
from ..matrices import adjoined, conjugate, per_row, transposed
from ..matrix_functions import adjoint_by_singular_values, both_triangles
from ..triangles import solve_triangular as solve_of_triangle
from ..triangles import triangle_of_factor


def of_one(a):
    """A matrix; raises for many of these, which newer versions of SciPy take one after another."""
    if np.ndim(a) != 2:
        raise NotImplementedError("scipy.linalg is differentiated of one matrix here: write a loop over them, or use np.linalg")
    return a


def product_of(b_bar, x):
    """−B̄ Xᵀ, of vectors the outer product."""
    return -np.outer(b_bar, x) if np.ndim(x) == 1 else -b_bar @ transposed(x)


def of_triangle(a_bar, lower, unit_diagonal=False):
    """The entries of an adjoint that belong to one triangle."""
    if lower:
        return np.tril(a_bar, -1) if unit_diagonal else np.tril(a_bar)
    return np.triu(a_bar, 1) if unit_diagonal else np.triu(a_bar)


def _like_numpy(function):
    """The type rule of a function of NumPy's."""

    def rule(*operands):
        known = type_rule(function)
        return UNKNOWN if known is None else known(*operands)

    return rule


_inverse, _determinant, _solution = map(_like_numpy, (np.linalg.inv, np.linalg.det, np.linalg.solve))


# --- systems ------------------------------------------------------------------------------------------------------------


@adjoint(linalg.inv)
def inv(x, a, x_bar, *, check_finite=True):
    """X = A⁻¹: Ā = -Xᵀ X̄ Xᵀ (Giles 2008, 2.2.3)."""
    return -transposed(x) @ x_bar @ transposed(x)


@result_type(linalg.inv)
def inv_type(a, *, check_finite=True):
    return _inverse(a)


@adjoint(linalg.det)
def det(y, a, y_bar, *, check_finite=True):
    """That of np.linalg.det, of matrices of any rank too."""
    return of_numpy.det(y, a, y_bar)


@result_type(linalg.det)
def det_type(a, *, check_finite=True):
    y = _determinant(a)
    return y if y.dtype is None else Array(np.result_type(y.dtype, float), y.shape)  # in double precision


def assumed(how):
    """That a matrix is Hermitian, or positive definite; raises for anything else."""
    if how not in ("her", "hermitian", "pos", "positive definite"):
        raise NotImplementedError(
            "scipy.linalg.solve is differentiated where a matrix is assumed to be symmetric, Hermitian or positive definite"
        )
    return how


@adjoint(linalg.solve)
def solve(x, a, b, x_bar, lower=False, *, check_finite=True, assume_a=None, transposed=False):
    """A X = B: B̄ = A⁻ᵀ X̄, Ā = -B̄ Xᵀ (Giles 2008, 2.3.1), of one triangle where the matrix is assumed to be symmetric."""
    a = of_one(a)
    if assume_a is None or assume_a in ("gen", "general"):
        if transposed:
            b_bar = linalg.solve(a, x_bar)
            return product_of(x, b_bar), b_bar
        b_bar = linalg.solve(a.T, x_bar)
        return product_of(b_bar, x), b_bar
    if assume_a in ("sym", "symmetric"):
        b_bar = linalg.solve(a, x_bar, lower=lower, assume_a="sym")
        a_bar = product_of(b_bar, x)
        both = a_bar + a_bar.T - a_bar * np.eye(np.shape(a)[-1])
        return of_triangle(both, lower), b_bar
    b_bar = conjugate(linalg.solve(a, conjugate(x_bar), lower=lower, assume_a=assumed(assume_a)))
    return one_triangle(product_of(b_bar, x), lower), b_bar


@result_type(linalg.solve)
def solve_type(a, b, lower=False, *, check_finite=True, assume_a=None, transposed=False):
    return _solution(a, b)


@adjoint(linalg.solve_triangular)
def solve_triangular(x, a, b, x_bar, trans=0, lower=False, unit_diagonal=False, *, check_finite=True):
    """A X = B: B̄ = A⁻ᵀ X̄, Ā = -B̄ Xᵀ (Giles 2008, 2.3.1), of the triangle that is read; of Aᵀ and Aᴴ likewise."""
    a = of_one(a)
    if trans == 0 or trans == "N":
        b_bar = linalg.solve_triangular(a, x_bar, 1, lower, unit_diagonal)
        return of_triangle(product_of(b_bar, x), lower, unit_diagonal), b_bar
    if trans == 1 or trans == "T":
        b_bar = linalg.solve_triangular(a, x_bar, 0, lower, unit_diagonal)
        return of_triangle(product_of(x, b_bar), lower, unit_diagonal), b_bar
    b_bar = conjugate(linalg.solve_triangular(a, conjugate(x_bar), 0, lower, unit_diagonal))
    return of_triangle(conjugate(product_of(x, b_bar)), lower, unit_diagonal), b_bar


@result_type(linalg.solve_triangular)
def solve_triangular_type(a, b, trans=0, lower=False, unit_diagonal=False, *, check_finite=True):
    return _solution(a, b)


# --- Cholesky factors ---------------------------------------------------------------------------------------------------


@adjoint(linalg.cholesky)
def cholesky(l, a, l_bar, lower=False, *, check_finite=True):  # noqa: E741
    """A = L Lᴴ, or Uᴴ U: as that of np.linalg.cholesky (Murray 2016), of the triangle that is read."""
    return adjoint_of_factor(l, l_bar, lower)


def adjoint_of_factor(c, c_bar, lower):
    """The adjoint of A = C Cᴴ, or Cᴴ C, of that of the factor, of which the other triangle is 0."""
    if lower:
        return one_triangle(cholesky_adjoint(c, c_bar), lower)
    return one_triangle(cholesky_adjoint(adjoined(c), adjoined(c_bar)), lower)


@result_type(linalg.cholesky)
def cholesky_type(a, lower=False, *, check_finite=True):
    return _inverse(a)


@adjoint(linalg.cho_factor, absent=True)
def cho_factor(result, a, result_bar, lower=False, *, check_finite=True):
    """As that of the Cholesky factor, and of the other triangle, in which that of the matrix stays, the adjoint there."""
    c, _ = result
    c_bar, _ = result_bar
    if c_bar is None:
        return np.zeros_like(a)
    factor_bar = adjoint_of_factor(of_triangle(c, lower), of_triangle(c_bar, lower), lower)
    return factor_bar + of_triangle(c_bar, not lower, True)


@result_type(linalg.cho_factor)
def cho_factor_type(a, lower=False, *, check_finite=True):
    return Tuple((_inverse(a), Const(bool(lower)) if constant(lower) else Scalar(bool)))


@adjoint(linalg.cho_solve, sequences=("c_and_lower",))
def cho_solve(x, c_and_lower, b, x_bar, *, check_finite=True):
    """A X = B with A = L Lᴴ, or Uᴴ U: B̄ = A⁻ᵀ X̄, Ā = -B̄ Xᵀ, and L̄ = Ā conj(L) + (Lᵀ Ā)ᴴ of the triangle that is read."""
    c, lower = c_and_lower
    c = of_one(c)
    b_bar = conjugate(linalg.cho_solve((c, lower), conjugate(x_bar)))
    a_bar = product_of(b_bar, x)
    factor = of_triangle(c, lower)
    if lower:
        c_bar = a_bar @ conjugate(factor) + adjoined(factor.T @ a_bar)
    else:
        c_bar = conjugate(factor) @ a_bar + adjoined(a_bar @ factor.T)
    return (of_triangle(c_bar, lower), None), b_bar


@result_type(linalg.cho_solve)
def cho_solve_type(c_and_lower, b, *, check_finite=True):
    items = c_and_lower.items if isinstance(c_and_lower, Tuple) else c_and_lower
    return _solution(items[0], b) if isinstance(items, tuple) and len(items) == 2 else unknown_array()


facts(linalg.cholesky, triangle=lambda a, lower=False, *, check_finite=True: triangle_of_factor(a, upper=not lower))
memory(
    "fresh", linalg.inv, linalg.det, linalg.solve, linalg.solve_triangular, linalg.cholesky, linalg.cho_factor, linalg.cho_solve
)


# --- LU factors ---------------------------------------------------------------------------------------------------------


def unit_lower(lu):
    """L of the two factors of a square matrix in one."""
    return np.tril(lu, -1) + np.eye(np.shape(lu)[-1], dtype=lu.dtype)


def inverse_permutation(piv):
    """Where the rows of a matrix come from that are exchanged one after another, from the last exchange to the first."""
    rows = np.arange(np.size(piv))
    for k in range(np.size(piv) - 1, -1, -1):
        rows[[k, piv[k]]] = rows[[piv[k], k]]
    return rows


nondifferentiable(inverse_permutation)


@result_type(inverse_permutation)
def inverse_permutation_type(piv):
    return Array(np.dtype(int), as_array(piv).shape)


@adjoint(linalg.lu_factor, absent=True)
def lu_factor(result, a, result_bar, *, check_finite=True):
    """P A = L U of a square A: Ā = Pᵀ L⁻ᵀ (Φ(Lᵀ L̄) + Ψ(Ū Uᵀ)) U⁻ᵀ, where Φ keeps what is below the diagonal, Ψ the rest.

    From dL = L Φ(L⁻¹ P dA U⁻¹) and dU = Ψ(L⁻¹ P dA U⁻¹) U (de Hoog, Anderssen and Lukas 2011, "Differentiation of matrix
    functionals using triangular factorization").
    """
    a = of_one(a)
    lu, piv = result
    lu_bar, _ = result_bar
    if lu_bar is None:
        return np.zeros_like(a)
    lower, upper = unit_lower(lu), np.triu(lu)
    core = np.tril(lower.T @ np.tril(lu_bar, -1), -1) + np.triu(np.triu(lu_bar) @ upper.T)
    left = solve_of_triangle(lower.T, core, lower=False)
    return solve_of_triangle(upper, left.T, lower=False).T[inverse_permutation(piv)]


@result_type(linalg.lu_factor)
def lu_factor_type(a, *, check_finite=True):
    shape = as_array(a).shape
    pivots = Array(np.dtype(np.int32), None if shape is None else shape[:-1])
    return Tuple((_inverse(a), pivots))


@adjoint(linalg.lu_solve, sequences=("lu_and_piv",))
def lu_solve(x, lu_and_piv, b, x_bar, trans=0, *, check_finite=True):
    """A X = B with P A = L U: B̄ = A⁻ᵀ X̄, Ā = -B̄ Xᵀ, and with G = P Ā: L̄ = G Uᵀ below the diagonal, Ū = Lᵀ G above it."""
    lu, piv = lu_and_piv
    lu = of_one(lu)
    if trans == 0:
        b_bar = linalg.lu_solve((lu, piv), x_bar, 1)
        a_bar = product_of(b_bar, x)
    elif trans == 1:
        b_bar = linalg.lu_solve((lu, piv), x_bar, 0)
        a_bar = product_of(x, b_bar)
    else:
        b_bar = conjugate(linalg.lu_solve((lu, piv), conjugate(x_bar), 0))
        a_bar = conjugate(product_of(x, b_bar))
    g = a_bar[np.argsort(inverse_permutation(piv))]
    return (np.tril(g @ np.triu(lu).T, -1) + np.triu(unit_lower(lu).T @ g), None), b_bar


@result_type(linalg.lu_solve)
def lu_solve_type(lu_and_piv, b, trans=0, *, check_finite=True):
    return cho_solve_type(lu_and_piv, b)


@adjoint(linalg.lu, absent=True)
def lu(result, a, result_bar, *, check_finite=True):
    """A = P L U of a square A: as that of lu_factor."""
    p, lower, upper = result
    _, lower_bar, upper_bar = result_bar
    core = np.zeros_like(square(a))
    if lower_bar is not None:
        core = core + np.tril(lower.T @ np.tril(lower_bar, -1), -1)
    if upper_bar is not None:
        core = core + np.triu(np.triu(upper_bar) @ upper.T)
    left = solve_of_triangle(lower.T, core, lower=False)
    return p @ solve_of_triangle(upper, left.T, lower=False).T


def square(a):
    """A matrix; raises unless it is a square one."""
    if np.ndim(a) != 2 or np.shape(a)[0] != np.shape(a)[1]:
        raise NotImplementedError("scipy.linalg.lu is differentiated of a square matrix")
    return a


@result_type(square)
def square_type(a):
    return as_array(a)


@result_type(linalg.lu)
def lu_type(a, *, check_finite=True):
    shape = as_array(a).shape
    if shape is None or len(shape) != 2:
        return UNKNOWN
    m, n = shape
    k = m if m == n else size_min(m, n)
    of = as_array(_inverse(a)).dtype
    return Tuple((Array(None if of is None else np.empty(0, of).real.dtype, (m, m)), Array(of, (m, k)), Array(of, (k, n))))


# --- functions of matrices ----------------------------------------------------------------------------------------------


def in_blocks(a, e):
    """[[A, E], [0, A]], of which a function has that of A on the diagonal, and its derivative along E beside it.

    Higham 2008, "Functions of matrices", theorem 3.6.
    """
    above = np.concatenate((a, e), axis=-1)
    below = np.concatenate((np.zeros_like(a), a), axis=-1)
    return np.concatenate((above, below), axis=-2)


def beside(y):
    """The upper right block of four."""
    n = np.shape(y)[-1] // 2
    return y[..., :n, n:]


@adjoint(linalg.expm)
def expm(y, A, y_bar):
    """Ā = L(Aᵀ, Ȳ), the derivative of the exponential at Aᵀ along Ȳ (Al-Mohy and Higham 2009, "Computing the Fréchet
    derivative of the matrix exponential, with an application to condition number estimation")."""
    if np.ndim(A) == 2:
        return linalg.expm_frechet(A.T, y_bar, compute_expm=False)
    return beside(linalg.expm(in_blocks(transposed(A), y_bar)))


@adjoint(linalg.expm_frechet)
def expm_frechet(y, A, E, y_bar, method=None, compute_expm=True, check_finite=True):
    """Y = L(A, E): Ē = L(Aᵀ, Ȳ), and Ā is the second derivative at Aᵀ along Ȳ and Eᵀ (Higham 2008, theorem 3.6, twice)."""
    A = of_one(A)
    if compute_expm:
        y_bar, e_bar = y_bar
        first = linalg.expm_frechet(A.T, y_bar, compute_expm=False)
    else:
        e_bar = y_bar
        first = np.zeros_like(A)
    t = A.T
    zero = np.zeros_like(t)
    along = np.concatenate((np.concatenate((e_bar, zero), axis=1), np.concatenate((zero, e_bar), axis=1)), axis=0)
    second = linalg.expm_frechet(in_blocks(t, E.T), along, compute_expm=False)
    return first + beside(second), linalg.expm_frechet(t, e_bar, compute_expm=False)


@result_type(linalg.expm)
def expm_type(A):
    return _inverse(A)


@result_type(linalg.expm_frechet)
def expm_frechet_type(A, E, method=None, compute_expm=True, check_finite=True):
    y = Array(_floating(A, E, 1.0), as_array(A).shape)  # in double precision
    return Tuple((_inverse(A), y)) if compute_expm else y


@adjoint(linalg.fractional_matrix_power)
def fractional_matrix_power(y, A, y_bar, t):
    """Ā is the upper right block of f([[Aᵀ, Ȳ], [0, Aᵀ]]) (Higham 2008, theorem 3.6)."""
    return beside(linalg.fractional_matrix_power(in_blocks(of_one(A).T, y_bar), t))


@result_type(linalg.fractional_matrix_power)
def fractional_matrix_power_type(A, t):
    return unknown_matrix(A)


def _by_blocks(function):
    """Register the rule of an analytic function of matrices: Ā is the block beside f(Aᵀ) of f([[Aᵀ, Ȳ], [0, Aᵀ]])."""

    def rule(y, A, y_bar):
        """Ā is the upper right block of f([[Aᵀ, Ȳ], [0, Aᵀ]]) (Higham 2008, theorem 3.6)."""
        return beside(function(in_blocks(of_one(A).T, y_bar)))

    adjoint(function)(rule)
    result_type(function)(lambda A: unknown_matrix(A))


def unknown_matrix(A):
    """A matrix of the shape of another, real or complex as the data are."""
    return Array(None, as_array(A).shape)


for _function in (linalg.logm, linalg.cosm, linalg.sinm, linalg.tanm, linalg.coshm, linalg.sinhm, linalg.tanhm):
    _by_blocks(_function)


@adjoint(linalg.sqrtm)
def sqrtm(x, A, x_bar):
    """X X = A: Xᵀ Ā + Ā Xᵀ = X̄ (Higham 2008, section 6.1)."""
    x = of_one(x)
    return linalg.solve_sylvester(x.T, x.T, x_bar)


@result_type(linalg.sqrtm)
def sqrtm_type(A):
    return unknown_matrix(A)


# --- matrix equations ---------------------------------------------------------------------------------------------------


@adjoint(linalg.solve_sylvester)
def solve_sylvester(x, a, b, q, x_bar):
    """A X + X B = Q: Aᵀ Q̄ + Q̄ Bᵀ = X̄, Ā = -Q̄ Xᵀ, B̄ = -Xᵀ Q̄ (Giles 2008, section 2.3, of the linear map)."""
    x = of_one(x)
    q_bar = linalg.solve_sylvester(a.T, b.T, x_bar)
    return -q_bar @ x.T, -x.T @ q_bar, q_bar


@adjoint(linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(x, a, q, x_bar):
    """A X + X Aᴴ = Q: Aᵀ Q̄ + Q̄ conj(A) = X̄, Ā = -Q̄ Xᵀ - (Xᵀ Q̄)ᴴ."""
    x = of_one(x)
    q_bar = linalg.solve_continuous_lyapunov(a.T, x_bar)
    return -q_bar @ x.T - adjoined(x.T @ q_bar), q_bar


@adjoint(linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov(x, a, q, x_bar, method=None):
    """X = A X Aᴴ + Q: Q̄ = Aᵀ Q̄ conj(A) + X̄, Ā = Q̄ conj(A) Xᵀ + ((A X)ᵀ Q̄)ᴴ."""
    x = of_one(x)
    q_bar = linalg.solve_discrete_lyapunov(a.T, x_bar, method)
    return q_bar @ conjugate(a) @ x.T + adjoined((a @ x).T @ q_bar), q_bar


@adjoint(linalg.solve_continuous_are, real_only=True)
def solve_continuous_are(x, a, b, q, r, x_bar):
    """Aᵀ X + X A - X B R⁻¹ Bᵀ X + Q = 0, K = R⁻¹ Bᵀ X, C = A - B K: C S + S Cᵀ = -X̄, and with T = X (S + Sᵀ)

    Ā = T, B̄ = -T Kᵀ, Q̄ = S, R̄ = K S Kᵀ, by the implicit function theorem (Kao and Hennequin 2020, "Automatic differentiation
    of Sylvester, Lyapunov, and algebraic Riccati equations", arXiv:2011.11430).
    """
    x = of_one(x)
    k = linalg.solve(r, b.T @ x)
    s = linalg.solve_continuous_lyapunov(a - b @ k, -x_bar)
    t = x @ (s + s.T)
    return t, -t @ k.T, s, k @ s @ k.T


@adjoint(linalg.solve_discrete_are, real_only=True)
def solve_discrete_are(x, a, b, q, r, x_bar):
    """X = Aᵀ X A - Aᵀ X B K + Q, K = (R + Bᵀ X B)⁻¹ Bᵀ X A, C = A - B K: S = C S Cᵀ + X̄, and with T = X C (S + Sᵀ)

    Ā = T, B̄ = -T Kᵀ, Q̄ = S, R̄ = K S Kᵀ (Kao and Hennequin 2020, as above).
    """
    x = of_one(x)
    k = linalg.solve(r + b.T @ x @ b, b.T @ x @ a)
    c = a - b @ k
    s = linalg.solve_discrete_lyapunov(c, x_bar)
    t = x @ c @ (s + s.T)
    return t, -t @ k.T, s, k @ s @ k.T


def _floating(*operands):
    """The dtype of what is computed of several matrices: of integers double precision."""
    dtypes = [as_array(o).dtype for o in operands]
    return None if any(d is None for d in dtypes) else np.result_type(*(float if d.kind in "biu" else d for d in dtypes))


@result_type(linalg.solve_sylvester)
def solve_sylvester_type(a, b, q):
    return Array(_floating(a, b, q), as_array(q).shape)


@result_type(linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov_type(a, q):
    return Array(_floating(a, q), as_array(q).shape)


@result_type(linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov_type(a, q, method=None):
    dtype = _floating(a, q)
    return Array(None if dtype in (np.float32, np.complex64) else dtype, as_array(q).shape)  # as the method has it


@result_type(linalg.solve_continuous_are, linalg.solve_discrete_are)
def solve_are_type(a, b, q, r):
    return Array(_floating(a, b, q, r), as_array(q).shape)


# --- eigenvalues and singular values -------------------------------------------------------------------------------------


@adjoint(linalg.eigh, absent=True)
def eigh(result, a, b=None, *, result_bar, lower=True, eigvals_only=False, type=1, check_finite=True, driver=None):
    """A V = B V diag(w) with Vᴴ B V = I. With q = Vᵀ V̄ and G = F ∘ q + diag(w̄), Fᵢⱼ = 1 / (wⱼ - wᵢ) off the diagonal:

    Ā = conj(V) G Vᵀ and B̄ = -conj(V) (G diag(w) + ½ diag(Re q)) Vᵀ, of the triangles that are read (Giles 2008, 3.1; for two
    matrices of Boeddeker et al. 2017, arXiv:1701.00392, section 4.4, whose vectors are scaled otherwise). The vectors of equal
    eigenvalues have no derivative: nan. Of type 1 alone.
    """
    a = of_one(a)
    if type != 1:
        raise NotImplementedError("scipy.linalg.eigh is differentiated of type 1 alone")
    if eigvals_only:
        w_bar, v_bar = result_bar, None
        w, v = linalg.eigh(a, b, lower=lower)
    else:
        w, v = result
        w_bar, v_bar = result_bar
    identity = np.eye(np.shape(w)[-1], dtype=w.dtype)
    core = 0.0 * identity if w_bar is None else per_row(w_bar) * identity
    scale = 0.0 * identity
    if v_bar is not None:
        q = v.T @ v_bar
        core = core + over_gaps(q, w)
        scale = 0.5 * np.real(q) * identity
    vc = conjugate(v)
    a_bar = one_triangle(vc @ core @ v.T, lower)
    if b is None:
        return a_bar, None
    return a_bar, one_triangle(-vc @ (core * w + scale) @ v.T, lower)


@adjoint(linalg.eigvalsh)
def eigvalsh(w, a, b=None, *, w_bar, lower=True, type=1, check_finite=True, driver=None):
    """As that of eigh."""
    return eigh(None, a, b, result_bar=w_bar, lower=lower, eigvals_only=True, type=type)


@result_type(linalg.eigvalsh)
def eigvalsh_type(a, b=None, *, lower=True, type=1, check_finite=True, driver=None):
    w = _like_numpy(np.linalg.eigvalsh)(a)
    return w if b is None else Array(np.empty(0, _floating(a, b)).real.dtype, w.shape)


@result_type(linalg.eigh)
def eigh_type(a, b=None, *, lower=True, eigvals_only=False, type=1, check_finite=True, driver=None):
    w = eigvalsh_type(a, b)
    if not isinstance(eigvals_only, bool):
        return UNKNOWN
    return w if eigvals_only else Tuple((w, Array(_floating(a, 1.0 if b is None else b), as_array(a).shape)))


@adjoint(linalg.eig, absent=True)
def eig(result, a, result_bar, *, check_finite=True):
    """That of np.linalg.eig, of one matrix."""
    return of_numpy.eig(result, of_one(a), result_bar)


@adjoint(linalg.eigvals)
def eigvals(w, a, w_bar, *, check_finite=True):
    """Ā = V⁻ᵀ diag(w̄) Vᵀ (Giles 2008, 3.1)."""
    vt = linalg.eig(of_one(a))[1].T
    return np.linalg.solve(vt, per_row(w_bar) * vt)


@result_type(linalg.eigvals)
def eigvals_type(a, *, check_finite=True):
    shape = as_array(a).shape
    return unknown_array() if shape is None else Array(np.result_type(_floating(a) or complex, np.complex64), shape[:-1])


@result_type(linalg.eig)
def eig_type(a, *, check_finite=True):
    return Tuple((eigvals_type(a), unknown_matrix(a)))


@adjoint(linalg.eigh_tridiagonal, absent=True)
def eigh_tridiagonal(result, d, e, result_bar, *, eigvals_only=False, check_finite=True, lapack_driver="auto"):
    """As that of eigh, of a real symmetric matrix: the diagonal, and of the other one both places."""
    if eigvals_only:
        w_bar, v_bar = result_bar, None
        w, v = linalg.eigh_tridiagonal(d, e)
    else:
        w, v = result
        w_bar, v_bar = result_bar
    identity = np.eye(np.shape(w)[0], dtype=w.dtype)
    core = 0.0 * identity if w_bar is None else per_row(w_bar) * identity
    if v_bar is not None:
        core = core + over_gaps(v.T @ v_bar, w)
    a_bar = v @ core @ v.T
    return np.diag(a_bar), np.diag(a_bar, 1) + np.diag(a_bar, -1)


@adjoint(linalg.eigvalsh_tridiagonal)
def eigvalsh_tridiagonal(w, d, e, w_bar, *, check_finite=True, lapack_driver="auto"):
    """As that of eigh_tridiagonal."""
    return eigh_tridiagonal(None, d, e, w_bar, eigvals_only=True)


@result_type(linalg.eigvalsh_tridiagonal)
def eigvalsh_tridiagonal_type(d, e, *, check_finite=True, lapack_driver="auto"):
    return Array(_floating(d, e), as_array(d).shape)


@result_type(linalg.eigh_tridiagonal)
def eigh_tridiagonal_type(d, e, *, eigvals_only=False, check_finite=True, lapack_driver="auto"):
    w = eigvalsh_tridiagonal_type(d, e)
    if not isinstance(eigvals_only, bool) or w.shape is None:
        return UNKNOWN
    return w if eigvals_only else Tuple((w, Array(w.dtype, w.shape * 2)))


@adjoint(linalg.svd, absent=True)
def svd(result, a, result_bar, full_matrices=True, compute_uv=True, *, check_finite=True, lapack_driver="gesdd"):
    """That of np.linalg.svd."""
    return of_numpy.svd(result, a, result_bar, full_matrices, compute_uv)


@adjoint(linalg.svdvals)
def svdvals(s, a, s_bar, *, check_finite=True):
    """That of np.linalg.svdvals."""
    return of_numpy.svdvals(s, a, s_bar)


@result_type(linalg.svd)
def svd_type(a, full_matrices=True, compute_uv=True, *, check_finite=True, lapack_driver="gesdd"):
    found = of_numpy.svd_type(a, full_matrices, compute_uv)
    return Tuple(found.items) if isinstance(found, Tuple) else found


@result_type(linalg.svdvals)
def svdvals_type(a, *, check_finite=True):
    return of_numpy.svd_type(a, compute_uv=False)


@adjoint(linalg.qr, real_only=True, absent=True)
def qr(result, a, result_bar, *, mode="full", check_finite=True):
    """That of np.linalg.qr, which calls `economic` reduced."""
    a = of_one(a)
    if mode == "r":
        k = min(np.shape(a)[0], np.shape(a)[1])
        return of_numpy.qr(None, a, result_bar[0][:k], "r")
    return of_numpy.qr(result, a, result_bar, "complete" if mode == "full" else "reduced")


@result_type(linalg.qr)
def qr_type(a, *, mode="full", check_finite=True):
    if mode not in ("full", "economic", "r"):
        return UNKNOWN
    q, r = of_numpy.qr_type(a, "reduced" if mode == "economic" else "complete").items
    return Tuple((r,) if mode == "r" else (q, r))


@adjoint(linalg.polar, absent=True)
def polar(result, a, result_bar, side="right"):
    """A = U P with U = W Vᴴ, where A = W S Vᴴ, and P = Uᴴ A; or A = P U and P = A Uᴴ.

    U is the function of A that has 1 for all singular values (`sct.rules.matrix_functions`); Higham 2008, section 8.2.
    """
    a = of_one(a)
    u, _ = result
    u_bar, p_bar = result_bar
    a_bar = np.zeros_like(a)
    if p_bar is not None:
        if side == "right":
            a_bar = conjugate(u) @ p_bar
            through = adjoined(p_bar @ a.T)
        else:
            a_bar = p_bar @ conjugate(u)
            through = adjoined(a.T @ p_bar)
        u_bar = through if u_bar is None else u_bar + through
    if u_bar is not None:
        w, s, vh = np.linalg.svd(a, full_matrices=False)
        a_bar = a_bar + adjoint_by_singular_values(w, s, vh, (np.ones_like(s), np.zeros_like(s)), (), u_bar)
    return a_bar


@result_type(linalg.polar)
def polar_type(a, side="right"):
    known = as_array(a).shape
    if known is None or len(known) != 2:
        return UNKNOWN
    n = known[1] if side == "right" else known[0]
    return Tuple((Array(_floating(a), known), Array(_floating(a), (n, n))))


# --- norms and pseudo-inverses --------------------------------------------------------------------------------------------


@adjoint(linalg.norm, kind="reduction")
def norm(y, a, y_bar, ord=None, axis=None, keepdims=False, check_finite=True):
    """That of np.linalg.norm."""
    return of_numpy.norm(y, a, y_bar, ord, axis, keepdims)


@tangent(linalg.norm)
def norm_tangent(y, a, a_dot, ord=None, axis=None, keepdims=False, check_finite=True):
    """That of np.linalg.norm."""
    return of_numpy.norm_tangent(y, a, a_dot, ord, axis, keepdims)


@result_type(linalg.norm)
def norm_type(a, ord=None, axis=None, keepdims=False, check_finite=True):
    if ord is not None:
        return UNKNOWN  # some are numbers of Python's
    if axis is None and not keepdims and as_array(a).rank == 1:
        return Scalar(float)
    return of_numpy.norm_type(a, ord, axis, keepdims)


@adjoint(linalg.pinv)
def pinv(p, a, p_bar, *, atol=None, rtol=None, check_finite=True):
    """That of np.linalg.pinv."""
    return of_numpy.pinv(p, a, p_bar)


@result_type(linalg.pinv)
def pinv_type(a, *, atol=None, rtol=None, check_finite=True):
    return of_numpy.pinv_type(a)


@adjoint(linalg.pinvh)
def pinvh(p, a, p_bar, *, atol=None, rtol=None, lower=True, check_finite=True):
    """That of np.linalg.pinv, of the triangle that is read."""
    return one_triangle(of_numpy.pinv(p, both_triangles(of_one(a), lower), p_bar), lower)


@result_type(linalg.pinvh)
def pinvh_type(a, *, atol=None, rtol=None, lower=True, check_finite=True):
    return _inverse(a)


@adjoint(linalg.lstsq, absent=True)
def lstsq(result, a, b, result_bar, cond=None, *, check_finite=True, lapack_driver=None):
    """That of np.linalg.lstsq."""
    return of_numpy.lstsq(result, of_one(a), b, result_bar, cond)


@result_type(linalg.lstsq)
def lstsq_type(a, b, cond=None, *, check_finite=True, lapack_driver=None):
    x, _, _, s = of_numpy.lstsq_type(a, b).items
    return Tuple((x, unknown_array(None), UNKNOWN, s))


# --- banded and Toeplitz matrices -----------------------------------------------------------------------------------------


def rows_of_bands(upper, count, n):
    """The row that each entry of a square matrix's bands is in: these lie in `count` rows, `upper` are above the diagonal."""
    return np.arange(count)[:, None] - upper + np.arange(n)


def in_bands(y_bar, x, rows):
    """-Σ Ȳᵢ Xⱼ of the places (i, j) in bands, and 0 for what lies outside of the matrix."""
    n = np.shape(rows)[1]
    inside = (rows >= 0) & (rows < n)
    found = -y_bar[np.clip(rows, 0, n - 1)] * x
    return np.where(inside, found if np.ndim(x) == 1 else np.sum(found, axis=-1), 0.0)


def bands_of_transpose(ab, lower, upper):
    """The bands of the transpose of a matrix with so many below and above the diagonal."""
    count, n = np.shape(ab)[0], np.shape(ab)[1]
    rows = rows_of_bands(lower, count, n)
    inside = (rows >= 0) & (rows < n)
    return np.where(inside, ab[np.arange(count)[::-1, None], np.clip(rows, 0, n - 1)], 0.0)


@adjoint(linalg.solve_banded, raw=("l_and_u",))
def solve_banded(x, l_and_u, ab, b, x_bar, *, check_finite=True):
    """A X = B: B̄ = A⁻ᵀ X̄, Ā = -B̄ Xᵀ of the bands (Giles 2008, 2.3.1)."""
    ab = of_one(ab)
    lower, upper = l_and_u
    b_bar = linalg.solve_banded((upper, lower), bands_of_transpose(ab, lower, upper), x_bar)
    return None, in_bands(b_bar, x, rows_of_bands(upper, np.shape(ab)[0], np.shape(ab)[1])), b_bar


@result_type(linalg.solve_banded)
def solve_banded_type(l_and_u, ab, b, *, check_finite=True):
    return Array(_floating(ab, b), as_array(b).shape)


@adjoint(linalg.solveh_banded)
def solveh_banded(x, ab, b, x_bar, *, lower=False, check_finite=True):
    """As that of solve_banded, of the bands of one triangle of a Hermitian matrix."""
    ab = of_one(ab)
    b_bar = conjugate(linalg.solveh_banded(ab, conjugate(x_bar), lower=lower))
    count, n = np.shape(ab)[0], np.shape(ab)[1]
    rows = rows_of_bands(0 if lower else count - 1, count, n)
    own = in_bands(b_bar, x, rows)
    mirrored = conjugate(in_bands(x, b_bar, rows))
    on_diagonal = rows == np.arange(n)
    return np.where(on_diagonal, np.real(own), own + mirrored), b_bar


@result_type(linalg.solveh_banded)
def solveh_banded_type(ab, b, *, lower=False, check_finite=True):
    return Array(_floating(ab, b), as_array(b).shape)


@composition(linalg.toeplitz, covers=lambda c, r=None: as_array(c).rank == 1)
def toeplitz(c, r=None):
    """The column and the row in one vector, of which each entry is picked."""
    c = np.ravel(c)
    r = np.conj(c) if r is None else np.ravel(r)
    return np.concatenate((c[::-1], r[1:]))[np.size(c) - 1 - np.arange(np.size(c))[:, None] + np.arange(np.size(r))]


@composition(linalg.circulant, covers=lambda c: as_array(c).rank == 1)
def circulant(c):
    """Each column is the one before, moved on by one."""
    c = np.ravel(c)
    places = np.arange(np.size(c))
    return c[(places[:, None] - places) % np.size(c)]


@composition(linalg.hankel, covers=lambda c, r=None: as_array(c).rank == 1)
def hankel(c, r=None):
    """The column and the row in one vector, of which each entry is picked."""
    c = np.ravel(c)
    r = np.zeros_like(c) if r is None else np.ravel(r)
    return np.concatenate((c, r[1:]))[np.arange(np.size(c))[:, None] + np.arange(np.size(r))]


@composition(linalg.companion, covers=lambda a: as_array(a).rank == 1)
def companion(a):
    """The first row of a polynomial's coefficients over the first one, and ones below the diagonal."""
    row = -a[1:] / (1.0 * a[0])
    return np.concatenate((row[None], np.eye(np.size(a) - 2, np.size(a) - 1, dtype=row.dtype)))


@composition(linalg.leslie, covers=lambda f, s: as_array(f).rank == 1 and as_array(s).rank == 1)
def leslie(f, s):
    """The first row, and what is below the diagonal."""
    return np.concatenate((f[None], np.diag(s, -1)[1:]))


@composition(linalg.fiedler, covers=lambda a: as_array(a).rank == 1)
def fiedler(a):
    """The distances of numbers."""
    return np.abs(a[:, None] - a)


@composition(linalg.khatri_rao, covers=lambda a, b: as_array(a).rank == 2 and as_array(b).rank == 2)
def khatri_rao(a, b):
    """The Kronecker product of the columns of two matrices, each with the other one's."""
    return np.reshape(a[:, None, :] * b, (-1, np.shape(a)[1]))


@adjoint(linalg.solve_toeplitz, raw=("c_or_cr",))
def solve_toeplitz(x, c_or_cr, b, x_bar, check_finite=True):
    """T X = B: B̄ = T⁻ᵀ X̄, and the column and the row get the sums of -B̄ Xᵀ along the diagonals (Giles 2008, 2.3.1).

    Without a row this is the conjugate of the column. The first entry of the row is not read.
    """
    both = isinstance(c_or_cr, tuple)
    c = c_or_cr[0] if both else c_or_cr
    if np.ndim(c) != 1:
        raise NotImplementedError("scipy.linalg.solve_toeplitz is differentiated of one matrix")
    r = c_or_cr[1] if both else conjugate(c)
    b_bar = linalg.solve_toeplitz((np.concatenate((c[:1], r[1:])), c), x_bar)
    n = np.shape(x)[0]
    places = np.arange(n)
    g = product_of(b_bar, x)
    sums = scatter_add(np.zeros(2 * n - 1, g.dtype), (places[:, None] - places + n - 1,), g)
    c_bar = sums[n - 1 :]
    r_bar = np.concatenate((np.zeros_like(sums[:1]), sums[: n - 1][::-1]))
    if both:
        return (c_bar, r_bar), b_bar
    return c_bar + conjugate(r_bar), b_bar


@result_type(linalg.solve_toeplitz)
def solve_toeplitz_type(c_or_cr, b, check_finite=True):
    if isinstance(c_or_cr, Tuple):
        c_or_cr = c_or_cr.items
    given = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr,)
    return Array(_floating(*given, b), as_array(b).shape)


@adjoint(linalg.block_diag)
def block_diag(y, *arrs, y_bar):
    """Each block gets the adjoint of its place."""
    parts = ()
    row = 0
    column = 0
    for a in arrs:
        m, n = np.shape(np.atleast_2d(a))
        parts = parts + (np.reshape(y_bar[row : row + m, column : column + n], np.shape(a)),)
        row = row + m
        column = column + n
    return parts


@result_type(linalg.block_diag)
def block_diag_type(*arrs):
    shapes = [as_array(a).shape for a in arrs]
    dtypes = [as_array(a).dtype for a in arrs]
    if any(s is None or len(s) > 2 for s in shapes) or any(d is None for d in dtypes) or not arrs:
        return unknown_array()
    sizes = [((1, 1), (1, *s), s)[len(s)] for s in shapes]
    rows, columns = sizes[0]
    for m, n in sizes[1:]:
        rows, columns = size_add(rows, m), size_add(columns, n)
    return Array(np.result_type(*dtypes), (rows, columns))


# --- Cholesky factors in bands ---------------------------------------------------------------------------------------------


def adjoint_in_rows(r, r_bar):
    """The adjoint of A = L Lᵀ of that of L, each in rows of the entries up to the diagonal: from the last row to the first
    (Murray 2016, "Differentiation of the Cholesky decomposition", the algorithm of level 2, in the bands alone)."""
    n, upper = np.shape(r)[0], np.shape(r)[1] - 1
    left = r_bar.copy()
    a_bar = np.zeros_like(r_bar)
    for j in range(n - 1, -1, -1):
        for d in range(1, min(upper, n - 1 - j) + 1):
            g = left[j + d, upper - d] / r[j, upper]
            a_bar[j + d, upper - d] = g
            left[j, upper] -= g * r[j + d, upper - d]
            left[j + d, : upper - d] -= g * r[j, d:upper]
            left[j, d:upper] -= g * r[j + d, : upper - d]
        g = 0.5 * left[j, upper] / r[j, upper]
        a_bar[j, upper] = g
        left[j, :upper] -= 2.0 * g * r[j, :upper]
    return a_bar


def inside_of_bands(count, n, lower):
    """Whether places of bands are in the matrix; the others stay as they are."""
    rows = rows_of_bands(0 if lower else count - 1, count, n)
    return (rows >= 0) & (rows < n)


@adjoint(linalg.cholesky_banded, real_only=True)
def cholesky_banded(c, ab, c_bar, *, lower=False, check_finite=True):
    """A = L Lᵀ, or Uᵀ U, in bands: Ā of the bands alone."""
    count, n = np.shape(ab)[0], np.shape(ab)[1]
    inside = inside_of_bands(count, n, lower)
    factor, factor_bar = np.where(inside, c, 0.0), np.where(inside, c_bar, 0.0)
    if lower:
        turned = bands_of_transpose(factor, count - 1, 0), bands_of_transpose(factor_bar, count - 1, 0)
        a_bar = bands_of_transpose(adjoint_in_rows(turned[0].T, turned[1].T).T, 0, count - 1)
    else:
        a_bar = adjoint_in_rows(factor.T, factor_bar.T).T
    return np.where(inside, a_bar, c_bar)


@result_type(linalg.cholesky_banded)
def cholesky_banded_type(ab, *, lower=False, check_finite=True):
    return Array(_floating(ab), as_array(ab).shape)


def times_bands(bands, rows, x, turned):
    """The product of a matrix in bands, or of its transpose, and a vector or matrix."""
    n = np.shape(rows)[1]
    inside, places = (rows >= 0) & (rows < n), np.clip(rows, 0, n - 1)
    kept = np.where(inside, bands, 0.0)
    if np.ndim(x) == 1:
        return np.sum(kept * x[places], axis=0) if turned else scatter_add(np.zeros_like(x), (places,), kept * x)
    kept = kept[:, :, None]
    return np.sum(kept * x[places], axis=0) if turned else scatter_add(np.zeros_like(x), (places,), kept * x)


@adjoint(linalg.cho_solve_banded, sequences=("cb_and_lower",), real_only=True)
def cho_solve_banded(x, cb_and_lower, b, x_bar, *, check_finite=True):
    """A X = B with A = L Lᵀ, or Uᵀ U, in bands: B̄ = A⁻¹ X̄, Ā = -B̄ Xᵀ, L̄ = (Ā + Āᵀ) L and Ū = U (Ā + Āᵀ) of the bands."""
    cb, lower = cb_and_lower
    b_bar = linalg.cho_solve_banded((cb, lower), x_bar)
    rows = rows_of_bands(0 if lower else np.shape(cb)[0] - 1, np.shape(cb)[0], np.shape(cb)[1])
    if lower:
        of_x, of_b = times_bands(cb, rows, x, True), times_bands(cb, rows, b_bar, True)
        return (in_bands(b_bar, of_x, rows) + in_bands(x, of_b, rows), None), b_bar
    of_x, of_b = times_bands(cb, rows, x, False), times_bands(cb, rows, b_bar, False)
    return (in_bands(of_b, x, rows) + in_bands(of_x, b_bar, rows), None), b_bar


@result_type(linalg.cho_solve_banded)
def cho_solve_banded_type(cb_and_lower, b, *, check_finite=True):
    items = cb_and_lower.items if isinstance(cb_and_lower, Tuple) else cb_and_lower
    return Array(_floating(items[0], b), as_array(b).shape) if isinstance(items, tuple) else unknown_array()


# --- circulant and Toeplitz matrices by transforms ---------------------------------------------------------------------------


def _of_vectors(c, b, singular="raise", tol=None, caxis=-1, baxis=0, outaxis=0):
    return singular == "raise" and as_array(c).rank == 1 and caxis in (-1, 0) and baxis == 0 and outaxis == 0


@composition(linalg.solve_circulant, covers=_of_vectors, rounded=True)
def solve_circulant(c, b, singular="raise", tol=None, caxis=-1, baxis=0, outaxis=0):
    """By transforms: of a circulant matrix these are the eigenvectors (Davis 1979, "Circulant matrices")."""
    c, b = np.asarray(c), np.asarray(b)
    values = np.fft.fft(c)
    sizes = np.abs(values)
    if np.any(sizes <= (np.max(sizes) * np.size(c) * 2.220446049250313e-16 if tol is None else tol)):
        raise np.linalg.LinAlgError("circulant matrix is singular.")
    found = np.fft.fft(b, axis=0) / (values if b.ndim == 1 else values[:, None])
    y = np.fft.ifft(found, axis=0)
    return y if np.iscomplexobj(c) or np.iscomplexobj(b) else np.real(y)


def _of_real_vectors(c_or_cr, x, check_finite=False, workers=None):
    given = c_or_cr.items if isinstance(c_or_cr, Tuple) else c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, x)
    return all(as_array(v).dtype is not None and as_array(v).dtype.kind in "fiu" for v in (*given, x)) and (
        as_array(given[0]).rank == 1
    )


@composition(linalg.matmul_toeplitz, covers=_of_real_vectors, rounded=True)
def matmul_toeplitz(c_or_cr, x, check_finite=False, workers=None):
    """By transforms of the circulant matrix that the Toeplitz matrix is a part of."""
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, c_or_cr)
    c, r, x = np.asarray(c), np.asarray(r), np.asarray(x)
    around = np.concatenate((c, r[:0:-1]))
    values = np.fft.rfft(around)
    moved = np.fft.rfft(x, np.size(around), axis=0) * (values if x.ndim == 1 else values[:, None])
    return np.fft.irfft(moved, np.size(around), axis=0)[: np.size(c)]


@composition(linalg.convolution_matrix, covers=lambda a, n, mode="full": as_array(a).rank == 1)
def convolution_matrix(a, n, mode="full"):
    """Columns that have the vector, each one place further down; of other modes a part of the rows."""
    a = np.asarray(a)
    zeros = np.zeros(n - 1, a.dtype)
    whole = linalg.toeplitz(np.concatenate((a, zeros)), np.concatenate((a[:1], zeros)))
    m = np.size(a)
    if mode == "full":
        return whole
    count = max(m, n) if mode == "same" else max(m, n) - min(m, n) + 1
    start = (m + n - 1 - count) // 2 if mode == "same" else min(m, n) - 1
    return whole[start : start + count]


# --- without derivative ---------------------------------------------------------------------------------------------------


_of = functools.partial(those_of, linalg)


nondifferentiable(
    *_of("bandwidth dft find_best_blas_type hadamard helmert hilbert invhilbert invpascal ishermitian issymmetric"),
    linalg.pascal,
)
refused(
    "The basis that it gives is LAPACK's choice: write what does not depend on it by scipy.linalg.svd or np.linalg.solve.",
    *_of("null_space orth schur hessenberg qz ordqz rsf2csf cdf2rdf cossin rq ldl matrix_balance qr_multiply"),
)
refused("It takes any function: use the eigenvalues of the matrix, or scipy.linalg.expm, logm, sqrtm.", *_of("funm"))
refused("It jumps where an eigenvalue crosses the imaginary axis: use what it is made of.", *_of("signm"))
refused("Use np.kron.", *_of("kron"))
refused("It estimates how sensitive expm is, by its second derivative.", *_of("expm_cond"))
refused(
    "It has no rule yet: make the matrix of its bands, and use scipy.linalg.solve_banded, cholesky or eigh.",
    *_of("eig_banded eigvals_banded"),
)
refused(
    "It has no rule yet: write the matrix out, by np.diag, np.concatenate, indices and products.",
    *_of("diagsvd fiedler_companion"),
)
refused("It has no rule yet: use scipy.linalg.svd.", *_of("orthogonal_procrustes subspace_angles"))
refused("It changes the factors that it is given: factorise the changed matrix.", *_of("qr_delete qr_insert qr_update"))
refused("It draws random numbers of its own.", *_of("clarkson_woodruff_transform"))
refused(
    "It has no derivative: it gives functions of BLAS and LAPACK, or tests SciPy.", *_of("get_blas_funcs get_lapack_funcs test")
)
refused(
    "Use scipy.linalg.solve_continuous_lyapunov.",
    *(f for f in _of("solve_lyapunov") if f is not linalg.solve_continuous_lyapunov),
)
