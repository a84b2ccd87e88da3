"""Checkpointed loops and functions: the same derivatives, few states kept, no more steps than the schedule promises."""

import inspect
import os
import pickle
import tempfile
import tracemalloc

import numpy as np
import pytest
from checkpoint_schedules.multistage import optimal_steps_binomial
from sources import define

import sct
from sct import stages


def logistic(x, r, n, slots):
    for _ in sct.checkpointed(range(n), slots=slots):
        x = r * x * (1.0 - x)
    return np.sum(x)


def logistic_plain(x, r, n, slots):
    for _ in range(n):
        x = r * x * (1.0 - x)
    return np.sum(x)


def diffusion(u, k, n, slots):
    """In place, with a sum of all steps, and the number of the step in it."""
    energy = 0.0
    for t in sct.checkpointed(range(1, n), slots):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2]) * u[1:-1]
        energy += np.sum(u * u) / t
    return energy, u


def nested(u, k, n, m):
    for _ in sct.checkpointed(range(n), 2):
        for j in sct.checkpointed(range(m), slots=2, disk=1):
            u = u + k * np.sin(u) * j
        k = k * 0.9
    return np.sum(u)


def in_a_loop(u, k, n):
    s = 0.0
    for i in range(3):
        for _ in sct.checkpointed(range(n), 2):
            u = np.tanh(u * k)
        s = s + np.sum(u) * i
    return s


def loop_in_it(A, b, n):
    """A loop of its own, with branches, in each step."""
    x = b
    for t in sct.checkpointed(range(n), 2):
        y = np.zeros_like(x)
        for i in range(len(x)):
            if t % 2 == 0:
                y[i] = np.sin(A[i] @ x)
            else:
                y[i] = A[i] @ x + b[i]
        x = y
    return np.sum(x**2)


def rows(w, xs):
    h = np.zeros(2)
    for x in sct.checkpointed(xs, 2):
        h = np.tanh(w @ h + x)
    return np.sum(h)


def dict_of_parameters(params, x, n):
    for _ in sct.checkpointed(range(n), 3):
        x = np.tanh(params["W"] @ x + params["b"])
    return x


