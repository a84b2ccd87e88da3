"""Second derivatives at points where a rule of first order chooses a value: what is smooth there has its true derivatives."""

import itertools
import math

import numpy as np
import pytest
from differences import gradient, slope
from sources import define

import sct


def hessian(f, x):
    """The second derivatives of `f` at `x`: the gradients of the entries of its gradient."""
    x = np.asarray(x)

    def entry(x, k):
        return np.sum(np.reshape(gradient(x), -1)[k])

    gradient = sct.grad(f)
    row = sct.grad(entry)
    return np.array([np.ravel(row(x, k)) for k in range(x.size)])


def half_of_norm(x):
    return 0.5 * np.linalg.norm(x) ** 2


def norm_through_names(x):
    r = np.linalg.norm(x)
    s = r
    return 0.5 * (r * s)


def norm_twice(x):
    return 0.5 * (np.linalg.norm(x) * np.linalg.norm(x))


def norm_of_rows(x):
    return 0.5 * np.sum(np.square(np.linalg.norm(np.reshape(x, (1, -1)), axis=1)))


def norm_kept(x):
    return 0.5 * np.sum(np.linalg.norm(np.reshape(x, (1, -1)), 2, axis=1, keepdims=True) ** 2.0)


def frobenius(x):
    return 0.5 * np.power(np.linalg.norm(np.outer(x, np.ones(1)), "fro"), 2)


def norm_of_order_two(x):
    return 0.5 * np.linalg.norm(x, ord=2) ** 2


def vector_norm(x):
    return 0.5 * np.linalg.vector_norm(x) ** 2


def matrix_norm(x):
    return 0.5 * np.linalg.matrix_norm(np.reshape(x, (1, -1))) ** 2


def absolute(x):
    return 0.5 * np.sum(np.abs(x) ** 2)


def absolute_in_place(x):
    y = np.abs(x)
    y *= y
    return 0.5 * np.sum(y)


def fabs(x):
    return 0.5 * np.sum(np.square(np.fabs(x)))


def hypot(x):
    return 0.5 * np.hypot(x[0], x[1]) ** 2


def hypot_of_numbers(x):
    return 0.5 * math.hypot(x[0], x[1]) ** 2


def distance(x):
    return 0.5 * math.dist(x, 0.0 * x) ** 2


def squared(r):
    return r**2


def norm_in_a_helper(x):
    return 0.5 * squared(np.linalg.norm(x))


def norm_in_a_loop(x):
    r = np.linalg.norm(x)
    total = 0.0
    for _ in range(2):
        total += 0.25 * r**2
    return total


def deeper(x):
    return np.sqrt(1.0 + np.linalg.norm(x) ** 2)


SQUARES = [
    half_of_norm,
    norm_through_names,
    norm_twice,
    norm_of_rows,
    norm_kept,
    frobenius,
    norm_of_order_two,
    vector_norm,
    matrix_norm,
    absolute,
    absolute_in_place,
    fabs,
    hypot,
    hypot_of_numbers,
    distance,
    norm_in_a_helper,
    norm_in_a_loop,
    deeper,
]


@pytest.mark.parametrize("f", SQUARES)
@pytest.mark.parametrize("x", [np.zeros(2), np.array([3.0, -4.0]), np.zeros(2, np.float32)], ids=["0", "off", "float32"])
def test_a12_squares_have_second_derivatives(f, x):
    if f is deeper and x.any():
        expected = (np.eye(2) - np.outer(x, x) / 26.0) / math.sqrt(26.0)
    else:
        expected = np.eye(2)
    second = hessian(f, x)
    np.testing.assert_allclose(second, expected, rtol=1e-12 if x.dtype == float else 1e-6, atol=1e-12)
    assert sct.grad(f)(x).dtype == x.dtype


@pytest.mark.parametrize("f", SQUARES)
def test_a12_values_are_computed_as_written(f):
    rng = np.random.default_rng(7)
    for _ in range(20):
        x = rng.normal(size=2)
        assert sct.value_and_grad(f)(x)[0] == f(x)


