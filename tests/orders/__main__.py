"""Second derivatives of everything in the four mixes: `python -m tests.orders`.

What disagrees, fails or is refused is printed with its name; words on the command line choose what has one of them in its name.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sct.errors import SctError  # noqa: E402

from . import MIXES, Disagreement, Failure, check, lengths  # noqa: E402
from .cases import KINDS  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.orders", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("word", nargs="*", help="only what has one of these in its name")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="may be given again; default: all")
    parser.add_argument("--part", default="1/1", help="k/n: each n-th case, from the k-th one on")
    parser.add_argument("--lengths", action="store_true", help="write how long the sources of kernels' derivatives are")
    options = parser.parse_args(argv)
    if options.lengths:
        lengths.write(KINDS["kernels"]())
        return 0
    k, n = map(int, options.part.split("/"))
    failed = False
    for kind in options.kind or KINDS:
        start = time.perf_counter()
        outcomes: Counter[str] = Counter()
        greatest = 0.0
        for number, case in enumerate(KINDS[kind]()):
            if number % n != k - 1 or (options.word and not any(w in case[0] for w in options.word)):
                continue
            for outcome, detail, error in outcomes_of(*case):
                outcomes[outcome] += 1
                greatest = max(greatest, error)
                if detail:
                    print(f"{kind}: {case[0]}: {outcome}: {detail}", flush=True)
        failed |= bool(outcomes["WRONG"] or outcomes["fails"])
        told = ", ".join(f"{outcome} {count}" for outcome, count in outcomes.items())
        print(
            f"{kind}: {told}; greatest error {greatest:.2g} of what is allowed; {time.perf_counter() - start:.0f} s", flush=True
        )
    return int(failed)


def outcomes_of(name: str, f: Any, args: Any, wrt: tuple[int, ...]) -> Iterator[tuple[str, str, float]]:
    """What comes of one case: how the mixes that are not refused agree, and which are refused."""
    taken = list(MIXES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        while taken:
            try:
                yield "agrees", "", check(f, args, wrt, taken)
            except Disagreement as e:
                yield "WRONG", str(e), 0.0
            except Failure as e:
                taken.remove(e.mix)
                kind = "refused" if isinstance(e.__cause__, SctError) else "fails"
                yield kind, f"{e.mix}: {type(e.__cause__).__name__}: {e.__cause__}", 0.0
                continue
            return


if __name__ == "__main__":
    sys.exit(main())
