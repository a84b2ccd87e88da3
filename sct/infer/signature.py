"""Abstract values of actual arguments.

Takes a Python value; gives its abstract value. Two values with equal abstract values share one compiled derivative, so
sizes are left out: an axis that has not length 1 becomes a symbol named after its path in the argument.
"""

from __future__ import annotations

import functools
import keyword
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import Any

import numpy as np

from sct.errors import NonDifferentiableArgumentError
from sct.frontend.resolve import MISSING, has_fields, is_code, is_instance
from sct.ir.ops import is_indexed
from sct.ir.types import (
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Dict,
    FieldName,
    Instance,
    List,
    Record,
    Scalar,
    SizeLike,
    Stateful,
    Tuple,
    is_named_tuple,
    note_size,
    size_symbol,
    sizes_known,
)
from sct.registry.effects import is_known_class
from sct.registry.others import area_of, meet
from sct.runtime import fields_of

__all__ = ["abstract", "example_of", "examples", "known_examples", "type_alone"]

_examples: ContextVar[dict[str, Any] | None] = ContextVar("examples", default=None)


@contextmanager
def examples(made: dict[str, Any] | None = None) -> Iterator[None]:
    """Remembers the instances that are made abstract meanwhile, so that their fields can be looked up; nothing after.

    They are added to `made`, if that is given.
    """
    token = _examples.set({} if made is None else made)
    try:
        yield
    finally:
        _examples.reset(token)


def known_examples() -> dict[str, Any] | None:
    """The instances that are remembered here, by their paths; None where none are."""
    return _examples.get()


def example_of(t: Instance | Record) -> Any:
    """The instance that a type was made of, or `MISSING`."""
    return (_examples.get() or {}).get(t.path, MISSING)


def type_alone(value: Any, path: str = "x") -> Abstract:
    """The abstract value of something that is no argument, of which nothing is noted."""
    with examples(), sizes_known(at_call=False):
        return abstract(value, path)


_objects: ContextVar[tuple[Any, ...]] = ContextVar("objects", default=())


def _object(value: Any, path: str) -> Record:
    """An object with what is in its fields: of what is no parameter the class alone, until it is read."""
    around = _objects.get()
    if any(value is o for o in around):
        raise NonDifferentiableArgumentError(
            f"{path} is an object that leads back to itself", None, "Leave it out of wrt, or keep numbers in its place."
        )
    token = _objects.set((*around, value))
    try:
        found = {n: v for n, v in fields_of(value).items() if not _is_computed(type(value), n)}
        fields = {FieldName(n): _in_field(v, f"{path}.{n}") for n, v in found.items()}
    finally:
        _objects.reset(token)
    odd = next((n for n in fields if not n.isidentifier() or keyword.iskeyword(n)), None)
    if odd is not None:
        raise NonDifferentiableArgumentError(
            f"{path} is an object with a field {str(odd)!r}, which Python code cannot name", None, "Give it another name."
        )
    return Record(tuple(fields), tuple(fields.values()), type(value), path)


def _is_computed(cls: type, name: str) -> bool:
    """Whether an attribute of objects of a class is what a property gives."""
    return any(isinstance(c.__dict__.get(name), (property, functools.cached_property)) for c in cls.__mro__)


def _in_field(value: Any, path: str) -> Abstract:
    t = abstract(value, path, whole=True)
    whole = isinstance(t, (Array, Tuple, List, Dict)) or (isinstance(t, Scalar) and t.kind in (float, complex))
    return t if whole else Instance(type(value), path)


def _has_own_arithmetic(cls: type) -> bool:
    """Whether objects of a class are like arrays, but for operators that are the class's own."""
    like = hasattr(cls, "__array__") and not hasattr(cls, "__array_ufunc__") and not issubclass(cls, np.generic)
    return like and any(hasattr(cls, f"__{name}__") for name in ("add", "radd", "mul", "rmul", "matmul", "rmatmul", "neg"))


def abstract(value: Any, path: str = "x", whole: bool = False) -> Abstract:
    """The abstract value of `value`, an argument (or part of one) called `path`.

    With `whole` it is one to differentiate by: objects with fields are known by what is in all of these, but for those of a
    library that there are rules for.

    Arrays are known by dtype, rank and unit axes; Python numbers by their kind; containers by their structure; flags,
    strings, None, dtypes, functions and modules by their value; objects with fields by their class, and their fields when
    they are read; random generators and loggers by their class; anything else is unknown. What the symbols of sizes and of
    integers are is noted.
    """
    if _has_own_arithmetic(type(value)) or isinstance(value, np.ndarray):
        if type(value) not in (np.ndarray, np.memmap) or value.dtype == object:
            what = "an array of objects" if type(value) is np.ndarray else f"a {type(value).__name__}"
            raise NonDifferentiableArgumentError(
                f"{path} is {what}, whose arithmetic is not that of arrays of numbers",
                None,
                "Pass an ordinary array: `np.asarray(x)`, or of a masked one `x.filled(0.0)` and the mask.",
            )
        shape: list[SizeLike] = []
        for i, n in enumerate(value.shape):
            note_size(f"{path}.{i}", n)
            shape.append(1 if n == 1 else size_symbol(f"{path}.{i}", 1))
        return Array(value.dtype, tuple(shape), boxed=not shape)
    if isinstance(value, np.generic):
        return Array(value.dtype, ())
    if isinstance(value, type):
        meet(value)
    if isinstance(value, bool) or value is None or value is Ellipsis or isinstance(value, (str, bytes, np.dtype, type, Enum)):
        return Const(value)
    if isinstance(value, int):
        note_size(path, value)
        return Scalar(int, size_symbol(path))
    if isinstance(value, (float, complex)):
        return Scalar(type(value) if type(value) in (float, complex) else float)
    if type(value) is tuple or is_named_tuple(type(value)):
        kind = None if type(value) is tuple else type(value)
        return Tuple(tuple(abstract(v, f"{path}[{i}]", whole) for i, v in enumerate(value)), kind)
    if type(value) is list:
        return List(tuple(abstract(v, f"{path}[{i}]", whole) for i, v in enumerate(value)))
    if type(value) is dict:
        items = tuple(abstract(v, f"{path}[{k!r}]", whole) for k, v in value.items())
        return Dict(tuple(value), items)
    if is_known_class(type(value)):
        return Stateful(type(value))
    if has_fields(value):
        made = _examples.get()
        if made is not None:
            made[path] = value
        whole = whole and is_instance(value) and area_of(type(value)) is None  # whose fields are not the user's
        return _object(value, path) if whole else Instance(type(value), path)
    return Const(value) if value is MISSING or is_code(value) or is_indexed(value) else UNKNOWN
