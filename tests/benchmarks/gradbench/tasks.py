"""A function that GradBench asks a tool for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import sct

__all__ = ["Task", "function", "gradient", "number", "numbers"]


@dataclass(frozen=True)
class Task:
    """How a function is run: what JSON has becomes arguments, the function is called, and its result becomes JSON."""

    prepared: Callable[[Any], tuple[Any, ...]]
    made: Callable[[str | None], Callable[..., Any]]
    """The function for a value of `jit`."""
    told: Callable[[Any], Any]


def function(f: Callable[..., Any]) -> Callable[[str | None], Callable[..., Any]]:
    """A function itself, compiled where there is a `jit`."""
    return lambda jit: f if jit is None else sct.compile(f, jit=jit)


def gradient(f: Callable[..., Any], wrt: str | tuple[str, ...]) -> Callable[[str | None], Callable[..., Any]]:
    """The gradient of a function."""
    return lambda jit: sct.grad(f, wrt, jit=jit)


def number(value: Any) -> float:
    """A number of NumPy's as one of Python's."""
    return float(value)


def numbers(value: Any) -> Any:
    """An array as lists."""
    return np.asarray(value).tolist()
