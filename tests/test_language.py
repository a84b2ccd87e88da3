"""Each construct of Python that sct takes: a small function, its derivative against finite differences.

`check_grads` tries each function in four ways: joint (`vjp`) and split (`pullback`), optimised and not.
"""

import bisect
import math
from math import tanh as hyperbolic

import elsewhere
import numpy as jnp
import numpy as np
import pytest
from differences import gradient
from elsewhere import moving_average
from numpy import cos, sin
from numpy.linalg import norm

import sct

V = np.array([0.7, -1.2, 2.1, 0.4])
M = np.array([[0.5, -1.1, 0.3], [1.7, 0.2, -0.6]])
CASES = []


def case(*args, wrt=0):
    """Register the decorated function, to be checked at `args`."""

    def register(f):
        CASES.append(pytest.param(f, args, wrt, id=f"{f.__name__}-{len(CASES)}"))
        return f

    return register


# Parameters


@case(1.3, 0.4, wrt=("x", "y"))
def two_parameters(x, y):
    return x * x * y


@case(1.3)
def default_parameter(x, k=3.0):
    return k * x**2


@case(V)
def keyword_only_with_default(x, *, k=2.0):
    return np.sum(k * x * x)


@case(1.3, 0.2, wrt=(0, 1))
def positional_only(x, y, /):
    return x / (1.0 + y * y)


@case(V, "square")
@case(V, "cube")
def string_parameter(x, how):
    if how == "square":
        return np.sum(x**2)
    return np.sum(x**3)


@case(V, None)
@case(V, V[::-1].copy())
def parameter_that_may_be_none(x, weights):
    if weights is None:
        return np.sum(x * x)
    return np.sum(weights * x * x)


@case(V, True)
@case(V, False)
def flag(x, mean):
    return np.mean(x**2) if mean else np.sum(x**2)


@case(V, 3)
def integer_parameter(x, n):
    return np.sum(x**n) / n


@case(V)
def unused_active_value(x):
    y = np.exp(x)  # noqa: F841
    return np.sum(x)


@case(V)
def constant_result(x):
    return 3.0


@case(V)
def identity(x):
    return x


# Assignment


@case(1.3)
def assignment_overwrites(x):
    x = x * x
    x = np.sin(x)
    x = x + 1.0 / x
    return x


@case(1.3)
def chained_assignment(x):
    a = b = x * x
    a = a * 3.0
    return a * b


@case(1.3)
def chained_tuple_assignment(x):
    (a, b) = c = (x, x * x)
    return a * b * c[0] + c[1]


@case(1.3, 0.4, wrt=(0, 1))
def swap(x, y):
    x, y = y, x * y
    x, y = y, x
    return x / y + x


@case((1.3, (0.4, 2.0)))
def nested_unpacking(p):
    a, (b, c) = p
    return a * b**c


@case(V)
def list_target_unpacking_an_array(x):
    [a, b, c, d] = x
    return a * b - c * d


@case(V)
def unpacking_a_tuple_of_an_array(x):
    a, b, c, d = tuple(x / 2)
    e, f = list(x[:2])
    return a * b + c * d * e + f


@case(M)
def unpacking_rows(x):
    first, second = x
    return np.sum(first * second)


@case(1.3)
def augmented_assignment(x):
    y = x
    y += 2.0 * x
    y *= x
    y -= 1.0 / x
    y /= 1.0 + x
    y **= 2
    return y


@case(5.3)
def augmented_floor_and_modulo(x):
    y = x
    y %= 2.0
    z = x
    z //= 2.0
    return y * x + z * x


@case(1.3)
def annotated_assignment(x: float) -> float:
    y: float = x * x
    z: float
    z = y * x
    return z


@case(1.3)
def pass_and_ellipsis(x):
    pass
    ...
    return x * x


# Expressions


