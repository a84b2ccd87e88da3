"""Numbers at which a function has a value and its derivative is infinite: the derivative of a number is that of an array."""

import math

import numpy as np
import pytest

import sct

POLES = {
    "b5_root_by_a_power": (lambda x: x**0.5, 0.0),
    "b5_log": (lambda x: np.log(x), 0.0),
    "power_without_a_pole": (lambda x: x**1.5, 0.0),
    "small_power": (lambda x: x**0.3, 0.0),
    "power_of_an_argument": (lambda x, p: x**p, 0.0, 0.5),
    "power_by_a_function": (lambda x, p: np.power(x, p), 0.0, 0.5),
    "large_power": (lambda x: np.power(x, 3.0), 1e200),
    "log1p": (lambda x: np.log1p(x), -1.0),
    "log2": (lambda x: 3.0 * np.log2(x), 0.0),
    "log10": (lambda x: np.log10(x) - x, 0.0),
    "arctanh": (lambda x: np.arctanh(x), 1.0),
    "arctan2": (lambda x, y: np.arctan2(x, y), 0.0, 0.0),
    "quotient": (lambda x: np.divide(1.0, x), 0.0),
    "remainder": (lambda x, y: np.remainder(x, y), 0.5, 0.0),
    "sqrt": (lambda x: np.sqrt(x), 0.0),
    "cbrt": (lambda x: np.cbrt(x), 0.0),
}
OF_MATH = {
    "sqrt": (lambda x: math.sqrt(x), np.sqrt, 0.0),
    "asin": (lambda x: math.asin(x), np.arcsin, 1.0),
    "acos": (lambda x: math.acos(x), np.arccos, 1.0),
    "acosh": (lambda x: math.acosh(x), np.arccosh, 1.0),
    "pow": (lambda x: math.pow(x, 0.5), np.sqrt, 0.0),
    "atan2": (lambda x: math.atan2(x, x), lambda x: np.arctan2(x, x), 0.0),
    "hypot": (lambda x: math.hypot(x, x), lambda x: np.hypot(x, x), 0.0),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", POLES)
def test_number(name):
    f, *args = POLES[name]
    wrt = tuple(range(len(args)))
    expected = sct.elementwise_grad(f, wrt)(*(np.array([a]) for a in args))
    for optimize in (True, False):
        value, found = sct.value_and_grad(f, wrt, optimize=optimize)(*args)
        np.testing.assert_equal(value, f(*args))
        np.testing.assert_allclose([float(v) for v in found], np.concatenate(expected))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", OF_MATH)
def test_number_in_math(name):
    f, of_arrays, x = OF_MATH[name]
    value, found = sct.value_and_grad(f)(x)
    assert value == f(x)
    np.testing.assert_allclose(float(found), sct.elementwise_grad(of_arrays)(np.array([x]))[0])


def test_elsewhere_a_number_stays_one():
    assert sct.grad(lambda x: math.sqrt(x))(4.0) == 0.25
    assert type(sct.grad(lambda x: math.sqrt(x) * x**0.3)(4.0)) is float
    sct.check_grads(lambda x, p: math.sqrt(x) * x**p / math.acos(x), (0.4, 1.7), wrt=(0, 1), order=2)


@pytest.mark.parametrize("f", [lambda x: 1.0 / x, lambda x: x**-1, lambda x: x**-2.5, lambda x: math.pow(x, -2.0), math.log])
def test_an_error_of_the_function_stays_one(f):
    for derivative in (sct.grad(f), sct.value_and_grad(f)):
        with pytest.raises((ZeroDivisionError, ValueError)):
            derivative(0.0)


# -- where the derivative is finite ------------------------------------------------------------------------------------------

INF = np.inf
FAR = np.array([-INF, -1e300, -1000.0, -50.0, 0.0, 1000.0, 1e300, INF])
LOGISTIC = np.array([0.0, 0.0, 0.0, 1.0 / (1.0 + np.exp(50.0)), 0.5, 1.0, 1.0, 1.0])
SMALL = np.array([1e-200, 0.0, 1e200])

FINITE = {
    "logaddexp": (lambda x: np.logaddexp(0, x), FAR, LOGISTIC),
    "logaddexp, second operand": (lambda x: np.logaddexp(x, 0.0), FAR, LOGISTIC),
    "logaddexp with another number": (lambda x: np.logaddexp(1.0, x + 1.0), FAR, LOGISTIC),
    "logaddexp with an array": (lambda x: np.logaddexp(np.zeros(8), x), FAR, LOGISTIC),
    "logaddexp of equals": (lambda x: np.logaddexp(x, x), FAR, np.ones(8)),
    "logaddexp of opposites": (lambda x: np.logaddexp(x, -x), FAR, [-1, -1, -1, -1, 0, 1, 1, 1]),
    "log of the logistic function": (lambda x: -np.logaddexp(0.0, -x), FAR, LOGISTIC[::-1][[0, 1, 2, 2, 3, 5, 6, 7]]),
    "logaddexp2": (lambda x: np.logaddexp2(0.0, x), FAR[[0, 1, 4, 5, 6, 7]], [0.0, 0.0, 0.5, 1.0, 1.0, 1.0]),
    "logaddexp2 of equals": (lambda x: np.logaddexp2(x, x), FAR, np.ones(8)),
    "logaddexp.reduce": (lambda x: np.logaddexp.reduce(x), FAR[[0, 1, 6, 4]], [0.0, 0.0, 1.0, 0.0]),
    "tanh": (np.tanh, FAR, [0, 0, 0, 0, 1, 0, 0, 0]),
    "arctan2": (lambda x: np.arctan2(x, SMALL), SMALL, [5e199, 0.0, 5e-201]),
    "arctan2, second operand": (lambda x: np.arctan2(SMALL, x), SMALL, [-5e199, 0.0, -5e-201]),
    "hypot": (lambda x: np.hypot(x, SMALL), SMALL, [0.5**0.5, 0.0, 0.5**0.5]),
    "angle": (lambda x: np.angle(x + 0j), np.array([0.0, 2.0]), [0.0, 0.0]),
    "absolute value": (lambda x: np.abs(x + 0j), np.array([0.0, 2.0]), [0.0, 1.0]),
    "powers": (lambda x: x ** np.array([0.0, 1.0, 2.0, 3.0]), np.zeros(4), [0.0, 1.0, 0.0, 0.0]),
    "integer powers": (lambda x: x ** np.array([0, 1, 2, 3]), np.zeros(4), [0.0, 1.0, 0.0, 0.0]),
    "negative bases": (lambda x: x**2.0 + np.power(x, 3.0), np.array([-2.0, 0.0]), [8.0, 0.0]),
    "exponents": (lambda n: np.zeros(3) ** n, np.array([0.0, 1.0, 2.5]), np.zeros(3)),
    "product": (np.prod, np.array([0.0, 2.0, 3.0]), [6.0, 0.0, 0.0]),
    "products": (np.cumprod, np.array([2.0, 0.0, 0.0]), [1.0, 2.0, 0.0]),
    "std": (np.std, np.full(3, 2.0), np.zeros(3)),
    "norm": (np.linalg.norm, np.zeros(3), np.zeros(3)),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f, x, expected", FINITE.values(), ids=FINITE)
def test_finite(f, x, expected):
    def total(x):
        return np.sum(f(x))

    expected = np.asarray(expected, float)
    np.testing.assert_allclose(sct.grad(total)(x), expected, rtol=1e-9, atol=0.0)
    found = [sct.jvp(total)(x, unit)[1] for unit in np.eye(len(x))]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=0.0)
    assert np.all(np.isfinite(sct.hessian(total)(np.where(np.isfinite(x) & (np.abs(x) > 1e-100), np.clip(x, -1e3, 1e3), 1.0))))


@pytest.mark.parametrize("f", [lambda x, y: np.logaddexp(x, y), lambda x, y: np.logaddexp2(x, y)])
def test_logaddexp_to_second_order(f):
    """At ties, too."""
    x, y = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    sct.check_grads(f, (x, y), wrt=(0, 1), order=2)
    sct.check_grads(lambda x: np.logaddexp(0, x) + np.logaddexp2(x, 0.5), (np.array([0.0, 2.0]),), order=2)
    assert np.isnan(sct.grad(lambda x: np.logaddexp(x, 1.0))(np.nan))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_pole_that_algebra_removes():
    """Σ x log x has the derivative log x + x / x, in which no quotient of zeros is left."""
    x = np.array([0.0, 1.0])
    np.testing.assert_array_equal(sct.grad(lambda x: np.sum(x * np.log(x)))(x), [-np.inf, 1.0])
    np.testing.assert_array_equal(sct.grad(lambda x: np.sum(np.sqrt(x) ** 2 * x))(x), [0.0, 2.0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("entries", [0, 2])
def test_arrays_divided_by_zero_are_no_error(entries):
    """Python's `2.0 / 0` raises; the array divided by zero has infinities, if any."""
    for f in (lambda x, n: np.sum(np.exp(2.0 * x / n)), lambda x, n: np.sum(np.sin(3.0 * x) / n * 2.0 * x)):
        assert np.shape(sct.grad(f)(np.ones(entries), 4)) == (entries,)
    found = sct.grad(lambda x, n: np.sum(np.exp(2.0 * x / n)))(np.ones(entries), 0)
    np.testing.assert_array_equal(found, np.full(entries, np.inf))
