"""Names that may stand for one object: followed where it is known, otherwise refused when compiled or at the call."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from differences import arrays
from sources import define

import sct

X = np.array([1.0, 2.0, 3.0])


@dataclass(eq=False)
class Holder:
    a: Any


def agrees(f, *args, wrt=0):
    """The value beside the gradient is the function's own; the gradient is that of finite differences."""
    for optimize in (True, False):
        given = copy.deepcopy(args)
        found, _ = sct.pullback(f, wrt, optimize=optimize)(*given)
        np.testing.assert_equal(found, f(*copy.deepcopy(args)))
        np.testing.assert_equal(state(given), state(args))
    sct.check_grads(f, args, wrt)


def state(args):
    """Arguments with what objects hold in place of these."""
    return [vars(a) if isinstance(a, Holder) else a for a in args]


def refused(f, *args, match="may share memory with"):
    for optimize in (True, False):
        with pytest.raises(sct.UnsupportedSyntaxError, match=match):
            sct.grad(f, optimize=optimize)(*args)


# -- entries of arguments -----------------------------------------------------------------------------------------------------


def stacked(z):
    z[0] *= 2.0
    return np.sum(np.stack(z) ** 2)


def returned(d):
    d["a"][0] = 5.0
    return d


def swapped(d):
    d["a"], d["b"] = d["b"], d["a"]
    d["a"][0] = d["b"][1]
    return d


def rebound(d):
    for _ in range(3):
        d["a"][0] = d["a"][0] * d["b"][1]
        d = {"a": d["a"] * 1.5, "b": d["b"]}
    return d


def nested(d):
    d["p"]["w"][1:] *= d["p"]["b"]
    inner = d["p"]
    inner["b"] = 2.0 * inner["b"]
    return d


def in_a_branch(z):
    if z[1][0] > 0:
        z[0][1] = z[1][2] ** 2
    return np.sum(np.stack(z))


@pytest.mark.parametrize(
    ("f", "arg"),
    [
        (stacked, [X, X + 1]),
        (returned, {"a": X}),
        (swapped, {"a": X, "b": X + 1}),
        (rebound, {"a": X, "b": X + 1}),
        (nested, {"p": {"w": X, "b": 0.5}}),
        (in_a_branch, [X, X + 1]),
        (in_a_branch, [X, -X]),
    ],
    ids=lambda p: getattr(p, "__name__", None),
)
def test_a15_a_write_into_an_entry_of_an_argument_is_seen_in_the_argument(f, arg):
    agrees(f, arg)


def one_side_loops(z, A, n):
    if n % 2 == 0:
        for row in A:
            z, _ = z, row  # noqa: PLW0127
            z[0], row = row, z[0]
    return np.sum(np.stack(z) ** 2)


@pytest.mark.parametrize("n", [2, 3])
def test_an_argument_of_which_one_branch_writes_into_an_entry(n):
    agrees(one_side_loops, [X, X + 1], np.outer(X, X), n, wrt=(0, 1))


# -- loops --------------------------------------------------------------------------------------------------------------------


def written_then_rebound(x, z):
    for _ in range(2):
        z[0] = 5.0
        z = z * 1.0
    return np.sum(x * z)


def test_a15_an_argument_that_a_loop_writes_into_and_rebinds():
    agrees(written_then_rebound, X, X + 1)
    for optimize in (True, False):
        with pytest.raises(sct.ArgumentMemoryError, match="the arguments x and z share memory"):
            sct.grad(written_then_rebound, ("x", "z"), optimize=optimize)(X, X)


def line_search(x, n):
    u, v = x, x * 1.0
    for _ in range(n):
        v[:] = 0.9 * u
        if np.sum(v) > 0.0:
            u, v = v, u
    return np.sum(x * u)


def two_buffers(x, n):
    u, v = x.copy(), np.zeros_like(x)
    for _ in range(n):
        v[:] = 0.9 * u
        if np.sum(v) > 0.0:
            u, v = v, u
    return np.sum(x * u)


def test_a15_a_swap_in_a_branch_with_a_third_name():
    agrees(line_search, X, 3)
    agrees(line_search, X - 3, 3)
    agrees(two_buffers, X, 3)


