"""Find how hot a plate was from how hot it is: the initial temperature of the heat equation from the final one.

The plate conducts better on one side than on the other, and what is measured at the end is noisy. The simulation writes into
its array, step by step; L-BFGS gets the gradient of the misfit by all 4096 initial temperatures from sct. The picture has the
plate at the start, what is measured, and what was found: `python heat.py [picture.png]`.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

import sct

SIZE, STEPS, ITERATIONS = 64, 60, 200
NOISE = 1e-3
SHARPNESS = 3e-5  # the weight of the prior, which likes few edges


def diffuse(u, conductivity, steps):
    """The temperature after so many steps, in place; the rim is kept at 0."""
    for _ in range(steps):
        across = conductivity * (u[1:, :] - u[:-1, :])
        along = conductivity.T * (u[:, 1:] - u[:, :-1])
        u[1:-1, 1:-1] += across[1:, 1:-1] - across[:-1, 1:-1]
        u[1:-1, 1:-1] += along[1:-1, 1:] - along[1:-1, :-1]
    return u


def misfit(initial, conductivity, measured, steps):
    """How far the final temperature is from what was measured, with the total variation of the initial one."""
    u = initial.reshape(measured.shape).copy()
    dy, dx = np.diff(u, axis=0)[:, 1:], np.diff(u, axis=1)[1:, :]
    edges = np.sum(np.sqrt(dx * dx + dy * dy + 1e-6))
    return np.sum((diffuse(u, conductivity, steps) - measured) ** 2) + SHARPNESS * edges


def plate():
    """A ring, a bar and a square, hot on a cold plate."""
    y, x = np.mgrid[:SIZE, :SIZE] / (SIZE - 1.0)
    radius = np.hypot(x - 0.33, y - 0.36)
    u = np.where((radius > 0.11) & (radius < 0.2), 1.0, 0.0)
    u[(np.abs(x - 0.73) < 0.06) & (np.abs(y - 0.45) < 0.3)] = 0.8
    u[(np.abs(x - 0.33) < 0.1) & (np.abs(y - 0.78) < 0.1)] = 0.6
    return u


def error(u, true):
    return np.linalg.norm(u - true) / np.linalg.norm(true)


def draw(pictures, losses, path):
    figure, axes = plt.subplots(1, 4, figsize=(15, 3.8), layout="constrained")
    for place, (title, u) in zip(axes, pictures.items(), strict=False):
        image = place.imshow(u, cmap="inferno", vmin=0.0, vmax=1.0)
        place.set_title(title)
        place.set_axis_off()
    figure.colorbar(image, ax=axes[:3], shrink=0.8, label="temperature")
    axes[3].semilogy(losses, color="tab:red")
    axes[3].set(title="misfit", xlabel="iteration of L-BFGS")
    axes[3].grid(alpha=0.3)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="heat.png"):
    rng = np.random.default_rng(1)
    conductivity = np.full((SIZE - 1, SIZE), 0.12) + 0.1 * np.linspace(0.0, 1.0, SIZE)
    true = plate()
    final = diffuse(true.copy(), conductivity, STEPS)
    measured = final + rng.normal(scale=NOISE, size=final.shape)

    sct.check_grads(misfit, (rng.uniform(size=SIZE * SIZE), conductivity, measured, 10))
    losses = []
    with tqdm(total=ITERATIONS, desc="L-BFGS") as progress:

        def after(intermediate_result):
            losses.append(intermediate_result.fun)
            progress.update()
            progress.set_postfix(misfit=f"{losses[-1]:.2e}")

        found = minimize(
            sct.value_and_grad(misfit),
            np.clip(measured, 0.0, 1.0).ravel(),
            (conductivity, measured, STEPS),
            method="L-BFGS-B",
            jac=True,
            bounds=[(0.0, None)] * true.size,
            callback=after,
            options={"maxiter": ITERATIONS, "maxcor": 30, "ftol": 1e-12},
        ).x.reshape(true.shape)

    draw({"at the start": true, f"measured after {STEPS} steps": measured, "found by the gradient": found}, losses, path)
    print(
        f"error of the initial temperature: {error(found, true):.3f}, of the final one in its place: {error(final, true):.3f}"
    )
    print(f"picture: {path}")
    if not (losses[-1] < 1e-2 * losses[0] and error(found, true) < 0.3):
        raise SystemExit("the initial temperature was not found")


if __name__ == "__main__":
    main(*sys.argv[1:])
