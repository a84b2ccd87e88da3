"""Annotations, which from Python 3.14 on are run when somebody asks for them."""

import sys

import numpy as np
import pytest
from sources import define

import sct

pytestmark = pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are run with the definition")

HELPER = "def helper(x: Array, *, k: Real = 2.0) -> Array:\n    return x * k\n"
TEXT = "def f(x: Array, n: Real = 3.0) -> Real:\n    y: Array = helper(x)\n    return np.sum(y * n)\n"


def test_names_that_are_there_for_type_checkers_only():
    f = define(TEXT, "f", helper=define(HELPER, "helper"))
    np.testing.assert_array_equal(sct.grad(f)(np.ones(2)), np.full(2, 6.0))
    assert str(sct.grad(f).__signature__) == "(x: 'Array', n: 'Real' = 3.0) -> 'Real'"
    assert "f_grad" in sct.generate(f, like=(np.ones(3),))
    namespace = {}
    exec(sct.generate(f, types="x: f8[m], n: float"), namespace)
    np.testing.assert_array_equal(namespace["f_grad"](np.ones(2), 3.0), np.full(2, 6.0))


def test_annotations_that_can_be_run_say_types():
    f = define("def f(x: float, n: int) -> float:\n    return x * n\n", "f")
    assert "n: int" in sct.generate(f) and "x: float" in sct.generate(f)


def test_rules_recursion_and_stars():
    own = define("def own(x: Array) -> Array:\n    return x\n", "own")
    sct.adjoint(own)(define("def rule(y: Array, x: Array, y_bar: Array) -> Array:\n    return 2.0 * y_bar\n", "rule"))
    assert sct.grad(define("def f(x: Array):\n    return own(x)\n", "f", own=own))(1.0) == 2.0
    power = define("def power(x: Array, n: Count):\n    return x if n == 0 else x * power(x, n - 1)\n", "power")
    assert sct.grad(power)(2.0, 3) == 32.0
    total = define("def total(*args: Array):\n    return sum(np.sum(a) for a in args)\n", "total")
    np.testing.assert_array_equal(sct.grad(total)(np.ones(2), 1.0), np.ones(2))
