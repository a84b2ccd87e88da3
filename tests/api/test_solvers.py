"""Solvers that are differentiated by the implicit function theorem: against finite differences, and against one another."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.optimize

import sct


def cubic(x, a, b):
    return x**3 + a * x - b


@sct.custom_root(cubic)
def bisected(low, a, b, *, width=10.0, tol=1e-13):
    high = low + width
    while high - low > tol:
        middle = 0.5 * (low + high)
        if cubic(middle, a, b) > 0.0:
            high = middle
        else:
            low = middle
    return low


@sct.custom_root(cubic)
def by_newton(x, a, b=2.0):
    for _ in range(50):
        x = x - cubic(x, a, b) / (3 * x * x + a)
    return x


@sct.custom_root(cubic)
def by_scipy(x, a, b):
    return scipy.optimize.brentq(cubic, x - 10, x + 10, args=(a, b), xtol=1e-15)


def of_bisection(a, b):
    return np.sin(bisected(-1.0 * b, a, b=b, tol=1e-14)) * a


def of_newton(a, b):
    return np.sin(by_newton(0, a, b=b)) * a


def of_scipy(a, b):
    return np.sin(by_scipy(a, a, b)) * a


def of_a_default(a, b):
    return by_newton(1.0, a) * b


def in_a_loop(a, b):
    s = 0.0
    for i in range(3):
        s = by_newton(s, a * (i + 1), b) + s * s
    return s


def chained(A, c):
    x = np.zeros(3)
    for i in range(3):
        x = settled(x, A, c + i * x) * 0.7
    return np.sum(x**2)


def by_derivatives_of_it(a, b):
    for _ in range(3):
        a = a - 0.1 * sct.grad(of_newton)(a, b)
    return a


@pytest.mark.parametrize(
    "f", [of_bisection, of_newton, of_scipy, of_a_default, in_a_loop, by_derivatives_of_it], ids=lambda f: f.__name__
)
def test_roots_that_are_numbers(f):
    sct.check_grads(f, (1.5, 2.0), wrt=("a", "b"), modes=MODES, order=2)


def layer(x, A, c):
    return np.tanh(A @ x + c)


@sct.custom_fixed_point(layer)
def settled(x, A, c):
    for _ in range(500):
        x[:] = layer(x, A, c)
    return x


@sct.custom_root(lambda x, A, c: layer(x, A, c) - x)
def balanced(x, A, c):
    return scipy.optimize.root(lambda x: layer(x, A, c) - x, x, tol=1e-13).x


def of_settled(A, c):
    return np.sum(settled(np.zeros(3), A, c) ** 2)


def of_balanced(A, c):
    return np.sum(balanced(np.zeros(3), A, c) ** 2)


def unrolled(A, c):
    x = anp.zeros(3)
    for _ in range(100):
        x = anp.tanh(anp.dot(A, x) + c)
    return anp.sum(x**2)


MODES = ("reverse", "forward")
A = np.array([[0.1, -0.3, 0.2], [0.25, 0.05, -0.1], [-0.2, 0.15, 0.3]])
C = np.array([0.4, -0.6, 0.2])


def test_arrays_in_a_loop():
    sct.check_grads(chained, (A, C), wrt=("A", "c"), modes=MODES, order=2)


@pytest.mark.parametrize("f", [of_settled, of_balanced], ids=lambda f: f.__name__)
def test_arrays(f):
    sct.check_grads(f, (A, C), wrt=("A", "c"), modes=MODES, order=2)
    for mine, theirs in zip(sct.grad(f, wrt=("A", "c"))(A, C), autograd.grad(unrolled, (0, 1))(A, C), strict=True):
        assert np.allclose(mine, theirs, rtol=1e-9, atol=1e-12)
    hessian = autograd.jacobian(autograd.grad(unrolled, 1), 1)(A, C)
    products = [sct.jvp(sct.grad(f, wrt="c"), wrt="c")(A, C, e)[1] for e in np.eye(3)]
    assert np.allclose(products, hessian, rtol=1e-8, atol=1e-10)


def test_split_and_linear():
    assert np.allclose(sct.pullback(of_settled)(A, C)[1](1.0), sct.grad(of_settled)(A, C))
    assert np.isclose(sct.linearize(of_settled)(A, C)[1](A), np.sum(sct.grad(of_settled)(A, C) * A))


def square_error(X, B):
    return X @ X - B


@sct.custom_root(square_error)
def matrix_root(X, B):
    for _ in range(50):
        X = 0.5 * (X + np.linalg.solve(X, B))
    return X


def of_a_matrix(B):
    return np.sum(np.sin(matrix_root(np.eye(2), B)))


def equations(x, p, k):
    u, s = x["u"], x["s"]
    return {"u": u**3 + u - p["a"] * s, "s": 2 * s - p["b"] * k + 0.1 * np.sum(u)}


@sct.custom_root(equations)
def solved(x, p, k, *, n=100):
    u, s = x["u"], x["s"]
    for _ in range(n):
        u, s = (p["a"] * s + 2 * u**3) / (3 * u**2 + 1), (p["b"] * k - 0.1 * np.sum(u)) / 2
    return {"s": s, "u": u}


def of_dicts(p, k):
    x = solved({"u": np.zeros(2), "s": 1}, p, k, n=300)
    return np.sum(x["u"] ** 2) * x["s"]


def exchange(x, p):
    return np.cos(x[1]) / p[0], p[1]["v"] * x[0]


@sct.custom_fixed_point(exchange)
def exchanged(x, p):
    for _ in range(500):
        x = exchange(x, p)
    return x


def of_tuples(p):
    u, v = exchanged((np.zeros(2), np.zeros(2)), p)
    return np.sum(u * u * v)


def of_one_of_two(p):
    return np.sum(exchanged((np.zeros(2), np.zeros(2)), p)[0])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (of_a_matrix, (np.array([[2.0, 0.3], [0.1, 1.5]]),)),
        (of_dicts, ({"a": np.array([0.5, 0.7]), "b": 1.3}, 2)),
        (of_tuples, ((2.0, {"v": np.array([0.5, 0.7])}),)),
        (of_one_of_two, ((2.0, {"v": np.array([0.5, 0.7])}),)),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_matrices_and_trees(f, args):
    sct.check_grads(f, args, modes=MODES, order=2)


def test_the_source_is_a_linear_system():
    assert sct.grad(of_a_matrix).source_for(np.eye(2)).split("# reverse\n")[1].count("np.linalg.solve") == 1
    assert sct.grad(of_a_default, wrt="a").source_for(1.5, 2.0).split("# reverse\n")[1] == (
        "    # return by_newton(1.0, a) * b\n    a_bar = -b / (3.0 * by_newton_a ** 2 + a) * by_newton_a\n    return a_bar\n"
    )


def test_the_result_is_as_the_start():
    assert type(bisected(0, 1.0, 2.0)) is type(bisected(0.0, 1.0, 2.0)) is float
    assert type(by_newton(np.float32(0.5), 1.0)) is np.float32
    assert solved({"u": np.zeros(2), "s": 1}, {"a": np.ones(2), "b": 1.0}, 1).keys() == {"u", "s"}
    assert sct.grad(of_a_matrix)(np.eye(2, dtype=np.float32)).dtype == np.float32


def test_arguments_are_left_as_they_are():
    start = np.zeros(3)
    settled(start, A, C)
    assert np.array_equal(start, np.zeros(3))


def test_where_to_begin_has_no_derivative():
    assert sct.grad(lambda x: by_newton(x, 1.0, 2.0))(0.5) == 0.0
    assert np.array_equal(sct.grad(lambda x: np.sum(settled(x, A, C)))(C), np.zeros(3))
    assert sct.jvp(lambda x: by_newton(x, 1.0, 2.0))(0.5, 1.0)[1] == 0.0


@sct.custom_root(cubic)
def of_another_shape(x, a, b):
    return np.zeros(3)


def test_a_result_of_another_shape():
    for f in (of_another_shape, sct.grad(lambda a: of_another_shape(0.0, a, 2.0))):
        with pytest.raises(ValueError, match="of_another_shape does not give what has the structure and the shapes of where"):
            f(*(0.0, 1.0, 2.0)[: 3 if f is of_another_shape else 1])


def test_a_solver_without_names():
    with pytest.raises(sct.CallError, match="solve does not say by name where to begin, and its arguments"):

        @sct.custom_root(cubic)
        def solve(x, *args):
            return x


def decorated_inside(a):
    @sct.custom_root(lambda x, a: x * x - a)
    def root(x, a):
        return np.sqrt(a)

    return root(1.0, a)


@sct.custom_root(lambda y, a: y * y - a)
def of_any_number(y, a):
    return np.sqrt(a)


def test_refused():
    with pytest.raises(sct.UnsupportedSyntaxError, match="sct.custom_root in a function that is differentiated"):
        sct.grad(decorated_inside)(2.0)
    with pytest.raises(sct.NonDifferentiableArgumentError, match="is for real arguments, and this one is complex"):
        sct.grad(lambda z: np.abs(by_newton(0.5, z, 2.0)))(1.0 + 1.0j)
    with pytest.raises(TypeError, match="the derivative rule of a solver is for real numbers"):
        sct.jvp(lambda z: np.abs(of_any_number(1.0, z)))(1.0 + 1.0j, 1.0 + 0.0j)


def test_generated_modules_need_no_sct():
    text = str(sct.generate(of_settled, "grad", "c", like=(A, C)))
    made = {}
    exec(text, made)
    assert "import sct" not in text
    assert np.array_equal(made["of_settled_grad"](A, C), sct.grad(of_settled, wrt="c")(A, C))
