"""Generators, and what gives items one by one, as `map`, `zip`, `itertools` and `np.ndindex` do."""

import functools
import itertools
import math
import operator

import numpy as np
import pytest

import sct

X = np.array([0.5, 0.7, 0.9])


def powers(v, n):
    p = v
    for _ in range(n):
        yield p
        p = p * v
    yield v


def halves(v):
    while v > 0.1:
        yield v
        if v > 0.8:
            return
        v = v * 0.5


def both(x, n):
    yield from powers(x[0], n)
    yield from x


def in_a_loop(x, n):
    s = 1.0
    for p in powers(x[0], n):
        s = s * p + x[1]
    return s


def left_early(x, n):
    s = 0.0
    for p in powers(x[0], n):
        if s > 0.7:
            break
        s = s + p * x[1]
    else:
        s = s * 2.0
    for v in both(x, n):
        if v > 0.8:
            return s * v
        s = s + v
    return s


def nested_in_one_another(x, n):
    s = 0.0
    for p in powers(x[0], n):
        for q in powers(x[1], n):
            if q * p < 0.1:
                continue
            s += p * q * q
    return s


def given_to_functions(x, n):
    a, b, c, d = powers(x[0], 3)
    held = list(powers(x[1], n))
    return a * b + c * d + sum(both(x, n)) + held[0] * held[-1] + max(powers(x[2], 3)) + sum([v * v for v in halves(x[1])])


def ended_by_a_return(x, n):
    return sum(v * n for y in x for v in halves(y))


def numbered(x, n):
    s = 0.0
    for i, v in enumerate(both(x, n), 1):
        s += i * v * v
    for i, (v, w) in enumerate(zip(both(x, n), x)):  # noqa: B905
        s += i * v * w
    for w, v in zip(x, both(x, n)):  # noqa: B905
        s += w * v
    return s


def methods_and_functions_inside(x, n):
    scale = x[0]

    def scaled():
        for v in x:
            yield v * scale

    held = scaled()
    scale = x[1]
    return sum(held) * n


class Chain:
    def __init__(self, links):
        self.links = links

    def lengths(self):
        for link in self.links:
            yield link * self.links[0]


def in_a_method(x, n):
    return sum(v * v for v in Chain(x).lengths()) * n


def that_see_what_the_loop_changes(x, n):
    y = x * 1.0

    def entries():
        for i in range(2):
            yield i, y[i]

    for i, v in entries():
        y[i + 1] = v * v
    for i, v in enumerate(a * y[0] for a in y):
        y[0] = y[0] + v * i
    return np.sum(y) * n


def counted_until_one_is_found(x, n):
    k = 0

    def count(v):
        nonlocal k
        k += 1
        return v > 0.6

    return x[0] * k * n if any(map(count, x)) else x[1]


def the_first(x, n):
    return next(v for v in x if v > 0.6) + next((v * n for v in x if v > 9.0), x[0] * 3.0)


def recursive(x, n):
    def subsets(items):
        if not items:
            yield 1.0
        else:
            for product in subsets(items[1:]):
                yield product
                yield product * items[0]

    return sum(subsets([x[0], x[1], x[2]])) * n


def by_products(x, n):
    s = 0.0
    for i, j in itertools.product(range(3), range(n)):
        s += x[i] * i * j
    for a, b, c in itertools.product(x, [x[0], 2.0], repeat=1) if False else itertools.product(x, x, x):
        s += a * b * b * c
    y = x * 1.0
    for a, b in itertools.product(y, y):  # which keeps what is in it
        y[0] += a * b
    return s + y[0]


def by_combinations(x, n):
    s = sum(a * b for a, b in itertools.combinations(x, 2))
    for i, j in itertools.combinations_with_replacement(range(3), 2):
        s += x[i] * x[j]
    for a, b in itertools.permutations([x[0], x[1], 2.0], 2):
        s += a * b * b
    return s + sum(x[i] ** j for i, j in itertools.permutations(range(3), 2)) * n


