"""Rules of scipy.special.

Takes nothing; registers one line for each function, with where its formula stands: in the Digital Library of Mathematical
Functions of NIST (DLMF), in chapter and number of an equation. Without one it follows from the definition. Of ufuncs the types
follow from broadcasting.
"""

import functools

import numpy as np
from scipy import special

from sct.ir.shapes import as_array
from sct.ir.types import UNKNOWN, Array, Tuple
from sct.registry.compositions import composition
from sct.registry.conventions import convention
from sct.registry.refusals import refused, those_of
from sct.registry.rules import NO_FORMULA, adjoint, nondifferentiable
from sct.registry.rules import elementwise as registered
from sct.registry.type_rules import result_type, type_rule
from sct.runtime import keep_reduced_axes, unbroadcast

from ..arithmetic import ufunc_type

elementwise = functools.partial(registered, names={"special": special})
real = functools.partial(elementwise, real_only=True)


_of = functools.partial(those_of, special)


# ---------------------------------------------------------------------------------------------------------------------
# Elementary functions
# ---------------------------------------------------------------------------------------------------------------------

elementwise(special.expm1, "d * (y + 1.0)")
elementwise(special.log1p, "d / (1.0 + x)")
real(special.exp2, "0.6931471805599453 * d * y")  # log 2
real(special.exp10, "2.302585092994046 * d * y")  # log 10
real(special.cbrt, "d / (3.0 * y * y)")
real(special.cosm1, "-d * np.sin(x)")
real(special.sindg, "0.017453292519943295 * d * special.cosdg(x)")  # π / 180
real(special.cosdg, "-0.017453292519943295 * d * special.sindg(x)")
real(special.tandg, "0.017453292519943295 * d * (1.0 + y * y)")
real(special.cotdg, "-0.017453292519943295 * d * (1.0 + y * y)")
real(special.radian, "0.017453292519943295 * d", "0.0002908882086657216 * d", "4.84813681109536e-06 * d")
real(special.exprel, "0.5 * d * special.hyp1f1(2.0, 3.0, x)")  # DLMF 13.4.1: 1/2 M(2, 3, x) is ∫ t exp(x t) dt from 0 to 1
real(special.powm1, "d * x2 * x1 ** (x2 - 1.0)", "d * special.xlogy(y + 1.0, x1)")

convention("∞ at 0", special.cbrt)


@adjoint(special.xlogy, kind="elementwise")
def xlogy(y, x1, x2, y_bar, out=None, dtype=None):
    """y = x₁ log x₂: x̄₁ = ȳ log x₂, x̄₂ = ȳ x₁ / x₂, and 0 where both are 0."""
    origin = (x1 == 0) & (x2 == 0)
    apart = x2 + origin
    return unbroadcast(y_bar * np.log(apart), x1), unbroadcast(y_bar * x1 / apart, x2)


@adjoint(special.xlog1py, kind="elementwise")
def xlog1py(y, x1, x2, y_bar, out=None, dtype=None):
    """y = x₁ log(1 + x₂): x̄₁ = ȳ log(1 + x₂), x̄₂ = ȳ x₁ / (1 + x₂), and 0 where x₁ and 1 + x₂ are 0."""
    apart = x2 + ((x1 == 0) & (x2 == -1))
    return unbroadcast(y_bar * np.log1p(apart), x1), unbroadcast(y_bar * x1 / (1.0 + apart), x2)


convention("0 at (0, 0)", special.xlogy)
convention("0 at (0, -1)", special.xlog1py)

# ---------------------------------------------------------------------------------------------------------------------
# The gamma function, and what is made of it
# ---------------------------------------------------------------------------------------------------------------------

elementwise(special.gamma, "d * y * special.psi(x)")  # DLMF 5.2.2
real(special.gammaln, "d * special.psi(x)")
elementwise(special.loggamma, "d * special.psi(x)")
real(special.psi, "d * special.zeta(2.0, x)")  # DLMF 25.11.12
real(special.beta, "d * y * (special.psi(x1) - special.psi(x1 + x2))", "d * y * (special.psi(x2) - special.psi(x1 + x2))")
real(special.betaln, "d * (special.psi(x1) - special.psi(x1 + x2))", "d * (special.psi(x2) - special.psi(x1 + x2))")
real(
    special.binom,
    "d * y * (special.psi(x1 + 1.0) - special.psi(x1 - x2 + 1.0))",
    "d * y * (special.psi(x1 - x2 + 1.0) - special.psi(x2 + 1.0))",
)
real(special.poch, "d * y * (special.psi(x1 + x2) - special.psi(x1))", "d * y * special.psi(x1 + x2)")


@adjoint(special.rgamma, kind="elementwise")
def rgamma(y, x, y_bar, out=None, dtype=None):
    """y = 1 / Γ(x):  y′ = −y ψ(x), and left of 1/2, where ψ has poles, by y = Γ(1 − x) sin(π x) / π (DLMF 5.5.3)."""
    left = np.real(x) < 0.5
    mirrored = np.where(left, 1.0 - x, 1.0)
    sine, cosine = np.sin(np.pi * x) / np.pi, np.cos(np.pi * x)
    reflected = special.gamma(mirrored) * (cosine - sine * special.psi(mirrored))
    return y_bar * np.where(left, reflected, -y * special.psi(np.where(left, 1.0, x)))


@adjoint(special.polygamma, kind="elementwise", real_only=True)
def polygamma(y, n, x, y_bar):
    """DLMF 5.15.1."""
    return None, unbroadcast(y_bar * special.polygamma(n + 1, x), x)


@adjoint(special.zeta, kind="elementwise", real_only=True)
def zeta(y, x, q=None, *, y_bar, out=None):
    """By q: DLMF 25.11.17."""
    return None, unbroadcast(-x * y_bar * special.zeta(x + 1, q), q)


@adjoint(special.multigammaln, real_only=True)
def multigammaln(y, a, y_bar, d):
    """y = Σ log Γ(a − j / 2) and a constant, j from 0 to d − 1 (DLMF 35.3.5)."""
    return y_bar * np.sum(special.psi(np.expand_dims(a, -1) - np.arange(d) / 2.0), -1)


@adjoint(special.comb, kind="elementwise", real_only=True)
def comb(y, N, k, y_bar, *, exact=False, repetition=False):
    """y = Γ(N + 1) / (Γ(k + 1) Γ(N − k + 1)), and 0 where k is above N or one is negative; of N + k − 1 with repetition."""
    if repetition:
        common = special.psi(N + k)
        return (
            unbroadcast(y_bar * y * (common - special.psi(N)), N),
            unbroadcast(y_bar * y * (common - special.psi(k + 1.0)), k),
        )
    inside = (k <= N) & (N >= 0) & (k >= 0)
    n, m = np.where(inside, N, 0.0), np.where(inside, k, 0.0)
    rest = special.psi(n - m + 1.0)
    n_bar, m_bar = y_bar * y * (special.psi(n + 1.0) - rest), y_bar * y * (rest - special.psi(m + 1.0))
    return unbroadcast(n_bar, N), unbroadcast(m_bar, k)


@adjoint(special.factorial, kind="elementwise", real_only=True)
def factorial(y, n, y_bar, exact=False, extend="zero"):
    """y = Γ(n + 1), and 0 where n is negative."""
    return y_bar * y * special.psi(np.where(n < 0, 0.0, n) + 1.0)


# The incomplete functions (DLMF 8.8.13 and 8.17.7), by the logarithms of their densities, which do not overflow
_GAMMA = "np.exp(special.xlogy({a} - 1.0, {x}) - {x} - special.gammaln({a}))"
_BETA = "np.exp(special.xlogy({a} - 1.0, {x}) + special.xlog1py({b} - 1.0, -{x}) - special.betaln({a}, {b}))"

