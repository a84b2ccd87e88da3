"""Sizes that do not fit: a gradient has the shape of its argument, or the call raises."""

import numpy as np
import pytest

import sct

G = np.ones(3)


def matmul(a, b):
    return a @ b


def dot(a, b):
    return np.dot(a, b)


def inner(a, b):
    return np.inner(a, b)


def vdot(a, b):
    return np.vdot(a, b)


def vecdot(a, b):
    return np.vecdot(a, b)


def einsum(a, b):
    return np.einsum("i,i", a, b)


def tensordot(a, b):
    return np.sum(np.tensordot(a, b, 1))


def product_summed(a, b):
    return np.sum(a * b)


def sum_summed(a, b):
    return np.sum(a + b)


def where(a, b):
    return np.sum(np.where(a > 0, a, b))


def maximum(a, b):
    return np.sum(np.maximum(a, b))


def in_a_helper(a, b):
    return matmul(a, b)


def averaged(a, b):
    return np.average(a, weights=np.abs(b))


def added_in_place(a, b):
    a += b
    return np.sum(a)


def written(a, b):
    y = np.zeros_like(a)
    y[:] = b
    return np.sum(y * a)


def stacked(a, b):
    return np.sum(np.stack((a, b)))


def builtin_sum(a, b):
    return np.sum(sum([a, b]))


def interpolated(a, b):
    return np.sum(np.interp(0.5, np.cumsum(np.abs(a)), b))


VECTORS = [
    matmul,
    dot,
    inner,
    vdot,
    vecdot,
    einsum,
    tensordot,
    product_summed,
    sum_summed,
    where,
    maximum,
    in_a_helper,
    averaged,
    added_in_place,
    written,
    stacked,
    builtin_sum,
    interpolated,
]


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("f", VECTORS)
def test_a18_vectors_of_different_lengths(f, optimize):
    for wrt, name in enumerate("ab"):
        gradient = sct.grad(f, wrt, optimize=optimize)
        assert gradient(np.ones(3), np.ones(3)).shape == (3,)
        for a, b in ((np.ones(2), np.ones(3)), (np.ones(4), np.ones(3))):
            with pytest.raises((ValueError, TypeError)):
                f(a.copy(), b)
            with pytest.raises((ValueError, TypeError)):
                gradient(a, b)
            with pytest.raises((ValueError, TypeError)):
                sct.value_and_grad(f, name, optimize=optimize)(a, b)


def outer_plus(a, b):
    return np.sum(np.outer(a, a) + b)


def lower_plus(a, b):
    return np.sum(np.tril(a) + b)


def columns_joined(a, b):
    return np.sum(np.concatenate((a, b), axis=1))


def solved(a, b):
    return np.sum(np.linalg.solve(a, b))


MATRICES = [
    (outer_plus, (np.ones(2), np.ones((3, 3)))),
    (lower_plus, (np.ones((2, 2)), np.ones((3, 3)))),
    (lower_plus, (np.ones((3, 2)), np.ones((3, 3)))),
    (columns_joined, (np.ones((2, 3)), np.ones((4, 3)))),
    (solved, (np.eye(2), np.ones(3))),
    (lambda a, b: np.sum(a @ b), (np.ones(2), np.ones((3, 2)))),
    (lambda a, b: np.sum(a @ b), (np.ones((2, 3)), np.ones((2, 3)))),
    (lambda a, b: np.sum(a[1:] * b), (np.ones(3), np.ones(3))),
    (lambda a, b: np.sum(a[:-1] + b[1:]), (np.ones(3), np.ones(4))),
    (lambda a, b: np.sum(b * a[a > 0.0]), (np.ones(3), np.ones(2))),
    (lambda a, b: a["w"] @ b, ({"w": np.ones(2)}, np.ones(3))),
    (lambda a, b: a[0] @ a[1], ((np.ones(2), np.ones(3)), 1)),
    (lambda a, b: np.sum(np.ones(a) + b), (2, np.ones(3))),
    (lambda a, b: b * np.sum(a + G), (np.ones(2), 1)),
]


@pytest.mark.parametrize(("f", "args"), MATRICES)
def test_a18_other_operands(f, args):
    with pytest.raises(ValueError):
        f(*args)
    for wrt in range(2):
        if not isinstance(args[wrt], int):
            with pytest.raises(ValueError):
                sct.grad(f, wrt)(*args)


def test_a18_what_broadcasts_is_let_through():
    assert sct.grad(lambda a, b: np.sum(a[1:] * b))(np.ones(2), np.ones(3)).tolist() == [0.0, 3.0]
    assert sct.grad(lambda n, b: np.sum(np.ones(n) + b), 1)(1, np.ones(3)).tolist() == [1.0, 1.0, 1.0]
    assert sct.grad(sum_summed)(np.ones((2, 1)), np.ones(3)).tolist() == [[3.0], [3.0]]


