"""The generated source of some functions, as files: a change of output is seen in review.

`UPDATE_GOLDEN=1 python -m pytest tests/test_golden.py` writes the files anew; read their diff.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from kernel_samples import sample

import sct

GOLDEN = Path(__file__).parent / "golden"


def loss(W1, b1, W2, b2, x, y):
    h = np.tanh(x @ W1 + b1)
    d = h @ W2 + b2 - y
    return np.sum(d * d)


def newton_sqrt(a, n):
    x = a
    for _ in range(n):
        if x > 1.0:
            x = 0.5 * (x + a / x)
        else:
            x = x * x
    return x


def cross_entropy(params, x, labels):
    """Mean negative log-likelihood of a softmax classifier."""
    z = x @ params["W"] + params["b"]
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(labels)), labels])


def recurrent(W, U, xs, h):
    for x in xs:
        h = np.tanh(W @ h + U @ x)
    return np.sum(h)


def first_root(x, tolerance):
    k = 0
    while np.abs(x * x - 2.0) > tolerance:
        x = x - (x * x - 2.0) / (2.0 * x)
        k += 1
        if k > 20:
            break
    return x


def dot_of_elements(x, y):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


def bilinear(x, A, y):
    return x.T @ A @ y


def outer_sum(row, column):
    return np.sum(np.sin(row + column))


def horner(coefficients, x):
    p = 0.0
    for c in reversed(coefficients):
        p = p * x + c
    return p


def ridge(X, y, alpha):
    A = X.T @ X + alpha * np.eye(X.shape[1])
    w = np.linalg.solve(A, X.T @ y)
    r = X @ w - y
    return r @ r + alpha * (w @ w)


rng = np.random.default_rng(0)
CASES = {
    "loss": (loss, (0, 1, 2, 3), [rng.normal(size=s) for s in ((3, 4), (4,), (4, 2), (2,), (5, 3), (5, 2))]),
    "newton_sqrt": (newton_sqrt, 0, [2.0, 5]),
    "cross_entropy": (
        cross_entropy,
        0,
        [{"W": rng.normal(size=(3, 4)), "b": np.zeros(4)}, rng.normal(size=(5, 3)), np.arange(5) % 4],
    ),
    "recurrent": (recurrent, (0, 1, 3), [rng.normal(size=s) for s in ((3, 3), (3, 2), (5, 2), (3,))]),
    "first_root": (first_root, 0, [1.0, 1e-9]),
    "dot_of_elements": (dot_of_elements, (0, 1), [rng.normal(size=4), rng.normal(size=4)]),
    "bilinear": (bilinear, (0, 1, 2), [rng.normal(size=s) for s in ((3,), (3, 4), (4,))]),
    "outer_sum": (outer_sum, (0, 1), [rng.normal(size=(1, 3)), rng.normal(size=(4, 1))]),
    "horner": (horner, (0, 1), [rng.normal(size=5), 0.3]),
    "ridge": (ridge, (0, 2), [rng.normal(size=(6, 3)), rng.normal(size=6), 0.1]),
}


def check(name, source):
    path = GOLDEN / f"{name}.py.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(source)
    assert source == path.read_text()


@pytest.mark.parametrize("name", CASES)
def test_gradient(name):
    f, wrt, args = CASES[name]
    derived = sct.grad(f, wrt)
    check(f"{name}_grad", derived.source_for(*args))
    sct.check_grads(f, tuple(args), wrt)


@pytest.mark.parametrize("name", ["loss", "newton_sqrt", "recurrent"])
def test_pullback(name):
    f, wrt, args = CASES[name]
    check(f"{name}_pullback", sct.pullback(f, wrt).source_for(*args))


def test_second_derivative():
    f, _, args = CASES["newton_sqrt"]
    check("newton_sqrt_grad_grad", sct.grad(sct.grad(f)).source_for(*args))


@pytest.mark.parametrize(
    "name", ["cholesky", "fdtd_2d", "gauss_seidel", "heat_3d", "jacobi_2d", "lstm", "lu", "triangular_solve"]
)
def test_kernel(name):
    f, args, wrt = sample(name)
    check(f"{name}_vjp", sct.vjp(f, wrt).source_for(*args))
