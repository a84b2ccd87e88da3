"""The rules of scipy.integrate against finite differences."""

import numpy as np
import pytest
from scipy import integrate, optimize

import sct
from sct.testing import check_rule

_rng = np.random.default_rng(8)
_ROWS = _rng.normal(size=(6, 2))
_POINTS = np.cumsum(_rng.uniform(0.2, 1.0, size=(6, 2)), axis=0)
_ALONG = [
    (n, kwargs)
    for n in (2, 3, 4, 5, 6)
    for kwargs in (
        {},
        {"dx": 0.3},
        {"x": _POINTS[:n, 0]},
        {"axis": 0},
        {"axis": 0, "x": _POINTS[:n, 0]},
        {"axis": 0, "x": _POINTS[:n]},
    )
]
SAMPLES = [
    (f, (_ROWS[:n] if "axis" in kwargs else _ROWS[:n, 0],), kwargs)
    for f in (integrate.simpson, integrate.trapezoid, integrate.cumulative_trapezoid)
    for n, kwargs in _ALONG
]
SAMPLES += [(integrate.cumulative_trapezoid, (_ROWS,), {"axis": 0, "initial": 0})]
SAMPLES += [(integrate.simpson, (_ROWS[:, 0].tolist(),), {})]
_LABELS = [f"{f.__name__}-{k}" for k, (f, _, _) in enumerate(SAMPLES)]


@pytest.mark.grid(of=6)
@pytest.mark.parametrize("sample", SAMPLES, ids=_LABELS)
def test_rule(sample):
    f, args, kwargs = sample
    check_rule(f, *args, **kwargs)


@pytest.mark.grid(of=12, each=False)
@pytest.mark.parametrize("sample", SAMPLES, ids=_LABELS)
def test_second_order(sample):
    f, args, kwargs = sample
    check_rule(f, *args, order=2, **kwargs)


def test_points_that_are_one():
    x = np.array([0.0, 0.0, 1.0, 1.0, 2.0])
    value, y_bar = sct.vjp(lambda y: integrate.simpson(y, x=x))(x + 1.0, 1.0)
    assert value == pytest.approx(integrate.simpson(x + 1.0, x=x))
    np.testing.assert_allclose(y_bar, [1 / 3, 0.0, 2 / 3, 0.0, 1 / 3])


def test_a_first_value_that_scipy_does_not_take():
    with pytest.raises(ValueError, match="must be `None` or `0`"):
        sct.grad(lambda y: np.sum(integrate.cumulative_trapezoid(y, initial=1.0)))(np.ones(4))


# -- integrals of functions ----------------------------------------------------------------------------------------------

A = np.array([0.9, 0.6])


def between_moving_ends(a):
    return integrate.quad(lambda x: np.exp(-a[0] * x**2) * np.sin(a[1] * x), -a[0], a[1])[0]


def over_all_numbers(a):
    return integrate.quad(lambda x, b: np.exp(-a[0] * x**2) / (b + x**2), -np.inf, np.inf, args=a[1], epsabs=1e-12)[0]


def with_a_branch(a):
    def density(x):
        return np.exp(-a[0] * x) if x < 0.5 else a[1] * x**2

    return integrate.quad(density, 0.0, 1.0, points=[0.5])[0]


def of_arrays(a):
    value, _ = integrate.quad_vec(lambda x: np.exp(-np.outer(a, a) * x), 0.0, 1.0 + a[0])
    return np.sum(value**2)


def over_a_triangle(a):
    return integrate.dblquad(lambda y, x: np.exp(-a[0] * x * y), 0.0, 1.0, 0.0, lambda x: a[1] * x, epsrel=1e-6)[0]


def by_nodes(a):
    return integrate.fixed_quad(lambda x: np.exp(-a[0] * x), 0.0, a[1], n=7)[0]


INTEGRALS = [between_moving_ends, over_all_numbers, with_a_branch, of_arrays, over_a_triangle, by_nodes]


@pytest.mark.parametrize("f", INTEGRALS, ids=lambda f: f.__name__)
def test_integrals(f):
    assert np.isclose(sct.value_and_grad(f)(A)[0], f(A), rtol=1e-13)
    sct.check_grads(f, (A,), modes=("reverse", "forward"), order=1 if f is over_a_triangle else 2)


def test_gradient_of_an_integral_is_the_formula():
    value, slope = sct.value_and_grad(lambda a: integrate.quad(lambda x: np.exp(-a * x), 0.0, np.inf)[0])(2.0)
    assert np.isclose(value, 0.5) and np.isclose(slope, -0.25, rtol=1e-12)
    assert np.isclose(sct.grad(lambda b: integrate.quad(np.cos, 0.0, b)[0])(0.7), np.cos(0.7), rtol=1e-14)


