"""Parts of element-wise expressions that a loop around nests does not change, as arrays that are made once, before it.

Takes a loop program; gives another one. Quotients, roots, powers and functions cost many times what an element costs that is
read; sums and products do not, and stay where they are. What is computed is the same. A loop that may raise is left alone:
nothing is read before what is checked first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sct.backend.loops.forms import (
    Elem,
    Expr,
    Loop,
    Make,
    Name,
    Num,
    Op,
    Put,
    Ref,
    Set,
    Statement,
    blocks_of,
    elements,
    map_expr,
    names_in,
    parts_of,
)
from sct.backend.loops.passes import Effects, Share, sets_of

__all__ = ["taken_out"]

_CHEAP = ("+", "-", "*", "neg", "float", "abs", "np.conj", "np.square")
_OF_FLOATS = {
    *("+", "-", "*", "/", "**", "neg", "float", "abs", "exp"),
    *(f"np.{f}" for f in ("sqrt", "cbrt", "exp", "expm1", "log", "log1p", "log2", "log10", "square", "reciprocal")),
    *(f"np.{f}" for f in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh", "arctan2")),
}
"""What gives a number in double precision of such."""


def taken_out(body: list[Statement], share: Share) -> list[Statement]:
    """A program whose loops compute nothing costly of arrays again and again."""
    return _Taking(body, share).block(body, outermost=True)


class _Taking:
    """A program; `made` are the arrays of expressions of arguments that nobody writes into, which are good everywhere."""

    def __init__(self, body: Sequence[Statement], share: Share) -> None:
        self.share = share
        self.often = sets_of(body)
        self.written = {n for s in body for n in Effects(s).writes}
        self.made: dict[tuple[Expr, tuple[Expr, ...]], Name] = {}
        self.places: list[Name] = []

    def block(self, body: list[Statement], outermost: bool = False) -> list[Statement]:
        out: list[Statement] = []
        for s in body:
            if isinstance(s, Loop) and not s.nest:
                out += _Around(self, s, outermost).before()
            for b in blocks_of(s):
                b[:] = self.block(b)
            out.append(s)
        return out

    def lasts(self, e: Expr) -> bool:
        """Whether an expression is the same at any place of the program."""
        arrays = {x.array for x in elements(e)}
        numbers = set(names_in(e)) - arrays - set(self.places)
        given = all(not self.often[a] and not any(self.share(a, b) for b in self.written) for a in arrays)
        return given and all(not self.often[n] or (self.often[n] == 1 and _is_int(n)) for n in numbers)

    def place(self, k: int) -> Name:
        """What stands for the variable of the k-th loop of a nest."""
        while len(self.places) <= k:
            self.places.append(Name("ijklmnpqrs"[min(len(self.places), 9)], np.dtype(np.int64)))
        return self.places[k]


class _Around:
    """A loop around nests, and what it does not change."""

    def __init__(self, taking: _Taking, loop: Loop, outermost: bool) -> None:
        self.taking = taking
        self.loop = loop
        self.outermost = outermost
        self.effects = Effects(loop)
        self.numbers: dict[Name, Expr] = {}  # that are bound in the loop, but do not change
        self.made: dict[tuple[Expr, tuple[Expr, ...]], Name] = {}
        self.out: list[Statement] = []

    def before(self) -> list[Statement]:
        """What is computed before the loop, in which it is read from now on."""
        if not self.effects.raises:
            self.walk(self.loop.body, [])
        return self.out

    def walk(self, body: list[Statement], nest: list[Loop]) -> None:
        for s in body:
            if isinstance(s, Set) and self.taking.often[s.name] == 1 and (nest or not any(elements(s.expr))):
                known = self.known(s.expr, nest)
                if known is not None:
                    self.numbers[s.name] = known
            if nest and isinstance(s, (Set, Put)):
                s.expr = map_expr(lambda e: self.taken(e, nest), s.expr)
            if isinstance(s, Loop) and not s.nest:
                self.walk(s.body, [])
            elif isinstance(s, Loop) and s.start == Num(0) and s.step == Num(1) and self.known(s.stop, []) == s.stop:
                self.walk(s.body, [*nest, s])

    def known(self, e: Expr, nest: Sequence[Loop]) -> Expr | None:
        """An expression without what is bound in the loop, but for indices of a nest; None if there is none."""
        e = map_expr(lambda x: self.numbers.get(x.name) if isinstance(x, Ref) else None, e)
        free = {loop.var for loop in nest}
        if any(n in self.effects.sets and n not in free for n in names_in(e)):
            return None
        read = {x.array for x in elements(e)}
        return None if any(self.taking.share(a, b) for a in read for b in self.effects.writes) else e

    def taken(self, e: Expr, nest: Sequence[Loop]) -> Expr | None:
        """An element of the array that is made for an expression, if one is."""
        known = self.known(e, nest) if isinstance(e, Op) else None
        if known is None or not _is_costly(known, nest) or not _is_float(known):
            return None
        own = [loop for loop in nest if loop.var in set(names_in(known))]
        places = {loop.var: self.taking.place(k) for k, loop in enumerate(own)}
        inside = map_expr(lambda x: Ref(places[x.name]) if isinstance(x, Ref) and x.name in places else None, known)
        key = inside, tuple(loop.stop for loop in own)
        lasts = self.taking.lasts(inside)
        name = (self.taking.made if lasts else self.made).get(key) or self.make(key)
        (self.taking.made if lasts and self.outermost else self.made)[key] = name
        return Elem(name, tuple(Ref(loop.var) for loop in own))

    def make(self, key: tuple[Expr, tuple[Expr, ...]]) -> Name:
        """Make the array of an expression before the loop."""
        e, stops = key
        name = self.made.get(key)
        if name is not None:
            return name
        name = Name("factor", np.dtype(np.float64), len(stops))
        index = [Name(self.taking.place(k).hint, np.dtype(np.int64)) for k in range(len(stops))]
        own = {self.taking.place(k): n for k, n in enumerate(index)}
        e = map_expr(lambda x: Ref(own[x.name]) if isinstance(x, Ref) and x.name in own else None, e)
        inner: list[Statement] = [Put(Elem(name, tuple(map(Ref, index))), e)]
        for var, n in reversed(list(zip(index, stops, strict=True))):
            inner = [Loop(var, Num(0), n, inner)]
        self.out += [Make(name, stops), *inner]
        return name


def _is_costly(e: Expr, nest: Sequence[Loop]) -> bool:
    """Whether something costly is computed for the elements that a nest comes to."""
    free = {loop.var for loop in nest}
    costly = (p for p in parts_of(e) if isinstance(p, Op) and p.op not in _CHEAP and p.args[1:] != (Num(2),))
    return any(n in free for p in costly for x in elements(p) for n in names_in(x))


def _is_float(e: Expr) -> bool:
    """Whether an expression is a number in double precision, computed of such."""
    if isinstance(e, Op):
        return e.op in _OF_FLOATS and all(map(_is_float, e.args)) and any(not isinstance(a, Num) for a in e.args)
    if isinstance(e, Elem):
        return bool(e.array.dtype == np.float64)
    if isinstance(e, Num):
        return isinstance(e.value, (int, float)) and not isinstance(e.value, bool)
    return isinstance(e, Ref) and e.name.dtype == np.float64


def _is_int(n: Name) -> bool:
    return n.dtype is not None and n.dtype.kind == "i"
