"""Programs as scientists write them, against finite differences and, where it can run them, against autograd."""

import contextlib
import copy
import io
import math
import types

import autograd
import autograd.numpy
import numpy as np
import pytest

import sct

RNG = np.random.default_rng(7)
PROGRAMS = []


def program(*args, wrt=(0,), peer=True):
    """Register the decorated function with arguments; `peer` says whether autograd can differentiate it too."""

    def register(f):
        PROGRAMS.append(pytest.param(f, args, wrt, peer, id=f.__name__))
        return f

    return register


def normal(*shape):
    return RNG.normal(size=shape)


def positive_definite(n):
    a = normal(n, n)
    return a @ a.T + n * np.eye(n)


# Regression and classification


@program(normal(4), 0.3, normal(20, 4), (normal(20) > 0).astype(float), wrt=(0, 1))
def logistic_regression(w, b, X, y):
    z = X @ w + b
    return np.mean(np.logaddexp(0.0, z) - y * z) + 0.01 * np.sum(w**2)


@program(normal(5, 3), normal(3), normal(12, 5), np.eye(3)[RNG.integers(0, 3, 12)], wrt=(0, 1))
def softmax_regression(W, b, X, Y):
    logits = X @ W + b
    logits = logits - np.max(logits, axis=1, keepdims=True)
    log_p = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    return -np.mean(np.sum(Y * log_p, axis=1))


@program(normal(12, 5), normal(12), 0.7, wrt=(0, 1, 2))
def ridge_by_solve(X, y, alpha):
    n = X.shape[1]
    w = np.linalg.solve(X.T @ X + alpha * np.eye(n), X.T @ y)
    r = y - X @ w
    return r @ r + alpha * (w @ w)


@program(normal(6), normal(30, 6), normal(30))
def huber_regression(w, X, y):
    r = np.abs(y - X @ w)
    return np.sum(np.where(r < 1.0, 0.5 * r**2, r - 0.5))


@program(np.array([0.4, -0.3]), RNG.uniform(-1, 1, size=15), RNG.poisson(2.0, 15).astype(float))
def poisson_regression(beta, x, counts):
    eta = beta[0] + beta[1] * x
    return np.sum(np.exp(eta) - counts * eta)


# Networks


@program(
    [{"W": normal(3, 6), "b": normal(6)}, {"W": normal(6, 6), "b": normal(6)}, {"W": normal(6, 2), "b": normal(2)}],
    normal(5, 3),
    normal(5, 2),
)
def mlp_with_a_list_of_layers(params, x, y):
    h = x
    for i, layer in enumerate(params):
        h = h @ layer["W"] + layer["b"]
        if i < len(params) - 1:
            h = np.maximum(h, 0.0)
    return np.mean((h - y) ** 2)


def sigmoid(x):
    return 0.5 * (np.tanh(0.5 * x) + 1.0)


def lstm_cell(params, x, h, c):
    z = np.concatenate([x, h]) @ params["W"] + params["b"]
    n = len(h)
    i = sigmoid(z[:n])
    f = sigmoid(z[n : 2 * n])
    o = sigmoid(z[2 * n : 3 * n])
    g = np.tanh(z[3 * n :])
    c = f * c + i * g
    return o * np.tanh(c), c


@program({"W": normal(5, 12) * 0.5, "b": normal(12)}, normal(6, 2), normal(3))
def lstm_over_a_sequence(params, xs, target):
    h = np.zeros(3)
    c = np.zeros(3)
    loss = 0.0
    for x in xs:
        h, c = lstm_cell(params, x, h, c)
        loss = loss + np.sum((h - target) ** 2)
    return loss / len(xs)


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@program({"q": normal(4, 4), "k": normal(4, 4), "v": normal(4, 4)}, normal(2, 5, 4), wrt=(0, 1))
def attention_head(params, x):
    q = x @ params["q"]
    k = x @ params["k"]
    v = x @ params["v"]
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(x.shape[-1])
    mask = np.tril(np.ones((x.shape[1], x.shape[1])))
    scores = np.where(mask > 0, scores, -1e9)
    return np.sum((softmax(scores) @ v) ** 2)


