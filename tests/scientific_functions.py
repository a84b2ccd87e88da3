"""Twenty functions as they stand in papers' code, each with arguments: what is counted in the text of their gradients.

Classifiers and their losses, a mixture, a filter, smoothers, an orbit, a diffusion, a variational bound. Each is a function of
arrays and numbers whose first arguments, or those of `wrt`, are differentiated by.
"""

import numpy as np

R = np.random.default_rng(5)
CASES = {}


def case(*args, wrt=(0,)):
    """Put the decorated function into the table, with arguments."""

    def register(f):
        CASES[f.__name__] = f, args, wrt
        return f

    return register


def N(*shape):
    return R.normal(size=shape)


def one_hot(labels, n):
    return np.eye(n)[labels]


@case(N(5, 3), N(3, 4), N(4), one_hot(np.arange(5) % 4, 4), wrt=(1, 2))
def softmax_cross_entropy(x, W, b, y):
    z = x @ W + b
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.sum(y * log_p) / x.shape[0]


@case(N(4, 6))
def log_sum_exp(z):
    m = np.max(z, axis=1)
    return np.sum(m + np.log(np.sum(np.exp(z - m[:, None]), axis=1)))


@case(N(3), N(6, 3), R.uniform(size=6))
def logistic_regression(w, X, y):
    p = 1.0 / (1.0 + np.exp(-(X @ w)))
    return -np.sum(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))


@case(N(3), 0.1, N(6, 3), np.sign(N(6)), 0.01, wrt=(0, 1))
def logistic_margin_loss(w, b, X, s, alpha):
    return np.mean(np.log1p(np.exp(-s * (X @ w + b)))) + 0.5 * alpha * np.sum(w * w)


@case(N(3), N(3, 2), np.abs(N(3, 2)) + 0.5, N(7, 2), wrt=(0, 1, 2))
def gaussian_mixture(weights, means, scales, X):
    d = (X[:, None, :] - means) / scales
    log_p = weights - 0.5 * np.sum(d * d, axis=2) - np.sum(np.log(scales), axis=1)
    m = np.max(log_p, axis=1, keepdims=True)
    per_point = m[:, 0] + np.log(np.sum(np.exp(log_p - m), axis=1))
    return np.sum(per_point) - X.shape[0] * np.log(np.sum(np.exp(weights)))