def maybe_added(x, b, really):
    if really:
        x = x + b
    return np.sum(x)


def added_times(x, b, n):
    for _ in range(n):
        x = 0.5 * x + b
    return np.sum(x)


def shape_tested(a, b):
    if a.shape != b.shape:
        return 0.0 * np.sum(a)
    return a @ b


def test_a18_only_what_runs_must_fit():
    x, b = np.ones(3), np.ones(2)
    for f, yes, no in ((maybe_added, True, False), (added_times, 2, 0)):
        assert sct.grad(f, 1)(x, b, no).tolist() == [0.0, 0.0]
        with pytest.raises(ValueError):
            sct.grad(f, 1)(x, b, yes)
    assert sct.grad(shape_tested, 1)(x, b).tolist() == [0.0, 0.0]


def inner_gradient(a, b):
    return np.sum(sct.grad(cubed)(a, b))


def cubed(a, b):
    return (a @ b) * np.sum(a * a)


def test_a18_in_second_derivatives():
    assert sct.grad(inner_gradient)(np.ones(3), np.ones(3)).shape == (3,)
    with pytest.raises(ValueError):
        sct.grad(inner_gradient)(np.ones(2), np.ones(3))
    y, pull = sct.pullback(sct.grad(cubed))(np.ones(3), np.ones(3))
    assert pull(np.ones(3)).shape == (3,)


def layer(w, x, b):
    d = np.tanh(x @ w + b) - 0.5
    return np.sum(d * d)


def test_a18_nothing_is_compared_that_a_statement_sees_to():
    source = sct.grad(layer, (0, 2)).source_for(np.ones((3, 4)), np.ones((5, 3)), np.ones(4))
    assert "fit" not in source
    assert "fit" not in sct.value_and_grad(matmul).source_for(np.ones(3), np.ones(3))
    assert "fit" not in sct.grad(added_times, 1).source_for(np.ones(3), np.ones(3), 4)
    for f in (matmul, lambda a, b: np.sum((a + b) * (a - b))):
        assert sct.grad(f).source_for(np.ones(3), np.ones(3)).count("fit") == (f is matmul)


def with_dead_statements(x, k):
    x[7]
    1.0 / k
    np.linalg.inv(np.zeros((2, 2)))
    return np.sum(x)


def with_an_offset(x, k):
    return np.sum(x) + 1.0 / k


def test_a18_what_else_is_missed_is_what_the_manual_says():
    for transform in (sct.value_and_grad, sct.pullback):
        value, _ = transform(with_dead_statements)(np.ones(3), 0)
        assert value == 3.0
        with pytest.raises(ZeroDivisionError):
            transform(with_an_offset)(np.ones(3), 0)
    assert sct.grad(with_an_offset)(np.ones(3), 0).tolist() == [1.0, 1.0, 1.0]


def ended(x):
    return np.sum(np.concatenate([x, np.array([1.0])]) * np.arange(4.0))


def ended_by_a_slice(x):
    return np.sum(np.hstack([x, x[:2]]) * np.arange(5.0))


def appended_rows(x):
    return np.sum(np.concatenate([x.reshape(1, 3), np.ones((2, 3))]) * np.arange(9.0).reshape(3, 3))


def ended_by_r(x):
    return np.sum(np.r_[0.0, x[1:], x[0], [x[1], 2.0]] * np.arange(6.0))


@pytest.mark.parametrize(
    ("f", "gradient"), [(ended, [0, 1, 2]), (ended_by_a_slice, [3, 5, 2]), (appended_rows, [0, 1, 2]), (ended_by_r, [3, 5, 2])]
)
def test_lengths_that_are_put_end_to_end_need_not_be_equal(f, gradient):
    np.testing.assert_array_equal(sct.grad(f)(np.ones(3)), gradient)


def reshaped(x):
    return np.sum(x.reshape(2, 3) * np.arange(6.0).reshape((2, 3)))


def test_reshaping_to_several_sizes():
    np.testing.assert_array_equal(sct.grad(reshaped)(np.ones(6)), np.arange(6.0))


P = np.array([0.45, 0.61, 0.72, 0.87])


def written_too_long(p):
    y = np.zeros(4)
    y[1:] = p
    return np.sum(y)


def added_too_long(p):
    y = np.zeros(4)
    y[1:] += p
    return np.sum(y)


