"""Standalone modules: they give the same numbers without sct, check their arguments, and are told apart by their hashes."""

import copy
import functools
import importlib
import operator
import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
import scipy.special
from kernel_samples import NAMES, is_refused, sample
from modules.checking import run_alone
from trees import leaves, random_like

import sct
from sct.backend.standalone import stamps
from sct.registry.rules import AdjointRule, adjoint_rule
from sct.specialize.reading import noting

SCALE = 2.5
WEIGHTS = np.array([[1.0, 2.0], [0.5, -1.0]])
TABLE = {"a": (1, 2.0), "b": [np.inf, None]}


def loaded(text):
    namespace = {"__name__": "generated"}
    exec(compile(text, "<generated>", "exec"), namespace)
    return namespace


def assert_same(a, b):
    if isinstance(b, dict):
        assert list(a) == list(b)
        a, b = list(a.values()), list(b.values())
    if isinstance(b, (tuple, list)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    elif b is None:
        assert a is None
    else:
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def made_module(tmp_path, monkeypatch):
    """Makes modules of texts, all of one name."""
    folders = (tmp_path / str(k) for k in range(100))

    def make(text):
        folder = next(folders)
        folder.mkdir()
        (folder / "made_module.py").write_text(text)
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, "made_module", raising=False)
        return importlib.import_module("made_module")

    return make


# -- what lies outside of the function -----------------------------------------------------------------------------------------


def layer(x):
    return np.tanh(x @ WEIGHTS)


def made(c):
    def f(x):
        return np.sum(layer(x) * c) * SCALE

    return f


X = np.array([0.3, -0.7])
C = np.array([1.0, 3.0])


def test_data_becomes_constants():
    text = sct.generate(made(C), like=(X,))
    assert "SCALE = 2.5\n" in text
    assert_same(loaded(text)["f_grad"](X), sct.grad(made(C))(X))


def test_data_becomes_parameters():
    text = sct.generate(made(C), like=(X,), data="parameters")
    f_grad = loaded(text)["f_grad"]
    assert_same(f_grad(X, c=C, SCALE=SCALE, WEIGHTS=WEIGHTS), sct.grad(made(C))(X))
    assert_same(f_grad(X, c=2.0 * C, SCALE=SCALE, WEIGHTS=WEIGHTS), sct.grad(made(2.0 * C))(X))
    with pytest.raises(TypeError, match="c must be a float64 array of rank 1, not float64 of rank 2"):
        f_grad(X, c=WEIGHTS, SCALE=SCALE, WEIGHTS=WEIGHTS)


