"""Which statements run: returns out of branches and loops, loops with an exit, and names that only some paths bind."""

import inspect

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
        "an_endless_loop_that_the_else_of_a_loop_in_it_ends",
        """def f(x, n):
    if n > 0:
        while True:
            for _ in range(n):
                x = 2.0 * x
            else:
                break
    else:
        return x
    return 3.0 * x
""",
        (np.ones(2), 2),
        np.ones(2),
        [12.0, 12.0],
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


def newton_until_steady(x):
    old = x
    new = x * 0.5
    while True:
        old = new
        new = 0.5 * (new + 2 / new)
        if not abs(new - old) > 1e-3:
            break
    return new * old


def swap_until(a, limit):
    b = a
    for _ in range(20):
        a, b = b, a * b + 0.5
        if a > limit:
            break
    return a * b


def carried_without_change(x):
    b = x
    for _ in range(3):
        for _ in range(2):
            x = x * b
            if x[0] > 0.3:
                b = b  # noqa: PLW0127
    return np.sum(x)


@pytest.mark.parametrize(
    ("f", "args"),
    [(newton_until_steady, (0.9,)), (swap_until, (0.9, 3.0)), (carried_without_change, (np.array([0.5, 0.7]),))],
)
def test_values_of_the_iteration_before(f, args):
    sct.check_grads(f, args, 0)


def left_by_a_break(x, limit):
    total = 0.0
    for k in range(len(x)):
        if x[k] > limit:
            break
        total += x[k] * x[k]
    return total


def left_by_a_return(x, limit):
    for k in range(len(x)):
        if x[k] > limit:
            if k > 1:
                return x[k] * limit
            limit = 2.0 * limit
    return limit * x[0]


def left_by_a_break_among_others(x, limit):
    total = 0.0
    for k in range(len(x)):
        if x[k] < 0.0:
            continue
        if x[k] > limit:
            total += np.sin(x[k])
            break
        if total > limit:
            total *= x[k]
            break
        total += x[k] * x[k]
    return total


@pytest.mark.parametrize("f", [left_by_a_break, left_by_a_return, left_by_a_break_among_others])
def test_a_break_is_a_break_in_the_derivative(f):
    for x in (np.array([0.3, -0.2, 0.5, 1.5]), np.array([0.9, 0.8, 0.1]), np.array([1.2, 1.3, 4.0])):
        sct.check_grads(f, (x, 0.7), (0, 1))
    forward, _ = sct.value_and_grad(f, (0, 1)).source_for(np.ones(3), 0.7).split("# reverse")
    lines = forward.splitlines()
    breaks = [k for k, line in enumerate(lines) if line.strip() == "break"]
    source = inspect.getsource(f)
    assert len(breaks) == source.count(" break\n") + source.count("return x[k]")
    assert not any("if flag" in lines[k - 1] or "if value" in lines[k - 1] for k in breaks)


def bound_on_a_path_that_is_not_taken(x, y, n):
    k = 0
    while k < n:
        k += 1
        for _ in range(n):
            if x[0] > 0.3:
                x *= 0.9
            else:
                x, row, y = row, y, x  # noqa: F821, F841
                x[0] = 0.5 * y[1]
    return np.sum(x * y)


def test_an_array_that_no_path_binds_is_not_copied():
    x, y = np.array([0.57, 1.07, -0.74]), np.array([-0.22, 2.23, -0.3])
    sct.check_grads(bound_on_a_path_that_is_not_taken, (x, y, 2), (0, 1))
    with pytest.raises((UnboundLocalError, AttributeError, TypeError, IndexError)):
        sct.grad(bound_on_a_path_that_is_not_taken)(-x, y, 2)


def rows_swapped(A, B, W):
    t = A[0].copy()
    A[0] = B[1]
    B[1] = t
    return np.sum(A * W) + np.sum(B * B)


def rows_swapped_at_once(A, B, W):
    A[0], B[1] = B[1] + 0.0, A[0] * 1.0
    A[1], B[0] = B[1].copy(), A[0] * 2.0
    return np.sum(A * W) + np.sum(B * B)


