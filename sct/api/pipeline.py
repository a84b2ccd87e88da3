"""The stages of a compilation, strung together: from a function to its derivative in SSA form.

Takes a function with the types of its arguments, and what is asked of it; gives the derivative, typed, with what that relies
on. Never looks at a value of an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

from sct.analysis.switches import is_on
from sct.frontend.callables import Flat
from sct.ir.ops import STAR, Steps, StepsBack
from sct.ir.rewriting import changed, map_blocks
from sct.ir.ssa import Apply, Block, Function, Operand, Statement, Value
from sct.ir.types import UNKNOWN, Abstract, Const, Slice
from sct.optimize.dead_code import dead_code
from sct.optimize.passes import OWNED, PRIMAL, RECORDED, REVERSED, STORED, run
from sct.registry.rules import adjoint_rule
from sct.specialize.calls import lowered
from sct.specialize.specializer import Specialized, specialize
from sct.transform.again import again
from sct.transform.fits import with_checks
from sct.transform.ownership import own_results
from sct.transform.record import record
from sct.transform.reverse import Mode, reverse
from sct.transform.shapes import shapes_only
from sct.transform.snapshots import snapshots

__all__ = ["differentiated", "typed_again", "typed_primal", "with_steps"]

_STEP = Mode("vjp", False, "argument", step=True)


def typed_primal(primal: Callable[..., Any], types: tuple[Abstract, ...]) -> Specialized:
    """A function that is no derivative, in SSA form, for arguments of the given types."""
    if isinstance(primal, FunctionType) and adjoint_rule(primal) is None:
        low = lowered(primal)
        made = specialize(low.function, types)
        return replace(made, dependencies=tuple(dict.fromkeys((*low.dependencies, *made.dependencies))))
    if isinstance(primal, Flat):
        return specialize(_flat_function(primal), types)
    return specialize(_primitive_function(primal, types), types)


def typed_again(derivative: Specialized, types: tuple[Abstract, ...]) -> Specialized:
    """A derivative as what is differentiated in its turn."""
    again = specialize(derivative.function, types)
    return replace(
        again,
        dependencies=tuple(dict.fromkeys((*derivative.dependencies, *again.dependencies))),
        free=tuple(dict(derivative.free + again.free).items()),
        written=derivative.written,
    )


def _unseen(stage: str, function: Function) -> None:
    """Nobody looks at the stages."""


def differentiated(
    primal: Specialized,
    wrt: Sequence[str],
    single: bool,
    mode: Mode,
    optimize: bool,
    look: Callable[[str, Function], None] = _unseen,
) -> Specialized:
    """The derivative of a typed function, by all stages; `look` is called with the name and the function that each gives."""
    canonical = replace(primal, function=snapshots(run(PRIMAL, primal.function)))
    look("primal", canonical.function)
    if mode.again:
        canonical = replace(canonical, function=again(canonical.function))
    if mode.seed == "none":
        return canonical
    reversal = reverse(canonical, wrt, single, mode)
    look("reverse", reversal.function)
    reversal = replace(reversal, function=run(REVERSED if optimize else (dead_code,), reversal.function))
    look("reversed", reversal.function)
    function = record(shapes_only(reversal) if optimize and is_on("shapes") else reversal)
    look("record", function)
    function = run(RECORDED if optimize else (dead_code,), function)
    look("recorded", function)
    owned = own_results(run(STORED, function) if optimize else function, mode.gradient_in)
    look("stored", owned)
    if optimize:
        owned = run(OWNED, owned)
    look("owned", owned)
    free = tuple(dict((*primal.free, *reversal.free)).items())
    return Specialized(
        with_checks(owned, reversal.fits, reversal.mirror, free),
        tuple(dict.fromkeys((*primal.dependencies, *reversal.dependencies))),
        free,
        primal.written,
    )


def with_steps(f: Function, optimize: bool) -> Function:
    """A finished derivative, with the bodies of its checkpointed loops, and their derivatives, finished too."""
    return changed(f, block=_steps_finished(f.block, optimize))


def _steps_finished(block: Block, optimize: bool) -> Block:
    return block.with_([_step_finished(s, optimize) for s in block.body])


def _step_finished(s: Statement, optimize: bool) -> Statement:
    if not isinstance(s, Apply):
        return map_blocks(lambda b: _steps_finished(b, optimize), s)
    if isinstance(s.op, Steps):
        step = run(PRIMAL, s.op.step)
        step = run((*RECORDED, *STORED, *OWNED), step) if optimize else step
        return replace(s, op=Steps(with_steps(step, optimize)))
    if isinstance(s.op, StepsBack):
        made = differentiated(Specialized(s.op.step, (), ()), s.op.wrt, False, _STEP, optimize)
        return replace(s, op=replace(s.op, derivative=with_steps(made.function, optimize)))
    return s


def _flat_function(flat: Flat) -> Function:
    """A function of `*args` or `**kwargs` that is called with the parameters of `flat`."""
    params = tuple(Value(UNKNOWN, n) for n in flat.signature.parameters)
    args, keywords, dicts = flat.arguments(dict(zip(flat.signature.parameters, params, strict=True)))
    positional = tuple(Slice(v, Const(STAR), Const(None)) if starred else v for v, starred in args)
    named = (*keywords.items(), *((f"**{i}", d) for i, d in enumerate(dicts)))
    result = Value(UNKNOWN)
    body = (Apply(flat.function, positional, named, result),)
    return Function(getattr(flat, "__name__", "f"), flat.signature, Block(params, body, (result,)), flat.__doc__, None)


def _primitive_function(primal: Any, types: tuple[Abstract, ...]) -> Function:
    """A NumPy function as a function of one statement; arguments that are at their defaults are left out."""
    rule = adjoint_rule(primal)
    assert rule is not None
    params = tuple(Value(t, n) for t, n in zip(types, rule.signature.parameters, strict=True))
    args: list[Operand] = []
    kwargs: list[tuple[str, Operand]] = []
    for p, v in zip(rule.signature.parameters.values(), params, strict=True):
        if p.default is not p.empty and v.type == Const(p.default):
            continue
        if p.default is p.empty:
            args.append(v)
        else:
            kwargs.append((p.name, v))
    result = Value(UNKNOWN)
    body = (Apply(primal, tuple(args), tuple(kwargs), result),)
    return Function(getattr(primal, "__name__", "f"), rule.signature, Block(params, body, (result,)), None, None)
