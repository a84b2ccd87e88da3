"""The walk through a function: every statement, in order, by the method for its kind."""

import pytest

from sct import ir
from sct.stages import Rewriter

TEXT = """
def f(%x: float, %n: int):
    # line 1: …
    %a = math.sin(%x)                                   # float
    %b = for %i: int in range(0, %n, 1) [%c := %a]:     # float
        %t = operator.gt(%c, 1.0)                       # bool
        %d = if %t:                                     # float
            %e = operator.neg(%c)                       # float
            yield %e
        else:
            yield %c
        yield %d
    %w, %k = while [%y := %b]:                          # float, int
        %u = operator.lt(%y, 3.0)                       # bool
        yield %u
    do [%z := %b]:
        %v = operator.add(%z, 1.0)                      # float
        yield %v
    %g = def pull(%s: float):                           # ?
        %p = operator.mul(%s, %w)                       # float
        yield %p
    yield %g
"""


def test_every_kind_in_order():
    met = []

    class Met(ir.Visitor):
        def statement(self, s):
            met.append(type(s).__name__ if not isinstance(s, ir.Apply) else s.op.__name__)
            super().statement(s)

    Met().function(ir.parse(TEXT))
    assert met == ["sin", "For", "gt", "If", "neg", "While", "lt", "add", "Closure", "mul"]


@pytest.mark.parametrize(
    ("method", "left"),
    [
        ("if_", ["sin", "gt", "lt", "add", "mul"]),
        ("loop", ["sin", "mul"]),
        ("closure", ["sin", "gt", "neg", "lt", "add"]),
    ],
)
def test_a_method_that_does_not_go_on_leaves_out_what_is_inside(method, left):
    met = []
    shallow = type("Shallow", (ir.Visitor,), {"apply": lambda self, s: met.append(s.op.__name__), method: lambda self, s: None})
    shallow().function(ir.parse(TEXT))
    assert met == left


def test_a_rewriter_is_a_visitor_that_gives_a_function():
    given = ir.parse(TEXT)
    assert issubclass(Rewriter, ir.Visitor)
    assert Rewriter().function(given) is given
    met = []

    class Met(Rewriter):
        def loop(self, s):
            met.append(type(s).__name__)
            super().loop(s)

        def closure(self, s):
            met.append(type(s).__name__)
            super().closure(s)

    assert Met().function(given) is given
    assert met == ["For", "While", "Closure"]


def test_what_there_is_in_the_form():
    for name in ir.__all__:
        assert getattr(ir, name) is not None
    with pytest.raises(AttributeError, match=r"module 'sct\.ir' has no attribute 'Ref'"):
        ir.Ref  # noqa: B018
