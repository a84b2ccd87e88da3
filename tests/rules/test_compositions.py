"""Functions that are followed as what they are made of, against finite differences and their own values."""

import numpy as np
import pytest
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial
from rule_samples import label

import sct
from sct.ir.ops import Method
from sct.registry.compositions import composition_of, compositions
from sct.registry.refusals import reason_for
from sct.registry.rules import adjoint_rule
from sct.testing import check_grads, check_rule

_rng = np.random.default_rng(14)


def _x(*shape):
    return _rng.normal(size=shape)


def _c(*shape):
    return _x(*shape) + 1j * _x(*shape)


_UNEVEN = np.array([0.0, 0.3, 0.5, 1.0])
_A, _B, _V, _P = _x(3, 4), _x(2, 3, 4), _x(7), np.abs(_x(3, 4)) + 0.2
_BASES = (
    (polynomial, "poly"),
    (chebyshev, "cheb"),
    (legendre, "leg"),
    (hermite, "herm"),
    (hermite_e, "herme"),
    (laguerre, "lag"),
)


def _of_bases():
    for module, prefix in _BASES:
        evaluated = getattr(module, f"{prefix}val")
        yield from ((evaluated, (_V[:4], c), {}) for c in (_x(4), _x(1), _x(2), _x(3, 3)))
        yield evaluated, (0.3, _x(4)), {}
        for kind in ("val", "grid"):
            yield getattr(module, f"{prefix}{kind}2d"), (_x(3), _x(3), _x(3, 2)), {}
            yield getattr(module, f"{prefix}{kind}3d"), (_x(2), _x(2), _x(2), _x(2, 3, 2)), {}
        yield getattr(module, f"{prefix}vander"), (_x(3), 3), {}
        yield getattr(module, f"{prefix}der"), (_x(5), 2), {}


def _of_ufuncs():
    for f in (
        np.add,
        np.multiply,
        np.maximum,
        np.minimum,
        np.subtract,
        np.divide,
        np.logaddexp,
        np.hypot,
        np.power,
        np.arctan2,
    ):
        x = _P if f is np.power else _x(3, 4)
        yield from ((f.reduce, (x,), kwargs) for kwargs in ({}, {"axis": 1}, {"keepdims": True}))
        yield from ((f.accumulate, (x, axis), {}) for axis in (0, 1))
        yield f.outer, (x, np.abs(_V)), {}
    for f in (np.add, np.multiply):
        yield from ((f.reduce, (_x(2, 3, 4),), {"axis": axis}) for axis in ((0, 2), None))
    mask = np.array([[True, False, True, True], [False, True, True, False], [False, False, True, True]])
    for f in (np.subtract, np.logaddexp, np.hypot):
        yield from ((f.reduce, (_x(3, 4),), {"where": w, "initial": 0.3}) for w in (mask, mask[:, :1]))
        yield f.reduce, (_x(3, 4), 1), {"where": mask[0], "initial": 0.3, "keepdims": True}
        yield f.reduce, (np.array(0.7),), {"initial": 0.3}
    yield from ((np.logaddexp.reduce, (_x(3, 4), axis), {"where": mask}) for axis in (0, None, (0, 1)))
    for f in (np.add, np.multiply, np.maximum, np.minimum):
        yield f.reduceat, (_V, [0, 3, 2, 5]), {}
        yield f.reduceat, (_x(2, 4), np.array([0, 2])), {"axis": 1}


def _of_transforms():
    for name in ("fft", "ifft", "rfft", "irfft"):
        arrays = [_x(3, 4)] if name == "rfft" else [_x(3, 4), _c(3, 4)]
        for f in (getattr(np.fft, f"{name}2"), getattr(np.fft, f"{name}n")):
            for x in arrays:
                yield from ((f, (x, *s), kwargs) for s, kwargs in (((), {}), (((5, 3),), {}), ((), {"axes": (1, 0)})))
                yield f, (x,), {"norm": "ortho"}
        yield getattr(np.fft, f"{name}n"), (_x(2, 3, 2),), {"axes": (0, 2)}


