"""Lists whose length is only known at run time: appended to, read, popped, stacked; and comprehensions."""

import numpy as np
import pytest
from differences import agree

import sct
from sct import runtime


def rnn(w, x):
    hs = [np.zeros(3)]
    for t in range(x.shape[0]):
        hs.append(np.tanh(w @ hs[-1] + x[t]))
    return np.sum(np.stack(hs[1:]) ** 2)


def scalars(a, n):
    xs = []
    s = 1.0
    for i in range(n):
        s = s * a + np.sin(s)
        xs.append(s)
    return sum(xs) + xs[0] * xs[-1]


def looped(a, n):
    xs = []
    for i in range(n):
        xs.append(a * i)
    t = 0.0
    for x in xs:
        t = t + x**2
    for i in range(len(xs)):
        t = t + xs[i] * a
    return t


def cond(a, n):
    xs = [a]
    for i in range(n):
        if i % 2 == 0:
            xs.append(xs[-1] * a)
        elif i == 3:
            xs.append(a)
            break
    return np.sum(np.array(xs))


def comp(x):
    return sum([np.sin(v) * v for v in x]) + max(v * v for v in x if v > 0)


def comp2(x, n):
    rows = [x * np.cos(i * x) for i in range(n)]
    return np.sum(np.stack(rows, axis=1) @ np.ones(n)) + np.sum(np.concatenate(rows) ** 2)


def whl(a):
    xs = [1.0]
    while xs[-1] < 10.0:
        xs.append(xs[-1] * a + 0.1)
    return xs[-1] * xs[1] * len(xs)


def stack(a, n):
    st = []
    for i in range(n):
        st.append(a * (i + 1.0))
    out = 1.0
    while len(st) > 0:
        v = st.pop()
        out = out + np.sin(out) * v
    return out


def setit(a, n):
    xs = []
    for i in range(n):
        xs.append(a)
    for i in range(1, n):
        xs[i] = xs[i - 1] * a
    return xs[n - 1]


def returned(a, n):
    xs = [a]
    for i in range(n):
        xs.append(np.sin(xs[-1]) * a)
    return xs


def dcomp(x):
    d = {k: x * i for i, k in enumerate(("a", "b", "c"))}
    return np.sum(d["b"] * d["c"])


def nested(x):
    return np.sum(np.array([[v * w for v in (x[0], x[1])] for w in (x[2], x[3])]) ** 2)


def addl(a, n):
    xs = [a]
    for i in range(n):
        xs = xs + [xs[-1] * a]
    return sum(xs)


def repeated(x, n):
    a = [0.0] * n
    for i in range(n):
        a[i] = x[i] * (a[i - 1] if i > 0 else 2.0)
    return a[0] * a[n - 1]


def repeated_active(y, n):
    a = [y] * n
    a[1] = 3.0 * y
    s = 0.0
    for v in a:
        s += v * v
    return s


def repeated_entry(x, n):
    a = [x[0] * x[1]] * n
    return sum(a) * a[0]


def ints_then_floats(x, n):
    a = []
    for i in range(n):
        a.append(0)
    for i in range(n):
        a[i] = x[i] * x[0]
    return a[0] * a[n - 1]


def ints_then_one_float(x, n):
    a = [0] * n
    a[0] = x[0] * x[1]
    return a[0] * a[0]


def floats_then_arrays(x, n):
    a = []
    for i in range(n):
        a.append(0.0)
    a[0] = x * x
    a.append(x)
    return np.sum(a[0] * a[n])


def b6_made_anew(x, n):
    for _ in range(3):
        g = [x]
        for _ in range(n):
            g.append(x)
    return np.sum(g[0])


def b6_made_anew_of_other_lengths(x, n):
    for i in range(n):
        g = [x]
        if i > 1:
            for _ in range(n + i):
                g.append(x * g[-1])
        x = g[-1] * 0.5
    return np.sum(g[0]) + np.sum(g[-1])


