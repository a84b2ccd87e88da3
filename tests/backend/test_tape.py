"""What is recorded, as the derivative tells: only what the reverse sweep uses and the forward sweep loses."""

import tracemalloc

import numpy as np
import pytest
from differences import agree

import sct

U = np.linspace(0.0, 1.0, 30).reshape(6, 5)


def jacobi(u, steps):
    for _ in range(steps):
        v = u.copy()
        u[1:-1, 1:-1] = 0.25 * (v[2:, 1:-1] + v[:-2, 1:-1] + v[1:-1, 2:] + v[1:-1, :-2])
    return np.sum(u)


def two_buffers(u, v, steps):
    for _ in range(steps):
        v[1:-1, 1:-1] = 0.25 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])
        u[1:-1, 1:-1] = 0.25 * (v[2:, 1:-1] + v[:-2, 1:-1] + v[1:-1, 2:] + v[1:-1, :-2])
    return np.sum(u)


def swapped(u, steps):
    v = u.copy()
    for _ in range(steps):
        v[1:-1, 1:-1] = 0.25 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])
        u, v = v, u
    return np.sum(u)


def heat(u, k, steps):
    for _ in range(steps):
        u[1:-1, 1:-1] += k * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1])
    return np.sum(u)


def wave(u, c, steps):
    old = u.copy()
    for _ in range(steps):
        new = np.zeros_like(u)
        new[1:-1, 1:-1] = 2.0 * u[1:-1, 1:-1] - old[1:-1, 1:-1] + c * (u[2:, 1:-1] + u[:-2, 1:-1] - 2.0 * u[1:-1, 1:-1])
        old = u
        u = new
    return np.sum(u)


STENCILS = [
    (jacobi, (U, 7)),
    (two_buffers, (U, U.T.copy().T, 7)),
    (swapped, (U, 7)),
    (heat, (U, 0.1, 7)),
    (wave, (U, 0.1, 7)),
]


@pytest.mark.parametrize(("f", "args"), STENCILS)
def test_linear_stencil_records_nothing(f, args):
    tape = sct.grad(f).tape(*args)
    assert tape.entries == () and tape.nbytes == 0 and str(tape) == "nothing is recorded"
    assert "append" not in sct.grad(f).source_for(*args)
    sct.check_grads(f, args, 0)


def squared(u, steps):
    for _ in range(steps):
        u[1:-1, 1:-1] = 0.25 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])
    return np.sum(u * u)


@pytest.mark.parametrize("f", [jacobi, swapped, squared])
def test_memory_of_a_stencil(f):
    """200 steps on 500 x 500 take at most three times the memory of the function, arguments included."""
    u = np.random.default_rng(0).normal(size=(500, 500))
    g = sct.grad(f)
    g(u[:9, :9].copy(), 2)

    def peak(function):
        tracemalloc.start()
        function(u.copy(), 200)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(g) <= 3.0 * peak(f)


def elements(A):
    n = len(A)
    for i in range(n):
        for j in range(i):
            A[i, j] *= A[i, j] * A[j, j]
    return A


def gate(x, n):
    for _ in range(n):
        x = np.tanh(x)
    return np.sum(x)


def product(x, y):
    return np.sum(x * y)


def hidden(W, x):
    h = np.tanh(x @ W)
    return np.sum(h)


def newton(a, n):
    x = a
    for _ in range(n):
        if x > 1.0:
            x = 0.5 * (x + a / x)
        else:
            x = x * x
    return x


def test_only_the_overwritten_part():
    (entry,) = (e for e in sct.vjp(elements).tape(np.eye(6) + 1.0).entries if e.restores)
    assert entry.count == 15 and entry.nbytes == 15 * 8 and entry.statement == "A[i, j] *= A[i, j] * A[j, j]"
    assert "overwritten by" in str(sct.vjp(elements).tape(np.eye(6) + 1.0))


def test_what_is_still_there_is_not_kept():
    assert sct.grad(product, ("x", "y")).tape(np.ones(3), np.ones(3)).entries == ()


def test_result_of_tanh_is_kept_and_not_its_argument():
    tape = sct.grad(hidden).tape(np.ones((3, 4)), np.ones((2, 3)))
    assert [(e.name, e.nbytes) for e in tape.entries] == [("h", 64)]
    (entry,) = sct.grad(gate).tape(np.ones(4), 5).entries
    assert (entry.count, entry.nbytes) == (5, 160) and entry.needed_by == ("x = np.tanh(x)",)


def stops(u, n, most):
    for k in range(n):
        if u[k] > most:
            break
        u[k] = np.sin(u[k]) * u[k - 1]
    return np.sum(u)


def stops_inside(A, n, most):
    for _ in range(n):
        for k in range(len(A)):
            if np.sum(A[k]) > most:
                break
            A[k] = A[k] * A[k - 1]
    return np.sum(A)


def leaves_early(u, n, most):
    for k in range(n):
        if u[k] > most:
            return np.sum(u * u)
        u[k] = np.sin(u[k]) * u[k]
    return np.sum(u)


