"""The order of axes in memory: copies that a derivative makes for itself have that of what the function works on."""

import numpy as np
import pytest

import sct

W = np.arange(6.0)
C = W.reshape(2, 3) / 4.0
LAYOUTS = {
    "C": C,
    "F": np.asfortranarray(C),
    "transposed": np.ascontiguousarray(C.T).T,
    "every other": np.repeat(C, 2, axis=1)[:, ::2],
}


def read_as_it_lies(x):
    x[0] = 2.0 * x[0]
    return np.sum(x.ravel(order="K") * W)


def computed_from_what_is_changed(x):
    t = x.T * 1.0
    x[0] = t[:, 1]
    return np.sum(np.ravel(t, order="K") * W)


def asks_for_flags(x):
    x[0] *= 2.0
    return np.sum(x) * (2.0 if x.flags.c_contiguous else 3.0)


def before_and_after(x):
    y = x.T
    z = np.exp(y)
    x[0] *= 2.0
    return np.sum(np.ravel(z, order="A") * W) * np.sum(y)


def copied_by_the_user(x):
    z = np.array(x)
    z[1] *= x[0]
    return np.sum(z.flatten("A") * W)


def read_in_a_loop(x):
    s = 0.0
    for i in range(2):
        x[i] *= 2.0
        s += np.sum(x.ravel("K") * W) * x[i, 0]
    return s


ORDER = "K"


def seen(x):
    """Sees how its argument lies."""
    return x.ravel("K") * 1.0


sct.nondifferentiable(seen)


def in_lower_case(x):
    y = np.array(x)
    y[0] = y[0] * 2.0
    return y.ravel("k")[1] * x[0, 0]


def by_a_global(x):
    x[0] = x[1] * 2.0
    return np.sum(np.ravel(x, ORDER)[:4] * x[0, 0])


def by_a_choice(x):
    y = np.array(x)
    y[0] = y[0] * 2.0
    order = "K" if len(x) > 1 else "A"
    return y.ravel(order)[1] * x[0, 0]


def by_a_function_of_the_user(x):
    y = np.array(x)
    y[0] = y[0] * 2.0
    return np.sum(seen(y)[:4] * x[0, 0])


def in_a_test(x):
    y = np.array(x)
    y[0] = y[0] + 2.0
    return x[0, 1] * (2.0 if np.isfortran(y) else 3.0)


def in_the_test_of_a_branch(x):
    y = np.array(x)
    y[0] = y[0] + 2.0
    if seen(y)[1] > 1.2:
        return np.sum(x)
    return 5.0 * np.sum(x)


def in_the_test_of_a_loop(x):
    y = np.array(x)
    y[0] = y[0] + 2.0
    s, k = x[0, 1], 0
    while seen(y)[k] > 1.2 and k < 5:
        k += 1
        s = s * 1.5
    return s


def in_a_number_of_iterations(x):
    y = np.array(x)
    y[0] = y[0] + 2.0
    s = x[0, 1]
    for _ in range(int(seen(y)[1])):
        s = s * 1.5
    return s


def gradient(f, x):
    """By central differences, in copies that lie as `x` does."""
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        ends = []
        for h in (1e-5, -1e-5):
            near = np.array(x)
            near[i] += h
            ends.append(f(near))
        g[i] = (ends[0] - ends[1]) / 2e-5
    return g


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("layout", ["C", "F", "transposed"])
@pytest.mark.parametrize(
    "f",
    [
        read_as_it_lies,
        computed_from_what_is_changed,
        asks_for_flags,
        before_and_after,
        copied_by_the_user,
        read_in_a_loop,
        in_lower_case,
        by_a_global,
        by_a_choice,
        in_a_test,
        in_the_test_of_a_branch,
        in_the_test_of_a_loop,
        in_a_number_of_iterations,
    ],
)
def test_what_depends_on_the_layout(f, layout, optimize):
    x = LAYOUTS[layout]
    value, g = sct.value_and_grad(f, optimize=optimize)(x)
    assert value == f(np.array(x))
    np.testing.assert_allclose(g, gradient(f, x), rtol=1e-8, atol=1e-8)
    y, pull = sct.pullback(f, optimize=optimize)(x)
    assert y == value
    np.testing.assert_allclose(pull(1.0), g, rtol=1e-14)


@pytest.mark.parametrize("layout", ["C", "F", "transposed"])
def test_what_a_function_of_the_user_sees(layout):
    x = LAYOUTS[layout]
    value, g = sct.value_and_grad(by_a_function_of_the_user)(x)
    assert value == by_a_function_of_the_user(np.array(x))
    y = np.array(x)
    y[0] = y[0] * 2.0
    expected = np.zeros((2, 3))
    expected[0, 0] = np.sum(seen(y)[:4])
    np.testing.assert_allclose(g, expected)
    np.testing.assert_array_equal(sct.grad(by_a_function_of_the_user)(x), g)


def sums(x):
    t = np.exp(x.T)
    x *= 3.0
    return np.sum(t) * np.sum(x)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sums_are_in_the_same_order(layout):
    x = np.sin(np.arange(600.0)).reshape(20, 30) * LAYOUTS[layout].max()
    x = {"C": x, "F": np.asfortranarray(x), "transposed": np.ascontiguousarray(x.T).T}.get(
        layout, np.repeat(x, 2, axis=1)[:, ::2]
    )
    value, _ = sct.value_and_grad(sums)(x)
    assert value == sums(x.copy("K"))
