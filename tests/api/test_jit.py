"""Derivatives that Numba compiles: what they give, what is left to NumPy, and what is said of it."""

import inspect
import logging
import pickle
import runpy
import subprocess
import sys
import warnings

import numpy as np
import pytest
from trees import leaves

import sct
from sct.api import folder
from sct.backend.loops import Kernel, Loops
from sct.backend.python.emit import emit
from sct.errors import CacheWarning, JitError, JitWarning

numba = pytest.importorskip("numba")
x0 = np.linspace(0.1, 1.0, 7)


def chain(x, k):
    s = 0.0
    for i in range(1, len(x)):
        s = s + np.sin(k * x[i]) * x[i - 1]
    return s


def test_a_gradient_compiled_by_numba():
    derived = sct.grad(chain, jit="numba", strict=True)
    expected = sct.grad(chain)(x0, 2.0)
    np.testing.assert_allclose(derived(x0, 2.0), expected, rtol=1e-13)
    np.testing.assert_allclose(derived(np.repeat(x0, 2)[::2], k=2.0), expected, rtol=1e-13)  # of another layout
    assert "for i in range" in derived.source and "njit" not in derived.source
    assert derived.source == derived.source_for(x0, 2.0)
    np.testing.assert_allclose(derived.specialize(x0, 2.0)(x0, 2.0), expected, rtol=1e-13)
    assert repr(derived) == repr(sct.grad(chain))
    assert derived.tape(x0, 2.0).nbytes == sct.grad(chain).tape(x0, 2.0).nbytes


def test_a_derivative_by_numba_and_one_by_numpy_are_two():
    def f(x):
        return np.sum(x * x)

    assert sct.grad(f)(x0) is not None
    slow, fast, again = sct.grad(f), sct.grad(f, jit="numba"), sct.grad(f, jit="numba")
    assert slow._shared is not fast._shared and fast._shared is again._shared
    assert fast.options != slow.options


def test_it_pickles():
    derived = pickle.loads(pickle.dumps(sct.grad(chain, 1, jit="numba", parallel=True)))
    assert derived.options.jit.loops.parallel and derived.wrt == ("k",)


@pytest.mark.parametrize(
    "transform", [getattr(sct, n) for n in ("grad", "value_and_grad", "vjp", "pullback", "jvp", "linearize", "jacobian")]
)
def test_all_transforms_take_the_keywords(transform):
    made = transform(jit="numba", parallel=True, fastmath=False, strict=True)(chain)
    assert made.options == transform(chain, jit="numba", parallel=True, fastmath=False, strict=True).options
    assert made.options.jit.strict and not made.options.jit.loops.fastmath


@pytest.mark.parametrize("transform", [sct.hessian, sct.hvp, sct.elementwise_grad, sct.vmap])
def test_of_others_it_is_the_outer_one_that_is_compiled(transform):
    made = transform(jit="numba")(chain)
    assert made.options.jit is not None
    assert getattr(getattr(made.primal, "options", None), "jit", None) is None


def shaped(w, x):
    h = np.tanh(w * x)
    return {"sum": np.sum(h * h), "all": h}


@pytest.mark.parametrize("wrt", [0, (0, 1)])
def test_what_gives_a_function(wrt):
    args = x0, x0 + 1.0
    for transform in (sct.pullback, sct.linearize):
        derived = transform(shaped, wrt, jit="numba", strict=True)
        (y, ours), (value, theirs) = derived(*args), transform(shaped, wrt)(*args)
        np.testing.assert_equal({k: v.dtype for k, v in y.items()}, {k: v.dtype for k, v in value.items()})
        given = (y,) if transform is sct.pullback else (x0,) if wrt == 0 else (x0, x0)
        for _ in range(2):
            first, second = leaves(ours(*given)), leaves(theirs(*given))
            for a, b in zip(first, second, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)
        assert derived.source.count("_loops(") == 4  # two kernels, each of which is called once


def diffused(a, n):
    b = a.copy()
    for _ in range(n):
        b[1:-1] = np.tanh(b[1:-1]) + 0.1 * (a[:-2] + a[2:])
    return np.sum(b * b)


def test_on_threads():
    a = np.linspace(-1.0, 1.0, 60).reshape(20, 3)
    derived = sct.grad(diffused, jit="numba", strict=True, parallel=True)
    found = derived(a, 3)
    np.testing.assert_allclose(found, sct.grad(diffused)(a, 3), rtol=1e-12)
    assert all(np.array_equal(derived(a, 3), found) for _ in range(5))
    assert "in prange(" in derived.source and "in prange(n" not in derived.source  # steps follow one another
    assert "prange" not in sct.grad(diffused, jit="numba").source_for(a, 3)


# -- what is left to NumPy ----------------------------------------------------------------------------------------------------


def with_checkpoints(x):
    y = x * 1.0
    for _ in sct.checkpointed(range(9), slots=2):
        y = np.sin(y) * x
    return np.sum(y)


def means(a):
    return np.sum(np.mean(a, axis=0) ** 2)


def as_numpy(f, options):
    """A derivative as it is for NumPy, given to Numba."""
    text = emit(f)
    return Loops(text, (Kernel(text.name),))


LINES = {with_checkpoints: with_checkpoints.__code__.co_firstlineno + 2, means: means.__code__.co_firstlineno}
CASES = [
    (with_checkpoints, x0, "there is no loop nest for range"),
    (means, np.ones((2, 3)), r"np.mean\(.*No implementation of"),
]