SAMPLES = [
    (np.trapezoid, (_V,), {}),
    (np.trapezoid, (_B,), {"axis": 1, "dx": 0.3}),
    (np.trapezoid, (_A, _UNEVEN), {}),
    (np.trapezoid, (_A, _UNEVEN[:3]), {"axis": 0}),
    (np.trapezoid, (_A, _A + 1.0), {}),
    (np.trapezoid, (_c(3, 4),), {}),
    (np.ediff1d, (_A,), {}),
    (np.ediff1d, (_V,), {"to_end": [1.0, 2.0], "to_begin": 0.5}),
    (np.gradient, (_V,), {}),
    (np.gradient, (_V, 0.3), {}),
    (np.gradient, (_V[:4], _UNEVEN), {}),
    (np.gradient, (_A,), {}),
    (np.gradient, (_A, 0.1, 0.2), {}),
    (np.gradient, (_A, 0.5, _UNEVEN), {}),
    (np.gradient, (_A,), {"axis": 0}),
    (np.gradient, (_B,), {"axis": (1, 2)}),
    (np.gradient, (_V[:2],), {}),
    (np.gradient, (_A,), {"edge_order": 2}),
    (np.gradient, (_V[:4], _UNEVEN), {"edge_order": 2}),
    (np.cov, (_A,), {}),
    (np.cov, (_V,), {}),
    (np.cov, (_V, _x(7)), {}),
    (np.cov, (_A,), {"rowvar": False}),
    (np.cov, (_A,), {"bias": True}),
    (np.cov, (_A,), {"ddof": 0}),
    (np.cov, (_A,), {"aweights": np.array([0.1, 0.2, 0.3, 0.4])}),
    (np.cov, (_A,), {"fweights": np.array([1, 2, 3, 4])}),
    (np.cov, (_A,), {"fweights": np.array([1, 2, 3, 4]), "aweights": np.array([0.1, 0.2, 0.3, 0.4])}),
    (np.cov, (_c(3, 4),), {}),
    (np.corrcoef, (_A,), {}),
    (np.corrcoef, (_V, _x(7)), {}),
    (np.corrcoef, (_c(3, 4),), {}),
    (np.histogram, (_V, 5), {"weights": _x(7)}),
    (np.histogram, (_V, np.array([-1.0, 0.0, 1.0])), {"weights": _x(7)}),
    (np.histogram, (_V, 4, (-2.0, 2.0)), {"weights": _P[:2, :].ravel()[:7], "density": True}),
    (np.histogram, (_V, 4), {"density": True}),
    (np.histogram_bin_edges, (_V,), {}),
    (np.histogram_bin_edges, (_V, 3), {"range": (-1.0, 1.5)}),
    (np.interp, (_V, np.array([2.1, 0.3, 1.0]), _x(3)), {"period": 2.3}),
    (np.interp, (_V, np.array([-2.1, 0.3]), _c(2)), {"period": -4.5}),
    *[(np.histogram2d, (_V, _V[::-1], bins), {"weights": _P.ravel()[:7]}) for bins in (2, (2, 3), [_UNEVEN, 2], _UNEVEN)],
    (np.histogram2d, (_V, _x(7), 2, [[-3.0, 3.0], None]), {"weights": _P.ravel()[:7], "density": True}),
    (np.histogram2d, (_V, _x(7), [-3.0, 0.0, 3.0]), {}),
    (np.histogramdd, (_x(7, 3), (2, 1, 3)), {"weights": _P.ravel()[:7], "density": True}),
    (np.histogramdd, ((_V, _x(7)), 2), {"weights": _P.ravel()[:7]}),
    (np.histogramdd, (_V, 3), {"weights": _x(7)}),
    (np.block, ([[_A, _A], [_A, _A]],), {}),
    (np.block, ([_V, _V],), {}),
    (np.block, ([[_A], [_x(1, 4)]],), {}),
    (np.block, (_A,), {}),
    (np.block, ([[[_A]], [[_A]]],), {}),
    (np.delete, (_V, 2), {}),
    (np.delete, (_A, 1, 0), {}),
    (np.delete, (_A, -1), {"axis": 1}),
    (np.delete, (_V, [0, -1]), {}),
    (np.delete, (_A, 5), {}),
    (np.delete, (_V, _V > 0.0), {}),
    (np.resize, (_A, (2, 9)), {}),
    (np.resize, (_V, 4), {}),
    (np.apply_over_axes, (np.sum, _B, [0, 2]), {}),
    (np.sort_complex, (_c(5),), {}),
    (np.sort_complex, (_V,), {}),
    (np.asarray_chkfinite, (_A,), {}),
    (np.union1d, (_V, _A), {}),
    (np.setdiff1d, (_V, np.arange(3)), {}),
    (np.setxor1d, (_V, _A), {}),
    (np.intersect1d, (np.arange(3.0), [1, 2]), {"wrt": ()}),
    (np.polyval, (_x(4), _V), {}),
    (np.polyadd, (_x(4), _x(2)), {}),
    (np.polysub, (_x(2), _x(4)), {}),
    (np.polymul, (_x(3), _x(4)), {}),
    (np.polydiv, (_x(5), np.array([2.0, -0.7, 0.4])), {}),
    (np.polyder, (_x(5), 2), {}),
    (np.polyint, (_x(4),), {}),
    (np.polyint, (_x(4), 2), {"k": [1.0, 2.0]}),
    (np.poly, (_x(4),), {}),
    (np.poly, (0.2 * _x(3, 3) + np.diag([1.0, 2.0, 3.0]),), {}),
    (np.polyfit, (np.linspace(0.0, 1.0, 6), _x(6), 2), {}),
    (np.polyfit, (np.linspace(0.0, 1.0, 6), _x(6, 2), 2), {"w": _P[0, 0] + np.arange(6.0)}),
    *_of_bases(),
    *_of_ufuncs(),
    *_of_transforms(),
    (np.fft.hfft, (_c(3, 4),), {}),
    (np.fft.hfft, (_c(3, 4), 5), {}),
    (np.fft.ihfft, (_A,), {}),
    (np.fft.ihfft, (_V, 5), {"norm": "ortho"}),
    (np.fft.fftshift, (_A,), {}),
    (np.fft.fftshift, (_V, 0), {}),
    (np.fft.ifftshift, (_B,), {"axes": (1,)}),
    *[(np.linalg.cond, (_x(3, 3), p), {}) for p in (None, 2, -2, 1, "fro")],
    (np.linalg.cond, (_x(2, 3, 3),), {}),
    (np.linalg.tensorsolve, (_x(2, 3, 6), _x(2, 3)), {}),
    (np.linalg.tensorsolve, (_x(2, 6, 3), _x(2, 3)), {"axes": (1,)}),
    (np.kaiser, (5, 8.6), {}),
]
for _f in (np.emath.sqrt, np.emath.log, np.emath.log2, np.emath.log10, np.emath.arccos, np.emath.arcsin, np.emath.arctanh):
    SAMPLES += [(_f, (_x(3),), {}), (_f, (np.array([-0.3, 0.2, 2.0]),), {}), (_f, (_c(3),), {}), (_f, (0.4,), {})]
