"""`copy.copy` and `copy.deepcopy`, carried out while a function is specialized.

Takes a call of one; gives a new list, dict or object of the same items, or of copies of these. An object whose class has its
own way of being copied is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import LIST, NEW, Method
from sct.ir.ssa import Operand, type_of
from sct.ir.types import Array, Const, Dict, Instance, List, Record, Scalar, Tuple, with_items
from sct.specialize import records
from sct.specialize.building import Builder
from sct.specialize.memory import Key, key_of

__all__ = ["COPYING"]

_OWN = ("__copy__", "__deepcopy__", "__getstate__", "__setstate__", "__reduce__", "__reduce_ex__", "__getnewargs__")


def _copied(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """`copy.copy(x)`."""
    return _one(s, args[0], lambda i: i) if len(args) == 1 and not kwargs else NotImplemented


def _deeply_copied(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """`copy.deepcopy(x)`."""
    met: set[Key] = set()

    def deep(o: Operand) -> Operand:
        if isinstance(type_of(o), (Array, List, Dict, Instance)):
            key = key_of(s.memory.object_of(o))
            if key in met:
                raise UnsupportedSyntaxError(
                    "a deep copy of what has one list, dict, array or object in it twice", s.place, "Copy the parts one by one."
                )
            met.add(key)
        made = _one(s, o, deep)
        if made is NotImplemented:
            raise UnsupportedSyntaxError("a deep copy of a value of unknown type", s.place, "Copy the parts one by one.")
        return made  # type: ignore[no-any-return]

    known = isinstance(type_of(args[0]), (Array, Scalar, Const, Tuple, List, Dict, Instance))
    return deep(args[0]) if len(args) == 1 and not kwargs and known else NotImplemented


def _one(s: Builder, x: Operand, item: Callable[[Operand], Operand]) -> Any:
    """A copy of something with what `item` gives for its items."""
    t = type_of(x)
    if isinstance(t, (Instance, Record)):
        if any(getattr(t.cls, name, None) is not getattr(object, name, None) for name in _OWN):
            raise UnsupportedSyntaxError(
                f"a copy of an object of the class {t.cls.__name__}, which has its own way of that",
                s.place,
                "Make a new object.",
            )
        known = records.with_fields(s, x)
        return records.new(s, t.cls, {str(k): item(i) for k, i in known.mapping().items()})
    if isinstance(t, Array):
        return s.apply(Method("copy"), (x,)) if t.boxed is not False or t.shape != () else x
    if isinstance(t, (List, Dict)):
        whole = s.expose_all(x)
        assert isinstance(whole, (List, Dict))
        items = [item(i) for i in whole.items]
        return s.apply(LIST, items) if isinstance(whole, List) else s.apply(NEW, (Dict(whole.keys, tuple(items)),))
    if isinstance(t, Tuple):
        whole = s.expose_all(x)
        assert isinstance(whole, Tuple)
        return with_items(whole, [item(i) for i in whole.items])
    return x if isinstance(t, (Scalar, Const)) else NotImplemented


COPYING: dict[Any, Callable[..., Any]] = {copy.copy: _copied, copy.deepcopy: _deeply_copied}
"""What stands for a call, by function."""
