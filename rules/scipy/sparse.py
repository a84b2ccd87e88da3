"""Sparse matrices of scipy.sparse, followed as their entries and the places of these, and what scipy.sparse.linalg does.

Takes nothing; registers the classes that stand for SciPy's in a function, what these and SciPy's own matrices do, and the rules
of products and solutions by the entries. No rule makes a dense matrix: what the derivative has of a matrix is what its own
pattern has, Āᵢⱼ of ȳᵢ xⱼ. What only moves entries is done by SciPy to a matrix of their numbers.
"""

import functools
import operator
import warnings
from inspect import getattr_static
from types import FunctionType

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from sct.errors import NoRuleError
from sct.ir.shapes import as_array, as_shape, fresh_size
from sct.ir.types import UNKNOWN, Array, Scalar, Tuple, size_add
from sct.registry.compositions import composition
from sct.registry.effects import effect
from sct.registry.facts import memory
from sct.registry.refusals import refused, those_of
from sct.registry.rules import adjoint, nondifferentiable, written
from sct.registry.tangents import multilinear, tangent
from sct.registry.type_rules import result_type
from sct.runtime import scatter_add

from ..matrices import conjugate
from . import followed

_CSR, _CSC, _COO = ((getattr(sparse, f"{f}_matrix"), getattr(sparse, f"{f}_array")) for f in ("csr", "csc", "coo"))
_OTHERS = tuple(getattr(sparse, f"{f}_{k}") for f in ("bsr", "dia", "dok", "lil") for k in ("matrix", "array"))
_SPARSE = sparse.spmatrix, sparse.sparray


# ---------------------------------------------------------------------------------------------------------------------
# Products and solutions by the entries of a matrix whose rows, or columns, are compressed
# ---------------------------------------------------------------------------------------------------------------------


def compressed(data, indices, indptr, shape, by_columns):
    """SciPy's matrix of such entries."""
    return (sparse.csc_array if by_columns else sparse.csr_array)((data, indices, indptr), shape)


def product(data, x, indices, indptr, shape, by_columns=False):
    """A x of a matrix A and a vector or matrix x."""
    return compressed(data, indices, indptr, shape, by_columns) @ x


def rows_of(indices, indptr):
    """The row of each entry, or its column where columns are compressed."""
    return np.repeat(np.arange(np.size(indptr) - 1), np.diff(indptr))


nondifferentiable(rows_of)


@result_type(rows_of)
def rows_of_type(indices, indptr):
    return Array(np.dtype(int), as_array(indices).shape)


def sampled(u, v, indices, indptr, by_columns=False):
    """The entries of u vᵀ that a pattern has."""
    left, right = u[indices if by_columns else rows_of(indices, indptr)], v[rows_of(indices, indptr) if by_columns else indices]
    return left * right if np.ndim(u) == 1 else np.einsum("ek,ek->e", left, right)


@adjoint(product, kind="product")
def product_adjoint(y, data, x, y_bar, indices, indptr, shape, by_columns=False):
    """Y = A X: Ā is ȳ xᵀ where A has entries, and x̄ = Aᵀ ȳ."""
    x_bar = product(data, y_bar, indices, indptr, shape[::-1], not by_columns)
    return sampled(y_bar, x, indices, indptr, by_columns), x_bar


@adjoint(sampled, kind="product")
def sampled_adjoint(y, u, v, y_bar, indices, indptr, by_columns=False):
    """S = u vᵀ where a pattern has entries: with S̄ as a matrix, ū = S̄ v and v̄ = S̄ᵀ u."""
    m, n = np.shape(u)[0], np.shape(v)[0]
    return product(y_bar, v, indices, indptr, (m, n), by_columns), product(y_bar, u, indices, indptr, (n, m), not by_columns)


multilinear(product, sampled)


@result_type(product)
def product_type(data, x, indices, indptr, shape, by_columns=False):
    rows, others = as_shape(shape), as_array(x).shape
    return Array(_common(data, x), None if rows is None or others is None else (rows[0], *others[1:]))


def _common(*operands):
    dtypes = [as_array(o).dtype for o in operands]
    return None if any(d is None for d in dtypes) else np.result_type(*dtypes)


@result_type(sampled)
def sampled_type(u, v, indices, indptr, by_columns=False):
    return Array(_common(u, v), as_array(indices).shape)


class Singular:
    """What there is in place of the factors of a matrix that has none: solutions are NaN."""

    def solve(self, b, trans):
        return np.full(np.shape(b), np.nan)


def factors_of(data, indices, indptr, b, **options):
    """The factors of a matrix whose columns are compressed, in the precision of its entries and of b."""
    n = np.size(indptr) - 1
    entries = np.asarray(data, np.result_type(data, b, np.float32))
    try:
        return linalg.splu(sparse.csc_array((entries, indices, indptr), (n, n)), **options)
    except RuntimeError:
        warnings.warn("Matrix is exactly singular", linalg.MatrixRankWarning, stacklevel=3)
        return Singular()


nondifferentiable(factors_of)


def solution(data, b, indices, indptr, factors, trans="N"):
    """The x of A x = b, or of Aᵀ x = b, where the columns of A are compressed, by its factors."""
    of_factors = np.result_type(data, b, np.float32)
    return np.asarray(factors.solve(np.asarray(b, of_factors), trans), of_factors)


@adjoint(solution)
def solution_adjoint(x, data, b, x_bar, indices, indptr, factors, trans="N"):
    """A x = b: b̄ = A⁻ᵀ x̄ by the same factors, and Ā is -b̄ xᵀ where A has entries (Giles 2008, 2.3.1); of Aᵀ likewise."""
    if trans == "N":
        b_bar = solution(data, x_bar, indices, indptr, factors, "T")
        return -sampled(b_bar, x, indices, indptr, True), b_bar
    b_bar = solution(data, x_bar, indices, indptr, factors, "N")
    return -sampled(x, b_bar, indices, indptr, True), b_bar


@tangent(solution)
def solution_tangent(x, data, data_dot, b, b_dot, indices, indptr, factors, trans="N"):
    """A ẋ = ḃ - Ȧ x, with no product where A does not vary."""
    n = np.size(indptr) - 1
    if data_dot is None:
        return solution(data, b_dot, indices, indptr, factors, trans)
    change = product(data_dot, x, indices, indptr, (n, n), trans == "N")
    return solution(data, -change if b_dot is None else b_dot - change, indices, indptr, factors, trans)


