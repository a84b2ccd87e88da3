"""What is counted in the text of generated gradients: figures that may only fall.

`generated_source.txt` has a line for each kernel and for each of twenty functions; `UPDATE_FIGURES=1` writes those that have
fallen. Its columns: calls of the runtime; tapes of shapes; shapes taken of what is computed for nothing else; variables that
mean things of two kinds; temporaries with a number or one letter for a name; assignments.
"""

import ast
import inspect
import os
import re
from collections import Counter
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest
from kernel_samples import NAMES, is_refused, sample
from read_back import stages
from scientific_functions import CASES

import sct
from sct.backend.python.emit import variable_names
from sct.ir.types import Array, Const, Dict, List, ListOf, Scalar, Tuple

TABLE = Path(__file__).with_name("generated_source.txt")
COLUMNS = ("runtime", "shape tapes", "computed shapes", "two kinds", "temporaries", "assignments")
SIZES = ("shape", "size")
NAME = re.compile(r"(?P<stem>.+?)(?:_bar|_tape|_shape)*(?P<number>_\d+)?")


def figures(f, args, wrt, transform):
    """What the text of a derivative comes to."""
    with stages() as made:
        source = transform(anew(f), wrt).source_for(*args)
    tree = ast.parse(source)
    own = names_bound(f)
    targets = [t.id for t in bound(tree)]
    return (
        sum(is_of(n.func, "runtime") for n in ast.walk(tree) if isinstance(n, ast.Call)),
        sum(is_push(n) and any(map(asks_shape, ast.walk(n))) for n in ast.walk(tree)),
        computed_shapes(tree),
        len(two_kinds(made[-1][1])),
        sum(t not in own and is_generic(t, own) for t in targets),
        len(targets),
    )


def anew(f):
    """A function of the same text, for which nothing has been compiled."""
    made = FunctionType(f.__code__.replace(), f.__globals__, f.__name__, f.__defaults__, f.__closure__)
    made.__kwdefaults__, made.__module__ = f.__kwdefaults__, f.__module__
    return made


def names_bound(f, seen=()):
    """The variables of a function, and of the functions of its module that it calls."""
    f = inspect.unwrap(f)
    code, names = f.__code__, set()
    for c in (code, *(c for c in code.co_consts if inspect.iscode(c))):
        names |= {*c.co_varnames, *c.co_cellvars}
        for n in c.co_names:
            g = f.__globals__.get(n)
            if isinstance(g, FunctionType) and g not in seen and g.__module__ == f.__module__:
                names |= names_bound(g, (*seen, f, g))
    return names


def is_generic(name, own):
    """Whether a name has a number, or is of one letter, and that is not the user's."""
    found = NAME.fullmatch(name)
    stem = found["stem"]
    named = any(f"_{stem}".endswith(f"_{n}") for n in (*own, "y"))
    return found["number"] is not None or (not named and (len(stem) == 1 or stem[-1:].isdigit()))


def bound(tree):
    """The names that assignments bind, one for each time."""
    for n in ast.walk(tree):
        for target in n.targets if isinstance(n, ast.Assign) else [n.target] if isinstance(n, ast.NamedExpr) else []:
            yield from (t for t in ast.walk(target) if isinstance(t, ast.Name) and isinstance(t.ctx, ast.Store))


def is_of(n, module):
    return isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == module


def is_push(n):
    return isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "append"


def asks_shape(n):
    return (isinstance(n, ast.Attribute) and n.attr == "shape") or (isinstance(n, ast.Call) and is_shape(n.func))


def is_shape(n):
    return isinstance(n, ast.Attribute) and n.attr in SIZES and is_of(n, "np")


def computed_shapes(tree):
    """The shapes of expressions, and of variables of which nothing else is read."""
    asked = [n.value for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in SIZES and not is_of(n, "np")]
    asked += [n.args[0] for n in ast.walk(tree) if isinstance(n, ast.Call) and is_shape(n.func)]
    expressions = sum(isinstance(n, (ast.BinOp, ast.UnaryOp, ast.Call)) for n in asked)
    read = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    of_shape = Counter(n.id for n in asked if isinstance(n, ast.Name))
    assigned = {t.id for t in bound(tree)}
    return expressions + sum(name in assigned and read[name] == k for name, k in of_shape.items())