MODULE = """
import numpy as np
import sct

K = 3.0
W = np.array([1.0, 2.0])
RATES = {"up": 0.5}

@sct.nondifferentiable
def chosen(x, k=1):
    # the greatest, or what comes after it
    return int(np.argmax(x)) - k + 1

def f(x):
    return x[chosen(x)] * np.sum(x * W) * K * RATES["up"]

def closed(c):
    def inner(x):
        return np.sum(x * c)
    return inner
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "own_model.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    import own_model

    yield own_model
    del sys.modules["own_model"]


def test_data_and_functions_are_imported(module, tmp_path):
    text = sct.generate(module.f, like=(X,), data="import", functions="import")
    assert "from own_model import K, RATES, W, chosen\n" in text
    assert "import sct" not in text
    f_grad = loaded(text)["f_grad"]
    assert_same(f_grad(X), sct.grad(module.f)(X))
    module.W *= 2.0
    assert_same(f_grad(X), sct.grad(module.f)(X))


def test_functions_are_copied_with_what_they_say(module, tmp_path):
    text = sct.generate(module.f, like=(X,), name="derivative")
    assert "# the greatest, or what comes after it" in text and "nondifferentiable" not in text
    (tmp_path / "f_grad.py").write_text(text)
    assert_same(run_alone(tmp_path, [(str(tmp_path / "f_grad.py"), "grad", (X,))])[0], sct.grad(module.f)(X))


REGISTERED = []


def registered(f):
    REGISTERED.append(f)
    return f


@registered
def tree_sum(x):
    m = len(x) // 2
    return x[0] * x[0] if m == 0 else tree_sum(x[:m]) + tree_sum(x[m:])


def test_decorators_are_left_out_of_copies():
    text = sct.generate(tree_sum, like=(np.arange(1.0, 6.0),))
    assert "registered" not in text
    assert_same(loaded(text)["tree_sum_grad"](np.arange(1.0, 6.0)), 2.0 * np.arange(1.0, 6.0))


def test_each_datum_in_its_own_way(module):
    text = sct.generate(module.f, like=(X,), data={"W": "parameters", "K": "import"})
    assert_same(loaded(text)["f_grad"](X, W=module.W), sct.grad(module.f)(X))


def test_closed_over_data_cannot_be_imported(module):
    with pytest.raises(sct.SctError, match="c, which closed.<locals>.inner reads, is no global") as e:
        sct.generate(module.closed(C), like=(X,), data="import")
    assert "data={'c': 'parameters'}" in str(e.value)


class Settings:
    def __init__(self):
        self.rate = 2.0


SETTINGS = Settings()
LARGE = np.zeros(5000)


def test_data_that_is_no_constant():
    def of_an_object(x):
        return np.sum(x) * SETTINGS.rate

    def of_a_large_array(x):
        return np.sum(x) * np.sum(LARGE)

    with pytest.raises(sct.SctError, match="SETTINGS is an object of class Settings, which cannot be written as a constant"):
        sct.generate(of_an_object, like=(X,))
    with pytest.raises(sct.SctError, match="LARGE is an array of 5000 entries"):
        sct.generate(of_a_large_array, like=(X,))
    grad = loaded(sct.generate(of_a_large_array, like=(X,), data="parameters"))["of_a_large_array_grad"]
    assert_same(grad(X, LARGE=np.ones(3)), np.full(2, 3.0))


def test_constants_of_all_kinds():
    def f(x):
        a, b = TABLE["a"]
        return np.sum(x) * a * b + 0.0 * (TABLE["b"][0] if TABLE["b"][1] is not None else 0.0)

    text = sct.generate(f, like=(X,))
    assert 'TABLE = {"a": (1, 2.0), "b": [np.inf, None]}' in text
    assert_same(loaded(text)["f_grad"](X), np.full(2, 2.0))


# -- recursion, checkpoints, other transforms ----------------------------------------------------------------------------------


def power(x, n):
    if n <= 0:
        return x * 1.0
    return np.sin(x) * power(x, n - 1)


def halves(x):
    if len(x) == 1:
        return x[0] * x[0]
    m = len(x) // 2
    return halves(x[:m]) * halves(x[m:])


def checkpointed(x, n):
    for _ in sct.checkpointed(range(n), slots=3):
        x = np.sin(x) * 0.9
    return np.sum(x)


@pytest.mark.parametrize(
    ("f", "args"),
    [(power, (1.3, 4)), (halves, (np.arange(1.0, 8.0),)), (checkpointed, (X, 9))],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_recursion_and_checkpoints_without_sct(f, args, tmp_path):
    (tmp_path / "module.py").write_text(sct.generate(f, "value_and_grad", like=args, name="derivative"))
    found = run_alone(tmp_path, [(str(tmp_path / "module.py"), "value_and_grad", args)])[0]
    assert_same(found, sct.value_and_grad(f)(*args))


def filled(d, p, n):
    if n > 0:
        d[n] = p[-1] * 0.5
        p.append(d[n] * d[0])
        filled(d, p, n - 1)
    return p


def of_filled(x, n):
    d, p = {0: x}, [x, x * x]
    q = filled(d, p, n)
    q[0] = d[1]
    return d[1] * p[-1] * p[0]


def test_recursion_with_lists_and_dicts_without_sct(tmp_path):
    args = (1.3, 4, 1.0)
    (tmp_path / "module.py").write_text(sct.generate(of_filled, "jvp", like=args[:2], name="derivative"))
    found = run_alone(tmp_path, [(str(tmp_path / "module.py"), "jvp", args)])[0]
    assert_same(found, sct.jvp(of_filled)(*args))


def of_pairs(pairs, rows, x):
    s = 0.0
    for v, w in pairs:
        s = s + np.sum(v * x) * w
    for row in rows:
        s = s + sum(row) * x[0]
    return s


def into_each(p, x):
    for v in p:
        v[0] = x[0]
    return sum([np.sum(v * v) for v in p])


def test_lists_of_any_length_without_sct(tmp_path):
    def given(n):
        return [(X * k, 0.5) for k in range(n)], [[0.5 * k] for k in range(9)], X, [(X, 1.0)] * n

    (tmp_path / "module.py").write_text(sct.generate(of_pairs, "jvp", like=given(9)[:3], name="derivative"))
    own = loaded((tmp_path / "module.py").read_text())["derivative"]
    for n in (9, 3, 20):
        assert_same(own(*given(n)), sct.jvp(of_pairs)(*given(n)))
    found = run_alone(tmp_path, [(str(tmp_path / "module.py"), "jvp", given(4))])[0]
    assert_same(found, sct.jvp(of_pairs)(*given(4)))
    pairs, rows, x, dot = given(9)
    for wrong, error in (
        ([*pairs[:8], (X, 1)], r"an item of pairs\[1\] must be of type float, not int"),
        ([*pairs[:8], (X[None], 1.0)], r"an item of pairs\[0\] must be a float64 array of rank 1"),
        ([*pairs[:8], [X, 1.0]], "an item of pairs must be a tuple of 2 items"),
        (tuple(pairs), "pairs must be of type list, not tuple"),
    ):
        with pytest.raises(TypeError, match=error):
            own(wrong, rows, x, dot)


def test_a_list_of_arrays_that_are_written_into_is_of_its_length():
    like = [X * k for k in range(9)], X
    text = sct.generate(into_each, "jvp", "x", like=like)
    assert_same(loaded(text)["into_each_jvp"](*like, X), sct.jvp(into_each, "x")(*like, X))
    assert 'expect_items("p", p, list, 9)' in text


def by_mode(x, mode, n):
    if n == 0:
        return np.sum(x) if mode == "sum" else np.sum(x * x)
    return by_mode(np.sin(x), mode, n - 1)


def of_two_modes(x):
    return by_mode(x, "sum", 2) + by_mode(x, "squares", 2)


def turned(x, sine, n):
    return np.sum(x) if n == 0 else np.sum(x) * turned(np.sin(x) if sine else np.cos(x), not sine, n - 1)


def keyword_only(x, *, n):
    return np.sum(x) if n == 0 else keyword_only(np.sin(x), n=n - 1)


def stacked(x, n):
    return np.sum(x) if n == 0 else stacked(np.stack([x, x * x]), n - 1)


@pytest.mark.parametrize(
    ("f", "kwargs", "copies"),
    [
        (of_two_modes, {}, ["_by_mode_pullback_squares", "_by_mode_pullback_sum"]),
        (turned, {"sine": True, "n": 3}, ["_turned_pullback_not_sine", "_turned_pullback_sine"]),
        (keyword_only, {"n": 2}, ["_keyword_only_pullback"]),
        (stacked, {"n": 2}, ["_stacked_pullback", *(f"_stacked_pullback_{k}" for k in range(1, 9))]),
        (sct.grad(power), {"n": 3}, ["_power_pullback", "_power_vjp", "_power_vjp_vjp"]),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_recursion_has_a_copy_for_each_kind_of_arguments(f, kwargs, copies):
    x = 1.3 if f.__name__ == "power" else X
    text = sct.generate(f, "vjp", like={"x": x, **kwargs}, name="derivative")
    assert_same(loaded(text)["derivative"](x, **kwargs, y_bar=2.0), sct.vjp(f)(x, **kwargs, y_bar=2.0))
    assert [name for name in copies if f"def {name}(" in text] == copies and text.count("\ndef _") == len(copies)


def loss(W, b, x, y):
    """Squares of what is left."""
    h = np.tanh(x @ W + b)
    d = h - y
    return np.sum(d * d)


TYPES = "W: f8[n, m], b: f8[m], x: f8[k, n], y: f8[k, m]"
GIVEN = (np.arange(6.0).reshape(2, 3) / 5.0, np.ones(3), np.linspace(-1.0, 1.0, 8).reshape(4, 2), np.ones((4, 3)))


@pytest.mark.parametrize("transform", ["grad", "value_and_grad", "elementwise_grad"])
def test_types_in_a_string(transform):
    text = sct.generate(loss, transform, ("W", "b"), types=TYPES)
    assert "shape (n, m)" in text
    assert_same(loaded(text)[f"loss_{transform}"](*GIVEN), getattr(sct, transform)(loss, ("W", "b"))(*GIVEN))


def test_pullback():
    value, pull = loaded(sct.generate(loss, "pullback", ("W", "b"), types=TYPES))["loss_pullback"](*GIVEN)
    assert value == loss(*GIVEN)
    assert_same(pull(2.0), sct.vjp(loss, ("W", "b"))(*GIVEN, 2.0)[1])
    assert_same(pull(2.0), pull(2.0))


def test_general_form():
    grad = loaded(sct.generate(loss, "grad", ("W", "b")))["loss_grad"]
    assert_same(grad(*GIVEN), sct.grad(loss, ("W", "b"))(*GIVEN))
    row = (*GIVEN[:2], GIVEN[2][:1], GIVEN[3][:1])
    for x, y in zip(grad(*row), sct.grad(loss, ("W", "b"))(*row), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-14)


def test_annotations():
    import numpy.typing as npt

    def annotated(x: npt.NDArray[np.float64], rate: float, n: int) -> float:
        for _ in range(n):
            x = rate * np.sin(x)
        return np.sum(x)

    text = sct.generate(annotated)
    assert "rate: float, n: int" in text
    assert_same(loaded(text)["annotated_grad"](X, 0.5, 3), sct.grad(annotated)(X, 0.5, 3))


class Shaped:
    """As jaxtyping annotates arrays."""

    dtypes = ("float64",)
    dim_str = "n m"


def test_annotations_with_shapes():
    def f(A: Shaped, x: float):
        return np.sum(A * x)

    assert "A : float64 array, shape (n, m)" in sct.generate(f)


def test_containers():
    def f(params, pair, mode):
        h = params["W"] @ params["b"]
        return np.sum(h * pair[0]) * pair[1] if mode == "full" else np.sum(h)

    args = ({"W": WEIGHTS, "b": C}, (X, 2.0), "full")
    text = sct.generate(
        f, "grad", ("params", "pair"), types="params: {W: f8[n, m], b: f8[m]}, pair: (f8[n], float), mode: 'full'"
    )
    grad = loaded(text)["f_grad"]
    assert_same(grad(*args), sct.grad(f, ("params", "pair"))(*args))
    for changed, match in [
        (({"b": C, "W": WEIGHTS}, (X, 2.0), "full"), "must be a dict with the keys 'W', 'b', in this order"),
        (({"W": WEIGHTS, "b": [1.0, 2.0]}, (X, 2.0), "full"), r"params\['b'\] must be an array, not list"),
        (({"W": WEIGHTS, "b": C}, [X, 2.0], "full"), "pair must be a tuple of 2 items"),
        (({"W": WEIGHTS, "b": C}, (X, 2), "full"), r"pair\[1\] must be of type float, not int"),
        (({"W": WEIGHTS, "b": C}, (X, 2.0), "half"), "this code is for mode='full', not 'half'"),
    ]:
        with pytest.raises((TypeError, ValueError), match=match):
            grad(*changed)


# -- what is expected of arguments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "changed", "match"),
    [
        (0, GIVEN[0].astype(np.float32), "W must be a float64 array of rank 2, not float32 of rank 2"),
        (1, np.ones((1, 3)), "b must be a float64 array of rank 1, not float64 of rank 2"),
        (1, [1.0, 1.0, 1.0], "b must be an array, not list"),
        (1, np.ones(4), r"b.shape\[0\] must be W.shape\[1\], which is 3, but is 4"),
        (2, np.ones((1, 2)), "axis 0 of x must not have length 1, but has length 1"),
    ],
)
def test_arguments_of_other_types(k, changed, match):
    args = [*GIVEN]
    args[k] = changed
    with pytest.raises((TypeError, ValueError), match=match):
        loaded(sct.generate(loss, "grad", "W", types=TYPES))["loss_grad"](*args)


def rows(A):
    out = 0.0
    for i in range(A.shape[0] - 2):
        out = out + np.sum(A[: i + 1] * A[i])
    return out


def test_sizes_that_are_relied_on():
    A = np.arange(12.0).reshape(4, 3)
    text = sct.generate(rows, like=(A,))
    grad = loaded(text)["rows_grad"]
    assert_same(grad(A), sct.grad(rows)(A))
    unchecked = loaded(sct.generate(rows, like=(A,), guards=False))["rows_grad"]
    for n in (2, 3, 5):
        np.testing.assert_allclose(unchecked(np.ones((n, 3))), sct.grad(rows)(np.ones((n, 3))))


def test_written_arguments_that_share_memory():
    def f(x, y):
        x[0] = 2.0 * y[1]
        return np.sum(x * y)

    grad = loaded(sct.generate(f, "grad", ("x", "y"), like=(np.ones(3), np.ones(3))))["f_grad"]
    x = np.arange(3.0)
    assert_same(grad(x, 2.0 * x), sct.grad(f, ("x", "y"))(x, 2.0 * x))
    assert x[0] == 0.0
    with pytest.raises(ValueError, match="x and y share memory, and x is written into"):
        grad(x, x)


# -- names, and what copies find -----------------------------------------------------------------------------------------------

CROWDED = """
import numpy as np
import sct

