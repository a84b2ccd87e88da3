"""The passes over loop programs: checks first, nests of one index space together, temporaries of one nest as numbers.

Takes the statements of a kernel; gives them as they are written. Two nests become one where each element that both access, and
one of them writes, is accessed at the same index: then the order in which any two of those accesses come does not change.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from sct.backend.loops.extrema import with_flags
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
    Outside,
    Point,
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
    statement_exprs,
)
from sct.backend.loops.gathering import gathered
from sct.ir.records import record

__all__ = [
    "Effects",
    "Share",
    "Summing",
    "every",
    "improved",
    "like",
    "meetings",
    "reads_of",
    "related",
    "replace",
    "same_iteration",
    "sets_of",
    "summing_apart",
]

Share = Callable[[Name, Name], bool]
_LONGEST = 24
"""How many parts an expression may have that a number is put into, where it is read."""


@record(frozen=True, eq=False)
class Summing:
    """A nest that sums numbers, as a function of its own, which may take them in any order: what it takes, does and gives.

    `apart`: no two arrays that it takes lie in the same memory.
    """

    name: str
    params: tuple[Name, ...]
    body: list[Statement]
    results: tuple[Name, ...]
    apart: bool


def improved(body: list[Statement], share: Share, by_rows: bool = True, any_order: bool = False) -> list[Statement]:
    """A program as it is written; `by_rows`: nests may stay behind others, so that rows of one depend on those before;
    `any_order`: the terms of a sum may come in another order."""
    from sct.backend.loops.interchange import interchanged
    from sct.backend.loops.invariant import taken_out
    from sct.backend.loops.lagging import lagged

    body = gathered(body, share)
    body = _checks_first(body)
    body = _fused(body, share)
    body = _contracted(body)
    body = taken_out(body, share)
    if by_rows:
        body = _contracted(_fused(lagged(_checks_first(body), share), share))
    body = _taken_once(body)
    body = _propagated(body)
    body = _folded(body, share)
    if any_order:
        body = _taken_once(interchanged(body, share))
    body = with_flags(body)
    return _living(body)


# -- what a statement does -----------------------------------------------------------------------------------------------------


class Effects:
    """What a statement, with those in it, reads and writes: elements of arrays by their indices, None for all of an array."""

    def __init__(self, s: Statement) -> None:
        self.reads: dict[Name, set[tuple[Expr, ...] | None]] = {}
        self.writes: dict[Name, set[tuple[Expr, ...] | None]] = {}
        self.uses: set[Name] = set()  # numbers, and array variables as such
        self.sets: set[Name] = set()
        self.raises = False
        self.leaves = False
        self.collect(s)

    def collect(self, s: Statement) -> None:
        for e in statement_exprs(s):
            self.expr(e)
        if isinstance(s, (Set, Make, Point)):
            self.sets.add(s.name)
        if isinstance(s, (Make, Point)):
            self.writes.setdefault(s.name, set()).add(None)
        if isinstance(s, Point) and s.of is not None:
            self.reads.setdefault(s.of, set()).add(None)
        if isinstance(s, Put):
            self.writes.setdefault(s.place.array, set()).add(s.place.index)
            self.uses.add(s.place.array)
            if s.how:
                self.reads.setdefault(s.place.array, set()).add(s.place.index)
        if isinstance(s, (Do, Outside)):
            for n in s.reads:
                self.reads.setdefault(n, set()).add(None)
            self.sets.update(s.sets)
            for n in s.sets:
                self.writes.setdefault(n, set()).add(None)
        if isinstance(s, Do):
            for n in s.writes:
                self.writes.setdefault(n, set()).add(None)
            self.raises |= bool(s.how)
        if isinstance(s, Outside):
            self.raises = True
        if isinstance(s, Leave):
            self.leaves = True
        if isinstance(s, Loop):
            self.sets.add(s.var)
        if isinstance(s, Forever):
            self.raises = True
        for b in blocks_of(s):
            for inner in b:
                self.collect(inner)

    def expr(self, e: Expr) -> None:
        for found in elements(e):
            self.reads.setdefault(found.array, set()).add(found.index)
        self.uses.update(names_in(e))

    def conflicts(self, other: Effects, share: Share) -> bool:
        """Whether the two may not change places."""
        if self.raises or other.raises or self.leaves or other.leaves:
            return True
        if self.sets & (other.uses | other.sets) or other.sets & self.uses:
            return True
        return any(
            share(a, b)
            for p, q in ((self.writes, other.writes), (self.writes, other.reads), (self.reads, other.writes))
            for a in p
            for b in q
        )


# -- checks --------------------------------------------------------------------------------------------------------------------


def _is_check(s: Statement) -> bool:
    """Whether a statement raises, or does nothing."""
    return isinstance(s, Branch) and not s.orelse and all(isinstance(t, Do) and t.how == "raise" for t in s.then)


def _checks_first(body: list[Statement]) -> list[Statement]:
    """Checks in front of what they do not depend on, so that nothing stands between nests that may become one."""
    out: list[Statement] = []
    made: list[Effects] = []
    for s in body:
        for b in blocks_of(s):
            b[:] = _checks_first(b)
        e = Effects(s)
        at = len(out)
        if _is_check(s) or (isinstance(s, (Set, Make)) and not e.reads):
            while at and not _is_check(out[at - 1]):
                t = made[at - 1]
                if t.sets & e.uses or t.raises or t.leaves or e.sets & (t.uses | t.sets) or (e.reads and t.writes):
                    break
                at -= 1
            while not _is_check(s) and at < len(out) and _is_check(out[at]):
                at += 1
        out.insert(at, s)
        made.insert(at, e)
    return out


# -- fusion --------------------------------------------------------------------------------------------------------------------


def _fused(body: list[Statement], share: Share) -> list[Statement]:
    """Nests of one range as one nest, where that may be."""
    out: list[Statement] = []
    made: list[Effects] = []
    for s in body:
        for b in blocks_of(s):
            b[:] = _fused(b, share)
        position = len(out)
        out.append(s)
        made.append(Effects(s))
        while (at := _partner(out, made, position, share)) is not None:  # with what it has become too
            position = _merge(out, made, position, *at, share)
    return out


def _merge(out: list[Statement], made: list[Effects], last: int, where: int, target: int, share: Share) -> int:
    """Make two nests one, the first of which is moved first if that is asked for; gives where it is."""
    s, merged = out[last], out[target]
    assert isinstance(s, Loop)
    assert isinstance(merged, Loop)
    merged.body = _fused(_checks_first([*merged.body, *_renamed(s.body, s.var, merged.var)]), share)
    if where == target:
        made[target] = Effects(merged)
    else:
        out[last], made[last] = merged, Effects(merged)
        last = target
        where -= 1
    del out[last], made[last]
    return where


def _partner(out: list[Statement], made: list[Effects], last: int, share: Share) -> tuple[int, int] | None:
    """The nest that a later one can be part of, behind where it stays or is moved to: both as places in the list.

    What stands between them, and must be done before the later one, may have been moved before both.
    """
    s, e = out[last], made[last]
    if not (isinstance(s, Loop) and s.nest):
        return None
    blocked = False
    for k in range(last - 1, -1, -1):
        t = out[k]
        if isinstance(t, Loop) and t.nest and (t.start, t.stop, t.step) == (s.start, s.stop, s.step):
            alike = related(made[k], e) and _may_fuse(t, s, made[k], e, share)
            if alike and not blocked:
                return k, k
            if alike and not any(made[k].conflicts(made[j], share) for j in range(k + 1, last)):
                return last, k
            first = [j for j in range(k + 1, last) if made[j].conflicts(e, share)] if alike else []
            if first and not any(made[i].conflicts(made[j], share) for j in first for i in range(k, j) if i not in first):
                for items in (out, made):
                    rest = [items[j] for j in range(k, last) if j not in first]
                    items[k:last] = [*(items[j] for j in first), *rest]  # type: ignore[list-item]
                return k + len(first), k + len(first)
        if not blocked and made[k].conflicts(e, share):
            blocked = True
        if made[k].raises or made[k].leaves:
            return None
    return None


def related(a: Effects, b: Effects) -> bool:
    """Whether two nests access an array that is the same."""
    return not {*a.reads, *a.writes}.isdisjoint((*b.reads, *b.writes))


def meetings(t: Loop, s: Loop, a: Effects, b: Effects, share: Share) -> list[tuple[Sequence[Expr], Sequence[Expr]]] | None:
    """The indices of elements that two loops may both access, where one of them writes; None if more than elements matters."""
    if a.raises or b.raises or a.leaves or b.leaves:
        return None
    if (a.sets - {t.var}) & (b.uses | b.sets) or (b.sets - {s.var}) & a.uses:
        return None
    found: list[tuple[Sequence[Expr], Sequence[Expr]]] = []
    for p, q in ((a.writes, b.writes), (a.writes, b.reads), (a.reads, b.writes)):
        for m in p:
            for n in q:
                if m is not n:
                    if share(m, n):
                        return None
                    continue
                for i in p[m]:
                    for j in q[n]:
                        if i is None or j is None:
                            return None
                        found.append((i, j))
    return found


def _may_fuse(t: Loop, s: Loop, a: Effects, b: Effects, share: Share) -> bool:
    """Whether the iterations of two loops may come in turn."""
    met = meetings(t, s, a, b, share)
    inside = (a.sets | b.sets) - {t.var, s.var}
    return met is not None and all(same_iteration(i, j, t.var, s.var, inside) for i, j in met)


def same_iteration(i: Sequence[Expr], j: Sequence[Expr], var: Name, other: Name, inside: set[Name]) -> bool:
    """Whether two indices are the same element in the same iteration of two loops alone."""
    for p, q in zip(i, j, strict=True):
        a, b = affine(p), affine(map_expr(lambda e: Ref(var) if isinstance(e, Ref) and e.name is other else None, q))
        if dict(a.terms).get(Ref(var)) and dict(a.terms) == dict(b.terms) and a.const == b.const:
            rest = [e for e, _ in a.terms if e != Ref(var)]
            if not any(n is var or n in inside for e in rest for n in names_in(e)):
                return True
    return False


def _renamed(body: list[Statement], old: Name, new: Name) -> list[Statement]:
    """Statements with another variable of the loop around them."""
    replace(body, lambda e: Ref(new) if isinstance(e, Ref) and e.name is old else None)
    return body


def replace(body: Sequence[Statement], f: Callable[[Expr], Expr | None]) -> None:
    """Put other expressions into statements."""
    for s in body:
        if isinstance(s, (Set, Point, Do, Outside)):
            s.expr = map_expr(f, s.expr)
        elif isinstance(s, Put):
            place = map_expr(f, s.place)
            s.expr = map_expr(f, s.expr)
            if isinstance(place, Elem):
                s.place = place
        elif isinstance(s, Make):
            s.shape = tuple(map_expr(f, e) for e in s.shape)
        elif isinstance(s, Loop):
            s.start, s.stop, s.step = (map_expr(f, e) for e in (s.start, s.stop, s.step))
        elif isinstance(s, (Branch, Leave)):
            s.test = map_expr(f, s.test)
        for b in blocks_of(s):
            replace(b, f)


# -- contraction ---------------------------------------------------------------------------------------------------------------


class _Uses:
    """Where arrays are accessed: the loops around each access, and its index; whether they are used as a whole."""

    def __init__(self, body: Sequence[Statement]) -> None:
        self.access: dict[Name, list[tuple[tuple[Statement, ...], tuple[Expr, ...]]]] = {}
        self.whole: set[Name] = set()
        self.makes: dict[Name, list[tuple[Make, list[Statement], tuple[Statement, ...]]]] = {}
        self.walk(body, ())

    def walk(self, body: Sequence[Statement], around: tuple[Statement, ...]) -> None:
        for s in body:
            for e in statement_exprs(s):
                found = list(elements(e))
                for one in found:
                    self.access.setdefault(one.array, []).append((around, one.index))
                arrays = Counter(n for n in names_in(e))
                for one in found:
                    arrays[one.array] -= 1
                self.whole.update(n for n, k in arrays.items() if k > 0)
            if isinstance(s, Put):
                self.access.setdefault(s.place.array, []).append((around, s.place.index))
            if isinstance(s, Make):
                self.makes.setdefault(s.name, []).append((s, body, around))  # type: ignore[arg-type]
            if isinstance(s, Point):
                self.whole.update({s.name} if s.of is None else {s.name, s.of})
            if isinstance(s, (Do, Outside)):
                self.whole.update((*s.reads, *s.sets, *(s.writes if isinstance(s, Do) else ())))
            for b in blocks_of(s):
                self.walk(b, (*around, s))


def _contracted(body: list[Statement]) -> list[Statement]:
    """Arrays of which each iteration of a loop uses only its own part, as that part: a number, or a row."""
    uses = _Uses(body)
    for name, made in uses.makes.items():
        if len(made) != 1 or name in uses.whole or name not in uses.access:
            continue
        make, where, around = made[0]
        chains = [a[len(around) :] for a, _ in uses.access[name]]
        common: list[Statement] = []
        for one in zip(*chains, strict=False):
            if any(s is not one[0] for s in one) or not (isinstance(one[0], Loop) or _is_where(one[0])):
                break
            if isinstance(one[0], Loop):
                common.append(one[0])
        dropped: dict[int, int] = {}
        indexed: set[int] = set()
        for k in range(len(make.shape)):
            indices = {i[k] for _, i in uses.access[name]}
            if len(indices) != 1:
                continue
            (index,) = indices
            for level, loop in enumerate(common):
                assert isinstance(loop, Loop)
                if affine(index).terms == ((Ref(loop.var), 1),):
                    dropped[k] = level
                    indexed.add(level)
            if index == Num(0) and make.shape[k] == Num(1) and common:
                dropped[k] = 0
        if not dropped:
            continue
        kept = [k for k in range(len(make.shape)) if k not in dropped]
        inside = common[max(dropped.values())]
        assert isinstance(inside, Loop)
        own = indexed.issuperset(range(max(dropped.values()) + 1))
        if not own and (make.fill != "empty" or not _written_first(inside.body, name)):
            continue  # a later iteration finds what an earlier one has left
        if kept and (make.fill != "empty" or _defined_in(common[: max(dropped.values()) + 1], make.shape, kept)):
            continue
        where.remove(make)
        if kept:
            part = Name(name.hint, name.dtype, len(kept))
            replace(
                [common[0]],
                lambda e, name=name, part=part, kept=kept: (
                    Elem(part, tuple(e.index[k] for k in kept))  # type: ignore[misc]
                    if isinstance(e, Elem) and e.array is name
                    else None
                ),
            )
            where.insert(
                0 if common[0] not in where else where.index(common[0]),
                like(make, Make(part, tuple(make.shape[k] for k in kept))),
            )
        else:
            number = Name(name.hint, name.dtype)
            _as_number(inside.body, name, number)
            if make.fill == "zeros":
                inside.body.insert(0, Set(number, Num(name.dtype.type(0).item())))
    return body


def _is_where(s: Statement) -> bool:
    """Whether a statement is a branch without an alternative."""
    return isinstance(s, Branch) and not s.orelse


def _written_first(body: Sequence[Statement], array: Name) -> bool:
    """Whether statements set an element of an array before anything else is done with it."""
    for s in body:
        if isinstance(s, Put) and s.place.array is array and not s.how and array not in names_in(s.expr):
            return True
        e = Effects(s)
        if array in e.reads or array in e.writes:
            return False
    return False


def like(old: Statement, new: Statement) -> Statement:
    """A statement that stands for another one, of which the user's statement is that of the latter."""
    new.note = old.note
    return new


