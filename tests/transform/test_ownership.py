"""What rules return lies where it lies: no adjoint is added to in memory that is read-only, or that is another's."""

import numpy as np
import pytest
from sources import define

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


def all_states(x, n):
    h = []
    for _ in range(n):
        x = np.sin(x)
        h.append(x)
    return h


def last_state(x, n):
    for _ in range(n):
        x = np.tanh(x)
    return x


def with_states(x, n):
    h = all_states(x, n)
    return np.sum(h[-1] ** 2), h


def test_the_lists_that_a_pullback_gives_may_be_written_into():
    y, pull = sct.pullback(all_states)(X, 2)
    seed = [np.ones(3)] * 2
    before = pull(seed)
    for item in y:
        item[:] = 100.0
    np.testing.assert_array_equal(pull(seed), before)
    y, pull = sct.pullback(last_state)(X, 2)
    before = pull(np.ones(3))
    y[:] = 100.0
    np.testing.assert_array_equal(pull(np.ones(3)), before)
    (_, h), pull = sct.pullback(with_states, has_aux=True)(X, 2)
    before = pull(1.0)
    for item in h:
        item[:] = 100.0
    np.testing.assert_array_equal(pull(1.0), before)


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("x", [np.array(1.0), (np.array(1.0),), ((np.ones(2), np.array(1.0)), np.ones(1))])
def test_gradient_by_an_array_of_rank_0_is_not_the_cotangent(x, optimize):
    """A write into the gradient must not be one into the caller's cotangent."""
    _, g = sct.vjp(define("def f(x):\n    return x\n", "f"), optimize=optimize)(x, x)

    def leaves(v):
        return [w for u in v for w in leaves(u)] if isinstance(v, tuple) else [v]

    assert not any(np.may_share_memory(a, b) for a, b in zip(leaves(g), leaves(x)))


def adds_to_its_argument(z):
    z = z + np.tanh(z)
    return z * z


def test_an_array_of_rank_0_is_not_written_into():
    z, z_bar = np.array(0.5), np.array(1.0)
    _, found = sct.vjp(adds_to_its_argument)(z, z_bar)
    y, pull = sct.pullback(adds_to_its_argument)(z)
    assert pull(z_bar) == pull(z_bar) == found == sct.grad(adds_to_its_argument)(z)
    assert z == 0.5
    assert z_bar == 1.0


def changes_its_argument_last(x, w):
    t = np.exp(x)
    w[:2] = t * w[:2]
    return t, w


def changes_its_argument_beside(x, w, z):
    w[:2] = np.exp(w[2:]) * w[:2]
    return x + z, w


def test_results_of_a_pullback_are_apart_where_a_write_is_left_for_after_it():
    seed = (np.ones(2), np.zeros(4))
    (t, w), pull = sct.pullback(changes_its_argument_last)(np.zeros(2), np.ones(4))
    t[:] = w[:] = 77.0
    np.testing.assert_array_equal(pull(seed), 1.0)
    _, pull = sct.pullback(changes_its_argument_beside, ("x", "z"))(np.zeros(2), np.ones(4), np.ones(2))
    x_bar, z_bar = pull(seed)
    assert not any(np.may_share_memory(a, b) for a, b in ((x_bar, z_bar), (x_bar, seed[0]), (z_bar, seed[0])))


def changed_and_given_back(x, n):
    x *= n
    return x * x, x


def given_back_in_a_list(L, s):
    return s * L[0], L


def given_back_in_a_dict(L, s):
    return s * L[0], {"kept": (L,)}


def test_results_of_a_pullback_of_rank_0_and_in_containers_are_apart():
    y, pull = sct.pullback(changed_and_given_back)(np.array(0.7), 3)
    y[1][...] = 77.0
    assert pull((1.0, 0.0)) == pytest.approx(12.6)
    for f, seed in ((given_back_in_a_list, [np.zeros(2)]), (given_back_in_a_dict, {"kept": ([np.zeros(2)],)})):
        L = [np.ones(2)]
        y, pull = sct.pullback(f, "s")(L, 2.0)
        given = y[1] if isinstance(y[1], list) else y[1]["kept"][0]
        given[0][:] = 77.0
        assert pull((np.ones(2), seed)) == 2.0
        np.testing.assert_array_equal(L[0], 1.0)


def a_diagonal_of_what_changes(x, A):
    d = np.diag(A)
    A[0, 0] = 2.0
    return np.sum(d * x)


def test_what_numpy_makes_read_only_is_copied():
    x_bar = sct.grad(a_diagonal_of_what_changes)(np.ones(3), np.eye(3))
    x_bar += 1.0
    np.testing.assert_array_equal(x_bar, [3.0, 2.0, 2.0])
