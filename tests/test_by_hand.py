"""Generated gradients call NumPy no more often, and make no more memory, than gradients written by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest

import sct

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
from cases import CASES  # noqa: E402


class Counted(np.ndarray):
    """An array that counts what is done with it, and the bytes of new arrays."""

    calls = 0
    made = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        if out is not None:
            kwargs["out"] = tuple(map(plain, out))
        return self.count(getattr(ufunc, method)(*map(plain, inputs), **kwargs), inputs if out is None else out)

    def __array_function__(self, func, types, args, kwargs):
        if func in (np.sum, np.max):  # these call a method, which is counted
            return func._implementation(*args, **kwargs)
        return self.count(func._implementation(*map(plain, args), **{k: plain(v) for k, v in kwargs.items()}), args)

    @staticmethod
    def count(result, given):
        Counted.calls += 1
        if not isinstance(result, np.ndarray):
            return result
        if not any(isinstance(a, np.ndarray) and np.shares_memory(result, a) for a in given):
            Counted.made += result.nbytes
        return result.view(Counted)


def plain(value):
    return np.asarray(value) if isinstance(value, Counted) else value


def counts(f, args):
    """The calls of NumPy and the bytes that a function comes to."""
    Counted.calls = Counted.made = 0
    f(*(a.view(Counted) if isinstance(a, np.ndarray) else a for a in args))
    return Counted.calls, Counted.made


def softmax_of_any_labels(W, b, x, y):
    """The textbook's form, for labels whose rows need not add up to 1."""
    a = x @ W + b
    e = np.exp(a - np.max(a, axis=1, keepdims=True))
    a_bar = (y.sum(axis=1, keepdims=True) / np.sum(e, axis=1, keepdims=True) * e - y) / len(x)
    return x.T @ a_bar, a_bar.sum(axis=0)


BY_NAME = {case.name: case for case in CASES}
SOFTMAX, LOGISTIC = BY_NAME["softmax layer 128 x 64 x 10"], BY_NAME["logistic regression 500 x 20"]
FORMS = [
    *((case, case.by_hand) for case in CASES if any(isinstance(a, np.ndarray) for a in case.args)),
    (LOGISTIC, LOGISTIC.simplified),
    (SOFTMAX, softmax_of_any_labels),
]


@pytest.mark.parametrize(("case", "hand"), FORMS, ids=lambda p: getattr(p, "name", getattr(p, "__name__", "")))
def test_no_more_calls_and_no_more_memory(case, hand):
    generated = sct.grad(case.function, case.wrt).specialize(*case.args)
    for found, expected in zip(generated(*case.args), hand(*case.args), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    calls, made = counts(generated, case.args)
    calls_by_hand, made_by_hand = counts(hand, case.args)
    assert 0 < calls <= calls_by_hand
    assert 0 < made <= made_by_hand
