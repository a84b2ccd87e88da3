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


def test_an_error_of_the_function_stays_one():
    with pytest.raises(ZeroDivisionError):
        sct.value_and_grad(lambda x: 1.0 / x)(0.0)


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
