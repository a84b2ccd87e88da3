"""Shadows: arrays of adjoints beside the arrays that a function writes into.

Takes a typed function with operations of memory (`sct.transform.explicit`); gives a shadow for each value that stands for an
array whose adjoint is wanted: an array of zeros for a new one, the same view for a view, and a φ of shadows for a φ of arrays;
of a list, a dict or an object one that holds the shadows of what is in it. So where two names are one array, their shadows are
one, and nothing need be known of which names may be. What of this the reverse sweep can make for itself is left to that; a
shadow of an array that a φ, or something else of the forward sweep, hands on is made and handed on there.

Method: shadow memory as in Moses & Churavy, Instead of rewriting foreign code for machine learning, automatically synthesize
fast gradients (2020).
"""

from __future__ import annotations

import operator
from bisect import bisect
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from sct import runtime
from sct.analysis.activity import differentiable, primitive_of
from sct.analysis.binding import behind, phis
from sct.analysis.effects import statements
from sct.analysis.layout import keeps_strides, may_copy, may_take_number
from sct.analysis.points_to import (
    Classes,
    apart,
    has_memory,
    is_change,
    is_item,
    is_writing_call,
    may_pick_number,
    points_to,
    shared,
    written_by,
)
from sct.analysis.recording import is_number
from sct.analysis.storage import placed, read_only
from sct.errors import UnsupportedSyntaxError
from sct.infer.objects import as_given
from sct.ir.ops import (
    ALLOCATE,
    LEAVE,
    LOAD,
    NEW,
    POP,
    PULL,
    PUSH,
    TAPE,
    UNPACK,
    Derived,
    Field,
    Free,
    Method,
    Rebind,
    View,
    describe,
    function_name,
)
from sct.ir.paths import is_basic_index
from sct.ir.records import record
from sct.ir.rewriting import changed, handing_on, map_blocks
from sct.ir.ssa import (
    Apply,
    Block,
    For,
    If,
    Operand,
    Phi,
    Statement,
    Value,
    While,
    blocks_in,
    captured,
    map_leaves,
    type_of,
    values_of,
)
from sct.ir.types import (
    UNDEFINED,
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    List,
    ListOf,
    Scalar,
    Tuple,
    Unknown,
    is_list_or_dict,
    with_items,
)
from sct.registry.facts import facts_of
from sct.registry.rules import adjoint_rule, kind_of
from sct.runtime import laid_out
from sct.transform.called import parameter_names, refuse_further
from sct.transform.explicit import refuse_others

__all__ = ["Read", "Shadows", "shadow_of", "shadow_type", "shadows"]


@record(frozen=True)
class Read:
    """An entry, or a part, of an array that is read where it lies: `array[index]`.

    `time`: the number of the statement that reads it; `writes`: those of the statements that may write into the array.
    """

    array: Value
    index: Operand
    time: int
    writes: list[int]

    def is_left(self, time: int) -> bool:
        """Whether nothing is written into the array between there and another statement behind, of the same iteration."""
        return bisect(self.writes, self.time) == bisect(self.writes, time)


@record(frozen=True)
class Shadows:
    """A function's block with the shadows that are made in it.

    `of`: what stands for an array, with its shadow. `late`: by the label of a block, the statements that make those of its
    shadows that only the reverse sweep asks for. `reads`: values that are parts of arrays, which were not written into since
    these were loaded. `begins`: by the label of a block, the number of the statement that it is of. `turned`: views whose
    adjoints are no views of their arrays' adjoints, with the statements that make them: what is read there goes through their
    rules. `cells`: numbers that are taken out of lists, dicts and tuples, with the arrays of rank 0 that hold their adjoints.
    `put`: statements by which numbers are put there, with these and such arrays. `held`: what lists and dicts held, or came in
    with, with the shadows of that. `entries`: arguments, and what is in them. `pulls`: calls of functions that write, with
    their pullbacks and the shadows of these. `picks`: what may be an entry of an array, and no view, with what adds the adjoint
    to the array's, and its operands. `loaded`: what is loaded of `turned` views to be copied. `rebound`: statements that
    compute a number, or write into an array, with what was there before and is after. `copies`: what may be a view of an array
    or a copy of one, with whether it is a copy. `result`: the shadow of what the function gives.
    """

    block: Block
    of: dict[Value, Value]
    late: dict[int, list[Statement]]
    reads: dict[Value, Read]
    begins: dict[int, int]
    turned: dict[Value, Apply]
    cells: dict[Value, Value]
    put: dict[Apply, list[tuple[Value, Value]]]
    held: dict[Value, Value]
    entries: set[Value]
    pulls: dict[Apply, tuple[Value, Value]]
    picks: dict[Value, tuple[Callable[..., None], tuple[Operand, ...]]]
    rebound: dict[Apply, tuple[Value, Value]]
    copies: dict[Value, Value]
    loaded: set[Value]
    result: Operand

    @staticmethod
    def none(block: Block) -> Shadows:
        """No shadows in a block."""
        return Shadows(block, {}, {}, {}, {}, {}, {}, {}, {}, set(), {}, {}, {}, {}, set(), Const(None))

    @property
    def handles(self) -> frozenset[Value]:
        """What stands for arrays that have shadows, and the pullbacks of calls."""
        return frozenset((*self.of, *(pull for pull, _ in self.pulls.values())))

    @property
    def everywhere(self) -> frozenset[Value]:
        """The shadows, wherever they are known."""
        put = (place for places in self.put.values() for _, place in places)
        picked = (v for _, operands in self.picks.values() for v in values_of(operands[0], operands[-1]))
        pulled = (places for _, places in self.pulls.values())
        return frozenset((*self.of.values(), *self.held.values(), *self.cells.values(), *put, *picked, *pulled))


