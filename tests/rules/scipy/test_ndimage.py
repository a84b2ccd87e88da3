"""The filters of scipy.ndimage against finite differences."""

import numpy as np
import pytest
from scipy import ndimage

import sct
from sct.registry.others import meet
from sct.testing import check_rule

meet(ndimage)
_RNG = np.random.default_rng(9)
_A, _K, _B = _RNG.normal(size=(5, 6)), _RNG.normal(size=(2, 3)), _RNG.normal(size=(3, 4, 5))
_MODES = ("reflect", "mirror", "nearest", "wrap", "constant")

SAMPLES = [
    *[(f, (_A, _K), {"mode": mode}) for f in (ndimage.correlate, ndimage.convolve) for mode in _MODES],
    *[(f, (_A, _K[0], 0), {"mode": mode}) for f in (ndimage.correlate1d, ndimage.convolve1d) for mode in _MODES],
    *[(f, (_A, _K), {"origin": (-1, 1)}) for f in (ndimage.correlate, ndimage.convolve)],
    *[(f, (_A, _K[:, 0]), {"origin": -1}) for f in (ndimage.correlate1d, ndimage.convolve1d)],
    *[(ndimage.gaussian_filter1d, (_A, 0.7, axis, order), {}) for axis in (0, -1) for order in (0, 1, 2)],
    (ndimage.gaussian_filter, (_A, 0.6), {"truncate": 3.0}),
    (ndimage.gaussian_filter, (_A, [0.6, 0.4], (1, 0)), {"mode": ("wrap", "nearest")}),
    (ndimage.uniform_filter, (_B,), {}),
    (ndimage.uniform_filter, (_A, (2, 3)), {"mode": "wrap"}),
    (ndimage.uniform_filter1d, (_A, 4), {"axis": 0, "origin": 1}),
    (ndimage.sobel, (_B, 1), {}),
    (ndimage.prewitt, (_A,), {"mode": "constant"}),
    (ndimage.laplace, (_B,), {}),
    (ndimage.gaussian_filter, (_A.astype(np.float32), 0.6), {}),
]


@pytest.mark.grid(of=8)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s[0].__name__} {s[2]}")
def test_filter(sample):
    function, args, kwargs = sample
    check_rule(function, *args, **kwargs)


def test_what_is_refused():
    for f in (
        lambda x: np.sum(ndimage.correlate(x, _K, output=float)),
        lambda x: np.sum(ndimage.median_filter(x, 3)),
        lambda x: np.sum(ndimage.correlate(np.arange(6).reshape(2, 3), x)),
    ):
        with pytest.raises(sct.NoRuleError, match="has no derivative rule"):
            sct.grad(f)(_K)