@case(1.7, 0.6, wrt=(0, 1))
def arithmetic(x, y):
    return -x + +y - x * y / (x + y) + x**y - (x - y) ** 3 + 2.0**x + (x % y) + 3.0 * (x // y)


@case(V, np.array([1.5, 2.5, -0.3, 0.8]), wrt=(0, 1))
def arithmetic_of_arrays(x, y):
    return x * y - x / y + x**2 - y**3 + 1.0 / (1.0 + x * x) - (-x) + (+y)


@case(M, M.T.copy(), wrt=(0, 1))
def matrix_product(a, b):
    return a @ b


@case(1.3)
@case(-0.3)
@case(0.1)
def comparison_chain(x):
    return x * x if 0.0 < x <= 1.0 else 3.0 * x


@case(1.3, 0.4)
@case(-1.3, 0.4)
@case(-1.3, -0.4)
def boolean_operators(x, y):
    if x > 0 and y > 0:
        z = x * y
    elif x > 0 or not y < 0:
        z = x - y
    else:
        z = x**2
    return z


@case(1.3)
@case(-1.3)
def nested_conditional_expressions(x):
    return (x if x > 1 else x * x) if x > 0 else (x**3 if x < -1 else 2 * x)


@case(1.3, {"p": 1.0})
@case(1.3, {"q": 1.0})
def membership(x, d):
    if "p" in d:
        return x * x
    if "q" not in d:
        return x
    return x * d["q"] * x * x


@case(2.0, None)
def identity_tests(x, a):
    if a is not None:
        return x
    return x * x


@case(0.8)
def scalar_functions(x):
    return math.exp(x) * math.sqrt(x) + hyperbolic(x) + abs(-x) + float(x) + pow(x, 3) + max(x, 0.1) + min(x, 2.0)


@case(V)
def names_of_functions(x):
    return sin(x) * jnp.exp(x) + cos(x) / norm(x) + np.linalg.norm(x[1:])


@case(V)
def strings_and_none_are_values(x):
    name = "scale"
    nothing = None
    return x * (2.0 if name == "scale" and nothing is None else 1.0)


# Subscripts and attributes


@case(V)
def subscripts(x):
    return x[0] * x[-1] + x[1] ** 2 - x[2]


@case(M)
def subscripts_of_a_matrix(x):
    return x[0, 1] * x[1, 2] + x[0][0] * x[-1, -1] + np.sum(x[1] ** 2) + np.sum(x[:, 0] * x[:, 2])


@case(V)
def slices(x):
    return np.sum(x[1:] * x[:-1]) + np.sum(x[::2] ** 2) + np.sum(x[::-1] * x) + np.sum(x[1:3] ** 3)


@case(M)
def slices_with_new_axes(x):
    return x[:, None, :] * x[None] + x[..., np.newaxis, :]


@case(V)
def mask_and_index_arrays(x):
    return np.sum(x[x > 0] ** 2) + np.sum(x[np.array([0, 0, 3])] ** 3) + np.sum(x[[1, 2]])


@case(V, 2)
def index_is_a_parameter(x, i):
    return x[i] ** 2 + np.sum(x[:i] ** 3)


@case(M)
def attributes(x):
    return x.T @ x / x.shape[0] + x.ndim * x.size


@case(M)
def methods(x):
    return (
        x.sum(axis=0) @ x.mean(axis=0)
        + x.reshape(3, 2).T.sum()
        + x.max()
        + x.ravel().dot(x.flatten())
        + x.transpose().prod()
        + x.copy().astype(float).std()
    )


@case(M)
def method_chain(x):
    return (x * x).sum(axis=1, keepdims=True).reshape(-1).cumsum().clip(0.0, 5.0)


@case(M)
def shape_in_arithmetic(x):
    n, m = x.shape
    return np.sum(x) / (n * m) + len(x) * x[0, 0] ** 2


# Branches


@case(1.3)
@case(-1.3)
def if_else(x):
    if x > 0:
        y = x * x
    else:
        y = -3.0 * x
    return y * x


@case(1.3)
@case(0.3)
@case(-1.3)
def elif_chain(x):
    if x > 1:
        y = x**2
    elif x > 0:
        y = x**3
    elif x > -1:
        y = x
    else:
        y = np.exp(x)
    return y


@case(1.3)
@case(-1.3)
def if_without_else(x):
    y = x * x
    if x > 0:
        y = y * x
    return y


@case(1.3, 0.2)
@case(1.3, -0.2)
@case(-1.3, 0.2)
def nested_ifs(x, y):
    z = x
    if x > 0:
        z = z * x
        if y > 0:
            z = z * y
        else:
            z = z - y
    elif y > 0:
        z = z + x * x
    return z * z


@case(V)
def branch_on_an_array(x):
    if np.sum(x) > 0:
        y = x[1:]
    else:
        y = x[:-1]
    return np.sum(y * y)


@case(1.3, True)
@case(1.3, False)
def name_bound_in_one_branch(x, flag):
    if flag:
        y = x * x
    z = x
    if flag:
        z = z * y
    return z


@case(1.3)
@case(-1.3)
def early_return(x):
    if x < 0:
        return x * x
    y = np.sin(x)
    return y * x


@case(2.3)
@case(1.3)
@case(-0.3)
@case(-2.3)
def many_returns(x):
    if x > 0:
        if x > 2:
            return x
        y = x * x
        if y > 1:
            return y * x
    else:
        y = -x
        if y > 1:
            return np.exp(x)
    return y + 1.0


# Loops


@case(0.9, 4)
@case(0.9, 0)
def for_range(x, n):
    y = x
    for i in range(n):
        y = y * x + i
    return y


@case(0.9)
def for_range_with_bounds(x):
    y = 1.0
    for i in range(1, 8, 3):
        y = y * (x + i)
    for i in range(4, 0, -1):
        y = y + x**i
    return y


@case(V)
def for_over_an_array(x):
    total = 0.0
    for v in x:
        total = total * 0.5 + v * v
    return total


@case(M)
def for_over_rows(x):
    total = 1.0
    for row in x:
        total = total * np.sum(row * row)
    return total


@case((0.5, 1.5, -0.4))
def for_over_a_tuple(xs):
    y = 1.0
    for x in xs:
        y = y * x + x
    return y


@case([V, M, 2.0])
def for_over_a_list_of_different_things(xs):
    y = 0.0
    for x in xs:
        y = y + np.sum(x * x)
    return y


@case(V)
def for_over_a_display(x):
    y = x
    for a in [0.5, 1.5, 2.5]:
        y = np.tanh(a * y)
    for a, b in ((1, 2.0), (3, 4.0)):
        y = y**a + b * x
    return y


@case(V, V[::-1] * 0.3, wrt=(0, 1))
def for_zip(x, y):
    s = 0.0
    for a, b in zip(x, y):
        s = s * a + b
    return s


@case([M, M.T.copy()], [np.ones(3), np.zeros(2)], wrt=(0, 1))
def for_zip_of_lists(weights, biases):
    h = np.array([0.3, -0.8])
    for W, b in zip(weights, biases):
        h = np.tanh(h @ W + b)
    return h


@case(V)
def for_enumerate(x):
    s = 0.0
    for i, a in enumerate(x):
        s = s + i * a**2
    for i, a in enumerate(x, 2):
        s = s * 0.5 + a**i
    return s


@case(V, V**2, wrt=(0, 1))
def for_enumerate_zip(x, y):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, y)):
        s = s + (i + 1) * a * b
    return s


