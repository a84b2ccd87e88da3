"""What a generator of programs gives: a function as Python text, and arguments to call it with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Program"]


@dataclass(frozen=True)
class Program:
    """A program made at random.

    `source` is Python text that defines a function `f`; `args` are arguments of it, made afresh each time that the program
    is; `wrt` names the parameters to differentiate by.
    """

    source: str
    args: tuple[Any, ...]
    wrt: tuple[str, ...]
