"""Writes that once gave a wrong number, or broke the compiler: found by fuzzing, and shrunk."""

import linecache

import numpy as np
import pytest

import sct


def broadcast_of_an_adjoint(M, p):
    p.fill(1.0)
    p += np.sum(M, axis=0)
    return p * p


def entry_of_a_sum(M, p):
    A = p * 1.0
    A[0] = 0.0
    A[0] += np.sum(M, axis=0)[0]
    return np.sum(A * A)


def rows_from_one(p):
    v = p * np.ones((2, 2))
    v[[0, 1]] = v[0]
    return np.sin(v)


def display_in_a_branch(p):
    if p[0] < 0.5:
        D = {"a": p}
        p.fill(2.0)
        return p * D["a"]
    return p * p


def display_in_a_loop(p):
    for _ in range(3):
        L = [p]
        L[0] += 1.0
    return p * p


def added_at_twice(p):
    v = p * 1.0
    w = v[1:]
    np.add.at(w, [0, 1, 1], p[:3])
    return v * v


def one_array_twice_in_a_list(p):
    v = np.ones(3)
    L = [v, v]
    for _ in range(2):
        L[1] /= 2.5
    return v * p[0]


def branches_after_writes(p, q, n):
    if n == 0:
        q[:] = p
    if n > 1:
        q[1] = 2.0
    return q * q


def write_test_write(p):
    v = np.zeros(4)
    v[2] = p[2]
    if v[2] < 0.5:
        v[1] = 2.0
    v[3] = v[3] + p[0]
    return v * v


def mask_of_what_it_changes(p):
    while p[1] > 0.5:
        p[p[1] > 0.9] -= 1.0
        p[1] = 0.5 * np.tanh(p[1])
    return p + 0.0


def branch_that_is_linear(p, q):
    if p[0] > 0.05:
        if p[1] < 0.1:
            q[3] += 1.0
    else:
        q[1] = 2.0
    return q


def one_object_in_a_list_twice(p):
    v = p
    L = [p, v]
    if p[2] > 0.1:
        L[1][1] = 2.0
    else:
        L[1] = 1.0
    return L


def items_swapped(p, q):
    L = [p, q]
    L[0][0] = 1.0
    for _ in range(len(q)):
        L[1], L[0] = L
    return L


def written_after_the_closure(p, q):
    np.add.at(p, True, p[2])
    return np.sum(q), p


def perhaps_none(p):
    v = -1.2 * np.ones(4)
    D = {"a": v}
    if D["a"][3] < 0.3:
        np.put(v, [3, 0], p[::2])
        return v


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


def outputs_by_position(A):
    clipped, summed, rounded, joined = np.zeros((3, 3)), np.zeros(3), np.zeros((3, 3)), np.zeros((6, 3))
    np.clip(A, -0.5, 0.5, clipped)
    A.sum(0, None, summed)
    np.cumsum(A, 0, None, rounded)
    np.concatenate((A, A * A), 0, joined)
    return np.sum(A * clipped + summed * rounded + joined[2:5])


def rest_of_the_arguments(A):
    summed = np.zeros((3, 1))
    np.sum(A, 1, None, summed, True, 1.0, A > 0)
    return summed * A


def chosen_into(A):
    chosen = np.zeros(3)
    np.choose([0, 1, 0], (A[0], A[1] * A[2]), chosen)
    return chosen * A


def largest_into(A):
    at = np.zeros(3, int)
    A.argmax(0, at)
    return at * A


def accumulates(x, out=None):
    out += x * x
    out += x


def out_of_a_function_of_the_users(p):
    total = np.zeros(4)
    accumulates(p, out=total)
    return total * p


def two_outputs(p):
    part, whole = np.zeros(4), np.ones(4)
    fraction, _ = np.modf(4.3 * p, part, whole, where=p > 0.4)
    part[0] = p[1]
    return fraction * whole * p


def order_of_a_reshape(A):
    v = A * 1.0
    r = np.ravel(v, "F")
    r[1] = A[1, 1]
    return r * np.arange(9.0)


def reshaped_copy(A):
    v = A.copy()
    v.reshape(9, copy=True)[:] = 0.0
    return v * A


def conjugate_of_real_numbers(p):
    v = p.conj()
    v[0] = 7.0 * p[1]
    p.conjugate()[1] = p[2]
    return p * p


def real_part_of_real_numbers(p):
    p.real[0] = 7.0 * p[1]
    np.real(p)[2] *= p[1]
    return p * p


def root_where_positive(q):
    np.sqrt(q, out=q, where=q > 0)
    return q * q * q


def quotient_where_not_zero(q, p):
    v = np.divide(p, q - q[0], out=np.zeros(4), where=q != q[0])
    return v * p


