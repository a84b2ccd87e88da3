"""Real and complex numbers mixed: an adjoint is of its operand's kind, also where only the values tell what that is."""

import numpy as np
import pytest
from differences import slope

import sct

_RNG = np.random.default_rng(0)
X, Z = _RNG.standard_normal((3, 3)), _RNG.standard_normal((3, 3)) + 1j * _RNG.standard_normal((3, 3))
WEIGHTS = _RNG.standard_normal((3, 3))


def products(x, z):
    return x @ z + z @ x.T - (x * z).conj()


def joined(x, z):
    return np.concatenate([x[:1], z[1:]]) * np.stack([z[0], x[0], x[1]])


def chosen(x, z):
    return np.where(x > 0.0, x, z) + np.select([x > 0.5, x < -0.5], [z, 1j * x], 0.0)


def written(x, z):
    c = np.zeros((3, 3), dtype=complex)
    c[0] = x[0]
    c[1:] = z[:2]
    c[0, 0] *= 2j
    for i in range(3):
        c[i] += x[i] * z[2 - i]
    return c


def listed(x, z):
    rows = []
    for i in range(3):
        rows.append(x[i] if i else z[i].real)
    total = 0.0
    for i in range(3):
        total = total + x[i, i] * z[i, 0]
    return np.array(rows) * total + np.array([[x[0, 0], 1j * z[1, 1], 1.0]])


def transformed(x, z):
    return np.fft.fft(x) * np.fft.irfft(z, 3) + np.fft.ifft2(x * z)


def solved(x, z):
    return np.linalg.solve(x + 5.0 * np.eye(3), z) + np.linalg.solve(z + 5.0 * np.eye(3), x)


def eigenvalues_of_real(x, z):
    """Complex ones, of a matrix that turns, and real ones, in one array."""
    turn = np.array([[1.0, -2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
    return np.linalg.eigvals(x + 5.0 * turn) * np.linalg.eig(0.1 * x + np.diag([1.0, 2.0, 4.0]))[0] * z


def real_if_close(x, z):
    return np.real_if_close(x + 0j * x) * np.real_if_close(z) + np.real_if_close(z * z.conj())


def numbers(x, z):
    return complex(z[0, 0]) * x + abs(z[0, 1]) * z + np.vdot(z, x) * z.imag


@pytest.mark.parametrize(
    "f",
    [products, joined, chosen, written, listed, transformed, solved, eigenvalues_of_real, real_if_close, numbers],
)
def test_adjoints_are_of_the_kind_of_their_operands(f):
    dx, dz = _RNG.standard_normal((3, 3)), _RNG.standard_normal((3, 3)) + 1j * _RNG.standard_normal((3, 3))

    def of(x, z):
        y = f(x, z)
        return np.sum(np.abs(y) ** 2) + np.sum((WEIGHTS * y).real + np.sin(y.imag))

    expected = slope(lambda t: of(X + t * dx, Z + t * dz))
    x_bar, z_bar = sct.grad(of, ("x", "z"))(X, Z)
    assert (x_bar.dtype, z_bar.dtype) == (float, complex)
    np.testing.assert_allclose(np.sum(x_bar * dx) + np.real(np.sum(z_bar * dz)), expected, rtol=1e-8)
    np.testing.assert_allclose(sct.jvp(of, ("x", "z"))(X, Z, dx, dz)[1], expected, rtol=1e-8)


@pytest.mark.parametrize("f", [solved, lambda x, z: np.exp(x @ z) / (3.0 + z**2), lambda x, z: np.fft.fft(x * z)])
def test_complex_steps_agree(f):
    dx = _RNG.standard_normal((3, 3))
    step = f(X + 1e-30j * dx, Z.real).imag / 1e-30 if f(X, Z.real).dtype == float else None
    tangent = sct.jvp(f)(X, Z.real, dx)[1]
    if step is not None:
        np.testing.assert_allclose(tangent, step, rtol=1e-12)
    # a holomorphic function has one derivative in all directions
    both = sct.jvp(f, "z")(X, Z, np.ones((3, 3), complex))[1], sct.jvp(f, "z")(X, Z, 1j * np.ones((3, 3)))[1]
    np.testing.assert_allclose(1j * both[0], both[1], rtol=1e-12)


def test_holomorphic():
    def holomorphic(z):
        return np.sum(np.exp(z) * X) / (2.0 + z[0, 0])

    gradient = sct.grad(holomorphic, holomorphic=True)(Z)
    dz = _RNG.standard_normal((3, 3)) + 1j * _RNG.standard_normal((3, 3))
    np.testing.assert_allclose(np.sum(gradient * dz), slope(lambda t: holomorphic(Z + t * dz)), rtol=1e-8)
    np.testing.assert_allclose(sct.jvp(holomorphic)(Z, dz)[1], np.sum(gradient * dz), rtol=1e-12)
