"""Print what the adjoints of matrix functions cost: `sct.vjp`, which gives the value too, in times of the function.

Run with `python tests/benchmarks/matrices.py [N ...] [NAME ...]`; one thread is used unless OPENBLAS_NUM_THREADS says
otherwise, and both are called by turns. Adjoints are by all arguments, of all results. docs/rules.md has the table.
"""

import os
import sys
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np  # noqa: E402
from timing import interleaved  # noqa: E402

import sct  # noqa: E402

SIZES = (10, 200, 1000)


def matrices(n):
    """A matrix, one that is positive definite, a vector, a matrix whose Kronecker square has n rows, and a tall one."""
    rng = np.random.default_rng(0)
    m = rng.standard_normal((n, n))
    k = int(n**0.5)
    return {
        "A": m,
        "S": m @ m.T / n + np.eye(n),
        "b": rng.standard_normal(n),
        "K": m[:k, :k].copy(),
        "T": m[:, : n // 2].copy(),
    }


def exponential(A):
    w, V = np.linalg.eigh(A)
    return (V * np.exp(w)) @ V.T


CASES = {
    "A @ B": (lambda A, B: A @ B, "AS"),
    "A @ b": (lambda A, b: A @ b, "Ab"),
    "einsum('ij,jk->ik')": (lambda A, B: np.einsum("ij,jk->ik", A, B, optimize=True), "AS"),
    "einsum('ij,ij->')": (lambda A, B: np.einsum("ij,ij->", A, B), "AS"),
    "tensordot": (lambda A, B: np.tensordot(A, B), "AS"),
    "outer": (lambda a, b: np.outer(a, b), "bb"),
    "kron": (lambda A, B: np.kron(A, B), "KK"),
    "trace": (lambda A: np.trace(A), "A"),
    "multi_dot": (lambda A, B, b: np.linalg.multi_dot([A, B, b]), "ASb"),
    "matrix_power(A, 3)": (lambda A: np.linalg.matrix_power(A, 3), "A"),
    "matrix_power(A, 8)": (lambda A: np.linalg.matrix_power(A, 8), "A"),
    "solve, a vector": (lambda A, b: np.linalg.solve(A, b), "Sb"),
    "solve, a matrix": (lambda A, B: np.linalg.solve(A, B), "SA"),
    "inv": (lambda A: np.linalg.inv(A), "S"),
    "det": (lambda A: np.linalg.det(A), "S"),
    "slogdet": (lambda A: np.linalg.slogdet(A)[1], "S"),
    "cholesky": (lambda A: np.linalg.cholesky(A), "S"),
    "qr": (lambda A: np.linalg.qr(A)[:], "A"),
    "qr, tall": (lambda A: np.linalg.qr(A)[:], "T"),
    "lstsq": (lambda A, b: np.linalg.lstsq(A, b, rcond=None)[0], "Tb"),
    "pinv": (lambda A: np.linalg.pinv(A), "T"),
    "norm": (lambda A: np.linalg.norm(A), "A"),
    "norm(A, 2)": (lambda A: np.linalg.norm(A, 2), "A"),
    "norm(A, 'nuc')": (lambda A: np.linalg.norm(A, "nuc"), "A"),
    "cond": (lambda A: np.linalg.cond(A), "A"),
    "eigvalsh": (lambda A: np.linalg.eigvalsh(A), "S"),
    "eigh": (lambda A: np.linalg.eigh(A)[:], "S"),
    "exp by eigh": (exponential, "S"),
    "eigvals": (lambda A: np.linalg.eigvals(A), "S"),
    "eig": (lambda A: np.linalg.eig(A)[:], "S"),
    "svdvals": (lambda A: np.linalg.svd(A, compute_uv=False), "A"),
    "svd": (lambda A: np.linalg.svd(A, full_matrices=False)[:], "A"),
}


def adjoint_of(y):
    """An adjoint of a result."""
    if isinstance(y, tuple):
        return tuple(map(adjoint_of, y))
    return np.random.default_rng(1).standard_normal(np.shape(y))


def ratio(name, n):
    """How many times as long the vjp of a function takes as the function."""
    f, letters = CASES[name]
    known = matrices(n)
    args = tuple(known[c] for c in letters)
    y_bar = adjoint_of(f(*args))
    wrt = tuple(range(len(args)))
    derivative = sct.vjp(f, wrt).specialize(*args, y_bar)
    rounds = 40 if n < 100 else 15 if n < 500 else 3
    primal, adjoint = interleaved(lambda: f(*args), lambda: derivative(*args, y_bar), rounds=rounds)
    return adjoint / primal


def main():
    asked = sys.argv[1:]
    sizes = [int(a) for a in asked if a.isdigit()] or SIZES
    names = [a for a in asked if a in CASES] or list(CASES)
    print("| function |" + "".join(f" n = {n} |" for n in sizes))
    print("|---|" + "---|" * len(sizes))
    for name in names:
        print(f"| `{name}` |" + "".join(f" {ratio(name, n):.1f} |" for n in sizes), flush=True)


if __name__ == "__main__":
    main()
