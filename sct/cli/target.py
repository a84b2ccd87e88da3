"""What a command is about: a function in a file.

Takes `FILE.py:function`; gives the function, from the file imported as the module that it is. What the import prints goes to
stderr. Never runs the function.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from sct.errors import SctError

__all__ = ["CommandError", "Target", "evaluated", "parameters", "running", "target"]


class CommandError(SctError):
    """A command that cannot be carried out."""


@dataclass(frozen=True)
class Target:
    """A function, what it was asked for as, and the names of its file."""

    written: str
    file: Path
    names: dict[str, Any]
    function: Callable[..., Any]


def target(written: str, base: Path | None = None, roots: Sequence[Path] = ()) -> Target:
    """The function that `FILE.py:function` says.

    Parameters
    ----------
    written : str
        A path, relative to `base`, and the function's name in that file; `Class.method` for one of a class.
    base : Path, optional
        Where the path begins; else where the command runs.
    roots : sequence of Path
        Folders from which the files under them are imported. A file under none is imported from the folder that it is in, or,
        if that is a package, from the folder that the outermost package is in.

    Raises
    ------
    CommandError
        If there is no such file or function, or the file cannot be imported.
    """
    path, mark, name = written.rpartition(":")
    if not mark or not path or not name:
        raise CommandError(f"{written} names no function of a file", None, "Write FILE.py:function.")
    file = ((base or Path.cwd()) / path).resolve()
    if not file.is_file():
        raise CommandError(f"there is no file {path}")
    names = vars(_imported(file, path, roots))
    head, *rest = name.split(".")
    if head not in names:
        functions = sorted(n for n, v in names.items() if callable(v) and getattr(v, "__module__", None) == names["__name__"])
        raise CommandError(f"{path} has no {head}", None, f"It has {', '.join(functions) or 'no functions'}.")
    found = names[head]
    for attribute in rest:
        if not hasattr(found, attribute):
            raise CommandError(f"{head} in {path} has no {attribute}")
        found, head = getattr(found, attribute), f"{head}.{attribute}"
    if not callable(found) or isinstance(found, type):
        raise CommandError(f"{name} in {path} is a {type(found).__name__}, not a function")
    return Target(written, file, names, found)


def _imported(file: Path, path: str, roots: Sequence[Path]) -> Any:
    """The module that a file is."""
    if file.suffix != ".py":
        raise CommandError(f"{path} is no Python file", None, "Write FILE.py:function.")
    root, name = _place(file, roots)
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            module = importlib.import_module(name)
    except (Exception, SystemExit) as e:  # noqa: BLE001  (the user's code may raise any)
        raise CommandError(f"{path} cannot be imported\n{_story(e, file)}") from None
    there = getattr(module, "__file__", None)
    if there is None or Path(there).resolve() != file:
        raise CommandError(
            f"{path} cannot be imported as {name}: that is {there or 'built in'}", None, "Give the file another name."
        )
    return module


def _place(file: Path, roots: Sequence[Path]) -> tuple[Path, str]:
    """The folder that a file is imported from, and its name as a module."""
    root = next((r for r in roots if file.is_relative_to(r)), None)
    if root is None:
        root = file.parent
        while (root / "__init__.py").exists() and root != root.parent:
            root = root.parent
    parts = file.relative_to(root).with_suffix("").parts
    return root, ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


@contextlib.contextmanager
def running(of: Target) -> Iterator[None]:
    """Meanwhile the function is run: what it prints goes to stderr, and what it raises is a `CommandError`."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except SctError:
        raise
    except Exception as e:
        if _from(e, of.file) is None:
            raise  # no error of the function's
        raise CommandError(f"{of.written} cannot be called with these arguments\n{_story(e, of.file)}") from None


def _from(error: BaseException, file: Path) -> TracebackType | None:
    """The traceback of an error, from where it enters a file; None if it never does."""
    at = error.__traceback__
    while at is not None and Path(at.tb_frame.f_code.co_filename).resolve() != file:
        at = at.tb_next
    return at


def _story(error: BaseException, file: Path) -> str:
    """An error of the user's code: its traceback from where that begins."""
    at = _from(error, file)
    lines = traceback.format_exception(type(error), error, at)
    return "".join(lines if at is not None else traceback.format_exception_only(type(error), error)).rstrip()


def evaluated(expression: str, of: Target) -> tuple[Any, ...]:
    """The arguments that an expression of a tuple says, in the names of the file and `np`."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            found = eval(expression, {"np": np, **of.names})
    except Exception as e:  # noqa: BLE001  (as above)
        what = "".join(traceback.format_exception_only(type(e), e)).rstrip()
        raise CommandError(f"the arguments {expression} cannot be evaluated\n{what}") from None
    if not isinstance(found, (tuple, list)):
        raise CommandError(
            f"the arguments {expression} are a {type(found).__name__}, not a tuple", None, f"Write ({expression},)."
        )
    return tuple(found)


def parameters(text: str | None) -> int | str | tuple[int | str, ...]:
    """What to differentiate by: names or numbers of parameters, with commas between them; the first, if nothing is said."""
    if text is None:
        return 0
    found = tuple(int(n) if n.isdecimal() else n for n in (part.strip() for part in text.split(",")) if n)
    if not found:
        raise CommandError(f"{text!r} names no parameter", None, "Write names with commas between them.")
    return found if "," in text else found[0]
