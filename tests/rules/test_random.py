"""Random numbers: their types, and that each is drawn once."""

import inspect
import random

import numpy as np
import pytest
from differences import gradient

import sct
from sct.infer.call import infer_call
from sct.infer.signature import abstract
from sct.ir.types import Array, Const, Scalar
from sct.registry.effects import is_registered

SAMPLES = []

GENERATOR, LEGACY = np.random.Generator, np.random.RandomState

PARAMETERS = {
    "beta": (1.0, 2.0),
    "binomial": (3, 0.5),
    "chisquare": (2.0,),
    "exponential": (2.0,),
    "f": (2.0, 3.0),
    "gamma": (1.0, 2.0),
    "geometric": (0.3,),
    "gumbel": (0.0, 1.0),
    "hypergeometric": (3, 4, 2),
    "laplace": (0.0, 1.0),
    "logistic": (0.0, 1.0),
    "lognormal": (0.0, 1.0),
    "logseries": (0.3,),
    "negative_binomial": (3, 0.4),
    "noncentral_chisquare": (2.0, 1.0),
    "noncentral_f": (2.0, 3.0, 1.0),
    "normal": (0.0, 1.0),
    "pareto": (2.0,),
    "poisson": (3.0,),
    "power": (2.0,),
    "rayleigh": (1.0,),
    "standard_cauchy": (),
    "standard_exponential": (),
    "standard_gamma": (2.0,),
    "standard_normal": (),
    "standard_t": (3.0,),
    "triangular": (0.0, 1.0, 2.0),
    "uniform": (0.0, 1.0),
    "vonmises": (0.0, 1.0),
    "wald": (1.0, 2.0),
    "weibull": (2.0,),
    "zipf": (2.5,),
}


def calls(owner):
    """Calls of each method: without a size, with several, and with parameters that are arrays."""
    for name, args in PARAMETERS.items():
        yield name, args, {}
        for size in (4, (2, 1, 3), (), np.int64(2)):
            yield name, args, {"size": size}
        yield name, (*args, (2, 3)), {}
        if args:
            yield name, (np.full((2, 1), args[0]), *args[1:]), {}
            yield name, ([args[0]] * 3, *args[1:]), {}
    if owner is GENERATOR:
        yield "random", (), {}
        yield "random", (3,), {"dtype": np.float32}
        yield "random", (), {"dtype": np.float32}
        yield "standard_normal", ((2, 3),), {"dtype": "float32"}
        yield from (("integers", (2,), {"size": s, "dtype": d}) for s in (None, 3, ()) for d in (int, np.int64, np.uint8, bool))
        yield "permuted", (np.ones((2, 3)),), {"axis": 1}
    else:
        yield "random", ((2, 3),), {}
        yield "random_sample", (), {}
        yield "rand", (2, 3), {}
        yield "randn", (), {}
        yield from (("randint", (2,), {"size": s, "dtype": d}) for s in (None, 3, ()) for d in (int, np.int64, np.uint8, bool))
    for size in (None, 3, (2, 2)):
        yield "choice", (5, size), {}
        yield "choice", (np.array([1.0, 2.0]), size), {}
        yield "choice", ([1, 2, 3], size), {}
    yield "permutation", (4,), {}
    yield "permutation", (np.ones((3, 2)),), {}
    yield "multivariate_normal", (np.zeros(2), np.eye(2)), {}
    yield "multivariate_normal", (np.zeros(2), np.eye(2), (4, 3)), {}
    yield "dirichlet", ([1.0, 2.0], 3), {}
    yield "multinomial", (4, [0.5, 0.5], 3), {}


