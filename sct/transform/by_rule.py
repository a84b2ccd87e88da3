"""A call reversed by a rule: what its operands get of the adjoint of its result.

Takes a statement, the rule for its operation, and the adjoint of its result; emits the rule's statements, and gives the
operands with their adjoints. Refuses what a rule does not cover. By one of sct's own rules, of arrays and numbers, this is
worked out once for their types. Never adds adjoints up.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from sct.analysis.activity import primitive_of
from sct.analysis.effects import callee, effect
from sct.errors import NonDifferentiableArgumentError, NoRuleError
from sct.ir.ops import Method, describe, is_lasting, package_of
from sct.ir.rewriting import renamed
from sct.ir.ssa import Apply, Block, Operand, Statement, Value, type_of, values_of
from sct.ir.types import Array, Const, Dict, Instance, List, Scalar, Slice, Tuple, Undefined, Unknown, with_items
from sct.ir.words import in_words
from sct.registry.facts import facts_of
from sct.registry.methods import method_rule
from sct.registry.refusals import reason_for
from sct.registry.rules import AdjointRule
from sct.specialize.building import Builder
from sct.specialize.calls import inlined_rule
from sct.specialize.calls import rule as templated_rule
from sct.specialize.reading import noted
from sct.specialize.templates import from_template, lasts
from sct.transform.adjoints import items_of
from sct.transform.boundary import is_complex
from sct.transform.in_values import in_values
from sct.transform.rule_calls import as_taken, check_adjoint, dividing_as_numpy

__all__ = ["adjoints_by_rule", "adjoints_inlined", "as_call", "no_formula", "no_rule", "once_for_types", "rule_advice"]

_NONE = Const(None)


def adjoints_by_rule(
    b: Builder, rule: AdjointRule, s: Apply, bar: Operand, active: Collection[Value]
) -> list[tuple[Operand, Operand]]:
    """The operands of a statement that get an adjoint, with that; `active` has the values that one is wanted of."""
    noted((rule,))

    def make(inner: Builder, call: Apply, more: Sequence[Operand], wanted: set[Value]) -> list[Operand]:
        return [o for pair in adjoints_inlined(inner, rule, call, more[0], wanted) for o in pair]

    found = once_for_types(b, rule, s, [bar], active, make)
    if found is not None:
        return list(zip(found[::2], found[1::2], strict=True))
    return _Reversed(b, rule, s, active, templated_rule).adjoints(bar)


def adjoints_inlined(
    b: Builder, rule: AdjointRule, s: Apply, bar: Operand, active: Collection[Value]
) -> list[tuple[Operand, Operand]]:
    """What `adjoints_by_rule` gives, by the rule's own statements."""
    return _Reversed(b, rule, s, active, inlined_rule).adjoints(bar)


def once_for_types(
    b: Builder,
    rule: AdjointRule,
    s: Apply,
    more: Sequence[Operand],
    active: Collection[Value],
    make: Callable[[Builder, Apply, Sequence[Operand], set[Value]], Sequence[Operand]],
    by: Any = None,
) -> Sequence[Operand] | None:
    """What `make` gives for a statement by one of sct's own rules, worked out once for the types of its operands.

    Parameters
    ----------
    b : Builder
        Where the statements go.
    rule : AdjointRule
        The rule.
    s : Apply
        The statement.
    more : sequence of Operand
        Further operands: the adjoint of its result, say.
    active : collection of Value
        The values among the operands that are differentiated by.
    make : callable
        Given a builder, a statement and further operands of the same types, and the active ones among them, puts statements
        there and gives operands.
    by : hashable
        What else that depends on.

    Returns
    -------
    sequence of Operand or None
        None where it has to be asked for these operands alone.
    """
    operands: list[Operand] = [s.result, *more, *s.operands]
    first = 1 + len(more)
    hidden: dict[Operand, Operand] = {}  # the one number there is, of a rule that is the same for all numbers
    constants = [n for n, o in enumerate(operands) if type(o) is Const] if rule.is_blind else []
    if len(constants) == 1 and type(operands[constants[0]].value) is float:  # type: ignore[union-attr]
        stand = Value(Scalar(float))
        hidden[stand], operands[constants[0]] = operands[constants[0]], stand
    values = values_of(*operands)
    if not (rule.is_own and all(isinstance(v.type, (Array, Scalar)) for v in values) and all(map(_lasts, operands))):
        return None
    wanted = [v in active for v in values]

    def made(inner: Builder, own: list[Operand]) -> Sequence[Operand]:
        result, args = own[0], own[first:]
        assert isinstance(result, Value)
        kwargs = zip((k for k, _ in s.kwargs), args[len(s.args) :], strict=True)
        call = Apply(s.op, tuple(args[: len(s.args)]), tuple(kwargs), result, s.place, s.origin)
        return make(inner, call, own[1:first], {v for v, w in zip(values_of(*own), wanted, strict=True) if w})

    of = make.__qualname__, by, rule.function, rule.primitive, s.op, len(s.args), tuple([k for k, _ in s.kwargs]), *wanted
    k = facts_of(s.op).index
    known = [_as_index(o) if k is not None and n == k + first else o for n, o in enumerate(operands)]
    return from_template(b, of, known, [hidden.get(v, v) for v in values], made)


