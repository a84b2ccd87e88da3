"""Rules for reading parts of arrays, against finite differences; and the sizes of slices, against NumPy."""

import itertools
import operator

import numpy as np
import pytest

from sct.infer.call import infer_call
from sct.infer.signature import abstract
from sct.ir.shapes import slice_size
from sct.ir.types import Array, Const, Scalar, Size, Slice, Tuple, size_add, size_symbol
from sct.registry.rules import is_nondifferentiable
from sct.rules.indexing import shape_with
from sct.testing import check_rule

rng = np.random.default_rng(7)


def normal(*shape, dtype=float):
    return rng.normal(size=shape).astype(dtype)


V = normal(6)
M = normal(4, 5)
T = normal(3, 4, 2)
Q = normal(2, 3, 1, 2)
F = normal(4, 5, dtype=np.float32)
C = normal(4, 3) + 1j * normal(4, 3)
I = np.array([2, 0, 2])  # noqa: E741
MASK = M > 0
TIES = np.array([1.0, 0.5, 1.0, -2.0, 0.5])

SUBSCRIPTS = [
    (V, 0),
    (V, -1),
    (V, np.int64(2)),
    (V, slice(None)),
    (V, slice(1, None)),
    (V, slice(None, -2)),
    (V, slice(1, -1)),
    (V, slice(None, None, 2)),
    (V, slice(None, None, -1)),
    (V, slice(-2, 1, -2)),
    (V, slice(4, 2)),
    (V, slice(None, 3)),
    (V, slice(-3, None)),
    (V, None),
    (V, ...),
    (V, ()),
    (V, [0, 0, 3]),
    (V, []),
    (V, I),
    (V, V > 0),
    (V, np.array([[0, 1], [1, 5]])),
    (V, np.array(2)),
    (M, 1),
    (M, (1, 2)),
    (M, (slice(None), 0)),
    (M, (..., 0)),
    (M, (0, ...)),
    (M, (slice(1, 3), slice(None, -1))),
    (M, (None, slice(None), None, 2)),
    (M, (slice(None), [0, 0, 1])),
    (M, ([0, 1], [2, 2])),
    (M, (I, slice(None, None, 2))),
    (M, (I[:, None], [0, 4])),
    (M, MASK),
    (M, (MASK[:, 0], slice(1, None))),
    (M, (slice(None), MASK[0])),
    (M, ([True, False, True, True],)),
    (M.T, (slice(1, None), I)),
    (T, (0, slice(None), I[:2] % 2)),
    (T, (slice(None), I, [1, 0, 0])),
    (T, (I, slice(None), [1, 0, 0])),
    (T, (..., [1, 0, 0])),
    (T, (np.ones((3, 4), bool),)),
    (T, (1, I)),
    (Q, (slice(None), I, 0, slice(None))),
    (Q, (0, ..., [0, 1])),
    (Q, (slice(None), 1, slice(None), [0, 1, 1])),
    (normal(1, 4), (0, slice(1, None))),
    (normal(0, 3), slice(1, None)),
    (normal(0, 3), (slice(None), 0)),
    (F, (slice(1, None), I)),
    (C, (slice(None, None, -1), 0)),
]

