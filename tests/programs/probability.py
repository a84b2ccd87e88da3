"""Likelihoods, filters and samplers."""

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(3)
normal = normal_of(RNG)


def positive_definite(n):
    a = normal(n, n)
    return a @ a.T + n * np.eye(n)


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@program(normal(3), normal(3, 2), np.abs(normal(3, 2)) + 0.5, normal(10, 2), peer=True)
def gaussian_mixture_log_likelihood(logits, means, scales, x):
    log_weights = logits - np.log(np.sum(np.exp(logits)))
    z = (x[:, None, :] - means) / scales
    log_p = -0.5 * np.sum(z**2, axis=2) - np.sum(np.log(scales), axis=1) - 0.5 * x.shape[1] * np.log(2 * np.pi)
    joint = log_p + log_weights
    top = np.max(joint, axis=1, keepdims=True)
    return np.sum(np.log(np.sum(np.exp(joint - top), axis=1)) + top[:, 0])


@program(0.4, 0.9, 0.2, np.linspace(0.0, 3.0, 7), normal(7), peer=True)
def gaussian_process_marginal_likelihood(log_scale, log_length, log_noise, x, y):
    d = x[:, None] - x[None, :]
    K = np.exp(2 * log_scale - 0.5 * d**2 * np.exp(-2 * log_length)) + np.exp(2 * log_noise) * np.eye(len(x))
    L = np.linalg.cholesky(K)
    a = np.linalg.solve(L, y)
    return -0.5 * a @ a - np.sum(np.log(np.diag(L))) - 0.5 * len(x) * np.log(2 * np.pi)


@program(normal(3), normal(3, 3), normal(3, 4), np.array([0, 3, 1, 1, 2, 0]), peer=True)
def hmm_forward_algorithm(start, transition, emission, observed):
    pi = softmax(start)
    A = softmax(transition)
    B = softmax(emission)
    alpha = pi * B[:, observed[0]]
    log_likelihood = 0.0
    for t in range(1, len(observed)):
        scale = np.sum(alpha)
        log_likelihood = log_likelihood + np.log(scale)
        alpha = (alpha / scale) @ A * B[:, observed[t]]
    return log_likelihood + np.log(np.sum(alpha))


@program(np.array([[1.0, 0.1], [0.0, 0.9]]), 0.3, 0.7, normal(8), peer=True)
def kalman_filter_log_likelihood(F, q, r, ys):
    H = np.array([1.0, 0.0])
    m = np.zeros(2)
    P = np.eye(2)
    total = 0.0
    for y in ys:
        m = F @ m
        P = F @ P @ F.T + q * np.eye(2)
        s = H @ P @ H + r
        k = P @ H / s
        e = y - H @ m
        m = m + k * e
        P = P - np.outer(k, H @ P)
        total = total - 0.5 * (np.log(2 * np.pi * s) + e * e / s)
    return total


@program(normal(4), normal(4, 4), normal(4), positive_definite(4), peer=True)
def gaussian_kl_divergence(mean, factor, prior_mean, prior):
    L = np.tril(factor) + 2.0 * np.eye(4)
    S = L @ L.T
    d = prior_mean - mean
    P = np.linalg.inv(prior)
    sign, logdet = np.linalg.slogdet(prior)
    return 0.5 * (np.trace(P @ S) + d @ P @ d - 4 + logdet - 2 * np.sum(np.log(np.abs(np.diag(L)))))


class GaussianProcess:
    """Regression with a squared exponential kernel."""

    def __init__(self, noise=1e-2, jitter=1e-8):
        self.noise = noise
        self.jitter = jitter

    def kernel(self, X1, X2, length_scale, sigma_f):
        d = X1[:, None] - X2[None, :]
        return sigma_f**2 * np.exp(-0.5 * (d / length_scale) ** 2)

    def negative_log_marginal_likelihood(self, theta, X, y):
        length_scale, sigma_f = np.exp(theta)
        K = self.kernel(X, X, length_scale, sigma_f) + self.noise * np.eye(len(X))
        try:
            L = np.linalg.cholesky(K)
        except np.linalg.LinAlgError:
            K = K + self.jitter * np.eye(len(X))
            L = np.linalg.cholesky(K)
        alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
        return 0.5 * y @ alpha + np.sum(np.log(np.diag(L))) + 0.5 * len(X) * np.log(2 * np.pi)