def by_running_sums(x, n):
    s = sum(v * v for v in itertools.accumulate(x))
    for v in itertools.accumulate([x[0], x[1], x[2]], operator.mul):
        s += v
    for v in itertools.accumulate(x, lambda a, b: a * b + n, initial=x[1]):
        s += v * v
    return s + sum(a * b for a, b in itertools.pairwise(x)) + sum(a * b * b for a, b in itertools.pairwise([x[1], x[0]]))


def by_parts(x, n):
    s = sum(v * v for v in itertools.chain(x, [x[0]], powers(x[1], n)))
    s += sum(v * v for v in itertools.chain.from_iterable([x, x * x]))
    s += sum(itertools.islice(both(x, n), 2)) + sum(v * v for v in itertools.islice(x, 1, None, 2))
    s += sum(itertools.takewhile(lambda v: v < 0.8, x)) + sum(v * v for v in itertools.dropwhile(lambda v: v < 0.6, x))
    return s + sum(itertools.filterfalse(lambda v: v < 0.6, x)) + sum(itertools.starmap(operator.mul, zip(x, x)))  # noqa: B905


def without_end(x, n):
    s = 0.0
    for k in itertools.count(1):
        s += x[0] ** k
        if k > n:
            break
    for v, k, w in zip(x, itertools.count(2.0, 0.5), itertools.cycle([x[0], 2.0])):  # noqa: B905
        s += v**k * w
    return s + sum(map(operator.mul, x, itertools.repeat(x[1]))) + sum(itertools.repeat(x[2], n))


def of_unequal_lengths(x, n):
    s = sum(a * b for a, b in zip(x, [x[0], 2.0]))  # noqa: B905
    s += sum(a * b for a, b in itertools.zip_longest([x[0], x[1], x[2]], [x[2]], fillvalue=x[1]))
    return s + sum(a * b * n for a, b in zip(x, x * x, strict=True))


def over_indices(x, n):
    m = np.outer(x, x)
    s = sum(m[i, j] * j for i, j in np.ndindex(2, 3)) + sum(m[index] for index in np.ndindex(m.shape))
    for (i, j), v in np.ndenumerate(m):
        s += v * i * j * n
    return s


def kept_under_a_name(x, n):
    squares, large = map(lambda v: v * v, x), filter(None, x)
    w = x[0]
    weighted = (v * w for v in x)
    w = x[1] * n
    pairs = zip(squares, large)  # noqa: B905
    return sum(weighted) + sum(a * b for a, b in pairs)


def backwards(x, n):
    s = 0.0
    for v in reversed(x):
        s = s * 0.5 + v
    for i, (a, b) in reversed(list(enumerate(zip(x, [x[1], x[2]])))):  # noqa: B905
        s = s * a + b * i * n
    return s


def reduced(x, n):
    s = functools.reduce(operator.mul, (v + n for v in x)) + math.fsum(v * v for v in x)
    for pair in itertools.combinations(range(3), 2):
        s += math.prod(x[i] for i in pair)
    return s + math.prod(x[:2] * 2.0) + math.prod([x[0], x[1]])


def in_order(x, n):
    a = sorted([x[1] * n, x[0], x[2]])
    b = sorted(x, key=lambda v: (v - 0.75) ** 2, reverse=True)
    c = [(x[2], x[1] * 2.0), (x[0], x[1])]
    c.sort(key=lambda pair: pair[1])
    d = [x * 2, x, x * x]
    d.sort(key=np.sum)
    ordered = sorted(range(3), key=lambda i: -x[i])
    return a[0] + a[1] * 2.0 + b[0] * b[1] ** 2 + c[0][0] * c[1][1] ** 3 + d[0][0] * d[1][1] ** 2 + x[ordered[1]] ** 3


def in_the_order_of_tuples(x, n):
    a = [(k % 2, v, k) for k, v in enumerate([x[0], x[1], x[2]])]
    a.sort(key=lambda entry: (entry[0], -entry[1]), reverse=True)
    b = sorted([(x[1], 1.0), (x[2], x[0]), (x[1] * 1.0, 0.5)])
    return a[0][1] * a[1][1] ** 2 * (a[2][2] + n) + b[1][0] * b[1][1] + b[0][1] ** 2


