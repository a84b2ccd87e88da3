"""Rules for changing the shape and order of arrays, against finite differences; and what their types claim."""

import numpy as np
import pytest

from sct.api.transforms import grad
from sct.errors import NoRuleError
from sct.infer.call import infer_call
from sct.infer.signature import abstract
from sct.ir.types import Const, List, Scalar, Tuple, size_add, size_mul
from sct.rules.manipulation import flatten, index_order, inverse_permutation
from sct.runtime.strides import strided, strided_entries
from sct.testing import check_rule

rng = np.random.default_rng(8)


def normal(*shape, dtype=float):
    return rng.normal(size=shape).astype(dtype)


S = 1.5
V = normal(6)
M = normal(4, 3)
T = normal(3, 4, 2)
Q = normal(2, 3, 1, 2)
F = normal(4, 3, dtype=np.float32)
C = normal(4, 3) + 1j * normal(4, 3)
E = normal(0, 3)
_WIDTHS_BY_AXES = tuple(map(int, np.__version__.split(".")[:2])) >= (2, 4)
STRIDED = normal(6, 8)[::2, ::-2]
FORTRAN = np.asfortranarray(normal(4, 3))
JOINED = [
    (np.concatenate, ([V, normal(2)],), {}),
    (np.concatenate, ((M, normal(1, 3), normal(2, 3)),), {}),
    (np.concatenate, ((M, normal(4, 1)), 1), {}),
    (np.concatenate, ((M, normal(4, 1)),), {"axis": -1}),
    (np.concatenate, ((T, normal(3, 1, 2)),), {"axis": 1}),
    (np.concatenate, ((T, normal(3, 4, 1)),), {"axis": 2}),
    (np.concatenate, ((T, normal(3, 4, 1)),), {"axis": -1}),
    (np.concatenate, ((T, normal(3, 1, 2)),), {"axis": -2}),
    (np.concatenate, ((T, normal(1, 4, 2)),), {"axis": -3}),
    (np.concatenate, ((M, V, normal(1, 2, 1)), None), {}),
    (np.concatenate, (([1.0, 2.0], V),), {}),
    (np.concatenate, (T,), {}),
    (np.concatenate, (T, 1), {}),
    (np.concatenate, (M, None), {}),
    (np.concatenate, ((E, normal(2, 3)),), {}),
    (np.concatenate, ((F, F[:1]),), {}),
    (np.concatenate, ((C, C[:1]),), {}),
    (np.append, (V, 2.0), {}),
    (np.append, (M, normal(2, 3)), {}),
    (np.append, (M, normal(2, 3), 0), {}),
    (np.append, (M, normal(4, 1)), {"axis": -1}),
    (np.insert, (V, 0, S), {}),
    (np.insert, (V, -1, normal(2)), {}),
    (np.insert, (V, [4, 1, 1], normal(3)), {}),
    (np.insert, (V, [4, 1], S), {}),
    (np.insert, (M, 5, normal(2)), {}),
    (np.insert, (M, 1, normal(3), 0), {}),
    (np.insert, (M, 1, normal(4)), {"axis": 1}),
    (np.insert, (M, 1, normal(2, 4)), {"axis": 1}),
    (np.insert, (M, [1], normal(4, 1), -1), {}),
    (np.insert, (M, [0, 2], normal(4, 2), -1), {}),
    (np.insert, (M, [0, 2], normal(3), 0), {}),
    (np.insert, (T, 1, normal(3, 2), 1), {}),
    (np.insert, (C[0], 2, C[1]), {}),
    (np.stack, ([V, normal(6)],), {}),
    (np.stack, ((1.5, 2.5, -1.0),), {}),
    (np.stack, ((V, normal(6)), 1), {}),
    (np.stack, ((M, normal(4, 3)),), {"axis": -1}),
    (np.stack, ((M, normal(4, 3)),), {"axis": 1}),
    (np.stack, ((M, normal(4, 3)),), {"axis": -2}),
    (np.stack, (T,), {}),
    (np.stack, (T,), {"axis": 2}),
    (np.vstack, ([V, normal(6)],), {}),
    (np.vstack, ((M, normal(3), normal(2, 3)),), {}),
    (np.vstack, ((1.0, 2.0),), {}),
    (np.vstack, ((T, T),), {}),
    (np.vstack, (M,), {}),
    (np.vstack, (T,), {}),
    (np.hstack, ([V, normal(2)],), {}),
    (np.hstack, ((1.0, V, 2.0),), {}),
    (np.hstack, ((M, normal(4, 1)),), {}),
    (np.hstack, ((T, normal(3, 1, 2)),), {}),
    (np.hstack, (V,), {}),
    (np.hstack, (M,), {}),
    (np.hstack, (T,), {}),
    (np.dstack, ((M, normal(4, 3)),), {}),
    (np.dstack, ((V, normal(6)),), {}),
    (np.dstack, ((1.0, 2.0),), {}),
    (np.dstack, ((T, normal(3, 4)),), {}),
    (np.dstack, (M,), {}),
    (np.dstack, (T,), {}),
    (np.dstack, (Q,), {}),
    (np.column_stack, ((V, normal(6)),), {}),
    (np.column_stack, ((M, normal(4), normal(4, 2)),), {}),
    (np.column_stack, ((1.0, 2.0),), {}),
    (np.column_stack, (V,), {}),
    (np.column_stack, (M,), {}),
    (np.column_stack, (T,), {}),
]

