"""Every construct that sct does not take is refused at its place, with advice."""

import re
import sys

import numpy as np
import pytest
from sources import define

import sct

# A function's text, and the piece of it at which the caret points (its first character).
REFUSED = {
    "class": ("def f(x):\n    class A:\n        pass\n    return x\n", "class A"),
    "def inside": ("def f(x):\n    def g(y):\n        return y\n    return g(x)\n", "def g"),
    "lambda inside": ("def f(x):\n    g = lambda y: y * y\n    return g(x)\n", "lambda"),
    "list comprehension": ("def f(x):\n    return np.sum([v * v for v in x])\n", "[v"),
    "dict comprehension": ("def f(x):\n    d = {i: v for i, v in enumerate(x)}\n    return d[0]\n", "{i"),
    "set comprehension": ("def f(x):\n    s = {v for v in (1, 2)}\n    return x * len(s)\n", "{v"),
    "generator expression": ("def f(x):\n    return sum(v * v for v in x)\n", "(v * v for"),
    "try": ("def f(x):\n    try:\n        y = x\n    except ValueError:\n        y = 2 * x\n    return y\n", "try"),
    "with": ("def f(x):\n    with np.errstate(all='ignore'):\n        y = np.log(x)\n    return y\n", "with"),
    "global": ("def f(x):\n    global y\n    y = x\n    return y\n", "global"),
    "del": ("def f(x):\n    y = x * x\n    del y\n    return x\n", "del"),
    "yield": ("def f(x):\n    yield x * x\n", "yield"),
    "yield from": ("def f(x):\n    yield from x\n", "yield from"),
    "async def": ("async def f(x):\n    return x * x\n", "async def"),
    "await": ("async def f(x):\n    return await x\n", "async def"),
    "async for": ("async def f(x):\n    async for v in x:\n        pass\n    return x\n", "async def"),
    "async with": ("async def f(x):\n    async with x:\n        pass\n    return x\n", "async def"),
    "walrus": ("def f(x):\n    return (y := x * x) + y\n", "y :="),
    "star parameter": ("def f(*xs):\n    return xs[0] * xs[0]\n", "xs"),
    "double-star parameter": ("def f(x, **options):\n    return x * x\n", "options"),
    "star in a call": ("def f(x):\n    return np.hypot(*x)\n", "*x"),
    "double star in a call": ("def f(x):\n    return np.sum(x, **{'axis': 0})\n", "{'axis'"),
    "star in a display": ("def f(x):\n    return [*x, 1.0]\n", "*x"),
    "double star in a display": ("def f(x):\n    d = {**x, 'a': 1.0}\n    return d['a']\n", "{**x"),
    "star in a target": ("def f(x):\n    a, *b = x\n    return a\n", "*b"),
    "match": ("def f(x):\n    match x:\n        case 1:\n            return x\n    return x * x\n", "match"),
    "set display": ("def f(x):\n    s = {1, 2}\n    return x * len(s)\n", "{1"),
    "import": ("def f(x):\n    import math\n    return math.exp(x)\n", "import math"),
    "from import": ("def f(x):\n    from math import exp\n    return exp(x)\n", "from math"),
    # Writes
    "element": ("def f(x):\n    y = np.zeros(3)\n    y[0] = x\n    return np.sum(y)\n", "y[0] = "),
    "slice": ("def f(x):\n    y = np.zeros(3)\n    y[1:] = x\n    return np.sum(y)\n", "y[1:] = "),
    "augmented element": ("def f(x):\n    y = np.zeros(3)\n    y[0] += x[0]\n    return np.sum(y)\n", "y[0] += "),
    "element in a loop": (
        "def f(x):\n    y = np.zeros(3)\n    for i in range(3):\n        y[i] = x[i]\n    return np.sum(y)\n",
        "y[i] = ",
    ),
    "loop target": ("def f(x):\n    y = np.zeros(3)\n    for y[0] in x:\n        pass\n    return np.sum(y)\n", "y[0] in"),
    "tuple target": ("def f(x):\n    y = np.zeros(3)\n    a, y[0] = x[0], x[1]\n    return a + y[0]\n", "y[0] = "),
    "augmented array": ("def f(x):\n    y = np.zeros(3)\n    y += x\n    return np.sum(y)\n", "y += "),
    "augmented argument": ("def f(x):\n    x *= 2.0\n    return np.sum(x)\n", "x *= "),
    "attribute": ("def f(x):\n    x.attr = 1.0\n    return np.sum(x)\n", "x.attr"),
    "shape": ("def f(x):\n    x.shape = (3, 1)\n    return np.sum(x)\n", "x.shape"),
    "dict entry": ("def f(x):\n    d = {}\n    d['a'] = x\n    return np.sum(d['a'])\n", "d['a'] = "),
    "list append": ("def f(x):\n    xs = []\n    xs.append(x)\n    return np.sum(xs[0])\n", "xs.append"),
    "list extend": ("def f(x):\n    xs = [x]\n    xs.extend([x])\n    return np.sum(xs[0])\n", "xs.extend"),
    "list pop": ("def f(x):\n    xs = [x, x]\n    y = xs.pop()\n    return np.sum(y)\n", "xs.pop"),
    "dict update": ("def f(x):\n    d = {'a': x}\n    d.update(b=x)\n    return np.sum(d['a'])\n", "d.update"),
    "sort": ("def f(x):\n    x.sort()\n    return x[0]\n", "x.sort"),
    "fill": ("def f(x):\n    y = x * 2.0\n    y.fill(1.0)\n    return np.sum(y)\n", "y.fill"),
    "partition": ("def f(x):\n    x.partition(1)\n    return x[0]\n", "x.partition"),
    "resize": ("def f(x):\n    y = x * 2.0\n    y.resize((2,))\n    return np.sum(y)\n", "y.resize"),
    "put": ("def f(x):\n    y = x * 2.0\n    y.put(0, 1.0)\n    return np.sum(y)\n", "y.put"),
    "itemset by setflags": ("def f(x):\n    x.setflags(write=True)\n    return np.sum(x)\n", "x.setflags"),
    "out": ("def f(x):\n    y = np.zeros(3)\n    np.exp(x, out=y)\n    return np.sum(y)\n", "y)"),
    "out by position": ("def f(x):\n    y = np.zeros(3)\n    np.exp(x, y)\n    return np.sum(y)\n", "np.exp(x, y)"),
    "copyto": ("def f(x):\n    y = np.zeros(3)\n    np.copyto(y, x)\n    return np.sum(y)\n", "np.copyto"),
    "put function": ("def f(x):\n    y = np.zeros(3)\n    np.put(y, 0, x[0])\n    return np.sum(y)\n", "np.put"),
    "place": ("def f(x):\n    y = np.zeros(3)\n    np.place(y, y < 1, x)\n    return np.sum(y)\n", "np.place"),
    "putmask": ("def f(x):\n    y = np.zeros(3)\n    np.putmask(y, y < 1, x)\n    return np.sum(y)\n", "np.putmask"),
    "fill_diagonal": ("def f(x):\n    y = np.eye(3)\n    np.fill_diagonal(y, x)\n    return np.sum(y)\n", "np.fill_diagonal"),
    "add.at": ("def f(x):\n    y = np.zeros(3)\n    np.add.at(y, [0, 1, 2], x)\n    return np.sum(y)\n", "np.add.at"),
    "multiply.at": ("def f(x):\n    np.multiply.at(x, [0], 2.0)\n    return np.sum(x)\n", "np.multiply.at"),
}
if sys.version_info >= (3, 11):
    REFUSED["except group"] = (
        "def f(x):\n    try:\n        y = x\n    except* ValueError:\n        y = 2 * x\n    return y\n",
        "try",
    )
