"""The registry of factorisations by eigenvalues or singular values, of which functions of matrices are made.

Takes functions that factorise a matrix, each with how functions of the matrix are made of what it gives, and differentiated;
gives these to the compiler. Never runs any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sct.ir.records import record
from sct.registry.effects import effect
from sct.registry.lookup import find

__all__ = ["Spectrum", "derivative_of_spectrum", "spectrum", "spectrum_of"]


@record(frozen=True)
class Spectrum:
    """What a factorisation gives, and the rules of functions f(A) of the matrix by its values w and its vectors.

    Attributes
    ----------
    name : str
        What the values are called; those of two factorisations of one matrix with the same name and options are the same.
    values : int or None
        The number of the values among the results; None if they are the result.
    vectors : tuple of int
        The numbers of the vectors among the results: those in columns, and those in rows if they are others.
    options : callable
        Takes the arguments as a type rule does; gives the further arguments of `restricted` and `direction`. None if the call
        is not covered.
    factorised : callable
        The vectors of a matrix and the options.
    value : callable
        f(A) of the factorisation and f(w).
    derivative : callable
        Dⁿf(A)[E₁, …] of the factorisation, (f(w), f'(w), …) and (E₁, …); what the compiler knows again.
    adjoint : callable
        Of the factorisation, (f(w), …, f⁽ᵏ⁾(w)), a number of directions and the adjoint of Dⁿf(A)[E₁, …]: the adjoint of A for
        n = k - 1 directions, and that of a direction for the k - 1 = n - 1 others. The directions are given as `beside` has
        them.
    beside : callable
        Of a direction.
    restricted : callable
        The adjoint of what is read of A, of that of A and the options.
    direction : callable
        The direction of a function of A, of a tangent of A and the options.
    by_vectors : callable
        What `derivative` gives in one direction, of the same operands, as a function of the values and vectors, which has
        derivatives by these where no values are equal.
    """

    name: str
    values: int | None
    vectors: tuple[int, ...]
    options: Callable[..., tuple[Any, ...] | None]
    factorised: Callable[..., Any]
    value: Callable[..., Any]
    derivative: Callable[..., Any]
    adjoint: Callable[..., Any]
    beside: Callable[..., Any]
    restricted: Callable[..., Any]
    direction: Callable[..., Any]
    by_vectors: Callable[..., Any]


_spectra: dict[Any, Spectrum] = {}
_derivatives: dict[Any, Spectrum] = {}


def spectrum(primitive: Callable[..., Any], known: Spectrum) -> None:
    """Register a factorisation."""
    _spectra[primitive] = known
    _derivatives.setdefault(known.derivative, known)
    effect("none", known.derivative)


def spectrum_of(primitive: Any) -> Spectrum | None:
    """What is registered of a factorisation, or None."""
    found: Spectrum | None = find(_spectra, primitive)
    return found


def derivative_of_spectrum(primitive: Any) -> Spectrum | None:
    """The factorisation of whose functions something is the derivative, or None."""
    found: Spectrum | None = find(_derivatives, primitive)
    return found