def _defined_in(loops: Sequence[Statement], shape: Sequence[Expr], kept: Sequence[int]) -> bool:
    """Whether a size is only known inside of loops."""
    inside = set().union(*[Effects(s).sets for s in loops])
    return any(n in inside for k in kept for n in names_in(shape[k]))


def _as_number(body: list[Statement], array: Name, number: Name) -> None:
    """An element of an array as a number."""
    for k, s in enumerate(body):
        if isinstance(s, Put) and s.place.array is array:
            body[k] = like(s, Set(number, op(s.how, Ref(number), s.expr) if s.how else s.expr))
        for b in blocks_of(s):
            _as_number(b, array, number)
    replace(body, lambda e: Ref(number) if isinstance(e, Elem) and e.array is array else None)


# -- memory --------------------------------------------------------------------------------------------------------------------


def _taken_once(body: list[Statement]) -> list[Statement]:
    """Memory that each iteration of a loop uses alone, taken before the loop."""
    return _hoisted(body, _Uses(body))


def _hoisted(body: list[Statement], uses: _Uses) -> list[Statement]:
    out: list[Statement] = []
    for s in body:
        for b in blocks_of(s):
            b[:] = _hoisted(b, uses)
        if isinstance(s, (Loop, Forever)):
            inside = Effects(s).sets
            kept: list[Statement] = []
            for t in s.body:
                if isinstance(t, Make) and _may_be_taken_once(t, uses, inside):
                    if t.fill == "zeros" and not t.steady:
                        kept.extend(_zeroed(t))
                    out.append(like(t, Make(t.name, t.shape, t.fill if t.steady else "empty")))
                else:
                    kept.append(t)
            s.body[:] = kept
        out.append(s)
    return out


