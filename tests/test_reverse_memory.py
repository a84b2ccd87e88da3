"""What one name changes, every name sees: reverse mode of functions that write into what has several names.

Each function is compared with Python's own value, with finite differences, and with forward mode by the dot-product test
⟨y̅, J ẋ⟩ = ⟨Jᵀ y̅, ẋ⟩; the caller's arguments are left alone, and a pullback may be called again.
"""

import copy
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import test_forward_objects
from differences import gradient
from test_forward_objects import state
from trees import mapped, pairing, random_like

import sct

X = np.array([0.5, -1.2, 0.7])


def entries_of_a_list(x, n):
    p = [np.zeros(3), np.ones(3)]
    for i in range(n):
        p[i % 2][0] += x[i % 3]
    return np.sum(p[0] * x) + np.sum(p[1] * p[0])


def weighed(ks, i):
    return 0.0 if i >= len(ks) else ks[i] * ks[i] + weighed(ks, i + 1)


def recursion_on_a_list_of_numbers(x, n):
    r = weighed([x[0], x[1] * x[2], x[0] * n], 0)
    q = [x * 1.0, x * 2.0]
    q[n % 2][0] = r
    return np.sum(q[0] * q[1] * x)


def arrays_of_no_axes(x, n):
    o, q = np.array(x @ x), np.array(x[0])
    o[...] = x[1]
    for i in range(n):
        r = q * 1.0
        q[...] = r * x[i % 3]
        if i > 2:
            q[...] = o * x[2]
        q -= x[i % 3]
    return o * q * r


def taken_of_a_number_or_an_array(x, n):
    b = x * 2.0
    if n % 2:
        b = x @ x
    d = b
    d += x[2]
    t, u, v = np.asarray(b), np.flip(b), np.ravel(b[...])
    t += x[0]
    v *= x[1]
    return np.sum(t * u) + np.sum(v * b) + np.sum(np.asfortranarray(b) * x) + np.sum(u) ** 2


def views_of_a_dict(x, n):
    d = {"a": x * 2.0, "b": x * x}
    values, keys = d.values(), d.keys()
    for i in range(n):
        d[f"{i}"] = x * i
    total = 0.0
    for k in keys:
        total += d[k][0]
    for k, v in d.items():
        d[k] = v * x
        d["b"] = d["a"] * x[0]  # which the loop comes to
    for k in d:
        total += d[k][1]
    for v, w in zip(values, d.values()):
        d["a"] = x * w[0]
        total += v[0] * w[2]
    return total + sum([v[0] * v[1] for v in values]) + len(values) * list(values)[n][2]


def rows(x, n):
    found = []
    for i in range(n):
        found.append([x[0] * i, x[1] * x[2]])
    total = 0.0
    for row in found:
        total += row[0] * row[1]
    return total


