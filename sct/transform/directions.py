"""All directions at once: a Jacobian, from the code for one direction.

Takes a function that gives its value and a closure, of tangents to tangents or of adjoints to adjoints; gives the function that
has a Jacobian in place of both: for each number of the result, along the first axes, the derivatives by each number of what it
is differentiated by. The closure's code runs for the whole standard basis, of the tangents for columns, of the adjoints for
rows: at once where it can (`sct.transform.batch`), or else for one direction after another. Where the mode is seeded, the
directions are the rows of a matrix that is a further parameter, and what the closure gives for them is the result: the Jacobian
times any vectors, such as those of a compressed Jacobian (chapter 8 there).

The Jacobian of f: ℝⁿ → ℝᵐ by columns is n directions of forward mode, by rows m of reverse mode (Griewank & Walther 2008,
chapter 3). A column is the derivative of all results by one number, so that the axis of directions goes behind those of the
result; a row is that of one result by all numbers, and the axis becomes those of the result.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sct import runtime
from sct.errors import NonDifferentiableArgumentError, NonScalarOutputError, SctError
from sct.ir.ops import Attribute, Method
from sct.ir.paths import ALL
from sct.ir.records import record
from sct.ir.rewriting import changed, copied, substitute
from sct.ir.shapes import fresh_size, size_product
from sct.ir.ssa import Block, Closure, For, Function, Operand, Statement, Value, defined, type_of
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    List,
    Scalar,
    Size,
    SizeLike,
    Slice,
    Tuple,
    Unknown,
    is_nonnegative,
    size_add,
    with_items,
)
from sct.ir.words import in_words
from sct.specialize.building import Builder
from sct.specialize.specializer import Specializer
from sct.transform.batch import LoopedError, batched, in_columns, with_axis
from sct.transform.boundary import SEEDS, Mode, fresh_name, parameters_of, place_of, positional_last
from sct.transform.raised import raised_if
from sct.transform.shapes import axis_of

__all__ = ["check_directions", "in_all_directions", "result_of", "ways"]

_T = Attribute("T")
_SHORT = {np.dtype(np.float16), np.dtype(np.float32)}  # beside which a number of Python's does not count


def leaves_of(o: Any) -> list[Any]:
    """The leaves of an operand or a type, in order."""
    return [v for i in o.items for v in leaves_of(i)] if isinstance(o, (Tuple, List, Dict)) else [o]


def ways(primal: Function, wrt: Sequence[str], mode: Mode) -> tuple[Mode, Mode]:
    """How a Jacobian is had of a typed function: by what there is less of, columns or rows; and the other way."""
    by = [p.type for p in parameters_of(primal, wrt)]
    both = replace(mode, seed="columns"), replace(mode, seed="rows")
    return both if _are_columns_fewer(result_of(primal, mode), by) else both[::-1]


def check_directions(primal: Function, wrt: Sequence[str], mode: Mode) -> None:
    """Refuse what has no Jacobian.

    Raises
    ------
    NonScalarOutputError, NonDifferentiableArgumentError
        If the result, or what it is differentiated by, is or holds something else than real numbers, and arrays of some of a
        known number of axes.
    """
    for name, p in zip(wrt, parameters_of(primal, wrt), strict=True):
        _check(p.type, f"the Jacobian of {primal.name} by {name}, which is or holds", NonDifferentiableArgumentError, primal)
    _check(result_of(primal, mode), f"the Jacobian of {primal.name}, which returns", NonScalarOutputError, primal)


def result_of(primal: Function, mode: Mode) -> Abstract:
    """The type of what is differentiated of a function's result."""
    t = type_of(primal.block.yields[0])
    return t.items[0] if mode.has_aux and isinstance(t, Tuple) and t.items else t


