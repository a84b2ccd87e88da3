"""Searches by tests: those whose statements' derivatives are not the derivative of what they find are refused."""

import inspect

import numpy as np
import pytest

import sct


def bisection(p, a, b):
    for _ in range(50):
        m = (a + b) / 2
        if m * m * m - p > 0:
            b = m
        else:
            a = m
    return (a + b) / 2


def lanes(p):
    a = np.zeros(3)
    b = np.full(3, 5.0)
    for _ in range(50):
        m = 0.5 * (a + b)
        up = m**3 > p
        b = np.where(up, m, b)
        a = np.where(up, a, m)
    return np.sum(a)


def golden_section(p, a=0.0, b=5.0):
    g = 0.6180339887
    x1, x2 = b - g * (b - a), a + g * (b - a)
    f1, f2 = (x1 - p) ** 2, (x2 - p) ** 2
    while b - a > 1e-8:
        if f1 < f2:
            b, x2, f2 = x2, x1, f1
            x1 = b - g * (b - a)
            f1 = (x1 - p) ** 2
        else:
            a, x1, f1 = x1, x2, f2
            x2 = a + g * (b - a)
            f2 = (x2 - p) ** 2
    return 0.5 * (a + b)


def lagging(p, a, b):
    """The points lag behind the ends, each by another one."""
    m, n = (a + b) / 2, (a + b) / 2
    for _ in range(50):
        if m * m * m - p > 0:
            b, m, n = m, 0.75 * n + 0.25 * a, (a + m) / 2
        else:
            a, m, n = m, 0.75 * n + 0.25 * b, (m + b) / 2
    return (a + b) / 2


def masked_lanes(p):
    a, b = np.zeros(3), np.full(3, 5.0)
    for _ in range(50):
        m = (a + b) / 2
        up = m**3 > p
        b[up] = m[up]
        a[~up] = m[~up]
    return np.sum(a)


def shrinking_width(p):
    a, b = 0.0, 5.0
    while b > 1e-11:
        b = b / 2
        m = a + b
        if m**3 <= p:
            a = m
    return a


def shrinking_steps(p):
    a, b = 2.5, 2.5
    for _ in range(50):
        b = b / 2
        a = a - b if a**3 > p else a + b
    return a


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [
        (bisection, (2.0, 0.0, 5.0), "p"),
        (bisection, (2.0, 0.0, 5.0), ("a", "b")),
        (lanes, (np.array([1.0, 2.0, 3.0]),), "p"),
        (golden_section, (2.0,), "p"),
        (golden_section, (2.0, 0.0, 5.0), ("p", "a")),
        (golden_section, (2.0, 0.0, 5.0), ("a", "b")),
        (lagging, (2.0, 0.0, 5.0), ("p", "a", "b")),
        (masked_lanes, (np.array([1.0, 2.0, 3.0]),), "p"),
        (shrinking_width, (2.0,), "p"),
        (shrinking_steps, (2.0,), "p"),
    ],
)
def test_search_is_refused(f, args, wrt):
    with pytest.raises(sct.UnsupportedSyntaxError, match="a search that moves '(a|b)' or '(a|b|the other)' by tests") as e:
        sct.grad(f, wrt)(*args)
    assert e.value.place.file == __file__ and "stop_gradient" in str(e.value)
    varied = [args[list(inspect.signature(f).parameters).index(w)] for w in ((wrt,) if isinstance(wrt, str) else wrt)]
    with pytest.raises(sct.UnsupportedSyntaxError, match="a search that moves '(a|b)' or '(a|b|the other)' by tests"):
        sct.jvp(f, wrt)(*args, *varied)


def polished(p):
    x = sct.stop_gradient(bisection(p, 0.0, 5.0))
    return x - (x**3 - p) / (3 * x**2)


def regula_falsi(p, n):
    a, b = 0.0, 5.0
    fa, fb = a**3 - p, b**3 - p
    m = b
    for _ in range(n):
        m = (a * fb - b * fa) / (fb - fa)
        fm = m**3 - p
        if fm > 0:
            b, fb = m, fm
        else:
            a, fa = m, fm
    return m


def integrate_and_fire(p, n):
    v, u, s = 0.0, 0.0, 0.0
    for _ in range(n):
        v = v + 0.1 * (p - v)
        u = u + 0.1 * (v - u)
        if v > 0.9:
            v = 0.1
        s = s + u
    return s


def discounted_count(x):
    y, g = 0.0, 1.0
    for i in range(len(x)):
        g = 0.5 * g
        if x[i] > 0.0:
            y = y + g
    return y + np.sum(x)


def smaller_steps(x):
    y, g = 1.0, 1.0
    for i in range(len(x)):
        g = 0.5 * g
        if y * x[i] > 0.0:
            y = y - g * x[i]
    return y


def spread(x):
    low, high = x[0], x[0]
    for i in range(len(x)):
        if x[i] > high:
            high = x[i]
        elif x[i] < low:
            low = x[i]
    return high - low


def by_weights_that_vary(p, n):
    """What the ends are combined with is changed by the loop, and depends on the argument."""
    a, b, g = 0.0, 5.0, 0.5 * p
    for _ in range(n):
        m = a + g * (b - a)
        g = 0.5 * g
        if m * m > p:
            b = m
        else:
            a = m
    return a + b


def not_by_its_argument(w, p):
    return w * bisection(p, 0.0, 5.0)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (polished, (2.0,)),
        (regula_falsi, (2.0, 400)),
        (integrate_and_fire, (1.5, 20)),
        (spread, (np.array([1.0, 3.0, -2.0, 2.0]),)),
        (discounted_count, (np.array([1.0, 3.0, -2.0, 2.0]),)),
        (smaller_steps, (np.array([1.0, 0.3, -2.0, 0.2]),)),
        (by_weights_that_vary, (1.2, 5)),
        (not_by_its_argument, (1.5, 2.0)),
    ],
)
def test_other_tests_in_loops_are_differentiated(f, args):
    sct.check_grads(f, args, 0)


def test_limit_of_a_search_by_newton_s_step():
    assert sct.grad(polished)(2.0) == pytest.approx(2.0 ** (-2 / 3) / 3, rel=1e-12)
