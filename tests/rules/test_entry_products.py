"""The rules of products of entries where one of them is 0, or where the product underflows or overflows."""

import numpy as np
import pytest

import sct
from sct.rules.reductions import products_of_others, recurrence, running_product_adjoint
from sct.testing import check_grads, check_rule

_ZEROS = np.array([[0.5, 0.0, 1.5, -0.7], [1.2, 0.8, -0.4, 2.0], [0.0, 1.1, 0.0, 0.9]])

SAMPLES = [
    (products_of_others, (_ZEROS, 1, 1, np.zeros((3, 1))), {}),
    (products_of_others, (_ZEROS, None, 2.0, 0.0), {}),
    (products_of_others, (np.reshape(_ZEROS, (3, 2, 2)), (0, 2), 1, np.zeros((1, 2, 1))), {}),
    (products_of_others, (_ZEROS[0], 0, 1, np.zeros(1)), {}),
    (products_of_others, (_ZEROS[:1], 0, 1, _ZEROS[:1]), {}),
    (running_product_adjoint, (_ZEROS, np.cos(_ZEROS), 1, np.cumprod(_ZEROS, 1)), {}),
    (running_product_adjoint, (_ZEROS[0], np.cos(_ZEROS[0]), 0, np.cumprod(_ZEROS[0])), {}),
    *((recurrence, (np.cos(np.arange(float(n))), np.sin(np.arange(n - 1.0))), {}) for n in (1, 2, 3, 4, 7, 8)),
    (recurrence, (_ZEROS, _ZEROS[1:] - 0.3), {}),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s[0].__name__)
def test_rule(sample):
    primitive, args, kwargs = sample
    check_rule(primitive, *args, **kwargs)


def product(x):
    return np.prod(x)


def running(x, w):
    return np.sum(w * np.cumprod(x))


def without(x, *gone):
    """The product of the entries but for some, in extended precision."""
    return float(np.prod(np.delete(x, gone).astype(np.longdouble)))


def entry(x, k):
    return sct.grad(product)(x)[k]


def running_entry(x, w, k):
    return sct.grad(running)(x, w)[k]


ENTRIES = [
    [1e-200, 1e-200],
    [1e200, 1e200],
    [1e-300, 1e-300, 1e-300, 2.0],
    [0.0, 1e-200, 1e200],
    [0.0, 0.0, 3.0],
    [0.0, 3.0],
    [0.0],
    [2.0],
    [1e-12, 1.0, 3.0],
    [1.5, -2.0, 0.5, 0.25, -3.0],
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("entries", ENTRIES, ids=str)
def test_a13_products_of_any_size_to_second_order(entries):
    x = np.array(entries)
    n = len(x)
    np.testing.assert_allclose(sct.grad(product)(x), [without(x, k) for k in range(n)], rtol=1e-14)
    for k in range(n):
        expected = [0.0 if j == k else without(x, j, k) for j in range(n)]
        np.testing.assert_allclose(sct.grad(entry)(x, k), expected, rtol=1e-14)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("entries", ENTRIES, ids=str)
def test_a13_running_products_of_any_size_to_second_order(entries):
    x = np.array(entries)
    n = len(x)
    w = np.cos(np.arange(1.0, n + 1.0))
    first = [sum(w[i] * without(x[: i + 1], k) for i in range(k, n)) for k in range(n)]
    np.testing.assert_allclose(sct.grad(running)(x, w), first, rtol=1e-13)
    for k in range(n):
        second = [0.0 if j == k else sum(w[i] * without(x[: i + 1], j, k) for i in range(max(j, k), n)) for j in range(n)]
        np.testing.assert_allclose(sct.grad(running_entry)(x, w, k), second, rtol=1e-13)


def test_a13_in_single_precision():
    x = np.array([1e-30, 1e-30, 2.0], np.float32)
    gradient = sct.grad(product)(x)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, [2e-30, 2e-30, 0.0], rtol=1e-6)
    np.testing.assert_allclose(sct.grad(entry)(x, 0), [0.0, 2.0, 1e-30], rtol=1e-6)
    np.testing.assert_allclose(sct.grad(lambda x: np.cumprod(x)[1])(x), [1e-30, 1e-30, 0.0], rtol=1e-6)
    wide = sct.grad(lambda x: np.prod(x, dtype=np.float64))(np.array([1e-25, 1e-25, 1e20], np.float32))
    np.testing.assert_allclose(wide, [1e-5, 1e-5, 0.0], rtol=1e-6)


_MASK = np.array([[True, True, False, True], [True, False, True, True], [True, True, True, True]])
CALLS = [
    lambda x: np.prod(x),
    lambda x: np.prod(x, axis=0),
    lambda x: np.prod(x, axis=(1, 0), keepdims=True),
    lambda x: np.prod(x, axis=-1, keepdims=True, initial=2.0),
    lambda x: np.prod(x, axis=1, where=_MASK),
    lambda x: x.prod(axis=1, where=_MASK, initial=0.5),
    lambda x: np.nanprod(np.where(_MASK, x, np.nan), axis=1),
    lambda x: np.cumprod(x),
    lambda x: np.cumprod(x, axis=0),
    lambda x: x.cumprod(axis=-1),
    lambda x: np.nancumprod(np.where(_MASK, x, np.nan), axis=0),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", CALLS)
def test_a13_keywords_to_second_order(f):
    check_grads(f, (_ZEROS,), order=2)


def test_a13_to_third_order():
    def third(x, i, j):
        return sct.grad(entry)(x, i)[j]

    def third_running(x, w, i, j):
        return sct.grad(running_entry)(x, w, i)[j]

    for x in (np.array([2.0, 3.0, 5.0, 7.0]), np.array([2.0, 0.0, 0.0, 7.0])):
        np.testing.assert_allclose(sct.grad(third)(x, 0, 2), [0.0, x[3], 0.0, x[1]])
        np.testing.assert_allclose(sct.grad(third_running)(x, np.ones(4), 0, 2), [0.0, 1.0 + x[3], 0.0, x[1]], atol=1e-14)


def test_a13_entries_that_are_not_numbers_stay_with_themselves():
    np.testing.assert_array_equal(sct.grad(product)(np.array([np.nan, 2.0])), [2.0, np.nan])
    np.testing.assert_array_equal(sct.grad(lambda x: np.nanprod(x))(np.array([np.nan, 2.0, 3.0])), [0.0, 3.0, 2.0])
    np.testing.assert_array_equal(sct.grad(product)(np.zeros(0)), np.zeros(0))


def test_a13_of_complex_entries():
    z = np.array([1.0 + 2.0j, 0.0, 3.0 - 1.0j])
    np.testing.assert_allclose(sct.grad(product, holomorphic=True)(z), [0.0, (1 + 2j) * (3 - 1j), 0.0])