# -- differential equations ----------------------------------------------------------------------------------------------

TIGHT = {"method": "DOP853", "rtol": 1e-10, "atol": 1e-12}


def pendulum(t, y, k, friction):
    return [y[1], -k * np.sin(y[0]) - friction * y[1]]


def at_the_end(a):
    s = integrate.solve_ivp(pendulum, (0.0, 2.0), [1.0, a[1]], args=(a[0], a[1]), **TIGHT)
    return s.y[0, -1] ** 2 + s.y[1, -1] if s.success else 0.0


def at_some_times(a):
    s = integrate.solve_ivp(lambda t, y: -a[1] * y * t, (0.0, 2.0), a, t_eval=np.linspace(0.0, 2.0, 4), **TIGHT)
    return np.sum(s.y**2 * s.t)


def back_in_time(a):
    begin = np.array([1.0, a[1]])
    s = integrate.solve_ivp(lambda t, y: -y * a[0] * t, (2.0, 0.5), begin, t_eval=[1.5, 1.0, 0.5], **TIGHT)
    begin *= 3.0
    return np.sum(s.y**2) * begin[1]


def of_moving_ends(a):
    s = integrate.solve_ivp(lambda t, y: -y * a[0] * t, (a[1], 2.0 * a[0]), [1.0, a[1]], **TIGHT)
    return np.sum(s.y[:, -1]) + s.y[1, 0] + s.t[-1] * s.t[0]


def at_moving_times(a):
    s = integrate.solve_ivp(lambda t, y: -y * a[0] * t, (a[1], 2.0), [1.0, a[1]], t_eval=[a[0], 1.5], **TIGHT)
    return np.sum(s.y**2 * s.t)


def between_the_steps(a):
    s = integrate.solve_ivp(lambda t, y: -a[0] * y[0] * t, (0.0, a[1]), np.array([1.0]), dense_output=True, **TIGHT)
    return s["y"][0, -1] + s.sol(0.3 * a[0])[0] + np.sum(s.sol([0.1, 0.2 * a[1]]))


def of_parameters_in_a_dict(a):
    p = {"W": np.outer(a, a), "b": a * 0.1}

    def rhs(t, y):
        return np.tanh(p["W"] @ y + p["b"]) - y

    return np.sum(integrate.solve_ivp(rhs, (0.0, 1.0), a, **TIGHT).y[:, -1] ** 2)


def stiff(a):
    def rhs(t, y):
        return [-1000.0 * a[0] * (y[0] - np.cos(t)), y[0] - a[1] * y[1]]

    s = integrate.solve_ivp(rhs, (0.0, 0.3), [0.0, 1.0], method="Radau", rtol=1e-6, atol=1e-9)
    return s.y[0, -1] + s.y[1, -1]


def by_odeint(a):
    y = integrate.odeint(
        lambda y, t, k: [y[1], -k * y[0]], [1.0, a[1]], [0.0, 0.5, 0.5, 1.0, 2.0], args=(a[0],), rtol=1e-11, atol=1e-12
    )
    return np.sum(y**2)


def by_odeint_time_first(a):
    return integrate.odeint(lambda t, y: -a[0] * y * t, a[1], [0.0, 1.0, 2.0], tfirst=True, rtol=1e-11, atol=1e-12)[2, 0]


SOLVED = [
    *(at_the_end, at_some_times, back_in_time, of_moving_ends, at_moving_times, between_the_steps, of_parameters_in_a_dict),
    *(stiff, by_odeint, by_odeint_time_first),
]


@pytest.mark.parametrize("f", SOLVED, ids=lambda f: f.__name__)
def test_solutions(f):
    h, d = 1e-4, np.array([0.6, 0.8])
    value, slope = sct.value_and_grad(f)(A)
    assert np.isclose(value, f(A), rtol=1e-13)
    assert np.isclose(slope @ d, (f(A + h * d) - f(A - h * d)) / (2 * h), rtol=1e-6, atol=1e-7)
    assert np.isclose(slope @ d, sct.jvp(f)(A, d)[1], rtol=1e-5, atol=1e-7)
    differences = (sct.value_and_grad(f)(A + h * d)[1] - sct.value_and_grad(f)(A - h * d)[1]) / (2 * h)
    assert np.allclose(sct.jvp(sct.grad(f))(A, d)[1], differences, rtol=1e-5, atol=2e-6)