@pytest.mark.parametrize("owner", [GENERATOR, LEGACY])
def test_draws_have_the_types_that_are_said(owner):
    generator = np.random.default_rng(0) if owner is GENERATOR else np.random.RandomState(0)
    wrong = []
    known = 0
    for name, args, kwargs in calls(owner):
        own = [abstract(generator), *map(abstract, args)]
        wide = {"shape": int, "dtype": Const}
        named = {k: Const(v) if k in wide else abstract(v) for k, v in kwargs.items()}
        t = infer_call(getattr(owner, name), own, named)
        result = getattr(generator, name)(*args, **kwargs)
        known += isinstance(t, (Array, Scalar))
        if isinstance(t, Scalar):
            right = type(result) is t.kind
        elif isinstance(t, Array):
            right = type(result) not in (float, int) and result.dtype == t.dtype and np.ndim(result) == len(t.shape)
            right = right and all(isinstance(n, int) <= (n == m) for n, m in zip(t.shape, np.shape(result), strict=True))
        else:
            right = True
        if not right:
            wrong.append((name, args, kwargs, str(t), result))
    assert wrong == [] and known > 150


def test_every_function_of_numpys_has_an_effect():
    """A new one may act until somebody has looked at it."""
    undecided = []
    for module in (np, np.linalg, np.fft, np.random):
        for name in dir(module):
            value = getattr(module, name) if not name.startswith("_") else None
            if callable(value) and not inspect.ismodule(value) and not isinstance(value, np.ufunc):
                if not is_registered(value) and not (isinstance(value, type) and issubclass(value, BaseException)):
                    undecided.append(f"{module.__name__}.{name}")
    assert undecided == []


# -- dropout -------------------------------------------------------------------------------------------------------------------


def dropout(x, rng, n):
    for _ in range(n):
        x = np.tanh(x) * (rng.random(x.shape) > 0.5) * (rng.random(x.shape) > 0.1)
    return np.sum(x)


def test_dropout_has_types():
    x = np.linspace(-1.0, 1.0, 12).reshape(3, 4)
    source = sct.grad(dropout).source_for(x, np.random.default_rng(0), 2)
    assert "runtime" not in source
    value, found = sct.value_and_grad(dropout)(x, np.random.default_rng(0), 2)
    assert value == dropout(x, np.random.default_rng(0), 2)
    np.testing.assert_allclose(found, gradient(dropout, x, np.random.default_rng(0), 2), atol=1e-7)


def test_a_distribution_that_depends_on_the_argument_is_refused():
    def f(mu, rng):
        return np.sum(rng.standard_gamma(mu, 3))

    with pytest.raises(sct.errors.NoRuleError, match="a random draw by .standard_gamma"):
        sct.grad(f)(0.5, np.random.default_rng(0))


# -- each is drawn once --------------------------------------------------------------------------------------------------------

X = np.array([0.3, -0.2, 1.1])
shared = np.random.default_rng(0)
normal = shared.normal


def seeded(x):
    np.random.seed(1)
    return np.sum(x * np.random.rand(3))


def unused(x):
    np.random.rand(3)
    return np.sum(x * np.random.rand(3))


def by_a_bound_method(x):
    return np.sum(x * normal(size=3) * normal(size=3))


def made_inside(x):
    rng = np.random.default_rng(3)
    return np.sum(x * rng.normal(size=3) + x * x * rng.normal(size=3))


def of_python(x):
    random.seed(2)
    return np.sum(x * random.random() + x * random.uniform(1.0, 2.0))


@sct.checkpoint
def layer(x, rng):
    return np.tanh(x + rng.normal(size=x.shape))


def checkpointed_function(x, rng):
    return np.sum(layer(layer(x, rng), rng) * rng.normal(size=3))


@sct.checkpoint
def global_layer(x):
    return np.tanh(x * np.random.normal(size=3) * normal(size=3) * random.random())


def by_global_generators(x):
    return np.sum(global_layer(global_layer(x)))


@sct.checkpoint
def layer_of_layers(x, rng):
    return layer(layer(x, rng) * rng.normal(size=3), rng)


def nested(x, rng):
    return np.sum(layer_of_layers(x, rng))


def recursive(x, rng, n):
    if n == 0:
        return np.sum(x)
    return recursive(np.sin(x * rng.normal(size=3)), rng, n - 1)


