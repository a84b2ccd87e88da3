"""Programs that no derivative can be taken of: numbers that are read from texts."""

import numpy as np
import pytest

import sct

TEXTS = [
    lambda s: float(str(s)) * 2.0,
    lambda s: float(f"{s:.3f}") * s,
    lambda s: float("{:.2f}".format(s)) * s,
    lambda s: float("%.3f" % s) * s,
    lambda s: float(repr(s)[:3]) * s,
    lambda s: np.float64(str(s)) * s,
    lambda s: np.asarray([str(s)]).astype(float)[0] * s,
    lambda s: np.asarray([s]).astype(str).astype(float)[0] * s,
    lambda s: float([str(s * k) for k in range(3)][2]) * s,
]


@pytest.mark.parametrize("f", TEXTS)
@pytest.mark.parametrize("derived", [sct.grad, lambda f: lambda s: sct.jvp(f)(s, 1.0)])
def test_a_number_that_is_read_from_a_text(f, derived):
    with pytest.raises(sct.UnsupportedSyntaxError, match="a number that is read from a text of what is differentiated by"):
        derived(f)(0.8)


def printed(s):
    print(f"{s:.2f}", "%.3f" % s, str(s), repr(s))
    found = {}
    for k in range(3):
        found[str(s * k)] = s * k
    return len(str(s)) * s * found[str(s)] + sct.stop_gradient(float(str(s))) * s + float(str(sct.stop_gradient(s)))


def test_texts_of_which_no_number_is_read():
    assert sct.grad(printed)(0.8) == 3 * 1.6 + 0.8
    assert sct.jvp(printed)(0.8, 1.0)[1] == 3 * 1.6 + 0.8
    assert sct.jvp(lambda s: (s * 2.0, f"{s}"))(0.8, 1.0)[0] == (1.6, "0.8")
