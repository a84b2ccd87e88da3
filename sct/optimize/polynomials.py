"""Polynomials: what an expression is as a sum of products, over all axes of an array.

Takes nothing of the compiler but values, which are atoms; gives sums, products, inverses and totals along axes, in which terms
that cancel are gone. Coefficients are exact. The inverse of a sum is an atom, whose multiples are found again:
(y + y t) / (1 + t) is y, and the inverse of 1 - 1 / (1 + t) is (1 + t) / t.

An atom has axes of its own; a factor says on which axis of the whole each of them lies, so an array of rank 2 that depends on
its rows only is an atom of one axis. Axes of length 1 do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

from sct.ir.records import record

__all__ = [
    "ZERO",
    "Atom",
    "Factor",
    "Monomial",
    "Polynomial",
    "TooLongError",
    "added",
    "atom",
    "inverse",
    "moved",
    "number",
    "order",
    "power",
    "product",
    "times",
    "total",
    "written_out",
]

_LONGEST = 10  # terms
_HIGHEST = 8  # factors in a term


class TooLongError(Exception):
    """A polynomial of too many terms: it had better stay as it is."""


@record(frozen=True)
class Atom:
    """What has no parts: a value or a size (`kind` "value"), a total of a product ("total"), an inverse of a sum ("sum").

    `axes` is how many axes it has; those that a total sums over are not among them. `unit` are those along which it is one at
    one place, and zero at the others.
    """

    kind: str
    of: Any
    axes: int
    unit: frozenset[int] = frozenset()

    @cached_property
    def place(self) -> tuple[Any, ...]:
        """Where it stands in the order of atoms, which is the same in each run."""
        if self.kind == "value":
            return 0, str(getattr(self.of, "id", self.of)).rjust(12)
        terms = [self.of] if self.kind == "total" else [m for m, _ in self.of]
        return 1, self.kind, tuple(sorted(map(order, terms)))


Factor: TypeAlias = "tuple[Atom, tuple[int, ...]]"  # an atom, and the axis of the whole on which each of its axes lies
Monomial: TypeAlias = "frozenset[tuple[Factor, int]]"  # with its exponent
Polynomial: TypeAlias = "Mapping[Monomial, Fraction]"

ZERO: Polynomial = {}
_ONE: Monomial = frozenset()


def number(x: float) -> Polynomial:
    """A constant."""
    return {_ONE: Fraction(x)} if x else ZERO


def atom(of: Any, axes: tuple[int, ...] = (), unit: Iterable[int] = ()) -> Polynomial:
    """A value that has no parts, with its axes on some of the whole; it is one at one place along the axes `unit`."""
    return {frozenset({((Atom("value", of, len(axes), frozenset(map(axes.index, unit))), axes), 1)}): Fraction(1)}


def added(p: Polynomial, q: Polynomial, sign: int = 1) -> Polynomial:
    """p + q, or p − q."""
    out = dict(p)
    for m, c in q.items():
        _put(out, m, sign * c)
    return _divided(_checked(out))


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    """p q."""
    out: Polynomial = ZERO
    for m, c in p.items():
        for n, d in q.items():
            made = _scaled(_expanded(m, n), c * d)
            out = made if not out else added(out, made)
    return _checked(out)


def inverse(p: Polynomial) -> Polynomial:
    """1 / p; raises ZeroDivisionError for zero."""
    if not p:
        raise ZeroDivisionError
    shared = _common(p)
    rest: Polynomial = ZERO
    for m, c in p.items():
        rest = added(rest, _scaled(_expanded(m, power(shared, -1)), c))
    if not rest:
        raise ZeroDivisionError
    if len(rest) == 1:
        ((m, c),) = rest.items()
        return times({power(m, -1): 1 / c}, {power(shared, -1): Fraction(1)})
    lead = rest[_leading(rest)]
    used = sorted({k for m in rest for (_, axes), _ in m for k in axes})
    own = {k: n for n, k in enumerate(used)}
    whole = frozenset((_renamed(m, own.__getitem__), c / lead) for m, c in rest.items())
    made = frozenset({((Atom("sum", whole, len(used)), tuple(used)), -1)})
    return {product(made, power(shared, -1)): 1 / lead}


def moved(p: Polynomial, to: Callable[[int], int]) -> Polynomial:
    """A polynomial whose axes lie elsewhere in the whole."""
    return {_renamed(m, to): c for m, c in p.items()}


def total(p: Polynomial, along: Mapping[int, Any]) -> Polynomial:
    """The total along some axes, each with the polynomial that is its length. The axes that are left keep their numbers."""
    out: Polynomial = ZERO
    for m, c in p.items():
        inside = frozenset((f, e) for f, e in m if not along.keys().isdisjoint(f[1]))
        bound = sorted({k for (_, axes), _ in inside for k in axes if k in along})
        if len(inside) == 1 and _is_unit(*next(iter(inside)), bound):
            m, inside = m - inside, frozenset()
        made: Polynomial = {m - inside: c}
        if inside:
            used = sorted({k for (_, axes), _ in inside for k in axes} - set(bound))
            own = {**{k: n for n, k in enumerate(used)}, **{k: -1 - n for n, k in enumerate(bound)}}
            f = Atom("total", _renamed(inside, own.__getitem__), len(used)), tuple(used)
            made = {product(m - inside, frozenset({(f, 1)})): c}
        for k in along.keys() - set(bound):
            made = times(made, along[k])
        out = added(out, made)
    return out


def order(m: Monomial) -> tuple[Any, ...]:
    """Where a term stands in the order of terms: those of the highest degree come last."""
    factors = sorted((a.place, axes, e) for (a, axes), e in m)
    return sum(e for *_, e in factors), len(factors), factors


def _is_unit(f: Factor, e: int, along: Sequence[int]) -> bool:
    """Whether the total of a factor along some axes, which are all that it has, is one."""
    return e == 1 and len(along) == len(f[1]) == len(f[0].unit)


# -- terms -------------------------------------------------------------------------------------------------------------------


def _put(out: dict[Monomial, Fraction], m: Monomial, c: Fraction) -> None:
    c += out.get(m, 0)
    if c:
        out[m] = c
    else:
        out.pop(m, None)


def _checked(p: Polynomial) -> Polynomial:
    if len(p) > _LONGEST or any(len(m) > _HIGHEST for m in p):
        raise TooLongError
    return p


def _scaled(p: Polynomial, c: Fraction) -> Polynomial:
    return {m: c * d for m, d in p.items()}


def _renamed(m: Monomial, to: Callable[[int], int]) -> Monomial:
    return frozenset(((a, tuple(map(to, axes))), e) for (a, axes), e in m)


def power(m: Monomial, e: int) -> Monomial:
    return frozenset((f, e * k) for f, k in m)


def product(m: Monomial, n: Monomial) -> Monomial:
    if not m or not n:
        return m or n
    exponents: dict[Factor, int] = dict(m)
    for f, e in n:
        exponents[f] = exponents.get(f, 0) + e
    return frozenset([t for t in exponents.items() if t[1]])


def _expanded(m: Monomial, n: Monomial) -> Polynomial:
    """The product of two terms, in which no sum stands over the line."""
    whole = product(m, n)
    if not any(e > 0 and f[0].kind == "sum" for f, e in whole):
        return {whole: Fraction(1)}
    out: Polynomial = {frozenset((f, e) for f, e in whole if f[0].kind != "sum" or e < 0): Fraction(1)}
    for f, e in whole:
        if f[0].kind == "sum" and e > 0:
            for _ in range(e):
                out = times(out, written_out(f))
    return out


def written_out(f: Factor) -> Polynomial:
    """The sum of which an atom is the inverse, on the axes of the whole."""
    a, axes = f
    return {_renamed(m, axes.__getitem__): c for m, c in a.of}


def _common(p: Polynomial) -> Monomial:
    """What all terms have in common: of each factor the lowest exponent."""
    factors = {f for m in p for f, _ in m}
    exponents = [dict(m) for m in p]
    lowest = {f: min(e.get(f, 0) for e in exponents) for f in factors}
    return frozenset((f, e) for f, e in lowest.items() if e)


def _leading(p: Polynomial) -> Monomial:
    """A term by which the others can be reduced: of the highest degree."""
    return max(p, key=order)


def _divided(p: Polynomial) -> Polynomial:
    """A polynomial in which no group of terms is a multiple of a sum that they are divided by."""
    sums = {f for m in p for f, e in m if f[0].kind == "sum" and e < 0}
    for f in sorted(sums, key=lambda f: (f[0].place, f[1])):
        divisor = written_out(f)
        lead = _leading(divisor)
        for e in sorted({dict(m)[f] for m in p if f in dict(m)}):
            over = {m - {(f, e)}: c for m, c in p.items() if (f, e) in m}
            quotient, rest = _by(over, divisor, lead)
            if quotient and len(quotient) + len(rest) < len(over) + (not rest):
                out = {m: c for m, c in p.items() if (f, e) not in m}
                for m, c in rest.items():
                    _put(out, product(m, frozenset({(f, e)})), c)
                for m, c in quotient.items():
                    _put(out, product(m, frozenset({(f, e + 1)})) if e + 1 else m, c)
                return _divided(out)
    return p


def _by(p: Polynomial, divisor: Polynomial, lead: Monomial) -> tuple[dict[Monomial, Fraction], dict[Monomial, Fraction]]:
    """The quotient and the rest of a division by a polynomial with a leading term."""
    quotient: dict[Monomial, Fraction] = {}
    rest: dict[Monomial, Fraction] = {}
    left = dict(p)
    for _ in range(4 * _LONGEST):
        m = max((m for m in left if all(dict(m).get(f, 0) >= e for f, e in lead)), key=order, default=None)
        if m is None:
            break
        c = left[m] / divisor[lead]
        q = product(m, power(lead, -1))
        _put(quotient, q, c)
        for n, d in divisor.items():
            _put(left, product(q, n), -c * d)
    rest.update(left)
    return quotient, rest
