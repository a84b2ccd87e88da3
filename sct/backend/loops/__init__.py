"""Finished derivatives as loops, for Numba.

Takes a finished function in SSA form; gives the text of functions that Numba compiles, its kernels, and of the one that callers
call. What is no matter of arrays and numbers is refused with its place: that is for the NumPy backend. Never imports Numba.
"""

from __future__ import annotations

from types import NoneType

from sct.backend.python.emit import Text, emit
from sct.errors import Place
from sct.ir.ops import Free
from sct.ir.records import record
from sct.ir.ssa import Apply, Function, Operand, blocks_in, type_of
from sct.ir.types import Abstract, Array, Const, Scalar, Tuple

__all__ = ["Kernel", "Loops", "Options", "Unlooped", "looped"]


@record(frozen=True)
class Options:
    """How loops may run: `fastmath`, sums of several numbers in any order; `parallel`, iterations over threads."""

    fastmath: bool = True
    parallel: bool = False


@record(frozen=True)
class Kernel:
    """A function of a text that Numba compiles, with what Numba is told.

    `fastmath` has the names of LLVM's flags; `checked`: whether indices are compared with the lengths of axes. `lines` says of
    lines of the text from which place in the user's code they come.
    """

    name: str
    fastmath: tuple[str, ...] = ()
    parallel: bool = False
    checked: bool = False
    lines: tuple[tuple[int, Place | None], ...] = ()


@record(frozen=True)
class Loops:
    """A text whose last function is what callers call. Those before are kernels; so is the last where it needs nothing else.

    A kernel takes arrays, numbers and flags by position, and names nothing but its imports and other kernels. What is no kernel
    does nothing to the world before the last of them is called: it may run twice, or be left.
    """

    text: Text
    kernels: tuple[Kernel, ...]


class Unlooped(Exception):
    """What stays on the NumPy backend, for it is no matter of loops, or Numba does not compile it: where, which statement, and
    why."""

    def __init__(self, place: Place | None, statement: str, why: str) -> None:
        super().__init__(f"{statement}: {why}")
        self.place = place
        self.statement = statement
        self.why = why


def looped(f: Function, options: Options) -> Loops:
    """A finished function as loops."""
    for p, v in zip(f.signature.parameters.values(), f.block.params, strict=True):
        if p.kind is p.KEYWORD_ONLY:
            raise Unlooped(None, p.name, "a parameter that is given by name only")
        _refuse_others(v, p.name)
    for block in blocks_in(f.block):
        for s in block.body:
            if isinstance(s, Apply) and isinstance(s.op, Free):
                raise Unlooped(s.place, s.op.name, "data from outside of the function")
    for y in f.block.yields:
        _refuse_others(y, "the result")
    text = emit(f)
    if text.bound:
        raise Unlooped(None, next(iter(text.bound)), "a function that is called as it stands")
    return Loops(text, (Kernel(text.name, ("reassoc",) if options.fastmath else (), options.parallel, checked=True),))


def _refuse_others(operand: Operand, name: str) -> None:
    if not _is_plain(type_of(operand)):
        raise Unlooped(None, name, "it is no number or array, nor a tuple of these")


def _is_plain(t: Abstract) -> bool:
    if isinstance(t, Tuple):
        return t.kind is None and all(map(_is_plain, t.items))
    if isinstance(t, Array):
        return t.dtype is not None and t.shape is not None
    return isinstance(t, Scalar) or (isinstance(t, Const) and isinstance(t.value, (bool, int, float, complex, NoneType)))
