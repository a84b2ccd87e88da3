"""Calls of Python functions, carried out while a function is specialized.

Takes a function and operands; emits the function's statements (or those of a rule, or of a derived function), or one call
where it is recursive or checkpointed.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import operator
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from sct.analysis.effects import statements
from sct.analysis.layout import depends_on_layout
from sct.analysis.points_to import has_memory, points_to, writes_into
from sct.analysis.repeating import Access, holds_generator, may_change, repeated
from sct.checkpointing import CheckpointedFunction
from sct.errors import NoRuleError, SctError, UnsupportedSyntaxError
from sct.frontend.callables import python_function, reached
from sct.frontend.resolve import free_value, has_fields
from sct.infer.call import infer_call, plain
from sct.infer.facts import for_call
from sct.infer.join import join, own_sizes, widen
from sct.infer.objects import holds_objects, of_places, places_in, without_sizes
from sct.infer.signature import type_alone
from sct.ir.ops import APART, CALL, NEW, Call, Field, Free, Method, describe, package_of
from sct.ir.shapes import constant
from sct.ir.ssa import Apply, Block, Function, Operand, Value, type_of, values_of
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
    Tuple,
    Undefined,
)
from sct.registry.compositions import is_composition
from sct.registry.effects import is_registered
from sct.registry.facts import facts_of
from sct.registry.others import area_of
from sct.registry.refusals import reason_for
from sct.runtime import random_states
from sct.signatures import read_signature
from sct.specialize import made_objects, objects, records
from sct.specialize.building import Builder, Followed, FrozenError, NotStaticError, StrictError, UndecidedError, UnrollError
from sct.specialize.closing import Closed, Closing, Nested, has_functions, refuse_of_another_iteration
from sct.specialize.in_python import split
from sct.specialize.instances import Bound, Defined, callee, field
from sct.specialize.iteration import Generated
from sct.specialize.lowering import Lowered, is_own, lowered
from sct.specialize.memory import Memory, key_of
from sct.specialize.templates import from_template, lasts
from sct.specialize.writing import wrote_mask

__all__ = [
    "bind",
    "call_value",
    "checkpointed",
    "checkpointed_call",
    "derivative",
    "inlined_rule",
    "inner_call",
    "python_call",
    "refuse_looking",
    "rule",
    "transform",
]


def call_value(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
    """A call of a value, which must be known to be a function."""
    called = callee(s, args[0])
    if called is not None:
        return s.apply(called if called.args or called.kwargs else called.function, args[1:], kwargs, name)
    made = next((t.op for t in reversed(s.body) if isinstance(t, Apply) and t.result is args[0]), None)
    if area_of(made) is not None:  # an object of a library, of which nothing is known
        advice = reason_for(made) or "Call it with other arguments, or outside of the function."
        raise NoRuleError(f"{describe(made)} has no derivative rule", s.place, advice)
    raise UnsupportedSyntaxError(
        "a call of a function that is only known at run time", s.place, "Pass the function as an argument of its own."
    )


def refuse_looking(s: Builder, op: Any, args: Sequence[Operand]) -> None:
    """Refuse a function that looks at the variables of its caller, which are others in generated code."""
    fact = facts_of(op).sees_caller
    if fact and for_call(fact, op, args):
        raise UnsupportedSyntaxError(
            f"{op.__name__}(), which looks at the variables of the function that calls it", s.place, "Name what it looks for."
        )


def python_call(s: Builder, op: FunctionType, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
    """A call of a function in Python: inlined, unless it is recursive or of a library."""
    if package_of(op) in ("numpy", "scipy") and not is_composition(op):
        return s.primitive(op, args, kwargs, name, UNKNOWN)
    if s.static:
        return rule(s, op, args, kwargs)
    if inspect.isgeneratorfunction(op):
        made = read_callee(s, op)
        for d in made.dependencies if not is_own(op) else ():
            s.depend(d)
        return Const(Generated(made.function, tuple(bind(s, made.function, args, kwargs))))
    if is_own(op):  # of which those that call themselves do so for what is in a list, tuple or dict
        return call(s, op, args, kwargs)
    size, around = sum(map(_objects_in, (*args, *kwargs.values()))), s.descents.get(op)
    goes_down = size > 0 if around is None else size < around
    if not goes_down and (op in s.stack or recursive(s, op)):
        return recursive_call(s, op, args, kwargs, name)
    if not goes_down:
        return call(s, op, args, kwargs)
    outer, s.descents = s.descents, {**s.descents, op: size}
    try:
        return call(s, op, args, kwargs)
    finally:
        s.descents = outer


def _objects_in(o: Operand) -> int:
    """How many objects with known fields there are in an operand: fewer in what is in one of them."""
    if not isinstance(o, (Tuple, List, Dict)):
        return 0
    return isinstance(o, Record) + sum(map(_objects_in, o.items))


def call(
    s: Builder,
    function: Callable[..., Any],
    args: Sequence[Operand],
    kwargs: dict[str, Operand],
    wanted: tuple[bool, ...] = (),
) -> Operand:
    """A Python function inlined."""
    made = read_callee(s, function, wanted)
    for d in made.dependencies if not is_own(function) else ():
        s.depend(d)
    s.stack.append(function)
    bound = bind(s, made.function, args, kwargs)
    with s.instance_of("call"):
        try:
            with calling(s, is_own(function)):
                return s.run(made.function, bound)
        finally:
            s.stack.pop()


def room(op: Any, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> int | None:
    """The number of positional operands of a call, if there can be no other number of them; else None."""
    f, before, named = op, 0, set(kwargs)
    if op is CALL:
        f, before = plain(type_of(args[0])), 1
    elif isinstance(op, Method) and isinstance(t := type_of(args[0]), (Instance, Record, ObjectOf)):
        f = inspect.getattr_static(t.cls, op.name, None)
    while isinstance(f, Bound) and not isinstance(f.function, Defined):
        f, before, named = f.function, before - len(f.args), named.union(k for k, _ in f.kwargs)
    if isinstance(f, Bound):
        params = f.function.inner.function.signature.parameters.values()
    elif isinstance(f, FunctionType) or records.is_made(f):
        params = read_signature(f).parameters.values()
    else:
        return None
    kinds = inspect.Parameter
    own = [p for p in params if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD) and p.name not in named]
    varies = any(p.kind is kinds.VAR_POSITIONAL for p in params) or any(p.default is not kinds.empty for p in own)
    return None if varies else before + len(own)


def inner_call(s: Builder, op: Defined, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A call of a function that was defined inside of another one, with what it sees of that, and its defaults, before the
    arguments: inlined."""
    inner = op.inner
    function: Function = inner.function
    called = inner, tuple(_told_by(s, a) for a in args[: inner.seen])
    if called in s.stack:
        s.recursive_calls += 1
    if s.stack.count(called) > _DEEPEST or s.recursive_calls > _MOST:
        if not s.decided.get(by_sizes := ("by sizes", function.name)):
            raise UndecidedError(by_sizes, True)
        raise UnsupportedSyntaxError(
            f"a recursive function defined inside a function ({function.name})", s.place, "Define it at module level."
        )
    refuse_of_another_iteration(s, op)
    first = inner.seen + len(inner.defaulted)
    optional = dict(zip(inner.defaulted, args[inner.seen : first], strict=True))
    given = bind(s, function, args[first:], kwargs, optional)
    if inner.generates:
        return Const(Generated(function, (*args[: inner.seen], *given)))
    outer, s.by_sizes = s.by_sizes, s.by_sizes or s.decided.get(("by sizes", function.name), False)
    s.stack.append(called)
    with s.instance_of("call"):
        try:
            with calling(s):
                return s.run(function, [*args[: inner.seen], *given])
        finally:
            s.stack.pop()
            s.by_sizes = outer