def variance(x):
    return np.std(x) ** 2


def variance_by_method(x):
    return x.std(ddof=1) * x.std(ddof=1)


def variance_of_rows(x):
    return np.sum(np.std(np.reshape(x, (1, -1)), axis=1, keepdims=True) ** 2)


def test_a12_squares_of_deviations():
    pair = np.ones(2)
    expected = np.array([[0.5, -0.5], [-0.5, 0.5]])
    np.testing.assert_allclose(hessian(variance, pair), expected)
    np.testing.assert_allclose(hessian(variance_by_method, pair), 2 * expected)
    np.testing.assert_allclose(hessian(variance_of_rows, pair), expected)
    assert sct.value_and_grad(variance)(np.arange(3.0))[0] == variance(np.arange(3.0))


def test_a12_squares_of_numbers_and_entries():
    def second(f, *args):
        return sct.grad(sct.grad(f))(*args)

    assert second(lambda x: abs(x) ** 2, 0.0) == 2.0
    assert second(lambda x: math.fabs(x) * math.fabs(x), 0.0) == 2.0
    assert second(lambda x, y: np.hypot(x, y) ** 2, np.float64(0.0), np.float64(0.0)) == 2.0
    assert second(lambda x, y: math.hypot(x, y) ** 2, 0.0, 0.0) == 2.0


def test_a12_squares_of_moduli():
    z = np.array([1.0 + 2.0j, 0.0, -3.0j])
    np.testing.assert_array_equal(sct.grad(lambda z: np.sum(np.abs(z) ** 2))(z), 2.0 * z.conj())
    np.testing.assert_array_equal(sct.grad(lambda z: np.linalg.norm(z) ** 2)(z), 2.0 * z.conj())
    assert sct.grad(lambda z: abs(z) ** 2)(1.0 + 2.0j) == 2.0 - 4.0j


def test_a12_the_convention_stays_elsewhere():
    assert sct.grad(sct.grad(lambda x: abs(x)))(0.0) == 0.0
    np.testing.assert_array_equal(sct.grad(lambda x: np.linalg.norm(x))(np.zeros(2)), [0.0, 0.0])
    # the norm is used for itself besides
    np.testing.assert_array_equal(sct.grad(lambda x: np.linalg.norm(x) + np.linalg.norm(x) ** 2)(np.zeros(2)), [0.0, 0.0])
    # other norms are no roots of sums of squares
    a = np.array([[2.0, 1.0], [0.0, 1.0]])
    spectral = sct.grad(lambda a: np.linalg.norm(a, 2) ** 2)(a)
    u, s, vh = np.linalg.svd(a)
    np.testing.assert_allclose(spectral, 2.0 * s[0] * np.outer(u[:, 0], vh[0]))
    np.testing.assert_allclose(sct.grad(lambda x: np.linalg.norm(x, 1) ** 2)(np.array([1.0, -2.0])), [6.0, -6.0])


def test_a12_the_code_reads_as_written_by_hand():
    assert "linalg" not in sct.grad(half_of_norm).source_for(np.ones(3))


def along(x, axis):
    return np.sum(np.sum(x**3, axis=axis) ** 2)


AXIS = 1


def along_a_global(x):
    return np.sum(np.mean(x**3, axis=AXIS) ** 2)


def spread(x, axis):
    return np.sum(np.var(x**2, axis) ** 2 + np.std(x, axis))


def kept(x, axis, keep):
    return np.sum(np.std(x**3, axis=axis, keepdims=keep) ** 3)


def largest(x, axis):
    return np.sum(np.max(x**3, axis=axis) ** 2) + np.sum(np.median(x, axis) ** 3)


def multiplied(x, axis):
    return np.sum(np.prod(x, axis=axis) ** 2) + np.sum(np.cumprod(x, axis) ** 2)


def joined(x, axis):
    return np.sum(np.concatenate((x**2, x), axis=axis) ** 2)


def taken(x, axis):
    return np.sum(np.take(x, [0, 1], axis) ** 3) + np.sum(np.repeat(x, 2, axis) ** 3)


