"""Rules of a user's whose adjoints have another shape than their operands: refused, and named."""

import numpy as np
import pytest

import sct

X = np.array([0.7, -1.2, 0.4])


def rule_for(adjoint):
    """A function x ↦ Σ x², and `adjoint` as its rule."""

    def square(x):
        return np.sum(x * x)

    sct.adjoint(square)(adjoint)
    return square


def test_a14_a_sum_in_the_place_of_a_vector():
    def summed_adjoint(y, x, y_bar):
        return np.sum(2.0 * y_bar * x)

    square = rule_for(summed_adjoint)
    with pytest.raises(sct.SctError, match="the adjoint rule summed_adjoint gives .* than that of 'x'"):
        sct.grad(lambda x: square(x) + np.sum(x))(X)
    assert sct.grad(lambda x: square(x))(np.array(3.0)) == 6.0


def test_a_row_in_the_place_of_a_vector():
    def row_adjoint(y, x, y_bar):
        return 2.0 * y_bar * np.expand_dims(x, 0)

    with pytest.raises(ValueError, match="row_adjoint"):  # what the function gives, and so y_bar, is known when it runs
        sct.vjp(rule_for(row_adjoint))(X, 1.0)


def test_a_shape_that_only_the_run_shows():
    def some_adjoint(y, x, y_bar):
        return 2.0 * y_bar * x[x > 0.0]

    square = rule_for(some_adjoint)
    df = sct.grad(lambda x: square(x))
    for optimize in (True, False):
        df = sct.grad(lambda x: square(x), optimize=optimize)
        np.testing.assert_array_equal(df(np.array([1.0, 2.0])), [2.0, 4.0])
        with pytest.raises(ValueError, match="some_adjoint"):
            df(X)


def test_a_shape_that_types_prove_is_not_looked_at():
    def right_adjoint(y, x, y_bar):
        return 2.0 * np.sum(y_bar) * x

    square = rule_for(right_adjoint)
    df = sct.grad(lambda x: square(x) * x[0])
    df(X)
    assert "right_adjoint" not in df.source
    sct.check_grads(lambda x: square(x) * x[0], (X,), order=2)


def test_a_rule_in_a_loop():
    def some_adjoint(y, x, y_bar):
        return 2.0 * y_bar * x[: len(x)]

    square = rule_for(some_adjoint)

    def repeated(x, n):
        s = 0.0
        for _ in range(n):
            x = np.sin(x)
            s = s + square(x)
        return s

    sct.check_grads(repeated, (X, 3), order=2)
