"""Distributions of scipy.stats, followed as what their densities and probabilities are made of, and statistics of samples.

Takes nothing; registers for each distribution what its methods are of the standard form, of z = (x − loc) / scale, from a line
for each of them. What SciPy gives outside of the support, and where a parameter is not positive, is given here as well.
Formulas are those of the documentation of scipy.stats, after Johnson, Kotz and Balakrishnan: Univariate Distributions.
"""

import functools
import inspect
from types import FunctionType

import numpy as np
from scipy import special, stats
from scipy.stats._distn_infrastructure import rv_continuous_frozen, rv_discrete_frozen, rv_frozen

from sct.errors import NoRuleError
from sct.ir.shapes import as_array
from sct.registry.compositions import as_written, composition, composition_of, compositions
from sct.registry.effects import effect
from sct.registry.refusals import refused
from sct.registry.rules import written

from ..arithmetic import is_literal
from . import followed

# ---------------------------------------------------------------------------------------------------------------------
# Arguments
# ---------------------------------------------------------------------------------------------------------------------


def numbers(x):
    """A number, or an array in double precision, in which SciPy works."""
    return x if isinstance(x, (int, float)) else np.asarray(x, float)


def valid(z, condition):
    """z where its parameters are what they have to be, and NaN elsewhere."""
    return z if is_literal(condition) and condition else np.where(condition, z, np.nan)


def shifted(x, loc):
    """x − loc."""
    return numbers(x) if is_literal(loc) and loc == 0 else numbers(x) - numbers(loc)


def scaled(x, loc, scale):
    """(x − loc) / scale, NaN where the scale is not positive."""
    z = shifted(x, loc)
    if is_literal(scale) and scale == 1:
        return z
    scale = numbers(scale)
    return valid(z / scale, scale > 0)


def of_scale(density, scale):
    """The density by x of the density by z."""
    return density if is_literal(scale) and scale == 1 else density / numbers(scale)


def of_log_scale(density, scale):
    """The logarithm of the density by x of that by z."""
    return density if is_literal(scale) and scale == 1 else density - np.log(numbers(scale))


def placed(z, loc, scale):
    """x = loc + scale z, NaN where the scale is not positive."""
    if not (is_literal(scale) and scale == 1):
        scale = numbers(scale)
        z = valid(z * scale, scale > 0)
    return z if is_literal(loc) and loc == 0 else z + numbers(loc)


def over_itself(f_of_u, u, second, third, fourth, fifth):
    """f(u) / u, where f(u) = u + second u² + … near 0."""
    near = np.abs(u) < 1e-3
    series = 1.0 + u * (second + u * (third + u * (fourth + u * fifth)))
    return np.where(near, series, f_of_u / np.where(near, 1.0, u))


def log1p_over(u):
    """log(1 + u) / u, which is 1 at 0."""
    return over_itself(np.log1p(u), u, -1.0 / 2.0, 1.0 / 3.0, -1.0 / 4.0, 1.0 / 5.0)


def expm1_over(u):
    """(exp(u) − 1) / u, which is 1 at 0."""
    return over_itself(np.expm1(u), u, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0)


def log_mass(a, b):
    """log(Φ(b) − Φ(a)) of the normal distribution, in the tail if both are in one."""
    right = a > 0
    low, high = np.where(right, -b, a), np.where(right, -a, b)
    tail = high <= 0
    at_high = special.log_ndtr(high)
    in_tail = at_high + np.log1p(-np.exp(special.log_ndtr(low) - at_high))
    return np.where(tail, in_tail, np.log1p(-special.ndtr(low) - special.ndtr(-high)))


def truncated_quantile(q, a, b):
    """The z with Φ(z) = Φ(a) + q (Φ(b) − Φ(a)), from the side of the tail that the interval is in."""
    mass = log_mass(a, b)
    from_left = special.ndtri_exp(np.logaddexp(special.log_ndtr(a), np.log(q) + mass))
    from_right = -special.ndtri_exp(np.logaddexp(special.log_ndtr(-b), np.log1p(-q) + mass))
    return np.where(a < 0, from_left, from_right)


# ---------------------------------------------------------------------------------------------------------------------
# Distributions as objects
# ---------------------------------------------------------------------------------------------------------------------

_METHODS = "logpdf pdf logpmf pmf cdf logcdf sf logsf ppf isf"


class Frozen:
    """A distribution with its parameters, as a call of one gives it."""

    __sct_stands_for__ = rv_frozen

    def __init__(self, distribution, args, kwargs):
        self.distribution = distribution
        self.args = args
        self.kwds = kwargs

    def logpdf(self, x):
        return self.distribution.logpdf(x, *self.args, **self.kwds)

    def pdf(self, x):
        return self.distribution.pdf(x, *self.args, **self.kwds)

    def logpmf(self, k):
        return self.distribution.logpmf(k, *self.args, **self.kwds)

    def pmf(self, k):
        return self.distribution.pmf(k, *self.args, **self.kwds)

    def cdf(self, x):
        return self.distribution.cdf(x, *self.args, **self.kwds)

    def logcdf(self, x):
        return self.distribution.logcdf(x, *self.args, **self.kwds)

    def sf(self, x):
        return self.distribution.sf(x, *self.args, **self.kwds)

    def logsf(self, x):
        return self.distribution.logsf(x, *self.args, **self.kwds)

    def ppf(self, q):
        return self.distribution.ppf(q, *self.args, **self.kwds)

    def isf(self, q):
        return self.distribution.isf(q, *self.args, **self.kwds)


def refuse(reason, *functions):
    """Refuse functions, of which some draw random numbers, or call a function that is given to them."""
    effect("acts", *functions)
    refused(reason, *functions)


def _methods_of(distribution):
    """The public methods of a distribution."""
    found = (getattr(distribution, name) for name in dir(distribution) if not name.startswith("_"))
    return [method for method in found if callable(method)]


def as_object(distribution, methods):
    """Follow a call of a distribution as what keeps its parameters, and say of its other methods that they are not followed."""

    @composition(distribution)
    def frozen(*args, **kwargs):
        return Frozen(distribution, args, kwargs)

    frozen.__doc__ = f"Its methods {', '.join(sorted(methods))}."
    refuse(_NOT_FOLLOWED, *(method for method in _methods_of(distribution) if method.__name__ not in methods))


_NOT_FOLLOWED = (
    f"Of this distribution {', '.join(_METHODS.split())} are differentiated, as far as functions of SciPy's give them."
)

_NAMES = {
    "np": np,
    "special": special,
    "numbers": numbers,
    "valid": valid,
    "shifted": shifted,
    "scaled": scaled,
    "of_scale": of_scale,
    "of_log_scale": of_log_scale,
    "placed": placed,
    "log1p_over": log1p_over,
    "expm1_over": expm1_over,
    "log_mass": log_mass,
    "truncated_quantile": truncated_quantile,
    "__name__": __name__,
}


def _register(distribution, method, parameters, lines):
    """Register what a method of a distribution is followed as, by the lines of a function."""
    name = f"{distribution.name}_{method}"
    text = f"def {name}({', '.join(parameters)}):\n" + "".join(f"    {line}\n" for line in lines)
    made = written(name, text, f"<sct rule scipy.stats.{distribution.name}.{method}>", _NAMES)
    composition(getattr(distribution, method), rounded=True)(made)


def _within(below, above, at, low, high, expression, z="z"):
    """An expression of z within the support; what it is below and above, which is worked out at a point inside."""
    parts = [part for part in (below, above) if part]
    if not parts:
        return [f"return {expression}"]
    lines = [f"outside = {' | '.join(f'({p})' for p in parts) if len(parts) > 1 else parts[0]}"]
    value = low if low == high or not above else high if not below else f"np.where({below}, {low}, {high})"
    return [*lines, f"value = {value}", f"z = np.where(outside, {at}, {z})", f"return np.where(outside, value, {expression})"]


_AT_ENDS = {"logpdf": ("-np.inf", "-np.inf"), "pdf": ("0.0", "0.0"), "cdf": ("0.0", "1.0"), "sf": ("1.0", "0.0")}
_AT_ENDS |= {"logcdf": ("-np.inf", "0.0"), "logsf": ("0.0", "-np.inf"), "logpmf": ("-np.inf",) * 2, "pmf": ("0.0",) * 2}


