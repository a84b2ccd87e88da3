"""Rules for numpy.linalg: norms, solving, inverses, determinants, and the factorisations of matrices.

Takes and gives arrays, with any number of leading batch axes; registers rules at import. A singular matrix gets what NumPy
does with it (LinAlgError, inf or nan), and so does a factorisation where it has no derivative: repeated eigenvalues or
singular values give nan in the adjoint of the vectors, never a finite number that may be wrong.

The formulas are those of Giles 2008, "An extended collection of matrix derivative results for forward and reverse mode
algorithmic differentiation", unless a rule says otherwise. Complex operands are paired linearly: for holomorphic functions
the formulas have transposes where a reader may expect conjugate transposes.
"""

import functools

import numpy as np

from sct.ir.shapes import as_array, constant, fresh_size, reduced, size_min, unknown_array
from sct.ir.types import UNKNOWN, Array, Scalar, Tuple, broadcast_shapes, unify
from sct.registry.compositions import composition
from sct.registry.conventions import convention
from sct.registry.facts import facts, memory
from sct.registry.rules import adjoint, adjoint_of_square, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type
from sct.runtime import as_number, keep_reduced_axes, stop_gradient, unbroadcast

from .matrices import adjoined, per_column, per_matrix, per_row, transposed
from .triangles import solve_triangular

# --- types --------------------------------------------------------------------------------------------------------------


def _dtype(*values):
    """The dtype in which numpy.linalg works on `values`: integers become float64."""
    dtypes = [as_array(v).dtype for v in values]
    if any(d is None for d in dtypes):
        return None
    return np.result_type(*(np.dtype(float) if d.kind in "biu" else d for d in dtypes))


def _real(dtype):
    """The dtype of absolute values of `dtype`."""
    return None if dtype is None else np.empty(0, dtype).real.dtype


def _matrix(a):
    """dtype, batch shape, rows and columns of a matrix argument; None if its rank is not known or too small."""
    shape = as_array(a).shape
    if shape is None or len(shape) < 2:
        return None
    return _dtype(a), shape[:-2], shape[-2], shape[-1]


@functools.cache
def _named(function):
    """The class of the named tuple that a function of one matrix returns."""
    return type(function(np.eye(1)))


def _same_type(a):
    """The type of a result of the shape of `a`."""
    return Array(_dtype(a), as_array(a).shape)


def _square(a):
    """The type of a result of the shape of `a`, whose matrices are square, or the call raises."""
    known = _matrix(a)
    return _same_type(a) if known is None else Array(known[0], (*known[1], known[2], known[2]))


# --- norms --------------------------------------------------------------------------------------------------------------


def sign_of(x):
    """The derivative of |x|: the sign, for complex x the conjugate of the phase; 0 at 0."""
    if np.iscomplexobj(x):
        size = np.abs(x)
        return np.conj(x) / (size + (size == 0.0))
    return np.sign(as_number(x))


def euclidean_norm(y, x, y_bar):
    """y = √Σ|x|²: x̄ = ȳ conj(x) / y, and 0 where y = 0. `y` and `y_bar` broadcast against `x`."""
    scale = y_bar / (y + (y == 0.0))
    return np.conj(x) * scale if np.iscomplexobj(x) else x * scale


def norm_of_vectors(y, x, y_bar, ord, axis):
    """y = (Σ|x|ᵖ)^(1/p): x̄ = ȳ sign(x) (|x| / y)^(p - 1); for p = ±inf the largest or smallest entries share ȳ evenly."""
    if ord is None or ord == 2:
        return euclidean_norm(y, x, y_bar)
    if ord == 0:
        return np.zeros_like(x)
    if ord == 1:
        return sign_of(x) * y_bar
    if ord == np.inf or ord == -np.inf:
        ties = np.abs(x) == y
        return sign_of(x) * ties * (y_bar / np.sum(ties, axis=axis, keepdims=True, dtype=y.dtype))
    return sign_of(x) * (np.abs(x) / (y + (y == 0.0))) ** (ord - 1) * y_bar


def norm_of_sums(x, y_bar, summed, other, largest):
    """y = max (or min) over the axis `other` of Σ|x| over the axis `summed`; ties share ȳ evenly."""
    sums = np.sum(np.abs(x), axis=summed, keepdims=True)
    y = np.max(sums, axis=other, keepdims=True) if largest else np.min(sums, axis=other, keepdims=True)
    ties = sums == y
    return sign_of(x) * ties * (y_bar / np.sum(ties, axis=other, keepdims=True, dtype=y.dtype))


def norm_by_svd(x, y_bar, ord, row, column):
    """Norms made of singular values, X = U S Vᴴ: the derivative of sᵢ is uᵢ vᵢᴴ. Equal extreme values share ȳ evenly.

    The nuclear norm has no derivative where X has not full rank; a subgradient is given there.
    """
    last = (row == -2 and column == -1) or (np.ndim(x) == 2 and row == 0 and column == 1)
    u, s, vh = np.linalg.svd(x if last else np.moveaxis(x, (row, column), (-2, -1)), full_matrices=False)
    if ord == "nuc":
        g = u @ vh
    else:
        ties = s == (np.max(s, axis=-1, keepdims=True) if ord == 2 else np.min(s, axis=-1, keepdims=True))
        weights = ties / np.sum(ties, axis=-1, keepdims=True, dtype=s.dtype)
        g = (u * per_column(weights)) @ vh
    if np.iscomplexobj(x):
        g = np.conj(g)
    return (g if last else np.moveaxis(g, (-2, -1), (row, column))) * y_bar


def norm_of_matrices(y, x, y_bar, ord, row, column):
    """The norms of the matrices whose rows and columns lie along the axes `row` and `column`."""
    if ord is None or ord == "fro" or ord == "f":
        return euclidean_norm(y, x, y_bar)
    if ord == 1 or ord == -1:
        return norm_of_sums(x, y_bar, row, column, ord == 1)
    if ord == np.inf or ord == -np.inf:
        return norm_of_sums(x, y_bar, column, row, ord == np.inf)
    return norm_by_svd(x, y_bar, ord, row, column)


@adjoint(np.linalg.norm, kind="reduction")
def norm(y, x, y_bar, ord=None, axis=None, keepdims=False):
    """For the default y = √Σ|x|²: x̄ = ȳ conj(x) / y, and 0 where y = 0; the other norms as the functions above say."""
    y = keep_reduced_axes(y, x, axis, keepdims)
    y_bar = keep_reduced_axes(y_bar, x, axis, keepdims)
    if ord is None:
        return euclidean_norm(y, x, y_bar)
    if axis is None:
        if np.ndim(x) == 2:
            return norm_of_matrices(y, x, y_bar, ord, 0, 1)
        return norm_of_vectors(y, x, y_bar, ord, axis)
    if isinstance(axis, tuple) and len(axis) == 2:
        return norm_of_matrices(y, x, y_bar, ord, axis[0], axis[1])
    return norm_of_vectors(y, x, y_bar, ord, axis)


@adjoint(np.linalg.vector_norm, kind="reduction")
def vector_norm(y, x, y_bar, *, axis=None, keepdims=False, ord=2):
    """y = (Σ|x|ᵖ)^(1/p) over the axes in `axis` together: x̄ = ȳ sign(x) (|x| / y)^(p - 1)."""
    y = keep_reduced_axes(y, x, axis, keepdims)
    y_bar = keep_reduced_axes(y_bar, x, axis, keepdims)
    return norm_of_vectors(y, x, y_bar, ord, axis)


@adjoint(np.linalg.matrix_norm, kind="reduction")
def matrix_norm(y, x, y_bar, *, keepdims=False, ord="fro"):
    """As `np.linalg.norm` over the last two axes."""
    y = keep_reduced_axes(y, x, (-2, -1), keepdims)
    y_bar = keep_reduced_axes(y_bar, x, (-2, -1), keepdims)
    return norm_of_matrices(y, x, y_bar, ord, -2, -1)


def summed(product, axis, keepdims):
    """The real part of `product`, summed over `axis`."""
    product = np.real(product) if np.iscomplexobj(product) else product
    if keepdims:
        return np.sum(product, axis=axis, keepdims=keepdims)
    return np.sum(product) if axis is None else np.sum(product, axis=axis)


