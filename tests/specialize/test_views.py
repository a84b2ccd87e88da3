"""Views and copies: what shares memory with what, of which rank, and what of it is kept."""

import numpy as np
import pytest
from differences import agree, arrays
from sources import define

import sct

P = np.array([0.45, 0.61, 0.72, 0.87])
S = np.array([[0.02, 1.55, 0.55], [-0.51, -0.18, 0.54], [1.94, -0.27, -0.24]])
X, X6 = np.array([1.0, 2.0, 3.0]), np.arange(1.0, 7.0)


def slice_object(A):
    rows = slice(1, 3)
    A[rows] *= A[0, 1]
    A[:, rows][0] = 3.0
    return np.sum(A * A)


def indices_in_a_tuple(A):
    at = (1, slice(0, 2))
    v = A[at]
    v *= A[0, 0]
    return np.sum(A * A)


def tuple_argument(A, at):
    v = A[at]
    v *= A[0, 0]
    return np.sum(A * A)


def index_of_rank_0(A, i):
    v = A[i]
    v *= A[0, 0]
    return np.sum(A * A) + np.sum(v)


def index_of_rank_0_made_here(A):
    v = A[np.array(1)]
    v *= A[0, 0]
    w = A[np.argmax(A[0])]
    w *= A[0, 1]
    return np.sum(A * A) + np.sum(v)


def order_of_a_reshape(A):
    v = A * 1.0
    r = np.ravel(v, "F")
    r[1] = A[1, 1]
    return r * np.arange(9.0)


def reshaped_copy(A):
    v = A.copy()
    v.reshape(9, copy=True)[:] = 0.0
    return v * A


def reshaped_zeros(p):
    v = np.zeros_like(p)
    v.reshape(2, 2)[:, 1] = p[0] * p[1:3]
    return v * p


def reshaped_vector(p):
    p.reshape(2, 2)[:, 1] = p[0] * p[1:3]
    p[::2].reshape(2, 1)[1] = p[1]
    return p * p


def conjugate_of_real_numbers(p):
    v = p.conj()
    v[0] = 7.0 * p[1]
    p.conjugate()[1] = p[2]
    return p * p


def real_part_of_real_numbers(p):
    p.real[0] = 7.0 * p[1]
    np.real(p)[2] *= p[1]
    return p * p


def transposed_with_none(A):
    A.transpose(None)[0] = 3.0 * A[1]
    np.transpose(A, axes=None)[1, 2] = A[0, 0]
    return A * A


def copies(p):
    a, b, c, d = p.astype(float), np.array(p, copy=True), abs(p), p.reshape(2, 2).flatten()
    for v in (a, b, c, d):
        v[0] = 5.0 * p[1]
    return (a + b + c + d) * p


def numbers_out_of_a_vector(p):
    a, b, c, d = p
    p[0] = 3.0 * b
    return a * c * d * p


def the_array_itself(p):
    np.asarray(p)[0] = 3.0 * p[1]
    np.atleast_1d(p)[1] = p[2]
    np.asarray(p, dtype=float)[2] *= p[3]
    return p * p


def filled_like(p):
    v, w = np.full_like(p, 2.0), np.full_like(p, p[1])
    v[0] = p[0]
    return v * w * p


def arrays_of_rank_0(p):
    total, first = np.zeros(()), np.asarray(p[0])
    same, product = total, np.full_like(p[1], 2.0)
    also = product
    for v in p:
        total += v * v
    first[...] = same * p[1]
    product *= first
    return also * total


def views_of_rank_0(A):
    v, w = A[..., 0, 1], A[2, :1].reshape(())
    v *= A[0, 0]
    np.multiply(w, v, out=w)
    u = w[()]
    w += 1.0
    return A * A * u


def array_of_rank_0_or_a_number(p):
    total = np.array(0.0)
    for v in p:
        total = total + v * v
    total += 1.0
    return total * p