SAMPLES = [
    (shape_with, ((2, 3, 4), -2, (5, 6)), {}),
    *((operator.getitem, subscript, {}) for subscript in SUBSCRIPTS),
    (np.take, (V, 2), {}),
    (np.take, (V, I), {}),
    (np.take, (V, [[0, 1], [1, 1]]), {}),
    (np.take, (M, I), {}),
    (np.take, (M, I), {"axis": 0}),
    (np.take, (M, I, 1), {}),
    (np.take, (M, 3, -1), {}),
    (np.take, (T, I, 1), {}),
    (np.take, (T, I, -2), {}),
    (np.take, (T, 1), {"axis": 1}),
    (np.take, (Q, [[0, 2], [1, 1]]), {"axis": 1}),
    (np.take, (normal(2, 2, 3, 1, 2), I), {"axis": 2}),
    (np.take, (normal(2, 2, 3, 1, 2), np.array([[1, 0]])), {"axis": -3}),
    (np.take, (M, [7, -6, 1]), {"axis": 1, "mode": "wrap"}),
    (np.take, (M, [7, -6, 1]), {"axis": 1, "mode": "clip"}),
    (np.take, (M, [70, -6]), {"mode": "wrap"}),
    (np.take, (F, I), {"axis": -1}),
    (np.take, (C, I), {"axis": 0}),
    (np.take_along_axis, (V, I), {}),
    (np.take_along_axis, (M, np.argsort(M, axis=1)), {"axis": 1}),
    (np.take_along_axis, (M, np.array([[0, 1, 1, 3, 0]])), {"axis": 0}),
    (np.take_along_axis, (M, np.array([[0], [1], [1], [4]])), {}),
    (np.take_along_axis, (normal(1, 5), np.array([[0, 1], [2, 2], [4, 0]])), {"axis": 1}),
    (np.take_along_axis, (M, np.array([0, 0, 19]), None), {}),
    (np.take_along_axis, (T, np.argsort(T, axis=-2)), {"axis": -2}),
    (np.compress, ([True, False, True], M), {"axis": 0}),
    (np.compress, (np.array([1, 0, 1, 0, 1]), M, -1), {}),
    (np.compress, ([False, True, True], M), {}),
    (np.extract, (MASK, M), {}),
    (np.choose, (np.array([0, 1, 1, 0, 1]), [normal(5), normal(5)]), {}),
    (np.choose, (np.array([[0], [2], [1]]), (normal(5), normal(3, 1), 1.5)), {}),
    (np.choose, (np.array([0, 5, -1]), [normal(3), normal(3)]), {"mode": "wrap"}),
    (np.choose, (np.array([0, 5, -1]), [normal(3), normal(3)]), {"mode": "clip"}),
    (np.choose, (np.array([[0, 1], [1, 1]]), normal(2, 2)), {}),
    (np.select, ([V > 0.5, V > -0.5], [V, normal(6)]), {}),
    (np.select, ([M > 0.5, M > -0.5], [M, normal(5)], 2.5), {}),
    (np.diag, (V,), {}),
    (np.diag, (V, 1), {}),
    (np.diag, (V,), {"k": -2}),
    (np.diag, (M,), {}),
    (np.diag, (M, 2), {}),
    (np.diag, (M, -1), {}),
    (np.diag, (normal(3, 3, dtype=np.float32), 7), {}),
    (np.diag, (C,), {}),
    (np.diagflat, (V,), {}),
    (np.diagflat, (normal(2, 2), -1), {}),
    (np.diagflat, (1.5,), {}),
    (np.diagonal, (M,), {}),
    (np.diagonal, (M, -2), {}),
    (np.diagonal, (T,), {"offset": 1}),
    (np.diagonal, (T, 0, 1, 2), {}),
    (np.diagonal, (T, -1), {"axis1": 2, "axis2": 0}),
    (np.diagonal, (Q,), {"axis1": -1, "axis2": -3}),
    (np.diagonal, (M, 0, 1, 0), {}),
    (np.tril, (M,), {}),
    (np.tril, (M, -1), {}),
    (np.tril, (T,), {"k": 1}),
    (np.tril, (normal(3),), {}),
    (np.triu, (M,), {}),
    (np.triu, (F, 2), {}),
    (np.triu, (normal(3), -1), {}),
    (np.triu, (normal(0, 3),), {}),
    (np.sort, (V,), {}),
    (np.sort, (M,), {}),
    (np.sort, (M, 0), {}),
    (np.sort, (T,), {"axis": 1, "kind": "stable"}),
    (np.sort, (M, None), {}),
    (np.sort, (F,), {"axis": -1}),
    (np.partition, (V, 2), {}),
    (np.partition, (M, 1), {"axis": 0}),
    (np.partition, (M, 3, None), {}),
    (np.unique, (V,), {}),
    (np.unique, (M,), {}),
    (np.unique, (V,), {"return_inverse": True, "return_counts": True}),
    (np.interp, (np.array([-3.0, 0.3, 1.4, 2.9, 9.0]), np.array([0.0, 1.0, 2.5, 4.0]), normal(4)), {}),
    (np.interp, (np.array([[0.3, 5.0]]), np.array([0.0, 1.0, 2.5]), normal(3)), {"left": 1.0, "right": -1.0}),
    (np.interp, (0.7, np.array([0.0, 1.0, 2.5]), normal(3)), {}),
    (np.interp, (np.array([-3.0, 1.3, 9.0]), np.array([0.0, 2.5]), normal(2) + 1j * normal(2), 0.3j, 2.0 + 0.1j), {}),
    (np.bincount, (np.array([0, 2, 2, 5]), normal(4)), {}),
    (np.bincount, (np.array([0, 2, 2, 5]),), {"weights": normal(4), "minlength": 9}),
    (np.bincount, (np.array([0, 2, 2, 5]),), {}),
    (np.argsort, (V,), {}),
    (np.argsort, (M,), {"axis": None}),
    (np.argpartition, (M, 2), {"axis": 0}),
    (np.argwhere, (M,), {}),
    (np.count_nonzero, (M,), {}),
    (np.diag_indices, (3,), {}),
    (np.diag_indices, (3, 3), {}),
    (np.diag_indices_from, (normal(3, 3),), {}),
    (np.digitize, (V, np.array([-1.0, 0.0, 1.0])), {}),
    (np.flatnonzero, (V,), {}),
    (np.indices, ((2, 3),), {}),
    (np.isin, (M, V), {}),
    (np.ix_, (I, np.array([True, False, True])), {}),
    (np.lexsort, ((V, V),), {}),
    (np.nonzero, (M,), {}),
    (np.ravel_multi_index, (([1, 2], [0, 1]), (3, 4)), {}),
    (np.searchsorted, (np.array([0.0, 1.0, 2.0]), V), {}),
    (np.tril_indices, (3,), {}),
    (np.tril_indices_from, (M,), {}),
    (np.triu_indices, (3, 1, 4), {}),
    (np.triu_indices_from, (M,), {}),
    (np.unravel_index, (I, (3, 4)), {}),
]


