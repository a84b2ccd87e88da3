"""`sct.debug_nan`: which line makes what is not finite."""

import logging

import numpy as np
import pytest
from kernel_samples import sample

import sct
from sct.api.trees import leaves, ones_like
from sct.inside.debugging import run_watched
from sct.inside.watching import Watch

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def norm(v):
    return np.sqrt(np.sum(v * v))


def of_rows(x):
    total = 0.0
    for row in x:
        total += norm(row)
    return total


ROWS = np.array([[3.0, 4.0], [0.0, 0.0], [1.0, 1.0]])


def line_of(function, text):
    """The line of the file in which a text is in a function."""
    code = function.__code__
    with open(code.co_filename) as file:
        lines = file.read().splitlines()
    return next(k for k, line in enumerate(lines, start=1) if k >= code.co_firstlineno and text in line)


def test_in_a_loop_and_a_function_that_is_called():
    derived = sct.grad(of_rows)
    with pytest.raises(sct.NotFiniteError) as caught:
        sct.debug_nan(derived)(ROWS)
    error = caught.value
    assert isinstance(error, FloatingPointError) and isinstance(error, sct.SctError)
    assert (error.place.line, error.place.function) == (line_of(norm, "return np.sqrt"), "norm")
    assert error.place.caller.line == line_of(of_rows, "total += norm")
    (found,) = sct.debug_nan(derived).report(ROWS).found
    line = derived.source_for(ROWS).splitlines()[found.line - 1].strip()
    assert found.result.text in line and f"line {found.line} of of_rows_grad: {line}" in str(error)
    assert any("float64 array of shape (2,), from 0 to 0" in str(o) for o in found.operands)
    assert "2 of 2 are nan, first at [0]" in found.result.value


def grown(x):
    y = np.zeros(3)
    for i in range(3):
        y[i] = x[i]
        y[i] += 1e308
        y[i] -= -x[i]
    return np.sum(np.sqrt(y))


def test_of_writes_in_place():
    (found,) = sct.debug_nan(sct.grad(grown)).report(np.array([1.0, 1e308, 1.0])).found
    assert found.place.line == line_of(grown, "y[i] += 1e308")
    assert found.result.text == "y[i] += 1e+308" and [o.value for o in found.operands] == ["1e+308", "1e+308"]


def masked(x):
    return np.sum(np.where(x > 0.0, np.log(x), 0.0))


def test_what_is_masked_is_no_error_but_reported():
    checked, x = sct.debug_nan(sct.value_and_grad(masked)), np.array([1.0, 0.0])
    assert checked(x)[0] == 0.0
    report = checked.report(x)
    assert report.finite and {found.result.text for found in report.found} == {"np.log(x)", "1.0 / x"}
    assert str(report).startswith("The result is finite; what is not, on the way to it:\n")


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1) / (x - 1.0)


def cubed(x):
    return power(x, 3)


@sct.checkpoint
def kept(x):
    return np.sqrt(x)


ZERO = np.array([0.0, 1.0])


@pytest.mark.parametrize(
    ("derived", "args", "text"),
    [
        (sct.grad(cubed), (np.float64(1.0),), "x * x_item / shifted"),
        (sct.jvp(cubed), (np.float64(1.0), 1.0), "x * part / shifted"),
        (sct.pullback(cubed), (np.float64(1.0),), "x * x_item / shifted"),
        (sct.grad(lambda x: np.sum(kept(x))), (ZERO,), "0.5 * y_bar / root"),
        (sct.grad(lambda *xs: np.sum(np.sqrt(xs[1])), wrt=1), (ZERO, ZERO), "0.5 / np.sqrt(xs_1)"),
        (sct.hessian(lambda x: np.sum(np.sqrt(x))), (ZERO,), None),
        (sct.vmap(lambda x: np.log(x)), (ZERO,), "np.log(x)"),
    ],
)
def test_of_any_derivative(derived, args, text):
    with pytest.raises(sct.NotFiniteError) as caught:
        sct.debug_nan(derived)(*args)
    (first, *_) = sct.debug_nan(derived).report(*args).found
    assert text in (None, first.result.text) and first.result.text in str(caught.value)
    assert caught.value.place == first.place and first.place.file == __file__


@pytest.mark.parametrize("transform", [sct.pullback, sct.linearize])
def test_of_what_a_pullback_gives(transform):
    y, linear = sct.debug_nan(transform(np.sqrt))(ZERO)
    np.testing.assert_array_equal(y, [0.0, 1.0])
    with pytest.raises(sct.NotFiniteError, match="/ "):
        linear(np.ones(2))


def scaled(x):
    return np.sum(SCALE * x)


SCALE = np.array([1.0, np.nan])


def test_what_is_not_finite_before():
    with pytest.raises(sct.NotFiniteError, match=r"1 of 2 is nan, first at \[1\]"):
        sct.debug_nan(sct.grad(scaled))(np.ones(2))
    with pytest.raises(sct.NotFiniteError, match=r"given is  x: float64 array of shape \(2,\), 2 of 2 are nan"):
        sct.debug_nan(sct.grad(masked_twice))(np.full(2, np.nan))


def masked_twice(x):
    return np.sum(x * np.sqrt(x))


def test_nothing_is_wrong(caplog):
    caplog.set_level(logging.INFO, "sct")
    checked = sct.debug_nan(sct.grad(of_rows))
    x = np.ones((3, 2))
    np.testing.assert_array_equal(checked(x), sct.grad(of_rows)(x))
    assert "the result is finite" in caplog.text
    report = checked.report(x)
    assert report.finite and not report.found and str(report).startswith("Nothing is wrong")


@pytest.mark.parametrize("name", ["gru", "cholesky", "fft_radix2"])
def test_watched_it_computes_the_same(name):
    f, args, wrt = sample(name)
    derived, watch = sct.vjp(f, wrt=wrt), Watch()
    args = (*args, ones_like(f(*args)))
    found = run_watched(derived, args, {}, watch)
    assert watch.count > 10 and not watch.found
    for a, b in zip(leaves(found), leaves(derived(*args)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_of_what_is_no_derived_function():
    with pytest.raises(sct.CallError, match=r"sct.debug_nan takes a derived function"):
        sct.debug_nan(of_rows)
