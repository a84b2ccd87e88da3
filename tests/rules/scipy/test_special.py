"""The rules of scipy.special against finite differences, and against mpmath."""

import numpy as np
import pytest
from scipy import special

import sct
from sct.testing import check_rule

_X = np.array([0.3, 1.7, 4.2])
SAMPLES = [
    (special.gamma, (_X,), {}),
    (special.gamma, (np.array([-1.3, 0.4 + 1.2j]),), {}),
    (special.gammaln, (_X,), {}),
    (special.psi, (_X,), {}),
    (special.zeta, (2.5, _X), {"wrt": (1,)}),
    (special.jv, (1.5, _X), {"wrt": (1,)}),
    (special.erf, (_X,), {}),
    (special.erf, (_X + 0.3j,), {}),
    (special.erfc, (_X,), {}),
    (special.expit, (_X,), {}),
    (special.expit, (_X.astype(np.float32),), {}),
    (special.logit, (np.array([0.2, 0.7]),), {}),
    (special.log_expit, (_X,), {}),
    (special.ndtr, (_X,), {}),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s[0].__name__)
def test_rule(sample):
    f, args, kwargs = sample
    check_rule(f, *args, **kwargs)


@pytest.mark.parametrize("transform", [sct.grad, sct.jvp])
def test_an_argument_without_a_formula(transform):
    f = sct.elementwise_grad(special.jv, wrt=1)
    assert f(0, 1.5) == pytest.approx(-special.j1(1.5))
    tangent = (1.0,) if transform is sct.jvp else ()
    with pytest.raises(sct.NoRuleError, match="the derivative of scipy.special.jv by its first argument"):
        transform(lambda v: special.jv(v, 1.5))(0.5, *tangent)
