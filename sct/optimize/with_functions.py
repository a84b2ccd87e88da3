"""Functions that are given to functions which are not followed, where a derivative is written: as functions inside of it.

Takes a finished function, in which such a function is a tuple of it and of what it sees (`sct.specialize.given`); gives it with
a function inside of it for each call, which sees that by itself. What stands for an operand of its own, since a rule was
registered of that, is that operand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sct.analysis.effects import statements
from sct.callbacks import unfollowed
from sct.ir.ops import CALL
from sct.ir.rewriting import changed, copied, map_blocks, renamed, substitute
from sct.ir.ssa import Apply, Block, Closure, Function, Operand, Statement, Value
from sct.ir.types import UNKNOWN, Const, Tuple
from sct.optimize.dead_code import dead_code
from sct.registry.facts import facts_of
from sct.signatures import read_signature
from sct.specialize.instances import function_in

__all__ = ["with_functions"]


def with_functions(f: Function, written: Callable[[Function], Function]) -> Function:
    """`f` with functions inside of it, each as `written` makes it."""
    if not any(isinstance(s, Apply) and (s.op is unfollowed or any(map(function_in, s.args))) for s in statements(f.block)):
        return f
    return dead_code(changed(f, block=_with(f.block, written)))


def _with(block: Block, written: Callable[[Function], Function]) -> Block:
    body: list[Statement] = []
    same: dict[Value, Value] = {}  # what stands for a value of its own -> that
    for s in block.body:
        if not isinstance(s, Apply):
            body.append(map_blocks(lambda b: _with(b, written), s))
        elif (k := facts_of(s.op).stands_for) is not None:
            own = s.args[k]
            assert isinstance(own, Value)
            same[s.result] = same.get(own, own)
        else:
            s = _called(s)
            args = [_inside(o, s, body, written) for o in s.args]
            kwargs = [(n, _inside(o, s, body, written)) for n, o in s.kwargs if not _is_default(s, n, o)]
            body.append(Apply(s.op, tuple(args), tuple(kwargs), s.result, s.place, s.origin))
    made = {s.result for s in body if isinstance(s, Apply) and not s.result.name}
    named = {own: own.called(v.name, v.hint) for v, own in same.items() if own in made}  # as the last that stands for it is
    return renamed(substitute(block.with_(body), {**same, **named, **{v: named.get(o, o) for v, o in same.items()}}), named)


def _called(s: Apply) -> Apply:
    """A call of what is not followed, as such."""
    if s.op is not unfollowed:
        return s
    first = s.args[0]
    return replace(s, op=first.value, args=s.args[1:]) if isinstance(first, Const) else replace(s, op=CALL)


def _is_default(s: Apply, name: str, o: Operand) -> bool:
    """Whether a keyword argument of a call is what it would be without."""
    if not isinstance(o, Const) or not any(map(function_in, s.args)):
        return False
    default = read_signature(s.op).parameters.get(name)
    return default is not None and (default.default is o.value or default.default == o.value)


def _inside(o: Operand, s: Apply, body: list[Statement], written: Callable[[Function], Function]) -> Operand:
    """The name of a function inside, which is put before a statement that gives it to another one; any other operand itself."""
    given = function_in(o)
    if given is None:
        return o
    assert isinstance(o, Tuple)
    function = written(given.function)
    seen = o.items[1:]
    made = copied(function.block)
    inner = Block(made.params[len(seen) :], made.body, made.yields)
    inner = substitute(inner, dict(zip(made.params, seen, strict=False)))
    name = Value(UNKNOWN, given.function.name)
    body.append(Closure(given.function.name, inner, name, s.place, s.origin))
    return name
