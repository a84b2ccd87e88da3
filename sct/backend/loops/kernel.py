"""A derivative as a kernel of arrays and numbers, and a thin function around it.

Takes a finished function in SSA form; gives the text of both. What the kernel takes and gives are the arrays and numbers in the
function's arguments and results; containers, objects and strings stay outside, where Python takes them apart and puts them
together.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sct.backend.loops import calls, lists, making, products, reducing, saying, tapes, writing  # noqa: F401  (they register how operations are lowered)
from sct.backend.loops.closures import calling, function_of, standing_for
from sct.backend.loops.forms import Branch, Do, Expr, Name, Num, Op, Point, Ref, Set, Statement, op
from sct.backend.loops.lazy import of_array
from sct.backend.loops.lowering import Lowering, Unlooped, symbol_of, writes_into_others
from sct.backend.loops.masks import in_their_places
from sct.backend.loops.passes import improved, replace, summing_apart
from sct.backend.loops.stretches import Around, Item, Stretch, compiled_between
from sct.backend.loops.text import Names, lines
from sct.backend.loops.threads import on_threads
from sct.backend.loops.working import worked_in
from sct.backend.python.emit import Text, emit
from sct.ir.ops import RAISE, Attribute, Field, Free
from sct.ir.records import record
from sct.ir.rewriting import changed, map_blocks
from sct.ir.shapes import as_array
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    Function,
    If,
    Operand,
    Value,
    blocks_in,
    reads_of,
    values_of,
)
from sct.ir.types import Array, Const, Dict, List, Scalar, Size, Tuple, Unknown
from sct.runtime.expectations import expect_structure

__all__ = ["kernel_of"]

_CHECKING = (np.iscomplexobj, np.isrealobj, np.result_type, expect_structure)
_CONVERTING = (*_CHECKING, np.asarray, np.float64, np.complex128, np.float32, float, complex, int, bool)


def kernel_of(f: Function, options: Any) -> tuple[Text, tuple[tuple[str, bool, bool], ...]]:
    """The text of the kernels of a function and of the function that calls them; the kernels by their names, with whether each
    is for sums alone, and whether the arrays that it is given lie apart in memory.

    A function of arrays, numbers and tuples of these, which gives such, is its own kernel if that is asked for.
    """
    f = changed(f, block=in_their_places(f.block))
    if options is not None and options.alone:
        text, sums = _alone(f, options)
        return text, (*sums, (f.name, False, False))
    outer, inner = _parted(f.block)
    kernels = _Kernels(f, options, outer, inner)
    items = compiled_between(inner, kernels.results, kernels.add)
    body = (*outer, *kernels.called(items))
    parts = kernels.parts
    around = emit(Function(f.name, f.signature, f.block.with_(body), f.doc, f.callee))
    names = {p.name for p in parts}
    bound = {n: v for n, v in around.bound.items() if n not in names}
    for p in parts:
        bound |= p.text.bound
    imports = dict.fromkeys(line for text in (*(p.text for p in parts), around) for line in text.imports)
    return (
        Text(_ordered("", *imports), "\n\n".join([*(p.text.body for p in parts), around.body]), f.name, bound),
        tuple(k for p in parts for k in p.kernels),
    )


@record(frozen=True, eq=False)
class _Part:
    """A function of the text besides the one that callers call: what it is given, what it gives, and the kernels in it."""

    name: str
    text: Text
    kernels: tuple[tuple[str, bool, bool], ...]
    given: tuple[Value, ...] = ()
    results: tuple[Value, ...] = ()


class _Kernels:
    """The kernels of a function, by the stretches of which they are made."""

    def __init__(self, f: Function, options: Any, outer: Sequence[Any], inner: Sequence[Any]) -> None:
        self.f, self.options = f, options
        available = {*f.block.params, *(r for s in outer for r in s.results)}
        inside = {r for s in inner for r in s.results}
        order = [*f.block.params, *(r for s in (*outer, *inner) for r in s.results)]
        order += [v for s in inner for b in s.blocks for v in _defined_in(b)]
        self.order = dict.fromkeys(order)
        self.results = [v for v in dict.fromkeys(values_of(f.block.yields[0])) if v in inside]
        read = dict.fromkeys([*(w for s in inner for w in reads_of(s)), *self.results])
        whole = Block(tuple(v for v in read if v in available), tuple(inner), tuple(self.results))
        self.around = f.block if writes_into_others(whole) else whole  # what kernels are given may be parts of one another
        self.tells_apart = _tells_apart(f.block)
        self.of: dict[Any, _Part] = {}
        self.parts: list[_Part] = []  # those that are called
        self.names: set[str] = set()

    def add(self, stretch: Stretch) -> None:
        """Make the kernel of a stretch."""
        if stretch.key not in self.of:
            self.of[stretch.key] = self.made(stretch)

    def made(self, stretch: Stretch) -> _Part:
        inside = {r for s in stretch.body for r in s.results}
        read = [*(w for s in stretch.body for w in reads_of(s)), *stretch.results]
        needed = [v for v in dict.fromkeys(read) if v not in inside]
        given = tuple(v for v in self.order if v in needed and not _is_known(v))
        name = self.unused(f"{self.f.name}_loops")
        low = Lowering(Block(tuple(needed), stretch.body, stretch.results), name, self.options, self.around)
        for v in given:
            if not _is_numeric(v.type):
                raise _of(stretch, v, f"{v.word or 'a value'}, which is neither an array of known rank nor a number")
        params, head = _parameters(low, given, needed)
        low.out = []
        low.block(low.whole)
        for v in stretch.results:
            if not _is_numeric(v.type):
                what = "a tuple of sizes" if v in low.tuples else "neither an array of known rank nor a number"
                raise _of(stretch, v, f"a result that is {what}")
            if self.tells_apart and _is_doubtful(v.type):
                raise _of(stretch, v, "a number of several types, in a function whose precision depends on which it is")
        returned = tuple(_returned(low, v) for v in stretch.results)
        low.add(Do(returned[0] if len(returned) == 1 else Op("tuple", returned), "return"))
        code, sums = _kernel_text(name, params, head, low.out, low)
        text = Text(_ordered(code, *low.symbols_of.imports), code, name, low.symbols_of.bound)
        self.names.add(name)
        return _Part(name, text, (*sums, (name, False, False)), given, stretch.results)

    def called(self, items: Sequence[Item]) -> Iterator[Any]:
        """Statements that call the kernels of stretches, among those that are Python's."""
        for item in items:
            if isinstance(item, Stretch):
                self.parts.append(self.of[item.key])
                yield from _called(self.of[item.key])
            elif isinstance(item, Closure):
                part, given = self.closure(item)
                self.parts.append(part)
                yield given
            elif isinstance(item, Around):
                inside = iter([tuple(self.called(own)) for own in item.blocks])
                yield map_blocks(lambda b, inside=inside: b.with_(next(inside)), item.statement)  # type: ignore[misc]
            else:
                yield item

    def closure(self, s: Closure) -> tuple[_Part, Closure]:
        """The function that makes kernels of one that Python is given, and what Python is given instead, which calls that."""
        seen = tuple(v for v in self.order if v in reads_of(s))
        name = self.unused(f"{self.f.name}_{s.name}")
        text, kernels = kernel_of(function_of(name, self.f, (*seen, *s.block.params), s.block), self.options)
        self.names.update((name, *(k for k, *_ in kernels)))
        return _Part(name, text, kernels), calling(s, name, seen)

    def unused(self, name: str) -> str:
        return next(n for n in itertools.chain([name], (f"{name}_{k}" for k in itertools.count(2))) if n not in self.names)


