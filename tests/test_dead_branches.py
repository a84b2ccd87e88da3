"""Dead branches: what a selection leaves out has no part in a derivative, though its partials are infinite or nan."""

import numpy as np
import pytest

import sct

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

X = np.array([0.0, 1.0, 4.0])
INF, NAN = np.inf, np.nan
D2 = np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 9.0], [4.0, 9.0, 0.0]])
ROWS = np.array([[0.0, 0.0], [3.0, 4.0]])
MISSING = np.array([NAN, 0.5, 1.0])


def through_a_helper(x):
    def inverse_root(r):
        return 1.0 / np.sqrt(r)

    return np.where(x > 0, inverse_root(x), 0.0)


def in_a_loop(x):
    s = x
    for _ in range(3):
        s = np.where(s > 0, np.sqrt(s), 0.0)
    return s


def around_a_loop(x):
    s = x
    for _ in range(3):
        s = np.sqrt(s)
    return np.where(x > 0, s, 0.0)


def around_a_branch(x, flag=1.0):
    if flag > 0:
        y = np.log(x)
    else:
        y = np.sqrt(x)
    return np.where(x > 0, y, 0.0)


def written_over(x):
    y = np.log(x)
    y[x <= 0] = 0.0
    return y


def written_where(x):
    y = np.zeros_like(x)
    live = x > 0
    y[live] = np.log(x)[live]
    return y


def under_two_masks(x):
    s = np.sqrt(x)
    return np.where(x > 2, s, 0.0) + np.where((x > 0) & (x < 2), 2.0 * s, 0.0)


def normalized(v):
    n = np.sqrt(np.sum(v * v, axis=1))
    return np.where((n > 0)[:, None], v / n[:, None], 0.0)


def normalized_by_norm(v):
    n = np.linalg.norm(v, axis=1, keepdims=True)
    return np.where(n > 0, v / n, 0.0)


def standardized(x):
    s = x.std(axis=0)
    return np.where(s > 0, (x - x.mean(axis=0)) / s, 0.0)


def either_way(v):
    live = np.array([True, False])[:, None]
    z = np.where(live, np.log1p(v), np.sqrt(1.0 + v))
    return np.where(live, 0.5 * z, 0.0)[:, 0] + np.where(live, 0.0, z)[:, 1] * np.sqrt(5.0) / 2 + 0.5 * v[:, 0]


