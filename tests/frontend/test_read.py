"""What is differentiated is what runs: the text of the code object, or an error that says that there is none."""

import functools
import importlib
import linecache
import os
import sys

import numpy as np
import pytest
from sources import define

import sct

SCALE = 3.0


def cubed(f):
    @functools.wraps(f)
    def wrapper(x):
        return f(x) ** 3

    return wrapper


@cubed
def doubled(x):
    return 2.0 * x


def test_a_decorated_function_is_its_wrapper():
    assert sct.grad(doubled)(1.0) == 3 * 2.0**3
    assert sct.value_and_grad(lambda x: doubled(x) + x)(1.0) == (9.0, 25.0)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of a given text, which can be written anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "edited_later.py"
    clock = iter(range(1_000_000_000, 2_000_000_000, 10))

    def write(text):
        path.write_text(text)
        time = next(clock)
        os.utime(path, (time, time))

    def make(text):
        write(text)
        sys.modules.pop("edited_later", None)
        importlib.invalidate_caches()
        return importlib.import_module("edited_later")

    make.write = write
    yield make
    sys.modules.pop("edited_later", None)


TEXT = """\
import numpy as np


def f(x):
    return np.sum(x * x)


g = lambda x: np.sum(3.0 * x), lambda x: np.sum(x)
"""


def test_a5_a_file_that_was_edited_since_it_was_imported(module):
    made = module(TEXT)
    module.write(TEXT.replace("x * x", "x * x * x").replace("3.0", "4.0"))
    for f in (made.f, made.g[0]):
        with pytest.raises(sct.SourceUnavailableError, match="was edited since it was imported") as e:
            sct.grad(f)(np.ones(2))
        assert "Import it again" in str(e.value)
    made = importlib.reload(made)
    np.testing.assert_array_equal(sct.grad(made.f)(np.ones(2)), [3.0, 3.0])
    np.testing.assert_array_equal(sct.grad(made.g[0])(np.ones(2)), [4.0, 4.0])


@pytest.mark.parametrize("after", ["", "x = (\n", "import numpy as np\n\n\ndef f(x):\n    return np.sum(x)\n"])
def test_a_file_in_which_the_function_is_no_more(module, after):
    made = module(TEXT)
    module.write(after)
    with pytest.raises(sct.SourceUnavailableError):
        sct.grad(made.f)(np.ones(2))


def test_a_function_that_moved_in_its_file(module):
    made = module(TEXT)
    module.write("# A comment.\n\n\ndef other(x):\n    return x\n\n\n" + TEXT)
    np.testing.assert_array_equal(sct.grad(made.f)(np.full(2, 2.0)), [4.0, 4.0])
    np.testing.assert_array_equal(sct.grad(made.g[0])(np.ones(2)), [3.0, 3.0])


def test_what_was_read_before_the_edit_stays_known(module):
    made = module(TEXT)
    assert sct.grad(made.f)(2.0) == 4.0
    module.write(TEXT.replace("x * x", "x * x * x"))
    np.testing.assert_array_equal(sct.grad(made.f)(np.full(2, 2.0)), [4.0, 4.0])


@pytest.mark.parametrize("edit", [("x * x", "x + x"), ("x * x", "x * x * 1"), ("2.0", "2"), ("2.0", "-2.0"), ("1.0", "True")])
def test_edits_that_are_easily_overlooked(module, edit):
    text = "def f(x):\n    y = x * x - 1.0\n    if y > 0.0:\n        y = 2.0 * y\n    return y\n"
    made = module(text)
    module.write(text.replace(*edit))
    with pytest.raises(sct.SourceUnavailableError):
        sct.grad(made.f)(3.0)


def test_lambdas_on_one_line():
    pair = (lambda x: x * 2.0 + 3.0, lambda x: (x + 2.0) * 3.0, lambda x: 2.0 * x + 3.0)
    assert [sct.grad(f)(1.0) for f in pair] == [2.0, 3.0, 2.0]


def test_a_cell_that_was_defined_again():
    first = define("def f(x):\n    return x * x\n", "f")
    again = define("def f(x):\n    return x * x * x\n", "f")
    assert (sct.grad(first)(1.0), sct.grad(again)(1.0)) == (2.0, 3.0)


def test_a_text_that_is_not_that_of_the_code():
    name = "<another text>"
    namespace = {}
    exec(compile("def f(x):\n    return x * x\n", name, "exec"), namespace)
    linecache.cache[name] = (1, None, ["def f(x):\n", "    return x + x\n"], name)
    with pytest.raises(sct.SourceUnavailableError):
        sct.grad(namespace["f"])(1.0)
    del linecache.cache[name]


class Model:
    __scale = 2.0

    @staticmethod
    def energy(x):
        """A text

        that is indented.
        """
        assert x > 0, f"""
        {x}
   is not positive"""
        y = 0.0
        for k in range(3):
            y += k * x
        return y * Model.__scale if False else y

    def inner(power):
        def raised(x, n: int = 2, *, scale=SCALE) -> float:
            return scale * x ** (power + n)

        return raised


def test_functions_in_classes_and_functions():
    assert sct.grad(Model.energy)(2.0) == 3.0
    assert sct.grad(Model.inner(1))(2.0) == 3 * 3 * 2.0**2
    with pytest.raises(AssertionError):
        sct.value_and_grad(Model.energy)(-1.0)


FUTURE = """\
from __future__ import annotations

def f(x: Any, n: int = 2) -> Array:
    def_ = "def g(x):"
    while True:
        try_again = x > 1.0 and (n := 3) if False else 1 < x < 2
        if not try_again:
            break
        x = x * n
    return x
"""


def test_annotations_of_the_future():
    f = define(FUTURE.replace("(n := 3) if False else", "x < 2 if x else"), "f")
    assert sct.grad(f)(1.5) == 2.0


def test_source_is_looked_for_once(monkeypatch):
    f = define("def f(x):\n    return x * x\n", "f")
    sct.grad(f)(1.0)
    monkeypatch.setattr(linecache, "getlines", None)
    assert sct.grad(f)(np.float64(2.0)) == 4.0


def closing_over(n):
    def summed(x):
        return np.sum(np.stack([k * x for k in range(n)]))

    return summed


def test_comprehensions_in_inner_functions():
    np.testing.assert_array_equal(sct.grad(closing_over(4))(np.ones(2)), [6.0, 6.0])


def test_what_is_not_supported_is_said_of_the_text_that_runs():
    def with_a_class(x):
        class Empty(metaclass=type):
            pass

        return x

    with pytest.raises(sct.UnsupportedSyntaxError, match="class"):
        sct.grad(with_a_class)(1.0)


def test_lambdas_in_comprehensions():
    assert [sct.grad(f)(2.0) for f in [lambda x, k=k: x**k for k in (1, 2, 3)]] == [1.0, 4.0, 12.0]


class Powers:
    second, third = [lambda x, k=k: x**k for k in (2, 3)]


def test_lambdas_in_comprehensions_of_a_class():
    assert (sct.grad(Powers.second)(2.0), sct.grad(Powers.third)(2.0)) == (4.0, 12.0)
