"""`match`, assignments in expressions and imports in functions: what they become, and that derivatives go through them."""

import dataclasses

import numpy as np
import pytest

import sct

X = np.array([0.5, 1.2, -0.7])


@dataclasses.dataclass
class Point:
    x: float
    y: float


class Circle:
    def __init__(self, radius):
        self.radius = radius


class Box:
    __match_args__ = ("width", "height")

    def __init__(self, width, height):
        self.width, self.height = width, height


# -- match ---------------------------------------------------------------------------------------------------------------


def by_value(x, kind="b"):
    match kind:
        case "a":
            return np.sum(x)
        case "b" | "c":
            y = x * x
        case _:
            y = x**3
    return np.sum(y * x)


def by_length(x, order=(1, 2)):
    match order:
        case []:
            return 0.0
        case [a]:
            return x[a]
        case [a, b] if a > b:
            s = x[a] * x[b]
        case [a, *rest]:
            s = x[a] ** 2 * x[rest[0]]
    return s * a


def by_key(x):
    options = {"kind": "power", "degree": 2, "scale": 3.0}
    match options:
        case {"kind": "exponential"}:
            return np.sum(np.exp(x))
        case {"kind": "power", "degree": int(n), **rest} if n > 1:
            return np.sum(x**n) * rest["scale"] * len(rest)
        case _:
            return 0.0


def by_class(x):
    area = 0.0
    for shape in (Circle(x[0]), Box(x[1], x[2]), Box(x[1], x[1])):
        match shape:
            case Circle(radius=r):
                area += np.pi * r * r
            case Box(w, h) if w == h:
                area += 3.0 * w * h
            case Box(w, h):
                area += w * h
            case Point():
                area += 1.0
    return area


def by_fields(x, p=Point(1.0, 2.0)):
    match p:
        case Point(x=0.0, y=y):
            return y * np.sum(x)
        case Point(a, b):
            return a * np.sum(x) * b * x[0]
    return 0.0


def nested(x, code=(1, (2, "k"))):
    match code:
        case (a, (b, "j")):
            return x[0]
        case (a, (b, ("k" | "l") as letter)):
            return x[b] * a * len(letter)
        case (a, *_, last):
            return x[a] * last


def of_a_computed_subject_in_a_loop(x, n=4):
    s = 0.0
    for i in range(n):
        match i % 3:
            case 0:
                continue
            case 1:
                s += x[i % 3]
            case k if (m := 2 * k) > 3:
                s += x[k] * m
    return s


def captured_before_a_guard_that_fails(x, i=1):
    match i:
        case k if k > 5:
            return x[0]
    return x[k] ** 2


# -- assignments in expressions --------------------------------------------------------------------------------------------


def in_a_test(x):
    if (n := np.sum(x * x)) > 1.0:
        return n * x[0]
    return n


def in_a_loop_test(x):
    a, y = x[0], 1.0
    while abs(r := y * y - a) > 1e-12:
        y = y - r / (2 * y)
    return y + r


def in_a_loop_test_after_another(x):
    a, k = x[1], 0
    y = a
    while (step := (y * y - a) / (2 * y)) > 1e-13 and (k := k + 1) < 50:
        y -= step
        if k > 40:
            continue
    return y + k


def in_a_loop_test_that_reads_it_first(x):
    y, n = x[0] * 8.5, 0
    while n < 100 and y > (y := y - 1.0) > 0.0:
        n += 1
    return y * n


def in_a_loop_test_with_an_else(x):
    y, s = x[1], 0.0
    while (y := y * 0.5) > 0.1:
        s += y * y
    s *= y
    return s


def in_a_comprehension(x):
    z = [y * w for v in x if (y := np.sin(v)) > -2 and (w := y * v) < 5]
    return sum(z) + y * w


def in_a_chain(x):
    return (y := x[0] * 2) * y + (x[1] or 3.0) + (z := x[2] if x[0] > 0 else 0.0) * z


def on_one_way_only(x):
    y = 2.0
    above = x[0] > 10 and (y := x[1] * x[2])
    below = x[0] < 10 and (y := x[1] * x[2] * y)
    return y + (above or below)


