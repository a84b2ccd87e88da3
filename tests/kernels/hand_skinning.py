"""Linear blend skinning of a hand's mesh by its kinematic chain; the objective `hand` of ADBench, Taylor et al. 2014."""

import math

import numpy as np


def euler_rotation(angles, R):
    """Write the rotation Rz Ry Rx by the three angles into the 3 x 3 block R."""
    sx = math.sin(angles[0])
    cx = math.cos(angles[0])
    sy = math.sin(angles[1])
    cy = math.cos(angles[1])
    sz = math.sin(angles[2])
    cz = math.cos(angles[2])
    R[0, 0] = cy * cz
    R[0, 1] = sx * sy * cz - cx * sz
    R[0, 2] = sx * sz + cx * sy * cz
    R[1, 0] = cy * sz
    R[1, 1] = cx * cz + sx * sy * sz
    R[1, 2] = cx * sy * sz - sx * cz
    R[2, 0] = -sy
    R[2, 1] = sx * cy
    R[2, 2] = cx * cy


def pose(pose_angles, base, parents, absolutes):
    """Fill absolutes with the transform of every bone, parents before children."""
    relative = np.zeros((4, 4))
    relative[3, 3] = 1.0
    for b in range(len(parents)):
        euler_rotation(pose_angles[b], relative[:3, :3])
        local = base[b] @ relative
        if parents[b] < 0:
            absolutes[b] = local
        else:
            absolutes[b] = absolutes[parents[b]] @ local


def skin(vertices, weights, absolutes, inverse_base, positions):
    """Add to positions the vertices moved by each bone, blended by the weights (vertices, bones)."""
    n = vertices.shape[0]
    homogeneous = np.ones((n, 4))
    homogeneous[:, :3] = vertices
    for b in range(weights.shape[1]):
        T = (absolutes[b] @ inverse_base[b])[:3]
        moved = homogeneous @ T.T
        positions += weights[:, b : b + 1] * moved


def hand_skinning(angles, translation, scale, base, inverse_base, parents, vertices, weights, corresponding, measured):
    """Differences between measured points and the mesh's vertices that correspond to them."""
    absolutes = np.empty((len(parents), 4, 4))
    pose(angles, base, parents, absolutes)
    for b in range(len(parents)):
        absolutes[b, :3] *= scale
    positions = np.zeros(vertices.shape)
    skin(vertices, weights, absolutes, inverse_base, positions)
    positions += translation
    errors = np.empty(measured.shape)
    for i in range(measured.shape[0]):
        errors[i] = measured[i] - positions[corresponding[i]]
    return errors


def example(rng):
    """A palm with two fingers of two bones each, seven vertices, six measured points."""
    parents = np.array([-1, 0, 1, 0, 3])
    base = np.tile(np.eye(4), (5, 1, 1))
    base[1:, :3, 3] = rng.uniform(0.3, 1.0, (4, 3))
    inverse_base = np.tile(np.eye(4), (5, 1, 1))
    inverse_base[:, :3, 3] = -rng.uniform(0.3, 1.0, (5, 3))
    weights = rng.uniform(0.1, 1.0, (7, 5))
    weights /= weights.sum(axis=1, keepdims=True)
    angles, translation = 0.5 * rng.standard_normal((5, 3)), rng.standard_normal(3)
    vertices, measured = rng.standard_normal((7, 3)), rng.standard_normal((6, 3))
    return angles, translation, 1.1, base, inverse_base, parents, vertices, weights, np.array([0, 2, 2, 6, 4, 1]), measured
