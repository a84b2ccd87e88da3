"""Objects with fields, and what is called through them, carried out while a function is specialized.

Takes an instance and the name of an attribute, or something to call; gives what its class tells: a method with the object that
it is of, what a property computes, or else the field as data, which is read once, at the start, and guarded by its type.
Nothing of an instance is frozen, and nothing keeps one alive. Never writes into one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from types import ClassMethodDescriptorType, FunctionType, MethodDescriptorType, MethodType, WrapperDescriptorType
from typing import Any

from sct.errors import NotThereError, SctError, UnsupportedSyntaxError
from sct.frontend.callables import Flat
from sct.frontend.resolve import MISSING, Dependency, is_code, look_up
from sct.infer.signature import abstract, example_of
from sct.ir.ops import Attribute, Field, Inner
from sct.ir.records import record
from sct.ir.ssa import Function, Operand, Value, type_of
from sct.ir.types import UNKNOWN, Abstract, Const, Dict, Instance, List, ObjectOf, Record, Tuple, with_items
from sct.registry.others import area_of
from sct.specialize.building import Builder, Plan
from sct.specialize.memory import Memory, key_of

__all__ = [
    "Bound",
    "Defined",
    "Hole",
    "Super",
    "advice_of",
    "attribute",
    "callee",
    "class_of",
    "defined_in",
    "field",
    "function_in",
    "has_attribute",
    "held",
    "held_by_all",
    "in_class",
    "is_foreign",
    "is_function",
    "map_held",
    "no_attribute",
    "parent",
    "partial",
    "through_class",
    "through_parent",
]


@record(frozen=True)
class Bound:
    """A function and the operands that stand before those of a call: a method, or a partial. At compile time only."""

    function: Any
    args: tuple[Operand, ...] = ()
    kwargs: tuple[tuple[str, Operand], ...] = ()


@record(frozen=True)
class Defined:
    """A function that was defined inside of another one, in some loops and calls. At compile time only."""

    inner: Inner
    loops: tuple[tuple[int, int], ...]
    path: str

    def is_of_now(self, s: Builder) -> bool:
        """Whether the iteration in which it was defined is still going on, if each makes another one.

        One in a derivative of its own (`apart`) was looked at where that was called.
        """
        if not self.path:
            return True
        rest = s.path.removeprefix(self.path)
        within = s.path.startswith(self.path) and not rest[:1].isdigit() and s.ways[: len(self.loops)] == self.loops
        return within or not self.inner.looped

    def apart(self) -> Defined:
        """This function in a derivative, which is a function of its own."""
        return Defined(self.inner, (), "")


@record(frozen=True)
class Hole:
    """Stands for an operand, by its number among those that are held, or among the lists and dicts with functions in them."""

    number: int
    is_object: bool = False


@record(frozen=True)
class Super:
    """`super()`: an object, seen from the classes behind `cls` in the order of its own. At compile time only."""

    cls: type
    receiver: Operand


def function_in(o: Operand) -> Flat | None:
    """The function of an operand that is one with what it sees (`sct.callbacks.callback`)."""
    first = o.items[0] if isinstance(o, Tuple) and o.items else None
    known = isinstance(first, Const) and isinstance(first.value, Flat) and isinstance(first.value.function, Function)
    return first.value if known else None  # type: ignore[union-attr]


def callee(s: Builder, x: Operand) -> Bound | None:
    """What a call of `x` calls; None if that is only known at run time."""
    t = type_of(x)
    if isinstance(t, Const):
        return t.value if isinstance(t.value, Bound) else Bound(t.value)
    if isinstance(x, Tuple) and (given := function_in(x)) is not None:
        return Bound(given, x.items[1:])
    if isinstance(t, (Record, ObjectOf)):
        found = through_class(s, t.cls, "__call__", x)
        return found.value if isinstance(found, Const) and isinstance(found.value, Bound) else None
    if not isinstance(x, Value) or not isinstance(t, Instance) or example_of(t) is MISSING:
        return None
    if t.cls is MethodType:
        return _with(callee(s, field(s, x, "__func__")), (field(s, x, "__self__"),), ())
    if t.cls is functools.partial:
        args, keywords = (s.expose_all(field(s, x, name)) for name in ("args", "keywords"))
        assert isinstance(args, Tuple) and isinstance(keywords, Dict)
        return _with(callee(s, field(s, x, "func")), args.items, tuple(keywords.mapping().items()))
    found = through_class(s, t.cls, "__call__", x)
    if isinstance(found, Const) and isinstance(found.value, Bound):
        return found.value
    raise SctError(f"an object of the class {t.cls.__name__} is not callable", s.place, "Call a method of it.")


def _with(inner: Bound | None, args: Sequence[Operand], kwargs: Sequence[tuple[str, Operand]]) -> Bound | None:
    """`inner` with further operands, which stand after its own; keywords that are given again count."""
    if inner is None:
        return None
    return Bound(inner.function, (*inner.args, *args), tuple({**dict(inner.kwargs), **dict(kwargs)}.items()))


def is_function(x: Any) -> bool:
    """Whether something that is known is a function, or a method or partial of one, and no class."""
    return isinstance(x, Bound) or (callable(x) and not isinstance(x, type))


def held_by_all(memory: Memory, t: Abstract) -> Abstract:
    """The type of what several ways lead to, of which `memory` is what they have in common: unknown where it is a function, or
    something to loop over, with values of one of the ways, which are other ones on another."""
    if isinstance(t, Const):
        return t if all(memory.knows(key_of(memory.object_of(o))) for o in held(t.value)) else UNKNOWN
    return with_items(t, [held_by_all(memory, i) for i in t.items]) if isinstance(t, (Tuple, List, Dict)) else t


def held(x: Any) -> Iterator[Operand]:
    """The operands that something which is there at compile time only has in it."""
    return (part for part in _parts(x) if isinstance(part, _OPERANDS))


def defined_in(x: Any) -> Iterator[Defined]:
    """The functions that were defined inside of one, in something which is there at compile time only."""
    return (part for part in _parts(x) if isinstance(part, Defined))


def _parts(x: Any) -> Iterator[Any]:
    """What something which is there at compile time only is made of."""
    if isinstance(x, tuple):
        for part in x:
            yield from _parts(part)
    elif isinstance(x, Const):
        yield from _parts(x.value)
    elif isinstance(x, (Bound, Super, Plan, Tuple)):
        for f in fields(x):
            yield from _parts(getattr(x, f.name))
    else:
        yield x


_OPERANDS = (Value, List, Dict)


def map_held(f: Callable[[Any], Any], x: Any, kinds: tuple[type, ...] = _OPERANDS) -> Any:
    """Something that is there at compile time only, with `f` applied to the operands that it has in it, or else to `kinds`."""
    if isinstance(x, kinds):
        return f(x)
    if type(x) is tuple:
        return tuple(map_held(f, part, kinds) for part in x)
    if isinstance(x, Const):
        return Const(map_held(f, x.value, kinds))
    if isinstance(x, (Bound, Super, Plan, Tuple)):
        return replace(x, **{part.name: map_held(f, getattr(x, part.name), kinds) for part in fields(x)})
    return x


def partial(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """`functools.partial(function, *args, **kwargs)`."""
    made = _with(callee(s, args[0]), args[1:], tuple(kwargs.items()))
    if made is None:
        raise UnsupportedSyntaxError("a partial of a function that is only known at run time", s.place, "Name the function.")
    return Const(made)


def attribute(s: Builder, x: Value, name: str, whole: Operand | None = None) -> Operand:
    """An attribute of an instance; `whole`: what its methods get for it."""
    t = x.type
    assert isinstance(t, (Instance, Record))
    example = example_of(t)
    if example is MISSING:
        return s.append(Attribute(name), (x,), {}, UNKNOWN, name)
    if name == "__class__":
        return Const(t.cls)
    own = getattr(example, "__dict__", {})
    if name not in own or isinstance(in_class(t.cls, name), property):
        found = through_class(s, t.cls, name, x if whole is None else whole)
        if found is not None:
            if hasattr(example, "__dict__"):
                s.read_field(x, Field(t.path, name, own=True), Const(MISSING))
            return found
    found = field(s, x, name)
    if found == Const(MISSING):
        raise no_attribute(s, f"an object of the class {t.cls.__name__}", name)
    return found


def class_of(cls: Any) -> Any:
    """The class that an object has to the function: for one of Python's own another one may stand (`standard`)."""
    return getattr(cls, "__sct_stands_for__", cls)


