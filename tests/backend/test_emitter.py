"""Derivatives for another target: examples/derivative_in_c.py, whose functions of C must give what Python's give."""

import importlib.util
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

import sct
from sct import ir, stages

spec = importlib.util.spec_from_file_location("derivative_in_c", Path(__file__).parents[2] / "examples" / "derivative_in_c.py")
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)

needs_a_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler called cc")


def straight(x, y):
    return math.exp(x) ** y + max(x, y) * x**3 - math.atan2(y, x) / math.hypot(x, y)


def tie(x, y):
    return np.maximum(x, y) * np.minimum(x, 2.0 * y) + abs(x - 3.0) + np.sign(x) * np.sqrt(y)


def branches(x, y):
    if x > y and not y > 2.0:
        z = x * y
    elif x > 0.0:
        z = math.sin(x)
    else:
        z = -y
    return z * z


def swapped(a, b, n):
    for i in range(n, 0, -1):
        a, b = b, a * np.tanh(b) + i
    return a


def rotated(a, b, c, n):
    for _ in range(n):
        a, b, c = b, c, a + 0.1 * b * c
    return a * b - c


def early(x, n):
    for i in range(n):
        x = x * 1.1
        if x > 3.0:
            return x * x
    return x


def skipping(x, n):
    s = 0.0
    for i in range(n):
        if i % 3 == 1:
            continue
        for j in range(i):
            if s > 5.0:
                break
            s = s + math.sin(x * i) * j
    return s


def without_remainder(x, n):
    s = 0.0
    for i in range(0, n, 2):
        for j in range(i):
            if s > 5.0:
                break
            s = s + math.sin(x * i) * j
    return s


def first_root(x, tolerance):
    k = 0
    while abs(x * x - 2.0) > tolerance:
        x = x - (x * x - 2.0) / (2.0 * x)
        k += 1
        if k > 20:
            break
    return x + 0.0 * k


def nested(x, n):
    k = 0
    while k < n:
        j = 0
        while j < k:
            x = x + 0.01 * x * x
            j = j + 1
        k = k + 1
    return x


def counted(x, n):
    k = n
    while k > 1:
        x = x / k
        k = k - 2
    return x * k


def loops_in_branches(x, y, n):
    if x > y:
        for _ in range(n):
            x = math.sin(x) * y
            if x < 0.1:
                k = 0
                while k < n and y < 4.0:
                    y = y * 1.5
                    k = k + 1
    else:
        for _ in range(2 * n):
            y = math.cos(y) + x
    return x * y


def known_numbers(x):
    scale = 1.5
    bound = math.inf
    if x < bound:
        x = scale * x * -2.0
    return x * x


CASES = {
    "straight": (straight, "x: float, y: float", [(0.5, 2.0), (3.0, 0.25)]),
    "tie": (tie, "x: float, y: float", [(1.0, 1.0), (2.0, 1.0), (-1.0, 0.5)]),
    "branches": (branches, "x: float, y: float", [(1.5, 0.5), (5.0, 3.0), (-1.0, 0.5)]),
    "swapped": (swapped, "a: float, b: float, n: int", [(0.3, -0.4, 5), (0.3, -0.4, 0), (0.3, -0.4, -3)]),
    "rotated": (rotated, "a: float, b: float, c: float, n: int", [(0.3, -0.4, 1.5, 7), (0.3, -0.4, 1.5, 1)]),
    "early": (early, "x: float, n: int", [(1.0, 30), (1.0, 2), (4.0, 1), (1.0, 0)]),
    "without_remainder": (without_remainder, "x: float, n: int", [(0.3, 12), (0.3, 0)]),
    "first_root": (first_root, "x: float, tolerance: float", [(1.0, 1e-9), (1e-9, 1e-9)]),
    "loops_in_branches": (loops_in_branches, "x: float, y: float, n: int", [(1.3, 0.4, 4), (0.1, 0.4, 3), (0.9, 0.5, 0)]),
    "known_numbers": (known_numbers, "x: float", [(0.5,), (-3.0,)]),
    "nested": (nested, "x: float, n: int", [(0.5, 6), (0.5, 0)]),
    "counted": (counted, "x: float, n: int", [(0.5, 8), (0.5, 9), (0.5, -1)]),
}