def _parameters(shapes):
    """The parameters of a distribution, lines that make numbers of them, and lines that leave z out where one is not as it has
    to be."""
    named = dict(part.split(": ") for part in shapes.split(", ") if part)
    return (
        [*named],
        [f"{name} = numbers({name})" for name in named],
        [f"z = valid(z, {c})" for c in named.values() if c != "any"],
    )


def continuous(distribution, shapes="", below="", above="", at="1.0", **methods):
    """Register a continuous distribution.

    `shapes`: its parameters, each with what it has to be (`a: a > 0`), or `any`. `below` and `above`: the conditions of z that
    are outside of its support; `at`: a point inside. `methods`: expressions of z, or of q, a probability.
    """
    methods = _completed(methods)
    as_object(distribution, methods)
    names, made, checked = _parameters(shapes)
    for method, expression in methods.items():
        if method in ("ppf", "isf"):
            checked_q = [line.replace("z", "q", 2) for line in checked]
            lines = [*made, "q = numbers(q)", "q = valid(q, (q >= 0) & (q <= 1))", *checked_q]
            lines.append(f"return placed({expression}, loc, scale)")
            _register(distribution, method, ["q", *names, "loc=0", "scale=1"], lines)
        else:
            around = {"logpdf": "of_log_scale({}, scale)", "pdf": "of_scale({}, scale)"}.get(method, "{}")
            inner = _within(below, above, at, *_AT_ENDS[method], around.format(expression))
            lines = [*made, "z = scaled(x, loc, scale)", *checked, *inner]
            _register(distribution, method, ["x", *names, "loc=0", "scale=1"], lines)


_MADE_OF = {"pdf": ("np.exp", "logpdf"), "pmf": ("np.exp", "logpmf"), "logcdf": ("np.log", "cdf"), "logsf": ("np.log", "sf")}


def _completed(methods):
    """The methods of a distribution with those that are exponentials or logarithms of others; without those that are None."""
    more = {name: f"{f}({methods[of]})" for name, (f, of) in _MADE_OF.items() if of in methods}
    return {name: expression for name, expression in {**more, **methods}.items() if expression is not None}


def discrete(distribution, shapes, below, above="", **methods):
    """Register a distribution of whole numbers k; its expressions are of z = k − loc, rounded down."""
    methods = _completed(methods)
    as_object(distribution, methods)
    names, made, checked = _parameters(shapes)
    for method, expression in methods.items():
        if method in ("pmf", "logpmf"):
            start = ["z = shifted(k, loc)", *checked, "whole = np.floor(z)"]
            inner = _within(f"({below}) | (z > whole)", above, "1.0", *_AT_ENDS[method], expression, "whole")
        else:
            start = ["z = np.floor(shifted(k, loc))", *checked]
            inner = _within(below, above, "1.0", *_AT_ENDS[method], expression)
        _register(distribution, method, ["k", *names, "loc=0"], [*made, *start, *inner])


# ---------------------------------------------------------------------------------------------------------------------
# Continuous ones
# ---------------------------------------------------------------------------------------------------------------------

_LOG_ROOT = "0.9189385332046727"  # log √(2π)
_HALF_LINE = {"below": "z < 0", "at": "1.0"}
_OPEN_HALF_LINE = {"below": "z <= 0", "at": "1.0"}
_UNIT = {"below": "z < 0", "above": "z > 1", "at": "0.5"}

