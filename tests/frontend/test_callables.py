"""What can be called: methods, partials, objects with a call of their own, cached and compiled functions.

Each is given to every transform, and called inside of another function; the data in their fields is read at each call.
"""

import collections
import functools
import gc
import pickle
import typing
import weakref

import differences
import numpy as np
import pytest
import scipy.sparse
from differences import check_gradient

import sct

x0 = np.array([0.3, -0.7, 1.1])


class Layer:
    """y = act(W x + b), doubled in training."""

    def __init__(self, W, b, act=np.tanh):
        self.W, self.b, self.act, self.training = W, b, act, False

    def __call__(self, x):
        h = self.act(self.W @ x + self.b)
        return 2.0 * h if self.training else h


class Net:
    dt = 0.1

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.layers = [Layer(rng.normal(size=(3, 3)), rng.normal(size=3), act) for act in (np.tanh, np.sin)]
        self.k, self.steps, self.offset = 3.0, 2, {"a": np.ones(3), "s": 0.5}

    @property
    def scale(self):
        return 2.0 * self.k

    @functools.cached_property
    def slow(self):
        return 1.0 + self.k

    @staticmethod
    def squared(v):
        return v * v

    @classmethod
    def stepped(cls, v):
        return cls.dt * v

    def output(self, x):
        for layer in self.layers:
            x = layer(x)
        return x + self.offset["a"] * self.offset["s"]

    def loss(self, x, y=1.0):
        total = 0.0
        for _ in range(self.steps):
            total = total + self.scale * np.sum(self.squared(self.output(x))) * self.stepped(y) * self.slow
        return total

    def energy(self, x, n):
        return np.sum(x * x) if n == 0 else self.k * self.energy(x, n - 1)


class Loss:
    def __init__(self, net, weight=1.0):
        self.net, self.weight = net, weight

    def __call__(self, x):
        return self.weight * np.sum(self.net.output(x) ** 2)


net = Net()
bound = net.loss
halved = functools.partial(Net.loss, net, y=0.5)
total_loss = Loss(net, 0.3)
derived = sct.grad(net.loss)


@functools.lru_cache(maxsize=None)
def coefficient(n):
    return 2.0 * n


@functools.lru_cache
def cached_square(v):
    return v * v


def through_a_cache_of_what_is_differentiated(x):
    return np.sum(x * cached_square(np.sin(x[0])))


def through_a_global(x):
    return np.sum(net.output(x) ** 2)


def through_an_argument(x, model):
    return model.loss(x) + np.sum(model.layers[0].b * x)


def through_a_bound_method(x):
    return bound(x, y=2.0)


def through_a_partial(x):
    return halved(x)


def through_a_partial_made_inside(x):
    loss = functools.partial(net.loss, y=3.0)
    return loss(x) + functools.partial(np.multiply, 2.0)(x)[0]


def through_a_method_that_has_a_name(x):
    loss = net.loss
    return sum(loss(x, y) for y in (1.0, 2.0))


def through_a_cache(x):
    return np.sum(x * x) * coefficient(3)


def through_recursion(x):
    return net.energy(x, 2)


def through_getattr(x):
    scale = getattr(net, "scale") + getattr(net, "missing", 1.0)  # noqa: B009
    return scale * np.sum(x * x) if hasattr(net, "k") and isinstance(net, Net) and net is not None else 0.0


def power(p, x, y):
    return np.sum(x**p) * y


CALLABLES = [
    net.loss,
    net.output,
    halved,
    functools.partial(net.loss, y=2.0),
    functools.partial(functools.partial(power, 3.0), y=2.0),
    functools.partial(power, 3.0, y=x0),
    total_loss,
    total_loss.__call__,
    Net.squared,
    Net.stepped,
    functools.lru_cache(through_a_cache),
    through_a_global,
    through_a_bound_method,
    through_a_partial,
    through_a_partial_made_inside,
    through_a_method_that_has_a_name,
    through_a_cache,
    through_a_cache_of_what_is_differentiated,
    through_recursion,
    through_getattr,
]


