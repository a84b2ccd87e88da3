"""Facts for a call: what is registered of an operation, answered for the arguments at hand.

Takes an answer from `sct.registry.facts.facts_of`, an operation and its operands; gives what the answer is for that call.
Never runs the operation, and has no table of operations of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import FunctionType
from typing import Any

from sct.infer.call import plain
from sct.ir.ops import Method
from sct.ir.ssa import Operand, type_of
from sct.registry.compositions import composition_of, followed_for
from sct.registry.methods import method_rule
from sct.registry.rules import adjoint_rule

__all__ = ["followed_as", "for_call"]


def for_call(
    fact: Any,
    op: Any,
    args: Sequence[Operand],
    kwargs: Mapping[str, Operand] | Iterable[tuple[str, Operand]] = (),
    otherwise: Any = None,
) -> Any:
    """A fact of `op` for a call; `otherwise` if it depends on the arguments, and does not know of such."""
    if not callable(fact):
        return fact
    rule = method_rule(op.name) if isinstance(op, Method) else None
    given = args if rule is None else rule.arguments(args)
    try:
        return fact(*(plain(type_of(a)) for a in given), **{k: plain(type_of(v)) for k, v in dict(kwargs).items()})
    except TypeError:  # a call that it does not know
        return otherwise


def followed_as(op: Any, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> FunctionType | None:
    """The composition that a call is followed as: of what has no rule; beside one of sct's own, where that is said of the
    call."""
    found, covered, rule = composition_of(op), followed_for(op), adjoint_rule(op)
    if found is None or (rule is not None and (covered is True or not rule.is_own)):
        return None
    return found if for_call(covered, op, args, kwargs, False) else None
