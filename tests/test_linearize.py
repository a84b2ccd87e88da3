"""sct.linearize: the value, and the derivative as a linear function of tangents."""

import numpy as np
import pytest

import sct

X = np.array([0.3, -1.2, 0.7])
V = np.array([1.0, 0.5, -2.0])


def smooth(x, k):
    return np.exp(np.sin(x) * k)


def stencil(u, k, steps):
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return u


def branches(x, n):
    for i in range(n):
        if np.sum(x) > 1.0:
            x = x / 2.0
        else:
            x = np.exp(x)
            continue
        if x[0] > 3.0:
            break
    return {"x": x, "n": [n, x[0]]}


def recursive(x, n):
    return x * 1.0 if n == 0 else recursive(np.sin(x) * x, n - 1) + x


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("f, rest", [(smooth, (0.3,)), (stencil, (0.1, 4)), (branches, (5,)), (recursive, (3,))])
def test_the_linear_function_is_the_derivative(f, rest, optimize):
    x = X.copy()
    y, push = sct.linearize(f, optimize=optimize)(x, *rest)
    for v in (V, X, V):
        expected, y_dot = sct.jvp(f, optimize=optimize)(X, *rest, v)
        assert repr((y, push(v))) == repr((expected, y_dot))
    assert x.tolist() == X.tolist()


def test_it_is_linear():
    _, push = sct.linearize(smooth, ("x", "k"))(X, 0.3)
    assert np.allclose(push(2.0 * V + X, 5.0), 2.0 * push(V, 1.0) + push(X, 3.0))


def test_the_result_may_be_written_into():
    y, push = sct.linearize(smooth)(X, 0.3)
    before = push(V)
    y[:] = 7.0
    before_it, before[:] = before.copy(), 7.0
    assert push(V).tolist() == before_it.tolist()


def test_a_function_acts_once(capsys):
    def tell(x, n):
        print("call", n)
        for i in range(n):
            print("step", i)
            x = x * x
        return x

    y, push = sct.linearize(tell)(1.5, 2)
    assert (y, push(1.0), push(2.0)) == (1.5**4, 4 * 1.5**3, 8 * 1.5**3)
    assert capsys.readouterr().out == "call 2\nstep 0\nstep 1\n"


def test_random_numbers_are_drawn_once():
    y, push = sct.linearize(lambda x, rng: x * rng.standard_normal(3))(X, np.random.default_rng(5))
    z = np.random.default_rng(5).standard_normal(3)
    assert y.tolist() == (X * z).tolist() and push(V).tolist() == push(V).tolist() == (V * z).tolist()


def test_random_numbers_in_a_loop_are_refused():
    def walk(x, rng):
        for _ in range(3):
            x = x * rng.standard_normal()
        return x

    with pytest.raises(sct.NoRuleError, match="drawn in a loop, a branch or a function, which the linear function runs again"):
        sct.linearize(walk)(1.0, np.random.default_rng(5))


def test_of_a_gradient():
    def energy(x, n):
        for _ in range(n):
            x = np.sin(x) * x
        return np.sum(x**3)

    gradient, push = sct.linearize(sct.grad(energy))(X, 3)
    expected, product = sct.jvp(sct.grad(energy))(X, 3, V)
    for _ in range(2):
        assert np.allclose(gradient, expected) and np.allclose(push(V), product)


def test_has_aux():
    (y, aux), push = sct.linearize(lambda x: (np.sum(x * x), x.shape), has_aux=True)(X)
    assert aux == (3,) and np.isclose(push(V), 2.0 * X @ V)


def test_a_tangent_of_another_shape():
    _, push = sct.linearize(smooth)(X, 0.3)
    with pytest.raises(ValueError, match="x_dot must have the shape of x"):
        push(np.ones(2))


def test_in_a_function_that_is_differentiated():
    sct.check_grads(lambda x: np.sum(sct.linearize(smooth)(x, 0.3)[1](x) ** 2), (X,), order=2)


def test_what_is_generated_runs_alone():
    text = sct.generate(stencil, "linearize", ("u", "k"), types="u: f8[n], k: float, steps: int")
    names = {}
    exec(text, names)
    y, push = names["stencil_linearize"](X, 0.1, 4)
    assert push(V, 1.0).tolist() == sct.jvp(stencil, ("u", "k"))(X, 0.1, 4, V, 1.0)[1].tolist()
