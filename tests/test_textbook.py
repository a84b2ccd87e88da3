"""Textbook algorithms and research code in plain NumPy, against central finite differences: first and second derivatives."""

import math

import numpy as np
import pytest
from differences import slope
from numpy.linalg import norm, solve

import sct

R = np.random.default_rng(11)
CASES = []


def case(*args, wrt=(0,), second=False):
    """Put the decorated function into the table with arguments; `second` says whether to check second derivatives too."""

    def register(f):
        CASES.append(pytest.param(f, args, wrt, second, id=f"{f.__name__}-{len(CASES)}"))
        return f

    return register


def N(*shape):
    return R.normal(size=shape)


def spd(n):
    a = N(n, n)
    return a @ a.T + n * np.eye(n)


# numerical recipes


@case(N(6), 0.3, wrt=(0, 1), second=True)
def clenshaw(c, x):
    d = dd = 0.0
    for j in range(len(c) - 1, 0, -1):
        d, dd = 2.0 * x * d - dd + c[j], d
    return x * d - dd + 0.5 * c[0]


def integrand(t, a, *, power=2):
    return math.exp(-a * t**power) * math.cos(t)


def trapezoid(f, lo, hi, n, a):
    h = (hi - lo) / n
    s = 0.5 * (f(lo, a, power=2) + f(hi, a, power=2))
    for i in range(1, n):
        s += f(lo + i * h, a)
    return s * h


@case(0.2, 1.7, 0.8, wrt=(0, 1, 2))
def romberg(lo, hi, a):
    t1 = trapezoid(integrand, lo, hi, 1, a)
    t2 = trapezoid(integrand, lo, hi, 2, a)
    t4 = trapezoid(integrand, lo, hi, 4, a)
    s1, s2 = (4 * t2 - t1) / 3, (4 * t4 - t2) / 3
    return (16 * s2 - s1) / 15


@case(2.5, 0.1, wrt=(0, 1), second=True)
def secant_root(a, b):
    tolerance = 1e-13
    x0, x1 = 0.5, 1.5
    f0 = x0**3 - a * x0 - b
    it = 0
    while True:
        f1 = x1**3 - a * x1 - b
        if abs(f1) < tolerance or it > 50:
            break
        if f1 == f0:
            return x1
        x0, x1, f0 = x1, x1 - f1 * (x1 - x0) / (f1 - f0), f1
        it += 1
    return x1


@case(np.linspace(0.0, 4.0, 5), N(5), np.array([0.3, 1.2, 3.9]), wrt=(1, 2), second=True)
def natural_cubic_spline(xs, ys, q):
    h = np.diff(xs)
    n = len(xs)
    A = np.diag(np.concatenate([[1.0], 2 * (h[:-1] + h[1:]), [1.0]]))
    A = A + np.diag(np.concatenate((h[:-1], [0.0])), -1) + np.diag(np.concatenate(([0.0], h[1:])), k=1)
    s = (ys[1:] - ys[:-1]) / h
    rhs = np.pad(6 * (s[1:] - s[:-1]), (1, 1))
    m = solve(A, rhs)
    k = np.clip(np.searchsorted(xs, q) - 1, 0, n - 2)
    a = (xs[k + 1] - q) / h[k]
    b = (q - xs[k]) / h[k]
    return np.sum(a * ys[k] + b * ys[k + 1] + ((a**3 - a) * m[k] + (b**3 - b) * m[k + 1]) * h[k] ** 2 / 6)


@case(np.array([3.0, 1.0, 0.5, 0.2]), N(4), wrt=(0, 1), second=True)
def levinson(r, y):
    b = np.array([1.0 / r[0]])
    f = b
    x = np.array([y[0] / r[0]])
    for n in range(1, len(r)):
        ef = r[n:0:-1] @ f
        eb = r[1 : n + 1] @ b
        d = 1.0 - ef * eb
        f0 = np.concatenate([f, np.zeros(1)])
        b0 = np.concatenate([np.zeros(1), b])
        f, b = (f0 - ef * b0) / d, (b0 - eb * f0) / d
        x = np.concatenate([x, [0.0]])
        x = x + (y[n] - r[n:0:-1] @ x[:n]) * b
    return np.sum(x**2)


@case(3.3, second=True)
def lanczos_log_gamma(x):
    g = [
        76.18009172947146,
        -86.50532032941677,
        24.01409824083091,
        -1.231739572450155,
        0.1208650973866179e-2,
        -0.5395239384953e-5,
    ]
    tmp = x + 5.5
    tmp -= (x + 0.5) * math.log(tmp)
    ser = 1.000000000190015
    for j, c in enumerate(g, start=1):
        ser += c / (x + j)
    return -tmp + math.log(2.5066282746310005 * ser / x)


@case(1.3, 0.7, wrt=(0, 1), second=True)
def agm_elliptic(a, b):
    while abs(a - b) > 1e-14 * abs(a):
        a, b = (a + b) / 2, (a * b) ** 0.5
    return math.pi / (2 * a)


