"""Derivatives of logistic functions, as people write these: they neither overflow nor compute more than s (1 − s) does."""

import math

import numpy as np
import pytest

import sct

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

X = np.array([-1000.0, -3.0, 0.0, 0.5, 1000.0])
Y = np.array([1.0, 0.0, 1.0, 0.25, 0.0])


def s(x):
    return np.exp(-np.logaddexp(0.0, -x))


SLOPE = s(X) * s(-X)

FORMS = {
    "logistic": (lambda x: 1 / (1 + np.exp(-x)), SLOPE),
    "logistic, of a power": (lambda x: np.exp(x) / (1 + np.exp(x)), SLOPE),
    "logistic, from the other side": (lambda x: 1.0 - 1.0 / (np.exp(x) + 1.0), SLOPE),
    "logistic, by tanh": (lambda x: 0.5 * (1.0 + np.tanh(0.5 * x)), SLOPE),
    "tanh": (lambda x: 2.0 / (1.0 + np.exp(-2.0 * x)) - 1.0, 4.0 * s(2 * X) * s(-2 * X)),
    "tanh, of powers": (lambda x: (1.0 - np.exp(-2.0 * x)) / (1.0 + np.exp(-2.0 * x)), 4.0 * s(2 * X) * s(-2 * X)),
    "softplus": (lambda x: np.log(1 + np.exp(x)), s(X)),
    "softplus, by log1p": (lambda x: np.log1p(np.exp(x)), s(X)),
    "softplus, by logaddexp": (lambda x: np.logaddexp(0, x), s(X)),
    "log of the logistic": (lambda x: -np.log1p(np.exp(-x)), s(-X)),
    "loss": (lambda x: Y * np.log1p(np.exp(-2.0 * x)), -2.0 * Y * s(-2.0 * X)),
    "swish": (lambda x: x / (1 + np.exp(-x)), s(X) + X * SLOPE),
    "swish, as a product": (lambda x: x * (1 / (1 + np.exp(-x))), s(X) + X * SLOPE),
    "square": (lambda x: (1 / (1 + np.exp(-(x + x)))) ** 2, 4.0 * s(2 * X) ** 2 * s(-2 * X)),
    "of base 2": (lambda x: 1.0 / (1.0 + np.exp2(-x)), np.log(2.0) * s(np.log(2.0) * X) * s(-np.log(2.0) * X)),
}


def summed(f):
    def total(x):
        return np.sum(f(x))

    return total


@pytest.mark.parametrize("f, expected", FORMS.values(), ids=FORMS)
def test_derivatives(f, expected):
    total = summed(f)
    np.testing.assert_allclose(sct.grad(total)(X), expected, rtol=1e-12, atol=1e-15)
    if np.isfinite(total(X)):
        np.testing.assert_allclose([sct.jvp(total)(X, unit)[1] for unit in np.eye(5)], expected, rtol=1e-12, atol=1e-15)
    value, found = sct.value_and_grad(total)(X)
    np.testing.assert_array_equal(value, total(X))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    sct.check_grads(total, (np.clip(X, -3.0, 3.0),), order=2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_stays(dtype):
    found = sct.grad(summed(FORMS["softplus"][0]))(np.array([-40.0, 0.0, 1000.0], dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, [np.exp(-40.0), 0.5, 1.0], rtol=1e-6)


def test_numbers():
    f = sct.grad(lambda x: 1.0 / (1.0 + math.exp(-x)))
    assert f(0.0) == 0.25 and f(700.0) >= 0.0 and type(f(0.5)) is float
    assert sct.grad(lambda x: math.log(1.0 + math.exp(x)))(-800.0) == 0.0  # exp(800.0) is an error of Python's


def source(f):
    text = sct.grad(summed(f)).source_for(X).split("# reverse\n")[1]
    return "".join(line.strip() + "\n" for line in text.split("\n") if line and "#" not in line)


def test_what_is_written():
    assert source(FORMS["logistic"][0]) == "x_bar = (1.0 - inverse) * inverse\nreturn x_bar\n"
    assert source(FORMS["softplus"][0]) == "x_bar = 1.0 / (1.0 + np.exp(-x))\nreturn x_bar\n"
    assert source(FORMS["log of the logistic"][0]) == "x_bar = 1.0 / (1.0 + np.exp(x))\nreturn x_bar\n"


def test_polynomials_that_are_too_long_stay():
    def f(x):
        y = x / (1.0 + np.exp(-x))
        z = np.sqrt(np.abs(y * x) + 0.3)
        return np.sum(np.tanh(z) * y + np.logaddexp(x, x - 0.5 * z))

    def g(x, w):
        y = np.log(1.0 + np.exp(x))
        z = y / (1.5 + w * w)
        return np.sum(np.sqrt(y**2 + 0.2) * np.maximum(y, 0.2) + z * z * y)

    sct.check_grads(f, (np.array([-3.0, 0.5, 1.5]),), order=2)
    sct.check_grads(g, (np.array([-3.0, 0.5, 1.5]), Y[:3]), wrt=(0, 1), order=2)


def test_what_is_no_logistic_function():
    def other(x, y):
        return np.sum(np.exp(x) / (1.0 + np.exp(y)) + np.exp(x) / (np.exp(x) - 3.0))

    assert "exp" in sct.grad(other).source_for(X, Y)
    sct.check_grads(other, (X[1:4], Y[1:4]), wrt=(0, 1))
