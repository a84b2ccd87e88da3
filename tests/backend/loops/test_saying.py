"""What kernels print, warn of, and say in errors, is what NumPy's text says."""

import warnings

import numpy as np
import pytest

import sct

pytest.importorskip("numba")


def printed(x, n):
    total = 0.0
    for k in range(n):
        total += x[k] ** 2
        print("step", k, total, x[:2], sep=" | ")
        print(f"{k}: {total:.3f} and {x[k]!r}, {k / 2}, {total > 1.0}", end=";\n")
    return total


def warned(x, n):
    for k in range(n):
        if x[k] > 1.0:
            warnings.warn(f"entry {k} is {x[k]:.1f}", RuntimeWarning)
    return np.sum(x)


def raised(x, n):
    for k in range(n):
        if x[k] < 0.0:
            raise ValueError(f"entry {k} is {x[k]:.2f}", k)
    return np.sum(x)


def compared(x, n):
    pairs = []
    for k in range(n):
        pairs.append((x[k], k))
    total = 0.0
    for k in range(1, n):
        if pairs[k] < pairs[k - 1]:
            total += x[k]
        elif (x[0], k) >= pairs[k]:
            total -= x[k]
    return total


X = np.array([0.5, 2.0, 2.0, -1.25])


def both(f, n, **options):
    return sct.compile(f, jit="numba", strict=True, **options)(X.copy(), n), f(X, n)


@pytest.fixture(params=["in Python", "compiled"])
def options(request):
    if request.param == "compiled":
        return {"fastmath": False}  # so that it is compiled anew
    request.getfixturevalue("in_python")
    return {}


def test_print(options, capsys):
    found, expected = both(printed, 3, **options)
    assert found == expected
    said = capsys.readouterr().out
    assert said[: len(said) // 2] == said[len(said) // 2 :] and said.count("step") == 6


def test_warn(options):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        both(warned, 4, **options)
    found = [str(w.message) for w in said if w.category is RuntimeWarning]  # what is compiled may warn of something else
    assert found == 2 * ["entry 1 is 2.0", "entry 2 is 2.0"]


def test_raise(options):
    with pytest.raises(ValueError, match="entry 3 is -1.25") as expected:
        raised(X, 4)
    with pytest.raises(ValueError, match="entry 3 is -1.25") as found:
        sct.grad(raised, jit="numba", strict=True, **options)(X, 4)
    assert found.value.args == expected.value.args


def test_tuples_are_ordered(in_python):
    found, expected = both(compared, 4)
    assert found == expected
