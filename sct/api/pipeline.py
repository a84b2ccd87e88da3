"""The stages of a compilation, strung together while a derivative is made: `sct.stages`, with what is known around them.

Takes a function with the types of its arguments, and what is asked of it; gives the derivative, typed, with what that relies
on. Never looks at a value of an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sct.ir.ssa import Function
from sct.ir.types import Abstract
from sct.stages import (
    PASSES,
    UNOPTIMIZED,
    Arguments,
    Derivative,
    Knowledge,
    Typed,
    differentiate,
    finished,
    lower,
    read,
    specialize,
)
from sct.transform.reverse import Mode

__all__ = ["as_it_stands", "differentiated", "typed_again", "typed_primal", "with_steps"]


def typed_primal(primal: Callable[..., Any], types: tuple[Abstract, ...]) -> Typed:
    """A function that is no derivative, in SSA form, for arguments of the given types (`sct.stages.specialize`)."""
    return specialize(lower(read(primal)), Arguments.here(types))


def typed_again(derivative: Typed, types: tuple[Abstract, ...]) -> Typed:
    """A derivative as what is differentiated in its turn."""
    return specialize(derivative, Arguments.here(types))


def differentiated(primal: Typed, wrt: Sequence[str], single: bool, mode: Mode, optimize: bool) -> Derivative:
    """The derivative of a typed function."""
    return differentiate(primal, mode, wrt[0] if single else wrt, passes=PASSES if optimize else UNOPTIMIZED)


def as_it_stands(f: Function) -> Derivative:
    """A derivative that only calls others."""
    return Derivative(f, (), (), (), Knowledge.here())


def with_steps(f: Function, optimize: bool) -> Function:
    """A finished derivative, with the bodies of its checkpointed loops, and their derivatives, finished too."""
    return finished(f, PASSES if optimize else UNOPTIMIZED)
