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


def test_the_source_of_a_convolution():
    def blurred(x, h):
        return signal.convolve(x, h)

    assert "\n    x_bar = signal.correlate(y_bar, h, 'valid')\n" in sct.vjp(blurred, "x").source_for(_X, _H)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(signal.savgol_filter(x, 9, 2)),
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
        (lambda x: np.sum(signal.lfilter([1.0], [1.0, 0.5], x, zi=np.zeros(1))[0]), "zi"),
        (lambda x: np.sum(signal.fftconvolve(x, x, axes=0)), "axes"),
        (lambda x: np.sum(signal.sosfilt(np.ones((1, 6)), x, zi=np.zeros((1, 2)))[0]), "sosfilt"),
        (lambda x: np.sum(signal.detrend(x, bp=[2])), "detrend"),
    ],
)
def test_what_is_refused(f, match):
    with pytest.raises(sct.SctError, match=match):
        sct.grad(f)(_X)
