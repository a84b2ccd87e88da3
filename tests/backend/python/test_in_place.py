"""Adding in place to entries that arrays of integers pick: of entries that may be named twice, each summand counts; and what is
written in one expression past such statements.
"""

import numpy as np
import pytest
from sources import define

import sct

PICKED = np.array([2, 0, 0, 1])
PLACES = """
def f(A, y):
    places = {0}
    return np.sum(np.sin(A[{1}]) * np.cos(A)[{1}])
"""


@pytest.mark.parametrize(
    ("places", "index", "once"),
    [
        ("np.arange(len(y))", "places, y", True),
        ("np.arange(len(y))", "places", True),
        ("np.arange(A.shape[1])", ":, places", True),
        ("np.arange(1)", "places, y", False),
        ("np.arange(-1, 3)", "places, y", False),
        ("np.arange(len(y)) // 2", "places, y", False),
        ("np.arange(len(y))", "places // 2, y", False),
        ("np.arange(3)", "places[:, None], y", False),
    ],
)
def test_entries_that_are_named_once_are_added_to_as_such(places, index, once):
    f = define(PLACES.format(places, index), "f")
    A = np.linspace(-1.0, 1.0, 12).reshape(4, 3)
    sct.check_grads(f, (A, PICKED))
    assert ("np.add.at" not in sct.grad(f).source_for(A, PICKED)) is once


def test_places_that_are_written_over_may_be_named_twice():
    f = define("def f(A, y):\n    k = np.arange(len(y))\n    k[1] = 0\n    return np.sum(np.sin(A[k, y]) * A[k, y])\n", "f")
    sct.check_grads(f, (np.linspace(-1.0, 1.0, 12).reshape(4, 3), PICKED))


def test_an_expression_that_reads_nothing_of_what_is_stored_into_is_written_where_it_is_used():
    f = define("def f(a, b):\n    y = a @ a.T + b * b\n    return np.sum(y * y * b)\n", "f")
    A = np.linspace(-1.0, 1.0, 9).reshape(3, 3)
    sct.check_grads(f, (A, A + 2.0))
    assert "a_bar += " in sct.grad(f).source_for(A, A + 2.0)
    assert "product" not in sct.grad(f).source_for(A, A + 2.0)


def test_an_expression_that_reads_what_is_stored_into_is_made_before():
    f = define("def f(x):\n    x[1:] = 2.0 * x[:-1] * x[:-1]\n    return np.sum(x * x)\n", "f")
    sct.check_grads(f, (np.linspace(-1.0, 1.0, 5),))
    text = sct.grad(f).source_for(np.ones(5))
    assert 0 < text.index("twice_bar = product_bar") < text.index("x_bar[1:] = 0.0") < text.index("2.0 * twice_bar")
