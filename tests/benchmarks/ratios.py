"""Print the ratios of generated gradients to gradients by hand and by autograd, and the time that compilation takes.

Run with `python tests/benchmarks/ratios.py`; one thread is used, so that small and large cases compare.
"""

import os
import sys
from functools import partial
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench_speed import compile_seconds, ways  # noqa: E402
from cases import CASES  # noqa: E402
from timing import interleaved  # noqa: E402


def main() -> None:
    print("Best seconds per call, interleaved in one process; ratios below 1 are faster than what they are compared with.\n")
    print(f"{'case':<32}{'by hand':>11}{'specialize':>12}{'derived':>11}{'autograd':>11}", end="")
    print(f"{'/ hand':>9}{'/ simplified':>14}{'dispatch':>11}{'/ autograd':>12}")
    for case in CASES:
        functions = ways(case)
        if case.simplified:
            functions["simplified"] = partial(case.simplified, *case.args)
        t = dict(zip(functions, interleaved(*functions.values()), strict=True))
        print(f"{case.name:<32}", end="")
        print(*(f"{1e6 * t[w]:>9.2f}µs" for w in ("hand", "specialize", "derived", "autograd")), sep="", end="")
        simplified = f"{t['specialize'] / t['simplified']:>14.3f}" if case.simplified else f"{'':>14}"
        print(f"{t['specialize'] / t['hand']:>9.3f}{simplified}", end="")
        print(f"{1e6 * (t['derived'] - t['specialize']):>9.2f}µs{t['derived'] / t['autograd']:>12.3f}")

    print("\nCompilation of a function that was not seen before:")
    compile_seconds(20, 1)
    for statements in (10, 20, 100, 1000):
        seconds = compile_seconds(statements, 5 if statements <= 100 else 2)
        print(f"{statements:>6} statements: {1e3 * seconds:8.1f} ms, {1e6 * seconds / statements:7.1f} µs a statement")


if __name__ == "__main__":
    main()
