"""Operations on containers and iterables, carried out while a function is specialized.

Takes operands whose structure is known; gives operands. What a container holds is a value of its own, so taking an item,
unpacking, concatenating or counting leaves no statement behind. `NotImplemented` means that an operation is not one of these.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sct import runtime
from sct.errors import NotThereError, SctError, UndefinedNameError, UnpackingError, UnsupportedSyntaxError
from sct.frontend.callables import reached
from sct.infer.call import infer_call, plain
from sct.ir.ops import DICT, LIST, NEW, TRUTH, TUPLE, UNPACK, Attribute, is_indexed
from sct.ir.shapes import constant
from sct.ir.ssa import Operand, Value, type_of
from sct.ir.types import (
    UNDEFINED,
    UNKNOWN,
    Abstract,
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
    Size,
    Slice,
    Tuple,
    Undefined,
    Unknown,
    VariableName,
    is_list_or_dict,
    may_be_none,
    with_items,
)
from sct.ir.words import in_words
from sct.specialize import functions, records
from sct.specialize.building import Builder, Plan, UnrollError
from sct.specialize.index_expressions import indexed
from sct.specialize.instances import Bound, class_of, has_attribute, in_class, is_function, parent, partial
from sct.specialize.iteration import PLANS, Flat, Range, few_at_call, known_count, planned, taken_apart, trip_count
from sct.specialize.memory import key_of

__all__ = ["STRUCTURAL"]


def _getitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, key = args
    t = type_of(x)
    if isinstance(t, Const) and is_indexed(t.value):
        return indexed(s, t.value, key)
    if isinstance(t, Const) and isinstance(t.value, Range):
        return _of_range(s, t.value, key)
    if isinstance(t, Const) and isinstance(t.value, Flat):
        return t.value.entries(s, key)
    if not isinstance(t, (Tuple, List, Dict)):
        return NotImplemented
    value = plain(type_of(key))
    if not constant(value) or functions.is_chosen(type_of(key)):
        if isinstance(t, Dict) or not t.items:
            raise UnsupportedSyntaxError("a dict entry whose key is only known at run time", s.place, "Use a constant key.")
        if _of_ints(t) and _given(value):  # the length of an axis that is an argument
            return s.append(operator.getitem, (x, key), {}, Scalar(int))
        if isinstance(x, (Tuple, List)) and all(isinstance(i, Const) and is_function(i.value) for i in x.items):
            return _one_of(s, x.items, key)
        error: SctError = UnrollError(
            "an element of a list or tuple whose index is only known at run time",
            s.place,
            "Loop over the list itself, or stack its elements into an array.",
        )
        if isinstance(t, Tuple):
            raise error
        return s.not_yet(error)
    try:
        if isinstance(t, Dict):
            at: Any = t.keys.index(value)
        else:
            at = range(len(t.items))[value]
    except (IndexError, ValueError, TypeError) as e:
        error = not_there(s, value, t)
        if isinstance(t, List):
            return s.not_yet(error)  # the loop has not been through yet: in the end the list may be of unknown length
        raise error from e
    items: Any = x.items if isinstance(x, (Tuple, List, Dict)) else None
    if isinstance(at, range):
        picked = [items[i] if items is not None else s.project(x, i, t.items[i]) for i in at]  # type: ignore[arg-type]
        return with_items(Tuple(()) if isinstance(t, Tuple) else t, picked)
    if items is not None and isinstance(items[at], Undefined) and items[at].why is not None:
        raise items[at].why
    if items is not None and items[at] is UNDEFINED and isinstance(value, VariableName):
        return s.not_there(not_there(s, value, t))
    if items is not None:
        return items[at]
    assert isinstance(x, Value)
    return s.project(x, t.keys[at] if isinstance(t, Dict) else at, t.items[at])


def _one_of(s: Builder, items: Sequence[Operand], key: Operand) -> Operand:
    """That one of some functions which an index says."""
    number = s.append(operator.getitem, (Tuple(tuple(map(Const, range(len(items))))), key), {}, Scalar(int))
    flags = [(s.apply(operator.eq, (number, Const(k))), f) for k, f in enumerate(items[:-1])]
    return functions.chosen_by(flags, items[-1])


def _starred_unpack(s: Builder, x: Operand, first: int, last: int) -> Operand:
    """`first` items, a list of those in between, and `last` items."""
    items = taken_apart(s, x)
    if len(items) < first + last:
        message = f"{len(items)} values cannot be unpacked into {first + last} names or more"
        raise UnpackingError(message, s.place, "Write fewer names.")
    end = len(items) - last
    return Tuple((*items[:first], s.apply(NEW, (List(tuple(items[first:end])),)), *items[end:]))


def _of_ints(t: Tuple | List) -> bool:
    """Whether a sequence is a tuple of Python's ints, such as a shape."""
    kinds = [i.kind if isinstance(i, Scalar) else type(i.value) if isinstance(i, Const) else None for i in t.items]
    return isinstance(t, Tuple) and all(k is int for k in kinds)