def euclidean_tangent(y, x, x_dot, axis, keepdims):
    """ẏ = Re⟨x, ẋ⟩ / y, and 0 where y = 0."""
    if axis is None and not keepdims:
        return np.real(np.vdot(x, x_dot)) / (y + (y == 0.0))
    return summed((np.conj(x) if np.iscomplexobj(x) else x) * x_dot, axis, keepdims) / (y + (y == 0.0))


def one_each(y, axis, keepdims):
    """1 for each norm, which broadcasts against what it is the norm of."""
    return 1.0 if axis is None or keepdims else np.ones_like(y)


@tangent(np.linalg.norm)
def norm_tangent(y, x, x_dot, ord=None, axis=None, keepdims=False):
    """The inner product of the gradient with ẋ.

    The transpose multiplies and sums in two passes where one will do, and keeps axes to drop them.
    """
    if ord is None:
        return euclidean_tangent(y, x, x_dot, axis, keepdims)
    return summed(norm(y, x, one_each(y, axis, keepdims), ord, axis, keepdims) * x_dot, axis, keepdims)


@tangent(np.linalg.vector_norm)
def vector_norm_tangent(y, x, x_dot, *, axis=None, keepdims=False, ord=2):
    """As that of np.linalg.norm."""
    if ord == 2:
        return euclidean_tangent(y, x, x_dot, axis, keepdims)
    gradient = vector_norm(y, x, one_each(y, axis, keepdims), axis=axis, keepdims=keepdims, ord=ord)
    return summed(gradient * x_dot, axis, keepdims)


@tangent(np.linalg.matrix_norm)
def matrix_norm_tangent(y, x, x_dot, *, keepdims=False, ord="fro"):
    """As that of np.linalg.norm."""
    if ord == "fro":
        return euclidean_tangent(y, x, x_dot, (-2, -1), keepdims)
    gradient = matrix_norm(y, x, one_each(y, (-2, -1), keepdims), keepdims=keepdims, ord=ord)
    return summed(gradient * x_dot, (-2, -1), keepdims)


def _is_euclidean(x, ord=None, axis=None, keepdims=False):
    """Whether a norm is the root of a sum of squares, by all that is known of it."""
    if ord is None or (isinstance(ord, str) and ord in ("fro", "f")):
        return True
    if not constant(ord) or ord != 2 or not constant(axis):
        return False
    return as_array(x).rank == 1 if axis is None else np.size(axis) == 1


@adjoint_of_square(np.linalg.norm, covers=_is_euclidean)
def square_of_norm(y, x, y_bar, ord=None, axis=None, keepdims=False):
    """y = Σ|x|²: x̄ = 2 ȳ conj(x)."""
    scale = 2.0 * keep_reduced_axes(y_bar, x, axis, keepdims)
    return np.conj(x) * scale if np.iscomplexobj(x) else x * scale


convention("0 at 0; of the norm ∞ shared evenly at ties", np.linalg.norm, np.linalg.vector_norm)
convention("0 at 0", np.linalg.matrix_norm)


@adjoint_of_square(np.linalg.vector_norm, covers=lambda x, *, axis=None, keepdims=False, ord=2: constant(ord) and ord == 2)
def square_of_vector_norm(y, x, y_bar, *, axis=None, keepdims=False, ord=2):
    return square_of_norm(y, x, y_bar, None, axis, keepdims)


@adjoint_of_square(
    np.linalg.matrix_norm, covers=lambda x, *, keepdims=False, ord="fro": isinstance(ord, str) and ord in ("fro", "f")
)
def square_of_matrix_norm(y, x, y_bar, *, keepdims=False, ord="fro"):
    return square_of_norm(y, x, y_bar, None, (-2, -1), keepdims)


@result_type(np.linalg.norm)
def norm_type(x, ord=None, axis=None, keepdims=False):
    if not constant(axis):
        return unknown_array(_real(_dtype(x)))
    return Array(_real(_dtype(x)), reduced(as_array(x).shape, axis, keepdims))


@result_type(np.linalg.vector_norm)
def vector_norm_type(x, *, axis=None, keepdims=False, ord=2):
    return norm_type(x, ord, axis, keepdims)


@result_type(np.linalg.matrix_norm)
def matrix_norm_type(x, *, keepdims=False, ord="fro"):
    return norm_type(x, ord, (-2, -1), keepdims)


# --- solving, inverses --------------------------------------------------------------------------------------------------


@adjoint(np.linalg.solve)
def solve(x, a, b, x_bar):
    """A X = B: B̄ = A⁻ᵀ X̄, Ā = -B̄ Xᵀ (Giles 2008, 2.3.1). `b` is a vector only if it has rank 1, as in NumPy 2."""
    if np.ndim(b) == 1:
        if np.ndim(a) == 2:
            b_bar = np.linalg.solve(a.T, x_bar)
            return -np.outer(b_bar, x), b_bar
        columns = np.linalg.solve(transposed(a), np.expand_dims(x_bar, -1))
        return -columns * np.expand_dims(x, -2), unbroadcast(columns[..., 0], b)
    b_bar = np.linalg.solve(transposed(a), x_bar)
    a_bar = -b_bar @ transposed(x)
    return unbroadcast(a_bar, a), unbroadcast(b_bar, b)


@tangent(np.linalg.solve)
def solve_tangent(x, a, b, a_dot, b_dot):
    """A X = B: Ẋ = A⁻¹ (Ḃ − Ȧ X) (Giles 2008, 2.3.1). The transpose adds −Ȧ X, for which it negates a matrix."""
    if a_dot is None:
        return np.linalg.solve(a, b_dot)
    if np.ndim(b) > 1 or np.ndim(a) == 2:
        moved = a_dot @ x
        return np.linalg.solve(a, -moved if b_dot is None else b_dot - moved)
    moved = a_dot @ per_row(x)
    return np.linalg.solve(a, -moved if b_dot is None else per_row(b_dot) - moved)[..., 0]


@result_type(np.linalg.solve)
def solve_type(a, b):
    dtype = _dtype(a, b)
    a, b = as_array(a).shape, as_array(b).shape
    if a is None or b is None or len(a) < 2 or not b:
        return unknown_array(dtype)
    unify(a[-2], b[0] if len(b) == 1 else b[-2])
    if len(b) == 1:
        return Array(dtype, a[:-1])
    batch = broadcast_shapes((a[:-2], b[:-2]))
    return Array(dtype, None if batch is None else (*batch, a[-1], b[-1]))


@adjoint(np.linalg.inv)
def inv(x, a, x_bar):
    """X = A⁻¹: Ā = -Xᵀ X̄ Xᵀ (Giles 2008, 2.2.3)."""
    return -transposed(x) @ x_bar @ transposed(x)


@adjoint(np.linalg.pinv)
def pinv(p, a, p_bar, rcond=None, *, rtol=None):
    """P = A⁺ of constant rank: Ā = -Pᵀ P̄ Pᵀ + (I - A P) P̄ᵀ P Pᵀ + Pᵀ P P̄ᵀ (I - P A).

    From dP = -P dA P + P Pᴴ dAᴴ (I - A P) + (I - P A) dAᴴ Pᴴ P: Golub and Pereyra 1973, "The differentiation of
    pseudo-inverses and nonlinear least squares problems whose variables separate", equation 4.12. Where the rank changes,
    A⁺ is not continuous and there is no derivative.
    """
    # with the conjugate adjoints, for which the real formula holds with ᴴ for ᵀ
    g = np.conj(p_bar) if np.iscomplexobj(p_bar) else p_bar
    ph = adjoined(p)
    gh = adjoined(g)
    left = gh @ p @ ph
    right = ph @ p @ gh
    a_bar = left - a @ (p @ left) + right - (right @ p) @ a - ph @ g @ ph
    return np.conj(a_bar) if np.iscomplexobj(a_bar) else a_bar


