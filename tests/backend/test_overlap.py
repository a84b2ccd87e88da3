"""Arguments that a function writes into: read-only ones and ones that share memory with others are errors at the call."""

import numpy as np
import pytest
from sources import define

import sct

SHARED = np.ones(5)


def shift(u, v):
    u[1:] += v[:-1] * v[1:]
    return np.sum(u * u * v)


def scale(p, q):
    p["a"] *= q
    p["b"] += p["a"] ** 2
    return np.sum(p["b"] * p["a"])


def with_global(u):
    u += 1.0
    return np.sum(u * SHARED)


def in_lists(xs, ys):
    xs[0] = ys[1] * 2
    return ys[0] * xs[0]


def vectors(n=2):
    rng = np.random.default_rng(0)
    return [rng.normal(size=5) for _ in range(n)]


def both_lines(e, name):
    text = str(e.value)
    assert e.value.place.file == __file__ and f"writes into {name}" in text and "copy()" in text


@pytest.mark.parametrize(
    "overlap", [lambda a: (a, a), lambda a: (a[1:], a[:-1]), lambda a: (a, a[::-1]), lambda a: (a[:4], a[1:])]
)
def test_arguments_that_overlap(overlap):
    a, _ = vectors()
    g = sct.grad(shift, ("u", "v"))
    with pytest.raises(sct.ArgumentMemoryError, match="the arguments u and v share memory") as e:
        g(*overlap(a))
    both_lines(e, "u")
    np.testing.assert_array_equal(a, vectors()[0])


def test_every_way_of_calling_looks():
    a, b = vectors()
    both = ("u", "v")
    for transform in (sct.grad, sct.value_and_grad, sct.pullback):
        with pytest.raises(sct.ArgumentMemoryError):
            transform(shift, both)(a, a)
        with pytest.raises(sct.ArgumentMemoryError):
            transform(shift, both)(v=a, u=a)
        with pytest.raises(sct.ArgumentMemoryError):
            transform(shift, both).specialize(a, b)(a, a)
    with pytest.raises(sct.ArgumentMemoryError):
        sct.vjp(shift, both)(a, a, 1.0)


@pytest.mark.parametrize("wrt", ["u", "v"])
@pytest.mark.parametrize("overlap", [lambda a: (a, a), lambda a: (a[:4], a[1:]), lambda a: (a, a[::-1])])
def test_by_one_of_them_the_derivative_is_by_the_memory_that_they_share(overlap, wrt):
    a, direction = vectors()
    u, v = overlap(a)
    y_bar = 2.0
    direction = direction[: len(u)]
    kept = a.copy()

    def moved(t):
        whole = kept.copy()
        given = dict(zip(("u", "v"), overlap(whole), strict=True))
        given[wrt] += t * direction
        return y_bar * shift(**given)

    _, found = sct.vjp(shift, wrt)(u, v, y_bar)
    assert found @ direction == pytest.approx((moved(1e-6) - moved(-1e-6)) / 2e-6, rel=1e-7)
    _, tangent = sct.jvp(shift, wrt)(u, v, direction)
    assert found @ direction == pytest.approx(y_bar * tangent, rel=1e-12)
    _, pull = sct.pullback(shift, wrt)(u, v)
    for _ in range(3):
        np.testing.assert_allclose(pull(y_bar), found, rtol=1e-13)
    np.testing.assert_array_equal(a, kept)


def test_the_real_parts_of_an_argument_are_not_followed():
    def into_parts(z, parts):
        parts[0] = z[0].real * 3.0
        return np.sum(np.abs(z) ** 2)

    z = np.array([1.0 + 2.0j, 0.5])
    for parts in (z.imag, z.view(float)):
        with pytest.raises(sct.ArgumentMemoryError, match="parts and z share memory"):
            sct.grad(into_parts)(z, parts)


def test_interleaved_arrays_are_apart():
    buffer = np.arange(10.0)
    found = sct.grad(shift, ("u", "v"))(buffer[::2], buffer[1::2])
    for x, y in zip(found, sct.grad(shift, ("u", "v"))(buffer[::2].copy(), buffer[1::2].copy()), strict=True):
        np.testing.assert_array_equal(x, y)


def test_read_only():
    a, b = vectors()
    a.flags.writeable = False
    for u in (a, np.broadcast_to(1.0, 5)):
        with pytest.raises(sct.ArgumentMemoryError, match="the argument u is read-only"):
            sct.grad(shift)(u, b)
    assert np.all(np.isfinite(sct.grad(shift, "v")(b, a)))  # only read


def test_argument_that_overlaps_itself():
    (a,) = vectors(1)
    u = np.lib.stride_tricks.as_strided(a, (4, 2), (8, 8))

    def double(u):
        u *= 2.0
        return np.sum(u)

    with pytest.raises(sct.ArgumentMemoryError, match="entries of the argument u share memory"):
        sct.grad(double)(u)


def test_entries_of_containers():
    a, b = vectors()
    sct.check_grads(scale, (dict(a=a, b=b), 2.0), ("p", "q"))
    with pytest.raises(sct.ArgumentMemoryError, match=r"p\['a'\] and p\['b'\] share memory"):
        sct.grad(scale, ("p", "q"))(dict(a=a, b=a), 2.0)
    z = [1.0, 2.0]
    assert sct.grad(in_lists, ("xs", "ys"))(z, [3.0, 4.0]) == ([0.0, 0.0], [8.0, 6.0])
    with pytest.raises(sct.ArgumentMemoryError, match="xs and ys share memory"):
        sct.grad(in_lists)(z, z)
    assert z == [1.0, 2.0]


