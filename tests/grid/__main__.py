"""The grid of all rules: `python -m tests.grid`.

What is wrong is printed, and what is refused by cause; words on the command line choose what has one of them in its name.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rule_samples import label, samples  # noqa: E402

from . import outcomes  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.grid", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("word", nargs="*", help="only functions that have one of these in their names")
    parser.add_argument("--part", default="1/1", help="k/n: each n-th sample, from the k-th one on")
    parser.add_argument("--each", type=int, default=10**9, help="so many samples of each function")
    options = parser.parse_args(argv)
    k, n = map(int, options.part.split("/"))
    start = time.perf_counter()
    kinds: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for number, (function, args, keywords) in enumerate(samples()):
        name = label(function)
        seen[name] += 1
        if name.startswith("sct."):
            continue  # what only sct's own rules call
        if number % n != k - 1 or seen[name] > options.each or (options.word and not any(w in name for w in options.word)):
            continue
        for found in outcomes(function, args, keywords):
            kinds[found.kind] += 1
            if found.kind == "wrong":
                print(f"{name} {number}, {found.name}: {found.why}", flush=True)
            elif found.kind == "refused":
                refused[found.why] += 1
    for why, count in refused.most_common():
        print(f"refused {count}: {why}")
    print(f"{dict(kinds)} in {time.perf_counter() - start:.0f} s")
    return 1 if kinds["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
