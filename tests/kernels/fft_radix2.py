"""Power spectrum by an in-place radix-2 FFT, decimation in frequency; Cooley & Tukey 1965, Gentleman & Sande 1966."""

import numpy as np


def bit_reverse(work):
    """Swap the elements of work into bit-reversed order."""
    n = work.shape[0]
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            work[i], work[j] = work[j], work[i]


def fft_inplace(work):
    """Replace work, of length 2**k, by its discrete Fourier transform."""
    n = work.shape[0]
    half = n // 2
    while half >= 1:
        twiddle = np.exp(-1j * np.pi * np.arange(half) / half)
        pairs = work.reshape(-1, 2, half)
        upper = pairs[:, 0, :] + pairs[:, 1, :]
        pairs[:, 1, :] = (pairs[:, 0, :] - pairs[:, 1, :]) * twiddle
        pairs[:, 0, :] = upper
        half //= 2
    bit_reverse(work)


def fft_radix2(signal, window):
    """Power at each frequency of the windowed signal, and the Fourier coefficients' real and imaginary parts."""
    n = signal.shape[0]
    work = np.empty(n, dtype=np.complex128)
    work[:] = signal * window
    fft_inplace(work)
    half = work[: n // 2 + 1]
    power = (half.real**2 + half.imag**2) / np.sum(window**2)
    return power, half.real.copy(), half.imag.copy()


def example(rng):
    """Sixteen samples under a perturbed Hann window."""
    return rng.standard_normal(16), np.hanning(18)[1:-1] + 0.05 * rng.standard_normal(16)