def in_the_order_of_tuples_of_a_set(x, n):
    pairs = {(i % 3, (i + 2 * n) % 3) for i in range(n + 1)}
    rows = [(x[k % 3], k) for k in range(n)]
    rows.sort(reverse=True)
    s = x[0]
    for i, j in sorted(pairs):
        s = s * x[i] + np.sin(x[j])
    for v, k in rows:
        s = s * v + k
    return s


def in_the_order_of_names(x, n):
    s = 1.0
    for name, v in sorted({"b": x[0], "a": x[1]}.items()):
        s = s * v * n + len(name)
    return s


def chosen(x, n):
    pair = [x[0], 2.0]
    values = (v * v for v in x) if n > 2 else iter(pair)
    scale = x[1] * n
    more = map(lambda v: v * scale, x) if x[0] > 1.0 else filter(lambda v: v > 0.6, x)
    return sum(values) * sum(more)


def the_greatest(x, n):
    pairs = [(x[0], x[1]), (x[1], x[2]), (x[2], x[0])]
    first, second = max(pairs, key=lambda pair: pair[0] * pair[1])
    nearest = min(x, key=lambda v: abs(v - 0.68))
    i = max(range(3), key=lambda k: x[k] * (k - 1.5) ** 2)
    return (
        first * second**2
        + nearest * x[i]
        + max((v for v in x if v > 9.0), default=x[0], key=abs)
        + max(x[0], x[1], key=np.sin) * n
    )


def found_on_the_way(x, n):
    if any((best := v) > 0.6 for v in x):
        return best * n
    return sum((last := v * w) for v in x for w in x if v > w) + last


def weighted(a, *, s=0.5, **more):
    return a * s + more.get("w", 0.1)


def beside_lists_that_are_objects(x, n):
    rows, options = [x, x * x], {"s": x[0], "w": 0.3}
    s = np.sum(weighted(x, **options)) + np.sum(weighted(x, **{"w": x[1]}))
    for i, j in np.ndindex(2, 2):
        s += x[i] * x[j]
    for i, j in itertools.product(range(2), range(n)):
        s += x[i] * x[j]
    for a, b in itertools.zip_longest(rows, x, fillvalue=x[2]):
        s += np.sum(a) * b
    made = dict((key, x + k) for k, key in enumerate(["a", "b"]))
    operations = {"sin": np.sin, "cos": lambda v: np.cos(v) * x}
    for key in ("sin", "cos"):
        s += np.sum(operations[key](made["b"]))

    def tree(k):
        return x[2] if k >= 3 else x[k] + tree(2 * k + 1) * tree(2 * k + 2)

    def add(v):
        nonlocal s
        s += v

    for i in range(n):
        add(tree(0) * x[i % 3])
    return s * rows[n % 2][0]


def dicts_of_pairs(x, n):
    made = dict((key, x * k) for k, key in enumerate("abc"))
    pairs = dict([("a", x), ("b", x * x)], c=x[0])
    doubled = dict([(key, 2.0 * v) for key, v in pairs.items()], d=x[1])
    return np.sum(made["b"] * pairs["b"] * doubled["a"]) * doubled["c"] * doubled["d"] * len(made) * n


def left_before_lists_differ(x, n):
    rows = [x, x * 2]
    for i in range(n):
        if x[i % 3] > 5.0:
            return rows[0][0] * x[1]
        rows[:1] = [x * i]
    if n > 2:
        rows.append(x)
        if n > 5:
            return x[0]
        return np.sum(rows[2] * rows[0])
    return x[1] * len(rows)


