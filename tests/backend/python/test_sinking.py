"""Where the values that a loop hands on are made: below the last reader of the value before, unless that changes something."""

import itertools
import re

import numpy as np
import pytest
from differences import check_gradient
from sources import define

import sct

X = np.array([0.4, -0.7, 1.1, 0.3])


def horner(c, x):
    p = c[-1]
    for k in range(len(c) - 1):
        p = p * x + c[k]
    return p


def second_order(x, a, b):
    """A filter of two delays."""
    y1 = y2 = 0.0
    s = 0.0
    for i in range(len(x)):
        y = x[i] + a * y1 + b * y2
        y2 = y1
        y1 = y
        s += y * y
    return s


def fibonacci(x, n):
    a, b = x, 1.0
    for _ in range(n):
        a, b = b, a * x + b * a
    return a * b


def rotated(x, n):
    a, b, c = x, 2.0 * x, 1.0
    while n > 0:
        a, b, c = b * c, c + a, a * b
        n -= 1
    return a + b * c


def left_early(x, n):
    a, b = x, 1.0
    for k in range(n):
        a, b = a * b, b + a * x
        if a > 2.5:
            break
    return a * b


def nested(x, a):
    s = u = 1.0
    for i in range(len(x)):
        v = x[i]
        for _ in range(3):
            u, v = v * a, u + v * s
        s = s + u * v
    return s


def arrays(x, n):
    a, b = x, 2.0 * x
    for k in range(n):
        a, b = b * a, a + b
        a[k] = a[k] * b[0]
    return np.sum(a * b)


def copies(source):
    """The lines that give a variable the value of its numbered twin, as `p_bar = p_bar_1` does."""
    return re.findall(r"^ +(\w+) = \1_\d+$", source, re.MULTILINE)


@pytest.mark.parametrize(
    ("f", "args"), [(horner, (X, 0.6)), (second_order, (X, 0.5, -0.3))], ids=lambda p: getattr(p, "__name__", "")
)
def test_nothing_is_copied_at_the_end_of_a_body(f, args):
    assert copies(sct.grad(f, wrt=tuple(range(len(args)))).source_for(*args)) == []


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (horner, (X, 0.6)),
        (second_order, (X, 0.5, -0.3)),
        (fibonacci, (0.8, 4)),
        (rotated, (0.7, 3)),
        (left_early, (1.2, 6)),
        (nested, (X, 0.9)),
        (arrays, (X, 3)),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_values_are_right(f, args):
    check_gradient(f, *args)


ROWS = ("{0} * x", "{0} + {1}", "{1} * {2} + x", "np.sin({2}) * {1}", "{2}")


@pytest.mark.parametrize("rows", [*itertools.product(ROWS, repeat=3)][::9], ids=lambda r: "; ".join(r))
def test_every_way_of_handing_on(rows):
    """Three numbers that take each other's places."""
    names = ("a", "b", "c")
    step = ", ".join(r.format(*names[k:], *names[:k]) for k, r in enumerate(rows))
    source = f"def f(x):\n    a, b, c = x, x * x, 1.0\n    for k in range(3):\n        a, b, c = {step}\n    return a + b * c\n"
    check_gradient(define(source, "f"), 0.6)