n = 2
order = 2
rate = -1.0 - 0.0j
scale = 3.0

@sct.nondifferentiable
def last(x, k=n):
    order_1 = len(x)
    return order_1 - k

@sct.nondifferentiable
def said(x):
    text = \"\"\"a
    b\"\"\"
    return len(text)

@sct.nondifferentiable
def nested():
    def inner():
        return \"\"\"one
            two\"\"\"
    return inner

long_text = nested()

def first(x):
    return np.sum(x) * n * x[last(x)] * said(x)

def second(x, n):
    for d_bar in range(n):
        x = x * order
    return np.sum(x) * scale * len(long_text())

def third(x, float=2.0):
    return np.sum(x) * float

def cut(x):
    return np.sum(x) * np.sqrt(rate).imag

n = 7
"""


@pytest.fixture
def crowded(tmp_path, monkeypatch):
    (tmp_path / "crowded_model.py").write_text(CROWDED)
    monkeypatch.syspath_prepend(str(tmp_path))
    import crowded_model

    yield crowded_model
    del sys.modules["crowded_model"]


LONG = np.arange(1.0, 5.0)


@pytest.mark.parametrize("data", ["constants", "import"])
def test_names_of_data_are_those_of_where_it_is_found(crowded, data):
    g = sct.Generator(data=data)
    for f, like in ((crowded.first, (LONG,)), (crowded.second, (LONG, 2)), (crowded.third, (LONG,)), (crowded.cut, (LONG,))):
        g.add(f, "value_and_grad", like=like)
    text = g.generate()
    crowded.order = crowded.n if data == "import" else crowded.order
    made = loaded(text)
    for name, like in (("first", (LONG,)), ("second", (LONG, 2)), ("third", (LONG,)), ("cut", (LONG,))):
        assert_same(made[f"{name}_value_and_grad"](*like), sct.value_and_grad(getattr(crowded, name))(*like))


def test_data_that_a_copy_reads_cannot_become_a_parameter(module):
    with pytest.raises(sct.SctError, match="module_data cannot become a parameter: .*chosen reads it"):

        @sct.nondifferentiable
        def chosen(x):
            return int(module_data["K"])

        def f(x):
            return np.sum(x) * chosen(x)

        sct.generate(f, like=(X,), data="parameters")


module_data = {"K": 2}


def test_data_that_a_recursion_reads_cannot_become_a_parameter():
    def scaled(x, n):
        return np.sum(x) if n == 0 else SCALE * scaled(np.sin(x), n - 1)

    with pytest.raises(sct.SctError, match="SCALE cannot become a parameter: what calls itself"):
        sct.generate(scaled, like=(X, 2), data="parameters")


def doubled(x):
    return 2.0 * x


def test_defaults_that_are_functions():
    def f(x, act=doubled, k=2):
        return np.sum(act(x)) * k

    grad = loaded(sct.generate(f, like=(X,)))["f_grad"]
    assert_same(grad(X), sct.grad(f)(X))
    with pytest.raises(ValueError, match=r"this code is for act=generated.doubled, not .*test_generate.doubled"):
        grad(X, doubled)


KNOWN = """
import enum
import functools
import numpy as np

