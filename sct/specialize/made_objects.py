"""Objects that a class makes, and that stay objects: whatever name a field is bound by, it is bound for all names.

Takes what was made as a record of its fields; emits it as a dict of these, which stands for the object when the derivative
runs. What is made at one place has fields of the types of all that is ever put into them, which are known by the place
(`objects.known`), so that an object may lead to others of its place, and to itself: its type, `ObjectOf`, names places, and
not what is there. Where it depends on the way taken whether there is an object, it is the dict or None (`ObjectOf.or_none`):
`is None`, `isinstance` and truth ask which, and a field of None raises when the derivative runs, as in Python. Shadows and
tangents are dicts likewise, which lead to one another as the objects do.
The dict is nobody else's: an object that is given to anything but lists, dicts and other fields is refused.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Sequence
from typing import Any

from sct import runtime
from sct.analysis.effects import statements
from sct.errors import UnsupportedSyntaxError
from sct.infer.call import plain
from sct.ir.ops import NEW, UNPACK, Attribute, Method, Store
from sct.ir.shapes import item_of
from sct.ir.ssa import Block, Operand, type_of
from sct.ir.types import (
    UNDEFINED,
    UNKNOWN,
    Abstract,
    Const,
    Dict,
    DictOf,
    List,
    ListOf,
    ObjectOf,
    Record,
    Scalar,
    Tuple,
    Undefined,
)
from sct.ir.words import in_words
from sct.specialize import objects
from sct.specialize.building import Builder
from sct.specialize.instances import advice_of

__all__ = ["field_of", "is_of_field", "is_there", "put_field", "refuse_given", "refuse_in", "whole"]


def whole(s: Builder, o: Operand, site: Hashable, name: str) -> Operand:
    """What was made, as an object."""
    assert isinstance(o, Record)
    items = [objects.made(s, s.present(i)) for i in o.items]
    s.refuse_records(items)
    s.refuse_plans(items)
    names = tuple(map(str, o.keys))
    for key, i in zip(names, items, strict=True):
        _holds(s, frozenset((site,)), key, type_of(i))
    t = ObjectOf(UNKNOWN, UNKNOWN, frozenset((site,)), o.cls, names)
    return s.emit(NEW, (Dict(names, tuple(items)),), {}, t, name)


def field_of(s: Builder, x: Operand, name: str) -> Operand:
    """What is in a field."""
    t = type_of(x)
    assert isinstance(t, ObjectOf)
    found: Abstract = UNDEFINED
    for site in sorted(t.sites, key=repr):
        found = objects.joined(s, found, objects.known(s, (site, name)), ("field", site, name))
    if isinstance(found, Undefined):
        objects.unseen(s)
    if isinstance(found, (Const, Undefined)):
        return found
    return s.append(operator.getitem, (x, Const(name)), {}, item_of(DictOf(UNKNOWN, found)), name)


def is_of_field(op: Any, args: Sequence[Operand]) -> bool:
    """Whether an operation takes a field of an object, or puts one into it, which None has not."""
    t = type_of(args[0])
    name = op.name if isinstance(op, Attribute) else plain(type_of(args[1])) if len(args) > 1 else None
    return isinstance(t, ObjectOf) and isinstance(name, str) and name in t.names


def is_there(s: Builder, x: Operand, own: Operand | None) -> Operand:
    """Whether what may be None counts as true; `own`: what the object says of that."""
    if own is not None:
        raise UnsupportedSyntaxError(f"the truth of {in_words(type_of(x))}", s.place, "Ask whether it is None: `x is None`.")
    return s.append(operator.is_not, (x, Const(None)), {}, Scalar(bool))


def put_field(s: Builder, x: Operand, name: str, value: Operand) -> None:
    """A field is another value from here on."""
    t = type_of(x)
    assert isinstance(t, ObjectOf)
    if name not in t.names:
        raise UnsupportedSyntaxError(
            f"an assignment to {name!r}, which is no field of {in_words(t)} when it has been made",
            s.place,
            "Assign it in the constructor.",
        )
    value = objects.made(s, s.present(value))
    s.refuse_records((value,))
    s.refuse_plans((value,))
    _holds(s, t.sites, name, type_of(value))
    s.emit(Store(operator.setitem), (x, Const(name), value), {}, Const(None))


def _holds(s: Builder, sites: frozenset[Hashable], name: str, t: Abstract) -> None:
    """Something of a type is put into a field of what was made at some places."""
    objects.holds(s, frozenset((site, name) for site in sites), t)


# -- what is refused ---------------------------------------------------------------------------------------------------------


def refuse_given(s: Builder, op: Any, operands: Sequence[Operand]) -> None:
    """Refuse to give objects to what would find a dict."""
    key = op is operator.contains and isinstance(type_of(operands[0]), DictOf)
    if not key and not isinstance(op, (Store, Method)) and op not in _KEEPING:
        for o in operands:
            refuse_in(s, type_of(o), "used as a whole")


def refuse_in(s: Builder, t: Abstract, what: str) -> None:
    """Refuse something that is, or holds, objects."""
    found = _object_in(t)
    if found is not None:
        every = [m for m in statements(Block((), tuple(s.body), ())) if isinstance(m.result.type, ObjectOf)]
        places = [m.place for m in every if m.result.type == found]
        places += [m.place for m in every if m.result.type.sites & found.sites]  # type: ignore[union-attr]
        place = s.place or next(iter(places), None)
        raise UnsupportedSyntaxError(f"{in_words(found)} that the function makes, {what}", place, advice_of(found.cls))


_KEEPING = (
    *(NEW, UNPACK, operator.getitem, operator.is_, operator.is_not, operator.add, operator.mul, len, list, dict),
    *(runtime.item, runtime.paired, runtime.not_none),
)


def _object_in(t: Abstract) -> ObjectOf | None:
    if isinstance(t, ObjectOf):
        return t
    parts = t.items if isinstance(t, (Tuple, List, Dict)) else (t.item,) if isinstance(t, (ListOf, DictOf)) else ()
    return next((found for found in map(_object_in, parts) if found is not None), None)
