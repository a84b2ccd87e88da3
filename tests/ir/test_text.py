"""The text of functions and types: what is printed is read, and prints equally.

Every stage of every kernel is read back where the kernels are tested (tests/kernels).
"""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from read_back import read_back, stages

import sct
from sct.frontend import lower
from sct.ir.parser import parse
from sct.ir.printer import show
from sct.ir.scanner import TextError
from sct.ir.type_text import parse_type, text_of
from sct.ir.types import Array, Const, Scalar, size_symbol


def drawn(x, n, *, label="a"):
    with_items = {"k": x, (1, 2): [x, 2.0 * x]}
    total = 0.0
    for i in sct.checkpointed(range(n), slots=2):
        total = total + np.random.rand() * np.sum(x) * i
    while total > 3.0:
        total = 0.5 * total
    print(f"{label}: {total:.3f}")
    return total + with_items["k"][0] if n else total


def test_checkpoints_effects_and_formats_are_read_back():
    read_back(lower(drawn).function)
    lowered = sct.stages.lower(sct.stages.read(drawn))
    typed = sct.stages.specialize(lowered, sct.stages.Arguments.like(lowered, np.ones(3), 4))
    assert " checkpointed drawn_step(2, 0, (" in show(typed.function)
    read_back(typed.function)
    with stages() as given:
        sct.grad(drawn).source_for(np.ones(3), 4)
    for _, f in given:
        read_back(f)


def told(x, n):
    print(n)
    return x if n == 0 else told(np.sin(x) * x, n - 1)


def filled(d, p, n):
    if n > 0:
        d[n] = [p[-1]]
        p.append(d[n][0] * 0.5)
        filled(d, p, n - 1)


def of_filled(x, n):
    d, p = {}, [x]
    filled(d, p, n)
    return d[1][0]


def test_tangents_and_calls_of_jvps_are_read_back():
    with stages() as given:
        sct.jvp(told).source_for(1.5, 3)
        sct.jvp(drawn).source_for(np.ones(3), 4)
        sct.jvp(of_filled).source_for(1.5, 3)
    for _, f in given:
        read_back(f)
    assert any("objects {'d': dict(int, [float, ...] at 1) at 0, 'p': [float, ...] at 2} of" in show(f) for _, f in given)
    assert any("jvp[x] effect reports of" in show(f) for _, f in given)


COMPILES = """
import sys
import sct
from elsewhere import decay
print(sct.grad(decay)(1.0) < 0.0, *sorted(m for m in sys.modules if m in {names}))
"""


def test_a_compilation_needs_no_text():
    names = {f"sct.ir.{m}" for m in ("naming", "parser", "printer", "scanner", "type_text")}
    folder = pathlib.Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", COMPILES.replace("{names}", repr(names))],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["True"], done.stderr


TYPES = [
    "?",
    "undefined",
    "float",
    "int=n",
    "int=2*n + m - 3",
    "float|int",
    "int=-n + 1|bool",
    "float64[]",
    "boxed float32[]",
    "perhaps boxed ?[]",
    "maybe float64[x.0]",
    "perhaps boxed float64[...]|float|int or [x.0, 3]",
    "boxed ?[]",
    "complex64[n, 1, x.0]|int|float",
    "?[...]",
    "int64[x.0>=4, y.1?, k!, i#1 + 1, φ#2]",
    "float64[max0(n - 1), slice(x.0, 0, None, 2), min(x.0, 3), reshape(0, (x.0, 2), (n, -1)), count(1)]",
    "float64['weights[0].W.0']",
    "(float, (int=n,), ())",
    "[float64[x.0], ...]",
    "[float64[x.0], bool]",
    "{'W': float64[W.0, W.1], 3: {}, (1, 'b'): None}",
    "slice(int=n, None, 2)",
    "stateful np.random.Generator",
    "instance builtins.object 'model.layers[0]'",
    "const (0, -1)",
    "const slice(None, 3, None)",
    "const [1.0, {'a': range(0, 3, 1)}]",
    "(1, -2.5, nan, -inf, True, None, ..., 'it''s', b'x', complex(-0.0, 1.0))",
    "np.float32(1.5)",
    "dtype(int32)",
    "builtins.float",
    "np.linalg.norm",
    "np.random",
    "operator.add",
]


@pytest.mark.parametrize("text", TYPES)
def test_a_type_is_read_back(text):
    text = text.replace("'it''s'", '"it\'s"')
    t = parse_type(text)
    assert text_of(t) == text
    assert parse_type(text_of(t)) == t or text.startswith("const [")  # lists are equal to themselves only


def test_what_a_type_says():
    assert parse_type("float32[n!, 3]|int") == Array(np.dtype(np.float32), (size_symbol("n", 1), 3), also=(int,))
    assert parse_type("int=n") == Scalar(int, size_symbol("n"))
    assert parse_type("float64[x.0]") == Array(np.dtype(float), (size_symbol("x.0", 1),))
    assert parse_type("2") == Const(2)


def test_objects_that_no_library_has_are_given():
    def own(x):
        return x

    t = Const(own)
    assert text_of(t) == "@own"
    assert parse_type("@own", {"own": own}) == t
    with pytest.raises(TextError, match="no object is given for @own"):
        parse_type("@own")


def test_by_hand_numbers_and_types_are_left_out():
    f = parse(
        """
        def f(%x, %n: int=n := 3, *, %scale):
            # line 2: for i in range(n):
            %y = for %i: int in range(0, %n, 1) [%h := %x]:
                %t~h = operator.mul(%h, %scale)
                yield %t~h
            yield %y
        """
    )
    assert show(f).splitlines() == [
        "def f(%x.0: ?, %n.1: int=n := 3, *, %scale.2: ?):",
        "    # line 2: for i in range(n):",
        "    %y.3 = for %i.4: int in range(0, %n.1, 1) [%h.5 := %x.0]:   # ?",
        "        %t~h.6 = operator.mul(%h.5, %scale.2)                   # ?",
        "        yield %t~h.6",
        "    yield %y.3",
    ]


ERRORS = [
    ("def f(%x: float):\n    yield %y\n", "%y is not defined", 2, 11),
    ("def f(%x: float, %x: float):\n    yield %x\n", "%x is defined twice", 1, 18),
    ("def f(%x: float):\n    %y = np.sine(%x)\n    yield %y\n", "'np.sine' is not known", 2, 10),
    ("def f(%x: floaty[3]):\n    yield %x\n", "'floaty' is no type and no dtype", 1, 11),
    ("def f(%x: float):\n    %y = np.sin(%x   # float\n    yield %y\n", r"'\)' expected, '#' found", 2, 22),
    ("def f(%x: float):\n    %y = np.sin(%x)   # float[\n    yield %y\n", "a size expected", 2, 31),
    ("def f(%x: bool):\n    %y = if %x:  # float\n    yield %y\n", "an indented block expected", 3, 5),
    ("def f(%x: bool):\n    %y = np.sin(%x)\n", "the text ends too early", 3, 1),
    ("def f(%x: bool):\n    # a note\n    yield %x\n", "'# line N: ...', '# reverse of line N", 2, 5),
    ("def f(%x: bool):\n    yield %x\nyield %x\n", "one function expected", 3, 1),
    ("def f(%x: float):\n    %y = @g(%x)\n    yield %y\n", "no object is given for @g", 2, 10),
]


@pytest.mark.parametrize("text, what, line, column", ERRORS)
def test_errors_say_where(text, what, line, column):
    with pytest.raises(TextError, match=what) as error:
        parse(text)
    assert (error.value.line, error.value.column) == (line, column)
