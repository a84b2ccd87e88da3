"""Programs of any size: long sums, long chains of branches, deep recursion, and parameters of any name."""

import sys
import threading
import time

import numpy as np
import pytest
from differences import check_gradient
from sources import define

import sct
import sct.stack


def chain(arms, leaf, test="x < {}"):
    """A function with a chain of `elif`; `leaf` and `test` are written with the number of the arm."""
    body = f"    if {test.format(0)}:\n        {leaf.format(0)}\n"
    body += "".join(f"    elif {test.format(k)}:\n        {leaf.format(k)}\n" for k in range(1, arms))
    return define(f"def f(x):\n    y = x * x\n{body}    return y\n", "f")


def test_b6_a_sum_of_1000_terms():
    check_gradient(define(f"def f(x):\n    return {' + '.join(['x'] * 1000)}\n", "f"), 1.5)


def test_b6_a_sum_of_400_different_terms():
    check_gradient(define(f"def f(x):\n    return {' + '.join(f'{k}.5 * np.sin(x)' for k in range(400))}\n", "f"), 1.5)


def test_b6_calls_in_calls():
    check_gradient(define(f"def f(x):\n    return {'np.sin(' * 80}x{')' * 80}\n", "f"), 1.5)


def test_b6_a_chain_of_300_elif():
    check_gradient(chain(300, "y = x * {}.0"), 250.5)


def test_b6_a_chain_of_300_returns():
    check_gradient(chain(300, "return x * {}.0"), 250.5)


def test_b6_a_chain_of_300_elif_of_two_parts():
    check_gradient(chain(300, "y = x * {}.0", "x < {} and x > 0.5"), 250.5)


@pytest.mark.parametrize(
    "test", ["x < {} or x > 500.0", "not (x > {} or x > 500.0)", "0 < x < {} and x > 0.5", "np.sin(x) > 2.0 or x < {}"]
)
def test_chains_of_tests_of_several_parts(test):
    check_gradient(chain(100, "y = x * {}.0", test), 90.5)


def test_the_parts_of_a_test_stay_together():
    source = sct.value_and_grad(chain(3, "y = x * {}.0", "x < {} and np.sin(x) > 0.5")).source_for(1.5)
    arms = [line.strip() for line in source.splitlines() if " and " in line]
    assert arms == [
        "above = x < 0 and np.sin(x) > 0.5",
        "elif (above_x := x < 1 and np.sin(x) > 0.5):",
        "elif (above_value := x < 2 and np.sin(x) > 0.5):",
    ]


def test_a_chain_of_elif_stays_one():
    source = sct.value_and_grad(chain(4, "y = x * {}.0")).source_for(2.5)
    arms = ["if x < 0:", "elif x < 1:", "elif x < 2:", "elif x < 3:"]
    assert [line.strip() for line in source.splitlines() if "if " in line] == 2 * arms


def test_tests_that_are_needed_later_are_named_where_they_are_made():
    f = chain(3, "y = x * {}.0")
    g = define(
        "def g(x):\n    if np.sin(x) < 0: return x\n    if np.cos(x) < 0:\n        return x * x\n    return x * f(x)\n",
        "g",
        f=f,
    )
    assert "    elif (below_x := np.cos(x) < 0):\n" in sct.value_and_grad(g).source_for(0.5)
    check_gradient(g, 0.5)
    check_gradient(g, 2.0)


def power(x, n):
    if n == 0:
        return x
    return power(x, n - 1) * 0.99 + x


def in_a_thread(work):
    """What `work` gives or raises with nothing of the test runner's on the stack."""
    out = []

    def target():
        try:
            out.append(work())
        except RecursionError as e:
            out.append(e)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    return out[0]


def test_b6_a_recursion_as_deep_as_python_allows_for_two_frames_a_level():
    depth = int(0.45 * sys.getrecursionlimit())
    value, gradient = in_a_thread(lambda: sct.value_and_grad(power)(2.0, depth))
    assert value == in_a_thread(lambda: power(2.0, depth))
    np.testing.assert_allclose(gradient, value / 2.0)  # it is linear


def test_b6_beyond_that_the_error_is_that_of_python():
    depth = int(0.9 * sys.getrecursionlimit())
    error = in_a_thread(lambda: sct.grad(power)(2.0, depth))
    assert type(error) is RecursionError


def test_the_limit_of_recursion_is_left_as_it_was():
    before = sys.getrecursionlimit()
    sct.grad(define(f"def f(x):\n    return {' + '.join(['x'] * 500)}\n", "f"))(1.0)
    assert sys.getrecursionlimit() == before


def test_a_derivative_is_compiled_near_the_end_of_the_stack():
    f = define("def f(x):\n    return np.sin(x) * x\n", "f")

    def deep(n):
        return sct.grad(f)(1.0) if n == 0 else deep(n - 1)

    assert in_a_thread(lambda: deep(sys.getrecursionlimit() - 40)) == sct.grad(f)(1.0)


def test_what_is_too_deep_all_the_same_is_an_error_of_sct():
    from sct.stack import with_room

    def endless():
        return endless()

    with pytest.raises(sct.UnsupportedSyntaxError, match="nested too deeply"):
        with_room(endless)


def test_c_a_list_made_in_a_long_loop_is_not_unrolled():
    f = define("def f(x):\n    q = [x * k for k in range(1000)]\n    return q[3] * q[-1]\n", "f")
    g = define(
        "def g(x):\n    q = [x]\n    for _ in range(1000):\n        q.append(q[-1] * 0.9 + x)\n    return q[5] + q[-1]\n", "g"
    )
    for function in (f, g):
        check_gradient(function, 1.5)
        assert sct.grad(function).source_for(1.5).count("\n") < 40


