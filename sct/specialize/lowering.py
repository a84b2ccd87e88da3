"""The untyped forms of functions: each function is lowered once while a derivative is compiled, and rules once for ever.

Takes functions; gives them in the form that specialization follows. Never looks at types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, TypeAlias

from sct.collecting import collecting_later
from sct.errors import UnsupportedSyntaxError
from sct.frontend.lower import Lowered, lower
from sct.frontend.prune import giving
from sct.ir.ops import is_generated
from sct.registry.others import extra_of, load_declared
from sct.specialize.reading import noted

__all__ = ["Lowered", "compiling", "is_own", "lowered"]


_Key: TypeAlias = "tuple[Callable[..., Any], tuple[bool, ...]]"
_own_rules: dict[_Key, Lowered] = {}
_lowered: ContextVar[dict[_Key, Lowered] | None] = ContextVar("lowered", default=None)


@contextmanager
def compiling() -> Iterator[None]:
    """Functions are lowered once meanwhile; afterwards they are forgotten, with all that they refer to."""
    if _lowered.get() is not None:
        yield
        return
    load_declared()
    token = _lowered.set({})
    try:
        with collecting_later():
            yield
    finally:
        _lowered.reset(token)


def lowered(function: Callable[..., Any], wanted: tuple[bool, ...] = ()) -> Lowered:
    """`lower`, remembered while a function is compiled; sct's own rules are remembered for ever.

    `wanted`: which of the items of its result are asked for, if that is a tuple; all of them if it is empty.
    """
    noted((function,))
    known = _own_rules if is_own(function) else _lowered.get()
    made = None if known is None else known.get((function, wanted))
    if made is None:
        if wanted:
            made = lowered(function)
            made = replace(made, function=replace(made.function, block=giving(made.function.block, wanted)))
        else:
            try:
                made = lower(function)
            except ImportError as error:
                extra = extra_of((error.name or "").partition(".")[0])
                advice = "Install what it needs." if extra is None else f"Install it: python -m pip install '{extra}'."
                raise UnsupportedSyntaxError(f"an import that fails ({error})", None, advice) from error
        if known is not None:
            known[function, wanted] = made
    return made


def is_own(function: Any) -> bool:
    """Whether a function is one of sct's own, whose names nobody rebinds."""
    return (getattr(function, "__module__", None) or "").startswith("sct.") and not is_generated(function)
