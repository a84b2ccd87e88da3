"""Measure the memory that a gradient takes, with everything kept, as sct records it, and with checkpoints.

Takes an array of 2000 points through 100 to 2000 steps that write into it; prints what the gradient records and the peak
memory of each way; writes docs/memory.png.
"""

import tracemalloc
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import sct

POINTS = 2000
STEPS = (100, 200, 500, 1000, 2000)
SLOTS = 20


def diffuse(u, k, steps):
    """Diffusion of u, shape (points,), that is the faster the larger u is; in place."""
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2]) * u[1:-1]
    return np.sum(u * u)


def diffuse_in_slots(u, k, steps):
    """The same, with few states kept."""
    for _ in sct.checkpointed(range(steps), slots=SLOTS):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2]) * u[1:-1]
    return np.sum(u * u)


def everything_kept(u, k, steps):
    """The gradient of `diffuse`, by hand, as a tool takes it that records the result of every operation."""
    kept = []
    for _ in range(steps):
        twice = 2.0 * u[1:-1]
        right = u[2:] - twice
        both = right + u[:-2]
        scaled = k * both
        change = scaled * u[1:-1]
        kept.append((u, twice, right, both, scaled, change))
        u = u.copy()
        u[1:-1] += change
    u_bar = 2.0 * u
    while kept:
        u, twice, right, both, scaled, change = kept.pop()
        change_bar = u_bar[1:-1].copy()
        both_bar = change_bar * u[1:-1] * k
        u_bar[1:-1] += change_bar * scaled - 2.0 * both_bar
        u_bar[2:] += both_bar
        u_bar[:-2] += both_bar
    return u_bar


WAYS = {
    "every intermediate value": everything_kept,
    "as recorded by sct.grad": sct.grad(diffuse),
    f"sct.checkpointed, {SLOTS} slots": sct.grad(diffuse_in_slots),
}


def peak(gradient, *args):
    """The peak memory of a call in MB, and its result."""
    tracemalloc.start()
    try:
        found = gradient(*args)
        return tracemalloc.get_traced_memory()[1] / 1e6, found
    finally:
        tracemalloc.stop()


def draw(measured, path):
    """Memory over the number of steps, a line for each way."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for (name, peaks), color, marker in zip(measured.items(), ("tab:red", "tab:blue", "tab:green"), "so^", strict=True):
        axes.loglog(STEPS, peaks, color=color, marker=marker)
        axes.annotate(name, (STEPS[2], peaks[2]), (0, 9), textcoords="offset points", ha="right", color=color)
    axes.set(xlabel="steps", ylabel="peak memory of the gradient (MB)", ylim=(0.2, 500.0))
    axes.set_xticks(STEPS, labels=map(str, STEPS))
    axes.set_yticks((1, 10, 100), labels=("1", "10", "100"))
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main():
    u, k = np.random.default_rng(1).uniform(0.2, 1.0, POINTS), 0.2
    print(f"What sct.grad records for {STEPS[0]} steps of {POINTS} points:\n")
    print(WAYS["as recorded by sct.grad"].tape(u, k, STEPS[0]))

    print(f"\nPeak memory of the gradient in MB:\n\n{'steps':>30}" + "".join(f"{n:8}" for n in STEPS))
    measured = {}
    for name, gradient in WAYS.items():
        gradient(u, k, 2)  # compiles
        peaks, results = zip(*(peak(gradient, u, k, n) for n in STEPS), strict=True)
        measured[name] = peaks
        print(f"{name:>30}" + "".join(f"{p:8.2f}" for p in peaks))
        expected = everything_kept(u, k, STEPS[-1])
        np.testing.assert_allclose(results[-1], expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max())

    path = Path(__file__).parents[1] / "docs" / "memory.png"
    draw(measured, path)
    print(f"\nplot: {path}")


if __name__ == "__main__":
    main()
