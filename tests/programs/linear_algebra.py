"""Factorisations, eigenvalues and systems of equations."""

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(7)
normal = normal_of(RNG)


def positive_definite(n):
    a = normal(n, n)
    return a @ a.T + n * np.eye(n)


@program(normal(3, 3) * 0.5, peer=True)
def matrix_exponential_by_taylor(A):
    term = np.eye(3)
    total = np.eye(3)
    for k in range(1, 16):
        term = term @ A / k
        total = total + term
    return np.sum(total * total)


@program(positive_definite(4), peer=True)
def power_iteration(A):
    v = np.ones(len(A)) / np.sqrt(len(A))
    for _ in range(30):
        v = A @ v
        v = v / np.linalg.norm(v)
    return v @ A @ v


@program(np.array([2.0, -1.0, 0.5]), np.array([[1.0, 0.3, 0.2], [0.1, 1.5, 0.4], [0.0, 0.2, 2.0]]), 25, peer=True)
def jacobi_iteration(b, A, n):
    d = np.diag(A)
    R = A - np.diag(d)
    x = np.zeros(3)
    for _ in range(n):
        x = (b - R @ x) / d
    return np.sum(x**2)


@program(normal(4, 4))
def largest_eigenvalue(A):
    """The power iteration with a test of convergence."""
    A = A @ A.T
    v = np.ones(4)
    eigenvalue = 0.0
    for _ in range(300):
        w = A @ v
        new = np.linalg.norm(w)
        v = w / new
        if abs(new - eigenvalue) < 1e-13:
            break
        eigenvalue = new
    return eigenvalue


@program(positive_definite(4))
def eigenvalues_by_deflation(A):
    """The two largest eigenvalues; the first is taken away before the second is looked for."""
    A = A.copy()
    eigenvalues = []
    for _ in range(2):
        v = np.ones(len(A))
        for _ in range(60):
            v = A @ v
            v /= np.linalg.norm(v)
        eigenvalue = v @ A @ v
        eigenvalues.append(eigenvalue)
        A -= eigenvalue * np.outer(v, v)
    return eigenvalues[0] / eigenvalues[1]


@program(normal(4, 4), normal(4))
def lu_with_partial_pivoting(A, b):
    A = A.copy()
    b = b.copy()
    n = len(b)
    for k in range(n):
        pivot = k + np.argmax(np.abs(A[k:, k]))
        if pivot != k:
            A[[k, pivot]] = A[[pivot, k]]
            b[k], b[pivot] = b[pivot], b[k]
        for i in range(k + 1, n):
            m = A[i, k] / A[k, k]
            A[i, k:] -= m * A[k, k:]
            b[i] -= m * b[k]
    x = np.zeros(n)
    for i in reversed(range(n)):
        x[i] = (b[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return np.sum(x**2)


@program(normal(4, 3))
def qr_by_householder(A):
    R = A.copy()
    m, n = A.shape
    for k in range(n):
        v = R[k:, k].copy()
        v[0] += np.sign(v[0]) * np.linalg.norm(v)
        v /= np.linalg.norm(v)
        R[k:, k:] -= 2 * np.outer(v, v @ R[k:, k:])
    return np.prod(np.diag(R))


@program(normal(3, 3))
def qr_by_gram_schmidt(A):
    Q = np.zeros(A.shape)
    R = np.zeros((3, 3))
    for j in range(3):
        v = A[:, j].copy()
        for i in range(j):
            R[i, j] = Q[:, i] @ A[:, j]
            v -= R[i, j] * Q[:, i]
        R[j, j] = np.linalg.norm(v)
        Q[:, j] = v / R[j, j]
    return np.sum(R**3)


class Matrix:
    """A matrix of rows in lists."""

    def __init__(self, rows):
        self.rows = rows

    def __matmul__(self, other):
        return Matrix([[sum(a * b for a, b in zip(row, column)) for column in zip(*other.rows)] for row in self.rows])

    def __getitem__(self, index):
        i, j = index
        return self.rows[i][j]

    def trace(self):
        return sum(self.rows[i][i] for i in range(len(self.rows)))

    def det(self):
        (a, b), (c, d) = self.rows
        return a * d - b * c


@program(np.array([1.0, 2.0, 3.0]))
def matrix_of_lists(x):
    m = Matrix([[x[0], x[1]], [x[1], x[2]]])
    return (m @ m).trace() + m.det() * m[0, 1]


def minor(m, i, j):
    return [row[:j] + row[j + 1 :] for row in m[:i] + m[i + 1 :]]


def determinant(m):
    """The expansion by the first row."""
    if len(m) == 2:
        return m[0][0] * m[1][1] - m[0][1] * m[1][0]
    total = 0
    for j in range(len(m)):
        total += (-1) ** j * m[0][j] * determinant(minor(m, 0, j))
    return total


@program([[2.0, 0.3, -1.0, 0.5], [0.1, 1.5, 0.4, -0.2], [0.7, -0.6, 1.1, 0.9], [1.0, 0.2, 0.3, 3.0]], refused=("checkpoint",))
def determinant_by_minors(m):
    return determinant(m)


@program(positive_definite(4), normal(4))
def conjugate_gradient(A, b):
    x = np.zeros_like(b)
    r = b - A @ x
    p = r
    rs_old = r @ r
    for _ in range(2):
        Ap = A @ p
        alpha = rs_old / (p @ Ap)
        x = x + alpha * p
        r = r - alpha * Ap
        rs_new = r @ r
        if np.sqrt(rs_new) < 1e-10:
            break
        p = r + (rs_new / rs_old) * p
        rs_old = rs_new
    return np.sum(x**3)


@program({(0, 0): 2.0, (0, 2): -0.5, (1, 1): 1.5, (2, 0): 0.3, (2, 2): 2.5}, [1.0, -2.0, 0.5])
def sparse_matrix_as_a_dict(entries, x):
    """Products with a matrix that is kept as a dict of its entries."""
    for _ in range(3):
        y = [0.0] * len(x)
        for (i, j), a in entries.items():
            y[i] += a * x[j]
        x = y
    return sum(v * v for v in x)
