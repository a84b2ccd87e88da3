"""All sections of the race, in order."""

from .growth import GROWTH
from .kernels import KERNELS
from .networks import NETWORKS
from .problems import GRADBENCH

__all__ = ["SECTIONS"]

SECTIONS = (KERNELS, GRADBENCH, NETWORKS, GROWTH)
