"""Code to run on an adjoint (`sct.adjoint_of`): a statement that gives a value as it is, and knows what to do with its adjoint.

Takes a value and a function that was defined for its adjoint; emits the statement (`sct.ir.ops.AdjointOf`). Never runs the
function: the reverse sweep does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sct import runtime
from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import AdjointOf
from sct.ir.ssa import Function, Operand, Value, type_of
from sct.ir.types import Array, Const, Dict, List, Scalar
from sct.ir.words import in_words
from sct.specialize.building import Builder
from sct.specialize.closing import has_functions
from sct.specialize.instances import Bound, Defined
from sct.specialize.memory import key_of

__all__ = ["ON_ADJOINTS", "WRITES"]

WRITES = "a write, on an adjoint, into what is defined outside of the with"


def _adjoint_of(s: Builder, args: Sequence[Operand], kwargs: dict[str, Operand]) -> Any:
    f = type_of(args[1]) if len(args) == 2 else None
    if not isinstance(f, Const) or not isinstance(f.value, Bound) or not isinstance(f.value.function, Defined):
        raise UnsupportedSyntaxError(
            "sct.adjoint_of other than in a with statement", s.place, "Write `with sct.adjoint_of(h) as h_bar: print(h_bar)`."
        )
    if s.memory.in_try:
        raise UnsupportedSyntaxError("sct.adjoint_of in a try", s.place, "Have it behind the try.")
    x, seen = args[0], [s.present(a) for a in f.value.args]
    if isinstance(x, Const):  # which has no adjoint
        return x
    if not isinstance(x, Value) or not isinstance(x.type, (Array, Scalar)):
        raise UnsupportedSyntaxError(f"sct.adjoint_of of {in_words(type_of(x))}", s.place, "Use it for an array or a number.")
    if any(map(has_functions, seen)):
        raise UnsupportedSyntaxError(
            "a function defined inside a function, used on an adjoint", s.place, "Define it at module level, or in the with."
        )
    function = f.value.function.inner.function
    _refuse_writes(s, function, x, seen)
    return s.append(AdjointOf(function), (x, *seen), {}, x.type)


def _refuse_writes(s: Builder, function: Function, x: Value, seen: Sequence[Operand]) -> None:
    """Refuse a function for an adjoint that writes into a list or dict that it sees: when it runs, others are done with that.

    Of arrays `sct.transform.on_adjoints` does.
    """
    memory, bar = s.memory.fork(), Value(x.type)
    memory.bear(bar)
    with s.into([], memory), s.instance_of("adjoint"):
        s.run(function, [*seen, bar])
    keys = [key_of(s.memory.object_of(o)) for o in seen if isinstance(o, (Value, List, Dict))]
    write = next((memory.writes[k] for k in keys if memory.writes.get(k) is not s.memory.writes.get(k)), None)
    if write is not None:
        raise UnsupportedSyntaxError(WRITES, write.place, "Call a function there that keeps it.")


ON_ADJOINTS = {runtime.adjoint_of: _adjoint_of}
