"""What the methods and attributes of arrays stand for.

Takes names, each with the function of NumPy that does the same; gives these to the compiler. Never looks at an array.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sct.ir.ops import Attribute, Method
from sct.ir.records import record
from sct.ir.types import Tuple

__all__ = ["MethodRule", "attribute", "attribute_rule", "method", "method_rule", "primitive_of"]


@record(frozen=True)
class MethodRule:
    """`x.name(...)` of an array is `primitive(x, ...)`; `pack` gathers several positional arguments into one tuple."""

    primitive: Callable[..., Any]
    pack: bool = False

    def arguments(self, args: Sequence[Any]) -> list[Any]:
        """The primitive's positional arguments, of operands or of types: the array, and those of the method."""
        return [args[0], Tuple(tuple(args[1:]))] if self.pack and len(args) > 2 else list(args)


_methods: dict[str, MethodRule] = {}
_attributes: dict[str, Callable[..., Any]] = {}


def method(name: str, primitive: Callable[..., Any], pack: bool = False) -> None:
    """Register the array method `name` as a call of `primitive` with the array as its first argument."""
    _methods[name] = MethodRule(primitive, pack)


def attribute(name: str, primitive: Callable[..., Any]) -> None:
    """Register the array attribute `name` as a call of `primitive` on the array."""
    _attributes[name] = primitive


def method_rule(name: str) -> MethodRule | None:
    """What the array method `name` stands for, or None."""
    return _methods.get(name)


def attribute_rule(name: str) -> Callable[..., Any] | None:
    """What the array attribute `name` stands for, or None."""
    return _attributes.get(name)


def primitive_of(op: Any) -> Any:
    """The function that an operation stands for: that of an array's method or attribute, or the operation itself."""
    kind = type(op)  # asked of almost every operation
    if kind is Method:
        rule = method_rule(op.name)
        return rule.primitive if rule is not None else op
    if kind is Attribute:
        return attribute_rule(op.name) or op
    return op
