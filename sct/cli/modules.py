"""Derivative modules as files: what is there, compared with what would be written.

Takes the text of a module and a file; says whether the file is that text, is missing, out of date, edited by hand, of another
format, or nothing that sct wrote. Never overwrites what it did not write unless it is told to.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sct.backend.standalone import FORMAT, stamps
from sct.cli.output import write
from sct.cli.target import CommandError

__all__ = ["ANY", "EDITED", "Comparison", "compared", "write_all"]

_SAID = {
    "fresh": "is up to date",
    "missing": "is missing",
    "stale": "is stale: what it was made from is different now",
    "rewritten": "is stale: it is made from the same, but is written otherwise now",
    "edited": "was edited by hand",
    "format": "is stale: it is of format {format}, and format {now} is written now",
    "foreign": "was not written by sct",
}
EDITED = ("edited", "foreign")
"""The states of files that hold what is written nowhere else."""
ANY = (*EDITED, "stale", "rewritten", "format")
"""The states of files that would change."""


@dataclass(frozen=True)
class Comparison:
    """A file, called `label`, and the text that is to stand in it; `state` is a key of what there is to say."""

    file: Path
    label: str
    text: str
    now: str
    state: str
    format: str = ""

    @property
    def said(self) -> str:
        """What is to say of it."""
        return f"{self.label} {_SAID[self.state].format(format=self.format, now=FORMAT)}"

    def diff(self) -> str:
        """What would change; nothing where there is no file."""
        if self.state == "missing":
            return ""
        rows = difflib.unified_diff(
            self.now.splitlines(keepends=True),
            self.text.splitlines(keepends=True),
            self.label,
            f"{self.label} (as it would be written)",
        )
        return "".join(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows)


def compared(file: Path, label: str, text: str) -> Comparison:
    """A file, compared with a text."""
    try:
        now = file.read_text(encoding="utf-8")  # with whatever ends of lines a checkout gives
    except FileNotFoundError:
        return Comparison(file, label, text, "", "missing")
    except UnicodeDecodeError:
        return Comparison(file, label, text, "", "foreign")
    except OSError as e:
        raise CommandError(f"{label} cannot be read: {e.strerror or e}") from None
    if now == text:
        return Comparison(file, label, text, now, "fresh")
    was, new = stamps(now), stamps(text)
    assert new is not None
    if was is None:
        return Comparison(file, label, text, now, "foreign")
    if was.get("text") != was["now"]:
        return Comparison(file, label, text, now, "edited")
    if was.get("format") != str(FORMAT):
        return Comparison(file, label, text, now, "format", was.get("format", "?"))
    return Comparison(file, label, text, now, "rewritten" if was.get("made from") == new["made from"] else "stale")


def write_all(comparisons: Sequence[Comparison], force: bool, keep: Collection[str]) -> None:
    """Write the files that are not as they should be: all, or none where one of them is in a state to `keep`."""
    kept = [c for c in comparisons if c.state in keep]
    if kept and not force:
        raise CommandError(
            "\n".join(c.said for c in kept),
            None,
            "Nothing was written. With --force it is overwritten; or write to another file.",
        )
    write({c.file: c.text for c in comparisons if c.state != "fresh"})
