"""What is asked of a derived function beside which derivative it is: how its code is made, and what becomes of that.

Takes the keywords of a transform; gives them checked, as one value. Never compiles.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from sct.backend.jit import numba_for
from sct.backend.loops import Options as Loops
from sct.errors import CallError
from sct.frontend.callables import is_jitted
from sct.ir.records import record

__all__ = ["PLAIN", "Jit", "Options", "as_primal", "options_of"]


@record(frozen=True)
class Jit:
    """That Numba compiles a derivative: how its loops may run, and whether what it does not compile is an error (`strict`)."""

    loops: Loops = Loops()
    strict: bool = False


@record(frozen=True)
class Options:
    """How a derived function is made.

    Attributes
    ----------
    optimize : bool
        Whether its code is optimized.
    cache : bool or None
        Whether what is compiled is kept for the next process; None: where `SCT_CACHE_DIR` says a folder.
    jit : Jit or None
        How Numba compiles it; None: Python runs it.
    max_compilations : int or None
        How often it may be compiled; None: as often as it takes.
    """

    optimize: bool = True
    cache: bool | None = None
    jit: Jit | None = None
    max_compilations: int | None = None

    @property
    def key(self) -> tuple[bool, Jit | None]:
        """What tells compiled forms apart."""
        return self.optimize, self.jit


PLAIN = Options()
"""Those of a derivative of which nothing is asked."""


def options_of(
    optimize: bool,
    jit: str | None,
    strict: bool,
    parallel: bool,
    fastmath: bool,
    cache: bool | None,
    max_compilations: int | None = None,
) -> Options:
    """What the keywords of a transform ask for.

    Raises
    ------
    ValueError
        If there is no such `jit`, or `max_compilations` is no number of times.
    CallError
        If keywords say how Numba compiles what it is not asked to.
    SctError
        If Numba is not installed, or too old.
    """
    if max_compilations is not None and (type(max_compilations) is not int or max_compilations < 1):
        raise ValueError(f"max_compilations={max_compilations!r}: there is a number from 1 on, and None")
    if jit not in (None, "numba"):
        raise ValueError(f"jit={jit!r}: there is 'numba', and None")
    if jit is None:
        if strict or parallel or not fastmath:
            word = "strict" if strict else "parallel" if parallel else "fastmath"
            raise CallError(f"{word} says how Numba compiles, and it is not asked to", advice="Write jit='numba' as well.")
        return Options(optimize, cache, None, max_compilations)
    numba_for("jit='numba'")
    return Options(optimize, cache, Jit(Loops(fastmath, parallel), strict), max_compilations)


def as_primal(options: Options, f: Any) -> Options:
    """The options of a derivative of `f`: of what Numba compiles, it compiles that as well."""
    if options.jit is not None:
        return options
    while isinstance(f, functools.partial):
        f = f.func
    jit = Jit() if is_jitted(f) else getattr(getattr(f, "options", None), "jit", None)
    return replace(options, jit=jit) if isinstance(jit, Jit) else options
