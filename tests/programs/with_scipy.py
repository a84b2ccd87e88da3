"""Programs that call SciPy: likelihoods, Gaussian processes, filters, transforms."""

import numpy as np
import scipy.signal as sig
from scipy import fft, linalg, special
from scipy.interpolate import BSpline
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.distance import cdist, pdist
from scipy.stats import norm

from .registry import normal_of, program

RNG = np.random.default_rng(14)
normal = normal_of(RNG)


@program({"shape": 1.4, "scale": 2.5, "frailty": 0.6}, RNG.uniform(0.3, 4, size=7), np.array([1, 1, 0, 1, 0, 1, 1]))
def frail_survival(p, t, died):
    """Minus the log-likelihood of lifetimes by Weibull with a gamma frailty, some of them cut off."""
    k, lam, theta = p["shape"], p["scale"], p["frailty"]
    hazard = k / lam * (t / lam) ** (k - 1)
    cumulated = (t / lam) ** k
    a = 1 / theta
    log_s = a * np.log(a) - a * np.log(a + cumulated)
    log_h = np.log(hazard) + special.digamma(a + 1) - special.digamma(a) - np.log1p(theta * cumulated)
    prior = special.gammaln(a) - a * np.log(a)
    return -(np.sum(died * log_h) + np.sum(log_s)) + 0.01 * prior


@program(normal(3), normal(9, 3), RNG.integers(0, 2, 9))
def probit_regression(beta, X, y):
    """Minus the log-posterior of a probit model."""
    z = (2 * y - 1) * (X @ beta)
    return -np.sum(special.log_ndtr(z)) + 0.5 * beta @ beta


@program(np.abs(normal(12)) + 0.2, np.array([0.1, 0.4, 0.3, 0.2]))
def deconvolution(seen, kernel, steps=4):
    """Richardson and Lucy's steps, and what they leave."""
    estimate = np.full_like(seen, np.mean(seen))
    for _ in range(steps):
        blurred = sig.fftconvolve(estimate, kernel, mode="same")
        estimate = estimate * sig.fftconvolve(seen / (blurred + 1e-9), kernel[::-1], mode="same")
    return np.sum((sig.fftconvolve(estimate, kernel, mode="same") - seen) ** 2)


class Kernel:
    def __init__(self, scale, length, noise):
        self.scale, self.length, self.noise = scale, length, noise

    def __call__(self, A, B):
        r = cdist(A, B) / self.length
        return self.scale**2 * (1 + np.sqrt(5) * r + 5 / 3 * r**2) * np.exp(-np.sqrt(5) * r)


@program(np.array([1.2, 0.8, 0.3]), normal(6, 2), normal(6), normal(2, 2), rounded=True)
def matern_process(theta, X, y, new):
    """A Gaussian process by a Matérn kernel: minus its evidence, and what it says of new points."""
    kernel = Kernel(*theta)
    L = np.linalg.cholesky(kernel(X, X) + kernel.noise**2 * np.eye(len(X)))
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    evidence = -0.5 * y @ alpha - np.log(np.diag(L)).sum() - 0.5 * len(y) * np.log(2 * np.pi)
    return -evidence + 0.1 * np.sum((kernel(new, X) @ alpha) ** 2)


class Regression:
    """A Gaussian process of points that are given, whose factor is computed once for all that is asked."""

    def __init__(self, X, y, length, noise):
        self.X, self.y, self.length = X, y, length
        self.factor = linalg.cho_factor(self.kernel(X, X) + noise**2 * np.eye(len(X)), lower=True)
        self.alpha = linalg.cho_solve(self.factor, y)

    def kernel(self, A, B):
        return np.exp(-0.5 * cdist(A, B, "sqeuclidean") / self.length**2)

    def evidence(self):
        return -0.5 * self.y @ self.alpha - np.sum(np.log(np.diag(self.factor[0])))

    def predict(self, new):
        K = self.kernel(new, self.X)
        return K @ self.alpha, 1.0 - np.einsum("ij,ji->i", K, linalg.cho_solve(self.factor, K.T))


@program(0.8, 0.3, normal(5, 2), normal(5), normal(2, 2), rounded=True)
def expected_improvement(length, noise, X, y, new):
    """By how much new points are expected to be better than the best so far, and the evidence."""
    model = Regression(X, y, length, noise)
    mean, variance = model.predict(new)
    sd = np.sqrt(variance)
    z = (mean - np.max(y)) / sd
    return np.sum((mean - np.max(y)) * norm.cdf(z) + sd * norm.pdf(z)) - 0.1 * model.evidence()


@program(normal(5, 2), normal(5, 3), rounded=True)
def stress_of_a_map(Y, X):
    """How far the distances of points in a plane are from those in space."""
    far, near = pdist(X), pdist(Y)
    return np.sqrt(np.sum((far - near) ** 2) / np.sum(far**2))


@program(np.array([0.5, -0.3]), np.array([1.0, 0.4]), 0.7, normal(11))
def moving_average_model(phi, theta, sigma, y):
    """Minus the log-likelihood of an ARMA process, by the shocks that a filter finds."""
    shocks = sig.lfilter(np.concatenate([[1.0], -phi]), theta, y)
    return 0.5 * np.sum(shocks**2) / sigma**2 + len(y) * np.log(sigma)


@program(normal(4, 6), 0.3, rounded=True)
def kept_by_cosines(image, threshold):
    """What is lost when small coefficients of the cosine transform are left out."""
    c = fft.dctn(image, norm="ortho")
    kept = np.where(np.abs(c) > threshold, c, 0.0)
    return np.sum((fft.idctn(kept, norm="ortho") - image) ** 2) + 0.1 * np.sum(np.abs(kept))


@program(normal(6), np.array([0.8, 1.7]), 0.05, np.sort(RNG.uniform(0, 3, size=9)), normal(9), rounded=True)
def spline_regression(c, inner, smoothing, x, y):
    """How far a cubic spline with knots of its own is from what was seen, and how much it bends."""
    spline = BSpline(np.concatenate([np.zeros(4), inner, np.full(4, 3.0)]), c, 3)
    bend = spline(np.linspace(0.1, 2.9, 7), nu=2)
    return np.sum((spline(x) - y) ** 2) + smoothing * np.sum(bend**2)


@program(np.array([0.15, 0.3, -0.2]), normal(5, 6), normal(5, 6), rounded=True)
def registration(motion, image, seen):
    """How far an image that is turned and moved is from another one, both blurred."""
    angle, down, right = motion
    i, j = np.indices(seen.shape)
    y, x = i - (seen.shape[0] - 1) / 2, j - (seen.shape[1] - 1) / 2
    places = np.stack(
        [i + down + (np.cos(angle) - 1) * y - np.sin(angle) * x, j + right + np.sin(angle) * y + (np.cos(angle) - 1) * x]
    )
    moved = map_coordinates(gaussian_filter(image, 0.7), places, mode="mirror")
    return np.mean((moved - gaussian_filter(seen, 0.7)) ** 2)