continuous(
    stats.norm,
    logpdf=f"-0.5 * (z * z) - {_LOG_ROOT}",
    pdf="0.3989422804014327 * np.exp(-0.5 * (z * z))",
    cdf="special.ndtr(z)",
    sf="special.ndtr(-z)",
    logcdf="special.log_ndtr(z)",
    logsf="special.log_ndtr(-z)",
    ppf="special.ndtri(q)",
    isf="-special.ndtri(q)",
)
continuous(
    stats.t,
    "df: df > 0",
    logpdf="-0.5 * (df + 1.0) * np.log1p(z * z / df) - 0.5 * np.log(df) - special.betaln(0.5, 0.5 * df)",
    cdf="special.stdtr(df, z)",
    sf="special.stdtr(df, -z)",
    ppf="np.where(q == 0, -np.inf, special.stdtrit(df, q))",
    isf="np.where(q == 0, np.inf, -special.stdtrit(df, q))",
)
continuous(
    stats.chi2,
    "df: df > 0",
    **_HALF_LINE,
    logpdf="special.xlogy(0.5 * df - 1.0, z) - 0.5 * z - special.gammaln(0.5 * df) - 0.34657359027997264 * df",  # log 2 / 2
    cdf="special.chdtr(df, z)",
    sf="special.chdtrc(df, z)",
    ppf="2.0 * special.gammaincinv(0.5 * df, q)",
    isf="special.chdtri(df, q)",
)
continuous(
    stats.gamma,
    "a: a > 0",
    **_HALF_LINE,
    logpdf="special.xlogy(a - 1.0, z) - z - special.gammaln(a)",
    cdf="special.gammainc(a, z)",
    sf="special.gammaincc(a, z)",
    ppf="special.gammaincinv(a, q)",
    isf="special.gammainccinv(a, q)",
)
continuous(
    stats.invgamma,
    "a: a > 0",
    **_OPEN_HALF_LINE,
    logpdf="-(a + 1.0) * np.log(z) - special.gammaln(a) - 1.0 / z",
    cdf="special.gammaincc(a, 1.0 / z)",
    sf="special.gammainc(a, 1.0 / z)",
    ppf="1.0 / special.gammainccinv(a, q)",
    isf="1.0 / special.gammaincinv(a, q)",
)
continuous(
    stats.beta,
    "a: a > 0, b: b > 0",
    below="z < 0",
    above="z > 1",
    at="0.5",
    logpdf="special.xlog1py(b - 1.0, -z) + special.xlogy(a - 1.0, z) - special.betaln(a, b)",
    cdf="special.betainc(a, b, z)",
    sf="special.betaincc(a, b, z)",
    ppf="special.betaincinv(a, b, q)",
    isf="special.betainccinv(a, b, q)",
)
continuous(
    stats.f,
    "dfn: dfn > 0, dfd: dfd > 0",
    **_HALF_LINE,
    above="z == np.inf",
    logpdf="0.5 * dfd * np.log(dfd) + 0.5 * dfn * np.log(dfn) + special.xlogy(0.5 * dfn - 1.0, z)"
    " - 0.5 * (dfn + dfd) * np.log(dfd + dfn * z) - special.betaln(0.5 * dfn, 0.5 * dfd)",
    cdf="special.fdtr(dfn, dfd, z)",
    sf="special.fdtrc(dfn, dfd, z)",
    ppf="special.fdtri(dfn, dfd, q)",
    isf="special.fdtri(dfn, dfd, 1.0 - q)",
)
continuous(
    stats.expon,
    **_HALF_LINE,
    logpdf="-z",
    cdf="-np.expm1(-z)",
    sf="np.exp(-z)",
    logsf="-z",
    ppf="-np.log1p(-q)",
    isf="-np.log(q)",
)
continuous(
    stats.uniform,
    **_UNIT,
    logpdf="0.0 * z",
    pdf="1.0 + 0.0 * z",
    cdf="z",
    sf="1.0 - z",
    ppf="q",
    isf="1.0 - q",
)
continuous(
    stats.lognorm,
    "s: s > 0",
    **_OPEN_HALF_LINE,
    logpdf=f"-0.5 * (np.log(z) / s) ** 2 - np.log(s * z) - {_LOG_ROOT}",
    cdf="special.ndtr(np.log(z) / s)",
    sf="special.ndtr(-np.log(z) / s)",
    logcdf="special.log_ndtr(np.log(z) / s)",
    logsf="special.log_ndtr(-np.log(z) / s)",
    ppf="np.exp(s * special.ndtri(q))",
    isf="np.exp(-s * special.ndtri(q))",
)
continuous(
    stats.laplace,
    logpdf="-np.abs(z) - 0.6931471805599453",
    pdf="0.5 * np.exp(-np.abs(z))",
    cdf="np.where(z > 0, 1.0 - 0.5 * np.exp(-np.where(z > 0, z, 0.0)), 0.5 * np.exp(np.where(z > 0, 0.0, z)))",
    sf="np.where(z > 0, 0.5 * np.exp(-np.where(z > 0, z, 0.0)), 1.0 - 0.5 * np.exp(np.where(z > 0, 0.0, z)))",
    ppf="np.where(q > 0.5, -np.log(2.0 * (1.0 - q)), np.log(2.0 * q))",
    isf="np.where(q > 0.5, np.log(2.0 * (1.0 - q)), -np.log(2.0 * q))",
)
continuous(
    stats.logistic,
    logpdf="special.log_expit(z) + special.log_expit(-z)",
    pdf="special.expit(z) * special.expit(-z)",
    cdf="special.expit(z)",
    sf="special.expit(-z)",
    logcdf="special.log_expit(z)",
    logsf="special.log_expit(-z)",
    ppf="special.logit(q)",
    isf="-special.logit(q)",
)
continuous(
    stats.cauchy,
    logpdf="-np.log1p(z * z) - 1.1447298858494002",  # log π
    pdf="1.0 / (np.pi * (1.0 + z * z))",
    cdf="np.arctan2(1.0, -z) / np.pi",
    sf="np.arctan2(1.0, z) / np.pi",
    ppf="np.where(q < 0.5, -1.0 / np.tan(np.pi * q), 1.0 / np.tan(np.pi * (1.0 - q)))",
    isf="np.where(q < 0.5, 1.0 / np.tan(np.pi * q), -1.0 / np.tan(np.pi * (1.0 - q)))",
)
continuous(
    stats.halfcauchy,
    **_HALF_LINE,
    logpdf="-np.log1p(z * z) - 0.4515827052894548",  # log(π / 2)
    pdf="2.0 / (np.pi * (1.0 + z * z))",
    cdf="2.0 / np.pi * np.arctan(z)",
    sf="2.0 / np.pi * np.arctan2(1.0, z)",
    ppf="1.0 / np.tan(0.5 * np.pi * (1.0 - q))",
    isf="1.0 / np.tan(0.5 * np.pi * q)",
)
continuous(
    stats.halfnorm,
    **_HALF_LINE,
    logpdf="-0.5 * (z * z) - 0.2257913526447274",  # log √(π / 2)
    pdf="0.7978845608028654 * np.exp(-0.5 * (z * z))",
    cdf="special.erf(0.7071067811865476 * z)",
    sf="2.0 * special.ndtr(-z)",
    ppf="special.ndtri(0.5 * (1.0 + q))",
    isf="-special.ndtri(0.5 * q)",
)
continuous(
    stats.rayleigh,
    **_HALF_LINE,
    above="z == np.inf",
    logpdf="np.log(z) - 0.5 * (z * z)",
    pdf="z * np.exp(-0.5 * (z * z))",
    cdf="-np.expm1(-0.5 * (z * z))",
    sf="np.exp(-0.5 * (z * z))",
    logsf="-0.5 * (z * z)",
    ppf="np.sqrt(-2.0 * np.log1p(-q))",
    isf="np.sqrt(-2.0 * np.log(q))",
)
continuous(
    stats.pareto,
    "b: b > 0",
    below="z < 1",
    at="1.0",
    logpdf="np.log(b) - (b + 1.0) * np.log(z)",
    cdf="-np.expm1(-b * np.log(z))",
    sf="z ** -b",
    logsf="-b * np.log(z)",
    ppf="(1.0 - q) ** (-1.0 / b)",
    isf="q ** (-1.0 / b)",
)
continuous(
    stats.weibull_min,
    "c: c > 0",
    **_HALF_LINE,
    logpdf="np.log(c) + special.xlogy(c - 1.0, z) - z**c",
    cdf="-np.expm1(-(z**c))",
    sf="np.exp(-(z**c))",
    logsf="-(z**c)",
    ppf="(-np.log1p(-q)) ** (1.0 / c)",
    isf="(-np.log(q)) ** (1.0 / c)",
)
continuous(
    stats.gumbel_r,
    logpdf="-z - np.exp(-z)",
    cdf="np.exp(-np.exp(-z))",
    logcdf="-np.exp(-z)",
    sf="-np.expm1(-np.exp(-z))",
    ppf="-np.log(-np.log(q))",
    isf="-np.log(-np.log1p(-q))",
)
continuous(
    stats.gumbel_l,
    logpdf="z - np.exp(z)",
    cdf="-np.expm1(-np.exp(z))",
    sf="np.exp(-np.exp(z))",
    logsf="-np.exp(z)",
    ppf="np.log(-np.log1p(-q))",
    isf="np.log(-np.log(q))",
)
_NEAR = "special.log_ndtr((z / mu - 1.0) / np.sqrt(z))"
_FAR = "(2.0 / mu + special.log_ndtr(-(z / mu + 1.0) / np.sqrt(z)))"
continuous(
    stats.invgauss,
    "mu: mu > 0",
    **_OPEN_HALF_LINE,
    above="z == np.inf",
    logpdf=f"-1.5 * np.log(z) - 0.5 * ((z - mu) / mu) ** 2 / z - {_LOG_ROOT}",
    logcdf=f"np.logaddexp({_NEAR}, {_FAR})",
    cdf=f"np.exp(np.logaddexp({_NEAR}, {_FAR}))",
)
continuous(
    stats.skewnorm,
    "a: any",
    logpdf=f"special.log_ndtr(a * z) - 0.5 * (z * z) - {_LOG_ROOT} + 0.6931471805599453",
    cdf="special.ndtr(z) - 2.0 * special.owens_t(z, a)",
    sf="special.ndtr(-z) + 2.0 * special.owens_t(z, a)",
    logcdf=None,
    logsf=None,
)
continuous(
    stats.vonmises,
    "kappa: kappa >= 0",
    logpdf="kappa * special.cosm1(z) - 1.8378770664093453 - np.log(special.i0e(kappa))",  # log 2π
)

# -- cut off, and of a form that a parameter chooses ------------------------------------------------------------------

continuous(
    stats.truncnorm,
    "a: any, b: b > a",
    below="z < a",
    above="z > b",
    at="np.clip(0.0, a, b)",
    logpdf=f"-0.5 * (z * z) - {_LOG_ROOT} - log_mass(a, b)",
    logcdf="log_mass(a, z) - log_mass(a, b)",
    cdf="np.exp(log_mass(a, z) - log_mass(a, b))",
    logsf="log_mass(z, b) - log_mass(a, b)",
    sf="np.exp(log_mass(z, b) - log_mass(a, b))",
    ppf="truncated_quantile(q, a, b)",
)
continuous(
    stats.truncexpon,
    "b: b > 0",
    below="z < 0",
    above="z > b",
    at="0.5 * b",
    logpdf="-z - np.log(-np.expm1(-b))",
    cdf="np.expm1(-z) / np.expm1(-b)",
    sf="(np.exp(-b) - np.exp(-z)) / np.expm1(-b)",
    ppf="-np.log1p(q * np.expm1(-b))",
)
continuous(
    stats.genextreme,
    "c: any",
    below="(c < 0) & (c * z >= 1)",
    above="((c > 0) & (c * z >= 1)) | (z == np.inf)",
    at="0.0",
    logpdf="-np.exp(-z * log1p_over(-c * z)) - z * log1p_over(-c * z) - np.log1p(-c * z)",
    logcdf="-np.exp(-z * log1p_over(-c * z))",
    cdf="np.exp(-np.exp(-z * log1p_over(-c * z)))",
    sf="-np.expm1(-np.exp(-z * log1p_over(-c * z)))",
    ppf="-np.log(-np.log(q)) * expm1_over(c * np.log(-np.log(q)))",
    isf="-np.log(-np.log1p(-q)) * expm1_over(c * np.log(-np.log1p(-q)))",
)
continuous(
    stats.genpareto,
    "c: any",
    below="z < 0",
    above="((c < 0) & (c * z <= -1)) | (z == np.inf)",
    at="0.0",
    logpdf="-z * log1p_over(c * z) - np.log1p(c * z)",
    logsf="-z * log1p_over(c * z)",
    sf="np.exp(-z * log1p_over(c * z))",
    cdf="-np.expm1(-z * log1p_over(c * z))",
    ppf="-np.log1p(-q) * expm1_over(-c * np.log1p(-q))",
    isf="-np.log(q) * expm1_over(-c * np.log(q))",
)
continuous(
    stats.gengamma,
    "a: a > 0, c: c != 0",
    **_OPEN_HALF_LINE,
    logpdf="np.log(np.abs(c)) + special.xlogy(c * a - 1.0, z) - z**c - special.gammaln(a)",
    cdf="np.where(c > 0, special.gammainc(a, z**c), special.gammaincc(a, z**c))",
    sf="np.where(c > 0, special.gammaincc(a, z**c), special.gammainc(a, z**c))",
    ppf="np.where(c > 0, special.gammaincinv(a, q), special.gammainccinv(a, q)) ** (1.0 / c)",
    isf="np.where(c > 0, special.gammainccinv(a, q), special.gammaincinv(a, q)) ** (1.0 / c)",
)