@pytest.mark.parametrize("f", [rows_swapped, rows_swapped_at_once])
def test_rows_of_two_arrays_are_swapped(f):
    A = np.arange(9.0).reshape(3, 3) / 5.0
    sct.check_grads(f, (A, A[::-1] - 0.3, A * A), (0, 1, 2))


# -- ways out of loops in loops ------------------------------------------------------------------------------------------------

INNER = ["for v in (x,):", "for v in (x, 2.0 * x):", "for v in [x, x + 1.0, 3.0 * x]:", "for j in range(2):", "if n > 0:"]
TESTS = ["n > 2", "x < 100.0", "s < 40.0", "i > 0 or x > 0.0"]
EXITS = ["return x * s", "break", "continue", "return x if s > 9.0 else s"]


def leaves_from_inside(inner, depth, way_out, after):
    """A function that leaves two loops from within so many branches, in one way."""
    lines = ["def f(x, n):", "    s = x", "    for i in range(n):", f"        {inner}", "            s = s * 1.5 + x"]
    margin = " " * 12
    for test in TESTS[:depth]:
        lines.append(f"{margin}if {test}:")
        margin += "    "
    if way_out in ("break", "continue") and inner.startswith("if"):
        way_out = "break"
    lines += [f"{margin}s = s + 0.5 * x", f"{margin}{way_out}"]
    if after:
        lines += ["            s = s - x * 0.25", "        s = s + 0.125 * x"]
    lines += ["    x = x + 1.0", "    return s * x * 5.0"]
    return "\n".join(lines) + "\n"


@pytest.mark.usefixtures("typed_once")
@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("way_out", EXITS)
def test_loops_in_loops_are_left_as_python_leaves_them(inner, way_out):
    for depth in range(1, len(TESTS) + 1):
        for after in (False, True):
            f = define(leaves_from_inside(inner, depth, way_out, after), "f")
            for x, n in ((-0.62, 3), (0.3, 1), (150.0, 4), (0.7, 0), (2.0, 6)):
                expected = f(x, n)
                slope = (f(x + 1e-6, n) - f(x - 1e-6, n)) / 2e-6
                for optimize in (True, False):
                    value, gradient = sct.value_and_grad(f, optimize=optimize)(x, n)
                    assert value == expected
                    assert gradient == pytest.approx(slope, rel=1e-6, abs=1e-6)


# -- while loops that types decide, and the truth of what and and or choose from ------------------------------------------


def pairs_of_a_curve(x, t):
    points = [(x[0], x[1]), (x[1], x[2]), (x[2], x[0])]
    while len(points) > 1:
        points = [((1 - t) * a + t * c, (1 - t) * b + t * d) for (a, b), (c, d) in zip(points, points[1:])]
    ((a, b),) = points
    return a * b


def stack_of_operators(x):
    operators, values = ["(", "+", "*"], list(x)
    precedence = {"+": 1, "*": 2}
    while operators and operators[-1] != "(" and precedence[operators[-1]] >= 1:
        b, a = values.pop(), values.pop()
        values.append(a + b if operators.pop() == "+" else a * b)
    return values[0]


def left_at_once(x):
    items = [x[0]]
    while len(items) > 3:
        items.pop(0)
    while True:
        items.append(x[1] * items[-1])
        if len(items) == 3:
            break
    return items[2]


def lists_and_numbers(x, n):
    items = [x[0], x[1]]
    total = 0.0
    while items and n and items[0] < 10.0:
        total += items.pop(0) * n
        n -= 1
    return total if not (items or total > 1e9) else x[2]


@pytest.mark.parametrize(
    ("f", "args"), [(pairs_of_a_curve, (0.3,)), (stack_of_operators, ()), (left_at_once, ()), (lists_and_numbers, (5,))]
)
def test_while_loops_that_types_decide(f, args):
    x = np.array([0.5, 0.7, 0.9])
    assert sct.value_and_grad(f)(x, *args)[0] == f(x, *args)
    sct.check_grads(f, (x, *args), modes=("reverse", "forward"))
