"""Rules of scipy.optimize: roots against differences, minima against the roots of their gradients, and what is refused."""

import numpy as np
import pytest
from scipy import optimize

import sct

A = np.array([0.9, 0.6])
T = np.linspace(0.0, 1.0, 12)


def by_brentq(a):
    def residual(x, b):
        y = np.exp(-b * x)
        if x > 1.0:
            y = y + 0.01 * x
        return y - a[0]

    s = 0.0
    for k in range(3):
        s = s + (k + 1) * optimize.brentq(residual, 0.0, 9.0, args=(a[1] + 0.1 * k,))
    return s


def of_steps(a):
    def by_while(x):
        while x < 3.0:
            x = x * (1.0 + a[1])
        return x - 4.0 * a[0]

    def by_break(x):
        for _ in range(50):
            if x > 3.0:
                break
            x = x * (1.0 + a[1])
        return x - 4.0 * a[0]

    return optimize.brentq(by_while, 1.95, 2.6) + optimize.brentq(by_break, 1.95, 2.6)


def by_bracketing(a):
    s = optimize.bisect(lambda x: np.cosh(x) * x - a[0], 0.0, 2.0) + optimize.ridder(lambda x: x**3 - a[1], 0.0, 2.0)
    root, report = optimize.brenth(lambda x: np.exp(x) - a[0] - x**2, -2.0, 2.0, full_output=True)
    return (
        s * root * report.root + optimize.toms748(lambda x, y: x * y - a[1], 0.0, 5.0, args=a[0], xtol=1e-14) * report.converged
    )


def by_newton(a):
    x, report = optimize.newton(lambda x: x**3 - a[0], 1.0, fprime=lambda x: 3 * x**2, tol=1e-13, full_output=True)
    y, converged, _ = optimize.newton(lambda x: x**3 - a, np.array([1.0, 2.0]), tol=1e-13, full_output=True)
    return (
        x * report.root
        + np.sum(y[converged] ** 2)
        + np.sum(optimize.newton(lambda x, p: x**p - a, np.array([1.0, 2.0]), args=(3,), tol=1e-13))
    )


def by_root_scalar(a):
    s = optimize.root_scalar(lambda x: x**3 - a[0], bracket=[0, 10], method="brentq")
    t = optimize.root_scalar(lambda x: (x**3 - a[0], 3 * x**2), x0=1.0, fprime=True, method="newton")
    return s.root**2 * a[1] + t.root if s.converged else 0.0


def by_fsolve(a):
    def residual(x):
        return [x[0] * np.cos(x[1]) - a[0], x[1] * x[0] - x[1] - a[1]]

    x, report, status, _ = optimize.fsolve(residual, [1.0, 1.0], xtol=1e-13, full_output=True)
    return np.sum(x**2) + np.sum(report["fvec"]) if status == 1 else 0.0


def by_root(a):
    def residual(x, B):
        return np.tanh(B @ x) + x - 1.0

    s = optimize.root(residual, np.zeros(2), args=(np.outer(a, a),), tol=1e-13)
    return np.sum(s.x**3) + s["fun"][0] if s.success else 0.0


def by_root_with_jacobian(a):
    def residual(x):
        return x**3 + a * x - 1.0, np.diag(3.0 * x**2 + a)

    return np.sum(optimize.root(residual, [0.5, 0.5], jac=True, tol=1e-13).x ** 2)


def by_fixed_point(a):
    x = optimize.fixed_point(lambda x: np.cos(a[0] * x) * 0.5 + a[1], 0.5, xtol=1e-13)
    return x**2 + np.sum(
        optimize.fixed_point(lambda x, b: np.cos(b * x) * 0.5 + b, np.array([0.5, 0.1]), args=(a,), xtol=1e-13)
    )


def by_krylov(a):
    return np.sum(optimize.newton_krylov(lambda X: np.cosh(X) * X - a, np.array([[0.5, 0.1]]), f_tol=1e-12) ** 2)


def nonnegative(a):
    M = np.array([[1.0, 2.0, 1.5], [0.5, a[0], 1.0], [3.0, 1.0, 2.0], [a[1], 0.1, 0.0]])
    x, norm = optimize.nnls(M, np.array([1.0, a[0], -0.3, a[1]]))
    return np.sum(x**2) + norm


