"""Random numbers: NumPy's generators, its global one, and Python's.

Takes nothing; registers that the methods of generators draw, and of what type their results are. Where a location or a scale
may vary, a draw is made of one from the distribution without them: the same number, which moves with both (the pathwise
derivative: Glasserman 2003, "Monte Carlo Methods in Financial Engineering", 7.2).
"""

import functools
import random
import warnings

import numpy as np

from sct.ir.shapes import as_array, as_shape, broadcast, constant
from sct.ir.types import UNKNOWN, Array, Const, Scalar, Stateful, Unknown
from sct.registry.compositions import composition, composition_of, followed_for
from sct.registry.effects import effect, effect_of, known_class
from sct.registry.refusals import refused
from sct.registry.rules import nondifferentiable
from sct.registry.type_rules import result_type
from sct.runtime import random_states

FLOAT, INT = np.dtype(float), np.dtype(np.int64)
GENERATOR, LEGACY = np.random.Generator, np.random.RandomState

# The parameters of a distribution, which come before `size`.
CONTINUOUS = {
    "beta": 2,
    "chisquare": 1,
    "exponential": 1,
    "f": 2,
    "gamma": 2,
    "gumbel": 2,
    "laplace": 2,
    "logistic": 2,
    "lognormal": 2,
    "noncentral_chisquare": 2,
    "noncentral_f": 3,
    "normal": 2,
    "pareto": 1,
    "power": 1,
    "rayleigh": 1,
    "standard_cauchy": 0,
    "standard_gamma": 1,
    "standard_t": 1,
    "triangular": 3,
    "uniform": 2,
    "vonmises": 2,
    "wald": 2,
    "weibull": 1,
}
DISCRETE = {
    "binomial": 2,
    "geometric": 1,
    "hypergeometric": 3,
    "logseries": 1,
    "negative_binomial": 2,
    "poisson": 1,
    "zipf": 1,
}
NAMED = ("loc", "scale", "low", "high", "shape", "a", "b", "df", "dfnum", "dfden", "nonc", "mean", "sigma", "mu", "kappa")
NAMED += ("left", "mode", "right", "n", "p", "lam", "ngood", "nbad", "nsample")

known_class(GENERATOR, LEGACY, random.Random)


def drawn(dtype, size, *parameters):
    """The type of draws: of the shape `size`, or else that of the parameters; of scalars they are a Python number."""
    if isinstance(size, Unknown):
        return UNKNOWN
    if size is not None:
        return Array(dtype, as_shape(size), boxed=True)
    shape = broadcast(*parameters)
    if shape is None or any(isinstance(p, Unknown) for p in parameters):
        return UNKNOWN
    if shape == ():
        return Scalar(float if dtype == FLOAT or dtype.kind == "f" else int)
    return Array(dtype, shape)


def _distribution(dtype, count):
    def rule(self, *args, size=None, dtype=dtype, method=None, **named):
        if len(args) > count:
            size, args = args[count], args[:count]
        wanted = _dtype_of(dtype)
        if named.keys() - set(NAMED) or wanted is None:
            return UNKNOWN
        return drawn(wanted, size, *args, *named.values())

    return rule


def _dtype_of(dtype):
    """The dtype that an argument stands for; None if it is not known."""
    dtype = dtype.value if isinstance(dtype, Const) else dtype
    return np.dtype(dtype) if constant(dtype) and dtype is not None else None


def _draws(name, rule, *owners):
    for owner in owners:
        function = getattr(owner, name, None)
        if function is not None:
            effect("draws", function)
            result_type(function)(rule)


for _name, _count in CONTINUOUS.items():
    _draws(_name, _distribution(FLOAT, _count), GENERATOR, LEGACY)
for _name, _count in DISCRETE.items():
    _draws(_name, _distribution(INT, _count), GENERATOR)
    _draws(_name, _distribution(np.dtype(int), _count), LEGACY)
for _name in ("random", "standard_normal", "standard_exponential", "random_sample", "tomaxint"):
    _draws(_name, _distribution(INT if _name == "tomaxint" else FLOAT, 0), GENERATOR, LEGACY)


def shaped_draws_type(self, *sizes):
    return drawn(FLOAT, sizes or None)


_draws("rand", shaped_draws_type, LEGACY)
_draws("randn", shaped_draws_type, LEGACY)


def _integers(default):
    def rule(self, low, high=None, size=None, dtype=default, endpoint=False):
        kind = dtype.value if isinstance(dtype, Const) else dtype
        wanted = _dtype_of(dtype)
        found = UNKNOWN if wanted is None else drawn(wanted, size, low, 0 if high is None else high)
        if not isinstance(found, Scalar):
            return found
        return Scalar(kind) if kind in (int, bool) else Array(wanted, ())

    return rule