SAMPLES += [
    (np.emath.power, (_V, 3), {}),
    (np.emath.power, (_V, np.array([0.3])), {}),
    (np.emath.logn, (np.array([2.0, -0.5]), np.array([-1.2, 0.6])), {}),
]
_K, _KK = np.array([3.0, 1.0, 4.0, -2.0, 0.5]), np.array([[5.0, 9.0, -2.0, 6.0], [10.0, 3.5, 7.0, 1.0], [2.0, -8.0, 4.0, 0.5]])
for _kwargs in (
    {"mode": "mean"},
    {"mode": "maximum"},
    {"mode": "median", "stat_length": 2},
    {"mode": "minimum", "stat_length": ((2, 9),)},
    {"mode": "linear_ramp"},
    {"mode": "linear_ramp", "end_values": (0.3, -1.0)},
    {"mode": "reflect", "reflect_type": "odd"},  # of numbers whose sums are exact, in any order
    {"mode": "symmetric", "reflect_type": "odd"},
    {"constant_values": 1.5},
    {"constant_values": np.array([[0.5], [2.0]])},
):
    if np.ndim(_kwargs.get("constant_values")) == 0:
        SAMPLES += [(np.pad, (_K, (2, 1)), _kwargs), (np.pad, (_x(1), 2), _kwargs), (np.pad, (_K, (7, 13)), _kwargs)]
    SAMPLES += [(np.pad, (_KK, ((0, 2), (1, 0))), _kwargs), (np.pad, (_KK, 1), _kwargs)]
