"""What is kept between calls of the transforms: compiled derivatives, for the code of the functions that they are of.

Takes a function and what is asked of it; gives what was made for that before, for this function or another of its code.
Nothing here holds a function, or what a function holds.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from collections import deque
from typing import Any

from sct.analysis.switches import left_out
from sct.api.compilations import Compilation
from sct.backend.link import Compiled
from sct.backend.loops import Kernel, Unlooped
from sct.backend.python.emit import Text
from sct.frontend.by_code import ByCode
from sct.frontend.resolve import Dependency
from sct.ir.ops import Field, Free
from sct.ir.records import record
from sct.ir.types import Abstract, Fact
from sct.specialize.specializer import Written

__all__ = ["Living", "Made", "Shared", "forget_compiled", "shared_by"]

_SIZE = 64


@record(frozen=True, eq=False)
class Made:
    """A derivative for arguments of some types: its text, the signature of that, what it relies on, what of the text is for
    Numba, and what keeps the rest of it from that; whether another process has kept it."""

    text: Text
    signature: inspect.Signature
    dependencies: tuple[Dependency, ...]
    free: tuple[tuple[Free | Field, Abstract], ...]
    written: tuple[Written, ...]
    facts: tuple[Fact, ...]
    kernels: tuple[Kernel, ...] = ()
    left: Unlooped | None = None
    kept: bool = False


class Living:
    """Objects that are known as long as they live, by weak references: each is added in less time than to a `WeakSet`."""

    def __init__(self) -> None:
        self.references: deque[weakref.ref[Any]] = deque()
        self.most = 1000  # there are, before those of what is gone are dropped
        self.lock = threading.RLock()

    def add(self, reference: weakref.ref[Any]) -> None:
        self.references.append(reference)
        if len(self.references) > self.most:
            self.living()

    def living(self) -> list[Any]:
        """Those that live now."""
        with self.lock:
            references = [self.references.popleft() for _ in range(len(self.references))]
            found = {id(value): (value, r) for r in references if (value := r()) is not None}
            self.references.extend(r for _, r in found.values())
            self.most = max(1000, 2 * len(found))
            return [value for value, _ in found.values()]


_shared = Living()


def forget_compiled() -> None:
    """Let go of all compiled forms that derived functions have in common."""
    for shared in _shared.living():
        shared.compiled = ()


class Shared:
    """What derived functions have in common whose primals have one code: their compiled forms.

    `derived` is the like for their derivatives. `lists` says of types in which lists are of any length, by their hash, with
    which lengths they came first, again by the hash of the types; None if there is no form for any length. `left` says of
    types, by their hash, what Numba has not compiled for them. `history` says what has been compiled, as far back as forms are
    kept, and `count` how often.
    """

    __slots__ = ("__weakref__", "compiled", "count", "derived", "history", "left", "lists", "lock")

    def __init__(self) -> None:
        _shared.add(weakref.ref(self))
        self.compiled: tuple[Compiled, ...] = ()
        self.derived: dict[Any, Any] = {}
        self.left: dict[int, Unlooped] = {}
        self.history: tuple[Compilation, ...] = ()
        self.count = 0
        self.lists: dict[int, int | None] = {}
        self.lock = threading.RLock()

    def keep(self, made: Compiled) -> None:
        """Keep a compiled form for the next function, unless it holds something of this one."""
        if made.lasting:
            self.compiled = (made, *self.compiled[: _SIZE - 1])


_by_code: ByCode[dict[Any, Any]] = ByCode()


def shared_by(code: Any) -> dict[Any, Any]:
    """What derived functions share whose primals have this code, by what is asked of them."""
    try:
        table = _by_code.table[id(code)][0]
    except KeyError:
        table = {}
        _by_code.set(code, table)
    apart = left_out()  # what is compiled so is not for others
    return table.setdefault(apart, {}) if apart else table
