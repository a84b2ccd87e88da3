"""`sct.ravel`: trees as vectors and back, outside of functions and inside."""

import gc
import inspect
import linecache
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace

import numpy as np
import pytest

import sct

Pair = namedtuple("Pair", ["first", "second"])


@dataclass
class Layer:
    W: object
    b: object = 0.5
    name: str = "dense"


class Body:
    def __init__(self, mass):
        self.mass = mass
        self.bounces = 3
        self.law = np.sin

    def energy(self):
        return self.law(self.mass) * self.bounces


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Color(Enum):
    RED = 1


TREES = {
    "number": 2.0,
    "complex": 1j,
    "scalar": np.float32(2.0),
    "no axes": np.array(3.0, np.float32),
    "matrix": np.arange(6.0).reshape(2, 3),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "empty": np.zeros((0, 2)),
    "nothing": [],
    "dtypes": [np.ones(2, np.float32), np.ones(2), np.ones(2, ">f8"), np.ones(1, np.longdouble), np.float16(2.0)],
    "some complex": (1j, 2.0, np.float32(3.0), np.ones(2, np.float32), np.ones(2, np.complex64), np.array(2.0)),
    "containers": {"a": [1.0, (2.0,), {}], (1, Color.RED): Pair(3.0, [np.ones(2)]), 1: 4.0},
    "what stays": {"a": 1.0, "n": 3, "s": "text", "none": None, "color": Color.RED, "k": np.arange(3), "flag": np.True_},
    "objects": [Layer(np.ones((2, 1)), Pair(1.0, "x")), Body(2.0), Slotted(1.0, 2), SimpleNamespace(v=np.ones(2), n=1)],
}


