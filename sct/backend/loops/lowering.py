"""Lowering: a finished derivative in SSA form → a loop program.

Takes a function whose parameters are arrays of known rank and numbers; gives the statements of a kernel. Numbers are computed
where they stand; an array is an expression of its elements until something asks for these more than once, or is about to write
over what they are computed from. What there is no loop nest for is refused (`Unlooped`).
"""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sct.analysis.binding import unset_arrays
from sct.analysis.storage import fresh as makes_memory
from sct.analysis.storage import storage
from sct.backend.loops.forms import (
    Affine,
    Branch,
    Do,
    Elem,
    Expr,
    Forever,
    Leave,
    Loop,
    Make,
    Name,
    Num,
    Op,
    Point,
    Put,
    Ref,
    Set,
    Statement,
    may_divide_by_zero,
    names_in,
    op,
    plus,
    times,
)
from sct.backend.loops.lazy import Lazy, of_array
from sct.backend.loops.places import places
from sct.backend.loops.unlooped import Unlooped
from sct.backend.python.symbols import Symbols
from sct.ir.ops import RAISE, Format, InPlace, Store, describe
from sct.ir.shapes import as_array
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    ForEach,
    If,
    Operand,
    Value,
    While,
    blocks_in,
    carried_params,
    reading,
    type_of,
    values_of,
)
from sct.ir.ssa import Statement as Lowered
from sct.ir.types import (
    UNDEFINED,
    WORKED_OUT,
    Array,
    Const,
    Dict,
    List,
    ListOf,
    Scalar,
    Size,
    SizeLike,
    Tuple,
    are_equal,
    is_nonnegative,
    is_positive,
    is_unit,
    size_add,
)
from sct.registry.facts import facts_of
from sct.registry.methods import method_rule, primitive_of

if TYPE_CHECKING:
    from sct.backend.loops.tapes import Tape

__all__ = ["Lowering", "Unlooped", "lowers", "symbol_of", "writes_into_others"]

Handler = Callable[["Lowering", Apply, tuple[Operand, ...], dict[str, Operand]], Any]
_handlers: dict[Any, Handler] = {}


def lowers(*ops: Any) -> Callable[[Handler], Handler]:
    """Register how calls of functions are lowered: a function of the lowering, the statement, and the function's arguments.

    It gives the result: a `Lazy`, or the expression of a number.
    """

    def register(handler: Handler) -> Handler:
        for o in ops:
            _handlers[o] = handler
        return handler

    return register


