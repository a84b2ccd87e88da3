"""The distances of scipy.spatial.distance against finite differences."""

import numpy as np
import pytest
from scipy.spatial import distance

import sct
from sct.registry.others import meet
from sct.testing import check_rule

meet(distance)

_RNG = np.random.default_rng(5)
_A, _B = _RNG.normal(size=(3, 4)), _RNG.normal(size=(2, 4))
_W = np.array([0.5, 1.0, 2.0, 0.7])
_MATRIX = _RNG.normal(size=(4, 4)) + 4.0 * np.eye(4)
_METRICS = "euclidean sqeuclidean cityblock chebyshev canberra braycurtis cosine correlation".split()
_OF_VECTORS = [getattr(distance, name) for name in _METRICS]
_SYMMETRIC = np.abs(_A[0][:, None] - _A[0])

SAMPLES = [
    *[(distance.cdist, (_A, _B, metric), {}) for metric in _METRICS],
    *[(distance.pdist, (_A,), {"metric": metric}) for metric in _METRICS],
    *[(f, (_A[0], _B[0]), {}) for f in _OF_VECTORS],
    *[(f, (_A[0], _B[0], _W), {}) for f in _OF_VECTORS if f is not distance.chebyshev],
    (distance.cdist, (_A, _B), {"metric": "minkowski", "p": 3, "w": _W}),
    (distance.cdist, (_A, _B, "se"), {"V": _W}),
    (distance.cdist, (np.abs(_A), np.abs(_B), "jensenshannon"), {}),
    (distance.cdist, (_RNG.normal(size=(4, 2)), _RNG.normal(size=(3, 2)), "mahalanobis"), {}),
    (distance.pdist, (_RNG.normal(size=(5, 2)), "seuclidean"), {}),
    (distance.pdist, (_RNG.normal(size=(5, 2)), "mahalanobis"), {}),
    (distance.cdist, (_A, _B, distance.sqeuclidean), {}),
    (distance.minkowski, (_A[0], _B[0], 3), {}),
    (distance.mahalanobis, (_A[0], _B[0], _MATRIX @ _MATRIX.T), {}),
    (distance.seuclidean, (_A[0], _B[0], _W), {}),
    (distance.jensenshannon, (np.abs(_A[0]), np.abs(_B[0])), {}),
    (distance.jensenshannon, (np.abs(_A), np.abs(_A[::-1] + 0.1)), {"base": 2.0, "axis": 1, "keepdims": True}),
    (distance.squareform, (_RNG.normal(size=6),), {}),
    (distance.squareform, (_SYMMETRIC,), {"checks": False}),
]


@pytest.mark.grid(of=8)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s[0].__name__)
def test_distance(sample):
    function, args, kwargs = sample
    check_rule(function, *args, **kwargs)


def test_a_point_and_itself():
    """The distance has a derivative of 0 there, where a quotient of zeros would give nan."""

    def energy(x):
        return np.sum(np.exp(-distance.cdist(x, x)))

    np.testing.assert_allclose(sct.grad(energy)(_A), -sct.grad(lambda x: -2.0 * np.sum(np.exp(-distance.pdist(x))))(_A))


def test_into_an_array():
    def f(x):
        d = np.zeros((3, 3))
        e = distance.cdist(x, x[::-1], out=d)
        d[0] *= 2.0
        return np.sum(d * e)

    sct.check_grads(f, (_A,), modes=("reverse", "forward"))


def test_numbers_of_another_dtype():
    whole = np.array([[0, 3], [4, 0]], np.uint8)
    value, x_bar = sct.value_and_grad(lambda x: np.sum(distance.cdist(x, whole)))(np.array([[0.0, 0.0]], np.float32))
    assert value == 7.0 and x_bar.dtype == np.float32
    np.testing.assert_allclose(x_bar, [[-1.0, -1.0]])


def test_what_is_refused():
    with pytest.raises(sct.NoRuleError, match="no derivative rule for metric='hamming'"):
        sct.grad(lambda x: np.sum(distance.cdist(x, x, "hamming")))(_A)
    with pytest.raises(ValueError, match="columns"):
        sct.grad(lambda x: np.sum(distance.cdist(x, x[:, :1])))(_A)
    with pytest.raises(ValueError, match="binomial"):
        sct.grad(lambda x: np.sum(distance.squareform(x)))(np.ones(5))
    with pytest.raises(ValueError, match="not one of distances"):
        sct.grad(lambda x: np.sum(distance.squareform(x)))(_MATRIX)
