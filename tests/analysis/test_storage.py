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