ROOTS = [
    *(by_brentq, of_steps, by_bracketing, by_newton, by_root_scalar, by_fsolve, by_root, by_root_with_jacobian, by_fixed_point),
    *(by_krylov, nonnegative),
]


@pytest.mark.parametrize("f", ROOTS, ids=lambda f: f.__name__)
def test_roots(f):
    assert np.isclose(sct.value_and_grad(f)(A)[0], f(A), rtol=1e-14)
    sct.check_grads(f, (A,), modes=("reverse", "forward"))
    h, d, second = 1e-5, np.array([0.6, 0.8]), sct.jvp(sct.grad(f))
    differences = (second(A + h * d, d)[0] - second(A - h * d, d)[0]) / (2 * h)
    assert np.allclose(second(A, d)[1], differences, rtol=1e-6, atol=1e-7)


def objective(x, a):
    return np.sum(np.cosh(x - a)) + 0.5 * np.sum(x) ** 2


def slope(x, a):
    return np.sinh(x - a) + np.sum(x)


def curvature(x, a):
    return np.diag(np.cosh(x - a)) + 1.0


def least(a):
    return optimize.root(slope, np.zeros(2), args=(a,), tol=1e-14).x


def by_minimize(a):
    s = optimize.minimize(objective, np.zeros(2), args=(a,), method="BFGS", options={"gtol": 1e-6})
    return np.sum(s.x**3) + s.fun


def by_minimize_with_derivatives(a):
    s = optimize.minimize(
        objective, [0.0, 0.0], args=(a,), jac=slope, hess=curvature, method="trust-exact", options={"gtol": 1e-12}
    )
    return np.sum(s["x"] ** 3) + s["fun"]


def by_both_at_once(a):
    s = optimize.minimize(
        lambda x: (objective(x, a), slope(x, a)), np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-6}
    )
    return np.sum(s.x**3) + s.fun


def by_products(a):
    def product(x, p, a):
        return curvature(x, a) @ p

    s = optimize.minimize(objective, np.zeros(2), (a,), "Newton-CG", slope, hessp=product, options={"xtol": 1e-12})
    return np.sum(s.x**3) + s.fun


def by_bfgs(a):
    x = optimize.fmin_bfgs(objective, np.zeros(2), fprime=slope, args=(a,), gtol=1e-6, disp=0)
    return np.sum(x**3) + objective(x, a)


def by_root_of_slope(a):
    x = least(a)
    return np.sum(x**3) + objective(x, a)


@pytest.mark.parametrize(
    "f", [by_minimize, by_minimize_with_derivatives, by_both_at_once, by_products, by_bfgs], ids=lambda f: f.__name__
)
def test_minima_are_roots_of_the_gradient(f):
    assert np.allclose(sct.grad(f)(A), sct.grad(by_root_of_slope)(A), rtol=1e-5, atol=1e-6)
    assert np.allclose(sct.hessian(f)(A), sct.hessian(by_root_of_slope)(A), rtol=1e-5, atol=1e-5)
    assert np.allclose([sct.jvp(f)(A, e)[1] for e in np.eye(2)], sct.grad(f)(A), rtol=1e-12)
    assert np.isclose(sct.value_and_grad(f)(A)[0], f(A), rtol=1e-14)


def between(a):
    s = optimize.minimize(
        lambda x: np.sum((x - a) ** 2) + x[0] * x[1], [0.6, 0.2], bounds=[(a[1], None), (-1.0, 0.05 * a[0])], method="L-BFGS-B"
    )
    return s.x[0] ** 2 + 3.0 * s.x[1] + s.fun


def between_alone(a):
    x = optimize.minimize(lambda x: np.sum((x - a) ** 2), np.zeros(2), bounds=optimize.Bounds([0.0, -1.0], [2.0, 0.3])).x
    return np.sum(x**2)


def between_by_hand(a):
    y = 0.05 * a[0]  # at its upper bound, where the other is free
    x = a[0] - 0.5 * y
    return x**2 + 3.0 * y + (x - a[0]) ** 2 + (y - a[1]) ** 2 + x * y


