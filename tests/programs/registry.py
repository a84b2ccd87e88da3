"""Where programs register themselves, with arguments."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sct.testing.trees import leaves

__all__ = ["PROGRAMS", "Program", "normal_of", "program"]


@dataclass(frozen=True)
class Program:
    """A function of numbers, with arguments.

    Attributes
    ----------
    function : callable
        The program, which gives a number.
    args : tuple
        Its arguments.
    peer : bool
        Whether autograd can differentiate it too.
    refused : tuple of str
        The ways of calling (see `ways`) in which it is refused.
    rounded : bool
        Whether the value may be another one by rounding, since SciPy sums in an order of its own.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    peer: bool = False
    refused: tuple[str, ...] = ()
    rounded: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def subject(self) -> str:
        return self.function.__module__.rpartition(".")[2]

    @property
    def wrt(self) -> tuple[int, ...]:
        """The places of all arguments with a float in them."""
        return tuple(k for k, a in enumerate(self.args) if any(True for _ in leaves(a)))

    def given(self) -> tuple[Any, ...]:
        """Arguments of its own for a call."""
        return copy.deepcopy(self.args)


PROGRAMS: list[Program] = []


def program(*args: Any, peer: bool = False, refused: tuple[str, ...] = (), rounded: bool = False) -> Callable[..., Any]:
    """Register the decorated function with arguments; see `Program` for the rest."""

    def register(f: Callable[..., Any]) -> Callable[..., Any]:
        PROGRAMS.append(Program(f, args, peer, refused, rounded))
        return f

    return register


def normal_of(rng: np.random.Generator) -> Callable[..., Any]:
    """What draws normally distributed arrays of a shape."""
    return lambda *shape: rng.normal(size=shape)
