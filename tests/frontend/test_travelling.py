"""Derivatives of functions that go to another process by value: the source comes with them."""

import pickle
import subprocess
import sys
import types

import numpy as np
import pytest

import sct
from sct.frontend import read
from sct.frontend.travelling import restored, sources_of


def by_value(f):
    """A function as another process gets it by value: of a code without a file."""
    cells = f.__closure__ and tuple(
        types.CellType(by_value(c.cell_contents) if isinstance(c.cell_contents, types.FunctionType) else c.cell_contents)
        for c in f.__closure__
    )
    code = f.__code__.replace(co_filename="<elsewhere>")
    return types.FunctionType(code, f.__globals__, f.__name__, f.__defaults__, cells)


def sent(derived):
    """A derivative as another process gets it."""
    make, (kind, (f, *asked), sources) = derived.__reduce__()
    assert make is restored
    return restored(kind, (by_value(f), *asked), sources)


def scaled(k):
    def square(x):
        return k * x * x

    def inner(x):
        return np.sum(square(x))

    return inner


@pytest.fixture(autouse=True)
def nothing_brought(monkeypatch):
    monkeypatch.setattr(read, "_brought", {})


def test_of_a_closure_and_what_it_calls():
    derived = sct.grad(scaled(3.0))
    with pytest.raises(sct.SourceUnavailableError):
        sct.grad(by_value(derived.primal))(np.ones(2))
    np.testing.assert_array_equal(sent(derived)(np.ones(2)), [6.0, 6.0])


def test_of_a_lambda():
    assert sent(sct.value_and_grad(lambda x: x**3))(2.0) == (8.0, 12.0)
    assert sent(sct.grad(lambda *xs: xs[0] * xs[1], wrt=1))(2.0, 3.0) == 2.0


def test_what_is_imported_brings_nothing():
    assert sources_of(scaled) == {} and sources_of(np.sin) == {}
    assert sct.grad(scaled).__reduce__()[0] is not restored


def test_another_function_is_not_taken_for_it():
    derived = sct.grad(lambda x: x * 2.0)
    _, (kind, (f, *asked), sources) = derived.__reduce__()
    other = by_value(lambda x: x * 3.0)
    other.__code__ = other.__code__.replace(co_firstlineno=f.__code__.co_firstlineno)
    assert restored(kind, (other, *asked), sources)(1.0) == 3.0  # it stands in the same file
    other = types.FunctionType(compile("lambda x: x * 4.0", "<elsewhere>", "eval").co_consts[0], {}, "<lambda>")
    other.__code__ = other.__code__.replace(co_firstlineno=f.__code__.co_firstlineno)
    with pytest.raises(sct.SourceUnavailableError):
        restored(kind, (other, *asked), sources)(1.0)


PROGRAM = """
import pickle, sys
import numpy as np
for derived in pickle.load(sys.stdin.buffer):
    print(np.asarray(derived(2.0)).tolist())
"""


def test_in_another_process():
    cloudpickle = pytest.importorskip("cloudpickle")
    derived = [sct.grad(scaled(3.0)), sct.grad(lambda x: x**3), sct.grad(sct.grad(lambda x: x**3))]
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=cloudpickle.dumps(derived), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.split() == [b"12.0", b"12.0", b"12.0"]


def test_by_name():
    sent_by_name = pickle.dumps(sct.grad(scaled_by_two))
    assert b"scaled_by_two" in sent_by_name and b"return 2.0" not in sent_by_name
    assert pickle.loads(sent_by_name)(3.0) == 2.0


def scaled_by_two(x):
    return 2.0 * x