if sys.version_info >= (3, 12):
    REFUSED["type alias"] = ("def f(x):\n    type A = int\n    return x\n", "type A")


@pytest.mark.parametrize("name", REFUSED)
def test_construct_is_refused_at_its_place(name):
    source, piece = REFUSED[name]
    f = define(source, "f")
    offset = source.index(piece)
    line = source.count("\n", 0, offset) + 1
    column = offset - (source.rfind("\n", 0, offset) + 1) + 1
    with pytest.raises(sct.UnsupportedSyntaxError) as error:
        sct.grad(f)(np.array([1.0, 2.0, 3.0]))
    message = str(error.value)
    assert f"{f.__code__.co_filename}:{line}:{column}" in message
    text = source.splitlines()[line - 1].strip()
    shown = message.splitlines()
    at = next(i for i, row in enumerate(shown) if row.strip() == text)
    assert re.fullmatch(r" *\^", shown[at + 1]), message
    caret = shown[at + 1].index("^") - (len(shown[at]) - len(shown[at].lstrip()))
    assert text[caret:].startswith(piece.split("\n")[0]), message
    assert error.value.advice


def test_nonlocal_is_refused():
    count = 0

    def f(x):
        nonlocal count
        count = count + 1
        return x * x

    with pytest.raises(sct.UnsupportedSyntaxError, match=r"(?s)nonlocal.*test_refusals\.py:\d+:9.*nonlocal count\n *\^"):
        sct.grad(f)(1.0)


def writes(y, x):
    y[0] = x
    return y[0]


def calls_a_function_that_writes(x):
    return writes(np.zeros(3), x)


def test_a_write_in_a_called_function_is_refused_there():
    with pytest.raises(sct.UnsupportedSyntaxError, match=r"(?s)test_refusals\.py:\d+:5, in writes.*y\[0\] = x"):
        sct.grad(calls_a_function_that_writes)(1.0)


@pytest.mark.parametrize(
    "body",
    [
        "print(f'{x:.2f} and {x!r}')\n    return x * x",
        "if x < 0:\n        raise ValueError(f'x is {x}')\n    return x * x",
        "assert x > 0, f'x is {x}'\n    return x * x",
    ],
)
def test_f_strings_are_taken(body):
    assert sct.grad(define(f"def f(x):\n    {body}\n", "f"))(1.5) == 3.0


def test_augmented_assignment_of_numbers_is_taken():
    f = define("def f(x):\n    y = 1.0\n    y += x\n    y *= x\n    return y\n", "f")
    assert sct.grad(f)(2.0) == 5.0


def test_out_none_is_taken():
    f = define("def f(x):\n    return np.sum(x, axis=0, out=None)\n", "f")
    assert np.array_equal(sct.grad(f)(np.ones(3)), np.ones(3))
