"""Random numbers: NumPy's generators, its global one, and Python's.

Takes nothing; registers that the methods of generators draw, and of what type their results are. Where a location or a scale
may vary, a draw is made of one from the distribution without them: the same number, which moves with both (the pathwise
derivative: Glasserman 2003, "Monte Carlo Methods in Financial Engineering", 7.2).
"""

import random

import numpy as np

from sct.ir.shapes import as_array, as_shape, broadcast, constant
from sct.ir.types import UNKNOWN, Array, Const, Scalar, Stateful, Unknown
from sct.registry.compositions import composition
from sct.registry.effects import effect, known_class
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
effect("acts", np.random.shuffle, np.random.set_bit_generator, np.random.test)
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


@composition(np.random.normal)
def normal_of_module(loc=0.0, scale=1.0, size=None):
    return loc + scale * np.random.standard_normal(size_of_draw(size, loc, scale))


@composition(np.random.lognormal)
def lognormal_of_module(mean=0.0, sigma=1.0, size=None):
    return np.exp(mean + sigma * np.random.standard_normal(size_of_draw(size, mean, sigma)))


@composition(np.random.uniform)
def uniform_of_module(low=0.0, high=1.0, size=None):
    return low + (high - low) * np.random.random_sample(size_of_draw(size, low, high))


@composition(np.random.exponential)
def exponential_of_module(scale=1.0, size=None):
    return scale * np.random.standard_exponential(size_of_draw(size, scale))


@composition(np.random.gumbel)
def gumbel_of_module(loc=0.0, scale=1.0, size=None):
    return loc + scale * np.random.gumbel(0.0, 1.0, size_of_draw(size, loc, scale))


@composition(np.random.laplace)
def laplace_of_module(loc=0.0, scale=1.0, size=None):
    return loc + scale * np.random.laplace(0.0, 1.0, size_of_draw(size, loc, scale))


@composition(np.random.logistic)
def logistic_of_module(loc=0.0, scale=1.0, size=None):
    return loc + scale * np.random.logistic(0.0, 1.0, size_of_draw(size, loc, scale))


@composition(np.random.rayleigh)
def rayleigh_of_module(scale=1.0, size=None):
    return scale * np.random.rayleigh(1.0, size_of_draw(size, scale))
