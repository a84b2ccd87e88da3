"""Minimal programs that random ones were shrunk to, each of which was differentiated wrongly, or not at all, once."""

import numpy as np
import pytest
from sources import define

import sct

PROGRAMS = [
    # (name, text, arguments, adjoint of the result, gradient by the first parameter)
    (
        "early_return_from_a_nested_branch",
        """def f(x, n):
    if n == 1:
        if x[0] > 5.0:
            return x
    return 2.0 * x
""",
        (np.ones(2), 1),
        np.ones(2),
        [2.0, 2.0],
    ),
    (
        "early_return_from_a_branch_not_entered",
        """def f(x, n):
    if n == 1:
        if x[0] > 5.0:
            return x
    return 2.0 * x
""",
        (np.ones(2), 2),
        np.ones(2),
        [2.0, 2.0],
    ),
    (
        "return_from_a_loop",
        """def f(x):
    for i in range(3):
        if i == 1:
            return x
    return x * 2.0
""",
        (np.ones(2),),
        np.ones(2),
        [1.0, 1.0],
    ),
    (
        "return_from_a_nested_loop_that_does_not_run",
        """def f(x, n):
    for i in range(3):
        for j in range(n):
            return x * 2.0
    return x
""",
        (np.ones(2), 0),
        np.ones(2),
        [1.0, 1.0],
    ),
    (
        "name_defined_in_a_branch_of_a_loop",
        """def f(x):
    for i in range(2):
        if i == 1:
            y = x[0] * np.sin(x)
    return y
""",
        (np.ones(2),),
        np.ones(2),
        [2.0 * np.sin(1.0) + np.cos(1.0), np.cos(1.0)],
    ),
    (
        "name_defined_in_a_loop_that_does_not_run",
        """def f(x, n):
    for i in range(n):
        y = x * 2.0
    for i in range(n):
        x = x * y
    return x
""",
        (np.ones(2), 0),
        np.ones(2),
        [1.0, 1.0],
    ),
    (
        "name_defined_in_a_branch_not_taken",
        """def f(x, n):
    if n > 1:
        y = x * 2.0
    if n > 1:
        x = x * y
    return x
""",
        (np.ones(2), 0),
        np.ones(2),
        [1.0, 1.0],
    ),
    (
        "trip_count_survives_the_first_value_of_an_adjoint",
        """def f(x, z):
    for i in range(3):
        a, b = (np.mean(x), np.max(z))
        j = 0
        while j < 3:
            j = j + 1
            w = [np.tanh(np.arctan(a * np.ones((1, 2)))), np.sin(np.mean(x) + np.zeros((1, 2)))]
            return np.abs(a) - np.matmul(w[0][0], np.ones((2,)))
""",
        (np.ones((2, 3)), np.ones(1)),
        1.0,
        np.full((2, 3), (1.0 - 2.0 * (1.0 - np.tanh(np.pi / 4) ** 2) / 2.0) / 6.0),
    ),
]


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("text, args, y_bar, gradient", [pytest.param(*p[1:], id=p[0]) for p in PROGRAMS])
def test_gradient(text, args, y_bar, gradient, optimize):
    f = define(text, "f")
    y, x_bar = sct.vjp(f, optimize=optimize)(*args, y_bar)
    np.testing.assert_array_equal(y, f(*args), strict=True)
    np.testing.assert_allclose(x_bar, gradient, rtol=1e-12)
    y, pull = sct.pullback(f, optimize=optimize)(*args)
    np.testing.assert_array_equal(y, f(*args), strict=True)
    for _ in range(2):
        np.testing.assert_allclose(pull(y_bar), gradient, rtol=1e-12)


@pytest.mark.parametrize("n", [0, 3])
@pytest.mark.parametrize("optimize", [True, False])
def test_dtype_of_a_gradient_where_the_result_is_of_either_dtype(n, optimize):
    text = "def f(x, y, n):\n    v = np.sum(x)\n    return v if n == 0 else y\n"
    x = np.ones((2, 1), np.float32)
    _, x_bar = sct.vjp(define(text, "f"), optimize=optimize)(x, 0.5, n, 1.0)
    assert x_bar.dtype == np.float32
    np.testing.assert_array_equal(x_bar, np.full((2, 1), float(n == 0)))


