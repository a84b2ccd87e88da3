"""Systems of triangular matrices: with SciPy, where it is installed, and otherwise by blocks.

Takes matrices of which one triangle is 0, with any number of leading batch axes; registers rules, and which functions give such
matrices. Derivatives have what is here in place of `np.linalg.solve` where a matrix is known to be triangular
(`sct.optimize.triangles`). Never imports SciPy before a system that it is faster for.
"""

import functools
import operator

import numpy as np

from sct.ir.ops import Method
from sct.ir.shapes import as_array, constant
from sct.ir.types import UNKNOWN
from sct.registry.facts import facts, memory
from sct.registry.rules import adjoint
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type, type_rule
from sct.runtime import unbroadcast

from .matrices import per_row, transposed

_SIZE = 64
"""Of the blocks, and of the matrices from which on SciPy is the faster one: its calls take longer."""


def solve_triangular(a, b, lower=False):
    """A X = B of triangular matrices, as `np.linalg.solve` takes them; the triangle that is 0 may be read.

    For n = 1000 this takes a third of the time of `np.linalg.solve`, of one right-hand side a hundredth; without SciPy a half
    and a twentieth.
    """
    solver = _of_scipy() if np.shape(a)[-1] > _SIZE else None
    if solver is None:
        return solve_by_blocks(a, b, lower)
    if np.ndim(a) == 2 and np.ndim(b) < 3:
        return solver(a, b, lower=lower, check_finite=False)
    columns = per_row(b) if np.ndim(b) == 1 else b
    batch = np.broadcast_shapes(np.shape(a)[:-2], np.shape(columns)[:-2])
    own = np.broadcast_to(a, batch + np.shape(a)[-2:])
    x = np.array(np.broadcast_to(columns, batch + np.shape(columns)[-2:]), np.result_type(a, b))
    for k in np.ndindex(batch):
        x[k] = solver(own[k], x[k], lower=lower, check_finite=False)
    return x[..., 0] if np.ndim(b) == 1 else x


@functools.cache
def _of_scipy():
    """SciPy's function; None if SciPy is not installed."""
    try:
        from scipy.linalg import solve_triangular as solver
    except ImportError:
        return None
    return solver


def solve_by_blocks(a, b, lower=False, size=64):
    """As `solve_triangular`, with NumPy alone: the blocks on the diagonal are solved, the rest are products of matrices."""
    if a.shape[-1] <= size:
        return np.linalg.solve(a, b)
    if b.ndim == 1:
        return columns_by_blocks(a, np.expand_dims(b, -1), lower, size)[..., 0]
    return columns_by_blocks(a, b, lower, size)


def columns_by_blocks(a, b, lower, size):
    """A X = B by blocks of rows, each taken from what is left of B (Golub and Van Loan 2013, section 3.1.4)."""
    n = a.shape[-1]
    x = b + np.zeros_like(a[..., :1])
    for k in range(0, n, size):
        if lower:
            start, end = k, min(k + size, n)
        else:
            start, end = max(n - k - size, 0), n - k
        x[..., start:end, :] = np.linalg.solve(a[..., start:end, start:end], x[..., start:end, :])
        if lower:
            x[..., end:, :] -= a[..., end:, start:end] @ x[..., start:end, :]
        else:
            x[..., :start, :] -= a[..., :start, start:end] @ x[..., start:end, :]
    return x


@adjoint(solve_triangular)
def solve_triangular_adjoint(x, a, b, x_bar, lower=False):
    """As that of np.linalg.solve: of a triangle that is always 0 the adjoint goes no further."""
    if np.ndim(b) == 1:
        if np.ndim(a) == 2:
            b_bar = solve_triangular(a.T, x_bar, lower=not lower)
            return -np.outer(b_bar, x), b_bar
        columns = solve_triangular(transposed(a), np.expand_dims(x_bar, -1), lower=not lower)
        return -columns * np.expand_dims(x, -2), unbroadcast(columns[..., 0], b)
    b_bar = solve_triangular(transposed(a), x_bar, lower=not lower)
    return unbroadcast(-b_bar @ transposed(x), a), unbroadcast(b_bar, b)


@tangent(solve_triangular)
def solve_triangular_tangent(x, a, b, a_dot, b_dot, lower=False):
    """As that of np.linalg.solve."""
    if a_dot is None:
        return solve_triangular(a, b_dot, lower=lower)
    if np.ndim(b) > 1 or np.ndim(a) == 2:
        moved = a_dot @ x
        return solve_triangular(a, -moved if b_dot is None else b_dot - moved, lower=lower)
    moved = a_dot @ per_row(x)
    return solve_triangular(a, -moved if b_dot is None else per_row(b_dot) - moved, lower=lower)[..., 0]


@result_type(solve_triangular)
def solve_triangular_type(a, b, lower=False):
    solve_type = type_rule(np.linalg.solve)
    return UNKNOWN if solve_type is None else solve_type(a, b)


memory("fresh", solve_triangular)
facts(solve_triangular, alone=solve_by_blocks)
facts(np.linalg.solve, solve_triangular, on_triangle=solve_triangular)


# --- what is triangular -------------------------------------------------------------------------------------------------


def triangle_of_factor(a, *, upper=False):
    """That of a Cholesky factor."""
    return ("upper" if upper else "lower") if constant(upper) else None


def triangle_of_qr(a, mode="reduced"):
    """That of R, beside Q unless that is left out."""
    return ("upper" if mode == "r" else (None, "upper")) if constant(mode) else None


def turned_matrices(a, axes=None):
    """What transposes a matrix gives its other triangle."""
    return "turned" if as_array(a).rank == 2 and axes is None else None


def turned_last(a, axis1, axis2):
    """What exchanges the last two axes, likewise."""
    rank = as_array(a).rank
    if rank is None or not constant(axis1) or not constant(axis2):
        return None
    return "turned" if {axis1 % rank, axis2 % rank} == {rank - 2, rank - 1} else None


facts(np.linalg.cholesky, triangle=triangle_of_factor)
facts(np.linalg.qr, triangle=triangle_of_qr)
facts(np.tril, triangle=lambda m, k=0: "lower" if constant(k) and k <= 0 else None)
facts(np.triu, triangle=lambda m, k=0: "upper" if constant(k) and k >= 0 else None)
facts(np.tri, triangle=lambda N, M=None, k=0, **options: "lower" if constant(k) and k <= 0 else None)
facts(np.eye, triangle=lambda N, M=None, k=0, **options: "diagonal" if constant(k) and k == 0 else None)
facts(np.identity, triangle="diagonal")
facts(np.diag, triangle=lambda v, k=0: "diagonal" if as_array(v).rank == 1 and constant(k) and k == 0 else None)
facts(np.transpose, triangle=turned_matrices)
facts(np.matrix_transpose, triangle="turned")
facts(np.swapaxes, triangle=turned_last)
facts(np.add, np.subtract, operator.matmul, np.matmul, triangle="each")
facts(np.multiply, triangle="any")
facts(np.negative, np.positive, np.divide, np.conjugate, np.copy, Method("copy"), np.real, np.imag, triangle="first")
