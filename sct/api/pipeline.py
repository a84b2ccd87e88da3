"""The stages of a compilation, strung together while a derivative is made: `sct.stages`, with what is known around them.

Takes a function with the types of its arguments, and what is asked of it; gives the derivative, typed, with what that relies
on. Never looks at a value of an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from sct.analysis.switches import left_out
from sct.api.dump import seen
from sct.ir.records import record
from sct.ir.ssa import Function
from sct.ir.types import Abstract, Known, Relied, facts_relied_on
from sct.specialize.reading import noted, noting
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

__all__ = ["OnceTyped", "as_it_stands", "differentiated", "shared", "typed_again", "typed_once", "typed_primal", "with_steps"]


@record(frozen=True, eq=False)
class OnceTyped:
    """A typed function, and what is to be said again where it is used again: what was read, asked of sizes, and found there."""

    form: Typed
    read: tuple[Any, ...]
    relied: Relied
    sizes: Known
    objects: dict[str, Any]

    def again(self, here: Knowledge) -> Typed:
        """The function, as if it had been typed here."""
        noted(self.read)
        self.relied.again()
        assert here.sizes is not None and here.objects is not None
        here.sizes.update(self.sizes)
        here.objects.update(self.objects)
        return replace(self.form, known=here)


_once: ContextVar[dict[Hashable, OnceTyped] | None] = ContextVar("once", default=None)


@contextmanager
def typed_once(made: dict[Hashable, OnceTyped]) -> Iterator[None]:
    """Derivatives of one function that are compiled meanwhile share its typed form, for arguments of the same types and sizes.

    `made` keeps the forms, for who compiles several, and changes nothing that the function refers to in between.
    """
    token = _once.set(made)
    try:
        yield
    finally:
        _once.reset(token)


def shared(function: Hashable, types: tuple[Abstract, ...], typed: Callable[[], Typed]) -> Typed:
    """What `typed` gives for a function and types of its arguments, once where derivatives share it (`typed_once`)."""
    made, here = _once.get(), Knowledge.here()
    if made is None or here.sizes is None or here.objects is None:
        return typed()
    at_call = here.sizes.at_call
    sizes = None if at_call is None else tuple(at_call.items())
    key = function, types, sizes, tuple((path, id(o)) for path, o in here.objects.items()), left_out()
    if key in made:
        return made[key].again(here)
    with noting() as read, facts_relied_on() as relied:
        form = typed()
    made[key] = OnceTyped(form, tuple(read), relied, here.sizes.copy(), dict(here.objects))
    return form


def typed_primal(primal: Callable[..., Any], types: tuple[Abstract, ...]) -> Typed:
    """A function that is no derivative, in SSA form, for arguments of the given types (`sct.stages.specialize`)."""
    source = read(primal)
    seen("source", source.text)
    lowered = lower(source)
    seen("lowered", lowered.function)
    typed = specialize(lowered, Arguments.here(types))
    seen("typed", typed.function)
    return typed


def typed_again(derivative: Typed, types: tuple[Abstract, ...]) -> Typed:
    """A derivative as what is differentiated in its turn."""
    return specialize(derivative, Arguments.here(types))


def differentiated(primal: Typed, wrt: Sequence[str], single: bool, mode: Mode, optimize: bool) -> Derivative:
    """The derivative of a typed function."""
    passes = PASSES if optimize else UNOPTIMIZED
    return differentiate(primal, mode, wrt[0] if single else wrt, passes=passes, look=seen)


def as_it_stands(f: Function) -> Derivative:
    """A derivative that only calls others."""
    return Derivative(f, (), (), (), Knowledge.here())


def with_steps(f: Function, optimize: bool) -> Function:
    """A finished derivative, with the bodies of its checkpointed loops, and their derivatives, finished too."""
    return finished(f, PASSES if optimize else UNOPTIMIZED)
