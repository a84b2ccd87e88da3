"""What is concluded from how long an axis is: `u[1:-1]` of a long axis cannot be broadcast; of one of length 3 it can."""

import numpy as np
import pytest
from kernels.max_pooling import max_pooling

import sct


def product(u, v):
    return np.sum(u * v)


def inside(u, v):
    return np.sum(u[1:-1] * v[1:-1])


def columns(p):
    x, y, z = p[:, 0:1], p[:, 1:2], p[:, 2:3]
    return np.sum((x.T - x) ** 2 * (y.T - y) ** 2 + (z.T - z) ** 2)


def versions(g):
    return len(g._entries)


def test_another_size_is_no_other_type():
    g = sct.grad(product)
    for n in (2, 3, 5, 6, 300, 0):
        g(np.ones(n), np.ones(n))
    assert versions(g) == 1


def test_what_needs_long_axes_is_made_for_long_axes():
    g = sct.grad(inside, ("u", "v"))
    for n in (8, 6, 300):
        u, v = np.arange(n) + 1.0, np.arange(n) * 2.0
        du, dv = g(u, v)
        assert "runtime" not in g.source and versions(g) == 1
        np.testing.assert_array_equal(du[1:-1], v[1:-1])
        np.testing.assert_array_equal(dv[1:-1], u[1:-1])
    u, v = np.arange(9.0), np.arange(3.0) + 1.0  # now the inside of v is one number for all of u
    du, dv = g(u, v)
    assert versions(g) == 2 and du.shape == u.shape and dv.shape == v.shape
    np.testing.assert_array_equal(dv, [0.0, np.sum(u[1:-1]), 0.0])
    np.testing.assert_array_equal(du[1:-1], np.full(7, v[1]))
    g(np.ones(50), np.ones(60)[:50])
    assert versions(g) == 2


def test_containers():
    def f(d):
        return np.sum(d["u"][1:-1] * d["v"][0][1:-1])

    g = sct.grad(f)
    g({"u": np.ones(9), "v": [np.ones(9)]})
    found = g({"u": np.ones(9), "v": [np.ones(3)]})
    assert found["v"][0].tolist() == [0.0, 7.0, 0.0] and versions(g) == 2
    sct.check_grads(f, ({"u": np.ones(3), "v": [np.arange(9.0)]},))


def test_short_axes_of_vectors():
    p = np.random.default_rng(0).normal(size=(7, 3))
    g = sct.grad(columns)
    g(p)
    assert "unbroadcast" not in g.source
    sct.check_grads(columns, (p,))
    sct.check_grads(columns, (p[:2],))
    sct.check_grads(columns, (p[:1],))


def shifted(u):
    return np.sum(u[1:-1] ** 3 * np.sin(u[:-2]))


def of_a_derivative(u, v):
    return np.sum(sct.grad(shifted)(u)[1:-1] * v[1:-1])


def test_a_derivative_inside():
    g = sct.grad(of_a_derivative, ("u", "v"))
    for n, m in ((9, 9), (9, 3), (3, 9), (3, 3), (30, 30)):
        u, v = np.linspace(0.1, 1.0, n), np.linspace(0.5, 2.0, m)
        du, dv = g(u, v)
        assert du.shape == u.shape and dv.shape == v.shape
        sct.check_grads(of_a_derivative, (u, v), (0, 1))
    assert versions(g) <= 4


def test_an_axis_that_a_loop_broadcasts():
    def f(b, c, n):
        v = c
        for i in range(n):
            v = v * c + i * b
        return np.sum(v * v)

    for shape in ((2, 1), (1, 3), (1, 1), (2, 3), (3,), ()):
        for n in range(4):
            sct.check_grads(
                f,
                (
                    np.linspace(0.1, 1.0, 6).reshape(2, 3),
                    np.linspace(0.3, 1.2, 6)[: np.prod(shape, dtype=int)].reshape(shape),
                    n,
                ),
                (0, 1),
            )


def windows(x, count, step):
    out = np.zeros(count)
    for d in range(2):
        out += x[d : d + count * step : step]
    return np.sum(out**2)


