"""Functions of many examples against a loop over these: values, derivatives, derivatives of such, and what is refused."""

import copy
import math

import numpy as np
import pytest
from kernel_samples import NAMES, is_refused, sample

import sct
from sct.testing.trees import leaves, mapped

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3))
Y = RNG.normal(size=5)
M = RNG.normal(size=(5, 3, 4))
S = M @ np.moveaxis(M, 1, 2) + 3.0 * np.eye(3)
K = np.array([0, 2, 1, 3, 0])


def every(value, path=()):
    """The numbers and arrays in a result, whole numbers and flags too."""
    if isinstance(value, dict):
        return [leaf for k in value for leaf in every(value[k])]
    if isinstance(value, (tuple, list)):
        return [leaf for v in value for leaf in every(v)]
    return [] if value is None else [np.asarray(value)]


def taken(value, axis, i):
    """One example of an argument."""
    if axis is None:
        return value
    if isinstance(value, (tuple, list)):
        axes = axis if isinstance(axis, tuple) else [axis] * len(value)
        return type(value)(taken(v, a, i) for v, a in zip(value, axes, strict=True))
    if isinstance(value, dict):
        return {k: taken(v, axis[k] if isinstance(axis, dict) else axis, i) for k, v in value.items()}
    return np.take(value, i, axis=axis)


def one_by_one(f, args, in_axes, count=5):
    """What `f` gives for one example after another, in arrays of all."""
    found = [every(f(*copy.deepcopy([taken(a, x, i) for a, x in zip(args, in_axes, strict=True)]))) for i in range(count)]
    return [np.stack(parts) for parts in zip(*found, strict=True)]