def _check(t: Abstract, what: str, error: type[SctError], primal: Function) -> None:
    """Refuse what has leaves that no rows or columns can be of."""
    leaves = leaves_of(t)
    if not leaves:
        raise error(f"{what} {in_words(t)}", place_of(primal), "There is nothing in it to differentiate by, or of.")
    for leaf in leaves:
        number = isinstance(leaf, Scalar) and leaf.kind is float
        if isinstance(leaf, Const):
            number = type(leaf.value) is float
        if isinstance(leaf, Array):
            number = leaf.shape is not None and leaf.dtype is not None and leaf.dtype.kind == "f"
        if not number:
            advice = "Its rows and columns are those of real numbers, and arrays: take sct.vjp."
            raise error(f"{what} {in_words(leaf)}", place_of(primal), advice)


def _are_columns_fewer(result: Abstract, wrt: Sequence[Abstract]) -> bool:
    """Whether there are fewer columns than rows, or as many, as far as sizes tell."""
    rows = _count(leaves_of(result))
    columns = _count([leaf for t in wrt for leaf in leaves_of(t)])
    if is_nonnegative(size_add(rows, columns, -1)):
        return True
    return not (is_nonnegative(size_add(columns, size_add(rows, 1), -1)) or isinstance(rows, int))


def _count(leaves: Sequence[Abstract]) -> SizeLike:
    """How many numbers there are."""
    total: SizeLike = 0
    for t in leaves:
        total = size_add(total, size_product(t.shape) if isinstance(t, Array) and t.shape is not None else 1)
    return total


def in_all_directions(f: Function, result: Abstract, wrt: Sequence[str], single: bool, mode: Mode) -> Function:
    """The function of a Jacobian.

    Parameters
    ----------
    f : Function
        Gives its value and a closure of the leaves of the tangents of `wrt`; or the shapes of what its value holds, and a
        closure of the leaves of the adjoint of that.
    result : Abstract
        The type of its value.
    wrt : sequence of str
        The parameters that it is differentiated by.
    single : bool
        Whether there is one that is not in a tuple.
    mode : Mode
        Says whether the closure is of tangents, for "columns", or of adjoints, for "rows".
    """
    return _Directions(f, result, parameters_of(f, wrt), single, mode).run()


@record(frozen=True)
class _Leaf:
    """A number or an array, of which each number is a direction: its shape, how many they are, and how many are before it."""

    rank: int
    shape: Operand
    size: Operand
    before: Operand


