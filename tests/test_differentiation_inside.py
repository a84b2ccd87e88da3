"""Functions that differentiate functions: global ones, inner ones and lambdas, to any depth, by what they close over."""

import functools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import sct

X = np.array([0.5, 0.7, 0.9])
MODES = ("reverse", "forward")


def cubed(w, c):
    return np.sum(c * w**3)


def of_a_global_function(x):
    value, (w_bar, c_bar) = sct.value_and_grad(cubed, wrt=("w", "c"))(x, 2 * x)
    return value + w_bar @ c_bar


def of_an_inner_function(x):
    def loss(w):
        return np.sum((w - x) ** 4)

    return np.sum(sct.grad(loss)(x * 2))


def of_a_lambda(x):
    return np.sum(sct.grad(lambda w, c=x: np.sum(w**3 * c))(x))


def by_vjp_and_jvp(x):
    def f(v):
        return v * np.sin(v * x)

    y, x_bar = sct.vjp(f)(x, x * 2)
    z, z_dot = sct.jvp(f)(x, x * 3)
    return np.sum(y * x_bar) + np.sum(z * z_dot) + np.sum(sct.vjp(np.sin)(x, x)[1])


def as_decorators(x):
    @sct.grad
    def loss(w):
        return np.sum((w - x) ** 4)

    @sct.grad(wrt="v", has_aux=True)
    def other(w, v):
        return np.sum((w - x) ** 4 * v), w * x

    gradient, aux = other(x * 2, x)
    return np.sum(loss(x * 2)) + np.sum(gradient * aux)


def of_each_other(x):
    def f(a):
        def g(b):
            def h(c):
                return a * b**2 * c**3 * x[0]

            return sct.grad(h)(b) + a

        return sct.grad(g)(a) * a

    return sct.grad(f)(x[1])


def twice(x):
    def f(v):
        return v**4 * x[1]

    return sct.grad(sct.grad(f))(x[0])


def newton(f, z, n):
    for _ in range(n):
        z = z - f(z) / sct.grad(f)(z)
    return z


def square_minus_two(v):
    return v * v - 2.0


def newton_steps(x):
    return newton(square_minus_two, x[0], 3) + newton(lambda v: v * v - x[1], x[0], 3)


def newton_to_the_end(x):
    def f(v):
        return v * v * v - x[1]

    v = x[0] + 1.0
    while abs(f(v)) > 1e-12:
        v = v - f(v) / sct.grad(f)(v)
    return v


def newton_with_a_hessian(x):
    def f(w):
        return np.sum(w**4 * x) + np.sum(w) ** 2

    def hessian(w):
        return np.stack([sct.jvp(sct.grad(f))(w, e)[1] for e in np.eye(3)])

    w = x + 1.0
    for _ in range(3):
        w = w - np.linalg.solve(hessian(w), sct.grad(f)(w))
    return np.sum(np.sin(w))


def gradient_penalty(x):
    def critic(v):
        return np.sum(np.tanh(v * x) ** 2)

    g = sct.grad(critic)(x * 0.5)
    return (np.sqrt(np.sum(g * g)) - 1.0) ** 2


def descent_of_what_changes(x):
    w, k = np.zeros(3), 1.0

    def loss(w):
        return np.sum((w - x) ** 2 * x) * k

    for _ in range(4):
        w -= 0.1 * sct.grad(loss)(w)
        k = k * x[0]
    return np.sum(w * w)


def descent_in_descent(x):
    def task(w, t):
        return np.sum((np.tanh(w * t) - x) ** 2)

    def adapted(w, t):
        for _ in range(3):
            w = w - 0.1 * sct.grad(task)(w, t)
        return w

    def meta(w):
        return sum([task(adapted(w, t), t) for t in (1.0, 2.0)])

    w = x * 0.3
    for _ in range(3):
        w = w - 0.05 * sct.grad(meta)(w)
    return np.sum(w * w)


def parameters_in_a_dict(x):
    p = {"w": x, "b": x[0]}

    def loss(p):
        return np.sum(np.tanh(p["w"] * x + p["b"]) ** 2)

    for _ in range(3):
        g = sct.grad(loss)(p)
        p = {k: p[k] - 0.1 * g[k] for k in p}
    return np.sum(p["w"]) + p["b"]


