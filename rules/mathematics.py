"""Rules of the module `math`: functions of Python numbers that give a float.

Takes nothing; registers one line for each function, written in `math` itself so that derivatives stay Python floats.
"""

import functools
import math
import operator

import numpy as np

from sct.ir.shapes import size_product
from sct.ir.types import UNKNOWN, Const, Scalar
from sct.registry.facts import facts
from sct.registry.rules import adjoint, adjoint_of_square, divides_safely, elementwise, nondifferentiable
from sct.registry.type_rules import result_type, type_rule

from .arithmetic import (
    evaluated,
    is_array,
    is_negative_power,
    join_kinds,
    kind_of_number,
    power_adjoint,
    sequence_items,
    size_of_number,
)

# ---------------------------------------------------------------------------------------------------------------------
# One argument, one result
# ---------------------------------------------------------------------------------------------------------------------

_PARTIALS = {
    "exp": "d * y",
    "exp2": "0.6931471805599453 * d * y",
    "expm1": "d * (y + 1.0)",
    "log1p": "d / (1.0 + x)",
    "log2": "1.4426950408889634 * d / x",
    "log10": "0.4342944819032518 * d / x",
    "sqrt": "0.5 * d / y",
    "cbrt": "d / (3.0 * y * y)",
    "sin": "d * math.cos(x)",
    "cos": "-d * math.sin(x)",
    "tan": "d * (1.0 + y * y)",
    "asin": "d / math.sqrt(1.0 - x * x)",
    "acos": "-d / math.sqrt(1.0 - x * x)",
    "atan": "d / (1.0 + x * x)",
    "sinh": "d * math.cosh(x)",
    "cosh": "d * math.sinh(x)",
    "tanh": "d * (1.0 - y * y)",
    "asinh": "d / math.sqrt(x * x + 1.0)",
    "acosh": "d / math.sqrt(x * x - 1.0)",
    "atanh": "d / (1.0 - x * x)",
    "erf": "1.1283791670955126 * d * math.exp(-as_number(x) * x)",  # 2 / √π
    "erfc": "-1.1283791670955126 * d * math.exp(-as_number(x) * x)",
    "degrees": "57.29577951308232 * d",
    "radians": "0.017453292519943295 * d",
    "fabs": "d * np.sign(as_number(x))",
}
for _name, _partial in _PARTIALS.items():
    if hasattr(math, _name):  # exp2 and cbrt are of Python 3.11
        elementwise(getattr(math, _name), _partial, real_only=True)


facts(math.exp, inverts=True)


@adjoint_of_square(math.fabs, real_only=True)
def square_of_fabs(y, x, y_bar):
    return 2.0 * y_bar * x


# ---------------------------------------------------------------------------------------------------------------------
# Two arguments
# ---------------------------------------------------------------------------------------------------------------------

elementwise(math.copysign, "d * np.sign(as_number(x1)) * math.copysign(1.0, x2)", None, real_only=True)
elementwise(math.fmod, "d", "-d * round((x1 - y) / x2)", real_only=True)
elementwise(math.remainder, "d", "-d * round((x1 - y) / x2)", real_only=True)
elementwise(math.ldexp, "math.ldexp(d, x2)", None, real_only=True)


@adjoint(math.log, kind="elementwise", real_only=True)
def log(y, x, base=None, *, y_bar):
    if base is None:
        return y_bar / x, None
    return y_bar / (x * math.log(base)), -y_bar * y / (base * math.log(base))


@adjoint(math.atan2, kind="elementwise", real_only=True)
def atan2(y, x1, x2, y_bar):
    """y = arg(x₂ + i x₁): x̄₁ = ȳ x₂ / r², x̄₂ = −ȳ x₁ / r², and 0 at the origin."""
    r = math.hypot(x1, x2)
    r = r + (r == 0)
    return y_bar * (x2 / r) / r, -y_bar * (x1 / r) / r


@adjoint(math.pow, kind="elementwise", real_only=True)
def power(y, x1, x2, y_bar):
    return power_adjoint(y, x1, x2, y_bar)


# Where the divisor is 0 the functions themselves raise, or it never is
divides_safely(math.log, math.log2, math.log10, math.log1p, math.atanh, math.fmod, math.remainder, math.hypot, math.dist)
divides_safely(math.tan, math.atan, math.asinh, math.atan2)
divides_safely(math.pow, where=is_negative_power)

# ---------------------------------------------------------------------------------------------------------------------
# Any number of arguments, and sequences
# ---------------------------------------------------------------------------------------------------------------------


def like_sequence(items, sequence):
    """The entries of a tuple in a container like `sequence`."""
    if isinstance(sequence, list):
        return list(items)
    if isinstance(sequence, np.ndarray):
        return np.array(items)
    return items


@adjoint(math.hypot, real_only=True)
def hypot(y, *coordinates, y_bar):
    """The derivative at the origin is 0."""
    return multiples(y_bar / (y + (y == 0)), coordinates)


@adjoint_of_square(math.hypot, real_only=True)
def square_of_hypot(y, *coordinates, y_bar):
    """y = Σ xᵢ²:  x̄ᵢ = 2 ȳ xᵢ."""
    return multiples(2.0 * y_bar, coordinates)


