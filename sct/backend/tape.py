"""What a derivative records: which values its reverse sweep takes from the forward sweep, why, and how large they are.

Takes a finished derivative, its text and arguments; gives a `Tape`. The forward sweep is run once to see the sizes.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sct.backend.python.emit import Text, variable_names
from sct.checkpointing import Checkpoints
from sct.ir.ops import POP, PUSH, TAPE, Free, InPlace
from sct.ir.ssa import Apply, Block, Closure, Function, Operand, Statement, Value, is_derived, values_of
from sct.ir.types import Array, Scalar, Tuple
from sct.registry.facts import facts_of
from sct.runtime import updated

__all__ = ["Recorded", "Tape", "TapeEntry", "recorded", "tape_of"]


@dataclass(frozen=True)
class Recorded:
    """One variable that a derivative records.

    Attributes
    ----------
    name : str
        The variable in the derivative's text: a list that is appended to in a loop, or a variable of the forward sweep.
    statement : str
        The primal statement that makes the value, or overwrites it.
    needed_by : tuple of str
        The primal statements whose reverse reads it.
    restores : bool
        Whether it is a part that a write overwrites, and that the reverse sweep puts back.
    """

    name: str
    statement: str
    needed_by: tuple[str, ...]
    restores: bool


@dataclass(frozen=True)
class TapeEntry(Recorded):
    """One variable that a derivative records for some arguments.

    Attributes
    ----------
    count : int
        How many values are recorded.
    nbytes : int
        How many bytes of array data they have.
    """

    count: int
    nbytes: int


@dataclass(frozen=True)
class Tape:
    """What a derivative records for some arguments; printed as a table."""

    entries: tuple[TapeEntry, ...]

    @property
    def nbytes(self) -> int:
        """The bytes of all entries."""
        return sum(e.nbytes for e in self.entries)

    def __str__(self) -> str:
        if not self.entries:
            return "nothing is recorded"
        lines = []
        for e in self.entries:
            what = "overwritten by" if e.restores else "from"
            times = f"{e.count} values, " if e.count != 1 else ""
            lines.append(f"{e.name}: {times}{e.nbytes} bytes, {what}  {e.statement}")
            lines += [f"    needed by the reverse of  {text}" for text in e.needed_by]
        return "\n".join([*lines, f"in all {self.nbytes} bytes"])


@dataclass
class _Found:
    statement: str = ""
    needed_by: dict[str, None] | None = None
    restores: bool = False

    def need(self, text: str) -> None:
        self.needed_by = {**(self.needed_by or {}), **({text: None} if text else {})}


def tape_of(f: Function, text: Text, namespace: Mapping[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tape:
    """What the derivative `f`, of the given text, records when it is called with `args` and `kwargs`."""
    names = variable_names(f)
    found = {names[v]: what for v, what in _recorded(f.block).items() if v in names}
    sizes = _measured(text, dict(namespace), args, kwargs, found)
    entries = []
    for name, what in found.items():
        count, nbytes = sizes.get(name, (0, 0))
        if count and what.needed_by:
            entries.append(TapeEntry(name, what.statement, tuple(what.needed_by), what.restores, count, nbytes))
    return Tape(tuple(entries))


def recorded(f: Function) -> tuple[Recorded, ...]:
    """What the derivative `f` records, whatever it is called with."""
    names = variable_names(f)
    found = {names[v]: what for v, what in _recorded(f.block).items() if v in names}
    return tuple(Recorded(n, w.statement, tuple(w.needed_by), w.restores) for n, w in found.items() if w.needed_by)


# -- what is recorded --------------------------------------------------------------------------------------------------------


def _recorded(block: Block) -> dict[Value, _Found]:
    """The tapes, and the variables of the forward sweep that the reverse sweep reads, with what they are for."""
    found: dict[Value, _Found] = {}
    params = set(block.params)
    forward: dict[Value, str] = {}
    for s in block.body:
        _tapes(s, found, {})
        if not _reverses(s):
            for r in s.results:
                forward[r] = _maker(s)
    for s in block.body:
        if _reverses(s):
            for v, text in _reads(s):
                if v in forward and v not in params and v not in found and _has_size(v):
                    found[v] = _Found(forward[v])
                if v in found and v in forward:
                    found[v].need(text)
    return found


def _maker(s: Statement) -> str:
    """The primal statement that a statement of the forward sweep is of; of data from outside of the function, its name."""
    if s.origin is not None and s.origin.text:
        return s.origin.text
    return s.op.name if isinstance(s, Apply) and isinstance(s.op, Free) else ""


def _reverses(s: Statement) -> bool:
    return isinstance(s, Closure) or is_derived(s)


def _has_size(v: Value) -> bool:
    return not isinstance(v.type, (Scalar, Tuple)) and not (isinstance(v.type, Array) and v.type.shape == ())


def _tapes(s: Statement, found: dict[Value, _Found], copies: dict[Value, Value]) -> None:
    """Pushes and pops in a statement; `copies` are the tapes that a pullback empties in place of others."""
    for b in s.blocks:
        copies.update((t.result, t.args[0]) for t in b.body if isinstance(t, Apply) and t.op is TAPE and t.args)  # type: ignore[misc]
        popped: dict[Operand, Value] = {}
        for t in b.body:
            if isinstance(t, Apply) and t.op is PUSH and isinstance(t.args[0], Value):
                what = found.setdefault(t.args[0], _Found())
                made = t.origin or s.origin  # what a loop carries is made by the loop
                what.statement = what.statement or (made.text if made is not None else "")
            elif isinstance(t, Apply) and t.op is POP and isinstance(t.args[0], Value):
                tape = popped[t.result] = copies.get(t.args[0], t.args[0])
                what = found.setdefault(tape, _Found())
                what.needed_by = what.needed_by or {}
            for v, text in _reads(t, shapes=True):
                if v in popped:
                    found[popped[v]].need(text)
                    if isinstance(t, Apply) and (t.op.op if isinstance(t.op, InPlace) else t.op) is updated and t.args[2] is v:
                        found[popped[v]].restores = True
            _tapes(t, found, copies)


def _reads(s: Statement, shapes: bool = False) -> Iterator[tuple[Value, str]]:
    """The values that a statement, or one in it, reads, and the primal statement that it reverses.

    With `shapes` also those of which it reads the shape only.
    """
    text = s.origin.text if s.origin is not None else ""
    skipped = facts_of(s.op).form_of if isinstance(s, Apply) and not shapes else None
    yield from ((v, text) for v in values_of(*(o for k, o in enumerate(s.operands) if k != skipped)))
    for b in s.blocks:
        for t in b.body:
            yield from _reads(t, shapes)
        yield from ((v, text) for v in values_of(*b.yields))


# -- how large it is ---------------------------------------------------------------------------------------------------------


class _Reverse(Exception):
    """The forward sweep is over."""


def _measured(
    text: Text, namespace: dict[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any], found: Mapping[str, _Found]
) -> dict[str, tuple[int, int]]:
    """The number and bytes of what each variable holds when the reverse sweep begins."""
    tree = ast.parse(text.source)
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == text.name)
    lines = text.source.splitlines()
    begins = next(
        (k for k in range(function.lineno, len(lines)) if lines[k].strip() == "# reverse" or "def pull(" in lines[k]),
        len(lines),
    )
    body = [s for s in function.body if s.lineno <= begins]
    look = f"_look({{{', '.join(f'{name!r}: locals().get({name!r})' for name in found)}}})"
    function.body = [*body, *ast.parse(look).body]
    seen: dict[str, tuple[int, int]] = {}

    def note(values: dict[str, Any]) -> None:
        seen.update({name: _size(value) for name, value in values.items() if value is not None})
        raise _Reverse

    namespace["_look"] = note
    exec(compile(ast.fix_missing_locations(tree), "<sct tape>", "exec"), namespace)
    with contextlib.suppress(_Reverse):
        namespace[text.name](*args, **kwargs)
    return seen


def _size(value: Any) -> tuple[int, int]:
    """How many values, and bytes of arrays and numbers, there are in what a variable holds."""
    if isinstance(value, list):
        return len(value), sum(_size(v)[1] for v in value)
    if isinstance(value, Checkpoints):
        states = [*value.kept.values(), *([value.last] if value.last is not None else [])]
        return len(states), sum(_size(list(state))[1] for state in states if isinstance(state, tuple))
    if isinstance(value, (tuple, dict)):
        return 1, sum(_size(v)[1] for v in (value.values() if isinstance(value, dict) else value))
    return 1, int(np.asarray(value).nbytes) if isinstance(value, (np.ndarray, np.generic, int, float, complex)) else 0
