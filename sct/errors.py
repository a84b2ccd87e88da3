"""Errors of sct: what went wrong, where in the user's file, and what to do instead.

Takes a message, a place and advice; gives exceptions whose text shows file, line, column, the line and a caret.
Never inspects code: the stage that raises knows the place.
"""

from __future__ import annotations

import linecache
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

__all__ = [
    "ArgumentMemoryError",
    "CacheWarning",
    "CallError",
    "DerivativeMemoryError",
    "JitError",
    "JitWarning",
    "MissingEntryError",
    "NoRuleError",
    "NonDifferentiableArgumentError",
    "NonScalarOutputError",
    "NotFiniteError",
    "PassError",
    "PatternShapeError",
    "Place",
    "RecompilationError",
    "SctError",
    "SourceUnavailableError",
    "UndefinedNameError",
    "UnsupportedSyntaxError",
    "warn",
]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a source file: `line` counts from 1, `column` from 0. `caller` is where the function was called."""

    file: str
    line: int
    column: int
    function: str = ""
    caller: Place | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column + 1}"
        return f"{where}, in {self.function}" if self.function else where

    def called_from(self, caller: Place | None) -> Place:
        """This place, in a function that was called at `caller`."""
        around = caller if self.caller is None else self.caller.called_from(caller)
        return Place(self.file, self.line, self.column, self.function, around)

    def way_there(self) -> Iterator[str]:
        """The lines of a message that show this place, and below it the chain of calls that led there; one that calls itself
        once."""
        place: Place | None = self
        word, shown = "at", ""
        while place is not None:
            if str(place) != shown:
                shown = str(place)
                yield f"  {word} {shown}"
                excerpt = place.excerpt()
                if excerpt:
                    yield excerpt
            place, word = place.caller, "called at"

    def excerpt(self) -> str:
        """The source line with a caret under the column; empty if the file is not to be had."""
        text = linecache.getline(self.file, self.line).rstrip("\n")
        if not text.strip():
            return ""
        stripped = text.lstrip()
        indent = len(text) - len(stripped)
        return f"    {stripped}\n    {' ' * max(self.column - indent, 0)}^"


class SctError(Exception):
    """Base of all errors of sct.

    Parameters
    ----------
    message : str
        What is wrong.
    place : Place, optional
        Where, in the user's file.
    advice : str, optional
        What to do instead.
    """

    def __init__(self, message: str, place: Place | None = None, advice: str = "") -> None:
        self.message = message
        self.place = place
        self.advice = advice
        parts = [message]
        if place is not None:
            parts += place.way_there()
        if advice:
            parts.append(f"  {advice}")
        super().__init__("\n".join(parts))

    def called_from(self, caller: Place | None) -> SctError:
        """This error, in a function that was called at `caller`."""
        made = type(self)(self.message, caller if self.place is None else self.place.called_from(caller), self.advice)
        made.__dict__ = {**vars(self), **vars(made)}
        return made

    def __reduce__(self) -> tuple[type[SctError], tuple[str, Place | None, str]]:
        return type(self), (self.message, self.place, self.advice)


class CallError(SctError, TypeError):
    """A transform, or a derivative, that is called with other arguments than it takes."""


class SourceUnavailableError(SctError):
    """The source of a function cannot be read (built in, typed at a bare prompt, or compiled)."""


class UnsupportedSyntaxError(SctError):
    """A construct of Python that sct does not differentiate."""


class NotThereError(SctError):
    """A key, an index or an attribute that is not there, which is known at compile time."""

    raises: type[Exception] = LookupError  # what Python raises where it comes to that
    of_none = False  # it is an attribute of None, in whose place there is an object on other ways


class UnpackingError(NotThereError, ValueError):
    """What is unpacked has another number of items than there are names, which is known at compile time."""

    raises = ValueError


class NoRuleError(SctError):
    """A call on an active value has no derivative rule."""


class UndefinedNameError(SctError, NameError):
    """A name that is not defined, or not on every path that leads to its use."""


class ArgumentMemoryError(SctError, ValueError):
    """An argument that the function writes into is read-only, or shares memory with another one."""

    of_arrays = False  # it is of two arrays, neither of which is kept elsewhere


class NonScalarOutputError(SctError):
    """`grad` of a function whose result is not a real scalar."""


class NonDifferentiableArgumentError(SctError):
    """A `wrt` argument that has no derivative: an int, a bool, a string, an object."""


class NotFiniteError(SctError, FloatingPointError):
    """With `sct.debug_nan`: a derivative that is not finite."""


class PatternShapeError(SctError, ValueError):
    """A sparsity pattern of another shape than the Jacobian or Hessian that it is given for."""


class MissingEntryError(SctError, ValueError):
    """A sparsity pattern without an entry that the Jacobian or Hessian has."""


class DerivativeMemoryError(SctError, MemoryError):
    """A Jacobian or Hessian that takes more memory than there is."""


class PassError(SctError):
    """A pass, given to the compiler by one who builds on it, that makes something else than a well-formed function."""


class RecompilationError(SctError):
    """With `max_compilations`: a derivative that is compiled more often than that."""


class JitError(SctError):
    """With `strict=True`: a derivative that Numba does not compile."""


class JitWarning(UserWarning):
    """A derivative that Numba does not compile, and that runs on NumPy."""


class CacheWarning(UserWarning):
    """The folder in which derivatives are kept cannot be used, or something in it cannot."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the user's call: at the innermost one that is not in sct."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_own(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_own(frame: FrameType) -> bool:
    """Whether a call is one in sct, or in what it wrote."""
    name: str = frame.f_globals.get("__name__", "")
    return name.partition(".")[0] == "sct" or frame.f_code.co_filename.startswith("<sct")
