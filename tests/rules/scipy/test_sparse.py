"""Sparse matrices of scipy.sparse: made, added, multiplied and solved, against finite differences and dense matrices."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import csgraph, linalg

import sct
from sct.registry.others import meet
from sct.testing import check_rule

meet(sparse)
from sct.rules.scipy import sparse as rules  # noqa: E402

ROWS, COLUMNS = np.array([0, 1, 2, 0, 1]), np.array([0, 1, 2, 1, 2])
V, B = np.array([4.4, 6.5, 8.6, 1.1, -5.1]), np.array([1.0, 2.0, 3.0])
OUTSIDE = sparse.csr_matrix(np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 1.0], [4.0, 0.0, 5.0]]))
TWICE = (np.tile(ROWS, 2), np.tile(COLUMNS, 2))


def of(v, kind=sparse.csr_matrix):
    return kind((v, (ROWS, COLUMNS)), shape=(3, 3))


def changed(v):
    A = OUTSIDE.copy()
    A.data = np.concatenate((v, v[:1]))
    return A


def half(v):
    """A symmetric matrix."""
    return (of(v) + of(v).T + 5 * sparse.eye(3)).tocsr()


def filled(v, b, kind):
    """A system whose matrix is filled entry by entry."""
    A = kind((3, 3))
    for i in range(3):
        A[i, i] += 2 * v[i]
        A[i, i - 1] -= 0.3 * v[i]
    return linalg.spsolve(A.tocsr(), b) * A[0, -1]


def from_lists(v, b, n=3):
    rows, columns, data = [], [], []
    for i in range(n):
        rows.append(i)
        columns.append(i)
        data.append(2 * v[i])
        if i > 0:
            rows += [i, i - 1]
            columns += [i - 1, i]
            data += [-v[i], -v[i]]
    return sparse.coo_matrix((data, (rows, columns)), shape=(n, n)).tocsr() @ b


def newton(v, b, steps=3):
    """Steps of Newton's method, each with a matrix of its own."""
    u = b
    for _ in range(steps):
        A = of(v) + sparse.diags(3 * u**2)
        u = u - linalg.spsolve(A.tocsc(), of(v) @ u + u**3 - b)
    return u


def on_branches(v, b):
    A = of(v)
    if v[0] > 1.0:
        A = A + sparse.eye(3, format="csr")
    for _ in range(2):
        A = 0.1 * A @ A
    A.data *= 2
    A.data[0] = v[1] ** 2
    return sum([A, A.T]) @ b