def _may_be_taken_once(m: Make, uses: _Uses, inside: set[Name]) -> bool:
    free = not any(n in inside for e in m.shape for n in names_in(e))
    return free and m.name not in uses.whole and len(uses.makes[m.name]) == 1


def _zeroed(m: Make) -> list[Statement]:
    """A nest that makes all entries of an array 0."""
    index = [Name("ijkl"[min(k, 3)]) for k in range(len(m.shape))]
    inner: list[Statement] = [like(m, Put(Elem(m.name, tuple(map(Ref, index))), Num(m.name.dtype.type(0).item())))]
    for var, n in reversed(list(zip(index, m.shape, strict=True))):
        inner = [like(m, Loop(var, Num(0), n, inner))]
    return inner


# -- numbers -------------------------------------------------------------------------------------------------------------------


def every(body: Sequence[Statement]) -> Iterator[Statement]:
    """The statements of a list, and those in them."""
    for s in body:
        yield s
        for b in blocks_of(s):
            yield from every(b)


def sets_of(body: Sequence[Statement]) -> Counter[Name]:
    """At how many places each variable is bound."""
    found: Counter[Name] = Counter()
    for s in every(body):
        if isinstance(s, (Set, Make, Point)):
            found[s.name] += 1
        elif isinstance(s, (Do, Outside)):
            found.update(s.sets)
        elif isinstance(s, Loop):
            found[s.var] += 1
    return found


