"""Checks of sizes that must fit, where no statement that is left would raise.

Takes a finished derivative and the sizes that the primal takes to be equal; gives it with a test and a `raise` for those that
nothing else sees to. The gradient of `a @ b` by `a` is `b`, which has the shape of `a` only if the product can be taken.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sct.analysis.effects import statements
from sct.analysis.fitting import Equalities, Fit, enforced
from sct.ir.ops import RAISE, Attribute, Field, Free
from sct.ir.records import record
from sct.ir.rewriting import map_blocks
from sct.ir.ssa import Apply, Block, Function, If, Operand, Statement, Value, is_derived
from sct.ir.types import (
    UNKNOWN,
    WORKED_OUT,
    Abstract,
    Array,
    Const,
    Dict,
    List,
    Scalar,
    Size,
    SizeLike,
    Tuple,
    is_unit,
    keys_of,
    size_add,
    size_mul,
)

__all__ = ["with_checks"]


def with_checks(
    f: Function, fits: Iterable[Fit], mirror: Mapping[int, int], free: Iterable[tuple[Free | Field, Abstract]]
) -> Function:
    """`f`, which raises where the sizes do not fit.

    Parameters
    ----------
    f : Function
        A finished derivative.
    fits : iterable of Fit
        The sizes that the primal takes to be equal.
    mirror : mapping
        The label of the forward block of each reverse block.
    free : iterable of (Free or Field, Abstract)
        The data outside of the function that it reads.
    """
    missing = _missing(f, fits, mirror)
    if not missing:
        return f
    return replace(f, block=_Checks(f, missing, {op: t for op, t in free if isinstance(op, Free)}).block(f.block))


def _missing(f: Function, fits: Iterable[Fit], mirror: Mapping[int, int]) -> dict[int, list[Fit]]:
    """What is to be checked, by the label of the block where it is."""
    kept = {s.result: s for s in statements(f.block)}
    by_block: dict[int, list[Fit]] = {}
    seen_to: dict[int, Equalities] = {}
    added: set[tuple[int, SizeLike, SizeLike, bool]] = set()
    for fit in fits:
        s = kept.get(fit.statement.result)
        if s is None or not fit.made_by(s):
            by_block.setdefault(fit.block, []).append(fit)
        elif (one := (fit.block, fit.a, fit.b, fit.exactly)) not in added:
            added.add(one)
            seen_to.setdefault(fit.block, Equalities()).add(fit.a, fit.b, fit.exactly)
    for label, sure in seen_to.items():  # most follow from what is left of the primal, which is quickly seen
        if all(sure.hold(fit.a, fit.b, fit.exactly) for fit in by_block.get(label, ())):
            by_block.pop(label, None)
    if not by_block:
        return {}
    found = enforced(f.block)
    missing: dict[int, list[Fit]] = {}
    for label, group in by_block.items():
        reverses = [r for r, forward in mirror.items() if forward == label and r in found]
        if label != f.block.label and not reverses:
            continue  # no derivative passes through it
        sure = Equalities()
        run = [x for b in (label, *reverses) if b in found for x in (*found[b][1], b)]
        for x in dict.fromkeys(run):
            for pair in found[x][0]:
                sure.add(*pair)
        for fit in group:
            if not sure.hold(fit.a, fit.b, fit.exactly):
                sure.add(fit.a, fit.b, fit.exactly)
                missing.setdefault(label if label == f.block.label else reverses[0], []).append(fit)
    return missing


@record(frozen=True)
class _Source:
    """Something that is there when a block begins: a parameter or data from outside, an item of it, or a value made since."""

    root: Value | Free
    path: tuple[Any, ...]
    type: Abstract


@dataclass
class _Checks:
    function: Function
    missing: dict[int, list[Fit]]
    free: dict[Free, Abstract]
    symbols: dict[Any, tuple[_Source, int | None]] = field(default_factory=dict)
    body: list[Statement] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        for p in self.function.block.params:
            self.note(_Source(p, (), p.type))
        for f, t in self.free.items():
            self.note(_Source(f, (), t))

    def note(self, source: _Source) -> None:
        """Where the symbols in a type come from."""
        t = source.type
        if isinstance(t, (Tuple, List, Dict)):
            for key, item in zip(keys_of(t), t.items, strict=True):
                self.note(replace(source, path=(*source.path, key), type=item))
        sizes = enumerate(t.shape or ()) if isinstance(t, Array) else ((None, t.size),) if isinstance(t, Scalar) else ()
        for axis, n in sizes:
            if isinstance(n, Size) and n.const == 0 and len(n.terms) == 1 and n.terms[0][1] == 1:
                self.symbols.setdefault(n.terms[0][0], (source, axis))

    def block(self, block: Block) -> Block:
        body = [map_blocks(self.block, s) for s in block.body]
        group = self.missing.get(block.label)
        if group is None:
            return block.with_(body)
        at_entry = [fit for fit in group if self.known(fit)]
        made: dict[int, list[Statement]] = {0: self.checks(at_entry)}
        if len(at_entry) < len(group):
            entry, self.symbols = self.symbols, dict(self.symbols)
            rest = [fit for fit in group if fit not in at_entry]
            for k, s in enumerate(body, 1):
                if rest and isinstance(s, Apply) and not is_derived(s):
                    self.note(_Source(s.result, (), s.result.type))
                    made[k] = self.checks([fit for fit in rest if self.known(fit)])
                    rest = [fit for fit in rest if not self.known(fit)]
            self.symbols = entry
        return block.with_([t for k in range(len(body) + 1) for t in (*body[k - 1 : k], *made.get(k, ()))])

    def checks(self, group: list[Fit]) -> list[Statement]:
        """The tests of sizes that can be told, statement by statement."""
        self.body = []
        for origin in dict.fromkeys(fit.origin for fit in group):
            of_statement = [fit for fit in group if fit.origin == origin]
            self.text = origin.text if origin is not None else self.function.name
            for a, b in self.whole(of_statement):
                shapes = [self.emit(Attribute("shape"), (self.access(x),)) for x in (a, b)]
                self.body.append(self.refused(self.differ(*shapes)))
            for fit in of_statement:
                self.one(fit)
        return self.body

    def whole(self, group: list[Fit]) -> list[tuple[_Source, _Source]]:
        """The pairs of arrays whose shapes must be equal; what that covers is taken out of the group."""
        out: list[tuple[_Source, _Source]] = []
        for fit in list(group):
            ends = [self.symbols.get(s.terms[0][0]) if isinstance(s, Size) and s.const == 0 else None for s in (fit.a, fit.b)]
            if fit not in group or ends[0] is None or ends[1] is None:
                continue
            a, b = ends[0][0], ends[1][0]
            if not isinstance(a.type, Array) or not isinstance(b.type, Array) or a.type.rank != b.type.rank:
                continue
            pairs = [(p, q) for p, q in zip(a.type.shape or (), b.type.shape or (), strict=True) if p != q]
            covered = [g for g in group if g.exactly and ((g.a, g.b) in pairs or (g.b, g.a) in pairs)]
            if len(covered) == len(pairs):
                out.append((a, b))
                group[:] = [g for g in group if g not in covered]
        return out

    def one(self, fit: Fit) -> None:
        """The test of two sizes; of those that may be 1, each is."""
        a, b = self.size(fit.a), self.size(fit.b)
        units = [] if fit.exactly else [s for s, form in ((a, fit.a), (b, fit.b)) if is_unit(form) is None]
        outer, raised = self.body, self.error()
        for s in units:
            self.body = []
            refused = self.refused(self.differ(s, Const(1)), raised)
            raised = (*self.body, refused)
        self.body = outer
        self.body.append(self.refused(self.differ(a, b), raised))

    def refused(self, test: Operand, raised: tuple[Statement, ...] | None = None) -> If:
        """A branch that raises."""
        return If(test, Block((), self.error() if raised is None else raised, ()), Block((), (), ()), ())

    def error(self) -> tuple[Statement, ...]:
        error, nothing = Value(UNKNOWN), Value(Const(None))
        message = Const(f"operands have sizes that do not fit: {self.text}")
        return Apply(ValueError, (message,), (), error), Apply(RAISE, (error,), (), nothing)

    # -- operands ----------------------------------------------------------------------------------------------------

    def emit(self, op: Any, args: tuple[Operand, ...], t: Abstract = UNKNOWN) -> Value:
        made = Value(t)
        self.body.append(Apply(op, args, (), made))
        return made

    def differ(self, a: Operand, b: Operand) -> Value:
        return self.emit(operator.ne, (a, b), Scalar(bool))

    def access(self, source: _Source) -> Value:
        """The value that a source has."""
        root = source.root
        out = root if isinstance(root, Value) else self.emit(root, (), self.free[root])
        for key in source.path:
            t = out.type
            assert isinstance(t, (Tuple, List, Dict))
            out = self.emit(operator.getitem, (out, Const(key)), t.items[list(keys_of(t)).index(key)])
        return out

    def known(self, fit: Fit) -> bool:
        """Whether the sizes can be told from what is there."""
        return self.told(fit.a) and self.told(fit.b)

    def told(self, s: Any) -> bool:
        return isinstance(s, int) or (isinstance(s, Size) and all(a in self.symbols or self.made(a) for a, _ in s.terms))

    def made(self, atom: Any) -> bool:
        """Whether an atom is worked out of sizes that can be told."""
        return isinstance(atom, tuple) and atom[0] in WORKED_OUT and all(map(self.told, atom[1:]))

    def size(self, s: SizeLike) -> Operand:
        """A size as an operand."""
        if isinstance(s, int):
            return Const(s)
        out: Operand | None = None
        for atom, c in s.terms:
            form: SizeLike = Size(((atom, 1),))
            value = self.atom(atom, form)
            if c != 1:
                form = size_mul(form, c)
                value = self.emit(operator.mul, (Const(c), value), Scalar(int, form))
            out = value if out is None else self.emit(operator.add, (out, value), Scalar(int))
        assert out is not None
        if s.const:
            op = operator.add if s.const > 0 else operator.sub
            out = self.emit(op, (out, Const(abs(s.const))), Scalar(int, s))
        return out

    def atom(self, atom: Any, form: SizeLike) -> Value:
        """What a size is made of: a length that is read, or one that is worked out of others."""
        t = Scalar(int, form)
        if atom not in self.symbols:
            kind, a, *others = atom
            if kind == "ceil_div":
                kind, a = "floordiv", size_add(a, others[0] - 1)
            return self.emit(_OPERATIONS[kind], (self.size(a), *map(self.size, others or [0])), t)
        source, axis = self.symbols[atom]
        value = self.access(source)
        if axis is None:
            return value
        assert isinstance(source.type, Array)
        shape = self.emit(Attribute("shape"), (value,), Tuple(tuple(_number(n) for n in source.type.shape or ())))
        return self.emit(operator.getitem, (shape, Const(axis)), t)


_OPERATIONS: dict[str, Any] = {
    "floordiv": operator.floordiv,
    "max0": max,
    "min": min,
    "mod": operator.mod,
    "mul": operator.mul,
    "quotient": operator.floordiv,
}


def _number(n: SizeLike) -> Abstract:
    """The type of a size."""
    return Const(n) if isinstance(n, int) else Scalar(int, n)