@pytest.mark.parametrize("f", CALLABLES, ids=lambda f: getattr(f, "__qualname__", type(f).__name__))
def test_each_callable_is_differentiated_in_each_way(f):
    f = getattr(f, "__wrapped__", f) if not hasattr(f, "cache_info") else f
    plain = f.__wrapped__ if hasattr(f, "cache_info") else f
    y = plain(x0)
    w = np.linspace(0.5, 1.5, np.size(y)).reshape(np.shape(y)) if np.ndim(y) else 1.5
    expected = differences.gradient(lambda x: np.sum(plain(x) * w), x0)
    value, cotangent = sct.vjp(f)(x0, w)
    again, pull = sct.pullback(f)(x0)
    for got in (value, again):
        np.testing.assert_array_equal(got, y, strict=True)
    for got in (cotangent, pull(w), pull(w), sct.vjp(f, optimize=False)(x0, w)[1]):
        np.testing.assert_allclose(got, expected, atol=1e-7)
    if np.ndim(y) == 0:
        np.testing.assert_allclose(1.5 * sct.grad(f)(x0), expected, atol=1e-7)
        np.testing.assert_allclose(1.5 * sct.value_and_grad(f)(x0)[1], expected, atol=1e-7)


@pytest.mark.parametrize("f", [net.loss, halved, total_loss, functools.partial(power, 3.0, y=2.0)])
def test_each_callable_is_differentiated_twice(f):
    direction = np.array([1.0, 0.5, -0.5])
    slope = sct.grad(f)

    def along(x):
        return np.sum(slope(x) * direction)

    np.testing.assert_allclose(sct.grad(along)(x0), differences.gradient(along, x0), atol=1e-6)
    np.testing.assert_allclose(sct.vjp(slope)(x0, direction)[1], differences.gradient(along, x0), atol=1e-6)


def test_an_instance_may_be_an_argument():
    got = sct.grad(through_an_argument)(x0, net)
    np.testing.assert_allclose(got, differences.gradient(lambda x: through_an_argument(x, net), x0), atol=1e-7)
    other = Net(1)
    np.testing.assert_allclose(
        sct.grad(through_an_argument)(x0, other), differences.gradient(lambda x: through_an_argument(x, other), x0), atol=1e-7
    )


def test_transforms_of_methods_inside_of_a_function():
    def first(x):
        return sct.grad(net.loss)(x)[0]

    def second(x):
        return derived(x)[0]

    def third(x):
        return sct.value_and_grad(functools.partial(power, 3.0), wrt="x")(x, y=2.0)[1][0]

    for f in (first, second, third):
        np.testing.assert_allclose(sct.grad(f)(x0), differences.gradient(f, x0), atol=1e-5)


def test_a6_fields_are_read_at_each_call():
    layer = Layer(np.eye(3), np.zeros(3), np.sin)
    df = sct.vjp(layer)
    np.testing.assert_allclose(df(x0, np.ones(3))[1], np.cos(x0))
    layer.training = True
    np.testing.assert_allclose(df(x0, np.ones(3))[1], 2.0 * np.cos(x0))
    layer.W = 3.0 * np.eye(3)
    np.testing.assert_allclose(df(x0, np.ones(3))[1], 6.0 * np.cos(3.0 * x0))
    layer.act = np.exp
    np.testing.assert_allclose(df(x0, np.ones(3))[1], 6.0 * np.exp(3.0 * x0))
    layer.b = 1.0
    np.testing.assert_allclose(df(x0, np.ones(3))[1], 6.0 * np.exp(3.0 * x0 + 1.0))
    layer.act = lambda v: v * v
    np.testing.assert_allclose(df(x0, np.ones(3))[1], 12.0 * (3.0 * x0 + 1.0))


def test_a6_attributes_of_functions_are_read_at_each_call():
    def f(x):
        return f.scale * np.sum(x)

    f.scale = 2.0
    df = sct.grad(f)
    np.testing.assert_array_equal(df(x0), 2.0)
    f.scale = 3.0
    np.testing.assert_array_equal(df(x0), 3.0)


