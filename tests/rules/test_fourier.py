"""The rules of numpy.fft against finite differences."""

import numpy as np
import pytest

from sct.infer.call import infer_call
from sct.infer.signature import abstract
from sct.ir.types import Const, size_add, size_mul
from sct.testing import check_rule

_rng = np.random.default_rng(4)


def _x(*shape, dtype=float):
    x = _rng.normal(size=shape)
    return (x + 1j * _rng.normal(size=shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


_CALLS = [
    ((), {}),
    ((), {"norm": "ortho"}),
    ((), {"norm": "forward"}),
    ((4,), {}),
    ((9,), {}),
    ((), {"axis": 0}),
    ((7, 0, "forward"), {}),
]
_ARRAYS = [_x(6), _x(5), _x(3, 4, 2), _x(6, dtype=complex), _x(2, 5, dtype=complex), _x(4, dtype=np.float32)]
_TRANSFORMS = (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft)
SAMPLES = [
    (f, (a, *args), kwargs)
    for f in _TRANSFORMS
    for a in _ARRAYS
    for args, kwargs in _CALLS
    if f is not np.fft.rfft or a.dtype.kind == "f"
]


@pytest.mark.grid(of=8)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s[0].__name__}-{s[1][0].shape}-{s[1][1:]}-{s[2]}")
def test_rule(sample):
    f, args, kwargs = sample
    check_rule(f, *args, **kwargs)


def test_shapes_with_symbolic_sizes():
    x = abstract(np.zeros((3, 4)), "x")
    a, b = x.shape
    assert infer_call(np.fft.fft, [x], {}).shape == (a, b)
    assert infer_call(np.fft.ifft, [x, Const(8)], {"axis": Const(0)}).shape == (8, b)
    assert infer_call(np.fft.rfft, [x, Const(8)], {}).shape == (a, 5)
    assert infer_call(np.fft.irfft, [x], {}).shape == (a, size_mul(2, size_add(b, 1, -1)))
