"""Losses as people write them, whose gradients come out as textbooks have them: by their text, closed forms, differences."""

import numpy as np
import pytest
from differences import check_gradient

import sct

R = np.random.default_rng(3)


def softmax(z, axis=-1):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def statements(f, *args, wrt=0):
    """The statements of the generated gradient of `f`."""
    lines = sct.grad(f, wrt).source_for(*args).splitlines()
    return [line.strip() for line in lines if line.startswith("    ") and "#" not in line]


# log-sum-exp


def log_sum_exp(z):
    m = np.max(z)
    return m + np.log(np.sum(np.exp(z - m)))


def by_rows(z):
    m = np.max(z, axis=-1, keepdims=True)
    return np.sum(m + np.log(np.sum(np.exp(z - m), axis=-1, keepdims=True)))


def by_rows_without_axis(z):
    m = np.max(z, axis=-1)
    return np.sum(m + np.log(np.sum(np.exp(z - m[..., None]), axis=-1)))


def by_columns(z):
    m = z.max(0)
    return np.sum(np.log(np.exp(z - m).sum(0)) + m)


def of_all(z):
    m = np.max(z, axis=tuple(range(z.ndim)), keepdims=True)
    return np.sum(m + np.log(np.sum(np.exp(z - m), axis=tuple(range(z.ndim)), keepdims=True)))


@pytest.mark.parametrize("dtype", [float, np.float32])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4), (1, 4), (4, 1)])
@pytest.mark.parametrize("f", [log_sum_exp, by_rows, by_rows_without_axis, by_columns, of_all])
def test_log_sum_exp_is_a_softmax(f, shape, dtype):
    z = R.normal(size=shape).astype(dtype)
    z.flat[0] = z.flat[-1] = z.max()  # a tie
    axis = {by_columns: 0, by_rows: -1, by_rows_without_axis: -1}.get(f)
    expected = softmax(z, axis) if axis is not None else softmax(z.ravel()).reshape(shape)
    found = sct.grad(f)(z)
    assert found.dtype == z.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype == np.float32 else 1e-13)
    value, _ = sct.value_and_grad(f)(z)
    np.testing.assert_array_equal(value, f(z))


@pytest.mark.parametrize("f", [log_sum_exp, by_rows, by_columns])
def test_the_maximum_gets_no_adjoint(f):
    assert not any("==" in line for line in statements(f, R.normal(size=(3, 4))))


def test_log_sum_exp_far_from_zero():
    z = np.array([1000.0, 999.0, -1000.0])
    np.testing.assert_allclose(sct.grad(log_sum_exp)(z), softmax(z), rtol=1e-13)


def mixture(weights, means, X):
    log_p = weights - 0.5 * np.sum((X[:, None, :] - means) ** 2, axis=2)
    m = np.max(log_p, axis=1, keepdims=True)
    return np.sum(m[:, 0] + np.log(np.sum(np.exp(log_p - m), axis=1)))


def test_log_sum_exp_in_a_mixture():
    args = R.normal(size=3), R.normal(size=(3, 2)), R.normal(size=(6, 2))
    assert not any("==" in line for line in statements(mixture, *args, wrt=(0, 1)))
    sct.check_grads(mixture, args, (0, 1))


# cross-entropy


def cross_entropy(z, y):
    z = z - np.max(z, axis=1, keepdims=True)
    return -np.sum(y * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))))


def cross_entropy_of_probabilities(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.sum(y * np.log(p))


def mean_cross_entropy(z, y):
    e = np.exp(z)
    p = e / np.sum(e, axis=1, keepdims=True)
    return -np.mean(np.sum(y * np.log(p), axis=1))


@pytest.mark.parametrize("one_hot", [True, False])
@pytest.mark.parametrize("f", [cross_entropy, cross_entropy_of_probabilities, mean_cross_entropy])
def test_cross_entropy(f, one_hot):
    z = R.normal(size=(5, 3))
    y = np.eye(3)[R.integers(0, 3, 5)] if one_hot else R.uniform(size=(5, 3))
    expected = softmax(z) * y.sum(axis=1, keepdims=True) - y
    np.testing.assert_allclose(sct.grad(f)(z, y), expected / (5 if f is mean_cross_entropy else 1), rtol=1e-12, atol=1e-14)


def test_cross_entropy_as_by_hand():
    z, y = R.normal(size=(5, 3)), R.uniform(size=(5, 3))
    assert statements(mean_cross_entropy, z, y) == [
        "e = np.exp(z)",
        "p = e / np.sum(e, axis=1, keepdims=True)",
        "z_bar = (y.sum(axis=1, keepdims=True) * p - y) / y.shape[0]",
        "return z_bar",
    ]


def labelled(z, k):
    z = z - np.max(z)
    return np.log(np.sum(np.exp(z))) - z[k]


def test_cross_entropy_with_a_label():
    z = R.normal(size=4)
    expected = softmax(z)
    expected[2] -= 1.0
    np.testing.assert_allclose(sct.grad(labelled)(z, 2), expected, rtol=1e-13)
    assert not any("==" in line for line in statements(labelled, z, 2))


# logistic loss


def logistic(w, X, y):
    p = 1.0 / (1.0 + np.exp(-(X @ w)))
    return -np.sum(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))


