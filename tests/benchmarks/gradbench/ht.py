"""Hand tracking: how far measured points are from a hand's mesh in a pose, and the Jacobian of that.

Each point lies in a triangle, at coordinates of its own (`us`), or, without those, is a vertex. A point's error depends on no
other point's coordinates: all are moved by the same two numbers, and the Jacobian by these has all entries that are not zero.
"""

import numpy as np

import sct

from .tasks import Task, numbers

__all__ = ["FUNCTIONS", "errors", "jacobian"]


def about_axis(turn):
    """The matrix that turns about an axis by the angle that is the axis' length."""
    angle = np.sqrt(np.sum(turn * turn))
    if angle < 1e-4:
        return np.eye(3)
    x, y, z = turn / angle
    s, c = np.sin(angle), np.cos(angle)
    return np.array(
        [
            [x * x + (1 - x * x) * c, x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
            [x * y * (1 - c) + z * s, y * y + (1 - y * y) * c, y * z * (1 - c) - x * s],
            [x * z * (1 - c) - y * s, z * y * (1 - c) + x * s, z * z + (1 - z * z) * c],
        ]
    )


def by_angles(a, b, c):
    """The matrices, 4 × 4, that turn about x by `a`, then about y by `c`, then about z by `b`; an angle for each bone."""
    turns = np.zeros((len(a), 4, 4))
    sx, cx, sy, cy, sz, cz = np.sin(a), np.cos(a), np.sin(c), np.cos(c), np.sin(b), np.cos(b)
    turns[:, 0, 0] = cz * cy
    turns[:, 0, 1] = cz * sy * sx - sz * cx
    turns[:, 0, 2] = cz * sy * cx + sz * sx
    turns[:, 1, 0] = sz * cy
    turns[:, 1, 1] = sz * sy * sx + cz * cx
    turns[:, 1, 2] = sz * sy * cx - cz * sx
    turns[:, 2, 0] = -sy
    turns[:, 2, 1] = cy * sx
    turns[:, 2, 2] = cy * cx
    turns[:, 3, 3] = 1.0
    return turns


def positions(theta, parents, base, inverse_base, vertices, weights, mirrored):
    """The vertices (v, 3) in the pose of 26 numbers: turn, shift, and four angles a finger."""
    bones = len(parents)
    flexed, spread = np.zeros(bones), np.zeros(bones)
    for finger in range(5):
        of_theta, bone = 6 + 4 * finger, 2 + 4 * finger
        flexed[bone] = theta[of_theta]
        spread[bone] = theta[of_theta + 1]
        flexed[bone + 1] = theta[of_theta + 2]
        flexed[bone + 2] = theta[of_theta + 3]
    relative = base @ by_angles(flexed, spread, np.zeros(bones))
    absolute = np.zeros((bones, 4, 4))
    for i in range(bones):
        if parents[i] < 0:
            absolute[i] = relative[i]
        else:
            absolute[i] = absolute[parents[i]] @ relative[i]
    moved = vertices @ (absolute @ inverse_base)[:, :3].transpose(0, 2, 1)
    skin = np.sum(weights.T[:, :, None] * moved, axis=0)
    if mirrored:
        skin = skin * np.array([-1.0, 1.0, 1.0])
    return skin @ about_axis(theta[:3]).T + np.array([theta[3], theta[4], theta[5]])


def errors(moved, theta, us, parents, base, inverse_base, vertices, weights, mirrored, triangles, points):
    """The errors of all points (n, 3), with their coordinates in triangles moved by the two numbers of `moved`."""
    skin = positions(theta, parents, base, inverse_base, vertices, weights, mirrored)
    u, v = us[:, :1] + moved[0], us[:, 1:] + moved[1]
    a, b, c = skin[triangles[:, 0]], skin[triangles[:, 1]], skin[triangles[:, 2]]
    return points - (u * a + v * b + (1.0 - u - v) * c)


def jacobian(jit=None):
    """What gives the Jacobian (3 × points, 2 + 26)."""
    by_both = sct.jacobian(errors, ("moved", "theta"), mode="forward", jit=jit)

    def joined(*args):
        found = np.concatenate(by_both(np.zeros(2), *args), axis=2)
        return found.reshape(-1, found.shape[2])

    return joined


def _objective(jit):
    f = errors if jit is None else sct.compile(errors, jit=jit)

    def given(theta, us, *others):
        return f(np.zeros(2), theta, us if len(us) else _at_corners(others), *others).ravel()

    return given


def _at_corners(others):
    """Coordinates that do not matter, since all corners of a triangle are one vertex."""
    return np.zeros((len(others[-1]), 2))


def _jacobian(jit):
    joined = jacobian(jit)

    def given(theta, us, *others):
        return joined(theta, us, *others) if len(us) else joined(theta, _at_corners(others), *others)[:, 2:]

    return given


def _prepared(given):
    model = given["data"]["model"]
    corresponding = np.array(given["data"]["correspondences"])
    complicated = len(given["us"]) > 0
    triangles = np.array(model["triangles"])[corresponding] if complicated else np.repeat(corresponding[:, None], 3, axis=1)
    us = np.array(given["us"], float)
    names = ("base_relatives", "inverse_base_absolutes", "base_positions", "weights")
    model_arrays = (np.array(model[name], float) for name in names)
    parents, mirrored = np.array(model["parents"]), model["is_mirrored"]
    return (
        np.array(given["theta"], float),
        us,
        parents,
        *model_arrays,
        mirrored,
        triangles,
        np.array(given["data"]["points"], float),
    )


FUNCTIONS = {
    "objective": Task(_prepared, _objective, numbers),
    "jacobian": Task(_prepared, _jacobian, numbers),
}