@case(V)
def for_reversed(x):
    s = 0.0
    for a in reversed(x):
        s = s * 0.7 + a * a
    for i in reversed(range(4)):
        s = s * x[i] + 1.0
    return s


@case({"a": V, "b": M, "c": 0.3})
def for_dict_items(params):
    s = 0.0
    for name, p in params.items():
        if name != "b":
            s = s + np.sum(p * p)
        else:
            s = s * np.sum(p)
    return s


@case({"a": 1.2, "b": 0.4})
def for_dict_keys_and_values(params):
    s = 1.0
    for name in params:
        s = s * params[name]
    for name in params.keys():
        s = s + params[name] ** 2
    for p in params.values():
        s = s * p
    return s


@case(V, 3)
def nested_loops(x, n):
    y = x[0]
    for i in range(n):
        for j in range(i + 1):
            y = np.sin(y) + x[j] * x[i]
        y = y * 1.1
    return y


@case(V)
def loop_variable_after_the_loop(x):
    y = 1.0
    for i in range(3):
        y = y * x[i]
    return y + x[i] ** 2


@case(V)
def array_carried_by_a_loop(x):
    y = x
    for _ in range(3):
        y = y + 0.1 * np.sin(y[::-1])
    return np.sum(y)


@case(V)
def array_that_grows_in_a_loop(x):
    y = x
    for _ in range(3):
        y = np.concatenate([y, y[-1:] * y[:1]])
    return y


@case(3.7)
def while_loop(x):
    n = 0
    while x > 1.0:
        x = 0.5 * x + 0.1
        n += 1
    return x * n


