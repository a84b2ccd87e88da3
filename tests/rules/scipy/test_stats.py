"""The distributions of scipy.stats: values as SciPy's, derivatives against finite differences."""

import numpy as np
import pytest
from scipy import stats

import sct
from sct.registry.compositions import composition_of, compositions
from sct.registry.others import meet
from sct.testing import check_rule

meet(stats)

_X = np.array([0.35, 1.4, 2.2])
_INSIDE = np.array([0.15, 0.45, 0.8])
_COUNTS = np.array([0, 2, 3])
SHAPES = {
    "t": (3.5,),
    "chi2": (3.5,),
    "gamma": (1.7,),
    "invgamma": (1.7,),
    "beta": (1.7, 2.4),
    "f": (3.5, 4.5),
    "lognorm": (0.7,),
    "pareto": (1.7,),
    "weibull_min": (1.7,),
    "invgauss": (0.7,),
    "skewnorm": (1.7,),
    "vonmises": (1.7,),
    "poisson": (1.7,),
    "binom": (5, 0.3),
    "bernoulli": (0.3,),
    "nbinom": (2.5, 0.3),
    "geom": (0.3,),
    "truncnorm": (-1.0, 2.0),
    "truncexpon": (2.7,),
    "genextreme": (0.3,),
    "genpareto": (0.3,),
    "gengamma": (1.7, 1.3),
    "exponnorm": (1.7,),
    "johnsonsu": (0.7, 1.3),
    "johnsonsb": (0.7, 1.3),
    "foldnorm": (0.7,),
    "powernorm": (1.7,),
    "fatiguelife": (0.7,),
    "chi": (3.5,),
    "nakagami": (1.7,),
    "loggamma": (1.7,),
    "gennorm": (1.7,),
    "betaprime": (1.7, 2.4),
    "weibull_max": (1.7,),
    "exponweib": (1.7, 1.3),
    "invweibull": (1.7,),
    "fisk": (1.7,),
    "burr12": (1.7, 1.3),
    "lomax": (1.7,),
    "powerlaw": (1.7,),
    "gompertz": (0.7,),
    "genlogistic": (1.7,),
    "laplace_asymmetric": (1.7,),
    "loguniform": (0.3, 2.5),
    "reciprocal": (0.3, 2.5),
    "triang": (0.3,),
    "rice": (0.7,),
    "betabinom": (5, 1.7, 2.4),
    "logser": (0.3,),
    "planck": (0.7,),
    "dlaplace": (0.7,),
}
"""The parameters of distributions that have some."""

METHODS = [
    p for p in compositions() if hasattr(p, "__self__") and isinstance(p.__self__, (stats.rv_continuous, stats.rv_discrete))
]
_WITHOUT_FORMULA = (
    *("t", "chi2", "gamma", "invgamma", "beta", "f", "nbinom"),
    *("chi", "nakagami", "loggamma", "gengamma", "betaprime", "gennorm"),
)
_FROM_ONE = ("geom", "logser")
_WITHIN_ONE = ("beta", "uniform", "johnsonsb", "powerlaw", "triang", "arcsine")


def _points(method):
    name = method.__self__.name
    if method.__name__ in ("ppf", "isf"):
        return _INSIDE
    if isinstance(method.__self__, stats.rv_discrete):
        return _COUNTS + (name in _FROM_ONE) - 2 * (_COUNTS * (name == "bernoulli") > 1)
    if name == "weibull_max":
        return -_X
    return _INSIDE if name in _WITHIN_ONE else _X + (name == "pareto")


def _sample(method):
    """Arguments with a place and a scale, and which are differentiated by: parameters of probabilities often are not."""
    name = method.__self__.name
    shapes = SHAPES.get(name, ())
    discrete = isinstance(method.__self__, stats.rv_discrete)
    density = method.__name__ in ("logpdf", "pdf", "logpmf", "pmf")
    first = range(1, 1 + len(shapes)) if density or name not in _WITHOUT_FORMULA else ()
    if name == "nbinom" and not density:
        first = (2,)
    if name in ("binom", "betabinom"):
        first = (2,) if name == "binom" else (2, 3)
    if discrete:
        return method, (_points(method), *shapes), {"wrt": tuple(first)}
    last = 1 + len(shapes)
    loc = (
        np.array([0.1, -0.2, 0.3]) if method.__name__ in ("ppf", "isf") else np.zeros(3) - 0.05 + 0.1 * (name == "weibull_max")
    )
    return method, (_points(method), *shapes, loc, 1.3), {"wrt": (0, *first, last, last + 1)}


SAMPLES = [_sample(m) for m in METHODS]


def _label(sample):
    return f"{sample[0].__self__.name}.{sample[0].__name__}"


