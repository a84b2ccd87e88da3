"""What a command gives: texts and tables, on a terminal in colours, elsewhere plain; and files, whole or not at all.

Takes texts and rows; prints or writes them. Never asks whether a file may be overwritten: `sct.cli.modules` knows.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from sct.cli.target import CommandError

__all__ = ["show_code", "show_json", "show_line", "show_table", "write"]


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def show_code(text: str, language: str = "python") -> None:
    """Print a text as it is, with colours on a terminal."""
    if _on_terminal():
        Console(soft_wrap=True).print(Syntax(text.rstrip("\n"), language, background_color="default"))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())  # as in a file, whatever the locale
        sys.stdout.buffer.flush()


def show_line(text: str = "", style: str = "") -> None:
    """Print a line."""
    if _on_terminal():
        Console(soft_wrap=True).print(Text(text, style))
    else:
        show_code(f"{text}\n")


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; where there is no terminal its columns stand two spaces apart."""
    if _on_terminal():
        table = Table(*columns)
        for row in rows:
            table.add_row(*map(Text, row))
        Console().print(table)
        return
    widths = [max(len(row[k]) for row in (columns, *rows)) for k in range(len(columns))]
    for row in (columns, *rows):
        show_line("  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True)).rstrip())


def show_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a value as JSON."""
    show_code(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "json")


def write(texts: Mapping[Path, str]) -> None:
    """Write texts into files: each is there as it was until all are ready to be put in their places.

    Raises
    ------
    CommandError
        If one cannot be written; none is then.
    """
    ready: list[tuple[str, Path]] = []
    try:
        for file, text in texts.items():
            with _said_of(file):
                at = file.resolve()  # a link stays one
                if at.exists() and not at.is_file():
                    at.write_bytes(text.encode())  # a device; of a folder it is an error
                else:
                    ready.append((_beside(at, text), at))
        while ready:
            with _said_of(ready[0][1]):
                os.replace(*ready[0])
            del ready[0]
    finally:
        for name, _ in ready:
            os.unlink(name)


@contextlib.contextmanager
def _said_of(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise CommandError(f"{file} cannot be written: {e.strerror or e}") from None


def _beside(at: Path, text: str) -> str:
    """A new file beside another, with its permissions."""
    there = at.exists()
    if there and not os.access(at, os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only")
    handle, name = tempfile.mkstemp(prefix=f".{at.name}.", dir=at.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode())
        os.chmod(name, stat.S_IMODE(at.stat().st_mode) if there else 0o666 & ~_umask())
    except BaseException:
        os.unlink(name)
        raise
    return name


def _umask() -> int:
    """The permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
