"""Lists and dicts that change: while a loop goes through them, in one another, and in branches and loops."""

import numpy as np
import pytest
from differences import agree

import sct

X = np.array([1.0, 2.0, 3.0])


# -- loops through what is written into meanwhile ------------------------------------------------------------------------------


def next_item(x):
    items = [x[0], x[1], x[2]]
    for i, v in enumerate(items):
        if i < 2:
            items[i + 1] = items[i + 1] * v
    return items[2]


def other_entry(x):
    p = {"a": x[0], "b": x[1]}
    s = 0.0
    for k, v in p.items():
        p["b"] = p["b"] * v
        s += v * len(k)
    return s


def other_value(x):
    p = {"a": x[0], "b": x[1]}
    s = 0.0
    for v in p.values():
        p["b"] = p["b"] * v * 2
        s += v
    return s


def two_ways(x):
    items = [x[0], x[1] * 2, x[2]]
    other = items
    s = 0.0
    for u, v in zip(items, reversed(other)):
        items[1] = items[1] * u * v
        other[0] = v
        s += u * v
    return s + items[0]


def in_a_loop(x, n):
    items = [x[0], x[1], x[2]]
    s = 0.0
    for _ in range(n):
        for i, v in enumerate(items):
            items[(i + 1) % 3] = items[(i + 1) % 3] + 0.1 * v * v
            s += v
    return s + items[0]


def over_a_copy(x):
    items = [x[0], x[1], x[2]]
    for v in items[:]:
        items.append(v * v)
    return sum(items)


def given(p):
    s = 0.0
    for v in p.values():
        p["b"] = p["b"] * v
        s += v
    return s


@pytest.mark.parametrize(
    ("f", "args"),
    [(next_item, ()), (other_entry, ()), (other_value, ()), (two_ways, ()), (in_a_loop, (3,)), (over_a_copy, ())],
)
def test_a_loop_sees_what_is_written(f, args):
    agree(f, X, *args)


def test_a_loop_sees_what_is_written_into_an_argument():
    p = {"a": 2.0, "b": 3.0}
    assert sct.grad(given)(p) == {"a": 1.0 + 3.0, "b": 2.0}
    assert p == {"a": 2.0, "b": 3.0}


# -- containers in containers, and lists that stay empty -----------------------------------------------------------------------


def nested_growing(x, n):
    L = [[x[0]]]
    for i in range(n):
        L[0].append(x[i])
    return sum(L[0])


def nested_entry(x, n):
    d = {"a": [x[0]]}
    for i in range(n):
        d["a"][0] = d["a"][0] * x[i]
    return sum(d["a"])


def nested_in_a_branch(x, n):
    L = [[x[0]]]
    if x[1] > 0:
        L[0].append(x[1])
    else:
        L[0].append(x[2])
    return sum(L[0])


def lists_in_a_dict(x, n):
    d = {"a": [], "b": []}
    for i in range(n):
        d["a"].append(x[i] ** 2)
        d["b"].append(x[i] * x[0])
    return sum(d["a"]) * sum(d["b"])


def dict_in_a_list(x, n):
    L = [{"a": x[0]}]
    for i in range(n):
        L[0]["a"] = L[0]["a"] * x[i]
    return L[0]["a"]


def lists_in_a_tuple(x, n):
    t = ([x[0]], [x[1]])
    i = 0
    while i < n:
        t[0].append(t[1][0] * x[i])
        i += 1
    return sum(t[0])


def several_containers(x, n):
    d = {"h": [x[0]], "c": {"k": x[1]}}
    for i in range(n):
        if x[i] > 1.5:
            d["h"].append(x[i] * d["c"]["k"])
        d["c"]["k"] = d["c"]["k"] * 2.0
    return sum(d["h"]) * d["c"]["k"]


def part_of_a_list(x, n):
    q = [x[0], x[1], x[2]]
    for i in range(n):
        c = q[1:]
        c[0] = c[0] * x[i]
        q[0] = q[0] + c[0]
    return sum(q)


def written_twice(x):
    y = np.zeros((3, 3))
    s = 0.0
    for i in range(3):
        v = np.exp(x * 0.1 * i)
        y[i, [0, 0, 1]] = v
        s += np.sum(np.sin(v))
    return s + np.sum(y * y)


def sum_of_none(x, n):
    h = []
    for i in range(n):
        h.append(x[i])
    return sum(h) + x[0]


def none_that_is_large(x, n):
    h = []
    for i in range(n):
        if x[i] > 100.0:
            h.append(x[i])
    M = np.array(h)
    return sum(h) + x[0] + np.sum(M)


def copied_by_array(x, n):
    h = []
    for i in range(n):
        h.append(x[i])
    M = np.array(h)
    M[0] *= M[1]
    return np.sum(M) * h[0]


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (nested_growing, (3,)),
        (nested_entry, (3,)),
        (nested_in_a_branch, (3,)),
        (lists_in_a_dict, (3,)),
        (dict_in_a_list, (3,)),
        (lists_in_a_tuple, (3,)),
        (several_containers, (3,)),
        (part_of_a_list, (3,)),
        (written_twice, ()),
        (sum_of_none, (0,)),
        (sum_of_none, (2,)),
        (none_that_is_large, (3,)),
        (copied_by_array, (3,)),
    ],
)
def test_containers_in_containers(f, args):
    agree(f, X, *args)


def written_before_a_branch(x):
    items = [x[1], x[0]]
    d = {"h": items[:]}
    d["h"][-1] *= 2.0 * x[2]
    if items[0] > 9.0:
        d["h"] = items[:]
    return d["h"][-1]


def state_with_a_history(x, n):
    state = {"h": x[0], "history": [x[1]]}
    for _ in range(n):
        state["h"] = np.tanh(state["h"]) * x[2]
        state["history"].append(state["h"])
    return sum(state["history"]) * state["h"]


@pytest.mark.parametrize(("f", "args"), [(written_before_a_branch, ()), (state_with_a_history, (3,))])
def test_lists_in_dicts_that_change(f, args):
    agree(f, X, *args)
