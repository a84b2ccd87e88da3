"""Derivatives that are kept between processes: found again, and never one of another function."""

import dataclasses
import enum
import functools
import json
import linecache
import logging
import multiprocessing
import os
import pickle
import stat
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest
from elsewhere import decay
from sources import define

import sct
from sct.api import cache, folder
from sct.api.cache import Made
from sct.backend.loops import Kernel
from sct.backend.python.emit import Text
from sct.errors import CacheWarning, Place
from sct.frontend.resolve import Dependency
from sct.ir.ops import Field, Free
from sct.ir.types import Fact
from sct.specialize.specializer import Written

X = np.array([0.5, -1.5, 2.0])
W = np.array([1.0, 2.0, 3.0])


@pytest.fixture(autouse=True)
def kept_in(tmp_path, monkeypatch):
    """A folder of its own, which a variable says."""
    anew()
    monkeypatch.setenv("SCT_CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def said(caplog):
    """What became of each derivative: "found", "kept", or why not."""
    caplog.set_level(logging.DEBUG, "sct.cache")

    def words():
        out = [r.getMessage().partition(" is ")[2] for r in caplog.records]
        caplog.clear()
        return out

    return words


def anew():
    """Forget what is compiled, as a new process has it."""
    cache._by_code.table.clear()


# -- it is found --------------------------------------------------------------------------------------------------------------


def scale(x, k=2.0):
    return x * k


def mean_square(x, w):
    return np.mean(scale(x, 3.0) * w) ** 2


def outer(n):
    def inner(x):
        return scale(x) ** n

    return inner


def power(x, n):
    return x if n == 0 else np.sin(x) * power(x, n - 1)


class Spring:
    factor = 0.5

    def __init__(self, k):
        self.k = k

    @property
    def stiffness(self):
        return self.k * self.k

    @staticmethod
    def square(x):
        return x * x

    def energy(self, x):
        return np.sum(self.factor * self.stiffness * self.square(x))


def of_object(spring, x):
    return spring.energy(x)


def into(x, a):
    x[0] = a[1] * x[1]
    return np.sum(x * x)


def steps(x, n):
    for _ in sct.checkpointed(range(n), slots=2):
        x = np.sin(x)
    return np.sum(x)


def with_checkpoint(x):
    return np.sum(sct.checkpoint(scale)(x) ** 2)


def of_a_function(f, x):
    return np.sum(f(x))


def with_sizes(x, w):
    return np.sum(np.where(x[: len(w)] > 0.0, w, 1.0) * x)


def stars(*args, **kwargs):
    return sum(np.sum(a * a) for a in args) * kwargs["k"]


inner_gradient = sct.grad(mean_square)


def of_a_gradient(x, w):
    return np.sum(inner_gradient(x, w) * x)


SAMPLES = {
    "helper": (mean_square, "x", (X, W)),
    "imported": (decay, "t", (0.5,)),
    "closure": (outer(3), "x", (2.0,)),
    "lambda": (lambda x, n: scale(x) * n, "x", (2.0, 3)),
    "recursion": (power, "x", (0.7, 3)),
    "object": (of_object, "x", (Spring(2.0), X)),
    "method": (Spring(2.0).energy, "x", (X,)),
    "partial": (functools.partial(mean_square, w=W), "x", (X,)),
    "writes": (into, "x", (X, W)),
    "checkpointed loop": (steps, "x", (X, 7)),
    "checkpoint": (with_checkpoint, "x", (X,)),
    "function": (of_a_function, "x", (scale, X)),
    "NumPy's function": (of_a_function, "x", (np.exp, X)),
    "partial argument": (of_a_function, "x", (functools.partial(scale, k=3.0), X)),
    "sizes": (with_sizes, ("x", "w"), (X, W)),
    "stars": (stars, 1, (X, W)),
    "gradient inside": (of_a_gradient, "x", (X, W)),
    "gradient of gradient": (sct.grad(lambda x: np.sum(x**4) ** 2), 0, (2.0,)),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_next_process_finds_what_this_one_compiled(name, said):
    f, wrt, args = SAMPLES[name]
    options = {"k": 2.0} if name == "stars" else {}

    def results():
        g = sct.grad(f.primal) if isinstance(f, sct.DerivedFunction) else f
        made = sct.value_and_grad(g, wrt), sct.vjp(g, wrt), sct.pullback(g, wrt), sct.jvp(g, wrt)
        copies = pickle.loads(pickle.dumps(args)) if name == "writes" else args
        value, gradient = made[0](*copies, **options)
        cotangent = np.ones_like(value)
        y, cotangents = made[1](*copies, cotangent, **options)
        y_again, pull = made[2](*copies, **options)
        tangents = {f"{n}_dot": t for n, t in zip(made[3].wrt, cotangents, strict=True)} if isinstance(wrt, tuple) else {}
        pushed = made[3](*copies, *([] if tangents else [cotangents]), **options, **tangents)
        return [value, gradient, y, cotangents, y_again, pull(cotangent), *pushed], [m.source for m in made]

    anew()
    first, texts = results()
    assert "kept" in said()
    anew()
    again, texts_again = results()
    words = said()
    assert words and set(words) == {"found"}
    assert texts == texts_again
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_tangents_are_kept_too(said):
    """Of a recursion both derivatives are named in texts."""

    def results():
        f = define("def power(x, n):\n    return x if n == 0 else np.sin(x) * power(x, n - 1)\n", "power")
        g = define(
            "def filled(d, p, n):\n    if n > 0:\n        d[n] = p[-1] * 0.5\n        p.append(d[n])\n"
            "        filled(d, p, n - 1)\n"
            "def total(x, n):\n    d, p = {0: x}, [x, x * x]\n    filled(d, p, n)\n    return d[1] * p[-1]\n",
            "total",
        )
        h = define("def total(p, x):\n    for v in p:\n        x = x + v * x\n    return x\n", "total")
        lists = [sct.jvp(h)([0.5] * n, 0.7, [1.0] * n) for n in (9, 3)]
        return [
            sct.jvp(f)(0.7, 3, 1.0),
            sct.jvp(sct.grad(f))(0.7, 3, 1.0),
            sct.grad(f)(0.7, 3),
            sct.jvp(g)(0.7, 3, 1.0),
            *lists,
        ]

    first = results()
    assert set(said()) == {"kept"}
    assert results() == first
    assert set(said()) == {"found"}


WRITTEN = {
    Made: "text signature dependencies free written facts kernels left",
    Kernel: "name fastmath parallel checked apart lines",
    Text: "imports body name bound",
    Dependency: "owner name expected attribute",
    Free: "function name attribute",
    Field: "path name own",
    Fact: "size op value",
    Written: "path place bound",
    Place: "file line column function caller",
}
LEFT = {Made: ["kept"], Text: ["origins"]}  # whether it is kept; the lines of files that may have been edited


@pytest.mark.parametrize("record", WRITTEN)
def test_every_field_is_written(record):
    """What gets a further field must be written with it: see `sct.api.kept`."""
    assert [f.name for f in dataclasses.fields(record)] == [*WRITTEN[record].split(), *LEFT.get(record, [])]


# -- it is not taken for another one ------------------------------------------------------------------------------------------


def module(text, name="edited", **names):
    """A module with this text."""
    made = types.ModuleType(name)
    made.__dict__.update(np=np, sct=sct, **names)
    made.__file__ = f"<{name} {hash(text):x}>"
    linecache.cache[made.__file__] = (len(text), None, text.splitlines(keepends=True), made.__file__)
    sys.modules[name] = made
    exec(compile(text, made.__file__, "exec"), made.__dict__)
    return made


CALLS_HELPER = "def f(x):\n    return np.sum(helper(x))\n"


def calling(text, name="helper", call=CALLS_HELPER, **names):
    """A function that calls what is defined by a text."""
    return define(call, "f", **{name: getattr(module(text), name)}, **names)


def closing_over(helper):
    def f(x):
        return np.sum(helper(x))

    return f


def with_default(helper):
    return lambda x, g=helper: np.sum(g(x))


def patched(function):
    """A function of a module in which another one was put in place of one that it calls."""
    m = module(
        "def inner(x):\n    return 2.0 * x\n\ndef helper(x):\n    return inner(x)\n\ndef other(x):\n    return 5.0 * x\n"
    )
    m.inner = getattr(m, function)
    return define(CALLS_HELPER, "f", helper=m.helper)


def through_module(constant):
    m = module(f"def inner(x):\n    return {constant} * x\n")
    return define("def f(x):\n    return np.sum(m.inner(x))\n", "f", m=m)


CLASS = """
class Model:
    {0}

    def __init__(self):
        self.k = 3.0

    def step(self, x):
        return x * {1}
"""
OF_MODEL = "def f(x):\n    return np.sum(model.step(x))\n"


def of_class(body="rate = 2.0", step="self.rate"):
    return define(OF_MODEL, "f", model=module(CLASS.format(body, step)).Model())


def of_subclass(base):
    m = module(
        f"class A:\n    def step(self, x):\n        return 2.0 * x\n\n"
        f"class B:\n    def step(self, x):\n        return 3.0 * x\n\nclass Model({base}):\n    pass\n"
    )
    return define(OF_MODEL, "f", model=m.Model())


def numpy_with(name, value):
    made = types.ModuleType("numpy")
    made.__dict__.update({**vars(np), name: value})
    return made


def with_rule(factor):
    def own(x):
        return np.sum(x * x)

    namespace = {"factor": factor}
    text = f"def rule(y, x, y_bar):\n    return {factor} * y_bar * x\n"
    rule = define(text, "rule", **namespace)
    sct.adjoint(own)(rule)
    return define("def f(x):\n    return own(x)\n", "f", own=own)


def with_member(value):
    text = f"import enum\n\n\nclass Kind(enum.IntEnum):\n    POWER = {value}\n"
    return define("def f(x):\n    return np.sum(x ** Kind.POWER)\n", "f", Kind=module(text).Kind)


def switched(flag):
    def f(x):
        return np.sum(x * x) if flag == "square" else np.sum(x)

    return f


def same_text(helper):
    return define("def f(x):\n    return np.sum(helper(x)) * K\n", "f", helper=helper, K=2.0)


def double(x):
    return 2.0 * x


def triple(x):
    return 3.0 * x


def by_name(x, name):
    return np.sum(x * x) if name == "square" else np.sum(x)


class Kind(enum.Enum):
    SQUARE = 1
    PLAIN = 2


def by_kind(x, kind):
    return np.sum(x * x) if kind is Kind.SQUARE else np.sum(x)


def lambdas():
    return [lambda x: np.sum(2.0 * x), lambda x: np.sum(3.0 * x)]  # on one line


PAIRS = {
    "a helper edited": lambda: (
        calling("def helper(x):\n    return 2.0 * x\n"),
        calling("def helper(x):\n    return 3.0 * x\n"),
    ),
    "a constant in a helper: 0.0 and -0.0": lambda: (
        calling("def helper(x):\n    return np.arctan2(0.0, x)\n"),
        calling("def helper(x):\n    return np.arctan2(-0.0, x)\n"),
    ),
    "a helper of a helper edited": lambda: (
        calling("def g(x):\n    return 2.0 * x\n\ndef helper(x):\n    return g(x)\n"),
        calling("def g(x):\n    return x * x\n\ndef helper(x):\n    return g(x)\n"),
    ),
    "another function put in place": lambda: (patched("inner"), patched("other")),
    "a function of a module edited": lambda: (through_module("2.0"), through_module("3.0")),
    "a function in a closure": lambda: (closing_over(double), closing_over(triple)),
    "a function as a default": lambda: (with_default(double), with_default(triple)),
    "a default of a helper": lambda: (
        calling("def helper(x, k=2.0):\n    return k * x\n"),
        calling("def helper(x, k=3.0):\n    return k * x\n"),
    ),
    "a keyword's default of a helper": lambda: (
        calling("def helper(x, *, k='a'):\n    return x if k == 'a' else 2.0 * x\n"),
        calling("def helper(x, *, k='b'):\n    return x if k == 'a' else 2.0 * x\n"),
    ),
    "a default put in place": lambda: (total, redefaulted(total, ("b",))),
    "one text, other globals": lambda: (same_text(double), same_text(triple)),
    "one text, a global that is data or code": lambda: (
        define("def f(x):\n    return np.sum(x * g)\n", "f", g=2.0),
        define("def f(x):\n    return np.sum(x * g)\n", "f", g=np.array([1.0, 2.0, 3.0])),
    ),
    "lambdas on one line": lambda: tuple(lambdas()),
    "a flag in a closure": lambda: (switched("square"), switched("plain")),
    "a method edited": lambda: (of_class(step="self.rate"), of_class(step="self.rate * 2.0")),
    "data of a class that becomes a property": lambda: (
        of_class("rate = 2.0"),
        of_class("@property\n    def rate(self):\n        return 7.0"),
    ),
    "a property edited": lambda: (
        of_class("@property\n    def rate(self):\n        return 2.0 * self.k"),
        of_class("@property\n    def rate(self):\n        return 7.0 * self.k"),
    ),
    "a static method edited": lambda: (
        of_class("@staticmethod\n    def g(x):\n        return x", "self.g(x)"),
        of_class("@staticmethod\n    def g(x):\n        return 2.0 * x", "self.g(x)"),
    ),
    "a class method edited": lambda: (
        of_class("@classmethod\n    def g(cls, x):\n        return x", "self.g(x)"),
        of_class("@classmethod\n    def g(cls, x):\n        return 2.0 * x", "self.g(x)"),
    ),
    "another base class": lambda: (of_subclass("A, B"), of_subclass("B, A")),
    "a function of NumPy's replaced": lambda: (
        define("def f(x):\n    return np.sum(np.sin(x))\n", "f"),
        define("def f(x):\n    return np.sum(np.sin(x))\n", "f", np=numpy_with("sin", lambda x: x * x)),
    ),
    "a constant of NumPy's replaced": lambda: (
        define("def f(x):\n    return np.sum(x * np.pi)\n", "f"),
        define("def f(x):\n    return np.sum(x * np.pi)\n", "f", np=numpy_with("pi", 3.0)),
    ),
    "a builtin that a global hides": lambda: (
        define("def f(x):\n    return np.sum(abs(x))\n", "f"),
        define("def f(x):\n    return np.sum(abs(x))\n", "f", abs=lambda x: x * x),
    ),
    "the value of a member of an enumeration": lambda: (with_member(2), with_member(3)),
    "a rule of one's own": lambda: (with_rule(2.0), with_rule(3.0)),
    "a checkpointed function": lambda: (closing_over(sct.checkpoint(double)), closing_over(sct.checkpoint(triple))),
    "a derivative": lambda: (
        closing_over(sct.elementwise_grad(lambda x: x * x)),
        closing_over(sct.elementwise_grad(lambda x: x * x * x)),
    ),
    "a cached function": lambda: (closing_over(functools.cache(double)), closing_over(functools.cache(triple))),
    "a derivative by another parameter": lambda: (
        closing_over(functools.partial(sct.elementwise_grad(lambda x, y: x * y, 0), y=3.0)),
        closing_over(functools.partial(sct.elementwise_grad(lambda x, y: x * y, 1), y=3.0)),
    ),
    "made from one code, of other functions": lambda: (outer_of(double), outer_of(triple)),
    "one function twice, or two of one code": lambda: (twice(times(2.0), 0), twice(times(2.0), times(3.0))),
    "one function as an argument twice, or two of one code": lambda: (
        given(times(2.0), 0),
        given(times(2.0), times(3.0)),
    ),
    "one object twice, or two of one class": lambda: (of_objects(Spring(2.0), 0), of_objects(Spring(2.0), Spring(3.0))),
    "one class twice, or two of one text": lambda: (of_objects(*models(1)), of_objects(*models(2))),
}


def total(x, way="a"):
    return np.sum(x) if way == "a" else np.sum(x * x)


def redefaulted(f, defaults):
    made = types.FunctionType(f.__code__, f.__globals__, f.__name__, defaults, f.__closure__)
    made.__module__, made.__qualname__ = f.__module__, f.__qualname__
    return made


def times(k):
    def scaled(x):
        return k * x

    return scaled


def twice(h, g):
    g = g or h

    def f(x):
        return np.sum(h(x) * g(x))

    return f


def given(h, g):
    def apply(x, a, b):
        return np.sum(a(x) * b(x))

    return functools.partial(apply, a=h, b=g or h)


def models(count):
    made = [module(CLASS.format("rate = 2.0", "self.rate")).Model() for _ in range(count)]
    made[-1].rate = 7.0
    return made[0], made[-1]


def of_objects(a, b):
    b = b or a

    def f(x):
        return np.sum(first(x) * second(x))

    first, second = (o.step if hasattr(o, "step") else o.energy for o in (a, b))
    return f


def outer_of(h):
    def g(x):
        return h(x) * x

    def f(x):
        return np.sum(g(x))

    return f


def gradient(f, *args, cache=None):
    anew()
    return sct.grad(f, cache=cache)(*args)


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_kept_of_one_function_is_not_taken_for_another(name):
    first, second = PAIRS[name]()
    for f, g in ((first, second), (second, first)):
        gradient(f, X)
        found = gradient(g, X)
        np.testing.assert_array_equal(found, gradient(g, X, cache=False))
        assert not np.array_equal(found, gradient(f, X, cache=False)) or "0.0" in name


ARGUMENTS = {
    "functions of one name": (
        of_a_function,
        [(lambda x: 2.0 * x, X), (lambda x: x * x, X), (double, X), (np.sin, X), (np.cos, X)],
    ),
    "functions made from one code": (of_a_function, [(closing_over(double), X), (closing_over(triple), X)]),
    "strings": (by_name, [(X, "square"), (X, "plain")]),
    "members of an enumeration": (by_kind, [(X, Kind.SQUARE), (X, Kind.PLAIN)]),
    "dtypes": (total, [(X,), (X.astype(np.float32),), (X.astype(">f8"),), (list(X),), (1.5,), (np.float64(1.5),)]),
    "a dtype with notes": (total, [(X,), (X.astype(np.dtype(np.float64, metadata={"unit": "m"})),)]),
    "unit axes": (with_sizes, [(X, W), (X[:1], W[:1]), (X, W[:2])]),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_is_kept_for_some_arguments_is_not_taken_for_others(name):
    f, calls = ARGUMENTS[name]
    wrt = "x"
    if name == "unit axes":
        f = lambda x, w: np.sum(x[: len(w)] * w)  # noqa: E731
    for args in (*calls, *calls):
        anew()
        got = sct.grad(f, wrt)(*args)
        anew()
        want = sct.grad(f, wrt, cache=False)(*args)
        assert np.asarray(got).dtype == np.asarray(want).dtype and type(got) is type(want)
        np.testing.assert_array_equal(got, want)


def test_sizes_that_are_relied_on_are_looked_at(said):
    def f(x, w):
        return np.sum((x + w[:1]) * w)

    found = []
    for n in (3, 4, 1, 3, 4, 1):
        anew()
        found.append(sct.grad(f, "w")(np.arange(3.0), np.arange(3.0) if n == 3 else np.ones(3 if n == 4 else 1)))
    for a, b in zip(found[:3], found[3:], strict=True):
        np.testing.assert_array_equal(a, b)
    assert said()[3:] == ["found"] * 3


AXIS = 0


def along(x):
    return np.sum(np.sum(x, axis=AXIS, keepdims=True) ** 2)


def test_what_relies_on_no_sizes_stands_in_only_where_that_is_what_is_asked_for(monkeypatch):
    """The fourth form for arguments of the same types relies on none, and is slower."""
    x = np.ones((2, 3, 4, 5))
    texts = []
    for _ in range(2):
        anew()
        g = sct.grad(along)
        for axis in range(4):
            monkeypatch.setitem(globals(), "AXIS", axis)
            texts.append(g.source_for(x))
    assert texts[:4] == texts[4:]
    assert ["import runtime" in text for text in texts[:4]] == [False, False, False, True]


def test_what_is_found_is_guarded_as_what_is_compiled():
    m = module("def inner(x):\n    return 2.0 * x\n\ndef helper(x):\n    return inner(x) * k\n", k=1.0)
    f = define(CALLS_HELPER, "f", helper=m.helper)
    for _ in range(2):
        anew()
        g = sct.grad(f)
        np.testing.assert_array_equal(g(X), np.full(3, 2.0))
    m.k = 4.0
    np.testing.assert_array_equal(g(X), np.full(3, 8.0))
    m.k = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(g(X), 2.0 * m.k)
    m.inner = triple
    np.testing.assert_array_equal(g(X), 3.0 * m.k)
    assert "@ x" not in g.source and "3.0" in g.source
    np.testing.assert_array_equal(g(X[:, None])[:, 0], np.full(3, 3.0 * 6.0))


def test_arguments_that_share_memory_are_refused_where_it_is_found_too():
    for _ in range(2):
        anew()
        x = X.copy()
        with pytest.raises(sct.ArgumentMemoryError, match="share memory") as e:
            sct.grad(into, ("x", "a"))(x, x)
        assert e.value.place.excerpt().strip().startswith("x[0] = a[1] * x[1]")


def test_lines_that_messages_tell_are_those_of_the_file_as_it_is():
    text = "def f(x, a):\n    x[0] = a[1]\n    return np.sum(x)\n"
    for above in ("", "# a line\n# and another\n"):
        anew()
        x = X.copy()
        f = module(above + text, "moved").f
        with pytest.raises(sct.ArgumentMemoryError) as e:
            sct.grad(f, ("x", "a"))(x, x)
        assert e.value.place.line == 2 + above.count("\n")


def test_what_a_user_reads_of_what_is_found(said):
    texts, tapes = [], []
    for _ in range(2):
        anew()
        g = sct.grad(mean_square, ("x", "w"))
        g(X, W)
        texts.append((g.source, g.source_for(X, W)))
        tapes.append(str(g.tape(X, W)))
        assert g.specialize(X, W)(X, W)[0].shape == (3,)
    assert texts[0] == texts[1] and tapes[0] == tapes[1]
    assert said()[-1] == "found"


def test_tracebacks_go_into_what_is_found():
    def f(x, n):
        return np.sum(x) / n

    for _ in range(2):
        anew()
        with pytest.raises(ZeroDivisionError) as e:
            sct.grad(f)(1.0, 0)
        last = e.traceback[-1]
        assert "x_bar" in linecache.getline(str(last.path), last.lineno + 1)


# -- what is not kept ---------------------------------------------------------------------------------------------------------


def test_what_cannot_be_told_apart_is_compiled_each_time(said):
    def noisy(x):
        global told
        told = x

    def f(x):
        noisy(1.0)
        return np.sum(x * x)

    ufunc = np.frompyfunc(lambda a: a, 1, 1)
    cases = {
        "a call of a function that is not followed": (f, (X,)),
        "<ufunc": (of_a_function, (ufunc, X)),
        "has a rule of its user's": (with_rule(2.0), (X,)),
    }
    for why, (function, args) in cases.items():
        for _ in range(2):
            anew()
            try:
                sct.grad(function, "x")(*args)
            except sct.SctError:
                assert why == "<ufunc"
        assert [why in word for word in said()] == [True, True]


def test_a_rule_that_is_registered_later_counts(said):
    helper = define("def helper(x):\n    return x * x\n", "helper")
    f = define(CALLS_HELPER, "f", helper=helper)
    for _ in range(2):
        anew()
        np.testing.assert_array_equal(sct.vjp(f)(X, 1.0)[1], 2.0 * X)
    assert said() == ["kept", "found"]
    sct.adjoint(helper)(lambda y, x, y_bar: 7.0 * y_bar)
    anew()
    np.testing.assert_array_equal(sct.vjp(f)(X, 1.0)[1], np.full(3, 7.0))
    assert "found" not in said()


def test_nothing_is_kept_where_rules_of_sct_are_replaced(said, monkeypatch):
    from sct.registry import rules

    own = rules._adjoints[np.tanh]
    monkeypatch.setitem(rules._adjoints, np.tanh, own)
    sct.adjoint(np.tanh)(lambda y, x, y_bar: 7.0 * y_bar)
    anew()
    np.testing.assert_array_equal(sct.grad(lambda x: np.sum(np.tanh(x)))(X), np.full(3, 7.0))
    assert ["kept" == word for word in said()] == [False]


def test_off_and_on(kept_in, said, monkeypatch):
    f = outer(2)
    for asked, variable, is_on in [(False, True, False), (None, True, True), (None, False, False), (True, True, True)]:
        anew()
        if not variable:
            monkeypatch.delenv("SCT_CACHE_DIR")
        sct.grad(f, cache=asked)(2.0)
        monkeypatch.setenv("SCT_CACHE_DIR", str(kept_in))
        assert bool(said()) == is_on


def test_the_users_folder_for_caches(tmp_path, monkeypatch):
    platformdirs = pytest.importorskip("platformdirs")
    monkeypatch.delenv("SCT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name, appauthor: tmp_path / "of the user" / name)

    @sct.grad(cache=True)
    def f(x):
        return np.sum(x * x * x)

    f(X)
    assert folder.contents(tmp_path / "of the user" / "sct").entries == 1
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    anew()
    with pytest.warns(CacheWarning, match=r"Install sct-ad\[cache\], or set SCT_CACHE_DIR"):
        np.testing.assert_array_equal(sct.grad(lambda x: np.sum(x * x), cache=True)(X), 2.0 * X)


# -- the folder ---------------------------------------------------------------------------------------------------------------


def entry_of(kept_in):
    (file,) = kept_in.glob("*/*.json")
    return file


def test_files_are_private(kept_in):
    sct.grad(scale_sum)(X)
    file = entry_of(kept_in)
    if os.name == "posix":
        modes = [stat.S_IMODE(p.stat().st_mode) for p in (kept_in, file.parent, file)]
        assert modes == [0o700, 0o700, 0o600]
    assert [p.suffix for p in kept_in.rglob("*") if p.is_file()] == [".json"]
    entry = json.loads(file.read_text().partition("\n")[2])
    assert entry["name"] == "scale_sum_grad" and "return x_bar" in entry["body"][-2]


def scale_sum(x):
    return np.sum(2.0 * x)


DAMAGES = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "a bit": lambda content: content.replace(b"2.0", b"3.0"),
    "no text": lambda content: b"\xff\x00" * 100,
    "other header": lambda content: content.replace(b"sct 1", b"sct 9"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_left_out_with_a_warning_and_replaced(kept_in, damage):
    sct.grad(scale_sum)(X)
    file = entry_of(kept_in)
    good = file.read_bytes()
    file.write_bytes(DAMAGES[damage](good))
    assert folder.contents(kept_in).damaged == 1
    anew()
    with pytest.warns(CacheWarning, match="damaged"):
        np.testing.assert_array_equal(sct.grad(scale_sum)(X), np.full(3, 2.0))
    assert entry_of(kept_in).read_bytes() == good


def test_an_entry_that_says_nothing_of_sense_is_left_out(kept_in, said):
    sct.grad(scale_sum)(X)
    file = entry_of(kept_in)
    for body in ("[]", "{}", '{"steps": [["name", 0, 99, "np", false, ""]]}', "not JSON"):
        file.write_text(f"sct 1 {folder._hash(body.encode())}\n{body}")
        anew()
        np.testing.assert_array_equal(sct.grad(scale_sum)(X), np.full(3, 2.0))
        assert said()[-1] == "kept"
        for other in {*kept_in.glob("*/*.json")} - {file}:
            other.unlink()


@pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")
def test_a_folder_of_another_user_or_that_others_write_into_is_not_used(kept_in, monkeypatch):
    sct.grad(scale_sum)(X)
    kept_in.chmod(0o770)
    anew()
    with pytest.warns(CacheWarning, match="others may write into"):
        np.testing.assert_array_equal(sct.grad(scale_sum)(X), np.full(3, 2.0))
    kept_in.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    anew()
    with pytest.warns(CacheWarning, match="belongs to another user"):
        np.testing.assert_array_equal(sct.grad(scale_sum)(X), np.full(3, 2.0))


def test_a_folder_that_cannot_be_used_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for place, why in [(tmp_path / "file", "is no folder"), (tmp_path / "file" / "in it", "cannot be read")]:
        monkeypatch.setenv("SCT_CACHE_DIR", str(place))
        anew()
        with pytest.warns(CacheWarning, match=why):
            np.testing.assert_array_equal(sct.grad(scale_sum)(X), np.full(3, 2.0))

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("SCT_CACHE_DIR", str(tmp_path / "full"))
    monkeypatch.setattr(folder.os, "replace", full)
    anew()
    with pytest.warns(CacheWarning, match="No space left"):
        np.testing.assert_array_equal(sct.grad(scale_sum)(X), np.full(3, 2.0))
    assert not [p for p in (tmp_path / "full").rglob("*") if p.is_file()]


def test_no_more_than_some_are_kept_of_one_function(kept_in):
    for n in range(20):
        anew()
        sct.grad(calling(f"def helper(x):\n    return {n}.0 * x\n"))(X)
    assert folder.contents(kept_in).entries == folder._MOST


def test_all_can_be_put_away_and_nothing_else(kept_in):
    sct.grad(scale_sum)(X)
    (kept_in / "notes.txt").write_text("mine")
    (kept_in / "mine").mkdir()
    (kept_in / "mine" / "x.json").write_text("{}")
    found = folder.contents(kept_in)
    assert (found.entries, found.damaged) == (1, 0) and found.nbytes > 100
    assert folder.clear(kept_in) == 1 and folder.clear(kept_in) == 0
    assert sorted(p.name for p in kept_in.rglob("*")) == ["mine", "notes.txt", "x.json"]
    assert folder.contents(kept_in / "nowhere") == folder.Contents(0, 0, 0)


# -- many processes -----------------------------------------------------------------------------------------------------------


def _one_of_many(barrier, k, results):
    f = define("def f(x, w):\n    return np.sum(np.tanh(x * w) ** 2)\n", "f")
    barrier.wait()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gradients = [sct.grad(f, wrt)(X, W) for wrt in (("x", "w"), "w", "x")]
    results.put((k, [np.asarray(g).tolist() for g in gradients], [str(w.message) for w in caught]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_sixteen_processes_at_once(kept_in):
    fork = multiprocessing.get_context("fork")
    barrier, results = fork.Barrier(16), fork.Queue()
    processes = [fork.Process(target=_one_of_many, args=(barrier, k, results)) for k in range(16)]
    for p in processes:
        p.start()
    found = [results.get(timeout=60) for _ in processes]
    for p in processes:
        p.join()
    t = np.tanh(X * W)
    x_bar, w_bar = 2.0 * t * (1.0 - t * t) * W, 2.0 * t * (1.0 - t * t) * X
    for _, gradients, warned in found:
        for got, want in zip(gradients, ([x_bar, w_bar], w_bar, x_bar), strict=True):
            np.testing.assert_allclose(got, want)
        assert not warned
    assert folder.contents(kept_in) == folder.Contents(3, folder.contents(kept_in).nbytes, 0)
    assert {p.suffix for p in kept_in.rglob("*") if p.is_file()} == {".json"}


PROGRAM = """
import logging
import sys

import numpy as np

import sct
from helpers import rate

logging.basicConfig(stream=sys.stdout, format="%(message)s")
logging.getLogger("sct.cache").setLevel("DEBUG")


@sct.grad
def loss(x):
    return np.sum(rate(x) * x)


print(loss(np.array([1.0, 2.0])))
"""


def test_a_program_that_is_run_again_and_edited(tmp_path, kept_in):
    (tmp_path / "program.py").write_text(PROGRAM)

    def run(text, seed):
        (tmp_path / "helpers.py").write_text(text)
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "program.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return [line.partition(" is ")[2] or line for line in done.stdout.splitlines()]

    first, second = "def rate(x):\n    return 3.0\n", "def rate(x):\n    return 3.0 * x\n"
    assert run(first, "1") == ["kept", "[3. 3.]"]
    assert run(first, "2") == ["found", "[3. 3.]"]
    assert run(second, "3") == ["not as it was: rate", "kept", "[ 6. 12.]"]
    assert "found" in run(first, "4")
