"""Lists and dicts that stay objects: what is put into one, by whatever name, is in it under all of its names.

Takes what a function does with lists and dicts, where these are not taken apart into their items; emits it as Python does it.
What is made at one place is of the type of all that is ever put into it (`ListOf`, `DictOf`, with these places): a type that is
seen to hold more is decided, and the function gone through again. So nothing needs to be proved of which names are one object.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sct import runtime
from sct.errors import UnsupportedSyntaxError
from sct.infer.call import infer_call, plain
from sct.infer.join import join, own_sizes, widen
from sct.ir.ops import BINARY, DICT, LIST, NEW, UNPACK, Augmented, Method, Store
from sct.ir.shapes import constant, item_of
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
    Slice,
    Tuple,
    Undefined,
    VariableName,
    is_list_or_dict,
    keys_of,
    with_items,
)
from sct.ir.words import in_words
from sct.specialize import iterators, standard
from sct.specialize.building import LEARNT, Builder, Plan, UndecidedError
from sct.specialize.entering import decide, is_known, refuse_lost, unlike
from sct.specialize.growing import refuse_slice
from sct.specialize.instances import is_function
from sct.specialize.iteration import Entries, Items, Rows, View, Zip, is_starred, taken_apart
from sct.specialize.memory import key_of
from sct.specialize.writing import is_object

__all__ = ["METHODS", "OPERATIONS", "counted", "displayed", "entered", "made", "received", "resized"]

_MOVES = 8
"""How often the type of what is in a list may change before it is taken to be unknown."""


def made(s: Builder, o: Operand, name: str = "") -> Operand:
    """A list or dict that was just made, as an object; what is in a tuple likewise."""
    if isinstance(o, Value) and isinstance(o.type, (Tuple, List, Dict)):
        decide(s, o)
        o = s.expose_all(o)
    if isinstance(o, Tuple):
        return with_items(o, [made(s, i) for i in o.items])
    if not isinstance(o, (List, Dict)) or isinstance(o, Record):
        return o
    decide(s, o)
    if s.memory.knows(key_of(s.memory.object_of(o))):
        raise unlike(s)
    site = new_site(s)
    if ("known", site) in s.decided or any(map(_is_known_only, (*o.items, *map(Const, keys_of(o))))):
        s.memory.bear(s.memory.object_of(o))
        return o
    items = [made(s, s.present(i)) for i in s.expose_all(o).items]  # type: ignore[union-attr]
    s.refuse_records(items)
    t: Abstract
    if isinstance(o, Dict):
        t = dict_made(s, site, [type_of(Const(k)) for k in o.keys], list(map(type_of, items)))
    else:
        t = list_made(s, site, list(map(type_of, items)))
    whole: Operand = with_items(o, items)
    return s.emit(NEW, (whole,), {}, t, name)


def _is_known_only(o: Operand) -> bool:
    """Whether an item or key is there at compile time only: a function, something to loop over, the name of a variable."""
    return isinstance(o, Const) and (isinstance(o.value, (Plan, VariableName)) or is_function(o.value))


def entered(s: Builder, v: Operand, path: tuple[Any, ...]) -> Operand:
    """An argument, or a field of one, with those of the lists and dicts in it as objects for which that is decided."""
    t = type_of(v)
    if not isinstance(v, Value) or not isinstance(t, (Tuple, List, Dict)):
        return v
    items = s.items_of(v)
    now = [entered(s, i, (*path, k)) for k, i in zip(keys_of(t), items, strict=True)]
    whole = with_items(t, now)
    if isinstance(t, Tuple):
        return v if all(map(operator.is_, items, now)) else whole
    if isinstance(t, Record):
        fields, known = dict(zip(t.keys, now, strict=True)), s.memory.now(v)
        assert isinstance(known, Record)
        read = [k for k in known.keys if k not in fields or isinstance(type_of(fields[k]), Instance)]
        items = [i if k in read else fields[k] for k, i in known.mapping().items()]
        s.memory.set(v, Record(known.keys, tuple(items), t.cls))
        return v
    if s.everything or s.decided.get(("object", path)):
        own = made(s, whole, s.memory.name_of(v))
        s.given.update(dict.fromkeys(type_of(own).sites, v))  # type: ignore[union-attr]
        return own
    if not all(map(operator.is_, items, now)):
        if s.memory is not s.initial:  # others may know it as it was
            raise UndecidedError(("object", path), True)
        s.memory.set(v, whole)
    return v


def received(s: Builder, t: Abstract) -> Abstract:
    """The type of a parameter, with all that is known of what is in the lists and dicts that it is or holds."""
    if isinstance(t, (Tuple, List, Dict)):
        return with_items(t, [received(s, i) for i in t.items])
    if not is_list_or_dict(t):
        return t
    assert isinstance(t, (ListOf, DictOf))
    holds(s, t.sites, received(s, t.item))
    if isinstance(t, DictOf):
        holds(s, t.sites, t.key, "key")
        return DictOf(_known_of(s, t.sites, "key"), _known_of(s, t.sites), t.sites)
    return ListOf(_known_of(s, t.sites), t.sites)


def _known_of(s: Builder, sites: frozenset[Hashable], what: str = "item") -> Abstract:
    """The type of what is in the objects that are made at some places."""
    found: Abstract = UNDEFINED
    for site in sorted(sites, key=repr):
        found = joined(s, found, known(s, site, what), (what, "of", site))
    return found


def owned(s: Builder, o: Operand, name: str) -> Operand:
    """What an operation gives; lists and dicts that it has just made as objects."""
    if isinstance(o, Value) and isinstance(o.type, (List, Dict)) and o not in s.parameters:
        return made(s, s.expose_all(o), name)
    if isinstance(o, Value) and isinstance(o.type, ListOf) and not o.type.sites:
        if s.memory.object_of(o) is not o:  # it has grown since it was made
            decide(s, o)
            raise unlike(s)
        return new_list(s, list, (o,), o.type.item)
    if isinstance(o, Record) or s.memory.knows(key_of(s.memory.object_of(o))):
        return o
    if isinstance(o, (Tuple, List, Dict)) and any(isinstance(i, (List, Dict)) for i in _structures(o)):
        return made(s, o, name) if not _of_argument(s, o) else o
    return o


def _structures(o: Operand) -> Iterator[Operand]:
    """The containers in an operand."""
    if isinstance(o, (Tuple, List, Dict)):
        yield o
        for i in o.items:
            yield from _structures(i)


def _of_argument(s: Builder, o: Operand) -> bool:
    """Whether a list or dict among some, or in them, is an argument."""
    found = (s.memory.object_of(i) for i in _structures(o) if not isinstance(i, Tuple))
    return any(isinstance(obj, Value) and obj in s.parameters for obj in found)


def new_site(s: Builder) -> Hashable:
    """A place of its own for what is being made."""
    return (*s.site, s.numbered())


def list_made(s: Builder, site: Hashable, items: Sequence[Abstract]) -> ListOf:
    """The type of a list that is made at a place of items of some types."""
    for t in items:
        holds(s, frozenset((site,)), t)
    return ListOf(known(s, site), frozenset((site,)))


def dict_made(s: Builder, site: Hashable, keys: Sequence[Abstract], items: Sequence[Abstract]) -> DictOf:
    """The type of a dict that is made at a place of keys and items of some types."""
    for t in keys:
        holds(s, frozenset((site,)), t, "key")
    found = list_made(s, site, items)
    return DictOf(known(s, site, "key"), found.item, found.sites)


def known(s: Builder, site: Hashable, what: str = "item") -> Abstract:
    """The type of what is in the objects that are made at a place."""
    found: Abstract = s.decided.get((what, site), (UNDEFINED, 0))[0]
    return found


def holds(s: Builder, sites: frozenset[Hashable], t: Abstract, what: str = "item") -> None:
    """Something of a type is put into what was made at some places."""
    if is_known(t):
        raise unlike(s)
    for site in sites:
        before, moves = s.decided.get((what, site), (UNDEFINED, 0))
        now = joined(s, before, own_sizes(widen(t), (what, site)), (what, site))
        if now == before:
            continue
        s.decided[what, site] = now if moves < _MOVES else UNKNOWN, moves + 1
        s.decided[LEARNT] = True
        if not isinstance(before, Undefined):
            raise UndecidedError(LEARNT, False)


def unseen(s: Builder) -> None:
    """Something is read that nothing is known to be put into."""
    if s.decided.get(LEARNT):  # or not yet
        raise UndecidedError(LEARNT, False)
    s.unseen.append(s.place)


def joined(s: Builder, a: Abstract, b: Abstract, key: Hashable) -> Abstract:
    """What holds of what is of either type; where one is an object with fields, so is the other."""
    found = join(a, b, key)
    for t in (a, b):
        refuse_lost(s, t, found)
    return found


def put(s: Builder, op: Any, x: Operand, args: Sequence[Operand], value: int | None = None, whole: bool = False) -> None:
    """An object is changed by a method or an operator; `value`: the number of the argument that is put into it.

    `whole`: what is in that argument is put into it.
    """
    t = type_of(x)
    assert isinstance(t, (ListOf, DictOf)) and isinstance(x, Value)
    if not t.sites:  # a list that grew before it could be known for an object
        raise unlike(s)
    s.writable(x)
    for site in t.sites & s.given.keys():
        s.may_write(s.given[site])
    given = [made(s, a) if k == value else a for k, a in enumerate(args)]
    s.refuse_records(given)
    if value is not None:
        u = type_of(given[value])
        holds(s, t.sites, u.item if whole and isinstance(u, (ListOf, DictOf)) else u)
    s.emit(Store(op), (x, *map(s.present, given)), {}, Const(None))


def _of_length(s: Builder, x: Operand) -> None:
    """Refuse to change the length of what a loop may be going through."""
    t = type_of(x)
    assert isinstance(t, (ListOf, DictOf))
    resized(s, t.sites)


def resized(s: Builder, sites: frozenset[Hashable]) -> None:
    """The lengths of what is made at some places may change."""
    s.resized |= sites
    for o in s.looped:
        u = type_of(o)
        if isinstance(u, (ListOf, DictOf)) and u.sites & sites:
            s.keeps_length(o)


def new_list(s: Builder, op: Any, args: Sequence[Operand], item: Abstract) -> Value:
    """A new list, of items of a type, that an operation gives."""
    return s.emit(op, [s.present(a) for a in args], {}, list_made(s, new_site(s), [item]))


def _new_dict(s: Builder, op: Any, args: Sequence[Operand], key: Abstract, item: Abstract) -> Value:
    """A new dict, of keys and items of some types, that an operation gives."""
    return s.emit(op, [s.present(a) for a in args], {}, dict_made(s, new_site(s), [key], [item]))


# -- reading -----------------------------------------------------------------------------------------------------------------


def _item(s: Builder, op: Any, args: Sequence[Operand], t: Abstract) -> Operand:
    """What a list or dict holds; not known yet if nothing has been put into it on the way here."""
    if isinstance(t, Undefined):
        unseen(s)
        return UNDEFINED
    return s.append(op, args, {}, t)


def _getitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, key = args
    t = type_of(x)
    if isinstance(t, ObjectOf):
        return s.field_of(x, plain(type_of(key)))
    if isinstance(t, DictOf):
        return _item(s, operator.getitem, args, item_of(t))
    if isinstance(t, (Tuple, List, Dict)) and t.items and not constant(plain(type_of(key))):
        whole = s.expose_all(x)
        x = made(s, whole if isinstance(whole, Dict) else List(whole.items))  # type: ignore[union-attr]
        return NotImplemented if is_known(type_of(x)) else _getitem(s, (x, key), {})  # which it stays with functions in it
    if not isinstance(t, ListOf):
        return NotImplemented
    if isinstance(key, Slice) or isinstance(plain(type_of(key)), slice):
        return new_list(s, runtime.item, args, t.item)
    refuse_slice(s, key)
    return _item(s, runtime.item, args, item_of(t))


def _setitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, key, value = args
    t = type_of(x)
    if not isinstance(t, (ListOf, DictOf)):
        return NotImplemented
    if isinstance(t, ObjectOf):
        s.put_field(x, plain(type_of(key)), value)
        return Const(None)
    if isinstance(t, DictOf):
        _of_length(s, x)
        holds(s, t.sites, type_of(key), "key")
    elif isinstance(key, Slice) or isinstance(plain(type_of(key)), slice):
        if isinstance(type_of(value), (Tuple, List)):
            value = made(s, List(s.expose_all(value).items))  # type: ignore[union-attr]
        elif not isinstance(type_of(value), ListOf):
            value = s.apply(list, (value,))
        if not isinstance(type_of(value), ListOf):
            what = f"a write of {in_words(type_of(value))} into a slice of a list"
            raise UnsupportedSyntaxError(what, s.place, "Write a list, or the items one by one.")
        _of_length(s, x)
        put(s, operator.setitem, x, (key, value), 1, whole=True)
        return Const(None)
    put(s, operator.setitem, x, (key, value), 1)
    return Const(None)


def _delitem(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if not isinstance(type_of(args[0]), (ListOf, DictOf)):
        return NotImplemented
    _of_length(s, args[0])
    put(s, operator.delitem, args[0], args[1:])
    return Const(None)


def _augmented_item(op: Any) -> Callable[..., Any]:
    """`x[k] op= v`, as Python does it: the item is taken, changed or replaced, and put back."""

    def handle(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
        x, key, value = args
        if not isinstance(type_of(x), (ListOf, DictOf)):
            return NotImplemented
        old = s.apply(operator.getitem, (x, key))
        if old is UNDEFINED:
            return Const(None)
        new = s.apply(op, (old, value))
        if not is_object(type_of(old)):
            _setitem(s, (x, key, new), {})
        return Const(None)

    return handle


def _unpack(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, n = args[0], args[1]
    t = type_of(x)
    if not isinstance(t, ListOf):
        return NotImplemented
    assert isinstance(n, Const)
    if len(args) == 3:
        return _unpack_around(s, x, n.value, plain(type_of(args[2])))
    if isinstance(t.item, Undefined):
        unseen(s)
        return Tuple((UNDEFINED,) * n.value)
    return s.append(UNPACK, args, {}, Tuple(tuple(item_of(t) for _ in range(n.value))))


def _unpack_around(s: Builder, x: Operand, first: int, last: int) -> Operand:
    """`a, *rest, b = x`: the first items, a list of those in between, and the last ones."""
    items = [s.apply(operator.getitem, (x, Const(k))) for k in range(first)]
    rest = s.apply(operator.getitem, (x, Const(slice(first, None))))
    ends = [s.apply(operator.getitem, (rest, Const(k))) for k in range(-last, 0)]
    between = s.apply(operator.getitem, (rest, Const(slice(None, -last)))) if last else rest
    return Tuple((*items, between, *ends))


def _contains(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if not isinstance(type_of(args[0]), DictOf):
        return NotImplemented
    return s.append(operator.contains, args, {}, Scalar(bool))


def _len(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    return s.append(len, args, {}, Scalar(int)) if isinstance(type_of(args[0]), (ListOf, DictOf)) else NotImplemented


def _add(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """`a + b`: a new list of the items of both."""
    some = any(isinstance(type_of(a), ListOf) for a in args)
    a, b = (_of_items(s, a) if isinstance(a, List) or (some and isinstance(type_of(a), List)) else a for a in args)
    t, u = type_of(a), type_of(b)
    if not isinstance(t, ListOf) or not isinstance(u, ListOf):
        return NotImplemented
    return new_list(s, operator.add, (a, b), joined(s, t.item, u.item, ("item", *s.site)))


def _of_items(s: Builder, x: Operand) -> Operand:
    """A list of known length as one that is new, of the same items."""
    return made(s, List(s.expose_all(x).items))  # type: ignore[union-attr]


def _mul(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """`[x] * n`: a new list in which the same items come again."""
    for x, n in (args, args[::-1]):
        x = made(s, x) if isinstance(x, List) and not isinstance(type_of(n), Array) else x
        t = type_of(x)
        if isinstance(t, ListOf):
            return new_list(s, operator.mul, (x, n), t.item)
    return NotImplemented


def _list(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    t = type_of(args[0]) if args else None
    if isinstance(t, Const) and isinstance(t.value, View):
        found = counted(s, args[0])
        return NotImplemented if found is args[0] else found
    if isinstance(t, ListOf):
        return new_list(s, list, args, t.item)
    if isinstance(t, Array) and t.shape:
        return new_list(s, list, args, infer_call(operator.getitem, [t, Scalar(int)], {}))
    return new_list(s, list, args, t.key) if isinstance(t, DictOf) else NotImplemented


def _iadd(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    x, other = args
    if not isinstance(type_of(x), ListOf):
        return NotImplemented
    _extend(s, x, (other,), {})
    return x


# -- methods -----------------------------------------------------------------------------------------------------------------


def _append(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    _of_length(s, x)
    put(s, Method("append"), x, args, 0)
    return Const(None)


def _insert(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    _of_length(s, x)
    put(s, Method("insert"), x, args, 1)
    return Const(None)


def _extend(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    other = args[0]
    if isinstance(type_of(other), ListOf):
        _of_length(s, x)
        put(s, Method("extend"), x, args, 0, whole=True)
        return Const(None)
    if not isinstance(type_of(other), (List, Tuple)):
        return s.apply(iterators.appended, (x, other))
    for i in s.expose_all(other).items:  # type: ignore[union-attr]
        _append(s, x, (i,), {})
    return Const(None)


def _pop(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    if isinstance(type_of(x), DictOf) and len(args) > 1:
        return s.apply(iterators.popped_or, (x, *args))
    _of_length(s, x)
    found = _getitem(s, (x, args[0] if args else Const(-1)), {})
    put(s, Method("pop"), x, args)
    return found  # type: ignore[no-any-return]


def _changed(name: str) -> Callable[..., Operand]:
    def handle(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
        if name == "clear":
            _of_length(s, x)
        put(s, Method(name), x, args)
        return Const(None)

    return handle


def _copy(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    t = type_of(x)
    if isinstance(t, ListOf):
        return new_list(s, list, (x,), t.item)
    assert isinstance(t, DictOf)
    return _new_dict(s, dict, (x,), t.key, t.item)


def _dict(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    if args and isinstance(type_of(args[0]), DictOf) and not kwargs:
        return _copy(s, args[0], (), {})
    if args and isinstance(args[0], Const) and isinstance(args[0].value, View) and args[0].value.of == "items" and not kwargs:
        return _copy(s, args[0].value.whole, (), {})
    plan = args[0].value if args and isinstance(args[0], Const) else None
    if not isinstance(plan, Zip) or len(plan.parts) != 2 or kwargs:
        return NotImplemented
    keys, values = (_gone_through(s, p) for p in plan.parts)
    if keys is None or values is None:
        return NotImplemented
    values = made(s, values)
    at = [p.at(s, Const(0)) for p in plan.parts]
    return _new_dict(s, runtime.paired, (keys, values), *map(type_of, at))


def _gone_through(s: Builder, plan: Plan) -> Operand | None:
    """The container or array that a plan goes through, item by item."""
    if isinstance(plan, Entries):
        found = counted(s, Const(View(plan.whole, plan.of)))
        return found if isinstance(found, Value) else None
    return plan.container if isinstance(plan, Items) else plan.array if isinstance(plan, Rows) else None


def _display(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """A dict of pairs, of which some keys are not known."""
    if not all(isinstance(pair, Tuple) for pair in args):
        return NotImplemented
    whole = made(s, Dict((), ()))
    for pair in args:
        assert isinstance(pair, Tuple)
        _setitem(s, (whole, *pair.items), {})
    return whole


def _get(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    default, t = made(s, args[1] if len(args) > 1 else Const(None)), type_of(x)
    if isinstance(t, DictOf) and isinstance(t.item, Undefined):  # nothing is put into it
        return default
    return s.apply(standard.got, (x, args[0], default))  # which is not in the shadow where it is not in the dict


def _setdefault(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    t = type_of(x)
    assert isinstance(t, DictOf)
    _of_length(s, x)
    holds(s, t.sites, type_of(args[0]), "key")
    put(s, Method("setdefault"), x, (args[0], args[1] if len(args) > 1 else Const(None)), 1)
    return _getitem(s, (x, args[0]), {})  # type: ignore[no-any-return]


def _update(s: Builder, x: Operand, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    for other in (*args, Dict.of(kwargs)):
        t, u = type_of(x), type_of(other)
        if isinstance(u, DictOf):
            assert isinstance(t, DictOf)
            _of_length(s, x)
            holds(s, t.sites, u.key, "key")
            put(s, Method("update"), x, (other,), 0, whole=True)
            continue
        if not isinstance(u, Dict):
            s.apply(iterators.put_in, (x, other))
            continue
        whole = s.expose_all(other)
        assert isinstance(whole, Dict)
        for k, v in whole.mapping().items():
            _setitem(s, (x, Const(k), v), {})
    return Const(None)


def _view(of: str) -> Callable[..., Operand]:
    return lambda s, x, args, kwargs: Const(View(x, of))


def counted(s: Builder, o: Operand) -> Operand:
    """A list of the keys or values that a dict has here, in place of what stands for them; anything else as it is."""
    if not isinstance(o, Const) or not isinstance(o.value, View) or o.value.of == "items":
        return o
    x, t = o.value.whole, type_of(o.value.whole)
    assert isinstance(t, DictOf)
    if o.value.of == "keys":
        return new_list(s, list, (x,), t.key)
    return new_list(s, list, (s.append(Method("values"), (x,), {}, UNKNOWN),), t.item)


def displayed(s: Builder, op: Any, args: Sequence[Operand]) -> Operand | None:
    """A list or dict that is written out with others in it; None if all that is in it is known item by item."""
    args = [replace(a, start=counted(s, a.start)) if is_starred(a) else a for a in args]
    if not any(is_starred(a) and isinstance(type_of(a.start), (ListOf, DictOf)) for a in args):
        return None
    whole = made(s, List(()) if op is LIST else Dict((), ()))
    if not isinstance(type_of(whole), (ListOf, DictOf)):  # it is to be known item by item
        raise UnsupportedSyntaxError(
            "a list or dict whose items have to be known one by one, made of one whose length is known at run time",
            s.place,
            "Write a loop over the other one.",
        )
    for a in args:
        if op is DICT and is_starred(a):
            _update(s, whole, (a.start,), {})
        elif op is DICT:
            assert isinstance(a, Tuple)
            _setitem(s, (whole, *a.items), {})
        elif is_starred(a) and isinstance(type_of(a.start), ListOf):
            _extend(s, whole, (a.start,), {})
        else:
            for i in taken_apart(s, a.start) if is_starred(a) else (a,):
                _append(s, whole, (i,), {})
    return whole


OPERATIONS: dict[Any, Callable[..., Any]] = {
    operator.getitem: _getitem,
    operator.setitem: _setitem,
    operator.delitem: _delitem,
    operator.contains: _contains,
    operator.add: _add,
    operator.mul: _mul,
    operator.iadd: _iadd,
    DICT: _display,
    UNPACK: _unpack,
    len: _len,
    list: _list,
    dict: _dict,
    **{Augmented(op): _augmented_item(op) for op in BINARY},
}
"""What is done to an object, by operation; each takes the operands and the keywords. `NotImplemented`: as with any list."""

METHODS: dict[type, dict[str, Callable[..., Operand]]] = {
    ListOf: {
        "append": _append,
        "extend": _extend,
        "insert": _insert,
        "pop": _pop,
        "remove": lambda s, x, args, kwargs: s.apply(iterators.removed, (x, *args)),
        "reverse": _changed("reverse"),
        "clear": _changed("clear"),
        "copy": _copy,
    },
    DictOf: {
        "get": _get,
        "pop": _pop,
        "clear": _changed("clear"),
        "copy": _copy,
        "setdefault": _setdefault,
        "update": _update,
        "keys": _view("keys"),
        "values": _view("values"),
        "items": _view("items"),
    },
}
"""The methods of an object; each takes it, the arguments and the keywords."""
