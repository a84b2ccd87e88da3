"""The augmented call of an augmented call: what stands for a call, in a derivative, that is differentiated again.

Takes the operation of a call of f with shadows; gives a function that is called with shadows of all that it is called with.
Let M be what f may write into, and J its Jacobian. The call and its pullback are M ↦ f(M) and M̄ ↦ Jᵀ M̄. Where the adjoint of
what the pullback leaves is v, that of what it found is J v, and M gets the gradient of ⟨M̄, J v⟩. Both are what f gives that is
pushed forward along v and called with shadows, and its pullback: so that is run where the pullback is reversed. Here these
calls are made; `sct.runtime.twice` puts them in order.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Sequence
from dataclasses import replace

from sct import runtime
from sct.infer.objects import as_given
from sct.ir.ops import Derived, function_name
from sct.ir.ssa import Apply, Block, Closure, Function, Operand, Statement, Value
from sct.ir.types import UNKNOWN, Abstract, Const, Tuple
from sct.transform.adjoints import adjoint_type
from sct.transform.called import parameter_names
from sct.transform.shadows import shadow_type

__all__ = ["twice"]


def twice(op: Derived, types: Sequence[Abstract], wrt: Sequence[str], signature: inspect.Signature) -> Function:
    """The function that is called in place of `op` where those of its parameters that `wrt` names have shadows.

    `signature` has all its parameters: those of f, their shadows, which are of these `types`, and the shadows of both.
    """
    own = parameter_names(replace(op, wrt=()))
    assert own is not None
    count = len(own) + len(op.wrt)
    known = dict(zip(signature.parameters, types, strict=False))
    of_types = [shadow_type(known[n]) for n in wrt]
    params = tuple(map(Value, (*types, *of_types), signature.parameters))
    beside: dict[str, Operand] = dict(zip(wrt, params[count:], strict=True))
    varied = tuple(n for n in own if n in beside)
    given, bars = types[: len(own)], types[len(own) :]
    of_given = [t for n, t in zip(wrt, of_types, strict=True) if n in varied]
    tangents = [adjoint_type(known[n]) for n in op.wrt]
    pushed = Derived(op.function, op.wrt, False, "jvp", "writes", op.objects)
    dots = (parameter_names(pushed) or [])[len(own) :]
    objects = as_given({**dict(zip(own, given, strict=True)), **dict(zip(dots, tangents, strict=True))})
    augmented = _called("augmented", op, given, bars)
    alike = _called("alike", replace(op, wrt=varied), given, of_given)
    both = Derived(pushed, (*varied, *dots), False, "augmented", "writes", objects)
    further = _called("pushed", both, [*given, *tangents], of_given, bars)
    operands = (
        augmented.result,
        alike.result if varied else Const(None),
        further.result,
        Tuple(params[: len(own)]),
        Tuple(params[len(own) : count]),
        Tuple(tuple(Const(own.index(n)) for n in op.wrt)),
        Tuple(tuple(beside[n] for n in varied)),
        Tuple(tuple(beside.get(p.name, Const(None)) for p in params[len(own) : count])),
    )
    result = Value(UNKNOWN)
    calls = (augmented, alike, further) if varied else (augmented, further)
    body: tuple[Statement, ...] = (*calls, Apply(runtime.twice, operands, (), result))
    return Function(f"{function_name(op)}_twice", signature, Block(params, body, (result,)), None, None)


def _called(name: str, op: Derived, *types: Sequence[Abstract]) -> Closure:
    """A function that calls `op` with what is in tuples, of items of some types."""
    params = tuple(Value(Tuple(tuple(items)), f"{name}_{k}") for k, items in enumerate(types))
    parts = [(p, k, Value(t)) for p, items in zip(params, types, strict=True) for k, t in enumerate(items)]
    body = [Apply(operator.getitem, (p, Const(k)), (), v) for p, k, v in parts]
    result = Value(UNKNOWN)
    call = Apply(op, tuple(v for _, _, v in parts), (), result)
    return Closure(name, Block(params, (*body, call), (result,)), Value(UNKNOWN, name))