def beside_a_dict_in_a_dict(x):
    d = {"a": x[0], "b": x[1]}
    while (y := d["a"] * 0.5) > 0.3:
        d = {**d, "a": y}
    return (d := {**d, "c": y})["c"] * d["b"]


def in_a_lambda(x):
    f = lambda v: (w := v * v) * w  # noqa: E731
    return f(x[0])


def seen_by_a_function_inside(x):
    def scaled(v):
        return v * k

    if (k := x[0] * 2.0) > 0.0:
        return scaled(x[1])
    return scaled(x[2])


# -- imports ---------------------------------------------------------------------------------------------------------------


def importing(x):
    import math
    from math import pi as PI
    from math import sqrt

    import numpy as anp
    import numpy.linalg
    from numpy.linalg import norm

    def inner(y):
        return math.sin(y) * PI

    return anp.sum(x * x) * norm(x) * sqrt(PI) + inner(x[0]) + numpy.linalg.norm(x)


FUNCTIONS = [
    *(by_value, by_length, by_key, by_class, by_fields, nested, of_a_computed_subject_in_a_loop),
    *(captured_before_a_guard_that_fails, in_a_test, in_a_loop_test, in_a_loop_test_after_another),
    *(
        in_a_loop_test_that_reads_it_first,
        in_a_loop_test_with_an_else,
        in_a_comprehension,
        beside_a_dict_in_a_dict,
        in_a_chain,
        on_one_way_only,
    ),
    *(in_a_lambda, seen_by_a_function_inside, importing),
]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_gradients(f):
    sct.check_grads(f, (X,))
    value, gradient = sct.value_and_grad(f)(X)
    assert value == f(X)
    np.testing.assert_allclose(sct.grad(f, optimize=False)(X), gradient, rtol=1e-12)


@pytest.mark.parametrize(("order", "expected"), [((), 0.0), ((2,), -0.7), ((2, 1), -1.68), ([2, 1], -1.68), ((0, 2), 0.0)])
def test_each_case(order, expected):
    value, gradient = sct.value_and_grad(by_length)(X, order)
    assert value == pytest.approx(expected) == by_length(X, order)
    moved = [(by_length(X + h, order) - by_length(X - h, order)) / 2e-6 for h in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(gradient, moved, atol=1e-8)


def test_a_match_that_is_known_leaves_nothing():
    assert "if" not in sct.grad(by_value).source_for(X, "a")


def test_a_loop_whose_test_assigns_stays_that_loop():
    source = sct.grad(in_a_loop_test).source_for(X)
    assert "    while abs(r) > 1e-12:\n" in source
    assert "while True" not in source


def test_a_name_that_is_imported_and_assigned():
    def f(x, n):
        if n:
            from math import exp
        else:
            exp = np.exp
        return exp(x)

    with pytest.raises(sct.UnsupportedSyntaxError, match=r"the import of 'exp', which is also assigned"):
        sct.grad(f)(1.0, True)


def test_an_import_that_fails():
    def f(x):
        import not_there_at_all

        return not_there_at_all.exp(x)

    with pytest.raises(sct.UnsupportedSyntaxError, match="an import that fails .*not_there_at_all"):
        sct.grad(f)(1.0)


def test_an_import_that_fails_on_one_way():
    def in_a_branch(x, how):
        if how.startswith("n"):
            import not_there_at_all as nt
        if how == "p":
            y = x * x
        elif how == "n":
            y = nt.exp(x)
        return y

    def where_it_is_caught(x):
        y = x * x
        try:
            if x > 2.0:
                import not_there_at_all

                y = not_there_at_all.exp(x)
        except ImportError:
            y = 4.0 * x
        return y

    def if_it_is_called(x):
        def inner(y):
            from math import not_there_at_all

            return not_there_at_all(y)

        return inner(x) if x > 2.0 else x * x

    assert sct.grad(in_a_branch)(1.5, "p") == 3.0
    assert sct.grad(where_it_is_caught)(1.5) == 3.0 and sct.grad(where_it_is_caught)(3.0) == 4.0
    assert sct.grad(if_it_is_called)(1.5) == 3.0
    with pytest.raises(ImportError, match="not_there_at_all"):
        sct.grad(if_it_is_called)(3.0)