# A function, what it is given, and its gradient summed over the result, where that is not the one of the live entries alone.
CASES = {
    "log": (lambda x: np.where(x > 0, np.log(x), 0.0), X, [0.0, 1.0, 0.25]),
    "log, the other way round": (lambda x: np.where(x <= 0, 0.0, np.log(x)), X, [0.0, 1.0, 0.25]),
    "inverse root": (lambda x: np.where(x > 0, 1 / np.sqrt(x), 0.0), X, [0.0, -0.5, -0.0625]),
    "sinc": (lambda x: np.where(x != 0, np.sin(x) / x, 1.0), X, [0.0, np.cos(1) - np.sin(1), (4 * np.cos(4) - np.sin(4)) / 16]),
    "entropy": (lambda x: np.where(x > 0, x * np.log(x), 0.0), X, [0.0, 1.0, 1.0 + np.log(4.0)]),
    "chain": (lambda x: np.where(x > 0, np.log(np.sqrt(x) + 1 / x), 0.0), X, [0.0, -0.25, (0.25 - 0.0625) / 2.25]),
    "powers": (lambda x: np.where(x > 0, x**-0.5, 0.0), X, [0.0, -0.5, -0.0625]),
    "arcsin": (lambda x: np.where(x < 1, np.arcsin(x / 2 + 0.5), 0.0), X, [1 / np.sqrt(3.0), 0.0, 0.0]),
    "what overflows": (lambda x: np.where(x > 0, x, np.exp(800.0 * x) - 1), X, [800.0, 1.0, 1.0]),
    "nan in the data": (lambda x: np.where(np.isnan(MISSING), 0.0, (x - MISSING) ** 2), X, [0.0, 1.0, 6.0]),
    "both ways": (lambda x: np.where(x > 0, np.log(x), x * x), X, [0.0, 1.0, 0.25]),
    "nested": (lambda x: np.where(x < 3, np.where(x > 0, np.log(x), 0.0), x), X, [0.0, 1.0, 1.0]),
    "two masks": (under_two_masks, X, [0.0, 1.0, 0.25]),
    "single precision": (lambda x: np.where(x > 0, np.log(x), 0.0), X.astype(np.float32), [0.0, 1.0, 0.25]),
    "a number": (lambda x: np.where(x > 0, np.log(x), 0.0), 0.0, 0.0),
    "an array of rank 0": (lambda x: np.where(x > 0, np.log(x), 0.0), np.array(0.0), 0.0),
    "select": (lambda x: np.select([x > 2, x > 0], [np.log(x), 2 * np.log(x)], 0.0), X, [0.0, 2.0, 0.25]),
    "piecewise": (lambda x: np.piecewise(x, [x > 0], [np.log, lambda t: 0.0 * t]), X, [0.0, 1.0, 0.25]),
    "choose": (lambda x: np.choose((x > 0).astype(int), [x, np.log(x)]), X, [1.0, 1.0, 0.25]),
    "where= of a ufunc": (lambda x: np.log(x, out=np.zeros_like(x), where=x > 0), X, [0.0, 1.0, 0.25]),
    "where= of a sum": (lambda x: np.sum(np.log(x), where=x > 0), X, [0.0, 1.0, 0.25]),
    "nansum": (lambda x: np.nansum(np.sqrt(x - 0.75)), X, [0.0, 1.0, 0.5 / np.sqrt(3.25)]),
    "nan_to_num": (lambda x: np.nan_to_num(np.log(x), neginf=0.0), X, [0.0, 1.0, 0.25]),
    "maximum": (lambda x: np.maximum(np.sqrt(x), 0.5), X, [0.0, 0.5, 0.25]),
    "maximum of arrays": (lambda x: np.maximum(np.sqrt(x), 0.5 + 0.1 * x), X, [0.1, 0.5, 0.25]),
    "fmax": (lambda x: np.fmax(np.sqrt(x - 1.0), 0.5), X, [0.0, 0.0, 0.5 / np.sqrt(3.0)]),
    "minimum": (lambda x: np.minimum(1.0 / x, 0.5), X, [0.0, 0.0, -0.0625]),
    "clip": (lambda x: np.clip(np.log(x), -1.0, 5.0), X, [0.0, 1.0, 0.25]),
    "clip from below": (lambda x: np.clip(np.log(x), -1.0, None), X, [0.0, 1.0, 0.25]),
    "largest": (lambda x: np.max(np.sqrt(x)), X, [0.0, 0.0, 0.25]),
    "largest of columns": (lambda d: np.max(np.sqrt(d), axis=0), D2, [[0, 0, 0], [0, 0, 1 / 6], [0.25, 1 / 6, 0]]),
    "smallest": (lambda x: np.min(1.0 / np.sqrt(x)), X, [0.0, 0.0, -0.0625]),
    "triangle": (lambda d: np.triu(np.sqrt(d), 1), D2, [[0, 0.5, 0.25], [0, 0, 1 / 6], [0, 0, 0]]),
    "other triangle": (lambda d: np.tril(np.log(d), -1), D2, [[0, 0, 0], [1, 0, 0], [0.25, 1 / 9, 0]]),
    "pairs": (lambda d: np.sqrt(d)[np.triu_indices(3, 1)], D2, [[0, 0.5, 0.25], [0, 0, 1 / 6], [0, 0, 0]]),
    "a part": (lambda x: np.sqrt(x)[1:], X, [0.0, 0.5, 0.25]),
    "what a mask picks": (lambda x: np.log(x)[x > 0], X, [0.0, 1.0, 0.25]),
    "what indices pick": (lambda x: np.take(np.log(x), [1, 2, 1]), X, [0.0, 2.0, 0.25]),
    "a helper": (through_a_helper, X, [0.0, -0.5, -0.0625]),
    "in a loop": (in_a_loop, X, [0.0, 0.125, 4.0 ** (-7 / 8) / 8]),
    "around a loop": (around_a_loop, X, [0.0, 0.125, 4.0 ** (-7 / 8) / 8]),
    "around a branch": (around_a_branch, X, [0.0, 1.0, 0.25]),
    "written over": (written_over, X, [0.0, 1.0, 0.25]),
    "written where": (written_where, X, [0.0, 1.0, 0.25]),
    "spread": (lambda x: np.where((x > 0)[:, None], np.log(x)[:, None] * X, 0.0), X, [0.0, 5.0, 1.25]),
    "rows of length 1": (lambda v: normalized(v)[:, 0], ROWS, [[0.0, 0.0], [0.128, -0.096]]),
    "rows by norm": (lambda v: normalized_by_norm(v)[:, 0], ROWS, [[0.0, 0.0], [0.128, -0.096]]),
    "masks of rows, either way": (either_way, ROWS, [[1.0, 0.0], [0.5, 0.25]]),
    "columns that are constant": (lambda x: standardized(x)[0], np.array([[1.0, 2.0], [1.0, 4.0]]), np.zeros((2, 2))),
}


