"""Loop programs: what array statements are lowered to.

Scalars and elements of arrays, loops over indices, branches, and statements that take or rename memory. Expressions never
change; lists of statements are rewritten in place by the passes of this package. An index is a linear form of names where it is
one, so that two accesses can be compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sct.ir.records import record

__all__ = [
    "Affine",
    "Branch",
    "Do",
    "Elem",
    "Expr",
    "Forever",
    "Leave",
    "Loop",
    "Make",
    "Name",
    "Num",
    "Op",
    "Outside",
    "Point",
    "Put",
    "Ref",
    "Set",
    "Statement",
    "affine",
    "blocks_of",
    "elements",
    "map_expr",
    "may_divide_by_zero",
    "names_in",
    "op",
    "parts_of",
    "plus",
    "signs_in",
    "statement_exprs",
    "times",
]

_serial = itertools.count()


class Name:
    """A variable of the program: `hint` is what it may be called. Equal only to itself.

    `value`: the SSA value whose memory an array variable has, where it has any other than its own.
    """

    __slots__ = ("dtype", "hint", "rank", "serial", "value")

    def __init__(self, hint: str, dtype: Any = None, rank: int = 0, value: Any = None) -> None:
        self.hint = hint
        self.dtype = dtype
        self.rank = rank
        self.value = value
        self.serial = next(_serial)

    def __repr__(self) -> str:
        return f"{self.hint}.{self.serial}"


@record(frozen=True, slots=True)
class Num:
    """A constant."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Num) and type(self.value) is type(other.value) and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


@record(frozen=True, slots=True)
class Ref:
    """What a variable holds."""

    name: Name


@record(frozen=True, slots=True)
class Affine:
    """An integer, `const + Σ cᵢ eᵢ` of other expressions; `terms` are in an order of their own."""

    terms: tuple[tuple[Expr, int], ...]
    const: int = 0


@record(frozen=True, slots=True)
class Elem:
    """An element of an array, at indices that lie within it and are not negative."""

    array: Name
    index: tuple[Expr, ...]


@record(frozen=True, slots=True)
class Op:
    """An operator, by its sign, a conditional expression ("if"), or a call of a function, by its dotted name."""

    op: str
    args: tuple[Expr, ...]


_ONE = Num(1)
Expr: TypeAlias = "Num | Ref | Affine | Elem | Op"


def op(sign: str, *args: Expr) -> Op:
    """An operation."""
    return Op(sign, args)


def affine(e: Expr) -> Affine:
    """An integer as a linear form."""
    if isinstance(e, Affine):
        return e
    if isinstance(e, Num):
        return Affine((), int(e.value))
    return Affine(((e, 1),))


def _plain(a: Affine) -> Expr:
    if not a.terms:
        return Num(a.const)
    return a.terms[0][0] if a.const == 0 and len(a.terms) == 1 and a.terms[0][1] == 1 else a


def plus(a: Expr, b: Expr, sign: int = 1) -> Expr:
    """`a + sign * b` of integers."""
    p, q = affine(a), affine(b)
    terms = dict(p.terms)
    for e, c in q.terms:
        terms[e] = terms.get(e, 0) + sign * c
    return _plain(Affine(tuple((e, c) for e, c in terms.items() if c), p.const + sign * q.const))


def times(a: Expr, c: int) -> Expr:
    """`c * a` of an integer."""
    p = affine(a)
    return _plain(Affine(tuple((e, k * c) for e, k in p.terms), p.const * c)) if c else Num(0)


def map_expr(f: Callable[[Expr], Expr | None], e: Expr) -> Expr:
    """An expression with what `f` gives in place of the parts for which it gives something."""
    made = f(e)
    if made is not None:
        return made
    if isinstance(e, Affine):
        out: Expr = Num(e.const)
        for part, c in e.terms:
            out = plus(out, times(map_expr(f, part), c))
        return out
    if isinstance(e, Elem):
        return Elem(e.array, tuple(map_expr(f, i) for i in e.index))
    if isinstance(e, Op):
        return Op(e.op, tuple(map_expr(f, a) for a in e.args))
    return e


def parts_of(e: Expr) -> Iterator[Expr]:
    """An expression, and those of which it is made."""
    yield e
    if isinstance(e, Affine):
        for part, _ in e.terms:
            yield from parts_of(part)
    elif isinstance(e, Elem):
        for i in e.index:
            yield from parts_of(i)
    elif isinstance(e, Op):
        for a in e.args:
            yield from parts_of(a)