@pytest.mark.grid(of=100, each=False)
@pytest.mark.parametrize("sample", SAMPLES, ids=_label)
def test_rule(sample):
    f, args, kwargs = sample
    check_rule(f, *args, **kwargs)


@pytest.mark.grid(of=250, each=False)
@pytest.mark.parametrize("sample", SAMPLES, ids=_label)
def test_second_order(sample):
    f, args, kwargs = sample
    check_rule(f, *args, order=2, **kwargs)


_WIDE = np.array([-30.0, -1.0, 0.0, 1e-10, 0.2, 0.5, 1.0, 3.0, 17.0, np.inf, np.nan])
_WITHOUT_UNDERFLOW = "foldnorm levy moyal maxwell betaprime invweibull burr12 gompertz rice nbinom f".split()
"""Distributions that have numbers here where SciPy's have no more than -inf or NaN, or few digits."""


def _wide(method):
    """Points out of and in the support, at its ends, and far out."""
    if method.__self__.name in _WITHOUT_UNDERFLOW:
        return np.array([-1.0, 0.2, 0.5, 1.0, 3.0, np.nan])
    return np.array([1e-9, 0.2, 0.5, 0.9]) if method.__name__ in ("ppf", "isf") else _WIDE


_OF_ANY_SHAPE = "skewnorm truncnorm genextreme genpareto gengamma johnsonsu johnsonsb betabinom".split()
"""Those that have a distribution of -1 in place of their first parameter."""


@pytest.mark.grid(of=60, each=False)
@pytest.mark.parametrize("method", METHODS, ids=lambda m: f"{m.__self__.name}.{m.__name__}")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values(method):
    f, shapes, x = composition_of(method), SHAPES.get(method.__self__.name, ()), _wide(method)
    discrete = isinstance(method.__self__, stats.rv_discrete)
    for more in [(), (0.5,)] if discrete else [(), (0.5,), (0.0, 2.0), (0.0, -2.0)]:
        np.testing.assert_allclose(f(x, *shapes, *more), method(x, *shapes, *more), rtol=1e-12, atol=1e-15)
    if shapes and method.__self__.name not in _OF_ANY_SHAPE:
        assert np.all(np.isnan(f(x, -1.0, *shapes[1:])))


# -- of several variables ----------------------------------------------------------------------------------------------------

_COV = np.array([[1.3, 0.4, -0.2], [0.4, 0.9, 0.3], [-0.2, 0.3, 0.7]])
_ROWS = np.arange(12.0).reshape(4, 3) / 7.0
NORMAL = {
    "one point": (_X, _INSIDE, _COV),
    "rows": (_ROWS, _INSIDE, _COV),
    "more axes": (_ROWS.reshape(2, 2, 3), None, _COV),
    "one variable": (_X, 0.3, 1.7),
    "alone": (_X,),
    "one variance": (_ROWS, _INSIDE, 1.7),
    "variances": (_ROWS, _INSIDE, _X),
    "lists": ([0.3, 1.2], [0.1, 0.2], [[2.0, 0.3], [0.3, 1.0]]),
}


@pytest.mark.grid(of=3, each=False)
@pytest.mark.parametrize("name", NORMAL)
def test_normal_distribution_of_several_variables(name):
    args = NORMAL[name]
    for f in (stats.multivariate_normal.logpdf, stats.multivariate_normal.pdf):
        np.testing.assert_allclose(composition_of(f)(*args), f(*args), rtol=1e-13)
        whole = np.ndim(args[-1]) == 2
        check_rule(f, *args, wrt=tuple(k for k, a in enumerate(args) if a is not None and not (whole and k == 2)))


def test_by_a_covariance():
    def f(x, a):
        cov = a @ a.T + np.eye(2)
        return np.sum(stats.multivariate_normal(cov=cov).logpdf(x)) + np.sum(stats.multivariate_normal.pdf(x, None, cov))

    sct.check_grads(f, (_ROWS[:2, :2], _COV[:2, :2] + 0.3), wrt=(0, 1))


# -- other distributions of several variables, and samples ---------------------------------------------------------------------

_SCALE = np.array([[2.0, 0.3], [0.3, 1.0]])
_TABLE = np.array([[0.3, 1.2, 0.5], [2.1, 0.1, 0.7], [0.9, 0.4, 1.6], [0.2, 0.8, 1.1]])
_SAMPLE, _OTHER = np.array([0.3, 0.7, 1.4, -0.2, 0.9]), np.array([1.0, 0.4, 2.0, 0.1, 0.3])
_NORMAL, _KERNELS = stats.multivariate_normal([0.1, 0.2], _SCALE), stats.gaussian_kde(_SAMPLE)


def shares(z):
    return np.exp(z) / np.sum(np.exp(z))


def definite(a):
    return a @ a.T + np.eye(len(a))


