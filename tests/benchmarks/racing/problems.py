"""The problems of GradBench against JAX, PyTorch and C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from gradbench import ba, det, gmm, hello, ht, kmeans, llsq, lse, lstm, ode, particle, saddle

import sct

from .contests import JAX, NUMBA, NUMPY, TORCH, C, Contest
from .sections import Mark, Ratio, Section

__all__ = ["GRADBENCH", "PROBLEMS", "Problem", "contest"]


@dataclass(frozen=True)
class Problem:
    """What is raced of a problem, and arguments of some sizes."""

    made: Callable[[str | None], Callable[..., Any]]
    """The derivative for a value of `jit`."""
    function: Callable[..., Any]
    """What takes the time that a derivative is compared with."""
    sizes: Mapping[str, tuple[Any, ...]]
    small: tuple[Any, ...]
    make: Callable[..., tuple[Any, ...]]
    """Arguments, from a random generator and one of the sizes."""
    fixed: tuple[int, ...] = ()
    """Arguments that JAX has to know when it compiles, besides whole numbers and flags."""

    def args(self, size: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments of a size, the same each time."""
        return self.make(np.random.default_rng(0), *size)


def _gradient(f: Callable[..., Any], wrt: Any) -> Callable[[str | None], Callable[..., Any]]:
    return lambda jit: sct.grad(f, wrt, jit=jit)


def _det(rng, n):
    return rng.random((n, n)), *det.permutations(n)


def _kmeans(rng, k, n, d):
    points = rng.random((n, d))
    return points, points[-k:].copy()


