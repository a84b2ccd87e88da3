"""The rules of quantiles against finite differences."""

import numpy as np
import pytest

import sct
from sct.testing import check_rule

_rng = np.random.default_rng(12)


def _x(*shape):
    return _rng.normal(size=shape)


def _with_nan(*shape):
    x = _x(*shape)
    x.flat[::5] = np.nan
    return x


_METHODS = ["linear", "lower", "higher", "midpoint", "nearest", "hazen", "weibull", "median_unbiased", "normal_unbiased"]
_METHODS += ["interpolated_inverted_cdf"]
_QUARTERS = np.array([0.23, 0.68])

SAMPLES = [
    *[(np.quantile, (_x(7), 0.31), {"method": m}) for m in _METHODS],
    *[(np.percentile, (_x(3, 4), 100.0 * _QUARTERS), {"axis": 1, "method": m}) for m in _METHODS],
    (np.quantile, (_x(6), np.array([[0.1, 0.25], [0.3, 0.7]])), {}),
    (np.quantile, (_x(2, 3, 4), 0.3), {"axis": (0, 2)}),
    (np.quantile, (_x(2, 3, 4), _QUARTERS), {"axis": (0, 2), "keepdims": True}),
    (np.quantile, (_x(2, 3, 4), 0.3, -2), {"keepdims": True}),
    (np.quantile, (_x(5).astype(np.float32), 0.3), {}),
    (np.quantile, (_x(1), 0.5), {}),
    (np.quantile, ([1.0, 3.0, 2.0], 0.4), {}),
    (np.percentile, (_x(4, 2), 90), {"axis": 0}),
    (np.nanquantile, (_with_nan(3, 4), 0.3), {}),
    (np.nanquantile, (_with_nan(2, 3, 4), _QUARTERS), {"axis": 1}),
    (np.nanpercentile, (_with_nan(2, 3, 4), 30.0), {"axis": (0, 2), "keepdims": True}),
    (np.nanpercentile, (_x(5), 33.0), {"method": "hazen"}),
    (np.nanmedian, (_with_nan(2, 3, 4),), {}),
    (np.nanmedian, (_with_nan(3, 4),), {"axis": 0}),
    (np.nanmedian, (_with_nan(2, 3, 4),), {"axis": (1, 2), "keepdims": True}),
]


@pytest.mark.grid(of=8)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s[0].__name__}-{np.shape(s[1][0])}-{s[2]}")
def test_rule(sample):
    primitive, args, kwargs = sample
    check_rule(primitive, *args, **kwargs)


def test_the_median_is_the_quantile_in_the_middle():
    x = _x(3, 5)
    for n in (4, 5):
        found = sct.grad(lambda x, n=n: np.sum(np.quantile(x[:, :n], 0.5, axis=1) ** 2))(x)
        np.testing.assert_allclose(found, sct.grad(lambda x, n=n: np.sum(np.median(x[:, :n], axis=1) ** 2))(x))


@pytest.mark.parametrize("options", [{"method": "inverted_cdf"}, {"method": "inverted_cdf", "weights": np.ones(3)}])
def test_what_the_rule_does_not_cover_is_refused(options):
    with pytest.raises(sct.NoRuleError):
        sct.grad(lambda x: np.quantile(x, 0.5, **options))(np.arange(3.0))
