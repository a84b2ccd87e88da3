"""Calls that Python makes between kernels: by what these are given, in what order, and where there is no such thing."""

import numpy as np
import pytest
from nests.outcomes import in_python, outcome
from scipy import optimize, sparse

import sct

pytest.importorskip("numba")


def equilibrium(a, b):
    scaled = np.cumsum(a) * b
    x = optimize.root(lambda p: np.exp(-p) * scaled - p, np.ones(3), tol=1e-13).x
    return np.sum(x**2 * a)


def with_a_sparse_matrix(a, b):
    m = sparse.diags_array(a * b) @ (a + 1.0)
    for _ in range(3):
        m = np.tanh(m) * a
    return m


@pytest.mark.parametrize("way", ["vjp", "value"])
@pytest.mark.parametrize("f", [equilibrium, with_a_sparse_matrix])
def test_as_numpy(f, way):
    with in_python():
        found = outcome(f, (np.array([0.3, 0.7, 1.4]), 1.3), (0, 1), way)
    assert found.kind == "agrees", found


def test_what_a_solver_is_given_is_a_kernel(in_python):
    source = sct.vjp(equilibrium, jit="numba", strict=True).source_for(np.ones(3), 1.3, 1.0)
    *kernels, around = source.split("\ndef ")
    assert any(k.startswith("equilibrium_vjp_value_loops(") for k in kernels)
    assert "optimize.root(value, " in around
    assert "np.exp" not in around


def reporting(a, b):
    print(np.sum(a))
    return np.sum(a * b)


def writing(a, b):
    a[1] = b
    x = optimize.fixed_point(np.cos, 0.5, args=())
    return np.sum(a) * x


@pytest.mark.parametrize("f", [reporting, writing])
def test_what_must_not_run_again_is_left_to_numpy(f, in_python):
    with pytest.raises(sct.JitError):
        sct.compile(f, jit="numba", strict=True)(np.ones(3), 2.0)
