"""Functions of matrices by eigenvalues and singular values, where these are repeated too: sct.rules.matrix_functions."""

import numpy as np
import pytest
from differences import slope

import sct
from sct.rules.matrix_functions import derivative_by_eigenvalues, derivative_by_singular_values

_WEIGHTS = np.array([[0.7, -0.4, 1.1], [0.2, 0.9, -0.6], [-1.3, 0.5, 0.3]])
_TURN = np.linalg.qr(np.array([[0.4, -1.2, 0.7], [1.0, 0.3, -0.2], [0.6, 0.8, 1.5]]))[0]
_OTHER = np.linalg.qr(np.array([[1.0, 0.2, 0.5], [-0.3, 0.8, 0.1], [0.4, -0.7, 0.9], [0.2, 0.6, -1.1]]))[0]
_PHASES = np.exp(1j * np.array([[0.1], [0.7], [-0.4]]))


def hermitian(*values, phases=False):
    """The matrix with these eigenvalues."""
    v = _TURN * _PHASES if phases else _TURN
    return (v * np.array(values)) @ v.conj().T


def of_singular_values(*values, shape=(3, 3), phases=False):
    """A matrix with these singular values."""
    u, v = ((_OTHER if n == 4 else _TURN) for n in shape)
    return ((u * _PHASES.T if phases else u) * np.array(values)) @ v.T


def exponential(A):
    w, V = np.linalg.eigh(A)
    return np.sum(_WEIGHTS * ((V * np.exp(w)) @ V.T))


def of_diagonal(A):
    w, V = np.linalg.eigh(A)
    return np.sum(_WEIGHTS * (V @ np.diag(np.sin(w)) @ V.T))


def of_rows(A):
    w, V = np.linalg.eigh(A)
    return np.sum(_WEIGHTS * (V @ (np.tanh(w)[:, None] * V.T)))


def of_root(A):
    w, V = np.linalg.eigh(A)
    L = V * np.sqrt(w + 2.0)
    return np.sum(np.sin(L @ L.T))


def of_other_triangle(A):
    w, V = np.linalg.eigh(A, "U")
    return np.sum(_WEIGHTS * (V * np.where(w > 0.0, w**2, 0.1 * w**2) @ V.T))


def of_trace(A):
    w, V = np.linalg.eigh(A)
    total = np.sum(w * w)
    return np.sum(_WEIGHTS * (V * (np.exp(-0.1 * total * w) / (w + 3.0)) @ V.T))


def of_values(A):
    w = np.linalg.eigvalsh(A)
    return np.sum(w**3) + np.log(np.sum(np.exp(w)))


def of_complex(A):
    w, V = np.linalg.eigh(A)
    return np.real(np.sum(_WEIGHTS * ((V * np.exp(1j * w)) @ V.conj().T)))


def of_many(A):
    w, V = np.linalg.eigh(A)
    return np.sum(_WEIGHTS * ((V * np.exp(0.3 * w)[..., None, :]) @ np.swapaxes(V, -1, -2)))


def of_singular(A):
    u, s, vh = np.linalg.svd(A, full_matrices=False)
    return np.real(np.sum(np.cos(np.arange(np.size(A)).reshape(np.shape(A))) * ((u * np.arctan(s)) @ vh)))


def nuclear(A):
    return np.linalg.norm(A, "nuc") + np.sum(np.linalg.svd(A, compute_uv=False) ** 2)


REPEATED, ALIKE, APART = (1.0, 1.0, 2.0), (1.0, 1.0, 1.0), (-0.5, 1.0, 2.0)
CASES = [
    (exponential, hermitian(*REPEATED)),
    (of_diagonal, hermitian(*ALIKE)),
    (of_rows, hermitian(*REPEATED)),
    (of_root, hermitian(*REPEATED)),
    (of_other_triangle, hermitian(-1.0, 1.0, 1.0)),
    (of_trace, hermitian(*ALIKE)),
    (of_values, hermitian(*REPEATED)),
    (of_complex, hermitian(*REPEATED, phases=True)),
    (of_many, np.stack([hermitian(*REPEATED), hermitian(*ALIKE)])),
    (of_singular, of_singular_values(*REPEATED)),
    (of_singular, of_singular_values(1.0, 1.0, 0.0)),
    (of_singular, of_singular_values(*REPEATED, shape=(4, 3), phases=True)),
    (nuclear, of_singular_values(*ALIKE, shape=(3, 4))),
]


