"""The posterior of a mixture of Gaussians, with a Wishart prior of the precision matrices."""

import math

import numpy as np

from .tasks import Task, function, gradient, number, numbers

__all__ = ["FUNCTIONS", "WRT", "objective"]

WRT = ("alpha", "mu", "q", "below")


def log_sum_exp(x):
    """Of each row."""
    largest = np.max(x, axis=1)
    return largest + np.log(np.sum(np.exp(x - largest[:, None]), axis=1))


def constant(k, d, n, m, gamma):
    """What does not depend on the mixture."""
    freedom = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi) + sum(math.lgamma(0.5 * (freedom - j)) for j in range(d))
    return k * (freedom * d * math.log(gamma / math.sqrt(2.0)) - log_gamma) - 0.5 * n * d * math.log(2.0 * math.pi)


def objective(alpha, mu, q, below, x, m, gamma, constant_part):
    """`q` has the logarithms of the diagonals of the precisions' factors, `below` what is below them, column by column."""
    k, d = mu.shape
    columns, rows = np.triu_indices(d, 1)
    factors = np.zeros((k, d, d))
    factors[:, rows, columns] = below
    factors[:, np.arange(d), np.arange(d)] = np.exp(q)
    z = (x - mu[:, None, :]) @ factors.transpose(0, 2, 1)
    log_scales = np.sum(q, axis=1)
    terms = alpha + log_scales - 0.5 * np.sum(z * z, axis=2).T
    likelihood = np.sum(log_sum_exp(terms)) - len(x) * log_sum_exp(alpha[None, :])[0]
    prior = m * np.sum(log_scales) - 0.5 * gamma**2 * np.sum(factors * factors)
    return likelihood + prior + constant_part


def _prepared(given):
    k, d, n, m, gamma = (given[name] for name in ("k", "d", "n", "m", "gamma"))
    alpha, mu, q = (np.array(given[name], float) for name in ("alpha", "mu", "q"))
    below = np.array(given["l"], float).reshape(k, d * (d - 1) // 2)
    return alpha, mu, q, below, np.array(given["x"], float), m, gamma, constant(k, d, n, m, gamma)


def _named(values):
    return dict(zip(("alpha", "mu", "q", "l"), map(numbers, values), strict=True))


FUNCTIONS = {
    "objective": Task(_prepared, function(objective), number),
    "jacobian": Task(_prepared, gradient(objective, WRT), _named),
}
