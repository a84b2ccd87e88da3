"""What functions of the tests find in another module: numbers, arrays, tables, classes, and functions that read these."""

import dataclasses
import enum
from typing import NamedTuple

import numpy as np

GRAVITY = 9.81
STIFFNESS = np.array([[4.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 4.0]])
DENSITIES = {"steel": 7.85, "water": 1.0}
_ORDER = 2


def relu(x, leak=0.1):
    """The ramp, with what leaks."""
    return np.where(x > 0.0, x, leak * x)


def norm_of(x, order=_ORDER):
    return np.sum(np.abs(x) ** order) ** (1.0 / order)


def drag(v):
    return -0.5 * DENSITIES["water"] * v * np.abs(v)


@dataclasses.dataclass
class Spring:
    stiffness: float
    rest: np.ndarray
    kind: str = "linear"

    def energy(self, x):
        d = x - self.rest
        if self.kind == "linear":
            return 0.5 * self.stiffness * np.sum(d * d)
        return 0.25 * self.stiffness * np.sum(d**4)


class Prior(NamedTuple):
    mean: float
    scale: float


class Activation(enum.Enum):
    RELU = "relu"
    TANH = "tanh"


def traced(f):
    """A decorator that gives the function back."""
    TRACED.append(f.__name__)
    return f


TRACED = []