@result_type(solution)
def solution_type(data, b, indices, indptr, factors, trans="N"):
    dtype = _common(data, b)
    return Array(None if dtype is None else np.result_type(dtype, np.float32), as_array(b).shape)


memory("fresh", product, sampled, solution)


# ---------------------------------------------------------------------------------------------------------------------
# Where entries go
# ---------------------------------------------------------------------------------------------------------------------


def places(row, col, shape):
    """The pattern that coordinates have in compressed rows, and the place of each of them there; several may have one."""
    numbers = sparse.csr_array((np.ones(np.size(row)), (row, col)), shape)
    numbers.data = np.arange(numbers.nnz)
    place = np.asarray(numbers[row, col]).ravel() if np.size(row) > 0 else np.zeros(0, int)
    return numbers.indices, numbers.indptr, place


def own_of(data, pattern):
    """SciPy's matrix of such a pattern."""
    form, first, second, shape, is_array = pattern
    kind = getattr(sparse, f"{form}_{'array' if is_array else 'matrix'}")
    return kind((data, (first, second)) if form == "coo" else (data, first, second), shape)


@adjoint(own_of)
def own_of_adjoint(y, data, y_bar, pattern):
    """None: what is done with the matrix is not followed."""
    if np.ndim(data) == 1:
        raise NotImplementedError("a matrix that varies is used in products and systems")
    return np.zeros_like(data)


@result_type(own_of)
def own_of_type(data, pattern):
    return UNKNOWN


def numbered(pattern, before=0):
    """A matrix of such a pattern whose entries are their numbers, from one on, behind others."""
    return own_of(np.arange(before + 1, before + 1 + np.size(pattern[1])), pattern)


def moved(function, patterns, form, args, kwargs):
    """What a function of SciPy's makes of matrices, one or a list of them, whose entries it only moves: the pattern, in
    compressed rows or columns or as coordinates, which entry each one is, and the shape."""
    count, given = 0, []
    for pattern in patterns if isinstance(patterns, list) else [patterns]:
        given.append(numbered(pattern, count))
        count += np.size(pattern[1])
    made = function(given if isinstance(patterns, list) else given[0], *args, **kwargs).asformat(form)
    where = (made.row, made.col) if form == "coo" else (made.indices, made.indptr)
    return (*where, made.data - 1, made.shape)


def numbers_in(function, pattern, *args):
    """What a function of SciPy's gives of a matrix as an array: the number of each entry, and 0 where there is none."""
    return np.asarray(function(numbered((*pattern[:4], True)), *args)).astype(int)


nondifferentiable(places, moved, numbers_in)
_INDEX = np.dtype(np.int32)


@result_type(places)
def places_type(row, col, shape):
    known = as_shape(shape)
    starts = Array(_INDEX, None if known is None else (size_add(known[0], 1),))
    return Tuple((Array(_INDEX, (fresh_size("entries"),)), starts, Array(np.dtype(int), as_array(row).shape)))


@result_type(moved)
def moved_type(function, patterns, form, args, kwargs):
    n, sizes = fresh_size("entries"), tuple(fresh_size(kind) for kind in ("rows", "columns"))
    second = Array(_INDEX, (n if form == "coo" else fresh_size("starts"),))
    shape = Tuple(tuple(Scalar(int, size) for size in sizes))
    return Tuple((Array(_INDEX, (n,)), second, Array(np.dtype(int), (n,)), shape))


# ---------------------------------------------------------------------------------------------------------------------
# What there is of any matrix, of SciPy's or of those that stand for them
# ---------------------------------------------------------------------------------------------------------------------


def coordinates_of(A):
    """The entries of a matrix of SciPy's, and their coordinates."""
    there = A.tocoo()
    return there.data, *there.coords


nondifferentiable(coordinates_of)


@result_type(coordinates_of)
def coordinates_of_type(A):
    n = fresh_size("entries")
    return Tuple((Array(None, (n,)), Array(_INDEX, (n,)), Array(_INDEX, (n,))))


def coordinates(A):
    """The entries of a matrix, their rows and their columns."""
    if isinstance(A, _CSR):
        return A.data, rows_of(A.indices, A.indptr), A.indices
    if isinstance(A, _CSC):
        return A.data, A.indices, rows_of(A.indices, A.indptr)
    if isinstance(A, _COO):
        return A.data, A.row, A.col
    return coordinates_of(A) if isinstance(A, _OTHERS) else (A.entries, A.rows, A.columns)


def compressed_parts(A):
    """The entries of a matrix, indices, where each row or column begins, and whether it is columns."""
    if isinstance(A, (*_CSR, *_CSC)):
        return A.data, A.indices, A.indptr, isinstance(A, _CSC)
    data, row, col = coordinates(A)
    indices, indptr, place = places(row, col, A.shape)
    return scatter_add(np.zeros(np.size(indices), data.dtype), (place,), data), indices, indptr, False


def pattern_of(A):
    """Where a matrix has entries."""
    is_array = isinstance(A, sparse.sparray)
    if isinstance(A, (*_CSR, *_CSC)):
        return "csc" if isinstance(A, _CSC) else "csr", A.indices, A.indptr, A.shape, is_array
    _, row, col = coordinates(A)
    return "coo", row, col, A.shape, is_array


def entries_of(A):
    """The entries of a matrix, in the order of its pattern."""
    return A.data if isinstance(A, (*_CSR, *_CSC)) else coordinates(A)[0]


def made(form, is_array, data, first, second, shape):
    """A matrix of a form; of none, one of which only the entries are known."""
    if form == "csr":
        return CsrArray(data, first, second, shape) if is_array else CsrMatrix(data, first, second, shape)
    if form == "csc":
        return CscArray(data, first, second, shape) if is_array else CscMatrix(data, first, second, shape)
    if form == "coo":
        return CooArray(data, first, second, shape) if is_array else CooMatrix(data, first, second, shape)
    if form is None:
        return OtherArray(data, first, second, shape) if is_array else OtherMatrix(data, first, second, shape)
    raise NoRuleError("a sparse matrix of another format than csr, csc and coo has no rule", None, "Make one of these.")


def of_form(A, form, is_array):
    """A matrix in another form."""
    if form == "coo" or form is None:
        return made(form, is_array, *coordinates(A), A.shape)
    if isinstance(A, (*_CSR, *_CSC)):
        if isinstance(A, _CSC) == (form == "csc"):
            return made(form, is_array, A.data, A.indices, A.indptr, A.shape)
        turn = sparse.csc_array if form == "csc" else sparse.csr_array
        indices, indptr, which, _ = moved(turn, pattern_of(A), form, (), {})
        return made(form, is_array, A.data[which], indices, indptr, A.shape)
    data, row, col = coordinates(A)
    m, n = A.shape
    if form == "csc":
        data, indices, indptr, _ = compressed_parts(OtherMatrix(data, col, row, (n, m)))
    else:
        data, indices, indptr, _ = compressed_parts(OtherMatrix(data, row, col, (m, n)))
    return made(form, is_array, data, indices, indptr, (m, n))


