"""Learn the law of a motion from what is seen of it: a neural ordinary differential equation of a damped pendulum.

A small network is the right-hand side of an equation that a Runge–Kutta method solves; the gradient goes through the solver and
is followed by Adam, over short windows of noisy runs. The picture has the field that was learnt, and what it makes of runs that
were never seen: `python pendulum.py [picture.png]`.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from tqdm import tqdm

import sct

HIDDEN, RUNS, STEPS, EPOCHS = 24, 32, 60, 500
STEP, WINDOW, NOISE, DAMPING = 0.1, 12, 0.02, 0.15


def pendulum(y):
    """The true law: rates of angle and speed, shape (runs, 2)."""
    return np.column_stack([y[:, 1], -np.sin(y[:, 0]) * 2.0 - DAMPING * y[:, 1]])


class Network:
    def __init__(self, rng):
        self.W1 = rng.normal(scale=0.7, size=(2, HIDDEN))
        self.b1 = np.zeros(HIDDEN)
        self.W2 = rng.normal(scale=0.3, size=(HIDDEN, HIDDEN))
        self.b2 = np.zeros(HIDDEN)
        self.W3 = rng.normal(scale=0.1, size=(HIDDEN, 2))

    def __call__(self, y):
        h = np.tanh(y @ self.W1 + self.b1)
        return np.tanh(h @ self.W2 + self.b2) @ self.W3


def solve(law, y, steps):
    """States at each step, shape (steps + 1, runs, 2), by the classical Runge–Kutta method."""
    states = [y]
    for _ in range(steps):
        k1 = law(y)
        k2 = law(y + 0.5 * STEP * k1)
        k3 = law(y + 0.5 * STEP * k2)
        k4 = law(y + STEP * k3)
        y = y + STEP / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        states.append(y)
    return np.stack(states)


def misfit(network, seen):
    """How far solutions from where the seen ones start are from these."""
    return np.mean((solve(network, seen[0], len(seen) - 1) - seen) ** 2)


def adam(network, gradient, m, v, step, rate):
    """One step of Adam (Kingma and Ba 2015), in place."""
    rate = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    for name, g in vars(gradient).items():
        m[name] += 0.1 * (g - m[name])
        v[name] += 0.001 * (g * g - v[name])
        getattr(network, name)[...] -= rate * m[name] / (np.sqrt(v[name]) + 1e-8)


def draw(before, after, losses, path):
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    angle, speed = np.meshgrid(np.linspace(-3.0, 3.0, 30), np.linspace(-3.5, 3.5, 30))
    grid = np.column_stack([angle.ravel(), speed.ravel()])
    unseen = np.array([[2.6, 0.0], [-1.5, 0.4], [0.5, 2.2]])
    for place, title, law in zip(axes, ("before", "after"), (before, after), strict=False):
        field = law(grid).reshape(30, 30, 2)
        size = np.hypot(field[..., 0], field[..., 1])
        place.streamplot(angle, speed, field[..., 0], field[..., 1], color=size, cmap="Blues", linewidth=0.8, density=1.3)
        for color, y in zip(("tab:red", "tab:orange", "tab:green"), unseen, strict=True):
            place.plot(*solve(pendulum, y[None], 100)[:, 0].T, color=color, linewidth=5, alpha=0.3)
            place.plot(*solve(law, y[None], 100)[:, 0].T, "--", color=color, linewidth=1.6)
            place.plot(*y, "o", color=color)
        place.set(title=f"{title}: the network (dashed), the pendulum (wide)", xlabel="angle", ylabel="speed")
        place.set(xlim=(-3.0, 3.0), ylim=(-3.5, 3.5))
    axes[2].semilogy(losses, color="tab:purple", linewidth=0.8)
    axes[2].axhline(NOISE**2, color="0.4", linestyle=":")
    axes[2].annotate("noise", (0, NOISE**2), (3, 4), textcoords="offset points", color="0.4")
    axes[2].set(title="misfit", xlabel="step of Adam")
    axes[2].grid(alpha=0.3)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="pendulum.png"):
    rng = np.random.default_rng(1)
    starts = np.column_stack([rng.uniform(-2.8, 2.8, RUNS), rng.uniform(-1.0, 1.0, RUNS)])
    seen = solve(pendulum, starts, STEPS)
    seen = seen + rng.normal(scale=NOISE, size=seen.shape)
    network, before = Network(np.random.default_rng(2)), Network(np.random.default_rng(2))
    sct.check_grads(misfit, (network, seen[:4]))

    derived = sct.value_and_grad(misfit)
    m = {name: np.zeros_like(p) for name, p in vars(network).items()}
    v = {name: np.zeros_like(p) for name, p in vars(network).items()}
    losses = []
    progress = tqdm(range(1, EPOCHS + 1), desc="Adam")
    for step in progress:
        start = rng.integers(0, STEPS - WINDOW, 4)
        windows = np.concatenate([seen[s : s + WINDOW + 1] for s in start], axis=1)
        loss, gradient = derived(network, windows)
        adam(network, gradient, m, v, step, 0.02 * (1.0 - 0.95 * step / EPOCHS))
        losses.append(loss)
        progress.set_postfix(misfit=f"{loss:.2e}")

    draw(before, network, losses, path)
    unseen = np.column_stack([rng.uniform(-2.5, 2.5, 50), rng.uniform(-1.0, 1.0, 50)])
    off = np.sqrt(np.mean((solve(network, unseen, STEPS) - solve(pendulum, unseen, STEPS)) ** 2))
    print(f"misfit: {losses[0]:.2e} before, {np.mean(losses[-50:]):.2e} after; off by {off:.3f} in 50 runs that were not seen")
    print(f"picture: {path}")
    if not (np.mean(losses[-50:]) < 4.0 * NOISE**2 and off < 0.25):
        raise SystemExit("the law was not learnt")


if __name__ == "__main__":
    main(*sys.argv[1:])