class Kind(enum.Enum):
    LINEAR = 1
    CUBIC = 2

class Spring:
    stiffness = 2.0

    def __init__(self, rest, kind):
        self.rest, self.kind, self.parts = rest, kind, [{"w": 0.5 * rest}]

    def energy(self, x, n=2):
        d = x - self.rest + self.parts[0]["w"]
        return 0.5 * self.stiffness * np.sum(d**n if self.kind is Kind.LINEAR else d**3)

    def falls(self, x, n):
        return np.sum(x * self.rest) if n == 0 else self.falls(np.sin(x), n - 1)

FACTORS = {Kind.LINEAR: 1.0, Kind.CUBIC: 0.25}
KIND = Kind.CUBIC

def scaled(a, x):
    return a * np.sin(x)

def of_a_function(x, act):
    return np.sum(act(x))

def of_a_kind(x, kind):
    return np.sum(x * x) * FACTORS[KIND] if kind is Kind.LINEAR else np.sum(x)

def of_a_dtype(x, dtype):
    return np.sum(x.astype(dtype) ** 2)

def weighted(a, x, power, *, k=2.0, flag=True):
    return np.sum(a * x**power) * k if flag else np.sum(x)
"""


def test_arguments_that_are_functions_or_known_objects(made_module):
    m = made_module(KNOWN)
    for f, known in [
        (m.of_a_function, m.scaled.__get__(2.0)),
        (m.of_a_function, m.Spring(X, m.Kind.LINEAR).energy),
        (m.of_a_function, functools.partial(m.scaled, 3.0)),
        (m.of_a_function, np.tanh),
        (m.of_a_kind, m.Kind.LINEAR),
        (m.of_a_dtype, np.dtype("f4")),
        (m.of_a_dtype, np.float32),
    ]:
        grad = loaded(sct.generate(f, like=(X, known)))[f"{f.__name__}_grad"]
        assert_same(grad(X, known), sct.grad(f)(X, known))
        with pytest.raises((TypeError, ValueError), match=r"must be|this code is for \w+="):
            grad(X, np.cos)


def test_functions_that_no_module_can_refer_to(made_module):
    m = made_module(KNOWN)
    with pytest.raises(sct.SctError, match="act is a lambda, which cannot be imported by its name"):
        sct.generate(m.of_a_function, like=(X, lambda x: x))


def weighted_in(m):
    return functools.partial(m.weighted, np.array([3.0, 4.0]), k=0.5)


@pytest.mark.parametrize("data", ["constants", "parameters"])
def test_what_a_partial_gives_is_data(made_module, data):
    f = weighted_in(made_module(KNOWN))
    text = sct.generate(f, like=(X, 3), data=data)
    given = {"a": f.args[0], "k": 0.5} if data == "parameters" else {}
    assert_same(loaded(text)["weighted_grad"](X, 3, **given), sct.grad(f)(X, 3))
    assert ("k = 0.5\n" in text) is (data == "constants")
    assert_same(loaded(sct.generate(f, types="x: f8[n], power: int, flag: True"))["weighted_grad"](X, 3), sct.grad(f)(X, 3))


@pytest.mark.parametrize("data", ["constants", "parameters"])
def test_the_object_of_a_method_is_data(made_module, data):
    m = made_module(KNOWN)
    spring = m.Spring(C, m.Kind.LINEAR)
    given = {"self": spring} if data == "parameters" else {}
    for transform, args in (("grad", (X,)), ("vjp", (X, 2, 0.5)), ("value_and_grad", (X, 3))):
        grad = loaded(sct.generate(spring.energy, transform, like=args, data=data))[f"energy_{transform}"]
        assert_same(grad(*args, **given), getattr(sct, transform)(spring.energy)(*args))


def test_fields_of_the_object_of_a_method_each_in_its_own_way(made_module):
    m = made_module(KNOWN)
    spring = m.Spring(C, m.Kind.LINEAR)
    grad = loaded(sct.generate(spring.energy, like=(X,), data={"rest": "parameters"}))["energy_grad"]
    assert_same(grad(X, rest=C), sct.grad(spring.energy)(X))
    assert not np.array_equal(grad(X, rest=2.0 * C), grad(X, rest=C))


def test_an_object_that_is_used_as_a_whole_is_a_parameter(made_module):
    m = made_module(KNOWN)
    spring = m.Spring(C, m.Kind.LINEAR)
    with pytest.raises(sct.SctError, match="self, which is given beforehand, is used as a whole") as e:
        sct.generate(spring.falls, like=(X, 2))
    assert "data={'self': 'parameters'}" in str(e.value)
    grad = loaded(sct.generate(spring.falls, like=(X, 2), data={"self": "parameters"}))["falls_grad"]
    assert_same(grad(X, 2, self=spring), sct.grad(spring.falls)(X, 2))


def test_flags_in_fields_are_part_of_what_a_module_is_made_from(made_module):
    m = made_module(KNOWN)
    found = {stamps(sct.generate(m.Spring(C, kind).energy, like=(X,)))["made from"] for kind in m.Kind}
    assert len(found) == 2


def gamma_function(x):
    return scipy.special.gamma(x)


@sct.adjoint(gamma_function)
def gamma_function_adjoint(y, x, y_bar):
    return y_bar * y * scipy.special.digamma(x)


def exponential(A):
    return scipy.linalg.expm(A)


@sct.adjoint(exponential)
def exponential_adjoint(y, A, y_bar):
    return scipy.linalg.expm_frechet(A.T, y_bar, compute_expm=False)


def triangular(A, b):
    return np.sum(np.linalg.solve(np.tril(A), b) ** 2)


def test_rules_that_use_scipy():
    """The module imports SciPy where a rule of the user's needs it, and only there."""

    def f(x, A):
        return np.sum(gamma_function(x) * x) + np.sum(exponential(A))

    text = sct.generate(f, "grad", ("x", "A"), like=(X + 2.0, WEIGHTS))
    assert "from scipy import linalg, special  # type" in text
    assert_same(loaded(text)["f_grad"](X + 2.0, WEIGHTS), sct.grad(f, ("x", "A"))(X + 2.0, WEIGHTS))
    assert "scipy" not in sct.generate(loss, types=TYPES)
    assert "solve_by_blocks(" in (text := sct.generate(triangular, wrt="b", like=(WEIGHTS, X))) and "scipy" not in text