# -- of normal variables ----------------------------------------------------------------------------------------------

continuous(
    stats.exponnorm,
    "K: K > 0",
    logpdf="(0.5 / K - z) / K + special.log_ndtr(z - 1.0 / K) - np.log(K)",
    cdf="special.ndtr(z) - np.exp((0.5 / K - z) / K + special.log_ndtr(z - 1.0 / K))",
    sf="special.ndtr(-z) + np.exp((0.5 / K - z) / K + special.log_ndtr(z - 1.0 / K))",
)
continuous(
    stats.johnsonsu,
    "a: any, b: b > 0",
    logpdf=f"np.log(b) - 0.5 * np.log1p(z * z) - 0.5 * (a + b * np.arcsinh(z)) ** 2 - {_LOG_ROOT}",
    cdf="special.ndtr(a + b * np.arcsinh(z))",
    sf="special.ndtr(-a - b * np.arcsinh(z))",
    ppf="np.sinh((special.ndtri(q) - a) / b)",
    isf="np.sinh((-special.ndtri(q) - a) / b)",
)
continuous(
    stats.johnsonsb,
    "a: any, b: b > 0",
    below="z <= 0",
    above="z >= 1",
    at="0.5",
    logpdf=f"np.log(b) - np.log(z * (1.0 - z)) - 0.5 * (a + b * special.logit(z)) ** 2 - {_LOG_ROOT}",
    cdf="special.ndtr(a + b * special.logit(z))",
    sf="special.ndtr(-a - b * special.logit(z))",
    ppf="special.expit((special.ndtri(q) - a) / b)",
    isf="special.expit((-special.ndtri(q) - a) / b)",
)
continuous(
    stats.foldnorm,
    "c: c >= 0",
    **_HALF_LINE,
    logpdf=f"np.log1p(np.exp(-2.0 * c * z)) - 0.5 * (z - c) ** 2 - {_LOG_ROOT}",
    cdf="0.5 * (special.erf(0.7071067811865476 * (z - c)) + special.erf(0.7071067811865476 * (z + c)))",
    sf="special.ndtr(c - z) + special.ndtr(-z - c)",
)
continuous(
    stats.powernorm,
    "c: c > 0",
    logpdf=f"np.log(c) - 0.5 * (z * z) - {_LOG_ROOT} + (c - 1.0) * special.log_ndtr(-z)",
    cdf="-np.expm1(c * special.log_ndtr(-z))",
    sf="np.exp(c * special.log_ndtr(-z))",
    logsf="c * special.log_ndtr(-z)",
    ppf="-special.ndtri((1.0 - q) ** (1.0 / c))",
)
continuous(
    stats.fatiguelife,
    "c: c > 0",
    **_OPEN_HALF_LINE,
    above="z == np.inf",
    logpdf=f"np.log(z + 1.0) - (z - 1.0) ** 2 / (2.0 * z * c * c) - np.log(2.0 * c) - {_LOG_ROOT} - 1.5 * np.log(z)",
    cdf="special.ndtr((np.sqrt(z) - 1.0 / np.sqrt(z)) / c)",
    sf="special.ndtr((1.0 / np.sqrt(z) - np.sqrt(z)) / c)",
    ppf="0.25 * (c * special.ndtri(q) + np.sqrt((c * special.ndtri(q)) ** 2 + 4.0)) ** 2",
    isf="0.25 * (-c * special.ndtri(q) + np.sqrt((c * special.ndtri(q)) ** 2 + 4.0)) ** 2",
)
continuous(
    stats.levy,
    **_OPEN_HALF_LINE,
    above="z == np.inf",
    logpdf=f"-0.5 / z - 1.5 * np.log(z) - {_LOG_ROOT}",
    cdf="special.erfc(np.sqrt(0.5 / z))",
    sf="special.erf(np.sqrt(0.5 / z))",
    ppf="special.ndtri(0.5 * q) ** -2.0",
)
continuous(
    stats.moyal,
    logpdf=f"-0.5 * (z + np.exp(-z)) - {_LOG_ROOT}",
    cdf="special.erfc(0.7071067811865476 * np.exp(-0.5 * z))",
    sf="special.erf(0.7071067811865476 * np.exp(-0.5 * z))",
    ppf="-np.log(2.0 * special.erfcinv(q) ** 2)",
)

# -- of gamma and beta variables --------------------------------------------------------------------------------------

continuous(
    stats.chi,
    "df: df > 0",
    **_HALF_LINE,
    logpdf="0.6931471805599453 * (1.0 - 0.5 * df) - special.gammaln(0.5 * df) + special.xlogy(df - 1.0, z) - 0.5 * z * z",
    cdf="special.gammainc(0.5 * df, 0.5 * z * z)",
    sf="special.gammaincc(0.5 * df, 0.5 * z * z)",
    ppf="np.sqrt(2.0 * special.gammaincinv(0.5 * df, q))",
    isf="np.sqrt(2.0 * special.gammainccinv(0.5 * df, q))",
)
continuous(
    stats.maxwell,
    **_HALF_LINE,
    above="z == np.inf",
    logpdf="2.0 * np.log(z) - 0.5 * z * z - 0.2257913526447274",  # log √(π / 2)
    cdf="special.gammainc(1.5, 0.5 * z * z)",
    sf="special.gammaincc(1.5, 0.5 * z * z)",
    ppf="np.sqrt(2.0 * special.gammaincinv(1.5, q))",
    isf="np.sqrt(2.0 * special.gammainccinv(1.5, q))",
)
continuous(
    stats.nakagami,
    "nu: nu > 0",
    **_HALF_LINE,
    logpdf="0.6931471805599453 + special.xlogy(nu, nu) - special.gammaln(nu) + special.xlogy(2.0 * nu - 1.0, z) - nu * z * z",
    cdf="special.gammainc(nu, nu * z * z)",
    sf="special.gammaincc(nu, nu * z * z)",
    ppf="np.sqrt(special.gammaincinv(nu, q) / nu)",
    isf="np.sqrt(special.gammainccinv(nu, q) / nu)",
)
continuous(
    stats.loggamma,
    "c: c > 0",
    logpdf="c * z - np.exp(z) - special.gammaln(c)",
    cdf="special.gammainc(c, np.exp(z))",
    sf="special.gammaincc(c, np.exp(z))",
    ppf="np.log(special.gammaincinv(c, q))",
    isf="np.log(special.gammainccinv(c, q))",
)
continuous(
    stats.gennorm,
    "beta: beta > 0",
    logpdf="np.log(0.5 * beta) - special.gammaln(1.0 / beta) - np.abs(z) ** beta",
    cdf="0.5 + 0.5 * np.sign(z) * special.gammainc(1.0 / beta, np.abs(z) ** beta)",
    sf="0.5 - 0.5 * np.sign(z) * special.gammainc(1.0 / beta, np.abs(z) ** beta)",
    logcdf=None,
    logsf=None,
)
continuous(
    stats.betaprime,
    "a: a > 0, b: b > 0",
    **_HALF_LINE,
    above="z == np.inf",
    logpdf="special.xlogy(a - 1.0, z) - special.xlog1py(a + b, z) - special.betaln(a, b)",
    cdf="special.betaincc(b, a, 1.0 / (1.0 + z))",
    sf="special.betainc(b, a, 1.0 / (1.0 + z))",
)

# -- of powers and exponentials ---------------------------------------------------------------------------------------

