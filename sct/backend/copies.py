"""Functions that call themselves, in a module: one copy for each kind of arguments.

Takes the function of a text; gives it with calls that stay calls told apart by the types of their operands, so that each of
them has a name of its own. Sizes and numbers are left open in these types. Never looks into what is called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sct.ir.ops import Again, Call, Derived, Steps, StepsBack
from sct.ir.records import record
from sct.ir.rewriting import changed, map_blocks
from sct.ir.ssa import Apply, Block, Function, Statement, type_of
from sct.ir.types import Abstract, Array, Const, Dict, List, Scalar, Tuple, keys_of, size_symbol
from sct.signatures import read_signature

__all__ = ["Copy", "copy_in", "told_apart", "words"]

_MOST = 8  # kinds of arguments of one function, beyond which ranks are left open


@record(frozen=True)
class Copy:
    """What `function` is for arguments of these types; stands for it in an operation that runs it."""

    function: Any
    types: tuple[Abstract, ...]

    @property
    def __name__(self) -> str:
        return str(self.function.__name__)


def told_apart(f: Function, known: Callable[[Again | Derived], int]) -> Function:
    """`f` with a `Copy` in each operation that runs a function again, or a derivative of it.

    `known` says for how many kinds of arguments there is such an operation already.
    """
    return changed(f, block=_block(f.block, known))


def copy_in(op: Again | Derived) -> tuple[Again | Derived, Copy]:
    """An operation as it was, and the copy in it."""
    inner = op.function
    if isinstance(inner, Copy):
        return replace(op, function=inner.function), inner
    plain, copy = copy_in(inner)  # type: ignore[arg-type]
    return replace(op, function=plain), copy  # type: ignore[arg-type]


def words(copy: Copy) -> Iterator[str]:
    """The flags of a copy, as parts of a name."""
    for name, t in zip(read_signature(copy.function).parameters, copy.types, strict=False):
        if isinstance(t, Const):
            if isinstance(t.value, str):
                yield re.sub(r"\W+", "_", t.value).strip("_")
            elif isinstance(t.value, bool) or t.value is None:
                yield f"{'no_' if t.value is None else '' if t.value else 'not_'}{name}"


def _block(block: Block, known: Callable[[Again | Derived], int]) -> Block:
    return block.with_([_statement(s, known) for s in block.body])


def _statement(s: Statement, known: Callable[[Again | Derived], int]) -> Statement:
    if not isinstance(s, Apply):
        return map_blocks(lambda b: _block(b, known), s)
    op = s.op
    if isinstance(op, Steps):
        return replace(s, op=Steps(told_apart(op.step, known)))
    if isinstance(op, StepsBack):
        return replace(s, op=replace(op, step=told_apart(op.step, known), derivative=told_apart(op.derivative, known)))
    if isinstance(op, Derived):
        return replace(s, op=_copied(op, s, known))
    if isinstance(op, Call) and isinstance(op.function, Again):
        return replace(s, op=replace(op, function=_copied(op.function, s, known)))
    return s


def _copied(op: Any, s: Apply, known: Callable[[Again | Derived], int]) -> Any:
    given = s.args
    if isinstance(op, Derived):  # what comes last is of the types of the result, or of arguments
        added = {"vjp": 1, "pullback": 0}.get(op.transform, len(op.wrt))
        given = s.args[: len(s.args) - added]
    operands = [*given, *(o for _, o in s.kwargs)]
    types: Sequence[Abstract] = [_in_general(type_of(o), f"a{k}") for k, o in enumerate(operands)]
    if known(op) >= _MOST:
        types = [replace(t, shape=None) if isinstance(t, Array) else t for t in types]
    return _with_copy(op, tuple(types))


def _with_copy(op: Any, types: tuple[Abstract, ...]) -> Any:
    if isinstance(op, (Again, Derived)):
        return replace(op, function=_with_copy(op.function, types))
    return Copy(op, types)


def _in_general(t: Abstract, path: str) -> Abstract:
    """A type of a function that calls itself: sizes and numbers may be any."""
    if isinstance(t, Array):
        shape = None if t.shape is None else tuple(size_symbol(f"{path}.{k}") for k in range(len(t.shape)))
        return replace(t, shape=shape)
    if isinstance(t, Const) and type(t.value) in (int, float, complex):
        return Scalar(type(t.value), size_symbol(path) if type(t.value) is int else None)
    if isinstance(t, Scalar):
        return replace(t, size=size_symbol(path) if t.kind is int else None)
    if isinstance(t, (Tuple, List, Dict)):
        return replace(t, items=tuple(_in_general(i, f"{path}[{k!r}]") for k, i in zip(keys_of(t), t.items, strict=True)))
    return t