def per_entry(x, axis):
    return np.sum(x**3) / x.shape[axis]


def along_u_0(gradient):
    def product(x, u):
        return np.sum(u * gradient(x))

    return product


def along_u_1(gradient):
    def product(x, u, axis):
        return np.sum(u * gradient(x, axis))

    return product


def along_u_2(gradient):
    def product(x, u, axis, keep):
        return np.sum(u * gradient(x, axis, keep))

    return product


@pytest.mark.parametrize(
    ("f", "rest"),
    [
        *((f, (axis,)) for f in (along, spread, largest, multiplied, joined, taken, per_entry) for axis in (0, -1)),
        (along_a_global, ()),
        (kept, (0, True)),
        (kept, (1, False)),
        (kept, ((0, 1), True)),
        (kept, (None, False)),
    ],
)
def test_c_an_axis_that_is_an_argument(f, rest):
    x = np.array([[0.3, 1.2, -0.7], [0.9, -0.4, 0.5]])
    u = np.array([[0.1, 0.2, 0.3], [0.5, -0.2, 0.7]])
    gradient = sct.grad(f)
    second = sct.grad((along_u_0, along_u_1, along_u_2)[len(rest)](gradient))
    expected = slope(lambda t: gradient(x + t * u, *rest))
    np.testing.assert_allclose(second(x, u, *rest), expected, rtol=1e-5, atol=1e-6)


def with_other_leaves(p):
    return np.sum(p["w"] ** 3) * p["n"] * p["pair"][0] ** 2 * p["counts"][1]


def of_the_gradient(p):
    return np.sum(sct.grad(with_other_leaves)(p)["w"])


def test_c_ints_in_a_dict_of_parameters():
    p = {"w": np.array([1.0, 2.0]), "n": 3, "counts": np.arange(3), "pair": (2.0, 5), "some": [1, 2], "name": "w", "on": True}
    others = {"n": None, "counts": None, "some": [None, None], "name": None, "on": None}
    for first in (
        sct.grad(with_other_leaves)(p),
        sct.grad(with_other_leaves, optimize=False)(p),
        sct.value_and_grad(with_other_leaves)(p)[1],
        sct.vjp(with_other_leaves)(p, 1.0)[1],
        sct.pullback(with_other_leaves)(p)[1](1.0),
    ):
        np.testing.assert_array_equal(first.pop("w"), 36.0 * p["w"] ** 2)
        assert first.pop("pair") == (108.0, None)
        assert first == others
    second = sct.grad(of_the_gradient)(p)
    np.testing.assert_array_equal(second["w"], 72.0 * p["w"])
    assert second["pair"] == (180.0, None) and second["n"] is None
    with pytest.raises(sct.SctError, match="a list of 2 items"):
        sct.grad(lambda p: 2.0)([1, 2])


def determinant(a):
    return np.linalg.det(a)


def minor_sum(a, u):
    return np.sum(u * sct.grad(determinant)(a))


def third(a, u, v):
    return np.sum(v * sct.grad(minor_sum)(a, u))


def second_by_minors(a, u):
    """The derivative of the cofactors of `a` along `u`, by Leibniz's formula: in each term of a minor a factor of `u`."""
    n = len(a)
    out = np.zeros((n, n), a.dtype)
    for i, j in np.ndindex(n, n):
        rows, columns = [k for k in range(n) if k != i], [k for k in range(n) if k != j]
        for order in itertools.permutations(range(n - 1)):
            sign = np.linalg.det(np.eye(n - 1)[list(order)]) if n > 1 else 1.0
            entries = [(rows[k], columns[order[k]]) for k in range(n - 1)]
            for at in entries:
                out[i, j] += (-1) ** (i + j) * sign * u[at] * np.prod([a[e] for e in entries if e != at])
    return out


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a12_determinants_of_any_rank_to_second_order(n):
    rng = np.random.default_rng(n)
    for rank in range(n + 1):
        a = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, n))
        u = rng.normal(size=(n, n))
        np.testing.assert_allclose(sct.grad(minor_sum)(a, u), second_by_minors(a, u), rtol=1e-9, atol=1e-12)
        single = sct.grad(minor_sum)(a.astype(np.float32), u.astype(np.float32))
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, second_by_minors(a, u), rtol=1e-3, atol=1e-4)


