"""Reprojection errors of a bundle adjustment, radial distortion included; the objective `ba` of ADBench, Triggs et al. 2000."""

import numpy as np


def rotate(axis_angle, point):
    """Turn a point about an axis by the angle that is the axis' length (Rodrigues)."""
    theta2 = np.dot(axis_angle, axis_angle)
    if theta2 > 1e-16:
        theta = np.sqrt(theta2)
        c = np.cos(theta)
        s = np.sin(theta)
        w = axis_angle / theta
        return point * c + np.cross(w, point) * s + w * (np.dot(w, point) * (1.0 - c))
    return point + np.cross(axis_angle, point)


def distort(kappa, xy):
    """Apply radial distortion to xy in place."""
    r2 = xy[0] * xy[0] + xy[1] * xy[1]
    xy *= 1.0 + kappa[0] * r2 + kappa[1] * r2 * r2


def project(camera, point):
    """Picture coordinates of a point; a camera: rotation 3, centre 3, focal length, principal point 2, distortion 2."""
    p = rotate(camera[0:3], point - camera[3:6])
    xy = p[:2] / p[2]
    distort(camera[9:11], xy)
    xy *= camera[6]
    xy += camera[7:9]
    return xy


def bundle_adjustment(cameras, points, weights, camera_of, point_of, features):
    """Weighted reprojection errors (2 a feature) followed by the errors of the weights (1 a feature)."""
    n = features.shape[0]
    errors = np.empty(3 * n)
    for i in range(n):
        picture = project(cameras[camera_of[i]], points[point_of[i]])
        errors[2 * i : 2 * i + 2] = weights[i] * (picture - features[i])
    for i in range(n):
        errors[2 * n + i] = 1.0 - weights[i] ** 2
    return errors


def example(rng):
    """Two cameras, and four points seen six times in all."""
    cameras = np.zeros((2, 11))
    cameras[:, 0:3] = 0.3 * rng.standard_normal((2, 3))
    cameras[:, 3:6] = np.array([0.0, 0.0, -5.0]) + 0.2 * rng.standard_normal((2, 3))
    cameras[:, 6] = rng.uniform(1.0, 1.5, 2)
    cameras[:, 7:9] = 0.1 * rng.standard_normal((2, 2))
    cameras[:, 9:11] = 0.05 * rng.standard_normal((2, 2))
    camera_of, point_of = np.array([0, 1, 0, 1, 0, 1]), np.array([0, 0, 1, 2, 3, 3])
    return cameras, rng.uniform(-1, 1, (4, 3)), rng.uniform(0.5, 1.0, 6), camera_of, point_of, rng.standard_normal((6, 2))
