"""Growing lists: lists whose length changes as a loop goes, and so is only known at run time.

Takes operations on values of type `ListOf`; emits the ones of `sct.runtime` that make one list out of another. All items
of such a list are arrays or numbers of one type.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sct import runtime
from sct.errors import UnsupportedSyntaxError
from sct.infer.call import infer_call, plain
from sct.infer.join import join, widen
from sct.ir.shapes import as_array, item_of
from sct.ir.ssa import Operand, type_of
from sct.ir.types import UNDEFINED, Abstract, Array, Const, Dict, List, ListOf, Scalar, Slice, Tuple, Undefined, Unknown
from sct.ir.words import in_words
from sct.signatures import read_signature
from sct.specialize.building import Builder

__all__ = ["FROM_KNOWN", "METHODS", "OPERATIONS", "refuse_slice"]


def uncovered(t: Abstract) -> bool:
    """Whether a growing list cannot have items of this type."""
    return isinstance(t, (Unknown, Tuple, List, Dict, ListOf, Const, Slice))


# -- operations --------------------------------------------------------------------------------------------------------------


def _getitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, key = args
    t = type_of(x)
    if not isinstance(t, ListOf):
        return s.apply(operator.getitem, (x, _as_array(s, key))) if isinstance(t, Array) else NotImplemented
    if isinstance(key, Slice) or isinstance(plain(type_of(key)), slice):
        return s.append(runtime.item, (x, key), {}, t)
    refuse_slice(s, key)
    return s.append(runtime.item, (x, key), {}, item_of(t))


def refuse_slice(s: Builder, key: Operand) -> None:
    """Refuse what may be a slice, or an index."""
    if isinstance(type_of(key), Unknown):
        raise UnsupportedSyntaxError(
            "a list whose index may be a slice, which is only known at run time",
            s.place,
            "Write the slice out, as in `x[i:j]`, or make the index one by int(...).",
        )


def _setitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, key, value = args
    t = type_of(x)
    if not isinstance(t, ListOf):
        if not isinstance(t, Array):
            return NotImplemented
        return s.apply(operator.setitem, (x, _as_array(s, key), _as_array(s, value)))
    if not _is_index(type_of(key)):
        raise UnsupportedSyntaxError("a write into a slice of a list that grows", s.place, "Write the items one by one.")
    return _replaced(s, x, runtime.with_item, (key, _fitting(s, x, value)))


def _as_array(s: Builder, o: Operand) -> Operand:
    """An operand, or the array of the items that it is a list of."""
    return _stacked(s, o) if isinstance(type_of(o), ListOf) else o


def _stacked(s: Builder, x: Operand) -> Operand:
    """The array that `np.array` makes of a list."""
    t = type_of(x)
    if isinstance(t, ListOf) and as_rank(t.item) == 0:
        return s.apply(runtime.numbers, (x, Const(as_array(t.item).dtype)))
    return s.apply(runtime.stacked, (x, Const(0)))


def _is_index(t: Abstract) -> bool:
    """Whether a type is that of one index."""
    if isinstance(t, Array):
        return t.shape == () and t.dtype is not None and t.dtype.kind in "iu"
    return isinstance(t, Scalar) or (isinstance(t, Const) and isinstance(t.value, int))


def _replaced(s: Builder, x: Operand, op: Any, rest: Sequence[Operand]) -> Operand:
    """The list after a change to it."""
    now = s.present(x)
    obj = s.memory.object_of(now)
    s.writable(obj)
    if op is not runtime.with_item:
        s.keeps_length(obj)
    new = s.append(op, (now, *rest), {}, _type_with(s, op, now, rest), s.memory.name_of(obj))
    s.memory.holds(obj, Tuple(tuple(rest)))
    s.memory.set(obj, new)
    s.memory.wrote(obj, s.memory.name_of(obj), s.place)
    return Const(None)


def _type_with(s: Builder, op: Any, x: Operand, rest: Sequence[Operand]) -> Abstract:
    """The type of a list after a change to it."""
    return infer_call(op, [type_of(x), *map(type_of, rest)], {})


def _fitting(s: Builder, x: Operand, value: Operand) -> Operand:
    """An item, of the type of the others."""
    t, u = type_of(x), type_of(value)
    assert isinstance(t, ListOf)
    if uncovered(widen(u)):
        raise UnsupportedSyntaxError(
            f"{in_words(u)} as an item of a list whose length is only known at run time",
            s.place,
            "Give each part a list of its own.",
        )
    return value


def _len(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    return s.append(len, args, {}, Scalar(int))


def _stack(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    return _gathered(s, "np.stack", runtime.stacked, args, kwargs)


def _concatenate(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    return _gathered(s, "np.concatenate", runtime.joined, args, kwargs)


def _gathered(s: Builder, name: str, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    given = {**dict(zip(("arrays", "axis"), args, strict=False)), **kwargs}
    if not given.keys() <= {"arrays", "axis"} or not isinstance(given.get("axis", Const(0)), Const):
        raise UnsupportedSyntaxError(
            f"{name} of a list that grows, with other keywords than a known axis", s.place, "Stack it first: np.stack(items)."
        )
    return s.apply(op, (given["arrays"], given.get("axis", Const(0))))


def _array(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    made = _stacked(s, args[0])
    dtype = args[1] if len(args) > 1 else kwargs.get("dtype", Const(None))
    t = type_of(made)
    if isinstance(t, Array) and (dtype == Const(None) or (isinstance(dtype, Const) and np.dtype(dtype.value) == t.dtype)):
        return made
    return s.apply(np.asarray, (made, dtype))


def _sum(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, start = args[0], args[1] if len(args) > 1 else kwargs.get("start", Const(0))
    t = type_of(x)
    assert isinstance(t, ListOf)
    if isinstance(t.item, Undefined) and t.sites:  # nothing is ever put into it
        return start
    numbers = as_rank(t.item) == 0 and as_rank(as_array(type_of(start))) == 0
    if numbers or t.sites:  # in the order of Python, which matters in the last bit
        made = infer_call(operator.add, [type_of(start), t.item], {})
        return s.append(sum, (x,) if start == Const(0) else (x, start), {}, made)
    total = s.apply(np.sum, (_stacked(s, x), Const(0)))
    return total if start == Const(0) else s.apply(operator.add, (start, total))


def _extreme(op: Any) -> Callable[..., Any]:
    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        t = type_of(args[0])
        if kwargs:
            return NotImplemented
        if len(args) > 1 or not isinstance(t, ListOf) or as_rank(t.item) != 0:
            raise UnsupportedSyntaxError(
                f"{op.__name__} of a list that grows, other than of numbers", s.place, "Use np.stack, then NumPy's function."
            )
        return s.append(op, args, {}, t.item)

    return handle


def as_rank(t: Abstract) -> int | None:
    """The rank of an item's type."""
    return 0 if isinstance(t, Scalar) else t.rank if isinstance(t, Array) else None


