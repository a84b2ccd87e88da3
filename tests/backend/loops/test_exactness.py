"""What loops must not take for something else: sizes that change, parts that are one array, names, what is not bound yet."""

import numpy as np
import pytest
from nests.outcomes import in_python, outcome

import sct

pytest.importorskip("numba")


def halved(x):
    while len(x) > 2:
        x = np.sin(x[::2]) * x[1::2]
    return np.sum(x)


def edges_alike(x):
    edge = np.zeros(1)
    return np.concatenate((edge, x, edge)) * np.arange(len(x) + 2)


def above_the_diagonal(x):
    return np.eye(len(x), len(x), 1) @ x


def early(x):
    for v in x:
        if v > 1.0:
            return v * x[0]
    return x[1] ** 2


def in_one_branch(x):
    y = np.exp(x)
    if x[0] > 0.0:
        y = y * np.mean(y) if x[1] > 0.0 else 2.0 * y
    return y * x


def named_like_a_function(x):
    sort = np.sort(x * x)
    return sort * np.sort(sort + x)


def moduli(x):
    return np.abs(x.astype(np.complex64) * np.complex64(1j))


def in_single_precision(x):
    return np.sum(np.float32(x * x) * x)


def of_no_numbers(x):
    return x * np.divide(1.0, len(x) - 4)


def means_of_some(x):
    return np.mean(x, where=x > 0.0) + np.var(x, ddof=1) + np.sum(x, initial=3.0) + max([x[0], x[1]])


def returned_by_a_branch_in_a_branch(x):
    if x[0] > 0.0:
        if x[1] > 0.0:
            return np.hypot(x[0] * np.ones(2), 1.0)
        x = np.sin(x)
    return np.arctan(x[0] * np.ones(2))


def remembering(x):
    c = np.zeros(3)
    total = 0.0
    for k in range(len(x) - 2):
        c = np.sin(x[:3]) * c + x[k]
        total = total + np.sum(np.tanh(c) ** 2)
    return total


@pytest.mark.parametrize("way", ["vjp", "jvp", "value"])
@pytest.mark.parametrize(
    "f",
    [
        halved,
        edges_alike,
        above_the_diagonal,
        early,
        in_one_branch,
        named_like_a_function,
        moduli,
        in_single_precision,
        of_no_numbers,
        means_of_some,
        remembering,
        returned_by_a_branch_in_a_branch,
    ],
)
def test_as_numpy(f, way):
    with in_python():
        found = outcome(f, (np.array([0.3, -0.7, 1.4, 0.9, 0.2, -1.1, 0.4, 2.0]),), (0,), way)
    assert found.kind == "agrees", found


def flattened(a):
    rows = np.ravel(a)
    rows[1] = 2.0 * a[0, 0]
    return np.sum(a * a)


def of_another_type(a):
    b = a.astype(float)
    b[0] = 5.0
    return np.sum(a) + np.sum(b)


def through_views(a):
    b = np.asarray(a).T
    b[0, 1] = 3.0
    return np.sum(a * a)


def unpacked(a):
    x, y, z = a
    a[0] += 0.5 * y
    total = a[0] @ z
    x *= 0.25
    z[:] = x
    return total + np.sum(np.sin(a[2])) + a[0] @ y


def one_entry(a):
    t, u = a[1:2, 0].reshape(()), a[2, 1, ...]
    t[()] = 3.0
    a[2, 1] = 7.0
    return np.sum(a * a) + u


def raveled(a):
    row = np.ravel(a)
    np.add.at(row, [0, 0], 0.5)
    return np.sum(a) + a[0] * 2.0


@pytest.mark.parametrize("f", [flattened, of_another_type, through_views, unpacked, one_entry, raveled])
@pytest.mark.filterwarnings("ignore::sct.JitWarning")
def test_adjoints_reach_what_is_a_view(f, in_python):
    a = np.array([0.5, -1.0, 2.0]) if f is raveled else np.arange(1.0, 10.0).reshape(3, 3)
    np.testing.assert_allclose(sct.grad(f, jit="numba")(a), sct.grad(f)(a), rtol=1e-12)


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("f", [flattened, of_another_type, through_views, unpacked, one_entry])
@pytest.mark.filterwarnings("ignore::sct.JitWarning")
def test_writes_reach_what_they_are_views_of(f, order, in_python):
    ours, theirs = (np.array(np.arange(6.0).reshape(3, 2), order=order) for _ in range(2))
    assert sct.compile(f, jit="numba")(ours) == f(theirs)
    np.testing.assert_array_equal(ours, theirs)


def shifted_into_what_it_reads(a, b, n):
    c = b if n > 1 else a
    c[1:4] += a[:3]
    c[2:5] += a[:3]
    c[:3] += a[:3]
    return np.sum(a * b)


@pytest.mark.parametrize("n", [1, 2])
def test_what_is_accumulated_may_be_where_it_is_read(n, in_python):
    ours, theirs = ([np.arange(5.0), np.ones(5)] for _ in range(2))
    assert sct.compile(shifted_into_what_it_reads, jit="numba", strict=True)(*ours, n) == shifted_into_what_it_reads(*theirs, n)
    np.testing.assert_array_equal(ours, theirs)


def an_int_or_not(x, n):
    s = 0
    for _ in range(n):
        s = s - np.sum(1.5)
    return np.sum(s * x)


def added_up(x, n):
    s = 0
    for k in range(n):
        s = s + x[k]
    return s


@pytest.mark.parametrize(("f", "n"), [(an_int_or_not, 0), (an_int_or_not, 2), (added_up, 2)])
@pytest.mark.filterwarnings("ignore::sct.JitWarning")
def test_numbers_of_several_types(f, n, in_python):
    x = np.array([0.25, 0.5, 2.0], np.float32)
    found, expected = sct.compile(f, jit="numba")(x, n), f(x, n)
    assert (type(found), found) == (type(expected), expected)


def bound_by_a_loop(x, n):
    for k in range(n):
        y = x[k]
    return y * x


def bound_by_a_branch(x, n):
    if n:
        y, count = x * x, 2
    total = 0.0
    for k in range(3):
        total += x[k] * count
    return np.sum(y) * total


def bound_by_what_it_was(x, n):
    for k in range(3):
        if k < n:
            y = np.sin(x)
        else:
            y = y * x
    return y


@pytest.mark.parametrize("f", [bound_by_a_loop, bound_by_a_branch, bound_by_what_it_was])
@pytest.mark.parametrize("transform", [sct.compile, sct.jvp])
def test_names_that_are_not_bound_are_missed(f, transform, in_python):
    x = np.array([0.25, 0.5, 2.0])
    compiled = transform(f, jit="numba", strict=True)
    more = () if transform is sct.compile else (np.ones(3),)
    with pytest.raises(UnboundLocalError, match="cannot access local variable"):
        compiled(x, 0, *more)
    found, expected = compiled(x, 1, *more), f(x, 1)
    np.testing.assert_allclose(found if transform is sct.compile else found[0], expected, rtol=1e-14)


@pytest.mark.filterwarnings("ignore::sct.JitWarning")
def test_what_is_not_bound_is_not_recorded(in_python):
    x, f = np.array([0.25, 0.5, 2.0]), bound_by_what_it_was
    ours, theirs = sct.vjp(f, jit="numba"), sct.vjp(f)
    for derivative in (ours, theirs):
        with pytest.raises(TypeError, match="NoneType"):
            derivative(x, 0, np.ones(3))
    np.testing.assert_array_equal(ours(x, 1, np.ones(3))[1], theirs(x, 1, np.ones(3))[1])
