"""Dead branches: the adjoint of what a selection leaves out stays 0, whatever it is multiplied by.

Takes a `Reversal`, or a function with tangents; gives one in which products of what is 0 by a selection, and of what may be
infinite or nan there, are selected in their turn: `np.where(x > 0, y_bar / x, 0.0)` in place of
`np.where(x > 0, y_bar, 0.0) / x`. Of a chain of products the last one is selected, and of a sum of these the sum, where that
gives the same. Where nothing can be infinite or nan, nothing changes.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from sct.analysis.cuts import Along, Band, Chosen, Cut, Cuts, Either, Finder, Placed, cuts_in
from sct.infer.call import infer_call
from sct.ir.paths import entries_of, path_of
from sct.ir.rewriting import changed, map_blocks
from sct.ir.ssa import Apply, Block, Function, Operand, Statement, Value, blocks_in, defined, is_tangent, type_of, values_of
from sct.ir.types import Abstract, Array, Const, Tuple, same_dtype, same_shape
from sct.registry.methods import primitive_of
from sct.runtime import scatter_add, updated
from sct.specialize.specializer import Specializer
from sct.transform.reverse import Reversal

__all__ = ["selected", "selected_tangents"]

_ZERO = Const(0.0)
_FLAGS = np.dtype(bool)


def selected(reversal: Reversal) -> Reversal:
    """`reversal` with its products selected where a factor is 0 by a selection."""
    f = reversal.function
    changing = reversal.handles | reversal.shadows
    found = cuts_in(f.block, reversal.forward, reversal.adjoints, reversal.mirror, changing)
    if found is None:
        return reversal
    undone = {s.result: cuts for s in _in_order(f.block) if s.result not in found.forward and (cuts := found.undone(s))}
    plan = _Plan(found, f.block, undone)
    return replace(reversal, function=_Selecting(found, plan).function(f)) if plan.owed else reversal


def selected_tangents(f: Function) -> Function:
    """`f`, which has tangents beside its statements, with products of flags and tangents that may be infinite selected."""
    own = [s for s in _in_order(f.block) if is_tangent(s)]
    found = Finder(f.block, defined(f.block).difference(s.result for s in own), (), {}, ())
    plan = _Plan(found, f.block, {})
    for s in own:
        if (weight := found.outweighed(s)) is not None:
            plan.put(s.result, (weight,), s.result.type)
    return _Selecting(found, plan).function(f) if plan.owed else f


class _Plan:
    """Which values are selected after what is made of them, or after they are made.

    `owed`: the cuts that such a value has not had when it is made, the first one first; `raw`: the type that it has then.
    `late`: the operands that it is made of before they are cut. `uses`: how often a value is read, and `early` how often before
    it has had its cuts. `wanted`: the values of which a product
    in `undone` is made, so that they are better cut later.
    """

    def __init__(self, found: Finder, block: Block, undone: dict[Value, Cuts]) -> None:
        self.found = found
        self.undone = undone
        self.owed: dict[Value, Cuts] = {}
        self.raw: dict[Value, Abstract] = {}
        self.late: dict[Value, Sequence[Value]] = {}
        self.uses: Counter[Value] = Counter()
        self.early: Counter[Value] = Counter()
        self.wanted: set[Value] = set()
        if not undone:
            return
        for b in blocks_in(block):
            self.uses.update(values_of(*b.yields))
            for s in b.body:
                self.uses.update(s.values)
        back = [s for s in _in_order(block) if s.result not in found.forward]
        for s in reversed(back):
            if s.result in undone or s.result in self.wanted:
                self.wanted.update(v for v in values_of(*self.cut_alike(s)) if found.of(v))
        for s in back:
            self.plan(s)

    def cut_alike(self, s: Apply) -> Sequence[Operand]:
        """The operands that have the cuts of the result: what is selected or moved, a factor, or the summands."""
        if (selects := self.found.selects(s)) is not None:
            return (s.args[selects[0]],)
        how = self.found.linear(s)
        if how == "together":
            cuts = self.found.of(s.result)
            return [o for o in s.args if self.found.of(o) == cuts]
        if how is None:
            return s.args[:1] if self.found.moves(s) else ()
        return [o for o in s.args if self.found.of(o)][:1]

    def plan(self, s: Apply) -> None:
        """Whether the result of a statement is cut later."""
        v, alike = s.result, self.cut_alike(s)
        late = [o for o in alike if isinstance(o, Value) and o in self.owed]
        owed: Sequence[Cut | None] = self.owed[late[0]] if late else ()
        raw = self.type_from(s, late)
        later = v in self.wanted
        if (selects := self.found.selects(s)) is not None:
            k, cut = selects
            owed, raw = (*owed, cut), self.raw[late[0]] if late else type_of(s.args[k])
        elif self.found.linear(s) == "together":
            together = bool(late) and len(late) == len(s.args) and all(self.owed[o] == owed for o in late)
            later = together and (later or all(self.uses[o] == 1 for o in late))
        elif self.found.moves(s):
            owed = [self.found.after(s, c) for c in owed if c is not None]
            later = later and all(_is_like(self.raw[o], o.type) for o in late)
        else:
            own = self.undone.get(v, ())
            if own and not (late and self.put(v, tuple(dict.fromkeys((*self.owed[late[0]], *own))), raw)):
                late = []
                self.put(v, own, v.type)
            elif not own and late and later:
                self.put(v, self.owed[late[0]], raw)
            later = v in self.owed
            owed = self.owed.get(v, ())
        cuts = tuple([c for c in owed if c is not None])
        if later and len(cuts) == len(owed) and (v in self.owed or self.put(v, cuts, raw)):
            self.early.update(late)
            self.late[v] = late

    def type_from(self, s: Apply, late: Sequence[Value]) -> Abstract:
        """The type of an operation on operands that are cut later."""
        if not late:
            return s.result.type
        types = [self.raw[o] if isinstance(o, Value) and o in late else type_of(o) for o in s.args]
        return infer_call(s.op, types, {k: type_of(o) for k, o in s.kwargs})

    def put(self, v: Value, owed: Cuts, raw: Abstract) -> bool:
        """Have a value cut later, if it is then what it is now."""
        t = v.type
        if not owed or not isinstance(t, Array) or t.shape is None or t.dtype is None:
            return False
        if not isinstance(raw, Array) and not t.shape:
            return False  # arithmetic of Python's numbers raises where NumPy's gives inf
        if isinstance(raw, Array) and (raw.also or raw.shape is None):
            return False
        if any(isinstance(c, Band) for c in owed) and not _is_like(raw, t):
            return False
        made = infer_call(np.where, [Array(_FLAGS, t.shape), raw, _ZERO], {})
        if not (isinstance(made, Array) and same_dtype(made.dtype, t.dtype)):
            return False
        self.owed[v], self.raw[v] = owed, raw
        return True


def _is_like(raw: Abstract, t: Abstract) -> bool:
    """Whether what is not yet cut has the shape that it has then."""
    return isinstance(raw, Array) and isinstance(t, Array) and same_shape(raw.shape, t.shape)


def _in_order(block: Block) -> list[Apply]:
    """The operations of a block, and of the blocks in it, in the order of the text."""
    found: list[Apply] = []
    for s in block.body:
        if isinstance(s, Apply):
            found.append(s)
        for b in s.blocks:
            found += _in_order(b)
    return found


class _Selecting:
    """A function with selections where the plan has them; `raw` has what is not yet cut, `marked` the flags of places."""

    def __init__(self, found: Finder, plan: _Plan) -> None:
        self.found = found
        self.plan = plan
        self.b = Specializer(origin_fixed=True)
        self.raw: dict[Value, Operand] = {}
        self.marked: dict[Placed, Value] = {}

    def function(self, f: Function) -> Function:
        return changed(f, block=self.block(f.block))

    def block(self, block: Block) -> Block:
        body: list[Statement] = []
        outer, self.marked = self.marked, dict(self.marked)
        with self.b.into(body):
            for s in block.body:
                if isinstance(s, Apply) and s.result in self.plan.owed:
                    self.later(s)
                else:
                    body.append(map_blocks(self.block, s))
        self.marked = outer
        return block.with_(body)

    def later(self, s: Apply) -> None:
        """A statement whose result is cut behind it, or behind those that read it."""
        self.b.place, self.b.origin = s.place, s.origin
        v, selects = s.result, self.found.selects(s)
        if selects is not None:
            a = s.args[selects[0]]
            self.raw[v] = self.raw[a] if a in self.plan.late.get(v, ()) else a  # type: ignore[index]
        else:
            late = self.plan.late.get(v, ())
            args = [self.raw[o] if isinstance(o, Value) and o in late else o for o in s.args]
            self.raw[v] = self.b.append(s.op, args, dict(s.kwargs), self.plan.raw[v])
        if self.plan.uses[v] > self.plan.early[v] or v not in self.plan.uses:
            made = self.raw[v]
            *others, last = self.plan.owed[v]
            for cut in others:
                made = self.cut(made, cut)
            self.cut(made, last, v)

    def cut(self, raw: Operand, cut: Cut, v: Value | None = None) -> Operand:
        """What a cut leaves of an operand; as the value `v`, if that is given."""
        args: tuple[Operand, ...]
        if isinstance(cut, Band):
            op, args = cut.op, (raw, *cut.args)
        else:
            mask, holds = self.mask(cut)
            op, args = np.where, (mask, raw, _ZERO) if holds else (mask, _ZERO, raw)
        t = infer_call(op, [type_of(o) for o in args], {})
        if v is None:
            return self.b.append(op, args, {}, t)
        if isinstance(v.type, Array) and v.type.shape == () and v.type.boxed is False:
            op, args = operator.getitem, (self.b.append(op, args, {}, t), Tuple(()))  # a number
        self.b.body.append(Apply(op, args, (), v, self.b.place, self.b.origin))
        return v

    # -- conditions --------------------------------------------------------------------------------------------------

    def mask(self, cut: Cut) -> tuple[Operand, bool]:
        """A condition, and whether it holds where the cut leaves what there is."""
        if isinstance(cut, Chosen):
            return cut.mask, cut.holds
        if isinstance(cut, Along):
            return self.along(cut)
        if isinstance(cut, Placed):
            return self.places(cut), True
        if isinstance(cut, Either):
            some = [reduce(self.both, map(self.flags, cuts)) for cuts in cut.summands]
            return reduce(lambda a, b: self.b.apply(operator.or_, (a, b)), some), True
        assert not isinstance(cut, Band)
        if cut.count is None and same_dtype(getattr(cut.factor.type, "dtype", None), _FLAGS):
            return cut.factor, True
        share = cut.factor if cut.count is None else self.b.apply(operator.truediv, (cut.factor, cut.count))
        return self.b.apply(operator.ne, (share, _ZERO)), True

    def both(self, a: Operand, b: Operand) -> Operand:
        return self.b.apply(operator.and_, (a, b))

    def flags(self, cut: Cut) -> Operand:
        """Flags that hold where a cut leaves what there is."""
        mask, holds = self.mask(cut)
        return mask if holds else self.b.apply(np.logical_not, (mask,))

    def places(self, cut: Placed) -> Operand:
        """Flags for the places that are added to, made once in a block."""
        if cut not in self.marked:
            zeros = self.found.made[cut.step.args[0]]  # type: ignore[index]
            like = zeros.args[0]
            shape = self.b.apply(np.shape, (like,)) if zeros.op is np.zeros_like else like
            none, placed = (Value(Array(_FLAGS, cut.shape), "", "placed") for _ in range(2))
            self.b.body += [
                Apply(np.zeros, (shape, Const(bool)), (), none, self.b.place, self.b.origin),
                Apply(updated, (none, cut.step.args[1], Const(True)), (), placed, self.b.place, self.b.origin),
            ]
            self.marked[cut] = placed
        return self.marked[cut]

    def along(self, cut: Along) -> tuple[Operand, bool]:
        """The condition for what a statement makes of another cut."""
        mask, holds = self.mask(cut.of)
        s, kwargs = cut.step, dict(cut.step.kwargs)
        if s.op is scatter_add:
            axes = [Const(k) for k, e in enumerate(entries_of(path_of(s)[0])) if e == Const(None)]
            return self.b.apply(np.squeeze, (mask, Tuple(tuple(axes)))), holds
        if primitive_of(s.op) is np.sum:
            along, keeps = cut.axes
            named: dict[str, Operand] = {"axis": Tuple(tuple(map(Const, along))), "keepdims": Const(keeps)}
            return self.b.apply(np.any if holds else np.all, (mask,), named), holds
        return self.b.apply(s.op, (mask, *s.args[1:]), kwargs), holds
