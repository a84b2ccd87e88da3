"""Examples worked by hand: the numbers, and for some the statements that a person would write."""

import ast

import numpy as np
import pytest
from sources import define

import sct


def assignments(source):
    """The right-hand side of each assignment in generated source, by the name that it is assigned to."""
    return {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign)
    }


def products(source):
    """The matrix products in generated source, as text."""
    return sorted(
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
    )


def expressions(source):
    """All expressions in generated source, as text."""
    return {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr)}


# F3 ∘ F2 ∘ F1


def F1(x):
    x1, x2 = x
    return x1 - x2, x1 * x2


def F2(v):
    v1, v2 = v
    return v1**2, v1 - v2


def F3(w):
    w1, w2 = w
    return (w1 - 8) ** 2 + (w2 - 3) ** 2


def composition(x):
    return F3(F2(F1(x)))


@pytest.mark.parametrize("optimize", [True, False])
def test_composition_of_three_maps(optimize):
    assert np.allclose(sct.grad(composition, optimize=optimize)(np.array([2.0, -1.0])), [20.0, -24.0])


@pytest.mark.parametrize("optimize", [True, False])
def test_composition_of_three_maps_on_a_tuple(optimize):
    assert np.allclose(sct.grad(composition, optimize=optimize)((2.0, -1.0)), (20.0, -24.0))


def maps_of_arrays():
    """The three maps, of vectors."""

    def first(x):
        return np.array(F1(x))

    def second(v):
        return np.array(F2(v))

    def third(w):
        return np.array([F3(w)])

    return first, second, third


def test_two_forward_sweeps_and_one_backward_sweep():
    x = np.array([2.0, -1.0])
    assert [float(sct.jvp(composition)(x, e)[1]) for e in np.eye(2)] == [20.0, -24.0]
    value, x_bar = sct.vjp(composition)(x, 1.0)
    assert value == 5.0
    assert x_bar.tolist() == [20.0, -24.0]


def test_products_of_either_order():
    """Of the Jacobians 1×2, 2×2 and 2×2: 12 products of numbers forwards, 8 backwards."""
    x = np.array([2.0, -1.0])
    jacobians = []
    for f in maps_of_arrays():
        jacobians.append(sct.jacobian(f)(x))
        x = f(x)
    first, second, third = jacobians
    assert (first.tolist(), second.tolist(), third.tolist()) == ([[1, -1], [-1, 2]], [[6, 0], [1, -1]], [[2, 4]])
    count = 0

    def product(a, b):
        nonlocal count
        count += a.shape[0] * a.shape[1] * b.shape[1]
        return a @ b

    assert product(third, product(second, first)).tolist() == [[20.0, -24.0]]
    assert count == 12
    count = 0
    assert product(product(third, second), first).tolist() == [[20.0, -24.0]]
    assert count == 8


# A perceptron with one hidden layer


def perceptron(A, b, c, v):
    h = np.maximum(A @ v + b, 0.0)
    return (c.T @ h - 1.0) ** 2


def test_perceptron():
    A = np.array([[1.0, 0.0], [-2.0, 1.0]])
    b = np.array([1.0, 0.0])
    c = np.array([1.0, 1.0])
    v = np.array([2.0, -1.0])
    value, (A_bar, b_bar, c_bar) = sct.value_and_grad(perceptron, wrt=("A", "b", "c"))(A, b, c, v)
    assert value == 4.0
    assert np.array_equal(A_bar, [[8.0, -4.0], [0.0, 0.0]])
    assert np.array_equal(b_bar, [4.0, 0.0])
    assert np.array_equal(c_bar, [12.0, 0.0])


# Scalars


def product_and_sine(x1, x2):
    return x1 * x2 + np.sin(x1)


def test_product_and_sine():
    assert np.allclose(sct.grad(product_and_sine, wrt=("x1", "x2"))(2.0, 7.0), (6.583853163452857, 2.0))


def bump(x):
    return (x @ np.array([1.0, 0.0])) * np.exp(-np.sum(x**2))


def test_bump():
    assert np.allclose(sct.grad(bump)(np.array([1.0, 2.0])), [-0.006737946999085467, -0.02695178799634187], rtol=1e-12)


def wave(u):
    return np.exp(np.sin(u**2) * np.log(u**2))