def test_methods_that_are_replaced_are_noticed():
    class Spring:
        k = 1.0

        def energy(self, x):
            return 0.5 * self.k * x * x

        def force(self, x):
            return self.energy(x)

    spring = Spring()
    df = sct.grad(spring.force)
    assert df(2.0) == 2.0
    Spring.k = 3.0
    assert df(2.0) == 6.0
    spring.k = 4.0
    assert df(2.0) == 8.0
    Spring.energy = lambda self, x: self.k * x
    assert df(2.0) == 4.0
    spring.energy = lambda x: x * x * x
    assert df(2.0) == 12.0
    del spring.energy
    spring.__class__ = type("Other", (Spring,), {"energy": lambda self, x: 7.0 * x})
    assert df(2.0) == 7.0


def test_partials_and_bound_methods_in_globals_are_not_frozen():
    weights = [1.0, 2.0]

    def f(a, x):
        return a[0] * x * x

    p = functools.partial(f, weights)

    def g(x):
        return p(x)

    dg = sct.grad(g)
    assert dg(3.0) == 6.0
    weights[0] = 2.0
    assert dg(3.0) == 12.0
    p = functools.partial(f, (5.0,))
    assert dg(3.0) == 30.0


def test_a_pullback_keeps_the_fields_that_it_read():
    layer = Layer(2.0 * np.eye(3), np.zeros(3), np.sin)
    _, pull = sct.pullback(layer)(x0)
    layer.W = None
    np.testing.assert_allclose(pull(np.ones(3)), 2.0 * np.cos(2.0 * x0))


def test_nothing_keeps_an_instance_alive():
    layer = Layer(np.eye(3), np.zeros(3))
    df = sct.vjp(lambda x, f: f(x))
    df(x0, layer, np.ones(3))
    gone = weakref.ref(layer)
    del layer
    gc.collect()
    assert gone() is None
    df(x0, Layer(np.eye(3), np.zeros(3)), np.ones(3))
    assert len(df._entries) == 1


def test_derived_functions_of_methods_and_partials_pickle():
    for f in (net.loss, halved, total_loss, functools.partial(net.loss, y=2.0)):
        df = sct.grad(f)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(df))(x0), df(x0))


def test_keywords_and_names_are_those_of_what_is_given():
    assert sct.grad(net.loss).wrt == ("x",)
    assert sct.grad(net.loss, wrt="y")(x0, y=2.0) == pytest.approx(net.loss(x0))
    assert sct.grad(functools.partial(net.loss, y=2.0), wrt="y")(x0) == pytest.approx(net.loss(x0))
    assert sct.grad(net.loss).__name__ == "loss"
    with pytest.raises(sct.SctError, match="not a parameter"):
        sct.grad(net.loss, wrt="self")
    np.testing.assert_array_equal(sct.grad(net.loss).specialize(x0)(x0), sct.grad(net.loss)(x0))
    np.testing.assert_array_equal(sct.grad(halved).specialize(x0)(x0), sct.grad(halved)(x0))
    assert "W = layers_0.W" in sct.grad(net.loss).source_for(x0)
    assert "def loss_grad(self, x, y=1.0)" in sct.grad(net.loss).source
    assert sct.grad(net.loss).tape(x0).nbytes > 0


def test_fields_of_known_type_make_the_code_of_arguments():
    source = sct.vjp(net.layers[0]).source_for(x0)
    assert "runtime." not in source and "W.T @ (y_bar * (1.0 - h * h))" in source


def test_what_is_written_into_an_instance_is_not_written_into_it():
    class Writer:
        def __init__(self):
            self.n, self.buffer, self.history, self.inner = 0, np.zeros(3), [], {"a": np.zeros(3)}

        def assigns(self, x):
            self.n = 1
            return np.sum(x)

        def sets(self, x):
            self.buffer[0] = x[0]
            return np.sum(self.buffer)

        def appends(self, x):
            self.history.append(x)
            return np.sum(x)

        def sets_inside(self, x):
            self.inner["a"][0] = x[0]
            return np.sum(self.inner["a"])

        def adds(self, x):
            self.inner["a"] += x
            return np.sum(self.inner["a"])

    first = np.eye(len(x0))[0]
    ones = np.ones(len(x0))
    for name, expected in (("assigns", ones), ("sets", first), ("appends", ones), ("sets_inside", first), ("adds", ones)):
        writer = Writer()
        np.testing.assert_array_equal(sct.grad(getattr(writer, name))(x0), expected)
        assert (writer.n, writer.history) == (0, [])
        assert not np.any(writer.buffer) and not np.any(writer.inner["a"])