@pytest.mark.parametrize(
    "bar", [{"a": 1.0}, {"a": 1.0, "b": [X]}, {"a": 1.0, "b": [X, X, X]}, 1.0, {"a": 1.0, "b": [X, X], "c": 1.0}]
)
def test_cotangents_of_another_structure(bar):
    def f(x):
        return {"a": np.sum(x), "b": [x, x * x]}

    vjp = loaded(sct.generate(f, "vjp", like=(X,)))["f_vjp"]
    whole = {"b": [X, X], "a": 1.0}
    assert_same(vjp(X, whole), sct.vjp(f)(X, whole))
    with pytest.raises(TypeError, match=r"y_bar(\['b'\])? must be a (dict with the keys 'a', 'b'|list of length 2)$"):
        vjp(X, bar)


def test_an_optional_argument_is_no_cotangent():
    def f(x, mode="sum"):
        return np.sum(x) if mode == "sum" else np.sum(x * x)

    for like in ((X, "squares"), (X, "squares", 1.0), {"x": X, "mode": "squares"}):
        vjp = loaded(sct.generate(f, "vjp", like=like))["f_vjp"]
        assert_same(vjp(X, "squares", 1.0), sct.vjp(f)(X, "squares", 1.0))


def test_defaults_by_keyword_stay_beside_a_cotangent():
    def f(x, *, k=2.0):
        return x * k

    assert_same(loaded(sct.generate(f, "vjp", like=(X,)))["f_vjp"](X, C), sct.vjp(f)(X, C))


def test_functions_with_a_rule():
    assert_same(loaded(sct.generate(np.sin, like=(0.5,)))["sin_grad"](0.5), np.cos(0.5))


def test_sizes_of_constants_that_are_relied_on():
    def f(x):
        return np.sum(x[: len(C)] * WEIGHTS[: len(x) - 1])

    x = np.arange(1.0, 4.0)
    grad = loaded(sct.generate(f, like=(x,)))["f_grad"]
    assert_same(grad(x), sct.grad(f)(x))


def test_keyword_only_parameters():
    def f(x, *, k):
        return x * k

    text = sct.generate(f, "vjp", like={"x": X, "k": 3.0})
    assert_same(loaded(text)["f_vjp"](X, C, k=3.0), sct.vjp(f)(X, C, k=3.0))


def test_flags_with_quotes():
    def f(x, mode):
        return np.sum(x) if mode == 'a"""b\\' else np.sum(x * x)

    assert_same(loaded(sct.generate(f, like=(X, 'a"""b\\')))["f_grad"](X, 'a"""b\\'), np.ones(2))


def test_what_fails_leaves_the_module_as_it_was():
    g = sct.Generator()
    g.add(power, "grad", like=(1.3, 2))
    before = g.generate()

    def f(x):
        return np.sum(x) * SETTINGS.rate

    for _ in range(2):
        with pytest.raises(sct.SctError, match="SETTINGS is an object"):
            g.add(f, "grad", like=(X,))
    assert g.generate() == before
    for name in ("class", "a b", "np", "power_grad"):
        with pytest.raises(sct.SctError, match="is no name that a function can have|is in this module already"):
            g.add(loss, "grad", types=TYPES, name=name)


# -- what else is no argument ----------------------------------------------------------------------------------------------


class Model:
    def __init__(self):
        self.w = np.array([1.0, 2.0])


def of_a_model(x, m):
    return np.sum(x * m.w) * getattr(m, "k", 2.0)


def test_fields_of_an_instance():
    grad = loaded(sct.generate(of_a_model, like=(X, Model())))["of_a_model_grad"]
    assert_same(grad(X, Model()), sct.grad(of_a_model)(X, Model()))
    other = Model()
    other.k = 5.0
    with pytest.raises(ValueError, match="this code is for m without k"):
        grad(X, other)
    with pytest.raises(TypeError, match="m must be of type Model, not Derived"):
        grad(X, type("Derived", (Model,), {})())


