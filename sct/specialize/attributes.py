"""Attributes and methods, carried out while a function is specialized.

Takes a value and the name of an attribute, or a method with its arguments; gives what is known of the types alone, and emits
the rest: of arrays what the registry has, of lists and dicts what their structure tells, of modules and classes what they hold.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from string import Formatter
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from sct.analysis.activity import differentiable
from sct.errors import UnsupportedSyntaxError
from sct.frontend.resolve import MISSING, Dependency, is_code
from sct.infer.call import infer_call, plain
from sct.infer.signature import type_alone
from sct.ir.ops import CALL, NEW, Attribute, Format, Free, Method, describe
from sct.ir.shapes import as_array, constant
from sct.ir.ssa import Operand, Value, type_of, values_of
from sct.ir.types import (
    UNKNOWN,
    Array,
    Const,
    Dict,
    DictOf,
    Instance,
    List,
    ListOf,
    ObjectOf,
    Record,
    Scalar,
    SizeLike,
    Slice,
    Stateful,
    Tuple,
    Unknown,
    is_list_or_dict,
    size_mul,
)
from sct.ir.words import in_words
from sct.registry.effects import is_registered
from sct.registry.methods import attribute_rule, method_rule
from sct.specialize import growing, instances, iterators, objects, records
from sct.specialize.axes import along_known_axes
from sct.specialize.building import Builder, Plan
from sct.specialize.iteration import Flat, Items, Range
from sct.specialize.memory import Write
from sct.specialize.writing import METHODS, OF_ARRAYS, give_away, has_output, into_outputs

__all__ = ["OF_FORM", "attribute", "method"]

OF_FORM = frozenset(("device", "dtype", "itemsize", "nbytes", "ndim", "shape", "size", "strides"))
"""Attributes of arrays that tell their form: what these are is known, or has no derivative."""


def attribute(s: Builder, op: Attribute, x: Operand, name: str) -> Operand:
    """An attribute of a value, or of a module or class."""
    t = type_of(x)
    if isinstance(t, Instance) and isinstance(x, Value):
        return instances.attribute(s, x, op.name)
    if isinstance(t, (Record, ObjectOf)):
        return records.attribute(s, x, op.name)
    if isinstance(x, Const) and isinstance(x.value, instances.Super):
        return instances.through_parent(s, x.value, op.name)
    if isinstance(t, Stateful) and callable(getattr(t.cls, op.name, None)):
        return Const(instances.Bound(Method(op.name), (x,)))
    if isinstance(t, Tuple) and t.kind is not None:
        if op.name in t.kind._fields:
            return s.apply(operator.getitem, (x, Const(t.kind._fields.index(op.name))))
        found = instances.through_class(s, t.kind, op.name, x)
        return outer_attribute(s, op, x, t.kind, name) if found is None else found
    if isinstance(t, (Array, Scalar)) or (isinstance(t, Const) and isinstance(t.value, (int, float, complex, np.generic))):
        return array_attribute(s, op, x, as_array(t), name)
    bounded = x if isinstance(x, Slice) else t.value if isinstance(t, Const) and isinstance(t.value, Range) else None
    if bounded is not None and op.name in ("start", "stop", "step"):
        bound: Operand = getattr(bounded, op.name)
        return bound
    if isinstance(t, Const):
        return outer_attribute(s, op, x, t.value, name)
    return s.append(op, (x,), {}, UNKNOWN, name)


def outer_attribute(s: Builder, op: Attribute, x: Operand, owner: Any, name: str) -> Operand:
    """An attribute of an object that is known: of what is the user's it is looked up each time."""
    found = getattr(owner, op.name, MISSING)
    if found is MISSING:
        error = instances.no_attribute(s, describe(owner), op.name)
        if owner is None:
            error.of_none = True  # type: ignore[attr-defined]
            return s.not_there(error)
        raise error
    if isinstance(owner, np.dtype):
        return Const(found)
    if describe(owner).startswith("np.") or isinstance(owner, _IMMUTABLE):
        simple = is_code(found) or isinstance(found, (str, bool))
        return Const(found) if simple else s.append(op, (x,), {}, type_alone(found, f"{op.name}@{id(owner)}"), name)
    if isinstance(owner, type):
        through = instances.through_class(s, owner, op.name, None)
        if through is not None:
            return through
    if is_code(found):
        s.depend(Dependency(owner, op.name, found, attribute=True))
        return Const(found)
    return s.read_free(Free(owner, op.name, attribute=True), found)


_IMMUTABLE = (str, bytes, type(None), type(Ellipsis), BuiltinFunctionType)


