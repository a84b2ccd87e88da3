"""What a user reads when something is refused: the reason, the way there, and what to write instead."""

import ast
import traceback

import numpy as np
import pytest

import sct


def square(x, k=2):
    return np.sum(x * x) * k


def product(x, y):
    return np.sum(x * y)


X = np.ones(3)


def error_of(call):
    """The error that `call` raises."""
    with pytest.raises(sct.SctError) as found:
        call()
    return found.value


def code_in(advice):
    """What an advice says to write, which must be Python."""
    written = advice.removeprefix("Write ").split(";")[0].rstrip(".").removesuffix(" for the derivative of f at x")
    return ast.unparse(ast.parse(written))


# A mistake, and what to write instead.
MISTAKES = {
    "argnums": (lambda: sct.grad(product, argnums=0), "sct.grad(product, wrt=0)"),
    "argnums that are several": (lambda: sct.grad(product, argnums=[0, 1]), "sct.grad(product, wrt=(0, 1))"),
    "argnum": (lambda: sct.value_and_grad(product, argnum="y"), "sct.value_and_grad(product, wrt='y')"),
    "argnums in a decorator": (lambda: sct.grad(argnums=1)(product), "sct.grad(f, wrt=1)"),
    "wrt by position": (lambda: sct.grad(product, 0, 1), "sct.grad(product, wrt=(0, 1))"),
    "a value for the function": (lambda: sct.grad(square(X)), "sct.grad(f)(x)"),
    "no such parameter": (lambda: sct.grad(product, wrt="z"), "wrt = 'x'"),
    "no such parameter, by number": (lambda: sct.grad(product, wrt=2), "wrt = 'x'"),
    "the same twice": (lambda: sct.grad(product, wrt=(0, "x")), "wrt = 'x'"),
    "no such parameter of a derivative": (lambda: sct.grad(sct.grad(product), wrt="z"), "wrt = 'x'"),
    "no cotangent": (lambda: sct.vjp(product)(X, X), "sct.vjp(product)(x, y, y_bar)"),
    "no cotangent, and a default": (lambda: sct.vjp(square)(X), "sct.vjp(square)(x, k, y_bar)"),
    "too few": (lambda: sct.grad(product)(X), "sct.grad(product)(x, y)"),
    "too few for a cotangent": (lambda: sct.vjp(product)(X), "sct.vjp(product)(x, y, y_bar)"),
    "nothing": (lambda: sct.vjp(product)(), "sct.vjp(product)(x, y, y_bar)"),
    "too many": (lambda: sct.grad(lambda x: x * x)(1.0, 2.0), "sct.grad(f)(x)"),
    "a name that is none": (lambda: sct.grad(product)(X, z=X), "sct.grad(product)(x, y)"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_call_is_answered_with_what_to_write(name):
    call, instead = MISTAKES[name]
    assert code_in(error_of(call).advice) == instead


@pytest.mark.parametrize("name", [n for n in MISTAKES if "such" not in n and "twice" not in n])
def test_a_wrong_call_is_a_type_error(name):
    with pytest.raises(TypeError):
        MISTAKES[name][0]()


def test_an_option_that_there_is_not():
    error = error_of(lambda: sct.grad(square, has_auks=True))
    assert "no argument has_auks" in error.message and "has_aux" in error.advice


def refused(x):
    y = {1, 2}
    return x * len(y)


SHOWN = {
    "a call": lambda: sct.grad(refused)(X),
    "a call with keywords": lambda: sct.grad(refused)(x=X),
    "a decorator with keywords": lambda: sct.grad(wrt="z")(refused),
    "a transform": lambda: sct.grad(refused, wrt="z"),
    "source": lambda: sct.grad(refused).source,
    "source_for": lambda: sct.grad(refused).source_for(X),
    "specialize": lambda: sct.grad(refused).specialize(X),
    "tape": lambda: sct.grad(refused).tape(X),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_traceback_ends_at_the_users_call(name):
    error = error_of(SHOWN[name])
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    assert files[-2] == __file__ and len(files) == 3  # this helper, the call, and one line that raises
    assert error.__cause__ is None and error.__context__ is None


def test_the_frames_of_the_compiler_are_there_for_who_asks(monkeypatch):
    monkeypatch.setenv("SCT_TRACEBACK", "full")
    assert len(traceback.extract_tb(error_of(SHOWN["a call"]).__traceback__)) > 6


def test_an_error_of_numpy_keeps_its_frames():
    with pytest.raises(ValueError, match="broadcast") as error:
        sct.value_and_grad(product)(np.ones(3), np.ones(2))
    assert "product_value_and_grad" in [frame.name for frame in traceback.extract_tb(error.value.__traceback__)]
