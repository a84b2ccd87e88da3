"""Operators of objects: what a class says of `+`, `x[i]`, `len`, `in`, truth, and loops.

Takes an operation and its operands, among which are objects with fields; gives the call of the method that Python looks for.
What has to find an object when the function runs is refused.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import MutableSequence, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from sct.errors import UnsupportedSyntaxError
from sct.infer.call import plain
from sct.ir.ops import (
    BINARY,
    CALL,
    ENTER,
    EXIT,
    LIST,
    NEW,
    TRUTH,
    TUPLE,
    UNPACK,
    Attribute,
    Augmented,
    Field,
    Method,
    of_numpy,
    package_of,
)
from sct.ir.ssa import Operand, Value, type_of
from sct.ir.types import UNDEFINED, Array, Const, FieldName, Instance, ListOf, ObjectOf, Record, Scalar, same_dtype
from sct.ir.words import in_words
from sct.registry.compositions import composition_of
from sct.runtime.expectations import expect_fields
from sct.specialize import instances, records, standard
from sct.specialize.building import Builder
from sct.specialize.iteration import Generated
from sct.specialize.iterators import backwards, iterated

__all__ = ["as_library", "gone_through", "operation", "truth"]


def is_one(o: Operand) -> bool:
    """Whether an operand is an object with fields."""
    return type(o) is Record or (type(o) is Value and type(o.type) in (ObjectOf, Instance))


def operation(s: Builder, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """An operator that the class of an object has; `NotImplemented` for what is done to the object's fields."""
    if (
        isinstance(op, (FunctionType, instances.Bound, Attribute, Field, Method))
        or op in _TAKEN
        or hasattr(op, "__sct_typed__")
    ):
        return NotImplemented
    if records.is_made(op):
        return NotImplemented
    if op in _THROUGH:
        return _through(s, op, args, kwargs)
    if op is reversed:
        return _turned_round(s, args[0])
    if op is TRUTH:
        return s.truth(args[0])
    if op is next and (found := _method(s, args[0], "__next__" if len(args) == 1 else "next_or")) is not None:
        return s.apply(CALL, (found, *args[1:]))
    if op in (operator.not_, bool):
        known = s.truth(args[0])
        return NotImplemented if known is args[0] else s.apply(op, (known,))
    if op is operator.getitem and isinstance(key := plain(type_of(args[1])), FieldName):
        return s.attribute(Attribute(str(key)), args[0], "")
    if (op is operator.setitem or isinstance(op, Augmented)) and not any(map(is_one, args[:2])):
        return NotImplemented
    if isinstance(op, Augmented) and _method(s, args[0], "__getitem__") is not None:
        x, index, value = args
        new = s.apply(op.op, (s.apply(operator.getitem, (x, index)), value))
        return s.apply(operator.setitem, (s.present(x), index, new))
    if of_numpy(op) and any(map(_is_sequence, args)):
        return s.apply(op, [s.apply(list, (a,)) if _is_sequence(a) else a for a in args], kwargs)
    for k, name in _methods(op, args):
        found = _method(s, args[k], name)
        if found is not None:
            others = [_as_object_gets(s, a, type_of(args[k])) for a in (*args[:k], *args[k + 1 :])] if k else args[1:]
            made = s.apply(CALL, (found, *others), kwargs)
            if made != Const(NotImplemented):
                return s.apply(operator.not_, (made,)) if op is operator.ne and name == "__eq__" else made
    made_here = [a for a in (*args, *kwargs.values()) if is_one(a) and not isinstance(type_of(a), Instance)]
    if not made_here or any(a is UNDEFINED for a in args):  # as what a recursive function gives is at first
        return NotImplemented
    of_language = of_numpy(op) or package_of(op) in ("_operator", "builtins")
    if not of_language and any(isinstance(a, Record) and hasattr(a.cls, "__sct_whole__") for a in made_here):
        return s.apply(op, [as_library(s, a) for a in args], {k: as_library(s, a) for k, a in kwargs.items()})
    raise records.refuse_whole(s, made_here[0])


def as_library(s: Builder, o: Operand) -> Operand:
    """What an operation gets that is not followed: for what stands for an object of a library's, that object."""
    made = getattr(o.cls, "__sct_whole__", None) if isinstance(o, Record) else None
    return o if made is None else s.apply(made, (o,))


def _is_sequence(o: Operand) -> bool:
    """Whether an operand is one of Python's own sequences that NumPy takes as a list (`standard`)."""
    t: Any = type_of(o)
    own = instances.class_of(t.cls) if is_one(o) else None
    return own is not None and own is not t.cls and issubclass(own, MutableSequence)


def _method(s: Builder, x: Operand, name: str) -> Operand | None:
    """A method of that name that the class of an object writes down in Python."""
    if not is_one(x):
        return None
    t: Any = type_of(x)
    static = instances.in_class(t.cls, name)
    written = isinstance(static, (FunctionType, staticmethod, classmethod)) or hasattr(static, "__sct_typed__")
    if package_of(static) in ("numpy", "scipy"):  # whose own rules are not read from their sources
        written = composition_of(static) is not None
    return instances.through_class(s, t.cls, name, x) if written else None