_draws("integers", _integers(np.int64), GENERATOR)
_draws("randint", _integers(int), LEGACY)
_draws("random_integers", lambda self, low, high=None, size=None: drawn(np.dtype(int), size, low), LEGACY)


def choice_type(self, a, size=None, replace=True, p=None, axis=0, shuffle=True):
    """Entries of `a`, or of `np.arange(a)`."""
    a = as_array(a)
    if a.shape is None or isinstance(size, Unknown) or type(axis) is not int:
        return UNKNOWN
    if a.shape == ():
        return UNKNOWN if size is None else Array(INT, as_shape(size), boxed=True)
    axis %= len(a.shape)
    if size is None:
        return Array(a.dtype, ()) if len(a.shape) == 1 and a.dtype is not None else UNKNOWN
    drawn_shape = as_shape(size)
    shape = None if drawn_shape is None else (*a.shape[:axis], *drawn_shape, *a.shape[axis + 1 :])
    return Array(a.dtype, shape, boxed=True)


def permutation_type(self, x, axis=0):
    a = as_array(x)
    if a.shape == ():
        return Array(INT, as_shape(x))
    return UNKNOWN if a.shape is None else Array(a.dtype, a.shape)


def vectors_type(self, mean, cov, size=None, *args, **kwargs):
    """Vectors of the length of `mean`."""
    return _of_vectors(FLOAT, mean, size)


def _of_vectors(dtype, like, size):
    vector, outer = as_array(like).shape, () if size is None else as_shape(size)
    if vector is None or len(vector) != 1 or outer is None or isinstance(size, Unknown):
        return UNKNOWN
    return Array(dtype, (*outer, *vector))


_draws("choice", choice_type, GENERATOR, LEGACY)
_draws("permutation", permutation_type, GENERATOR, LEGACY)
_draws("permuted", lambda self, x, axis=None: permutation_type(self, x) if as_array(x).shape else UNKNOWN, GENERATOR)
_draws("multivariate_normal", vectors_type, GENERATOR, LEGACY)
_draws("dirichlet", lambda self, alpha, size=None: _of_vectors(FLOAT, alpha, size), GENERATOR, LEGACY)
_draws("multinomial", lambda self, n, pvals, size=None: UNKNOWN if size is None else _of_vectors(INT, pvals, size), GENERATOR)
_draws("multivariate_hypergeometric", lambda self, *args, **kwargs: UNKNOWN, GENERATOR)
_draws("multinomial", lambda self, *args, **kwargs: UNKNOWN, LEGACY)
_draws("bytes", lambda self, length: UNKNOWN, GENERATOR, LEGACY)
_draws("seed", lambda self, *args, **kwargs: None, LEGACY)
_draws("set_state", lambda self, state: None, LEGACY)
effect("reads", LEGACY.get_state)
result_type(LEGACY.get_state)(lambda self, legacy=True: UNKNOWN)

# functions of the module, of NumPy's global generator
effect("draws", np.random.seed, np.random.ranf, np.random.sample)
result_type(np.random.seed)(lambda seed=None: None)
result_type(np.random.ranf, np.random.sample)(lambda size=None: drawn(FLOAT, size))

# -- generators ---------------------------------------------------------------------------------------------------------------


@result_type(np.random.default_rng)
def default_rng_type(seed=None):
    return seed if isinstance(seed, Stateful) else Stateful(GENERATOR)


result_type(GENERATOR)(lambda bit_generator: Stateful(GENERATOR))
result_type(LEGACY)(lambda seed=None: Stateful(LEGACY))
result_type(random.Random)(lambda seed=None: Stateful(random.Random))
# A generator is an object of its own, that draws change: made once, where it stands. Without a seed no two are alike.
effect("draws", np.random.default_rng, GENERATOR, LEGACY, random.Random)
effect("draws", np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64)
effect("draws", np.random.SeedSequence)
effect("acts", GENERATOR.shuffle, LEGACY.shuffle, np.random.shuffle, np.random.set_bit_generator, np.random.test)
effect("reads", np.random.get_bit_generator)
effect("none", np.random.BitGenerator)

# -- Python's -----------------------------------------------------------------------------------------------------------------

for _name in ("random", "uniform", "triangular", "betavariate", "expovariate", "gammavariate", "gauss", "lognormvariate"):
    _draws(_name, lambda self, *args, **kwargs: Scalar(float), random.Random)
for _name in ("normalvariate", "vonmisesvariate", "paretovariate", "weibullvariate"):
    _draws(_name, lambda self, *args, **kwargs: Scalar(float), random.Random)
for _name in ("randint", "randrange", "getrandbits", "binomialvariate"):
    _draws(_name, lambda self, *args, **kwargs: Scalar(int), random.Random)
