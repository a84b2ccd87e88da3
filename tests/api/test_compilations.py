"""What has been compiled, why once more, and how often it may be."""

import logging

import numpy as np
import pytest

import sct

X = np.ones(3)


def test_a_record_of_each_form():
    def f(x, n):
        for _ in range(n):
            x = np.sin(x)
        return np.sum(x)

    derived = sct.grad(f)
    assert derived.compilations == ()
    for x in (X, np.ones(5), X.astype(np.float32), X):
        derived(x, 2)
    first, second = derived.compilations
    assert first.types == {"x": "float64[x.0]", "n": "int=n"} and first.reason == "none was there"
    assert second.reason == "x is float32[x.0], and was float64[x.0]"
    assert not first.kept and first.seconds > 0.0
    assert str(second) == f"for x: float32[x.0], n: int=n, in {second.seconds:.3f} s: {second.reason}"
    assert sct.grad(f).compilations == derived.compilations  # it is one form for both
    assert sct.value_and_grad(f).compilations == ()


def test_the_reason_is_that_of_the_closest_form():
    def f(x, y):
        return np.sum(x * y)

    derived = sct.grad(f)
    derived(X, X)
    derived(np.ones((3, 3)), np.ones((3, 3)))
    derived(np.ones((3, 3)), np.ones((3, 3), np.float32))
    assert derived.compilations[-1].reason == "y is float32[y.0, y.1], and was float64[y.0, y.1]"


def test_sizes():
    def f(x, y):
        return np.sum(x[:3] + y[:3])

    derived = sct.grad(f)
    for n in (6, 5, 2):
        derived(np.ones(n), np.ones(n))
    first, second = derived.compilations
    assert first.sizes == ("x.0 - 3 >= 0", "y.0 - 3 >= 0")
    assert second.reason == "x.0 - 3 >= 0 does not hold; y.0 - 3 >= 0 does not hold"


RATE = 2.0


def helper(x):
    return RATE * x


def other(x):
    return x


def test_what_is_outside(monkeypatch):
    def f(x):
        return np.sum(helper(x))

    derived = sct.grad(f)
    derived(X)
    monkeypatch.setitem(globals(), "RATE", 3.0)
    np.testing.assert_array_equal(derived(X), 3.0 * X)
    assert len(derived.compilations) == 1 and derived.compilations[0].data == {"RATE": "float"}
    monkeypatch.setitem(globals(), "RATE", X)
    derived(X)
    assert derived.compilations[1].reason == "RATE is float64[RATE.0], and was float"
    monkeypatch.setitem(globals(), "helper", other)
    np.testing.assert_array_equal(derived(X), X)
    assert "helper in test_what_is_outside.<locals>.f means something else" in derived.compilations[2].reason
    assert "np in test_what_is_outside.<locals>.f" in derived.compilations[1].names


def test_no_more_than_may_be():
    def f(x):
        return np.sum(x * x)

    derived = sct.grad(f, max_compilations=2)
    derived(X)
    derived(X.astype(np.float32))
    for _ in range(2):
        with pytest.raises(sct.RecompilationError) as caught:
            derived(np.ones((3, 3)))
        assert "max_compilations=2: x is float64[x.0, x.1], and was float" in str(caught.value)
    np.testing.assert_array_equal(derived(2.0 * X), 4.0 * X)  # what was compiled still serves
    assert len(derived.compilations) == 2
    assert sct.grad(f)(np.ones((3, 3))).shape == (3, 3)


@pytest.mark.parametrize("most", [0, -1, 1.5, True, "2"])
def test_how_often_is_a_number(most):
    with pytest.raises(ValueError, match="max_compilations"):
        sct.grad(np.sin, max_compilations=most)


def test_of_any_number_of_arguments():
    def f(*xs):
        return np.sum(xs[0] * xs[-1])

    derived = sct.grad(f, max_compilations=1)
    derived(X)
    derived(X, X)  # another derivative
    assert len(derived.compilations) == 2
    with pytest.raises(sct.RecompilationError):
        derived(X, np.ones((3, 3)))


def test_it_is_said(caplog):
    def f(x):
        return np.sum(x * x)

    caplog.set_level(logging.DEBUG, "sct.compile")
    sct.grad(f)(X)
    said = [r.getMessage() for r in caplog.records if r.name == "sct.compile"]
    assert said[0].startswith("sct.grad(f), form 1: for x: float64[x.0], in ") and said[0].endswith(": none was there")
    assert said[1].startswith("sct.grad(f), form 1, relies on np in ")
    sct.log.setLevel("WARNING")
    try:
        caplog.clear()
        caplog.set_level(logging.NOTSET, "sct.compile")
        sct.grad(f)(X.astype(np.float32))
        assert not caplog.records
    finally:
        sct.log.setLevel("NOTSET")


def test_what_another_process_kept_is_no_compilation(tmp_path, monkeypatch):
    monkeypatch.setenv("SCT_CACHE_DIR", str(tmp_path))

    def derived():
        def f(x):
            return np.sum(x**3)

        return sct.grad(f, max_compilations=1)

    first = derived()
    first(X)
    first._shared.__init__()  # as in another process
    again = derived()
    again(X)
    (found,) = again.compilations
    assert found.kept and "kept before" in str(found)
