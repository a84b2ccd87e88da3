"""Subscripts of subscripts, read and written, against Python's own and finite differences; what is recorded of them."""

import numpy as np
import pytest
from sources import define

import sct

A = np.arange(24.0).reshape(2, 3, 4) / 5.0 - 1.7
K, MASK, ZERO = np.array([1, 0, 1]), np.array([True, False, True]), np.array(1)
READS = [
    "A[i][j]",
    "A[i][j][k]",
    "A[i, j][k]",
    "A[i][j, k]",
    "A[i][-1][1:]",
    "A[-1][..., 0]",
    "A[i][None, 1]",
    "A[i][1:][j]",
    "A[1:][0][j]",
    "A[i][:, k]",
    "A[i][:][j]",
    "A[i][()]",
    "A[i][K]",
    "A[i][:, K]",
    "A[i][MASK]",
    "A[i][ZERO]",
    "A[ZERO][j]",
    "A[K][j]",
    "A[K[0]][K[1]]",
    "A[i][j:k]",
    "A[i].T[k]",
    "A[i][::-1][j][::2]",
    "A[True][0]",
    "A[i][[0, 2]]",
    "A[:, j][i]",
    "A[:, j][1:]",
    "A[:, :, k][i, j]",
    "A[:, j][None, i]",
    "A[..., k][i]",
    "A[:, j][..., k]",
    "A[:, j][K]",
    "A[:][i][:, k]",
]


@pytest.mark.parametrize("read", READS)
def test_a_part_of_a_part_is_read(read):
    f = define(f"def f(A, i, j, k, K, MASK, ZERO):\n    return np.sum(np.sin({read}) * {read})\n", "f")
    sct.check_grads(f, (A, 1, 1, 3, K, MASK, ZERO), order=2)


@pytest.mark.parametrize("sign", ["=", "+=", "*="])
@pytest.mark.parametrize("part", [r for r in READS if not r.startswith(("A[K][", "A[True]"))])
def test_a_part_of_a_part_is_written(part, sign):
    text = f"""
def f(A, x, i, j, k, K, MASK, ZERO):
    B = A * 1.0
    for n in range(2):
        {part.replace("A[", "B[")} {sign} x * np.sum({part.replace("A[", "B[")}) + B[n][n][n]
    return np.sum(B * B)
"""
    sct.check_grads(define(text, "f"), (A, 0.3, 1, 1, 3, K, MASK, ZERO), (0, 1))


def with_pairs(A):
    n = A.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            A[i, k] = A[i, k] / A[k, k]
            for j in range(k + 1, n):
                A[i, j] -= A[i, k] * A[k, j]
    return A


def with_rows(A):
    n = A.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            A[i][k] = A[i][k] / A[k][k]
            for j in range(k + 1, n):
                A[i][j] -= A[i][k] * A[k][j]
    return A


def test_rows_of_rows_are_recorded_no_more_than_pairs():
    M = np.eye(4) * 3.0 + np.arange(16.0).reshape(4, 4) / 7.0
    by_pairs, by_rows = (sct.vjp(f).source_for(M, M).split("# forward") for f in (with_pairs, with_rows))
    assert "tape" not in by_rows[1]
    code = [[line for line in text[1].splitlines() if "#" not in line] for text in (by_pairs, by_rows)]
    assert code[0] == code[1]
    sct.check_grads(with_rows, (M,))


def with_columns(A):
    n = A.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            A[:, k][i] = A[:, k][i] / A[:, k][k]
            for j in range(k + 1, n):
                A[:, j][i] -= A[:, k][i] * A[:, j][k]
    return A


def test_columns_are_recorded_no_more_than_pairs():
    M = np.eye(4) * 3.0 + np.arange(16.0).reshape(4, 4) / 7.0
    pairs, columns = (sct.vjp(f).source_for(M, M).split("# forward")[1] for f in (with_pairs, with_columns))
    assert [line for line in pairs.splitlines() if "#" not in line] == [
        line for line in columns.splitlines() if "#" not in line
    ]
    sct.check_grads(with_columns, (M,))


def first_row(A, B):
    C = np.zeros_like(A)
    for i in range(3):
        C[1, i] = A[1][i] * B[i]
    return np.sum(C[1][1:] * A[0][1:]) + np.sum(C[1]) + C[1][2]


def test_a_place_is_told_in_one_way():
    A, B = np.arange(6.0).reshape(2, 3), np.arange(3.0) + 1.0
    sct.check_grads(first_row, (A, B), (0, 1))
    text = sct.grad(first_row, (0, 1)).source_for(A, B)
    assert not any("][" in line for line in text.splitlines() if "#" not in line)


def rows_of_lists(rows):
    total = 0.0
    for j in range(3):
        total += rows[1][j] * rows[0][j]
    return total


def named_rows(A, n):
    total = 0.0
    for i in range(n):
        row = A[i]
        total += row[0] * row[1]
        row[1] = total
    return total + np.sum(A)


def test_lists_of_arrays_and_rows_that_have_a_name():
    sct.check_grads(rows_of_lists, ([np.ones(3), np.arange(3.0)],))
    sct.check_grads(named_rows, (A[0] * 1.0, 3))
    assert "row[0]" in sct.grad(named_rows).source_for(A[0], 3)
