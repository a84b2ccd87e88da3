"""Speed of generated gradients. Run with `python -m pytest tests/benchmarks/bench_speed.py`.

The limits are those of the design: within 5 % of a gradient written by hand, at most 3 µs of dispatch, compilation in less
than 50 ms for 20 lines and linear in their number, never slower than autograd.
"""

from functools import partial
from time import perf_counter

import numpy as np
import pytest
from cases import CASES, Case, program_of
from sources import define
from timing import interleaved

import sct

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def ways(case: Case):
    """The gradient by hand, by the compiled function, by the derived function, and by autograd."""
    derived = sct.grad(case.function, wrt=case.wrt)
    return {
        "hand": partial(case.by_hand, *case.args),
        "specialize": partial(derived.specialize(*case.args), *case.args),
        "derived": partial(derived, *case.args),
        "autograd": partial(case.autograd(), *case.args),
    }


@every_case
@pytest.mark.parametrize("way", ["hand", "specialize", "derived", "autograd"])
def test_gradient(benchmark, case, way):
    benchmark.group = case.name
    benchmark(ways(case)[way])


@every_case
def test_all_ways_agree(case):
    expected = case.by_hand(*case.args)
    results = {name: f() for name, f in ways(case).items()}
    if case.simplified:
        results["simplified"] = case.simplified(*case.args)
    for name, result in results.items():
        for got, want in zip(result, expected, strict=True):
            assert np.allclose(got, want, rtol=1e-9, atol=1e-12), name


@every_case
def test_within_five_percent_of_a_gradient_by_hand(case):
    hand, specialized = interleaved(*[ways(case)[w] for w in ("hand", "specialize")])
    assert specialized <= 1.05 * hand, f"{specialized / hand:.3f}"


def solution(A, b):
    return np.linalg.solve(A, b)


def network(W, V, x):
    return np.tanh(x @ W) @ V


def inverse(A):
    return np.linalg.inv(A)


NORMAL = np.random.default_rng(0).normal
FORWARD = [
    (solution, (NORMAL(size=(200, 200)), NORMAL(size=200)), (0, 1)),
    (network, (NORMAL(size=(784, 256)), NORMAL(size=(256, 10)), NORMAL(size=(128, 784))), (0, 1)),
    (inverse, (NORMAL(size=(200, 200)) + 20.0 * np.eye(200),), (0,)),
]


@pytest.mark.parametrize(("f", "args", "wrt"), FORWARD, ids=[f.__name__ for f, _, _ in FORWARD])
def test_a_tangent_costs_at_most_two_and_a_half_functions(f, args, wrt):
    push = sct.jvp(f, wrt).specialize(*args)
    function, pushed = interleaved(partial(f, *args), partial(push, *args, *(args[k] for k in wrt)))
    assert pushed <= 2.5 * function, f"{pushed / function:.3f}"


@every_case
def test_dispatch_takes_at_most_three_microseconds(case):
    small = case.args if case.name.startswith(("mlp 1 ", "recurrence")) else None
    if small is None:
        pytest.skip("the noise of larger products is above 3 µs")
    specialized, derived = interleaved(*[ways(case)[w] for w in ("specialize", "derived")])
    assert derived - specialized <= 3e-6, f"{1e6 * (derived - specialized):.2f} µs"


@every_case
def test_never_slower_than_autograd(case):
    derived, peer = interleaved(*[ways(case)[w] for w in ("derived", "autograd")], rounds=20)
    assert derived <= peer, f"{derived / peer:.3f}"


def compile_seconds(statements: int, times: int = 3) -> float:
    """The best time to compile the gradient of a function that sct has not seen."""
    best = float("inf")
    for i in range(times):
        f = define(program_of(statements) + "\n" * i, "program")
        start = perf_counter()
        sct.grad(f, wrt=("x", "a")).specialize(np.ones(3), 0.5)
        best = min(best, perf_counter() - start)
    return best


def test_compilation_of_twenty_lines_takes_less_than_50_ms():
    compile_seconds(20, 1)
    assert compile_seconds(20) < 0.050


def test_compilation_is_linear():
    compile_seconds(20, 1)
    hundred, thousand = compile_seconds(100), compile_seconds(1000, 1)
    assert thousand <= 15 * hundred, f"{hundred:.3f} s, {thousand:.3f} s"