class Lowering:
    """The lowering of one function; `out` is the list of statements that is being written."""

    def __init__(self, block: Block, name: str, options: Any = None, around: Block | None = None) -> None:
        self.whole = block
        around = around or block  # what the statements are a part of
        self.options = options
        self.out: list[Statement] = []
        self.note = ""
        self.arrays: dict[Value, Lazy] = {}
        self.numbers: dict[Value, Expr] = {}
        self.tuples: dict[Value, Any] = {}
        self.lists: dict[Value, Name] = {}
        self.types: dict[Value, Any] = {}  # of lists that are empty where they are made
        self.texts: dict[Value, Expr] = {}
        self.errors: dict[Value, tuple[Any, tuple[Operand, ...]]] = {}
        self.variables: dict[Value, Name] = {}
        self.place = places(block)
        self.roots = set(self.place.values())
        self.storage = storage(around)
        self.unset = unset_arrays(around)  # which have no entries where they are not bound
        self.uses = Counter(reading(block))
        self.rest = Counter(self.uses)
        self.deeper = _used_deeper(block)
        self.pending: dict[Value, Lazy] = {}
        self.sizes: dict[SizeLike, Expr] = {}
        self.symbols: dict[str, Expr] = {}
        self.equal: dict[Expr, Expr] = {}  # of sizes that are equal at any call of the code, one
        self.meaning: dict[Expr, SizeLike] = {}  # what sizes their expressions are
        self.lengths_given: set[Name] = set()  # the lengths of the axes of arguments
        self.of_lengths: dict[Expr, Set] = {}  # what is made of these alone, and where it gets a name, before all else
        self.parameters: set[Name] = set()
        self.symbols_of = Symbols(name)
        self.views: set[Name] = set()
        self.owned: set[Name] = set()  # the arrays that are made here, all in one piece
        self.stores = writes_into_others(around)
        self.known: list[set[Any]] = [set()]  # what has been checked, by scope
        self.tapes: dict[Value, Tape] = {}
        self.waiting: dict[For, list[Value]] = {}  # the tapes on which a loop is going to record
        self.around: list[Block] = []  # the blocks around the statement that is lowered

    # -- statements ----------------------------------------------------------------------------------------------------------

    def add(self, s: Statement) -> None:
        s.note = self.note
        if isinstance(s, Make):
            self.owned.add(s.name)
        self.out.append(s)

    def block(self, block: Block) -> None:
        self.around.append(block)
        try:
            for s in block.body:
                self.statement(s)
        finally:
            self.around.pop()

    def statement(self, s: Lowered) -> None:
        o = s.origin
        if o is not None and o.reverse:
            self.note = o.text
        try:
            if isinstance(s, Apply):
                self.apply(s)
            elif isinstance(s, If):
                self.if_(s)
            elif isinstance(s, (For, While)):
                self.loop(s)
            else:
                assert isinstance(s, (Closure, ForEach))
                raise Unlooped("a function that is made inside of another one")
        except Unlooped as e:
            if e.place is None and s.place is not None:
                e.place, e.statement = s.place, (o.text if o is not None else "")
            if len(self.around) == 1:
                e.culprit = s
            raise

    def apply(self, s: Apply) -> None:
        if s.op is RAISE:
            self.raise_(s)
            return
        if isinstance(s.op, type) and issubclass(s.op, BaseException):
            self.errors[s.result] = s.op, s.args
            return
        if isinstance(s.op, Format):
            from sct.backend.loops.saying import text_of

            self.texts[s.result] = text_of(self, s)
            for v in s.values:
                self.used(v)
            return
        from sct.backend.loops.calls import outside

        key = s.op.op if isinstance(s.op, (InPlace, Store)) else s.op
        primitive = primitive_of(key)
        rule = method_rule(key.name) if type(key).__name__ == "Method" else None
        args = tuple(rule.arguments(s.args)) if rule is not None else s.args
        if not all(map(_is_of_numba, (s.result, *s.args))):
            raise Unlooped("numbers of half or of extended precision")
        handler = _find(primitive) or outside
        found = self.handled(handler, s, args)
        if isinstance(found, Lazy) and (shape := as_array(s.result.type).shape) is not None and len(shape) != found.rank:
            raise Unlooped(f"{describe(s.op)}, whose result is of another rank than its type says")
        if self.stores and isinstance(found, Lazy) and found.rank and not isinstance(s.op, (InPlace, Store)):
            found = self.where_it_lies(s, found)
        elif self.stores and found is not None and _may_be_cell(s.result.type) and getattr(found, "whole", None) is None:
            found = self.cell(s, found)
        for v in s.values:
            self.used(v)
        self.define(s.result, found)

    def where_it_lies(self, s: Apply, found: Lazy) -> Lazy:
        """A result in the memory in which NumPy has it, for somebody may write into that."""
        given = frozenset().union(*[self.arrays[v].arrays for v in s.values if v in self.arrays])
        if makes_memory(s):
            return self.made(found, s.result) if found.arrays & given and not found.computes else found
        copied = found.whole is not None and found.whole not in given and found.whole not in self.views
        if copied or (found.computes and found.arrays):
            raise Unlooped("what may be a view, in a function that writes into arrays of others")
        return found

    def cell(self, s: Apply, found: Any) -> Any:
        """A number in memory of its own, as an array without axes that may be written into is."""
        if not makes_memory(s) and any(isinstance(t := v.type, Array) and (t.shape != () or _may_be_cell(t)) for v in s.values):
            raise Unlooped("what may be a view without axes, in a function that writes into arrays of others")
        if not s.result.type.boxed:  # type: ignore[union-attr]
            return found
        name = self.fresh(s.result.word or "cell", s.result.type.dtype)  # type: ignore[union-attr]
        self.add(Make(name, ()))
        self.add(Put(Elem(name, ()), found.at(()) if isinstance(found, Lazy) else found))
        return of_array(name, (), name.dtype)

    def handled(self, handler: Handler, s: Apply, args: tuple[Operand, ...]) -> Any:
        """What a handler gives; where it has no loops for a call, Python makes this, if the types of its results are known."""
        from sct.backend.loops.calls import outside

        out = self.out
        try:
            return handler(self, s, args, dict(s.kwargs))
        except Unlooped as e:
            self.out = out  # which has no more than new arrays, and checks that hold
            if handler is outside:
                raise
            left = e
        try:
            return outside(self, s, args, dict(s.kwargs))
        except Unlooped:
            raise left from None

    def used(self, v: Value) -> None:
        self.rest[v] -= 1
        if not self.rest[v]:
            self.pending.pop(v, None)

    def define(self, v: Value, found: Any) -> None:
        """A result is what a handler gives."""
        if isinstance(found, Lazy) and found.whole is not None and found.whole.value is None:
            found.whole.value = v
        if found is None or not self.uses[v]:
            if found is not None and isinstance(found, Lazy) and found.whole is not None:
                self.arrays[v] = found
            return
        if isinstance(found, tuple):
            self.tuples[v] = found
            return
        if isinstance(found, Name):
            self.lists[v] = found
            return
        if not isinstance(found, Lazy):
            self.numbers[v] = self.number_of(v, found)
            return
        if found.rank == 0 and not (isinstance(v.type, Array) and v.type.shape) and (found.whole is None or not self.stores):
            self.numbers[v] = self.number_of(v, found.at(()))
            return
        self.arrays[v] = found
        fresh = v in self.roots or (self.stores and not found.arrays)
        if found.whole is None and (fresh or (found.computes and (self.uses[v] > 1 or v in self.deeper))):
            self.arrays[v] = self.made(found, v)
        elif found.whole is None and found.computes:
            self.pending[v] = found

    def number_of(self, v: Value, e: Expr) -> Expr:
        """A number that is computed here: a constant or an index as it is, anything else in a variable."""
        if isinstance(e, (Num, Ref)) or (isinstance(e, (Affine, Op)) and self.is_index(v)):
            return e
        name = self.fresh(v.word or "value", as_array(v.type).dtype)
        self.add(Set(name, e))
        return Ref(name)

    def is_index(self, v: Value) -> bool:
        return isinstance(v.type, Scalar) and v.type.kind is int and v.type.size is not None

    def fresh(self, hint: str, dtype: Any = None, rank: int = 0) -> Name:
        return Name(hint, dtype, rank)

    def symbol(self, f: Any) -> str:
        """The name of a function of Python's in the text."""
        return str(self.symbols_of.name(f))

    def variable(self, v: Value) -> Name:
        """The variable of an array or number that loops and branches bind."""
        v = self.place.get(v, v)
        if v not in self.variables and isinstance(v.type, ListOf):
            self.variables[v] = Name(v.word or "items", None, -1, v)
        elif v not in self.variables:
            t = as_array(v.type)
            rank = len(t.shape) if t.shape is not None else 0
            self.variables[v] = Name(v.word or "value", t.dtype, rank, v)
        return self.variables[v]

    # -- operands ------------------------------------------------------------------------------------------------------------

    def operand(self, o: Operand) -> Lazy:
        """An operand as an array, of rank 0 where it is a number."""
        if isinstance(o, Value) and o in self.arrays:
            return self.arrays[o]
        if isinstance(o, (Tuple, List)) or (isinstance(o, Const) and isinstance(o.value, (list, tuple))):
            return self.listed(o)
        if isinstance(o, Const) and isinstance(o.value, np.ndarray):
            raise Unlooped("a constant array")
        if isinstance(o, Value) and o in self.lists:
            from sct.backend.loops.lists import array_of_list

            return array_of_list(self, o)
        e = self.number(o)
        return Lazy((), as_array(type_of(o)).dtype, lambda _: e, frozenset(names_in(e)), False)

    def listed(self, o: Any) -> Lazy:
        """A list or tuple of numbers, or of arrays of one shape, as an array."""
        items = [
            self.operand(i if not isinstance(o, Const) else Const(i)) for i in (o.value if isinstance(o, Const) else o.items)
        ]
        t = as_array(type_of(o))
        if not items or t.shape is None or t.dtype is None:
            raise Unlooped("a list that is taken for an array")
        name = self.fresh("items", t.dtype, len(t.shape))
        shape = (Num(len(items)), *items[0].shape)
        self.add(Make(name, shape))
        for k, item in enumerate(items):
            self.same_shape(item.shape, shape[1:])
            self.nest(shape[1:], partial(_put_at, name, (Num(k),), item, t.dtype))
        return of_array(name, shape, t.dtype)

    def number(self, o: Operand) -> Expr:
        """An operand that is a number."""
        if isinstance(o, Const):
            v = o.value
            if isinstance(v, (bool, int, float, complex)):
                return Num(v)
            if isinstance(v, np.generic) and v.dtype.kind in "biufc":
                return (
                    Num(v.item()) if v.dtype.itemsize >= 8 or v.dtype.kind == "b" else op(f"np.{v.dtype.name}", Num(v.item()))
                )
            raise Unlooped(f"the constant {v!r}")
        if isinstance(o, Value):
            if o in self.numbers:
                return self.numbers[o]
            if o in self.arrays and self.arrays[o].rank == 0:
                return self.arrays[o].at(())
        raise Unlooped(f"{describe_operand(o)}, which is neither an array nor a number")

    def truth(self, o: Operand) -> Expr:
        """Whether an operand counts as true."""
        if isinstance(o, Value) and o in self.lists:
            from sct.backend.loops.lists import length

            return op(">", length(self, self.lists[o]), Num(0))
        return self.number(o)

    def constant(self, o: Operand | None, otherwise: Any = None) -> Any:
        """An operand that is known when the code is made."""
        if o is None:
            return otherwise
        t = type_of(o)
        if isinstance(t, Const):
            return t.value
        if isinstance(t, (Tuple, List)) and all(isinstance(i, Const) for i in t.items):
            return tuple(i.value for i in t.items)
        raise Unlooped("an argument that is not known when the code is made")

    def named(self, s: Apply, args: Sequence[Operand], kwargs: dict[str, Operand], *names: str) -> dict[str, Operand]:
        """The arguments of a call by the names of its parameters, without those that are None."""
        unknown = sorted(set(kwargs) - set(names))
        if unknown or len(args) > len(names):
            raise Unlooped(f"{describe(s.op)} with {', '.join(unknown) or 'more arguments'}")
        return {k: o for k, o in (*zip(names, args, strict=False), *kwargs.items()) if type_of(o) != Const(None)}

    def items(self, o: Operand) -> tuple[Operand, ...]:
        """The items of an operand that is a tuple or list."""
        if isinstance(o, (Tuple, List)):
            return o.items
        if isinstance(o, Const) and isinstance(o.value, (tuple, list)):
            return tuple(map(Const, o.value))
        if isinstance(o, Value) and isinstance(self.tuples.get(o), tuple):
            return tuple(self.tuples[o])
        raise Unlooped("a sequence whose items are not known when the code is made")

    def entry(self, item: Any) -> Any:
        """An item of a tuple: an array, or the expression of a number."""
        if isinstance(item, (Value, Const, Tuple, List)):
            if (isinstance(item, Value) and item in self.tuples) or isinstance(item, Tuple):
                return tuple(map(self.entry, self.items(item)))
            a = self.operand(item)
            return a if a.rank else a.at(())
        return item

    def is_unit(self, n: Expr) -> bool | None:
        """Whether a size is 1: True, False, or None where it is not known."""
        size = n.value if isinstance(n, Num) else self.meaning.get(n)
        return None if size is None else is_unit(size)

    def number_in(self, e: Any) -> Expr:
        """An item of a tuple that is a number."""
        if isinstance(e, (Lazy, tuple)):
            raise Unlooped("a tuple of arrays")
        return e  # type: ignore[no-any-return]

    # -- memory --------------------------------------------------------------------------------------------------------------

    def made(self, a: Lazy, v: Value | None = None, hint: str = "") -> Lazy:
        """An array in memory of its own."""
        if v is not None and v in self.roots:
            name = self.variable(v)
        else:
            name = Name((v.word if v is not None else "") or hint or "part", a.dtype, a.rank, v)
        shape = tuple(self.simple(n) for n in a.shape)
        self.add(Make(name, shape, a.fill or "empty"))
        if a.fill is None:
            self.nest(shape, lambda index: [Put(Elem(name, tuple(index)), a.at(index))])
        return of_array(name, shape, a.dtype)

    def whole_array(self, a: Lazy, hint: str = "") -> Lazy:
        """An array that lies in memory, itself or a copy."""
        return a if a.whole is not None else self.made(a, hint=hint)

    def read_often(self, o: Operand) -> Lazy:
        """An operand each of whose elements may be asked for many times."""
        a = self.operand(o)
        if not a.computes:
            return a
        a = self.made(a, o if isinstance(o, Value) else None)
        if isinstance(o, Value):
            self.arrays[o] = a
            self.pending.pop(o, None)
        return a

    def may_share(self, a: Name, b: Name) -> bool:
        """Whether two arrays may lie in the same memory."""
        if a is b:
            return True
        if a.value is None or b.value is None:
            return False
        return self.storage.share(a.value, b.value)

    def about_to_write(self, array: Name, but: Lazy | None = None) -> None:
        """Compute what has been put off, and reads an array that is going to be written into."""
        for v, a in list(self.pending.items()):
            if a is not but and any(self.may_share(array, n) for n in a.arrays):
                self.arrays[v] = self.made(a, v)
                del self.pending[v]

    # -- sizes ---------------------------------------------------------------------------------------------------------------

    def extent(self, n: SizeLike, otherwise: Callable[[], Expr]) -> Expr:
        """The expression of a size; `otherwise` gives it where nothing is known of it by name."""
        if isinstance(n, int):
            return Num(n)
        found = self.worked_out(n)
        if found is None:
            found = self.simple(otherwise())
            if self.is_settled(n):
                self.sizes[n] = found
        self.meaning.setdefault(found, n)
        return found

    def lengths(self, name: Name, sizes: Sequence[SizeLike]) -> tuple[Expr, ...]:
        """The shape of an array variable."""
        return tuple(self.extent(n, partial(op, ".shape", Ref(name), Num(k))) for k, n in enumerate(sizes))

    def worked_out(self, n: SizeLike) -> Expr | None:
        """A size as an expression of those that have names; None if it is none."""
        if isinstance(n, int):
            return Num(n)
        if not self.is_settled(n):
            return None
        if n in self.sizes:
            return self.sizes[n]
        out: Expr = Num(n.const)
        for atom, c in n.terms:
            e = self.atom(atom)
            if e is None:
                return None
            out = plus(out, times(e, c))
        if not isinstance(out, Num):
            out = self.simple(out) if self.is_of_lengths(out) else out
            self.meaning.setdefault(out, n)
        return out

    def is_called(self, n: SizeLike, e: Expr) -> None:
        """A size that is known by an expression from here on."""
        if self.is_settled(n):
            self.sizes[n] = e
        if not isinstance(e, Num):
            self.meaning.setdefault(e, n)

    def is_settled(self, n: SizeLike) -> bool:
        """Whether a size is one number here: those of a φ differ from one iteration to the next, under one name."""
        return isinstance(n, int) or all(self.is_settled_atom(atom) for atom, _ in n.terms)

    def is_settled_atom(self, atom: Any) -> bool:
        if isinstance(atom, Size):
            return self.is_settled(atom)
        if not isinstance(atom, tuple):
            return True
        if atom[:1] == ("symbol",):
            return atom[1] in self.symbols or "#" not in str(atom[1])
        return atom[:1] != ("phi",) and all(map(self.is_settled_atom, atom))

    def settled(self, n: SizeLike | None) -> SizeLike | None:
        """A size that is one number here, else None."""
        return n if n is not None and self.is_settled(n) else None

    def atom(self, atom: Any) -> Expr | None:
        if not isinstance(atom, tuple):
            return None
        one = Size(((atom, 1),))
        if one in self.sizes:
            return self.sizes[one]
        if atom[0] == "symbol":
            return self.symbols.get(atom[1])
        if atom[0] not in WORKED_OUT:
            return None
        parts = [self.worked_out(p) for p in atom[1:]]
        if any(p is None for p in parts):
            return None
        made = self.simple(_ATOMS[atom[0]](*parts))
        self.sizes[one] = made
        return made

    def simple(self, e: Expr) -> Expr:
        """An integer that is cheap to ask for: a number, a variable, or a sum of one and a number."""
        if isinstance(e, (Num, Ref)) or (isinstance(e, Affine) and len(e.terms) == 1 and isinstance(e.terms[0][0], Ref)):
            return e
        if self.is_of_lengths(e):
            if isinstance(e, Affine) and e.const:
                return plus(self.simple(Affine(e.terms)), Num(e.const))
            if e not in self.of_lengths:
                self.of_lengths[e] = Set(self.fresh("n", np.dtype(np.int64)), e)
            return Ref(self.of_lengths[e].name)
        name = self.fresh("n", np.dtype(np.int64))
        self.add(Set(name, e))
        return Ref(name)

    def is_of_lengths(self, e: Expr) -> bool:
        """Whether an integer is made of the lengths of axes of arguments alone, which are known before all else."""
        if may_divide_by_zero(e):  # where it is asked for, something may say that it is not
            return False
        made = {s.name for s in self.of_lengths.values()}
        return all(n in self.lengths_given or n in made for n in names_in(e))

    def size_of(self, t: Any, k: int) -> SizeLike | None:
        t = as_array(t)
        return None if t.shape is None else t.shape[k]

    # -- checks --------------------------------------------------------------------------------------------------------------

    def require(self, test: Expr, error: str, message: str) -> None:
        """Raise unless a test holds."""
        key = (test, error)
        if any(key in scope for scope in self.known):
            return
        self.known[-1].add(key)
        raising = Do(op(error, Num(message)), "raise")
        raising.note = self.note
        self.add(Branch(op("not", test), [raising], []))

    def same(
        self, a: Expr, b: Expr, message: str = "operands could not be broadcast together", error: str = "ValueError"
    ) -> None:
        """Two sizes are equal, or NumPy's error is raised."""
        if self.canonical(a) == self.canonical(b):
            return
        m, n = self.settled(self.meaning.get(a)), self.settled(self.meaning.get(b))
        if m is not None and n is not None and are_equal(m, n):
            self.equal[self.canonical(b)] = self.canonical(a)
        else:
            self.require(op("==", a, b), error, message)

    def canonical(self, n: Expr) -> Expr:
        """One expression of all that are equal to a size at any call of the code."""
        while n in self.equal:
            n = self.equal[n]
        return n

    def equal_lengths(self) -> dict[Name, Expr]:
        """The lengths of axes of arguments that are those of others, or these and a number."""
        found = {n: self.canonical(Ref(n)) for n in self.lengths_given}
        return {n: e for n, e in found.items() if e != Ref(n) and all(m in self.lengths_given for m in names_in(e))}

    def same_shape(self, a: Sequence[Expr], b: Sequence[Expr]) -> None:
        for m, n in zip(a, b, strict=True):
            self.same(m, n)

    def row(self, o: Operand, n: Expr, size: SizeLike | None) -> Expr:
        """An index that picks one of the `n` entries of an axis: within it, and not negative."""
        e = self.number(o)
        t = type_of(o)
        if isinstance(t, Const):
            k = int(t.value)
            at = Num(k) if k >= 0 else plus(n, Num(k))
            known: SizeLike | None = k if k >= 0 else size_add(size, k) if size is not None else None
        else:
            at, known = e, t.size if isinstance(t, Scalar) else None
        if known is not None and size is not None:
            low, high = is_nonnegative(known), is_positive(size_add(size, known, -1))
        else:
            low = high = False
        if low and high:
            return at
        if isinstance(t, Const):
            if isinstance(n, Num):
                inside = 0 <= (k if k >= 0 else k + n.value) < n.value
                if inside:
                    return at
            self.require(op(">=", n, Num(k + 1 if k >= 0 else -k)), "IndexError", "index is out of bounds")
            return at
        if not isinstance(at, (Ref, Affine)):
            name = self.fresh("at", np.dtype(np.int64))
            self.add(Set(name, at))
            at = Ref(name)
        if low:
            self.require(op("<", at, n), "IndexError", "index is out of bounds")
            return at
        name = self.fresh("at", np.dtype(np.int64))
        self.add(Set(name, op("if", op("<", at, Num(0)), plus(at, n), at)))
        self.require(op("and", op(">=", Ref(name), Num(0)), op("<", Ref(name), n)), "IndexError", "index is out of bounds")
        return Ref(name)

    # -- nests ---------------------------------------------------------------------------------------------------------------

    def nest(
        self, shape: Sequence[Expr], body: Callable[[list[Expr]], Sequence[Statement]], order: Sequence[int] | None = None
    ) -> None:
        """A nest over the indices of a shape, the first outermost, or in another order; `body` gives what is done at one."""
        index: list[Expr] = [Num(0)] * len(shape)
        loops: list[Loop] = []
        for k in order if order is not None else range(len(shape)):
            if shape[k] == Num(1):
                continue
            var = self.fresh("ijklmnpqrs"[min(len(loops), 9)], np.dtype(np.int64))
            loops.append(Loop(var, Num(0), self.canonical(shape[k])))
            index[k] = Ref(var)
        inside = list(body(index))
        for s in inside:
            s.note = self.note
        for loop in reversed(loops):
            loop.note = self.note
            loop.body.extend(inside)
            inside = [loop]
        self.out.extend(inside)

    def raise_(self, s: Apply) -> None:
        from sct.backend.loops.saying import raised

        found = self.errors.get(s.args[0]) if s.args else None  # type: ignore[arg-type]
        if found is None or len(s.args) > 1:
            raise Unlooped("an exception that is raised from another one, or is not made where it is raised")
        cls, args = found
        if getattr(builtins, cls.__name__, None) is not cls:
            raise Unlooped("an exception of a class of one's own")
        if all(isinstance(a, Const) for a in args):
            self.add(Do(op(cls.__name__, *(Num(a.value) for a in args)), "raise"))  # type: ignore[union-attr]
            return
        raised(self, cls, args)
        self.add(Do(op("RuntimeError"), "raise"))  # which Numba knows to end here

    # -- branches and loops --------------------------------------------------------------------------------------------------

    def within(self, out: list[Statement], work: Callable[[], None]) -> None:
        """Write statements to another list."""
        outer, self.out = self.out, out
        sizes, arrays, pending = dict(self.sizes), dict(self.arrays), dict(self.pending)
        self.known.append(set())
        work()
        self.known.pop()
        self.sizes = sizes
        self.arrays.update(arrays)  # what has been made of them in here is not there elsewhere
        self.pending = {v: a for v, a in pending.items() if self.rest[v]}
        self.out = outer

    def if_(self, s: If) -> None:
        if s.handles is not None:
            raise Unlooped("a try statement")
        if isinstance(s.test, Const):
            test: Expr = Num(bool(s.test.value))
        else:
            test = self.truth(s.test)
        for v in s.values:
            self.used(v)
        for name in list(_written_names(self, s)):
            self.about_to_write(name)
        branch = Branch(test)
        targets = self.targets(s.results)
        for out, b in ((branch.then, s.then), (branch.orelse, s.orelse)):
            self.within(out, partial(self.ending, b, targets, b.yields))
        self.add(branch)
        self.bind(s.results)

    def ending(self, b: Block, targets: Sequence[tuple[Value, Name] | None], yields: Sequence[Operand]) -> None:
        self.block(b)
        if not _raises(b):
            self.assign(targets, yields)
        for v in values_of(*b.yields):
            self.used(v)

    def targets(self, values: Sequence[Value]) -> list[tuple[Value, Name] | None]:
        """The variables of what branches and loops bind; None where nobody reads it."""
        return [(v, self.variable(v)) if self.uses[v] or v in self.place else None for v in values]

    def bind(self, values: Sequence[Value]) -> None:
        """What variables hold from here on."""
        for v in values:
            if not self.uses[v]:
                continue
            self.read_variable(v)

    def read_variable(self, v: Value) -> None:
        t = v.type
        if isinstance(t, (Tuple, List, Dict)):
            raise Unlooped("a container that loops or branches carry")
        if isinstance(t, ListOf):
            self.lists[v] = self.variable(v)
            return
        if self.stores and _may_be_cell(t):
            raise Unlooped("an array without axes that loops or branches carry, in a function that writes into such")
        a = as_array(t)
        if not isinstance(t, (Array, Scalar, Const)) or a.shape is None or a.dtype is None or a.dtype.kind not in "biufc":
            raise Unlooped("a variable that is neither an array of known rank nor a number")
        name = self.variable(v)
        if not a.shape:
            self.numbers[v] = Ref(name)
            return
        shape = self.lengths(name, a.shape)
        self.arrays[v] = of_array(name, shape, a.dtype)

    def assign(self, targets: Sequence[tuple[Value, Name] | None], sources: Sequence[Operand]) -> None:
        """Set variables as if all at once."""
        pairs: list[tuple[Name, Expr, Any]] = []
        for target, source in zip(targets, sources, strict=True):
            if target is None:
                continue
            v, name = target
            if isinstance(v.type, ListOf):
                from sct.backend.loops.lists import begin, list_of

                if isinstance(source, Value):
                    found_list = list_of(self, source, v.type)
                    if found_list is not name:
                        pairs.append((name, Ref(found_list), found_list))
                else:
                    nothing = source is UNDEFINED or source == Const(None)
                    begin(self, name, () if nothing else self.items(source), v.type)
                continue
            t = as_array(v.type)
            if source is UNDEFINED or source == Const(None):  # the latter before a loop, for what its first iteration binds
                self.undefined(name, t)
                continue
            if t.shape is None or t.dtype is None:
                raise Unlooped("a variable that is neither an array of known rank nor a number")
            if t.shape:
                a = self.operand(source)
                self.refuse_view(a)
                if a.whole is None:
                    a = self.made(a, source if isinstance(source, Value) else None, name.hint)
                    if isinstance(source, Value):
                        self.arrays[source] = a
                        self.pending.pop(source, None)
                if a.whole is not name:
                    pairs.append((name, Ref(a.whole), a.whole))  # type: ignore[arg-type]
            else:
                given = self.operand(source)
                found = cast(given.at(()), given.dtype, t.dtype, store=True)
                if found != Ref(name):
                    pairs.append((name, found, None))
        written = {n for n, _, _ in pairs}
        first: list[tuple[Name, Expr, Any]] = []
        earlier: set[Name] = set()
        for name, e, of in pairs:
            if earlier & set(names_in(e)):
                aside = self.fresh(name.hint, name.dtype, name.rank)
                aside.value = name.value
                first.append((aside, e, of))
                e = Ref(aside)
                of = aside if of is not None else None
            earlier.add(name)
            first.append((name, e, of))
        late = [f for f in first if f[0] in written]
        for name, e, of in [f for f in first if f[0] not in written] + late:
            self.add(Set(name, e) if of is None else Point(name, e, of))

    def refuse_view(self, a: Lazy) -> None:
        """Refuse part of an array where it must be that part, since it may be written into."""
        if a.whole is None and not a.computes and a.arrays and self.stores:
            raise Unlooped("a part of an array, bound to a variable in a function that writes into arrays of others")

    def undefined(self, name: Name, t: Any) -> None:
        """Give a variable that is not bound yet a type, and nothing that may be taken for a number of the function's."""
        if t.shape:
            self.add(Make(name, (Num(0),) * len(t.shape)))
        elif t.shape is not None and t.dtype is not None:
            self.add(Set(name, cast(Num(np.nan if t.dtype.kind in "fc" else 0), None, t.dtype)))

    def settle(self, reading: set[Value]) -> None:
        """Compute what has been put off before a loop, which would compute it again and again."""
        for v, a in list(self.pending.items()):
            if v in reading:
                self.arrays[v] = self.made(a, v)
                del self.pending[v]

    def loop(self, s: For | While) -> None:
        inside = {v for b in s.blocks for v in reading(b)}
        params = carried_params(s)
        n = len(s.inits)
        tested = s.test.params if isinstance(s, While) else (None,) * n
        read = zip(params, s.results, tested, strict=False)
        wanted = [p if self.uses[p] or self.uses[r] or (t and self.uses[t]) else None for p, r, t in read]
        targets = [(p, self.variable(p)) if p is not None else None for p in wanted]
        if isinstance(s, For):
            domain = [self.number(o) for o in (s.start, s.stop, s.step)]
        self.settle(inside)
        for name in list(_written_names(self, s)):
            self.about_to_write(name)
        self.assign(targets, s.inits)
        for v in s.values:
            self.used(v)
        counts = [v for v in s.counts if self.uses[v]]
        for c in counts:
            self.add(Set(self.variable(c), Num(0)))
        body: list[Statement]
        if isinstance(s, For):
            if s.checkpointing is not None:
                raise Unlooped("a checkpointed loop")
            from sct.backend.loops.tapes import begin_before

            begin_before(self, s)
            made = self.range(s, domain)
            body = made.body
            var = s.body.params[0]
            self.numbers[var] = Ref(made.var)
            symbol = symbol_of(var.type.size) if isinstance(var.type, Scalar) else None
            if symbol is not None:
                self.symbols[symbol] = Ref(made.var)
            self.add(made)
        else:
            forever = Forever()
            body = forever.body
            self.add(forever)

        def inner() -> None:
            for p in params:
                if self.uses[p] and not (isinstance(p.type, Const)):
                    self.read_variable(p)
                elif isinstance(p.type, Const):
                    self.numbers[p] = self.number(p.type)
            if isinstance(s, While):
                for t in s.test.params:
                    if self.uses[t]:
                        self.read_variable(t)
                self.block(s.test)
                self.add(Leave(self.truth(s.test.yields[0]), False))
                for v in values_of(*s.test.yields):
                    self.used(v)
            for c in counts:
                self.add(Set(self.variable(c), plus(Ref(self.variable(c)), Num(1))))
            self.block(s.body)
            stops = []
            for flag in s.body.yields[n:]:
                stop = self.fresh("stop", np.dtype(bool))
                self.add(Set(stop, self.number(flag)))
                stops.append(stop)
            self.assign(targets, s.body.yields[:n])
            for v in values_of(*s.body.yields):
                self.used(v)
            for stop in stops:
                self.add(Leave(Ref(stop), True))

        self.within(body, inner)
        self.bind(s.results[:n])
        for c in counts:
            self.numbers[c] = Ref(self.variable(c))

    def range(self, s: For, domain: Sequence[Expr]) -> Loop:
        """A loop over a range, or over it backwards."""
        start, stop, step = domain
        word = s.body.params[0].word or "i"
        var = self.fresh("step" if word == "_" else word, np.dtype(np.int64))
        if not s.backwards:
            return Loop(var, start, stop, [], step, nest=False)
        if step == Num(1):
            return Loop(var, plus(stop, Num(-1)), plus(start, Num(-1)), [], Num(-1), nest=False)
        if step == Num(-1):
            return Loop(var, plus(stop, Num(1)), plus(start, Num(1)), [], Num(1), nest=False)
        count = self.simple(op("max", Num(0), op("//", plus(plus(stop, start, -1), plus(step, op("sign", step), -1)), step)))
        first = self.simple(plus(start, op("*", plus(count, Num(-1)), step)))
        return Loop(var, first, plus(start, step, -1), [], times(step, -1), nest=False)