def moved_of(function, A, form, is_array, *args, **kwargs):
    """What a function that only moves entries makes of one matrix."""
    first, second, which, shape = moved(function, pattern_of(A), form or "coo", args, kwargs)
    return made(form, is_array, entries_of(A)[which], first, second, shape)


def moved_of_all(function, matrices, form, is_array, *args, **kwargs):
    """What a function that only moves entries makes of a list of matrices."""
    first, second, which, shape = moved(function, [pattern_of(A) for A in matrices], form or "coo", args, kwargs)
    return made(form, is_array, np.concatenate([entries_of(A) for A in matrices])[which], first, second, shape)


def dense(data, indices, indptr, shape, by_columns=False):
    """A matrix as an array."""
    return compressed(data, indices, indptr, shape, by_columns).toarray()


@adjoint(dense)
def dense_adjoint(y, data, y_bar, indices, indptr, shape, by_columns=False):
    """Each entry is in one place."""
    return y_bar[indices, rows_of(indices, indptr)] if by_columns else y_bar[rows_of(indices, indptr), indices]


multilinear(dense)
memory("fresh", dense)


@result_type(dense)
def dense_type(data, indices, indptr, shape, by_columns=False):
    return Array(as_array(data).dtype, as_shape(shape))


# ---------------------------------------------------------------------------------------------------------------------
# Matrices as objects
# ---------------------------------------------------------------------------------------------------------------------


def with_entries(A, data):
    """A matrix with other entries in the same places."""
    is_array = isinstance(A, sparse.sparray)
    if isinstance(A, (*_CSR, *_CSC)):
        return made(form_of(A), is_array, data, A.indices, A.indptr, A.shape)
    _, row, col = coordinates(A)
    return made(form_of(A), is_array, data, row, col, A.shape)


def apart(A, copy):
    """A matrix, of entries of its own where these are to be copied."""
    return with_entries(A, entries_of(A).copy()) if copy else A


def scaled(A, factor):
    """A matrix times a number."""
    return with_entries(A, entries_of(A) * factor)


def form_of(A):
    """The form of the result of an operation on a matrix."""
    return "csr" if isinstance(A, _CSR) else "csc" if isinstance(A, _CSC) else "coo" if isinstance(A, _COO) else None


def sum_of(A, B, sign):
    """A + B, or A - B, with an entry wherever one of them has one."""
    if not isinstance(B, _SPARSE):
        if isinstance(B, (int, float)) and B == 0:
            return A
        raise NoRuleError("a sparse matrix plus an array has no rule", None, "Use A.toarray() + B.")
    is_array = isinstance(A, sparse.sparray) or isinstance(B, sparse.sparray)
    a, row_a, col_a = coordinates(A)
    b, row_b, col_b = coordinates(B)
    rows, columns = np.concatenate((row_a, row_b)), np.concatenate((col_a, col_b))
    both = OtherMatrix(np.concatenate((a, b if sign == 1 else -b)), rows, columns, A.shape)
    return of_form(both, "csc" if isinstance(A, _CSC) else "csr", is_array)


def pairs(indices, indptr):
    """The entries of two matrices that meet in their product: for each of A's, by the columns that they are in, all of B's in
    that row, where B's rows begin at `indptr`."""
    counts = np.diff(indptr)[indices]
    first = np.repeat(np.arange(np.size(indices)), counts)
    within = np.arange(np.size(first)) - np.repeat(np.cumsum(counts) - counts, counts)
    return first, indptr[indices[first]] + within


nondifferentiable(pairs)


@result_type(pairs)
def pairs_type(indices, indptr):
    found = Array(np.dtype(int), (fresh_size("pairs"),))
    return Tuple((found, found))


def product_of(A, B):
    """A B, of a vector, an array or another matrix."""
    if not isinstance(B, _SPARSE):
        data, indices, indptr, by_columns = compressed_parts(A)
        return product(data, np.asarray(B), indices, indptr, A.shape, by_columns)
    is_array = isinstance(A, sparse.sparray) or isinstance(B, sparse.sparray)
    a, rows, columns = coordinates(A)
    right = of_form(B, "csr", is_array)
    first, second = pairs(columns, right.indptr)
    shape = (A.shape[0], B.shape[1])
    all_of_them = OtherMatrix(a[first] * right.data[second], rows[first], right.indices[second], shape)
    return of_form(all_of_them, "csc" if isinstance(A, _CSC) else "csr", is_array)


def at_places(b, row, col):
    """What an array that is broadcast has in some places of a matrix."""
    if b.ndim == 1:
        return b[col]
    return b[row if b.shape[0] != 1 else np.zeros_like(row), col if b.shape[1] != 1 else np.zeros_like(col)]


def times(A, B):
    """A times B in each entry, that has those of A in the places where both are."""
    if isinstance(B, (int, float, complex)) or (not isinstance(B, _SPARSE) and np.ndim(B) == 0):
        return scaled(A, B)
    data, row, col = coordinates(A)
    is_array = isinstance(A, sparse.sparray)
    if isinstance(B, _SPARSE):
        if not isinstance(A, (*_CSR, *_CSC)):  # whose entries are not in one place each
            return times(of_form(A, "csr", is_array), B)
        other = of_form(B, "csr", is_array)
        there = numbers_in(operator.getitem, pattern_of(other), (row, col))
        both = np.nonzero(there)[0]
        found = data[both] * other.data[there[both] - 1]
        return of_form(OtherMatrix(found, row[both], col[both], A.shape), form_of(A), is_array)
    return made(None, is_array, data * at_places(np.asarray(B), row, col), row, col, A.shape)


def transposed(A, axes=None, copy=False):
    """Aᵀ."""
    m, n = A.shape
    is_array = isinstance(A, sparse.sparray)
    if isinstance(A, _CSR):
        return made("csc", is_array, A.data, A.indices, A.indptr, (n, m))
    if isinstance(A, _CSC):
        return made("csr", is_array, A.data, A.indices, A.indptr, (n, m))
    data, row, col = coordinates(A)
    return made("coo" if isinstance(A, _COO) else None, is_array, data, col, row, (n, m))


