"""Sums of products: what cancels is gone."""

import pytest

from sct.optimize.polynomials import ZERO, TooLongError, added, atom, inverse, moved, number, times, total

X, Y, T = (atom(name, (0, 1)) for name in "xyt")
ROW, COLUMN = atom("row", (1,)), atom("column", (0,))
N = atom("n")
ONE = number(1)


def minus(p, q):
    return added(p, q, -1)


def over(p, q):
    return times(p, inverse(q))


def along(p, axis=1):
    return total(p, {axis: N})


def test_sums_and_products():
    assert minus(times(added(X, Y), added(X, Y)), added(times(X, X), times(Y, Y))) == times(number(2), times(X, Y))
    assert minus(X, X) == ZERO
    assert times(X, inverse(X)) == ONE
    assert minus(number(0.1), number(0.1)) == ZERO


def test_the_inverse_of_a_sum_is_found_again():
    p = inverse(added(ONE, T))
    assert minus(minus(ONE, p), times(T, p)) == ZERO
    assert inverse(minus(ONE, p)) == over(added(ONE, T), T)
    assert added(p, times(T, p)) == ONE
    assert inverse(p) == added(ONE, T)
    assert over(minus(times(X, X), times(Y, Y)), minus(X, Y)) == added(X, Y)
    assert over(added(X, Y), times(number(2), added(Y, X))) == number(0.5)


def test_a_logistic_loss():
    p = inverse(added(ONE, T))
    p_bar = minus(over(minus(ONE, Y), minus(ONE, p)), over(Y, p))
    assert times(times(times(p_bar, p), p), T) == minus(p, Y)


def test_totals():
    assert along(number(3)) == times(number(3), N)
    assert along(COLUMN) == times(COLUMN, N)
    assert along(times(COLUMN, X)) == times(COLUMN, along(X))
    assert along(over(T, along(T))) == ONE
    assert along(minus(X, over(along(X), N))) == ZERO
    assert along(times(ROW, X)) != times(ROW, along(X))
    assert along(X) != along(X, 0)


def test_a_place():
    at = atom("at", (0, 1), (0, 1))
    assert total(at, {0: N, 1: N}) == ONE
    assert along(at) != ONE
    assert along(times(at, X)) != along(X)


def test_axes_that_move():
    assert moved(COLUMN, lambda k: k + 1) == atom("column", (1,))
    assert moved(along(X), {0: 1}.__getitem__) != along(X)


def test_zero_has_no_inverse():
    with pytest.raises(ZeroDivisionError):
        inverse(minus(X, X))


def test_long_ones_are_left():
    p = added(ONE, X)
    with pytest.raises(TooLongError):
        for name in "abcdef":
            p = times(p, added(ONE, atom(name)))
