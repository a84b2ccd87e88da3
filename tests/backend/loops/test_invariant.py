"""What loops do not change of costly expressions is computed before them, and nothing else is."""

import numpy as np
import pytest
from nests.outcomes import in_python, outcome

import sct

pytest.importorskip("numba")


def relaxed(u, k, n):
    for _ in range(n):
        u = u + 2.0 * (k[1:] - u) / (k[1:] + k[:-1])
    return np.sum(u * u)


def of_what_changes(u, k, n):
    k = k.copy()
    for i in range(n):
        u = u / np.sqrt(k[1:]) + u / (1.0 + i + k[:-1])
        k[1:] += u * u
    return np.sum(u * u)


def of_a_part_for_each_step(u, k, n):
    for i in range(n):
        u[i:] = u[i:] / (1.0 + k[i + 1 :] ** 2)
        u += np.exp(k[i])
    return np.sum(u * u)


def of_no_rows(u, k, n):
    for _ in range(n):
        if n > 2:
            u = u / k[3:4]
        u = u / k[: len(u)]
    return np.sum(u)


def first_of_others(u, k, n):
    for _ in range(n):
        u = u / k[1:][::-1]
        for _ in range(n):
            u = u * np.tanh(k[:-1]) + 1.0 / k[1:]
    return np.sum(u)


@pytest.mark.parametrize("way", ["vjp", "value"])
@pytest.mark.parametrize("n", [0, 2])
@pytest.mark.parametrize("f", [relaxed, of_what_changes, of_a_part_for_each_step, of_no_rows, first_of_others])
def test_as_numpy(f, n, way):
    k = np.random.default_rng(0).uniform(0.5, 2.0, 6)
    k[2] = 0.0
    with in_python(), np.errstate(all="ignore"):
        found = outcome(f, (np.linspace(0.1, 1.0, 5), k, n), (0, 1), way)
    assert found.kind == "agrees", found


def test_quotients_are_before_the_loop():
    text = sct.compile(first_of_others, jit="numba").source_for(np.ones(5), np.ones(6), 2)
    before, _, steps = text.partition("for step in")
    assert "np.tanh(" in before and "1.0 / k[" in before, text
    assert "np.tanh(" not in steps and "1.0 / " not in steps, text