def what_it_sees_calls_others(x):
    def first(w):
        return later(w) * x[1]

    def later(w):
        return again(w) ** 3 * x[2]

    again = lambda v: v * x[0]  # noqa: E731
    return sct.grad(first)(x[0])


def that_call_each_other(x):
    def even(v, n):
        return v * x[0] if n == 0 else odd(v, n - 1)

    def odd(v, n):
        return v**2 * x[1] if n == 0 else even(v, n - 1) * v

    return sct.grad(even)(x[2], 3)


def functions_in_lists_and_dicts(x):
    fs = [lambda v: v**2 * x[0], lambda v: v**3 * x[1]]
    by_name = {"scale": x[2], "act": lambda v: np.sin(v * x[1])}

    def both(w):
        return fs[0](fs[1](w)) + by_name["act"](w * by_name["scale"])

    return sct.grad(both)(x[2]) + sum([sct.grad(f)(x[2]) for f in fs])


def composed(f, g):
    return lambda v: f(g(v))


def loss_of(w, act):
    return np.sum(act(w) ** 2)


def functions_as_arguments(x):
    inner = composed(np.sin, lambda v: v * x[1])
    total = sct.grad(composed(lambda v: v * v * x[0], inner))(x[2])
    total += np.sum(sct.grad(loss_of)(x, lambda v: v * x)) + functools.partial(sct.grad(lambda a, b: a * b * x[0]), x[1])(x[2])
    return total + np.sum(sct.grad(sct.grad(lambda w, act, n: act(w) * n))(x[0], lambda v: v**3 * x[1], 2.0))


def chosen_when_it_runs(x):
    f = (lambda v: v**2 * x[0]) if x[1] > 0.6 else (lambda v: v**3)
    if x[0] > 0.6:
        g = lambda v: v**2 * x[1]  # noqa: E731
    else:
        g = lambda v: v**3 * x[1]  # noqa: E731
    return sct.grad(f)(x[2]) + sct.grad(g)(x[2])


def defined_in_loops(x):
    s = 0.0
    for i in range(3):

        def scaled(w):
            return w**2 * x[i]

        s += sct.grad(scaled)(x[0]) + sct.grad(lambda w, i=i: w**3 * x[i])(x[1])
        s += sct.grad(lambda u, f=scaled: f(u) * i)(x[2])
    return s + sum(sct.grad(lambda v: v**3 * xi)(x[0]) for xi in x)


def by_functions_of_python(x):
    g = [sct.grad(lambda v, k=k: v**3 * x[k]) for k in range(3)]
    total = functools.reduce(lambda acc, xi: acc + sct.grad(lambda v: v**3 * acc)(xi), x, 1.0)
    return total + sum(map(g[0], x)) + g[2](x[1]) + np.sum(sct.elementwise_grad(lambda v: np.sin(v * x))(x))


def arguments_of_all_kinds(x):
    def stars(*args):
        return args[0] ** 2 * args[1] * x[0]

    def named(w, k=x[1] * 2, *, c):
        return w**2 * c * k * x[0]

    return sct.grad(stars)(x[1], x[2]) + sct.grad(named, wrt="c")(x[1], c=x[2]) + sct.grad(named)(x[1], x[0], c=x[2])


def writes_of_its_own(x):
    def f(w):
        a = np.zeros((3, 3))
        for i in range(3):
            for j in range(i + 1):
                a[i, j] = w[i] * x[j]
        w[0] = w[0] * w[1]
        return np.sum(a @ w)

    w = x * 2
    return np.sum(sct.grad(f)(w) * w)


def lists_that_grew(x):
    data = []
    for i in range(4):
        data.append(x[i % 3] * i)

    def f(w):
        return sum([(w - d) ** 2 for d in data])

    return sct.grad(f)(x[0]) * x[1]


class Model:
    def __init__(self, w):
        self.w = w

    def loss(self, x):
        def f(w):
            return np.sum(np.tanh(w * x) ** 2)

        return f

    def fit(self, x, n):
        for _ in range(n):
            self.w = self.w - 0.1 * sct.grad(self.loss(x))(self.w)
        return self.w


class Layer:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def __call__(self, v):
        return np.tanh(self.w * v + self.b)


