"""The command line: `sct` and `python -m sct`.

Takes the words of a command; gives a text or a table, and an exit code: 0, 1 where a check failed, 2 where something is wrong
with the command or not supported. Errors go to stderr. Overwrites nothing when something fails, nor, unless it is told to,
what somebody has written by hand.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Carry out the command that the program was called with."""
    try:
        from sct.cli.commands import sct
    except ModuleNotFoundError as e:
        if e.name not in ("click", "rich", "tomli"):
            raise
        print(f"Error: the command line needs the package {e.name}: install sct-ad[cli].", file=sys.stderr)
        sys.exit(2)
    sct(prog_name="sct")
