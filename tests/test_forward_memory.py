"""What one name changes, every name sees: forward mode of functions that write into what has several names.

Each function is compared with Python's own value and effects, and with finite differences.
"""

import numpy as np
import pytest

import sct
from sct.backend import link


def leaves(x, f):
    """A container with `f` of each array and number in it."""
    if isinstance(x, (list, tuple)):
        return type(x)(leaves(i, f) for i in x)
    if isinstance(x, dict):
        return {k: leaves(v, f) for k, v in x.items()}
    return f(x)


def twin(x, known):
    """A copy in which what was one object is one, and arrays lie in memory as they did."""

    def copied(v):
        if not isinstance(v, np.ndarray):
            return v
        if id(v) not in known:
            reach = [max(n - 1, 0) * step for n, step in zip(v.shape, v.strides, strict=True)]
            room = bytearray(sum(map(abs, reach)) + v.itemsize)
            known[id(v)] = np.ndarray(v.shape, v.dtype, room, -sum(r for r in reach if r < 0), v.strides)
            known[id(v)][...] = v
        return known[id(v)]

    return leaves(x, copied)


def moved(x, t, by):
    """`x + by * t`, in place where it is an array."""
    if isinstance(x, (list, tuple)):
        return type(x)(moved(a, b, by) for a, b in zip(x, t, strict=True))
    if isinstance(x, dict):
        return {k: moved(v, t[k], by) for k, v in x.items()}
    if isinstance(x, np.ndarray):
        x += by * t
        return x
    return x + by * t


def numbers(x):
    """All numbers in a result, in a row."""
    found = []
    leaves(x, lambda v: found.append(np.ravel(np.asarray(v, dtype=float))))
    return np.concatenate(found)


