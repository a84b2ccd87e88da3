"""Rules of a user's: what they write, and those whose adjoints have another shape than their operands."""

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


# Lists and dicts that a rule makes are written into.


def by_a_comprehension(y, x, y_bar):
    lengths = tuple([n + 1 for n in np.shape(x)])
    return lengths[0] * x * y_bar * 2.0 / (len(x) + 1)


def by_a_filter(y, x, y_bar):
    return 2.0 * x * y_bar * len([k for k in (1, 2, 3) if k > 2])


def by_append(y, x, y_bar):
    parts = [x]
    for _ in (1, 2):
        parts.append(parts[-1] + x)
    return parts[1] * y_bar


def by_an_item(y, x, y_bar):
    of = {"x": x}
    of["x"] = 2.0 * of["x"]
    other = of
    other["x"] = y_bar * of["x"]
    return of["x"]


def by_a_growing_list(y, x, y_bar):
    found = []
    for v in x:
        found.append(2.0 * v * y_bar)
    return np.array(found)


def by_items_of_numbers(y, x, y_bar):
    found = [0.0, 0.0, 0.0]
    for k in range(len(x)):
        found[k] = 2.0 * x[k] * y_bar
    return np.stack(found)


@pytest.mark.parametrize(
    "adjoint", [by_a_comprehension, by_a_filter, by_append, by_an_item, by_a_growing_list, by_items_of_numbers]
)
def test_a_rule_writes_into_lists_that_it_makes(adjoint):
    square = rule_for(adjoint)
    np.testing.assert_allclose(sct.grad(lambda x: square(x))(X), 2.0 * X)
    np.testing.assert_allclose(sct.hessian(lambda x: square(x))(X), 2.0 * np.eye(3))


@pytest.mark.parametrize("adjoint", [by_a_comprehension, by_a_filter, by_append, by_an_item])
def test_the_transpose_of_a_rule_that_writes_into_lists(adjoint):
    square = rule_for(adjoint)
    np.testing.assert_allclose(sct.jvp(lambda x: square(x))(X, np.ones(3))[1], np.sum(2.0 * X))


def test_a_rule_that_only_raises_for_a_call_does_not_cover_it():
    def scaled(x, w, kind):
        return np.sum(x * w)

    @sct.adjoint(scaled)
    def scaled_adjoint(y, x, w, y_bar, kind):
        if kind != "plain":
            raise NotImplementedError("of kinds other than plain")
        return y_bar * w, y_bar * x

    np.testing.assert_array_equal(sct.grad(lambda x: scaled(x, X, "plain"))(X), X)
    with pytest.raises(sct.NoRuleError, match="scaled does not cover this call: of kinds other than plain"):
        sct.grad(lambda x: scaled(x, X, "odd"))(X)


def by_while(x):
    s = 0.0
    while s < x:
        s = s + 1.0
    return s


def by_break(x):
    s = 0.0
    for _ in range(50):
        if s >= x:
            break
        s = s + 1.0
    return s


@pytest.mark.parametrize("steps", [by_while, by_break])
def test_a_loop_of_a_rule_ends_where_it_does(steps):
    def ceiling(x):
        return np.ceil(x)

    @sct.adjoint(ceiling)
    def ceiling_adjoint(y, x, y_bar):
        return y_bar * steps(x)

    def f(x):
        s = ceiling(x)
        for _ in range(3):
            s = s + ceiling(x * 2.0)
        return s

    assert sct.grad(f)(2.6) == 3.0 + 3 * 2.0 * 6.0