class _Directions:
    def __init__(self, f: Function, result: Abstract, wrt: Sequence[Value], single: bool, mode: Mode) -> None:
        self.f = f
        self.b: Builder = Specializer(origin_fixed=True)
        self.columns = mode.seed == "columns"
        self.closure = next(s for s in f.block.body if isinstance(s, Closure))
        (pair,) = f.block.yields
        assert isinstance(pair, Tuple)
        value, _ = pair.items
        self.aux: Operand | None = None
        if mode.has_aux:
            assert isinstance(value, Tuple)
            value, self.aux = value.items
        self.result = result
        by = tuple(map(self.b.expose_all, wrt))
        self.wrt = by[0] if single else Tuple(by)
        if self.columns:
            self.given = leaves_of(self.b.expose_all(value))  # what the result holds
            shapes = [self.shape(o) for o in leaves_of(self.wrt)]
        else:
            assert isinstance(value, Tuple)
            shapes = [*value.items]  # of what the result holds
        self.shapes = shapes
        self.leaves = self.counted(self.closure.block.params, shapes)
        self.count = self.sum(self.leaves[-1].before, self.leaves[-1].size)
        self.seeds = self.seeded() if mode.seeded else None
        t = type_of(self.count)
        known = t.value if isinstance(t, Const) else t.size if isinstance(t, Scalar) else None
        self.size = fresh_size("directions") if known is None else known
        self.alone = len(self.leaves) == 1
        self.one = self.alone and not self.leaves[0].rank and self.seeds is None  # there is one direction

    def run(self) -> Function:
        found = self.one_way() if self.one else self.all_ways()
        if self.seeds is not None:
            made = found if self.columns else Tuple((_filled(self.result, iter(self.shapes)), found))
        else:
            made = self.by_columns(found) if self.columns else self.by_rows(found)
        body = list(self.f.block.body)
        k = body.index(self.closure)
        body[k : k + 1] = self.b.body
        out = made if self.aux is None else Tuple((made, self.aux))
        made_of = self.f if self.seeds is None else self.with_seeds(self.seeds)
        return changed(made_of, block=made_of.block.with_(body, (out,)))

    # -- seeds -------------------------------------------------------------------------------------------------------

    def seeded(self) -> Value:
        """The parameter that has the directions as its rows, which are counted, and checked to fit what they are of."""
        name = fresh_name(SEEDS, list(self.f.signature.parameters))
        seeds = Value(Array(np.dtype(float), (fresh_size("directions"), fresh_size())), name)
        shape = self.b.append(np.shape, (seeds,), {}, Unknown())
        behind = self.b.append(operator.getitem, (shape, Slice(Const(1), Const(None), Const(None))), {}, Unknown())
        wrong = self.b.append(operator.ne, (behind, Tuple((self.count,))), {}, Scalar(bool))
        what = "the arguments" if self.columns else "the result"
        self.b.body.append(raised_if(wrong, ValueError, f"{name} must have a column for each number of {what}"))
        self.count = self.b.apply(operator.getitem, (shape, Const(0)), known=Scalar(int, seeds.type.shape[0]))  # type: ignore[union-attr, index]
        return seeds

    def with_seeds(self, seeds: Value) -> Function:
        """The function with that parameter behind the others, as a cotangent stands."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        own = [p.replace(default=inspect.Parameter.empty) for p in self.f.signature.parameters.values()]
        parameters = positional_last([*own, inspect.Parameter(seeds.name, kind)])
        by_name = {**dict(zip(self.f.signature.parameters, self.f.block.params, strict=True)), seeds.name: seeds}
        block = self.f.block.with_(params=[by_name[p.name] for p in parameters])
        return replace(self.f, signature=inspect.Signature(parameters), block=block)

    # -- directions --------------------------------------------------------------------------------------------------

    def counted(self, params: Sequence[Value], shapes: Sequence[Operand]) -> list[_Leaf]:
        """What directions belong to."""
        found: list[_Leaf] = []
        before: Operand = Const(0)
        for v, shape in zip(params, shapes, strict=True):
            size: Operand = Const(1)
            for k in range(_rank(v)):
                known = v.type.shape[k]  # type: ignore[union-attr, index]
                there = self.argument_of(known) or (shape, k)
                n = self.b.apply(operator.getitem, (there[0], Const(there[1])), known=Scalar(int, known))
                size = self.b.apply(operator.mul, (size, n)) if k else n
            found.append(_Leaf(_rank(v), shape, size, before))
            before = self.sum(before, size)
        return found

    def argument_of(self, n: SizeLike) -> tuple[Operand, int] | None:
        """The shape of an argument in which a size is, and where: nothing needs to be computed to ask for it."""
        atom, times = n.terms[0] if isinstance(n, Size) and len(n.terms) == 1 and not n.const else (None, 0)
        found = axis_of(atom, dict(zip(self.f.signature.parameters, self.f.block.params, strict=True))) if times == 1 else None
        return None if found is None else (self.shape(found[0]), found[1])

    def sum(self, a: Operand, b: Operand) -> Operand:
        return b if a == Const(0) else self.b.apply(operator.add, (a, b))

    def shape(self, o: Operand) -> Operand:
        return self.b.apply(np.shape, (o,))

    def one_way(self) -> Operand:
        """What the closure gives for the one direction that there is."""
        (v,) = self.closure.block.params
        dtypes = {w.type.dtype for w in defined(self.f.block) if isinstance(w.type, Array) and w.type.dtype is not None}
        weak = not isinstance(v.type, Array) or v.type.dtype is None or dtypes.isdisjoint(_SHORT)
        block = substitute(self.closure.block, {v: Const(1.0 if weak else v.type.dtype.type(1.0))})  # type: ignore[union-attr]
        self.b.body += block.body
        return block.yields[0]

    def all_ways(self) -> Operand:
        """What the closure gives for all directions, along a first axis."""
        block = self.closure.block
        self.in_columns = self.alone and self.leaves[0].rank == 1 and in_columns(block, block.params)
        basis = {v: self.basis(leaf, v) for leaf, v in zip(self.leaves, block.params, strict=True)}
        steps: list[Statement] = []
        try:
            with self.b.into(steps):
                (found,) = batched(self.b, block, basis, self.count, self.in_columns)
        except LoopedError:
            return self.one_by_one(block, basis)
        self.b.body += steps
        return found

    def basis(self, leaf: _Leaf, v: Value) -> Operand:
        """The part of the directions that belongs to a leaf, one after another: of the seeds, or of the standard basis."""
        t = with_axis(v.type, self.size)
        if self.seeds is not None:
            return self.of_seeds(self.seeds, leaf, v, t)
        form: tuple[Operand, ...] = (self.count,)
        if not self.alone:
            shift = () if leaf.before == Const(0) else (self.b.apply(operator.neg, (leaf.before,)),)
            form = self.count, leaf.size, *shift
        flat = t if leaf.rank == 1 else Array(t.dtype, (self.size, fresh_size()))
        name = v.name if leaf.rank == 1 else ""
        order = {"order": Const("F")} if self.in_columns else {}
        made = self.b.append(np.eye, form, {**_dtype(t), **order}, flat, name)
        if leaf.rank == 0:
            made = self.b.append(operator.getitem, (made, Tuple((ALL, Const(0)))), {}, t, v.name)
        elif leaf.rank > 1:
            made = self.b.append(np.reshape, (made, self.in_front(leaf.shape)), {}, t, v.name)
        return made

    def of_seeds(self, seeds: Value, leaf: _Leaf, v: Value, t: Array) -> Operand:
        """The columns of the seeds that belong to a leaf, of its shape and dtype."""
        if leaf.rank == 0:
            made: Operand = self.b.append(operator.getitem, (seeds, Tuple((ALL, leaf.before))), {}, t, v.name)
        else:
            made = seeds
            if not self.alone:
                part = Slice(leaf.before, self.sum(leaf.before, leaf.size), Const(None))
                made = self.b.append(
                    operator.getitem, (seeds, Tuple((ALL, part))), {}, Array(np.dtype(float), (self.size, fresh_size()))
                )
            if leaf.rank > 1:
                made = self.b.append(np.reshape, (made, self.in_front(leaf.shape)), {}, Array(np.dtype(float), t.shape), v.name)
        if t.dtype not in (None, np.dtype(float)):
            made = self.b.append(Method("astype"), (made, Const(t.dtype)), {}, t, v.name)
        return made

    def in_front(self, shape: Operand) -> Operand:
        """A shape with the axis of directions in front."""
        return self.joined(Tuple((self.count,)), shape)

    def joined(self, a: Operand, b: Operand) -> Operand:
        """A shape behind another one."""
        if isinstance(a, Tuple) and isinstance(b, Tuple):
            return Tuple((*a.items, *b.items))
        return self.b.append(operator.add, (a, b), {}, Unknown())

    def one_by_one(self, block: Block, basis: dict[Value, Operand]) -> Operand:
        """What a block gives for all directions, for one after another."""
        k = Value(Scalar(int), "", "direction")
        inits: list[Operand] = []
        carried: list[Value] = []
        for o, like in zip(leaves_of(block.yields[0]), self.given if self.columns else leaves_of(self.wrt), strict=True):
            of_one = type_of(like)
            t = with_axis(Scalar(float) if isinstance(of_one, Const) else of_one, self.size)
            zeros = self.b.append(np.zeros, (self.in_front(self.shape(like)),), _dtype(t), t)
            inits.append(zeros)
            name = (o.name or o.hint) if isinstance(o, Value) else ""
            carried.append(Value(t, "", f"every_{name}" if name else "every"))
        steps: list[Statement] = []
        with self.b.into(steps):
            ways = {v: self.b.apply(operator.getitem, (o, k)) for v, o in basis.items()}
            inner = substitute(copied(block.with_(params=())), ways)
            self.b.body += inner.body
            pairs = zip(carried, leaves_of(inner.yields[0]), strict=True)
            ends = tuple([self.b.append(runtime.updated, (v, Tuple((k,)), o), {}, v.type) for v, o in pairs])
        results = tuple(Value(v.type, v.name, v.hint) for v in carried)
        loop = Block((k, *carried), tuple(steps), ends)
        self.b.body.append(For(Const(0), self.count, Const(1), loop, tuple(inits), False, False, results))
        return _filled(block.yields[0], iter(results))

    # -- the Jacobian ------------------------------------------------------------------------------------------------

    def by_columns(self, found: Operand) -> Operand:
        """The Jacobian, from the tangents of the result."""
        ends = zip(self.given, leaves_of(found), strict=True)
        made = [_filled(self.wrt, iter([self.column(y, y_dot, x) for x in self.leaves])) for y, y_dot in ends]
        return _filled(self.result, iter(made))

    def by_rows(self, found: Operand) -> Operand:
        """The Jacobian, from the adjoints of what it is of."""
        ends = list(zip(leaves_of(self.wrt), leaves_of(found), strict=True))
        made = iter([_filled(self.wrt, iter([self.row(y, x, x_bar) for x, x_bar in ends])) for y in self.leaves])
        return _filled(self.result, made)

    def part(self, leaf: _Leaf, found: Operand) -> Operand:
        """The directions that belong to a leaf."""
        if self.one or (self.alone and leaf.rank):
            return found
        if not leaf.rank:
            return self.b.apply(operator.getitem, (found, leaf.before))
        start = Const(None) if leaf.before == Const(0) else leaf.before
        return self.b.apply(operator.getitem, (found, Slice(start, self.sum(leaf.before, leaf.size), Const(None))))

    def column(self, y: Operand, y_dot: Operand, x: _Leaf) -> Operand:
        """The derivative of a part of the result by a part of `wrt`."""
        part = self.part(x, y_dot)
        if not x.rank:
            return part
        shape = x.shape
        if _rank(y):
            turned = (_T, (part,)) if _rank(y) == 1 else (np.moveaxis, (part, Const(0), Const(-1)))
            part = self.b.apply(*turned)
            own = self.b.append(np.shape, (part,), {}, Unknown())
            own = self.b.append(operator.getitem, (own, Slice(Const(None), Const(-1), Const(None))), {}, Unknown())
            shape = self.joined(own, shape)
        return part if x.rank == 1 else self.b.apply(np.reshape, (part, shape))

    def row(self, y: _Leaf, x: Operand, x_bar: Operand) -> Operand:
        """The derivative of a part of the result by a part of `wrt`."""
        part = self.part(y, x_bar)
        if y.rank < 2:
            return part
        return self.b.apply(np.reshape, (part, self.joined(y.shape, self.shape(x)) if _rank(x) else y.shape))


def _rank(o: Operand) -> int:
    t = type_of(o)
    return len(t.shape) if isinstance(t, Array) and t.shape is not None else 0


def _dtype(t: Abstract) -> dict[str, Operand]:
    """The argument of an array's maker, where that is not of float64."""
    return {"dtype": Const(t.dtype)} if isinstance(t, Array) and t.dtype not in (None, np.dtype(float)) else {}


def _filled(o: Any, leaves: Iterator[Operand]) -> Operand:
    """An operand, or one of a type, with others for its leaves."""
    if isinstance(o, (Tuple, List, Dict)):
        return with_items(o, [_filled(i, leaves) for i in o.items])
    return next(leaves)
