"""Give SciPy's solvers derivatives that sct writes, beside those that they take by finite differences themselves.

Four problems: exponential decays fitted to noisy data (`least_squares`), logistic regression on scikit-learn's bundled breast
cancer data (Newton-CG), the shape of a hanging net (trust-ncg), and Robertson's stiff chemical kinetics (`solve_ivp`). Prints
for each how often a solver called the function, how many iterations or steps it took, how long, and where it came.
"""

import time
from functools import partial

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares, minimize

import sct


class Counted:
    """A function that counts its calls."""

    def __init__(self, f):
        self.f = f
        self.calls = 0

    def __call__(self, *args):
        self.calls += 1
        return self.f(*args)


def report(name, solve, calls, steps, where):
    """Solve a problem, once to compile and once to measure, and print what it took."""
    solve()
    start = time.perf_counter()
    function, found = solve()
    took = 1e3 * (time.perf_counter() - start)
    print(f"  {name:<34}{calls(function, found):>8}{steps(found):>8}{took:>9.1f} ms  {where(found)}")


def heading(title):
    print(f"\n{title}\n  {'derivatives':<34}{'calls':>8}{'steps':>8}{'time':>12}")


# -- decays ------------------------------------------------------------------------------------------------------------------


def decays(p, t, y):
    """What is left over of data by the sum of decays: `p` holds amplitudes, then rates."""
    n = len(p) // 2
    return np.exp(-np.outer(t, p[n:])) @ p[:n] - y


def fit_decays():
    rng = np.random.default_rng(0)
    t = np.linspace(0.0, 6.0, 400)
    true = np.array([2.0, 1.0, 0.6, 0.4, 1.5, 6.0])
    y = decays(true, t, 0.0) + rng.normal(scale=0.005, size=len(t))
    start = np.array([1.0, 1.0, 1.0, 0.2, 1.0, 4.0])

    def solve(jac):
        f = Counted(decays)
        return f, least_squares(f, start, jac, args=(t, y), x_scale="jac", xtol=1e-12, ftol=1e-12, gtol=1e-10)

    heading("Three exponential decays, by least_squares")
    for name, jac in (("finite differences", "2-point"), ("sct.jacobian", sct.jacobian(decays))):
        report(name, partial(solve, jac), lambda f, r: f.calls, lambda r: r.njev, lambda r: np.round(r.x, 3))


# -- logistic regression -----------------------------------------------------------------------------------------------------


def logistic(w, x, y):
    """The mean loss of labels y of ±1, with a ridge."""
    return np.mean(np.log1p(np.exp(-y * (x @ w)))) + 5e-4 * (w @ w)


def fit_logistic():
    from sklearn.datasets import load_breast_cancer  # the others need SciPy only

    x, labels = load_breast_cancer(return_X_y=True)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    x = np.column_stack([x, np.ones(len(x))])
    y = 2.0 * labels - 1.0
    gradient, product = sct.grad(logistic), sct.hvp(logistic)

    def solve(**derivatives):
        f = Counted(logistic)
        return f, minimize(f, np.zeros(x.shape[1]), (x, y), method="Newton-CG", options={"xtol": 1e-7}, **derivatives)

    def differences(w, x, y):
        h = 6e-6
        return np.array([(logistic(w + h * e, x, y) - logistic(w - h * e, x, y)) / (2.0 * h) for e in np.eye(len(w))])

    def hvp(w, v, x, y):
        return product(w, x, y, v)

    heading(f"Logistic regression of {x.shape[0]} cases by {x.shape[1]} numbers, by Newton-CG")
    ways = {
        "finite differences": {"jac": differences},
        "sct.grad": {"jac": gradient},
        "sct.grad and sct.hvp": {"jac": gradient, "hessp": hvp},
    }
    for name, derivatives in ways.items():
        report(name, partial(solve, **derivatives), lambda f, r: f.calls, lambda r: r.nit, lambda r: f"loss {r.fun:.8f}")


# -- a hanging net -----------------------------------------------------------------------------------------------------------


def energy(p, stiffness, weight):
    """Of a square net of springs whose rim is fixed; p: heights and two displacements, shape (3, n, n)."""
    n = p.shape[-1]
    at = np.zeros((3, n + 2, n + 2))
    at[0] = np.linspace(0.0, 1.0, n + 2)[:, None]
    at[1] = np.linspace(0.0, 1.0, n + 2)
    at[:, 1:-1, 1:-1] += p
    total = weight * np.sum(p[2])
    for a, b in ((at[:, 1:], at[:, :-1]), (at[:, :, 1:], at[:, :, :-1])):
        stretched = np.sqrt(np.sum((a - b) ** 2, axis=0)) * (n + 1) - 0.9
        total += stiffness * np.sum(stretched**2)
    return total


def hang_net():
    vector, unravel = sct.ravel({"p": np.zeros((3, 8, 8)), "stiffness": 1, "weight": 2})

    def of_vector(v):
        q = unravel(v)
        return energy(q["p"], q["stiffness"], q["weight"])

    gradient, product, hessian = sct.grad(of_vector), sct.hvp(of_vector), sct.hessian(of_vector)

    def differences(v, w):
        h = 1e-6 / (1e-12 + np.linalg.norm(w))
        return (gradient(v + h * w) - gradient(v - h * w)) / (2.0 * h)

    def solve(**derivatives):
        f = Counted(of_vector)
        return f, minimize(f, vector, jac=gradient, method="trust-ncg", options={"gtol": 1e-6}, **derivatives)

    heading(f"A hanging net of {len(vector)} coordinates, by trust-ncg")
    ways = {
        "sct.grad, and its differences": {"hessp": differences},
        "sct.grad and sct.hvp": {"hessp": product},
        "sct.grad and sct.hessian": {"hess": hessian},
    }
    for name, derivatives in ways.items():
        report(name, partial(solve, **derivatives), lambda f, r: f.calls, lambda r: r.nit, lambda r: f"energy {r.fun:.8f}")


# -- kinetics ----------------------------------------------------------------------------------------------------------------


def robertson(t, y):
    """The rates of Robertson's three reactions."""
    slow, fast, faster = 0.04 * y[0], 3e7 * y[1] ** 2, 1e4 * y[1] * y[2]
    return np.array([faster - slow, slow - faster - fast, fast])


def react():
    by_y = sct.jacobian(robertson, wrt="y")

    def solve(method, jac):
        f = Counted(robertson)
        return f, solve_ivp(f, (0.0, 1e8), [1.0, 0.0, 0.0], method, jac=jac, rtol=1e-6, atol=1e-10)

    heading("Robertson's kinetics to 1e8 seconds")
    for method in ("Radau", "BDF"):
        for name, jac in (("finite differences", None), ("sct.jacobian", by_y)):
            report(
                f"{method}, {name}",
                partial(solve, method, jac),
                lambda f, r: f.calls,
                lambda r: len(r.t) - 1,
                lambda r: f"y₃ = {r.y[2, -1]:.6f}",
            )


if __name__ == "__main__":
    fit_decays()
    fit_logistic()
    hang_net()
    react()