def test_expressions_are_cut_where_python_takes_no_deeper_ones():
    f = define("def f(x):\n    q = [x]\n    for _ in range(90):\n        q.append(np.cos(q[-1]) * x)\n    return q[-1]\n", "f")
    check_gradient(f, 1.5)


def test_the_time_to_compile_is_linear_in_the_length_of_a_program():
    """Four times as many loops, or branches, took up to sixty times as long."""
    for text in ("    for _ in range(m):\n        s = np.sin(s) * 0.5 + x\n", "    if x > m:\n        s = s * 0.5 + x\n"):
        times = []
        for count in (25, 100):
            f = define(f"def f(x, m):\n    s = x\n{text * count}    return s\n", "f")
            start = time.process_time()
            sct.grad(f)(1.5, 3)
            times.append(time.process_time() - start)
        assert times[1] < 12 * times[0]


def in_a_row(text, end, start="", each=None):
    """A maker of functions in which `text` stands `n` times, with its number; `each` is joined by pluses in place of {each}."""

    def make(n):
        body = "".join(text.replace("{k}", str(k)) for k in range(1, n + 1))
        total = " + ".join((each or "").replace("{k}", str(k)) for k in range(1, n + 1))
        return f"def f(x, y):\n    a = x * 1.0\n{start}{body}    return {end.replace('{each}', total)}\n"

    return make


LONG = {
    "statements": in_a_row("    a = np.sin(a * {k}.5) + y * a\n", "np.sum(a)"),
    "branches": in_a_row("    if a[0] > {k}.5:\n        a = a * y\n    else:\n        a = a + {k}.0\n", "np.sum(a)"),
    "loops": in_a_row("    for i in range(3):\n        a = np.sin(a) * y\n", "np.sum(a)"),
    "loops that write": in_a_row("    for i in range(1, 4):\n        a[i] = np.sin(a[i - 1]) * y[i]\n", "np.sum(a)"),
    "loops with branches": in_a_row("    for i in range(3):\n        if a[i] > {k}.5:\n            a = a * y\n", "np.sum(a)"),
    "while loops": in_a_row("    while i < 3 * {k}:\n        a = np.sin(a) * y\n        i += 1\n", "np.sum(a)", "    i = 0\n"),
    "comprehensions": in_a_row("    s = s + sum([np.sin(x[i]) * {k}.5 for i in range(2)])\n", "s", "    s = 0.0\n"),
    "writes": in_a_row("    a[{k} % 4] = np.sin(a[({k} + 1) % 4]) * y[0]\n", "np.sum(a)"),
    "products in place": in_a_row("    a *= np.sin(y) * {k}.5\n", "np.sum(a)"),
    "writes in one loop": in_a_row(
        "        a[i] = np.sin(a[i - 1] * {k}.5) * y[i]\n", "np.sum(a)", "    for i in range(1, 4):\n"
    ),
    "branches that write": in_a_row(
        "    if y[0] > {k}.5:\n        a[{k} % 4] = a[0] * y[1]\n    else:\n        a = a + y\n", "np.sum(a)"
    ),
    "elif of two parts": in_a_row(
        "    elif x[0] > {k}.5 and y[0] < {k}.5:\n        b = a * {k}.5\n",
        "np.sum(b)",
        "    b = a\n    if y[1] < 0.0:\n        b = y\n",
    ),
    "elif with steps": in_a_row(
        "    elif x[0] > {k}.5:\n        t = np.exp(a * y)\n        b = np.sin(t * {k}.5)\n",
        "np.sum(b)",
        "    b = a\n    if y[1] < 0.0:\n        b = y\n",
    ),
    "returns": in_a_row("    if x[0] > {k}.5:\n        return np.sum(np.sin(a * {k}.5) ** 2)\n", "np.sum(a)"),
    "items of a list": in_a_row("    q.append(x * {k}.5)\n", "np.sum(sum(q))", "    q = []\n"),
    "entries of a dict": in_a_row("    d['k{k}'] = x * {k}.5\n", "np.sum({each})", "    d = {}\n", "d['k{k}']"),
}


def calls_to_compile(source):
    """How many functions, of Python and of C, are called while the gradient of a function is made."""
    f, x, count = define(source, "f"), np.linspace(0.1, 0.5, 4), 0

    def counted(frame, event, arg):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        sct.grad(f, (0, 1)).specialize(x, x)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("what", LONG)
def test_the_work_for_each_statement_is_the_same_in_a_long_program(what):
    calls_to_compile(LONG[what](2))  # what is done once in a process
    short, long = calls_to_compile(LONG[what](8)), calls_to_compile(LONG[what](24))
    assert long / 24 < 1.2 * short / 8


def test_what_is_long_and_not_deep_is_gone_through_once(monkeypatch):
    monkeypatch.setattr(sct.stack, "_apart", lambda work: pytest.fail("begun anew with more room"))
    sct.grad(define(LONG["statements"](400), "f"), (0, 1)).specialize(np.ones(4), np.ones(4))


def test_helpers_are_told_apart_at_once():
    def make(n):
        helpers = "".join(f"def h{k}(a, b):\n    return np.sin(a) * b\n" for k in range(n))
        return helpers + "def f(x, y):\n" + "".join(f"    x = h{k}(x, y)\n" for k in range(n)) + "    return np.sum(x)\n"

    calls_to_compile(make(2))
    assert calls_to_compile(make(40)) / 40 < 1.3 * calls_to_compile(make(10)) / 10


def test_many_products_in_a_loop():
    """The search for what a value is computed from visits each value once: with every path followed, this would never end."""
    source = "def f(x, n):\n    for _ in range(n):\n" + "        x = x * (1.2 - x * x)\n" * 40 + "    return x\n"
    sct.check_grads(define(source, "f"), (0.3, 1))