def three_buffers(x, n):
    a, b, c = x.copy(), x * 2.0, x * 3.0
    for i in range(n):
        a[i % 3] = b[0] * c[1]
        a, b, c = b, c, a
    return np.sum(a) + 2.0 * np.sum(b) + 3.0 * np.sum(c)


def shifted(x, n):
    old = x * 2.0
    new = x * 3.0
    for i in range(n):
        old = new
        new = old * x[i]
        new[0] = old[1]
    return np.sum(new * old)


def test_buffers_that_a_loop_hands_on():
    agrees(three_buffers, X, 5)
    agrees(shifted, X, 3)


def an_array_in_a_list(x, n):
    w = x.copy()
    a = [w, x * 2.0]
    for i in range(n):
        w[i] *= a[1][1]
        a[1] = w * 2.0
    return np.sum(a[1])


def test_an_entry_beside_one_that_is_written_into():
    agrees(an_array_in_a_list, X, 3)


def collected(x, n):
    xs = []
    a = np.zeros(3)
    for i in range(n):
        a[0] = x[i]
        xs.append(a)
    return np.sum(np.stack(xs))


def handed_to_the_next(x, n):
    a, b = x * 1.0, x * 2.0
    for _ in range(n):
        a[0] = 3.0
        b = a
    return np.sum(a * b)


def test_names_that_a_loop_makes_one():
    agrees(collected, X, 3)
    agrees(handed_to_the_next, X, 3)


def handed_over_and_replaced(x, z, n):
    y = x * 2.0
    for _ in range(n):
        y, x = x, y
        for row in z:
            x = row
    x[0] = 5.0
    return np.sum(y)


def test_what_a_loop_hands_over_before_it_is_replaced():
    agrees(handed_over_and_replaced, X, [X + 1, X + 2], 3)


def until(x, n):
    u, v = x * 1.0, x
    k = 0
    while k < n and np.sum(x) < 100.0:
        v[0] = 3.0
        if u[1] > 0.0:
            u, v = v, u
        k += 1
    return np.sum(v)


def handed_to_what_a_growing_list_began_with(x, y, n):
    p = [y, np.ones(3)]
    for _ in range(n):
        x *= 0.8
        x, y = (y, y + x)
        p.append(0.9 * y)
    return np.sum(p[1] * p[0])