SAMPLES += [
    (np.pad, (_c(2, 3), 1, "mean"), {}),
    (np.pad, (np.array(0.5), 1, "mean"), {}),
    (np.pad, (_x(2, 2, 2), 1, "mean"), {}),
]
if hasattr(np, "unstack"):
    SAMPLES += [(np.unstack, (_A,), {}), (np.unstack, (_B,), {"axis": 1})]
if hasattr(np, "cumulative_sum"):
    SAMPLES += [
        (np.cumulative_sum, (_V,), {}),
        (np.cumulative_sum, (_A,), {"axis": 1, "include_initial": True}),
        (np.cumulative_prod, (_A,), {"axis": 0, "include_initial": True}),
    ]
if hasattr(np.linalg, "diagonal"):
    SAMPLES += [(np.linalg.diagonal, (_B,), {"offset": 1}), (np.linalg.matrix_transpose, (_B,), {})]


@pytest.mark.grid(of=12)
@pytest.mark.filterwarnings("ignore:`axes` should not be:DeprecationWarning")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: label(s[0]))
def test_composition(sample):
    function, args, kwargs = sample
    check_rule(function, *args, **kwargs)


# What writes, calls functions, or has sizes that depend on values.


def placed(x, v):
    y = 2.0 * x
    np.place(y, x > 0.0, v[0])
    return y * x


def put_by_a_mask(x, v):
    y = 2.0 * x
    np.putmask(y, x > 0.0, v)
    return y * x


def put_along(x, v):
    y = 2.0 * x
    np.put_along_axis(y, np.argmax(x, 1)[:, None], v[:, :1], 1)
    return y * x


def multiplied_twice(x, v):
    y = 2.0 * x
    np.multiply.at(y, [0, 1, 0], v[0])
    return y * x


def maximum_at(x, v):
    y = 2.0 * x
    np.maximum.at(y, np.array([0, 2, 0]), v[0, 0])
    return y * x


def exponential_twice(x, v):
    y = 0.3 * x
    np.exp.at(y, [0, 0, 1])
    return y * v


def from_indices(x, v):
    return np.fromfunction(lambda i, j: i * x + j * v, (3, 4))


def trimmed(x, v):
    zeros = np.zeros(2)
    return np.trim_zeros(np.concatenate((zeros, x[0], zeros))), np.trim_zeros(np.concatenate((zeros, v[0], zeros)), "f")


def in_both(x, v):
    return np.intersect1d(x, np.concatenate((x[0, :2], v[1] + 9.0)))


def from_iterator(x, v):
    return np.fromiter((a * b for a, b in zip(x[0], v[0], strict=True)), float)


def where_a_mask_leaves(x, v):
    return x[:3, :3][np.mask_indices(3, np.triu)] * v[0, 0]


def into_arrays(x, v):
    y, z = np.zeros(4), np.zeros((3, 4))
    np.add.reduce(x * v, 0, None, y)
    np.maximum.accumulate(x, axis=1, out=z)
    return y * z


def once_by_names(x, v):
    every, counted, inverse = np.unique_all(x), np.unique_counts(v), np.unique_inverse(np.concatenate((x, x)))
    back = inverse.values[inverse.inverse_indices] * every.counts[0]
    return every.values * every.indices, counted.values * counted.counts * v[0, 0], np.ravel(back)[: every.inverse_indices.size]


def written_afterwards(x, v):
    a, b = x * 1.0, v * 1.0
    np.asarray_chkfinite(a)[0] = b[1]  # the array itself
    np.block(b)[0] = 5.0  # a copy
    np.delete(a, 0, 0)[0] = 5.0
    np.trim_zeros(a[1])[0] = b[0, 0]  # a view
    return a * b


@pytest.mark.parametrize(
    "f",
    [
        into_arrays,
        once_by_names,
        written_afterwards,
        placed,
        put_by_a_mask,
        put_along,
        multiplied_twice,
        maximum_at,
        exponential_twice,
        from_indices,
        trimmed,
        in_both,
        from_iterator,
        where_a_mask_leaves,
    ],
)
def test_writes_calls_and_sizes(f):
    check_grads(f, (_A, _A[::-1].copy()))


# Random draws: the numbers are those of the distribution that is asked for, and move with its parameters.