def array_attribute(s: Builder, op: Attribute, x: Operand, t: Array, name: str) -> Operand:
    """An attribute of an array or a number."""
    if op.name == "ndim" and t.rank is not None:
        return Const(t.rank)
    if op.name == "dtype" and t.dtype is not None:
        return Const(t.dtype)
    if op.name == "shape" and t.shape is not None:
        sizes = Tuple(tuple(Const(n) if isinstance(n, int) else Scalar(int, n) for n in t.shape))
        return sizes if constant(plain(sizes)) else s.append(op, (x,), {}, sizes, name)
    if op.name == "T" and t.rank in (0, 1):
        return x
    if op.name == "flat" and t.rank is not None:
        return Const(Flat(x))
    if op.name == "size":
        one: SizeLike = 1
        size = functools.reduce(size_mul, t.shape, one) if t.shape is not None else None
        return Const(size) if isinstance(size, int) else s.append(op, (x,), {}, Scalar(int, size), name)
    if op.name in ("ndim", "itemsize", "nbytes"):
        return s.append(op, (x,), {}, Scalar(int), name)
    if op.name == "strides" and t.rank is not None:
        return s.append(op, (x,), {}, Tuple((Scalar(int),) * t.rank), name)
    primitive = attribute_rule(op.name)
    if primitive is None:
        return s.append(op, (x,), {}, UNKNOWN, name)
    return s.append(op, (x,), {}, infer_call(primitive, [type_of(x)], {}), name)