@case(1.7)
def while_over_a_condition_of_two(x):
    y, n = x, 0
    while y < 100.0 and n < 10:
        y = y * y + x
        n = n + 1
    return np.log(y)


@case(2.0)
def while_true(x):
    y = x
    while True:
        z = 0.5 * (y + x / y)
        if abs(z - y) < 1e-14:
            break
        y = z
    return z * x


@case(0.5)
@case(2.5)
def break_out_of_a_for(x):
    y = 1.0
    for i in range(10):
        if y > 5.0:
            break
        y = y * (1.0 + x) + i
    return y


@case(V)
def continue_in_a_for(x):
    s = 0.0
    for a in x:
        if a < 0:
            continue
        s = s * a + a * a
    return s


@case(V)
def break_and_continue(x):
    s = 1.0
    for i in range(4):
        if x[i] < 0:
            s = s * 2.0
            continue
        s = s * x[i] + x[0]
        if s > 5.0:
            break
        s = s + x[i]
    return s


@case(M)
def break_of_the_inner_loop(x):
    s = 0.0
    for row in x:
        for v in row:
            if v < 0:
                break
            s = s * v + v
        s = s + row[0]
    return s


@case(V)
@case(-np.abs(V))
def return_from_a_loop(x):
    s = 1.0
    for a in x:
        s = s * a
        if s > 0 and a > 1:
            return s * s
    return s + x[0]


@case(M)
@case(-2.0 * M)
def return_from_a_nested_loop(x):
    s = 1.0
    for row in x:
        for v in row:
            s = s * v + 0.5
            if s < 0:
                return s * x[0, 0]
    return s


@case(3.0)
@case(1.0)
def return_from_a_while(x):
    n = 0
    while n < 5:
        x = x * 0.8 + 0.1
        if x < 0.7:
            return x**2
        n += 1
    return x**3


@case(V)
@case(np.abs(V))
def for_else(x):
    s = 0.0
    for a in x:
        if a < 0:
            break
        s = s + a * a
    else:
        s = s * 3.0
    return s


@case(V)
def branches_in_loops_in_branches(x):
    s = x[0]
    if s > 0:
        for i in range(4):
            if i % 2 == 0:
                s = s * x[i]
            else:
                for _ in range(i):
                    s = np.sin(s) + x[i]
    return s


@case(0.3, 3)
def loop_that_mixes_ints_and_floats(x, n):
    y = 1
    for _ in range(n):
        y = y * x
    return y


# Calls


def square(x):
    return x * x


def polar(r, phi=0.5, *, scale=1.0):
    return scale * r * np.cos(phi), scale * r * np.sin(phi)


cube = lambda x: x * x * x  # noqa: E731


@case(1.3)
def calls_a_function(x):
    return square(square(x) + 1.0) * cube(x)


@case(1.3, 0.4, wrt=(0, 1))
def calls_with_keywords_and_defaults(r, phi):
    a, b = polar(r)
    c, d = polar(r, phi=phi)
    e, f = polar(phi=a, r=d, scale=b)
    return a * c + e * f


@case(np.linspace(0.0, 1.0, 6))
def calls_another_module(x):
    positive, negative = elsewhere.split_sign(x - 0.5)
    return moving_average(x) * elsewhere.decay(x[0]) + np.sum(positive**2 - negative**3)


@case(0.4)
def passes_a_function(x):
    return elsewhere.repeated(np.sin, x, 3) + elsewhere.repeated(square, x, 2)


def power(x, n):
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    if n % 2 == 0:
        return half * half
    return half * half * x


@case(1.3, 5)
@case(1.3, 0)
def recursion(x, n):
    return power(x, n) + x


@case(np.linspace(0.5, 2.0, 7))
def recursion_on_itself(x):
    if len(x) == 1:
        return x[0]
    m = len(x) // 2
    return recursion_on_itself(x[:m]) * np.sin(recursion_on_itself(x[m:]))


def even(x, n):
    if n == 0:
        return x
    return np.sin(odd(x, n - 1))


def odd(x, n):
    if n == 0:
        return x
    return 2.0 * even(x, n - 1)


@case(0.7, 5)
def mutual_recursion(x, n):
    return even(x, n)


def hits_many_returns(x):
    for i in range(3):
        if x > 2:
            return x * i
        x = x + 0.7
    return x