def check(f, args, in_axes=None, count=5):
    in_axes = (0,) * len(args) if in_axes is None else in_axes
    given = copy.deepcopy(args)
    found = every(sct.vmap(f, in_axes)(*args))
    want = one_by_one(f, args, in_axes, count)
    assert len(found) == len(want)
    for a, b in zip(found, want, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
    for a, b in zip(every(args), every(given), strict=True):
        np.testing.assert_array_equal(a, b)


def loss(w, x, y):
    return (w @ x - y) ** 2


def rectified(x):
    return x if x > 0 else 0.1 * x


def guarded(x):
    return math.log(x) if x > 0 else 0.0


def ordered(x):
    if 0.0 < x[0] < 1.0 or (x[1] > 0.2 and not x[2] > 0.0):
        return x[0]
    return max(x[0], x[1], 0.3) + min(x[1], x[2])


def root(c):
    x, n = 1.0, 0
    while abs(x * x - c * c) > 1e-10:
        x, n = 0.5 * (x + c * c / x), n + 1
    return x, n


def first_negative(x):
    for i in range(len(x)):
        if x[i] < 0.0:
            return i, x[i]
    return len(x), 0.0


def summed_to(x, n):
    total = 0.0
    for i in range(n):
        total = total + np.sin(x[i % 3]) * total + x[0]
    return total


def written(x, k):
    u = np.zeros(4)
    for i in range(3):
        u[i] = x[i] * k
        u[1:3] += x[0]
        tail = u[2:]
        tail *= 2.0
    if u[0] > 0:
        u[0] = 3.0
        u[1:][0] = 1.0
    return u


def written_where(x, k):
    u = x.copy()
    u[k % 3] += 2.0
    if x[0] > 0.0:
        u[1:] = x[:-1] * u[0]
        row = u[:2]
        if x[1] < 0.5:
            row -= 1.0
    return u


def picked(m, k):
    return m[1, k], m[:, k] * m[0, 0], m[k % 3], np.take(m[0], k)


def structured(p, x):
    return {"y": p["W"] @ x + p["b"], "same": p["b"], "n": 2, "none": None, "pair": (x[0], [x])}


def reductions(x, m):
    return (
        (np.max(m), np.min(m, axis=0), np.prod(x), np.std(m, axis=1), np.var(m), np.argmax(m), np.argmin(m, axis=1)),
        (np.any(x > 0), np.all(m > -9.0), np.cumsum(m), np.cumsum(m, axis=1), np.sort(x), np.argsort(m, axis=0)),
        (np.median(m), np.linalg.norm(x), np.linalg.norm(m), np.linalg.norm(m, axis=1), np.count_nonzero(m > 0)),
        (np.mean(m, keepdims=True), sum(x), np.sum(m, axis=(0, 1)), np.flip(m), np.cumprod(x), np.ptp(x)),
    )


def matrices(A, x):
    values, vectors = np.linalg.eigh(A)
    return (
        (np.linalg.inv(A), np.linalg.det(A), np.linalg.solve(A, x), np.linalg.cholesky(A), values, np.abs(vectors)),
        (np.trace(A), np.diag(A), np.diag(x), np.diagonal(A, 1), np.outer(x, x), A @ x, x @ A, x @ x, np.linalg.solve(A, A)),
        (np.einsum("ij,j", A, x), np.tensordot(A, A, ((1,), (0,))), np.tensordot(x, A, 1), np.linalg.slogdet(A)[1]),
        (np.linalg.matrix_power(A, 2), np.kron(x, x), np.triu(A), A.T, np.linalg.norm(A, 1)),
    )


def shapes(x, m):
    return (
        (np.tile(x, 2), np.repeat(x, 2), np.repeat(m, 2, axis=1), np.pad(m, 1), np.pad(m, ((0, 1), (2, 0)), mode="edge")),
        (
            np.hstack([x, x]),
            np.vstack([x, x]),
            np.column_stack([x, x]),
            np.stack([m, m], axis=-1),
            np.concatenate([m, m], axis=1),
        ),
        (m.reshape(4, 3), m.ravel(), m.flatten(), m[None, :, ::2], m[..., -1], m.transpose(1, 0), np.swapaxes(m, 0, 1)),
        (np.array([[x[0], 1.0], [2.0, x[1]]]), np.array([x, x]), np.full(3, x[0]), np.full_like(m, x[1]), np.zeros_like(m)),
        (np.roll(m, 1, axis=0), np.diff(m), np.clip(m, -0.5, x[0] + 3.0), np.linspace(x[0], x[1], 4), np.split(x, 3)[1]),
        (x.shape[0], m.size, len(m), float(x[0]), int(10 * x[0]), np.where(x > 0, x, -x), np.interp(x[0], [-1, 1], [2.0, 3.0])),
        (np.broadcast_to(x[:, None], (3, 4)) * m, np.real(np.fft.fft(x)), x.astype(np.float32), np.atleast_1d(x[0])),
    )


def looped(x, m):
    kernel = np.array([0.2, 0.5])
    return np.convolve(x, kernel), np.sum(np.kron(m, m))


def halved(k):
    if k > 1:
        k = k / 2
    return k, max(k, 0.5), k if k > 0 else 0.25


def of_a_number(x):
    return np.std(x), np.ptp(x), np.count_nonzero(x), np.sum(x, initial=2.0), np.max(x, initial=0.5), np.nansum(x), np.sum(x)


def of_doubles(x):
    return math.exp(x), math.log(abs(x) + 2.0, 3), math.hypot(x, 1), math.exp(x > 0)


def with_options(x, y):
    bounds = x.clip(0.0), np.clip(x, None, y[0])
    return bounds, np.diff(x, append=np.array([1.0])), np.diff(x, prepend=y), np.size(x, 0), -(float(x[0]) > 0)


CASES = {
    "loss": (loss, (X[0], X, Y), (None, 0, 0)),
    "gradient": (sct.grad(loss, (0, 1)), (X[0], X, Y), (None, 0, 0)),
    "gradients by one": (sct.value_and_grad(loss), (X, X[1], Y[0]), (0, None, None)),
    "axes": (loss, (X[0], X.T, Y), (None, 1, 0)),
    "axis from the end": (np.sum, (M,), (-1,), 4),
    "rectified": (rectified, (Y,)),
    "guarded": (guarded, (Y,)),
    "ordered": (ordered, (X,)),
    "root": (root, (Y,)),
    "its derivative": (sct.grad(lambda c: root(c)[0]), (Y,)),
    "first negative": (first_negative, (X,)),
    "its derivative by x": (sct.grad(lambda x: x[0] * first_negative(x)[1]), (X,)),
    "summed to": (summed_to, (X, K)),
    "its derivative by all": (sct.grad(summed_to), (X, K)),
    "written": (written, (X, Y)),
    "written where": (written_where, (X, K)),
    "gradient of a write": (sct.grad(lambda x, k: np.sum(written_where(x, k) ** 2)), (X, K)),
    "picked": (picked, (M, K)),
    "picked of one": (picked, (M[0], K), (None, 0)),
    "gradient of a pick": (sct.grad(lambda m, k: picked(m, k)[0] * np.sum(picked(m, k)[1])), (M, K)),
    "structure": (structured, ({"W": M, "b": Y[:3]}, RNG.normal(size=(5, 4))), ({"W": 0, "b": None}, 0)),
    "structure of many": (lambda p: p[0] @ p[1] + p[2], ((X, X, Y),), ((0, 0, 0),)),
    "reductions": (reductions, (X, M)),
    "matrices": (matrices, (S, X)),
    "gradient of matrices": (sct.grad(lambda A, x: np.linalg.slogdet(A)[1] + x @ np.linalg.solve(A, x), (0, 1)), (S, X)),
    "shapes": (shapes, (X, M)),
    "looped": (looped, (X, M)),
    "float32": (lambda x, k: (x * k, k * 2.0 + x), (X.astype(np.float32), Y.astype(np.float32))),
    "scalars beside float32": (lambda x, k: x * (0.5 * k), (X.astype(np.float32), K)),
    "integers": (lambda k, x: (k // 2, k % 2 == 0, x * k, k**2, -k), (K, X)),
    "flags": (lambda k, x: (int(k > 1) + int(x > 0), (float(x) > 0) + (float(x) > -1), (k > 1) * x, not k), (K, Y)),
    "kinds that differ by the way": (halved, (K,)),
    "reductions of a number": (of_a_number, (Y,)),
    "functions of doubles": (of_doubles, (np.array([0.3, -1.7, 2.0, 0.1, 1.3], dtype=np.float32),)),
    "options": (with_options, (X, X[::-1])),
    "complex": (lambda z: (z * np.conj(z), np.abs(z), z.real), (X + 1j * X[::-1],)),
    "one example": (loss, (X[0], X[:1], Y[:1]), (None, 0, 0), 1),
    "not contiguous": (reductions, (np.asfortranarray(X), M[:, ::-1][:, ::-1])),
}


@pytest.mark.parametrize("name", CASES)
def test_as_a_loop(name):
    f, args, *more = CASES[name]
    check(f, args, *more)


def test_what_has_no_form_for_many_is_alone_in_a_loop():
    f = sct.vmap(looped)
    f(X, M)
    assert "for example in" in f.source and f.source.count("for ") == 2
    in_a_loop = ("looped", "matrices", "kinds that differ by the way", "options", "flags")
    at_once = {n: c for n, c in CASES.items() if n not in in_a_loop}
    for f, args, *more in at_once.values():
        assert "for example in" not in sct.vmap(f, *more[:1] or [0]).source_for(*args)


def test_branches_are_computed_for_those_that_take_them():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(sct.vmap(guarded)(np.array([-1.0, 1.0, 0.0])), [0.0, 0.0, 0.0])
    assert "np.where(x > 0" in sct.vmap(rectified).source_for(Y)


def test_exceptions_come_where_some_example_raises_one():
    def f(x):
        if x < 0.0:
            raise ValueError("negative")
        return np.sqrt(x)

    with pytest.raises(ValueError, match="negative"):
        sct.vmap(f)(Y)
    np.testing.assert_array_equal(sct.vmap(f)(np.abs(Y)), np.sqrt(np.abs(Y)))


def test_what_none_come_to_raises_nothing():
    def f(x, n):
        if x > 0.0:
            return x * x
        if n > 1:
            raise ValueError("too many")
        return x

    np.testing.assert_array_equal(sct.vmap(f, (0, None))(np.abs(Y), 2), Y * Y)
    with pytest.raises(ValueError, match="too many"):
        sct.vmap(f, (0, None))(-np.abs(Y), 2)


def half_bound(x):
    if x > 0:
        y = np.sqrt(x)
    return y * x


def half_bound_and_looped(x):
    if x[0] > 0:
        y = np.sum(np.convolve(x, x))
    return y


def test_a_name_that_is_not_bound_is_missed():
    check(half_bound, (np.abs(Y),))
    with pytest.raises(UnboundLocalError, match="'y'"):
        sct.vmap(half_bound)(np.array([1.0, -1.0]))
    with pytest.raises(UnboundLocalError, match="'y'"):
        sct.vmap(half_bound_and_looped)(np.array([[1.0, 2.0], [-1.0, 2.0]]))


def last_one(x, n):
    for i in range(n):
        y = x * i
    return y


def last_before(x, n):
    i = 0
    while i < n:
        y = x * i
        i = i + 1
    return y * x


def some_time(x, n):
    for i in range(4):
        if i >= n:
            break
        y = x * i
    return y


def counted(x, n):
    for i in range(n):
        pass
    return x * i


def later_on(x, n):
    for i in range(n):
        if i == 1:
            before = x * 2.0
        elif i > 1:
            x = x + before
    return x if n < 2 else x * before


def either(x, n):
    for i in range(n):
        y = x * i
        if i > 1:
            z = y
    if n > 1:
        return z
    return y


def rows_of(x, n):
    for i in range(n):
        y = np.stack([x, x * i])
    return np.sum(y)


def before_or_in(x, n):
    if x > 1.5:
        y = x * x
    for i in range(n):
        y = x * i
    return x - y


def in_one_of_two(x, n):
    for i in range(n - 1):
        y = x * i
    for _ in range(n - 2):
        y = np.sin(x)
    return x * y


def all_have_left(x, n):
    if x > 0.5:
        return x * x
    for i in range(n):
        y = x * i
    return x + y


def all_have_left_a_branch(x, n):
    if x > 0.5:
        y = x * x
    else:
        if n > 1:
            y = 2.0 * x
        y = x + y
    return y


def bound_by_the_other(x, n):
    if x > 0.5:
        for i in range(n):
            y = i
    else:
        y = x
    return y


def a_count_of_all(x, n):
    for j in range(2):
        if n > 0:
            y = x
        else:
            for j in range(1):
                pass
            y = j
    return x + y


SOMETIMES_BOUND = [last_one, last_before, some_time, counted, later_on, either, rows_of]
SOMETIMES_BOUND += [
    before_or_in,
    in_one_of_two,
    all_have_left,
    all_have_left_a_branch,
    bound_by_the_other,
    a_count_of_all,
]


@pytest.mark.parametrize("f", SOMETIMES_BOUND)
def test_a_name_that_a_loop_may_leave_unbound(f):
    x = np.array([1.0, 2.0, 3.0])
    both = sct.value_and_grad(f)
    for counts in ([3, 4, 3], [1, 3, 2], [0, 3, 1], [3, 3, 0]):
        for in_axes, given in ((0, np.array(counts)), ((0, None), counts[0])):
            each = [(float(x_), int(n)) for x_, n in zip(x, np.broadcast_to(given, 3), strict=True)]
            try:
                want = [f(*args) for args in each]
            except UnboundLocalError:
                with pytest.raises(UnboundLocalError, match=r"cannot access local variable '\w+' where it is not associated"):
                    sct.vmap(f, in_axes)(x, given)
            else:
                np.testing.assert_allclose(sct.vmap(f, in_axes)(x, given), want)
                values, gradients = sct.vmap(both, in_axes)(x, given)
                np.testing.assert_allclose(values, want)
                np.testing.assert_allclose(gradients, [both(*args)[1] for args in each])


def test_what_is_bound_anyhow_is_not_asked_for():
    def f(x, A, n):
        for row in A:
            y = x * row[0]
        if x > 2.0:
            z = 2.0 * y
        return z if x > 2.0 else -y

    assert "Unbound" not in sct.vmap(f, (0, None, None)).source_for(Y, np.ones((3, 2)), 2)


def whole_or_not(x, m):
    for i in range(2):
        if x > 0.2:
            for _ in range(m):
                r = x * 0.7
        else:
            r = i
    return r


def test_a_number_that_is_whole_for_some():
    x = np.array([0.5, 0.1, 0.9])
    np.testing.assert_allclose(sct.vmap(whole_or_not, (0, None))(x, 2), [whole_or_not(v, 2) for v in x])


def bound_in_a_loop(x):
    for k in range(3):
        if x[k] > 0:
            y = x * x[k]
    return np.sum(y * y) if np.any(x > 0) else 0.0


def test_arrays_that_some_bind():
    check(bound_in_a_loop, (X,))


def test_no_whole_number_is_divided_by_zero():
    check(lambda k: (int(k) // (int(k) + 1), 7 % (int(k) + 1)), (K,))
    with pytest.raises(ZeroDivisionError):
        sct.vmap(lambda k: 1 // int(k))(K)


def test_no_examples():
    none = np.zeros((0, 3))
    assert [v.shape for v in sct.vmap(lambda m: (m.reshape(-1), np.cumsum(m), m.ravel()))(np.zeros((0, 3, 4)))] == [(0, 12)] * 3
    assert sct.vmap(sct.grad(summed_to))(none, np.zeros(0, int)).shape == (0, 3)
    assert sct.vmap(sct.grad(lambda c: root(c)[0]))(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("product", [np.vdot, np.inner, lambda x, y: np.tensordot(x, y, 1)])
def test_vectors_of_other_sizes_have_no_product(product):
    with pytest.raises(ValueError, match="mismatch"):
        sct.vmap(product)(X, X[:, :1])


def test_nested():
    def product(x, y):
        return np.sum(x * y)

    pairs = sct.vmap(sct.vmap(product, (None, 0)), (0, None))
    np.testing.assert_allclose(pairs(X, X), X @ X.T, rtol=1e-14)
    assert "for" not in pairs.source


def test_out_axes():
    def f(x):
        return np.outer(x, x), 2.0, x[0]

    a, two, b = sct.vmap(f, out_axes=(-1, None, 0))(X)
    np.testing.assert_array_equal(a, np.moveaxis(X[:, :, None] * X[:, None], 0, -1))
    assert two == 2.0
    np.testing.assert_array_equal(b, X[:, 0])
    assert sct.vmap(lambda x: (np.outer(x, x), [x]), out_axes=1)(X)[0].shape == (3, 5, 3)


def test_derivatives_of_many():
    def total(w, x, y):
        return np.sum(sct.vmap(loss, (None, 0, 0))(w, x, y))

    def by_hand(w, x, y):
        return np.sum((x @ w - y) ** 2)

    w = X[0]
    for transform in (sct.grad, sct.hessian):
        np.testing.assert_allclose(transform(total)(w, X, Y), transform(by_hand)(w, X, Y), rtol=1e-12)
    by = sct.jacobian(sct.vmap(root_alone))(Y)
    np.testing.assert_allclose(by, np.diag(np.sign(Y)), atol=1e-8)
    value, tangent = sct.jvp(sct.vmap(sct.grad(loss), (None, 0, 0)))(w, X, Y, np.ones(3))
    np.testing.assert_allclose(tangent, 2.0 * np.sum(X, axis=1)[:, None] * X, rtol=1e-12)
    assert value.shape == (5, 3)


def root_alone(c):
    return root(c)[0]


def test_of_methods_partials_and_closures():
    class Model:
        def __init__(self, w):
            self.w = w

        def predict(self, x):
            return np.tanh(self.w @ x)

        @sct.vmap
        def predict_all(self, x):
            return self.predict(x)

    model = Model(X[0])
    want = np.tanh(X @ X[0])
    np.testing.assert_allclose(sct.vmap(model.predict)(X), want, rtol=1e-14)
    np.testing.assert_allclose(model.predict_all(X), want, rtol=1e-14)
    w = X[0]
    np.testing.assert_allclose(sct.vmap(lambda x: np.tanh(w @ x))(X), want, rtol=1e-14)

    def scaled(x, scale=2.0, *, shift=0.5):
        return scale * x + shift

    np.testing.assert_array_equal(sct.vmap(scaled)(X), 2.0 * X + 0.5)
    np.testing.assert_array_equal(sct.vmap(scaled)(X, Y, shift=1.0), Y[:, None] * X + 1.0)
    np.testing.assert_array_equal(sct.vmap(scaled, {"scale": 0})(X[0], Y), Y[:, None] * X[0] + 0.5)
    np.testing.assert_array_equal(sct.vmap(lambda *rows: rows[0] * rows[1])(X, X), X * X)


def test_random_numbers_are_drawn_and_texts_printed_one_after_another(capsys):
    rng = np.random.default_rng(1)

    def noisy(x):
        print("drawn")
        return x + rng.normal()

    found = sct.vmap(noisy)(Y)
    np.testing.assert_array_equal(found, Y + np.random.default_rng(1).normal(size=5))
    assert capsys.readouterr().out == "drawn\n" * 5


@pytest.mark.grid(of=2, each=False)
@pytest.mark.parametrize("name", [n for n in NAMES if not is_refused(n)])
def test_kernels(name):
    f, args, wrt = sample(name)
    names = list(f.__code__.co_varnames)
    axes = tuple(0 if n in wrt else None for n, _ in zip(names, args, strict=False))

    def moved(v, rng):
        return v + 0.01 * rng.normal(size=np.shape(v)) if isinstance(v, (float, np.ndarray, np.floating)) else v

    rngs = [np.random.default_rng(k) for k in range(3)]
    examples = [[mapped(lambda v, r=r: moved(v, r), a) if x == 0 else a for a, x in zip(args, axes, strict=True)] for r in rngs]
    whole = [stacked([e[i] for e in examples]) if x == 0 else a for i, (a, x) in enumerate(zip(args, axes, strict=True))]
    found = every(sct.vmap(f, axes)(*whole))
    want = [every(f(*copy.deepcopy(e))) for e in examples]
    for k, part in enumerate(found):
        np.testing.assert_allclose(part, np.stack([w[k] for w in want]), rtol=1e-8, atol=1e-10)
    values = f(*copy.deepcopy(args))
    if len(list(leaves(values))) != len(every(values)):  # it gives whole numbers, too
        return
    bars = [mapped(lambda v, r=r: r.normal(size=np.shape(v)), values) for r in rngs]
    backwards = sct.vjp(f, wrt)
    found = every(sct.vmap(backwards, (*axes, 0))(*whole, stacked(bars)))
    want = [every(backwards(*copy.deepcopy(e), bar)) for e, bar in zip(examples, bars, strict=True)]
    for k, part in enumerate(found):
        np.testing.assert_allclose(part, np.stack([w[k] for w in want]), rtol=1e-7, atol=1e-9)


def stacked(values):
    """Examples of an argument, in arrays of all."""
    first = values[0]
    if isinstance(first, dict):
        return {k: stacked([v[k] for v in values]) for k in first}
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*[stacked(list(parts)) for parts in zip(*values, strict=True)])
    if isinstance(first, (tuple, list)):
        return type(first)(stacked(list(parts)) for parts in zip(*values, strict=True))
    return np.stack([np.asarray(v) for v in values])


REFUSED = {
    "a number": (lambda x, k: x * k, 0, (X, 2.0), "by axis 0 of k, which is a float"),
    "no such axis": (lambda x: x, 2, (X,), "by axis 2 of x, which is a float64 matrix"),
    "no axis": (lambda x: x, (None,), (X,), "has no axis"),
    "too many axes": (lambda x: x, (0, 0), (X,), "has 2 entries, and f takes x"),
    "too few axes": (lambda x, y: x, (0,), (X, X), "has 1 entries, and f takes x, y"),
    "no such name": (lambda x: x, {"y": 0}, (X,), "names 'y'"),
    "another structure": (lambda p: p[0], ((0, 0),), ([X, X, X],), "in_axes of p"),
    "keys": (lambda p: p["a"], ({"b": 0},), ({"a": X},), "in_axes of p"),
    "a text": (lambda x: "text", 0, (X,), "which returns the text 'text'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    f, in_axes, args, message = REFUSED[name]
    with pytest.raises(sct.CallError) as e:
        sct.vmap(f, in_axes)(*args)
    assert message in str(e.value)


def test_other_numbers_of_examples():
    with pytest.raises(ValueError, match="y must have as many examples as x"):
        sct.vmap(loss, (None, 0, 0))(X[0], X, Y[:3])


def test_called_with_other_things():
    with pytest.raises(sct.CallError, match="sct.vmap takes a function, not a ndarray"):
        sct.vmap(X)
    with pytest.raises(sct.CallError, match="with 'x' for an axis"):
        sct.vmap(loss, ("x", 0, 0))
    with pytest.raises(sct.CallError, match="sct.vmap takes a function, in_axes and out_axes"):
        sct.vmap(loss, 0, 0, 0)
    with pytest.raises(sct.CallError, match="None in out_axes"):
        sct.vmap(np.square, out_axes=None)(X)
    with pytest.raises(sct.CallError, match="by axis 4 of its result"):
        sct.vmap(np.square, out_axes=4)(X)
    with pytest.raises(ValueError, match="jit"):
        sct.vmap(np.square, jit=True)


def test_in_a_module_of_its_own():
    text = sct.generate(sct.grad(loss), "vmap", in_axes=(None, 0, 0), types="w: f8[n], x: f8[m, n], y: f8[m]")
    module = {}
    exec(text, module)
    np.testing.assert_allclose(module["loss_grad_vmap"](X[0], X, Y), sct.vmap(sct.grad(loss), (None, 0, 0))(X[0], X, Y))
    assert "sct.generate(grad(" in text and "'vmap', types=" in text
