"""Forward mode: sct.jvp, against finite differences, reverse mode and closed forms."""

import os
from pathlib import Path

import numpy as np
import pytest

import sct

X = np.array([0.3, -1.2, 0.7])
V = np.array([1.0, 0.5, -2.0])
RNG = np.random.default_rng(3)
M, N = RNG.standard_normal((2, 3, 3))
SPD = M @ M.T + 3.0 * np.eye(3)


def same(a, b):
    if isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in b)
    if isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b, equal_nan=True)


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


def test_a_dtype_that_is_known_only_at_run_time():
    def widened(x, a):
        y = 1.0
        if a:
            y = y * x
        return np.sum(x) + np.sum(y), y, np.float32(1.5) if a else np.sum(y)

    for a in (True, False):
        y, y_dot = sct.jvp(widened)(X.astype(np.float32), a, V)
        assert [np.asarray(v).dtype for v in y] == [np.asarray(v).dtype for v in y_dot]


def test_ranks_that_are_known_only_at_run_time():
    def f(x, y, flag):
        if not flag:
            y = np.mean(x) + np.zeros((2, 2))
        return np.maximum(np.min(y.T, axis=-1), np.array([y, y, y]))

    y, y_dot = sct.jvp(f)(X, X, False, V)
    assert y.shape == (3, 2, 2) and np.allclose(y_dot, np.mean(V))


def powers(x, n):
    base = x * np.ones(2) if n else x * np.ones((2, 2))
    exponent = x * np.ones((2, 2)) if n else x * np.ones(2)
    return np.sum((1.5 + np.sin(base)) ** np.tanh(exponent))


def solutions(x, n):
    A = x * SPD if n else x * np.stack([SPD, 2.0 * SPD])
    b = x**3 * X if n else np.sin(x) * np.ones((2, 3, 1))
    return np.sum(np.linalg.solve(A, b) ** 2)


@pytest.mark.parametrize("f", [powers, solutions])
@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("kind", [float, np.float32])
def test_rules_of_several_operands_whose_ranks_are_known_only_at_run_time(f, n, kind):
    def slope(g):
        return (g(0.7 + 1e-6, n) - g(0.7 - 1e-6, n)) / 2e-6

    x, first, second = kind(0.7), slope(f), slope(sct.grad(f))
    rtol = 1e-6 if kind is float else 1e-4
    assert np.allclose([sct.jvp(f)(x, n, kind(1.0))[1], sct.grad(f)(x, n)], first, rtol)
    assert np.allclose([sct.jvp(sct.grad(f))(x, n, kind(1.0))[1], sct.grad(sct.grad(f))(x, n)], second, rtol)


def test_vectors_that_a_factorization_chooses_have_no_tangent():
    A, A_dot = RNG.standard_normal((2, 5, 3))
    _, (U_dot, _, Vh_dot) = sct.jvp(lambda A: np.linalg.svd(A))(A, A_dot)
    assert np.isnan(U_dot[:, 3:]).all() and np.isfinite(U_dot[:, :3]).all() and np.isfinite(Vh_dot).all()
    _, (Q_dot, R_dot) = sct.jvp(lambda A: np.linalg.qr(A, mode="complete"))(A, A_dot)
    assert np.isnan(Q_dot[:, 3:]).all() and np.isfinite(Q_dot[:, :3]).all() and not R_dot[3:].any()
    sct.check_grads(lambda A: np.linalg.qr(A, mode="complete"), (A[:4],), modes=("forward",))  # there is one such vector
    sct.check_grads(lambda A: np.linalg.svd(A)[0][:, :3] @ np.linalg.svd(A)[2], (A,), modes=("forward",))


def test_a_complex_value_of_unknown_rank_of_a_number():
    def modulus(x, n):
        v = x if n else x * np.ones(2)
        return np.sum(np.abs(v + 1j))

    for n in (0, 1):
        sct.check_grads(modulus, (0.7, n), modes=("forward",))


def test_parts_of_tangents_are_called_tangents():
    assert "a_dot = float(p_dot['a'])" in sct.jvp(lambda p: p["a"] * p["b"]).source_for({"a": 1.0, "b": 2.0})


def test_a_whole_number_that_varies_later():
    def product(x, a, n):
        for _ in range(n):
            a = a * x
        return a

    for a in (2, True, np.array([2, 3, 4])):
        for n in range(3):
            y, y_dot = sct.jvp(product)(X, a, n, V)
            assert np.allclose(y, a * X**n) and np.allclose(y_dot, n * a * X ** max(n - 1, 0) * V if n else 0.0)


