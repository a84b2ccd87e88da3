"""Functions of Python that call what they are given, or give it item by item, as Python functions that are followed like any
other: here, and in `iterators`.

Takes a call of one; gives the call of what stands for it. An iterator is a generator here, but where `iteration` has a plan.
"""

from __future__ import annotations

import collections
import functools
import heapq
import itertools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from sct.errors import UnsupportedSyntaxError
from sct.infer.call import plain
from sct.ir.ops import ITERATOR, NEW, UNPACK, YIELD, Attribute, Method, of_numpy, package_of
from sct.ir.shapes import as_array, constant
from sct.ir.ssa import Operand, type_of
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    List,
    ListOf,
    ObjectOf,
    OrNone,
    Record,
    Scalar,
    Slice,
    Tuple,
    with_items,
)
from sct.ir.words import in_words
from sct.specialize import iterators, standard
from sct.specialize.building import Builder, Plan
from sct.specialize.iteration import Flat, Repeat, Zip, is_endless, is_generator, planned, taken_apart
from sct.specialize.operators import is_one

__all__ = ["IN_PYTHON", "either", "is_progress_bar", "made_of", "of_generators", "one_or_other", "split", "through_endless"]

# -- functions -----------------------------------------------------------------------------------------------------------


def either(flag: Any, function: Any, other: Any, *args: Any, **kwargs: Any) -> Any:
    """A call of one of two functions."""
    if flag:
        return function(*args, **kwargs)
    return other(*args, **kwargs)


def one_or_other(flag: Any, iterable: Any, other: Any) -> Iterator[Any]:
    """What one of two iterators gives."""
    if flag:
        yield from iterable
    else:
        yield from other


def item_getter(key: Any, *others: Any) -> Any:
    """`operator.itemgetter`."""
    if len(others) == 0:
        return lambda x: x[key]
    return lambda x: tuple([x[k] for k in (key, *others)])


def attribute_getter(name: Any, *others: Any) -> Any:
    """`operator.attrgetter`."""
    if len(others) == 0:
        return lambda x: attribute_of(x, *name.split("."))
    return lambda x: tuple([attribute_of(x, *n.split(".")) for n in (name, *others)])


def attribute_of(x: Any, *names: Any) -> Any:
    """The attribute of the attribute of something, and so on."""
    for name in names:
        x = getattr(x, name)
    return x


def method_caller(name: Any, *args: Any, **kwargs: Any) -> Any:
    """`operator.methodcaller`."""
    return lambda x: method_called(x, name, *args, **kwargs)


def wraps(wrapped: Any, assigned: Any = None, updated: Any = None) -> Any:
    """`functools.wraps`, which changes nothing of what a function computes."""
    return lambda wrapper: wrapper


def update_wrapper(wrapper: Any, wrapped: Any, assigned: Any = None, updated: Any = None) -> Any:
    """`functools.update_wrapper`."""
    return wrapper


def along_axis(function: Any, axis: Any, a: Any, *args: Any, **kwargs: Any) -> Any:
    """`np.apply_along_axis`."""
    axis = axis % a.ndim
    rows = np.moveaxis(a, axis, -1)
    results = [np.asarray(function(row, *args, **kwargs)) for row in np.reshape(rows, (-1, a.shape[axis]))]
    made = np.array(results)
    made = np.reshape(made, rows.shape[:-1] + made.shape[1:])
    if made.ndim < a.ndim:
        return made
    return np.moveaxis(made, -1, axis)


def pieces(x: Any, conditions: Any, functions: Any, *args: Any, **kwargs: Any) -> Any:
    """`np.piecewise`."""
    y = np.zeros_like(x)
    if len(functions) > len(conditions):
        part = ~any_condition(conditions)
        put_piece(y, part, functions[-1], x, args, kwargs)
    for k in range(len(conditions)):
        put_piece(y, conditions[k], functions[k], x, args, kwargs)
    return y


def any_condition(conditions: Any) -> Any:
    """Where one of several conditions holds."""
    found = conditions[0]
    for k in range(1, len(conditions)):
        found = found | conditions[k]
    return found


def put_piece(y: Any, part: Any, function: Any, x: Any, args: Any, kwargs: Any) -> None:
    """Put what a function gives for a part of `x`, or a number, in its place."""
    y[part] = function(x[part], *args, **kwargs) if callable(function) else function


