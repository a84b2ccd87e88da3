"""Programs made at random, with fixed seeds, each called in one way: an eighth of them, all with `--grid 8`, as CI has it; more
of them: `python -m tests.fuzz`.
"""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fuzz import GENERATORS, memory, mutants, python
from fuzz.__main__ import main as command
from fuzz.layout import as_given, overlap
from fuzz.mutants import MUTANTS, mutated
from fuzz.oracle import Way, judged, way_of
from fuzz.programs import Program, defined
from fuzz.reducer import reduced

import sct

COUNTS = {"aliases": 240, "arrays": 120, "dependence": 120, "expressions": 20, "memory": 60, "python": 60}


@pytest.mark.usefixtures("typed_once")
@pytest.mark.grid(of=16, each=False)
@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, n in COUNTS.items() for seed in range(n)])
def test_random_program(name, seed):
    p = GENERATORS[name](seed)
    verdict = judged(p, way_of(seed), seed)
    assert not verdict.is_fault, f"{verdict.kind}: {verdict.detail}\n{p.source}args = {p.args!r}; wrt = {p.wrt!r}"


FORWARD = {"aliases": 20, "arrays": 20, "dependence": 10, "expressions": 20, "memory": 400, "python": 30}


@pytest.mark.usefixtures("typed_once")
@pytest.mark.grid(of=16, each=False)
@pytest.mark.parametrize(("name", "seed"), [(name, 1000 + seed) for name, n in FORWARD.items() for seed in range(n)])
def test_random_program_in_forward_mode(name, seed):
    p = GENERATORS[name](seed)
    verdict = judged(p, way_of(seed, forward=True), seed)
    assert not verdict.is_fault, f"{verdict.kind}: {verdict.detail}\n{p.source}args = {p.args!r}; wrt = {p.wrt!r}"


@pytest.mark.grid(of=16, each=False)
@pytest.mark.parametrize("grammar", [memory.GRAMMAR, python.GRAMMAR], ids=lambda g: g.name)
def test_each_construct_is_in_every_twentieth_program(grammar):
    count = Counter(c for seed in range(200) for c in GENERATORS[grammar.name](seed).constructs)
    assert [c for c in grammar.constructs if count[c] < 10] == []


@pytest.mark.parametrize("grammar", [memory.GRAMMAR, python.GRAMMAR], ids=lambda g: g.name)
def test_each_helper_is_defined_as_it_is_in_a_program(grammar):
    for text in grammar.helpers.values():
        assert defined(f"{text}\n\ndef f(x):\n    return x\n")(1.0) == 1.0


def test_the_command_tells_what_came_of_programs(capsys):
    assert command(["--generator", "memory", "--transform", "jvp", "--seed", "80", "--count", "12", "--jobs", "2"]) == 0
    assert re.match(r"memory: 12 programs: agreed \d+", capsys.readouterr().out)


def test_arguments_with_tangents_that_share_memory_must_be_refused():
    source = "def f(x, y):\n    x[0] = y[1]\n    return np.sum(x * y)\n"
    x = np.array([0.5, 1.0])
    kinds = [judged(Program(source, (x, x), wrt), Way("jvp", True)).kind for wrt in (("x", "y"), ("x",))]
    assert kinds == ["refused as it must be", "agreed"]


def test_a_copy_of_arguments_lies_in_memory_as_they_do():
    x = np.arange(12.0).reshape(3, 4)
    args = (x[::2, ::2], {"a": x[1], "b": x.T}, np.asfortranarray(x), [x[1:], 2.0])
    strided, parts, turned, rows = as_given(args)
    assert strided.strides == args[0].strides and turned.flags.f_contiguous
    parts["b"][:, 1] = 0.0
    assert not parts["a"].any() and not rows[0][0].any() and strided.all() == args[0].all() and x[1].all()
    assert overlap((strided, parts["b"])) and not overlap((strided, parts["a"]))


def test_sources_are_clean(tmp_path):
    for seed in range(12):
        p = GENERATORS["arrays"](seed)
        try:
            source = sct.vjp(defined(p.source), p.wrt).source_for(*p.args)
        except sct.SctError:
            continue
        (tmp_path / f"program_{seed}.py").write_text(source)
    ruff = Path(sys.executable).with_name("ruff")
    found = subprocess.run(
        [ruff, "check", "--isolated", "--select=F,E9", tmp_path], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout


def test_a_program_is_reduced_to_what_is_wrong():
    lines = ["a = x * 2.0", "if y[0] > 0.0:", "    a[1] = 5.0", "b = y + 1.0", "return np.sum(b * y) + np.sum(a)"]
    source = "def f(x, y):\n" + "".join(f"    {line}\n" for line in lines)
    p = reduced(Program(source, (), ("x",)), lambda q: "a[1] = 5.0" in q.source and "np.sum(a)" in q.source)
    assert ast.unparse(ast.parse(p.source)) == "def f(x, y):\n    a[1] = 5.0\n    return np.sum(a)"


@pytest.mark.parametrize("name", MUTANTS)
def test_there_is_what_a_mutant_is_made_of(name):
    with mutated(MUTANTS[name]):
        pass


def test_a_mutant_is_found(capfd):
    assert mutants.main(["--mutant", "a write is dead code", "--count", "30"]) == 0
    assert "WRONG" in capfd.readouterr().out