_density = _GAMMA.format(a="x1", x="x2")
real(special.gammainc, NO_FORMULA, f"d * {_density}")
real(special.gammaincc, NO_FORMULA, f"-d * {_density}")
_density = _GAMMA.format(a="x1", x="y")
real(special.gammaincinv, NO_FORMULA, f"d / {_density}")
real(special.gammainccinv, NO_FORMULA, f"-d / {_density}")
_density = _BETA.format(a="x1", b="x2", x="x3")
real(special.betainc, NO_FORMULA, NO_FORMULA, f"d * {_density}")
real(special.betaincc, NO_FORMULA, NO_FORMULA, f"-d * {_density}")
_density = _BETA.format(a="x1", b="x2", x="y")
real(special.betaincinv, NO_FORMULA, NO_FORMULA, f"d / {_density}")
real(special.betainccinv, NO_FORMULA, NO_FORMULA, f"-d / {_density}")

# ---------------------------------------------------------------------------------------------------------------------
# The error function, and integrals of exponential and trigonometric functions
# ---------------------------------------------------------------------------------------------------------------------

elementwise(special.erf, "1.1283791670955126 * d * np.exp(-x * x)")  # DLMF 7.2.1: 2 / √π
elementwise(special.erfc, "-1.1283791670955126 * d * np.exp(-x * x)")
elementwise(special.erfi, "1.1283791670955126 * d * np.exp(x * x)")
real(special.erfinv, "0.886226925452758 * d * np.exp(y * y)")
real(special.erfcinv, "-0.886226925452758 * d * np.exp(y * y)")

convention("∞ at -1 and 1", special.erfinv)


def tail(t):
    """1 + 3 t + 3 · 5 t² + ..., to the term with t⁹: of derivatives of error functions far out (DLMF 7.12.1)."""
    s = 1.0 + 19.0 * t
    for k in (17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0):
        s = 1.0 + k * t * s
    return s


@adjoint(special.erfcx, kind="elementwise")
def erfcx(y, x, y_bar, out=None, dtype=None):
    """y = exp(x²) erfc(x):  y′ = 2 x y − 2 / √π, and far out, where that cancels, its asymptotic series (DLMF 7.12.1)."""
    far = np.real(x) > 20.0
    square = np.where(far, x * x, 1.0)
    return y_bar * np.where(far, -0.5641895835477563 * tail(-0.5 / square) / square, 2.0 * x * y - 1.1283791670955126)


@adjoint(special.dawsn, kind="elementwise")
def dawsn(y, x, y_bar, out=None, dtype=None):
    """y′ = 1 − 2 x y (DLMF 7.5.1), and far out, where that cancels, its asymptotic series."""
    far = np.abs(np.real(x)) > 20.0 + np.abs(np.imag(x))
    square = np.where(far, x * x, 1.0)
    return y_bar * np.where(far, -0.5 * tail(0.5 / square) / square, 1.0 - 2.0 * x * y)


@adjoint(special.wofz, kind="elementwise")
def wofz(y, x, y_bar, out=None, dtype=None):
    """y′ = 2 i / √π − 2 x y (DLMF 7.10.2), and far out above the real axis, where that cancels, its asymptotic series."""
    far = (np.imag(x) >= 0.0) & (np.abs(x) > 20.0)
    square = np.where(far, x * x, 1.0)
    return y_bar * np.where(far, -0.5641895835477563j * tail(0.5 / square) / square, 1.1283791670955126j - 2.0 * x * y)


@adjoint(special.voigt_profile, kind="elementwise", real_only=True)
def voigt_profile(y, x1, x2, x3, y_bar, out=None, dtype=None):
    """y = Re w(z) / (σ √(2π)) of z = (x + i γ) / (σ √2) (DLMF 7.19.4 and 7.10.2)."""
    scale = 0.7071067811865476 / x2
    z = scale * (x1 + 1j * x3)
    slope = 1.1283791670955126j - 2.0 * z * special.wofz(z)
    factor = 0.5641895835477563 * scale * y_bar  # 1 / √π
    x1_bar = factor * scale * np.real(slope)
    x3_bar = -factor * scale * np.imag(slope)
    x2_bar = -(y_bar * y + factor * np.real(slope * z)) / x2
    return unbroadcast(x1_bar, x1), unbroadcast(x2_bar, x2), unbroadcast(x3_bar, x3)


elementwise(special.expi, "d * np.exp(x) / x")  # DLMF 6.2.5
elementwise(special.exp1, "-d * np.exp(-x) / x")  # DLMF 6.2.1


@adjoint(special.expn, kind="elementwise", real_only=True)
def expn(y, x1, x2, y_bar, out=None, dtype=None):
    """Eₙ′ = −Eₙ₋₁ (DLMF 8.19.13), and E₀(x) = exp(−x) / x."""
    of_0 = np.exp(-x2) * (1.0 + 1.0 / x2) / x2
    return None, unbroadcast(-y_bar * np.where(x1 == 0, of_0, special.expn(np.maximum(x1 - 1, 0), x2)), x2)


def over(numerator, x, at_0):
    """A quotient by x, and its limit at 0."""
    at = x == 0
    return np.where(at, at_0, numerator / (x + at))


@adjoint(special.sici, kind="elementwise", absent=True)
def sici(y, x, y_bar, out=None, dtype=None):
    """∫ sin t / t dt, and γ + log x + ∫ (cos t − 1) / t dt (DLMF 6.2)."""
    if y_bar[1] is None:
        return y_bar[0] * over(np.sin(x), x, 1.0)
    if y_bar[0] is None:
        return y_bar[1] * np.cos(x) / x
    return y_bar[0] * over(np.sin(x), x, 1.0) + y_bar[1] * np.cos(x) / x


@adjoint(special.shichi, kind="elementwise", absent=True)
def shichi(y, x, y_bar, out=None, dtype=None):
    """As sine and cosine integrals, of hyperbolic functions (DLMF 6.2.15)."""
    if y_bar[1] is None:
        return y_bar[0] * over(np.sinh(x), x, 1.0)
    if y_bar[0] is None:
        return y_bar[1] * np.cosh(x) / x
    return y_bar[0] * over(np.sinh(x), x, 1.0) + y_bar[1] * np.cosh(x) / x


@adjoint(special.fresnel, kind="elementwise")
def fresnel(y, x, y_bar, out=None, dtype=None):
    """∫ sin(π t² / 2) dt and ∫ cos(π t² / 2) dt (DLMF 7.2.7)."""
    t = 0.5 * np.pi * x * x
    return y_bar[0] * np.sin(t) + y_bar[1] * np.cos(t)


@adjoint(special.spence, kind="elementwise")
def spence(y, x, y_bar, out=None, dtype=None):
    """y = ∫ log t / (1 − t) dt from 1 to x: Li₂(1 − x) (DLMF 25.12.2)."""
    return y_bar * over(np.log(x), 1.0 - x, -1.0)


@adjoint(special.lambertw, kind="elementwise")
def lambertw(y, z, y_bar, k=0, tol=1e-8):
    """y exp y = z:  y′ = exp(−y) / (1 + y) (DLMF 4.13.4)."""
    return unbroadcast(y_bar * np.exp(-y) / (1.0 + y), z)


elementwise(special.wrightomega, "d * y / (1.0 + y)")  # y + log y = x (DLMF 4.13)

