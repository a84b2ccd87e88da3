"""Sums that stride over memory go through it in order, where nothing that is read or written comes in another order."""

import ast

import numpy as np
import pytest
from nests.outcomes import in_python, outcome

import sct
from sct.backend.loops.forms import Branch, Elem, Loop, Name, Num, Put, Ref, Set, op
from sct.backend.loops.interchange import interchanged

pytest.importorskip("numba")


def of_columns(a, b):
    """A matrix and its products of columns, of which each is written at two places."""
    n, m = a.shape
    c = np.zeros((m, m))
    for i in range(m):
        for j in range(i, m):
            total = 0.0
            for k in range(n):
                total += a[k, i] * a[k, j]
            c[i, j] = total
            c[j, i] = c[i, j]
    return np.sum(c * b[0, 0])


def into_entries(a, b):
    """The sum is in an entry, which is scaled behind it."""
    n, m = a.shape
    c = np.zeros((m, m))
    for i in range(m):
        for j in range(i, m):
            c[i, j] = b[0, 0]
            for k in range(n):
                c[i, j] += a[k, i] * a[k, j]
            c[i, j] /= n + 1.0
            c[j, i] = c[i, j]
    return np.sum(c * c)


def of_rows(a, b):
    """Each step adds to a part of a row."""
    n, m = a.shape
    c = np.zeros((n, n))
    for i in range(n):
        for k in range(m):
            c[i, : i + 1] += b[0, 0] * a[i, k] * a[: i + 1, k]
    return np.sum(c * c)


def of_negatives(a, b):
    """Terms are taken away; one of the numbers that they need is costly."""
    n, m = a.shape
    c = np.zeros(m)
    for j in range(m):
        scale = np.exp(b[0, j])
        total = 0.5
        for i in range(n):
            total -= a[i, j] * scale
        c[j] = total * scale
    return np.sum(c * c)


def backwards(a, b):
    """Loops that count down, from and to other numbers than the first and the last."""
    n, m = a.shape
    c = np.ones(m + 2)
    for j in range(m - 1, 0, -1):
        for k in range(n - 1, -1, -1):
            c[j + 2] += a[k, j] * b[k, j - 1]
        c[j + 2] *= a[0, j]
    return np.sum(c * c)


def of_another_iteration(a, b):
    """A sum reads what an earlier iteration has written."""
    n, m = a.shape
    a = a.copy()
    for j in range(1, m):
        total = 0.0
        for k in range(n):
            total += a[k, j] * a[k, j - 1]
        a[0, j] = total * b[0, j]
    return np.sum(a)


def of_later_columns(a, b):
    """A sum is scaled by what has been added to before, and is added to later on."""
    n, m = a.shape
    c = np.ones(m + 1)
    for j in range(m):
        for k in range(n):
            c[j] += a[k, j] * b[k, j]
        c[j + 1] = c[j] * c[j + 1]
    return np.sum(c)


def of_a_number_that_lasts(a, b):
    """A number that one iteration leaves for the next one."""
    n, m = a.shape
    c = np.zeros(m)
    scale = b[0, 0]
    for j in range(m):
        for k in range(n):
            c[j] += a[k, j] * scale
        scale = scale * c[j]
    return np.sum(c) + scale


def of_some_columns(a, b):
    """A number that is set under a condition."""
    n, m = a.shape
    c = np.zeros(m)
    scale = b[0, 0]
    for j in range(m):
        if a[0, j] > 0.0:
            scale = b[0, j]
        for k in range(n):
            c[j] += a[k, j] * scale
    return np.sum(c * c)


def of_one_column(a, b):
    """Nothing is gained: the sum is over one column in each iteration."""
    n, m = a.shape
    c = np.zeros(m)
    for j in range(m):
        total = 0.0
        for k in range(n):
            total += a[k, 0] * b[k, 1]
        c[j] = total * j
    return np.sum(c)