@program(normal(7), 0.3 + normal(7) ** 2, normal(9, 7), wrt=(0, 1, 2))
def layer_norm(gain, bias, x):
    mean = np.mean(x, axis=-1, keepdims=True)
    centred = x - mean
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    y = gain * centred / np.sqrt(variance + 1e-5) + bias
    return np.sum(np.tanh(y))


@program(normal(3), 0.2, normal(16), normal(14), wrt=(0, 1, 2))
def conv1d_by_slices(kernel, bias, x, target):
    n = len(x) - len(kernel) + 1
    y = np.zeros(n)
    for i in range(len(kernel)):
        y = y + kernel[i] * x[i : i + n]
    y = np.maximum(y + bias, 0.0)
    return np.sum((y - target) ** 2)


@program(normal(3, 3), normal(2, 8, 8))
def conv2d_by_slices(kernel, images):
    h = images.shape[1] - 2
    w = images.shape[2] - 2
    out = 0.0
    for i in range(3):
        for j in range(3):
            out = out + kernel[i, j] * images[:, i : i + h, j : j + w]
    pooled = np.max(out.reshape(2, h // 2, 2, w // 2, 2), axis=(2, 4))
    return np.sum(pooled**2)


# Probability


@program(normal(3), normal(3, 2), np.abs(normal(3, 2)) + 0.5, normal(10, 2), wrt=(0, 1, 2))
def gaussian_mixture_log_likelihood(logits, means, scales, x):
    log_weights = logits - np.log(np.sum(np.exp(logits)))
    z = (x[:, None, :] - means) / scales
    log_p = -0.5 * np.sum(z**2, axis=2) - np.sum(np.log(scales), axis=1) - 0.5 * x.shape[1] * np.log(2 * np.pi)
    joint = log_p + log_weights
    top = np.max(joint, axis=1, keepdims=True)
    return np.sum(np.log(np.sum(np.exp(joint - top), axis=1)) + top[:, 0])


@program(0.4, 0.9, 0.2, np.linspace(0.0, 3.0, 7), normal(7), wrt=(0, 1, 2))
def gaussian_process_marginal_likelihood(log_scale, log_length, log_noise, x, y):
    d = x[:, None] - x[None, :]
    K = np.exp(2 * log_scale - 0.5 * d**2 * np.exp(-2 * log_length)) + np.exp(2 * log_noise) * np.eye(len(x))
    L = np.linalg.cholesky(K)
    a = np.linalg.solve(L, y)
    return -0.5 * a @ a - np.sum(np.log(np.diag(L))) - 0.5 * len(x) * np.log(2 * np.pi)


@program(normal(3), normal(3, 3), normal(3, 4), np.array([0, 3, 1, 1, 2, 0]), wrt=(0, 1, 2))
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


@program(np.array([[1.0, 0.1], [0.0, 0.9]]), 0.3, 0.7, normal(8), wrt=(0, 1, 2))
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


@program(normal(4), normal(4, 4), normal(4), positive_definite(4))
def gaussian_kl_divergence(mean, factor, prior_mean, prior):
    L = np.tril(factor) + 2.0 * np.eye(4)
    S = L @ L.T
    d = prior_mean - mean
    P = np.linalg.inv(prior)
    sign, logdet = np.linalg.slogdet(prior)
    return 0.5 * (np.trace(P @ S) + d @ P @ d - 4 + logdet - 2 * np.sum(np.log(np.abs(np.diag(L)))))


@program(np.array([0.2, 0.1, 0.7]), normal(30) * 0.1)
def garch_log_likelihood(params, returns):
    omega, alpha, beta = params
    variance = np.var(returns)
    total = 0.0
    for r in returns:
        total = total - 0.5 * (np.log(variance) + r * r / variance)
        variance = omega + alpha * r * r + beta * variance
    return total


# Finance and physics


def normal_cdf(x):
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


@program(100.0, 95.0, 0.5, 0.02, 0.3, wrt=(0, 1, 2, 3, 4), peer=False)
def black_scholes(spot, strike, time, rate, volatility):
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / (volatility * math.sqrt(time))
    d2 = d1 - volatility * math.sqrt(time)
    return spot * normal_cdf(d1) - strike * math.exp(-rate * time) * normal_cdf(d2)


@program(1.3, 0.4, wrt=(0, 1))
def kepler_equation(mean_anomaly, eccentricity):
    E = mean_anomaly
    delta = 1.0
    while abs(delta) > 1e-13:
        delta = (E - eccentricity * np.sin(E) - mean_anomaly) / (1.0 - eccentricity * np.cos(E))
        E = E - delta
    return np.cos(E) - eccentricity


@program(1.2, 0.0, 0.3, 40, wrt=(0, 1, 2))
def pendulum_by_runge_kutta(theta, omega, damping, steps):
    h = 0.05
    for _ in range(steps):
        k1, l1 = omega, -np.sin(theta) - damping * omega
        k2, l2 = omega + 0.5 * h * l1, -np.sin(theta + 0.5 * h * k1) - damping * (omega + 0.5 * h * l1)
        k3, l3 = omega + 0.5 * h * l2, -np.sin(theta + 0.5 * h * k2) - damping * (omega + 0.5 * h * l2)
        k4, l4 = omega + h * l3, -np.sin(theta + h * k3) - damping * (omega + h * l3)
        theta = theta + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        omega = omega + h / 6.0 * (l1 + 2.0 * l2 + 2.0 * l3 + l4)
    return theta**2 + omega**2


@program(normal(4, 3), normal(4, 3), np.array([1.0, 2.0, 0.5, 1.5]), 5, wrt=(0, 1, 2))
def n_body_by_leapfrog(x, v, m, steps):
    h = 0.02
    for _ in range(steps):
        d = x[:, None, :] - x[None, :, :]
        r2 = np.sum(d**2, axis=2) + 0.1
        a = -np.sum(m[None, :, None] * d / r2[:, :, None] ** 1.5, axis=1)
        v = v + h * a
        x = x + h * v
    return np.sum(m * np.sum(v**2, axis=1))


@program(np.sin(np.linspace(0.0, np.pi, 12)), 0.2, 6, wrt=(0, 1))
def heat_equation(u, k, steps):
    for _ in range(steps):
        inner = u[1:-1] + k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u = np.concatenate([u[:1], inner, u[-1:]])
    return np.sum(u * u)


@program(np.array([0.9, 0.4]), 0.5, 12, wrt=(0, 1))
def lotka_volterra(state, rate, steps):
    prey, predator = state
    for _ in range(steps):
        prey, predator = prey + 0.1 * (prey - rate * prey * predator), predator + 0.1 * (rate * prey * predator - predator)
    return prey * predator


@program(normal(5, 2), 0.8)
def lennard_jones(x, sigma):
    energy = 0.0
    for i in range(len(x)):
        for j in range(i):
            r2 = np.sum((x[i] - x[j]) ** 2) + 0.5
            s6 = (sigma**2 / r2) ** 3
            energy = energy + 4.0 * (s6 * s6 - s6)
    return energy


# Numerical methods


@program(normal(3, 3) * 0.5)
def matrix_exponential_by_taylor(A):
    term = np.eye(3)
    total = np.eye(3)
    for k in range(1, 16):
        term = term @ A / k
        total = total + term
    return np.sum(total * total)


@program(positive_definite(4))
def power_iteration(A):
    v = np.ones(len(A)) / np.sqrt(len(A))
    for _ in range(30):
        v = A @ v
        v = v / np.linalg.norm(v)
    return v @ A @ v


@program(2.0, 3.0, wrt=(0, 1))
def newton_iteration(a, b):
    x = 1.0
    for _ in range(50):
        step = (x**3 + a * x - b) / (3 * x**2 + a)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


@program(np.array([0.3, 1.0, -0.5, 0.8, 0.1]), 2.3, wrt=(0, 1), peer=False)
def hermite_spline(values, t):
    i = int(t)
    if i >= len(values) - 1:
        return values[-1]
    s = t - i
    m0 = 0.5 * (values[min(i + 1, len(values) - 1)] - values[max(i - 1, 0)])
    m1 = 0.5 * (values[min(i + 2, len(values) - 1)] - values[i])
    h = (2 * s**3 - 3 * s**2 + 1) * values[i] + (s**3 - 2 * s**2 + s) * m0
    return h + (-2 * s**3 + 3 * s**2) * values[i + 1] + (s**3 - s**2) * m1


@program(normal(9))
def log_sum_exp_divide_and_conquer(x):
    if len(x) == 1:
        return x[0]
    middle = len(x) // 2
    return np.logaddexp(log_sum_exp_divide_and_conquer(x[:middle]), log_sum_exp_divide_and_conquer(x[middle:]))


@program(np.array([2.0, -1.0, 0.5]), np.array([[1.0, 0.3, 0.2], [0.1, 1.5, 0.4], [0.0, 0.2, 2.0]]), 25, wrt=(0, 1))
def jacobi_iteration(b, A, n):
    d = np.diag(A)
    R = A - np.diag(d)
    x = np.zeros(3)
    for _ in range(n):
        x = (b - R @ x) / d
    return np.sum(x**2)


@program(np.array([1.2, -0.7]))
def rosenbrock_after_gradient_steps(x):
    for _ in range(5):
        g0 = -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
        g1 = 200 * (x[1] - x[0] ** 2)
        x = x - 1e-4 * np.stack([g0, g1])
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


@program(0.0, 2.0, wrt=(0, 1))
def simpson_quadrature(a, b):
    n = 20
    h = (b - a) / n
    total = np.exp(-(a**2)) + np.exp(-(b**2))
    for i in range(1, n):
        weight = 4.0 if i % 2 == 1 else 2.0
        x = a + i * h
        total = total + weight * np.exp(-(x**2))
    return total * h / 3.0


# Geometry and signals


def rotation(w):
    angle = np.sqrt(np.sum(w**2))
    k = w / angle
    K = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    return np.eye(3) + np.sin(angle) * K + (1.0 - np.cos(angle)) * (K @ K)


@program(np.array([0.1, 0.4, -0.2]), np.array([0.2, 0.1, 5.0]), 1.5, normal(6, 3), normal(6, 2), wrt=(0, 1, 2, 3))
def bundle_adjustment_reprojection(w, t, focal, points, observed):
    p = points @ rotation(w).T + t
    projected = focal * p[:, :2] / p[:, 2:]
    return np.sum((projected - observed) ** 2)


@program(normal(6, 2), normal(4, 2), wrt=(0, 1))
def soft_k_means(x, centres):
    d = np.sum((x[:, None, :] - centres[None, :, :]) ** 2, axis=2)
    w = softmax(-d)
    return np.sum(w * d)


@program(normal(5, 4), normal(3, 4), wrt=(0, 1), peer=False)  # autograd's norm has no keepdims
def cosine_similarity(a, b):
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return np.sum(np.einsum("ik,jk->ij", a, b) ** 3)


@program(np.linspace(-1.0, 1.0, 9) ** 2, normal(9), wrt=(0, 1))
def dynamic_time_warping(x, y):
    row = [0.0] + [1e6] * 9
    for i in range(9):
        left = 1e6
        new = [left]
        for j in range(9):
            best = min(row[j], row[j + 1], left)
            left = (x[i] - y[j]) ** 2 + best
            new = new + [left]
        row = new
    return row[-1]


@program(normal(4), normal(3, 4, 2), wrt=(0, 1))
def horner_polynomials(x, coefficients):
    y = np.zeros((4, 2))
    for c in coefficients:
        y = y * x[:, None] + c
    return np.sum(y**2)


@program(normal(5), normal(5), 0.4, 3, wrt=(0, 1, 2), peer=False)
def relaxation_in_place(u, f, weight, sweeps):
    for sweep in range(sweeps):
        before = u.copy()
        for i in range(1, len(u) - 1):
            u[i] += weight * (u[i - 1] + u[i + 1] + f[i] - 2.0 * u[i])
        print(f"sweep {sweep}: changed by {np.max(np.abs(u - before)):.3e}")
    return np.sum(u * u)


@program({"w": normal(3, 3), "b": normal(3)}, normal(4, 3), 0.1, wrt=(0, 1), peer=False)
def steps_of_descent_in_place(params, x, rate):
    for step in range(3):
        z = np.tanh(x @ params["w"] + params["b"])
        params["w"] -= rate * x.T @ (z * (1.0 - z * z))
        params["b"] -= rate * np.sum(z * (1.0 - z * z), axis=0)
        print("step", step, np.sum(z * z))
    return np.sum(np.tanh(x @ params["w"] + params["b"]) ** 2)


@pytest.mark.parametrize("f, args, wrt, peer", PROGRAMS)
def test_against_finite_differences(f, args, wrt, peer):
    sct.check_grads(f, args, wrt)


def with_autograd(f):
    """`f`, and what it calls in this module, with autograd's NumPy in the place of NumPy."""
    names = dict(globals())
    names["np"] = autograd.numpy
    for name, g in list(names.items()):
        if isinstance(g, types.FunctionType) and g.__globals__ is globals():
            names[name] = types.FunctionType(g.__code__, names, name, g.__defaults__, g.__closure__)
    return names[f.__name__]


@pytest.mark.parametrize(
    "f, args, wrt", [p.values[:3] for p in PROGRAMS if p.values[3]], ids=lambda v: getattr(v, "__name__", "")
)
def test_against_autograd(f, args, wrt):
    given = copy.deepcopy(args)
    value, gradients = sct.value_and_grad(f, wrt=wrt)(*given)
    assert_equal(value, f(*copy.deepcopy(args)))
    assert_equal(given, args)
    peer = with_autograd(f)
    for i, gradient in zip(wrt, gradients, strict=True):
        assert_same(gradient, autograd.grad(peer, i)(*args))


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("f, args, wrt, peer", PROGRAMS)
def test_the_value_is_that_of_the_program(f, args, wrt, peer, optimize):
    """To the bit, with what the program writes and prints, in every way of calling; no argument changes."""
    own, said = heard(f, copy.deepcopy(args))
    bar = np.ones_like(own) if isinstance(own, np.ndarray) else type(own)(1.0)
    for way in (sct.value_and_grad, sct.vjp, sct.pullback):
        given = copy.deepcopy(args)
        (value, _), said_too = heard(way(f, wrt, optimize=optimize), (*given, bar) if way is sct.vjp else given)
        assert_equal(value, own)
        assert_equal(given, args)
        assert said_too == said


def heard(f, args):
    """What a call gives, and what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        return f(*args), out.getvalue()


def assert_equal(a, b):
    """Trees of one structure, whose leaves are of one dtype and shape, and equal to the bit."""
    if isinstance(b, dict):
        assert list(a) == list(b)
        for k in b:
            assert_equal(a[k], b[k])
    elif isinstance(b, (list, tuple)):
        assert type(a) is type(b) and len(a) == len(b)
        for p, q in zip(a, b, strict=True):
            assert_equal(p, q)
    else:
        p, q = np.asarray(a), np.asarray(b)
        assert p.dtype == q.dtype and p.shape == q.shape and p.tobytes() == q.tobytes()


def assert_same(a, b):
    if isinstance(b, dict):
        assert a.keys() == b.keys()
        for k in b:
            assert_same(a[k], b[k])
    elif isinstance(b, (list, tuple)):
        assert len(a) == len(b)
        for p, q in zip(a, b, strict=True):
            assert_same(p, q)
    else:
        assert np.shape(a) == np.shape(b)
        assert np.allclose(a, b, rtol=1e-8, atol=1e-10)