def checkpointed_loop(x, rng):
    for _ in sct.checkpointed(range(7), slots=2):
        x = np.sin(x * rng.normal(size=3))
    return np.sum(x) * rng.normal()


def layers_in_a_checkpointed_loop(x):
    for _ in sct.checkpointed(range(4), slots=1, disk=1):
        x = layer(x, shared) * np.random.rand()
    return np.sum(x)


def layers_in_a_loop(x, rngs):
    for _ in range(3):
        x = layer(x, rngs[0]) + layer(x, rngs[1])
    return np.sum(x)


def in_while(x, rng):
    while rng.random() < 0.7:
        x = np.sin(x) * rng.normal(size=3)
    return np.sum(x)


def in_branches(x, rng):
    for _ in range(3):
        if rng.random() < 0.5:
            x = x * rng.normal(size=3)
        else:
            x = np.sin(x)
    return np.sum(x)


def broken_off(x, rng):
    normal = rng.normal
    for _ in range(9):
        x = np.sin(x) * normal()
        if rng.random() < 0.3:
            break
    return np.sum(x)


def in_a_comprehension(x, rng):
    return sum([np.sum(x * rng.normal(size=3)) for _ in range(3)])


def shuffled(x, rng):
    order = np.arange(3)
    rng.shuffle(order)
    return np.sum(x[order] * x[rng.permutation(3)] * np.array([1.0, 2.0, 3.0]))


def generator():
    return (np.random.default_rng(3),)


CASES = [
    *((f, tuple) for f in (seeded, unused, by_a_bound_method, made_inside, of_python, by_global_generators)),
    *((f, generator) for f in (checkpointed_function, nested, checkpointed_loop)),
    *((f, generator) for f in (in_while, in_branches, broken_off, in_a_comprehension, shuffled)),
    (recursive, lambda: (*generator(), 3)),
    (layers_in_a_checkpointed_loop, tuple),
    (layers_in_a_loop, lambda: ([np.random.default_rng(1), np.random.default_rng(2)],)),
]


def drawn(f, x, args):
    """A value, and what the generators give after it."""
    np.random.seed(5)
    random.seed(5)
    shared.bit_generator.state = np.random.default_rng(5).bit_generator.state
    own = args()
    value = f(x, *own)
    after = [g.random() for g in own if isinstance(g, np.random.Generator)]
    return value, (np.random.rand(), random.random(), shared.random(), *after)


@pytest.mark.parametrize("f, args", CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_a4_each_number_is_drawn_once(f, args):
    value, after = drawn(f, X, args)
    expected = gradient(lambda x: drawn(f, x, args)[0], X)
    for optimize in (True, False):
        (v, g), now = drawn(sct.value_and_grad(f, optimize=optimize), X, args)
        assert v == value and now == after
        np.testing.assert_allclose(g, expected, atol=1e-7)
    (v, pull), now = drawn(sct.pullback(f), X, args)
    assert v == value and now == after
    for _ in range(2):
        before = shared.bit_generator.state["state"], np.random.get_state()[2]
        np.testing.assert_allclose(pull(1.0), g, atol=1e-12)
        assert before == (shared.bit_generator.state["state"], np.random.get_state()[2])


def twice(x, rng, v):
    return np.sum(sct.grad(checkpointed_function)(x, rng) * v)


def deep(x, rng, v):
    return np.sum(sct.grad(recursive)(x, rng, 2) * v)


@pytest.mark.parametrize("f", [twice, deep], ids=lambda f: f.__name__)
def test_a4_of_second_order(f):
    v = np.array([1.0, -2.0, 0.5])
    h = sct.grad(f)(X, *generator(), v)
    np.testing.assert_allclose(h, gradient(f, X, *generator(), v), atol=1e-7)


@sct.checkpoint
def unseeded(x):
    return x * np.random.default_rng().random()


def test_a4_draws_that_cannot_be_had_again_are_refused():
    with pytest.raises(sct.errors.UnsupportedSyntaxError, match="without a seed, in the checkpointed function unseeded"):
        sct.grad(lambda x: np.sum(unseeded(x)))(X)