def summed(f):
    def total(x):
        return np.sum(f(x))

    return total


@pytest.mark.parametrize("f, x, expected", CASES.values(), ids=CASES)
def test_first_derivatives(f, x, expected):
    total = summed(f)
    for optimize in (True, False):
        found = sct.grad(total, optimize=optimize)(x)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)
        assert np.asarray(found).dtype == np.asarray(x).dtype
    np.testing.assert_allclose(sct.pullback(total)(x)[1](2.0), np.multiply(2.0, expected), rtol=1e-6, atol=1e-12)
    value, directed = sct.jvp(total)(x, 0.5 * np.ones_like(x) if np.ndim(x) else 0.5)
    np.testing.assert_allclose(value, total(x))
    np.testing.assert_allclose(directed, 0.5 * np.sum(expected), rtol=1e-6, atol=1e-12)


SECOND = [name for name, (_, x, _) in CASES.items() if np.ndim(x) == 1 and x.dtype == float]


@pytest.mark.parametrize("name", SECOND[::3])
def test_second_derivatives(name):
    f, x, _ = CASES[name]
    total = summed(f)
    forward = sct.hessian(total)(x)
    backward = sct.jacobian(sct.grad(total), mode="reverse")(x)
    assert np.all(np.isfinite(forward))
    np.testing.assert_allclose(backward, forward, rtol=1e-9, atol=1e-12)


def test_many_examples_at_once():
    many = sct.vmap(sct.grad(summed(CASES["entropy"][0])))(np.stack([X, X + 1.0]))
    np.testing.assert_allclose(many, [[0.0, 1.0, 1.0 + np.log(4.0)], 1.0 + np.log(X + 1.0)])


# -- elsewhere everything is as it was --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f, expected",
    [
        (lambda x: np.where(x >= 0, np.sqrt(x), 0.0), [INF, 0.5, 0.25]),  # the branch is live
        (lambda x: 0.0 * np.sqrt(x), [NAN, 0.0, 0.0]),  # what is 0 by its value is no selection
        (lambda x: np.where(x > 0, np.log(x - 4.0), 0.0), [0.0, -1 / 3, INF]),
        (lambda x: np.where(x >= 0, (MISSING - x) ** 2, 0.0), [NAN, 1.0, 6.0]),
        (lambda x: np.max(np.sqrt(x - 0.5)), [NAN, NAN, NAN]),  # so is the value
        (lambda x: np.maximum(np.sqrt(x), -1.0), [INF, 0.5, 0.25]),
        (lambda x: (x > 0) * np.sqrt(x), [NAN, 0.5, 0.25]),  # a product
        (lambda x: 2.0 * np.abs(np.sqrt(x)), [NAN, 1.0, 0.5]),  # a kink
        (lambda x: np.sqrt(x)[:2], [INF, 0.5, 0.0]),
    ],
)
def test_what_is_no_dead_branch(f, expected):
    for optimize in (True, False):
        np.testing.assert_allclose(sct.grad(summed(f), optimize=optimize)(X), expected)


def test_adjoints_that_are_infinite():
    def f(x, w):
        return np.sum(np.where(x > 0, x, 0.0) * w)

    np.testing.assert_array_equal(sct.grad(f)(X, np.array([INF, INF, 2.0])), [0.0, INF, 2.0])


# -- the code ------------------------------------------------------------------------------------------------------------------


def source(f, *args):
    text = sct.grad(f).source_for(*args).split("# reverse\n")[1]
    return "\n".join(line for line in text.split("\n") if "#" not in line)


def test_the_adjoint_is_selected_by_the_mask():
    def f(x):
        return np.sum(np.where(x > 0, x * np.log(x), 0.0))

    assert "x_bar = np.where(x > 0, np.log(x) + 1.0, 0.0)" in source(f, X)


def test_nothing_is_selected_where_nothing_can_be_infinite():
    def smooth(x, w):
        return np.sum(np.maximum(x * np.sin(w * x), 0.0) ** 2 + np.arctan(x)[1:].sum())

    def scaled(x):
        return np.sum(np.where(x > 0, 2.0 * x, 0.0))

    def backwards(x, w):
        return np.sum((2.0 * x)[::-1] * np.exp(w)[::-1])

    assert "where" not in source(smooth, X, X)
    assert "where" not in source(backwards, X, X)
    assert source(scaled, X).count("where") == 1


def test_a_selection_is_made_once_for_a_chain():
    def f(x):
        return np.sum(np.where(x > 0, np.log(np.sqrt(1.0 / x)), 0.0))

    assert source(f, X).count("np.where(") == 1
