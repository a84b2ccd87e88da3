"""A call pushed forward by a rule: the tangent of its result, from those of its operands.

Takes a statement, and tangents of its operands; emits statements, and gives the result's tangent. A tangent rule that is
registered is carried out as it stands; what is linear is applied to tangents. Otherwise the adjoint rule is transposed:
x̄ = Jᵀ ȳ is linear in ȳ, so what ȳ gets where the rule is reversed for the adjoints ẋ of what it gives is J ẋ = ẏ. By one of
sct's own rules, of arrays and numbers, this is worked out once for their types. Refuses rules that are not linear.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from sct.analysis.activity import active_values, blocks_derivative, differentiable, primitive_of
from sct.analysis.effects import has_effect
from sct.errors import NoRuleError
from sct.infer.facts import for_call
from sct.ir.ops import AdjointOf, Derived, describe, package_of
from sct.ir.rewriting import map_blocks, renamed, substitute
from sct.ir.ssa import Apply, Block, Operand, Origin, Statement, Value, leaves, reads_of, type_of, values_of
from sct.ir.types import Abstract, Array, Const, Dict, List, Scalar, Tuple, Unknown, keys_of, same_shape, with_items
from sct.registry.facts import facts_of
from sct.registry.rules import AdjointRule, adjoint_rule, kind_of, pushing
from sct.registry.tangents import TangentRule, is_multilinear, joins_items, tangent_rule
from sct.signatures import read_signature
from sct.specialize.building import Builder
from sct.specialize.calls import inlined_rule
from sct.specialize.calls import rule as templated_rule
from sct.specialize.reading import noted
from sct.transform.adjoints import adjoint_type, items_of
from sct.transform.by_rule import adjoints_inlined, as_call, no_formula, no_rule, once_for_types
from sct.transform.in_values import in_values
from sct.transform.on_adjoints import refuse_changed
from sct.transform.rule_calls import check_tangent, dividing_as_numpy, known_shape
from sct.transform.sweep import Sweep

__all__ = ["tangent_by_rule", "tangent_of"]

_NONE = Const(None)


def tangent_of(o: Operand, dots: Mapping[Value, Operand]) -> Operand | None:
    """The tangent of an operand; of a container one of tangents, with None for what has none. None if nothing in it has one."""
    if isinstance(o, Value):
        return dots.get(o)
    if not isinstance(o, (Tuple, List, Dict)):
        return None
    items = [tangent_of(i, dots) for i in o.items]
    return None if all(i is None for i in items) else with_items(o, [_NONE if i is None else i for i in items])


def tangent_by_rule(b: Builder, s: Apply, dots: Mapping[Value, Operand]) -> Operand | None:
    """The tangent of a statement's result; None if it is zero.

    Parameters
    ----------
    b : Builder
        Where the statements go.
    s : Apply
        A statement, of an operation that has a rule.
    dots : mapping
        The tangents of those of its operands that have one.

    Raises
    ------
    NoRuleError
        If there is no rule, or if it does not cover the call or is not linear in the adjoint of the result.
    """
    if isinstance(s.op, AdjointOf):
        refuse_changed(b, s)
        return tangent_of(s.args[0], dots)
    primitive = primitive_of(s.op)
    own, rule = tangent_rule(primitive), adjoint_rule(primitive)
    if own is not None:
        noted((own,))
        return _registered(b, own, *_as_arrays(b, rule, s, dots))
    if rule is None:
        raise no_rule(s)
    noted((rule,))
    linear = _elementwise(b, rule, *_as_arrays(b, rule, s, dots)) if rule.partials else _linear(b, s, dots)
    if linear is not None:
        return None if linear == _NONE else linear
    active = list(dots)

    def transposed(inner: Builder, call: Apply, more: Sequence[Operand], wanted: set[Value]) -> list[Operand]:
        order = [v for v in values_of(*call.operands) if v in wanted]
        found = _transposed(inner, rule, call, dict(zip(dict.fromkeys(order), more, strict=True)))
        return [_NONE if found is None else found]

    order = [v for v in values_of(*s.operands) if v in dots]
    given = [dots[v] for v in dict.fromkeys(order)]
    if len(order) == len(given):  # no operand stands there twice
        found = once_for_types(b, rule, s, given, active, transposed)
        if found is not None:
            return None if found[0] == _NONE else found[0]
    return _transposed(b, rule, s, dots)


def _as_arrays(
    b: Builder, rule: AdjointRule | None, s: Apply, dots: Mapping[Value, Operand]
) -> tuple[Apply, Mapping[Value, Operand]]:
    """A statement and the tangents of its operands, with the arrays that NumPy makes of lists and tuples in the places where
    the rule takes arrays."""
    if rule is None or not any(isinstance(type_of(o), (Tuple, List)) for o in s.operands):
        return s, dots
    try:
        bound = rule.arguments(*as_call(s))
    except TypeError:
        return s, dots  # which says so
    made: dict[Operand, Value] = {}
    tangents = dict(dots)
    for name in bound.keys() & rule.operands:
        o = bound[name]
        if name == rule.varargs or o in made or rule.takes(name) != "array" or not isinstance(type_of(o), (Tuple, List)):
            continue
        whole = b.expose_all(o)
        array = b.apply(np.array, (o,))
        dot = tangent_of(o, dots)
        if dot is not None and isinstance(array, Value):
            made[o] = array
            tangents[array] = b.apply(np.array, (_filled(b, whole, b.expose_all(dot)),))
    if not made:
        return s, dots
    args = tuple([made.get(o, o) for o in s.args])
    return replace(s, args=args, kwargs=tuple([(k, made.get(o, o)) for k, o in s.kwargs])), tangents


def _linear(b: Builder, s: Apply, dots: Mapping[Value, Operand]) -> Operand | None:
    """The tangent by an operation that is linear; None if it is not known to be."""
    if joins_items(primitive_of(s.op)) and isinstance(type_of(s.args[0]), (Tuple, List)):
        dot = tangent_of(s.args[0], dots)
        if dot is None or sum(v in dots for v in values_of(*s.operands)) > sum(v in dots for v in values_of(s.args[0])):
            return None
        return b.apply(s.op, (_filled(b, s.args[0], dot), *s.args[1:]), dict(s.kwargs))
    how = for_call(facts_of(s.op).linear, s.op, s.args, s.kwargs)
    given = [dots.get(o) if isinstance(o, Value) else None for o in s.args]
    varying = [k for k, dot in enumerate(given) if dot is not None]
    if sum(v in dots for v in values_of(*s.operands)) > len(varying):
        return None

    def applied(args: Sequence[Operand | None]) -> Operand:
        return b.apply(s.op, [own if dot is None else dot for own, dot in zip(s.args, args, strict=True)], dict(s.kwargs))

    if (how == "first" and varying == [0]) or (how == "together" and len(varying) == len(s.args)):
        return applied(given)
    if (how == "each" and kind_of(s.op) == "product") or is_multilinear(primitive_of(s.op)):
        terms = [applied([dot if n == k else None for n, dot in enumerate(given)]) for k in varying]
        return functools.reduce(lambda x, y: b.apply(operator.add, (x, y)), terms)
    return None


def _elementwise(b: Builder, rule: AdjointRule, s: Apply, dots: Mapping[Value, Operand]) -> Operand | None:
    """The tangent by the partial derivatives of an element-wise function; None if the call has more than its operands."""
    if s.kwargs or len(s.args) != len(rule.partials):
        return None
    terms: list[Operand] = []
    pushed: set[Operand] = set()
    for k, o in enumerate(s.args):
        dot = dots.get(o) if isinstance(o, Value) else None
        if dot is not None and not rule.has_formula(k):
            raise no_formula(s, k)
        push = None if dot is None else pushing(rule, k)
        if dot is not None and push is not None:
            terms.append(_term(b, rule, push, s, dot))
            pushed.add(o)
    if not terms:
        return _NONE
    made = functools.reduce(lambda x, y: b.apply(operator.add, (x, y)), terms)
    several = {o for o in s.args if not isinstance(type_of(o), (Const, Scalar)) and getattr(type_of(o), "shape", None) != ()}
    alone = len(several) == 1 and several <= pushed  # of whose shape the result is
    if alone or same_shape(known_shape(s.result), known_shape(made)):
        return made
    return b.apply(np.broadcast_to, (made, b.apply(np.shape, (s.result,))))


def _term(b: Builder, rule: AdjointRule, push: FunctionType, s: Apply, dot: Operand) -> Operand:
    """What one operand of an element-wise function adds to the tangent."""

    def partial(inner: Builder, call: Apply, more: Sequence[Operand], wanted: set[Value]) -> list[Operand]:
        steps: list[Statement] = []
        with inner.into(steps):
            found = in_values(inner, inlined_rule, push, (call.result, *call.args, *more), {})
        inner.body += dividing_as_numpy(rule, call, steps)
        return [found]

    found = once_for_types(b, rule, s, [dot], (), partial, push)
    return (partial(b, s, [dot], set()) if found is None else found)[0]


# -- rules that are registered ----------------------------------------------------------------------------------------------


def _registered(b: Builder, rule: TangentRule, s: Apply, dots: Mapping[Value, Operand]) -> Operand | None:
    """The tangent by a rule for it."""
    try:
        arguments = rule.arguments(*as_call(s))
    except TypeError as e:
        raise NoRuleError(
            f"the tangent rule of {describe(s.op)} does not cover this call: {e}", s.place, "Use other arguments."
        ) from e
    for name, o in arguments.items():
        if name not in rule.operands and tangent_of(o, dots) is not None:
            raise NoRuleError(
                f"the tangent rule of {describe(s.op)} does not cover this call: it has no derivative by {name!r}",
                s.place,
                "Use other arguments.",
            )
    named = dict(arguments)
    for name in rule.operands:
        found = tangent_of(arguments[name], dots) if name in arguments else None
        named[f"{name}_dot"] = found if found is not None else _NONE if rule.is_own else _zero(b, arguments.get(name, _NONE))
    made = in_values(b, templated_rule, rule.function, (s.result,), named)
    check_tangent(b, rule, made, s)
    t = s.result.type
    if isinstance(t, Tuple) and t.kind is not None:
        made = with_items(t, items_of(b, made, len(t.items)))
    return None if made == _NONE else made


def _zero(b: Builder, o: Operand) -> Operand:
    """The tangent of an operand that does not vary."""
    if isinstance(o, (Tuple, List, Dict)):
        return with_items(o, [_zero(b, i) for i in o.items])
    t = type_of(o)
    number = not isinstance(t, (Array, Unknown)) or (isinstance(t, Array) and t.shape == ())
    return Const(0.0) if number else b.apply(np.zeros_like, (o,))


# -- transposition -----------------------------------------------------------------------------------------------------------


class _Transposition(Sweep):
    """The reverse sweep of a rule, from the tangents of the operands to that of the result."""

    def __init__(self, block: Block, active: set[Value], s: Apply) -> None:
        super().__init__(block, set())
        self.active = active
        self.b.place = s.place

    def swept(self, body: Sequence[Statement], given: Sequence[tuple[Operand, Operand]]) -> None:
        for bar, dot in given:
            self.accumulate(bar, dot)
        for s in reversed(body):
            self.statement(s)
        for v in values_of(*(dot for _, dot in given)):
            self.called.pop(v, None)  # which are not made here


def _transposed(b: Builder, rule: AdjointRule, s: Apply, dots: Mapping[Value, Operand]) -> Operand | None:
    """The tangent by the transpose of an adjoint rule."""
    bars: list[Value] = []
    bar = _adjoint_like(s.result.type, bars)
    parts = _parts(b, s.result)
    steps: list[Statement] = []
    with b.into(steps):
        pairs = adjoints_inlined(b, rule, s, bar, dots.keys())
    if not rule.is_own and not _is_linear(steps, bars, [o for _, o in pairs]):
        raise _not_linear(rule, s)
    block = Block((*values_of(*s.operands), s.result, *bars), tuple(steps), (Tuple(tuple([o for _, o in pairs])),))
    sweep = _Transposition(block, active_values(block, bars, values_of(*block.yields)), s)
    given = [(o, _like(b, o, target, dot)) for target, o in pairs if (dot := tangent_of(target, dots)) is not None]
    sweep.swept(steps, given)
    found = [sweep.bars.get(v, _NONE) for v in bars]
    if all(o == _NONE for o in found):
        return None
    made = sweep.under_their_names(Block((), (*steps, *sweep.b.body), tuple(found)))
    made = _without_adjoints(b, made, dict(zip(bars, parts, strict=True)), rule, s)
    b.body += made.body
    return _with_leaves(bar, iter(made.yields))


def _not_linear(rule: AdjointRule, s: Apply) -> NoRuleError:
    return NoRuleError(
        f"the adjoint rule of {describe(s.op)} is not linear in the adjoint of the result, and so has no transpose",
        s.place,
        f"Register a rule for the tangent with `@sct.tangent({describe(rule.primitive)})`.",
    )


def _is_linear(steps: Sequence[Statement], bars: Sequence[Value], given: Sequence[Operand]) -> bool:
    """Whether what a rule gives is 0 where the adjoint of the result is, and depends on it by its derivative alone.

    That the derivative is the same everywhere is seen of the transpose.
    """
    linear, zeros = set(bars), set[Value]()

    def is_zero(o: Operand) -> bool:
        if isinstance(o, (Tuple, List, Dict)):
            return all(map(is_zero, o.items))
        return o in zeros if isinstance(o, Value) else isinstance(o, Const) and (o.value is None or o.value == 0)

    for t in steps:
        if not isinstance(t, Apply):
            if not linear.isdisjoint(reads_of(t)):
                return False
            continue
        read = set(t.values) - _asked_of(t)
        if linear.isdisjoint(read):
            if facts_of(t.op).zeros:
                zeros.add(t.result)
            continue
        if blocks_derivative(t.op) or not all(is_zero(o) or _all_in(linear, o) for o in _summands(t)):
            return False
        linear.add(t.result)
    return all(is_zero(o) or _all_in(linear, o) for o in given)


def _all_in(values: set[Value], o: Operand) -> bool:
    """Whether an operand is made of some values alone."""
    return bool(values_of(o)) and values.issuperset(values_of(o)) and not any(isinstance(i, Const) for i in leaves(o))


def _summands(t: Apply) -> list[Operand]:
    """The operands that an operation adds up, or puts beside one another; none of any other operation."""
    known, rule = facts_of(t.op), adjoint_rule(primitive_of(t.op))
    if rule is None or not (known.joins or known.linear == "together"):
        return []
    arguments = rule.arguments(t.args, dict(t.kwargs))
    index = None if known.index is None or known.index >= len(t.args) else t.args[known.index]
    data = [arguments[n] for n in rule.operands if n in arguments and arguments[n] is not index]
    return [o for d in data for o in leaves(d) if not isinstance(o, Value) or differentiable(o.type)]


def _adjoint_like(t: Abstract, made: list[Value]) -> Operand:
    """An adjoint of something of this type, of values that are added to `made`; None for what has none."""
    if isinstance(t, (Tuple, List, Dict)):
        return with_items(t, [_adjoint_like(i, made) for i in t.items])
    if not differentiable(t):
        return _NONE
    made.append(Value(adjoint_type(t)))
    return made[-1]


def _with_leaves(bar: Operand, found: Any) -> Operand:
    """What stands for an adjoint with other values in it."""
    if isinstance(bar, (Tuple, List, Dict)):
        return with_items(bar, [_with_leaves(i, found) for i in bar.items])
    return next(found) if isinstance(bar, Value) else bar


def _like(b: Builder, bar: Operand, o: Operand, dot: Operand) -> Operand:
    """The tangent of an operand as a rule takes that, whose adjoint is of the structure of `bar`: an array for a list."""
    if not isinstance(dot, (Tuple, List, Dict)):
        return dot
    if isinstance(type_of(bar), (Tuple, List, Dict)):
        items = zip(_items(b, bar, len(dot.items)), _items(b, o, len(dot.items)), dot.items, strict=True)
        return with_items(dot, [_NONE if d == _NONE else _like(b, i, own, d) for i, own, d in items])
    return b.apply(np.array, (_filled(b, o, dot),))


def _items(b: Builder, o: Operand, n: int) -> Sequence[Operand]:
    found = b.expose_all(o)
    return found.items if isinstance(found, (Tuple, List, Dict)) else [found] * n


def _filled(b: Builder, o: Operand, dot: Operand) -> Operand:
    """A tangent with zeros where there is none."""
    if isinstance(dot, (Tuple, List, Dict)):
        return with_items(dot, [_filled(b, i, d) for i, d in zip(_items(b, o, len(dot.items)), dot.items, strict=True)])
    return _zero(b, o) if dot == _NONE else dot


def _parts(b: Builder, v: Value) -> list[Value]:
    """The numbers and arrays in a result, of those types that have an adjoint."""
    if not isinstance(v.type, (Tuple, List, Dict)):
        return [v]
    found: list[Value] = []
    for key, t in zip(keys_of(v.type), v.type.items, strict=True):
        if isinstance(t, (Tuple, List, Dict)) or differentiable(t):
            part = b.project(v, key, t)
            assert isinstance(part, Value)
            found += _parts(b, part)
    return found


def _without_adjoints(b: Builder, block: Block, like: Mapping[Value, Value], rule: AdjointRule, s: Apply) -> Block:
    """The transpose of a rule, which no longer reads the adjoint of the result: where its shape is asked for there is another
    value of that shape. Where more is read of it a rule is not linear, but for those of sct's own, which are: what is read
    there changes nothing."""
    values, forms = set(values_of(*block.yields)), set[Value]()
    kept: list[Statement] = []
    for t in reversed(block.body):
        by_value = not values.isdisjoint(t.results) or _is_kept(t)
        if not by_value and forms.isdisjoint(t.results):
            continue
        kept.append(t)
        asked = _asked_of(t)
        if by_value:
            values |= reads_of(t) - asked
            forms |= asked
        else:
            forms |= reads_of(t)
    if not values.isdisjoint(like) and not rule.is_own:
        raise _not_linear(rule, s)
    of_type = {v.type: v for v in (*values_of(*s.operands), *like.values()) if known_shape(v) is not None}
    there = {r: of_type[r.type] for t in kept for r in t.results if r in forms and r not in values and r.type in of_type}
    made = substitute(Block((), tuple(reversed(kept)), block.yields), {**there, **like})
    body = [_beside(t, b.origin) for t in _needed(made)]
    names = {
        r: r.called(_of_tangent(r.name), "~".join(map(_of_tangent, r.hint.split("~"))))
        for t in body
        for r in t.results
        if "_bar" in r.name + r.hint
    }
    return renamed(Block((), tuple(body), made.yields), names)


def _asked_of(t: Statement) -> set[Value]:
    """The operands of a statement whose values do not matter: those of which it asks for the form, and those that a helper of
    a rule, which is linear in them, is differentiated by."""
    if not isinstance(t, Apply):
        return set()
    k = facts_of(t.op).form_of
    asked = [] if k is None or k >= len(t.args) else [t.args[k]]
    if isinstance(t.op, Derived) and isinstance(t.op.function, FunctionType) and package_of(t.op.function) == "sct":
        asked += [o for n, o in zip(read_signature(t.op.function).parameters, t.args, strict=False) if n in t.op.wrt]
    return set(values_of(*asked)) - set(values_of(*(o for o in t.operands if not any(o is a for a in asked))))


def _is_kept(t: Statement) -> bool:
    """Whether a statement does more than give results, such as a check."""
    return has_effect(t) if isinstance(t, Apply) else not t.results


def _needed(block: Block) -> list[Statement]:
    """The statements of a block that what it yields is made by."""
    needed = set(values_of(*block.yields))
    kept: list[Statement] = []
    for t in reversed(block.body):
        if not needed.isdisjoint(t.results) or _is_kept(t):
            kept.append(t)
            needed |= reads_of(t)
    return kept[::-1]


def _beside(t: Statement, origin: Origin | None) -> Statement:
    """A statement as one that stands beside the primal's."""
    if isinstance(t, Apply):
        return Apply(t.op, t.args, t.kwargs, t.result, t.place, origin)
    made = map_blocks(lambda b: b.with_([_beside(i, origin) for i in b.body]), t)
    return replace(made, origin=origin)


def _of_tangent(name: str) -> str:
    """What an adjoint is called where it is a tangent."""
    return f"{name.removesuffix('_bar')}_dot" if name.endswith("_bar") else name
