"""Jacobians, Hessians and their products with vectors: by columns and by rows, against finite differences and each other."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from kernel_samples import NAMES, is_refused, sample

import sct
from sct.testing.trees import at, leaves

X = np.array([0.3, 0.5, 0.7])
A = np.array([[0.4, 0.1, 0.6], [0.2, 0.9, 0.7]])
B = np.array([[0.5, 0.2], [0.1, 0.8], [0.3, 0.7]])
MODES = ("forward", "reverse")


def differences(f, args, n, eps=1e-6):
    """The derivative of the array that `f` gives by its argument number `n`, by central differences."""
    x = np.asarray(args[n], float)
    out = []
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = eps
        ends = [np.asarray(f(*args[:n], x + s if x.shape else float(x + s), *args[n + 1 :])) for s in (step, -step)]
        out.append((ends[0] - ends[1]) / (2 * eps))
    shape = np.shape(f(*args))
    return np.moveaxis(np.reshape(out, (*x.shape, *shape)), range(x.ndim), range(-x.ndim, 0)) if x.ndim else out[0]


def masked(x, A):
    out = np.zeros(A.shape)
    out[A > 0.3] = x[0]
    out[:, [0, 2]] *= A[:, [1, 1]]
    return out


def in_place(x, A):
    for i in range(len(x)):
        x[i] = x[i - 1] * A[0, i]
    return x


def selected(x, A):
    y = x
    while np.sum(y) < 4.0:
        y = 1.5 * y + (A[0] if y[0] > 0.5 else A[1])
    return y


def in_a_list(x, A):
    rows = [x]
    for r in A:
        rows.append(rows[-1] * r)
    return np.stack(rows)


def kept(x, A):
    first, same = np.sum(x[0]), np.mean(x[0])
    x[0] = A[0, 0]
    return np.array([first, same, x[0]])


def as_it_lies(x, A):
    out = np.zeros(6)
    entries = out[::2].ravel()  # a copy; of several side by side it would be a view
    entries[:] = x
    out[0] += A[0, 0]
    return out * entries[0]


def as_given(x, A):
    entries = A.ravel()  # a view, unless the columns are far from one another
    entries[1] = x[0]
    return A * x


def first_large(x, A):
    for i in range(len(x)):
        if x[i] > 0.4:
            return x[i] * A[0]
    return x


def oscillator(x, A):
    p, q, r = x
    return np.array([q * A[0, 1], -p - r, p * q])


def checked(x, A):
    if x.shape[0] != A.shape[1]:
        raise ValueError("other sizes")
    y = A @ x
    if np.sum(A) > 0.0:
        z = y * y
    else:
        raise ValueError("negative")
    return z * y


ENTRIES = {
    "checked": checked,
    "elementwise": lambda x, A: np.tanh(A) * x + np.where(A > 0.3, A, x),
    "products": lambda x, A: A @ x + A[0] @ A.T * np.dot(x, A[1]),
    "stacks": lambda x, A: np.stack([A, A * A]) @ B * x[0],
    "matrix by vector": lambda x, A: np.outer(A @ x, x),
    "scalar product": lambda x, A: np.array([np.vdot(A, A), np.inner(x, A[0]), x @ x]),
    "einsum": lambda x, A: np.einsum("ij,j,kj->ik", A, x, A),
    "reductions": lambda x, A: A.sum(axis=0) * np.mean(A, axis=-1, keepdims=True) + np.sum(x),
    "along an axis": lambda x, A: np.cumsum(A, axis=1) + np.flip(x) - np.roll(A, 1, axis=-1) + np.cumsum(x),
    "differences": lambda x, A: np.diff(A) * np.diff(x),
    "forms": lambda x, A: np.reshape(A.T, (3, 2)).ravel() * np.expand_dims(np.squeeze(A[:, None], 1), 0).reshape(-1),
    "axes": lambda x, A: np.transpose(A[None] * x, (2, 0, 1)) + np.swapaxes(A[:, None], 0, 2)[:, :, ::-1],
    "broadcast": lambda x, A: np.broadcast_to(x, (2, 3)) * A,
    "joined": lambda x, A: np.concatenate([A, x[None]], axis=0) + np.stack([x, x * x, A[0]]),
    "sorted": lambda x, A: np.sort(A, axis=1) * x,
    "solved": lambda x, A: np.linalg.solve(B @ A + np.eye(3), x) + np.linalg.solve(B @ B.T + np.eye(3), A.T)[:, 0],
    "solved for one": lambda x, A: np.linalg.solve(B @ B.T + np.eye(3), x * A[0]),
    "crossed": lambda x, A: np.cross(A, x),
    "indices": lambda x, A: A[:, [2, 0]] * x[1:] + A[1, ::2] + x[[0, 1]][:, None] * A[np.array([1, 0]), 1],
    "masked": masked,
    "in place": in_place,
    "kept": kept,
    "selected": selected,
    "unpacked": oscillator,
    "triangles": lambda x, A: np.tril(A) * np.triu(A[:, :3]),
    "number": lambda x, A: float(x[0]) * A[0, 1] * np.sum(A),
    "constant": lambda x, A: np.ones((2, 2)),
}
LOOPED = {
    "an operation": lambda x, A: np.convolve(x, A[0]),
    "apart": lambda x, A: (A[:, None] * x[:, None])[[0, 1], :, [1, 2]],
    "a list": in_a_list,
    "stacks of vectors": lambda x, A: np.vecdot(A, A * x[0], axis=0) + np.matvec(A, x)[0],
    "on one of the ways": first_large,
    "as it lies": as_it_lies,
    "in order": lambda x, A: np.vdot(x[None], A[:1].T) * A,
    "of numbers": lambda x, A: math.ldexp(x[0], 2) * A * x,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ENTRIES)
def test_all_at_once(name, mode):
    f = ENTRIES[name]
    found = sct.jacobian(f, (0, 1), mode=mode)(X.copy(), A.copy())
    for n in (0, 1):
        want = differences(lambda *a: f(*map(np.copy, a)), (X, A), n)
        assert found[n].shape == want.shape
        np.testing.assert_allclose(found[n], want, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ENTRIES)
def test_no_loop_over_directions(name):
    for mode in MODES:
        assert "range(x.shape" not in sct.jacobian(ENTRIES[name], (0, 1), mode=mode).source_for(X, A)


def stepped(x, C):
    for _ in range(2):
        x[1:] += C[0, 0] * (x[:-1] - x[1:]) * x[1:]
    return x


def laid_out(x, C):
    out = np.zeros(6)
    out[:3] = C[1] * x
    out[1:4] -= 2.0 * x
    table = out.reshape(2, 3)
    table[:, 1:] *= x[0]
    return out


BY_ONE = {
    "a product": (lambda x, C: C @ x, "x_dot"),
    "element-wise": (lambda x, C: -x * x / C[0] + 2.0 * np.sin(x) - np.where(x > 0.4, x, 0.0), "[:, None]"),
    "a network": (lambda x, C: np.tanh(C @ np.tanh(C.T @ x)) - C[0, 1] * x + np.cos(x) ** 2, "eye"),
    "scaled": (lambda x, C: np.sum(x) * C @ (x * C[2]) + C @ x @ C, "x_dot @"),
    "a total": (lambda x, C: np.sum(np.sin(x) * C[0]), "eye"),
    "parts": (stepped, "eye(x.shape[0])"),
    "reshaped where it lies": (laid_out, "order='F'"),
    "flags": (lambda x, C: x * (x > 0.4) + np.maximum(C[0] * x, 0.3), "[:, None]"),
}
"""Functions of one argument alone, and what the code of their Jacobians does not need."""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", BY_ONE)
def test_directions_are_an_identity_matrix(name, mode):
    f, without = BY_ONE[name]
    C = B @ A
    given = C.copy()
    jacobian = sct.jacobian(f, mode=mode)
    found = jacobian(X.copy(), given)
    np.testing.assert_allclose(found, differences(lambda x, C: f(x.copy(), C), (X, C), 0), rtol=1e-6, atol=1e-8)
    assert without not in jacobian.source_for(X, C)
    found[...] = 7.0
    assert np.array_equal(given, C)


@pytest.mark.parametrize("mode", MODES)
def test_one_number_is_spread_over_a_row(mode):
    row = np.array([1.0, 2.0, 4.0])
    assert sct.jacobian(lambda x, a: np.sum(x * a) + np.sum(x), mode=mode)(np.array([3.0]), row).tolist() == [8.0]
    assert sct.jacobian(lambda x, a: x * a, mode=mode)(np.array([3.0]), row).tolist() == [[1.0], [2.0], [4.0]]


EYES = {
    "above, from the left": lambda x: np.eye(3, k=1) @ x,
    "above, from the right": lambda x: x @ np.eye(3, k=1),
    "below, between": lambda x: x @ (np.eye(3, k=-1) * x),
    "wider": lambda x: x @ np.eye(3, M=4),
    "of whole numbers": lambda x: x @ np.eye(3, dtype=int) + np.eye(3) @ x,
}
"""Functions with matrices of `np.eye`, not all of which are identities."""


@pytest.mark.parametrize("name", EYES)
def test_eyes_of_the_users(name):
    f, x = EYES[name], np.array([0.5, -1.5, 2.0])
    want = differences(f, (x,), 0)
    for mode in MODES:
        np.testing.assert_allclose(sct.jacobian(f, mode=mode)(x), want, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(sct.grad(lambda x: np.sum(f(x) ** 2))(x), 2.0 * f(x) @ want, rtol=1e-6, atol=1e-8)


def test_a_zero_beside_an_infinite_number():
    with np.errstate(divide="ignore"):
        assert sct.jacobian(lambda x: np.sqrt(x), mode="forward")(np.array([0.0, 4.0])).tolist() == [[np.inf, 0.0], [0.0, 0.25]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", LOOPED)
def test_one_after_another(name, mode):
    f = LOOPED[name]
    found = sct.jacobian(f, (0, 1), mode=mode)(X, A)
    for n in (0, 1):
        np.testing.assert_allclose(found[n], differences(f, (X, A), n), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("room", [np.zeros((2, 3)), np.zeros((3, 2)).T, np.zeros((4, 6))[::2, ::2]])
def test_views_as_arguments_lie(room, mode):
    def called(x):
        room[:] = A
        return as_given(x, room)

    want = differences(called, (X,), 0)
    room[:] = A
    np.testing.assert_allclose(sct.jacobian(as_given, mode=mode)(X, room), want, rtol=1e-6, atol=1e-8)


@pytest.mark.grid(of=2, each=False)
@pytest.mark.parametrize("name", [n for n in NAMES if not is_refused(n)])
def test_kernels_by_columns_and_by_rows(name):
    f, args, wrt = sample(name)
    columns, rows = (leaves(sct.jacobian(f, wrt, mode=mode)(*args)) for mode in MODES)
    assert [path for path, _ in columns] == [path for path, _ in rows]
    for (_, c), (_, r) in zip(columns, rows, strict=True):
        assert np.shape(c) == np.shape(r)
        np.testing.assert_allclose(c, r, rtol=1e-8, atol=1e-10)


def parts(p):
    return {"a": p["w"] * p["b"], "s": (np.sum(p["w"]), p["M"] @ p["w"])}


@pytest.mark.parametrize("mode", MODES)
def test_structures(mode):
    p = {"w": X, "b": 2.0, "M": A}
    found = sct.jacobian(parts, mode=mode)(p)
    assert found.keys() == {"a", "s"} and found["s"][1].keys() == p.keys()
    for path, y in leaves(parts(p)):
        for name, value in p.items():

            def part(v, name=name, path=path):
                return at(parts({**p, name: v}), path)

            np.testing.assert_allclose(at(found, path)[name], differences(part, (value,), 0), rtol=1e-7, atol=1e-9)
            assert np.shape(at(found, path)[name]) == np.shape(y) + np.shape(value)


@pytest.mark.parametrize("mode", MODES)
def test_objects(mode):
    spring = SimpleNamespace(k=2.0, rest=np.array([0.1, 0.2, 0.3]))
    found = sct.jacobian(lambda s, x: s.k * (x - s.rest) ** 2, ("s", "x"), mode=mode)(spring, X)
    np.testing.assert_allclose(found[0].k, (X - spring.rest) ** 2)
    np.testing.assert_allclose(found[0].rest, np.diag(-4.0 * (X - spring.rest)), rtol=1e-12)
    np.testing.assert_allclose(found[1], np.diag(4.0 * (X - spring.rest)), rtol=1e-12)


@pytest.mark.parametrize("mode", ("auto", *MODES))
def test_numbers(mode):
    assert np.isclose(sct.jacobian(np.sin, mode=mode)(1.0), np.cos(1.0))
    np.testing.assert_allclose(sct.jacobian(lambda t: np.array([t, t * t]), mode=mode)(2.0), [1.0, 4.0])
    np.testing.assert_allclose(sct.jacobian(lambda x: x @ x, mode=mode)(X), 2 * X)


@pytest.mark.parametrize("mode", MODES)
def test_empty_arrays_and_single_precision(mode):
    assert sct.jacobian(lambda x: x * x, mode=mode)(np.zeros(0)).shape == (0, 0)
    assert sct.jacobian(lambda x: np.zeros((0, 2)) * x[0], mode=mode)(X).shape == (0, 2, 3)
    found = sct.jacobian(lambda x: x * x, mode=mode)(np.array([1.0, 2.0], np.float32))
    assert found.dtype == np.float32 and found.tolist() == [[2.0, 0.0], [0.0, 4.0]]
    half, single = np.array([0.1, 0.7], np.float16), np.float32(0.3)
    by_half, by_number = sct.jacobian(lambda x, a: np.sum(a * x), (0, 1), mode=mode)(half, np.array([1.31]))
    np.testing.assert_allclose(by_half, 1.31, rtol=1e-3)
    np.testing.assert_allclose(by_number, np.sum(half, dtype=float), rtol=1e-7)
    assert sct.jacobian(lambda x: x * x, mode=mode)(single).dtype == np.float32
    assert sct.jacobian(np.sum, mode=mode)(np.ones(2, np.float32)).dtype == np.float32


def test_the_way_goes_by_the_sizes():
    jacobian = sct.jacobian(lambda x, A: np.roll(A @ np.roll(x, 1), 1))
    assert "x_dot" in jacobian.source_for(X, np.ones((4, 3))) and "y_bar" in jacobian.source_for(X, np.ones((2, 3)))
    np.testing.assert_allclose(jacobian(X, A), np.roll(A, (1, -1), axis=(0, 1)))
    np.testing.assert_allclose(jacobian(X[:2], B), np.roll(B, (1, -1), axis=(0, 1)))  # for which the other one is compiled


def scattered(x):
    return x * np.random.default_rng(0).normal(size=len(x)) if x[0] > 0 else x


def test_the_other_way_where_one_is_refused():
    with pytest.raises(sct.NoRuleError, match="random numbers"):
        sct.jacobian(scattered, mode="forward")(X)
    np.testing.assert_allclose(sct.jacobian(scattered)(X), np.diag(np.random.default_rng(0).normal(size=3)))


@pytest.mark.parametrize("mode", MODES)
def test_what_is_returned_beside(mode):
    found, aux = sct.jacobian(lambda x: (x * x, "beside"), has_aux=True, mode=mode)(X)
    np.testing.assert_allclose(found, np.diag(2 * X))
    assert aux == "beside"


def test_arguments_stay_as_they_are():
    x = X.copy()
    sct.jacobian(in_place)(x, A)
    np.testing.assert_array_equal(x, X)


def chain(x, k):
    energy = 0.0
    for i in range(len(x) - 1):
        energy += k * (x[i + 1] - x[i]) ** 4
    return energy


def test_hessian_and_its_product():
    found = sct.hessian(chain)(X, 1.3)
    np.testing.assert_allclose(found, differences(sct.grad(chain), (X, 1.3), 0), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found, sct.jacobian(sct.grad(chain), mode="reverse")(X, 1.3), rtol=1e-12, atol=1e-14)
    v = np.array([0.2, -0.4, 1.0])
    np.testing.assert_allclose(sct.hvp(chain)(X, 1.3, v), found @ v, rtol=1e-12, atol=1e-14)
    both = sct.hessian(chain, ("x", "k"))(X, 1.3)
    np.testing.assert_allclose(both[0][0], found, rtol=1e-12)
    np.testing.assert_allclose(both[0][1], both[1][0], rtol=1e-12)
    assert np.allclose(both[1][1], 0.0) and np.shape(both[1][1]) == ()
    of_x, of_k = sct.hvp(chain, ("x", "k"))(X, 1.3, v, 0.5)
    np.testing.assert_allclose(of_x, found @ v + 0.5 * both[0][1], rtol=1e-12)
    np.testing.assert_allclose(of_k, both[1][0] @ v, rtol=1e-12)


def test_again_with_other_types():
    def f(x):
        return np.sum(x**3)

    for x in (X, X.astype(np.float32), X[:1], A):
        np.testing.assert_allclose(sct.hessian(f)(x).reshape(x.size, x.size), np.diag(6 * x.ravel()), rtol=1e-6)
        np.testing.assert_allclose(sct.hvp(f)(x, x), 6 * x * x, rtol=1e-6)


def test_hessian_with_a_value_beside():
    def f(x):
        return np.sum(x**3), x[0]

    found, aux = sct.hessian(f, has_aux=True)(X)
    np.testing.assert_allclose(found, np.diag(6 * X))
    product, beside = sct.hvp(f, has_aux=True)(X, np.ones(3))
    np.testing.assert_allclose(product, 6 * X)
    assert aux == beside == X[0]


def minimizer(a):
    def f(x):
        return np.sum(np.exp(x) * a) + np.sum(x * x)

    x = np.zeros(3)
    for _ in range(6):
        x = x - np.linalg.solve(sct.hessian(f)(x), sct.grad(f)(x))
    return x


def roughness(x):
    J = sct.jacobian(lambda z: np.array([z[0] * z[1], np.sin(z[0]), z[1] ** 2]))(x)
    return np.sum(J * J)


def along(x):
    return np.sum(sct.hvp(lambda z: z[0] ** 3 * z[1])(x, np.array([1.0, 2.0])) ** 2)


@pytest.mark.parametrize("f, x", [(roughness, X[:2]), (along, X[:2]), (lambda a: np.sum(minimizer(a) ** 2), X)])
def test_inside_of_functions_that_are_differentiated(f, x):
    np.testing.assert_allclose(sct.grad(f)(x), differences(f, (x,), 0), rtol=1e-6)


def test_third_derivatives():
    def f(x):
        return np.array([x[0] ** 2 * x[1], x[1] ** 3])

    want = np.zeros((2, 2, 2, 2))
    want[0, 0, 0, 1] = want[0, 0, 1, 0] = want[0, 1, 0, 0] = 2.0
    want[1, 1, 1, 1] = 6.0
    np.testing.assert_allclose(sct.jacobian(sct.jacobian(sct.jacobian(f)))(X[:2]), want)


def test_as_decorators():
    @sct.jacobian(wrt="x", mode="forward")
    def f(x):
        return x * x

    @sct.hessian(wrt="x")
    def g(x):
        return np.sum(x**3)

    @sct.hvp(wrt="x")
    def h(x):
        return np.sum(x**3)

    np.testing.assert_allclose(f(X), np.diag(2 * X))
    np.testing.assert_allclose(g(X), np.diag(6 * X))
    np.testing.assert_allclose(h(X, X), 6 * X * X)


@pytest.mark.parametrize(
    "f, x, error, said",
    [
        (lambda x: 3, X, sct.NonScalarOutputError, "returns 3"),
        (lambda x: (x, 3), X, sct.NonScalarOutputError, "returns 3"),
        (lambda x: (), X, sct.NonScalarOutputError, "an empty tuple|returns"),
        (lambda x: x * 1j, X, sct.NonScalarOutputError, "returns a complex128 vector"),
        (lambda x: 2 * x, 3, sct.NonDifferentiableArgumentError, "by x"),
        (lambda x: x[0], [1.0, 2], sct.NonDifferentiableArgumentError, "by x"),
    ],
)
def test_what_has_no_jacobian(f, x, error, said):
    with pytest.raises(error, match=said):
        sct.jacobian(f)(x)


def test_bad_calls():
    with pytest.raises(ValueError, match="mode='columns': there is 'auto', 'forward', 'reverse'"):
        sct.jacobian(np.sin, mode="columns")
    with pytest.raises(sct.CallError, match="argnums: it is called wrt"):
        sct.hessian(chain, argnums=0)
    with pytest.raises(ValueError, match="x_dot must have the shape of x"):
        sct.hvp(chain)(X, 1.0, np.ones(2))
    with pytest.raises(sct.CallError, match=r"Write sct\.hvp\(chain\)\(x, k, x_dot\)"):
        sct.hvp(chain)(X, 1.0)
    with pytest.raises(sct.CallError, match=r"Write sct\.jacobian\(chain\)\(x, k\)"):
        sct.jacobian(chain, mode="forward")(X)
    assert repr(sct.hessian(chain)) == "<hessian of chain with respect to x>"