@pytest.mark.parametrize(("f", "x", "why"), CASES)
def test_what_numba_does_not_compile_runs_on_numpy(f, x, why, monkeypatch):
    if f is means:
        monkeypatch.setattr("sct.api.derived.looped", as_numpy)
    derived = sct.grad(f, jit="numba")
    with pytest.warns(JitWarning, match=why) as said:
        found = derived(x)
    assert [w.filename for w in said] == [__file__]
    assert f"{__file__}:{LINES[f]}" in str(said[0].message)
    expected = sct.grad(f)(x)
    np.testing.assert_equal(found, expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_equal(derived(x), expected)
        np.testing.assert_equal(sct.grad(f, jit="numba")(x), expected)  # nor is it tried again for this
    assert derived.source == sct.grad(f).source_for(x)


@pytest.mark.parametrize(("f", "x", "why"), CASES)
def test_strict_it_is_an_error(f, x, why, monkeypatch):
    if f is means:
        monkeypatch.setattr("sct.api.derived.looped", as_numpy)
    derived = sct.grad(f, jit="numba", strict=True)
    for _ in range(2):
        with pytest.raises(JitError, match=f"Numba does not compile sct.grad.{f.__name__}") as error:
            derived(x)
        assert error.value.place.line == LINES[f]


def test_a_kernel_that_raises_is_no_matter_of_numba():
    derived = sct.grad(lambda x, i: x[i] * 2.0, jit="numba", strict=True)
    with pytest.raises(IndexError):
        derived(x0, 7)


# -- bad input -----------------------------------------------------------------------------------------------------------------


def test_keywords_that_say_nothing():
    with pytest.raises(ValueError, match="jit='cython': there is 'numba'"):
        sct.grad(chain, jit="cython")
    for word, value in {"strict": True, "parallel": True, "fastmath": False}.items():
        with pytest.raises(sct.CallError, match=f"{word} says how Numba compiles"):
            sct.grad(chain, **{word: value})


def test_without_numba(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(sct.SctError, match=r"pip install 'sct-ad\[numba\]'"):
        sct.grad(chain, jit="numba")


def test_with_an_old_numba(monkeypatch):
    monkeypatch.setattr(numba, "__version__", "0.60.0")
    with pytest.raises(sct.SctError, match="Numba 0.61 or later, and this is 0.60.0"):
        sct.grad(chain, jit="numba")


# -- from one process to the next ---------------------------------------------------------------------------------------------


PROGRAM = f"""
import logging
import numpy as np
import sct


{inspect.getsource(chain)}

if __name__ == "__main__":
    logging.basicConfig(level="INFO", format="%(message)s")
print(sct.grad(chain, jit="numba", cache=True)(np.ones(4), 2.0).tolist())
"""


def test_machine_code_is_kept(tmp_path, monkeypatch, capsys, caplog):
    (tmp_path / "kept.py").write_text(PROGRAM)
    monkeypatch.setenv("SCT_CACHE_DIR", str(tmp_path / "cache"))
    with caplog.at_level(logging.INFO, "sct.jit"):
        runpy.run_path(str(tmp_path / "kept.py"), run_name="kept")
    found = subprocess.run([sys.executable, str(tmp_path / "kept.py")], capture_output=True, text=True, check=True)
    assert found.stdout == capsys.readouterr().out
    assert "chain_grad_loops is compiled in" in caplog.text
    assert "chain_grad_loops is found in Numba's cache in" in found.stderr
    kept = folder.contents(tmp_path / "cache")  # of two modules
    assert kept.nbytes > 10_000 and not kept.damaged
    for machine_code in (tmp_path / "cache").glob("*/__pycache__/*.nbc"):
        machine_code.write_bytes(b"")
    caplog.clear()
    with pytest.warns(CacheWarning, match="chain_grad.py is damaged"), caplog.at_level(logging.INFO, "sct.jit"):
        runpy.run_path(str(tmp_path / "kept.py"), run_name="kept")
    assert capsys.readouterr().out == found.stdout and "chain_grad_loops is compiled in" in caplog.text
    folder.clear(tmp_path / "cache")
    assert not [*(tmp_path / "cache").iterdir()]


def test_what_is_compiled_is_logged(caplog):
    with caplog.at_level(logging.INFO, "sct"):
        sct.grad(lambda x: x**3, jit="numba")(1.0)
    assert sorted(r.name for r in caplog.records) == ["sct.compile", "sct.jit"]


# -- functions of Numba's ------------------------------------------------------------------------------------------------------


@numba.njit
def energy(x):
    return (x * x).sum()


def test_of_what_numba_compiles_it_compiles_the_derivative():
    of_numba, of_python = sct.grad(energy), sct.grad(energy.py_func)
    np.testing.assert_allclose(of_numba(x0), 2.0 * x0)
    assert of_numba.options.jit is not None and of_python.options.jit is None
    assert sct.grad(energy.py_func).options.jit is None
    assert sct.grad(sct.grad(chain, jit="numba")).options.jit is not None


def cubic(w, x):
    return w**3 + w - x


@sct.custom_root(cubic)
def root_of_cubic(start, x):
    w = start.copy()
    for _ in range(60):
        w = w - (w**3 + w - x) / (3 * w**2 + 1)
    return w


def through_a_function_of_the_user(x, start):
    return np.sum(root_of_cubic(start, x) ** 2)


def test_what_is_called_as_it_stands_is_called_by_python():
    x, start = np.array([1.0, 2.0, 3.0]), np.ones(3)
    expected = sct.grad(through_a_function_of_the_user)(x, start)
    np.testing.assert_allclose(
        sct.grad(through_a_function_of_the_user, jit="numba", strict=True)(x, start), expected, rtol=1e-12
    )
    compiled = sct.compile(through_a_function_of_the_user, jit="numba", strict=True)
    np.testing.assert_allclose(compiled(x, start), through_a_function_of_the_user(x, start), rtol=1e-12)