@pytest.mark.parametrize("f", [written_too_long, added_too_long])
def test_a_value_that_does_not_fit_has_no_gradient(f):
    with pytest.raises(ValueError, match="broadcast"):
        f(P)
    for optimize in (True, False):
        with pytest.raises(ValueError, match="broadcast|reshape|fit"):
            sct.grad(f, optimize=optimize)(P)
    assert np.array_equal(sct.grad(f)(P[1:]), np.ones(3))


def written_between(x, i, j):
    a = np.zeros(10)
    a[i:j] = x
    return np.sum(a)


def written_by_mask(x, mask):
    a = np.zeros(6)
    a[mask] = x
    return np.sum(a)


def written_at_each_length(x, n):
    total = 0.0
    for i in range(n):
        a = np.zeros(i + 1)
        a[:] = x
        total += np.sum(a)
    return total


def half_as_long(x, y):
    a = np.zeros(y.shape[0] // 2)
    a[:] = x
    return np.sum(a)


def as_long_as_a_matrix(x, y):
    a = np.zeros(y.shape[0] * y.shape[1])
    a[:] = x
    return np.sum(a)


def picked_and_written(x, y):
    a = y[y > 0] * 0.0
    a[:] = x
    return np.sum(a)


def doubled_until_long_enough(x, y):
    a = np.zeros(3)
    while a.size < y.size:
        a = np.concatenate([a, a])
    a[:] = x
    return np.sum(a)


def written_in_a_branch(x, y):
    a = y * 1.0
    if a[0] > 0:
        a[1:] = x
    return np.sum(a)


def written_into_rows(x, y):
    a = np.zeros((3, y.shape[0]))
    for i in range(3):
        a[i] = 2.0 * x
    return np.sum(a * y)


def every_other(x, y):
    y[::2, ::2] += x
    return 0.3 * np.sum(y)


def every_other_of_what_is_chosen(x, y):
    y[::2, ::2] = np.where(x > 0.5, x, -x)[::2]
    return 0.3 * np.sum(y) + np.sum(x)


def two_rows(x):
    return np.sum(3.0 * x.reshape(2, -1))


A, B = np.ones(3), np.arange(6)


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize(
    ("f", "fit", "do_not_fit"),
    [
        (written_between, [(A, 2, 5), (A[:1], 2, 6), (A[:2], 8, 13)], [(A, 2, 6), (A, 8, 13), (A, 5, 2)]),
        (written_by_mask, [(A, B < 3), (A[:1], B < 3)], [(A, B < 4)]),
        (written_at_each_length, [(A[:1], 2), (A, 0)], [(A, 2)]),
        (half_as_long, [(A, np.ones(7)), (A[:1], np.ones(8))], [(A, np.ones(8))]),
        (as_long_as_a_matrix, [(np.ones(6), np.ones((2, 3)))], [(np.ones(6), np.ones((2, 4)))]),
        (picked_and_written, [(A, A), (A[:1], np.ones(4))], [(A, np.ones(4))]),
        (doubled_until_long_enough, [(A, A), (np.ones(6), np.ones(5))], [(np.ones(5), np.ones(5))]),
        (written_in_a_branch, [(A, np.ones(4)), (A, -np.ones(5)), (A[:1], np.ones(5))], [(A, np.ones(5))]),
        (written_into_rows, [(A, A), (A[:1], np.ones(4))], [(A, np.ones(4))]),
        (two_rows, [(np.ones(6),)], [(np.ones(5),)]),
        (every_other, [(np.ones((2, 3)), np.ones((3, 5)))], [(np.ones((3, 2)), np.ones((3, 5)))]),
        (every_other_of_what_is_chosen, [(np.ones((3, 3)), np.ones((3, 5)))], [(np.ones((5, 2)), np.ones((3, 5)))]),
    ],
)
def test_what_is_written_fits_or_the_call_raises(f, fit, do_not_fit, optimize):
    gradient = sct.grad(f, optimize=optimize)
    for args in fit:
        assert gradient(*args).shape == args[0].shape
        sct.check_grads(f, args)
    for args in do_not_fit:
        with pytest.raises(ValueError):
            f(*args)
        with pytest.raises(ValueError):
            gradient(*args)
        with pytest.raises(ValueError):
            sct.grad(f, optimize=optimize)(*args)


def stencil(u, v, steps):
    for _ in range(steps):
        v[1:-1] = (u[:-2] + u[2:]) / 2.0
        u[1:-1] = (v[:-2] + v[2:]) / 2.0
    return u


def test_lengths_of_arguments_are_not_compared_again_in_a_loop():
    source = sct.vjp(stencil, (0, 1)).source_for(np.ones(5), np.ones(5), 2)
    assert "reshape" not in source
    assert "fit" not in source
    with pytest.raises(ValueError):
        sct.vjp(stencil, (0, 1))(np.ones(5), np.ones(6), 2, np.ones(5))
