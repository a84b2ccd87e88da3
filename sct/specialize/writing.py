"""Writes into arrays, lists and dicts, carried out while a function is specialized.

Takes a write as the user wrote it; makes the next version of the object that it goes into (`sct.specialize.memory`). A write
through a view goes into what it is a view of. `NotImplemented` means that an operation is no write.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from sct.analysis.activity import primitive_of
from sct.errors import SctError, UnsupportedSyntaxError
from sct.infer.call import index_type, infer_call, plain
from sct.ir.ops import BINARY, Augmented, Rebind, Store, describe, package_of
from sct.ir.paths import entries_of, is_basic_index
from sct.ir.shapes import as_array, constant
from sct.ir.ssa import Operand, Value, type_of
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    Instance,
    List,
    ListOf,
    Scalar,
    SizeLike,
    Slice,
    Tuple,
    Unknown,
    is_unit,
    same_dtype,
)
from sct.ir.words import in_words, records, shape_in_words
from sct.registry.compositions import composition_of
from sct.registry.effects import effect_of, is_registered
from sct.registry.facts import facts_of
from sct.registry.rules import adjoint_rule, is_nondifferentiable, positional_parameters
from sct.runtime import scatter_add, updated
from sct.signatures import read_signature
from sct.specialize.building import MASKS_CHANGE, Builder, UndecidedError, UnrollError
from sct.specialize.containers import not_there
from sct.specialize.iteration import Flat, trip_count
from sct.specialize.iterators import put_in_order, removed
from sct.specialize.memory import Write
from sct.specialize.records import bind_field

__all__ = [
    "METHODS",
    "OF_ARRAYS",
    "WRITING",
    "first_by_position",
    "give_away",
    "handed_over",
    "has_output",
    "into_outputs",
    "is_object",
    "refuse_overwriting",
    "write",
    "wrote_mask",
]

_WHOLE = Const(Ellipsis)
_ALL = Const(True)


# -- arrays ------------------------------------------------------------------------------------------------------------------


def write(
    s: Builder, target: Value, path: tuple[Operand, ...], value: Operand, op: Any = updated, augmented: bool = False
) -> None:
    """`target[path[0]]... = value`, or with `op=scatter_add` `+= value`; `augmented`: the value keeps all of its axes."""
    if target in s.memory.read_only:
        raise UnsupportedSyntaxError(
            f"a write into {_called(s, target)}, which NumPy makes read-only", s.place, "Copy it first: `x = x.copy()`."
        )
    _check_records(s, target, value)
    path = tuple(map(s.present, path))
    value = _fitted(s, target, path, value, augmented or op is scatter_add)
    wrote_mask(s, target.type)
    s.emit(Store(op), (target, Tuple(path), s.present(value)), {}, Const(None))


def wrote_mask(s: Builder, t: Abstract) -> None:
    """Something of a type is written into where it lies: if it may be a mask, what one picks is of another size each time."""
    if isinstance(t, Array) and same_dtype(t.dtype, np.dtype(bool)) and MASKS_CHANGE not in s.decided:
        raise UndecidedError(MASKS_CHANGE, True)


def _fitted(s: Builder, target: Value, path: tuple[Operand, ...], value: Operand, augmented: bool) -> Operand:
    """A value in the shape in which it is written: NumPy drops axes of length 1 in front of those of the part."""
    part: Abstract = target.type
    for index in path:
        if isinstance(part, Array) and part.shape:
            _check_index(s, part.shape, index)
        part = infer_call(operator.getitem, [part, index_type(index)], {})
    there = part.shape if isinstance(part, Array) else None
    shape = as_array(type_of(value)).shape
    if there is None or shape is None:
        return value
    extra = max(0, len(shape) - len(there))
    fits = all(map(_fits, reversed(shape), reversed(there)))
    if extra and (augmented or not there or any(is_unit(n) is False for n in shape[:extra])):
        fits = False
    if extra and isinstance(type_of(value), (List, Tuple)):  # NumPy drops axes of arrays only
        fits = False
    if not fits:
        raise SctError(
            f"{_called(s, value)} of shape {shape_in_words(shape)} does not fit into {_called(s, target)}, "
            f"where there is room for {shape_in_words(there)}",
            s.place,
            "Write a value of the shape of the part that is written into.",
        )
    return s.apply(np.squeeze, (value, Const(tuple(range(extra))))) if extra else value


def _fits(n: SizeLike, room: SizeLike) -> bool:
    """Whether an axis may be broadcast over another one; where a call's sizes decide, NumPy raises, if it comes there."""
    if is_unit(n) or n == room:
        return True
    return not isinstance(room, int) or (not isinstance(n, int) and not (is_unit(n) is False and room == 1))


