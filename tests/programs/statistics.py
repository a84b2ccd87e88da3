"""Likelihoods of statistics, by functions of scipy.special."""

import numpy as np
from scipy import special

from .registry import normal_of, program

RNG = np.random.default_rng(16)
normal = normal_of(RNG)


@program(0.4, normal(2), RNG.uniform(0.5, 3.0, 7), normal(7, 2), np.array([True, False, True, True, False, True, True]))
def gamma_survival_model(log_rate, beta, times, X, died):
    """Log-likelihood of times of failure of gamma distributions of shape 2.5, some of them censored."""
    rate = np.exp(log_rate + X @ beta)
    density = 2.5 * np.log(rate) + 1.5 * np.log(times) - rate * times - special.gammaln(2.5)
    alive = np.log(special.gammaincc(2.5, rate * times))
    return np.sum(np.where(died, density, alive))


@program(0.3, normal(2), normal(6, 2), np.array([0, 3, 1, 7, 2, 4]))
def negative_binomial_regression(log_dispersion, beta, X, counts):
    r = np.exp(-log_dispersion)
    mean = np.exp(X @ beta)
    log_p = special.gammaln(counts + r) - special.gammaln(r) - special.gammaln(counts + 1)
    return np.sum(log_p + special.xlogy(r, r / (r + mean)) + special.xlogy(counts, mean / (r + mean)))


@program(RNG.uniform(0.5, 3.0, 4), RNG.uniform(0.5, 3.0, 4))
def divergence_of_dirichlet_distributions(a, b):
    """Kullback and Leibler's, of which the gradient has trigamma functions."""
    total = np.sum(a)
    norm = special.gammaln(total) - np.sum(special.gammaln(a)) - special.gammaln(np.sum(b)) + np.sum(special.gammaln(b))
    return norm + np.sum((a - b) * (special.digamma(a) - special.digamma(total)))


@program(normal(2), normal(2), RNG.uniform(0.5, 3.0, 2), RNG.uniform(-3.0, 3.0, 9))
def mixture_of_directions(logits, means, kappas, angles):
    """Log-likelihood of a mixture of von Mises distributions."""
    density = kappas * special.cosm1(angles[:, None] - means) - np.log(2 * np.pi * special.i0e(kappas))
    return np.sum(special.logsumexp(special.log_softmax(logits) + density, axis=1))