def test_a12_determinants_out_of_range_in_batches_and_complex():
    np.testing.assert_array_equal(sct.grad(determinant)(np.diag([1e-200, 1e-200])), np.diag([1e-200, 1e-200]))
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(sct.grad(determinant)(np.diag([1e200, 1e200])), np.diag([1e200, 1e200]))
    rng = np.random.default_rng(5)
    a, u, v = rng.normal(size=(3, 2, 3, 3))
    a[0] = np.outer([1.0, 2.0, 3.0], [1.0, 1.0, 2.0])
    batch = sct.grad(lambda a, u: np.sum(u * sct.elementwise_grad(np.linalg.det)(a)))(a, u)
    for k in range(2):
        np.testing.assert_allclose(batch[k], second_by_minors(a[k], u[k]), atol=1e-12)
    z, w = a[0] * (1.0 + 1.0j), u[0] + 1j * u[1]
    found = sct.grad(lambda z, w: np.sum(w * sct.grad(determinant, holomorphic=True)(z)), holomorphic=True)(z, w)
    np.testing.assert_allclose(found, second_by_minors(z, w), atol=1e-12)
    # the determinant of three rows is linear in each of them, so that its third derivatives are the same everywhere
    np.testing.assert_allclose(sct.grad(third)(a[1], u[0], v[0]), sct.grad(third)(np.eye(3), u[0], v[0]), atol=1e-12)


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
    np.testing.assert_allclose(h, gradient(lambda x: first(x, y_bar)[1] @ w, x), rtol=1e-7, atol=1e-9)