def array_of_rank_0_of_a_number(p):
    total = np.array(2.0 * p[0].item())
    total *= total
    return total * p


CASES = [
    (slice_object, (S,)),
    (indices_in_a_tuple, (S,)),
    (tuple_argument, (S, (1,))),
    (tuple_argument, (S, (0, 1))),
    (index_of_rank_0, (S, np.array(1))),
    (index_of_rank_0, (S, np.int64(1))),
    (index_of_rank_0, (S, 1)),
    (index_of_rank_0_made_here, (S,)),
    (order_of_a_reshape, (S,)),
    (reshaped_copy, (S,)),
    (reshaped_zeros, (P,)),
    (reshaped_vector, (P,)),
    (conjugate_of_real_numbers, (P,)),
    (real_part_of_real_numbers, (P,)),
    (transposed_with_none, (S,)),
    (copies, (P,)),
    (numbers_out_of_a_vector, (P,)),
    (the_array_itself, (P,)),
    (filled_like, (P,)),
    (arrays_of_rank_0, (P,)),
    (views_of_rank_0, (S,)),
    (array_of_rank_0_or_a_number, (P,)),
    (array_of_rank_0_of_a_number, (P,)),
]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("f", "args"), CASES)
def test_derivatives(f, args, order):
    sct.check_grads(f, args, arrays(args), order=order)


def row_and_entry(x):
    A = np.ones((4, 4)) * 0.5
    for i in range(4):
        A[-1][i] += A[i] @ x
        if A[-1][i] > 1.1:
            A[-1][i] *= 0.5
    return np.sum(A * A)


def accumulate_into(A, v, out):
    for i in range(4):
        out[i] += A[i] @ v
        if out[i] > 1.1:
            out[i] *= 0.5
            continue


def into_a_row(x):
    A = np.ones((4, 4)) * 0.5
    accumulate_into(A, x, A[-1])
    return np.sum(A * A)


@pytest.mark.parametrize("f", [row_and_entry, into_a_row])
def test_branch_after_a_write_through_a_row(f):
    sct.check_grads(f, (P * 2,))


def test_two_copies_of_one_array():
    """They are one value until one of them is written into."""

    def twice(p):
        d = {"a": p.copy(), "b": p.copy()}
        d["a"][0] = 1.0
        if d["a"][1] < 0.6:
            d["b"].fill(1)
        return np.sum(d["a"] ** 2 * d["b"])

    def halved(p):
        if (p[0] < 0.6) > 0.3:
            p /= 2.5
        p *= p
        return np.sum(p[1:] ** 2)

    for f in (twice, halved):
        for x in (np.array([0.3, 0.4, 0.9]), np.array([0.9, 1.4, 0.3])):
            sct.check_grads(f, (x,))


def test_numbers_taken_out_of_a_row_share_no_memory():
    def lorenz(start, n):
        y = np.empty((n + 1, 3))
        y[0] = start
        for i in range(n):
            a, b, c = y[i]
            y[i + 1, 0] = a + 0.1 * (b - a)
            y[i + 1, 1] = b + 0.1 * a * (2.0 - c)
            y[i + 1, 2] = c + 0.1 * a * b
        return np.sum(y[-1] ** 2)

    assert "copy" not in sct.grad(lorenz).source_for(np.ones(3), 4)
    sct.check_grads(lorenz, (np.array([1.0, 0.5, 2.0]), 4))


def test_a_view_that_is_read_before_and_after_the_next_write():
    def updates(C, A, n):
        for i in range(n):
            row = C[i, : i + 1]
            for k in range(n):
                row += A[i, k] * A[: i + 1, k]
        return np.sum(C * C)

    A = np.arange(9.0).reshape(3, 3) / 5.0
    reverse = sct.grad(updates, ("C", "A")).source_for(A, A + 0.5, 3).split("# reverse")[1]
    assert "C_bar.copy()" not in reverse
    sct.check_grads(updates, (A.copy(), A + 0.5, 3), (0, 1))


