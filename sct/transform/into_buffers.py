"""Adjoints that are added to buffers of the caller's, as they are embedded by hand.

Takes a finished reverse-mode function that gives the adjoints of its `wrt` parameters and nothing else; gives one that is also
given a buffer for each, adds to it, and returns what numbers come to. An adjoint that is only ever added to is its buffer from
the start; any other is added at the end. Changes no other statement.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sct.ir.ops import InPlace, Method
from sct.ir.rewriting import changed, map_blocks, substitute
from sct.ir.ssa import Apply, Block, Function, If, Operand, Origin, Statement, Value, blocks_in, type_of, values_of
from sct.ir.types import Abstract, Array, Const, Dict, List, Tuple, keys_of
from sct.runtime import scatter_add, with_item

__all__ = ["into_buffers"]

_WHOLE = Tuple((Const(Ellipsis),))
_COPIES = (np.array, np.positive, Method("copy"))


def into_buffers(f: Function, wrt: Sequence[str]) -> tuple[Function, dict[str, Value]]:
    """The function with buffers as further parameters, and these by their names.

    Parameters
    ----------
    f : Function
        Gives a tuple of adjoints, of the parameters `wrt`.
    wrt : sequence of str
        The parameters that there are buffers for: arrays are added to, and numbers in lists and dicts; of other numbers the
        sum is returned.
    """
    gradient = f.block.yields[0]
    assert isinstance(gradient, Tuple)
    made = _Buffers(f)
    for name, adjoint in zip(wrt, gradient.items, strict=True):
        made.add(name, adjoint)
    return made.function(), made.params


class _Buffers:
    def __init__(self, f: Function) -> None:
        self.f = f
        self.block = f.block.with_(yields=[f.block.yields[0]])
        self.params: dict[str, Value] = {}
        self.taken = {*f.signature.parameters}
        self.entry: list[Statement] = []  # what takes the buffers out of containers
        self.end: list[Statement] = []
        self.numbers: list[Operand] = []

    def add(self, name: str, adjoint: Operand) -> None:
        """A buffer for the adjoint of a parameter."""
        own = f"{name}_bar"
        while own in self.taken:
            own += "_"
        self.taken.add(own)
        buffer = Value(_whole_type(adjoint), own)
        self.params[own] = buffer
        self.part(buffer, adjoint)

    def part(self, buffer: Value, adjoint: Operand) -> None:
        if isinstance(adjoint, (Tuple, List, Dict)):
            for key, item in zip(keys_of(adjoint), adjoint.items, strict=True):
                self.item(buffer, key, item)
        elif isinstance(t := type_of(adjoint), Array) and t.shape != () and t.shape is not None:
            self.array(buffer, adjoint)
        elif adjoint != Const(None):
            self.numbers.append(self.sum(buffer, adjoint))

    def item(self, buffer: Value, key: Any, adjoint: Operand) -> None:
        """A part of a container of buffers."""
        t = _whole_type(adjoint)
        if t == Const(None):
            return
        inner = Value(t, f"{key}_bar" if isinstance(key, str) and key.isidentifier() else "")
        self.entry.append(Apply(operator.getitem, (buffer, Const(key)), (), inner))
        number = not isinstance(t, (Tuple, List, Dict)) and (not isinstance(t, Array) or t.shape == ())
        if number and isinstance(buffer.type, (List, Dict)):
            total = self.sum(inner, adjoint)
            kept = Value(buffer.type, buffer.name)
            self.end.append(Apply(InPlace(with_item), (buffer, Const(key), total), (), kept, None, _last_origin(self.block)))
        else:
            self.part(inner, adjoint)

    def sum(self, buffer: Value, adjoint: Operand) -> Value:
        """A number and its buffer, together."""
        total = Value(buffer.type, buffer.name)
        self.end.append(Apply(operator.add, (buffer, adjoint), (), total, None, _last_origin(self.block)))
        return total

    def array(self, buffer: Value, adjoint: Operand) -> None:
        """An array is added to its buffer: by what makes it, if that only adds to it, or at the end."""
        found = _Chain(self.block).of(adjoint) if isinstance(adjoint, Value) else None
        if found is None:
            self.end.append(_added(buffer, adjoint, Value(buffer.type, buffer.name), self.block))
        else:
            self.block = self.from_buffer(self.block, found, buffer)

    def from_buffer(self, block: Block, roots: dict[Value, Apply], buffer: Value) -> Block:
        """The block with the adjoint that comes from `roots` in the buffer."""
        out: list[Statement] = []
        for s in block.body:
            if not isinstance(s, Apply) or roots.get(s.result) is not s:
                out.append(map_blocks(lambda b: self.from_buffer(b, roots, buffer), s))
            elif s.op is not np.zeros_like:
                value: Operand = Value(s.result.type)
                if s.op in _COPIES and len(s.args) == 1:
                    value = s.args[0]
                else:
                    out.append(replace(s, result=value))  # type: ignore[arg-type]
                out.append(_added(buffer, value, s.result, block, s))
        empty = {v: buffer for v, s in roots.items() if s.op is np.zeros_like}
        return substitute(block.with_(out), empty)

    def function(self) -> Function:
        f = self.f
        result: Operand = Const(None)
        if self.numbers:
            result = self.numbers[0] if len(self.numbers) == 1 else Tuple(tuple(self.numbers))
        parameters = [*f.signature.parameters.values()]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        at = next((k for k, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY), len(parameters))
        parameters[at:at] = [inspect.Parameter(n, kind) for n in self.params]
        params = [*self.block.params]
        params[at:at] = self.params.values()
        plain = [p if p.kind is p.KEYWORD_ONLY else p.replace(default=p.empty) for p in parameters]
        body = [*self.entry, *self.block.body, *self.end]
        block = replace(self.block, params=tuple(params), body=tuple(body), yields=(result,))
        return changed(f, signature=inspect.Signature(plain), block=block)


class _Chain:
    """What an adjoint comes from, where nothing but additions in place lies between."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.made: dict[Value, Statement] = {}
        self.inside: set[Value] = set()  # what is made in the body of a loop
        for b in blocks_in(block):
            for s in b.body:
                self.made.update(dict.fromkeys(s.results, s))
                for inner in s.blocks if not isinstance(s, (Apply, If)) else ():
                    self.inside.update(v for deep in blocks_in(inner) for t in deep.body for v in t.results)

    def of(self, adjoint: Value) -> dict[Value, Apply] | None:
        """The statements that make what is added to; None if the adjoint is read on the way."""
        roots: dict[Value, Apply] = {}
        chain: set[Value] = set()
        if not self.follow(adjoint, chain, roots, frozenset()) or not self.only_added_to(chain, adjoint):
            return None
        return roots

    def follow(self, v: Operand, chain: set[Value], roots: dict[Value, Apply], begun: frozenset[Value]) -> bool:
        """Go back to the roots; `begun` are the parameters of the loops gone into."""
        if v in begun or v in chain:
            return True
        s = self.made.get(v) if isinstance(v, Value) else None
        if s is None or not isinstance(v, Value):
            return False
        chain.add(v)
        if isinstance(s, Apply):
            if _adds(s):
                return self.follow(s.args[0], chain, roots, begun)
            if v in self.inside:
                return False
            roots[v] = s
            return True
        phi = next((p for p in s.phis if p.result is v), None)
        if phi is None:
            return False
        if not phi.params:
            return all(self.follow(o, chain, roots, begun) for o in phi.ends)
        chain.update(phi.params)
        inner = begun.union(phi.params)
        return all(self.follow(o, chain, roots, begun) for o in phi.begins) and all(
            self.follow(o, chain, {}, inner) for o in phi.ends
        )

    def only_added_to(self, chain: set[Value], adjoint: Value) -> bool:
        """Whether nothing reads what is in the chain but what adds to it, φ's in it, and the result, once."""
        if sum(v is adjoint for v in values_of(*self.block.yields)) != 1:
            return False
        for b in blocks_in(self.block):
            for s in b.body:
                if isinstance(s, Apply):
                    others = values_of(*(s.operands[1:] if _adds(s) and s.result in chain else s.operands))
                    if not chain.isdisjoint(others):
                        return False
                else:
                    for phi in s.phis:
                        if phi.result not in chain and not chain.isdisjoint(values_of(*phi.begins, *phi.ends)):
                            return False
        return True


def _adds(s: Apply) -> bool:
    """Whether a statement adds to an array in place."""
    return isinstance(s.op, InPlace) and s.op.op in (scatter_add, operator.add, operator.sub)


def _added(buffer: Value, value: Operand, result: Value, block: Block, near: Apply | None = None) -> Apply:
    """The statement that adds all of an array."""
    origin = near.origin if near is not None else _last_origin(block)
    return Apply(InPlace(scatter_add), (buffer, _WHOLE, value), (), result, None, origin)


def _last_origin(block: Block) -> Origin | None:
    """Of what a block ends with."""
    return next((s.origin for s in reversed(block.body) if isinstance(s, Apply) and s.origin is not None), None)


def _whole_type(o: Operand) -> Abstract:
    """The type of an adjoint, with those of its items."""
    if isinstance(o, (Tuple, List, Dict)):
        return replace(o, items=tuple(map(_whole_type, o.items)))
    return type_of(o)
