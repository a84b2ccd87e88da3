"""Refusals: programs that no derivative can be taken of, in either direction.

Takes a typed function's block, and what it is differentiated by; raises, with the place and what to do instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from sct.analysis.activity import read_from_text, varied_values
from sct.analysis.effects import callee, is_opaque, statements
from sct.errors import NoRuleError, UnsupportedSyntaxError
from sct.ir.ops import Method, Unused, describe
from sct.ir.ssa import Block, Value, type_of, values_of
from sct.ir.types import Abstract, Array, Scalar
from sct.ir.words import in_words, records
from sct.registry.refusals import reason_for
from sct.registry.rules import is_nondifferentiable
from sct.transform.by_rule import rule_advice

__all__ = ["refuse_given_away", "refuse_records", "refuse_texts"]


def refuse_given_away(block: Block, params: Sequence[Value]) -> None:
    """Refuse what is differentiated in a call of which nothing is known, and which may write into it."""
    calls = [
        s for s in statements(block) if is_opaque(s) and not isinstance(s.op, Unused) and not is_nondifferentiable(callee(s))
    ]
    varied = varied_values(block, params) if calls else set()
    for s in calls:
        own = s.args[isinstance(s.op, Method) :]
        if any(v in varied and not _is_number(v.type) for v in values_of(*own, *(o for _, o in s.kwargs))):
            name, method = describe(s.op), isinstance(s.op, Method)
            raise NoRuleError(
                f"{f'the method {name} of {in_words(type_of(s.args[0]))}' if method else name} has no derivative rule, "
                "and may write into the arrays that it is given",
                s.place,
                reason_for(callee(s)) or rule_advice(s.op),
            )


def refuse_texts(block: Block, params: Sequence[Value], results: Sequence[Value]) -> None:
    """Refuse a number that is read from a text that is made of what is differentiated by, through which no derivative goes."""
    s = read_from_text(block, params, results)
    if s is not None:
        raise UnsupportedSyntaxError(
            "a number that is read from a text of what is differentiated by",
            s.place,
            "Use that itself, rounded by np.round; or sct.stop_gradient of it, where it is to count as a constant.",
        )


def refuse_records(block: Block, active: set[Value]) -> None:
    """Refuse what is differentiated in arrays of records or objects, whose arithmetic is not that of numbers."""
    for s in statements(block):
        held = records(s.result.type)
        if held and s.result in active:
            raise UnsupportedSyntaxError(
                f"{describe(s.op)} that puts what is differentiated into an array of {held}",
                s.place,
                "Use arrays of numbers, one for each field.",
            )


def _is_number(t: Abstract) -> bool:
    """Whether something of this type cannot be written into."""
    return isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == () and not t.boxed)
