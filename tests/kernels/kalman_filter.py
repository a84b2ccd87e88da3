"""Kalman filter with missing observations and its log-likelihood; Kalman 1960, Särkkä 2013, ch. 4."""

import numpy as np


def kalman_filter(m0, P0, A, Q, H, R, y, seen):
    """Filtered means (steps, n), covariances (steps, n, n) and the log-likelihood of the observations y where seen."""
    steps, k = y.shape
    n = m0.shape[0]
    means = np.empty((steps, n))
    covs = np.empty((steps, n, n))
    identity = np.eye(n)
    loglik = 0.0
    m = m0
    P = P0
    for t in range(steps):
        m = A @ m
        P = A @ P @ A.T + Q
        if not seen[t]:
            means[t] = m
            covs[t] = P
            continue
        v = y[t] - H @ m
        S = H @ P @ H.T + R
        S_inv = np.linalg.inv(S)
        K = P @ H.T @ S_inv
        means[t] = m + K @ v
        J = identity - K @ H
        covs[t] = J @ P @ J.T + K @ R @ K.T  # Joseph's form
        loglik -= 0.5 * (v @ S_inv @ v + np.log(np.linalg.det(S)) + k * np.log(2.0 * np.pi))
        m = means[t]
        P = covs[t]
    return means, covs, loglik


def example(rng):
    """Three states, two of them observed, six steps of which one is missing."""
    A = 0.9 * np.eye(3) + 0.2 * rng.standard_normal((3, 3))
    P0, Q = 2.0 * np.eye(3), 0.3 * np.eye(3)
    R = np.array([[0.5, 0.1], [0.1, 0.4]])
    H = np.eye(3)[:2] + 0.2 * rng.standard_normal((2, 3))
    seen = np.array([True, True, False, True, True, True])
    return rng.standard_normal(3), P0, A, Q, H, R, rng.standard_normal((6, 2)), seen