def logarithm_broadcast(q):
    return np.log(q, out=np.ones((2, 4)), where=q > 0) * q


def leading_unit_axes(p):
    v = np.zeros(4)
    v[:] = p[None]
    v[[0, 1]] = p[None, None, 1:3]
    v[2:] = np.reshape(p[:2], (1, 2))
    return v * v


def transposed_with_none(A):
    A.transpose(None)[0] = 3.0 * A[1]
    np.transpose(A, axes=None)[1, 2] = A[0, 0]
    return A * A


def copied_by_keywords(p, q):
    np.copyto(dst=q, src=p * p, where=p > 0.5)
    return q * q


def put_at_a_matrix_of_indices(A, p):
    np.put(A, np.array([[0, -1], [2, 3]]), p * A[0, 1])
    return A * A


def put_too_many(A, p):
    np.put(A, [4, -2], p)
    A.put(0, p)
    return A * A


def put_too_few(A, p):
    np.put(A, [5, 4, 3, 2, 1], p[:2], "raise")
    return A * A


def diagonal_of_too_few(A, p):
    np.fill_diagonal(A, p[:2])
    return A * A


def diagonal_of_too_many(A, p):
    np.fill_diagonal(val=p, a=A)
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


def reshaped_zeros(p):
    v = np.zeros_like(p)
    v.reshape(2, 2)[:, 1] = p[0] * p[1:3]
    return v * p


def reshaped_vector(p):
    p.reshape(2, 2)[:, 1] = p[0] * p[1:3]
    p[::2].reshape(2, 1)[1] = p[1]
    return p * p


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


def index_of_rank_0_made_here(A):
    v = A[np.array(1)]
    v *= A[0, 0]
    w = A[np.argmax(A[0])]
    w *= A[0, 1]
    return np.sum(A * A) + np.sum(v)


RNG = np.random.default_rng(3)
M, P, Q = RNG.normal(size=(3, 4)), RNG.uniform(0.2, 0.9, size=4), RNG.normal(size=4)
S = RNG.normal(size=(3, 3))
CASES = [
    (broadcast_of_an_adjoint, (M, P)),
    (entry_of_a_sum, (M, P)),
    (rows_from_one, (P[:2],)),
    (display_in_a_branch, (P,)),
    (display_in_a_branch, (P + 1.0,)),
    (display_in_a_loop, (P,)),
    (added_at_twice, (P,)),
    (one_array_twice_in_a_list, (P,)),
    (branches_after_writes, (P, Q, 0)),
    (branches_after_writes, (P, Q, 2)),
    (write_test_write, (P,)),
    (mask_of_what_it_changes, (P + np.array([0.0, 1.0, 0.0, 0.0]),)),
    (branch_that_is_linear, (P, Q)),
    (branch_that_is_linear, (P - 1.0, Q)),
    (one_object_in_a_list_twice, (P,)),
    (items_swapped, (P, Q)),
    (written_after_the_closure, (P, Q)),
    (perhaps_none, (P,)),
    (slice_object, (S,)),
    (indices_in_a_tuple, (S,)),
    (tuple_argument, (S, (1,))),
    (tuple_argument, (S, (0, 1))),
    (index_of_rank_0, (S, np.array(1))),
    (index_of_rank_0, (S, np.int64(1))),
    (index_of_rank_0, (S, 1)),
    (outputs_by_position, (S,)),
    (rest_of_the_arguments, (S,)),
    (chosen_into, (S,)),
    (largest_into, (S,)),
    (out_of_a_function_of_the_users, (P,)),
    (two_outputs, (P,)),
    (order_of_a_reshape, (S,)),
    (reshaped_copy, (S,)),
    (conjugate_of_real_numbers, (P,)),
    (real_part_of_real_numbers, (P,)),
    (root_where_positive, (Q,)),
    (quotient_where_not_zero, (Q, P)),
    (logarithm_broadcast, (Q,)),
    (leading_unit_axes, (P,)),
    (transposed_with_none, (S,)),
    (copied_by_keywords, (P, Q)),
    (put_at_a_matrix_of_indices, (S, P)),
    (put_too_many, (S, P)),
    (put_too_few, (S, P)),
    (diagonal_of_too_few, (S, P)),
    (diagonal_of_too_many, (S, P)),
    (copies, (P,)),
    (numbers_out_of_a_vector, (P,)),
    (the_array_itself, (P,)),
    (filled_like, (P,)),
    (reshaped_zeros, (P,)),
    (reshaped_vector, (P,)),
    (arrays_of_rank_0, (P,)),
    (views_of_rank_0, (S,)),
    (array_of_rank_0_or_a_number, (P,)),
    (array_of_rank_0_of_a_number, (P,)),
    (index_of_rank_0_made_here, (S,)),
]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("f", "args"), CASES)
def test_derivatives(f, args, order):
    wrt = tuple(n for n, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype == float)
    sct.check_grads(f, args, wrt, order=order)


