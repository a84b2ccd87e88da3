"""The Jacobian times several vectors at once, which are an argument."""

import copy

import numpy as np
import pytest
from kernel_samples import NAMES, is_refused, sample

import sct
from sct.api.derived import DerivedFunction
from sct.stages import MODES
from sct.testing.trees import leaves

WAYS = ("jacobian_times_seeds", "seeds_times_jacobian")


def derived(f, wrt, name):
    return DerivedFunction(f, wrt, MODES[name], name)


def matrix(f, wrt, args):
    """The Jacobian by all numbers of the arguments, as one matrix."""
    dense = sct.jacobian(f, wrt)(*args)
    sizes = [np.shape(v) for _, v in leaves(f(*copy.deepcopy(args)))]
    parts = iter([np.asarray(v) for _, v in leaves(dense)])
    count = len(list(leaves(dense))) // len(sizes)
    rows = [np.hstack([next(parts).reshape(int(np.prod(s)), -1) for _ in range(count)]) for s in sizes]
    return np.vstack(rows)


@pytest.mark.parametrize("name", [n for n in NAMES if not is_refused(n)][::9])
def test_as_by_the_jacobian(name):
    f, args, wrt = sample(name)
    J = matrix(f, wrt, args)
    rng = np.random.default_rng(0)
    seeds = rng.normal(size=(3, J.shape[1]))
    found = derived(f, wrt, WAYS[0])(*args, seeds)
    flat = np.hstack([np.reshape(v, (3, -1)) for _, v in leaves(found)])
    np.testing.assert_allclose(flat, seeds @ J.T, rtol=1e-8, atol=1e-9)
    seeds = rng.normal(size=(3, J.shape[0]))
    _, found = derived(f, wrt, WAYS[1])(*args, seeds)
    flat = np.hstack([np.reshape(v, (3, -1)) for _, v in leaves(found)])
    np.testing.assert_allclose(flat, seeds @ J, rtol=1e-8, atol=1e-9)


def stencil(x, k):
    y = -2.0 * x
    y[1:] += k * x[:-1]
    return y


def test_the_text():
    x = np.ones(4)
    assert (
        derived(stencil, "x", WAYS[0]).source_for(x, 2.0)
        == """\
def stencil_jacobian(x, k, seeds):
    if seeds.shape[1:] != (x.shape[0],):
        raise ValueError('seeds must have a column for each number of the arguments')
    y_dot = -2.0 * seeds
    y_dot[:, 1:] += seeds[:, :-1] * k
    return y_dot
"""
    )


@pytest.mark.parametrize("way", WAYS)
def test_seeds_of_another_length(way):
    with pytest.raises(ValueError, match="seeds must have a column for each number of the"):
        derived(stencil, "x", way)(np.ones(4), 2.0, np.ones((2, 1)))


def test_of_a_parameter_of_that_name():
    found = derived(lambda x, seeds: x * seeds, "x", WAYS[0])(np.ones(2), 3.0, np.eye(2))
    np.testing.assert_array_equal(found, 3.0 * np.eye(2))