def test_a_value_that_some_paths_leave_unbound():
    def early(x, z, n):
        if n == 1:
            if z.sum() > 5.0:
                return {"a": np.zeros((2, 2)), "b": x}
        if n == 2:
            while True:
                return {"a": np.sum(x) * np.ones((2, 2)), "b": x * z}
        return {"a": z, "b": np.ones((2, 2)) * z}

    z = np.ones((2, 2))
    for n in range(3):
        for scale in (1.0, 2.0):
            y, y_dot = sct.jvp(early, (0, 1))(z, scale * z, n, z, z)
            step = early(z + 1e-6 * z, scale * z + 1e-6 * z, n)
            assert all(np.allclose(y_dot[k], (step[k] - y[k]) / 1e-6, atol=1e-5) for k in y)


def test_what_is_linear_is_applied_to_tangents():
    def text(f, *args):
        return sct.jvp(f).source_for(*args).splitlines()[-1].strip()

    assert text(lambda x: np.cumsum(x), X) == "return np.cumsum(x), np.cumsum(x_dot)"
    assert text(lambda x: np.repeat(x, 2), X) == "return np.repeat(x, 2), np.repeat(x_dot, 2)"
    assert text(lambda x: np.diag(x), X) == "return np.diag(x), np.diag(x_dot)"
    assert text(lambda A: np.trace(A), M) == "return np.trace(A), np.trace(A_dot)"
    assert text(lambda x: np.concatenate([x, 2.0 * x]), X).endswith("np.concatenate([x_dot, 2.0 * x_dot])")
    assert text(lambda x: np.stack([x, np.ones(3)]), X).endswith("np.stack([x_dot, np.zeros(ones.shape)])")


def test_whole_numbers_beside_a_result():
    (values, counts), y_dot = sct.jvp(lambda x: tuple(np.unique(x, return_counts=True)))(X, V)
    assert counts.tolist() == [1, 1, 1] and same(y_dot[0], V[[1, 0, 2]]) and y_dot[1] is None


NUMBERS = [
    lambda s: np.asarray(s)[()] * s,
    lambda s: np.asarray(s)[...] * s,
    lambda s: np.array(s).reshape(1)[0] * s,
    lambda s: np.asarray(s).copy()[()] * s,
    lambda s: np.asarray(s).sum() * s,
    lambda s: np.asarray(s)[None, None].sum() * s,
    lambda s: np.float64(s)[()] * s,
    lambda s: np.float64(s).astype(float) * s,
    lambda s: np.asarray(s).T * s,
]


@pytest.mark.parametrize("f", NUMBERS)
def test_a_number_as_an_array_of_rank_0(f):
    assert sct.jvp(f)(0.75, 1.0) == (0.5625, 1.5)
    assert sct.grad(lambda s: sct.jvp(f)(s, 1.0)[1])(0.75) == 2.0


@pytest.mark.parametrize("f", [lambda x: np.stack(arrays=[x, x * x], axis=-1)[0], lambda x: np.array(object=[x, x * x])[1]])
def test_what_is_joined_is_given_by_its_name(f):
    sct.check_grads(lambda x: np.sum(f(x) ** 2), (X,), order=2)


def test_a_constant_result():
    assert sct.jvp(lambda x: (2.0**3, 2**3))(X, V) == ((8.0, 8), (0.0, None))


def test_a_list_of_unknown_length_has_memory_of_its_own():
    def longer(x, n):
        rows = [x]
        for _ in range(n):
            rows.append(x * 2.0)
        return rows

    v = V.copy()
    _, dots = sct.jvp(longer)(X, 2, v)
    dots[0][0] = 9.0
    assert same(v, V) and same(dots[1], 2.0 * V)


def test_a_complex_result_of_real_arguments():
    y, y_dot = sct.jvp(lambda x: (1.0 + 2.0j) * x)(X, V)
    assert y_dot.dtype == complex and same(y_dot, (1.0 + 2.0j) * V)
    assert np.isclose(sct.jvp(lambda z: np.abs(z) ** 2)(1.0 + 2.0j, 1.0j)[1], 4.0)


def one_of_two_lists(p):
    a = p["a"]
    a[0] *= 0.9
    return p


