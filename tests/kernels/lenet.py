"""LeNet-5 with rectifiers, forward pass and cross-entropy; LeCun et al. 1998, by loops over output pixels as in NPBench."""

import numpy as np


def relu(x):
    """Rectified linear unit."""
    return np.maximum(x, 0.0)


def conv2d(x, weights):
    """Valid convolution of x (n, h, w, c) with weights (k, k, c, f)."""
    k = weights.shape[0]
    n = x.shape[0]
    h_out = x.shape[1] - k + 1
    w_out = x.shape[2] - k + 1
    out = np.empty((n, h_out, w_out, weights.shape[3]))
    for i in range(h_out):
        for j in range(w_out):
            out[:, i, j, :] = np.sum(x[:, i : i + k, j : j + k, :, np.newaxis] * weights[np.newaxis], axis=(1, 2, 3))
    return out


def maxpool2d(x):
    """Largest value of each 2 x 2 window."""
    out = np.empty((x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]))
    for i in range(x.shape[1] // 2):
        for j in range(x.shape[2] // 2):
            out[:, i, j, :] = np.max(x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, :], axis=(1, 2))
    return out


def cross_entropy(logits, labels):
    """Mean negative log-likelihood of the labels."""
    n = logits.shape[0]
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(n), labels])


def lenet(params, images, labels):
    """Two stages of convolution and pooling, three dense layers; returns (loss, logits)."""
    x = relu(conv2d(images, params["conv1"]) + params["conv1_bias"])
    x = maxpool2d(x)
    x = relu(conv2d(x, params["conv2"]) + params["conv2_bias"])
    x = maxpool2d(x)
    x = np.reshape(x, (x.shape[0], -1))
    x = relu(x @ params["fc1_w"] + params["fc1_b"])
    x = relu(x @ params["fc2_w"] + params["fc2_b"])
    logits = x @ params["fc3_w"] + params["fc3_b"]
    return cross_entropy(logits, labels), logits


def example(rng):
    """Two images of 12 x 10 pixels, which the stages take to 5 x 4 x 2 and 2 x 1 x 3; drawn again while close to a kink."""
    clear = 0.0
    while clear < 1e-3:
        params = {
            "conv1": 0.4 * rng.standard_normal((3, 3, 1, 2)),
            "conv1_bias": rng.uniform(0.2, 0.5, 2),
            "conv2": 0.3 * rng.standard_normal((2, 2, 2, 3)),
            "conv2_bias": rng.uniform(0.2, 0.5, 3),
            "fc1_w": 0.4 * rng.standard_normal((6, 7)),
            "fc1_b": rng.uniform(0.2, 0.5, 7),
            "fc2_w": 0.4 * rng.standard_normal((7, 5)),
            "fc2_b": rng.uniform(0.2, 0.5, 5),
            "fc3_w": 0.4 * rng.standard_normal((5, 4)),
            "fc3_b": 0.1 * rng.standard_normal(4),
        }
        images = rng.standard_normal((2, 12, 10, 1))
        x, clear = images, np.inf
        for stage in ("conv1", "conv2"):
            x = conv2d(x, params[stage]) + params[stage + "_bias"]
            clear = min(clear, np.min(np.abs(x)))
            x = relu(x)
            pooled = maxpool2d(x)
            for i in range(pooled.shape[1]):
                for j in range(pooled.shape[2]):
                    gaps = pooled[:, None, None, i, j] - x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                    second = np.sort(gaps.reshape(2, 4, -1), axis=1)[:, 1]
                    clear = min(clear, np.min(second[pooled[:, i, j] > 0.0], initial=1.0))
            x = pooled
        x = x.reshape(2, -1)
        for layer in ("fc1", "fc2"):
            x = x @ params[layer + "_w"] + params[layer + "_b"]
            clear = min(clear, np.min(np.abs(x)))
            x = relu(x)
    return params, images, np.array([2, 0])
