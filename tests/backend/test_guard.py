"""When a compiled derivative is used again, and when another is compiled: whatever it relies on may change between calls."""

import functools
import types

import elsewhere
import numpy as np
import pytest
from sources import define

import sct


def weighted(x, d):
    return np.sum(x) + np.sum(d["args[0]"]) * np.sum(x[1:-1])


def test_a8_keys_of_dicts_are_not_taken_for_code():
    g = sct.grad(weighted, wrt=(0, 1))
    for shape in ((2, 1), (2, 3), (1, 1), (3,)):
        x, d = np.ones(3), {"args[0]": np.ones(shape)}
        x_bar, d_bar = g(x, d)
        np.testing.assert_array_equal(x_bar, [1.0, 1.0 + np.prod(shape), 1.0])
        np.testing.assert_array_equal(d_bar["args[0]"], np.ones(shape))


@pytest.mark.parametrize("key", ["'", '"', "a0", "@a0", "] or True or [", "\n", ("a", 1), 2.5, None, frozenset((1,))])
def test_keys_of_any_kind(key):
    f = define("def f(d):\n    return sum(np.sum(v * v) for v in d.values())\n", "f")
    g = sct.grad(f)
    for v in (np.ones(2), np.ones((2, 2)), 3.0):
        np.testing.assert_array_equal(g({key: v})[key], 2.0 * v)


def outer_parts(x, y):
    return np.sum(x[1:-1, None] * y[None, 1:-1])


def test_a19_a_specialized_function_checks_the_sizes_that_it_relies_on():
    x = np.arange(6.0)
    s = sct.grad(outer_parts).specialize(x, x)
    np.testing.assert_array_equal(s(x, x), [0, 10, 10, 10, 10, 0])
    np.testing.assert_array_equal(s(x=x, y=x), [0, 10, 10, 10, 10, 0])
    sct.check_grads(outer_parts, (x[:3], x))
    np.testing.assert_array_equal(s(x[:2], x), [0, 0])
    with pytest.raises(ValueError, match="specialized for arguments of other sizes"):
        s(x[:3], x)
    with pytest.raises(ValueError, match="specialized for arguments of other sizes"):
        s(x, y=x[:3])


def test_what_relies_on_no_length_is_specialized_without_a_check():
    s = sct.grad(lambda x: np.sum(np.tanh(x))).specialize(np.ones(3))
    assert isinstance(s, types.FunctionType) and s.__code__.co_filename.startswith("<sct ")


def test_a16_the_name_of_numpy_bound_to_something_else():
    f = define("def f(x):\n    return np.sum(np.tanh(x))\n", "f")
    g, x = sct.grad(f), np.array([0.5])
    np.testing.assert_allclose(g(x), 1 - np.tanh(0.5) ** 2)
    f.__globals__["np"] = other = types.ModuleType("other")
    other.sum, other.tanh = np.sum, np.sin
    np.testing.assert_allclose(g(x), np.cos(0.5))
    f.__globals__["np"] = np
    np.testing.assert_allclose(g(x), 1 - np.tanh(0.5) ** 2)
    del f.__globals__["np"]
    with pytest.raises(NameError):
        g(x)


def test_a_builtin_that_is_hidden_by_a_global():
    f = define("def f(x):\n    return np.sum(x) * max(2.0, 3.0)\n", "f")
    g, x = sct.grad(f), np.ones(2)
    np.testing.assert_array_equal(g(x), [3.0, 3.0])
    f.__globals__["max"] = min
    np.testing.assert_array_equal(g(x), [2.0, 2.0])
    del f.__globals__["max"]
    np.testing.assert_array_equal(g(x), [3.0, 3.0])


def test_names_of_another_module(monkeypatch):
    f = define("def f(x):\n    return elsewhere.decay(x, rate=elsewhere.RATE)\n", "f", elsewhere=elsewhere)
    g = sct.grad(f)
    np.testing.assert_allclose(g(1.0), -0.3 * np.exp(-0.3))
    monkeypatch.setattr(elsewhere, "exp", np.sin)
    np.testing.assert_allclose(g(1.0), -0.3 * np.cos(-0.3))
    monkeypatch.setattr(elsewhere, "RATE", np.array([[0.5]]))
    with pytest.raises(sct.SctError):
        g(1.0)
    monkeypatch.setattr(elsewhere, "RATE", 0.5)
    np.testing.assert_allclose(g(1.0), -0.5 * np.cos(-0.5))


def test_globals_of_another_type():
    f = define("def f(x):\n    return np.sum(x * W)\n", "f", W=np.ones((2, 1)))
    g, x = sct.grad(f), np.ones(2)
    np.testing.assert_array_equal(g(x), [2.0, 2.0])
    for W in (np.ones((2, 2)), 3.0, np.float32(2.0), 5, np.ones(2)):
        f.__globals__["W"] = W
        np.testing.assert_array_equal(g(x), np.broadcast_to(W, (2, 2)).sum(0) if np.ndim(W) == 2 else np.broadcast_to(W, 2))


def squares(x):
    return np.sum(x * x)


def cubes(x):
    return np.sum(x**3)