continuous(
    stats.weibull_max,
    "c: c > 0",
    above="z > 0",
    at="-1.0",
    logpdf="np.log(c) + special.xlogy(c - 1.0, -z) - (-z) ** c",
    cdf="np.exp(-((-z) ** c))",
    logcdf="-((-z) ** c)",
    sf="-np.expm1(-((-z) ** c))",
    ppf="-((-np.log(q)) ** (1.0 / c))",
)
continuous(
    stats.exponweib,
    "a: a > 0, c: c > 0",
    **_HALF_LINE,
    logpdf="np.log(a) + np.log(c) + special.xlogy(a - 1.0, -np.expm1(-(z**c))) - z**c + special.xlogy(c - 1.0, z)",
    cdf="(-np.expm1(-(z**c))) ** a",
    ppf="(-np.log1p(-(q ** (1.0 / a)))) ** (1.0 / c)",
)
continuous(
    stats.invweibull,
    "c: c > 0",
    **_OPEN_HALF_LINE,
    above="z == np.inf",
    logpdf="np.log(c) - (c + 1.0) * np.log(z) - z**-c",
    cdf="np.exp(-(z**-c))",
    logcdf="-(z**-c)",
    sf="-np.expm1(-(z**-c))",
    ppf="(-np.log(q)) ** (-1.0 / c)",
    isf="(-np.log1p(-q)) ** (-1.0 / c)",
)
continuous(
    stats.fisk,
    "c: c > 0",
    **_HALF_LINE,
    above="z == np.inf",
    logpdf="np.log(c) + special.xlogy(c - 1.0, z) - 2.0 * np.log1p(z**c)",
    cdf="z**c / (1.0 + z**c)",
    sf="1.0 / (1.0 + z**c)",
    ppf="(1.0 / q - 1.0) ** (-1.0 / c)",
    isf="(1.0 / q - 1.0) ** (1.0 / c)",
)
continuous(
    stats.burr12,
    "c: c > 0, d: d > 0",
    **_HALF_LINE,
    above="z == np.inf",
    logpdf="np.log(c) + np.log(d) + special.xlogy(c - 1.0, z) - (d + 1.0) * np.log1p(z**c)",
    cdf="-np.expm1(-d * np.log1p(z**c))",
    sf="np.exp(-d * np.log1p(z**c))",
    logsf="-d * np.log1p(z**c)",
    ppf="np.expm1(-np.log1p(-q) / d) ** (1.0 / c)",
)
continuous(
    stats.lomax,
    "c: c > 0",
    **_HALF_LINE,
    logpdf="np.log(c) - (c + 1.0) * np.log1p(z)",
    cdf="-np.expm1(-c * np.log1p(z))",
    sf="np.exp(-c * np.log1p(z))",
    logsf="-c * np.log1p(z)",
    ppf="np.expm1(-np.log1p(-q) / c)",
    isf="q ** (-1.0 / c) - 1.0",
)
continuous(
    stats.powerlaw,
    "a: a > 0",
    **_UNIT,
    logpdf="np.log(a) + special.xlogy(a - 1.0, z)",
    cdf="z**a",
    logcdf="a * np.log(z)",
    sf="-special.powm1(z, a)",
    ppf="q ** (1.0 / a)",
)
continuous(
    stats.gompertz,
    "c: c > 0",
    **_HALF_LINE,
    above="z == np.inf",
    logpdf="np.log(c) + z - c * np.expm1(z)",
    cdf="-np.expm1(-c * np.expm1(z))",
    sf="np.exp(-c * np.expm1(z))",
    logsf="-c * np.expm1(z)",
    ppf="np.log1p(-np.log1p(-q) / c)",
    isf="np.log1p(-np.log(q) / c)",
)
continuous(
    stats.genlogistic,
    "c: c > 0",
    logpdf="np.log(c) + c * special.log_expit(z) + special.log_expit(-z)",
    cdf="np.exp(c * special.log_expit(z))",
    logcdf="c * special.log_expit(z)",
    sf="-np.expm1(c * special.log_expit(z))",
    ppf="-np.log(special.powm1(q, -1.0 / c))",
)
continuous(
    stats.halflogistic,
    **_HALF_LINE,
    logpdf="0.6931471805599453 - z - 2.0 * np.log1p(np.exp(-z))",
    cdf="np.tanh(0.5 * z)",
    sf="2.0 * special.expit(-z)",
    ppf="2.0 * np.arctanh(q)",
)
continuous(
    stats.hypsecant,
    logpdf="-np.logaddexp(z, -z) - 0.4515827052894548",  # log(π / 2)
    cdf="2.0 / np.pi * np.arctan(np.exp(z))",
    sf="2.0 / np.pi * np.arctan(np.exp(-z))",
    ppf="np.log(np.tan(0.5 * np.pi * q))",
    isf="-np.log(np.tan(0.5 * np.pi * q))",
)
continuous(
    stats.laplace_asymmetric,
    "kappa: kappa > 0",
    logpdf="z * np.where(z >= 0, -kappa, 1.0 / kappa) - np.log(kappa + 1.0 / kappa)",
    cdf="np.where(z >= 0, 1.0 - np.exp(-np.where(z >= 0, z, 0.0) * kappa) / (1.0 + kappa * kappa),"
    " np.exp(np.where(z >= 0, 0.0, z) / kappa) * (kappa * kappa / (1.0 + kappa * kappa)))",
    sf="np.where(z >= 0, np.exp(-np.where(z >= 0, z, 0.0) * kappa) / (1.0 + kappa * kappa),"
    " 1.0 - np.exp(np.where(z >= 0, 0.0, z) / kappa) * (kappa * kappa / (1.0 + kappa * kappa)))",
)
for _log_uniform in (stats.loguniform, stats.reciprocal):
    continuous(
        _log_uniform,
        "a: a > 0, b: b > a",
        below="z < a",
        above="z > b",
        at="a",
        logpdf="-np.log(z) - np.log(np.log(b) - np.log(a))",
        cdf="(np.log(z) - np.log(a)) / (np.log(b) - np.log(a))",
        sf="(np.log(b) - np.log(z)) / (np.log(b) - np.log(a))",
        ppf="np.exp(np.log(a) + q * (np.log(b) - np.log(a)))",
        isf="np.exp(np.log(b) - q * (np.log(b) - np.log(a)))",
    )
continuous(
    stats.triang,
    "c: (c >= 0) & (c <= 1)",
    **_UNIT,
    pdf="np.where((z < c) | (c == 1), 2.0 * z / np.where(c == 0, 1.0, c), 2.0 * (1.0 - z) / np.where(c == 1, 1.0, 1.0 - c))",
    cdf="np.where((z < c) | (c == 1), z * z / np.where(c == 0, 1.0, c), 1.0 - (1.0 - z) ** 2 / np.where(c == 1, 1.0, 1.0 - c))",
    sf="np.where((z < c) | (c == 1), 1.0 - z * z / np.where(c == 0, 1.0, c), (1.0 - z) ** 2 / np.where(c == 1, 1.0, 1.0 - c))",
    logpdf="np.log(np.where((z < c) | (c == 1), 2.0 * z / np.where(c == 0, 1.0, c),"
    " 2.0 * (1.0 - z) / np.where(c == 1, 1.0, 1.0 - c)))",
    ppf="np.where(q < c, np.sqrt(np.where(q < c, c * q, 1.0)), 1.0 - np.sqrt(np.where(q < c, 1.0, (1.0 - c) * (1.0 - q))))",
)
continuous(
    stats.arcsine,
    **_UNIT,
    pdf="1.0 / (np.pi * np.sqrt(z * (1.0 - z)))",
    logpdf="-np.log(np.pi) - 0.5 * np.log(z * (1.0 - z))",
    cdf="2.0 / np.pi * np.arcsin(np.sqrt(z))",
    sf="1.0 - 2.0 / np.pi * np.arcsin(np.sqrt(z))",
    ppf="np.sin(0.5 * np.pi * q) ** 2",
)
continuous(
    stats.rice,
    "b: b >= 0",
    **_HALF_LINE,
    above="z == np.inf",
    logpdf="np.log(z) - 0.5 * (z - b) ** 2 + np.log(special.i0e(z * b))",
)

