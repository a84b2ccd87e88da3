"""What is concluded from how long an axis is: `u[1:-1]` of a long axis cannot be broadcast; of one of length 3 it can."""

import numpy as np

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