@pytest.mark.parametrize("n", range(len(CASES)), ids=[f"{f.__name__}-{n}" for n, (f, _) in enumerate(CASES)])
@pytest.mark.filterwarnings("error")
def test_both_orders_in_both_modes(n):
    """Of the four mixes of modes each case has one."""
    f, a = CASES[n]
    symmetric = not f.__name__.startswith(("of_singular", "nuclear"))

    def of(a):
        return f(0.5 * (a + np.conj(np.swapaxes(a, -1, -2)))) if symmetric else f(a)

    rng = np.random.default_rng(0)
    e, g = (rng.standard_normal(a.shape) + (1j * rng.standard_normal(a.shape) if a.dtype.kind == "c" else 0.0) for _ in "eg")
    along = slope(lambda t: of(a + t * e), 1e-3)
    gradient = sct.grad(of)
    np.testing.assert_allclose(np.real(np.sum(gradient(a) * e)), along, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(sct.jvp(of)(a, e)[1], along, rtol=1e-8, atol=1e-8)
    twice = slope(lambda t: np.real(np.sum(gradient(a + t * g) * e)), 1e-3)

    def by_reverse(a):
        return np.real(np.sum(sct.grad(of)(a) * e))

    def by_forward(a):
        return sct.jvp(of)(a, e)[1]

    first = by_forward if n % 2 else by_reverse
    found = sct.jvp(first)(a, g)[1] if n % 4 > 1 else np.real(np.sum(sct.grad(first)(a) * g))
    np.testing.assert_allclose(found, twice, rtol=1e-7, atol=1e-7)


def test_the_precision_is_kept():
    a = hermitian(*REPEATED)
    found = sct.grad(exponential)(a.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, sct.grad(exponential)(a), rtol=1e-5, atol=1e-5)


def test_hessian():
    a = hermitian(*REPEATED)  # its many directions go through one call
    unit = np.eye(9).reshape(-1, 3, 3)
    found = sct.hessian(of_values)(a).reshape(9, 9)
    expected = [slope(lambda t, e=e: sct.grad(of_values)(a + t * e), 1e-3).ravel() for e in unit]
    np.testing.assert_allclose(found.T, expected, atol=1e-8)


def test_by_what_the_function_reads_besides():
    def scaled(t, A):
        w, V = np.linalg.eigh(A)
        return np.sum(_WEIGHTS * ((V * np.exp(t * w)) @ V.T))

    a, h = hermitian(*REPEATED), 1e-3
    mixed = sct.grad(lambda t, A: np.sum(sct.grad(scaled, "A")(t, A) * _WEIGHTS))(0.7, a)
    np.testing.assert_allclose(mixed, slope(lambda d: np.sum(sct.grad(scaled, "A")(0.7 + d, a) * _WEIGHTS), h), rtol=1e-8)
    other = sct.grad(sct.grad(scaled), "A")(0.7, a)
    np.testing.assert_allclose(np.sum(other * _WEIGHTS), mixed, rtol=1e-12)


def test_what_is_no_function_of_the_matrix_is_not_taken_for_one():
    def weighted(A):
        w, V = np.linalg.eigh(A)
        return np.sum((V * (w * np.array([1.0, 2.0, 3.0]))) @ V.T)

    with np.errstate(all="ignore"):
        assert np.isnan(sct.grad(weighted)(np.eye(3))).any()
    a = hermitian(*APART)
    e = np.ones((3, 3))
    np.testing.assert_allclose(np.sum(sct.grad(weighted)(a) * e), slope(lambda t: weighted(a + t * e)), rtol=1e-8)


@pytest.mark.parametrize(
    ("w", "f", "slope_of_f", "expected"),
    [
        ((0.0, 5.0, 300.0), np.exp, np.exp, (np.exp(5.0) - 1.0) / 5.0),
        ((1e-20, 1e-19, 1.0), np.log, lambda w: 1.0 / w, np.log(10.0) / 9e-20),
        ((1e-17, -1e-17, 1.0), lambda w: np.exp(w) - 1.0, np.exp, 1.0),
        ((1.0, 1.0 + 2.0 * np.pi, 3.0), np.sin, np.cos, 0.0),
        ((1.0, 1.0 + 1e-9, 3.0), np.sqrt, lambda w: 0.5 / np.sqrt(w), 0.5),
    ],
)
def test_divided_differences_of_any_size(w, f, slope_of_f, expected):
    w = np.array(w)
    found = derivative_by_eigenvalues(w, np.eye(3), (f(w), slope_of_f(w)), (np.ones((3, 3)),))[0, 1]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-15)


def test_close_eigenvalues():
    a, e, g = hermitian(0.0, 1e-9, 1e-5), _WEIGHTS + _WEIGHTS.T, np.ones((3, 3))

    def along(a, *directions):
        w, v = np.linalg.eigh(a)
        return derivative_by_eigenvalues(w, v, (np.exp(w),) * (1 + len(directions)), directions)

    for others in ((), (g,)):
        expected = slope(lambda t, others=others: along(a + t * e, *others) if others else _exponential(a + t * e), 1e-2)
        np.testing.assert_allclose(along(a, e, *others), expected, rtol=1e-6)
    assert np.isnan(along(a, e, g, e)).all()  # of the third order there are no digits left
    np.testing.assert_allclose(along(np.eye(3), e, g, e), slope(lambda t: along(np.eye(3) + t * e, e, g), 1e-2), rtol=1e-6)


def _exponential(a):
    w, v = np.linalg.eigh(a)
    return (v * np.exp(w)) @ v.T


def test_no_derivative_of_an_even_function_at_zero():
    zero = np.zeros(3)
    with np.errstate(all="ignore"):
        found = derivative_by_singular_values(np.eye(3), zero, np.eye(3), (zero + 1.0, zero), (_WEIGHTS,))
    assert not np.isfinite(found).any()