def _alone(f: Function, options: Any) -> tuple[Text, tuple[tuple[str, bool, bool], ...]]:
    """A function as a kernel that takes and gives what it does."""
    low = Lowering(f.block, f.name, options)
    head: list[Statement] = []
    low.out = head
    arrays = []
    for v in f.block.params:
        name = low.variable(v)
        if isinstance(v.type, Const):
            if isinstance(v.type.value, (bool, int, float, complex)):
                low.numbers[v] = Num(v.type.value)
        elif isinstance(v.type, Tuple):
            low.tuples[v] = tuple(_items(low, v.type, Ref(name), name.hint))
        else:
            arrays.append(v)
    _, more = _parameters(low, arrays, arrays)
    low.out = []
    low.block(f.block)
    low.add(Do(_structured(low, f.block.yields[0]), "return"))
    code, sums = _kernel_text(f.name, [low.variable(v) for v in f.block.params], head + more, low.out, low)
    return Text(_ordered(code, *low.symbols_of.imports), code, f.name, low.symbols_of.bound), sums


def _items(low: Lowering, t: Tuple, whole: Expr, hint: str) -> Iterator[Any]:
    """The items of a tuple that a kernel is given."""
    for k, item in enumerate(t.items):
        e = op("item", whole, Num(k))
        if isinstance(item, Tuple):
            yield tuple(_items(low, item, e, f"{hint}_{k}"))
            continue
        if not _is_numeric(item):
            raise Unlooped(f"{hint}[{k}], which is neither an array of known rank nor a number")
        a = as_array(item)
        if not a.shape:
            yield Num(item.value) if isinstance(item, Const) else e
            continue
        name = low.fresh(f"{hint}_{k}", a.dtype, len(a.shape))
        low.add(Point(name, e))
        low.parameters.add(name)
        yield of_array(name, low.lengths(name, a.shape), a.dtype)


