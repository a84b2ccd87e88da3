"""`with`: what computes in a context does so in the derivative, and under `np.errstate` what goes back through it as well."""

import contextlib
import threading
import warnings

import numpy as np
import pytest

import sct

X = np.array([0.5, 1.2, 0.7])
LOCK = threading.Lock()
EVENTS = []


def under_errstate(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(x) / x
    return np.sum(y * y)


def returning_early(x):
    with np.errstate(all="ignore"):
        if x[0] > 0.3:
            return np.sum(np.log(x))
        y = x * x
    return np.sum(y)


def several_in_a_loop(x):
    s = 0.0
    for i in range(3):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            if x[i] < 0:
                continue
            s += np.sqrt(x[i]) * s + x[i]
    return s


def nested(x):
    with np.errstate(all="ignore"):
        with np.errstate(divide="ignore"):
            z = np.log(x)
        y = z * z
    with np.errstate(all="ignore"):
        w = y * z
    return np.sum(w)


def writing(x):
    y = np.ones(4)
    with np.errstate(all="ignore"):
        for i in range(1, 4):
            y[i] = x[i - 1] * y[i - 1]
            y[i] *= y[i - 1]
    return np.sum(y)


def with_a_lock(x):
    with LOCK:
        y = x * x
        z = np.sin(y)
    return np.sum(z)


class Scaled:
    def __init__(self, scale):
        self.scale, self.entered = scale, 0

    def __enter__(self):
        self.entered += 1
        return self

    def __exit__(self, kind, value, trace):
        self.scale = self.scale * 2.0


def of_a_class(x):
    with Scaled(x[0]) as context:
        y = x * context.scale
    return np.sum(y) * context.scale * context.entered


@contextlib.contextmanager
def noted(k):
    EVENTS.append("enter")
    yield k * 2
    EVENTS.append("exit")


def of_a_generator(x):
    with noted(3) as k:
        y = x * x * k
    return np.sum(y)


def without_a_context(x):
    with contextlib.nullcontext():
        y = x * x
    return np.sum(y)


FUNCTIONS = [under_errstate, returning_early, several_in_a_loop, nested, writing, with_a_lock, of_a_class, of_a_generator]


@pytest.mark.parametrize("f", [*FUNCTIONS, without_a_context], ids=lambda f: f.__name__)
def test_derivatives(f):
    sct.check_grads(f, (X,), order=2)
    value, gradient = sct.value_and_grad(f)(X)
    assert value == f(X)
    np.testing.assert_allclose(sct.grad(f, optimize=False)(X), gradient, rtol=1e-12)


def test_both_sweeps_are_in_the_context():
    assert sct.grad(under_errstate).source_for(X) == (
        "import numpy as np\n\n\n"
        "def under_errstate_grad(x):\n"
        "    # forward\n"
        "    with np.errstate(divide='ignore', invalid='ignore'):\n"
        "        y = np.log(x) / x\n"
        "    # reverse\n"
        "    # return np.sum(y * y)\n"
        "    y_bar = 2.0 * y\n"
        "    with np.errstate(divide='ignore', invalid='ignore'):\n"
        "        # y = np.log(x) / x\n"
        "        log_bar = y_bar / x\n"
        "        x_bar = log_bar / x\n"
        "        x_bar -= log_bar * y\n"
        "    return x_bar\n"
    )


def test_contexts_in_one_another_are_one_statement():
    assert "with np.errstate(all='ignore'), catch_warnings():\n" in sct.grad(several_in_a_loop).source_for(X)


def test_no_warning_in_either_sweep():
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("error")
        assert np.isinf(sct.grad(under_errstate)(np.array([0.0, 1.0]))[0])
        with pytest.raises(RuntimeWarning, match="divide by zero"):
            sct.grad(lambda x: np.sum(np.log(x)))(np.zeros(2))


def test_a_context_that_raises():
    def f(x):
        with np.errstate(divide="raise"):
            y = 1.0 / x
        return np.sum(y)

    np.testing.assert_array_equal(sct.grad(f)(np.ones(2)), [-1.0, -1.0])
    with pytest.raises(FloatingPointError, match="divide by zero"):
        sct.grad(f)(np.zeros(2))
    assert np.geterr()["divide"] == "warn"


def test_it_is_entered_and_left_once():
    del EVENTS[:]
    sct.grad(of_a_generator)(X)
    assert EVENTS == ["enter", "exit"]


def test_a_file(tmp_path):
    def f(x, path):
        with open(path, "w") as file:
            file.write("seen")
            y = x * x
        return np.sum(y)

    np.testing.assert_array_equal(sct.grad(f)(X, str(tmp_path / "f")), 2.0 * X)
    assert (tmp_path / "f").read_text() == "seen"


@contextlib.contextmanager
def suppressing():
    with contextlib.suppress(np.linalg.LinAlgError):
        yield


def test_one_that_suppresses_an_exception():
    def f(A):
        L = A
        with suppressing():
            L = np.linalg.cholesky(A)
        return np.sum(L)

    np.testing.assert_allclose(sct.grad(f)(np.eye(2)), np.full((2, 2), 0.5))
    with pytest.raises(RuntimeError, match="suppressed an exception"):
        sct.grad(f)(-np.eye(2))


def test_one_that_is_there_to_suppress():
    def f(A):
        with contextlib.suppress(np.linalg.LinAlgError):
            A = np.linalg.cholesky(A)
        return np.sum(A)

    with pytest.raises(sct.UnsupportedSyntaxError, match=r"contextlib\.suppress[\s\S]*try and except"):
        sct.grad(f)(np.eye(2))