def weighted_from_left(w, x):
    return np.sum(w**3 * x)


def weighted_from_right(x, w):
    return np.sum(x * w**2)


class Model:
    def loss(self, x):
        return squares(x)


def by_recursion(x, n):
    return squares(x) if n == 0 else by_recursion(x, n - 1)


def test_code_that_is_put_into_a_function_in_place_of_its_own(monkeypatch):
    """As IPython's autoreload does when a module's file has changed."""
    x = np.array([0.5, 2.0])
    direct, method, recursive = sct.grad(squares), sct.grad(Model().loss), sct.grad(by_recursion)

    def second(x):
        return np.sum(direct(x) ** 2)

    twice = sct.grad(second)
    for code, first, of_second in ((squares, 2 * x, 8 * x), (cubes, 3 * x**2, 36 * x**3)) * 2:
        with monkeypatch.context() as m:
            m.setattr(squares, "__code__", code.__code__)
            for g in (direct(x), method(x), recursive(x, 2), sct.grad(squares)(x)):
                np.testing.assert_allclose(g, first)
            np.testing.assert_allclose(twice(x), of_second)


def test_code_with_other_parameters(monkeypatch):
    x, w = np.array([0.5, 2.0]), np.array([1.0, 3.0])
    g = sct.grad(weighted_from_right)
    np.testing.assert_allclose(g(x, w), w**2)
    monkeypatch.setattr(weighted_from_right, "__code__", weighted_from_left.__code__)
    np.testing.assert_allclose(g(x, w), 3 * x**2 * w)
    np.testing.assert_allclose(g(x=w, w=x), 3 * x**2 * w)


def scaled(x, n=2.0, *, k=3.0):
    return x * n * k


def test_defaults_are_those_of_the_function_now(monkeypatch):
    g = sct.grad(scaled)
    assert g(1.0) == 6.0
    monkeypatch.setattr(scaled, "__defaults__", (5.0,))
    assert (g(1.0), g(1.0, k=1.0), sct.grad(scaled)(1.0)) == (15.0, 5.0, 15.0)
    monkeypatch.setitem(scaled.__kwdefaults__, "k", 4.0)
    assert (g(1.0), g(1.0, 1.0), sct.grad(scaled)(1.0)) == (20.0, 4.0, 20.0)
    monkeypatch.setattr(scaled, "__defaults__", (np.array(2.0),))
    assert g(1.0) == 8.0
    monkeypatch.setattr(scaled, "__defaults__", None)
    with pytest.raises(sct.CallError, match="missing a required argument: 'n'"):
        g(1.0)
    assert g(1.0, 1.0) == 4.0


def with_options(x, *, n=2.0, squared=True):
    return np.sum(x**2 * n if squared else x * n)


def by_options(x):
    return with_options(x) * 1.0


def test_keyword_defaults_of_a_helper_that_are_written_into(monkeypatch):
    g, x = sct.grad(by_options), np.array([0.5, 2.0])
    np.testing.assert_array_equal(g(x), 4.0 * x)
    monkeypatch.setitem(with_options.__kwdefaults__, "n", 5.0)
    np.testing.assert_array_equal(g(x), 10.0 * x)
    monkeypatch.setitem(with_options.__kwdefaults__, "squared", False)
    np.testing.assert_array_equal(g(x), [5.0, 5.0])


def test_every_way_to_give_arguments_to_what_is_compiled(monkeypatch):
    def compiles(*args):
        raise AssertionError("compiled again")

    g, v = sct.grad(scaled), sct.vjp(scaled)
    g(1.0), v(1.0, 2.0, 3.0, k=4.0)
    monkeypatch.setattr(sct.DerivedFunction, "_otherwise", compiles)
    assert g(1.0) == g(x=1.0) == g(1.0, 2.0) == g(n=2.0, x=1.0) == g(1.0, k=3.0) == g(k=3.0, n=2.0, x=1.0) == 6.0
    assert v(1.0, 2.0, 3.0, k=4.0) == v(1.0, 2.0, k=4.0, y_bar=3.0) == v(n=2.0, y_bar=3.0, x=1.0, k=4.0) == (8.0, 24.0)


def test_no_way_to_give_arguments_is_taken_for_another():
    g, v = sct.grad(scaled), sct.vjp(scaled)
    g(1.0), v(1.0, y_bar=1.0)
    for args, kwargs in (((), {}), ((1.0, 2.0, 3.0), {}), ((1.0,), {"x": 1.0}), ((1.0,), {"m": 2.0}), ((), {"n": 2.0})):
        with pytest.raises(sct.CallError):
            g(*args, **kwargs)
    assert v(1.0, 2.0) == v(1.0, y_bar=2.0) == (6.0, 12.0)
    with pytest.raises(sct.CallError):
        v(1.0, n=2.0)


def test_several_forms_side_by_side():
    g, x = sct.grad(lambda x, n=2: np.sum(x**n)), np.array([1.0, 2.0])
    for _ in range(3):
        assert g(3.0) == 6.0
        assert g.source_for(3.0) == g.source
        np.testing.assert_array_equal(g(x), 2.0 * x)
        assert g.source_for(x) == g.source != g.source_for(3.0)
        np.testing.assert_array_equal(g(n=3, x=x), 3.0 * x**2)