# machine learning


@case({"pi": np.array([0.3, 0.7]), "mu": N(2, 3), "prec": np.array([1.0, 2.0])}, N(7, 3))
def em_step(theta, X):
    d2 = ((X[:, None] - theta["mu"]) ** 2).sum(-1)
    lp = np.log(theta["pi"]) - 0.5 * theta["prec"] * d2 + 1.5 * np.log(theta["prec"])
    lp = lp - lp.max(axis=1, keepdims=True)
    r = np.exp(lp)
    r = r / r.sum(axis=1, keepdims=True)
    nk = r.sum(0)
    new = {"pi": nk / len(X), "mu": r.T @ X / nk[:, np.newaxis]}
    return new["pi"].prod() + np.sum(new["mu"] ** 3)


@case(
    {"enc": {"W": N(4, 3), "mu": N(3, 2), "ls": 0.1 * N(3, 2)}, "dec": [N(2, 3), N(3, 4)]},
    R.uniform(size=(5, 4)),
    N(5, 2),
    second=True,
)
def vae_elbo(p, x, eps, beta=0.5):
    h = np.maximum(x @ p["enc"]["W"], 0.0)
    mu, ls = h @ p["enc"]["mu"], h @ p["enc"]["ls"]
    z = mu + np.exp(ls) * eps
    W1, W2 = p["dec"]
    logit = np.tanh(z @ W1) @ W2
    rec = (np.logaddexp(0, logit) - x * logit).sum(axis=-1)
    kl = -0.5 * np.sum(1 + 2 * ls - mu**2 - np.exp(2 * ls), axis=-1)
    return (rec + beta * kl).mean()


def rbf(a, b, *, ell=1.0, var=1.0):
    return var * np.exp(-0.5 * np.sum(np.square((a[:, None, :] - b[None, :, :]) / ell), axis=2))


@case(np.array([0.8, 1.2]), 1.5, N(5, 2), N(5), N(3, 2), wrt=(0, 1, 4), second=True)
def gp_predictive_variance(ell, var, X, y, Xs):
    K = rbf(X, X, ell=ell, var=var) + 0.1 * np.eye(X.shape[0])
    L = np.linalg.cholesky(K)
    ks = rbf(X, Xs, var=var, ell=ell)
    v = solve(L, ks)
    mean = ks.T @ solve(L.T, solve(L, y))
    return np.sum(mean) + np.sum(var - (v * v).sum(axis=0))


@case(0.5, 0.9, N(6, 2), N(6), wrt=(0, 1, 2))
def kernel_ridge_loo(lam, gamma, X, y):
    sq = np.sum(X**2, 1)
    K = np.exp(-gamma * (sq[:, None] + sq - 2 * X @ X.T))
    G = np.linalg.inv(K + lam * np.identity(len(y)))
    return np.mean((G @ y / np.diag(G)) ** 2)


@case(N(5, 3), N(3, 3), np.array([0, 2, 1, 1, 0]), wrt=(0, 1), second=True)
def crf_nll(emit, trans, tags):
    a = emit[0]
    for t in range(1, len(emit)):
        s = a[:, None] + trans + emit[t]
        m = s.max(axis=0)
        a = m + np.log(np.exp(s - m).sum(axis=0))
    log_z = np.max(a) + np.log(np.sum(np.exp(a - np.max(a))))
    gold = emit[np.arange(len(tags)), tags].sum() + trans[tags[:-1], tags[1:]].sum()
    return log_z - gold


@case({"q": N(4, 6), "k": N(4, 6), "v": N(4, 6)}, N(2, 5, 4), True)
@case({"q": N(4, 6), "k": N(4, 6), "v": N(4, 6)}, N(2, 5, 4), False, wrt=(0, 1))
def multi_head_attention(p, x, causal, heads=2):
    B, L, D = x.shape
    q = (x @ p["q"]).reshape(B, L, heads, -1).transpose(0, 2, 1, 3)
    k = (x @ p["k"]).reshape((B, L, heads, 3)).swapaxes(1, 2)
    v = np.moveaxis(np.reshape(x @ p["v"], (B, L, heads, -1)), 2, 1)
    s = np.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(q.shape[-1])
    if causal:
        s = np.where(np.tril(np.ones((L, L), dtype=bool)), s, -1e9)
    w = np.exp(s - s.max(-1, keepdims=True))
    w = w / w.sum(-1, keepdims=True)
    o = (w @ v).transpose((0, 2, 1, 3)).reshape(B, L, -1)
    return np.mean(o**2)


@case(N(4, 3), np.ones(3), np.zeros(3), N(4, 3), wrt=(0, 1, 2), second=True)
def batch_norm(x, gamma, beta, target, eps=1e-5, training=True, running=None):
    if training:
        mu, var = x.mean(0), x.var(0)
    elif running is not None:
        mu, var = running
    else:
        raise ValueError("no statistics")
    xh = (x - mu) / np.sqrt(var + eps)
    return 0.5 * np.sum((gamma * xh + beta - target) ** 2)