PROGRAMS = [
    beside_lists_that_are_objects,
    dicts_of_pairs,
    left_before_lists_differ,
    in_order,
    in_the_order_of_tuples,
    in_the_order_of_tuples_of_a_set,
    in_the_order_of_names,
    chosen,
    the_greatest,
    found_on_the_way,
    in_a_loop,
    left_early,
    nested_in_one_another,
    given_to_functions,
    ended_by_a_return,
    numbered,
    methods_and_functions_inside,
    in_a_method,
    that_see_what_the_loop_changes,
    counted_until_one_is_found,
    the_first,
    recursive,
    by_products,
    by_combinations,
    by_running_sums,
    by_parts,
    without_end,
    of_unequal_lengths,
    over_indices,
    kept_under_a_name,
    backwards,
    reduced,
]


@pytest.mark.grid(of=2, each=False)
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients(f):
    sct.check_grads(f, (X, 3))
    assert sct.value_and_grad(f)(X, 3)[0] == pytest.approx(f(X.copy(), 3), rel=1e-15)


@pytest.mark.parametrize("f", [left_early, by_running_sums, that_see_what_the_loop_changes], ids=lambda f: f.__name__)
def test_second_derivatives(f):
    sct.check_grads(f, (X, 3), order=2)


def entries(x, n):
    for i in range(n):
        yield x[i]


def given_on(x):
    s = 0.0
    for v in entries(x, 3):
        s += v * v
    return s


def test_nothing_is_left_of_them_in_the_source():
    assert sct.grad(given_on).source_for(X).split("def ")[1] == (
        "given_on_grad(x):\n"
        "    # reverse\n"
        "    # for i in range(n):\n"
        "    x_bar = np.zeros(x.shape)\n"
        "    for i in range(2, -1, -1):\n"
        "        v = x[i]\n"
        "        # s += v * v\n"
        "        v_bar = 2.0 * v\n"
        "        # yield x[i]\n"
        "        x_bar[i] += v_bar\n"
        "    return x_bar\n"
    )


# -- refused -------------------------------------------------------------------------------------------------------------


def gone_through_twice(x, n):
    pairs = powers(x[0], n)
    return sum(pairs) + sum(pairs)


def gone_through_in_each_iteration(x, n):
    s, values = 0.0, (v * v for v in x)
    for _ in range(n):
        for v in values:
            s += v
    return s


