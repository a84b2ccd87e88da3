"""Forward mode: sct.jvp, against finite differences, reverse mode and closed forms."""

import inspect
import os
from pathlib import Path

import numpy as np
import pytest
from kernel_samples import NAMES, is_refused, sample

import sct
from sct.testing.differences import pairing, random_like
from sct.testing.trees import floating, mapped

X = np.array([0.3, -1.2, 0.7])
V = np.array([1.0, 0.5, -2.0])
RNG = np.random.default_rng(3)
M, N = RNG.standard_normal((2, 3, 3))


def tangents_like(args, rng):
    """Random tangents of the structure of arguments; None for what can have none."""
    return mapped(lambda v: random_like(rng, v) if floating(v) else None, args)


def same(a, b):
    if isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in b)
    if isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b, equal_nan=True)


# -- agreement with reverse mode -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in NAMES if not is_refused(n)])
def test_kernels_agree_with_reverse_mode(name):
    """⟨ȳ, J ẋ⟩ = ⟨Jᵀ ȳ, ẋ⟩."""
    rng = np.random.default_rng(0)
    f, args, wrt = sample(name)
    names = list(inspect.signature(f).parameters)
    wrt = (wrt,) if isinstance(wrt, (str, int)) else tuple(wrt)
    places = [names.index(w) if isinstance(w, str) else w for w in wrt]
    dots = tuple(tangents_like(args[i], rng) for i in places)
    y = f(*sample(name)[1])
    got, y_dot = sct.jvp(f, wrt)(*args, *dots)
    assert same(got, y)
    y_bar = mapped(lambda v: random_like(rng, v), y)
    _, x_bars = sct.vjp(f, wrt)(*sample(name)[1], y_bar)
    forward = pairing(y_bar, mapped(lambda v: 0.0 if v is None else v, y_dot))
    backward = sum(map(pairing, map(_without_none, x_bars), map(_without_none, dots)))
    assert np.isclose(forward, backward, rtol=1e-10, atol=1e-12)


def _without_none(tree):
    return mapped(lambda v: 0.0 if v is None else v, tree)


# -- what a user writes --------------------------------------------------------------------------------------------------------


def stencil(u, k, steps):
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return u


def branches(x, n):
    for i in range(n):
        if np.sum(x) > 1.0:
            x = x / 2.0
        elif i % 2 == 0:
            x = np.exp(x)
        else:
            x = x * x + 0.3
            continue
        if x[0] > 3.0:
            break
    return x


def until(x):
    s, k = 0.0, 0
    while s < 10.0:
        s += x * x
        k += 1
        if k > 50:
            return s * x
    return s


def grown(x, n):
    rows = []
    for i in range(n):
        rows.append(np.sin(x) * i)
    return np.stack(rows) if n > 2 else rows[0]


def packed(p):
    a, b = p["a"], p["b"]
    return {"sum": a + b[0], "all": [a * b[1], p["n"]]}


def unpacked(x):
    a, b, c = x
    return a * b + c


def table(n):
    return np.arange(n, dtype=float)


def recursive(x, n):
    return x * 1.0 if n == 0 else recursive(np.sin(x) * x, n - 1) + x


@sct.checkpoint
def layer(x, w):
    return np.tanh(w @ x)


def network(x, w):
    for _ in range(3):
        x = layer(x, w)
    return np.sum(x * x)


def checkpointed(x, r, n):
    for _ in sct.checkpointed(range(n), slots=2):
        x = r * x * (1.0 - x)
    return np.sum(x)


def checkpointed_backwards(x, n):
    total = 0.0
    for i in sct.checkpointed(range(n, 0, -1), slots=2):
        x = np.sin(x) * i
        total = total + x
    return total, x


def decomposed(A):
    w, Q = np.linalg.eigh(A @ A.T)
    return w, np.abs(Q)


PROGRAMS = [
    (stencil, (X.copy(), 0.1, 4), (0, 1)),
    (branches, (X, 7), 0),
    (until, (1.3,), 0),
    (grown, (X, 4), 0),
    (grown, (X, 1), 0),
    (packed, ({"a": 2.0, "b": [X, 3.0], "n": 4},), 0),
    (unpacked, (X,), 0),
    (recursive, (0.7, 4), 0),
    (network, (X, M), (0, 1)),
    (checkpointed, (X, 1.5, 6), (0, 1)),
    (checkpointed_backwards, (0.4, 5), 0),
    (decomposed, (M,), 0),
]


