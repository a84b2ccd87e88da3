"""Derivatives that give a function: what runs before, and the function, as loops of their own.

Takes a function that gives another one, which sees its values; gives it as two functions, of which the second gets as arguments
what it sees, and one that calls the first, and gives a function that calls the second. What is kept in between are arrays and
numbers: a tape is none.
"""

from __future__ import annotations

import inspect
import itertools
import operator
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from sct.backend.python.emit import Text, emit
from sct.ir.rewriting import substitute
from sct.ir.ssa import Apply, Block, Closure, Function, Statement, Value, map_leaves, reads_of, type_of, values_of
from sct.ir.types import Array, Const, Tuple
from sct.registry.facts import facts_of

__all__ = ["Parts", "calling", "function_of", "joined", "parted", "standing_for"]


class Parts:
    """A function that gives another one, taken apart: `first`, and `then`, the functions of each; and what calls these."""

    def __init__(self, f: Function, closure: Closure) -> None:
        self.f, self.closure = f, closure
        again = [s for s in f.block.body if _tells_form(s) and s.results[0] in reads_of(closure)]
        seen = reads_of(closure).difference(r for s in again for r in s.results).union(*map(reads_of, again))
        results = set(values_of(*f.block.yields)) - {closure.result}
        self.kept = tuple(v for s in f.block.body for v in s.results if v in seen or v in results)
        self.seen = tuple(v for v in (*f.block.params, *self.kept) if v in seen)
        body = tuple(s for s in f.block.body if s is not closure)
        block = Block(f.block.params, body, (Tuple(self.kept),))
        self.first = Function(f"{f.name}_forward", f.signature, block, None, f.callee)
        block = closure.block.with_((*again, *closure.block.body))
        self.then = function_of(f"{f.name}_{closure.name}", f, (*self.seen, *closure.block.params), block)

    def around(self) -> Function:
        """What calls the first, and gives a function that calls the second."""
        f, closure = self.f, self.closure
        whole = Value(Tuple(tuple(v.type for v in self.kept)), "", "kept")
        renamed = {v: Value(v.type, v.name, v.hint) for v in self.kept}
        parts = [Apply(operator.getitem, (whole, Const(k)), (), v) for k, v in enumerate(renamed.values())]
        made = calling(closure, self.then.name, [renamed.get(v, v) for v in self.seen])
        body: tuple[Statement, ...] = (Apply(standing_for(self.first.name), f.block.params, (), whole), *parts, made)
        out = map_leaves(lambda leaf: renamed.get(leaf, leaf) if isinstance(leaf, Value) else leaf, f.block.yields[0])
        return Function(f.name, f.signature, Block(f.block.params, body, (out,)), f.doc, f.callee)


def _tells_form(s: Statement) -> bool:
    """Whether a statement gives a shape, or what else is known of an array without its entries, and is no array."""
    return isinstance(s, Apply) and facts_of(s.op).form_of is not None and not isinstance(s.result.type, Array)


def function_of(name: str, f: Function, params: Sequence[Value], block: Block) -> Function:
    """A block of `f` as a function of its own, whose parameters are called as the values are."""
    named: dict[str, Value] = {}
    for v in params:
        word = v.word or "kept"
        more = (f"{word}_{k}" for k in itertools.count(1))
        named[next(n for n in (word, *itertools.islice(more, len(params))) if n not in named)] = v
    signature = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in named])
    own = {v: v.called(n) for n, v in named.items()}
    return Function(name, signature, substitute(block, own).with_(params=tuple(own.values())), None, f.callee)


def calling(closure: Closure, name: str, seen: Sequence[Value]) -> Closure:
    """A function that calls the one of a name, with what it sees and with what it is given."""
    params = tuple(Value(v.type, v.name, v.hint) for v in closure.block.params)
    (given,) = closure.block.yields
    result = Value(type_of(given), "", (given.word or "result") if isinstance(given, Value) else "results")
    call = Apply(standing_for(name), (*seen, *params), (), result)
    return Closure(closure.name, Block(params, (call,), (result,)), closure.result)


def parted(f: Function) -> Parts | None:
    """A function that gives another one, taken apart; None if it gives none, or several."""
    closures = [s for s in f.block.body if isinstance(s, Closure)]
    if len(closures) != 1 or closures[0].result not in values_of(*f.block.yields):
        return None
    (closure,) = closures
    others = (s for s in f.block.body if s is not closure)
    if any(closure.result in reads_of(s) for s in others):
        return None
    parts = Parts(f, closure)
    return parts if parts.kept else None


def joined(parts: Parts, first: Text, then: Text) -> Text:
    """The text of all."""
    around = emit(parts.around())
    bound = {n: v for n, v in around.bound.items() if n not in (first.name, then.name)}
    imports = sorted({*first.imports, *then.imports, *around.imports}, key=lambda line: line.split()[1:])
    return Text(tuple(imports), f"{first.body}\n\n{then.body}\n\n{around.body}", parts.f.name, first.bound | then.bound | bound)


def standing_for(name: str) -> Callable[..., Any]:
    """What stands for a function of the text of that name."""

    def stands(*args: Any) -> None: ...

    made = FunctionType(stands.__code__, {}, name)
    made.__qualname__ = name
    return made