def _check_index(s: Builder, shape: tuple[SizeLike, ...], index: Operand) -> None:
    """Refuse a known index that is not in an axis of known length."""
    for n, entry in zip(shape, entries_of(index), strict=False):
        if isinstance(entry, Const) and isinstance(entry.value, int) and not isinstance(entry.value, bool):
            if isinstance(n, int) and not -n <= entry.value < n:
                raise SctError(f"index {entry.value} is not in an axis of length {n}", s.place, "Check the index.")
        elif not isinstance(entry, Slice):
            return


def _value(o: Operand) -> Value:
    assert isinstance(o, Value), o
    return o


def _array(s: Builder, x: Operand, what: str, value: Operand | None = None) -> Value:
    """An operand that is written into; refused if it is not known to be an array, or not one for numbers such as `value`."""
    t = type_of(x)
    if isinstance(x, Value) and isinstance(t, Array) and (t.shape != () or t.boxed):
        if value is not None:
            _check_kind(s, x, value)
        return x
    raise UnsupportedSyntaxError(
        f"{what} {_called(s, x)}, which is {in_words(t)}",
        s.place,
        "Write into an array, list or dict that the function makes or gets as an argument.",
    )


def _called(s: Builder, x: Operand) -> str:
    name = s.memory.name_of(x) if isinstance(x, Value) else ""
    return repr(name) if name else "a value"


def _check_kind(s: Builder, target: Value, value: Operand) -> None:
    """NumPy would cut a real number down to an integer, or a complex one to a real: that has no derivative."""
    t, dtype = target.type, as_array(type_of(value)).dtype
    assert isinstance(t, Array)
    if t.dtype is None or dtype is None:
        return
    if dtype.kind == "c" and t.dtype.kind == "f":
        raise UnsupportedSyntaxError(
            f"a write of complex numbers into {_called(s, target)}, which is an array of {t.dtype}: they would lose a part",
            s.place,
            "Write np.real(...), or make the array one of complex numbers.",
        )
    if dtype.kind in "fc" and t.dtype.kind in "iub":
        raise UnsupportedSyntaxError(
            f"a write of real numbers into {_called(s, target)}, which is an array of {t.dtype}: they would be cut to integers",
            s.place,
            "Make the array one of floats, as in `y = np.zeros(n)` or `y = y.astype(float)`.",
        )


def _check_records(s: Builder, target: Value, value: Operand) -> None:
    """What is written into arrays of records or objects has no derivative."""
    held, dtype = records(target.type), as_array(type_of(value)).dtype
    if held and (dtype is None or dtype.kind in "fc"):
        raise UnsupportedSyntaxError(
            f"a write into {_called(s, target)}, which is an array of {held}",
            s.place,
            "Use arrays of numbers, one for each field.",
        )


def _setitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, key, value = args
    if isinstance(type_of(x), (List, Dict)):
        _put(s, x, key, value)
        return Const(None)
    if isinstance(x, Const) and isinstance(x.value, Flat):
        return _put_flat(s, (x.value.array, _of_entries(s, x.value, key), value), {})
    write(s, _array(s, x, "an assignment to an entry of", value), (key,), value)
    return Const(None)


def _of_entries(s: Builder, flat: Flat, key: Operand) -> Operand:
    """The numbers of the entries at an index."""
    number = isinstance(type_of(key), Scalar) or isinstance(plain(type_of(key)), int)
    return key if number else s.apply(operator.getitem, (s.apply(np.arange, (flat.length(s),)), key))