KINDS = [getattr(sparse, f"{form}_{kind}") for form in ("csr", "csc", "coo") for kind in ("matrix", "array")]
OF_ALL = {
    "A b": lambda A, b: A @ b,
    "Aᵀ b": lambda A, b: A.T @ b,
    "b A": lambda A, b: b @ A,
    "A B": lambda A, b: A @ np.outer(b, b),
    "B A": lambda A, b: np.outer(b, b) @ A,
    "A A": lambda A, b: (A @ A).dot(b),
    "sums": lambda A, b: (2 * A - (A.T * b[0]) / 3 + -A) @ b,
    "scaled rows": lambda A, b: A.multiply(b[:, None]) @ b,
    "entries": lambda A, b: A.multiply(A.T) @ b,
    "powers": lambda A, b: (A.power(2) + abs(A)) @ b,
    "array": lambda A, b: A.toarray() @ b,
    "diagonal": lambda A, b: A.diagonal(1) * b[1:] * A.trace(),
    "sum": lambda A, b: A.sum() * A.mean() * b,
    "converted": lambda A, b: A.tocsc().tocoo().tocsr().asformat("csc") @ b,
    "system": lambda A, b: linalg.spsolve(A.tocsr(), b),
}
OF_ONE = {
    "rows and columns": lambda v, b: of(v)[:2, 1:] @ b[1:] * of(v, sparse.csc_array)[0, 1] * of(v)[2, 0],
    "a row": lambda v, b: of(v).getrow(1) @ b,
    "compressed rows": lambda v, b: sparse.csr_matrix((np.concatenate((v, v[:1])), OUTSIDE.indices, OUTSIDE.indptr)) @ b,
    "entries given": lambda v, b: changed(v) @ b,
    "of arrays": lambda v, b: sparse.vstack([np.eye(3), of(v)]).tocsr() @ b,
    "several in one place": lambda v, b: sparse.csr_matrix((np.concatenate((v, 2 * v)), TWICE)).power(2) @ b,
    "products of entries": lambda v, b: of(v, sparse.csr_array) * of(v, sparse.csr_array).T @ b,
    "matrices are multiplied by *": lambda v, b: of(v) * b + b * of(v),
    "diagonals": lambda v, b: sparse.diags([v[:2], v[2:], b[0]], [-1, 0, 1], shape=(3, 3), format="csr") @ b,
    "a diagonal": lambda v, b: sparse.diags_array(b) @ b,
    "rows of diagonals": lambda v, b: sparse.spdiags(np.stack((b, v[:3])), [0, 1], 3, 3) @ b,
    "Kronecker products": lambda v, b: sparse.kron(of(v), sparse.identity(2)) @ np.concatenate((b, b)),
    "Kronecker sums": lambda v, b: sparse.kronsum(of(v), of(v)) @ np.ravel(np.outer(b, b)),
    "beside": lambda v, b: sparse.hstack([of(v), of(v).T], format="csc").T @ b,
    "below": lambda v, b: sparse.vstack([of(v), 2 * of(v)]) @ b,
    "blocks": lambda v, b: sparse.bmat([[of(v), None], [of(v).T, sparse.eye(3)]], format="csr") @ np.concatenate((b, b)),
    "along the diagonal": lambda v, b: sparse.block_diag([of(v), of(v).T]) @ np.concatenate((b, b)),
    "triangles": lambda v, b: sparse.tril(of(v).T) @ b + sparse.triu(of(v), 1) @ b,
    "norms": lambda v, b: linalg.norm(of(v)) * linalg.norm(of(v), 1) * b[0] + linalg.norm(of(v), np.inf),
    "systems": lambda v, b: linalg.spsolve(of(v, sparse.csc_array), np.outer(b, b)),
    "filled": lambda v, b: filled(v, b, sparse.lil_matrix) + filled(v, b, sparse.dok_array),
    "from lists": from_lists,
    "Newton's method": newton,
    "on branches and in loops": on_branches,
    "a column": lambda v, b: linalg.spsolve(of(v), b[:, None]),
    "factors": lambda v, b: linalg.splu(of(v, sparse.csc_matrix)).solve(np.outer(b, b), "T"),
    "solver": lambda v, b: linalg.factorized(of(v, sparse.csc_matrix))(b),
    "lower triangle": lambda v, b: linalg.spsolve_triangular(sparse.tril(of(v).T, format="csr"), b),
    "unit triangle": lambda v, b: linalg.spsolve_triangular(of(v, sparse.csc_matrix), b, lower=False, unit_diagonal=True),
    "conjugate gradients": lambda v, b: linalg.cg(half(v), b, rtol=1e-13, M=sparse.diags(np.ones(3)))[0],
    "residuals": lambda v, b: linalg.gmres(of(v), b, rtol=1e-13, restart=3)[0] + linalg.minres(half(v), b, rtol=1e-13)[0],
}
_FIRST_ORDER = "conjugate gradients", "residuals", "filled"
OF_OUTSIDE = {
    "A b": lambda b, A: A @ b,
    "Aᵀ b": lambda b, A: A.T @ b,
    "b A": lambda b, A: b @ A,
    "scaled": lambda b, A: (b[0] * A + sparse.diags(b)) @ b,
    "system": lambda b, A: linalg.spsolve(A.tocsc(), b),
    "array": lambda b, A: A.toarray() @ b,
    "shape": lambda b, A: A.shape[0] * b * A.nnz * A.ndim * sparse.issparse(A),
}


def cubes(f):
    return lambda *args: np.sum(f(*args) ** 3)


@pytest.mark.grid(of=60, each=False)
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
@pytest.mark.parametrize("name", OF_ALL)
def test_matrices_of_all_kinds(name, kind):
    f = cubes(lambda v, b: OF_ALL[name](of(v, kind), b))
    sct.check_grads(f, (V, B), wrt=(0, 1), order=2)
    np.testing.assert_allclose(sct.value_and_grad(f)(V, B)[0], f(V, B), rtol=1e-12)


@pytest.mark.grid(of=15, each=False)
@pytest.mark.parametrize("name", OF_ONE)
def test_matrices(name):
    f = cubes(OF_ONE[name])
    sct.check_grads(f, (V, B), wrt=(0, 1), order=1 if name in _FIRST_ORDER else 2)
    np.testing.assert_allclose(sct.value_and_grad(f)(V, B)[0], f(V, B), rtol=1e-12)