def test_a_missing_field_is_named():
    class Empty:
        def f(self, x):
            return self.nothing * x

    with pytest.raises(sct.SctError, match="class Empty has no attribute 'nothing'"):
        sct.grad(Empty().f)(1.0)
    with pytest.raises(sct.SctError, match="not callable"):
        sct.grad(lambda x, e: e(x))(1.0, Empty())


def test_functions_compiled_by_numba_are_read_from_their_python_function():
    numba = pytest.importorskip("numba")

    @numba.njit
    def energy(x):
        return (x * x).sum()

    def doubled(x):
        return 2.0 * energy(x)

    np.testing.assert_allclose(sct.grad(energy)(x0), 2.0 * x0)
    np.testing.assert_allclose(sct.grad(doubled)(x0), 4.0 * x0)


# ---------------------------------------------------------------------------------------------------------------------
# Stars
# ---------------------------------------------------------------------------------------------------------------------


def added(*terms):
    return sum(terms)


def scaled(x, **options):
    return np.sum(x * x) * options["k"] * options.get("m", 2.0)


def mixed(a, *rest, k=1.0, **options):
    return a * k + sum(rest) * options["z"] + len(options) + len(rest)


def logged(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)

    return wrapper


@logged
@logged
def wrapped(x, k=2.0):
    return np.sum(x * x) * k


def keeps_its_entries(**entries):
    entries["a"][0] = 7.0
    entries["b"] = 1.0
    return np.sum(entries["a"])


def called_with_positions(x):
    return added(x[0], x[1] * 2.0, *(x[2], x[0] ** 2)) + added() + np.hypot(*x[:2])


def called_with_keywords(x):
    options = {"k": 2.0}
    options["m"] = x[0]
    return scaled(x, k=3.0) + scaled(x, **{"k": 2.0, "m": 1.0}) + scaled(x, **options)


def called_with_both(x):
    return mixed(x[0], *(x[1], x[2]), **{"z": x[0]}, k=2.0) + mixed(x[1], z=x[2])


def called_through_decorators(x):
    return wrapped(x) + wrapped(x, k=3.0) + wrapped(x, 4.0)


def in_displays(x):
    xs, t, d = [*(x[0], x[1]), 1.0, *[x[2]]], (*x[:2], 3.0), {**{"a": x, "b": 2.0}, "b": 3.0 * x, "op": 1.0}
    return xs[0] * xs[1] * xs[3] + len(xs) + t[0] * t[1] * t[2] + np.sum(d["a"] * d["b"]) * len(d)


def in_targets(x):
    first, *rest = [x[0], x[1], x[2]]
    *start, last = (x[0], x[1], x[2])
    start.append(last * last)
    total = first * sum(rest) + sum(start) * len(rest)
    for a, *b in [(x[0], x[1]), (x[1], x[2])]:
        total += a * b[0]
    return total


def a_dict_of_its_own(x):
    d = {"a": x * 2.0}
    return keeps_its_entries(**d) + np.sum(d["a"] ** 2) + len(d)


def named_like_the_compiler_does(x):
    def_ = mixed(x[0], z=1.0, op=2.0, node=3.0, self=1.0)
    return def_ * {str(1): x[1]}["1"]


@pytest.mark.parametrize(
    "f",
    [
        called_with_positions,
        called_with_keywords,
        called_with_both,
        called_through_decorators,
        in_displays,
        in_targets,
        a_dict_of_its_own,
        named_like_the_compiler_does,
    ],
)
def test_stars_are_followed(f):
    check_gradient(f, x0)
    check_gradient(f, x0, optimize=False)