def reads_of(body: Sequence[Statement]) -> Counter[Name]:
    """At how many places each variable is read."""
    found: Counter[Name] = Counter()
    for s in every(body):
        for e in statement_exprs(s):
            found.update(names_in(e))
        if isinstance(s, Put):
            found[s.place.array] += 1
        if isinstance(s, (Do, Outside)):
            found.update(s.reads)
    return found


def _propagated(body: list[Statement]) -> list[Statement]:
    """Numbers that are constants, or other numbers that do not change as long as they are read, as these."""
    often, reads = sets_of(body), reads_of(body)
    loops = {s.var for s in every(body) if isinstance(s, Loop)}
    known: dict[Name, Expr] = {}

    def walk(rows: list[Statement], outermost: bool) -> None:
        here = reads_of(rows)
        made = {s.name for s in rows if isinstance(s, Set)}
        for s in rows:
            if isinstance(s, Set) and often[s.name] == 1:
                e = map_expr(lambda x: known.get(x.name) if isinstance(x, Ref) else None, s.expr)
                if isinstance(e, Num) or (
                    isinstance(e, Ref)
                    and e.name not in loops
                    and often[e.name] <= 1
                    and e.name.dtype == s.name.dtype
                    and here[s.name] == reads[s.name]
                    and (outermost or e.name in made or not often[e.name])
                ):
                    known[s.name] = e
            for b in blocks_of(s):
                walk(b, False)

    walk(body, True)
    if known:
        replace(body, lambda x: known.get(x.name) if isinstance(x, Ref) else None)
    return body