def of_another_iteration(x, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            for v in values:  # noqa: F821
                s += v
        values = (v * i for v in x)  # noqa: F841
    return s


def kept_for_the_next_iteration(x, n):
    s, values = 0.0, map(np.sin, x)
    for _ in range(n):
        s += sum(values)
        values = map(np.cos, x)
    return s


def chosen_with_arrays(x, n):
    values = None
    if x[0] < n:
        y = x * 2.0
        values = (v * w for v in y for w in x)
    return sum(values)


def two_in_a_zip(x, n):
    return sum(a * b for a, b in zip(powers(x[0], n), powers(x[1], n)))  # noqa: B905


def without_a_loop(x, n):
    values = powers(x[0], n)
    return values.send(None)


def down(x, n):
    yield x[0]
    if n > x[1]:
        yield from down(x, n - 1)


def going_on_in_itself(x, n):
    return sum(down(x, n))


def by_memory(x, n):
    return sum(v * n for v in np.nditer(x))


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (gone_through_twice, "an iterator that is gone through twice"),
        (gone_through_in_each_iteration, "an iterator that is gone through twice"),
        (of_another_iteration, "a loop over a value that is not assigned on every path"),
        (kept_for_the_next_iteration, "an iterator that is gone through twice"),
        (chosen_with_arrays, "a function, or something to loop over, that is not the same on all ways"),
        (two_in_a_zip, "zip of a generator with several generators"),
        (without_a_loop, r"the method \.send\(\) of an iterator"),
        (powers, "a generator that no loop goes through"),
        (going_on_in_itself, r"a generator \(down\) that goes on in calls of itself"),
        (by_memory, "np.nditer, which goes through arrays as they lie in memory"),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_refused(f, message):
    with pytest.raises(sct.UnsupportedSyntaxError, match=message):
        sct.grad(f)(X, 3)


def ties(x):
    first, *_, last = sorted([(x[0], 1.0), (x[1], 1.0), (x[2], 1.0)], key=lambda pair: pair[1])
    back = sorted([x[0], x[1], x[2]], key=lambda v: v > 0.1, reverse=True)
    return (
        first[0] + 10.0 * last[0] + 100.0 * back[0] + max(x, key=lambda v: 1.0) + 1000.0 * min([x[0], x[1]], key=lambda v: 1.0)
    )


def test_of_what_is_equal_the_first_comes_first():
    assert sct.value_and_grad(ties)(X) == (ties(X), pytest.approx([1102.0, 0.0, 10.0]))


def test_a_progress_bar_is_what_it_shows(monkeypatch):
    bar = type("tqdm", (), {"__module__": "tqdm.std", "__init__": lambda self, iterable: None})
    monkeypatch.setitem(globals(), "tqdm", bar)

    def f(x):
        s = 0.0
        for i in tqdm(range(3)):  # noqa: F821
            s += x[i] * i
        return s

    assert sct.grad(f)(X).tolist() == [0.0, 1.0, 2.0]


def test_lengths_that_have_to_be_equal():
    def f(x, y):
        return sum(a * b for a, b in zip(x, y, strict=True))

    with pytest.raises(ValueError, match="zip\\(\\) argument 2 is shorter than argument 1"):
        sct.value_and_grad(f)(X, X[:2])


def unflattened(x, n):
    it = iter([x, x * 2.0, x * x, np.sin(x)])

    def layer():
        return {"w": next(it), "b": next(it)}

    first, second = layer(), layer()
    return np.sum(first["w"] * second["b"] + first["b"] * second["w"] ** 2)


def first_and_others(x, n):
    it = iter(x)
    total = next(it)
    for v in it:
        total = total + v * v
        if v > 0.8:
            break
    return total


def one_at_a_time(x, n):
    it = iter(x)
    total = 0.0
    for k in range(n - 1):
        total = total + next(it) * (k + 1) * total + next(it, 0.3)
    return total * next(it, 7.0)


def until_none(x, n):
    it, total = iter(x), 1.0
    while True:
        v = next(it, None)
        if v is None:
            return total
        total = total * v


def until_it_stops(x, n):
    it, total = iter(zip(x, x[::-1])), 0.0
    while True:
        try:
            pair = next(it)
        except StopIteration:
            break
        total += pair[0] * pair[1]
    return total


def one_further_on_one_way(x, n):
    it = iter(x)
    if x[0] > 0.1:
        next(it)
    return next(it) * sum(v * w for v, w in zip(it, x))


def neighbours(x, n):
    a, b = itertools.tee(x)
    next(b, None)
    return sum(u * v for u, v in zip(a, b))


class Reader:
    def __init__(self, x):
        self.x, self.at = x, 0

    def __next__(self):
        self.at += 1
        return self.x[self.at - 1]


def of_a_class_of_ones_own(x, n):
    reader = Reader(x)
    return next(reader) * next(reader)


@pytest.mark.parametrize(
    "f",
    [
        *(unflattened, first_and_others, one_at_a_time, until_none, until_it_stops, one_further_on_one_way, neighbours),
        of_a_class_of_ones_own,
    ],
    ids=lambda f: f.__name__,
)
def test_single_items(f):
    assert sct.value_and_grad(f)(X, 3)[0] == f(X, 3)
    sct.check_grads(f, (X, 3), wrt=0, order=2)


def broken_off(x, n):
    it = iter(x)
    for v in it:
        if v > 0.6:
            break
    return v * next(it)


def teed_generator(x, n):
    a, b = itertools.tee(powers(x[0], n))
    return sum(a) * sum(b)


@pytest.mark.parametrize(
    ("f", "message"),
    [(broken_off, "an iterator that .* gone through"), (teed_generator, "itertools.tee of a generator")],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_what_of_single_items_is_refused(f, message):
    with pytest.raises(sct.UnsupportedSyntaxError, match=message):
        sct.grad(f)(X, 3)