def method(s: Builder, op: Method, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
    """A method of a value, or a function of a module or class."""
    x, t = args[0], type_of(args[0])
    if isinstance(t, Instance) and isinstance(x, Value) and not instances.is_foreign(x, op.name):
        return s.apply(CALL, (instances.attribute(s, x, op.name), *args[1:]), kwargs, name)
    if isinstance(t, (Record, ObjectOf)) or (isinstance(x, Const) and isinstance(x.value, instances.Super)):
        return s.apply(CALL, (attribute(s, Attribute(op.name), x, ""), *args[1:]), kwargs, name)
    if isinstance(t, Tuple) and t.kind is not None:
        return named_tuple_method(s, op, x, t.kind, args[1:], kwargs, name)
    if isinstance(x, Const) and isinstance(x.value, Plan):
        raise UnsupportedSyntaxError(
            f"the method .{op.name}() of an iterator, range or view", s.place, "Loop over it, or make a list of it."
        )
    if is_list_or_dict(t) and op.name in objects.METHODS[type(t)]:
        return objects.METHODS[type(t)][op.name](s, x, [objects.counted(s, a) for a in args[1:]], kwargs)
    if op.name in METHODS and (isinstance(t, (Array, List, Dict)) or is_list_or_dict(t)):
        made = METHODS[op.name](s, x, args[1:], kwargs)
        if made is not NotImplemented:
            return made  # type: ignore[no-any-return]
    if isinstance(t, (Array, Scalar)) and (composed := s.composition(op, args, kwargs)) is not None:
        return s.apply(composed, args, kwargs, name)
    if isinstance(t, Unknown) and op.name in OF_ARRAYS:
        return OF_ARRAYS[op.name](s, x, args[1:], kwargs)  # type: ignore[no-any-return]
    if isinstance(t, (Dict, DictOf)):
        return dict_method(s, op, x, args[1:])
    if isinstance(t, Const) and isinstance(t.value, np.ufunc):
        return s.apply(getattr(t.value, op.name), args[1:], kwargs, name)
    if isinstance(t, ListOf) and op.name in growing.METHODS:
        return growing.METHODS[op.name](s, x, args[1:], kwargs)  # type: ignore[no-any-return]
    if op.name in _IN_PYTHON and isinstance(t, (List, ListOf, Tuple)):
        return s.apply(_IN_PYTHON[op.name], args, kwargs, name)
    if isinstance(t, (List, ListOf)):
        return list_method(s, op, x)
    if isinstance(t, Const) and (isinstance(t.value, (ModuleType, type, FunctionType)) or is_registered(t.value)):
        return s.apply(CALL, (attribute(s, Attribute(op.name), x, ""), *args[1:]), kwargs, name)
    if has_output(op, args, kwargs):
        if not isinstance(t, (Array, Scalar)) or method_rule(op.name) is None:
            raise UnsupportedSyntaxError(
                f"out= of the method .{op.name}() of {in_words(t)}",
                s.place,
                "Assign the result to the entries, as in `a[:] = y`.",
            )
        return into_outputs(s, op, args, kwargs)
    if isinstance(t, Const) and callable(found := getattr(t.value, op.name, None)) and not callable(t.value):
        values = [plain(type_of(a)) for a in args[1:]]
        if all(constant(v) for v in values) and not kwargs:
            return Const(found(*values))
        if isinstance(t.value, str) and op.name == "format" and (made := formatted(t.value, args[1:], kwargs)) is not None:
            return s.apply(*made, {}, name)
    rule = method_rule(op.name)
    if isinstance(t, (Array, Scalar)) and rule is not None:
        if list(rule.arguments(args)) == list(args):
            args, kwargs = along_known_axes(rule.primitive, args, kwargs)
        types = [type_of(a) for a in rule.arguments(args)]
        found_type = infer_call(rule.primitive, types, {k: type_of(v) for k, v in kwargs.items()})
        return s.append(op, args, kwargs, found_type, name)
    function = getattr(t.cls, op.name, op) if isinstance(t, (Instance, Stateful)) else op
    if isinstance(t, Stateful) and (composed := s.composition(function, args, kwargs)) is not None:
        return s.apply(composed, args, kwargs, name)
    known = infer_call(function, [type_of(a) for a in args], {k: type_of(v) for k, v in kwargs.items()})
    made = s.append(op, args, kwargs, known, name)
    give_away(s, function, args[1:], kwargs)
    given = any(differentiable(v.type) for v in values_of(*args[1:], *kwargs.values()))
    if given and isinstance(t, Unknown) and method_rule(op.name) is None:  # which it may hold from now on
        s.memory.gave_away(s.memory.object_of(x), Write("", s.place, describe(op)))
    return made


def formatted(text: str, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> tuple[Format, list[Operand]] | None:
    """The f-string that says the same as `text.format`; None if there is none, or if Python raises an error."""
    parts: list[str | tuple[int, str]] = []
    shown: list[Operand] = []
    try:
        fields = [*Formatter().parse(text)]
    except ValueError:
        return None
    given = {**{str(n): a for n, a in enumerate(args)}, **kwargs}
    numbers = iter(range(len(args)))
    unnamed = any(field == "" for _, field, _, _ in fields)
    for literal, field, how, conversion in fields:
        parts += [literal] if literal else []
        if field is None:
            continue
        key = str(next(numbers, "")) if field == "" else field
        if key not in given or (unnamed and field.isdecimal()) or "{" in (how or ""):
            return None
        parts.append((ord(conversion) if conversion else -1, how or ""))
        shown.append(given[key])
    return Format(tuple(parts)), shown


def named_tuple_method(
    s: Builder, op: Method, x: Operand, kind: Any, args: Sequence[Operand], kwargs: dict[str, Operand], name: str
) -> Operand:
    """A method of a named tuple: one of its class, or one of those that every named tuple has."""
    if op.name in ("_asdict", "_replace"):
        whole = s.expose_all(x)
        assert isinstance(whole, Tuple)
        entries = dict(zip(kind._fields, whole.items, strict=True))
        if op.name == "_asdict":
            return s.apply(NEW, (Dict.of(entries),))
        return s.apply(kind, (), {**entries, **kwargs})
    return s.apply(CALL, (attribute(s, Attribute(op.name), x, ""), *args), kwargs, name)


_IN_PYTHON = {"index": iterators.place_of, "count": iterators.occurrences}
"""Methods of lists and tuples, with the functions that stand for them."""


def list_method(s: Builder, op: Method, x: Operand) -> Operand:
    """A method that does not change the list."""
    if op.name == "copy":
        items = s.explode(x) if isinstance(x, Value) else x
        assert isinstance(items, List)
        return s.apply(NEW, (List(items.items),))
    raise UnsupportedSyntaxError(f"the list method .{op.name}()", s.place, "Index the list, or loop over it.")


def dict_method(s: Builder, op: Method, x: Operand, args: Sequence[Operand]) -> Operand:
    """A method that does not change the dict."""
    d = s.explode(x) if isinstance(x, Value) and isinstance(x.type, Dict) else x
    if not isinstance(d, Dict):
        raise UnsupportedSyntaxError(f"the dict method .{op.name}()", s.place, "Index the dict, or loop over its items.")
    if op.name in ("items", "keys", "values"):
        return Const(Items(x, len(d.items), op.name))
    if op.name == "get" and args and isinstance(args[0], Const):
        default = args[1] if len(args) > 1 else Const(None)
        return d.items[d.keys.index(args[0].value)] if args[0].value in d.keys else default
    if op.name == "copy":
        return s.apply(NEW, (Dict(d.keys, d.items),))
    raise UnsupportedSyntaxError(f"the dict method .{op.name}()", s.place, "Index the dict, or loop over its items.")
