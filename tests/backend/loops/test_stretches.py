"""Calls that Python makes between kernels: by what these are given, in what order, and where there is no such thing."""

import numpy as np
import pytest
from nests.outcomes import in_python, outcome
from scipy import integrate, optimize, sparse

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


def in_each_iteration(a, b):
    total = 0.0
    for k in range(len(a)):
        scaled = np.sin(a) * b
        total += optimize.brentq(lambda v: v**3 + scaled[k] * v - a[k], -3.0, 3.0) * np.sum(scaled)
    return total


def of_a_solution(a, b):
    found = integrate.solve_ivp(lambda t, y: -b * y + a, (0.0, 1.0), np.ones(3), dense_output=True, rtol=1e-9, atol=1e-9)
    total = 0.0
    for t in np.linspace(0.0, 1.0, 4):
        total += np.sum(found.sol(t) ** 2 * a)
    return total


@pytest.mark.parametrize("way", ["vjp", "value"])
@pytest.mark.parametrize("f", [equilibrium, with_a_sparse_matrix, in_each_iteration, of_a_solution])
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
    return np.sum(a * b) + optimize.fixed_point(np.cos, 0.5)


def writing(a, b):
    a[1] = b
    x = optimize.fixed_point(np.cos, 0.5, args=())
    return np.sum(a) * x


@pytest.mark.parametrize("f", [reporting, writing])
def test_what_must_not_run_again_is_left_to_numpy(f, in_python):
    with pytest.raises(sct.JitError):
        sct.compile(f, jit="numba", strict=True)(np.ones(3), 2.0)


def picked(a, b):
    x = optimize.fixed_point(lambda v: np.cos(v) * 0.5, 0.5)
    m = a > 0.5
    c = a.copy()
    c[m] = np.sin(c[m]) * x
    s = 0.25 * np.sum(c[m])
    d = optimize.fixed_point(lambda v: s * np.cos(v), 0.5)
    c[m] = c[m] * d
    return np.sum(c) * b


def test_what_flags_pick_between_kernels():
    with in_python():
        found = outcome(picked, (np.array([0.3, 0.7, 1.4]), 1.3), (0, 1), "vjp")
    assert found.kind == "agrees", found