@case({"Wz": N(3, 5), "Wr": N(3, 5), "Wh": N(3, 5), "b": N(3, 3)}, (N(3), N(3)), N(4, 2), wrt=(0, 1), second=True)
def gru_tuple_state(p, state, xs):
    h, best = state
    for x in xs:
        hx = np.hstack([h, x])
        z = 1 / (1 + np.exp(-(p["Wz"] @ hx + p["b"][0])))
        r = 1 / (1 + np.exp(-(p["Wr"] @ hx + p["b"][1])))
        c = np.tanh(p["Wh"] @ np.hstack([r * h, x]) + p["b"][2])
        state = ((1 - z) * h + z * c, np.maximum(best, h))
        h, best = state
    return np.dot(state[0], state[1])


@case(N(4, 3), N(4, 3), 0.5, wrt=(0, 1, 2), second=True)
def info_nce(a, b, tau):
    a = a / norm(a, axis=1, keepdims=True)
    b = b / norm(b, axis=-1)[:, None]
    s = a @ b.T / tau
    log_z = np.log(np.exp(s).sum(axis=1))
    return np.mean(log_z - np.diagonal(s)) + np.mean(np.log(np.sum(np.exp(s), 0)) - np.diag(s))


@case(np.array([0.3, -0.2]), 0.4, N(8, 2), R.poisson(2, 8), wrt=(0, 1), second=True)
def negative_binomial_glm(beta, log_alpha, X, y):
    r = np.exp(-log_alpha)
    mu = np.exp(X @ beta)
    ll = 0.0
    for i in range(len(y)):
        for k in range(y[i]):
            ll += np.log(r + k) - np.log(k + 1.0)
        ll = ll + r * np.log(r / (r + mu[i])) + y[i] * np.log(mu[i] / (r + mu[i]))
    return -ll


# physics


@case(0.1 * N(4, 4), N(4), 0.7, wrt=(0, 1, 2), second=True)
def ising_mean_field(J, h, beta):
    J = (J + J.T) / 2 - np.diag(np.diag(J))
    m = np.zeros_like(h)
    delta = np.inf
    while delta > 1e-14:
        new = np.tanh(beta * (J @ m + h))
        delta = np.abs(new - m).max()
        m = new
    return -0.5 * m @ J @ m - h @ m


@case(
    1.5 * np.array([[i, j, 0.1 * i * j] for i in range(2) for j in range(2)], dtype=float) + 0.1 * N(4, 3),
    1.2,
    0.7,
    wrt=(0, 1, 2),
    second=True,
)
def lennard_jones_cut(x, sigma, eps, rc=3.0):
    d = x[:, None] - x[None]
    r2 = np.einsum("ijk,ijk->ij", d, d) + np.eye(len(x))
    s6 = (sigma**2 / r2) ** 3
    mask = np.triu(r2 < rc**2, k=1)
    return 4 * eps * np.sum(s6 * (s6 - 1), where=mask)


@case(np.array([1.0, 0.2, 0.1]), np.array([-0.1, 0.9, 0.3]), wrt=(0, 1))
def orbital_elements(r, v):
    mu = 1.0
    h = np.cross(r, v)
    n = np.array([-h[1], h[0], 0.0])
    rn = np.linalg.norm(r)
    e = ((v @ v - mu / rn) * r - (r @ v) * v) / mu
    ecc = np.sqrt(e.dot(e))
    a = 1 / (2 / rn - v.dot(v) / mu)
    inc = np.arccos(h[2] / norm(h))
    raan = np.arctan2(n[1], n[0])
    argp = np.arccos(np.clip(n @ e / (norm(n) * ecc), -1, 1))
    if e[2] < 0:
        argp = 2 * np.pi - argp
    return a + 2 * ecc + 3 * inc + 4 * raan + 5 * argp


@case(np.array([1.0 + 0j, 1.5 + 0.1j, 2.2 + 0.02j, 1.5 + 0j]), np.array([0.3, 0.5]), 0.6, wrt=(0, 1, 2), second=True)
def fresnel_stack(n, d, lam):
    M = np.eye(2, dtype=complex)
    for j in range(len(d)):
        ph = 2 * np.pi * n[j + 1] * d[j] / lam
        c, s = np.cos(ph), np.sin(ph)
        L = np.array([[c, -1j * s / n[j + 1]], [-1j * n[j + 1] * s, c]])
        M = M @ L
    num = n[0] * (M[0, 0] + M[0, 1] * n[-1]) - (M[1, 0] + M[1, 1] * n[-1])
    den = n[0] * (M[0, 0] + M[0, 1] * n[-1]) + (M[1, 0] + M[1, 1] * n[-1])
    r = num / den
    return abs(r) ** 2