def left_as_what_a_growing_list_began_with(x, y, n):
    p = [x, y]
    for _ in range(n):
        p.append(0.9 * x)
        x = y * 1.1
    x *= 0.8
    return np.sum(p[len(p) // 2]) + np.sum(p[0])


def test_a_name_comes_to_be_what_a_list_began_with_that_grows():
    agrees(handed_to_what_a_growing_list_began_with, 0.5 * X, X, 3, wrt=(0, 1))
    agrees(left_as_what_a_growing_list_began_with, 0.5 * X, X, 0, wrt=(0, 1))


def test_the_test_of_a_while_loop_reads():
    agrees(until, X, 3)


# -- what is handed on is not read --------------------------------------------------------------------------------------------


def let_go(x, y):
    z = x if y[0] > 0.0 else y
    z[0] = 3.0
    x, y = z * 2.0, x
    return np.sum(x)


def one_of_both(x, y):
    if y[0] > 0.0:
        a, b = x, x
    else:
        a, b = y, y
    a[0] = 3.0
    return np.sum(b)


def first_of_two(a, b):
    return np.sum(a)


def helped(x, y):
    z = x if y[0] > 0.0 else y
    z[0] = y[1]
    pair = [z, x]
    return first_of_two(pair[0], pair[1])


@pytest.mark.parametrize("f", [let_go, helped, one_of_both], ids=lambda f: f.__name__)
def test_a_name_that_is_only_handed_on_is_not_read(f):
    agrees(f, X, X + 1, wrt=(0, 1))
    agrees(f, X, -X, wrt=(0, 1))


# -- arrays that objects hold -------------------------------------------------------------------------------------------------


def with_field(x, h):
    x[0] = 5.0
    return np.sum(x * h.a)


def with_entries(x, h):
    x[0] = 5.0
    return np.sum(x * h.a["k"][0])


def with_function(x, scale):
    x[0] = 5.0
    return np.sum(x * scale(2.0))


def scaled_by(c):
    def scale(t):
        return t * c

    return scale


@pytest.mark.parametrize(
    ("f", "make"),
    [
        (with_field, Holder),
        (with_field, lambda x: Holder(x[::-1])),
        (with_entries, lambda x: Holder({"k": [x]})),
    ],
)
def test_a7_an_argument_that_another_one_holds(f, make):
    agrees(f, X, make(X.copy()))
    direction = np.array([0.3, -1.0, 0.5])[: len(X)]
    x = X.copy()
    assert sct.grad(f)(x, make(x)) @ direction == pytest.approx(sct.jvp(f)(x, make(x), direction)[1], rel=1e-12)
    np.testing.assert_array_equal(x, X)


def test_a7_an_argument_that_a_function_holds():
    with pytest.raises(sct.ArgumentMemoryError, match="share memory, and the function writes into x"):
        sct.grad(with_function)(X, scaled_by(X))
    agrees(with_function, X, scaled_by(X.copy()))


HELD = Holder(X)


def test_a7_an_argument_that_data_from_outside_holds():
    def f(x):
        x[0] = 5.0
        return np.sum(x * HELD.a)

    with pytest.raises(sct.ArgumentMemoryError, match="x and HELD.a share memory"):
        sct.grad(f)(X)
    agrees(f, X.copy())


# -- numbers that become arrays -----------------------------------------------------------------------------------------------


def total(x, n):
    s = 0.0
    for i in range(n):
        s += x * i
    return np.sum(s * s)


def several_ways(x, n):
    s = 0
    for i in range(n):
        s += x * (i + 1)
        s *= 2.0
        s -= x
    return np.sum(s * x)


def of_rows(A):
    s = 0.0
    for row in A:
        s += row * row
    return np.sum(s)


def number_or_argument(x, n):
    s = 0.0
    if n > 2:
        s = x
    s += 2.0 * x.copy()
    return np.sum(s)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_b4_a_number_that_becomes_an_array_by_adding(n):
    agrees(total, X, n)
    agrees(several_ways, X, n)
    agrees(total, np.outer(X, X), n)
    agrees(of_rows, np.outer(X, X)[: n + 1])
    agrees(number_or_argument, X, n)


def test_b4_a_number_or_an_argument_that_is_added_to_and_read():
    def f(x, n):
        s = 0.0
        if n > 2:
            s = x
        s += 1.0
        return np.sum(s * x)

    agrees(f, X, 2)
    agrees(f, X, 3)


# -- one array under two names, followed ---------------------------------------------------------------------------------------


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


def one_array_twice_in_a_list(p):
    v = np.ones(3)
    L = [v, v]
    for _ in range(2):
        L[1] /= 2.5
    return v * p[0]


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


P, Q = np.array([0.45, 0.61, 0.72, 0.87]), np.array([0.48, -0.24, 0.96, -0.2])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (display_in_a_branch, (P,)),
        (display_in_a_branch, (P + 1.0,)),
        (display_in_a_loop, (P,)),
        (one_array_twice_in_a_list, (P,)),
        (one_object_in_a_list_twice, (P,)),
        (items_swapped, (P, Q)),
    ],
)
def test_one_array_under_two_names(f, args, order):
    sct.check_grads(f, args, arrays(args), order=order)


# -- one memory under two names, by ways that a loop or a choice makes ---------------------------------------------------------


def name_rebound_in_a_loop(x, n):
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
        (name_rebound_in_a_loop, (P, 4)),
        (list_that_swaps, (P, 3)),
        (one_list_or_another, (P,)),
        (read_through_the_other, (P,)),
        (list_rebound, (P, 3)),
    ],
)
def test_two_names_by_a_loop_or_a_choice(f, args):
    agrees(f, *args)


@pytest.mark.parametrize("n", [0, 4])
def test_a_name_that_is_none_or_an_array(n):
    agrees(none_before, P, n)


