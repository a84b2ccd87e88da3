"""Scaled forward algorithm of a hidden Markov model; Rabiner 1989, section V.A."""

import numpy as np


def hmm_forward(start, transition, emission, observations):
    """Log-likelihood of the observed symbols, and the scaled forward variables (steps, states)."""
    steps = observations.shape[0]
    alpha = np.zeros((steps, start.shape[0]))
    scale = np.zeros(steps)
    alpha[0] = start * emission[:, observations[0]]
    scale[0] = np.sum(alpha[0])
    alpha[0] /= scale[0]
    for t in range(1, steps):
        for j in range(start.shape[0]):
            alpha[t, j] = np.dot(alpha[t - 1], transition[:, j]) * emission[j, observations[t]]
        scale[t] = np.sum(alpha[t])
        alpha[t] /= scale[t]
    return np.sum(np.log(scale)), alpha


def example(rng):
    """Three states, four symbols, seven observations."""
    start = rng.uniform(0.2, 1.0, 3)
    transition = rng.uniform(0.2, 1.0, (3, 3))
    emission = rng.uniform(0.2, 1.0, (3, 4))
    start /= start.sum()
    transition /= transition.sum(axis=1, keepdims=True)
    emission /= emission.sum(axis=1, keepdims=True)
    return start, transition, emission, rng.integers(0, 4, 7)