SAMPLES = [
    (np.reshape, (V, (2, 3)), {}),
    (np.reshape, (V, (3, -1)), {}),
    (np.reshape, (M, -1), {}),
    (np.reshape, (M, [2, 2, 3]), {}),
    (np.reshape, (M, (2, 6), "F"), {}),
    (np.reshape, (STRIDED, (4, 3)), {}),
    (np.reshape, (S, (1, 1)), {}),
    (np.reshape, (normal(1, 1), ()), {}),
    (np.reshape, (E, (3, 0)), {}),
    (np.reshape, (F, (3, 4)), {}),
    (np.reshape, (C, (3, -1)), {}),
    (np.ravel, (M,), {}),
    (np.ravel, (T, "F"), {}),
    (np.ravel, (S,), {}),
    (np.ravel, (STRIDED,), {}),
    (flatten, (M,), {}),
    (flatten, (M, "F"), {}),
    (flatten, (T,), {}),
    (np.transpose, (V,), {}),
    (np.transpose, (M,), {}),
    (np.transpose, (T,), {}),
    (np.transpose, (T, (1, 2, 0)), {}),
    (np.transpose, (Q,), {"axes": (0, -1, 1, 2)}),
    (np.transpose, (M, (1, 0)), {}),
    (np.transpose, (M, (0, 1)), {}),
    (np.transpose, (STRIDED,), {}),
    (np.permute_dims, (T, (2, 0, 1)), {}),
    (np.matrix_transpose, (M,), {}),
    (np.matrix_transpose, (T,), {}),
    (np.swapaxes, (M, 0, 1), {}),
    (np.swapaxes, (M, 1, 1), {}),
    (np.swapaxes, (M, 1, -1), {}),
    (np.swapaxes, (T, 0, -1), {}),
    (np.swapaxes, (Q, 1, 2), {}),
    (np.moveaxis, (T, 0, -1), {}),
    (np.moveaxis, (Q, (0, 1), (-1, 0)), {}),
    (np.moveaxis, (Q, [3, 0], [1, 2]), {}),
    (np.rollaxis, (T, 2), {}),
    (np.rollaxis, (T, 0, 3), {}),
    (np.rollaxis, (Q, -2, -1), {}),
    (np.rollaxis, (Q, 1, 3), {}),
    (np.expand_dims, (S, 0), {}),
    (np.expand_dims, (V, 1), {}),
    (np.expand_dims, (M, -2), {}),
    (np.expand_dims, (M, (0, -1)), {}),
    *((strided, (x, strided_entries(x, *how), *how), {}) for x, *how in ((V, (3, 4), (8, 8)), (M, (3, 2, 2), (24, 8, 24)))),
    (np.squeeze, (normal(1, 3, 1),), {}),
    (np.squeeze, (normal(1, 3, 1), -1), {}),
    (np.squeeze, (normal(1, 3, 1),), {"axis": (0, 2)}),
    (np.squeeze, (normal(1, 1),), {}),
    (np.squeeze, (M,), {}),
    (np.broadcast_to, (S, (2, 3)), {}),
    (np.broadcast_to, (V, (2, 6)), {}),
    (np.broadcast_to, (normal(4, 1), (2, 4, 3)), {}),
    (np.broadcast_to, (S, 3), {}),
    (np.broadcast_to, (normal(1), (0,)), {}),
    (np.broadcast_arrays, (V, S), {}),
    (np.broadcast_arrays, (normal(4, 1), normal(3), normal(1, 1)), {}),
    (np.broadcast_arrays, (V,), {}),
    (np.atleast_1d, (S,), {}),
    (np.atleast_1d, (S, M), {}),
    (np.atleast_2d, (V,), {}),
    (np.atleast_2d, (S, V, T), {}),
    (np.atleast_3d, (V,), {}),
    (np.atleast_3d, (S, V, M, T, Q), {}),
    (np.meshgrid, (V, normal(3)), {}),
    (np.meshgrid, (V, normal(3), normal(2)), {"indexing": "ij"}),
    (np.meshgrid, (V, normal(3), normal(2)), {"sparse": True}),
    (np.meshgrid, (V,), {}),
    (np.meshgrid, (V, S), {}),
    *JOINED,
    (np.split, (V, 3), {}),
    (np.split, (V, [2, 3]), {}),
    (np.split, (V, [2, 9]), {}),
    (np.split, (V, [-2]), {}),
    (np.split, (M, 2), {}),
    (np.split, (M, [1], 1), {}),
    (np.split, (T, (1, 3)), {"axis": -2}),
    (np.array_split, (V, 4), {}),
    (np.array_split, (M, 2, 1), {}),
    (np.array_split, (normal(2), 3), {}),
    (np.hsplit, (V, 2), {}),
    (np.hsplit, (M, [1]), {}),
    (np.vsplit, (M, 2), {}),
    (np.dsplit, (T, 2), {}),
    (np.tile, (S, 3), {}),
    (np.tile, (V, 2), {}),
    (np.tile, (V, (3, 1)), {}),
    (np.tile, (V, (3, 2)), {}),
    (np.tile, (M, 2), {}),
    (np.tile, (M, (2, 3)), {}),
    (np.tile, (M, [2, 1]), {}),
    (np.tile, (T, (2,)), {}),
    (np.tile, (M, (2, 1, 1)), {}),
    (np.tile, (M, 1), {}),
    (np.tile, (normal(1, 3), (4, 1)), {}),
    (np.tile, (F, (2, 1)), {}),
    (np.repeat, (S, 3), {}),
    (np.repeat, (V, 2), {}),
    (np.repeat, (M, 2), {}),
    (np.repeat, (M, 2, 0), {}),
    (np.repeat, (M, 3), {"axis": -1}),
    (np.repeat, (T, 2), {"axis": 1}),
    (np.repeat, (V, [0, 1, 2, 3, 0, 1]), {}),
    (np.repeat, (M, np.array([1, 0, 2, 1])), {"axis": 0}),
    (np.repeat, (M, [1, 0, 2], 1), {}),
    (np.repeat, (M, [2]), {}),
    (np.repeat, (E, 2), {"axis": 1}),
    (np.roll, (V, 2), {}),
    (np.roll, (M, -1), {}),
    (np.roll, (M, 1, 0), {}),
    (np.roll, (M, (1, 2)), {"axis": (0, 1)}),
    (np.roll, (M, (1, 1)), {"axis": 0}),
    (np.roll, (T, np.array([1, -1]), (0, 2)), {}),
    (np.flip, (V,), {}),
    (np.flip, (M,), {}),
    (np.flip, (M, 1), {}),
    (np.flip, (T,), {"axis": (0, -1)}),
    (np.fliplr, (M,), {}),
    (np.flipud, (T,), {}),
    (np.rot90, (M,), {}),
    (np.rot90, (M, 2), {}),
    (np.rot90, (M, -1), {}),
    (np.rot90, (T, 3), {"axes": (1, 2)}),
    (np.rot90, (T, 1, (2, 0)), {}),
    (np.pad, (V, 2), {}),
    (np.pad, (V, (1, 0)), {}),
    (np.pad, (V, (0, 3)), {"constant_values": 1.0}),
    (np.pad, (M, 1), {}),
    (np.pad, (M, (1, 2)), {}),
    (np.pad, (M, ((0, 0), (1, 2))), {}),
    (np.pad, (M, ((1,), (2,))), {}),
    (np.pad, (M, [(2, 1)]), {}),
    (np.pad, (M, np.array([[0, 1], [2, 0]])), {}),
    (np.pad, (T, ((1, 0), (0, 0), (2, 1)), "constant"), {}),
    (np.pad, (V, (2, 1)), {"mode": "edge"}),
    (np.pad, (M, ((1, 2), (0, 2)), "edge"), {}),
    (np.pad, (V, (3, 2), "reflect"), {}),
    (np.pad, (normal(3), 7, "reflect"), {}),
    (np.pad, (M, 2), {"mode": "symmetric"}),
    (np.pad, (normal(2), (5, 4), "symmetric"), {}),
    (np.pad, (T, ((1, 0), (0, 0), (2, 1)), "wrap"), {}),
    (np.pad, (normal(3), 7, "wrap"), {}),
    (np.pad, (F, 1, "edge"), {}),
    *[(np.pad, (M, widths, "edge"), {}) for widths in ({0: (1, 2)}, {-1: 1, 0: 2}) if _WIDTHS_BY_AXES],
]