def left_product(x, A):
    """x A."""
    x = np.asarray(x)
    return product_of(transposed(A), x) if x.ndim == 1 else product_of(transposed(A), x.T).T


def distinct(indices, indptr):
    """The indices of a pattern, which has each place once."""
    numbers = sparse.csr_array(
        (np.ones(np.size(indices)), indices, indptr), (np.size(indptr) - 1, np.max(indices, initial=0) + 1)
    )
    numbers.sum_duplicates()
    if numbers.nnz < np.size(indices):
        raise NoRuleError("a function of the entries of a matrix with several in one place has no rule", None, "Sum these up.")
    return indices


nondifferentiable(distinct)


@result_type(distinct)
def distinct_type(indices, indptr):
    return as_array(indices)


def in_order(rows, columns):
    """The rows of entries that come row by row, each place once, as SciPy leaves them behind a function of each entry."""
    after = (rows[1:] > rows[:-1]) | ((rows[1:] == rows[:-1]) & (columns[1:] > columns[:-1]))
    if not np.all(after):
        raise NoRuleError("a function of entries that are not in order has no rule", None, "Call tocsr() first.")
    return rows


nondifferentiable(in_order)


@result_type(in_order)
def in_order_type(rows, columns):
    return as_array(rows)


def changed(A, function, *args):
    """A matrix with a function of each entry, that has one of 0 as well."""
    is_array = isinstance(A, sparse.sparray)
    if isinstance(A, _COO):
        data, row, col = coordinates(A)
        A = made("coo", is_array, data, in_order(row, col), col, A.shape)
    if isinstance(A, (*_CSR, *_CSC)):
        form = "csc" if isinstance(A, _CSC) else "csr"
        return made(form, is_array, function(A.data, *args), distinct(A.indices, A.indptr), A.indptr, A.shape)
    B = of_form(A, "csr", is_array)
    return of_form(made("csr", is_array, function(B.data, *args), B.indices, B.indptr, B.shape), form_of(A), is_array)


def entry(A, key):
    """What an index takes: an entry, or a part that is a matrix."""
    B = A if isinstance(A, (*_CSR, *_CSC)) else of_form(A, "csr", isinstance(A, sparse.sparray))
    if isinstance(key, tuple) and len(key) == 2 and all(np.ndim(k) == 0 and not isinstance(k, slice) for k in key):
        return np.concatenate((np.zeros(1, B.data.dtype), B.data))[numbers_in(operator.getitem, pattern_of(B), key)[()]]
    if isinstance(A, sparse.sparray) and not (isinstance(key, tuple) and all(isinstance(k, slice) for k in key)):
        raise NoRuleError("a part of a sparse array with one axis has no rule", None, "Use slices, A[i : i + 1].")
    return moved_of(operator.getitem, B, form_of(B), isinstance(A, sparse.sparray), key)


def whole(A):
    """A matrix as SciPy's own, for what is not followed."""
    return own_of(entries_of(A), pattern_of(A))


class Sparse:
    """What all matrices do."""

    __sct_whole__ = whole

    __array_priority__ = 10.1  # so that arrays leave operators to it

    def __matmul__(self, other):
        return product_of(self, other)

    def __rmatmul__(self, other):
        return left_product(other, self)

    def dot(self, other):
        return scaled(self, other) if not isinstance(other, _SPARSE) and np.ndim(other) == 0 else product_of(self, other)

    def __add__(self, other):
        return sum_of(self, other, 1)

    def __radd__(self, other):
        return sum_of(self, other, 1)

    def __sub__(self, other):
        return sum_of(self, other, -1)

    def __neg__(self):
        return with_entries(self, -entries_of(self))

    def __abs__(self):
        return changed(self, np.abs)

    def __truediv__(self, other):
        return times(self, 1 / other)

    def multiply(self, other):
        return times(self, other)

    def power(self, n, dtype=None):
        return changed(self, np.power, n)

    def sqrt(self):
        return changed(self, np.sqrt)

    def conj(self, copy=True):
        return self if not copy and entries_of(self).dtype.kind != "c" else changed(self, np.conj)

    def conjugate(self, copy=True):
        return self.conj(copy)

    def transpose(self, axes=None, copy=False):
        return apart(transposed(self), copy)

    @property
    def T(self):
        return transposed(self)

    @property
    def format(self):
        return form_of(self)

    @property
    def dtype(self):
        return entries_of(self).dtype

    @property
    def ndim(self):
        return 2

    @property
    def nnz(self):
        return np.size(entries_of(self))

    def getnnz(self, axis=None):
        if axis is not None:
            raise NoRuleError("getnnz along an axis has no rule", None, "Use np.diff(A.indptr).")
        return np.size(entries_of(self))

    def copy(self):
        return with_entries(self, entries_of(self).copy())

    def astype(self, dtype, casting="unsafe", copy=True):
        return with_entries(self, entries_of(self).astype(dtype, copy=copy))

    def tocsr(self, copy=False):
        return apart(of_form(self, "csr", isinstance(self, sparse.sparray)), copy)

    def tocsc(self, copy=False):
        return apart(of_form(self, "csc", isinstance(self, sparse.sparray)), copy)

    def tocoo(self, copy=None):
        copy = isinstance(self, _CSC) if copy is None else copy
        return apart(of_form(self, "coo", isinstance(self, sparse.sparray)), copy)

    def asformat(self, format, copy=False):
        return apart(self if format is None else of_form(self, format, isinstance(self, sparse.sparray)), copy)

    def toarray(self, order=None, out=None):
        data, indices, indptr, by_columns = compressed_parts(self)
        return dense(data, indices, indptr, self.shape, by_columns)

    def diagonal(self, k=0):
        data, indices, indptr, by_columns = compressed_parts(self)
        pattern = ("csc" if by_columns else "csr", indices, indptr, self.shape, True)
        return np.concatenate((np.zeros(1, data.dtype), data))[numbers_in(diagonal_of, pattern, k)]

    def trace(self, offset=0):
        return np.sum(self.diagonal(offset))

    def sum(self, axis=None, dtype=None, out=None):
        if axis is None:
            return np.sum(entries_of(self))
        if not isinstance(self, sparse.sparray):
            raise NoRuleError("a sum along an axis that is an np.matrix has no rule", None, "Use A @ np.ones(n).")
        return product_of(self if axis in (1, -1) else transposed(self), np.ones(self.shape[axis], entries_of(self).dtype))

    def mean(self, axis=None, dtype=None, out=None):
        count = self.shape[0] * self.shape[1] if axis is None else self.shape[axis]
        return self.sum(axis) / count

    def getrow(self, i):
        return moved_of(row_of, of_form(self, "csr", False), "csr", False, i)

    def getcol(self, j):
        return moved_of(column_of, of_form(self, "csr", False), "csr", False, j)

    def __getitem__(self, key):
        return entry(self, key)


