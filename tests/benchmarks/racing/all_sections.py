"""All sections of the race, in order."""

from .kernels import KERNELS

__all__ = ["SECTIONS"]

SECTIONS = (KERNELS,)