def _augmented_item(op: Augmented) -> Callable[..., Any]:
    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        x, key, value = args
        if isinstance(x, Const) and isinstance(x.value, Flat):
            return s.apply(operator.setitem, (x, key, s.apply(BINARY[op.op], (x.value.entries(s, key), value))))
        if isinstance(type_of(x), (List, Dict)):
            old = s.apply(operator.getitem, (x, key))
            new = s.apply(op.op, (old, value))
            if not is_object(type_of(old)) or s.memory.object_of(new) is not s.memory.object_of(old):
                _put(s, s.present(x), key, new)
            return Const(None)
        t = type_of(x)
        if isinstance(t, ListOf):
            if is_object(t.item):
                raise UnsupportedSyntaxError(
                    "an augmented assignment to an array in a list that grows", s.place, "Write xs[i] = xs[i] + v."
                )
            new = s.apply(op.op, (s.apply(operator.getitem, (x, key)), value))
            return s.apply(operator.setitem, (s.present(x), key, new))
        target = _array(s, x, "an augmented assignment to an entry of", value)
        add = op.op in (operator.iadd, operator.isub)
        if add and is_basic_index(key) and _adds(target, value):
            write(s, target, (key,), value if op.op is operator.iadd else _negative(s, target, value), scatter_add)
            return Const(None)
        old = s.apply(operator.getitem, (target, key))
        write(s, target, (key,), s.apply(BINARY[op.op], (old, value)), augmented=True)
        return Const(None)

    return handle


def is_object(t: Abstract) -> bool:
    """Whether an augmented assignment to something of this type writes into it, as far as its class does not make another."""
    return isinstance(t, (List, ListOf, Dict)) or (isinstance(t, Array) and not _may_be_number(t))


def _may_be_number(t: Array) -> bool:
    """Whether something may be a number, and no array."""
    return t.boxed is None or (not t.rank and not t.boxed)


def _adds(target: Value, value: Operand) -> bool:
    """Whether adding in place is adding: the target holds real or complex numbers that the value does not change in kind."""
    t, given = target.type, type_of(value)
    assert isinstance(t, Array)
    known = isinstance(given, (Scalar, Const)) or (isinstance(given, Array) and given.dtype is not None)
    return t.dtype is not None and t.dtype.kind in "fc" and known


def _negative(s: Builder, target: Value, value: Operand) -> Operand:
    """The negative of a value in the numbers in which it is subtracted from what the target holds.

    Flags have no negative, and integers of a fixed size may have another one.
    """
    t, given = target.type, type_of(value)
    dtype = as_array(given).dtype
    assert isinstance(t, Array)
    python = isinstance(given, Scalar) or (isinstance(given, Const) and not isinstance(given.value, np.generic))
    if python or (dtype is not None and dtype.kind in "fc"):
        return s.apply(operator.neg, (value,))
    if t.dtype is None or dtype is None:
        array = s.apply(np.asarray, (value,))
        return s.apply(np.negative, (array,), {"dtype": s.apply(np.result_type, (target, array))})
    return s.apply(operator.neg, (s.apply(np.asarray, (value, Const(np.promote_types(t.dtype, dtype)))),))


def _augmented(op: Any) -> Callable[..., Any]:
    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        x, value = args
        t = type_of(x)
        if isinstance(t, List) and op is operator.iadd:
            return _extend(s, x, [value])
        if isinstance(t, Dict) and op is operator.ior:
            return _update(s, x, [value])
        if isinstance(t, (Const, Scalar, Tuple)) or (isinstance(t, Array) and _may_be_number(t)):
            if not (isinstance(t, Array) and (t.boxed is None or t.shape is None) and isinstance(x, Value)):
                return s.apply(BINARY[op], args)
            made = infer_call(BINARY[op], [t, type_of(value)], {})
            if isinstance(made, Array) and made.shape == ():  # an array, or a number, as it was
                made = replace(made, boxed=None)
            _keeps_dtype(s, x, made)
            return s.emit(Rebind(BINARY[op]), (x, s.present(value)), {}, made)
        target = _array(s, x, "an augmented assignment to", value)
        if op in (operator.iadd, operator.isub) and _adds(target, value):
            write(s, target, (_WHOLE,), value if op is operator.iadd else _negative(s, target, value), scatter_add)
        else:
            if op is operator.imatmul and as_array(type_of(value)).rank in (0, 1):
                raise SctError("@= by an array that is no matrix", s.place, "Write x = x @ y.")
            changed = s.apply(BINARY[op], (target, value))
            _check_kind(s, target, changed)
            write(s, target, (_WHOLE,), changed, augmented=True)
        return s.present(x)

    return handle


