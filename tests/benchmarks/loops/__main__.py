"""Measure derivatives under Numba: `python -m tests.benchmarks.loops [NAME ...]`, one core, each workload in a process.

The function, its generated vjp and the one with `jit="numba"` take turns there, and that which is written by hand, where there
is one; the best times are printed, and ratios of them. `mark` is the ratio that the experiment reached (column B of
loops.md); `of mark` is what is left of it, and below 0.9 is behind. `hand` is the time by hand by that of what is generated.
`error` is the largest difference from the NumPy backend by the largest entry, and by what a change of the arguments in their
last place makes of that, in units of it (the condition); it must stay below 1e-12.

With `--compile` two processes after one another compile a workload, and keep it in one folder: the seconds that the first
call takes in either; that of a smaller function before it is left out. `--other MODULE:FUNCTION` measures what
FUNCTION(f, wrt) gives in the place of `sct.vjp(f, wrt, jit="numba")`.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "benchmarks")]

import numpy as np  # noqa: E402
from timing import interleaved  # noqa: E402
from trees import leaves, mapped, random_like  # noqa: E402

import sct  # noqa: E402

from .by_hand import BY_HAND  # noqa: E402
from .workloads import WORKLOADS, Workload  # noqa: E402

BOUND = 1e-12
"""What the error of a derivative by its condition must stay below."""


@dataclass
class Figures:
    """What is found of one workload; times are seconds."""

    name: str
    function: float
    numpy: float
    jit: float
    hand: float | None
    error: float
    first_call: float
    stays: str
    """Why it is left to the NumPy backend; nothing, if it is not."""


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = _options(argv)
    chosen = [w for w in WORKLOADS.values() if not options.name or w.name in options.name]
    unknown = set(options.name) - WORKLOADS.keys()
    if unknown:
        print(f"there is no {', '.join(sorted(unknown))} in {', '.join(WORKLOADS)}", file=sys.stderr)
        return 2
    if options.one:
        print(json.dumps(_of_this_process(chosen[0], options)))
    elif options.compile:
        _print_compilation(chosen, options)
    else:
        _print_speed(chosen, options)
    return 0


def _of_this_process(w: Workload, options: argparse.Namespace) -> Any:
    """What one process finds of a workload: its figures, or the seconds of the first call."""
    jitted = _jitted(options.other)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if options.other is None:
            jitted(_square, ("x",))(3.0, 1.0)  # what is imported for any function is not counted
    return _first_call(w, jitted) if options.compile else asdict(measured(w, jitted, options.seconds))


def _square(x):
    return x * x


def _asked(w: Workload, options: argparse.Namespace, *more: str, kept: str | None = None) -> Any:
    """What a process of its own finds of a workload; a `str` says why it does not."""
    command = [sys.executable, "-m", "tests.benchmarks.loops", w.name, "--one", "--seconds", str(options.seconds), *more]
    if options.other:
        command += ["--other", options.other]
    folders = {"SCT_CACHE_DIR": f"{kept}/sct", "NUMBA_CACHE_DIR": f"{kept}/numba"} if kept else {}
    environment = os.environ | folders
    try:
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=options.limit
        )
    except subprocess.TimeoutExpired:
        return f"not done after {options.limit} s"
    if done.returncode < 0:
        return f"the process ended by signal {-done.returncode}"
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def _print_speed(chosen: list[Workload], options: argparse.Namespace) -> None:
    """The table of figures, and what they come to."""
    print(f"{'':<20}{'f':>9}{'NumPy':>10}{'jit':>10}{'ratio':>8}{'mark':>8}{'of mark':>8}{'hand':>7}{'error':>9}{'compile':>8}")
    found, failed = [], []
    for w in chosen:
        answer = _asked(w, options)
        if isinstance(answer, str):
            failed.append(w.name)
            print(f"{w.name:<20}  fails: {answer}", flush=True)
        else:
            found.append(Figures(**answer))
            print(_line(found[-1]), flush=True)
    _print_means(found)
    print(f"{'fail':<44}{', '.join(failed) or 'none'}")


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.loops", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", nargs="*", help="only these workloads")
    parser.add_argument("--seconds", type=float, default=2.0, help="for the turns of each workload")
    parser.add_argument("--compile", action="store_true", help="the seconds of first calls, in two processes")
    parser.add_argument("--other", metavar="MODULE:FUNCTION", help="what to measure in the place of jit='numba'")
    parser.add_argument("--limit", type=float, default=180.0, help="the seconds after which a process is given up")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _jitted(other: str | None) -> Callable[..., Any]:
    """What makes the derivative that is measured of a function and what to differentiate it by."""
    if other is None:
        return partial(sct.vjp, jit="numba")
    module, _, name = other.partition(":")
    return getattr(importlib.import_module(module), name)


def measured(w: Workload, jitted: Callable[..., Any], seconds: float) -> Figures:
    """What is found of a workload, in turns that take about so many seconds."""
    args = w.args()
    y_bar = random_like(w.function(*w.args()), np.random.default_rng(1))
    plain, derivative = sct.vjp(w.function, w.wrt), jitted(w.function, w.wrt)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        found = derivative(*args, y_bar)
        first_call = time.perf_counter() - start
    stays = "; ".join(str(c.message).splitlines()[0] for c in caught if c.category.__module__.startswith("sct"))
    calls = {
        "copy": partial(copy.deepcopy, args),
        "function": lambda: w.function(*copy.deepcopy(args)),
        "numpy": partial(plain, *args, y_bar),
        "jit": partial(derivative, *args, y_bar),
    }
    error = relative_error(found, w, y_bar, plain)
    if w.function.__name__ in BY_HAND:
        calls["hand"] = partial(BY_HAND[w.function.__name__].compiled(), *args, y_bar)
        by_hand = relative_error(calls["hand"](), w, y_bar, plain)
        if not by_hand <= BOUND:
            raise AssertionError(f"what is written by hand is off by {by_hand:.1e}")
    for call in calls.values():
        call()
    once = sum(max(_seconds(call), 2e-3) for call in calls.values())
    rounds = min(60, max(3, int(seconds / once)))
    best = dict(zip(calls, interleaved(*calls.values(), rounds=rounds), strict=True))
    function = max(best["function"] - best["copy"], 0.0)
    return Figures(w.name, function, best["numpy"], best["jit"], best.get("hand"), error, first_call, stays)


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def relative_error(found: Any, w: Workload, y_bar: Any, derivative: Callable[..., Any]) -> float:
    """How far results are from those of a derivative, by the condition; infinite where structure, shape or dtype differ."""
    expected = leaves(derivative(*w.args(), y_bar))
    results = leaves(found)
    if [np.shape(x) for x in results] != [np.shape(x) for x in expected] or any(
        np.asarray(x).dtype != np.asarray(y).dtype for x, y in zip(results, expected, strict=True)
    ):
        return math.inf
    moved = [leaves(derivative(*_moved(w.args(), k), _moved(y_bar, k + 10))) for k in range(3)]
    worst = 0.0
    for i, (x, y) in enumerate(zip(results, expected, strict=True)):
        condition = max([1.0, *(_apart(m[i], y) / np.finfo(float).eps for m in moved)])
        worst = max(worst, _apart(x, y) / condition)
    return worst


def _moved(value: Any, seed: int) -> Any:
    """The real numbers of a value, each moved by one unit in its last place, up or down."""
    rng = np.random.default_rng(seed)

    def move(x):
        moved = np.nextafter(x, np.where(rng.random(np.shape(x)) < 0.5, -np.inf, np.inf))
        return moved if isinstance(x, np.ndarray) else type(x)(moved)

    return mapped(move, value)


def _apart(x: Any, y: Any) -> float:
    """The largest difference by the largest entry; infinite where one is nan or infinite and the other is not the same."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    finite = np.isfinite(y)
    if not np.array_equal(np.isfinite(x), finite) or not np.array_equal(x[~finite], y[~finite], equal_nan=True):
        return math.inf
    scale = np.max(np.abs(y[finite]), initial=0.0)
    apart = np.max(np.abs(x - y), initial=0.0, where=finite)
    return float(apart / scale) if scale else float(apart)


