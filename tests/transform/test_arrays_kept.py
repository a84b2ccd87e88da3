"""What the reverse sweep reads of an array that was written into since: it is kept as it was, read from a copy, or had back."""

import numpy as np
import pytest
from differences import check_gradient

import sct

X = np.array([0.4, -0.7, 1.1])


def entry_by_entry(x):
    e = np.exp(x)
    for i in range(1, x.shape[0]):
        e[i] += 0.5 * e[i - 1]
    return np.sum(e * e)


def in_a_branch(x):
    e = np.exp(x)
    if x[0] > 0.0:
        for i in range(x.shape[0]):
            e[i] *= 2.0
    return np.sum(e * e)


def swapped(x, n):
    a, b = np.exp(x), np.sin(x)
    for _ in range(n):
        b[1:] = 0.5 * a[:-1]
        a, b = b, a
    return np.sum(a * x)


def seen_through_a_view(x):
    """The first name sees what is written by way of the view, and the value from before the loop is none of the two."""
    e = np.exp(x)
    v = e[1:]
    for i in range(v.shape[0]):
        v[i] = 0.5 * e[0]
    return np.sum(e * e) + np.sum(v)


def two_loops(x):
    e = np.exp(x)
    for i in range(x.shape[0]):
        e[i] *= 2.0
    s = np.sum(e**3)
    for i in range(x.shape[0]):
        e[i] *= 0.5
    return s + np.sum(e * x)


def had_back(x):
    """Iterations read all of it as it was when they began, so that each undoes its write; then it is as before the loop."""
    e = np.exp(x)
    s = 0.0
    for i in range(x.shape[0]):
        s += np.sum(np.sin(e))
        e[i] = 0.5 * x[i]
    return s + np.sum(e * e)


@pytest.mark.parametrize(("f", "args", "undone"), [
    (entry_by_entry, (X,), 0),
    (in_a_branch, (X,), 0),
    (in_a_branch, (-X,), 0),
    (swapped, (X, 2), 0),
    (swapped, (X, 3), 0),
    (seen_through_a_view, (X,), 0),
    (two_loops, (X,), 0),
    (had_back, (X,), 1),
])  # fmt: skip
def test_what_is_kept(f, args, undone):
    check_gradient(f, *args)
    assert sum(e.restores for e in sct.grad(f).tape(*args).entries) == undone


def test_an_array_that_is_had_back_is_not_copied():
    assert sct.grad(had_back).source_for(X).count("copy(") == 0


def from_before(u, n):
    u = np.tanh(u)
    for _ in range(n):
        old = u.copy()
        d = u[1:] * u[:-1]
        u[1:] = old[:-1] * d + np.sin(u[1:])
        u[0] = old[0] * 0.5
    return np.sum(u * u)


def in_place_of_all(u, n):
    u = np.tanh(u)
    for _ in range(n):
        old = u.copy()
        d = u[1:] * u[:-1]
        u[:] = old[::-1] * np.sum(d) * old
    return np.sum(u * u)


def in_a_branch_of_a_loop(u, n):
    u = np.tanh(u)
    for k in range(n):
        if k != 1:
            old = u.copy()
            d = u[1:] * u[:-1]
            u[1:] = old[:-1] * d
        u[0] *= u[1]
    return np.sum(u * u)


def by_two_names(u, n):
    """The first name is the array that is written into, whichever is read."""
    v = np.tanh(u)
    w = v
    for _ in range(n):
        old = v.copy()
        w[1:] = v[:-1] * old[1:] * w[:-1]
        v[0] = old[0] * np.sin(w[1])
    return np.sum(w * u)


def written_too(u, n):
    """The copy is written into as well, when the array has been read."""
    u = np.tanh(u)
    for _ in range(n):
        old = u.copy()
        u[1:] = old[:-1] * old[1:] + np.sin(u[1:])
        old[0] = np.exp(u[0])
        u[:-1] = old[:-1] * old[1:]
    return np.sum(u * u)


def handed_on(u, n):
    """The copy is what the next iteration reads, and another name of it what that writes into."""
    u, old = np.tanh(u), np.cos(u)
    for _ in range(n):
        old[1:] = u[:-1] * old[1:] * old[:-1]
        s = np.sum(old * old)
        old = u.copy()
        u[1:] = np.sin(u[:-1]) * u[1:] * old[1:] * s
    return np.sum(u * old)


def as_it_lies(u, n):
    """A copy is laid out in another way, and entries are read in the order of that."""
    u = np.asfortranarray(u.reshape(1, -1) * np.ones((2, 1)))
    s = 0.0
    for _ in range(n):
        old = u.copy()
        flat = np.ravel(u, order="K")
        s += np.sum(np.sin(flat[:-1]) * flat[1:] * np.ravel(old, order="K")[:-1])
        u[:, 1:] = old[:, :-1] * np.sin(u[:, 1:])
    return s


@pytest.mark.parametrize(
    "f", [from_before, in_place_of_all, in_a_branch_of_a_loop, by_two_names, written_too, handed_on, as_it_lies]
)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_what_the_function_copies_is_read_from_the_copy(f, n):
    check_gradient(f, X, n)


@pytest.mark.parametrize(("f", "recorded"), [(from_before, {"old_tape"}), (in_place_of_all, {"old_tape", "total_tape"})])
def test_what_is_read_from_a_copy_is_not_recorded(f, recorded):
    assert {e.name for e in sct.grad(f).tape(X, 3).entries if e.count == 3} == recorded


def had_back_when_the_tape_is_empty(x, n):
    """What the loop begins with lies in the array that is had back after it."""
    e = np.exp(x)
    e[0] = 2.0 * e[1]
    y = e[1:]
    for _ in range(n):
        y = y * np.sin(y)
    return np.sum(y) * e[1]


def read_when_had_back(x, n):
    """What the last iteration of the reverse sweep has from the tape goes into the array that is had back after it."""
    e = np.exp(x)
    e[1] = 0.3 * e[0]
    y = e[1:]
    s = 0.0
    for k in range(n):
        y = y[::-1] * np.sin(y) * e[1]
        s += y[0] * e[k]
    e[1:] = e[:-1] * y
    return np.sum(e * e) + s


@pytest.mark.parametrize("f", [had_back_when_the_tape_is_empty, read_when_had_back])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_an_array_is_had_back_in_the_memory_of_what_was_on_a_tape(f, n):
    check_gradient(f, X, n)
    _, pull = sct.pullback(f, "x")(X, n)
    np.testing.assert_array_equal(pull(1.0), pull(1.0))  # the first call has left everything as it was


def test_it_is_not_copied():
    assert "copy" not in sct.grad(had_back_when_the_tape_is_empty).source_for(X, 3)