def _size(e: Expr) -> int:
    if isinstance(e, Affine):
        return sum(_size(p) for p, _ in e.terms) + 1
    if isinstance(e, Elem):
        return 1 + sum(_size(i) for i in e.index) // 2
    return 1 + sum(map(_size, getattr(e, "args", ())))


def _folded(body: list[Statement], share: Share) -> list[Statement]:
    """Numbers that are read once, where they are read."""
    often, reads = sets_of(body), reads_of(body)
    _fold(body, often, reads, share)
    return body


def _fold(body: list[Statement], often: Counter[Name], reads: Counter[Name], share: Share) -> None:
    for s in body:
        for b in blocks_of(s):
            _fold(b, often, reads, share)
    k = len(body) - 1
    while k >= 0:
        s = body[k]
        if isinstance(s, Set) and often[s.name] == 1 and reads[s.name] == 1 and _size(s.expr) < _LONGEST:
            at = _reader(body, k, s, share)
            if at is not None:
                target = body[at]
                _replace_own(target, s.name, s.expr)
                del body[k]
        k -= 1


def _reader(body: Sequence[Statement], k: int, s: Set, share: Share) -> int | None:
    """The statement behind a number that reads it, if it may be computed there."""
    e = Effects(s)
    for j in range(k + 1, len(body)):
        t = body[j]
        if any(n is s.name for x in statement_exprs(t) for n in names_in(x)):
            whole = sum(map(_size, statement_exprs(t)))
            return j if not isinstance(t, (Loop, Make)) and whole + _size(s.expr) < 2 * _LONGEST else None
        f = Effects(t)
        if s.name in f.uses:
            return None
        if f.sets & e.uses or any(share(a, b) for a in f.writes for b in e.reads):
            return None
    return None


