"""The reverse sweep: the statements of a block, one by one from the last to the first, each as what it adds to adjoints.

Takes statements of the forward sweep, and the adjoint of what they give; emits statements that may still read values of the
forward sweep's inner blocks, and says which of their blocks mirror which. Rules are inlined as they are used. Method:
Griewank & Walther, Evaluating Derivatives (2008), chapter 3: each statement y = φ(x) is reversed as x̄ += φ'(x)ᵀ ȳ; branches
are taken as they were, loops run backwards.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sct.analysis.activity import blocks_derivative, differentiable, primitive_of
from sct.errors import NoRuleError
from sct.ir.ops import (
    ENTER,
    EXIT,
    POP,
    PULLED,
    PUSH,
    TAPE,
    UNPACK,
    AdjointOf,
    Attribute,
    Call,
    Derived,
    Steps,
    StepsBack,
    describe,
)
from sct.ir.paths import is_basic_index
from sct.ir.ssa import (
    Apply,
    Block,
    For,
    If,
    Operand,
    Origin,
    Statement,
    Value,
    While,
    blocks_in,
    defined,
    type_of,
    values_of,
)
from sct.ir.types import Abstract, Array, Const, Dict, List, Scalar, Tuple, Unknown, keys_of, with_items
from sct.registry.rules import AdjointRule, adjoint_rule
from sct.registry.tangents import tangent_rule
from sct.transform.adjoints import Loop, bar_name, bar_type, items_of
from sct.transform.again import again
from sct.transform.by_rule import adjoints_by_rule, no_rule
from sct.transform.called import in_their_places, parameter_names, run_again
from sct.transform.in_memory import InMemory
from sct.transform.on_adjoints import adjusted
from sct.transform.recursion import Pulled

__all__ = ["Sweep"]


class Sweep(InMemory):
    """The adjoints of a function's values, and how statements change them.

    `mirror`: the forward block of each reverse block, by label; `indices`: a loop's index -> that of the loop that mirrors it.
    """

    repeatable = False  # whether the sweep may be run more than once

    def __init__(self, block: Block, temporaries: set[Value]) -> None:
        super().__init__(block, temporaries)
        self.mirror: dict[int, int] = {}
        self.indices: dict[Value, Value] = {}
        self.squares: dict[Value, tuple[Apply, AdjointRule]] = {}  # a square -> what it is the square of, and the rule for it
        self.tapes: dict[Value, Value] = {}  # a tape -> that of the adjoints of its entries
        self.picked: dict[Value, Apply] = {}  # a part of an array -> what picks it
        self.made_by: dict[Value, Apply] = {}  # a context that a `with` is in, its manager, what has no type -> what makes it
        self.contexts: dict[Value, Value] = {}  # one of the forward sweep -> that of the reverse sweep
        self.pullbacks: Mapping[Value, Pulled] = {}
        self.escaped: dict[Value, Value] = {}  # a tape made in a branch -> the result of the `If` that it becomes

    # -- statements --------------------------------------------------------------------------------------------------

    def reverse_statements(self, block: Block, result: Operand, seed: Operand) -> None:
        self.b.origin = _backward(block.body[-1].origin) if block.body else None
        every = (s for b in blocks_in(block) for s in b.body if isinstance(s, Apply))
        for one in every:
            if _is_part(one):
                self.picked[one.result] = one
            elif one.op in (ENTER, np.errstate) or isinstance(one.result.type, Unknown):
                self.made_by[one.result] = one
        self.accumulate(result, seed)
        for s in reversed(block.body):
            self.statement(s)
        self.b.body[:0] = self.begun(block)

    def begun(self, block: Block) -> list[Statement]:
        """What the reverse of a block begins with: the tapes of adjoints that mirror those that it makes, and its shadows."""
        tapes = [Apply(TAPE, (), (), self.tapes[r]) for s in block.body for r in s.results if r in self.tapes]
        return [*tapes, *self.memory.late.get(block.label, ())]

    def statement(self, s: Statement) -> None:
        self.b.place, self.b.origin = s.place, _backward(s.origin)
        if isinstance(s, Apply):
            self.apply(s)
        elif isinstance(s, If):
            self.if_(s)
        elif isinstance(s, (For, While)):
            self.loop(s)

    def apply(self, s: Apply) -> None:
        v = s.result
        if s.op in (ENTER, EXIT):
            self.in_context(s)
            return
        if self.on_active_tape(s):
            self.tape_step(s)
            return
        if self.is_of_memory(s):
            self.in_memory(s)
            return
        if self.has_parts(v):
            self.several(s)
            return
        if v not in self.bars or v not in self.active:
            return
        bar = self.bars.pop(v)
        if isinstance(s.op, AdjointOf):
            self.accumulate(s.args[0], adjusted(self.b, s, self.now(bar)))
        elif v in self.pullbacks:
            self.pull_back(self.pullbacks[v], bar)
        elif s.op is operator.getitem and isinstance(type_of(s.args[0]), (Tuple, List, Dict)):
            self.item(s, bar)
        elif v in self.squares:
            root, rule = self.squares[v]
            self.by_rule(rule, replace(root, result=v), bar)
        elif not self.of_matrix(s, bar):
            self.rule(s, bar)

    def of_matrix(self, s: Apply, bar: Operand) -> bool:
        """Whether a statement was reversed as a function of a matrix by its eigenvalues or singular values."""
        return False

    def in_context(self, s: Apply) -> None:
        """Where a `with` ends and begins: what goes back through it computes under the same `np.errstate`."""
        (given,) = s.args
        assert isinstance(given, Value)
        if s.op is EXIT:
            entered = self.made_by.get(given)
            made = None if entered is None else next((self.made_by[v] for v in entered.values if v in self.made_by), None)
            if made is not None and made.op is np.errstate:
                manager = self.b.append(np.errstate, made.args, dict(made.kwargs), made.result.type)
                self.contexts[given] = self.b.append(ENTER, (manager,), {}, given.type)
        elif s.result in self.contexts:
            self.b.append(EXIT, (self.contexts.pop(s.result),), {}, Const(None))

    def item(self, s: Apply, bar: Operand) -> None:
        whole, key = s.args
        assert isinstance(whole, Value) and isinstance(key, Const)
        if whole in self.active:
            self.accumulate_part(whole, key.value, bar)

    def several(self, s: Apply) -> None:
        """An operation with several results: their adjoints, None where there is none, go to the rule together."""
        t = s.result.type
        assert isinstance(t, (Tuple, List, Dict))
        parts = {k: bar for k, p in self.parts[s.result].items() if (bar := self.taken(p)) is not None}

        def items() -> tuple[Operand, ...]:
            return tuple(self.nested_part(s.result, k, i, parts.get(k)) for k, i in zip(keys_of(t), t.items, strict=True))

        if s.result in self.pullbacks:
            self.pull_back(self.pullbacks[s.result], with_items(t, items()))
            return
        if s.op is operator.getitem and isinstance(type_of(s.args[0]), (Tuple, List, Dict)):
            self.item(s, with_items(t, items()))
            return
        if isinstance(s.op, Steps):
            self.steps(s, parts)
            return
        if isinstance(s.op, Derived):
            self.python_function(s, Tuple(items()))
            return
        rule = adjoint_rule(primitive_of(s.op))
        if s.op is UNPACK or (rule is not None and rule.absent):
            self.rule(s, Tuple(tuple(parts.get(i, Const(None)) for i in range(len(t.items)))))
            return
        self.rule(s, with_items(t, items()) if isinstance(t, Dict) else Tuple(items()))

    def steps(self, s: Apply, parts: dict[Any, Operand]) -> None:
        """A checkpointed loop: its reverse sweep, which takes steps again as it needs their states."""
        step = s.op.step
        t = s.result.type
        _, state, constants, _, _ = s.args
        assert isinstance(state, Tuple) and isinstance(constants, Tuple) and isinstance(t, Tuple)
        params, n = step.block.params, len(state.items)
        carried = [k for k in range(n) if differentiable(params[1 + k].type)]
        read = [k for k, c in enumerate(constants.items) if any(v in self.active for v in values_of(c))]
        bars = [parts.get(k, Const(None)) for k in range(n)]
        zeros = [self.zero(c) for k in read if isinstance(c := constants.items[k], Value)]
        wrt = tuple(p.name for p in (*(params[1 + k] for k in carried), *(params[1 + n + k] for k in read)))
        targets = [*(state.items[k] for k in carried), *(constants.items[k] for k in read)]
        types = Tuple(tuple(params[1 + k].type for k in carried) + tuple(type_of(constants.items[k]) for k in read))
        checkpoints = self.b.project(s.result, n, t.items[n])
        args: tuple[Operand, ...] = (checkpoints, Tuple(tuple(bars)), Const(tuple(carried)), Tuple(tuple(zeros)))
        if self.repeatable:
            args = (*args, Const(True))
        rerun = again(step)
        found = self.b.append(StepsBack(rerun, wrt, None, rerun is not step), args, {}, types)
        for i, target in enumerate(targets):
            self.accumulate(target, self.b.project(found, i, types.items[i]))

    def nested_part(self, whole: Value, key: Any, t: Abstract, bar: Operand | None) -> Operand:
        return bar if bar is not None else self.finished_part(whole, key, t) if differentiable(t) else Const(None)

    def rule(self, s: Apply, bar: Operand) -> None:
        primitive = primitive_of(s.op)
        if blocks_derivative(s.op):
            return
        if s.op is UNPACK:
            self.unpacked(s, bar)
            return
        rule = adjoint_rule(primitive)
        if rule is None and tangent_rule(primitive) is not None:
            raise NoRuleError(
                f"{describe(s.op)} has a rule for the tangent, and none for the adjoint",
                s.place,
                f"Register one with `@sct.adjoint({describe(s.op)})`.",
            )
        if rule is None:
            self.python_function(s, bar)
        else:
            self.by_rule(rule, s, bar)

    def by_rule(self, rule: AdjointRule, s: Apply, bar: Operand) -> None:
        """An operation, by a rule for its operands and result."""
        for target, one in adjoints_by_rule(self.b, rule, s, bar, self.active):
            self.accumulate(target, one)

    def unpacked(self, s: Apply, bar: Operand) -> None:
        """`a, b = x`: the adjoint of `x` has those of `a` and `b` as its rows."""
        rows = []
        for i, row in enumerate(items_of(self.b, bar, len(s.result.type.items))):  # type: ignore[union-attr]
            item = self.b.project(s.result, i, s.result.type.items[i])  # type: ignore[union-attr]
            rows.append(self.zero(item) if row == Const(None) and isinstance(item, Value) else row)
        scalar = all(isinstance(t, Array) and t.shape == () for t in s.result.type.items)  # type: ignore[union-attr]
        self.accumulate(s.args[0], self.b.apply(np.array if scalar else np.stack, (List(tuple(rows)),)))

    def python_function(self, s: Apply, bar: Operand) -> None:
        """A Python function that is called, not inlined: by its own vjp, which runs it again."""
        names = parameter_names(s.op)
        if names is None:
            whole = s
            while isinstance(whole.op, Attribute) and whole.args[0] in self.made_by:  # of an object that nothing is known of
                whole = self.made_by[whole.args[0]]  # type: ignore[index]
            raise no_rule(whole)
        if isinstance(bar, Tuple) and isinstance(s.result.type, (Tuple, List)):
            bar = with_items(s.result.type, bar.items)
        op = s.op if isinstance(s.op, (Call, Derived)) else Call(s.op)
        states, (args, kwargs) = s.args[: op.draws], in_their_places(op, s)
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        wrt = tuple(n for n, a in given.items() if any(v in self.active for v in values_of(a)))
        targets = [given[name] for name in wrt]
        t = Tuple((s.result.type, Tuple(tuple(type_of(target) for target in targets))))
        function: Any = op.function if isinstance(op, Call) else replace(op, draws=False)
        if op.effect in ("reports", "acts"):
            function = run_again(function)
        found = self.b.append(Derived(function, wrt, op.draws), (*states, *args, bar), kwargs, t)
        pulled = self.b.project(found, 1, t.items[1])
        assert isinstance(pulled, Value)
        for i, target in enumerate(targets):
            self.accumulate(target, self.b.project(pulled, i, t.items[1].items[i]))

    def pull_back(self, call: Pulled, bar: Operand) -> None:
        """A call of a recursive function, by its pullback."""
        types = Tuple(tuple(map(type_of, call.targets)))
        found = self.b.append(PULLED, (call.pull, bar), {}, types)
        for i, target in enumerate(call.targets):
            self.accumulate(target, self.b.project(found, i, types.items[i]))

    # -- tapes, in the derivative of a derivative ---------------------------------------------------------------------

    def tape(self, tape: Operand) -> Value:
        assert isinstance(tape, Value)
        while tape in self.escaped:
            tape = self.escaped[tape]
        if tape not in self.tapes:
            self.tapes[tape] = Value(Unknown(), f"{tape.name}_bar")
        return self.tapes[tape]

    def tape_step(self, s: Apply) -> None:
        """A push is reversed as a pop and a pop as a push, on every path: of a zero where the popped value went unused."""
        tape = self.tape(s.args[0])
        if s.op is PUSH:
            (v,) = values_of(s.args[1])
            self.accumulate(v, self.b.append(POP, (tape,), {}, _bars_of(v.type), bar_name(v)))
        else:
            bar = self.taken(s.result)
            if bar is None:
                whole = isinstance(s.result.type, (Tuple, List, Dict))
                bar = self.finished(s.result) if whole else self.zero(s.result)
            self.b.append(PUSH, (tape, bar), {}, Const(None))

    def on_active_tape(self, s: Statement) -> bool:
        return isinstance(s, Apply) and s.op in (PUSH, POP) and s.args[0] in self.active

    # -- branches ----------------------------------------------------------------------------------------------------

    def if_(self, s: If) -> None:
        given = [(phi, self.bars.pop(phi.result)) for phi in s.phis if phi.result in self.bars and phi.result in self.active]
        if not given and not self.leaves_traces(s):
            return
        for r, _, _, ends in s.phis:
            if r in self.tapes or r in self.escaped:
                self.escaped.update((y, r) for y in ends if isinstance(y, Value))
        before = dict(self.bars)
        made = [
            self.branch(block, [(phi.ends[n], bar) for phi, bar in given], before) for n, block in enumerate((s.then, s.orelse))
        ]
        changed = list(dict.fromkeys([*made[0][1], *made[1][1]]))
        results: list[Value] = []
        blocks: list[Block] = []
        yields: list[list[Operand]] = [[], []]
        for v in changed:
            self.bars = dict(before)
            for k, (body, after) in enumerate(made):
                bar = after.get(v)
                if bar is None:
                    bar = self.current(v)
                with self.b.into(body):
                    yields[k].append(self.strong(self.zero(v) if bar is None else bar, v))
            results.append(Value(bar_type(v.type), bar_name(v)))
        for (body, _), out, block in zip(made, yields, (s.then, s.orelse), strict=True):
            mirrored = Block((), tuple(body), tuple(out))
            self.mirror[mirrored.label] = block.label
            blocks.append(mirrored)
        self.bars = {**before, **dict(zip(changed, results, strict=True))}
        self.b.body.append(If(s.test, blocks[0], blocks[1], tuple(results), s.place, _backward(s.origin)))

    def leaves_traces(self, s: Statement) -> bool:
        """Whether a statement is to be reversed though nothing that it gives has an adjoint."""
        return self.uses_tape(s) or (bool(self.memory.of) and self.passes_memory(s))

    def uses_tape(self, s: Statement) -> bool:
        """Whether a statement pushes active values, or pops them: each has to be undone."""
        return any(self.on_active_tape(t) or self.uses_tape(t) for b in s.blocks for t in b.body)

    def branch(
        self, block: Block, bars: list[tuple[Operand, Operand]], before: dict[Value, Operand]
    ) -> tuple[list[Statement], dict[Value, Operand]]:
        self.bars = dict(before)
        body: list[Statement] = []
        with self.b.into(body):
            for y, bar in bars:
                self.accumulate(y, bar)
            for inner in reversed(block.body):
                self.statement(inner)
            defined = {r for inner in block.body for r in inner.results}
            for v in [v for v in self.bars if v in self.picked and v not in defined and v not in before]:
                self.give_on(v, before, block)
        body[:0] = self.begun(block)
        changed = {v: b for v, b in self.bars.items() if self.root(v) not in defined and before.get(v) is not b}
        return body, changed

    def give_on(self, v: Value, before: dict[Value, Operand], block: Block) -> None:
        """Add what a branch gives to a part of an array to the adjoint of that, if there is one: no zeros for the part then."""
        while self.is_given_on(v, before, block):
            self.apply(self.picked[v])
            (v,) = values_of(self.picked[v].args[0])

    def is_given_on(self, v: Value, before: dict[Value, Operand], block: Block) -> bool:
        if v not in self.picked or v in before or not self.is_made_here(v):
            return False
        (of,) = values_of(self.picked[v].args[0])
        if v in self.memory.reads:
            return self.memory.reads[v].is_left(self.memory.begins[block.label])
        return of in before or not self.is_made_here(of) or self.is_given_on(of, before, block)

    def is_made_here(self, v: Value) -> bool:
        """Whether a value is made in each iteration of the loop that is being reversed, if there is one."""
        return not self.loops or self.root(v) in self.loops[-1].inner

    # -- loops -------------------------------------------------------------------------------------------------------

    def loop(self, s: For | While) -> None:
        carried = [phi for phi in s.phis if phi.params[0] in self.active]
        if self.bars.keys().isdisjoint(phi.result for phi in s.phis) and not self.leaves_traces(s):
            return
        begun = [(phi.result, self.bars.pop(phi.result, None)) for phi in carried]
        zeros = [(r, self.zero(r) if bar is None else bar) for r, bar in begun]
        inits = [self.strong(bar, r) for r, bar in zeros]
        for r in s.results:
            self.bars.pop(r, None)
        loop = Loop(defined(s.body))
        self.loops.append(loop)
        outer_bars, self.bars = self.bars, {}
        ends = [(phi.params[0], phi.ends[0]) for phi in carried]
        bar_params = [Value(bar_type(_shaped_as(p.type, y)), bar_name(p)) for p, y in ends]
        self.carried.update(bar_params)
        body: list[Statement] = []
        with self.b.into(body):
            for (_, y), bar in zip(ends, bar_params, strict=True):
                self.accumulate(y, bar)
            for inner in reversed(s.body.body):
                self.statement(inner)
            self.b.place, self.b.origin = s.place, _backward(s.origin)
            outs: list[Operand] = []
            for r, (p, *_), _, _ in carried:
                found = self.bars.get(p)
                outs.append(self.strong(self.zero(p, r) if found is None else found, p))
        slots = list(loop.slots.items())
        outs += [self.bars.get(v, slot) for v, slot in slots]
        body[:0] = self.begun(s.body)
        self.bars = outer_bars
        self.loops.pop()
        self.finish_loop(s, body, bar_params, inits, outs, slots, [phi.begins[0] for phi in carried])

    def finish_loop(
        self,
        s: For | While,
        body: list[Statement],
        bar_params: list[Value],
        inits: list[Operand],
        outs: list[Operand],
        slots: list[tuple[Value, Value]],
        begun: list[Operand],
    ) -> None:
        slot_inits = []
        for v, _ in slots:
            bar = self.current(v)
            slot_inits.append(self.strong(self.zero(v) if bar is None else bar, v))
        index = self.index(s)
        block = Block((index, *bar_params, *(slot for _, slot in slots)), tuple(body), tuple(outs))
        self.mirror[block.label] = s.body.label
        ends = [Value(_shaped_as(p.type, init), p.name) for p, init in zip(bar_params, begun, strict=True)]
        results = (*ends, *(Value(slot.type, self.called_now(slot)[0]) for _, slot in slots))
        start, stop, step, backwards = self.domain(s)
        made = For(start, stop, step, block, (*inits, *slot_inits), False, backwards, results, s.place, _backward(s.origin))
        self.b.body.append(made)
        for (v, _), r in zip(slots, results[len(bar_params) :], strict=True):
            self.bars[v] = r
        for init, r in zip(begun, results, strict=False):
            self.accumulate(init, r)

    def index(self, s: For | While) -> Value:
        """The index of the loop that mirrors a loop."""
        if isinstance(s, While):
            return Value(Scalar(int), "_")
        own = s.body.params[0]
        self.indices[own] = Value(own.type, own.name)
        return self.indices[own]

    def domain(self, s: For | While) -> tuple[Operand, Operand, Operand, bool]:
        if isinstance(s, While):
            return Const(0), s.results[-1], Const(1), True
        if not s.exits:
            return s.start, s.stop, s.step, not s.backwards
        count: Operand = s.results[-1]
        if s.step != Const(1):
            count = self.b.apply(operator.mul, (count, s.step))
        return s.start, count if s.start == Const(0) else self.b.apply(operator.add, (s.start, count)), s.step, True


def _shaped_as(t: Abstract, o: Operand) -> Abstract:
    """The type of an adjoint that a loop carries, where it is that of `o`: an axis may grow from one iteration to the next."""
    own = type_of(o)
    return replace(t, shape=own.shape) if isinstance(t, Array) and isinstance(own, Array) and t.rank == own.rank else t


def _is_part(s: Apply) -> bool:
    """Whether a statement picks a part of an array that its index alone tells."""
    is_array = bool(s.args) and isinstance(s.args[0], Value) and isinstance(s.args[0].type, Array)
    return s.op is operator.getitem and is_array and is_basic_index(s.args[1]) is True


def _backward(origin: Origin | None) -> Origin | None:
    return None if origin is None else Origin(origin.text, origin.place, True)


def _bars_of(t: Abstract) -> Abstract:
    """The type of an adjoint of what is of a type: None for parts that have none."""
    if not isinstance(t, (Tuple, List, Dict)):
        return t
    return with_items(t, [_bars_of(i) if differentiable(i) else Const(None) for i in t.items])
