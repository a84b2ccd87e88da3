"""Functions that are compiled as they are: what they give, what they write into, and transforms of them."""

import builtins
import functools
import inspect

import numpy as np
import pytest

import sct

x0 = np.linspace(0.1, 1.0, 7)


def square(x):
    return x * x


def scaled(x, k=2.0):
    """The sum of squares, times a number.

    And more.
    """
    return k * np.sum(square(x))


def stencil(a, b, n):
    for _ in range(n):
        b[1:-1] = 0.5 * (a[:-2] + a[2:])
        a[1:] += 0.1 * square(b[:-1])
    return a if n > 2 else b


def test_its_source_is_that_of_one_function():
    compiled = sct.compile(scaled)
    assert compiled(x0) == scaled(x0) and compiled(x0, k=3.0) == scaled(x0, 3.0)
    assert compiled.source == (
        'import numpy as np\n\n\ndef scaled(x, k=2.0):\n    """The sum of squares, times a number."""\n'
        "    return k * np.sum(x * x)\n"
    )
    assert inspect.signature(compiled) == inspect.signature(scaled)
    assert repr(compiled) == "<compile of scaled>"


def test_it_writes_into_its_arguments():
    ours, theirs = [x0.copy(), x0.copy()], [x0.copy(), x0.copy()]
    assert sct.compile(stencil)(*ours, 3) is ours[0]
    stencil(*theirs, 3)
    np.testing.assert_allclose(ours, theirs, rtol=1e-14)


@pytest.mark.parametrize("apart", [lambda x: (x, x), lambda x: (x[:-1], x[1:]), lambda x: (x[::-1], x)])
def test_arguments_that_share_memory(apart):
    ours, theirs = np.linspace(0.0, 1.0, 9), np.linspace(0.0, 1.0, 9)
    sct.compile(stencil)(*apart(ours), 4)
    stencil(*apart(theirs), 4)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("transform", [sct.grad, sct.hessian, sct.value_and_grad, sct.compile])
def test_transforms_of_it_are_those_of_the_function(transform):
    for f in (
        sct.compile(scaled),
        functools.partial(sct.compile(scaled), k=3.0),
        sct.compile(functools.partial(scaled, k=3.0)),
    ):
        plain = functools.partial(scaled, k=3.0) if isinstance(f, functools.partial) or f.primal is not scaled else scaled
        np.testing.assert_equal(transform(f)(x0), transform(plain)(x0))


def sum(x):
    return 2.0 * builtins.sum(x)


def test_a_name_of_pythons():
    assert sct.compile(sum)(x0) == 2.0 * builtins.sum(x0)


compiled_square = sct.compile(square)


def calls_it(x):
    return np.sum(compiled_square(x) * sct.compile(scaled)(x))


def defines_it(x):
    @sct.compile
    def cube(y):
        return y * y * y

    return cube(x) + sct.compile(lambda y: 2.0 * y)(x)


def test_it_is_followed_where_it_is_called():
    sct.check_grads(calls_it, (x0,))
    assert sct.grad(sct.grad(defines_it))(2.0) == 12.0


class Model:
    k = 3.0

    @sct.compile
    def energy(self, x):
        return self.k * np.sum(x)


def test_of_methods_and_stars():
    assert Model().energy(x0) == 3.0 * np.sum(x0)
    np.testing.assert_array_equal(sct.grad(Model().energy)(x0), np.full(7, 3.0))
    assert sct.compile(lambda *xs, **options: builtins.sum(xs) * options["k"])(1.0, 2.0, k=3.0) == 9.0


def appends(x):
    x.append(1.0)


def sets(p):
    p["a"] = 1.0


def moves(model):
    model.k = 1.0


def keeps(x):
    states = [x]
    for _ in range(2):
        states.append(0.5 * states[-1])
    return np.array(states[1:])


def test_an_array_in_a_list_that_is_written_into():
    np.testing.assert_array_equal(sct.compile(keeps)(x0), keeps(x0))


@pytest.mark.parametrize(("f", "x"), [(appends, [1.0]), (sets, {}), (moves, Model())])
def test_what_it_would_leave_undone_is_refused(f, x):
    with pytest.raises(sct.UnsupportedSyntaxError, match="that is written into, in a function that is compiled as it is") as e:
        sct.compile(f)(x)
    assert e.value.place.line == f.__code__.co_firstlineno + 1


def test_it_takes_a_function_alone():
    with pytest.raises(sct.CallError, match="sct.compile takes a function, not 2 arguments"):
        sct.compile(scaled, ("x",))
    with pytest.raises(sct.CallError, match="sct.compile has no argument wrt"):
        sct.compile(scaled, wrt="x")
