"""Makes programs at random and looks at their derivatives: `python -m tests.fuzz --count 1000`.

Each program is called in one way, drawn at random from its seed. What is wrong is printed with its generator and seed, by
which it can be had again (`--generator aliases --seed 7 --count 1`), and with `--reduce` as small as it can be made. At the
end, also where it is stopped, come the reasons for refusals, with the first seeds of each; `--counts` tells how many of the
programs have each construct, and how many of these are refused.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from dataclasses import replace

from . import GENERATORS
from .oracle import TRANSFORMS, VERDICTS, cause
from .outcomes import Asked, Outcome, outcomes


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = _parser().parse_args(argv)
    names = options.generator or list(GENERATORS)
    tasks = ((names[k % len(names)], options.seed + k // len(names)) for k in range(options.count))
    end = time.monotonic() + options.seconds if options.seconds else float("inf")
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    found: list[Outcome] = []
    faults = 0
    try:
        asked = Asked(options.forward, options.transform, options.reduce, options.verbose)
        for f in outcomes(tasks, asked, options.jobs):
            faults += f.verdict.is_fault
            if f.text:
                print(f"{f.generator} {f.seed}: {f.verdict.kind}: {f.verdict.detail}\n{f.text}\n", flush=True)
            found.append(replace(f, text=""))
            if time.monotonic() > end:
                break
    except KeyboardInterrupt:
        print("stopped", flush=True)
    for name in names:
        _summary(name, [f for f in found if f.generator == name], options.counts)
    return 1 if faults else 0


def _summary(name: str, found: list[Outcome], constructs: bool) -> None:
    """Say what came of the programs of a generator, and why some were refused."""
    kinds = Counter(f.verdict.kind for f in found)
    print(f"{name}: {len(found)} programs: " + ", ".join(f"{kind} {kinds[kind]}" for kind in VERDICTS if kinds[kind]))
    if constructs:
        refused = Counter(c for f in found if f.verdict.kind == "refused" for c in f.constructs)
        _tell(Counter(c for f in found for c in f.constructs), refused, len(found))
    causes: dict[str, list[int]] = {}
    for f in found:
        if f.verdict.kind == "refused":
            causes.setdefault(cause(f.verdict), []).append(f.seed)
    for text, seeds in sorted(causes.items(), key=lambda c: -len(c[1])):
        print(f"{len(seeds):6} refused: {text} (seeds {', '.join(map(str, seeds[:3]))})")


def _tell(found: Counter[str], refused: Counter[str], count: int) -> None:
    """Say how often constructs are there, the rarest first."""
    for construct, n in reversed(found.most_common()):
        print(f"  {100 * n / count:5.1f} %  {construct} (refused: {refused[construct]} of {n})")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--generator", action="append", choices=list(GENERATORS), help="may be given again; default: all")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=500, help="how many programs")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long at most")
    parser.add_argument("--forward", action="store_true", help="by sct.jvp, compared with reverse mode too")
    parser.add_argument("--transform", choices=TRANSFORMS, help="call all in this way")
    parser.add_argument("--counts", action="store_true", help="tell how often each construct is there")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes at once")
    parser.add_argument("--reduce", action="store_true", help="print faulty programs as small as they can be made")
    parser.add_argument("--verbose", action="store_true", help="print every program")
    return parser


if __name__ == "__main__":
    sys.exit(main())
