"""All sections of the race, in order."""

from .kernels import KERNELS
from .problems import GRADBENCH

__all__ = ["SECTIONS"]

SECTIONS = (KERNELS, GRADBENCH)