_OF_TWO = ["normal", "lognormal", "uniform", "gumbel", "laplace", "logistic"]


def _drawn(name, parameters):
    text = f"def f(a, b, rng):\n    return np.sum(rng.{name}({parameters}) ** 2 * np.arange(1.0, 4.0))\n"
    return _defined(text)


def _defined(text):
    import linecache

    filename = f"<{text}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {"np": np}
    exec(compile(text, filename, "exec"), namespace)
    return namespace["f"]


@pytest.mark.parametrize("generator", [np.random.default_rng, np.random.RandomState])
@pytest.mark.parametrize("name", [*_OF_TWO, "exponential", "rayleigh"])
def test_draws_move_with_their_parameters(name, generator):
    parameters = "b" if name not in _OF_TWO else "a, a + b" if name == "uniform" else "a, b"
    for f, a in ((_drawn(name, f"{parameters}, size=3"), 0.4), (_drawn(name, parameters), np.array([0.1, 0.2, 0.3]))):
        value, (a_bar, b_bar) = sct.value_and_grad(f, wrt=("a", "b"))(a, 0.7, generator(3))
        np.testing.assert_allclose(value, f(a, 0.7, generator(3)), rtol=1e-15)
        h = 1e-6
        by_b = (f(a, 0.7 + h, generator(3)) - f(a, 0.7 - h, generator(3))) / (2 * h)
        by_a = (f(a + h, 0.7, generator(3)) - f(a - h, 0.7, generator(3))) / (2 * h)
        np.testing.assert_allclose([np.sum(a_bar), b_bar], [by_a, by_b], rtol=1e-6, atol=1e-7)


def _draw(call, generator):
    """A function of a scale that draws, and of what."""
    rng = f"np.random.{generator}(3)"
    return _defined(f"def f(p):\n    rng = {rng}\n    return np.sum(rng.{call} * np.array([1.0, 2.0, 3.0]))\n")


_SHAPED = [f"{name}({p}, 3)" for name, p in (("weibull", "p[0]"), ("pareto", "p[1]"), ("power", "p[0]"))]
_SHAPED += ["triangular(p[0] - 1.0, p[0], p[1] + 2.0, 3)", "triangular(-p, p, 2.0 + p)[:1]"]
_SHAPED += ["choice(p, (2, 3))", "permutation(p)", "permutation(p[:, None] * np.ones(3))"]
_COVARIANCE = "np.outer(p[[0, 1, 1]], p[[0, 1, 1]]) + np.diag([1.0, 2.0, 4.0])"
_NORMAL = "multivariate_normal(p[[0, 1, 0]]"
_SHAPED += [f"{_NORMAL}, np.eye(3))", f"{_NORMAL}, {_COVARIANCE}, 2)"]
_METHODS = [f"{_NORMAL}, {_COVARIANCE}, (2,), method='{m}')" for m in ("cholesky", "eigh")]
_METHODS += ["choice(p[:, None] * np.ones(3), 1, axis=0)", "choice(p, 3, p=[0.2, 0.5, 0.3], shuffle=False)"]


@pytest.mark.parametrize(
    ("call", "generator"),
    [(c, g) for c in _SHAPED for g in ("default_rng", "RandomState")] + [(c, "default_rng") for c in _METHODS],
)
def test_draws_made_of_others(call, generator):
    f, p = _draw(call, generator), np.array([0.7, 1.2, 1.9])
    check_grads(f, (p,))
    value, _ = sct.value_and_grad(f)(p)
    assert value == f(p)


@pytest.mark.parametrize("call", ["beta(p[0], 2.0)", "standard_gamma(p, 3)", "permuted(p)"])
def test_draws_that_are_refused(call):
    name = call.partition("(")[0]
    for transform in (lambda f: sct.grad(f)(np.ones(3)), lambda f: sct.jvp(f)(np.ones(3), np.ones(3))):
        with pytest.raises(sct.NoRuleError, match=rf"a random draw by \.{name}") as caught:
            transform(_draw(call, "default_rng"))
        assert caught.value.advice == reason_for(getattr(np.random.Generator, name))