def _structured(low: Lowering, o: Operand) -> Expr:
    """What a function gives, as it is put together."""
    if isinstance(o, Tuple) and o.kind is None:
        return Op("tuple", tuple(_structured(low, i) for i in o.items))
    if isinstance(o, Value):
        return _returned(low, o)
    if isinstance(o, Const) and isinstance(o.value, (bool, int, float, complex, type(None))):
        return Num(o.value)
    raise Unlooped("a result that is neither an array, a number nor a tuple of these")


def available_in_order(params: Sequence[Value], outer: Sequence[Any]) -> list[Value]:
    """The values that the function around the kernel has."""
    return [*params, *(r for s in outer for r in s.results)]


def _is_known(v: Value) -> bool:
    return isinstance(v.type, Const)


def _is_numeric(t: Any) -> bool:
    """Whether something of a type is an array or a number."""
    if isinstance(t, Const):
        return isinstance(t.value, (bool, int, float, complex, np.generic))
    return isinstance(t, Scalar) or (
        isinstance(t, Array) and t.shape is not None and t.dtype is not None and t.dtype.kind in "biufc"
    )


def _parted(block: Block) -> tuple[list[Any], list[Any]]:
    """The statements that stay outside of the kernel, before it, and those that are in it."""
    available = set(block.params)
    outer: list[Any] = []
    inner: list[Any] = []
    for s in block.body:
        if reads_of(s) <= available and _stays_outside(s):
            outer.append(s)
            available.update(s.results)
        else:
            inner.append(s)
    return outer, inner


def _stays_outside(s: Any) -> bool:
    """Whether a statement that only reads arguments is one of Python's containers and objects, or makes numbers of them."""
    if isinstance(s, Closure):
        return False
    if isinstance(s, If):
        inside = [t for b in s.blocks for t in b.body]
        refuses = bool(inside) and all(isinstance(t, Apply) and (t.op is RAISE or _makes_error(t.op)) for t in inside)
        return refuses or (any(map(_stays_outside, inside)) and all(isinstance(t, Apply) for t in inside))
    if not isinstance(s, Apply):
        return False
    if isinstance(s.op, (Free, Field)) or s.op in _CONVERTING:
        return True
    return not all(_is_numeric(v.type) for v in s.values) or (
        bool(s.values)
        and isinstance(s.result.type, (Tuple, List, Dict))
        and not (s.op == Attribute("shape") or s.op is np.shape)
    )


def _makes_error(op: Any) -> bool:
    return isinstance(op, type) and issubclass(op, BaseException)