@pytest.mark.parametrize("u", np.linspace(0.3, 2.5, 10))
def test_wave_against_complex_step(u):
    step = 1e-30
    exact = np.imag(wave(u + 1j * step)) / step
    assert sct.grad(wave)(float(u)) == pytest.approx(exact, rel=1e-13)


SEEN = {}


def keep(name, bar):
    SEEN[name] = float(bar)


def wave_by_terms(u):
    a = u * u
    with sct.adjoint_of(a) as a_bar:
        keep("a", a_bar)
    s = np.sin(a)
    with sct.adjoint_of(s) as s_bar:
        keep("s", s_bar)
    logarithm = np.log(a)
    with sct.adjoint_of(logarithm) as logarithm_bar:
        keep("log", logarithm_bar)
    p = s * logarithm
    with sct.adjoint_of(p) as p_bar:
        keep("p", p_bar)
    return np.exp(p)


def terms_of_wave(u):
    a = u * u
    s, logarithm = np.sin(a), np.log(a)
    p = s * logarithm
    return {"a": a, "s": s, "log": logarithm, "p": p, "z": np.exp(p)}


@pytest.mark.parametrize("u", [0.8, 1.7])
def test_wave_term_by_term(u):
    """Forward: ȧ = 2u, ṡ = ȧ cos a, l̇ = ȧ/a, ṗ = ṡ l + s l̇, ż = z ṗ. Backward: p̄ = z, s̄ = p̄ l, l̄ = p̄ s, ā = s̄ cos a + l̄/a."""
    values, dots = sct.jvp(terms_of_wave)(u, 1.0)
    a, s, logarithm, z = (float(values[k]) for k in ("a", "s", "log", "z"))
    a_dot = 2.0 * u
    s_dot, log_dot = a_dot * np.cos(a), a_dot / a
    p_dot = s_dot * logarithm + s * log_dot
    by_hand = {"a": a_dot, "s": s_dot, "log": log_dot, "p": p_dot, "z": z * p_dot}
    assert {k: float(v) for k, v in dots.items()} == pytest.approx(by_hand, rel=1e-14)
    u_bar = sct.grad(wave_by_terms)(u)
    a_bar = z * logarithm * np.cos(a) + z * s / a
    assert SEEN == pytest.approx({"p": z, "s": z * logarithm, "log": z * s, "a": a_bar}, rel=1e-14)
    assert u_bar == pytest.approx(2.0 * u * a_bar, rel=1e-14)
    assert u_bar == pytest.approx(float(dots["z"]), rel=1e-13)


# The δ recursion of a feed-forward network with columns as examples


def network(W1, b1, W2, b2, H0):
    A1 = W1 @ H0 + b1
    H1 = np.tanh(A1)
    A2 = W2 @ H1 + b2
    return np.tanh(A2)


def delta_recursion(W1, b1, W2, b2, H0, H2_bar):
    """By hand: b̄ = Σ Ā, W̄ = Ā Hᵀ, H̄ = Wᵀ Ā, Ā = g′(A) ⊙ H̄."""
    H1 = np.tanh(W1 @ H0 + b1)
    H2 = np.tanh(W2 @ H1 + b2)
    A2_bar = (1 - H2 * H2) * H2_bar
    A1_bar = (1 - H1 * H1) * (W2.T @ A2_bar)
    return A1_bar @ H0.T, A1_bar.sum(axis=1, keepdims=True), A2_bar @ H1.T, A2_bar.sum(axis=1, keepdims=True)


def test_delta_recursion(rng):
    W1, b1, W2, b2 = (rng.normal(size=s) for s in [(5, 3), (5, 1), (2, 5), (2, 1)])
    H0, H2_bar = rng.normal(size=(3, 7)), rng.normal(size=(2, 7))
    derived = sct.vjp(network, wrt=("W1", "b1", "W2", "b2"))
    _, cotangents = derived(W1, b1, W2, b2, H0, H2_bar)
    for got, expected in zip(cotangents, delta_recursion(W1, b1, W2, b2, H0, H2_bar), strict=True):
        assert got.shape == expected.shape
        assert np.allclose(got, expected, rtol=1e-12)


