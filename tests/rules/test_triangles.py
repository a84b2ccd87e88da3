"""Systems of triangular matrices, with SciPy and without it: sct.rules.triangles."""

import builtins

import numpy as np
import pytest

import sct
from sct.rules import triangles
from sct.rules.triangles import solve_by_blocks, solve_triangular
from sct.testing import check_rule

_rng = np.random.default_rng(5)


def _system(batch_a, batch_b, n, columns=(2,), dtype=float):
    """A lower triangular matrix and right-hand sides."""
    a, b = (_rng.standard_normal(shape) for shape in ((*batch_a, n, n), (*batch_b, n, *columns)))
    if np.dtype(dtype).kind == "c":
        a, b = a + 1j * _rng.standard_normal(a.shape), b - 1j * b
    return (np.tril(a, -1) / n + 2.0 * np.eye(n)).astype(dtype), b.astype(dtype)


_SHAPES = [
    ((), (), ()),
    ((), (), (2,)),
    ((2,), (), ()),
    ((2,), (2,), (1,)),
    ((), (3,), (2,)),
    ((2, 1), (3,), (2,)),
]
SAMPLES = [
    (solve_triangular, _system(a, b, 3, c, t), {"lower": True}) for a, b, c in _SHAPES for t in (float, np.float32, complex)
] + [(solve_triangular, (np.triu(_system((), (), 3)[0] + 1.0), _rng.standard_normal(3)), {})]


@pytest.fixture
def without_scipy(monkeypatch):
    """SciPy is not to be had."""
    own = builtins.__import__

    def imported(name, *args, **kwargs):
        if name.startswith("scipy"):
            raise ImportError(name)
        return own(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", imported)
    triangles._of_scipy.cache_clear()
    yield
    triangles._of_scipy.cache_clear()


@pytest.fixture
def small(monkeypatch):
    """Small matrices are solved as large ones are."""
    monkeypatch.setattr(triangles, "_SIZE", 1)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: "-".join(f"{a.dtype.char}{a.shape}" for a in s[1]))
def test_against_finite_differences(sample):
    f, args, kwargs = sample
    check_rule(f, *args, **kwargs)


def _check(solve, dtype):
    for batch_a, batch_b, columns in _SHAPES:
        a, b = _system(batch_a, batch_b, 7, columns, dtype)
        for own, lower in ((a, True), (np.swapaxes(a, -1, -2), False)):
            x, expected = solve(own, b, lower), np.linalg.solve(own, b)
            assert x.dtype == expected.dtype and x.shape == expected.shape
            np.testing.assert_allclose(x, expected, rtol=1e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("dtype", [float, np.float32, complex])
def test_by_scipy_and_by_blocks(dtype, small):
    _check(solve_triangular, dtype)
    _check(lambda a, b, lower: solve_by_blocks(a, b, lower, 2), dtype)


def test_without_scipy(small, without_scipy):
    assert triangles._of_scipy() is None
    _check(solve_triangular, float)


def test_a_zero_on_the_diagonal_raises_as_ever(small):
    a = np.tril(np.ones((3, 3)))
    a[1, 1] = 0.0
    with pytest.raises(np.linalg.LinAlgError):
        solve_triangular(a, np.ones(3), lower=True)


def factor(A, b):
    L = np.linalg.cholesky(A @ A.T + np.eye(3))
    return np.sum(np.linalg.solve(L, b) ** 2) + np.sum(np.linalg.solve(L.T, b))


def upper_factor(A, b):
    U = np.linalg.cholesky(A @ A.T + np.eye(3), upper=True)
    return np.sum(np.linalg.solve(U, b) ** 2)


def of_qr(A, b):
    q, r = np.linalg.qr(A)
    return np.sum(np.linalg.solve(2.0 * r, q.T @ b) ** 2)


def parts(A, b):
    L = np.tril(A) / 2.0 + np.diag(b) - np.tril(A, -1) * np.outer(b, b)
    return np.sum(np.linalg.solve(-L @ L, b) ** 2)


def of_many(A, b):
    L = np.linalg.cholesky(np.stack([A @ A.T, A.T @ A]) + np.eye(3))
    return np.sum(np.linalg.solve(np.swapaxes(L, -1, -2), b) ** 2)


def across(A, b):
    """In a branch and a loop, of what is made before."""
    L = np.tril(A)
    y = b
    for _ in range(2):
        if y[0] > -100.0:
            y = np.linalg.solve(L, np.sin(y))
    return np.sum(y)


@pytest.mark.parametrize("f", [factor, upper_factor, of_qr, parts, of_many, across])
def test_derivatives_of_what_is_triangular(f, small):
    """SciPy reads one triangle: the numbers are right only if it is the one that is not 0."""
    A, b = _rng.standard_normal((3, 3)) + 3.0 * np.eye(3), _rng.standard_normal(3)
    for source in (sct.grad(f, (0, 1)).source_for(A, b), sct.jvp(f, (0, 1)).source_for(A, b, A, b)):
        assert "solve_triangular(" in source
    sct.check_grads(f, (A, b), (0, 1), order=2)


def written(A, b):
    L = np.tril(A)
    L[0, 2] = b[0]
    return np.sum(np.linalg.solve(L, b) ** 2)


def written_elsewhere(A, b):
    L = np.tril(A)
    M = L if b[0] > -100.0 else A
    M[0] = b
    return np.sum(np.linalg.solve(L, b) ** 2)


def widened(A, b):
    return np.sum(np.linalg.solve(np.tril(A) + b, b)) + np.sum(np.linalg.solve(A[:, :1] * np.tri(3) + A, b))


def above(A, b):
    return np.sum(np.linalg.solve(np.tril(A, 1), b)) + np.sum(np.linalg.solve(np.tril(A) @ A, b))


@pytest.mark.parametrize("f", [written, written_elsewhere, widened, above])
def test_what_is_not_triangular(f, small):
    A, b = _rng.standard_normal((3, 3)) + 3.0 * np.eye(3), _rng.standard_normal(3)
    assert "solve_triangular" not in sct.grad(f, (0, 1)).source_for(A, b)
    sct.check_grads(f, (A, b), (0, 1))


def test_a_jacobian_has_one_system():
    source = sct.jacobian(lambda A, b: np.linalg.solve(np.tril(A), np.sin(b)), "b").source_for(np.eye(3), np.ones(3))
    assert source.count("solve_triangular(") == 1 and "for " not in source