def with_objects(x):
    layers = [Layer(x, x[0]), Layer(x * 2, x[1])]

    def net(v):
        for layer in layers:
            v = layer(v)
        return np.sum(v)

    g = sct.grad(lambda layer: np.sum(layer(x) ** 2))(layers[0])
    return np.sum(Model(x * 0.3).fit(x, 3) ** 2) + np.sum(sct.grad(net)(x)) + np.sum(g.w * x) + g.b


PROGRAMS = [
    of_a_global_function,
    of_an_inner_function,
    of_a_lambda,
    by_vjp_and_jvp,
    as_decorators,
    of_each_other,
    twice,
    newton_steps,
    newton_to_the_end,
    newton_with_a_hessian,
    gradient_penalty,
    descent_of_what_changes,
    descent_in_descent,
    parameters_in_a_dict,
    what_it_sees_calls_others,
    that_call_each_other,
    functions_in_lists_and_dicts,
    functions_as_arguments,
    chosen_when_it_runs,
    defined_in_loops,
    by_functions_of_python,
    arguments_of_all_kinds,
    writes_of_its_own,
    lists_that_grew,
    with_objects,
]


pulled_outside = sct.pullback(lambda w, p: np.sin(w) * p["a"] * w, wrt=(0, "p"))


def layer_and_pullback(x, W):
    y, pull = sct.pullback(lambda x, W: np.tanh(W @ x), (0, 1))(x, W)
    return y, pull


def by_pullbacks(x):
    W = np.outer(x, x)
    y, first = layer_and_pullback(x, W)
    z, second = layer_and_pullback(y, W)
    y_bar, W_bar = second(z)
    x_bar, other = first(y_bar)
    _, pull = pulled_outside(x, {"a": x * 2.0})
    return np.sum(W_bar * other) + np.sum(x_bar) + np.sum(pull(x)[1]["a"] * pull(y)[0])


def by_linear_functions(x):
    (y, s), push = sct.linearize(lambda v, k: (np.sin(v) * x * k, np.sum(v)), has_aux=True)(x, 3.0)
    total = s + np.sum(y)
    for i in range(3):
        e = np.zeros(3)
        e[i] = 1.0
        total = total + np.sum(push(e) ** 2)
    return total


def pullback_in_a_derivative(x):
    def inner(w):
        y, pull = sct.pullback(sct.grad(lambda v: np.sum(v**3 * w)))(w)
        return np.sum(pull(y))

    return np.sum(sct.grad(inner)(x) ** 2)


def pullback_before_a_write(x):
    _, pull = sct.pullback(lambda v: np.sum(v * v))(x)
    x[0] = 3.0
    return pull(2.0) @ x


def as_if_by_vjp(x):
    return sct.vjp(lambda v: np.sum(v * v))(x, 2.0)[1] @ np.array([3.0, x[1], x[2]])


@pytest.mark.parametrize("f", [by_pullbacks, by_linear_functions, pullback_in_a_derivative], ids=lambda f: f.__name__)
def test_what_is_split_in_two(f):
    sct.check_grads(f, (X,), modes=MODES, order=2)


def test_a_pullback_is_of_what_the_arguments_were():
    assert np.allclose(sct.grad(pullback_before_a_write)(X), sct.grad(as_if_by_vjp)(X), rtol=1e-14)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients(f):
    sct.check_grads(f, (X,), modes=MODES)
    value, _ = sct.value_and_grad(f)(X)
    assert np.allclose(value, f(X), rtol=1e-14)


@pytest.mark.parametrize(
    "f", [newton_steps, gradient_penalty, descent_in_descent, functions_in_lists_and_dicts], ids=lambda f: f.__name__
)
def test_second_derivatives(f):
    sct.check_grads(f, (X,), modes=MODES, order=2)


def test_levels_are_not_confused():
    """d/dx (x · d/dy (x + y)) = 1, where a derivative that mistakes one for the other gives 2."""

    def f(x):
        return x * sct.grad(lambda y: x + y)(1.0)

    assert sct.grad(f)(3.0) == 1.0
    assert sct.jvp(f)(3.0, 1.0) == (3.0, 1.0)

    def g(x):
        """2 x² + x."""
        return x * sct.grad(lambda x: x * x)(x) + sct.grad(lambda y: x * sct.grad(lambda x: x * y)(y))(x)

    assert sct.grad(g)(2.0) == 9.0