def split(primal: Any, joint: Any, *args: Any, **kwargs: Any) -> Any:
    """`sct.pullback` and `sct.linearize`: what they give is of what the arguments are now."""
    given = tuple([kept(a) for a in args])
    named = {k: kept(kwargs[k]) for k in kwargs}

    def linear(*more: Any) -> Any:
        return joint(*given, *more, **named)[1]

    return primal(*args, **kwargs), linear


def kept(x: Any) -> Any:
    """A copy of what may be written into later: see `_kept`."""
    raise AssertionError


# -- calls ---------------------------------------------------------------------------------------------------------------


def _least_length(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    plans = [planned(s, a) for a in args]
    return Zip(tuple(plans)).length(s) if plans and not is_endless(Zip(tuple(plans))) else Const(None)


def _order(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    t, reverse = type_of(args[0]), args[1]
    items: Sequence[Any] = t.items if isinstance(t, List) else (t.item,) if isinstance(t, ListOf) else ()
    known = _known(items) if isinstance(t, List) and isinstance(reverse, Const) else None
    if known is not None:
        return Tuple(tuple(map(Const, sorted(range(len(known)), key=known.__getitem__, reverse=bool(plain(type_of(reverse)))))))
    if isinstance(t, List) and items and isinstance(items[0], Tuple) and _are_numbers(items):
        return _order_of_tuples(s, s.expose_all(args[0]).items, reverse)  # type: ignore[union-attr]
    if isinstance(t, ListOf) and isinstance(t.item, Tuple) and _are_numbers(items):
        return s.apply(iterators.order_of_tuples, (args[0], Const(len(t.item.items)), reverse))
    if not items or not all(map(_is_number, items)):
        raise UnsupportedSyntaxError(
            "a sort by something else than numbers, or tuples of numbers", s.place, "Sort by a key that is a number."
        )
    return s.apply(iterators.order_of, (s.apply(np.array, args[:1]), reverse))


def _order_of_tuples(s: Builder, keys: Sequence[Any], reverse: Operand) -> Operand:
    """The order of tuples of numbers: that by the last entries, which stays where those before them are equal."""
    *others, last = ([k.items[n] for k in keys] for n in range(len(keys[0].items)))
    order = s.apply(iterators.order_of, (s.apply(np.array, (List(tuple(last)),)), reverse))
    for column in reversed(others):
        now = s.apply(operator.getitem, (s.apply(np.array, (List(tuple(column)),)), order))
        order = s.apply(operator.getitem, (order, s.apply(iterators.order_of, (now, reverse))))
    return order


def _are_numbers(items: Sequence[Any]) -> bool:
    """Whether items are tuples of numbers, as long as one another."""
    alike = all(isinstance(i, Tuple) and len(i.items) == len(items[0].items) for i in items)
    return alike and all(map(_is_number, (n for i in items for n in i.items))) and len(items[0].items) > 0


def _known(keys: Sequence[Any]) -> Sequence[Any] | None:
    """Keys that are known, or what they begin with, if that is known and tells them apart; otherwise None."""
    whole = [plain(k) for k in keys]
    if all(map(constant, whole)):
        return whole
    first = [plain(k.items[0]) if isinstance(k, Tuple) and k.items else k for k in keys]
    return first if all(map(constant, first)) and len({*map(repr, first)}) == len(first) else None


def _in_order(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    items, t = args[0], type_of(args[0])
    if isinstance(args[1], Tuple):
        return s.apply(NEW, (List(tuple(s.apply(operator.getitem, (items, k)) for k in args[1].items)),))
    if not isinstance(t, List) or not _are_alike(t.items):
        return s.apply(iterators.taken_by, args)
    whole = s.expose_all(items)
    assert isinstance(whole, List)
    return s.apply(NEW, (List(tuple(_taken(s, whole.items, args[1]))),))


def _are_alike(items: Sequence[Any]) -> bool:
    """Whether items are numbers of one kind, or tuples of such, as long as one another."""
    if all(isinstance(i, Tuple) and i.kind is None and len(i.items) == len(items[0].items) for i in items):
        return all(_are_alike([i.items[k] for i in items]) for k in range(len(items[0].items)))
    return all(map(_is_number, items)) and len({*map(_kind, items)}) == 1


def _taken(s: Builder, items: Sequence[Operand], order: Operand) -> list[Operand]:
    """Such items in an order that is known when the function runs."""
    if isinstance(items[0], Tuple):
        columns = [_taken(s, [i.items[k] for i in items], order) for k in range(len(items[0].items))]  # type: ignore[union-attr]
        return [Tuple(tuple(column[k] for column in columns)) for k in range(len(items))]
    made = s.apply(operator.getitem, (s.apply(np.array, (List(tuple(items)),)), order))
    return [s.apply(operator.getitem, (made, Const(k))) for k in range(len(items))]


def _is_number(t: Abstract) -> bool:
    known = isinstance(t, Const) and isinstance(t.value, (int, float, np.number))
    return known or isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == ())


def _kind(t: Abstract) -> str:
    dtype = as_array(t).dtype
    return "" if dtype is None else dtype.kind


def _sorted(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    return s.apply(iterators.ordered, args, kwargs) if len(args) == 1 else NotImplemented


def _in_any_order(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    (x,) = args
    t = type_of(x)
    is_set = isinstance(t, (Record, ObjectOf)) and issubclass(t.cls, standard.set)
    return s.apply(list, (s.apply(Attribute("_entries"), (x,)),)) if is_set else x


def _along_axis(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    given = {**dict(zip(("func1d", "axis", "arr"), args, strict=False)), **kwargs}
    first = [given.pop(name) for name in ("func1d", "axis", "arr")]
    first[2] = s.apply(np.asarray, (first[2],))
    if getattr(type_of(first[2]), "rank", None) is None:
        raise UnsupportedSyntaxError(
            "np.apply_along_axis of an array of which the number of axes is not known", s.place, "Write a loop."
        )
    return s.apply(along_axis, (*first, *args[3:]), {k: v for k, v in kwargs.items() if k in given})


def _piecewise(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, conditions, functions, *others = args
    t, c = type_of(x), type_of(conditions)
    if not isinstance(t, Array) or not t.rank:
        raise UnsupportedSyntaxError("np.piecewise of something else than an array with axes", s.place, "Write an if.")
    if isinstance(c, Array) and c.rank == t.rank:
        conditions = Tuple((conditions,))
    if not isinstance(type_of(functions), (List, Tuple)) or not isinstance(type_of(conditions), (List, Tuple)):
        raise UnsupportedSyntaxError(
            "np.piecewise of lists whose length is only known at run time", s.place, "Write the lists out."
        )
    return s.apply(pieces, (x, conditions, functions, *others), kwargs)


def method_called(x: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """A method of that name: see `_method_called`."""
    raise AssertionError


def _method_called(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    return s.apply(Method(str(plain(type_of(args[1])))), (args[0], *args[2:]), kwargs)


def _kept(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    (x,) = args
    t = type_of(x)
    if isinstance(t, (Const, Scalar)) or (isinstance(t, Array) and t.shape == () and not t.boxed):
        return x
    if isinstance(t, Array):
        return s.apply(np.copy, args)
    if isinstance(t, Record) or not isinstance(t, (Tuple, List, Dict)):
        raise UnsupportedSyntaxError(
            f"sct.pullback or sct.linearize, in a function that is differentiated, of {in_words(t)}",
            s.place,
            "Use sct.vjp or sct.jvp, which take the cotangent or the tangents.",
        )
    whole = s.expose_all(x)
    made = with_items(whole, [s.apply(kept, (i,)) for i in whole.items])  # type: ignore[type-var, union-attr]
    return made if isinstance(made, Tuple) else s.apply(NEW, (made,))


def made_of(s: Builder, op: Any) -> Operand | None:
    """What stands for a getter or caller that was made outside; None for anything else."""
    if not isinstance(op, (operator.itemgetter, operator.attrgetter, operator.methodcaller)):
        return None
    made: Any = op.__reduce__()
    whole = functools.partial(made[0], *made[1])  # of which that of a method with keywords is one already
    return s.apply(whole.func, [*map(Const, whole.args)], {k: Const(v) for k, v in whole.keywords.items()})


def _extreme(greater: Any) -> Callable[..., Any]:
    """The handler of `max` or `min`, where these have a key or a default."""

    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        if not kwargs:
            return NotImplemented
        iterable = args[0] if len(args) == 1 else Tuple(tuple(args))
        key = kwargs.get("key", Const(None))
        form = (iterable, Const(iterators.itself) if key == Const(None) else key, Const(greater))
        if "default" in kwargs:
            return s.apply(iterators.greatest_or, (*form, kwargs["default"]))
        return s.apply(iterators.greatest, form)

    return handle


def through_endless(s: Builder, plan: Plan) -> Operand:
    """What is without end, as a generator."""
    return s.apply(iterators.endless, (Const(plan),))


def _as(form: Callable[..., Any]) -> Callable[..., Any]:
    """The handler of a function for which another one stands."""
    return lambda s, args, kwargs: s.apply(form, args, kwargs)


def _reduce(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if kwargs:
        return NotImplemented
    whole = iterators.reduced_rows if isinstance(type_of(args[1]), Array) else iterators.reduced
    return s.apply(whole if len(args) == 2 else iterators.reduced_from, args)


def _accumulate(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    given = {**dict(zip(("iterable", "func"), args, strict=False)), **kwargs}
    function, initial = given.get("func", Const(None)), given.get("initial", Const(None))
    function = Const(operator.add) if function == Const(None) else function
    if initial == Const(None):
        return s.apply(iterators.accumulated, (given["iterable"], function))
    return s.apply(iterators.accumulated_from, (given["iterable"], function, initial))


def _islice(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    start, stop, *step = (Const(0), args[1]) if len(args) == 2 else args[1:]
    start = Const(0) if start == Const(None) else start
    return s.apply(iterators.sliced, (args[0], start, stop, Const(1) if not step or step[0] == Const(None) else step[0]))


def _ndindex(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if len(args) == 1 and isinstance(type_of(args[0]), (Tuple, List)):
        args = taken_apart(s, args[0])
    return s.apply(iterators.indices, args)


def _repeat(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    times = kwargs.get("times", args[1] if len(args) > 1 else Const(None))
    return Const(Repeat(args[0])) if times == Const(None) else s.apply(iterators.repeated, (args[0], times))


def _nditer(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    raise UnsupportedSyntaxError(
        "np.nditer, which goes through arrays as they lie in memory", s.place, "Use np.ndenumerate, or array operations."
    )


def _yielded(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    raise UnsupportedSyntaxError(
        "a generator that no loop goes through", s.place, "Write a function that loops over it, and differentiate that."
    )


def _iterator(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    (x,) = args
    if is_generator(x) or (isinstance(x, Const) and isinstance(x.value, Plan) and is_endless(x.value)) or is_one(x):
        return s.apply(iter, args)
    whole = x if isinstance(type_of(x), (Array, List, ListOf, Tuple)) else s.apply(list, args)
    return s.apply(standard.iterator, (whole,))


def _slice(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if kwargs or not 0 < len(args) < 4:
        return NotImplemented
    none = Const(None)
    return Slice(*((none, *args, none) if len(args) == 1 else (*args, none)[:3]))


def _still_there(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    (x,) = args
    if isinstance(type_of(x), (Array, List, ListOf, Tuple)) and getattr(type_of(x), "kind", None) is not OrNone:
        return x
    what = "is gone through twice" if x == Const(None) else "may have been gone through before"
    raise UnsupportedSyntaxError(f"an iterator that {what}", s.place, "Make it again, or make a list of it.")


def _tee(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    iterable, number = args[0], kwargs.get("n", args[1] if len(args) > 1 else Const(2))
    if is_generator(iterable) or not isinstance(number, Const):
        raise UnsupportedSyntaxError("itertools.tee of a generator", s.place, "Make a list, and loop over that twice.")
    whole = s.apply(list, (iterable,))
    return Tuple(tuple(s.apply(standard.iterator, (whole,)) for _ in range(number.value)))


IN_PYTHON: dict[Any, Callable[..., Any]] = {
    collections.Counter: _as(standard.Counter),
    collections.defaultdict: _as(standard.defaultdict),
    collections.deque: _as(standard.deque),
    set: _as(standard.set),
    slice: _slice,
    heapq.heapify: _as(standard.heapify),
    heapq.heappop: _as(standard.heappop),
    heapq.heappush: _as(standard.heappush),
    heapq.heappushpop: _as(standard.heappushpop),
    heapq.heapreplace: _as(standard.heapreplace),
    filter: _as(iterators.filtered),
    iter: _as(iterators.iterated),
    functools.reduce: _reduce,
    functools.update_wrapper: _as(update_wrapper),
    functools.wraps: _as(wraps),
    operator.attrgetter: _as(attribute_getter),
    operator.itemgetter: _as(item_getter),
    operator.methodcaller: _as(method_caller),
    np.apply_along_axis: _along_axis,
    np.piecewise: _piecewise,
    itertools.accumulate: _accumulate,
    itertools.chain: _as(iterators.chained),
    itertools.chain.from_iterable: _as(iterators.chained_from),
    itertools.combinations: _as(iterators.combinations),
    itertools.combinations_with_replacement: _as(iterators.combinations_with_replacement),
    itertools.dropwhile: _as(iterators.dropped),
    itertools.filterfalse: _as(iterators.rejected),
    itertools.islice: _islice,
    itertools.pairwise: _as(iterators.pairwise),
    itertools.permutations: _as(iterators.permutations),
    itertools.product: _as(iterators.product),
    itertools.repeat: _repeat,
    itertools.starmap: _as(iterators.starmapped),
    itertools.takewhile: _as(iterators.taken),
    itertools.tee: _tee,
    itertools.zip_longest: _as(iterators.zipped_to_the_longest),
    np.ndenumerate: _as(iterators.indexed),
    np.ndindex: _ndindex,
    np.nditer: _nditer,
    ITERATOR: _iterator,
    YIELD: _yielded,
    sorted: _sorted,
    max: _extreme(operator.gt),
    min: _extreme(operator.lt),
    iterators.in_order: _in_order,
    kept: _kept,
    standard.still_there: _still_there,
    standard.in_any_order: _in_any_order,
    method_called: _method_called,
    iterators.order: _order,
    iterators.least_length: _least_length,
}
"""What stands for a call, by function."""


def is_progress_bar(op: Any) -> bool:
    """Whether a call gives what it is given to loop over, and shows meanwhile how far that is."""
    return isinstance(op, type) and package_of(op) == "tqdm"


def of_generators(s: Builder, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """A call that is given generators, or something else to loop over that is none of Python's containers."""
    if isinstance(op, Method) and op.name in ("extend", "join", "update"):
        return s.apply(op, _lists(s, args), kwargs)
    if op in _AS_LISTS and not kwargs:
        return s.apply(op, _lists(s, args), kwargs)
    flats = [a.value if isinstance(a, Const) and isinstance(a.value, Flat) else None for a in args]
    if any(flats) and of_numpy(op):
        return s.apply(op, [a if f is None else f.entries(s) for a, f in zip(args, flats, strict=True)], kwargs)
    form = _OF_GENERATORS.get(op)
    return NotImplemented if form is None else form(s, args, kwargs)


def _lists(s: Builder, args: Sequence[Operand]) -> list[Operand]:
    return [s.apply(list, (a,)) if isinstance(a, Const) and isinstance(a.value, Plan) else a for a in args]


def _zip(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    number = next(k for k, a in enumerate(args) if is_generator(a))
    before, after = args[:number], args[number + 1 :]
    if any(map(is_generator, after)) or kwargs:
        what = "keywords" if kwargs else "several generators"
        raise UnsupportedSyntaxError(f"zip of a generator with {what}", s.place, "Make lists of them.")
    plans = [Tuple(tuple(Const(s.plan(a)) for a in others)) for others in (before, after)]
    return s.apply(iterators.beside, (args[number], *plans))


_OF_GENERATORS: dict[Any, Callable[..., Any]] = {
    all: _as(iterators.all_of),
    any: _as(iterators.any_of),
    dict: _as(iterators.made_of_pairs),
    enumerate: _as(iterators.numbered),
    iter: lambda s, args, kwargs: args[0],
    list: _as(iterators.listed),
    map: _as(iterators.mapped),
    next: lambda s, args, kwargs: s.apply(iterators.first if len(args) == 1 else iterators.first_or, args),
    sum: _as(iterators.summed),
    tuple: lambda s, args, kwargs: s.apply(tuple, _lists(s, args)),
    zip: _zip,
    operator.contains: _as(iterators.is_among),
}
_AS_LISTS = frozenset((UNPACK, frozenset, set, max, min, math.fsum, math.prod, np.fromiter))
