"""The networks as users of JAX write them."""

import jax
import jax.numpy as jnp
from jax import lax


def _cross_entropy(z, y):
    return -jnp.sum(y * jax.nn.log_softmax(z)) / len(z)


def mlp(W1, b1, W2, b2, x, y):
    return _cross_entropy(jnp.tanh(x @ W1 + b1) @ W2 + b2, y)


def lstm(Wx, Wh, b, Wo, bo, xs, y):
    def step(state, x):
        h, c = state
        i, f, o, g = jnp.split(x @ Wx + h @ Wh + b, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    nothing = jnp.zeros((xs.shape[1], len(Wh)))
    (h, _), _ = lax.scan(step, (nothing, nothing), xs)
    return _cross_entropy(h @ Wo + bo, y)


def attention(Wq, Wk, Wv, Wo, x, y, heads):
    batch, n, d = x.shape
    q, k, v = ((x @ W).reshape(batch, n, heads, d // heads) for W in (Wq, Wk, Wv))
    weights = jax.nn.softmax(jnp.einsum("bnhe,bmhe->bhnm", q, k) / jnp.sqrt(d // heads), axis=3)
    error = jnp.einsum("bhnm,bmhe->bnhe", weights, v).reshape(batch, n, d) @ Wo - y
    return jnp.sum(error * error) / batch


def _convolved(x, W, b):
    return lax.conv_general_dilated(x, W, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b


def _pooled(x):
    n, h, w, c = x.shape
    return jnp.max(x.reshape(n, h // 2, 2, w // 2, 2, c), axis=(2, 4))


def convolutional(W1, b1, W2, b2, W3, b3, x, y):
    x = _pooled(jax.nn.relu(_convolved(x, W1, b1)))
    x = _pooled(jax.nn.relu(_convolved(x, W2, b2)))
    return _cross_entropy(x.reshape(len(x), -1) @ W3 + b3, y)