def advice_of(cls: Any) -> str:
    """What to do instead of using an object of a class as a whole."""
    if class_of(cls) is cls:
        return "Pass or return its fields."
    library = area_of(class_of(cls)) is not None
    return "Use the arrays that it gives." if library else "Make a list or a dict of what is in it."


def no_attribute(s: Builder, owner: str, name: str, cls: Any = None) -> SctError:
    """What to raise where an attribute is not there, of objects of a class."""
    if class_of(cls) is not cls and hasattr(class_of(cls), name):
        library = area_of(class_of(cls)) is not None
        advice = "Use its other methods, or the arrays that it gives." if library else "Use a list or a dict."
        return UnsupportedSyntaxError(f"{class_of(cls).__name__}.{name} is not supported", s.place, advice)
    error = NotThereError(f"{owner} has no attribute {name!r}", s.place, "Check the name.")
    error.raises = AttributeError
    return error


def is_foreign(x: Value, name: str) -> bool:
    """Whether an attribute of an instance is a function that is not written in Python, of a class that is."""
    t = x.type
    assert isinstance(t, Instance)
    found = in_class(t.cls, name)
    return isinstance(found, (MethodDescriptorType, WrapperDescriptorType)) and example_of(t) is not MISSING


def has_attribute(s: Builder, x: Value, name: str) -> bool:
    """Whether an instance has an attribute."""
    t = x.type
    assert isinstance(t, (Instance, Record))
    return in_class(t.cls, name) is not MISSING or field(s, x, name) != Const(MISSING)