def _line(f: Figures) -> str:
    """The figures of a workload in a line of the table."""
    ratio, mark = f.numpy / f.jit, WORKLOADS[f.name].mark
    marks = f"{mark:8.1f}{ratio / mark:8.2f}" if mark else f"{'':16}"
    hand = f"{f.hand / f.jit:7.2f}" if f.hand else f"{'':7}"
    times = f"{1e3 * f.function:9.3f}{1e3 * f.numpy:10.3f}{1e3 * f.jit:10.4f}{ratio:8.2f}"
    notes = ("  not the NumPy backend's" if not f.error <= BOUND else "") + (f"  stays: {f.stays}" if f.stays else "")
    return f"{f.name:<20}{times}{marks}{hand}{f.error:9.1e}{f.first_call:7.1f}s{notes}"


def _print_means(found: list[Figures]) -> None:
    """Geometric means of NumPy's times by those under Numba, and what is below the marks."""
    ratios = {f.name: f.numpy / f.jit for f in found}

    def mean(what: str, names: Iterable[str]) -> None:
        values = [ratios[n] for n in names]
        if values:
            print(f"{what:<44}{statistics.geometric_mean(values):8.2f} of {len(values)}, the least {min(values):.2f}")

    kernels = [n for n in ratios if WORKLOADS[n].kind != "problem"]
    print("\nNumPy ÷ jit, geometric mean")
    mean("all kernels", kernels)
    mean("kernels of loops and stencils (4 or more)", [n for n in kernels if WORKLOADS[n].kind in ("loops", "stencil")])
    mean("kernels of loops", [n for n in kernels if WORKLOADS[n].kind == "loops"])
    mean("kernels of stencils", [n for n in kernels if WORKLOADS[n].kind == "stencil"])
    mean("kernels of whole arrays", [n for n in kernels if WORKLOADS[n].kind == "arrays"])
    mean("problems", [n for n in ratios if WORKLOADS[n].kind == "problem"])
    for what, names in (
        ("behind the mark by more than 10 %", [n for n in ratios if (m := WORKLOADS[n].mark) and ratios[n] < 0.9 * m]),
        ("slower than NumPy (below 0.95)", [n for n in ratios if ratios[n] < 0.95]),
        (
            "kernels by hand ÷ generated below 0.95",
            [f.name for f in found if f.hand and f.hand < 0.95 * f.jit and f.name in kernels],
        ),
        ("left to the NumPy backend", [f.name for f in found if f.stays]),
        (
            "more than 1.5 of a recurrence by hand",
            [f.name for f in found if f.hand and f.jit > 1.5 * f.hand and f.name not in kernels],
        ),
        (f"further from it than {BOUND:.0e}", [f.name for f in found if not f.error <= BOUND]),
    ):
        print(f"{what:<44}{', '.join(names) or 'none'}")