def _lasts(o: Operand) -> bool:
    return isinstance(o, Value) or lasts(type_of(o))


def _as_index(o: Operand) -> Operand:
    """An index, whose integers pick one entry each, whatever they are."""
    if isinstance(o, Tuple):
        return with_items(o, map(_as_index, o.items))
    return Value(Scalar(int)) if isinstance(o, Value) and isinstance(o.type, Scalar) and o.type.kind is int else o


class _Reversed:
    """A call and its rule; `carry_out` emits the statements of the rule."""

    def __init__(
        self, b: Builder, rule: AdjointRule, s: Apply, active: Collection[Value], carry_out: Callable[..., Operand]
    ) -> None:
        self.b = b
        self.rule = rule
        self.s = s
        self.active = active
        self.carry_out = carry_out

    def adjoints(self, bar: Operand) -> list[tuple[Operand, Operand]]:
        """The operands, each with what it gets."""
        rule, s = self.rule, self.s
        try:
            arguments = rule.arguments(*as_call(s))
        except TypeError as e:
            raise self.not_covered(str(e)) from e
        self.check_operators(arguments)
        self.check_real(arguments)
        operands: list[Operand] = []
        named: dict[str, Operand] = {rule.result_bar: bar}
        targets: list[Operand] = []
        for name in rule.operands:
            if name == rule.varargs:
                given = arguments.get(name, ())
                targets.extend(given)
                operands.extend(as_taken(self.b, rule, name, Tuple(given)).items)  # type: ignore[union-attr]
            else:
                p = rule.signature.parameters[name]
                operand = arguments.get(name, Const(p.default))
                targets.append(operand)
                if p.kind is inspect.Parameter.KEYWORD_ONLY:
                    named[name] = as_taken(self.b, rule, name, operand)
                else:
                    operands.append(as_taken(self.b, rule, name, operand))
        named.update({k: v for k, v in arguments.items() if k not in rule.operands})
        for name, operand in named.items():
            if name == rule.result_bar or name in rule.operands:
                continue
            if self.is_active(*(operand if isinstance(operand, tuple) else (operand,))):
                raise self.not_covered(f"it has no derivative by {name!r}")
        wanted = tuple(map(self.is_active, targets))
        if rule.told:
            named["wanted"] = Tuple(tuple(map(self.flags, targets)))
        steps: list[Statement] = []
        with self.b.into(steps):
            asked = () if all(wanted) or not rule.is_own else wanted
            found = in_values(self.b, self.carry_out, rule.function, (s.result, *operands), named, asked)
        if isinstance(found, Undefined):
            raise self.not_covered(_raised(steps))
        alone = len(rule.operands) == 1 and len(targets) == 1 and not rule.varargs
        if not alone:
            steps, found = _of_items(steps, found, len(targets))
        self.b.body += dividing_as_numpy(rule, s, steps)
        items = (found,) if alone else items_of(self.b, found, len(targets))
        for k, (target, one) in enumerate(zip(targets, items, strict=True)):
            none = one == _NONE
            if self.is_active(target) and not rule.has_formula(k):
                raise no_formula(s, k)
            lost = (target,) if none and not rule.partials else _slices(target)
            if self.is_active(*lost):
                raise self.not_covered("an argument without a derivative depends on what is differentiated by")
            if not none and isinstance(target, Value) and target in self.active:
                check_adjoint(self.b, rule, one, target, s)
        return list(zip(targets, items, strict=True))

    def is_active(self, *operands: Operand) -> bool:
        """Whether an adjoint of a value in operands is wanted."""
        return any(v in self.active for v in values_of(*operands))

    def flags(self, operand: Operand) -> Operand:
        """Which adjoints of an operand are wanted."""
        if isinstance(operand, Tuple):
            return Tuple(tuple(map(self.flags, operand.items)))
        return Const(self.is_active(operand))

    # -- what is refused ---------------------------------------------------------------------------------------------

    def not_covered(self, why: str) -> NoRuleError:
        return NoRuleError(
            f"the derivative rule of {describe(self.s.op)} does not cover this call: {why}",
            self.s.place,
            f"Use other arguments. {rule_advice(primitive_of(self.s.op))}",
        )

    def check_operators(self, arguments: dict[str, Any]) -> None:
        """Refuse an operator or a function of NumPy's of an instance, whose class says what that is."""
        product = self.s.op is operator.matmul
        for a in arguments.values():
            for o in a if isinstance(a, tuple) else (a,):
                t = o.type if isinstance(o, Value) else o
                if not isinstance(t, Instance) or not is_lasting(self.rule.primitive):
                    continue  # the user knows what a rule of his is given
                if not (product and package_of(t.cls) == "scipy"):  # a matrix that has its .T
                    raise NoRuleError(
                        f"{describe(self.s.op)} of {in_words(t)}, whose class may have an operator of its own for it",
                        self.s.place,
                        "Call a method of the object, or use its arrays.",
                    )

    def check_real(self, arguments: dict[str, Any]) -> None:
        """Refuse complex numbers in what a rule takes for real ones."""
        if not self.rule.real_only:
            return
        for a in arguments.values():
            for v in values_of(*(a if isinstance(a, tuple) else (a,))):
                if v in self.active and is_complex(v.type):
                    of = describe(self.rule.primitive)
                    raise NonDifferentiableArgumentError(
                        f"the derivative rule of {of} is for real arguments, and this one is complex",
                        self.s.place,
                        "Differentiate by the real and imaginary parts.",
                    )