def numbers_in_a_list(x, n):
    y = [0.0] * n
    for i in range(n):
        y[i] = x[i % 3] * x[0] + (y[i - 1] if i else 0.0)
    return y[n - 1] * y[n // 2] + sum(y)


def entry_of_a_dict(x, n):
    d = {"a": x * 2.0, "b": x * x}
    k = "a" if n > 3 else "b"
    d[k][0] = x[1] * x[2]
    return np.sum(d["a"] * d["b"])


def caches(x, n):
    cache = []
    h = x * 1.0
    for i in range(n):
        new = np.tanh(h * x)
        cache.append((h, new, x[0] * i))
        h = new
    total = 0.0
    for a, b, c in cache:
        total += np.sum(a * b) * c
    return total


def a_stack(x, n):
    stack = [x[0], x[1]]
    for i in range(n):
        a = stack.pop()
        b = stack.pop()
        stack.append(a * b)
        stack.append(a + b * x[2])
        if i % 2:
            stack.insert(0, a)
    return stack[-1] * stack[0]


def swapped_lists(x, n):
    p, q = [x[0]], [x[1] * x[2]]
    for _ in range(n):
        p.append(q[-1] * x[0])
        p, q = q, p
    return p[0] * p[-1] + sum(q)


def a_table(x, n):
    """The least cost of an alignment, in a list of lists."""
    table = [[0.0] * (n + 1) for _ in range(n + 1)]
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            cost = (x[i % 3] - 2.0 * x[j % 3]) ** 2
            table[i][j] = cost + min(table[i - 1][j], table[i][j - 1], table[i - 1][j - 1])
    return table[n][n]


def buckets(x, n):
    d = {}
    for i in range(n):
        k = i % 2
        if k in d:
            d[k].append(x * i)
        else:
            d[k] = [x[0] * x]
    total = 0.0
    for found in d.values():
        for v in found:
            total += np.sum(v * v)
    return total


def line_search(x, n):
    u, v = x, x * 1.0
    for _ in range(n):
        v[:] = 0.9 * u
        if np.sum(v) > -10.0:
            u, v = v, u
    return np.sum(x * u)


def third_name(x, n):
    a = x * 2.0
    b = a
    if n > 2:
        b = x * 3.0
    for i in range(len(x)):
        b[i] = b[i] * a[i]
    return np.sum(a * a) + np.sum(b)


def masks(x, n):
    a = x * 1.0 if n > 2 else x
    b = a
    b[a > 0.0] *= 2.0 * x[1]
    b[[0, 2]] = a[[2, 0]] * x[0]
    return np.sum(a * b)


def views_of_a_choice(x, n):
    A = np.outer(x, x)
    B = A * x
    C = A if n > 2 else B
    row, column = C[1], C[:, 0]
    row *= column
    column[1:] += row[:2]
    return np.sum(A * B)


def imaginary_parts(x, n):
    z = x * (1.0 + 2.0j)
    w = z if n > 2 else z * x
    t = w.imag
    w[0] = x[1] * 1.0j
    return np.sum(t * t) + np.sum(w.real * t) + np.real(z[1] * z[2])


def diagonals(x, n):
    A = np.outer(x, x)
    B = A if n > 2 else A * 2.0
    d = np.diagonal(B)
    B[0, 0] = x[1]
    return np.sum(d * d) + np.sum(A)


def diagonals_in_a_list(x, n):
    B = np.outer(x, x * x) + 1.0
    p = [np.diag(B), x]
    for i in range(n):
        B[i % 3, i % 3] = p[0][1] * x[i % 3]
        p.append(B.diagonal()[::-1] if i % 2 else x * i)
    p[1] = np.diagonal(B, 1)
    B[0, 1] *= p[-1][0]
    return np.sum(p[0] * p[2]) + p[1][0] * p[-2][1]


def views_or_copies(x, n):
    found = 0.0
    for wide in (np.zeros((3, 3)), np.zeros((6, 6))[:3, 3:]):
        wide[...] = np.outer(x, x * x) + 1.0
        flat = wide.T.reshape(-1)
        flat[n % 9] *= x[0]
        wide[0, 2] *= flat[6]
        found += np.sum(wide * wide) * flat[1]
    return found


def stretched(x, n):
    a = x * 1.0
    b = a if n > 2 else x * 2.0
    wide = np.broadcast_to(b, (2, 3))
    b[0] = x[1] ** 2
    return np.sum(wide * x) + np.sum(a * b)


def parts(x, n):
    a = np.concatenate([x, x * x])
    b = a if n > 2 else a * 1.0
    p, q = np.split(b, 2)
    p[0] = q[1] * x[0]
    q *= 2.0
    return np.sum(a * b)


def tuples_of_arrays(x, n):
    pair = (x * 1.0, x * 2.0)
    if n > 2:
        pair = (pair[1], pair[0])
    pair[0][1] = x[0] * x[2]
    return np.sum(pair[0] * pair[1] * x)


def an_early_return(x, n):
    a = x * 1.0
    b = a if n > 3 else x
    for i in range(n):
        b[i % 3] *= x[0]
        if i == 3:
            return np.sum(a * b)
    b[0] = 2.0
    return np.sum(b * x)


def given_before_a_write(x, n):
    first = x[0] * 1.0
    a = x * 1.0
    second = a[1]
    for i in range(2):
        b = a
        a[i] = 0.5 * first
    kept = []
    for i in range(n):
        kept.append((a, i))
        if n > 4:
            return b[0] * x[1]
    return second * kept[0][0][2]


def sums_after_a_return(x, n):
    w = [x * i for i in range(n)]
    for i in range(n):
        if n > 5:
            return x[0]
        w[i][0] *= x[1]
    rows = [w, [x]]
    rows[0][0][n % 3] = x[0]
    return sum([v[0] - 0.4 * v[1] for v in w]) * np.sum(rows[n % 2][0] * x)


def broken_off(x, n):
    kept = [x]
    while len(kept) < n + 2:
        kept.append(kept[-1] * x)
        if np.sum(kept[-1]) < -5.0:
            break
        kept[0] = kept[-1]
    return np.sum(kept[0] * kept[-1])


def many(x, n):
    """A thousand items."""
    found = [x[0]] * 1000
    for i in range(1, 1000):
        found[i] = found[i - 1] * 0.99 + x[i % 3]
    return found[-1] * found[n]


def given_back(x, n):
    out = []
    for i in range(n):
        out.append(x * i)
    out[0] = out[-1]
    return out


def given_back_by_key(x, n):
    d = {"a": x * 2.0}
    e = d if n > 3 else {"a": x}
    e["a"][0] = x[1]
    return d, x[2]


def tuples_of_another_number(x, n):
    labels = [(x * 2.0, x[0]), (x, x[1])]
    for i in range(n):
        labels = [(v * i, 0.5 * v[0]) for v in (x, x * x, 2.0 * x)]
    return sum([w * v[1] for v, w in labels])


@dataclass
class Point:
    place: object
    weight: float = 2.0
    other: object = None


class Body:
    """Fields that are numbers, arrays and lists; a default in the class."""

    damping = 0.5

    def __init__(self, v, w):
        self.v, self.w, self.path = v, w, []

    def push(self, a):
        self.w = self.damping * self.w * a[0] + 0.1
        self.v[0] += self.w * a[1]
        self.path.append(self.w)
        return self


class Heavy(Body):
    damping = 0.25

    def __init__(self, v, w, mass):
        super().__init__(v, w)
        self.mass = mass

    def push(self, a):
        self.mass *= a[2]
        return super().push(self.mass * a)


def points(x, n):
    found = []
    for i in range(n):
        found.append(Point(x * i))
    found[0].weight = x[0] * x[1]
    found[-1].place[1] *= found[0].weight
    return sum([np.sum(p.place * p.place) * p.weight for p in found])


def bodies(x, n):
    found = [Body(x * 1.0, x[0]), Body(x * x, 1.0)]
    for i in range(n):
        found[i % 2].push(x).push(found[0].v)
    return found[0].w * found[1].v + found[0].v * found[1].path[-1]


def heavy_bodies(x, n):
    found = {"a": Heavy(x * 1.0, x[0], x[1]), "b": Heavy(x * 2.0, 0.5, 1.0)}
    for i in range(n):
        found["a" if i % 2 else "b"].push(x)
    return found["a"].mass * found["b"].w, found["a"].v * found["b"].mass


def objects_that_point_to_others(x, n):
    ends = [Point(x * 1.0, x[0]), Point(x * 2.0, x[1])]
    links = [Point(x[2], 1.0, ends[i % 2]) for i in range(n)]
    for i in range(n):
        links[i].other.weight *= links[i - 1].place
        links[i].other.place[i % 3] += links[0].other.weight
        links[i].place = links[i].place * x[0]
        links[i].other = ends[0]
    return np.sum(ends[0].place * ends[1].place) + ends[0].weight * ends[1].weight * links[-1].place


def a_choice_of_objects(x, n):
    p, q = SimpleNamespace(a=x * 1.0, b=x[0]), SimpleNamespace(a=x * x, b=1.0)
    for i in range(n):
        r = p if x[i % 3] > 0.0 else q
        r.a[i % 3] *= p.b
        r.b += q.a[0]
        p, q = q, p
    return np.sum(p.a * q.b), p.b * q.a


def frozen_objects(x, n):
    found = [Point(x * 1.0, x[0])]
    for i in range(n):
        found.append(replace(found[-1], place=found[i].place * x, weight=found[0].weight * 0.5))
        found[0] = found[i // 2]
    return sum([p.weight for p in found]) * np.sum(found[-1].place * found[0].place)


def fields_that_are_tuples(x, n):
    found = [Point((x[0], x * 1.0), [x[1]]) for _ in range(n)]
    for i in range(n):
        number, array = found[i - 1].place
        found[i].place = (number * x[0], found[i].place[1] * x)
        found[i].weight.append(found[i].place[0])
        found[0].weight[0] += number * array[1]
    return sum(found[0].weight) + np.sum(found[-1].place[1])


def lists_of_anything(x, n):
    found = [x * 1.0, x[0], None, "a"]
    for i in range(n):
        found.append([x * i, x[0]])
    other = found if n > 3 else [x]
    other[0] = x * x
    return other + found, [other] * 2


def sums_of_numbers_and_arrays(x, n):
    found = [x, x[0]]
    other = found if n > 3 else [x]
    other.append(x * x)
    total = sum(found)
    total[0] = x[1]
    return np.sum(total * x) + np.sum(sum(other, 0.5) * x)


def rows_of_what_is_broadcast(x, n):
    """Of what nothing is written into, but of which there are lists."""
    s = 0.0
    for i in range(n):
        rows = list(np.broadcast_to(x[i % 3] * x, (2, 3)))
        kept = [rows[0], x] if i < 2 else [x, rows[1]]
        s = s + np.sum(kept[0] * kept[1] * np.broadcast_to(x, (2, 3))[1])
    return s


def means_in_a_list(x, n):
    found = [(x[0], x), (x[1], x * x), (x[2], x[::-1])]
    for i in range(n):
        centre = np.mean([p for _, p in found[:-1]], axis=0)
        found.sort(key=lambda part: part[0])
        found[i % 3] = np.sum(centre * centre), centre * found[0][1]
    return found[0][0] * np.sum(found[-1][1])


def walk(a, b, n):
    if n <= 0:
        return a
    a[n % 3] *= 0.8 * b[0]
    return walk(b, a, n - 1)


def recursion_that_gives_an_argument(x, n):
    a, b = x * 1.0, x * x
    c = walk(a, b, n)
    c[1] = 3.0 * c[0]
    return np.sum(a * b) + c[2]


def halved(a, s, n):
    if n <= 0:
        return a[0] * s
    a[1:] *= s * a[0]
    return halved(a[::-1], s * a[1], n - 1) + a[1]


def recursion_over_views(x, n):
    a = x * x
    s = halved(a, x[1], n)
    return s * s + np.sum(a)


def collect(p, a, n):
    if n > 0:
        p.append(a * n)
        collect(p, a, n - 1)


def recursion_that_appends(x, n):
    p = [x * x]
    for _ in range(2):
        collect(p, x, n // 2)
    p[-1][0] *= x[1]
    return sum([np.sum(v * v) for v in p])


def remember(d, a, n):
    if n <= 0:
        return d["w"]
    d["b"] = d["w"] * 0.9
    d["w"][n % 3] = a[0]
    return remember(d, d["b"], n - 1)


def recursion_with_a_dict(x, n):
    d = {"w": x * x, "b": x * 1.0}
    v = remember(d, x, n)
    v[1] = x[0] * x[2]
    return np.sum(d["w"] * d["b"]) + np.sum(v)


def twirl(t, n):
    a, b, s = t
    if n > 0:
        a[0] = s * b[1]
        return twirl((b, a, 0.5 * s + a[2]), n - 1)
    return t


def recursion_with_a_tuple(x, n):
    a, b = x * x, x * 1.0
    t = twirl((a, b, x[2]), n)
    t[0][1] = x[0] * t[1][2] * t[2]
    return np.sum(a * b)


def doubled(p, n):
    if n > 0:
        q = doubled(p, n - 1)
        q.append(p[-1] * 2.0)
        q[-1][1] *= 0.3 * n
        return q
    return list(p)


def recursion_that_gives_a_list(x, n):
    p = [x * 1.0, x * 2.0]
    q = doubled(p, n)
    q.append(x)
    q[0][0] = x[1]
    return np.sum(q[-2] * q[0]) * p[0][0]


def turn(p, q, n):
    if n <= 0:
        return p
    p[0] = q[-1]
    q[-1][n % 3] *= 0.9
    return turn(q, p, n - 1)


def recursion_that_swaps_lists(x, n):
    p, q = [x * x, x * 1.0], [x * 0.5]
    r = turn(p, q, n)
    r[0][0] = x[1] * x[2]
    return np.sum(p[0] * q[-1])


def quicksort(a, first, last):
    if last - first <= 1:
        return
    pivot = a[last - 1]
    i = first
    for j in range(first, last - 1):
        if a[j] < pivot:
            t = a[i]
            a[i] = a[j]
            a[j] = t
            i += 1
    t = a[i]
    a[i] = a[last - 1]
    a[last - 1] = t
    quicksort(a, first, i)
    quicksort(a, i + 1, last)


def recursion_that_sorts(x, n):
    a = np.concatenate((x, np.sin(n * x), x * x * x))
    quicksort(a, 0, len(a))
    return np.sum(a * np.arange(len(a))) + a[n] * a[0]


def none_or_an_array(x, n):
    z = None
    for i in range(3):
        if i == n - 2:
            z = x
        x[i] *= 2.0
    return np.sum(x * x) if z is None else np.sum(z) * x[0]


def none_then_a_write(x, n):
    best, last = None, None
    for i in range(n):
        if best is None or x[i % 3] > 0.0:
            best = x * i
            last = x
        best[i % 3] = 2.0 * x[1]
    last[0] *= best[2]
    best += last
    rows = [None, best]
    rows[0] = x[1:]
    rows[n % 2][0] *= last[0]
    return np.sum(best * x) * last[1]


def chosen_in_a_loop_that_is_left(x, n):
    x[1] = 0.3 * x[0]
    while np.sum(x**2) > 0.01:
        v = x[0]
        return np.tanh(v) if v > 5.0 else 0.5 * v
    return np.sum(x * x)


def none_at_first_on_two_ways(x, n):
    last, y = None, x * 0.5
    for i in range(n):
        if last is not None:
            if i % 2 == 0:
                return last[0] * y[1]
            y = last
        last = y.copy()
    return np.sum(np.sin(x))


def a_number_or_an_argument(x, n):
    s = 0.0
    if n > 2:
        s = x
    s += x[1]
    x[0] = 2.0
    return np.sum(s * x)


def a_number_that_becomes_an_array(x, n):
    total = 1.0
    for i in range(n):
        total *= x * (i + 1)
        if n % 2:
            total += x[0]
        last = total
        last[i % 3] = 0.5 * last[1]
    first = last[0]
    last[0] = first * last[2]
    return np.sum(total * x) * first


def parts_of_a_total(x, n):
    total = 0.0
    for i in range(n):
        total += x * i
    tail, both = total[::2], total[None]
    tail *= x[0]
    both[0, 1] = x[1] * total[2]
    sums = [0.0] * 2
    for i in range(n):
        sums[i % 2] += total[i % 3]
    return sums[0] * sums[1]


def totals_kept(x, n):
    total, found, first = x[0], [], None
    for i in range(n):
        found.append(total)
        total += x * i
        first = found if first is None else first
    found[-1][0] *= x[2]
    return np.sum(found[0] * x) + np.sum(found[-1] * total)


def fields_that_become_arrays(x, n):
    found = [Point(0.0, v) for v in x]
    for i in range(n):
        for p in found:
            p.place = p.place + p.weight * x
            p.weight = p.place[i % 3]
    return found[0].place @ found[-1].place


def a_list_of_none(x, n):
    known = [None] * 3
    for i in range(n):
        if known[i % 2] is None:
            known[i % 2] = x[i % 3] * x
        else:
            known[i % 2] = known[1] + x
    return np.sum(known[0] * known[1])


def an_array_that_is_not_differentiated(x, n):
    y = np.zeros(3) if n > 3 else x
    y[n % 3] = x[0] * x[1]
    return np.sum(y * x)


def transform(a, s):
    m = len(a)
    if m == 1:
        return
    even, odd = a[::2], a[1::2]
    transform(even, s)
    transform(odd, s)
    u, v = even.copy(), odd * s
    a[: m // 2] = u + v
    a[m // 2 :] = u - v


def recursion_on_halves(x, n):
    a = np.concatenate((x, x[1:] * x[0], x))
    transform(a, x[n % 3])
    return np.sum(a * a * a)


def merged(a):
    m = len(a)
    if m <= 1:
        return a
    left, right = merged(a[: m // 2]), merged(a[m // 2 :])
    out = np.zeros(m)
    i = j = 0
    for k in range(m):
        if j >= len(right) or (i < len(left) and left[i] < right[j]):
            out[k] = left[i]
            i += 1
        else:
            out[k] = right[j]
            j += 1
    return out


def recursion_that_merges(x, n):
    a = merged(np.concatenate((x, np.sin(n * x))))
    a[0] *= x[1]
    return np.sum(a * np.arange(6.0)) * a[2]


def add_up(a, x, n):
    if n > 0:
        a += x * a
        a[...] = np.sin(a)
        add_up(a, x + 0.5, n - 1)


def recursion_into_an_array_of_no_axes(x, n):
    a = np.array(x[0])
    add_up(a, x[1], n)
    return a * a


def count_down(a, counts, seen, n):
    if n > 0 and not seen[n]:
        seen[n] = True
        counts[0] += 1
        a[counts[0] % 3] *= a[0]
        count_down(a, counts, seen, n - 1)


def recursion_with_counters(x, n):
    a, counts = x * 1.0, np.array([0])
    count_down(a, counts, np.zeros(n + 1, bool), n)
    return np.sum(a * a) * counts[0]


def in_order(A, n):
    flat = A.ravel()
    flat[n] *= flat[n + 1]
    if n > 0:
        return in_order(A.T, n - 1)
    return A.reshape(-1)[2:5]


def recursion_by_layout(x, n):
    total = 0.0
    for wide in (np.zeros((3, 3)), np.zeros((6, 6))[:3, 3:]):
        wide[...] = np.outer(x, x * x) + 1.0
        part = in_order(wide, n)
        part[0] *= x[1]
        total += np.sum(wide * wide) * part[1] * part[0]
    return total


def paired(p, a, n):
    u, v = p
    a[0] *= u
    return (v, u + v) if n <= 0 else paired((v * a[0], u), a, n - 1)


def recursion_that_gives_numbers(x, n):
    a = x * 1.0
    u, v = paired((x[1], x[2]), a, n)
    return u * np.sum(a) + v


def pairs_in_lists(x, n):
    p = [(x[0], x[1])] * 3
    q = p if n > 2 else []
    for i in range(n):
        w = p[i % 3]
        p[i % 3] = (w[1] * x[2], w[0])
        q.append(w)
    return p[0][0] * p[1][1] + q[-1][0] * q[n % 2][1]


def remembered(known, one, pairs, n):
    """Numbers in a dict, which take the place of one another, and a list of pairs, one of which is given twice."""
    if n < 2:
        return one
    if n in known:
        return known[n]
    known[n] = remembered(known, one, pairs, n - 1) * remembered(known, one, pairs, n - 2)
    pairs.append((known[n], pairs[0][1]))
    known[0] = known[0] * known[n]
    return known[n]


def recursion_with_a_memory(x, n):
    known, pairs = {0: x[1]}, [(x[2], x * x)]
    found = remembered(known, x[0], pairs, n)
    return found * known[0] + pairs[-1][0] * np.sum(pairs[n - 2][1] * pairs[0][1])


def sweep_down(a, n):
    if n > 0:
        a[n - 1] *= a[n]
        sweep_down(a, n - 1)


def recursion_on_vectors(x):
    a = x * 1.0
    sweep_down(a, len(x) - 1)
    return np.sum(a * x)


RECURSIVE = [
    recursion_that_gives_numbers,
    recursion_that_gives_a_list,
    recursion_by_layout,
    recursion_into_an_array_of_no_axes,
    recursion_with_counters,
    recursion_on_halves,
    recursion_that_merges,
    recursion_that_gives_an_argument,
    recursion_over_views,
    recursion_that_appends,
    recursion_with_a_dict,
    recursion_with_a_tuple,
    recursion_with_a_memory,
    recursion_that_swaps_lists,
    recursion_that_sorts,
]


def lists_of_entries(x, n):
    entries = list(x)
    x[0] = 5.0 * x[1]
    x[1] = 2.0
    entries.append(x[0])
    entries[n % 3] = entries[2] * x[2]
    return entries[n % 2] * entries[0] * x[2] * entries[-1]


def exchanged_rows(x, n):
    """Views that change places by the number of the iteration, and are written into after that."""
    A = np.outer(x, x) + 0.5
    p, q = A[0], A[1]
    for i in range(n):
        p *= q[0]
        if i % 2 == 0:
            p, q = q, p
        q[1] += 0.1 * p[2] * p[2]
    return np.sum(A * A * x[0])


def passed_around(x, n):
    """Three arrays, which go around one way or the other by what is written into after the test."""
    a, b, c = x, 2.0 * x, x * x
    first = a
    for i in range(n):
        c[0] = a[1] * b[2] + 0.1
        if np.sum(c) > np.sum(a):
            a, b, c = b, c, a
        else:
            a, c = c, a
        a[2] = np.sin(b[0]) * x[0]
        first[1] = first[1] * c[0]
    return np.sum(a * b) + np.sum(c * first)


def always_exchanged(x, n):
    u, v = x, 2.0 * x
    w = u
    for i in range(n):
        v[:] = np.sin(u) + w
        u, v = v, u
    return np.sum(x * u + w * v)


def exchanged_inside(x, n):
    u, v = x, 0.5 * x
    w = u
    for i in range(n):
        for j in range(i):
            v[j % 3] = 0.7 * u[1] + w[j % 2]
            if v[j % 3] > 0.3:
                u, v = v, u
        w[0] = w[0] * u[2]
    return np.sum(u * v * w)


def exchanged_twice(x, n):
    u, v = x, 0.5 * x
    w = v
    for i in range(n):
        if u[0] > v[1]:
            u, v = v, u
        u[1] = v[0] * w[2]
        if u[2] > 0.2:
            u, v = v, u
    return np.sum(u * v * w)


def exchanged_until(x, n):
    u, v = x, 0.5 * x
    w = v
    for i in range(n):
        v[0] = u[1] * w[2]
        if v[0] > 5.0:
            break
        if v[0] > 0.1:
            u, v = v, u
    return np.sum(u * v * w)


def exchanged_unless_known_before(x, n):
    u, v = x * 1.0, x * 2.0
    kept = [u]
    often = n > 3
    for i in range(n):
        u[i % 3] = 0.5 * v[0]
        if often:
            break
        u, v = v, u
    for i in range(n):
        u[i % 3] *= v[1]
        if often:
            u, v = v, u
    return np.sum(u * v * kept[0])


FUNCTIONS = [
    exchanged_unless_known_before,
    lists_of_entries,
    *RECURSIVE,
    none_or_an_array,
    none_then_a_write,
    chosen_in_a_loop_that_is_left,
    none_at_first_on_two_ways,
    a_number_or_an_argument,
    a_number_that_becomes_an_array,
    parts_of_a_total,
    totals_kept,
    fields_that_become_arrays,
    a_list_of_none,
    an_array_that_is_not_differentiated,
    exchanged_rows,
    passed_around,
    always_exchanged,
    exchanged_inside,
    exchanged_twice,
    exchanged_until,
    lists_of_anything,
    pairs_in_lists,
    sums_of_numbers_and_arrays,
    points,
    bodies,
    heavy_bodies,
    objects_that_point_to_others,
    a_choice_of_objects,
    frozen_objects,
    fields_that_are_tuples,
    tuples_of_another_number,
    entries_of_a_list,
    recursion_on_a_list_of_numbers,
    arrays_of_no_axes,
    views_of_a_dict,
    taken_of_a_number_or_an_array,
    rows,
    numbers_in_a_list,
    entry_of_a_dict,
    caches,
    a_stack,
    swapped_lists,
    a_table,
    buckets,
    line_search,
    third_name,
    masks,
    views_of_a_choice,
    imaginary_parts,
    diagonals,
    diagonals_in_a_list,
    views_or_copies,
    stretched,
    parts,
    tuples_of_arrays,
    an_early_return,
    given_before_a_write,
    sums_after_a_return,
    broken_off,
    many,
    given_back,
    given_back_by_key,
    rows_of_what_is_broadcast,
    means_in_a_list,
]


def difference(f, x, n, y_bar, direction):
    at = [pairing(f(x + t * direction, n), y_bar) for t in (-2e-4, -1e-4, 1e-4, 2e-4)]
    return (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-4


@pytest.mark.usefixtures("typed_once")
@pytest.mark.grid(of=8, each=False)
@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_reverse(f, optimize):
    for n in (2, 5):
        own = f(X.copy(), n)
        y_bar = random_like(own, np.random.default_rng(1))
        given = X.copy()
        value, pull = sct.pullback(f, optimize=optimize)(given, n)
        np.testing.assert_equal(value, own)
        first = pull(y_bar).copy()
        np.testing.assert_array_equal(given, X)
        _, joint = sct.vjp(f, optimize=optimize)(given, n, y_bar)
        np.testing.assert_allclose(joint, first, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(pull(mapped(lambda v: 2.0 * v, y_bar)), 2.0 * first, rtol=1e-13, atol=1e-13)
        np.testing.assert_array_equal(pull(y_bar), first)
        direction = np.random.default_rng(2).standard_normal(3)
        assert pairing(first, direction) == pytest.approx(difference(f, X, n, y_bar, direction), rel=1e-7, abs=1e-8)
        _, tangent = sct.jvp(f)(X, n, direction)
        assert pairing(tangent, y_bar) == pytest.approx(pairing(first, direction), rel=1e-12, abs=1e-12)


MIXED = [none_or_an_array, lists_of_anything, taken_of_a_number_or_an_array]
AGAIN = {
    "reverse over reverse": (sct.vjp, sct.vjp, MIXED),
    "forward over reverse": (sct.vjp, sct.jvp, MIXED),
    "reverse over forward": (
        sct.jvp,
        sct.vjp,
        [a_number_that_becomes_an_array, fields_that_become_arrays],
    ),
}
"""The derivatives of derivatives, with the functions of which they are refused."""


@pytest.mark.usefixtures("typed_once")
@pytest.mark.grid(of=12, each=False)
@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("order", AGAIN)
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_second_derivatives(f, order, optimize):
    first, second, refused = AGAIN[order]
    own = f(X.copy(), 4)
    rng = np.random.default_rng(3)
    y_bar, v, w = random_like(own, rng), rng.standard_normal(3), rng.standard_normal(3)
    given, derived = X.copy(), first(f, optimize=optimize)
    seed = w if first is sct.jvp else y_bar
    asked = v if second is sct.jvp else (mapped(np.zeros_like, own), y_bar if first is sct.jvp else w)
    if f in refused:
        with pytest.raises((sct.UnsupportedSyntaxError, sct.NoRuleError)):
            second(derived, optimize=optimize)(given, 4, seed, asked)
        return
    _, found = second(derived, optimize=optimize)(given, 4, seed, asked)
    np.testing.assert_array_equal(given, X)
    gradient = sct.vjp(f, optimize=optimize)
    expected = difference(lambda x, n: gradient(x, n, y_bar)[1], X, 4, w, v)
    got = pairing(found[1], w) if second is sct.jvp else pairing(found, v)
    assert got == pytest.approx(expected, rel=1e-6, abs=1e-7)


def in_order_and_changed(A, n):
    part = in_order(A, n)
    part[0] *= A[0, 1]
    return np.sum(A * A) * part[1] * part[0]


def test_a_recursive_function_is_given_copies_that_lie_alike():
    rng = np.random.default_rng(0)
    whole, way = rng.normal(size=(6, 6)), rng.normal(size=(6, 6))

    def at(t, f=in_order_and_changed):
        return f((whole + t * way)[:3, 3:], 2)

    value, A_bar = at(0.0, sct.value_and_grad(in_order_and_changed))
    assert value == at(0.0)
    assert pairing(A_bar, way[:3, 3:]) == pytest.approx((at(1e-6) - at(-1e-6)) / 2e-6, rel=1e-6)


@pytest.mark.usefixtures("typed_once")
@pytest.mark.parametrize("f, given", test_forward_objects.CASES)
def test_objects(f, given):
    """Objects as forward mode follows them, also such as share memory with other arguments."""
    x, direction = np.array([1.0, 2.0, 3.0, -1.0, 0.5]), np.array([0.3, -1.0, 0.7, 0.2, 1.1])
    args = (x, *given(x))
    before = state(args)
    value, tangent = sct.jvp(f)(*args, direction)
    own, pull = sct.pullback(f)(*args)
    np.testing.assert_equal(own, value)
    y_bar = random_like(value, np.random.default_rng(1))
    first = pull(y_bar).copy()
    assert pairing(first, direction) == pytest.approx(pairing(tangent, y_bar), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(pull(mapped(lambda v: 2.0 * v, y_bar)), 2.0 * first, rtol=1e-13, atol=1e-13)
    for _ in range(2):
        np.testing.assert_array_equal(pull(y_bar), first)
    np.testing.assert_allclose(sct.vjp(f)(*args, y_bar)[1], first, rtol=1e-13, atol=1e-13)
    assert state(args) == before


def a_sum_handed_on(x, n):
    b = np.sum(np.stack([x, x * 2.0]), axis=0)
    row = x * 1.0
    for _ in range(n):
        b, row = row[:], row[:]
    b -= x[n % 3]
    return row @ b


def test_a_shape_has_no_tangent():
    gradient = sct.grad(a_sum_handed_on, optimize=False)
    direction = np.array([0.4, 0.1, -0.3])
    expected = (gradient(X + 1e-6 * direction, 3) - gradient(X - 1e-6 * direction, 3)) / 2e-6
    np.testing.assert_allclose(sct.jvp(gradient, optimize=False)(X, 3, direction)[1], expected, rtol=1e-6, atol=1e-8)


def flattened(A, n):
    flat = A.ravel()
    flat[1] = A[1, 0] * flat[2]
    again = A.reshape(4)
    again[0] *= flat[1]
    return np.sum(A * A) + np.sum(flat * again)


@pytest.mark.parametrize("lay", [np.ascontiguousarray, np.asfortranarray, lambda A: np.repeat(A, 2, 0)[::2]])
def test_what_may_be_a_view_or_a_copy(lay):
    A = np.array([[0.5, -0.3], [0.2, 0.7]])
    found = sct.grad(flattened)(lay(A), 0)
    for k in np.ndindex(2, 2):
        step = np.zeros((2, 2))
        step[k] = 1e-6
        slope = (flattened(lay(A + step), 0) - flattened(lay(A - step), 0)) / 2e-6
        assert found[k] == pytest.approx(slope, rel=1e-6, abs=1e-8)
    way = np.array([[1.0, 0.3], [-0.5, 2.0]])
    slope = (sct.grad(flattened)(lay(A + 1e-6 * way), 0) - sct.grad(flattened)(lay(A - 1e-6 * way), 0)) / 2e-6
    for second in (sct.vjp, sct.jvp):  # which is symmetric
        np.testing.assert_allclose(second(sct.grad(flattened))(lay(A), 0, way)[1], slope, rtol=1e-6, atol=1e-8)


def given_back_by(z, n):
    if n > 0:
        given_back_by(z, n - 1)
    return z


def never_left(x, z, n):
    while True:
        for _ in range(n):
            if len(z) > 2:
                return x[0] * x[1]
        break
    given_back_by(z, n)
    return np.sum(x * x)


def test_a_loop_that_is_seen_not_to_be_left_in_a_derivative_of_a_derivative():
    (second,) = sct.jvp(sct.grad(never_left, ("x",)), "x")(X, [2.0 * X, X + 1.0], 2, X)[1]
    np.testing.assert_allclose(second, 2.0 * X)


def flattened_sum(x, y, n):
    total = 0.0
    for i in range(n):
        total += y
        y[i % 3] *= x[n % 3]
    flat = total.ravel()
    flat *= x
    return np.sum(flat * total * y)


def test_a_shape_that_is_not_known_is_no_memory_in_a_derivative_of_a_derivative():
    first = sct.grad(flattened_sum)
    slope = (first(X + 1e-6 * X, 2.0 * X, 3) - first(X - 1e-6 * X, 2.0 * X, 3)) / 2e-6
    for second in (sct.vjp, sct.jvp):  # which is symmetric
        np.testing.assert_allclose(second(first, "x")(X, 2.0 * X, 3, X)[1], slope, rtol=1e-6, atol=1e-8)


def layers(x, weights, depth):
    for i in range(depth):
        x = np.tanh(weights[i] @ x)
    return np.sum(x)


def test_lists_of_arguments_at_an_index():
    weights = [0.5 * np.eye(3), np.full((3, 3), 0.1)]
    sct.check_grads(layers, (X, weights, 2), wrt=(0, 1))
    kept = copy.deepcopy(weights)
    sct.grad(layers, (0, 1))(X, weights, 2)
    np.testing.assert_equal(weights, kept)


def test_a_recursive_function_again():
    """The pullback of a gradient is called several times, and the text of it runs alone; it is not differentiated."""
    w = np.array([0.4, 0.1, -0.3])
    first = sct.grad(recursion_on_vectors)
    expected = sct.jvp(first)(X, w)[1]
    _, pull = sct.pullback(first)(X)
    for scale in (1.0, 2.0, 1.0):
        np.testing.assert_allclose(pull(scale * w), scale * expected, rtol=1e-12)
    scope = {}
    exec(sct.generate(first, "vjp", types="x: f8[n]"), scope)
    np.testing.assert_allclose(scope["recursion_on_vectors_grad_vjp"](X, w)[1], expected, rtol=1e-12)
    message = "the derivative of a second derivative by reverse mode twice of a recursive function"
    for third in (lambda: sct.jvp(sct.vjp(first))(X, w, w), lambda: sct.vjp(sct.vjp(first))(X, w, (w, w))):
        with pytest.raises(sct.UnsupportedSyntaxError, match=message):
            third()


def a_long_list(many, n):
    first = many[1]
    many[1] = many[n] * first
    many.append(2.0 * first)
    many[n][0] *= many[1][2]
    first[1] += many[-1][0]
    return np.sum(many[0] * many[1] * many[n])


def test_second_derivatives_by_a_long_list():
    rng = np.random.default_rng(5)
    many, v, w = (list(rng.standard_normal((9, 3))) for _ in range(3))
    first = sct.grad(a_long_list)
    ahead, back = (first([a + t * d for a, d in zip(many, v, strict=True)], 3) for t in (1e-5, -1e-5))
    expected = np.subtract(ahead, back) / 2e-5
    np.testing.assert_allclose(sct.jvp(first)(many, 3, v)[1], expected, rtol=1e-6, atol=1e-8)
    _, pulled = sct.vjp(first)(many, 3, w)
    assert pairing(pulled, v) == pytest.approx(np.sum(w * expected), rel=1e-6)


def fields_in_a_list(x, given, n):
    p = given.places
    p[0] = x * x
    q = [p[0], p[1], given.weight]
    q[1] = q[n % 3] * x
    return np.sum(p[n % 2] * x) + np.sum(q[n % 2] * x)


def test_fields_of_arguments_in_a_list():
    given = SimpleNamespace(places=[X * 2.0, X * X], weight=X + 1.0)
    for n in range(3):
        sct.check_grads(fields_in_a_list, (X, given, n), modes=("forward", "reverse"))


def listed(x, n):
    v = x * 1.0
    places = []
    for _ in range(2):
        places.append(0)
    v[places] += x[1:]
    return np.sum(x * v * v)


def test_a_list_of_indices_that_names_an_entry_twice():
    sct.check_grads(listed, (X, 2), modes=("forward", "reverse"))


def test_a_function_of_numpy_that_writes_and_is_not_followed_is_refused():
    def filled(x):
        y = x * 2.0
        y[:] = x * y
        np.ndarray.fill(y, 3.0)
        return np.sum(y * x)

    for derived in (sct.grad(filled), lambda x: sct.jvp(filled)(x, x)):
        with pytest.raises(sct.UnsupportedSyntaxError, match="a write into an array by this function"):
            derived(X)


def test_a_sum_that_may_be_its_start():
    def f(x, n):
        found = [x, x[0]]
        other = found if n > 2 else []
        other[:n] = [x * x]
        total = sum(other[1:], x)
        x[0] = 2.0
        return np.sum(total * x)

    sct.check_grads(f, (X, 3), modes=("forward",))
    with pytest.raises(sct.NoRuleError, match="sum of containers that hold what is written into"):
        sct.grad(f)(X, 3)


def energy(vectors):
    return sum([np.sum(v * v) for v in vectors])


@sct.adjoint(energy)
def energy_adjoint(y, vectors, y_bar):
    return [2.0 * y_bar * v for v in vectors]


def test_a_function_with_a_rule_that_may_give_what_is_in_a_list_is_refused():
    def f(x, n):
        vectors = [x]
        other = vectors if n > 2 else [x]
        other[0] = x * x
        return 2.0 * energy(vectors)

    for derived in (sct.grad(f), lambda *args: sct.jvp(f)(*args, X)):
        with pytest.raises(sct.NoRuleError, match="energy of containers that hold what is written into"):
            derived(X, 3)


def test_a_cotangent_of_another_form():
    derived = sct.vjp(given_back)
    for y_bar, error in (
        ([X, X], TypeError),
        ({"a": X}, TypeError),
        ([X, X, X[:2]], ValueError),
        ([X, X, None], TypeError),
        ([X, X, 1j * X], TypeError),
    ):
        with pytest.raises(error):
            derived(X, 3, y_bar)


def test_an_interval_in_memory_is_refused():
    def halved(p, n):
        a, b = np.zeros(3), np.full(3, 5.0)
        c = a if n > 100 else b
        for _ in range(50):
            m = (a + b) / 2
            up = m**3 > p
            b[up] = m[up]
            a[~up] = m[~up]
        return np.sum(a) + 0.0 * np.sum(c)

    for transform in (sct.grad, lambda f: lambda *args: sct.jvp(f)(*args, args[0])):
        with pytest.raises(sct.UnsupportedSyntaxError, match="a search that moves|may share memory"):
            transform(halved)(X + 2.0, 3)


def test_what_is_read_costs_an_entry_to_reverse():
    """The adjoint of an entry goes where that lies: no array is made for it."""
    text = sct.grad(entries_of_a_list).source_for(X, 3)
    assert "zeros" not in text[text.index("# reverse") :].partition("for i in")[2]


def rank_by_a_choice(x, c, n):
    y = x * 1.0 if np.sum(c) > 1 else np.outer(x, x)
    u = y if n > 2 else x * 2.0
    u[0] = c[0] * x[1]
    t = y[1]
    y[1] = 0.5 * x[0]
    return np.sum(t * t) + np.sum(u * u)


@pytest.mark.parametrize("scale", [1.0, 0.1])
@pytest.mark.parametrize("n", [2, 3])
def test_an_entry_or_a_row(n, scale):
    """Of a vector it is a number, which stays what it is when the vector is written into; of a matrix it is a view."""
    c = scale * np.array([1.0, 0.5, 0.7])
    value, found = sct.value_and_grad(rank_by_a_choice)(X, c, n)
    assert value == rank_by_a_choice(X, c, n)
    np.testing.assert_allclose(found, gradient(lambda x: rank_by_a_choice(x, c, n), X), atol=1e-6)


class Weighted:
    def __init__(self, v, w):
        self.v = v
        self.w = w


def a_part_of_one_of_several(y, c, n):
    rows = []
    for i in range(n + 1):
        rows.append(Weighted(i * y, 0.5))
    rows[n % 2].v = y
    rows[1].v[i % 3] = c
    return np.sum(y * y)


def test_an_entry_or_a_row_in_a_derivative_of_a_derivative():
    derivative = sct.vjp(a_part_of_one_of_several, ("y", "c"))

    def total(y, c, s, n):
        _, (y_bar, c_bar) = derivative(y, c, n, s)
        return np.sum(y_bar) + c_bar

    y_bar, c_bar, s_bar = sct.grad(total, ("y", "c", "s"))(X, 0.5, 1.5, 3)
    np.testing.assert_allclose(y_bar, gradient(lambda y: total(y, 0.5, 1.5, 3), X), atol=1e-6)
    for found, f in ((c_bar, lambda c: total(X, c, 1.5, 3)), (s_bar, lambda s: total(X, 0.5, s, 3))):
        at = 0.5 if found is c_bar else 1.5
        assert found == pytest.approx((f(at + 1e-6) - f(at - 1e-6)) / 2e-6, abs=1e-6)


def array_of_another_dtype(x):
    r = np.array(x, dtype=float).reshape(-1)
    r[0] = x[1, 1] / 3
    return np.sum(r / 7)


def array_with_more_axes(x, k):
    a = np.array(x, ndmin=2)
    b = np.zeros((1, 5)) if k else a
    b[0] = 3 * x[1]
    return np.sum(b * b)


def parts_of_one(x):
    a = 2.0 * x
    parts = np.array_split(a, 2)
    parts[0] += x[0]
    parts[1][0] = 7.0
    return np.sum(a * a)


def parts_in_a_loop(x):
    a = x.copy()
    for p in np.array_split(a, 2):
        p *= 2
        p[0] = x[1]
    return np.sum(a * a)


def broadcast_before(x):
    a = x.copy()
    p, _ = np.broadcast_arrays(a, 1.0)
    a[0] = 3 * x[1]
    return np.sum(p * p)


def with_an_axis_before(x):
    a = x.copy()
    _, q = np.atleast_2d(a, a[0])
    q[0, 1] = 3 * x[0, 0]
    return np.sum(a * a)


def a_selection(x, n):
    p = [x * 2.0, x * 1.0]
    q = p[n % 2]
    q[0] = 3.0 * x[1]
    b = np.select([q > 0.0, q > -2.0], [q, q * x])
    return np.sum(b * b)


VECTOR = np.array([0.3, 0.7, -0.4, 0.2, 0.9])
MATRIX = np.arange(12.0).reshape(3, 4) / 7


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (array_of_another_dtype, (MATRIX,)),
        (array_with_more_axes, (VECTOR, 0)),
        (array_with_more_axes, (VECTOR, 1)),
        (parts_of_one, (VECTOR,)),
        (parts_in_a_loop, (VECTOR,)),
        (broadcast_before, (VECTOR,)),
        (a_selection, (VECTOR, 1)),
        (with_an_axis_before, (MATRIX,)),
    ],
)
def test_arrays_that_are_made_of_others(f, args, optimize):
    value, found = sct.value_and_grad(f, optimize=optimize)(*args)
    assert value == f(*args)
    np.testing.assert_allclose(found, gradient(lambda x: f(x, *args[1:]), args[0]), atol=1e-6)


def test_an_array_of_another_dtype_is_of_that():
    x = MATRIX.astype(np.float32)
    value, found = sct.value_and_grad(array_of_another_dtype)(x)
    assert value == array_of_another_dtype(x) and value.dtype == np.float64 and found.dtype == np.float32


class Kept:
    def __init__(self, v, w):
        self.v = w


def joined_in_a_loop(x, y, numbers, n):
    Kept(y, numbers[n % 2])
    for _ in range(n):
        y = np.concatenate([x[1:], y[:1]])
    x[...] = 0.9 * y
    return {"all": y * np.sum(x)}


def test_the_adjoint_of_arrays_joined_in_a_derivative_of_a_derivative():
    y, numbers, y_bar, rng = 2.0 * X, [1.0, 2.0], {"all": X * X}, np.random.default_rng(4)
    v, w, d = rng.standard_normal(3), rng.standard_normal(3), sct.vjp(joined_in_a_loop, ("x", "y"))
    zeros = {"all": np.zeros(3)}
    for n in (1, 2):
        _, (x_bar, _) = sct.vjp(d, ("x", "y"))(X, y, numbers, n, y_bar, (zeros, (v, w)))
        expected = gradient(lambda x, n=n: pairing(d(x, y, numbers, n, y_bar)[1], (v, w)), X)
        np.testing.assert_allclose(x_bar, expected, rtol=1e-6, atol=1e-8)


def which_one_it_is(x, y, p, n):
    p[0], y = y, p[0]
    kept = [v for v in [x, y, np.zeros(3)] if v is not y]
    return np.sum(kept[0] * p[0][n % 3]) + len(kept) * np.sum(y)


def test_an_item_of_an_argument_is_the_one_that_it_is():
    sct.check_grads(which_one_it_is, (X, 2.0 * X, [3.0 * X, 4.0 * X], 2), (0, 2))


def those_that_are_others(x, y, n):
    return [v for v in [y, x, np.zeros(3)] if v is not x]


def the_one_that_it_is(x, y, n):
    p = [x, y, x * 2]
    q = p[n % 3]
    x[0] = 3.0
    s = 0.0
    for v in p:
        if v is q:
            s += v[0]
        if v is x:
            s += v[1]
        v[1] = s
    return s


def the_list_that_it_is(x, y, n):
    rows = [[x, y], [x]]
    row = rows[n % 2]
    row[0][0] *= 2.0
    return np.sum(x) if row is rows[0] else np.sum(y * x)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("f", [those_that_are_others, the_one_that_it_is, the_list_that_it_is], ids=lambda f: f.__name__)
def test_what_is_one_object_is_in_a_derivative(f, n):
    sct.check_grads(f, (X, 2.0 * X, n), (0, 1), modes=("reverse", "forward"))
    own = f(X.copy(), 2.0 * X, n)
    for optimize in (True, False):
        np.testing.assert_equal(sct.jvp(f, (0, 1), optimize=optimize)(X, 2.0 * X, n, X, X)[0], own)


def swapped_at_last(x, d, n):
    if n > 2:
        d["w"], d["b"] = d["b"], d["w"]
    return d


def test_what_a_branch_at_the_end_leaves_in_what_is_returned():
    d = {"w": X, "b": 2.0 * X}
    for n in (2, 3):
        sct.check_grads(swapped_at_last, (X, d, n), (0, 1), modes=("reverse", "forward"))
        value, _ = sct.vjp(swapped_at_last, (0, 1))(X, d, n, d)
        np.testing.assert_equal(value, swapped_at_last(X, dict(d), n))


def test_whether_arguments_that_share_memory_are_one_is_not_asked():
    with pytest.raises(sct.ArgumentMemoryError, match="share memory"):
        sct.vjp(the_one_that_it_is, 0)(X, X, 2, 1.0)


def leaves_of(tree):
    if isinstance(tree, list):
        return [leaf for item in tree for leaf in leaves_of(item)]
    return [tree]


def doubled_leaves_of(tree):
    if isinstance(tree, list):
        return [leaf for item in tree for leaf in doubled_leaves_of(item)]
    return [2.0 * tree]


@pytest.mark.parametrize("tree", [[[2.0, 3.0], X], [[X, 2.0], 3.0], [[X, 2.0 * X], 3.0 * X]], ids=["numbers", "both", "arrays"])
def test_what_a_function_that_calls_itself_gathers_from_its_argument(tree):
    """Its pullback adds to shadows that its caller has for it, and that nothing reads in the pullback itself."""

    def as_they_are(tree):
        return sum(np.sum(leaf**3) for leaf in leaves_of(tree))

    def doubled(tree):
        return sum(np.sum(leaf**3) for leaf in doubled_leaves_of(tree))

    for f in (as_they_are, doubled):
        sct.check_grads(f, (tree,), modes=("reverse", "forward"))
