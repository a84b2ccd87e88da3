"""Programs made at random, and what must hold of their derivatives."""

from collections.abc import Callable

from . import aliases, arrays, dependence, expressions, memory, python
from .programs import Program

__all__ = ["GENERATORS"]

GENERATORS: dict[str, Callable[[int], Program]] = {
    "aliases": aliases.program,
    "arrays": arrays.program,
    "dependence": dependence.program,
    "expressions": expressions.program,
    "memory": memory.program,
    "python": python.program,
}
"""What makes programs, by name: each takes a seed."""