@pytest.mark.grid(of=8)
@pytest.mark.parametrize(("primitive", "args", "kwargs"), SAMPLES)
def test_rule(primitive, args, kwargs):
    check_rule(primitive, *args, **kwargs)


def test_padding_by_a_function_is_refused():
    def unchanged(vector, width, axis, kwargs):
        pass

    with pytest.raises(NoRuleError, match="mode=<function"):
        grad(lambda x: np.sum(np.pad(x, 1, unchanged)))(V)


def test_orders_that_follow_the_layout():
    from sct.rules.manipulation import ravel, reshape

    y_bar = np.arange(12.0)
    for order in ("A", "K"):
        np.testing.assert_array_equal(ravel(np.ravel(FORTRAN, order), FORTRAN, y_bar, order), y_bar.reshape(3, 4).T)
    a_bar = reshape(FORTRAN.reshape((3, 4), order="A"), FORTRAN, y_bar.reshape(3, 4), (3, 4), "A")
    np.testing.assert_array_equal(a_bar, y_bar.reshape(3, 4).reshape((4, 3), order="F"))


def test_order_k_needs_contiguity():
    with pytest.raises(ValueError, match="contiguous"):
        index_order(STRIDED, "K")


def test_the_inverse_permutation_is_a_constant():
    assert inverse_permutation((1, 2, -3)) == (2, 0, 1)
    assert infer_call(inverse_permutation, [Tuple((Const(1), Const(2), Const(0)))], {}) == Tuple((Const(2), Const(0), Const(1)))


