"""Derivatives of decorated functions, whose decorators see what they are called with, and how."""

import functools

import numpy as np
import pytest

import sct
from sct.errors import CallError, SctError


def counting(f):
    """Gives more for each positional argument, and for each keyword."""

    @functools.wraps(f)
    def counted(*args, **kwargs):
        return f(*args, **kwargs) * (1.0 + len(args)) ** 2 + 10.0 * len(kwargs)

    return counted


@counting
def energy(x, y, scale=1.0):
    return np.sum(x**2) * y * scale


@counting
def weighed(x, *, weight=-1.0):
    return np.sum(x**3) * weight


class Model:
    def __init__(self):
        self.k = 3.0

    @counting
    def loss(self, x, scale=1.0):
        return self.k * np.sum(x**2) * scale


X = np.array([1.0, -2.0])


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((2.0,), {}), ((2.0, 3.0), {}), ((2.0,), {"scale": 3.0}), ((), {"y": 2.0}), ((), {"y": 2.0, "scale": 3.0})],
)
def test_arguments_are_given_as_the_caller_gives_them(args, kwargs):
    """What is left out is left out, and what is given by name is given by name."""
    value, gradient = sct.value_and_grad(energy)(X, *args, **kwargs)
    assert value == energy(X, *args, **kwargs)
    steps = 1e-6 * np.eye(2)
    differences = [(energy(X + h, *args, **kwargs) - energy(X - h, *args, **kwargs)) / 2e-6 for h in steps]
    assert np.allclose(gradient, differences)
    assert sct.jvp(energy)(X, *args, X, **kwargs)[0] == value
    assert sct.vjp(energy, ("x", "y"))(X, *args, **kwargs, y_bar=1.0)[0] == value


def test_keyword_only():
    for kwargs in ({}, {"weight": 2.0}):
        assert sct.value_and_grad(weighed)(X, **kwargs)[0] == weighed(X, **kwargs)


def test_methods():
    for kwargs in ({}, {"scale": 2.0}):
        assert sct.value_and_grad(Model().loss)(X, **kwargs)[0] == Model().loss(X, **kwargs)
    assert sct.grad(Model.loss, "self")(Model(), X).k == 9.0 * np.sum(X**2)


def test_what_it_is_differentiated_by_is_given():
    """By name, with its default, where it is left out."""
    value, slope = sct.value_and_grad(energy, "scale")(X, 2.0)
    assert (value, slope) == (energy(X, 2.0, scale=1.0), 9.0 * 2.0 * np.sum(X**2))
    assert sct.grad(energy, 2)(X, 2.0, 1.0) == 16.0 * 2.0 * np.sum(X**2)


def test_wrong_calls():
    with pytest.raises(CallError, match="missing a required argument: 'x'"):
        sct.grad(energy)()
    for args, kwargs in (((X,), {}), ((X, 1.0), {"other": 1.0}), ((X, 1.0, 2.0, 3.0), {})):
        with pytest.raises((SctError, TypeError)):
            sct.grad(energy)(*args, **kwargs)
        with pytest.raises(TypeError):
            energy(*args, **kwargs)


def test_second_derivatives():
    slope = sct.grad(energy)
    for args, kwargs in (((2.0,), {}), ((2.0,), {"scale": 3.0}), ((), {"y": 2.0, "scale": 3.0})):
        by_hand = 2.0 * (2.0 + len(args)) ** 2 * 2.0 * kwargs.get("scale", 1.0)
        assert np.allclose(sct.jvp(slope)(X, *args, np.ones(2), **kwargs)[1], by_hand)
        assert np.allclose(sct.vjp(sct.vjp(energy))(X, *args, 1.0, (0.0, np.ones(2)), **kwargs)[1], by_hand)


def test_inside_of_a_function():
    def f(x, y):
        return np.sum(sct.grad(energy)(x, y) * sct.grad(energy)(x, y=y, scale=y))

    assert f(X, 2.0) == np.sum((2.0 * X * 2.0 * 9.0) * (2.0 * X * 4.0 * 4.0))
    assert np.allclose(sct.grad(f)(X, 2.0), 2.0 * (2.0 * 2.0 * 9.0) * (2.0 * 4.0 * 4.0) * X)