@case(0.3)
@case(1.0)
@case(3.0)
def call_with_returns_inside_a_loop(x):
    s = 0.0
    for _ in range(2):
        s = s + hits_many_returns(x + s)
    return s


@case(V)
def call_for_an_inactive_value(x):
    n = power(2, 3)
    return x * n


# Containers


@case((0.5, V))
def tuple_argument(p):
    return p[0] * p[1]


@case([V, M, 0.5])
def list_argument(p):
    a, b, c = p
    return np.sum(a) * np.sum(b * b) * c


@case({"w": M, "b": np.ones(3)}, V[:2])
def dict_argument(params, x):
    return np.tanh(x @ params["w"] + params["b"])


@case({"layers": [{"w": M, "b": np.ones(3)}, {"w": M.T.copy(), "b": np.zeros(2)}], "scale": (0.5, 2.0)})
def nested_containers(params):
    h = np.array([0.4, -0.9])
    for layer in params["layers"]:
        h = np.tanh(h @ layer["w"] + layer["b"])
    low, high = params["scale"]
    return low * h[0] + high * h[1]


@case(1.3)
def local_containers(x):
    pair = (x, x * x)
    items = [pair[0], pair[1] * x, 2.0]
    table = {"a": items[1], "b": {"c": pair}}
    return table["a"] * table["b"]["c"][1] + items[-1] * len(items)


@case(1.3)
def containers_are_concatenated(x):
    items = [x] + [x * x, 1.0]
    pair = (x,) + (2.0 * x,)
    return items[1] * pair[1] + items[0]


@case(V)
def container_result(x):
    return {"sum": np.sum(x), "parts": [x[:2] * 2.0, (x[2], x[3] ** 2)]}


@case(1.3)
@case(-1.3)
def container_from_branches(x):
    if x > 0:
        p = {"a": x, "b": (x * x, 1.0)}
    else:
        p = {"a": x**2, "b": (x, 2.0 * x)}
    return p["a"] * p["b"][0] + p["b"][1]


@case(0.6, 4)
def container_carried_by_a_loop(x, n):
    state = (x, 1.0)
    for _ in range(n):
        a, b = state
        state = (np.sin(a) + b, a * b)
    return state[0] * state[1]


@case({"x": 0.5, "v": 1.0})
def dict_carried_by_a_loop(state):
    for _ in range(4):
        state = {"x": state["x"] + 0.1 * state["v"], "v": state["v"] - 0.1 * np.sin(state["x"])}
    return state["x"] ** 2 + state["v"]


@case(V)
def list_is_indexed_by_a_loop_variable(x):
    factors = [x[0], x[1] ** 2, x[2] * x[3]]
    s = 1.0
    for i in range(3):
        s = s * factors[i] + i
    return s


@case(((1.0, 2.0), [3.0, {"k": 4.0}]))
def result_has_parts_of_the_argument(p):
    return p[1][1]["k"] * p[0][0], p[1][0]


@pytest.mark.parametrize("f, args, wrt", CASES)
def test_derivative(f, args, wrt):
    sct.check_grads(f, args, wrt)


@pytest.mark.parametrize("f, args, wrt", [c for c in CASES if np.ndim(c.values[0](*c.values[1])) == 0][::3])
def test_second_derivative(f, args, wrt):
    if not isinstance(f(*args), (tuple, list, dict)):
        sct.check_grads(f, args, wrt, order=2)


# Statements that do something


def talks(x):
    """The square of x."""
    print("x is", x)
    for i in range(2):
        print(f"round {i}: {x:.2f}")
    return x * x


@pytest.mark.parametrize("optimize", [True, False])
def test_print_is_kept_once(capsys, optimize):
    assert sct.grad(talks, optimize=optimize)(1.5) == 3.0
    assert capsys.readouterr().out == "x is 1.5\nround 0: 1.50\nround 1: 1.50\n"


def test_docstring_is_kept():
    assert sct.grad(talks).__doc__ is not None
    assert "The square of x." in sct.grad(talks).__doc__


def asserts(x):
    assert x > 0, "x must be positive"
    return np.log(x)


@pytest.mark.parametrize("optimize", [True, False])
def test_assert_is_kept(optimize):
    derived = sct.grad(asserts, optimize=optimize)
    assert derived(2.0) == 0.5
    with pytest.raises(AssertionError, match="x must be positive"):
        derived(-2.0)