def elements(e: Expr) -> Iterator[Elem]:
    """The elements that an expression reads."""
    return (p for p in parts_of(e) if isinstance(p, Elem))


def names_in(e: Expr) -> Iterator[Name]:
    """The variables that an expression reads, arrays included."""
    for p in parts_of(e):
        if isinstance(p, Ref):
            yield p.name
        elif isinstance(p, Elem):
            yield p.array


def signs_in(e: Expr) -> Iterator[str]:
    """The signs of operators, and the names of functions, that an expression has."""
    return (p.op for p in parts_of(e) if isinstance(p, Op))


def may_divide_by_zero(e: Expr) -> bool:
    """Whether an integer is divided by what is no number that is known."""
    return any(isinstance(p, Op) and p.op in ("//", "%") and not isinstance(p.args[1], Num) for p in parts_of(e))


# -- statements ----------------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Noted:
    """`note`: the user's statement that a statement is part of the derivative of."""

    note: str = field(default="", init=False)


@dataclass(eq=False)
class Set(_Noted):
    """A number is what an expression gives."""

    name: Name
    expr: Expr


@dataclass(eq=False)
class Put(_Noted):
    """An element is what an expression gives, or is changed by it, where `how` is the sign of an operator."""

    place: Elem
    expr: Expr
    how: str = ""


@dataclass(eq=False)
class Make(_Noted):
    """New memory: "empty" or "zeros". `steady`: each iteration of a loop around it writes into the same part of it.

    `scratch`: nobody has it when the kernel has ended.
    """

    name: Name
    shape: tuple[Expr, ...]
    fill: str = "empty"
    steady: bool = False
    scratch: bool = False


@dataclass(eq=False)
class Point(_Noted):
    """An array variable is another array, or a view of one: `expr` may be a call. It lies in the memory of `of`."""

    name: Name
    expr: Expr
    of: Name | None = None


@dataclass(eq=False)
class Do(_Noted):
    """A statement that is a call or a command of Python's; `how` is "", "raise" or "return".

    `reads` and `writes` are the arrays that it may read and write as a whole, `sets` what it binds.
    """

    expr: Expr
    how: str = ""
    reads: tuple[Name, ...] = ()
    writes: tuple[Name, ...] = ()
    sets: tuple[Name, ...] = ()


@dataclass(eq=False)
class Outside(_Noted):
    """A call whose results are bound to variables; with `types`, as Numba writes them, or without results, it is one of
    Python's."""

    sets: tuple[Name, ...]
    expr: Expr
    types: tuple[str, ...] = ()
    reads: tuple[Name, ...] = ()


@dataclass(eq=False)
class Loop(_Noted):
    """A loop over a range. A `nest` is one over the indices of arrays, whose iterations may be moved.

    `threads`: its iterations may run on several threads.
    """

    var: Name
    start: Expr
    stop: Expr
    body: list[Statement] = field(default_factory=list)
    step: Expr = _ONE
    nest: bool = True
    threads: bool = False


@dataclass(eq=False)
class Branch(_Noted):
    """A branch."""

    test: Expr
    then: list[Statement] = field(default_factory=list)
    orelse: list[Statement] = field(default_factory=list)


@dataclass(eq=False)
class Forever(_Noted):
    """A loop without an end."""

    body: list[Statement] = field(default_factory=list)


@dataclass(eq=False)
class Leave(_Noted):
    """The innermost loop that is no nest ends if the test is as `if_true` says."""

    test: Expr
    if_true: bool


Statement: TypeAlias = "Set | Put | Make | Point | Do | Outside | Loop | Branch | Forever | Leave"


def blocks_of(s: Statement) -> tuple[list[Statement], ...]:
    """The lists of statements in a statement."""
    if isinstance(s, (Loop, Forever)):
        return (s.body,)
    return (s.then, s.orelse) if isinstance(s, Branch) else ()


def statement_exprs(s: Statement) -> tuple[Expr, ...]:
    """The expressions that a statement has itself; the place of a `Put` is not read as an element."""
    if isinstance(s, (Set, Point, Do, Outside)):
        return (s.expr,)
    if isinstance(s, Put):
        return (*s.place.index, s.expr)
    if isinstance(s, Make):
        return s.shape
    if isinstance(s, Loop):
        return s.start, s.stop, s.step
    return (s.test,) if isinstance(s, (Branch, Leave)) else ()
