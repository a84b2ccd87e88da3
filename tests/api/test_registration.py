"""Rules that are registered after derivatives were made."""

import gc

import numpy as np

import sct


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


def test_methods_of_ufuncs_are_called_where_no_derivative_passes():
    def f(x, y):
        return np.sum(x) * np.sum(np.add.outer(y, y)) * np.multiply.reduce(y)

    x = np.array([0.3, 1.2])
    derivative = sct.value_and_grad(f)
    gc.collect()
    value, gradient = derivative(x, x)
    assert value == f(x, x)
    assert np.allclose(gradient, np.sum(np.add.outer(x, x)) * 0.36)


P = np.poly1d([1.0, 2.0, 3.0])


def test_an_array_that_can_be_called_is_data():
    def f(x):
        return np.sum(x * len(P))

    derivative, x = sct.value_and_grad(f), np.array([0.3, 1.0])
    assert derivative(x)[0] == f(x)
    P[3] = 7.0
    value, gradient = derivative(x)
    assert value == f(x)
    assert gradient.tolist() == [len(P)] * 2 == [3.0, 3.0]
