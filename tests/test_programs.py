"""Whole programs, each in one way of calling, and those that autograd can run against it; more: `python -m tests.programs`."""

import types

import autograd
import autograd.numpy
import numpy as np
import pytest
from programs import PEERS, PROGRAMS, SUBJECTS, Program, ways
from programs.__main__ import main as command

import sct
from sct.testing.mismatch import GradientMismatch

IN_TURN = list(ways.WAYS)


@pytest.mark.parametrize("k", range(len(PROGRAMS)), ids=[p.name for p in PROGRAMS])
def test_a_program_in_one_way(k):
    """All ways have their turn; one in which a program is refused is passed over."""
    p = PROGRAMS[k]
    ways.check(p, next(way for way in IN_TURN[k % len(IN_TURN) :] + IN_TURN if way not in p.refused))


def with_autograd(f):
    """`f`, and what it calls in its module, with autograd's NumPy in the place of NumPy."""
    names = dict(f.__globals__)
    names["np"] = autograd.numpy
    for name, g in list(names.items()):
        if isinstance(g, types.FunctionType) and g.__globals__ is f.__globals__:
            names[name] = types.FunctionType(g.__code__, names, name, g.__defaults__, g.__closure__)
    return names[f.__name__]


@pytest.mark.parametrize("p", PEERS, ids=[p.name for p in PEERS])
def test_against_autograd(p):
    given = p.given()
    value, gradients = sct.value_and_grad(p.function, wrt=p.wrt)(*given)
    ways.assert_equal(value, p.function(*p.given()))
    ways.assert_equal(given, p.args)
    peer = with_autograd(p.function)
    for i, gradient in zip(p.wrt, gradients, strict=True):
        assert_same(gradient, autograd.grad(peer, i)(*p.args))


def assert_same(a, b):
    if isinstance(b, dict):
        assert a.keys() == b.keys()
        for k in b:
            assert_same(a[k], b[k])
    elif isinstance(b, (list, tuple)):
        assert len(a) == len(b)
        for p, q in zip(a, b, strict=True):
            assert_same(p, q)
    else:
        assert np.shape(a) == np.shape(b)
        assert np.allclose(a, b, rtol=1e-8, atol=1e-10)


def test_every_program_has_a_name_of_its_own_and_every_subject_has_some():
    assert len({p.name for p in PROGRAMS}) == len(PROGRAMS)
    assert {p.subject for p in PROGRAMS} == {module.__name__.rpartition(".")[2] for module in SUBJECTS}


def test_the_command_tells_what_came_of_programs(capsys):
    assert command(["pid_control", "bubble_sort", "--way", "checkpoint"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "2 programs: refused as it must be 1, agrees 1"


def test_a_wrong_derivative_is_found_in_every_way():
    """Of a function with a wrong rule."""

    @sct.adjoint(_doubled)
    def adjoint(y, x, y_bar):
        return 3.0 * y_bar

    p = Program(_calls_doubled, (0.5,))
    for way in ways.WAYS.keys() - {"compiled"}:
        with pytest.raises((GradientMismatch, AssertionError)):
            ways.check(p, way)


def _doubled(x):
    return 2.0 * x


def _calls_doubled(x):
    return _doubled(x)
