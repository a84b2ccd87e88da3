"""The registry of type rules: of what type the result of a call is.

Takes type rules (functions from abstract values to an abstract value); gives them to the compiler. Never runs a rule.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from sct.ir.types import Abstract
from sct.registry.effects import none_unless_said
from sct.registry.lookup import find, of_class

__all__ = ["result_type", "type_rule"]

F = TypeVar("F", bound=Callable[..., Any])

_rules: dict[Any, Callable[..., Abstract | Any]] = {}


def result_type(*primitives: Callable[..., Any]) -> Callable[[F], F]:
    """Register the decorated function as the type rule of `primitives`.

    It takes the primitive's own parameters, each an abstract value (`sct.ir.types`), or the plain Python value where the
    argument is known at compile time; it returns an abstract value, or a plain Python value where the result is known.
    """

    def register(rule: F) -> F:
        for p in primitives:
            _rules[p] = rule
            none_unless_said(p)
        return rule

    return register


def type_rule(primitive: Any) -> Callable[..., Any] | None:
    """The type rule of `primitive`, or None."""
    rule: Callable[..., Any] | None = find(_rules, primitive)
    if rule is None and (own := of_class(primitive)) is not primitive and find(_rules, own) is not None:
        return functools.partial(_rules[own], primitive.__self__)
    return rule
