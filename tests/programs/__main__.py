"""Looks at the derivatives of whole programs in every way of calling: `python -m tests.programs`.

What disagrees, or is refused and need not be, is printed with its program and way; words on the command line choose programs
with one of them in their names, or subjects of these names.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from sct.errors import UnsupportedSyntaxError

from . import PROGRAMS, Program
from .ways import WAYS, check

EXPECTED = {"agrees", "refused as it must be"}


def main(argv: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("word", nargs="*", help="only programs with one of these in their name or subject")
    parser.add_argument("--way", action="append", choices=list(WAYS), help="may be given again; default: all")
    parser.add_argument("--verbose", action="store_true", help="tell how long each took")
    options = parser.parse_args(argv)
    chosen = [p for p in PROGRAMS if not options.word or any(w in p.name or w == p.subject for w in options.word)]
    kinds: Counter[str] = Counter()
    for p in chosen:
        for way in options.way or WAYS:
            start = time.perf_counter()
            kind, detail = outcome(p, way)
            kinds[kind] += 1
            if options.verbose or kind not in EXPECTED:
                print(
                    f"{p.subject}: {p.name}, {way}: {kind} ({time.perf_counter() - start:.2f} s)\n{detail}".rstrip(), flush=True
                )
    print(f"{len(chosen)} programs: " + ", ".join(f"{kind} {n}" for kind, n in kinds.items()))
    return 0 if kinds.keys() <= EXPECTED else 1


def outcome(p: Program, way: str) -> tuple[str, str]:
    """What comes of one program in one way."""
    try:
        check(p, way)
    except UnsupportedSyntaxError as e:
        return "refused as it must be" if way in p.refused else "refused", str(e)
    except Exception as e:  # noqa: BLE001
        return "WRONG", f"{type(e).__name__}: {e}"
    return "taken, which it need not be" if way in p.refused else "agrees", ""


if __name__ == "__main__":
    sys.exit(main())
