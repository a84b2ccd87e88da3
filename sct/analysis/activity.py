"""Activity: which values are varied (depend on what is differentiated by) and useful (the result depends on them).

Takes a typed function and the varied parameters; gives the set of active values. A value that is not of a real or complex
type is never active, nor is one that comes out of a function registered as non-differentiable.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from sct.analysis.switches import is_on
from sct.ir.ops import POP, PUSH, TAPE, Attribute, Method, hashable
from sct.ir.ssa import (
    Apply,
    Block,
    For,
    If,
    Operand,
    Statement,
    Value,
    While,
    carried_params,
    defined,
    values_of,
)
from sct.ir.types import Abstract, Array, Const, Dict, Instance, List, ListOf, Scalar, Slice, Stateful, Tuple, Undefined
from sct.ruleset import adjoint_rule, attribute_rule, is_nondifferentiable, method_rule, nondifferentiable, result_type
from sct.runtime import stop_gradient

__all__ = ["active_values", "differentiable", "primitive_of", "stop_gradient", "useful_values", "varied_values"]

_PREDICATES = frozenset(
    (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne, operator.not_, operator.is_, operator.is_not)
)


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
    if isinstance(t, ListOf):
        return differentiable(t.item)
    return not isinstance(t, (Const, Undefined, Slice, Instance, Stateful))


def primitive_of(op: Any) -> Any:
    """The function that an operation stands for: that of an array's method or attribute, or the operation itself."""
    if isinstance(op, Method):
        rule = method_rule(op.name)
        return rule.primitive if rule is not None else op
    if isinstance(op, Attribute):
        return attribute_rule(op.name) or op
    return op


def blocks_derivative(op: Any) -> bool:
    """Whether no derivative passes through an operation."""
    if hashable(op) and op in _PREDICATES:
        return True
    if isinstance(op, Attribute) and op.name in ("shape", "ndim", "size", "dtype", "itemsize", "nbytes"):
        return True
    primitive = primitive_of(op)
    return is_nondifferentiable(primitive) and adjoint_rule(primitive) is None


class _Varied:
    """Forward: what depends on the varied values."""

    def __init__(self, seeds: Iterable[Value]) -> None:
        self.values = set(seeds)

    def any(self, *operands: Operand) -> bool:
        return any(v in self.values for v in values_of(*operands))

    def block(self, block: Block) -> None:
        for s in block.body:
            self.statement(s)

    def statement(self, s: Statement) -> None:
        if isinstance(s, Apply):
            if blocks_derivative(s.op):
                return
            varied = self.any(*s.args, *(v for _, v in s.kwargs))
            if s.op is PUSH and self.any(s.args[1]):
                self.values.update(values_of(s.args[0]))
            elif varied and (differentiable(s.result.type) or s.op in (POP, TAPE)):
                self.values.add(s.result)
        elif isinstance(s, If):
            for b in s.blocks:
                self.block(b)
            self.joined(s.results, zip(s.then.yields, s.orelse.yields, strict=True))
        elif isinstance(s, (For, While)):
            self.loop(s)

    def joined(self, results: Iterable[Value], operands: Iterable[tuple[Operand, ...]]) -> None:
        for r, group in zip(results, operands, strict=False):
            if differentiable(r.type) and self.any(*group):
                self.values.add(r)

    def loop(self, s: For | While) -> None:
        n = len(s.inits)
        params = carried_params(s)
        self.joined(params, ((i,) for i in s.inits))
        while True:
            before = len(self.values)
            self.block(s.body)
            self.joined(params, ((y,) for y in s.body.yields[:n]))
            if len(self.values) == before:
                break
        self.joined(s.results, ((i, y) for i, y in zip(s.inits, s.body.yields, strict=False)))


class _Useful:
    """Backward: what the results depend on, through differentiable operations."""

    def __init__(self, results: Iterable[Value], varied: set[Value]) -> None:
        self.varied = varied
        self.values = {v for v in results if v in varied}

    def add(self, *operands: Operand) -> None:
        self.values.update(v for v in values_of(*operands) if v in self.varied)

    def block(self, block: Block) -> None:
        for s in reversed(block.body):
            self.statement(s)

    def statement(self, s: Statement) -> None:
        if isinstance(s, Apply):
            if blocks_derivative(s.op):
                return
            if s.result in self.values or (s.op is PUSH and any(v in self.values for v in values_of(s.args[0]))):
                self.add(*s.args, *(v for _, v in s.kwargs))
        elif isinstance(s, If):
            for k, r in enumerate(s.results):
                if r in self.values:
                    self.add(s.then.yields[k], s.orelse.yields[k])
            for b in s.blocks:
                self.block(b)
        elif isinstance(s, (For, While)):
            self.loop(s)
        else:
            for r in s.results:
                self.add(r)

    def loop(self, s: For | While) -> None:
        n = len(s.inits)
        params = carried_params(s)
        for r, y in zip(s.results[:n], s.body.yields, strict=False):
            if r in self.values:
                self.add(y)
        while True:
            before = len(self.values)
            self.block(s.body)
            for p, y in zip(params, s.body.yields, strict=False):
                if p in self.values:
                    self.add(y)
            if len(self.values) == before:
                break
        for p, i, r in zip(params, s.inits, s.results, strict=False):
            if p in self.values or r in self.values:
                self.add(i)
                self.values.add(p) if p in self.varied else None


def varied_values(block: Block, varied: Iterable[Value]) -> set[Value]:
    """The values of a function's block that depend, through differentiable operations, on the varied parameters."""
    forward = _Varied(varied)
    forward.block(block)
    return forward.values


def useful_values(block: Block, results: Iterable[Value]) -> set[Value]:
    """The values of a function's block on which the results depend through differentiable operations."""
    backward = _Useful(results, {v for v in defined(block) if differentiable(v.type)})
    backward.block(block)
    return backward.values


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
    forward = varied_values(block, varied)
    if not is_on("usefulness"):
        return forward
    backward = _Useful(results, forward)
    backward.block(block)
    return backward.values
