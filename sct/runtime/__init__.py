"""What generated code may call where a type is not known before it runs.

Takes arrays and numbers, gives arrays and numbers; imports NumPy only, and each function can be copied by itself into a
standalone module. Written in the language that sct differentiates: where types are known, the compiler folds a call away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = [
    "add_each",
    "add_items",
    "add_picked",
    "added",
    "added_each",
    "added_item",
    "adjoint_of",
    "anew",
    "appended",
    "as_augmented",
    "as_number",
    "as_taken",
    "beside",
    "boxed_like",
    "broadcast_axes",
    "cast_like",
    "cast_to",
    "fields_of",
    "in_places",
    "instance",
    "is_copy",
    "item",
    "items_of",
    "joined",
    "keep_reduced_axes",
    "kept",
    "laid_out",
    "last_writes",
    "never_suppressing",
    "not_none",
    "numbers",
    "of_copy",
    "of_first_dtype",
    "paired",
    "part",
    "place_beside",
    "place_for",
    "place_in",
    "place_of",
    "places",
    "power",
    "put_back",
    "quotient",
    "random_states",
    "renewed",
    "repeated",
    "replayed",
    "replica",
    "same_places",
    "scatter_add",
    "shortened",
    "shown",
    "split_like",
    "stacked",
    "stop_gradient",
    "together",
    "twice",
    "unbroadcast",
    "unbroadcast_to",
    "unit_seed",
    "updated",
    "vectorized",
    "with_item",
    "writable",
    "zeros_each",
    "zeros_if_bound",
    "zeros_in",
]


def fields_of(x: Any) -> dict[str, Any]:
    """What is in the fields of an object, by their names."""
    written = [vars(cls) for cls in type(x).__mro__ if cls.__flags__ & 1 << 9]  # in Python
    slots = [n for names in written for n, found in names.items() if type(found).__name__ == "member_descriptor"]
    return {**getattr(x, "__dict__", {}), **{n: getattr(x, n) for n in slots if hasattr(x, n)}}


def instance(cls: Any, /, **fields: Any) -> Any:
    """An object of a class with these fields, made without its constructor."""
    base = next(b for b in cls.__mro__ if not b.__flags__ & 1 << 9)  # of which it is made: no class that is written in Python
    made = base.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def adjoint_of(x: Any) -> contextlib.AbstractContextManager[Any]:
    """Code to run on the adjoint of a variable in the reverse sweep, in a `with` statement.

    Parameters
    ----------
    x : array or number
        A variable of the function, written as its name.

    Returns
    -------
    context manager
        What stands in the `with` is run in the reverse sweep, on the adjoint of `x` by all that is computed from `x` behind it.
        It may print, assert, stop in a debugger, write into the adjoint, or bind its name anew: what it is then counts.

    Notes
    -----
    Where the function is called plainly there is no adjoint: what stands in the `with` is run on zeros. It sees variables as
    they are there; names that it binds are its own. Where the result does not depend on `x`, nothing is run.

    Examples
    --------
    >>> import numpy as np, sct
    >>> def f(x):
    ...     y = x * x
    ...     with sct.adjoint_of(y) as y_bar:
    ...         y_bar = np.clip(y_bar, -1.0, 1.0)
    ...     return np.sum(y**3)
    >>> sct.grad(f)(np.array([0.5, 2.0]))
    array([0.1875, 4.    ])
    """
    if not isinstance(x, (bool, int, float, complex, np.generic, np.ndarray)):
        raise TypeError(f"sct.adjoint_of is for arrays and numbers, not for {type(x).__name__}")
    return contextlib.nullcontext(np.zeros_like(x) if isinstance(x, np.ndarray) else 0.0 * x)  # type: ignore[operator]


def stop_gradient(x: Any) -> Any:
    """`x` itself, through which no derivative passes.

    Parameters
    ----------
    x : array, number or container of these
        Any value.

    Returns
    -------
    The same value; its adjoint is zero.
    """
    return x


def broadcast_axes(g: Any, x: Any) -> Any:
    """The axes of `g` along which `x` was broadcast to the shape of `g`: a tuple of int.

    `x` may have more axes than `g`, of length 1, in front: a write into an array drops them.
    """
    lead = np.ndim(g) - np.ndim(x)
    shape = np.shape(x)
    gshape = np.shape(g)
    first = max(-lead, 0)
    return tuple(range(lead)) + tuple(lead + i for i in range(first, len(shape)) if shape[i] == 1 and gshape[lead + i] != 1)


def unbroadcast(g: Any, x: Any) -> Any:
    """`g` summed over the axes along which `x` was broadcast; has the shape of `x`. The adjoint of broadcasting."""
    axes = broadcast_axes(g, x)
    if len(axes) == 0:
        return g
    if len(axes) == np.ndim(g):
        if np.ndim(x) == 0:
            return np.sum(g)
        return np.reshape(np.sum(g), np.shape(x))
    if len(axes) == 1 and np.ndim(g) == np.ndim(x):
        return np.sum(g, axis=axes[0], keepdims=True)
    if len(axes) == np.ndim(g) - np.ndim(x):
        return np.sum(g, axis=axes[0] if len(axes) == 1 else axes)
    return np.reshape(np.sum(g, axis=axes, keepdims=True), np.shape(x))


def unbroadcast_to(g: Any, shape: Any) -> Any:
    """`g` summed over the axes along which something of the given shape was broadcast: `unbroadcast`, by shape."""
    lead = np.ndim(g) - len(shape)
    axes = tuple(range(lead)) + tuple(lead + i for i in range(len(shape)) if shape[i] == 1 and np.shape(g)[lead + i] != 1)
    return np.reshape(np.sum(g, axis=axes), shape) if axes else g


def keep_reduced_axes(y: Any, a: Any, axis: Any, keepdims: Any) -> Any:
    """The result `y` of reducing `a` over `axis`, with the reduced axes put back as axes of length 1.

    `axis` is None, an int or a tuple of int; `keepdims` tells whether `y` has these axes already. For `axis=None`
    the scalar `y` itself is given back, which broadcasts against `a`; so it is where `a` is a number, which has an axis 0 for
    NumPy's reductions.
    """
    if keepdims:
        return y
    if axis is None:
        return y
    if np.ndim(a) == 0:  # NumPy takes a number for its own row
        return y
    if isinstance(axis, tuple) and len(axis) == np.ndim(a):
        return y
    return np.expand_dims(y, axis)


def quotient(a: Any, b: Any) -> Any:
    """`a / b` of numbers, infinite where `b` is 0. Written out in generated code."""
    return a / b if b else a * np.inf


def paired(keys: Any, values: Any) -> Any:
    """The dict of some keys and as many values, one after another."""
    return dict(zip(keys, values))  # noqa: B905


def power(a: Any, b: Any) -> Any:
    """`a ** b` of numbers, infinite where `a` is 0 and `b` is negative. Written out in generated code."""
    return a**b if a or b >= 0 else np.inf


def scatter_add(x_bar: Any, path: tuple[Any, ...], v: Any) -> Any:
    """A copy of `x_bar` with `v` added to the part `x_bar[path[0]][path[1]]...`; all indices but the last are basic ones.

    Entries that the last index names several times receive every summand.
    """
    out = np.array(x_bar)
    summand = np.asarray(v, out.dtype) if type(v) in (int, float, complex) else v  # which takes no part in dtypes
    np.add.at(part(out, path[:-1]), path[-1], summand)
    return out


def part(a: Any, path: tuple[Any, ...]) -> Any:
    """`a[path[0]][path[1]]...`."""
    for index in path:
        a = a[index]
    return a


def updated(a: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of `a` in which the part `a[path[0]][path[1]]...` is `value`; all indices but the last are basic ones."""
    out = np.array(a)
    part(out, path[:-1])[path[-1]] = value
    return out


