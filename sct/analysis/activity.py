"""Activity: which values are varied (depend on what is differentiated by) and useful (the result depends on them).

Takes a typed function and the varied parameters; gives the set of active values. A value that is not of a real or complex
type is never active, nor is one that comes out of a function registered as non-differentiable.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any

from sct.analysis.binding import ahead, behind
from sct.analysis.effects import statements
from sct.analysis.points_to import has_memory, points_to, written_by
from sct.analysis.switches import is_on
from sct.ir.manager import managed
from sct.ir.ops import ALLOCATE, LEAVE, LOAD, POP, PUSH, TAPE, Attribute, Field, Format, Free
from sct.ir.ssa import (
    Apply,
    Block,
    Operand,
    Value,
    blocks_in,
    values_of,
)
from sct.ir.types import Abstract, Array, Const, Dict, DictOf, Instance, List, ListOf, Scalar, Slice, Stateful, Tuple, Undefined
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of
from sct.registry.rules import adjoint_rule, is_nondifferentiable, nondifferentiable
from sct.registry.type_rules import result_type
from sct.runtime import stop_gradient

__all__ = [
    "active_values",
    "differentiable",
    "primitive_of",
    "read_from_text",
    "stop_gradient",
    "useful_values",
    "varied_values",
]

nondifferentiable(stop_gradient)
result_type(stop_gradient)(lambda x: x)


def differentiable(t: Abstract) -> bool:
    """Whether a value of this type can carry a derivative: real or complex numbers, or what may hold some."""
    if isinstance(t, Scalar):
        return t.kind in (float, complex)
    if isinstance(t, Array):
        return t.dtype is None or t.dtype.kind in "fcOV"
    if isinstance(t, (Tuple, List, Dict)):
        return any(differentiable(i) for i in t.items)
    if isinstance(t, (ListOf, DictOf)):
        return differentiable(t.item)
    return not isinstance(t, (Const, Undefined, Slice, Instance, Stateful))


def blocks_derivative(op: Any) -> bool:
    """Whether no derivative passes through an operation."""
    if isinstance(op, (Field, Format, Free)) or (isinstance(op, Attribute) and facts_of(op).form_of == 0):
        return True
    primitive = primitive_of(op)
    return is_nondifferentiable(primitive) and adjoint_rule(primitive) is None


@managed
def _sources(block: Block) -> Mapping[Value, tuple[Operand, ...]]:
    """What each value is made of by differentiable operations and φ's, and a tape by what is pushed on it."""
    out: dict[Value, tuple[Operand, ...]] = {}
    work = [block]
    writes = False
    while work:
        for s in work.pop().body:
            work += s.blocks
            if isinstance(s, Apply) and written_by(s):
                writes = True
            if not isinstance(s, Apply):
                out.update(flow for flow in s.flows if differentiable(flow[0].type))
            elif s.op is PUSH:
                out.update((tape, (*out.get(tape, ()), s.args[1])) for tape in values_of(s.args[0]))
            elif not blocks_derivative(s.op) and not _fills_text(s) and (differentiable(s.result.type) or s.op in (POP, TAPE)):
                out[s.result] = (*out.get(s.result, ()), *s.operands)
    if writes:
        _through_memory(block, out)
    return out


def _through_memory(block: Block, sources: dict[Value, tuple[Operand, ...]]) -> None:
    """What stands for arrays of one class, which is written into, holds what is written into any of them."""
    classes = points_to(block)

    def add(v: Value, *operands: Operand) -> None:
        sources[v] = (*sources.get(v, ()), *operands)

    def member(v: Value) -> None:
        if classes.is_written(v) and (c := classes.of(v)) is not v:
            add(v, c)
            add(c, v)

    for b in blocks_in(block):
        for s in b.body:
            made = [*s.results, *(p for phi in s.phis for p in phi.params)]
            if isinstance(s, Apply):
                for v in filter(has_memory, values_of(*written_by(s)) if s.op is not LEAVE else ()):
                    add(classes.of(v), *s.operands)
                if s.op is ALLOCATE and classes.is_written(s.result):
                    add(classes.of(s.result), *s.args)
                made = [] if s.op is LOAD else made
            for v in made:
                member(v)
    for v in block.params:
        member(v)


def varied_values(block: Block, varied: Iterable[Value]) -> set[Value]:
    """The values of a function's block that depend, through differentiable operations, on the varied parameters."""
    return ahead(varied, _sources(block))


def useful_values(block: Block, results: Iterable[Value]) -> set[Value]:
    """The values of a function's block on which the results depend through differentiable operations."""
    return {v for v in behind(results, _sources(block)) if differentiable(v.type)}


def read_from_text(block: Block, varied: Iterable[Value], results: Iterable[Value]) -> Apply | None:
    """The first statement that reads a number, on which the results depend, from a text that is made of varied values."""
    texts = [s for s in statements(block) if _makes_text(s)]
    if not texts:
        return None
    sources = _sources(block)
    both = dict(sources)
    for s in statements(block):
        if _makes_text(s):
            both[s.result] = s.operands
        elif s.op is operator.getitem and s.result in both:  # by what key an entry is found is not what is in it
            both[s.result] = s.args[:1]
    varied = list(varied)
    found = (ahead(varied, both) - ahead(varied, sources)) & behind(results, sources)
    return next((s for s in statements(block) if s.result in found and _is_number(s.result.type)), None)


def _makes_text(s: Apply) -> bool:
    return facts_of(s.op).text or isinstance(s.op, Format) or _fills_text(s) or _is_text(s.result)


def _fills_text(s: Apply) -> bool:
    """Whether this is `"..." % x`."""
    first = s.args[0] if s.op is operator.mod else None
    return isinstance(first, Const) and isinstance(first.value, str)


def _is_text(v: Value) -> bool:
    return isinstance(v.type, Array) and v.type.dtype is not None and v.type.dtype.kind in "US"


def _is_number(t: Abstract) -> bool:
    return (isinstance(t, Array) and t.dtype is not None) or isinstance(t, Scalar)


def active_values(block: Block, varied: Iterable[Value], results: Iterable[Value]) -> set[Value]:
    """The values of a function's block that are both varied and useful.

    Parameters
    ----------
    block : Block
        The function's block.
    varied : iterable of Value
        The parameters that are differentiated by.
    results : iterable of Value
        The results that are differentiated.
    """
    sources = _sources(block)
    forward = ahead(varied, sources)
    found = forward & behind(results, sources) if is_on("usefulness") else forward
    return {v for v in found if not isinstance(v.type, (Array, Scalar)) or differentiable(v.type)}
