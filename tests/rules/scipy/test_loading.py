"""Rules for SciPy are loaded area by area, when the compiler first meets something of an area."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import scipy
from scipy import special

import sct
from sct.registry import others
from sct.registry.changes import all_are_own

AREA = "sct.rules.scipy.special"


def run(path, program):
    path.write_text(textwrap.dedent(program))
    there = str(Path(sct.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, path], check=False, env={**os.environ, "PYTHONPATH": there}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_when_rules_are_loaded(tmp_path):
    program = """
        import sys
        import numpy as np
        import sct
        from sct.registry.rules import at_change

        def loaded():
            return [name for name in sys.modules if name.startswith("sct.rules.scipy")]

        assert not any(name.partition(".")[0] == "scipy" for name in sys.modules)
        import scipy.special
        from scipy.special import expit

        def f(x):
            return scipy.special.erf(x) + expit(x)

        sct.grad(lambda x: x * x)(2.0)
        assert loaded() == []

        @sct.adjoint(scipy.special.erf)
        def own(y, x, y_bar):
            return 5.0 * y_bar

        changes = []
        at_change(lambda: changes.append("compile all again"))
        print(sct.grad(f)(0.0), loaded()[-1], changes)
    """
    assert run(tmp_path / "program.py", program) == f"5.25 {AREA} []\n"


def test_the_rules_of_a_class_that_is_an_argument(tmp_path):
    program = """
        import numpy as np
        import sct
        from scipy.sparse import csr_matrix

        def f(x, kind=csr_matrix):
            return np.sum(kind((x, ([0, 1], [1, 0]))) @ x)

        print(sct.grad(f)(np.array([1.0, 2.0])))
    """
    assert run(tmp_path / "program.py", program) == "[4. 2.]\n"


WAYS = {
    "a function": lambda x: special.gamma(x),
    "a module": lambda x: scipy.special.gamma(x),
    "an argument": lambda x, f=special.gamma: f(x),
    "itself": special.gamma,
}


def imported_inside(x):
    from scipy.special import gamma

    return gamma(x)


@pytest.mark.parametrize("f", [*WAYS.values(), imported_inside], ids=[*WAYS, "imported inside"])
def test_ways_to_meet_an_area(f, monkeypatch):
    others.meet(special)
    monkeypatch.setattr(others, "_met", set())
    monkeypatch.setattr(others, "_ready", set())
    assert sct.grad(f)(1.0) == pytest.approx(-np.euler_gamma)
    assert others._met == {"scipy.special"}


def test_rules_that_are_loaded_later_are_own():
    sct.grad(special.gamma)(1.0)
    assert all_are_own()


def test_a_version_that_is_too_old(monkeypatch):
    for name in ("sct.rules.scipy", AREA):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(others, "_met", set())
    monkeypatch.setattr(others, "_ready", set())
    monkeypatch.setattr(scipy, "__version__", "1.9.3")
    for _ in range(2):  # it is told each time
        with pytest.raises(sct.SctError) as caught:
            sct.grad(lambda x: special.gamma(x))(2.0)
        assert "SciPy 1.9.3 is too old: 1.13 or later is needed" in caught.value.message
        assert caught.value.advice == "Install what they need: python -m pip install 'sct-ad[scipy]'."


def test_without_scipy(monkeypatch):
    def f(x):
        from scipy.special import gamma

        return gamma(x)

    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(sct.UnsupportedSyntaxError, match="an import that fails") as caught:
        sct.grad(f)(2.0)
    assert caught.value.advice == "Install it: python -m pip install 'sct-ad[scipy]'."
