"""Calibrate a model of the market: Heston's stochastic volatility, from the prices of options.

Prices are integrals of a characteristic function of complex numbers; `scipy.optimize.least_squares` gets their Jacobian by the
five parameters from sct, and the risk that a trader hedges is a gradient, too. The prices are those of a market with known
parameters, rounded to cents. The picture has the smiles of volatility: `python options.py [picture.png]`. The formula is that
of Heston (1993), in the form of Albrecher et al., The little Heston trap (2007), integrated as by Lewis (2001).
"""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import brentq, least_squares
from scipy.special import ndtr
from tqdm import tqdm

import sct

SPOT, RATE = 100.0, 0.02
EXPIRIES = np.array([0.1, 0.25, 0.5, 1.0, 2.0])  # years
NAMES = ("reversion", "mean variance", "volatility of variance", "correlation", "variance now")
TRUE = np.array([1.8, 0.06, 0.55, -0.65, 0.04])
START = np.array([0.8, 0.09, 0.3, -0.2, 0.09])
LOW, HIGH = np.array([0.1, 0.005, 0.05, -0.98, 0.005]), np.array([8.0, 0.4, 2.0, 0.5, 0.4])

nodes, weights = np.polynomial.legendre.leggauss(96)
NODES, WEIGHTS = 60.0 * (nodes + 1.0), 60.0 * weights


def strikes(expiry):
    return SPOT * np.exp(np.linspace(-1.6, 1.2, 9) * 0.22 * np.sqrt(expiry + 0.1))


def characteristic(u, expiry, p):
    """Of the logarithm of the price at expiry over the forward."""
    reversion, mean, vol, correlation, now = p
    beta = reversion - 1j * correlation * vol * u
    d = np.sqrt(beta * beta + vol * vol * (u * u + 1j * u))
    g = (beta - d) / (beta + d)
    fade = np.exp(-d * expiry)
    level = (reversion * mean / vol**2) * ((beta - d) * expiry - 2.0 * np.log((1.0 - g * fade) / (1.0 - g)))
    return np.exp(level + now / vol**2 * (beta - d) * (1.0 - fade) / (1.0 - g * fade))


def price(p, spot, strike, expiry):
    """Of calls with these strikes."""
    forward = spot * np.exp(RATE * expiry)
    phi = characteristic(NODES - 0.5j, expiry, p)
    waves = np.exp(1j * np.outer(np.log(forward / strike), NODES))
    integral = (waves * phi).real @ (WEIGHTS / (NODES**2 + 0.25))
    return np.exp(-RATE * expiry) * (forward - np.sqrt(forward * strike) * integral / np.pi)


def misfits(p, market):
    """Model less market, for all expiries and strikes."""
    left = []
    for expiry, quotes in zip(EXPIRIES, market, strict=True):
        left.append(price(p, SPOT, strikes(expiry), expiry) - quotes)
    return np.concatenate(left)


def implied(value, strike, expiry):
    """The volatility by which the formula of Black and Scholes gives this price."""

    def off(volatility):
        d = (np.log(SPOT / strike) + (RATE + 0.5 * volatility**2) * expiry) / (volatility * np.sqrt(expiry))
        return SPOT * ndtr(d) - strike * np.exp(-RATE * expiry) * ndtr(d - volatility * np.sqrt(expiry)) - value

    return brentq(off, 1e-3, 3.0)


def smile(values, expiry):
    return [100.0 * implied(v, k, expiry) for v, k in zip(values, strikes(expiry), strict=True)]


def draw(market, found, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), layout="constrained", width_ratios=(1.5, 1))
    vegas = sct.jacobian(price, "p")
    for color, expiry, quotes in zip(plt.cm.plasma(np.linspace(0.0, 0.85, 5)), EXPIRIES, market, strict=True):
        k = strikes(expiry)
        left.plot(k, smile(quotes, expiry), "o", color=color, markersize=6, label=f"{expiry:g} years")
        left.plot(k, smile(price(found, SPOT, k, expiry), expiry), color=color, linewidth=1.5)
        left.plot(k, smile(price(START, SPOT, k, expiry), expiry), ":", color=color, alpha=0.6)
        between = np.linspace(k[0], k[-1], 60)
        right.plot(between, vegas(found, SPOT, between, expiry)[:, 4] / 100.0, color=color)
    left.set(title="implied volatility: market (dots), model before (dotted) and after", xlabel="strike", ylabel="%")
    left.legend(title="expiry")
    right.set(title="a call's value, for 0.01 more of variance now", xlabel="strike", ylabel="dollars")
    for axes in (left, right):
        axes.grid(alpha=0.25)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(path="options.png"):
    market = [np.round(price(TRUE, SPOT, strikes(expiry), expiry), 2) for expiry in EXPIRIES]
    sct.check_grads(misfits, (START, market), modes=("reverse", "forward"))
    with tqdm(desc="least_squares") as progress:

        def with_bar(p, market):
            left = misfits(p, market)
            progress.update()
            progress.set_postfix(off=f"{100.0 * np.sqrt(np.mean(left**2)):.2f} cents")
            return left

        by_sct = sct.jacobian(misfits)
        options = {"bounds": (LOW, HIGH), "x_scale": np.abs(START), "xtol": 1e-12, "ftol": 1e-12}
        found = least_squares(with_bar, START, by_sct, args=(market,), **options).x

    draw(market, found, path)
    for name, true, value in zip(NAMES, TRUE, found, strict=True):
        print(f"{name:>24}: {value:8.4f}, in truth {true}")
    off = np.sqrt(np.mean(misfits(found, market) ** 2))
    print(f"prices are off by {100.0 * off:.2f} cents; picture: {path}")
    if not (off < 0.01 and np.all(np.abs(found - TRUE) < 0.05 * np.abs(TRUE) + 0.005)):
        raise SystemExit("the market's parameters were not found")


if __name__ == "__main__":
    main(*sys.argv[1:])