X = np.array([0.2, 0.3])
U = np.linspace(0.1, 1.0, 6)
W = np.array([[0.5, -0.3], [0.2, 0.7]])


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 30])
@pytest.mark.parametrize("slots", [1, 2, 3, 50])
def test_same_as_without(n, slots):
    got = sct.value_and_grad(logistic, ("x", "r"))(X, 1.5, n, slots)
    expected = sct.value_and_grad(logistic_plain, ("x", "r"))(X, 1.5, n, slots)
    np.testing.assert_array_equal(got[0], logistic(X, 1.5, n, slots), strict=True)
    for a, b in zip(got[1], expected[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [
        (diffusion, (U, 0.1, 9, 3), ("u", "k")),
        (nested, (U, 0.1, 5, 4), ("u", "k")),
        (in_a_loop, (U, 0.8, 4), ("u", "k")),
        (loop_in_it, (W, X, 5), ("A", "b")),
        (rows, (W, np.linspace(-1, 1, 10).reshape(5, 2)), ("w", "xs")),
        (dict_of_parameters, ({"W": W, "b": X}, X, 5), ("params", "x")),
    ],
)
def test_derivatives(f, args, wrt):
    sct.check_grads(f, args, wrt)


def test_pull_runs_again():
    y, pull = sct.pullback(logistic, ("x", "r"))(X, 1.5, 10, 3)
    first, second = pull(1.0), pull(1.0)
    for a, b, c in zip(first, second, sct.grad(logistic_plain, ("x", "r"))(X, 1.5, 10, 3), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c, rtol=1e-12)


# Writes in the steps: a checkpointed loop is the plain one


def into_an_array_made_before(x, steps):
    y = np.zeros(x.size)
    for t in steps:
        y[t % 3] += np.sin(x[t % 3]) * y[t % 2]
        y[-1] = x @ x * t
    return y @ y


def into_a_view(x, steps):
    y = x * 2.0
    tail = y[1:]
    for t in steps:
        tail[:] = np.sin(tail) * x[0]
        y[0] += tail[0] * t
    return np.sum(y)


def buffers_swapped(x, steps):
    now, then = x.copy(), np.zeros_like(x)
    for t in steps:
        then[1:] = np.sin(now[:-1]) + 0.1 * now[1:] * t
        then[0] = now[-1]
        now, then = then, now
    return now @ now


def put(a, k, v):
    a[k] = v


def relaxed(a, x):
    for k in range(1, a.size):
        put(a, k, 0.5 * (a[k] + np.sin(a[k - 1] * x[k])))
    return a


def by_helpers(x, steps):
    y = x + 1.0
    for t in steps:
        put(y, 0, y[-1] * x[t % 3])
        y = relaxed(y, x)
    return np.sum(y)


def into_the_argument(x, steps):
    for t in steps:
        x[t % 3] = np.sin(x[(t + 1) % 3]) * x[0]
    return x @ x


def a_buffer_of_its_own(x, steps):
    """One of two, by the way taken, which stays in memory."""
    for t in steps:
        u, v = 0.9 * x, x[::-1].copy()
        if np.sum(x) > 1.0:
            u, v = v, u
        u[t % 3] = v[0] * np.sin(v[1])
        x = u + 0.1 * v
    return x @ x


def a_list_of_its_own(x, steps):
    for t in steps:
        parts = []
        for k in range(t + 1):
            parts.append(np.sin(x) * k)
        x = x + parts[-1] - 0.1 * parts[t // 2]
    return np.sum(x)


def a_list_made_before(x, steps):
    parts = []
    for k in range(x.size):
        parts.append(x * k)
    for t in steps:
        x = np.sin(x) + parts[t % 3] * x[0]
    parts[1][0] = 0.5
    return np.sum(x) + np.sum(parts[1])


def read_what_is_one_of_two(x, steps):
    u, v = x * 2.0, x[::-1].copy()
    if u[0] > 0.1:
        u, v = v, u
    u[0] = 0.3
    for t in steps:
        x = np.sin(x * u) + v[t % 3]
    v[1] = x[0]
    return np.sum(x) + np.sum(u * v)


def two_loops(x, steps):
    y = x * 1.0
    for t in steps:
        y[t % 3] *= x[0]
    z = y
    for t in steps:
        z[0] += np.sin(y[1]) * t
    return z @ y


def first_and_last(x, steps):
    """What no step needs, and is there after none."""
    last = np.cos(x)
    for t in steps:
        last = x * t
        x = np.sin(x)
    return np.sum(last) + np.sum(x)


WRITTEN = (
    *(into_an_array_made_before, into_a_view, buffers_swapped, by_helpers, into_the_argument, a_buffer_of_its_own),
    *(a_list_of_its_own, a_list_made_before, read_what_is_one_of_two, two_loops, first_and_last),
)


def through(f, steps):
    """A function like `f` of a number `n`, which goes through `steps`."""
    text = inspect.getsource(f).replace(f"def {f.__name__}(x, steps)", "def f(x, n)").replace("in steps:", f"in {steps}:")
    helpers = "".join(map(inspect.getsource, (put, relaxed)))
    return define(f"import numpy as np\nimport sct\n\n{helpers}\n{text}", "f")


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("n", [0, 1, 5])
@pytest.mark.parametrize("f", WRITTEN)
def test_writes_are_those_of_the_plain_loop(f, n, optimize):
    x = np.array([0.4, 0.7, 0.2])
    ours, plain = through(f, "sct.checkpointed(range(n), 2)"), through(f, "range(n)")
    value, gradient = sct.value_and_grad(ours, optimize=optimize)(x, n)
    expected = sct.grad(plain, optimize=optimize)(x, n)
    assert value == plain(x.copy(), n)
    if f is read_what_is_one_of_two:  # the adjoints of what the steps read are summed up by themselves
        np.testing.assert_array_max_ulp(gradient, expected, 2)
    else:
        np.testing.assert_array_equal(gradient, expected, strict=True)


@pytest.mark.parametrize("f", WRITTEN)
def test_gradients_of_writes_are_those_of_differences(f):
    x = np.array([0.4, 0.7, 0.2])
    ours = through(f, "sct.checkpointed(range(n), 2)")
    sct.check_grads(ours, (x, 4))
    assert "checkpointing.advance" in sct.grad(ours).source_for(x, 4)
    assert "checkpointing" not in sct.jvp(ours).source_for(x, 4, x)


def blurred(x, n):
    now, then, energy = x, np.zeros_like(x), 0.0
    for t in sct.checkpointed(range(n), slots=20):
        then[1:-1] = now[1:-1] + 0.1 * np.sin(now[2:] - 2.0 * now[1:-1] + now[:-2])
        now, then = then, now
        energy += now[t % 3]
    return energy + np.sum(now)


@pytest.mark.parametrize("n", [300, 3000])
def test_memory_of_buffers_is_that_of_the_slots(n):
    x = np.linspace(0.0, 1.0, 1000)
    g = sct.grad(blurred)
    g(x, 10)
    tracemalloc.start()
    g(x, n)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 2 * 30 * x.nbytes  # a state is two buffers


# What it costs

CALLS = []


def note(x):
    CALLS.append(1)
    return x


sct.adjoint(note)(lambda y, x, y_bar: y_bar)


def counted(x, n, slots):
    for _ in sct.checkpointed(range(n), slots):
        x = note(x) * 1.01
    return x


@pytest.mark.parametrize(("n", "slots"), [(1, 1), (5, 1), (10, 2), (50, 5), (200, 7), (200, 300)])
def test_steps_are_those_that_the_schedule_promises(n, slots):
    """Each step of the derivative is one of the schedule's; the last one alone is taken once more, for the value."""
    CALLS.clear()
    assert sct.grad(counted)(1.0, n, slots) == pytest.approx(1.01**n)
    assert len(CALLS) <= optimal_steps_binomial(n, min(slots, max(n - 1, 1))) + 1


def drift(x, r, n, slots):
    for _ in sct.checkpointed(range(n), slots=slots):
        x = x + r * np.sin(x) * 0.001
    return np.sum(x)


def test_twenty_thousand_steps_in_fifty_slots():
    x = np.linspace(0.0, 1.0, 1000)
    n = 20_000
    x_bar = sct.grad(drift)(x, 1.0, n, 50)
    expected = np.ones(1000)
    state = x
    for _ in range(n):  # each entry is a recurrence of its own
        expected = expected * (1.0 + 0.001 * np.cos(state))
        state = state + 0.001 * np.sin(state)
    np.testing.assert_allclose(x_bar, expected, rtol=1e-8)


@pytest.mark.parametrize("n", [300, 3000])
def test_memory_is_that_of_the_slots(n):
    x = np.linspace(0.0, 1.0, 1000)
    g = sct.grad(drift)
    g(x, 1.0, 10, 20)
    tracemalloc.start()
    g(x, 1.0, n, 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 30 * x.nbytes  # 20 states, and what one step needs


def test_disk_slots(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen = []
    dump = pickle.dump
    monkeypatch.setattr(pickle, "dump", lambda *args: (seen.append(1), dump(*args))[1])

    got = sct.grad(on_disk, ("x", "r"))(X, 1.5, 40)
    assert seen and os.listdir(tmp_path) == []
    for a, b in zip(got, sct.grad(logistic_plain, ("x", "r"))(X, 1.5, 40, 0), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    y, pull = sct.pullback(on_disk)(X, 1.5, 40)
    np.testing.assert_array_equal(pull(1.0), pull(1.0))
    del pull
    assert os.listdir(tmp_path) == []


def on_disk(x, r, n):
    for _ in sct.checkpointed(range(n), slots=2, disk=3):
        x = r * x * (1.0 - x)
    return np.sum(x)


def told(x, n):
    for i in sct.checkpointed(range(n), 2):
        print(i)
    return x * x


def test_a_loop_that_only_prints_is_kept(capsys):
    assert sct.value_and_grad(told)(3.0, 2) == (9.0, 6.0)
    assert capsys.readouterr().out == "0\n1\n"


# Functions


@sct.checkpoint
def layer(p, h):
    """A layer."""
    return np.tanh(p["W"] @ note(h) + p["b"])


def network(ps, h):
    for p in ps:
        h = layer(p, h)
    return np.sum(h**2)


def inner(h, x, *, c):
    return np.tanh(h * x) + c * h


def repeated(x, n):
    h = x
    for _ in range(n):
        h = sct.checkpoint(inner)(h, x, c=0.5)
    return np.sum(h)


def two_results(x):
    a, b = sct.checkpoint(pair)(x)
    return np.sum(a * b)


def pair(x):
    return np.sin(x), x * x


def test_checkpointed_function():
    ps = [{"W": W, "b": X}, {"W": W.T * 0.2, "b": X * 0.0}]
    assert layer.__name__ == "layer" and layer.__doc__ == "A layer."
    np.testing.assert_array_equal(layer(ps[0], X), np.tanh(W @ X + X))
    sct.check_grads(network, (ps, X), ("ps", "h"))
    CALLS.clear()
    sct.grad(network)(ps, X)
    assert len(CALLS) == 4  # each layer twice


@pytest.mark.parametrize("order", [1, 2])
def test_checkpointed_calls(order):
    sct.check_grads(repeated, (X, 3), order=order)
    sct.check_grads(two_results, (X,), order=order)


# What is refused

REFUSED = {
    "break": (
        "for i in sct.checkpointed(range(n), 3):\n        x = x * 2.0\n        if x > 9.0:\n            break",
        "break or",
    ),
    "zip": ("for i, j in sct.checkpointed(zip(range(n), range(n)), 3):\n        x = x * 2.0", "else than a range"),
    "no slots": ("for i in sct.checkpointed(range(n)):\n        x = x * 2.0", "the number of slots"),
    "a list": (
        "xs = []\n    for i in sct.checkpointed(range(n), 3):\n        xs.append(x)\n    x = xs[0]",
        "changes a list or dict",
    ),
    "one of two": (
        "y = np.ones(2)*x\n    z = y if x > 0 else +y\n    for i in sct.checkpointed(range(n), 3):\n        z += 1\n    x = y",
        "writes into 'z', an array that may have other names",
    ),
    "none before": (
        "for i in sct.checkpointed(range(n), 3):\n        if i % 2 == 0:\n            y = np.ones(2) * x\n    x = y[0]",
        "hands on 'y', which may have no value before it",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    body, message = REFUSED[name]
    f = define(f"import numpy as np\nimport sct\n\ndef f(x, n):\n    {body}\n    return x\n", "f")
    with pytest.raises(sct.SctError, match=message) as e:
        sct.grad(f)(1.0, 3)
    assert e.value.place is not None


def test_second_derivatives_of_a_checkpointed_loop():
    first = sct.grad(logistic_of_number)
    expected = (first(0.3 + 1e-6, 5) - first(0.3 - 1e-6, 5)) / 2e-6
    assert sct.grad(first)(0.3, 5) == pytest.approx(expected, rel=1e-6)
    assert sct.jvp(first)(0.3, 5, 1.0)[1] == pytest.approx(expected, rel=1e-6)
    assert sct.vjp(sct.jvp(logistic_of_number))(0.3, 5, 1.0, (0.0, 1.0))[1] == pytest.approx(expected, rel=1e-6)
    assert sct.grad(slope_of_logistic)(0.3, 5) == pytest.approx(expected, rel=1e-6)
    third = (sct.grad(first)(0.3 + 1e-6, 5) - sct.grad(first)(0.3 - 1e-6, 5)) / 2e-6
    assert sct.grad(sct.grad(first))(0.3, 5) == pytest.approx(third, rel=1e-6)


def test_second_derivatives_of_a_checkpointed_loop_over_arrays():
    first = sct.grad(diffused)
    v = np.array([0.3, -0.2, 0.5])
    expected = (first(START + 1e-6 * v, 7) - first(START - 1e-6 * v, 7)) / 2e-6
    np.testing.assert_allclose(sct.jvp(first)(START, 7, v)[1], expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(sct.vjp(first)(START, 7, v)[1], expected, rtol=1e-6, atol=1e-8)


def test_the_second_derivative_of_a_checkpointed_derivative_is_refused():
    form = stages.lower(stages.read(logistic_of_number))
    first = stages.differentiate(stages.specialize(form, stages.Arguments.like(form, 0.3, 5)), "grad")
    with pytest.raises(sct.NoRuleError, match="a second derivative through a checkpointed loop") as e:
        stages.specialize(first, stages.Arguments.like(first, 0.3, 5))
    assert e.value.place is not None


def slope_of_logistic(x, n):
    return sct.grad(logistic_of_number)(x, n)


START = np.array([0.4, 0.1, 0.7])


def diffused(x, n):
    u = x * 1.0
    for i in sct.checkpointed(range(n), 2):
        u[1:] += 0.1 * u[:-1] * u[1:]
        u[i % 3] = np.sin(u[i % 3])
    return np.sum(u * u)


def logistic_of_number(x, n):
    for _ in sct.checkpointed(range(n), 2):
        x = 1.5 * x * (1.0 - x)
    return x


def test_checkpointed_function_that_writes_is_refused():
    def total(x):
        sct.checkpoint(fill)(x)
        return np.sum(x)

    with pytest.raises(sct.UnsupportedSyntaxError, match="a checkpointed function that writes into its argument"):
        sct.grad(total)(X)


def fill(x):
    x[0] = 1.0


@pytest.mark.parametrize("slots", [0, -1, 2.5])
def test_bad_slots(slots):
    with pytest.raises(ValueError, match="at least one slot"):
        sct.grad(logistic)(X, 1.5, 5, slots)