def raises(x, n):
    if n < 0:
        raise ValueError(f"n is {n}")
    elif n > 10:
        raise OverflowError
    y = x
    for i in range(n):
        if i == 4:
            raise IndexError("too many rounds")
        y = y * x
    return y


@pytest.mark.parametrize("optimize", [True, False])
def test_raise_is_kept(optimize):
    derived = sct.grad(raises, optimize=optimize)
    assert derived(2.0, 1) == 4.0
    with pytest.raises(ValueError, match="n is -1"):
        derived(2.0, -1)
    with pytest.raises(OverflowError):
        derived(2.0, 11)
    with pytest.raises(IndexError, match="too many rounds"):
        derived(2.0, 5)


# Where functions come from


def test_lambda():
    assert sct.grad(lambda x: x**3)(2.0) == 12.0
    f, g = (lambda x: x * 2.0), (lambda x: x * 5.0)
    assert (sct.grad(f)(1.0), sct.grad(g)(1.0)) == (2.0, 5.0)


def test_nested_function_with_closure():
    factor = 3.0

    def f(x):
        return factor * x * x

    derived = sct.grad(f)
    assert derived(2.0) == 12.0
    factor = 5.0
    assert derived(2.0) == 20.0


def test_closure_over_an_array_and_a_function():
    data = np.array([1.0, 2.0])

    def model(w):
        return w * data

    def loss(w):
        return np.sum(model(w) ** 2)

    assert sct.grad(loss)(3.0) == 30.0
    data = np.array([1.0, 0.0])
    assert sct.grad(loss)(3.0) == 6.0


SCALE = 2.0


def scaled(x):
    return SCALE * x * x


def test_globals_are_read_at_each_call(monkeypatch):
    derived = sct.grad(scaled)
    assert derived(1.0) == 4.0
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    assert derived(1.0) == 10.0


def linear(x):
    return 3.0 * x


def uses_linear(x):
    return linear(x) * x


def test_rebinding_a_function_recompiles(monkeypatch):
    derived = sct.grad(uses_linear)
    assert derived(2.0) == 12.0
    monkeypatch.setitem(globals(), "linear", square)
    assert derived(2.0) == 12.0  # d x³ = 3 x²
    monkeypatch.setitem(globals(), "linear", np.exp)
    assert derived(0.0) == 1.0


def test_decorator_bare_and_with_keywords():
    @sct.grad
    def f(x):
        return x * x

    @sct.value_and_grad(wrt=("y", 0))
    def g(x, y):
        return x * y * y

    assert f(3.0) == 6.0
    assert g(2.0, 3.0) == (18.0, (12.0, 9.0))


# Results have the structure, shape and dtype of the argument


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (1, 3), (0,), (2, 0)])
def test_shape_and_dtype_of_a_gradient(dtype, shape, rng):
    x = np.asarray(rng.normal(size=shape), dtype=dtype)

    def f(x):
        return np.sum(np.real(x * np.sin(x) * 2.0 + 1.0))

    x_bar = sct.grad(f)(x)
    assert np.shape(x_bar) == shape
    assert x_bar.dtype == dtype
    assert np.allclose(x_bar, 2.0 * (np.sin(x) + x * np.cos(x)), rtol=1e-5)


def test_structure_of_a_gradient():
    params = {"a": (np.ones(2, np.float32), [1.5]), "b": np.zeros((1, 3))}

    def f(p):
        return np.sum(p["a"][0]) * p["a"][1][0] + np.sum(p["b"] ** 2)

    g = sct.grad(f)(params)
    assert list(g) == ["a", "b"]
    assert isinstance(g["a"], tuple) and isinstance(g["a"][1], list)
    assert g["a"][0].dtype == np.float32 and np.array_equal(g["a"][0], [1.5, 1.5])
    assert g["a"][1][0] == 2.0
    assert g["b"].shape == (1, 3)


def test_python_float_gives_a_float():
    assert isinstance(sct.grad(lambda x: x * x)(1.5), float)


def test_arguments_are_never_changed(rng):
    def f(p, x):
        y = x
        for _ in range(3):
            y = y + p["a"] * np.sin(y)
        return np.sum(y * y)

    p, x = {"a": rng.normal(size=4)}, rng.normal(size=4)
    kept = p["a"].copy(), x.copy()
    g, x_bar = sct.grad(f, wrt=("p", "x"))(p, x)
    assert np.array_equal(p["a"], kept[0]) and np.array_equal(x, kept[1])
    assert not np.shares_memory(x_bar, x) and not np.shares_memory(g["a"], p["a"])


