"""Lists whose length is only known at run time: those that loops carry, and those that are written into.

Each is a list of the kernel, of numbers, arrays, tuples of these, or lists, of one type; what may be one list is one there too.
A list of numbers, or of arrays of one shape, is an array where one is asked for.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from sct.backend.loops.elementwise import elementwise
from sct.backend.loops.forms import Do, Elem, Expr, Loop, Make, Name, Num, Op, Point, Put, Ref, Statement, op
from sct.backend.loops.lazy import Lazy, of_array
from sct.backend.loops.lowering import Lowering, Unlooped, cast, lowers
from sct.ir.ops import NEW, InPlace, Method, Store
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand, Value, blocks_in, type_of
from sct.ir.types import Array, Const, List, ListOf, Scalar, Slice, Tuple, Undefined, Unknown
from sct.runtime import (
    add_each,
    add_items,
    added_each,
    added_item,
    appended,
    item,
    items_of,
    numbers,
    places,
    repeated,
    same_places,
    shortened,
    stacked,
    with_item,
    zeros_each,
)

__all__ = ["array_of_list", "element", "item_type", "length", "list_of", "taken"]

Args = tuple[Operand, ...]
Kwargs = dict[str, Operand]
_NUMBER = (Scalar, Array)


def item_type(t: Any) -> Any:
    """The type of the items of a list, if a list of the kernel can have it."""
    i = t.item if isinstance(t, ListOf) else t
    if isinstance(i, ListOf):
        return ListOf(item_type(i))
    if isinstance(i, Tuple) and i.kind is None and i.items:
        return Tuple(tuple(map(item_type, i.items)))
    if isinstance(i, Const) and (i.value is None or isinstance(i.value, str)):
        return i
    a = as_array(i)
    if not isinstance(i, (*_NUMBER, Const)) or a.shape is None or a.dtype is None or a.dtype.kind not in "biufc":
        raise Unlooped("a list of what are no numbers, arrays of known rank, or tuples or lists of these")
    others = {np.dtype(k) for k in getattr(i, "also", ())} - {a.dtype}
    if others:
        raise Unlooped("a list of numbers of several types")
    return i


def _is_memory(low: Lowering, t: Any) -> bool:
    """Whether an item is an array, or one without axes that somebody may write into."""
    return bool(as_array(t).shape) or (low.stores and isinstance(t, Array) and t.boxed is not False)


def element(low: Lowering, o: Any, t: Any, reads: list[Name]) -> Expr:
    """What a list of items of a type holds for an operand."""
    if isinstance(t, ListOf):
        name = list_of(low, o, t)
        reads.append(name)
        return Ref(name)
    if isinstance(t, Tuple):
        return Op("tuple", tuple(element(low, i, k, reads) for i, k in zip(low.items(o), t.items, strict=True)))
    if isinstance(t, Const):
        return Num(None if isinstance(t.value, str) else t.value)
    a = low.operand(o) if isinstance(o, (Value, Const, Tuple, List)) else o
    if not isinstance(a, Lazy):
        return a  # type: ignore[no-any-return]
    as_type = as_array(t)
    if a.rank != len(as_type.shape or ()):
        raise Unlooped("an item of another rank than the list's")
    if not _is_memory(low, t):
        return cast(a.at(()), a.dtype, as_type.dtype, store=True)
    low.refuse_view(a)
    if a.dtype != as_type.dtype:
        raise Unlooped("an item of another dtype than the list's")
    if a.whole not in low.owned:  # which lies in memory as its indices go
        if low.stores and a.whole is not None:
            raise Unlooped("an array of others in a list, in a function that writes into arrays of others")
        a = low.made(a)
    assert a.whole is not None
    reads.append(a.whole)
    return Ref(a.whole)


def list_of(low: Lowering, o: Operand, t: Any) -> Name:
    """The list that an operand is."""
    if isinstance(o, Value) and o in low.lists:
        return low.lists[o]
    if isinstance(o, List) or (isinstance(o, Const) and isinstance(o.value, list)):
        name = low.fresh("items", None, -1)
        begin(low, name, low.items(o), t)
        return name
    raise Unlooped("a list that is none of the kernel's")


def begin(low: Lowering, name: Name, items: Sequence[Operand], t: Any) -> None:
    """A list of some items."""
    inner = item_type(t)
    reads: list[Name] = []
    given = tuple(element(low, i, inner, reads) for i in items)
    if not given:
        low.add(Point(name, op("[:]", op("list", _prototype(low, inner)), Num(None), Num(0))))
        return
    low.add(Do(Op("list", given), "", tuple(reads), (), (name,)))


def _prototype(low: Lowering, t: Any) -> Expr:
    """An item of a type, which gives a list without any its type."""
    if isinstance(t, ListOf):
        return op("[:]", op("list", _prototype(low, t.item)), Num(None), Num(0))
    if isinstance(t, Tuple):
        return Op("tuple", tuple(_prototype(low, i) for i in t.items))
    if isinstance(t, Const) and (t.value is None or isinstance(t.value, str)):
        return Num(None)
    a = as_array(t)
    assert a.shape is not None and a.dtype is not None
    if _is_memory(low, t):
        name = low.fresh("none", a.dtype, len(a.shape))
        low.add(Make(name, (Num(0),) * len(a.shape)))
        return Ref(name)
    zero = a.dtype.type(0)
    return Num(zero.item()) if a.dtype.itemsize >= 8 or a.dtype.kind == "b" else op(f"np.{a.dtype.name}", Num(zero.item()))


def taken(low: Lowering, name: Name, t: Any) -> Any:
    """What a variable holds that was an item of a type."""
    if isinstance(t, ListOf):
        return name
    if isinstance(t, Tuple):
        return tuple(_part(low, name, k, i) for k, i in enumerate(t.items))
    if isinstance(t, Const):
        return None
    a = as_array(t)
    assert a.shape is not None
    if _is_memory(low, t):
        low.owned.add(name)
        low.views.add(name)
        return of_array(name, low.lengths(name, a.shape), a.dtype)
    return Ref(name)


def _part(low: Lowering, name: Name, k: int, t: Any) -> Any:
    """An item of a tuple."""
    e = op("item", Ref(name), Num(k))
    if isinstance(t, Const):
        return t
    if not isinstance(t, (Tuple, ListOf)) and not _is_memory(low, t):
        return e
    part = _variable(low, name.hint, t)
    part.value = name.value
    low.add(Point(part, e, name))
    return taken(low, part, t)


def _variable(low: Lowering, hint: str, t: Any) -> Name:
    """A variable for an item of a type."""
    if isinstance(t, (ListOf, Tuple, Const)):
        return low.fresh(hint, None, -1)
    a = as_array(t)
    return low.fresh(hint, a.dtype, len(a.shape or ()))


def _had(low: Lowering, s: Apply, expr: Expr, t: Any, source: Name, writes: tuple[Name, ...] = ()) -> Any:
    """An item that a list is asked for."""
    name = _variable(low, s.result.word or "item", t)
    name.value = s.result
    low.add(Do(expr, "", (source,), writes, (name,)))
    return taken(low, name, t)


def length(low: Lowering, name: Name) -> Expr:
    """How many items a list has here."""
    n = low.fresh("length", np.dtype(np.int64))
    low.add(Do(op("len", Ref(name)), "", (name,), (), (n,)))
    return Ref(n)


def array_of_list(low: Lowering, o: Value, dtype: Any = None) -> Lazy:
    """The items of a list as an array, along its first axis."""
    source, t = low.lists[o], item_type(o.type)
    if isinstance(t, (ListOf, Tuple, Const)):
        raise Unlooped("a list of what are no numbers or arrays, as an array")
    a = as_array(t)
    assert a.shape is not None
    n = length(low, source)
    row = _variable(low, "item", t)
    row.value = o
    k = low.fresh("k", np.dtype(np.int64))
    name = low.fresh(o.word or "items", dtype or a.dtype, len(a.shape) + 1)
    shape: tuple[Expr, ...] = ()
    if a.shape:
        first = low.fresh("first", a.dtype, len(a.shape))
        first.value = o
        low.require(op(">", n, Num(0)), "ValueError", "need at least one array to stack")
        low.add(Do(op("item", Ref(source), Num(0)), "", (source,), (), (first,)))
        shape = tuple(low.simple(op(".shape", Ref(first), Num(axis))) for axis in range(len(a.shape)))
    low.add(Make(name, (n, *shape)))
    loop = Loop(k, Num(0), n, nest=False)
    low.add(loop)

    def one() -> None:
        low.add(Do(op("item", Ref(source), Ref(k)), "", (source,), (), (row,)))
        found = taken(low, row, t)
        if isinstance(found, Lazy):
            for axis, m in enumerate(shape):
                low.require(
                    op("==", op(".shape", Ref(row), Num(axis)), m), "ValueError", "all input arrays must have the same shape"
                )
            low.nest(shape, partial(_row, low, name, k, row, a.dtype, dtype or a.dtype))
        else:
            low.add(Put(Elem(name, (Ref(k),)), cast(found, a.dtype, dtype or a.dtype, store=True)))

    low.within(loop.body, one)
    return of_array(name, (n, *shape), dtype or a.dtype)


def _row(low: Lowering, name: Name, k: Name, row: Name, source: Any, target: Any, index: list[Expr]) -> list[Statement]:
    return [Put(Elem(name, (Ref(k), *index)), cast(Elem(row, tuple(index)), source, target, store=True))]


# -- lists that are made -------------------------------------------------------------------------------------------------------


def _made(low: Lowering, s: Apply) -> Name:
    """The variable of a list that a statement gives."""
    return low.variable(s.result) if s.result in low.roots else Name(s.result.word or "items", None, -1, s.result)


@lowers(NEW)
def _new(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = s.result.type
    if not isinstance(t, ListOf):
        raise Unlooped("an object or dict that is written into")
    name = _made(low, s)
    low.types[s.result] = t = _with_item(low, s.result, t)
    if isinstance(t.item, Undefined):
        raise Unlooped("a list that stays empty")
    begin(low, name, low.items(args[0]), t)
    return name


def _with_item(low: Lowering, v: Value, t: ListOf) -> ListOf:
    """The type of a list that is empty where it is made, with the items that it gets."""
    if not isinstance(t.item, (Undefined, Unknown)):
        return t
    for b in blocks_in(low.whole):
        for s in b.body:
            if isinstance(s, Apply) and s.op == Store(Method("append")) and s.args[0] is v:
                return ListOf(type_of(s.args[1]))
    return t


def _in_place(low: Lowering, s: Apply) -> Name:
    """The list that a statement changes: its operand, or a copy of that."""
    source = list_of(low, s.args[0], s.result.type)
    if isinstance(s.op, InPlace) and isinstance(s.args[0], Value):
        return source
    name = _made(low, s)
    low.add(Do(op("[:]", Ref(source), Num(None), Num(None)), "", (source,), (), (name,)))
    return name


def _append(low: Lowering, name: Name, o: Any, t: Any) -> None:
    reads: list[Name] = []
    e = element(low, o, item_type(t), reads)
    low.add(Do(op(".append", Ref(name), e), "", (*reads, name), (name,)))


def _set(low: Lowering, name: Name, at: Expr, e: Expr, reads: Sequence[Name] = ()) -> None:
    low.add(Do(op("[]=", Ref(name), at, e), "", (*reads, name), (name,)))


@lowers(appended)
def _appended(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    name = _in_place(low, s)
    _append(low, name, args[1], s.result.type)
    return name


@lowers(shortened)
def _shortened(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    name = _in_place(low, s)
    if isinstance(s.op, InPlace):
        low.add(Do(op(".pop", Ref(name)), "", (name,), (name,)))
    else:
        low.add(Do(op("[:]", Ref(name), Num(None), Num(-1)), "", (name,), (name,), (name,)))
    return name


@lowers(item)
def _item(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    source = list_of(low, args[0], type_of(args[0]))
    if _is_slice(args[1]):
        name = _made(low, s)
        low.add(Do(op("[:]", Ref(source), *_bounds(low, args[1])), "", (source,), (), (name,)))
        return name
    t = item_type(_type_of_list(low, args[0]))
    return _had(low, s, op("item", Ref(source), low.number(args[1])), t, source)


def _type_of_list(low: Lowering, o: Operand) -> Any:
    return low.types.get(o, type_of(o)) if isinstance(o, Value) else type_of(o)


def _is_slice(o: Operand) -> bool:
    return isinstance(o, Slice) or (isinstance(o, Const) and isinstance(o.value, slice))


def _bounds(low: Lowering, o: Operand) -> tuple[Expr, ...]:
    """The start, stop and step of a slice, without a step that is none."""
    if isinstance(o, Const):
        parts: tuple[Operand, ...] = tuple(map(Const, (o.value.start, o.value.stop, o.value.step)))
    else:
        assert isinstance(o, Slice)
        parts = o.start, o.stop, o.step
    found = [Num(None) if type_of(p) == Const(None) else low.number(p) for p in parts]
    return tuple(found[:2] if found[2] == Num(None) else found)


@lowers(with_item)
def _with(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    reads: list[Name] = []
    e = element(low, args[2], item_type(s.result.type), reads)
    name = _in_place(low, s)
    _set(low, name, low.number(args[1]), e, reads)
    return name


@lowers(added_item)
def _added(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = item_type(s.result.type)
    name = _in_place(low, s)
    if _is_slice(args[1]):
        return _added_slice(low, s, name, t, args)
    at = low.number(args[1])
    _increase(low, s, name, at, t, low.operand(args[2]))
    return name


def _increase(low: Lowering, s: Apply, name: Name, at: Expr, t: Any, by: Lazy) -> None:
    """Put the sum of an item and something else in the item's place."""
    if isinstance(t, (ListOf, Tuple, Const)):
        raise Unlooped("sums of what are no numbers or arrays, in a list")
    old = _variable(low, "item", t)
    old.value = s.result
    low.add(Do(op("item", Ref(name), at), "", (name,), (), (old,)))
    found = taken(low, old, t)
    if not isinstance(found, Lazy):
        _set(low, name, at, op("+", found, by.at(())))
        return
    low.same_shape(found.shape, by.shape)
    total = low.made(Lazy(found.shape, found.dtype, lambda i: op("+", found.at(i), by.at(i)), found.arrays | by.arrays))
    assert total.whole is not None
    _set(low, name, at, Ref(total.whole), (total.whole,))


