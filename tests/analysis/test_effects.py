"""What a function does besides giving its result is done once, in order, by its derivative too."""

import inspect
import logging
import sys

import numpy as np
import pytest
from differences import gradient

import sct

X = np.array([0.3, -0.2, 1.1])
log = []
note = log.append


class Recorder:
    def __init__(self):
        self.seen = []

    def tick(self, value):
        self.seen.append(value)


sct.nondifferentiable(Recorder.tick, pure=False)
recorder = Recorder()
tick = recorder.tick


def done(f, *args):
    """The value of a call, and what it noted."""
    log.clear()
    value = f(*args)
    return value, list(log)


def check(f, *args):
    """The derivative has the value, and does what Python does, joint and split, optimized and not."""
    value, notes = done(f, *args)
    expected = gradient(f, *args)
    for optimize in (True, False):
        (v, g), seen = done(sct.value_and_grad(f, optimize=optimize), *args)
        assert v == value and seen == notes
        np.testing.assert_allclose(g, expected, atol=1e-7)
    (v, pull), seen = done(sct.pullback(f), *args)
    assert v == value and seen == notes
    for _ in range(2):
        g, seen = done(pull, 1.0)
        assert seen == []
        np.testing.assert_allclose(g, expected, atol=1e-7)


def helper(x):
    note("helper")
    return x * x


def in_a_row(x):
    note("a")
    y = np.sin(x)
    note("b")
    return np.sum(y * x)


def in_branches(x):
    if x[0] > 0:
        note("positive")
        y = x * 2.0
    else:
        note("negative")
        y = x * 3.0
    return np.sum(y * y)


def in_a_loop(x, n):
    for i in range(n):
        note(i)
        x = np.sin(x) + x
    return np.sum(x)


def in_an_unrolled_loop(x):
    for i in (1, 2, 3):
        note(i)
        x = x * i
    return np.sum(x * x)


def in_while(x):
    k = 0
    while k < 3:
        note(k)
        k = k + 1
        x = x * x
    return np.sum(x)


def in_a_comprehension(x):
    ys = [helper(x) * i for i in range(3)]
    return np.sum(ys[2] + ys[1])


def in_a_helper(x):
    return np.sum(helper(x) * helper(x))


def only_effects_in_a_loop(x):
    for i in range(4):
        note(i)
    return np.sum(x * x)