def diagonal_of(A, k):
    return A.diagonal(k)


def row_of(A, i):
    return A.getrow(i)


def column_of(A, j):
    return A.getcol(j)


class OfMatrix(Sparse):
    """A sparse matrix, of which `*` is the product of matrices."""

    def __mul__(self, other):
        return scaled(self, other) if not isinstance(other, _SPARSE) and np.ndim(other) == 0 else product_of(self, other)

    def __rmul__(self, other):
        return scaled(self, other) if np.ndim(other) == 0 else left_product(other, self)


class OfArray(Sparse):
    """A sparse array, of which `*` is the product of entries."""

    def __mul__(self, other):
        return times(self, other)

    def __rmul__(self, other):
        return times(self, other)


class Compressed:
    """What has compressed rows or columns."""

    def __init__(self, data, indices, indptr, shape):
        self.data = data
        self.indices = indices
        self.indptr = indptr
        self.shape = shape


class Coordinates:
    """What has coordinates."""

    def __init__(self, data, row, col, shape):
        self.data = data
        self.row = row
        self.col = col
        self.shape = shape

    @property
    def coords(self):
        return self.row, self.col


class Other:
    """What has a form of which nothing is said."""

    def __init__(self, entries, rows, columns, shape):
        self.entries = entries
        self.rows = rows
        self.columns = columns
        self.shape = shape


class CsrMatrix(Compressed, OfMatrix):
    __sct_stands_for__ = sparse.csr_matrix


class CsrArray(Compressed, OfArray):
    __sct_stands_for__ = sparse.csr_array


class CscMatrix(Compressed, OfMatrix):
    __sct_stands_for__ = sparse.csc_matrix


class CscArray(Compressed, OfArray):
    __sct_stands_for__ = sparse.csc_array


class CooMatrix(Coordinates, OfMatrix):
    __sct_stands_for__ = sparse.coo_matrix


class CooArray(Coordinates, OfArray):
    __sct_stands_for__ = sparse.coo_array


class OtherMatrix(Other, OfMatrix):
    __sct_stands_for__ = sparse.spmatrix


class OtherArray(Other, OfArray):
    __sct_stands_for__ = sparse.sparray


class Fields:
    """What SciPy's own matrices have as properties, and those that stand for them as fields."""

    @property
    def shape(self):
        return self._shape

    @property
    def row(self):
        return self.coords[0]

    @property
    def col(self):
        return self.coords[1]


def place_in(key, shape):
    """The place of one entry by an index, which may count from the end."""
    if not (isinstance(key, tuple) and len(key) == 2) or any(isinstance(k, slice) or np.ndim(k) > 0 for k in key):
        raise NoRuleError("several entries of a matrix that is filled have no rule", None, "Write them one by one.")
    return key[0] % shape[0], key[1] % shape[1]


class Filled:
    """What is filled entry by entry."""

    def __init__(self, arg1, dtype):
        if not isinstance(arg1, tuple) or np.ndim(arg1[0]) > 0 or dtype not in (None, float, "d", "float64"):
            raise NoRuleError(
                "a sparse matrix to be filled has a rule if it is empty at first, of real numbers",
                None,
                "Use tocsr, or csr_matrix.",
            )
        self.shape = arg1
        self.by_place = {}

    def __getitem__(self, key):
        return self.by_place.get(place_in(key, self.shape), np.float64(0.0))

    def __setitem__(self, key, value):
        self.by_place[place_in(key, self.shape)] = np.float64(value)

    @property
    def entries(self):
        return np.array([self.by_place[place] for place in self.by_place], float)

    @property
    def rows(self):
        return np.array([place[0] for place in self.by_place], int)

    @property
    def columns(self):
        return np.array([place[1] for place in self.by_place], int)


class FilledMatrix(Filled, OfMatrix):
    __sct_stands_for__ = sparse.spmatrix


class FilledArray(Filled, OfArray):
    __sct_stands_for__ = sparse.sparray


@followed(sparse.lil_matrix)
@followed(sparse.dok_matrix)
def filled_matrix(arg1, shape=None, dtype=None, copy=False):
    """Filled entry by entry, and then made one of another format."""
    return FilledMatrix(arg1, dtype)


@followed(sparse.lil_array)
@followed(sparse.dok_array)
def filled_array(arg1, shape=None, dtype=None, copy=False):
    """As matrices."""
    return FilledArray(arg1, dtype)


def _register_classes():
    """Follow what SciPy's own matrices do as what those do that stand for them."""
    for kind, base in (("matrix", OfMatrix), ("array", OfArray)):
        own = {**vars(Fields), **vars(Sparse), **vars(base)}
        for form in ("csr", "csc", "coo", "bsr", "dia", "dok", "lil"):
            for name, function in own.items():
                theirs = getattr_static(getattr(sparse, f"{form}_{kind}"), name, None)
                if isinstance(function, property) and isinstance(theirs, property):
                    composition(theirs.fget, rounded=True)(function.fget)
                elif isinstance(function, FunctionType) and isinstance(theirs, FunctionType):
                    composition(theirs, rounded=True)(function)


_register_classes()


# ---------------------------------------------------------------------------------------------------------------------
# Making matrices
# ---------------------------------------------------------------------------------------------------------------------


def other_than_zero(array):
    """The entries of an array that are other than zero, and their coordinates."""
    row, col = np.nonzero(array)
    return array[row, col], row, col


@adjoint(other_than_zero)
def other_than_zero_adjoint(y, array, y_bar):
    """None: what is zero has a derivative too, but no place in the matrix."""
    if np.ndim(array) == 2:
        raise NotImplementedError(
            "what is zero has a derivative too, and no place: use csr_matrix((a[rows, cols], (rows, cols)))"
        )
    return np.zeros_like(array)


@result_type(other_than_zero)
def other_than_zero_type(array):
    n = fresh_size("entries")
    return Tuple((Array(as_array(array).dtype, (n,)), *(Array(np.dtype(int), (n,)),) * 2))


