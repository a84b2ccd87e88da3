"""Parameters and variables of any name: those of NumPy, of builtins, and of what the generated text makes itself."""

import ast

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


# temporaries


def names_of(f, *args, wrt=0):
    """The variables that the gradient of `f` binds, in order."""
    tree = ast.parse(sct.grad(f, wrt).source_for(*args))
    return [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def test_a_temporary_is_called_what_it_is():
    f = define("def f(x, s):\n    return np.sum(np.exp(x) * np.sqrt(s)) / np.linalg.norm(x * s)\n", "f")
    assert {"exp", "root", "norm"} <= set(names_of(f, X, 2.0, wrt=(0, 1)))


def test_a_second_one_of_its_kind_is_named_after_its_operand_too():
    f = define("def f(x, y):\n    return np.sum(np.exp(x) * np.exp(y) * np.exp(x * y))\n", "f")
    found = names_of(f, X, X, wrt=(0, 1))
    assert "exp" in found
    assert "exp_y" in found
    assert not any(name[-1].isdigit() for name in found)


def test_one_word_is_enough_where_the_first_of_its_kind_is_needed_no_more():
    f = define("def f(x, w, b):\n    h = np.tanh(w @ x + b)\n    h = np.tanh(w @ h + b)\n    return np.sum(h * b)\n", "f")
    found = names_of(f, X, np.eye(2), X, wrt=("w", "b"))
    assert [n for n in found if n.startswith("total")] == ["total_bar", "total_bar"]


def test_the_users_names_come_first():
    source = define(
        "def f(x, n):\n    s = len(x)\n    for t in range(n):\n        x = np.sin(x) * x[t]\n    return np.sum(x)\n", "f"
    )
    text = sct.grad(source).source_for(X, 2)
    assert "for t in range(n):" in text
    assert "for t in range(n - 1, -1, -1):" in text


def test_no_temporary_is_called_as_the_users_variables_are():
    f = define("def f(x):\n    exp = x * 2.0\n    y = np.exp(exp) * exp\n    return np.sum(np.exp(y) * y)\n", "f")
    found = names_of(f, X)
    assert found.count("exp") == 1
    assert "exp_value" in found


@pytest.mark.parametrize("name", ["exp", "product", "total", "exp_bar", "product_tape"])
def test_words_that_the_user_has_taken(name):
    check_gradient(define(PARAMETER.format(name), "f"), X, 1.5, 3)
    check_gradient(define(VARIABLE.format(name), "f"), X, 3)


def test_flags_and_numbers_have_names_of_their_own():
    f = define(
        "def f(x):\n    m = x > 0.4\n    return np.sum(np.max(x) * x[x < 0.6]) + np.sum(np.where(x == 0.3, x * x, x)[m])\n", "f"
    )
    assert {"m", "below", "equal", "largest", "chosen"} <= set(names_of(f, X))
    check_gradient(f, X)


def test_entries_are_called_after_array_and_index():
    f = define("def f(x, n):\n    s = 0.0\n    for i in range(n):\n        s = s + np.sin(x[i]) * x[i]\n    return s\n", "f")
    assert "x_i" in names_of(f, X, 2)


def test_each_of_several_names_is_that_of_its_own_value():
    f = define("def f(x):\n    a, (b, c) = 2.0 * x, (x * x, np.sin(x))\n    return np.sum(a * b * c) + np.sum(b * c)\n", "f")
    assert {"a", "b", "c"} <= set(names_of(f, X))
    check_gradient(f, X)


def test_what_is_returned_from_several_places_is_a_result():
    f = define(
        """
def f(x, n):
    if n > 3:
        return np.sum(x * x)
    y = np.sin(x)
    for i in range(n):
        if y[i] > 0.6:
            return y[i] * x[0]
        y = y * x
    return np.sum(y)
""",
        "f",
    )
    found = names_of(f, X, 2)
    assert {"result_bar", "count"} <= set(found)
    assert not {"part_bar", "entry", "value_1"} & set(found)
    for n in (1, 2, 4):
        check_gradient(f, X, n)


def test_values_of_rules_are_called_as_in_the_rule():
    f = define("def f(x):\n    m = np.float64(0.0)\n    for v in x:\n        m = max(m, v * v, np.sin(v))\n    return m\n", "f")
    assert "share" in names_of(f, X)
    check_gradient(f, X)


def sweeps(u, n):
    for _ in range(n):
        for j in range(len(u)):
            u[j] = np.sin(u[j])
    return np.sum(u)


def test_an_array_whose_length_bounds_a_loop_that_writes_into_it_has_one_name():
    assert "u_1" not in sct.grad(sweeps).source_for(np.ones(4), 3)
