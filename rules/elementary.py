"""Rules of elementary functions: exponential, logarithmic, trigonometric, hyperbolic ufuncs and their inverses.

Takes nothing; registers one line for each function. Their types follow from broadcasting.
"""

import numpy as np

from sct.ir.shapes import as_array
from sct.ir.types import Array, Tuple
from sct.registry.compositions import composition
from sct.registry.conventions import convention
from sct.registry.facts import facts
from sct.registry.rules import adjoint, adjoint_of_square, elementwise
from sct.registry.type_rules import result_type
from sct.runtime import as_number, unbroadcast

from .arithmetic import is_finite_literal, is_literal, ufunc_type

# Logarithms and powers of e, 2 and 10
elementwise(np.exp, "d * y")
elementwise(np.exp2, "0.6931471805599453 * d * y")  # log 2
elementwise(np.expm1, "d * (y + 1.0)")
elementwise(np.log, "d / x")
elementwise(np.log1p, "d / (1.0 + x)")
elementwise(np.log2, "1.4426950408889634 * d / x")  # 1 / log 2
elementwise(np.log10, "0.4342944819032518 * d / x")  # 1 / log 10


def step_between(x1, x2):
    """x₂ − x₁; 0 where both are the same infinity, which share evenly as other equals do."""
    if is_finite_literal(x1) or is_finite_literal(x2):
        return x2 - as_number(x1)
    return np.where(np.isinf(x1) & (x1 == x2), 0.0, as_number(x2) - x1)


@adjoint(np.logaddexp, kind="elementwise", real_only=True)
def logaddexp(y, x1, x2, y_bar, out=None, dtype=None):
    """y = log(exp x₁ + exp x₂): x̄₁ = ȳ / (1 + exp(x₂ − x₁)), as a power of e, in which nothing overflows; beside x₁ = 0 it is
    x̄₂ = ȳ (1 − exp(−y))."""
    if is_literal(x1) and x1 == 0:
        return None, unbroadcast(-y_bar * np.expm1(-y), x2)
    if is_literal(x2) and x2 == 0:
        return unbroadcast(-y_bar * np.expm1(-y), x1), None
    x1_bar = y_bar * np.exp(-np.logaddexp(0.0, step_between(x1, x2)))
    return unbroadcast(x1_bar, x1), unbroadcast(y_bar * np.exp(-np.logaddexp(0.0, step_between(x2, x1))), x2)


@adjoint(np.logaddexp2, kind="elementwise", real_only=True)
def logaddexp2(y, x1, x2, y_bar, out=None, dtype=None):
    """y = log₂(2 ** x₁ + 2 ** x₂): x̄₁ = ȳ / (1 + 2 ** (x₂ − x₁)); as for the natural logarithm."""
    x1_bar = y_bar * np.exp2(-np.logaddexp2(0.0, step_between(x1, x2)))
    return unbroadcast(x1_bar, x1), unbroadcast(y_bar * np.exp2(-np.logaddexp2(0.0, step_between(x2, x1))), x2)


# Roots; hypot has a derivative of 0 at the origin
elementwise(np.sqrt, "0.5 * d / y")
elementwise(np.cbrt, "d / (3.0 * y * y)", real_only=True)
elementwise(np.hypot, "d * x1 / (y + (y == 0))", "d * x2 / (y + (y == 0))", real_only=True)


convention("0 at the origin", np.hypot, np.arctan2)
convention("∞ at 0", np.sqrt, np.cbrt)
convention("∞ at -1 and 1", np.arcsin, np.arccos)


@adjoint_of_square(np.hypot, real_only=True)
def square_of_hypot(y, x1, x2, y_bar):
    """y = x₁² + x₂²:  x̄ᵢ = 2 ȳ xᵢ."""
    return unbroadcast(2.0 * y_bar * x1, x1), unbroadcast(2.0 * y_bar * x2, x2)


# Trigonometric
elementwise(np.sin, "d * np.cos(x)")
elementwise(np.cos, "-d * np.sin(x)")
elementwise(np.tan, "d * (1.0 + y * y)")
# √(1 − z²) is on a cut what it is on one side of that: where z is complex, functions of the result, which is of the right side
elementwise(np.arcsin, "d / np.cos(y) if np.iscomplexobj(x) else d / np.sqrt(1.0 - x * x)")
elementwise(np.arccos, "-d / np.sin(y) if np.iscomplexobj(x) else -d / np.sqrt(1.0 - x * x)")
elementwise(np.arctan, "d / (1.0 + x * x)")


@adjoint(np.arctan2, kind="elementwise", real_only=True)
def arctan2(y, x1, x2, y_bar, out=None, dtype=None):
    """y = arg(x₂ + i x₁): x̄₁ = ȳ x₂ / r², x̄₂ = −ȳ x₁ / r², and 0 at the origin."""
    r = np.hypot(x1, x2)
    r = r + (r == 0)
    return unbroadcast(y_bar * (x2 / r) / r, x1), unbroadcast(-y_bar * (x1 / r) / r, x2)