def _methods(op: Any, args: Sequence[Operand]) -> list[tuple[int, str]]:
    """The methods that Python looks for, one after another: of which operand, and how it is called."""
    plain_op = BINARY.get(op, op)
    if plain_op not in _OPERATORS:
        return []
    name = plain_op.__name__.strip("_")
    if plain_op not in _OF_TWO:
        return [(0, f"__{name}__")]
    own = [(0, f"__{name}__"), (0, "__eq__")] if op is operator.ne else [(0, f"__{name}__")]
    other = (1, _TURNED.get(plain_op, f"__r{name}__"))
    into = [] if op is plain_op else [(0, f"__{op.__name__.strip('_')}__")]
    if not is_one(args[0]):
        return [other] if _defers(args[0], type_of(args[1])) else []
    if not is_one(args[1]):
        return [*into, *own]
    a, b = (type_of(x).cls for x in args)  # type: ignore[union-attr]
    if a is b:
        return [*into, *own, *([other] if plain_op in _TURNED else [])]
    first = issubclass(b, a) and instances.in_class(b, other[1]) is not instances.in_class(a, other[1])
    return [*into, other, *own] if first else [*into, *own, other]


def _defers(o: Operand, of: Any) -> bool:
    """Whether what stands before an operator leaves that to the object of type `of` behind it."""
    t = type_of(o)
    if _goes_first(of) or isinstance(t, Scalar) or (isinstance(t, Const) and type(t.value) in (int, float, complex)):
        return True
    numpy = isinstance(t, Array) and t.shape == () and t.boxed is False and same_dtype(t.dtype, np.dtype(float))
    return numpy and not any(hasattr(of.cls, name) for name in _SEEN_BY_NUMPY)


def _goes_first(of: Any) -> bool:
    """Whether arrays leave operators to an object of type `of` behind them, as it stands."""
    return getattr(of.cls, "__array_priority__", 0.0) > 0.0 and not hasattr(of.cls, "__array_ufunc__")


def _as_object_gets(s: Builder, o: Operand, of: Any) -> Operand:
    """The operand before an operator as the object behind it gets that: a number of NumPy's as one of Python's."""
    return s.apply(float, (o,)) if isinstance(type_of(o), Array) and not _goes_first(of) else o


def _through(s: Builder, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """What goes through its first operands, with what stands for the objects among these."""
    count = len(args) if op is zip else 0 if op in (min, max) and len(args) > 1 else 1
    if op is sum and len(args) == 2 and isinstance(type_of(args[0]), ListOf):
        return s.apply(functools.reduce, (Const(operator.add), *args))
    if not any(map(is_one, args[:count])):
        return NotImplemented
    in_any_order = op in (sorted, max, min) and "key" not in kwargs  # of items that differ from one another
    first = [s.apply(standard.in_any_order, (a,)) if in_any_order else a for a in args[:count]]
    return s.apply(op, [*(gone_through(s, a) if is_one(a) else a for a in first), *args[count:]], kwargs)


def gone_through(s: Builder, x: Operand) -> Operand:
    """What a loop over an object goes through."""
    found = _method(s, x, "__iter__")
    if found is not None:
        made = s.apply(CALL, (found,))
        if isinstance(made, Const) and isinstance(made.value, Generated) and made.value.function.callee is iterated:
            return made.value.args[0]  # nobody else has the iterator
        if not is_one(made):
            return made
    cls: Any = type_of(x).cls  # type: ignore[union-attr]
    own = instances.class_of(cls) is not cls
    raise UnsupportedSyntaxError(
        f"a loop over {in_words(type_of(x))}{', an iterator' if found is not None else ''}",
        s.place,
        "Loop over a list, or over what sorted gives of a set."
        if own
        else "Let __iter__ return the items in a tuple: `return iter((self.a, self.b))`.",
    )


def _turned_round(s: Builder, x: Operand) -> Any:
    """What Python goes through backwards of an object: what it says itself, or its items by their numbers."""
    found = _method(s, x, "__reversed__")
    if found is not None:
        return s.apply(CALL, (found,))
    by_number = all(_method(s, x, name) is not None for name in ("__len__", "__getitem__"))
    return s.apply(CALL, (Const(backwards), x)) if by_number else NotImplemented


def truth(s: Builder, x: Operand) -> Operand | None:
    """Whether an object counts as true; None if it has no say in that."""
    found = _method(s, x, "__bool__")
    if found is not None:
        return s.apply(CALL, (found,))
    found = _method(s, x, "__len__")
    return None if found is None else s.apply(operator.ne, (s.apply(CALL, (found,)), Const(0)))


_TURNED = {
    operator.lt: "__gt__",
    operator.le: "__ge__",
    operator.gt: "__lt__",
    operator.ge: "__le__",
    operator.eq: "__eq__",
    operator.ne: "__ne__",
}
"""The comparisons, with what the operand behind them is asked for."""
_OF_TWO = (*BINARY.values(), *_TURNED)
_OPERATORS = (
    *(*_OF_TWO, operator.neg, operator.pos, abs, operator.invert, operator.getitem, operator.setitem, operator.delitem),
    *(operator.contains, len, float, int, complex, round),
)
_THROUGH = (sum, list, tuple, min, max, sorted, enumerate, zip, iter, any, all, UNPACK)
_SEEN_BY_NUMPY = ("__len__", "__array__", "__array_interface__", "__array_priority__", "__array_struct__", "__float__")
_TAKEN = (
    *(CALL, ENTER, EXIT, NEW, LIST, TUPLE, operator.is_, operator.is_not, getattr, setattr, hasattr, isinstance, type),
    *(object.__init__, object.__setattr__, dataclasses.replace, expect_fields, map, filter, functools.reduce),
)