X = abstract(np.zeros((3, 4, 5)), "x")
A, B, D = X.shape
U = abstract(np.zeros(3), "u")
N = U.shape[0]


@pytest.mark.parametrize(
    ("primitive", "args", "shape"),
    [
        (np.reshape, (X, Tuple((Scalar(int, A), Const(-1)))), (A, size_mul(B, D))),
        (np.reshape, (X, Tuple((Const(-1), Scalar(int, D)))), (size_mul(A, B), D)),
        (np.reshape, (abstract(np.zeros((3, 1))), Const(-1)), (abstract(np.zeros((3, 1))).shape[0],)),
        (np.concatenate, (List((U, U)),), (size_mul(N, 2),)),
        (np.concatenate, (List((U, abstract(np.zeros(1)))),), (size_add(N, 1),)),
        (np.stack, (List((U, U)), Const(1)), (N, 2)),
        (np.vstack, (List((U, U)),), (2, N)),
        (np.hstack, (List((Const(1.0), U)),), (size_add(N, 1),)),
        (np.column_stack, (List((U, U, U)),), (N, 3)),
        (np.tile, (U, Tuple((Const(2), Const(1)))), (2, N)),
        (np.repeat, (X, Const(2), Const(-1)), (A, B, size_mul(D, 2))),
        (np.roll, (X, Const(1)), (A, B, D)),
        (np.pad, (X, Tuple((Const(0), Const(2)))), tuple(size_add(s, 2) for s in (A, B, D))),
        (np.rot90, (X,), (B, A, D)),
        (np.rollaxis, (X, Const(2)), (D, A, B)),
        (np.moveaxis, (X, Const(0), Const(-1)), (B, D, A)),
    ],
)
def test_shapes_with_symbolic_sizes(primitive, args, shape):
    assert infer_call(primitive, args, {}).shape == shape


def test_an_int_of_unknown_sign_is_not_taken_for_a_size():
    """It may be -1; but the same reshapings are known to be the same."""
    n = Scalar(int, abstract(7, "n").size)
    one, again = (infer_call(np.reshape, [X, Tuple((n, Const(2)))], {}) for _ in range(2))
    other = infer_call(np.reshape, [U, Tuple((n, Const(2)))], {})
    assert one == again
    assert one.shape[0] not in (n.size, other.shape[0])


def test_parts_of_a_split():
    halves = infer_call(np.split, [U, Const(2)], {})
    assert isinstance(halves, List)
    assert halves.items[0] == halves.items[1]
    first, rest = infer_call(np.split, [U, List((Const(1),))], {}).items
    assert (first.rank, rest.rank) == (1, 1)