def test_as_many_entries_as_steps():
    g = sct.grad(windows)
    for n, count, step in ((9, 4, 2), (8, 4, 2), (30, 4, 3), (11, 4, 3), (9, 0, 2), (9, 1, 2), (5, 4, 1), (2, 4, 2), (4, 2, 3)):
        x = np.linspace(0.3, 1.4, n)
        np.testing.assert_allclose(g(x, count, step), difference_quotients(lambda x: windows(x, count, step), x), atol=1e-6)
        whole = 1 + (count - 1) * step < n or count == 0
        assert ("runtime" in sct.grad(windows).source_for(x, count, step)) is not whole  # else one entry may stand for all
    with pytest.raises(ValueError, match="could not be broadcast"):
        g(np.ones(4), 4, 2)


def test_largest_of_every_window():
    g = sct.grad(lambda x, size, step: np.sum(max_pooling(x, size, step) ** 2))
    for h, w, size, step in ((7, 9, 3, 2), (7, 7, 2, 2), (5, 4, 1, 2), (3, 3, 3, 1), (9, 4, 2, 5), (2, 2, 2, 1), (4, 4, 2, 3)):
        x = np.random.default_rng(h).normal(size=(2, 1, h, w))
        expected = difference_quotients(lambda x: np.sum(max_pooling(x, size, step) ** 2), x)
        np.testing.assert_allclose(g(x, size, step), expected, atol=1e-6)
        assert "runtime" not in g.source


def difference_quotients(f, x, d=1e-6):
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = d
        out[i] = (f(x + e) - f(x - e)) / (2 * d)
    return out


def one_mask(x, y):
    m = x > 0
    return np.sum(x[m] * y[m] ** 2)


def one_mask_written_twice(x, y):
    z = x * 1.0
    z[z > 0] = z[z > 0] ** 1.5
    return np.sum(z * y)


def two_masks(x, y):
    m, k = x > 0, y > 3
    return np.sum(x[m] * y[k] ** 2)


def helper(x, m):
    return x[m]


def two_masks_in_a_function(x, y):
    m, k = x > 0, y > 3
    return np.sum(helper(x, m) * helper(y, k)) + np.sum(helper(x, k) * helper(y, m))


def mask_that_changes(x, y):
    m = x > 0
    u = x[m]
    m[0] = False
    return np.sum(u * y[m])


def mask_whose_view_changes(x, y):
    m = x > 0
    v = m[1:]
    u = x[1:][v]
    m[2] = False
    return np.sum(u * y[1:][v])


def masks_of_other_iterations(x, y):
    total = 0.0
    for i in range(4):
        m = x > i
        if i > 0:
            total = total + np.sum(x[m] * before * y[0])  # noqa: F821
        before = x[m]  # noqa: F841
    return total


def mask_that_a_loop_carries(x, y):
    m = x > 0
    before = x[m]
    for i in range(3):
        total = np.sum(x[m] * before * y[i])
        before = x[m]
        m = m & (y > 3 + i)
    return total


def written_by_a_mask(x, y):
    m = x > 0
    out = np.zeros_like(x)
    out[m] = y[y > 3]
    return np.sum(out**2)


def test_what_one_mask_picks_is_of_one_size():
    u, v = np.array([1.0, -2.0, 3.0, 0.5]), np.array([2.0, 3.0, 4.0, 5.0])
    for f in (one_mask, one_mask_written_twice):
        assert "runtime" not in sct.grad(f, ("x", "y")).source_for(u, v)
        for n in (4, 1, 0):
            sct.check_grads(f, (u[:n], v[:n]), (0, 1))


