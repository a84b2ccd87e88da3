"""Classes of objects that programs are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Model", "Rate"]


class Model:
    """Weights, a list of vectors, and how many steps there were."""

    def __init__(self, w: np.ndarray, parts: list[np.ndarray], rate: float) -> None:
        self.w = w
        self.parts = parts
        self.rate = rate
        self.steps = 0

    def predict(self, v: np.ndarray) -> np.ndarray:
        """What the weights and the first part make of a vector."""
        return np.tanh(self.w * v) + 0.5 * self.parts[0]

    def update(self, v: np.ndarray) -> None:
        """One step of the weights."""
        self.w = self.w - self.rate * self.predict(v)
        self.steps += 1

    def decay(self) -> Any:
        """Make the weights smaller where they are."""
        self.w *= 0.9
        return self

    @property
    def norm(self) -> Any:
        """The sum of squares."""
        return np.sum(self.w**2) * 0.3


@dataclass
class Rate:
    """A number, and a vector by which it is scaled."""

    s: float
    by: np.ndarray

    def of(self, t: Any) -> Any:
        """The rate at some time."""
        return self.s * t * self.by[0]