@pytest.mark.parametrize("f, args, wrt", PROGRAMS, ids=[f"{f.__name__}{i}" for i, (f, _, _) in enumerate(PROGRAMS)])
def test_programs(f, args, wrt):
    sct.check_grads(f, args, wrt, modes=("forward",))


@pytest.mark.parametrize("f", [checkpointed, checkpointed_backwards])
def test_nothing_is_kept_of_a_checkpointed_loop(f):
    args = {checkpointed: (X, 1.5, 6), checkpointed_backwards: (0.4, 5)}[f]
    assert "checkpointing" not in sct.jvp(f).source_for(*args)


def test_the_docstrings_example():
    assert same(sct.jvp(lambda x: x * x)(X, V), (X * X, 2.0 * X * V))


def test_one_tangent_for_each_parameter_in_the_order_of_wrt():
    f = lambda a, b, c: a * b + c  # noqa: E731
    assert sct.jvp(f, ("b", "a"))(2.0, 3.0, 1.0, 10.0, 100.0) == (7.0, 2.0 * 10.0 + 3.0 * 100.0)
    assert sct.jvp(f, ("b", "a"))(2.0, 3.0, 1.0, a_dot=100.0, b_dot=10.0) == (7.0, 320.0)
    assert sct.jvp(f, ("b", "a"))(2.0, 3.0, 1.0, 10.0, a_dot=100.0) == (7.0, 320.0)


def test_keyword_only_parameters_and_defaults():
    def f(x, *, w=2.0):
        return x * w

    assert sct.jvp(f)(3.0, 1.0) == (6.0, 2.0)
    assert sct.jvp(f, ("x", "w"))(3.0, w=4.0, x_dot=1.0, w_dot=2.0) == (12.0, 10.0)


def test_any_number_of_arguments():
    def product(*xs):
        return xs[0] * xs[1] * xs[2]

    assert sct.jvp(product, (0, 2))(2.0, 3.0, 4.0, 1.0, 10.0) == (24.0, 12.0 + 60.0)


def test_a_parameter_that_is_called_as_a_tangent():
    f = lambda x, x_dot: x * x_dot  # noqa: E731
    assert sct.jvp(f)(2.0, 5.0, 1.0) == (10.0, 5.0)


def test_has_aux():
    (y, aux), y_dot = sct.jvp(lambda x: (np.sum(x * x), x.shape), has_aux=True)(X, V)
    assert y == np.sum(X * X) and aux == (3,) and np.isclose(y_dot, 2.0 * X @ V)


def test_what_does_not_vary_has_the_tangent_zero():
    y, y_dot = sct.jvp(lambda x: (table(3), x.shape[0], 2.0, x))(X, V)
    assert same(y_dot[0], np.zeros(3)) and y_dot[1] is None and y_dot[2] == 0.0 and same(y_dot[3], V)
    assert y[1] == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_tangents_have_the_dtype_of_values(dtype):
    def f(x, s):
        y = np.zeros(3, x.dtype)
        y[:2] = np.exp(x[:2]) * s
        y[2] = np.sum(x)
        return y, y[0], np.abs(x)

    x = X.astype(dtype)
    y, y_dot = sct.jvp(f, ("x", "s"))(x, 2.0, x, 1.0)
    assert [v.dtype for v in y_dot] == [v.dtype for v in y]


def test_a_complex_result_of_real_arguments():
    y, y_dot = sct.jvp(lambda x: (1.0 + 2.0j) * x)(X, V)
    assert y_dot.dtype == complex and same(y_dot, (1.0 + 2.0j) * V)
    assert np.isclose(sct.jvp(lambda z: np.abs(z) ** 2)(1.0 + 2.0j, 1.0j)[1], 4.0)


def test_a_call_changes_none_of_its_arguments_and_gives_memory_of_its_own():
    x, v = X.copy(), V.copy()
    y, y_dot = sct.jvp(stencil)(x, 0.1, 2, v)
    assert same(x, X) and same(v, V)
    assert not any(np.shares_memory(a, b) for a, b in ((y, x), (y_dot, v), (y, y_dot)))
    y, y_dot = sct.jvp(lambda x: x)(x, v)
    assert not np.shares_memory(y_dot, v)


