"""The rules of scipy.signal against finite differences."""

import numpy as np
import pytest
from scipy import signal

import sct
from sct.registry.others import meet
from sct.testing import check_rule

meet(signal)
_RNG = np.random.default_rng(8)
_X, _H, _A, _K, _B = (_RNG.normal(size=s) for s in (7, 3, (4, 5), (2, 3), (2, 3, 6)))
_POLES = np.array([1.3, -0.4, 0.2])
_SECTIONS = [[0.3, 0.1, -0.2, 1.0, -0.3, 0.1], [0.5, -0.4, 0.2, 1.0, 0.2, 0.3]]
_MODES = ("full", "same", "valid")

SAMPLES = [
    *[
        (f, (a, b, mode), {})
        for f in (signal.convolve, signal.correlate)
        for mode in _MODES
        for a, b in ((_X, _H), (_H, _X), (_A, _K), (_X, _X[:4]))
    ],
    *[(f, (_A, _K, mode), {}) for f in (signal.fftconvolve, signal.oaconvolve) for mode in _MODES],
    (signal.convolve, (_X + 1j * _X[::-1], _H), {}),
    (signal.correlate, (_X, _H + 1j * _H[::-1], "same"), {}),
    (signal.convolve, (_X.astype(np.float32), _H.astype(np.float32)), {"method": "direct"}),
    *[
        (f, (_A, _K, mode, boundary), {"fillvalue": 2} if boundary == "fill" else {})
        for f in (signal.convolve2d, signal.correlate2d)
        for mode in _MODES
        for boundary in ("fill", "wrap", "symm")
    ],
    (signal.convolve2d, (_A, _K), {}),
    (signal.lfilter, (_H, _POLES, _X), {}),
    (signal.lfilter, (_H[:1], _POLES, _A), {"axis": 0}),
    (signal.lfilter, (_H, [1.0], _B), {}),
    (signal.lfilter, (_H + 0.5j, _POLES, _X), {}),
    (signal.hilbert, (_X,), {}),
    (signal.hilbert, (_A,), {"N": 6, "axis": 0}),
    (signal.detrend, (_A,), {}),
    (signal.detrend, (_A, 0, "constant"), {}),
    *[(signal.savgol_filter, (_B, 5, 2), {"mode": mode}) for mode in ("interp", "mirror", "nearest", "wrap", "constant")],
    (signal.savgol_filter, (_B, 3, 2, 1, 0.5, 1), {}),
]


@pytest.mark.grid(of=8)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s[0].__name__} {s[2]}")
def test_rule(sample):
    function, args, kwargs = sample
    check_rule(function, *args, **kwargs)


def test_sections_of_second_order():
    matrix = signal.sosfilt(_SECTIONS, np.eye(7), axis=0)
    _, x_bar = sct.vjp(lambda x: signal.sosfilt(_SECTIONS, x))(_X, _X**2)
    np.testing.assert_allclose(x_bar, matrix.T @ _X**2, rtol=1e-13)


_LONG, _BOTH = _RNG.normal(size=40), _RNG.normal(size=(2, 30))


def sections(s):
    """Sections whose first coefficient of the denominator is one."""
    return np.concatenate((s[:, :3], np.ones((2, 1)), s[:, 4:]), axis=1)


def filtered(x):
    """By filters that are designed in the function."""
    b, a = signal.butter(3, 0.2)
    both = signal.filtfilt(b, a, x) + signal.sosfiltfilt(signal.cheby1(4, 1, 0.3, output="sos"), x)
    return both + signal.lfilter(b, a, x, zi=signal.lfilter_zi(b, a) * x[0])[0]