@pytest.mark.parametrize(
    "x", [np.matrix(X), np.ma.masked_array(X), list(X), X * 1j, X.astype(int)], ids=lambda x: type(x).__name__
)
def test_array_likes_are_refused(x):
    def f(x: "np.typing.NDArray[np.float64]"):
        return np.sum(x * x)

    for text in (sct.generate(f), sct.generate(f, like=(X,))):
        with pytest.raises(TypeError, match="x must be"):
            loaded(text)["f_grad"](x)


def test_numbers_of_another_class():
    def f(x, k):
        return np.sum(x) * k

    grad = loaded(sct.generate(f, like=(X, 2.0)))["f_grad"]
    for k in (np.float64(2.0), 2, True):
        with pytest.raises(TypeError, match="k must be of type float"):
            grad(X, k)


def test_memory_that_is_written_into():
    def f(parts, y):
        parts[0][0] = 2.0 * y[1]
        return np.sum(parts[0] * y) + np.sum(parts[1])

    grad = loaded(sct.generate(f, "grad", "y", like=([X + 1.0, X], C)))["f_grad"]
    a = X + 1.0
    assert_same(grad([a, X], C), sct.grad(f, "y")([a, X], C))
    frozen = a.copy()
    frozen.flags.writeable = False
    for parts, y in (([a, a], C), ([a, X], a), ([frozen, X], C), ([np.broadcast_to(a[:1], 2), X], C)):
        with pytest.raises(ValueError, match="share memory|read-only"):
            grad(parts, y)


def test_sizes_that_are_relied_on_in_products():
    def f(x, y):
        return np.sum(x[: 2 * (len(x) % 3)] * y)

    x = np.arange(1.0, 6.0)
    grad = loaded(sct.generate(f, like=(x, np.ones(4))))["f_grad"]
    assert_same(grad(x, np.ones(4)), sct.grad(f)(x, np.ones(4)))


# -- adjoints that are added to buffers ---------------------------------------------------------------------------------------


def added(a, b):
    if isinstance(a, dict):
        return {k: added(a[k], b[k]) for k in a}
    if isinstance(a, (tuple, list)):
        return type(a)(added(x, y) for x, y in zip(a, b, strict=True))
    return None if b is None else a + b


def numbers(tree):
    """The numbers in a tuple of buffers that cannot be added to in place."""
    if isinstance(tree, tuple):
        return [x for v in tree for x in numbers(v)]
    return [] if isinstance(tree, (dict, list)) or tree is None or np.ndim(tree) else [tree]


def in_place(tree):
    """The arrays in a structure, and the numbers in its lists and dicts."""
    if isinstance(tree, (dict, list)):
        items = list(tree.values()) if isinstance(tree, dict) else tree
        return [
            x for v in items for x in ([v] if v is not None and not isinstance(v, tuple) and not np.ndim(v) else in_place(v))
        ]
    if isinstance(tree, tuple):
        return [x for v in tree for x in in_place(v)]
    return [tree] if np.ndim(tree) else []


def assert_added(f, args, wrt, bar=None):
    """A derivative that adds to buffers adds what sct gives."""
    given = () if bar is None else (bar,)
    found = sct.grad(f, wrt)(*args) if bar is None else sct.vjp(f, wrt)(*args, bar)[1]
    buffers = random_like(found, np.random.default_rng(2))
    expected = added(buffers, found)
    text = sct.generate(f, "grad" if bar is None else "vjp", wrt, like=args, accumulate=True)
    result = loaded(text)[f"{f.__name__}_adjoint"](*copy.deepcopy(args), *given, *buffers)
    sums = () if result is None else result if isinstance(result, tuple) else (result,)
    np.testing.assert_allclose(sums, numbers(expected), rtol=1e-12)
    for x, y in zip(in_place(buffers), in_place(expected), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-14)
    return text


KERNELS = [name for name in NAMES if not is_refused(name)]


@pytest.mark.parametrize("name", KERNELS[::6])
def test_kernels_add_to_buffers(name):
    f, args, wrt = sample(name)
    assert_added(f, args, wrt, random_like(f(*copy.deepcopy(args)), np.random.default_rng(1)))


def test_what_is_only_added_to_is_the_buffer():
    text = assert_added(loss, GIVEN, ("W", "b", "x"))
    assert "    W_bar += x.T @ total_bar\n" in text and "    x_bar += total_bar @ W.T\n" in text
    assert ") -> None:" in text and "    return" not in text.split("# forward")[1].split("def ")[0]

    def gathered(table, rows):
        s = 0.0
        for i in rows:
            s += table[i] * table[i]
        return s

    text = assert_added(gathered, (np.arange(4.0), [0, 2, 2]), ("table",))
    assert "zeros" not in text


def test_what_is_read_on_the_way_is_added_at_the_end():
    def smoothed(x, n):
        for _ in range(n):
            x[1:-1] = 0.5 * (x[:-2] + x[2:])
        return np.sum(x * x)

    assert_added(smoothed, (np.arange(5.0) ** 2, 3), ("x",))


def branches(x, y, k):
    if k > 0:
        return np.sum(x * y)
    return np.sum(x)


@pytest.mark.parametrize("k", [1, -1])
def test_adjoints_of_branches_are_added(k):
    assert_added(branches, (np.ones(3), np.arange(3.0), k), ("x", "y"))


def test_containers_and_numbers_have_buffers():
    def f(params, rate):
        return rate * np.sum(params["W"] @ params["b"]) * params["scale"] + np.sum(params["pair"][0])

    params = {"W": WEIGHTS, "b": C, "scale": 0.5, "pair": (X, 3)}
    text = assert_added(f, (params, 2.0), ("params", "rate"))
    assert 'params_bar["scale"] = ' in text and "rate_bar: float | np.floating[Any]" in text


def test_same_array_as_two_results():
    assert_added(of_both, (np.ones(3), np.arange(3.0)), ("x", "y"), np.arange(3.0) + 1.0)


def of_both(x, y):
    return x + y


def test_buffers_share_no_memory():
    adjoint = loaded(sct.generate(of_both, "vjp", ("x", "y"), like=(X, X), accumulate=True))["of_both_adjoint"]
    buffer = np.zeros(2)
    for args in ((X, C, C, buffer, buffer), (X, C, buffer, buffer, np.zeros(2)), (buffer, C, C, buffer, np.zeros(2))):
        with pytest.raises(ValueError, match="share memory"):
            adjoint(*args)
    with pytest.raises(ValueError, match=r"x_bar.shape\[0\] must be [xy].shape\[0\], which is 2, but is 3"):
        adjoint(X, C, C, np.zeros(3), buffer)


