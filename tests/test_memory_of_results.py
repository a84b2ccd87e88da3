"""What rules return lies where it lies: no adjoint is added to in memory that is read-only, or that is another's."""

import numpy as np
import pytest

import sct

X = np.array([0.7, -1.2, 0.4])
A = np.arange(9.0).reshape(3, 3) / 5.0
CASES = {
    "a17_trace_of_a_diagonal_matrix": (lambda s: np.trace(np.diag(s)), X),
    "b3_scaled_on_both_sides": (lambda x: np.sum(np.diag(x) @ A @ np.diag(x)), X),
    "b3_beside_a_sum": (lambda s: np.sum(np.diag(s) @ A) + np.sum(s), X),
    "diagonal_twice": (lambda B: np.sum(np.diagonal(B) ** 2) + np.sum(np.diag(B) * B[0]), A),
    "flat_diagonal": (lambda s: np.sum(np.diagflat(s) * A) + s[0], X),
    "einsum_of_a_diagonal": (lambda B: np.sum(np.einsum("ii->i", B) * X) + np.sum(B * B), A),
    "transposed": (lambda B: np.sum(np.einsum("ij->ji", B) * A), A),
    "broadcast": (lambda s: np.sum(np.broadcast_to(s, (2, 3))[0] * s), X),
    "broadcast_arrays": (lambda s, B: np.sum(np.broadcast_arrays(s, B)[0] * B) + np.sum(s), X, A),
    "imaginary_part": (lambda s: np.sum(np.imag(s)) + np.sum(s.imag * s), X),
    "first_power": (lambda B: np.sum(np.linalg.matrix_power(B, 1)) + np.sum(B * B), A),
    "difference_of_order_0": (lambda s: np.sum(np.diff(s, 0)) + np.sum(s * s), X),
    "sum_over_an_axis_of_its_own": (lambda s, axis: np.sum(np.sum(s, axis=axis)) + np.sum(s), X, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_gradient(name):
    f, *args = CASES[name]
    y, x_bar = sct.value_and_grad(f)(*args)
    assert y == f(*args)
    assert x_bar.flags.writeable
    sct.check_grads(f, args)  # looks at the flags of what every way of calling gives


def test_gradients_that_are_the_same_numbers_are_two_arrays():
    u, v = sct.grad(lambda a, b: np.sum(np.diag(a + b)), wrt=(0, 1))(X, X + 1.0)
    u += 1.0
    np.testing.assert_array_equal(v, np.ones(3))


def test_a_rule_of_ones_own_may_return_anything():
    def total(x):
        return np.sum(x)

    @sct.adjoint(total)
    def total_adjoint(y, x, y_bar):
        return np.broadcast_to(y_bar, np.shape(x))

    assert sct.grad(lambda x: total(x))(X).flags.writeable
    sct.check_grads(lambda x: total(x) + np.sum(x * x), (X,))