@case(N(5, 4), N(5, 4), N(5, 2), wrt=(0, 1, 2))
def attention(q, k, v):
    s = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(s - np.max(s, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    return np.sum((p @ v) ** 2)


@case(N(3, 4), N(4), N(4, 2), N(2), N(5, 3), N(5, 2), wrt=(0, 1, 2, 3))
def two_layer_network(W1, b1, W2, b2, x, y):
    h = np.maximum(x @ W1 + b1, 0.0)
    r = h @ W2 + b2 - y
    return 0.5 * np.mean(np.sum(r * r, axis=1))


@case(N(6, 4), np.ones(4), np.zeros(4), wrt=(0, 1, 2))
def layer_norm(x, gain, bias):
    mu = np.mean(x, axis=1, keepdims=True)
    var = np.mean((x - mu) ** 2, axis=1, keepdims=True)
    return np.sum(np.tanh(gain * (x - mu) / np.sqrt(var + 1e-5) + bias))


@case(0.3, -0.2, 1.1, N(12), wrt=(0, 1, 2))
def arma_residuals(phi, theta, sigma, y):
    e = 0.0
    total = 0.0
    for t in range(1, len(y)):
        e = y[t] - phi * y[t - 1] - theta * e
        total += 0.5 * (e / sigma) ** 2 + np.log(sigma)
    return total


@case(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.05, 40, wrt=(0, 1))
def kepler_orbit(q, p, dt, steps):
    for _ in range(steps):
        r = np.sqrt(np.sum(q * q))
        p = p - 0.5 * dt * q / r**3
        q = q + dt * p
        r = np.sqrt(np.sum(q * q))
        p = p - 0.5 * dt * q / r**3
    return 0.5 * np.sum(p * p) - 1.0 / np.sqrt(np.sum(q * q))


@case(N(12, 10), 0.2, 5, wrt=(0, 1))
def heat_diffusion(u, kappa, steps):
    u = u.copy()
    for _ in range(steps):
        lap = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
        u[1:-1, 1:-1] += kappa * lap
    return np.sum(u * u)


@case(0.7, 1.3, 0.1, N(6, 2), N(6), wrt=(0, 1, 2))
def gaussian_process_evidence(length, amplitude, noise, X, y):
    d2 = np.sum((X[:, None, :] - X[None, :, :]) ** 2, axis=2)
    K = amplitude**2 * np.exp(-0.5 * d2 / length**2) + noise * np.eye(X.shape[0])
    L = np.linalg.cholesky(K)
    a = np.linalg.solve(L, y)
    return 0.5 * a @ a + np.sum(np.log(np.diag(L))) + 0.5 * len(y) * np.log(2.0 * np.pi)


@case(0.9, 0.3, 0.5, N(10), wrt=(0, 1, 2))
def kalman_likelihood(a, q, r, ys):
    m, P, ll = 0.0, 1.0, 0.0
    for y in ys:
        m, P = a * m, a * a * P + q
        S = P + r
        v = y - m
        ll -= 0.5 * (np.log(2.0 * np.pi * S) + v * v / S)
        K = P / S
        m, P = m + K * v, (1.0 - K) * P
    return ll


@case(N(3, 2), N(2), N(2), N(8, 2), N(8, 3), wrt=(0, 1, 2))
def variational_bound(W, mu, log_sigma, eps, x):
    z = mu + np.exp(log_sigma) * eps
    r = x - z @ W.T
    kl = 0.5 * np.sum(mu**2 + np.exp(2.0 * log_sigma) - 1.0 - 2.0 * log_sigma)
    return -0.5 * np.mean(np.sum(r**2, axis=1)) - kl


@case(N(6, 3), 1.0, 1.0, wrt=(0, 1, 2))
def lennard_jones(x, epsilon, sigma):
    energy = 0.0
    for i in range(len(x)):
        for j in range(i):
            d = x[i] - x[j]
            s6 = (sigma**2 / (d @ d)) ** 3
            energy += 4.0 * epsilon * (s6 * s6 - s6)
    return energy


@case(N(4), N(9, 4), R.poisson(2.0, 9).astype(float))
def poisson_regression(beta, X, counts):
    eta = X @ beta
    return np.sum(np.exp(eta) - counts * eta)


@case(N(5), N(7, 5), N(7), 0.1)
def robust_regression(w, X, y, delta):
    r = X @ w - y
    a = np.abs(r)
    return np.sum(np.where(a < delta, 0.5 * r * r, delta * (a - 0.5 * delta)))


@case(N(4, 4), N(4), np.array([1, 3, 2, 0, 2]), wrt=(0, 1))
def markov_chain_likelihood(logits, start, states):
    log_p = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    ll = start[states[0]] - np.log(np.sum(np.exp(start)))
    for k in range(len(states) - 1):
        ll += log_p[states[k], states[k + 1]]
    return ll


@case(np.array([2.0, 0.5, 1.0]), np.linspace(0.0, 2.0, 9), N(9))
def damped_oscillation(theta, t, y):
    amplitude, decay, frequency = theta
    model = amplitude * np.exp(-decay * t) * np.cos(2.0 * np.pi * frequency * t)
    return np.sum((model - y) ** 2) / len(t)


@case(N(3, 3), N(5, 3), N(5, 3), wrt=(0,))
def contrastive_loss(M, a, b):
    s = a @ M @ b.T
    m = s.max(axis=1, keepdims=True)
    log_z = np.log(np.exp(s - m).sum(axis=1)) + m[:, 0]
    return np.mean(log_z - np.diag(s))
