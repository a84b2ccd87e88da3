"""What functions cost: operations and bytes as polynomials in sizes, and as numbers where the sizes are known."""

import numpy as np
import pytest

import sct
from sct.analysis.cost import Count, cost_of
from sct.api.generate import parameter_types
from sct.api.pipeline import typed_primal
from sct.infer.signature import examples
from sct.ir.types import sizes_known
from sct.optimize.passes import PRIMAL, run
from sct.specialize.lowering import compiling


def cost(f, types=None, like=None):
    with examples(), compiling(), sizes_known(at_call=like is not None):
        given = parameter_types(sct.vjp(f), like, types)
        return cost_of(run(PRIMAL, typed_primal(f, given).function).block)


def product(A, B):
    return A @ B


def total(x):
    return np.sum(x * x)


def triangle(x):
    out = 0.0
    for i in range(x.shape[0]):
        out = out + np.sum(x[:i])
    return out


def branch(x):
    if x[0] > 0.0:
        y = np.sin(x)
    else:
        y = np.sin(np.exp(x))
    return y


def steps(x, n):
    for _ in range(n):
        x = np.sin(x)
    return x


def until(x):
    while np.sum(x) > 1.0:
        x = 0.5 * x
    return x


def write(A, x):
    for i in range(A.shape[0]):
        A[i] = x
    return A


def tensors(A, B):
    return np.tensordot(A, B, axes=1)


def inverse(A):
    return np.linalg.inv(A)


@pytest.mark.parametrize(
    ("f", "types", "operations", "nbytes"),
    [
        (product, "A: f8[n, k], B: f8[k, m]", "2*k*m*n", "8*k*m + 8*k*n + 8*m*n"),
        (product, "A: f4[n, k], B: f4[k]", "2*k*n", "4*k*n + 4*k + 4*n"),
        (tensors, "A: f8[n, k], B: f8[k, m]", "2*k*m*n", "8*k*m + 8*k*n + 8*m*n"),
        (total, "x: f8[n]", "2*n", "32*n"),
        (total, "x: f8[3, n]", "6*n", "96*n"),
        (steps, "x: f8[k], n: int", "k*n", "16*k*n"),
        (write, "A: f8[n, m], x: f8[m]", "0", "16*m*n"),  # A is written into
        (inverse, "A: f8[n, n]", "2*n*n*n", "16*n*n"),
        (np.linalg.solve, "a: f8[n, n], b: f8[n, k]", "2*k*n*n + 0.666667*n*n*n", "16*k*n + 8*n*n"),
        (np.linalg.solve, "a: f8[b, n, n], b: f8[b, n, k]", "2*b*k*n*n + 0.666667*b*n*n*n", "16*b*k*n + 8*b*n*n"),
        (lambda A: np.linalg.svd(A, full_matrices=False), "A: f8[n, n]", "26*n*n*n", "24*n*n + 8*n"),
        (lambda x: np.sort(x), "x: f8[n]", "log2(n)*n", "16*n"),
    ],
)
def test_polynomials_in_sizes(f, types, operations, nbytes):
    found = cost(f, types)
    assert (str(found.operations), str(found.nbytes)) == (operations, nbytes)


def test_the_dearer_branch_is_counted():
    found = cost(branch, "x: f8[n]")
    assert found.operations == cost(lambda x: (x[0] > 0.0, np.sin(np.exp(x)))[1], "x: f8[n]").operations + Count.of(1)


def test_the_index_of_a_loop_is_its_mean():
    n = 7
    found = cost(triangle, like=(np.ones(n),))
    assert found.operations.number == sum(i + 1 for i in range(n))
    assert found.nbytes.number == sum(8 * i for i in range(n))


def test_trips_that_are_not_known():
    found = cost(until, "x: f8[n]")
    assert str(found.operations).startswith("2*n*trips of line ")


def test_sizes_at_the_call():
    found = cost(product, like=(np.ones((2, 3)), np.ones((3, 4))))
    assert (found.operations.number, found.nbytes.number) == (2 * 2 * 3 * 4, 8 * (6 + 12 + 8))


def test_what_is_left_out_is_named():
    assert cost(lambda x: np.partition(x, 2), "x: f8[n]").left_out == {"np.partition": 1}


def test_text():
    n, m = Count({("n",): 1}), Count({("m",): 1})
    assert str((n + m) * (n + m * -1)) == "-m*m + n*n"
    assert str(n * 2 + Count.of(-0.5) + m * n) == "m*n + 2*n - 0.5"
    assert str(Count.of(12345)) == "12,345"
    assert str(n + n * -1) == "0"
