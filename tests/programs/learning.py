"""Regression, classification, factorisation and embedding."""

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(1)
normal = normal_of(RNG)


@program(normal(4), 0.3, normal(20, 4), (normal(20) > 0).astype(float), peer=True)
def logistic_regression(w, b, X, y):
    z = X @ w + b
    return np.mean(np.logaddexp(0.0, z) - y * z) + 0.01 * np.sum(w**2)


@program(normal(5, 3), normal(3), normal(12, 5), np.eye(3)[RNG.integers(0, 3, 12)], peer=True)
def softmax_regression(W, b, X, Y):
    logits = X @ W + b
    logits = logits - np.max(logits, axis=1, keepdims=True)
    log_p = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    return -np.mean(np.sum(Y * log_p, axis=1))


@program(normal(12, 5), normal(12), 0.7, peer=True)
def ridge_by_solve(X, y, alpha):
    n = X.shape[1]
    w = np.linalg.solve(X.T @ X + alpha * np.eye(n), X.T @ y)
    r = y - X @ w
    return r @ r + alpha * (w @ w)


@program(normal(6), normal(30, 6), normal(30), peer=True)
def huber_regression(w, X, y):
    r = np.abs(y - X @ w)
    return np.sum(np.where(r < 1.0, 0.5 * r**2, r - 0.5))


@program(np.array([0.4, -0.3]), RNG.uniform(-1, 1, size=15), RNG.poisson(2.0, 15).astype(float), peer=True)
def poisson_regression(beta, x, counts):
    eta = beta[0] + beta[1] * x
    return np.sum(np.exp(eta) - counts * eta)


@program(normal(6, 2), normal(4, 2), peer=True)
def soft_k_means(x, centres):
    d = np.sum((x[:, None, :] - centres[None, :, :]) ** 2, axis=2)
    e = np.exp(-d - np.max(-d, axis=-1, keepdims=True))
    w = e / np.sum(e, axis=-1, keepdims=True)
    return np.sum(w * d)


@program(normal(5, 4), normal(3, 4))
def cosine_similarity(a, b):
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return np.sum(np.einsum("ik,jk->ij", a, b) ** 3)


@program(normal(5, 3), normal(6, 5), [0, 1, 0, 2, 1, 2])
def softmax_regression_with_labels(W, X, labels):
    """The softmax loss of the first assignment of a course on vision: labels pick the scores."""
    n = len(labels)
    scores = X @ W
    scores -= scores.max(axis=1, keepdims=True)
    probs = np.exp(scores)
    probs /= probs.sum(axis=1, keepdims=True)
    data_loss = -np.log(probs[range(n), labels]).mean()
    reg_loss = 0.5 * 1e-3 * (W * W).sum()
    return data_loss + reg_loss


class LogisticRegression:
    """Logistic regression fitted by Newton's method (iteratively reweighted least squares)."""

    def __init__(self, alpha=1.0, max_iter=25, tol=1e-12):
        self.alpha = alpha
        self.max_iter = max_iter
        self.tol = tol
        self.coef_ = None

    def fit(self, X, y):
        n, d = X.shape
        w = np.zeros(d)
        for _ in range(self.max_iter):
            p = self._sigmoid(X @ w)
            gradient = X.T @ (p - y) + self.alpha * w
            hessian = (X.T * (p * (1 - p))) @ X + self.alpha * np.eye(d)
            step = np.linalg.solve(hessian, gradient)
            w = w - step
            if np.max(np.abs(step)) < self.tol:
                break
        self.coef_ = w
        return self

    def predict_proba(self, X):
        if self.coef_ is None:
            raise RuntimeError("call fit before predict_proba")
        return self._sigmoid(X @ self.coef_)

    @staticmethod
    def _sigmoid(z):
        return 1.0 / (1.0 + np.exp(-z))


@program(normal(14, 3), (RNG.uniform(size=14) > 0.5).astype(float), 0.8, normal(5, 3))
def logistic_regression_by_newton(X, y, alpha, X_test):
    model = LogisticRegression(alpha=alpha).fit(X, y)
    return np.sum(model.predict_proba(X_test) ** 2)