def of_given(form, is_array, arg1, shape, dtype):
    """A matrix of what its class is called with: another matrix, an array, entries and coordinates, or compressed rows."""
    if isinstance(arg1, _SPARSE):
        return of_form(arg1, form, is_array)
    if not isinstance(arg1, tuple):
        array = np.asarray(arg1)
        return of_form(OtherMatrix(*other_than_zero(array), array.shape), form, is_array)
    if len(arg1) == 2 and isinstance(arg1[1], (tuple, list)):
        row, col = np.asarray(arg1[1][0]), np.asarray(arg1[1][1])
        shape = (int(np.max(row)) + 1, int(np.max(col)) + 1) if shape is None else shape
        return of_form(OtherMatrix(np.asarray(arg1[0]), row, col, shape), form, is_array)
    if len(arg1) == 3 and form != "coo":
        data, indices, indptr = np.asarray(arg1[0]), np.asarray(arg1[1]), np.asarray(arg1[2])
        if shape is None:
            long, short = np.size(indptr) - 1, int(np.max(indices)) + 1
            shape = (short, long) if form == "csc" else (long, short)
        return made(form, is_array, data, indices, indptr, shape)
    raise NoRuleError("an empty sparse matrix has no rule", None, "Make it of its entries: (data, (rows, columns)).")


def _register_constructor(form, kind):
    """Follow a class of matrices."""
    text = (
        f"def {form}_{kind}(arg1, shape=None, dtype=None, copy=False, *, maxprint=None):\n"
        f"    made = of_given({form!r}, {kind == 'array'}, arg1, shape, dtype)\n"
        f"    return made if dtype is None else made.astype(dtype)\n"
    )
    function = written(
        f"{form}_{kind}", text, f"<sct rule scipy.sparse.{form}_{kind}>", {"of_given": of_given, "__name__": __name__}
    )
    composition(getattr(sparse, f"{form}_{kind}"), rounded=True)(function)


for _form in ("csr", "csc", "coo"):
    _register_constructor(_form, "matrix")
    _register_constructor(_form, "array")


def is_array_of(matrices):
    """Whether one of several matrices is a sparse array, and so what is made of them."""
    return any(isinstance(A, sparse.sparray) for A in matrices)


def as_sparse(A):
    """A matrix, be it sparse or not."""
    return A if isinstance(A, _SPARSE) else of_given("coo", False, np.atleast_2d(A), None, None)


@followed(sparse.hstack)
def hstack(blocks, format=None, dtype=None):
    """Matrices beside one another."""
    return joined(sparse.hstack, blocks, format)


@followed(sparse.vstack)
def vstack(blocks, format=None, dtype=None):
    """Matrices below one another."""
    return joined(sparse.vstack, blocks, format)


@followed(sparse.block_diag)
def block_diag(mats, format=None, dtype=None):
    """Matrices along the diagonal."""
    return joined(sparse.block_diag, mats, format)


def joined(function, blocks, form):
    """What a function makes of several matrices that it puts into one."""
    matrices = [as_sparse(A) for A in blocks]
    return moved_of_all(function, matrices, form, is_array_of(matrices))


def in_rows(matrices, places, shape):
    """Matrices in their places among rows and columns of blocks; the places without one are empty."""
    rows = [[None] * shape[1] for _ in range(shape[0])]
    for A, (i, j) in zip(matrices, places, strict=True):
        rows[i][j] = A
    return sparse.bmat(rows)


@followed(sparse.bmat)
def bmat(blocks, format=None, dtype=None):
    """Blocks of matrices, or None, in rows."""
    return of_blocks(blocks, format, False)


@followed(sparse.block_array)
def block_array(blocks, *, format=None, dtype=None):
    """As bmat."""
    return of_blocks(blocks, format, True)


def of_blocks(blocks, form, is_array):
    """Blocks of matrices, or None, in rows."""
    shape = (len(blocks), len(blocks[0]))
    matrices = [as_sparse(A) for row in blocks for A in row if A is not None]
    places = [(i, j) for i in range(shape[0]) for j in range(shape[1]) if blocks[i][j] is not None]
    return moved_of_all(in_rows, matrices, form, is_array or is_array_of(matrices), places, shape)


def on_diagonals(length_of_each, offsets, shape):
    """The coordinates of the entries of diagonals, and which of these one after another each is; a diagonal of one entry has
    that everywhere."""
    numbers, begin = [], 1
    for n in length_of_each:
        numbers.append(np.arange(begin, begin + n))
        begin += n
    made = sparse.diags_array(numbers, offsets=offsets, shape=shape, dtype=int).tocoo()
    return made.data - 1, *made.coords, made.shape


nondifferentiable(on_diagonals)


@result_type(on_diagonals)
def on_diagonals_type(length_of_each, offsets, shape):
    n = fresh_size("entries")
    sizes = tuple(fresh_size(kind) for kind in ("rows", "columns"))
    return Tuple((Array(np.dtype(int), (n,)), *(Array(_INDEX, (n,)),) * 2, Tuple(tuple(Scalar(int, size) for size in sizes))))


def of_diagonals(diagonals, offsets, shape, form, is_array):
    """A matrix of diagonals, each at its offset."""
    if np.ndim(offsets) == 0 and np.ndim(diagonals[0]) == 0:
        diagonals = [np.asarray(diagonals)]
    each = [np.atleast_1d(d) for d in diagonals]
    which, row, col, shape = on_diagonals([np.size(d) for d in each], np.atleast_1d(offsets), shape)
    return of_form(OtherMatrix(np.concatenate(each)[which], row, col, shape), form, is_array)


@followed(sparse.diags)
def diags(diagonals, offsets=0, shape=None, format=None, dtype=None):
    """A matrix of diagonals."""
    return of_diagonals(diagonals, offsets, shape, format, False)


@followed(sparse.diags_array)
def diags_array(diagonals, /, *, offsets=0, shape=None, format=None, dtype=None):
    """As diags."""
    return of_diagonals(diagonals, offsets, shape, format, True)


@followed(sparse.spdiags)
def spdiags(data, diags, m=None, n=None, format=None):
    """Rows of diagonals, in which each entry has the place of its column."""
    data, offsets = np.atleast_2d(data), np.atleast_1d(diags)
    shape = (len(data[0]), len(data[0])) if m is None else m if n is None else (m, n)
    row, which, col = entries_of_rows(offsets, data.shape[1], shape)
    return of_form(OtherMatrix(data[which, col], row, col, shape), format, False)


def entries_of_rows(offsets, length, shape):
    """The rows, the diagonals and the columns of what is inside of a matrix."""
    which, col = np.nonzero(np.ones((np.size(offsets), min(length, shape[1]))))
    row = col - offsets[which]
    inside = (row >= 0) & (row < shape[0])
    return row[inside], which[inside], col[inside]