def test_data_from_outside():
    np.testing.assert_array_equal(sct.grad(with_global)(np.zeros(5)), np.ones(5))
    with pytest.raises(sct.ArgumentMemoryError, match="u and SHARED share memory"):
        sct.grad(with_global)(SHARED)


def test_derivative_called_inside():
    inner = sct.grad(shift)

    def both(x):
        return np.sum(inner(x, x))

    with pytest.raises(sct.UnsupportedSyntaxError, match="shift writes into its argument 'u', which may share memory with 'x'"):
        sct.grad(both)(vectors()[0])


def test_second_derivative_looks_too():
    a, b = vectors()
    first = sct.grad(shift)

    def total(u, v):
        return np.sum(first(u, v) ** 2)

    sct.check_grads(total, (a, b), ("u", "v"))
    for derived in (sct.elementwise_grad(sct.grad(first_entries)), sct.grad(total), lambda u, v: sct.jvp(total)(u, v, u)):
        with pytest.raises(sct.ArgumentMemoryError):
            derived(a, a)


class Pair:
    def __init__(self, u, v):
        self.u, self.v = u, v


def test_second_derivative_of_what_writes_into_a_field():
    def inner(x, pair):
        pair.u[0] = x[0]
        return np.sum(x * pair.u * pair.v)

    def total(x, pair):
        return np.sum(sct.grad(inner)(x, pair) ** 2)

    x, (a, b) = np.array([0.3, 0.5, 0.7, 0.2, 0.4]), vectors()
    sct.check_grads(total, (x, Pair(a, b)), ("x", "pair"))
    for pair in (Pair(a, a), Pair(x, b)):
        with pytest.raises(sct.ArgumentMemoryError, match=r"the arguments pair\.u and .* share memory"):
            sct.grad(total)(x, pair)


def first_entries(u, v):
    u[0] = v[1] * u[0]
    return u[0] * u[0] * v[0]


def into_default(x, b=np.zeros(3)):  # noqa: B008
    b[0] += x[0]
    return np.sum(b * x)


def into_default_list(x, *, seen=[]):  # noqa: B006
    seen.append(x)
    return sum(np.sum(v) for v in seen)


def through_default(x):
    return into_default(2.0 * x)


def test_a14_a_default_that_is_written_into():
    for f in (into_default, into_default_list):
        with pytest.raises(sct.ArgumentMemoryError, match="writes into the default of"):
            sct.grad(f)(np.ones(3))
    with pytest.raises(sct.UnsupportedSyntaxError, match="a write into 'b'"):
        sct.grad(through_default)(np.ones(3))
    np.testing.assert_array_equal(sct.grad(into_default)(np.ones(3), np.zeros(3)), [2.0, 0.0, 0.0])
    np.testing.assert_array_equal(sct.grad(into_default_list)(np.ones(3), seen=[]), np.ones(3))


def closing(kept):
    def f(x):
        kept[0] = x[0]
        return np.sum(kept * x)

    return f


def into_attribute(x):
    into_attribute.kept[0] = x[0]
    return np.sum(into_attribute.kept * x)


into_attribute.kept = np.zeros(3)


@pytest.mark.parametrize("statement", ["W[0] = x[0]", "W += x", "np.add(x, 1.0, out=W)", "v = W[1:]; v[0] = x[0]"])
def test_a14_a_global_that_is_written_into(statement):
    f = define(f"def f(x):\n    {statement}\n    return np.sum(W * x)\n", "f", W=np.zeros(3))
    with pytest.raises(sct.SctError):
        sct.grad(f)(np.ones(3))


def test_a14_what_is_closed_over_or_an_attribute_and_written_into():
    for f in (closing(np.zeros(3)), into_attribute):
        with pytest.raises(sct.UnsupportedSyntaxError, match="defined outside of the function"):
            sct.grad(f)(np.ones(3))


def cubes(u, v):
    u[1] = u[0] * 2.0
    return np.sum(u * u) + np.sum(v * v * v)


def of_a_view(u, n):
    v = u[n:] if n else u.reshape(-1)
    return np.sum(sct.grad(cubes, ("u", "v"))(u, v)[0] * u)


@pytest.mark.parametrize("n", [0, 1])
def test_a_view_given_to_a_derivative_called_inside(n):
    u = np.array([0.3, 0.4, 0.5])
    with pytest.raises(sct.ArgumentMemoryError):
        of_a_view(u, n)
    for derivative in (lambda: sct.grad(of_a_view)(u, n), lambda: sct.jvp(of_a_view)(u, n, u)):
        with pytest.raises(sct.UnsupportedSyntaxError, match="cubes writes into its argument 'u', which may share memory"):
            derivative()


def of_two(u, v):
    return np.sum(sct.grad(cubes)(u, v) ** 2)


def test_arguments_that_are_given_to_a_derivative_called_inside():
    u, v = np.array([0.3, 0.4, 0.5]), np.array([0.1, 0.2, 0.7])
    sct.check_grads(of_two, (u, v), ("u", "v"))
    for derivative in (lambda: sct.grad(of_two)(u, u[:]), lambda: sct.jvp(of_two)(u, u[:], v)):
        with pytest.raises(sct.ArgumentMemoryError, match="the arguments u and v share memory"):
            derivative()
