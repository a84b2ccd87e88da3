"""Reverse mode: a typed function and its reverse sweep, as one function (joint) or as a function and its pullback (split).

Takes a typed function; gives one whose reverse sweep may still read values of the forward sweep's inner blocks, together
with the pairs of blocks that mirror each other; `sct.transform.record` brings these values into scope. What each statement
comes to is told by `sct.transform.sweep`.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sct.analysis.activity import active_values
from sct.analysis.bracketing import refuse_bracketing
from sct.analysis.fitting import Fit, fits
from sct.analysis.spectra import matrix_functions
from sct.analysis.squares import squares
from sct.frontend.resolve import Dependency
from sct.ir.ops import Field, Free, is_of_memory
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Function, Operand, Value, blocks_in, defined, read, values_of
from sct.ir.types import Abstract, Const, Dict, List, Tuple
from sct.specialize.specializer import Specialized
from sct.transform.boundary import Boundary, Mode, check_argument, fresh_name, parameters_of
from sct.transform.recursion import with_pullbacks
from sct.transform.refusals import refuse_given_away, refuse_records, refuse_texts
from sct.transform.shadows import shadow_of, shadows
from sct.transform.spectral import adjoints_of_function, by_matrix, refuse_unknown
from sct.transform.sweep import Sweep

__all__ = ["Mode", "Reversal", "reverse"]


@record(frozen=True)
class Reversal:
    """A function whose reverse sweep is not yet in scope, and the forward block of each reverse block, by label.

    `arguments` are the primal's parameters, `forward` the values of the forward sweep, `fits` the sizes that its statements
    take to be equal, `handles` what stands for arrays that are written into, `shadows` that for their adjoints. `dependencies`
    and `free` are what a user's rules rely on, as in `Specialized`. `adjoints` are the ids of the values that are adjoints of
    others, and no steps of rules.
    """

    function: Function
    mirror: dict[int, int]
    indices: dict[Value, Value]
    forward: frozenset[Value]
    arguments: tuple[Value, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    free: tuple[tuple[Free | Field, Abstract], ...] = ()
    fits: tuple[Fit, ...] = ()
    handles: frozenset[Value] = frozenset()
    shadows: frozenset[Value] = frozenset()
    adjoints: frozenset[int] = frozenset()


def reverse(specialized: Specialized, wrt: Sequence[str], single: bool, mode: Mode) -> Reversal:
    """The reverse-mode derivative of a typed function.

    Parameters
    ----------
    specialized : Specialized
        The primal.
    wrt : sequence of str
        The parameters to differentiate by.
    single : bool
        Whether one adjoint is returned by itself rather than in a tuple.
    mode : Mode
        What the derivative takes and gives.

    Raises
    ------
    NonDifferentiableArgumentError
        If a `wrt` parameter is (or holds) something else than real or complex numbers.
    NonScalarOutputError
        If the mode needs a scalar result and the result is not one.
    NoRuleError
        If an active value goes into an operation without a rule.
    """
    return _Reverser(specialized, wrt, single, mode).run()


class _Reverser(Boundary, Sweep):
    def __init__(self, specialized: Specialized, wrt: Sequence[str], single: bool, mode: Mode) -> None:
        super().__init__(specialized.function, mode)
        self.wrt = wrt
        self.single = single
        self.repeatable = mode.in_closure
        self.b.projections = _projections(self.primal.block)

    def run(self) -> Reversal:
        f, mode = self.primal, self.mode
        names = list(f.signature.parameters)
        params = parameters_of(f, self.wrt)
        for p in params if f.callee is not None and not mode.own else ():  # otherwise it is not what a user gave
            check_argument(p.type, p.name, f)
        result, aux = self.split_aux(f.block.yields[0])
        self.check_result(result)
        refuse_bracketing(f.block, params, values_of(result))
        refuse_given_away(f.block, params)
        left = [p for p in f.block.params if mode.own]  # what it leaves in its arguments is among what it gives
        self.active = active_values(f.block, params, [*values_of(result), *left])
        refuse_records(f.block, self.active)
        refuse_texts(f.block, params, [*values_of(result), *left])
        f = f if mode.taped else self.with_pullbacks(f)
        lent = {p: shadow_of(p, fresh_name(f"{p.name}_bar", names)) for p in params} if mode.own else None
        f, beside = self.with_shadows(f, lent)
        self.squares = squares(f.block)
        self.functions = matrix_functions(f.block)
        seed_param: tuple[Value, ...] = ()
        given = result
        if mode.seed in ("argument", "pull"):
            seed, seed_param = self.seed_parameter(result, fresh_name("y_bar", names))
        elif mode.seed == "rows":
            seed, seed_param, given = self.seed_directions(result, fresh_name("y_bar", names))
        elif lent is not None:
            seed, seed_param = Const(None), tuple(lent.values())
        else:
            seed = self.seed_operand(result)
        self.reverse_statements(f.block, result, seed)
        for p in f.block.params if lent is None else ():
            if p in self.memory.of:
                self.come_in(p)
        for p, shadow in lent.items() if lent is not None else ():
            if p not in self.memory.of or isinstance(p.type, (Tuple, List, Dict)):
                self.settle(p, shadow)
        unread = frozenset(params) - read(f.block) if mode.step else ()  # what is carried in vain may not be there at first
        adjoints = [Const(None) if p in unread else self.finished(p) for p in params if not mode.own]
        gradient: Operand = Const(None) if mode.own else adjoints[0] if self.single else Tuple(tuple(adjoints))
        function = self.assemble(gradient, given, aux, seed_param, beside)
        forward = self.forward
        return Reversal(
            function,
            self.mirror,
            self.indices,
            forward,
            f.block.params,
            tuple(self.b.dependencies),
            tuple(self.b.free.items()),
            tuple(fits(f.block, self.active)),
            self.memory.handles,
            self.memory.everywhere.union(() if lent is None else lent.values()),
            frozenset(self.numbers),
        )

    def of_matrix(self, s: Apply, bar: Operand) -> bool:
        function = self.functions.get(s.result)
        if function is None or not by_matrix(function, self.active):
            refuse_unknown(s)
            return False
        for target, one in adjoints_of_function(self.b, function, s, bar, self.active):
            self.accumulate(target, one)
        return True

    def with_pullbacks(self, f: Function) -> Function:
        """The primal with calls of recursive functions that give their pullbacks."""
        block, self.pullbacks = with_pullbacks(f.block, self.active)
        if self.pullbacks:
            self.primal = f = replace(f, block=block)
            self.forward = defined(block)
        return f

    def with_shadows(self, f: Function, lent: dict[Value, Value] | None) -> tuple[Function, tuple[Operand, ...]]:
        """The primal with the shadows of arrays that it writes into; that of its result, if those of arguments are `lent`."""
        if not any(isinstance(s, Apply) and is_of_memory(s.op) for b in blocks_in(f.block) for s in b.body) and lent is None:
            return f, ()
        made = shadows(f.block, self.active, lent)
        self.memory = made
        mixed = {v for v in made.of if lent is not None and isinstance(v.type, (Tuple, List, Dict))}  # numbers in them
        self.active = (self.active | made.loaded) - (made.of.keys() - made.entries - mixed) - made.turned.keys()
        self.primal = replace(f, block=made.block)
        self.forward = defined(made.block)
        return self.primal, () if lent is None else (made.result,)


def _projections(block: Block) -> dict[tuple[Value, Any], Value]:
    """The items that the forward sweep takes from results with several parts."""
    out: dict[tuple[Value, Any], Value] = {}
    for s in block.body:
        if isinstance(s, Apply) and s.op is operator.getitem:
            whole, key = s.args
            if isinstance(whole, Value) and isinstance(whole.type, (Tuple, List, Dict)) and isinstance(key, Const):
                out[whole, key.value] = s.result
        for b in s.blocks:
            out.update(_projections(b))
    return out