# ---------------------------------------------------------------------------------------------------------------------
# Discrete ones
# ---------------------------------------------------------------------------------------------------------------------

discrete(
    stats.poisson,
    "mu: mu >= 0",
    below="z < 0",
    logpmf="special.xlogy(z, mu) - special.gammaln(z + 1.0) - mu",
    cdf="special.pdtr(z, mu)",
    sf="special.pdtrc(z, mu)",
)
discrete(
    stats.binom,
    "n: n >= 0, p: (p >= 0) & (p <= 1)",
    below="z < 0",
    above="z > n",
    logpmf="special.gammaln(n + 1.0) - special.gammaln(z + 1.0) - special.gammaln(n - z + 1.0)"
    " + special.xlogy(z, p) + special.xlog1py(n - z, -p)",
    cdf="special.bdtr(z, n, p)",
    sf="special.bdtrc(z, n, p)",
)
discrete(
    stats.bernoulli,
    "p: (p >= 0) & (p <= 1)",
    below="z < 0",
    above="z > 1",
    logpmf="special.xlogy(z, p) + special.xlog1py(1.0 - z, -p)",
    cdf="special.bdtr(z, 1, p)",
    sf="special.bdtrc(z, 1, p)",
)
discrete(
    stats.nbinom,
    "n: n > 0, p: (p > 0) & (p <= 1)",
    below="z < 0",
    above="z == np.inf",
    logpmf="special.gammaln(n + z) - special.gammaln(z + 1.0) - special.gammaln(n) + n * np.log(p) + special.xlog1py(z, -p)",
    cdf="special.betainc(n, z + 1.0, p)",
    sf="special.betaincc(n, z + 1.0, p)",
)
discrete(
    stats.geom,
    "p: (p >= 0) & (p <= 1)",
    below="z < 1",
    logpmf="special.xlog1py(z - 1.0, -p) + np.log(p)",
    cdf="-np.expm1(special.xlog1py(z, -p))",
    sf="np.exp(special.xlog1py(z, -p))",
    logsf="special.xlog1py(z, -p)",
)
discrete(
    stats.betabinom,
    "n: n >= 0, a: a > 0, b: b > 0",
    below="z < 0",
    above="z > n",
    logpmf="special.betaln(z + a, n - z + b) - special.betaln(a, b) - special.betaln(n - z + 1.0, z + 1.0) - np.log(n + 1.0)",
)
discrete(
    stats.logser,
    "p: (p > 0) & (p < 1)",
    below="z < 1",
    above="z == np.inf",
    logpmf="z * np.log(p) - np.log(z) - np.log(-np.log1p(-p))",
)
discrete(
    stats.planck,
    "lambda_: lambda_ > 0",
    below="z < 0",
    logpmf="np.log(-np.expm1(-lambda_)) - lambda_ * z",
    cdf="-np.expm1(-lambda_ * (z + 1.0))",
    sf="np.exp(-lambda_ * (z + 1.0))",
    logsf="-lambda_ * (z + 1.0)",
)
discrete(
    stats.dlaplace,
    "a: a > 0",
    below="z == -np.inf",
    above="z == np.inf",
    logpmf="np.log(np.tanh(0.5 * a)) - a * np.abs(z)",
)


# ---------------------------------------------------------------------------------------------------------------------
# Frozen distributions that were made outside of the function, which have a distribution of the class as a field
# ---------------------------------------------------------------------------------------------------------------------


def _register_class(base, frozen):
    """Follow the methods of a class of distributions, of an object that SciPy has made, as those of the distribution itself."""
    own = [*dict.fromkeys(p.__self__ for p in compositions() if isinstance(getattr(p, "__self__", None), base))]
    chosen = "".join(f"    if cls is class_of_{d.name}:\n        return {d.name}\n" for d in own)
    names = {d.name: d for d in own} | {f"class_of_{d.name}": type(d) for d in own} | {"__name__": __name__}
    label = f"<sct rule scipy.stats.{base.__name__}"
    names["distribution_of"] = written("distribution_of", f"def distribution_of(cls):\n{chosen}", f"{label}>", names)
    for method in _METHODS.split():
        covered = {type(d) for d in own if composition_of(getattr(d, method, None)) is not None}
        if covered:
            text = f"def {method}(self, x, *args, **kwds):\n    return distribution_of(type(self)).{method}(x, *args, **kwds)\n"
            made = written(method, text, f"{label}.{method}>", names)
            composition(getattr(base, method), covers=_is_of(covered), rounded=True)(made)
            as_written(getattr(frozen, method))


def _is_of(classes):
    return lambda self, *args, **kwargs: getattr(self, "cls", None) in classes


_register_class(stats.rv_continuous, rv_continuous_frozen)
_register_class(stats.rv_discrete, rv_discrete_frozen)

# ---------------------------------------------------------------------------------------------------------------------
# The normal distribution of several variables
# ---------------------------------------------------------------------------------------------------------------------

as_object(stats.multivariate_normal, ("logpdf", "pdf"))


def whitened(x, cov):
    """Points, less their mean, in coordinates of unit covariance, and the logarithm of the covariance's determinant."""
    factor = np.linalg.cholesky(cov)
    white = np.linalg.solve(factor, x) if np.ndim(x) == 1 else np.linalg.solve(factor, x[..., None])[..., 0]
    return white, 2.0 * np.sum(np.log(np.diagonal(factor)))


@composition(stats.multivariate_normal.logpdf, rounded=True)
def multivariate_normal_logpdf(x, mean=None, cov=1):
    """By the Cholesky factor L of the covariance: −(|L⁻¹ (x − μ)|² + d log 2π) / 2 − log det L."""
    around = numbers(x) if mean is None else numbers(x) - numbers(mean)
    cov = numbers(cov)
    if np.ndim(cov) == 2:
        white, log_det = whitened(around, cov)
        size = np.shape(cov)[0]
    else:
        alone = np.ndim(cov) == 0 and (mean is None or np.ndim(mean) == 0)
        white = around / np.sqrt(cov)
        white = white[..., None] if alone else white
        size = np.shape(white)[-1]
        log_det = np.sum(np.log(np.broadcast_to(cov, (size,))))
    return -0.5 * (np.sum(white * white, axis=-1) + 1.8378770664093453 * size + log_det)


@composition(stats.multivariate_normal.pdf, rounded=True)
def multivariate_normal_pdf(x, mean=None, cov=1):
    return np.exp(multivariate_normal_logpdf(x, mean, cov))


@followed(type(stats.multivariate_normal()).logpdf)
def frozen_normal_logpdf(self, x):
    """Of a distribution that was made outside of the function, by what that has worked out."""
    cov = self.cov_object
    around = numbers(x) - self.mean
    white = (around[..., None] if self.dim == 1 and np.ndim(around) < 2 else around) @ cov._LP
    return -0.5 * (np.sum(white * white, axis=-1) + 1.8378770664093453 * cov._rank + cov._log_pdet)


@followed(type(stats.multivariate_normal()).pdf)
def frozen_normal_pdf(self, x):
    return np.exp(self.logpdf(x))


# ---------------------------------------------------------------------------------------------------------------------
# Other distributions of several variables
# ---------------------------------------------------------------------------------------------------------------------


def _with_density(distribution, methods, log, plain):
    """Register a distribution by the logarithm of its density, and the density as its exponential."""
    as_object(distribution, methods)

    def register(function):
        parameters = ", ".join(str(p) for p in inspect.signature(function).parameters.values())
        given = ", ".join(inspect.signature(function).parameters)
        names = {"np": np, "log_density": function, "__name__": __name__}
        text = f"def {plain}({parameters}):\n    return np.exp(log_density({given}))\n"
        label = f"<sct rule scipy.stats.{type(distribution).__name__}.{plain}>"
        followed(getattr(distribution, log))(function)
        followed(getattr(distribution, plain))(written(plain, text, label, names))
        return function

    return register