def of_line(x, y):
    slope, intercept, r, p, error = stats.linregress(x, y)
    return slope * intercept * r * p * error + stats.linregress(x, y).intercept_stderr


OF_SEVERAL = {
    "Dirichlet": (lambda a, z: stats.dirichlet.logpdf(shares(z), a) + stats.dirichlet(a).pdf(shares(z)[:-1]), _X, _INSIDE),
    "multinomial": (lambda z: stats.multinomial.logpmf([1, 2, 3], 6, shares(z)), _INSIDE),
    "frozen multinomial": (lambda z: stats.multinomial(6, shares(z)).pmf([[1, 2, 3], [2, 2, 2], [1, 1, 1]]), _INSIDE),
    "t": (lambda x, m, a, df: stats.multivariate_t.logpdf(x, m, definite(a), df), _ROWS[:, :2], _INSIDE[:2], _SCALE, 3.5),
    "Wishart": (lambda a, b, df: stats.wishart.logpdf(definite(a), df, definite(b)), _SCALE, _SCALE + 0.3, 4.5),
    "inverse Wishart": (lambda a, b, df: stats.invwishart.pdf(definite(a), df, definite(b)), _SCALE, _SCALE + 0.3, 4.5),
    "frozen outside": (lambda x: _NORMAL.logpdf(x) + _NORMAL.pdf(x[0]), _ROWS[:, :2]),
    "z-scores": (lambda x: stats.zscore(x, axis=1) ** 3 + stats.zmap(x, 2 * x, axis=None) ** 2 + stats.gzscore(x) ** 3, _TABLE),
    "means": (lambda x: stats.gmean(x, weights=x) * stats.hmean(x) * stats.pmean(x, 3), _TABLE),
    "means of all": (lambda x: stats.gmean(x, axis=None) + stats.pmean(x, 0, axis=1, keepdims=True), _TABLE),
    "shapes": (lambda x: stats.skew(x) * stats.kurtosis(x) + stats.skew(x, axis=None, bias=False), _TABLE),
    "shapes without bias": (lambda x: stats.kurtosis(x, bias=False, fisher=False), _TABLE),
    "moments": (lambda x: stats.moment(x, 3) + stats.moment(x, 2, axis=None, center=0.4), _TABLE),
    "deviations": (lambda x: stats.sem(x) * stats.variation(x) * stats.gstd(x), _TABLE),
    "entropies": (lambda x: stats.entropy(x) + stats.entropy(x[:, 0], x[:, 1], base=2), _TABLE),
    "correlation": (lambda x, y: stats.pearsonr(x, y).statistic + stats.pearsonr(x, y)[1], _SAMPLE, _OTHER),
    "line": (of_line, _SAMPLE, _OTHER),
    "kernels": (lambda x, q: stats.gaussian_kde(x)(q) + stats.gaussian_kde(x, "silverman").logpdf(q), _SAMPLE, _INSIDE),
    "kernels with weights": (
        lambda x, q, w: stats.gaussian_kde(x.T, 0.4, weights=w).evaluate(q.T),
        *(_TABLE[:, :2], _TABLE[:2, 1:], _TABLE[:, 0]),
    ),
    "kernels outside": (lambda q: _KERNELS(q) + _KERNELS.logpdf(q), _INSIDE),
}


@pytest.mark.grid(of=20, each=False)
@pytest.mark.parametrize("name", OF_SEVERAL)
def test_several_variables_and_samples(name):
    f, *args = OF_SEVERAL[name]

    def total(*args):
        return np.sum(np.sin(f(*args)))

    sct.check_grads(total, tuple(args), wrt=tuple(range(len(args))), order=2)
    np.testing.assert_allclose(sct.value_and_grad(total)(*args)[0], total(*args), rtol=1e-11)


@pytest.mark.parametrize("policy", ["omit", "raise"])
def test_nan_are_left_as_they_are(policy):
    with pytest.raises(sct.NoRuleError, match=r"scipy\.stats\.sem has no derivative rule"):
        sct.grad(lambda x: stats.sem(x, nan_policy=policy))(_SAMPLE)


# -- distributions as objects ------------------------------------------------------------------------------------------------


def frozen(x, m, s):
    return np.sum(stats.norm(m, scale=s).logpdf(x)) + np.sum(stats.gamma(2.0, scale=s).cdf(x))


def called(x, m, s):
    return np.sum(stats.norm.logpdf(x, m, scale=s)) + np.sum(stats.gamma.cdf(x, 2.0, scale=s))


def test_frozen_distributions():
    args = _X, 0.3, 1.7
    sct.check_grads(frozen, args, wrt=(0, 1, 2))
    for one, other in zip(sct.grad(frozen, (0, 1, 2))(*args), sct.grad(called, (0, 1, 2))(*args), strict=True):
        np.testing.assert_array_equal(one, other)