def two_kinds(f):
    """The variables that mean things of two kinds, by no doing of the user's."""
    kinds, generated = {}, set()
    for value, name in variable_names(f).items():
        kinds.setdefault(name, set()).add(kind(value.type))
        if value.name != name:
            generated.add(name)
    return {n for n in generated if len(kinds[n] - {None}) > 1}


def kind(t):
    """What a value is: a flag, an integer, a number, a container; None if that is not known."""
    if isinstance(t, (Tuple, List, ListOf, Dict)):
        return "container"
    if isinstance(t, Array) and t.dtype is None:
        return None
    dtype = t.dtype.kind if isinstance(t, Array) else {bool: "b", int: "i"}.get(t.kind, "f") if isinstance(t, Scalar) else None
    if isinstance(t, Const):
        dtype = {bool: "b", int: "i", float: "f"}.get(type(t.value))
    return {"b": "flag", "i": "integer", "u": "integer", "f": "number", "c": "number"}.get(dtype)


def read():
    """The table's figures, by the names of the functions."""
    rows = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return {name: tuple(map(int, row)) for name, *row in rows}


# All functions by name, each as what gives it with its arguments and its transform.
SAMPLES = {name: lambda name=name: (*sample(name), sct.vjp) for name in NAMES if not is_refused(name)}
SAMPLES.update({name: lambda case=case: (*case, sct.grad) for name, case in CASES.items()})
FOUND = {}


def found(name):
    if name not in FOUND:
        FOUND[name] = figures(*SAMPLES[name]())
    return FOUND[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_figures_only_fall(name):
    before = read().get(name)
    if os.environ.get("UPDATE_FIGURES"):
        write({**read(), name: found(name) if before is None else (*map(min, before[:-1], found(name)[:-1]), found(name)[-1])})
    for column, new, old in zip(COLUMNS[:-1], found(name), read()[name], strict=False):
        assert new <= old, f"{column}: {new}, before {old}"


def write(table):
    width = max(map(len, table))
    rows = [
        f"{name:<{width}}" + "".join(f"  {n:>{len(c)}}" for n, c in zip(table[name], COLUMNS))
        for name in SAMPLES
        if name in table
    ]
    head = f"# {'':<{width - 2}}" + "".join(f"  {c}" for c in COLUMNS)
    TABLE.write_text("\n".join((head, *rows)) + "\n")


# What all functions together come to at most: what is wanted is 2, 0, 0, 0 and 15 %.
RUNTIME_KERNELS, SHAPE_TAPES, COMPUTED_SHAPES, TWO_KINDS, TEMPORARIES = 2, 0, 0, 0, 0.11


def test_totals():
    table = {name: found(name) for name in SAMPLES}
    assert sum(row[0] > 0 for name, row in table.items() if name in NAMES) <= RUNTIME_KERNELS
    shape_tapes, computed, kinds, temporaries, assignments = (sum(row[k] for row in table.values()) for k in range(1, 6))
    assert shape_tapes <= SHAPE_TAPES
    assert computed <= COMPUTED_SHAPES
    assert kinds <= TWO_KINDS
    assert temporaries <= TEMPORARIES * assignments


M = np.arange(20.0).reshape(5, 4) / 7.0 - 1.0


def rows_of_rows(A, n):
    s = 0.0
    for i in range(n):
        for j in range(1, n):
            s += A[i][j] * A[i][1:][j - 1] * A[:, j][i]
    return s


def smoothed_view(A, n):
    inner = A[1:-1]
    for i in range(1, n):
        inner[i] = 0.5 * inner[i - 1] + inner[i + 1]
    return np.sum(A * A)


def rows_picked_by_indices(A, k):
    s = 0.0
    for i in range(3):
        s += A[k][i][i] * A[k][0][i]
    return s


@pytest.mark.parametrize(
    ("f", "args"),
    [(rows_of_rows, (M, 4)), (smoothed_view, (M, 2)), (rows_picked_by_indices, (M, np.array([1, 1, 0])))],
)
def test_an_entry_of_a_part_is_read_at_the_cost_of_an_entry(f, args):
    sct.check_grads(f, args)
    if f is not rows_picked_by_indices:
        assert sct.grad(f).source_for(*args).count("zeros") == (f is rows_of_rows)
