"""How loops and calls are followed: decided once, and if that is seen to be wrong, the function is begun anew."""

from unittest import mock

import numpy as np
import pytest
from differences import check_gradient
from sources import define

import sct
from sct.specialize import specializer

X = np.array([0.4, -0.7, 1.1])
SEEN = []


def log(value):
    """Needs not be followed, and cannot be."""
    global SEEN  # which is not taken
    SEEN += [float(np.sum(value))]


def by_name(x):
    """The first loop goes through names: each iteration has types of its own."""
    p = {"a": x, "b": 2.0 * x[0]}
    s = 0.0
    for k in ("a", "b"):
        s += np.sum(p[k]) * np.sum(x)
    return s


def through_an_iterator(x):
    p = (x, 2.0 * x[0])
    s = 0.0
    for k, w in zip(range(2), (0.5, 3.0)):
        s += w * np.sum(p[k] * p[k])
    return s


def twice_in_one_another(x):
    p = (x, 2.0 * x[0])
    q = (3.0, x * x)
    s = 0.0
    for i in range(2):
        for j in range(2):
            s += np.sum(p[i] * q[j])
    return s


def growing(x, n):
    xs = [x]
    for i in range(n):
        xs.append(xs[-1] * np.sin(x))
    return np.sum(xs[n] * xs[1])


def telling(x, n):
    s = 0.0
    for i in range(n):
        log(x * i)
        s += x[i] * np.sum(x)
    log(s)
    return s


@pytest.mark.parametrize(
    ("f", "args", "most"),
    [
        (by_name, (X,), 2),
        (through_an_iterator, (X,), 2),
        (twice_in_one_another, (X,), 6),
        (growing, (X, 4), 2),
        (telling, (X, 3), 3),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_begun_anew_a_few_times_at_most(f, args, most):
    with mock.patch.object(specializer, "_specialized", side_effect=specializer._specialized) as runs:
        sct.grad(f).specialize(*args)
    assert 1 <= runs.call_count <= most
    check_gradient(f, *args)


def test_what_is_called_for_its_effect_is_called_once():
    SEEN.clear()
    value = sct.value_and_grad(telling)(X, 3)[0]
    derived = list(SEEN)
    SEEN.clear()
    assert telling(X, 3) == value
    assert derived == SEEN


def write(a, v):
    a[0] = v * a[1]


def hooks(x):
    """One place, where one function is followed, and another one is not."""
    y = x * 1.0
    for hook in (log_twice, write, log_twice):
        hook(y, x[2])
    return np.sum(y * y)


def log_twice(a, v):
    with np.errstate(all="ignore"):
        SEEN.append(float(v))


def test_functions_at_one_place_are_decided_on_apart():
    check_gradient(hooks, X)


def put(a, b):
    a[0] = 0.5 * b[1]


def shared_from_the_second_on(x, n):
    v = x
    for _ in range(n):
        put(v, x)
        v = 0.9 * v
    return np.sum(v)


def test_what_writes_is_not_kept_as_it_stands():
    for n in (1, 2, 4):
        check_gradient(lambda x, n=n: shared_from_the_second_on(x, n), X)


def test_many_loops_that_must_be_unrolled():
    lines = "".join(f"    for k in range(2):\n        s += {k + 1}.0 * np.sum(p[k] * p[k])\n" for k in range(12))
    f = define(f"def f(x):\n    p = (x, 2.0 * x[0])\n    s = 0.0\n{lines}    return s\n", "f")
    check_gradient(f, X)
