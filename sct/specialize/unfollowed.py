"""Calls as statements: of a function whose result nobody uses, and which need not be followed.

Takes such a call; follows it where that can be, and otherwise keeps it as it stands: called once, in order, by Python's own
rules. No derivative flows through it. What the function is given it can look at, but not change: of an array that it could
share with the program it gets a copy that is read-only, so that a write raises NumPy's error, which nothing may handle. Lists,
dicts and objects that it is given, lists and dicts outside of the program, and names and fields that it may assign must not be
read afterwards.
"""

from __future__ import annotations

import builtins
import dis
import inspect
from collections.abc import Hashable, Iterator, Mapping, Sequence
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from sct.analysis.storage import fresh
from sct.errors import NoRuleError, SctError, SourceUnavailableError, UnsupportedSyntaxError
from sct.frontend.callables import reached
from sct.infer.signature import example_of
from sct.ir.ops import CALL, Free, Method, Unused, describe, package_of
from sct.ir.ssa import Apply, Operand, Value, map_leaves, type_of, values_of
from sct.ir.types import Array, Const, Instance, Scalar, Stateful, Unknown
from sct.registry.effects import is_registered
from sct.runtime import shown
from sct.specialize.building import Builder, StrictError, UndecidedError
from sct.specialize.instances import Bound, Super
from sct.specialize.iteration import spread
from sct.specialize.lowering import lowered
from sct.specialize.memory import Write, key_of
from sct.specialize.writing import handed_over

__all__ = ["are_some_left", "may_rebind", "may_store", "statement"]


def statement(s: Builder, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand], name: str) -> Operand:
    """A call whose result is not used: followed, or as it stands."""
    function = None if s.static else _python_function(op, args)
    if function is None:
        return s.apply(op, args, kwargs, name)
    refused = _never_followed(s, function) or s.decided.get(what := ("call", s.place, s.ways, s.within, function))
    if refused is None:
        given = [key_of(s.memory.object_of(v)) for v in values_of(*args, *kwargs.values())]
        before = [s.memory.writes.get(k) for k in given]
        try:
            made = s.apply(op, args, kwargs, name)
        except StrictError:
            raise
        except _REFUSALS as e:
            if ("writes", function) in s.decided:  # it would write into a copy that is read-only
                raise
            raise UndecidedError(what, e) from None
        if any(s.memory.writes.get(k) is not w for k, w in zip(given, before, strict=True)):
            s.decided["writes", function] = True
        return made
    args, kwargs = spread(s, args, kwargs)
    if not _as_it_stands(s, function, op, args, kwargs):
        raise refused.with_traceback(None) from None
    where = f" (line {refused.place.line})" if refused.place is not None else ""
    why = refused.message.removesuffix(" is not supported")
    _may_have_changed(s, function, [*args, *kwargs.values()], f"{why}{where}")
    return Const(None)


def are_some_left(decided: Mapping[Hashable, Any]) -> bool:
    """Whether calls were left as they stand, by what was decided."""
    return any(isinstance(what, tuple) and what[0] == "call" for what in decided)


_REFUSALS = (UnsupportedSyntaxError, NoRuleError, SourceUnavailableError)


def _never_followed(s: Builder, function: FunctionType) -> SctError | None:
    """Why a function cannot be followed, whatever it is given."""
    what = "function", function
    if what not in s.decided:
        try:
            lowered(function)
            s.decided[what] = None
        except _REFUSALS as e:
            s.decided[what] = e.with_traceback(None)
    found: SctError | None = s.decided[what]
    return found


def _python_function(op: Any, args: Sequence[Operand]) -> FunctionType | None:
    """The function of the user's in which a call ends; None if it is of another kind."""
    found = op
    if op is CALL or isinstance(op, Method):
        found = _value(args[0])
        if isinstance(found, Super):
            return None
        if isinstance(op, Method):
            found = inspect.getattr_static(found, op.name, None)
            found = found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
    if isinstance(found, Bound):
        found = found.function
    function = reached(found).function if callable(found) else None
    own = isinstance(function, FunctionType) and package_of(function) not in ("numpy", "scipy", "sct")
    return function if own and not is_registered(function) else None


def _value(o: Operand) -> Any:
    """What an operand is, if that is code or an object with fields."""
    t = type_of(o)
    return t.value if isinstance(t, Const) else example_of(t) if isinstance(t, Instance) else None


def _as_it_stands(s: Builder, function: FunctionType, op: Any, args: Sequence[Operand], kwargs: dict[str, Operand]) -> bool:
    """Emit the call; False if it has arguments that exist at compile time alone, or may hide that it writes into some."""
    if op is CALL and isinstance(type_of(args[0]), Const):
        called = _value(args[0])
        op, args = called, args[1:]
        if isinstance(called, Bound):
            op, args, kwargs = called.function, [*called.args, *args], {**dict(called.kwargs), **kwargs}
    try:
        s.refuse_plans([*args, *kwargs.values()])
    except UnsupportedSyntaxError:
        return False
    before = len(s.body)
    shows = {k: _shown(s, a) for k, a in kwargs.items()}
    shown_args = [_shown(s, a) for a in args]
    if any(isinstance(t, Apply) and t.op is shown for t in s.body[before:]) and _may_handle(function):
        return False
    s.append(Unused(op), shown_args, shows, Const(None))
    return True