# -- made with a list or an array that changes ---------------------------------------------------------------------------------


def shape_that_changes(x):
    shape = [2, 3]
    y = x.copy()
    v = y.reshape(shape)
    shape.reverse()
    y[0] = 0.0
    return v[1, 0] ** 2


def start_that_changes(x):
    i = np.array(0)
    v = x[i:]
    i += 1
    x[1] = 5 * x[0]
    return v[0] * v[1]


def written_from_a_start_that_changes(x):
    i = np.array(0)
    v = x[i:]
    i += 1
    v[0] = v[1] * x[2]
    return np.sum(x * x)


def axes_that_change(x):
    axes = [1, 0]
    y = x.reshape(2, 3).copy()
    v = np.transpose(y, axes)
    axes.reverse()
    y[0, 1] = 7 * y[0, 0]
    v[2, 0] = v[1, 0] * y[1, 1]
    return v[1, 0] * v[2, 1] + y[0, 2]


@pytest.mark.parametrize(
    ("f", "x"),
    [(shape_that_changes, X6), (start_that_changes, X), (written_from_a_start_that_changes, X), (axes_that_change, X6)],
)
def test_views_stay_what_they_were_made(f, x):
    agree(f, x)


@pytest.mark.parametrize(
    "view",
    [np.fliplr, np.flipud, np.flip, np.matrix_transpose, lambda a: a.mT, lambda a: a.transpose(), lambda a: a.swapaxes(0, 1)]
    + [lambda a: np.transpose(a, (1, 0)), lambda a: np.moveaxis(a, 0, 1), lambda a: a.transpose(None)],
)
def test_a_write_through_all_of_an_array_in_another_order(view):
    def f(x):
        y = 1.0 * x
        turned = view(y)
        turned[0] *= x[1, 2]
        y[:, 1] *= turned[1, 0]
        return np.sum(turned * x[0, 0]) + np.sum(y[0] ** 2)

    sct.check_grads(f, (S,))


@pytest.mark.parametrize(
    "read",
    ["A.T[k]", "A.T[k, 1:]", "A.T[1:, k]", "A.T[1:, :2]", "A.T[..., k]", "A.T[K]", "A.T[K, K]", "A[1:].T[k]", "A.T[k].T[0]"]
    + ["np.swapaxes(A, 0, 1)[k]", "A.transpose(1, 0)[::-1, k]", "np.moveaxis(A, 0, -1)[k]"],
)
def test_the_adjoint_of_a_part_of_a_view_goes_to_its_place(read):
    text = f"""
def f(A, K):
    s = 0.0
    for k in range(2):
        s += np.sum(np.sin({read}) * {read}) * k + np.sum({read})
    return s
"""
    f, K = define(text, "f"), np.array([0, 1, 0])
    sct.check_grads(f, (S, K))
    assert sct.grad(f).source_for(S, K).count("zeros") == 1  # those of A_bar


@pytest.mark.parametrize(
    ("part", "there"),
    [("B.T[k]", "B[:, k]"), ("B.T[1:, k]", "B[k, 1:]"), ("B.T[1:, :2]", "B[:2, 1:]"), ("B[1:].T[k]", "B[1:][:, k]")]
    + [("np.swapaxes(B, 0, 1)[k, ::-1]", "B[::-1, k]"), ("B.transpose(1, 0)[..., k]", "B[k]"), ("B.T[k, 0]", "B[0, k]")],
)
def test_a_write_into_a_part_of_a_view_is_one_at_its_place(part, there):
    text = """
def f(A, x):
    B = A * 1.0
    for k in range(2):
        {0} = np.tanh({0}) * x
        {0} *= B[0, k]
    return np.sum(B * B)
"""
    f, g = (define(text.format(p), "f") for p in (part, there))
    assert f(S, 0.7) == g(S, 0.7)
    sct.check_grads(f, (S, 0.7), (0, 1))
    assert "copy(B)" not in sct.grad(f, (0, 1)).source_for(S, 0.7)