def test_the_root_of_the_slope():
    sct.check_grads(by_root_of_slope, (A,), order=2)


def test_minima_between_bounds():
    assert np.allclose(between(A), between_by_hand(A), rtol=1e-6)
    assert np.allclose(sct.grad(between)(A), sct.grad(between_by_hand)(A), rtol=1e-5)
    assert np.allclose(sct.grad(between_alone)(A), [2 * A[0], 0.0], rtol=1e-5)
    other = np.array([0.4, 0.6])  # the first is at its lower bound, which is the second of these
    assert np.allclose(
        sct.grad(lambda a: optimize.minimize(np.sum, a + 1.0, bounds=[(a[1], None), (0.5, 1.0)]).x[0])(other), [0, 1]
    )


def by_minimize_scalar(a):
    s = optimize.minimize_scalar(lambda x, b: np.cosh(x - a[0]) + b * x**2, args=(a[1],), tol=1e-10)
    t = optimize.minimize_scalar(lambda x: (x - a[0]) ** 2, bounds=(0.0, 2.0), method="bounded")
    return s.x**2 + s.fun + t.x * a[1]


def by_root_of_a_number(a):
    x = optimize.brentq(lambda x: np.sinh(x - a[0]) + 2.0 * a[1] * x, -2.0, 2.0)
    return x**2 + np.cosh(x - a[0]) + a[1] * x**2 + a[0] * a[1]


def test_minima_of_a_number():
    sct.check_grads(by_root_of_a_number, (A,), order=2)
    assert np.allclose(sct.grad(by_minimize_scalar)(A), sct.grad(by_root_of_a_number)(A), rtol=1e-5)
    assert np.allclose(sct.hessian(by_minimize_scalar)(A), sct.hessian(by_root_of_a_number)(A), rtol=1e-4)


def decay(t, u, v):
    return u * np.exp(-v * t)


def data(a):
    return decay(T, a[0], a[1]) + 0.1 * a[0] * T


def jacobian_of_decay(p):
    e = np.exp(-p[1] * T)
    return np.stack((e, -T * p[0] * e), axis=1)


def by_normal_equations(a):
    p = optimize.root(lambda p: jacobian_of_decay(p).T @ (decay(T, p[0], p[1]) - data(a)), [1.0, 1.0], tol=1e-14).x
    r = decay(T, p[0], p[1]) - data(a)
    J = jacobian_of_decay(p)
    return np.sum(p**3) + r @ r, np.linalg.inv(J.T @ J) * (r @ r) / 10.0


def by_least_squares(a):
    s = optimize.least_squares(lambda p: decay(T, p[0], p[1]) - data(a), [1.0, 1.0], gtol=1e-12, xtol=1e-12, ftol=1e-12)
    return np.sum(s.x**3) + 2.0 * s.cost, np.linalg.inv(s.jac.T @ s.jac) * s.cost / 5.0


def by_curve_fit(a):
    p, covariance = optimize.curve_fit(decay, T, data(a), [1.0, 1.0], gtol=1e-12, xtol=1e-12, ftol=1e-12)
    return np.sum(p**3) + np.sum((decay(T, *p) - data(a)) ** 2), covariance


def by_leastsq(a):
    p, _ = optimize.leastsq(lambda p, y: decay(T, p[0], p[1]) - y, np.ones(2), args=data(a), xtol=1e-12, ftol=1e-12)
    r = decay(T, p[0], p[1]) - data(a)
    J = jacobian_of_decay(p)
    return np.sum(p**3) + r @ r, np.linalg.inv(J.T @ J) * (r @ r) / 10.0


@pytest.mark.parametrize("f", [by_least_squares, by_curve_fit, by_leastsq], ids=lambda f: f.__name__)
def test_fits_solve_the_normal_equations(f):
    def misfit(a):
        return f(a)[0]

    def variances(a):
        return np.sum(f(a)[1] * np.array([[1.0, 2.0], [0.0, 3.0]]))

    def expected(a):
        value, covariance = by_normal_equations(a)
        return value, np.sum(covariance * np.array([[1.0, 2.0], [0.0, 3.0]]))

    assert np.allclose(f(A)[1], by_normal_equations(A)[1], rtol=1e-5)
    sct.check_grads(lambda a: expected(a)[1], (A,))
    assert np.allclose(sct.grad(misfit)(A), sct.grad(lambda a: expected(a)[0])(A), rtol=1e-5)
    assert np.allclose(sct.grad(variances)(A), sct.grad(lambda a: expected(a)[1])(A), rtol=1e-4)
    assert np.allclose(sct.hessian(misfit)(A), sct.hessian(lambda a: expected(a)[0])(A), rtol=1e-4, atol=1e-6)


