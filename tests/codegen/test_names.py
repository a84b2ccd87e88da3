"""Parameters and variables of any name: those of NumPy, of builtins, and of what the generated text makes itself."""

import numpy as np
import pytest
from differences import check_gradient
from sources import define

import sct

X = np.array([0.3, 0.7])
NAMES = (
    "np numpy math operator runtime sct checkpointing range len sum list zip enumerate reversed slice abs max print float "
    "t t_bar x_bar y_bar s_bar tape x_tape i _ f f_grad f_value_and_grad pull stop constant unused"
).split()

PARAMETER = """
def f(x, {0}, k):
    s = 0.0
    while k > 0:
        s = s + (x * {0}) @ (x * s + 1.0) + {0} * 2
        k -= 1
    return s
"""
VARIABLE = """
def f(x, k):
    {0} = x * k
    s = 0.0
    while k > 0:
        s = s + ({0} * x).sum() * s + {0}[0]
        k -= 1
    return s
"""
DIFFERENTIATED = """
def f({0}, k):
    s = 0.0
    while k > 0:
        s = s + ({0} * {0}).sum() * s + {0}[0]
        k -= 1
    return s
"""
BOUND = """
def f(x):
    {0} = x[x > 0]
    for i in range(len({0})):
        if i > 3.0:
            break
        x = x * x
    return np.sum(x)
"""


@pytest.mark.parametrize("name", NAMES)
def test_b6_a_parameter_of_any_name(name):
    check_gradient(define(PARAMETER.format(name), "f"), X, 1.5, 3)


@pytest.mark.parametrize("name", NAMES)
def test_b6_a_variable_of_any_name(name):
    check_gradient(define(VARIABLE.format(name), "f"), X, 3)


@pytest.mark.parametrize("name", ["np", "range", "len", "_"])
def test_b6_the_differentiated_parameter_of_any_name(name):
    check_gradient(define(DIFFERENTIATED.format(name), "f"), X, 3)


def test_what_is_called_like_a_parameter_is_imported_under_another_name():
    f = define("def f(np, len):\n    return np @ np * len\n", "f")
    y = define("def y(x):\n    return np.sin(x)\n", "y")
    g = define("def g(np, x):\n    for v in x:\n        np = np * v + y(np)\n    return np.sum()\n", "g", y=y)
    assert "import numpy" not in sct.grad(f).source_for(X, 2.0)
    assert sct.grad(g).source_for(X, X).startswith("import numpy as np_")
    check_gradient(g, X, X)


@pytest.mark.parametrize("name", ["t", "t1", "t2", "tape"])
def test_b6_a_trip_counter_leaves_the_array_whose_length_is_the_bound(name):
    check_gradient(define(BOUND.format(name), "f"), np.full(8, 0.9))
