"""Lists that are arguments, of many items of one type: compiled once for all lengths, with loops that stay loops, as Python has
them; and loops of many iterations in which lists change."""

import copy

import numpy as np
import pytest
from sources import define

import sct


def squares(p, x):
    s = 0.0
    for v in p:
        s = s + np.sum(v * v) * x
    return s


def by_index(p, x):
    s = 0.0
    for i in range(1, len(p)):
        s = s + (p[i] - p[i - 1]) ** 2 * x
    return s


def every_second(p):
    s = 0.0
    for i in range(0, len(p), 2):
        s = s + p[i] * p[i]
    return s


def pairs(p, x):
    return sum([v * w * x for v, w in zip(p, p[1:], strict=False)])


def weights_in_turn(p, x):
    h = p[0][0] * x
    for w in p:
        h = np.tanh(w @ h)
    return np.sum(h)


def written_in_place(p, x):
    for a in p:
        a[0] = a[1] * x
    return sum([np.sum(a * a) for a in p])


def one_written_by_a_name(p, x):
    a = p[0]
    a[0] = x
    return np.sum(p[0] * p[1])


def entry_by_another_name(p, x):
    q = p
    q[2] = q[3] * x
    return p[2] * p[0] + q[1]


def appended_to(p, x):
    p.append(p[0] * x)
    return sum(p)


def popped_from(p, x):
    y = p.pop()
    return y * x + sum(p)


def slice_assigned(p, x):
    p[1:3] = [x, x * 2]
    return sum([v * v for v in p])


def turned_round(p, x):
    p.reverse()
    return sum([v * i for i, v in enumerate(p)]) * x


def recurrence(p, x):
    s = 0.0
    for i in range(len(p)):
        p[i] = p[i] * p[i - 1] * x
        s += p[i]
    return s


def as_array(p, x):
    return np.sum(np.array(p) ** 2) * x + np.mean(p) + np.dot(p, p)


def extremes(p, x):
    return max(p) * x + min(p)


def given_back(p, x):
    return p, x * p[0], p[::2]


def in_a_branch(p, x):
    if x > 0:
        p[0] = x
    return p[0] * p[1]


def tuples(p, x):
    s = 0.0
    for a, b in p:
        s = s + a * b * x
    return s


def rows(p, x):
    s = x
    for row in p:
        for v in row:
            s = s + v * v
    return s


def row_replaced(p, x):
    p[1] = [x, p[0][1]]
    return sum([sum(row) for row in p]) * p[1][1]


def emptied(p, x):
    while len(p) > 1:
        p.append(p.pop() * p.pop())
    return p[0] * x


def filtered(p, x):
    return sum([v for v in p if v > 2.0]) * x


def copied(p, x):
    q = list(p)
    q[0] = x
    return sum(q) * p[0]


def joined(p, x):
    return sum([v * v for v in [*p, x]])


def put_between(p, x):
    p.insert(0, x)
    p.extend([x, x])
    del p[2]
    return sum([v * v for v in p])


def in_a_dict(p, x):
    d = {"p": p}
    d["p"][0] = x
    return p[0] * p[1]


def numbers(n):
    return [1.0 + 0.3 * i for i in range(n)]


def vectors(n):
    return [np.array([1.0, 0.5, 0.2]) * (1 + 0.1 * i) for i in range(n)]


def matrices(n):
    return [np.eye(3) * 0.5 + 0.01 * i for i in range(n)]


def around(p, x):
    a, *rest, b = p
    rest[0] = rest[0] * x
    s = np.sum(a * b)
    for v in rest:
        s = s + np.sum(v * b) * x
    return s + np.sum(p[1])


def by_a_key(p, x):
    a = max(p, key=lambda v: -v[1] * x)
    a[0] = x * a[2]
    return np.sum(p[0] * a) + np.sum(min(p, key=np.sum) ** 2)


PROGRAMS = [
    (squares, numbers),
    (squares, vectors),
    (by_index, numbers),
    (pairs, numbers),
    (weights_in_turn, matrices),
    (written_in_place, vectors),
    (one_written_by_a_name, vectors),
    *((f, numbers) for f in (entry_by_another_name, appended_to, popped_from, slice_assigned, turned_round, recurrence)),
    *((f, numbers) for f in (as_array, extremes, given_back, in_a_branch, emptied, filtered, copied, joined, put_between)),
    (around, numbers),
    (around, vectors),
    (by_a_key, vectors),
    (in_a_dict, numbers),
    (tuples, lambda n: [(1.0 + 0.1 * i, 2.0 - 0.1 * i) for i in range(n)]),
    (rows, lambda n: [[1.0 + 0.1 * i, 0.5] for i in range(n)]),
    (row_replaced, lambda n: [[1.0 + 0.1 * i, 0.5] for i in range(n)]),
]


def structure(x):
    if isinstance(x, (list, tuple)):
        return type(x), [structure(i) for i in x]
    return (np.ndarray, x.shape, x.dtype) if isinstance(x, np.ndarray) and x.ndim else float


@pytest.mark.parametrize(("f", "items"), PROGRAMS, ids=[f"{f.__name__}-{items.__name__}" for f, items in PROGRAMS])
def test_gradients_by_lists_of_many_items(f, items):
    args = items(10), 1.3
    before = copy.deepcopy(args)
    sct.check_grads(f, args, modes=("reverse",))
    y = f(*copy.deepcopy(args))
    value, gradients = sct.vjp(f, (0, 1))(*args, y)
    assert repr(args) == repr(before)
    assert repr(value) == repr(y)
    assert structure(list(gradients)) == structure(list(args))
    text = sct.vjp(f, (0, 1)).source_for(*args, y)
    assert "[9]" not in text
    other = items(30), 1.3
    assert sct.vjp(f, (0, 1)).source_for(*other, f(*copy.deepcopy(other))) == text