def fit_between(a):
    bounds = [0.0, 0.0], [2.0, 0.4 * a[0]]
    s = optimize.least_squares(lambda p: decay(T, p[0], p[1]) - data(a), [1.0, 0.3], bounds=bounds, ftol=1e-12, gtol=1e-12)
    return s.x[0] + 3.0 * s.x[1] + s.cost


def fit_at_the_bound(a):
    e = np.exp(-0.4 * a[0] * T)
    first = np.sum(e * data(a)) / np.sum(e * e)
    return first + 1.2 * a[0] + 0.5 * np.sum((first * e - data(a)) ** 2)


def test_fits_between_bounds():
    assert np.allclose(sct.grad(fit_between)(A), sct.grad(fit_at_the_bound)(A), rtol=1e-6)

    def fitted(a):
        return optimize.curve_fit(decay, T, data(a), [1.0, 0.3], bounds=(0.0, [2.0, 0.4]))[0]

    assert np.allclose(sct.jacobian(fitted)(A)[1], 0.0)


def test_arguments_whose_number_is_that_of_an_array():
    def f(a):
        return optimize.brentq(lambda x, *rest: x**3 - rest[0] * rest[-1], -2.0, 2.0, args=tuple(a))

    sct.check_grads(f, (A,))
    sct.check_grads(f, (np.array([0.9, 0.1, 0.6]),))
    with pytest.raises(sct.UnsupportedSyntaxError, match="only known at run time"):
        sct.grad(f)(np.ones(20))


def test_weights_and_covariance_as_they_are():
    def fitted(a):
        p, covariance = optimize.curve_fit(decay, T, data(a), [1.0, 1.0], 0.1 + a[0] * T, True)
        return np.sum(p) + np.sum(covariance)

    def solved(a):
        w = 0.1 + a[0] * T
        p = optimize.root(lambda p: (jacobian_of_decay(p).T / w**2) @ (decay(T, p[0], p[1]) - data(a)), [1.0, 1.0], tol=1e-14).x
        J = jacobian_of_decay(p) / w[:, None]
        return np.sum(p) + np.sum(np.linalg.inv(J.T @ J))

    assert np.allclose(fitted(A), solved(A), rtol=1e-6)
    assert np.allclose(sct.grad(fitted)(A), sct.grad(solved)(A), rtol=1e-4)


def test_rosenbrock():
    for f in (
        lambda x: optimize.rosen(x),
        lambda x: np.sum(optimize.rosen_der(x) ** 2),
        lambda x: np.sum(optimize.rosen_hess_prod(x, x)),
    ):
        x = np.array([0.3, 0.8, -0.4])
        assert np.isclose(sct.value_and_grad(f)(x)[0], f(x), rtol=1e-13)
        sct.check_grads(f, (x,))
    assert np.allclose(sct.grad(lambda x: optimize.rosen(x))(x), optimize.rosen_der(x))
    assert np.allclose(sct.hessian(lambda x: optimize.rosen(x))(x), optimize.rosen_hess(x))


class Cubic:
    def __init__(self, shift):
        self.shift = shift

    def __call__(self, x):
        return x**3 - self.shift

    def root(self, scale):
        return optimize.brentq(self.scaled, -3.0, 3.0, args=(scale,))

    def scaled(self, x, scale):
        return scale * x**3 - self.shift


def test_methods_and_objects_are_given_to_solvers():
    assert np.isclose(sct.grad(lambda a: optimize.brentq(Cubic(a), -3.0, 3.0))(2.0), 2.0 ** (-2 / 3) / 3)
    assert np.isclose(sct.grad(lambda a: Cubic(2.0).root(a))(1.0), -(2.0 ** (1 / 3)) / 3)
    assert np.isclose(sct.grad(lambda a: Cubic(a).root(1.0))(2.0), 2.0 ** (-2 / 3) / 3)


