"""With each optimisation and analysis left out, the numbers stay, and the code is another."""

import copy

import numpy as np
import pytest
from kernel_samples import sample
from trees import leaves, waves_like

import sct
from sct.analysis.switches import SWITCHES, left_out, without


def branches(x, n):
    """Breaks, early ends and what only one branch sets."""
    total = 0.0
    kept = x * 2.0
    for i in range(n):
        if i == 3:
            continue
        if total > 40.0:
            break
        y = np.sin(kept) * np.sin(kept)
        total = total + np.sum(y * x[i % 3]) + np.sum(np.exp(x) * np.exp(x))
    while total > 1.0:
        total = 0.5 * total
    return total


def grown(x, n):
    """Lists that grow in short loops and in long ones, and a dict."""
    parts = []
    for k in range(3):
        parts.append(x * (k + 1.0))
    more = []
    for _ in range(n):
        more.append(np.sum(parts[0] * x))
    held = {"sum": parts[1] + parts[2], "rest": (x, 2.0)}
    return np.sum(held["sum"] * held["rest"][0]) * held["rest"][1] + sum(more)


def written(x, n):
    """Arrays that are written into, views of them, and an argument that is changed."""
    u = np.zeros((n + 1, 3))
    u[0] = x
    for t in range(n):
        u[t + 1] = 0.5 * u[t] + np.tanh(u[t])
    first = u[:2]
    x *= 2.0
    u[1, :] += x
    return np.sum(first * first) + np.sum(u[n] * x)


def steps(x, n):
    """A checkpointed loop that carries more than is asked for."""
    speed, count, way = 0.1 * x, 0, 0.0
    for _ in sct.checkpointed(range(n), slots=2):
        x = x + 0.1 * speed
        speed = speed - 0.1 * np.sin(x)
        count = count + 1
        way = way + np.sum(speed * speed)
    return np.sum(x * x)


def numbers(x, n):
    """Constants, and a loop of numbers alone."""
    scale = 2.0 * -0.5
    y, before = x[0], x[1]
    for _ in range(n):
        y, before = y - (y * y - 2.0) / (2.0 * y + 1.0) + 0.1 * before, 0.3 * y
    return scale * (3.0 * y) + np.mean(-(-x)) / 4.0


def likelihood(x, n):
    """A softmax, and the mean of a logistic loss."""
    m = np.max(x)
    p = 1.0 / (1.0 + np.exp(-x))
    return m + np.log(np.sum(np.exp(x - m))) - np.mean(n * np.log(p) + (1.0 - n) * np.log(1.0 - p))


def aside(x, n):
    """A number that only a test reads."""
    for _ in range(n):
        size = np.sum(x * x)
        if size > 1.0:
            x = 0.5 * x
    return np.sum(x)


def cubes(x, n):
    y = 1.0 * x
    y[y > 0.0] = y[y > 0.0] ** 3
    return n * np.sum(y * x)


def passed_on(x, n):
    """A sum of what a loop has written, each of whose adjoints is one at first."""
    for _ in range(n):
        x[1:] = 0.5 * x[:-1]
    return np.sum(x)


def slopes(x, n):
    """What depends on a Jacobian."""
    return np.sum(sct.jacobian(lambda y: np.tanh(np.outer(x, x) @ np.sin(y)) - n * y)(x))


def factor(x, n):
    """A system of a Cholesky factor."""
    L = np.linalg.cholesky(np.outer(x, x) + n * np.eye(3))
    return np.sum(np.linalg.solve(L, x) ** 2)


PROGRAMS = {
    f.__name__: f for f in (factor, branches, grown, written, steps, numbers, likelihood, aside, cubes, passed_on, slopes)
}
KERNELS = ("cholesky", "gru", "kalman_filter")

SHOWN_BY = {
    "cancellation": "likelihood",
    "constants": "kalman_filter",
    "copies": "cholesky",
    "dependence": "gru",
    "diagonals": "slopes",
    "fills": "passed_on",
    "masks": "cubes",
    "signs": "numbers",
    "sinking": "numbers",
    "steps": "steps",
    "triangles": "factor",
    "unrolling": "grown",
}
"""For each switch, what shows that it does something; the others show in `gru`. (Without usefulness the dead code is more.)"""


def case(name):
    """A function, its arguments, and what it is differentiated by."""
    if name in PROGRAMS:
        return PROGRAMS[name], (np.array([0.7, -1.3, 2.1]), 5), ("x",)
    return sample(name)


def derived(name):
    """The value, the adjoints and the code."""
    f, args, wrt = case(name)
    value = f(*copy.deepcopy(args))
    bar = waves_like(value)
    vjp = sct.vjp(f, wrt)
    return leaves(vjp(*copy.deepcopy(args), bar)), vjp.source_for(*args, bar)


@pytest.fixture(scope="module")
def usual():
    """What comes out with everything on."""
    return {name: derived(name) for name in (*PROGRAMS, *KERNELS)}


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_numbers_stay(switch, usual):
    other = set()
    for name, (expected, source) in usual.items():
        with without(switch):
            found, changed = derived(name)
        for a, b in zip(found, expected, strict=True):
            assert type(a) is type(b)
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12, err_msg=name)
        if changed != source:
            other.add(name)
    assert switch == "usefulness" or SHOWN_BY.get(switch, "gru") in other


def test_after_it_everything_is_on_again(usual):
    with without("algebra", "folding"):
        assert left_out() == {"algebra", "folding"}
    assert not left_out()
    assert derived("gru")[1] == usual["gru"][1]


def test_everything_left_out_at_once(usual):
    for name, (expected, _) in usual.items():
        with without(*SWITCHES):
            found, _ = derived(name)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12, err_msg=name)


def test_what_there_is_not():
    with pytest.raises(ValueError, match="nothing called 'inlining' to leave out; there is: copies, "), without("inlining"):
        pass
