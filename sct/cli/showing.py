"""`sct show`: a function and its derivative side by side.

Takes a derivative and the types of its arguments; gives what shows them, and writes pages. Never runs the function, and never
overwrites what somebody else has written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sct.api.derived import DerivedFunction
from sct.api.generate import parameter_types
from sct.cli.output import write
from sct.cli.target import CommandError
from sct.infer.signature import examples
from sct.inside.beside import SideBySide, side_by_side
from sct.inside.page import GENERATOR
from sct.ir.types import sizes_known
from sct.specialize.lowering import compiling
from sct.stack import with_room

__all__ = ["beside", "write_page"]


def beside(derived: DerivedFunction[..., Any], like: Sequence[Any] | None, types: str | None) -> SideBySide:
    """A function and its derivative, for arguments or types."""
    with examples(), compiling(), sizes_known(at_call=like is not None):
        given = parameter_types(derived, like, types)
        return side_by_side(derived.__sct_root__, with_room(lambda: derived.text_of(given)))


def write_page(file: Path, page: str, force: bool) -> None:
    """Write a page, over another one or what is not there yet.

    Raises
    ------
    CommandError
        If something else is there, and it is not to be overwritten by force.
    """
    if not force and file.is_file() and GENERATOR.encode() not in file.read_bytes()[:500]:
        raise CommandError(f"{file} is no page of sct show", None, "Give another name, or overwrite it with --force.")
    write({file: page})
