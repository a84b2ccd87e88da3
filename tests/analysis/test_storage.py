"""Which values may share memory, as the generated code shows it: what is added up in place was nobody else's."""

import numpy as np
import pytest

import sct

X = np.array([-1.04, 0.64, -0.14])
Y = np.array([-0.16, 1.8, -0.51])


def swapped_in_loops(x, y, n):
    """What the outer loop hands on came, by way of the loops in it, from outside of all of them."""
    z = x * 0.3
    w = y * 2.0
    for _ in range(n):
        x = w
        for _ in range(n):
            for _ in range(n):
                y, z = z, y
            x, z = z, x
            y = z
    return np.sum(w * y) + np.sum(z)


def handed_in_by_an_inner_loop(x, y, n):
    w = y * 2.0
    for _ in range(n):
        for _ in range(n):
            x = w
        y = 0.5 * x
    return np.sum(w * x) + np.sum(y * x)


@pytest.mark.parametrize("f", [swapped_in_loops, handed_in_by_an_inner_loop])
@pytest.mark.parametrize("n", range(5))
def test_loops_within_loops(f, n):
    sct.check_grads(f, (X, Y, n), (0, 1), modes=("forward", "reverse"))
    plain = sct.grad(f, (0, 1), optimize=False)(X, Y, n)  # which adds nothing up in place
    np.testing.assert_allclose(sct.grad(f, (0, 1))(X, Y, n), plain, rtol=1e-13)


def begun_with_what_is_its_own_adjoint(x, w, n):
    """A tape holds `v`, by way of what the loop carries; the adjoint of v ∙ v / 2, which is `v`, is not added to there."""
    y = x[::-1]
    v = w * 1.2
    first = v
    u = y
    i = 0
    while i < n:
        i += 1
        u = np.maximum(v, y)
        v = y
    s = np.sum(y * first) * 2.0
    for q in (x, first, y):
        s += np.sum(q * q) * 0.5
    return s + np.sum(x * y * u)


@pytest.mark.parametrize("n", range(3))
def test_what_is_on_a_tape_by_way_of_a_loop(n):
    plain = sct.grad(begun_with_what_is_its_own_adjoint, (0, 1), optimize=False)(X, Y, n)
    found = sct.grad(begun_with_what_is_its_own_adjoint, (0, 1))(X, Y, n)
    np.testing.assert_allclose(found, plain, rtol=1e-13)
