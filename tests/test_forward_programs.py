"""Whole programs in forward mode: ⟨ȳ, J ẋ⟩ = ⟨Jᵀ ȳ, ẋ⟩, with Python's own values, prints and arguments."""

import copy
import inspect

import numpy as np
import pytest
import scientific_functions
import test_second_derivatives
import test_textbook
from kernel_samples import NAMES, is_refused, sample
from programs import PEERS
from programs.ways import assert_equal, heard
from sources import define

import sct
from sct.analysis.switches import SWITCHES, without
from sct.testing.differences import pairing, random_like
from sct.testing.trees import arrays, floating, leaves, mapped


def kernels():
    """The kernels, with the places of what they are differentiated by."""
    for name in NAMES:
        if not is_refused(name):
            f, args, wrt = sample(name)
            names = list(inspect.signature(f).parameters)
            wrt = (wrt,) if isinstance(wrt, (str, int)) else wrt
            yield name, f, args, tuple(names.index(w) if isinstance(w, str) else w for w in wrt)


def whole_programs():
    """The programs of the other tests: a name, a function, arguments, and the places of what it is differentiated by."""
    yield from kernels()
    yield from ((p.name, p.function, p.args, p.wrt) for p in PEERS)
    yield from ((name, *found) for name, found in scientific_functions.CASES.items())
    yield from ((p.id, *p.values[:3]) for p in test_textbook.CASES)
    for f in test_second_derivatives.SQUARES:
        yield f.__name__, f, (np.array([3.0, -4.0]),), (0,)
    for name, text in test_second_derivatives.TAPES.items():
        yield name, define(text, "f"), (np.array([0.4, -0.3, 0.8]),), (0,)


PROGRAMS = list(whole_programs())


def without_none(tree):
    return mapped(lambda v: 0.0 if v is None else v, tree)


def directions_like(args, wrt, rng):
    """Random tangents of the arguments at some places; None for what can have none."""
    return tuple(mapped(lambda v: random_like(rng, v) if floating(v) else None, args[k]) for k in wrt)


def check(f, args, wrt, *ways):
    """Compare the tangent of a program, in ways of making it, with the adjoints along a direction."""
    rng = np.random.default_rng(0)
    dots = directions_like(args, wrt, rng)
    own, said = heard(f, copy.deepcopy(args))
    y_bar = mapped(lambda v: random_like(rng, v), own)
    (_, x_bars), _ = heard(sct.vjp(f, wrt), (*copy.deepcopy(args), y_bar))
    backward = sum(pairing(without_none(b), without_none(d)) for b, d in zip(x_bars, dots, strict=True))
    for way in ways:
        given, directions = copy.deepcopy((args, dots))
        (y, y_dot), said_too = heard(way(sct.jvp), (*given, *directions))
        assert_equal(y, own)
        assert said_too == said
        assert_equal(given, args)
        assert_equal(directions, dots)
        others = arrays((given, directions, y))
        assert not any(np.may_share_memory(a, b) for a in arrays(y_dot) for b in others)
        forward = pairing(y_bar, without_none(y_dot))
        size = pairing(mapped(np.abs, y_bar), mapped(np.abs, without_none(y_dot)))
        narrow = any(np.asarray(v).dtype in (np.float32, np.complex64) for _, v in leaves((args, own)))
        assert np.isclose(forward, backward, rtol=0.0, atol=(1e-4 if narrow else 1e-10) * (1e-3 + size))


@pytest.mark.usefixtures("typed_once")
@pytest.mark.grid(of=8, each=False)
@pytest.mark.parametrize("name, f, args, wrt", PROGRAMS, ids=[p[0] for p in PROGRAMS])
def test_programs_agree_with_reverse_mode(name, f, args, wrt):
    check(f, args, wrt, *(lambda jvp, o=o: jvp(f, wrt, optimize=o) for o in (True, False)), lambda _: pushed(f, wrt))


def pushed(f, wrt):
    """`sct.linearize` called as `sct.jvp` is; the linear function twice."""

    def called(*args):
        y, push = sct.linearize(f, wrt)(*args[: -len(wrt)])
        push(*args[-len(wrt) :])
        return y, push(*args[-len(wrt) :])

    return called


@pytest.mark.parametrize("switch", SWITCHES)
def test_nothing_that_is_left_out_changes_a_tangent(switch):
    def way(transform):
        made = transform(f, wrt)
        return lambda *args: _without(switch, made, args)

    for k, (_, f, args, wrt) in enumerate(kernels()):
        if k % 4 == list(SWITCHES).index(switch) % 4:
            check(f, args, wrt, way)


def _without(switch, made, args):
    with without(switch):
        return made(*args)


SECOND = [p for p in test_textbook.CASES if p.values[3]] + [
    pytest.param(p.function, p.args, p.wrt, True, id=p.name) for p in PEERS
]


@pytest.mark.grid(of=8, each=False)
@pytest.mark.parametrize("f, args, wrt, _", SECOND)
def test_second_derivatives_in_two_directions(f, args, wrt, _):
    """Forward over reverse, over forward, and reverse over forward: ⟨w, H v⟩."""
    parameters = list(inspect.signature(f).parameters.values())
    args = (*args, *(p.default for p in parameters[len(args) :] if p.kind is not p.KEYWORD_ONLY))
    rng = np.random.default_rng(1)
    v, w = directions_like(args, wrt, rng), directions_like(args, wrt, rng)

    push = sct.jvp(f, wrt)

    def along(*given):
        return push(*given, *v)[1]

    def paired(bars):
        return sum(pairing(without_none(a), without_none(b)) for a, b in zip(bars, w, strict=True))

    over_reverse = paired(heard(sct.jvp(sct.grad(f, wrt), wrt), (*args, *v))[0][1])
    over_forward = heard(sct.jvp(along, wrt), (*args, *w))[0][1]
    reverse = paired(heard(sct.grad(along, wrt), args)[0])
    bound = 1e-9 * (1.0 + abs(over_reverse))
    assert abs(over_reverse - over_forward) <= bound and abs(over_reverse - reverse) <= bound