@pytest.mark.grid(of=30, each=False)
@pytest.mark.parametrize("name", OF_ONE)
def test_forward_against_reverse(name):
    f, v_dot, b_dot = cubes(OF_ONE[name]), np.cos(V), np.sin(B)
    v_bar, b_bar = sct.grad(f, (0, 1))(V, B)
    np.testing.assert_allclose(sct.jvp(f, (0, 1))(V, B, v_dot, b_dot)[1], v_bar @ v_dot + b_bar @ b_dot, rtol=1e-8)


@pytest.mark.grid(of=30, each=False)
@pytest.mark.parametrize("kind", [*KINDS, sparse.dia_matrix, sparse.lil_matrix, sparse.bsr_array], ids=lambda k: k.__name__)
@pytest.mark.parametrize("name", OF_OUTSIDE)
def test_matrices_from_outside(name, kind):
    A, f = kind(OUTSIDE), cubes(OF_OUTSIDE[name])
    sct.check_grads(f, (B, A), wrt=0)
    np.testing.assert_allclose(sct.value_and_grad(f)(B, A)[0], f(B, A), rtol=1e-12)


@pytest.mark.grid(of=3, each=False)
@pytest.mark.parametrize("by_columns", [False, True])
@pytest.mark.parametrize("more", [(), (2,)])
def test_rules(by_columns, more):
    rng = np.random.default_rng(0)
    A = (sparse.csc_array if by_columns else sparse.csr_array)(rng.normal(size=(3, 4)) * (rng.random((3, 4)) < 0.6))
    x, u = rng.normal(size=(4, *more)), rng.normal(size=(3, *more))
    check_rule(rules.product, A.data, x, A.indices, A.indptr, A.shape, by_columns, wrt=(0, 1), order=2)
    check_rule(rules.sampled, u, x, A.indices, A.indptr, by_columns, wrt=(0, 1), order=2)
    np.testing.assert_allclose(rules.sampled(u, x, A.indices, A.indptr, by_columns), (A.multiply(0) + A != 0).multiply(
        np.outer(u, x) if not more else u @ x.T).asformat(A.format).data)  # fmt: skip


def dense_of(v):
    return np.array([[v[0], v[3], 0.0 * v[0]], [0.0 * v[0], v[1], v[4]], [0.0 * v[0], 0.0 * v[0], v[2]]])


@pytest.mark.parametrize("transform", [sct.grad, sct.hessian])
def test_as_dense_matrices(transform):
    f, g = (lambda v: np.sum(linalg.spsolve(of(v), B) ** 3)), (lambda v: np.sum(np.linalg.solve(dense_of(v), B) ** 3))
    np.testing.assert_allclose(transform(f)(V), transform(g)(V), rtol=1e-10)


def test_single_precision_lists_and_complex_numbers():
    f = cubes(lambda v, b: linalg.spsolve(of(v), b))
    single = sct.grad(f, (0, 1))(V.astype(np.float32), B.astype(np.float32))
    assert [g.dtype for g in single] == [np.float32] * 2
    np.testing.assert_allclose(single[0], sct.grad(f)(V, B), rtol=1e-4)
    np.testing.assert_array_equal(sct.grad(lambda v: f(np.array(v), B))(list(V)), sct.grad(f)(V, B))
    sct.check_grads(lambda v: np.sum(np.abs(of(v) @ (B + 1j * B[::-1])) ** 2), (V + 0.3j,))


def test_the_source():
    def energy(k, b):
        A = sparse.csr_matrix((k, (ROWS, COLUMNS)), shape=(3, 3))
        return b @ (A @ b)

    text = sct.grad(energy, "k").source_for(V, B)
    assert "\n    data_bar = sampled(b, b, indices, indptr, False)\n" in text
    assert text.endswith("    k_bar = data_bar[place]\n    return k_bar\n")


def test_matrices_that_are_singular():
    def f(v):
        return np.sum(linalg.spsolve(of(v * [0.0, 1.0, 1.0, 1.0, 1.0]), B))

    with pytest.warns(linalg.MatrixRankWarning, match="singular"):
        assert np.isnan(sct.grad(f)(V)[1])


def test_solvers_that_do_not_converge_say_so():
    def f(v):
        return np.sum(linalg.bicgstab(of(v), B, maxiter=1)[0])

    with pytest.warns(RuntimeWarning, match="bicgstab did not converge: the derivative is not that of a solution"):
        sct.grad(f)(V)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sct.grad(lambda v: np.sum(linalg.bicgstab(of(v), B)[0]))(V)


def test_what_gets_a_matrix_that_is_not_differentiated():
    def f(x, W):
        return np.sum(x**2) * csgraph.connected_components(sparse.csr_matrix(W))[0]

    np.testing.assert_array_equal(sct.grad(f)(B, np.eye(3)), 6.0 * B)


