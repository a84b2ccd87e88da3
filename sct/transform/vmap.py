"""A function of one example as a function of many, along an axis of arguments.

Takes a typed function whose writes are statements, the types of the arguments for many, and along which axis of each array
the examples lie; gives the function of these. Its code is for all at once (`sct.transform.batch`), or, where that cannot be,
a loop over the examples. Gives the types of one example for those of many, too, and refuses what has none.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from sct.analysis.effects import effect, statements
from sct.errors import CallError
from sct.ir.ops import CALL
from sct.ir.rewriting import copied, map_blocks, substitute
from sct.ir.ssa import Apply, Block, Function, Operand, Statement, Value, type_of
from sct.ir.types import Abstract, Array, Const, Dict, List, Scalar, SizeLike, Tuple, keys_of, with_items
from sct.ir.words import in_words
from sct.specialize.building import Builder
from sct.specialize.specializer import Specializer
from sct.transform.batch import Batch, Collected, Known, LoopedError
from sct.transform.bound import as_bound
from sct.transform.boundary import Mode, place_of
from sct.transform.raised import raised_if

__all__ = ["VMAP", "Keyed", "as_axes", "axes_of", "of_many", "of_one"]


VMAP = Mode("vmap", True, "examples")
"""What the function of many examples takes and gives, but for the axes."""


class Keyed(NamedTuple):
    """Axes of the entries of a dict."""

    keys: tuple[Any, ...]
    axes: tuple[Any, ...]

    def __repr__(self) -> str:
        return repr(dict(zip(self.keys, self.axes, strict=True)))


def as_axes(asked: Any) -> Any:
    """Axes as they are given, in what can be a key.

    Raises
    ------
    CallError
        If something in them is no number and not None.
    """
    if isinstance(asked, dict):
        return Keyed(tuple(asked), tuple(map(as_axes, asked.values())))
    if isinstance(asked, (tuple, list)):
        return tuple(map(as_axes, asked))
    if asked is not None and type(asked) is not int:
        raise CallError(f"sct.vmap with {asked!r} for an axis", advice="An axis is a number, or None.")
    return asked


def axes_of(asked: Any, parameters: Sequence[inspect.Parameter], types: Sequence[Abstract], name: str) -> tuple[Any, ...]:
    """Along which axes of its arguments the examples of a function lie.

    Parameters
    ----------
    asked : int, tuple or Keyed
        What `in_axes` says: of all arguments that have no default, and of such as are arrays in place of one; of those in
        front; or of some by their names.
    parameters : sequence of inspect.Parameter
        Those that are given in a call.
    types : sequence of Abstract
        The types of the arguments.
    name : str
        The function.

    Raises
    ------
    CallError
        If it names what is not there, or leaves out what has no default.
    """
    if isinstance(asked, int):
        return tuple([asked if _is_mapped(p, t) else None for p, t in zip(parameters, types, strict=True)])
    names = [p.name for p in parameters]
    if isinstance(asked, Keyed):
        odd = next((k for k in asked.keys if k not in names), None)
        if odd is not None:
            raise CallError(f"in_axes of sct.vmap({name}) names {odd!r}", advice=f"Its parameters are {', '.join(names)}.")
        found = tuple([asked.axes[asked.keys.index(n)] if n in asked.keys else None for n in names])
    else:
        missing = [p.name for p in parameters[len(asked) :] if p.default is p.empty and p.kind is not p.KEYWORD_ONLY]
        if len(asked) > len(parameters) or missing:
            raise CallError(
                f"in_axes of sct.vmap({name}) has {len(asked)} entries, and {name} takes {', '.join(names)}",
                advice="Give one for each argument, None for what is the same for all examples.",
            )
        found = (*asked, *[None] * (len(parameters) - len(asked)))
    if all(map(_is_none, found)):
        raise CallError(f"in_axes of sct.vmap({name}) has no axis", advice="Give the axis of the examples of some argument.")
    return found


def _is_none(axis: Any) -> bool:
    """Whether examples lie along no axis of an argument, nor of a part of it."""
    parts = axis.axes if isinstance(axis, Keyed) else axis if isinstance(axis, tuple) else (axis,)
    return all(a is None if not isinstance(a, tuple) else _is_none(a) for a in parts)


def _is_mapped(p: inspect.Parameter, t: Abstract) -> bool:
    """Whether there are many of an argument where nothing is said of it alone."""
    held = isinstance(p.default, (np.ndarray, tuple, list, dict))
    return p.default is p.empty or (
        not held and (isinstance(t, (Tuple, List, Dict)) or (isinstance(t, Array) and t.shape != ()))
    )


def of_one(t: Abstract, axis: Any, path: str, name: str) -> Abstract:
    """The type of one example of an argument.

    Parameters
    ----------
    t : Abstract
        The type of the argument.
    axis : int, None, or a tuple, list or dict of these
        Where the examples lie in it, or in its parts; None: there is one for all.
    path : str
        What the argument is called.
    name : str
        The function.

    Raises
    ------
    CallError
        If there is no such axis.
    """
    if axis is None or (isinstance(t, Const) and type(t.value) not in (int, float, complex)):
        return t
    if isinstance(t, (Tuple, List, Dict)):
        return with_items(t, [of_one(i, a, f"{path}[{k!r}]", name) for i, k, a in _parts(t, axis, path, name)])
    if not isinstance(axis, int):
        raise CallError(f"in_axes of {path}, which is {in_words(t)}, is {axis!r}", advice="Give a number there, or None.")
    if not isinstance(t, Array) or t.shape is None or not -len(t.shape) <= axis < len(t.shape):
        raise CallError(
            f"sct.vmap({name}) by axis {axis} of {path}, which is {in_words(t)}",
            advice="Give None in in_axes for what is the same for all examples.",
        )
    k = axis % len(t.shape)
    return Array(t.dtype, (*t.shape[:k], *t.shape[k + 1 :]))


def _parts(t: Tuple | List | Dict, axis: Any, path: str, name: str) -> Iterator[tuple[Abstract, Any, Any]]:
    """The parts of a container, with their keys and axes."""
    keys = keys_of(t)
    if isinstance(axis, int) or axis is None:
        axes: Sequence[Any] = [axis] * len(keys)
    elif isinstance(axis, Keyed) and set(axis.keys) == set(keys):
        axes = [axis.axes[axis.keys.index(k)] for k in keys]
    elif isinstance(axis, tuple) and not isinstance(axis, Keyed) and not isinstance(t, Dict) and len(axis) == len(keys):
        axes = axis
    else:
        raise CallError(
            f"in_axes of {path} in sct.vmap({name}) is {axis!r}, and {path} is {in_words(t)}",
            advice="Give a number, None, or what has the structure of the argument.",
        )
    return zip(t.items, keys, axes, strict=True)


def of_many(f: Function, types: Sequence[Abstract], axes: Sequence[Any], mode: Mode) -> Function:
    """The function of many examples.

    Parameters
    ----------
    f : Function
        That of one, whose writes are statements.
    types : sequence of Abstract
        The types of the arguments of many, in the order of the parameters.
    axes : sequence
        For each, where the examples lie (`of_one`).
    mode : Mode
        Its `out_axes` says where they are to lie in the result.

    Raises
    ------
    CallError
        If the result is, or holds, something that is no number or array, or `out_axes` does not fit it.
    """
    return _Vectorized(f, types, axes, mode).run()


class _Vectorized:
    def __init__(self, f: Function, types: Sequence[Abstract], axes: Sequence[Any], mode: Mode) -> None:
        self.f = f
        self.mode = mode
        self.axes = axes
        self.b: Builder = Specializer(origin_fixed=True)
        self.many: dict[Value, Operand] = {}  # what stands for the examples in the code of one -> all of these
        self.count: Operand = Const(0)
        self.size: SizeLike = 0
        self.first = ""
        self.params = tuple([Value(t, p.name, p.hint) for p, t in zip(f.block.params, types, strict=True)])

    def run(self) -> Function:
        one: dict[Value, Operand] = {}
        for p, given, axis in zip(self.f.block.params, self.params, self.axes, strict=True):
            one[p] = given if axis is None else self.exposed(self.b.expose_all(given), axis, given.name)
        block = as_bound(
            _without_items(substitute(self.f.block.with_(params=()), one)), lambda b: Known(b, self.many).ends_apart
        )
        ends: list[Statement] = []
        with self.b.into(ends):
            whole = self.b.expose_all(block.yields[0])
        block = block.with_([*block.body, *ends], [whole])
        found = None if _acts(block) else self.at_once(block)
        result = self.one_by_one(block) if found is None else found
        parameters = [p.replace(annotation=inspect.Parameter.empty) for p in self.f.signature.parameters.values()]
        body = Block(self.params, tuple(self.b.body), (result,))
        name = self.f.name if self.f.name.isidentifier() else "f"
        return Function(f"{name}_{self.mode.suffix}", inspect.Signature(parameters), body, self.f.doc, self.f.callee)

    # -- arguments ---------------------------------------------------------------------------------------------------

    def exposed(self, o: Operand, axis: Any, path: str) -> Operand:
        """An argument of one, with parts of which there are many as values of their own."""
        if isinstance(o, (Tuple, List, Dict)):
            parts = _parts(type_of(o), axis, path, self.f.name)  # type: ignore[arg-type]
            return with_items(o, [self.exposed(i, a, f"{path}[{k!r}]") for i, (_, k, a) in zip(o.items, parts, strict=True)])
        t = type_of(o)
        if axis is None or not isinstance(t, Array) or t.shape is None:
            return o
        k = axis % len(t.shape)
        count = self.b.apply(operator.getitem, (self.b.apply(np.shape, (o,)), Const(k)), known=Scalar(int, t.shape[k]))
        if self.many:
            wrong = self.b.apply(operator.ne, (count, self.count))
            self.refuse(wrong, f"{path} must have as many examples as {self.first}")
        else:
            self.count, self.size, self.first = count, t.shape[k], path
        whole = o if k == 0 else self.b.apply(np.moveaxis, (o, Const(k), Const(0)))
        name = o.name if isinstance(o, Value) else ""
        one = Value(Array(t.dtype, (*t.shape[:k], *t.shape[k + 1 :])), name)
        self.many[one] = whole
        return one

    def refuse(self, wrong: Operand, message: str) -> None:
        """A ValueError where something is wrong with the arguments."""
        if wrong != Const(False):
            self.b.body.append(raised_if(wrong, ValueError, message))

    # -- results -----------------------------------------------------------------------------------------------------

    def at_once(self, block: Block) -> Operand | None:
        """The result of all examples, if they can be gone through together."""
        steps: list[Statement] = []
        try:
            with self.b.into(steps):
                batch = Batch(self.b, block, self.many, self.count, self.size, "example")
                batch.statements(block)

                def leaf(o: Operand, axis: Any) -> Operand:
                    if axis is None and not batch.is_many(o):
                        return o
                    return self.put(batch.spread(o, type_of(o)), axis) if _may_differ(o) else self.same(o)

                result = self.mapped(leaf, block.yields[0], self.mode.out_axes)
        except LoopedError:
            return None
        self.b.body += steps
        return result

    def one_by_one(self, block: Block) -> Operand:
        """The result of all examples, for one after another."""
        k = Value(Scalar(int), "", "example")
        results: list[Operand] = []

        def note(o: Operand, axis: Any) -> Operand:
            if _may_differ(o):
                results.append(o)
            return o

        self.mapped(note, block.yields[0], self.mode.out_axes)
        try:
            every = Collected(self.b, results)
        except LoopedError:
            odd = next((o for o in results if not isinstance(type_of(o), (Array, Scalar, Const))), results[0])
            raise CallError(
                f"sct.vmap({self.f.name}), which returns {in_words(type_of(odd))}",
                place_of(self.f),
                "Return numbers and arrays, of the same shape for each example.",
            ) from None
        steps: list[Statement] = []
        with self.b.into(steps):
            of_this = {v: self.b.apply(operator.getitem, (o, k)) for v, o in self.many.items()}
            inner = substitute(copied(block.with_(yields=(Tuple(tuple(results)),))), of_this)
            self.b.body += inner.body
            (made,) = inner.yields
            assert isinstance(made, Tuple)
            ends = every.with_more(made.items)
        found = iter(every.after(k, self.count, steps, ends, self.size))

        def leaf(o: Operand, axis: Any) -> Operand:
            return self.put(next(found), axis) if _may_differ(o) else self.same(o)

        return self.mapped(leaf, block.yields[0], self.mode.out_axes)

    def same(self, o: Operand) -> Operand:
        """What is the same for all examples, and is no number: None alone."""
        if o != Const(None):
            raise CallError(
                f"sct.vmap({self.f.name}), which returns {in_words(type_of(o))}", place_of(self.f), "Return numbers and arrays."
            )
        return o

    def put(self, o: Operand, axis: Any) -> Operand:
        """A part of the result, with the examples along an axis of it."""
        t = type_of(o)
        assert isinstance(t, Array)
        if axis is None:
            raise CallError(
                f"sct.vmap({self.f.name}) with None in out_axes for {in_words(t)} that depends on the example",
                place_of(self.f),
                "Give the axis along which the examples are to lie.",
            )
        if axis == 0:
            return o
        if t.shape is None or not -len(t.shape) <= axis < len(t.shape):
            raise CallError(
                f"sct.vmap({self.f.name}) by axis {axis} of its result, which is {in_words(t)}",
                place_of(self.f),
                "Give an axis in out_axes that the result has, with that of the examples.",
            )
        return o if axis % len(t.shape) == 0 else self.b.apply(np.moveaxis, (o, Const(0), Const(axis)))

    def mapped(self, leaf: Any, o: Operand, axis: Any) -> Operand:
        """A result with each part replaced by what `leaf` makes of it and its axis."""
        if isinstance(o, (Tuple, List, Dict)):
            parts = _parts(type_of(o), axis, "the result", self.f.name)  # type: ignore[arg-type]
            return with_items(o, [self.mapped(leaf, i, a) for i, (_, _, a) in zip(o.items, parts, strict=True)])
        if axis is not None and not isinstance(axis, int):
            raise CallError(
                f"out_axes of sct.vmap({self.f.name}) is {axis!r} for {in_words(type_of(o))}",
                place_of(self.f),
                "Give an axis there, or None.",
            )
        made: Operand = leaf(o, axis)
        return made


def _may_differ(o: Operand) -> bool:
    """Whether a part of a result is a number, or something of which there may be another for each example."""
    t = type_of(o)
    return not isinstance(t, Const) or type(t.value) in (bool, int, float)


def _without_items(block: Block) -> Block:
    """A block in which what is taken from a container that is there is that item."""
    found: dict[Value, Operand] = {}

    def cleaned(b: Block) -> Block:
        body: list[Statement] = []
        for s in b.body:
            if isinstance(s, Apply) and s.op is operator.getitem:
                whole, key = s.args
                if isinstance(whole, (Tuple, List, Dict)) and isinstance(key, Const):
                    found[s.result] = whole.items[list(keys_of(whole)).index(key.value)]
                    continue
            body.append(map_blocks(cleaned, s))
        return b.with_(body)

    while True:
        found.clear()
        block = cleaned(block)
        if not found:
            return block
        block = substitute(block, found)


def _acts(block: Block) -> bool:
    """Whether a block does something to the world, or draws random numbers, which it is to do for each example."""
    return any(effect(s) in ("draws", "acts") or s.op is CALL for s in statements(block))
