"""Draws functions and tries them: `python -m tests.field draw CHECKOUTS`, then `imports`, `plain`, and `try`.

`draw` fills the sample up to its number: it puts what is drawn next for each function that cannot be tried. `imports` says of
the new ones which have modules that cannot be imported here, and writes that down; `plain` calls all as Python does, without
differentiating anything. `try` differentiates them and writes the table. Each function has a process of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from . import drawing, table
from .drawing import HERE, Drawn

ROOT = HERE.parents[1]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.field", description=__doc__)
    parser.add_argument("command", choices=("draw", "imports", "plain", "try"))
    parser.add_argument("checkouts", type=Path, help="a folder with checkouts in OWNER/NAME")
    parser.add_argument("--only", default="", help="functions in whose identity this text stands")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes at once")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long a function may take")
    options = parser.parse_args()
    sample = drawing.read()
    chosen = [one for one in sample if options.only in one.identity and not one.replaced]
    if options.command == "draw":
        drawing.write(_filled(options.checkouts, sample))
    elif options.command == "imports":
        new = [one for one in chosen if not one.arguments]
        said = {one.identity: text for one, text in _said("imported", new, options)}
        failed = {name: text for name, text in said.items() if text != "imports"}
        drawing.write([Drawn(one.identity, replaced=failed[one.identity]) if one.identity in failed else one for one in sample])
    elif options.command == "plain":
        for one, text in _said("plain", [one for one in chosen if one.arguments], options):
            print(f"{one.identity}\n    {text}", flush=True)
    else:
        results = []
        for one, text in _said("tried", [one for one in chosen if one.arguments], options):
            print(f"{one.identity}\n    {text}", flush=True)
            results.append((one.identity, text))
        if not options.only:
            table.write(results)


def _filled(checkouts: Path, sample: list[Drawn]) -> list[Drawn]:
    repositories = list(tomllib.loads((HERE / "repositories.toml").read_text()))
    return drawing.drawn(drawing.order(checkouts, repositories), {one.identity: one for one in sample})


def _said(what: str, sample: list[Drawn], options: argparse.Namespace) -> Iterable[tuple[Drawn, str]]:
    def said(one: Drawn) -> str:
        checkout = str((options.checkouts / one.repository).resolve())
        command = [sys.executable, "-m", "tests.field.trial", what, checkout, one.identity, one.arguments]
        try:
            run = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=options.seconds, env=env, cwd=folder
            )
        except subprocess.TimeoutExpired:
            return "raised: it takes too long"
        return run.stdout.strip().rpartition("\n")[2] if run.returncode == 0 else f"raised: exit status {run.returncode}"

    env = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:  # where modules may leave files
        yield from zip(sample, pool.map(said, sample), strict=True)


if __name__ == "__main__":
    main()