# ---------------------------------------------------------------------------------------------------------------------
# Bessel functions, and others of the kind
# ---------------------------------------------------------------------------------------------------------------------

# DLMF 10.6.1 and 10.29.1
for _name in ("jv", "yv", "hankel1", "hankel2"):
    _partial = f"0.5 * d * (special.{_name}(x1 - 1.0, x2) - special.{_name}(x1 + 1.0, x2))"
    elementwise(getattr(special, _name), NO_FORMULA, _partial)
elementwise(special.iv, NO_FORMULA, "0.5 * d * (special.iv(x1 - 1.0, x2) + special.iv(x1 + 1.0, x2))")
elementwise(special.kv, NO_FORMULA, "-0.5 * d * (special.kv(x1 - 1.0, x2) + special.kv(x1 + 1.0, x2))")
real(special.yn, NO_FORMULA, "0.5 * d * (special.yn(x1 - 1, x2) - special.yn(x1 + 1, x2))")
real(special.kn, NO_FORMULA, "-0.5 * d * (special.kn(x1 - 1, x2) + special.kn(x1 + 1, x2))")

# Times exp(−|Im z|), which is 1 of real numbers, exp(−|Re z|), exp(z), exp(−i z) and exp(i z)
real(special.jve, NO_FORMULA, "0.5 * d * (special.jve(x1 - 1.0, x2) - special.jve(x1 + 1.0, x2))")
real(special.yve, NO_FORMULA, "0.5 * d * (special.yve(x1 - 1.0, x2) - special.yve(x1 + 1.0, x2))")
real(
    special.ive, NO_FORMULA, "d * (0.5 * (special.ive(x1 - 1.0, x2) + special.ive(x1 + 1.0, x2)) - np.sign(as_number(x2)) * y)"
)
elementwise(special.kve, NO_FORMULA, "d * (y - 0.5 * (special.kve(x1 - 1.0, x2) + special.kve(x1 + 1.0, x2)))")
elementwise(
    special.hankel1e, NO_FORMULA, "d * (0.5 * (special.hankel1e(x1 - 1.0, x2) - special.hankel1e(x1 + 1.0, x2)) - 1j * y)"
)
elementwise(
    special.hankel2e, NO_FORMULA, "d * (0.5 * (special.hankel2e(x1 - 1.0, x2) - special.hankel2e(x1 + 1.0, x2)) + 1j * y)"
)

# DLMF 10.6.3 and 10.29.3
real(special.j0, "-d * special.j1(x)")
real(special.j1, "0.5 * d * (special.j0(x) - special.jv(2.0, x))")
real(special.y0, "-d * special.y1(x)")
real(special.y1, "d * (special.y0(x) - y / x)")
real(special.i0, "d * special.i1(x)")
real(special.i1, "0.5 * d * (special.i0(x) + special.iv(2.0, x))")
real(special.k0, "-d * special.k1(x)")
real(special.k1, "-d * (special.k0(x) + y / x)")
real(special.i0e, "d * (special.i1e(x) - np.sign(as_number(x)) * y)")
real(special.i1e, "d * (0.5 * (special.i0e(x) + special.ive(2.0, x)) - np.sign(as_number(x)) * y)")
real(special.k0e, "d * (y - special.k1e(x))")
real(special.k1e, "d * (y - special.k0e(x) - y / x)")

convention("0 at 0", special.i0e)


def _derivatives(function, of):
    """The rule of a function that gives the derivatives of a Bessel function."""

    @adjoint(function, kind="elementwise")
    def rule(y, v, z, y_bar, n=1):
        return None, unbroadcast(y_bar * function(v, z, n + 1), z)

    @result_type(function)
    def function_type(v, z, n=1):
        found = ufunc_type(of, v, z)
        if n == 0 or found.dtype is None:
            return found
        return Array(np.promote_types(found.dtype, float), found.shape)


def _double(*args):
    """The type of what is of double precision whatever it is of, and complex where an operand is."""
    found = ufunc_type(np.add, *args)
    if found.dtype is None:
        return found
    return Array(np.dtype(complex if found.dtype.kind == "c" else float), found.shape)


for _name in ("jv", "yv", "iv", "kv"):
    _derivatives(getattr(special, f"{_name[0]}vp"), getattr(special, _name))
_derivatives(special.h1vp, special.hankel1)
_derivatives(special.h2vp, special.hankel2)


@adjoint(special.spherical_jn, kind="elementwise")
def spherical_jn(y, n, z, y_bar, derivative=False):
    """DLMF 10.51.2, of the derivative once more."""
    if derivative:
        lower, upper = special.spherical_jn(np.maximum(n - 1, 0), z, True), special.spherical_jn(n + 1, z, True)
        return None, unbroadcast(y_bar * (n * lower - (n + 1) * upper) / (2 * n + 1), z)
    return None, unbroadcast(y_bar * special.spherical_jn(n, z, True), z)


@adjoint(special.spherical_yn, kind="elementwise")
def spherical_yn(y, n, z, y_bar, derivative=False):
    """DLMF 10.51.2, and y₋₁ = j₀ (DLMF 10.47.4)."""
    if derivative:
        lower = np.where(n == 0, special.spherical_jn(0, z, True), special.spherical_yn(np.maximum(n - 1, 0), z, True))
        upper = special.spherical_yn(n + 1, z, True)
        return None, unbroadcast(y_bar * (n * lower - (n + 1) * upper) / (2 * n + 1), z)
    return None, unbroadcast(y_bar * special.spherical_yn(n, z, True), z)


@adjoint(special.spherical_in, kind="elementwise")
def spherical_in(y, n, z, y_bar, derivative=False):
    """DLMF 10.51.5, of the derivative once more."""
    if derivative:
        lower, upper = special.spherical_in(np.maximum(n - 1, 0), z, True), special.spherical_in(n + 1, z, True)
        return None, unbroadcast(y_bar * (n * lower + (n + 1) * upper) / (2 * n + 1), z)
    return None, unbroadcast(y_bar * special.spherical_in(n, z, True), z)


@adjoint(special.spherical_kn, kind="elementwise")
def spherical_kn(y, n, z, y_bar, derivative=False):
    """DLMF 10.51.5 with alternating signs, of the derivative once more."""
    if derivative:
        lower, upper = special.spherical_kn(np.maximum(n - 1, 0), z, True), special.spherical_kn(n + 1, z, True)
        return None, unbroadcast(-y_bar * (n * lower + (n + 1) * upper) / (2 * n + 1), z)
    return None, unbroadcast(y_bar * special.spherical_kn(n, z, True), z)


@result_type(special.spherical_jn, special.spherical_yn, special.spherical_in, special.spherical_kn)
def spherical_type(n, z, derivative=False):
    return _double(n, z)


@adjoint(special.airy, kind="elementwise")
def airy(y, x, y_bar, out=None, dtype=None):
    """Ai, Ai′, Bi and Bi′, each a solution of w″ = x w (DLMF 9.2.1)."""
    return y_bar[0] * y[1] + y_bar[1] * x * y[0] + y_bar[2] * y[3] + y_bar[3] * x * y[2]


@adjoint(special.airye, kind="elementwise", real_only=True)
def airye(y, x, y_bar, out=None, dtype=None):
    """Airy functions times exp(2/3 x √x), or exp(−|Re(2/3 x √x)|)."""
    root = np.sqrt(np.maximum(x, 0.0))
    of_ai = y_bar[0] * (y[1] + root * y[0]) + y_bar[1] * (x * y[0] + root * y[1])
    return of_ai + y_bar[2] * (y[3] - root * y[2]) + y_bar[3] * (x * y[2] - root * y[3])


