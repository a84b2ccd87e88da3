"""What calls do besides giving their results.

Takes functions, each with its effect, and classes whose methods are among them; gives these to the compiler. Of what is not
registered it is taken that it may act.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from sct.registry.lookup import find, of_class

__all__ = [
    "Effect",
    "effect",
    "effect_of",
    "has_effect",
    "is_known_class",
    "is_pure",
    "is_registered",
    "is_registered_itself",
    "known_class",
    "none_unless_said",
]

Effect = Literal["none", "looks", "reads", "writes", "draws", "reports", "acts"]
"""What a call does besides giving its result, each worse than the one before.

looks: its result depends on what an operand holds, which something else may change if that is of an unknown type.
reads: its result depends on state that something else may change. writes: it changes what an array of the function's holds.
draws: it moves a random generator on. reports: it says
something to the world that the program does not hear (print, a log, a file that is written). acts: it may do anything.
"""
_effects: dict[Any, Effect] = {}
_classes: set[type] = set()


def effect(kind: Effect, *primitives: Callable[..., Any]) -> None:
    """Register what calls of `primitives` do besides giving their results.

    What has a rule, or a type rule, has none unless one is registered. A method that the objects of a class have is registered
    as the class's function (`np.random.Generator.normal`).
    """
    for p in primitives:
        _effects[p] = kind


def none_unless_said(primitive: Any) -> None:
    """Register that calls of what has a rule have no effect, unless one is registered."""
    _effects.setdefault(primitive, "none")


def known_class(*classes: type) -> None:
    """Register classes whose objects are known by their class, since their methods are registered."""
    _classes.update(classes)


has_effect: Callable[[Any], bool] = _effects.__contains__
"""Whether the registry says anything of something that can be hashed, and is no method."""


def effect_of(primitive: Any) -> Effect:
    """What a call of `primitive` does besides giving its result; of what nothing is known it is taken that it may act."""
    try:
        return _effects[primitive]  # asked more often than anything else of the registry
    except (KeyError, TypeError):  # not registered, or not hashable
        found: Effect | None = find(_effects, of_class(primitive))
    if found is not None:
        return found
    exception = isinstance(primitive, type) and issubclass(primitive, BaseException)
    return "none" if exception or isinstance(primitive, np.ufunc) else "acts"


def is_known_class(cls: type) -> bool:
    """Whether objects of a class are known by it."""
    return any(c in _classes for c in cls.__mro__)


def is_pure(primitive: Any) -> bool:
    """Whether calls of `primitive` may be dropped or repeated."""
    return effect_of(primitive) in ("none", "looks")


def is_registered_itself(primitive: Any) -> bool:
    """Whether the registry says anything of `primitive`, and not of the function of a class that it is a method by."""
    return find(_effects, primitive) is not None


def is_registered(primitive: Any) -> bool:
    """Whether the registry says anything of `primitive`."""
    return bool(find(_effects, primitive) or find(_effects, of_class(primitive)))
