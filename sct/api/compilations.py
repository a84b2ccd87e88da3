"""What has been compiled of a derivative, and why once more.

Takes the types of arguments and what a compiled form relies on; gives records of these, which are put into words when they are
asked for. Holds no argument, and nothing of a function.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sct.frontend.resolve import Dependency
from sct.ir.ops import Field, Free
from sct.ir.records import record
from sct.ir.types import Abstract, Array, Const, Fact, List, Scalar, Tuple

__all__ = ["Compilation", "compilation", "noted"]

_log = logging.getLogger("sct.compile")


@record(frozen=True)
class Compilation:
    """One form that a derivative was compiled in.

    Attributes
    ----------
    types : mapping of str to str
        The types of the arguments, by their names.
    sizes : tuple of str
        What was relied on of sizes.
    data : mapping of str to str
        The types of what is read from outside of the function, by the names of it.
    names : tuple of str
        The names that were looked up, and have to mean the same.
    reason : str
        Why no form that was there served: the guard that failed.
    seconds : float
        How long it took.
    kept : bool
        Whether it was there, as another process had kept it.
    """

    own: Mapping[str, Abstract | str]
    facts: tuple[Fact, ...]
    outside: Mapping[str, Abstract | str]
    meanings: Mapping[str, int]
    reason: str
    seconds: float
    kept: bool

    @property
    def types(self) -> Mapping[str, str]:
        return {n: _written(t) for n, t in self.own.items()}

    @property
    def sizes(self) -> tuple[str, ...]:
        return tuple(map(_written, self.facts))

    @property
    def data(self) -> Mapping[str, str]:
        return {n: _written(t) for n, t in self.outside.items()}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.meanings)

    def __str__(self) -> str:
        types = ", ".join(f"{n}: {t}" for n, t in self.types.items())
        return f"for {types or 'no arguments'}, {'kept before' if self.kept else f'in {self.seconds:.3f} s'}: {self.reason}"


def compilation(
    types: Mapping[str, Abstract],
    facts: Sequence[Fact],
    free: Sequence[tuple[Free | Field, Abstract]],
    dependencies: Sequence[Dependency],
    before: Sequence[Compilation],
    seconds: float,
    kept: bool,
) -> Compilation:
    """The record of a form, made where the sizes of the arguments are known; `before` are those of the earlier ones."""
    own = {n: t if _is_plain(t) else _written(t) for n, t in types.items()}
    outside = {_name(op): t if _is_plain(t) else _written(t) for op, t in free}
    meanings = {_label(d): id(d.expected) for d in dependencies}
    found = Compilation(own, tuple(facts), outside, meanings, "", seconds, kept)
    return replace(found, reason=_reason(found, before))


def _is_plain(t: Abstract) -> bool:
    """Whether a type holds no object of the user's, so that it may be kept and put into words later."""
    if isinstance(t, Tuple):
        return t.kind is None and all(map(_is_plain, t.items))
    if isinstance(t, List):
        return all(map(_is_plain, t.items))
    return isinstance(t, (Array, Scalar)) or (isinstance(t, Const) and isinstance(t.value, (bool, int, float, complex, str)))


def _written(known: Abstract | Fact | str) -> str:
    """A type, or what is relied on of sizes; a size of data from outside without the function that reads that."""
    if isinstance(known, str):
        return known
    return re.sub(r"'[^']*:([^':]+)'", r"\1", str(known))


def _name(op: Free | Field) -> str:
    return op.name if isinstance(op, Free) else f"{op.path}.{op.name}"


def _label(d: Dependency) -> str:
    owner = getattr(d.owner, "__qualname__", getattr(d.owner, "__name__", type(d.owner).__name__))
    return f"the code of {owner}" if d.name == "__code__" else f"{d.name} in {owner}"


def _reason(now: Compilation, before: Sequence[Compilation]) -> str:
    """Why none of the forms `before` is this one, by the form that is closest to it."""
    if not before:
        return "none was there"
    closest = min(reversed(before), key=lambda c: sum(1 for _ in _differences(c.types, now.types)))
    failed = [
        *_differences(closest.types, now.types),
        *(f"{_written(fact)} does not hold" for fact in closest.facts if fact.holds() is False),
        *_differences(closest.data, now.data),
        *(f"{n} means something else" for n, of in now.meanings.items() if closest.meanings.get(n, of) != of),
    ]
    return "; ".join(failed) or "the one that was there was let go of, as when a rule is registered"


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, found in now.items():
        if before.get(name, found) != found:
            yield f"{name} is {found}, and was {before[name]}"


def noted(label: str, made: Compilation, count: int) -> None:
    """Say what was compiled, to who listens: the logger `sct.compile`."""
    _log.info("%s, form %d: %s", label, count, made)
    if _log.isEnabledFor(logging.DEBUG):
        relied = ", ".join([*made.sizes, *(f"{n}: {t}" for n, t in made.data.items()), *made.names])
        _log.debug("%s, form %d, relies on %s", label, count, relied)