@pytest.mark.parametrize(("f", "args"), [(stops, (U[1].copy(), 4, 0.3)), (leaves_early, (U[1].copy(), 4, 0.3))])
def test_what_is_tested_and_overwritten_is_kept_once(f, args):
    tape = sct.grad(f).tape(*args)
    assert {e.name for e in tape.entries if e.name.endswith("_tape")} == {"u_k_tape", "sin_tape"}
    sct.check_grads(f, args, 0)


def test_rows_that_are_tested_and_overwritten():
    agree(stops_inside, U[:3] + 0.5, 2, 4.0)


def settles(x, n, least):
    for _ in range(n):
        step = np.sin(x) - x
        if np.max(np.abs(step)) < least:
            break
        x = x + 0.5 * step
    return np.sum(x)


def settles_or_fails(x, n, least):
    k = 0
    while k < n:
        step = np.sin(x) - x
        k += 1
        if np.max(np.abs(step)) > least:
            x = x + 0.5 * step
        else:
            x = x * x
            break
        if np.sum(x) > 100.0:
            return np.sum(x * x)
    return np.sum(x)


def settles_each(x, n, least):
    s = 0.0
    for j in range(3):
        y = x * (j + 1.0)
        for _ in range(n):
            if np.sum(y) < least:
                break
            y = 0.5 * np.sin(y)
        s = s + np.sum(y)
    return s


@pytest.mark.parametrize(("f", "kept"), [(settles, 0), (settles_or_fails, 0), (settles_each, 3)])
@pytest.mark.parametrize("least", [0.02, 0.0])
def test_the_test_of_a_break_is_not_recorded_in_its_loop(f, kept, least):
    args = (U[1].copy(), 6, least)
    entries = sct.grad(f).tape(*args).entries
    assert sum(e.count for e in entries if e.name in ("below_tape", "above_tape")) == kept
    sct.check_grads(f, args, 0)
    _, pull = sct.pullback(f)(*args)
    for _ in range(3):
        np.testing.assert_allclose(pull(1.0), sct.grad(f)(*args), rtol=1e-12)


def unchanged_in_a_loop(u, w, n):
    x = 1.0
    for _ in range(n):
        x = np.sin(x) * np.sum(np.exp(w) * u)
    return x


def unchanged_in_a_branch(u, w, n):
    x = 1.0
    for k in range(n):
        if x > 0.9:
            for j in range(k):
                x = np.sin(x) * np.exp(w) + j
        x = x * np.exp(u)
    return x


def unchanged_in_the_inner_loop(u, w, n):
    s = 0.0
    for k in range(n):
        for j in range(k):
            s = np.sin(s) * np.exp(w * k) + np.sum(u[[0, j]])
    return s


def unchanged_before_a_write(u, w, n):
    s = 0.0
    for k in range(n):
        e = np.exp(w * u)
        s = s * np.sum(e * e)
        e[k] = np.sin(s)
        s = s + e @ e
    return s


def drawn_anew(u, w, n):
    rng = np.random.default_rng(1)
    s = 0.1
    for _ in range(n):
        e = rng.random(3) * np.exp(w)
        s = s * np.sum(np.sin(s) * e) + np.sum(u)
    return s


