"""Functions as users write them, for which modules are generated: each with arguments, and what it is differentiated by."""

import functools

import numpy as np
import scipy.special

import sct

from . import materials
from .materials import GRAVITY, Activation, Prior, Spring, drag, relu

CASES = []
RNG = np.random.default_rng(20261126)
WINDOW = np.hanning(8)
FILTERS = [np.array([0.25, 0.5, 0.25]), np.array([-1.0, 0.0, 1.0])]
LIMITS = (-3.0, 3.0)


def case(*args, wrt=(0,)):
    """Register the decorated function with arguments."""

    def register(f):
        CASES.append((f, args, wrt))
        return f

    return register


def normal(*shape):
    return RNG.normal(size=shape)


# -- physics -----------------------------------------------------------------------------------------------------------


@case(np.array([0.0, 10.0]), np.array([3.0, 4.0]), 0.05, 12, wrt=("position", "velocity", "dt"))
def thrown_ball(position, velocity, dt, steps):
    """How far a ball flies, with drag."""
    for _ in range(steps):
        velocity = velocity + dt * (drag(velocity) - np.array([0.0, GRAVITY]))
        position = position + dt * velocity
        if position[1] < 0.0:
            break
    return np.sum(position * position)


@case(normal(3), Spring(2.0, normal(3)), Spring(0.5, normal(3), "hard"))
def springs(x, first, second):
    return first.energy(x) + second.energy(2.0 * x)


@case(normal(3), np.array([1.0, 2.0, 3.0]))
def beam(u, load):
    """The energy of a beam under a load."""
    return 0.5 * u @ materials.STIFFNESS @ u - load @ u / materials.DENSITIES["steel"]


@case(np.linspace(0.0, 1.0, 12), 0.1, 5, wrt=("u", "k"))
def heat_in_place(u, k, steps):
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u[0] = u[-1] = 0.0
    return np.sum(u**2)


@case(np.array([1.0, 0.3]), 30, wrt=("state",))
def oscillator_in_slots(state, steps):
    """A damped oscillator, of which few states are kept."""
    x, v = state[0], state[1]
    for i in sct.checkpointed(range(steps), slots=4):
        v = v - 0.1 * (np.sin(x) + 0.05 * v) + 0.01 * np.cos(0.3 * i)
        x = x + 0.1 * v
    return x * x + v * v


def stepper(method, dt):
    """A function that closes over a choice and a number."""

    def advance(f, y):
        if method == "euler":
            return y + dt * f(y)
        k = f(y)
        return y + 0.5 * dt * (k + f(y + dt * k))

    def slope(z, damping=0.1):
        return np.sin(z) - damping * z

    def solve(y, steps=4):
        for _ in range(steps):
            y = advance(slope, y)
        return np.sum(y * y)

    return solve


case(normal(4))(stepper("heun", 0.1))
case(normal(4), 3)(stepper("euler", 0.2))
case(normal(3))(Spring(1.5, normal(3)).energy)


# -- statistics ----------------------------------------------------------------------------------------------------------


@case({"mu": 0.3, "log_sigma": -0.2, "df": 5}, normal(6), Prior(0.0, 2.0), wrt=("params",))
def log_posterior(params, data, prior):
    sigma = np.exp(params["log_sigma"])
    z = (data - params["mu"]) / sigma
    likelihood = np.sum(-0.5 * (params["df"] + 1) * np.log1p(z * z / params["df"])) - len(data) * params["log_sigma"]
    return likelihood - 0.5 * ((params["mu"] - prior.mean) / prior.scale) ** 2


@case(normal(5), normal(5), "mean", None)
@case(normal(5), normal(5), "sum", np.array([1.0, 2.0, 0.5, 0.0, 1.0]))
def residuals(x, y, reduction="mean", weights=None, squared=True):
    d = x - y
    loss = d * d if squared else np.abs(d)
    if weights is not None:
        loss = loss * weights
    return np.mean(loss) if reduction == "mean" else np.sum(loss)


case(normal(5), wrt=("y",))(functools.partial(residuals, normal(5), weights=np.arange(5.0), reduction="sum"))


@case([1.5, -0.5, 0.25], normal(7), wrt=("coefficients", "x"))
def polynomial(coefficients, x):
    total = np.zeros_like(x)
    for c in coefficients:
        total = total * x + c
    return np.sum(total)


@case(np.exp(normal(8)))
def divided_sum(x):
    """Sums of halves."""
    if len(x) <= 2:
        return np.sum(np.log(x))
    half = len(x) // 2
    return divided_sum(x[:half]) + 0.5 * divided_sum(x[half:])


def ladder(x, up, n):
    if n == 0:
        return np.sum(x)
    return ladder(np.sin(x) if up else np.cos(x), not up, n - 1) * (1.0 if up else 0.5)


@case(normal(3))
def ladders(x):
    return ladder(x, True, 3) + ladder(2.0 * x, False, 2)


@case(normal(4, 3), normal(4), [0.1, 1.0], wrt=("X", "y"))
def ridge_path(X, y, alphas):
    out = []
    for alpha in alphas:
        A = X.T @ X + alpha * np.eye(X.shape[1])
        out.append(np.linalg.solve(A, X.T @ y))
    return sum(np.sum(w * w) for w in out) + np.linalg.slogdet(X.T @ X + np.eye(3))[1]


