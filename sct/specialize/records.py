"""Objects of which a function binds fields: those that it makes, and arguments. Each field is a value of its own.

Takes a class that is called, or an object (`Record`) and what is done to it; gives what is in the fields, and the results of
methods. No such object is there at run time: one that would have to be is refused. Arguments stay as they were.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import operator
from collections.abc import Hashable, Sequence
from types import FunctionType, MemberDescriptorType, MethodType, SimpleNamespace
from typing import Any, TypeGuard

from sct.errors import SctError, UnsupportedSyntaxError
from sct.frontend.resolve import MISSING, Dependency, has_fields_of
from sct.infer.call import plain
from sct.infer.signature import example_of
from sct.ir.ops import CALL, Attribute, Field, Method
from sct.ir.ssa import Block, Function, Operand, Value, type_of, values_of
from sct.ir.types import (
    UNDEFINED,
    Abstract,
    Array,
    Const,
    Dict,
    FieldName,
    Instance,
    List,
    ObjectOf,
    OrNone,
    Record,
    Tuple,
    holds_record,
    keys_of,
    with_items,
)
from sct.registry.effects import is_registered
from sct.runtime import fields_of
from sct.specialize import instances, tuples
from sct.specialize.building import Builder, UndecidedError
from sct.specialize.memory import key_of

__all__ = [
    "attribute",
    "bind_field",
    "enter",
    "has_attribute",
    "is_made",
    "make",
    "new",
    "refuse_returned",
    "refuse_whole",
    "replaced",
]


def is_made(cls: Any) -> bool:
    """Whether a call of a class makes an object whose fields can be followed."""
    if not isinstance(cls, type) or cls is SimpleNamespace:
        return cls is SimpleNamespace
    usual = instances.in_class(cls, "__new__") == object.__new__ and type(cls).__call__ == type.__call__
    return (
        usual
        and has_fields_of(cls)
        and not is_registered(cls)
        and not any(hasattr(cls, name) for name in ("__getattr__", "__del__"))
    )


def make(s: Builder, cls: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """An object that is made by a call of its class."""
    if cls is SimpleNamespace:
        s.decided["made"] = True
        return new(s, cls, kwargs) if not args else _refuse_class(s, cls, "takes a mapping")
    owner = next(c for c in cls.__mro__ if "__init__" in vars(c))
    init = vars(owner)["__init__"]
    s.depend(Dependency(cls, "__init__", cls.__init__))
    made = new(s, cls, {})
    s.decided["made"] = True
    if init is object.__init__:
        if args or kwargs:
            raise SctError(f"{cls.__name__}() takes no arguments", s.place, "Leave them out.")
    elif not isinstance(init, FunctionType):
        _refuse_class(s, cls, "has a constructor that is not written in Python")
    elif dataclasses.is_dataclass(owner) and init.__code__.co_filename == "<string>":
        for name, value in _fields_given(s, owner, init, args, kwargs).items():
            bind_field(s, (made, Const(name), value), {}, as_usual=True)
        if hasattr(cls, "__post_init__"):
            s.apply(Method("__post_init__"), (s.present(made),))
    else:
        s.apply(init, (made, *args), kwargs)
    return s.present(made, reads=False)


def new(s: Builder, cls: type, fields: dict[str, Operand]) -> Operand:
    """An object of a class with some fields, that is made here."""
    late = {n: _at_first(s, cls, n) for n in s.decided.get(("late", cls), ())}
    fields = {**late, **fields}
    made = Record(tuple(map(FieldName, fields)), tuple(fields.values()), cls)
    s.memory.bear(made)
    s.memory.wrote(made, "", s.place)
    return made


def _at_first(s: Builder, cls: type, name: str) -> Operand:
    """What there is by the name of a field that is assigned later, on some ways: what the class has, if anything."""
    return UNDEFINED if instances.in_class(cls, name) is MISSING else s.attribute(Attribute(name), Const(cls), "")


def late_fields(s: Builder, a: Record, b: Record) -> None:
    """Fields that one of two objects of a class has are there from the start, and undefined until they are assigned."""
    what = "late", a.cls
    known = s.decided.get(what, ())
    found = [str(k) for k in (*a.keys, *b.keys) if k not in a.keys or k not in b.keys]
    if a.cls is b.cls and not set(found) <= set(known):
        raise UndecidedError(what, (*known, *(n for n in dict.fromkeys(found) if n not in known)))


def _refuse_class(s: Builder, cls: type, why: str) -> Any:
    raise UnsupportedSyntaxError(f"an object of the class {cls.__name__}, which {why}", s.place, "Write a plain class.")


def _fields_given(
    s: Builder, owner: Any, init: FunctionType, args: Sequence[Operand], kwargs: dict[str, Operand]
) -> dict[str, Operand]:
    """What a data class puts into its fields."""
    every = owner.__dataclass_fields__.values()
    if any(type(f.type) is dataclasses.InitVar or "InitVar" in str(f.type) for f in every):
        _refuse_class(s, owner, "takes arguments that are no fields")
    s.depend(Dependency(owner, "__dataclass_fields__", owner.__dataclass_fields__))
    fields = dataclasses.fields(owner)
    made_anew = {f.name: f.default_factory for f in fields if f.default_factory is not dataclasses.MISSING}
    parameters = list(inspect.signature(init).parameters.values())[1:]
    given = [p.replace(default=None) if p.name in made_anew else p for p in parameters]
    function = Function(owner.__name__, inspect.Signature(given), Block((), (), ()), None, init)
    bound = dict(zip((p.name for p in given), s.bind(function, args, kwargs), strict=True))
    named = {p.name for p in given[: len(args)]} | kwargs.keys()
    out: dict[str, Operand] = {}
    for f in fields:
        if f.name in made_anew and f.name not in named:
            out[f.name] = s.apply(CALL, (Const(made_anew[f.name]),))
        elif f.name in bound:
            out[f.name] = bound[f.name]
    return out


def replaced(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    """`dataclasses.replace(x, **changes)`."""
    t = type_of(args[0])
    known = isinstance(t, (Instance, Record, ObjectOf)) and dataclasses.is_dataclass(t.cls) and is_made(t.cls)
    if not known:
        return NotImplemented
    assert isinstance(t, (Instance, Record, ObjectOf))
    names = [f.name for f in dataclasses.fields(t.cls) if f.init and f.name not in kwargs]
    return s.apply(t.cls, (), {**{n: s.attribute(Attribute(n), args[0], "") for n in names}, **kwargs})


_AS_USUAL = (object.__setattr__, SimpleNamespace.__setattr__)
"""How attributes are assigned where a class has no way of its own."""


# -- fields ------------------------------------------------------------------------------------------------------------------


def attribute(s: Builder, x: Operand, name: str) -> Operand:
    """An attribute of an object."""
    t = type_of(x)
    assert isinstance(t, (Record, ObjectOf))
    static = instances.in_class(t.cls, name)
    if name in names_of(t) and not isinstance(static, property):
        own: Operand = x.mapping()[name] if isinstance(x, Record) else s.field_of(x, name)
        if own is not UNDEFINED or isinstance(t, ObjectOf):
            return own
    owner = s.memory.object_of(x)
    if isinstance(t, Record) and _is_given(owner):
        assert isinstance(owner.type, (Instance, Record))
        kept = isinstance(owner.type, Instance) or name in getattr(example_of(owner.type), "__dict__", ())
        if isinstance(static, functools.cached_property) and kept:
            raise UnsupportedSyntaxError(
                f"{name!r}, which is kept in an object of which fields are bound, or that is differentiated by",
                s.place,
                "Compute it in a method.",
            )
        return instances.attribute(s, owner, name, x)
    if name == "__class__":
        return Const(instances.class_of(t.cls))
    through = instances.through_class(s, t.cls, name, x)
    if isinstance(static, functools.cached_property) and isinstance(t, ObjectOf):
        raise UnsupportedSyntaxError(f"{name!r}, which is kept in {_called(t)}", s.place, "Compute it in a method.")
    if isinstance(static, functools.cached_property) and through is not None:
        _put(s, s.present(x), name, through)
    if through is None and hasattr(type(static), "__get__") and not isinstance(static, MemberDescriptorType):
        raise UnsupportedSyntaxError(f"{name!r}, which {_called(t)} finds in a way of its own", s.place, "Use a property.")
    if through is None and static is not MISSING and not isinstance(static, MemberDescriptorType):
        return s.attribute(Attribute(name), Const(t.cls), "")
    if through is None:
        raise instances.no_attribute(s, _called(t), name, t.cls)
    return through


def refuse_returned(s: Builder, t: Abstract) -> None:
    """Refuse to return what another class stands for (`standard`)."""
    if isinstance(t, Record) and instances.class_of(t.cls) is not t.cls:
        name = t.cls.__name__
        raise UnsupportedSyntaxError(f"a {name} that is returned", s.place, "Return what is in it, in a list or a dict.")
    if isinstance(t, Tuple) and t.kind is OrNone:
        raise tuples.refused(s)
    for i in t.items if isinstance(t, (Tuple, List, Dict)) else ():
        refuse_returned(s, i)


def _is_given(o: Operand) -> TypeGuard[Value]:
    """Whether an object is an argument, or in one, of which more can be read than the fields that are known."""
    return isinstance(o, Value) and (isinstance(o.type, Instance) or (isinstance(o.type, Record) and bool(o.type.path)))


def has_attribute(s: Builder, x: Operand, name: str) -> bool:
    """Whether an object has an attribute."""
    t, owner = type_of(x), s.memory.object_of(x)
    assert isinstance(t, (Record, ObjectOf))
    if instances.class_of(t.cls) is not t.cls:
        return hasattr(instances.class_of(t.cls), name)
    there = x.mapping().get(FieldName(name), UNDEFINED) if isinstance(x, Record) else Const(name in names_of(t))
    if any(leaf in s.unsure for leaf in values_of(there)):
        raise UnsupportedSyntaxError(
            f"whether {_called(t)} has {name!r}, which is assigned on some ways only",
            s.place,
            "Assign None in the constructor.",
        )
    if there not in (UNDEFINED, Const(False)):
        return True
    if isinstance(t, Record) and _is_given(owner):
        return instances.has_attribute(s, owner, name)
    static = instances.in_class(t.cls, name)
    return static is not MISSING and not isinstance(static, MemberDescriptorType)


def names_of(t: Record | ObjectOf) -> tuple[Any, ...]:
    """The names of the fields that an object has."""
    return t.names if isinstance(t, ObjectOf) else t.keys


def bind_field(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand], as_usual: bool = False) -> Any:
    """`x.name = value`, which is `setattr(x, "name", value)`; `as_usual`: as any object does it, whatever its class has."""
    x, key, value = args
    t, name = type_of(x), plain(type_of(key))
    if isinstance(t, Array) and name == "flat":
        return s.apply(operator.setitem, (s.apply(Attribute(name), (x,)), Const(Ellipsis), value))
    if not isinstance(t, (Instance, Record, ObjectOf)) or not isinstance(name, str):
        raise UnsupportedSyntaxError(
            "an assignment to an attribute is not supported", s.place, "Assign to a name and return it."
        )
    static = instances.in_class(t.cls, name)
    own = not as_usual and instances.in_class(t.cls, "__setattr__") not in _AS_USUAL
    if isinstance(static, property) and static.fset is not None and not own:
        s.depend(Dependency(t.cls, name, static))
        s.apply(static.fset, (x, value))
        return Const(None)
    if own or (hasattr(type(static), "__set__") and not isinstance(static, MemberDescriptorType)):
        raise UnsupportedSyntaxError(
            f"an assignment to the attribute {name!r} of {_called(t)}, which the class has a way of its own to do",
            s.place,
            "Make another object.",
        )
    if isinstance(t, ObjectOf):
        s.put_field(x, name, value)
        return Const(None)
    if isinstance(t, Record):
        _put(s, x, name, value)
        return Const(None)
    assert isinstance(x, Value)
    now = s.field_values.get((x, Field(t.path, name)))
    if now is not None and s.memory.object_of(value) is s.memory.object_of(s.fields.get(now, now)):
        return Const(None)  # it is that, written into
    if x not in s.arguments:
        raise UnsupportedSyntaxError(
            f"an assignment to the attribute {name!r} of {_called(t)} that is defined outside of the function, or that a "
            "recursive function is given",
            s.place,
            "Pass it as an argument, or return the value.",
        )
    what = "fields", s.path_of(x)
    raise UndecidedError(what, (*s.decided.get(what, ()), name))


def _put(s: Builder, x: Operand, name: str, value: Operand) -> None:
    """A field is another value from here on."""
    now = s.present(x, reads=False)
    assert isinstance(now, Record)
    obj = s.memory.object_of(now)
    if isinstance(obj, Value):
        assert isinstance(obj.type, (Instance, Record))
        what = "fields", s.path_of(obj)
        names = s.decided.get(what, ())
        if name not in names and (isinstance(obj.type, Instance) or not _is_known(obj.type, name)):
            raise UndecidedError(what, (*names, name))
        s.bound_fields.setdefault((obj, Field(obj.type.path, name)), s.place)
    if _holds(s, value, obj):
        raise UnsupportedSyntaxError(
            f"{_called(now)} that is in a field of its own, or in one of an object in its fields",
            s.place,
            "Keep the objects in a list, and their numbers in the fields.",
        )
    if s.whole:  # one that is being made becomes another one when that is done
        s.refuse_records((value,))
    fields = {**now.mapping(), FieldName(name): value}
    s.memory.set(obj, Record(tuple(fields), tuple(fields.values()), now.cls))
    s.memory.wrote(obj, s.memory.name_of(obj), s.place)


def _holds(s: Builder, o: Operand, obj: Operand) -> bool:
    """Whether an operand is an object, or leads to it."""
    if s.memory.object_of(o) is obj:
        return True
    now = s.memory.now(s.memory.object_of(o)) if isinstance(o, (List, Dict)) else o
    return isinstance(now, (Tuple, List, Dict)) and any(_holds(s, i, obj) for i in now.items)


def enter(s: Builder, params: Sequence[Value]) -> None:
    """The arguments, and objects in these, of which fields are bound, or known: what is in these fields at the start."""
    for p in params:
        _enter_known(s, p)
    for what, names in list(s.decided.items()):
        if not isinstance(what, tuple) or what[0] != "fields":
            continue
        first, *rest = what[1]
        x: Any = next(p for p in params if p.name == first)
        for key in rest:
            x = instances.field(s, x, key.name) if isinstance(key, Field) else s.project(x, key, _item(x.type, key))
        found = {n: instances.field(s, x, n) for n in names}
        now: Any = s.memory.now(x)
        there = dict(now.mapping()) if isinstance(x.type, Record) else {}
        for n, v in found.items():
            there[FieldName(n)] = _at_first(s, x.type.cls, n) if v == Const(MISSING) else v
        s.memory.set(x, Record(tuple(there), tuple(there.values()), x.type.cls))


def _is_known(t: Record, name: str) -> bool:
    """Whether an argument's field is among those whose values are known from the start."""
    field = t.mapping().get(FieldName(name))
    return field is not None and not isinstance(field, Instance)


