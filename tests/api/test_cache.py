"""Nothing outlives its last user, and nothing is compiled twice."""

import functools
import gc
import linecache
import tracemalloc
import weakref

import numpy as np
import pytest
from sources import define

import sct
from sct.api import cache, derived
from sct.frontend import read

SCALE = 2.0


def held_text():
    return sum(name.startswith("<sct ") and not name.startswith("<sct rule") for name in linecache.cache)


class Held(np.ndarray):
    """An array of a kind whose end can be seen."""


def make(data, power=2):
    def inner(v):
        return v * data

    def f(x, n=power):
        return np.sum(inner(x) ** n) + SCALE * x[0]

    return f


def recursive_maker(a):
    def f(x, n):
        return a * x if n == 0 else x * f(x, n - 1)

    return f


def written_maker(a):
    def f(x):
        x[0] = a[0]
        return np.sum(x * x * a)

    return f


MAKERS = {
    "closure": (lambda: make(np.ones(3)), lambda f: sct.grad(f)(np.ones(3))),
    "recursion": (lambda: recursive_maker(2.0), lambda f: sct.grad(f)(1.5, 3)),
    "second order": (lambda: make(np.ones(3)), lambda f: sct.grad(sct.grad(lambda x: np.sum(f(x * np.ones(3)))))(2.0)),
    "pullback": (lambda: make(np.ones(3)), lambda f: sct.pullback(f)(np.ones(3))[1](1.0)),
    "writes": (lambda: written_maker(np.ones(3)), lambda f: sct.grad(f)(np.ones(3))),
    "checkpoint": (lambda: make(np.ones(3)), lambda f: sct.grad(checkpointed(f))(np.ones(3))),
    "exec": (lambda: define("def f(x):\n    return np.sum(x * W)\n", "f", W=np.ones(3)), lambda f: sct.grad(f)(np.ones(3))),
    "tape": (lambda: make(np.ones(3)), lambda f: sct.vjp(f).tape(np.ones(3))),
    "source": (lambda: make(np.ones(3)), lambda f: sct.grad(f).source_for(np.ones(3))),
    "specialized": (lambda: make(np.ones(3)), lambda f: sct.grad(f).specialize(np.ones(3))(np.ones(3))),
    "argument": (lambda: make(np.ones(3)), lambda f: sct.grad(applied)(np.ones(3), f)),
    "partial": (lambda: functools.partial(make(np.ones(3)), n=3), lambda f: sct.grad(f)(np.ones(3))),
    "refused": (lambda: make(None), lambda f: pytest.raises(Exception, sct.grad(f), np.ones(3)) and None),
}


def checkpointed(f):
    inner = sct.checkpoint(f)
    return lambda x: inner(x) * 2.0


def applied(x, f):
    return f(x)


@pytest.mark.parametrize("way", MAKERS)
def test_b2_a_function_and_what_it_holds_go_when_nobody_uses_them(way):
    maker, use = MAKERS[way]
    use(maker())
    gc.freeze()  # what lives now need not be gone through below
    f = maker()
    function = f.func if isinstance(f, functools.partial) else f
    held = [
        weakref.ref(function),
        *(weakref.ref(c.cell_contents) for c in function.__closure__ or () if callable(c.cell_contents)),
    ]
    use(f)
    del f, function
    gc.collect()
    assert [r() for r in held] == [None] * len(held)