def test_stars_that_do_not_fit_are_errors():
    def twice_given(x):
        options = {"k": 2.0}
        return scaled(x, k=1.0, **options)

    def too_few(x):
        a, *_, b = [x]
        return a * b

    def too_many(x):
        return wrapped(*(x, 1.0, 2.0))

    with pytest.raises(sct.SctError, match="'k' is given twice"):
        sct.grad(twice_given)(x0)
    with pytest.raises(ValueError, match="1 values cannot be unpacked into 2 names or more"):
        sct.grad(too_few)(x0)
    with pytest.raises(sct.SctError, match="too many positional arguments"):
        sct.grad(too_many)(x0)


# ---------------------------------------------------------------------------------------------------------------------
# Methods with decorators of sct's own
# ---------------------------------------------------------------------------------------------------------------------


class Decorated:
    def __init__(self):
        self.W = 2.0 * np.eye(3)

    @sct.checkpoint
    def layer(self, x):
        return np.tanh(self.W @ x)

    def plain(self, x):
        return np.tanh(self.W @ x)

    @sct.grad(wrt="x")
    def slope(self, x):
        return np.sum(self.plain(x))

    @functools.lru_cache  # noqa: B019
    def factor(self, n):
        return 2.0 * n

    def checkpointed(self, x):
        return np.sum(self.layer(self.layer(x)))

    def checkpointed_inside(self, x):
        layer = sct.checkpoint(self.plain)
        return np.sum(layer(layer(x))) * self.factor(2)

    def sloped(self, x):
        return np.sum(self.slope(x))


decorated = Decorated()
kept = sct.checkpoint(decorated.plain)


def checkpointed_outside(x):
    return np.sum(kept(kept(x)))


@pytest.mark.parametrize("f", [decorated.checkpointed, decorated.checkpointed_inside, decorated.sloped, checkpointed_outside])
def test_methods_may_be_checkpointed_and_differentiated_where_they_are_defined(f):
    np.testing.assert_allclose(sct.grad(f)(x0), differences.gradient(f, x0), atol=1e-7)
    np.testing.assert_allclose(decorated.slope(x0), differences.gradient(lambda x: np.sum(decorated.plain(x)), x0), atol=1e-7)


class Dropout:
    """Draws from a generator that it holds, and from one that a part of it holds."""

    def __init__(self):
        self.rng, self.parts = np.random.default_rng(0), [self]

    @sct.checkpoint
    def own(self, x):
        return x * self.rng.normal(size=3)

    @sct.checkpoint
    def of_a_part(self, x):
        return x * self.parts[0].rng.normal(size=3)

    def recursive(self, x, n):
        return x if n == 0 else self.recursive(x * self.rng.normal(), n - 1)


@pytest.mark.parametrize("name", ["own", "of_a_part", "recursive"])
def test_a4_generators_in_fields_draw_once_where_a_call_is_run_again(name):
    drop = Dropout()

    def loss(x):
        return np.sum((drop.recursive(x, 3) if name == "recursive" else getattr(drop, name)(x)) ** 2)

    value, gradient = sct.value_and_grad(loss)(x0)
    after = drop.rng.normal()
    drop.rng = np.random.default_rng(0)
    assert value == loss(x0)
    assert after == drop.rng.normal()
    assert gradient @ x0 == pytest.approx(2.0 * value)


# ---------------------------------------------------------------------------------------------------------------------
# Derivatives of functions with stars
# ---------------------------------------------------------------------------------------------------------------------


def starred(x, *ys, k=1.0, **options):
    return np.sum(x * ys[0]) * k * options.get("z", 1.0) + sum(ys[1:])


def cube(*args):
    return args[0] ** 3 * args[1]


class Summed:
    def squared(self, *args, **kwargs):
        return sum(args) ** 2 * kwargs["scale"]