@needs_a_compiler
@pytest.mark.parametrize("name", CASES)
def test_the_gradient_in_c(name, tmp_path):
    f, types, calls = CASES[name]
    wrt = tuple(part.split(":")[0].strip() for part in types.split(",") if "float" in part)
    function = example.compiled(example.in_c(f, types, wrt), f"{name}_grad", tmp_path)
    for args in calls:
        expected = sct.grad(f, wrt)(*args)
        np.testing.assert_allclose(function(*args, count=len(wrt)), expected, rtol=1e-13, atol=1e-15)
        sct.check_grads(f, args, wrt) if name not in ("tie", "first_root") else None


@needs_a_compiler
def test_values_beside_gradients(tmp_path):
    lowered = stages.lower(stages.read(nested))
    typed = stages.specialize(lowered, stages.Arguments.declared(lowered, "x: float, n: int"))
    derivative = stages.finish(stages.differentiate(typed, "value_and_grad"))
    function = example.compiled(example.C().function(derivative.function), "nested_value_and_grad", tmp_path)
    np.testing.assert_allclose(function(0.5, 6, count=2), sct.value_and_grad(nested)(0.5, 6), rtol=1e-13)


@needs_a_compiler
def test_the_example_runs(capsys):
    example.main()
    said = capsys.readouterr().out
    assert "void pendulum_grad(double angle_0," in said and "root: [0.188982236" in said


def raising(x):
    if x < 0.0:
        raise ValueError("x is negative")
    return math.sqrt(x)


def longest(x, y):
    return max(x, y, 2.0 * x)


def recursive(x, n):
    return x if n == 0 else x * recursive(x, n - 1)


@pytest.mark.parametrize(
    ("f", "types", "said"),
    [
        (lambda x: np.sum(x * x), "x: f8[n]", r"float64\[n!\], which is no float or int, cannot be written in C"),
        (lambda x: x * x, "x: f4[]", r"float32\[\], which is no float or int"),
        (lambda x: x * x, "x: complex", "complex, which is no float or int"),
        (lambda x, kind: x if kind == "same" else x * x, "x: float, kind: 'square'", "'square', which is no float or int"),
        (lambda p: p["x"] * p["y"], "p: {x: float, y: float}", "which is no float or int"),
        (skipping, "x: float, n: int", r"mod\(\) cannot be written in C"),
        (lambda x: np.sinc(x) * x, "x: float", r"sinc\(\) cannot be written in C"),
        (raising, "x: float", "cannot be written in C"),
        (recursive, "x: float, n: int", "cannot be written in C"),
    ],
)
def test_what_is_refused(f, types, said):
    with pytest.raises(sct.SctError, match=said) as raised:
        example.in_c(f, types, 0)
    assert raised.value.advice


def test_a_pullback_is_refused():
    lowered = stages.lower(stages.read(nested))
    typed = stages.specialize(lowered, stages.Arguments.declared(lowered, "x: float, n: int"))
    with pytest.raises(sct.SctError, match="a pullback cannot be written in C"):
        example.C().function(stages.differentiate(typed, "pullback").function)


def test_an_emitter_without_a_method_is_none():
    with pytest.raises(TypeError, match="abstract"):
        type("Half", (stages.Emitter,), {"apply": lambda self, s: None})()


class Assignments(example.C):
    """What is set, in order, with the names of the values."""

    def name(self, v):
        return v.name or "aside"

    def line(self, text):
        self.lines.append(text)


@pytest.mark.parametrize(
    ("targets", "sources", "said"),
    [
        ("ab", "cd", ["a = c;", "b = d;"]),
        ("ab", "ba", ["aside = a;", "a = b;", "b = aside;"]),
        ("abc", "bca", ["aside = a;", "a = b;", "b = c;", "c = aside;"]),
        ("ab", "ab", []),
        ("ab", "aa", ["b = a;"]),
    ],
)
def test_what_is_set_all_at_once(targets, sources, said):
    values = {name: ir.Value(ir.Scalar(float), name) for name in "abcd"}
    emitter = Assignments()
    emitter.lines, emitter.tapes, emitter.read = [], {}, frozenset(values.values())
    emitter.assign_all([values[t] for t in targets], [values[s] for s in sources])
    assert emitter.lines == said
