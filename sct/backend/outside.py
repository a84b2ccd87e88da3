"""What a derivative finds outside of itself, as parameters; and what it is given beforehand, as data outside of it.

Takes a finished function; gives it with such data among its parameters, or without some of these. Never reads the data.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sct.errors import SctError
from sct.ir.ops import Field, Free, Steps, StepsBack
from sct.ir.rewriting import changed, map_blocks, substitute
from sct.ir.ssa import Apply, Block, Function, Statement, Value, blocks_in, read
from sct.ir.types import Abstract, Instance

__all__ = ["Given", "all_blocks", "as_data", "as_parameters", "free_in", "is_free"]


_OBJECTS = "@objects"  # no name of a field


class Given:
    """The values that a method or partial adds to the arguments of a call, by the names of the parameters."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        vars(self).update(values)
        vars(self)[_OBJECTS] = {}

    def of_object(self, value: Any) -> Given:
        """What stands for an object among the values, or in one: its fields, as far as they are asked for."""
        found: Given = vars(self)[_OBJECTS].setdefault(id(value), Given({}))
        return found


def as_data(f: Function, given: Given) -> tuple[Function, list[tuple[Free, Abstract]]]:
    """`f` without the parameters that are given beforehand: it finds them, or their fields, outside of itself.

    Raises
    ------
    SctError
        If an object that is given is used as a whole.
    """
    values = vars(given)
    used = read(f.block)
    objects: dict[Value, Any] = {}
    found: list[Statement] = []
    for p in f.block.params:
        if p.name in values and isinstance(p.type, Instance):
            objects[p] = values[p.name]
        elif p.name in values and p in used:
            found.append(Apply(Free(given, p.name, attribute=True), (), (), p))
    block = _with_fields(f.block, objects, given)
    whole = next((v for v in objects if v in read(block)), None)
    if whole is not None:
        raise SctError(
            f"{whole.name or 'an object'}, which is given beforehand, is used as a whole",
            None,
            f"Ask for data={{{whole.name or '…'!r}: 'parameters'}}.",
        )
    params = tuple(p for p in block.params if p.name not in values)
    signature = inspect.Signature([p for n, p in f.signature.parameters.items() if n not in values])
    made = changed(f, signature=signature, block=replace(block, params=params, body=(*found, *block.body)))
    new = set(free_in(made)) - set(free_in(f))
    reads = (s for b in all_blocks(made) for s in b.body if isinstance(s, Apply) and s.op in new)
    return made, [(s.op, s.result.type) for s in reads]


def _with_fields(block: Block, objects: dict[Value, Any], given: Given) -> Block:
    """The block with the fields of known objects as data; the objects in these are added to them."""
    body: list[Statement] = []
    for s in block.body:
        if isinstance(s, Apply) and isinstance(s.op, Field) and s.args[0] in objects:
            owner = objects[s.args[0]]  # type: ignore[index]
            found = getattr(owner, s.op.name)
            if isinstance(s.result.type, Instance):
                objects[s.result] = found
            else:
                fields = given.of_object(owner)
                setattr(fields, s.op.name, found)
                body.append(replace(s, op=Free(fields, s.op.name, attribute=True), args=()))
        else:
            body.append(map_blocks(lambda b: _with_fields(b, objects, given), s))
    return block.with_(body)


def as_parameters(f: Function, ops: Sequence[Free]) -> tuple[Function, dict[str, Value]]:
    """A function that is given data which it found outside; and its further parameters."""
    if not ops:
        return f, {}
    taken = {
        *f.signature.parameters,
        *(v.name for b in blocks_in(f.block) for s in b.body if not is_free(s) for v in s.results),
    }
    made: dict[Free, Value] = {}
    for op in ops:
        name = op.name.split(" ")[0]
        while name in taken:
            name += "_"
        taken.add(name)
        t = next(s.result.type for b in all_blocks(f) for s in b.body if isinstance(s, Apply) and s.op == op)
        made[op] = Value(t, name)
    reads = (s for b in blocks_in(f.block) for s in b.body if isinstance(s, Apply) and s.op in made)
    given = {s.result: made[s.op] for s in reads}
    block = substitute(_without(f.block, set(given)), given)
    parameters = [*f.signature.parameters.values()]
    further = [inspect.Parameter(v.name, inspect.Parameter.KEYWORD_ONLY) for v in made.values()]
    signature = inspect.Signature([*parameters, *further])
    block = replace(block, params=(*block.params, *made.values()))
    return changed(f, signature=signature, block=block), {v.name: v for v in made.values()}


def _without(block: Block, values: set[Value]) -> Block:
    """The block without the statements that make some values."""
    body = [map_blocks(lambda b: _without(b, values), s) for s in block.body]
    return block.with_(s for s in body if not (isinstance(s, Apply) and s.result in values))


def free_in(f: Function, steps: bool = True) -> list[Free]:
    """The data that a function reads, in order, with what the steps of its checkpointed loops read or without."""
    blocks = all_blocks(f) if steps else blocks_in(f.block)
    return list(dict.fromkeys(s.op for b in blocks for s in b.body if isinstance(s, Apply) and isinstance(s.op, Free)))


def is_free(s: Any) -> bool:
    """Whether a statement reads data from outside."""
    return isinstance(s, Apply) and isinstance(s.op, Free)


def all_blocks(f: Function) -> Iterator[Block]:
    """The blocks of a function, and of the steps of its checkpointed loops."""
    for b in blocks_in(f.block):
        yield b
        for s in b.body:
            if isinstance(s, Apply) and isinstance(s.op, Steps):
                yield from all_blocks(s.op.step)
            elif isinstance(s, Apply) and isinstance(s.op, StepsBack):
                yield from all_blocks(s.op.derivative)
