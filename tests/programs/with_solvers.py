"""Programs that call solvers: equations, minima, integrals and differential equations inside of what is differentiated."""

import numpy as np
from scipy import optimize
from scipy.integrate import odeint, quad, solve_ivp
from scipy.stats import norm

from .registry import normal_of, program

RNG = np.random.default_rng(23)
normal = normal_of(RNG)
TIGHT = {"rtol": 1e-10, "atol": 1e-12}


def predators_and_prey(t, z, alpha, beta, delta, gamma):
    x, y = z
    return alpha * x - beta * x * y, delta * x * y - gamma * y


@program(np.log([1.1, 0.4, 0.1, 0.4]), np.array([9.0, 5.0]), np.linspace(0, 7.5, 6), RNG.uniform(2, 12, size=(2, 6)))
def lynx_and_hares(log_rates, start, years, counts):
    """Minus the log-likelihood of two populations that were counted, by the equations of Lotka and Volterra."""
    alpha, beta, delta, gamma = np.exp(log_rates)
    s = solve_ivp(predators_and_prey, (-1, 8), start, t_eval=years, args=(alpha, beta, delta, gamma), **TIGHT)
    assert s.success
    return np.sum((np.log(s.y) - np.log(counts)) ** 2) + 0.5 * np.sum(log_rates**2)


class Reaction:
    """A chain of reactions by the law of Arrhenius, and the heat that it gives off."""

    def __init__(self, factors, energies):
        self.factors, self.energies = factors, energies

    def rates(self, temperature):
        return self.factors * np.exp(-self.energies / temperature)

    def __call__(self, c, t, ambient):
        k = self.rates(c[3])
        first, second = k[0] * c[0], k[1] * c[1]
        return [-first, first - second, second, 2 * first + second - 0.3 * (c[3] - ambient)]


@program(np.array([3.0, 2.0]), np.array([1.0, 1.4]), 1.2)
def yield_of_a_reactor(factors, energies, ambient):
    """What is left of the middle of A → B → C after some time, and how hot it has become."""
    times = np.linspace(0, 2, 4)
    c = odeint(Reaction(factors, energies), [1.0, 0.0, 0.0, ambient], times, args=(ambient,), rtol=1e-11, atol=1e-12)
    return c[-1, 1] - 0.1 * np.max(c[:, 3])


@program(np.array([-1.0, 0.5]), normal(8, 3), normal(8), normal(5, 3), normal(5), rounded=True)
def penalties_by_validation(log_penalties, X, y, X_new, y_new):
    """How far a robust regression, which is fitted with penalties, is from data that it has not seen: a bilevel problem."""
    ridge, smooth = np.exp(log_penalties)

    def training(w):
        r = X @ w - y
        return np.sum(np.sqrt(1 + r**2)) + ridge * w @ w + smooth * np.sum(np.diff(w) ** 2)

    def slope(w):
        r = X @ w - y
        rough = np.diff(w)
        return (
            X.T @ (r / np.sqrt(1 + r**2))
            + 2 * ridge * w
            + 2 * smooth * np.append(np.append(-rough[0], -np.diff(rough)), rough[-1])
        )

    def curvature(w):
        r = X @ w - y
        D = np.diff(np.eye(3), axis=0)
        return (X.T / (1 + r**2) ** 1.5) @ X + 2 * ridge * np.eye(3) + 2 * smooth * D.T @ D

    w = optimize.minimize(training, np.zeros(3), jac=slope, hess=curvature, method="Newton-CG", options={"xtol": 1e-14}).x
    return np.mean((X_new @ w - y_new) ** 2)


def call_price(volatility, spot, strike, rate, years):
    root = volatility * np.sqrt(years)
    d1 = (np.log(spot / strike) + (rate + volatility**2 / 2) * years) / root
    return spot * norm.cdf(d1) - strike * np.exp(-rate * years) * norm.cdf(d1 - root)


@program(np.array([14.2, 8.1, 4.0]), np.array([95.0, 105.0, 115.0]), 100.0, 0.02)
def implied_smile(prices, strikes, spot, rate, years=0.75):
    """How the volatilities that the prices of options imply bend."""
    smile = []
    for price, strike in zip(prices, strikes):
        smile.append(optimize.brentq(lambda v: call_price(v, spot, strike, rate, years) - price, 1e-3, 3.0, xtol=1e-14))
    return np.diff(smile, 2)[0] * 100 + smile[1]


@program(0.6, np.linspace(0.2, 6, 5), 1.3)
def ephemeris(e, mean_anomalies, a):
    """Where a planet is, by Kepler's equation for all times at once."""
    E = optimize.newton(
        lambda E: E - e * np.sin(E) - mean_anomalies, mean_anomalies, fprime=lambda E: 1 - e * np.cos(E), tol=1e-13
    )
    x, y = a * (np.cos(E) - e), a * np.sqrt(1 - e**2) * np.sin(E)
    return np.sum(x * np.arange(1, 6)) + np.sum(y**2)


@program(0.3, 0.65, 70.0, np.array([0.2, 0.6, 1.1]), np.array([0.9, 3.1, 6.0]))
def supernovae(matter, dark, hubble, redshifts, seen):
    """How far distances are from those of a universe of matter and dark energy."""

    def rate(z):
        return 1 / np.sqrt(matter * (1 + z) ** 3 + dark + (1 - matter - dark) * (1 + z) ** 2)

    distances = np.array([(1 + z) * quad(rate, 0, z, epsabs=1e-12, epsrel=1e-12)[0] for z in redshifts])
    return np.sum((np.log(distances * 299.8 / hubble) - np.log(seen)) ** 2)


@program(np.array([0.8, 1.5, 0.7]), np.array([1.0, 2.0]), normal(3, 3) / 4)
def power_flow(demand, prices, network):
    """What an equilibrium of supply and demand costs: equations by several names, of which one is a fixed point."""

    def excess(p, demand):
        return np.exp(-p) * demand + network @ np.tanh(p) - p

    p = optimize.root(excess, np.ones(3), args=(demand,), tol=1e-13).x
    share = optimize.fixed_point(lambda s: 0.5 * np.tanh(s * prices[0]) + 0.1 * prices[1], 0.3, xtol=1e-14)
    return np.sum(p**2) * share


@program(np.array([2.0, 0.7]), np.linspace(0, 3, 9), RNG.uniform(0.2, 1, size=9))
def weighed_decay(true, t, weights):
    """How sure a fit is of its parameters, for the choice of when to measure."""
    y = true[0] * np.exp(-true[1] * t)

    def curve(t, u, v):
        return u * np.exp(-v * t)

    def slopes(t, u, v):
        return np.stack([np.exp(-v * t), -t * u * np.exp(-v * t)], axis=1)

    p, covariance = optimize.curve_fit(
        curve, t, y, p0=[1.5, 1.0], sigma=weights, jac=slopes, xtol=1e-15, ftol=1e-15, absolute_sigma=True
    )
    return np.linalg.slogdet(covariance)[1] + p[0] * p[1]
