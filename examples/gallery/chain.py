"""Hang chains between two nails: the shapes of least energy, with the lengths of the links as constraints.

Chains of several lengths hang beside one that carries lanterns. SciPy's SLSQP gets the gradient of the energy and the Jacobian
of the constraints from sct; the chains without lanterns must come out as catenaries. The picture has all of them, and how one
found its shape: `python chain.py [picture.png]`.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import brentq, minimize
from tqdm import tqdm

import sct

LINKS, SPAN = 24, 2.0
LENGTHS = (2.2, 2.7, 3.4, 4.2)
LANTERNS = {6: 1.5, 12: 0.6, 17: 2.5}  # masses by the joint that they hang from


class Chain:
    def __init__(self, length, loads=()):
        self.link = length / LINKS
        self.mass = length / LINKS  # of a link: one kilogram per metre
        self.loads = dict(loads)

    def joints(self, p):
        """Where the joints are, shape (links + 1, 2), of the coordinates of those that are free."""
        at = np.zeros((LINKS + 1, 2))
        at[-1, 0] = SPAN
        at[1:-1] = p.reshape(LINKS - 1, 2)
        return at

    def energy(self, p):
        """The potential energy over the acceleration of gravity."""
        height = self.joints(p)[:, 1]
        total = 0.0
        for k in range(LINKS):
            total += self.mass * 0.5 * (height[k] + height[k + 1])
        for joint, mass in self.loads.items():
            total += mass * height[joint]
        return total

    def stretched(self, p):
        """How much longer than it is each link would have to be, squared and relative."""
        at = self.joints(p)
        return np.sum(np.diff(at, axis=0) ** 2, axis=1) / self.link**2 - 1.0

    def hang(self, progress):
        """The coordinates that SLSQP passes through, from a V to the shape of least energy."""
        x = np.linspace(0.0, SPAN, LINKS + 1)[1:-1]
        deep = 0.5 * np.sqrt((LINKS * self.link) ** 2 - SPAN**2)
        start = np.column_stack([x, deep * (np.abs(2.0 * x / SPAN - 1.0) - 1.0)]).ravel()
        shapes = [start]

        def after(p):
            shapes.append(p.copy())
            progress.update()
            progress.set_postfix(energy=f"{self.energy(p):.5f}")

        joined = {"type": "eq", "fun": self.stretched, "jac": sct.jacobian(self.stretched)}
        found = minimize(
            sct.value_and_grad(self.energy),
            start,
            method="SLSQP",
            jac=True,
            constraints=[joined],
            callback=after,
            options={"maxiter": 400, "ftol": 1e-10},
        )
        if not found.success:
            raise SystemExit(f"a chain did not come to rest: {found.message}")
        return [self.joints(p) for p in shapes]


def catenary(length, x):
    """The height of an ideal chain of this length."""
    a = brentq(lambda a: 2.0 * a * np.sinh(0.5 * SPAN / a) - length, 0.05, 50.0)
    return a * (np.cosh((x - 0.5 * SPAN) / a) - np.cosh(0.5 * SPAN / a))


def draw(hanging, loaded, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5.2), layout="constrained")
    x = np.linspace(0.0, SPAN, 300)
    for color, (length, shapes) in zip(plt.cm.viridis(np.linspace(0.1, 0.85, len(hanging))), hanging.items(), strict=True):
        left.plot(x, catenary(length, x), color=color, alpha=0.35, linewidth=5, solid_capstyle="round")
        left.plot(*shapes[-1].T, "o-", color=color, markersize=3.5, linewidth=1, label=f"{length} m")
    left.legend(title="chains, over catenaries", loc="lower left", fontsize=8)
    left.set_title("least energy")
    for k, at in enumerate(loaded):
        right.plot(*at.T, color="tab:blue", alpha=0.08 + 0.3 * k / len(loaded), linewidth=0.8)
    right.plot(*loaded[-1].T, "o-", color="black", markersize=3.5, linewidth=1.2)
    for joint, mass in LANTERNS.items():
        px, py = loaded[-1][joint]
        right.plot([px, px], [py, py - 0.12], color="black", linewidth=1)
        right.scatter(px, py - 0.2, s=220 * mass, color="orange", edgecolor="black", zorder=3)
        right.annotate(f"{mass} kg", (px, py - 0.36), ha="center", va="center", fontsize=9)
    right.set_title("with lanterns, and on the way there")
    for axes in (left, right):
        axes.plot([0.0, SPAN], [0.0, 0.0], "s", color="tab:red", markersize=7)
        axes.set_aspect("equal")
        axes.set(xlabel="metres", xlim=(-0.35, SPAN + 0.35), ylim=(-1.85, 0.15))
        axes.grid(alpha=0.25)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="chain.png"):
    checked = Chain(3.4, LANTERNS)
    p = np.random.default_rng(1).normal(size=2 * (LINKS - 1))
    sct.check_grads(checked.energy, (p,), modes=("reverse", "forward"))
    sct.check_grads(checked.stretched, (p,), modes=("reverse", "forward"))
    hanging = {}
    with tqdm(desc="SLSQP") as progress:
        for length in LENGTHS:
            hanging[length] = Chain(length).hang(progress)
        loaded = checked.hang(progress)
    draw(hanging, loaded, path)
    for length, shapes in hanging.items():
        x, y = shapes[-1].T
        off = np.abs(y - catenary(length, x)).max()
        print(f"chain of {length} m: {len(shapes) - 1} iterations, at most {1e3 * off:.1f} mm from the catenary")
        if off > 0.01 * length:
            raise SystemExit("a chain is not where it should be")
    print(f"picture: {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