@program(np.array([-1.0, 0.2]), np.linspace(0, 1, 6), np.sin(5 * np.linspace(0, 1, 6)))
def gaussian_process_class(theta, X, y):
    return GaussianProcess().negative_log_marginal_likelihood(theta, X, y)


@program(normal(3, 3), normal(3, 4), normal(3), [0, 2, 1, 3, 0])
def hmm_in_lists(A, B, pi, observations):
    """The forward algorithm in logarithms, state by state, with lists of rows."""

    def logsumexp(v):
        m = max(v)
        return m + np.log(np.sum(np.exp(v - m)))

    n_states = len(pi)
    log_A = [row - logsumexp(row) for row in A]
    log_B = [row - logsumexp(row) for row in B]
    alpha = [pi[s] - logsumexp(pi) + log_B[s][observations[0]] for s in range(n_states)]
    for o in observations[1:]:
        new = []
        for s in range(n_states):
            new.append(logsumexp(np.array([alpha[r] + log_A[r][s] for r in range(n_states)])) + log_B[s][o])
        alpha = new
    return logsumexp(np.array(alpha))


@program(normal(3), normal(3, 3), normal(3, 4), [0, 3, 1, 1, 2])
def viterbi_path_score(start, transition, emission, observations):
    """The score of the likeliest path, with back pointers, added up along the path."""
    log_pi, log_A, log_B = (np.log(softmax(z)) for z in (start, transition, emission))
    T, S = len(observations), len(log_pi)
    delta = np.zeros((T, S))
    psi = np.zeros((T, S), dtype=int)
    delta[0] = log_pi + log_B[:, observations[0]]
    for t in range(1, T):
        for s in range(S):
            scores = delta[t - 1] + log_A[:, s]
            psi[t, s] = np.argmax(scores)
            delta[t, s] = scores[psi[t, s]] + log_B[s, observations[t]]
    path = [int(np.argmax(delta[-1]))]
    for t in range(T - 1, 0, -1):
        path.insert(0, int(psi[t, path[0]]))
    score = log_pi[path[0]] + log_B[path[0], observations[0]]
    for t in range(1, T):
        score += log_A[path[t - 1], path[t]] + log_B[path[t], observations[t]]
    return score


class LinearChainCRF:
    """A conditional random field over tags: scores of tags at positions, and of one tag after another."""

    def __init__(self, emissions, transitions, start, end):
        self.emissions = emissions
        self.transitions = transitions
        self.start = start
        self.end = end

    def score(self, tags):
        total = self.start[tags[0]] + self.emissions[0, tags[0]]
        for i, (previous, tag) in enumerate(zip(tags[:-1], tags[1:]), 1):
            total += self.transitions[previous, tag] + self.emissions[i, tag]
        return total + self.end[tags[-1]]

    def log_partition(self):
        alpha = self.start + self.emissions[0]
        for emission in self.emissions[1:]:
            scores = alpha[:, None] + self.transitions + emission[None, :]
            top = scores.max(axis=0)
            alpha = top + np.log(np.exp(scores - top).sum(axis=0))
        alpha = alpha + self.end
        return alpha.max() + np.log(np.exp(alpha - alpha.max()).sum())

    def neg_log_likelihood(self, tags):
        return self.log_partition() - self.score(tags)


@program(LinearChainCRF(normal(5, 3), normal(3, 3), normal(3), normal(3)), [0, 2, 1, 1, 0], refused=("checkpoint",))
def conditional_random_field(crf, tags):
    return crf.neg_log_likelihood(tags)


class KalmanFilter:
    """A linear filter that keeps its state, and the log-likelihood of what it has seen."""

    def __init__(self, F, H, Q, R, x0, P0):
        self.F, self.H, self.Q, self.R = F, H, Q, R
        self.x = x0
        self.P = P0
        self.log_likelihood = 0.0

    def predict(self):
        self.x = self.F @ self.x
        self.P = self.F @ self.P @ self.F.T + self.Q

    def update(self, z):
        y = z - self.H @ self.x
        S = self.H @ self.P @ self.H.T + self.R
        K = self.P @ self.H.T @ np.linalg.inv(S)
        self.x = self.x + K @ y
        self.P = (np.eye(len(self.x)) - K @ self.H) @ self.P
        self.log_likelihood += -0.5 * (y @ np.linalg.solve(S, y) + np.log(np.linalg.det(S)))