@pytest.mark.parametrize(
    ("f", "x", "y"),
    [
        (two_masks, [1.0, -2.0, 3.0, 0.5], [1.0, 1.0, 4.0, 1.0]),
        (two_masks, [1.0, -2.0, -3.0, -0.5], [5.0, 1.0, 4.0, 4.0]),
        (two_masks_in_a_function, [1.0, -1.0, -2.0], [4.0, 5.0, 6.0]),
        (mask_that_changes, [1.0, 1.0, -1.0], [2.0, 3.0, 4.0]),
        (mask_whose_view_changes, [1.0, -1.0, 1.0, 1.0], [4.0, 5.0, 6.0, 7.0]),
        (masks_of_other_iterations, [0.5, -1.0, 3.5], [4.0, 5.0, 6.0]),
        (masks_of_other_iterations, [3.5, 1.5, 4.5], [4.0]),
        (mask_that_a_loop_carries, [1.0, 1.0, 1.0], [5.5, 2.0, 1.0]),
        (written_by_a_mask, [1.0, 2.0, -1.0], [4.0, 1.0, 1.0]),
        (written_by_a_mask, [1.0, 2.0, -1.0], [4.0, 1.0, 5.0]),
    ],
    ids=lambda a: getattr(a, "__name__", ""),
)
def test_what_other_masks_pick_may_be_broadcast(f, x, y):
    x, y = np.array(x), np.array(y)
    try:
        f(x, y)
    except ValueError:
        with pytest.raises(ValueError, match="broadcast|fit"):
            sct.grad(f, ("x", "y"))(x, y)
        return
    sct.check_grads(f, (x, y), (0, 1))


def states(W, xs, h, c):
    hs, cs = [h], [c]
    for x in xs:
        z = x @ W
        cs.append(np.tanh(z) * cs[-1] + hs[-1])
        hs.append(z * cs[-1])
    return np.sum(hs[-1] ** 2) + np.sum(cs[-1])


def test_what_a_loop_goes_on_with_is_as_long_as_what_it_begins_with():
    g = sct.grad(states, ("W", "h", "c"))
    shapes = ((2, 4, 2, 2), (5, 4, 5, 5), (4, 4, 4, 4), (2, 4, 1, 2), (2, 4, 2, 1), (2, 4, 1, 1), (1, 4, 2, 2), (2, 1, 2, 2))
    for n, width, rows, others in shapes:
        random = np.random.default_rng(n)
        W, xs = random.normal(size=(3, width)), random.normal(size=(2, n, 3))
        h, c = random.normal(size=(rows, 4)), random.normal(size=(others, 4))
        found = g(W, xs, h, c)
        assert "runtime" not in g.source or {rows, others, width, n} & {1}
        for bar, x, f in zip(
            found,
            (W, h, c),
            (lambda x: states(x, xs, h, c), lambda x: states(W, xs, x, c), lambda x: states(W, xs, h, x)),  # noqa: B023
            strict=True,
        ):
            np.testing.assert_allclose(bar, difference_quotients(f, x), rtol=1e-4, atol=1e-5)
    g = sct.grad(states, "W")
    g(np.ones((3, 4)), np.ones((2, 4, 3)), np.ones((4, 4)), np.ones((4, 4)))
    for n in (2, 3, 7):
        g(np.ones((3, 4)), np.ones((2, n, 3)), np.ones((n, 4)), np.ones((n, 4)))
    assert versions(g) == 1
    with pytest.raises(ValueError, match="broadcast|fit"):
        g(np.ones((3, 4)), np.ones((2, 2, 3)), np.ones((2, 4)), np.ones((3, 4)))


@pytest.mark.parametrize("reduced", [np.sum, np.mean, np.max])
@pytest.mark.parametrize("shapes", [((1, 3), (3,)), ((2, 3), (3,)), ((1, 3), (1, 3)), ((2, 1), (1, 3)), ((1, 1), (3,))])
def test_a_row_among_matrices_of_one_row_is_summed_along_its_own_axis(reduced, shapes):
    def f(v, x):
        return np.sum(x * (v * reduced(v, axis=0))) + np.sum(x * (v * reduced(v, axis=-1, keepdims=True)))

    v, x = (np.arange(1.0, 1.0 + np.prod(s)).reshape(s) for s in shapes)
    sct.check_grads(f, (v, 0.3 * x), (0, 1), order=2)