@tangent(np.linalg.pinv)
def pinv_tangent(p, a, a_dot, rcond=None, *, rtol=None):
    """Ṗ = −P Ȧ P + P Pᴴ Ȧᴴ (I − A P) + (I − P A) Ȧᴴ Pᴴ P (Golub and Pereyra 1973, as above).

    The transpose has the terms in the order of the adjoint, and transposes three of the four.
    """
    ph = adjoined(p)
    ah_dot = adjoined(a_dot)
    left = p @ ph @ ah_dot
    right = ah_dot @ ph @ p
    return left - left @ a @ p + right - p @ (a @ right) - p @ a_dot @ p


@adjoint(np.linalg.lstsq, absent=True)
def lstsq(result, a, b, result_bar, rcond=None):
    """X = A⁺ B, ρ = Σ |R|² with R = B - A X, and the singular values s of A, of constant rank, with P = A⁺:

    B̄ = Pᵀ X̄ + 2 R ρ̄,  Ā = -B̄ Xᵀ + R (P Pᵀ X̄)ᵀ + Pᵀ X ((I - P A) X̄)ᵀ + U diag(s̄) Vᵀ (Golub and Pereyra 1973, as for pinv);
    with the conjugate adjoints and ᴴ where they are complex.
    """
    x_bar, sum_bar, _, s_bar = result_bar
    if np.asarray(a).dtype.kind in "biu":
        a = np.asarray(a, float)
    count = 1 if np.ndim(b) == 1 else np.shape(b)[1]
    x = np.reshape(result[0], (np.shape(a)[1], count))
    left = np.reshape(b, (np.shape(a)[0], count)) - a @ x
    a_bar, right_bar = np.zeros_like(a), np.zeros_like(left)
    if x_bar is not None:
        p = np.linalg.pinv(a, rcond) if rcond is not None and rcond > 0.0 else np.linalg.pinv(a, rtol=None)
        g = np.reshape(np.conj(x_bar) if np.iscomplexobj(x_bar) else x_bar, (np.shape(a)[1], count))
        ph = adjoined(p)
        right_bar = ph @ g
        a_bar = left @ adjoined(p @ right_bar) + ph @ x @ adjoined(g - p @ (a @ g))
    if sum_bar is not None and np.size(sum_bar) > 0:
        right_bar = right_bar + 2.0 * left * sum_bar
    a_bar = a_bar - right_bar @ adjoined(x)
    if s_bar is not None:
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        a_bar = a_bar + u * s_bar @ vh
    if np.iscomplexobj(a_bar):
        return np.conj(a_bar), np.reshape(np.conj(right_bar), np.shape(b))
    return a_bar, np.reshape(right_bar, np.shape(b))


@result_type(np.linalg.lstsq)
def lstsq_type(a, b, rcond=None):
    dtype, known, right = _dtype(a, b), _matrix(a), as_array(b).shape
    real, rank = _real(dtype), Array(np.dtype(np.int32), ())
    if known is None or not right:
        return Tuple((unknown_array(dtype), unknown_array(real), rank, unknown_array(real)))
    _, _, m, n = known
    s = Array(real, (m if m == n else size_min(m, n),))
    return Tuple((Array(dtype, (n, *right[1:])), Array(real, (fresh_size(),)), rank, s))


@adjoint(np.linalg.tensorinv)
def tensorinv(x, a, x_bar, ind=2):
    """The inverse of a matrix whose rows are the first `ind` axes: X̄ and X as matrices, Ā = -Xᵀ X̄ Xᵀ."""
    n = 1
    for size in np.shape(a)[:ind]:
        n = n * size
    xt = np.reshape(x, (n, n)).T
    return np.reshape(-xt @ np.reshape(x_bar, (n, n)) @ xt, np.shape(a))


memory(lambda a, n: "fresh" if type(n) is int and n != 1 else "view", np.linalg.matrix_power)  # to the power of 1 its operand


@adjoint(np.linalg.matrix_power)
def matrix_power(y, a, y_bar, n):
    """Y = Aⁿ: Ā = Σₖ Tᵏ Ȳ Tⁿ⁻¹⁻ᵏ, T = Aᵀ, the derivative of the power at T in the direction Ȳ, as `derivative_of_power` has it.

    Powers of at most two products are written out.
    """
    if n == 0:
        return np.zeros_like(y_bar)
    if n == 1:
        return y_bar
    t = transposed(a)
    if n == 2:
        return t @ y_bar + y_bar @ t
    if n == 3:
        return t @ (t @ y_bar + y_bar @ t) + y_bar @ (t @ t)
    if n == -1:
        return -transposed(y) @ y_bar @ transposed(y)
    return derivative_of_power(t, y_bar, n)


def derivative_of_power(t, e, n):
    """Σₖ Tᵏ E Tⁿ⁻¹⁻ᵏ by squaring, as Tⁿ itself: the upper right blocks of the powers of [[T, E], [0, T]].

    Higham 2008, "Functions of matrices", theorem 3.6; for negative n of the inverse.
    """
    if n < 0:
        t = np.linalg.inv(t)
        e = -t @ e @ t
        n = -n
    while n % 2 == 0:
        e = e @ t + t @ e
        t = t @ t
        n = n // 2
    y, y_dot = t, e
    n = n // 2
    while n > 0:
        e = e @ t + t @ e
        t = t @ t
        if n % 2 == 1:
            y_dot = y_dot @ t + y @ e
            y = y @ t
        n = n // 2
    return y_dot


@tangent(np.linalg.matrix_power)
def matrix_power_tangent(y, a, a_dot, n):
    """Σₖ Aᵏ Ȧ Aⁿ⁻¹⁻ᵏ, as `derivative_of_power` has it; the transpose takes powers of the transposes."""
    if n == 0:
        return np.zeros_like(a_dot)
    if n == 1:
        return a_dot
    if n == 2:
        return a_dot @ a + a @ a_dot
    if n == 3:
        return a_dot @ (a @ a) + a @ (a_dot @ a + a @ a_dot)
    if n == -1:
        return -y @ a_dot @ y
    return derivative_of_power(a, a_dot, n)


result_type(np.linalg.inv)(_same_type)


@result_type(derivative_of_power)
def derivative_of_power_type(t, e, n):
    return Array(_dtype(t, e), as_array(t).shape)


@result_type(np.linalg.matrix_power)
def matrix_power_type(a, n):
    dtype = as_array(a).dtype
    # integer matrices have integer powers, and float ones inverses
    return Array(dtype if dtype is not None and dtype.kind in "fc" else None, as_array(a).shape)


@result_type(np.linalg.pinv)
def pinv_type(a, rcond=None, hermitian=False, *, rtol=None):
    known = _matrix(a)
    if known is None:
        return unknown_array(_dtype(a))
    dtype, batch, m, n = known
    return Array(dtype, (*batch, n, m))


@result_type(np.linalg.tensorinv)
def tensorinv_type(a, ind=2):
    shape = as_array(a).shape
    if shape is None or not isinstance(ind, int) or ind <= 0:
        return unknown_array(_dtype(a))
    return Array(_dtype(a), shape[ind:] + shape[:ind])


# --- determinants -------------------------------------------------------------------------------------------------------


@adjoint(np.linalg.det)
def det(y, a, y_bar):
    """y = det A: Ā = ȳ y A⁻ᵀ (Giles 2008, 2.2.4); for singular matrices ȳ times the cofactors of A."""
    return per_matrix(y_bar) * cofactors(a, stop_gradient(y))


def cofactors(a, det):
    """The derivative of det A, which is `det`: det(A) A⁻ᵀ; in another way where A is singular or the determinant out of range.

    Golub and Van Loan 2013, "Matrix computations", section 2.1.4, have the first; of the singular values s it is, with
    A = U diag(s) Vᴴ, det(U) det(Vᴴ) conj(U) G conj(Vᴴ), where G is diagonal and Gᵢ = Πⱼ≠ᵢ sⱼ.
    """
    if in_range(det):
        return per_matrix(det) * transposed(np.linalg.inv(a))
    u, s, vh, sign = singular_vectors(a)
    ones = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate((ones, s[..., :-1]), -1), -1)
    behind = np.cumprod(np.concatenate((ones, s[..., :0:-1]), -1), -1)[..., ::-1]
    return per_matrix(sign) * ((u * per_column(before * behind)) @ vh)


