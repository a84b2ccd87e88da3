"""Types in the words of a user, for what is refused.

Takes an abstract value; gives a phrase such as "a float64 matrix". Never shows how the compiler writes it down.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from sct.ir.ops import Field, describe
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    FieldName,
    Instance,
    List,
    ListOf,
    ObjectOf,
    Record,
    Scalar,
    SizeLike,
    Slice,
    Tuple,
    Undefined,
)

__all__ = ["in_words", "path_in_words", "records", "shape_in_words"]

_RANKS = ("number", "vector", "matrix")


def in_words(t: Abstract) -> str:
    """What a value of type `t` is."""
    if isinstance(t, Array):
        return _array(t)
    if isinstance(t, (Instance, Record, ObjectOf)):
        or_none = isinstance(t, ObjectOf) and t.or_none
        cls = getattr(t.cls, "__sct_stands_for__", t.cls)
        return f"an object of the class {cls.__name__}{', or None' if or_none else ''}"
    if isinstance(t, Scalar):
        return {bool: "a flag", int: "an int", float: "a float"}.get(t.kind, "a complex number")
    if isinstance(t, Const):
        return _constant(t.value)
    if isinstance(t, (Tuple, List)):
        kind, n = type(t).__name__.lower(), len(t.items)
        return f"a {kind} of {n} items" if n > 1 else f"a {kind} of one item" if n else f"an empty {kind}"
    if isinstance(t, Dict):
        return f"a dict with the key{'s' * (len(t.keys) > 1)} {_some(t.keys)}" if t.keys else "an empty dict"
    if isinstance(t, ListOf):
        return "a list whose length is only known at run time"
    if isinstance(t, DictOf):
        return "a dict whose keys are only known at run time"
    if isinstance(t, Slice):
        return "a slice"
    return "a value that is not assigned on every path" if isinstance(t, Undefined) else "a value of unknown type"


def path_in_words(path: tuple[Any, ...]) -> str:
    """What a name, and the keys and fields behind it, lead to, as one writes it."""
    return str(path[0]) + "".join(map(_step, path[1:]))


def _step(key: Any) -> str:
    name = key.name if isinstance(key, Field) else key if isinstance(key, FieldName) else None
    return f"[{key!r}]" if name is None else f".{name}"


def _array(t: Array) -> str:
    dtype = "" if t.dtype is None else f"{t.dtype.name} "
    if t.shape is None:
        return f"{_article(dtype or 'array')} {dtype}array of unknown rank"
    rank = len(t.shape)
    if rank < len(_RANKS):
        kind = f"{dtype}{_RANKS[rank]}" if rank or not t.boxed else f"{dtype}array of rank 0"
        return f"{_article(kind)} {kind}"
    return f"{_article(dtype or 'array')} {dtype}array of rank {rank}"


def records(t: Abstract) -> str:
    """What an array holds that has no arithmetic of numbers, and so no derivative: records or objects; empty of all else."""
    kind = t.dtype.kind if isinstance(t, Array) and t.dtype is not None else ""
    return {"O": "objects", "V": "records"}.get(kind, "")


def _constant(value: Any) -> str:
    if isinstance(value, ModuleType):
        return f"the module {value.__name__}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value):
        return f"the function {describe(value)}"
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return repr(value)
    return f"{_article(type(value).__name__)} {type(value).__name__}"


def _some(keys: Any) -> str:
    """A few of the keys of a dict."""
    first = ", ".join(repr(k) for k in list(keys)[:4])
    return first if len(keys) <= 4 else f"{first} and {len(keys) - 4} more"


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" and not word.startswith(("uint", "uni")) else "a"


def shape_in_words(shape: tuple[SizeLike, ...]) -> str:
    """A shape as Python writes it: an axis of an argument is `x.shape[0]`, and of any other unknown length `n`."""
    sizes = [_size(n) for n in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _size(n: SizeLike) -> str:
    if isinstance(n, int):
        return str(n)
    atom = n.terms[0][0]
    if len(n.terms) > 1 or n.terms[0][1] != 1 or not isinstance(atom, tuple) or atom[0] != "symbol":
        return "n"
    name, _, axis = str(atom[1]).rpartition(".")
    if not axis.isdigit() or not all(part.isidentifier() for part in name.split(".")):
        return "n"
    return f"{name}.shape[{axis}]" + (f" {'+' if n.const > 0 else '-'} {abs(n.const)}" if n.const else "")