def test_b5_a_function_with_stars_is_differentiated_by_position_and_by_name():
    s = np.sum(x0)
    np.testing.assert_array_equal(sct.grad(starred)(x0, 2.0), 2.0)
    assert sct.grad(starred, wrt=1)(x0, 2.0, 3.0) == pytest.approx(s)
    assert sct.grad(starred, wrt=-1)(x0, 2.0, 3.0) == 1.0
    assert sct.grad(starred, wrt="ys")(x0, 2.0, 3.0) == pytest.approx((s, 1.0))
    assert sct.grad(starred, wrt=("k", "z"))(x0, 2.0, z=3.0, k=2.0) == pytest.approx((6.0 * s, 4.0 * s))
    assert sct.grad(starred, wrt="options")(x0, 2.0, z=3.0) == pytest.approx({"z": 2.0 * s})
    assert sct.grad(Summed().squared)(1.0, 2.0, scale=3.0) == 18.0


def test_b5_the_cotangent_of_a_function_with_stars_is_its_last_argument():
    y, x_bar = sct.vjp(starred)(x0, 2.0, 3.0, 0.5)
    assert y == starred(x0, 2.0, 3.0)
    np.testing.assert_array_equal(x_bar, 1.0)
    np.testing.assert_array_equal(sct.vjp(starred)(x0, 2.0, y_bar=0.5)[1], 1.0)
    assert sct.vjp(starred, wrt="ys")(x0, 2.0, 3.0, 0.5)[1] == pytest.approx((0.5 * np.sum(x0), 0.5))
    assert sct.vjp(starred, wrt="options")(x0, 2.0, 0.5, z=3.0)[1] == pytest.approx({"z": np.sum(x0)})
    y, pull = sct.pullback(starred, wrt=(0, 1))(x0, 2.0)
    assert pull(0.5)[1] == pytest.approx(0.5 * np.sum(x0))


def test_derivatives_of_functions_with_stars_nest_pickle_and_are_read():
    assert sct.grad(sct.grad(cube))(2.0, 5.0) == 60.0
    assert sct.grad(sct.grad(cube, wrt=1))(2.0, 5.0) == 12.0
    assert sct.vjp(sct.vjp(cube))(2.0, 5.0, 1.0, (1.0, 1.0)) == ((40.0, 60.0), 120.0)
    df = sct.grad(starred)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(df))(x0, 2.0), 2.0)
    np.testing.assert_array_equal(df.specialize(x0, 2.0)(x0, 2.0), 2.0)
    assert "def starred_grad(x, ys_0, *, k=1.0, z)" in df.source_for(x0, 2.0, z=1.0)
    assert "def starred_grad(x, ys_0" in sct.grad(starred).source
    assert df.tape(x0, 2.0).nbytes == 0


def test_derivatives_of_functions_with_stars_inside_of_a_function():
    part = functools.partial(starred, x0, k=3.0)

    def f(x, y):
        return sct.grad(starred)(x, y)[0] * x[0] + sct.grad(part)(y) * y + sct.grad(part, wrt="ys")(y, 1.0)[1] * y

    np.testing.assert_allclose(sct.grad(f)(x0, 2.0), [2.0, 0.0, 0.0])
    assert sct.grad(f, wrt="y")(x0, 2.0) == pytest.approx(x0[0] + 3.0 * np.sum(x0) + 1.0)


def test_a_decorated_function_has_the_parameters_of_what_it_decorates():
    np.testing.assert_allclose(sct.grad(wrapped)(x0), 4.0 * x0)
    np.testing.assert_allclose(sct.grad(wrapped)(x0, k=3.0), 6.0 * x0)
    np.testing.assert_allclose(sct.vjp(wrapped)(x0, 0.5)[1], 2.0 * x0)
    assert sct.grad(wrapped, wrt="k")(x0, 1.0) == pytest.approx(np.sum(x0**2))
    assert "def wrapped_grad(x, k=2.0)" in sct.grad(wrapped).source
    along = sct.vjp(sct.grad(wrapped))(x0, np.ones(3))[1]
    np.testing.assert_allclose(along, 4.0)


