"""Sparse Jacobians and Hessians: patterns, directions, matrices, and what is refused."""

import pickle
import sys
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse
from kernel_samples import NAMES, is_refused, sample
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares

import sct
from sct.api import sparse
from sct.testing.trees import leaves

X = np.array([0.3, 0.5, -0.7, 0.9, 1.1])
A = np.array([[0.4, 0.1, 0.6], [0.2, 0.9, 0.7]])
ORDER = np.array([2, 0, 1, 2])
MODES = ("forward", "reverse")


@pytest.fixture
def found(monkeypatch):
    """How often patterns were found."""
    calls = []

    def counted(*args):
        calls.append(args)
        return original(*args)

    original = sparse.found_pattern
    monkeypatch.setattr(sparse, "found_pattern", counted)
    return calls


def tridiagonal(x):
    y = -2.0 * x
    y[1:] += x[:-1]
    y[:-1] += x[1:] ** 2
    return y


def five_points(u):
    v = -4.0 * u + np.exp(u)
    v[1:] += u[:-1]
    v[:-1] += u[1:]
    v[:, 1:] += u[:, :-1]
    v[:, :-1] += u[:, 1:]
    return v


def chain(x, k):
    return np.sum(k * (x[1:] - x[:-1]) ** 4)


def looped(x):
    y = np.zeros(len(x))
    for i in range(1, len(x)):
        y[i] = y[i - 1] * 0.5 + x[i] * x[i - 1]
    return y


def halved(x):
    y = x
    while np.sum(y) > 1.5:
        y = y * 0.5
        y[0] = x[1]
    return y


def in_a_view(x):
    y = np.zeros((2, len(x)))
    row = y[1]
    row[1:] = x[:-1]
    last = row[-2:]
    last += x[0]
    return y


def in_lists(x):
    parts = [x[0] * x[1]]
    for v in x:
        parts.append(v * v)
    return np.array(parts)


def on_a_way(x):
    return x * x[0] if x[2] < 0.0 else x[::-1] * 2.0


def counted_twice(x):
    y = np.zeros(3)
    np.add.at(y, ORDER, x[:4])
    return y


def picked_by_size(x):
    return x[np.argsort(x)][:2]