@contextlib.contextmanager
def never_suppressing(manager: Any) -> Iterator[Any]:
    """The context `manager`, in which no exception may end: a derivative cannot tell what was computed until then.

    Raises
    ------
    RuntimeError
        Where `manager` suppresses an exception.
    """
    ended = False
    with manager as entered:
        yield entered
        ended = True
    if not ended:
        raise RuntimeError(
            f"{type(manager).__name__} suppressed an exception, and a derivative cannot tell what was computed until then; "
            "write try and except"
        )


def kept(x: Any) -> Any:
    """`x` with copies of the arrays in it, and of lists and dicts, which may be written into."""
    if isinstance(x, list):
        return [kept(i) for i in x]
    if isinstance(x, tuple):
        return type(x)(*map(kept, x)) if hasattr(x, "_fields") else tuple(map(kept, x))
    if isinstance(x, dict):
        return {k: kept(v) for k, v in x.items()}
    return x.copy("K") if isinstance(x, np.ndarray) else x


def laid_out(x: Any, like: Any = None) -> Any:
    """The numbers `x`, as an array of their own that lies in memory as the array `like`, of the same shape, does, or `x`.

    Of a list or tuple likewise each array in it; numbers are as they are. Of `x` alone no two entries are one, which entries of
    what is broadcast are: a tangent that is written into may start as that.
    """
    like = x if like is None else like
    if isinstance(like, (list, tuple)):
        return _of_kind(like, [laid_out(i, j) for i, j in zip(x, like, strict=True)])
    if not isinstance(like, np.ndarray):
        return x
    if like is x and any(n > 1 and step == 0 for n, step in zip(x.shape, x.strides, strict=True)):
        return np.array(x)
    steps = [step // like.itemsize * x.itemsize for step in like.strides]
    reach = [max(n - 1, 0) * step for n, step in zip(like.shape, steps, strict=True)]
    before = -sum(r for r in reach if r < 0)  # from the first entry in memory to that of the indices 0
    room = bytearray(sum(map(abs, reach)) + x.itemsize)
    out: Any = np.ndarray(like.shape, x.dtype, room, before, steps)
    out[...] = x
    return out


def _of_kind(like: Any, items: list[Any]) -> Any:
    """A list or tuple of the class of `like`."""
    if isinstance(like, list):
        return items
    return type(like)(*items) if hasattr(like, "_fields") else tuple(items)


def is_copy(part: Any, whole: Any) -> bool:
    """Whether what was taken of an array is a copy, and no view."""
    return not np.may_share_memory(part, whole)


def of_copy(g: Any, copied: bool) -> Any:
    """The adjoint `g` of what was taken of an array, if that is a copy; zeros if it is a view, whose shadow is one, too."""
    return np.array(g) if copied else np.zeros_like(g)


def places(x_bar: Any) -> Any:
    """Where the adjoints of the items of `list(x)` are: the rows of an array, or zeros for its entries, which are copies."""
    return [place_in(x_bar[i]) for i in range(len(x_bar))]


def place_for(x: Any) -> Any:
    """Arrays of zeros, where the adjoints of an array or a number, or of those in a list or dict, are added up.

    That of a number is of rank 0; None for what has no adjoint.
    """
    if isinstance(x, (list, tuple)):
        return _of_kind(x, [place_for(i) for i in x])
    if isinstance(x, dict):
        return {k: place_for(v) for k, v in x.items()}
    dtype = np.result_type(x) if isinstance(x, (np.ndarray, int, float, complex, np.number)) else None
    return None if dtype is None else np.zeros_like(x, dtype if dtype.kind in "fc" else float)


def place_beside(x: Any, place: Any, y: Any) -> Any:
    """The place of `y`, what `x op= v` leaves: that of `x` if it is an array, which `y` is then."""
    return place if isinstance(x, np.ndarray) else place_for(y)


def place_in(part: Any) -> Any:
    """What was picked of a place: if that is a view, or what was in a list, that itself, and zeros for an entry."""
    if part is None or isinstance(part, (list, tuple, dict)):
        return part
    return place_for(part) if isinstance(part, np.generic) else np.asarray(part)


def place_of(part: Any, zeros: Any, copied: bool) -> Any:
    """The place of what was taken of an array or a number: `part` of that's place, or, of a copy, one of its own."""
    return zeros if copied else part


def not_none(x: Any) -> Any:
    """What may be None, where it must not be."""
    if x is None:
        raise TypeError("it is None, of which there is neither an item nor a number")
    return x


def writable(view: Any) -> Any:
    """A view of an array that can be written into, as an array that can be, too."""
    view.flags.writeable = True
    return view


def add_items(x_bar: Any, items: Any) -> None:
    """Add the adjoints of the entries of an array that was made a list of, from where `places` has let them be."""
    for i in range(len(items)):
        add_picked(x_bar, i, items[i])


def add_picked(whole: Any, index: Any, part: Any) -> None:
    """Add what is in `part`, which was picked of the place `whole`, to that if it is no view of it, nor an item of a list."""
    if isinstance(whole, np.ndarray) and not np.may_share_memory(part, whole):
        whole[index] += part


def in_places(places: Any) -> Any:
    """What is in the places of the items of a list, tuple or dict: of a number, whose place is of rank 0, a number."""
    if isinstance(places, (list, tuple)):
        return _of_kind(places, [in_places(p) for p in places])
    if isinstance(places, dict):
        return {k: in_places(p) for k, p in places.items()}
    return 0.0 if places is None else places[()]


def same_places(x: Any) -> Any:
    """The arrays in `x`, in lists and dicts of their own."""
    if isinstance(x, (list, tuple)):
        return _of_kind(x, [same_places(i) for i in x])
    return {k: same_places(v) for k, v in x.items()} if isinstance(x, dict) else x


def anew(x: Any) -> Any:
    """Zeros in place of the arrays in tuples, lists and dicts, that share memory as these do; one object stays one."""
    return _rebuilt(x, lambda arrays: beside(arrays, [None] * len(arrays)), lambda _: None)


def _copied(x: Any) -> Any:
    """Copies of the arrays, lists and dicts in `x`, that share memory as these do; one object stays one."""
    return _rebuilt(x, lambda arrays: beside(arrays, arrays), lambda other: other)


def _as_it_is(x: Any) -> Any:
    """The arrays in `x`, in lists and dicts of their own, in which they stay whatever comes of those; one object stays one."""
    return _rebuilt(x, lambda arrays: arrays, lambda other: other)


def _rebuilt(x: Any, renewed: Any, others: Any) -> Any:
    """Tuples, lists and dicts such as those in `x`, with other arrays, and with `others` of what is none of these."""
    own: dict[int, Any] = {}
    arrays: list[Any] = []

    def collected(x: Any) -> None:
        if id(x) in own:
            return
        own[id(x)] = None
        if isinstance(x, np.ndarray):
            arrays.append(x)
        elif isinstance(x, (tuple, list, dict)):
            for i in x.values() if isinstance(x, dict) else x:
                collected(i)

    def made(x: Any) -> Any:
        if not isinstance(x, (np.ndarray, tuple, list, dict)):
            return others(x)
        if own[id(x)] is not None:
            return own[id(x)]
        if isinstance(x, tuple):
            return _of_kind(x, [*map(made, x)])
        new: Any = {} if isinstance(x, dict) else []
        own[id(x)] = new
        if isinstance(x, dict):
            new.update((k, made(v)) for k, v in x.items())
        else:
            new += map(made, x)
        return new

    collected(x)
    own.update(zip(map(id, arrays), renewed(arrays), strict=True))
    return made(x)


def add_each(places: Any, bars: Any) -> None:
    """Add to each of the arrays in `places` what `bars` has for it, if there is anything."""
    if isinstance(places, np.ndarray):
        if bars is not None and np.shape(bars) != places.shape:
            raise ValueError("the arrays in a cotangent must have the shapes of those in the result")
        if bars is not None:
            places += bars
    elif places is not None and bars is not None:
        for k in places if isinstance(places, dict) else range(len(places)):
            add_each(places[k], bars[k])


def together(*arrays: Any) -> Any:
    """Copies of arrays, and of lists of some, that share memory with one another as these do."""
    return beside(arrays, arrays)


def beside(arrays: Any, numbers: Any) -> Any:
    """Arrays of some numbers, zeros for None, that share memory with one another as `arrays` do, and lie in it alike.

    Likewise lists and tuples of arrays and numbers.
    """
    return _filled(arrays, numbers, iter(_apart_alike(list(_arrays_in(arrays)))))


def _arrays_in(x: Any) -> Any:
    """The arrays in lists and tuples."""
    if isinstance(x, (list, tuple)):
        for i in x:
            yield from _arrays_in(i)
    elif isinstance(x, np.ndarray):
        yield x


def _filled(like: Any, numbers: Any, arrays: Any) -> Any:
    """Lists and tuples such as `like`, with some of `arrays` in place of the arrays in it, which get the numbers."""
    if isinstance(like, (list, tuple)):
        given = [None] * len(like) if numbers is None else numbers
        return _of_kind(like, [_filled(i, x, arrays) for i, x in zip(like, given, strict=True)])
    if not isinstance(like, np.ndarray):
        return zeros_in(like) if numbers is None else numbers
    own = next(arrays)
    if numbers is not None:
        own[...] = numbers
    return own


def _apart_alike(arrays: Any) -> Any:
    """Arrays of zeros that share memory with one another as `arrays` do, and lie in it alike."""
    places = []
    for n, a in enumerate(arrays):
        reach = [max(k - 1, 0) * step for k, step in zip(a.shape, a.strides, strict=True)]
        first = a.__array_interface__["data"][0]
        low = first + sum(r for r in reach if r < 0)
        places.append((low, low + sum(map(abs, reach)) + a.itemsize, first, n))
    rooms: Any = []  # where each begins and ends, and which arrays are in it
    for low, high, first, n in sorted(places):
        if rooms and low < rooms[-1][1]:
            rooms[-1] = rooms[-1][0], max(high, rooms[-1][1]), [*rooms[-1][2], (first, n)]
        else:
            rooms.append((low, high, [(first, n)]))
    found: Any = [None] * len(places)
    for begin, end, inside in rooms:
        room = bytearray(end - begin)
        for first, n in inside:
            found[n] = np.ndarray(arrays[n].shape, arrays[n].dtype, room, first - begin, arrays[n].strides)
    return found


def twice(
    augmented: Any, alike: Any, pushed: Any, args: Any, bars: Any, which: Any, of_args: Any, of_bars: Any
) -> tuple[Any, Any, Any, Any]:
    """A call of a function with shadows, and the shadows of what it gives, where that is differentiated again.

    Parameters
    ----------
    augmented, alike, pushed : callable
        Call the function with shadows: of the arguments `which`; of those that have shadows in `of_args`; and the function
        pushed forward along tangents of `which`, of all of these.
    args, bars : tuple
        What the function is given, and the shadows of the arguments `which`.
    of_args, of_bars : tuple
        The shadows of arguments, and of `bars`.
    """
    kept, of_bars = _copied(args), [anew((bar,))[0] if of is None else of for bar, of in zip(bars, of_bars)]  # noqa: B905
    bars_before, of_args_before, of_bars_before = map(_as_it_is, (bars, of_args, of_bars))
    y, y_bar, pull, shadows = augmented(args, bars)
    of_y, of_y_bar = place_for(y), anew((y_bar,))[0]
    if _holds((list, dict), args) or _holds((list, dict, np.ndarray), y):  # which may be arguments, or parts of some
        of_y = None if alike is None else alike(_copied(kept), of_args)[1]
        of_y_bar = augmented(_copied(kept), of_bars)[1]
    found_in = bars_before, *_as_it_is((bars, y_bar))
    places = (of_args_before, *_as_it_is((of_args, of_y))), (of_bars_before, *_as_it_is((of_bars, of_y_bar)))
    later: list[Any] = []

    def pull_once(_: Any) -> Any:
        found = _copied(found_in)
        pull(shadows)

        def back(places: Any) -> None:
            (of_args, _, _), (of_bars, *of_bars_after) = places
            given, of_given, own_bars = _copied(kept), anew(of_args), anew(found[0])  # copies are taken of zeros
            before = _as_it_is(of_given), _as_it_is(own_bars)
            dots = _tangents([given[k] for k in which], of_bars, {})
            (_, y_dot), (of_y, of_y_dot), *rest = pushed((*given, *dots), of_given, own_bars)
            _put((before[1], own_bars, of_y_dot), found)
            _put(of_bars_after, (dots, y_dot))
            later.append(((before[0], of_given, of_y), *rest))

        return back

    def finish(places: Any) -> None:
        own, pull_pushed, shadows_pushed = later.pop()
        _put(own, places[0])
        pull_pushed(shadows_pushed)
        _put(places[0][0], own[0])

    return (y, y_bar, pull_once, None), (of_y, of_y_bar, None, places), finish, places


def _holds(kinds: tuple[type, ...], x: Any) -> bool:
    """Whether `x` is of one of some classes, or a tuple that has something of these in it."""
    return isinstance(x, kinds) or (isinstance(x, tuple) and any(_holds(kinds, i) for i in x))


def _tangents(x: Any, places: Any, made: dict[int, Any]) -> Any:
    """The tangent of `x` that is in places: of a number as a number, of an array the place itself; of one object one."""
    if not isinstance(x, (tuple, list, dict)) or places is None:
        return places if places is None or isinstance(x, np.ndarray) else places[()]
    if id(places) in made:
        return made[id(places)]
    if isinstance(x, tuple):
        return _of_kind(x, [_tangents(i, p, made) for i, p in zip(x, places)])  # noqa: B905
    new: Any = {} if isinstance(x, dict) else []
    made[id(places)] = new
    if isinstance(x, dict):
        new.update((k, _tangents(v, places[k], made)) for k, v in x.items())
    else:
        new += (_tangents(i, p, made) for i, p in zip(x, places))  # noqa: B905
    return new


def _put(places: Any, parts: Any) -> None:
    """Let each of the arrays in `places` hold what `parts` has for it, if there is anything."""
    if places is None or parts is None:
        return
    if isinstance(places, np.ndarray):
        places[...] = parts
    elif isinstance(places, dict):
        for k, place in places.items():
            _put(place, parts[k])
    else:
        for place, part in zip(places, parts):  # noqa: B905
            _put(place, part)


def boxed_like(x: Any, like: Any) -> Any:
    """`x` as an array of its own if `like` is an array, also of rank 0, as a number if that is one; of a list each item."""
    if isinstance(like, np.ndarray):
        return np.array(x)
    if isinstance(like, (list, tuple, dict)):
        return kept(x)
    return x[()] if isinstance(x, np.ndarray) and isinstance(like, (np.generic, int, float, complex)) else x


def renewed(into: Any, value: Any, own: Any) -> Any:
    """The tangent `value` of what was changed in place, if that, `own`, is an array: then it is in `into`, its own before."""
    if not isinstance(own, np.ndarray):
        return value.copy("K") if isinstance(value, np.ndarray) else value
    into[...] = value
    return into


def shown(x: Any) -> Any:
    """`x` for somebody to look at: the arrays in it are copies, which cannot be written into."""
    if isinstance(x, (list, tuple)):
        return (
            [shown(i) for i in x]
            if isinstance(x, list)
            else type(x)(*map(shown, x))
            if hasattr(x, "_fields")
            else tuple(map(shown, x))
        )
    if isinstance(x, dict):
        return {k: shown(v) for k, v in x.items()}
    if not isinstance(x, np.ndarray):
        return x
    copy = x.copy("K")
    copy.flags.writeable = False
    return copy


def last_writes(a: Any, index: Any) -> Any:
    """Which entries of `a[index]` are the last to name their entry of `a`, and so what `a[index] = v` leaves there."""
    number = np.zeros(np.shape(a), np.intp)
    order = np.reshape(np.arange(np.size(number[index])), np.shape(number[index]))
    number[index] = order
    return number[index] == order


def cast_like(g: Any, x: Any) -> Any:
    """`g` in the dtype of `x`: the real part where `x` is real and `g` is complex, then the precision of `x`.

    For None, which stands for a value that this path did not bind, `g` as it is. Where `g` is None, by a rule for what has
    no derivative on this path, 0.0.
    """
    if x is None or g is None:
        return 0.0 if g is None else g
    if np.iscomplexobj(g) and not np.iscomplexobj(x):
        g = np.real(g)
    dtype = np.result_type(x)
    if not isinstance(g, (np.ndarray, np.generic)):
        return dtype.type(g) if isinstance(x, np.generic) and dtype.kind in "fc" else g
    return g if np.result_type(g) == dtype else g.astype(dtype)


def as_augmented(new: Any, old: Any) -> Any:
    """What `old op= v` leaves, where `new` is `old op v`: of the dtype of `old` if that is an array."""
    if not isinstance(new, np.ndarray):
        return new
    return new.astype(old.dtype if isinstance(old, np.ndarray) else new.dtype, casting="same_kind")


def cast_to(g: Any, dtype: Any) -> Any:
    """`g` in a dtype: the real part where that is real and `g` is complex, then its precision; 0.0 for None."""
    if g is None:
        return 0.0
    if np.iscomplexobj(g) and not np.issubdtype(dtype, np.complexfloating):
        g = np.real(g)
    return g if np.result_type(g) == dtype or not isinstance(g, (np.ndarray, np.generic)) else g.astype(dtype)


def as_number(x: Any) -> Any:
    """`x` with 1 and 0 in place of flags, which NumPy does not subtract and which have no sign."""
    return x * 1 if np.asarray(x).dtype == np.bool_ else x


def as_taken(x: Any) -> Any:
    """`x` as NumPy takes it: a number or an array as it is, and of a list or another sequence the array that it makes."""
    return x if x is None or isinstance(x, (np.ndarray, np.generic, int, float, complex, str)) else np.asarray(x)


def zeros_if_bound(x: Any) -> Any:
    """Zeros like `x`; for None, which stands for a value that this path did not bind, a zero that can be copied."""
    return np.float64(0.0) if x is None else np.zeros_like(x)


def unit_seed(y: Any) -> float:
    """The adjoint 1.0 of a result whose type was not known before; an error if it is not a scalar."""
    if not isinstance(y, (int, float, complex, np.number, np.ndarray)):
        raise TypeError(f"a gradient is of a scalar, and this function returned {y!r}")
    if np.ndim(y) != 0:
        raise ValueError(f"a gradient is of a scalar, and this function returned an array of shape {np.shape(y)}")
    return 1.0


# -- lists whose length is only known at run time ----------------------------------------------------------------------------


def appended(s: list[Any], x: Any) -> list[Any]:
    """`s` with a further item."""
    return [*s, x]


def repeated(x: Any, n: int) -> list[Any]:
    """A list of `n` times the number `x`."""
    return [x] * n


def shortened(s: list[Any]) -> list[Any]:
    """`s` without its last item."""
    return s[:-1]


def item(s: list[Any], i: Any) -> Any:
    """`s[i]`: an item, or for a slice a list of items."""
    return s[i]


def with_item(s: list[Any], i: int, x: Any) -> list[Any]:
    """`s` with `x` as item number `i`."""
    out = s[:]
    out[i] = x
    return out


def added_item(s: list[Any], i: Any, v: Any) -> list[Any]:
    """`s` with `v` added to its item number `i`; for a slice, each item of `v` to one of the items."""
    out = s[:]
    out[i] = added(s[i], v)
    return out


def added(x: Any, y: Any) -> Any:
    """The sum of two adjoints, of lists and tuples item by item; what has no adjoint has None."""
    if x is None or y is None:
        return y if x is None else x
    if isinstance(x, (list, tuple)):
        return _of_kind(x, [added(i, j) for i, j in zip(x, y, strict=True)])
    return x + y


def zeros_in(x: Any) -> Any:
    """The zero tangent of what a list, tuple or dict holds, or of an array or a number; None for what can have none."""
    if isinstance(x, (list, tuple)):
        return _of_kind(x, [zeros_in(i) for i in x])
    if isinstance(x, dict):
        return {k: zeros_in(v) for k, v in x.items()}
    if isinstance(x, np.ndarray):
        return np.zeros(x.shape, x.dtype if x.dtype.kind in "fc" else float)
    return 0.0 if isinstance(x, (int, float, complex, np.number)) else None


def tangents_like(given: Any, like: Any) -> Any:
    """What a caller gives as the tangents of what is in a list, as numbers of its kinds; zeros where it can have none."""
    if isinstance(like, (list, tuple)):
        return _of_kind(like, [tangents_like(g, x) for g, x in zip(given, like, strict=True)])
    if isinstance(like, np.ndarray) and like.dtype.kind in "fc":
        return np.asarray(given, like.dtype)
    if isinstance(like, (float, complex, np.inexact)):
        return type(like)(given)
    return zeros_in(like)


def zeros_each(s: list[Any]) -> list[Any]:
    """A zero for each item of `s`."""
    return [_zero(x) for x in s]


def _zero(x: Any) -> Any:
    """The zero adjoint of an item: of lists and tuples item by item, None for what has none."""
    if isinstance(x, (list, tuple)):
        return _of_kind(x, [_zero(i) for i in x])
    if isinstance(x, np.ndarray) and x.ndim:
        return np.zeros_like(x) if x.dtype.kind in "fc" else None
    return np.result_type(x).type(0) if isinstance(x, (float, complex, np.inexact, np.ndarray)) else None


def added_each(a: list[Any], b: list[Any]) -> list[Any]:
    """The sums of the items of two lists of one length."""
    return [added(x, y) for x, y in zip(a, b, strict=True)]


def stacked(s: list[Any], axis: int = 0) -> Any:
    """The items of `s`, all of one shape, along a new axis."""
    return np.stack(s, axis)


def numbers(s: list[Any], dtype: Any = None) -> Any:
    """The numbers in `s` as an array, which may be empty."""
    return np.array(s, dtype)


def of_first_dtype(s: list[Any]) -> bool:
    """Whether the first of the numbers in `s` has the dtype of an array of all: that which `np.vectorize` takes."""
    return np.asarray(s).dtype == np.asarray(s[0]).dtype


def vectorized(function: Any, otypes: Any, *arrays: Any) -> Any:
    """What `np.vectorize(function, otypes)` gives of arrays: a loop over their entries."""
    shape = np.broadcast_shapes(*[np.shape(a) for a in arrays])
    flat = [np.ravel(np.broadcast_to(a, shape)) for a in arrays]
    results = [function(*[a[i] for a in flat]) for i in range(len(flat[0]))]
    if otypes is not None:
        return np.reshape(np.stack(results), shape).astype(otypes)
    assert of_first_dtype(results), "np.vectorize takes the dtype of its first result for all; give it otypes"
    return np.reshape(np.stack(results), shape)


def items_of(a: Any, axis: int = 0) -> list[Any]:
    """The slices of `a` along an axis, which is not in them."""
    return list(np.moveaxis(a, axis, 0))


def joined(s: list[Any], axis: int = 0) -> Any:
    """The items of `s` one after another along an axis that they have."""
    return np.concatenate(s, axis)


def split_like(a: Any, s: list[Any], axis: int = 0) -> list[Any]:
    """`a` in pieces of the sizes of the items of `s`."""
    return np.split(a, np.cumsum([np.shape(x)[axis] for x in s])[:-1], axis)


# -- random numbers ----------------------------------------------------------------------------------------------------------


def random_states(*sources: Any) -> list[Any]:
    """The random generators among and in `sources`, each with its state; a bound method stands for its object."""
    out: list[Any] = []
    for s in sources:
        g = getattr(s, "__self__", s)
        if isinstance(g, (tuple, list)):
            out += random_states(*g)
        elif isinstance(g, dict):
            out += random_states(*g.values())
        elif isinstance(g, np.random.Generator):
            out.append((g, g.bit_generator.state))
        elif isinstance(g, np.random.RandomState):
            out.append((g, g.get_state(legacy=False)))
        elif hasattr(g, "getstate"):
            out.append((g, g.getstate()))
    return out


def put_back(states: list[Any]) -> None:
    """Random generators put back into their states."""
    for g, state in states:
        if isinstance(g, np.random.Generator):
            g.bit_generator.state = state
        elif isinstance(g, np.random.RandomState):
            g.set_state(state)
        else:
            g.setstate(state)


def replayed(states: list[Any], f: Any, *args: Any, **kwargs: Any) -> Any:
    """`f(*args, **kwargs)` with random generators in the states that they had, which are then put back as they are now."""
    now = random_states(*(g for g, _ in states))
    put_back(states)
    try:
        return f(*args, **kwargs)
    finally:
        put_back(now)
