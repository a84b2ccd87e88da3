"""The φ's of statements with blocks: each statement tells its own, and passes ask it."""

import ast
from pathlib import Path

import pytest

import sct
from sct.ir.parser import parse
from sct.ir.rewriting import keeping
from sct.ir.ssa import carried_params

TEXT = """
def f(%x.0: float64[n], %n.1: int):
    %2 = operator.gt(%n.1, 0) # bool
    %a.3, %b.4 = if %2: # float64[n], float64[n]
        yield %x.0, %x.0
    else:
        %5 = operator.neg(%x.0) # float64[n]
        yield %5, %x.0
    %s.6, %t.7 = for %i.8: int in range(0, %n.1, 1) [%s.9 := %a.3, %t.10 := %b.4]: # float64[n], float64[n]
        %11 = operator.add(%s.9, %t.10) # float64[n]
        yield %11, %t.10
    %u.12, %count.13 = while [%u.14 := %s.6]: # float64[n], int
        %15 = operator.gt(%n.1, 3) # bool
        yield %15
    do [%u.16 := %s.6]:
        %17 = operator.mul(%u.16, %t.7) # float64[n]
        yield %17
    yield %u.12
"""


@pytest.fixture
def statements():
    return parse(TEXT).block.body[1:]


def names(values):
    return [v.name for v in values]


def test_a_branch_yields_in_each_block(statements):
    branch, _, _ = statements
    assert [phi.result for phi in branch.phis] == list(branch.results)
    assert [phi.ends for phi in branch.phis] == list(zip(branch.then.yields, branch.orelse.yields, strict=True))
    assert all(phi.params == phi.begins == () for phi in branch.phis)
    assert dict(branch.flows) == {phi.result: phi.ends for phi in branch.phis}
    assert branch.counts == () and not branch.asked and not branch.repeats


def test_a_loop_begins_and_goes_on(statements):
    _, loop, _ = statements
    s, t = loop.phis
    assert (s.result, t.result) == loop.results and s.params + t.params == carried_params(loop)
    assert s.begins + t.begins == loop.inits and s.ends + t.ends == loop.body.yields
    assert dict(loop.flows) == {
        s.params[0]: s.begins + s.ends,
        s.result: s.params,
        t.params[0]: t.begins + t.ends,
        t.result: t.params,
    }
    assert loop.counts == () and loop.asked == [(loop.body, ())] and loop.repeats


def test_the_test_of_a_loop_has_parameters_of_its_own(statements):
    *_, loop = statements
    (phi,) = loop.phis
    assert phi.params == (loop.body.params[0], loop.test.params[0])
    assert dict(loop.flows)[loop.test.params[0]] == loop.body.params
    assert names(loop.counts) == ["count"] and loop.asked == [(loop.test, loop.test.yields), (loop.body, ())]


def test_some_are_kept(statements):
    for s in statements:
        assert keeping(s, range(len(s.phis))) is s
        less = keeping(s, [0])
        assert less.phis == s.phis[:1] and less.counts == s.counts
        none = keeping(s, [])
        assert none.phis == () and none.counts == s.counts and len(none.blocks) == len(s.blocks)


def by_hand(tree):
    """The calls of `zip` that go through φ's: what blocks yield, and results, parameters or what a loop begins with."""
    for n in ast.walk(tree):
        if isinstance(n, ast.Call) and ast.unparse(n.func) == "zip":
            parts = {p.attr for a in n.args for p in ast.walk(a) if isinstance(p, ast.Attribute)}
            parts |= {"params" for a in n.args for p in ast.walk(a) if isinstance(p, ast.Name) and p.id == "carried_params"}
            if len(parts & {"inits", "yields", "results", "params"}) > 1:
                yield ast.unparse(n)


MAKERS = {"ir/ssa.py", "ir/printer.py", "specialize/fixpoint.py", "backend/python/emit.py"}
"""What defines φ's, prints them, and makes them before there is a statement."""


def test_no_pass_goes_through_them_by_hand():
    root = Path(sct.__file__).parent
    files = [p for p in sorted(root.rglob("*.py")) if p.relative_to(root).as_posix() not in MAKERS]
    assert [(p.name, text) for p in files for text in by_hand(ast.parse(p.read_text()))] == []