def writes_into_others(block: Block) -> bool:
    """Whether there are writes into arrays or lists that are others', or may be known by other names."""
    return any(isinstance(s, Apply) and isinstance(s.op, Store) for b in blocks_in(block) for s in b.body)


def _may_be_cell(t: Any) -> bool:
    """Whether something of a type may be an array without axes, which may be written into as others may."""
    return isinstance(t, Array) and t.shape == () and t.boxed is not False


def _is_of_numba(o: Operand) -> bool:
    """Whether Numba has numbers of an operand's dtype, if it is an array."""
    t = type_of(o)
    return not isinstance(t, Array) or t.dtype is None or is_of_numba(t.dtype)


def is_of_numba(dtype: Any) -> bool:
    """Whether Numba has numbers of a dtype."""
    return dtype.kind not in "fc" or dtype in (np.float32, np.float64, np.complex64, np.complex128)


def _put_at(name: Name, first: tuple[Expr, ...], item: Lazy, dtype: Any, index: list[Expr]) -> list[Statement]:
    """Put an array into another one behind some indices."""
    return [Put(Elem(name, (*first, *index)), cast(item.at(index), item.dtype, dtype))]


def symbol_of(size: SizeLike | None) -> str | None:
    """The name of a size that is one symbol and nothing else."""
    if not isinstance(size, Size) or len(size.terms) != 1 or size.const or size.terms[0][1] != 1:
        return None
    atom = size.terms[0][0]
    return atom[1] if isinstance(atom, tuple) and atom[0] == "symbol" else None


