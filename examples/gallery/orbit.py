"""Fly to Mars: when to leave, how fast, and how long for, through the gravity of all bodies at once.

Sun, Earth, Mars, Jupiter and a spacecraft attract each other and move by leapfrog. SciPy's SLSQP finds the least sum of the two
burns, at the Earth and at Mars, that meets Mars; the derivatives of burns and miss by start, speed and duration come from sct,
through the loop over time and over pairs of bodies. The picture has the way there: `python orbit.py [picture.png]`.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

import sct

# Astronomical units, years, and masses of the sun.
G = 4.0 * np.pi**2
NAMES = ("Sun", "Earth", "Mars", "Jupiter", "spacecraft")
MASSES = np.array([1.0, 3.0e-6, 3.2e-7, 9.5e-4, 0.0])
RADII = np.array([1.0, 1.524, 5.203])
STEPS, SOFT = 160, 0.01  # the spacecraft leaves from, and comes to, about the edge of a planet's sphere of influence
KMS = 4.7405  # an astronomical unit a year in kilometres a second


def accelerations(x):
    """Of each body by all others: x of shape (bodies, 2)."""
    a = np.zeros_like(x)
    for i in range(len(MASSES)):
        for j in range(len(MASSES)):
            if i != j and MASSES[j] > 0.0:
                d = x[j] - x[i]
                a[i] += G * MASSES[j] * d / (d @ d + SOFT**2) ** 1.5
    return a


def departure(lead, speed):
    """Places and velocities when the spacecraft leaves the Earth: Mars is ahead by the angle `lead`."""
    angles = np.array([0.0, lead, 1.0])
    x, v = np.zeros((5, 2)), np.zeros((5, 2))
    for k in range(3):
        along = np.array([np.cos(angles[k]), np.sin(angles[k])])
        x[k + 1] = RADII[k] * along
        v[k + 1] = np.sqrt(G / RADII[k]) * np.array([-along[1], along[0]])
    x[4] = x[1] + np.array([0.012, 0.0])
    v[4] = v[1] + speed
    return x, v


def fly(plan):
    """What moves where: places of shape (steps + 1, bodies, 2), and the last velocities."""
    x, v = departure(plan[0], plan[1:3])
    h = plan[3] / STEPS
    way = np.zeros((STEPS + 1, 5, 2))
    way[0] = x
    a = accelerations(x)
    for step in range(STEPS):
        v += 0.5 * h * a
        x += h * v
        a = accelerations(x)
        v += 0.5 * h * a
        way[step + 1] = x
    return way, v


def burns(plan):
    """The change of speed at the Earth, and that at Mars, to go on with it."""
    _, v = fly(plan)
    return np.sqrt(np.sum(plan[1:3] ** 2)) + np.sqrt(np.sum((v[4] - v[2]) ** 2))


def miss(plan):
    """Where the spacecraft is at the end, seen from a point in front of Mars."""
    way, _ = fly(plan)
    return 20.0 * (way[-1, 4] - way[-1, 2] * (1.0 - 0.012 / RADII[1]))


def hohmann():
    """The two burns of the transfer between circles about the sun alone, and how long it takes."""
    a = 0.5 * (RADII[0] + RADII[1])
    first = np.sqrt(G * (2.0 / RADII[0] - 1.0 / a)) - np.sqrt(G / RADII[0])
    second = np.sqrt(G / RADII[1]) - np.sqrt(G * (2.0 / RADII[1] - 1.0 / a))
    return first, second, 0.5 * a**1.5


def draw(plans, found, path):
    figure, axes = plt.subplots(figsize=(8.5, 7.5), layout="constrained", facecolor="#0b1026")
    axes.set_facecolor("#0b1026")
    for k, plan in enumerate(plans):
        axes.plot(*fly(plan)[0][:, 4].T, color="white", alpha=0.15 + 0.25 * k / len(plans), linewidth=0.7)
    way, _ = fly(found)
    for body, color, size in ((1, "deepskyblue", 9), (2, "orangered", 8)):
        t = np.linspace(0.0, 2.0 * np.pi, 300)
        axes.plot(RADII[body - 1] * np.cos(t), RADII[body - 1] * np.sin(t), ":", color=color, alpha=0.5, linewidth=1)
        axes.plot(*way[:, body].T, color=color, linewidth=2)
        axes.plot(*way[0, body], "o", color=color, markersize=size, alpha=0.5)
        axes.plot(*way[-1, body], "o", color=color, markersize=size)
        axes.annotate(NAMES[body], way[-1, body], (-34, -14), textcoords="offset points", color=color)
    axes.plot(*way[:, 4].T, color="gold", linewidth=2.2)
    axes.plot(0.0, 0.0, "o", color="yellow", markersize=17)
    for share in range(0, STEPS + 1, STEPS // 8):
        axes.plot(*way[share, 4], "o", color="gold", markersize=3.5)
        days = f"{365.25 * found[3] * share / STEPS:.0f} d"
        axes.annotate(days, 0.93 * way[share, 4], color="gold", fontsize=8, ha="center", va="center")
    axes.set_title(f"Earth to Mars: {KMS * burns(found):.2f} km/s in two burns", color="white")
    axes.set(aspect="equal", xlim=(-1.9, 1.9), ylim=(-1.75, 1.75))
    axes.set_axis_off()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="orbit.png"):
    start = np.array([0.9, 0.0, 0.7, 0.62])
    sct.check_grads(burns, (start,))
    sct.check_grads(miss, (start,))
    plans = [start]
    with tqdm(desc="SLSQP") as progress:

        def after(plan):
            plans.append(plan.copy())
            progress.update()
            progress.set_postfix(km_s=f"{KMS * burns(plan):.3f}")

        meets = {"type": "eq", "fun": miss, "jac": sct.jacobian(miss)}
        options = {"maxiter": 100, "ftol": 1e-8}
        result = minimize(
            sct.value_and_grad(burns),
            start,
            method="SLSQP",
            jac=True,
            constraints=[meets],
            bounds=[(0.3, 1.5), (-1.0, 1.0), (0.2, 1.5), (0.4, 1.2)],
            callback=after,
            options=options,
        )
    found = result.x
    draw(plans, found, path)
    first, second, years = hohmann()
    print(f"burns: {KMS * burns(found):.2f} km/s, {365.25 * found[3]:.0f} days; Mars ahead by {np.degrees(found[0]):.1f}°")
    print(f"Hohmann, with the sun alone: {KMS * (first + second):.2f} km/s, {365.25 * years:.0f} days")
    print(f"picture: {path}")
    if not (result.success and np.abs(miss(found)).max() < 1e-3 and abs(burns(found) / (first + second) - 1.0) < 0.1):
        raise SystemExit("no way to Mars was found")


if __name__ == "__main__":
    main(*sys.argv[1:])