def in_range(det):
    """Whether no determinant is 0, nor so small or large that it has lost digits."""
    size = np.abs(det)
    least = np.finfo(size.dtype).tiny / np.finfo(size.dtype).eps
    return not np.any((size < least) | (size == np.inf))


def singular_vectors(a):
    """conj(U), s and conj(Vᴴ) of A = U diag(s) Vᴴ, and the determinant of U Vᴴ."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    if np.iscomplexobj(a):
        return np.conj(u), s, np.conj(vh), sign
    return u, s, vh, sign


def products_of_others_but_one(s):
    """Πₖ≠ᵢ,ⱼ sₖ for i ≠ j, 0 for i = j: what is in front of both, between them and behind them."""
    n = np.shape(s)[-1]
    ones = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate((ones, s[..., :-1]), -1), -1)
    behind = np.cumprod(np.concatenate((ones, s[..., :0:-1]), -1), -1)[..., ::-1]
    later = np.where(np.tri(n, dtype=bool), 1.0, np.expand_dims(s, -2))  # s(k) for k > i, in row i
    between = np.cumprod(np.concatenate((np.ones_like(later[..., :1]), later[..., :-1]), -1), -1)
    upper = np.triu(per_row(before) * between * np.expand_dims(behind, -2), 1)
    return upper + transposed(upper)


@adjoint(cofactors)
def cofactors_adjoint(c, a, c_bar, det):
    """The second derivative of det A in the direction C̄.

    With B = A⁻ᵀ and C = det(A) B, from dB = -B dAᵀ B: Ā = ⟨C̄, B⟩ C - B C̄ᵀ C. That cancels where A is nearly singular. With
    A = U diag(s) Vᴴ and M = Uᴴ C̄ V it is det(U Vᴴ) conj(U) G conj(Vᴴ), where G comes from the terms of second order of
    det(diag(s) + M), Σᵢ<ⱼ Pᵢⱼ (Mᵢᵢ Mⱼⱼ - Mᵢⱼ Mⱼᵢ) with Pᵢⱼ = Πₖ≠ᵢ,ⱼ sₖ: Gᵢᵢ = Σⱼ Pᵢⱼ Mⱼⱼ and Gᵢⱼ = -Pᵢⱼ Mⱼᵢ. That is exact
    for matrices of any rank.
    """
    if in_range(det):
        b = transposed(np.linalg.inv(a))
        if well_conditioned(a, b):
            inner = np.sum(c_bar * b, axis=(-2, -1))
            return per_matrix(inner) * c - b @ transposed(c_bar) @ c
    u, s, vh, sign = singular_vectors(a)
    m = transposed(u) @ c_bar @ transposed(vh)
    p = products_of_others_but_one(s)
    identity = np.eye(np.shape(s)[-1], dtype=s.dtype)
    diagonal = np.sum(p * np.expand_dims(np.sum(m * identity, axis=-1), -2), axis=-1)
    return per_matrix(sign) * (u @ (per_column(diagonal) * identity - p * transposed(m)) @ vh)


def well_conditioned(a, b):
    """Whether matrices, of which `b` are the transposed inverses, lose less than a quarter of all digits."""
    rows, columns = np.sum(np.abs(a), axis=-1), np.sum(np.abs(b), axis=-2)  # none of empty matrices
    condition = np.max(rows, axis=-1, initial=0.0) * np.max(columns, axis=-1, initial=0.0)
    return np.all(condition < np.finfo(condition.dtype).eps ** -0.25)


@result_type(cofactors)
def cofactors_type(a, det):
    return _same_type(a)


@adjoint(np.linalg.slogdet, absent=True)
def slogdet(result, a, result_bar):
    """With t = tr(A⁻¹ dA), d log|det A| = Re t, and for complex A d sign = i sign Im t: Ā = t̄ A⁻ᵀ (Giles 2008, 2.2.4).

    Of a singular matrix the logarithm is -inf, and the inverse raises LinAlgError.
    """
    t_bar = result_bar[1]
    if np.iscomplexobj(a):
        if t_bar is None:
            t_bar = 0.0
        if result_bar[0] is not None:
            t_bar = t_bar + 1j * np.imag(result_bar[0] * result[0])
    if t_bar is None:
        return np.zeros_like(a)
    return per_matrix(t_bar) * transposed(np.linalg.inv(a))


@result_type(np.linalg.det)
def det_type(a):
    known = _matrix(a)
    return unknown_array(_dtype(a)) if known is None else Array(known[0], known[1])


@result_type(np.linalg.slogdet)
def slogdet_type(a):
    y = det_type(a)
    return Tuple((y, Array(_real(y.dtype), y.shape)), _named(np.linalg.slogdet))


# --- factorisations -----------------------------------------------------------------------------------------------------


@adjoint(np.linalg.cholesky)
def cholesky(l, a, l_bar, *, upper=False):  # noqa: E741
    """A = L Lᴴ: as `cholesky_adjoint` says.

    NumPy reads one triangle of A; the adjoint is that for symmetric changes of A, itself symmetric (Hermitian), as in autograd
    and JAX.
    """
    if upper:  # A = Uᴴ U
        return cholesky_adjoint(adjoined(l), adjoined(l_bar))
    return cholesky_adjoint(l, l_bar)


def cholesky_adjoint(l, l_bar, size=64):  # noqa: E741
    """A = L Lᵀ: Ā = ½ L⁻ᵀ (P + Pᵀ) L⁻¹, P = Φ(Lᵀ L̄), where Φ keeps the lower triangle and halves the diagonal.

    Murray 2016, "Differentiation of the Cholesky decomposition" (arXiv:1602.07527), equation 9, and by blocks, from the last
    columns to the first, as in section 3.2: by products of matrices, with a third of the operations of one of all of L. The
    blocks on the diagonal are small, and so are inverted. For complex A with conj(L), and ᴴ for ᵀ.
    """
    n = np.shape(l)[-1]
    m = np.conj(l) if np.iscomplexobj(l) else l
    places = np.arange(min(n, size))
    lower = places[:, None] >= places
    if n <= size:
        return 0.5 * between(m, np.linalg.inv(m), l_bar, lower)
    a_bar = l_bar.astype(np.result_type(l, l_bar))
    for end in range(n, 0, -size):
        start = max(end - size, 0)
        rows = slice(start, end)
        corner = m[..., rows, rows]
        inverse = np.linalg.inv(corner)
        below = a_bar[..., end:, rows] @ inverse
        a_bar[..., rows, :end] -= adjoined(below) @ m[..., end:, :end]
        core = between(corner, inverse, a_bar[..., rows, rows], lower[: end - start, : end - start])
        a_bar[..., start:, :start] -= np.concatenate((core, below), axis=-2) @ m[..., rows, :start]
        a_bar[..., rows, rows] = 0.5 * core
        a_bar[..., end:, rows] = 0.5 * below
        a_bar[..., rows, end:] = 0.5 * adjoined(below)
    return a_bar


def between(m, inverse, m_bar, lower):
    """M⁻ᴴ (P + Pᴴ) M⁻¹, where P = Φ(Mᴴ M̄): the sum has the lower triangle of Mᴴ M̄, and is Hermitian."""
    p = adjoined(m) @ m_bar
    if np.iscomplexobj(p):
        both = np.where(lower, p, adjoined(p))
        return adjoined(inverse) @ (0.5 * (both + adjoined(both))) @ inverse  # real on the diagonal
    return transposed(inverse) @ np.where(lower, p, transposed(p)) @ inverse


@adjoint(cholesky_adjoint)
def adjoint_of_cholesky_adjoint(y, l, l_bar, y_bar):  # noqa: E741
    """Y = ½ L⁻ᵀ (P + Pᵀ) L⁻¹: with Z = (Ȳ + Ȳᵀ) / 2 and T = Φ(L⁻¹ Z L⁻ᵀ), L̄ gets L T, and L gets L̄ Tᵀ - 2 Y Z L⁻ᵀ."""
    z = 0.5 * (y_bar + adjoined(y_bar))
    if np.iscomplexobj(l):
        z = np.conj(z)
        m = np.conj(l)
        right = adjoined(solve_triangular(m, z, lower=True))
        t = lower_half(solve_triangular(m, right, lower=True))
        return l_bar @ adjoined(t) - 2.0 * y @ right, np.conj(m @ t)
    right = transposed(solve_triangular(l, z, lower=True))
    t = lower_half(solve_triangular(l, right, lower=True))
    return l_bar @ transposed(t) - 2.0 * y @ right, l @ t


def lower_half(x):
    """Φ(X): the lower triangle with half of the diagonal."""
    return 0.5 * (np.tril(x) + np.tril(x, -1))


memory("fresh", cholesky_adjoint)


@result_type(cholesky_adjoint)
def cholesky_adjoint_type(l, l_bar, size=64):  # noqa: E741
    return _same_type(l)


@tangent(np.linalg.cholesky)
def cholesky_tangent(l, a, a_dot, *, upper=False):  # noqa: E741
    """A = L Lᴴ: L̇ = L Φ(L⁻¹ Ȧ L⁻ᴴ), where Φ keeps the lower triangle and halves the diagonal (Murray 2016, equation 8).

    Of what is not Hermitian in Ȧ that which is counts, as in the adjoint. The transpose factorizes L twice, which is a factor.
    """
    if upper:
        l = adjoined(l)  # noqa: E741
    left = adjoined(solve_triangular(l, 0.5 * a_dot, lower=True))
    core = solve_triangular(l, left, lower=True)
    if np.iscomplexobj(core):
        core = 0.5 * (core + adjoined(core))
    l_dot = l @ (np.tril(core) + adjoined(np.triu(core, 1)))
    return adjoined(l_dot) if upper else l_dot


@result_type(np.linalg.cholesky)
def cholesky_type(a, *, upper=False):
    return _same_type(a)


def one_triangle(a_bar, lower):
    """The adjoint of a Hermitian matrix as one of the triangle that was read."""
    if np.iscomplexobj(a_bar):
        diagonal = np.real(a_bar) * np.eye(np.shape(a_bar)[-1])
        both = a_bar + adjoined(a_bar)
        return diagonal + (np.tril(both, -1) if lower else np.triu(both, 1))
    if lower:
        return np.tril(a_bar) + np.tril(transposed(a_bar), -1)
    return np.triu(a_bar) + np.triu(transposed(a_bar), 1)


def over_gaps(q, w, squared=False):
    """qᵢⱼ / (wⱼ - wᵢ), or qᵢⱼ / (wⱼ² - wᵢ²), off the diagonal, 0 on it.

    Of values that are equal but for rounding what is 0 stays 0, since nobody reads their vectors; anything else is nan, for
    it would be divided by rounding alone.
    """
    y = apart(q, w, squared)
    return np.where(np.isnan(y) & (q == 0.0), 0.0, y)


def apart(q, w, squared=False):
    """As `over_gaps`, and nan for all values that are equal but for rounding: so are the derivatives of that."""
    size = np.max(np.abs(w), axis=-1, initial=0.0)[..., None, None]
    columns, rows = np.expand_dims(w, -2), per_row(w)
    gaps, n = columns - rows, np.shape(w)[-1]
    equal = np.abs(gaps) <= n * np.finfo(size.dtype).eps * size
    gaps = np.where(equal, np.nan, gaps * (columns + rows) if squared else gaps)
    return np.where(np.eye(n, dtype=bool), 0.0, q / gaps)


@adjoint(over_gaps)
def over_gaps_adjoint(y, q, w, y_bar, squared=False):
    """Y = F ∘ Q: Q̄ = F ∘ Ȳ, and what a gap gets, -F ∘ Ȳ ∘ Y, goes to the two values."""
    t = apart(y_bar * y, w, squared)
    w_bar = np.sum(t, axis=-1) - np.sum(t, axis=-2)
    return apart(y_bar, w, squared), 2.0 * w * w_bar if squared else w_bar


@adjoint(apart)
def apart_adjoint(y, q, w, y_bar, squared=False):
    """As that of `over_gaps`."""
    return over_gaps_adjoint(y, q, w, y_bar, squared)


memory("fresh", over_gaps, apart)


@result_type(over_gaps, apart)
def over_gaps_type(q, w, squared=False):
    return Array(_dtype(q, w), as_array(q).shape)


@adjoint(np.linalg.eigh, absent=True)
def eigh(result, a, result_bar, UPLO="L"):
    """A V = V diag(w): Ā = conj(V) (diag(w̄) + F ∘ (Vᵀ V̄)) Vᵀ, Fᵢⱼ = 1 / (wⱼ - wᵢ) off the diagonal (Giles 2008, 3.1).

    NumPy reads one triangle of A; the adjoint is one of the entries that are read, and 0 in the other triangle, as in
    autograd. For repeated eigenvalues the adjoint of V has no derivative: nan (that of w alone has). For complex A a phase
    of each vector is free, and the rule holds for functions that do not depend on it.
    """
    w, v = result
    w_bar, v_bar = result_bar
    vt = transposed(v)
    vc = np.conj(v) if np.iscomplexobj(v) else v
    if v_bar is None:
        if w_bar is None:
            return np.zeros_like(a)
        a_bar = (vc * per_column(w_bar)) @ vt
    else:
        core = over_gaps(vt @ v_bar, w)
        if w_bar is not None:
            core = core + per_row(w_bar) * np.eye(np.shape(w)[-1], dtype=w.dtype)
        a_bar = vc @ core @ vt
    return one_triangle(a_bar, UPLO == "L" or UPLO == "l")


@adjoint(np.linalg.eigvalsh)
def eigvalsh(w, a, w_bar, UPLO="L"):
    """Ā = conj(V) diag(w̄) Vᵀ (Giles 2008, 3.1), as one of the triangle that is read.

    Of repeated eigenvalues only symmetric functions have a derivative; for these it is right.
    """
    v = np.linalg.eigh(a, UPLO)[1]
    vc = np.conj(v) if np.iscomplexobj(v) else v
    return one_triangle((vc * per_column(w_bar)) @ transposed(v), UPLO == "L" or UPLO == "l")


@result_type(np.linalg.eigh)
def eigh_type(a, UPLO="L"):
    return Tuple((eigvalsh_type(a), _square(a)), _named(np.linalg.eigh))


@result_type(np.linalg.eigvalsh)
def eigvalsh_type(a, UPLO="L"):
    known = _matrix(a)
    if known is None:
        return unknown_array(_real(_dtype(a)))
    dtype, batch, n, _ = known
    return Array(_real(dtype), (*batch, n))


@adjoint(np.linalg.eig, absent=True)
def eig(result, a, result_bar):
    """A V = V diag(w): Ā = V⁻ᵀ M Vᵀ, M = diag(w̄) + F ∘ (Vᵀ V̄ - Vᵀ conj(V) diag(Re Vᵀ V̄)), Fᵢⱼ = 1 / (wⱼ - wᵢ).

    Giles 2008, 3.1, and the second term for columns of norm 1: Boeddeker et al. 2017, "On the computation of
    complex-valued gradients with application to statistically optimum beamforming" (arXiv:1701.00392), equation 4.77. For
    complex vectors the rule holds for functions that do not depend on their phases; for repeated eigenvalues V has no
    derivative: nan.
    """
    w, v = result
    w_bar, v_bar = result_bar
    vt = transposed(v)
    if v_bar is None:
        if w_bar is None:
            return np.zeros_like(a)
        return np.linalg.solve(vt, per_row(w_bar) * vt)
    q = vt @ v_bar
    identity = np.eye(np.shape(w)[-1])
    lengths = np.sum(np.real(q) * identity, axis=-1)
    vc = np.conj(v) if np.iscomplexobj(v) else v
    core = over_gaps(q - (vt @ vc) * per_column(lengths), w)
    if w_bar is not None:
        core = core + per_row(w_bar) * identity
    return np.linalg.solve(vt, core @ vt)


@tangent(np.linalg.eig)
def eig_tangent(result, a, a_dot):
    """With C = V⁻¹ Ȧ V: ẇ = diag(C), V̇ = V (F ∘ C) less of each column what would change its norm, which is 1.

    Fᵢⱼ = 1 / (wⱼ - wᵢ) off the diagonal (Giles 2008, 3.1; Boeddeker et al. 2017). Whether w and V are complex the types do not
    tell, so the adjoint rule is called as it stands, and its transpose is the derivative of that call.
    """
    w, v = result
    core = np.linalg.solve(v, a_dot @ v)
    identity = np.eye(np.shape(w)[-1], dtype=w.dtype)
    moved = v @ apart(core, w)
    lengths = np.sum(np.real(np.conj(v) * moved), axis=-2)
    return np.sum(core * identity, axis=-1), moved - v * per_column(lengths)


@tangent(np.linalg.eigvals)
def eigvals_tangent(w, a, a_dot):
    """ẇ = diag(V⁻¹ Ȧ V) (Giles 2008, 3.1); the transpose scales rows of V by shapes that are known only at run time."""
    v = np.linalg.eig(a)[1]
    return np.sum(np.linalg.solve(v, a_dot) * transposed(v), axis=-1)


@adjoint(np.linalg.eigvals)
def eigvals(w, a, w_bar):
    """Ā = V⁻ᵀ diag(w̄) Vᵀ (Giles 2008, 3.1)."""
    # in one order with w: both come from the same computation
    vt = transposed(np.linalg.eig(a)[1])
    return np.linalg.solve(vt, per_row(w_bar) * vt)


@result_type(np.linalg.eig)
def eig_type(a):
    w = eigvals_type(a)
    return Tuple((w, Array(w.dtype, as_array(a).shape)), _named(np.linalg.eig))


@result_type(np.linalg.eigvals)
def eigvals_type(a):
    dtype = _dtype(a)
    if dtype is not None and dtype.kind != "c":
        dtype = None  # real or complex as the data are
    known = _matrix(a)
    return unknown_array(dtype) if known is None else Array(dtype, (*known[1], known[2]))


@adjoint(np.roots)
def roots(r, p, r_bar):
    """Σₖ pₖ rⱼ^(n-k) = 0: p̄ₖ = -Σⱼ r̄ⱼ rⱼ^(n-k) / p'(rⱼ), by the implicit function theorem; a multiple root gives inf or nan."""
    powers, slopes = powers_and_slopes(r, p)
    return (-r_bar / slopes) @ powers


