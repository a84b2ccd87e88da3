"""Templates: a rule is worked out once, whatever the sizes of its operands are called, and anew where facts of them differ."""

import numpy as np
import pytest

import sct
from sct.specialize import templates


@pytest.fixture
def made(monkeypatch):
    """How many templates are made."""
    count, make = [], templates._made
    monkeypatch.setattr(templates, "_templates", {})
    monkeypatch.setattr(templates, "_made", lambda *args: count.append(args) or make(*args))
    return count


def of_rows(a, b):
    return np.sum(np.sin(a * b))


def of_columns(u, v):
    return np.sum(np.sin(u * v))


def of_a_sum(p, q):
    total = 0.0
    for i in range(len(p)):
        total = total + p[i] * q[i]
    return total


def of_a_difference(r, s):
    total = 0.0
    for k in range(len(r)):
        total = total - r[k] * s[k]
    return total


@pytest.mark.parametrize(("first", "second"), [(of_rows, of_columns), (of_a_sum, of_a_sum)])
def test_another_function_of_arrays_of_the_same_types_makes_none(made, first, second):
    x, y = np.arange(1.0, 5.0), np.ones(4)
    sct.grad(lambda a, b: first(a, b))(x, y)
    before = len(made)
    sct.grad(lambda w, z: second(w, z))(x, y)
    assert before and len(made) == before


def test_the_difference_needs_only_its_own(made):
    x, y = np.arange(1.0, 5.0), np.ones(4)
    sct.grad(lambda a, b: of_a_sum(a, b))(x, y)
    before = len(made)
    sct.grad(lambda a, b: of_a_difference(a, b))(x, y)
    assert len(made) == before + 1


def scaled_by_numbers(x):
    return np.sum(np.sin(x * 2.0) + x * -0.5 + 0.0 * x + (x - 7.0) * 1.0)


def scaled_by_others(x):
    return np.sum(np.sin(x * 1.0) + x * 3.0 + 1.5 * x + (x - 0.0) * -1.0)


def test_products_with_other_numbers_make_none(made):
    x = np.arange(1.0, 5.0)
    assert np.allclose(sct.grad(scaled_by_numbers)(x), 2.0 * np.cos(2.0 * x) + 0.5)
    before = len(made)
    assert np.allclose(sct.grad(scaled_by_others)(x), np.cos(x) + 3.5)
    assert len(made) == before


@pytest.mark.parametrize("shapes", [((4,), (4,)), ((1,), (4,)), ((4,), (1,)), ((4,), (3, 4)), ((3, 1), (1, 4))])
def test_shapes_that_differ_get_their_own(shapes):
    x, y = (np.arange(1.0, 1.0 + np.prod(s)).reshape(s) for s in shapes)
    for f in (of_rows, of_columns):
        sct.check_grads(f, (x, y), wrt=(0, 1))


def in_blocks(x, n):
    """The sum of products of the first `n` and the last `n` entries."""
    return np.sum(x[:n] * x[len(x) - n :])


def test_what_was_asked_of_sizes_is_asked_again():
    x = np.arange(1.0, 7.0)
    for n in (3, 1, 6):
        g = np.zeros(6)
        g[:n] += x[6 - n :]
        g[6 - n :] += x[:n]
        np.testing.assert_allclose(sct.grad(lambda x, n: in_blocks(x, n))(x, n), g)