_DEEPEST, _MOST = 30, 1000
"""How deep functions inside of one are followed into calls of themselves, and into how many of these calls."""


def _told_by(s: Builder, o: Operand) -> Hashable:
    """What tells an operand that a function sees from others: of a list or dict that it is that one, whatever is in it."""
    return o if isinstance(o, (Const, Undefined)) else key_of(s.memory.object_of(o))


def read_callee(s: Builder, function: Callable[..., Any], wanted: tuple[bool, ...] = ()) -> Lowered:
    """`lowered`; an error in it says where it was called."""
    with asked_here(s):
        return lowered(function, wanted)


@contextmanager
def asked_here(s: Builder) -> Iterator[None]:
    """An error says where what it is about was called."""
    try:
        yield
    except SctError as e:
        raise e.called_from(s.place) from None


@contextmanager
def calling(s: Builder, library: bool = False) -> Iterator[None]:
    """Statements that are run belong to a function that is called here."""
    outer = s.caller, s.in_library
    s.caller, s.in_library = s.place, s.in_library or library
    try:
        yield
    finally:
        s.caller, s.in_library = outer


def bind(
    s: Builder,
    function: Function,
    args: Sequence[Operand],
    kwargs: dict[str, Operand],
    optional: Mapping[str, Operand] | None = None,
) -> list[Operand]:
    """The arguments of a call, in the order of the function's parameters; `optional`: the defaults that are known here."""
    names = function.defaults if optional is None else None
    if names is not None and len(args) <= len(names):
        given = dict(zip(names, args, strict=False)) | kwargs
        left = names.keys() - given.keys()
        right = len(given) == len(args) + len(kwargs) == len(names) - len(left)
        if right and not any(names[n] is inspect.Parameter.empty for n in left):
            return [given[n] if n in given else default(s, function, n, value) for n, value in names.items()]
    try:
        bound = function.signature.bind(*args, **kwargs)
    except TypeError as e:
        raise SctError(f"{function.name}(): {e}", s.place, "Give it the arguments of its signature.") from e
    out: list[Operand] = []
    for name, p in function.signature.parameters.items():
        if name in bound.arguments:
            value = bound.arguments[name]
            out.append(Tuple(value) if p.kind is p.VAR_POSITIONAL else _new(s, value) if p.kind is p.VAR_KEYWORD else value)
        elif p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            out.append(Tuple(()) if p.kind is p.VAR_POSITIONAL else _new(s, {}))
        else:
            out.append(default(s, function, name, p.default) if optional is None else optional[name])
    return out