@tangent(np.roots)
def roots_tangent(r, p, p_dot):
    powers, slopes = powers_and_slopes(r, p)
    return -(powers @ p_dot) / slopes


def powers_and_slopes(r, p):
    """The powers of roots, of which a polynomial is a sum, a row for each root, and the polynomial's slopes there."""
    powers = np.vander(r, np.size(p))
    return powers, powers[:, 1:] @ (p[:-1] * np.arange(np.size(p) - 1, 0, -1))


@result_type(np.roots)
def roots_type(p):
    dtype = _dtype(p)
    return Array(dtype if dtype is not None and dtype.kind == "c" else None, (fresh_size("count"),))


def add_outside_columns(a_bar, u, s, vh, u_bar, q):
    """`a_bar` with (I - U Uᴴ) Ū S⁻¹ Vᴴ added, which is 0 unless A has more rows than columns; q = Uᴴ Ū."""
    if np.shape(u)[-2] > np.shape(u)[-1]:
        return a_bar + ((u_bar - u @ q) / per_column(s)) @ vh
    return a_bar


def add_outside_rows(a_bar, u, s, vh, vh_bar, p):
    """`a_bar` with U S⁻¹ V̄ᴴ (I - V Vᴴ) added, which is 0 unless A has more columns than rows; p = Vᴴ V̄."""
    if np.shape(vh)[-1] > np.shape(vh)[-2]:
        return a_bar + (u / per_column(s)) @ (vh_bar - adjoined(p) @ vh)
    return a_bar