def test_b2_a_thousand_functions_leave_memory_where_it_was():
    def once():
        f = make(np.ones(1000))
        return sct.grad(f)(np.ones(1000))

    for _ in range(1100):  # code that has run 1,024 times is given a cache by Python 3.10
        once()
    gc.collect()
    listed = held_text()
    tracemalloc.start()
    grown = []
    for _ in range(2):  # a table of Python's own may grow once
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            once()
        gc.collect()
        grown.append(tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()
    assert min(grown) < 20_000
    assert held_text() == listed


def test_texts_go_with_the_functions_that_were_compiled_from_them():
    def once(k):
        f = define(f"def f(x):\n    return np.sum(x) * {k}.0\n", "f")
        y, pull = sct.pullback(f)(np.ones(2))
        del f
        gc.collect()
        (name,) = {name for name in linecache.cache if name == pull.__code__.co_filename}
        np.testing.assert_array_equal(pull(1.0), [k, k])
        return name

    once(1)
    gc.collect()
    before = held_text(), len(cache._by_code), len(read._found)
    name = once(2)
    gc.collect()
    assert name not in linecache.cache
    assert (held_text(), len(cache._by_code), len(read._found)) == before


def test_old_functions_go_when_a_name_is_bound_anew():
    f = define("def f(x):\n    return helper(x)\n", "f", helper=make(np.ones(3)))
    g, x = sct.grad(f), np.ones(3)
    np.testing.assert_array_equal(g(x), [4.0, 2.0, 2.0])
    old = weakref.ref(f.__globals__["helper"])
    f.__globals__["helper"] = make(np.full(3, 2.0))
    np.testing.assert_array_equal(g(x), [10.0, 8.0, 8.0])
    gc.collect()
    assert old() is None


@pytest.fixture
def compiled(monkeypatch):
    """The names of the texts that were compiled."""
    made = []
    cache._by_code.table.clear()
    original = derived.emit
    monkeypatch.setattr(derived, "emit", lambda f: made.append(f.name) or original(f))
    return made


def test_a_transform_in_a_loop_compiles_once(compiled):
    f = make(np.ones(3))
    for _ in range(5):
        np.testing.assert_array_equal(sct.grad(f)(np.ones(3)), [4.0, 2.0, 2.0])
        assert sct.value_and_grad(f, wrt="x")(np.ones(3))[0] == 5.0
        assert sct.grad(sct.grad(lambda x: x**3))(1.0) == 6.0
    assert compiled == ["f_grad", "f_value_and_grad", "f_grad_grad"]


def test_a_function_made_anew_reads_its_own_data(compiled):
    for k in (1.0, 2.0, 3.0):
        np.testing.assert_array_equal(sct.grad(make(np.full(3, k)))(np.ones(3)), 2 * k**2 + np.array([2.0, 0.0, 0.0]))
    assert len(compiled) == 1
    np.testing.assert_array_equal(sct.grad(make(3.0))(np.ones(3)), [20.0, 18.0, 18.0])
    assert len(compiled) == 2
    np.testing.assert_array_equal(sct.grad(make(np.ones(3), 3))(np.ones(3)), [5.0, 3.0, 3.0])
    assert len(compiled) == 3
    for k in (1.0, 2.0):
        assert sct.grad(recursive_maker(k))(2.0, 1) == 2 * k * 2.0
        with pytest.raises(sct.ArgumentMemoryError):
            a = np.full(2, k)
            sct.grad(written_maker(a))(a)
        np.testing.assert_array_equal(sct.grad(written_maker(np.full(2, k)))(np.ones(2)), [0.0, 2 * k])


def chain(first, second):
    def f(x):
        return second(first(x))

    return f


def scaled(a):
    def scale(x):
        return a * x

    return scale


def test_functions_in_cells_are_known_by_their_code(compiled):
    assert sct.grad(chain(scaled(2.0), scaled(3.0)))(1.0) == 6.0
    assert sct.grad(chain(scaled(5.0), scaled(7.0)))(1.0) == 35.0
    same = scaled(3.0)
    assert sct.grad(chain(same, same))(1.0) == 9.0
    assert len(compiled) == 1
    assert sct.grad(chain(np.sin, scaled(3.0)))(0.0) == 3.0


def test_a_rule_of_one_function_is_not_that_of_another_of_its_code():
    ruled = scaled(2.0)

    @sct.adjoint(ruled)
    def rule(y, x, y_bar):
        return 100.0 * y_bar

    assert sct.grad(chain(scaled(2.0), scaled(3.0)))(1.0) == 6.0
    assert sct.grad(chain(ruled, scaled(3.0)))(1.0) == 300.0
    assert sct.grad(chain(scaled(2.0), scaled(3.0)))(1.0) == 6.0
    assert sct.grad(ruled)(1.0) == 100.0
    assert sct.grad(scaled(2.0))(1.0) == 2.0


def test_defaults_of_a_function_made_anew():
    def maker(w, k):
        def f(x, w=w, *, k=k):
            return np.sum(x * w) * k

        return f

    for w, k in (
        (np.ones(2), 2.0),
        (np.full(2, 3.0), 2.0),
        (np.ones(2), 5.0),
        (4.0, 1),
        (np.float64(2.0), 1),
        (np.float64(3.0), 1),
    ):
        np.testing.assert_array_equal(sct.grad(maker(w, k))(np.ones(2)), np.broadcast_to(w, 2) * k)
        np.testing.assert_array_equal(sct.grad(maker(w, k)).specialize(np.ones(2))(np.ones(2)), np.broadcast_to(w, 2) * k)


def test_a_function_made_anew_that_is_decorated_before_what_it_calls_is_there(compiled):
    def maker(k):
        @sct.grad
        def f(x):
            return scale(x) ** 2

        def scale(x):
            return k * x

        return f

    assert [maker(k)(1.0) for k in (1.0, 2.0, 3.0)] == [2.0, 8.0, 18.0]
    assert len(compiled) == 1


def test_a_derived_function_goes_with_its_last_user_and_not_with_the_next_collection():
    assert sct.grad(scaled(2.0))(1.0) == 2.0
    gc.collect()
    gc.disable()
    try:
        f = scaled(3.0)
        derived = sct.grad(f)
        assert derived(1.0) == 3.0
        gone = weakref.ref(f), weakref.ref(derived)
        del f, derived
        assert [r() for r in gone] == [None, None]
    finally:
        gc.enable()