def _gmm(rng, d, k, n):
    alpha, mu, q = rng.normal(size=k), rng.random((k, d)), 0.3 * rng.normal(size=(k, d))
    below = 0.3 * rng.normal(size=(k, d * (d - 1) // 2))
    return alpha, mu, q, below, rng.normal(size=(n, d)), 0, 1.0, gmm.constant(k, d, n, 0, 1.0)


def _ba(rng, n, m, p):
    cams = np.array([0.1, -0.2, 0.3, 0.0, 0.0, -5.0, 1.3, 0.1, -0.1, 0.02, 0.01]) + 0.05 * rng.normal(size=(n, 11))
    seen = np.arange(p)
    return cams, rng.uniform(-1.0, 1.0, (m, 3)), rng.uniform(0.5, 1.0, p), seen % n, seen % m, rng.normal(size=(p, 2))


def _ht(rng, vertices, points):
    bones = 22
    parents = np.array([-1, *(0 if i % 4 == 1 else i - 1 for i in range(1, bones))])
    base, inverse = np.tile(np.eye(4), (2, bones, 1, 1))
    base[1:, :3, 3] = rng.uniform(0.3, 1.0, (bones - 1, 3))
    inverse[:, :3, 3] = -rng.uniform(0.3, 1.0, (bones, 3))
    weights = rng.random((vertices, bones))
    mesh = np.concatenate((rng.normal(size=(vertices, 3)), np.ones((vertices, 1))), axis=1)
    of_mesh = mesh, weights / weights.sum(axis=1, keepdims=True), False, rng.integers(0, vertices, (points, 3))
    return (
        0.3 * rng.normal(size=26),
        rng.random((points, 2)) / 2.0,
        parents,
        base,
        inverse,
        *of_mesh,
        rng.normal(size=(points, 3)),
    )


def _lstm(rng, layers, characters, bits):
    text = rng.integers(0, 2, (characters, bits)).astype(float)
    return rng.random((2 * layers, 4 * bits)), rng.random((3, bits)), rng.random((2 * layers, bits)), text


PROBLEMS = {
    "hello": Problem(_gradient(hello.square, "x"), hello.square, {"": ()}, (), lambda rng: (3.0,)),
    "llsq": Problem(
        _gradient(llsq.primal, "x"),
        llsq.primal,
        {"64": (128, 64), "4096": (128, 4096)},
        (4, 9),
        lambda rng, m, n: (rng.random(m), n),
    ),
    "lse": Problem(
        _gradient(lse.primal, "x"),
        lse.primal,
        {"2500": (2500,), "640,000": (640_000,)},
        (6,),
        lambda rng, n: (rng.random(n),),
    ),
    "det": Problem(_gradient(det.primal, "A"), det.primal, {"5": (5,), "8": (8,)}, (4,), _det),
    "kmeans": Problem(
        kmeans.direction, kmeans.cost, {"10 × 1000 × 8": (10, 1000, 8), "100 × 1000 × 16": (100, 1000, 16)}, (2, 7, 3), _kmeans
    ),
    "gmm": Problem(
        _gradient(gmm.objective, gmm.WRT),
        gmm.objective,
        {"2 × 5": (2, 5, 1000), "20 × 25": (20, 25, 1000)},
        (3, 2, 5),
        _gmm,
    ),
    "ba": Problem(ba.jacobian, ba.errors, {"": (49, 7776, 31843)}, (2, 3, 5), _ba),
    "ht": Problem(ht.jacobian, partial(ht.errors, np.zeros(2)), {"": (544, 400)}, (9, 4), _ht, fixed=(2,)),
    "lstm": Problem(_gradient(lstm.objective, lstm.WRT), lstm.objective, {"2 × 1024": (2, 1024, 14)}, (2, 5, 3), _lstm),
    "ode": Problem(
        _gradient(ode.last, "x"),
        ode.last,
        {"10 × 100": (10, 100), "1000 × 100": (1000, 100)},
        (4, 3),
        lambda rng, n, s: (rng.random(n), s),
    ),
    "particle": Problem(partial(particle.best, "fr"), particle.fall_reverse, {"": ()}, (), lambda rng: (0.0,)),
    "saddle": Problem(partial(saddle.point, "rr"), lambda x: saddle.height(x, x), {"": ()}, (), lambda rng: (np.ones(2),)),
}
"""By the name of the module in gradbench/."""


def contests(peers: Mapping[str, str]) -> Iterator[tuple[str, Callable[[], Contest]]]:
    """The names of problems with sizes, each with what makes its contest."""
    for name, problem in PROBLEMS.items():
        for of_size, size in problem.sizes.items():
            yield f"{name} {of_size}".strip(), partial(contest, name, size, peers)


def contest(name: str, size: tuple[Any, ...], peers: Mapping[str, str]) -> Contest:
    """The derivative of a problem of a size by each way to have it."""
    problem = PROBLEMS[name]
    args = problem.args(size)
    ways: dict[str, Callable[[], Any]] = {NUMPY: partial(problem.made(None), *args)}
    if "Numba" in peers:
        ways[NUMBA] = partial(problem.made("numba"), *args)
    if "JAX" in peers:
        from . import in_jax, jax_problems

        ways |= in_jax.ways(*in_jax.fixed(getattr(jax_problems, name), args, problem.fixed))
    if "PyTorch" in peers:
        from . import in_torch, torch_problems

        ways[TORCH] = in_torch.call(getattr(torch_problems, name), args)
    if "C" in peers:
        from .in_c import BY_HAND

        if name in BY_HAND:
            ways[C] = partial(BY_HAND[name], peers["C"], *args)
    title = next((f"{name} {label}".strip() for label, s in problem.sizes.items() if s == size), name)
    return Contest(title, partial(problem.function, *args), problem.made(None), args, ways)


_OURS = (NUMBA, NUMPY)
_JAX, _TORCH, _C = Ratio("JAX ÷ sct", JAX, _OURS), Ratio("PyTorch ÷ sct", TORCH, _OURS), Ratio("C ÷ sct", C, _OURS)

GRADBENCH = Section(
    "gradbench",
    "GradBench",
    """The twelve problems of [GradBench](https://github.com/gradbench/gradbench), written in plain NumPy under
`tests/benchmarks/gradbench/`, where `python -m tests.benchmarks.gradbench` is a tool of that suite. What is raced is the
derivative that the suite asks for; `sct` counts with the quicker of its two ways. C is written by hand
(`tests/benchmarks/racing/by_hand.c`) and compiled with `-O3 -march=native` and what `-ffast-math` lets a compiler
assume, but for subnormal numbers.""",
    contests,
    (_JAX, _TORCH, _C),
    (Mark(_JAX, 1.0), Mark(_TORCH, 1.0), Mark(_C, 0.5)),
)