@program(normal(4, 2), normal(2, 3), [(0, 1, 3.0), (2, 0, 1.0), (3, 2, -1.0), (1, 1, 2.0)])
def matrix_factorisation(P, Q, ratings):
    """Squared error of predicted ratings, (user, item, rating) by (user, item, rating), with a penalty."""
    K = P.shape[1]
    beta = 0.02
    loss = 0.0
    for user, item, rating in ratings:
        prediction = sum(P[user, k] * Q[k, item] for k in range(K))
        loss += (rating - prediction) ** 2
        loss += beta / 2 * (np.dot(P[user], P[user]) + np.dot(Q[:, item], Q[:, item]))
    return loss


@program(
    normal(4, 2) * 0.5, normal(3, 2) * 0.5, [(0, 1, 3.0), (2, 0, 1.0), (3, 2, -1.0), (0, 0, 2.0)], 0.05, refused=("checkpoint",)
)
def matrix_factorisation_by_stochastic_descent(P, Q, ratings, rate):
    """The error on the ratings after some epochs of updates in place."""
    for _ in range(3):
        for i, j, r in ratings:
            e = r - P[i] @ Q[j]
            P_i = P[i].copy()
            P[i] += rate * (e * Q[j] - 0.02 * P[i])
            Q[j] += rate * (e * P_i - 0.02 * Q[j])
    return sum((r - P[i] @ Q[j]) ** 2 for i, j, r in ratings)


@program(
    {
        "w": np.array([1.0, -1.0]),
        "b": 0.1,
        "left": {"value": 1.0},
        "right": {"w": np.array([0.5, 0.2]), "b": 0.0, "left": {"value": -1.0}, "right": {"value": 2.0}},
    },
    np.array([0.3, 0.6]),
)
def soft_decision_tree(tree, x):
    """Each node sends a share of its input to the left, the rest to the right."""

    def predict(node):
        if "value" in node:
            return node["value"]
        gate = 1 / (1 + np.exp(-(node["w"] @ x + node["b"])))
        return gate * predict(node["left"]) + (1 - gate) * predict(node["right"])

    return predict(tree)


@program(normal(3, 3), normal(40, 3) ** 3 * 0.3)
def independent_component_analysis(W, X):
    """FastICA: fixed-point steps with a tanh contrast, rows made orthogonal by (W Wᵀ)^(-1/2) W."""

    def decorrelate(W):
        s, u = np.linalg.eigh(W @ W.T)
        return u @ np.diag(1.0 / np.sqrt(s)) @ u.T @ W

    n_samples = X.shape[0]
    X = X - X.mean(axis=0)
    W = decorrelate(W)
    for _ in range(3):
        g = np.tanh(X @ W.T)
        g_prime = 1.0 - g**2
        W = decorrelate(g.T @ X / n_samples - np.mean(g_prime, axis=0)[:, None] * W)
    return np.sum(np.log(np.cosh(X @ W.T))) / n_samples


@program(normal(6, 3), 0.1 * normal(6, 2), RNG.uniform(0.3, 1.2, size=6))
def t_sne(X, Y, betas):
    """The divergence of the neighbours in the plane from those in space, whose precisions are given."""

    def conditional(distances, beta, i):
        p = np.exp(-distances * beta)
        p[i] = 0.0
        return p / np.sum(p)

    n = X.shape[0]
    sum_X = np.sum(np.square(X), axis=1)
    D = np.add(np.add(-2 * np.dot(X, X.T), sum_X).T, sum_X)
    P = np.zeros((n, n))
    for i in range(n):
        P[i] = conditional(D[i], betas[i], i)
    P = np.maximum((P + P.T) / (2 * n), 1e-12)

    num = 1.0 / (1.0 + np.sum((Y[:, None] - Y[None]) ** 2, axis=-1))
    num[range(n), range(n)] = 0.0
    Q = np.maximum(num / np.sum(num), 1e-12)
    return np.sum(P * np.log(P / Q))