@pytest.mark.parametrize("f", [entry_by_another_name, recurrence], ids=lambda f: f.__name__)
def test_second_derivatives(f):
    args = numbers(10), 1.3
    y_bar, dots = 0.7, (numbers(10), 0.4)
    derived = sct.vjp(f, (0, 1))
    _, (_, found) = sct.jvp(derived, (0, 1))(*args, y_bar, *dots)
    eps = 1e-6
    moved = [([p + t * d for p, d in zip(args[0], dots[0], strict=True)], args[1] + t * dots[1]) for t in (eps, -eps)]
    ends = [derived(*point, y_bar) for point in moved]
    (_, (p, x)), (_, (q, z)) = ends
    np.testing.assert_allclose(found[0], (np.array(p) - q) / (2 * eps), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found[1], (x - z) / (2 * eps), rtol=1e-6)


def test_a_gradient_by_a_list_reads_as_by_hand():
    text = sct.grad(by_index).source_for(numbers(1000), 2.0)
    assert text.split("# reverse\n")[1] == (
        "    # for i in range(1, len(p)):\n"
        "    p_bar = [0.0] * len(p)\n"
        "    for i in range(len(p) - 1, 0, -1):\n"
        "        previous_i = i - 1\n"
        "        # s = s + (p[i] - p[i - 1]) ** 2 * x\n"
        "        difference_bar = 2.0 * x * (p[i] - p[previous_i])\n"
        "        p_bar[previous_i] -= difference_bar\n"
        "        p_bar[i] += difference_bar\n"
        "    return p_bar\n"
    )


def test_an_item_without_a_contribution_has_a_zero_of_its_dtype():
    p_bar = sct.grad(every_second)([np.float32(k) for k in range(10)])
    assert p_bar == [2 * k * (k % 2 == 0) for k in range(10)]
    assert {type(g) for g in p_bar} == {np.float32}
    assert "p_bar[i] += 2.0 * p[i]\n" in sct.grad(every_second).source_for(numbers(10))


def test_lists_are_compiled_once_for_all_lengths():
    gradient = sct.grad(squares)
    for n in (1000, 9, 10, 1):
        np.testing.assert_allclose(gradient(numbers(n), 2.0), [4.0 * v for v in numbers(n)])
    assert len(gradient._entries) == 1


# -- loops of many iterations --------------------------------------------------------------------------------------------------


def filled(x):
    found = [0.0] * 1000
    for i in range(1000):
        found[i] = x[i % 3] * i
    return sum(found)


def collected(x):
    found = []
    for i in range(15):
        for j in range(15):
            found.append(x[j % 3] * i)
    return sum(found)


def table(x):
    found = [[0.0] * 15 for _ in range(15)]
    for i in range(15):
        for j in range(15):
            found[i][j] = x[j % 3] * i
    return sum([sum(row) for row in found])


@pytest.mark.parametrize("f", [filled, collected, table])
def test_long_loops_stay_loops(f):
    x = np.array([1.0, 0.5, 0.2])
    assert len(sct.grad(f).source_for(x).splitlines()) < 60
    sct.check_grads(f, (x,), modes=("reverse", "forward"))


def nest(depth, first, step, last):
    lines = [f"{'    ' * (k + 1)}for i{k} in range(2):\n" for k in range(depth)]
    return define(f"def f(x):\n    {first}\n{''.join(lines)}{'    ' * (depth + 1)}{step}\n    return {last}\n", "f")


@pytest.mark.parametrize(
    ("first", "step", "last"),
    [("p, k = [x[0], x[1]], 0", "p[k % 2] *= 0.9; k += 1", "p[0] + p[1]"), ("p = []", "p.append(x[0] * 0.5)", "sum(p)")],
    ids=["entry", "append"],
)
def test_lists_that_change_in_nested_loops_are_gone_through_as_often_as_there_are_loops(first, step, last, monkeypatch):
    from sct.specialize import specializer

    runs = []
    typed = specializer._specialized
    monkeypatch.setattr(specializer, "_specialized", lambda *args: (runs.append(args), typed(*args))[1])
    counts = []
    for depth in (6, 9, 12):
        runs.clear()
        sct.grad(nest(depth, first, step, last)).source_for(np.ones(3))
        counts.append(len(runs))
    assert counts[2] < 100
    assert counts[2] - counts[1] <= 2 * (counts[1] - counts[0]) + 6


def mean(*vs):
    return sum(vs) / len(vs)


def written_out_and_given_as_arguments(y, many, n):
    z = [*many, 0.9 * y]
    b = y
    for _ in range(n):
        b = mean(y, *z)
        q = [np.zeros(2)]
        for _ in range(n):
            q.append(y)
            y = 0.9 * y
    return np.sum(b * y)


def test_a_list_with_another_in_it_whose_items_are_arguments():
    many = [np.array([0.1 * k, 0.2]) for k in range(10)]
    sct.check_grads(written_out_and_given_as_arguments, (np.array([0.5, 0.7]), many, 3), wrt=("y", "many"))


@pytest.mark.parametrize("f", [lambda x, s: np.sum(np.array(x[s])), lambda x, s: sum([v * v for v in x][s])])
def test_a_slice_that_is_an_argument_is_refused_where_it_is_used(f):
    for call in (lambda: sct.grad(f)([1.0, 2.0, 3.0], slice(0, 2)), lambda: sct.jvp(f)([1.0, 2.0], slice(1), [1.0, 0.0])):
        with pytest.raises(sct.UnsupportedSyntaxError, match="whose index .*only known at run time"):
            call()