def _added_slice(low: Lowering, s: Apply, name: Name, t: Any, args: Args) -> Name:
    """Each item of a list added to one of those in a slice of another one."""
    other = list_of(low, args[2], s.result.type)
    bounds = _bounds(low, args[1])
    if len(bounds) > 2:
        raise Unlooped("a slice of a list with a step that is written into")
    start, stop, step = (low.fresh(n, np.dtype(np.int64)) for n in ("start", "stop", "step"))
    whole = op(".indices", Op("slice", bounds), length(low, name))
    low.add(Do(whole, "", (name,), (), (start, stop, step)))
    count = length(low, other)
    low.require(op("==", op("max", op("-", Ref(stop), Ref(start)), Num(0)), count), "ValueError", "lists of different lengths")
    k = low.fresh("k", np.dtype(np.int64))
    loop = Loop(k, Num(0), count, nest=False)
    low.add(loop)

    def one() -> None:
        by = _variable(low, "item", t)
        by.value = args[2] if isinstance(args[2], Value) else None
        low.add(Do(op("item", Ref(other), Ref(k)), "", (other,), (), (by,)))
        found = taken(low, by, t)
        given = found if isinstance(found, Lazy) else Lazy((), as_array(t).dtype, lambda _: Ref(by), frozenset(), False)
        _increase(low, s, name, op("+", Ref(start), Ref(k)), t, given)

    low.within(loop.body, one)
    return name