def test_a_matrix_that_is_no_covariance():
    f = _defined("def f(m, c):\n    return np.sum(np.random.default_rng(1).multivariate_normal(m, c, check_valid='raise'))\n")
    with pytest.raises(ValueError, match="covariance is not symmetric positive-semidefinite"):
        sct.grad(f)(np.zeros(2), np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_draws_of_numpys_own_generator():
    def f(a, b):
        return np.random.normal(a, b) * np.random.uniform(0.0, b) + np.random.exponential(b)

    np.random.seed(5)
    value, (a_bar, b_bar) = sct.value_and_grad(f, wrt=("a", "b"))(0.3, 0.7)
    np.random.seed(5)
    assert value == f(0.3, 0.7)
    np.random.seed(5)
    z, u, e = np.random.standard_normal(), np.random.random_sample(), np.random.standard_exponential()
    np.testing.assert_allclose([a_bar, b_bar], [0.7 * u, z * 0.7 * u + (0.3 + 0.7 * z) * u + e])


def test_a_draw_whose_distribution_does_not_vary_stays_as_it_is():
    source = sct.grad(lambda x, rng: np.sum(x * rng.normal(1.0, 2.0, 3))).source_for(np.ones(3), np.random.default_rng(0))
    assert "rng.normal(1.0, 2.0, 3)" in source


# What is registered.


def test_a_write_into_what_is_of_unknown_type_is_refused():
    def doubled(x):
        return 2.0 * x

    @sct.adjoint(doubled)
    def doubled_adjoint(y, x, y_bar):
        return 2.0 * y_bar

    def f(x):
        y = doubled(x)
        np.multiply.at(y, [0, 1], 3.0)
        return np.sum(y)

    with pytest.raises(sct.SctError):
        sct.grad(f)(_V)


def test_a_rule_of_the_users_comes_before_a_composition():
    assert composition_of(np.cov) is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sct.infer.facts.adjoint_rule", lambda op: adjoint_rule(np.sum) if op is np.cov else None)
        with pytest.raises(sct.NoRuleError, match=r"np\.cov has no derivative rule"):
            sct.grad(lambda x: np.sum(np.cov(x)))(_A)


@pytest.mark.parametrize("function", [np.cov, np.corrcoef, np.gradient, np.ediff1d, np.sort_complex, np.histogram_bin_edges])
def test_results_of_single_precision(function):
    x = _V.astype(np.float32)
    y = function(x)
    value, x_bar = sct.vjp(lambda x: function(x))(x, np.ones_like(y))
    assert (value.dtype, value.shape, x_bar.dtype) == (y.dtype, y.shape, x.dtype)


def test_sums_of_weights_of_single_precision():
    weights = _x(7).astype(np.float32)
    value, _ = sct.vjp(lambda w: np.histogram(_V, 3, weights=w)[0])(weights, np.ones(3, np.float32))
    expected = np.histogram(_V, 3, weights=weights)[0]
    assert value.dtype == expected.dtype and np.array_equal(value, expected)


def test_every_composition_is_tried():
    elsewhere = [np.fromfunction, np.fromiter, np.trim_zeros, np.mask_indices, np.place, np.putmask, np.put_along_axis]
    elsewhere += [np.lib.stride_tricks.as_strided, np.lib.stride_tricks.sliding_window_view]  # in specialize/test_composed.py
    elsewhere += [getattr(np, name, None) for name in ("row_stack", "trapz", "unique_values")]
    elsewhere += [np.unique_all, np.unique_counts, np.unique_inverse]
    tried = {f for f, _, _ in SAMPLES}.union(elsewhere)
    left = [f for f in compositions() if f not in tried and not _is_of_others(f) and not _is_method_of_ufunc(f)]
    left = [f for f in left if not _draws(f)]
    assert list(map(label, left)) == []


def _is_of_others(f):
    """Whether a function is tried in test_polynomials.py, test_methods.py or scipy/, or called by what is."""
    elsewhere = (f.__module__ or "").startswith(("numpy.polynomial", "scipy.", "sct.callbacks"))
    return elsewhere or isinstance(f, Method) or f.__name__.startswith("_")


def _is_method_of_ufunc(f):
    return isinstance(getattr(f, "__self__", None), np.ufunc)


def _draws(f):
    return any(getattr(owner, f.__name__, None) == f for owner in (np.random, np.random.Generator, np.random.RandomState))