def _of_items(steps: list[Statement], found: Operand, n: int) -> tuple[list[Statement], Operand]:
    """What a rule gives, with its statements, as a tuple of `n` items where it is called as it stands, and no type is known."""
    if not isinstance(found, Value) or not isinstance(found.type, Unknown):
        return steps, found
    made = Value(Tuple((Unknown(),) * n), found.name, found.hint)
    return list(renamed(Block((), tuple(steps), ()), {found: made}).body), made


def _raised(steps: Sequence[Statement]) -> str:
    """What a rule says that does nothing but raise."""
    said = [
        s.args[0] for s in steps if isinstance(s, Apply) and isinstance(s.op, type) and issubclass(s.op, Exception) and s.args
    ]
    return str(said[0].value) if said and isinstance(said[0], Const) else "it raises"


def no_rule(s: Apply) -> NoRuleError:
    """What is said of a call that no derivative is known of."""
    if effect(s) == "draws":
        return NoRuleError(
            f"a random draw by {describe(s.op)}, whose distribution depends on what is differentiated by",
            s.place,
            reason_for(callee(s)) or "Draw from a fixed distribution, and transform: mu + sigma * rng.standard_normal(n).",
        )
    return NoRuleError(f"{describe(s.op)} has no derivative rule", s.place, rule_advice(s.op))


def no_formula(s: Apply, k: int) -> NoRuleError:
    """What is said of a call of an element-wise function whose derivative by operand number `k` is not known."""
    which = ("first", "second", "third", "fourth")[k]
    return NoRuleError(
        f"the derivative of {describe(s.op)} by its {which} argument, for which there is no formula",
        s.place,
        "Keep that argument constant, or call a function of your own in its place, and give that a rule with sct.adjoint.",
    )


def rule_advice(op: Any) -> str:
    """How to give an operation a rule, or what to call in its place; of one that has none on purpose, why."""
    if (reason := reason_for(op)) is not None:
        return reason
    if isinstance(op, Method) or isinstance(getattr(op, "__self__", None), np.ufunc):
        return "Call a function of your own in its place, and give that a rule with sct.adjoint."
    name = describe(op)
    if not all(part.isidentifier() for part in name.split(".")):
        return "Give it a name with def, and a rule with sct.adjoint."
    return f"Register a rule with `@sct.adjoint({name})`, or `sct.nondifferentiable({name})` if it has no derivative."


def as_call(s: Apply) -> tuple[list[Operand], dict[str, Operand]]:
    """The arguments of a statement as a call of the function that it stands for."""
    args, kwargs = list(s.args), dict(s.kwargs)
    if isinstance(s.op, Method):
        rule = method_rule(s.op.name)
        if rule is not None:
            args = rule.arguments(args)
    return args, kwargs


def _slices(operand: Operand) -> list[Operand]:
    """The slices in an operand, which have no adjoint."""
    if isinstance(operand, (Tuple, List, Dict)):
        return [part for i in operand.items for part in _slices(i)]
    return [operand] if isinstance(operand, Slice) else []
