"""Rules that other packages declare, and rules of any callable."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import sct
from sct.registry import others
from sct.registry.claims import claiming
from sct.registry.rules import adjoint_rule
from sct.registry.type_rules import result_type

EXAMPLE = Path(__file__).parents[2] / "examples" / "rules_of_a_package"


def installed(target, name="kepler-orbits", package="kepler", module="kepler_rules"):
    """What an installer would make in a folder of a package of this name: its modules, and what it declares."""
    info = target / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[sct.rules]\n{package} = {module}\n")
    return target


def run(target, program):
    path = os.pathsep.join([str(target), *filter(None, [os.environ.get("PYTHONPATH"), str(Path(sct.__file__).parents[1])])])
    script = target / "program.py"
    script.write_text(textwrap.dedent(program))
    done = subprocess.run(
        [sys.executable, script], check=False, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_declares_its_rules():
    text = (EXAMPLE / "pyproject.toml").read_text()
    assert '[project.entry-points."sct.rules"]\nkepler = "kepler_rules"\n' in text


def test_rules_that_a_package_declares(tmp_path):
    """They are loaded once the package is there, and before anything of it is differentiated."""
    for module in EXAMPLE.glob("*.py"):
        shutil.copy(module, tmp_path)
    program = """
        import sys
        import numpy as np
        import sct

        assert "importlib.metadata" not in sys.modules or "kepler_rules" not in sys.modules
        sct.grad(lambda x: x * x)(2.0)
        assert "kepler" not in sys.modules and "kepler_rules" not in sys.modules
        import kepler

        def squares(m, e):
            return np.sum(kepler.Orbit(2.0, e).distance(m) ** 2)

        derived = sct.grad(squares, wrt=("m", "e"))
        sct.check_grads(squares, (np.array([0.3, 1.2, 2.9]), 0.3), wrt=(0, 1))
        print(sct.vjp(kepler.eccentric_anomaly)(np.ones(1), 0.5, np.ones(1))[1].shape)
    """
    assert run(installed(tmp_path), program) == "(1,)\n"


def test_two_packages_with_a_rule_for_the_same_function(tmp_path):
    for module in EXAMPLE.glob("*.py"):
        shutil.copy(module, tmp_path)
    shutil.copy(EXAMPLE / "kepler_rules.py", tmp_path / "others_rules.py")
    installed(tmp_path, "other-rules", module="others_rules")
    program = """
        import kepler
        import sct

        for _ in range(2):  # it is told each time
            try:
                sct.grad(lambda x: x * x)(2.0)
            except sct.SctError as error:
                print(error.message)
                print(error.advice)
    """
    said = run(installed(tmp_path), program).splitlines()
    assert len(said) == 4 and said[:2] == said[2:]
    assert "has a rule for eccentric_anomaly already" in said[0] and said[0].startswith("the rules for kepler that ")
    assert {"kepler-orbits", "other-rules"} == {name for name in ("kepler-orbits", "other-rules") if name in said[0]}


@pytest.fixture
def declared(monkeypatch, tmp_path):
    """What declares rules in a module of a text."""
    monkeypatch.syspath_prepend(tmp_path)

    def declare(text):
        (tmp_path / "rules_of_this_test.py").write_text(text)
        monkeypatch.delitem(sys.modules, "rules_of_this_test", raising=False)
        from importlib.metadata import EntryPoint

        point = EntryPoint("numpy", "rules_of_this_test", others.GROUP)
        monkeypatch.setattr(others, "_declared", lambda: (point,))
        monkeypatch.setattr(others, "_loaded", set())

    return declare


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import not_there\n", "ModuleNotFoundError: No module named 'not_there'"),
        (
            "import numpy as np, sct\nsct.adjoint(np.sin)(lambda y, x, y_bar: y_bar)\n",
            "TypeError: sct has a rule for np.sin already",
        ),
    ],
)
def test_rules_that_cannot_be_loaded(declared, text, said):
    declared(text)
    before = adjoint_rule(np.sin)
    with pytest.raises(sct.SctError) as caught:
        sct.grad(lambda x: x * 3.0)(2.0)
    assert said in caught.value.message and "rules_of_this_test" in caught.value.message
    assert adjoint_rule(np.sin) is before


def test_a_rule_of_the_program_stays():
    def f(x):
        return x

    @sct.adjoint(f)
    def own(y, x, y_bar):
        return 5.0 * y_bar

    with claiming("a package"):
        sct.adjoint(f)(lambda y, x, y_bar: y_bar)
    assert adjoint_rule(f).function is own
    sct.adjoint(f)(lambda y, x, y_bar: 7.0 * y_bar)  # the program may replace it
    assert adjoint_rule(f).function is not own


# -- any callable --------------------------------------------------------------------------------------------------------------


def opaque(k, x):
    return float(str(k)) * x**3


class Cubes:
    def __init__(self, k):
        self.k = k

    def of(self, x):
        return opaque(self.k, x)

    def __call__(self, x):
        return opaque(self.k, x)

    @staticmethod
    def twice(x):
        return opaque(2.0, x)

    @classmethod
    def thrice(cls, x):
        return opaque(3.0, x)


FIVE, SEVEN, ELEVEN = Cubes(5.0), Cubes(7.0), Cubes(11.0)
METHOD = FIVE.of


@sct.adjoint(Cubes.of)
def of_adjoint(y, self, x, y_bar):
    return None, 3.0 * self.k * x**2 * y_bar


@sct.adjoint(Cubes.twice)
def twice_adjoint(y, x, y_bar):
    return 6.0 * x**2 * y_bar


@sct.tangent(Cubes.thrice)
def thrice_tangent(y, x, x_dot):
    return 9.0 * x**2 * x_dot


sct.adjoint(Cubes.thrice)(lambda y, x, y_bar: 9.0 * x**2 * y_bar)
sct.adjoint(SEVEN)(lambda y, x, y_bar: 21.0 * x**2 * y_bar)
sct.adjoint(ELEVEN.of)(lambda y, x, y_bar: 33.0 * x**2 * y_bar)


def local_method(x):
    of = FIVE.of
    return of(x)


def called_with(x, f):
    return f(x)


@pytest.mark.parametrize(
    ("f", "k"),
    [
        (lambda x: FIVE.of(x), 5.0),
        (lambda x: METHOD(x), 5.0),
        (local_method, 5.0),
        (lambda x: Cubes.of(FIVE, x), 5.0),
        (lambda x: next(iter(map(FIVE.of, [x]))), 5.0),
        (lambda x: called_with(x, FIVE.of), 5.0),
        (FIVE.of, 5.0),
        (lambda x: Cubes.twice(x) + 0.0 * FIVE.twice(x), 2.0),
        (lambda x: Cubes.thrice(x) + 0.0 * FIVE.thrice(x), 3.0),
        (lambda x: SEVEN(x), 7.0),
        (lambda x: ELEVEN.of(x), 11.0),
    ],
)
def test_rules_of_methods_and_objects(f, k):
    x = np.array([1.0, -2.0])
    np.testing.assert_allclose(sct.vjp(f)(x, np.ones(2))[1], 3.0 * k * x**2)
    np.testing.assert_allclose(sct.jvp(f)(x, np.ones(2))[1], 3.0 * k * x**2)


def test_a_method_is_an_argument():
    np.testing.assert_allclose(sct.vjp(called_with)(np.ones(2), FIVE.of, np.ones(2))[1], 15.0 * np.ones(2))


# -- what rules give -----------------------------------------------------------------------------------------------------------


def untyped(x):
    return np.array([float(str(v)) for v in x]) ** 2


def typed(x):
    return untyped(x)


result_type(typed)(lambda x: x)
ADJOINTS = {
    "another shape": [lambda y, x, y_bar: y_bar[:1], lambda y, x, y_bar: np.ones((3, 3)), lambda y, x, y_bar: 2.0],
    "another kind": [lambda y, x, y_bar: (y_bar, y_bar), lambda y, x, y_bar: [1.0, 2.0, 3.0], lambda y, x, y_bar: "a"],
}
TANGENTS = {
    "another shape": [lambda y, x, x_dot: x_dot[:1], lambda y, x, x_dot: 1.0],
    "another kind": [
        lambda y, x, x_dot: (x_dot, x_dot),
        lambda y, x, x_dot: x_dot * 1j,
        lambda y, x, x_dot: None,
        lambda y, x, x_dot: "a",
    ],
}


@pytest.mark.parametrize("function", [typed, untyped])
@pytest.mark.parametrize(("said", "rule"), [(said, rule) for said, rules in ADJOINTS.items() for rule in rules])
def test_adjoints_of_another_shape_or_kind(said, rule, function):
    sct.adjoint(function)(rule)
    with pytest.raises((sct.SctError, ValueError, TypeError), match=f"the adjoint rule <lambda> gives an adjoint of {said}"):
        sct.grad(lambda x: np.sum(function(x)))(np.ones(3))


@pytest.mark.parametrize("function", [typed, untyped])
@pytest.mark.parametrize(("said", "rule"), [(said, rule) for said, rules in TANGENTS.items() for rule in rules])
def test_tangents_of_another_shape_or_kind(said, rule, function):
    sct.tangent(function)(rule)
    with pytest.raises((sct.SctError, ValueError, TypeError), match=f"the tangent rule <lambda> gives a tangent of {said}"):
        sct.jvp(lambda x: np.sum(function(x)))(np.ones(3), np.ones(3))


def test_a_complex_adjoint_of_what_is_real():
    sct.adjoint(typed)(lambda y, x, y_bar: 1j * y_bar)
    with pytest.raises(sct.SctError, match="gives an adjoint of another kind than that of 'x': a complex one"):
        sct.grad(lambda x: np.sum(typed(x)))(np.ones(3))