def _new(s: Builder, entries: dict[str, Operand]) -> Operand:
    """A dict of its own."""
    return s.apply(NEW, (Dict.of(entries),))


def named_tuple(s: Builder, cls: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A named tuple that is made."""
    defaults = cls._field_defaults
    parameters = [
        inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=defaults.get(n, inspect.Parameter.empty))
        for n in cls._fields
    ]
    function = Function(cls.__name__, inspect.Signature(parameters), Block((), (), ()), None, cls.__new__)
    return Tuple(tuple(bind(s, function, args, kwargs)), cls)


def vectorized_call(s: Builder, op: np.vectorize, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A call of `np.vectorize(function)`."""
    if kwargs:
        raise UnsupportedSyntaxError("a vectorized function with keyword arguments", s.place, "Give them by position.")
    try:
        called = reached(op)
    except UnsupportedSyntaxError as e:
        raise UnsupportedSyntaxError(e.message, s.place, e.advice) from None
    return s.apply(called.function, (*map(Const, called.args), *args))


def default(s: Builder, function: Function, name: str, value: Any) -> Operand:
    """The default of a parameter: as it stands if it is a constant, otherwise read when the function runs."""
    if value is None or type(value) in (bool, int, float, complex, str):
        return Const(value)
    t = type_alone(value, name)
    if isinstance(t, Const):
        return Const(value)
    if isinstance(plain(t), tuple) and t == (known := Tuple(tuple(Const(v) for v in value))):
        return known
    assert function.callee is not None
    return s.read_free(Free(function.callee, f"{name} (default)"), value)


def rule(
    s: Builder,
    op: Callable[..., Any],
    args: Sequence[Operand],
    kwargs: dict[str, Operand],
    wanted: tuple[bool, ...] = (),
) -> Operand:
    """A rule, or a helper of one: inlined if the types decide its branches, otherwise called as it stands.

    `wanted`: which of the adjoints that it gives are asked for; all of them if it is empty.
    """
    if not is_own(op):
        return inlined_rule(s, op, args, kwargs)
    operands = [*args, *kwargs.values()]
    if not all(lasts(type_of(o)) for o in operands):
        return inlined_rule(s, op, args, kwargs, wanted)

    def make(inner: Builder, own: list[Operand]) -> list[Operand]:
        return [inlined_rule(inner, op, own[: len(args)], dict(zip(kwargs, own[len(args) :], strict=True)), wanted)]

    found = from_template(s, (op, wanted, len(args), tuple(kwargs)), operands, values_of(*operands), make)
    return inlined_rule(s, op, args, kwargs, wanted) if found is None else found[0]


def inlined_rule(
    s: Builder, op: Callable[..., Any], args: Sequence[Operand], kwargs: dict[str, Operand], wanted: tuple[bool, ...] = ()
) -> Operand:
    """A rule inlined; called as it stands if its branches are not decided."""
    mark, static, rolled = len(s.body), s.static, facts_of(op).rolled
    s.static = (static or is_own(op)) and not rolled
    try:
        return call(s, op, args, kwargs, wanted)
    except (NotStaticError, UnrollError, UndecidedError):
        if rolled:
            raise
        del s.body[mark:]
        t = infer_call(op, [type_of(a) for a in args], {k: type_of(v) for k, v in kwargs.items()})
        return s.append(op if is_registered(op) or is_own(op) else Call(op), args, kwargs, t)
    finally:
        s.static = static


def recursive(s: Builder, op: FunctionType) -> bool:
    """Whether the type of the function's result is being looked for."""
    return any(key[0] is op for key in s.recursion)


def recursive_call(s: Builder, op: FunctionType, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
    """A call of a function from within itself stays a call; its type is found by iterating from nothing."""
    function = read_callee(s, op).function
    refuse_stars(s, function)
    s.refuse_plans(args)
    bound = bind(s, function, args, kwargs)
    s.refuse_records(bound)
    refuse_objects(s, bound)
    bound = as_objects(s, bound, op.__name__)
    types = tuple(widen(type_of(b)) for b in bound)
    depth = sum(k[0] is op for k in s.recursion)
    if depth > _SIZED and _key(op, types) not in s.recursion:  # of other sizes each time, or even ranks
        types = tuple(without_sizes(t, str(k)) if depth <= _RANKED else _without_shape(t) for k, t in enumerate(types))
    key = _key(op, types)
    types = _of_all_calls(s, key, types)
    if key not in s.recursion:
        number = len(s.recursion)
        s.recursion.setdefault(key, UNDEFINED)
        unseen = len(s.unseen)
        for _ in range(8):
            del s.unseen[unseen:]
            params: list[Operand] = [t if isinstance(t, Const) else Value(t) for t in types]
            inner = s.apart(
                stack=[op],
                recursion=s.recursion,
                again=s.again,
                dependencies=s.dependencies,
                free=s.free,
                path=f"{s.path}r{number}",
                place=s.place,
                caller=s.place,
                frozen=frozenset(v for v in values_of(*params) if not isinstance(v.type, _WRITTEN)),
                tracking=True,
                objects=s.objects,
                whole=s.whole,
                unseen=s.unseen,
                writing=s.writing,
                memory=Memory(s.memory.lost),
            )
            known = len(s.writing), len(s.memory.lost), s.again.get(key, Followed()).laid
            result = inner.run(function, params)
            inner.refuse_records((result,))
            refuse_objects(inner, (result,))
            if s.objects:
                result = objects.made(inner, inner.present(result))
            found = widen(type_of(result))
            block = Block((), tuple(inner.body), (result,))
            if writes_into(block, values_of(*params)):
                s.writing.add(op)
            s.again[key] = Followed(
                repeated(block, f"the recursive function {op.__name__}", inner.outside),
                generators_of(inner, params),
                frozenset(inner.resized),
                depends_on_layout(block),
            )
            settled = join(s.recursion[key], found, ("recursion", describe(op)))
            if settled == s.recursion[key] and known == (len(s.writing), len(s.memory.lost), s.again[key].laid):
                break
            s.recursion[key] = settled
        if [k for k, t in s.recursion.items() if t == UNDEFINED] == [key]:  # what it might depend on is known
            del s.recursion[key]
            raise UnsupportedSyntaxError(
                f"a recursive function ({op.__name__}) that returns on no way",
                s.place,
                "Raise what it raises where it is called.",
            )
    if s.recursion[key] == UNDEFINED:
        return UNDEFINED
    with s.instance_of("recursion"):
        t = own_sizes(s.recursion[key], ("result", s.path))
    followed = s.again.get(key, Followed())
    objects.resized(s, followed.resized)
    if op in s.writing:
        for site in frozenset().union(*(p for b in bound for p in places_in(type_of(b)))) & s.given.keys():
            s.may_write(s.given[site])
    return as_call(s, op, function, bound, t, name, followed)


_SIZED, _RANKED = 8, 16
"""With how many kinds of arguments a recursive function is followed for what is known of their sizes, and of their ranks."""


def as_objects(s: Builder, args: Sequence[Operand], name: str) -> list[Operand]:
    """What a function that is not inlined is given, and may write into: its lists and dicts as objects."""
    if s.objects:
        return [objects.made(s, a) for a in args]
    if any(isinstance(type_of(a), (Tuple, List, Dict, ListOf)) for a in args):
        raise StrictError(  # objects are still to be tried
            f"a recursive function ({name}) with a list, tuple or dict as an argument", s.place, "Pass the items one by one."
        )
    return list(args)


def refuse_objects(s: Builder, operands: Sequence[Operand]) -> None:
    """Refuse objects that a class made among what a recursive function is given, or gives."""
    for o in operands:
        made_objects.refuse_in(s, type_of(o), "given to, or by, a recursive function")


def _key(op: FunctionType, types: Sequence[Abstract]) -> tuple[FunctionType, tuple[Abstract, ...]]:
    """What calls of a recursive function have in common that are followed as one: wherever their lists and dicts are made."""
    nowhere = itertools.repeat(frozenset[Hashable]())
    parts = (of_places(without_sizes(t, str(k)), nowhere) if holds_objects(t) else t for k, t in enumerate(types))
    return op, tuple(parts)


def _of_all_calls(s: Builder, key: Hashable, types: Sequence[Abstract]) -> tuple[Abstract, ...]:
    """The types of the parameters of a recursive function, in whichever of the calls that are followed as one."""
    here = [p for t in types for p in places_in(t)]
    if not here:
        return tuple(types)
    what = "places", key
    before = s.decided.get(what, [frozenset()] * len(here))
    every = list(map(operator.or_, before, here))
    if every != before and key in s.recursion:
        raise UndecidedError(what, every)
    s.decided[what] = every
    places = iter(every)
    known = [without_sizes(t, str(k), False) if holds_objects(t) else t for k, t in enumerate(types)]
    return tuple(objects.received(s, of_places(t, places)) for t in known)


_WRITTEN = (Array, Tuple, ListOf, DictOf)
"""The types of what a recursive function may write into, or into what is in it, where that is memory."""


def checkpointed(s: Builder, args: Sequence[Operand]) -> Operand:
    """`sct.checkpoint(function)`."""
    called = callee(s, args[0])
    if called is None:
        raise UnsupportedSyntaxError("sct.checkpoint of something only known at run time", s.place, "Name the function.")
    made = CheckpointedFunction(called.function)
    return Const(replace(called, function=made) if called.args or called.kwargs else made)


def checkpointed_call(
    s: Builder, checkpointed: CheckpointedFunction[..., Any], args: Sequence[Operand], kwargs: dict[str, Operand], name: str
) -> Operand:
    """A call of a function that stays a call, so that the reverse sweep runs it again."""
    op = python_function(checkpointed.function)
    if has_fields(op):
        called = callee(s, s.read_free(Free(checkpointed, "function", attribute=True), op))
        assert called is not None
        called = replace(called, function=CheckpointedFunction(called.function))
        return s.apply(called, args, kwargs, name)
    if not isinstance(op, FunctionType):
        return s.apply(op, args, kwargs, name)
    made = read_callee(s, op)
    refuse_stars(s, made.function)
    for d in made.dependencies:
        s.depend(d)
    s.refuse_plans(args)
    bound = bind(s, made.function, args, kwargs)
    types = [widen(type_of(b)) for b in bound]
    params: list[Operand] = [
        t if isinstance(t, Const) else Value(t, p) for t, p in zip(types, made.function.signature.parameters, strict=True)
    ]
    inner = s.apart(
        stack=[op],
        dependencies=s.dependencies,
        free=s.free,
        path=f"{s.path}k",
        place=s.place,
        caller=s.place,
        frozen=frozenset(values_of(*params)),
        tracking=True,
    )
    inner.memory.born.update(values_of(*params))
    result = inner.present(inner.run(made.function, params))
    classes = points_to(body := Block((), tuple(inner.body), (result,)))
    for v in filter(classes.is_stored, values_of(*params)):
        write = classes.stored[classes.of(v)]
        raise FrozenError("a checkpointed function that writes into its argument", write.place, "Return a new array.")
    t = type_of(result)
    with s.instance_of("checkpoint"):
        t = own_sizes(widen(t), ("result", s.path))
    again = repeated(body, f"the checkpointed function {op.__name__}", inner.outside)
    followed = Followed(again, generators_of(inner, params), laid=depends_on_layout(body), checkpointed=True)
    return as_call(s, op, made.function, bound, t, name, followed)


def generators_of(s: Builder, params: Sequence[Operand]) -> tuple[Access, ...]:
    """The data from outside of a function, and in fields of its arguments, in which there are random generators."""
    free = {v: f for f, v in s.free_values.items()}
    made = {t.result: t for t in statements(Block((), tuple(s.body), ()))}

    def access(o: Operand) -> Access | None:
        if isinstance(o, Value) and o in free:
            return Access(free[o])
        if o in params:
            return Access(params.index(o))
        t = made.get(o) if isinstance(o, Value) else None
        if t is None or not (isinstance(t.op, Field) or t.op is operator.getitem):
            return None
        base = access(t.args[0])
        return base and replace(base, steps=(*base.steps, t.op if isinstance(t.op, Field) else t.args[1]))

    found = [access(v) for v in (*free, *(r for r, t in made.items() if isinstance(t.op, Field))) if holds_generator(v)]
    return tuple(dict.fromkeys(a for a in found if a is not None))


def read_access(s: Builder, access: Access, bound: Sequence[Operand]) -> Operand:
    """What a call of these arguments finds there."""
    root = access.root
    found = bound[root] if isinstance(root, int) else s.read_free(root, free_value(root))
    for step in access.steps:
        if isinstance(step, Field):
            assert isinstance(found, Value)
            found = field(s, found, step.name)
        else:
            found = s.apply(operator.getitem, (found, step))
    return found


def refuse_stars(s: Builder, function: Function) -> None:
    """Refuse `*args` and `**kwargs` of a function whose call stays a call."""
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in function.signature.parameters.values()):
        raise UnsupportedSyntaxError(
            f"a function that is recursive or checkpointed ({function.name}), and takes *args or **kwargs",
            s.place,
            "Name the parameters.",
        )


def as_call(
    s: Builder,
    op: FunctionType,
    function: Function,
    bound: list[Operand],
    t: Abstract,
    name: str,
    followed: Followed,
) -> Operand:
    """A call that stays one, of arguments in the order of the function's parameters; the reverse sweep runs it again."""
    again = followed.again
    kinds = [p.kind is inspect.Parameter.KEYWORD_ONLY for p in function.signature.parameters.values()]
    named = {p: b for p, b, k in zip(function.signature.parameters, bound, kinds, strict=True) if k}
    args = [b for b, k in zip(bound, kinds, strict=True) if not k]
    sources = [*again.generators, *(b for b in bound if holds_generator(b))]
    sources += [read_access(s, a, bound) for a in followed.outside]
    outer = [v for v in values_of(*bound) if again.acts and s.memory.reaches(v, s.outside)]
    if any(may_change(v, Tuple, List, Dict, Instance) for v in outer):
        raise UnsupportedSyntaxError(
            f"data from outside, given to {describe(op)}, which may change what is there, and which the derivative runs again",
            s.place,
            "Give it a copy.",
        )
    draws = bool(again.draws and sources)
    if draws:
        args = [s.append(random_states, sources, {}, UNKNOWN, "states"), *args]
    kind = "acts" if again.acts else "reports" if again.reports else "draws" if draws else "none"
    if op in s.writing:
        if kind != "none":
            raise FrozenError(
                "a recursive function that writes into its argument, and draws random numbers or acts on the world",
                s.place,
                "Return a new array.",
            )
        kind = "writes"
        for b in bound:
            wrote_mask(s, type_of(b))
    return s.append(Call(op, kind, draws, again.outside, followed.laid, followed.checkpointed), args, named, t, name)


def transform(s: Builder, op: FunctionType, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A transform such as `sct.grad` called inside a function: made now, of a function that is known now."""
    if not args:  # a decorator
        return Const(Bound(op, (), tuple(kwargs.items())))
    called = callee(s, args[0])
    values = [plain(type_of(a)) for a in args]
    if called is not None and isinstance(called.function, Defined):
        called = replace(called, function=Nested.of(called.function))
        values[0] = called.function
    if called is not None and (called.args or called.kwargs):  # what stands before the arguments has a place, and no value yet
        values[0] = functools.partial(called.function, *(None for _ in called.args), **dict.fromkeys(dict(called.kwargs)))
    options = {k: plain(type_of(v)) for k, v in kwargs.items()}
    if not all(constant(v) for v in (*values, *options.values())):
        raise UnsupportedSyntaxError(f"sct.{op.__name__} of something only known at run time", s.place, "Name the function.")
    with asked_here(s):
        made = op(*values, **options)
    if args and getattr(made, "__sct_python__", None) is not None:  # the function as it is
        return args[0]
    if not hasattr(made, "__sct_typed__"):
        raise UnsupportedSyntaxError(
            f"sct.{op.__name__} in a function that is differentiated",
            s.place,
            "Call it at module level, and use what it gives.",
        )
    if called is None or not (called.args or called.kwargs):
        return Const(made)
    return Const(replace(called, function=made.__sct_callee__().function))


def derivative(s: Builder, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A derived function that is called: its typed statements, spliced in."""
    op, args, kwargs = op.__sct_call__(args, kwargs)
    behind = op.__sct_callee__()
    if behind.args or behind.keywords:
        primal = callee(s, s.read_free(Free(op, "primal", attribute=True), op.primal))
        assert primal is not None
        return s.apply(Bound(behind.function, primal.args, primal.kwargs), args, kwargs)
    if (parts := op.__sct_split__) is not None:
        function, joint = parts
        primal = function.defined if isinstance(function, Nested) else function
        return s.apply(split, (Const(primal), Const(joint), *args), kwargs)
    bound = dict(zip(op.__signature__.parameters, op.__sct_bind__(args, kwargs, s), strict=True))
    bound = {n: records.with_all_fields(s, s.present(b), every=n in op.wrt) for n, b in bound.items()}
    op, bound, seen = closed(s, op, bound)
    types = tuple(type_of(b) for b in bound.values())
    what = "derivative", s.site, s.numbered(), types, op.__sct_key__
    if what not in s.decided:  # which is the same in each run, as places in it are
        s.decided[what] = made_for(s, op, types)
    typed = s.decided[what]
    for w in typed.written:
        if w.path[0] in seen:
            raise UnsupportedSyntaxError(
                f"a write into {str(w.path[-1])!r}, which is defined outside of the function that is differentiated",
                w.place,
                "Pass it as an argument, or copy it first.",
            )
    keep_apart(s, op, typed.written, dict(zip((p.name for p in typed.function.block.params), bound.values(), strict=True)))
    s.dependencies.update(dict.fromkeys(typed.dependencies))
    for free, t in typed.free:
        s.free.setdefault(free, t)
    outer, s.static = s.static, False  # what the types do not decide in a function is none of the rule's branches
    try:
        return s.run(typed.function, list(bound.values()))
    finally:
        s.static = outer


_making: ContextVar[tuple[tuple[Hashable, ...], dict[Hashable, SctError]]] = ContextVar("making")
"""The derivatives that are being made for calls in each other, and those that were refused meanwhile."""
_ORDERS = 12
"""How often a function may differentiate itself."""


def made_for(s: Builder, op: Any, types: tuple[Abstract, ...]) -> Any:
    """A derived function in SSA form, for a call; what was refused is not tried again, however the rest is followed."""
    around, refused = _making.get(((), {}))
    if around.count(op.__sct_key__) == _ORDERS:
        raise SctError(
            "a function that differentiates itself, more often than is known before it runs",
            s.place,
            "Write a function for each order.",
        )
    asked = op.__sct_key__, types
    token = _making.set(((*around, op.__sct_key__), refused))
    try:
        with asked_here(s):
            if asked in refused:
                raise refused[asked]
            try:
                return op.__sct_typed__(types)
            except UnsupportedSyntaxError as e:
                refused[asked] = e
                raise
    finally:
        _making.reset(token)


def closed(s: Builder, op: Any, bound: dict[str, Operand]) -> tuple[Any, dict[str, Operand], set[str]]:
    """A derived function and its operands, with what the functions among these hold instead of them; and the parameters that
    stand for what functions see or hold."""
    root = op.__sct_root__
    seen: set[str] = set()
    if isinstance(root, Nested):
        refuse_of_another_iteration(s, root.defined)
        seen.update(root.first)
    names = [n for n, b in bound.items() if n not in op.wrt and has_functions(b)]
    if not names:
        return op, bound, seen
    closing = Closing(s, [bound[n] for n in names])
    holds = [s.memory.name_of(o) or "held" for o in closing.held]
    made = op.__sct_with__(lambda base, signature: Closed.of(base, signature, closing.restore, names, holds))
    first = made.__sct_root__.first
    given = {**dict(zip(first, closing.held, strict=True)), **{n: b for n, b in bound.items() if n not in names}}
    return made, {n: given[n] for n in made.__signature__.parameters}, seen | set(first)


def keep_apart(s: Builder, op: Any, written: Sequence[Any], bound: dict[str, Operand]) -> None:
    """A derived function works on copies of the arguments that it writes into: they must be apart from the others."""
    for w in written:
        what = Const(f"{op.__name__} writes into its argument {w.path[0]!r}")
        others = [leaf for n, b in bound.items() if n not in (w.path[0], *op.__sct_added__) for leaf in values_of(b)]
        for own in filter(has_memory, values_of(bound[w.path[0]])):
            for other in filter(has_memory, others):
                s.emit(APART, (what, own, other), {}, Const(None))


def _without_shape(t: Abstract) -> Abstract:
    """An array type without its shape."""
    return Array(t.dtype, None) if isinstance(t, Array) else t