for _function in (np.deg2rad, np.radians):
    elementwise(_function, "0.017453292519943295 * d", real_only=True)  # π / 180
    facts(_function, linear="together")
for _function in (np.rad2deg, np.degrees):
    elementwise(_function, "57.29577951308232 * d", real_only=True)  # 180 / π
    facts(_function, linear="together")

# Hyperbolic
elementwise(np.sinh, "d * np.cosh(x)")
elementwise(np.cosh, "d * np.sinh(x)")
elementwise(np.tanh, "d * (1.0 - y * y)")
elementwise(np.arcsinh, "d / np.cosh(y) if np.iscomplexobj(x) else d / np.sqrt(x * x + 1.0)")
elementwise(np.arccosh, "d / np.sinh(y) if np.iscomplexobj(x) else d / np.sqrt(x * x - 1.0)")
elementwise(np.arctanh, "d / (1.0 - x * x)")

elementwise(np.nextafter, "d", None)


@adjoint(np.sinc, kind="elementwise")
def sinc(y, x, y_bar):
    """y = sin πx / πx:  y′ = (cos πx − y) / x, and near 0, where that cancels, its power series."""
    t = (np.pi * x) ** 2
    tail = 1.0 - t / 28.0 * (1.0 - t / 54.0 * (1.0 - t / 88.0 * (1.0 - t / 130.0)))
    series = -np.pi * np.pi / 3.0 * x * (1.0 - t / 10.0 * tail)
    near = np.abs(x) < 0.05
    return y_bar * np.where(near, series, (np.cos(np.pi * x) - y) / np.where(near, 1.0, x))


@result_type(np.sinc)
def sinc_type(x):
    array = as_array(x)
    dtype = array.dtype
    return Array(np.dtype(float) if dtype is not None and dtype.kind in "biu" else dtype, array.shape)


@adjoint(np.i0, kind="elementwise", real_only=True)
def i0(y, x, y_bar):
    """I₀′ = I₁ (DLMF 10.29.3)."""
    return y_bar * bessel_i1(x)


@result_type(np.i0)
def i0_type(x):
    array = as_array(x)
    dtype = np.dtype(float) if array.dtype is not None and array.dtype.kind in "biu" else array.dtype
    return Array(dtype, array.shape, boxed=array.shape == ())


def bessel_i1(x):
    """I₁(x) = 1/π ∫₀^π exp(x cos θ) cos θ dθ (DLMF 10.32.3), by the midpoint rule, which converges geometrically for what is
    periodic (Trefethen and Weideman 2014); the halves of the interval as a hyperbolic sine, which cancels nothing."""
    cosines = np.cos((np.arange(64) + 0.5) * (np.pi / 128))
    return np.mean(np.sinh(np.expand_dims(x, -1) * cosines) * cosines, -1)


@composition(np.kaiser)
def kaiser(M, beta):
    """I₀ of an arc over that of its middle."""
    if M < 2:
        return np.ones(max(M, 0))
    half = (M - 1) / 2.0
    return np.i0(beta * np.sqrt(1 - ((np.arange(M) - half) / half) ** 2.0)) / np.i0(float(beta))


@adjoint(np.unwrap)
def unwrap(y, p, y_bar, discont=None, axis=-1, *, period=6.283185307179586):
    """What is added to an angle is constant but for jumps."""
    return y_bar


@result_type(np.unwrap)
def unwrap_type(p, discont=None, axis=-1, *, period=6.283185307179586):
    array = as_array(p)
    dtype = array.dtype
    if dtype is not None and dtype.kind in "biu":
        dtype = None if isinstance(period, int) else np.dtype(float)
    return Array(dtype, array.shape)


facts(np.exp, np.exp2, inverts=True)
facts(np.sin, np.cos, np.arctan, np.arctan2, np.tanh, np.arcsinh, np.sinc, np.hypot, np.cbrt, finite=True)

# Several results


@adjoint(np.modf, kind="elementwise")
def modf(y, x, y_bar):
    return y_bar[0]


@adjoint(np.frexp, kind="elementwise")
def frexp(y, x, y_bar):
    return np.ldexp(y_bar[0], -y[1])


@adjoint(np.divmod, kind="elementwise")
def divmod_adjoint(y, x1, x2, y_bar):
    return unbroadcast(y_bar[1], x1), unbroadcast(-y_bar[1] * y[0], x2)


@result_type(np.modf)
def modf_type(x):
    part = ufunc_type(np.modf, x)
    return Tuple((part, part))


@result_type(np.frexp)
def frexp_type(x):
    fraction = ufunc_type(np.ldexp, x, 0)
    return Tuple((fraction, Array(np.dtype(np.intc), fraction.shape)))


@result_type(np.divmod)
def divmod_type(x1, x2):
    part = ufunc_type(np.floor_divide, x1, x2)
    return Tuple((part, part))
