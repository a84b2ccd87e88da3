"""Derivatives of any order, in any mix of modes, against closed forms; of kernels to second order in two mixes each.

All mixes of all kernels, programs and rules: `python -m tests.orders`.
"""

import math

import numpy as np
import pytest
from differences import slope
from orders import MIXES, Case, check, lengths
from orders.cases import kernels

import sct

KERNELS = list(kernels())


@pytest.mark.grid(of=4, each=False)
@pytest.mark.parametrize("k", range(len(KERNELS)), ids=[case[0] for case in KERNELS])
def test_second_derivatives_of_kernels(k):
    """All mixes have their turn. The source is no longer than it was (`python -m tests.orders --lengths`)."""
    name, f, args, wrt = KERNELS[k]
    mix = [*MIXES][k % len(MIXES)]
    assert check(f, args, wrt, [mix]) <= 1.0
    assert lengths.length(Case.of(f, args, wrt, 0), mix) <= lengths.read()[name][mix]


def test_sources_of_second_derivatives_are_at_most_three_times_as_long():
    for name, figures in lengths.read().items():
        for mix in MIXES.keys() - {"reverse over reverse"}:
            assert figures[mix] <= 3 * figures["reverse"], (name, mix)
        assert figures["forward over forward"] <= 3 * figures["forward"], name
        assert figures["reverse over reverse"] <= 3.7 * figures["reverse"], name


# -- numbers, to order 4 ----------------------------------------------------------------------------------------------------


def exp_sin(x):
    return np.exp(np.sin(x))


def seventh(x):
    return x**7


def gaussian(x):
    return np.exp(-0.5 * x * x)


def hyperbolic(x):
    return math.tanh(x)


def seventh_in_a_loop(x):
    y = 1.0
    for _ in range(7):
        y = y * x
    return y


def seventh_with_a_tape(x):
    y, n = x, 7
    while n > 1:
        y = y * x if n % 2 == 0 else y / x * (x * x)
        n = n - 1
    return y


def gaussian_in_place(x):
    a = np.zeros(3)
    a[0] = x
    a[1] = a[0] * a[0]
    a[0] = -0.5
    a[2] = a[0] * a[1]
    return np.exp(a)[2]


def gaussian_in_lists(x):
    items = [x]
    for _ in range(2):
        items.append(items[-1] * x)
    last = items.pop()
    return math.exp(-0.5 * last / items[0])


def inner(x, k):
    return math.sin(x) if k == 0 else inner(x, k - 1)


def exp_sin_by_calls(x):
    return np.exp(inner(x, 2))


def seventh_checkpointed(x):
    y = np.ones(1)
    for _ in sct.checkpointed(range(7), slots=2):
        y = y * x
    return y[0]


@sct.checkpoint
def squared(x):
    return x * x


def gaussian_checkpointed(x):
    return np.exp(-0.5 * squared(x))


def of_seventh(x, n):
    return math.perm(7, n) * x ** (7 - n)


def of_gaussian(x, n):
    hermite = np.polynomial.hermite_e.hermeval(x, [0.0] * n + [1.0])
    return (-1) ** n * hermite * math.exp(-0.5 * x * x)


def of_exp_sin(x, n):
    s, c = math.sin(x), math.cos(x)
    factors = 1.0, c, c * c - s, c**3 - 3 * s * c - c, c**4 - 6 * s * c * c + 3 * s * s - 4 * c * c + s
    return factors[n] * math.exp(s)


def of_hyperbolic(x, n):
    t = math.tanh(x)
    u = 1.0 - t * t
    return (t, u, -2 * t * u, u * (6 * t * t - 2), u * (16 * t - 24 * t**3))[n]


NUMBERS = {
    exp_sin: of_exp_sin,
    exp_sin_by_calls: of_exp_sin,
    seventh: of_seventh,
    seventh_in_a_loop: of_seventh,
    seventh_with_a_tape: of_seventh,
    gaussian: of_gaussian,
    gaussian_in_place: of_gaussian,
    gaussian_in_lists: of_gaussian,
    hyperbolic: of_hyperbolic,
}


def tangent(f):
    """The derivative of a function of one number, in forward mode."""

    def along(x):
        return sct.jvp(f)(x, 1.0)[1]

    return along


WAYS = {"r": sct.grad, "f": tangent}


@pytest.mark.usefixtures("typed_once")
@pytest.mark.parametrize("mix", ["rrrr", "ffff", "rfrf", "frrf"])
@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
def test_to_order_4(f, mix):
    derivative = f
    for order, mode in enumerate(mix, 1):
        derivative = WAYS[mode](derivative)
        assert derivative(0.7) == pytest.approx(NUMBERS[f](0.7, order), rel=1e-12)


# -- arrays, to order 3 -----------------------------------------------------------------------------------------------------


def log_sum_exp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def log_sum_exp_in_a_loop(x):
    total = 0.0
    for v in x:
        total += np.exp(v)
    return np.log(total)


def log_sum_exp_in_place(x):
    work = np.zeros(len(x) + 1)
    work[1:] = x
    work[1:] = np.exp(work[1:])
    for i in range(len(x)):
        work[0] += work[i + 1]
    return np.log(work[0])