@adjoint(special.itairy, kind="elementwise", real_only=True)
def itairy(y, x, y_bar, out=None, dtype=None):
    """The integrals of Ai(t), Bi(t), Ai(−t) and Bi(−t) from 0 to x."""
    here, mirrored = special.airy(x), special.airy(-x)
    return y_bar[0] * here[0] + y_bar[1] * here[2] + y_bar[2] * mirrored[0] + y_bar[3] * mirrored[2]


@adjoint(special.itj0y0, kind="elementwise", real_only=True)
def itj0y0(y, x, y_bar, out=None, dtype=None):
    return y_bar[0] * special.j0(x) + y_bar[1] * special.y0(x)


@adjoint(special.iti0k0, kind="elementwise", real_only=True)
def iti0k0(y, x, y_bar, out=None, dtype=None):
    return y_bar[0] * special.i0(x) + y_bar[1] * special.k0(x)


@adjoint(special.it2j0y0, kind="elementwise", real_only=True)
def it2j0y0(y, x, y_bar, out=None, dtype=None):
    """∫ (1 − J₀(t)) / t dt from 0 to x, and ∫ Y₀(t) / t dt from x on."""
    return (y_bar[0] * (1.0 - special.j0(x)) - y_bar[1] * special.y0(x)) / x


@adjoint(special.it2i0k0, kind="elementwise", real_only=True)
def it2i0k0(y, x, y_bar, out=None, dtype=None):
    """∫ (I₀(t) − 1) / t dt from 0 to x, and ∫ K₀(t) / t dt from x on."""
    return (y_bar[0] * (special.i0(x) - 1.0) - y_bar[1] * special.k0(x)) / x


real(special.besselpoly, "d * (special.jv(x3, 2.0 * x1) - (x2 + 1.0) * y) / x1", NO_FORMULA, NO_FORMULA)

# Struve functions (DLMF 11.4.24 and 11.4.26)
_TERM = "np.exp(special.xlogy(x1, 0.5 * x2) - special.gammaln(x1 + 1.5)) * 0.5641895835477563"
real(special.struve, NO_FORMULA, f"0.5 * d * (special.struve(x1 - 1.0, x2) - special.struve(x1 + 1.0, x2) + {_TERM})")
real(special.modstruve, NO_FORMULA, f"0.5 * d * (special.modstruve(x1 - 1.0, x2) + special.modstruve(x1 + 1.0, x2) + {_TERM})")
real(special.itstruve0, "d * special.struve(0.0, x)")
real(special.itmodstruve0, "d * special.modstruve(0.0, x)")
real(special.it2struve0, "-d * special.struve(0.0, x) / x")

# Kelvin functions: w″ = i w − w′ / x (DLMF 10.61.3)
real(special.ber, "d * special.berp(x)")
real(special.bei, "d * special.beip(x)")
real(special.ker, "d * special.kerp(x)")
real(special.kei, "d * special.keip(x)")


@adjoint(special.berp, kind="elementwise", real_only=True)
def berp(y, x, y_bar, out=None, dtype=None):
    return -y_bar * (special.bei(x) + over(y, x, 0.0))


@adjoint(special.beip, kind="elementwise", real_only=True)
def beip(y, x, y_bar, out=None, dtype=None):
    return y_bar * (special.ber(x) - over(y, x, 0.5))


real(special.kerp, "-d * (special.kei(x) + y / x)")
real(special.keip, "d * (special.ker(x) - y / x)")


@adjoint(special.pbdv, kind="elementwise", real_only=True)
def pbdv(y, x1, x2, y_bar, out=None, dtype=None):
    """D and D′: w″ = (x² / 4 − v − 1/2) w (DLMF 12.2.4)."""
    return None, unbroadcast(y_bar[0] * y[1] + y_bar[1] * (0.25 * x2 * x2 - x1 - 0.5) * y[0], x2)


@adjoint(special.pbvv, kind="elementwise", real_only=True)
def pbvv(y, x1, x2, y_bar, out=None, dtype=None):
    """V and V′, of the same equation."""
    return None, unbroadcast(y_bar[0] * y[1] + y_bar[1] * (0.25 * x2 * x2 - x1 - 0.5) * y[0], x2)


@adjoint(special.pbwa, kind="elementwise", real_only=True)
def pbwa(y, x1, x2, y_bar, out=None, dtype=None):
    """W and W′: w″ = (a − x² / 4) w (DLMF 12.14.1)."""
    return None, unbroadcast(y_bar[0] * y[1] + y_bar[1] * (x1 - 0.25 * x2 * x2) * y[0], x2)


# ---------------------------------------------------------------------------------------------------------------------
# Elliptic integrals and functions
# ---------------------------------------------------------------------------------------------------------------------

# K = π/2 F(1/2, 1/2; 1; m) and E = π/2 F(−1/2, 1/2; 1; m) (DLMF 19.5.1 and 19.5.2), and their derivatives by 15.5.1
real(special.ellipk, "0.39269908169872414 * d * special.hyp2f1(1.5, 1.5, 2.0, x)")  # π / 8
real(special.ellipe, "-0.39269908169872414 * d * special.hyp2f1(0.5, 1.5, 2.0, x)")


@adjoint(special.ellipkm1, kind="elementwise", real_only=True)
def ellipkm1(y, x, y_bar, out=None, dtype=None):
    """K(1 − x): near the pole by DLMF 19.4.1, which cancels elsewhere, as 1 − x does there."""
    near = x < 0.5
    pole = np.where(near, x, 0.25)
    of_pole = (special.ellipe(1.0 - pole) - pole * y) / (pole * (1.0 - pole))
    return -y_bar * np.where(near, 0.5 * of_pole, 0.39269908169872414 * special.hyp2f1(1.5, 1.5, 2.0, 1.0 - x))


def ellipkinc_by_m(phi, m):
    """∂F/∂m by the symmetric integrals (DLMF 19.25.5 and 19.18.1), with what whole turns add."""
    s, c, turns = np.sin(phi), np.cos(phi), np.round(phi / np.pi)
    s = np.where(turns % 2 == 0, s, -s)
    own = s**3 * special.elliprd(c * c, 1.0, 1.0 - m * s * s) / 6.0
    return own + np.where(turns == 0, 0.0, turns * 0.7853981633974483 * special.hyp2f1(1.5, 1.5, 2.0, m))  # π / 4


def ellipeinc_by_m(phi, m):
    """∂E/∂m as that of F (DLMF 19.25.9)."""
    s, c, turns = np.sin(phi), np.cos(phi), np.round(phi / np.pi)
    s = np.where(turns % 2 == 0, s, -s)
    own = s**3 * special.elliprd(c * c, 1.0 - m * s * s, 1.0) / 6.0
    return -own - np.where(turns == 0, 0.0, turns * 0.7853981633974483 * special.hyp2f1(0.5, 1.5, 2.0, m))


@adjoint(special.ellipkinc, kind="elementwise", real_only=True)
def ellipkinc(y, x1, x2, y_bar, out=None, dtype=None):
    """y = F(φ, m) = ∫ 1 / √(1 − m sin² t) dt from 0 to φ (DLMF 19.2.4)."""
    x1_bar = y_bar / np.sqrt(1.0 - x2 * np.sin(x1) ** 2)
    return unbroadcast(x1_bar, x1), unbroadcast(y_bar * ellipkinc_by_m(x1, x2), x2)