def shifted(p):
    y = np.zeros(4)
    y[1:] = p
    return np.sum(y)


def shifted_sum(p):
    y = np.zeros(4)
    y[1:] += p
    return np.sum(y)


@pytest.mark.parametrize("f", [shifted, shifted_sum])
def test_a_value_that_does_not_fit_has_no_gradient(f):
    with pytest.raises(ValueError, match="broadcast"):
        f(P)
    for optimize in (True, False):
        with pytest.raises(ValueError, match="broadcast|reshape|fit"):
            sct.grad(f, optimize=optimize)(P)
    assert np.array_equal(sct.grad(f)(P[1:]), np.ones(3))


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


def made_by_ndarray(x):
    a = np.ndarray((4,))
    a[:] = x * x
    b = np.ndarray(shape=x.shape, dtype=float)
    b[...] = a * x
    return np.sum(b)


def test_array_made_by_its_type():
    sct.check_grads(made_by_ndarray, (P,))


SEEN = []


def note(n):
    SEEN.append(n)


sct.nondifferentiable(note, pure=False)


def noted(x):
    note(1)
    return x * x


def test_what_a_registered_function_does_is_done():
    SEEN.clear()
    assert sct.grad(noted)(3.0) == 6.0 and SEEN == [1]


@pytest.mark.parametrize("f", [row_and_entry, into_a_row])
def test_branch_after_a_write_through_a_row(f):
    sct.check_grads(f, (P * 2,))


# Two names for one memory, by ways that a loop or a choice makes: exact, or refused


def bump(a):
    a[0] = a[0] * a[0] + 1.0
    return a[1]


def entry_before_the_call(x):
    x[0] += bump(x)
    x[1] *= bump(x)
    return np.sum(x * x)


def test_entry_is_read_before_a_function_that_changes_it():
    sct.check_grads(entry_before_the_call, (P,))


def rebound_in_a_loop(x, n):
    a = x
    b = x * 2
    for i in range(n):
        a[i] *= 2.0
        if i == 1:
            a = b
    return np.sum(b * b)


def none_before(x, n):
    z = None
    for i in range(n):
        if i == 1:
            z = x
        x[i] *= 2.0
    return np.sum(x * x) if z is None else np.sum(z)


def list_that_swaps(x, n):
    w = x.copy()
    s = [w, x * 2]
    for _ in range(n):
        s = [s[1], s[0]]
        s[0][0] *= 1.5 * s[1][1]
    return np.sum(s[0] * s[1] * s[1]) + np.sum(w)


def one_list_or_another(x):
    s = [x[0]]
    t = [x[1]]
    u = s if x[0] > 0 else t
    u[0] = 3.0 * x[1]
    return s[0] * t[0]


def read_through_the_other(x):
    s = [x[0]]
    t = [x[1]]
    u = s if x[0] > 0 else t
    s[0] = 3.0 * x[1]
    return u[0] * t[0]


def list_rebound(x, n):
    s = [x[0]]
    t = s
    for i in range(n):
        s[0] *= x[i]
        s = [x[1]]
    return s[0] * t[0]


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (rebound_in_a_loop, (P, 4)),
        (none_before, (P, 4)),
        (list_that_swaps, (P, 3)),
        (one_list_or_another, (P,)),
        (read_through_the_other, (P,)),
        (list_rebound, (P, 3)),
    ],
)
def test_what_cannot_be_followed_is_refused(f, args):
    with pytest.raises(sct.UnsupportedSyntaxError, match="may share memory with"):
        sct.vjp(f).source_for(*args, None)


def test_many_products_in_a_loop():
    """The search for what a value is computed from visits each value once: with every path followed, this would never end."""
    source = "def f(x, n):\n    for _ in range(n):\n" + "        x = x * (1.2 - x * x)\n" * 40 + "    return x\n"
    path = "<many products>"
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    names = {}
    exec(compile(source, path, "exec"), names)
    f = names["f"]
    sct.check_grads(f, (0.3, 1))


def test_the_test_of_a_while_loop_reads_what_it_carries():
    def until(x, n):
        a = x * 2
        while a[0] < n:
            a[0] = a[0] + a[1]
        return np.sum(a)

    assert "copy" not in sct.vjp(until).source_for(np.ones(3), 5.0).split("# reverse")[0]
    sct.check_grads(until, (np.ones(3), 5.0), 0)


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
