"""Generates modules of all functions in all transforms, and looks at them: `python -m tests.modules FOLDER`.

They are run in a process in which sct cannot be imported, compared with what sct gives, looked at by ruff, black and mypy, and
written once more by a process with another hash seed, which must give the same bytes.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from modules.cases import every_case  # noqa: E402
from modules.checking import LINTERS, complaints, differing, written  # noqa: E402


def main(argv=None):
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.modules", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the modules are written")
    parser.add_argument("--match", default="", help="only of functions with this in their name")
    parser.add_argument("--write", action="store_true", help="only write them")
    options = parser.parse_args(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    cases = list(every_case(options.match))
    faults = list(written(options.folder, cases))
    if options.write:
        return 0
    said("written", len(cases))
    faults += differing(options.folder, cases)
    said("run", len(cases))
    faults += [text for linter in LINTERS if (text := complaints(options.folder, linter))]
    said("looked at", len(cases))
    faults += other_bytes(options, cases)
    print("\n".join(faults) or "no faults")
    return 1 if faults else 0


def other_bytes(options, cases):
    """The modules that a process with another hash seed writes otherwise."""
    again = options.folder / "again"
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-m", "tests.modules", again, "--write", "--match", options.match]
    subprocess.run(command, env=env, check=True)
    for c in cases:
        first, second = options.folder / c.file, again / c.file
        if first.exists() and first.read_bytes() != second.read_bytes():
            yield f"{c.file}: other bytes in another process"


def said(what, count):
    print(f"{time.strftime('%X')} {count} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
