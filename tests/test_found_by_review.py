"""Programs of a reviewer for which the derivative was wrong once, or could not be made."""

import numpy as np
import pytest

import sct

X = np.array([1.0, 2.0, 3.0])
A = np.arange(1.0, 7.0).reshape(3, 2)


def agree(f, *args, wrt=0, tol=1e-6):
    """The derivative agrees with finite differences, optimized and not."""
    sct.check_grads(f, args, wrt)
    for optimize in (True, False):
        names = wrt if isinstance(wrt, tuple) else (wrt,)
        found = sct.grad(f, names, optimize=optimize)(*args)
        for n, g in zip(names, found, strict=True):
            k = n if isinstance(n, int) else list(f.__code__.co_varnames).index(n)
            x = np.asarray(args[k], float)
            assert np.shape(g) == x.shape
            for i in np.ndindex(x.shape):
                h = 1e-6
                ends = []
                for sign in (1, -1):
                    moved = x.copy()
                    moved[i] += sign * h
                    ends.append(f(*args[:k], moved if x.shape else float(moved), *args[k + 1 :]))
                assert abs(np.asarray(g)[i] - (ends[0] - ends[1]) / (2 * h)) < tol * max(1.0, abs(ends[0]))


# -- an entry of what is spread over several rows ------------------------------------------------------------------------------


def column_sum(A):
    s = A.sum(axis=0)
    return s[0] * A[0, 0]


def kept_dims(x):
    w = np.sum(x, keepdims=True)
    w += x[0]
    return w[0]


def column_mean(x, k):
    m = x.mean(axis=0)
    return m[k] * x[k, k]


def column_slice(A):
    c = A.sum(axis=0)
    return c[:1] @ A[0, :1]


def scaled_rows(A, b):
    c = A * b
    return c[0, 0] * b[1] + np.sum(c, axis=0)[1] * np.sum(c[0])


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [
        (column_sum, (A,), 0),
        (kept_dims, (X,), 0),
        (column_mean, (A, 1), 0),
        (column_slice, (A,), 0),
        (scaled_rows, (A, X[:2]), (0, 1)),
    ],
)
def test_entry_of_what_is_spread(f, args, wrt):
    agree(f, *args, wrt=wrt)


# -- bounds that are integers of which nothing is known ------------------------------------------------------------------------


def counted_slice(b, c, v):
    k = 0
    while k < v:
        k += 1
    return np.sum(b[:k] * c)


def counted_slice_of_itself(c, v):
    k = 0
    while k < v:
        k += 1
    return np.sum(c[:k] + c)


def looked_up(c):
    s = 0.0
    for i in range(2):
        k = 1
        while c[k] < i:
            k += 1
        d = np.sin(c[k - 1 : k + 1])
        s += d[0] * d[1]
    return s


def counted_split(c, v):
    k = 0
    while k < v:
        k += 1
    return np.sum(np.split(c, [k])[0] * c)


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [
        (counted_slice, (X, X, 0.5), (0, 1)),
        (counted_slice_of_itself, (X, 0.5), 0),
        (looked_up, (X,), 0),
        (counted_split, (X, 0.5), 0),
    ],
)
def test_bounds_that_are_counted(f, args, wrt):
    agree(f, *args, wrt=wrt)


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
        (after_comprehension, (X, 3), 0),
        (after_comprehension_in_a_branch, (X, 3), 0),
        (after_appending, (X, 3), 0),
        (de_boor, (np.arange(8.0), np.array([1.0, 2.0, 0.5, 3.0]), 3.4), (0, 1, 2)),
    ],
)
def test_writes_after_a_list(f, args, wrt):
    agree(f, *args, wrt=wrt)


# -- loops through lists and dicts that are written into meanwhile -------------------------------------------------------------


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


# -- what a tape holds that is no array ----------------------------------------------------------------------------------------

CELLS = [(0, 1), (2, 1), (1, 0)]


@sct.nondifferentiable
def cell(i):
    return CELLS[i]


@sct.nondifferentiable
def window(i):
    return slice(i, i + 2)


def opaque_index(A, n):
    for i in range(n):
        ij = cell(i)
        A[ij] = np.sin(A[ij]) * A[0, 0]
    return np.sum(A)


def opaque_slice(x, n):
    for i in range(n):
        w = window(i)
        x[w] = np.sin(x[w]) * x[0]
    return np.sum(x)


def checkpointed_in_a_loop(x, n):
    for _ in range(n):
        for _ in sct.checkpointed(range(n), slots=2):
            x = np.sin(x)
        x[0] = x[1] * x[2]
    return np.sum(x)


def none_at_first(x, n):
    before, s = None, 0.0
    for t in range(n):
        y = x * (t + 1)
        y[0] = x[1] ** 2
        if before is not None:
            s += np.sum(y * before)
        before = y
    return s