def test_random_numbers_are_drawn_once():
    def noisy(x, rng):
        return x * rng.standard_normal(3)

    y, y_dot = sct.jvp(noisy)(X, np.random.default_rng(5), V)
    z = np.random.default_rng(5).standard_normal(3)
    assert same(y, X * z) and same(y_dot, V * z)


def test_a_recursive_function_acts_once(capsys):
    def tell(x, n):
        print("here")
        return x if n == 0 else tell(x * x, n - 1)

    assert sct.jvp(tell)(1.5, 2, 1.0) == (1.5**4, 4 * 1.5**3)
    assert capsys.readouterr().out == "here\n" * 3


# -- orders --------------------------------------------------------------------------------------------------------------------


def energy(x, n):
    for _ in range(n):
        x = np.sin(x) * x
    return np.sum(x**3)


def test_hessian_vector_products():
    gradient = sct.grad(energy)
    step = 1e-5
    differences = (gradient(X + step * V, 3) - gradient(X - step * V, 3)) / (2 * step)
    over_reverse = sct.jvp(gradient)(X, 3, V)[1]
    over_forward = sct.grad(lambda x: sct.jvp(energy)(x, 3, V)[1])(X)
    assert np.allclose(over_reverse, differences, rtol=1e-7) and np.allclose(over_forward, over_reverse, rtol=1e-12)


def test_forward_over_forward():
    def slope(x):
        return sct.jvp(energy)(x, 1, V)[1] * x

    step = 1e-5
    differences = (slope(X + step * V) - slope(X - step * V)) / (2 * step)
    assert np.allclose(sct.jvp(slope)(X, V)[1], differences, rtol=1e-7)


# -- rules of the user's -------------------------------------------------------------------------------------------------------


def test_an_adjoint_rule_is_transposed():
    def cube(x):
        return x**3

    @sct.adjoint(cube)
    def cube_adjoint(y, x, y_bar):
        return 3.0 * x**2 * y_bar

    assert sct.jvp(lambda x: cube(x))(2.0, 5.0) == (8.0, 60.0)


def test_a_tangent_rule():
    def cube(x, shift=0.0):
        return x**3 + shift

    @sct.tangent(cube)
    def cube_tangent(y, x, x_dot, shift=0.0, shift_dot=0.0):
        return 3.0 * x**2 * x_dot + 7.0 * shift_dot

    assert sct.jvp(lambda x: cube(x))(2.0, 5.0) == (8.0, 60.0)
    assert sct.jvp(lambda x, s: cube(x, s), ("x", "s"))(2.0, 1.0, 5.0, 1.0) == (9.0, 67.0)
    assert sct.jvp(lambda x, s: cube(x, shift=s), "s")(X, V, V)[1].tolist() == (7.0 * V).tolist()


def test_a_rule_that_is_not_linear_is_refused():
    def clipped(x):
        return x * 1.0

    @sct.adjoint(clipped)
    def clipped_adjoint(y, x, y_bar):
        return np.minimum(np.maximum(y_bar, -1.0), 1.0)

    with pytest.raises(sct.NoRuleError, match="not linear in the adjoint of the result, and so has no transpose"):
        sct.jvp(lambda x: clipped(x))(X, V)

    @sct.tangent(clipped)
    def clipped_tangent(y, x, x_dot):
        return x_dot

    assert same(sct.jvp(lambda x: clipped(x))(X, V)[1], V)


def test_a_rule_that_adds_something_is_refused():
    def shifted(x):
        return x * 1.0

    @sct.adjoint(shifted)
    def shifted_adjoint(y, x, y_bar):
        return y_bar + 1.0

    with pytest.raises(sct.NoRuleError, match="not linear"):
        sct.jvp(lambda x: shifted(x))(X, V)


