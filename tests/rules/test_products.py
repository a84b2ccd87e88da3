"""The rules for products against finite differences, and the text of the ones that a person would write."""

import operator

import numpy as np
import pytest
from sources import define

import sct
from sct.registry.rules import adjoint_rule, primitives
from sct.testing import check_rule

pytestmark = pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")

_rng = np.random.default_rng(2)


def _x(*shape, dtype=float):
    x = _rng.uniform(0.3, 1.7, shape) * _rng.choice([-1.0, 1.0], shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * _rng.uniform(-1.0, 1.0, shape)
    return np.asarray(x, dtype=dtype)


def _strided(*shape):
    """An array that is not contiguous."""
    return _x(*shape[:-1], 2 * shape[-1])[..., ::2]


# What NumPy takes up to 2.4.
_IN_THE_PLANE = (
    [
        (np.cross, (_x(2), _x(2)), {}),
        (np.cross, (_x(2), _x(4, 2)), {}),
        (np.cross, (_x(2), _x(4, 3)), {}),
        (np.cross, (_x(3, 3), _x(1, 2)), {}),
        (np.cross, (_x(2, 3), _x(2, 3)), {"axis": 0}),
        (np.cross, (_x(2, 4), _x(4, 3)), {"axisa": 0, "axisc": 0}),
    ]
    if np.lib.NumpyVersion(np.__version__) < "2.5.0"
    else []
)

# Pairs of shapes, every combination of ranks 1 to 4, unit axes, empty axes.
_MATMUL = [
    ((3,), (3,)),
    ((1,), (1,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((1, 3), (3, 1)),
    ((2, 1), (1, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (1, 3, 4)),
    ((2, 5, 2, 3), (3,)),
    ((3,), (2, 5, 3, 4)),
    ((2, 5, 2, 3), (3, 4)),
    ((2, 3), (2, 5, 3, 4)),
    ((2, 1, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (2, 1, 3, 4)),
    ((0,), (0,)),
    ((2, 0), (0, 3)),
    ((0, 2, 3), (3, 4)),
    ((5, 2, 0), (0,)),
]
_DOT = [
    ((), ()),
    ((), (3,)),
    ((2, 3), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((1, 3), (3, 1)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (4, 3, 2)),
    ((2, 5, 2, 3), (4, 3, 2)),
    ((3,), (0, 3, 2)),
]
_INNER = [
    ((), (2, 3)),
    ((3,), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (4, 3)),
    ((2, 3), (1, 3)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 2, 3)),
    ((5, 2, 3), (4, 3)),
    ((5, 2, 3), (4, 2, 3)),
    ((0, 3), (2, 3)),
]
_DTYPES = [(float, float), (np.float32, np.float32), (np.float32, float), (complex, complex), (float, complex)]

_PAIRS = [
    (f, (_x(*a, dtype=p), _x(*b, dtype=q)), {})
    for f, shapes in [(operator.matmul, _MATMUL), (np.dot, _DOT), (np.inner, _INNER)]
    for a, b in shapes
    for p, q in _DTYPES
]

_EINSUM = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ij,jk->ki", (2, 3), (3, 4)),
    ("i,i->", (3,), (3,)),
    ("i,i", (3,), (3,)),
    ("i,j->ij", (3,), (2,)),
    ("ij,ij->i", (2, 3), (2, 3)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("ii->", (3, 3)),
    ("iij->j", (3, 3, 2)),
    ("iji->ij", (3, 2, 3)),
    ("iii->i", (3, 3, 3)),
    ("iii->", (3, 3, 3)),
    ("iijj->", (2, 2, 3, 3)),
    ("ii,i->", (3, 3), (3,)),
    ("iij,jk->k", (2, 2, 3), (3, 4)),
    ("ij->", (2, 3)),
    ("ij->j", (2, 3)),
    ("ij->i", (2, 3)),
    ("ij->ji", (2, 3)),
    ("ba", (2, 3)),
    ("ijk->kij", (2, 3, 4)),
    ("ij,k->", (2, 3), (4,)),
    ("ij,k->i", (2, 3), (4,)),
    ("i,->i", (3,), ()),
    (",->", (), ()),
    ("...i->...", (2, 4, 3)),
    ("...ij,...jk->...ik", (5, 2, 3), (5, 3, 4)),
    ("...ij,...jk", (5, 2, 3), (3, 4)),
    ("...ij,...jk->...ik", (1, 2, 3), (5, 3, 4)),
    ("...ij,jk->i...k", (5, 2, 3), (3, 4)),
    ("...,...", (2, 3), (3,)),
    ("i...->...", (2, 3, 4)),
    (" i j , j k -> i k ", (2, 3), (3, 4)),
    ("ij,ij->ij", (1, 3), (2, 3)),
    ("ij,ij->", (2, 3), (2, 1)),
    ("ij,ij->i", (2, 3), (2, 1)),
    ("ij,i->j", (1, 3), (4,)),
    ("ii,i->i", (1, 1), (3,)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("i,ij,j->", (2,), (2, 3), (3,)),
    ("bi,bj,bk,ijk->b", (2, 3), (2, 2), (2, 4), (3, 2, 4)),
    ("ij,jk->ik", (0, 3), (3, 4)),
    ("ij,jk->ik", (2, 0), (0, 4)),
]
_EINSUM_SAMPLES = [
    (np.einsum, (subscripts, *(_x(*s, dtype=dtype) for s in shapes)), {})
    for subscripts, *shapes in _EINSUM
    for dtype in (float, np.float32, complex)
] + [
    (np.einsum, ("ij,jk,kl->il", _x(2, 3), _x(3, 4), _x(4, 2)), {"optimize": True}),
    (np.einsum, ("ij,jk,kl->il", _x(2, 3), _x(3, 4), _x(4, 2)), {"optimize": "greedy"}),
    (np.einsum, ("ij,jk->ik", _x(2, 3), _x(3, 4)), {"optimize": True}),
    (np.einsum, ("i,ij,jk,k->", _x(2), _x(2, 3), _x(3, 4), _x(4)), {"optimize": True}),
    (np.einsum, ("ij,jk->ik", _x(2, 3, dtype=np.float32), _x(3, 4, dtype=np.float32)), {"dtype": np.float64}),
]

_TENSORDOT = [
    ((2, 3), (3, 4), 1),
    ((2, 3), (2, 3), 2),
    ((2,), (3, 4), 0),
    ((), (3,), 0),
    ((4, 2, 3), (2, 3, 5), 2),
    ((4, 2, 3), (3, 2, 5), ((1, 2), (1, 0))),
    ((4, 2, 3), (3, 2, 5), ([2, 1], [0, 1])),
    ((2, 3, 4), (5, 3, 2), ((0, 1), (2, 1))),
    ((2, 3, 4), (5, 3, 2), ((-3, -2), (-1, -2))),
    ((2, 3), (4, 3), (1, 1)),
    ((2, 3), (2, 4), (0, 0)),
    ((2, 3), (3, 2), ((0, 1), (1, 0))),
    ((2, 3, 4), (4, 2, 3), ((0, 1, 2), (1, 2, 0))),
    ((2, 0), (0, 3), 1),
    ((1, 3), (3, 1), 1),
]
_TENSORDOT_SAMPLES = [
    (np.tensordot, (_x(*a, dtype=dtype), _x(*b, dtype=dtype), axes), {})
    for a, b, axes in _TENSORDOT
    for dtype in (float, complex)
] + [
    (np.tensordot, (_x(4, 2, 3), _x(2, 3, 5)), {}),
    (np.tensordot, (_x(2, 3, dtype=np.float32), _x(3, 4, dtype=np.float32)), {"axes": 1}),
    (np.linalg.tensordot, (_x(4, 2, 3), _x(3, 2, 5)), {"axes": ((1, 2), (1, 0))}),
    (np.linalg.tensordot, (_x(2, 2), _x(2, 3)), {"axes": 1}),
]

_OUTER = [((3,), (2,)), ((1,), (2,)), ((), (2,)), ((2, 3), (2,)), ((3,), (2, 1, 2)), ((0,), (2,)), ((), ())]
_KRON = [
    ((3,), (2,)),
    ((2, 3), (2, 2)),
    ((1, 3), (2, 1)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((2,), (2, 3)),
    ((2, 3), (2,)),
    ((2, 1, 3), (2, 2)),
    ((0, 2), (3, 2)),
]
_OTHER = (
    [(np.outer, (_x(*a, dtype=t), _x(*b, dtype=t)), {}) for a, b in _OUTER for t in (float, np.float32, complex)]
    + [(np.kron, (_x(*a, dtype=t), _x(*b, dtype=t)), {}) for a, b in _KRON for t in (float, np.float32, complex)]
    + [
        (np.vdot, (_x(*a, dtype=p), _x(*b, dtype=q)), {})
        for a, b in [((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (6,)), ((6,), (3, 2)), ((), ()), ((), (1,)), ((0,), (0,))]
        for p, q in [*_DTYPES, (complex, float)]
    ]
    + [
        (np.trace, args, kwargs)
        for dtype in (float, complex)
        for args, kwargs in [
            ((_x(3, 3, dtype=dtype),), {}),
            ((_x(2, 3, dtype=dtype),), {}),
            ((_x(3, 2, dtype=dtype), 1), {}),
            ((_x(3, 4, dtype=dtype),), {"offset": -1}),
            ((_x(3, 4, dtype=dtype), 1, 1, 0), {}),
            ((_x(3, 4, dtype=dtype),), {"axis1": -1, "axis2": -2}),
            ((_x(3, 4, 2, dtype=dtype),), {}),
            ((_x(3, 4, 2, dtype=dtype),), {"offset": 1, "axis1": 2, "axis2": 0}),
            ((_x(2, 3, 4, 2, dtype=dtype),), {"axis1": -2, "axis2": 1}),
            ((_x(0, 0, dtype=dtype),), {}),
            ((_x(1, 1, dtype=dtype),), {}),
        ]
    ]
    + [
        (np.trace, (_x(3, 3, dtype=np.float32),), {}),
        (np.trace, (_x(3, 3, dtype=np.float32),), {"dtype": np.float64}),
        (np.linalg.trace, (_x(2, 3, 4),), {"offset": 1}),
        (np.linalg.trace, (_x(3, 3),), {}),
        (np.cross, (_x(3), _x(3)), {}),
        (np.cross, (_x(3, dtype=np.float32), _x(3, dtype=np.float32)), {}),
        (np.cross, (_x(2, 3, dtype=complex), _x(3, dtype=complex)), {}),
        (np.cross, (_x(1, 3), _x(4, 3)), {}),
        (np.cross, (_x(3), _x(2, 4, 3)), {}),
        (np.cross, (_x(3, 2), _x(3, 2)), {"axis": 0}),
        (np.cross, (_x(3, 2), _x(2, 3), 0, 1, 0), {}),
        (np.cross, (_x(2, 3), _x(3, 1)), {"axisb": 0, "axisc": 0}),
        *_IN_THE_PLANE,
        (np.linalg.cross, (_x(2, 3), _x(2, 3)), {}),
        (np.linalg.cross, (_x(3, 2), _x(3, 2)), {"axis": 0}),
        (np.linalg.matmul, (_x(2, 3), _x(3, 4)), {}),
        (np.linalg.outer, (_x(2), _x(3)), {}),
        (np.linalg.multi_dot, ([_x(2, 3), _x(3, 4)],), {}),
        (np.linalg.multi_dot, ([_x(2, 3), _x(3, 4), _x(4, 2)],), {}),
        (np.linalg.multi_dot, ([_x(3), _x(3, 4), _x(4, 2)],), {}),
        (np.linalg.multi_dot, ([_x(2, 3), _x(3, 4), _x(4)],), {}),
        (np.linalg.multi_dot, ([_x(3), _x(3, 4), _x(4, 2), _x(2)],), {}),
        (np.linalg.multi_dot, ([_x(3), _x(3)],), {}),
        (np.linalg.multi_dot, ((_x(3, 2, dtype=complex), _x(2, 2, dtype=complex), _x(2, 3, dtype=complex)),), {}),
    ]
    + [
        (f, (_x(*a, dtype=p), _x(*b, dtype=q)), kwargs)
        for f in (np.vecdot, np.linalg.vecdot)
        for a, b, kwargs in [
            ((3,), (3,), {}),
            ((2, 3), (3,), {}),
            ((1, 3), (2, 3), {}),
            ((4, 1, 3), (2, 3), {}),
            ((3, 2), (3, 2), {"axis": 0}),
            ((0, 3), (3,), {}),
        ]
        for p, q in [(float, float), (complex, complex), (complex, float), (float, complex)]
    ]
    + [(np.vecdot, (_x(3, 2), _x(3, 2)), {"axis": 0, "keepdims": True})]
    + [
        (f, (_x(n, dtype=t), _x(m, dtype=t)), {"mode": mode})
        for f in (np.convolve, np.correlate)
        for n, m in [(5, 3), (3, 5), (4, 2), (2, 4), (3, 3), (1, 4), (4, 1)]
        for mode in ("full", "same", "valid")
        for t in (float, complex)
    ]
    + [
        (np.convolve, (_x(4, dtype=np.float32), _x(2, dtype=np.float32)), {}),
        (np.correlate, (_x(4), _x(2)), {}),
        (np.convolve, (_x(), _x(3)), {}),
    ]
)
if hasattr(np, "matvec"):
    _OTHER += [
        (np.matvec, (_x(*a, dtype=t), _x(*b, dtype=t)), {})
        for a, b in [((2, 3), (3,)), ((5, 2, 3), (3,)), ((2, 3), (5, 3)), ((1, 2, 3), (5, 3))]
        for t in (float, complex)
    ]
    _OTHER += [
        (np.vecmat, (_x(*a, dtype=t), _x(*b, dtype=t)), {})
        for a, b in [((2,), (2, 3)), ((5, 2), (2, 3)), ((2,), (5, 2, 3)), ((5, 2), (1, 2, 3))]
        for t in (float, complex)
    ]
_KEYWORDS = [
    (np.matmul, (_x(2, 3), _x(3, 4)), {}),
    (np.matmul, (_strided(2, 3), _strided(3, 4).T.copy().T), {}),
    (np.matmul, (_x(2, 3, dtype=np.float32), _x(3, 4, dtype=np.float32)), {"dtype": np.float64}),
    (np.dot, (_strided(2, 3), _strided(3)), {}),
    (np.dot, (2.0, _x(3)), {}),
    (np.dot, (_x(2, 3, dtype=np.float32), 2.0), {}),
    (np.dot, (_x(3), [1.0, 0.0, 2.0]), {}),
    (operator.matmul, (_strided(5, 2, 3), _strided(3, 4)), {}),
    (operator.matmul, (_x(3), [1, 0, 2]), {}),
]

SAMPLES = _PAIRS + _EINSUM_SAMPLES + _TENSORDOT_SAMPLES + _OTHER + _KEYWORDS


def _name(sample):
    f, args, kwargs = sample
    parts = [
        f"{a.dtype.char}{a.shape}" if isinstance(a, np.ndarray) else type(a).__name__ if isinstance(a, list) else a
        for a in args
    ]
    return f"{f.__name__}-{'-'.join(map(str, parts))}-{kwargs or ''}"


@pytest.mark.grid(of=16)
@pytest.mark.parametrize(("primitive", "args", "kwargs"), SAMPLES, ids=map(_name, SAMPLES))
def test_against_finite_differences(primitive, args, kwargs):
    check_rule(primitive, *args, **kwargs)


@pytest.mark.parametrize(
    ("primitive", "args", "kwargs"),
    [
        (operator.matmul, (_x(2, 3), _x(3, 2)), {}),
        (np.dot, (_x(2, 2, 3), _x(2, 3, 2)), {}),
        (np.inner, (_x(2, 3), _x(2, 3)), {}),
        (np.outer, (_x(2), _x(3)), {}),
        (np.tensordot, (_x(2, 3, 2), _x(2, 3), ((0, 1), (0, 1))), {}),
        (np.einsum, ("ij,jk->ik", _x(2, 3), _x(3, 2)), {}),
        (np.einsum, ("ii->i", _x(2, 2)), {}),
        (np.einsum, ("ij->", _x(2, 2)), {}),
        (np.kron, (_x(2, 2), _x(2)), {}),
        (np.trace, (_x(2, 2),), {}),
        (np.cross, (_x(3), _x(2, 3)), {}),
        *_IN_THE_PLANE[1:2],
        (np.convolve, (_x(3), _x(2)), {"mode": "same"}),
    ],
)
def test_second_order(primitive, args, kwargs):
    check_rule(primitive, *args, order=2, **kwargs)


def test_einsum_with_sublists_is_refused():
    with pytest.raises(NotImplementedError, match="string"):
        adjoint_rule(np.einsum).function(None, _x(2), [0], y_bar=1.0)


def _real_arrays(sample):
    _, args, kwargs = sample
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    plain = isinstance(args[0], (np.ndarray, str)) and all(isinstance(a, (np.ndarray, int, tuple, str)) for a in args)
    return plain and "dtype" not in kwargs and not any(np.iscomplexobj(a) for a in arrays)


@pytest.mark.parametrize("sample", list(filter(_real_arrays, SAMPLES)), ids=_name)
def test_single_precision_stays(sample):
    """Rules compute in the precision of their operands."""
    primitive, args, kwargs = sample
    args = [a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in args]
    y = primitive(*args, **kwargs)
    rule = adjoint_rule(primitive)
    y_bar = np.ones_like(y)
    if primitive is np.einsum:
        adjoints = rule.function(y, *args, y_bar=y_bar, **kwargs)[1:]
    else:
        arrays = [a for a in args if isinstance(a, np.ndarray)]
        adjoints = rule.function(y, *arrays, y_bar, *args[len(arrays) :], **kwargs)
    for x_bar in adjoints if isinstance(adjoints, tuple) else (adjoints,):
        assert np.asarray(x_bar).dtype == np.float32


def test_every_rule_has_a_sample():
    sampled = {primitive for primitive, _, _ in SAMPLES}
    own = {p for p in primitives() if adjoint_rule(p).function.__module__ == "sct.rules.products"}
    assert own <= sampled


def test_einsum_of_unknown_rank_is_refused():
    text = """def f(x):
    y = x[:1, :1]
    for i in range(2):
        x, y = y, np.sum(x)
        x = x * np.ones((2, 2))
    return np.sum(np.einsum('ij,jk->ik', x, np.ones((2, 2))))
"""
    with pytest.raises(sct.UnsupportedSyntaxError):
        sct.grad(define(text, "f"))(np.ones((2, 2)))