@case(R.uniform(0.1, 1, 6), R.uniform(0.1, 1, 6), 0.4, wrt=(0, 1, 2), second=True)
def radiative_transfer(source, kappa, ds):
    tau = np.cumsum(kappa * ds)
    up = np.exp(-tau)
    intensity = np.sum(source[1:] * (up[:-1] - up[1:]))
    i = 0.0
    for s, k in zip(source, kappa):
        e = math.exp(-k * ds)
        i = i * e + s * (1 - e)
    return intensity + i


# finance


@case(100.0, 95.0, 0.2, 0.03, 1.0, 16, wrt=(0, 1, 2, 3, 4))
@case(100.0, 95.0, 0.2, 0.03, 1.0, 16, "call", False, wrt=(0, 2))
def binomial_tree(S, K, sigma, r, T, n, kind="put", american=True):
    dt = T / n
    u = np.exp(sigma * np.sqrt(dt))
    q = (np.exp(r * dt) - 1 / u) / (u - 1 / u)
    sign = -1 if kind == "put" else 1
    s = S * u ** np.arange(-n, n + 1, 2)
    v = np.maximum(sign * (s - K), 0.0)
    for i in range(n - 1, -1, -1):
        v = np.exp(-r * dt) * (q * v[1:] + (1 - q) * v[:-1])
        if american:
            v = np.maximum(v, sign * (S * u ** np.arange(-i, i + 1, 2.0) - K))
    return v[0]


@case(0.03, 0.035, 2.0, 0.2, 0.5, -0.3, 0.4, wrt=(0, 1, 3, 4, 5, 6), second=True)
def sabr(F, K, T, alpha, beta, rho, nu):
    if abs(F - K) < 1e-12:
        return alpha / F ** (1 - beta)
    lk = math.log(F / K)
    fk = (F * K) ** ((1 - beta) / 2)
    z = nu / alpha * fk * lk
    x = math.log((math.sqrt(1 - 2 * rho * z + z * z) + z - rho) / (1 - rho))
    a = (1 - beta) ** 2 * alpha**2 / (24 * fk**2) + rho * beta * nu * alpha / (4 * fk) + (2 - 3 * rho**2) / 24 * nu**2
    den = fk * (1 + (1 - beta) ** 2 / 24 * lk**2 + (1 - beta) ** 4 / 1920 * lk**4)
    return alpha / den * z / x * (1 + a * T)


# control


@case(0.3 * N(3, 3), N(3, 2), np.eye(3), np.eye(2), N(3), wrt=(0, 1, 3))
def lqr_cost(A, B, Q, Rm, x0, horizon=8):
    P = Q
    for _ in range(horizon):
        K = solve(Rm + B.T @ P @ B, B.T @ P @ A)
        P = Q + A.T @ P @ (A - B @ K)
    return x0 @ P @ x0


@case(0.9, 0.1, 0.4, N(6), wrt=(0, 1, 2, 3), second=True)
def rts_smoother(a, q, r, ys):
    m, p = 0.0, 1.0
    for y in ys:
        mp, pp = a * m, a * a * p + q
        k = pp / (pp + r)
        m, p = mp + k * (y - mp), (1 - k) * pp
    g = a * p / (a * a * p + q)
    return m + g * (m - a * m * m) + p * g


# statistics


@case(1.4, 2.2, np.array([3, 0, 5, 2]), np.array([6, 4, 5, 7]), wrt=(0, 1), second=True)
def beta_binomial(a, b, k, n):
    out = 0.0
    for ki, ni in zip(k, n):
        for i in range(ni):
            out -= math.log(a + b + i)
            if i < ki:
                out += math.log(a + i)
                continue
            out += math.log(b + i - ki)
    return out


@case(N(2, 3), np.array([0.2, -0.1]), N(9, 3), R.integers(0, 2, 9).astype(bool), wrt=(0, 1), second=True)
def mixture_of_logits(W, a, X, y):
    z = np.where(y[:, None], X @ W.T, -(X @ W.T))
    lp = -np.logaddexp(0.0, -z)
    w = a - np.logaddexp(a[0], a[1])
    return -np.sum(np.logaddexp(w[0] + lp[:, 0], w[1] + lp[:, 1]))


@case(N(8, 3), N(8), np.array([0.1, 1.0, 10.0]), wrt=(0, 1, 2), second=True)
def ridge_path(X, y, lams):
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    uy = U.T @ y
    best = None
    for lam in lams:
        w = Vt.T @ (s / (s**2 + lam) * uy)
        gcv = np.mean((y - X @ w) ** 2) / (1 - np.sum(s**2 / (s**2 + lam)) / len(y)) ** 2
        if best is None:
            best = gcv
        else:
            best = best + gcv
    return best


@case(N(10), 0.9, wrt=(0, 1))
def quantile_and_moments(x, p):
    z = (x - np.mean(x)) / np.std(x, ddof=1)
    skew = np.mean(z**3)
    kurt = np.average(z**4, weights=np.arange(1.0, 11.0))
    s = np.sort(x)
    k = p * (len(x) - 1)
    lo = int(k)
    return skew + kurt + s[lo] + (k - lo) * (s[lo + 1] - s[lo])