X = np.linspace(0.3, 1.2, 4)
CASES = [
    (rnn, (np.eye(3) * 0.5 + 0.1, np.linspace(0, 1, 12).reshape(4, 3)), (0, 1)),
    (scalars, (0.7, 5), 0),
    (looped, (0.7, 4), 0),
    (cond, (0.7, 6), 0),
    (comp, (X,), 0),
    (comp2, (X, 3), 0),
    (whl, (1.5,), 0),
    (stack, (0.4, 4), 0),
    (setit, (0.9, 4), 0),
    (dcomp, (X,), 0),
    (nested, (X,), 0),
    (addl, (0.5, 4), 0),  # whose powers are exact: from 3.12 on Python adds floats with more precision
    (returned, (0.7, 3), 0),
    (repeated, (X, 4), 0),
    (repeated_active, (0.7, 4), 0),
    (repeated_entry, (X, 4), 0),
    (ints_then_floats, (X, 4), 0),
    (ints_then_one_float, (X, 4), 0),
    (floats_then_arrays, (X, 4), 0),
    (b6_made_anew, (X, 2), 0),
    (b6_made_anew_of_other_lengths, (X, 3), 0),
]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("f", "args", "wrt"), CASES)
def test_derivatives(f, args, wrt, order):
    sct.check_grads(f, args, wrt, order=order)


THREE = np.array([1.0, 2.0, 3.0])


# -- writes after a list that grows in a loop or a branch ----------------------------------------------------------------------


def after_comprehension(x, n):
    y = np.zeros(n)
    for i in range(n):
        t = [x[j] for j in range(i)]
        y[i] = 2 * x[i] * x[i] + len(t)
    return np.sum(y)


def after_comprehension_in_a_branch(x, n):
    y = np.zeros(2)
    if n > 1:
        t = [2 * v for v in x]
        y[0] = x[0] ** 2 * t[1]
    return np.sum(y)


def after_appending(x, n):
    p = {"w": x[0]}
    for i in range(n):
        t = []
        for j in range(i):
            t.append(x[j])
        p["w"] = p["w"] * x[i] + len(t)
    return p["w"]


def de_boor(t, c, x):
    """The value of a cubic B-spline at x, in the first interval."""
    p, k = 3, 3
    d = [c[j + k - p] for j in range(p + 1)]
    for r in range(1, p + 1):
        for j in range(p, r - 1, -1):
            a = (x - t[j + k - p]) / (t[j + 1 + k - r] - t[j + k - p])
            d[j] = (1.0 - a) * d[j - 1] + a * d[j]
    return d[p]


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [
        (after_comprehension, (THREE, 3), 0),
        (after_comprehension_in_a_branch, (THREE, 3), 0),
        (after_appending, (THREE, 3), 0),
        (de_boor, (np.arange(8.0), np.array([1.0, 2.0, 0.5, 3.0]), 3.4), (0, 1, 2)),
    ],
)
def test_writes_after_a_list(f, args, wrt):
    agree(f, *args, wrt=wrt)


# -- their items and indices ---------------------------------------------------------------------------------------------------


def picked_by_number(x, order):
    items = [2 * v for v in x]
    s = 0.0
    for j in order:
        s += items[int(j)] ** 2
    return s


def picked_by_search(x, n):
    items = [2 * v for v in x]
    s = 0.0
    for _ in range(n):
        s += items[int(np.argmin(x + s * 0.1))] ** 2
    return s


def first_item_last(x):
    items = [2 * v for v in x]
    s = 0.0
    for v in reversed(items):
        s += v**2
        items[0] = s
    return s + items[0]


def list_as_index(x, n):
    at = [i for i in range(n)]
    return np.sum(x[at] ** 2)


def list_as_index_of_a_write(x, n):
    at = [i for i in range(n)]
    y = np.zeros(n)
    y[at] = x[at] ** 2
    y[at] += x
    return np.sum(y * x)


def augmented_items(x, n):
    items = [2 * v for v in x]
    out = {}
    h = []
    for i in range(n):
        h.append(x[i] * items[i])
    for i in range(n):
        h[i] += items[i] ** 2
        h[i] *= 2
    out["h"] = h
    return np.sum(np.stack(out["h"]))


def items_by_numpy_integers(x, order):
    items = []
    for i in range(len(x)):
        items.append(x[i])
    for k in order:
        items[k] = items[k] * 3 * x[0]
    for k in order:
        items[k] += x[1] * items[0]
    return items[0] * items[1] + items[2]


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (picked_by_number, (THREE, np.array([0.0, 2.0]))),
        (picked_by_search, (THREE, 3)),
        (first_item_last, (THREE,)),
        (list_as_index, (THREE, 3)),
        (list_as_index_of_a_write, (THREE, 3)),
        (augmented_items, (THREE, 3)),
        (items_by_numpy_integers, (THREE, np.array([1, 2, 1]))),
    ],
)
def test_items_of_lists_that_grow(f, args):
    agree(f, *args)