# -- several in one module -----------------------------------------------------------------------------------------------------


def test_several_functions_share_what_they_need():
    g = sct.Generator()
    g.add(loss)
    g.add(loss, "grad", "W", types=TYPES)
    g.add(loss, "vjp", ("x",), types=TYPES, name="by_x")
    g.add(power, "grad", like=(1.3, 2))
    text = g.generate()
    namespace = loaded(text)
    assert namespace["__all__"] == ["by_x", "loss", "loss_grad", "power_grad"]
    assert text.count("def expect_array(") == 1
    assert namespace["loss"](*GIVEN) == loss(*GIVEN)
    assert_same(namespace["by_x"](*GIVEN, 1.0), sct.vjp(loss, ("x",))(*GIVEN, 1.0))
    with pytest.raises(sct.SctError, match="loss_grad is in this module already"):
        g.add(loss, "grad", "b", types=TYPES)


# -- compiled by Numba -------------------------------------------------------------------------------------------------------


def chain(x, k):
    """The energy of a chain of springs, by loops."""
    total = 0.0
    for i in range(len(x) - 1):
        d = x[i + 1] - x[i]
        if d > 0.0:
            total += 0.5 * k * d * d * SCALE
        else:
            total += k * d**4
    return total


def swept(u, n):
    for _ in range(n):
        for i in range(1, u.shape[0] - 1):
            u[i] = 0.5 * (u[i - 1] + u[i + 1]) * u[i]
    return np.sum(u)


@pytest.mark.parametrize(
    ("f", "args", "transform", "wrt"),
    [
        (chain, (np.array([0.3, 0.1, 0.7]), 2.0), "value_and_grad", ("x", "k")),
        (chain, (np.array([0.3, 0.1, 0.7]), 2.0), "vjp", "x"),
        (swept, (np.linspace(1.0, 2.0, 6), 3), "grad", "u"),
        (loss, GIVEN, "grad", "W"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_numba_compiles_what_computes(f, args, transform, wrt):
    bar = () if transform != "vjp" else (random_like(f(*copy.deepcopy(args)), np.random.default_rng(1)),)
    text = sct.generate(f, transform, wrt, like=args, jit="numba", name="derivative")
    found = loaded(text)["derivative"](*copy.deepcopy(args), *bar)
    for x, y in zip(leaves(found), leaves(getattr(sct, transform)(f, wrt)(*args, *bar)), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)
    with pytest.raises(TypeError, match="must be"):
        loaded(text)["derivative"](None, *args[1:], *bar)


def test_what_numba_compiles_looks_at_indices():
    def f(x, k):
        return x[k] * x[0]

    grad = loaded(sct.generate(f, like=(X, 1), jit="numba"))["f_grad"]
    assert_same(grad(X, 1), sct.grad(f)(X, 1))
    with pytest.raises(IndexError):
        grad(X, 5)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: sct.generate(lambda p: p["a"] ** 2, like=({"a": 1.0},), jit="numba"), "is no number, array of known rank"),
        (lambda: sct.generate(loss, "grad", jit="numba"), "W is no number, array of known rank, flag or tuple"),
        (lambda: sct.generate(loss, "pullback", types=TYPES, jit="numba"), "Numba cannot compile loss_pullback: "),
        (lambda: sct.generate(loss, types=TYPES, jit="numba", data="import"), "Numba keeps what another module has"),
        (lambda: sct.generate(power, like=(1.3, 4), jit="numba"), "power calls itself, which is not compiled by Numba here"),
        (lambda: sct.generate(loss, types=TYPES, jit="cython"), "there is no jit='cython'"),
    ],
)
def test_what_numba_cannot_take_is_refused(call, match):
    with pytest.raises(sct.SctError, match=match):
        call()


# -- the same bytes, and what is told from them --------------------------------------------------------------------------------

PROGRAM = """
import sys
import numpy as np
import sct
from test_module import f, g
made = sct.Generator()
made.add(f, "vjp", ("params", "x"), like=({"W": np.ones((2, 3)), "b": np.ones(3)}, np.ones(2)))
made.add(g, "grad", types="x: f8[n], n: int")
sys.stdout.write(made.generate())
"""
FUNCTIONS = """
import numpy as np
import sct

RATES = {"low": 0.25, "high": 4.0}

def act(x):
    return np.where(x > 0.0, x, RATES["low"] * x)

def f(params, x):
    h = act(x @ params["W"] + params["b"])
    for _ in range(3):
        h = act(h) * RATES["high"]
    return h, np.linalg.norm(h)

def g(x, n):
    if n <= 0:
        return np.sum(x)
    return np.sum(x * x) * g(np.sin(x), n - 1)
"""