@pytest.mark.filterwarnings("error")
def test_vectors_of_values_that_are_equal_but_for_rounding():
    def of_vectors(A):
        return np.sum(np.linalg.eigh(A)[1][0] ** 3)

    assert np.isnan(sct.grad(of_vectors)(hermitian(*REPEATED))).any()
    assert np.isnan(sct.jvp(of_vectors)(hermitian(*REPEATED), _WEIGHTS)[1])


def test_vectors_that_are_not_read_may_belong_to_equal_values():
    def projected(X):
        w, V = np.linalg.eigh(X.T @ X)
        return np.sum(np.sin(X @ V[:, -2:] @ V[:, -2:].T))

    x = np.vander(np.array([0.3, -0.7, 1.1]), 6)  # of rank 3, so that 0 is an eigenvalue three times
    sct.check_grads(projected, (x,))


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
@pytest.mark.parametrize("values", [REPEATED, ALIKE, APART, (1.0, 1.0, 0.0), (0.01, 1.0, 1.0), (1e-4, 1.0, 1.0)])
def test_higher_orders_by_singular_values(values, shape, rng):
    a, *directions = of_singular_values(*np.abs(values), shape=shape), *rng.standard_normal((3, *shape))

    def along(a, *directions):
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        given = np.sin(s), np.cos(s), -np.sin(s), -np.cos(s)
        return derivative_by_singular_values(u, s, vh, given[: len(directions) + 1], directions)

    for n in (2, 3):
        *others, last = directions[:n]
        found = along(a, *directions[:n])
        if n == 3 and 1e-4 in values:
            assert np.isnan(found).all()  # it is close to its negative: no digits are left
        else:
            np.testing.assert_allclose(found, slope(lambda t, o=others: along(a + t * last, *o), 1e-2), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("f", [np.sin, np.tanh])
@pytest.mark.parametrize("w", [0.03, 1e-3, 1e-5, 1e-8])
def test_divided_differences_about_a_point_of_inflection(f, w):
    w = np.array([-w, w, 1.0])
    slopes = np.cos(w) if f is np.sin else 1.0 - np.tanh(w) ** 2
    expected = f(w[1]) / w[1]
    ones = np.ones((3, 3)) - np.eye(3)
    found = derivative_by_eigenvalues(w, np.eye(3), (f(w), slopes), (ones,))[0, 1]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    turn = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    values = f(w[1:]), slopes[1:]
    found = derivative_by_singular_values(np.eye(3)[:, 1:], w[1:], np.eye(3)[1:], values, (turn,))[0, 1]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def helper(A):
    w, V = np.linalg.eigh(A)
    return (V * np.exp(0.3 * w)) @ V.T


def in_a_branch(A):
    if A[0, 0] > -10.0:
        w, V = np.linalg.eigh(A)
        F = V.dot(np.diag(np.exp(w))).dot(V.T)
    else:
        F = A
    return np.sum(_WEIGHTS * F)


def of_one_before(A):
    w, V = np.linalg.eigh(A)
    total = 0.0
    for k in range(2):
        if A[0, 0] > -10.0:
            total = total + np.sum(_WEIGHTS * ((V * np.exp(w * 0.5 * k)) @ V.T))
    return total


def in_a_loop(A):
    F = A
    while np.sum(F * F) < 40.0:
        F = helper(0.5 * (F + F.T)) + A
    return np.sum(_WEIGHTS * F)


def values_in_a_loop(A):
    total = 0.0
    for k in range(2):
        total = total + np.sum(np.linalg.eigvalsh(A * (k + 1.0)) ** 3)
    return total


def singular_in_a_branch(A):
    if A[0, 0] > -10.0:
        u, s, vh = np.linalg.svd(A, full_matrices=False)
        return np.sum(_WEIGHTS * ((u * np.arctan(s)) @ vh))
    return np.sum(A)


@pytest.mark.parametrize("f", [in_a_branch, of_one_before, in_a_loop, values_in_a_loop, singular_in_a_branch])
def test_in_branches_and_loops(f, rng):
    e, g = rng.standard_normal((2, 3, 3))

    def of(a):
        return f(0.5 * (a + a.T))

    def by_forward(a):
        return sct.jvp(of)(a, e)[1]

    for a in (hermitian(*REPEATED), hermitian(0.6, 1.0, 2.0)):
        along = slope(lambda t, a=a: of(a + t * e), 1e-3)
        np.testing.assert_allclose(np.sum(sct.grad(of)(a) * e), along, rtol=1e-7)
        np.testing.assert_allclose(by_forward(a), along, rtol=1e-7)
        twice = slope(lambda t, a=a: by_forward(a + t * g), 1e-3)
        np.testing.assert_allclose(np.sum(sct.grad(by_forward)(a) * g), twice, rtol=1e-5)
    found = sct.jvp(sct.grad(of))(a, g)[1], sct.grad(lambda a: np.sum(sct.grad(of)(a) * e))(a)  # of values that are apart
    np.testing.assert_allclose([np.sum(found[0] * e), np.sum(found[1] * g)], twice, rtol=1e-6)