@_with_density(stats.dirichlet, ("logpdf", "pdf"), "logpdf", "pdf")
def dirichlet_logpdf(x, alpha):
    """Σ (αᵢ − 1) log xᵢ − log B(α), of components in the first axis (Kotz, Balakrishnan and Johnson 2000, chapter 49)."""
    x, alpha = numbers(x), numbers(alpha)
    if x.shape[0] + 1 == alpha.shape[0]:
        x = np.concatenate((x, (1.0 - np.sum(x, axis=0))[None]))
    if np.any(np.abs(np.sum(x, axis=0) - 1.0) > 10e-10) or np.min(x) < 0:
        raise ValueError("The input vector 'x' must lie within the normal simplex.")
    log_beta = np.sum(special.gammaln(alpha)) - special.gammaln(np.sum(alpha))
    return np.sum(special.xlogy(alpha - 1.0, x.T), axis=-1) - log_beta


@_with_density(stats.multinomial, ("logpmf", "pmf"), "logpmf", "pmf")
def multinomial_logpmf(x, n, p):
    """log n! + Σ (xᵢ log pᵢ − log xᵢ!); the last probability is what is left where they have another sum than 1."""
    x, p, n = numbers(x), numbers(p), np.asarray(n)
    left = np.abs(1.0 - np.sum(p, axis=-1)) > 2.3e-15
    last = np.where(left, 1.0 - np.sum(p[..., :-1], axis=-1), p[..., -1])
    p = np.concatenate((p[..., :-1], last[..., None]), axis=-1)
    found = special.gammaln(n + 1.0) + np.sum(special.xlogy(x, p) - special.gammaln(x + 1.0), axis=-1)
    outside = np.any((x < 0) | (x != np.floor(x)), axis=-1) | (np.sum(x, axis=-1) != n)
    return np.where(np.any((p < 0) | (p > 1), axis=-1) | (n < 0), np.nan, np.where(outside, -np.inf, found))[()]


@_with_density(stats.multivariate_t, ("logpdf", "pdf"), "logpdf", "pdf")
def multivariate_t_logpdf(x, loc=None, shape=1, df=1):
    """By the Cholesky factor of the shape (Kotz and Nadarajah 2004, "Multivariate t distributions and their applications")."""
    around = numbers(x) if loc is None else numbers(x) - numbers(loc)
    if np.ndim(shape) != 2:
        raise NoRuleError("scipy.stats.multivariate_t has a rule of shapes that are matrices", None, "Give a matrix.")
    white, log_det = whitened(around, numbers(shape))
    size, distance = np.shape(white)[-1], np.sum(white * white, axis=-1)
    if np.ndim(df) == 0 and df == np.inf:
        return -0.5 * (distance + 1.8378770664093453 * size + log_det)
    half = 0.5 * (df + size)
    constant = special.gammaln(half) - special.gammaln(0.5 * df) - 0.5 * size * np.log(df * np.pi) - 0.5 * log_det
    return constant - half * np.log1p(distance / df)


def of_two_matrices(x, scale):
    """The Cholesky factors of a matrix and of a scale, and the logarithms of their determinants; of one pair of them."""
    if np.ndim(x) != 2 or np.ndim(scale) != 2:
        raise NoRuleError("Wishart distributions have rules of one matrix and a scale that is one", None, "Call it for each.")
    left, right = np.linalg.cholesky(numbers(x)), np.linalg.cholesky(numbers(scale))
    return left, right, 2.0 * np.sum(np.log(np.diagonal(left))), 2.0 * np.sum(np.log(np.diagonal(right)))


@_with_density(stats.wishart, ("logpdf", "pdf"), "logpdf", "pdf")
def wishart_logpdf(x, df, scale):
    """½ ((df − p − 1) log|X| − tr(S⁻¹ X) − df p log 2 − df log|S|) − log Γₚ(½ df) (Wishart 1928)."""
    _, root, log_x, log_scale = of_two_matrices(x, scale)
    size = np.shape(x)[0]
    trace = np.trace(np.linalg.solve(root.T, np.linalg.solve(root, numbers(x))))
    exponent = (df - size - 1.0) * log_x - trace - df * size * 0.6931471805599453 - df * log_scale
    return 0.5 * exponent - special.multigammaln(0.5 * df, size)


@_with_density(stats.invwishart, ("logpdf", "pdf"), "logpdf", "pdf")
def invwishart_logpdf(x, df, scale):
    """½ (df log|S| − (df + p + 1) log|X| − tr(S X⁻¹) − df p log 2) − log Γₚ(½ df) (Gelman et al., "Bayesian data analysis")."""
    root, _, log_x, log_scale = of_two_matrices(x, scale)
    size = np.shape(x)[0]
    trace = np.trace(np.linalg.solve(root.T, np.linalg.solve(root, numbers(scale))))
    exponent = df * log_scale - (df + size + 1.0) * log_x - trace - df * size * 0.6931471805599453
    return 0.5 * exponent - special.multigammaln(0.5 * df, size)


# ---------------------------------------------------------------------------------------------------------------------
# Samples
# ---------------------------------------------------------------------------------------------------------------------


def as_given(*args, nan_policy="propagate", **kwargs):
    """Whether a call is one that leaves NaN as they are."""
    return nan_policy == "propagate"


of_sample = functools.partial(followed, covers=as_given)
"""Registers a function of a sample, for calls that leave NaN as they are."""


def sample_of(a):
    """A sample of floating numbers."""
    a = np.asarray(a)
    return a if a.dtype.kind in "fc" else a.astype(float)


def count_of(a, axis):
    """How many values are along an axis, of all if there is none."""
    return np.size(a) if axis is None else np.shape(a)[axis]


def around_mean(a, axis):
    """The deviations from the mean."""
    return a - np.mean(a, axis=axis, keepdims=True)


@of_sample(stats.zscore)
def zscore(a, axis=0, ddof=0, nan_policy="propagate"):
    """(a − mean) / s."""
    return zmap(a, a, axis, ddof)


@of_sample(stats.zmap)
def zmap(scores, compare, axis=0, ddof=0, nan_policy="propagate"):
    """As zscore, by the mean and the deviation of another sample."""
    a = sample_of(compare)
    return (sample_of(scores) - np.mean(a, axis=axis, keepdims=True)) / np.std(a, axis=axis, ddof=ddof, keepdims=True)


@of_sample(stats.gzscore)
def gzscore(a, *, axis=0, ddof=0, nan_policy="propagate"):
    """zscore of logarithms."""
    return zscore(np.log(sample_of(a)), axis, ddof)


@of_sample(stats.gmean)
def gmean(a, axis=0, dtype=None, weights=None, *, keepdims=False, nan_policy="propagate"):
    """exp of the mean logarithm."""
    return np.exp(np.average(np.log(sample_of(a)), axis=axis, weights=weights, keepdims=keepdims))


@of_sample(stats.hmean)
def hmean(a, axis=0, dtype=None, *, weights=None, keepdims=False, nan_policy="propagate"):
    """1 / mean(1 / a)."""
    return 1.0 / np.average(1.0 / sample_of(a), axis=axis, weights=weights, keepdims=keepdims)


@of_sample(stats.pmean)
def pmean(a, p, *, axis=0, dtype=None, weights=None, keepdims=False, nan_policy="propagate"):
    """mean(aᵖ)^(1/p), for p = 0 the geometric mean."""
    if p == 0:
        return gmean(a, axis, weights=weights, keepdims=keepdims)
    return np.average(sample_of(a) ** p, axis=axis, weights=weights, keepdims=keepdims) ** (1.0 / p)


@of_sample(stats.gstd)
def gstd(a, axis=0, ddof=1, *, keepdims=False, nan_policy="propagate"):
    """exp of the standard deviation of logarithms."""
    return np.exp(np.std(np.log(sample_of(a)), axis=axis, ddof=ddof, keepdims=keepdims))


@of_sample(stats.sem)
def sem(a, axis=0, ddof=1, nan_policy="propagate", *, keepdims=False):
    """s / √n."""
    return np.std(sample_of(a), axis=axis, ddof=ddof, keepdims=keepdims) / np.sqrt(count_of(a, axis))


@of_sample(stats.variation)
def variation(a, axis=0, nan_policy="propagate", ddof=0, *, keepdims=False):
    """s / mean."""
    a = sample_of(a)
    return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims) / np.mean(a, axis=axis, keepdims=keepdims)


def _of_one_order(a, order=1, axis=0, nan_policy="propagate", *, center=None, keepdims=False):
    return as_given(nan_policy=nan_policy) and (isinstance(order, int) or as_array(order).rank == 0)