@pytest.mark.parametrize(
    "f, args",
    [
        (in_a_row, ()),
        (in_branches, ()),
        (in_a_loop, (3,)),
        (in_an_unrolled_loop, ()),
        (in_while, ()),
        (in_a_comprehension, ()),
        (in_a_helper, ()),
        (only_effects_in_a_loop, ()),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_a3_what_acts_is_done_once_and_in_order(f, args):
    check(f, X, *args)


def directional(x, v):
    return np.sum(sct.grad(in_a_row)(x) * v)


def test_a3_of_second_order():
    v = np.array([1.0, 2.0, 3.0])
    h, seen = done(sct.grad(directional), X, v)
    assert seen == ["a", "b"]
    np.testing.assert_allclose(h, v * (2 * np.cos(X) - X * np.sin(X)))


def test_a3_a_bound_method_is_called():
    def f(x):
        tick(float(x[0]))
        return np.sum(x)

    recorder.seen.clear()
    np.testing.assert_array_equal(sct.grad(f)(X), 1.0)
    assert recorder.seen == [0.3]


def test_a3_files_are_written(tmp_path):
    path = str(tmp_path / "x.npy")

    def f(x):
        np.save(path, x)
        return np.sum(x * x)

    sct.grad(f)(X)
    np.testing.assert_array_equal(np.load(path), X)


def test_a3_numpys_state_is_set():
    def f(x):
        np.seterr(divide="ignore")
        np.set_printoptions(precision=3)
        return np.sum(x * x)

    old, options = np.geterr(), np.get_printoptions()
    try:
        sct.grad(f)(X)
        assert np.geterr()["divide"] == "ignore" and np.get_printoptions()["precision"] == 3
    finally:
        np.seterr(**old)
        np.set_printoptions(**options)


logger = logging.getLogger("tests.effects")


def test_what_is_differentiated_is_logged(caplog, capsys):
    def f(x):
        logging.warning("x = %s", x)  # noqa: LOG015
        logger.warning("sum %.1f", np.sum(x))
        print("printed", x[0])
        return np.sum(x * x)

    np.testing.assert_allclose(sct.grad(f)(X), 2 * X)
    assert [r.getMessage() for r in caplog.records] == [f"x = {X}", "sum 1.2"]
    assert capsys.readouterr().out == "printed 0.3\n"


def called_back(x):
    log.append(x.copy())


sct.nondifferentiable(called_back, pure=False)


def test_a_registered_function_sees_what_is_differentiated():
    def f(x):
        for _ in range(2):
            x = np.sin(x)
            called_back(x)
        return np.sum(x)

    (gradient, seen) = done(sct.grad(f), X)
    np.testing.assert_allclose(gradient, np.cos(X) * np.cos(np.sin(X)))
    np.testing.assert_array_equal(seen, [np.sin(X), np.sin(np.sin(X))])


# -- what is read may change ---------------------------------------------------------------------------------------------------


class Counter:
    def __init__(self):
        self.n = 1.0

    def step(self):
        self.n += 1.0
        return self.n


sct.nondifferentiable(Counter.step, pure=False)


def read_before(x, counter):
    return np.sum(x * counter.n + counter.step())


def read_after(x, counter):
    counter.step()
    return np.sum(x * counter.n)


def read_in_a_loop(x, counter):
    for _ in range(3):
        x = x * counter.n
        counter.step()
    return np.sum(x)


def read_in_a_while_loop(x, counter):
    while x[0] < 3.0:
        x = x * counter.n
        counter.step()
    return np.sum(x)


def test_a_field_is_read_before_it_changes():
    value, gradient = sct.value_and_grad(read_before)(X, Counter())
    assert value == read_before(X, Counter())
    np.testing.assert_array_equal(gradient, 1.0)


@pytest.mark.parametrize("f", [read_after, read_in_a_loop, read_in_a_while_loop], ids=lambda f: f.__name__)
def test_a_field_that_may_have_changed_is_refused(f):
    with pytest.raises(sct.errors.UnsupportedSyntaxError, match=r"'n' may have been changed by Counter.step"):
        sct.grad(f)(X, Counter())


# -- functions that run again --------------------------------------------------------------------------------------------------


@sct.checkpoint
def noted_layer(x):
    note("layer")
    return np.tanh(x * x)


def checkpointed_function(x):
    return np.sum(noted_layer(noted_layer(x)) * x)


@sct.checkpoint
def nested(x):
    note("outer")
    return noted_layer(noted_layer(x) * 2.0)


def checkpointed_in_checkpointed(x):
    return np.sum(nested(x))


def recursive(x, n):
    note(n)
    if n == 0:
        return np.sum(x * x)
    return recursive(np.sin(x), n - 1)


def checkpointed_loop(x):
    for i in sct.checkpointed(range(7), slots=2):
        note(i)
        x = np.sin(x) + x
    return np.sum(x)


@pytest.mark.parametrize(
    "f, args",
    [(checkpointed_function, ()), (checkpointed_in_checkpointed, ()), (recursive, (4,)), (checkpointed_loop, ())],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_a4_what_acts_is_not_run_again(f, args):
    check(f, X, *args)


@sct.checkpoint
def scaled(x, counter):
    return x * counter.n


def changed_in_between(x, counter):
    y = scaled(x, counter)
    counter.step()
    return np.sum(y)


def test_a4_what_is_run_again_must_not_have_changed():
    with pytest.raises(sct.errors.UnsupportedSyntaxError, match="runs again, of something that may be changed in between"):
        sct.grad(changed_in_between)(X, Counter())


@sct.checkpoint
def used(x):
    return x * note("used")


def test_a4_what_cannot_be_left_out_is_refused():
    with pytest.raises(
        sct.errors.UnsupportedSyntaxError, match="in the checkpointed function used, which the derivative runs again"
    ):
        sct.grad(lambda x: np.sum(used(x)))(X)


Z = 3.0


@pytest.mark.parametrize(
    "f",
    [
        lambda x: eval("x * 2.0"),
        lambda x: locals()["x"] * 2.0,
        lambda x: vars()["x"] * 2.0,
        lambda x: globals()["Z"] * x,
        lambda x: sys._getframe().f_locals["x"] * 2.0,
        lambda x: inspect.currentframe().f_locals["x"] * 2.0,
    ],
)
def test_what_looks_at_the_variables_of_its_caller_is_refused(f):
    with pytest.raises(sct.UnsupportedSyntaxError, match="looks at the variables of the function that calls it"):
        sct.grad(f)(1.5)


registered = []


def register(n):
    registered.append(n)


sct.nondifferentiable(register, pure=False)


def registers(x):
    register(1)
    return x * x


def test_what_a_registered_function_does_is_done():
    registered.clear()
    assert sct.grad(registers)(3.0) == 6.0 and registered == [1]
