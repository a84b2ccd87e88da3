"""Say how a gas in the air goes on: a Gaussian process, whose ten hyperparameters are those of the greatest likelihood.

The data are made up after the curve of Mauna Loa: a trend, seasons that change slowly, and weather. The likelihood goes through
a Cholesky decomposition, its gradient by a dict of hyperparameters comes from sct. The picture has the data, what is
predicted, and what happened: `python co2.py [picture.png]`. The kernel is that of Rasmussen and Williams (2006), section 5.4.3.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from tqdm import tqdm

import sct

ITERATIONS = 60
SEEN = 2000.0  # the year in which the data end
START = {
    "trend": {"height": 40.0, "years": 40.0},
    "season": {"height": 2.0, "fade": 60.0, "shape": 1.0},
    "medium": {"height": 0.5, "years": 1.0, "mixture": 1.0},
    "weather": {"height": 0.2, "noise": 0.3},
}


def logarithms(p):
    return {part: {name: np.log(value) for name, value in numbers.items()} for part, numbers in p.items()}


def kernel(p, s, t):
    """The covariances of years s and t without the noise; p holds logarithms."""
    d = s[:, None] - t[None, :]
    square = d * d
    trend, season, medium, weather = p["trend"], p["season"], p["medium"], p["weather"]
    k = np.exp(2.0 * trend["height"] - 0.5 * square * np.exp(-2.0 * trend["years"]))
    waves = np.sin(np.pi * d) ** 2
    k += np.exp(
        2.0 * season["height"] - 0.5 * square * np.exp(-2.0 * season["fade"]) - 2.0 * waves * np.exp(-2.0 * season["shape"])
    )
    mixture = np.exp(medium["mixture"])
    k += np.exp(2.0 * medium["height"]) * (1.0 + 0.5 * square * np.exp(-2.0 * medium["years"]) / mixture) ** (-mixture)
    k += np.exp(2.0 * weather["height"] - 0.5 * square / 0.15**2)
    return k


def unlikely(p, t, y):
    """The negative logarithm of the likelihood."""
    k = kernel(p, t, t) + (np.exp(2.0 * p["weather"]["noise"]) + 1e-8) * np.eye(len(t))
    lower = np.linalg.cholesky(k)
    whitened = solve_triangular(lower, y, lower=True)
    return 0.5 * whitened @ whitened + np.sum(np.log(np.diag(lower))) + 0.5 * len(t) * np.log(2.0 * np.pi)


def predict(p, t, y, new):
    """The means at new years, and the standard deviations of what is measured then."""
    noise = np.exp(2.0 * p["weather"]["noise"])
    lower = np.linalg.cholesky(kernel(p, t, t) + (noise + 1e-8) * np.eye(len(t)))
    across = solve_triangular(lower, kernel(p, t, new), lower=True)
    mean = across.T @ solve_triangular(lower, y, lower=True)
    return mean, np.sqrt(np.diag(kernel(p, new, new)) - np.sum(across**2, axis=0) + noise)


def measurements(rng):
    """Twice a quarter, from 1960 to 2012, in parts per million."""
    t = np.arange(1960.0, 2012.0, 0.125)
    u = t - 1960.0
    season = (2.6 + 0.012 * u) * np.sin(2.0 * np.pi * t) + 0.9 * np.sin(4.0 * np.pi * t + 0.8)
    slow = np.convolve(rng.normal(size=len(t) + 40), np.hanning(41), "valid")[: len(t)] * 0.12
    return t, 316.0 + 0.75 * u + 0.0125 * u**2 + season + slow + rng.normal(scale=0.25, size=len(t))


def draw(t, y, seen, level, before, after, path):
    figure, axes = plt.subplots(2, 1, figsize=(11, 7), layout="constrained", sharex=True)
    new = np.arange(SEEN - 12.0, 2012.0, 0.03)
    for place, name, p in zip(axes, ("hyperparameters as guessed", "of the greatest likelihood"), (before, after), strict=True):
        mean, deviation = predict(p, t[seen], y[seen] - level, new)
        mean += level
        place.fill_between(new, mean - 2.0 * deviation, mean + 2.0 * deviation, color="tab:blue", alpha=0.2, lw=0, label="95 %")
        place.plot(new, mean, color="tab:blue", linewidth=1.2, label="predicted")
        place.plot(t[seen], y[seen], ".", color="black", markersize=4, label="seen")
        place.plot(t[~seen], y[~seen], ".", color="tab:red", markersize=4, label="what happened")
        place.axvline(SEEN, color="0.5", linestyle=":")
        place.set(title=name, ylabel="parts per million", xlim=(SEEN - 12.0, 2012.0), ylim=(345.0, 398.0))
        place.legend(loc="upper left", ncols=4)
        place.grid(alpha=0.25)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="co2.png"):
    t, y = measurements(np.random.default_rng(1))
    seen = t < SEEN
    level = y[seen].mean()
    before = logarithms(START)
    sct.check_grads(unlikely, (before, t[:40], y[:40] - level), rtol=1e-5)  # the covariances are ill-conditioned
    start, unravel = sct.ravel(before)
    derived = sct.value_and_grad(unlikely)

    def of_vector(v):
        value, gradient = derived(unravel(v), t[seen], y[seen] - level)
        return value, sct.ravel(gradient)[0]

    values = [of_vector(start)[0]]
    with tqdm(total=ITERATIONS, desc="L-BFGS") as progress:

        def callback(intermediate_result):
            values.append(intermediate_result.fun)
            progress.update()
            progress.set_postfix(unlikely=f"{values[-1]:.2f}")

        bounds = [(v - 3.0, v + 3.0) for v in start]
        options = {"maxiter": ITERATIONS}
        after = unravel(
            minimize(of_vector, start, method="L-BFGS-B", jac=True, bounds=bounds, callback=callback, options=options).x
        )

    draw(t, y, seen, level, before, after, path)
    off = []
    for name, p in (("guessed", before), ("found", after)):
        mean, deviation = predict(p, t[seen], y[seen] - level, t[~seen])
        left = y[~seen] - level - mean
        off.append(np.sqrt(np.mean(left**2)))
        inside = np.mean(np.abs(left) < 2.0 * deviation)
        print(f"{name}: off by {off[-1]:.2f} ppm in the twelve years that were not seen; {inside:.0%} in the band")
    print(f"negative log-likelihood: {values[0]:.1f} before, {values[-1]:.1f} after; picture: {path}")
    if not (values[-1] < values[0] - 20.0 and inside > 0.85):
        raise SystemExit("the hyperparameters were not found")


if __name__ == "__main__":
    main(*sys.argv[1:])