nondifferentiable(entries_of_rows)


@result_type(entries_of_rows)
def entries_of_rows_type(offsets, length, shape):
    return Tuple((Array(np.dtype(int), (fresh_size("entries"),)),) * 3)


@followed(sparse.eye)
def eye(m, n=None, k=0, dtype=float, format=None):
    """Ones on a diagonal."""
    return ones_on_diagonal(m, n, k, dtype, format, False)


@followed(sparse.eye_array)
def eye_array(m, n=None, *, k=0, dtype=float, format=None):
    """As eye."""
    return ones_on_diagonal(m, n, k, dtype, format, True)


@followed(sparse.identity)
def identity(n, dtype="d", format=None):
    """As eye."""
    return ones_on_diagonal(n, None, 0, dtype, format, False)


def ones_on_diagonal(m, n, k, dtype, form, is_array):
    """Ones on a diagonal."""
    columns = m if n is None else n
    row = np.arange(max(0, -k), min(m, columns - k))
    return of_form(OtherMatrix(np.ones(np.size(row), dtype), row, row + k, (m, columns)), form, is_array)


@followed(sparse.kron)
def kron(A, B, format=None):
    """Each entry of A times B."""
    A, B = as_sparse(A), as_sparse(B)
    a, row_a, col_a = coordinates(A)
    b, row_b, col_b = coordinates(B)
    (rows, columns), (m, n) = A.shape, B.shape
    row, col = np.add.outer(m * row_a, row_b), np.add.outer(n * col_a, col_b)
    product = OtherMatrix(np.ravel(np.outer(a, b)), np.ravel(row), np.ravel(col), (rows * m, columns * n))
    return of_form(product, format, is_array_of([A, B]))


@followed(sparse.kronsum)
def kronsum(A, B, format=None):
    """I ⊗ A + B ⊗ I."""
    A, B = as_sparse(A), as_sparse(B)
    left, right = kron(sparse.identity(B.shape[0]), A), kron(B, sparse.identity(A.shape[0]))
    return of_form(sum_of(left, right, 1), "csr" if format is None else format, is_array_of([A, B]))


@followed(sparse.tril)
def tril(A, k=0, format=None):
    """What is on a diagonal or below it."""
    return moved_of(sparse.tril, as_sparse(A), format, isinstance(A, sparse.sparray), k)


@followed(sparse.triu)
def triu(A, k=0, format=None):
    """What is on a diagonal or above it."""
    return moved_of(sparse.triu, as_sparse(A), format, isinstance(A, sparse.sparray), k)


@followed(sparse.issparse)
def issparse(x):
    """Whether something is a sparse matrix."""
    return isinstance(x, _SPARSE)


# ---------------------------------------------------------------------------------------------------------------------
# Systems
# ---------------------------------------------------------------------------------------------------------------------


def columns_of(A):
    """The entries of A, or of Aᵀ, by compressed columns, and which of them it is: the other one's rows are these columns."""
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"matrix must be square (has shape {A.shape})")
    data, indices, indptr, by_columns = compressed_parts(A)
    return data, indices, indptr, "N" if by_columns else "T"


@followed(linalg.spsolve)
def spsolve(A, b, permc_spec=None, use_umfpack=True):
    """By the factors of SuperLU, which the derivative has use of too."""
    if isinstance(b, _SPARSE):
        raise NoRuleError("a sparse right-hand side has no rule", None, "Use b.toarray().")
    b = np.asarray(b)
    if b.ndim == 2 and b.shape[1] == 1:
        b = b[:, 0]
    data, indices, indptr, trans = columns_of(A)
    factors = factors_of(data, indices, indptr, b, permc_spec=permc_spec)
    return solution(data, b, indices, indptr, factors, trans)


class Factors:
    """What splu gives."""

    __sct_stands_for__ = linalg.SuperLU

    def __init__(self, data, indices, indptr, factors, shape):
        self.data = data
        self.indices = indices
        self.indptr = indptr
        self.factors = factors
        self.shape = shape

    def solve(self, rhs, trans="N"):
        if trans == "H":
            return conjugate(solution(self.data, conjugate(rhs), self.indices, self.indptr, self.factors, "T"))
        return solution(self.data, np.asarray(rhs), self.indices, self.indptr, self.factors, trans)


@followed(linalg.splu)
def splu(A, permc_spec=None, diag_pivot_thresh=None, relax=None, panel_size=None, options=None):
    """Its factors."""
    B = of_form(A, "csc", False)
    factors = factors_or_error(B.data, B.indices, B.indptr, permc_spec, diag_pivot_thresh, relax, panel_size, options)
    return Factors(B.data, B.indices, B.indptr, factors, B.shape)


def factors_or_error(data, indices, indptr, *options):
    """The factors of a matrix whose columns are compressed."""
    n = np.size(indptr) - 1
    return linalg.splu(sparse.csc_array((data, indices, indptr), (n, n)), *options)


nondifferentiable(factors_or_error)


@followed(linalg.factorized)
def factorized(A):
    """What solves a system."""
    return splu(A).solve


@followed(linalg.norm)
def norm(x, ord=None, axis=None):
    """That of the entries, or the largest sum of their sizes in a column or row."""
    if axis is not None or ord not in (None, "f", "fro", 1, np.inf):
        raise NoRuleError("a norm of a sparse matrix of another order than fro, 1 and inf has no rule", None, "Use these.")
    A = x if isinstance(x, (*_CSR, *_CSC)) else of_form(x, "csr", True)
    if ord in (None, "f", "fro"):
        distinct(A.indices, A.indptr)
        return np.linalg.norm(A.data)
    sizes = changed(A, np.abs)
    return np.max(product_of(transposed(sizes) if ord == 1 else sizes, np.ones(A.shape[0 if ord == 1 else 1])))


def triangle(data, b, indices, indptr, trans, lower, unit_diagonal):
    """The x of A x = b, or of Aᵀ x = b, by one triangle of A, whose columns are compressed."""
    n = np.size(indptr) - 1
    A = sparse.csc_array((data, indices, indptr), (n, n))
    return linalg.spsolve_triangular(A if trans == "N" else A.T, b, lower, unit_diagonal=unit_diagonal)


@adjoint(triangle)
def triangle_adjoint(x, data, b, x_bar, indices, indptr, trans, lower, unit_diagonal):
    """As that of solution, where the triangle has entries."""
    b_bar = triangle(data, x_bar, indices, indptr, "T" if trans == "N" else "N", not lower, unit_diagonal)
    found = -sampled(b_bar, x, indices, indptr, True) if trans == "N" else -sampled(x, b_bar, indices, indptr, True)
    below = indices - rows_of(indices, indptr) if (trans == "N") == lower else rows_of(indices, indptr) - indices
    return np.where(below > 0 if unit_diagonal else below >= 0, found, 0.0), b_bar


