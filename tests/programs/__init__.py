"""Whole programs, one file a subject, as textbooks, courses and people at work write them, not to please a compiler.

A program is a function that gives a number, and registers itself with arguments. `ways` has the ways in which its derivative
is called, and what must hold in each; `python -m tests.programs` runs every program in every way.
"""

from . import (
    computing,
    equations,
    finance,
    geometry,
    learning,
    linear_algebra,
    mechanics,
    networks,
    numerics,
    probability,
    signals,
    statistics,
    systems,
    with_scipy,
    with_solvers,
    with_sparse,
)
from .registry import PROGRAMS, Program

SUBJECTS = (
    computing,
    equations,
    finance,
    geometry,
    learning,
    linear_algebra,
    mechanics,
    networks,
    numerics,
    probability,
    signals,
    statistics,
    systems,
    with_scipy,
    with_solvers,
    with_sparse,
)

PEERS = [p for p in PROGRAMS if p.peer]

__all__ = ["PEERS", "PROGRAMS", "SUBJECTS", "Program"]