def check(f, args, wrt=0):
    rng = np.random.default_rng(0)
    known = {}
    before = twin(args, known)
    tangent = leaves(args[wrt], lambda v: rng.normal(size=np.shape(v)) if isinstance(v, np.ndarray) else float(rng.normal()))
    value, dot = sct.jvp(f, wrt)(*args, tangent)

    def at(by):
        given = list(twin(args, {}))
        given[wrt] = moved(given[wrt], tangent, by)
        return numbers(f(*given))

    np.testing.assert_array_equal(numbers(args), numbers(before))
    np.testing.assert_array_equal(numbers(value), at(0.0))
    given = twin(args, {})
    value, push = sct.linearize(f, wrt)(*given)
    np.testing.assert_array_equal(numbers(value), at(0.0))
    np.testing.assert_allclose(numbers(push(tangent)), numbers(dot), rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(numbers(push(tangent)), numbers(push(tangent)))
    h = 1e-6
    np.testing.assert_allclose(numbers(dot), (at(h) - at(-h)) / (2.0 * h), rtol=1e-5, atol=1e-6)


x3 = np.array([1.0, 2.0, 3.0])
matrix = np.arange(12.0).reshape(3, 4) + 1.0
CASES = []


def case(*args):
    return lambda f: CASES.append(pytest.param(f, args, id=f.__name__)) or f


@case(x3, 5)
def an_entry_of_one_of_two_arrays(x, n):
    L = [x * 1.0, x * 2.0]
    for i in range(n):
        L[i % 2][0] += x[i % 3]
    return np.sum(L[0] * L[1])


@case(x3, 5)
def rows_of_numbers(x, n):
    rows = []
    for i in range(n):
        rows.append([x[0] * i, x[1]])
    return np.sum(np.array(rows) ** 2)


@case(x3, 5)
def a_cache_of_tuples(x, n):
    c = []
    h = x
    for i in range(n):
        z = h * x
        h = np.tanh(z)
        c.append((h, z))
    s = 0.0
    for h, z in c:
        s = s + np.sum(h * z)
    return s


@case(x3, 5)
def arrays_in_a_list_that_are_added_to(x, n):
    out = [np.zeros(2) for _ in range(3)]
    for i in range(n):
        s = i % 3
        out[s] += x[i % 3] * x[0]
    return np.sum(out[0] * out[1]) + np.sum(out[2])


@case(x3, 5)
def arrays_in_a_list_that_are_replaced(x, n):
    out = [np.zeros(2), np.zeros(2)]
    for i in range(n):
        out[i % 2] = out[i % 2] + x[i % 3] * x[0]
    return np.sum(out[0] * out[1])


def put_in(x, n):
    x[0] = 0.5 * x[n]
    x[1] = 3.0
    return x[0]


@case(np.array([0.5, 2.0, 3.0]), 2)
def a_choice_before_a_write(x, n):
    return (x[0] if x[0] > 1.0 else 2.0 * x[1]) * put_in(x, n)


@case(x3, 2)
def indices_that_are_changed(x, n):
    rows, columns = np.indices((3, 3))
    rows += 1
    return np.sum(rows * x + columns * x * x)


@case({"W": np.arange(6.0).reshape(2, 3), "b": np.array([1.0, 2.0])}, x3)
def an_entry_of_an_argument_and_all_of_it(p, x):
    p["W"][0] += x * p["b"][0]
    q = p
    p["b"] *= 2.0
    q = dict(q)
    return np.sum(q["W"] @ x * p["b"]), p


@case([np.array([1.0, 2.0]), np.array([3.0, 4.0])], 3)
def an_argument_whose_items_are_swapped(p, n):
    a, b = p
    for i in range(n):
        a[0] *= b[1]
        a, b = b, a
        p[0] = a
    return np.sum(p[0] * p[1]), a


@case(x3, 3)
def a_third_name(x, n):
    a = x * 2.0
    b = x * 3.0
    t = a
    if n > 2:
        a, b = b, a
    a[0] = x[1] ** 2
    t[1] *= x[2]
    return np.sum(a * b * t)


@case(matrix.T)
def a_transpose_reshaped(a):
    b = a.reshape(-1)
    b[0] = b[1] * b[2]
    return np.sum(a * a), b


@case(np.asfortranarray(matrix))
def an_array_in_fortran_order(a):
    b = a.ravel()
    b[0] *= 3.0
    c = a.ravel("K")
    c[1] *= 2.0
    return np.sum(a * a), b


@case(matrix[::2, ::2])
def a_strided_array(a):
    b = a.reshape(4)
    b *= 2.0
    c = np.asarray(a)
    c[0, 0] = c[1, 1] ** 2
    return np.sum(a * a) + np.sum(b)


@case(x3, 3)
@case(x3, 1)
def written_as_an_array_of_no_axes(x, n):
    y = x + 1.0
    t = x[1:2].reshape(())
    t[()] = 2.0
    z = x + 1.0
    u = np.squeeze(x[2:]) if n > 1 else np.array(x[0])
    v = u + 1.0
    u *= y[1]
    for i in range(n):
        w = u + 1.0
        u[...] = x[0] * w
        u = x[i % 3, ...]
    return y, z, v, w, x


@case(x3, np.arange(3), 3)
@case(x3, np.arange(3), 1)
def converted_where_it_has_to_be(x, k, n):
    y = x.astype(float, copy=False) if n > 1 else 2.0 * x
    z = np.astype(y, float, copy=False)
    z[0] = x[1] * x[2]
    w = k.astype(float, copy=False)
    w[:] += x
    return np.sum(y * x) + np.sum(w * w) + np.sum(k)


@case(x3, [x3 + 1.0, 2.0 * x3], 2)
@case(x3, [x3 + 1.0, 2.0 * x3], 3)
def lists_written_out_with_others_in_them(x, z, n):
    for i in range(n):
        z = [*z, x * i]
    q = [x, *z, *(x, 2.0 * x)]
    q[n % 2][0] = x[1] * x[2]
    w = [0.5 * x] + z
    z[n % 2] = x * x
    w = w + [q[1]]
    return [v[0] * v[1] for v in q], [v[0] * v[2] for v in w], z


@case(x3, 2)
def dicts_written_out_with_others_in_them(x, n):
    d = {"w": x}
    for i in range(n):
        d[i] = x * i
    e = {"b": x * x, **d, "w": 2.0 * x}
    e["w"][0] = x[1] ** 2
    e[1][1] = x[2]
    d["w"][1] = x[0] ** 2
    return list(e.values()), list(d.values())


@case(x3, [x3 + 1.0, x3 + 2.0, 2.0 * x3], 2)
def a_list_that_shrinks_and_is_added_to(x, z, n):
    for i in range(n):
        z.pop()
    rows = [[x, 2.0 * x], [x]]
    p = z
    for i in range(n):
        z += [rows[n % 2][-1]]
        z[i % 2] = x * x
    return p[0][1] * x


def collected(a, b, n):
    m = [(b, 0.5)]
    for i in range(n):
        m.append((b * i, b[1]))
    m[0][0][0] = a[1]


@case(x3, 3)
def a_helper_that_gives_nothing_is_followed(x, n):
    y = 2.0 * x
    collected(x, y[::-1], n)
    return y * x


@case(x3, 2)
@case(x3, 0)
def converted_where_it_may_be_a_number(x, n):
    s = 0.0
    for i in range(n + 1):
        s += x * i
        c = s
    d = c.astype(float, copy=False)
    s[n % 3] = x[0] * x[1]
    return s * x, d


@case(matrix)
@case(np.asfortranarray(matrix))
@case(matrix[:, ::2])
def converted_to_an_order(a):
    b = a.T.astype(float, order="C", copy=False)
    b[0, 1] = a[1, 1] ** 2
    c = a.astype(float, order="F", copy=False)
    c[1] = 0.5 * b[1, 2]
    return np.sum(a * a) + np.sum(b**3) + np.sum(c)


@case(matrix, 3)
@case(matrix, 1)
def a_diagonal(a, n):
    d = np.diag(a, 1) if n > 1 else a[0]
    a[0, 1] = a[1, 1] ** 2
    return np.sum(d * d)


@case(x3, 3)
def numbers_that_become_arrays(x, n):
    s = 0.0
    t = 1.0
    for i in range(n):
        s -= x * i
        t *= x + i
    u = s
    u += t
    return np.sum(s * t * u)


@case(np.array(2.0), x3)
def arrays_of_rank_0(a, x):
    b = a
    b += x[0]
    m = np.zeros(())
    m += a * 2
    m[()] = m * a
    return m * b


@case(x3)
def masks(x):
    y = x.copy()
    z = y[y > 1.5]
    z *= 2.0
    y[y > 1.5] += x[0]
    return np.sum(y * y) + np.sum(z)


@case(x3, 4)
def a_list_of_lists(x, n):
    L = [[x[0], x[1]], [x[2], 1.0]]
    for i in range(n):
        L[i % 2][0] = L[i % 2][0] * x[1] + L[1 - i % 2][1]
    return L[0][0] * L[1][0]


@case(x3, 4)
def a_list_of_zeros(x, n):
    L = [0.0] * n
    for i in range(n):
        L[i] = x[i % 3] * i
    return sum(L) * L[0] + L[1] ** 2


@case(x3, 4)
def a_dict_of_lists(x, n):
    d = {"a": [], "b": []}
    for i in range(n):
        k = "a" if i % 2 else "b"
        d[k].append(x[i % 3] * i)
    return sum(d["a"]) * sum(d["b"])


@case(x3, 4)
def a_list_that_grows_and_shrinks(x, n):
    L = [x]
    for i in range(n):
        L.append(L[-1] * x[0])
        if len(L) > 3:
            L.pop(0)
    return np.sum(L[0] * L[-1])


@case([1.0, 2.0, 3.0, 4.0])
def a_copy_of_a_list(xs):
    y = list(xs)
    for i in range(len(y) - 1):
        y[i + 1] = y[i] * y[i + 1]
    return y[-1] + xs[0]


@case(x3, 3)
def a_key_that_is_there_or_not(x, n):
    d = {}
    for i in range(n):
        k = i % 2
        if k in d:
            d[k] = d[k] + x[i]
        else:
            d[k] = x[i] * 1.0
    return d[0] * d[1]


@case(x3, 3)
def a_dict_of_pairs(x, n):
    d = dict(zip(("a", "b", "c"), x))
    d["a"] *= d["b"]
    return d["a"] * d["c"]


@case(x3, 3)
def one_list_or_another(x, n):
    L = [x * 1.0, x * 2.0]
    M = L if n > 2 else [x, x]
    M[0][1] = x[0] * 5
    M[0] = M[1]
    return np.sum(L[0] * L[1] * x)


@case(x3, x3[::-1] / 4.0, 6)
def buffers_that_are_swapped_and_a_path_of_copies(q, p, n):
    old, new = q.copy(), q + 0.1 * p
    path = []
    for k in range(n):
        acc = -np.sin(new)
        old[:] = 2.0 * new - old + 0.01 * acc
        old, new = new, old
        if k % 2 == 0:
            path.append((new * 1.0, acc))
    energy = 0.0
    for x, a in path:
        energy += np.sum(x * x) - np.sum(a)
    return energy, new


@case(x3, 5)
def states_that_are_exchanged(x, n):
    states = [x * 1.0, x * 0.5, x * 0.25]
    best = states[0]
    for k in range(n):
        for i in range(3):
            states[i] -= 0.1 * np.sin(states[i]) * (i + 1)
        i = k % 2
        if np.sum(states[i] ** 2) > np.sum(states[i + 1] ** 2):
            states[i], states[i + 1] = states[i + 1], states[i]
        best = states[i]
        best[k % 3] *= 0.95
    return np.sum(states[0] * states[1]) + np.sum(best)


@case(np.array([0.3, 0.7, 0.2, 0.9, 0.4, 0.6]), 3)
def lists_in_a_dict_that_shrink(x, m):
    found = {}
    for i in range(len(x)):
        k = i * 7 % m
        if k not in found:
            found[k] = []
        found[k].append(x[i] ** 2)
    total = 0.0
    for k in range(m):
        b = found.get(k, [])
        while len(b) > 1:
            u = b.pop()
            v = b.pop()
            b.append(u * v + np.sin(u))
        total = total + b[0]
    return total


def halved(a, n):
    if n <= 0:
        return a[0] * 1.0
    a[1:] *= 0.9
    return halved(a[::-1], n - 1) + a[1]


@case(x3, 3)
def a_recursive_function_that_writes(x, n):
    y = x * 1.0
    s = halved(y, n)
    return np.sum(y * x) * s


def filled(a, b, n):
    if n <= 0:
        return
    b[n % 3] = a[n % 3] * 2.0
    filled(b, a, n - 1)


@case(x3, 5)
def a_recursive_function_that_only_writes(x, n):
    y = np.ones(3)
    filled(x, y, n)
    return np.sum(y * x)


@case(x3, 3)
def one_array_given_twice_to_it(x, n):
    y = x * 2.0
    filled(y, y, n)
    return np.sum(y * x)


def picked(a, b, n):
    return a if n <= 0 else picked(b, a, n - 1)


@case(x3, 3)
def a_recursive_function_that_gives_an_argument(x, n):
    y = x * 2.0
    z = picked(x, y, n)
    z[0] = x[1] * 5
    return np.sum(y * x)


@case([1.0, 2.0], x3, 3)
def an_argument_in_a_list_twice(p, x, n):
    L = [p, p]
    for i in range(n):
        L[i % 2][0] = L[i % 2][0] * x[i]
    return p[0] * p[1]


@case([[1.0, 2.0], [3.0, 4.0]], x3, 3)
def lists_in_an_argument(p, x, n):
    r = p[n % 2]
    for i in range(n):
        p[i % 2][0] = p[0][0] * p[1][1] * x[i]
    p[1][1] = x[0] * 5.0
    return r[0] * r[1] * p[0][0]


@case([1.0, 2.0], x3, 3)
def an_argument_or_a_list(p, x, n):
    L = [x[1], x[2]]
    q = p if n > 2 else L
    q[n % 2] = x[0]
    q[0] = p[0] * p[1]
    return p[0] * p[1] * x


@case([1.0, 2.0], x3, 3)
def an_argument_and_then_a_list(p, x, n):
    q = p
    for i in range(n):
        q[0] = q[0] * x[2]
        q = [q[1], x[i]] if i == 1 else p
    return p[0] * q[1] + p[1]


@case({"L": [1.0, 2.0], "w": x3 * 1.0, "k": (x3 * 2.0, [x3 * 3.0])}, x3, 3)
def parts_of_an_argument(p, x, n):
    L = [[x[0], x[1]], p["L"]]
    for i in range(n):
        L[i % 2][0] = x[i] * p["w"][1]
    M = [p["k"][1]]
    M.append([x])
    for i in range(2):
        M[i][0][1] *= x[0]
    p["w"][0] = p["k"][1][0][1]
    return p["L"][0] * p["L"][1] * p["w"] * p["k"][0], p["L"]


@case([x3 * 1.0, x3 * 2.0], 3)
def an_argument_that_grows(p, n):
    for i in range(n):
        p[i % 2] = p[i % 2] * p[1 - i % 2][0]
    p.append(p[0])
    p[2][0] = 5.0 * p[1][1]
    return p


@case(x3, 4)
def items_that_are_deleted(x, n):
    L = [x * i for i in range(5)]
    for i in range(n - 1):
        L[i % 2][0] += 1.0
        del L[i % 2]
    return L[0] * L[-1]


@case([[1.0, 2.0], [3.0, 4.0]], 3)
def a_dict_of_lists_of_an_argument(p, n):
    d = dict(zip(("a", "b"), p))
    k = "a" if n > 2 else "b"
    d[k][0] = d["b"][1] * 2.0
    return p[0][0] * p[1][0]


@case(x3, 3)
def whole_numbers_that_become_others(x, n):
    L = [0] * n
    for i in range(n):
        L[i] = L[i - 1] + x[i] * i
    L[0] += 1
    return L[1] * L[2] + L[0]


# -- recursive functions that are given lists and dicts -----------------------------------------------------------------------


def put_back_to_front(L, i, v):
    L[i] = v
    if i > 0:
        return put_back_to_front(L, i - 1, v * 2.0)
    return L


@case(x3, 2)
def a_list_changed_by_a_recursive_function(x, n):
    L = []
    for i in range(n + 1):
        L.append(x[i])
    K = put_back_to_front(L, n, x[0] * x[1])
    return L[0] * K[1] + L[2]


def collect(p, a, n):
    if n > 0:
        p.append(a * n)
        collect(p, a, n - 1)
    return p


@case(x3, 3)
def a_list_that_grows_in_a_recursive_function(x, n):
    p = [x * 2.0]
    collect(p, x, n)
    return sum([v[0] * v[1] for v in p])


@case(x3, 3)
def an_array_in_what_a_recursive_function_gives(x, n):
    p = collect([x * 1.0], x, n)
    p[0][1] = x[0]
    return p[0][1] * p[-1][2] * x


def sum_of_squares(L, i):
    return 0.0 if i >= len(L) else L[i] * L[i] + sum_of_squares(L, i + 1)


@case(x3, 5)
def a_list_that_is_only_read(x, n):
    L = []
    for i in range(n):
        L.append(x[i % 3] * i)
    return sum_of_squares(L, 0)


def exchanged(p, q, n):
    if n <= 0:
        return p
    p[n % 2] = q[0] * 0.9
    return exchanged(q, p, n - 1)


@case(x3, 3)
def two_lists_in_turn(x, n):
    p, q = [x[0], x[1]], [x[2], x[0] * x[1]]
    r = exchanged(p, q, n)
    r[0] = r[0] * 2.0
    return p[0] * p[1] + q[0] * q[1] * x[0]


def remembered(n, x, memo=None):
    if memo is None:
        memo = {}
    if n in memo:
        return memo[n]
    if n < 2:
        return x[n] * 1.0
    memo[n] = remembered(n - 1, x, memo) * 0.6 + remembered(n - 2, x, memo) * x[2]
    return memo[n]


@case(x3, 7)
def a_dict_that_remembers(x, n):
    return remembered(n, x)


def in_order(L):
    if len(L) < 2:
        return L
    m = L[0]
    return in_order([v for v in L[1:] if v < m]) + [m] + in_order([v for v in L[1:] if v >= m])


@case(x3, 1)
def a_list_that_is_sorted(x, n):
    s = in_order([x[2] * 1.1, x[0] * x[1], x[0] * 0.5, x[1] * x[1]])
    t = 0.0
    for i in range(len(s)):
        t = t + s[i] * i
    return t


def turned_over(pair, n):
    if n == 0:
        return pair
    p, q = pair
    p.append(q[0])
    return turned_over((q, p), n - 1)


@case(x3, 3)
def lists_in_a_tuple(x, n):
    p, q = [x[0]], [x[1], x[2]]
    a, b = turned_over((p, q), n)
    a[0] = a[0] * 3.0
    return sum(p) * sum(q) * x[1]


def grown_rows(rows, n):
    if n <= 0:
        return rows
    rows[0].append(rows[-1][0] * 0.7)
    rows.append([rows[0][-1] * 0.3])
    rows[n % 2][0] = rows[0][0] * 1.1
    return grown_rows(rows, n - 1)


@case(x3, 3)
def one_list_in_another_twice(x, n):
    r = [x[0]]
    rows = [r, r, [x[1]]]
    out = grown_rows(rows, n)
    return r[0] * r[-1] + out[-1][0] * rows[2][0]


@case([1.5, 2.5], x3, 3)
def an_argument_in_a_list_for_a_recursive_function(p, x, n):
    rows = [p, [x[0]]]
    out = grown_rows(rows, n)
    return p[0] * p[-1] + out[-1][0]


def appended_in_turn(L, K, n):
    if n <= 0:
        return 0.0
    L.append(K[0] * 0.5)
    return appended_in_turn(K, L, n - 1) + K[-1]


@case(x3, 4)
def one_list_given_twice_to_it(x, n):
    L = [x[0], x[1]]
    return appended_in_turn(L, L, n) * L[-1] + sum(L)


@case(x3, 3)
def a_list_and_one_that_may_be_it(x, n):
    L, K = [x[0], x[1]], [x[2]]
    M = L if n > 2 else K
    return appended_in_turn(L, M, n) * L[-1] + sum(K)


def halves(V, i):
    if i >= len(V):
        return
    V[i] *= 0.5
    halves(V, i + 1)


@case(np.arange(9.0).reshape(3, 3) + 1.0, x3, 1)
def views_in_a_list(A, x, n):
    V = [A[0], A[:, 1]]
    V.append(x)
    halves(V, 0)
    return np.sum(A * A) + x[0]


def even(L, n):
    if n == 0:
        return 1.0
    L[0] = L[0] * 0.9
    return L[0] * odd(L, n - 1)


def odd(L, n):
    if n == 0:
        return 2.0
    L.append(L[0] * 0.3)
    return L[-1] + even(L, n - 1)


@case(x3, 5)
def functions_that_call_one_another(x, n):
    L = [x[0] * x[1]]
    return even(L, n) + L[-1]


def orders(L, k, out):
    if k == len(L):
        out.append(L[0] * 1.0 + L[1] * 2.0 + L[2] * 3.0)
        return
    for i in range(k, len(L)):
        L[k], L[i] = L[i], L[k]
        orders(L, k + 1, out)
        L[k], L[i] = L[i], L[k]


@case(x3, 1)
def all_orders_of_a_list(x, n):
    out = []
    orders([x[0], x[1] * x[0], x[2]], 0, out)
    p = 1.0
    for v in out:
        p = p * v * 0.1
    return p


def reached(node, graph, w, seen):
    if node in seen:
        return 0.0
    seen[node] = 1
    s = w[node] * w[node]
    for other in graph[node]:
        s = s + w[node] * reached(other, graph, w, seen)
    return s


@case(x3, 1)
def a_graph_that_is_searched(w, n):
    return reached(0, [[1, 2], [2], [0]], w, {})


def last_of(L, n):
    return L[-1] if n <= 0 else last_of(L, n - 1)


@case(x3, 2)
def lists_of_two_kinds_for_one_function(x, n):
    a = last_of([x[0], x[1]], n)
    b = last_of([x, x * x], n)
    b[0] = 5.0 * a
    return np.sum(b * x)


# -- lists of any length ------------------------------------------------------------------------------------------------------

many = [0.1 * k - 0.45 for k in range(10)]
vectors = [np.array([k - 4.5, 0.3, 1.0 - k]) for k in range(10)]


@case(many, 2.0)
def numbers_gone_through(p, x):
    s = 0.0
    for v in p:
        s = s + v * v * x
    return s * p[0]


@case(vectors, x3)
def arrays_of_a_list_written_into(p, x):
    for v in p:
        v *= 0.5
        v[0] = x[1] * v[1]
    return sum([np.sum(v * x) for v in p])


@case(many, x3)
def a_list_given_that_grows(p, x):
    p.append(x[0])
    p[1] = x[1]
    return sum(p) * p[3]


@case(vectors, x3)
def a_slice_of_a_list_given(p, x):
    q = p[2:]
    q[0] = x
    return q, p


@case({"p": many, "k": 2.0}, x3)
def a_list_in_a_dict(d, x):
    s = 0.0
    for v in d["p"]:
        s = s + v * d["k"] * x[0]
    return s


@case(list(zip(vectors, many, strict=True)), x3)
def pairs_in_a_list(p, x):
    s = 0.0
    for v, w in p:
        s = s + np.sum(v * x) * w
    return s


@case([[1.0, 2.0], [3.0], [4.0, 5.0, 6.0], *([0.5 * k] for k in range(8))], x3)
def rows_of_different_lengths(rows, x):
    s = 0.0
    for row in rows:
        for v in row:
            s = s + v * x[0]
        row.append(x[1])
    return s * rows[0][-1] * rows[1][0]


@case([v[::-1] for v in vectors], x3)
def views_or_copies_by_layout(p, x):
    for v in p:
        v.ravel()[0] = x[0]
        v.reshape(3, 1)[1, 0] = x[2]
    return sum([np.sum(v * v) for v in p])


@case([np.arange(16.0).reshape(4, 4)[::2, :3] + k for k in range(9)], x3)
def copies_by_layout(p, x):
    for v in p:
        v.ravel()[0] = x[0]
    return sum([np.sum(v * v) for v in p])


@case({"a": [x3 * 0.3], "b": [x3 * 2.0]}, x3, 3)
def grows_beside_objects(p, x, n):
    for i in range(n):
        p["a"].append(x * i)
        rows = [[x[1], 0.5]]
        for j in range(n):
            rows.append([x[0] * j, x[1]])
    return sum([np.sum(v * v) for v in p["a"]]) * rows[n][0]


@case(vectors, x3)
def a_list_given_back(p, x):
    p[3] = p[0] * 2.0
    p[0][1] = x[0]
    return p


@pytest.mark.usefixtures("typed_once")
@pytest.mark.parametrize("f, args", CASES)
def test_in_memory(f, args):
    check(f, args)


outer = [1.0, 2.0]


def an_outer_list(x, n):
    L = [outer, [x[0]]]
    for i in range(n):
        L[i % 2][0] = L[i % 2][0] * x[i]
    return L[0][0]


def test_an_outer_list_is_refused_among_objects():
    with pytest.raises(sct.SctError):
        sct.jvp(an_outer_list)(x3, 3, x3)


def test_a_list_that_is_in_an_argument_twice_is_refused():
    p = [1.0, 2.0]
    with pytest.raises(sct.SctError, match="share memory"):
        sct.jvp(lists_in_an_argument)([p, p], x3, 3, [p, p])


def test_numbers_that_become_arrays_to_second_order():
    d = sct.jvp(numbers_that_become_arrays)
    v, w = np.array([0.3, -0.2, 0.5]), np.array([0.1, 0.7, -0.4])
    _, (_, second) = sct.jvp(d)(x3, 3, v, w)
    h = 1e-5
    expected = (d(x3 + h * w, 3, v)[1] - d(x3 - h * w, 3, v)[1]) / (2.0 * h)
    np.testing.assert_allclose(second, expected, rtol=1e-6)


def read_of_both_before_either_changes(x, y):
    p = [x + 0.1, y - 0.1, x * 1.0]
    x[0] = 0.3
    y[0] = 0.5
    return np.sum(np.stack(p) ** 2)


def test_what_is_made_of_two_arrays_before_either_is_written_into():
    sct.check_grads(read_of_both_before_either_changes, (np.array([0.2, 0.3]), np.array([0.5, 0.7])), modes=("forward",))


# -- arguments that share memory ----------------------------------------------------------------------------------------------


def both(x, y):
    x[0] *= 2.0
    return np.sum(x * y)


def row_and_all(a, A):
    a[0] *= 2.0
    A[0] += a
    return np.sum(A * A) + np.sum(a)


class Model:
    def __init__(self, a):
        self.a = a


def of_a_field(x, model):
    x[0] *= 3.0
    return np.sum(x * model.a)


def filled_or_row(a, A):
    z = np.full(3, a[0])
    b = z if a[1] > -9.0 else a
    b[1] = 0.8 * a[2]
    return np.sum(b) + np.sum(A)


def entries_that_are_one(p):
    p[0][1] *= p[1][0]
    return np.sum(p[0] * p[1])


@pytest.mark.parametrize("transform", [sct.jvp, sct.linearize])
@pytest.mark.parametrize(
    "f, given, wrt",
    [
        (both, lambda x: (x, x), 0),
        (both, lambda x: (x[::2], x[:3]), 1),
        (both, lambda x: (x, x[::-1]), 0),
        (row_and_all, lambda x: (x[:3], x.reshape(2, 3)), 1),
        (row_and_all, lambda x: (x.reshape(2, 3)[0], x.reshape(2, 3)), 0),
        (filled_or_row, lambda x: (x.reshape(2, 3)[0], x.reshape(2, 3)), 0),
        (of_a_field, lambda x: (x, Model(x)), 0),
        (of_a_field, lambda x: (x[1:4], Model(x[2:5])), 0),
    ],
)
def test_arguments_that_share_memory(f, given, wrt, transform):
    rng = np.random.default_rng(0)
    x = rng.normal(size=6)
    before = x.copy()
    args = given(x)
    t = rng.normal(size=args[wrt].shape)
    if transform is sct.jvp:
        value, dot = sct.jvp(f, wrt)(*args, t)
    else:
        value, push = sct.linearize(f, wrt)(*args)
        dot = push(t)

    def at(by):
        moved = before.copy()
        own = given(moved)
        own[wrt][...] += by * t
        return f(*own)

    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(value, at(0.0))
    np.testing.assert_allclose(dot, (at(1e-6) - at(-1e-6)) / 2e-6, rtol=1e-6)


def test_arguments_that_share_memory_may_not_both_vary():
    x = np.ones(3)
    with pytest.raises(sct.ArgumentMemoryError, match="share memory"):
        sct.jvp(both, (0, 1))(x, x, x, x)
    with pytest.raises(sct.ArgumentMemoryError, match="share memory"):
        sct.jvp(entries_that_are_one)([x, x], [x, x])


def lengthened(L, x, n):
    if n > 0:
        L.append(x[0] * n)
        lengthened(L, x, n - 1)


def while_a_loop_goes_through_it(x, n):
    L = [x[0], x[1]]
    s = 0.0
    for v in L:
        lengthened(L, x, n)
        s = s + v
    return s


def saved(L, x):
    L.append(x * {1}.pop())


def read_after_it_was_given_away(L, x, n):
    if n <= 0:
        return x[0]
    y = read_after_it_was_given_away(L, x, n - 1) * len(L)
    saved(L, x)
    return y


def given_away(x, n):
    return read_after_it_was_given_away([x], x, n)


@pytest.mark.parametrize("f", [while_a_loop_goes_through_it, given_away])
def test_a_recursive_function_is_refused_that_may_change_what_is_read(f):
    with pytest.raises(sct.UnsupportedSyntaxError, match="may have been changed by"):
        sct.jvp(f)(x3, 2, x3)


@pytest.fixture
def compiled(monkeypatch):
    """The names of the texts that were compiled."""
    made = []
    load = link.load
    monkeypatch.setattr(link, "load", lambda text, *rest: made.append(text.name) or load(text, *rest))
    return made


def doubled(L, x, n):
    if n > 0:
        L.append(x * n)
        doubled(L, x, n - 1)
    return L


def test_a_recursive_function_is_compiled_once_for_all_lengths(compiled):
    def length(x, n):
        return sum(v[0] for v in doubled([x], x, n))

    for n in (3, 9):
        sct.jvp(length)(x3, n, x3)
    assert compiled == ["length_jvp", "doubled_jvp"]


def test_a_derivative_of_a_derivative_in_a_function():
    """Places in what is gone through again are the same each time."""

    def slope(x, n):
        return sct.jvp(a_list_that_grows_in_a_recursive_function)(x, n, x3)[1]

    h = 1e-6
    expected = (slope(x3 + h, 3) - slope(x3 - h, 3)) / (2.0 * h)
    np.testing.assert_allclose(sct.jvp(slope)(x3, 3, np.ones(3))[1], expected, rtol=1e-6)


def sums(x, n):
    xs = [float(x[0])]
    for i in range(n):
        xs.append(0.1 * float(x[i % 3]))
    return sum(xs), sum(xs, 0.5), sum(xs, x[1]), sum([], x[2])


def sums_of_entries(x, n):
    rows = [[0.0] * 2 for i in range(n + 1)]
    rows[n % 2][0] = float(x[1])
    none = []
    return sum([row[0] for row in rows]), sum([row[0] * x[1] for row in rows], x[0]), sum(none)


@pytest.mark.parametrize("n", [1, 40])
def test_a_sum_of_a_list_is_that_of_python(n):
    for f, value in (
        (sums, sct.jvp(sums)(x3, n, x3)[0]),
        (sums, sct.vjp(sums)(x3, n, (1.0,) * 4)[0]),
        (sums_of_entries, sct.jvp(sums_of_entries)(x3, n, x3)[0]),
    ):
        assert value == f(x3, n)
        assert [type(v) for v in value] == [type(v) for v in f(x3, n)]
    sct.check_grads(sums, (x3, n), modes=("forward", "reverse"))
    sct.check_grads(sums_of_entries, (x3, n), modes=("forward",))


def summed(p, x):
    s = 0.0
    for v in p:
        s = s + np.sum(v * v) * x
    return s


def tangents(p):
    return [np.ones_like(v) if isinstance(v, np.ndarray) else 1.0 for v in p]


@pytest.mark.parametrize("item", [1.5, np.float64(1.5), 2.0j, np.ones(3), np.ones((2, 3)), np.ones(3, np.float32)], ids=str)
def test_lists_of_many_items_are_compiled_once(item, compiled):
    def f(p, x):
        return summed(p, x)

    push = sct.jvp(f)
    for n in (1000, 10, 1):
        p = [item] * n
        value, dot = push(p, 2.0, tangents(p))
        assert value == f(p, 2.0)
        np.testing.assert_allclose(dot, sum(np.sum(4.0 * v) for v in p), rtol=1e-6)
    assert len(compiled) == 1


def test_lists_of_few_items_are_once_they_come_with_another_length(compiled):
    def f(p, x):
        return summed(p, x)

    for n, count in ((3, 1), (3, 1), (4, 2), (5, 2), (100, 2), (3, 2)):
        sct.jvp(f)([1.0] * n, 2.0, [1.0] * n)
        assert len(compiled) == count
    assert "for v in p" not in sct.jvp(f).source_for([1.0] * 3, 2.0)
    assert "enumerate(p)" in sct.jvp(f).source_for([1.0] * 4, 2.0)


def test_lists_of_items_of_several_types_are_gone_through_item_by_item(compiled):
    def f(p, x):
        return summed(p, x)

    push = sct.jvp(f)
    push([1.0] * 10, 2.0, [1.0] * 10)
    for p in ([np.ones(3)] * 10, [np.ones((2, 3))] * 10, [*[1.0] * 10, np.ones(3)], [*[1.0] * 10, np.float64(1.0)]):
        count = len(compiled)
        assert push(p, 2.0, tangents(p))[0] == f(p, 2.0)
        assert len(compiled) == count + 1


def scaled(x, a, *rest):
    return a * x * len(rest)


def first_and_rest(p, x):
    return scaled(x, *p)


def test_what_needs_the_items_of_a_list_one_by_one_gets_them(compiled):
    for n in (3, 4, 20):
        assert sct.jvp(first_and_rest)([2.0] * n, 3.0, [1.0] * n) == (6.0 * (n - 1), 3.0 * (n - 1))
    assert len(compiled) == 3


def scaled_in_place(p, x):
    for v in p:
        v *= x
    return sum([np.sum(v * v) for v in p])


def taken_from_a_list(p, x):
    x[0] = p[3][1]
    return sum([np.sum(v * x) for v in p])


def lists_given():
    p = [v.copy() for v in vectors]
    return p


def list_with_an_array_twice():
    p = lists_given()
    p[4] = p[2]
    return p, x3 * 1.0


def list_with_the_other_argument():
    p = lists_given()
    return p, p[5]


def list_of_rows():
    A = np.arange(30.0).reshape(10, 3)
    return list(A), A[3]


def list_of_windows():
    a = np.arange(12.0)
    return [a[k : k + 3] for k in range(10)], x3 * 1.0


@pytest.mark.parametrize("f", [scaled_in_place, taken_from_a_list])
@pytest.mark.parametrize(
    "given", [list_with_an_array_twice, list_with_the_other_argument, list_of_rows, list_of_windows], ids=lambda g: g.__name__
)
def test_arrays_in_lists_of_any_length_share_memory(f, given):
    """The arrays that vary are one argument, `x`, and move with all that shares memory with them."""
    p, x = given()
    t = np.array([0.3, -1.0, 0.7])
    value, dot = sct.jvp(f, "x")(p, x, t)
    own, own_x = given()
    np.testing.assert_array_equal(numbers([p, x]), numbers([own, own_x]))
    np.testing.assert_array_equal(value, f(own, own_x))

    def at(by):
        own, own_x = given()
        own_x += by * t
        return f(own, own_x)

    np.testing.assert_allclose(dot, (at(1e-6) - at(-1e-6)) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize("given", [list_with_an_array_twice, list_of_windows], ids=lambda g: g.__name__)
def test_arrays_in_a_list_that_share_memory_may_not_both_vary(given):
    p, x = given()
    with pytest.raises(sct.ArgumentMemoryError, match=r"p\[\d\] and p\[\d\] share memory"):
        sct.jvp(scaled_in_place, "p")(p, x, tangents(p))


def rows_extended(rows, x):
    for row in rows:
        row.append(x)
    return sum([sum(row) for row in rows])


def test_lists_in_a_list_are_apart():
    row = [1.0]
    with pytest.raises(sct.ArgumentMemoryError, match=r"rows\[0\] and rows\[2\] share memory"):
        sct.jvp(rows_extended, "x")([row, [2.0], row, *([0.1] for _ in range(8))], 3.0, 1.0)


@pytest.mark.parametrize(
    "given, error",
    [
        ([1.0] * 9, "p_dot must be a list of length 10"),
        ([*[1.0] * 9, np.ones(2)], r"p_dot\[9\] must be a number"),
        ([*[1.0] * 9, 1j], r"p_dot\[9\] must be real"),
        (1.0, "p_dot must be a list of length 10"),
    ],
)
def test_tangents_of_a_list_are_such_a_list(given, error):
    with pytest.raises((TypeError, ValueError), match=error):
        sct.jvp(summed)(many, 2.0, given)


def of_several_sizes(pairs, x):
    a, _ = pairs[0]
    b, _ = pairs[1]
    return a * x + b


def of_several_sizes_made(x, n):
    made = []
    for i in range(n):
        made.append((np.ones(1 + 2 * (i % 2)), 1.0))
    return made[0][0] * x + made[1][0]


def of_several_sizes_unpacked(x, n):
    made = []
    for i in range(n):
        made.append(np.ones(1 + 2 * (i % 2)))
    a, b = made
    return a * x + b


def test_what_is_in_a_list_may_be_of_several_sizes():
    pairs = [(np.ones(1), 1.0), (np.ones(3), 1.0)] * 5
    for f, wrt, args in (
        (of_several_sizes, "x", (pairs, 2.0)),
        (of_several_sizes_made, "x", (2.0, 2)),
        (of_several_sizes_unpacked, "x", (2.0, 2)),
    ):
        value, dot = sct.jvp(f, wrt)(*args, 1.0)
        np.testing.assert_array_equal(value, np.full(3, 3.0))
        np.testing.assert_array_equal(dot, np.ones(3))


def gathered(p, x):
    found = []
    for v in p:
        found.insert(0, v)
    return np.sum(found[0] * found[-1]) * x


def test_a_list_that_is_only_read_may_hold_an_array_twice():
    v = np.array([1.0, 2.0])
    value, dot = sct.jvp(gathered, "p")([v] * 9, 2.0, [np.ones(2)] * 9)
    assert (value, dot) == (10.0, 12.0)


def a_sum_over_arrays(x, xs):
    xs.extend([x[None][0], x.take([1, 2, 0])])
    return sum([v[0] - 0.4 * v[1] for v in xs])


def test_a_sum_of_what_may_be_an_array_is_that_of_python():
    rng = np.random.default_rng(0)
    for _ in range(20):
        xs = [rng.normal(size=3) for _ in range(10)]
        assert sct.jvp(a_sum_over_arrays)(x3, xs, x3)[0] == a_sum_over_arrays(x3, list(xs))


def one_tuple_of_lists(x, p, q, n):
    t = (p, q)
    if n > 2:
        chosen = t
    p[0] = x
    return np.sum(chosen[0][0] * x)


def one_of_two_tuples_of_lists(x, p, q, n):
    t = (p, q) if n > 2 else (q, p)
    t[0][0] = x
    return np.sum(p[0] * x) - 2.0 * np.sum(q[0] * x)


@pytest.mark.parametrize("f", [one_tuple_of_lists, one_of_two_tuples_of_lists])
def test_lists_in_tuples_that_are_one_of_several(f):
    for n in (3, 4):
        check(f, (x3, [x3 + 1.0, x3], [x3 * 2.0, x3], n))


def test_a_method_that_changes_a_dict_and_is_not_followed_is_refused():
    def f(x):
        d = {"a": x, "b": x * x}
        d.popitem()
        return np.sum(d["a"]) * len(d)

    with pytest.raises(sct.UnsupportedSyntaxError, match=r"the method \.popitem\(\) of a dict"):
        sct.jvp(f)(x3, x3)


def dicts_and_lists_returned(x, y, d, n):
    rows = []
    for i in range(n):
        rows.append((x * i, y))
    grid = [[0.0, y @ x] for _ in range(2)]
    return [d, grid]


def test_tangents_in_dicts_have_adjoints():
    x, y = np.array([1.0, 2.0]), np.array([0.3, 0.4])
    push = sct.jvp(dicts_and_lists_returned, ("x", "y"))

    def of_tangents(x_dot, y_dot):
        _, (_, grid) = push(x, y, {"w": [2.0 * x, y], "b": [x]}, 2, x_dot, y_dot)
        return grid[0][1] * grid[1][1]

    sct.check_grads(of_tangents, (np.array([0.5, -1.0]), np.array([0.2, 0.7])), wrt=("x_dot", "y_dot"))
    given = (x, y, {"w": [2.0 * x, y], "b": [x]}, 2, x, y)
    value, dot = push(*given)
    ones = [{"w": [np.ones(2), np.ones(2)], "b": [np.ones(2)]}, [[1.0, 1.0], [1.0, 1.0]]]
    _, (x_bar, y_bar) = sct.vjp(push, ("x_dot", "y_dot"))(*given, (ones, ones))
    np.testing.assert_allclose(x_bar, 2.0 * y)
    np.testing.assert_allclose(y_bar, 2.0 * x)
