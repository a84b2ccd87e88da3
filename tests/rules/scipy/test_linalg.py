"""The rules of scipy.linalg against finite differences."""

import numpy as np
import pytest
from scipy import linalg

import sct
from sct.registry.others import meet
from sct.testing import check_grads, check_rule

meet(linalg)

_rng = np.random.default_rng(6)


def _x(*shape, dtype=float):
    x = _rng.standard_normal(shape)
    return (x + 1j * _rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def _regular(n, dtype=float):
    return (_x(n, n, dtype=dtype) + 3.0 * np.eye(n)).astype(dtype)


def _symmetric(n, dtype=float):
    x = 0.3 * _x(n, n, dtype=dtype)
    return (x + x.T + np.diag(4.0 * np.arange(1.0, n + 1.0))).astype(dtype)


def _positive(n, dtype=float):
    x = _x(n, n, dtype=dtype)
    return (x @ x.conj().T + 2.0 * np.eye(n)).astype(dtype)


_ALL = [float, np.float32, complex]


def _bands(count, n, lower):
    """The bands of a positive definite matrix."""
    return _x(count, n) + 6.0 * np.eye(count)[[0 if lower else count - 1]].T


_REAL = (float, np.float32)
SAMPLES = (
    [(f, (_regular(3, t),), {}) for f in (linalg.inv, linalg.det) for t in _ALL]
    + [(linalg.solve, (_regular(3, t), _x(*b, dtype=t)), {}) for b in ((3,), (3, 2)) for t in _ALL]
    + [
        (linalg.solve, (_symmetric(3, t), _x(3, dtype=t)), {"assume_a": "sym", "lower": lower})
        for lower in (False, True)
        for t in _ALL
    ]
    + [
        (linalg.solve, (_positive(3, t), _x(3, 2, dtype=t)), {"assume_a": how, "lower": lower})
        for how, lower in (("pos", False), ("pos", True), ("her", True))
        for t in _ALL
    ]
    + [(linalg.solve, (_regular(3), _x(3)), {"transposed": True})]
    + [
        (linalg.solve_triangular, (_regular(3, t), _x(*b, dtype=t)), {"trans": trans, "lower": lower, "unit_diagonal": unit})
        for b, t, trans, lower, unit in (
            ((3,), float, 0, True, False),
            ((3, 2), float, 1, True, False),
            ((3,), complex, 2, False, False),
            ((3, 2), complex, "C", True, True),
            ((3,), np.float32, "T", False, True),
            ((3,), complex, "N", False, False),
        )
    ]
    + [(linalg.cholesky, (_positive(3, t),), {"lower": lower}) for t in _ALL for lower in (False, True)]
    + [
        (linalg.cho_solve, ((_regular(3, t), lower), _x(*b, dtype=t)), {})
        for t in _ALL
        for lower in (False, True)
        for b in ((3,), (3, 2))
    ]
    + [
        (linalg.lu_solve, ((_regular(3, t), np.array([1, 2, 2])), _x(*b, dtype=t)), {"trans": trans})
        for t in _ALL
        for trans, b in ((0, (3,)), (1, (3, 2)), (2, (3,)))
    ]
    + [(linalg.lu_factor, (_x(3, 3, dtype=t),), {}) for t in _ALL]
    + [(linalg.expm, (_x(*shape, dtype=t),), {}) for shape in ((3, 3), (2, 3, 3)) for t in _ALL]
    + [
        (linalg.expm_frechet, (_x(3, 3, dtype=t), _x(3, 3, dtype=t)), {"compute_expm": flag})
        for t in (float, complex)
        for flag in (True, False)
    ]
    + [
        (f, (_regular(3, t) / 3.0,), {})
        for f in (linalg.sqrtm, linalg.cosm, linalg.sinm, linalg.tanm, linalg.coshm, linalg.sinhm, linalg.tanhm)
        for t in (float, complex)
    ]
    + [(linalg.logm, (_positive(2) / 3.0,), {})]
    + [(linalg.solve_sylvester, (_regular(3, t), _regular(2, t), _x(3, 2, dtype=t)), {}) for t in _ALL]
    + [
        (f, (0.2 * _regular(3, t), _x(3, 3, dtype=t)), {})
        for f in (linalg.solve_continuous_lyapunov, linalg.solve_discrete_lyapunov)
        for t in _ALL
    ]
    + [
        (linalg.eigh, (_symmetric(3, t), (np.eye(3) + 0.1 * _positive(3, t)).astype(t)), {"lower": lower})
        for t in (float, np.float32)
        for lower in (True, False)
    ]
    + [(linalg.eigh, (_symmetric(3), _positive(3)), {"eigvals_only": True})]
    + [(linalg.eigvalsh, (_positive(3, t), _positive(3, t)), {"lower": lower}) for t in _ALL for lower in (True, False)]
    + [(linalg.eigvalsh, (_positive(3, t),), {}) for t in _ALL]
    + [(linalg.svd, (_x(*shape, dtype=t), False), {}) for shape in ((3, 3), (4, 2), (2, 4)) for t in (float, np.float32)]
    + [(linalg.svd, (_x(3, 2, dtype=t),), {"compute_uv": False}) for t in _ALL]
    + [(linalg.svdvals, (_x(3, 2, dtype=t),), {}) for t in _ALL]
    + [(linalg.qr, (_x(*shape),), {"mode": mode}) for shape in ((3, 3), (4, 3), (2, 4)) for mode in ("economic", "full", "r")]
    + [
        (linalg.polar, (_x(*shape, dtype=t),), {"side": side})
        for shape, side in (((3, 3), "right"), ((4, 3), "right"), ((3, 3), "left"), ((2, 3), "left"))
        for t in _ALL
    ]
    + [(linalg.norm, (_x(3, 2, dtype=t),), {"ord": o}) for o in (None, 1, "nuc") for t in (float, complex)]
    + [(linalg.norm, (_x(3, dtype=t),), {}) for t in _ALL]
    + [(linalg.pinv, (_x(3, 2, dtype=t),), {}) for t in _ALL]
    + [
        (linalg.solve_banded, ((1, 2), _x(4, 5, dtype=t) + 3.0 * np.eye(4, 5, -2), _x(*b, dtype=t)), {})
        for b in ((5,), (5, 2))
        for t in (float, complex)
    ]
    + [
        (linalg.solveh_banded, (_x(2, 4) + 4.0 * np.eye(2)[[int(not lower)]].T, _x(*b)), {"lower": lower})
        for lower in (True, False)
        for b in ((4,), (4, 2))
    ]
    + [(linalg.toeplitz, (_x(3, dtype=t), *r), {}) for t in (float, complex) for r in ((), (_x(2, dtype=t),))]
    + [(linalg.hankel, (_x(3), *r), {}) for r in ((), (_x(2),))]
    + [
        (linalg.circulant, (_x(3),), {}),
        *[
            (linalg.solve_toeplitz, (given, _x(3, 2, dtype=t)), {})
            for t in (float, complex)
            for c in [_x(3, dtype=t) + 4.0 * np.eye(3)[0]]
            for given in (c, (c, _x(3, dtype=t)))
        ],
    ]
    + [(linalg.block_diag, (_x(2, 3), _x(2), _x(1, 1)), {})]
    + [(linalg.lu, (_x(3, 3, dtype=t),), {}) for t in _ALL]
    + [(linalg.eigvals, (_symmetric(3, t),), {}) for t in _ALL]
    + [(linalg.eigh_tridiagonal, (np.array([1.0, 3.0, 6.0, 10.0]), _x(3)), {"eigvals_only": flag}) for flag in (True, False)]
    + [(linalg.eigvalsh_tridiagonal, (np.array([1.0, 3.0, 6.0], t), _x(2, dtype=t)), {}) for t in (float, np.float32)]
    + [(linalg.pinvh, (_positive(3, t),), {"lower": lower}) for t in (float, complex) for lower in (True, False)]
    + [(linalg.lstsq, (_x(4, 2, dtype=t), _x(4, *k, dtype=t)), {}) for t in _ALL for k in ((), (2,))]
    + [(linalg.companion, (_x(4),), {}), (linalg.leslie, (_x(3), _x(2)), {}), (linalg.fiedler, (_x(3),), {})]
    + [(linalg.khatri_rao, (_x(2, 3), _x(4, 3)), {})]
    + [(linalg.cholesky_banded, (_bands(3, 5, lower).astype(t),), {"lower": lower}) for t in _REAL for lower in (True, False)]
    + [(linalg.cho_solve_banded, ((_bands(3, 5, k == 1), k == 1), _x(*b)), {}) for b in ((5,), (5, 2)) for k in (0, 1)]
    + [(linalg.solve_circulant, (_x(5, dtype=t) + 4.0 * np.eye(5)[0], _x(5, *k)), {}) for t in _ALL for k in ((), (2,))]
    + [(linalg.matmul_toeplitz, (_x(3), _x(3, *k)), {}) for k in ((), (2,))]
    + [(linalg.matmul_toeplitz, ((_x(3), _x(4)), _x(4)), {})]
    + [(linalg.convolution_matrix, (_x(3), n), {"mode": mode}) for n in (2, 5) for mode in ("full", "same", "valid")]
)


def _name(sample):
    f, args, kwargs = sample
    return f"{f.__name__}-{'-'.join(f'{a.dtype.char}{a.shape}' for a in args if isinstance(a, np.ndarray))}-{kwargs or ''}"


@pytest.mark.grid(of=5, each=False)
@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_against_finite_differences(sample):
    f, args, kwargs = sample
    check_rule(f, *args, **kwargs)


_SECOND = (linalg.solve, linalg.solve_triangular, linalg.cho_solve, linalg.lu_solve, linalg.expm, linalg.sqrtm)
_SECOND += (linalg.solve_sylvester, linalg.solve_continuous_lyapunov, linalg.solve_banded, linalg.polar, linalg.solve_toeplitz)
_SECOND += (linalg.cholesky_banded, linalg.cho_solve_banded, linalg.solve_circulant)


@pytest.mark.grid(of=4, each=False)
@pytest.mark.parametrize("primitive", _SECOND, ids=lambda f: f.__name__)
def test_second_order(primitive):
    _, args, kwargs = next(s for s in SAMPLES if s[0] is primitive)
    check_rule(primitive, *args, order=2, **kwargs)


_M, _N = _x(3, 3), _x(3, 2)


def gaussian_process(K, y):
    """The logarithm of a density, up to a constant."""
    c = linalg.cho_factor(K @ K.T + np.eye(3), lower=True)
    return y @ linalg.cho_solve(c, y) + 2.0 * np.sum(np.log(np.diag(c[0])))


def by_upper_factor(K, y):
    factor = linalg.cho_factor(K @ K.T + np.eye(3), check_finite=False)
    return np.sum(linalg.cho_solve(factor, y) * np.sin(y)) + np.sum(np.triu(factor[0]) ** 3)


def by_lu(K, y):
    return np.sum(linalg.lu_solve(linalg.lu_factor(K), y) * np.sin(y))


def by_cholesky(K, y):
    L = linalg.cholesky(K @ K.T + np.eye(3), lower=True)
    return np.sum(linalg.solve_triangular(L, y, lower=True) ** 2) + np.sum(np.linalg.solve(L.T, y))


def vectors(K, y):
    w, V = linalg.eigh(K + K.T + np.diag([0.0, 4.0, 9.0]), check_finite=False)
    return np.sum(V**2 * y) + np.sum(np.sin(w))


def with_numbers(K, y):
    """Functions that take a number, and eigenvectors of any matrix up to their scale."""
    w, V = linalg.eig(K + np.diag([0.0, 4.0, 9.0]))
    return (
        np.sum(linalg.fractional_matrix_power(K @ K.T + np.eye(3), 0.3) * _M) + np.sum(np.abs(V) ** 2 * y) + np.sum(np.abs(w))
    )


def regulator(K, y):
    """The cost of a state that is steered best, in continuous time and in steps."""
    b, q, r = y[:, None] * _N, np.eye(3) + K @ K.T, np.eye(2) + _N.T @ _N * y[0] ** 2
    x, z = linalg.solve_continuous_are(K, b, q, r), linalg.solve_discrete_are(0.3 * K, b, q, r)
    return np.sum(x * _M) + np.sum(z * np.cos(_M))


@pytest.mark.grid(of=2, each=False)
@pytest.mark.parametrize("f", [gaussian_process, by_upper_factor, by_lu, by_cholesky, vectors, with_numbers, regulator])
def test_programs(f):
    check_grads(f, (_M + 0.5 * np.eye(3), np.array([0.4, 1.3, -0.7])), (0, 1), order=1 if f is with_numbers else 2)


def test_what_is_known_of_factors():
    assert "linalg.cho_solve((c_item, True), " in sct.grad(gaussian_process, 1).source_for(np.eye(3), np.ones(3))
    assert "solve_triangular(L, " in sct.grad(by_cholesky, 1).source_for(np.eye(3), np.ones(3))


def test_functions_of_matrices_at_repeated_values():
    found = sct.grad(lambda A: np.sum(linalg.polar(A)[0] * _M))(2.0 * np.eye(3))
    np.testing.assert_allclose(found, (_M - _M.T) / 4.0, atol=1e-12)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: linalg.inv(a, True),
        lambda a: linalg.cholesky(a, True, True),
        lambda a: linalg.solve(a, np.ones(3), False, True),
        lambda a: linalg.solve_triangular(a, np.ones(3), 0, True, False, True),
        lambda a: linalg.solve_banded((1, 1), a + 1.0, np.ones(3), True),
        lambda a: linalg.qr(a, True),
        lambda a: linalg.svd(a, True, False, True),
        lambda a: linalg.schur(a)[0],
        lambda a: linalg.circulant(a),
    ],
)
def test_what_is_not_covered(f):
    for transform in (lambda a: sct.vjp(f)(a, f(a.copy())), lambda a: sct.jvp(f)(a, a)):
        with pytest.raises(sct.NoRuleError, match="scipy.linalg"):
            transform(np.eye(3) * 2.0)


