"""Networks against JAX, PyTorch and autograd: gradients of a loss by all weights, at sizes from a few numbers up."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import sct

from .contests import AUTOGRAD, JAX, NUMBA, NUMPY, TORCH, Contest
from .sections import Mark, Ratio, Section

__all__ = ["MODELS", "NETWORKS", "contest"]


def cross_entropy(z, y):
    """Of scores and the probabilities of the classes, the mean over rows."""
    z = z - np.max(z, axis=1, keepdims=True)
    return -np.sum(y * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True)))) / len(z)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def mlp(W1, b1, W2, b2, x, y):
    return cross_entropy(np.tanh(x @ W1 + b1) @ W2 + b2, y)


def lstm(Wx, Wh, b, Wo, bo, xs, y):
    """Of the last hidden state; `xs` are (steps, batch, features)."""
    n = Wh.shape[0]
    h = np.zeros((xs.shape[1], n))
    c = np.zeros((xs.shape[1], n))
    for t in range(xs.shape[0]):
        gates = xs[t] @ Wx + h @ Wh + b
        i, f, o = sigmoid(gates[:, :n]), sigmoid(gates[:, n : 2 * n]), sigmoid(gates[:, 2 * n : 3 * n])
        c = f * c + i * np.tanh(gates[:, 3 * n :])
        h = o * np.tanh(c)
    return cross_entropy(h @ Wo + bo, y)


def attention(Wq, Wk, Wv, Wo, x, y, heads):
    """Self-attention with several heads over `x` (batch, n, d), and the squared error."""
    batch, n, d = x.shape
    shape = batch, n, heads, d // heads
    q = np.transpose((x @ Wq).reshape(shape), (0, 2, 1, 3))
    k = np.transpose((x @ Wk).reshape(shape), (0, 2, 3, 1))
    v = np.transpose((x @ Wv).reshape(shape), (0, 2, 1, 3))
    scores = q @ k / np.sqrt(d // heads)
    scores = np.exp(scores - np.max(scores, axis=3, keepdims=True))
    weights = scores / np.sum(scores, axis=3, keepdims=True)
    error = np.transpose(weights @ v, (0, 2, 1, 3)).reshape(batch, n, d) @ Wo - y
    return np.sum(error * error) / batch


def convolved(x, W, b):
    """Valid convolution of x (n, h, w, c) with W (k, k, c, f), one product for each place in the window."""
    k = W.shape[0]
    h, w = x.shape[1] - k + 1, x.shape[2] - k + 1
    total = np.zeros((len(x), h, w, W.shape[3]))
    for i in range(k):
        for j in range(k):
            total = total + x[:, i : i + h, j : j + w] @ W[i, j]
    return total + b


def pooled(x):
    """The largest of each 2 x 2 window."""
    n, h, w, c = x.shape
    return np.max(x.reshape(n, h // 2, 2, w // 2, 2, c), axis=(2, 4))


def convolutional(W1, b1, W2, b2, W3, b3, x, y):
    x = pooled(np.maximum(convolved(x, W1, b1), 0.0))
    x = pooled(np.maximum(convolved(x, W2, b2), 0.0))
    return cross_entropy(x.reshape(len(x), -1) @ W3 + b3, y)


@dataclass(frozen=True)
class Model:
    """A loss, how many of its parameters are weights, and arguments of some sizes."""

    loss: Callable[..., Any]
    weights: int
    make: Callable[..., tuple[Any, ...]]
    sizes: tuple[tuple[int, ...], ...]
    small: int
    """So many of the sizes are small ones, at which calls cost more than numbers."""

    def args(self, size: tuple[int, ...]) -> tuple[Any, ...]:
        """Arguments of a size, the same each time."""
        return self.make(np.random.default_rng(0), *size)


def _normal(rng, *shape):
    return rng.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))


def _classes(rng, n, count):
    return np.eye(count)[rng.integers(0, count, n)]


def _mlp(rng, batch, inputs, hidden, outputs):
    weights = _normal(rng, inputs, hidden), np.zeros(hidden), _normal(rng, hidden, outputs), np.zeros(outputs)
    return *weights, rng.normal(size=(batch, inputs)), _classes(rng, batch, outputs)


def _lstm(rng, steps, batch, features, hidden):
    weights = _normal(rng, features, 4 * hidden), _normal(rng, hidden, 4 * hidden), np.zeros(4 * hidden)
    out = _normal(rng, hidden, 10), np.zeros(10)
    return *weights, *out, rng.normal(size=(steps, batch, features)), _classes(rng, batch, 10)


def _attention(rng, batch, n, d, heads):
    return *(_normal(rng, d, d) for _ in range(4)), *rng.normal(size=(2, batch, n, d)), heads


def _convolutional(rng, batch, side, first, second):
    left = ((side - 2) // 2 - 2) // 2
    weights = _normal(rng, 3, 3, 1, first), 0.1 * rng.normal(size=first), _normal(rng, 3, 3, first, second)
    dense = 0.1 * rng.normal(size=second), _normal(rng, left * left * second, 10), np.zeros(10)
    return *weights, *dense, rng.normal(size=(batch, side, side, 1)), _classes(rng, batch, 10)


MODELS = {
    "mlp": Model(mlp, 4, _mlp, ((1, 3, 4, 2), (32, 32, 32, 10), (128, 784, 256, 10), (1024, 784, 1024, 10)), 1),
    "lstm": Model(lstm, 5, _lstm, ((10, 1, 4, 8), (20, 16, 32, 64)), 1),
    "attention": Model(attention, 4, _attention, ((1, 8, 8, 2), (4, 64, 64, 4)), 1),
    "convolutional": Model(convolutional, 6, _convolutional, ((1, 10, 2, 4), (16, 30, 8, 16)), 1),
}


def _title(name: str, size: tuple[int, ...]) -> str:
    return f"{name} {' × '.join(map(str, size))}"


SMALL = tuple(_title(name, size) for name, model in MODELS.items() for size in model.sizes[: model.small])


def contests(peers: Mapping[str, str]) -> Iterator[tuple[str, Callable[[], Contest]]]:
    """The names of models with sizes, each with what makes its contest."""
    for name, model in MODELS.items():
        for size in model.sizes:
            yield _title(name, size), partial(contest, name, size, peers)


def contest(name: str, size: tuple[int, ...], peers: Mapping[str, str]) -> Contest:
    """The gradient of a model of a size by each way to have it."""
    model = MODELS[name]
    args, wrt = model.args(size), tuple(range(model.weights))
    plain = sct.grad(model.loss, wrt)
    ways: dict[str, Callable[[], Any]] = {NUMPY: partial(plain, *args)}
    if "Numba" in peers:
        ways[NUMBA] = partial(sct.grad(model.loss, wrt, jit="numba"), *args)
    if "JAX" in peers:
        from . import in_jax, jax_networks

        version = in_jax.gradient(getattr(jax_networks, name), wrt)
        ways |= in_jax.ways(*in_jax.fixed(version, args, ()))
    if "PyTorch" in peers:
        from . import in_torch, torch_networks

        ways[TORCH] = in_torch.call(in_torch.gradient(getattr(torch_networks, name), wrt), args)
    if "autograd" in peers:
        ways[AUTOGRAD] = partial(_by_autograd(model.loss, wrt), *args)
    return Contest(_title(name, size), partial(model.loss, *args), plain, args, ways)


def _by_autograd(loss: Callable[..., Any], wrt: tuple[int, ...]) -> Callable[..., Any]:
    """The gradient by autograd, of the same functions with autograd's NumPy."""
    import autograd
    import autograd.numpy

    namespace: dict[str, Any] = {**loss.__globals__, "np": autograd.numpy}
    for key, value in loss.__globals__.items():
        if isinstance(value, types.FunctionType) and value.__globals__ is loss.__globals__:
            namespace[key] = types.FunctionType(value.__code__, namespace, key, value.__defaults__, value.__closure__)
    return autograd.grad(namespace[loss.__name__], wrt)


_OURS = (NUMBA, NUMPY)
_JAX, _TORCH = Ratio("JAX ÷ sct", JAX, _OURS), Ratio("PyTorch ÷ sct", TORCH, _OURS)
_AUTOGRAD = Ratio("autograd ÷ sct", AUTOGRAD, _OURS)

NETWORKS = Section(
    "networks",
    "Networks",
    """Gradients of a loss by all weights: networks with one hidden layer at (batch, inputs, hidden, outputs), long short-term
memory at (steps, batch, features, hidden), self-attention at (batch, length, width, heads), and two convolutions with pooling
at (batch, side, channels, channels), in float64. PyTorch runs as it does by default, without compilation; autograd runs the
same NumPy program as `sct`, which counts with the quicker of its two ways.""",
    contests,
    (_JAX, _TORCH, _AUTOGRAD),
    (
        Mark(_JAX, 1.0),
        Mark(_TORCH, 1.0),
        Mark(_AUTOGRAD, 1.0),
        Mark(_JAX, 2.0, only=SMALL, what="small one"),
        Mark(_TORCH, 2.0, only=SMALL, what="small one"),
    ),
)