@pytest.mark.grid(of=8)
@pytest.mark.parametrize(("primitive", "args", "kwargs"), SAMPLES)
def test_rule(primitive, args, kwargs):
    check_rule(primitive, *args, **kwargs)


def test_entries_read_twice_get_both():
    from sct.rules.indexing import getitem

    x_bar, _ = getitem(V[I], V, I, np.ones(3))
    np.testing.assert_array_equal(x_bar, [1, 0, 2, 0, 0, 0])


def test_equal_entries_are_a_permutation_too():
    from sct.rules.indexing import sort

    a_bar = sort(np.sort(TIES), TIES, np.arange(5.0))
    assert sorted(a_bar) == [0, 1, 2, 3, 4]
    assert a_bar[3] == 0
    assert {a_bar[1], a_bar[4]} == {1, 2}


# --- sizes ----------------------------------------------------------------------------------------------------------------


def evaluate(size, sizes):
    """The integer that a size stands for."""
    if isinstance(size, int):
        return size
    return size.const + sum(c * evaluate_atom(atom, sizes) for atom, c in size.terms)


def evaluate_atom(atom, sizes):
    kind, *parts = atom
    if kind == "symbol":
        return sizes[parts[0]]
    values = [evaluate(p, sizes) if isinstance(p, (int, Size)) else p for p in parts]
    if kind == "slice":
        return len(range(*slice(*values[1:]).indices(values[0])))
    return {
        "max0": lambda s: max(s, 0),
        "min": min,
        "ceil_div": lambda s, k: -(-s // k),
        "mul": lambda a, b: a * b,
    }[kind](*values)


N = size_symbol("n", known=1)
K = size_symbol("k")
BOUNDS = [None, *range(-4, 5)]
STEPS = [None, 1, 2, 3, -1, -2, -3]


@pytest.mark.parametrize("step", STEPS)
def test_slice_sizes_are_those_of_numpy(step):
    for start, stop in itertools.product(BOUNDS, BOUNDS):
        size = slice_size(N, start, stop, step)
        for n in range(10):
            expected = len(range(*slice(start, stop, step).indices(n)))
            assert evaluate(size, {"n": n}) == expected, (start, stop, n, size)
            assert slice_size(n, start, stop, step) == expected


@pytest.mark.parametrize(
    "outer", [(1, None, None), (None, -2, None), (None, 3, None), (-2, None, None), (None, None, 2), (3, 0, -1)]
)
def test_slices_of_slices(outer):
    first = slice_size(N, *outer)
    for inner in itertools.product([None, -3, -1, 0, 1, 2], [None, -2, -1, 1, 3], [None, 2, -1]):
        size = slice_size(first, *inner)
        for n in range(9):
            m = len(range(*slice(*outer).indices(n)))
            assert evaluate(size, {"n": n}) == len(range(*slice(*inner).indices(m))), (inner, n, size)


@pytest.mark.parametrize("base", [N, size_add(N, 2), size_add(N, K), 7], ids=str)
def test_slices_with_symbolic_bounds(base):
    bounds = [None, 0, 2, -1, N, size_add(N, -1), size_add(N, -2), size_add(N, -3), size_add(N, 1), K, size_add(K, 1)]
    for start, stop, step in itertools.product(bounds, bounds, [None, 2, -1]):
        size = slice_size(base, start, stop, step)
        for n, k in itertools.product(range(5), range(-3, 4)):
            sizes = {"n": n, "k": k}
            length = evaluate(base, sizes)
            if length < 0:
                continue
            ends = [None if b is None else evaluate(b, sizes) for b in (start, stop)]
            assert evaluate(size, sizes) == len(range(*slice(*ends, step).indices(length))), (start, stop, step, sizes, size)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((2, None), (None, -2)),
        ((2, None), (1, -1)),
        ((1, None), (None, -1)),
        ((1, None), (1, N)),
        ((1, -1), (1, size_add(N, -1))),
        ((None, -2), (None, size_add(N, -2))),
        ((None, None), (None, None, -1)),
        ((None, None), (0, N)),
        ((None, 3), (-3, None)),
        ((1, 4), (1, None, None, 3)),
    ],
)
def test_slices_known_to_be_equal_in_size(one, other):
    if len(other) == 4:  # a slice of a slice
        assert slice_size(N, *one) == slice_size(slice_size(N, *other[:2]), None, other[3])
    else:
        assert slice_size(N, *one) == slice_size(N, *other)


