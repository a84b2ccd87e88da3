"""Functions that are given to functions which are not followed, in typed SSA form.

Takes a function that is known, and arguments such as it will be called with; gives a tuple of it and the values that it sees
(`sct.callbacks.callback`). Refuses one that does more than give its result, since nobody knows how often it is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from sct.analysis.effects import effect, statements
from sct.analysis.points_to import writes_into
from sct.callbacks import callback, unfollowed
from sct.errors import UnsupportedSyntaxError
from sct.frontend.callables import Flat
from sct.infer.call import infer_call, plain
from sct.infer.join import widen
from sct.ir.ops import describe
from sct.ir.rewriting import renamed
from sct.ir.ssa import Block, Function, Operand, Value, captured, type_of
from sct.ir.types import Const, Tuple
from sct.specialize.building import Builder
from sct.specialize.instances import callee

__all__ = ["GIVEN"]


def _callback(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """`callback(function, *like)`."""
    called = callee(s, args[0])
    if called is None:
        raise UnsupportedSyntaxError("a call of a function that is only known at run time", s.place, "Name the function.")
    inner = getattr(called.function, "inner", None)
    names = list(inner.function.signature.parameters) if inner is not None else []
    names += [f"{names[-1] if names else 'x'}_{k}" for k in range(len(names), len(args))]
    own = [Value(widen(type_of(s.present(a))), n) for a, n in zip(args[1:], names, strict=False)]
    body: list[Any] = []
    memory = s.memory.fork()
    with s.into(body, memory), s.instance_of("given"):
        s.memory.born.update(own)
        static, s.static = s.static, False  # what the types do not decide in it is none of a rule's branches
        try:
            result = s.expose_all(s.present(s.apply(called, own, {}, "value")))
        finally:
            s.static = static
    block = Block(tuple(own), tuple(body), (result,))
    name = inner.function.name if inner is not None else "f"
    changed = any(w is not s.memory.writes.get(k) for k, w in memory.writes.items() if k not in memory.born)
    _refuse_effects(s, block, changed)
    seen = sorted(captured(block), key=lambda v: v.id)
    apart = {v: Value(v.type, v.name, v.hint) for v in seen}
    block = renamed(block, apart)
    params = (*apart.values(), *own)
    parameters = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in _apart([v.name or "seen" for v in params])]
    function = Function(name, inspect.Signature(parameters), Block(params, block.body, block.yields))
    return Tuple((Const(Flat(function, function.signature)), *seen))


def _apart(names: Sequence[str]) -> list[str]:
    """Names that differ from each other."""
    known: set[str] = set()
    out = []
    for name in names:
        while name in known:
            name += "_"
        known.add(name)
        out.append(name)
    return out


def _refuse_effects(s: Builder, block: Block, changed: bool) -> None:
    """Refuse a function that changes what is around it, or draws random numbers; `changed`: a list or dict is."""
    for t in statements(block):
        kind = effect(t)
        if kind in ("draws", "acts"):
            raise UnsupportedSyntaxError(
                f"{describe(t.op)} in a function that is called by one which is not followed",
                t.place or s.place,
                "Leave it out: nobody knows how often it is called.",
            )
    if changed or writes_into(block, list(captured(block))):
        raise UnsupportedSyntaxError(
            "a write into what is defined outside of a function that is called by one which is not followed",
            s.place,
            "Return what it computes.",
        )
    if writes_into(block, list(block.params)):
        raise UnsupportedSyntaxError(
            "a write into an argument of a function that is called by one which is not followed",
            s.place,
            "Write into a copy, as in `x = x.copy()`.",
        )


def _unfollowed(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Operand:
    """`unfollowed(function, *args, **kwargs)`: a statement, of the type of the call."""
    s.refuse_plans([*args[1:], *kwargs.values()])
    function = plain(type_of(args[0]))
    t = infer_call(function, [type_of(a) for a in args[1:]], {k: type_of(v) for k, v in kwargs.items()})
    return s.append(unfollowed, args, kwargs, t)


GIVEN: dict[Any, Callable[..., Any]] = {callback: _callback, unfollowed: _unfollowed}
"""What the call of a function makes, by function."""
