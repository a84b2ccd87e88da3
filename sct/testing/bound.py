"""A call of a primitive as its derivative rule sees it.

Takes a rule with the arguments of a call; gives the operands, the result for others, and the adjoints as the rule stands,
without the compiler.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sct.infer.facts import followed_as
from sct.infer.signature import abstract
from sct.ir.records import record
from sct.ir.ssa import Value
from sct.registry.rules import AdjointRule, adjoint_rule
from sct.signatures import read_signature
from sct.testing.mismatch import GradientMismatch
from sct.testing.trees import mapped, write_protected

__all__ = ["BoundCall", "rule_of_call"]


def rule_of_call(primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> AdjointRule | None:
    """The adjoint rule of a primitive that has one; None for a call that is followed as what it is made of."""
    given = [Value(abstract(a)) for a in args], {k: Value(abstract(v)) for k, v in kwargs.items()}
    return adjoint_rule(primitive) if followed_as(primitive, *given) is None else None


@record(frozen=True)
class BoundCall:
    """A call of a primitive as its rule sees it: every parameter by name, and where each operand stands."""

    rule: AdjointRule
    arguments: dict[str, Any]

    @classmethod
    def of(cls, rule: AdjointRule, args: Sequence[Any], kwargs: Mapping[str, Any]) -> BoundCall:
        bound = rule.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return cls(rule, dict(bound.arguments))

    def operands(self) -> list[Any]:
        """The operands in order; those of a `*` parameter one by one."""
        out: list[Any] = []
        for name in self.rule.operands:
            value = self.arguments[name]
            out.extend(value) if self.starred(name) else out.append(value)
        return out

    def starred(self, name: str) -> bool:
        return self.rule.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL

    def primal(self, primitive: Callable[..., Any], operands: Sequence[Any]) -> Any:
        """The primitive called with other operands."""
        rest = list(operands)
        arguments = dict(self.arguments)
        for name in self.rule.operands:
            if self.starred(name):
                count = len(arguments[name])
                arguments[name], rest = tuple(rest[:count]), rest[count:]
            else:
                arguments[name] = rest.pop(0)
        return _apply(primitive, self.rule.signature, arguments)

    def adjoints(self, y: Any, y_bar: Any) -> tuple[Any, ...]:
        """What the rule returns, one adjoint for each operand."""
        given = {k: self.taken(k, v) for k, v in self.arguments.items()}
        arguments = mapped(write_protected, given) | {self.rule.result: y, self.rule.result_bar: y_bar}
        out = _apply(self.rule.function, read_signature(self.rule.function), arguments)
        count = len(self.operands())
        if count == 1 and not (isinstance(out, tuple) and len(out) == 1):
            out = (out,)
        if not isinstance(out, (tuple, list)) or len(out) != count:
            raise GradientMismatch(f"the rule {self.rule.function.__name__} must return {count} adjoints, it returned {out!r}")
        return tuple(out)

    def taken(self, name: str, value: Any) -> Any:
        """An argument as the compiler gives it to the rule."""
        if name not in self.rule.operands or not isinstance(value, (list, tuple)):
            return value
        match self.rule.takes(name):
            case "array":
                return np.array(value)
            case "arrays":
                return type(value)(np.array(v) if isinstance(v, (list, tuple)) else v for v in value)
        return value

    def by_place(self, args: Sequence[Any], kwargs: Mapping[str, Any], adjoints: Sequence[Any]) -> dict[int | str, Any]:
        """The adjoints by position or keyword of the call; None for what is no operand.

        The adjoint of an element-wise function without derivative is a zero, not None.
        """
        places = self.rule.signature.bind(*range(len(args)), **{k: k for k in kwargs}).arguments
        out: dict[int | str, Any] = dict.fromkeys([*range(len(args)), *kwargs])
        rest = list(adjoints)
        for k, name in enumerate(self.rule.operands):
            for place in places.get(name, ()) if self.starred(name) else (places.get(name),):
                adjoint = rest.pop(0)
                if place is not None:
                    out[place] = 0.0 if adjoint is None and self.rule.partials and self.rule.has_formula(k) else adjoint
        return out


def _apply(f: Callable[..., Any], signature: inspect.Signature, arguments: Mapping[str, Any]) -> Any:
    """Call `f`; parameters that have their default are left out, so that `f` may lack them."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    skipped = False
    for name, p in signature.parameters.items():
        value = arguments[name]
        if p.kind is inspect.Parameter.VAR_POSITIONAL:
            positional.extend(value)
        elif p.kind is inspect.Parameter.VAR_KEYWORD:
            keywords.update(value)
        elif p.default is not p.empty and value is p.default:
            skipped = True
        elif p.kind is inspect.Parameter.KEYWORD_ONLY or (skipped and p.kind is not p.POSITIONAL_ONLY):
            keywords[name] = value
        else:
            positional.append(value)
    return f(*positional, **keywords)
