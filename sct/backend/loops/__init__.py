"""Finished derivatives as loops, for Numba.

Takes a finished function in SSA form; gives the text of functions that Numba compiles, its kernels, and of the one that callers
call. What is no matter of arrays and numbers is refused with its place: that is for the NumPy backend.
"""

from __future__ import annotations

from sct.analysis.effects import statements
from sct.backend.loops.closures import joined, parted
from sct.backend.loops.unlooped import Unlooped
from sct.backend.python.emit import Text
from sct.errors import Place
from sct.ir.ops import describe
from sct.ir.records import record
from sct.ir.ssa import Apply, Function
from sct.registry.facts import facts_of

__all__ = ["Kernel", "Loops", "Options", "Unlooped", "looped"]


@record(frozen=True)
class Options:
    """How loops may run: `fastmath`, sums of several numbers in any order; `parallel`, iterations over threads.

    `alone`: there is no function around the kernel, which is called by functions that Numba compiles.
    """

    fastmath: bool = True
    parallel: bool = False
    alone: bool = False


@record(frozen=True)
class Kernel:
    """A function of a text that Numba compiles, with what Numba is told.

    `fastmath` has the names of LLVM's flags; `checked`: whether indices are compared with the lengths of axes; `apart`: no two
    arrays that it is given lie in the same memory. `lines` says of lines of the text from which place in the user's code they
    come.
    """

    name: str
    fastmath: tuple[str, ...] = ()
    parallel: bool = False
    checked: bool = False
    apart: bool = False
    lines: tuple[tuple[int, Place | None], ...] = ()


@record(frozen=True)
class Loops:
    """A text whose last function is what callers call. Those before are kernels; so is the last where it needs nothing else.

    A kernel takes arrays, numbers and flags by position, and names nothing but its imports and other kernels. What is no kernel
    does nothing to the world before the last of them is called: it may run twice, or be left.
    """

    text: Text
    kernels: tuple[Kernel, ...]


def looped(f: Function, options: Options) -> Loops:
    """A finished function as loops.

    Raises
    ------
    Unlooped
        If it has a statement that is no matter of arrays and numbers.
    """
    for s in statements(f.block):
        if isinstance(s, Apply) and facts_of(s.op).lies:
            raise Unlooped("it depends on whether NumPy copies", s.place, describe(s.op))
    from sct.backend.loops.kernel import kernel_of  # for those who ask for it: it is told by Numba what that has

    parts = parted(f)
    if parts is not None and not options.alone:
        first, then = looped(parts.first, options), looped(parts.then, options)
        return Loops(joined(parts, first.text, then.text), first.kernels + then.kernels)
    text, kernels = kernel_of(f, options)
    return Loops(
        text, tuple(Kernel(n, ("reassoc",) if sums else (), options.parallel, apart=apart) for n, sums, apart in kernels)
    )