# robotics, images


def rot(axis, th):
    c, s = np.cos(th), np.sin(th)
    if axis == "x":
        return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    if axis == "y":
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


@case(
    [{"q": 0.3, "link": N(3)}, {"q": -0.6, "link": N(3)}, {"q": 1.1, "link": N(3)}],
    ("z", "y", "x"),
    N(3),
    second=True,
)
def forward_kinematics(joints, axes, target):
    Rm, p = np.eye(3), np.zeros(3)
    for joint, axis in zip(joints, axes):
        Rm = Rm @ rot(axis, joint["q"])
        p = p + Rm @ joint["link"]
    err = target - p
    return err @ err + 0.01 * sum([joints[0]["q"] ** 2, joints[1]["q"] ** 2])


@case(N(5, 6), R.uniform(0.2, 3.8, (2, 7)), wrt=(0, 1), second=True)
def bilinear(img, pts):
    y, x = pts
    i, j = np.floor(y).astype(int), np.floor(x).astype(np.int64)
    fy, fx = y - i, x - j
    top = img[i, j] * (1 - fx) + img[i, j + 1] * fx
    bot = img[i + 1, j] * (1 - fx) + img[i + 1, j + 1] * fx
    return np.sum((top * (1 - fy) + bot * fy) ** 2)


def box(a, k):
    h, w = a.shape
    out = 0.0
    for i in range(k):
        for j in range(k):
            out = out + a[i : h - k + 1 + i, j : w - k + 1 + j]
    return out / k**2


@case(R.uniform(size=(6, 6)), R.uniform(size=(6, 6)), wrt=(0, 1))
def ssim(a, b, k=3, c1=1e-4, c2=9e-4):
    ma, mb = box(a, k), box(b, k)
    va, vb, cab = box(a * a, k) - ma**2, box(b * b, k) - mb**2, box(a * b, k) - ma * mb
    return np.mean((2 * ma * mb + c1) * (2 * cab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))


@case(N(5, 5), 0.1, wrt=(0, 1), second=True)
def total_variation(u, eps):
    dx = np.diff(u, axis=1)[:-1]
    dy = np.diff(u, axis=0)[:, :-1]
    return np.sqrt(dx**2 + dy**2 + eps**2).sum() + np.sum(np.roll(u, (1, -1), axis=(0, 1)) * u)


# language


@case({"layers": [{"w": N(3, 3), "b": None}, {"w": N(3, 3), "b": N(3)}], "act": "tanh"}, N(2, 3), wrt=(1,))
def none_and_strings(p, x):
    for i, layer in enumerate(p["layers"]):
        x = x @ layer["w"]
        if layer["b"] is not None:
            x = x + layer["b"]
        if p["act"] == "tanh" and i + 1 < len(p["layers"]):
            x = np.tanh(x)
    return (x**2).sum()


@case(np.float32(N(4, 1)), np.float32(N(1, 3)), np.float32(0.5), wrt=(0, 1, 2))
def float32_outer(a, b, s):
    return np.sum(np.tanh(s * a * b) ** 2)


@case(N(1, 4), N(3, 1), N(1, 1), N(4), wrt=(0, 1, 2, 3), second=True)
def unit_axes(a, b, c, d):
    t = a * b + c - d
    return np.sum(t.mean(axis=0, keepdims=True) * a) + np.prod(c) + np.squeeze(c) ** 2 + (t @ a.T).sum()


@case(np.zeros((0, 3)), N(3), wrt=(0, 1))
def empty_batch(X, w):
    r = X @ w
    return r @ r + np.sum(w**2) + np.sum(X) + np.sum(np.concatenate([r, w]))


@case(N(3) + 1j * N(3), N(3, 3) + 1j * N(3, 3), wrt=(0, 1), second=True)
def complex_rayleigh(z, A):
    H = A + np.conj(A).T
    return np.real(np.vdot(z, H @ z)) / np.sum(np.abs(z) ** 2) + np.angle(z[0]) ** 2


@case(N(4), 1.1, wrt=(0, 1), second=True)
def dft_power(x, k):
    w = np.exp(-2j * np.pi * np.arange(4) * k / 4)
    X = np.sum(x * w)
    return X.real**2 + X.imag**2


@case(N(7), second=True)
def early_exit_loop(x):
    best = x[0]
    for i, v in enumerate(x[1:]):
        if v < -1.5:
            return best * v
        if v < best:
            continue
        best = best * 0.5 + v * v
        if i > 4:
            break
    return best**2


@case(N(3), 0.1, 12, wrt=(0, 1), second=True)
def adam_trajectory(x, lr, steps, b1=0.9, b2=0.99):
    state = {"m": np.zeros(3), "v": np.zeros(3), "x": x}
    for t in range(1, steps + 1):
        g = 2 * state["x"] + np.cos(state["x"])
        m = b1 * state["m"] + (1 - b1) * g
        v = b2 * state["v"] + (1 - b2) * g * g
        step = lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-8)
        state = {"m": m, "v": v, "x": state["x"] - step}
    return np.sum(state["x"] ** 2)


