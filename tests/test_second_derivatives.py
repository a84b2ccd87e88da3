"""Second derivatives at points where a rule of first order chooses a value: what is smooth there has its true derivatives."""

import math

import numpy as np
import pytest

import sct


def hessian(f, x):
    """The second derivatives of `f` at `x`: the gradients of the entries of its gradient."""
    x = np.asarray(x)

    def entry(x, k):
        return np.sum(np.reshape(gradient(x), -1)[k])

    gradient = sct.grad(f)
    row = sct.grad(entry)
    return np.array([np.ravel(row(x, k)) for k in range(x.size)])


def half_of_norm(x):
    return 0.5 * np.linalg.norm(x) ** 2


def norm_through_names(x):
    r = np.linalg.norm(x)
    s = r
    return 0.5 * (r * s)


def norm_twice(x):
    return 0.5 * (np.linalg.norm(x) * np.linalg.norm(x))


def norm_of_rows(x):
    return 0.5 * np.sum(np.square(np.linalg.norm(np.reshape(x, (1, -1)), axis=1)))


def norm_kept(x):
    return 0.5 * np.sum(np.linalg.norm(np.reshape(x, (1, -1)), 2, axis=1, keepdims=True) ** 2.0)


def frobenius(x):
    return 0.5 * np.power(np.linalg.norm(np.outer(x, np.ones(1)), "fro"), 2)


def norm_of_order_two(x):
    return 0.5 * np.linalg.norm(x, ord=2) ** 2


def vector_norm(x):
    return 0.5 * np.linalg.vector_norm(x) ** 2


def matrix_norm(x):
    return 0.5 * np.linalg.matrix_norm(np.reshape(x, (1, -1))) ** 2


def absolute(x):
    return 0.5 * np.sum(np.abs(x) ** 2)


def absolute_in_place(x):
    y = np.abs(x)
    y *= y
    return 0.5 * np.sum(y)


def fabs(x):
    return 0.5 * np.sum(np.square(np.fabs(x)))


def hypot(x):
    return 0.5 * np.hypot(x[0], x[1]) ** 2


def hypot_of_numbers(x):
    return 0.5 * math.hypot(x[0], x[1]) ** 2


def distance(x):
    return 0.5 * math.dist(x, 0.0 * x) ** 2


def squared(r):
    return r**2


def norm_in_a_helper(x):
    return 0.5 * squared(np.linalg.norm(x))


def norm_in_a_loop(x):
    r = np.linalg.norm(x)
    total = 0.0
    for _ in range(2):
        total += 0.25 * r**2
    return total


def deeper(x):
    return np.sqrt(1.0 + np.linalg.norm(x) ** 2)


SQUARES = [
    half_of_norm,
    norm_through_names,
    norm_twice,
    norm_of_rows,
    norm_kept,
    frobenius,
    norm_of_order_two,
    vector_norm,
    matrix_norm,
    absolute,
    absolute_in_place,
    fabs,
    hypot,
    hypot_of_numbers,
    distance,
    norm_in_a_helper,
    norm_in_a_loop,
    deeper,
]


@pytest.mark.parametrize("f", SQUARES)
@pytest.mark.parametrize("x", [np.zeros(2), np.array([3.0, -4.0]), np.zeros(2, np.float32)], ids=["0", "off", "float32"])
def test_a12_squares_have_second_derivatives(f, x):
    if f is deeper and x.any():
        expected = (np.eye(2) - np.outer(x, x) / 26.0) / math.sqrt(26.0)
    else:
        expected = np.eye(2)
    second = hessian(f, x)
    np.testing.assert_allclose(second, expected, rtol=1e-12 if x.dtype == float else 1e-6, atol=1e-12)
    assert sct.grad(f)(x).dtype == x.dtype


@pytest.mark.parametrize("f", SQUARES)
def test_a12_values_are_computed_as_written(f):
    rng = np.random.default_rng(7)
    for _ in range(20):
        x = rng.normal(size=2)
        assert sct.value_and_grad(f)(x)[0] == f(x)


def variance(x):
    return np.std(x) ** 2


def variance_by_method(x):
    return x.std(ddof=1) * x.std(ddof=1)


def variance_of_rows(x):
    return np.sum(np.std(np.reshape(x, (1, -1)), axis=1, keepdims=True) ** 2)


def test_a12_squares_of_deviations():
    pair = np.ones(2)
    expected = np.array([[0.5, -0.5], [-0.5, 0.5]])
    np.testing.assert_allclose(hessian(variance, pair), expected)
    np.testing.assert_allclose(hessian(variance_by_method, pair), 2 * expected)
    np.testing.assert_allclose(hessian(variance_of_rows, pair), expected)
    assert sct.value_and_grad(variance)(np.arange(3.0))[0] == variance(np.arange(3.0))


def test_a12_squares_of_numbers_and_entries():
    def second(f, *args):
        return sct.grad(sct.grad(f))(*args)

    assert second(lambda x: abs(x) ** 2, 0.0) == 2.0
    assert second(lambda x: math.fabs(x) * math.fabs(x), 0.0) == 2.0
    assert second(lambda x, y: np.hypot(x, y) ** 2, np.float64(0.0), np.float64(0.0)) == 2.0
    assert second(lambda x, y: math.hypot(x, y) ** 2, 0.0, 0.0) == 2.0


def test_a12_squares_of_moduli():
    z = np.array([1.0 + 2.0j, 0.0, -3.0j])
    np.testing.assert_array_equal(sct.grad(lambda z: np.sum(np.abs(z) ** 2))(z), 2.0 * z.conj())
    np.testing.assert_array_equal(sct.grad(lambda z: np.linalg.norm(z) ** 2)(z), 2.0 * z.conj())
    assert sct.grad(lambda z: abs(z) ** 2)(1.0 + 2.0j) == 2.0 - 4.0j


def test_a12_the_convention_stays_elsewhere():
    assert sct.grad(sct.grad(lambda x: abs(x)))(0.0) == 0.0
    np.testing.assert_array_equal(sct.grad(lambda x: np.linalg.norm(x))(np.zeros(2)), [0.0, 0.0])
    # the norm is used for itself besides
    np.testing.assert_array_equal(sct.grad(lambda x: np.linalg.norm(x) + np.linalg.norm(x) ** 2)(np.zeros(2)), [0.0, 0.0])
    # other norms are no roots of sums of squares
    a = np.array([[2.0, 1.0], [0.0, 1.0]])
    spectral = sct.grad(lambda a: np.linalg.norm(a, 2) ** 2)(a)
    u, s, vh = np.linalg.svd(a)
    np.testing.assert_allclose(spectral, 2.0 * s[0] * np.outer(u[:, 0], vh[0]))
    np.testing.assert_allclose(sct.grad(lambda x: np.linalg.norm(x, 1) ** 2)(np.array([1.0, -2.0])), [6.0, -6.0])


def test_a12_the_code_reads_as_written_by_hand():
    assert "linalg" not in sct.grad(half_of_norm).source_for(np.ones(3))