@adjoint(special.ellipeinc, kind="elementwise", real_only=True)
def ellipeinc(y, x1, x2, y_bar, out=None, dtype=None):
    """y = E(φ, m) = ∫ √(1 − m sin² t) dt from 0 to φ (DLMF 19.2.5)."""
    x1_bar = y_bar * np.sqrt(1.0 - x2 * np.sin(x1) ** 2)
    return unbroadcast(x1_bar, x1), unbroadcast(y_bar * ellipeinc_by_m(x1, x2), x2)


@adjoint(special.ellipj, kind="elementwise", real_only=True)
def ellipj(y, x1, x2, y_bar, out=None, dtype=None):
    """sn, cn, dn and the amplitude φ, of which u = F(φ, m): φ′ = dn (DLMF 22.16.3), ∂φ/∂m = −dn ∂F/∂m."""
    sn, cn, dn = y[0], y[1], y[2]
    turned = y_bar[0] * cn - y_bar[1] * sn - y_bar[2] * x2 * sn * cn / dn + y_bar[3]
    m_bar = -turned * dn * ellipkinc_by_m(y[3], x2) - 0.5 * y_bar[2] * sn * sn / dn
    return unbroadcast(turned * dn, x1), unbroadcast(m_bar, x2)


# The symmetric ones: DLMF 19.18.1 and 19.16.5
real(
    special.elliprf,
    "-d * special.elliprd(x2, x3, x1) / 6.0",
    "-d * special.elliprd(x1, x3, x2) / 6.0",
    "-d * special.elliprd(x1, x2, x3) / 6.0",
)
real(special.elliprc, "-d * special.elliprd(x2, x2, x1) / 6.0", "-d * special.elliprd(x1, x2, x2) / 3.0")


def elliprd_by_first(x, y, z, y_value):
    """∂R_D/∂x = (R_D(x, y, z) − R_D(y, z, x)) / (2 (z − x)): (t + x)(t + z) in partial fractions in DLMF 19.16.5.

    Where x and z are nearly one, m in the middle, by the integrals of (t + m)⁻³ (t + y)⁻¹⸍² and (t + m)⁻⁵ (t + y)⁻¹⸍² (DLMF
    15.6.1).
    """
    m = 0.5 * (x + z)
    apart = np.abs(x - z) > 1e-3 * np.abs(m)
    quotient = 0.5 * (y_value - special.elliprd(y, z, x)) / np.where(apart, z - x, 1.0)
    first = 0.3 * m**-2.5 * special.hyp2f1(2.5, 0.5, 3.5, 1.0 - y / m)
    second = 0.0625 * (x - z) ** 2 * m**-4.5 * special.hyp2f1(4.5, 0.5, 5.5, 1.0 - y / m)
    return np.where(apart, quotient, -first - second)


def elliprd_by_third(x, y, z, y_value):
    """By Euler's theorem, as R_D is homogeneous of degree −3/2."""
    first, second = elliprd_by_first(x, y, z, y_value), elliprd_by_first(y, x, z, y_value)
    return -(1.5 * y_value + where_not_zero(x, first) + where_not_zero(y, second)) / z


def where_not_zero(x, slope):
    """x ∂/∂x of a symmetric integral, which is 0 at 0, where the derivative is not finite."""
    return np.where(x == 0.0, 0.0, x * slope)


@adjoint(special.elliprd, kind="elementwise", real_only=True)
def elliprd(y, x1, x2, x3, y_bar, out=None, dtype=None):
    """The symmetric integral of (t + x)⁻¹⸍² (t + y)⁻¹⸍² (t + z)⁻³⸍² (DLMF 19.16.5)."""
    first, second = elliprd_by_first(x1, x2, x3, y), elliprd_by_first(x2, x1, x3, y)
    third = -(1.5 * y + where_not_zero(x1, first) + where_not_zero(x2, second)) / x3
    return unbroadcast(y_bar * first, x1), unbroadcast(y_bar * second, x2), unbroadcast(y_bar * third, x3)


def elliprj_by_first(x, y, z, p, y_value):
    """∂R_J/∂x = (R_J − R_D(y, z, x)) / (2 (p − x)), in the same way; a third of that of R_D(y, z, x) where p is nearly x."""
    middle = 0.6 * x + 0.4 * p  # by their weights, so that what is left out is of second order
    apart = np.abs(x - p) > 1e-5 * np.abs(middle)
    quotient = 0.5 * (y_value - special.elliprd(y, z, x)) / np.where(apart, p - x, 1.0)
    return np.where(apart, quotient, elliprd_by_third(y, z, middle, special.elliprd(y, z, middle)) / 3.0)


@adjoint(special.elliprj, kind="elementwise", real_only=True)
def elliprj(y, x1, x2, x3, x4, y_bar, out=None, dtype=None):
    """The symmetric integral of (t + x)⁻¹⸍² (t + y)⁻¹⸍² (t + z)⁻¹⸍² (t + p)⁻¹ (DLMF 19.16.2), of degree −3/2."""
    first = elliprj_by_first(x1, x2, x3, x4, y)
    second = elliprj_by_first(x2, x1, x3, x4, y)
    third = elliprj_by_first(x3, x1, x2, x4, y)
    last = -(1.5 * y + where_not_zero(x1, first) + where_not_zero(x2, second) + where_not_zero(x3, third)) / x4
    bars = unbroadcast(y_bar * first, x1), unbroadcast(y_bar * second, x2), unbroadcast(y_bar * third, x3)
    return *bars, unbroadcast(y_bar * last, x4)


# ∂R_G/∂z = (3 R_F − z R_D(x, y, z)) / 12 (DLMF 19.18.1 and 19.16.9)
real(
    special.elliprg,
    "d * (3.0 * special.elliprf(x1, x2, x3) - x1 * special.elliprd(x2, x3, x1)) / 12.0",
    "d * (3.0 * special.elliprf(x1, x2, x3) - x2 * special.elliprd(x1, x3, x2)) / 12.0",
    "d * (3.0 * special.elliprf(x1, x2, x3) - x3 * special.elliprd(x1, x2, x3)) / 12.0",
)
# R_F(0, a², b²) = π / (2 agm(a, b)) (DLMF 19.22.1)
real(
    special.agm,
    "0.2122065907891938 * d * y * y * x1 * special.elliprd(0.0, x2 * x2, x1 * x1)",  # 2 / (3 π)
    "0.2122065907891938 * d * y * y * x2 * special.elliprd(0.0, x1 * x1, x2 * x2)",
)

# ---------------------------------------------------------------------------------------------------------------------
# Hypergeometric functions and orthogonal polynomials
# ---------------------------------------------------------------------------------------------------------------------

elementwise(special.hyp0f1, NO_FORMULA, "d * special.hyp0f1(x1 + 1.0, x2) / x1")  # DLMF 16.3.1
elementwise(special.hyp1f1, NO_FORMULA, NO_FORMULA, "d * x1 / x2 * special.hyp1f1(x1 + 1.0, x2 + 1.0, x3)")  # DLMF 13.3.15
elementwise(
    special.hyp2f1,  # DLMF 15.5.1
    NO_FORMULA,
    NO_FORMULA,
    NO_FORMULA,
    "d * x1 * x2 / x3 * special.hyp2f1(x1 + 1.0, x2 + 1.0, x3 + 1.0, x4)",
)
real(special.hyperu, NO_FORMULA, NO_FORMULA, "-d * x1 * special.hyperu(x1 + 1.0, x2 + 1.0, x3)")  # DLMF 13.3.22
real(special.wright_bessel, NO_FORMULA, NO_FORMULA, "d * special.wright_bessel(x1, x1 + x2, x3)")  # DLMF 10.46.1
if hasattr(special, "log_wright_bessel"):  # SciPy 1.14
    real(special.log_wright_bessel, NO_FORMULA, NO_FORMULA, "d * np.exp(special.log_wright_bessel(x1, x1 + x2, x3) - y)")