def test_slices_of_padded_and_joined_axes():
    assert slice_size(size_add(N, 2), 1, -1) == N
    m = size_symbol("m", known=1)
    both = size_add(N, m)
    assert slice_size(both, None, N) == N
    assert slice_size(both, N, None) == m


@pytest.mark.parametrize("n", [-2, 0, 1, 5, 8])
@pytest.mark.parametrize("arguments", [(None,), (2, None), (None, 3), (0, None, 2), (5, None, -1), (None, -4, -3)])
def test_lengths_of_ranges(arguments, n):
    symbolic = [Scalar(int, size_symbol("n")) if a is None else Const(a) for a in arguments]
    (size,) = infer_call(np.arange, symbolic, {}).shape
    assert evaluate(size, {"n": n}) == len(np.arange(*[n if a is None else a for a in arguments]))


def as_index(value):
    if isinstance(value, slice):
        return Slice(Const(value.start), Const(value.stop), Const(value.step))
    if type(value) is tuple:
        return Tuple(tuple(map(as_index, value)))
    return abstract(value, "i") if isinstance(value, (np.ndarray, list)) else Const(value)


@pytest.mark.parametrize("subscript", SUBSCRIPTS)
def test_type_of_a_subscript(subscript):
    x, index = subscript
    got = infer_call(operator.getitem, [abstract(x, "x"), as_index(index)], {})
    expected = x[index]
    if isinstance(index, list) or (type(index) is tuple and any(isinstance(i, list) for i in index)):
        assert got.dtype == expected.dtype
        return
    assert got.rank == expected.ndim
    sizes = {f"x.{i}": n for i, n in enumerate(x.shape)}
    if isinstance(index, np.ndarray):
        sizes |= {f"i.{i}": n for i, n in enumerate(index.shape)}
    for claim, n in zip(got.shape, expected.shape, strict=True):
        try:
            value = evaluate(claim, sizes)
        except KeyError:  # data dependent
            continue
        assert value == n


def test_types_of_subscripts_of_containers():
    pair = Tuple((Scalar(float), Array(np.dtype(float), (3,))))
    assert infer_call(operator.getitem, [pair, Const(1)], {}) == pair.items[1]
    assert infer_call(operator.getitem, [pair, Const(-2)], {}) == Scalar(float)
    assert infer_call(operator.getitem, [pair, Slice(Const(1), Const(None), Const(None))], {}) == Tuple(pair.items[1:])


def test_slice_objects_are_subscripts():
    whole = infer_call(slice, [Const(None)], {})
    assert whole == Slice(Const(None), Const(None), Const(None))
    assert infer_call(operator.getitem, [abstract(M, "x"), Tuple((whole, Const(0)))], {}).rank == 1


def test_what_cannot_be_told_is_not_claimed():
    x = abstract(M, "x")
    for index in (Scalar(bool), Array(None, (2,)), Array(np.dtype(int), None), Tuple((Const(0), Array(None, None)))):
        assert infer_call(operator.getitem, [x, index], {}).shape is None


def test_positions_and_counts_have_no_derivative():
    for function in (np.argsort, np.searchsorted, np.nonzero, np.digitize):
        assert is_nondifferentiable(function)