def test_what_is_seen_may_change_afterwards():
    def f(a):
        b = a * 1.0
        x = optimize.brentq(lambda x: x**3 - b[0], 0.0, 3.0)
        b[0] = x * b[1]
        return optimize.brentq(lambda x: x**3 - b[0], 0.0, 3.0)

    assert np.isclose(sct.value_and_grad(f)(A)[0], f(A))
    sct.check_grads(f, (A,))


def test_a_solver_that_did_not_converge_says_so_beside_the_gradient():
    def f(a):
        return optimize.root(lambda x: x**2 + a, np.ones(2)).x[0]

    def silent(a):
        return optimize.brentq(lambda x: x**3 - a[0], 0.0, 9.0, maxiter=3, disp=False)

    def silent_newton(a):
        return optimize.newton(lambda x: x**3 - a[0], 9.0, maxiter=3, disp=False)

    for g in (f, silent, silent_newton):
        with pytest.warns(RuntimeWarning, match="did not converge"):
            assert np.isclose(sct.value_and_grad(g)(A)[0], g(A))


def test_the_derivative_shows_the_solver_and_one_linear_solve():
    def f(a):
        return optimize.brentq(lambda x: x**3 - a, 0.0, 5.0)

    assert sct.grad(f).source_for(2.0) == (
        "from scipy import optimize\n\n\n"
        "def f_grad(a):\n"
        "    # forward\n\n"
        "    def residual(x):\n"
        "        return x ** 3 - a\n"
        "    root = optimize.brentq(residual, 0.0, 5.0)\n"
        "    # reverse\n"
        "    # return optimize.brentq(lambda x: x**3 - a, 0.0, 5.0)\n"
        "    a_bar = 0.3333333333333333 / root ** 2\n"
        "    return a_bar\n"
    )


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (
            lambda a: optimize.minimize(np.sum, a, constraints={"type": "eq", "fun": np.sum}).x[0],
            "scipy.optimize.minimize has no",
        ),
        (lambda a: abs(optimize.newton(lambda x: x**2 + a[0], 1j)), "starts that are complex"),
        (lambda a: optimize.leastsq(lambda x: x - a, [1.0, 1.0], full_output=True)[0][0], "scipy.optimize.leastsq has no"),
        (
            lambda a: optimize.curve_fit(lambda t, k: k * t, T, a[0] * T, [1.0], loss="huber", method="trf")[0][0],
            "Robust losses",
        ),
        (lambda a: optimize.linprog(a).fun, "scipy.optimize.linprog has no derivative rule"),
        (lambda a: optimize.differential_evolution(lambda x: np.sum(x * a), [(0, 1)]).x[0], "differential_evolution"),
        (lambda a: optimize.brentq(lambda x: x - a[0] + np.random.normal(), 0.0, 1.0), "in a function that is called by one"),
    ],
)
def test_refused(f, message):
    with pytest.raises(sct.SctError, match=message):
        sct.grad(f)(A)


@pytest.mark.filterwarnings("ignore:Method BFGS cannot handle bounds")
def test_bounds_that_a_method_leaves_out():
    def f(a):
        return np.sum(optimize.minimize(lambda x: np.sum(np.cosh(x - a)), [0.0, 0.0], method="BFGS", bounds=[(0.0, 0.1)] * 2).x)

    assert np.allclose(sct.grad(f)(A), 1.0)


def test_a_write_into_what_is_around_is_refused():
    def f(a):
        seen = []

        def residual(x):
            seen.append(x)
            return x - a[0]

        return optimize.brentq(residual, 0.0, 1.0)

    with pytest.raises(sct.UnsupportedSyntaxError, match="a write into what is defined outside"):
        sct.grad(f)(A)


def test_a_write_into_an_argument_is_refused():
    def f(a):
        def residual(x):
            x *= a
            return x - 1.0

        return np.sum(optimize.fsolve(residual, np.ones(2)))

    with pytest.raises(sct.UnsupportedSyntaxError, match="a write into an argument of a function"):
        sct.grad(f)(A)