# DLMF 18.9.15, 18.9.19 to 18.9.26, of what 18.7 has them made of
elementwise(special.eval_legendre, NO_FORMULA, "0.5 * d * (x1 + 1) * special.eval_jacobi(x1 - 1, 1.0, 1.0, x2)")
elementwise(special.eval_sh_legendre, NO_FORMULA, "d * (x1 + 1) * special.eval_jacobi(x1 - 1, 1.0, 1.0, 2.0 * x2 - 1.0)")
elementwise(special.eval_chebyt, NO_FORMULA, "d * x1 * special.eval_chebyu(x1 - 1, x2)")
elementwise(special.eval_sh_chebyt, NO_FORMULA, "2.0 * d * x1 * special.eval_sh_chebyu(x1 - 1, x2)")
elementwise(special.eval_chebyc, NO_FORMULA, "d * x1 * special.eval_chebys(x1 - 1, x2)")
elementwise(special.eval_chebyu, NO_FORMULA, "2.0 * d * special.eval_gegenbauer(x1 - 1, 2.0, x2)")
elementwise(special.eval_sh_chebyu, NO_FORMULA, "4.0 * d * special.eval_gegenbauer(x1 - 1, 2.0, 2.0 * x2 - 1.0)")
elementwise(special.eval_chebys, NO_FORMULA, "d * special.eval_gegenbauer(x1 - 1, 2.0, 0.5 * x2)")
elementwise(special.eval_gegenbauer, NO_FORMULA, NO_FORMULA, "2.0 * d * x2 * special.eval_gegenbauer(x1 - 1, x2 + 1.0, x3)")
elementwise(
    special.eval_jacobi,
    NO_FORMULA,
    NO_FORMULA,
    NO_FORMULA,
    "0.5 * d * (x1 + x2 + x3 + 1.0) * special.eval_jacobi(x1 - 1, x2 + 1.0, x3 + 1.0, x4)",
)
elementwise(
    special.eval_sh_jacobi,
    NO_FORMULA,
    NO_FORMULA,
    NO_FORMULA,
    "d * x1 * special.eval_sh_jacobi(np.maximum(x1 - 1, 0), x2 + 2.0, x3 + 1.0, x4)",
)
elementwise(special.eval_laguerre, NO_FORMULA, "-d * special.eval_genlaguerre(x1 - 1, 1.0, x2)")
elementwise(special.eval_genlaguerre, NO_FORMULA, NO_FORMULA, "-d * special.eval_genlaguerre(x1 - 1, x2 + 1.0, x3)")
real(special.eval_hermite, None, "2.0 * d * x1 * special.eval_hermite(np.maximum(x1 - 1, 0), x2)")
real(special.eval_hermitenorm, None, "d * x1 * special.eval_hermitenorm(np.maximum(x1 - 1, 0), x2)")
real(  # DLMF 14.10.5
    special.lpmv,
    NO_FORMULA,
    NO_FORMULA,
    "d * (x2 * x3 * y - (x1 + x2) * special.lpmv(x1, x2 - 1.0, x3)) / (x3 * x3 - 1.0)",
)


@composition(special.assoc_laguerre)
def assoc_laguerre(x, n, k=0.0):
    return special.eval_genlaguerre(n, k, x)


@adjoint(special.diric, kind="elementwise", real_only=True)
def diric(y, x, n, y_bar):
    """y = sin(n x / 2) / (n sin(x / 2)):  y′ = (cos(n x / 2) − y cos(x / 2)) / (2 sin(x / 2)), and 0 where that is 0 / 0."""
    sine = np.sin(0.5 * x)
    peak = np.abs(sine) < 1e-9
    slope = (np.cos(0.5 * n * x) - y * np.cos(0.5 * x)) / np.where(peak, 1.0, 2.0 * sine)
    return unbroadcast(y_bar * np.where(peak, 0.0, slope), x), None


# ---------------------------------------------------------------------------------------------------------------------
# Statistics
# ---------------------------------------------------------------------------------------------------------------------

real(special.expit, "d * y * (1.0 - y)")
real(special.logit, "d / (x * (1.0 - x))")
real(special.log_expit, "d * special.expit(-x)")
convention("∞ at 0 and 1", special.logit)

# √(2/π) exp(−x²/2) is the density of a normal distribution twice, and over Φ it is √(2/π) / erfcx(−x/√2) (DLMF 7.17)
elementwise(special.ndtr, "0.3989422804014327 * d * np.exp(-0.5 * x * x)")
elementwise(special.log_ndtr, "0.7978845608028654 * d / special.erfcx(-0.7071067811865476 * x)")
real(special.ndtri, "2.5066282746310002 * d * np.exp(0.5 * y * y)")
real(special.ndtri_exp, "1.2533141373155001 * d * special.erfcx(-0.7071067811865476 * y)")
real(  # Owen (1956): T(h, a) = 1/(2π) ∫ exp(−h² (1 + t²) / 2) / (1 + t²) dt from 0 to a
    special.owens_t,
    "-0.19947114020071635 * d * np.exp(-0.5 * x1 * x1) * special.erf(0.7071067811865476 * x1 * x2)",
    "0.15915494309189535 * d * np.exp(-0.5 * x1 * x1 * (1.0 + x2 * x2)) / (1.0 + x2 * x2)",
)

real(special.entr, "-d * (np.log(x) + 1.0)")
convention("∞ at 0", special.entr)


@adjoint(special.rel_entr, kind="elementwise", real_only=True)
def rel_entr(y, x1, x2, y_bar, out=None, dtype=None):
    """y = x₁ log(x₁ / x₂): x̄₁ = ȳ (log(x₁ / x₂) + 1), x̄₂ = −ȳ x₁ / x₂, and 0 where both are 0."""
    origin = (x1 == 0) & (x2 == 0)
    upper, lower = x1 + origin, x2 + origin
    x1_bar = y_bar * np.where(origin, 0.0, np.log(upper) - np.log(lower) + 1.0)
    return unbroadcast(x1_bar, x1), unbroadcast(-y_bar * x1 / lower, x2)


@adjoint(special.kl_div, kind="elementwise", real_only=True)
def kl_div(y, x1, x2, y_bar, out=None, dtype=None):
    """y = x₁ log(x₁ / x₂) − x₁ + x₂: x̄₁ = ȳ log(x₁ / x₂), x̄₂ = ȳ (1 − x₁ / x₂); that is 0 and ȳ where both are 0."""
    origin = (x1 == 0) & (x2 == 0)
    upper, lower = x1 + origin, x2 + origin
    return unbroadcast(y_bar * (np.log(upper) - np.log(lower)), x1), unbroadcast(y_bar * (1.0 - x1 / lower), x2)


convention("0 at (0, 0)", special.rel_entr)
convention("0 and 1 at (0, 0)", special.kl_div)
real(special.huber, "d * np.maximum(np.abs(x2) - x1, 0.0)", "d * np.clip(x2, -x1, x1)")


@adjoint(special.pseudo_huber, kind="elementwise", real_only=True)
def pseudo_huber(y, x1, x2, y_bar, out=None, dtype=None):
    """y = δ (h − δ), h = √(δ² + r²): ∂y/∂δ = (h − δ)² / h, ∂y/∂r = δ r / h; h − δ = r² / (h + δ) cancels nothing."""
    h = np.hypot(x1, x2)
    h = h + (h == 0)
    return unbroadcast(y_bar * (x2 * x2 / (h + x1)) ** 2 / h, x1), unbroadcast(y_bar * x1 * x2 / h, x2)


