"""Functions with what they see of a function around them as parameters, so that they can be differentiated there.

Takes a function that was defined inside of another one, or what a derivative is called with where functions are among that;
gives a function of its own (`Flat`), which has what these see, and hold, as further parameters. So the derivative of a
function around it goes through them as through any argument. Never differentiates.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sct.errors import UnsupportedSyntaxError
from sct.frontend.callables import Flat
from sct.ir.ops import NEW, Method
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Function, Operand, Value, type_of
from sct.ir.types import UNKNOWN, Abstract, Const, Dict, List, Record, Tuple, Undefined
from sct.specialize.building import Builder
from sct.specialize.instances import Defined, Hole, defined_in, held, map_held
from sct.specialize.memory import Key, key_of

__all__ = ["Closed", "Closing", "Nested", "Restore", "has_functions", "refuse_of_another_iteration"]


@record(frozen=True)
class Nested(Flat):
    """A function that was `defined` inside of another one: what it sees, and its defaults, are its first parameters."""

    defined: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "__name__", self.function.inner.function.name)

    @staticmethod
    def of(defined: Defined) -> Nested:
        """`defined` as a function of its own."""
        inner = defined.inner
        own = inner.function.signature.parameters
        seen = [p.name for p in inner.function.block.params[: inner.seen]]
        first = _parameters((*seen, *(f"{n}_default" for n in inner.defaulted)), own)
        signature = inspect.Signature([*first, *own.values()])
        return Nested(defined.apart(), signature, frozenset(), defined)

    @property
    def key(self) -> Hashable:
        """What tells it from others, the same in each run."""
        return self.function  # type: ignore[no-any-return]

    @property
    def first(self) -> tuple[str, ...]:
        """The parameters that stand before its own."""
        inner = self.function.inner
        return tuple(self.signature.parameters)[: inner.seen + len(inner.defaulted)]

    def defaults(self, args: Sequence[Operand]) -> dict[str, Operand]:
        """The defaults of its own parameters, in a call with what it sees."""
        inner = self.function.inner
        return dict(zip(inner.defaulted, args[inner.seen :], strict=False))


def _parameters(names: Iterable[str], others: Iterable[str]) -> list[inspect.Parameter]:
    """Parameters that stand first, whose names differ from those of others, and from each other."""
    known, out = set(others), []
    for name in names:
        while name in known:
            name += "_"
        known.add(name)
        out.append(inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY))
    return out


@record(frozen=True)
class Restore:
    """What has functions in it, made again of what these hold: the tuple of `operands`, whose holes the operands fill.

    `objects`: the lists and dicts in which there are functions, with their keys (None of a list) and items.
    """

    operands: tuple[Any, ...]
    objects: tuple[tuple[Any, tuple[Any, ...]], ...]

    def __str__(self) -> str:
        return "restore"

    def carried_out(self, s: Builder, args: Sequence[Operand]) -> Operand:
        """The operands, in a function that has what they hold as parameters."""
        made = [s.apply(NEW, (List(()) if keys is None else Dict((), ()),)) for keys, _ in self.objects]

        def fill(x: Any) -> Any:
            return map_held(lambda h: made[h.number] if h.is_object else args[h.number], x, (Hole,))

        for obj, (keys, items) in zip(made, self.objects, strict=True):
            for k, item in enumerate(items):
                if keys is None:
                    s.apply(Method("append"), (obj, fill(item)))
                elif not isinstance(item, Undefined):
                    s.apply(operator.setitem, (obj, Const(keys[k]), fill(item)))
        return Tuple(tuple(map(fill, self.operands)))


@record(frozen=True)
class Closed(Flat):
    """`base`, of whose parameters some, `names`, are functions, or have some in them (`function` makes them).

    Instead of these it has what they hold as its first parameters, `first`.
    """

    base: Any = None
    names: tuple[str, ...] = ()
    first: tuple[str, ...] = ()

    @staticmethod
    def of(base: Any, signature: inspect.Signature, restore: Restore, names: Sequence[str], holds: Sequence[str]) -> Closed:
        """`holds`: what to call what they hold."""
        left = [p for n, p in signature.parameters.items() if n not in names]
        first = _parameters(holds, signature.parameters)
        signature = inspect.Signature([*first, *left])
        return Closed(restore, signature, frozenset(), base, tuple(names), tuple(p.name for p in first))

    @property
    def key(self) -> Hashable:
        """What tells it from others, the same in each run."""
        return self.function, getattr(self.base, "key", self.base)

    def form(self, base: Function) -> Function:
        """It in untyped SSA form, made of that of what it is of."""
        own = dict(zip(base.signature.parameters, base.block.params, strict=True))
        first = tuple(Value(UNKNOWN, n) for n in self.first)
        every = Value(UNKNOWN)
        body: list[Any] = [Apply(self.function, first, (), every)]
        body += [Apply(operator.getitem, (every, Const(k)), (), own.pop(n)) for k, n in enumerate(self.names)]
        block = Block((*first, *own.values()), (*body, *base.block.body), base.block.yields)
        return replace(base, signature=self.signature, block=block)


class Closing:
    """Operands with functions among them, as what makes them of what these hold, `held`."""

    def __init__(self, s: Builder, operands: Sequence[Operand]) -> None:
        self.s = s
        self.holes: dict[Key, tuple[Hole, Operand]] = {}
        self.objects: dict[Key, tuple[Hole, Operand, list[Any]]] = {}
        nodes = tuple(map(self.node, operands))
        made = ((now.keys if isinstance(now, Dict) else None, tuple(items)) for _, now, items in self.objects.values())
        self.restore = Restore(nodes, tuple(made))
        self.held = [o for _, o in self.holes.values()]

    def node(self, o: Operand) -> Any:
        """An operand with holes for what is held."""
        return map_held(self.hole, o, (Value, List, Dict, Defined))

    def hole(self, o: Operand | Defined) -> Hole | Defined:
        """What stands for an operand that is held; a function itself stays."""
        if isinstance(o, Defined):
            refuse_of_another_iteration(self.s, o)
            return o.apart()
        now = self.s.present(o)
        key = key_of(self.s.memory.object_of(o))
        if key in self.objects:
            return self.objects[key][0]
        if isinstance(now, (List, Dict)) and not isinstance(now, Record) and has_functions(now):
            items: list[Any] = []
            self.objects[key] = Hole(len(self.objects), True), now, items
            items += map(self.node, now.items)
            return self.objects[key][0]
        if has_functions(type_of(now)):
            raise UnsupportedSyntaxError(
                "a function defined inside a function, given to a derivative in an object",
                self.s.place,
                "Give it as an argument of its own.",
            )
        return self.holes.setdefault(key, (Hole(len(self.holes)), now))[0]


def has_functions(o: Operand | Abstract) -> bool:
    """Whether an operand is, or has in it, a function that was defined inside of one, or holds operands."""
    if isinstance(o, Const):
        return next(held(o), None) is not None or next(defined_in(o), None) is not None
    return isinstance(o, (Tuple, List, Dict)) and any(map(has_functions, o.items))


def refuse_of_another_iteration(s: Builder, op: Defined) -> None:
    """Refuse a function that sees what a loop binds, outside of the iteration in which it was defined."""
    if not op.is_of_now(s):
        name = op.inner.function.name
        raise UnsupportedSyntaxError(
            f"a call of {name}, which was defined in an iteration of a loop, in another one or behind the loop",
            s.place,
            "Give it what the loop binds as a parameter with a default, as in `lambda x, i=i: ...`.",
        )
