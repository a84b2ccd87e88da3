"""The transforms of scipy.fft and scipy.fftpack against finite differences, and against the matrices that they are."""

import numpy as np
import pytest
from scipy import fft, fftpack

import sct
from sct.registry.others import meet
from sct.testing import check_rule

meet(fft)
meet(fftpack)
_RNG = np.random.default_rng(6)
_X, _A, _B = _RNG.normal(size=6), _RNG.normal(size=(3, 4)), _RNG.normal(size=(2, 3, 4))
_C = _A + 1j * _RNG.normal(size=(3, 4))

SAMPLES = [
    *[(f, (a,), {}) for f in (fft.fft, fft.ifft, fft.fft2, fft.ifft2, fft.fftn, fft.ifftn) for a in (_A, _C)],
    *[(f, (_A,), {"norm": "ortho"}) for f in (fft.rfft, fft.rfft2, fft.rfftn, fft.ihfft)],
    *[(f, (_C,), {}) for f in (fft.irfft, fft.irfft2, fft.irfftn, fft.hfft)],
    (fft.fft, (_A, 6, 0), {}),
    (fft.fftshift, (_A,), {}),
    (fft.fftfreq, (5, 0.3), {}),
    (fft.rfftfreq, (6, 0.3), {}),
    (fftpack.rfftfreq, (5, 0.3), {}),
    (fft.ifftshift, (_A,), {"axes": 1}),
    *[(f, (_A, t), {"norm": norm}) for f in (fft.dct, fft.dst) for t in (1, 2, 3, 4) for norm in (None, "ortho", "forward")],
    *[(f, (_A, t), {}) for f in (fft.idct, fft.idst) for t in (1, 2, 3, 4)],
    *[(f, (_A, 2, n, 0), {}) for f in (fft.dct, fft.dst, fft.idct) for n in (2, 5)],
    *[(f, (_B,), {"axes": (0, 2)}) for f in (fft.dctn, fft.dstn, fft.idctn, fft.idstn)],
    (fft.dctn, (_B,), {"s": (3, 2)}),
    (fft.dct, (_X.astype(np.float32),), {}),
    (fft.dct, (_X + 1j * _X[::-1], 3), {}),
]


@pytest.mark.grid(of=8)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s[0].__name__} {s[1][1:]}")
def test_transform(sample):
    function, args, kwargs = sample
    check_rule(function, *args, **kwargs)


@pytest.mark.parametrize("transform", [fft.dct, fft.dst, fft.idct, fft.idst])
@pytest.mark.parametrize("norm", [None, "ortho", "forward", "backward"])
def test_adjoints_are_transposes(transform, norm):
    for kind in (1, 2, 3, 4):
        matrix = transform(np.eye(6), kind, axis=0, norm=norm)
        y_bar = _X[::-1] ** 2
        _, x_bar = sct.vjp(lambda x: transform(x, kind, norm=norm))(_X, y_bar)  # noqa: B023
        np.testing.assert_allclose(x_bar, matrix.T @ y_bar, rtol=1e-13, atol=1e-13)


def test_other_weights_of_the_ends_are_refused():
    with pytest.raises(sct.NoRuleError, match="orthogonalize"):
        sct.grad(lambda x: np.sum(fft.dct(x, orthogonalize=True)))(_X)


@pytest.mark.parametrize("name", ["fft", "ifft2", "fftn", "dct", "idst", "idctn"])
def test_fftpack(name):
    check_rule(getattr(fftpack, name), _A)