@program(np.array([0.1, 0.5]), normal(5, 1))
def kalman_filter_class(noise, measurements):
    q, r = noise
    kf = KalmanFilter(np.array([[1, 0.1], [0, 1]]), np.array([[1.0, 0]]), q * np.eye(2), r * np.eye(1), np.zeros(2), np.eye(2))
    for z in measurements:
        kf.predict()
        kf.update(z)
    return kf.log_likelihood


@program(np.array([0.9, 0.3]), normal(4), normal(4, 6), RNG.uniform(size=4))
def particle_filter(theta, ys, noise, us):
    """The log-likelihood by particles; which of them are drawn again is data, the weights are not."""
    a, s = theta
    n = noise.shape[1]
    x = np.zeros(n)
    log_likelihood = 0.0
    for t, y in enumerate(ys):
        x = a * x + s * noise[t]
        w = np.exp(-0.5 * (y - x) ** 2)
        log_likelihood += np.log(np.mean(w))
        w = w / np.sum(w)
        idx = np.searchsorted(np.cumsum(w), (np.arange(n) + us[t]) / n)
        x = x[np.minimum(idx, n - 1)]
    return log_likelihood


@program(np.array([0.5, 0.3]), normal(8, 2))
def mixture_of_dicts(theta, X):
    mu, log_s = theta
    components = [{"weight": 0.4, "mean": mu, "scale": np.exp(log_s)}, {"weight": 0.6, "mean": -mu, "scale": 1.0}]
    log_likelihood = 0.0
    for x in X:
        density = 0.0
        for c in components:
            density += (
                c["weight"] * np.exp(-0.5 * np.sum((x - c["mean"]) ** 2) / c["scale"] ** 2) / (2 * np.pi * c["scale"] ** 2)
            )
        log_likelihood += np.log(density)
    return log_likelihood


@program(normal(12), np.array([-1.0, 1.5]), np.array([0.8, 1.3]), np.array([0.4, 0.6]))
def expectation_maximisation(x, mu, sigma, pi):
    """The log-likelihood after steps of EM for a mixture in one dimension."""
    K = len(mu)
    for _ in range(3):
        resp = np.zeros((len(x), K))
        for k in range(K):
            resp[:, k] = pi[k] * np.exp(-0.5 * ((x - mu[k]) / sigma[k]) ** 2) / sigma[k]
        total = resp.sum(axis=1)
        resp /= total[:, np.newaxis]
        N = resp.sum(axis=0)
        mu = (resp * x[:, None]).sum(axis=0) / N
        sigma = np.sqrt((resp * (x[:, None] - mu) ** 2).sum(axis=0) / N)
        pi = N / len(x)
    return np.sum(np.log(total))


@program(0.4, 0.1, [[1, -1, 1], [1, 1, -1], [-1, 1, 1]])
def ising_energy(J, h, spins):
    """The energy of a lattice of spins, periodic in both directions."""
    n = len(spins)
    E = 0.0
    for i in range(n):
        for j in range(n):
            s = spins[i][j]
            E -= J * s * (spins[(i + 1) % n][j] + spins[i][(j + 1) % n]) + h * s
    return E**2


@program(0.44, 0.2)
def ising_free_energy(J, h):
    """The free energy of four spins in a ring, by all sixteen states."""
    n = 4
    Z = 0.0
    for state in range(2**n):
        spins = [1 if state >> k & 1 else -1 for k in range(n)]
        E = 0.0
        for k in range(n):
            E -= J * spins[k] * spins[(k + 1) % n] + h * spins[k]
        Z += np.exp(-E)
    return -np.log(Z)


@program(np.array([0.3, -0.8]), 0.3, normal(3, 2), normal(10), normal(10))
def hamiltonian_monte_carlo(q, step, momenta, x, y):
    """The end of a chain whose proposals are all taken: leapfrog steps on the posterior of a line."""

    prior = 0.1

    def grad_U(q):
        r = y - q[0] - q[1] * x
        return np.array([-np.sum(r), -np.sum(r * x)]) / len(x) + prior * q

    for p in momenta:
        p = p - step / 2 * grad_U(q)
        for leap in range(4):
            q = q + step * p
            if leap != 3:
                p = p - step * grad_U(q)
        p = p - step / 2 * grad_U(q)
    return q @ q