def test_vjp_of_vjp_of_nested_tuples():
    f = define("def f(x):\n    return ((x, x),)\n", "f")
    x = np.ones(2)
    y_bar = ((x, 2.0 * x),)
    (_, x_bar), g = sct.vjp(sct.vjp(f))(x, y_bar, (((x, 3.0 * x),), x))
    np.testing.assert_allclose(x_bar, 3.0 * x)
    np.testing.assert_allclose(g, 4.0 * x)


def test_vjp_of_vjp_after_a_branch():
    text = "def f(z):\n    if 1.5 + z.mean() < 0.05:\n        z = np.sin(z - z)\n    return z\n"
    z = np.ones(2)
    _, g = sct.vjp(sct.vjp(define(text, "f")))(z, z, (z, z))
    np.testing.assert_allclose(g, z)


def test_einsum_of_unknown_rank_is_refused():
    text = """def f(x):
    y = x[:1, :1]
    for i in range(2):
        x, y = y, np.sum(x)
        x = x * np.ones((2, 2))
    return np.sum(np.einsum('ij,jk->ik', x, np.ones((2, 2))))
"""
    with pytest.raises(sct.UnsupportedSyntaxError):
        sct.grad(define(text, "f"))(np.ones((2, 2)))


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("x", [np.array(1.0), (np.array(1.0),), ((np.ones(2), np.array(1.0)), np.ones(1))])
def test_gradient_by_an_array_of_rank_0_is_not_the_cotangent(x, optimize):
    """A write into the gradient must not be one into the caller's cotangent."""
    _, g = sct.vjp(define("def f(x):\n    return x\n", "f"), optimize=optimize)(x, x)

    def leaves(v):
        return [w for u in v for w in leaves(u)] if isinstance(v, tuple) else [v]

    assert not any(np.may_share_memory(a, b) for a, b in zip(leaves(g), leaves(x)))


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("term", ["np.sum(x)", "np.sum(np.sin(x[None]))"])
def test_zero_adjoint_of_a_loop_variable_whose_shape_changes(term, optimize):
    """The zero adjoint has the shape that the variable had in that iteration, not the one that it has after the loop."""
    text = f"def f(x, y):\n    for i in range(2):\n        y, x = x, {term} * np.ones(2)\n    return y\n"
    x = np.array([0.1, 0.2, 0.3])
    _, x_bar = sct.vjp(define(text, "f"), optimize=optimize)(x, 1.0, np.ones(2))
    np.testing.assert_allclose(x_bar, 2.0 * (np.ones(3) if "sin" not in term else np.cos(x)), rtol=1e-12)


TAPES = {
    "an entry of a tape through which no derivative passes": """def f(x):
    y = x
    for i in range(3):
        y = np.abs(y)
    return y * y
""",
    "an entry of a tape that one path does not use": """def f(x):
    y = x
    for i in range(3):
        y = np.sin(y) * y
        if np.sum(y) > 0.3:
            y = np.tanh(y) * x
    return y
""",
    "a tape that is made after an early return": """def f(x):
    if x[0] > 5.0:
        return x
    if x[1] > 5.0:
        return 2.0 * x
    for i in range(3):
        x = np.cos(np.logaddexp(0.3, x)) * x
    return x
""",
    "a tape of a loop that a loop with an exit comes before": """def f(x):
    y = x
    for a in x:
        if a > 5.0:
            return x
    for i in range(3):
        y = np.sin(np.mean(y)) * x
    return y
""",
}


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("name", TAPES)
def test_tapes_of_a_second_derivative(name, optimize):
    f = define(TAPES[name], "f")
    x, y_bar, w = np.array([0.4, -0.3, 0.8]), np.array([1.0, 0.5, -0.7]), np.array([0.3, 1.1, -0.4])
    first = sct.vjp(f, optimize=optimize)
    _, h = sct.vjp(first, optimize=optimize)(x, y_bar, (np.zeros(3), w))
    step = 1e-5
    for k, e in enumerate(np.eye(3)):
        difference = (first(x + step * e, y_bar)[1] - first(x - step * e, y_bar)[1]) / (2 * step)
        np.testing.assert_allclose(h[k], difference @ w, rtol=1e-7, atol=1e-9)
