"""Rules of scipy.signal: convolutions and correlations, linear filters, and smoothing by polynomials.

Takes and gives arrays; registers rules and compositions. A filter is the division of one series by another: a y = b x, so that
its adjoint is a filter that runs backwards (Oppenheim and Schafer, "Discrete-Time Signal Processing", chapter 6, transposed
forms).
"""

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal

from sct.ir.shapes import as_array, fresh_size
from sct.ir.types import Array, size_add
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
    v = np.flip(signal.lfilter(np.ones(1), a, np.flip(y_bar, axis), axis), axis)
    x_bar = np.flip(signal.lfilter(b, np.ones(1), np.flip(v, axis), axis), axis)
    return delayed(v, x, np.size(b), axis), -delayed(v, y, np.size(a), axis), x_bar


@result_type(signal.lfilter)
def lfilter_type(b, a, x, axis=-1, zi=None):
    operands = [as_array(v) for v in (b, a, x)]
    dtypes = [v.dtype for v in operands]
    if zi is not None or any(d is None for d in dtypes):
        return Array(None, operands[2].shape)
    dtype = np.result_type(*dtypes)
    return Array(np.dtype(float) if dtype.kind in "biu" else dtype, operands[2].shape)


def _without_states(*operands, zi=None, **keywords):
    return zi is None


@followed(signal.sosfilt, covers=_without_states)
def sosfilt(sos, x, axis=-1, zi=None):
    """One section of second order after another."""
    sos = np.asarray(sos)
    for section in sos:
        x = signal.lfilter(section[:3], section[3:], x, axis)
    return x


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
# Others
# ---------------------------------------------------------------------------------------------------------------------

nondifferentiable(*_of("argrelextrema argrelmax argrelmin choose_conv_method correlation_lags unit_impulse max_len_seq"))
nondifferentiable(*_of("check_COLA check_NOLA"))
refused(
    "It designs a filter: compute its coefficients before, and pass them as arguments.",
    *_of("bessel butter cheby1 cheby2 ellip iirdesign iirfilter iircomb iirnotch iirpeak firls firwin firwin2 firwin_2d remez"),
    *_of("gammatone minimum_phase besselap buttap cheb1ap cheb2ap ellipap band_stop_obj kaiser_atten kaiser_beta get_window"),
    *_of("kaiserord buttord cheb1ord cheb2ord ellipord"),
    *_of("savgol_coeffs lfilter_zi sosfilt_zi lfiltic closest_STFT_dual_window gauss_spline cmplx_sort"),
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
    *_of("periodogram welch csd coherence spectrogram stft istft ShortTimeFFT lombscargle vectorstrength CZT ZoomFFT czt"),
    *_of("czt_points zoom_fft hilbert2 envelope resample"),
)
refused(
    "It chooses or counts: which entries it takes has no derivative.",
    *_of("find_peaks find_peaks_cwt peak_prominences peak_widths medfilt medfilt2d order_filter wiener"),
)
refused(
    "It is not followed: write it out with lfilter, convolve or NumPy's functions.",
    *_of("filtfilt sosfiltfilt decimate resample_poly upfirdn deconvolve sepfir2d symiirorder1 symiirorder2 spline_filter"),
    *_of("cspline1d cspline1d_eval cspline2d qspline1d qspline1d_eval qspline2d chirp gausspulse sawtooth square sweep_poly"),
    *_of("cwt morlet morlet2 ricker daub qmf cascade bspline cubic quadratic test"),
)
