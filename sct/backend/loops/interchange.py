"""Sums in loops that stride over memory, as nests whose innermost loop goes through it in order.

Takes a loop program; gives another one. A loop of the user's in which others add to elements or numbers becomes several: one
for what comes before a sum, the sum with the loop inside of its own, and one for what comes after it. A number that one of them
leaves for another is a row, with an entry for each iteration. That may be where what one part writes and another one accesses
is accessed in the same iteration, or is only added to. The terms of a sum are then added in another order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sct.backend.loops.forms import (
    Branch,
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
    affine,
    blocks_of,
    elements,
    map_expr,
    names_in,
    op,
    parts_of,
    plus,
    statement_exprs,
    times,
)
from sct.backend.loops.passes import Effects, Share, every, like, reads_of, replace, sets_of
from sct.ir.records import record

__all__ = ["interchanged"]

_FEWEST = 8
"""How many iterations a loop has at least, where that is known, that is put inside of another one."""
_CHEAP = ("+", "-", "*", "neg")
"""What may be computed again for each term."""
_HERE, _NEXT, _FAR = range(3)


def interchanged(body: list[Statement], share: Share) -> list[Statement]:
    """A program whose sums go through memory in order."""
    _Interchange(body, share).block(body)
    return body


@record(frozen=True, eq=False)
class _Span:
    """The range of a loop, upwards."""

    start: Expr
    stop: Expr

    @property
    def names(self) -> set[Name]:
        return {*names_in(self.start), *names_in(self.stop)}


@record(frozen=True, eq=False)
class _Term:
    """What is added to a number, or an element, by the innermost of some loops.

    `gains`: it goes through memory in order if the loop around these is the innermost one.
    """

    loops: tuple[Loop, ...]
    statement: Put | Set
    gains: bool = False

    @property
    def accesses(self) -> Iterator[Elem]:
        s = self.statement
        for e in statement_exprs(s):
            yield from elements(e)
        if isinstance(s, Put):
            yield s.place

    def around(self, var: Name) -> _Term:
        """The same, in a loop that has a variable."""
        here = [_step(e, self.loops[-1].var) for e in self.accesses]
        there = [_step(e, var) for e in self.accesses]
        better = (_FAR, _NEXT) in zip(here, there, strict=True) and there.count(_FAR) < here.count(_FAR)
        return _Term(self.loops, self.statement, better)


_Part = list[Statement] | _Term
_Accesses = dict[Name, list[tuple[tuple[Expr, ...], str]]]


class _Interchange:
    """A program in which loops change places."""

    def __init__(self, whole: list[Statement], share: Share) -> None:
        self.whole, self.share = whole, share

    def block(self, body: list[Statement]) -> None:
        k = 0
        while k < len(body):
            s = body[k]
            for b in blocks_of(s):
                self.block(b)
            made = self.parted(s) if isinstance(s, Loop) else None
            if made is not None:
                body[k : k + 1] = made
            k += 1 if made is None else len(made)

    def parted(self, loop: Loop) -> list[Statement] | None:
        """What a loop becomes, if a sum in it gains."""
        span = _span(loop)
        if loop.nest or span is None or _is_short(span):  # nests have an order that was chosen with them
            return None
        if not all(isinstance(s, (Set, Put, Loop, Branch)) for s in every(loop.body)):
            return None
        terms = {id(s): self.terms(s, loop) for s in loop.body if isinstance(s, Loop)}
        gaining = {k for k, found in terms.items() if any(t.gains for t in found)}
        inside = Effects(loop)
        if not gaining or span.names & inside.sets or not self.is_own(loop) or self.writes_into_whole(loop, inside):
            return None
        parts: list[_Part] = []
        for s in self.in_order(loop.body, gaining):
            if id(s) in gaining:
                parts += terms[id(s)]
            elif parts and isinstance(parts[-1], list):
                parts[-1].append(s)
            else:
                parts.append([s])
        between = self.between(loop, parts, inside)
        if between is None or not self.are_apart(parts, loop.var, inside.sets):
            return None
        return [*_rows(loop, span, parts, between), *(_looped(p, loop, span) for p in parts)]

    def in_order(self, body: Sequence[Statement], first: set[int]) -> list[Statement]:
        """The statements of a loop, where some come as early as they may."""
        out: list[Statement] = []
        for s in body:
            if id(s) not in first:
                out.append(s)
                continue
            needed = [Effects(s)]
            before: list[Statement] = []
            after: list[Statement] = []
            for t in reversed(out):
                e = Effects(t)
                if any(e.conflicts(n, self.share) for n in needed):
                    needed.append(e)
                    before.insert(0, t)
                else:
                    after.insert(0, t)
            out = [*before, s, *after]
        return out

    def is_own(self, loop: Loop) -> bool:
        """Whether the variable of a loop is that of no other one."""
        return reads_of(self.whole)[loop.var] == reads_of(loop.body)[loop.var] and sets_of(self.whole)[loop.var] == 1

    def writes_into_whole(self, loop: Loop, inside: Effects) -> bool:
        """Whether a loop writes into an array that it reads as a whole."""
        parts = (p for s in every(loop.body) for e in statement_exprs(s) for p in parts_of(e))
        whole = {p.name for p in parts if isinstance(p, Ref) and p.name.rank}
        return any(self.share(m, n) for m in whole for n in inside.writes)

    # -- what is summed --------------------------------------------------------------------------------------------------------

    def terms(self, s: Loop, around: Loop) -> list[_Term]:
        """What a nest adds, if that is all it does; nothing of it is read by the nest."""
        found: list[_Term] = []
        known: dict[Name, Expr] = {}
        varying = set(sets_of([around]))
        if not self.collect(s, (), varying, known, found):
            return []
        own = set(sets_of([s]))
        for t in found:
            free = {loop.var for loop in t.loops}
            read = {n for e in _read_by(t.statement) for n in names_in(e)}
            if (read & own) - free:
                return []
            for other in found:
                target, array = _target(t.statement), _target(other.statement)
                if any(self.share(target, n) for e in _read_by(other.statement) for n in names_in(e)):
                    return []
                if target is not array and self.share(target, array):
                    return []
        return [t.around(around.var) for t in found]

    def collect(
        self, s: Loop, around: tuple[Loop, ...], varying: set[Name], known: dict[Name, Expr], found: list[_Term]
    ) -> bool:
        """Find what a nest adds; whether that is all it does."""
        span = _span(s)
        loops = (*around, s)
        if span is None or (span.names & varying) - {loop.var for loop in around} or not self.is_own(s):
            return False
        for t in s.body:
            if isinstance(t, Loop):
                if not self.collect(t, loops, varying, known, found):
                    return False
            elif isinstance(t, Set) and (sign := _added_to(t)):
                total, e = t.expr.args  # type: ignore[union-attr]
                found.append(_Term(loops, like(t, Set(t.name, op(sign, total, _with(known, e))))))  # type: ignore[arg-type]
            elif isinstance(t, Set) and self.is_of_terms(t, s):
                known[t.name] = _with(known, t.expr)
            elif isinstance(t, Put) and t.how in ("+", "-") and _is_real(t.place.array):
                place = _with(known, t.place)
                found.append(_Term(loops, like(t, Put(place, _with(known, t.expr), t.how))))  # type: ignore[arg-type]
            else:
                return False
        return True

    def is_of_terms(self, t: Set, s: Loop) -> bool:
        """Whether a number is only read for the terms of a loop, in which it may be computed again."""
        reads = reads_of(self.whole)[t.name]
        cheap = all(p in _CHEAP for p in _signs(t.expr)) or reads == 1
        return cheap and sets_of(self.whole)[t.name] == 1 and reads == reads_of(s.body)[t.name]

    # -- what may be apart -----------------------------------------------------------------------------------------------------

    def are_apart(self, parts: Sequence[_Part], var: Name, inside: set[Name]) -> bool:
        """Whether each part of a loop may run all its iterations before those of the next one."""
        accesses = [_accesses(p) for p in parts]
        return all(
            self.meet_in_one(m, n, p[m], q[n], var, inside)
            for k, q in enumerate(accesses)
            for p in accesses[:k]
            for m in p
            for n in q
        )

    def meet_in_one(self, m: Name, n: Name, p: Sequence[tuple], q: Sequence[tuple], var: Name, inside: set[Name]) -> bool:  # type: ignore[type-arg]
        """Whether the order of accesses of two arrays does not matter, but for those in one iteration."""
        pairs = [(i, j) for i, a in p for j, b in q if not (a == b and a in ("read", "add"))]
        if m is not n:
            return not pairs or not self.share(m, n)
        return all(_meet_in_one(i, j, var, inside) for i, j in pairs)

    def between(self, loop: Loop, parts: Sequence[_Part], inside: Effects) -> list[Name] | None:
        """The numbers that parts of a loop leave for other parts of the same iteration; None if one lasts longer."""
        variables = {s.var for s in every([loop]) if isinstance(s, Loop)}
        uses = [_mentioned(p) for p in parts]
        found = [n for n in inside.sets - variables if sum(n in u for u in uses) > 1]
        reads, sets = reads_of(self.whole), sets_of(self.whole)
        own_reads, own_sets = reads_of(loop.body), sets_of(loop.body)
        for n in found:
            if not _is_real(n) or reads[n] != own_reads[n] or sets[n] != own_sets[n] or not _is_set_first(parts, n):
                return None
        return sorted(found, key=lambda n: n.serial)


# -- what statements are -------------------------------------------------------------------------------------------------------


def _span(loop: Loop) -> _Span | None:
    """The range of a loop that goes by ones."""
    if any(True for e in (loop.start, loop.stop) for _ in elements(e)):
        return None
    if loop.step == Num(1):
        return _Span(loop.start, loop.stop)
    if loop.step == Num(-1):
        return _Span(plus(loop.stop, Num(1)), plus(loop.start, Num(1)))
    return None


def _is_short(span: _Span) -> bool:
    size = plus(span.stop, span.start, -1)
    return isinstance(size, Num) and size.value < _FEWEST


def _is_real(n: Name) -> bool:
    """Whether a variable is of numbers whose sum does not end: floating-point ones, complex or not."""
    return n.dtype is not None and n.dtype.kind in "fc"


def _added_to(s: Set) -> str:
    """The sign by which a number is added to, if it is."""
    e = s.expr
    adds = isinstance(e, Op) and e.op in ("+", "-") and e.args[0] == Ref(s.name) and len(e.args) == 2
    return e.op if adds and _is_real(s.name) else ""  # type: ignore[union-attr]


def _target(s: Put | Set) -> Name:
    return s.place.array if isinstance(s, Put) else s.name


def _read_by(s: Put | Set) -> tuple[Expr, ...]:
    """What is read for a term, but for what it is added to."""
    return statement_exprs(s) if isinstance(s, Put) else s.expr.args[1:]  # type: ignore[union-attr]


def _with(known: dict[Name, Expr], e: Expr) -> Expr:
    return map_expr(lambda x: known.get(x.name) if isinstance(x, Ref) else None, e)


def _signs(e: Expr) -> Iterator[str]:
    if isinstance(e, Op):
        yield e.op
        for a in e.args:
            yield from _signs(a)


def _step(e: Elem, var: Name) -> int:
    """Where in memory an element is, seen from that of the value before of a variable."""
    if not any(n is var for i in e.index for n in names_in(i)):
        return _HERE
    *others, last = e.index
    steps = dict(affine(last).terms)
    rest = [*others, *(p for p in steps if p != Ref(var))]
    apart = abs(steps.get(Ref(var), 0)) != 1 or any(n is var for p in rest for n in names_in(p))
    return _FAR if apart else _NEXT


def _mentioned(part: _Part) -> set[Name]:
    """The variables that a part of a loop reads or sets."""
    found: set[Name] = set()
    for s in part if isinstance(part, list) else [part.statement]:
        e = Effects(s)
        found |= e.uses | e.sets
    return found


def _accesses(part: _Part) -> _Accesses:
    """The elements that a part of a loop accesses, and how: "read", "write" or "add"."""
    found: _Accesses = {}
    for s in every(part if isinstance(part, list) else [part.statement]):
        for e in statement_exprs(s):
            for x in elements(e):
                found.setdefault(x.array, []).append((x.index, "read"))
        if isinstance(s, Put):
            adds = s.how in ("+", "-") and _is_real(s.place.array)
            found.setdefault(s.place.array, []).append((s.place.index, "add" if adds else "write"))
            if s.how and not adds:
                found[s.place.array].append((s.place.index, "read"))
    return found


def _meet_in_one(i: Sequence[Expr], j: Sequence[Expr], var: Name, inside: set[Name]) -> bool:
    """Whether two indices are the same element in one and the same iteration of a loop alone, or never."""
    here: set[Expr] = set()
    there: set[Expr] = set()
    for p, q in zip(i, j, strict=True):
        (a, x), (b, y) = _of_variable(p, var), _of_variable(q, var)
        if any(n in inside for e in (x, y) for n in names_in(e)) or any(True for e in (x, y) for _ in elements(e)):
            continue
        off = plus(y, x, -1)
        if a == b and ((a and off == Num(0)) or (not a and isinstance(off, Num) and off.value)):
            return True
        if a == 1 and b == 0:
            here.add(off)
        if a == 0 and b == 1:
            there.add(plus(x, y, -1))
    return any(plus(e, f, -1) == Num(0) for e in here for f in there)


def _of_variable(e: Expr, var: Name) -> tuple[int, Expr]:
    """How often a variable is in an index, and the rest of that."""
    often = dict(affine(e).terms).get(Ref(var), 0)
    return often, plus(e, times(Ref(var), often), -1)


def _is_set_first(parts: Sequence[_Part], n: Name) -> bool:
    """Whether each iteration of a loop sets a number before it does anything else with it."""
    for p in parts:
        for s in p if isinstance(p, list) else [p.statement]:
            e = Effects(s)
            if n in e.uses or n in e.sets:
                return isinstance(s, Set) and n not in e.uses
    return False


# -- what is made --------------------------------------------------------------------------------------------------------------


def _rows(loop: Loop, span: _Span, parts: list[_Part], numbers: Sequence[Name]) -> list[Statement]:
    """Make the rows of numbers between parts, and put them in the place of these."""
    made: list[Statement] = []
    direct = _is_index(loop)
    first: Expr = Num(0) if direct else span.start
    size = plus(span.stop, first, -1)
    where = plus(Ref(loop.var), first, -1)
    for n in numbers:
        row = Name(n.hint, n.dtype, 1)
        made.append(like(loop, Make(row, (op("max", size, Num(0)),))))
        for k, p in enumerate(parts):
            if isinstance(p, list):
                _as_element(p, n, Elem(row, (where,)))
            else:
                one: list[Statement] = [p.statement]
                _as_element(one, n, Elem(row, (where,)))
                parts[k] = _Term(p.loops, one[0], p.gains)  # type: ignore[arg-type]
    return made


def _is_index(loop: Loop) -> bool:
    """Whether the variable of a loop is an index in each of its iterations, and so not negative."""
    return any(Ref(loop.var) in x.index for s in loop.body for x in _always_accessed(s))


def _always_accessed(s: Statement) -> Iterator[Elem]:
    if isinstance(s, (Set, Put)):
        for e in statement_exprs(s):
            if not any(p in ("if", "and", "or") for p in _signs(e)):
                yield from elements(e)
    if isinstance(s, Put):
        yield s.place


def _as_element(body: list[Statement], number: Name, place: Elem) -> None:
    """A number as an element."""
    for k, s in enumerate(body):
        if isinstance(s, Set) and s.name is number:
            sign = _added_to(s)
            body[k] = like(s, Put(place, s.expr.args[1] if sign else s.expr, sign))  # type: ignore[union-attr]
        for b in blocks_of(s):
            _as_element(b, number, place)
    replace(body, lambda e: place if isinstance(e, Ref) and e.name is number else None)


def _looped(part: _Part, loop: Loop, span: _Span) -> Statement:
    """A part of a loop as one of its own."""
    if isinstance(part, list):
        whole = like(loop, Loop(loop.var, loop.start, loop.stop, part, loop.step, loop.nest))
    else:
        spans = [(t.var, own) for t in part.loops if (own := _span(t)) is not None]
        around = [*spans, (loop.var, span)] if part.gains else [(loop.var, span), *spans]
        whole = _nest(part.statement, around)
    names = {s.var: Name(s.var.hint, s.var.dtype) for s in every([whole]) if isinstance(s, Loop)}
    for s in every([whole]):
        if isinstance(s, Loop):
            s.var = names[s.var]
    replace([whole], lambda e: Ref(names[e.name]) if isinstance(e, Ref) and e.name in names else None)
    return whole


def _nest(s: Put | Set, around: Sequence[tuple[Name, _Span]]) -> Statement:
    """A sum as a nest; one that the innermost loop adds to one element is a number as long as that runs."""
    *outer, (var, span) = around
    inside: list[Statement] = [s]
    nested: list[Statement] = [like(s, Loop(var, span.start, span.stop, inside))]
    runs = op("<", span.start, span.stop)
    one = isinstance(s, Put) and not any(n is var for i in s.place.index for n in names_in(i))
    if isinstance(s, Put) and one:
        total = Name("total", s.place.array.dtype)
        inside[0] = like(s, Set(total, op(s.how, Ref(total), s.expr)))
        nested = [like(s, Set(total, s.place)), *nested, like(s, Put(s.place, Ref(total)))]
    free = not span.names & {v for v, _ in outer}
    if one and not free:
        nested = [like(s, Branch(runs, nested))]
    for v, own in reversed(outer):
        nested = [like(s, Loop(v, own.start, own.stop, nested))]
    if one and free:
        nested = [like(s, Branch(runs, nested))]
    return nested[0]