def test_descent_in_descent_agrees_with_autograd():
    def task(w, t, x):
        return anp.sum((anp.tanh(w * t) - x) ** 2)

    def adapted(w, t, x):
        for _ in range(3):
            w = w - 0.1 * autograd.grad(task)(w, t, x)
        return w

    def meta(w, x):
        return sum(task(adapted(w, t, x), t, x) for t in (1.0, 2.0))

    def outer(x):
        w = x * 0.3
        for _ in range(3):
            w = w - 0.05 * autograd.grad(meta)(w, x)
        return anp.sum(w * w)

    assert np.allclose(sct.grad(descent_in_descent)(X), autograd.grad(outer)(X), rtol=1e-12)


def test_nothing_of_the_inner_functions_is_left():
    lines = sct.grad(descent_in_descent).source_for(X).splitlines()
    assert not [s for s in lines if "sct" in s and not s.strip().startswith("#")]


def counting(x):
    n = 0

    def f(v):
        nonlocal n
        n = n + 1
        return v * v * x[0]

    return sct.grad(f)(x[1]) * n


def writing_into_what_it_sees(x):
    a = np.zeros(3)

    def f(v):
        a[0] = v * v
        return np.sum(a) * x[0]

    return sct.grad(f)(x[1])


def by_another_iteration(x):
    fs = []
    for i in range(3):
        fs.append(lambda v: v * v * i)
    return sct.grad(fs[0])(x[0])


def of_a_derivative_of_another_iteration(x):
    fs = []
    for i in range(3):
        fs.append(sct.grad(lambda v: v * v * i))
    return fs[0](x[0])


def calling_one_of_another_iteration(x):
    fs = []
    for i in range(3):
        fs.append(lambda v: v * v * i)
    return sct.grad(lambda v: fs[0](v))(x[0])


def chosen_in_a_loop(x):
    f = lambda v: v**6 * x[0]  # noqa: E731
    for _ in range(3):
        f = sct.grad(f)
    return f(x[1])


def with_a_function_in_an_object(x):
    layer = Layer(lambda v: v * x[0], x[1])
    return sct.grad(lambda v: layer.w(v) * layer.b)(x[0])


def pullback_of_an_object(x):
    return np.sum(sct.pullback(lambda layer: layer.w * layer.b)(Layer(x, x))[1](x).w)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (counting, "a write into 'n', which is defined outside of the function that is differentiated"),
        (writing_into_what_it_sees, "a write into 'a', which is defined outside of the function that is differentiated"),
        (by_another_iteration, "a call of <lambda>, which was defined in an iteration of a loop, in another one"),
        (of_a_derivative_of_another_iteration, "a call of <lambda>, which was defined in an iteration of a loop, in another"),
        (calling_one_of_another_iteration, "a call of a function that is only known at run time"),
        (chosen_in_a_loop, "sct.grad of something only known at run time"),
        (with_a_function_in_an_object, "a function defined inside, given to what is recursive or not in Python"),
        (
            pullback_of_an_object,
            "sct.pullback or sct.linearize, in a function that is differentiated, of an object",
        ),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_refused(f, message):
    with pytest.raises(sct.UnsupportedSyntaxError, match=message):
        sct.grad(f)(X)


def each_order(v, n):
    return v**5 if n == 0 else sct.grad(each_order)(v, n - 1)


def test_orders_that_are_not_known():
    with pytest.raises(sct.SctError, match="a function that differentiates itself, more often than is known before it runs"):
        sct.grad(each_order)(2.0, 2)
    assert sct.grad(lambda v: each_order(v, 2))(2.0) == 240.0


def of_a_vector(x):
    def f(w):
        return w * x

    return np.sum(sct.grad(f)(x))


def test_errors_say_where_the_derivative_was_asked_for():
    with pytest.raises(sct.NonScalarOutputError, match=r"f returns a float64 vector(.|\n)*in of_a_vector"):
        sct.grad(of_a_vector)(X)


def test_generated_modules_need_no_sct():
    text = str(sct.generate(descent_in_descent, "grad", like=(X,)))
    made = {}
    exec(text, made)
    assert "import sct" not in text
    assert np.array_equal(made["descent_in_descent_grad"](X), sct.grad(descent_in_descent)(X))
