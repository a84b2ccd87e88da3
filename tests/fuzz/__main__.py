"""Makes programs at random and looks at their derivatives: `python -m tests.fuzz --count 1000`.

Each program is called in one way, drawn at random from its seed. What is wrong is printed with its generator and seed, by
which it can be had again (`--generator aliases --seed 7 --count 1`), and with `--reduce` as small as it can be made. `--counts`
tells how many of the programs have each construct, and how many of these are refused, and for what reasons.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter
from dataclasses import replace

from . import GENERATORS
from .oracle import TRANSFORMS, VERDICTS, Verdict, Way, cause, judged, way_of
from .programs import Program
from .reducer import reduced


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = _parser().parse_args(argv)
    names = options.generator or list(GENERATORS)
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    constructs: dict[str, tuple[Counter[str], Counter[str]]] = {name: (Counter(), Counter()) for name in names}
    causes: Counter[str] = Counter()
    end = time.monotonic() + options.seconds if options.seconds else float("inf")
    faults = 0
    for k in itertools.count():
        if k >= options.count or time.monotonic() > end:
            break
        name, seed = names[k % len(names)], options.seed + k // len(names)
        p, way = GENERATORS[name](seed), way_of(seed, options.forward)
        way = replace(way, transform=options.transform, order=1) if options.transform else way
        verdict = judged(p, way, seed)
        counts[name][verdict.kind] += 1
        constructs[name][0].update(p.constructs)
        if verdict.kind == "refused":
            causes[cause(verdict)] += 1
            constructs[name][1].update(p.constructs)
        if options.verbose or verdict.is_fault:
            faults += verdict.is_fault
            _show(name, seed, p, way, verdict, options.reduce and verdict.is_fault)
    for name, count in counts.items():
        print(f"{name}: " + ", ".join(f"{kind} {count[kind]}" for kind in VERDICTS if count[kind]))
        if options.counts:
            _tell(*constructs[name], sum(count.values()))
    if options.counts and causes:
        print(f"refused: {sum(causes.values())}", *(f"{n:6} {text}" for text, n in causes.most_common()), sep="\n")
    return 1 if faults else 0


def _tell(found: Counter[str], refused: Counter[str], count: int) -> None:
    """Say how often constructs are there, the rarest first."""
    for construct, n in reversed(found.most_common()):
        print(f"  {100 * n / count:5.1f} %  {construct} (refused: {refused[construct]} of {n})")


def _show(name: str, seed: int, p: Program, way: Way, verdict: Verdict, reduce: bool) -> None:
    if reduce:
        p = reduced(p, lambda q: judged(q, way, seed).kind == verdict.kind)
        verdict = judged(p, way, seed)
    print(f"{name} {seed}: {verdict.kind}: {verdict.detail}\n{p.source}args = {p.args!r}; wrt = {p.wrt!r}\n", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--generator", action="append", choices=list(GENERATORS), help="may be given again; default: all")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=500, help="how many programs")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long at most")
    parser.add_argument("--forward", action="store_true", help="by sct.jvp, compared with reverse mode too")
    parser.add_argument("--transform", choices=TRANSFORMS, help="call all in this way")
    parser.add_argument("--counts", action="store_true", help="tell of constructs, and of reasons for refusals")
    parser.add_argument("--reduce", action="store_true", help="print faulty programs as small as they can be made")
    parser.add_argument("--verbose", action="store_true", help="print every program")
    return parser


if __name__ == "__main__":
    sys.exit(main())
