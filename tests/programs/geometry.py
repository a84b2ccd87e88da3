"""Cameras, rays and noise."""

import math

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(9)
normal = normal_of(RNG)


def rotation(w):
    angle = np.sqrt(np.sum(w**2))
    k = w / angle
    K = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    return np.eye(3) + np.sin(angle) * K + (1.0 - np.cos(angle)) * (K @ K)


@program(np.array([0.1, 0.4, -0.2]), np.array([0.2, 0.1, 5.0]), 1.5, normal(6, 3), normal(6, 2), peer=True)
def bundle_adjustment_reprojection(w, t, focal, points, observed):
    p = points @ rotation(w).T + t
    projected = focal * p[:, :2] / p[:, 2:]
    return np.sum((projected - observed) ** 2)


@program(np.array([0.0, 0, -3]), np.array([0.05, 0.1, 1.0]), np.array([0.0, 0.1, 0.0]))
def nearest_of_two_spheres(origin, direction, centre):
    """The shade where a ray hits the nearer of two spheres."""
    direction = direction / np.linalg.norm(direction)
    best = None
    for c, radius in ((centre, 1.0), (centre + np.array([0.5, 0, 1.0]), 0.7)):
        oc = origin - c
        b = np.dot(oc, direction)
        discriminant = b * b - (np.dot(oc, oc) - radius * radius)
        if discriminant < 0:
            continue
        t = -b - np.sqrt(discriminant)
        if best is None or t < best[0]:
            best = (t, c)
    if best is None:
        return 0.0
    hit = origin + best[0] * direction
    normal = hit - best[1]
    normal = normal / np.linalg.norm(normal)
    return max(np.dot(normal, np.array([0.3, 0.5, -0.8])), 0.0)


PERMUTATION = [7, 2, 11, 0, 5, 14, 9, 3, 12, 1, 15, 6, 10, 4, 13, 8] * 2
GRADIENTS = [(1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1)]


def simplex_noise(x, y):
    """Noise in the plane: contributions of the three corners of the triangle around a point."""
    F2 = 0.5 * (math.sqrt(3.0) - 1.0)
    G2 = (3.0 - math.sqrt(3.0)) / 6.0
    s = (x + y) * F2
    i = math.floor(x + s)
    j = math.floor(y + s)
    t = (i + j) * G2
    x0, y0 = x - (i - t), y - (j - t)
    if x0 > y0:
        i1, j1 = 1, 0
    else:
        i1, j1 = 0, 1
    corners = [
        (x0, y0, 0, 0),
        (x0 - i1 + G2, y0 - j1 + G2, i1, j1),
        (x0 - 1.0 + 2.0 * G2, y0 - 1.0 + 2.0 * G2, 1, 1),
    ]
    ii, jj = i & 15, j & 15
    total = 0.0
    for dx, dy, di, dj in corners:
        falloff = 0.5 - dx * dx - dy * dy
        if falloff > 0:
            g = GRADIENTS[PERMUTATION[ii + di + PERMUTATION[(jj + dj) & 15]] % 8]
            total += falloff**4 * (g[0] * dx + g[1] * dy)
    return 70.0 * total


@program(1.37, 2.61, refused=("checkpoint",))
def octaves_of_simplex_noise(x, y):
    total, amplitude, frequency = 0.0, 1.0, 1.0
    for _ in range(3):
        total += amplitude * simplex_noise(x * frequency, y * frequency)
        amplitude *= 0.5
        frequency *= 2.0
    return total


class Vec3:
    """A vector with operators."""

    __slots__ = ("x", "y", "z")

    def __init__(self, x=0.0, y=0.0, z=0.0):
        self.x, self.y, self.z = x, y, z

    def __add__(self, other):
        return Vec3(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vec3(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, k):
        return Vec3(self.x * k, self.y * k, self.z * k)

    __rmul__ = __mul__

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def cross(self, other):
        return Vec3(
            self.y * other.z - self.z * other.y, self.z * other.x - self.x * other.z, self.x * other.y - self.y * other.x
        )

    def length(self):
        return math.sqrt(self.dot(self))

    def __iter__(self):
        yield self.x
        yield self.y
        yield self.z


@program([Vec3(0.0, 0.0, 0.0), Vec3(1.0, 0.1, 0.0), Vec3(0.2, 1.0, 0.3), Vec3(0.1, 0.2, 1.2)], refused=("checkpoint",))
def tetrahedron(corners):
    """The volume, the surface and the spread of a tetrahedron."""
    a, b, c, d = corners
    volume = abs((b - a).cross(c - a).dot(d - a)) / 6
    faces = [(a, b, c), (a, b, d), (a, c, d), (b, c, d)]
    surface = sum(0.5 * (q - p).cross(r - p).length() for p, q, r in faces)
    centre = 0.25 * (a + b + c + d)
    return volume / surface + max(centre)


@program([(0.0, 0.0), (1.0, 2.0), (3.0, 2.5), (4.0, 0.0)], 0.35)
def bezier_by_de_casteljau(points, t):
    while len(points) > 1:
        points = [((1 - t) * x0 + t * x1, (1 - t) * y0 + t * y1) for (x0, y0), (x1, y1) in zip(points, points[1:])]
    ((x, y),) = points
    return x * y
