"""Loops against NumPy's calls, of everything: `python -m tests.nests`.

What disagrees is printed with its name and way, and what is left to NumPy by reason; words on the command line choose what has
one of them in its name.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from contextlib import nullcontext  # noqa: E402

from fuzz.limit import OutOfTimeError, limited  # noqa: E402

from .cases import KINDS  # noqa: E402
from .outcomes import WAYS, Outcome, in_python, outcome  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.nests", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("word", nargs="*", help="only what has one of these in its name")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="may be given again; default: all")
    parser.add_argument("--way", action="append", choices=list(WAYS), help="may be given again; default: all")
    parser.add_argument("--part", default="1/1", help="k/n: each n-th case, from the k-th one on")
    parser.add_argument(
        "--compiled", action="store_true", help="have Numba compile the loops, which takes a second or more each"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="how long one may take")
    parser.add_argument("--verbose", action="store_true", help="name what is left to NumPy too")
    options = parser.parse_args(argv)
    k, n = map(int, options.part.split("/"))
    failed = False
    for kind in options.kind or KINDS:
        start = time.perf_counter()
        found: Counter[str] = Counter()
        reasons: dict[str, list[str]] = {}
        for number, (name, f, args, wrt) in enumerate(KINDS[kind]()):
            if number % n != k - 1 or (options.word and not any(w in name for w in options.word)):
                continue
            for way in options.way or WAYS:
                try:
                    with limited(options.seconds), nullcontext() if options.compiled else in_python():
                        o = outcome(f, args, wrt, way)
                except OutOfTimeError:
                    o = Outcome("out of time")
                if o is None:
                    continue
                found[o.kind] += 1
                failed |= o.is_fault
                if o.is_fault or (options.verbose and o.kind == "left"):
                    print(f"{kind}: {name}, {way}: {o.kind}: {o.why}", flush=True)
                if o.kind == "left":
                    reasons.setdefault(_reason(o.why), []).append(f"{name}, {way}")
        for why, names in sorted(reasons.items(), key=lambda item: -len(item[1])):
            print(f"{kind}: left {len(names)}: {why} ({'; '.join(names[:3])})")
        told = ", ".join(f"{outcome} {count}" for outcome, count in found.most_common())
        print(f"{kind}: {told}; {time.perf_counter() - start:.0f} s", flush=True)
    return int(failed)


def _reason(message: str) -> str:
    """Why something is left to NumPy, without the statement."""
    return re.sub(r"0x[0-9a-f]+", "…", message)


if __name__ == "__main__":
    sys.exit(main())
