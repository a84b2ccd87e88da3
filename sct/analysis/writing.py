"""Writes into arrays, lists and dicts, carried out while a function is specialized.

Takes a write as the user wrote it; makes the next version of the object that it goes into (`sct.analysis.memory`). A write
through a view goes into what it is a view of. `NotImplemented` means that an operation is no write.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import numpy as np

from sct.analysis.containers import UnrollError
from sct.analysis.inference import plain
from sct.analysis.iteration import Plan, element, trip_count
from sct.analysis.memory import Memory, View
from sct.analysis.storage import is_basic_index
from sct.errors import Place, SctError, UnsupportedSyntaxError
from sct.ir.ops import Attribute, Augmented, Method
from sct.ir.shapes import constant
from sct.ir.ssa import Operand, Value, type_of
from sct.ir.types import Abstract, Array, Const, Dict, List, ListOf, Scalar, Tuple, Unknown
from sct.runtime import scatter_add, updated

__all__ = ["BINARY", "METHODS", "WRITING", "into_output", "is_object"]

BINARY: dict[Any, Callable[..., Any]] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.ipow: operator.pow,
    operator.imatmul: operator.matmul,
    operator.ilshift: operator.lshift,
    operator.irshift: operator.rshift,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
}
_WHOLE = Const(Ellipsis)
_ALL = Const(True)


class Builder(Protocol):
    """What writes need of the specializer."""

    memory: Memory
    place: Place | None
    growing: bool
    path: str

    def apply(self, op: Any, args: Sequence[Operand], kwargs: Any = None, name: str = "") -> Operand:
        """Emit an operation."""

    def append(self, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], t: Abstract, name: str = "") -> Value:
        """Emit an operation of known type."""

    def plan(self, operand: Operand) -> Plan:
        """The plan of an iterable."""

    def explode(self, v: Value) -> Operand:
        """A container value as a container of its items."""

    def present(self, operand: Operand) -> Operand:
        """An operand as it is now."""

    def writable(self, obj: Operand) -> None:
        """Refuse an object that the function must not write into; copy an argument."""


# -- arrays ------------------------------------------------------------------------------------------------------------------


def write(s: Builder, target: Value, path: tuple[Operand, ...], value: Operand, op: Any = updated) -> None:
    """`target[path[0]]... = value`, or with `op=scatter_add` `+= value`."""
    if op is scatter_add and target in s.memory.views and is_basic_index(path[0]) is not True:  # it may name an entry twice
        op, path, value = updated, (_WHOLE,), s.append(op, (target, path[0], value), {}, target.type)
    while (view := s.memory.views.get(target)) is not None and view.part:
        path = (view.index, *path)
        target = _value(s.present(view.base))
    if view is None:
        s.writable(s.memory.object_of(target))
        target = _value(s.present(target))
    if op is scatter_add and len(path) > 1:
        old: Operand = target
        for index in path:
            old = s.apply(operator.getitem, (old, index))
        op, value = updated, s.apply(operator.add, (old, value))
    args = (target, Tuple(path), value) if op is updated else (target, path[0], value)
    new = s.append(op, args, {}, target.type, target.name)
    if view is not None:
        write(s, _value(s.present(view.base)), (_WHOLE,), _turned_back(s, view, new))
        return
    obj = s.memory.object_of(target)
    s.memory.set(obj, new)
    s.memory.wrote(obj, target.name, s.place)


def _value(o: Operand) -> Value:
    assert isinstance(o, Value), o
    return o


def _turned_back(s: Builder, view: View, new: Value) -> Operand:
    """The contents of a view of all of an array, as contents of the array."""
    op, args, kwargs = view.statement.op, view.statement.args[1:], dict(view.statement.kwargs)
    name = op.name if isinstance(op, (Attribute, Method)) else op.__name__
    if name in ("T", "swapaxes", "flip", "fliplr", "flipud") or (name == "transpose" and not args and not kwargs):
        return s.append(op, (new, *args), kwargs, view.base.type)
    if name == "moveaxis":
        there = {**dict(zip(("source", "destination"), args, strict=False)), **kwargs}
        return s.append(np.moveaxis, (new, there["destination"], there["source"]), {}, view.base.type)
    if name == "transpose":
        axes = plain(type_of(args[0] if len(args) == 1 else kwargs["axes"] if kwargs else Tuple(tuple(args))))
        if not constant(axes):
            raise UnsupportedSyntaxError(
                "a write through a transpose with axes only known at run time", s.place, "Write into the array itself."
            )
        back = tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))
        return s.append(np.transpose, (new, Const(back)), {}, view.base.type)
    return s.append(np.reshape, (new, s.apply(np.shape, (view.base,))), {}, view.base.type)


def _array(s: Builder, x: Operand, what: str) -> Value:
    """An operand that is written into; refused if it is not known to be an array."""
    t = type_of(x)
    if isinstance(x, Value) and isinstance(t, Array) and (t.shape != () or t.boxed):
        return x
    raise UnsupportedSyntaxError(
        f"{what} {_called(x)}, which is {t}",
        s.place,
        "Write into an array, list or dict that the function makes or gets as an argument.",
    )


def _called(x: Operand) -> str:
    return repr(x.name) if isinstance(x, Value) and x.name else "a value"


def _check_kind(s: Builder, target: Value, value: Operand) -> None:
    """NumPy would cut a real number down to an integer without a word: that has no derivative."""
    t, v = target.type, type_of(value)
    assert isinstance(t, Array)
    kind = v.kind if isinstance(v, Scalar) else type(v.value) if isinstance(v, Const) else None
    inexact = kind in (float, complex) or (isinstance(v, Array) and v.dtype is not None and v.dtype.kind in "fc")
    if inexact and t.dtype is not None and t.dtype.kind in "iub":
        raise UnsupportedSyntaxError(
            f"a write of real numbers into {_called(target)}, which is an array of {t.dtype}: they would be cut to integers",
            s.place,
            "Make the array one of floats, as in np.zeros(n) or .astype(float).",
        )


def _setitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, key, value = args
    if isinstance(type_of(x), (List, Dict)):
        _put(s, x, key, value)
        return Const(None)
    target = _array(s, x, "an assignment to an entry of")
    _check_kind(s, target, value)
    write(s, target, (key,), value)
    return Const(None)


def _augmented_item(op: Augmented) -> Callable[..., Any]:
    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        x, key, value = args
        if isinstance(type_of(x), (List, Dict)):
            old = s.apply(operator.getitem, (x, key))
            new = s.apply(op.op, (old, value))
            if not is_object(type_of(old)):  # otherwise the entry is what it was, and changed itself
                _put(s, s.present(x), key, new)
            return Const(None)
        target = _array(s, x, "an augmented assignment to an entry of")
        _check_kind(s, target, value)
        add = op.op in (operator.iadd, operator.isub)
        if add and is_basic_index(key) and _adds(target, value):
            write(s, target, (key,), value if op.op is operator.iadd else s.apply(operator.neg, (value,)), scatter_add)
            return Const(None)
        old = s.apply(operator.getitem, (target, key))
        write(s, target, (key,), s.apply(BINARY[op.op], (old, value)))
        return Const(None)

    return handle


def is_object(t: Abstract) -> bool:
    """Whether an augmented assignment to something of this type writes into it."""
    return isinstance(t, (List, ListOf, Dict)) or (isinstance(t, Array) and (t.shape != () or t.boxed))


def _adds(target: Value, value: Operand) -> bool:
    """Whether adding in place is adding: the target holds real or complex numbers that the value does not change in kind."""
    t = target.type
    assert isinstance(t, Array)
    return t.dtype is not None and t.dtype.kind in "fc" and isinstance(type_of(value), (Array, Scalar, Const))


def _augmented(op: Any) -> Callable[..., Any]:
    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        x, value = args
        t = type_of(x)
        if isinstance(t, List) and op is operator.iadd:
            return _extend(s, x, [value])
        if isinstance(t, Dict) and op is operator.ior:
            return _update(s, x, [value])
        if isinstance(t, (Const, Scalar, Tuple)) or (isinstance(t, Array) and t.shape == () and not t.boxed):
            return s.apply(BINARY[op], args)
        target = _array(s, x, "an augmented assignment to")
        _check_kind(s, target, value)
        if op in (operator.iadd, operator.isub) and _adds(target, value):
            write(s, target, (_WHOLE,), value if op is operator.iadd else s.apply(operator.neg, (value,)), scatter_add)
        else:
            write(s, target, (_WHOLE,), s.apply(BINARY[op], (target, value)))
        return s.present(x)

    return handle


def into_output(s: Builder, out: Operand, value: Operand, where: Operand = _ALL) -> Operand:
    """`out=`: the value is written over all of an array, or where a mask says so."""
    if isinstance(out, Tuple) and len(out.items) == 1:
        out = out.items[0]
    target = _array(s, out, "out= with")
    _check_kind(s, target, value)
    if where == _ALL:
        write(s, target, (_WHOLE,), value)
    else:
        write(s, target, (_WHOLE,), s.apply(np.where, (where, value, target)))
    return s.present(out)


def _copyto(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    into_output(s, args[0], args[1], args[3] if len(args) > 3 else kwargs.get("where", _ALL))
    return Const(None)


def _add_at(sign: bool) -> Callable[..., Any]:
    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        x, index, value = args
        target = _array(s, x, "np.add.at into")
        _check_kind(s, target, value)
        write(s, target, (index,), value if sign else s.apply(operator.neg, (value,)), scatter_add)
        return Const(None)

    return handle


def _put_flat(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """np.put(a, ind, v): `a.flat[ind] = v`."""
    x, index, value = args
    if kwargs or len(args) != 3:
        raise UnsupportedSyntaxError("np.put with a mode", s.place, "Take the indices modulo the size first.")
    target = _array(s, x, "np.put into")
    _check_kind(s, target, value)
    where = s.apply(np.unravel_index, (index, s.apply(np.shape, (target,)))) if _rank(target) != 1 else index
    write(s, target, (where,), value)
    return Const(None)


def _rank(v: Value) -> int | None:
    return v.type.rank if isinstance(v.type, Array) else None


def _fill_diagonal(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    target = _array(s, args[0], "np.fill_diagonal of")
    if _rank(target) != 2 or kwargs or len(args) != 2:
        raise UnsupportedSyntaxError("np.fill_diagonal of an array that is no matrix", s.place, "Index the entries.")
    rows, columns = (s.apply(operator.getitem, (s.apply(np.shape, (target,)), Const(i))) for i in (0, 1))
    n = s.apply(np.arange, (s.apply(min, (rows, columns)),))
    _check_kind(s, target, args[1])
    write(s, target, (Tuple((n, n)),), args[1])
    return Const(None)


def _fill(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    target = _array(s, x, ".fill() of")
    _check_kind(s, target, args[0])
    write(s, target, (_WHOLE,), args[0])
    return Const(None)


def _sort(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if isinstance(type_of(x), List):
        return _refused_method("sort")(s, x, args, kwargs)
    target = _array(s, x, ".sort() of")
    write(s, target, (_WHOLE,), s.apply(np.sort, (target, *args), kwargs))
    return Const(None)


def _put_method(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    return _put_flat(s, (x, *args), kwargs)


# -- lists and dicts ---------------------------------------------------------------------------------------------------------


def _contents(s: Builder, x: Operand) -> tuple[Operand, Any]:
    """A list or dict as an object, and what it holds."""
    now = s.present(x)
    obj = s.memory.object_of(now)
    s.writable(obj)
    return obj, s.explode(now) if isinstance(now, Value) else now


def _hold(s: Builder, obj: Operand, contents: Operand) -> None:
    s.memory.set(obj, contents)
    s.memory.wrote(obj, s.memory.name_of(obj), s.place)


def _key(s: Builder, key: Operand) -> Any:
    value = plain(type_of(key))
    if not constant(value):
        raise UnrollError(
            "a write to an element of a list or dict whose index is only known at run time",
            s.place,
            "Use an array, or loop over the list itself.",
        )
    return value


def _put(s: Builder, x: Operand, key: Operand, value: Operand) -> None:
    obj, now = _contents(s, x)
    at = _key(s, key)
    if isinstance(now, Dict):
        items: dict[Hashable, Operand] = dict(zip(now.keys, now.items, strict=True))
        items[at] = value
        _hold(s, obj, Dict(tuple(items), tuple(items.values())))
        return
    entries = list(now.items)
    try:
        entries[at] = list(s.plan(value).items) if isinstance(at, slice) else value  # type: ignore[attr-defined]
    except (IndexError, TypeError) as e:
        raise SctError(f"{at!r} is not in {type_of(now)}", s.place, "Check the index.") from e
    _hold(s, obj, List(tuple(entries)))


def _delitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, key = args
    if not isinstance(type_of(x), (List, Dict)):
        raise UnsupportedSyntaxError(f"del of an item of {type_of(x)}", s.place, "Take a slice, or use np.delete.")
    obj, now = _contents(s, x)
    at = _key(s, key)
    try:
        if isinstance(now, Dict):
            items = dict(zip(now.keys, now.items, strict=True))
            del items[at]
            _hold(s, obj, Dict(tuple(items), tuple(items.values())))
        else:
            entries = list(now.items)
            del entries[at]
            _hold(s, obj, List(tuple(entries)))
    except (KeyError, IndexError) as e:
        raise SctError(f"{at!r} is not in {type_of(now)}", s.place, "Check the key.") from e
    return Const(None)


def _items_of(s: Builder, x: Operand) -> list[Operand]:
    plan = s.plan(x)
    n = trip_count(plan)
    if n is None:
        raise UnsupportedSyntaxError(
            "a list extended by something whose length is only known at run time", s.place, "Collect the values in an array."
        )
    return [element(s, plan, Const(i)) for i in range(n)]


def _changed(change: Callable[[Builder, list[Operand], Sequence[Operand]], Operand]) -> Callable[..., Any]:
    """A list method that changes the list; `change` does it to the items and gives the method's result."""

    def handle(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        if not isinstance(type_of(x), List):
            return NotImplemented
        obj, now = _contents(s, x)
        items = list(now.items)
        result = change(s, items, args)
        _hold(s, obj, List(tuple(items)))
        return result

    return handle


def _append(s: Builder, items: list[Operand], args: Sequence[Operand]) -> Operand:
    items.append(args[0])
    return Const(None)


def _insert(s: Builder, items: list[Operand], args: Sequence[Operand]) -> Operand:
    items.insert(_key(s, args[0]), args[1])
    return Const(None)


def _extended(s: Builder, items: list[Operand], args: Sequence[Operand]) -> Operand:
    items.extend(_items_of(s, args[0]))
    return Const(None)


def _reverse(s: Builder, items: list[Operand], args: Sequence[Operand]) -> Operand:
    items.reverse()
    return Const(None)


def _popped(s: Builder, items: list[Operand], args: Sequence[Operand]) -> Operand:
    try:
        return items.pop(_key(s, args[0]) if args else -1)
    except IndexError as e:
        raise SctError("pop from an empty list", s.place, "Check the length first.") from e


def _extend(s: Builder, x: Operand, args: Sequence[Operand]) -> Operand:
    _changed(_extended)(s, x, args, {})
    return s.present(x)


def _pop(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if not isinstance(type_of(x), Dict):
        return _changed(_popped)(s, x, args, kwargs)
    obj, now = _contents(s, x)
    items = dict(zip(now.keys, now.items, strict=True))
    key = _key(s, args[0])
    if key not in items and len(args) < 2:
        raise SctError(f"{key!r} is not in {type_of(now)}", s.place, "Check the key.")
    result = items.pop(key, args[1] if len(args) > 1 else Const(None))
    _hold(s, obj, Dict(tuple(items), tuple(items.values())))
    return result


def _clear(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    obj, now = _contents(s, x)
    _hold(s, obj, Dict((), ()) if isinstance(now, Dict) else List(()))
    return Const(None)


def _update(s: Builder, x: Operand, args: Sequence[Operand]) -> Operand:
    obj, now = _contents(s, x)
    other = s.apply(dict, args)
    assert isinstance(other, Dict)
    items = {**dict(zip(now.keys, now.items, strict=True)), **dict(zip(other.keys, other.items, strict=True))}
    _hold(s, obj, Dict(tuple(items), tuple(items.values())))
    return s.present(x)


def _update_method(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if not isinstance(type_of(x), Dict):
        return NotImplemented
    for other in (*args, Dict(tuple(kwargs), tuple(kwargs.values()))):
        _update(s, s.present(x), (other,))
    return Const(None)


def _setdefault(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if not isinstance(type_of(x), Dict):
        return NotImplemented
    t = type_of(x)
    assert isinstance(t, Dict)
    if _key(s, args[0]) not in t.keys:
        _put(s, x, args[0], args[1] if len(args) > 1 else Const(None))
    return s.apply(operator.getitem, (s.present(x), args[0]))


def _refused_method(name: str) -> Callable[..., Any]:
    def handle(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        if isinstance(type_of(x), (Scalar, Unknown)):
            return NotImplemented
        raise UnsupportedSyntaxError(
            f"the method .{name}() of {type_of(x)}, which changes it", s.place, "Write the change with subscripts."
        )

    return handle


METHODS: dict[str, Callable[..., Any]] = {
    "fill": _fill,
    "sort": _sort,
    "put": _put_method,
    "append": _changed(_append),
    "insert": _changed(_insert),
    "extend": _changed(_extended),
    "reverse": _changed(_reverse),
    "pop": _pop,
    "clear": _clear,
    "update": _update_method,
    "setdefault": _setdefault,
    **{
        name: _refused_method(name)
        for name in ("remove", "popitem", "itemset", "resize", "partition", "setflags", "setfield", "byteswap")
    },
}
"""Methods that write; each takes the object, the arguments and the keywords."""


def _function_refused(advice: str) -> Callable[..., Any]:
    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        raise UnsupportedSyntaxError("a write into an array by this function", s.place, advice)

    return handle


WRITING: dict[Any, Callable[..., Any]] = {
    operator.setitem: _setitem,
    operator.delitem: _delitem,
    np.copyto: _copyto,
    np.add.at: _add_at(True),
    np.subtract.at: _add_at(False),
    np.put: _put_flat,
    np.fill_diagonal: _fill_diagonal,
    np.putmask: _function_refused("Write `a[mask] = values[mask]`."),
    np.place: _function_refused("Write `a[mask] = values`."),
    np.put_along_axis: _function_refused("Index the entries, with np.arange for the other axes."),
    setattr: _function_refused("Assign to a name and return it."),
    **{op: _augmented(op) for op in BINARY},
    **{Augmented(op): _augmented_item(Augmented(op)) for op in BINARY},
}
"""Operations that write; each takes the operands and the keywords."""
