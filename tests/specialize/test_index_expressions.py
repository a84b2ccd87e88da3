"""np.r_, np.c_, np.s_, np.index_exp, np.mgrid and np.ogrid: the function's own values, and derivatives by differences."""

import numpy as np
import pytest
from numpy import r_ as rows

import sct

X = np.array([0.7, -1.2])
Y = np.array([2.1, 0.4])
M = np.array([[0.5, -1.1], [1.7, 0.2]])
CASES = {
    "b1_numbers": (lambda x: np.r_[x, 1.0] ** 2, X),
    "b1_columns": (lambda x: np.c_[x, x] * np.c_[x, 2 * x], X),
    "number_of_the_argument": (lambda x: np.r_[x[0], x, x[1] * x[0]] ** 2, X),
    "alone": (lambda x: np.r_[x] ** 2, X),
    "only_numbers": (lambda x: np.r_[x[1], 2, x[0]] ** 2, X),
    "a_number": (lambda x: np.r_[x, 1] * 3.0, 0.7),
    "ranges": (lambda x: np.r_[0:3, x, 1:0:-0.5, 0:1:5j] ** 2 * x[0], X),
    "range_up_to_a_length": (lambda x: np.r_[: len(x), x] ** 2, X),
    "lists": (lambda x: np.r_[[x[0], 2.0], x, (1, 2)] ** 2, X),
    "single_precision_stays": (lambda x: np.r_[x, 1.5, 2] ** 2, X.astype(np.float32)),
    "matrices": (lambda A: np.r_[A, 2 * A] ** 2, M),
    "imported_by_name": (lambda x: rows[x, 1.0] ** 2, X),
    "columns_of_a_matrix": (lambda A: np.c_[A, A[0]] ** 2, M),
    "columns_and_a_range": (lambda x: np.c_[x, 0:2, [1.0, x[0]]] ** 2, X),
    "columns_of_a_stack": (lambda A: np.c_[np.stack((A, A)), np.ones((2, 2, 1))] ** 2, M),
    "row_of_numbers": (lambda x: np.c_[x[0], 1, x[1]] ** 2, X),
    "column_in_single_precision": (lambda x: np.c_[x[0], 1.5] ** 2, X.astype(np.float32)),
    "slice_object": (lambda x: x[np.s_[1:]] ** 2, X),
    "slices_of_axes": (lambda A: A[np.s_[:1, ::-1]] ** 2, M),
    "slice_up_to_a_length": (lambda x: x[np.s_[: len(x) - 1]] ** 2, X),
    "index_tuple": (lambda A: A[np.index_exp[1]] * A[np.index_exp[..., 0]], M),
    "grid": (lambda x: np.mgrid[0:1:5j] * x[0], X),
    "grid_of_an_axis": (lambda x: np.mgrid[0:2] * x, X),
    "grid_of_two_axes": (lambda x: np.mgrid[: len(x), :4][0] * x[0], X),
    "open_grid_of_an_axis": (lambda x: np.ogrid[0:2] * x, X),
}


@pytest.mark.parametrize("name", CASES)
def test_index_expression(name):
    f, x = CASES[name]
    y = f(x)
    value, x_bar = sct.vjp(f)(x, np.ones_like(y))
    assert value.dtype == y.dtype
    np.testing.assert_array_equal(value, y)
    assert np.shape(x_bar) == np.shape(x)
    sct.check_grads(f, (x,))


def test_b1_a_grid_is_unpacked():
    def moment(x):
        i, j = np.mgrid[:3, :4]
        u, v = np.ogrid[0:1:3j, -1:1:4j]
        return np.sum(x[0] * i * j + x[1] * u * v**2)

    assert sct.value_and_grad(moment)(X)[0] == moment(X)
    sct.check_grads(moment, (X,), order=2)


def test_a_grid_between_numbers_that_move_is_refused():
    with pytest.raises(sct.NoRuleError, match="depends on what is differentiated by"):
        sct.grad(lambda x: np.sum(np.mgrid[0 : x[0] : 5j]))(X)


def test_a_directive_is_refused():
    with pytest.raises(sct.UnsupportedSyntaxError, match=r"np.r_ with a directive in a string"):
        sct.grad(lambda x: np.sum(np.r_["0,2", x, x]))(X)


def sliced_by_objects(x):
    ends = [slice(None, -1), slice(1, None)]
    named = {"head": slice(2), "rest": slice(2, None, 2)}
    return np.sum(x[ends[0]] * x[ends[1]]) + sum(np.sum(x[named[k]]) ** 2 for k in named) + ends[1].start * x[0]


def written_by_objects(x):
    y = x * 1.0
    for k in range(2):
        part = slice(k, k + 2)
        y[part] = y[part] * x[0]
    return np.sum(y**2)


@pytest.mark.parametrize("f", [sliced_by_objects, written_by_objects])
def test_slices_that_are_made_are_those_that_are_written(f):
    x = np.arange(1.0, 6.0)
    sct.check_grads(f, (x,))
    source = sct.grad(f).source_for(x)
    assert "slice(" not in source and "np.add.at" not in source
