"""Squares: which values are the square of a call whose square has an adjoint rule of its own.

Takes a typed block; gives a table. The square of |x| or of a norm has derivatives of all orders where the function itself has
none, so the two rules in a row, with the convention for 0 in one of them, would be wrong from the second order on. How the
value is computed stays as it was written.
"""

from __future__ import annotations

from sct.infer.call import plain
from sct.infer.facts import for_call
from sct.ir.ops import hashable
from sct.ir.ssa import Apply, Block, Value, type_of
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of
from sct.registry.rules import AdjointRule, square_rule

__all__ = ["squares"]


def squares(block: Block) -> dict[Value, tuple[Apply, AdjointRule]]:
    """The squares in a block and in the blocks in it: for each the call that it is the square of, and the rule for it."""
    roots: dict[Value, tuple[Apply, AdjointRule]] = {}
    found: dict[Value, tuple[Apply, AdjointRule]] = {}
    _survey(block, roots, found)
    return found


def _survey(block: Block, roots: dict[Value, tuple[Apply, AdjointRule]], found: dict[Value, tuple[Apply, AdjointRule]]) -> None:
    for s in block.body:
        if isinstance(s, Apply) and hashable(s.op):
            rule = _rule_for_square(s)
            if rule is not None:
                roots[s.result] = s, rule
            base = _base(s, roots)
            if base is not None:
                found[s.result] = roots[base]
        for b in s.blocks:
            _survey(b, roots, found)


def _rule_for_square(s: Apply) -> AdjointRule | None:
    """The rule for the square of what a call gives; None if there is none for these arguments."""
    rule = square_rule(primitive_of(s.op))
    if rule is None:
        return None
    try:
        covered = rule.covers(*(plain(type_of(a)) for a in s.args), **{k: plain(type_of(v)) for k, v in s.kwargs})
    except TypeError:  # a call that it does not know
        return None
    return rule.rule if covered else None


def _base(s: Apply, roots: dict[Value, tuple[Apply, AdjointRule]]) -> Value | None:
    """The value of which an operation is the square, if it is one of `roots`."""
    if s.kwargs or not s.args or not isinstance(s.args[0], Value) or s.args[0] not in roots:
        return None
    base = s.args[0]
    known = facts_of(s.op)
    if known.linear == "each" and len(s.args) == 2:  # a product
        other = s.args[1]
        return base if isinstance(other, Value) and other in roots and _alike(roots[base][0], roots[other][0]) else None
    return base if for_call(known.squares, s.op, s.args) else None


def _alike(a: Apply, b: Apply) -> bool:
    """Whether two calls, both of functions with rules, give the same."""
    return a is b or (a.op == b.op and a.args == b.args and a.kwargs == b.kwargs)