@adjoint(special.boxcox, kind="elementwise", real_only=True)
def boxcox(y, x1, x2, y_bar, out=None, dtype=None):
    """y = (x^λ − 1) / λ: ∂y/∂x = x^(λ − 1); ∂y/∂λ = u² M(2, 3, λ u) / 2 of u = log x (DLMF 13.4.1), and 1 / λ² where x is 0."""
    at_0 = x1 == 0
    u = np.log(np.where(at_0, 1.0, x1))
    by_power = np.where(at_0, 1.0 / np.where(at_0, x2 * x2, 1.0), 0.5 * u * u * special.hyp1f1(2.0, 3.0, x2 * u))
    return unbroadcast(y_bar * x1 ** (x2 - 1.0), x1), unbroadcast(y_bar * by_power, x2)


@adjoint(special.boxcox1p, kind="elementwise", real_only=True)
def boxcox1p(y, x1, x2, y_bar, out=None, dtype=None):
    """As boxcox, of 1 + x."""
    at_0 = x1 == -1
    u = np.log1p(np.where(at_0, 0.0, x1))
    by_power = np.where(at_0, 1.0 / np.where(at_0, x2 * x2, 1.0), 0.5 * u * u * special.hyp1f1(2.0, 3.0, x2 * u))
    return unbroadcast(y_bar * (1.0 + x1) ** (x2 - 1.0), x1), unbroadcast(y_bar * by_power, x2)


@adjoint(special.inv_boxcox, kind="elementwise", real_only=True)
def inv_boxcox(y, x1, x2, y_bar, out=None, dtype=None):
    """y = (1 + λ x)^(1 / λ): by the inverse of the derivative of boxcox at the result."""
    u, slope = np.log(y), y_bar * y ** (1.0 - x2)
    return unbroadcast(slope, x1), unbroadcast(-0.5 * slope * u * u * special.hyp1f1(2.0, 3.0, x2 * u), x2)


@adjoint(special.inv_boxcox1p, kind="elementwise", real_only=True)
def inv_boxcox1p(y, x1, x2, y_bar, out=None, dtype=None):
    """As inv_boxcox, which is one more."""
    u, slope = np.log1p(y), y_bar * (1.0 + y) ** (1.0 - x2)
    return unbroadcast(slope, x1), unbroadcast(-0.5 * slope * u * u * special.hyp1f1(2.0, 3.0, x2 * u), x2)


# Distribution functions, by densities; of whole numbers of events they are constant between these (DLMF 8.17.5 and 8.4.10)
_density = "np.exp(special.xlogy(np.floor(x1), {x}) - {x} - special.gammaln(np.floor(x1) + 1.0))"
real(special.pdtr, None, f"-d * {_density.format(x='x2')}")
real(special.pdtrc, None, f"d * {_density.format(x='x2')}")
real(special.pdtri, None, f"-d / {_density.format(x='y')}")
_density = (
    "np.exp(special.xlogy(np.floor(x1), {x}) + special.xlog1py(x2 - np.floor(x1) - 1.0, -{x})"
    " - special.betaln(np.floor(x1) + 1.0, x2 - np.floor(x1)))"
)
real(special.bdtr, None, NO_FORMULA, f"-d * {_density.format(x='x3')}")
real(special.bdtrc, None, NO_FORMULA, f"d * {_density.format(x='x3')}")
real(special.bdtri, None, NO_FORMULA, f"-d / {_density.format(x='y')}")
_density = "np.exp(special.xlogy(x2 - 1.0, {x}) + special.xlog1py(np.floor(x1), -{x}) - special.betaln(x2, np.floor(x1) + 1.0))"
real(special.nbdtr, None, NO_FORMULA, f"d * {_density.format(x='x3')}")
real(special.nbdtrc, None, NO_FORMULA, f"-d * {_density.format(x='x3')}")
real(special.nbdtri, None, NO_FORMULA, f"d / {_density.format(x='y')}")
_density = "np.exp(special.xlogy(0.5 * x1 - 1.0, 0.5 * {x}) - 0.5 * {x} - special.gammaln(0.5 * x1))"
real(special.chdtr, NO_FORMULA, f"0.5 * d * {_density.format(x='x2')}")
real(special.chdtrc, NO_FORMULA, f"-0.5 * d * {_density.format(x='x2')}")
real(special.chdtri, NO_FORMULA, f"-2.0 * d / {_density.format(x='y')}")
_density = "np.exp(special.xlogy(x2 - 1.0, {x}) - {x} - special.gammaln(x2))"
real(special.gdtr, f"d * x3 * {_density.format(x='x1 * x3')}", NO_FORMULA, f"d * x1 * {_density.format(x='x1 * x3')}")
real(special.gdtrc, f"-d * x3 * {_density.format(x='x1 * x3')}", NO_FORMULA, f"-d * x1 * {_density.format(x='x1 * x3')}")
real(special.gdtria, f"d / (x3 * {_density.format(x='y * x3')})", NO_FORMULA, "-d * y / x3")
real(special.gdtrix, "-d * y / x1", NO_FORMULA, f"d / (x1 * {_density.format(x='x1 * y')})")
_density = "np.exp(-0.5 * (x1 + 1.0) * np.log1p({x} * {x} / x1) - special.betaln(0.5, 0.5 * x1)) / np.sqrt(x1)"
real(special.stdtr, NO_FORMULA, f"d * {_density.format(x='x2')}")
real(special.stdtrit, NO_FORMULA, f"d / ({_density.format(x='y')})")
_density = (
    "np.exp(special.xlogy(0.5 * x1 - 1.0, x1 / x2 * {x}) - 0.5 * (x1 + x2) * np.log1p(x1 / x2 * {x})"
    " - special.betaln(0.5 * x1, 0.5 * x2)) * x1 / x2"
)
real(special.fdtr, NO_FORMULA, NO_FORMULA, f"d * {_density.format(x='x3')}")
real(special.fdtrc, NO_FORMULA, NO_FORMULA, f"-d * {_density.format(x='x3')}")
real(special.fdtri, NO_FORMULA, NO_FORMULA, f"d / ({_density.format(x='y')})")
real(special.tklmbda, "d / (y ** (x2 - 1.0) + (1.0 - y) ** (x2 - 1.0))", NO_FORMULA)  # Tukey: x = (y^λ − (1 − y)^λ) / λ
# x = mean + deviation · Φ⁻¹(p), solved for the mean and for the deviation
real(
    special.nrdtrimn,
    "-2.5066282746310002 * d * x2 * np.exp(0.5 * ((x3 - y) / x2) ** 2)",
    "d * (y - x3) / x2",
    "d",
)


real(
    special.nrdtrisd,
    "-d * y / (x3 - x1)",
    "-2.5066282746310002 * d * y * y / (x3 - x1) * np.exp(0.5 * ((x3 - x1) / y) ** 2)",
    "d * y / (x3 - x1)",
)

# ---------------------------------------------------------------------------------------------------------------------
# Sums of exponentials
# ---------------------------------------------------------------------------------------------------------------------


def share_of_sum(y, a, axis, keepdims):
    """exp(a − y) of y = log Σ exp a, each term's part of the sum; 0 of a sum of none, and even among infinite terms."""
    whole = keep_reduced_axes(y, a, axis, keepdims)
    infinite = np.isinf(whole)
    same = infinite & (a == whole) & (np.real(a) > 0)
    even = same / np.maximum(np.sum(same, axis=axis, keepdims=True), 1)
    return np.where(infinite, even, np.exp(a - np.where(infinite, 0.0, whole)))


