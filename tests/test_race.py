"""The race compares what agrees, and says what of its marks is met."""

from importlib.util import find_spec

import numpy as np
import pytest
from racing import kernels
from racing.agreement import BOUND, Disagreement, expected
from racing.contests import NUMBA, Contest, Figures, agree
from racing.report import seconds
from racing.sections import Mark, Ratio

import sct

RATIO = Ratio("peer ÷ ours", "peer", ("ours", "ours, too"))
FOUND = [
    Figures("a", 1.0, {"ours": 1.0, "ours, too": 2.0, "peer": 4.0}, {}, ()),
    Figures("b", 1.0, {"peer": 1.0, "ours": 2.0}, {}, ()),
]


def cube(x):
    return np.sum(x * x * x)


def test_a_result_that_disagrees_stops_the_race():
    x, derivative = np.linspace(0.5, 1.5, 4), sct.grad(cube)
    agree(Contest("cube", lambda: cube(x), derivative, (x,), {"by hand": lambda: 3.0 * x * x}))
    for wrong in (lambda: 3.0 * x * x * (1.0 + 1e-8), lambda: 3.0 * x[:2] ** 2, lambda: np.full(4, np.nan)):
        with pytest.raises(Disagreement, match="cube: by hand"):
            agree(Contest("cube", lambda: cube(x), derivative, (x,), {"by hand": wrong}))


def test_what_a_result_may_be_off_by_grows_with_its_condition():
    def beyond_one(x):
        return x - 1.0

    x = 1.0 + 1e-8
    found = beyond_one(np.nextafter(x, 2.0))
    assert expected(beyond_one, (x,)).error(found) < BOUND < abs(found / beyond_one(x) - 1.0)


def test_a_ratio_is_to_the_fastest_of_ours():
    assert [RATIO.of(f) for f in FOUND] == [4.0, 0.5]
    assert RATIO.of(Figures("c", 1.0, {"ours": 1.0}, {}, ())) is None


def test_a_mark_says_what_falls_short():
    met = Mark(RATIO, 1.0).held_against(FOUND)
    assert not met and str(met) == "not met: least 0.50 of 2; below: b 0.50"
    mean = Mark(RATIO, 1.4, mean=True).held_against(FOUND)
    assert mean and mean.value == pytest.approx(2.0**0.5)
    assert Mark(RATIO, 3.0, only=("a",)).held_against(FOUND)
    assert Mark(Ratio("none", "nobody", ("ours",)), 1.0).held_against(FOUND) is None


@pytest.mark.parametrize("value, text", [(2.0, "2 s"), (0.0123, "12.3 ms"), (1.25e-5, "12.5 µs"), (None, "")])
def test_times_have_units(value, text):
    assert seconds(value) == text


@pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.grid(of=10, each=False)
@pytest.mark.parametrize("name", kernels.NAMES)
def test_the_version_for_jax_of_a_kernel_is_that_kernel(name):
    c = kernels.small(name, True)
    agree(Contest(name, c.function, c.reference, c.args, {who: call for who, call in c.ways.items() if who != NUMBA}))
