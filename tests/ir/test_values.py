"""Values of the IR never change: what they are is set where they are made, and another name or type makes another value."""

import ast
from dataclasses import replace
from pathlib import Path

import sct
from sct.ir.parser import parse
from sct.ir.printer import show
from sct.ir.rewriting import renamed
from sct.ir.ssa import Value

SOURCES = sorted(Path(sct.__file__).parent.rglob("*.py"))


def assigned(tree):
    """The attributes that are assigned or deleted, but for those of an object that is being made."""
    made = {n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name == "__init__" for n in ast.walk(f)}
    return [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load) and n not in made]


def test_nothing_of_a_value_is_assigned():
    found = [(path.name, n.lineno, ast.unparse(n)) for path in SOURCES for n in assigned(ast.parse(path.read_text()))]
    assert [n for n in found if n[2].endswith((".name", ".hint", ".type"))] == []


TEXT = """
def f(%x.0: float64[n]):
    %0 = math.sin(%x.0) # float64[n]
    %s.1 = for %i.2: int in range(0, 3, 1) [%s.3 := 0.0]: # float64[n]
        %4 = operator.add(%s.3, %0) # float64[n]
        yield %4
    yield (%s.1, %0)
"""


def test_a_value_under_another_name_stands_wherever_it_stood():
    f = parse(TEXT)
    loop = f.block.body[1]
    v, p = f.block.body[0].result, loop.body.params[1]
    block = renamed(f.block, {v: v.called("sine"), p: p.called("", "total")})
    assert (v.name, p.name, p.hint) == ("", "s", "")
    assert block.body[0].result.name == "sine" and block.body[0].result.id == v.id
    shown = show(replace(f, block=block))
    assert shown.count("%sine.") == 3 and shown.count("%~total.") == 2


def test_what_is_not_renamed_stays_as_it_is():
    block = parse(TEXT).block
    assert renamed(block, {}) is block and renamed(block, {Value(): Value()}) is block
