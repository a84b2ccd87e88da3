"""What the fields of objects hold, in forward mode: written into in copies, whatever else is the same array or list.

Each function is compared with Python's own value, and with finite differences; and leaves its arguments as they were.
"""

import copy
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

import sct


def numbers(x):
    """All numbers in a result, in a row."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        return np.concatenate([numbers(i) for i in x]) if x else np.zeros(0)
    return np.ravel(np.asarray(x, dtype=float))


def check(f, given):
    """Compare the derivative of `f` by its first argument, an array of five, of which `given` makes the others."""
    x = np.array([1.0, 2.0, 3.0, -1.0, 0.5])
    t = np.array([0.3, -1.0, 0.7, 0.2, 1.1])

    def at(by):
        moved = x + by * t
        return numbers(f(moved, *given(moved)))

    args = (x, *given(x))
    before = copy.deepcopy(args)
    value, dot = sct.jvp(f)(*args, t)
    assert repr(args) == repr(before)
    np.testing.assert_array_equal(numbers(value), at(0.0))
    np.testing.assert_allclose(numbers(dot), (at(1e-6) - at(-1e-6)) / 2e-6, rtol=1e-5, atol=1e-6)
    value, push = sct.linearize(f)(*args)
    np.testing.assert_array_equal(numbers(value), at(0.0))
    for _ in range(2):
        np.testing.assert_allclose(numbers(push(t)), numbers(dot), rtol=1e-12, atol=1e-14)
    assert repr(args) == repr(before)


CASES = []


def case(given):
    return lambda f: CASES.append(pytest.param(f, given, id=f.__name__)) or f


@dataclass
class Model:
    h: np.ndarray
    log: list = field(default_factory=list)
    table: dict = field(default_factory=dict)
    part: object = None

    def step(self, x, n):
        for i in range(n):
            self.h[i] += x[i] * self.h[0]
            self.log.append(self.h[i])
        return self.log[-1] * self.log[0]


def made(x):
    return Model(np.arange(5.0) + 1.0, [2.0], {"a": np.ones(5), "b": np.ones(5)}, SimpleNamespace(h=np.ones(5)))


def one(x):
    return (made(x),)


@case(one)
def an_array_in_a_field(x, m):
    m.h[0] = x[1]
    return np.sum(m.h * x)


@case(lambda x: (SimpleNamespace(h=np.ones(5)),))
def a_namespace(x, m):
    m.h[1:] *= x[1:]
    return np.sum(m.h * x)


@case(lambda x: (made(x), 3))
def a_method(x, m, n):
    return m.step(x, n) + np.sum(m.h) * m.log[0]


@case(one)
def an_object_in_a_field(x, m):
    m.part.h[0] = x[1]
    m.h[:] = m.part.h * x
    return m.h


@case(one)
def a_list_in_a_field(x, m):
    m.log.append(x[0])
    m.log[0] = x[1] * m.log[-1]
    return m.log


@case(lambda x: (made(x), 4))
def a_list_in_a_field_that_grows(x, m, n):
    for i in range(n):
        m.log.append(x[i] * m.log[-1])
    return m.log


@case(lambda x: (made(x), 3))
def a_dict_in_a_field_under_a_branch(x, m, n):
    if n > 2:
        m.table["a"][1] = x[0]
        m.table["c"] = x
    m.table["b"] *= 2.0
    return [v * x for v in m.table.values()]


@case(lambda x: ([made(x), made(x)], 3))
def objects_in_a_list(x, ms, n):
    for i in range(n):
        ms[0].h[i], ms[1].h[0] = x[i] * ms[1].h[0], ms[0].h[i]
    return ms[0].h * ms[1].h


@case(lambda x: (made(x), 3))
def another_name_of_a_field(x, m, n):
    u = m.h if n > 2 else x
    u[0] = x[1]
    v = m.h[::-1]
    v *= x
    return m.h


@case(lambda x: (Model(x),))
def the_argument_in_a_field(x, m):
    x[0] *= 3.0
    return np.sum(x * m.h)


@case(lambda x: (Model(x[1:4]),))
def a_part_of_the_argument_in_a_field(x, m):
    m.h[0] *= x[0]
    return np.sum(x * x)


def turned(x):
    h = np.arange(5.0)
    return (SimpleNamespace(a=h, b=h[::-1]),)


@case(turned)
def two_fields_that_are_one_array(x, m):
    m.a[0] = x[0]
    m.b[0] *= x[1]
    return m.a * x + m.b


@case(lambda x: [made(x)] * 2)
def one_object_given_twice(x, m, k):
    m.h[0] = x[0]
    k.h[1] = x[1] * m.h[0]
    return m.h * k.h


def closing_over(table):
    def scaled(x, m):
        m.h[:] = table * x
        return m.h * table

    return scaled


CASES.append(pytest.param(closing_over(np.arange(5.0)), one, id="a_cell_that_is_read"))


@pytest.mark.parametrize("f, given", CASES)
def test_objects(f, given):
    check(f, given)


def test_a_bound_method():
    m, x, t = made(None), np.arange(5.0), np.ones(5)
    before = repr(m)
    _, dot = sct.jvp(m.step)(x, 3, t)
    assert repr(m) == before
    difference = (made(None).step(x + 1e-6 * t, 3) - made(None).step(x - 1e-6 * t, 3)) / 2e-6
    np.testing.assert_allclose(dot, difference, rtol=1e-6)


def test_a_field_that_changes_is_read_anew():
    m, x = made(None), np.arange(5.0)
    derivative = sct.jvp(an_array_in_a_field)
    first = derivative(x, m, x)[0]
    m.h = 2.0 * m.h
    assert derivative(x, m, x)[0] == an_array_in_a_field(x, copy.deepcopy(m)) != first
    m.h = np.float32(1.0) * np.ones(5, np.float32)
    assert derivative(x, m, x)[0] == an_array_in_a_field(x, copy.deepcopy(m))


def test_one_list_in_two_fields_is_refused():
    entries = [1.0]
    m, k = Model(np.ones(5), entries), Model(np.ones(5), entries)
    with pytest.raises(sct.ArgumentMemoryError, match="the arguments m.log and k.log share memory"):
        sct.jvp(lists_of_two)(np.ones(5), m, k, np.ones(5))


def lists_of_two(x, m, k):
    m.log[0] = x[0]
    return k.log[0] * x


def changed_and_used_whole(x, m):
    m.h[0] = x[0]
    return x, m


def entries_changed_and_used_whole(x, m):
    m.log.append(x[0])
    return x, m


def bumped(m, x, n):
    if n > 0:
        m.h[0] += x[n]
        return bumped(m, x, n - 1)
    return x[0]


def of_a_recursive_function(x, m):
    return bumped(m, x, 3) * m.h


@pytest.mark.parametrize("f", [changed_and_used_whole, entries_changed_and_used_whole, of_a_recursive_function])
def test_refused(f):
    m = made(None)
    before = repr(m)
    with pytest.raises(sct.UnsupportedSyntaxError, match="used as a whole|by a recursive function"):
        sct.jvp(f)(np.ones(5), m, np.ones(5))
    assert repr(m) == before