def log_sum_exp_by_sums(x):
    sums = [0.0]
    for v in x:
        sums.append(sums[-1] + np.exp(v))
    return np.log(sums.pop())


def log_sum_exp_by_itself(x):
    return np.log(sum_of_exp(x, 0))


def sum_of_exp(x, k):
    return 0.0 if k == len(x) else np.exp(x[k]) + sum_of_exp(x, k + 1)


def third_of_log_sum_exp(x):
    """pᵢ δᵢⱼₖ − pᵢ pⱼ δⱼₖ − … + 2 pᵢ pⱼ pₖ with p = softmax(x)."""
    p = np.exp(x) / np.sum(np.exp(x))
    d = np.eye(len(x))
    same = np.einsum("i,ij,jk->ijk", p, d, d)
    pairs = np.einsum("i,j,jk->ijk", p, p, d)
    return same - pairs - pairs.transpose(1, 0, 2) - pairs.transpose(2, 1, 0) + 2.0 * np.einsum("i,j,k->ijk", p, p, p)


ARRAYS = [log_sum_exp, log_sum_exp_in_a_loop, log_sum_exp_in_place, log_sum_exp_by_sums, log_sum_exp_by_itself]
X, U, V, W = np.array([[0.3, -0.8, 1.1], [0.6, -0.2, 0.5], [-0.7, 0.4, 0.9], [0.1, 1.2, -0.3]])


def along(f, v):
    """The derivative in a direction, in forward mode."""

    def derivative(x):
        return sct.jvp(f)(x, v)[1]

    return derivative


def against(f, v):
    """The derivative in a direction, in reverse mode."""

    def derivative(x):
        return sct.grad(f)(x) @ v

    return derivative


def by_hvp(f, v, w):
    """Two derivatives, by a product with the Hessian."""

    def derivative(x):
        return sct.hvp(f)(x, v) @ w

    return derivative


MIXED = {
    "grad of grad of grad": lambda f: against(against(against(f, U), V), W),
    "jvp of jvp of jvp": lambda f: along(along(along(f, U), V), W),
    "jvp of grad of jvp": lambda f: along(against(along(f, U), V), W),
    "grad of jvp of grad": lambda f: against(along(against(f, U), V), W),
    "jvp of hvp": lambda f: along(by_hvp(f, U, V), W),
    "hvp of grad": lambda f: by_hvp(against(f, U), V, W),
}


@pytest.mark.usefixtures("typed_once")
@pytest.mark.parametrize("mix", MIXED)
@pytest.mark.parametrize("f", ARRAYS, ids=lambda f: f.__name__)
def test_to_order_3(f, mix):
    expected = np.einsum("ijk,i,j,k", third_of_log_sum_exp(X), U, V, W)
    assert MIXED[mix](f)(X) == pytest.approx(expected, rel=1e-12)


def collected(terms, x, k):
    if k < len(x):
        terms.append(np.exp(x[k]) + terms[-1])
        collected(terms, x, k + 1)


def log_sum_exp_by_a_list_and_itself(x):
    terms = [0.0]
    collected(terms, x, 0)
    return np.log(terms.pop())


@pytest.mark.usefixtures("typed_once")
@pytest.mark.parametrize("mix", ["jvp of jvp of jvp", "jvp of grad of jvp", "grad of jvp of grad", "grad of grad of jvp"])
def test_of_a_recursive_function_that_writes_to_order_3(mix):
    """In all mixes in which nothing is done with reverse mode over reverse mode."""
    mixes = {**MIXED, "grad of grad of jvp": lambda f: against(against(along(f, U), V), W)}
    expected = np.einsum("ijk,i,j,k", third_of_log_sum_exp(X), U, V, W)
    assert mixes[mix](log_sum_exp_by_a_list_and_itself)(X) == pytest.approx(expected, rel=1e-12)


def test_the_hessian_of_a_product_with_the_hessian():
    """∂²⟨w, ∇²f v⟩, of order 4, against differences of third derivatives."""
    found = sct.hessian(by_hvp(log_sum_exp, U, V))(X)
    expected = [slope(lambda t, e=e: np.einsum("ijk,i,j->k", third_of_log_sum_exp(X + t * e), U, V)) for e in np.eye(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)


# -- checkpoints ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mix", ["ff", "fr", "rf", "rr"])
def test_through_checkpointed_loops(mix):
    derivative = seventh_checkpointed
    for order, mode in enumerate(reversed(mix), 1):
        derivative = WAYS[mode](derivative)
        assert derivative(0.7) == pytest.approx(of_seventh(0.7, order), rel=1e-12)


@pytest.mark.parametrize("mix", ["rrr", "fff", "rfr", "frf"])
def test_through_checkpointed_functions(mix):
    derivative = gaussian_checkpointed
    for order, mode in enumerate(mix, 1):
        derivative = WAYS[mode](derivative)
        assert derivative(0.7) == pytest.approx(of_gaussian(0.7, order), rel=1e-12)