@case(spd(4), N(4), wrt=(0, 1), second=True)
def conjugate_gradient(A, b):
    A = (A + A.T) / 2
    x, r = np.zeros_like(b), b
    p, rs = r, r @ r
    k = 0
    while rs > 1e-24 and k < 10:
        Ap = A @ p
        alpha = rs / (p @ Ap)
        x, r = x + alpha * p, r - alpha * Ap
        new = r @ r
        p = r + new / rs * p
        rs = new
        k += 1
    return x @ x + x.sum()


@case(N(4, 3), second=True)
def gram_schmidt(A):
    qs = ()
    total = 0.0
    for j in range(3):
        v = A[:, j]
        for q in qs:
            v = v - (q @ v) * q
        v = v / np.linalg.norm(v)
        qs = qs + (v,)
        total = total + (j + 1) * v[0] * v[-1]
    return total


@case(N(5), N(5, 5), wrt=(0, 1), second=True)
def viterbi_soft(a, W):
    for _ in range(3):
        a = np.max(a[:, None] + W, axis=0)
    return a.max() + a.min() + np.ptp(a)


@case(0.7, 1.3, wrt=(0, 1), second=True)
def brent_like(a, b):
    lo, hi = 0.0, 3.0
    while hi - lo > 1e-3:
        mid = 0.5 * (lo + hi)
        if math.tanh(mid) * b + mid - a > 0:
            hi = mid
        else:
            lo = mid
    x = sct.stop_gradient(lo)  # a search by tests has no derivative of its own; Newton's steps have
    for _ in range(6):
        fx = math.tanh(x) * b + x - a
        x -= fx / (b * (1 - math.tanh(x) ** 2) + 1)
    return x


@case(1.1, 0.3, wrt=(0, 1), second=True)
def van_der_pol_adaptive(mu, tol):
    x, v, t, h = 1.0, 0.0, 0.0, 0.1
    steps = 0
    while t < 1.0:
        steps += 1
        a = mu * (1 - x * x) * v - x
        am = mu * (1 - (x + h / 2 * v) ** 2) * (v + h / 2 * a) - (x + h / 2 * v)
        err = abs(h * (am - a))
        if err > 0.05 * (1 + tol * 0) and h > 1e-3:
            h = h * 0.5
            continue
        x, v = x + h * (v + h / 2 * a), v + h * am
        t += h
    return x + tol * v


@case(N(2, 3, 4), N(4, 3, 2), wrt=(0, 1), second=True)
def contractions(A, B):
    C = np.tensordot(A, B, axes=([1, 2], [1, 0]))
    D = np.einsum("ijk,kjl->il", A, B)
    E = np.inner(A, B.T)
    return np.trace(C @ D) + np.sum(E * E) + np.trace(np.kron(C, D), offset=1) + np.vdot(C, D) + np.outer(C, D).sum(axis=None)


@case(N(3, 4), second=True)
def axis_keywords(x):
    a = np.cumsum(x, axis=1)
    b = np.prod(x, axis=-1, keepdims=True)
    c = np.var(x, axis=0, ddof=1, keepdims=True)
    d = np.std(a=x, axis=(0, 1))
    e = np.average(x, axis=1, weights=np.array([1.0, 2.0, 3.0, 4.0]))
    f = np.ptp(x, axis=0)
    return (
        np.sum(a * b + c) * d
        + np.sum(e, initial=2.0)
        + f.max()
        + np.mean(x, axis=1, where=np.array([True, False, True, True])).sum()
    )


@case(N(2, 3, 3) + 3 * np.eye(3), N(2, 3, 1), wrt=(0, 1), second=True)
def batched_linalg(A, b):
    x = np.linalg.solve(A, b)
    sign, ld = np.linalg.slogdet(A)
    return (
        np.sum(x**2)
        + (sign * ld).sum()
        + np.sum(np.linalg.inv(A)[:, 0, 1])
        + np.linalg.det(A).mean()
        + np.linalg.norm(A, axis=(1, 2)).sum()
    )


@case(spd(3), N(3), wrt=(0, 1), second=True)
def gaussian_entropy(S, m):
    S = (S + S.T) / 2
    L = np.linalg.cholesky(S)
    return (
        np.sum(np.log(np.diagonal(L)))
        + m @ np.linalg.solve(S, m)
        + np.linalg.norm(L, "fro")
        + np.linalg.norm(m, ord=1)
        + np.linalg.norm(m, ord=3)
    )


@case(N(4, 4), second=True)
def pads_and_rolls(u):
    p = np.pad(u, ((1, 0), (0, 2)), mode="edge") * np.pad(u, ((0, 1), (1, 1)), "wrap")
    q = np.flip(u, axis=0) * np.roll(u, 3)
    return np.sum(p**2) + q.sum() + np.triu(u, 1).sum() * np.tril(u, k=-1).sum()