def describe_operand(o: Operand) -> str:
    """What an operand is called in a message."""
    t = type_of(o)
    name = o.word if isinstance(o, Value) else ""
    return f"{name or 'a value'} ({t})"


def _find(primitive: Any) -> Handler | None:
    try:
        found = _handlers.get(primitive)
    except TypeError:
        return None
    if found is not None:
        return found
    from sct.backend.loops.elementwise import elementwise, sign_of
    from sct.backend.loops.making import in_shape

    if facts_of(primitive).fits is not None:
        return in_shape
    return elementwise if sign_of(primitive) is not None else None


def cast(e: Expr, source: Any, target: Any, store: bool = False) -> Expr:
    """A number of one dtype as one of another; `store`: it is stored where that is its dtype."""
    if source is not None and source == target:
        return e
    if target in (np.dtype(np.float64), np.dtype(np.complex128)) and isinstance(e, Num):
        return Num(target.type(e.value).item())
    if target == np.dtype(np.float64) and source is not None and source.kind in "biuf":
        return op("float", e) if store else e
    if target == np.dtype(np.complex128) and source is not None and source.kind in "biufc":
        return op("complex", e) if store else e
    if source is None:
        return e
    if target == np.dtype(np.int64) and source.kind in "iu" and isinstance(e, (Num, Ref, Affine)):
        return e
    return op("bool" if target.kind == "b" else f"np.{target.name}", e)


