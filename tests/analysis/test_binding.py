"""Names that a path leaves unbound: what holds on the other paths is handed on, kept and cast, and here left alone."""

import math

import numpy as np
import pytest
from differences import gradient
from sources import define

import sct

UNKNOWN = """def f(x, n, m):
    for i in range(n):
        x = np.sin(np.sum(x * np.ones(1)))
"""  # after it the dtype of x is not known where it begins in single precision
PROGRAMS = {
    "a return from an elif": """    if m > 1:
        pass
    elif m == 0 and n != 0:
        return x
    return x * np.sin(x)
""",
    "a return from an elif of an elif": """    if m > 2:
        pass
    elif m > 1:
        pass
    elif m == 0 or n == 2:
        return x * 3.0
    x = x * 2.0
    return x * np.sin(x)
""",
    "a return from a loop in a branch": """    if m > 0:
        for i in range(m):
            if i == 1 and n > 0:
                return x * x
            x = np.cos(x)
    return x * 2.0
""",
    "a name of one branch": """    if m > 0:
        if n > 0:
            z = x * 2.0
        w = x
    else:
        w = np.sin(x)
    if m > 0 and n > 0:
        return w * z
    return w * x
""",
}


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_path_that_leaves_a_name_unbound(name, optimize):
    f = define(UNKNOWN + PROGRAMS[name], "f")
    vjp, pullback = sct.vjp(f, optimize=optimize), sct.pullback(f, optimize=optimize)
    for n in range(3):
        for m in range(4):
            x = np.float32(0.7)
            y = f(x, n, m)
            slope = gradient(f, float(x), n, m)
            value, x_bar = vjp(x, n, m, y * 0 + 1)
            np.testing.assert_array_equal(value, y)
            np.testing.assert_allclose(x_bar, slope, rtol=1e-5)
            value, pull = pullback(x, n, m)
            np.testing.assert_array_equal(value, y)
            np.testing.assert_allclose(pull(y * 0 + 1), slope, rtol=1e-5)


def test_a_loop_that_does_not_run_leaves_a_name_unbound_whose_adjoint_is_swapped():
    def f(x, y, n, flag):
        for i in range(n):
            for _ in range(n):
                row = row if flag else np.zeros(3)  # noqa: F821
                if i > 0:
                    row, y = y, np.array([x[0], x[0], 0.5])
                else:
                    np.add.at(row, [0, 0], y[0])
                    y[::-1] = x
                    row, y = y, row
        return np.sum(y * x)

    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 2.0])
    for optimize in (True, False):
        value, (x_bar,) = sct.vjp(f, ("x",), optimize=optimize)(x, y.copy(), 0, True, 1.0)
        assert value == f(x, y.copy(), 0, True)
        np.testing.assert_array_equal(x_bar, y)
    for n in (0, 1, 2):
        sct.check_grads(f, (x, y, n, False), ("x", "y"))


def test_zeros_are_not_made_like_the_adjoint_of_a_name_that_is_not_bound():
    def f(y, A, n):
        for row in A:
            row[1:] += y[1:]
            if n > 2:
                u = row.copy()
        return np.sum(row * u)

    A, y = np.arange(9.0).reshape(3, 3), np.array([1.0, 2.0, 3.0])
    sct.check_grads(f, (y, A, 3), ("y", "A"))


def read_by_the_reverse_sweep(x, n):
    try:
        y = math.sqrt(x - n)
    except ValueError:
        pass
    return y * x


def an_item(x, n):
    if n > 2:
        y = {"a": x}
    return y["a"] * x


def in_an_inner_function(x, n):
    if n > 2:
        y = x * 2.0

    def by(z):
        return z * y

    return by(x)


def written_into(x, n):
    if n > 2:
        y = np.array([x, x])
    y[0] = x
    return np.sum(y * y)


CALLS = {
    "grad": lambda f, *args: sct.grad(f)(*args),
    "value_and_grad": lambda f, *args: sct.value_and_grad(f)(*args),
    "pullback": lambda f, *args: sct.pullback(f)(*args)[1](1.0),
    "jvp": lambda f, *args: sct.jvp(f)(*args, 1.0),
    "linearize": lambda f, *args: sct.linearize(f)(*args)[1](1.0),
}


@pytest.mark.parametrize(
    "f", [read_by_the_reverse_sweep, an_item, in_an_inner_function, written_into], ids=lambda f: f.__name__
)
def test_a_name_that_is_read_where_it_is_not_bound(f):
    bound, not_bound = (1, 7) if f is read_by_the_reverse_sweep else (3, 1)
    sct.check_grads(f, (2.0, bound), modes=("forward", "reverse"))
    for call in CALLS.values():
        with pytest.raises(UnboundLocalError):
            call(f, 2.0, not_bound)


def test_a_name_that_may_be_bound_is_set_to_nothing_else():
    assert "None" not in sct.grad(read_by_the_reverse_sweep).source_for(2.0, 1)
    assert "y_dot = 0.0" not in sct.jvp(read_by_the_reverse_sweep).source_for(2.0, 1)