def test_rules_that_put_the_adjoint_into_an_array():
    def padded(x):
        return x[1:]

    @sct.adjoint(padded)
    def padded_adjoint(y, x, y_bar):
        x_bar = np.zeros(x.shape)
        x_bar[1:] = np.where(x[1:] > -9.0, y_bar, 0.0)
        return x_bar + np.concatenate((np.zeros(1), 0.5 * y_bar))

    assert same(sct.jvp(lambda x: padded(x))(X, V)[1], 1.5 * V[1:])

    @sct.adjoint(padded)
    def padded_with_ones(y, x, y_bar):
        return np.concatenate((np.ones(1), y_bar))

    with pytest.raises(sct.NoRuleError, match="not linear"):
        sct.jvp(lambda x: padded(x))(X, V)


def test_a_tangent_rule_needs_a_tangent():
    with pytest.raises(TypeError, match="no parameter for a tangent, such as x_dot"):
        sct.tangent(np.exp)(lambda y, x: x)


# -- bad input -----------------------------------------------------------------------------------------------------------------


def test_a_tangent_of_another_shape():
    with pytest.raises(ValueError, match="x_dot must have the shape of x"):
        sct.jvp(lambda x: np.sum(x))(X, np.ones(4))
    with pytest.raises(ValueError, match="x_dot must have the shape of x"):
        sct.jvp(lambda x: x * 2.0)(1.5, np.ones(2))
    with pytest.raises(ValueError, match="the parts of p_dot must have the shapes of those of p"):
        sct.jvp(packed)({"a": 2.0, "b": [X, 3.0], "n": 4}, {"a": 1.0, "b": [np.ones(2), 1.0], "n": None})


def test_missing_tangents():
    f = lambda a, b: a * b  # noqa: E731
    with pytest.raises(sct.CallError, match="called without the tangent a_dot, which is its last argument"):
        sct.jvp(f)(1.0, 2.0)
    with pytest.raises(sct.CallError, match="called without the tangents a_dot and b_dot, which are its last arguments"):
        sct.jvp(f, ("a", "b"))(1.0, 2.0)
    with pytest.raises(sct.CallError, match="called without the tangent b_dot"):
        sct.jvp(f, ("a", "b"))(1.0, 2.0, 3.0)


def test_an_integer_in_wrt():
    with pytest.raises(sct.NonDifferentiableArgumentError, match="cannot be differentiated by n"):
        sct.jvp(lambda n: n * 2.0)(3, 1)


# -- golden files --------------------------------------------------------------------------------------------------------------

GOLDEN = Path(__file__).parent / "golden" / "tangents"
SPD = M @ M.T + 3.0 * np.eye(3)


def loss(W1, b1, W2, b2, x, y):
    h = np.tanh(x @ W1 + b1)
    d = h @ W2 + b2 - y
    return np.sum(d * d)


def slogdet(A):
    sign, log = np.linalg.slogdet(A)
    return log


SOURCES = {
    "product": (lambda A, B: A @ B, (M, N)),
    "product_with_vector": (lambda A, x: A @ x, (M, X)),
    "entrywise": (lambda A, x: np.exp(A) * x, (M, X)),
    "solve": (lambda A, b: np.linalg.solve(A, b), (M, X)),
    "inv": (lambda A: np.linalg.inv(A), (M,)),
    "det": (lambda A: np.linalg.det(A), (M,)),
    "slogdet": (slogdet, (M,)),
    "cholesky": (lambda A: np.linalg.cholesky(A), (SPD,)),
    "eigh": (lambda A: np.linalg.eigh(A), (SPD,)),
    "svd": (lambda A: np.linalg.svd(A, full_matrices=False), (M,)),
    "qr": (lambda A: np.linalg.qr(A), (M,)),
    "stencil": (stencil, (X, 0.1, 4)),
    "until": (until, (1.3,)),
    "loss": (loss, (np.ones((3, 4)), np.ones(4), np.ones((4, 2)), np.ones(2), np.ones((6, 3)), np.ones((6, 2)))),
}
WRT = {"stencil": (0, 1), "loss": (0, 1, 2, 3)}


@pytest.mark.parametrize("name", SOURCES)
def test_golden_files(name):
    f, args = SOURCES[name]
    wrt = WRT.get(name, tuple(range(len(args))))
    text = sct.jvp(f, wrt if len(wrt) > 1 else 0).source_for(*args)
    path = GOLDEN / f"{name}.py.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
