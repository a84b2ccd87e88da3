"""Filters, transforms and images."""

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(10)
normal = normal_of(RNG)


@program(normal(10))
def digital_filter(x):
    """The energy behind a filter given by its coefficients."""
    b, a = [0.2, 0.3], [1.0, -0.5]
    y = np.zeros_like(x)
    for n in range(len(x)):
        y[n] = sum(b[k] * x[n - k] for k in range(len(b)) if n - k >= 0)
        y[n] -= sum(a[k] * y[n - k] for k in range(1, len(a)) if n - k >= 0)
    return float(np.dot(y, y))


@program(RNG.uniform(0.1, 1, size=(6, 6)))
def image_gradient(image):
    """How much an image changes from row to row once it is blurred."""
    kernel = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    out = np.zeros_like(image)
    padded = np.pad(image, 1, mode="edge")
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            out[i, j] = np.sum(padded[i : i + 3, j : j + 3] * kernel)
    gy = out[1:, :] - out[:-1, :]
    return np.sqrt((gy**2).sum() + 1e-9)


@program(RNG.uniform(0.1, 1, size=(5, 5)), 0.4, 0.6)
def bilateral_filter(image, sigma_space, sigma_range):
    """Smooths where neighbours are alike, and keeps edges."""
    h, w = image.shape
    out = np.empty_like(image)
    for i in range(h):
        for j in range(w):
            total = norm = 0.0
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    ii, jj = min(max(i + di, 0), h - 1), min(max(j + dj, 0), w - 1)
                    d = image[ii, jj] - image[i, j]
                    weight = np.exp(-(di**2 + dj**2) / (2 * sigma_space**2) - d**2 / (2 * sigma_range**2))
                    total += weight * image[ii, jj]
                    norm += weight
            out[i, j] = total / norm
    return np.sum(out**2 * np.arange(w))


@program(RNG.uniform(0.1, 1, size=(6, 6)))
def edges_by_sobel(image):
    gx = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    gy = gx.T

    def convolve(image, kernel):
        k = kernel.shape[0] // 2
        result = np.zeros((image.shape[0] - 2 * k, image.shape[1] - 2 * k))
        for (i, j), weight in np.ndenumerate(kernel):
            result += weight * image[i : i + result.shape[0], j : j + result.shape[1]]
        return result

    magnitude = np.hypot(convolve(image, gx), convolve(image, gy))
    magnitude /= magnitude.max()
    return magnitude[magnitude > 0.5].sum()


@program(normal(8))
def spectrum_by_recursion(x):
    """The fast Fourier transform, which is computed of the even and the odd entries."""

    def fft(v):
        n = len(v)
        if n == 1:
            return v
        even, odd = fft(v[::2]), fft(v[1::2])
        twiddled = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
        return np.concatenate([even + twiddled, even - twiddled])

    return np.sum(np.abs(fft(x + 0j))[:4])


def haar(x):
    """One level of the wavelet transform: averages and details."""
    return (x[0::2] + x[1::2]) / np.sqrt(2), (x[0::2] - x[1::2]) / np.sqrt(2)


@program(normal(16), 0.3, refused=("checkpoint",))
def wavelet_shrinkage(x, threshold):
    """Details at three levels, pulled towards zero."""
    details = []
    approximation = x
    while len(approximation) > 2:
        approximation, d = haar(approximation)
        details.append(d)
    kept = [np.sign(d) * np.maximum(np.abs(d) - threshold, 0.0) for d in details]
    for d in reversed(kept):
        up = np.zeros(2 * len(d))
        up[0::2] = (approximation + d) / np.sqrt(2)
        up[1::2] = (approximation - d) / np.sqrt(2)
        approximation = up
    return np.sum((x - approximation) ** 2) + np.sum(approximation**3)


class BiquadFilter:
    """A filter of second order in direct form II transposed, which is called sample by sample."""

    def __init__(self, b, a):
        self.b0, self.b1, self.b2 = b
        self.a1, self.a2 = a
        self.z1 = self.z2 = 0.0

    def process(self, x):
        y = self.b0 * x + self.z1
        self.z1 = self.b1 * x - self.a1 * y + self.z2
        self.z2 = self.b2 * x - self.a2 * y
        return y


@program([(0.3, 0.1, 0.2), (0.5, -0.2, 0.1)], [(-0.4, 0.1), (0.2, 0.3)], normal(8))
def cascade_of_filters(bs, denominators, signal):
    chain = [BiquadFilter(b, a) for b, a in zip(bs, denominators)]
    power = 0.0
    for sample in signal:
        for section in chain:
            sample = section.process(sample)
        power += sample**2
    return power / len(signal)


@program(normal(12), normal(12) * 0.1, 0.05)
def least_mean_squares(signal, noise, mu):
    """An adaptive filter that learns to predict a signal from its past."""
    order = 3
    w = np.zeros(order)
    errors = []
    desired = np.convolve(signal, [0.5, -0.3, 0.2])[: len(signal)] + noise
    for n in range(order, len(signal)):
        x = signal[n - order : n][::-1]
        e = desired[n] - w @ x
        w += 2 * mu * e * x
        errors.append(e**2)
    return np.mean(errors)