def _parameters(low: Lowering, given: Sequence[Value], needed: Sequence[Value]) -> tuple[list[Name], list[Statement]]:
    """The parameters of a kernel; and the statements that ask for their sizes."""
    head: list[Statement] = []
    low.out = head
    params = []
    for v in needed:
        if _is_known(v) and isinstance(v.type.value, (bool, int, float, complex)):  # type: ignore[union-attr]
            low.numbers[v] = Num(v.type.value)  # type: ignore[union-attr]
    for v in given:
        if not _is_numeric(v.type):
            raise Unlooped(f"{v.word or 'a value'}, which is neither an array of known rank nor a number")
        t = as_array(v.type)
        name = low.variable(v)
        name.value = v
        params.append(name)
        low.parameters.add(name)
        if not t.shape:
            low.numbers[v] = Ref(name)
            symbol = symbol_of(v.type.size) if isinstance(v.type, Scalar) else None
            if symbol is not None:
                low.symbols.setdefault(symbol, Ref(name))
    for v in given:
        t = as_array(v.type)
        if not t.shape:
            continue
        shape: list[Expr] = []
        for k, n in enumerate(t.shape):
            called = low.fresh(_size_name(low.variable(v).hint, k, len(t.shape)), np.dtype(np.int64))
            head.append(Set(called, op(".shape", Ref(low.variable(v)), Num(k))))
            low.lengths_given.add(called)
            e: Expr = Ref(called)
            symbol = symbol_of(n)
            if symbol is not None:
                low.symbols.setdefault(symbol, e)
            if isinstance(n, Size) and low.worked_out(n) == e:
                low.meaning[e] = n
            shape.append(e)
            known = low.worked_out(n) if isinstance(n, Size) else Num(n)
            if v in low.unset:
                if known is None or known == e:
                    raise Unlooped(f"{v.word or 'an array'}, which may not be bound, and whose shape nothing else has")
                shape[-1] = known
            elif known is not None and known != e:
                low.require(
                    op("==", e, known), "ValueError", f"{low.variable(v).hint} must have the shape of what it belongs to"
                )
                shape[-1] = known
        low.arrays[v] = of_array(low.variable(v), tuple(shape), t.dtype)
    return params, head


def _size_name(hint: str, axis: int, rank: int) -> str:
    return (
        f"{hint}_size"
        if rank == 1
        else f"{hint}_rows"
        if axis == 0 and rank == 2
        else f"{hint}_cols"
        if axis == 1 and rank == 2
        else f"{hint}_size_{axis}"
    )


def _returned(low: Lowering, v: Value) -> Expr:
    """What the kernel gives for a result."""
    if not _is_numeric(v.type):
        if v in low.tuples:
            raise Unlooped("a result that is a tuple of sizes")
        raise Unlooped("a result that is neither an array of known rank nor a number")
    if v in low.arrays:
        a = low.arrays[v]
        if a.rank:
            low.refuse_view(a)
            a = low.whole_array(a, v.word)
            return Ref(a.whole)  # type: ignore[arg-type]
        return a.at(())
    return low.number(v)


def _kernel_text(
    name: str, params: Sequence[Name], head: Sequence[Statement], body: Sequence[Statement], low: Lowering
) -> tuple[str, tuple[tuple[str, bool, bool], ...]]:
    """The text of a kernel after those of the functions that it has for sums, and the names of these; `head` asks for sizes."""
    parallel = low.options is not None and low.options.parallel
    lengths = [s for s in head if not isinstance(s, Branch)]
    checks = [s for s in head if isinstance(s, Branch)]
    work = _of_fewer_lengths([*low.of_lengths.values(), *checks, *body], low)
    any_order = low.options is None or low.options.fastmath
    made = improved([*lengths, *work], low.may_share, not parallel, any_order)
    if parallel:
        on_threads(made, low.may_share)
    if low.options is None or not low.options.alone:  # there the lock of the interpreter may be held by who waits
        worked_in(made)
    sums = summing_apart(made, name, low.may_share) if any_order else []
    texts = []
    for f in sums:
        names = Names(f.params, f.body)
        given = [names.of[n] for n in f.results]
        rows = lines(f.body, names)
        if given:
            rows.append(f"    return {', '.join(given)}")
        texts.append(_function(f.name, [names.of[p] for p in f.params], rows))
    names = Names(params, made)
    texts.append(_function(name, [names.of[p] for p in params], lines(made, names)))
    return "\n\n".join(texts), tuple((f.name, True, f.apart) for f in sums)