@adjoint(special.logsumexp, kind="reduction", raw=("axis",))
def logsumexp(y, a, axis=None, b=None, *, y_bar, keepdims=False, return_sign=False):
    """y = log Σ b exp a:  ā = ȳ b exp(a − y),  b̄ = ȳ exp(a − y); with the sign of the sum, of its magnitude."""
    value, value_bar = (y[0], y_bar[0] * y[1]) if return_sign else (y, y_bar)
    terms = a if b is None else np.broadcast_arrays(a, b)[0]
    share = keep_reduced_axes(value_bar, terms, axis, keepdims) * share_of_sum(value, terms, axis, keepdims)
    if b is None:
        return share, None, None
    return unbroadcast(b * share, a), None, unbroadcast(share, b)


@result_type(special.logsumexp)
def logsumexp_type(a, axis=None, b=None, keepdims=False, return_sign=False):
    terms = ufunc_type(np.multiply, a, 1.0 if b is None else b)
    total = type_rule(np.sum)(Array(_inexact(terms.dtype), terms.shape), axis=axis, keepdims=keepdims)
    return Tuple((total, total)) if return_sign is True else total if return_sign is False else UNKNOWN


@adjoint(special.softmax)
def softmax(y, x, y_bar, axis=None):
    """y = exp x / Σ exp x:  x̄ = y (ȳ − Σ ȳ y)."""
    return y * (y_bar - np.sum(y_bar * y, axis=axis, keepdims=True))


@adjoint(special.log_softmax)
def log_softmax(y, x, y_bar, axis=None):
    """y = x − log Σ exp x:  x̄ = ȳ − exp(y) Σ ȳ."""
    return y_bar - np.exp(y) * np.sum(y_bar, axis=axis, keepdims=True)


@result_type(special.softmax, special.log_softmax)
def softmax_type(x, axis=None):
    array = as_array(x)
    return Array(_inexact(array.dtype), array.shape)


if hasattr(special, "softplus"):  # SciPy 1.17

    @composition(special.softplus)
    def softplus(x):
        """log(1 + exp x)."""
        return np.logaddexp(0.0, x)


# ---------------------------------------------------------------------------------------------------------------------
# Types of functions in Python
# ---------------------------------------------------------------------------------------------------------------------


def _inexact(dtype):
    """The dtype of a function of real numbers: those without a fraction become double."""
    return np.dtype(float) if dtype is not None and dtype.kind in "biu" else dtype


def _of_several(function):
    """Register the type of a ufunc with several results, which are alike."""

    @result_type(function)
    def several(*args):
        return Tuple((ufunc_type(function, *args),) * function.nout)


for _function in _of("airy airye ellipj fresnel it2i0k0 it2j0y0 itairy iti0k0 itj0y0 pbdv pbvv pbwa shichi sici"):
    _of_several(_function)


@result_type(special.zeta)
def zeta_type(x, q=None, out=None):
    return ufunc_type(np.logaddexp, x, 0.0 if q is None else q)


@result_type(special.polygamma)
def polygamma_type(n, x):
    shape = ufunc_type(np.add, n, x).shape
    return Array(np.dtype(float), shape, boxed=shape == ())


@result_type(special.multigammaln)
def multigammaln_type(a, d):
    return Array(np.dtype(float), as_array(a).shape)


@result_type(special.comb)
def comb_type(N, k, *, exact=False, repetition=False):
    return _double(N, k) if exact is False else UNKNOWN


@result_type(special.factorial)
def factorial_type(n, exact=False, extend="zero"):
    array = as_array(n)
    return Array(_inexact(array.dtype), array.shape) if exact is False and extend == "zero" else UNKNOWN


@result_type(special.lambertw)
def lambertw_type(z, k=0, tol=1e-8):
    return Array(np.dtype(complex), ufunc_type(np.add, z, k).shape)


@result_type(special.diric)
def diric_type(x, n):
    array = ufunc_type(np.add, x, n)
    return Array(_inexact(as_array(x).dtype), array.shape, boxed=array.shape == ())


# ---------------------------------------------------------------------------------------------------------------------
# What has no derivative, and what has none here
# ---------------------------------------------------------------------------------------------------------------------

nondifferentiable(
    *_of("gammasgn round bernoulli euler stirling2"),
    *_of("ai_zeros bei_zeros beip_zeros ber_zeros berp_zeros bi_zeros erf_zeros fresnel_zeros fresnelc_zeros fresnels_zeros"),
    *_of("jn_zeros jnjnp_zeros jnp_zeros jnyn_zeros kei_zeros keip_zeros kelvin_zeros ker_zeros kerp_zeros y0_zeros y1_zeros"),
    *_of("y1p_zeros yn_zeros ynp_zeros"),
    *_of("roots_legendre roots_chebyt roots_chebyu roots_chebyc roots_chebys roots_hermite roots_hermitenorm roots_laguerre"),
    *_of("roots_sh_legendre roots_sh_chebyt roots_sh_chebyu p_roots t_roots u_roots c_roots s_roots h_roots he_roots l_roots"),
    *_of("ps_roots ts_roots us_roots"),
)
refused(
    "No formula gives its derivative in functions of SciPy's: register one with sct.adjoint for a function of your own.",
    *_of("bdtrik bdtrin btdtria btdtrib chdtriv chndtr chndtridf chndtrinc chndtrix fdtridfd gdtrib kolmogi kolmogorov"),
    *_of("nbdtrik nbdtrin ncfdtr ncfdtri ncfdtridfd ncfdtridfn ncfdtrinc nctdtr nctdtridf nctdtrinc nctdtrit pdtrik smirnov"),
    *_of("smirnovi stdtridf zetac btdtr btdtri"),
    *_of("kelvin modfresnelm modfresnelp"),
    *_of("mathieu_a mathieu_b mathieu_cem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2 mathieu_sem"),
    *_of("obl_ang1 obl_ang1_cv obl_cv obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv pro_ang1 pro_ang1_cv pro_cv pro_rad1"),
    *_of("pro_rad1_cv pro_rad2 pro_rad2_cv mathieu_even_coef mathieu_odd_coef obl_cv_seq pro_cv_seq"),
    *_of("ellip_harm ellip_harm_2 ellip_normal"),
)
refused("It counts in whole numbers: use special.poch or special.gamma.", *_of("perm factorial2 factorialk"))
refused(
    "Its nodes and weights have no formula by its parameters: work them out before, and pass them as arguments.",
    *_of("roots_gegenbauer roots_genlaguerre roots_jacobi roots_sh_jacobi cg_roots j_roots js_roots la_roots"),
)
refused(
    "It gives functions of all orders at once: call the function of one order, such as eval_legendre, lpmv, jv or pbdv.",
    *_of("assoc_legendre_p assoc_legendre_p_all legendre_p legendre_p_all sph_legendre_p sph_legendre_p_all sph_harm_y"),
    *_of("sph_harm_y_all sph_harm lpmn clpmn lpn lqmn lqn lmbda pbdn_seq pbdv_seq pbvv_seq riccati_jn riccati_yn"),
)
refused(
    "It gives a polynomial as an object: call the function of its value, such as eval_legendre.",
    *_of("chebyc chebys chebyt chebyu gegenbauer genlaguerre hermite hermitenorm jacobi laguerre legendre sh_chebyt sh_chebyu"),
    *_of("sh_jacobi sh_legendre"),
)
refused(
    "It reads or changes settings of SciPy's own, which have no derivative.",
    *_of("errstate geterr seterr"),
)
