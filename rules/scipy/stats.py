"""Distributions of scipy.stats, followed as what their densities and probabilities are made of.

Takes nothing; registers for each distribution what its methods are of the standard form, of z = (x − loc) / scale, from a line
for each of them. What SciPy gives outside of the support, and where a parameter is not positive, is given here as well.
Formulas are those of the documentation of scipy.stats, after Johnson, Kotz and Balakrishnan: Univariate Distributions.
"""

from types import FunctionType

import numpy as np
from scipy import special, stats
from scipy.stats._distn_infrastructure import rv_continuous_frozen, rv_discrete_frozen, rv_frozen

from sct.registry.compositions import as_written, composition, composition_of, compositions
from sct.registry.effects import effect
from sct.registry.refusals import refused
from sct.registry.rules import written

from ..arithmetic import is_literal

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
    stats.uniform, below="z < 0", above="z > 1", at="0.5", logpdf="0.0 * z", pdf="1.0 + 0.0 * z", cdf="z", sf="1.0 - z", ppf="q"
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
continuous(
    stats.invgauss,
    "mu: mu > 0",
    **_OPEN_HALF_LINE,
    above="z == np.inf",
    logpdf=f"-1.5 * np.log(z) - 0.5 * ((z - mu) / mu) ** 2 / z - {_LOG_ROOT}",
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


@composition(stats.multivariate_normal.logpdf, rounded=True)
def multivariate_normal_logpdf(x, mean=None, cov=1):
    """By the Cholesky factor L of the covariance: −(|L⁻¹ (x − μ)|² + d log 2π) / 2 − log det L."""
    around = numbers(x) if mean is None else numbers(x) - numbers(mean)
    cov = numbers(cov)
    if np.ndim(cov) == 2:
        factor = np.linalg.cholesky(cov)
        white = np.linalg.solve(factor, around) if np.ndim(around) == 1 else np.linalg.solve(factor, around[..., None])[..., 0]
        log_root = np.sum(np.log(np.diagonal(factor)))
        size = np.shape(cov)[0]
    else:
        alone = np.ndim(cov) == 0 and (mean is None or np.ndim(mean) == 0)
        white = around / np.sqrt(cov)
        white = white[..., None] if alone else white
        size = np.shape(white)[-1]
        log_root = 0.5 * np.sum(np.log(np.broadcast_to(cov, (size,))))
    return -0.5 * (np.sum(white * white, axis=-1) + 1.8378770664093453 * size) - log_root


@composition(stats.multivariate_normal.pdf, rounded=True)
def multivariate_normal_pdf(x, mean=None, cov=1):
    return np.exp(multivariate_normal_logpdf(x, mean, cov))


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