def test_the_same_bytes_in_each_process(tmp_path):
    (tmp_path / "test_module.py").write_text(FUNCTIONS)
    (tmp_path / "program.py").write_text(PROGRAM)
    found = set()
    for seed in ("0", "1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        found.add(subprocess.run([sys.executable, tmp_path / "program.py"], env=env, check=True, capture_output=True).stdout)
    assert len(found) == 1


def test_modules_say_how_they_were_made():
    g = sct.Generator(guards=False)
    g.add(loss)
    g.add(loss, "vjp", ("W", "b"), types=TYPES, name="back")
    g.add(power, "grad", like=(1.3, 2))
    assert g.generate().split('"""')[1].splitlines() == [
        "Derivatives, as sct wrote them.",
        "",
        f"- loss: sct.add({__name__}.loss)",
        f"- back: sct.generate({__name__}.loss, 'vjp', ('W', 'b'), types={TYPES!r}, name='back', guards=False)",
        f"- power_grad: sct.generate({__name__}.power, 'grad', 'x', like=…, guards=False)",
    ]


def test_hashes_tell_what_was_changed(tmp_path, monkeypatch):
    text = sct.generate(loss, types=TYPES)
    found = stamps(text)
    assert found["format"] == "1" and found["text"] == found["now"]
    edited = stamps(text.replace("2.0", "3.0"))
    assert edited["text"] != edited["now"]
    assert stamps("x = 1\n") is None
    assert stamps(text.replace("\n", "\r\n")) == found
    assert stamps(f"{text}import os\n")["now"] != found["now"]
    assert stamps(sct.generate(loss, types=TYPES.replace("f8", "f4")))["made from"] != found["made from"]
    assert stamps(sct.generate(loss, types=TYPES))["made from"] == found["made from"]
    before = stamps(sct.generate(made(C), like=(X,)))["made from"]
    assert stamps(sct.generate(made(C), like=(X,)))["made from"] == before
    monkeypatch.setitem(globals(), "SCALE", 2.75)
    assert stamps(sct.generate(made(C), like=(X,)))["made from"] != before


READ = """
import numpy as np
import sct

def helper(x):
    return np.{sin}(x)

@sct.nondifferentiable
def sign(x, k={k}):
    return np.sign(x) * k

def cube(x):
    return x**3

@sct.adjoint(cube)
def cube_adjoint(y, x, y_bar):
    return {factor} * y_bar * square(x)

def square(x):
    return {square}

def recursive(x, n):
    return np.sum(cube(x)) if n == 0 else recursive(helper(x), n - 1)

def stepped(x, n):
    for _ in sct.checkpointed(range(n), slots=2):
        x = cube(helper(x))
    return np.sum(x)

def kept(x):
    return np.sum(sct.checkpoint(cube)(helper(x)))

def plain(x):
    return np.sum(x * sign(x) + cube(x))
"""


@pytest.mark.parametrize(
    ("name", "args", "edits"),
    [
        ("recursive", (X, 2), {"sin": "cos", "factor": 4.0, "square": "x**2"}),
        ("stepped", (X, 5), {"sin": "cos", "factor": 4.0, "square": "x**2"}),
        ("kept", (X,), {"sin": "cos", "factor": 4.0, "square": "x**2"}),
        ("plain", (X,), {"factor": 4.0, "square": "x**2", "k": 2}),
    ],
)
def test_what_was_read_is_part_of_what_a_module_is_made_from(name, args, edits, made_module):
    """Wherever it is read: in a function that calls itself, in steps of a checkpointed loop, or in another rule."""
    given = {"sin": "sin", "factor": 3.0, "square": "x * x", "k": 1}

    def made_from(**changed):
        module = made_module(READ.format(**{**given, **changed}))
        return stamps(sct.generate(getattr(module, name), like=args))["made from"]

    found = [made_from(), *(made_from(**{key: edit}) for key, edit in edits.items())]
    assert len(set(found)) == len(found) and made_from() == found[0]
    unread = {"sin": "cos"} if name == "plain" else {"k": 2}
    assert made_from(**unread) == found[0]


def test_rules_are_read_each_time():
    def f(x):
        return (np.sin(x) * x).sum() + np.linalg.norm(x)

    for _ in range(2):
        with noting() as read:
            sct.generate(f, like=(X,))
        rules = {adjoint_rule(p) for p in (np.sin, operator.mul, operator.add, np.sum, np.linalg.norm)}
        assert {r for r in read if isinstance(r, AdjointRule)} == rules
        assert {r.function for r in rules} <= set(read)


# -- bad input -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "match"),
    [
        ("W: f8[n, m], b: f8[m], x: f8[k, n]", "says nothing of y"),
        (f"{TYPES}, z: f8[n]", "has z, which is no parameter"),
        ("W f8", "cannot be read: .* at character"),
        (TYPES.replace("b: f8", "b: f9"), "f9, which is said of b, is no dtype of NumPy's"),
        (TYPES.replace("b: f8[m]", "b: f8"), "f8, which is said of b, is no type: an array has its dimensions behind it"),
        (TYPES.replace("b: f8[m]", "b: f8[m.n]"), "is no size"),
        (TYPES.replace("b: f8[m]", "b"), "says no type of b"),
        (f"{TYPES}, W: f8[n]", "has more in it than types"),
        (TYPES.replace("y: f8[k, m]", "y: f8[k, m] = 3"), "has more in it than types"),
        (f"{TYPES}): pass\ndef h(", "has more in it than types"),
    ],
)
def test_types_with_a_mistake(types, match):
    with pytest.raises(sct.SctError, match=match):
        sct.generate(loss, types=types)


def test_sizes_that_stand_nowhere_alone():
    def f(x):
        return np.sum(x * x)

    with pytest.raises(sct.SctError, match=r"the size of x.shape\[0\] is n \+ 1, and no axis says what that is made of"):
        sct.generate(f, types="x: f8[n + 1]")


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: sct.Generator().add(np.sin), "only a function is added as it is written"),
        (lambda: sct.generate(loss, "jet", types=TYPES), "there is no transform 'jet'"),
        (lambda: sct.generate(loss, types=TYPES, like=GIVEN), "given twice"),
        (lambda: sct.generate(loss, types=TYPES, functions="all"), "functions='all' says nothing"),
        (lambda: sct.generate(loss, "pullback", types=TYPES, accumulate=True), "accumulate is for grad and vjp"),
        (lambda: sct.generate(loss, types=TYPES, data="all"), "data='all' says nothing"),
        (lambda: sct.generate(made(C), like=(X,), data={"k": "import"}), "is said of nothing that a function reads"),
        (lambda: sct.generate(loss, like=2.0), "like is a tuple of arguments"),
        (lambda: sct.Generator().add(loss, name="g"), "a function is added as it is written"),
        (lambda: sct.generate(lambda *x: x[0], like=(1.0,)), "takes any number of arguments"),
    ],
)
def test_bad_input(call, match):
    with pytest.raises(sct.SctError, match=match):
        call()


def many(first_parameter, second_parameter, third_parameter, fourth_parameter, fifth_parameter):
    return np.sum(first_parameter * second_parameter * third_parameter * fourth_parameter * fifth_parameter)


@pytest.mark.parametrize("transform", ["pullback", "linearize"])
def test_an_inner_function_that_gives_more_than_fits_into_a_line(transform):
    args = tuple(np.full(2, k + 1.0) for k in range(5))
    text = sct.generate(many, transform, tuple(range(5)), like=args, name="derivative")
    namespace = {}
    exec(text, namespace)
    _, inner = namespace["derivative"](*args)
    found = inner(1.0) if transform == "pullback" else inner(*args)
    assert len(found) == 5 and found[4].tolist() == [24.0, 24.0] if transform == "pullback" else found == 1200.0