def test_a_call_that_is_all_that_is_left_of_a_derived_function():
    call = sct.grad(scaled).__call__
    assert call(1.0) == call(np.float64(1.0)) == call(x=1.0, n=2.0) == 6.0


def test_a_parameter_with_the_name_of_a_global():
    f = define("def f(x, helper):\n    return other(x) * helper\n\ndef other(x):\n    return helper(x)\n", "f", helper=np.sin)
    g = sct.grad(f)
    for h in (np.sin, np.cos):
        f.__globals__["helper"] = h
        np.testing.assert_allclose(g(0.5, helper=2.0), 2.0 * (np.cos(0.5) if h is np.sin else -np.sin(0.5)))


def test_second_derivatives_of_methods_and_partials_are_those_of_each_instance():
    class Cubic:
        def __init__(self, k):
            self.k = k

        def at(self, x):
            return self.k * x**3

        __call__ = at

    def cubic(k, x, factor=1.0):
        return factor * k * x**3

    for k in (1.0, 2.0, 3.0):
        for f in (Cubic(k).at, Cubic(k), functools.partial(cubic, k)):
            assert (sct.grad(f)(1.0), sct.grad(sct.grad(f))(1.0)) == (3.0 * k, 6.0 * k)
        f = functools.partial(cubic, 1.0, factor=k)
        assert (sct.grad(f)(1.0), sct.grad(sct.grad(f))(1.0), sct.grad(f)(1.0, factor=1.0)) == (3.0 * k, 6.0 * k, 3.0)
        assert sct.grad(f).__name__ == "cubic"


configuration = types.ModuleType("configuration")


class Flags:
    double = True
    act = staticmethod(np.sin)


def by_a_flag(x):
    return x * x if Flags.double else 3.0 * x


def by_a_function(x):
    return Flags.act(x)


def by_data(x):
    return np.sum(x * configuration.W)


def multiplied(x, k=2.0):
    return x * k


def by_a_default(x):
    return multiplied(x)


def test_attributes_of_classes_and_modules_are_read_anew(monkeypatch):
    derived = [sct.grad(f) for f in (by_a_flag, by_a_function, by_a_default, by_data)]
    configuration.W = np.array([5.0])
    assert [derived[k](5.0) for k in range(3)] == [10.0, np.cos(5.0), 2.0]
    assert derived[3](np.array([2.0])) == 5.0
    monkeypatch.setattr(Flags, "double", False)
    monkeypatch.setattr(Flags, "act", staticmethod(np.exp))
    monkeypatch.setattr(multiplied, "__defaults__", (5.0,))
    configuration.W = np.arange(3.0)
    assert [derived[k](5.0) for k in range(3)] == [3.0, np.exp(5.0), 5.0]
    assert derived[3](np.array([2.0])) == 3.0


def triple(x):
    return x * 3.0


def factor(x):
    return x * 3.0


@sct.adjoint(triple)
def triple_adjoint(y, x, y_bar):
    return factor(y_bar)


def by_a_rule(x):
    return triple(x)


def test_what_a_rule_relies_on_is_read_anew(monkeypatch):
    derived = sct.grad(by_a_rule)
    assert derived(2.0) == 3.0
    monkeypatch.setitem(globals(), "factor", np.exp)
    assert derived(2.0) == np.exp(1.0)


class Scale:
    def __init__(self, doubled):
        self.doubled = doubled


def of_a_default(y, scale=Scale(True)):  # noqa: B008
    return np.sum(y) * (2.0 if scale.doubled else 3.0)


def of_an_argument_of_that_name(x, scale):
    s = of_a_default(x)
    return s * 10 if scale.doubled else s


def test_a_default_instance_is_not_the_argument_of_its_name():
    x = np.array([1.0, 2.0, 3.0])
    for doubled in (False, True):
        value, gradient = sct.value_and_grad(of_an_argument_of_that_name)(x, Scale(doubled))
        assert value == of_an_argument_of_that_name(x, Scale(doubled))
        np.testing.assert_array_equal(gradient, 20.0 if doubled else 2.0)


def test_a_default_of_a_function_whose_derivative_is_called_inside():
    def scaled(x, k=2.0):
        return np.sum(x) * k

    inner = sct.grad(scaled)

    def f(x):
        return np.sum(inner(x) * x)

    gradient = sct.grad(f)
    np.testing.assert_array_equal(gradient(np.ones(3)), 2.0)
    scaled.__defaults__ = (5.0,)
    np.testing.assert_array_equal(gradient(np.ones(3)), 5.0)


@pytest.mark.parametrize("f", [lambda x: np.sum(x) * np.iinfo(np.int8).max, lambda x: np.sum(x) * range(2, 9).start])
def test_constants_that_nothing_else_keeps(f):
    x = np.ones(3)
    for _ in range(2):
        value, gradient = sct.value_and_grad(f)(x)
        assert value == f(x)
        np.testing.assert_array_equal(gradient, f(x) / 3)
