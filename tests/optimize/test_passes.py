"""Passes as text: what stands above a line `=> pass` becomes what stands below it.

Each file here has the cases of the pass that it is named after: a title, the function that is given, the pass (or several, one
after another), and the function that is to come out; `(unchanged)` where the function stays as it is. What comes out must print
as the expected text does, and must give the same numbers as what went in. `UPDATE_PASSES=1 python -m pytest tests/optimize`
writes what comes out now into the files: read the differences.
"""

import copy
import os
import pathlib
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from sct.analysis.switches import SWITCHES
from sct.backend.python.emit import emit
from sct.ir.parser import parse
from sct.ir.printer import show
from sct.ir.types import Array, Const, List, ListOf, Scalar, Size, Tuple
from sct.ir.verifier import verify
from sct.optimize import passes

FOLDER = pathlib.Path(__file__).parent
BETWEEN = "\n" + "-" * 80 + "\n"
ARROW = "=> "
UNCHANGED = "(unchanged)"


@dataclass
class Case:
    file: pathlib.Path
    title: str
    given: str
    passes: str
    expected: str

    def __str__(self):
        return f"{self.file.stem}: {self.title.splitlines()[0]}"

    def text(self):
        return f"{self.title}\n\n{self.given}\n{ARROW}{self.passes}\n{self.expected}\n"


def read(file):
    """The cases in a file, below what it says about them all."""
    head, *cases = file.read_text().split(BETWEEN)
    found = []
    for text in cases:
        above, below = text.split(f"\n{ARROW}")
        title, given = above.split("\ndef ", 1)
        names, expected = below.split("\n", 1)
        found.append(Case(file, title.strip(), f"def {given.rstrip()}", names.strip(), expected.strip()))
    return head, found


FILES = {file: read(file) for file in sorted(FOLDER.glob("*.txt"))}
CASES = [case for _, cases in FILES.values() for case in cases]


def run(names, f):
    for name in names.split(", "):
        f = getattr(passes, name)(f)
    return f


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pass(case):
    given = verify(parse(case.given))
    made = verify(run(case.passes, given))
    text = show(made)
    if os.environ.get("UPDATE_PASSES"):
        case.expected = UNCHANGED if text == show(given) else text
        head, cases = FILES[case.file]
        case.file.write_text(BETWEEN.join((head, *(c.text().rstrip("\n") + "\n" for c in cases))))
    expected = given if case.expected == UNCHANGED else parse(case.expected)
    assert text == show(expected)
    if case.expected == UNCHANGED:
        assert made is given
    same_numbers(given, made)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_not_looked_at_twice_would_stay(case):
    for names in ("dead_code", f"{case.passes}, dead_code"):
        made = run(names, parse(case.given))
        assert passes.dead_code(made) is made
        assert passes.run((passes.dead_code,), made) is made


def same_numbers(given, made):
    """The two functions give the same for the same arguments, and leave these as they are."""
    sizes = {}
    args = [example(p.type, sizes, np.random.default_rng(k)) for k, p in enumerate(given.block.params)]
    before = copy.deepcopy(args)
    with np.errstate(all="ignore"):
        found, expected = (called(f, copy.deepcopy(args)) for f in (made, given))
        own = copy.deepcopy(args)
        called(made, own)
    assert values_alike(found, expected, 1e-12)
    assert values_alike(own, before, 0.0)


def values_alike(a, b, rtol):
    """Whether two values are of one structure, with numbers of one dtype and shape that are alike but for rounding."""
    if isinstance(b, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(values_alike(p, q, rtol) for p, q in zip(a, b))
    if isinstance(b, (bool, int, float, complex, np.generic, np.ndarray)):
        p, q = np.asarray(a), np.asarray(b)
        return p.dtype == q.dtype and p.shape == q.shape and np.allclose(p, q, rtol, 0.0, equal_nan=True)
    return a == b


def called(f, args):
    """What the code of `f` gives, with the same random numbers each time, or the kind of error that it raises."""
    text = emit(f)
    namespace = dict(text.bound)
    exec(text.source, namespace)
    np.random.seed(0)
    try:
        return namespace[f.name](*args)
    except (ArithmeticError, OSError, ValueError) as error:
        return type(error)


def example(t, sizes, rng):
    """A value of a type; `sizes` has those that were chosen for symbols."""
    if isinstance(t, Const):
        return t.value
    if isinstance(t, Scalar):
        if t.size is not None:
            return chosen(t.size, sizes, 2)  # less than any axis, so that it may be an index
        return t.kind(rng.normal() if t.kind is float else rng.integers(2, 5))
    if isinstance(t, (Tuple, List)):
        return (tuple if isinstance(t, Tuple) else list)(example(i, sizes, rng) for i in t.items)
    if isinstance(t, ListOf):
        return [example(t.item, sizes, rng) for _ in range(3)]
    assert isinstance(t, Array)
    shape = (3,) if t.shape is None else tuple(chosen(n, sizes) for n in t.shape)
    dtype = np.dtype(float) if t.dtype is None else t.dtype
    drawn = (rng.normal(size=shape) * (3.0 if dtype.kind in "fc" else 100.0)).astype(dtype)
    return np.asarray(drawn) if shape or t.boxed else drawn.dtype.type(drawn)


def chosen(n, sizes, least=3):
    """The number that a size is."""
    if not isinstance(n, Size):
        return n
    total = n.const
    for (kind, name, known), factor in n.terms:
        assert kind == "symbol"
        total += factor * sizes.setdefault(name, max(known, least) + len(sizes) * (least > 2))
    return total


PASSES = {p.__name__: p for found in passes.PASSES.phases.values() for p in found}


def test_every_pass_has_cases():
    assert PASSES.keys() == {file.stem for file in FILES}


def test_every_pass_has_a_switch():
    assert PASSES.keys() == {name for name, what in SWITCHES.items() if what == "the pass of that name"}


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_has_a_file_with_an_example(name):
    module = sys.modules[f"sct.optimize.{name}"]
    assert PASSES[name].__module__ == module.__name__
    assert ">>> " in module.__doc__