# -- learning ------------------------------------------------------------------------------------------------------------


def dense(layer, h, activation):
    h = h @ layer["W"] + layer["b"]
    return relu(h) if activation is Activation.RELU else np.tanh(h)


@case(
    {
        "layers": [{"W": normal(3, 4), "b": normal(4)}, {"W": normal(4, 2), "b": normal(2)}],
        "scale": 0.7,
    },
    normal(5, 3),
    normal(5, 2),
    Activation.RELU,
    wrt=("params",),
)
def network(params, x, y, activation):
    h = x
    for layer in params["layers"]:
        h = dense(layer, h, activation)
    return params["scale"] * np.mean((h - y) ** 2)


@materials.traced
def attention(q, k, v, causal=True):
    scores = q @ k.T / np.sqrt(q.shape[-1])
    if causal:
        scores = np.where(np.tri(scores.shape[0], dtype=bool), scores, -np.inf)
    e = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return (e / np.sum(e, axis=-1, keepdims=True)) @ v


case(normal(4, 3), normal(4, 3), normal(4, 2), wrt=("q", "k", "v"))(attention)


@sct.checkpoint
def block(W, h):
    return h + np.tanh(h @ W)


@case(normal(3, 3), normal(2, 3), wrt=("W", "x"))
def residual_network(W, x):
    for _ in range(3):
        x = block(W, x)
    return np.sum(x * x)


@case(normal(6, 2), np.array([0, 3, 3, 5]), wrt=("table",))
def embeddings(table, rows):
    """Rows that are looked up, with an average that is kept up."""
    mean = np.zeros(2)
    for n, row in enumerate(rows):
        mean += (table[row] - mean) / (n + 1)
    return mean @ mean


@case(normal(4), 0.3, "soft")
@case(normal(4), 0.3, "hard")
def thresholded(x, level, kind="soft"):
    """Element by element: what is left of x above a level."""
    rest = np.abs(x) - level
    if kind == "hard":
        return np.where(rest > 0.0, x, 0.0)
    return np.sign(x) * np.where(rest > 0.0, rest, 0.0)


# -- signals -------------------------------------------------------------------------------------------------------------


@case(normal(16), wrt=("signal",))
def spectrum(signal):
    """The power of a signal in frames."""
    n = len(WINDOW)
    waves = np.exp(-2j * np.pi * np.outer(np.arange(n // 2), np.arange(n)) / n)
    power = 0.0
    for start in range(0, len(signal) - n + 1, n // 2):
        frame = waves @ (signal[start : start + n] * WINDOW)
        power = power + np.sum(np.abs(frame[1:]) ** 2)
    return np.log(power)


@case(normal(10), 0.4, wrt=("x", "a"))
def smoothed(x, a):
    """A filter of the first order, in place."""
    y = np.empty_like(x)
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = a * x[i] + (1.0 - a) * y[i - 1]
    return np.sum(np.clip(y, *LIMITS) ** 2)


@case(normal(9))
def filtered(x):
    return sum(np.sum(np.convolve(x, h, mode="valid") ** 2) for h in FILTERS)


@case(normal(3) + 1j * normal(3))
def phase(z):
    return np.sum(np.abs(z * np.exp(1j * np.angle(z))) ** 2 * z.real)


@sct.nondifferentiable
def nearest(table, x):
    """The place in a table that is next to x."""
    return int(np.argmin(np.abs(np.asarray(table) - float(x))))


def cube_root(x):
    return np.cbrt(x)


@sct.adjoint(cube_root)
def cube_root_adjoint(y, x, y_bar):
    return y_bar / (3.0 * y * y)


@case(1.3, np.array([0.0, 1.0, 2.0]), wrt=("x",))
def from_a_table(x, table):
    k = nearest(table, x)
    return (x - table[k]) ** 2 + cube_root(x)


def log_gamma(x):
    return scipy.special.gammaln(x)


@sct.adjoint(log_gamma)
def log_gamma_adjoint(y, x, y_bar):
    return y_bar * scipy.special.digamma(x)


@case(np.array([1.5, 3.0]), 4.0, wrt=("a", "b"))
def log_beta(a, b):
    return np.sum(log_gamma(a) + log_gamma(b) - log_gamma(a + b))


@case(np.array([0.5, 0.2]))
def powers_of_a_norm(x):
    product = 1.0
    for order in (2, 3):
        product *= materials.norm_of(x, order)
    return product / materials.norm_of(x)


@case(np.arange(6.0).reshape(2, 3), (1, 0), "C", wrt=("x",))
def arranged(x, axes, order):
    y = np.transpose(x, axes)
    z = y.reshape(-1, order=order)
    return {"norm": np.sqrt(np.sum(z * z)), "parts": [z[:3], (z[3:],)]}


@case({"a": normal(2), "b": 1.5, "c": 2, "d": None, "e": "on"}, normal(2), wrt=("p", "x"))
def mixed(p, x):
    s = np.sum(p["a"] * x) * p["b"] ** p["c"]
    if p["d"] is None and p["e"] == "on":
        s = s + p["a"][0]
    return s