# -- lists that begin with items -----------------------------------------------------------------------------------------------


def trajectory(x, n):
    hs = [x]
    for t in range(n):
        hs.append(np.sin(hs[t]))
    return np.sum(hs[n] * hs[n - 1])


def numbers(x, n):
    h = [1.0]
    for t in range(n):
        h.append(h[t] * x[t])
    return sum(h)


def two_before(x, n):
    h = [0.0, x[0]]
    for t in range(2, n):
        h.append(h[t - 1] + 0.5 * h[t - 2] * x[1])
    return h[-1] * h[3]


def one_way_or_another(x, n):
    hs = [x]
    for t in range(n):
        if hs[t][0] > 0:
            hs.append(np.sin(hs[t]))
        else:
            hs.append(np.cos(hs[t]))
    return np.sum(hs[n] * hs[n - 1])


def until_large(x, n):
    hs = [x, x * 2]
    t = 1
    while np.sum(hs[t]) < 40 and t < n:
        hs.append(hs[t] + 0.5 * hs[t - 1])
        t += 1
    return np.sum(hs[t])


def two_lists(x, n):
    q = [x[0]]
    v = [x[1]]
    for t in range(n):
        w = v[t] - 0.1 * q[t]
        q.append(q[t] + 0.1 * w)
        v.append(w)
    return sum(q) + v[n] ** 2


def popped_twice(x, n):
    stack = [x[0]]
    s = 0.0
    for _ in range(n):
        stack.append(x[1] * stack[-1])
        stack.append(x[2])
        s += stack.pop() * stack.pop()
    return s


def chosen(x):
    return np.sum(np.stack([x[i] for i in range(3) if x[i] > 1.5]) ** 2)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (trajectory, (3,)),
        (numbers, (3,)),
        (two_before, (6,)),
        (one_way_or_another, (3,)),
        (until_large, (5,)),
        (two_lists, (4,)),
        (popped_twice, (3,)),
        (chosen, ()),
    ],
)
def test_lists_that_begin_with_items(f, args):
    agree(f, THREE, *args)


def by_name(x, name):
    names = ["a", "b", "c"]
    return x[names.index(name)] ** 2 + ("p", "q", "p").count("p") * x[0] + ("p", "q").index("q") * x[1]


def searched(x, n):
    order = [2, 0, 1]
    seen = [i * i % 5 for i in range(n)]
    v = list(x)
    try:
        first = order.index(n)
    except ValueError:
        first = -1
    s = x[order.index(n % 3)] * x[seen.index(4)] * x[seen.count(4)] + order.count(n) * x[first]
    return s + v.index(max(v)) * x[0] + v[v.index(max(v), 1 - len(v), 3)] ** 2


def replaced_and_extended(x, n):
    xs = [x[0], 2.0 * x[1], x[2]]
    xs[n % 2] = x[1] * x[1]
    xs[:] = x * x
    xs[1:] = (v * 2 for v in x[:2])
    xs.extend(x)
    xs.extend(v * xs[0] for v in x)
    xs += range(3)
    return sum([v * k for k, v in enumerate(xs)])


def updated_and_popped(x, n):
    d = {n: x, n + 1: x * 2}
    d.update([(n, x * d[n + 1])])
    d.update(zip([n + 1, n + 2], x * x))
    d.update((k, k * x[0]) for k in range(2))
    return np.sum(d.pop(n + 7, x * 3) * d.pop(n, x)) + d[n + 2] * d.pop(n + 1, 0.0) + d[1] + len(d) * x[2]


def taken_out(x, n):
    names, open_ones, s = ["a", "b", "c"], [], 0.0
    names.remove("b")
    for i in range(n):
        open_ones.append(i)
        if i % 3 == 2:
            open_ones.remove(i - 1)
    for i in open_ones:
        s = s * x[2] + x[i % 3] * i
    return s * x[len(names)]


@pytest.mark.parametrize(
    ("f", "more"),
    [(by_name, "b"), *((f, n) for f in (searched, replaced_and_extended, updated_and_popped, taken_out) for n in (4, 7))],
)
def test_methods_that_look_for_what_is_there(f, more):
    x = np.array([0.3, 0.7, 1.2])
    assert sct.value_and_grad(f)(x, more)[0] == f(x, more)
    sct.check_grads(f, (x, more), "x", modes=("reverse", "forward"))


