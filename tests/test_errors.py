"""What a user reads when something is refused: the reason, the way there, and what to write instead."""

import ast
import functools
import inspect
import re
import traceback
from pathlib import Path

import numpy as np
import pytest
from numpy.polynomial import polyutils
from sources import define

import sct
import sct.errors


def square(x, k=2):
    return np.sum(x * x) * k


def product(x, y):
    return np.sum(x * y)


X = np.ones(3)


def error_of(call):
    """The error that `call` raises."""
    with pytest.raises(sct.SctError) as found:
        call()
    return found.value


def code_in(advice):
    """What an advice says to write, which must be Python."""
    written = advice.removeprefix("Write ").split(";")[0].rstrip(".").removesuffix(" for the derivative of f at x")
    return ast.unparse(ast.parse(written))


# A mistake, and what to write instead.
MISTAKES = {
    "argnums": (lambda: sct.grad(product, argnums=0), "sct.grad(product, wrt=0)"),
    "argnums that are several": (lambda: sct.grad(product, argnums=[0, 1]), "sct.grad(product, wrt=(0, 1))"),
    "argnum": (lambda: sct.value_and_grad(product, argnum="y"), "sct.value_and_grad(product, wrt='y')"),
    "argnums in a decorator": (lambda: sct.grad(argnums=1)(product), "sct.grad(f, wrt=1)"),
    "wrt by position": (lambda: sct.grad(product, 0, 1), "sct.grad(product, wrt=(0, 1))"),
    "a value for the function": (lambda: sct.grad(square(X)), "sct.grad(f)(x)"),
    "no such parameter": (lambda: sct.grad(product, wrt="z"), "wrt = 'x'"),
    "no such parameter, by number": (lambda: sct.grad(product, wrt=2), "wrt = 'x'"),
    "the same twice": (lambda: sct.grad(product, wrt=(0, "x")), "wrt = 'x'"),
    "no such parameter of a derivative": (lambda: sct.grad(sct.grad(product), wrt="z"), "wrt = 'x'"),
    "no cotangent": (lambda: sct.vjp(product)(X, X), "sct.vjp(product)(x, y, y_bar)"),
    "no cotangent, and a default": (lambda: sct.vjp(square)(X), "sct.vjp(square)(x, k, y_bar)"),
    "too few": (lambda: sct.grad(product)(X), "sct.grad(product)(x, y)"),
    "too few for a cotangent": (lambda: sct.vjp(product)(X), "sct.vjp(product)(x, y, y_bar)"),
    "nothing": (lambda: sct.vjp(product)(), "sct.vjp(product)(x, y, y_bar)"),
    "too many": (lambda: sct.grad(lambda x: x * x)(1.0, 2.0), "sct.grad(f)(x)"),
    "a name that is none": (lambda: sct.grad(product)(X, z=X), "sct.grad(product)(x, y)"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_call_is_answered_with_what_to_write(name):
    call, instead = MISTAKES[name]
    assert code_in(error_of(call).advice) == instead


@pytest.mark.parametrize("name", [n for n in MISTAKES if "such" not in n and "twice" not in n])
def test_a_wrong_call_is_a_type_error(name):
    with pytest.raises(TypeError):
        MISTAKES[name][0]()


def test_an_option_that_there_is_not():
    error = error_of(lambda: sct.grad(square, has_auks=True))
    assert "no argument has_auks" in error.message and "has_aux" in error.advice


def refused(x):
    y = {1}.pop()
    return x * len(y)


SHOWN = {
    "a call": lambda: sct.grad(refused)(X),
    "a call with keywords": lambda: sct.grad(refused)(x=X),
    "a decorator with keywords": lambda: sct.grad(wrt="z")(refused),
    "a transform": lambda: sct.grad(refused, wrt="z"),
    "source": lambda: sct.grad(refused).source,
    "source_for": lambda: sct.grad(refused).source_for(X),
    "specialize": lambda: sct.grad(refused).specialize(X),
    "tape": lambda: sct.grad(refused).tape(X),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_traceback_ends_at_the_users_call(name):
    error = error_of(SHOWN[name])
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    assert files[-2] == __file__ and len(files) == 3  # this helper, the call, and one line that raises
    assert error.__cause__ is None and error.__context__ is None


def test_the_frames_of_the_compiler_are_there_for_who_asks(monkeypatch):
    monkeypatch.setenv("SCT_TRACEBACK", "full")
    assert len(traceback.extract_tb(error_of(SHOWN["a call"]).__traceback__)) > 6


def test_an_error_of_numpy_keeps_its_frames():
    with pytest.raises(ValueError, match="broadcast") as error:
        sct.value_and_grad(product)(np.ones(3), np.ones(2))
    assert "product_value_and_grad" in [frame.name for frame in traceback.extract_tb(error.value.__traceback__)]


# -- the way there ---------------------------------------------------------------------------------------------------------


def inner(x):
    return polyutils.getdomain(x)


def middle(x):
    y = x * 2.0
    return inner(y)


def outer(x):
    return np.sum(middle(x))


def test_an_error_in_a_helper_shows_the_chain_of_calls():
    text = str(error_of(lambda: sct.grad(outer)(X)))
    places = re.findall(r"^  (at|called at) (.*?):\d+:\d+, in (\w+)\n    (.*)\n +\^$", text, re.MULTILINE)
    assert places == [
        ("at", __file__, "inner", "return polyutils.getdomain(x)"),
        ("called at", __file__, "middle", "return inner(y)"),
        ("called at", __file__, "outer", "return np.sum(middle(x))"),
    ]


def test_what_cannot_be_read_in_a_helper_shows_the_chain_of_calls():
    helper = define("def helper(x):\n    s = {1}.pop()\n    return x * s\n", "helper")
    f = define("def f(x):\n    return helper(x)\n", "f", helper=helper)
    text = str(error_of(lambda: sct.grad(f)(2.0)))
    assert re.findall(r"(?:at|called at) .*, in (\w+)", text) == ["helper", "f"]


def test_a_recursion_shows_where_it_was_called():
    g = define("def g(x, n):\n    if n == 0:\n        return np.spam(x)\n    return g(x, n - 1)\n", "g")
    f = define("def f(x, n):\n    return g(x, n)\n", "f", g=g)
    text = str(error_of(lambda: sct.grad(f)(2.0, 3)))
    assert re.findall(r"(?:at|called at) .*, in (\w+)", text) == ["g", "f"]


def test_lines_of_the_rules_are_not_shown():
    f = define("def f(x, n):\n    return np.sum(np.quantile(x, 0.3, method='inverted_cdf'))\n", "f")
    assert "rules" not in str(error_of(lambda: sct.grad(f)(X, 1)))


# -- words -----------------------------------------------------------------------------------------------------------------

# A function of x and y, the arguments, and what the message begins with.
SAID = {
    "a vector": ("return x * y", (X, X), "f returns a float64 vector, and a gradient is of a scalar"),
    "a matrix": ("return x * np.ones((3, 3), np.float32)", (X, 1), "f returns a float64 matrix, and"),
    "a tuple": ("return x, y", (X, X), "f returns a tuple of 2 items, and"),
    "an int": ("return x", (3, 1), "f cannot be differentiated by x, which is an int"),
    "ints in a list": ("return x[0]", ([1, np.arange(3)], 1), "f cannot be differentiated by x, which is a list of 2 items"),
    "a string": ("return x", ("a", 1), "f cannot be differentiated by x, which is 'a'"),
    "an object": ("return x", (object(), 1), "f cannot be differentiated by x, which is an object that is no number"),
    "a key": ("return x['c']", ({"a": 1.0, "b": X}, 1), "'c' is not in a dict with the keys 'a', 'b'"),
    "a loop over a number": (
        "for v in y:\n        x = x * v\n    return x",
        (1.0, 2.0),
        "a loop over a float is not supported",
    ),
    "a loop over an object": (
        "for v in y:\n        x = x * v\n    return x",
        (1.0, object()),
        "a loop over a value of unknown type",
    ),
    "names": ("a, b = x, y, x\n    return a", (1.0, 2.0), "3 values cannot be unpacked into 2 names"),
    "a write": (
        "z = np.zeros((2, 3))\n    z[0] = np.ones(4)\n    return np.sum(z * x)",
        (X, 1),
        "a value of shape (4,) does not fit",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_e_types_are_described_in_words(name):
    body, args, said = SAID[name]
    f = define(f"def f(x, y):\n    {body}\n", "f")
    assert error_of(lambda: sct.grad(f)(*args)).message.startswith(said)


def test_e_functions_have_the_names_by_which_they_are_imported():
    vq, hierarchy = pytest.importorskip("scipy.cluster.vq"), pytest.importorskip("scipy.cluster.hierarchy")
    for function, name in (
        (vq.whiten, "scipy.cluster.vq.whiten"),
        (hierarchy.linkage, "scipy.cluster.hierarchy.linkage"),
        (polyutils.getdomain, "np.polynomial.polyutils.getdomain"),
    ):
        f = define("def f(x):\n    return np.sum(function(x))\n", "f", function=function)
        error = error_of(lambda f=f: sct.grad(f)(X))
        assert error.message.startswith(f"{name} has no derivative rule")
        assert f"`@sct.adjoint({name})`" in error.advice


# -- every error -----------------------------------------------------------------------------------------------------------

KINDS = {n for n, kind in vars(sct.errors).items() if inspect.isclass(kind) and issubclass(kind, sct.SctError)} | {
    "UnrollError"
}
COMPUTED = "name"  # what stands for a part of a message that is computed


def template(node):
    """The text of a message, with a name in place of what is computed; None if all of it is."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else COMPUTED for v in node.values)
    return None


ROOT = Path(sct.errors.__file__).parent
FILES = [str(p.relative_to(ROOT)) for p in sorted(ROOT.rglob("*.py")) if any(f"{kind}(" in p.read_text() for kind in KINDS)]


@functools.cache
def raised(file):
    """The calls in a file that make errors of sct: line, message, advice."""
    found = []
    for n in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in KINDS:
            named = {k.arg: k.value for k in n.keywords}
            found.append((n.lineno, n.args[0], n.args[2] if len(n.args) > 2 else named.get("advice")))
    return found


def test_there_are_errors():
    assert sum(len(raised(file)) for file in FILES) > 100


@pytest.mark.parametrize("file", FILES)
def test_every_error_has_an_advice_whose_code_is_python(file):
    for line, _, advice in raised(file):
        assert advice is not None, line
        text = template(advice)
        if text is None:
            continue
        assert text and text.endswith((".", "`", COMPUTED)), line
        assert not re.search(r"(?<![\w)\]`.])\.\w+\(", text), line  # a method of nothing
        for code in re.findall(r"`([^`]*)`", text):
            ast.parse(f"{code}\ndef f(): pass" if code.startswith("@") else f"def f():\n    {code}", f"of line {line}")
        for name in re.findall(r"\b(?:np|sct)(?:\.[a-zA-Z_]\w*)+", text):
            found = {"np": np, "sct": sct}[name.split(".")[0]]
            for part in name.split(".")[1:]:
                if part != COMPUTED:
                    found = getattr(found, part)


@pytest.mark.parametrize("file", FILES)
def test_no_message_shows_how_the_compiler_writes_types(file):
    for line, message, _ in raised(file):
        for part in message.values if isinstance(message, ast.JoinedStr) else ():
            if isinstance(part, ast.FormattedValue):
                written = ast.unparse(part.value)
                assert written not in ("t", "u") and not written.startswith("type_of("), line
        assert not re.search(r"\?|@\d", template(message) or ""), line
