"""Classes that are defined inside the function that is differentiated."""

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np
import pytest

import sct

X = np.array([0.3, 0.4, 0.5])


class Scaled:
    k = 2.0

    def scaled(self):
        return self.v * self.k


def with_operators(x):
    class Pair:
        n = 3

        def __init__(self, v, w=1.0):
            self.v = v
            self.w = w

        def __add__(self, other):
            return Pair(self.v + other.v, self.w * 2)

        def total(self):
            return np.sum(self.v) * self.w * self.n

    return (Pair(x) + Pair(x * x)).total()


def data_classes(x):
    @dataclass
    class Spring:
        u: float
        v: float = 2.0

        def energy(self):
            return self.u * self.u * self.v

    def negated(v):
        @dataclasses.dataclass(frozen=True)
        class Result:
            v: object

            def negated(self):
                return Result(-self.v)

        return Result(v).negated().v

    return Spring(x[0]).energy() * Spring(x[1], x[2]).energy() + np.sum(negated(x) * x)


def inheriting(x):
    class Triple(Scaled):
        """A class with a docstring."""

        k = -3.0

        def __init__(self, v):
            super().__init__()
            self.v = v

        @property
        def first(self):
            return self.v[0]

        @staticmethod
        def square(t):
            return t * t

    class Twice(Triple):
        def twice(self):
            return Triple(self.v * 2.0)

    return np.sum(Twice(x).twice().scaled()) * Triple.square(Twice(x).first)


def linked(x):
    class Node:
        def __init__(self, v, following=None):
            self.v, self.following = v, following

    head = None
    for v in x:
        head = Node(v, head)
    total = 0.0
    while head is not None:
        total = total * 0.5 + head.v**2
        head = head.following
    return total


def exceptions(x):
    class TooLarge(Exception):
        pass

    total = 0.0
    for v in x:
        try:
            if v > 0.35:
                raise TooLarge("large")
            total = total + v
        except TooLarge:
            total = total + v**3
    return total


def called_in_a_derivative(x):
    class Scale:
        def __init__(self, v):
            self.v = v

        def __call__(self, t):
            return self.v * t * t

    return sct.grad(lambda w: np.sum(Scale(w)(w)))(x) @ x


@pytest.mark.parametrize(
    "f", [with_operators, data_classes, inheriting, linked, exceptions, called_in_a_derivative], ids=lambda f: f.__name__
)
def test_derivatives(f):
    assert np.isclose(sct.value_and_grad(f)(X)[0], f(X), rtol=1e-14)
    sct.check_grads(f, (X,), order=2)


def sees_a_variable(x):
    class Model:
        def doubled(self):
            return x * 2.0

    return np.sum(Model().doubled())


def with_a_list(x):
    class Log:
        items = []  # noqa: RUF012

    return x[0]


def acting(x):
    class Loud:
        print("made")

    return x[0]


def decorated(x):
    @functools.total_ordering
    class Marked:
        pass

    return x[0]


def bound_again(x):
    class Model:
        pass

    Model = x  # noqa: F811, N806
    return Model[0]


def of_a_variable(x, base=Scaled):
    class Model(base):
        pass

    return x[0]


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (sees_a_variable, "a class definition that sees 'x', a variable of the function around it,"),
        (with_a_list, "a class definition with more in it than methods and constants"),
        (acting, "a class definition with more in it than methods and constants"),
        (decorated, "a class definition with a decorator"),
        (bound_again, "a class definition whose name, Model, is also bound otherwise,"),
        (of_a_variable, "base in a class definition"),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_refused(f, message, capsys):
    with pytest.raises(sct.UnsupportedSyntaxError, match=message) as caught:
        sct.grad(f)(X)
    assert caught.value.place is not None and not capsys.readouterr().out


def test_another_base_is_another_class():
    before = globals()["Scaled"]
    try:
        assert np.allclose(sct.grad(inherits)(X), 2.0)
        globals()["Scaled"] = type("Scaled", (before,), {"k": 5.0})
        assert np.allclose(sct.grad(inherits)(X), 5.0)
    finally:
        globals()["Scaled"] = before


def inherits(x):
    class Model(Scaled):
        def __init__(self, v):
            self.v = v

    return np.sum(Model(x).scaled())