@result_type(add_outside_columns, add_outside_rows)
def add_outside_type(a_bar, *rest):
    return as_array(a_bar)


def svd_adjoint(u, s, vh, u_bar, s_bar, vh_bar):
    """Ā = U [(F ∘ (Uᴴ Ū - Ūᴴ U)) S + S (F ∘ (Vᴴ V̄ - V̄ᴴ V)) + S̄] Vᴴ + (I - U Uᴴ) Ū S⁻¹ Vᴴ + U S⁻¹ V̄ᴴ (I - V Vᴴ).

    Fᵢⱼ = 1 / (sⱼ² - sᵢ²) off the diagonal, and for conjugate adjoints. Townsend 2016, "Differentiating the singular value
    decomposition"; for complex matrices Wan and Zhang 2019, "Automatic differentiation for complex valued SVD"
    (arXiv:1909.02659), whose last term is the one with the imaginary part of the diagonal of Uᴴ Ū.
    """
    if u_bar is None and vh_bar is None:
        a_bar = (u * per_column(s_bar)) @ vh
        return np.conj(a_bar) if np.iscomplexobj(a_bar) else a_bar
    identity = np.eye(np.shape(s)[-1], dtype=s.dtype)
    core = identity * per_row(s_bar) if s_bar is not None else 0.0 * identity
    if u_bar is not None:
        u_bar = np.conj(u_bar) if np.iscomplexobj(u_bar) else u_bar
        q = adjoined(u) @ u_bar
        core = core + over_gaps(q - adjoined(q), s, True) * per_column(s)
        if np.iscomplexobj(q):
            core = core + 1j * (np.imag(q) * identity) / per_row(s)
    if vh_bar is not None:
        vh_bar = np.conj(vh_bar) if np.iscomplexobj(vh_bar) else vh_bar
        p = vh @ adjoined(vh_bar)
        core = core + per_row(s) * over_gaps(p - adjoined(p), s, True)
    a_bar = u @ core @ vh
    if u_bar is not None:
        a_bar = add_outside_columns(a_bar, u, s, vh, u_bar, q)
    if vh_bar is not None:
        a_bar = add_outside_rows(a_bar, u, s, vh, vh_bar, p)
    return np.conj(a_bar) if np.iscomplexobj(a_bar) else a_bar


@adjoint(np.linalg.svd, absent=True)
def svd(result, a, result_bar, full_matrices=True, compute_uv=True):
    """A = U S Vᴴ: as `svd_adjoint` says.

    Equal singular values, and zero ones if A is not square, have vectors without derivative: nan (the values alone have).
    With full_matrices the vectors beyond the singular values have none either: an adjoint of these other than 0 is refused.
    """
    if not compute_uv:
        return svdvals(result, a, result_bar)
    u, s, vh = result
    u_bar, s_bar, vh_bar = result_bar
    if full_matrices:
        k = np.shape(s)[-1]
        u = u[..., :k]
        vh = vh[..., :k, :]
        if u_bar is not None:
            u_bar = first_vectors(u_bar, k)
        if vh_bar is not None:
            vh_bar = transposed(first_vectors(transposed(vh_bar), k))
    if u_bar is None and s_bar is None and vh_bar is None:
        return np.zeros_like(a)
    return svd_adjoint(u, s, vh, u_bar, s_bar, vh_bar)


def first_vectors(bar, k):
    """The first `k` columns of the adjoint of the vectors of a full factorisation; raises if the others are not 0."""
    if np.any(bar[..., k:] != 0.0):
        raise NotImplementedError(
            "the vectors of a full factorisation beyond the singular values have no derivative; use full_matrices=False"
        )
    return bar[..., :k]


@result_type(first_vectors)
def first_vectors_type(bar, k):
    bar = as_array(bar)
    size = k if isinstance(k, int) else k.size if isinstance(k, Scalar) else None
    if bar.shape is None or size is None:
        return unknown_array(bar.dtype)
    return Array(bar.dtype, (*bar.shape[:-1], size))


@adjoint(np.linalg.svdvals)
def svdvals(s, x, s_bar):
    """The derivative of sᵢ is uᵢ vᵢᴴ: Ā = conj(U diag(s̄) Vᴴ)."""
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return svd_adjoint(u, s, vh, None, s_bar, None)