def alias_of_an_item(x, n):
    d = {"k": x[0], "v": [x[0], x[1]]}
    p = d["v"]
    for _ in range(n):
        d["k"] = np.tanh(d["k"])
        p[0] += d["v"][0] * x[1]
    return sum(d["v"]) * d["k"]


def alias_from_a_loop(x, n):
    items = [[x[1], x[0]], [x[2]]]
    p = [x[0], x[1]]
    for _ in range(n):
        p = items[1]
    p.append(x[0])
    return sum(items[1])


def item_replaced_in_a_branch(x):
    items = [x[1], x[0]]
    d = {"h": items[:]}
    p = d["h"]
    if items[0] > 0.9:
        d["h"] = items[:]
    p[0] = x[2]
    return d["h"][0]


@pytest.mark.parametrize(("f", "args"), [(alias_from_a_loop, (2,)), (item_replaced_in_a_branch, ())])
def test_an_alias_of_an_item_that_changes(f, args):
    agrees(f, X, *args)


def test_an_alias_of_an_item_beside_a_number_is_refused():
    refused(alias_of_an_item, X, 2)


# -- lists and dicts of an argument under another name on some path ------------------------------------------------------------

CHOSEN = {
    "reversed by the other name": """
    if n > 2:
        p = z
    z.reverse()
    return np.sum(p[0] * x)
""",
    "rebound by the other name": """
    if n > 2:
        p = z
    z[0] = x
    return np.sum(p[0] * x)
""",
    "grown by the other name": """
    if n > 2:
        p = z
    z.append(x)
    return np.sum(p[-1] * x)
""",
    "an item written into": """
    if n > 2:
        p = z
    z[0] += x
    return np.sum(p[0] * x)
""",
    "a name that stood for another list": """
    p = w
    if n > 2:
        p = z
    z[0] = x
    return np.sum(p[0] * x)
""",
    "written by the chosen name": """
    if n > 2:
        p = z
    else:
        p = w
    p[0] = x
    return np.sum(z[0] * x)
""",
    "written by a name of one path": """
    if n > 2:
        p = z
    p[0] = x
    return np.sum(z[0] * x)
""",
    "a dict": """
    if n > 2:
        p = d
    d['a'] = x
    return np.sum(p['a'] * x)
""",
    "a dict, written by the chosen name": """
    if n > 2:
        p = d
    p['a'] = x
    return np.sum(d['a'] * x)
""",
    "a list in a list": """
    q = [[x * 1.0], z]
    if n > 2:
        p = q[1]
    z[0] = x
    return np.sum(p[0] * x)
""",
    "in a branch of a loop": """
    for i in range(n):
        if i == 1:
            p = z
    z[0] = x
    return np.sum(p[0] * x)
""",
    "written in a loop": """
    for i in range(n):
        if i == 1:
            p = z
        if i > 1:
            p[0] = x * i
    return np.sum(z[0] * x)
""",
    "in a tuple": """
    t = (z, w)
    if n > 2:
        p = t
    z[0] = x
    return np.sum(p[0][0] * x)
""",
    "tuples of lists": """
    if n > 2:
        t = (z, w)
    else:
        t = (w, z)
    t[0][0] = x
    return np.sum(z[0] * x)
""",
    "a conditional expression": """
    p = z if n > 2 else w
    z[0] = x
    return np.sum(p[0] * x)
""",
    "a list that grew": """
    q = []
    for i in range(n):
        q.append(x * i)
    if n > 2:
        p = q
    q.append(x)
    return np.sum(p[-1] * x)
""",
    "after an early return": """
    if n < 2:
        return np.sum(x)
    p = z
    z[0] = x
    return np.sum(p[0] * x)
""",
    "an item of one path": """
    if n > 2:
        p = z[0]
    z[0] = x
    return np.sum(p * x)
""",
    "an item of one path, written into": """
    if n > 2:
        p = z[0]
    z[0][1] = x[0]
    return np.sum(p * x)
""",
}

