"""Conjugate gradients for a symmetric positive definite system, all vectors updated in place; Hestenes & Stiefel 1952."""

import numpy as np

# Not the tolerance: it only says when to stop.
WRT = ("A", "b", "x")


def conjugate_gradients(A, b, x, tol, max_iterations):
    """Improve the guess x for A x = b in place; returns x and the residual's norm after each iteration."""
    r = b - A @ x
    p = r.copy()
    rr = r @ r
    history = np.zeros(max_iterations)
    for k in range(max_iterations):
        Ap = A @ p
        alpha = rr / (p @ Ap)
        x += alpha * p
        r -= alpha * Ap
        rr_new = r @ r
        history[k] = np.sqrt(rr_new)
        if history[k] < tol:
            break
        p *= rr_new / rr
        p += r
        rr = rr_new
    return x, history


def example(rng):
    """Six unknowns, of which three iterations reduce the residual but do not end it."""
    B = 0.1 * rng.standard_normal((6, 6))
    A = np.diag(np.array([2.0, 3.0, 4.5, 6.0, 8.0, 10.0])) + B + B.T
    return A, rng.uniform(1.0, 2.0, 6), 0.1 * rng.standard_normal(6), 1e-9, 3