@tangent(np.linalg.svd)
def svd_tangent(result, a, a_dot, full_matrices=True, compute_uv=True):
    """With P = Uᴴ Ȧ V: Ṡ = Re diag(P), U̇ = U (F ∘ (P S + S Pᴴ)) + (I − U Uᴴ) Ȧ V S⁻¹, and V̇ the same of Aᴴ.

    Fᵢⱼ = 1 / (sⱼ² - sᵢ²) off the diagonal (Townsend 2016; Giles 2008, 3.2, for S). In complex U takes the phase, as for the
    adjoint. The vectors beyond the singular values have no derivative: nan. The transpose differentiates the helpers of the
    adjoint that look at the shape, and makes finite tangents of the vectors beyond.
    """
    if not compute_uv:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        vc = np.conj(vh) if np.iscomplexobj(vh) else vh
        return np.real(np.sum(adjoined(u) @ a_dot * vc, axis=-1))
    u, s, vh = result
    k = np.shape(s)[-1]
    first = u[..., :k] if full_matrices else u
    firsth = vh[..., :k, :] if full_matrices else vh
    across = a_dot @ adjoined(firsth)
    core = adjoined(first) @ across
    identity = np.eye(k, dtype=s.dtype)
    right = core * per_column(s)
    left = per_row(s) * core
    turn = apart(right + adjoined(right), s, True)
    turnh = apart(left + adjoined(left), s, True)
    if np.iscomplexobj(core):
        turn = turn + 1j * np.imag(core) * identity / per_row(s)
    u_dot = first @ turn + outside_columns(first, across, core, s)
    vh_dot = outside_rows(firsth, adjoined(first) @ a_dot, core, s) - turnh @ firsth
    if full_matrices:
        u_dot = np.concatenate((u_dot, np.full_like(u[..., k:], np.nan)), axis=-1)
        vh_dot = np.concatenate((vh_dot, np.full_like(vh[..., k:, :], np.nan)), axis=-2)
    return u_dot, np.sum(np.real(core) * identity, axis=-1), vh_dot


def outside_columns(u, x, core, s):
    """(X − U C) S⁻¹ with C = Uᴴ X, which is 0 unless U has more rows than columns."""
    if np.shape(u)[-2] > np.shape(u)[-1]:
        return (x - u @ core) / per_column(s)
    return np.zeros_like(u)


def outside_rows(vh, x, core, s):
    """S⁻¹ (X − C Vᴴ) with C = X V, which is 0 unless Vᴴ has more columns than rows."""
    if np.shape(vh)[-1] > np.shape(vh)[-2]:
        return (x - core @ vh) / per_row(s)
    return np.zeros_like(vh)


memory("fresh", outside_columns, outside_rows)


@result_type(outside_columns, outside_rows)
def outside_type(vectors, *rest):
    return as_array(vectors)


@result_type(np.linalg.svd)
def svd_type(a, full_matrices=True, compute_uv=True, hermitian=False):
    if not isinstance(compute_uv, bool):
        return UNKNOWN
    dtype = _dtype(a)
    known = _matrix(a)
    if known is None:
        s = unknown_array(_real(dtype))
        return Tuple((unknown_array(dtype), s, unknown_array(dtype)), _named(np.linalg.svd)) if compute_uv else s
    _, batch, m, n = known
    k = m if m == n else size_min(m, n)
    s = Array(_real(dtype), (*batch, k))
    if not compute_uv:
        return s
    if not isinstance(full_matrices, bool):
        return Tuple((unknown_array(dtype), s, unknown_array(dtype)), _named(np.linalg.svd))
    rows, columns = (m, n) if full_matrices else (k, k)
    return Tuple((Array(dtype, (*batch, m, rows)), s, Array(dtype, (*batch, columns, n))), _named(np.linalg.svd))


@result_type(np.linalg.svdvals)
def svdvals_type(x):
    return svd_type(x, compute_uv=False)


def qr_adjoint(q, r, q_bar, r_bar):
    """A = Q R with R square: Ā = (Q̄ + Q mirror(M)) R⁻ᴴ, M = R̄ Rᴴ - Qᴴ Q̄; mirror keeps the upper triangle and makes M Hermitian.

    For conjugate adjoints. Liao et al. 2019, "Differentiable programming tensor networks" (arXiv:1903.09650); for complex
    matrices, of which LAPACK's R has a real diagonal, from Qᴴ Q̇ = L - Lᴴ + i Im diag(C), where C = Qᴴ Ȧ R⁻¹ and L is what is
    below its diagonal.
    """
    if q_bar is None:
        m = r_bar @ adjoined(r)
    elif r_bar is None:
        m = -adjoined(q) @ q_bar
    else:
        m = r_bar @ adjoined(r) - adjoined(q) @ q_bar
    b = q @ mirrored(m)
    if q_bar is not None:
        b = b + q_bar
    return adjoined(solve_triangular(r, adjoined(b), lower=False))


def mirrored(m):
    """The Hermitian matrix with the upper triangle of another one."""
    both = np.triu(m) + adjoined(np.triu(m, 1))
    return both - 1j * np.imag(m) * np.eye(np.shape(m)[-1], dtype=m.real.dtype) if np.iscomplexobj(m) else both


def qr_adjoint_of_shape(q, r, a, q_bar, r_bar):
    """The adjoint for tall and square, or for wide `a`."""
    if np.iscomplexobj(a):
        gq = None if q_bar is None else np.conj(q_bar)
        gr = None if r_bar is None else np.conj(r_bar)
        return np.conj(conjugate_qr_adjoint(q, r, a, gq, gr))
    return conjugate_qr_adjoint(q, r, a, q_bar, r_bar)


def conjugate_qr_adjoint(q, r, a, q_bar, r_bar):
    """As `qr_adjoint_of_shape`, for conjugate adjoints."""
    m = np.shape(a)[-2]
    if np.shape(a)[-1] <= m:
        return qr_adjoint(q, r, q_bar, r_bar)
    if r_bar is None:
        x_bar = qr_adjoint(q, r[..., :m], q_bar, None)
        return np.concatenate((x_bar, np.zeros_like(a[..., m:])), axis=-1)
    v_bar = r_bar[..., m:]
    carried = a[..., m:] @ adjoined(v_bar)
    x_bar = qr_adjoint(q, r[..., :m], carried if q_bar is None else q_bar + carried, r_bar[..., :m])
    return np.concatenate((x_bar, q @ v_bar), axis=-1)


memory("fresh", qr_adjoint_of_shape)


@result_type(qr_adjoint_of_shape)
def qr_adjoint_of_shape_type(q, r, a, q_bar, r_bar):
    return _same_type(a)


def reduced_count_of(a):
    """The number of columns of the reduced Q of `a`."""
    return min(np.shape(a)[-2], np.shape(a)[-1])


def of_first_vectors(q, q_bar, k):
    """The adjoint of Q₁ that stands for that of Q = [Q₁ Q₂], Q₁ the first `k` columns: Q̄₁ − Q₂ Q̄₂ᴴ Q₁, of conjugate ones.

    Q₂ is an orthonormal basis of what is orthogonal to Q₁, so dQ₂ = −Q₁ (dQ₁)ᴴ Q₂ + Q₂ Ω with Ω = −Ωᴴ, of which nothing is
    known: the basis is LAPACK's choice. What does not depend on it has a Hermitian Q₂ᴴ Q̄₂; anything else is refused.
    """
    rest = q[..., k:]
    if np.iscomplexobj(q_bar):
        rest_bar = without_choice(rest, np.conj(q_bar[..., k:]))
        return q_bar[..., :k] - np.conj(rest @ (adjoined(rest_bar) @ q[..., :k]))
    rest_bar = without_choice(rest, q_bar[..., k:])
    return q_bar[..., :k] - rest @ (adjoined(rest_bar) @ q[..., :k])


def without_choice(rest, rest_bar):
    """The conjugate adjoint of the basis `rest`; raises unless Q₂ᴴ Q̄₂ is Hermitian but for rounding."""
    turned = adjoined(rest) @ rest_bar
    size = 1.0 + np.max(np.abs(turned), initial=0.0)
    if np.any(np.abs(turned - adjoined(turned)) > 1e3 * np.finfo(turned.dtype).eps * size):
        raise NotImplementedError(
            "the columns of a complete Q beyond those of the reduced one are a basis of LAPACK's choice, without derivative; "
            "only what does not depend on the choice has one"
        )
    return rest_bar