def _keeps_dtype(s: Builder, x: Value, result: Abstract) -> None:
    """Refuse `x op= v` that is of the dtype of `x` if that is an array, and of another one if it is a number."""
    dtype = x.type.dtype if isinstance(x.type, Array) else None
    other = result.dtype if isinstance(result, Array) else None
    if dtype is not None and other is not None and dtype != other:
        raise UnsupportedSyntaxError(
            f"an augmented assignment to {_called(s, x)}, which is of {other} after it if it is a number, "
            f"and of {dtype} if it is an array",
            s.place,
            "Write x = x + v, or make it an array on every path.",
        )


def has_output(op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> bool:
    """Whether a call names arrays for its results, or leaves entries of a new one as they are."""
    if isinstance(op, np.ufunc) and op.nout == 1 and kwargs.get("where", _ALL) != _ALL:
        return True
    if "out" not in kwargs and len(args) <= (op.nin if isinstance(op, np.ufunc) else 1):
        return False
    if hasattr(op, "__sct_typed__"):  # a derivative
        return False
    _, _, outputs = _without_outputs(op, args, kwargs)
    return any(o != Const(None) for o in outputs)


def _without_outputs(
    op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]
) -> tuple[Sequence[Operand], dict[str, Operand], Sequence[Operand]]:
    """A call without `out`, and the arrays that stood there: one for each result, None for those that need no array."""
    if isinstance(op, FunctionType) and not (is_registered(op) or package_of(op) == "numpy"):
        return args, kwargs, ()  # a function of the user's
    if isinstance(op, np.ufunc):
        out = kwargs.get("out", Const(None))
        outputs = tuple(args[op.nin :]) or (out.items if isinstance(out, Tuple) else (out,))
        return args[: op.nin], _without_out(kwargs), (*outputs, *[Const(None)] * (op.nout - len(outputs)))
    if "out" in kwargs:
        return args, _without_out(kwargs), (kwargs["out"],)
    names = _positional(primitive_of(op)) if args else ()
    at = names.index("out") if "out" in names else len(args)
    if at >= len(args):
        return args, kwargs, ()
    return args[:at], {**kwargs, **dict(zip(names[at + 1 :], args[at + 1 :], strict=False))}, (args[at],)


def _without_out(kwargs: dict[str, Operand]) -> dict[str, Operand]:
    return {k: v for k, v in kwargs.items() if k != "out"}


def _positional(primitive: Any) -> tuple[str, ...]:
    """The names of the parameters by position of a function of NumPy's, or of one that the registry says anything of."""
    rule = adjoint_rule(primitive)
    if rule is not None:
        return rule.positional
    if (composed := composition_of(primitive)) is not None:
        return positional_parameters(read_signature(composed))
    if package_of(primitive) == "numpy":
        return _of_numpy(primitive)
    return _by_signature(primitive) if is_nondifferentiable(primitive) else ()


def _by_signature(primitive: Any) -> tuple[str, ...]:
    try:
        return positional_parameters(read_signature(primitive))
    except (TypeError, ValueError):  # it has no signature
        return ()


_of_numpy = functools.lru_cache(1024)(_by_signature)  # as these stay what they are


def first_by_position(op: Any, kwargs: dict[str, Operand]) -> tuple[tuple[Operand, ...], dict[str, Operand]]:
    """The arguments of a call that gives all of them by their names, with the first one by position, where that can be."""
    first = next(iter(_positional(op)), "")
    return ((kwargs[first],), {k: v for k, v in kwargs.items() if k != first}) if first in kwargs else ((), kwargs)