MADE = {
    # by its name: a function, and how many entries its pattern has at X
    "elementwise": (lambda x: np.tanh(x) * x + np.where(x > 0.0, x, 2.0) + np.maximum(x, 0.0), 5),
    "tridiagonal": (tridiagonal, 13),
    "rolled": (lambda x: np.roll(x, 1) * np.flip(x), 9),
    "padded": (lambda x: np.pad(x, 2)[1:-1], 5),
    "convolved": (lambda x: np.convolve(x, A[0], "same"), 13),
    "differences": (lambda x: np.diff(x, n=2), 9),
    "sums so far": (lambda x: np.cumsum(x), 15),
    "sum": (lambda x: np.sum(x[:2] ** 2), 2),
    "means": (lambda x: np.mean(np.reshape(x[:4], (2, 2)), axis=0, keepdims=True), 4),
    "a matrix": (lambda x: A @ x[:3] + x[3:], 8),
    "rows by a vector": (lambda x: np.outer(x[:2], x[2:]), 12),
    "einsum": (lambda x: np.einsum("ij,j->ji", A, x[:3]), 6),
    "crossed": (lambda x: np.cross(x[:3], A).ravel(), 18),
    "of matrices": (lambda x: np.array([np.vdot(A, np.outer(x[:2], x[:3])), np.inner(x, x)]), 8),
    "dot of a stack": (lambda x: np.dot(np.ones((2, 1, 2)), np.reshape(x[:4], (1, 2, 2))).ravel(), 16),
    "solved": (lambda x: np.linalg.solve(np.eye(2) + A[:, :2], x[:2]), 4),
    "products of parts": (lambda x: np.dot(x[:2], x[2:4]) * x, 21),
    "stacked": (lambda x: np.stack([x[:2], x[1:3]], axis=1), 4),
    "joined": (lambda x: np.concatenate([x[3:], np.ones(2), [x[0] * x[1], 2.0]]), 4),
    "repeated": (lambda x: np.repeat(x[:2], 2) + np.tile(x[2:4], 2), 8),
    "a diagonal": (lambda x: np.diag(x[:2]) + np.tril(np.outer(x[:2], A[0, :2])), 3),
    "placed on a diagonal": (lambda x: np.diagflat(x[:2], 1).ravel(), 2),
    "entries": (lambda x: x[[3, 0]] * x[np.array([True, False, False, False, True])], 4),
    "added to the same": (counted_twice, 4),
    "looped": (looped, 14),
    "in a view": (in_a_view, 6),
    "in lists": (in_lists, 7),
    "nothing": (lambda x: np.floor(x) + sct.stop_gradient(x), 0),
    "a constant": (lambda x: np.ones(3), 0),
    "on one of the ways": (on_a_way, 9),
    "while": (halved, 5),
    "by size": (picked_by_size, 2),
    "of another operation": (lambda x: np.interp(x[:2], A[0, [1, 0, 2]], A[1]) * x[4], 4),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", MADE)
def test_as_the_dense_one(name, mode):
    f, count = MADE[name]
    jacobian = sct.jacobian(f, sparsity="auto", mode=mode)
    made = jacobian(X)
    dense = np.reshape(sct.jacobian(f)(X), (-1, len(X)))
    assert isinstance(made, scipy.sparse.csr_array) and made.nnz == count
    np.testing.assert_allclose(made.toarray(), dense, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(sct.jacobian(f, sparsity=dense != 0, mode=mode)(X).toarray(), dense, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", [n for n in NAMES if not is_refused(n)][2::6])
def test_kernels(name):
    f, args, wrt = sample(name)
    made = leaves(sct.jacobian(f, wrt, sparsity="auto", format="dense")(*args))
    for (path, part), (same, dense) in zip(made, leaves(sct.jacobian(f, wrt)(*args)), strict=True):
        assert path == same
        np.testing.assert_allclose(part, dense, rtol=1e-9, atol=1e-12)


def test_a_tridiagonal_system():
    x = np.linspace(0.0, 1.0, 10_000)
    given = scipy.sparse.diags_array([np.ones(9_999), np.ones(10_000), np.ones(9_999)], offsets=[-1, 0, 1])
    for pattern in ("auto", given):
        jacobian = sct.jacobian(tridiagonal, sparsity=pattern)
        made = jacobian(x)
        assert jacobian.directions(x) == 3 and made.nnz == 29_998
        np.testing.assert_array_equal(made.diagonal(), -2.0)
        np.testing.assert_array_equal(made.diagonal(1), 2.0 * x[1:])


def test_a_five_point_stencil():
    u = np.linspace(0.0, 1.0, 10_000).reshape(100, 100)
    found = sct.jacobian(five_points, sparsity="auto")
    made = found(u)
    assert found.directions(u) <= 7 and made.nnz == 49_600
    given = sct.jacobian(five_points, sparsity=found.pattern(u))
    assert abs(given(u) - made).nnz == 0 and given.directions(u) == found.directions(u)
    v = np.sin(np.arange(10_000.0))
    np.testing.assert_allclose(made @ v, sct.jvp(five_points)(u, v.reshape(u.shape))[1].ravel(), rtol=1e-12, atol=1e-12)


def test_the_hessian_of_a_chain():
    x = np.linspace(0.0, 3.0, 10_000) ** 2
    hessian = sct.hessian(chain, sparsity="auto")
    made = hessian(x, 0.5)
    assert hessian.directions(x, 0.5) <= 3 and made.nnz == 29_998
    np.testing.assert_allclose(made @ np.cos(x), sct.hvp(chain)(x, 0.5, np.cos(x)), rtol=1e-9, atol=1e-12)
    lower = scipy.sparse.tril(made)
    given = sct.hessian(chain, sparsity=lower)
    assert abs(given(x, 0.5) - made).nnz == 0


def arrow(x):
    return np.sum(x[1:] ** 3) * x[0] ** 2


def test_the_hessian_of_an_arrow():
    hessian = sct.hessian(arrow, sparsity="auto")
    np.testing.assert_allclose(hessian(X).toarray(), sct.hessian(arrow)(X), rtol=1e-12)
    n = 200
    pattern = np.eye(n, dtype=bool)
    pattern[0] = True
    given = sct.hessian(arrow, sparsity=pattern)
    x = np.linspace(0.1, 1.0, n)
    assert given.directions(x) == 2
    np.testing.assert_allclose(given(x).toarray(), sct.hessian(arrow)(x), rtol=1e-12)


def test_by_what_takes_fewer_directions():
    wide, tall = (lambda x: x[:2] * np.sum(x)), (lambda x: x[0] * np.ones(7) + x[1])
    by_rows, by_columns = sct.jacobian(wide, sparsity="auto"), sct.jacobian(tall, sparsity="auto")
    assert by_rows.directions(X) == 2 and by_columns.directions(X) == 2
    np.testing.assert_allclose(by_rows(X).toarray(), sct.jacobian(wide)(X))
    np.testing.assert_allclose(by_columns(X).toarray(), sct.jacobian(tall)(X))
    assert "y_bar" in by_rows.source_for(X) or "x_bar" in by_rows.source_for(X)
    assert sct.jacobian(wide, sparsity="auto", mode="forward").directions(X) == 5


def test_the_text_has_no_pattern():
    jacobian = sct.jacobian(tridiagonal, sparsity="auto")
    jacobian(X)
    assert (
        jacobian.source
        == """\
def tridiagonal_jacobian(x, seeds):
    if seeds.shape[1:] != (x.shape[0],):
        raise ValueError('seeds must have a column for each number of the arguments')
    y_dot = -2.0 * seeds
    y_dot[:, 1:] += seeds[:, :-1]
    y_dot[:, :-1] += 2.0 * (seeds[:, 1:] * x[1:])
    return y_dot
"""
    )


# -- when a pattern holds ------------------------------------------------------------------------------------------------------


def test_found_once_for_sizes(found):
    jacobian = sct.jacobian(tridiagonal, sparsity="auto")
    for x in (X, X + 1.0, X[:3], X * 2.0, X[:3]):
        np.testing.assert_allclose(jacobian(x).toarray(), sct.jacobian(tridiagonal)(x))
    assert len(found) == 2


def gathered(x, index, t):
    return t * x[index]


def test_found_again_for_other_indices(found):
    jacobian = sct.jacobian(gathered, sparsity="auto")
    for index, t in ((ORDER, 1.0), (ORDER, 2.0), (ORDER[::-1].copy(), 2.0), (ORDER.copy(), 3.0)):
        np.testing.assert_allclose(jacobian(X, index, t).toarray(), sct.jacobian(gathered)(X, index, t))
    assert len(found) == 2  # both are kept
    index = ORDER.copy()
    jacobian(X, index, 1.0)
    index[0] = 4
    np.testing.assert_allclose(jacobian(X, index, 1.0).toarray(), sct.jacobian(gathered)(X, index, 1.0))


def switched(x, t):
    return x if t < 1.0 else x[::-1] * t


def counted(x, n):
    y = x
    for _ in range(n):
        y = y + np.roll(y, 1)
    return y


def test_found_again_on_another_way_and_for_more_steps(found):
    jacobian = sct.jacobian(switched, sparsity="auto")
    for t in (0.5, 2.0, 0.5, 3.0):
        np.testing.assert_allclose(jacobian(X, t).toarray(), sct.jacobian(switched)(X, t))
    steps = sct.jacobian(counted, sparsity="auto")
    for n in (1, 2, 1):
        np.testing.assert_allclose(steps(X, n).toarray(), sct.jacobian(counted)(X, n))


@pytest.mark.parametrize("f", [on_a_way, halved, picked_by_size])
def test_found_at_each_call_where_it_moves_with_the_numbers(f, found):
    jacobian = sct.jacobian(f, sparsity="auto")
    for x in (X, np.abs(X), X[::-1].copy(), X):
        np.testing.assert_allclose(jacobian(x).toarray(), sct.jacobian(f)(x))
    assert len(found) == 4


def as_kept(x, A):
    index = np.array([0, 0])
    if A[0, 0] > 0.0:
        index[1] = 2
    return x[index]


def test_an_index_that_is_written_on_one_of_the_ways():
    jacobian = sct.jacobian(as_kept, sparsity="auto")
    for a in (-A, A, -A):
        np.testing.assert_allclose(jacobian(X, a).toarray(), sct.jacobian(as_kept)(X, a))


def last_of(x, A):
    place = 0
    for i in range(A.shape[1]):
        if A[0, i] > 0.3:
            place = i
    return x[place] * x[0]


def test_an_index_that_is_found_in_a_loop():
    jacobian = sct.jacobian(last_of, sparsity="auto")
    for a in (A, A[:, ::-1].copy(), -A):
        np.testing.assert_allclose(jacobian(X, a).toarray().ravel(), sct.jacobian(last_of)(X, a))


SHIFT = np.array([1, 2, 0])


def from_outside(x):
    return x[SHIFT] + helper(x)[:3]


def helper(x):
    return x


def shifted_helper(x):
    return np.roll(x, 2)


def test_found_again_where_what_is_outside_is_another(monkeypatch):
    jacobian = sct.jacobian(from_outside, sparsity="auto")
    for name, value in (("SHIFT", SHIFT), ("SHIFT", np.array([3, 3, 3])), ("helper", shifted_helper)):
        monkeypatch.setitem(from_outside.__globals__, name, value)
        np.testing.assert_allclose(jacobian(X).toarray(), sct.jacobian(from_outside)(X))
    from_outside.__globals__["SHIFT"][0] = 0
    np.testing.assert_allclose(jacobian(X).toarray(), sct.jacobian(from_outside)(X))


def as_long_as(x, A):
    return x[0] * A[A > 0.5]


def on_a_grid(x):
    n = int(np.sqrt(len(x)))
    return np.exp(x.reshape(n, n)).ravel()


def test_a_length_that_is_computed(found):
    jacobian = sct.jacobian(on_a_grid, sparsity="auto")
    for x in (X[:4], X[1:], X[:1]):
        np.testing.assert_allclose(jacobian(x).toarray(), np.diag(np.exp(x)))
    assert len(found) == 2


def test_a_length_that_depends_on_data():
    jacobian = sct.jacobian(as_long_as, sparsity="auto")
    for a in (A, 2.0 * A, A):
        np.testing.assert_allclose(jacobian(X, a).toarray(), sct.jacobian(as_long_as)(X, a))


# -- structures ----------------------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    first: object
    second: object


def parts(p, M):
    return {"a": p["w"] * p["b"], "s": Pair(np.sum(p["w"]), M @ p["w"][:3])}


@pytest.mark.parametrize("mode", MODES)
def test_of_several_by_several(mode):
    p = {"w": X, "b": 2.0}
    made = sct.jacobian(parts, ("p", "M"), sparsity="auto", mode=mode)(p, A)
    dense = sct.jacobian(parts, ("p", "M"))(p, A)
    assert made["a"][0].keys() == {"w", "b"} and isinstance(made["a"], tuple)
    np.testing.assert_allclose(made["s"][1][1].toarray(), dense["s"][1][1].reshape(2, 6))
    np.testing.assert_allclose(made["s"][0][0]["w"].toarray(), dense["s"][0][0]["w"][None])
    np.testing.assert_allclose(made["a"][0]["b"].toarray(), dense["a"][0]["b"][:, None])
    plain = sct.jacobian(parts, ("p", "M"), sparsity="auto", mode=mode, format="dense")(p, A)
    for (path, part), (same, whole) in zip(leaves(plain), leaves(dense), strict=True):
        assert path == same and np.shape(part) == np.shape(whole)
        np.testing.assert_allclose(part, whole)


def test_a_hessian_by_several():
    made = sct.hessian(chain, ("x", "k"), sparsity="auto")(X, 1.3)
    dense = sct.hessian(chain, ("x", "k"))(X, 1.3)
    np.testing.assert_allclose(made[0][0].toarray(), dense[0][0], rtol=1e-12)
    np.testing.assert_allclose(made[0][1].toarray().ravel(), dense[0][1], rtol=1e-12)
    np.testing.assert_allclose(made[1][0].toarray().ravel(), dense[1][0], rtol=1e-12)


@pytest.mark.parametrize(
    "format, kind", [("csr", "csr_array"), ("csc", "csc_array"), ("coo", "coo_array"), ("dense", "ndarray")]
)
def test_formats(format, kind):
    made = sct.jacobian(tridiagonal, sparsity="auto", format=format)(X)
    assert type(made).__name__ == kind
    np.testing.assert_array_equal(made if kind == "ndarray" else made.toarray(), sct.jacobian(tridiagonal)(X))


def test_the_matrix_is_the_callers():
    jacobian = sct.jacobian(tridiagonal, sparsity="auto")
    first = jacobian(X)
    first.indices[:] = 0
    first.data[:] = 7.0
    np.testing.assert_array_equal(jacobian(X).toarray(), sct.jacobian(tridiagonal)(X))


def test_options():
    made, aux = sct.jacobian(lambda x: (x * x, "beside"), sparsity="auto", has_aux=True)(X)
    np.testing.assert_array_equal(made.toarray(), np.diag(2.0 * X))
    assert aux == "beside"
    made, aux = sct.hessian(lambda x: (np.sum(x**3), x[0]), sparsity="auto", has_aux=True)(X)
    np.testing.assert_allclose(made.toarray(), np.diag(6.0 * X))
    assert aux == X[0]
    single = sct.jacobian(tridiagonal, sparsity="auto")(X.astype(np.float32))
    assert single.dtype == np.float32
    assert sct.jacobian(tridiagonal, sparsity="auto")(np.zeros(0)).shape == (0, 0)
    np.testing.assert_array_equal(sct.jacobian(lambda *a: a[0] * a[1], sparsity="auto")(X, 2.0).toarray(), 2.0 * np.eye(5))
    np.testing.assert_array_equal(sct.jacobian(gathered, sparsity="auto")(X, t=2.0, index=ORDER).nnz, 4)


class Model:
    k = 3.0

    @sct.jacobian(wrt="x", sparsity="auto")
    def force(self, x):
        return self.k * x * np.roll(x, 1)


def test_as_a_decorator_of_a_method():
    np.testing.assert_allclose(Model().force(X).toarray(), sct.jacobian(lambda x: 3.0 * x * np.roll(x, 1))(X))


def test_pickled():
    jacobian = pickle.loads(pickle.dumps(sct.jacobian(np.sin, sparsity="auto")))
    np.testing.assert_allclose(jacobian(X).toarray(), np.diag(np.cos(X)))
    assert repr(jacobian) == "<sparse jacobian of sin>"


def test_for_scipy():
    def residuals(x):
        return np.concatenate([10.0 * (x[1:] - x[:-1] ** 2), 1.0 - x])

    solved = least_squares(residuals, np.full(30, 0.5), jac=sct.jacobian(residuals, sparsity="auto"), method="trf")
    np.testing.assert_allclose(solved.x, 1.0, atol=1e-6)

    def stiff(t, y):
        return -np.arange(1.0, 41.0) * y + np.roll(y, 1)

    ended = solve_ivp(stiff, (0.0, 1.0), np.ones(40), method="BDF", jac=sct.jacobian(stiff, "y", sparsity="auto"))
    assert ended.success and ended.njev > 0


# -- what is refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_pattern_that_misses_an_entry(mode):
    full = sct.jacobian(tridiagonal)(X) != 0
    for i, j in zip(*np.nonzero(full), strict=True):
        pattern = full.copy()
        pattern[i, j] = False
        with pytest.raises(
            sct.MissingEntryError, match=f"misses an entry of the Jacobian of tridiagonal by x: (row {i}|column {j})"
        ):
            sct.jacobian(tridiagonal, sparsity=pattern, mode=mode)(X)


def cancelling(x, c):
    return np.sum(c * x) - np.sum(np.outer(x, c))


@pytest.mark.parametrize("pattern", ["auto", np.ones((1, 5)), np.zeros((1, 5))])
def test_rounding_is_no_entry(pattern):
    made = sct.jacobian(cancelling, sparsity=pattern)(X, 1.81)
    assert made.shape == (1, 5) and abs(made).max() < 1e-15
    with pytest.raises(sct.MissingEntryError):
        sct.jacobian(lambda x, c: 1e-30 * np.sum(x), sparsity=np.zeros((1, 5)))(X, 1.81)


def changed_lists(x, t):
    parts = [x[:2] * 1.0, x[1:3] * 2.0]
    swapped = parts
    for k in range(2):
        if t > 0.0:
            swapped = parts
        swapped[k] = swapped[k] * x[4]
    last = parts.pop()
    last[0] = x[3]
    parts.append(last)
    return np.stack(parts)


def test_lists_that_are_changed():
    jacobian = sct.jacobian(changed_lists, sparsity="auto")
    for t in (1.0, -1.0):
        np.testing.assert_allclose(jacobian(X, t).toarray(), sct.jacobian(changed_lists)(X, t).reshape(4, 5))


def test_a_pattern_of_a_hessian_that_misses_an_entry():
    full = np.triu(sct.hessian(chain)(X, 1.0) != 0)
    for i, j in zip(*np.nonzero(full), strict=True):
        pattern = full.copy()
        pattern[i, j] = False
        with pytest.raises(sct.MissingEntryError, match="misses an entry of the Hessian of chain by x"):
            sct.hessian(chain, sparsity=pattern)(X, 1.0)


def test_an_entry_that_is_missed_at_some_calls():
    jacobian = sct.jacobian(switched, sparsity=np.eye(5))
    jacobian(X, 0.5)
    with pytest.raises(sct.MissingEntryError, match="Have it be other than zero"):
        jacobian(X, 2.0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(4, 5), (5, 4), (6, 5)])
def test_a_pattern_of_another_shape(mode, shape):
    with pytest.raises(sct.PatternShapeError, match=rf"the pattern has the shape \({shape[0]}, {shape[1]}\), and the Jacobian"):
        sct.jacobian(tridiagonal, sparsity=np.ones(shape), mode=mode)(X)


def test_patterns_that_are_no_matrix():
    with pytest.raises(sct.PatternShapeError, match="two axes"):
        sct.jacobian(tridiagonal, sparsity=np.ones(5))
    with pytest.raises(sct.PatternShapeError, match="a Hessian is square"):
        sct.hessian(chain, sparsity=np.ones((5, 4)))
    with pytest.raises(ValueError, match="sparsity='found': there is 'auto', and a pattern"):
        sct.jacobian(tridiagonal, sparsity="found")
    with pytest.raises(ValueError, match="format='bsr': there is 'csr'"):
        sct.jacobian(tridiagonal, sparsity="auto", format="bsr")


@pytest.mark.parametrize("derivative", [sct.jacobian(np.square), sct.hessian(lambda x: np.sum(x**3))])
def test_more_than_there_is_memory_for(derivative):
    with pytest.raises(sct.DerivativeMemoryError, match=r"more memory than there is: 8\d{14} bytes.*\n.*sparsity='auto'"):
        derivative(np.ones(10**7 + 1))


def test_more_entries_than_there_is_memory_for(monkeypatch):
    monkeypatch.setattr(sparse, "_memory", lambda: 1000)
    with pytest.raises(sct.DerivativeMemoryError, match="of 5 by 5 numbers, takes .* bytes for .*, and the machine has 1000"):
        sct.jacobian(lambda x: x * np.sum(x), sparsity="auto")(X)


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(sct.SctError, match=r"(?s)scipy.sparse, which is not installed.*sct-ad\[sparse\]"):
        sct.jacobian(tridiagonal, sparsity="auto")
    made = sct.jacobian(tridiagonal, sparsity="auto", format="dense")(X)
    np.testing.assert_array_equal(made, sct.jacobian(tridiagonal)(X))


def printed(x):
    print("here")
    return x


def drawn(x):
    return x * np.random.default_rng(0).normal(size=5)


@pytest.mark.parametrize("f, said", [(printed, "print"), (drawn, "random")])
def test_what_is_not_followed(f, said):
    with pytest.raises(sct.SctError, match=said) as e:
        sct.jacobian(f, sparsity="auto")(X)
    assert "sparsity=" in str(e.value) or "forward" in str(e.value)
    np.testing.assert_array_equal(sct.jacobian(f, sparsity=np.eye(5))(X).nnz, 5)


def test_bad_calls():
    with pytest.raises(sct.CallError, match=r"Write sct\.jacobian\(switched\)\(x, t\)"):
        sct.jacobian(switched, sparsity="auto")(X)
    with pytest.raises(sct.CallError, match=r"Write sct\.hessian\(chain\)\(x, k\)"):
        sct.hessian(chain, sparsity="auto")(X)


def test_inside_of_a_function_that_is_differentiated():
    def f(x):
        return np.sum(sct.jacobian(tridiagonal, sparsity="auto")(x))

    with pytest.raises(sct.UnsupportedSyntaxError, match="sparse|sparsity"):
        sct.grad(f)(X)


def test_by_an_object():
    spring = SimpleNamespace(k=2.0)
    with pytest.raises(sct.NonDifferentiableArgumentError, match="an object of SimpleNamespace"):
        sct.jacobian(lambda m, x: m.k * x, "m", sparsity="auto")(spring, X)