def _enter_known(s: Builder, v: Operand) -> None:
    """What is in the objects with known fields in an argument."""
    t = type_of(v)
    if not isinstance(v, Value) or not isinstance(t, (Tuple, List, Dict)) or not holds_record(t):
        return
    whole = [k for k, i in zip(keys_of(t), t.items, strict=True) if not (isinstance(t, Record) and isinstance(i, Instance))]
    items = [s.project(v, k, _item(t, k)) for k in whole]
    if isinstance(t, Record):
        s.memory.set(v, Record(tuple(whole), tuple(items), t.cls))
    for i in items:
        _enter_known(s, i)


def with_all_fields(s: Builder, o: Operand, every: bool = False) -> Operand:
    """An operand with all of the fields of the objects in it; `every`: also of those of which none is known."""
    t = type_of(o)
    if isinstance(o, Record) or (every and isinstance(t, Instance) and t.cls not in (MethodType, functools.partial)):
        o = with_fields(s, o)
    elif every and isinstance(o, Value) and isinstance(t, (Tuple, List, Dict)) and _holds_instance(t):
        o = s.expose_all(o)
    return with_items(o, [with_all_fields(s, i, every) for i in o.items]) if isinstance(o, (Tuple, List, Dict)) else o


def with_fields(s: Builder, o: Operand) -> Record:
    """An object with what is in all of its fields."""
    owner = s.memory.object_of(o)
    if not _is_given(owner):
        assert isinstance(o, Record)
        there = {k: i for k, i in o.mapping().items() if i is not UNDEFINED}
        return Record(tuple(there), tuple(there.values()), o.cls) if UNDEFINED in o.items else o
    assert isinstance(owner.type, (Instance, Record))
    known: list[Any] = [*map(FieldName, fields_of(example_of(owner.type))), *(o.keys if isinstance(o, Record) else ())]
    names = [*dict.fromkeys(known)]
    names = [n for n in names if not isinstance(o, Record) or o.mapping().get(n) is not UNDEFINED]
    return Record(tuple(names), tuple(s.attribute(Attribute(str(n)), o, "") for n in names), owner.type.cls)


def _holds_instance(t: Abstract) -> bool:
    return any(map(_holds_instance, t.items)) if isinstance(t, (Tuple, List, Dict)) else isinstance(t, Instance)


def _item(t: Any, key: Hashable) -> Abstract:
    found: Abstract = t.mapping()[key] if isinstance(t, Dict) else t.items[key]
    return found


# -- what is refused ---------------------------------------------------------------------------------------------------------


def refuse_whole(s: Builder, x: Operand) -> UnsupportedSyntaxError:
    """The error of an object that would have to be there when the function runs."""
    obj = s.memory.object_of(x)
    own = isinstance(obj, Value) and isinstance(obj.type, Instance)
    what = "that has fields which the function binds" if own else "that the function makes"
    write = s.memory.writes.get(key_of(obj))
    place = s.place or (None if write is None else write.place)
    return UnsupportedSyntaxError(
        f"{_called(type_of(x))} {what}, used as a whole, or in a list or dict of unknown length",
        place,
        instances.advice_of(getattr(type_of(x), "cls", None)),
    )


def _called(t: Abstract) -> str:
    assert isinstance(t, (Instance, Record, ObjectOf))
    return f"an object of the class {instances.class_of(t.cls).__name__}"
