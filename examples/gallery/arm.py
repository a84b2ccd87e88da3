"""Teach a robot arm to draw a heart: the motion of its joints, and how long its links should be.

The arm is a list of `Link` objects; the gradient by it is a list of `Link` objects, too, and `sct.ravel` makes vectors of both
for SciPy's L-BFGS. A wall is in the way. The picture has the arm at several moments: `python arm.py [picture.png]`.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

import sct

MOMENTS, ITERATIONS = 72, 300
WALL = -1.15  # no joint may be left of this


class Link:
    def __init__(self, length, angles):
        self.length = length
        self.angles = angles  # to the link before, at each moment

    def turned(self, heading):
        return heading + self.angles

    def end(self, x, y, heading):
        return x + self.length * np.cos(heading), y + self.length * np.sin(heading)


def joints(arm):
    """Where the joints are at each moment, from the base to the hand: pairs of coordinates."""
    x, y, heading = np.zeros(MOMENTS), np.zeros(MOMENTS), np.zeros(MOMENTS)
    places = [(x, y)]
    for link in arm:
        heading = link.turned(heading)
        x, y = link.end(x, y, heading)
        places.append((x, y))
    return places


def heart():
    t = np.linspace(0.0, 2.0 * np.pi, MOMENTS)
    x = 16.0 * np.sin(t) ** 3
    y = 13.0 * np.cos(t) - 5.0 * np.cos(2.0 * t) - 2.0 * np.cos(3.0 * t) - np.cos(4.0 * t)
    return 0.055 * x + 0.1, 0.055 * y + 1.7


def cost(arm, x, y):
    """How far the hand is from where it should be, how much joints turn, and how far they are in the wall."""
    places = joints(arm)
    hand = places[-1]
    total = np.mean((hand[0] - x) ** 2 + (hand[1] - y) ** 2)
    for link in arm:
        total += 2e-4 * np.sum(np.diff(link.angles) ** 2) + 1e-4 * link.length**2
    for px, _ in places:
        total += np.mean(np.maximum(WALL + 0.05 - px, 0.0) ** 2)
    return total


def draw(arm, before, x, y, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 6), layout="constrained", width_ratios=(1.6, 1))
    left.axvspan(WALL - 1.0, WALL, color="0.75", hatch="//")
    left.plot(x, y, color="tab:red", linewidth=7, alpha=0.3, label="what it should draw")
    places = np.array(joints(arm))
    left.plot(*places[-1], color="tab:red", linewidth=1.5, label="what it draws")
    for color, moment in zip(plt.cm.plasma(np.linspace(0.0, 0.9, 9)), range(0, MOMENTS, MOMENTS // 9), strict=True):
        left.plot(*places[:, :, moment].T, "o-", color=color, linewidth=2.5, markersize=5, alpha=0.75)
    left.plot(*np.array(joints(before))[:, :, 0].T, "o--", color="0.5", linewidth=1.5, markersize=4, label="how it began")
    left.plot(0.0, 0.0, "s", color="black", markersize=13)
    left.set(xlim=(WALL - 0.25, 2.6), ylim=(-0.5, 3.0), title="the arm at nine moments", aspect="equal")
    left.legend(loc="lower right")
    for k, link in enumerate(arm):
        right.plot(np.degrees(link.angles), label=f"joint {k + 1}, then {link.length:.2f} m")
    right.set(xlabel="moment", title="angles of the joints, in degrees")
    right.legend(loc="center right", bbox_to_anchor=(1.0, 0.55))
    right.grid(alpha=0.3)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="arm.png"):
    x, y = heart()
    arm = [Link(0.9, np.full(MOMENTS, angle)) for angle in (1.9, -0.6, -0.5, -0.4)]
    start, unravel = sct.ravel(arm)
    derived = sct.value_and_grad(cost)

    def of_vector(v):
        value, gradient = derived(unravel(v), x, y)
        return value, sct.ravel(gradient)[0]

    way = np.random.default_rng(1).normal(size=len(start))
    slope = (of_vector(start + 1e-5 * way)[0] - of_vector(start - 1e-5 * way)[0]) / 2e-5
    by_sct = of_vector(start)[1] @ way
    print(f"slope in a random direction: {by_sct:.8f} by sct, {slope:.8f} by differences")
    with tqdm(total=ITERATIONS, desc="L-BFGS") as progress:

        def after(intermediate_result):
            progress.update()
            progress.set_postfix(cost=f"{intermediate_result.fun:.2e}")

        options = {"maxiter": ITERATIONS, "ftol": 1e-13}
        found = unravel(minimize(of_vector, start, method="L-BFGS-B", jac=True, callback=after, options=options).x)

    draw(found, arm, x, y, path)
    hand = joints(found)[-1]
    off = np.hypot(hand[0] - x, hand[1] - y).max()
    print(
        f"the hand is at most {1e3 * off:.0f} mm off; lengths of the links: {[round(float(link.length), 2) for link in found]}"
    )
    print(f"picture: {path}")
    if not (abs(slope - by_sct) < 1e-6 * abs(slope) and off < 0.1 and min(p.min() for p, _ in joints(found)) > WALL):
        raise SystemExit("the arm did not learn to draw")


if __name__ == "__main__":
    main(*sys.argv[1:])
