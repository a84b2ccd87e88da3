"""What a function writes into, as it is seen without types."""

from sct.specialize.lowering import lowered
from sct.specialize.written import writes


def fill(x, out):
    out[0] = x
    for i in range(3):
        out[i] += x


def through(a, b, c, d):
    fill(b[0], c[1:])
    a[0] = 1.0
    if len(d) > 1:
        d[0] = 2.0
    b = b + 1.0
    b[0] = 3.0
    return a


def again(x, n):
    x[0] = 1.0
    return again(x, n - 1)


def written(function):
    return [v.name for v in writes(lowered(function).function.block)]


def test_own_writes_come_first_and_branches_are_left_out():
    assert written(fill) == ["out"]
    assert written(through) == ["a", "b", "c"]


def test_a_function_that_calls_itself_is_looked_at_once():
    assert written(again) == ["x"]