def product_with_the_one_before(x, n):
    before, s = None, 0.0
    for t in range(n):
        y = x * (t + 1)
        y[0] = x[1] ** 2
        if before is not None:
            s += y @ before
        before = y
    return s


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (opaque_index, (A, 3)),
        (opaque_slice, (X, 2)),
        (checkpointed_in_a_loop, (X, 2)),
        (none_at_first, (X, 3)),
        (product_with_the_one_before, (X, 3)),
    ],
)
def test_what_is_taped_stays_what_it_is(f, args):
    agree(f, *args)


# -- views that were made with a list or an array that changes -----------------------------------------------------------------


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


X6 = np.arange(1.0, 7.0)


@pytest.mark.parametrize(
    ("f", "x"),
    [(shape_that_changes, X6), (start_that_changes, X), (written_from_a_start_that_changes, X), (axes_that_change, X6)],
)
def test_views_stay_what_they_were_made(f, x):
    agree(f, x)


# -- lists that grow, and their indices ----------------------------------------------------------------------------------------


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
        (picked_by_number, (X, np.array([0.0, 2.0]))),
        (picked_by_search, (X, 3)),
        (first_item_last, (X,)),
        (list_as_index, (X, 3)),
        (list_as_index_of_a_write, (X, 3)),
        (augmented_items, (X, 3)),
        (items_by_numpy_integers, (X, np.array([1, 2, 1]))),
    ],
)
def test_items_of_lists_that_grow(f, args):
    agree(f, *args)


# -- pullbacks -----------------------------------------------------------------------------------------------------------------


def all_states(x, n):
    h = []
    for _ in range(n):
        x = np.sin(x)
        h.append(x)
    return h


def last_state(x, n):
    for _ in range(n):
        x = np.tanh(x)
    return x


def with_states(x, n):
    h = all_states(x, n)
    return np.sum(h[-1] ** 2), h


def test_the_lists_that_a_pullback_gives_may_be_written_into():
    y, pull = sct.pullback(all_states)(X, 2)
    seed = [np.ones(3)] * 2
    before = pull(seed)
    for item in y:
        item[:] = 100.0
    np.testing.assert_array_equal(pull(seed), before)
    y, pull = sct.pullback(last_state)(X, 2)
    before = pull(np.ones(3))
    y[:] = 100.0
    np.testing.assert_array_equal(pull(np.ones(3)), before)
    (_, h), pull = sct.pullback(with_states, has_aux=True)(X, 2)
    before = pull(1.0)
    for item in h:
        item[:] = 100.0
    np.testing.assert_array_equal(pull(1.0), before)


def pulled_inside(x):
    y, pull = sct.pullback(last_state)(x, 2)
    return np.sum(pull(np.ones(3)) ** 2) + np.sum(y)


def test_a_pullback_inside_is_refused():
    with pytest.raises(sct.UnsupportedSyntaxError, match=r"sct\.pullback in a function that is differentiated"):
        sct.grad(pulled_inside)(X)


# -- lists that begin with items and grow --------------------------------------------------------------------------------------


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
    agree(f, X, *args)


def never_grows(ws, x, n):
    h = []
    for t in range(n):
        h.append(x * ws[t])
    return np.sum(h[-1])


def test_a_list_that_never_grows_is_not_indexed_at_run_time():
    with pytest.raises(sct.UnsupportedSyntaxError, match="whose index is only known at run time"):
        sct.grad(never_grows, "x")([1.0, 2.0], X, 2)


# -- loops that are unrolled inside of others ----------------------------------------------------------------------------------


def unrolled_in_a_branch(x):
    a = [x, x * 2]
    y = np.zeros(2)
    if x[0] > 0:
        for i in range(2):
            y[i] = a[i][0]
    return np.sum(y)


def unrolled_in_a_loop(x, n):
    a = [x, x * 2]
    y = np.zeros(2)
    for _ in range(n):
        for i in range(2):
            y[i] = y[i] + a[i][0]
    return np.sum(y)


def unrolled_in_a_while_loop(x, n):
    a = [x, x * 2]
    y = np.zeros(2)
    k = 0
    while k < n:
        for i in range(2):
            y[i] = y[i] + a[i][0] * x[1]
        k += 1
    return np.sum(y)


@pytest.mark.parametrize(
    ("f", "args"), [(unrolled_in_a_branch, ()), (unrolled_in_a_loop, (3,)), (unrolled_in_a_while_loop, (3,))]
)
def test_writes_in_unrolled_loops(f, args):
    agree(f, X, *args)


# -- containers in containers, and lists that stay empty ---------------------------------------------------------------------


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


@pytest.mark.parametrize(("f", "args"), [(alias_of_an_item, (2,)), (alias_from_a_loop, (2,)), (item_replaced_in_a_branch, ())])
def test_an_alias_that_cannot_be_followed_is_refused(f, args):
    with pytest.raises(sct.UnsupportedSyntaxError, match="may share memory with"):
        sct.grad(f)(X, *args)


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
