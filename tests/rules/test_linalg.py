"""The rules for numpy.linalg against finite differences and against autograd."""

import numpy as np
import pytest

import sct
from sct.registry.rules import adjoint_rule, primitives
from sct.rules.linalg import apart, cholesky_adjoint, cofactors, over_gaps
from sct.testing import check_grads, check_rule

_rng = np.random.default_rng(4)


def _x(*shape, dtype=float):
    x = _rng.uniform(0.3, 1.7, shape) * _rng.choice([-1.0, 1.0], shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * _rng.uniform(-1.0, 1.0, shape)
    return np.asarray(x, dtype=dtype)


def _regular(*shape, dtype=float):
    """Matrices far from singular."""
    return (_x(*shape, dtype=dtype) + 3.0 * np.eye(shape[-1])).astype(dtype)


def _symmetric(*shape, dtype=float):
    """Hermitian matrices with distinct eigenvalues."""
    x = 0.3 * _x(*shape, dtype=dtype)
    return (x + np.swapaxes(x, -1, -2).conj() + np.diag(np.arange(1.0, shape[-1] + 1.0) * 2.0)).astype(dtype)


def _positive(*shape, dtype=float):
    x = _x(*shape, dtype=dtype)
    return (x @ np.swapaxes(x, -1, -2).conj() + 2.0 * np.eye(shape[-1])).astype(dtype)


def _graded(*shape, dtype=float):
    """Rectangular matrices with distinct singular values, none of them small."""
    u, s, vh = np.linalg.svd(_x(*shape, dtype=dtype), full_matrices=False)
    return ((u * (1.0 + np.arange(s.shape[-1])[::-1])) @ vh).astype(dtype)


_REAL = [float, np.float32]
_ALL = [float, np.float32, complex]

_NORMS = [
    ((3,), {}),
    ((1,), {}),
    ((2, 3), {}),
    ((2, 3, 4), {}),
    ((2, 3, 4), {"keepdims": True}),
    ((2, 3), {"axis": 1}),
    ((2, 3), {"axis": -2, "keepdims": True}),
    ((2, 3), {"axis": (0,)}),
    ((2, 1), {"axis": 1}),
    ((2, 3, 4), {"axis": (0, 2)}),
    ((2, 3, 4), {"axis": (2, 0), "keepdims": True}),
    ((0,), {}),
    ((0, 3), {"axis": 0}),
    ((3,), {"ord": 2}),
    ((3,), {"ord": 1}),
    ((3,), {"ord": 0}),
    ((3,), {"ord": 3}),
    ((3,), {"ord": -1}),
    ((3,), {"ord": -2}),
    ((2, 3), {"ord": 3, "axis": 0}),
    ((2, 3), {"ord": 1, "axis": -1, "keepdims": True}),
    ((2, 3), {"ord": "fro"}),
    ((2, 3), {"ord": 1}),
    ((2, 3), {"ord": -1}),
    ((2, 3), {"ord": 2}),
    ((2, 3), {"ord": -2}),
    ((3, 2), {"ord": "nuc"}),
    ((2, 3, 4), {"ord": "fro", "axis": (0, 1)}),
    ((2, 3, 4), {"ord": 1, "axis": (0, 2)}),
    ((2, 3, 4), {"ord": 1, "axis": (2, 0), "keepdims": True}),
    ((2, 3, 4), {"ord": 2, "axis": (0, 2)}),
    ((2, 3, 4), {"ord": "nuc", "axis": (2, 0), "keepdims": True}),
]
_MATRICES = [(1, 1), (2, 2), (3, 3), (2, 3, 3), (2, 1, 2, 2), (0, 0), (0, 2, 2)]
_RECTANGLES = [(3, 3), (4, 2), (2, 4), (1, 3), (3, 1), (2, 4, 3), (2, 3, 4), (0, 3, 2)]

SAMPLES = (
    [(np.linalg.norm, (_x(*shape, dtype=t),), kwargs) for shape, kwargs in _NORMS for t in _ALL]
    + [(np.linalg.norm, (_x(2, 3), "fro", (1, 0), True), {})]
    + [
        (np.linalg.vector_norm, (_x(*shape, dtype=t),), kwargs)
        for shape, kwargs in [
            ((3,), {}),
            ((2, 3), {}),
            ((2, 3), {"ord": 3}),
            ((2, 3, 4), {"axis": (0, 2), "ord": 1}),
            ((2, 3, 4), {"axis": -1}),
        ]
        for t in _ALL
    ]
    + [
        (np.linalg.matrix_norm, (_x(*shape, dtype=t),), kwargs)
        for shape, kwargs in [
            ((2, 3), {}),
            ((4, 2, 3), {}),
            ((4, 2, 3), {"ord": 1}),
            ((4, 2, 3), {"ord": -2, "keepdims": True}),
            ((4, 2, 3), {"ord": "nuc"}),
        ]
        for t in _ALL
    ]
    + [
        (np.linalg.solve, (_regular(*a, dtype=t), _x(*b, dtype=t)), {})
        for a, b in [
            ((3, 3), (3,)),
            ((1, 1), (1,)),
            ((3, 3), (3, 2)),
            ((3, 3), (3, 1)),
            ((2, 3, 3), (3,)),
            ((2, 3, 3), (3, 2)),
            ((3, 3), (2, 3, 2)),
            ((2, 3, 3), (2, 3, 2)),
            ((2, 3, 3), (1, 3, 2)),
            ((1, 2, 2), (3, 2, 2)),
            ((2, 2), (2, 2, 2)),
            ((2, 1, 2, 2), (3, 2, 1)),
            ((0, 0), (0,)),
        ]
        for t in _ALL
    ]
    + [(np.linalg.solve, (_regular(2, 2, dtype=complex), _x(2)), {}), (np.linalg.solve, (_regular(2, 2), [1.0, 2.0]), {})]
    + [
        (f, (_regular(*shape, dtype=t),), {})
        for f in (np.linalg.inv, np.linalg.det, np.linalg.slogdet)
        for shape in _MATRICES
        for t in _ALL
    ]
    + [
        # singular, of rank n - 1 and of lower rank
        (np.linalg.det, (np.array(a),), {})
        for a in (
            [[0.0]],
            [[0j]],
            [[1.0, 2.0], [2.0, 4.0]],
            [[0.0, 0.0], [0.0, 0.0]],
            [[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [1.0, -1.0, 3.0]],
            [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]],
            [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 3.0]],
            [[1j, 2.0], [2j, 4.0]],
            [[[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [2.0, -4.0]]],
        )
    ]
    + [
        (np.linalg.cholesky, (_positive(*shape, dtype=t),), kwargs)
        for shape in _MATRICES
        for t in _ALL
        for kwargs in ({}, {"upper": True})
    ]
    + [(np.linalg.eigh, (_symmetric(*shape, dtype=t),), {}) for shape in _MATRICES if shape[-1] for t in _REAL]
    + [(np.linalg.eigh, (_symmetric(3, 3), "U"), {})]
    + [(np.linalg.eigvalsh, (_symmetric(*shape, dtype=t),), {}) for shape in _MATRICES if shape[-1] for t in _ALL]
    + [(np.linalg.eigvalsh, (_symmetric(3, 3),), {"UPLO": "U"})]
    + [(np.linalg.eig, (_symmetric(*shape) + 0.1 * _x(*shape),), {}) for shape in _MATRICES if shape[-1]]
    + [
        (np.linalg.eigvals, (_symmetric(*shape, dtype=t) + 0.1 * _x(*shape, dtype=t),), {})
        for shape in _MATRICES[:4]
        for t in _ALL
    ]
    + [(np.linalg.eigvals, (np.array([[1.0, -2.0], [3.0, 0.5]]),), {})]  # complex values of a real matrix
    + [
        (np.roots, (np.array(p),), {})
        for p in ([1.0, -3.0, 2.0, 0.5], [2.0, 1.0, 4.0], [1.0, 3.0, 1.0, 0.0], [2.0, 3.0], [2.0])
    ]
    + [(np.roots, (_x(4, dtype=complex),), {})]
    + [(np.linalg.svd, (_graded(*shape, dtype=t), False), {}) for shape in _RECTANGLES for t in _REAL]
    + [(np.linalg.svd, (_graded(3, 3),), {})]
    + [(np.linalg.svd, (_graded(*shape, dtype=t),), {"compute_uv": False}) for shape in _RECTANGLES for t in _ALL]
    + [(np.linalg.svdvals, (_graded(*shape, dtype=t),), {}) for shape in _RECTANGLES for t in _ALL]
    + [(np.linalg.qr, (_graded(*shape, dtype=t),), {}) for shape in _RECTANGLES for t in _ALL]
    + [
        (np.linalg.qr, (_graded(*shape, dtype=t),), {"mode": "r"})
        for shape in [(3, 3), (4, 2), (2, 4)]
        for t in (float, complex)
    ]
    + [(np.linalg.qr, (_graded(*shape),), {"mode": "complete"}) for shape in [(3, 3), (4, 3), (2, 4), (2, 3, 2)]]
    + [(np.linalg.qr, (_graded(*shape, dtype=complex),), {"mode": "complete"}) for shape in [(3, 3), (2, 4)]]
    + [(np.linalg.pinv, (_graded(*shape, dtype=t),), {}) for shape in _RECTANGLES for t in _ALL]
    + [
        (np.linalg.lstsq, (_graded(m, n, dtype=t), _x(m, *k, dtype=t)), {"rcond": None})
        for (m, n) in [(4, 2), (3, 3), (2, 4)]
        for k in [(), (2,)]
        for t in _ALL
    ]
    + [
        (np.linalg.lstsq, (_graded(3, 2), _x(3, dtype=complex)), {}),
        (np.linalg.lstsq, (_graded(3, 2, dtype=complex), _x(3, 2)), {"rcond": 1e-10}),
        (np.linalg.lstsq, (_graded(4, 2), [1.0, 2.0, 0.5, 0.3]), {"rcond": -1}),
        *[(np.linalg.lstsq, (_x(*a), _x(*b)), {}) for a, b in (((0, 3), (0,)), ((0, 3), (0, 2)), ((3, 0), (3,)))],
    ]
    + [
        (np.linalg.matrix_power, (_regular(*shape, dtype=t), n), {})
        for shape in [(2, 2), (2, 3, 3)]
        for t in _ALL
        for n in (-3, -2, -1, 0, 1, 2, 3, 6)
    ]
    + [
        (np.linalg.tensorinv, (_x(2, 3, 6),), {}),
        (np.linalg.tensorinv, (_x(4, 2, 2),), {"ind": 1}),
        (np.linalg.matrix_rank, (_x(2, 3),), {}),
        (np.linalg.matrix_rank, (_x(2, 3, 3),), {}),
    ]
    + [
        (cofactors, (np.outer([0.5, -1.0, 0.7], [1.2, 0.4, -0.3]), 0.0), {}),
        (cofactors, (np.stack([np.eye(3), np.diag([0.0, 1.0, 2.0])]), np.zeros(2)), {}),
    ]
    + [
        (f, (_x(*shape, dtype=t), _x(*shape[:-1]), *squared), {})
        for f in (over_gaps, apart)
        for shape, t in (((3, 3), float), ((2, 3, 3), float), ((3, 3), complex))
        for squared in ((), (True,))
    ]
    + [
        (cholesky_adjoint, (np.linalg.cholesky(_positive(*shape, dtype=t)), _x(*shape, dtype=t)), {})
        for shape in ((3, 3), (2, 2, 2))
        for t in _ALL
    ]
)


def _name(sample):
    f, args, kwargs = sample
    parts = [f"{a.dtype.char}{a.shape}" if isinstance(a, np.ndarray) else a for a in args]
    return f"{f.__name__}-{'-'.join(map(str, parts))}-{kwargs or ''}"


@pytest.mark.grid(of=8)
@pytest.mark.parametrize(("primitive", "args", "kwargs"), SAMPLES, ids=map(_name, SAMPLES))
def test_against_finite_differences(primitive, args, kwargs):
    check_rule(primitive, *args, **kwargs)


# Parameters that are floats stand in functions, since the harness takes a float argument for an operand.


def _norm(x, ord, axis, keepdims):
    return np.linalg.norm(x, ord, axis, keepdims)


def _norm_inf(x):
    return np.linalg.norm(x, np.inf)


def _norm_inf_of_rows(x):
    return np.linalg.norm(x, ord=-np.inf, axis=1, keepdims=True)


def _norm_half(x):
    return np.linalg.norm(x, ord=0.5)


def _norm_of_matrices(x):
    return np.linalg.norm(x, np.inf, axis=(2, 0))


def _vector_norm(x):
    return np.linalg.vector_norm(x, ord=2.5, axis=(0, 2))


def _vector_norm_inf(x):
    return np.linalg.vector_norm(x, ord=np.inf, axis=(0, 2), keepdims=True)


def _matrix_norm(x):
    return np.linalg.matrix_norm(x, ord=-np.inf)


def _pinv(a):
    return np.linalg.pinv(a, 1e-10)


def _pinv_rtol(a):
    return np.linalg.pinv(a, rtol=1e-10)


_CALLS = [
    (_norm, _x(3), (np.inf, None, False)),
    (_norm, _x(3), (-np.inf, None, False)),
    (_norm, _x(3), (2.5, None, True)),
    (_norm, _x(2, 3), (2.5, 1, True)),
    (_norm, _x(2, 3), (np.inf, None, False)),
    (_norm, _x(2, 3, 4), (-np.inf, (-1, 0), True)),
    (_norm_inf, _x(3), ()),
    (_norm_inf, _x(3, dtype=complex), ()),
    (_norm_inf, _x(2, 3), ()),
    (_norm_inf_of_rows, _x(2, 3), ()),
    (_norm_half, _x(3), ()),
    (_norm_of_matrices, _x(2, 3, 4), ()),
    (_vector_norm, _x(2, 3, 4), ()),
    (_vector_norm_inf, _x(2, 3, 4), ()),
    (_matrix_norm, _x(4, 2, 3), ()),
    (_pinv, _graded(4, 2), ()),
    (_pinv_rtol, _graded(4, 2), ()),
]


@pytest.mark.parametrize(("f", "x", "rest"), _CALLS, ids=[f"{f.__name__}-{x.shape}-{rest}" for f, x, rest in _CALLS])
def test_float_parameters(f, x, rest):
    check_grads(f, (x, *rest), wrt=0)


_SECOND = [
    (np.linalg.norm, (_x(3),), {}),
    (np.linalg.norm, (_x(2, 3),), {"ord": "nuc"}),
    (np.linalg.norm, (_x(3),), {"ord": 3}),
    (np.linalg.solve, (_regular(2, 2), _x(2)), {}),
    (np.linalg.inv, (_regular(2, 2),), {}),
    (np.linalg.det, (_regular(2, 2),), {}),
    (np.linalg.det, (np.array([[1.0, 2.0], [2.0, 4.0]]),), {}),
    (np.linalg.slogdet, (_regular(2, 2),), {}),
    (np.linalg.svd, (_graded(3, 2), False), {}),
    (np.linalg.qr, (_graded(3, 2),), {}),
    (np.linalg.pinv, (_graded(3, 2),), {}),
    (np.linalg.matrix_power, (_regular(2, 2), 3), {}),
]


@pytest.mark.parametrize(("primitive", "args", "kwargs"), _SECOND, ids=map(_name, _SECOND))
def test_second_order(primitive, args, kwargs):
    check_rule(primitive, *args, order=2, **kwargs)


def _adjoint(primitive, a, bar, **kwargs):
    """The adjoint of the only operand, by the rule called as it stands."""
    return adjoint_rule(primitive).function(primitive(a, **kwargs), a, bar, **kwargs)


def _slope(f, a, v, h=1e-4):
    """The derivative of `f` at `a` along `v`, to fourth order in `h`."""
    near = f(a + h * v) - f(a - h * v)
    far = f(a + 2 * h * v) - f(a - 2 * h * v)
    return (8 * near - far) / (12 * h)


# Real functions of complex factors that do not depend on the free phases of the vectors: L = Σ c |entry|² + Σ d w, whose
# adjoints are 2 c conj(entry) and d.


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
def test_complex_svd_up_to_phases(shape):
    a, v = _graded(*shape, dtype=complex), _x(*shape, dtype=complex)
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    p, q, r, t = _x(*u.shape), _x(*s.shape), _x(*vh.shape), _x(*shape, dtype=complex)

    def loss(a):
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return np.sum(p * abs(u) ** 2) + q @ s + np.sum(r * abs(vh) ** 2) + np.sum(t * (u @ vh)).real

    bar = (2 * p * u.conj() + t @ vh.T, q, 2 * r * vh.conj() + u.T @ t)
    a_bar = _adjoint(np.linalg.svd, a, bar, full_matrices=False)
    assert np.sum(a_bar * v).real == pytest.approx(_slope(loss, a, v), rel=1e-7)


@pytest.mark.parametrize("uplo", ["L", "U"])
def test_complex_eigh_up_to_phases(uplo):
    a, v = _symmetric(3, 3, dtype=complex), _x(3, 3, dtype=complex)
    w, vectors = np.linalg.eigh(a, uplo)
    p, q = _x(3, 3), _x(3)

    def loss(a):
        w, vectors = np.linalg.eigh(a, uplo)
        return np.sum(p * abs(vectors) ** 2) + q @ w

    a_bar = _adjoint(np.linalg.eigh, a, (q, 2 * p * vectors.conj()), UPLO=uplo)
    assert np.sum(a_bar * v).real == pytest.approx(_slope(loss, a, v), rel=1e-7)


@pytest.mark.parametrize("dtype", [float, complex])
def test_eig_up_to_phases(dtype):
    a, v = _x(3, 3, dtype=dtype) + np.diag([0.0, 2.0, 4.0]), _x(3, 3, dtype=dtype)
    if dtype is float:
        a[0, 1], a[1, 0] = 5.0, -5.0  # a complex pair
    w, vectors = np.linalg.eig(a)
    assert np.iscomplexobj(w)
    p, q = _x(3, 3), _x(3, dtype=complex)

    def loss(a):
        w, vectors = np.linalg.eig(a)
        return np.sum(p * abs(vectors) ** 2) + np.sum(q * w).real

    a_bar = _adjoint(np.linalg.eig, a, (q, 2 * p * vectors.conj()))
    assert np.sum(a_bar * v).real == pytest.approx(_slope(loss, a, v), rel=1e-7)


def test_eigh_reads_one_triangle():
    a, v = _symmetric(3, 3), _x(3, 3)
    for uplo in "LU":

        def loss(a, uplo=uplo):
            w, vectors = np.linalg.eigh(a, uplo)
            return np.sum(w**2) + np.sum(vectors**3)

        w, vectors = np.linalg.eigh(a, uplo)
        a_bar = _adjoint(np.linalg.eigh, a, (2 * w, 3 * vectors**2), UPLO=uplo)
        assert np.sum(a_bar * v) == pytest.approx(_slope(loss, a, v), rel=1e-7)


def test_adjoints_that_are_absent():
    """None for an unused result is the same as zeros."""
    for f, a, kwargs in [
        (np.linalg.slogdet, _regular(3, 3), {}),
        (np.linalg.slogdet, _regular(3, 3, dtype=complex), {}),
        (np.linalg.eigh, _symmetric(3, 3), {}),
        (np.linalg.eig, _regular(3, 3) + np.diag([0.0, 1.0, 2.0]), {}),
        (np.linalg.svd, _graded(4, 3), {"full_matrices": False}),
        (np.linalg.svd, _graded(3, 4, dtype=complex), {"full_matrices": False}),
        (np.linalg.svd, _graded(4, 3), {}),
        (np.linalg.qr, _graded(4, 3), {}),
        (np.linalg.qr, _graded(3, 4), {}),
    ]:
        y = f(a, **kwargs)
        for used in range(len(y)):
            one = _x(*y[used].shape)
            if f is np.linalg.svd and used == 0:
                one[:, 3:] = 0.0  # null vectors
            zeros = tuple(one if i == used else np.zeros_like(part) for i, part in enumerate(y))
            none = tuple(one if i == used else None for i in range(len(y)))
            got, expected = _adjoint(f, a, none, **kwargs), _adjoint(f, a, zeros, **kwargs)
            np.testing.assert_allclose(got, expected, atol=1e-12)
        absent = tuple(None for _ in y)
        np.testing.assert_array_equal(_adjoint(f, a, absent, **kwargs), np.zeros_like(a))


def test_full_svd_refuses_the_null_vectors():
    a = _graded(4, 2)
    u, s, vh = np.linalg.svd(a)
    inside = np.zeros_like(u)
    inside[:, :2] = _x(4, 2)
    reduced = _adjoint(np.linalg.svd, a, (inside[:, :2], _x(2) * 0, None), full_matrices=False)
    np.testing.assert_allclose(_adjoint(np.linalg.svd, a, (inside, np.zeros(2), None)), reduced)
    with pytest.raises(NotImplementedError, match="full_matrices"):
        _adjoint(np.linalg.svd, a, (np.ones_like(u), None, None))


def _distance(a):
    """How far the first axis lies from the column space of `a`, by the projection on what is orthogonal to it."""
    rest = np.linalg.qr(a, mode="complete")[0][:, 2:]
    return np.sum((rest @ rest[0]) ** 2)


def test_b5_complete_qr():
    a = _graded(4, 2)
    check_grads(_distance, (a,), order=2)
    with pytest.raises(NotImplementedError, match="LAPACK's choice"):
        sct.grad(lambda a: np.linalg.qr(a, mode="complete")[0][0, 2])(a)


def test_repeated_values_are_not_silently_wrong():
    a = 2.0 * np.eye(2)
    with np.errstate(all="ignore"):
        for f, kwargs in [(np.linalg.eigh, {}), (np.linalg.svd, {"full_matrices": False})]:
            y = f(a, **kwargs)
            bar = tuple(_x(*part.shape) for part in y)
            assert not np.all(np.isfinite(_adjoint(f, a, bar, **kwargs)))
    # the sum of the eigenvalues is the trace
    np.testing.assert_allclose(_adjoint(np.linalg.eigh, a, (np.ones(2), None)), np.eye(2))
    np.testing.assert_allclose(_adjoint(np.linalg.eigvalsh, a, np.ones(2)), np.eye(2))


@pytest.mark.parametrize("f", [np.linalg.inv, np.linalg.solve, np.linalg.slogdet])
def test_singular_matrix_raises(f):
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    rule = adjoint_rule(f).function
    with pytest.raises(np.linalg.LinAlgError):
        if f is np.linalg.solve:
            rule(np.ones(2), a, np.ones(2), np.ones(2))
        elif f is np.linalg.slogdet:
            rule(f(a), a, (0.0, 1.0))
        else:
            f(a)


def test_norm_at_zero_and_ties():
    for kwargs in ({}, {"ord": 2}, {"ord": 1}, {"ord": 3}, {"ord": np.inf}):
        np.testing.assert_array_equal(_adjoint(np.linalg.norm, np.zeros(3), 1.0, **kwargs), np.zeros(3))
    for kwargs in ({}, {"ord": "fro"}, {"ord": 1}, {"ord": np.inf}):
        np.testing.assert_array_equal(_adjoint(np.linalg.norm, np.zeros((2, 2)), 1.0, **kwargs), np.zeros((2, 2)))
    got = _adjoint(np.linalg.norm, np.array([1.0, -2.0, 2.0]), 1.0, ord=np.inf)
    np.testing.assert_array_equal(got, [0.0, -0.5, 0.5])
    got = _adjoint(np.linalg.norm, np.array([1.0, -2.0, -1.0]), 1.0, ord=-np.inf)
    np.testing.assert_array_equal(got, [0.5, 0.0, -0.5])
    got = _adjoint(np.linalg.norm, np.array([[1.0, 2.0], [2.0, -1.0]]), 1.0, ord=1)
    np.testing.assert_array_equal(got, [[0.5, 0.5], [0.5, -0.5]])
    np.testing.assert_allclose(_adjoint(np.linalg.norm, np.eye(2), 1.0, ord=2), np.eye(2) / 2)


def _real_single(sample):
    f, args, kwargs = sample
    return f is not np.linalg.matrix_rank and all(
        not isinstance(a, list) and (not isinstance(a, np.ndarray) or a.dtype == np.float32) for a in args
    )


@pytest.mark.parametrize("sample", list(filter(_real_single, SAMPLES)), ids=_name)
def test_single_precision_stays(sample):
    primitive, args, kwargs = sample
    y = primitive(*args, **kwargs)
    bar = tuple(np.ones_like(part) for part in y) if isinstance(y, tuple) else np.ones_like(y)
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    adjoints = adjoint_rule(primitive).function(y, *arrays, bar, *args[len(arrays) :], **kwargs)
    for x_bar in adjoints if isinstance(adjoints, tuple) else (adjoints,):
        complex_too = primitive is np.linalg.eigvals and np.iscomplexobj(
            y
        )  # as from NumPy 2.5 on; the real part is taken later
        assert np.asarray(x_bar).dtype == (np.complex64 if complex_too else np.float32)


_AGAINST_AUTOGRAD = [
    ("det", _regular(3, 3)),
    ("inv", _regular(3, 3)),
    ("cholesky", _positive(3, 3)),
    ("cholesky", _positive(2, 3, 3)),
    ("pinv", _graded(4, 3)),
    ("eigh", _symmetric(3, 3)),
    ("slogdet", _regular(2, 3, 3)),
    ("norm", _x(4)),
    ("norm", _x(3, 4)),
]


@pytest.mark.parametrize(("name", "a"), _AGAINST_AUTOGRAD, ids=lambda v: v if isinstance(v, str) else str(v.shape))
def test_against_autograd(name, a):
    autograd = pytest.importorskip("autograd")
    import autograd.numpy as anp

    f, g = getattr(np.linalg, name), getattr(anp.linalg, name)
    y = f(a)
    bar = tuple(_x(*np.shape(part)) for part in y) if isinstance(y, tuple) else _x(*np.shape(y))[()]

    def loss(a):
        y = g(a)
        if isinstance(bar, tuple):
            return sum(anp.sum(part * b) for part, b in zip(y, bar, strict=True))
        return anp.sum(y * bar)

    np.testing.assert_allclose(_adjoint(f, a, bar), autograd.grad(loss)(a), rtol=1e-9, atol=1e-12)


def test_cholesky_through_a_composite():
    """L(M) with M = A Aᵀ + I, so that every entry of A is free: the convention of the symmetric adjoint does not show."""
    a, v, c = _x(3, 3), _x(3, 3), _x(3, 3)

    def loss(a):
        return np.sum(c * np.linalg.cholesky(a @ a.T + np.eye(3)))

    m_bar = _adjoint(np.linalg.cholesky, a @ a.T + np.eye(3), c)
    np.testing.assert_allclose(m_bar, m_bar.T)
    assert np.sum((m_bar + m_bar.T) @ a * v) == pytest.approx(_slope(loss, a, v), rel=1e-8)


def test_every_rule_has_a_sample():
    sampled = {primitive for primitive, _, _ in SAMPLES}
    own = {p for p in primitives() if adjoint_rule(p).function.__module__ == "sct.rules.linalg"}
    assert own <= sampled


@pytest.mark.parametrize("dtype", [float, complex])
def test_adjoint_of_cholesky_by_blocks(dtype):
    factor, bar = np.linalg.cholesky(_positive(2, 5, 5, dtype=dtype)), _x(2, 5, 5, dtype=dtype)
    whole = cholesky_adjoint(factor, bar)
    for size in (1, 2, 4):
        np.testing.assert_allclose(cholesky_adjoint(factor, bar, size), whole, rtol=1e-12, atol=1e-12)