@followed(stats.moment, covers=_of_one_order)
def moment(a, order=1, axis=0, nan_policy="propagate", *, center=None, keepdims=False):
    """mean((a − center)ᵏ)."""
    a = sample_of(a)
    around = around_mean(a, axis) if center is None else a - center
    return np.mean(around**order, axis=axis, keepdims=keepdims)


@of_sample(stats.skew)
def skew(a, axis=0, bias=True, nan_policy="propagate", *, keepdims=False):
    """m₃ / m₂^(3/2), or Fisher and Pearson's without bias (Zwillinger and Kokoska 2000, section 2.2.24)."""
    a = sample_of(a)
    d, n = around_mean(a, axis), count_of(a, axis)
    found = np.mean(d * d * d, axis=axis, keepdims=keepdims) / np.mean(d * d, axis=axis, keepdims=keepdims) ** 1.5
    return found if bias or n <= 2 else found * (np.sqrt((n - 1.0) * n) / (n - 2.0))


@of_sample(stats.kurtosis)
def kurtosis(a, axis=0, fisher=True, bias=True, nan_policy="propagate", *, keepdims=False):
    """m₄ / m₂² − 3, or by k-statistics without bias (Zwillinger and Kokoska 2000, section 2.2.25)."""
    a = sample_of(a)
    d, n = around_mean(a, axis), count_of(a, axis)
    square = np.mean(d * d, axis=axis, keepdims=keepdims)
    found = np.mean(d * d * d * d, axis=axis, keepdims=keepdims) / (square * square)
    if not bias and n > 3:
        found = ((n * n - 1.0) * found - 3.0 * (n - 1.0) ** 2) / ((n - 2.0) * (n - 3.0)) + 3.0
    return found - 3.0 if fisher else found


@of_sample(stats.entropy)
def entropy(pk, qk=None, base=None, axis=0, *, nan_policy="propagate", keepdims=False):
    """−Σ p log p, or Σ p log(p / q), of what is brought to sums of 1 (Shannon 1948; Kullback and Leibler 1951)."""
    p = sample_of(pk)
    p = p / np.sum(p, axis=axis, keepdims=True)
    if qk is None:
        found = np.sum(special.entr(p), axis=axis, keepdims=keepdims)
    else:
        q = sample_of(qk)
        found = np.sum(special.rel_entr(p, q / np.sum(q, axis=axis, keepdims=True)), axis=axis, keepdims=keepdims)
    return found if base is None else found / np.log(base)


def _of_vectors(x, y, *args, **kwargs):
    return as_array(x).rank == 1 and as_array(y).rank == 1 and not args and not kwargs


class Correlation:
    """What pearsonr gives."""

    __sct_stands_for__ = type(stats.pearsonr([0.0, 1.0, 3.0], [1.0, 0.0, 2.0]))

    def __init__(self, statistic, pvalue):
        self.statistic = statistic
        self.pvalue = pvalue
        self.correlation = statistic

    def __iter__(self):
        return iter((self.statistic, self.pvalue))

    def __getitem__(self, k):
        return (self.statistic, self.pvalue)[k]


@followed(stats.pearsonr, covers=_of_vectors)
def pearsonr(x, y):
    """The cosine of the deviations of two samples, and how often it is so large by chance (Student 1908)."""
    dx, dy = around_mean(sample_of(x), 0), around_mean(sample_of(y), 0)
    r = np.sum(dx * dy) / np.sqrt(np.sum(dx * dx) * np.sum(dy * dy))
    half = 0.5 * np.size(dx) - 1.0
    return Correlation(r, 2.0 * special.betaincc(half, half, 0.5 * (1.0 + np.abs(r))))


class Line:
    """What linregress gives."""

    __sct_stands_for__ = type(stats.linregress([0.0, 1.0, 3.0], [1.0, 0.0, 2.0]))

    def __init__(self, slope, intercept, rvalue, pvalue, stderr, intercept_stderr):
        self.slope = slope
        self.intercept = intercept
        self.rvalue = rvalue
        self.pvalue = pvalue
        self.stderr = stderr
        self.intercept_stderr = intercept_stderr

    def __iter__(self):
        return iter((self.slope, self.intercept, self.rvalue, self.pvalue, self.stderr))

    def __getitem__(self, k):
        return (self.slope, self.intercept, self.rvalue, self.pvalue, self.stderr)[k]


@followed(stats.linregress, covers=_of_vectors)
def linregress(x, y):
    """The line of least squares, with its errors (Draper and Smith, "Applied regression analysis", chapter 1)."""
    x, y = sample_of(x), sample_of(y)
    dx, dy, n = around_mean(x, 0), around_mean(y, 0), np.size(x)
    xx, yy, xy = np.mean(dx * dx), np.mean(dy * dy), np.mean(dx * dy)
    r, slope = xy / np.sqrt(xx * yy), xy / xx
    t = r * np.sqrt((n - 2.0) / ((1.0 - r) * (1.0 + r)))
    error = np.sqrt((1.0 - r * r) * yy / xx / (n - 2.0))
    around = error * np.sqrt(xx + np.mean(x) ** 2)
    return Line(slope, np.mean(y) - slope * np.mean(x), r, 2.0 * special.stdtr(n - 2.0, -np.abs(t)), error, around)


class Kernels:
    """What gaussian_kde gives."""

    __sct_stands_for__ = stats.gaussian_kde

    def __init__(self, dataset, weights, covariance, factor):
        self.dataset = dataset
        self._weights = weights
        self.covariance = covariance
        self.factor = factor
        self.d = np.shape(dataset)[0]
        self.n = np.shape(dataset)[1]

    def logpdf(self, x):
        """log of the mean of normal densities around the data (Scott 1992, "Multivariate density estimation", chapter 6)."""
        points = np.atleast_2d(numbers(x))
        points = points.T if np.shape(points)[0] != self.d and np.shape(points)[0] == 1 else points
        root = np.linalg.cholesky(2.0 * np.pi * self.covariance)
        white, data = np.linalg.solve(root, points), np.linalg.solve(root, self.dataset)
        apart = white[:, :, None] - data[:, None, :]
        exponents = -np.pi * np.sum(apart * apart, axis=0) + np.log(self._weights)
        return special.logsumexp(exponents, axis=-1) - np.sum(np.log(np.diagonal(root)))

    def evaluate(self, points):
        return np.exp(self.logpdf(points))

    def pdf(self, x):
        return np.exp(self.logpdf(x))

    def __call__(self, points):
        return np.exp(self.logpdf(points))


for _name in ("logpdf", "evaluate", "pdf", "__call__"):
    followed(vars(stats.gaussian_kde)[_name])(vars(Kernels)[_name])


@followed(stats.gaussian_kde)
def gaussian_kde(dataset, bw_method=None, weights=None):
    """Its kernels have the covariance of the data, by the factor of Scott or Silverman, or one that is given."""
    data = np.atleast_2d(numbers(dataset))
    d, n = np.shape(data)
    weights = np.ones(n) / n if weights is None else numbers(weights) / np.sum(weights)
    count = 1.0 / np.sum(weights * weights)
    if bw_method is None or bw_method == "scott":
        factor = count ** (-1.0 / (d + 4.0))
    elif bw_method == "silverman":
        factor = (count * (d + 2.0) / 4.0) ** (-1.0 / (d + 4.0))
    else:
        factor = bw_method
    around = data - np.sum(data * weights, axis=1, keepdims=True)
    covariance = (around * weights) @ around.T / (1.0 - np.sum(weights * weights))
    return Kernels(data, weights, covariance * factor * factor, factor)


# ---------------------------------------------------------------------------------------------------------------------
# What is not followed
# ---------------------------------------------------------------------------------------------------------------------

_FOLLOWED = set(map(id, compositions()))


def _refuse_others():
    """Refuse all other functions, and distributions with their methods."""
    for name in stats.__all__:
        value = getattr(stats, name)
        if id(value) in _FOLLOWED or not callable(value):
            continue
        if isinstance(value, (type, FunctionType)):
            refuse("It has no rule: write what it does with functions of NumPy's and scipy.special's.", value)
        else:
            reason = "This distribution is not followed: write its density with functions of scipy.special's."
            refuse(reason, value, *_methods_of(value))


_refuse_others()
