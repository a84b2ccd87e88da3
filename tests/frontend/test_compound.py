"""Every statement that is taken is in the tables that its kind belongs in, so that no question overlooks what is in it."""

import ast

import pytest

from sct.frontend import compound
from sct.frontend.check import EXPRESSIONS, STATEMENTS
from sct.frontend.lower import _Lowerer


def fields(kind, *names):
    return {name for name in kind._fields if name in names}


@pytest.mark.parametrize("kind", STATEMENTS)
def test_the_tables_have_what_a_statement_owns_and_binds(kind):
    own = {"body"} if kind is ast.FunctionDef else set()  # what a function inside has is no block of this one
    assert fields(kind, "body", "orelse", "handlers", "finalbody", "cases") - own == set(compound.BLOCKS.get(kind, ()))
    assert fields(kind, "target", "targets", "items") == set(compound.TARGETS.get(kind, ()))


@pytest.mark.parametrize("kind", (*STATEMENTS, *EXPRESSIONS))
def test_what_is_taken_is_lowered(kind):
    inside = {ast.FormattedValue: "JoinedStr", ast.Starred: "List"}  # a part of these, wherever it stands
    inside[ast.YieldFrom] = "Yield"  # what it is a loop of
    name = inside.get(kind, kind.__name__)
    assert hasattr(_Lowerer, f"{'do' if kind in STATEMENTS else 'ex'}_{name}")


def statements(text):
    return ast.parse(text).body


@pytest.mark.parametrize(
    "text, may, must",
    [
        ("x = 1", "", False),
        ("if x:\n break\nelse:\n return", "break return", True),
        ("if x:\n continue", "continue", False),
        ("for i in x:\n break", "", False),
        ("for i in x:\n break\nelse:\n continue", "continue", False),
        ("for i in x:\n if i:\n  return", "return", False),
        ("while True:\n x = 1", "", True),
        ("while True:\n if x:\n  break", "", False),
        ("while True:\n for i in x:\n  break", "", True),
        ("while True:\n for i in x:\n  pass\n else:\n  break", "", False),
        ("while x:\n return", "return", False),
        ("raise x", "raise", True),
    ],
)
def test_where_statements_leave_a_block(text, may, must):
    for kind in compound.LEAVING:
        assert compound.may_leave(statements(text), frozenset((kind,)), {}) == (kind.__name__.lower() in may)
    assert compound.must_leave(statements(text), {}) == must


def test_what_statements_bind():
    text = "a, (b, *c) = x\nfor d in x:\n e[0] = [f for g in x]\n if x:\n  h += 1\n else:\n  del i\n"
    text += "while x:\n j: int = 1\nelse:\n k.y = 1"
    text += "\ndef l(m=x):\n n = 1"
    assert compound.bound(statements(text)) == ["a", "b", "c", "d", "h", "i", "j", "l"]