def products(a, b):
    n, m = a.shape
    c = np.zeros(m, a.dtype)
    for j in range(m):
        for k in range(n):
            c[j] += a[k, j] * b[k, j]
    return c


def of_rows_in_turn(a, b):
    """The last axis is that of the loop around, and each sum is in one entry."""
    n, m = a.shape
    c = np.zeros((n, 1))
    for i in range(m):
        for k in range(5):
            c[k, 0] += a[k, i] * b[k, i]
    return np.sum(c * c)


def of_what_it_adds_to(a, b):
    """A sum reads what it is added to, or another one so far."""
    n, m = a.shape
    c = np.ones((n + 1, m))
    for j in range(m):
        for k in range(n):
            c[k + 1, j] += c[k, j] * a[k, j]
    for j in range(m):
        total = 0.0
        for k in range(n):
            total += a[k, j] * b[k, j]
            c[0, j] += total * b[k, j]
    return np.sum(c)


GAINING = {
    of_columns: ("k", "j"),
    into_entries: ("k", "j"),
    of_rows: ("j", "k"),
    of_negatives: ("i", "j"),
    backwards: ("k", "j"),
    of_rows_in_turn: ("k", "i"),
}
LEFT = [of_another_iteration, of_later_columns, of_a_number_that_lasts, of_some_columns, of_one_column, of_what_it_adds_to]


def _nests(f):
    """Which loop is around which innermost one, by the letters of their variables, where something is added to."""
    text = sct.compile(f, jit="numba").source_for(np.ones((5, 4)), np.ones((5, 4)))
    loops = [s for s in ast.walk(ast.parse(text)) if isinstance(s, ast.For)]
    return {
        (s.target.id, t.target.id)
        for s in loops
        for t in s.body
        if isinstance(t, ast.For) and any(isinstance(u, ast.AugAssign) for u in t.body)
    }


@pytest.mark.parametrize("f", [*GAINING, *LEFT])
@pytest.mark.parametrize("shape", [(5, 4), (0, 0)])
def test_as_numpy(f, shape):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(shape), rng.standard_normal((5, 4))
    with in_python():
        found = outcome(f, (a, b), (0, 1), "vjp")
    assert found.kind == "agrees", found


@pytest.mark.parametrize("f", GAINING)
def test_sums_go_through_memory_in_order(f):
    inner, outer = GAINING[f][::-1]
    found = _nests(f)
    assert (outer, inner) in found and (inner, outer) not in found, found


@pytest.mark.parametrize("f", LEFT)
def test_what_gains_nothing_or_depends_on_what_comes_before_is_left(f):
    found = _nests(f)
    assert ("j", "k") in found and ("k", "j") not in found, found


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_numbers_that_are_not_finite(dtype):
    a = np.ones((9, 3), dtype)
    a[4, 1] = np.nan
    a[5, 2] = np.inf
    b = np.ones((9, 3), dtype)
    with in_python(), np.errstate(invalid="ignore"):
        found = sct.compile(products, jit="numba", strict=True)(a, b)
        expected = products(a, b)
    np.testing.assert_array_equal(found, expected, strict=True)


def test_an_entry_is_read_only_where_something_is_added_to_it():
    number, integer = np.dtype(float), np.dtype(int)
    a, c = Name("a", number, 2), Name("c", number, 1)
    i, k, n = (Name(hint, integer) for hint in "ikn")
    added = Put(Elem(c, (Ref(k),)), Elem(a, (Ref(k), Ref(i))), "+")
    loop = Loop(i, Num(0), Ref(n), [Loop(k, Num(0), Num(5), [added], nest=False)], nest=False)
    (found,) = interchanged([loop], lambda m, other: m is other)
    assert isinstance(found, Branch) and found.test == op("<", Num(0), Ref(n))
    (outer,) = found.then
    assert [type(s) for s in outer.body] == [Set, Loop, Put]