def shadows(block: Block, active: set[Value], lent: dict[Value, Value] | None = None) -> Shadows:
    """The shadows of what stands for arrays among the active values of a function.

    `lent`: those of its parameters, where it stands for a call of it, and writes into the arguments themselves.

    Raises
    ------
    UnsupportedSyntaxError
        If a test of a while loop may write into what an adjoint is wanted of; or if it is not known where that lies.
    """
    return _Shadows(block, active, lent).run()


class _Shadows:
    def __init__(self, block: Block, active: set[Value], lent: dict[Value, Value] | None) -> None:
        self.whole = block
        self.active = set(active)
        self.lent = lent
        self.classes: Classes = apart(block) if lent is None else copy(points_to(block))
        self.classes.whole = True
        self.strided = keeps_strides(self.classes, block)
        self.copies: dict[Value, Value] = {}
        self.loaded: set[Value] = set()
        self.of: dict[Value, Value] = {}
        self.first: list[Apply] = []  # statements that make the shadows of arguments
        self.made: dict[Apply, list[Apply]] = {}  # a statement -> those that make the shadow of what it gives
        self.now: set[Value] = set()  # shadows that are made in the forward sweep
        self.reads: dict[Value, Read] = {}
        self.begins: dict[int, int] = {}
        self.time = 0
        self.writes: dict[Value, list[int]] = {}  # of each class, by the numbers of the statements
        self.turned: dict[Value, Apply] = {}
        self.cells: dict[Value, Value] = {}
        self.put_in: dict[Apply, list[tuple[Value, Value]]] = {}
        self.held: dict[Value, Value] = {}
        self.entries: set[Value] = set(block.params) if lent is None else set()  # arguments, and what is in them
        self.outside: set[Value] = set()  # what is in fields of arguments or defined outside, whose adjoint nobody asks for
        self.pulls: dict[Apply, tuple[Value, Value]] = {}
        self.picks: dict[Value, tuple[Callable[..., None], tuple[Operand, ...]]] = {}
        self.rebound: dict[Apply, tuple[Value, Value]] = {}
        self.instead: dict[Apply, list[Apply]] = {}  # a statement -> those in its place
        self.result: Operand = Const(None)
        self.tapes: set[Value] = set()
        self.taken: set[Value] = set()  # what lists and dicts held where an item of them was taken, and for nothing else

    def run(self) -> Shadows:
        self.spread()
        self.whole = self.placed(self.whole)
        self.taken = self.taken_from()
        used = (s.args[0] for s in statements(self.whole) if isinstance(s, Apply) and s.op in (PUSH, POP))
        self.tapes = behind(values_of(*used), phis(self.whole))
        for p in filter(self.has_shadow, self.whole.params):
            if self.lent is not None:
                if p not in self.lent:
                    raise self.refuse(p)
                self.of[p] = self.lent[p]
            elif isinstance(p.type, (Array, ListOf)):
                self.first += self.zeros(p, None)
        for b in blocks_in(self.whole):
            for s in b.body:
                self.statement(s)
        self.read(self.whole, {})
        early = self.early()
        late: dict[int, list[Statement]] = {}
        block = self.block(self.whole, early, late)
        now = [t for t in self.first if t.result in early]
        late.setdefault(block.label, [])[:0] = [t for t in self.first if t.result not in early]
        block = block.with_([*now, *block.body])
        places = (
            self.cells,
            self.put_in,
            self.held,
            self.entries,
            self.pulls,
            self.picks,
            self.rebound,
            self.copies,
            self.loaded,
            self.result,
        )
        return Shadows(block, self.of, late, self.reads, self.begins, self.turned, *places)

    def spread(self) -> None:
        """What a φ, or a view, that has a shadow may be has one, whether anything is differentiated by it or not."""
        flows = [flow for b in blocks_in(self.whole) for s in b.body for flow in s.flows]
        flows += [(s.result, shared(s)) for b in blocks_in(self.whole) for s in b.body if isinstance(s, Apply)]
        made_of: dict[Value, list[Operand]] = {}
        for v, operands in flows:
            made_of.setdefault(v, []).extend(operands)
        work = [v for v in made_of if self.has_shadow(v)]
        while work:
            new = {v for v in values_of(*made_of.get(work.pop(), ())) if v not in self.active and self.classes.is_written(v)}
            self.active |= new
            work += new

    def placed(self, block: Block) -> Block:
        """A block in which numbers that become a φ with a shadow have a place in memory, and so does what is rebound."""
        body: list[Statement] = []
        for s in block.body:
            s = map_blocks(self.placed, s)
            if isinstance(s, If):
                phis = [phi.result for phi in s.phis]
                s = changed(s, then=self.ending(s.then, phis), orelse=self.ending(s.orelse, phis))
            elif isinstance(s, (For, While)):
                phis = [phi.params[0] for phi in s.phis][: len(s.inits)]
                s = changed(s, inits=self.in_places(s.inits, phis, body), body=self.ending(s.body, phis))
            elif isinstance(s, Apply) and isinstance(s.op, Rebind) and self.has_shadow(s.result):
                x = s.args[0]
                assert isinstance(x, Value)
                before, after = Value(x.type, "", x.name), Value(s.result.type, "", s.result.name)
                self.rebound[s] = before, after
                body.append(Apply(LOAD, (x,), (), before, s.place, s.origin))
                body += [s, Apply(LOAD, (s.result,), (), after, s.place, s.origin)]
                continue
            body.append(s)
        return block.with_(body)

    def ending(self, block: Block, phis: list[Value]) -> Block:
        """A block whose yields go to some φ's."""
        body = list(block.body)
        n = len(phis)
        return block.with_(body, (*self.in_places(block.yields[:n], phis, body), *block.yields[n:]))

    def in_places(self, operands: Iterable[Operand], phis: list[Value], body: list[Statement]) -> tuple[Operand, ...]:
        """What goes to some φ's, with numbers in places of their own where these have shadows."""
        found: list[Operand] = []
        for o, v in zip(operands, phis, strict=True):
            if self.has_shadow(v) and _is_some_number(o):
                made = Value(v.type, v.name, v.hint)
                self.active.add(made)
                self.classes.join((v, made))
                body.append(Apply(ALLOCATE, (o,), (), made))
                o = made
            found.append(o)
        return tuple(found)

    def taken_from(self) -> set[Value]:
        """What was loaded to take something out of it, before anything in it may have changed."""
        found: set[Value] = set()
        for b in blocks_in(self.whole):
            fresh: set[Value] = set()
            for s in b.body:
                if isinstance(s, Apply) and s.op is LOAD:
                    fresh.add(s.result)
                    found.add(s.result)
                    continue
                found.difference_update(v for v in s.values if v not in fresh or not _takes(s))
                if not isinstance(s, Apply) or written_by(s):
                    fresh = set()
                for inner in s.blocks:
                    found.difference_update(captured(inner))
            found.difference_update(values_of(*b.yields))
        return found

    def has_shadow(self, v: Value) -> bool:
        whole_numbers = isinstance(v.type, Array) and not differentiable(v.type)
        return v in self.active and has_memory(v) and not whole_numbers and self.classes.is_written(v)

    def refuse(self, s: Statement | Value | None) -> UnsupportedSyntaxError:
        """The error of a statement, or of a value, whose adjoint cannot lie in a shadow."""
        values = () if s is None else (s,) if isinstance(s, Value) else (*s.results, *s.values)
        v = next(filter(self.classes.is_written, values), None)
        write = None if v is None else self.classes.write(v)
        place = None if s is None or isinstance(s, Value) else s.place
        turned = next((self.turned[v] for v in values if v in self.turned), None)
        if turned is not None:
            return UnsupportedSyntaxError(
                f"a view of an array that is written into by {describe(_operation(turned))}, whose adjoint is no view, "
                "in a list or dict, or as one of several arrays",
                turned.place,
                "Copy it: `y = np.array(...)`.",
            )
        name = repr(v.name) if v is not None and v.name else "what is written into"
        if write is not None and isinstance(write.op, Rebind):
            return UnsupportedSyntaxError(
                f"{name} may be a number, or an array that an augmented assignment changes, and that is read by another name",
                write.place,
                "Write x = x + v there, or read it before.",
            )
        return UnsupportedSyntaxError(
            f"the adjoint of {name}, which may be an array or a number, or is not known to be any, and is written into",
            place if place is not None or write is None else write.place,
            "Keep it under a name of its own.",
        )

    # -- shadows -----------------------------------------------------------------------------------------------------

    def statement(self, s: Statement) -> None:
        if not isinstance(s, Apply):
            for phi in s.phis:
                same = (phi.result, *phi.params)
                if any(map(self.has_shadow, same)):
                    for v in same:
                        self.new(v)
            if isinstance(s, While):  # whose test is not reversed
                written = (v for t in statements(s.test) for v in values_of(*written_by(t)))
                if any(map(self.has_shadow, written)):
                    raise UnsupportedSyntaxError(
                        "a test of a while loop that writes into an array", s.place, "Write in the loop's body."
                    )
            return
        if s.op is LEAVE:
            self.leave(s)
            return
        if is_writing_call(s):
            self.call(s)
            return
        r = s.result
        wanted = [v for v in values_of(*written_by(s)) if self.has_shadow(v)]
        if wanted and not self.of.keys() >= {*wanted}:
            raise self.refuse(s)
        if s.op in (TAPE, PUSH, POP):
            self.tape_step(s)
        elif s.op is LOAD:
            self.load(s)
        elif is_change(s):
            if wanted:
                self.change(s)
        elif is_number(r):
            if r in self.active and _takes(s) and isinstance(s.args[0], Value) and s.args[0] in self.held:
                self.cell(s)
        elif isinstance(s.op, (Field, Free)) or (is_item(s) and s.args[0] in self.outside):
            self.outside.add(r)
            if self.has_shadow(r) and isinstance(r.type, Array):
                self.put(s, self.zeros(r, s))
        elif is_item(s) and s.args[0] in self.entries:
            self.entries.add(r)
            if self.has_shadow(r) and isinstance(r.type, Array):
                self.put(s, self.zeros(r, s))
        elif not self.has_shadow(r):
            return
        elif isinstance(s.op, Rebind):
            if adjoint_rule(s.op.op) is None:  # of a derivative in forward mode
                raise self.refuse(s)
            beside = View(runtime.place_beside)
            own = Apply(beside, (s.args[0], self.shadow(s.args[0]), s.result), (), self.new(r), s.place, s.origin)
            self.put(s, [own], now=True)
        elif s.op == View(runtime.together):
            self.together(s)
        elif s.op is ALLOCATE:
            self.put(s, self.zeros(r, s))
            if not isinstance(r.type, Array) and self.is_changed(r):
                self.hold(s, r)
        elif s.op is NEW:
            steps: list[Apply] = []
            whole = self.contained(s.args[0], s, steps)
            self.put(s, [*steps, replace(s, args=(whole,), result=self.new(r))], now=True)
        elif isinstance(r.type, Array) and _turns(s):
            self.turned[r] = s
        elif s.op is not runtime.kept:  # which gives a copy, that is put into memory next
            self.lead(s)

    def call(self, s: Apply) -> None:
        """A call of a function that may write into its arguments: in its place one that gives the pullback, too.

        It is given shadows of its arguments, and gives that of its result, to which the reverse sweep adds before it pulls.
        """
        r = s.result
        names = parameter_names(s.op)
        if self.active.isdisjoint((r, *s.values)):
            return
        if s.op is PULL:
            self.pull(s)
            return
        if names is None:
            raise self.refuse(s)
        self.refuse_twice(s)
        operands = {**dict(zip(names, s.args, strict=True)), **dict(s.kwargs)}
        wrt = tuple(n for n, a in operands.items() if any(self.is_shadowed(v) for v in values_of(a)))
        steps: list[Apply] = []
        alike = [self.contained(operands[n], s, steps) for n in wrt]
        types = as_given({n: type_of(a) for n, a in operands.items()})
        function = s.op if isinstance(s.op, Derived) else s.op.function
        shadow = shadow_type(r.type)
        whole = Value(Tuple((r.type, shadow, UNKNOWN, UNKNOWN)))
        op = Derived(function, wrt, False, "augmented", "writes", types, s.op.laid)
        call = Apply(op, (*s.args, *alike), s.kwargs, whole, s.place, s.origin)
        own = function_name(function)
        parts = [r, Value(shadow, _name(r), r.hint), Value(UNKNOWN, f"{own}_pull"), Value(UNKNOWN, f"{own}_shadows")]
        taken = [Apply(operator.getitem, (whole, Const(k)), (), p, s.place, s.origin) for k, p in enumerate(parts)]
        if self.has_shadow(r):
            self.of[r] = parts[1]
        elif r in self.active:
            self.cells[r] = parts[1]
        self.pulls[call] = parts[2], parts[3]
        self.put_in[call] = self.put_in.pop(s, [])
        self.instead[s] = [*steps, call, *taken]
        self.now.update(values_of(*alike))

    def pull(self, s: Apply) -> None:
        """The pullback of such a call, in a derivative: it gives its own pullback, on what the shadows have for shadows."""
        back = Value(UNKNOWN, "back")
        call = replace(s, result=back)
        places = self.shadow(s.args[1])
        assert isinstance(places, Value)
        self.pulls[call] = back, places
        self.instead[s] = [call]
        self.now.add(places)

    def refuse_twice(self, s: Apply) -> None:
        """Refuse a call in a derivative, of which more than a second derivative is asked, or whose arguments hold objects."""
        op = s.op
        if not isinstance(op, Derived) or op.transform != "augmented":
            return
        refuse_further(s)
        given = map(type_of, s.operands)
        if s.kwargs or not all(map(_is_of_arrays, (*given, s.result.type.items[0]))):  # type: ignore[union-attr]
            raise UnsupportedSyntaxError(
                "the second derivative of a recursive function that writes into its argument, and has keyword-only parameters, "
                "or takes or gives objects or what is not known",
                s.place,
                "Differentiate by sct.jvp once, or return new ones.",
            )

    def is_shadowed(self, v: Value) -> bool:
        """Whether a function that is given `v`, and may write into it, is given a shadow of it."""
        return differentiable(v.type) and (v in self.active or (isinstance(v.type, Array) and has_memory(v)))

    def leave(self, s: Apply) -> None:
        """The end of a function that stands for a call: the shadow of what it gives."""
        loaded = {t.result: t.args[0] for t in self.whole.body if isinstance(t, Apply) and t.op is LOAD}
        steps: list[Apply] = []
        given = map_leaves(lambda o: loaded.get(o, o) if isinstance(o, Value) else o, self.whole.yields[0])
        self.result = self.contained(given, s, steps)
        self.now.update(values_of(self.result))
        self.put(s, steps, now=True)

    def tape_step(self, s: Apply) -> None:
        """A step of a tape that holds arrays which have shadows, beside which there is one of these."""
        tape = s.result if s.op is TAPE else s.args[0]
        assert isinstance(tape, Value)
        if not self.has_shadow(tape):
            return
        steps: list[Apply] = []
        args = [self.shadow(tape)] if s.args else []
        if s.op is PUSH:
            args.append(self.contained(s.args[1], s, steps))
        result = Value(s.result.type) if s.op is PUSH else self.new(s.result)
        if s.op is POP and is_number(s.result):
            self.cells[s.result] = self.of.pop(s.result)
        self.put(s, [*steps, replace(s, args=tuple(args), result=result)], now=True)

    def lead(self, s: Apply) -> None:
        """An operation that leads to what is in another one, or makes a list or dict of that."""
        r = s.result
        refuse_others(s, ("first",))
        if s.op is UNPACK and _may_unpack_numbers(s):
            raise self.refuse(s)
        led, puts = shared(s), facts_of(_operation(s)).puts
        if not led and puts is None:  # it is a copy
            raise self.refuse(s)
        steps: list[Apply] = []
        args: list[Operand] = []
        whole = facts_of(_operation(s)).puts_each
        for k, a in enumerate(s.args):
            inside = _has_memory(a) and any(a is o for o in led) and (whole or k != puts)
            args.append(self.led(a, s, steps) if inside else self.contained(a, s, steps) if k == puts else a)
        objects = any(isinstance(o, Value) and not isinstance(o.type, Array) for o in (r, *led))
        known = UNKNOWN if _operation(s) == Method("values") else None  # which only becomes a list
        steps.append(replace(s, args=tuple(args), result=self.new(r, known)))
        if isinstance(r.type, Array) and read_only(s) is not False:
            part = replace(steps[-1], result=Value(steps[-1].result.type))
            steps[-1:] = [part, Apply(View(runtime.writable), (part.result,), (), self.of[r], s.place, s.origin)]
        if picks := may_pick_number(s):
            self.pick(s, args[0], steps)  # type: ignore[arg-type]
        number = not picks and isinstance(r.type, Array) and may_take_number(s)
        copies = may_copy(s) or number
        if copies and not picks and isinstance(r.type, Array):
            copied = self.copies[r] = self.step(steps, s, runtime.is_copy, (r, s.args[0]), Scalar(bool), "copied")
            if number:
                k = next(k for k, t in enumerate(steps) if t.result is self.of[r])
                part = steps[k] = replace(steps[k], result=Value(steps[k].result.type))
                zeros = self.step(steps, s, _zeros_for(r.type), (r,), shadow_type(r.type), "zeros")
                steps.append(Apply(View(runtime.place_of), (part.result, zeros, copied), (), self.of[r], s.place, s.origin))
        self.put(s, steps, now=objects or picks or copies)  # a copy has to be made while it holds zeros

    def led(self, a: Operand, s: Apply, steps: list[Apply]) -> Operand:
        """The shadow of what something is led to from; of an array whose items go into a list, that of each."""
        t, op = s.result.type, _operation(s)
        if not isinstance(type_of(a), Array) or not (is_list_or_dict(t) or isinstance(t, ListOf)):
            return self.shadow(a)
        if is_list_or_dict(t) and (op is list or (op is runtime.items_of and len(s.operands) == 1)):
            items = self.step(steps, s, View(runtime.places), (self.shadow(a),), ListOf(UNKNOWN))
            if isinstance(t, ListOf) and getattr(t.item, "shape", None):
                return items
            self.picks[s.result] = runtime.add_items, (self.shadow(a), items)
            return self.step(steps, s, View(runtime.same_places), (items,), ListOf(UNKNOWN))
        if kind_of(primitive_of(op)) != "view" or not isinstance(t, ListOf) or not getattr(t.item, "shape", None):
            raise self.refuse(s)  # its items may be numbers, which are no views
        return self.shadow(a)

    def together(self, s: Apply) -> None:
        """Arguments' arrays that may share memory: so do their shadows, if a part of one is one of the other."""
        types = [t for t in map(type_of, s.args) if differentiable(t)]
        if not all(isinstance(t, Array) for t in types) or len({_dtype(t) for t in types}) > 1:
            raise UnsupportedSyntaxError(
                "arguments that may share memory, and are lists, or arrays of several dtypes", s.place, "Pass copies."
            )
        none = Tuple((Const(None),) * len(s.args))
        self.put(s, [replace(s, op=View(runtime.beside), args=(Tuple(s.args), none), result=self.new(s.result))], now=True)

    def load(self, s: Apply) -> None:
        """What a list or dict holds, or an array: where it is read as a whole the shadows of its items are held, too."""
        (a,) = s.args
        if not isinstance(a, Value) or a not in self.of or isinstance(a.type, Array):
            return
        if s.result in self.taken:
            self.held[s.result] = self.of[a]
        elif s.result in self.active:
            self.hold(s, a)

    def hold(self, s: Apply, whole: Value) -> None:
        """The shadows of what is in a list or dict where a statement makes it or reads it, whatever is in it later."""
        own = self.held[s.result] = Value(self.of[whole].type, _name(s.result), "places")
        taken = Apply(View(runtime.same_places), (self.of[whole],), (), own, s.place, s.origin)
        self.put(s, [*self.made.get(s, ()), taken], now=True)

    def is_changed(self, v: Value) -> bool:
        """Whether what is in a list or dict may be something else later."""
        changes = (t for t in statements(self.whole) if isinstance(t, Apply) and (is_change(t) or is_writing_call(t)))
        return any(self.classes.of(w) is self.classes.of(v) for t in changes for w in values_of(*written_by(t)))

    def cell(self, s: Apply) -> None:
        """A number that is taken out of a list, dict or tuple, as its adjoint is."""
        r = s.result
        own = self.cells[r] = Value(shadow_type(r.type), _name(r), _hint(r))
        first = s.args[0]
        assert isinstance(first, Value)
        steps: list[Apply] = []
        puts = facts_of(_operation(s)).puts
        rest = [self.contained(a, s, steps) if k == puts else a for k, a in enumerate(s.args[1:], 1)]
        taken = View(_operation(s))  # of what may be another one later
        steps.append(replace(s, op=taken, args=(self.held[first], *rest), result=own))
        if isinstance(first.type, Unknown):
            self.pick(s, self.held[first], steps, first in self.taken)
        self.put(s, steps, now=True)

    def pick(self, s: Apply, whole: Value, steps: list[Apply], now: bool = True) -> None:
        """The last step picks something of the shadow `whole`, which may be an entry; `now`: of what that is there."""
        if not now or is_basic_index(s.args[1]) is not True:
            raise self.refuse(s)
        own = steps[-1].result
        part = replace(steps[-1], result=Value(UNKNOWN))
        steps[-1:] = [part, Apply(View(runtime.place_in), (part.result,), (), own, s.place, s.origin)]
        self.picks[s.result] = runtime.add_picked, (whole, s.args[1], own)

    def change(self, s: Apply) -> None:
        """A list or dict is changed: its shadow is changed alike."""
        target = s.args[0]
        puts = facts_of(s.op.op).puts
        steps: list[Apply] = []
        args = [self.contained(a, s, steps) if k == puts else a for k, a in enumerate(s.args[1:], 1)]
        own = Apply(s.op, (self.shadow(target), *args), s.kwargs, Value(Const(None)), s.place, s.origin)
        self.put(s, [*steps, own], now=True)

    def copied(self, v: Value) -> None:
        """Have a view whose adjoint is no view be a copy, which has a shadow, if nothing is written into it."""
        s = self.turned.get(v)
        if s is None or self.classes.is_stored(v):
            return
        view, held = Value(v.type, v.name, v.hint), Value(v.type, v.name, v.hint)
        self.loaded.add(held)
        self.classes.join((v, view))
        self.turned[view] = replace(self.turned.pop(v), result=view)
        load = Apply(LOAD, (view,), (), held, s.place, s.origin)
        self.instead[s] = [self.turned[view], load, Apply(ALLOCATE, (held,), (), v, s.place, s.origin)]
        self.put(s, self.zeros(v, s))

    def contained(self, o: Operand, s: Apply, steps: list[Apply]) -> Operand:
        """The shadow of what is put into a list or dict: of a number one that holds its adjoint."""
        if isinstance(o, (Tuple, List, Dict)):
            return with_items(o, [self.contained(i, s, steps) for i in o.items])
        if isinstance(o, Value):
            self.copied(o)
        if isinstance(o, Value) and o in self.of:
            return self.of[o]
        t = type_of(o)
        if _is_some_number(o):
            dtype = _dtype(t)
            called = (isinstance(o, Value) and o.ended("_bar")) or "part_bar"
            cell = self.step(steps, s, np.zeros, (Const(()), Const(dtype)), Array(dtype, (), boxed=True))
            cell = self.step(steps, s, ALLOCATE, (cell,), cell.type, called)
            if isinstance(o, Value) and o in self.active:
                self.put_in.setdefault(s, []).append((o, cell))
            return cell
        if not isinstance(o, Value) or not differentiable(t):
            return Const(None)
        if o in self.active:
            raise self.refuse(s)
        place = shadow_type(t)
        return self.step(steps, s, ALLOCATE, (self.step(steps, s, _zeros_for(t), (o,), place),), place)

    def step(
        self, steps: list[Apply], s: Apply, op: Any, args: tuple[Operand, ...], t: Abstract, called: str = "part_bar"
    ) -> Value:
        made = Value(t, "", called)
        steps.append(Apply(op, args, (), made, s.place, s.origin))
        return made

    def zeros(self, v: Value, s: Apply | None) -> list[Apply]:
        """The statements that make the shadow of an array, where that is made or comes in."""
        place, origin = (None, None) if s is None else (s.place, s.origin)
        t = shadow_type(v.type)
        zeros = Value(t, "", "zeros")
        steps = [Apply(_zeros_for(v.type), (v,), (), zeros, place, origin)]
        if self.classes.of(v) in self.strided:
            zeros = Value(t, "", "zeros")
            steps.append(Apply(laid_out, (steps[-1].result, v), (), zeros, place, origin))
        return [*steps, Apply(ALLOCATE, (zeros,), (), self.new(v), place, origin)]

    def new(self, v: Value, t: Abstract | None = None) -> Value:
        t = UNKNOWN if v in self.tapes else t
        made = self.of[v] = Value(shadow_type(v.type) if t is None else t, _name(v), _hint(v))
        return made

    def put(self, s: Apply, steps: list[Apply], now: bool = False) -> None:
        self.made[s] = steps
        if now:
            self.now.update(t.result for t in steps)

    def shadow(self, o: Operand) -> Operand:
        """The shadow of an operand that something is led to from, or that is one of several."""
        if o is UNDEFINED or (isinstance(o, Const) and not _is_some_number(o)):
            return o
        if isinstance(o, (Tuple, List, Dict)):
            return with_items(o, map(self.shadow, o.items))
        if isinstance(o, Value):
            self.copied(o)
        if not isinstance(o, Value) or o not in self.of:
            raise self.refuse(next(iter(values_of(o)), None))
        return self.of[o]

    # -- where they are made -----------------------------------------------------------------------------------------

    def early(self) -> set[Value]:
        """The shadows that are handed on by φ's, and those that these are made of."""
        work = [v for b in blocks_in(self.whole) for s in b.body for phi in s.phis for v in self.handed_on(phi)]
        work += self.now
        by = {t.result: t for steps in (*self.made.values(), self.first) for t in steps}
        found: set[Value] = set()
        while work:
            v = work.pop()
            if v in found:
                continue
            found.add(v)
            if v in by:
                work += by[v].values
        return found

    def handed_on(self, phi: object) -> Iterable[Value]:
        if phi.result not in self.of:  # type: ignore[attr-defined]
            return ()
        return values_of(*map(self.shadow, (*phi.begins, *phi.ends)))  # type: ignore[attr-defined]

    def block(self, block: Block, early: set[Value], late: dict[int, list[Statement]]) -> Block:
        body: list[Statement] = []
        for s in block.body:
            if isinstance(s, Apply):
                body += self.instead.get(s, (s,))
                steps = self.made.get(s, [])
                there = body if steps and steps[-1].result in early else late.setdefault(block.label, [])
                there += steps
            else:
                body.append(self.region(s, early, late))
        if not late.get(block.label):
            late.pop(block.label, None)
        return block.with_(body)

    def region(self, s: Statement, early: set[Value], late: dict[int, list[Statement]]) -> Statement:
        """A statement with blocks, in which φ's of shadows stand beside those of what they are of."""
        more = [self.beside(phi) for phi in s.phis if phi.result in self.of]
        return handing_on(map_blocks(lambda b: self.block(b, early, late), s), more)

    def beside(self, phi: Phi) -> Phi:
        """The φ of the shadows of what a φ is of."""
        begins, ends = (tuple(map(self.shadow, operands)) for operands in (phi.begins, phi.ends))
        return Phi(self.of[phi.result], tuple(self.of[p] for p in phi.params), begins, ends)

    # -- what is read where it lies ----------------------------------------------------------------------------------

    def read(self, block: Block, before: dict[Value, Value]) -> set[Value]:
        """Find the parts of arrays that are taken of what was loaded before anything was written there; the classes that a
        block writes into. `before`: what was loaded where the block begins, with the arrays.
        """
        loaded = dict(before)
        written: set[Value] = set()
        for s in block.body:
            self.time += 1
            self.begins.update((b.label, self.time) for b in s.blocks)
            now = {self.classes.of(v) for v in values_of(*written_by(s))} if isinstance(s, Apply) else set()
            for c in now:
                self.writes.setdefault(c, []).append(self.time)
            now = now.union(*(self.read(b, loaded if isinstance(s, If) else {}) for b in s.blocks))
            written |= now
            loaded = {v: a for v, a in loaded.items() if self.classes.of(a) not in now} if now else loaded
            if not isinstance(s, Apply) or not s.args:
                continue
            a = s.args[0]
            if s.op is LOAD and isinstance(a, Value) and a in self.of and isinstance(a.type, Array):
                loaded[s.result] = a
            elif s.op is operator.getitem and isinstance(a, Value) and a in loaded:
                writes = self.writes.setdefault(self.classes.of(loaded[a]), [])
                self.reads[s.result] = Read(loaded[a], s.args[1], self.time, writes)
        return written