for _name in ("choice", "choices", "sample", "randbytes"):
    _draws(_name, lambda self, *args, **kwargs: UNKNOWN, random.Random)
_draws("seed", lambda self, *args, **kwargs: None, random.Random)
_draws("setstate", lambda self, state: None, random.Random)
effect("reads", random.Random.getstate)

# -- recomputation ------------------------------------------------------------------------------------------------------------

nondifferentiable(random_states)
effect("reads", random_states)
result_type(random_states)(lambda *sources: UNKNOWN)


# -- draws by what they are made of ---------------------------------------------------------------------------------------


def size_of_draw(size, *parameters):
    """The size that is asked for, or else that of the parameters."""
    if size is not None:
        return size
    shape = np.broadcast_shapes(*[np.shape(p) for p in parameters])
    return None if shape == () else shape


@composition(GENERATOR.normal, LEGACY.normal)
def normal(self, loc=0.0, scale=1.0, size=None):
    return loc + scale * self.standard_normal(size_of_draw(size, loc, scale))


@composition(GENERATOR.lognormal, LEGACY.lognormal)
def lognormal(self, mean=0.0, sigma=1.0, size=None):
    return np.exp(mean + sigma * self.standard_normal(size_of_draw(size, mean, sigma)))


@composition(GENERATOR.uniform, LEGACY.uniform)
def uniform(self, low=0.0, high=1.0, size=None):
    return low + (high - low) * self.random(size_of_draw(size, low, high))


@composition(GENERATOR.exponential, LEGACY.exponential)
def exponential(self, scale=1.0, size=None):
    return scale * self.standard_exponential(size_of_draw(size, scale))


@composition(GENERATOR.gumbel, LEGACY.gumbel)
def gumbel(self, loc=0.0, scale=1.0, size=None):
    return loc + scale * self.gumbel(0.0, 1.0, size_of_draw(size, loc, scale))


@composition(GENERATOR.laplace, LEGACY.laplace)
def laplace(self, loc=0.0, scale=1.0, size=None):
    return loc + scale * self.laplace(0.0, 1.0, size_of_draw(size, loc, scale))


@composition(GENERATOR.logistic, LEGACY.logistic)
def logistic(self, loc=0.0, scale=1.0, size=None):
    return loc + scale * self.logistic(0.0, 1.0, size_of_draw(size, loc, scale))


@composition(GENERATOR.rayleigh, LEGACY.rayleigh)
def rayleigh(self, scale=1.0, size=None):
    return scale * self.rayleigh(1.0, size_of_draw(size, scale))


@composition(GENERATOR.weibull, LEGACY.weibull)
def weibull(self, a, size=None):
    return self.standard_exponential(size_of_draw(size, a)) ** (1.0 / a)


@composition(GENERATOR.pareto)
def pareto(self, a, size=None):
    return np.expm1(self.standard_exponential(size_of_draw(size, a)) / a)


@composition(LEGACY.pareto)
def pareto_of_legacy(self, a, size=None):
    return np.exp(self.standard_exponential(size_of_draw(size, a)) / a) - 1.0


@composition(GENERATOR.power, LEGACY.power)
def power(self, a, size=None):
    return (-np.expm1(-self.standard_exponential(size_of_draw(size, a)))) ** (1.0 / a)


@composition(GENERATOR.triangular, LEGACY.triangular)
def triangular(self, left, mode, right, size=None):
    """The inverse of the distribution function, which rises on both sides of the mode by square roots."""
    u = self.random(size_of_draw(size, left, mode, right))
    whole = right - left
    rises = u <= (mode - left) / whole
    root = np.sqrt(np.where(rises, u * ((mode - left) * whole), (1.0 - u) * ((right - mode) * whole)))
    return np.where(rises, left + root, right - root)


def vectors_of_normal(self, mean, size):
    """Draws of the standard distribution, a vector as a row, and of what shape those that are asked for are."""
    shape = np.shape(np.empty(() if size is None else size)) + np.shape(mean)
    return np.reshape(self.standard_normal(shape), (-1, len(mean))), shape


def check_covariance(restored, cov, check_valid, tol):
    """What NumPy does where a matrix is not made of its factors again."""
    if check_valid != "ignore" and not np.allclose(restored, cov, rtol=tol, atol=tol):
        if check_valid == "raise":
            raise ValueError("covariance is not symmetric positive-semidefinite.")
        warnings.warn("covariance is not symmetric positive-semidefinite.", RuntimeWarning, stacklevel=2)


