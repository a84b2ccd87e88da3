"""The rules of scipy.integrate against finite differences."""

import numpy as np
import pytest
from scipy import integrate

import sct
from sct.testing import check_rule

_rng = np.random.default_rng(8)
_ROWS = _rng.normal(size=(6, 2))
_POINTS = np.cumsum(_rng.uniform(0.2, 1.0, size=(6, 2)), axis=0)
_ALONG = [
    (n, kwargs)
    for n in (2, 3, 4, 5, 6)
    for kwargs in (
        {},
        {"dx": 0.3},
        {"x": _POINTS[:n, 0]},
        {"axis": 0},
        {"axis": 0, "x": _POINTS[:n, 0]},
        {"axis": 0, "x": _POINTS[:n]},
    )
]
SAMPLES = [
    (f, (_ROWS[:n] if "axis" in kwargs else _ROWS[:n, 0],), kwargs)
    for f in (integrate.simpson, integrate.trapezoid, integrate.cumulative_trapezoid)
    for n, kwargs in _ALONG
]
SAMPLES += [(integrate.cumulative_trapezoid, (_ROWS,), {"axis": 0, "initial": 0})]
SAMPLES += [(integrate.simpson, (_ROWS[:, 0].tolist(),), {})]
_LABELS = [f"{f.__name__}-{k}" for k, (f, _, _) in enumerate(SAMPLES)]


@pytest.mark.grid(of=6)
@pytest.mark.parametrize("sample", SAMPLES, ids=_LABELS)
def test_rule(sample):
    f, args, kwargs = sample
    check_rule(f, *args, **kwargs)


@pytest.mark.grid(of=12, each=False)
@pytest.mark.parametrize("sample", SAMPLES, ids=_LABELS)
def test_second_order(sample):
    f, args, kwargs = sample
    check_rule(f, *args, order=2, **kwargs)


def test_points_that_are_one():
    x = np.array([0.0, 0.0, 1.0, 1.0, 2.0])
    value, y_bar = sct.vjp(lambda y: integrate.simpson(y, x=x))(x + 1.0, 1.0)
    assert value == pytest.approx(integrate.simpson(x + 1.0, x=x))
    np.testing.assert_allclose(y_bar, [1 / 3, 0.0, 2 / 3, 0.0, 1 / 3])


def test_a_first_value_that_scipy_does_not_take():
    with pytest.raises(ValueError, match="must be `None` or `0`"):
        sct.grad(lambda y: np.sum(integrate.cumulative_trapezoid(y, initial=1.0)))(np.ones(4))


def test_what_calls_a_function_is_refused():
    with pytest.raises(sct.NoRuleError, match=r"^scipy\.integrate\.quad has no derivative rule"):
        sct.grad(lambda a: integrate.quad(np.sin, 0.0, a)[0])(2.0)