def test_b5_builtins_are_differentiated_by_their_arguments():
    assert sct.grad(max)([1.0, 2.0]) == [0.0, 1.0]
    assert sct.grad(max)(1.0, 2.0) == 0.0
    assert sct.grad(min, wrt=(0, 1))(1.0, 2.0) == (1.0, 0.0)
    assert sct.grad(abs)(-2.0) == -1.0
    assert sct.grad(np.add, wrt=(0, 1))(1.0, 2.0) == (1.0, 1.0)
    assert sct.grad(np.sin)(0.5) == np.cos(0.5)


def test_a_position_that_a_call_does_not_have_is_an_error():
    with pytest.raises(sct.SctError, match="is called with 1 arguments, and wrt=3"):
        sct.grad(cube, wrt=3)(2.0)
    with pytest.raises(sct.SctError, match="missing a required argument: 'x'"):
        sct.grad(starred)()


def test_what_is_made_anew_is_compiled_once():
    for make in (
        lambda seed: Net(seed).output,
        lambda seed: functools.partial(Net.output, Net(seed)),
        lambda seed: Layer(np.eye(3) * seed, np.ones(3)),
        lambda seed: logged(lambda x, y=2.0: np.sin(x) * y),
    ):
        compiled = set()
        for seed in range(3):
            df = sct.vjp(make(seed))
            _, x_bar = df(x0, np.ones(3))
            np.testing.assert_allclose(x_bar, differences.gradient(lambda x, f=df.primal: np.sum(f(x)), x0), atol=1e-7)
            compiled.add(df._shared.compiled)
        assert len(compiled) == 1


# ---------------------------------------------------------------------------------------------------------------------
# Named tuples
# ---------------------------------------------------------------------------------------------------------------------

Pair = collections.namedtuple("Pair", "a b", defaults=[np.ones(3)])


class Weighted(typing.NamedTuple):
    x: typing.Any
    w: float = 2.0

    def norm(self):
        return np.sum(self.x * self.x) * self.w

    @property
    def double(self):
        return 2.0 * self.x


def squares(x):
    return Weighted(x * x, 3.0)


def through_fields(x):
    p = Pair(x, b=2.0)
    return np.sum(p.a) * p.b + np.sum(p[:1][0]) + Pair(x).b[0] * x[0]


def through_methods(x):
    p = Weighted(x)
    return p.norm() + np.sum(p.double) + p._replace(w=3.0).norm() + np.sum(p._asdict()["x"]) * len(p) + np.sum(p[0])


def through_a_result(x):
    x, w = squares(x)
    return squares(x).norm() + sum(np.sum(v) for v in squares(x)) * w


def through_branches_and_loops(x):
    p = Weighted(x)
    for _ in range(3):
        p = Weighted(p.x * 0.5 + 1.0, p.w)
    q = Weighted(p.x) if x[0] > 0 else Weighted(2.0 * p.x)
    return q.norm()


def named_results(x):
    A = np.outer(x, x) + np.eye(3) * (x + 3.0)
    U, s, _ = np.linalg.svd(A)
    return (
        np.linalg.slogdet(A).logabsdet
        + np.sum(np.linalg.eigh(A).eigenvalues ** 2)
        + np.sum(np.linalg.svd(A).S)
        + np.linalg.qr(A).R[0, 1] * np.linalg.qr(A).Q[0, 0]
        + s[0]
        + np.linalg.slogdet(A)[1] * np.linalg.slogdet(A).sign
    )


@pytest.mark.parametrize("f", [through_fields, through_methods, through_a_result, through_branches_and_loops, named_results])
def test_named_tuples_are_followed(f):
    check_gradient(f, x0)
    check_gradient(f, x0, optimize=False)


def test_named_tuples_are_arguments_and_results():
    def f(x, p):
        return np.sum(x * p.x) * p.w

    p = Weighted(x0, 3.0)
    got = sct.grad(f, wrt="p")(x0, p)
    assert type(got) is Weighted
    np.testing.assert_allclose(got.x, 3.0 * x0)
    assert got.w == pytest.approx(x0 @ x0)
    y, pull = sct.pullback(squares)(x0)
    assert type(y) is Weighted and y.w == 3.0
    np.testing.assert_allclose(pull(Weighted(np.ones(3), 0.0)), 2.0 * x0)
    A = np.diag([1.0, 2.0, 4.0])
    y, A_bar = sct.vjp(np.linalg.slogdet)(A, (0.0, 1.0))
    assert y.logabsdet == pytest.approx(np.log(8.0))
    np.testing.assert_allclose(A_bar, np.linalg.inv(A).T)


