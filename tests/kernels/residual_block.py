"""Bottleneck residual block with batch normalisation; He et al. 2016, loops over output pixels as in NPBench `resnet`."""

import numpy as np


def conv2d(x, weights):
    """Valid convolution of x (n, h, w, c) with weights (k, k, c, f)."""
    k = weights.shape[0]
    h_out = x.shape[1] - k + 1
    w_out = x.shape[2] - k + 1
    out = np.zeros((x.shape[0], h_out, w_out, weights.shape[3]))
    for i in range(h_out):
        for j in range(w_out):
            for a in range(k):
                for b in range(k):
                    out[:, i, j, :] += x[:, i + a, j + b, :] @ weights[a, b]
    return out


def batchnorm(x, scale, shift, eps):
    """Normalise every channel over batch and pixels, in place."""
    x -= np.mean(x, axis=(0, 1, 2), keepdims=True)
    x /= np.sqrt(np.mean(x * x, axis=(0, 1, 2), keepdims=True) + eps)
    x *= scale
    x += shift


def residual_block(x, conv1, conv2, conv3, scales, shifts):
    """1 x 1, 3 x 3, 1 x 1 convolutions, added to the input; scales and shifts are lists of one vector a layer."""
    n, h, w, _ = x.shape
    c = conv1.shape[3]
    padded = np.zeros((n, h + 2, w + 2, c))
    padded[:, 1:-1, 1:-1, :] = conv2d(x, conv1)
    inner = padded[:, 1:-1, 1:-1, :]
    batchnorm(inner, scales[0], shifts[0], 1e-3)
    inner[:] = np.maximum(inner, 0.0)

    y = conv2d(padded, conv2)
    batchnorm(y, scales[1], shifts[1], 1e-3)
    np.maximum(y, 0.0, out=y)

    z = conv2d(y, conv3)
    batchnorm(z, scales[2], shifts[2], 1e-3)
    z += x
    return np.maximum(z, 0.0)


def example(rng):
    """Two images of 4 x 3 pixels and 5 channels, 2 and 3 inside; drawn again while close to a kink."""
    clear = 0.0
    while clear < 2e-3:
        x = rng.standard_normal((2, 4, 3, 5))
        convs = rng.standard_normal((1, 1, 5, 2)), rng.standard_normal((3, 3, 2, 3)), rng.standard_normal((1, 1, 3, 5))
        scales = [rng.uniform(0.5, 1.5, 2), rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5, 5)]
        shifts = [0.3 * rng.standard_normal(2), 0.3 * rng.standard_normal(3), 0.3 * rng.standard_normal(5)]
        clear, y = np.inf, x
        for k in range(3):
            if k == 1:
                y = np.pad(y, ((0, 0), (1, 1), (1, 1), (0, 0)))
            y = conv2d(y, convs[k])
            batchnorm(y, scales[k], shifts[k], 1e-3)
            if k == 2:
                y += x
            clear = min(clear, np.min(np.abs(y)))
            y = np.maximum(y, 0.0)
    return x, convs[0], convs[1], convs[2], scales, shifts
