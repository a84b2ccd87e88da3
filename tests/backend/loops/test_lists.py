"""Lists whose length is only known at run time, as lists of a kernel: values, aliases, empty ones, and indices that are out of
range."""

import numpy as np
import pytest
from nests.outcomes import in_python, outcome

import sct

pytest.importorskip("numba")


def grown(x, n):
    squares = []
    for k in range(n):
        squares.append(x[k] ** 2)
    return np.sum(np.array(squares) * 2.0)


def by_its_last(x, n):
    path = [x[0]]
    for k in range(n):
        path.append(np.sin(path[-1]) * x[k] + path[0])
    return path[n // 2] * path[-1] + len(path)


def of_rows(x, n):
    rows = [x]
    for k in range(n):
        rows.append(np.tanh(rows[-1]) * x[k])
    return np.stack(rows[1:])


def taken_off(x, n):
    stack = [v * 2.0 for v in x]
    total = 0.0
    while stack:
        v = stack.pop()
        if v > 0.5 and len(stack) < n:
            stack.append(v * 0.25)
        total = total + v * v
    return total


def swapped(x, n):
    a, b = [v for v in x], [v * v for v in x]
    for k in range(n):
        a[k], b[k] = b[k], a[k] * 2.0
        if k % 2:
            a, b = b, a
    return a[0] * b[1] + a[1]


def under_two_names(x, n):
    a = [0.0] * len(x)
    b = a
    for k in range(n):
        b[k] = x[k] * 3.0
        a[k] += x[0]
    return a[0] * a[n - 1] + sum(b)


def copied(x, n):
    a = [v for v in x]
    b = list(a)
    for k in range(n):
        b[k] = b[k] * x[0]
    return a[0] * b[0] + sum(b[1:])


def in_lists(x, n):
    triangle = []
    for i in range(n):
        row = []
        for j in range(i + 1):
            row.append(x[i] * x[j])
        triangle.append(row)
    return triangle[n - 1][0] + triangle[-1][-1]


def of_flags(x, n):
    flags = []
    for v in x:
        flags.append(v > 0.0)
    return sum(v * 2.0 for v, f in zip(x, flags) if f) + n


def sorted_by_insertion(x, n):
    ordered = []
    for v in x:
        k = 0
        while k < len(ordered) and ordered[k] < v:
            k += 1
        ordered.insert(k, v * 1.0)
    return ordered[0] * ordered[n]


FUNCTIONS = [
    grown,
    by_its_last,
    of_rows,
    taken_off,
    swapped,
    under_two_names,
    copied,
    in_lists,
    of_flags,
    sorted_by_insertion,
]


@pytest.mark.parametrize("way", ["vjp", "jvp", "value"])
@pytest.mark.parametrize("n", [3, 0, 4])
@pytest.mark.parametrize("f", FUNCTIONS)
def test_as_numpy(f, n, way):
    with in_python():
        found = outcome(f, (np.array([0.3, -0.7, 1.4, 0.9]), n), (0,), way)
    assert found is None or found.kind == "agrees", found


def past_the_end(x, n):
    a = [v for v in x]
    return a[n] * x[0]


def from_nothing(x, n):
    a = [v for v in x]
    total = 0.0
    for _ in range(n):
        total += a.pop()
    return total


def written_past_the_end(x, n):
    a = [0.0] * len(x)
    for k in range(n):
        a[k] = x[0]
    return a[0]


@pytest.mark.parametrize("f", [past_the_end, from_nothing, written_past_the_end])
def test_an_index_out_of_range(f, in_python):
    compiled = sct.compile(f, jit="numba", strict=True)
    with pytest.raises(IndexError):
        compiled(np.ones(3), 7)


def of_several_types(x, n):
    a = [0] * n
    for k in range(n):
        a[k] = x[k] if k else 1
    return a[0] // 2 + a[1]


def strings(x, n):
    names = {}
    for k in range(n):
        names[str(k)] = x[k]
    return names["0"]


@pytest.mark.parametrize("f", [of_several_types, strings])
def test_left_to_numpy(f, in_python):
    with pytest.raises(sct.JitError):
        sct.vjp(f, jit="numba", strict=True)(np.ones(3), 2, 1.0)


def test_compiled_lists():
    x = np.array([0.3, -0.7, 1.4, 0.9])
    for f in (by_its_last, of_rows):
        bar = np.ones(np.shape(f(x, 3)))[()]
        for a, b in zip(sct.vjp(f, jit="numba", strict=True)(x, 3, bar), sct.vjp(f)(x, 3, bar), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)
