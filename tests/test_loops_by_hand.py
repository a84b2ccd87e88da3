"""The adjoints that are written by hand for Numba are those of the kernels, and every kernel is measured."""

import copy

import numpy as np
import pytest
from benchmarks.loops.by_hand import BY_HAND
from benchmarks.loops.workloads import WORKLOADS
from kernel_samples import NAMES, is_refused, sample
from trees import leaves, random_like

import sct


@pytest.mark.parametrize("name", [name for name in BY_HAND if name in NAMES])
def test_an_adjoint_by_hand_is_the_kernels(name):
    f, args, wrt = sample(name)
    value = f(*copy.deepcopy(args))
    derivative = sct.vjp(f, wrt)
    for seed in range(2):  # the second time in the same room
        y_bar = random_like(value, np.random.default_rng(seed))
        expected = leaves(derivative(*args, y_bar))
        for x, y in zip(leaves(BY_HAND[name](*args, y_bar)), expected, strict=True):
            assert np.shape(x) == np.shape(y)
            np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12 * np.max(np.abs(y)))


@pytest.mark.parametrize("steps", [0, 1, 2])
@pytest.mark.parametrize("name", ["gauss_seidel", "heat_3d", "jacobi_2d", "nbody"])
def test_an_adjoint_by_hand_takes_few_steps(name, steps):
    f, args, wrt = sample(name)
    args = (*args[:-1], steps)
    y_bar = random_like(f(*copy.deepcopy(args)), np.random.default_rng(0))
    for x, y in zip(leaves(BY_HAND[name](*args, y_bar)), leaves(sct.vjp(f, wrt)(*args, y_bar)), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12 * np.max(np.abs(y)))


def test_a_recurrence_by_hand_is_that_of_a_number():
    w = WORKLOADS["recurrence 1e6"]
    args = (*w.args()[:-1], 1000)
    found, expected = BY_HAND["recurrence"](*args, 0.7), sct.vjp(w.function, w.wrt)(*args, 0.7)
    np.testing.assert_allclose(leaves(found), leaves(expected), rtol=1e-12)


def test_every_kernel_is_measured():
    assert {name for name in NAMES if not is_refused(name)} <= WORKLOADS.keys()