def logistic_mean(w, X, y):
    p = 1 / (1 + np.exp(-(X @ w)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def sigmoid(z):
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def logistic_by_tanh(w, X, y):
    p = sigmoid(X @ w)
    return -np.sum(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))


@pytest.mark.parametrize("f", [logistic, logistic_mean, logistic_by_tanh])
def test_logistic_loss_is_p_minus_y(f):
    w, X, y = R.normal(size=3), R.normal(size=(6, 3)), R.uniform(size=6)
    expected = X.T @ (1.0 / (1.0 + np.exp(-(X @ w))) - y) / (6 if f is logistic_mean else 1)
    np.testing.assert_allclose(sct.grad(f)(w, X, y), expected, rtol=1e-12)
    assert not any("1.0 - y" in line or "1 - y" in line for line in statements(f, w, X, y))


def test_logistic_loss_as_by_hand():
    args = R.normal(size=3), R.normal(size=(6, 3)), R.uniform(size=6)
    assert statements(logistic, *args) == ["p = 1.0 / (1.0 + np.exp(-(X @ w)))", "w_bar = X.T @ (p - y)", "return w_bar"]


def test_logistic_loss_where_the_probability_underflows():
    w, X, y = np.array([1.0]), np.array([[800.0], [-800.0]]), np.array([1.0, 0.0])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(sct.grad(logistic)(w, X, y), [0.0])


def margins(w, X, s):
    return np.sum(np.log1p(np.exp(-s * (X @ w))))


def test_logistic_loss_of_margins():
    w, X, s = R.normal(size=3), R.normal(size=(6, 3)), np.sign(R.normal(size=6))
    np.testing.assert_allclose(sct.grad(margins)(w, X, s), X.T @ (-s / (1.0 + np.exp(s * (X @ w)))), rtol=1e-12)


# normalisation, entropy


def standardised(x, w):
    mu = np.mean(x, axis=1, keepdims=True)
    var = np.mean((x - mu) ** 2, axis=1, keepdims=True)
    return np.sum(w * ((x - mu) / np.sqrt(var + 1e-5)))


def test_the_mean_in_a_variance_gets_no_adjoint():
    x, w = R.normal(size=(4, 3)), R.normal(size=(4, 3))
    check_gradient(standardised, x, w)
    assert sum(".sum(" in line or "np.sum(" in line for line in statements(standardised, x, w)) == 2


def entropy(p):
    return -np.sum(p * np.log(p))


def test_entropy():
    p = softmax(R.normal(size=5))
    assert statements(entropy, p) == ["p_bar = -1.0 - np.log(p)", "return p_bar"]
    np.testing.assert_array_equal(sct.grad(entropy)(p), -1.0 - np.log(p))


# what only looks alike


def shifted_by_another_maximum(z, y):
    m = np.max(y)
    return m + np.log(np.sum(np.exp(z - 0.5 * m))) + np.sum(y)


def with_a_smoothed_total(z):
    m = np.max(z)
    return m + np.log(np.sum(np.exp(z - m)) + 1.0)


def weighted(z, w):
    m = np.max(z, axis=1, keepdims=True)
    return np.sum(w * np.exp(z - m)) + np.sum(m)


def of_clipped(w, X, y):
    p = np.clip(1.0 / (1.0 + np.exp(-(X @ w))), 0.2, 0.8)
    return -np.sum(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (shifted_by_another_maximum, (R.normal(size=4), R.normal(size=4))),
        (with_a_smoothed_total, (R.normal(size=4),)),
        (weighted, (R.normal(size=(3, 4)), R.normal(size=(3, 4)))),
        (of_clipped, (R.normal(size=3), R.normal(size=(6, 3)), R.uniform(size=6))),
    ],
)
def test_what_does_not_cancel(f, args):
    sct.check_grads(f, args, tuple(range(len(args))))
