"""Race derivatives by sct against JAX, PyTorch, autograd and C: tables of times and ratios, and what of the marks is met.

Run with `python tests/benchmarks/race.py`, in an environment with the extra `bench`; a peer that is not installed is left out
and named. `--only` takes sections (kernels, ...) or names of what is in them, `--quick` measures for a shorter time, and
`--write` writes docs/race.md with its plots. One core and one thread are used; a result that disagrees stops the run.
"""

import argparse
import gc
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "benchmarks")]

from racing.peers import NAMES, installed, on_one_core  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = _options(argv)
    on_one_core()  # before NumPy and the peers are imported
    from racing.agreement import Disagreement
    from racing.all_sections import SECTIONS
    from racing.page import write

    peers = {name: version for name, version in installed().items() if name not in options.without}
    print("peers: " + ", ".join(f"{name} {version}" for name, version in peers.items()))
    if missing := [name for name in NAMES if name not in peers]:
        print("left out: " + ", ".join(missing))
    found = []
    for section in SECTIONS:
        try:
            figures = _run(section, peers, options)
        except Disagreement as error:
            print(f"\nstopped, since results disagree: {error}", file=sys.stderr)
            return 1
        if figures:
            found.append((section, figures))
    if options.write:
        print("\nwritten: " + ", ".join(map(str, write(ROOT, found, peers, platform.python_version()))))
    return 0


def _run(section, peers, options) -> list:
    """Measure what was asked for of a section, and print it."""
    from racing.contests import measured
    from racing.report import heading, line, summary

    chosen = [
        (name, make)
        for name, make in section.contests(peers)
        if not options.only or section.key in options.only or name in options.only
    ]
    found = []
    if chosen:
        print(heading(section), flush=True)
    for _, make in chosen:
        found.append(measured(make(), options.seconds))
        print(line(section, found[-1]), flush=True)
        gc.collect()
    if found:
        print(summary(section, found))
    return found


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks/race.py", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="sections, or names of what is in them")
    parser.add_argument("--without", nargs="+", default=[], choices=NAMES, help="peers that are left out")
    parser.add_argument("--seconds", type=float, default=3.0, help="for the turns of each contest")
    parser.add_argument("--quick", dest="seconds", action="store_const", const=0.3, help="0.3 seconds for each")
    parser.add_argument("--write", action="store_true", help="write docs/race.md and its plots")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
