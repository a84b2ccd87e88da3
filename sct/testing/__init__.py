"""Check derivatives, and rules, against finite differences; and see what becomes of a program.

Takes a function (or a primitive that has a rule) and arguments; gives nothing, or raises `GradientMismatch` with both
values. The oracle is finite differences of the function itself, in double precision: never the code under test.
"""

from sct.testing.calls import call_with
from sct.testing.gradients import check_grads
from sct.testing.mismatch import GradientMismatch
from sct.testing.programs import derivative_of, optimized
from sct.testing.rules import check_rule

__all__ = ["GradientMismatch", "call_with", "check_grads", "check_rule", "derivative_of", "optimized"]