def never_grows(ws, x, n):
    h = []
    for t in range(n):
        h.append(x * ws[t])
    return np.sum(h[-1])


def test_a_list_that_never_grows_is_indexed_at_run_time():
    agree(lambda x, n: never_grows([1.0, 2.0], x, n), THREE, 2)


def read_while_it_grows(x, n):
    M = []
    L = []
    for j in range(n):
        M.append(x[j])
        L.append(M[j] * x[j])
    s = 0.0
    for k in range(len(L)):
        s = s + L[k]
    return s


def test_a_list_that_grows_by_what_is_read_from_another():
    np.testing.assert_array_equal(sct.grad(read_while_it_grows)(np.array([1.0, 2.0, 3.0]), 3), [2.0, 4.0, 6.0])
    for n in range(4):
        sct.check_grads(read_while_it_grows, (np.array([1.0, 2.0, 3.0]), n), "x")


def other_shapes(z, x, n):
    for _ in range(n):
        z.append(x * z[0][0])
    z[0] = x[:2] * 2.0
    z[1] = x[0]
    return sum(np.sum(v * v) for v in z)


@pytest.mark.parametrize("optimize", [True, False])
def test_an_item_is_replaced_by_one_of_another_shape(optimize):
    for n in (0, 1, 2):
        z, x = [np.arange(3.0), np.arange(3.0) + 1], np.ones(3)
        (a, b), _ = sct.grad(other_shapes, ("z", "x"), optimize=optimize)(z, x, n)
        assert a.shape == b.shape == (3,)
        sct.check_grads(other_shapes, (z, x, n), ("z", "x"))


def grows_on_one_path(x, z, n):
    z[1][0] = x[1]
    if x[0] > 0.0:
        for k in range(n):
            z.append(x * k)
    return np.sum(z[0] * x) + np.sum(z[1] * x)


def made_anew_on_one_path(x, z, n):
    v = z[1]
    v += x
    y = [v, x]
    v *= 2.0
    if x[0] > 0.0:
        y = [x]
        for k in range(n):
            y.append(x * k)
    return np.sum(y[0] * x) + np.sum(z[1] * x) + np.sum(y[1] * x)


@pytest.mark.parametrize("f", [grows_on_one_path, made_anew_on_one_path])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_items_written_into_before_a_path_on_which_the_list_grows(f, sign):
    x, n = sign * X, 3
    value, _ = sct.value_and_grad(f)(x, [2.0 * X, 3.0 * X], n)
    assert value == f(x.copy(), [2.0 * X, 3.0 * X], n)
    sct.check_grads(f, (x, [2.0 * X, 3.0 * X], n), (0, 1))


def made_anew_after_a_write(x, m):
    y, A = x * 0.8, [x * 1.5]
    S = [0.0] * m
    for i in range(len(S)):
        y[0] = y[2]
        B = [y]
        if len(S) < 5:
            if i == 1:
                break
            A.pop()
        else:
            B.append(A[0] + A[-1])
            A.append(A.pop())
        S.append(np.sum(B[-1]))
    return sum(S)


def test_list_made_anew_in_each_iteration_after_what_is_in_it_was_written_into():
    """A list is one object, whatever is in it: there was no end to the lists that a loop seemed to carry."""
    value, _ = sct.value_and_grad(made_anew_after_a_write)(X, 3)
    assert value == made_anew_after_a_write(X, 3)
    sct.check_grads(made_anew_after_a_write, (X, 3), 0)


def another_length(x, y, n):
    z = []
    for i in range(n):
        z.append(x * (i + 1))
    total = np.sum(z[0] ** 2)
    z[0] = y * 2.0
    return total + sum([np.sum(v * v) for v in z])


@pytest.mark.parametrize("length", [2, 3, 1, 0])
def test_an_item_is_replaced_by_one_of_another_length(length):
    sct.check_grads(another_length, (np.linspace(0.3, 1.0, 3), np.linspace(0.5, 1.0, length), 3), ("x", "y"))


def test_an_axis_by_its_name_along_which_a_list_of_known_length_is_stacked():
    sct.check_grads(lambda x: np.sum(runtime.stacked([x, x * x], axis=1)[0] ** 2), (np.array([0.3, 0.5, 0.7]),))