def state(x):
    """What a tree holds, in a form that is compared by ==."""
    if isinstance(x, dict):
        return {k: state(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x), [state(i) for i in x]
    if isinstance(x, np.ndarray):
        return x.dtype, x.shape, x.tolist()
    if isinstance(x, Slotted):
        return state([x.x, x.y])
    return (type(x), state(vars(x))) if isinstance(x, (Layer, Body, SimpleNamespace)) else (type(x), x)


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_there_and_back(tree):
    vector, unravel = sct.ravel(tree)
    assert vector.ndim == 1
    assert state(unravel(vector)) == state(tree)
    assert state(sct.ravel(unravel(vector))[0]) == state(vector)
    assert state(unravel(vector.astype(np.clongdouble) if vector.dtype.kind == "c" else vector.tolist())) == state(tree)


def test_order_and_dtype():
    tree = {"b": [2.0, 1], "a": (np.array([[3.0, 4.0]], np.float32), None)}
    np.testing.assert_array_equal(sct.ravel(tree)[0], [2.0, 3.0, 4.0])
    assert sct.ravel(tree)[0].dtype == np.float64
    assert sct.ravel(np.ones(2, np.float32))[0].dtype == np.float32
    assert sct.ravel([])[0].dtype == np.float64


def test_nothing_is_shared():
    x = np.ones(3)
    vector, unravel = sct.ravel([x, x])
    vector[0] = 5.0
    made = unravel(vector)
    made[0][1] = 7.0
    np.testing.assert_array_equal(x, 1.0)
    np.testing.assert_array_equal(vector, [5.0, 1.0, 1.0, 1.0, 1.0, 1.0])


def test_the_source_is_written_out():
    _, unravel = sct.ravel({"W": np.ones((2, 3)), "b": 1.0, "n": 3})
    assert inspect.getsource(unravel).splitlines()[-2:] == [
        "    vector = np.array(vector, np.float64)",
        "    return {'W': vector[0:6].reshape((2, 3)), 'b': float(vector[6]), 'n': 3}",
    ]
    assert sct.ravel({"W": np.zeros((2, 3)), "b": 2.0, "n": 3})[1] is unravel  # so that nothing is compiled again
    assert sct.ravel({"W": np.zeros((2, 3)), "b": 2.0, "n": True})[1] is not unravel


def test_the_source_goes_with_the_function():
    _, unravel = sct.ravel([1.0, slice(0, 1), np.arange(3)])  # which is not kept, as it holds an array
    file = unravel.__code__.co_filename
    assert file in linecache.cache
    del unravel
    gc.collect()
    assert file not in linecache.cache


def loss(p, x):
    h = np.tanh(x @ p["W"] + p["b"]) * p["scale"].mass
    return np.sum(h**2) / p["n"]


def parameters():
    rng = np.random.default_rng(0)
    return {"W": rng.normal(size=(3, 2)), "b": np.array(0.3), "scale": Body(0.7), "n": 4}, rng.normal(size=(4, 3))


def test_the_gradient_by_the_vector():
    p, x = parameters()
    vector, unravel = sct.ravel(p)

    def of_vector(v):
        return loss(unravel(v), x)

    value, gradient = sct.value_and_grad(of_vector)(vector)
    assert value == loss(p, x)
    np.testing.assert_allclose(gradient, sct.ravel(sct.grad(loss)(p, x))[0], rtol=1e-14)
    sct.check_grads(of_vector, (vector,), modes=("reverse", "forward"), order=2)
    with pytest.raises(ValueError, match=r"unravel takes a vector of 8 numbers, not an array of shape \(9,\)"):
        sct.grad(of_vector)(np.ones(9))


def test_dtypes_of_gradients():
    vector, unravel = sct.ravel([np.ones(2, np.float32), 2.0])
    gradient = sct.grad(lambda v: np.sum(unravel(v)[0]) * unravel(v)[1])(vector)
    assert state(gradient) == state(np.array([2.0, 2.0, 2.0]))


def inside(p, x):
    vector, unravel = sct.ravel(p)
    step = sct.grad(lambda v: loss(unravel(v), x))(vector)
    return loss(unravel(vector - 0.1 * step), x) + vector[-1]


def test_in_a_function_that_is_differentiated():
    p, x = parameters()
    sct.check_grads(inside, (p, x), modes=("reverse", "forward"))
    assert state(sct.grad(inside)(p, x)["n"]) == state(None)
    assert inside(p, x) == sct.value_and_grad(inside)(p, x)[0]


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_inside_as_outside(tree):
    def there_and_back(x, tree):
        vector, unravel = sct.ravel([x, tree])
        return unravel(2.0 * vector)[0], vector, unravel(vector)[1]

    if state(tree) == state(TREES["objects"]):
        with pytest.raises(sct.UnsupportedSyntaxError, match="an object that is not differentiated by"):
            sct.jvp(there_and_back)(1.5, tree, 1.0)
        return
    value, tangent = sct.jvp(there_and_back)(1.5, tree, 1.0)
    assert state(value) == state(there_and_back(1.5, tree))
    assert tangent[0] == 2.0
    assert tangent[1][0] == 1.0
    assert not tangent[1][1:].any()


def leads_back():
    x = [1.0]
    x.append(x)
    return x


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (3, "holds no real or complex numbers"),
        ([1, 2], "holds no real or complex numbers"),
        ({"a": "x"}, "holds no real or complex numbers"),
        (OrderedDict(a=1.0), "OrderedDict, which is no number"),
        ([1.0, np.sin], "ufunc, which is no number"),
        (np.ma.ones(3), "MaskedArray, which is no number"),
        (leads_back(), "leads back to itself"),
    ],
)
def test_what_has_no_vector(tree, message):
    with pytest.raises(sct.NonDifferentiableArgumentError, match=message):
        sct.ravel(tree)


def of_whole_numbers(x):
    return sct.ravel([1, 2])[0] @ x


def of_unknown_length(x, n):
    items = []
    while n > 0:
        items.append(n * x)
        n = n - 1
    return np.sum(sct.ravel(items)[0])


def of_two_trees(x):
    return np.sum(sct.ravel(x, x)[0])


@pytest.mark.parametrize(
    ("f", "args", "message"),
    [
        (of_whole_numbers, (np.ones(2),), "holds no real or complex numbers.*\n.*in of_whole_numbers"),
        (of_unknown_length, (1.0, 2), "structure is only known at run time"),
        (of_two_trees, (1.0,), "sct.ravel takes one tree"),
    ],
)
def test_what_is_refused_inside(f, args, message):
    with pytest.raises(sct.SctError, match=message):
        sct.grad(f)(*args)