def _add(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """`a + [x, y]`: a new list."""
    a, b = args
    if isinstance(b, List) and isinstance(type_of(a), ListOf):
        for i in b.items:
            a = s.append(runtime.appended, (a, _fitting(s, a, i)), {}, _type_with(s, runtime.appended, a, (i,)))
        return a
    raise UnsupportedSyntaxError("the sum of two lists of which one grows", s.place, "Append the items one by one.")


def _extended(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    _extend(s, args[0], args[1:], kwargs)
    return s.present(args[0])


def _copy(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    x = args[0]
    return s.append(runtime.item, (x, Slice(Const(None), Const(None), Const(None))), {}, type_of(x))


def _refused(what: str) -> Callable[..., Any]:
    def handle(s: Builder, *rest: Any) -> Any:
        raise UnsupportedSyntaxError(
            f"{what} a list whose length is only known at run time", s.place, "Append, index or pop; or use an array."
        )

    return handle


OPERATIONS: dict[Any, Callable[..., Any]] = {
    operator.getitem: _getitem,
    operator.setitem: _setitem,
    operator.delitem: _refused("del of an item of"),
    operator.add: _add,
    operator.iadd: _extended,
    operator.mul: _refused("repeating"),
    operator.contains: _refused("`in`"),
    len: _len,
    list: _copy,
    tuple: _refused("tuple() of"),
    sum: _sum,
    max: _extreme(max),
    min: _extreme(min),
    np.stack: _stack,
    np.array: _array,
    np.asarray: _array,
    np.concatenate: _concatenate,
}
"""What is done to a growing list, by operation; each takes the operands and the keywords."""


def _known(s: Builder, op: Any, args: Sequence[Operand]) -> Operand:
    """An operation on growing lists, of a list whose length is known (as it is before a loop has been gone through)."""
    x = args[0]
    assert isinstance(x, List)
    if op is runtime.appended:
        return List((*x.items, args[1]))
    if op is runtime.shortened:
        return List(x.items[:-1])
    if op is runtime.item:
        return s.apply(operator.getitem, args)
    if not x.items and s.growing:
        return UNDEFINED
    t = join(List(()), type_of(x), ("list", s.path))
    return s.append(op, args, {}, infer_call(op, [t, *map(type_of, args[1:])], {}))


FROM_KNOWN = {
    op: functools.partial(lambda op, s, args, kwargs: _known(s, op, read_signature(op).bind(*args, **kwargs).args), op)
    for op in (
        runtime.added_each,
        runtime.added_item,
        runtime.appended,
        runtime.item,
        runtime.joined,
        runtime.numbers,
        runtime.shortened,
        runtime.stacked,
        runtime.with_item,
        runtime.zeros_each,
    )
}
"""What the operations on growing lists are on a list of known length."""


def _append(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    return _replaced(s, x, runtime.appended, (_fitting(s, x, args[0]),))


def _extend(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    other = args[0]
    if not isinstance(other, (List, Tuple)):
        raise UnsupportedSyntaxError("a list that grows, extended by another", s.place, "Append the items one by one.")
    for i in other.items:
        _append(s, x, (i,), {})
    return Const(None)


def _pop(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    if args and args[0] != Const(-1):
        return _refused("pop from the middle of")(s)  # type: ignore[no-any-return]
    last = s.apply(operator.getitem, (s.present(x), Const(-1)))
    _replaced(s, x, runtime.shortened, ())
    return last


METHODS: dict[str, Callable[..., Any]] = {
    "append": _append,
    "extend": _extend,
    "pop": _pop,
    "copy": lambda s, x, args, kwargs: _copy(s, (x,), {}),
}
"""The methods of a growing list; each takes the list, the arguments and the keywords."""
