"""Find the cameras and the points of a scene from where these are seen, with a sparse Jacobian that sct finds and writes.

Makes a small scene: points in a box, cameras around it, and noisy pictures. Each residual depends on the nine numbers of one
camera and the three of one point, so that the Jacobian, of thousands of columns, takes a few directions. Prints how often
`scipy.optimize.least_squares` evaluated the residuals, and for how long, with this Jacobian and with finite differences that
have the same pattern. The model is that of Agarwal et al., Bundle adjustment in the large (2010).
"""

from time import perf_counter

import numpy as np
from scipy.optimize import least_squares
from scipy.sparse import coo_array

import sct

CAMERAS, POINTS = 12, 200
NOISE = 0.3  # of a picture, in pixels


def rotated(points, turns):
    """Each point turned about a vector by its length (Rodrigues); both of shape (n, 3)."""
    angle = np.sqrt(np.sum(turns * turns, axis=1, keepdims=True) + 1e-30)
    axis = turns / angle
    along = np.sum(axis * points, axis=1, keepdims=True)
    return points * np.cos(angle) + np.cross(axis, points) * np.sin(angle) + axis * along * (1.0 - np.cos(angle))


def pictures(cameras, points):
    """Where points are seen: cameras of shape (n, 9), each a turn, a shift, a focal length and two of the lens's."""
    seen = rotated(points, cameras[:, :3]) + cameras[:, 3:6]
    flat = -seen[:, :2] / seen[:, 2:]
    square = np.sum(flat * flat, axis=1)
    scale = cameras[:, 6] * (1.0 + cameras[:, 7] * square + cameras[:, 8] * square * square)
    return flat * scale[:, None]


def residuals(x, camera, point, measured):
    """The differences in the pictures: x has the numbers of all cameras and all points."""
    cameras = x[: 9 * CAMERAS].reshape(CAMERAS, 9)
    points = x[9 * CAMERAS :].reshape(POINTS, 3)
    return (pictures(cameras[camera], points[point]) - measured).ravel()


def scene(rng):
    """The cameras and points of a scene, who sees what, and the pictures."""
    points = rng.uniform(-1.0, 1.0, (POINTS, 3))
    cameras = np.zeros((CAMERAS, 9))
    cameras[:, :3] = rng.normal(scale=0.3, size=(CAMERAS, 3))
    cameras[:, 3:6] = rng.normal(scale=0.2, size=(CAMERAS, 3)) + [0.0, 0.0, -5.0]
    cameras[:, 6] = rng.uniform(400.0, 600.0, CAMERAS)
    cameras[:, 7:] = rng.normal(scale=0.01, size=(CAMERAS, 2))
    camera, point = np.nonzero(rng.uniform(size=(CAMERAS, POINTS)) < 0.5)
    measured = pictures(cameras[camera], points[point])
    return cameras, points, camera, point, measured + rng.normal(scale=NOISE, size=measured.shape)


def by_hand(camera, point):
    """The pattern as one writes it for SciPy's finite differences."""
    rows = np.arange(2 * len(camera))
    columns = [np.repeat(9 * camera, 2) + k for k in range(9)] + [np.repeat(9 * CAMERAS + 3 * point, 2) + k for k in range(3)]
    where = np.tile(rows, 12), np.concatenate(columns)
    return coo_array((np.ones(12 * len(rows), int), where), shape=(len(rows), 9 * CAMERAS + 3 * POINTS)).tocsr()


def main():
    rng = np.random.default_rng(0)
    cameras, points, camera, point, measured = scene(rng)
    truth = np.concatenate([cameras.ravel(), points.ravel()])
    start = truth + rng.normal(scale=0.05, size=truth.shape)
    args = (camera, point, measured)

    jacobian = sct.jacobian(residuals, sparsity="auto")
    began = perf_counter()
    J = jacobian(start, *args)
    took = perf_counter() - began
    print(f"a Jacobian of {J.shape[0]} by {J.shape[1]} numbers, {J.nnz} of them other than zero,")
    print(f"from {jacobian.directions(start, *args)} directions; found, compiled and computed in {took:.2f} s\n")
    pattern = by_hand(camera, point)
    if (jacobian.pattern(start, *args) != (pattern != 0)).nnz:
        raise SystemExit("the pattern is another one than that by hand")

    calls = 0

    def counted(x, *args):
        nonlocal calls
        calls += 1
        return residuals(x, *args)

    print(f"{'Jacobian':<20}{'iterations':>12}{'residuals':>12}{'seconds':>10}{'RMS in pixels':>16}")
    costs = []
    ways = {"sct": {"jac": jacobian}, "finite differences": {"jac": "2-point", "jac_sparsity": pattern}}
    for name, way in ways.items():
        calls = 0
        began = perf_counter()
        found = least_squares(counted, start, args=args, x_scale="jac", method="trf", ftol=1e-6, max_nfev=60, **way)
        took = perf_counter() - began
        rms = np.sqrt(2.0 * found.cost / len(found.fun))
        costs.append(rms)
        print(f"{name:<20}{found.njev:>12}{calls:>12}{took:>10.2f}{rms:>16.4f}")
    if not costs[0] < 1.1 * NOISE:
        raise SystemExit("the scene was not found")


if __name__ == "__main__":
    main()
