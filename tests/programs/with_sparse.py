"""Programs with sparse matrices: differential equations on grids, networks, and least squares of many unknowns."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import cg, factorized, splu, spsolve

from .registry import normal_of, program

RNG = np.random.default_rng(19)
normal = normal_of(RNG)


def diffusion_matrix(k):
    """-div(k grad u) on a square grid with u = 0 around it, by harmonic means of the coefficients of neighbours."""
    m = k.shape[0]
    number = np.arange(m * m).reshape(m, m)
    first = np.concatenate([number[1:].ravel(), number[:, 1:].ravel()])
    second = np.concatenate([number[:-1].ravel(), number[:, :-1].ravel()])
    k = k.ravel()
    between = 2 * k[first] * k[second] / (k[first] + k[second])
    rows = np.concatenate([first, second, first, second])
    cols = np.concatenate([second, first, first, second])
    data = np.concatenate([-between, -between, between, between])
    inner = sp.coo_matrix((data, (rows, cols)), shape=(m * m, m * m))
    outside = 4 - np.bincount(first, minlength=m * m) - np.bincount(second, minlength=m * m)
    return (inner + sp.diags(2 * k * outside)).tocsc() * m**2


@program(normal(5, 5) / 3, np.abs(normal(25)) + 1, normal(8), np.array([1, 4, 7, 12, 13, 18, 20, 24]), rounded=True)
def diffusion_inversion(log_k, source, seen, where):
    """How far a pressure is from what wells have seen of it, and how rough the logarithm of the permeability is."""
    u = spsolve(diffusion_matrix(np.exp(log_k)), source)
    rough = np.sum(np.diff(log_k, axis=0) ** 2) + np.sum(np.diff(log_k, axis=1) ** 2)
    return 0.5 * np.sum((u[where] - seen) ** 2) + 0.05 * rough


@program(0.4, np.abs(normal(9)) + 0.5, normal(8), rounded=True)
def heat_in_a_rod(dt, conductivity, u, steps=4):
    """Steps of Crank and Nicolson, of a matrix that is factorised once."""
    k = conductivity
    n = len(u)
    L = sp.diags([k[1:-1], -(k[:-1] + k[1:]), k[1:-1]], [-1, 0, 1], format="csc")
    eye = sp.identity(n, format="csc")
    solve = factorized((eye - 0.5 * dt * L).tocsc())
    right = eye + 0.5 * dt * L
    for _ in range(steps):
        u = solve(right @ u)
    return np.sum(u**2)


class Network:
    """Resistors between nodes, of which the first is earthed."""

    def __init__(self, edges, nodes):
        count = len(edges)
        signs = np.concatenate([np.ones(count), -np.ones(count)])
        ends = np.concatenate([edges[:, 0], edges[:, 1]])
        self.incidence = sp.csr_matrix((signs, (np.tile(np.arange(count), 2), ends)), shape=(count, nodes))

    def potentials(self, conductance, current):
        B = self.incidence[:, 1:]
        return splu((B.T @ sp.diags(conductance) @ B).tocsc()).solve(current[1:])

    def losses(self, conductance, current):
        v = np.concatenate([[0.0], self.potentials(conductance, current)])
        drop = self.incidence @ v
        return np.sum(conductance * drop**2), v


@program(normal(7) / 2, normal(5), np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 0], [1, 3], [0, 2]]), rounded=True)
def resistors(log_g, current, edges):
    """What a network loses, and the largest potential, softly."""
    network = Network(edges, len(current))
    lost, v = network.losses(np.exp(log_g), current - np.mean(current))
    return lost + np.log(np.sum(np.exp(v)))


@program(0.7, normal(6) / 2, normal(7), rounded=True)
def ridge_regression(log_weight, scales, y):
    """What is left of data by the normal equations of a sparse design, that conjugate gradients solve."""
    n, m = len(y), len(scales)
    design = sp.vstack([sp.eye(m), sp.csr_matrix(np.ones((1, m)))]) @ sp.diags(np.exp(scales))
    normal_matrix = design.T @ design + np.exp(log_weight) * sp.identity(m)
    x, _ = cg(normal_matrix, design.T @ y, rtol=1e-13)
    return np.sum((design @ x - y) ** 2) / n


@program(0.85, np.abs(normal(9)) + 0.2, np.array([[0, 1, 2, 3, 0, 1, 2, 3, 3], [0, 1, 2, 3, 2, 0, 3, 1, 0]]), rounded=True)
def ranks_of_pages(damping, weights, links):
    """The entropy of the ranks that pages have after some steps."""
    A = sp.csr_array((weights, (links[0], links[1])), shape=(4, 4))
    A = A.multiply(1 / A.sum(axis=1)[:, None]).tocsr()
    rank = np.full(4, 0.25)
    for _ in range(10):
        rank = damping * (rank @ A) + (1 - damping) / 4
    return -np.sum(rank * np.log(rank))