def _replace_own(s: Statement, name: Name, e: Expr) -> None:
    def put(x: Expr) -> Expr | None:
        return e if isinstance(x, Ref) and x.name is name else None

    if isinstance(s, (Set, Point, Do, Outside)):
        s.expr = map_expr(put, s.expr)
    elif isinstance(s, Put):
        place = map_expr(put, s.place)
        assert isinstance(place, Elem)
        s.place, s.expr = place, map_expr(put, s.expr)
    elif isinstance(s, (Branch, Leave)):
        s.test = map_expr(put, s.test)


def _living(body: list[Statement]) -> list[Statement]:
    """Without what nobody reads."""
    while True:
        reads = reads_of(body)
        if not _swept(body, reads):
            return body


def _swept(body: list[Statement], reads: Counter[Name]) -> bool:
    found = False
    for s in list(body):
        for b in blocks_of(s):
            found |= _swept(b, reads)
        unread = isinstance(s, (Set, Make)) and not reads[s.name]
        empty = isinstance(s, Loop) and not s.body
        if isinstance(s, Branch) and isinstance(s.test, Num):
            k = body.index(s)
            body[k : k + 1] = s.then if s.test.value else s.orelse
            found = True
        elif unread or empty:
            body.remove(s)
            found = True
    return found


# -- sums ----------------------------------------------------------------------------------------------------------------------


def summing_apart(body: list[Statement], own: str, share: Share) -> list[Summing]:
    """Take the nests that sum floating-point numbers out of a program, as functions that it calls."""
    found: list[Summing] = []
    _take_sums(body, own, (reads_of(body), sets_of(body)), found, itertools.count(1), share)
    return found


def _take_sums(
    body: list[Statement],
    own: str,
    often: tuple[Counter[Name], Counter[Name]],
    found: list[Summing],
    serial: Iterator[int],
    share: Share,
) -> None:
    for k, s in enumerate(body):
        if not (isinstance(s, Loop) and s.nest):
            for b in blocks_of(s):
                _take_sums(b, own, often, found, serial, share)
            continue
        if not _sums(s.body):
            continue
        inside = Effects(s)
        reads, sets = often
        inner, own_sets = reads_of([s]), sets_of([s])
        results = tuple(n for n in _ordered(inside.sets - {s.var}) if reads[n] > inner[n])
        local = {n for n in inside.sets if sets[n] == own_sets[n]}
        params = tuple(_ordered({*inside.uses, *inside.reads, *inside.writes, *inside.sets} - local))
        name = f"{own}_sum_{next(serial)}"
        apart = not any(share(m, n) for m, n in itertools.combinations([p for p in params if p.rank], 2))
        found.append(Summing(name, params, [s], results, apart))
        call = op(name, *map(Ref, params))
        body[k] = like(s, Outside(results, call) if results else Do(call))


def _ordered(names: Iterable[Name]) -> list[Name]:
    return sorted(names, key=lambda n: n.serial)


def _sums(body: Sequence[Statement]) -> bool:
    """Whether numbers are summed, one after another."""
    for s in body:
        adds = isinstance(s, Set) and isinstance(s.expr, Op) and s.expr.op in ("+", "-") and s.expr.args[0] == Ref(s.name)
        if adds and s.name.dtype is not None and s.name.dtype.kind in "fc":  # type: ignore[union-attr]
            return True
        if any(map(_sums, blocks_of(s))):
            return True
    return False