@result_type(without_choice)
def without_choice_type(rest, rest_bar):
    return as_array(rest_bar)


@adjoint(np.linalg.qr, absent=True)
def qr(result, a, result_bar, mode="reduced"):
    """A = Q R: as `qr_adjoint` says for tall and square A.

    For wide A = [X Y] = Q [U V]: Ȳ = Q V̄, and X̄ from X = Q U with Q̄ + Y V̄ᴴ for Q̄ (Roberts and Roberts 2020, "QR and LQ
    decomposition matrix backpropagation algorithms for square, wide, and deep matrices", arXiv:2009.10071). A matrix
    whose first min(m, n) columns are dependent has no derivative: LinAlgError. A complete Q has further columns, for which
    see `of_first_vectors`; the further rows of R are 0.
    """
    if mode == "r":
        q, r = np.linalg.qr(a)
        q_bar = None
        r_bar = result_bar
    else:
        q, r = result
        q_bar, r_bar = result_bar
        if mode == "complete":
            k = reduced_count_of(a)
            r = r[..., :k, :]
            if r_bar is not None:
                r_bar = r_bar[..., :k, :]
            if q_bar is not None:
                q_bar = of_first_vectors(q, q_bar, k)
            q = q[..., :k]
    if q_bar is None and r_bar is None:
        return np.zeros_like(a)
    return qr_adjoint_of_shape(q, r, a, q_bar, r_bar)


@tangent(np.linalg.qr)
def qr_tangent(result, a, a_dot, mode="reduced"):
    """With A = [X Y], R = [U V] and M = Ẋ U⁻¹: Ω = Qᴴ Q̇ is anti-Hermitian, with the lower triangle of C = Qᴴ M.

    Q̇ = Q Ω + (I − Q Qᴴ) M and Ṙ = Qᴴ Ȧ − Ω R (Walter and Lehmann 2010, "Algorithmic differentiation of linear algebra functions
    with application in optimum experimental design"). The transpose differentiates the helper that looks at the shape.
    """
    q, r = np.linalg.qr(a) if mode == "r" else result
    k = reduced_count_of(a) if mode == "complete" else np.shape(q)[-1]
    first = q[..., :k] if mode == "complete" else q
    top = r[..., :k, :] if mode == "complete" else r
    m = transposed(solve_triangular(transposed(top[..., :k]), transposed(a_dot[..., :k]), lower=True))
    core = adjoined(first) @ m
    lower = np.tril(core, -1)
    turn = lower - adjoined(lower)
    if np.iscomplexobj(core):
        turn = turn + 1j * np.imag(core) * np.eye(k, dtype=core.real.dtype)  # R keeps its real diagonal
    r_dot = np.triu(adjoined(first) @ a_dot - turn @ top)
    if mode == "r":
        return r_dot
    q_dot = first @ (turn - core) + m
    if mode == "complete":
        q_dot = np.concatenate((q_dot, of_last_vectors(first, q[..., k:], q_dot)), axis=-1)
        r_dot = np.concatenate((r_dot, np.zeros_like(r[..., k:, :])), axis=-2)
    return q_dot, r_dot


def of_last_vectors(first, rest, first_dot):
    """The tangent of what completes an orthogonal basis: Q̇₂ = −Q₁ Q̇₁ᴴ Q₂ of one vector, and nan where it is one of many."""
    if np.shape(rest)[-1] > 1:
        return np.full_like(rest, np.nan)
    return -first @ (adjoined(first_dot) @ rest)


@result_type(of_last_vectors)
def of_last_vectors_type(first, rest, first_dot):
    return as_array(rest)


@result_type(np.linalg.qr)
def qr_type(a, mode="reduced"):
    dtype = _dtype(a)
    known = _matrix(a)
    if mode == "r" and known is None:
        return unknown_array(dtype)
    if mode in ("reduced", "complete") and known is None:
        return Tuple((unknown_array(dtype), unknown_array(dtype)), _named(np.linalg.qr))
    if mode not in ("r", "reduced", "complete"):
        return UNKNOWN
    _, batch, m, n = known
    k = m if m == n or mode == "complete" else size_min(m, n)
    r = Array(dtype, (*batch, k, n))
    return r if mode == "r" else Tuple((Array(dtype, (*batch, m, k)), r), _named(np.linalg.qr))


# --- without derivative -------------------------------------------------------------------------------------------------

nondifferentiable(np.linalg.matrix_rank)


@result_type(np.linalg.matrix_rank)
def matrix_rank_type(A, tol=None, hermitian=False, *, rtol=None):
    known = _matrix(A)
    return UNKNOWN if known is None else Array(np.dtype(np.intp), known[1])


# --- numbers of operations ---------------------------------------------------------------------------------------------


def _of_square(factor):
    """So many times n³ for each matrix."""

    def operations(a, *others, **options):
        shape = as_array(a).shape
        return None if shape is None or len(shape) < 2 else [(factor, (*shape[:-1], shape[-1], shape[-1]))]

    return operations


def _of_solve(a, b):
    """An LU factorization, and two triangular solves for each right-hand side."""
    shape, given = as_array(a).shape, as_array(b).shape
    if shape is None or given is None or len(shape) < 2:
        return None
    columns = () if len(given) == 1 else given[-1:]
    return [(2 / 3, (*shape[:-1], shape[-1], shape[-1])), (2, (*shape, *columns))]


def _of_rectangle(with_vectors, without):
    """So many times m n², and so many times n³, of an m × n matrix."""

    def operations(a, *options, compute_uv=True, **others):
        shape = as_array(a).shape
        if shape is None or len(shape) < 2:
            return None
        *lead, m, n = shape
        tall, square = with_vectors if compute_uv else without
        return [(tall, (*lead, m, n, n)), (square, (*lead, n, n, n))]

    return operations


# Golub & Van Loan 2013, "Matrix Computations", 4th ed.: sections 3.2, 4.2, 5.2, 7.5, 8.3 and 8.6, for m ≥ n.
facts(np.linalg.solve, operations=_of_solve)
facts(np.linalg.inv, operations=_of_square(2))
facts(np.linalg.det, np.linalg.slogdet, operations=_of_square(2 / 3))
facts(np.linalg.cholesky, operations=_of_square(1 / 3))
facts(np.linalg.eigvalsh, operations=_of_square(4 / 3))
facts(np.linalg.eigh, operations=_of_square(9))
facts(np.linalg.eigvals, operations=_of_square(10))
facts(np.linalg.eig, operations=_of_square(25))
facts(np.linalg.qr, operations=_of_rectangle((4, -4 / 3), (2, -2 / 3)))
facts(np.linalg.svd, np.linalg.pinv, operations=_of_rectangle((6, 20), (2, 2)))
facts(np.linalg.svdvals, operations=_of_rectangle((2, 2), (2, 2)))


# --- compositions ---------------------------------------------------------------------------------------------------------


@composition(np.linalg.cond)
def cond(x, p=None):
    """The quotient of the outermost singular values, or the product of the norms of the matrix and its inverse."""
    if p is None or p == 2:
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., 0] / s[..., -1]
    if p == -2:
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0]
    return np.linalg.norm(x, p, (-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, (-2, -1))


@composition(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    """The system of the matrix that has the axes of `b` as rows."""
    a = np.asarray(a)
    if axes is not None:
        moved = tuple([k % a.ndim for k in axes])
        a = np.transpose(a, tuple([k for k in range(a.ndim) if k not in moved]) + moved)
    left = np.shape(a)[np.ndim(b) :]
    return np.reshape(np.linalg.solve(np.reshape(a, (np.size(b), np.size(b))), np.ravel(b)), left)


if hasattr(np.linalg, "diagonal"):

    @composition(np.linalg.diagonal)
    def diagonal(x, /, *, offset=0):
        """Of the matrices in the last two axes."""
        return np.diagonal(x, offset, -2, -1)

    @composition(np.linalg.matrix_transpose)
    def matrix_transpose(x, /):
        """Of the matrices in the last two axes."""
        if np.ndim(x) < 2:
            raise ValueError(f"Input array must be at least 2-dimensional, but it is {np.ndim(x)}")
        return np.swapaxes(x, -1, -2)