@case(N(5), 2.0, wrt=(0, 1), second=True)
def ufunc_spellings(x, p):
    a = np.add(x, p) * np.subtract(p, x)
    b = np.multiply(np.negative(x), np.divide(x, p))
    c = np.power(np.square(x) + 1, p)
    d = np.hypot(x, p) + np.arctan2(x, p) + np.cbrt(x * x + 1) + np.reciprocal(p + x * x)
    return np.sum(a + b + c + d + np.clip(x, None, 0.5) + np.fmin(x, p) + np.fmax(x, 0.1)) + 2**p + p**0 + np.sum(x**0)


def activation(z, kind="relu", *, slope=None):
    if kind == "relu":
        return np.maximum(z, 0)
    elif kind == "leaky":
        if slope is None:
            slope = 0.01
        return np.where(z > 0, z, slope * z)
    return z / (1 + np.exp(-z))


@case([{"W": N(3, 4), "act": "leaky"}, {"W": N(4, 4), "act": "swish"}, {"W": N(4, 1), "act": "relu"}], N(5, 3), 0.2, wrt=(1, 2))
def mixed_activations(layers, x, slope):
    for layer in layers:
        x = activation(x @ layer["W"], layer["act"], slope=slope) + (x if x.shape[1] == layer["W"].shape[1] else 0.0)
    return x.sum()


@case(N(4), (N(2), [N(3), {"k": 1.5, "kk": 0.7}]), wrt=(0, 1), second=True)
def nested_containers(x, tree):
    a, (b, d) = tree
    s = 0.0
    for k, v in d.items():
        s += v**2 * len(k)
    return s * a[0] + (b**2).sum() * a[1] + x[:2] @ a + x[1:] @ b


@case(N(3) + 1j * N(3), 0.4, wrt=(0, 1), second=True)
def complex_ansatz(psi, th):
    U = np.array([[np.cos(th), 1j * np.sin(th), 0], [1j * np.sin(th), np.cos(th), 0], [0, 0, np.exp(1j * th)]])
    phi = U @ psi
    phi = phi / np.sqrt(np.sum(np.real(phi * phi.conj())))
    p = np.abs(phi) ** 2
    return -np.sum(p * np.log(p)) + phi.real[0] * phi.imag[1]


@case(N(4) + 1j * N(4), 1.3 - 0.4j, wrt=(0, 1), second=True)
def pade_filter(c, z):
    num = den = 0j
    for k in range(2):
        num = num + c[k] * z**k
        den += c[k + 2] / (z + k)
    return abs(num / den)


@case(N(2, 1, 3), N(1, 4, 1), N(3), wrt=(0, 1, 2), second=True)
def broadcast_stack(a, b, c):
    t = np.stack([a * b, np.broadcast_to(b - c, (2, 4, 3))], axis=-1)
    v = np.vstack((c, 2 * c))
    w = np.column_stack([c, c**2])
    return np.sum(t[..., 0] * t[..., 1]) + (v @ w).sum() + np.expand_dims(c, (0, 2)).sum() * np.squeeze(a, axis=1).max()


@case(np.zeros((0,)), 1.5, wrt=(0, 1))
def empty_loop(x, s):
    for v in x:
        s = s * v
    return s * s + x.sum() + np.prod(x)


@case(N(3, 3), 4, second=True)
def matrix_log_series(A, n):
    X = 0.1 * A
    term, out = np.eye(3), np.zeros((3, 3))
    for k in range(1, n + 1):
        term = term @ X
        out = out + (-1) ** (k + 1) * term / k
    return np.trace(out) + np.linalg.matrix_power(X, 3)[0, 1]


@case(N(7), R.uniform(size=7), wrt=(0, 1), second=True)
def cox_partial_likelihood(eta, times):
    order = np.argsort(-times)
    e = eta[order]
    return -np.sum(e - np.log(np.cumsum(np.exp(e)))) + times.std()


@case(N(8), 3, second=True)
def nested_breaks(x, k):
    s = x[0]
    for i in range(len(x)):
        for j in range(i):
            if x[j] * s > 1.0:
                break
            s = s + x[j] * math.sin(s)
        else:
            s = 0.9 * s + x[i]
        if i > k and s > 0:
            continue
        s = s * 1.1 if s < 2 else s / 2
    return s


@case((1.0, 2.0), [0.5, -0.3], wrt=(0, 1), second=True)
def python_numbers(p, q):
    (a, b), (c, d) = p, q
    e = max(a, b, c) * min(a * c, d) + abs(d) ** 3 + pow(a, 2) + sum(p) * sum(q)
    f = math.hypot(a, b) + math.log1p(a) + math.atan2(b, a)
    return float(e) + f + math.fabs(c) + (1 if 0 < a < b else -1) * d


