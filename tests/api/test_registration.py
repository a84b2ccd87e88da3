"""Rules that are registered after derivatives were made."""

import gc

import numpy as np
import pytest

import sct
from sct.registry.type_rules import result_type


def test_a_rule_that_is_registered_again_is_used():
    def cube(x):
        return x**3

    def total(x):
        return np.sum(cube(x))

    x = np.array([1.0, 2.0])
    kept = sct.grad(total)
    kept.specialize(x)
    assert kept(x).tolist() == [3.0, 12.0]

    @sct.adjoint(cube)
    def first(y, x, y_bar):
        return y_bar * 5.0

    assert kept(x).tolist() == sct.grad(total)(x).tolist() == [5.0, 5.0]

    @sct.adjoint(cube)
    def second(y, x, y_bar):
        return y_bar * 7.0

    assert kept(x).tolist() == sct.grad(total)(x).tolist() == [7.0, 7.0]
    assert "7.0" in kept.source
    sct.nondifferentiable(cube)


def test_a_rule_counts_for_derivatives_that_the_collector_has_given_up():
    def cube(x):
        return x**3

    def total(x):
        return np.sum(cube(x))

    x = np.array([1.0, 2.0])
    kept, again = sct.grad(total), [sct.grad(total) for _ in range(1500)]
    assert all(g(x).tolist() == [3.0, 12.0] for g in (kept, *again))
    gc.freeze()
    sct.adjoint(cube)(lambda y, x, y_bar: y_bar * 5.0)
    assert all(g(x).tolist() == [5.0, 5.0] for g in (kept, *again))
    sct.nondifferentiable(cube)


def test_methods_of_ufuncs_are_called_where_no_derivative_passes():
    def f(x, y):
        return np.sum(x) * np.sum(np.add.outer(y, y)) * np.multiply.reduce(y)

    x = np.array([0.3, 1.2])
    derivative = sct.value_and_grad(f)
    gc.collect()
    value, gradient = derivative(x, x)
    assert value == f(x, x)
    assert np.allclose(gradient, np.sum(np.add.outer(x, x)) * 0.36)


class Weights:
    """Like an array, and can be called."""

    def __init__(self, *values):
        self.values = list(values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values)

    def __call__(self):
        return self.values

    def __len__(self):
        return len(self.values)


class Scaled(Weights):
    """Has a product of its own."""

    def __mul__(self, other):
        return 2.0 * np.asarray(self) * other


W, SCALED = Weights(1.0, 2.0), Scaled(1.0, 2.0)


def test_what_is_like_an_array_and_can_be_called_is_data():
    def f(x):
        return np.sum(x * len(W))

    derivative, x = sct.value_and_grad(f), np.array([0.3, 1.0])
    assert derivative(x)[0] == f(x)
    W.values.append(7.0)
    value, gradient = derivative(x)
    assert value == f(x)
    assert gradient.tolist() == [3.0, 3.0]


def test_what_is_like_an_array_with_operators_of_its_own_is_refused():
    x = np.array([0.3, 1.0])
    with pytest.raises(sct.NonDifferentiableArgumentError, match="arithmetic"):
        sct.grad(lambda x, w: np.sum(w * x))(x, SCALED)
    with pytest.raises(sct.NonDifferentiableArgumentError, match="arithmetic"):
        sct.grad(lambda x: np.sum(SCALED * x))(x)
    assert sct.grad(lambda x, w: np.sum(w * x))(x, np.asarray(SCALED)).tolist() == [1.0, 2.0]


def squared(x):
    return x * x


@sct.adjoint(squared)
def squared_adjoint(y, x, y_bar):
    bar = np.zeros_like(x)
    for i in range(len(x)):
        bar[i] = 2.0 * x[i] * y_bar[i]
    if np.sum(x) > 1.0:
        return bar
    return y_bar * x + x * y_bar


@sct.tangent(squared)
def squared_tangent(y, x, x_dot):
    return 2.0 * x * x_dot if np.sum(x) > 1.0 else x * x_dot + x_dot * x


@result_type(squared)
def squared_type(x):
    return x


def test_a_rule_with_branches_and_loops_in_a_loop():
    def f(x, n):
        y = x
        for i in range(n):
            if i > 1:
                y = squared(y) * 0.9
            y = squared(y)
        return np.sum(y)

    x = np.array([0.5, 1.1])
    sct.check_grads(f, (x, 3), modes=("reverse", "forward"), order=2)
    assert "squared_adjoint" not in sct.grad(f).source_for(x, 3)
    assert np.allclose(sct.pullback(f)(x, 3)[1](1.0), sct.grad(f)(x, 3), rtol=1e-14)