@lowers(zeros_each)
def _zeros(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    source = list_of(low, args[0], type_of(args[0]))
    t = item_type(type_of(args[0]))
    if isinstance(t, (ListOf, Tuple, Const)) or as_array(t).dtype.kind not in "fc":  # type: ignore[union-attr]
        raise Unlooped("zeros for what are no numbers or arrays, in a list")
    return _each(low, s, length(low, source), partial(_zero, low, source, t))


def _zero(low: Lowering, source: Name, t: Any, k: Name) -> Any:
    a = as_array(t)
    zero = Num(a.dtype.type(0).item())  # type: ignore[union-attr]
    if not a.shape:
        return Lazy((), a.dtype, lambda _: zero, frozenset(), False)
    like = _variable(low, "item", t)
    low.add(Do(op("item", Ref(source), Ref(k)), "", (source,), (), (like,)))
    shape = tuple(low.simple(op(".shape", Ref(like), Num(axis))) for axis in range(len(a.shape)))
    return Lazy(shape, a.dtype, lambda _: zero, frozenset(), False, fill="zeros")


def _each(low: Lowering, s: Apply, count: Expr, made: Callable[[Name], Any]) -> Name:
    """A list of what is made for each index."""
    name, t = _made(low, s), _type_of_list(low, s.result)
    begin(low, name, (), t)
    k = low.fresh("k", np.dtype(np.int64))
    loop = Loop(k, Num(0), count, nest=False)
    low.add(loop)
    low.within(loop.body, lambda: _append(low, name, made(k), t))
    return name


@lowers(items_of)
def _items(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a = low.read_often(args[0])
    axis = int(low.constant(kwargs.get("axis", args[1] if len(args) > 1 else None), 0)) % a.rank
    if low.stores and a.rank > 1:
        raise Unlooped("the rows of an array in a list, in a function that writes into arrays of others")
    rest = [n for k, n in enumerate(a.shape) if k != axis]

    def row(k: Name) -> Lazy:
        return Lazy(tuple(rest), a.dtype, lambda i: a.at([*i[:axis], Ref(k), *i[axis:]]), a.arrays)

    return _each(low, s, a.shape[axis], row)


@lowers(places)
def _places(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a = low.operand(args[0])
    if a.rank != 1:
        raise Unlooped("the rows of an array in a list, in a function that writes into arrays of others")
    low.types[s.result] = ListOf(Array(a.dtype, (), True))
    zero = Num(a.dtype.type(0).item())
    return _each(low, s, a.shape[0], lambda k: Lazy((), a.dtype, lambda _: zero, frozenset(), False))


@lowers(add_items)
def _add_items(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    into, source = low.operand(args[0]), list_of(low, args[1], type_of(args[1]))
    t = item_type(_type_of_list(low, args[1]))
    (name,) = into.arrays
    low.about_to_write(name)
    n, k = length(low, source), low.fresh("k", np.dtype(np.int64))
    low.require(op("<=", n, into.shape[0]), "IndexError", "index is out of bounds")
    loop = Loop(k, Num(0), n, nest=False)
    low.add(loop)

    def one() -> None:
        place = _variable(low, "item", t)
        place.value = args[1] if isinstance(args[1], Value) else None
        low.add(Do(op("item", Ref(source), Ref(k)), "", (source,), (), (place,)))
        given, to = taken(low, place, t), into.at([Ref(k)])
        assert isinstance(to, Elem)
        low.add(Put(to, given.at(()) if isinstance(given, Lazy) else given, "+"))

    low.within(loop.body, one)


@lowers(add_each)
def _add_each(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    into, source = (list_of(low, o, type_of(o)) for o in args)
    t, u = (item_type(_type_of_list(low, o)) for o in args)
    if not _is_memory(low, t) or isinstance(u, (ListOf, Tuple, Const)):
        raise Unlooped("sums of what are no numbers or arrays, in a list")
    low.require(op("==", length(low, into), n := length(low, source)), "ValueError", "lists of different lengths")
    k = low.fresh("k", np.dtype(np.int64))
    loop = Loop(k, Num(0), n, nest=False)
    low.add(loop)

    def one() -> None:
        place, by = _variable(low, "place", t), _variable(low, "item", u)
        place.value, by.value = (o if isinstance(o, Value) else None for o in args)
        low.add(Do(op("item", Ref(into), Ref(k)), "", (into,), (), (place,)))
        low.add(Do(op("item", Ref(source), Ref(k)), "", (source,), (), (by,)))
        to, given = taken(low, place, t), taken(low, by, u)
        if not isinstance(given, Lazy):
            given = Lazy((), as_array(u).dtype, lambda _: Ref(by), frozenset(), False)
        low.same_shape(to.shape, given.shape)
        low.nest(to.shape, lambda i: [Put(Elem(place, tuple(i)), given.at(i), "+")])

    low.within(loop.body, one)


@lowers(repeated)
def _repeated(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = item_type(s.result.type)
    reads: list[Name] = []
    name = _made(low, s)
    low.add(Do(op("*", op("list", element(low, args[0], t, reads)), low.number(args[1])), "", tuple(reads), (), (name,)))
    return name


@lowers(builtins.list, same_places)
def _list(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    if isinstance(args[0], Value) and args[0] in low.lists:
        low.types[s.result] = _type_of_list(low, args[0])
        if isinstance(item_type(low.types[s.result]), ListOf) and s.op is same_places:
            raise Unlooped("lists in a list, of their own")
        name = _made(low, s)
        source = low.lists[args[0]]
        low.add(Do(op("[:]", Ref(source), Num(None), Num(None)), "", (source,), (), (name,)))
        return name
    if not isinstance(s.result.type, ListOf):
        raise Unlooped("a list of what is no list or array")
    return _items(low, s, args, kwargs)


@lowers(added_each)
def _added_each(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    first, second = (list_of(low, o, type_of(o)) for o in args)
    t = item_type(s.result.type)
    low.require(op("==", length(low, first), n := length(low, second)), "ValueError", "lists of different lengths")
    name = _made(low, s)
    low.add(Do(op("[:]", Ref(first), Num(None), Num(None)), "", (first,), (), (name,)))
    k = low.fresh("k", np.dtype(np.int64))
    loop = Loop(k, Num(0), n, nest=False)
    low.add(loop)

    def one() -> None:
        by = _variable(low, "item", t)
        by.value = args[1] if isinstance(args[1], Value) else None
        low.add(Do(op("item", Ref(second), Ref(k)), "", (second,), (), (by,)))
        found = taken(low, by, t)
        given = found if isinstance(found, Lazy) else Lazy((), as_array(t).dtype, lambda _: Ref(by), frozenset(), False)
        _increase(low, s, name, Ref(k), t, given)

    low.within(loop.body, one)
    return name


@lowers(stacked, numbers)
def _stacked(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    from sct.backend.loops.making import array_type, turned

    t = array_type(s)
    if not (isinstance(args[0], Value) and args[0] in low.lists):
        raise Unlooped("a list that is none of the kernel's, as an array")
    whole = array_of_list(low, args[0], t.dtype)
    if s.op is stacked and not as_array(item_type(args[0].type)).shape:
        low.require(op(">", whole.shape[0], Num(0)), "ValueError", "need at least one array to stack")
    axis = 0
    if s.op is stacked:
        axis = int(low.constant(kwargs.get("axis", args[1] if len(args) > 1 else None), 0)) % whole.rank
    for n, e in zip(t.shape, [*whole.shape[1 : axis + 1], whole.shape[0], *whole.shape[axis + 1 :]], strict=True):
        low.extent(n, partial(_same, e))
    return whole if not axis else turned(whole, [*range(1, axis + 1), 0, *range(axis + 1, whole.rank)])


def _same(e: Expr) -> Expr:
    return e


@lowers(operator.add)
def _joined(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    if not isinstance(s.result.type, ListOf):
        return elementwise(low, s, args, kwargs)
    t = _with_item(low, s.result, s.result.type)
    first, second = (list_of(low, o, t) for o in args)
    name = _made(low, s)
    low.add(Do(op("+", Ref(first), Ref(second)), "", (first, second), (), (name,)))
    return name


# -- lists that are written into -----------------------------------------------------------------------------------------------


@lowers(Method("append"))
def _append_to(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    name = list_of(low, args[0], type_of(args[0]))
    _append(low, name, args[1], _type_of_list(low, args[0]))


@lowers(Method("pop"), Method("popleft"))
def _pop_from(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    name = list_of(low, args[0], type_of(args[0]))
    first = s.op.op.name == "popleft" if isinstance(s.op, Store) else False
    at = [Num(0)] if first else [low.number(o) for o in args[1:]]
    low.require(op(">", length(low, name), Num(0)), "IndexError", "pop from empty list")
    return _had(low, s, op(".pop", Ref(name), *at), item_type(_type_of_list(low, args[0])), name, (name,))


@lowers(Method("insert"), Method("appendleft"))
def _insert_into(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    name = list_of(low, args[0], type_of(args[0]))
    reads: list[Name] = []
    e = element(low, args[-1], item_type(_type_of_list(low, args[0])), reads)
    at = low.number(args[1]) if len(args) > 2 else Num(0)
    low.add(Do(op(".insert", Ref(name), at, e), "", (*reads, name), (name,)))


@lowers(operator.setitem)
def _set_in(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    if isinstance(args[1], Slice) or not isinstance(type_of(args[0]), ListOf):
        raise Unlooped("a write into what is no item of a list")
    name = list_of(low, args[0], type_of(args[0]))
    reads: list[Name] = []
    e = element(low, args[2], item_type(_type_of_list(low, args[0])), reads)
    _set(low, name, low.number(args[1]), e, reads)
