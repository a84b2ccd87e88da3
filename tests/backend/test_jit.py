"""The kernels of a text: what calls what, and what becomes of one that Numba does not compile."""

import textwrap
import warnings

import numpy as np
import pytest

import sct
from sct.backend.jit import numba_for
from sct.backend.load import load
from sct.backend.loops import Kernel, Loops, Unlooped
from sct.backend.loops.forms import Do, Elem, Loop, Name, Num, Put, Ref, Set, op
from sct.backend.loops.passes import summing_apart
from sct.backend.python.emit import Text
from sct.errors import JitError, JitWarning, Place, SctError

pytest.importorskip("numba")
x0 = np.linspace(0.1, 1.0, 5)


def text_of(body, name="f_grad", **bound):
    return Text(("import numpy as np",), textwrap.dedent(body), name, bound)


TWO = text_of("""\
    def doubled(v):
        return 2.0 * v


    def f_loops(x):
        x_bar = np.empty_like(x)
        for i in range(len(x)):
            x_bar[i] = doubled(x[i])
        return x_bar


    def f_grad(x):
        noted.append(len(x))
        return f_loops(x)
    """)
KERNELS = (Kernel("doubled"), Kernel("f_loops"))


def test_kernels_call_kernels_and_python_calls_them():
    loaded = load(TWO, KERNELS)
    assert [code.co_name for code in loaded.functions] == ["f_grad"]
    assert "noted" in loaded.names and {"f_loops", "doubled"} <= loaded.imported.keys()
    np.testing.assert_array_equal(loaded.imported["f_loops"](x0), 2.0 * x0)


def test_a_kernel_that_is_called_itself():
    loaded = load(text_of("def sum(x, y):\n    return sum(x * y)\n", "sum"), (Kernel("sum"),))
    assert loaded.functions[-1].co_varnames == ("x", "y")
    assert loaded.imported["@sum"](x0, x0) == pytest.approx(np.sum(x0 * x0))


noted = []


def f(x):
    return np.sum(x * x)


def given(monkeypatch, text, kernels):
    """Have derivatives be of this text."""
    monkeypatch.setattr("sct.api.derived.looped", lambda f, options: Loops(text, kernels))


def test_what_is_around_kernels(monkeypatch):
    noted.clear()
    given(monkeypatch, text_of(TWO.body, noted=noted), KERNELS)
    derived = sct.grad(f, jit="numba", strict=True)
    for _ in range(2):
        np.testing.assert_array_equal(derived(x0), 2.0 * x0)
    assert noted == [5, 5]
    assert derived.source.count("def ") == 3


SECOND = text_of("""\
    def first(x):
        return 2.0 * x


    def second(x):
        return np.mean(x, axis=0)


    def f_grad(x):
        return second(first(x))
    """)


def test_a_kernel_that_numba_refuses_after_another(monkeypatch):
    place = Place(__file__, 68, 4, "f")
    given(monkeypatch, SECOND, (Kernel("first"), Kernel("second", lines=((9, place),))))
    derived = sct.grad(f, jit="numba")
    with pytest.warns(JitWarning, match=r"for return np.mean\(x, axis=0\): No implementation of function") as said:
        np.testing.assert_array_equal(derived(x0), 2.0 * x0)
    assert f"{__file__}:68:5, in f" in str(said[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(derived(x0), 2.0 * x0)
    with pytest.raises(JitError):
        sct.grad(f, jit="numba", strict=True)(x0)


def test_a_layout_that_numba_refuses(monkeypatch):
    given(
        monkeypatch,
        text_of("def f_grad(x):\n    return np.reshape(2.0 * x, x.shape) + 0.0 * x.reshape(x.size)[0]\n"),
        (Kernel("f_grad"),),
    )
    derived = sct.grad(f, jit="numba")
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(derived(x), 2.0 * x)
    with pytest.warns(JitWarning, match="reshape"):
        np.testing.assert_array_equal(derived(x[:, ::2]), 2.0 * x[:, ::2])


def test_a_numba_that_cannot_be_imported(monkeypatch):
    def refused(name):
        raise ImportError("Numba needs NumPy 2.0 or less")

    monkeypatch.setattr("importlib.import_module", refused)
    with pytest.raises(SctError, match="it cannot be imported: Numba needs NumPy 2.0 or less"):
        numba_for("jit='numba'")


def test_what_is_said_where_no_statement_is_known(monkeypatch):
    def unlooped(f, options):
        raise Unlooped("there is no loop for it")

    def g(x):
        return np.sum(x)

    monkeypatch.setattr("sct.api.derived.looped", unlooped)
    with pytest.raises(JitError, match=r"^Numba does not compile sct.grad\(g\): there is no loop for it\n  at .*, in g"):
        sct.grad(g, jit="numba", strict=True)(x0)


def test_arrays_that_lie_apart():
    def is_apart(share):
        a, b, total, i = Name("a", np.dtype(float), 1), Name("b", np.dtype(float), 1), Name("total", np.dtype(float)), Name("i")
        nest = Loop(
            i, Num(0), Num(3), [Set(total, op("+", Ref(total), Elem(a, (Ref(i),)))), Put(Elem(b, (Ref(i),)), Ref(total))]
        )
        (found,) = summing_apart([nest, Do(Ref(total), "return")], "f", share)
        return found.apart

    assert is_apart(lambda m, n: m is n) and not is_apart(lambda m, n: True)


def test_llvm_is_told_of_arrays_that_lie_apart():
    text = text_of("""\
        def copied(x, y):
            for i in range(len(x)):
                y[i] = x[i]
            return y[0]


        def f_grad(x, y):
            return copied(x, y)
        """)

    def arguments(apart):
        loaded = load(text, (Kernel("copied", apart=apart), Kernel("f_grad")))
        assert loaded.functions == () or loaded.imported["@f_grad"](x0, np.ones(5)) == x0[0]
        (code,) = loaded.imported["copied"].dispatcher.inspect_llvm().values()
        return code.count("noalias")

    assert arguments(True) > arguments(False)
