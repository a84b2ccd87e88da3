"""Rules of scipy.signal: convolutions and correlations, linear filters, and smoothing by polynomials.

Takes and gives arrays; registers rules and compositions. A filter is the division of one series by another: a y = b x, so that
its adjoint is a filter that runs backwards (Oppenheim and Schafer, "Discrete-Time Signal Processing", chapter 6, transposed
forms).
"""

import functools
import inspect
import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal

from sct.errors import NoRuleError
from sct.ir.shapes import as_array, fresh_size
from sct.ir.types import UNKNOWN, Array, Tuple, size_add
from sct.registry.refusals import refused, those_of
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import multilinear
from sct.registry.type_rules import result_type

from ..matrices import conjugate
from . import followed

_of = functools.partial(those_of, signal)


# ---------------------------------------------------------------------------------------------------------------------
# Convolution
# ---------------------------------------------------------------------------------------------------------------------


def in_full(y_bar, in1, in2, mode):
    """The adjoint of the full convolution, which is zero where another mode cuts it off."""
    if mode == "full":
        return y_bar
    n, m, kept = np.shape(in1), np.shape(in2), np.shape(y_bar)
    if mode == "same":
        before = [(m[k] - 1) // 2 for k in range(np.ndim(in1))]
    else:
        before = [min(n[k], m[k]) - 1 for k in range(np.ndim(in1))]
    return np.pad(y_bar, tuple([(before[k], n[k] + m[k] - 1 - kept[k] - before[k]) for k in range(np.ndim(in1))]))


def convolution_adjoints(in1, in2, y_bar, mode):
    """y = in1 ∗ in2: the adjoint of one is the correlation of ȳ with the other, as in numpy.convolve."""
    g = in_full(y_bar, in1, in2, mode)
    return signal.correlate(g, conjugate(in2), "valid"), signal.correlate(g, conjugate(in1), "valid")


@adjoint(signal.convolve, kind="product")
def convolve(y, in1, in2, y_bar, mode="full", method="auto"):
    """y[k] = Σᵢ in1[i] in2[k - i]."""
    return convolution_adjoints(in1, in2, y_bar, mode)


@adjoint(signal.fftconvolve, kind="product")
@adjoint(signal.oaconvolve, kind="product")
def fftconvolve(y, in1, in2, y_bar, mode="full", axes=None):
    """As of convolve."""
    if axes is not None:
        raise NotImplementedError("a convolution along some axes; leave `axes` out")
    return convolution_adjoints(in1, in2, y_bar, mode)


@adjoint(signal.correlate, kind="product")
def correlate(y, in1, in2, y_bar, mode="full", method="auto"):
    """y = in1 ∗ w, w = conj(in2) reversed: of in1 as of convolve, of in2 the adjoint of w, reversed, and its conjugate."""
    g = in_full(y_bar, in1, in2, mode)
    w_bar = signal.correlate(g, conjugate(in1), "valid")
    in1_bar = signal.correlate(g, np.flip(in2), "valid")
    return in1_bar, conjugate(np.flip(w_bar)) if np.iscomplexobj(in2) else np.flip(w_bar)


multilinear(signal.convolve, signal.fftconvolve, signal.oaconvolve, signal.correlate)


def _convolution_type(in1, in2, mode):
    a, b = as_array(in1), as_array(in2)
    dtype = None if a.dtype is None or b.dtype is None else np.result_type(a.dtype, b.dtype)
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return Array(dtype, None)
    if mode == "full":
        return Array(dtype, tuple(size_add(size_add(n, m), -1) for n, m in zip(a.shape, b.shape, strict=True)))
    return Array(dtype, a.shape if mode == "same" else tuple(fresh_size("convolution") for _ in a.shape))


@result_type(signal.convolve, signal.correlate)
def convolve_type(in1, in2, mode="full", method="auto"):
    return _convolution_type(in1, in2, mode)


@result_type(signal.fftconvolve, signal.oaconvolve)
def fftconvolve_type(in1, in2, mode="full", axes=None):
    t = _convolution_type(in1, in2, mode)
    whole = t.dtype is not None and t.dtype.kind in "biu"
    return Array(np.dtype(float) if whole else t.dtype, t.shape)


_PADDING = {"wrap": "wrap", "circular": "wrap", "symm": "symmetric", "symmetric": "symmetric"}


def beyond_the_edges(in1, in2, boundary, fillvalue):
    """A matrix, with as much around it as the other one reaches over its edges."""
    if boundary not in _PADDING and boundary not in ("fill", "pad"):
        raise ValueError("Acceptable boundary flags are 'fill', 'circular' (or 'wrap'), and 'symmetric' (or 'symm').")
    pairs = tuple([(n - 1, n - 1) for n in np.shape(in2)])
    if boundary in _PADDING:
        return np.pad(in1, pairs, _PADDING[boundary])
    return np.pad(in1, pairs, constant_values=fillvalue)


def of_mode(full, in1, in2, mode, middle):
    """The part of the full result that a mode gives; that of the mode same begins at half of in2, less `middle`."""
    n, m = np.shape(in1), np.shape(in2)
    if mode == "full":
        return full
    if mode == "same":
        return full[(m[0] - middle) // 2 :, (m[1] - middle) // 2 :][: n[0], : n[1]]
    return full[m[0] - 1 : n[0], m[1] - 1 : n[1]]


@followed(signal.convolve2d)
def convolve2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    """As convolve, of a matrix that goes on beyond its edges."""
    if boundary in ("fill", "pad") and fillvalue == 0:
        return signal.convolve(in1, in2, mode)
    return of_mode(signal.convolve(beyond_the_edges(in1, in2, boundary, fillvalue), in2, "valid"), in1, in2, mode, 1)


@followed(signal.correlate2d)
def correlate2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    """As correlate, of a matrix that goes on beyond its edges."""
    if boundary in ("fill", "pad") and fillvalue == 0:
        return of_mode(signal.correlate(in1, in2), in1, in2, mode, 0) if mode == "same" else signal.correlate(in1, in2, mode)
    return of_mode(signal.correlate(beyond_the_edges(in1, in2, boundary, fillvalue), in2, "valid"), in1, in2, mode, 0)


# ---------------------------------------------------------------------------------------------------------------------
# Filters
# ---------------------------------------------------------------------------------------------------------------------


def with_last(x, axis):
    """The array with an axis moved behind all others."""
    return x if axis == -1 else np.moveaxis(x, axis, -1)


def last_at(x, axis):
    """The array with its last axis moved to its place."""
    return x if axis == -1 else np.moveaxis(x, -1, axis)


def delayed(v, x, count, axis):
    """Σₙ vₙ xₙ₋ₖ for the first k, where x is zero before its beginning."""
    rank = np.ndim(x)
    padded = np.pad(with_last(x, axis), ((0, 0),) * (rank - 1) + ((count - 1, 0),))
    places = np.arange(np.shape(x)[axis])[:, None] - np.arange(count) + (count - 1)
    return np.tensordot(with_last(v, axis), padded[..., places], rank)


@adjoint(signal.lfilter)
def lfilter(y, b, a, x, y_bar, axis=-1, zi=None):
    """a ∗ y = b ∗ x: with a reversed filter v of ȳ, aᵀ v = ȳ, the adjoint of x is bᵀ v, that of bₖ is Σₙ vₙ xₙ₋ₖ, and that of
    aₖ is -Σₙ vₙ yₙ₋ₖ."""
    if zi is not None:
        raise NotImplementedError("states that are given; leave `zi` out")
    x_bar = np.flip(signal.lfilter(b, a, np.flip(y_bar, axis), axis), axis)
    v = np.flip(signal.lfilter(np.ones(1), a, np.flip(y_bar, axis), axis), axis)
    return delayed(v, x, np.size(b), axis), -delayed(v, y, np.size(a), axis), x_bar


@result_type(signal.lfilter)
def lfilter_type(b, a, x, axis=-1, zi=None):
    operands = [as_array(v) for v in (b, a, x)]
    dtypes = [v.dtype for v in operands]
    if zi is not None or any(d is None for d in dtypes):
        return Array(None, operands[2].shape)
    dtype = np.result_type(*dtypes)
    return Array(np.dtype(float) if dtype.kind in "biu" else dtype, operands[2].shape)


@followed(signal.hilbert)
def hilbert(x, N=None, axis=-1):
    """The signal without its negative frequencies, and twice its positive ones."""
    x = np.asarray(x)
    n = x.shape[axis] if N is None else N
    weights = np.zeros(n)
    weights[: (n + 2) // 2] = 2.0
    weights[0] = 1.0
    if n % 2 == 0:
        weights[n // 2] = 1.0
    rank = x.ndim
    shape = tuple([n if k == axis % rank else 1 for k in range(rank)])
    return np.fft.ifft(np.fft.fft(x, n, axis) * np.reshape(weights, shape), axis=axis)


def _of_one_line(data, axis=-1, type="linear", bp=0, overwrite_data=False):
    return isinstance(bp, int) and bp == 0


@followed(signal.detrend, covers=_of_one_line)
def detrend(data, axis=-1, type="linear", bp=0, overwrite_data=False):
    """What is left without the mean, or without the line of least squares."""
    x = np.asarray(data)
    if x.dtype.kind in "biu":
        x = x.astype(float)
    x = np.moveaxis(x - np.mean(x, axis, keepdims=True), axis, -1)
    if type in ("linear", "l"):
        t = np.arange(x.shape[-1]) - 0.5 * (x.shape[-1] - 1)
        x = x - np.expand_dims(x @ t / np.sum(t * t), -1) * t
    return np.moveaxis(x, -1, axis)


def polynomial_rows(window_length, polyorder, deriv, delta):
    """The derivative of the polynomial of least squares through a window, at each place of it, as a matrix of the window.

    Savitzky and Golay (1964), "Smoothing and differentiation of data by simplified least squares procedures"."""
    t = np.arange(window_length) - window_length // 2
    powers = np.arange(polyorder + 1)
    fitted = np.linalg.pinv(np.asarray(t[:, None] ** powers, dtype=float))
    factors = np.ones(polyorder + 1)
    for k in range(deriv):
        factors = factors * (powers - k)
    return (t[:, None] ** np.maximum(powers - deriv, 0.0) * factors) @ fitted / delta**deriv


_BEYOND = {"mirror": "reflect", "nearest": "edge", "wrap": "wrap"}


@followed(signal.savgol_filter)
def savgol_filter(x, window_length, polyorder, deriv=0, delta=1.0, axis=-1, mode="interp", cval=0.0):
    """The middle of the polynomial of least squares through each window; near the ends the other places of the last ones."""
    x = np.asarray(x)
    if x.dtype.kind in "biu":
        x = x.astype(float)
    rows = polynomial_rows(window_length, polyorder, deriv, delta).astype(x.dtype)
    half = window_length // 2
    x = np.moveaxis(x, axis, -1)
    if mode == "interp" and window_length > x.shape[-1]:
        raise ValueError("If mode is 'interp', window_length must be less than or equal to the size of x.")
    if mode not in _BEYOND and mode not in ("interp", "constant"):
        raise ValueError("mode must be 'mirror', 'constant', 'nearest' 'wrap' or 'interp'.")
    if mode == "interp":
        inside = sliding_window_view(x, window_length, -1) @ rows[half]
        first = x[..., :window_length] @ rows[:half].T
        last = x[..., x.shape[-1] - window_length :] @ rows[half + 1 :].T
        y = np.concatenate((first, inside, last), -1)
    else:
        pairs = ((0, 0),) * (x.ndim - 1) + ((half, half),)
        padded = np.pad(x, pairs, _BEYOND[mode]) if mode in _BEYOND else np.pad(x, pairs, constant_values=cval)
        y = sliding_window_view(padded, window_length, -1) @ rows[half]
    return np.moveaxis(y, -1, axis)


# ---------------------------------------------------------------------------------------------------------------------
# Filters from a state, and in both directions
# ---------------------------------------------------------------------------------------------------------------------


def _with_state(b, a, x, axis=-1, zi=None):
    return zi is not None


@followed(signal.lfilter, covers=_with_state)
def lfilter_from_state(b, a, x, axis=-1, zi=None):
    """What a state adds to the first values that a filter of b gives, before that of 1 / a; the last state is what is left."""
    b, a = np.atleast_1d(b) / np.atleast_1d(a)[0], np.atleast_1d(a) / np.atleast_1d(a)[0]
    x = with_last(np.asarray(x), axis)
    n, count = x.shape[-1], max(np.size(a), np.size(b)) - 1
    state = np.broadcast_to(with_last(np.asarray(zi), axis), (*x.shape[:-1], count))
    one, rest = np.ones(1, x.dtype), np.zeros((*x.shape[:-1], count), x.dtype)
    added = np.concatenate((state, np.zeros((*x.shape[:-1], n), x.dtype)), axis=-1)
    y = signal.lfilter(one, a, signal.lfilter(b, one, x) + added[..., :n])
    left = signal.lfilter(b, one, np.concatenate((x, rest), axis=-1)) - signal.lfilter(
        a, one, np.concatenate((y, rest), axis=-1)
    )
    return last_at(y, axis), last_at(left[..., n:] + added[..., n:], axis)


@followed(signal.lfilter_zi)
def lfilter_zi(b, a):
    """The state in which the response to a step is constant: z = Aᵀ z + b[1:] - a[1:] b[0], A the companion of a."""
    b, a = np.atleast_1d(b) / np.atleast_1d(a)[0], np.atleast_1d(a) / np.atleast_1d(a)[0]
    n = max(np.size(a), np.size(b))
    b, a = np.concatenate((b, np.zeros(n - np.size(b)))), np.concatenate((a, np.zeros(n - np.size(a))))
    companion = np.concatenate((-a[1:][None], np.eye(n - 2, n - 1)))
    return np.linalg.solve(np.eye(n - 1) - companion.T, b[1:] - a[1:] * b[0])


def extended(x, padtype, edge):
    """A signal with more before and behind it: turned round, once more through its end, or constant."""
    if x.shape[-1] <= edge:
        raise ValueError(f"The length of the input vector x must be greater than padlen, which is {edge}.")
    if padtype is None or edge == 0:
        return x
    n = x.shape[-1]
    first, last = x[..., :1], x[..., n - 1 :]
    before, behind = x[..., edge:0:-1], x[..., n - 2 : n - 2 - edge : -1] if edge < n - 1 else x[..., n - 2 :: -1]
    if padtype == "odd":
        return np.concatenate((2 * first - before, x, 2 * last - behind), axis=-1)
    if padtype == "even":
        return np.concatenate((before, x, behind), axis=-1)
    if padtype == "constant":
        return np.concatenate((np.repeat(first, edge, axis=-1), x, np.repeat(last, edge, axis=-1)), axis=-1)
    raise ValueError(f"Unknown value '{padtype}' given to padtype. padtype must be 'even', 'odd', 'constant', or None.")


def _by_padding(b, a, x, axis=-1, padtype="odd", padlen=None, method="pad", irlen=None):
    return method == "pad"


@followed(signal.filtfilt, covers=_by_padding)
def filtfilt(b, a, x, axis=-1, padtype="odd", padlen=None, method="pad", irlen=None):
    """A filter forwards and backwards over what is extended (Gustafsson 1996, "Determining the initial states in
    forward-backward filtering", of the method that pads)."""
    b, a, x = np.atleast_1d(b), np.atleast_1d(a), with_last(np.asarray(x), axis)
    edge = 0 if padtype is None else 3 * max(np.size(a), np.size(b)) if padlen is None else padlen
    state = signal.lfilter_zi(b, a)
    ahead = extended(x, padtype, edge)
    forwards, _ = signal.lfilter(b, a, ahead, zi=state * ahead[..., :1])
    backwards, _ = signal.lfilter(b, a, forwards[..., ::-1], zi=state * forwards[..., -1:])
    y = backwards[..., ::-1]
    return last_at(y[..., edge : y.shape[-1] - edge], axis)


@followed(signal.sosfilt)
def sosfilt(sos, x, axis=-1, zi=None):
    """One section of second order after another."""
    sos = np.asarray(sos)
    if not np.all(sos[:, 3] == 1):
        raise ValueError("sos[:, 3] should be all ones")
    if zi is None:
        for section in sos:
            x = signal.lfilter(section[:3], section[3:], x, axis)
        return x
    states = []
    for k in range(len(sos)):
        x, state = signal.lfilter(sos[k, :3], sos[k, 3:], x, axis, zi=zi[k])
        states.append(state)
    return x, np.array(states)


@followed(signal.sosfilt_zi)
def sosfilt_zi(sos):
    """Of each section that of lfilter_zi, times what those before it make of a step."""
    sos = np.asarray(sos)
    scale, states = 1.0, []
    for k in range(len(sos)):
        states.append(scale * signal.lfilter_zi(sos[k, :3], sos[k, 3:]))
        scale = scale * np.sum(sos[k, :3]) / np.sum(sos[k, 3:])
    return np.array(states)


@followed(signal.sosfiltfilt)
def sosfiltfilt(sos, x, axis=-1, padtype="odd", padlen=None):
    """As filtfilt, by sections."""
    sos, x = np.asarray(sos), with_last(np.asarray(x), axis)
    taps = 2 * len(sos) + 1 - min(int(np.sum(sos[:, 2] == 0)), int(np.sum(sos[:, 5] == 0)))
    edge = 0 if padtype is None else 3 * taps if padlen is None else padlen
    states = np.reshape(signal.sosfilt_zi(sos), (len(sos), *[1] * (x.ndim - 1), 2))
    ahead = extended(x, padtype, edge)
    forwards, _ = signal.sosfilt(sos, ahead, zi=states * ahead[..., :1])
    backwards, _ = signal.sosfilt(sos, forwards[..., ::-1], zi=states * forwards[..., -1:])
    y = backwards[..., ::-1]
    return last_at(y[..., edge : y.shape[-1] - edge], axis)


# ---------------------------------------------------------------------------------------------------------------------
# Other rates
# ---------------------------------------------------------------------------------------------------------------------


def upsampled(h, x, up, more):
    """The convolution of h with a signal that has zeros between its values, and `more` zeros behind it."""
    n = x.shape[-1]
    between = np.reshape(
        np.concatenate((x[..., None], np.zeros((*x.shape, up - 1), x.dtype)), axis=-1), (*x.shape[:-1], n * up)
    )
    rest = np.zeros((*x.shape[:-1], np.size(h) + more), x.dtype)
    return signal.lfilter(h, np.ones(1), np.concatenate((between, rest), axis=-1))


def _without_edges(h, x, up=1, down=1, axis=-1, mode="constant", cval=0):
    return mode == "constant" and cval == 0


@followed(signal.upfirdn, covers=_without_edges)
def upfirdn(h, x, up=1, down=1, axis=-1, mode="constant", cval=0):
    """Zeros between values, a filter, and every so many of what it gives."""
    h, x = np.asarray(h), with_last(np.asarray(x), axis)
    full = upsampled(h, x, up, 0)[..., : (x.shape[-1] - 1) * up + np.size(h)]
    return last_at(full[..., ::down], axis)


def _padded_by_zeros(x, up, down, axis=0, window=("kaiser", 5.0), padtype="constant", cval=None):
    return padtype == "constant" and (cval is None or cval == 0)


@followed(signal.resample_poly, covers=_padded_by_zeros)
def resample_poly(x, up, down, axis=0, window=("kaiser", 5.0), padtype="constant", cval=None):
    """upfirdn by a filter that is symmetrical, from its middle on."""
    x = with_last(np.asarray(x), axis)
    common = math.gcd(up, down)
    up, down = up // common, down // common
    if up == down == 1:
        return last_at(x.copy(), axis)
    if isinstance(window, (str, tuple)):
        half = 10 * max(up, down)
        h = signal.firwin(2 * half + 1, 1.0 / max(up, down), window=window).astype(x.dtype)
    else:
        h = np.asarray(window)
        half = (np.size(h) - 1) // 2
    full = upsampled(h * up, x, up, half + up)
    return last_at(full[..., half::down][..., : -(-x.shape[-1] * up // down)], axis)


@followed(signal.decimate)
def decimate(x, q, n=None, ftype="iir", axis=-1, zero_phase=True):
    """Every q-th value of what a low-pass filter leaves."""
    x = with_last(np.asarray(x), axis)
    if ftype == "fir":
        h = signal.firwin(21 * q - q + 1 if n is None else n + 1, 1.0 / q, window="hamming")
        y = signal.resample_poly(x, 1, q, -1, h) if zero_phase else signal.upfirdn(h, x, 1, q)[..., : -(-x.shape[-1] // q)]
        return last_at(y, axis)
    if ftype != "iir":
        raise NoRuleError("scipy.signal.decimate by a filter that is given has no rule", None, "Use sosfiltfilt, and a slice.")
    sos = signal.cheby1(8 if n is None else n, 0.05, 0.8 / q, output="sos").astype(x.dtype)
    y = signal.sosfiltfilt(sos, x) if zero_phase else signal.sosfilt(sos, x)
    return last_at(y[..., ::q], axis)


def _of_real_time(x, num, t=None, axis=0, window=None, domain="time"):
    return t is None and window is None and domain == "time" and as_array(x).dtype is not None and as_array(x).dtype.kind != "c"


@followed(signal.resample, covers=_of_real_time)
def resample(x, num, t=None, axis=0, window=None, domain="time"):
    """The coefficients of Fourier that both rates have."""
    x = with_last(np.asarray(x), axis)
    n = x.shape[-1]
    common = min(num, n)
    weights = np.ones(common // 2 + 1)
    if common % 2 == 0 and num != n:
        weights[common // 2] = 2.0 if num < n else 0.5
    coefficients = np.fft.rfft(x)[..., : common // 2 + 1] * (weights * (num / n))
    return last_at(np.fft.irfft(coefficients, num), axis)


# ---------------------------------------------------------------------------------------------------------------------
# Spectra
# ---------------------------------------------------------------------------------------------------------------------


def window_of(window, n):
    """The values of a window."""
    return signal.get_window(window, n) if isinstance(window, (str, tuple)) else np.asarray(window)


def without_trend(segments, detrend):
    """Segments without their mean or line; `False` leaves them as they are."""
    if detrend is False:
        return segments
    return signal.detrend(segments, type=detrend)


def transforms(x, window, step, detrend, nfft):
    """The transforms of segments of a real signal, each times a window."""
    segments = sliding_window_view(x, np.size(window), -1)[..., ::step, :]
    return np.fft.rfft(without_trend(segments, detrend) * window, nfft)


def _of_real_signal(x, *args, return_onesided=True, mode="psd", average="mean", **kwargs):
    real = as_array(x).dtype is not None and as_array(x).dtype.kind == "f"
    return real and return_onesided is True and mode == "psd" and average == "mean"


def spectra(x, y, fs, window, nperseg, noverlap, nfft, detrend, scaling):
    """Frequencies, and the products of the transforms of segments of two signals (Welch 1967, "The use of fast Fourier
    transform for the estimation of power spectra")."""
    size = nperseg if isinstance(window, (str, tuple)) else np.size(window)
    values = window_of(window, size)
    length = size if nfft is None else nfft
    step = size - (size // 2 if noverlap is None else noverlap)
    left = transforms(x, values, step, detrend, length)
    right = left if y is None else transforms(y, values, step, detrend, length)
    scale = 1.0 / (fs * np.sum(values * values)) if scaling == "density" else 1.0 / np.sum(values) ** 2
    both = np.full(length // 2 + 1, 2.0 * scale)
    both[0] = scale
    if length % 2 == 0:
        both[-1] = scale
    products = np.conj(left) * right
    return np.fft.rfftfreq(length, 1.0 / fs), (np.real(products) if y is None else products) * both


def length_of(x, nperseg, axis):
    """How long segments are: 256 if nothing is said, and no longer than the signal."""
    return min(256 if nperseg is None else nperseg, np.shape(x)[axis])


@followed(signal.welch, covers=_of_real_signal)
def welch(
    x, fs=1.0, window="hann", nperseg=None, noverlap=None, nfft=None, detrend="constant", return_onesided=True,
    scaling="density", axis=-1, average="mean",
):  # fmt: skip
    """The mean spectrum of segments."""
    x = with_last(np.asarray(x), axis)
    f, found = spectra(x, None, fs, window, length_of(x, nperseg, -1), noverlap, nfft, detrend, scaling)
    return f, last_at(np.mean(found, axis=-2), axis)


@followed(signal.csd, covers=lambda x, y, *args, **kwargs: _of_real_signal(x, *args, **kwargs) and _of_real_signal(y))
def csd(
    x, y, fs=1.0, window="hann", nperseg=None, noverlap=None, nfft=None, detrend="constant", return_onesided=True,
    scaling="density", axis=-1, average="mean",
):  # fmt: skip
    """The mean product of the transforms of segments of two signals of one length."""
    x, y = with_last(np.asarray(x), axis), with_last(np.asarray(y), axis)
    f, found = spectra(x, y, fs, window, length_of(x, nperseg, -1), noverlap, nfft, detrend, scaling)
    return f, last_at(np.mean(found, axis=-2), axis)


@followed(signal.periodogram, covers=_of_real_signal)
def periodogram(
    x, fs=1.0, window="boxcar", nfft=None, detrend="constant", return_onesided=True, scaling="density", axis=-1
):  # fmt: skip
    """The spectrum of the whole signal."""
    x = with_last(np.asarray(x), axis)
    window = "boxcar" if window is None else window
    f, found = spectra(x, None, fs, window, x.shape[-1], 0, nfft, detrend, scaling)
    return f, last_at(found[..., 0, :], axis)


@followed(signal.spectrogram, covers=_of_real_signal)
def spectrogram(
    x, fs=1.0, window=("tukey", 0.25), nperseg=None, noverlap=None, nfft=None, detrend="constant",
    return_onesided=True, scaling="density", axis=-1, mode="psd",
):  # fmt: skip
    """The spectra of segments, one after another, and the times of their middles."""
    x = with_last(np.asarray(x), axis)
    size = length_of(x, nperseg, -1) if isinstance(window, (str, tuple)) else np.size(window)
    overlap = size // 8 if noverlap is None else noverlap
    f, found = spectra(x, None, fs, window, size, overlap, nfft, detrend, scaling)
    times = np.arange(0.5 * size, x.shape[-1] - 0.5 * size + 1.0, size - overlap) / fs
    return f, times, by_frequency(found, axis)


def by_frequency(found, axis):
    """Transforms of segments, with the frequency in the place of the signal's axis, and the segments last."""
    return np.moveaxis(found, -1, axis - 1 if axis < 0 else axis)


def _at_zeros(x, *args, return_onesided=True, boundary="zeros", **kwargs):
    return _of_real_signal(x, return_onesided=return_onesided) and boundary in ("zeros", None) and len(args) < 7


@followed(signal.stft, covers=_at_zeros)
def stft(
    x, fs=1.0, window="hann", nperseg=256, noverlap=None, nfft=None, detrend=False, return_onesided=True, boundary="zeros",
    padded=True, axis=-1, scaling="spectrum",
):  # fmt: skip
    """The transforms of segments, one after another (Allen and Rabiner 1977, "A unified approach to short-time Fourier
    analysis and synthesis")."""
    x = with_last(np.asarray(x), axis)
    size = length_of(x, nperseg, -1) if isinstance(window, (str, tuple)) else np.size(window)
    step = size - (size // 2 if noverlap is None else noverlap)
    around = 0 if boundary is None else size // 2
    total = x.shape[-1] + 2 * around
    behind = (-(total - size) % step) % size if padded else 0
    x = np.pad(x, ((0, 0),) * (x.ndim - 1) + ((around, around + behind),))
    values = window_of(window, size)
    scale = 1.0 / np.sqrt(fs * np.sum(values * values)) if scaling == "psd" else 1.0 / np.sum(values)
    length = size if nfft is None else nfft
    found = transforms(x, values, step, detrend, length) * scale
    times = (np.arange(0.5 * size, total + behind - 0.5 * size + 1.0, step) - (0.0 if boundary is None else 0.5 * size)) / fs
    return np.fft.rfftfreq(length, 1.0 / fs), times, by_frequency(found, axis)


# ---------------------------------------------------------------------------------------------------------------------
# Filters that are designed in the function, by what does not vary
# ---------------------------------------------------------------------------------------------------------------------


def _some(*sizes):
    return Array(np.dtype(float), tuple(fresh_size("filter") if n is None else n for n in sizes))


def _sections_or_ratio(function):
    """The type of a filter that is designed, as the ratio of two polynomials or in sections of second order."""
    signature = inspect.signature(function)

    def rule(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        output = bound.arguments["output"]
        return {"ba": Tuple((_some(None), _some(None))), "sos": _some(None, 6)}.get(output, UNKNOWN)

    result_type(function)(rule)


for _function in _of("bessel butter cheby1 cheby2 ellip iirdesign iirfilter"):
    _sections_or_ratio(_function)


@result_type(*_of("iircomb iirnotch iirpeak"))
def ratio_type(*args, **kwargs):
    return Tuple((_some(None), _some(None)))


@result_type(*_of("firls firwin firwin2 get_window remez savgol_coeffs"))
def coefficients_type(*args, **kwargs):
    return _some(None)


# ---------------------------------------------------------------------------------------------------------------------
# Others
# ---------------------------------------------------------------------------------------------------------------------

nondifferentiable(*_of("argrelextrema argrelmax argrelmin choose_conv_method correlation_lags unit_impulse max_len_seq"))
nondifferentiable(*_of("check_COLA check_NOLA"))
refused(
    "It designs a filter: compute its coefficients before, and pass them as arguments.",
    *_of("bessel butter cheby1 cheby2 ellip iirdesign iirfilter iircomb iirnotch iirpeak firls firwin firwin2 firwin_2d remez"),
    *_of("gammatone minimum_phase besselap buttap cheb1ap cheb2ap ellipap band_stop_obj kaiser_atten kaiser_beta get_window"),
    *_of("kaiserord buttord cheb1ord cheb2ord ellipord"),
    *_of("savgol_coeffs lfiltic closest_STFT_dual_window gauss_spline cmplx_sort"),
)
refused(
    "It takes or gives a linear system in another form: compute its coefficients before, and pass them as arguments.",
    *_of(
        "lti dlti StateSpace TransferFunction ZerosPolesGain BadCoefficients abcd_normalize bilinear bilinear_zpk cont2discrete"
    ),
    *_of("lp2bp lp2bp_zpk lp2bs lp2bs_zpk lp2hp lp2hp_zpk lp2lp lp2lp_zpk normalize place_poles sos2tf sos2zpk ss2tf ss2zpk"),
    *_of("tf2sos tf2ss tf2zpk zpk2sos zpk2ss zpk2tf residue residuez invres invresz unique_roots"),
    *_of("bode dbode dfreqresp dimpulse dlsim dstep freqresp freqs freqs_zpk freqz freqz_sos freqz_zpk sosfreqz group_delay"),
    *_of("impulse lsim step findfreqs impulse2 lsim2 step2"),
)
refused(
    "It estimates a spectrum: write it with numpy.fft, whose transforms are differentiated.",
    *_of("coherence istft ShortTimeFFT lombscargle vectorstrength CZT ZoomFFT czt"),
    *_of("czt_points zoom_fft hilbert2 envelope"),
)
refused(
    "It chooses or counts: which entries it takes has no derivative.",
    *_of("find_peaks find_peaks_cwt peak_prominences peak_widths medfilt medfilt2d order_filter wiener"),
)
refused(
    "It is not followed: write it out with lfilter, convolve or NumPy's functions.",
    *_of("deconvolve sepfir2d symiirorder1 symiirorder2 spline_filter"),
    *_of("cspline1d cspline1d_eval cspline2d qspline1d qspline1d_eval qspline2d chirp gausspulse sawtooth square sweep_poly"),
    *_of("cwt morlet morlet2 ricker daub qmf cascade bspline cubic quadratic test"),
)