def test_delta_recursion_has_exactly_its_products(rng):
    W1, b1, W2, b2 = (rng.normal(size=s) for s in [(5, 3), (5, 1), (2, 5), (2, 1)])
    derived = sct.vjp(network, wrt=("W1", "b1", "W2", "b2"))
    source = derived.source_for(W1, b1, W2, b2, rng.normal(size=(3, 7)), rng.normal(size=(2, 7)))
    found = products(source)
    assert len(found) == 5, source
    assert {"W1 @ H0", "W2 @ H1"} <= set(found)
    left = [p for p in found if p not in ("W1 @ H0", "W2 @ H1")]
    assert sorted(p.split(" @ ")[1] for p in left if not p.startswith("W2.T")) == ["H0.T", "H1.T"], source
    assert len([p for p in left if p.startswith("W2.T @ ")]) == 1, source


# Matrix expressions


def gram(A, B):
    C = A.T @ B
    return C


def test_gram_reads_as_written_by_hand(rng):
    A, B, C_bar = rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    derived = sct.vjp(gram, wrt=("A", "B"))
    _, (A_bar, B_bar) = derived(A, B, C_bar)
    assert np.allclose(A_bar, B @ C_bar.T)
    assert np.allclose(B_bar, A @ C_bar)
    found = products(derived.source_for(A, B, C_bar))
    assert len(found) == 3
    assert "A.T @ B" in found
    bar = next(p for p in found if p.startswith("A @ ")).removeprefix("A @ ")
    assert {f"B @ {bar}.T", f"({bar} @ B.T).T"} & expressions(derived.source_for(A, B, C_bar))


def bilinear(x, A, y):
    return x.T @ A @ y


def test_bilinear_form(rng):
    x, A, y = rng.normal(size=3), rng.normal(size=(3, 4)), rng.normal(size=4)
    derived = sct.grad(bilinear, wrt=("x", "A", "y"))
    x_bar, A_bar, y_bar = derived(x, A, y)
    assert np.allclose(x_bar, A @ y)
    assert np.allclose(A_bar, np.outer(x, y))
    assert np.allclose(y_bar, A.T @ x)
    found = expressions(derived.source_for(x, A, y))
    assert "A @ y" in found
    assert {"np.outer(x, y)", "x[:, None] * y", "x[:, np.newaxis] * y"} & found
    assert {"x @ A", "x.T @ A", "A.T @ x"} & found


# Broadcasting


def outer_sum(row, column):
    return np.sum(np.sin(row + column))


def test_broadcasting_is_decided_before_the_run(rng):
    row, column = rng.normal(size=(1, 4)), rng.normal(size=(3, 1))
    derived = sct.grad(outer_sum, wrt=("row", "column"))
    row_bar, column_bar = derived(row, column)
    assert np.allclose(row_bar, np.cos(row + column).sum(axis=0, keepdims=True))
    assert np.allclose(column_bar, np.cos(row + column).sum(axis=1, keepdims=True))
    source = derived.source_for(row, column)
    assert "unbroadcast" not in source
    assert "sct" not in source.replace("import sct", "sct"), source
    assert "axis=0, keepdims=True" in source
    assert "axis=1, keepdims=True" in source


# Shared nodes


def diamond(a):
    b1 = np.sin(a)
    b2 = np.cos(a)
    c = b1 * b2
    d1 = np.exp(c)
    d2 = np.tanh(c)
    e = d1 + d2
    return e


def test_each_adjoint_of_a_shared_node_is_computed_once():
    a = 0.7
    c = np.sin(a) * np.cos(a)
    exact = (np.exp(c) + 1 - np.tanh(c) ** 2) * (np.cos(a) ** 2 - np.sin(a) ** 2)
    derived = sct.grad(diamond)
    assert derived(a) == pytest.approx(exact, rel=1e-13)
    source = derived.source_for(a)
    for name in ("c_bar", "a_bar"):
        assert sum(line.strip().startswith(f"{name} = ") for line in source.splitlines()) <= 1, source
    values = [ast.unparse(n.value) for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Assign)]
    assert len(values) == len(set(values)), source


def chain_source(depth):
    """A function that is `depth` diamonds long: 2 ** depth paths."""
    lines = ["def chain(x):"]
    for _ in range(depth):
        lines += ["    a = np.sin(x)", "    b = np.cos(x)", "    x = a * b"]
    return "\n".join([*lines, "    return x", ""])


def test_generated_statements_grow_with_depth_and_not_with_paths():
    def count(depth):
        source = sct.grad(define(chain_source(depth), "chain")).source_for(0.3)
        return sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse(source)))

    few, more, many = count(4), count(8), count(16)
    assert many - more <= 2 * (more - few) + 2
    assert many < 16 * 12
