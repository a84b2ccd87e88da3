"""Lists, tuples and numbers where NumPy takes arrays: values as NumPy gives them, derivatives by differences."""

import operator

import numpy as np
import pytest

import sct

X = np.array([0.7, 1.9])
Y = np.array([2.1, 0.4])
A = np.array([[0.5, 1.1], [1.7, 0.2]])
CASES = {
    "a9_maximum_of_lists": (lambda x, y: np.maximum([x, y], [y, x]), X, Y),
    "a9_fmax": (lambda x, y: np.fmax([x, 2 * y], x), X, Y),
    "a9_arctan2": (lambda x, y: np.arctan2([x, y], [2, 3.0]), X, Y),
    "a9_power": (lambda x, y: np.power([x, y], [2, 3]), X, Y),
    "a9_mod": (lambda x, y: np.mod([3.3 * x, 5.3 * y], [y, x]), X, Y),
    "a9_log1p": (lambda x: np.log1p([x, x[::-1]]), X),
    "a9_arcsin": (lambda x: np.arcsin((0.1 * x, 0.2 * x)), X),
    "a9_clip": (lambda x, y: np.clip([x, y], [1.0, 0.5], 1.5), X, Y),
    "a9_clip_by_keywords": (lambda x, y: np.clip(x, min=[0.1, y[0]], max=(1.0, 3)), X, Y),
    "a9_norm": (lambda x, y: np.linalg.norm([x, y], axis=0), X, Y),
    "a9_average": (lambda x: np.average(x, weights=[1, x[0]]), X),
    "a9_average_of_a_list": (lambda x: np.average([x, [1.0, 2]], axis=0, weights=(x[1], 2)), X),
    "a9_operator": (lambda x: x ** [2, 3], X),
    "operators": (lambda x: [1, 2] * x + (3, x[0]) - [x, 2 * x] / x, X),
    "reflected_operators": (lambda x: [2.0, 3] ** x % (x[1], 1.5), X),
    "matrix_products": (lambda x, y: np.dot([[1, 2], [3, x[0]]], x) + [x, y] @ y + np.inner([x, y], [1, 2]), X, Y),
    "list_of_lists": (lambda x: np.linalg.inv([[x[0], 1], [2.0, x[1]]]), X),
    "where": (lambda x: np.where([True, False], [x, 2 * x], [1, 2]), X),
    "interp": (lambda x: np.interp([0.2, x[0]], [0, 1], [1, x[1]]), X),
    "arrays_of_a_sequence": (lambda x: np.concatenate([[x[0], 1], x, (2.0, x[1])]), X),
    "chain_of_lists": (lambda x, B: np.linalg.multi_dot([[[1, x[0]], [x[1], 3]], B, [2, x[0]]]), X, A),
    "select": (lambda x: np.select([[True, False], x > 1], [[x[0], 1], x], [3, 4]), X),
    "choose": (lambda x: np.choose([0, 1], [[x[0], 1], x]), X),
    "einsum_of_lists": (lambda x: np.einsum("ij,j", [[1, 2], [x[0], 4]], (x[1], 2)), X),
    "b5_einsum_of_axes": (lambda B: np.einsum(B, (0, 1), (1, 0)), A),
    "einsum_of_axes": (lambda B, x: np.einsum(B, [0, 1], x, [1], B, [..., 1], [..., 0]), A, X),
    "einsum_of_axes_without_result": (lambda B, x: np.einsum(B, [1, 0], x, [1]), A, X),
    "kron": (lambda x: np.kron([x[0], 2], [x[1], 1]), X),
    "sort": (lambda x: np.sort([3 * x[0], x[1], 0.5]), X),
    "single_precision": (lambda x: np.hypot([x[0], x[1]], [x[1], x[0]]), X.astype(np.float32)),
}


@pytest.mark.parametrize("name", CASES)
def test_list_in_the_place_of_an_array(name):
    f, *args = CASES[name]
    y = f(*args)
    value, _ = sct.vjp(f)(*args, np.ones_like(y))
    assert value.dtype == y.dtype
    np.testing.assert_array_equal(value, y)
    sct.check_grads(f, args, wrt=tuple(range(len(args))))


def norm(p):
    return np.linalg.norm(p)


@pytest.mark.parametrize("p", [[0.3, 0.4], (0.3, 0.4), [[0.3, 0.4], [1.0, 2.0]], ([0.3, 0.4], (1.0, 2.0)), [X, (0.3, 0.4)]])
def test_a9_norm_of_an_argument_that_is_a_list(p):
    sct.check_grads(norm, (p,), order=2)


def test_the_gradient_has_the_structure_of_the_list():
    x_bar = sct.grad(norm)([0.3, (0.4,)[0]])
    assert isinstance(x_bar, list)
    assert x_bar == pytest.approx([0.6, 0.8])
    single, double = sct.grad(lambda p: np.sum(np.log(p)))([np.array([1.0, 2.0], np.float32), X])
    assert single.dtype == np.float32
    assert double.dtype == np.float64


def in_a_branch(p, n):
    if n > 1:
        s = np.linalg.norm(p)
    else:
        s = np.log(p)[1]
    return s * p[0]


def in_a_loop(p, n):
    s = 0.0
    for i in range(n):
        s = s + np.linalg.norm(p) * p[0] * i
    return s * np.exp(p)[1]


def in_a_branch_of_a_loop(p, n):
    s = 0.0
    for i in range(n):
        if s > 0.1 * i:
            s = s + np.linalg.norm(p["a"])
        else:
            s = s + 0.5 * p["b"]
    return s * p["b"]


@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize(
    ("f", "p"), [(in_a_branch, [0.3, 0.4]), (in_a_loop, [0.3, 0.4]), (in_a_branch_of_a_loop, {"a": [0.3, 0.4], "b": 1.5})]
)
def test_an_argument_that_is_taken_as_a_whole(f, p, n):
    assert sct.value_and_grad(f)(p, n)[0] == f(p, n)
    sct.check_grads(f, (p, n), order=2)


def test_a_rule_of_ones_own_gets_the_list():
    def total(p):
        return p[0] + 2.0 * p[1]

    @sct.adjoint(total)
    def total_adjoint(y, p, y_bar):
        assert isinstance(p, list)
        return [y_bar, 2.0 * y_bar]

    assert sct.grad(lambda x: total([x, x * x]))(3.0) == 1.0 + 12.0
    assert operator.eq(sct.grad(total)([1.0, 2.0]), [1.0, 2.0])