@result_type(triangle)
def triangle_type(data, b, indices, indptr, trans, lower, unit_diagonal):
    return solution_type(data, b, indices, indptr, None)


@followed(linalg.spsolve_triangular)
def spsolve_triangular(A, b, lower=True, overwrite_A=False, overwrite_b=False, unit_diagonal=False):
    """By what is below or above the diagonal."""
    data, indices, indptr, trans = columns_of(A)
    return triangle(data, np.asarray(b), indices, indptr, trans, lower, unit_diagonal)


# ---------------------------------------------------------------------------------------------------------------------
# Systems by iterations
# ---------------------------------------------------------------------------------------------------------------------


def iterated(data, b, indices, indptr, shape, by_columns, solver, x0, M, settings, ended=None):
    """What a solver by iterations gives: x, and 0 if it has converged. `ended`: what it has said of the primal, if this is the
    adjoint; a warning says where one of the two has not converged."""
    x, info = solver(compressed(data, indices, indptr, shape, by_columns), b, x0, M=M, **settings)
    if ended is not None and (ended != 0 or info != 0):
        name = solver.__name__
        warnings.warn(f"{name} did not converge: the derivative is not that of a solution", RuntimeWarning, stacklevel=3)
    return x, info


@adjoint(iterated, absent=True)
def iterated_adjoint(result, data, b, result_bar, indices, indptr, shape, by_columns, solver, x0, M, settings, ended=None):
    """At the solution, A x = b: b̄ of Aᵀ b̄ = x̄ by the same solver to the same accuracy, and Ā is -b̄ xᵀ where A has entries
    (Christianson 1994, "Reverse accumulation and attractive fixed points"). M is used of solvers of symmetric systems."""
    x, info = result
    x_bar, _ = result_bar
    turned = M if solver is linalg.cg or solver is linalg.minres else None
    b_bar, _ = iterated(data, x_bar, indices, indptr, shape[::-1], not by_columns, solver, None, turned, settings, info)
    return -sampled(b_bar, x, indices, indptr, by_columns), b_bar


@result_type(iterated)
def iterated_type(data, b, indices, indptr, shape, by_columns, solver, x0, M, settings, ended=None):
    dtype = _common(data, b)
    x = Array(None if dtype is None else np.result_type(dtype, np.float32), as_array(b).shape)
    return Tuple((x, Scalar(int)))


def iterations(solver, A, b, x0, M, **settings):
    """A call of a solver by iterations; what is given as None is the solver's own."""
    if not isinstance(A, _SPARSE):
        raise NoRuleError("a solver by iterations of an operator has no rule", None, "Give it a sparse matrix.")
    b = np.asarray(b)
    if b.ndim != 1:
        raise NoRuleError("a solver by iterations has no rule of right-hand sides in a matrix", None, "Give it a vector.")
    data, indices, indptr, by_columns = compressed_parts(A)
    given = {k: v for k, v in settings.items() if v is not None}
    return iterated(data, b, indices, indptr, A.shape, by_columns, solver, x0, M, given)


def _by_iterations(name, *further):
    """Follow a solver of scipy.sparse.linalg, whose settings have these names besides its own."""
    settings = ", ".join(f"{s}=None" for s in ("rtol", "maxiter", *further))
    passed = ", ".join(f"{s}={s}" for s in ("rtol", "maxiter", *further))
    text = f"def {name}(A, b, x0=None, *, M=None, {settings}):\n    return iterations(linalg.{name}, A, b, x0, M, {passed})\n"
    names = {"iterations": iterations, "linalg": linalg, "__name__": __name__}
    function = written(name, text, f"<sct rule scipy.sparse.linalg.{name}>", names)
    function.__doc__ = "At its solution."
    composition(getattr(linalg, name), rounded=True)(function)


for _name in ("bicg", "bicgstab", "cg", "cgs", "tfqmr"):
    _by_iterations(_name, "atol")
for _name in ("gmres", "lgmres", "gcrotmk"):
    _by_iterations(_name, "atol", *{"gmres": ("restart",), "lgmres": ("inner_m", "outer_k"), "gcrotmk": ("m", "k")}[_name])
_by_iterations("minres", "shift")

# ---------------------------------------------------------------------------------------------------------------------
# Others
# ---------------------------------------------------------------------------------------------------------------------

_of, _of_linalg = functools.partial(those_of, sparse), functools.partial(those_of, linalg)
nondifferentiable(*_of("isspmatrix_bsr isspmatrix_coo isspmatrix_csc isspmatrix_csr isspmatrix_dia isspmatrix_dok"))
nondifferentiable(*_of("isspmatrix isspmatrix_lil get_index_dtype safely_cast_index_arrays load_npz save_npz"))
nondifferentiable(*_of_linalg("is_sptriangular spbandwidth"))
refused(
    "Make the matrix of its entries: sparse.csr_matrix((data, (rows, columns)), shape=shape).",
    *_of("bsr_matrix bsr_array dia_matrix dia_array"),
)
refused("Use A.tocoo(), and its row, col and data.", *_of("find extract"))
refused("Reshape or turn its entries: make a matrix of them.", *_of("expand_dims permute_dims swapaxes"))
refused("Make a matrix of a format, as csr_matrix.", sparse.spmatrix, sparse.sparray)
refused("Use scipy.sparse.linalg.spsolve, splu or factorized.", *_of_linalg("inv spilu lsqr lsmr lobpcg use_solver qmr"))
refused("Use scipy.sparse.linalg.norm of the order 1.", *_of_linalg("onenormest"))
refused("Write what it multiplies by as a sparse matrix.", *_of_linalg("LinearOperator aslinearoperator LaplacianNd"))
refused(
    "Use scipy.linalg.expm of A.toarray(), or the steps of a method for differential equations, each by spsolve.",
    *_of_linalg("expm expm_multiply funm_multiply_krylov"),
)
refused("Use products: A @ A.", *_of_linalg("matrix_power"))
refused("Use np.linalg.eigh, eig or svd of A.toarray().", *_of_linalg("eigs eigsh svds"))
effect("acts", *_of("rand random random_array"))
refused("It draws a matrix: draw its entries with numpy.random.Generator.", *_of("rand random random_array"))
refused("It is what splu gives.", linalg.SuperLU)