def test_the_adjoint_is_that_of_many_small_steps():
    def by_steps(a):
        y = np.array([1.0, a[1]])
        h = 1e-3
        for _ in range(2000):
            k1 = np.array(pendulum(0.0, y, a[0], a[1]))
            k2 = np.array(pendulum(0.0, y + 0.5 * h * k1, a[0], a[1]))
            k3 = np.array(pendulum(0.0, y + 0.5 * h * k2, a[0], a[1]))
            y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + np.array(pendulum(0.0, y + h * k3, a[0], a[1])))
        return y[0] ** 2 + y[1]

    assert np.allclose(sct.grad(at_the_end)(A), sct.grad(by_steps)(A), rtol=1e-8)


def test_second_derivatives_of_a_perfect_fit():
    def states(a):
        return integrate.solve_ivp(pendulum, (0.0, 2.0), [1.0, a[1]], t_eval=[0.5, 1.2, 2.0], args=(a[0], a[1]), **TIGHT).y

    seen = states(A)
    slopes = np.stack([sct.jvp(states)(A, e)[1].ravel() for e in np.eye(2)])
    hessian = sct.jacobian(sct.grad(lambda a: np.sum((states(a) - seen) ** 2)))(A)
    assert np.allclose(hessian, 2.0 * slopes @ slopes.T, rtol=1e-6, atol=1e-8)


def test_the_sweep_back_takes_less_than_four_times_the_right_hand_sides():
    def predators(t, y, a, b):
        return np.array([a * y[0] - b * y[0] * y[1], -y[1] + b * y[0] * y[1]])

    def final(p):
        s = integrate.solve_ivp(predators, (0.0, 10.0), [1.0, 0.5], args=(p[0], p[1]), rtol=1e-6, atol=1e-9)
        return np.sum(s.y[:, -1])

    text = sct.grad(final).source_for(A)
    counts = [0, 0]

    def counting(*args, **kwargs):
        found = integrate.solve_ivp(*args, **kwargs)
        counts[len(args[2]) > 2] += found.nfev
        return found

    class Module:
        solve_ivp = staticmethod(counting)

    names = {"integrate": Module}
    exec(text.replace("from scipy import integrate", ""), names)
    assert np.allclose(names["final_grad"](A), sct.grad(final)(A))
    assert 0 < counts[1] < 4 * counts[0]


def hits_the_ground(t, y):
    return y[0]


hits_the_ground.terminal = True


def test_the_time_of_an_event_is_a_root_of_the_solution():
    def landing(a):
        s = integrate.solve_ivp(lambda t, y: [y[1], -9.81], (0.0, 1.0), [1.0, a], dense_output=True, rtol=1e-9)
        t = optimize.brentq(lambda t: s.sol(t)[0], 0.1, 1.0)
        return t + s.sol(t)[1]

    speed = np.sqrt(0.25 + 2.0 * 9.81)
    assert np.isclose(sct.grad(landing)(0.5), (1.0 + 0.5 / speed) / 9.81 - 0.5 / speed)


def test_events_are_data():
    def speed(a):
        s = integrate.solve_ivp(lambda t, y: [y[1], -9.81], (0.0, 10.0), [1.0, a], events=hits_the_ground, rtol=1e-9)
        return s.y[1, -1] + a * s.t_events[0][0]

    landed = (0.5 + np.sqrt(0.25 + 2.0 * 9.81)) / 9.81
    assert np.isclose(sct.grad(speed)(0.5), 1.0 + landed)  # at the time that it is


def test_a_solver_that_did_not_reach_the_end_says_so_beside_the_gradient():
    with pytest.warns(RuntimeWarning, match="did not reach the end"):
        sct.grad(lambda a: integrate.solve_ivp(lambda t, y: y**2, (0.0, 2.0), [a]).y[0, -1])(1.0)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda a: integrate.quad(lambda x: x * a[0], 0.0, 1.0, weight="cos", wvar=2.0)[0], "scipy.integrate.quad has no"),
        (lambda a: integrate.nquad(lambda x, y: x * y * a[0], [[0, 1], [0, 1]])[0], "scipy.integrate.nquad has no"),
        (
            lambda a: integrate.solve_ivp(pendulum, (0.0, 1.0), a, events=hits_the_ground, args=(a[0], 1.0)).y[0, -1],
            "Complex states, events that get",
        ),
        (
            lambda a: integrate.solve_ivp(lambda t, y: 1j * y, (0.0, a[0]), [1j]).y[0, -1].real,
            "scipy.integrate.solve_ivp has no",
        ),
        (lambda a: integrate.RK45(pendulum, 0.0, a, 1.0).y[0], "scipy.integrate.RK45 has no"),
    ],
)
def test_refused(f, message):
    with pytest.raises(sct.SctError, match=message):
        sct.grad(f)(A)