COPIED = {
    "list": """
    p = list(z)
    z[0] = x
    return np.sum(p[0] * x) + np.sum(z[0] * x)
""",
    "list, written": """
    p = list(z)
    p[0] = x
    return np.sum(z[0] * x)+ np.sum(p[0] * x)
""",
    "a slice": """
    p = z[:]
    z[0] = x
    return np.sum(p[0] * x)+ np.sum(z[0] * x)
""",
    "copy": """
    p = z.copy()
    z[0] = x
    return np.sum(p[0] * x)+ np.sum(z[0] * x)
""",
    "copy, written": """
    p = z.copy()
    p[0] = x
    return np.sum(z[0] * x)+ np.sum(p[0] * x)
""",
    "dict": """
    p = dict(d)
    d['a'] = x
    return np.sum(p['a'] * x)+ np.sum(d['a'] * x)
""",
    "dict, written": """
    p = dict(d)
    p['a'] = x
    return np.sum(d['a'] * x)+ np.sum(p['a'] * x)
""",
    "copy of a dict": """
    p = d.copy()
    d['a'] = x
    return np.sum(d['a'] * x)+ np.sum(p['a'] * x)
""",
    "two dicts": """
    p = d | {'c': x}
    d['a'] = x
    return np.sum(d['a'] * x)+ np.sum(p['a'] * x)
""",
    "a display": """
    p = [*z]
    z[0] = x
    return np.sum(z[0] * x)+ np.sum(p[0] * x)
""",
    "a display of a dict": """
    p = {**d}
    d['a'] = x
    return np.sum(d['a'] * x)+ np.sum(p['a'] * x)
""",
    "a sum": """
    p = z + []
    z[0] = x
    return np.sum(z[0] * x)+ np.sum(p[0] * x)
""",
    "reversed": """
    p = list(reversed(z))
    z[0] = x
    return np.sum(z[0] * x)+ np.sum(p[-1] * x)
""",
    "a comprehension": """
    p = [v for v in z]
    z[0] = x
    return np.sum(z[0] * x)+ np.sum(p[0] * x)
""",
    "values": """
    p = list(d.values())
    d['a'] = x
    return np.sum(d['a'] * x)+ np.sum(p[0] * x)
""",
    "a tuple": """
    p = tuple(z)
    z[0] = x
    return np.sum(z[0] * x)+ np.sum(p[0] * x)
""",
    "in a loop": """
    for i in range(n):
        p = list(z)
        z[0] = x * i
    return np.sum(z[0] * x)+ np.sum(p[0] * x)
""",
    "in a branch": """
    if n > 2:
        p = list(z)
    else:
        p = w
    z[0] = x
    return np.sum(z[0] * x)+ np.sum(p[0] * x)
""",
    "over a name in a branch": """
    p = z
    if n > 2:
        p = list(z)
        p[1] = x
    return np.sum(z[1] * x)+ np.sum(p[0] * x)
""",
    "extended": """
    q = []
    q.extend(z)
    z[0] = x
    return np.sum(z[0] * x)+ np.sum(q[0] * x)
""",
    "updated": """
    q = {}
    q.update(d)
    d['a'] = x
    return np.sum(d['a'] * x)+ np.sum(q['a'] * x)
""",
    "one list twice": """
    q = [z, z]
    q[0][0] = x
    return np.sum(q[1][0] * x)+ np.sum(z[0] * x)
""",
    "chosen and only read": """
    q = {'z': z, 'w': w}
    if n > 1:
        r = q['z']
    else:
        r = q['w']
    v = np.sum(r[0] * x)
    return v + np.sum(z[1] * x)
""",
    "written before the choice": """
    z[0] = x
    p = z if n > 2 else w
    return np.sum(p[0] * x * x) + np.sum(z[0] * x)
""",
    "written in one branch": """
    if n > 2:
        z[0] = x
        p = z
    else:
        p = z
    return np.sum(p[0] * x * x) + np.sum(z[0] * x)
""",
}


def chosen(body):
    f = define(f"def f(x, y, z, w, d, n):{body}", "f")
    lists = [np.arange(3.0), np.arange(3.0) + 10], [np.arange(3.0) + 5, np.arange(3.0) + 20]
    return f, (X, np.array([3.0, 1.0, 2.0]), *lists, {"a": np.ones(3), "b": np.full(3, 2.0)})


