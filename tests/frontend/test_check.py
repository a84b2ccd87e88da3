"""Every construct that sct does not take is refused at its place, with advice; what looks like one and is taken, computes."""

import ast
import linecache
import re
import sys

import numpy as np
import pytest
from sources import define

import sct
from sct.frontend.check import EXPRESSIONS, STATEMENTS

# A function's text, and the piece of it at which the caret points (its first character).
REFUSED = {
    "class": ("def f(x):\n    class A(metaclass=type):\n        pass\n    return x\n", "class A"),
    "class in a def inside": (
        "def f(x):\n    def g(y):\n        class A(metaclass=type): ...\n        return y\n    return g(x)\n",
        "class A",
    ),
    "generator that is gone through twice": ("def f(x):\n    g = (v for v in x)\n    return sum(g) + sum(g)\n", "sum(g)\n"),
    "map that is gone through twice": ("def f(x):\n    g = map(abs, x)\n    return sum(g) + max(g)\n", "max(g)"),
    "value of a yield": ("def f(x):\n    y = yield x\n    return y\n", "yield"),
    "value of a yield from": ("def f(x):\n    return (yield from x)\n", "yield from"),
    "global": ("def f(x):\n    global y\n    y = x\n    return y\n", "global"),
    "yield": ("def f(x):\n    yield x * x\n", "yield"),
    "yield from": ("def f(x):\n    yield from x\n", "yield from"),
    "async def": ("async def f(x):\n    return x * x\n", "async def"),
    "await": ("async def f(x):\n    return await x\n", "async def"),
    "async for": ("async def f(x):\n    async for v in x:\n        pass\n    return x\n", "async def"),
    "async with": ("async def f(x):\n    async with x:\n        pass\n    return x\n", "async def"),
    "star in a call": ("def f(x):\n    return np.hypot(*x)\n", "np.hypot(*x"),
    "star in a display": ("def f(x):\n    return [*x, 1.0]\n", "[*x"),
    "double star in a display": ("def f(x):\n    d = {**x, 'a': 1.0}\n    return d['a']\n", "{**x"),
    "star in a target": ("def f(x):\n    a, *b = x\n    return a\n", "a, *b"),
    "behind Greek letters": ("def f(x):\n    ααα = x; y = yield x\n    return ααα\n", "yield"),
    "behind a string of Greek letters": ("def f(x):\n    return x if 'α' else 2 * (yield x)\n", "yield"),
    "an entry of a set": ("def f(x):\n    s = {1, 2}.pop()\n    return x * s\n", "{1"),
    # Writes; tests/specialize/test_writing.py has those that are taken
    "attribute": ("def f(x):\n    x.attr = 1.0\n    return np.sum(x)\n", "x.attr"),
    "shape": ("def f(x):\n    x.shape = (3, 1)\n    return np.sum(x)\n", "x.shape"),
    "resize": ("def f(x):\n    y = x * 2.0\n    y.resize((2,))\n    return np.sum(y)\n", "y.resize"),
    "itemset by setflags": ("def f(x):\n    x.setflags(write=True)\n    return np.sum(x)\n", "x.setflags"),
    "put with a mode": (
        "def f(x):\n    y = x * 2.0\n    np.put(y, 4, 1.0, mode='wrap')\n    return np.sum(y)\n",
        "np.put",
    ),
    "put with a mode by position": ("def f(x):\n    np.put(x, [0], 1.0, 'wrap')\n    return np.sum(x)\n", "np.put"),
    "put with a mask": ("def f(x):\n    np.put(x, x > 1.0, 1.0)\n    return np.sum(x)\n", "np.put"),
    "__setitem__": ("def f(x):\n    x.__setitem__(0, 5.0)\n    return np.sum(x)\n", "x.__setitem__"),
    "__delitem__": ("def f(x):\n    xs = [x, x]\n    xs.__delitem__(0)\n    return np.sum(xs[0])\n", "xs.__delitem__"),
    "__iadd__": ("def f(x):\n    x.__iadd__(1.0)\n    return np.sum(x)\n", "x.__iadd__"),
    "__itruediv__": ("def f(x):\n    y = x.__itruediv__(x[0])\n    return np.sum(y)\n", "x.__itruediv__"),
    "nan_to_num in place": (
        "def f(x):\n    np.nan_to_num(x, copy=False)\n    return np.sum(x)\n",
        "np.nan_to_num",
    ),
    "nan_to_num in place by position": (
        "def f(x):\n    np.nan_to_num(x, False)\n    return np.sum(x)\n",
        "np.nan_to_num",
    ),
    "median in place": ("def f(x):\n    return np.median(x, overwrite_input=True)\n", "np.median"),
    "median in place by position": ("def f(x):\n    return np.median(x, 0, None, True)\n", "np.median"),
    "complex into real": ("def f(x):\n    x *= 1j * x\n    return np.sum(x)\n", "x *= "),
    "complex copied into real": ("def f(x):\n    np.copyto(x, 1j * x)\n    return np.sum(x)\n", "np.copyto"),
    "quotient of integers": ("def f(x):\n    n = np.ones(3, int)\n    n /= 2\n    return np.sum(n * x)\n", "n /= "),
    "list of real numbers into integers": (
        "def f(x):\n    n = np.ones(2, int)\n    n[:] = [1, x[0]]\n    return np.sum(n)\n",
        "n[:] = ",
    ),
    "read-only": ("def f(x):\n    y = np.broadcast_to(x, (2, 3))\n    y[0] = 1.0\n    return np.sum(y)\n", "y[0] = "),
    "where without an output": (
        "def f(x):\n    p, q = np.modf(x, np.zeros(3), where=x > 0)\n    return np.sum(p)\n",
        "np.modf",
    ),
    "something unknown that is filled": (
        "def f(x):\n    n = np.zeros(30, int)\n    n.byteswap().fill(7)\n    return np.sum(n * x)\n",
        "n.byteswap().fill",
    ),
    "diagonal of a vector": ("def f(x):\n    np.fill_diagonal(x, 1.0)\n    return np.sum(x)\n", "np.fill_diagonal"),
    "setattr": ("def f(x):\n    setattr(x, 'shape', (3, 1))\n    return np.sum(x)\n", "setattr"),
    "del of an entry of an array": ("def f(x):\n    del x[0]\n    return np.sum(x)\n", "x[0]"),
    "real numbers into integers": (
        "def f(x):\n    y = np.zeros(3, int)\n    y[0] = x[0]\n    return np.sum(y)\n",
        "y[0] = ",
    ),
    "real numbers into records": (
        "def f(x):\n    y = np.zeros(3, [('a', float), ('b', int)])\n    y['a'] = x\n    return np.sum(y['a'])\n",
        "y['a'] = ",
    ),
    "real numbers into a field": (
        "def f(x):\n    y = np.zeros(3, [('a', float), ('b', int)])\n    y['a'][1:] += x[0]\n    return np.sum(y['a'])\n",
        "y['a'][1:] += ",
    ),
    "real numbers into objects": (
        "def f(x):\n    y = np.empty(2, dtype=object)\n    y[0] = x * x\n    return np.sum(y[0])\n",
        "y[0] = ",
    ),
    "an array of objects": (
        "def f(x):\n    y = x.astype(object)\n    return np.sum(np.array(y * x, float))\n",
        "y * x",
    ),
    "an array of records": (
        "def f(x):\n    y = np.array([(x[0], 1)], [('a', float), ('b', int)])\n    return np.sum(y['a'])\n",
        "np.array([(x[0], 1)]",
    ),
    "real numbers added to integers": (
        "def f(x):\n    y = np.zeros(3, int)\n    y[0] += x[0]\n    return np.sum(y)\n",
        "y[0] += ",
    ),
    "entry of a number": ("def f(x):\n    y = np.sum(x)\n    y[0] = 1.0\n    return y\n", "y[0] = "),
    "entry of a tuple": ("def f(x):\n    y = (x, x)\n    y[0] = 1.0\n    return np.sum(y[1])\n", "y[0] = "),
    "popitem": ("def f(x):\n    d = {'a': x}\n    k, v = d.popitem()\n    return np.sum(v)\n", "d.popitem"),
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
        sct.grad(f)(np.linspace(1.0, 3.0, 30))
    message = str(error.value)
    assert f"{f.__code__.co_filename}:{line}:{column}" in message
    text = source.splitlines()[line - 1].strip()
    shown = message.splitlines()
    at = next(i for i, row in enumerate(shown) if row.strip() == text)
    assert re.fullmatch(r" *\^", shown[at + 1]), message
    caret = shown[at + 1].index("^") - (len(shown[at]) - len(shown[at].lstrip()))
    assert text[caret:].startswith(piece.split("\n")[0]), message
    assert error.value.advice


def test_the_place_in_a_page_of_text_with_greek_letters():
    rows = ["Text α, that is no Python\n", "    αα = lambda x: x + {1}.pop()\n", "    more text α\n"]
    name = "page_with_greek_letters.md"
    linecache.cache[name] = (sum(map(len, rows)), None, rows, name)
    namespace = {}
    exec(compile(f"if True:\n{rows[1]}", name, "exec"), namespace)
    with pytest.raises(sct.UnsupportedSyntaxError) as error:
        sct.grad(namespace["αα"])(1.0)
    place = error.value.place
    assert rows[place.line - 1][place.column :].startswith("{1}")


@pytest.mark.parametrize("kind", (*STATEMENTS, *EXPRESSIONS))
def test_each_construct_that_is_taken_has_an_example_that_is_one(kind):
    assert kind in map(type, ast.walk(ast.parse({**STATEMENTS, **EXPRESSIONS}[kind])))


def test_nonlocal_is_refused():
    count = 0

    def f(x):
        nonlocal count
        count = count + 1
        return x * x

    with pytest.raises(sct.UnsupportedSyntaxError, match=r"(?s)nonlocal.*test_check\.py:\d+:9.*nonlocal count\n *\^"):
        sct.grad(f)(1.0)


def writes(y, x):
    y.resize((2,))
    return y[0]


def calls_a_function_that_writes(x):
    return writes(np.zeros(3), x)


def test_a_construct_in_a_called_function_is_refused_there():
    with pytest.raises(sct.UnsupportedSyntaxError, match=r"(?s)test_check\.py:\d+:5, in writes.*y\.resize"):
        sct.grad(calls_a_function_that_writes)(1.0)


def counted(a):
    a[0] += 1.0
    return a[0]


def squared_while_counting(x):
    a = np.array([x])
    while counted(a) < 3.0:
        x = x * x * a[0]
    return x


def test_a_test_of_a_loop_that_writes_is_refused():
    with pytest.raises(sct.UnsupportedSyntaxError, match="a test of a while loop that writes into an array"):
        sct.grad(squared_while_counting)(1.0)


TABLE = np.zeros(3)


def writes_into_a_global(x):
    TABLE[0] = x
    return TABLE[0]


def test_a_write_into_data_from_outside_is_refused():
    with pytest.raises(sct.UnsupportedSyntaxError, match=r"(?s)into 'TABLE', which is defined outside.*TABLE\[0\] = x\n *\^"):
        sct.grad(writes_into_a_global)(1.0)
    assert TABLE[0] == 0.0


def halves(found, x, n, *, factor):
    if n > 0:
        found.append(x)
        halves(found, factor * x, n - 1, factor=factor)


def last_half(x):
    found = []
    halves(found, x, 3, factor=0.5)
    return np.sum(found[-1] * x)


def by_halves(x):
    return np.sum(sct.grad(last_half)(x))


def test_the_second_derivative_of_a_recursive_function_that_takes_keywords_only_is_refused():
    with pytest.raises(sct.UnsupportedSyntaxError, match="the second derivative of a recursive function that writes"):
        sct.grad(by_halves)(np.ones(2))


def written_twice(x, axes):
    y = x.copy()
    y.transpose(axes)[0] = 1.0
    return np.sum(y)


def test_a_write_through_a_transpose_with_unknown_axes():
    for axes in ((1, 0), (0, 1)):
        given = np.array([[1.0, 2.0], [3.0, 4.0]])
        expected = np.ones((2, 2))
        expected.transpose(axes)[0] = 0.0
        np.testing.assert_array_equal(sct.grad(written_twice)(given, axes), expected)


# Errors of the function itself, which NumPy or Python raises too.
WRONG = {
    "index of a list": ("def f(x):\n    xs = [x]\n    xs[1] = x\n    return np.sum(xs[0])\n", "1 is not in"),
    "del of a list": ("def f(x):\n    xs = [x]\n    del xs[1]\n    return np.sum(xs[0])\n", "1 is not in"),
    "del of a dict": ("def f(x):\n    d = {}\n    del d['a']\n    return np.sum(x)\n", "'a' is not in"),
    "pop of a dict": ("def f(x):\n    d = {}\n    d.pop('a')\n    return np.sum(x)\n", "'a' is not in"),
    "pop of an empty list": ("def f(x):\n    xs = []\n    xs.pop()\n    return np.sum(x)\n", "pop from an empty list"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_write_that_cannot_be_made_is_an_error(name):
    source, message = WRONG[name]
    with pytest.raises(sct.SctError, match=message) as error:
        sct.grad(define(source, "f"))(np.ones(2))
    assert error.value.advice
    assert error.value.place is not None


# What was refused once, and its gradient at [1, 2, 3].
TAKEN = {
    "element": ("y = np.zeros(3)\n    y[0] = x[1]\n    return np.sum(y * y)", [0, 4, 0]),
    "slice": ("y = np.zeros(3)\n    y[1:] = x[:2]\n    return np.sum(y * y)", [2, 4, 0]),
    "augmented element": ("y = np.ones(3)\n    y[0] += x[0]\n    return np.sum(y * y)", [4, 0, 0]),
    "element in a loop": ("y = np.zeros(3)\n    for i in range(3):\n        y[i] = x[i]\n    return y[1]", [0, 1, 0]),
    "loop target": ("y = np.zeros(3)\n    for y[0] in x:\n        pass\n    return np.sum(y)", [0, 0, 1]),
    "tuple target": ("y = np.zeros(3)\n    a, y[0] = x[0], x[1]\n    return a * y[0]", [2, 1, 0]),
    "augmented array": ("y = np.zeros(3)\n    y += x\n    return np.sum(y * y)", [2, 4, 6]),
    "augmented argument": ("x *= 2.0\n    return np.sum(x * x)", [8, 16, 24]),
    "dict entry": ("d = {}\n    d['a'] = x\n    return np.sum(d['a'])", [1, 1, 1]),
    "list append": ("xs = []\n    xs.append(x)\n    return np.sum(xs[0])", [1, 1, 1]),
    "list extend": ("xs = [x]\n    xs.extend([x])\n    return np.sum(xs[0] * xs[1])", [2, 4, 6]),
    "list pop": ("xs = [x, x * x]\n    y = xs.pop()\n    return np.sum(y)", [2, 4, 6]),
    "dict update": ("d = {'a': x}\n    d.update(a=x * x)\n    return np.sum(d['a'])", [2, 4, 6]),
    "del of a name": ("y = x * x\n    del x\n    return np.sum(y)", [2, 4, 6]),
    "del of an entry": ("xs = [x, x * x]\n    del xs[0]\n    return np.sum(xs[0])", [2, 4, 6]),
    "sort": ("y = x[::-1].copy()\n    y.sort()\n    return y[0] + 2.0 * y[1]", [1, 2, 0]),
    "fill": ("y = x * 2.0\n    y.fill(x[1])\n    return np.sum(y)", [0, 3, 0]),
    "put": ("y = x * 2.0\n    y.put(0, 1.0)\n    return np.sum(y)", [0, 2, 2]),
    "out": ("y = np.zeros(3)\n    np.multiply(x, x, out=y)\n    return np.sum(y)", [2, 4, 6]),
    "out by position": ("y = np.zeros(3)\n    np.multiply(x, x, y)\n    return np.sum(y)", [2, 4, 6]),
    "copyto": ("y = np.zeros(3)\n    np.copyto(y, x)\n    return np.sum(y * y)", [2, 4, 6]),
    "put function": ("y = np.zeros(3)\n    np.put(y, 0, x[1])\n    return np.sum(y)", [0, 1, 0]),
    "fill_diagonal": ("y = np.eye(3)\n    np.fill_diagonal(y, x)\n    return np.sum(y * y)", [2, 4, 6]),
    "add.at": ("y = np.zeros(2)\n    np.add.at(y, [0, 1, 1], x)\n    return np.sum(y * y)", [2, 10, 10]),
}


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("name", TAKEN)
def test_a_write_is_taken(name, optimize):
    body, gradient = TAKEN[name]
    x = np.array([1.0, 2.0, 3.0])
    assert np.array_equal(sct.grad(define(f"def f(x):\n    {body}\n", "f"), optimize=optimize)(x), gradient)
    assert np.array_equal(x, [1.0, 2.0, 3.0])


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


def hyperbolic(x, n):
    for _ in range(n):
        x = np.tanh(x)
    return x


def pulled_inside(x):
    y, pull = sct.pullback(hyperbolic)(x, 2)
    return np.sum(pull(np.ones(3)) ** 2) + np.sum(y)


def test_a_pullback_inside():
    sct.check_grads(pulled_inside, (np.array([0.5, 1.0, 1.5]),), order=2)


rate = 2.0


def reads_a_global(x):
    global rate  # noqa: PLW0602

    def scaled(v):
        global rate  # noqa: PLW0602
        return v * rate

    return scaled(x) * rate


def made_where_the_name_is_another(rate):
    def by_both(x):
        def scaled(v):
            global rate  # noqa: PLW0602
            return v * rate

        return scaled(x) * rate

    return by_both


def test_a_global_that_is_read():
    assert sct.grad(reads_a_global)(3.0) == 4.0
    with pytest.raises(sct.UnsupportedSyntaxError, match="global, of a name that is assigned"):
        sct.grad(made_where_the_name_is_another(5.0))(3.0)