@pytest.mark.parametrize("lower", [True, False])
def test_what_cho_factor_leaves_in_the_other_triangle(lower):
    check_grads(lambda a: np.sum(linalg.cho_factor(a, lower)[0] ** 2), (_positive(3),), modes=("reverse", "forward"))


@pytest.mark.parametrize("lower", [True, False])
def test_an_evidence_by_cho_factor_and_cho_solve(lower):
    def evidence(a, y):
        c, low = linalg.cho_factor(a, lower=lower)
        return 0.5 * y @ linalg.cho_solve((c, low), y) + np.sum(np.log(np.diag(c)))

    check_grads(evidence, (_positive(3), np.array([0.3, -1.0, 0.7])), modes=("reverse", "forward"))


def test_lists_and_integers():
    check_grads(lambda b: np.sum(linalg.solve([[2, 1], [0, 4]], b) ** 2), (np.array([1.0, 2.0]),))
    check_grads(lambda r: np.sum(linalg.solve_toeplitz(([4, 1], r), [1, 2]) ** 2), (np.array([1.0, 2.0]),))


@pytest.mark.parametrize(
    "f",
    [
        lambda a: linalg.solve(a, a),
        lambda a: linalg.solve_triangular(a, a),
        lambda a: linalg.cho_solve((a, True), a),
        lambda a: linalg.eigh(a)[0],
        lambda a: linalg.polar(a)[0],
        lambda a: linalg.sqrtm(a),
        lambda a: linalg.solve(a[0], a[1], assume_a="upper triangular"),
    ],
)
def test_many_matrices_and_other_assumptions_are_not_differentiated_in_silence(f):
    a = np.stack([np.eye(3) * k for k in (1.0, 2.0, 3.0)])
    y = f(a)  # SciPy may take them
    with pytest.raises((NotImplementedError, sct.SctError)):
        sct.vjp(f)(a, y)


def test_many_matrices():
    a = np.stack([_positive(3), _positive(3)])
    check_grads(lambda a: linalg.expm(0.3 * a), (a,))
    check_grads(lambda a: linalg.cholesky(a + np.swapaxes(a, -1, -2), lower=True), (a,))


def test_a_density_by_bands():
    def by_bands(ab, b):
        c = linalg.cholesky_banded(ab)
        return b @ linalg.cho_solve_banded((c, False), b) + 2.0 * np.sum(np.log(c[-1]))

    def dense(ab, b):
        a = np.diag(ab[1]) + np.diag(ab[0, 1:], 1) + np.diag(ab[0, 1:], -1)
        return b @ np.linalg.solve(a, b) + np.linalg.slogdet(a)[1]

    ab, b = _bands(2, 5, False), _x(5)
    for one, other in zip(sct.grad(by_bands, (0, 1))(ab, b), sct.grad(dense, (0, 1))(ab, b), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)
