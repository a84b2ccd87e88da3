"""Steps: the bodies of checkpointed loops as functions of their own, before they are reversed.

Takes a typed block in which what is written into is values, or stays in memory (`sct.transform.promote`); gives it with a
`sct.ir.ops.Steps` for each loop of which few states are kept. What a step gets are values, since it is taken again later: what
lies in memory is loaded before the loop. What a step makes for itself may lie in memory. Refuses a loop that would change what
it is given. For forward mode, which goes through a loop once, `plain` makes loops like the others of checkpointed ones.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeGuard

from sct.analysis.activity import differentiable
from sct.analysis.binding import unbound_values
from sct.analysis.effects import is_opaque, statements
from sct.analysis.points_to import Classes, apart, has_memory, is_change, written_by
from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import ALLOCATE, LOAD, NEW, Steps, View
from sct.ir.rewriting import changed, map_blocks, map_operands, renamed
from sct.ir.ssa import (
    Apply,
    Block,
    For,
    Function,
    Operand,
    Statement,
    Value,
    blocks_in,
    captured,
    carried_params,
    map_leaves,
    read,
    values_of,
)
from sct.ir.types import UNDEFINED, UNKNOWN, Array, Const, DictOf, ListOf, Tuple

__all__ = ["plain", "stepped"]


def plain(block: Block) -> Block:
    """A block whose loops keep all their states."""
    return block.with_([map_blocks(plain, _plain(s)) for s in block.body])


def _plain(s: Statement) -> Statement:
    return replace(s, checkpointing=None) if _is_checkpointed(s) else s


def stepped(block: Block) -> Block:
    """A block whose checkpointed loops are functions and what goes through them; the block itself where there are none.

    Raises
    ------
    UnsupportedSyntaxError
        If such a loop carries what stays in memory, or changes it and has not made it itself.
    """
    if not any(_is_checkpointed(s) for b in blocks_in(block) for s in b.body):
        return block
    classes = apart(block)
    classes.whole = True
    return _stepped(block, classes, unbound_values(block))


def _is_checkpointed(s: Statement) -> TypeGuard[For]:
    return isinstance(s, For) and s.checkpointing is not None


def _stepped(block: Block, classes: Classes, unbound: set[Value]) -> Block:
    body: list[Statement] = []
    for s in block.body:
        if _is_checkpointed(s):
            loads, loop = _loaded(s, classes)
            body += [*loads, *_steps(changed(loop, body=stepped(loop.body)), unbound)]
        else:
            body.append(map_blocks(lambda b: _stepped(b, classes, unbound), s))
    return block.with_(body)


# -- memory --------------------------------------------------------------------------------------------------------------------


def _loaded(s: For, classes: Classes) -> tuple[list[Statement], For]:
    """What arrays and lists outside of a loop hold, as it is loaded before it, and the loop with that in their place."""
    inside = list(statements(s.body))
    carried = carried_params(s)
    content: dict[Value, Operand] = {}
    for v in sorted((v for v in (*captured(s.body), *carried) if classes.is_written(v)), key=lambda v: v.id):
        changes = [t for t in inside if any(has_memory(w) and classes.of(w) is classes.of(v) for w in _changed_by(t))]
        if changes or v in carried:
            raise _refusal(v, min(changes, key=lambda t: t.result.id, default=s))
        content[v] = Value(v.type, v.name, v.hint)
    if not content:
        return [], s
    loads: list[Statement] = [Apply(LOAD, (v,), (), c, s.place, s.origin) for v, c in content.items() if isinstance(c, Value)]
    return loads, changed(s, body=_Unchanged(classes, content).run(s.body))


def _changed_by(s: Apply) -> list[Value]:
    """What a statement may change, be it an array, a list or a dict, or makes as an object."""
    return values_of(*((s.result,) if s.op is NEW else s.operands if is_opaque(s) else written_by(s)))


def _refusal(v: Value, s: Statement) -> UnsupportedSyntaxError:
    """Why a loop cannot be checkpointed in which `s` changes what `v` stands for, or that carries it."""
    if isinstance(v.type, (ListOf, DictOf)) or (isinstance(s, Apply) and (s.op is NEW or is_change(s))):
        return UnsupportedSyntaxError(
            "a checkpointed loop that changes a list or dict", s.place, "Collect the values of the loop in an array."
        )
    name = next((w.name for w in (_changed_by(s) if isinstance(s, Apply) else ()) if w.name), v.name)
    return UnsupportedSyntaxError(
        f"a checkpointed loop that writes into {f'{name!r}, ' if name else ''}an array that may have other names",
        s.place,
        "Make a new array in each step, or leave sct.checkpointed out.",
    )


class _Unchanged:
    """A block that is given what arrays and lists hold, in place of these, and changes none: what it reads of them are values.

    `content`: what is read of them, with what that is.
    """

    def __init__(self, classes: Classes, content: dict[Value, Operand]) -> None:
        self.classes = classes
        self.read = set(map(classes.of, content))
        self.content = content

    def run(self, block: Block) -> Block:
        for s in statements(block):
            if s.op in (LOAD, ALLOCATE) and self.is_read(s.args[0] if s.op is LOAD else s.result):
                self.content[s.result] = s.args[0]
        return self.block(block)

    def is_read(self, o: Operand) -> bool:
        return any(has_memory(v) and self.classes.of(v) in self.read for v in values_of(o))

    def block(self, block: Block) -> Block:
        body: list[Statement] = []
        for s in block.body:
            if isinstance(s, Apply) and isinstance(s.op, View) and self.is_read(s.result):
                s = replace(s, op=s.op.op)
            if not isinstance(s, Apply) or s.result not in self.content:
                body.append(map_blocks(self.block, map_operands(self.held, s)))
        return block.with_(body, map(self.held, block.yields))

    def held(self, o: Operand) -> Operand:
        return map_leaves(lambda v: self.held(self.content[v]) if isinstance(v, Value) and v in self.content else v, o)


# -- steps ---------------------------------------------------------------------------------------------------------------------


def _steps(s: For, unbound: set[Value]) -> list[Statement]:
    """A loop as a function that is a step, of the state and of what it reads, and the statement that takes all steps.

    `unbound`: what has no value on some path.
    """
    how = s.checkpointing
    assert how is not None
    constants = tuple(sorted(captured(s.body), key=lambda v: v.id))
    taken = (*s.body.params, *constants)
    names = _distinct([p.word or "t" for p in taken])
    absent = _absent(s, constants, unbound)
    own = {p: _without_shape(p, n) if p in absent else p.called(n, p.hint) for p, n in zip(taken, names, strict=True)}
    block = renamed(s.body, own)
    signature = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names])
    params = tuple(own[p] for p in taken)
    step = Function(how.name, signature, Block(params, block.body, (Tuple(block.yields),)), None, None)
    domain = (s.start, s.stop, s.step)
    given = domain if s.step != Const(1) else domain[:2] if s.start != Const(0) else domain[1:2]
    indices = Apply(range, given, (), Value(UNKNOWN), s.place, s.origin)
    state = Tuple(tuple(Const(None) if phi.params[0] in absent else phi.begins[0] for phi in s.phis))
    args = (indices.result, state, Tuple(constants), how.slots, how.disk)
    drawn = () if how.generators == Tuple(()) else (("generators", how.generators),)
    whole = Value(Tuple((*(r.type for r in s.results), UNKNOWN)))
    results = (*s.results, Value(UNKNOWN, "checkpoints"))
    parts = [Apply(operator.getitem, (whole, Const(k)), (), r, s.place, s.origin) for k, r in enumerate(results)]
    return [indices, Apply(Steps(step), args, drawn, whole, s.place, s.origin), *parts]


def _absent(s: For, constants: Iterable[Value], unbound: set[Value]) -> set[Value]:
    """What a loop carries that may have no value before it: None stands for that.

    Raises
    ------
    UnsupportedSyntaxError
        If it reads such a value, and makes an adjoint of its shape; or if it reads what has none on some path before it.
    """
    begun = {phi.params[0]: phi.begins[0] for phi in s.phis}
    unset = {p for p, o in (*begun.items(), *zip(constants, constants, strict=True)) if isinstance(o, Value) and o in unbound}
    absent = {p for p, o in begun.items() if o is UNDEFINED}
    for p in sorted((unset | set(filter(_has_shape, absent))) & read(s.body), key=lambda v: v.id):
        raise UnsupportedSyntaxError(
            f"a checkpointed loop that hands on {p.name!r}, which may have no value before it",
            s.place,
            "Give it a value before the loop.",
        )
    return absent | unset


def _has_shape(v: Value) -> bool:
    """Whether the adjoint of a value is of a shape that is to be had from it."""
    return differentiable(v.type) and (isinstance(v.type, ListOf) or (isinstance(v.type, Array) and v.type.shape != ()))


def _without_shape(v: Value, name: str) -> Value:
    """A parameter that is None when the first step is taken."""
    t = replace(v.type, shape=None, boxed=True) if isinstance(v.type, Array) and v.type.shape != () else v.type
    return Value(t, name, v.hint, v.id)


def _distinct(names: list[str]) -> list[str]:
    """Names, numbered where they are not distinct."""
    taken: set[str] = set()
    out = []
    for name in names:
        base, k = name if name.isidentifier() else "t", 0
        name = base
        while name in taken:
            k += 1
            name = f"{base}_{k}"
        taken.add(name)
        out.append(name)
    return out