OUTSIDE = {
    "continuous": (stats.norm(0.3, scale=1.7), stats.norm(0.3, 1.7), _X),
    "a field": (stats.gamma(2.0, scale=1.7), stats.gamma(2.0, 0.0, 1.7), _X),
    "discrete": (stats.poisson(1.7), stats.poisson(1.7, 0), _COUNTS),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_distributions_that_are_frozen_outside(name):
    rv, other, x = OUTSIDE[name]
    density = "logpmf" if name == "discrete" else "logpdf"

    def f(t, rv):
        return np.sum(getattr(rv, density)(x)) + np.sum(rv.cdf(x * t))

    def g(t):
        return np.sum(getattr(rv, density)(x)) + np.sum(rv.cdf(x * t))

    assert sct.grad(f)(1.2, other) == sct.grad(g)(1.2)
    sct.check_grads(g, (1.2,))


def test_classes_of_distributions_that_are_the_users():
    class Own(stats.rv_continuous):
        def _pdf(self, x):
            return np.exp(-x)

    own = Own(a=0.0, name="norm")
    with pytest.raises(sct.NoRuleError, match="logpdf has no derivative rule"):
        sct.grad(lambda x: own.logpdf(x))(1.5)


@pytest.mark.grid(of=6, each=False)
@pytest.mark.parametrize("shapes", [(1e-5,), (0.0,), (-0.3,)])
@pytest.mark.parametrize("distribution", [stats.genextreme, stats.genpareto], ids=lambda d: d.name)
def test_shapes_near_zero(distribution, shapes):
    for f, x in ((distribution.logpdf, _X), (distribution.cdf, _X), (distribution.ppf, _INSIDE)):
        np.testing.assert_allclose(composition_of(f)(x, *shapes), f(x, *shapes), rtol=1e-11)
        check_rule(f, x, *shapes, order=2)


@pytest.mark.parametrize("ends", [(0.5, 3.0), (-4.0, -0.3), (-np.inf, 1.0), (20.0, 21.0)])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_tails_of_a_normal_distribution(ends):
    a, b = ends
    x = np.array([0.3, 0.6]) * (b - max(a, -3.0)) + max(a, -3.0)
    for name in ("logpdf", "cdf", "logcdf", "sf", "logsf", "ppf"):
        f, at = getattr(stats.truncnorm, name), _INSIDE if name == "ppf" else x
        np.testing.assert_allclose(composition_of(f)(at, a, b), f(at, a, b), rtol=1e-11, atol=1e-13)


def test_sources_are_readable():
    def f(x, a):
        return np.sum(stats.gamma.logpdf(x, a))

    assert sct.grad(lambda x: np.sum(stats.norm.logpdf(x))).source_for(_X).endswith("    x_bar = -x\n    return x_bar\n")
    assert "special.psi(a)" in sct.grad(f, "a").source_for(_X, 2.0)


def test_what_is_not_followed_is_refused_by_its_name():
    for f, name in (
        (lambda x: stats.norm.fit(x)[0], "scipy.stats.norm.fit"),
        (lambda x: stats.pearson3.logpdf(x[0], 0.5), "scipy.stats.pearson3.logpdf"),
        (lambda x: stats.spearmanr(x, x)[0], "scipy.stats.spearmanr"),
    ):
        with pytest.raises(sct.NoRuleError, match=f"^{name} has no derivative rule"):
            sct.grad(f)(_X)
    with pytest.raises(sct.NoRuleError, match=r"scipy\.special\.gammainc by its first argument"):
        sct.grad(lambda a: stats.gamma.cdf(1.5, a))(2.0)


def test_numbers_lists_and_single_precision():
    assert type(sct.grad(lambda x: stats.norm.logpdf(x))(0.5)) in (float, np.float64)
    assert sct.grad(lambda x: np.sum(stats.t.logpdf(x, 3)))([0.5, 1.0])[0] == sct.grad(lambda x: stats.t.logpdf(x, 3))(0.5)
    assert sct.grad(lambda x: np.sum(stats.norm.cdf(x)))(_X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    "f", [lambda x: np.sum(stats.norm.rvs(size=3) * x * x), lambda x: np.sum(stats.pearson3.rvs(0.5, size=3) * x * x)]
)
def test_draws_are_made_once(f):
    np.random.seed(0)
    value = f(1.5)
    np.random.seed(0)
    assert sct.value_and_grad(f)(1.5) == (value, pytest.approx(2.0 * value / 1.5))
    with pytest.raises(sct.NoRuleError, match=r"^scipy\.stats\.norm\.rvs has no derivative rule"):
        sct.grad(lambda m: stats.norm.rvs(loc=m))(1.5)
