"""Every value is of the type that the compiler claims of it, and what is stored in place is what its meaning says."""

import copy

import numpy as np
import pytest
from interpreter import interpret
from kernel_samples import NAMES, is_refused, sample
from specialize.test_growing import CASES as GROWING_LISTS
from trees import close, waves_like

import sct
from sct.infer.signature import abstract
from sct.ir.types import facts_relied_on, sizes_known


def check(f, args, wrt, optimize=True):
    """The vjp of `f`, as it is interpreted and as it runs."""
    derived = sct.vjp(f, wrt, optimize=optimize)
    y_bar = waves_like(f(*copy.deepcopy(args)))
    with facts_relied_on(), sizes_known():
        types = [abstract(a, n) for a, n in zip(args, f.__code__.co_varnames, strict=False)]
        function = derived.typed(tuple(types)).function
    found = interpret(function, (*copy.deepcopy(args), y_bar))
    assert close(found, derived(*copy.deepcopy(args), y_bar))


@pytest.mark.parametrize("name", NAMES)
def test_of_a_kernel(name):
    if not is_refused(name):
        check(*sample(name))


@pytest.mark.parametrize(("f", "args", "wrt"), GROWING_LISTS)
def test_of_lists_that_grow(f, args, wrt):
    check(f, args, wrt)


def widened(b, z, n):
    y = b
    for _ in range(n):
        y = y + z
    return np.sum(y * z)


def widened_by_turns(b, z, n):
    y, w = b, b * 2.0
    for i in range(n):
        y, w = w + z * i, np.maximum(y, w)
    return np.sum(y * z) + np.sum(w)


def widened_in_a_while(b, z, n):
    y = b
    while n > 0:
        y = np.where(y > 0.0, y + z, y)
        n -= 1
    return np.sum(y)


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize("f", [widened, widened_by_turns, widened_in_a_while])
def test_an_axis_that_a_loop_broadcasts(f, n, optimize):
    """In the first iteration the array has an axis of length 1, in those after it a longer one."""
    args = np.array([[0.5], [-0.3]]), np.array([0.3, 0.4, -0.2]), n
    check(f, args, ("b", "z"), optimize)
    sct.check_grads(f, args, ("b", "z"))
    assert [g.shape for g in sct.grad(f, ("b", "z"))(*args)] == [(2, 1), (3,)]