def _of_fewer_lengths(body: Sequence[Statement], low: Lowering) -> list[Statement]:
    """Statements that name one length of those that are equal."""
    equal = low.equal_lengths()
    replace(body, lambda e: equal.get(e.name) if isinstance(e, Ref) else None)
    return list(body)


def _function(name: str, params: Sequence[str], rows: Sequence[str]) -> str:
    by_python = any(row.lstrip().startswith("with objmode(") for row in rows)
    first = ["    with objmode():", "        pass"] if by_python else []  # Numba finds Python once, here before all branches
    return "\n".join([f"def {name}({', '.join(params)}):", *first, *rows]) + "\n"


def _ordered(code: str, *others: str) -> tuple[str, ...]:
    """The imports of a text, in order."""
    imports = dict.fromkeys(["import numpy as np", *_imports(code), *others])
    return tuple(sorted(imports, key=lambda line: line.split()[1:]))


def _imports(text: str) -> Iterator[str]:
    if " at(" in text or "[at(" in text:
        yield "from numpy import uint64 as at"
    if re.search(r"\bexp\(", text.replace("np.exp(", "").replace("math.exp(", "")):
        yield "from sct.runtime.loops import exp"
    if "half_power(" in text:
        yield "from sct.runtime.loops import half_power"
    for name in ("scratch", "zeroed_scratch"):
        if f" = {name}(" in text:
            yield f"from sct.runtime.loops import {name}"
    if "    raised(" in text:
        yield "from sct.runtime.loops import raised"
    if "math." in text:
        yield "import math"
    if " prange(" in text:
        yield "from numba import prange"
    if "with objmode(" in text:
        yield "from numba import objmode"


def _defined_in(block: Block) -> Iterator[Value]:
    """The values that a block, and the blocks in it, have of their own, in order."""
    for b in blocks_in(block):
        yield from b.params
        for s in b.body:
            yield from s.results


def _of(stretch: Stretch, v: Value, why: str) -> Unlooped:
    """What says that a value cannot be given to a kernel, or by it: the fault of what makes it there, or reads it first."""
    error = Unlooped(why)
    error.culprit = next((s for s in stretch.body if v in s.results or v in reads_of(s)), None)
    return error


def _called(part: _Part) -> list[Apply]:
    """The statements that call a kernel, and give each of its results as what it is outside."""
    body: list[Apply] = []
    raw = {v: Value(v.type, v.name, v.hint) if _is_number_of_numpy(v.type) else v for v in part.results}
    whole = Value(Tuple(tuple(v.type for v in part.results)), "", "results")
    body.append(Apply(standing_for(part.name), part.given, (), whole if len(raw) != 1 else next(iter(raw.values()))))
    if len(raw) != 1:
        body += [Apply(operator.getitem, (whole, Const(k)), (), w) for k, w in enumerate(raw.values())]
    for v, w in raw.items():
        if v is not w:
            t = v.type
            body.append(Apply(np.array if t.boxed else t.dtype.type, (w, *([Const(t.dtype)] if t.boxed else [])), (), v))  # type: ignore[union-attr]
    return body


def _is_number_of_numpy(t: Any) -> bool:
    """Whether a number is one of NumPy's, or is taken for one where it may be one of Python's."""
    return isinstance(t, Array) and t.shape == ()


def _is_doubtful(t: Any) -> bool:
    """Whether a number is of one type or another by the path that the program takes."""
    return isinstance(t, (Scalar, Array)) and bool(t.also)


def _tells_apart(block: Block) -> bool:
    """Whether there are results whose dtype depends on which type a number has; kernels give it in one of them."""
    return any(
        isinstance(s, Apply)
        and (isinstance(s.result.type, Unknown) or (isinstance(s.result.type, Array) and s.result.type.dtype is None))
        and any(_is_doubtful(v.type) for v in s.values)
        for b in blocks_in(block)
        for s in b.body
    )