def attention(params, X, mask):
    n, d = X.shape
    Q = (X @ params["Wq"]).reshape(n, 2, d // 2).swapaxes(0, 1)
    K = (X @ params["Wk"]).reshape(n, 2, d // 2).swapaxes(0, 1)
    V = (X @ params["Wv"]).reshape(n, 2, d // 2).swapaxes(0, 1)
    scores = np.where(mask, Q @ K.swapaxes(-1, -2) / np.sqrt(d // 2), -1e9)
    scores = scores - scores.max(axis=-1, keepdims=True)
    w = np.exp(scores)
    w = w / w.sum(axis=-1, keepdims=True)
    out = (w @ V).swapaxes(0, 1).reshape(n, d)
    mu = out.mean(axis=-1, keepdims=True)
    var = ((out - mu) ** 2).mean(axis=-1, keepdims=True)
    h = (out - mu) / np.sqrt(var + 1e-5) * params["gamma"] + params["beta"]
    return np.mean((X + h) ** 2)


def test_values_of_first_derivatives_may_be_rounded_otherwise_in_second_ones():
    rng = np.random.default_rng(0)
    params = {name: rng.normal(size=(4, 4)) for name in ("Wq", "Wk", "Wv")} | {n: rng.normal(size=4) for n in ("gamma", "beta")}
    sct.check_grads(attention, (params, rng.normal(size=(5, 4)), np.tril(np.ones((5, 5), bool))), (0, 1), order=2)


def first_bound_in_a_loop(x):
    scale = 0.5
    while True:
        if scale > 1.0:
            y = x * scale * x
            break
        scale *= 3.0
    return np.sum(y * y)


def test_a_name_that_a_loop_binds_at_its_end():
    sct.check_grads(first_bound_in_a_loop, (np.array([0.3, 0.4]),), order=2)


def written_through_a_view_of_no_axes(y, A, n):
    for _ in range(n):
        t = A.reshape(-1)[4:5].reshape(())
        t[...] = y[1] * 0.8
    return t * t * y[0] + np.sum(A * A)


@pytest.mark.parametrize("optimize", [True, False])
def test_tangents_of_shadows_of_no_axes_on_tapes(optimize):
    y, A = np.array([-1.2, 0.3]), np.arange(9.0).reshape(3, 3)
    moved, turned = np.array([0.4, 0.7]), np.cos(A)
    gradient = sct.vjp(written_through_a_view_of_no_axes, ("y", "A"), optimize=optimize)
    _, (_, found) = sct.jvp(gradient, ("y", "A"), optimize=optimize)(y, A, 2, 1.0, moved, turned)
    ahead, behind = (gradient(y + h * moved, A + h * turned, 2, 1.0)[1] for h in (1e-6, -1e-6))
    for one, a, b in zip(found, ahead, behind, strict=True):
        np.testing.assert_allclose(one, (a - b) / 2e-6, atol=1e-7)


def orthogonalized(A, x):
    for k in range(2):
        q, r = np.linalg.qr(A)
        A = q @ np.tanh(r) + x[k] * A
    return np.sum(np.sin(A))


def rotated(A, x):
    for k in range(2):
        values, vectors = np.linalg.eigh(A @ A.T)
        A = vectors @ np.diag(np.sqrt(values)) @ vectors.T + x[k] * A
    return np.sum(np.sin(A))


@pytest.mark.parametrize("f", [orthogonalized, rotated])
def test_what_a_loop_records_of_a_result_with_several_parts_has_their_adjoints(f):
    A = np.array([[2.1, -0.4, 0.6], [0.3, 1.7, -0.2], [-0.5, 0.8, 2.4]])
    check = sct.vjp(f, (0, 1)), (A, np.array([0.3, -0.6]), 1.0), (0, 1)
    sct.check_grads(*check)


def power(x, p):
    return np.sum(x**p)


@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, -1.0, np.array([0.0, 2.0, 1.5])])
def test_a_power_by_its_base_and_its_exponent(p):
    """∂²(x ** p)/∂x∂p = x ** (p − 1) (1 + p log x), where p is 0 as well."""
    x = np.array([0.4, 1.0, 2.5])
    expected = np.sum(x ** (p - 1.0) * (1.0 + p * np.log(x)))
    by_exponent = sct.jvp(sct.grad(power), "p")(x, p, np.ones_like(p))[1]
    by_base = sct.jvp(sct.grad(power, "p"), "x")(x, p, np.ones(3))[1]
    np.testing.assert_allclose(np.sum(by_exponent), expected, rtol=1e-12)
    np.testing.assert_allclose(np.sum(by_base), expected, rtol=1e-12)


def test_determinants_of_empty_matrices():
    a = np.zeros((2, 0, 0))
    assert sct.jvp(sct.elementwise_grad(np.linalg.det))(a, a)[1].shape == a.shape


def solution(A, b):
    return np.linalg.lstsq(A, b)[0]


def least_squares(A, b):
    return np.linalg.lstsq(A, b)  # with a rank, which is a whole number


@pytest.mark.parametrize("f", [solution, least_squares])
def test_least_squares_in_forward_mode_twice(f):
    """Their adjoint rule is called there, with arguments by name."""
    A, b = np.array([[0.5, -1.0], [2.0, 0.3], [0.1, 1.4]]), np.array([1.0, -0.4, 0.8])
    push = sct.jvp(f, (0, 1))

    def along(A, b):
        dots = push(A, b, np.cos(A), np.sin(b))[1]
        return dots if f is solution else (dots[0], dots[1], dots[3])

    sct.check_grads(along, (A, b), (0, 1), modes=("reverse", "forward"))


@pytest.mark.parametrize("reduce", [np.prod, np.nanprod])
@pytest.mark.parametrize("axis", [None, 0, -1, ()])
@pytest.mark.parametrize("x", [np.array(0.7), np.float64(0.7)])
def test_the_product_of_one_number_along_its_axis(reduce, axis, x):
    def cube(x):
        return reduce(x * x, axis=axis) * x

    found = [sct.grad(sct.grad(cube))(x), sct.hvp(cube)(x, 1.0), sct.jvp(lambda t: sct.jvp(cube)(t, 1.0)[1])(x, 1.0)[1]]
    np.testing.assert_allclose(found, 6.0 * x, rtol=1e-14)
