"""Functions of numbers for Numba, without calls and branches, so that loops of them are vectorized.

Without Intel's library of short vectors Numba calls the C library's exponential for each number. Here it is a polynomial: with
n the integer nearest to x / log 2, eˣ = 2ⁿ eʳ and |r| ≤ log 2 / 2, where Taylor's polynomial of degree 13 leaves less than
2⁻⁵⁷; x − n log 2 is taken in two parts (Cody and Waite, Software Manual for the Elementary Functions, 1980, chapter 6).
Overflow, underflow by way of subnormal numbers, infinities and nan are as NumPy's.

A power of half an odd number, for which the C library takes a logarithm and an exponential in higher precision, is a root
times a power of an integer.
"""

from __future__ import annotations

import numpy as np

from sct.runtime.loops import exp, half_power

__all__ = ["known_to_numba"]

_SHIFT = 6755399441055744.0  # 1.5 · 2⁵²: what is added to it is rounded to an integer, which its last bits then are
_PER_LOG_2 = 1.4426950408889634
_LOG_2_HIGH = 6.93145751953125e-1
_LOG_2_LOW = 1.42860682030941723212e-6


def known_to_numba() -> None:
    """Let Numba compile `sct.runtime.loops`."""
    from llvmlite import ir  # type: ignore[import-untyped]
    from numba import njit, types
    from numba.extending import intrinsic, overload

    @intrinsic
    def power_of_two(typing, shifted):  # type: ignore[no-untyped-def]
        """2ⁿ, of n + _SHIFT: n in the place of the exponent."""

        def generated(context, builder, signature, args):  # type: ignore[no-untyped-def]
            bits = ir.IntType(64)
            n = builder.add(builder.bitcast(args[0], bits), ir.Constant(bits, 1023))
            return builder.bitcast(builder.shl(n, ir.Constant(bits, 52)), ir.DoubleType())

        return types.float64(types.float64), generated

    @njit(error_model="numpy")
    def vectorized(x):  # type: ignore[no-untyped-def]
        x = min(max(x, -746.0), 710.0)
        n = x * _PER_LOG_2 + _SHIFT - _SHIFT
        r = (x - n * _LOG_2_HIGH) - n * _LOG_2_LOW
        p = 1.0 / 39916800.0 + r * (1.0 / 479001600.0 + r * (1.0 / 6227020800.0))
        p = 1.0 / 40320.0 + r * (1.0 / 362880.0 + r * (1.0 / 3628800.0 + r * p))
        p = 1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0 + r * p))
        p = 0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * p))
        half = n * 0.5 + _SHIFT  # in two steps, since 2ⁿ itself may be none of the normal numbers
        rest = n - (half - _SHIFT) + _SHIFT
        return (1.0 + (r + r * r * p)) * power_of_two(half) * power_of_two(rest)  # type: ignore[call-arg]

    def of_type(x):  # type: ignore[no-untyped-def]
        return (lambda x: vectorized(x)) if x == types.float64 else (lambda x: np.exp(x))

    overload(exp)(of_type)

    def of_halves(x, n):  # type: ignore[no-untyped-def]
        if x != types.float64 or not isinstance(n, types.IntegerLiteral):
            return lambda x, n: x ** (n * 0.5)
        whole, inverse = abs(n.literal_value) // 2, n.literal_value < 0

        def power(x, n):  # type: ignore[no-untyped-def]
            p = np.sqrt(x)
            for _ in range(whole):
                p *= x
            p += 0.0  # no power is -0.0
            if x == -np.inf:
                p = np.inf
            return 1.0 / p if inverse else p

        return power

    overload(half_power, jit_options={"error_model": "numpy"}, prefer_literal=True)(of_halves)