def _takes(s: Statement) -> bool:
    """Whether a statement takes something out of a list, dict or tuple by a key, or all of it, and does nothing else."""
    if not isinstance(s, Apply):
        return False
    return facts_of(_operation(s)).takes


def _may_unpack_numbers(s: Apply) -> bool:
    """Whether what an array is unpacked into may be its entries, which are no views."""
    items = s.result.type.items if isinstance(s.result.type, Tuple) else ()
    return isinstance(type_of(s.args[0]), (Array, Unknown)) and not all(getattr(t, "shape", None) for t in items)


def _operation(s: Apply) -> Any:
    return s.op.op if isinstance(s.op, View) else s.op


def _dtype(t: Abstract) -> np.dtype[Any]:
    """The dtype of an adjoint of a number."""
    if isinstance(t, Array) and t.dtype is not None and t.dtype.kind in "fc":
        return t.dtype
    kind = t.kind if isinstance(t, Scalar) else type(t.value) if isinstance(t, Const) else float
    return np.dtype(complex if kind is complex else float)


def shadow_of(p: Value, name: str) -> Value:
    """What a function that is called with shadows has for an argument."""
    return Value(shadow_type(p.type), name)


def _zeros_for(t: Abstract) -> Callable[..., Any]:
    """What makes the zeros that something of a type has a shadow of."""
    return np.zeros_like if isinstance(t, Array) and t.shape is not None and t.dtype is not None else runtime.place_for