def _first_call(w: Workload, jitted: Callable[..., Any]) -> float:
    """The seconds of the first call in this process, without what a call takes."""
    args = w.args()
    y_bar = random_like(w.function(*w.args()), np.random.default_rng(1))
    derivative = jitted(w.function, w.wrt, cache=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = _seconds(partial(derivative, *args, y_bar))
    return first - _seconds(partial(derivative, *args, y_bar))


def _print_compilation(chosen: list[Workload], options: argparse.Namespace) -> None:
    """The seconds that compilation takes in a process, and in another one after it with what the first has kept."""
    both, failed = {}, []
    for w in chosen:
        with tempfile.TemporaryDirectory() as folder:
            first, second = (_asked(w, options, "--compile", kept=folder) for _ in range(2))
        if isinstance(first, str) or isinstance(second, str):
            failed.append(w.name)
        else:
            both[w.name] = first, second
    print(f"{'':<20}{'first':>9}{'second':>9}  seconds until compiled, without the call itself")
    for name, (first, second) in sorted(both.items(), key=lambda item: -item[1][0]):
        print(f"{name:<20}{first:9.2f}{second:9.2f}")
    if both:
        for what, summary in (("median", statistics.median), ("worst", max)):
            print(f"{what:<20}{summary(t[0] for t in both.values()):9.2f}{summary(t[1] for t in both.values()):9.2f}")
    print(f"{'fail':<20}{', '.join(failed) or 'none'}")


if __name__ == "__main__":
    sys.exit(main())
