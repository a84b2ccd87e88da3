"""Every form of a function on the way to its derivative, in files: where `SCT_DUMP` says a folder.

Takes the forms as they are made; writes them, in the order in which they are, into a folder for each compilation.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from sct.backend.python.emit import Text
from sct.errors import CacheWarning, warn
from sct.ir.ssa import Function

__all__ = ["dumped", "seen", "write"]

_PYTHON = ("source", "text")
_forms: ContextVar[list[tuple[str, str]] | None] = ContextVar("forms", default=None)


@contextmanager
def dumped() -> Iterator[list[tuple[str, str]] | None]:
    """Meanwhile forms are kept, with their names; None where nobody wants them."""
    found: list[tuple[str, str]] | None = [] if os.environ.get("SCT_DUMP") else None
    token = _forms.set(found)
    try:
        yield found
    finally:
        _forms.reset(token)


def seen(stage: str, form: Function | str) -> None:
    """Keep a form, if it is wanted."""
    found = _forms.get()
    if found is not None:
        found.append((stage, form if isinstance(form, str) else f"{form!r}\n"))


def write(forms: list[tuple[str, str]], text: Text) -> None:
    """Write forms, and the text that has become of them, into a folder that is not there yet."""
    try:
        folder = _new(Path(os.environ["SCT_DUMP"]), text.name)
        for k, (stage, shown) in enumerate([*forms, ("text", text.listing)], start=1):
            (folder / f"{k:02}-{stage}.{'py' if stage in _PYTHON else 'txt'}").write_text(shown, encoding="utf-8")
    except OSError as e:
        warn(f"SCT_DUMP={os.environ['SCT_DUMP']} cannot be used: {e.strerror or e}", CacheWarning)


def _new(base: Path, name: str) -> Path:
    """The first folder of a name and a number that is not there."""
    base.mkdir(parents=True, exist_ok=True)
    for k in itertools.count(1):
        try:
            (base / f"{name}-{k}").mkdir()
        except FileExistsError:
            continue
        return base / f"{name}-{k}"
    raise AssertionError