def rows_filled(v):
    A = sparse.lil_matrix((3, 3))
    A[0, :] = v[:3]
    return A @ B


REFUSED = {
    "rows that are filled": (rows_filled, "several entries of a matrix that is filled", "one by one"),
    "empty": (lambda v: sparse.csr_matrix((3, 3)) @ v[:3], "an empty sparse matrix", "its entries"),
    "a sum": (lambda v: of(v).sum(axis=0), "sum along an axis", "np.ones"),
    "of an array": (lambda v: sparse.csr_matrix(np.outer(v, v)) @ v, "what is zero has a derivative too", "other"),
    "given on": (lambda v: csgraph.connected_components(of(v))[0] * v, "has no derivative rule", "sct.adjoint"),
    "dense": (lambda v: of(v) + np.outer(v[:3], v[:3]), "sparse matrix plus an array", "toarray"),
    "right-hand sides": (lambda v: linalg.spsolve(of(v), OUTSIDE).toarray(), "sparse right-hand side", "toarray"),
    "of itself": (lambda v: of(v).max(), "csr_matrix.max is not supported", "arrays"),
    "exponential": (lambda v: linalg.expm_multiply(of(v), B), "scipy.sparse.linalg.expm_multiply has no", "spsolve"),
    "eigenvalues": (lambda v: linalg.eigsh(of(v), 1)[0], "scipy.sparse.linalg.eigsh has no", "eigh"),
    "powers": (lambda v: of(v) ** 2, "an object of the class csr_matrix", "arrays"),
    "a matrix": (lambda v: of(v), "an object of the class csr_matrix that the function makes, returned", "arrays"),
    "another format": (lambda v: of(v).asformat("bsr") @ B, "another format", "Make one of these"),
    "norm": (lambda v: linalg.norm(of(v), 2), "norm of a sparse matrix of another order", "Use these"),
    "an array": (lambda v: linalg.cg(np.diag(v[:3]), B)[0], "an operator", "sparse matrix"),
}


@pytest.mark.parametrize(
    ("kind", "turn"),
    [
        (sparse.csr_matrix, lambda A: A.tocsr(copy=True)),
        (sparse.csr_matrix, lambda A: A.tocoo()),
        (sparse.csc_matrix, lambda A: A.tocoo()),
        (sparse.csc_array, lambda A: A.tocoo(copy=False)),
        (sparse.coo_array, lambda A: A.transpose(copy=True)),
        (sparse.coo_matrix, lambda A: A.astype(float, copy=False)),
        (sparse.csr_array, lambda A: A.conj(copy=False)),
    ],
)
def test_entries_are_shared_or_copied_as_in_scipy(kind, turn):
    def f(v):
        A = of(1.0 * v, kind)
        B = turn(A)
        A.data[1] = v[0] ** 2
        return np.sum(B.toarray() ** 3) + np.sum(A.toarray() ** 2)

    assert sct.value_and_grad(f)(V)[0] == pytest.approx(f(V), rel=1e-12)
    sct.check_grads(f, (V,))


def test_nothing_but_zeros():
    zeros = np.zeros((3, 3))
    f = lambda v: np.sum((of(v) + sparse.csr_matrix(zeros)).toarray() ** 2)
    np.testing.assert_allclose(sct.grad(f)(V), 2.0 * V)


@pytest.mark.grid(of=3, each=False)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    f, match, advice = REFUSED[name]
    with pytest.raises(sct.SctError, match=match) as caught:
        sct.grad(f if name == "a matrix" else lambda v: np.sum(f(v)))(V)
    assert advice in caught.value.advice


def test_a_matrix_has_no_adjoint():
    with pytest.raises(
        sct.NonDifferentiableArgumentError, match=r"by A, which is an object of the class scipy.sparse.csr_matrix"
    ):
        sct.grad(lambda A, b: np.sum(A @ b))(OUTSIDE, B)


def test_a_function_of_entries_that_are_not_in_order_is_refused():
    def f(v, rows, columns):
        return np.sum(abs(sparse.coo_matrix((v, (rows, columns)), shape=(3, 3))).data * np.arange(3.0))

    v, rows, columns = np.array([1.0, -2.0, 3.0]), np.array([0, 0, 2]), np.array([0, 1, 1])
    sct.check_grads(f, (v, rows, columns), wrt="v")
    for others in ((rows[::-1].copy(), columns), (rows, np.array([1, 1, 1]))):
        with pytest.raises(sct.NoRuleError, match="not in order"):
            sct.grad(f)(v, *others)
