"""Design a camera lens by tracing rays: a triplet, whose curvatures, distances and glass make light meet in points.

Rays of three colours and of three directions are refracted at six spheres, and the spread of where they hit the film is made
small by `scipy.optimize.least_squares`, with a Jacobian that sct writes. The picture has the lens and its rays before and
after: `python lens.py [picture.png]`.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import least_squares
from tqdm import tqdm

import sct

FOCAL = 100.0  # millimetres
APERTURE, RAYS = 11.0, 9  # the half height of the bundle of rays
FIELDS = np.radians([0.0, 7.0, 14.0])
COLOURS = {"tab:blue": 0.486, "tab:green": 0.588, "tab:red": 0.656}  # wavelengths in micrometres
# Behind each surface: the refractive index at the middle wavelength, and Abbe's number; 0 is air.
GLASS = ((1.6204, 60.3), (1.0, 0.0), (1.6169, 36.6), (1.0, 0.0), (1.6204, 60.3), (1.0, 0.0))
CURVATURES = np.array([0.035, 0.0, -0.03, 0.035, 0.005, -0.035])
GAPS = np.array([5.0, 9.0, 2.0, 9.0, 5.0, 82.0])


def index(glass, wavelength):
    """The refractive index, by Cauchy's formula."""
    middle, abbe = glass
    if abbe == 0.0:
        return 1.0
    b = (middle - 1.0) / abbe / (1.0 / 0.4861**2 - 1.0 / 0.6563**2)
    return middle + b * (1.0 / wavelength**2 - 1.0 / 0.5876**2)


class Ray:
    """Points in the plane of the axis, of many rays at once, and which way they go."""

    def __init__(self, z, y, dz, dy):
        self.z, self.y, self.dz, self.dy = z, y, dz, dy

    def meet(self, curvature, vertex):
        """Go on to a sphere that crosses the axis at `vertex`."""
        to_z = self.z - vertex
        b = self.dz - curvature * (to_z * self.dz + self.y * self.dy)
        c = curvature * (to_z**2 + self.y**2) - 2.0 * to_z
        length = c / (b + np.sqrt(b * b - curvature * c))
        self.z = self.z + length * self.dz
        self.y = self.y + length * self.dy

    def refract(self, curvature, vertex, ratio):
        """Snell's law, as vectors; `ratio` is the index in front over that behind."""
        normal_z, normal_y = 1.0 - curvature * (self.z - vertex), -curvature * self.y
        cosine = self.dz * normal_z + self.dy * normal_y
        turn = np.sqrt(1.0 - ratio**2 * (1.0 - cosine**2)) - ratio * cosine
        self.dz = ratio * self.dz + turn * normal_z
        self.dy = ratio * self.dy + turn * normal_y


def trace(curvatures, gaps, field, wavelength):
    """Where a bundle of parallel rays is at each surface and on the film: pairs of coordinates."""
    stop = gaps[0] + gaps[1]  # the middle of the bundle goes through the middle lens
    y = APERTURE * np.linspace(-1.0, 1.0, RAYS) - (stop + 15.0) * np.tan(field)
    ray = Ray(np.full(RAYS, -15.0), y, np.full(RAYS, np.cos(field)), np.full(RAYS, np.sin(field)))
    places = [(ray.z, ray.y)]
    vertex, before = 0.0, 1.0
    for k in range(len(GLASS)):
        ray.meet(curvatures[k], vertex)
        behind = index(GLASS[k], wavelength)
        ray.refract(curvatures[k], vertex, before / behind)
        places.append((ray.z, ray.y))
        vertex += gaps[k]
        before = behind
    ray.meet(0.0, vertex)
    places.append((ray.z, ray.y))
    return places


def defects(x):
    """How far, in millimetres, each ray hits the film from where its direction should be seen."""
    curvatures, gaps = x[:6], x[6:]
    found = []
    for field in FIELDS:
        for wavelength in COLOURS.values():
            height = trace(curvatures, gaps, field, wavelength)[-1][1]
            found.append(height - FOCAL * np.tan(field))
    return np.concatenate(found)


def draw_lens(axes, x, title):
    curvatures, gaps = x[:6], x[6:]
    vertices = np.concatenate([[0.0], np.cumsum(gaps)])
    y = np.linspace(-15.0, 15.0, 100)
    sag = [v + c * y**2 / (1.0 + np.sqrt(1.0 - (c * y) ** 2)) for c, v in zip(curvatures, vertices, strict=False)]
    for k in range(0, 6, 2):
        axes.fill(np.concatenate([sag[k], sag[k + 1][::-1]]), np.concatenate([y, y[::-1]]), color="lightsteelblue", ec="navy")
    for colour, field in zip(("tab:blue", "tab:green", "tab:red"), FIELDS, strict=True):
        places = np.array(trace(curvatures, gaps, field, 0.588))
        axes.plot(places[:, 0], places[:, 1], color=colour, linewidth=0.7)
    axes.axvline(vertices[-1], color="black", linewidth=2)
    axes.set(title=title, aspect="equal", ylabel="millimetres")


def draw(start, found, path):
    figure = plt.figure(figsize=(13, 6.5), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(2.2, 1))
    for row, (name, x) in enumerate({"before": start, "after": found}.items()):
        spread = 1e3 * np.sqrt(np.mean(defects(x) ** 2))
        draw_lens(figure.add_subplot(grid[row, 0]), x, f"{name}: rays miss their point by {spread:.0f} µm")
        axes = figure.add_subplot(grid[row, 1])
        height = np.linspace(-1.0, 1.0, RAYS)
        for field, style in zip(FIELDS, ("-", "--", ":"), strict=True):
            for colour, wavelength in COLOURS.items():
                off = trace(x[:6], x[6:], field, wavelength)[-1][1] - FOCAL * np.tan(field)
                axes.plot(
                    height, 1e3 * off, style, color=colour, label=f"{np.degrees(field):.0f}°" if colour == "tab:red" else None
                )
        axes.set(ylabel="µm off, on the film", xlabel="height in the bundle")
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="lens.png"):
    start = np.concatenate([CURVATURES, GAPS])
    jacobian = sct.jacobian(defects)
    way = np.repeat([1e-6, 1e-4], 6)
    np.testing.assert_allclose(jacobian(start) @ way, 0.5 * (defects(start + way) - defects(start - way)), rtol=1e-5, atol=1e-9)
    low = np.concatenate([np.full(6, -0.05), [3.0, 4.0, 1.5, 4.0, 3.0, 60.0]])
    high = np.concatenate([np.full(6, 0.05), [9.0, 16.0, 5.0, 16.0, 9.0, 110.0]])
    with tqdm(desc="least_squares") as progress:

        def with_bar(x):
            value = defects(x)
            progress.update()
            progress.set_postfix(µm=f"{1e3 * np.sqrt(np.mean(value**2)):.1f}")
            return value

        found = least_squares(with_bar, start, jacobian, bounds=(low, high), x_scale=np.repeat([0.01, 5.0], 6), max_nfev=40).x

    draw(start, found, path)
    before, after = (1e3 * np.sqrt(np.mean(defects(x) ** 2)) for x in (start, found))
    print(f"rays miss their point by {before:.0f} µm before, {after:.1f} µm after")
    print(f"picture: {path}")
    if not after < 0.02 * before:
        raise SystemExit("the lens is not sharp")


if __name__ == "__main__":
    main(*sys.argv[1:])