@pytest.mark.parametrize(
    ("f", "args", "tapes"),
    [
        (unchanged_in_a_loop, (U[1], 0.1 * U[2], 3), {"x_tape": 3, "sin_tape": 3}),
        (unchanged_in_a_branch, (0.1, 0.3, 4), {"x_tape": 6, "x_tape_1": 4, "sin_tape": 6, "above_tape": 4}),
        (unchanged_in_the_inner_loop, (U[1], 0.1, 4), {"exp_tape": 4, "s_tape": 6, "sin_tape": 6}),
        (unchanged_before_a_write, (U[0] + 0.3, 0.2, 3), None),
        (drawn_anew, (U[0, :3], 0.2, 3), None),
    ],
)
def test_what_a_loop_does_not_change_is_not_recorded_in_it(f, args, tapes):
    found = {e.name: e.count for e in sct.grad(f, ("u", "w")).tape(*args).entries if e.name.endswith(("_tape", "_1"))}
    assert tapes is None or found == tapes
    sct.check_grads(f, args, (0, 1))
    _, pull = sct.pullback(f, ("u", "w"))(*args)
    for _ in range(2):
        for a, b in zip(pull(1.0), sct.grad(f, ("u", "w"))(*args), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_loop_of_no_steps_has_nothing_that_it_does_not_change():
    assert sct.grad(unchanged_in_a_loop, "w")(U[1], U[2], 0).tolist() == [0.0] * 5
    _, pull = sct.pullback(unchanged_in_the_inner_loop, "w")(U[1], 0.1, 1)
    assert pull(1.0) == 0.0


def test_why():
    (entry,) = sct.grad(newton).tape(3.0, 5).entries
    assert entry.name == "x_tape" and entry.count == 5 and entry.statement == "for _ in range(n):"
    assert {"x = 0.5 * (x + a / x)", "x = x * x"} <= set(entry.needed_by)


def checkpointed(x, n):
    for _ in sct.checkpointed(range(n), 4):
        x = np.sin(x)
    return np.sum(x)


def a_gate_and_the_rest(x, w, n):
    y = x
    for _ in range(n):
        r = np.tanh(w * y)
        y = r * np.sin(y) + (1.0 - r) * x
    return np.sum(y)


def shifted(x, w, n):
    for _ in range(n):
        e = np.exp(w * x)
        x = e / (1.0 + e)
    return np.sum(x)


def unpacked(x, p, n):
    for _ in range(n):
        a, b = p
        x = a * np.sin(x) + b * x * x
    return np.sum(x)


@pytest.mark.parametrize(
    ("f", "args", "tapes"),
    [
        (a_gate_and_the_rest, (U[1], 0.3, 4), {"r_tape", "y_tape", "sin_tape"}),
        (shifted, (U[1], 0.3, 4), {"shifted_tape"}),
        (unpacked, (U[1], (0.5, 0.2), 4), {"x_tape"}),
    ],
)
def test_of_what_tells_another_one_is_kept(f, args, tapes):
    entries = sct.grad(f).tape(*args).entries
    assert {e.name for e in entries if e.name.endswith("_tape")} <= tapes
    agree(f, *args)


def test_checkpoints():
    (entry,) = sct.grad(checkpointed).tape(np.ones(100), 50).entries
    assert entry.count == 5 and entry.nbytes == 5 * 800  # four slots, and the state before the last step


def test_arguments_stay():
    u = U.copy()
    sct.vjp(heat).tape(u, 0.1, 3)
    np.testing.assert_array_equal(u, U)


@pytest.mark.parametrize("transform", [sct.grad, sct.value_and_grad, sct.vjp, sct.pullback])
def test_every_transform(transform):
    assert transform(gate).tape(np.ones(4), 5).nbytes == 160


def powers(x, n, scale=3.0):
    for _ in range(n):
        x = np.sin(x) * scale
    return x


def test_b7_arguments_are_bound_as_a_call_binds_them():
    v, x, y_bar = sct.vjp(powers), np.ones(4), np.full(4, 2.0)
    text = v.source_for(x, 2)
    for args, kwargs in (((x, 2, y_bar), {}), ((x, 2), {"y_bar": y_bar}), ((x, 2, 3.0, y_bar), {}), ((x,), {"n": 2})):
        assert v.source_for(*args, **kwargs) == text
        tape = v.tape(*args, **kwargs)
        assert [e.count for e in tape.entries if e.name == "x_tape"] == [2]
    np.testing.assert_array_equal(v.specialize(x, 2, y_bar)(x, 2, 3.0, y_bar)[1], v(x, 2, y_bar)[1])


WEIGHTS = np.array([1.0, 2.0, 3.0])


def test_data_from_outside_is_listed_by_its_name():
    tape = sct.grad(lambda x: np.sum(np.sin(x * WEIGHTS))).tape(np.ones(3))
    assert all(e.statement for e in tape.entries)
    assert "WEIGHTS" in {e.statement for e in tape.entries}


def test_the_test_of_a_while_loop_reads_what_it_carries():
    def until(x, n):
        a = x * 2
        while a[0] < n:
            a[0] = a[0] + a[1]
        return np.sum(a)

    assert "copy" not in sct.vjp(until).source_for(np.ones(3), 5.0).split("# reverse")[0]
    sct.check_grads(until, (np.ones(3), 5.0), 0)


X, A = np.array([1.0, 2.0, 3.0]), np.arange(1.0, 7.0).reshape(3, 2)


# -- what is on a tape and is no array -----------------------------------------------------------------------------------------


CELLS = [(0, 1), (2, 1), (1, 0)]


@sct.nondifferentiable
def cell(i):
    return CELLS[i]


@sct.nondifferentiable
def window(i):
    return slice(i, i + 2)


def opaque_index(A, n):
    for i in range(n):
        ij = cell(i)
        A[ij] = np.sin(A[ij]) * A[0, 0]
    return np.sum(A)


def opaque_slice(x, n):
    for i in range(n):
        w = window(i)
        x[w] = np.sin(x[w]) * x[0]
    return np.sum(x)


def checkpointed_in_a_loop(x, n):
    for _ in range(n):
        for _ in sct.checkpointed(range(n), slots=2):
            x = np.sin(x)
        x[0] = x[1] * x[2]
    return np.sum(x)


def none_at_first(x, n):
    before, s = None, 0.0
    for t in range(n):
        y = x * (t + 1)
        y[0] = x[1] ** 2
        if before is not None:
            s += np.sum(y * before)
        before = y
    return s


def product_with_the_one_before(x, n):
    before, s = None, 0.0
    for t in range(n):
        y = x * (t + 1)
        y[0] = x[1] ** 2
        if before is not None:
            s += y @ before
        before = y
    return s


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (opaque_index, (A, 3)),
        (opaque_slice, (X, 2)),
        (checkpointed_in_a_loop, (X, 2)),
        (none_at_first, (X, 3)),
        (product_with_the_one_before, (X, 3)),
    ],
)
def test_what_is_taped_stays_what_it_is(f, args):
    agree(f, *args)