def _raises(b: Block) -> bool:
    last = b.body[-1] if b.body else None
    return isinstance(last, Apply) and last.op is RAISE


def _used_deeper(block: Block) -> set[Value]:
    """The values that are used inside of a loop that they are made outside of."""
    depth: dict[Value, int] = {}
    found: set[Value] = set()

    def walk(b: Block, level: int) -> None:
        depth.update((p, level) for p in b.params)
        for s in b.body:
            found.update(v for v in s.values if depth.get(v, level) < level)
            for inner in s.blocks:
                walk(inner, level + 1 if s.repeats else level)
            depth.update((r, level) for r in s.results)
        found.update(v for v in values_of(*b.yields) if depth.get(v, level) < level)

    walk(block, 0)
    return found


def _written_names(lowering: Lowering, s: Lowered) -> Iterator[Name]:
    """The arrays from outside of a loop that statements in it write into."""
    for b in s.blocks:
        for inner in blocks_in(b):
            for t in inner.body:
                if isinstance(t, Apply) and isinstance(t.op, (InPlace, Store)) and isinstance(t.args[0], Value):
                    v = lowering.place.get(t.args[0], t.args[0])
                    if v in lowering.variables:
                        yield lowering.variables[v]
                    elif v in lowering.arrays:
                        yield from lowering.arrays[v].arrays
                    else:  # it is made inside, and may lie in memory from outside
                        yield Name("", value=v)


_ATOMS: dict[str, Callable[..., Expr]] = {
    "ceil_div": lambda a, b: op("//", plus(a, plus(b, Num(-1))), b),
    "floordiv": lambda a, b: op("//", a, b),
    "max0": lambda a: op("max", a, Num(0)),
    "min": lambda a, b: op("min", a, b),
    "mod": lambda a, b: op("%", a, b),
    "mul": lambda a, b: op("*", a, b),
    "quotient": lambda a, b: op("//", a, b),
}