def scaled_tanh(v, k=2.0):
    return k * np.tanh(v)


@case(N(3, 3), N(3), wrt=(0, 1), second=True)
def array_methods(A, x):
    y = scaled_tanh(A.dot(x)) + scaled_tanh(x, k=0.5)
    return (
        y.T.reshape(-1).dot(A.ravel()[:3])
        + A.T.copy().diagonal().sum() * y.clip(-1, 1).mean()
        + A.flatten()[4] * y.max()
        + y.astype(float).round(1).sum() * 0
    )


# The tests


def leaves(tree):
    if isinstance(tree, dict):
        return [x for v in tree.values() for x in leaves(v)]
    if isinstance(tree, (tuple, list)):
        return [x for v in tree for x in leaves(v)]
    return [] if tree is None or isinstance(tree, str) else [np.asarray(tree)]


def moved(tree, v, h):
    """The tree with `h` times the leaves of `v`, an iterator, added; single precision becomes double."""
    if isinstance(tree, dict):
        return {k: moved(x, v, h) for k, x in tree.items()}
    if isinstance(tree, (tuple, list)):
        return type(tree)([moved(x, v, h) for x in tree])
    if tree is None or isinstance(tree, str):
        return tree
    out = np.asarray(tree) + h * next(v)
    return out if out.ndim else out.item()


def doubled(tree):
    return tree if not any(x.dtype == np.float32 for x in leaves(tree)) else moved(tree, iter(leaves(tree)), np.float64(0.0))


def direction(tree):
    """A random array for each leaf."""
    rng = np.random.default_rng(5)
    out = []
    for x in leaves(tree):
        v = rng.normal(size=x.shape)
        out.append(v + 1j * rng.normal(size=x.shape) if x.dtype.kind == "c" else v)
    return out


def inner(a, b):
    """The derivative along `b` for a gradient `a`; for complex numbers that is Re(Σ a b)."""
    return sum(np.real(np.sum(x * y)) for x, y in zip(leaves(a), b, strict=True))


def difference(f, args, i, v, h):
    """The derivative of f along v in argument i."""
    args = [doubled(a) for a in args]

    def at(t):
        return f(*args[:i], moved(args[i], iter(v), t), *args[i + 1 :])

    return slope(at, h)


def same_kind(a, b):
    x, y = leaves(a), leaves(b)
    return len(x) == len(y) and all(p.shape == q.shape and p.dtype == q.dtype for p, q in zip(x, y, strict=True))


WAYS = [True, pytest.param(False, marks=pytest.mark.grid(of=4, each=False))]


@pytest.mark.usefixtures("typed_once")
@pytest.mark.parametrize("optimize", WAYS, ids=["optimized", "plain"])
@pytest.mark.parametrize(("f", "args", "wrt", "second"), CASES)
def test_first_derivatives(f, args, wrt, second, optimize):
    single = any(x.dtype == np.float32 for x in leaves(args))
    gradients = sct.grad(f, wrt, optimize=optimize)(*args)
    value, gradients_too = sct.value_and_grad(f, wrt, optimize=optimize)(*args)
    y, joint = sct.vjp(f, wrt, optimize=optimize)(*args, np.float32(1.0) if single else 1.0)
    y_too, pull = sct.pullback(f, wrt, optimize=optimize)(*args)
    pull(2.0)
    split = pull(np.float32(1.0) if single else 1.0)
    tolerance = 1e-4 if single else 1e-6
    for got in (value, y, y_too):
        np.testing.assert_array_equal(got, f(*args))
        assert np.asarray(got).dtype == np.asarray(f(*args)).dtype
    for k, i in enumerate(wrt):
        v = direction(args[i])
        expected = difference(f, args, i, v, 1e-5)
        for g in (gradients[k], gradients_too[k], joint[k], split[k]):
            assert np.isclose(inner(g, v), expected, rtol=tolerance, atol=tolerance)
        assert same_kind(gradients[k], args[i])


@pytest.mark.usefixtures("typed_once")
@pytest.mark.grid(of=3, each=False)
@pytest.mark.parametrize("optimize", WAYS, ids=["optimized", "plain"])
@pytest.mark.parametrize(("f", "args", "wrt"), [pytest.param(*p.values[:3], id=p.id) for p in CASES if p.values[3]])
def test_second_derivatives(f, args, wrt, optimize):
    for i in wrt if optimize else wrt[:1]:
        g = sct.grad(f, i, optimize=optimize)
        v, w = direction(args[i]), direction([args[i], args[i]])[-len(leaves(args[i])) :]
        seed = moved(args[i], iter([a - b for a, b in zip(v, leaves(args[i]), strict=True)]), 1.0)
        _, product = sct.vjp(g, i, optimize=optimize)(*args, seed)
        expected = difference(lambda *a, g=g, v=v: inner(g(*a), v), args, i, w, 1e-4)
        assert np.isclose(inner(product, w), expected, rtol=1e-5, atol=1e-5)