def not_there(s: Builder, key: Any, t: Abstract) -> SctError:
    """What to raise where something is not in a list or dict of a type, or a variable that functions share is not bound."""
    if isinstance(key, VariableName):
        return UndefinedNameError(
            f"the name {str(key)!r} is used where it is not assigned, or no more",
            s.place,
            "Assign it before the function is called.",
        )
    error = NotThereError(f"{key!r} is not in {in_words(t)}", s.place, "Check the key.")
    error.raises = KeyError if isinstance(t, Dict) else IndexError
    return error


def _given(value: Any) -> bool:
    """Whether an int is the function's to begin with, and no loop's index, with which a loop might be unrolled."""
    return isinstance(value, Scalar) and isinstance(value.size, Size) and all(map(_is_given, value.size.terms))


def _is_given(term: tuple[Any, int]) -> bool:
    atom = term[0]
    return isinstance(atom, tuple) and atom[0] == "symbol" and not str(atom[1]).startswith("i#")


def _unpack(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if len(args) == 3:
        return _starred_unpack(s, args[0], *(plain(type_of(a)) for a in args[1:]))
    x, n = args
    t = type_of(x)
    assert isinstance(n, Const)
    if isinstance(x, Const) and isinstance(x.value, Plan):
        plan = s.plan(x)
        count = trip_count(plan)
        x = Tuple(tuple(plan.at(s, Const(i)) for i in range(count or 0)))
        t = type_of(x)
    if isinstance(t, Const) and isinstance(t.value, (tuple, list)):
        x = Tuple(tuple(Const(v) for v in t.value))
        t = type_of(x)
    if isinstance(t, (Tuple, List)):
        if len(t.items) != n.value:
            message = f"{len(t.items)} values cannot be unpacked into {n.value} names"
            raise UnpackingError(message, s.place, "Write a name for each value.")
        return x
    if isinstance(t, Array) and t.shape != ():
        row = infer_call(operator.getitem, [t, Const(0)], {})
        return s.append(UNPACK, (x, n), {}, Tuple((row,) * n.value))
    raise UnsupportedSyntaxError(f"unpacking {in_words(t)}", s.place, "Unpack a tuple, a list or an array.")


def _of_range(s: Builder, r: Range, key: Operand) -> Operand:
    """A number of a range, or a part of it."""
    t, whole = type_of(key), s.append(range, (r.start, r.stop, r.step), {}, UNKNOWN)
    one = isinstance(t, Scalar) or (isinstance(t, Const) and not isinstance(t.value, slice))
    part = s.append(operator.getitem, (whole, key), {}, Scalar(int) if one else UNKNOWN)
    if not isinstance(key, Slice):
        return part
    start, stop = (s.append(Attribute(name), (part,), {}, Scalar(int)) for name in ("start", "stop"))
    return Const(Range(start, stop, r.step if key.step == Const(None) else s.apply(operator.mul, (r.step, key.step))))


def _len(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x = args[0]
    if isinstance(x, Const) and isinstance(x.value, Plan):
        return x.value.length(s)
    return Const(len(x.items)) if isinstance(x, (Tuple, List)) else NotImplemented


def _sequence(kind: type) -> Callable[..., Any]:
    def make(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        if not args:
            return kind(())
        x = args[0]
        t = type_of(x)
        if isinstance(t, (Tuple, List, Dict)) or (isinstance(x, Const) and isinstance(x.value, (Plan, tuple, list, str))):
            n = trip_count(planned(s, x))
            if n is not None:
                plan = s.plan(x)
                return kind(tuple(plan.at(s, Const(i)) for i in range(n)))
        if kind is Tuple and isinstance(t, Array) and t.shape:
            plan = s.plan(x)
            n = trip_count(plan)
            if n is None and s.by_sizes:
                n = few_at_call(plan)
            if n is not None:
                return Tuple(tuple(plan.at(s, Const(i)) for i in range(n)))
        if s.tracking and kind is List and isinstance(t, Array):
            raise UnsupportedSyntaxError(
                "a list of the rows of an array", s.place, "Index the array."
            )  # but where it is an object
        return NotImplemented

    return make


def _dict(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if not args:
        return Dict.of(kwargs)
    x = args[0]
    if isinstance(x, Value) and isinstance(x.type, Dict):
        x = s.explode(x)
    if isinstance(x, Dict):
        return Dict.of({**x.mapping(), **kwargs})
    if isinstance(x, (Tuple, List)) or (isinstance(x, Const) and isinstance(x.value, (Plan, tuple, list))):
        n = known_count(s, planned(s, x))
        if n is not None:
            plan = s.plan(x)
            return Dict.of({**dict(_pair(s, plan.at(s, Const(i))) for i in range(n)), **kwargs})
    raise UnsupportedSyntaxError(
        f"dict() of {in_words(type_of(x))}, of which it is not known what pairs are in it", s.place, "Write a dict display."
    )


def _pair(s: Builder, x: Operand) -> tuple[Any, Operand]:
    """A key and a value."""
    found = taken_apart(s, x)
    if len(found) != 2:
        raise SctError(f"a dict is made of pairs, and this is one of {len(found)}", s.place, "Give a key and a value.")
    if not isinstance(found[0], Const):
        raise UnsupportedSyntaxError("a dict entry whose key is only known at run time", s.place, "Use a constant key.")
    return found[0].value, found[1]


def _concatenate(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    a, b = (s.expose_all(x) if isinstance(type_of(x), (Tuple, List)) else x for x in args)
    for kind in (Tuple, List):
        if isinstance(a, kind) and isinstance(b, kind):
            return kind((*a.items, *b.items))
    return NotImplemented


def _union(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    a, b = (s.expose_all(x) if isinstance(type_of(x), Dict) else x for x in args)
    if isinstance(a, Dict) and isinstance(b, Dict):
        return Dict.of({**a.mapping(), **b.mapping()})
    return NotImplemented


def _repeat(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    for a, n in (args, args[::-1]):
        if isinstance(type_of(a), (Tuple, List)) and isinstance(n, Const) and isinstance(n.value, int):
            a = s.expose_all(a)
            return type(a)(a.items * n.value)  # type: ignore[union-attr,call-arg,arg-type]
        if isinstance(type_of(a), (Tuple, List)) and _may_count(type_of(n)):
            number = _one_number(a)
            if number is not None:
                return s.apply(runtime.repeated, (number, n))
            raise UnsupportedSyntaxError(
                "a list or tuple repeated a number of times only known at run time, other than a list of one number",
                s.place,
                "Append in a loop, or use np.tile.",
            )
    return NotImplemented


def _may_count(t: Abstract) -> bool:
    """Whether a list times something of this type may be the list so many times; NumPy multiplies its items by an array."""
    if isinstance(t, Array):
        return t.rank in (0, None) and t.boxed is not True and (t.dtype is None or t.dtype.kind in "biu")
    return isinstance(t, (Scalar, Unknown))


def _one_number(o: Operand) -> Operand | None:
    """The item of a list of one number, which nobody can write into."""
    if not isinstance(o, List) or len(o.items) != 1:
        return None
    t = type_of(o.items[0])
    number = isinstance(t, Scalar) or (isinstance(t, Const) and type(t.value) in (int, float, complex))
    number |= isinstance(t, Array) and t.shape == () and t.boxed is False
    return o.items[0] if number else None


def _contains(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    t, key = type_of(args[0]), type_of(args[1])
    if isinstance(t, Dict) and isinstance(key, Const):
        return Const(key.value in t.keys)
    return NotImplemented


def _getattr(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if len(args) == 3:
        known = _hasattr(s, args[:2], kwargs)
        if known is NotImplemented or known == Const(False):
            return args[2] if known == Const(False) else NotImplemented
        args = args[:2]
    name = plain(type_of(args[1]))
    if len(args) == 2 and isinstance(name, str):
        return s.attribute(Attribute(name), args[0], "")
    return NotImplemented


def _hasattr(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, name = args[0], plain(type_of(args[1]))
    if isinstance(type_of(x), Instance) and isinstance(x, Value) and isinstance(name, str):
        return Const(has_attribute(s, x, name))
    if isinstance(type_of(x), (Record, ObjectOf)) and isinstance(name, str):
        return _of_object(s, x, records.has_attribute(s, x, name), hasattr(None, name))
    kinds = _kinds(type_of(x))
    found = {hasattr(kind, name) for kind in kinds} if isinstance(name, str) else set()
    return Const(found.pop()) if len(found) == 1 else NotImplemented


def _of_object(s: Builder, x: Operand, known: bool, of_none: bool) -> Operand:
    """What is known of an object, or of None, for one that may be None."""
    if known == of_none or not may_be_none(type_of(x)):
        return Const(known)
    return s.apply(operator.is_not if known else operator.is_, (x, Const(None)))


def _callable(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    t = type_of(args[0])
    if isinstance(t, (Instance, ObjectOf, Record)):
        return _of_object(s, args[0], callable(in_class(t.cls, "__call__")), False)
    found = {callable(kind) for kind in _kinds(t)}
    return Const(found.pop()) if len(found) == 1 else NotImplemented


def _kinds(t: Abstract) -> Sequence[Any]:
    """Values of the classes that a value of a type may be of; none where that is not known."""
    if isinstance(t, Const):
        return (_a_function if isinstance(t.value, Bound) else t.value,)
    if isinstance(t, Array):
        return (np.zeros(1), np.float64(0.0)) if t.shape == () or t.shape is None else (np.zeros(1),)
    if isinstance(t, Scalar):
        return (t.kind(),)
    if isinstance(t, Tuple) and t.kind is not None:
        return (t.kind,)
    return ((),) if isinstance(t, Tuple) else ([],) if isinstance(t, (List, ListOf)) else ({},) if isinstance(t, DictOf) else ()


def _a_function() -> None: ...


def _isinstance(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    t, classes = type_of(args[0]), plain(type_of(args[1]))
    if not isinstance(t, (Instance, Record, ObjectOf)) or not constant(classes):
        return NotImplemented
    return _of_object(s, args[0], issubclass(class_of(t.cls), classes), isinstance(None, classes))


def _type(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    t = type_of(args[0])
    if len(args) > 1:
        return NotImplemented
    if isinstance(t, (Instance, Record, ObjectOf)) and not may_be_none(t):
        return Const(class_of(t.cls))
    if isinstance(t, (List, ListOf, Dict, DictOf)):  # subclasses are objects
        return Const(list if isinstance(t, (List, ListOf)) else dict)
    return NotImplemented


def _vectorize(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    values, options = [plain(type_of(a)) for a in args], {k: plain(type_of(v)) for k, v in kwargs.items()}
    if len(args) == 1 and isinstance(values[0], Bound) and all(map(constant, options.values())):
        _, otypes = reached(np.vectorize(plain, **options)).args
        return Const(Bound(runtime.vectorized, (args[0], Const(otypes))))
    return Const(np.vectorize(*values, **options)) if all(map(constant, (*values, *options.values()))) else NotImplemented


def _builtin_sum(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """sum of a container: its items added up, as Python does."""
    t = type_of(args[0])
    if not isinstance(t, (Tuple, List)) and not (isinstance(args[0], Const) and isinstance(args[0].value, Plan)):
        return NotImplemented
    n = trip_count(planned(s, args[0]))
    if n is None:
        return NotImplemented
    plan = s.plan(args[0])
    total: Operand = args[1] if len(args) > 1 else kwargs.get("start", Const(0))
    for i in range(n):
        item = plan.at(s, Const(i))
        first = i == 0 and total == Const(0) and infer_call(operator.add, [Const(0), type_of(item)], {}) == type_of(item)
        total = item if first else s.apply(operator.add, (total, item))
    return total


_NOT_NONE = (Array, Scalar, Tuple, List, ListOf, Dict, DictOf, Instance, Slice)
"""The types of what is not None, but for objects that may be."""


def _is(negated: bool) -> Callable[..., Any]:
    def decide(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        a, b = (type_of(x) for x in args)
        if functions.is_chosen(a) or functions.is_chosen(b):
            same = functions.are_one(s, *args)
            return s.apply(operator.not_, (same,)) if negated else same
        if isinstance(a, Const) and isinstance(b, Const):
            return Const((a.value is b.value) != negated)
        for p, q in ((a, b), (b, a)):
            if p == Const(None) and isinstance(q, _NOT_NONE) and not may_be_none(q):
                return Const(negated)
        if isinstance(a, Record) and isinstance(b, Record):
            same = _are_one(s, *map(s.memory.object_of, args))
            return same if same is NotImplemented or not negated else s.apply(operator.not_, (same,))
        return NotImplemented

    return decide


def _are_one(s: Builder, a: Operand, b: Operand) -> Any:
    """Whether two objects of which the fields are known are one; those that are made by the function are not the others'."""
    if a is b:
        return Const(True)
    if isinstance(a, Value) and isinstance(b, Value):
        return s.emit(operator.is_, (a, b), {}, Scalar(bool))
    return Const(False) if s.memory.sharing.apart(key_of(a), key_of(b)) else NotImplemented


def _flag(s: Builder, x: Operand) -> Operand:
    """Whether something counts as true, where nothing else matters: a flag in place of a list, which another value may join."""
    known = s.truth(x)
    return s.apply(operator.ne, (s.apply(len, (known,)), Const(0))) if is_list_or_dict(type_of(known)) else known


def _display(kind: type) -> Callable[..., Any]:
    return lambda s, args, kwargs: kind(tuple(args))


def _dict_display(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    entries = {}
    for pair in args:
        assert isinstance(pair, Tuple)
        key = plain(type_of(pair.items[0]))
        if not constant(key):
            raise UnsupportedSyntaxError("a dict key that is only known at run time", s.place, "Use a constant key, or a list.")
        entries[key] = pair.items[1]
    return Dict.of(entries)


STRUCTURAL: dict[Any, Callable[..., Any]] = {
    operator.getitem: _getitem,
    TRUTH: lambda s, args, kwargs: _flag(s, args[0]),
    UNPACK: _unpack,
    TUPLE: _display(Tuple),
    LIST: _display(List),
    DICT: _dict_display,
    len: _len,
    tuple: _sequence(Tuple),
    list: _sequence(List),
    dict: _dict,
    operator.add: _concatenate,
    operator.mul: _repeat,
    operator.or_: _union,
    operator.contains: _contains,
    operator.is_: _is(False),
    operator.is_not: _is(True),
    getattr: _getattr,
    hasattr: _hasattr,
    callable: _callable,
    isinstance: _isinstance,
    type: _type,
    sum: _builtin_sum,
    dataclasses.replace: records.replaced,
    functools.partial: partial,
    super: parent,
    object.__init__: lambda s, args, kwargs: Const(None),
    np.vectorize: _vectorize,
    **PLANS,
}
