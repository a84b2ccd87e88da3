"""Functions of numbers that Numba compiles without calls, against NumPy's."""

import numpy as np
import pytest

from sct.runtime.loops import exp, half_power

numba = pytest.importorskip("numba")

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1e-300, 1e300, -2.5])
RANGE = np.exp(np.linspace(-60.0, 60.0, 999))


@numba.njit(error_model="numpy")
def exponentials(x):
    out = np.empty(x.shape)
    for i in range(x.size):
        out[i] = exp(x[i])
    return out


@pytest.mark.parametrize("x", [SPECIAL, np.linspace(-750.0, 712.0, 9999)], ids=["special", "range"])
def test_exponentials(x):
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(exponentials(x), np.exp(x), rtol=3e-16, atol=5e-324)


def powers(n):
    @numba.njit(error_model="numpy")
    def f(x):
        out = np.empty(x.shape)
        for i in range(x.size):
            out[i] = half_power(x[i], n)
        return out

    return f


@pytest.mark.parametrize("n", [-9, -3, -1, 3, 5])
def test_powers_of_halves(n):
    f = powers(n)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(f(SPECIAL[:7]), np.power(SPECIAL[:7], n / 2))
        np.testing.assert_allclose(f(SPECIAL), np.power(SPECIAL, n / 2), rtol=1e-15)
        np.testing.assert_allclose(f(RANGE), RANGE ** (n / 2), rtol=1e-15)
    assert half_power(4.0, n) == 2.0**n
