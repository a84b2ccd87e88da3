"""Log-likelihood of a Gaussian mixture with Cholesky factors of the precisions; the objective `gmm` of ADBench, Šrajer 2018."""

import numpy as np


def unpack(log_diagonal, below, L):
    """Fill the lower triangle of L from the logarithms of its diagonal and its entries below, column by column."""
    d = log_diagonal.shape[0]
    i = 0
    for col in range(d):
        L[col, col] = np.exp(log_diagonal[col])
        for row in range(col + 1, d):
            L[row, col] = below[i]
            i += 1


def logsumexp(x):
    """Logarithm of the sum of exponentials."""
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def gaussian_mixture(alphas, means, log_diagonals, belows, x, gamma):
    """Log-likelihood of the points x (n, d) with a Wishart prior of strength gamma on the k precisions."""
    n, d = x.shape
    k = means.shape[0]
    L = np.zeros((d, d))
    terms = np.empty((n, k))
    prior = 0.0
    for j in range(k):
        unpack(log_diagonals[j], belows[j], L)
        log_det = np.sum(log_diagonals[j])
        for i in range(n):
            z = L @ (x[i] - means[j])
            terms[i, j] = alphas[j] + log_det - 0.5 * np.sum(z**2)
        prior += 0.5 * gamma**2 * np.sum(L * L) - d * log_det
    loglik = 0.0
    for i in range(n):
        loglik += logsumexp(terms[i])
    return loglik - n * logsumexp(alphas) - 0.5 * n * d * np.log(2.0 * np.pi) - prior


def example(rng):
    """Five points in three dimensions, two components."""
    alphas, means = rng.standard_normal(2), rng.standard_normal((2, 3))
    return alphas, means, 0.3 * rng.standard_normal((2, 3)), 0.4 * rng.standard_normal((2, 3)), rng.standard_normal((5, 3)), 0.7
