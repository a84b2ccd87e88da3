"""Fields that a method assigns, and no constructor: what a layer keeps of its forward pass, in loops and branches."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest

import sct
from sct.errors import UnsupportedSyntaxError

X, W = np.array([0.3, 0.5]), np.array([1.0, 0.7])


class Layer:
    rate, steps = 0.1, 0

    def __init__(self, w):
        self.w = w

    def forward(self, x):
        self.x = x
        return np.tanh(x * self.w)

    def backward(self, g):
        return g * self.x

    def update(self, g):
        self.rate = self.rate * 0.9
        self.steps += 1
        self.w = self.w - self.rate * self.backward(g)


def made(w, x, n):
    layer = Layer(w)
    for _ in range(n):
        layer.update(layer.forward(x))
    return np.sum(layer.w * layer.x) * layer.rate * layer.steps


def given(layer, x, n):
    for _ in range(n):
        y = layer.forward(x)
        layer.w = layer.w - 0.1 * layer.backward(y)
    return np.sum(layer.w)


def in_a_branch(layer, x, n):
    if n > 2:
        layer.forward(x)
        return np.sum(layer.backward(x))
    y = layer.forward(2.0 * x) if n > 1 else x
    return np.sum(layer.w * y)


def layers(w, x, n):
    every = [Layer(w), Layer(2.0 * w)]
    for _ in range(n):
        y = x
        for layer in every:
            y = layer.forward(y)
        for layer in reversed(every):
            layer.w = layer.w - 0.1 * layer.backward(y)
    return np.sum(every[0].w * every[1].w)


@dataclass
class Counted:
    w: np.ndarray
    steps: int = 0
    name: str = "counted"

    def step(self, x):
        self.w = self.w - 0.1 * x * self.w**2
        self.steps += 1


def fields_of_other_kinds(model, x, n):
    for k in range(n):
        if k % 2 == 0:
            model.step(x)
    return np.sum(model.w) * model.steps


def beside_lists_that_are_objects(model, x, n):
    rows = [x, x * 2.0]
    model.kept = rows[n % 2]
    for _ in range(n):
        model.step(x)
    return np.sum(rows[n % 2] * model.w * model.kept)


class Parts:
    def __init__(self, w, parts):
        self.w = w
        self.parts = parts


def test_a_list_in_a_field_is_the_same_one_after_a_loop():
    def longer(model, x, many, n):
        for _ in range(n):
            model.w = model.w * x
        model.parts.append(np.sin(x))
        for part in model.parts:
            x = x * part
        return np.sum(x) * many[2]

    args = Parts(W, [X, 2.0 * X]), X, [0.1 * k for k in range(10)], 2
    sct.check_grads(longer, args, (0, 1), modes=("reverse", "forward"))


FUNCTIONS = [
    (beside_lists_that_are_objects, Counted(W)),
    (made, W),
    (given, Layer(W)),
    (in_a_branch, Layer(W)),
    (layers, W),
    (fields_of_other_kinds, Counted(W)),
]


@pytest.mark.parametrize("n", [3, 2, 1])
@pytest.mark.parametrize(("f", "first"), FUNCTIONS, ids=[f.__name__ for f, _ in FUNCTIONS])
def test_derivatives(f, first, n):
    sct.check_grads(f, (first, X, n), (0, 1), modes=("reverse", "forward"))
    assert sct.value_and_grad(f, 1)(copy.deepcopy(first), X, n)[0] == f(copy.deepcopy(first), X, n)
    assert vars(Layer(W)).keys() == {"w"}


def test_a_list_in_a_field_grows_in_a_loop():
    def longer(model, x, rows, n):
        row = rows[n % 2]
        for _ in range(n):
            model.w = model.w * x
            model.parts.append(x * 2)
        return np.sum(model.parts[-1]) * row[0] * len(model.parts) * model.w[0]

    args = Parts(W, [X, 2.0 * X]), X, [X, 3.0 * X], 3
    sct.check_grads(longer, args, (0, 1), modes=("reverse", "forward"))
    assert sct.value_and_grad(longer, (0, 1))(*args)[0] == longer(copy.deepcopy(args[0]), *args[1:])


def whether_there_is_one(w, x, n):
    layer = Layer(w)
    for _ in range(n):
        if hasattr(layer, "x"):
            layer.w = layer.w + 0.1 * layer.x
        layer.forward(x)
    return np.sum(layer.w)


def test_whether_a_field_is_there_is_not_asked_at_run_time():
    with pytest.raises(UnsupportedSyntaxError, match="Assign"):
        sct.grad(whether_there_is_one)(W, X, 3)