@composition(GENERATOR.multivariate_normal)
def multivariate_normal(self, mean, cov, size=None, check_valid="warn", tol=1e-08, *, method="svd"):
    """The mean and a factor of the covariance times draws of the standard distribution."""
    mean, cov = np.asarray(mean), np.asarray(cov) + 0.0
    z, shape = vectors_of_normal(self, mean, size)
    if method == "cholesky":
        factor = np.linalg.cholesky(cov)
    elif method == "eigh":
        s, u = np.linalg.eigh(cov)
        check_covariance(np.dot(u * s, u.T), cov, check_valid, tol)
        factor = u * np.sqrt(np.abs(s))
    else:
        u, s, vh = np.linalg.svd(cov)
        check_covariance(np.dot(vh.T * s, vh), cov, check_valid, tol)
        factor = u * np.sqrt(s)
    return np.reshape(mean + np.dot(z, factor.T), shape)


@composition(LEGACY.multivariate_normal)
def multivariate_normal_of_legacy(self, mean, cov, size=None, check_valid="warn", tol=1e-08):
    """The same, by the other factor."""
    mean, cov = np.asarray(mean), np.asarray(cov) + 0.0
    z, shape = vectors_of_normal(self, mean, size)
    s, vh = np.linalg.svd(cov)[1:]
    check_covariance(np.dot(vh.T * s, vh), cov, check_valid, tol)
    return np.reshape(np.dot(z, np.sqrt(s)[:, None] * vh) + mean, shape)


def chooses_of_array(self, a, *rest, **named):
    """Whether entries of an array are drawn, and no numbers."""
    return as_array(a).shape not in ((), None)


@composition(GENERATOR.choice, covers=chooses_of_array)
def choice(self, a, size=None, replace=True, p=None, axis=0, shuffle=True):
    """What stands where the drawn numbers say."""
    a = np.asarray(a)
    return np.take(a, self.choice(a.shape[axis], size, replace, p, 0, shuffle), axis)


@composition(LEGACY.choice, covers=chooses_of_array)
def choice_of_legacy(self, a, size=None, replace=True, p=None):
    """The same."""
    a = np.asarray(a)
    return a[self.choice(len(a), size, replace, p)]


@composition(GENERATOR.permutation, covers=chooses_of_array)
def permutation(self, x, axis=0):
    """What stands where the numbers in another order say."""
    x = np.asarray(x)
    return np.take(x, self.permutation(x.shape[axis]), axis)


@composition(LEGACY.permutation, covers=chooses_of_array)
def permutation_of_legacy(self, x):
    """The same."""
    x = np.asarray(x)
    return x[self.permutation(len(x))]


def _of_module(name):
    """The function of NumPy's own generator, which is of the legacy class: its methods are functions of the module."""
    method, covered = composition_of(getattr(LEGACY, name)), followed_for(getattr(LEGACY, name))

    @composition(getattr(np.random, name), covers=functools.partial(covered, LEGACY) if callable(covered) else None)
    def of_module(*args, **kwargs):
        return method(np.random, *args, **kwargs)


_FOLLOWED = [name for name in vars(LEGACY) if composition_of(getattr(LEGACY, name)) is not None]
for _name in _FOLLOWED:
    _of_module(_name)

# -- what does not move with its parameters -------------------------------------------------------------------------------

_FIXED = (
    "random random_sample standard_normal standard_exponential standard_cauchy rand randn ranf sample integers randint "
    "random_integers tomaxint bytes seed get_state set_state"
)
_WHOLE = "multinomial multivariate_hypergeometric"
_MADE = "Generator RandomState default_rng BitGenerator MT19937 PCG64 PCG64DXSM Philox SFC64 SeedSequence"
for _name in (*DISCRETE, *_WHOLE.split(), *_FIXED.split(), *_MADE.split()):
    for _function in [getattr(owner, _name) for owner in (GENERATOR, LEGACY, np.random) if hasattr(owner, _name)]:
        _effect = effect_of(_function)
        nondifferentiable(_function)
        effect(_effect, _function)
for _name in _MADE.split()[3:]:
    result_type(getattr(np.random, _name))(lambda *args, **kwargs: UNKNOWN)

_SHAPED = "beta chisquare dirichlet f gamma noncentral_chisquare noncentral_f standard_gamma standard_t vonmises wald"
for _owner in (GENERATOR, LEGACY, np.random):
    refused(
        "No formula says how its draws move with the distribution: fix that, and transform what is drawn.",
        *[getattr(_owner, name) for name in _SHAPED.split()],
    )
    refused(
        "It writes into the array that it is given, or orders slices each by itself: use permutation, and its result.",
        *[getattr(_owner, name) for name in ("shuffle", "permuted") if hasattr(_owner, name)],
    )
refused("Make generators of random numbers before, and pass them.", GENERATOR.spawn)
refused(
    "It asks for, or exchanges, the state of NumPy's own generator: use np.random.default_rng.",
    np.random.get_bit_generator,
    np.random.set_bit_generator,
    np.random.test,
)