def shadow_type(t: Abstract) -> Abstract:
    """The type of the shadow of something of a type: a number has an array of rank 0."""
    if isinstance(t, (Tuple, List, Dict)):
        return with_items(t, map(shadow_type, t.items))
    if isinstance(t, (ListOf, DictOf)):
        known = not isinstance(t.item, Unknown)  # otherwise each item is asked for itself, when it is put in or taken out
        return replace(t, item=shadow_type(t.item)) if known else t
    if isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == ()):
        return Array(_dtype(t), (), boxed=True)
    return replace(t, boxed=True, also=()) if isinstance(t, Array) and t.shape is None else t


def _is_some_number(o: Operand) -> bool:
    """Whether an operand is a number, and no other constant."""
    return is_number(o) and (not isinstance(o, Const) or isinstance(o.value, (int, float, complex, np.number)))


def _turns(s: Apply) -> bool:
    """Whether a view's adjoint is no view of its array's: one in which entries come again, or of imaginary parts."""
    return primitive_of(_operation(s)) is np.imag or placed(replace(s, op=_operation(s))) == "spread"


def _is_of_arrays(t: Abstract) -> bool:
    """Whether something is a number or an array for certain, or a tuple, list or dict of some, or a constant."""
    if isinstance(t, (Tuple, List, Dict)):
        return all(map(_is_of_arrays, t.items))
    if isinstance(t, (ListOf, DictOf)):
        return _is_of_arrays(t.item)
    return isinstance(t, (Const, Scalar)) or (isinstance(t, Array) and t.shape is not None and t.dtype is not None)


def _has_memory(o: Operand) -> bool:
    return any(map(has_memory, values_of(o)))


def _name(v: Value) -> str:
    return f"{v.name}_bar" if v.name else ""


def _hint(v: Value) -> str:
    return v.ended("_bar") if v.hint else ""
