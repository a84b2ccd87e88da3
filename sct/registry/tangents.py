"""The registry of tangent rules, for where the transpose of the adjoint rule is not what one would write.

Takes rules (functions of result, operands and tangents of the operands, in the language that sct differentiates); gives them to
the compiler. Never runs a rule.

A rule's parameters are the result, then those of the primitive, in its own order, each operand that has a derivative with its
tangent (the operand's name with `_dot` behind it) anywhere after it. A rule returns the tangent of the result.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sct.ir.records import record
from sct.registry.claims import may_register
from sct.registry.effects import none_unless_said
from sct.registry.lookup import find
from sct.registry.rules import changed
from sct.signatures import read_signature

__all__ = [
    "TangentRule",
    "is_multilinear",
    "joining",
    "joins_items",
    "multilinear",
    "tangent",
    "tangent_rule",
    "tangent_rules",
]

F = TypeVar("F", bound=Callable[..., Any])


@record(frozen=True)
class TangentRule:
    """A tangent rule as registered: the rule `function`, its name for the result, and those of the operands with tangents."""

    primitive: Callable[..., Any]
    function: Callable[..., Any]
    result: str
    operands: tuple[str, ...]

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The primitive's signature as the rule states it."""
        own = read_signature(self.function).parameters.values()
        dots = {f"{name}_dot" for name in self.operands}
        return inspect.Signature([p for p in own if p.name != self.result and p.name not in dots])

    @property
    def is_own(self) -> bool:
        """Whether it is one of sct's own rules, which take None for the tangent of what does not vary."""
        return self.function.__module__.startswith("sct.rules")

    def arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by the names of the parameters; raises TypeError as a call would."""
        return dict(self.signature.bind(*args, **kwargs).arguments)


_tangents: dict[Any, TangentRule] = {}


def tangent(primitive: Callable[..., Any]) -> Callable[[F], F]:
    """Register the decorated function as the tangent (forward-mode) rule of `primitive`.

    Parameters
    ----------
    primitive : callable
        The function that the rule differentiates.

    Returns
    -------
    callable
        A decorator that gives the rule back unchanged.

    Raises
    ------
    TypeError
        If the rule has no parameter for a tangent.

    Notes
    -----
    The rule takes the result, then the parameters of `primitive`, and behind the operands that have a derivative their tangents
    (`x_dot` for `x`). It returns the tangent of the result, of the result's shape, which is linear in these. The tangent of an
    operand that does not vary is zero. Without a tangent rule the adjoint rule is transposed.

    Examples
    --------
    >>> import sct
    >>> def cube(x):
    ...     return x**3
    >>> @sct.tangent(cube)
    ... def cube_tangent(y, x, x_dot):
    ...     return 3 * x**2 * x_dot
    """

    def register(rule: F) -> F:
        names = list(read_signature(rule).parameters)
        operands = tuple(n for n in names[1:] if f"{n}_dot" in names)
        if not operands:
            raise TypeError(
                f"the tangent rule {rule.__name__} has no parameter for a tangent, such as {(*names, 'y', 'x')[1]}_dot"
            )
        if may_register(_tangents, primitive):
            _tangents[primitive] = TangentRule(primitive, rule, names[0], operands)
            none_unless_said(primitive)
            changed()
        return rule

    return register


_multilinear: set[Any] = set()


def multilinear(*primitives: Callable[..., Any]) -> None:
    """Register functions that are linear in each of their operands: the tangent is a sum of calls, in each of which one operand
    is its tangent."""
    _multilinear.update(primitives)


def is_multilinear(primitive: Any) -> bool:
    """Whether a function is registered as linear in each of its operands."""
    try:
        return primitive in _multilinear
    except TypeError:  # not hashable
        return False


_joining: set[Any] = set()


def joining(*primitives: Callable[..., Any]) -> None:
    """Register functions that put the arrays of a sequence, their first argument, beside one another: so they put tangents."""
    _joining.update(primitives)


def joins_items(primitive: Any) -> bool:
    """Whether a function is registered as one that puts the arrays of a sequence beside one another."""
    try:
        return primitive in _joining
    except TypeError:  # not hashable
        return False


def tangent_rule(primitive: Any) -> TangentRule | None:
    """The tangent rule that is registered for `primitive`, or None."""
    rule: TangentRule | None = find(_tangents, primitive)
    return rule


def tangent_rules() -> tuple[TangentRule, ...]:
    """All tangent rules that are registered, in order."""
    return tuple(_tangents.values())
