"""Logistic functions in polynomials: E / (c + E), for a power E of a positive number, as 1 − c / (c + E).

E may overflow, and then the quotient is nan, though it is 1 but for rounding; 1 / (c + E) is 0 then, as it should be. So the
derivative of s = 1 / (1 + E) is written as s (1 − s). Takes polynomials; gives them without such powers.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb
from typing import Any

from sct.optimize.polynomials import ZERO, Atom, Factor, Monomial, Polynomial, added, product, written_out

__all__ = ["alone", "without_powers"]

_Is = Callable[[Any], bool]


def without_powers(p: Polynomial, is_power: _Is) -> Polynomial | None:
    """A polynomial with no power over a sum with it; the same one if it has none, and None if some are left. `is_power` tells
    of a value whether it is one."""
    out: Polynomial = ZERO
    changed = False
    for m, c in p.items():
        found = _over(m, is_power)
        if found is None:
            out = added(out, {m: c})
            continue
        _, times, under, below, rest, number = found
        if times > below:
            return None
        changed = True
        for k in range(times + 1):  # (S − c)ᵃ S⁻ᵇ
            left = below - times + k
            factors = frozenset({(under, -left)}) if left else frozenset()
            out = added(out, {product(rest, factors): c * comb(times, k) * (-number) ** k})
    return out if changed else p


def alone(p: Polynomial, is_power: _Is) -> tuple[Atom, Monomial, Fraction] | None:
    """Of a polynomial of one term E / (1 + E): the power E, what else is in the term, and its number; None of others."""
    if len(p) != 1:
        return None
    ((m, c),) = p.items()
    found = _over(m, is_power)
    if found is None:
        return None
    (power, _), times, _, below, rest, number = found
    return (power, rest, c) if times == below == 1 and number == 1 else None


def _over(m: Monomial, is_power: _Is) -> tuple[Factor, int, Factor, int, Monomial, Fraction] | None:
    """A power in a term that is divided by a sum with it, and its exponent; that sum, how often it divides, what else is in the
    term, and the number in the sum."""
    exponents = dict(m)
    for under, e in m:
        of = written_out(under) if under[0].kind == "sum" and e < 0 else {}
        number = of.get(frozenset(), Fraction(0))
        if len(of) != 2 or number <= 0:
            continue
        ((n, c),) = ((n, c) for n, c in of.items() if n)
        if c != 1 or len(n) != 1:
            continue
        ((power, degree),) = n
        times = exponents.get(power, 0)
        if degree == 1 and times > 0 and power[0].kind == "value" and is_power(power[0].of):
            return power, times, under, -e, m - {(under, e), (power, times)}, number
    return None