COMPOSED = {
    "from a state": (lambda b, a, x, z: signal.lfilter(b, a, x, zi=z), _H, _POLES, _X, _X[:2]),
    "from states": (lambda b, a, x, z: signal.lfilter(b, a, x, 0, zi=z), _H[:1], _POLES, _A, _A[:2]),
    "shorter than its state": (lambda b, a, x, z: signal.lfilter(b, a, x, zi=z), _H, np.append(_POLES, _H), _X[:2], _X[:5]),
    "state of a step": (lambda b, a: [signal.lfilter_zi(b, a), signal.lfilter_zi(b[:2], a)], _H, _POLES),
    "both ways": (lambda b, a, x: signal.filtfilt(b, a, x), _H, _POLES, _LONG),
    "both ways along an axis": (lambda b, a, x: signal.filtfilt(b, a, x, 0, "even", 4), _H, _POLES, _BOTH.T),
    "both ways with other ends": (
        lambda x: [signal.filtfilt(_H, _POLES, x, padtype="constant"), signal.filtfilt(_H, _POLES, x, padtype=None)],
        *(_LONG,),
    ),
    "sections from a state": (lambda s, x, z: signal.sosfilt(sections(s), x, zi=z), np.array(_SECTIONS), _X, _A[:2, :2]),
    "states of sections": (lambda s: signal.sosfilt_zi(sections(s)), np.array(_SECTIONS)),
    "sections both ways": (lambda s, x: signal.sosfiltfilt(sections(s), x), np.array(_SECTIONS), _BOTH),
    "between zeros": (lambda h, x: signal.upfirdn(h, x, 3, 2), _H, _BOTH),
    "other rates": (
        lambda x: [signal.resample_poly(x, 3, 2), signal.resample_poly(x, 1, 4), signal.resample_poly(x, 2, 2)],
        _LONG,
    ),
    "rates by a window": (lambda x, h: signal.resample_poly(x, 6, 4, axis=1, window=h), _BOTH, _H),
    "fewer": (lambda x: [signal.decimate(x, 3), signal.decimate(x, 2, zero_phase=False)], _LONG),
    "fewer without poles": (lambda x: [signal.decimate(x, 3, ftype="fir"), signal.decimate(x, 2, 5, "fir", -1, False)], _LONG),
    "by Fourier": (lambda x: [signal.resample(x, n) for n in (10, 41, 64, 40)], _LONG),
    "rows by Fourier": (lambda x: signal.resample(x, 11, axis=1) + signal.resample(x[:, :11], 2), _BOTH),
    "designed": (filtered, _LONG),
    "mean spectrum": (lambda x: signal.welch(x, 2.0, nperseg=16)[1], _LONG),
    "mean spectra": (lambda x: signal.welch(x.T, nperseg=9, noverlap=3, nfft=12, detrend="linear", axis=0), _BOTH),
    "of two": (lambda x, y: np.abs(signal.csd(x, y, nperseg=8, scaling="spectrum")[1]), _BOTH, _BOTH[::-1].copy()),
    "whole": (lambda x: [signal.periodogram(x, 3.0)[1], signal.periodogram(x, window="hann", nfft=40)[1]], _LONG),
    "one after another": (lambda x: signal.spectrogram(x.T, 2.0, nperseg=8, axis=0), _BOTH),
    "transforms": (lambda x: np.abs(signal.stft(x, 2.0, nperseg=8, scaling="psd")[2]), _BOTH),
    "transforms inside": (
        lambda x: (
            np.abs(signal.stft(x, nperseg=7, noverlap=3, boundary=None, padded=False)[2]) + signal.stft(x, nperseg=7)[1][0]
        ),
        *(_LONG,),
    ),
}


@pytest.mark.grid(of=12, each=False)
@pytest.mark.parametrize("name", COMPOSED)
def test_what_is_made_of_filters_and_transforms(name):
    f, *args = COMPOSED[name]

    def total(*args):
        found = f(*args)
        return sum([np.sum(np.sin(y)) for y in found]) if isinstance(found, (tuple, list)) else np.sum(np.sin(found))

    sct.check_grads(total, tuple(args), wrt=tuple(range(len(args))))
    np.testing.assert_allclose(sct.value_and_grad(total)(*args)[0], total(*args), rtol=1e-10)


def test_the_source_of_a_convolution():
    def blurred(x, h):
        return signal.convolve(x, h)

    assert "\n    x_bar = signal.correlate(y_bar, h, 'valid')\n" in sct.vjp(blurred, "x").source_for(_X, _H)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(signal.savgol_filter(x, 9, 2)),
        lambda x: np.sum(signal.filtfilt([1.0, 0.3], [1.0, 0.5, 0.2], x)),
        lambda x: np.sum(signal.sosfilt(np.full((1, 6), 0.5), x)),
        lambda x: np.sum(signal.savgol_filter(x, 3, 1, mode="beyond")),
        lambda x: np.sum(signal.convolve2d(np.outer(x, x), _K, boundary="beyond")),
    ],
)
def test_errors_are_those_of_scipy(f):
    with pytest.raises(ValueError) as own:
        f(_X)
    with pytest.raises(ValueError) as raised:
        sct.grad(f)(_X)
    assert str(raised.value) == str(own.value)


@pytest.mark.parametrize(
    ("f", "match"),
    [
        (lambda x: np.sum(signal.filtfilt([1.0, 0.3], [1.0, 0.5], x, method="gust")), "filtfilt"),
        (lambda x: np.sum(signal.welch(x, return_onesided=False)[1]), "welch"),
        (lambda x: np.sum(signal.resample_poly(x, 3, 2, padtype="line")), "resample_poly"),
        (lambda x: np.sum(signal.fftconvolve(x, x, axes=0)), "axes"),
        (lambda x: np.sum(np.abs(signal.istft(np.outer(x, x))[1])), "istft"),
        (lambda x: np.sum(signal.detrend(x, bp=[2])), "detrend"),
        (lambda x: np.sum(signal.detrend(x, overwrite_data=True)), "detrend may write into its argument"),
    ],
)
def test_what_is_refused(f, match):
    with pytest.raises(sct.SctError, match=match):
        sct.grad(f)(_X)
