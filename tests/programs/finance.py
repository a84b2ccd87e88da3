"""Prices of options and models of returns."""

import math
from abc import ABC, abstractmethod

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(4)
normal = normal_of(RNG)


@program(np.array([0.2, 0.1, 0.7]), normal(30) * 0.1, peer=True)
def garch_log_likelihood(params, returns):
    omega, alpha, beta = params
    variance = np.var(returns)
    total = 0.0
    for r in returns:
        total = total - 0.5 * (np.log(variance) + r * r / variance)
        variance = omega + alpha * r * r + beta * variance
    return total


def normal_cdf(x):
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


@program(100.0, 95.0, 0.5, 0.02, 0.3)
def black_scholes(spot, strike, time, rate, volatility):
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / (volatility * math.sqrt(time))
    d2 = d1 - volatility * math.sqrt(time)
    return spot * normal_cdf(d1) - strike * math.exp(-rate * time) * normal_cdf(d2)


@program(100.0, 95.0, 0.05, 0.2, 1.0)
def binomial_option(S, K, r, sigma, T):
    """The price of a European call by the tree of Cox, Ross and Rubinstein."""
    n = 10
    dt = T / n
    u = math.exp(sigma * math.sqrt(dt))
    d = 1 / u
    p = (math.exp(r * dt) - d) / (u - d)
    discount = math.exp(-r * dt)
    values = [max(S * u**j * d ** (n - j) - K, 0.0) for j in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1):
            values[j] = discount * (p * values[j + 1] + (1 - p) * values[j])
    return values[0]


class Option(ABC):
    """An option that may be exercised at any time, priced on a binomial tree."""

    def __init__(self, strike, maturity):
        self.strike = strike
        self.maturity = maturity

    @abstractmethod
    def payoff(self, spot):
        """What it pays."""

    def price(self, spot, rate, sigma, steps=12):
        dt = self.maturity / steps
        up = np.exp(sigma * np.sqrt(dt))
        q = (np.exp(rate * dt) - 1 / up) / (up - 1 / up)
        prices = spot * up ** np.arange(-steps, steps + 1, 2)
        values = self.payoff(prices)
        for _ in range(steps):
            prices = prices[1:] / up
            values = np.exp(-rate * dt) * (q * values[1:] + (1 - q) * values[:-1])
            values = np.maximum(values, self.payoff(prices))
        return values[0]


class Call(Option):
    def payoff(self, spot):
        return np.maximum(spot - self.strike, 0.0)


class Put(Option):
    def payoff(self, spot):
        return np.maximum(self.strike - spot, 0.0)


@program(101.0, 97.5, 104.0, 1.0, 0.06, 0.25)
def american_straddle(spot, call_strike, put_strike, maturity, rate, sigma):
    portfolio = [Call(call_strike, maturity), Put(put_strike, maturity)]
    return sum(option.price(spot, rate, sigma) for option in portfolio)


def thomas(a, b, c, d):
    """Solve a tridiagonal system with the diagonals a, b, c."""
    n = len(d)
    cp = np.zeros(n)
    dp = np.zeros(n)
    cp[0] = c[0] / b[0]
    dp[0] = d[0] / b[0]
    for i in range(1, n):
        m = b[i] - a[i] * cp[i - 1]
        cp[i] = c[i] / m
        dp[i] = (d[i] - a[i] * dp[i - 1]) / m
    x = np.zeros(n)
    x[-1] = dp[-1]
    for i in range(n - 2, -1, -1):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return x


@program(53.0, 52.0, 0.04, 0.3, 0.75)
def crank_nicolson_put(S0, K, r, sigma, T):
    """The price of a put on a grid of prices, backwards in time, interpolated at today's price."""
    M, N, S_max = 12, 6, 150.0
    dt = T / N
    dS = S_max / M
    S = np.linspace(0.0, S_max, M + 1)
    V = np.maximum(K - S, 0.0)
    j = np.arange(1, M)
    alpha = 0.25 * dt * (sigma**2 * j**2 - r * j)
    beta = -0.5 * dt * (sigma**2 * j**2 + r)
    gamma = 0.25 * dt * (sigma**2 * j**2 + r * j)
    for step in range(N):
        rhs = alpha * V[:-2] + (1 + beta) * V[1:-1] + gamma * V[2:]
        boundary = K * np.exp(-r * (step + 1) * dt)
        rhs[0] += alpha[0] * boundary
        V = np.concatenate([[boundary], thomas(-alpha, 1 - beta, -gamma, rhs), [0.0]])
    k = int(S0 / dS)
    w = (S0 - S[k]) / dS
    return (1 - w) * V[k] + w * V[k + 1]


@program(np.array([0.1, 0.1, 0.8]), normal(20))
def garch_in_lists(theta, r):
    """The negative log-likelihood of GARCH(1, 1) with Gaussian innovations."""
    omega, alpha, beta = theta
    sigma2 = [np.var(r)]
    for t in range(1, len(r)):
        sigma2.append(omega + alpha * r[t - 1] ** 2 + beta * sigma2[-1])
    s = np.array(sigma2)
    return 0.5 * np.sum(np.log(2 * np.pi * s) + r**2 / s)


@program(100.0, 100.0, 1.0, 0.03, {"kappa": 1.5, "theta": 0.04, "xi": 0.1, "rho": -0.6, "v0": 0.05}, normal(4, 2, 16))
def heston_monte_carlo(S0, K, T, r, model, Z):
    """A call under stochastic volatility, by paths whose random numbers are given."""
    n_steps = len(Z)
    dt = T / n_steps
    S = np.full(Z.shape[2], S0)
    v = np.full(Z.shape[2], model["v0"])
    for z1, z2 in Z:
        w = model["rho"] * z1 + np.sqrt(1 - model["rho"] ** 2) * z2
        S = S * np.exp((r - 0.5 * v) * dt + np.sqrt(v * dt) * z1)
        v = np.abs(v + model["kappa"] * (model["theta"] - v) * dt + model["xi"] * np.sqrt(v * dt) * w)
    payoff = np.maximum(S - K, 0.0)
    return np.exp(-r * T) * np.mean(payoff)


@program([0.02, 0.025, 0.03, 0.032], 0.028, 100.0)
def yield_of_a_bond(zero_rates, coupon, face):
    """The yield that gives a bond the price that a curve of rates does, by Newton's method."""
    price = 0.0
    for year, rate in enumerate(zero_rates, start=1):
        cash = coupon * face + (face if year == len(zero_rates) else 0.0)
        price += cash / (1 + rate) ** year
    y = 0.05
    for _ in range(30):
        value, slope = -price, 0.0
        for year in range(1, len(zero_rates) + 1):
            cash = coupon * face + (face if year == len(zero_rates) else 0.0)
            value += cash / (1 + y) ** year
            slope -= year * cash / (1 + y) ** (year + 1)
        change = value / slope
        y -= change
        if abs(change) < 1e-14:
            break
    return y