def test_named_tuples_of_two_classes_are_not_one():
    def f(x):
        p = Weighted(x, 1.0) if x[0] > 0 else Pair(x, 1.0)
        return np.sum(p[0])

    with pytest.raises(sct.UnsupportedSyntaxError, match="length, keys or kind"):
        sct.grad(f)(x0)


# ---------------------------------------------------------------------------------------------------------------------
# np.vectorize
# ---------------------------------------------------------------------------------------------------------------------


def kinked(v, w):
    return v * w if v > 0 else 0.1 * v * v


def cut(v):
    return 0 if v < 0 else v * 2.0


kinked_each, cut_each, cut_to_floats = np.vectorize(kinked), np.vectorize(cut), np.vectorize(cut, otypes=[float])


def vectorized_in_a_global(x):
    return np.sum(kinked_each(x, np.array([1.0, 2.0, 3.0])) ** 2)


def vectorized_inside(x):
    each = np.vectorize(kinked)
    return np.sum(each(x[:, None], x) * each(x, 2.0)) + np.sum(cut_to_floats(-x)) + np.sum(cut_each(x))


@pytest.mark.parametrize("f", [vectorized_in_a_global, vectorized_inside])
def test_vectorized_functions_are_loops(f):
    check_gradient(f, x0)
    check_gradient(f, x0, optimize=False)


def test_vectorized_functions_are_differentiated_themselves():
    w = np.array([[1.0], [2.0]])
    y, (x_bar, w_bar) = sct.vjp(kinked_each, wrt=(0, 1))(x0, w, np.ones((2, 3)))
    np.testing.assert_array_equal(y, kinked_each(x0, w), strict=True)
    np.testing.assert_allclose(x_bar, differences.gradient(lambda x: np.sum(kinked_each(x, w)), x0), atol=1e-7)
    np.testing.assert_allclose(w_bar, [[1.4], [1.4]])
    assert sct.grad(kinked_each)(0.5, 2.0) == 2.0
    assert sct.grad(sct.grad(lambda t: kinked_each(t, 2.0) ** 2))(0.5) == pytest.approx(8.0)


def test_a_vectorized_function_whose_first_result_is_an_integer_says_so():
    with pytest.raises(AssertionError, match="give it otypes"):
        sct.grad(lambda x: np.sum(cut_each(x)))(-x0)


def test_a_list_that_grows_by_an_integer_or_a_float_has_its_derivative():
    def f(x):
        return np.sum(np.stack([cut(v) for v in x]))

    np.testing.assert_array_equal(sct.grad(f)(x0), [2.0, 0.0, 2.0])


def test_what_an_unknown_object_was_given_is_not_read_from_it():
    def f(x, queue):
        queue.append(x)
        return np.sum(queue[0])

    with pytest.raises(sct.UnsupportedSyntaxError, match="'queue' may have been changed by .append()"):
        sct.grad(f)(x0, collections.deque())


class Scaling:
    """An operator, as linear algebra without matrices has them."""

    def __init__(self, factor):
        self.factor = factor

    def __matmul__(self, x):
        return self.factor * x

    def __radd__(self, x):
        return x**3


@pytest.mark.parametrize("f", [lambda x, s: np.sum(s @ x), lambda x, s: x[0] + s], ids=["@", "+"])
def test_operators_of_an_instance_are_followed(f):
    sct.check_grads(f, (np.array([0.5, 0.7, 0.9]), Scaling(2.0)), wrt=0, order=2)


def test_products_with_sparse_matrices_are_followed():
    m = scipy.sparse.csr_matrix([[1.0, 2.0], [0.0, 3.0]])
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(sct.grad(lambda x: np.sum((m @ x) ** 2))(x), 2.0 * m.T @ (m @ x))
