"""Find what is buried from seismograms: full waveform inversion of a two-dimensional acoustic wave equation.

Sources at the surface are set off one after another, and receivers at the surface and in two boreholes record. The simulation
overwrites the older of two wave fields at each step, and `sct.checkpointed` keeps few of them for the gradient of the misfit by
the velocity in every cell. The picture has the true velocity, what was found, and seismograms: `python wave.py [picture.png]`.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

import sct

SIZE, SHOTS, STEPS, SLOTS, ITERATIONS = 48, 4, 180, 30, 30
CELL, STEP = 10.0, 0.0022  # metres, seconds
BACKGROUND = 2000.0  # metres per second


class Survey:
    """Where sources and receivers are, what a source sends, and the sponge at the rim that swallows waves."""

    def __init__(self):
        self.shots = np.arange(SHOTS)
        self.sources = np.linspace(6, SIZE - 7, SHOTS).astype(int)
        well, surface = np.arange(5, SIZE - 4), np.arange(5, SIZE - 4, 2)
        self.rows = np.concatenate([well, well, np.full(len(surface), 4)])
        self.columns = np.concatenate([np.full(len(well), 4), np.full(len(well), SIZE - 5), surface])
        phase = (np.pi * 18.0 * (STEP * np.arange(STEPS) - 0.06)) ** 2
        self.wavelet = (1.0 - 2.0 * phase) * np.exp(-phase)
        rim = np.minimum(np.arange(SIZE), np.arange(SIZE)[::-1])
        edge = np.exp(-((0.09 * np.maximum(4 - rim, 0)) ** 2))
        self.sponge = np.minimum(edge[:, None], edge)

    def advance(self, old, now, factor, t):
        """The next wave fields of all shots, shape (shots, cells, cells), written over the older ones."""
        old *= -1.0
        old += 2.0 * now
        old[:, 1:-1, 1:-1] += factor * (
            now[:, 2:, 1:-1] + now[:, :-2, 1:-1] + now[:, 1:-1, 2:] + now[:, 1:-1, :-2] - 4.0 * now[:, 1:-1, 1:-1]
        )
        old[self.shots, 4, self.sources] += self.wavelet[t]
        old *= self.sponge
        now *= self.sponge


def misfit(speed, survey, recorded):
    """Half the squares of what the receivers would record with these speeds, in km/s, less what they recorded."""
    factor = ((1e3 * STEP / CELL) * speed.reshape(SIZE, SIZE)[1:-1, 1:-1]) ** 2
    old, now = np.zeros((SHOTS, SIZE, SIZE)), np.zeros((SHOTS, SIZE, SIZE))
    total = 0.0
    for t in sct.checkpointed(range(STEPS), slots=SLOTS):
        survey.advance(old, now, factor, t)
        old, now = now, old
        left = now[:, survey.rows, survey.columns] - recorded[t]
        total += 0.5 * np.sum(left * left)
    return total


def seismograms(speed, survey):
    """What the receivers record: shape (steps, shots, receivers)."""
    factor = ((1e3 * STEP / CELL) * speed[1:-1, 1:-1]) ** 2
    old, now = np.zeros((SHOTS, SIZE, SIZE)), np.zeros((SHOTS, SIZE, SIZE))
    record = np.zeros((STEPS, SHOTS, len(survey.rows)))
    for t in range(STEPS):
        survey.advance(old, now, factor, t)
        old, now = now, old
        record[t] = now[:, survey.rows, survey.columns]
    return record


def ground():
    """A fast lens and a slow pocket, in km/s."""
    y, x = np.mgrid[:SIZE, :SIZE] / (SIZE - 1.0)
    speed = np.full((SIZE, SIZE), 1e-3 * BACKGROUND)
    speed += 0.25 * np.exp(-((((x - 0.6) / 0.16) ** 2 + ((y - 0.55) / 0.1) ** 2) ** 2))
    speed -= 0.2 * np.exp(-((((x - 0.28) / 0.1) ** 2 + ((y - 0.4) / 0.1) ** 2) ** 2))
    return speed


def draw(true, found, survey, before, recorded, after, path):
    figure, axes = plt.subplots(1, 4, figsize=(16, 4.2), layout="constrained", width_ratios=(1, 1, 0.9, 0.9))
    extent = (0.0, SIZE * CELL, SIZE * CELL, 0.0)
    for place, title, speed in zip(axes, ("the ground", "found from the seismograms"), (true, found), strict=False):
        image = place.imshow(speed, cmap="RdYlBu_r", vmin=1.75, vmax=2.25, extent=extent)
        place.plot(CELL * (survey.columns + 0.5), CELL * (survey.rows + 0.5), "v", color="black", markersize=2.5)
        place.plot(CELL * (survey.sources + 0.5), np.full(SHOTS, CELL * 4.5), "*", color="magenta", markersize=11)
        place.set(title=title, xlabel="metres", ylabel="depth")
    figure.colorbar(image, ax=axes[:2], shrink=0.85, label="km/s")
    middle = SHOTS // 2
    scale = np.abs(recorded[:, middle]).max() * 0.2
    time = 1e3 * STEP * STEPS
    for place, title, record in zip(
        axes[2:], ("not explained by even ground", "nor by what was found"), (before, after), strict=True
    ):
        place.imshow(
            (record - recorded)[:, middle], cmap="seismic", vmin=-scale, vmax=scale, aspect="auto", extent=(0, 1, time, 0)
        )
        place.set(title=title, xlabel="receivers", xticks=[], ylabel="ms")
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="wave.png"):
    survey, true = Survey(), ground()
    start = np.full((SIZE, SIZE), 1e-3 * BACKGROUND)
    recorded = seismograms(true, survey)
    derived = sct.value_and_grad(misfit)
    losses = []

    _, gradient = derived(start.ravel(), survey, recorded)
    way = gradient / np.linalg.norm(gradient)
    ahead, behind = (misfit(start.ravel() + h * way, survey, recorded) for h in (1e-4, -1e-4))
    slope = (ahead - behind) / 2e-4
    print(f"slope along the gradient: {gradient @ way:.6f} by sct, {slope:.6f} by differences")
    with tqdm(total=ITERATIONS, desc="L-BFGS") as progress:

        def after(intermediate_result):
            losses.append(intermediate_result.fun)
            progress.update()
            progress.set_postfix(misfit=f"{losses[-1]:.2e}")

        found = minimize(
            derived,
            start.ravel(),
            (survey, recorded),
            method="L-BFGS-B",
            jac=True,
            bounds=[(1.6, 2.4)] * start.size,
            callback=after,
            options={"maxiter": ITERATIONS},
        ).x.reshape(true.shape)

    draw(true, found, survey, seismograms(start, survey), recorded, seismograms(found, survey), path)
    missed = np.linalg.norm(found - true) / np.linalg.norm(start - true)
    print(f"misfit: {losses[0]:.2e} after one iteration, {losses[-1]:.2e} at the end; of the anomalies {missed:.0%} are missed")
    print(f"picture: {path}")
    if not (abs(slope / (gradient @ way) - 1.0) < 1e-4 and losses[-1] < 0.05 * losses[0] and missed < 0.5):
        raise SystemExit("the velocity was not found")


if __name__ == "__main__":
    main(*sys.argv[1:])
