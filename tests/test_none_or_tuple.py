"""Names and fields that are None on some ways and a tuple on others: `best = None`, and `best = (v, i)` in a loop."""

import numpy as np
import pytest

import sct

X = np.array([3.0, 1.0, 2.0, 0.5, 4.0])


def least(x):
    best = None
    for i, v in enumerate(x):
        if best is None or v < best[0]:
            best = (v, i)
    v, i = best
    return v * v * x[(i + 1) % 5]


def closest_pair(x):
    best = None
    for i in range(5):
        for j in range(i):
            d = (x[i] - x[j]) ** 2
            if best is None or d < best[0]:
                best = d, i, j
    return best[0] * x[best[1]] + x[best[2]]


def perhaps_none(x, limit):
    found = None
    for v in x:
        if v > limit:
            found = (v, v * x[0])
    if not found:
        return x[0]
    return found[0] + found[1]


def arrays(x, limit):
    best = None
    for k in range(3):
        row = x[k : k + 3] * x[k]
        if np.sum(row) > limit:
            best = (row, k)
            row[0] = 0.0
    if best is not None and best[1] > 0:
        return np.sum(best[0] ** 2)
    return x[0] * x[1]


def by_a_condition(x):
    pair = None if x[0] < 0 else (x[0], x[1])
    if pair is not None:
        a, b = pair
        return a * b
    return x[2]


class Tracker:
    def __init__(self):
        self.best = None

    def see(self, v, i):
        if self.best is None or v < self.best[0]:
            self.best = (v, i)


def in_a_field(x):
    tracker = Tracker()
    for i, v in enumerate(x):
        tracker.see(v, i)
    return tracker.best[0] ** 2


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (least, (X,)),
        (closest_pair, (X,)),
        (perhaps_none, (X, 1.5)),
        (perhaps_none, (X, 10.0)),
        (arrays, (X, 1.5)),
        (arrays, (X, 100.0)),
        (by_a_condition, (X,)),
        (by_a_condition, (-X,)),
        (in_a_field, (X,)),
    ],
)
def test_agrees(f, args):
    assert sct.value_and_grad(f)(*args)[0] == f(*args)
    sct.check_grads(f, args, modes=("reverse", "forward"), order=2)


def test_taking_items_of_none_is_an_error_as_in_python():
    def f(x):
        found = None
        for v in x:
            if v > 10.0:
                found = (v, v)
        return found[0] * x[0]

    for call in (f, sct.grad(f)):
        with pytest.raises(TypeError):
            call(X)


def used_as_a_whole(x):
    best = None
    for v in x:
        if v > 1.0:
            best = (v, v)
    return len(best) * x[0]


def printed(x):
    best = None
    for v in x:
        if v > 1.0:
            best = (v, v)
    print(best)
    return x[0]


def returned(x):
    best = None
    for v in x:
        if v > 1.0:
            best = (v, v)
    return best


@pytest.mark.parametrize("f", [used_as_a_whole, printed, returned])
def test_what_has_to_find_it_as_a_whole_is_refused(f):
    with pytest.raises(sct.UnsupportedSyntaxError, match="a tuple that is None on some ways, used as a whole") as caught:
        sct.vjp(f)(X, 1.0)
    assert caught.value.place is not None
