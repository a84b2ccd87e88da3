"""Bundle adjustment: how far points are from where cameras saw them, and the sparse Jacobian of that.

An observation depends on one camera (11 numbers: axis and angle, centre, focal length, principal point, distortion), one point
and its weight, and with these of each observation side by side, no other one does. So all entries that are not zero are in the
gradients of two sums: of all errors across the pictures, and of all down.
"""

import numpy as np

import sct

from .tasks import Task, function

__all__ = ["FUNCTIONS", "coordinates", "errors", "jacobian", "reprojection"]


def rotated(a, b, c, x, y, z):
    """Points about axes by the angles that are the axes' lengths (Rodrigues)."""
    angle2 = a * a + b * b + c * c
    still = angle2 == 0.0
    angle = np.sqrt(np.where(still, 1.0, angle2))
    u, v, w = a / angle, b / angle, c / angle
    cos, sin = np.cos(angle), np.sin(angle)
    along = (u * x + v * y + w * z) * (1.0 - cos)
    return (
        np.where(still, x + b * z - c * y, x * cos + (v * z - w * y) * sin + u * along),
        np.where(still, y + c * x - a * z, y * cos + (w * x - u * z) * sin + v * along),
        np.where(still, z + a * y - b * x, z * cos + (u * y - v * x) * sin + w * along),
    )


def reprojection(cams, points, weights, features):
    """The weighted errors across and down the pictures, with a camera, a point and a weight for each observation."""
    apart = points - cams[:, 3:6]
    x, y, z = rotated(cams[:, 0], cams[:, 1], cams[:, 2], apart[:, 0], apart[:, 1], apart[:, 2])
    across, down = x / z, y / z
    r2 = across * across + down * down
    scale = cams[:, 6] * (1.0 + cams[:, 9] * r2 + cams[:, 10] * r2 * r2)
    return (
        weights * (scale * across + cams[:, 7] - features[:, 0]),
        weights * (scale * down + cams[:, 8] - features[:, 1]),
    )


def reprojection_sums(cams, points, weights, features):
    across, down = reprojection(cams, points, weights, features)
    return np.array([np.sum(across), np.sum(down)])


def weight_errors(weights):
    return 1.0 - weights * weights


def errors(cams, points, weights, camera_of, point_of, features):
    """The errors in the pictures, and those of the weights."""
    pictures = np.stack(reprojection(cams[camera_of], points[point_of], weights, features), axis=1)
    return pictures, weight_errors(weights)


def jacobian(jit=None):
    """What gives the entries of the Jacobian: a 2 × 15 block an observation, and a number a weight."""
    of_sums = sct.jacobian(reprojection_sums, ("cams", "points", "weights"), mode="reverse", jit=jit)
    of_weights = sct.elementwise_grad(weight_errors, jit=jit)

    def both(cams, points, weights, camera_of, point_of, features):
        by_cams, by_points, by_weights = of_sums(cams[camera_of], points[point_of], weights, features)
        blocks = np.concatenate((by_cams, by_points, by_weights[:, :, None]), axis=2)
        return blocks.transpose(1, 0, 2), of_weights(weights)

    return both


def coordinates(n, m, camera_of, point_of):
    """The columns of the entries in the order of rows, and where each row begins (CSR)."""
    p = len(camera_of)
    of_camera = 11 * camera_of[:, None] + np.arange(11)
    of_point = 11 * n + 3 * point_of[:, None] + np.arange(3)
    of_weight = 11 * n + 3 * m + np.arange(p)[:, None]
    block = np.concatenate((of_camera, of_point, of_weight), axis=1)
    columns = np.concatenate((np.repeat(block, 2, axis=0).ravel(), of_weight.ravel()))
    return columns, np.concatenate((15 * np.arange(2 * p), 30 * p + np.arange(p + 1)))


def _prepared(given):
    n, m, p = given["n"], given["m"], given["p"]
    seen = np.arange(p)
    repeated = (np.tile(np.array(given[name], float), (count, 1)) for name, count in (("cam", n), ("x", m)))
    return *repeated, np.full(p, float(given["w"])), seen % n, seen % m, np.tile(np.array(given["feat"], float), (p, 1))


def _told_errors(found):
    pictures, weights = found
    return {
        "reproj_error": {"elements": pictures[0].tolist(), "repeated": len(pictures)},
        "w_err": {"element": float(weights[0]), "repeated": len(weights)},
    }


def _matrix(jit):
    """The Jacobian as rows, columns and values; of which the first thirty and the last are told."""
    entries = jacobian(jit)

    def matrix(cams, points, weights, camera_of, point_of, features):
        blocks, of_weights = entries(cams, points, weights, camera_of, point_of, features)
        columns, rows = coordinates(len(cams), len(points), camera_of, point_of)
        return rows, columns, np.concatenate((blocks.ravel(), of_weights))

    return matrix


def _told_matrix(found):
    return {name: [*part[:30].tolist(), part[-1].item()] for name, part in zip(("rows", "cols", "vals"), found, strict=True)}


FUNCTIONS = {
    "objective": Task(_prepared, function(errors), _told_errors),
    "jacobian": Task(_prepared, _matrix, _told_matrix),
}