def _may_handle(function: FunctionType) -> bool:
    """Whether a function may catch the error by which NumPy refuses a write: it has an `except` for that."""
    for code in _codes([function]):
        found = list(dis.get_instructions(code))
        for one, two, three in zip(found, found[1:], found[2:], strict=False):
            if two.opname in ("CHECK_EXC_MATCH", "JUMP_IF_NOT_EXC_MATCH"):
                handled = vars(builtins).get(one.argval) if one.opname == "LOAD_GLOBAL" else None
                if not isinstance(handled, type) or issubclass(ValueError, handled):
                    return True
            of_any = two.opname == "POP_TOP" == three.opname  # as Python 3.10 writes it
            if (one.opname == "PUSH_EXC_INFO" and two.opname == "POP_TOP") or (one.opname == "POP_TOP" and of_any):
                return True
    return False


def _may_have_changed(s: Builder, function: FunctionType, given: list[Operand], why: str) -> None:
    """What a function is given, and what lies outside, may be another one after it was called."""
    by = Write("", s.place, describe(function), why)
    for v in values_of(*given):
        if isinstance(v.type, Unknown):  # it may be a list
            s.memory.gave_away(s.memory.object_of(v), by)
    handed_over(s, given, by)
    s.leave_outside(function, by)


def _shown(s: Builder, o: Operand) -> Operand:
    """An argument as the function gets it."""

    def leaf(v: Operand) -> Operand:
        if not isinstance(v, Value) or isinstance(v.type, (Const, Scalar, Instance, Stateful)) or _is_its_own(s, v):
            return v
        if isinstance(v.type, Array) and v.type.shape == () and v.type.boxed is False:
            return v
        return s.append(shown, (v,), {}, v.type)

    return map_leaves(leaf, s.present(o))


def _is_its_own(s: Builder, v: Value) -> bool:
    """Whether a value was made for this call, in memory that nothing else has."""
    root = s.memory.object_of(v)
    made = next((t for t in reversed(s.body) if isinstance(t, Apply) and t.result is root), None)
    return made is not None and not s.memory.name_of(made.result) and made.origin is s.origin and fresh(made)


def may_rebind(function: FunctionType, data: Free) -> bool:
    """Whether a call of a function may bind a name outside to something else: some code that it may come to does."""
    owner = data.function
    if data.attribute or not isinstance(owner, FunctionType):
        return may_store(function, data.name, owner)
    work = [function, *function.__globals__.values(), *owner.__globals__.values()]
    work += [vars(v).get("__init__") for v in work if isinstance(v, type)]
    return any(_binds(c, data.name, _BINDING) for c in _codes(work))


def may_store(function: FunctionType, name: str, owner: Any) -> bool:
    """Whether a call of a function may assign an attribute of that name, of an object of the class `owner` or of a module."""
    classes = [v for v in function.__globals__.values() if isinstance(v, type)]
    classes += owner.__mro__ if isinstance(owner, type) else ()
    methods: dict[str, list[Any]] = {}
    for cls in classes:
        for key, method in vars(cls).items():
            implied = key.startswith("__") and key != "__init__"  # called by Python, for operators and the like
            methods.setdefault("" if implied else key, []).append(method)
    work: list[Any] = [function, *methods.get("", ())]
    seen: set[CodeType] = set()
    while work:
        for code in set(_codes([work.pop()])) - seen:
            if _binds(code, name, _STORING):
                return True
            seen.add(code)
            work += (m for n in code.co_names for m in (*methods.get(n, ()), function.__globals__.get(n)))
    return False


_BINDING = ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF")
_STORING = ("STORE_ATTR", "DELETE_ATTR")


def _codes(work: list[Any]) -> Iterator[CodeType]:
    """The code of functions, with that of functions in their closures; of classes that of their methods."""
    seen: set[int] = set()
    while work:
        v = work.pop()
        if id(v) in seen:
            continue
        seen.add(id(v))
        if isinstance(v, CodeType):
            yield v
            work += v.co_consts
        elif isinstance(v, FunctionType):
            cells = [c for c in v.__closure__ or () if c != _EMPTY]
            work += [v.__code__, *(c.cell_contents for c in cells)]
        elif isinstance(v, property):
            work += [v.fget, v.fset, v.fdel]
        elif isinstance(v, (MethodType, staticmethod, classmethod)):
            work.append(v.__func__)
        elif isinstance(v, type):
            work += (m for k, m in vars(v).items() if k != "__init__")


_EMPTY = CellType()


def _binds(code: CodeType, name: str, kinds: tuple[str, ...]) -> bool:
    if name not in code.co_names and name not in code.co_freevars and name not in code.co_cellvars:
        return False
    return any(i.opname in kinds and i.argval == name for i in dis.get_instructions(code))