@pytest.mark.parametrize("name", CHOSEN)
def test_a_list_that_another_name_is_for_on_some_path(name):
    """Followed, or refused; once what was written by one name was not seen by the other."""
    f, args = chosen(CHOSEN[name])
    try:
        sct.vjp(f).specialize(*args, 3)
    except sct.UnsupportedSyntaxError as e:
        assert "may share memory" in str(e)
        return
    for n in (3, 4):
        agrees(f, *args, n)


@pytest.mark.parametrize("name", COPIED)
def test_a_copy_of_a_list_is_another_one(name):
    f, args = chosen(COPIED[name])
    for n in (3, 4):
        agrees(f, *args, n)


def triples(v):
    v *= 3.0


def of_unknown_rank(x, a):
    p = x * 1.0 if np.sum(a) > 1 else np.outer(x, x)
    return p[0] / p[2]


def augmented_here(x, a):
    v = of_unknown_rank(x, a)
    v *= 3.0
    return np.sum(v * v)


def augmented_under_another_name(x, a):
    v = of_unknown_rank(x, a)
    w = v
    v *= 3.0
    return np.sum(v * v) + np.sum(w)


def augmented_by_a_helper(x, a):
    v = of_unknown_rank(x, a)
    triples(v)
    return np.sum(v * v)


def slice_augmented_by_a_helper(x, a):
    p = x * 1.0 if np.sum(a) > 1 else np.outer(x, x)
    v = p[:2]
    triples(v)
    return np.sum(v * v)


def test_augmented_assignment_to_what_may_be_a_number_or_an_array():
    for a in (X, X / 10):
        for f in (augmented_here, slice_augmented_by_a_helper, augmented_under_another_name, augmented_by_a_helper):
            agrees(f, X, a)


def array_of_a_number(x):
    a = np.sum(x)
    c = a[...]
    d = c
    d *= 2.0 * x[0]
    return a + c * x[1]


def view_by_a_tuple(x, index):
    b = x[index]
    b += 1.0
    return np.sum(x * x)


def test_arrays_of_rank_0_by_indices_with_an_ellipsis():
    agrees(array_of_a_number, X)
    agrees(view_by_a_tuple, X, (..., 0))


def array_on_one_path(x, k):
    a = np.array(x[0])
    if k > 1:
        a = x[1]
    a *= x[2]
    return a * a


def array_on_one_path_under_another_name(x, k):
    a = np.array(x[0])
    if k > 1:
        a = x[1]
    a *= x[2]
    e = a
    e += 1.0
    return a * x[0]


def test_augmented_assignment_to_an_array_of_rank_0_on_one_path():
    agrees(array_on_one_path, X, 0)
    agrees(array_on_one_path, X, 2)
    agrees(array_on_one_path_under_another_name, X, 0)
    agrees(array_on_one_path_under_another_name, X, 2)


# -- lists that grow on one way ------------------------------------------------------------------------------------------------


def item_of_a_list_that_grew_in_a_branch(x, w, n):
    for _ in range(n):
        u = w[-1]
        w = [x]
        if n > 0:
            w.append(2.0 * x)
        u[0] *= 0.9
    return x


def item_written_before_its_list_grows(x, z, n):
    c = z[-1]
    for v in z:
        if v[0] > 0.3:
            c = v
    c[1] = x[0]
    for _ in range(n):
        z.append(x)
    return z


def in_place(a):
    a *= 0.7


def written_by_a_call_in_it(a, n):
    if n > 0:
        written_by_a_call_in_it(a, n - 1)
    in_place(a[::-1])
    return 0.9


def recursive_and_written(x, n):
    return np.sum(np.sin(x) * written_by_a_call_in_it(x, n))


def test_items_that_are_written_into_while_lists_grow():
    x = np.array([0.1, 0.2, 0.3])
    agrees(item_of_a_list_that_grew_in_a_branch, x, [2.0 * x], 3, wrt=(0, 1))
    agrees(item_written_before_its_list_grows, x, [2.0 * x, 3.0 * x], 2, wrt=(0, 1))


def test_a_recursive_function_that_writes_into_its_argument():
    agrees(recursive_and_written, X, 3)