def test_a_call_changes_none_of_its_arguments_and_gives_memory_of_its_own():
    x, v = X.copy(), V.copy()
    y, y_dot = sct.jvp(stencil)(x, 0.1, 2, v)
    assert same(x, X) and same(v, V)
    assert not any(np.shares_memory(a, b) for a, b in ((y, x), (y_dot, v), (y, y_dot)))
    y, y_dot = sct.jvp(lambda x: x)(x, v)
    assert not np.shares_memory(y_dot, v)
    _, dots = sct.jvp(one_of_two_lists)({"a": [x.copy()], "b": [x]}, {"a": [v], "b": [v]})
    assert not any(np.shares_memory(d[0], v) for d in dots.values())


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


def test_a_recursive_function_to_third_order():
    push = sct.jvp(recursive)

    def slope(x):
        return push(x, 3, x * x)[1]

    again = sct.jvp(slope)

    def curvature(x):
        return again(x, x * x)[1]

    for f in (slope, curvature):
        expected = (f(0.7 + 1e-5) - f(0.7 - 1e-5)) / 2e-5
        assert np.isclose(sct.jvp(f)(0.7, 1.0)[1], expected, rtol=1e-7) and np.isclose(sct.grad(f)(0.7), expected, rtol=1e-7)


def test_a_recursive_function_acts_once_in_a_gradient_of_a_tangent(capsys):
    def tell(x, n):
        print("here")
        return x if n == 0 else tell(x * x, n - 1)

    assert sct.grad(lambda x: sct.jvp(tell)(x, 2, 1.0)[1])(1.5) == 12 * 1.5**2
    assert capsys.readouterr().out == "here\n" * 3


def test_a_recursive_function_draws_once_in_a_tangent_of_a_gradient():
    def noisy(x, n, rng):
        return x if n == 0 else noisy(x * x * rng.standard_normal(), n - 1, rng)

    def fixed(x, a, b):
        return (x * x * a) ** 2 * b

    a, b = np.random.default_rng(5).standard_normal(2)
    y, y_dot = sct.jvp(sct.grad(noisy))(1.5, 2, np.random.default_rng(5), 1.0)
    expected = sct.grad(fixed), sct.grad(sct.grad(fixed))
    assert np.allclose((y, y_dot), [g(1.5, a, b) for g in expected])


def test_a_derivative_called_with_defaults_in_a_function():
    def scaled(x, by=2.0, *, more=3.0):
        return np.sum(x * x) * by * more

    push, pull = sct.jvp(scaled), sct.vjp(scaled)
    assert np.isclose(sct.jvp(lambda x: push(x, V)[1])(X, V)[1], 12.0 * V @ V)
    assert np.isclose(sct.jvp(lambda x: push(x, x_dot=V)[1])(X, V)[1], 12.0 * V @ V)
    assert np.isclose(sct.jvp(lambda x: push(x, 1.0, V, more=1.0)[1])(X, V)[1], 2.0 * V @ V)
    assert same(sct.jvp(lambda x: pull(x, 1.0)[1])(X, V)[1], 12.0 * V)


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


def test_a_function_with_a_tangent_rule_alone():
    def seven(x, shift=1.0):
        return x**3 + shift

    @sct.tangent(seven)
    def seven_tangent(y, x, x_dot, shift=1.0):
        return 7.0 * x_dot

    def use(x):
        return seven(x) * 1.0

    assert sct.jvp(seven)(2.0, 1.0) == sct.jvp(use)(2.0, 1.0) == (9.0, 7.0)
    assert isinstance(sct.jvp(use)(2.0, 1.0)[1], float)
    for f in (seven, use):
        with pytest.raises(sct.NoRuleError, match="seven has a rule for the tangent, and none for the adjoint"):
            sct.grad(f)(2.0)


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
    with pytest.raises(ValueError, match="x_dot must be a number"):
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


def test_rules_that_write_by_a_view_of_what_they_make():
    def padded(x):
        return x[1:]

    @sct.adjoint(padded)
    def padded_adjoint(y, x, y_bar):
        x_bar = np.zeros(x.shape)
        part = x_bar[1:]
        part += y_bar
        return x_bar

    assert same(sct.grad(lambda x: np.sum(padded(x) * x[1:]))(X), 2.0 * np.concatenate((np.zeros(1), X[1:])))

    @sct.adjoint(padded)
    def into_an_operand(y, x, y_bar):
        y_bar *= 2.0
        return np.concatenate((np.zeros(1), y_bar))

    with pytest.raises(sct.UnsupportedSyntaxError, match="a rule that writes into its operand"):
        sct.grad(lambda x: np.sum(padded(x) * x[1:]))(X)
