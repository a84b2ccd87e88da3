"""Gradients that are written by hand in C (by_hand.c): compiled for this machine into a folder that goes with the process."""

from __future__ import annotations

import atexit
import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["BY_HAND", "FLAGS"]

FLAGS = (
    "-O3",
    "-march=native",
    "-fassociative-math",  # of -ffast-math all but what has the whole process take subnormal numbers for 0
    "-ffinite-math-only",
    "-fno-math-errno",
    "-fno-signed-zeros",
    "-fno-trapping-math",
    "-freciprocal-math",
    "-shared",
    "-fPIC",
)


@cache
def _library(compiler: str) -> ctypes.CDLL:
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "by_hand.so"
    source = Path(__file__).with_name("by_hand.c")
    subprocess.run([compiler, *FLAGS, str(source), "-o", str(path), "-lm"], check=True)
    return ctypes.CDLL(str(path))


def _called(compiler: str, name: str, *values: Any) -> None:
    """Call a function with whole numbers, real ones, and arrays that are dense."""
    given: list[Any] = []
    for value in values:
        if isinstance(value, np.ndarray):
            given.append(ctypes.c_void_p(value.ctypes.data))
        else:
            given.append(ctypes.c_long(value) if isinstance(value, int) else ctypes.c_double(value))
    getattr(_library(compiler), name)(*given)


def _lse(compiler: str, x: Any) -> Any:
    x_bar = np.empty_like(x)
    _called(compiler, "lse", len(x), x, x_bar)
    return x_bar


def _ode(compiler: str, x: Any, s: int) -> Any:
    x_bar = np.empty_like(x)
    _called(compiler, "ode", len(x), s, x, x_bar, np.empty((4 * s + 9) * len(x)))
    return x_bar


def _gmm(compiler: str, alpha: Any, mu: Any, q: Any, below: Any, x: Any, m: int, gamma: float, apart: float) -> Any:
    k, d = mu.shape
    found = tuple(map(np.empty_like, (alpha, mu, q, below)))
    _called(compiler, "gmm", k, d, len(x), alpha, mu, q, below, x, float(m), gamma, *found, np.empty(k * (2 * d + 3) + d))
    return found


def _ba(compiler: str, cams: Any, points: Any, weights: Any, camera_of: Any, point_of: Any, features: Any) -> Any:
    blocks, weights_bar = np.empty((len(weights), 2, 15)), np.empty_like(weights)
    _called(compiler, "ba", len(weights), cams, points, weights, camera_of, point_of, features, blocks, weights_bar)
    return blocks, weights_bar


BY_HAND: dict[str, Callable[..., Any]] = {"lse": _lse, "ode": _ode, "gmm": _gmm, "ba": _ba}
"""By the name of a problem: called with the path of a compiler and the arguments."""
