"""Lists and dicts that are followed item by item, where they come among those that stay objects.

Takes such a one; has it made an object where it is born, since a copy made later would not be what its other names stand for:
an argument at the start of the function, which is gone through again for that. Others are refused.
"""

from __future__ import annotations

from sct.errors import UnsupportedSyntaxError
from sct.ir.ssa import Operand, Value, type_of
from sct.ir.types import UNKNOWN, Abstract, Dict, DictOf, List, ListOf, ObjectOf, Record, Tuple, Undefined, is_list_or_dict
from sct.ir.words import in_words
from sct.specialize.building import Builder, UndecidedError

__all__ = ["decide", "is_known", "meet_object", "meet_objects", "refuse_lost", "unlike"]


def decide(s: Builder, o: Operand) -> None:
    """An argument, or what is in one, is to be an object from the start, if it is one anywhere."""
    found = s.memory.object_of(o)
    if isinstance(found, Value) and found in s.parameters and not isinstance(found.type, Tuple):
        what = ("object", s.path_of(found))
        if (found in s.outside and found not in s.arguments) or what in s.decided:
            raise unlike(s)
        raise UndecidedError(what, True)


def unlike(s: Builder) -> UnsupportedSyntaxError:
    """The error of a list or dict that would have to be an object, and was not made as one."""
    return UnsupportedSyntaxError(
        "a list or dict that the function did not make, and that is in another one, or one of several",
        s.place,
        "Take a copy of it: list(x) or dict(x).",
    )


def is_known(t: Abstract) -> bool:
    """Whether something of this type is a list or dict, or a tuple of some, that is followed item by item, and no object."""
    if isinstance(t, Tuple):
        return any(map(is_known, t.items))
    return isinstance(t, (List, Dict)) or (isinstance(t, (ListOf, DictOf)) and not is_list_or_dict(t))


def refuse_lost(s: Builder, t: Abstract, whole: Abstract) -> None:
    """Refuse what may be an object with fields, of type `t`, or something else: of type `whole`, of which no field is known."""
    if isinstance(whole, (ListOf, DictOf)) and _holds_record(whole.item):
        raise UnsupportedSyntaxError(
            "an object with fields in a list or dict of unknown length", s.place, "Pass or return its fields."
        )
    if isinstance(t, ObjectOf) and not isinstance(whole, ObjectOf):
        raise UnsupportedSyntaxError(
            f"{in_words(t)}, or something else, by one name, in one field, or in one list or dict",
            s.place,
            "Let it be an object of that class, or None, on every path.",
        )
    if isinstance(t, (ListOf, DictOf)):
        refuse_lost(s, t.item, whole.item if isinstance(whole, (ListOf, DictOf)) else UNKNOWN)
    elif isinstance(t, (Tuple, List, Dict)):
        same = isinstance(whole, (Tuple, List, Dict)) and len(whole.items) == len(t.items)
        for i, part in zip(t.items, whole.items if same else (UNKNOWN,) * len(t.items), strict=True):  # type: ignore[union-attr]
            refuse_lost(s, i, part)


def _holds_record(t: Abstract) -> bool:
    """Whether something of a type is, or holds, an object that is there at compile time only."""
    if isinstance(t, (Tuple, List, Dict)):
        return isinstance(t, Record) or any(map(_holds_record, t.items))
    return isinstance(t, (ListOf, DictOf)) and _holds_record(t.item)


def meet_object(s: Builder, o: Operand, t: Abstract) -> None:
    """An operand is one of those that a φ of type `t` stands for: where that is an object, so is each of them."""
    own = type_of(o)
    refuse_lost(s, own, t)
    if isinstance(t, ListOf) and not t.sites and isinstance(t.item, (Tuple, List, Dict)):
        raise UnsupportedSyntaxError(
            f"{in_words(t.item)} as an item of a list whose length depends on the way taken",
            s.place,
            "Give each part a list of its own.",
        )
    if isinstance(t, (ListOf, DictOf)):
        if t.sites and is_known(own):
            decide(s, o)
            raise unlike(s)
    elif isinstance(t, (Tuple, List, Dict)) and isinstance(own, (Tuple, List, Dict)) and len(own.items) == len(t.items):
        whole = s.explode(o) if isinstance(o, Value) else o
        for i, part in zip(whole.items, t.items, strict=True):  # type: ignore[union-attr]
            if s.objects and isinstance(t, Record) and isinstance(part, (ListOf, DictOf)) and not part.sites:
                decide(s, i)  # each time that the field is read, it would be another one
                raise unlike(s)
            meet_object(s, i, part)


def meet_objects(s: Builder, a: Operand, b: Operand) -> None:
    """One of two lists or dicts that are followed item by item: what is put into it would be seen in neither."""
    one, other = s.memory.object_of(a), s.memory.object_of(b)
    if one is other or any(isinstance(o, Record) for o in (a, b)):
        return
    for o in (one, other):
        if not isinstance(o, Undefined):
            decide(s, o)
    raise unlike(s)