def through_class(s: Builder, cls: type, name: str, x: Operand | None) -> Operand | None:
    """What the attribute of a class stands for, seen from the instance `x` or from the class itself; None if it is data."""
    static = in_class(cls, name)
    if isinstance(static, property) and isinstance(static.fget, FunctionType) and x is not None:
        s.depend(Dependency(cls, name, static))
        return s.apply(static.fget, (x,))
    if isinstance(static, functools.cached_property) and x is not None:
        s.depend(Dependency(cls, name, static))
        return s.apply(static.func, (x,))
    if isinstance(static, (staticmethod, classmethod)) and is_code(static.__func__):
        s.depend(Dependency(cls, name, getattr(cls, name)))
        return Const(static.__func__ if isinstance(static, staticmethod) else Bound(static.__func__, (Const(cls),)))
    if isinstance(static, ClassMethodDescriptorType):
        return Const(getattr(cls, name))
    if is_code(static) and not isinstance(static, type) and hasattr(type(static), "__get__"):
        s.depend(Dependency(cls, name, static))
        return Const(static if x is None else Bound(getattr(static, "__sct_method__", static), (x,)))
    return None


def parent(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """`super()`, in a method."""
    inside = bool(s.stack) and isinstance(s.stack[-1], FunctionType)
    cls = look_up(s.stack[-1], "__class__") if inside and s.receiver is not None and not args else MISSING
    if s.receiver is None or not isinstance(cls, type) or not isinstance(type_of(s.receiver), (Instance, Record, ObjectOf)):
        raise UnsupportedSyntaxError("super() other than of the object of a method", s.place, "Name the class.")
    return Const(Super(cls, s.receiver))


def through_parent(s: Builder, x: Super, name: str) -> Operand:
    """An attribute of `super()`."""
    t: Any = type_of(x.receiver)
    order = t.cls.__mro__
    owner = next((c for c in order[order.index(x.cls) + 1 :] if name in c.__dict__), None)
    receiver = s.present(x.receiver)
    if owner is object and name == "__init__":
        return Const(Bound(object.__init__, (receiver,)))
    found = None if owner is None else through_class(s, owner, name, receiver)
    if found is None:
        raise UnsupportedSyntaxError(f"super().{name}, which is no method", s.place, "Name the class.")
    return found


def field(s: Builder, x: Value, name: str) -> Operand:
    """The data in a field, `Const(MISSING)` if there is none."""
    t = x.type
    assert isinstance(t, (Instance, Record))
    found = getattr(example_of(t), name, MISSING)
    return s.read_field(x, Field(t.path, name), abstract(found, f"{t.path}.{name}"))


def in_class(cls: type, name: str) -> Any:
    """The attribute of a class as it stands in the class, or in one that it is derived from."""
    return next((c.__dict__[name] for c in cls.__mro__ if name in c.__dict__), MISSING)
