"""Methods and attributes of arrays that are no functions of NumPy's."""

import numpy as np
import pytest

import sct
from sct.ir.ops import Attribute, Method
from sct.registry.refusals import reason_for
from sct.testing import check_grads

_X = np.array([[0.3, -1.2, 0.7], [1.5, 0.2, -0.4]])
SAMPLES = []


def parts(x):
    return x.compress([True, False, True], 1), x.compress(np.array([False, True])), x.T.compress([1, 0], axis=-1)


def entries(x):
    return x.item(1) * x.item(0, 2) + x.item((1, 1)) * x[0, 0].item() * x.T.item(-1)


def lists(x):
    a = x.tolist()
    return a[0][1] * sum(x.ravel().tolist()) * a[1][2], x[0, 0].tolist()


def views(x):
    y = x * 2.0
    y.view()[0] = x[1] ** 2
    return y, y.view(float) * x, y.view(np.ndarray).T * 2.0


def devices(x):
    return x.to_device("cpu") ** 2


def forms(x):
    return x * x.ndim * x.size * x.itemsize * x.nbytes * x.strides[0] * x.shape[1] * x.dtype.itemsize * (x.device == "cpu")


def ordered(x):
    y = x * 1.0
    y.partition(1)
    z = x * 1.0
    z.partition(1, axis=0)
    return y * np.arange(3.0), z * np.arange(6.0).reshape(2, 3)


def flat_entries(x):
    return x.flat[3] ** 2, x.flat[1:4], x.T.flat[[0, 2]], x.flat[x.ravel() > 0.0], np.sum(x.flat), len(x.flat) * x


def flat_one_by_one(x):
    s = 0.0
    for k, v in enumerate(x.T.flat):
        s += k * v * v
    return s, np.array([a * b for a, b in zip(x.flat, x.T.flat, strict=True)]), np.array(list(x.flat))


def flat_sees_writes(x):
    y = x * 1.0
    entries, before = y.flat, y.flat[1:4]
    y[0] = 7.0 * x[1]
    s = 0.0
    for k, v in enumerate(y.T.flat):
        y[0, k % 3] += k * v
        s += v
    return before * y[0], entries[1:4] ** 2, s, np.array(y.flat)


def written_by_flat(x):
    y = x * 1.0
    y.flat[2] = x[0, 0] ** 2
    y.T.flat[1:4] += 3.0 * x[0]
    y.flat[[0, 4]] *= 3.0
    z = x * 1.0
    z.flat = x[0, :2] ** 2
    w = x * 1.0
    w.flat[x.ravel() > 0.0] = x[0, 1]
    w.flat[-1] = x[0, 0]
    return y**2, z**3, w**2


@pytest.mark.parametrize(
    "f",
    [
        *(parts, entries, lists, views, devices, forms, ordered),
        *(flat_entries, flat_one_by_one, flat_sees_writes, written_by_flat),
    ],
)
def test_derivative(f):
    check_grads(f, (_X,))


@pytest.mark.parametrize(
    ("op", "f"),
    [
        (Method("view"), lambda x: np.sum(x.view(np.int64) * x)),
        (Method("getfield"), lambda x: np.sum(x.getfield(np.float64))),
        (Attribute("flags"), lambda x: x.flags * x[0, 0]),
        (Attribute("data"), lambda x: x.data * x[0, 0]),
    ],
    ids=lambda v: v.name if hasattr(v, "name") else "",
)
def test_refused(op, f):
    for transform in (lambda f: sct.grad(f)(_X), lambda f: sct.jvp(f)(_X, _X)):
        with pytest.raises(sct.NoRuleError) as caught:
            transform(f)
        assert caught.value.advice == reason_for(op)
