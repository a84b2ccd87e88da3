"""What the benchmarks measure: functions, and their gradients written by hand in NumPy.

A gradient by hand reverses the function statement by statement, as design and textbooks do. Where a person would also
simplify by algebra that holds for this function only (softmax minus label), that form stands beside it as `simplified`.
"""

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autograd
import autograd.numpy
import numpy as np


@dataclass(frozen=True)
class Case:
    """A function with arguments, what to differentiate by, and the gradients to compare with."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    wrt: tuple[int, ...]
    by_hand: Callable[..., Any]
    simplified: Callable[..., Any] | None = None

    def autograd(self) -> Callable[..., Any]:
        """The gradient by autograd, of the same function with autograd's NumPy."""
        f = self.function
        peer = types.FunctionType(f.__code__, {**f.__globals__, "np": autograd.numpy}, f.__name__, f.__defaults__)
        return autograd.grad(peer, self.wrt)


def mlp(W1, b1, W2, b2, x, y):
    h = np.tanh(x @ W1 + b1)
    d = h @ W2 + b2 - y
    return np.sum(d * d)


def mlp_by_hand(W1, b1, W2, b2, x, y):
    h = np.tanh(x @ W1 + b1)
    d = h @ W2 + b2 - y
    d_bar = 2.0 * d
    h_bar = d_bar @ W2.T
    W2_bar = h.T @ d_bar
    b2_bar = d_bar.sum(axis=0)
    a_bar = h_bar * (1.0 - h * h)
    W1_bar = x.T @ a_bar
    b1_bar = a_bar.sum(axis=0)
    return W1_bar, b1_bar, W2_bar, b2_bar


def logistic(w, b, x, y):
    z = x @ w + b
    return np.sum(np.logaddexp(0.0, z) - y * z) / len(y)


def logistic_by_hand(w, b, x, y):
    z = x @ w + b
    t_bar = 1.0 / len(y)
    z_bar = t_bar * np.exp(z - np.logaddexp(0.0, z)) - t_bar * y
    return x.T @ z_bar, z_bar.sum()


def logistic_simplified(w, b, x, y):
    z_bar = (1.0 / (1.0 + np.exp(-(x @ w + b))) - y) / len(y)
    return x.T @ z_bar, z_bar.sum()


def softmax_layer(W, b, x, y):
    z = x @ W + b
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.sum(y * log_p) / len(x)


def softmax_layer_by_hand(W, b, x, y):
    a = x @ W + b
    top = np.max(a, axis=1, keepdims=True)
    e = np.exp(a - top)
    s = np.sum(e, axis=1, keepdims=True)
    log_p_bar = y * (-1.0 / len(x))
    s_bar = -np.sum(log_p_bar, axis=1, keepdims=True) / s
    z_bar = log_p_bar + s_bar * e
    top_bar = -np.sum(z_bar, axis=1, keepdims=True)
    ties = a == top
    a_bar = z_bar + top_bar * ties / np.sum(ties, axis=1, keepdims=True)
    return x.T @ a_bar, a_bar.sum(axis=0)


def softmax_layer_simplified(W, b, x, y):
    a = x @ W + b
    p = np.exp(a - np.max(a, axis=1, keepdims=True))
    a_bar = (p / np.sum(p, axis=1, keepdims=True) - y) / len(x)
    return x.T @ a_bar, a_bar.sum(axis=0)


def recurrence(x, r, n):
    for _ in range(n):
        x = x + 0.1 * r * x * (1.0 - x)
    return x


def recurrence_by_hand(x, r, n):
    x_tape = []
    for _ in range(n):
        x_tape.append(x)
        x = x + 0.1 * r * x * (1.0 - x)
    x_bar = 1.0
    r_bar = 0.0
    for _ in range(n):
        x = x_tape.pop()
        a = 1.0 - x
        r_bar += 0.1 * (x * (a * x_bar))
        x_bar += 0.1 * r * (a * x_bar) - 0.1 * r * x * x_bar
    return x_bar, r_bar


def _mlp(batch: int, inputs: int, hidden: int, outputs: int) -> Case:
    rng = np.random.default_rng(0)
    shapes = [(inputs, hidden), (hidden,), (hidden, outputs), (outputs,), (batch, inputs), (batch, outputs)]
    args = tuple(rng.normal(size=shape) / np.sqrt(inputs) for shape in shapes)
    return Case(f"mlp {batch} x {inputs} x {hidden} x {outputs}", mlp, args, (0, 1, 2, 3), mlp_by_hand)


def _logistic() -> Case:
    rng = np.random.default_rng(0)
    args = (rng.normal(size=20), 0.1, rng.normal(size=(500, 20)), (rng.normal(size=500) > 0).astype(float))
    return Case("logistic regression 500 x 20", logistic, args, (0, 1), logistic_by_hand, logistic_simplified)


def _softmax() -> Case:
    rng = np.random.default_rng(0)
    args = (rng.normal(size=(64, 10)), np.zeros(10), rng.normal(size=(128, 64)), np.eye(10)[rng.integers(0, 10, 128)])
    return Case("softmax layer 128 x 64 x 10", softmax_layer, args, (0, 1), softmax_layer_by_hand, softmax_layer_simplified)


CASES = (
    _mlp(1, 3, 4, 2),
    _mlp(32, 32, 32, 10),
    _mlp(128, 784, 256, 10),
    _logistic(),
    _softmax(),
    Case("recurrence of 50 steps", recurrence, (0.2, 0.9, 50), (0, 1), recurrence_by_hand),
)


def program_of(statements: int) -> str:
    """The text of a function `program(x, a)` with that many statements, of a few kinds in turn."""
    kinds = ["x = np.sin(x) * a", "y = x + 0.5 * x * x", "x = y / (1.0 + y * y)", "a = a + 0.1 * np.tanh(x)"]
    body = [f"    {kinds[i % len(kinds)]}" for i in range(statements - 1)]
    return "\n".join(["def program(x, a):", "    y = x", *body, "    return np.sum(x * a + y)", ""])