def multiples(share, coordinates):
    """`share` of each of the coordinates."""
    out = ()
    for x in coordinates:
        out = out + (share * x,)
    return out


@adjoint(math.dist, real_only=True)
def dist(y, p, q, y_bar):
    """The derivative between equal points is 0."""
    return differences(y_bar / (y + (y == 0)), p, q)


@adjoint_of_square(math.dist, real_only=True)
def square_of_dist(y, p, q, y_bar):
    """y = Σ (pᵢ − qᵢ)²:  p̄ᵢ = 2 ȳ (pᵢ − qᵢ) = −q̄ᵢ."""
    return differences(2.0 * y_bar, p, q)


def differences(share, p, q):
    """`share` of p − q and of q − p, each like the point that it is for."""
    if isinstance(p, np.ndarray) and isinstance(q, np.ndarray):
        return share * (p - q), share * (q - p)
    p_bar = ()
    q_bar = ()
    for i in range(len(p)):
        part = share * (p[i] - q[i])
        p_bar = p_bar + (part,)
        q_bar = q_bar + (-part,)
    return like_sequence(p_bar, p), like_sequence(q_bar, q)


@adjoint(math.fsum, real_only=True)
def fsum(y, seq, y_bar):
    if isinstance(seq, np.ndarray):
        return np.broadcast_to(y_bar, np.shape(seq))
    out = ()
    for _ in seq:
        out = out + (y_bar,)
    return like_sequence(out, seq)


@adjoint(math.prod, real_only=True)
def prod(y, iterable, start=1, *, y_bar):
    """Each factor gets the product of those before it and of those behind it."""
    n = len(iterable)
    before = start
    heads = ()
    for i in range(n):
        heads = heads + (before,)
        before = before * iterable[i]
    behind = 1.0
    out = ()
    for i in range(n):
        out = (y_bar * heads[n - 1 - i] * behind,) + out
        behind = behind * iterable[n - 1 - i]
    return like_sequence(out, iterable), y_bar * behind


if hasattr(math, "sumprod"):  # Python 3.12

    @adjoint(math.sumprod, real_only=True)
    def sumprod(y, p, q, y_bar):
        if isinstance(p, np.ndarray) and isinstance(q, np.ndarray):
            return y_bar * q, y_bar * p
        p_bar = ()
        q_bar = ()
        for i in range(len(p)):
            p_bar = p_bar + (y_bar * q[i],)
            q_bar = q_bar + (y_bar * p[i],)
        return like_sequence(p_bar, p), like_sequence(q_bar, q)


@adjoint(math.modf, real_only=True)
def modf(y, x, y_bar):
    return y_bar[0]


@adjoint(math.frexp, real_only=True)
def frexp(y, x, y_bar):
    return math.ldexp(y_bar[0], -y[1])


# ---------------------------------------------------------------------------------------------------------------------
# Types, and what has no derivative
# ---------------------------------------------------------------------------------------------------------------------

_MORE = ("atan2", "copysign", "fmod", "remainder", "ldexp", "log", "pow", "hypot", "dist", "fsum", "ulp", "nextafter")
_FLOATS = (*_PARTIALS, *_MORE)
_TRUTHS = ("isnan", "isinf", "isfinite", "isclose")
_INTS = ("isqrt", "gcd", "lcm", "factorial", "comb", "perm")
_ROUNDED = ("floor", "ceil", "trunc")


def _fixed_type(kind):
    return lambda *args, **kwargs: Scalar(kind)


for _names, _kind in ((_FLOATS, float), (_TRUTHS, bool)):
    for _name in _names:
        if hasattr(math, _name):
            result_type(getattr(math, _name))(_fixed_type(_kind))


def _int_type(function):
    def rule(*args):
        if all(type(a) in (bool, int, float) and abs(a) <= 1000 for a in args):
            value = evaluated(function, *args)
            if value is not None:
                return value
        if function in (math.floor, math.ceil, math.trunc) and kind_of_number(args[0]) is None and not is_array(args[0]):
            return UNKNOWN
        return Scalar(int)

    return rule


for _name in (*_INTS, *_ROUNDED):
    result_type(getattr(math, _name))(_int_type(getattr(math, _name)))


@result_type(math.prod)
def prod_type(iterable, *, start=1):
    items = sequence_items(iterable)
    if items is None:
        return UNKNOWN
    items = (start, *(v.value if isinstance(v, Const) else v for v in items))
    kinds = [kind_of_number(v) for v in items]
    if not all(kinds):
        return functools.reduce(type_rule(operator.mul), items)
    kind = join_kinds(*kinds)
    sizes = [size_of_number(v) for v in items]
    if kind is int and all(s is not None for s in sizes):
        size = size_product(sizes)
        return size if type(size) is int else Scalar(int, size)
    return Scalar(kind)


if hasattr(math, "sumprod"):

    @result_type(math.sumprod)
    def sumprod_type(p, q):
        return UNKNOWN


@result_type(math.modf)
def modf_type(x):
    return Scalar(float), Scalar(float)


@result_type(math.frexp)
def frexp_type(x):
    return Scalar(float), Scalar(int)


nondifferentiable(*(getattr(math, _name) for _name in (*_TRUTHS, *_INTS, *_ROUNDED, "ulp")))