def into_outputs(s: Builder, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A call with `out`: each result is written over an array, which is the call's result."""
    args, kwargs, outputs = _without_outputs(op, args, kwargs)
    where = kwargs.pop("where", _ALL) if isinstance(op, np.ufunc) else _ALL
    new = where != _ALL and outputs == (Const(None),)
    if new or (where != _ALL and facts_of(op).linear != "together" and not is_nondifferentiable(op)):
        args = [_where(s, where, a) for a in args]
    value = s.apply(op, args, kwargs)
    if new:
        outputs = (s.apply(np.empty_like, (value,)),)
    if not isinstance(op, np.ufunc) or op.nout == 1:
        return into_output(s, outputs[0], value, where)
    results = [s.apply(operator.getitem, (value, Const(k))) for k in range(op.nout)]
    if where != _ALL and Const(None) in outputs:
        raise UnsupportedSyntaxError("where= without an array for each result", s.place, "Give out= an array for each result.")
    for k, o in enumerate(outputs):
        if o != Const(None):
            results[k] = into_output(s, o, results[k], where)
    return s.present(Tuple(tuple(results)))


def _where(s: Builder, where: Operand, x: Operand) -> Operand:
    """An operand with a harmless number where the result is not used: its adjoint must be zero there, not 0 * inf."""
    t = type_of(x)
    number = isinstance(t, Array) and t.dtype is not None and t.dtype.kind in "iufc"
    return s.apply(np.where, (where, x, Const(1))) if number or isinstance(t, Scalar) else x


def into_output(s: Builder, out: Operand, value: Operand, where: Operand = _ALL, augmented: bool = True) -> Operand:
    """`out=`: the value is written over all of an array, or where a mask says so."""
    if isinstance(out, Tuple) and len(out.items) == 1:
        out = out.items[0]
    target = _array(s, out, "out= with", value)
    if where != _ALL:
        value = s.apply(np.where, (where, value, target))
    write(s, target, (_WHOLE,), value, augmented=augmented)
    return s.present(out)


def _arguments(
    s: Builder, names: Sequence[str], args: Sequence[Operand], kwargs: dict[str, Operand], required: int
) -> dict[str, Operand]:
    """The arguments of a call by name; `required`: how many it must have."""
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    if len(args) > len(names) or given.keys() - set(names) or any(n not in given for n in names[:required]):
        raise SctError(f"arguments that do not fit ({', '.join(names)})", s.place, "Check the call.")
    return given


def _copyto(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    given = _arguments(s, ("dst", "src", "casting", "where"), args, kwargs, 2)
    into_output(s, given["dst"], given["src"], given.get("where", _ALL), augmented=False)
    return Const(None)


def _add_at(positive: bool) -> Callable[..., Any]:
    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        given = _arguments(s, ("a", "indices", "b"), args, kwargs, 3)
        x, index, value = given["a"], given["indices"], given["b"]
        target = _array(s, x, f"np.{'add' if positive else 'subtract'}.at into", value)
        value = _at_full_width(s, target, value)
        write(s, target, (index,), value if positive else _negative(s, target, value), scatter_add)
        return Const(None)

    return handle


def _at_full_width(s: Builder, target: Operand, value: Operand) -> Operand:
    """A Python number as `ufunc.at` takes it: unlike in arithmetic it is not of the array's precision."""
    t, into = type_of(value), type_of(target)
    number = isinstance(t, (Scalar, Unknown)) or (isinstance(t, Const) and type(t.value) in (int, float, complex))
    number = number or (isinstance(t, Array) and bool(t.also))  # by the path that the program takes
    narrow = isinstance(into, Array) and (into.dtype is None or into.dtype in (np.float16, np.float32, np.complex64))
    if number and narrow:
        return s.apply(np.asarray, (value,))
    return value


def _put_flat(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """np.put(a, ind, v): `a.flat[ind] = v`, with the values repeated, or as many of them as there are indices."""
    given = _arguments(s, ("a", "ind", "v", "mode"), args, kwargs, 3)
    index, value = given["ind"], given["v"]
    if given.get("mode", Const("raise")) != Const("raise"):
        raise UnsupportedSyntaxError("np.put with a mode", s.place, "Take the indices modulo the size first.")
    target = _array(s, given["a"], "np.put into", value)
    kind = as_array(type_of(index))
    if kind.dtype is not None and kind.dtype.kind not in "iu":
        raise UnsupportedSyntaxError("np.put with indices that are no integers", s.place, "Write `a[mask] = values`.")
    if kind.rank not in (0, 1):
        index = s.apply(np.ravel, (index,))
    value = _repeated(s, value, s.apply(np.size, (index,)), kind.rank == 0)
    if _rank(target) != 1:
        if not _is_from_start(index):
            before = s.apply(np.less, (index, Const(0)))
            index = s.apply(np.where, (before, s.apply(np.add, (index, s.apply(np.size, (target,)))), index))
        index = s.apply(np.unravel_index, (index, s.apply(np.shape, (target,))))
    write(s, target, (index,), value)
    return Const(None)


def _is_from_start(index: Operand) -> bool:
    """Whether indices are known not to count from the end."""
    values = plain(type_of(index))
    return constant(values) and bool(np.all(np.asarray(values) >= 0))


def _repeated(s: Builder, value: Operand, count: Operand, one: bool = False) -> Operand:
    """As many values as are asked for, as `a.flat[...] = values` takes them; `one`: a number."""
    t, n = as_array(type_of(value)), type_of(count)
    size = n.value if isinstance(n, Const) else n.size if isinstance(n, Scalar) else None
    if t.shape == () or (t.shape is not None and not one and (t.shape == (size,) or t.shape == (1,))):
        return value
    flat = value if t.rank == 1 and isinstance(value, Value) else s.apply(np.ravel, (value,))
    if one:
        return s.apply(operator.getitem, (flat, Const(0)))
    numbers = s.apply(np.remainder, (s.apply(np.arange, (count,)), s.apply(np.size, (flat,))))
    return s.apply(operator.getitem, (flat, numbers))


def _rank(v: Value) -> int | None:
    return v.type.rank if isinstance(v.type, Array) else None


def _fill_diagonal(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    given = _arguments(s, ("a", "val", "wrap"), args, kwargs, 2)
    target, value = _array(s, given["a"], "np.fill_diagonal of"), given["val"]
    if _rank(target) != 2 or given.get("wrap", Const(False)) != Const(False):
        raise UnsupportedSyntaxError("np.fill_diagonal of an array that is no matrix", s.place, "Index the entries.")
    rows, columns = (s.apply(operator.getitem, (s.apply(np.shape, (target,)), Const(i))) for i in (0, 1))
    count = s.apply(min, (rows, columns))
    n = s.apply(np.arange, (count,))
    _check_kind(s, target, value)
    write(s, target, (Tuple((n, n)),), _repeated(s, value, count))
    return Const(None)


def _fill(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    target = _array(s, x, ".fill() of")
    value = _arguments(s, ("value",), args, {f"{k}=": v for k, v in kwargs.items()}, 1)["value"]  # by position only
    _check_kind(s, target, value)
    if as_array(type_of(value)).rank not in (0, None):
        raise SctError(".fill() with an array", s.place, "Write x[...] = y.")
    write(s, target, (_WHOLE,), value)
    return Const(None)


def _sort(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if isinstance(type_of(x), (List, ListOf)):
        return s.apply(put_in_order, (x, *args), kwargs)
    target = _array(s, x, ".sort() of")
    write(s, target, (_WHOLE,), s.apply(np.sort, (target, *args), kwargs))
    return Const(None)


def _partition(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    target = _array(s, x, ".partition() of")
    write(s, target, (_WHOLE,), s.apply(np.partition, (target, *args), kwargs))
    return Const(None)


def _put_method(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    return _put_flat(s, (x, *args), kwargs)


# -- lists and dicts ---------------------------------------------------------------------------------------------------------


def _contents(s: Builder, x: Operand) -> tuple[Operand, Any]:
    """A list or dict as an object, and what it holds."""
    now = s.structure(x)
    obj = s.memory.object_of(now)
    s.writable(obj)
    return obj, s.explode(now) if isinstance(now, Value) else now


def _hold(s: Builder, obj: Operand, contents: List | Dict) -> None:
    now = type_of(s.memory.now(obj))
    same = contents.keys == getattr(now, "keys", ()) if isinstance(contents, Dict) else len(contents.items) == len(now.items)  # type: ignore[union-attr]
    if not same:
        s.keeps_length(obj)
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
        _hold(s, obj, Dict.of({**now.mapping(), at: value}))
        return
    entries = list(now.items)
    try:
        entries[at] = _items_of(s, value) if isinstance(at, slice) else value
    except (IndexError, TypeError) as e:
        raise SctError(f"{at!r} is not in {in_words(type_of(now))}", s.place, "Check the index.") from e
    _hold(s, obj, List(tuple(entries)))


def _delitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, key = args
    if not isinstance(type_of(x), (List, Dict)):
        raise UnsupportedSyntaxError(f"del of an item of {in_words(type_of(x))}", s.place, "Take a slice, or use np.delete.")
    obj, now = _contents(s, x)
    at = _key(s, key)
    try:
        if isinstance(now, Dict):
            items = now.mapping()
            del items[at]
            _hold(s, obj, Dict.of(items))
        else:
            entries = list(now.items)
            del entries[at]
            _hold(s, obj, List(tuple(entries)))
    except (KeyError, IndexError) as e:
        raise not_there(s, at, type_of(now)) from e
    return Const(None)


def _items_of(s: Builder, x: Operand) -> list[Operand]:
    plan = s.plan(x)
    n = trip_count(plan)
    if n is None:
        raise UnsupportedSyntaxError(
            "a list extended by something whose length is only known at run time", s.place, "Collect the values in an array."
        )
    return [plan.at(s, Const(i)) for i in range(n)]


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
    except IndexError:
        return s.not_yet(SctError("pop from an empty list", s.place, "Check the length first."))


def _extend(s: Builder, x: Operand, args: Sequence[Operand]) -> Operand:
    _changed(_extended)(s, x, args, {})
    return s.present(x)


def _pop(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if not isinstance(type_of(x), Dict):
        return _changed(_popped)(s, x, args, kwargs)
    obj, now = _contents(s, x)
    items = now.mapping()
    key = _key(s, args[0])
    if key not in items and len(args) < 2:
        raise SctError(f"{key!r} is not in {in_words(type_of(now))}", s.place, "Check the key.")
    result: Operand = items.pop(key, args[1] if len(args) > 1 else Const(None))
    _hold(s, obj, Dict.of(items))
    return result


def _clear(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    obj, now = _contents(s, x)
    _hold(s, obj, Dict((), ()) if isinstance(now, Dict) else List(()))
    return Const(None)


def _update(s: Builder, x: Operand, args: Sequence[Operand]) -> Operand:
    obj, now = _contents(s, x)
    other = s.apply(dict, args)
    if not isinstance(other, Dict):
        raise UnrollError(f"a dict updated by {in_words(type_of(other))}", s.place, "Put the items in one by one.")
    _hold(s, obj, Dict.of({**now.mapping(), **other.mapping()}))
    return s.present(x)


def _update_method(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if not isinstance(type_of(x), Dict):
        return NotImplemented
    for other in (*args, Dict.of(kwargs)):
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


def _setflags(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """Into an array that is made read-only nothing is written any more."""
    given = _arguments(s, ("write", "align", "uic"), args, kwargs, 0)
    target = s.memory.object_of(x)
    if not isinstance(type_of(x), Array) or not isinstance(target, Value) or given != {"write": Const(False)}:
        return _refused_method("setflags")(s, x, args, kwargs)
    s.memory.read_only.add(target)
    return Const(None)


def _refused_method(name: str) -> Callable[..., Any]:
    def handle(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        if isinstance(type_of(x), Scalar):
            return NotImplemented
        raise UnsupportedSyntaxError(
            f"the method .{name}() of {in_words(type_of(x))}, which changes it",
            s.place,
            "Write the change with subscripts, as in `x[0] = y`.",
        )

    return handle


def give_away(s: Builder, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> None:
    """A list or dict that is given to a function of which nothing is known may be another one afterwards.

    Of arrays that is looked at when it is known what is differentiated by (`sct.transform.snapshots`).
    """
    if effect_of(op) == "acts":
        handed_over(s, [*args, *kwargs.values()], Write("", s.place, describe(op)))


def handed_over(s: Builder, work: list[Operand], by: Write) -> None:
    """The lists, dicts and objects among operands, and in these, may be changed by a function."""
    while work:
        o = work.pop()
        if isinstance(o, (Tuple, List, Dict)):
            work += o.items
        if isinstance(o, (List, Dict)) or (isinstance(o, Value) and isinstance(o.type, (List, Dict, ListOf, DictOf))):
            s.memory.gave_away(s.memory.object_of(o), by)
        elif isinstance(o, Value) and isinstance(o.type, Instance):
            s.memory.gave_instance(o.type.path, by)


def refuse_overwriting(s: Builder, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> None:
    """Refuse a call that lets a function write into what it is given."""
    if isinstance(op, np.ufunc) or (len(args) <= 1 and not kwargs):
        return
    primitive = primitive_of(op)
    given = [(name, args[k]) for k, name in _overwriting(_positional(primitive)) if k < len(args)]
    for name, value in (*given, *kwargs.items()):
        if name == "output":
            if is_nondifferentiable(primitive) and _may_vary(type_of(value)):
                raise UnsupportedSyntaxError(
                    f"output= with {in_words(type_of(value))}, into which {describe(primitive)} may write",
                    s.place,
                    "Leave output out, and use the result.",
                )
            continue
        allowed = Const(True) if name == "copy" and primitive is np.nan_to_num else Const(False)
        if (name.startswith("overwrite_") or allowed == Const(True)) and value != allowed:
            raise UnsupportedSyntaxError(
                f"{name}={value}, by which {describe(primitive)} may write into its argument",
                s.place,
                f"Leave {name} out, and use the result.",
            )


def _may_vary(t: Abstract) -> bool:
    """Whether something may be an array of numbers that have derivatives."""
    return isinstance(t, (Array, Unknown)) and (isinstance(t, Unknown) or t.dtype is None or t.dtype.kind in "fc")


@functools.lru_cache(1024)
def _overwriting(names: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """The parameters, with their numbers, by which a function may be told to write into its arguments."""
    return tuple((k, name) for k, name in enumerate(names) if name in ("copy", "output") or name.startswith("overwrite_"))


_OTHERS = ("itemset", "resize", "setfield", "byteswap")
"""Methods by which an array is written into, but for those that are taken."""

METHODS: dict[str, Callable[..., Any]] = {
    "fill": _fill,
    "sort": _sort,
    "partition": _partition,
    "put": _put_method,
    "append": _changed(_append),
    "insert": _changed(_insert),
    "extend": _changed(_extended),
    "reverse": _changed(_reverse),
    "pop": _pop,
    "clear": _clear,
    "update": _update_method,
    "setdefault": _setdefault,
    "setflags": _setflags,
    "remove": lambda s, x, args, kwargs: s.apply(removed, (x, *args)),
    **{name: _refused_method(name) for name in ("popitem", *_OTHERS)},
    **{
        f"__{name}__": _refused_method(f"__{name}__")
        for name in ("setitem", "delitem", *(op.__name__.strip("_") for op in BINARY))
    },
}
"""Methods that write; each takes the object, the arguments and the keywords."""

OF_ARRAYS = {name: _refused_method(name) for name in METHODS if name.startswith("__")} | {
    name: _refused_method(name) for name in ("fill", "sort", "partition", "put", "setflags", *_OTHERS)
}
"""Methods by which something of unknown type would be written into, if it is an array."""


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
    setattr: bind_field,
    **{
        getattr(np.ndarray, name): _function_refused("Call it as a method of the array.")
        for name in METHODS
        if hasattr(np.ndarray, name)
    },
    object.__setattr__: functools.partial(bind_field, as_usual=True),
    **{op: _augmented(op) for op in BINARY},
    **{Augmented(op): _augmented_item(Augmented(op)) for op in BINARY},
}
"""Operations that write; each takes the operands and the keywords."""