def test_gradients_do_not_share_memory(rng):
    def f(a, b):
        return np.sum((a + b) ** 2)

    a, b = rng.normal(size=3), rng.normal(size=3)
    a_bar, b_bar = sct.grad(f, wrt=("a", "b"))(a, b)
    kept = b_bar.copy()
    a_bar += 1.0
    assert np.array_equal(b_bar, kept)


def test_pull_may_be_called_many_times(rng):
    x = rng.normal(size=3)

    def f(x):
        y = x
        for _ in range(4):
            y = np.sin(y) * x
        return y

    y, pull = sct.pullback(f)(x)
    first = pull(np.ones(3))
    assert np.array_equal(pull(np.ones(3)), first)
    assert np.allclose(pull(2.0 * np.ones(3)), 2.0 * first)
    assert np.array_equal(y, f(x))


def looped(x):
    y = x
    for i in range(3):
        if y > 0.5:
            y = y * np.sin(x)
        else:
            y = y + x * x * i
    return y


def test_third_derivative_with_loops_and_branches():
    third = sct.grad(sct.grad(sct.grad(looped)))
    second = sct.grad(sct.grad(looped))
    for x in (0.3, 0.7, 1.1):
        assert third(x) == pytest.approx(gradient(second, x), rel=1e-6)


@pytest.mark.parametrize("optimize", [True, False])
def test_a_parameter_that_a_loop_over_rows_rebinds(optimize):
    def f(x, y):
        for x in y:  # noqa: PLR1704
            pass
        return np.sum(x * np.ones(3))

    x, y = np.ones(2), np.array([1.0, 2.0, 3.0])
    x_bar, y_bar = sct.grad(f, (0, 1), optimize=optimize)(x, y)
    np.testing.assert_array_equal(x_bar, [0.0, 0.0])
    np.testing.assert_array_equal(y_bar, [0.0, 0.0, 3.0])


CALLS = []


def noted(x):
    CALLS.append(x)
    return x


sct.nondifferentiable(noted)


def halves(x, w):
    """A sum over a tree, of parts that come in a tuple."""
    n = noted(len(x))
    if n == 1:
        return np.sin(w * x[0]), x[0] * x[0]
    left, right = halves(x[: n // 2], w), halves(x[n // 2 :], 0.5 * w)
    return left[0] * right[1] + w, right[0] - left[1]


def test_recursion_calls_a_function_as_often_as_it_does_itself():
    x = np.linspace(0.1, 0.9, 16)

    def f(x, w):
        total = 0.0
        for k in range(2):
            first, second = halves(x * (k + 1.0), w)
            total = total + (first * second if w > 0.0 else first)
        return total

    CALLS.clear()
    f(x, 0.7)
    count = len(CALLS)
    for derived in (sct.grad(f, (0, 1)), lambda x, w: sct.pullback(f, (0, 1))(x, w)[1](1.0)):
        CALLS.clear()
        derived(x, 0.7)
        assert len(CALLS) == count
    sct.check_grads(f, (x, 0.7), wrt=(0, 1), modes=("forward", "reverse"))
    sct.check_grads(sct.grad(f), (x, 0.7), wrt=(0, 1), modes=("forward", "reverse"))


def test_a_text_that_is_formatted():
    def f(x):
        if x[0] < 0.0:
            raise ValueError("{!r} of {n:.2f}, {}".format("x", len(x), n=x[0]))
        return np.sum(x * x)

    np.testing.assert_array_equal(sct.grad(f)(np.array([1.0, 2.0])), [2.0, 4.0])
    with pytest.raises(ValueError, match=r"'x' of -1\.50, 2"):
        sct.grad(f)(np.array([-1.5, 2.0]))


def test_what_a_container_is():
    def f(x, p):
        if type(x) is not list:
            x = x.tolist()
        place = bisect.bisect_left(x, 1.0)
        return x[place] * p["a"] if type(p) is dict else x[place]

    assert sct.grad(f)([0.5, 2.0, 3.0], {"a": 4.0}) == [0.0, 4.0, 0.0]
