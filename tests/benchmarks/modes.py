"""Measure Jacobians of functions ℝⁿ → ℝᵐ by forward and by reverse mode, over a grid of n and m.

Run with `python tests/benchmarks/modes.py`; one thread is used, and both are called by turns. Prints the times of both in each
place, and where they are the same; writes docs/modes.png.
"""

import os
import sys
from functools import partial
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np  # noqa: E402
from timing import interleaved  # noqa: E402

import sct  # noqa: E402

SIZES = (1, 4, 16, 64, 256, 1024)
HIDDEN = 64


def network(x, V, W):
    """ℝⁿ → ℝᵐ; a direction of either mode takes as many products as the function itself."""
    return W @ np.tanh(V @ x)


def measured():
    """The seconds of either mode, of shape (n, m)."""
    rng = np.random.default_rng(0)
    forward, reverse = np.zeros((2, len(SIZES), len(SIZES)))
    for i, n in enumerate(SIZES):
        for j, m in enumerate(SIZES):
            args = rng.normal(size=n), rng.normal(size=(HIDDEN, n)) / np.sqrt(n), rng.normal(size=(m, HIDDEN))
            by = [sct.jacobian(network, mode=mode).specialize(*args) for mode in ("forward", "reverse")]
            np.testing.assert_allclose(by[0](*args), by[1](*args), rtol=1e-9, atol=1e-12)
            rounds = 20 if n * m < 1 << 17 else 5
            forward[i, j], reverse[i, j] = interleaved(*(partial(f, *args) for f in by), rounds=rounds)
    return forward, reverse


def crossings(forward, reverse):
    """For each m the n where both modes take the same time, by interpolation of the logarithms; NaN where there is none."""
    found = []
    for ratio in np.log(forward / reverse).T:
        k = np.flatnonzero((ratio[:-1] < 0.0) & (ratio[1:] >= 0.0))
        n = np.log(SIZES)
        found.append(np.exp(n[k[-1]] - ratio[k[-1]] * (n[k[-1] + 1] - n[k[-1]]) / np.diff(ratio)[k[-1]]) if len(k) else np.nan)
    return np.array(found)


def draw(forward, reverse, path):
    """Where which mode takes less, and times along two lines of the grid."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (grid, lines) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    ratio = np.log2(forward / reverse)
    most = np.max(np.abs(ratio))
    places = range(len(SIZES))
    image = grid.imshow(ratio.T, origin="lower", cmap="RdBu_r", vmin=-most, vmax=most)
    grid.set_xticks(places, labels=SIZES)
    grid.set_yticks(places, labels=SIZES)
    for i in places:
        for j in places:
            times = forward[i, j] / reverse[i, j]
            grid.text(i, j, f"{times:.0f}" if times >= 10.0 else f"{times:.2g}", ha="center", va="center", fontsize=8)
    grid.plot([-0.5, len(SIZES) - 0.5], [-0.5, len(SIZES) - 0.5], "k--", linewidth=1)
    grid.set(xlabel="n, numbers in the argument", ylabel="m, numbers in the result", title="time of forward / time of reverse")
    figure.colorbar(image, ax=grid, label="log₂ of it")
    j = SIZES.index(64)
    for times, name, color in ((forward, "forward", "tab:blue"), (reverse, "reverse", "tab:red")):
        lines.loglog(SIZES, 1e6 * times[:, j], "o-", color=color, label=f"{name}, m = 64")
        lines.loglog(SIZES, 1e6 * times[j], "s--", color=color, alpha=0.5, label=f"{name}, n = 64, over m")
    lines.axvline(64, color="k", linestyle=":", linewidth=1)
    lines.set_xticks(SIZES, labels=map(str, SIZES))
    lines.minorticks_off()
    lines.set(xlabel="n (or m)", ylabel="µs of a Jacobian", title="along the lines m = 64 and n = 64")
    lines.legend(frameon=False)
    lines.grid(alpha=0.3)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main() -> None:
    forward, reverse = measured()
    print("µs of a Jacobian, forward / reverse; n downwards, m to the right\n")
    print(f"{'':>6}" + "".join(f"{m:>16}" for m in SIZES))
    for i, n in enumerate(SIZES):
        cells = (f"{1e6 * f:.0f} / {1e6 * r:.0f}" for f, r in zip(forward[i], reverse[i], strict=True))
        print(f"{n:>6}" + "".join(f"{c:>16}" for c in cells))
    for m, n in zip(SIZES, crossings(forward, reverse), strict=True):
        print(f"m = {m}: both take the same time at n = {n:.0f}" if np.isfinite(n) else f"m = {m}: one is faster for all n")
    path = Path(__file__).parents[2] / "docs" / "modes.png"
    draw(forward, reverse, path)
    print(f"plot: {path}")


if __name__ == "__main__":
    main()
